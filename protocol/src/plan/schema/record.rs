//! The rows of what is said and kept about a plan: comments, touchpoints, proposals, and what only one party holds.

use super::table::{LABEL, PERSON, PERSONS, SHARED, SHORT, TITLE, field};
use super::{Class, Collection, Documents, Entry, Kind};
use crate::limits;

const ANYTHING: &[&str] =
    &["milestones", "tasks", "risks", "criteria", "objectives", "phases", "dependencies", "calendar", "proposals"];
/// The sequence numbers and counts that fit a JSON number of every language.
const COUNT: Kind = Kind::Integer { min: 0, max: (1 << 53) - 1 };
const ANSWERS: &[&str] = &["pending", "accepted", "declined"];

pub(super) const COMMENTS: Collection = Collection {
    name: "comments",
    singular: "comment",
    entities_max: limits::COMMENTS_MAX,
    documents: Documents::Both,
    always_written: false,
    class: Class::Talk,
    fields: &[
        field("on", Kind::Id(ANYTHING), Class::Talk).required(),
        field("text", Kind::Text, Class::Talk).required(),
        field("mentions", PERSONS, Class::Talk),
        field("at", Kind::Instant, Class::Talk).stamped(),
        field("by", PERSON, Class::Talk).stamped(),
        // Not stamped: that somebody writes it is the only sign that the comment is resolved.
        field("resolvedAt", Kind::Instant, Class::Talk),
    ],
    ..SHARED
};

pub(super) const TOUCHPOINTS: Collection = Collection {
    name: "touchpoints",
    singular: "touchpoint",
    entities_max: limits::TOUCHPOINTS_MAX,
    server_written: true,
    always_written: false,
    class: Class::Talk,
    fields: &[
        field("kind", Kind::Enum(&["call", "meeting", "email", "async"]), Class::Talk),
        field("title", TITLE, Class::Talk),
        field("startedAt", Kind::Instant, Class::Talk).stamped(),
        field("endedAt", Kind::Instant, Class::Talk).stamped(),
        field("attendees", PERSONS, Class::Talk),
        field("baselineSeq", COUNT, Class::Talk).stamped(),
        field("closedSeq", COUNT, Class::Talk).stamped(),
    ],
    ..SHARED
};

pub(super) const PROPOSALS: Collection = Collection {
    name: "proposals",
    singular: "proposal",
    entities_max: limits::PROPOSALS_MAX,
    always_written: false,
    class: Class::Commitment,
    fields: &[
        // `items/tasks/ca-1/due: {"old": …, "new": …}`
        field("items", Kind::Map(Entry::Json), Class::Commitment),
        field("reason", SHORT, Class::Commitment),
        field("by", PERSON, Class::Commitment).stamped(),
        field("at", Kind::Instant, Class::Commitment).stamped(),
        field("answers", Kind::Map(Entry::Enum(ANSWERS)), Class::Commitment),
        field("state", Kind::Enum(&["open", "accepted", "declined", "withdrawn", "expired"]), Class::Commitment)
            .or("open"),
        // Who has asked and accepted, and when it was decided.
        field("agreedBy", PERSONS, Class::Commitment).stamped(),
        field("decidedAt", Kind::Instant, Class::Commitment).stamped(),
    ],
    ..SHARED
};

pub(super) const VIEWS: Collection = Collection {
    name: "views",
    singular: "view",
    entities_max: limits::PEOPLE_MAX,
    documents: Documents::Private,
    always_written: false,
    class: Class::Private,
    fields: &[
        field(
            "stance",
            Kind::Enum(&["champion", "supporter", "neutral", "sceptic", "opponent", "unknown"]),
            Class::Private,
        ),
        field("influence", Kind::Integer { min: 1, max: 5 }, Class::Private),
        field("note", Kind::Text, Class::Private),
    ],
    ..SHARED
};

pub(super) const LINKS: Collection = Collection {
    name: "links",
    singular: "link",
    entities_max: limits::LINKS_MAX,
    documents: Documents::Private,
    always_written: false,
    class: Class::Private,
    fields: &[
        field("system", LABEL, Class::Private),
        field("objectId", TITLE, Class::Private),
        field("url", SHORT, Class::Private),
        field("fields", Kind::Map(Entry::String), Class::Private),
    ],
    ..SHARED
};
