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
    about: "",
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
    about: "The plan itself: what it is about, for whom, and by when.",
    ids: Ids::None,
    class: Class::Head,
    fields: &[
        field("title", TITLE, Class::Head).required(),
        field("planWord", LABEL, Class::Head).or("Mutual Action Plan").about("What the parties call a plan."),
        field("account", TITLE, Class::Head).required().about("The buying company."),
        field("opportunity", TITLE, Class::Head).required().about("The deal."),
        field("value.amount", Kind::Number, Class::Head).about("What the deal is worth."),
        field("value.currency", LABEL, Class::Head).about("An ISO 4217 code: `EUR`."),
        field("value.basis", Kind::Enum(&["acv", "tcv", "arr", "one_off", "other"]), Class::Head).about("What the amount counts."),
        field("target.kind", Kind::Enum(&["close", "go_live", "other"]), Class::Target).about("What the plan is to reach."),
        field("target.date", Kind::Date, Class::Target).required().about("The day it is to be reached; moving it needs the other side's consent."),
        field("goLive", Kind::Date, Class::Head).about("The day the buyer begins to use what it buys."),
        field("sponsors", PERSONS, Class::Head).required().about("One executive for each party."),
        field("valueProposition", Kind::Text, Class::Head).required().about("Why the buyer does this, in 20 to 30 words."),
        field("priority", LABEL, Class::Head),
        field(
            "stage",
            Kind::Enum(&["draft", "active", "on_hold", "won", "lost", "onboarding", "complete", "archived"]),
            Class::Head,
        )
        .about("How far the deal is."),
        field("tz", Kind::TimeZone, Class::Head).required().about("Whose days the plan's days are."),
        field("workingDays", Kind::Set(Member::Enum(&["mo", "tu", "we", "th", "fr", "sa", "su"])), Class::Head).about("Days that count as work. Where there are none, dates may fall on any day, and advice is given on weekends."),
        field("shiftMode", Kind::Enum(&["propose", "consume", "keep_gap", "off"]), Class::Head).or("propose").about("What is proposed for later items when one slips: the least that must move, what its slack does not take up, everything by as much, or nothing."),
        field("trust", Kind::Enum(&["handshake", "open"]), Class::Head).or("handshake").about("Whether edits that concern the other side wait for its consent (`handshake`) or hold at once (`open`)."),
    ],
    ..SHARED
};

const PARTIES_: Collection = Collection {
    name: "parties",
    singular: "party",
    about: "The companies that agree on the plan: one buyer, one seller, any number of partners.",
    ids: Ids::Party,
    entities_max: limits::PARTIES_MAX,
    class: Class::People,
    fields: &[
        field("kind", Kind::Enum(&["buyer", "seller", "partner"]), Class::People).required(),
        field("name", TITLE, Class::People),
        field("domains", Kind::Set(Member::Name), Class::People).about("Mail domains of the company."),
        field("fiscalYearStartMonth", Kind::Integer { min: 1, max: 12 }, Class::People).about("1 is January."),
    ],
    ..SHARED
};

const PEOPLE_: Collection = Collection {
    name: "people",
    singular: "person",
    about: "Who takes part: persons, teams that stand for one, and roles that nobody has been named for yet.",
    entities_max: limits::PEOPLE_MAX,
    class: Class::People,
    fields: &[
        field("party", PARTY, Class::People).required(),
        field("name", TITLE, Class::People),
        field("email", TITLE, Class::People),
        field("title", TITLE, Class::People).about("What stands on their card."),
        field("role", TITLE, Class::People).required().about("What they are in this plan: `IT Manager`."),
        field("team", Kind::Bool, Class::People).about("A team that stands for a person."),
        field("placeholder", Kind::Bool, Class::People).about("A role that nobody has been named for yet."),
        field("externalRef", TITLE, Class::People).about("Their id in another system."),
    ],
    ..SHARED
};

const STAKEHOLDERS: Collection = Collection {
    name: "stakeholders",
    singular: "stakeholder",
    about: "What a person decides and needs; its id is the person's.",
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
        .about("Their part in the decision.")
        .required(),
        field("needs", Kind::Text, Class::People).about("What they need to say yes."),
    ],
    ..SHARED
};

const OBJECTIVES: Collection = Collection {
    name: "objectives",
    singular: "objective",
    about: "What the buyer wants to reach.",
    entities_max: limits::GOALS_MAX,
    class: Class::Criteria,
    fields: &[
        field("rank", Kind::Rank, Class::Structure),
        field("text", Kind::Text, Class::Criteria),
        field("inBuyersWords", Kind::Bool, Class::Criteria).about("Written as the buyer says it."),
        field("by", Kind::Date, Class::Criteria),
    ],
    ..SHARED
};

