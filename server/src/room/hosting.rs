//! How a room looks after its members: who comes and goes, what they are greeted with, what they lack, why they leave.

use std::{sync::Arc, time::Instant};

use plansync_protocol::{
    guard::{self, Lane, Refusal as Rule},
    ids::{ClientId, Origin, Scope, Seq},
    wire::{self, CloseCode, Frame, Welcome, WireLimits},
};

use crate::{
    clock,
    document::{self, Rejected},
    members::{Dialect, Member, MemberId},
    metrics,
    outbox::{Close, OUTBOX_BYTES_MAX},
    room::{CATCH_UP_ENTRIES_MAX, EMPTY, Room, RoomError},
    settling::Hand,
};

impl Room {
    /// What something took, on the account of who asked for it.
    pub(super) fn charge(&mut self, id: MemberId, started: Instant) {
        if let Some(member) = self.members.get_mut(id) {
            let now = clock::instant();
            member.charge.add(now.saturating_duration_since(started), now);
        }
    }

    /// The first socket of a person opens, or the last one closes.
    pub(super) fn tell_presence(&mut self, came: bool, member: &Member) {
        if self.members.has_person(&member.claims.sub) {
            return;
        }
        let hand = Hand { author: Arc::clone(&member.author), origin: Origin::Human };
        let now = clock::now().max(self.updated_at);
        if let Some(settling) = &mut self.settling {
            settling.tell_presence(came, hand, self.seq, now);
        }
        self.plan_settling();
    }

    pub(super) fn leave(&mut self, id: MemberId) {
        if let Some(member) = self.members.leave(id) {
            self.tell_presence(false, &member);
        }
        self.presence.leave(id);
        self.plan_presence();
        if self.members.is_empty() {
            self.due.empty = Some(clock::instant() + EMPTY);
        }
    }

    pub(super) fn hear(&mut self, id: MemberId, awareness: &[u8]) {
        let Some(member) = self.members.get_mut(id) else { return };
        match guard::lint_awareness(awareness) {
            Ok(entries) => {
                for _ in 0..self.presence.hear(id, &member.claims, entries, clock::now()) {
                    metrics::refusal("not_yours");
                }
                self.plan_presence();
            }
            Err(refusal) => self.expel(id, close_for(&Rejected::Refused(refusal))),
        }
    }

    /// A SyncStep2 was asked for when something was missing; now nothing is.
    pub(super) fn answered(&mut self, id: MemberId, lane: Lane) {
        if let Some(member) = self.members.get_mut(id)
            && lane == Lane::Sync
        {
            member.asked = false;
        }
    }

    /// Something is missing before this update: ask for all of it. Where even that has a gap, the client's copy
    /// builds on what this server does not have.
    pub(super) fn ask(&mut self, id: MemberId, lane: Lane) -> Result<(), RoomError> {
        metrics::refusal("gap");
        let state_vector = self.document()?.state_vector();
        let Some(member) = self.members.get_mut(id) else { return Ok(()) };
        if lane == Lane::Sync {
            let reason = "this copy builds on edits that the server does not have: start from an empty one";
            self.expel(id, Close::new(CloseCode::StartAfresh, reason));
        } else if !member.asked {
            member.asked = true;
            member.outbox.offer(wire::encode(&Frame::SyncStep1(&state_vector)).into());
        }
        Ok(())
    }

    /// Welcome for those who understand it, then the question what they have, then who is there.
    pub(super) fn greet(&mut self, id: MemberId) -> Result<(), RoomError> {
        let state_vector = self.document()?.state_vector();
        let (seq, epoch, scope) = (self.seq, self.row.epoch, self.scope.clone());
        let everyone = self.presence.everyone();
        let Some(member) = self.members.get_mut(id) else { return Ok(()) };
        if member.dialect == Dialect::Plansync {
            let welcome = Welcome {
                person: member.claims.sub.clone(),
                party: member.claims.party.clone(),
                access: member.claims.access,
                scope,
                epoch,
                seq,
                last_visit_seq: match self.scope {
                    Scope::Shared => self.log.visited(self.row.number, &member.claims.sub)?,
                    Scope::Party(_) => 0,
                },
                limits: WireLimits::default(),
                server_time: clock::timestamp(),
            };
            member.outbox.offer(wire::encode(&Frame::Welcome(welcome)).into());
        }
        member.outbox.offer(wire::encode(&Frame::SyncStep1(&state_vector)).into());
        member.introduce(&everyone);
        Ok(())
    }

    pub(super) fn difference(&mut self, id: MemberId, known: &[(ClientId, u32)]) -> Result<(), RoomError> {
        let difference = self.document()?.difference(known);
        let seq = self.seq;
        if let Some(member) = self.members.get_mut(id) {
            member.synced = true;
            member.outbox.offer_difference(wire::encode(&Frame::SyncStep2(&difference)).into(), seq);
        }
        Ok(())
    }

    /// One difference for all that was thrown away: the entries since, merged; or the whole state.
    pub(super) fn catch_up(&mut self, id: MemberId, given: Option<Seq>) -> Result<(), RoomError> {
        metrics::resync();
        let since = match given {
            Some(given) => self.log.read(self.key, given, CATCH_UP_ENTRIES_MAX)?,
            None => None,
        };
        let merged = since.and_then(|entries| {
            let updates: Vec<_> = entries.into_iter().map(|entry| entry.new.update).collect();
            // The state is small where much has been overwritten, and never larger than a client reads.
            let bytes: usize = updates.iter().map(Vec::len).sum();
            (bytes <= OUTBOX_BYTES_MAX).then(|| document::merge(&updates).ok())?
        });
        let difference = match merged {
            Some(merged) => merged,
            None => self.document()?.state(),
        };
        let seq = self.seq;
        if let Some(member) = self.members.get_mut(id) {
            member.synced = true;
            member.outbox.offer_difference(wire::encode(&Frame::SyncStep2(&difference)).into(), seq);
        }
        Ok(())
    }

    /// Ends one connection with a reason; the others do not notice.
    pub(super) fn expel(&mut self, id: MemberId, close: Close) {
        metrics::refusal(close.code.reason());
        if let Some(member) = self.members.get_mut(id) {
            member.outbox.close(close);
        }
        self.leave(id);
    }
}

/// How a refused update ends its connection.
pub(super) fn close_for(rejected: &Rejected) -> Close {
    let code = match rejected {
        Rejected::Refused(Rule::TooLarge { .. }) => CloseCode::TooLarge,
        Rejected::Refused(_) | Rejected::Broken(_) => CloseCode::Malformed,
        Rejected::Forged { .. } => CloseCode::NotAllowed,
    };
    Close::new(code, rejected.to_string())
}
