//! The differences of two plans, row by row, and their application.
//!
//! Every flat field that is different stands in exactly one [`Difference`]: as its subject, or among its stamps when it
//! is only the consequence of another field. So [`apply`] of all differences to the old plan gives exactly the new one,
//! and [`revert`] leads back.

mod fold;
#[cfg(test)]
mod tests;
mod words;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Plan;
use super::change::{Along, Difference, Verb, What, field_value, title};
use super::row::Row;
use super::schema::{COLLECTIONS, Class, Collection, Documents};
use super::words::Status;

pub use fold::{apply, revert};
pub use words::{Op, Piece, words};

/// A field that is written in consequence of another one, and those it follows: the first that changed with it.
const FOLLOWERS: &[(&str, &[&str])] = &[
    ("removedAt", &["removed"]),
    ("removedBy", &["removed"]),
    ("completedAt", &["status"]),
    ("completedBy", &["status"]),
    ("blocked.since", &["status", "blocked.reason", "blocked.needs"]),
    ("blocked.by", &["status", "blocked.reason", "blocked.needs"]),
    ("commitment.at", &["commitment.state", "commitment.due"]),
    ("commitment.by", &["commitment.state", "commitment.due"]),
    ("measuredAt", &["measured"]),
    ("frozenAt", &["frozen"]),
    ("agreedBy", &["answers", "state"]),
    ("decidedAt", &["state"]),
    // Why the last date or status changed.
    ("reason", &["due", "start", "durationDays", "status"]),
];

/// What may change in a frozen criterion without changing what was agreed.
const FREE_AFTER_FREEZE: &[&str] = &["rank", "frozen", "frozenAt", "measured", "measuredAt", "removed"];

/// The differences of two plans, in the order of the canonical JSON and by id.
#[must_use]
pub fn plans(old: &Plan, new: &Plan) -> Vec<Difference> {
    let mut differences = Vec::new();
    for collection in COLLECTIONS {
        if collection.is_single() {
            differences.extend(rows(collection, "", Some(&old.meta), Some(&new.meta), None));
            continue;
        }
        let (old, new) = (old.rows(collection), new.rows(collection));
        let ids: BTreeSet<&str> = old.keys().chain(new.keys()).map(AsRef::as_ref).collect();
        for id in ids {
            match (old.get(id), new.get(id)) {
                (Some(old), Some(new)) if Arc::ptr_eq(old, new) => {}
                (old, new) => {
                    differences.extend(rows(collection, id, old.map(|row| &**row), new.map(|row| &**row), None))
                }
            }
        }
    }
    differences
}

/// The differences of one row. `fields` limits them to these flat keys, with what follows from them (`None`, and the
/// empty key: all); an entity that is new or gone is told as a whole.
#[must_use]
pub fn rows(
    collection: &'static Collection,
    id: &str,
    old: Option<&Row>,
    new: Option<&Row>,
    fields: Option<&BTreeSet<Box<str>>>,
) -> Vec<Difference> {
    let none = Row::default();
    let (old, new) =
        if collection.is_single() { (Some(old.unwrap_or(&none)), Some(new.unwrap_or(&none))) } else { (old, new) };
    let whole = |verb: Verb, row: &Row| Difference {
        collection,
        id: id.into(),
        title: title(collection, id, Some(row)),
        verb,
        class: collection.class,
        what: What::Row(row.clone()),
        reason: None,
        after_freeze: verb != Verb::Added && is_frozen(collection, row),
        stamps: Vec::new(),
    };
    match (old, new) {
        (None, None) => Vec::new(),
        (None, Some(new)) => vec![whole(Verb::Added, new)],
        (Some(old), None) => vec![whole(Verb::Removed, old)],
        (Some(old), Some(new)) if old == new => Vec::new(),
        (Some(old), Some(new)) => Rows { collection, id, old, new }.differences(fields),
    }
}

/// Whether a field of two rows is different, with its members.
#[must_use]
pub fn is_different(collection: &'static Collection, old: Option<&Row>, new: Option<&Row>, field: &str) -> bool {
    let name = field.split_once('/').map_or(field, |(name, _)| name);
    let value = |row: Option<&Row>| row.and_then(|row| field_value(row, collection, name));
    value(old) != value(new)
}

fn is_frozen(collection: &Collection, row: &Row) -> bool {
    collection.name == "criteria" && row.get("frozenAt").is_some()
}

/// Two different rows of one entity.
struct Rows<'a> {
    collection: &'static Collection,
    id: &'a str,
    old: &'a Row,
    new: &'a Row,
}

