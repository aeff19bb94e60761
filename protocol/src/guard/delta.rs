//! The checked difference that an update makes: what is applied, stored and broadcast.
//!
//! In: structs and ranges that passed the shape check. Out: one canonical v1 update, what it touches, and what of the
//! update was refused.
//! Always true: per client one contiguous run of structs that starts at the clock which was known, clients
//! descending, delete ranges ascending and apart; equal differences have equal bytes.

use std::collections::BTreeMap;

use crate::guard::index::{Run, Tables, unite};
use crate::guard::reader::write_uint;
use crate::ids::ClientId;
use crate::plan::touched::{Place, Touched};
use crate::wire::RefusalCode;

/// What an update adds to a document, in our own bytes.
#[derive(Debug, Default)]
pub struct Delta {
    pub(super) runs: BTreeMap<ClientId, NewRun>,
    pub(super) deleted: BTreeMap<ClientId, Vec<(u32, u32)>>,
    /// How many of the deleted clocks are of this update itself: what was refused of it.
    pub(super) taken_back: u64,
    pub(super) touched: Touched,
    pub(super) refused: Vec<Refused>,
    pub(super) refused_more: bool,
    pub(super) news: News,
}

/// A place where an update has content that no plan holds there. Nobody but its author has ever seen that content,
/// and the delta deletes it in the author's copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The place as its author names it: a collection may be one that there is not, its name cut to the length of the
    /// longest key. Field and id are empty for what stands in a collection or an entity without a key.
    pub place: Place,
    /// [`RefusalCode::UnknownCollection`] or [`RefusalCode::Malformed`]; [`RefusalCode::NotAllowed`] where it is about
    /// somebody who has been erased.
    pub code: RefusalCode,
}

/// The new structs of one client.
#[derive(Debug, Default)]
pub(super) struct NewRun {
    pub(super) clock: u32,
    pub(super) count: u64,
    pub(super) bytes: Vec<u8>,
}

/// What the index takes in. Numbers of types, slots and names go on where those of the index end.
#[derive(Debug, Default)]
pub(super) struct News {
    /// The index this was checked against; `None` in a delta that cannot be taken.
    pub(super) version: Option<u64>,
    pub(super) tables: Tables,
    pub(super) runs: Vec<(ClientId, Vec<Run>)>,
    /// The deleted ranges, and those of structs whose content was deleted before they came.
    pub(super) deleted: Vec<(ClientId, Vec<(u32, u32)>)>,
}

impl std::ops::Deref for News {
    type Target = Tables;
    fn deref(&self) -> &Tables {
        &self.tables
    }
}

impl Delta {
    /// Whether everything was known already: then there is nothing to apply, to store or to send.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty() && self.deleted.is_empty()
    }

    /// The clients with new structs: each has to be the sender's own.
    pub fn clients(&self) -> impl Iterator<Item = ClientId> + '_ {
        self.runs.keys().copied()
    }

    /// The places of the plan that change, without their values.
    #[must_use]
    pub fn touched(&self) -> &Touched {
        &self.touched
    }

    /// Where the update has content that no plan holds there, each place once, in order. The first
    /// [`crate::limits::REFUSED_PLACES_MAX`] of them; to be read right after the check: a merged delta has none.
    #[must_use]
    pub fn refused(&self) -> &[Refused] {
        &self.refused
    }

    /// Whether there are more such places than [`Delta::refused`] names.
    #[must_use]
    pub fn refused_more(&self) -> bool {
        self.refused_more
    }

    /// How many clocks this deletes, of those that [`crate::guard::Index::live_len`] counts.
    #[must_use]
    pub fn deleted_len(&self) -> u64 {
        let deleted: u64 = self.deleted.values().flatten().map(|(start, end)| u64::from(end - start)).sum();
        deleted.saturating_sub(self.taken_back)
    }

    /// About how many bytes [`Delta::encode`] gives; at least as many.
    #[must_use]
    pub fn len_hint(&self) -> usize {
        let runs: usize = self.runs.values().map(|run| run.bytes.len().saturating_add(24)).sum();
        let ranges: usize =
            self.deleted.values().map(|ranges| ranges.len().saturating_mul(10).saturating_add(16)).sum();
        runs.saturating_add(ranges).saturating_add(16)
    }

    /// Adds a delta that was taken after this one, so that both are applied and stored as one update.
    ///
    /// # Panics
    /// When `later` does not go on where this one ends: they were not taken one after the other.
    pub fn merge(&mut self, later: Self) {
        for (client, run) in later.runs {
            match self.runs.get_mut(&client) {
                Some(known) => {
                    assert!(known.clock < run.clock, "deltas are merged in the order they were taken");
                    known.count = known.count.saturating_add(run.count);
                    known.bytes.extend_from_slice(&run.bytes);
                }
                None => {
                    self.runs.insert(client, run);
                }
            }
        }
        for (client, ranges) in later.deleted {
            unite(self.deleted.entry(client).or_default(), &ranges);
        }
        self.taken_back = self.taken_back.saturating_add(later.taken_back);
        self.touched.0.extend(later.touched.0);
        (self.refused, self.refused_more) = (Vec::new(), false);
        self.news = News::default();
    }

    /// The difference as a v1 update.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.len_hint());
        write_uint(&mut out, self.runs.len() as u64);
        for (client, run) in self.runs.iter().rev() {
            write_uint(&mut out, run.count);
            write_uint(&mut out, *client);
            write_uint(&mut out, u64::from(run.clock));
            out.extend_from_slice(&run.bytes);
        }
        write_uint(&mut out, self.deleted.len() as u64);
        for (client, ranges) in self.deleted.iter().rev() {
            write_uint(&mut out, *client);
            write_uint(&mut out, ranges.len() as u64);
            for (start, end) in ranges {
                write_uint(&mut out, u64::from(*start));
                write_uint(&mut out, u64::from(end - start));
            }
        }
        out
    }
}
