//! The index as it will be: what is known, with the new structs of one update laid over it.
//!
//! In: the index and the structs that passed, one by one. Out: the [`Delta`].
//! Always true: the index is only read; new types, slots and names are numbered on where those of the index end.

use std::collections::{BTreeMap, HashMap};

use crate::guard::delta::{Delta, NewRun, News, Refused};
use crate::guard::index::{
    Client, Index, NOWHERE, Run, Slot, Tables, Type, TypeKind, What, both, find, uncovered, unite,
};
use crate::guard::lint::{DeleteRange, Linted};
use crate::guard::refusal::Refusal;
use crate::guard::work::Work;
use crate::guard::{Id, Lane};
use crate::ids::ClientId;
use crate::limits;
use crate::plan::touched::{Place, Touched};
use crate::wire::RefusalCode;

/// One client's part of an update.
pub(super) struct Part<'i> {
    pub(super) client: ClientId,
    known: Option<&'i Client>,
    /// The clock that was known before the update.
    pub(super) start: u32,
    /// The clock up to which structs are known or have passed.
    pub(super) clock: u32,
    /// The next struct to look at.
    pub(super) next: usize,
    /// On the stack of those that wait for another client's structs.
    pub(super) waits: bool,
    pub(super) count: u64,
    pub(super) bytes: Vec<u8>,
    runs: Vec<Run>,
    /// What its author has and nobody else gets.
    taken_back: Vec<(u32, u32)>,
}

pub(super) struct Draft<'i> {
    pub(super) index: &'i Index,
    /// Not the server's own, written just now or long ago.
    pub(super) is_of_client: bool,
    /// Clients descending.
    pub(super) parts: Vec<Part<'i>>,
    tables: Tables,
    touched: Vec<u32>,
    refused: BTreeMap<Place, RefusalCode>,
    refused_more: bool,
    /// Per slot what this update put there so far.
    put: HashMap<u32, Put>,
    pub(super) work: Work,
}

/// What an update put into one slot so far.
#[derive(Clone, Copy)]
pub(super) struct Put {
    pub(super) count: u32,
    /// The first and the last clock of the struct that came last.
    pub(super) first: Id,
    pub(super) last: Id,
    pub(super) origin: Option<Id>,
}

impl<'i> Draft<'i> {
    pub(super) fn new(index: &'i Index, linted: &Linted<'_>, lane: Lane) -> Self {
        let parts = linted.sections.iter().map(|section| {
            let known = index.clients.get(&section.client);
            let start = known.map_or(0, Client::clock);
            Part {
                client: section.client,
                known,
                start,
                clock: start,
                next: section.first,
                waits: false,
                count: 0,
                bytes: Vec::new(),
                runs: Vec::new(),
                taken_back: Vec::new(),
            }
        });
        let parts = parts.collect();
        Self {
            index,
            is_of_client: matches!(lane, Lane::Live | Lane::Sync),
            parts,
            tables: Tables::default(),
            touched: Vec::new(),
            refused: BTreeMap::new(),
            refused_more: false,
            put: HashMap::new(),
            work: Work::new(lane),
        }
    }

    pub(super) fn part_of(&self, client: ClientId) -> Option<usize> {
        self.parts.binary_search_by(|part| client.cmp(&part.client)).ok()
    }

    /// The run that holds a clock, if it is known or has passed.
    pub(super) fn find(&self, id: Id) -> Option<Run> {
        match self.part_of(id.client).and_then(|part| self.parts.get(part)) {
            Some(part) if id.clock >= part.start => find(&part.runs, id.clock).copied(),
            Some(part) => find(&part.known?.runs, id.clock).copied(),
            None => find(&self.index.clients.get(&id.client)?.runs, id.clock).copied(),
        }
    }

    /// Whether a clock was here before the update.
    pub(super) fn was_known(&self, id: Id) -> bool {
        match self.part_of(id.client).and_then(|part| self.parts.get(part)) {
            Some(part) => id.clock < part.start,
            None => true,
        }
    }

