//! What the guard remembers of a document: who wrote which clocks, where they stand, and what is deleted.
//!
//! In: deltas that were checked against it, and deletions that yrs made on its own. Out: answers to [`Index::find`].
//! Always true: the runs of a client are contiguous from clock 0, its deleted ranges ascend apart, and an id that
//! stands in a run (of a type, a slot, a name) is an index into the tables below.
//! A text typed in order is one run of 20 bytes, whatever its length.

use std::collections::{BTreeSet, HashMap};

use crate::guard::Id;
use crate::guard::delta::Delta;
use crate::ids::ClientId;
use crate::plan::erasure;
use crate::plan::schema::{self, Collection};
use crate::plan::touched::Place;

/// Per document: where every struct stands, without the values.
#[derive(Debug, Default)]
pub struct Index {
    pub(super) clients: HashMap<ClientId, Client>,
    pub(super) tables: Tables,
    /// How many clients have ids with these low 16 bits.
    pub(super) alike: HashMap<u16, u32>,
    /// Grows with every delta that was taken: a delta fits the one index it was checked against.
    pub(super) version: u64,
    live_len: u64,
    /// The people who have been erased: no client writes anything personal under their ids.
    erased: BTreeSet<Box<str>>,
    /// Whether it is one party's own document, which holds other collections than the one that all parties read.
    is_private: bool,
}

/// One client's structs.
#[derive(Debug, Default)]
pub(super) struct Client {
    pub(super) runs: Vec<Run>,
    pub(super) deleted: Vec<(u32, u32)>,
}

/// Contiguous clocks of one client that stand in one slot.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub(super) clock: u32,
    pub(super) end: u32,
    /// Where it stands; [`NOWHERE`] when it was collected.
    pub(super) slot: u32,
    pub(super) what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// Collected together with its parent, or written where no plan has a place.
    Gone,
    /// Its content was deleted before it came here, or has no place in a plan.
    Deleted,
    String,
    Value,
    Type(u32),
}

pub(super) const NOWHERE: u32 = u32::MAX;

/// Types, slots and names, each known by its number.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) names: Vec<Box<str>>,
    pub(super) name_ids: HashMap<Box<str>, u32>,
    pub(super) types: Vec<Type>,
    pub(super) roots: HashMap<u32, u32>,
    pub(super) slots: Vec<Slot>,
    pub(super) slot_ids: HashMap<(u32, u32), u32>,
}

/// A `Y.Map` or `Y.Text`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Type {
    pub(super) kind: TypeKind,
    /// Where it stands; for a root the number of its name.
    pub(super) slot: u32,
    /// Deleted itself; that a parent is deleted is found by walking up.
    pub(super) dead: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TypeKind {
    /// The root `meta`, whose keys are fields.
    Meta,
    /// Any other root, whose keys are entity ids.
    Collection,
    /// A `Y.Map` in a collection.
    Entity,
    /// A `Y.Text` under a field.
    Text,
}

/// One key of a map, or the one list of a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    pub(super) parent: u32,
    /// The number of the key; [`NOWHERE`] in a text.
    pub(super) key: u32,
    /// How many structs were put here: a bound for what an integration may have to walk over.
    pub(super) items: u32,
    /// The struct that came here last, by its last clock.
    pub(super) last: Option<Id>,
}

impl Index {
    /// The index of an empty shared document.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The index of an empty private document.
    #[must_use]
    pub fn private() -> Self {
        Self { is_private: true, ..Self::default() }
    }

    /// From now on nothing personal of this person comes in from a client.
    pub fn erase(&mut self, person: &str) {
        self.erased.insert(person.into());
    }

    /// Whether a place is about somebody who has been erased, and is not for a client to fill.
    pub(super) fn is_erased(&self, place: &Place) -> bool {
        self.erased.contains(&place.id)
            && schema::collection(&place.collection)
                .is_some_and(|collection| !place.field.is_empty() && erasure::is_personal(collection, &place.field))
    }

    /// Whether anybody has been erased.
    pub(super) fn has_erased(&self) -> bool {
        !self.erased.is_empty()
    }

    /// Whether a collection may stand in this document.
    pub(super) fn has_place_for(&self, collection: &Collection) -> bool {
        collection.documents.include(!self.is_private)
    }

    /// The next clock of a client: 0 for a client that is not known.
    #[must_use]
    pub fn clock_of(&self, client: ClientId) -> u32 {
        self.clients.get(&client).map_or(0, Client::clock)
    }