const CRITERIA: Collection = Collection {
    name: "criteria",
    singular: "criterion",
    about: "What success is measured by.",
    entities_max: limits::GOALS_MAX,
    documents: Documents::Both,
    class: Class::Criteria,
    fields: &[
        field("rank", Kind::Rank, Class::Structure),
        field("party", SIDE, Class::Criteria).required().about("Who has to agree that it is met."),
        field("title", TITLE, Class::Criteria).required(),
        field("metric", TITLE, Class::Criteria).about("What is counted."),
        field("unit", LABEL, Class::Criteria),
        field("direction", Kind::Enum(&["increase", "decrease", "reach"]), Class::Criteria)
            .about("Which way is better."),
        field("baseline", Kind::Any, Class::Criteria).about("Where it stood before."),
        field("target", Kind::Any, Class::Criteria).about("Where it is to stand."),
        field("by", Kind::Date, Class::Criteria).about("The day it is to stand there."),
        field("milestone", Kind::Id(&["milestones"]), Class::Criteria).about("With which it is checked."),
        field("frozen", Kind::Bool, Class::Criteria)
            .about("Both sides have agreed on it: later edits are marked `afterFreeze`."),
        field("frozenAt", Kind::Instant, Class::Criteria).stamped().about("When it was frozen."),
        field("measured", Kind::Any, Class::Criteria).about("The latest value."),
        field("measuredAt", Kind::Instant, Class::Criteria).stamped(),
    ],
    ..SHARED
};

const PHASES: Collection = Collection {
    name: "phases",
    singular: "phase",
    about: "Stretches of the plan that milestones stand in.",
    entities_max: limits::PHASES_MAX,
    fields: &[
        field("rank", Kind::Rank, Class::Structure),
        field("name", TITLE, Class::Structure).required(),
        field("kind", LABEL, Class::Structure),
        field("exitCriteria", Kind::Text, Class::Detail).about("What has to hold before the next one begins."),
    ],
    ..SHARED
};

const MILESTONES: Collection = Collection {
    name: "milestones",
    singular: "milestone",
    about: "Points of the plan that both sides have agreed on, each with something the buyer gets.",
    entities_max: limits::MILESTONES_MAX,
    fields: &[
        field("phase", Kind::Id(&["phases"]), Class::Structure),
        field("rank", Kind::Rank, Class::Structure),
        field("title", TITLE, Class::Detail).required(),
        field("buyerGets", SHORT, Class::Detail).about("What the buyer has in hand when it is reached."),
        field("doneWhen", Kind::Text, Class::Detail).about("How everybody sees that it is reached."),
        field("owners", PERSONS, Class::Owner)
            .required()
            .about("At least one person of the buyer and one of the seller."),
        field("effort", Kind::Map(Entry::Number), Class::Owner).about("Days of work of a person."),
        field("start", Kind::Date, Class::Date),
        field("due", Kind::Date, Class::Date).required(),
        field("durationDays", DAYS, Class::Date).about("How long it takes."),
        field("status", STATUS, Class::Status).or("pending"),
        field("reason", SHORT, Class::Detail).about("Why its date or status was last changed."),
        field("blocked.reason", SHORT, Class::Blocker).about("What stands in the way."),
        field("blocked.needs", SHORT, Class::Blocker).about("What would take it out of the way."),
        field("blocked.since", Kind::Date, Class::Blocker),
        field("blocked.by", PERSON, Class::Blocker).about("Who has said so."),
        field("optimization", Kind::Bool, Class::Detail)
            .about("Comes after the target: the buyer gets more out of it."),
        field("completedAt", Kind::Instant, Class::Status).stamped(),
        field("completedBy", PERSON, Class::Status).stamped(),
        field("notes", Kind::Text, Class::Detail),
    ],
    ..SHARED
};

