//! One update against the rights: what of it is put back, what is asked of others, what the server adds.
//!
//! In: the plan before and after, and the places the update touched. Out: a [`Review`]: writes of the server's own
//! that go into the same entry of the log, and what the sender is told. Pure.
//! Always true: with those writes made, the document holds exactly what the sender may change, complete with its
//! stamps; nobody but the sender has seen anything else.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use plansync_protocol::{
    guard::Refused,
    ids::{PersonId, Scope, Seq},
    limits,
    plan::{
        Edit, Malformed, Plan, Row, Value,
        change::field_value,
        check,
        edit::{Assign, EntityEdit, Target},
        erasure, schedule,
        schema::{self, Collection, Ids, Kind},
        touched::Touched,
    },
    wire::RefusalCode,
};
use serde::Serialize;
use serde_json::Value as Json;

use crate::{
    amend::Amend,
    consent::{self, Wish},
    policy::{self, Touch, Verdict, Who},
};

/// More of one update are not told one by one.
const TOLD_MAX: usize = 64;
/// Beside these fields the reason says why they changed; it goes where they go.
const REASONED: [&str; 4] = ["due", "start", "durationDays", "status"];

/// What is said of a field that was personal.
const ERASED: &str = "this person has been erased from the plan: add whoever comes under another id";

/// An update that the document has taken in and nobody has seen.
#[derive(Debug, Clone, Copy)]
pub struct Submission<'a> {
    /// Who sent it.
    pub who: Who<'a>,
    /// Which document it is about.
    pub scope: &'a Scope,
    /// Who has been erased from the plan.
    pub erased: &'a BTreeSet<PersonId>,
    /// The plan before it.
    pub before: &'a Plan,
    /// The plan with it.
    pub after: &'a Plan,
    /// What it touched.
    pub touched: &'a Touched,
    /// What the guard wrote as deleted, because a plan has no place for it.
    pub misplaced: &'a [Refused],
    /// What does not fit its field.
    pub malformed: &'a [Malformed],
    /// Whether the server wrote it, as a request wanted it: then its stamps are right already.
    pub is_typed: bool,
    /// The reason that a request gave.
    pub reason: Option<&'a str>,
    /// The entry it is going to be.
    pub seq: Seq,
    /// When, as it is stamped.
    pub at: &'a str,
}

/// What the server adds to an update.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Review {
    /// What it writes, in this order.
    pub amends: Vec<Amend>,
    /// What the sender is told.
    pub refusals: Vec<Refusal>,
}

/// What was not done, as its sender is told.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Refusal {
    /// The collection.
    pub entity: Box<str>,
    /// The entity; empty for `meta`.
    pub id: Box<str>,
    /// The field; none when it is about the entity as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<Box<str>>,
    /// The kind of refusal.
    pub code: RefusalCode,
    /// Why, and what to do.
    pub why: Box<str>,
    /// The value that stands there again.
    pub restored: Json,
    /// The proposal that it became.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal: Option<Box<str>>,
}

/// Reviews an update.
#[must_use]
pub fn review(submission: &Submission<'_>) -> Review {
    let mut reviewing = Reviewing {
        of: submission,
        review: Review::default(),
        wishes: Vec::new(),
        kept: BTreeSet::new(),
        counts: BTreeMap::new(),
    };
    for Refused { place, code } in submission.misplaced {
        let is_nowhere = place.id.is_empty() && place.field.is_empty();
        if *code == RefusalCode::UnknownCollection || is_nowhere {
            let why = "a plan has collections of entities by id, and each entity has fields by name: nothing else";
            reviewing.tell(&place.collection, &place.id, Some(&place.field), *code, why, Json::Null);
        }
    }
    for ((name, id), fields) in entities(submission) {
        if let Some(collection) = schema::collection(name) {
            reviewing.entity(collection, id, &fields);
        }
    }
    reviewing.circles();
    reviewing.agree();
    let told = reviewing.review.refusals.len();
    if told > TOLD_MAX {
        reviewing.review.refusals.truncate(TOLD_MAX);
        if let Some(last) = reviewing.review.refusals.last_mut() {
            last.why = format!("{}; and {} more of this update", last.why, told - TOLD_MAX).into();
        }
    }
    reviewing.review
}