    pub(super) fn type_of(&self, id: u32) -> Option<&Type> {
        both(&self.index.tables.types, &self.tables.types, id)
    }

    pub(super) fn slot_of(&self, id: u32) -> Option<&Slot> {
        both(&self.index.tables.slots, &self.tables.slots, id)
    }

    pub(super) fn name_of(&self, id: u32) -> Option<&str> {
        both(&self.index.tables.names, &self.tables.names, id).map(AsRef::as_ref)
    }

    fn name(&mut self, name: &str) -> u32 {
        let known = self.index.tables.name_ids.get(name).or_else(|| self.tables.name_ids.get(name));
        if let Some(id) = known {
            return *id;
        }
        let id = (self.index.tables.names.len() + self.tables.names.len()) as u32;
        self.tables.name_ids.insert(name.into(), id);
        self.tables.names.push(name.into());
        id
    }

    /// The slot of a key of a map, or of a text's one list.
    pub(super) fn slot(&mut self, parent: u32, key: Option<&str>) -> u32 {
        let key = key.map_or(NOWHERE, |key| self.name(key));
        let known = self.index.tables.slot_ids.get(&(parent, key)).or_else(|| self.tables.slot_ids.get(&(parent, key)));
        if let Some(id) = known {
            return *id;
        }
        let id = (self.index.tables.slots.len() + self.tables.slots.len()) as u32;
        self.tables.slot_ids.insert((parent, key), id);
        self.tables.slots.push(Slot { parent, key, items: 0, last: None });
        id
    }

    pub(super) fn root(&mut self, collection: &str) -> u32 {
        let name = self.name(collection);
        if let Some(id) = self.index.tables.roots.get(&name).or_else(|| self.tables.roots.get(&name)) {
            return *id;
        }
        let kind = if collection == "meta" { TypeKind::Meta } else { TypeKind::Collection };
        let id = self.new_type(kind, name);
        self.tables.roots.insert(name, id);
        id
    }

    pub(super) fn new_type(&mut self, kind: TypeKind, slot: u32) -> u32 {
        let id = (self.index.tables.types.len() + self.tables.types.len()) as u32;
        self.tables.types.push(Type { kind, slot, dead: false });
        id
    }

    /// What this update put into a slot so far.
    pub(super) fn put_into(&self, slot: u32) -> Option<Put> {
        self.put.get(&slot).copied()
    }

    /// Lets a part go on to `end` with a struct in `slot`.
    pub(super) fn pass(&mut self, part: usize, end: u32, slot: u32, what: What, origin: Option<Id>) {
        let Some(part) = self.parts.get_mut(part) else { return };
        let first = Id { client: part.client, clock: part.clock };
        part.runs.push(Run { clock: part.clock, end, slot, what });
        part.clock = end;
        if slot == NOWHERE {
            return;
        }
        let last = Id { client: part.client, clock: end.saturating_sub(1) };
        let count = self.put.get(&slot).map_or(0, |put| put.count).saturating_add(1);
        self.put.insert(slot, Put { count, first, last, origin });
        if self.touched.last() != Some(&slot) {
            self.touched.push(slot);
        }
    }

    /// The place of a type as the plan names it.
    pub(super) fn place_of(&self, id: u32) -> Option<Place> {
        let found = self.type_of(id)?;
        match found.kind {
            TypeKind::Meta | TypeKind::Collection => {
                Some(Place { collection: self.name_of(found.slot)?.into(), id: Box::default(), field: Box::default() })
            }
            TypeKind::Entity | TypeKind::Text => self.index.tables.place(&self.tables, found.slot),
        }
    }

    /// The place of a slot as the plan names it.
    pub(super) fn place_in(&self, slot: u32) -> Option<Place> {
        self.index.tables.place(&self.tables, slot)
    }

    /// Notes a place whose content is refused.
    pub(super) fn refuse(&mut self, place: Place, code: RefusalCode) {
        if self.refused.len() < limits::REFUSED_PLACES_MAX || self.refused.contains_key(&place) {
            self.refused.insert(place, code);
        } else {
            self.refused_more = true;
        }
    }

