//! The members of one room: the people whose sockets are open, and what each of them has been told.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use plansync_protocol::{
    ids::{PersonId, Seq},
    wire::{self, CloseCode, Frame, Notice, NoticeCode},
};

use crate::{
    auth::{Author, Claims, Pass},
    charge::Charge,
    outbox::{Close, Outbox},
};

/// When those who are sent away may come back: long enough apart for a server to open their plans again.
const RETRY_AFTER_MS: std::ops::Range<u64> = 100..1_000;

/// One connection, within one server's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MemberId(pub u64);

/// Which frames a client understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// A stock y-websocket client: nothing beyond its own frames.
    Stock,
    /// `plansync.v1`.
    Plansync,
}

/// Somebody who is in the room.
#[derive(Debug)]
pub struct Member {
    /// Who, as authenticated.
    pub claims: Arc<Claims>,
    /// The same, for as long as it holds.
    pub pass: Pass,
    /// The same for the log.
    pub author: Arc<Author>,
    /// What the client understands.
    pub dialect: Dialect,
    /// What it has cost lately.
    pub charge: Charge,
    /// Where its frames go.
    pub outbox: Outbox,
    /// A whole state or a difference to it has been sent, so that later entries build on something.
    pub synced: bool,
    /// SyncStep2 and Update frames taken from this connection.
    pub frames: u64,
    /// Of those, how many have been acknowledged.
    pub acked: u64,
    /// A frame came that builds on something missing: the client has been asked, and nothing is acknowledged until
    /// its answer is in.
    pub asked: bool,
}

impl Member {
    /// Somebody who has just come.
    #[must_use]
    pub fn new(pass: Pass, dialect: Dialect, outbox: Outbox, charge: Charge) -> Self {
        let (claims, author) = (pass.claims(), Arc::new(pass.author()));
        Self { claims, pass, author, dialect, charge, outbox, synced: false, frames: 0, acked: 0, asked: false }
    }

    /// Tells who is there.
    pub fn introduce(&self, everyone: &[Vec<u8>]) {
        for message in everyone {
            self.outbox.offer_presence(wire::encode(&Frame::Awareness(message)).into());
        }
    }

    /// How their connection ends, where their access has been taken away or changed.
    #[must_use]
    pub fn lapsed(&self) -> Option<Close> {
        let (code, reason) = self.pass.check().err()?.close();
        Some(Close::new(code, reason))
    }
}

impl Drop for Member {
    /// However the room ends, by a panic too, no outbox is left open behind it. An earlier close stands.
    fn drop(&mut self) {
        let reason = "the plan is opened again: come back in a moment";
        self.outbox.close_after_flush(Close::new(CloseCode::Restarting, reason));
    }
}

/// Everybody in the room.
#[derive(Debug, Default)]
pub struct Members(BTreeMap<MemberId, Member>);

impl Members {
    /// Somebody comes.
    pub fn join(&mut self, id: MemberId, member: Member) {
        self.0.insert(id, member);
    }

    /// Somebody goes.
    pub fn leave(&mut self, id: MemberId) -> Option<Member> {
        self.0.remove(&id)
    }

    /// Somebody who is still there.
    #[must_use]
    pub fn get(&self, id: MemberId) -> Option<&Member> {
        self.0.get(&id)
    }

    /// Somebody who is still there.
    pub fn get_mut(&mut self, id: MemberId) -> Option<&mut Member> {
        self.0.get_mut(&id)
    }

    /// Whether a person has a socket here.
    #[must_use]
    pub fn has_person(&self, person: &PersonId) -> bool {
        self.0.values().any(|member| member.claims.sub == *person)
    }

    /// Whether nobody is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Offers everybody, the author included, a frame after which their copy stands at entry `seq`. Those who
    /// have no base yet get it too, but only a whole state can make up for it when they fall behind.
    pub fn broadcast(&self, frame: &Bytes, seq: Seq) {
        for member in self.0.values() {
            if member.synced {
                member.outbox.offer_document(frame.clone(), seq);
            } else {
                member.outbox.offer(frame.clone());
            }
        }
    }

    /// The same for what is too large for an Update and goes as a SyncStep2. Those who have no base yet would take it
    /// for their first state; it is part of the one they will ask for.
    pub fn broadcast_large(&self, frame: &Bytes, seq: Seq) {
        for member in self.0.values().filter(|member| member.synced) {
            member.outbox.offer_document(frame.clone(), seq);
        }
    }

    /// Offers everybody who is there.
    pub fn broadcast_presence(&self, frame: &Bytes) {
        for member in self.0.values() {
            member.outbox.offer_presence(frame.clone());
        }
    }

    /// Tells those whose frames are now on disk.
    pub fn acknowledge(&mut self, seq: Seq) {
        for member in self.0.values_mut() {
            if member.acked < member.frames && !member.asked {
                member.acked = member.frames;
                if member.dialect == Dialect::Plansync {
                    member.outbox.offer_ack(member.acked, seq);
                }
            }
        }
    }

    /// Ends every connection. Those who understand it hear first when to come back, each at a moment of their own.
    pub fn close(&mut self, close: &Close) {
        for member in std::mem::take(&mut self.0).into_values() {
            if member.dialect == Dialect::Plansync {
                let retry_after_ms = Some(rand::random_range(RETRY_AFTER_MS));
                let notice = Notice { code: NoticeCode::Draining, retry_after_ms };
                member.outbox.offer(wire::encode(&Frame::Notice(notice)).into());
            }
            member.outbox.close_after_flush(close.clone());
        }
    }
}
