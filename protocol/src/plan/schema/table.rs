//! The rows of the schema, one constant for each collection, in the order of the canonical JSON.

use super::record::{COMMENTS, LINKS, PROPOSALS, TOUCHPOINTS, VIEWS};
use super::{Class, Collection, Documents, Entry, Field, Ids, Kind, Member};
use crate::limits;

const PEOPLE: &[&str] = &["people"];
const PARTIES: &[&str] = &["parties"];
const ITEMS: &[&str] = &["milestones", "tasks"];

pub(super) const TITLE: Kind = Kind::String { chars_max: limits::TITLE_CHARS_MAX };
pub(super) const SHORT: Kind = Kind::String { chars_max: limits::SHORT_TEXT_CHARS_MAX };
pub(super) const LABEL: Kind = Kind::String { chars_max: limits::LABEL_CHARS_MAX };
pub(super) const PERSON: Kind = Kind::Id(PEOPLE);
/// A party's id, or one of the words `buyer`, `seller`, `joint`.
const PARTY: Kind = Kind::Id(PARTIES);
pub(super) const PERSONS: Kind = Kind::Set(Member::Id(PEOPLE));
/// About a century: no gap or duration of a plan is longer.
const DAYS: Kind = Kind::Integer { min: 0, max: 36_600 };

const STATUS: Kind = Kind::Enum(&["pending", "in_progress", "blocked", "complete", "cancelled"]);
const SIDE: Kind = Kind::Enum(&["buyer", "seller", "joint"]);
const LEVEL: Kind = Kind::Enum(&["low", "medium", "high"]);

pub(super) const fn field(name: &'static str, kind: Kind, class: Class) -> Field {
    Field::new(name, kind, class)
}

/// The fields of a removal, which entities of every collection have. `removed` is written by whoever removes; the
/// server adds when and who.
pub static REMOVAL: &[Field] = &[
    field("removed", Kind::Bool, Class::Structure),
    field("removedAt", Kind::Instant, Class::Structure).stamped(),
    field("removedBy", PERSON, Class::Structure).stamped(),
];

/// What most collections have in common.
pub(super) const SHARED: Collection = Collection {
    name: "",
    singular: "",
    fields: &[],
    ids: Ids::Name,
    entities_max: 1,
    documents: Documents::Shared,
    server_written: false,
    always_written: true,
    class: Class::Structure,
};

/// Every collection, in the order of the canonical JSON.
pub static COLLECTIONS: &[Collection] = &[
    META,
    PARTIES_,
    PEOPLE_,
    STAKEHOLDERS,
    OBJECTIVES,
    CRITERIA,
    PHASES,
    MILESTONES,
    TASKS,
    DEPENDENCIES,
    RISKS,
    CADENCE,
    CALENDAR,
    COMMENTS,
    TOUCHPOINTS,
    PROPOSALS,
    VIEWS,
    LINKS,
];

const META: Collection = Collection {
    name: "meta",
    singular: "plan",
    ids: Ids::None,
    class: Class::Head,
    fields: &[
        field("title", TITLE, Class::Head).required(),
        field("planWord", LABEL, Class::Head).or("Mutual Action Plan"),
        field("account", TITLE, Class::Head).required(),
        field("opportunity", TITLE, Class::Head).required(),
        field("value.amount", Kind::Number, Class::Head),
        field("value.currency", LABEL, Class::Head),
        field("value.basis", Kind::Enum(&["acv", "tcv", "arr", "one_off", "other"]), Class::Head),
        field("target.kind", Kind::Enum(&["close", "go_live", "other"]), Class::Target),
        field("target.date", Kind::Date, Class::Target).required(),
        field("goLive", Kind::Date, Class::Head),
        field("sponsors", PERSONS, Class::Head).required(),
        field("valueProposition", Kind::Text, Class::Head).required(),
        field("priority", LABEL, Class::Head),
        field(
            "stage",
            Kind::Enum(&["draft", "active", "on_hold", "won", "lost", "onboarding", "complete", "archived"]),
            Class::Head,
        ),
        field("tz", Kind::TimeZone, Class::Head).required(),
        field("workingDays", Kind::Set(Member::Enum(&["mo", "tu", "we", "th", "fr", "sa", "su"])), Class::Head),
        field("shiftMode", Kind::Enum(&["propose", "consume", "keep_gap", "off"]), Class::Head).or("propose"),
        field("trust", Kind::Enum(&["handshake", "open"]), Class::Head).or("handshake"),
    ],
    ..SHARED
};

const PARTIES_: Collection = Collection {
    name: "parties",
    singular: "party",
    ids: Ids::Party,
    entities_max: limits::PARTIES_MAX,
    class: Class::People,
    fields: &[
        field("kind", Kind::Enum(&["buyer", "seller", "partner"]), Class::People).required(),
        field("name", TITLE, Class::People),
        field("domains", Kind::Set(Member::Name), Class::People),
        field("fiscalYearStartMonth", Kind::Integer { min: 1, max: 12 }, Class::People),
    ],
    ..SHARED
};

