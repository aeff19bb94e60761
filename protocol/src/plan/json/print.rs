//! Plan to canonical JSON.

use serde_json::{Map, Value as Json};

use super::SCHEMA;
use crate::plan::Plan;
use crate::plan::row::Row;
use crate::plan::schema::{COLLECTIONS, Collection, Kind};

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Print {
    /// Whether the plan is of the shared document, which names its collections even when they are empty.
    pub shared: bool,
    /// Whether removed entities are written too.
    pub with_removed: bool,
}

impl Default for Print {
    fn default() -> Self {
        Self { shared: true, with_removed: false }
    }
}

/// The canonical JSON of a plan.
#[must_use]
pub fn print(plan: &Plan, how: Print) -> Json {
    let mut members = Map::new();
    members.insert("schema".into(), SCHEMA.into());
    for collection in COLLECTIONS {
        if collection.is_single() {
            if how.shared || !plan.meta.is_empty() {
                members.insert(collection.name.into(), Json::Object(print_fields(collection, &plan.meta)));
            }
            continue;
        }
        let rows = plan.ordered(collection, how.with_removed);
        if !rows.is_empty() || (how.shared && collection.always_written) {
            let entities = rows.into_iter().map(|(id, row)| print_row(collection, id, row)).collect();
            members.insert(collection.name.into(), Json::Array(entities));
        }
    }
    Json::Object(members)
}

/// The canonical JSON of one entity.
#[must_use]
pub fn print_row(collection: &Collection, id: &str, row: &Row) -> Json {
    let mut object = Map::new();
    object.insert("id".into(), id.into());
    object.extend(print_fields(collection, row));
    Json::Object(object)
}

fn print_fields(collection: &Collection, row: &Row) -> Map<String, Json> {
    let mut object = Map::new();
    for field in collection.all_fields() {
        match field.kind {
            Kind::Set(_) => {
                let members: Vec<Json> = row.members(field.name).map(|(member, _)| member.into()).collect();
                if !members.is_empty() {
                    object.insert(field.name.into(), Json::Array(members));
                }
            }
            Kind::Map(_) => {
                let entries: Map<String, Json> =
                    row.members(field.name).map(|(entry, value)| (entry.to_owned(), value.to_json())).collect();
                if !entries.is_empty() {
                    object.insert(field.name.into(), Json::Object(entries));
                }
            }
            _ => {
                if let Some(value) = row.get(field.name) {
                    nest(&mut object, field.name, value.to_json());
                }
            }
        }
    }
    for (key, value) in row.iter().filter(|(key, _)| collection.field(key).is_none()) {
        nest(&mut object, key, value.to_json());
    }
    object
}

/// Puts a value where its dotted key says. Where something else stands in the way, and for a key with a slash or
/// an empty part, the flat key itself is the member's name: it is read back as that.
fn nest(object: &mut Map<String, Json>, key: &str, value: Json) {
    let is_flat = key.contains('/') || key.split('.').any(str::is_empty);
    if is_flat || !has_way(object, key) {
        object.insert(key.to_owned(), value);
        return;
    }
    let mut target = object;
    let mut rest = key;
    while let Some((group, below)) = rest.split_once('.') {
        let member = target.entry(group).or_insert_with(|| Json::Object(Map::new()));
        match member {
            Json::Object(inner) => target = inner,
            // `has_way` has just seen that this is an object.
            _ => return,
        }
        rest = below;
    }
    target.insert(rest.to_owned(), value);
}

fn has_way(object: &Map<String, Json>, key: &str) -> bool {
    let mut here = Some(object);
    let mut rest = key;
    loop {
        let split = rest.split_once('.');
        match (here, split) {
            (Some(object), Some((group, below))) => {
                match object.get(group) {
                    None => here = None,
                    Some(Json::Object(inner)) => here = Some(inner),
                    Some(_) => return false,
                }
                rest = below;
            }
            (Some(object), None) => return !object.contains_key(rest),
            (None, _) => return true,
        }
    }
}
