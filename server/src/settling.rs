//! Settling: what people write becomes changes once it has been still for a while.
//!
//! In: what each update touched, by whom and when. Out: typed changes with the first old value and the last new one.
//! Kept: for every field that is still being written since when, and the plan as it was before that.
//! Always true: what comes out follows the order of the log; applied to the plan before it, it gives the plan after it.
//! Wherever the plan that is known and the document differ, somebody is writing.
//! Which changes come out depends on the log alone, never on how late the clock was looked at, so a room that is
//! opened again derives the same ones.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use plansync_protocol::{
    ids::{Origin, PersonId, Scope, Seq},
    plan::{
        self, Difference, Plan,
        change::{self, Change, What},
        diff,
        schema::{self, Collection},
        touched::{Place, Touched},
    },
};

use crate::{
    auth::Author,
    clock::{self, Millis},
    document::Document,
    log::{Position, Told},
};

/// What is being written, and what waits to be told.
#[derive(Debug)]
pub struct Settling {
    scope: Scope,
    /// How long a field has to be still.
    still: Duration,
    /// The plan as of every difference that has been found; made when something is touched.
    known: Option<Plan>,
    open: BTreeMap<Spot, Writing>,
    found: Vec<Found>,
    told: Position,
}

/// One field of an entity, a set and a map whole; an empty field is the entity as a whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Spot {
    collection: usize,
    id: Box<str>,
    field: Box<str>,
}

/// Somebody is writing here.
#[derive(Debug, Clone)]
struct Writing {
    hand: Hand,
    /// The first and the last entry of it.
    first: Seq,
    last: Seq,
    /// When the last one was written.
    at: Millis,
}

/// Whose hand, and of what kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Hand {
    /// Who.
    pub author: Arc<Author>,
    /// What kind of hand.
    pub origin: Origin,
}

/// What is going to be told when its time has come.
#[derive(Debug)]
struct Found {
    writing: Writing,
    event: change::Event,
    agreed_by: Box<[PersonId]>,
}

impl Settling {
    /// Nothing is being written; everything up to `told` has been told.
    #[must_use]
    pub fn new(scope: Scope, still: Duration, told: Position) -> Self {
        Self { scope, still, known: None, open: BTreeMap::new(), found: Vec::new(), told }
    }

    /// Before an update is applied: whatever others are writing at these places, or the same hand wrote there longer
    /// ago, is a change of its own.
    pub fn make_way(&mut self, touched: &Touched, hand: &Hand, now: Millis, document: &mut Document) {
        if self.known.is_none() {
            self.known = Some(document.plan().clone());
        }
        let spots: BTreeSet<Spot> = touched.0.iter().filter_map(|place| self.spot(place)).collect();
        let in_the_way = |spot: &Spot| {
            self.open.get(spot).is_some_and(|writing| writing.hand != *hand || self.is_still(writing.at, now))
        };
        let ended: Vec<Spot> = spots.into_iter().filter(in_the_way).collect();
        self.find(ended, document);
    }

    /// The same for a typed edit, whose places are known only when it has been made: all of these entities.
    pub fn make_way_for(&mut self, targets: &[&plan::edit::Target], hand: &Hand, now: Millis, document: &mut Document) {
        if self.known.is_none() {
            self.known = Some(document.plan().clone());
        }
        let in_the_way = |(spot, writing): &(&Spot, &Writing)| {
            targets.iter().any(|target| target.collection.index() == spot.collection && target.id == spot.id)
                && (writing.hand != *hand || self.is_still(writing.at, now))
        };
        let ended: Vec<Spot> = self.open.iter().filter(in_the_way).map(|(spot, _)| spot.clone()).collect();
        self.find(ended, document);
    }

    /// An update has been applied and will be entry `seq`.
    pub fn note(&mut self, touched: &Touched, hand: &Hand, seq: Seq, at: Millis) {
        for place in &touched.0 {
            let Some(spot) = self.spot(place) else { continue };
            let mut first = seq;
            if spot.field.is_empty() {
                // The entity as a whole takes in what was being written in it.
                let from = spot.clone();
                let within: Vec<Spot> = self
                    .open
                    .range(from..)
                    .take_while(|(other, _)| other.collection == spot.collection && other.id == spot.id)
                    .map(|(other, _)| other.clone())
                    .collect();
                for other in within {
                    if let Some(writing) = self.open.remove(&other) {
                        first = first.min(writing.first);
                    }
                }
            }
            let writing = self.open.entry(spot).or_insert_with(|| Writing { hand: hand.clone(), first, last: seq, at });
            (writing.last, writing.at) = (seq, at);
        }
    }

    /// Something else has happened around the plan; it is told in its turn.
    pub fn tell(&mut self, event: change::Event, hand: Hand, seq: Seq, at: Millis) {
        let writing = Writing { hand, first: seq, last: seq, at };
        self.found.push(Found { writing, event, agreed_by: [].into() });
    }

