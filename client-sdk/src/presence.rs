//! Who is there: this client's state in awareness and the others' as the server tells them.
//!
//! In: a state of our own, awareness frames of the server, ticks of 15 s. Out: the awareness frame to send, the people.
//! What is always true: at most [`PEERS_MAX`] others are kept, each with JSON that could be read; one that was not heard
//! of for two whole ticks is gone; person, party and name are those that the server has authenticated.

use std::collections::BTreeMap;

use plansync_protocol::{
    ids::ClientId,
    limits,
    wire::lib0::{self, Lib0Error},
};
use serde_json::{Map, Value};

/// More people than this do not look at one plan at once.
const PEERS_MAX: usize = 1_024;
/// Clocks are counted in 32 bits by other implementations.
const CLOCK_MAX: u64 = u32::MAX as u64;
/// Ticks after which a silent peer is gone.
const SILENT_TICKS_MAX: u8 = 3;
/// What is shown until the program shows something else: that somebody is there.
const HERE: &str = "{}";

/// Somebody who is there, on one of their devices.
#[derive(Debug, Clone, PartialEq)]
pub struct Present {
    /// The client id of the device.
    pub client_id: ClientId,
    /// What it shows of itself: `at` is the place it looks at, like `tasks/ca-1/due`.
    pub state: Map<String, Value>,
}

impl Present {
    /// The person, as the server has authenticated them.
    #[must_use]
    pub fn person(&self) -> Option<&str> {
        self.text("person")
    }

    /// Their party, likewise.
    #[must_use]
    pub fn party(&self) -> Option<&str> {
        self.text("party")
    }

    /// Their name, likewise.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.text("name")
    }

    /// The place they look at: `tasks/ca-1/due`.
    #[must_use]
    pub fn at(&self) -> Option<&str> {
        self.text("at")
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.state.get(name).and_then(Value::as_str)
    }
}

#[derive(Debug)]
struct Peer {
    clock: u64,
    /// `None` when gone, kept for its clock.
    state: Option<Map<String, Value>>,
    silent_ticks: u8,
}

#[derive(Debug)]
pub(crate) struct Presence {
    own_id: ClientId,
    own_clock: u64,
    own_state: Option<String>,
    /// The own state has to be sent.
    due: bool,
    peers: BTreeMap<ClientId, Peer>,
}

impl Presence {
    pub(crate) fn new(own_id: ClientId) -> Self {
        Self { own_id, own_clock: 0, own_state: Some(HERE.into()), due: true, peers: BTreeMap::new() }
    }

    pub(crate) fn own_id(&self) -> ClientId {
        self.own_id
    }

    /// The document has another client id now.
    pub(crate) fn moved_to(&mut self, own_id: ClientId) {
        let own_state = self.own_state.take();
        *self = Self { due: own_state.is_some(), own_state, ..Self::new(own_id) };
    }

    /// Sets or takes back the own state.
    pub(crate) fn set(&mut self, state: Option<String>) {
        if state != self.own_state {
            self.own_state = state;
            self.due = true;
        }
    }

    /// Every 15 s: the own state is renewed, silent peers go. Whether somebody went.
    pub(crate) fn tick(&mut self) -> bool {
        self.due |= self.own_state.is_some();
        let before = self.peers.values().filter(|peer| peer.state.is_some()).count();
        self.peers.retain(|_, peer| {
            peer.silent_ticks += 1;
            peer.silent_ticks < SILENT_TICKS_MAX
        });
        self.peers.values().filter(|peer| peer.state.is_some()).count() < before
    }