const PEOPLE_: Collection = Collection {
    name: "people",
    singular: "person",
    entities_max: limits::PEOPLE_MAX,
    class: Class::People,
    fields: &[
        field("party", PARTY, Class::People).required(),
        field("name", TITLE, Class::People),
        field("email", TITLE, Class::People),
        field("title", TITLE, Class::People),
        field("role", TITLE, Class::People).required(),
        field("team", Kind::Bool, Class::People),
        field("placeholder", Kind::Bool, Class::People),
        field("externalRef", TITLE, Class::People),
    ],
    ..SHARED
};

const STAKEHOLDERS: Collection = Collection {
    name: "stakeholders",
    singular: "stakeholder",
    entities_max: limits::PEOPLE_MAX,
    class: Class::People,
    fields: &[
        field(
            "decisionRole",
            Kind::Enum(&[
                "economic_buyer",
                "technical_evaluator",
                "executive_sponsor",
                "champion",
                "end_user",
                "legal",
                "procurement",
                "security",
                "influencer",
                "approver",
                "other",
            ]),
            Class::People,
        )
        .required(),
        field("needs", Kind::Text, Class::People),
    ],
    ..SHARED
};

const OBJECTIVES: Collection = Collection {
    name: "objectives",
    singular: "objective",
    entities_max: limits::GOALS_MAX,
    class: Class::Criteria,
    fields: &[
        field("rank", Kind::Rank, Class::Structure),
        field("text", Kind::Text, Class::Criteria),
        field("inBuyersWords", Kind::Bool, Class::Criteria),
        field("by", Kind::Date, Class::Criteria),
    ],
    ..SHARED
};

const CRITERIA: Collection = Collection {
    name: "criteria",
    singular: "criterion",
    entities_max: limits::GOALS_MAX,
    documents: Documents::Both,
    class: Class::Criteria,
    fields: &[
        field("rank", Kind::Rank, Class::Structure),
        field("party", SIDE, Class::Criteria).required(),
        field("title", TITLE, Class::Criteria).required(),
        field("metric", TITLE, Class::Criteria),
        field("unit", LABEL, Class::Criteria),
        field("direction", Kind::Enum(&["increase", "decrease", "reach"]), Class::Criteria),
        field("baseline", Kind::Any, Class::Criteria),
        field("target", Kind::Any, Class::Criteria),
        field("by", Kind::Date, Class::Criteria),
        field("milestone", Kind::Id(&["milestones"]), Class::Criteria),
        field("frozenAt", Kind::Instant, Class::Criteria).stamped(),
        field("measured", Kind::Any, Class::Criteria),
        field("measuredAt", Kind::Instant, Class::Criteria).stamped(),
    ],
    ..SHARED
};

const PHASES: Collection = Collection {
    name: "phases",
    singular: "phase",
    entities_max: limits::PHASES_MAX,
    fields: &[
        field("rank", Kind::Rank, Class::Structure),
        field("name", TITLE, Class::Structure).required(),
        field("kind", LABEL, Class::Structure),
        field("exitCriteria", Kind::Text, Class::Detail),
    ],
    ..SHARED
};

const MILESTONES: Collection = Collection {
    name: "milestones",
    singular: "milestone",
    entities_max: limits::MILESTONES_MAX,
    fields: &[
        field("phase", Kind::Id(&["phases"]), Class::Structure),
        field("rank", Kind::Rank, Class::Structure),
        field("title", TITLE, Class::Detail).required(),
        field("buyerGets", SHORT, Class::Detail),
        field("doneWhen", Kind::Text, Class::Detail),
        field("owners", PERSONS, Class::Owner).required(),
        field("effort", Kind::Map(Entry::Number), Class::Owner),
        field("start", Kind::Date, Class::Date),
        field("due", Kind::Date, Class::Date).required(),
        field("durationDays", DAYS, Class::Date),
        field("status", STATUS, Class::Status).or("pending"),
        field("reason", SHORT, Class::Detail),
        field("blocked.reason", SHORT, Class::Blocker),
        field("blocked.needs", SHORT, Class::Blocker),
        field("blocked.since", Kind::Date, Class::Blocker),
        field("blocked.by", PERSON, Class::Blocker),
        field("optimization", Kind::Bool, Class::Detail),
        field("completedAt", Kind::Instant, Class::Status).stamped(),
        field("completedBy", PERSON, Class::Status).stamped(),
        field("notes", Kind::Text, Class::Detail),
    ],
    ..SHARED
};

