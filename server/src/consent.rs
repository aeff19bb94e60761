//! Proposals: what needs the consent of others is asked for, answered, and made when all have agreed.
//!
//! In: the plan before and after an update, and the wishes it left. Out: writes of the server's own. Pure.
//! Outcomes, whatever the order in which answers arrive, from people online or back from a flight:
//! - the first party that declines ends a proposal; the last that accepts makes it, in the entry of its answer;
//! - when what a proposal is about changes otherwise, the proposal expires in that same entry, and so does one whose
//!   item is removed: a later answer finds it closed and is refused;
//! - a party may change its answer while others have not answered;
//! - who asks for the same field again changes their open proposal, and all answers to it are asked for anew.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use plansync_protocol::{
    ids::Seq,
    plan::{
        Plan, Row, Value,
        change::{Along, Difference, Verb, What, field_value},
        diff,
        edit::Target,
        schema::{self, Class, Collection},
    },
};
use serde_json::{Value as Json, json};

use crate::{amend::Amend, policy::Who};

/// A proposal that nobody has answered for so long is no longer what its maker means.
pub const OPEN_DAYS: i64 = 14;

/// A field that somebody wants to be different and that others have to agree to.
#[derive(Debug, Clone, PartialEq)]
pub struct Wish {
    /// The entity.
    pub target: Target,
    /// The field.
    pub field: Box<str>,
    /// What it holds.
    pub old: Json,
    /// What it shall hold.
    pub new: Json,
    /// Who has to agree.
    pub of: BTreeSet<String>,
}

/// What became of wishes.
#[derive(Debug, Default)]
pub struct Opened {
    /// The server's writes.
    pub amends: Vec<Amend>,
    /// The proposal of each wish, in their order; none where the plan has no room for it.
    pub proposals: Vec<Option<Box<str>>>,
}

/// Puts wishes into proposals: one for each set of parties that has to agree, or one that is open already.
#[must_use]
pub fn open(plan: &Plan, wishes: &[Wish], by: &str, reason: Option<&str>, seq: Seq, at: &str) -> Opened {
    let collection = proposals();
    let mut opened = Opened { proposals: vec![None; wishes.len()], ..Opened::default() };
    let mut groups: BTreeMap<&BTreeSet<String>, Vec<usize>> = BTreeMap::new();
    for (at, wish) in wishes.iter().enumerate() {
        match standing(plan, wish, by) {
            Some((id, row)) => {
                let mut fields = vec![(key(wish), Some(item(wish)))];
                if fields[0].1.as_ref() != row.get(&fields[0].0) {
                    let answers = row.members("answers").map(|(party, _)| party);
                    fields.extend(answers.map(answer));
                    opened.amends.push(Amend::Put(Target { collection, id: id.into() }, fields));
                }
                opened.proposals[at] = Some(id.into());
            }
            None => groups.entry(&wish.of).or_default().push(at),
        }
    }
    let room = collection.entities_max.saturating_sub(plan.rows(collection).len());
    for (n, (parties, group)) in groups.into_iter().take(room).enumerate() {
        let id: Box<str> = format!("pr-{seq}-{n}").into();
        let mut fields: Vec<(Box<str>, Option<Value>)> = Vec::new();
        for &at in &group {
            fields.push((key(&wishes[at]), Some(item(&wishes[at]))));
            opened.proposals[at] = Some(id.clone());
        }
        fields.extend(parties.iter().map(|party| answer(party)));
        fields.push(("state".into(), Some(Value::string("open"))));
        fields.push(("by".into(), Some(Value::string(by))));
        fields.push(("at".into(), Some(Value::string(at))));
        if let Some(reason) = reason {
            fields.push(("reason".into(), Some(Value::string(reason))));
        }
        opened.amends.push(Amend::Put(Target { collection, id }, fields));
    }
    opened
}

/// An open proposal of the same person about the same field.
fn standing<'p>(plan: &'p Plan, wish: &Wish, by: &str) -> Option<(&'p str, &'p Row)> {
    let found = plan
        .entities("proposals")
        .find(|each| is_open(each.row) && each.row.text("by") == Some(by) && each.row.get(&key(wish)).is_some());
    found.map(|each| (each.id, each.row))
}

/// Follows an update: answers that decide a proposal, and changes that overtake one. `is_kept` tells whether a field
/// has changed with this update and stays so.
#[must_use]
pub fn follow(
    before: &Plan,
    after: &Plan,
    is_kept: impl Fn(&Target, &str) -> bool,
    who: Who<'_>,
    at: &str,
) -> Vec<Amend> {
    let mut amends = Vec::new();
    let collection = proposals();
    for proposal in after.entities("proposals").filter(|each| is_open(each.row)) {
        let target = Target { collection, id: proposal.id.into() };
        let items = items(proposal.row);
        let is_overtaken = items.iter().any(|item| {
            is_kept(&item.target, &item.field)
                || is_kept(&item.target, "removed")
                || after.row(item.target.collection, &item.target.id).is_none_or(Row::is_removed)
        });
        let is_answered = is_kept(&target, "answers");
        let mut fields = Vec::new();
        if is_answered {
            let mut answers = proposal.row.members("answers");
            let own = answers.find(|(party, _)| Some(*party) == who.party).and_then(|(_, answer)| answer.as_str());
            let agrees = (own == Some("accepted")).then_some(Value::Bool(true));
            fields.push((format!("agreedBy/{}", who.person).into(), agrees));
        }
        let answers: Vec<&str> = proposal.row.members("answers").filter_map(|(_, answer)| answer.as_str()).collect();
        let state = if is_overtaken {
            "expired"
        } else if !is_answered {
            continue;
        } else if answers.contains(&"declined") {
            "declined"
        } else if !answers.is_empty() && answers.iter().all(|answer| *answer == "accepted") {
            if items.iter().any(|item| value(before, item) != item.old) { "expired" } else { "accepted" }
        } else {
            if !fields.is_empty() {
                amends.push(Amend::Put(target, fields));
            }
            continue;
        };
        if state != "accepted" {
            fields.clear();
        }
        fields.push(("state".into(), Some(Value::string(state))));
        fields.push(("decidedAt".into(), Some(Value::string(at))));
        amends.push(Amend::Put(target, fields));
        if state == "accepted" {
            amends.extend(make(after, &items));
        }
    }
    amends
}

