//! A change: the typed difference of one entity between two accepted plans, with who made it and when.
//!
//! A [`Difference`] says what is different and nothing else; it can be applied and reverted ([`super::diff`]). A
//! [`Change`] is what subscribers get and what the log keeps for the life of the plan, as a CloudEvent.

mod event;

use serde_json::Value as Json;

use super::row::Row;
use super::schema::{Class, Collection, Kind};
use super::value::Value;
use crate::ids::{Origin, PartyId, PersonId, Scope, Seq};

/// What happened to an entity, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// It is new.
    Added,
    /// It is gone, for good or until somebody restores it.
    Removed,
    /// It was removed and is back.
    Restored,
    /// One of its fields is different.
    Changed,
    /// Work on it began.
    Started,
    /// It is done.
    Completed,
    /// It was done or given up, and is open again.
    Reopened,
    /// Something stands in its way.
    Blocked,
    /// Nothing stands in its way any more.
    Unblocked,
    /// It was given up.
    Cancelled,
    /// A commitment to it was asked for.
    Proposed,
    /// Its owner's side committed to it.
    Accepted,
    /// Its owner's side refused it.
    Declined,
    /// Its owner's side offered something else.
    Countered,
    /// Whoever asked for it no longer does.
    Withdrawn,
    /// Nobody answered in time, or something else happened to it first.
    Expired,
}

impl Verb {
    /// Every verb.
    pub const ALL: [Self; 16] = [
        Self::Added,
        Self::Removed,
        Self::Restored,
        Self::Changed,
        Self::Started,
        Self::Completed,
        Self::Reopened,
        Self::Blocked,
        Self::Unblocked,
        Self::Cancelled,
        Self::Proposed,
        Self::Accepted,
        Self::Declined,
        Self::Countered,
        Self::Withdrawn,
        Self::Expired,
    ];

    /// The word at the end of a change's type.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Restored => "restored",
            Self::Changed => "changed",
            Self::Started => "started",
            Self::Completed => "completed",
            Self::Reopened => "reopened",
            Self::Blocked => "blocked",
            Self::Unblocked => "unblocked",
            Self::Cancelled => "cancelled",
            Self::Proposed => "proposed",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Countered => "countered",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
        }
    }

    /// The verb of this word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.as_str() == word)
    }

    /// Whether it tells of a commitment, whose changes are named after it and not after the entity.
    #[must_use]
    pub const fn is_of_commitment(self) -> bool {
        matches!(self, Self::Proposed | Self::Accepted | Self::Declined | Self::Countered)
    }
}

/// What differs in one entity, without who and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The collection of the entity.
    pub collection: &'static Collection,
    /// Its id; empty for `meta`.
    pub id: Box<str>,
    /// How a reader names it.
    pub title: Box<str>,
    /// What happened to it.
    pub verb: Verb,
    /// What a subscriber selects it by.
    pub class: Class,
    /// The values.
    pub what: What,
    /// Why, if a reason was given together with it.
    pub reason: Option<Box<str>>,
    /// Whether it changes a success criterion that was frozen before.
    pub after_freeze: bool,
    /// Fields that went along as a consequence: no news of their own, but part of what is applied and reverted.
    pub stamps: Vec<Along>,
}

/// The values of a difference.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// The whole entity: as it came, as it was before it went, or as it is after it came back.
    Row(Row),
    /// One field. A set is a sorted array and a map an object, both whole; an unknown field has its flat key.
    Field {
        /// The name of the field.
        field: Box<str>,
        /// What it held; `None` for nothing.
        old: Option<Json>,
        /// What it holds; `None` for nothing.
        new: Option<Json>,
    },
}

/// A field that changed as the consequence of another one: `completedAt` with the status.
#[derive(Debug, Clone, PartialEq)]
pub struct Along {
    /// The name of the field.
    pub field: Box<str>,
    /// What it held; `None` for nothing.
    pub old: Option<Json>,
    /// What it holds; `None` for nothing.
    pub new: Option<Json>,
}

impl Difference {
    /// The field, its old and its new value, if it is about a field.
    #[must_use]
    pub fn field(&self) -> Option<(&str, Option<&Json>, Option<&Json>)> {
        match &self.what {
            What::Field { field, old, new } => Some((field, old.as_ref(), new.as_ref())),
            What::Row(_) => None,
        }
    }

    /// As it is told of the document it comes from: what only one party sees is of class `private`, whatever it is about.
    #[must_use]
    pub fn within(self, scope: &Scope) -> Self {
        match scope {
            Scope::Shared => self,
            Scope::Party(_) => Self { class: Class::Private, ..self },
        }
    }

