//! Stamps: what the server adds to an edit from its clock and the authenticated person.

use super::row::Row;
use super::schema::Collection;
use super::value::Value;
use crate::ids::PersonId;

/// Who made an edit, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// A UTC instant, `2026-02-17T18:21:07.113Z`.
    pub at: String,
    /// The authenticated person.
    pub by: PersonId,
}

/// A field to be stamped, with its new value or `None` for none.
pub type Stamped = (&'static str, Option<Value>);

/// The stamps that a change of one entity asks for: of a removal and a restoration, of a completion and a reopening, of
/// a commitment, of a measurement, of freezing, and of a new risk, comment or proposal.
///
/// The instants of a touchpoint are no consequence of an edit; the server sets them itself.
#[must_use]
pub fn stamps(collection: &Collection, before: Option<&Row>, after: &Row, stamp: &Stamp) -> Vec<Stamped> {
    let mut stamps = Vec::new();
    let mut pair = |at: &str, by: &str, set: bool| {
        for (name, value) in [(at, &*stamp.at), (by, stamp.by.as_str())] {
            if let Some(field) = collection.field_named(name).filter(|field| field.stamped) {
                stamps.push((field.name, set.then(|| Value::string(value))));
            }
        }
    };
    let was = |is: fn(&Row) -> bool| before.is_some_and(is);
    let is_complete = |row: &Row| row.text("status") == Some("complete");
    let is_frozen = |row: &Row| row.is_set("frozen");

    if was(Row::is_removed) != after.is_removed() {
        pair("removedAt", "removedBy", after.is_removed());
    }
    if was(is_complete) != is_complete(after) {
        pair("completedAt", "completedBy", is_complete(after));
    }
    if was(is_frozen) != is_frozen(after) {
        pair("frozenAt", "", is_frozen(after));
    }
    let differs = |name: &str| before.and_then(|row| row.get(name)) != after.get(name);
    if differs("commitment.state") || differs("commitment.due") {
        let stands = after.get("commitment.state").is_some() || after.get("commitment.due").is_some();
        pair("commitment.at", "commitment.by", stands);
    }
    if differs("measured") {
        pair("measuredAt", "", after.get("measured").is_some());
    }
    if before.is_none() {
        pair("raisedAt", "", true);
        pair("at", "by", true);
    }
    stamps
}
