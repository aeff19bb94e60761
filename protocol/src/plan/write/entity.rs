//! One entity of a document, open for writing: every write that changes nothing is left out, every other is noted.

use yrs::{Map, MapPrelim, MapRef, Out, ReadTxn, TextPrelim, TransactionMut, WriteTxn};

use super::{text, texts};
use crate::plan::edit::Target;
use crate::plan::rank;
use crate::plan::read;
use crate::plan::row::Row;
use crate::plan::schema::{Collection, Kind};
use crate::plan::touched::{Place, Touched};
use crate::plan::value::Value;

/// Whether a document holds an entity; `meta` is always there.
pub(super) fn exists(txn: &impl ReadTxn, target: &Target) -> bool {
    map(txn, target).is_some() || target.collection.is_single()
}

/// The number of flat fields an entity would have with these keys set.
pub(super) fn field_count_with(txn: &impl ReadTxn, target: &Target, keys: impl Iterator<Item = String>) -> usize {
    let map = map(txn, target);
    let fresh = keys.filter(|key| !map.as_ref().is_some_and(|map| map.contains_key(txn, key))).count();
    fresh + map.map_or(0, |map| map.len(txn) as usize)
}

/// The rank of a stored entity, if it is one.
pub(super) fn rank_of(txn: &impl ReadTxn, out: &Out) -> Option<String> {
    let Out::YMap(map) = out else { return None };
    let Some(Out::Any(any)) = map.get(txn, "rank") else { return None };
    Value::from_any(&any)?.as_str().filter(|rank| rank::is_rank(rank)).map(str::to_owned)
}

fn map(txn: &impl ReadTxn, target: &Target) -> Option<MapRef> {
    let root = txn.get_map(target.collection.name)?;
    if target.collection.is_single() {
        return Some(root);
    }
    match root.get(txn, &target.id) {
        Some(Out::YMap(map)) => Some(map),
        _ => None,
    }
}

/// An entity open for writing.
pub(super) struct Writer<'a> {
    target: Target,
    map: MapRef,
    touched: &'a mut Touched,
}

impl<'a> Writer<'a> {
    /// Opens an entity that exists.
    pub(super) fn open(txn: &mut TransactionMut<'_>, target: Target, touched: &'a mut Touched) -> Option<Self> {
        map(txn, &target).map(|map| Self { target, map, touched })
    }

    /// Creates an entity with its texts, in the order of the schema.
    pub(super) fn create(txn: &mut TransactionMut<'_>, target: Target, touched: &'a mut Touched) -> Self {
        let root = txn.get_or_insert_map(target.collection.name);
        let map =
            if target.collection.is_single() { root } else { root.insert(txn, &*target.id, MapPrelim::default()) };
        let mut writer = Self { target, map, touched };
        writer.note("");
        for name in texts(writer.target.collection) {
            if !matches!(writer.map.get(txn, name), Some(Out::YText(_))) {
                writer.map.insert(txn, name, TextPrelim::new(""));
            }
        }
        writer
    }

    /// Opens an entity with its row as it is, or creates it.
    pub(super) fn open_or_create(
        txn: &mut TransactionMut<'_>,
        target: Target,
        touched: &'a mut Touched,
    ) -> (Self, Option<Row>) {
        match map(txn, &target) {
            Some(map) => {
                let writer = Self { target, map, touched };
                let before = writer.row(txn);
                (writer, Some(before))
            }
            None => (Self::create(txn, target, touched), None),
        }
    }

    pub(super) fn collection(&self) -> &'static Collection {
        self.target.collection
    }

    /// The row as it is now.
    pub(super) fn row(&self, txn: &impl ReadTxn) -> Row {
        read::row(self.target.collection, &self.target.id, &self.map, txn, &mut Vec::new())
    }

    /// Sets a flat key.
    pub(super) fn put(&mut self, txn: &mut TransactionMut<'_>, key: &str, value: &Value) {
        let stored = self.map.get(txn, key);
        let is_text = match self.target.collection.field(key) {
            Some(field) => field.kind == Kind::Text,
            // A newer client's text stays one.
            None => matches!(stored, Some(Out::YText(_))),
        };
        if let (true, Some(new)) = (is_text, value.as_str()) {
            let (text, created) = match stored {
                Some(Out::YText(text)) => (text, false),
                _ => (self.map.insert(txn, key, TextPrelim::new("")), true),
            };
            if text::replace(txn, &text, new) || created {
                self.note(key);
            }
            return;
        }
        if let Some(Out::Any(any)) = &stored
            && Value::from_any(any).as_ref() == Some(value)
        {
            return;
        }
        self.map.insert(txn, key, value.to_any());
        self.note(key);
    }

    /// Takes a flat key away. A text is emptied and stays: what somebody types into it at the same moment survives.
    pub(super) fn delete(&mut self, txn: &mut TransactionMut<'_>, key: &str) {
        match self.map.get(txn, key) {
            None => {}
            Some(Out::YText(text)) => {
                let emptied = text::replace(txn, &text, "");
                if emptied {
                    self.note(key);
                }
            }
            Some(_) => {
                self.map.remove(txn, key);
                self.note(key);
            }
        }
    }

    /// Takes away every key with this prefix but those of `members`, which is sorted.
    pub(super) fn keep_only(&mut self, txn: &mut TransactionMut<'_>, prefix: &str, members: &[Box<str>]) {
        let mut gone: Vec<String> = self
            .map
            .keys(txn)
            .filter(|key| {
                key.strip_prefix(prefix)
                    .is_some_and(|member| members.binary_search_by(|each| (**each).cmp(member)).is_err())
            })
            .map(str::to_owned)
            .collect();
        gone.sort_unstable();
        for key in gone {
            self.delete(txn, &key);
        }
    }

    fn note(&mut self, field: &str) {
        self.touched.0.insert(Place {
            collection: self.target.collection.name.into(),
            id: self.target.id.clone(),
            field: field.into(),
        });
    }
}