/// Takes out of a typed edit what is about people who have been erased, before it is written anywhere, and gives what its
/// requester is told.
pub fn forbid(edit: &mut Edit, erased: &BTreeSet<PersonId>, plan: &Plan) -> Vec<Refusal> {
    let mut refused = Vec::new();
    for EntityEdit { target, assigns } in &mut edit.set {
        let collection = target.collection;
        if !is_erased(erased, collection, &target.id) {
            continue;
        }
        assigns.retain(|assign| {
            let key = match assign {
                Assign::Put(key, _) | Assign::Delete(key) => &**key,
                Assign::Clear(prefix) => prefix.trim_end_matches(['/', '.']),
                Assign::Members(field, _) => field.name,
            };
            let is_personal = erasure::is_personal(collection, key);
            if is_personal {
                let field = name_of(collection, key);
                refused.push(Refusal {
                    entity: collection.name.into(),
                    id: target.id.clone(),
                    field: Some(field.into()),
                    code: RefusalCode::NotAllowed,
                    why: ERASED.into(),
                    restored: value_of(plan.row(collection, &target.id), collection, field),
                    proposal: None,
                });
            }
            !is_personal
        });
    }
    refused
}

/// Whether an entity is of somebody who has been erased.
fn is_erased(erased: &BTreeSet<PersonId>, collection: &Collection, id: &str) -> bool {
    erasure::is_of_people(collection) && erased.iter().any(|person| person.as_str() == id)
}

/// The touched fields by entity; an entity that is touched as a whole has the empty one.
fn entities<'a>(of: &Submission<'a>) -> BTreeMap<(&'a str, &'a str), BTreeSet<&'a str>> {
    let mut entities: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for place in of.touched.0.iter().chain(of.misplaced.iter().map(|refused| &refused.place)) {
        if place.id.is_empty() && place.field.is_empty() {
            continue;
        }
        entities.entry((&*place.collection, &*place.id)).or_default().insert(&*place.field);
    }
    entities
}

/// The name of the field that a flat key belongs to.
fn name_of<'k>(collection: &'static Collection, key: &'k str) -> &'k str {
    collection.field(key).map_or(key, |field| field.name)
}

struct Reviewing<'a> {
    of: &'a Submission<'a>,
    review: Review,
    wishes: Vec<Wish>,
    /// What has changed and stays: collection, id, field.
    kept: BTreeSet<(usize, Box<str>, Box<str>)>,
    /// How many new entities of a collection stay.
    counts: BTreeMap<usize, usize>,
}

