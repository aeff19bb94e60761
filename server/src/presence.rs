//! Who is there: the awareness of one room.
//!
//! In: awareness messages that passed the guard. Out: one merged message a tick. Kept: for each client id its newest
//! state, the member that speaks for it and when it last did. Always true: a client id belongs to the person that
//! used it first; person, party and name in a state are those of the token, never the claimed ones.

use std::collections::BTreeMap;

use plansync_protocol::{
    guard::AwarenessEntry,
    ids::{ClientId, PersonId},
    limits,
    wire::lib0,
};
use serde_json::{Value, json};

use crate::{auth::Claims, clock::Millis, members::MemberId};

/// Clients renew their state every 15 s; one that has been still for twice that is gone.
const EXPIRES_AFTER: Millis = 30_000;
/// A message is full from here on; the entry that fills it has at most 4 KiB more.
const MESSAGE_BYTES: usize = limits::AWARENESS_FRAME_BYTES_MAX / 4;

#[derive(Debug)]
struct Present {
    member: MemberId,
    person: PersonId,
    clock: u32,
    /// JSON; `null` once gone, until that has been told.
    state: Option<String>,
    seen_at: Millis,
}

/// The presence of one room.
#[derive(Debug, Default)]
pub struct Presence {
    clients: BTreeMap<ClientId, Present>,
    /// What has changed since the last tick.
    changed: Vec<ClientId>,
}

impl Presence {
    /// Takes in what a member says of itself, and leaves out what it says of others: passing on what was heard is
    /// what stock clients do, speaking for someone else is not done. Tells how many entries were left out.
    /// The same person on a new connection takes their client id along, since the old socket's end may come later.
    pub fn hear(&mut self, member: MemberId, claims: &Claims, entries: Vec<AwarenessEntry>, now: Millis) -> usize {
        let mut left_out = 0;
        let mut spoken = self.clients.values().filter(|present| present.member == member).count();
        for entry in entries {
            if let Some(known) = self.clients.get(&entry.client) {
                let gone = entry.clock == known.clock && known.state.is_some() && entry.state.is_none();
                if entry.clock <= known.clock && !gone {
                    continue;
                }
                if known.person != claims.sub {
                    left_out += 1;
                    continue;
                }
            } else if spoken >= limits::AWARENESS_CLIENTS_MAX {
                left_out += 1;
                continue;
            } else {
                spoken += 1;
            }
            let state = entry.state.map(|state| authenticated(state, claims));
            let present = Present { member, person: claims.sub.clone(), clock: entry.clock, state, seen_at: now };
            self.clients.insert(entry.client, present);
            self.changed.push(entry.client);
        }
        left_out
    }

    /// The member's socket is gone, and with it everyone it spoke for.
    pub fn leave(&mut self, member: MemberId) {
        self.end(|present| present.member == member);
    }

    /// Ends those that have not been heard of.
    pub fn expire(&mut self, now: Millis) {
        self.end(|present| present.seen_at + EXPIRES_AFTER < now);
    }

    fn end(&mut self, is_over: impl Fn(&Present) -> bool) {
        for (client, present) in &mut self.clients {
            if present.state.is_some() && is_over(present) {
                present.state = None;
                present.clock = present.clock.saturating_add(1);
                self.changed.push(*client);
            }
        }
    }

    /// What has changed since the last call, as messages; none where nothing has.
    pub fn tick(&mut self) -> Vec<Vec<u8>> {
        self.changed.sort_unstable();
        self.changed.dedup();
        let changed = std::mem::take(&mut self.changed);
        let messages = messages(changed.iter().filter_map(|client| Some((client, self.clients.get(client)?))));
        self.clients.retain(|_, present| present.state.is_some());
        messages
    }

    /// Whether a tick has something to say.
    #[must_use]
    pub fn has_news(&self) -> bool {
        !self.changed.is_empty()
    }

    /// Everyone who is there, for somebody who has just come; no message where nobody is.
    #[must_use]
    pub fn everyone(&self) -> Vec<Vec<u8>> {
        messages(self.clients.iter().filter(|(_, present)| present.state.is_some()))
    }
}

/// Stock clients send back what they hear, in one frame a message: each stays well below a frame's limit.
fn messages<'a>(present: impl Iterator<Item = (&'a ClientId, &'a Present)>) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    let (mut count, mut entries) = (0, Vec::new());
    let mut end = |count: &mut u64, entries: &mut Vec<u8>| {
        if *count > 0 {
            let mut message = Vec::with_capacity(entries.len() + 2);
            lib0::write_var_uint(&mut message, std::mem::take(count));
            message.append(entries);
            messages.push(message);
        }
    };
    for (client, present) in present {
        lib0::write_var_uint(&mut entries, *client);
        lib0::write_var_uint(&mut entries, u64::from(present.clock));
        lib0::write_var_string(&mut entries, present.state.as_deref().unwrap_or("null"));
        count += 1;
        if entries.len() >= MESSAGE_BYTES {
            end(&mut count, &mut entries);
        }
    }
    end(&mut count, &mut entries);
    messages
}

