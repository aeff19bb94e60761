//! The fields of one entity, from nested JSON to flat keys, each checked against the schema.
//!
//! Everything that does not fit is listed, and the rest still goes on, so that one answer names every mistake.

use serde_json::{Map, Value as Json};

use crate::limits;
use crate::plan::check::{self, Malformed};
use crate::plan::row::Key;
use crate::plan::schema::{Collection, Field, Kind};
use crate::plan::value::Value;

/// What is to be done with a flat key, or with all that begin alike.
#[derive(Debug, Clone, PartialEq)]
pub enum Assign {
    /// This key gets this value.
    Put(Key, Value),
    /// This key goes.
    Delete(Key),
    /// The keys with this prefix go: `blocked.`, `owners/`.
    Clear(Box<str>),
    /// The set gets exactly these members.
    Members(&'static Field, Vec<Box<str>>),
}

/// Flattens the members of an object. `id` is skipped.
pub fn flatten(
    collection: &'static Collection,
    path: &str,
    object: &Map<String, Json>,
    malformed: &mut Vec<Malformed>,
) -> Vec<Assign> {
    let mut flat = Flatten { collection, path, malformed, assigns: Vec::with_capacity(object.len()) };
    for (name, json) in object {
        if name != "id" || collection.is_single() {
            flat.member(name, json, 0);
        }
    }
    flat.assigns
}

struct Flatten<'a> {
    collection: &'static Collection,
    path: &'a str,
    malformed: &'a mut Vec<Malformed>,
    assigns: Vec<Assign>,
}

impl Flatten<'_> {
    fn member(&mut self, key: &str, json: &Json, depth: usize) {
        if !check::is_flat_key(key) || depth > limits::VALUE_DEPTH_MAX {
            return self.refuse(key, json, "a field with a short name and few levels");
        }
        if let Some(field) = self.collection.field_named(key) {
            return match field.kind {
                Kind::Set(_) => self.set(field, json),
                Kind::Map(_) => self.map(field, json),
                _ => self.scalar(key, json),
            };
        }
        if self.collection.field(key).is_some() {
            return self.scalar(key, json);
        }
        if is_shadow(self.collection, key) {
            return self.refuse(key, json, "a field that does not hide a known one");
        }
        let is_group = is_group(self.collection, key);
        match json {
            Json::Null => {
                if !is_group {
                    self.assigns.push(Assign::Delete(Key::of(self.collection, key)));
                }
                self.assigns.push(Assign::Clear(format!("{key}.").into()));
            }
            Json::Object(members) if is_group || (!members.is_empty() && !key.contains('/')) => {
                for (name, member) in members {
                    self.member(&format!("{key}.{name}"), member, depth + 1);
                }
            }
            other if is_group => self.refuse(key, other, "an object"),
            _ => self.scalar(key, json),
        }
    }

    fn scalar(&mut self, key: &str, json: &Json) {
        if json.is_null() {
            return self.assigns.push(Assign::Delete(Key::of(self.collection, key)));
        }
        let Some(value) = Value::from_json(json) else {
            return self.refuse(key, json, "a value of few levels");
        };
        match self.collection.field(key).map_or(Ok(()), |field| check::field_value(field, key, &value)) {
            Ok(()) => self.assigns.push(Assign::Put(Key::of(self.collection, key), value)),
            Err(expected) => self.refuse(key, json, &expected),
        }
    }

    fn set(&mut self, field: &'static Field, json: &Json) {
        match json {
            Json::Null => self.assigns.push(Assign::Clear(format!("{}/", field.name).into())),
            Json::Array(items) => {
                let mut members = Vec::with_capacity(items.len());
                for item in items {
                    let name = item.as_str().unwrap_or_default();
                    let key = format!("{}/{name}", field.name);
                    match check::field_value(field, &key, &Value::Bool(true)) {
                        Ok(()) => members.push(name.into()),
                        Err(expected) => self.refuse(field.name, item, &expected),
                    }
                }
                members.sort_unstable();
                members.dedup();
                self.assigns.push(Assign::Members(field, members));
            }
            // `{"b-cfo": true, "b-it": null}` adds and removes, without a word about the other members.
            Json::Object(_) => self.map(field, json),
            other => self.refuse(field.name, other, "an array"),
        }
    }

    fn map(&mut self, field: &'static Field, json: &Json) {
        match json {
            Json::Null => self.assigns.push(Assign::Clear(format!("{}/", field.name).into())),
            Json::Object(entries) => {
                for (name, entry) in entries {
                    self.scalar(&format!("{}/{name}", field.name), entry);
                }
            }
            other => self.refuse(field.name, other, "an object"),
        }
    }

    fn refuse(&mut self, key: &str, json: &Json, expected: &str) {
        self.malformed.push(Malformed::new(format!("{}/{key}", self.path), json, expected));
    }
}

/// Whether known fields stand below this key: `target` has `target.date`.
#[must_use]
pub fn is_group(collection: &Collection, key: &str) -> bool {
    collection.all_fields().any(|field| field.name.strip_prefix(key).is_some_and(|rest| rest.starts_with('.')))
}

/// Whether an unknown key would be read as something else than it is: `id`, the bare name of a set, a member of a
/// scalar, or (as a document may hold it) the bare name of a group.
#[must_use]
pub fn is_shadow(collection: &Collection, key: &str) -> bool {
    let name = key.split_once('/').map_or(key, |(name, _)| name);
    (key == "id" && !collection.is_single()) || collection.field_named(name).is_some()
}