    /// Somebody has come, and is told of unless they had only just gone; or the other way round.
    pub fn tell_presence(&mut self, came: bool, hand: Hand, seq: Seq, at: Millis) {
        let kinds = ["person.left", "person.joined"];
        let (kind, opposite) = (kinds[usize::from(came)], kinds[usize::from(!came)]);
        let subject = format!("people/{}", hand.author.person);
        let undone = self.found.iter().position(|found| match &found.event {
            change::Event::Other { kind, subject: Some(of), .. } => **kind == *opposite && **of == *subject,
            _ => false,
        });
        if let Some(undone) = undone {
            self.found.remove(undone);
            return;
        }
        let data = serde_json::json!({"id": hand.author.person});
        self.tell(change::Event::Other { kind: kind.into(), subject: Some(subject.into()), data }, hand, seq, at);
    }

    /// Whether lines that the plan has crossed wait to be told.
    #[must_use]
    pub fn holds_derived(&self) -> bool {
        let is_derived =
            |event: &change::Event| matches!(event, change::Event::Other { kind, .. } if kind.starts_with("derived."));
        self.found.iter().any(|found| is_derived(&found.event))
    }

    /// Whether somebody is writing: the document is needed to tell what.
    #[must_use]
    pub fn is_writing(&self) -> bool {
        !self.open.is_empty()
    }

    /// The changes that are due by now; all there are, without `now`. They are to be written before the next ones are
    /// asked for. Without a document only what has been found already.
    pub fn settle(&mut self, now: Option<Millis>, document: Option<&mut Document>) -> Vec<Change> {
        let is_due = |at: Millis| now.is_none_or(|now| self.is_still(at, now));
        if let Some(document) = document {
            let ended: Vec<Spot> =
                self.open.iter().filter(|(_, writing)| is_due(writing.at)).map(|(spot, _)| spot.clone()).collect();
            self.find(ended, document);
        }
        self.found.sort_by_key(|found| found.writing.last);
        let due = self.found.partition_point(|found| now.is_none_or(|now| self.is_still(found.writing.at, now)));
        let due: Vec<Found> = self.found.drain(..due).collect();
        due.into_iter().map(|found| self.number(found)).collect()
    }

    /// When something may be due.
    #[must_use]
    pub fn due(&self) -> Option<Millis> {
        let open = self.open.values().map(|writing| writing.at);
        let found = self.found.iter().map(|found| found.writing.at);
        open.chain(found).min().map(|at| at + self.still_ms())
    }

    /// What the log keeps beside the changes: the last one told, and the first entry that is not told whole.
    #[must_use]
    pub fn told(&self, head: Seq) -> Told {
        let open = self.open.values();
        let found = self.found.iter().filter(|found| matches!(found.event, change::Event::Difference(_)));
        let first = open.chain(found.map(|found| &found.writing)).map(|writing| writing.first).min();
        Told { last: self.told, from: first.unwrap_or(head + 1) }
    }