const TASKS: Collection = Collection {
    name: "tasks",
    singular: "task",
    about: "What somebody has to do until a milestone is reached.",
    entities_max: limits::TASKS_MAX,
    documents: Documents::Both,
    fields: &[
        field("milestone", Kind::Id(&["milestones"]), Class::Structure),
        field("parent", Kind::Id(&["tasks"]), Class::Structure).about("The task that it is a step of."),
        field("rank", Kind::Rank, Class::Structure),
        field("title", TITLE, Class::Detail).required(),
        field("kind", Kind::Enum(&["task", "call", "meeting", "approval", "document", "checkpoint"]), Class::Detail)
            .or("task"),
        field("party", PARTY, Class::Owner).required().about("Whose task it is: a party, or `joint`."),
        field("owners", PERSONS, Class::Owner).required(),
        field("start", Kind::Date, Class::Date),
        field("due", Kind::Date, Class::Date).required(),
        field("durationDays", DAYS, Class::Date).about("How long it takes."),
        field("status", STATUS, Class::Status).or("pending"),
        field("waitingOn", PARTY, Class::Status).about("Who has to act before it can go on."),
        field("blocked.reason", SHORT, Class::Blocker).about("What stands in the way."),
        field("blocked.needs", SHORT, Class::Blocker).about("What would take it out of the way."),
        field("blocked.since", Kind::Date, Class::Blocker),
        field("blocked.by", PERSON, Class::Blocker).about("Who has said so."),
        field("commitment.state", Kind::Enum(&["proposed", "accepted", "declined", "countered"]), Class::Commitment)
            .about("Whether its date has been promised; a new date asks again."),
        field("commitment.due", Kind::Date, Class::Commitment).about("The date that is promised, or offered instead."),
        field("commitment.by", PERSON, Class::Commitment).stamped(),
        field("commitment.at", Kind::Instant, Class::Commitment).stamped(),
        field("reason", SHORT, Class::Detail).about("Why its date or status was last changed."),
        field("evidence", SHORT, Class::Detail).about("Where one can see that it is done: an address."),
        field("resources", Kind::Text, Class::Detail).about("What helps to do it: links and documents."),
        field("notes", Kind::Text, Class::Detail),
        field("completedAt", Kind::Instant, Class::Status).stamped(),
        field("completedBy", PERSON, Class::Status).stamped(),
    ],
    ..SHARED
};

const DEPENDENCIES: Collection = Collection {
    name: "dependencies",
    singular: "dependency",
    about: "What has to come before what; its id is `from>to`. Hard ones that would close a circle are refused.",
    ids: Ids::Edge,
    entities_max: limits::DEPENDENCIES_MAX,
    fields: &[
        field("from", Kind::Id(ITEMS), Class::Structure).required().about("What comes first."),
        field("to", Kind::Id(ITEMS), Class::Structure).required().about("What comes after it."),
        field("type", Kind::Enum(&["FS", "SS", "FF", "SF"]), Class::Structure).or("FS").about("Which end of the first holds which end of the second: finish to start, start to start, finish to finish, start to finish."),
        field("strength", Kind::Enum(&["hard", "soft"]), Class::Structure).or("hard").about("A soft one is shown and may drive the target, but moves nothing."),
        field("minGapDays", DAYS, Class::Structure).or("0").about("Calendar days between them, at least."),
        field("note", SHORT, Class::Detail),
    ],
    ..SHARED
};

const RISKS: Collection = Collection {
    name: "risks",
    singular: "risk",
    about: "What may go wrong or stands in the way, and what is done about it.",
    entities_max: limits::RISKS_MAX,
    documents: Documents::Both,
    class: Class::Risk,
    fields: &[
        field("rank", Kind::Rank, Class::Structure),
        field("title", TITLE, Class::Risk).required(),
        field("kind", Kind::Enum(&["risk", "blocker"]), Class::Risk).or("risk"),
        field("probability", LEVEL, Class::Risk).required(),
        field("impact", LEVEL, Class::Risk).required(),
        field("mitigation", Kind::Text, Class::Risk).required().about("What is done so that it does not happen."),
        field("contingency", Kind::Text, Class::Risk).about("What is done when it happens."),
        field("party", PARTY, Class::Risk),
        field("owners", PERSONS, Class::Risk).required(),
        field("linked", Kind::Set(Member::Id(ITEMS)), Class::Risk).about("Milestones and tasks that it threatens."),
        field("state", Kind::Enum(&["open", "mitigating", "accepted", "closed", "happened"]), Class::Risk).or("open"),
        field("raisedAt", Kind::Instant, Class::Risk).stamped(),
    ],
    ..SHARED
};

const CADENCE: Collection = Collection {
    name: "cadence",
    singular: "cadence",
    about: "When the parties meet or tell each other how it goes.",
    entities_max: limits::CADENCE_MAX,
    class: Class::Calendar,
    fields: &[
        field(
            "kind",
            Kind::Enum(&["review_call", "milestone_checkin", "blocker_escalation", "executive_update", "other"]),
            Class::Calendar,
        ),
        field("title", TITLE, Class::Calendar).required(),
        field("rrule", TITLE, Class::Calendar).about("When it comes back, as of RFC 5545: `FREQ=WEEKLY;BYDAY=TU`."),
        field("time", Kind::Time, Class::Calendar),
        field("tz", Kind::TimeZone, Class::Calendar),
        field("withinDays", DAYS, Class::Calendar).about("How soon after what calls for it."),
        field("withinHours", DAYS, Class::Calendar).about("How soon after what calls for it."),
        field("audience", PERSONS, Class::Calendar).about("Who takes part or is told."),
    ],
    ..SHARED
};

const CALENDAR: Collection = Collection {
    name: "calendar",
    singular: "window",
    about: "Days that a party cannot be reached, or that are decided elsewhere.",
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
        field("hard", Kind::Bool, Class::Calendar).about("Nothing can be due then; otherwise it is a warning."),
    ],
    ..SHARED
};
