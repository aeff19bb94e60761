//! A plan, or an edit of one, into a document.
//!
//! A text is created together with its entity, even an empty one: two people who begin a note at the same moment would
//! each create it otherwise, and one note would be lost. That costs about 540 bytes of memory a text, a seventh of a
//! loaded plan.
//! A value that stands there already is not written again: it would leave a tombstone and win over a concurrent edit.

mod entity;
mod text;

#[cfg(test)]
mod tests;

use yrs::{Map, ReadTxn, TransactionMut};

use super::check::Malformed;
use super::edit::{Edit, EntityEdit, Target};
use super::json::flatten::Assign;
use super::row::Row;
use super::schema::{COLLECTIONS, Class, Collection, Kind};
use super::stamp::{Stamp, stamps};
use super::touched::Touched;
use super::value::Value;
use super::{Plan, rank};
use crate::limits;
use entity::Writer;
pub use text::merge as merge_text;

/// Fills an empty document with a plan.
pub fn create(txn: &mut TransactionMut<'_>, plan: &Plan) {
    let mut touched = Touched::default();
    for collection in COLLECTIONS {
        if collection.is_single() {
            if !plan.meta.is_empty() {
                fill(txn, &mut touched, Target { collection, id: "".into() }, &plan.meta);
            }
            continue;
        }
        for (id, row) in plan.ordered(collection, true) {
            fill(txn, &mut touched, Target { collection, id: id.into() }, row);
        }
    }
}

fn fill(txn: &mut TransactionMut<'_>, touched: &mut Touched, target: Target, row: &Row) {
    let mut writer = Writer::create(txn, target, touched);
    for (key, value) in row.iter() {
        writer.put(txn, key, value);
    }
}

/// Makes an edit, with the stamps it asks for. Nothing is written if it cannot be made as a whole.
///
/// The document must count in UTF-16 (`OffsetKind::Utf16`), as every document of the server does.
///
/// # Errors
/// Entities to be removed or restored that do not exist, and collections that would grow beyond their bound.
pub fn apply(txn: &mut TransactionMut<'_>, edit: &Edit, stamp: &Stamp) -> Result<Touched, Vec<Malformed>> {
    make(txn, edit, Some(stamp))
}

/// Makes an edit as a client does: without stamps, which are the server's to set.
///
/// # Errors
/// Those of [`apply`].
pub fn apply_unstamped(txn: &mut TransactionMut<'_>, edit: &Edit) -> Result<Touched, Vec<Malformed>> {
    make(txn, edit, None)
}

fn make(txn: &mut TransactionMut<'_>, edit: &Edit, stamp: Option<&Stamp>) -> Result<Touched, Vec<Malformed>> {
    let refused = refusals(txn, edit);
    if !refused.is_empty() {
        return Err(refused);
    }
    let mut touched = Touched::default();
    for entity in &edit.set {
        apply_set(txn, entity, edit.reason.as_deref(), stamp, &mut touched);
    }
    for target in &edit.remove {
        with_stamps(txn, target, stamp, &mut touched, |writer, txn| writer.put(txn, "removed", &Value::Bool(true)));
    }
    for target in &edit.restore {
        with_stamps(txn, target, stamp, &mut touched, |writer, txn| writer.delete(txn, "removed"));
    }
    Ok(touched)
}

/// Writes the stamps that a change of one entity asks for, after a client made the change itself: `before` is the row
/// as it was, `None` for a new entity. An entity that is gone gets none.
pub fn restamp(txn: &mut TransactionMut<'_>, target: &Target, before: Option<&Row>, stamp: &Stamp) -> Touched {
    let mut touched = Touched::default();
    if let Some(mut writer) = Writer::open(txn, target.clone(), &mut touched) {
        write_stamps(&mut writer, txn, before, Some(stamp));
    }
    touched
}

/// Writes flat fields of one entity as they are, stamped ones too, and creates it if need be: the server's own hand,
/// which restores a field or keeps a touchpoint. `None` deletes a field.
pub fn put<'a>(
    txn: &mut TransactionMut<'_>,
    target: &Target,
    fields: impl IntoIterator<Item = (&'a str, Option<Value>)>,
) -> Touched {
    let mut touched = Touched::default();
    let (mut writer, _) = Writer::open_or_create(txn, target.clone(), &mut touched);
    for (key, value) in fields {
        match value {
            Some(value) => writer.put(txn, key, &value),
            None => writer.delete(txn, key),
        }
    }
    touched
}

/// Takes an entity out of the document, as if it had never come: the server's own hand, before anybody has seen it.
pub fn erase(txn: &mut TransactionMut<'_>, target: &Target) {
    if let Some(root) = txn.get_map(target.collection.name).filter(|_| !target.collection.is_single()) {
        root.remove(txn, &target.id);
    }
}