    /// The next clock of every known client, in no order.
    pub fn state_vector(&self) -> impl Iterator<Item = (ClientId, u32)> + '_ {
        self.clients.iter().map(|(client, known)| (*client, known.clock()))
    }

    /// The deleted clocks of a client, as ascending ranges `start..end` that do not touch.
    #[must_use]
    pub fn deleted_of(&self, client: ClientId) -> &[(u32, u32)] {
        self.clients.get(&client).map_or(&[], |known| &known.deleted)
    }

    /// How many clocks are not deleted: against [`Delta::deleted_len`] it tells how much of a plan an update deletes.
    #[must_use]
    pub fn live_len(&self) -> u64 {
        self.live_len
    }

    /// Notes what yrs deleted on its own while it applied a delta: values that lost against a concurrent one, and
    /// what stood below a deleted entity. Clocks that are not known are left out.
    pub fn note_deleted(&mut self, client: ClientId, clock: u32, len: u32) {
        let end = clock.saturating_add(len).min(self.clock_of(client));
        if clock < end {
            self.delete(client, &[(clock, end)]);
        }
    }

    pub(super) fn delete(&mut self, client: ClientId, ranges: &[(u32, u32)]) {
        let Some(known) = self.clients.get_mut(&client) else { return };
        for &(start, end) in ranges {
            let first = known.runs.partition_point(|run| run.end <= start);
            for run in known.runs.iter().skip(first).take_while(|run| run.clock < end) {
                if let What::Type(id) = run.what
                    && let Some(found) = self.tables.types.get_mut(id as usize)
                {
                    found.dead = true;
                }
            }
        }
        let newly = unite(&mut known.deleted, ranges);
        self.live_len = self.live_len.saturating_sub(newly);
    }

    /// Takes in a delta, so that the next one is checked against the document with it.
    ///
    /// # Panics
    /// When the delta was not checked against this index as it is now: another one was taken in between, or it was
    /// merged. That is a mistake of the caller; no input can cause it.
    pub fn take(&mut self, delta: &Delta) {
        let news = &delta.news;
        assert_eq!(news.version, Some(self.version), "a delta is taken once, right after its check");
        self.version += 1;
        let tables = &mut self.tables;
        for name in &news.names {
            tables.name_ids.insert(name.clone(), tables.names.len() as u32);
            tables.names.push(name.clone());
        }
        for new in &news.types {
            if matches!(new.kind, TypeKind::Meta | TypeKind::Collection) {
                tables.roots.insert(new.slot, tables.types.len() as u32);
            }
            tables.types.push(*new);
        }
        for slot in &news.slots {
            tables.slot_ids.insert((slot.parent, slot.key), tables.slots.len() as u32);
            tables.slots.push(*slot);
        }
        for (client, runs) in &news.runs {
            let known = self.clients.entry(*client).or_insert_with(|| {
                *self.alike.entry(*client as u16).or_default() += 1;
                Client::default()
            });
            for run in runs {
                self.live_len += u64::from(run.end - run.clock);
                if let Some(slot) = tables.slots.get_mut(run.slot as usize) {
                    slot.items = slot.items.saturating_add(1);
                    slot.last = Some(Id { client: *client, clock: run.end - 1 });
                }
                push(&mut known.runs, *run);
            }
        }
        for (client, ranges) in &news.deleted {
            self.delete(*client, ranges);
        }
    }

    /// Whether a type or one above it is deleted. At most four steps.
    pub(super) fn is_dead(&self, mut kind: u32) -> bool {
        while let Some(found) = self.tables.types.get(kind as usize) {
            if found.dead {
                return true;
            }
            match self.tables.slots.get(found.slot as usize) {
                Some(slot) if matches!(found.kind, TypeKind::Entity | TypeKind::Text) => kind = slot.parent,
                _ => return false,
            }
        }
        false
    }
}

impl Client {
    pub(super) fn clock(&self) -> u32 {
        self.runs.last().map_or(0, |run| run.end)
    }
}

/// The run that holds `clock`.
pub(super) fn find(runs: &[Run], clock: u32) -> Option<&Run> {
    // Nearly always the question is about what was written last.
    if let Some(last) = runs.last().filter(|run| run.clock <= clock) {
        return (clock < last.end).then_some(last);
    }
    runs.get(runs.partition_point(|run| run.end <= clock)).filter(|run| run.clock <= clock)
}