const TASKS: Collection = Collection {
    name: "tasks",
    singular: "task",
    entities_max: limits::TASKS_MAX,
    documents: Documents::Both,
    fields: &[
        field("milestone", Kind::Id(&["milestones"]), Class::Structure),
        field("parent", Kind::Id(&["tasks"]), Class::Structure),
        field("rank", Kind::Rank, Class::Structure),
        field("title", TITLE, Class::Detail).required(),
        field("kind", Kind::Enum(&["task", "call", "meeting", "approval", "document", "checkpoint"]), Class::Detail)
            .or("task"),
        field("party", PARTY, Class::Owner).required(),
        field("owners", PERSONS, Class::Owner).required(),
        field("start", Kind::Date, Class::Date),
        field("due", Kind::Date, Class::Date).required(),
        field("durationDays", DAYS, Class::Date),
        field("status", STATUS, Class::Status).or("pending"),
        field("waitingOn", PARTY, Class::Status),
        field("blocked.reason", SHORT, Class::Blocker),
        field("blocked.needs", SHORT, Class::Blocker),
        field("blocked.since", Kind::Date, Class::Blocker),
        field("blocked.by", PERSON, Class::Blocker),
        field("commitment.state", Kind::Enum(&["proposed", "accepted", "declined", "countered"]), Class::Commitment),
        field("commitment.due", Kind::Date, Class::Commitment),
        field("commitment.by", PERSON, Class::Commitment).stamped(),
        field("commitment.at", Kind::Instant, Class::Commitment).stamped(),
        field("reason", SHORT, Class::Detail),
        field("evidence", SHORT, Class::Detail),
        field("resources", Kind::Text, Class::Detail),
        field("notes", Kind::Text, Class::Detail),
        field("completedAt", Kind::Instant, Class::Status).stamped(),
        field("completedBy", PERSON, Class::Status).stamped(),
    ],
    ..SHARED
};

const DEPENDENCIES: Collection = Collection {
    name: "dependencies",
    singular: "dependency",
    ids: Ids::Edge,
    entities_max: limits::DEPENDENCIES_MAX,
    fields: &[
        field("from", Kind::Id(ITEMS), Class::Structure).required(),
        field("to", Kind::Id(ITEMS), Class::Structure).required(),
        field("type", Kind::Enum(&["FS", "SS", "FF", "SF"]), Class::Structure).or("FS"),
        field("strength", Kind::Enum(&["hard", "soft"]), Class::Structure).or("hard"),
        field("minGapDays", DAYS, Class::Structure).or("0"),
        field("note", SHORT, Class::Detail),
    ],
    ..SHARED
};

const RISKS: Collection = Collection {
    name: "risks",
    singular: "risk",
    entities_max: limits::RISKS_MAX,
    documents: Documents::Both,
    class: Class::Risk,
    fields: &[
        field("rank", Kind::Rank, Class::Structure),
        field("title", TITLE, Class::Risk).required(),
        field("kind", Kind::Enum(&["risk", "blocker"]), Class::Risk).or("risk"),
        field("probability", LEVEL, Class::Risk).required(),
        field("impact", LEVEL, Class::Risk).required(),
        field("mitigation", Kind::Text, Class::Risk).required(),
        field("contingency", Kind::Text, Class::Risk),
        field("party", PARTY, Class::Risk),
        field("owners", PERSONS, Class::Risk).required(),
        field("linked", Kind::Set(Member::Id(ITEMS)), Class::Risk),
        field("state", Kind::Enum(&["open", "mitigating", "accepted", "closed", "happened"]), Class::Risk).or("open"),
        field("raisedAt", Kind::Instant, Class::Risk).stamped(),
    ],
    ..SHARED
};

const CADENCE: Collection = Collection {
    name: "cadence",
    singular: "cadence",
    entities_max: limits::CADENCE_MAX,
    class: Class::Calendar,
    fields: &[
        field(
            "kind",
            Kind::Enum(&["review_call", "milestone_checkin", "blocker_escalation", "executive_update", "other"]),
            Class::Calendar,
        ),
        field("title", TITLE, Class::Calendar).required(),
        field("rrule", TITLE, Class::Calendar),
        field("time", Kind::Time, Class::Calendar),
        field("tz", Kind::TimeZone, Class::Calendar),
        field("withinDays", DAYS, Class::Calendar),
        field("withinHours", DAYS, Class::Calendar),
        field("audience", PERSONS, Class::Calendar),
    ],
    ..SHARED
};

const CALENDAR: Collection = Collection {
    name: "calendar",
    singular: "window",
    entities_max: limits::CALENDAR_MAX,
    class: Class::Calendar,
    fields: &[
        field(
            "kind",
            Kind::Enum(&["blackout", "customer_event", "fiscal_boundary", "budget_window", "unavailable"]),
            Class::Calendar,
        ),
        field("party", PARTY, Class::Calendar).required(),
        field("title", TITLE, Class::Calendar).required(),
        field("from", Kind::Date, Class::Calendar).required(),
        field("to", Kind::Date, Class::Calendar).required(),
        field("hard", Kind::Bool, Class::Calendar),
    ],
    ..SHARED
};