    /// Whether nothing is being written and nothing waits.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.open.is_empty() && self.found.is_empty()
    }

    /// Lets the plan go where nothing is being written.
    pub fn rest(&mut self) {
        if self.open.is_empty() {
            self.known = None;
        }
    }

    /// What has ended becomes differences between the plan that is known and the document.
    fn find(&mut self, ended: Vec<Spot>, document: &mut Document) {
        if ended.is_empty() {
            return;
        }
        let Some(known) = &mut self.known else { return };
        let now = document.plan();
        // Fields of one entity that one hand wrote belong together: a reason goes along with its date.
        let mut groups: Vec<(Spot, BTreeMap<Box<str>, Writing>)> = Vec::new();
        for spot in ended {
            let Some(writing) = self.open.remove(&spot) else { continue };
            let group =
                groups.iter_mut().rev().take_while(|(of, _)| of.collection == spot.collection && of.id == spot.id);
            let hand = |fields: &BTreeMap<Box<str>, Writing>| {
                fields.values().next().is_some_and(|other| other.hand == writing.hand)
            };
            match group.map(|(_, fields)| fields).find(|fields| hand(fields)) {
                Some(fields) => drop(fields.insert(spot.field, writing)),
                None => {
                    let fields = BTreeMap::from([(spot.field.clone(), writing)]);
                    groups.push((spot, fields));
                }
            }
        }
        for (of, fields) in groups {
            let collection = &schema::COLLECTIONS[of.collection];
            let names: BTreeSet<Box<str>> = fields.keys().cloned().collect();
            let (old, new) = (known.row(collection, &of.id), now.row(collection, &of.id));
            for difference in diff::rows(collection, &of.id, old, new, Some(&names)) {
                let writing = writing_of(&difference, &fields);
                diff::apply(known, &difference);
                let Some(writing) = writing else { continue };
                let agreed_by = agreed_by(now, &difference, writing.at);
                let made = made(&difference);
                let events = event(difference.within(&self.scope)).into_iter().chain(made);
                self.found.extend(events.map(|event| Found {
                    writing: writing.clone(),
                    event,
                    agreed_by: agreed_by.clone(),
                }));
            }
            // A stamp or a reason goes along with what it belongs to, and waits for it: what the update that makes its
            // way has written there may still be put back.
            let (old, new) = (known.row(collection, &of.id), now.row(collection, &of.id));
            for (field, writing) in fields {
                if !field.is_empty() && diff::is_different(collection, old, new, &field) {
                    self.open.insert(Spot { field, ..of.clone() }, writing);
                }
            }
        }
        self.found.sort_by_key(|found| found.writing.last);
    }

    fn number(&mut self, Found { writing, event, agreed_by }: Found) -> Change {
        let seq = writing.last.max(self.told.0);
        let n = if seq == self.told.0 { self.told.1 + 1 } else { 0 };
        self.told = (seq, n);
        Change {
            agreed_by,
            seq,
            n,
            at: clock::rfc3339(writing.at).into(),
            actor: writing.hand.author.person.clone(),
            party: writing.hand.author.party.clone(),
            scope: self.scope.clone(),
            origin: writing.hand.origin,
            event,
        }
    }

    fn spot(&self, place: &Place) -> Option<Spot> {
        let collection = schema::collection(&place.collection)?;
        let is_known =
            collection.is_single() || self.known.as_ref().is_some_and(|plan| plan.row(collection, &place.id).is_some());
        let whole = Spot { collection: collection.index(), id: place.id.clone(), field: "".into() };
        if !is_known || (place.field.is_empty() && !collection.is_single()) || self.open.contains_key(&whole) {
            return Some(whole);
        }
        Some(Spot { field: field_name(collection, &place.field), ..whole })
    }

    fn is_still(&self, at: Millis, now: Millis) -> bool {
        now.saturating_sub(at) >= self.still_ms()
    }

    fn still_ms(&self) -> Millis {
        Millis::try_from(self.still.as_millis()).unwrap_or(Millis::MAX)
    }
}

/// The name of the field that a flat key belongs to.
fn field_name(collection: &Collection, flat_key: &str) -> Box<str> {
    collection.field(flat_key).map_or(flat_key, |field| field.name).into()
}

/// Who wrote a difference: whoever wrote its field, or the latest of those who wrote the entity.
fn writing_of(difference: &Difference, fields: &BTreeMap<Box<str>, Writing>) -> Option<Writing> {
    let name = match &difference.what {
        What::Field { field, .. } => field,
        What::Row(_) => "removed",
    };
    fields.get(name).or_else(|| fields.get("")).or_else(|| fields.values().max_by_key(|writing| writing.last)).cloned()
}

/// A touchpoint is told in its own words: when it opens and when it closes.
fn event(difference: Difference) -> Option<change::Event> {
    if difference.collection.name != "touchpoints" {
        return Some(change::Event::Difference(difference));
    }
    let kind = match &difference.what {
        What::Row(_) => "touchpoint.opened",
        What::Field { field, .. } if **field == *"closedSeq" => "touchpoint.closed",
        What::Field { .. } => return None,
    };
    Some(change::Event::Other {
        kind: kind.into(),
        subject: Some(difference.subject().into()),
        data: serde_json::json!({"id": difference.id, "title": difference.title}),
    })
}

/// A proposal that all have accepted is made in the same entry.
fn made(difference: &Difference) -> Option<change::Event> {
    let is_made = difference.collection.name == "proposals" && difference.verb == change::Verb::Accepted;
    is_made.then(|| change::Event::Other {
        kind: "proposal.applied".into(),
        subject: Some(difference.subject().into()),
        data: serde_json::json!({"id": difference.id, "title": difference.title, "class": "commitment"}),
    })
}

/// Who agreed to a difference, where it was made by a proposal that was accepted at that moment.
fn agreed_by(plan: &Plan, difference: &Difference, at: Millis) -> Box<[PersonId]> {
    let What::Field { field, .. } = &difference.what else { return [].into() };
    let at = clock::rfc3339(at);
    let item = format!("items/{}/{field}", difference.subject());
    let is_made = |row: &plan::Row| {
        row.text("state") == Some("accepted") && row.text("decidedAt") == Some(&at) && row.get(&item).is_some()
    };
    let Some(proposal) = plan.entities("proposals").find(|each| is_made(each.row)) else { return [].into() };
    let asked = proposal.row.text("by");
    let accepted = proposal.row.members("agreedBy").map(|(person, _)| person).filter(|person| Some(*person) != asked);
    asked.into_iter().chain(accepted).filter_map(|person| PersonId::parse(person).ok()).collect()
}