/// The state with who it really is. Pages of stock clients show `user.name`.
fn authenticated(mut state: serde_json::Map<String, Value>, claims: &Claims) -> String {
    let name = claims.name.as_deref().unwrap_or(claims.sub.as_str());
    state.insert("person".to_owned(), json!(claims.sub));
    state.insert("party".to_owned(), json!(claims.party));
    state.insert("name".to_owned(), json!(name));
    if let Some(Value::Object(user)) = state.get_mut("user") {
        user.insert("name".to_owned(), json!(name));
    }
    Value::Object(state).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use plansync_protocol::{
        guard::lint_awareness,
        ids::{Access, PartyId, PersonId, PlanId},
    };

    fn claims(person: &str) -> Claims {
        Claims {
            sub: PersonId::parse(person).unwrap(),
            plan: PlanId::parse("demo").unwrap(),
            party: PartyId::parse("buyer").unwrap(),
            access: Access::Editor,
            name: Some(format!("{person} by name")),
            email: None,
            iat: 0,
            exp: 0,
            jti: String::new(),
        }
    }

    fn says(client: ClientId, clock: u32, state: Value) -> Vec<AwarenessEntry> {
        vec![AwarenessEntry { client, clock, state: state.as_object().cloned() }]
    }

    #[test]
    fn a_claimed_name_is_replaced_by_the_authenticated_one() {
        let mut presence = Presence::default();
        let claimed = json!({"name": "the CEO", "person": "ceo", "user": {"name": "the CEO", "color": "red"}});
        presence.hear(MemberId(1), &claims("ann"), says(7, 1, claimed), 0);
        let told = lint_awareness(&presence.tick()[0]).unwrap();
        let state = Value::Object(told[0].state.clone().unwrap());
        assert_eq!(
            state,
            json!({"name": "ann by name", "person": "ann", "party": "buyer",
                   "user": {"name": "ann by name", "color": "red"}})
        );
        assert!(presence.tick().is_empty(), "a tick tells each change once");
    }

    #[test]
    fn nobody_speaks_for_another_members_client() {
        let mut presence = Presence::default();
        presence.hear(MemberId(1), &claims("ann"), says(7, 1, json!({})), 0);
        assert_eq!(presence.hear(MemberId(2), &claims("bob"), says(7, 2, json!({"evil": true})), 0), 1);
        // Passing on what was heard is no forgery, and changes nothing.
        presence.hear(MemberId(2), &claims("bob"), says(7, 1, json!({})), 0);
        assert!(!String::from_utf8_lossy(&presence.everyone()[0]).contains("bob"));
    }

    #[test]
    fn a_person_who_reconnects_before_the_old_socket_has_ended_stays_there() {
        let mut presence = Presence::default();
        presence.hear(MemberId(1), &claims("ann"), says(7, 1, json!({})), 0);
        presence.hear(MemberId(2), &claims("ann"), says(7, 2, json!({})), 0);
        presence.leave(MemberId(1));
        assert!(!presence.everyone().is_empty());
    }

    #[test]
    fn those_who_leave_or_fall_silent_are_told_as_gone_once() {
        let mut presence = Presence::default();
        presence.hear(MemberId(1), &claims("ann"), says(7, 3, json!({})), 0);
        presence.hear(MemberId(2), &claims("bob"), says(8, 1, json!({})), 20_000);
        presence.tick();
        presence.expire(31_000);
        let told = lint_awareness(&presence.tick()[0]).unwrap();
        assert_eq!((told.len(), told[0].client, told[0].clock, told[0].state.is_none()), (1, 7, 4, true));
        presence.leave(MemberId(2));
        assert_eq!(lint_awareness(&presence.tick()[0]).unwrap()[0].client, 8);
        assert!(presence.everyone().is_empty());
    }

    #[test]
    fn a_full_room_is_told_in_frames_that_a_stock_client_may_send_back() {
        let mut presence = Presence::default();
        for number in 0..500 {
            let state = json!({"cursor": "x".repeat(1000)});
            presence.hear(MemberId(number), &claims(&format!("p{number}")), says(number, 1, state), 0);
        }
        let told: usize = presence.everyone().iter().map(|message| lint_awareness(message).unwrap().len()).sum();
        assert_eq!(told, 500);
    }

    #[test]
    fn one_connection_speaks_for_a_bounded_number_of_clients() {
        let mut presence = Presence::default();
        for client in 0..1000 {
            presence.hear(MemberId(1), &claims("ann"), says(client, 1, json!({})), 0);
        }
        assert_eq!(presence.clients.len(), limits::AWARENESS_CLIENTS_MAX);
    }
}