impl Rows<'_> {
    fn differences(&self, fields: Option<&BTreeSet<Box<str>>>) -> Vec<Difference> {
        let fields = fields.filter(|fields| !fields.contains(""));
        let different = self.different();
        let is_asked = |name: &str| {
            fields
                .is_none_or(|fields| fields.iter().any(|key| key.split_once('/').map_or(&**key, |(it, _)| it) == name))
        };
        let leader = |name: &str| {
            let (_, leaders) = FOLLOWERS.iter().find(|(follower, _)| *follower == name)?;
            leaders.iter().copied().find(|leader| different.contains(leader))
        };
        let mut differences = Vec::new();
        for name in &different {
            let is_unknown = self.collection.field(name).is_none() && self.collection.field_named(name).is_none();
            let is_asked = is_asked(name) || (is_unknown && fields.is_some_and(|fields| fields.contains(*name)));
            if leader(name).is_some() || !is_asked {
                continue;
            }
            let followers = different.iter().filter(|follower| leader(follower) == Some(*name));
            let stamps = followers.map(|follower| self.along(follower)).collect();
            differences.push(self.difference(name, stamps));
        }
        differences
    }

    /// The names of the fields that are different: a removal first, then in the order of the schema, then unknown ones.
    fn different(&self) -> Vec<&str> {
        let differs =
            |name: &str| field_value(self.old, self.collection, name) != field_value(self.new, self.collection, name);
        let (removal, known): (Vec<_>, Vec<_>) =
            self.collection.all_fields().map(|field| field.name).partition(|name| *name == "removed");
        let is_unknown = |key: &str| self.collection.field(key).is_none();
        let unknown: BTreeSet<&str> =
            self.old.iter().chain(self.new.iter()).map(|(key, _)| &**key).filter(|key| is_unknown(key)).collect();
        removal.into_iter().chain(known).chain(unknown).filter(|name| differs(name)).collect()
    }

    fn along(&self, name: &str) -> Along {
        Along {
            field: name.into(),
            old: field_value(self.old, self.collection, name),
            new: field_value(self.new, self.collection, name),
        }
    }

    fn difference(&self, name: &str, mut stamps: Vec<Along>) -> Difference {
        let Self { collection, id, old, new } = self;
        let change = self.along(name);
        let after_freeze = is_frozen(collection, old) && (name == "removed" || !FREE_AFTER_FREEZE.contains(&name));
        let changed = collection.field_named(name).map_or(
            // What a newer client wrote into a private document stays private.
            if collection.documents == Documents::Private { Class::Private } else { Class::Detail },
            |field| field.class,
        );
        let (verb, class, what) = match name {
            "removed" if !collection.is_single() && old.is_removed() != new.is_removed() => {
                let is_removed = new.is_removed();
                stamps.insert(0, change);
                let (verb, row) = if is_removed { (Verb::Removed, old) } else { (Verb::Restored, new) };
                (verb, collection.class, What::Row((*row).clone()))
            }
            _ => {
                let verb = match name {
                    "status" => status_verb(old.text(name), new.text(name)),
                    "commitment.state" => new.text(name).and_then(Verb::of).filter(|verb| verb.is_of_commitment()),
                    "state" if collection.name == "proposals" => new.text(name).and_then(Verb::of),
                    _ => None,
                };
                let what = What::Field { field: change.field, old: change.old, new: change.new };
                (verb.unwrap_or(Verb::Changed), changed, what)
            }
        };
        Difference {
            collection,
            id: (*id).into(),
            title: title(collection, id, Some(new)),
            verb,
            class,
            what,
            reason: self.reason(name, verb),
            after_freeze,
            stamps,
        }
    }

    /// The reason that was given with a change of a date or a status; of a blocker what blocks.
    fn reason(&self, name: &str, verb: Verb) -> Option<Box<str>> {
        let is_new = |field: &str| self.old.get(field) != self.new.get(field);
        let is_explained = FOLLOWERS.iter().any(|(field, leaders)| *field == "reason" && leaders.contains(&name));
        let given = (is_explained && is_new("reason")).then(|| self.new.text("reason")).flatten();
        let blocker = (verb == Verb::Blocked).then(|| self.new.text("blocked.reason")).flatten();
        given.or(blocker).filter(|reason| !reason.trim().is_empty()).map(Box::from)
    }
}

/// The verb of a new status; `None` for one that has no word of its own.
fn status_verb(old: Option<&str>, new: Option<&str>) -> Option<Verb> {
    let status = |word: Option<&str>| word.map_or(Status::Pending, Status::of);
    match (status(old), status(new)) {
        (old, new) if old == new => None,
        (_, Status::Complete) => Some(Verb::Completed),
        (_, Status::Blocked) => Some(Verb::Blocked),
        (_, Status::Cancelled) => Some(Verb::Cancelled),
        (Status::Complete | Status::Cancelled, Status::Pending | Status::InProgress) => Some(Verb::Reopened),
        (Status::Blocked, Status::Pending | Status::InProgress) => Some(Verb::Unblocked),
        (_, Status::InProgress) => Some(Verb::Started),
        _ => None,
    }
}
