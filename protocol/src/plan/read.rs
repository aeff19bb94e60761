//! A document to a plan: the whole of it, or what an update touched.
//!
//! Nothing a document holds makes this fail. What is no entity and what does not fit its field is left out of the plan
//! and listed; only a text or a string that grew too long is listed and kept, since leaving it out would look like
//! somebody's deletion.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use yrs::{Any, GetString, Map, MapRef, Out, ReadTxn};

use super::Plan;
use super::check::{self, Malformed};
use super::json::flatten;
use super::row::{Key, Row};
use super::schema::{COLLECTIONS, Collection, Kind, collection};
use super::touched::Touched;
use super::value::Value;
use crate::limits;

/// A plan as a document holds it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// What fits.
    pub plan: Plan,
    /// What does not.
    pub malformed: Vec<Malformed>,
}

/// What a refresh did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Refreshed {
    /// The rows that are different now, with what they were.
    pub replaced: Vec<Replaced>,
    /// What does not fit in the rows that were read.
    pub malformed: Vec<Malformed>,
}

/// One row that a refresh changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Replaced {
    /// The collection of the entity.
    pub collection: &'static Collection,
    /// Its id; empty for `meta`.
    pub id: Box<str>,
    /// The row as it was; `None` for a new entity.
    pub old: Option<Arc<Row>>,
}

/// Reads a whole document.
pub fn plan<T: ReadTxn>(txn: &T) -> Reading {
    let mut reading = Reading::default();
    for collection in COLLECTIONS {
        let Some(root) = txn.get_map(collection.name) else { continue };
        if collection.is_single() {
            reading.plan.meta = row(collection, "", &root, txn, &mut reading.malformed);
            continue;
        }
        for (id, out) in root.iter(txn) {
            if let Some(row) = entity(collection, id, &out, txn, &mut reading.malformed) {
                reading.plan.rows_mut(collection).insert(id.into(), Arc::new(row));
            }
        }
    }
    // A document's map has no order.
    reading.malformed.sort_by(|one, other| one.path.cmp(&other.path));
    reading
}

/// Reads again what an update touched. The plan is then what [`plan`] would give.
///
/// A place without id in a collection with ids stands for all its entities.
pub fn refresh<T: ReadTxn>(plan: &mut Plan, txn: &T, touched: &Touched) -> Refreshed {
    let mut refreshed = Refreshed::default();
    let mut places: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for place in &touched.0 {
        places.entry((&*place.collection, &*place.id)).or_default().insert(&*place.field);
    }
    for ((name, id), keys) in places {
        let Some(collection) = collection(name) else { continue };
        let Some(root) = txn.get_map(name) else { continue };
        if collection.is_single() {
            let fresh = fields(collection, "", &plan.meta, &keys, &root, txn, &mut refreshed.malformed)
                .unwrap_or_else(|| row(collection, "", &root, txn, &mut refreshed.malformed));
            if fresh != plan.meta {
                let old = Some(Arc::new(std::mem::replace(&mut plan.meta, fresh)));
                refreshed.replaced.push(Replaced { collection, id: "".into(), old });
            }
        } else if id.is_empty() {
            let mut ids: BTreeSet<Box<str>> = plan.rows(collection).keys().cloned().collect();
            ids.extend(root.keys(txn).map(Box::from));
            for id in ids {
                refresh_entity(plan, collection, &id, &BTreeSet::from([""]), &root, txn, &mut refreshed);
            }
        } else {
            refresh_entity(plan, collection, id, &keys, &root, txn, &mut refreshed);
        }
    }
    refreshed
}

fn refresh_entity<T: ReadTxn>(
    plan: &mut Plan,
    collection: &'static Collection,
    id: &str,
    keys: &BTreeSet<&str>,
    root: &MapRef,
    txn: &T,
    refreshed: &mut Refreshed,
) {
    let out = root.get(txn, id);
    let malformed = &mut refreshed.malformed;
    let rows = plan.rows_mut(collection);
    let fresh = match (&out, rows.get(id)) {
        (Some(Out::YMap(map)), Some(old)) => fields(collection, id, old, keys, map, txn, malformed),
        _ => None,
    };
    let fresh = fresh.or_else(|| out.and_then(|out| entity(collection, id, &out, txn, malformed)));
    if rows.get(id).map(Arc::as_ref) == fresh.as_ref() {
        return;
    }
    let old = match fresh {
        Some(row) => rows.insert(id.into(), Arc::new(row)),
        None => rows.remove(id),
    };
    refreshed.replaced.push(Replaced { collection, id: id.into(), old });
}