/// Appends a run, as a part of the last one where they say the same.
fn push(runs: &mut Vec<Run>, run: Run) {
    if let Some(last) = runs.last_mut()
        && last.end == run.clock
        && last.slot == run.slot
        && last.what == run.what
        && !matches!(run.what, What::Type(_))
    {
        last.end = run.end;
        return;
    }
    runs.push(run);
}

/// Adds ascending ranges to ascending ranges that stay apart; says how many clocks are new.
pub(super) fn unite(into: &mut Vec<(u32, u32)>, ranges: &[(u32, u32)]) -> u64 {
    let Some(&(first, _)) = ranges.first() else { return 0 };
    let total = |ranges: &[(u32, u32)]| ranges.iter().map(|(start, end)| u64::from(end - start)).sum::<u64>();
    let from = into.partition_point(|&(_, end)| end < first);
    let tail = into.split_off(from);
    let before = total(&tail);
    let (mut old, mut new) = (tail.iter().peekable(), ranges.iter().peekable());
    loop {
        let next = match (old.peek(), new.peek()) {
            (Some(a), Some(b)) if a.0 <= b.0 => old.next(),
            (_, Some(_)) => new.next(),
            (Some(_), None) => old.next(),
            (None, None) => break,
        };
        let Some(&(start, end)) = next else { break };
        match into.get_mut(from..).and_then(<[_]>::last_mut) {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => into.push((start, end)),
        }
    }
    total(into.get(from..).unwrap_or_default()).saturating_sub(before)
}

/// What of `start..end` the ascending ranges do not cover, handed to `each` in order.
pub(super) fn uncovered(ranges: &[(u32, u32)], start: u32, end: u32, mut each: impl FnMut(u32, u32)) {
    let mut at = start;
    let first = ranges.partition_point(|&(_, covered)| covered <= start);
    for &(from, to) in ranges.iter().skip(first).take_while(|range| range.0 < end) {
        if at < from {
            each(at, from);
        }
        at = at.max(to);
    }
    if at < end {
        each(at, end);
    }
}

impl Tables {
    /// The place of a slot, as the plan names it.
    pub(super) fn place(&self, news: &Tables, slot: u32) -> Option<Place> {
        let slot_of = |id: u32| both(&self.slots, &news.slots, id);
        let type_of = |id: u32| both(&self.types, &news.types, id);
        let name_of = |id: u32| both(&self.names, &news.names, id).cloned();
        let mut slot = slot_of(slot)?;
        let mut parent = type_of(slot.parent)?;
        if parent.kind == TypeKind::Text {
            slot = slot_of(parent.slot)?;
            parent = type_of(slot.parent)?;
        }
        let key = name_of(slot.key)?;
        match parent.kind {
            TypeKind::Meta => Some(Place { collection: name_of(parent.slot)?, id: Box::default(), field: key }),
            TypeKind::Collection => Some(Place { collection: name_of(parent.slot)?, id: key, field: Box::default() }),
            TypeKind::Entity => {
                let entity = slot_of(parent.slot)?;
                let root = type_of(entity.parent)?;
                Some(Place { collection: name_of(root.slot)?, id: name_of(entity.key)?, field: key })
            }
            TypeKind::Text => None,
        }
    }
}

/// An entry of two tables of which the second goes on where the first ends.
pub(super) fn both<'t, T>(known: &'t [T], new: &'t [T], id: u32) -> Option<&'t T> {
    let id = id as usize;
    known.get(id).or_else(|| id.checked_sub(known.len()).and_then(|id| new.get(id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_unite_and_stay_apart() {
        let mut ranges = vec![(0, 2), (5, 7), (10, 12)];
        assert_eq!(unite(&mut ranges, &[(2, 3), (6, 11), (20, 21)]), 1 + 3 + 1);
        assert_eq!(ranges, [(0, 3), (5, 12), (20, 21)]);
        assert_eq!(unite(&mut ranges, &[(0, 30)]), 19);
        assert_eq!(ranges, [(0, 30)]);
    }

    #[test]
    fn what_is_covered_is_cut_out() {
        let mut left = Vec::new();
        uncovered(&[(1, 3), (5, 6)], 0, 9, |start, end| left.push((start, end)));
        assert_eq!(left, [(0, 1), (3, 5), (6, 9)]);
    }
}
