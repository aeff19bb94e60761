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
    about: "What people say about an item.",
    entities_max: limits::COMMENTS_MAX,
    documents: Documents::Both,
    always_written: false,
    class: Class::Talk,
    fields: &[
        field("on", Kind::Id(ANYTHING), Class::Talk).required().about("The id of what it is about."),
        field("text", Kind::Text, Class::Talk).required(),
        field("mentions", PERSONS, Class::Talk),
        field("at", Kind::Instant, Class::Talk).stamped(),
        field("by", PERSON, Class::Talk).stamped(),
        // Not stamped: that somebody writes it is the only sign that the comment is resolved.
        field("resolvedAt", Kind::Instant, Class::Talk).about("Since when it is settled."),
    ],
    ..SHARED
};

pub(super) const TOUCHPOINTS: Collection = Collection {
    name: "touchpoints",
    singular: "touchpoint",
    about: "Calls and meetings, from which summaries count.",
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
        field("baselineSeq", COUNT, Class::Talk).stamped().about("The last entry of the log when it began."),
        field("closedSeq", COUNT, Class::Talk).stamped().about("The last entry of the log when it ended."),
    ],
    ..SHARED
};

pub(super) const PROPOSALS: Collection = Collection {
    name: "proposals",
    singular: "proposal",
    about: "Edits that wait for the consent of others. The server opens them from edits that need it; people may too.",
    entities_max: limits::PROPOSALS_MAX,
    always_written: false,
    class: Class::Commitment,
    fields: &[
        // `items/tasks/ca-1/due: {"old": …, "new": …}`
        field("items", Kind::Map(Entry::Json), Class::Commitment).about("`entity/id/field` to `{old, new}`."),
        field("reason", SHORT, Class::Commitment),
        field("by", PERSON, Class::Commitment).stamped(),
        field("at", Kind::Instant, Class::Commitment).stamped(),
        field("answers", Kind::Map(Entry::Enum(ANSWERS)), Class::Commitment).about("A party to its answer."),
        field("state", Kind::Enum(&["open", "accepted", "declined", "withdrawn", "expired"]), Class::Commitment)
            .or("open"),
        // Who has asked and accepted, and when it was decided.
        field("agreedBy", PERSONS, Class::Commitment).stamped().about("Who has asked and who has accepted."),
        field("decidedAt", Kind::Instant, Class::Commitment).stamped().about("When the last answer came."),
    ],
    ..SHARED
};

pub(super) const VIEWS: Collection = Collection {
    name: "views",
    singular: "view",
    about: "How a party sees a person; its id is the person's.",
    entities_max: limits::PEOPLE_MAX,
    documents: Documents::Private,
    always_written: false,
    class: Class::Private,
    fields: &[
        field(
            "stance",
            Kind::Enum(&["champion", "supporter", "neutral", "sceptic", "opponent", "unknown"]),
            Class::Private,
        )
        .about("Where they stand."),
        field("influence", Kind::Integer { min: 1, max: 5 }, Class::Private).about("5 is the most."),
        field("note", Kind::Text, Class::Private),
    ],
    ..SHARED
};

pub(super) const LINKS: Collection = Collection {
    name: "links",
    singular: "link",
    about: "What a plan is in another system of the party, such as its CRM.",
    entities_max: limits::LINKS_MAX,
    documents: Documents::Private,
    always_written: false,
    class: Class::Private,
    fields: &[
        field("system", LABEL, Class::Private).about("`salesforce`, `hubspot`."),
        field("objectId", TITLE, Class::Private).about("The id there."),
        field("url", SHORT, Class::Private),
        field("fields", Kind::Map(Entry::String), Class::Private).about("A field of the plan to the field there."),
    ],
    ..SHARED
};