    /// A new connection knows nothing of us, and we nothing of its others.
    pub(crate) fn disconnected(&mut self) {
        // The server has outbid us by one, to tell the others that we are gone: what we say next has to be above that.
        self.own_clock = (self.own_clock + 1).min(CLOCK_MAX);
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

    /// Takes in what the server says about who is there; whether that is news. Entries with bad JSON are left out.
    pub(crate) fn received(&mut self, mut payload: &[u8]) -> Result<bool, Lib0Error> {
        let count = lib0::read_var_uint(&mut payload)?;
        let mut news = false;
        for _ in 0..count {
            let id = lib0::read_var_uint(&mut payload)?;
            let clock = lib0::read_var_uint(&mut payload)?;
            let json = lib0::read_var_string(&mut payload)?;
            if clock > CLOCK_MAX || json.len() > limits::AWARENESS_STATE_BYTES_MAX {
                continue;
            }
            let state = match serde_json::from_str(json) {
                Ok(Value::Object(state)) => Some(state),
                Ok(Value::Null) => None,
                _ => continue,
            };
            if id == self.own_id {
                self.received_own(clock, state.is_none());
            }
            news |= self.received_peer(id, clock, state);
        }
        Ok(news)
    }

    /// Everybody who is there, by client id; this client too once the server has told of it.
    pub(crate) fn people(&self) -> Vec<Present> {
        let there = |(id, peer): (&ClientId, &Peer)| Some(Present { client_id: *id, state: peer.state.clone()? });
        self.peers.iter().filter_map(there).collect()
    }

    /// Everybody but this client.
    pub(crate) fn others(&self) -> Vec<Present> {
        let mut others = self.people();
        others.retain(|each| each.client_id != self.own_id);
        others
    }

    /// The echo of what we sent, or the end of our former connection, which we outbid.
    fn received_own(&mut self, clock: u64, gone: bool) {
        if clock > self.own_clock || (clock == self.own_clock && gone && self.own_state.is_some()) {
            self.own_clock = clock;
            self.due |= self.own_state.is_some();
        }
    }

    fn received_peer(&mut self, id: ClientId, clock: u64, state: Option<Map<String, Value>>) -> bool {
        let room = self.peers.len() < PEERS_MAX;
        match self.peers.get_mut(&id) {
            Some(peer) if clock > peer.clock || (clock == peer.clock && state.is_none()) => {
                let news = peer.state != state;
                *peer = Peer { clock, state, silent_ticks: 0 };
                news
            }
            Some(_) => false,
            None if room => {
                let news = state.is_some();
                self.peers.insert(id, Peer { clock, state, silent_ticks: 0 });
                news
            }
            None => false,
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
        let frame = ana.poll().unwrap();
        assert!(ben.received(&frame).unwrap());
        assert!(!ben.received(&frame).unwrap(), "that is no news");
        assert_eq!(ben.others()[0].name(), Some("Ana"));
        assert!(ana.poll().is_none(), "nothing is due");
        assert!(ana.received(&frame).is_ok() && ana.others().is_empty());
        assert_eq!(ana.people().len(), 1, "but one is there oneself");

        assert!(!ben.tick() && !ben.tick());
        assert_eq!(ben.others().len(), 1);
        ana.tick();
        ben.received(&ana.poll().unwrap()).unwrap();
        assert!(!ben.tick() && !ben.tick());
        assert_eq!(ben.others().len(), 1, "she renewed");
        assert!(ben.tick());
        assert_eq!(ben.others().len(), 0);
    }

    #[test]
    fn the_end_of_a_former_connection_is_outbid() {
        let mut ana = Presence::new(1);
        assert_eq!(ana.poll().unwrap()[2], 1, "that she is there is shown without being asked for");
        ana.received(b"\x01\x01\x02\x04null").unwrap();
        assert_eq!(ana.poll().unwrap()[2], 3);
    }

    #[test]
    fn a_new_connection_is_not_taken_for_the_former_one_that_is_gone() {
        let (mut ana, mut ben) = (Presence::new(1), Presence::new(2));
        ben.received(&ana.poll().unwrap()).unwrap();
        ana.disconnected();
        ben.received(b"\x01\x01\x02\x04null").unwrap();
        assert!(ben.others().is_empty());
        ben.received(&ana.poll().unwrap()).unwrap();
        assert_eq!(ben.others().len(), 1);
    }

    #[test]
    fn bad_json_is_left_out_and_bad_bytes_are_an_error() {
        let mut ana = Presence::new(1);
        ana.received(b"\x02\x05\x01\x01{\x06\x01\x02{}").unwrap();
        assert_eq!(ana.people(), [Present { client_id: 6, state: Map::new() }]);
        assert!(ana.received(b"\xff\xff\xff\x01").is_err());
    }
}