fn refusals(txn: &TransactionMut<'_>, edit: &Edit) -> Vec<Malformed> {
    let mut refused = Vec::new();
    for (list, targets) in [("remove", &edit.remove), ("restore", &edit.restore)] {
        for target in targets {
            let created = edit.set.iter().any(|entity| entity.target == *target);
            if !created && !entity::exists(txn, target) {
                let path = format!("{list}/{}", target.collection.name);
                refused.push(Malformed::new(path, &format!("{:?}", &*target.id), "the id of an entity of the plan"));
            }
        }
    }
    for collection in COLLECTIONS.iter().filter(|collection| !collection.is_single()) {
        let fresh = edit
            .set
            .iter()
            .filter(|each| each.target.collection == collection && !entity::exists(txn, &each.target))
            .count();
        if fresh == 0 {
            continue;
        }
        let stored = txn.get_map(collection.name).map_or(0, |root| root.len(txn) as usize);
        if stored + fresh > collection.entities_max {
            let value = format!("{} entities", stored + fresh);
            refused.push(Malformed::new(collection.name, &value, format!("at most {}", collection.entities_max)));
        }
    }
    for each in &edit.set {
        let keys = each.assigns.iter().flat_map(|assign| match assign {
            Assign::Put(key, _) => vec![key.to_string()],
            Assign::Members(field, members) => {
                members.iter().map(|member| format!("{}/{member}", field.name)).collect()
            }
            Assign::Delete(_) | Assign::Clear(_) => Vec::new(),
        });
        let fields = entity::field_count_with(txn, &each.target, keys);
        if fields > limits::FIELDS_MAX {
            let value = format!("{fields} fields");
            refused.push(Malformed::new(each.target.path(), &value, format!("at most {}", limits::FIELDS_MAX)));
        }
    }
    refused
}

fn apply_set(
    txn: &mut TransactionMut<'_>,
    edit: &EntityEdit,
    reason: Option<&str>,
    stamp: Option<&Stamp>,
    touched: &mut Touched,
) {
    let collection = edit.target.collection;
    let fresh_rank = (collection.is_ranked() && !entity::exists(txn, &edit.target)).then(|| last_rank(txn, collection));
    let (mut writer, before) = Writer::open_or_create(txn, edit.target.clone(), touched);
    if before.is_none() {
        if let Some((from, to)) = edit.target.id.split_once('>') {
            writer.put(txn, "from", &Value::string(from));
            writer.put(txn, "to", &Value::string(to));
        }
        let is_rank = |assign: &Assign| matches!(assign, Assign::Put(key, _) if **key == *"rank");
        if let Some(rank) = fresh_rank.flatten().filter(|_| !edit.assigns.iter().any(is_rank)) {
            writer.put(txn, "rank", &Value::string(&rank));
        }
    }
    for assign in &edit.assigns {
        match assign {
            Assign::Put(key, value) => writer.put(txn, key, value),
            Assign::Delete(key) => writer.delete(txn, key),
            Assign::Clear(prefix) => writer.keep_only(txn, prefix, &[]),
            Assign::Members(field, members) => {
                writer.keep_only(txn, &format!("{}/", field.name), members);
                for member in members {
                    writer.put(txn, &format!("{}/{member}", field.name), &Value::Bool(true));
                }
            }
        }
    }
    if let Some(reason) = reason.filter(|_| asks_for_reason(edit)) {
        writer.put(txn, "reason", &Value::string(reason));
    }
    write_stamps(&mut writer, txn, before.as_ref(), stamp);
}

/// Whether the edit changes a date or the status of an item that has a `reason`, without stating it there.
fn asks_for_reason(edit: &EntityEdit) -> bool {
    let collection = edit.target.collection;
    let keys = || {
        edit.assigns.iter().filter_map(|assign| match assign {
            Assign::Put(key, _) | Assign::Delete(key) => Some(&**key),
            Assign::Clear(_) | Assign::Members(..) => None,
        })
    };
    let is_dated = |key: &str| {
        collection.field(key).is_some_and(|field| {
            matches!(field.class, Class::Date) || (field.class == Class::Status && field.name == "status")
        })
    };
    collection.field("reason").is_some_and(|field| field.class == Class::Detail)
        && keys().any(is_dated)
        && !keys().any(|key| key == "reason")
}

/// A rank behind all others; `None` when there is no room, and the entity then stands last without one.
fn last_rank(txn: &TransactionMut<'_>, collection: &Collection) -> Option<String> {
    let last = txn.get_map(collection.name).and_then(|root| {
        let ranks = root.values(txn).flatten().filter_map(|out| entity::rank_of(txn, &out));
        ranks.max()
    });
    rank::between(last.as_deref(), None).ok()
}

fn with_stamps(
    txn: &mut TransactionMut<'_>,
    target: &Target,
    stamp: Option<&Stamp>,
    touched: &mut Touched,
    write: impl FnOnce(&mut Writer<'_>, &mut TransactionMut<'_>),
) {
    // `refusals` has seen that it exists.
    if let Some(mut writer) = Writer::open(txn, target.clone(), touched) {
        let before = writer.row(txn);
        write(&mut writer, txn);
        write_stamps(&mut writer, txn, Some(&before), stamp);
    }
}

fn write_stamps(writer: &mut Writer<'_>, txn: &mut TransactionMut<'_>, before: Option<&Row>, stamp: Option<&Stamp>) {
    let Some(stamp) = stamp else { return };
    let after = writer.row(txn);
    for (key, value) in stamps(writer.collection(), before, &after, stamp) {
        match value {
            Some(value) => writer.put(txn, key, &value),
            None => writer.delete(txn, key),
        }
    }
}

/// The fields that are created together with their entity.
fn texts(collection: &Collection) -> impl Iterator<Item = &'static str> + use<> {
    collection.all_fields().filter(|field| field.kind == Kind::Text).map(|field| field.name)
}