    /// Notes that the structs of a part up to `end` are deleted in their author's copy too.
    pub(super) fn take_back(&mut self, part: usize, end: u32) {
        let Some(part) = self.parts.get_mut(part) else { return };
        match part.taken_back.last_mut() {
            Some(last) if last.1 == part.clock => last.1 = end,
            _ => part.taken_back.push((part.clock, end)),
        }
    }

    /// Cuts the deleted ranges down to what is new, and closes the draft.
    pub(super) fn finish(mut self, deletes: &[DeleteRange]) -> Result<Delta, Refusal> {
        let mut delta = Delta::default();
        let mut gone: Vec<(ClientId, Vec<(u32, u32)>)> = Vec::new();
        for part in &self.parts {
            let mut ranges: Vec<(u32, u32)> = Vec::new();
            for run in part.runs.iter().filter(|run| matches!(run.what, What::Gone | What::Deleted)) {
                match ranges.last_mut() {
                    Some(last) if last.1 == run.clock => last.1 = run.end,
                    _ => ranges.push((run.clock, run.end)),
                }
            }
            if !ranges.is_empty() {
                gone.push((part.client, ranges));
            }
        }
        for range in deletes {
            self.delete(range, &gone, &mut delta)?;
        }
        self.touched.sort_unstable();
        self.touched.dedup();
        let places = self.touched.iter().filter_map(|slot| self.index.tables.place(&self.tables, *slot));
        delta.touched = Touched(places.collect());
        delta.refused = self.refused.into_iter().map(|(place, code)| Refused { place, code }).collect();
        delta.refused_more = self.refused_more;
        let mut runs = Vec::with_capacity(self.parts.len());
        for part in self.parts.into_iter().filter(|part| part.count > 0) {
            if !part.taken_back.is_empty() {
                let deleted = delta.deleted.entry(part.client).or_default();
                delta.taken_back = delta.taken_back.saturating_add(unite(deleted, &part.taken_back));
            }
            delta.runs.insert(part.client, NewRun { clock: part.start, count: part.count, bytes: part.bytes });
            runs.push((part.client, part.runs));
        }
        gone.extend(delta.deleted.iter().map(|(client, ranges)| (*client, ranges.clone())));
        delta.news = News { version: Some(self.index.version), tables: self.tables, runs, deleted: gone };
        Ok(delta)
    }

    fn delete(
        &mut self,
        range: &DeleteRange,
        gone: &[(ClientId, Vec<(u32, u32)>)],
        delta: &mut Delta,
    ) -> Result<(), Refusal> {
        let DeleteRange { client, start, end } = *range;
        let part = self.part_of(client).and_then(|part| self.parts.get(part));
        let known = part.map_or_else(|| self.index.clients.get(&client), |part| part.known);
        let clock = part.map_or_else(|| known.map_or(0, Client::clock), |part| part.clock);
        if end > clock {
            return Err(Refusal::Gap { client, clock });
        }
        let mut fresh = Vec::new();
        let gone = gone.binary_search_by(|(of, _)| client.cmp(of)).ok().and_then(|at| gone.get(at));
        let gone = gone.map_or(&[][..], |(_, ranges)| ranges);
        uncovered(known.map_or(&[], |known| &known.deleted), start, end, |start, end| {
            uncovered(gone, start, end, |start, end| fresh.push((start, end)));
        });
        if fresh.is_empty() {
            return Ok(());
        }
        let known_runs = known.map_or(&[][..], |known| &known.runs);
        let new_runs = part.map_or(&[][..], |part| &part.runs);
        for runs in [known_runs, new_runs] {
            for &(start, end) in &fresh {
                let first = runs.partition_point(|run| run.end <= start);
                for run in runs.iter().skip(first).take_while(|run| run.clock < end) {
                    if run.clock < start || end < run.end {
                        self.work.split(run.end - run.clock)?;
                    }
                    if run.slot != NOWHERE && self.touched.last() != Some(&run.slot) {
                        self.touched.push(run.slot);
                    }
                }
            }
        }
        delta.deleted.entry(client).or_default().extend(fresh);
        Ok(())
    }
}
