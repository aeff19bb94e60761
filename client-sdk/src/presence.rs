//! Who is there: this client's state in awareness and the others' as the server tells them.
//!
//! In: a state of our own, awareness frames of the server, ticks of 15 s. Out: the awareness frame to send.
//! What is always true: at most [`PEERS_MAX`] others are kept, each with JSON that could be read; one that was not heard
//! of for two whole ticks is gone.

use std::collections::HashMap;

use plansync_protocol::{
    ids::ClientId,
    limits,
    wire::lib0::{self, Lib0Error},
};
use serde_json::Value;

/// More people than this do not look at one plan at once.
const PEERS_MAX: usize = 1_024;
/// Clocks are counted in 32 bits by other implementations.
const CLOCK_MAX: u64 = u32::MAX as u64;
/// Ticks after which a silent peer is gone.
const SILENT_TICKS_MAX: u8 = 3;

#[derive(Debug)]
struct Peer {
    clock: u64,
    /// `None` when gone, kept for its clock.
    state: Option<Value>,
    silent_ticks: u8,
}

#[derive(Debug)]
pub(crate) struct Presence {
    own_id: ClientId,
    own_clock: u64,
    own_state: Option<String>,
    /// The own state has to be sent.
    due: bool,
    peers: HashMap<ClientId, Peer>,
}

impl Presence {
    pub(crate) fn new(own_id: ClientId) -> Self {
        Self { own_id, own_clock: 0, own_state: None, due: false, peers: HashMap::new() }
    }

    /// Sets or takes back the own state.
    pub(crate) fn set(&mut self, state: Option<String>) {
        if state.is_none() && self.own_state.is_none() {
            return;
        }
        self.own_state = state;
        self.due = true;
    }

    /// Every 15 s: the own state is renewed, silent peers go.
    pub(crate) fn tick(&mut self) {
        self.due |= self.own_state.is_some();
        self.peers.retain(|_, peer| {
            peer.silent_ticks += 1;
            peer.silent_ticks < SILENT_TICKS_MAX
        });
    }

    /// A new connection knows nothing of us, and we nothing of its others.
    pub(crate) fn disconnected(&mut self) {
        self.peers.clear();
        self.due = self.own_state.is_some();
    }

    /// The payload of the awareness frame to send, if one is due.
    pub(crate) fn poll(&mut self) -> Option<Vec<u8>> {
        if !std::mem::take(&mut self.due) {
            return None;
        }
        self.own_clock = (self.own_clock + 1).min(CLOCK_MAX);
        let mut payload = Vec::new();
        lib0::write_var_uint(&mut payload, 1);
        lib0::write_var_uint(&mut payload, self.own_id);
        lib0::write_var_uint(&mut payload, self.own_clock);
        lib0::write_var_string(&mut payload, self.own_state.as_deref().unwrap_or("null"));
        Some(payload)
    }

    /// Takes in what the server says about who is there. Entries with bad JSON are left out.
    pub(crate) fn received(&mut self, mut payload: &[u8]) -> Result<(), Lib0Error> {
        let count = lib0::read_var_uint(&mut payload)?;
        for _ in 0..count {
            let id = lib0::read_var_uint(&mut payload)?;
            let clock = lib0::read_var_uint(&mut payload)?;
            let json = lib0::read_var_string(&mut payload)?;
            if clock > CLOCK_MAX || json.len() > limits::AWARENESS_STATE_BYTES_MAX {
                continue;
            }
            let Ok(state) = serde_json::from_str::<Value>(json) else { continue };
            let state = (!state.is_null()).then_some(state);
            if id == self.own_id {
                self.received_own(clock, state.is_none());
            } else {
                self.received_peer(id, clock, state);
            }
        }
        Ok(())
    }

    /// The others, with the states they gave.
    pub(crate) fn peers(&self) -> HashMap<ClientId, Value> {
        self.peers.iter().filter_map(|(id, peer)| Some((*id, peer.state.clone()?))).collect()
    }

    /// The echo of what we sent, or the end of our former connection, which we outbid.
    fn received_own(&mut self, clock: u64, gone: bool) {
        if clock > self.own_clock || (clock == self.own_clock && gone) {
            self.own_clock = clock;
            self.due |= self.own_state.is_some();
        }
    }

    fn received_peer(&mut self, id: ClientId, clock: u64, state: Option<Value>) {
        let room = self.peers.len() < PEERS_MAX;
        match self.peers.get_mut(&id) {
            Some(peer) if clock > peer.clock || (clock == peer.clock && state.is_none()) => {
                *peer = Peer { clock, state, silent_ticks: 0 };
            }
            Some(_) => {}
            None if room => {
                self.peers.insert(id, Peer { clock, state, silent_ticks: 0 });
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn two_clients_see_each_other_and_a_silent_one_goes() {
        let (mut ana, mut ben) = (Presence::new(1), Presence::new(2));
        ana.set(Some(json!({ "name": "Ana" }).to_string()));
        ben.received(&ana.poll().unwrap()).unwrap();
        assert_eq!(ben.peers(), HashMap::from([(1, json!({ "name": "Ana" }))]));
        assert!(ana.poll().is_none(), "nothing is due");

        ben.tick();
        ben.tick();
        assert_eq!(ben.peers().len(), 1);
        ana.tick();
        ben.received(&ana.poll().unwrap()).unwrap();
        ben.tick();
        ben.tick();
        assert_eq!(ben.peers().len(), 1, "she renewed");
        ben.tick();
        assert_eq!(ben.peers().len(), 0);
    }

    #[test]
    fn the_end_of_a_former_connection_is_outbid() {
        let mut ana = Presence::new(1);
        ana.set(Some("{}".into()));
        assert_eq!(ana.poll().unwrap()[2], 1);
        ana.received(b"\x01\x01\x02\x04null").unwrap();
        assert_eq!(ana.poll().unwrap()[2], 3);
    }

    #[test]
    fn bad_json_is_left_out_and_bad_bytes_are_an_error() {
        let mut ana = Presence::new(1);
        ana.received(b"\x02\x05\x01\x01{\x06\x01\x02{}").unwrap();
        assert_eq!(ana.peers(), HashMap::from([(6, json!({}))]));
        assert!(ana.received(b"\xff\xff\xff\x01").is_err());
    }
}
