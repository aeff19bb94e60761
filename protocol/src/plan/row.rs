//! A row: the flat fields of one entity, sorted by key.
//!
//! An absent field and an empty text are the same: a row holds neither.

use std::cmp::Ordering;
use std::ops::Deref;

use jiff::civil::Date;

use super::schema::{Collection, Kind};
use super::value::Value;

/// A flat key: the name of a row of the schema, which costs nothing, or another one.
#[derive(Clone, PartialEq, Eq)]
pub enum Key {
    /// The name of a field of the schema.
    Named(&'static str),
    /// A member of a set or a map, or a newer client's field.
    Other(Box<str>),
}

impl Key {
    /// The key of a flat name within a collection.
    #[must_use]
    pub fn of(collection: &Collection, flat: &str) -> Self {
        match collection.field(flat) {
            Some(field) if !field.has_members() => Self::Named(field.name),
            _ => Self::Other(flat.into()),
        }
    }
}

impl Deref for Key {
    type Target = str;
    fn deref(&self) -> &str {
        match self {
            Self::Named(name) => name,
            Self::Other(name) => name,
        }
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(&**self, f)
    }
}

/// The flat fields of one entity.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    fields: Vec<(Key, Value)>,
}

impl Row {
    /// A row of fields in any order; of two with one key the later one counts.
    #[must_use]
    pub fn new(collection: &Collection, mut fields: Vec<(Key, Value)>) -> Self {
        fields.retain(|(key, value)| !is_empty_text(collection, key, value));
        // Stable, so that the later one of two stands behind the other.
        fields.sort_by(|(one, _), (other, _)| one.cmp_str(other));
        fields.reverse();
        fields.dedup_by(|(one, _), (kept, _)| **one == **kept);
        fields.reverse();
        Self { fields }
    }

    /// A row of fields in any order, each with its own key and none an empty text.
    pub(super) fn of_distinct(mut fields: Vec<(Key, Value)>) -> Self {
        fields.sort_unstable_by(|(one, _), (other, _)| one.cmp_str(other));
        // Rows are kept for as long as their plan is loaded.
        fields.shrink_to_fit();
        Self { fields }
    }

    /// The value of a flat key.
    #[must_use]
    pub fn get(&self, flat: &str) -> Option<&Value> {
        // A handful of short keys: comparing lengths first beats a binary search over their characters.
        self.fields.iter().find(|(key, _)| **key == *flat).map(|(_, value)| value)
    }

    /// The string of a flat key.
    #[must_use]
    pub fn text(&self, flat: &str) -> Option<&str> {
        self.get(flat).and_then(Value::as_str)
    }

    /// The number of a flat key.
    #[must_use]
    pub fn number(&self, flat: &str) -> Option<f64> {
        self.get(flat).and_then(Value::as_number)
    }

    /// Whether a flat key holds `true`.
    #[must_use]
    pub fn is_set(&self, flat: &str) -> bool {
        self.get(flat).and_then(Value::as_bool).unwrap_or(false)
    }

    /// The day of a flat key.
    #[must_use]
    pub fn date(&self, flat: &str) -> Option<Date> {
        self.text(flat).and_then(super::check::day)
    }

    /// The members of a set or the entries of a map, sorted.
    pub fn members<'a>(&'a self, name: &str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let from = self.fields.partition_point(|(key, _)| key.bytes().lt(name.bytes().chain(*b"/")));
        self.fields[from..]
            .iter()
            .map_while(move |(key, value)| Some((key.strip_prefix(name)?.strip_prefix('/')?, value)))
    }

    /// Whether the entity is removed.
    #[must_use]
    pub fn is_removed(&self) -> bool {
        self.is_set("removed")
    }

    /// Every flat field, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Value)> {
        self.fields.iter().map(|(key, value)| (key, value))
    }

    /// The number of flat fields.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there is no field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Sets a field, or takes it away.
    pub fn set(&mut self, key: Key, value: Option<Value>) {
        match (self.fields.binary_search_by(|(each, _)| each.cmp_str(&key)), value) {
            (Ok(at), Some(value)) => self.fields[at].1 = value,
            (Ok(at), None) => drop(self.fields.remove(at)),
            (Err(at), Some(value)) => self.fields.insert(at, (key, value)),
            (Err(_), None) => {}
        }
    }
}

impl Key {
    fn cmp_str(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

fn is_empty_text(collection: &Collection, key: &Key, value: &Value) -> bool {
    value.as_str() == Some("") && collection.field(key).is_some_and(|field| field.kind == Kind::Text)
}