/// The proposals that nobody has answered in time.
#[must_use]
pub fn expire(plan: &Plan, now: Timestamp) -> Vec<Amend> {
    let decided = format!("{now:.3}");
    let is_late = |row: &Row| {
        let at: Option<Timestamp> = row.text("at").and_then(|at| at.parse().ok());
        at.is_some_and(|at| now.duration_since(at).as_hours() >= OPEN_DAYS * 24)
    };
    let late = plan.entities("proposals").filter(|each| is_open(each.row) && is_late(each.row));
    late.map(|each| {
        let target = Target { collection: proposals(), id: each.id.into() };
        let fields = [("state", "expired"), ("decidedAt", &*decided)];
        Amend::Put(target, fields.map(|(key, value)| (key.into(), Some(Value::string(value)))).into())
    })
    .collect()
}

/// What was agreed, as writes: the values, and the commitment to a new day, which all have just given.
fn make(plan: &Plan, items: &[Item]) -> Vec<Amend> {
    let mut made = plan.clone();
    for item in items {
        diff::apply(&mut made, &item.difference(plan));
    }
    let mut amends = Vec::new();
    for target in items.iter().map(|item| &item.target).collect::<Vec<_>>() {
        let (old, new) = (plan.row(target.collection, &target.id), made.row(target.collection, &target.id));
        let (Some(old), Some(new)) = (old, new) else { continue };
        let keys: BTreeSet<&str> = old.iter().chain(new.iter()).map(|(key, _)| &**key).collect();
        let different = keys.into_iter().filter(|key| old.get(key) != new.get(key));
        let mut fields: Vec<(Box<str>, Option<Value>)> =
            different.map(|key| (key.into(), new.get(key).cloned())).collect();
        if old.get("due") != new.get("due") && old.text("commitment.state") == Some("accepted") {
            fields.push(("commitment.due".into(), new.get("due").cloned()));
        }
        if !fields.is_empty() && !amends.iter().any(|amend| matches!(amend, Amend::Put(of, _) if of == target)) {
            amends.push(Amend::Put(target.clone(), fields));
            amends.push(Amend::Stamp(target.clone(), Some(old.clone().into())));
        }
    }
    amends
}

/// One field of a proposal.
struct Item {
    target: Target,
    field: Box<str>,
    old: Json,
    new: Json,
}

impl Item {
    fn difference(&self, plan: &Plan) -> Difference {
        let field = Along { field: self.field.clone(), old: some(&self.old), new: some(&self.new) };
        // A removal by flag has the flag among what goes along.
        let (what, stamps) = match &*self.field {
            "removed" => {
                let row = plan.row(self.target.collection, &self.target.id).cloned().unwrap_or_default();
                (What::Row(row), vec![field])
            }
            _ => (What::Field { field: field.field, old: field.old, new: field.new }, Vec::new()),
        };
        Difference {
            collection: self.target.collection,
            id: self.target.id.clone(),
            title: "".into(),
            verb: Verb::Changed,
            class: Class::Commitment,
            what,
            reason: None,
            after_freeze: false,
            stamps,
        }
    }
}

fn some(value: &Json) -> Option<Json> {
    Some(value.clone()).filter(|value| !value.is_null())
}

/// The fields that a proposal is about. What names no field of a plan is passed over.
fn items(row: &Row) -> Vec<Item> {
    let read = |(path, value): (&str, &Value)| {
        let (entity, field) = path.rsplit_once('/')?;
        let (name, id) = entity.split_once('/').unwrap_or((entity, ""));
        let collection = schema::collection(name)?;
        let of = |name: &str| match value {
            Value::Json(json) => json.get(name).cloned().unwrap_or_default(),
            _ => Json::Null,
        };
        let target = Target { collection, id: id.into() };
        Some(Item { target, field: field.into(), old: of("old"), new: of("new") })
    };
    row.members("items").filter_map(read).collect()
}

fn value(plan: &Plan, item: &Item) -> Json {
    let row = plan.row(item.target.collection, &item.target.id);
    row.and_then(|row| field_value(row, item.target.collection, &item.field)).unwrap_or_default()
}

fn is_open(row: &Row) -> bool {
    row.text("state").is_none_or(|state| state == "open")
}

fn key(wish: &Wish) -> Box<str> {
    format!("items/{}/{}", wish.target.path(), wish.field).into()
}

fn item(wish: &Wish) -> Value {
    Value::Json(json!({"old": wish.old, "new": wish.new}).into())
}

fn answer(party: &str) -> (Box<str>, Option<Value>) {
    (format!("answers/{party}").into(), Some(Value::string("pending")))
}

fn proposals() -> &'static Collection {
    schema::collection("proposals").expect("the schema has proposals")
}
