//! An edit: what a request of the HTTP interface wants to be different.
//!
//! `{set: {<collection>: {<id>: {<field>: value | null}}}, remove: {<collection>: [id]}, restore: {…}, reason?}`, where
//! `meta` has no level of ids. An edit that was parsed fits the schema; whether its person may make it is not decided
//! here.

use serde_json::{Map, Value as Json};

use super::check::{self, Malformed};
pub use super::json::flatten::Assign;
use super::json::flatten::flatten;
use super::row::Key;
use super::schema::{COLLECTIONS, Collection, Ids, collection};
use super::value::Value;
use crate::limits;

/// What is to be different.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Edit {
    /// Fields of entities; an entity that does not exist is created.
    pub set: Vec<EntityEdit>,
    /// Entities to be removed.
    pub remove: Vec<Target>,
    /// Removed entities to be restored.
    pub restore: Vec<Target>,
    /// Why; it becomes the `reason` of items whose dates or status it changes.
    pub reason: Option<String>,
}

/// The fields of one entity that are to be different.
#[derive(Debug, Clone, PartialEq)]
pub struct EntityEdit {
    /// Which entity.
    pub target: Target,
    /// What to do with its fields, in this order.
    pub assigns: Vec<Assign>,
}

/// One entity, or `meta` with an empty id.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Its collection.
    pub collection: &'static Collection,
    /// Its id.
    pub id: Box<str>,
}

impl Target {
    /// `tasks/ca-1`, or `meta`.
    #[must_use]
    pub fn path(&self) -> String {
        if self.id.is_empty() { self.collection.name.into() } else { format!("{}/{}", self.collection.name, self.id) }
    }
}

impl Edit {
    /// Parses the body of a request about the shared document (`shared`) or a private one.
    ///
    /// # Errors
    /// Every malformed value at once: unknown collections, fields that only the server writes, values that do not fit.
    pub fn parse(json: &Json, shared: bool) -> Result<Self, Vec<Malformed>> {
        let mut edit = Self::default();
        let mut malformed = Vec::new();
        let Json::Object(members) = json else {
            return Err(vec![Malformed::new("", json, "an object")]);
        };
        for (name, member) in members {
            match (name.as_str(), member) {
                ("set", Json::Object(set)) => edit.set = parse_set(set, shared, &mut malformed),
                ("remove", Json::Object(lists)) => edit.remove = parse_targets(name, lists, shared, &mut malformed),
                ("restore", Json::Object(lists)) => edit.restore = parse_targets(name, lists, shared, &mut malformed),
                ("set" | "remove" | "restore", other) => {
                    malformed.push(Malformed::new(name, other, "an object of collections"));
                }
                ("reason", Json::Null) => {}
                ("reason", Json::String(reason)) if reason.chars().count() <= limits::SHORT_TEXT_CHARS_MAX => {
                    edit.reason = Some(reason.clone()).filter(|reason| !reason.is_empty());
                }
                ("reason", other) => {
                    let expected = format!("a string of at most {} characters", limits::SHORT_TEXT_CHARS_MAX);
                    malformed.push(Malformed::new(name, other, expected));
                }
                (_, other) => malformed.push(Malformed::new(name, other, "one of set, remove, restore, reason")),
            }
        }
        if malformed.is_empty() { Ok(edit) } else { Err(malformed) }
    }

    /// Every entity it names.
    #[must_use]
    pub fn targets(&self) -> Vec<&Target> {
        self.set.iter().map(|edit| &edit.target).chain(&self.remove).chain(&self.restore).collect()
    }

    /// Whether it wants nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.remove.is_empty() && self.restore.is_empty()
    }
}

fn parse_set(set: &Map<String, Json>, shared: bool, malformed: &mut Vec<Malformed>) -> Vec<EntityEdit> {
    let mut edits = Vec::new();
    for (name, json) in set {
        let Some(collection) = writable(name, name, json, shared, malformed) else { continue };
        let Json::Object(members) = json else {
            malformed.push(Malformed::new(name, json, "an object"));
            continue;
        };
        if collection.is_single() {
            edits.push(entity_edit(collection, "", members, malformed));
            continue;
        }
        for (id, fields) in members {
            let path = format!("{name}/{id}");
            if let Err(expected) = check::entity_id(collection, id) {
                malformed.push(Malformed::new(&path, &format!("{id:?}"), expected));
                continue;
            }
            match fields {
                Json::Object(fields) => edits.push(entity_edit(collection, id, fields, malformed)),
                other => {
                    malformed.push(Malformed::new(&path, other, "an object of fields; `remove` takes an entity away"))
                }
            }
        }
    }
    edits
}

fn entity_edit(
    collection: &'static Collection,
    id: &str,
    fields: &Map<String, Json>,
    malformed: &mut Vec<Malformed>,
) -> EntityEdit {
    let target = Target { collection, id: id.into() };
    let path = target.path();
    let assigns = flatten(collection, &path, fields, malformed);
    for assign in &assigns {
        let (Assign::Put(key, _) | Assign::Delete(key)) = assign else { continue };
        let shown = if let Assign::Put(_, value) = assign { value.to_json() } else { Json::Null };
        let expected = if **key == *"removed" {
            Some("a field to set: use `remove` and `restore`".to_owned())
        } else if collection.field(key).is_some_and(|field| field.stamped) {
            Some("a field to set: the server stamps it".to_owned())
        } else {
            other_end(collection, id, key, assign)
        };
        if let Some(expected) = expected {
            malformed.push(Malformed::new(format!("{path}/{}", &**key), &shown, expected));
        }
    }
    EntityEdit { target, assigns }
}

/// A dependency between two other items is another dependency: its ends cannot change.
fn other_end(collection: &Collection, id: &str, key: &Key, assign: &Assign) -> Option<String> {
    if collection.ids != Ids::Edge {
        return None;
    }
    let (from, to) = id.split_once('>')?;
    let end = match &**key {
        "from" => from,
        "to" => to,
        _ => return None,
    };
    let fits = matches!(assign, Assign::Put(_, Value::String(given)) if **given == *end);
    (!fits).then(|| format!("{end:?}, as the id says"))
}

fn parse_targets(list: &str, lists: &Map<String, Json>, shared: bool, malformed: &mut Vec<Malformed>) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    for (name, json) in lists {
        let path = format!("{list}/{name}");
        let Some(collection) = writable(name, &path, json, shared, malformed) else { continue };
        let Json::Array(ids) = json else {
            malformed.push(Malformed::new(&path, json, "an array of ids"));
            continue;
        };
        for id in ids {
            match id.as_str().filter(|id| !id.is_empty() && check::entity_id(collection, id).is_ok()) {
                Some(id) => {
                    let target = Target { collection, id: id.into() };
                    if !targets.contains(&target) {
                        targets.push(target);
                    }
                }
                None => malformed.push(Malformed::new(&path, id, "an id of an entity")),
            }
        }
    }
    targets
}

fn writable(
    name: &str,
    path: &str,
    json: &Json,
    shared: bool,
    malformed: &mut Vec<Malformed>,
) -> Option<&'static Collection> {
    let found = collection(name).filter(|each| each.documents.include(shared) && !each.server_written);
    if found.is_none() {
        let names: Vec<_> = COLLECTIONS
            .iter()
            .filter(|each| each.documents.include(shared) && !each.server_written)
            .map(|each| each.name)
            .collect();
        malformed.push(Malformed::new(path, json, format!("one of {}", names.join(", "))));
    }
    found
}