/// The row with these fields read again, so that a letter in a note does not cost all that the entity holds. Nothing
/// where only the whole entity can say it.
fn fields<T: ReadTxn>(
    collection: &Collection,
    id: &str,
    old: &Row,
    keys: &BTreeSet<&str>,
    map: &MapRef,
    txn: &T,
    malformed: &mut Vec<Malformed>,
) -> Option<Row> {
    if keys.contains("") || old.len() + keys.len() > limits::FIELDS_MAX {
        return None;
    }
    let mut row = old.clone();
    for key in keys {
        let out = map.get(txn, key).filter(|out| !matches!(out, Out::Any(Any::Null | Any::Undefined)));
        let read = out.map_or(Ok(None), |out| field(collection, key, &out, txn));
        match read {
            Ok(None) => row.set(Key::of(collection, key), None),
            Ok(Some((name, value, None))) => row.set(name, Some(value)),
            Ok(Some((name, value, Some(expected)))) => {
                malformed.push(Malformed::new(path_of(collection, id, key), &value.to_json(), expected));
                row.set(name, Some(value));
            }
            Err((shown, expected)) => {
                malformed.push(Malformed::new(path_of(collection, id, key), &shown, expected));
                row.set(Key::of(collection, key), None);
            }
        }
    }
    Some(row)
}

/// How a field is named to people.
fn path_of(collection: &Collection, id: &str, key: &str) -> String {
    if id.is_empty() { format!("{}/{key}", collection.name) } else { format!("{}/{id}/{key}", collection.name) }
}

fn entity<T: ReadTxn>(
    collection: &Collection,
    id: &str,
    out: &Out,
    txn: &T,
    malformed: &mut Vec<Malformed>,
) -> Option<Row> {
    if let Err(expected) = check::entity_id(collection, id) {
        malformed.push(Malformed::new(format!("{}/{id}", collection.name), &"its id", expected));
        return None;
    }
    match out {
        Out::YMap(map) => Some(row(collection, id, map, txn, malformed)),
        other => {
            malformed.push(Malformed::new(format!("{}/{id}", collection.name), &kind_of(other), "a map of fields"));
            None
        }
    }
}

/// Reads the fields of one map: an entity, or `meta` with an empty id.
pub fn row<T: ReadTxn>(
    collection: &Collection,
    id: &str,
    map: &MapRef,
    txn: &T,
    malformed: &mut Vec<Malformed>,
) -> Row {
    let path = |key: &str| path_of(collection, id, key);
    let mut fields = Vec::with_capacity(16);
    for (key, out) in map.iter(txn) {
        if matches!(out, Out::Any(Any::Null | Any::Undefined)) {
            continue;
        }
        if fields.len() >= limits::FIELDS_MAX {
            malformed.push(Malformed::new(path(key), &"one more field", format!("one of {}", limits::FIELDS_MAX)));
            break;
        }
        match field(collection, key, &out, txn) {
            Ok(None) => {}
            Ok(Some((key, value, None))) => fields.push((key, value)),
            Ok(Some((name, value, Some(expected)))) => {
                malformed.push(Malformed::new(path(key), &value.to_json(), expected));
                fields.push((name, value));
            }
            Err((shown, expected)) => malformed.push(Malformed::new(path(key), &shown, expected)),
        }
    }
    Row::of_distinct(fields)
}

type Fits = (Key, Value, Option<String>);
type DoesNotFit = (String, String);

fn field<T: ReadTxn>(collection: &Collection, key: &str, out: &Out, txn: &T) -> Result<Option<Fits>, DoesNotFit> {
    let field = collection.field(key);
    let is_text = field.is_some_and(|field| field.kind == Kind::Text);
    let value = match out {
        // Some client's scalar where a text should be is shown, and becomes a text with its next edit.
        Out::Any(any) => Value::from_any(any),
        Out::YText(text) if is_text || field.is_none() => Some(Value::String(text.get_string(txn).into())),
        _ => None,
    };
    let Some(value) = value else {
        return Err((kind_of(out).into(), "a scalar or a text of its schema".into()));
    };
    let Some(field) = field else {
        if !check::is_flat_key(key) || flatten::is_shadow(collection, key) || flatten::is_group(collection, key) {
            return Err((value.to_json().to_string(), "a field of the schema, or a newer one of its own name".into()));
        }
        return Ok(Some((Key::Other(key.into()), value, None)));
    };
    let name = if field.has_members() { Key::Other(key.into()) } else { Key::Named(field.name) };
    match check::field_value(field, key, &value) {
        // An empty text is an absent one.
        Ok(()) if is_text && value.as_str() == Some("") => Ok(None),
        Ok(()) => Ok(Some((name, value, None))),
        Err(expected) if matches!(field.kind, Kind::Text | Kind::String { .. }) && value.as_str().is_some() => {
            Ok(Some((name, value, Some(expected))))
        }
        Err(expected) => Err((value.to_json().to_string(), expected)),
    }
}

fn kind_of(out: &Out) -> &'static str {
    match out {
        Out::Any(Any::Buffer(_)) => "bytes",
        Out::Any(_) => "a value",
        Out::YMap(_) => "a map",
        Out::YText(_) => "a text",
        Out::YArray(_) => "an array",
        _ => "a shared type",
    }
}