impl<'a> Reviewing<'a> {
    fn entity(&mut self, collection: &'static Collection, id: &'a str, touched: &BTreeSet<&'a str>) {
        let target = Target { collection, id: id.into() };
        let (before, after) = (self.of.before.row(collection, id), self.of.after.row(collection, id));
        let judge = |this: &Self, field: &str| {
            let is_theirs = is_erased(this.of.erased, collection, id);
            let is_new = field.is_empty() && before.is_none();
            if is_theirs && (is_new || (!field.is_empty() && erasure::is_personal(collection, field))) {
                return Verdict::Refused(RefusalCode::NotAllowed, ERASED);
            }
            let touch = Touch { collection, id, field, before, after };
            policy::judge(this.of.who, this.of.scope, this.of.before, &touch)
        };
        let Some(now) = after else {
            // Gone for good, or put there as what is no entity.
            let (code, why) = match (self.code_at(collection, id, ""), judge(self, "")) {
                (Some(code), _) => (code, "an entity is a map of fields, with an id of its own"),
                (None, Verdict::Refused(code, why)) => (code, why),
                _ => return,
            };
            match before {
                Some(row) => {
                    let fields = row.iter().map(|(key, value)| ((**key).into(), Some(value.clone()))).collect();
                    self.review.amends.push(Amend::Put(target, fields));
                }
                None if self.malformed_at(collection, id, "").is_some() || code == RefusalCode::Malformed => {
                    self.review.amends.push(Amend::Erase(target));
                }
                None => return,
            }
            return self.tell(collection.name, id, None, code, why, Json::Null);
        };
        if before.is_none() && !collection.is_single() {
            let verdict = if self.is_full(collection) {
                Verdict::Refused(RefusalCode::TooLarge, "the plan holds as many of these as it can: remove some first")
            } else {
                judge(self, "")
            };
            if let Verdict::Refused(code, why) = verdict {
                self.review.amends.push(Amend::Erase(target));
                return self.tell(collection.name, id, None, code, why, Json::Null);
            }
        }
        let mut put: Vec<(Box<str>, Option<Value>)> = Vec::new();
        let mut changed: Vec<&str> = Vec::new();
        let mut reasoned: Vec<Verdict> = Vec::new();
        let mut unfit = self.unfit(collection, id, touched);
        for (key, code, why) in &unfit {
            let name = name_of(collection, key);
            self.tell(collection.name, id, Some(name), *code, why, value_of(before, collection, name));
        }
        // A text that lost a format is still a text: its letters are judged like any others.
        unfit.retain(|(key, code, _)| {
            let is_text = collection.field(key).is_some_and(|field| field.kind == Kind::Text);
            !(is_text && *code == RefusalCode::Malformed && now.get(key).is_some())
        });
        for (key, ..) in &unfit {
            put.push((key.as_str().into(), stood(collection, key, before)));
        }
        for name in different(collection, before, after, touched) {
            if unfit.iter().any(|(key, ..)| name_of(collection, key) == name) {
                continue;
            }
            let is_stamped = collection.field_named(name).is_some_and(|field| field.stamped);
            if is_stamped && self.of.is_typed {
                continue;
            }
            let verdict = judge(self, name);
            if REASONED.contains(&name) {
                reasoned.push(verdict.clone());
            }
            match verdict {
                Verdict::Allowed => {
                    changed.push(name);
                    self.kept.insert((collection.index(), id.into(), name.into()));
                }
                Verdict::Refused(code, why) => {
                    restore(collection, name, before, now, &mut put);
                    self.tell(collection.name, id, Some(name), code, why, value_of(before, collection, name));
                }
                Verdict::Asked(of) => {
                    restore(collection, name, before, now, &mut put);
                    let (old, new) = (value_of(before, collection, name), value_of(after, collection, name));
                    self.wishes.push(Wish { target: target.clone(), field: name.into(), old, new, of });
                }
            }
        }
        // A reason whose date and status went back goes with them.
        if changed.contains(&"reason") && !reasoned.is_empty() && !reasoned.contains(&Verdict::Allowed) {
            restore(collection, "reason", before, now, &mut put);
            changed.retain(|name| *name != "reason");
        }
        if before.is_some() {
            // An empty text that somebody took away: two people who begin to write would each make one.
            for field in collection.all_fields().filter(|field| field.kind == Kind::Text) {
                let is_touched = touched.contains(field.name) || (touched.contains("") && !collection.is_single());
                if is_touched && now.get(field.name).is_none() && !put.iter().any(|(key, _)| **key == *field.name) {
                    put.push((field.name.into(), Some(Value::string(""))));
                }
            }
        }
        if collection.ids == Ids::Edge {
            self.ends(collection, id, now, &mut put);
        }
        // Another day is another commitment.
        let is_accepted = |row: Option<&Row>| row.and_then(|row| row.text("commitment.state")) == Some("accepted");
        if changed.contains(&"due") && is_accepted(before) && is_accepted(after) && before.is_some() {
            put.push(("commitment.state".into(), Some(Value::string("proposed"))));
        }
        let is_put = !put.is_empty();
        if is_put && self.of.is_typed {
            // What was stamped for a change that went back goes back too.
            for field in collection.all_fields().filter(|field| field.stamped) {
                restore(collection, field.name, before, now, &mut put);
            }
        }
        if is_put {
            self.review.amends.push(Amend::Put(target.clone(), put));
        }
        let asks = before.is_none()
            || changed.iter().any(|name| {
                matches!(
                    *name,
                    "status" | "removed" | "measured" | "frozen" | "commitment.state" | "commitment.due" | "due"
                )
            });
        if (asks && !self.of.is_typed) || is_put {
            self.review.amends.push(Amend::Stamp(target, before.map(|row| Arc::new(row.clone()))));
        }
    }

    /// Whether a collection is at its bound with the new entities that stay so far.
    fn is_full(&mut self, collection: &'static Collection) -> bool {
        let count = self.counts.entry(collection.index()).or_default();
        *count += 1;
        self.of.before.rows(collection).len() + *count > collection.entities_max
    }

