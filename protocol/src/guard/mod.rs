//! The admission of client bytes: none of them reaches a document, the log or another client unchecked.
//!
//! In: the payload of an update, and the lane it came by. Out: a [`Delta`] in our own bytes, or a [`Refusal`].
//! Always true:
//! - no input makes it panic, loop, recurse, or allocate more than a small multiple of the input's size;
//! - what is admitted integrates completely: nothing stays pending, every copy holds the same values;
//! - content that no plan holds in its place goes no further: its clocks do, as deleted ones, so that its author can
//!   write on, and [`Delta::refused`] names the places. The rest of its update is taken;
//! - what is known is cut out, so that sending everything again gives an empty delta;
//! - on a refusal the [`Index`] is as it was before.
//!
//! Types never nest deeper than root, entity, text: a `Y.Map` has a place only in a collection.
//! Not judged: whether the right neighbour of a letter really stands to its right. A client that lies about it may
//! leave its letters in another order in another copy; never other letters, and never in another field.
//!
//! Steps: `lint` (grammar, limits) → `shape` (against the index and the schema) → [`Delta`] → [`Index::take`].

mod awareness;
mod delta;
mod draft;
mod index;
mod lint;
mod reader;
mod refusal;
mod shape;
mod state_vector;
mod work;

pub use awareness::{AwarenessEntry, lint_awareness};
pub use delta::{Delta, Refused};
pub use index::Index;
pub use refusal::{Refusal, Rule};
pub use state_vector::lint_state_vector;

use crate::ids::ClientId;

/// The way an update comes in, which sets its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// An Update of a live session: one transaction of one client.
    Live,
    /// A SyncStep2: everything a client wrote while it was away, up to the document's cap.
    Sync,
    /// What this server has just written itself: bounded like a SyncStep2, and free to write about people who have been
    /// erased.
    Own,
    /// Our own snapshots and log entries: bounded by their size alone, because what was admitted must load.
    Trusted,
}

/// The name of one clock of one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Id {
    pub(crate) client: ClientId,
    pub(crate) clock: u32,
}

impl Index {
    /// Checks an update without taking it in.
    ///
    /// # Errors
    /// [`Refusal`] says whether the peer is broken, asks too much at once, or has to send more. What is only out of
    /// place is no error: see [`Delta::refused`].
    pub fn check(&self, update_v1: &[u8], lane: Lane) -> Result<Delta, Refusal> {
        shape::shape(self, &lint::lint(update_v1, lane)?, lane)
    }

    /// Checks an update and takes it in: all of it or nothing.
    ///
    /// # Errors
    /// As [`Index::check`]; the index is as before.
    pub fn admit(&mut self, update_v1: &[u8], lane: Lane) -> Result<Delta, Refusal> {
        let delta = self.check(update_v1, lane)?;
        self.take(&delta);
        Ok(delta)
    }
}