    /// `tasks/ca-1`, or `meta`.
    #[must_use]
    pub fn subject(&self) -> String {
        if self.id.is_empty() { self.collection.name.into() } else { format!("{}/{}", self.collection.name, self.id) }
    }

    /// The days between an old and a new day, if it moves one.
    #[must_use]
    pub fn delta_days(&self) -> Option<i32> {
        let (field, old, new) = self.field()?;
        (self.collection.field_named(field)?.kind == Kind::Date).then_some(())?;
        let day = |value: Option<&Json>| value.and_then(Json::as_str).and_then(super::check::day);
        Some((day(new)? - day(old)?).get_days())
    }

    /// Whether no reader would call it a change: the white space of a text, or a word that is now stated and went
    /// without saying before.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        let Some((name, old, new)) = self.field() else { return false };
        let Some(field) = self.collection.field_named(name) else { return false };
        let text = |value: Option<&Json>| value.and_then(Json::as_str).map(str::to_owned);
        if matches!(field.kind, Kind::Text | Kind::String { .. }) {
            let (old, new) = (text(old).unwrap_or_default(), text(new).unwrap_or_default());
            return old.split_whitespace().eq(new.split_whitespace());
        }
        let stated = |value: Option<&Json>| match value {
            None => field.default.map(str::to_owned).or_else(|| (field.kind == Kind::Bool).then(|| "false".into())),
            Some(Json::String(word)) => Some(word.clone()),
            Some(other) => Some(other.to_string()),
        };
        !field.has_members() && stated(old) == stated(new)
    }
}

/// Who changed what, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Who agreed to it, where it needed the consent of several parties.
    pub agreed_by: Box<[PersonId]>,
    /// The number of the last entry of the document's log that it covers.
    pub seq: Seq,
    /// Its place among the changes of that entry, from 0.
    pub n: u32,
    /// The UTC instant it was accepted at.
    pub at: Box<str>,
    /// The authenticated person.
    pub actor: PersonId,
    /// Their party; none for the workspace and the server itself.
    pub party: Option<PartyId>,
    /// The document.
    pub scope: Scope,
    /// What made the edit.
    pub origin: Origin,
    /// What happened.
    pub event: Event,
}

/// What a change tells.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Something in the plan is different.
    Difference(Difference),
    /// Something else happened around the plan.
    Other {
        /// `derived.overdue`, `touchpoint.closed`: no name of a collection with the verb of a difference.
        kind: Box<str>,
        /// What it is about: `tasks/ca-1`.
        subject: Option<Box<str>>,
        /// What there is to say.
        data: Json,
    },
}

/// How a reader names an entity: by its title, its name, its role, the beginning of its text, at last by its id.
pub(super) fn title(collection: &Collection, id: &str, row: Option<&Row>) -> Box<str> {
    const TEXT_CHARS_MAX: usize = 60;
    if let Some((from, to)) = id.split_once('>').filter(|_| collection.ids == super::schema::Ids::Edge) {
        return format!("{from} → {to}").into();
    }
    // The title of a person is what stands on their card, and not what to call them.
    let names: &[&str] = if collection.name == "people" { &["name", "role"] } else { &["title", "name", "role"] };
    let text = |field: &&str| row.and_then(|row| row.text(field)).filter(|text| !text.trim().is_empty());
    if let Some(title) = names.iter().find_map(text) {
        return title.into();
    }
    if let Some(words) = text(&"text") {
        let mut start: String = words.chars().take(TEXT_CHARS_MAX).collect();
        if start.len() < words.len() {
            start.push('…');
        }
        return start.into();
    }
    if collection.is_single() { "Plan".into() } else { id.into() }
}

/// The value of a field as a change states it: a set as a sorted array, a map as an object.
#[must_use]
pub fn field_value(row: &Row, collection: &Collection, name: &str) -> Option<Json> {
    let Some(field) = collection.field_named(name).filter(|field| field.has_members()) else {
        return row.get(name).map(Value::to_json);
    };
    let mut members = row.members(name).peekable();
    members.peek()?;
    let is_set = matches!(field.kind, Kind::Set(_));
    if is_set && row.members(name).all(|(_, value)| *value == Value::Bool(true)) {
        return Some(members.map(|(member, _)| Json::from(member)).collect());
    }
    Some(Json::Object(members.map(|(entry, value)| (entry.to_owned(), value.to_json())).collect()))
}