    /// What a client wrote that does not fit, by flat key.
    fn unfit(
        &self,
        collection: &'static Collection,
        id: &str,
        touched: &BTreeSet<&str>,
    ) -> Vec<(String, RefusalCode, String)> {
        let is_touched = |key: &str| touched.contains("") || touched.contains(key);
        let misplaced = self.of.misplaced.iter().filter(|Refused { place, .. }| {
            *place.collection == *collection.name && *place.id == *id && !place.field.is_empty()
        });
        let misplaced = misplaced.map(|Refused { place, code }| {
            let why = match code {
                RefusalCode::NotAllowed => ERASED,
                _ => "a field is one value, a text one plain text without formats",
            };
            (place.field.to_string(), *code, why.to_owned())
        });
        let prefix = if id.is_empty() { format!("{}/", collection.name) } else { format!("{}/{id}/", collection.name) };
        let malformed = self.of.malformed.iter().filter_map(|each| {
            let key = each.path.strip_prefix(&prefix).filter(|key| is_touched(key))?;
            let is_long = self.of.after.row(collection, id).is_some_and(|row| row.get(key).is_some());
            let code = if is_long { RefusalCode::TooLarge } else { RefusalCode::Malformed };
            Some((key.to_owned(), code, format!("{} is not {}", each.value, each.expected)))
        });
        misplaced.chain(malformed).collect()
    }

    fn code_at(&self, collection: &Collection, id: &str, key: &str) -> Option<RefusalCode> {
        let misplaced = self.of.misplaced.iter().find(|Refused { place, .. }| {
            *place.collection == *collection.name && *place.id == *id && *place.field == *key
        });
        misplaced.map(|refused| refused.code).or_else(|| self.malformed_at(collection, id, key))
    }

    fn malformed_at(&self, collection: &Collection, id: &str, key: &str) -> Option<RefusalCode> {
        if !key.is_empty() {
            return None;
        }
        let path = format!("{}/{id}", collection.name);
        let is_listed = self.of.malformed.iter().any(|each| each.path == path);
        (is_listed || check::entity_id(collection, id).is_err()).then_some(RefusalCode::Malformed)
    }

    /// The ends of a dependency are what its id says.
    fn ends(&mut self, collection: &'static Collection, id: &str, now: &Row, put: &mut Vec<(Box<str>, Option<Value>)>) {
        let Some((from, to)) = id.split_once('>') else { return };
        for (name, end) in [("from", from), ("to", to)] {
            if now.text(name) == Some(end) {
                continue;
            }
            let is_wrong = now.text(name).is_some();
            put.retain(|(key, _)| **key != *name);
            put.push((name.into(), Some(Value::string(end))));
            if is_wrong {
                let why = "the ends of a dependency are those of its id";
                self.tell(collection.name, id, Some(name), RefusalCode::Malformed, why, end.into());
            }
        }
    }

    /// Hard dependencies that would close a circle go back.
    fn circles(&mut self) {
        let Some(collection) = schema::collection("dependencies") else { return };
        let new: Vec<Box<str>> = self
            .kept
            .iter()
            .filter(|(index, _, name)| {
                *index == collection.index() && matches!(&**name, "" | "strength" | "from" | "to" | "removed")
            })
            .map(|(_, id, _)| id.clone())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        if new.is_empty() || schedule::cycle(self.of.after).is_empty() || !schedule::cycle(self.of.before).is_empty() {
            return;
        }
        // One after the other on the plan without them: only what closes a circle goes back.
        let mut plan = self.of.after.clone();
        for id in &new {
            match self.of.before.rows(collection).get(id) {
                Some(row) => plan.rows_mut(collection).insert(id.clone(), Arc::clone(row)),
                None => plan.rows_mut(collection).remove(id),
            };
        }
        for (tried, id) in new.iter().enumerate() {
            let Some(row) = self.of.after.rows(collection).get(id) else { continue };
            let before = plan.rows_mut(collection).insert(id.clone(), Arc::clone(row));
            // Each look costs as much as the plan is large.
            if tried < limits::DEPENDENCIES_MAX / 10 && schedule::cycle(&plan).is_empty() {
                continue;
            }
            let target = Target { collection, id: id.clone() };
            let mut put = Vec::new();
            match before {
                None => {
                    plan.rows_mut(collection).remove(id);
                    self.review
                        .amends
                        .retain(|amend| !matches!(amend, Amend::Stamp(of, _) | Amend::Put(of, _) if *of == target));
                    self.review.amends.push(Amend::Erase(target));
                }
                Some(old) => {
                    for name in different(collection, Some(&old), Some(row), &BTreeSet::from([""])) {
                        restore(collection, name, Some(&old), row, &mut put);
                    }
                    plan.rows_mut(collection).insert(id.clone(), old);
                    self.review.amends.push(Amend::Put(target, put));
                }
            }
            let why =
                "items would wait for each other in a circle: make one of its dependencies soft, or leave this one out";
            self.tell(collection.name, id, None, RefusalCode::Cycle, why, Json::Null);
        }
    }

