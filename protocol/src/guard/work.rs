//! What an update may cost the documents that integrate it, bounded before they do.
//!
//! A CRDT walks over what was put between the two neighbours of a new item, and splits a piece of text that
//! something lands in. Both are short for honest clients, and quadratic for crafted ones.
//! In: one call per neighbour that lies outside the update, and per deleted range. Out: a refusal past the budget.
//! Unit: about a nanosecond of yrs on this code's reference machine.

use std::collections::HashMap;

use crate::guard::refusal::{Refusal, Rule, malformed};
use crate::guard::{Id, Lane};
use crate::limits;

/// One step over a neighbour: a look-up by id and two insertions into growing hash sets.
const STEP: u64 = 400;

/// The work that is left for an update.
pub(super) struct Work {
    limit: u64,
    spent: u64,
    /// Structs by section, slot, origin and right origin. Only kept for runs long enough to break the limit.
    places: HashMap<(usize, u32, Option<Id>, Option<Id>), u32>,
    is_trusted: bool,
}

impl Work {
    pub(super) fn new(lane: Lane) -> Self {
        let limit = match lane {
            Lane::Live => limits::LIVE_WORK_MAX,
            Lane::Sync | Lane::Own => limits::SYNC_WORK_MAX,
            Lane::Trusted => u64::MAX,
        };
        Self { limit, spent: 0, places: HashMap::new(), is_trusted: lane == Lane::Trusted }
    }

    /// Whether this server has admitted the update before.
    pub(super) fn is_trusted(&self) -> bool {
        self.is_trusted
    }

    /// A walk over at most `items` structs.
    pub(super) fn walk(&mut self, items: u64) -> Result<(), Refusal> {
        self.spend(items.saturating_mul(STEP))
    }

    /// A split in a run of `len` units.
    pub(super) fn split(&mut self, len: u32) -> Result<(), Refusal> {
        self.spend(u64::from(len))
    }

    fn spend(&mut self, units: u64) -> Result<(), Refusal> {
        self.spent = self.spent.saturating_add(units);
        if self.spent > self.limit {
            return Err(Refusal::TooLarge { what: "units of integration work in an update", limit: self.limit });
        }
        Ok(())
    }

    /// One more struct of a client between these neighbours.
    pub(super) fn place(
        &mut self,
        section: usize,
        slot: u32,
        (origin, right): (Option<Id>, Option<Id>),
        at: usize,
    ) -> Result<(), Refusal> {
        if self.is_trusted {
            return Ok(());
        }
        let count = self.places.entry((section, slot, origin, right)).or_default();
        *count += 1;
        if *count > limits::SAME_PLACE_MAX {
            return malformed(Rule::SamePlace, at);
        }
        Ok(())
    }
}
