//! Canonical JSON to plan.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::SCHEMA;
use super::flatten::{Assign, flatten};
use crate::limits;
use crate::plan::check::{self, Malformed};
use crate::plan::row::{Key, Row};
use crate::plan::schema::{COLLECTIONS, Collection, Ids, collection};
use crate::plan::value::Value;
use crate::plan::{Plan, rank};

/// Parses the canonical JSON of a shared document (`shared`) or of a private one from its text.
///
/// # Errors
/// Every malformed value at once; a text that is no JSON is one.
pub fn parse_str(text: &str, shared: bool) -> Result<Plan, Vec<Malformed>> {
    match serde_json::from_str(text) {
        Ok(json) => parse(&json, shared),
        Err(error) => Err(vec![Malformed::new("", &error, "JSON")]),
    }
}

/// Parses the canonical JSON of a shared document (`shared`) or of a private one. Stamped fields are taken as they are,
/// so that an exported plan comes back whole; who may bring some along is the caller's matter.
///
/// # Errors
/// Every malformed value at once.
pub fn parse(json: &Json, shared: bool) -> Result<Plan, Vec<Malformed>> {
    let mut plan = Plan::default();
    let mut malformed = Vec::new();
    let Json::Object(members) = json else {
        return Err(vec![Malformed::new("", json, "an object")]);
    };
    if members.get("schema").and_then(Json::as_str) != Some(SCHEMA) {
        malformed.push(Malformed::new("schema", members.get("schema").unwrap_or(&Json::Null), format!("{SCHEMA:?}")));
    }
    for (name, member) in members {
        match collection(name).filter(|collection| collection.documents.include(shared)) {
            None if name == "schema" => {}
            None => malformed.push(Malformed::new(name, member, known_collections(shared))),
            Some(collection) if collection.is_single() => match member {
                Json::Object(fields) => plan.meta = row(collection, name, fields, &mut malformed),
                other => malformed.push(Malformed::new(name, other, "an object")),
            },
            Some(collection) => match member {
                Json::Array(entities) => parse_collection(&mut plan, collection, entities, &mut malformed),
                other => malformed.push(Malformed::new(name, other, "an array")),
            },
        }
    }
    if malformed.is_empty() { Ok(plan) } else { Err(malformed) }
}

pub(crate) fn known_collections(shared: bool) -> String {
    let names: Vec<_> =
        COLLECTIONS.iter().filter(|each| each.documents.include(shared)).map(|each| each.name).collect();
    format!("one of {}", names.join(", "))
}

fn parse_collection(
    plan: &mut Plan,
    collection: &'static Collection,
    entities: &[Json],
    malformed: &mut Vec<Malformed>,
) {
    let name = collection.name;
    if entities.len() > collection.entities_max {
        let expected = format!("at most {}", collection.entities_max);
        malformed.push(Malformed::new(name, &format!("{} entities", entities.len()), expected));
        return;
    }
    let mut order: Vec<Box<str>> = Vec::with_capacity(entities.len());
    for (at, entity) in entities.iter().enumerate() {
        let Json::Object(fields) = entity else {
            malformed.push(Malformed::new(format!("{name}[{at}]"), entity, "an object"));
            continue;
        };
        let Some(id) = id_of(collection, fields) else {
            let given = fields.get("id").unwrap_or(&Json::Null);
            malformed.push(Malformed::new(format!("{name}[{at}]/id"), given, "a string"));
            continue;
        };
        let path = format!("{name}/{id}");
        if let Err(expected) = check::entity_id(collection, &id) {
            malformed.push(Malformed::new(format!("{name}[{at}]/id"), &format!("{id:?}"), expected));
            continue;
        }
        let mut row = row(collection, &path, fields, malformed);
        if collection.ids == Ids::Edge {
            ends_of_edge(collection, &path, &id, &mut row, malformed);
        }
        if plan.rows_mut(collection).insert(id.clone(), Arc::new(row)).is_some() {
            malformed.push(Malformed::new(format!("{path}/id"), &format!("{id:?}"), "an id that stands once"));
        }
        order.push(id);
    }
    if collection.is_ranked() {
        rank_the_unranked(plan, collection, &order);
    }
}

fn id_of(collection: &Collection, fields: &Map<String, Json>) -> Option<Box<str>> {
    let text = |name: &str| fields.get(name).and_then(Json::as_str);
    match text("id") {
        Some(id) => Some(id.into()),
        None if collection.ids == Ids::Edge && !fields.contains_key("id") => {
            Some(format!("{}>{}", text("from")?, text("to")?).into())
        }
        None => None,
    }
}

/// A dependency states its ends twice, in its id and in its fields: both must agree, and a missing field is filled in.
fn ends_of_edge(collection: &Collection, path: &str, id: &str, row: &mut Row, malformed: &mut Vec<Malformed>) {
    let Some((from, to)) = id.split_once('>') else { return };
    for (name, end) in [("from", from), ("to", to)] {
        match row.text(name) {
            None => row.set(Key::of(collection, name), Some(Value::string(end))),
            Some(given) if given != end => {
                let expected = format!("{end:?}, as the id says");
                malformed.push(Malformed::new(format!("{path}/{name}"), &format!("{given:?}"), expected));
            }
            Some(_) => {}
        }
    }
}

fn row(collection: &'static Collection, path: &str, fields: &Map<String, Json>, malformed: &mut Vec<Malformed>) -> Row {
    let mut flat = Vec::new();
    for assign in flatten(collection, path, fields, malformed) {
        match assign {
            Assign::Put(key, value) => flat.push((key, value)),
            Assign::Members(field, members) => flat.extend(
                members
                    .into_iter()
                    .map(|member| (Key::Other(format!("{}/{member}", field.name).into()), Value::Bool(true))),
            ),
            // `null` says what absence says.
            Assign::Delete(_) | Assign::Clear(_) => {}
        }
    }
    if flat.len() > limits::FIELDS_MAX {
        let expected = format!("at most {}, members of sets counted", limits::FIELDS_MAX);
        malformed.push(Malformed::new(path, &format!("{} fields", flat.len()), expected));
    }
    Row::new(collection, flat)
}

/// Gives a rank to the entities that have none, so that the order of the array is kept: between the ranked ones before
/// and after, as far as these stand in order themselves.
fn rank_the_unranked(plan: &mut Plan, collection: &'static Collection, order: &[Box<str>]) {
    let ranks: Vec<Option<String>> = order
        .iter()
        .map(|id| plan.rows(collection).get(id).and_then(|row| row.text("rank")).map(str::to_owned))
        .collect();
    let mut before: Option<String> = None;
    let mut at = 0;
    while at < order.len() {
        if let Some(rank) = &ranks[at] {
            before = Some(rank.clone());
            at += 1;
            continue;
        }
        let run = ranks[at..].iter().take_while(|rank| rank.is_none()).count();
        let after = ranks.get(at + run).and_then(Option::as_deref);
        let after = after.filter(|after| before.as_deref().is_none_or(|before| before < *after));
        let fresh = rank::n_between(before.as_deref(), after, run).unwrap_or_default();
        for (id, rank) in order[at..at + run].iter().zip(&fresh) {
            if let Some(row) = plan.rows_mut(collection).get_mut(id) {
                Arc::make_mut(row).set(Key::of(collection, "rank"), Some(Value::string(rank)));
            }
        }
        before = fresh.last().cloned().or(before);
        at += run;
    }
}