    /// Proposals: those that this update answers, those that it overtakes, and those that it asks for.
    fn agree(&mut self) {
        let of = self.of;
        let is_kept = |target: &Target, field: &str| {
            self.kept.contains(&(target.collection.index(), target.id.clone(), field.into()))
        };
        self.review.amends.extend(consent::follow(of.before, of.after, is_kept, of.who, of.at));
        let wishes = std::mem::take(&mut self.wishes);
        if wishes.is_empty() {
            return;
        }
        // A document says why beside what it changes.
        let beside = wishes.iter().find_map(|wish| {
            let reason = |plan: &'a Plan| plan.row(wish.target.collection, &wish.target.id)?.text("reason");
            reason(of.after).filter(|now| reason(of.before) != Some(now))
        });
        let opened = consent::open(of.after, &wishes, of.who.person, of.reason.or(beside), of.seq, of.at);
        self.review.amends.extend(opened.amends);
        for (wish, proposal) in wishes.into_iter().zip(opened.proposals) {
            let parties: Vec<&str> = wish.of.iter().map(String::as_str).collect();
            let why = match proposal {
                Some(_) => format!("this needs the consent of {}: a proposal asks for it", parties.join(" and ")),
                None => "this needs consent, and the plan holds as many proposals as it can".to_owned(),
            };
            self.review.refusals.push(Refusal {
                entity: wish.target.collection.name.into(),
                id: wish.target.id,
                field: Some(wish.field),
                code: RefusalCode::NeedsConsent,
                why: why.into(),
                restored: wish.old,
                proposal,
            });
        }
    }

    fn tell(&mut self, entity: &str, id: &str, field: Option<&str>, code: RefusalCode, why: &str, restored: Json) {
        let field = field.filter(|field| !field.is_empty()).map(Box::from);
        let refusal =
            Refusal { entity: entity.into(), id: id.into(), field, code, why: why.into(), restored, proposal: None };
        self.review.refusals.push(refusal);
    }
}

/// The names of the fields that are different, of those that were touched.
fn different<'r>(
    collection: &'static Collection,
    before: Option<&'r Row>,
    after: Option<&'r Row>,
    touched: &BTreeSet<&'r str>,
) -> BTreeSet<&'r str> {
    let none = Vec::new;
    let names: BTreeSet<&str> = if touched.contains("") {
        let keys = |row: Option<&'r Row>| row.map_or_else(none, |row| row.iter().map(|(key, _)| &**key).collect());
        keys(before).into_iter().chain(keys(after)).map(|key| name_of(collection, key)).collect()
    } else {
        touched.iter().map(|key| name_of(collection, key)).collect()
    };
    let differs = |name: &&str| {
        let field = collection.field_named(name).filter(|field| field.has_members());
        match field {
            None => before.and_then(|row| row.get(name)) != after.and_then(|row| row.get(name)),
            Some(_) => {
                let members =
                    |row: Option<&'r Row>| row.map_or_else(none, |row| row.members(name).map(|each| each.0).collect());
                let values = |row: Option<&'r Row>| {
                    row.into_iter().flat_map(|row| row.members(name)).map(|each| each.1).collect::<Vec<_>>()
                };
                members(before) != members(after) || values(before) != values(after)
            }
        }
    };
    names.into_iter().filter(differs).collect()
}

/// Gives every flat key of a field the value it had.
fn restore(
    collection: &'static Collection,
    name: &str,
    before: Option<&Row>,
    now: &Row,
    put: &mut Vec<(Box<str>, Option<Value>)>,
) {
    let mut add = |key: &str| {
        let value = stood(collection, key, before);
        if value.as_ref() != now.get(key) && !put.iter().any(|(each, _)| **each == *key) {
            put.push((key.into(), value));
        }
    };
    if collection.field_named(name).is_some_and(|field| field.has_members()) {
        for row in before.into_iter().chain([now]) {
            for (member, _) in row.members(name) {
                add(&format!("{name}/{member}"));
            }
        }
    } else {
        add(name);
    }
}

/// The value that a flat key had. A text is there as long as its entity, also an empty one.
fn stood(collection: &'static Collection, key: &str, before: Option<&Row>) -> Option<Value> {
    let is_text = before.is_some() && collection.field(key).is_some_and(|field| field.kind == Kind::Text);
    before.and_then(|row| row.get(key)).cloned().or(is_text.then(|| Value::string("")))
}

fn value_of(row: Option<&Row>, collection: &Collection, name: &str) -> Json {
    row.and_then(|row| field_value(row, collection, name)).unwrap_or_default()
}
