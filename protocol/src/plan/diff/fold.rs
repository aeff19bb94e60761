//! Differences applied to a plan, forwards and backwards.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::plan::Plan;
use crate::plan::change::{Difference, Verb, What};
use crate::plan::row::{Key, Row};
use crate::plan::schema::{Collection, Kind};
use crate::plan::value::Value;

/// Makes the plan what it is after the difference. A field of an entity that the plan does not have is passed over.
pub fn apply(plan: &mut Plan, difference: &Difference) {
    fold(plan, difference, true);
}

/// Makes the plan what it was before the difference.
pub fn revert(plan: &mut Plan, difference: &Difference) {
    fold(plan, difference, false);
}

fn fold(plan: &mut Plan, difference: &Difference, forwards: bool) {
    let Difference { collection, id, what, verb, stamps, .. } = difference;
    // A removal or restoration by flag has the flag among its stamps; without it the entity itself comes or goes.
    let is_flag = stamps.iter().any(|stamp| &*stamp.field == "removed");
    if let What::Row(row) = what
        && !is_flag
        && !collection.is_single()
    {
        let comes = (*verb == Verb::Removed) != forwards;
        let rows = plan.rows_mut(collection);
        if comes {
            rows.insert(id.clone(), Arc::new(row.clone()))
        } else {
            rows.remove(id)
        };
        return;
    }
    let row = if collection.is_single() {
        &mut plan.meta
    } else {
        match plan.rows_mut(collection).get_mut(id) {
            Some(row) => Arc::make_mut(row),
            None => return,
        }
    };
    let pick = |old: &Option<Json>, new: &Option<Json>| if forwards { new.clone() } else { old.clone() };
    if let What::Field { field, old, new } = what {
        set(row, collection, field, pick(old, new).as_ref());
    }
    for stamp in stamps {
        set(row, collection, &stamp.field, pick(&stamp.old, &stamp.new).as_ref());
    }
}

/// Gives a field the value that a difference states.
fn set(row: &mut Row, collection: &Collection, name: &str, value: Option<&Json>) {
    let field = collection.field_named(name);
    if !field.is_some_and(|field| field.has_members()) {
        let value = value.and_then(Value::from_json);
        let is_text = field.is_some_and(|field| field.kind == Kind::Text);
        let value = value.filter(|value| !(is_text && value.as_str() == Some("")));
        return row.set(Key::of(collection, name), value);
    }
    let gone: Vec<String> = row.members(name).map(|(member, _)| member.to_owned()).collect();
    let key = |member: &str| Key::Other(format!("{name}/{member}").into());
    for member in gone {
        row.set(key(&member), None);
    }
    match value {
        Some(Json::Array(members)) => {
            for member in members.iter().filter_map(Json::as_str) {
                row.set(key(member), Some(Value::Bool(true)));
            }
        }
        Some(Json::Object(entries)) => {
            for (entry, value) in entries {
                row.set(key(entry), Value::from_json(value));
            }
        }
        _ => {}
    }
}
