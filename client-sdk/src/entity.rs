//! The entities of a plan as typed, plain values, and the setters of an edit: one row for each field of the schema.
//!
//! In: rows. Out: `Task`, `Milestone`, … with a field for each of the schema's; `TaskEdit`, … with a setter for each that
//! people write. What is always true: a test compares these rows with the schema's, so none is missing or too many.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{Timestamp, civil::Date};
use plansync_protocol::plan::{
    Plan as Rows, RiskState, Row, Status, Value,
    json::{Print, print},
    schema::collection,
};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::{
    edit::{Edit, Given},
    plan::Plan,
};

/// How a field is read from a row.
trait Field: Sized {
    fn read(row: &Row, key: &str) -> Self;
}

impl Field for Option<String> {
    fn read(row: &Row, key: &str) -> Self {
        row.text(key).map(str::to_owned)
    }
}

impl Field for Option<Date> {
    fn read(row: &Row, key: &str) -> Self {
        row.date(key)
    }
}

impl Field for Option<Timestamp> {
    fn read(row: &Row, key: &str) -> Self {
        row.text(key).and_then(|at| at.parse().ok())
    }
}

impl Field for Option<f64> {
    fn read(row: &Row, key: &str) -> Self {
        row.number(key)
    }
}

impl Field for bool {
    fn read(row: &Row, key: &str) -> Self {
        row.is_set(key)
    }
}

impl Field for Vec<String> {
    fn read(row: &Row, key: &str) -> Self {
        row.members(key).map(|(member, _)| member.to_owned()).collect()
    }
}

impl Field for BTreeMap<String, Json> {
    fn read(row: &Row, key: &str) -> Self {
        row.members(key).map(|(member, value)| (member.to_owned(), value.to_json())).collect()
    }
}

impl Field for Option<Json> {
    fn read(row: &Row, key: &str) -> Self {
        row.get(key).map(Value::to_json)
    }
}

impl Field for Status {
    fn read(row: &Row, key: &str) -> Self {
        row.text(key).map_or(Self::Pending, Self::of)
    }
}

impl Field for RiskState {
    fn read(row: &Row, key: &str) -> Self {
        row.text(key).map_or(Self::Open, Self::of)
    }
}

/// A plan as it is at one moment: it does not change any more, and costs little to keep.
#[derive(Debug, Clone)]
pub struct Snapshot {
    rows: Arc<Rows>,
    shared: bool,
}

impl Snapshot {
    pub(crate) fn new(rows: Arc<Rows>, shared: bool) -> Self {
        Self { rows, shared }
    }

    /// The rows of every collection, removed ones too.
    #[must_use]
    pub fn rows(&self) -> &Rows {
        &self.rows
    }

    /// The canonical JSON, `plansync.plan/1`, as the server's; with removed entities if asked.
    #[must_use]
    pub fn to_json(&self, with_removed: bool) -> Json {
        print(&self.rows, Print { shared: self.shared, with_removed })
    }

    /// The fields of the plan itself.
    #[must_use]
    pub fn meta(&self) -> Meta {
        Meta::read("", Arc::new(self.rows.meta.clone()))
    }

    fn one(&self, name: &str, id: &str) -> Option<Arc<Row>> {
        self.rows.rows(collection(name)?).get(id).filter(|row| !row.is_removed()).cloned()
    }

    fn all(&self, name: &str) -> Vec<(String, Arc<Row>)> {
        let Some(collection) = collection(name) else { return Vec::new() };
        let ids: Vec<_> = self.rows.ordered(collection, false).into_iter().map(|(id, _)| id).collect();
        let rows = self.rows.rows(collection);
        ids.into_iter().filter_map(|id| Some((id.to_owned(), Arc::clone(rows.get(id)?)))).collect()
    }
}

macro_rules! entity {
    (
        $(#[$doc:meta])* $name:ident in $collection:literal, read only
        { $($field:ident: $type:ty = $key:literal,)* }
        stamped { $($stamped:ident: $stamped_type:ty = $stamped_key:literal,)* }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name {
            /// The id within its collection.
            pub id: String,
            $(#[doc = concat!("`", $key, "`")] pub $field: $type,)*
            $(#[doc = concat!("`", $stamped_key, "`, which the server writes")] pub $stamped: $stamped_type,)*
            /// Every flat field, also those of a newer server.
            pub row: Arc<Row>,
        }

        impl $name {
            fn read(id: &str, row: Arc<Row>) -> Self {
                Self {
                    id: id.to_owned(),
                    $($field: Field::read(&row, $key),)*
                    $($stamped: Field::read(&row, $stamped_key),)*
                    row,
                }
            }

            #[cfg(test)]
            const FIELDS: (&'static str, &'static [&'static str], &'static [&'static str]) =
                ($collection, &[$($key),*], &[$($stamped_key),*]);
        }
    };
    (
        $(#[$doc:meta])* $name:ident in $collection:literal, $edit:ident
        { $($field:ident: $type:ty = $key:literal,)* }
        stamped { $($stamped:ident: $stamped_type:ty = $stamped_key:literal,)* }
    ) => {
        entity! {
            $(#[$doc])* $name in $collection, read only
            { $($field: $type = $key,)* }
            stamped { $($stamped: $stamped_type = $stamped_key,)* }
        }

        /// An entity within an edit: each call sets a field, `None` takes it away.
        #[derive(Debug)]
        pub struct $edit<'a> {
            edit: &'a mut Edit,
            id: String,
        }

        impl $edit<'_> {
            $(
                #[doc = concat!("Sets `", $key, "`.")]
                pub fn $field(self, value: impl Into<Given>) -> Self {
                    self.edit.put($collection, &self.id, $key, value.into().0);
                    self
                }
            )*

            /// Sets any field: a member of a set (`owners/ann`), an entry of a map (`effort/ann`), one of a newer server.
            pub fn set(self, key: &str, value: impl Into<Given>) -> Self {
                self.edit.put($collection, &self.id, key, value.into().0);
                self
            }

            /// The id.
            #[must_use]
            pub fn id(self) -> String {
                self.id
            }
        }
    };
}

macro_rules! readers {
    ($($name:ident in $collection:literal: $one:ident, $all:ident;)*) => {
        impl Snapshot {
            $(
                #[doc = concat!("The entity of `", $collection, "` with this id, unless it is removed.")]
                #[must_use]
                pub fn $one(&self, id: &str) -> Option<$name> {
                    self.one($collection, id).map(|row| $name::read(id, row))
                }

                #[doc = concat!("The entities of `", $collection, "` that are not removed, in their order.")]
                #[must_use]
                pub fn $all(&self) -> Vec<$name> {
                    self.all($collection).into_iter().map(|(id, row)| $name::read(&id, row)).collect()
                }
            )*
        }

        impl Plan {
            $(
                #[doc = concat!("The entity of `", $collection, "` with this id, unless it is removed.")]
                #[must_use]
                pub fn $one(&self, id: &str) -> Option<$name> {
                    self.snapshot().$one(id)
                }

                #[doc = concat!("The entities of `", $collection, "` that are not removed, in their order.")]
                #[must_use]
                pub fn $all(&self) -> Vec<$name> {
                    self.snapshot().$all()
                }
            )*
        }

        #[cfg(test)]
        const ALL: &[(&str, &[&str], &[&str])] = &[Meta::FIELDS, $($name::FIELDS),*];
    };
}

macro_rules! writers {
    (set { $($collection:literal: $one:ident, $edit:ident;)* } add { $($into:literal: $add:ident, $added:ident;)* }) => {
        impl Edit {
            $(
                #[doc = concat!("An entity of `", $collection, "` that exists, to set its fields.")]
                pub fn $one(&mut self, id: &str) -> $edit<'_> {
                    self.expect($collection, id);
                    $edit { edit: self, id: id.to_owned() }
                }
            )*

            $(
                #[doc = concat!("A new entity of `", $into, "` with an id of its own, at the end.")]
                pub fn $add(&mut self) -> $added<'_> {
                    let id = Uuid::now_v7().simple().to_string();
                    self.begin($into, &id);
                    $added { edit: self, id }
                }
            )*
        }
    };
}

impl Edit {
    /// The fields of the plan itself.
    pub fn meta(&mut self) -> MetaEdit<'_> {
        MetaEdit { edit: self, id: String::new() }
    }

    /// A new dependency: `to` waits for `from`.
    pub fn add_dependency(&mut self, from: &str, to: &str) -> DependencyEdit<'_> {
        let id = format!("{from}>{to}");
        self.begin("dependencies", &id);
        DependencyEdit { edit: self, id }
    }
}

impl Plan {
    /// The fields of the plan itself.
    #[must_use]
    pub fn meta(&self) -> Meta {
        self.snapshot().meta()
    }
}

readers! {
    Party in "parties": party, parties;
    Person in "people": person, people;
    Stakeholder in "stakeholders": stakeholder, stakeholders;
    Objective in "objectives": objective, objectives;
    Criterion in "criteria": criterion, criteria;
    Phase in "phases": phase, phases;
    Milestone in "milestones": milestone, milestones;
    Task in "tasks": task, tasks;
    Dependency in "dependencies": dependency, dependencies;
    Risk in "risks": risk, risks;
    Cadence in "cadence": cadence, cadences;
    Window in "calendar": window, calendar;
    Comment in "comments": comment, comments;
    Touchpoint in "touchpoints": touchpoint, touchpoints;
    Proposal in "proposals": proposal, proposals;
    View in "views": view, views;
    Link in "links": link, links;
}

writers! {
    set {
        "parties": party, PartyEdit;
        "people": person, PersonEdit;
        "stakeholders": stakeholder, StakeholderEdit;
        "objectives": objective, ObjectiveEdit;
        "criteria": criterion, CriterionEdit;
        "phases": phase, PhaseEdit;
        "milestones": milestone, MilestoneEdit;
        "tasks": task, TaskEdit;
        "dependencies": dependency, DependencyEdit;
        "risks": risk, RiskEdit;
        "cadence": cadence, CadenceEdit;
        "calendar": window, WindowEdit;
        "comments": comment, CommentEdit;
        "proposals": proposal, ProposalEdit;
        "views": view, ViewEdit;
        "links": link, LinkEdit;
    }
    add {
        "people": add_person, PersonEdit;
        "objectives": add_objective, ObjectiveEdit;
        "criteria": add_criterion, CriterionEdit;
        "phases": add_phase, PhaseEdit;
        "milestones": add_milestone, MilestoneEdit;
        "tasks": add_task, TaskEdit;
        "risks": add_risk, RiskEdit;
        "cadence": add_cadence, CadenceEdit;
        "calendar": add_window, WindowEdit;
        "comments": add_comment, CommentEdit;
        "proposals": add_proposal, ProposalEdit;
        "links": add_link, LinkEdit;
    }
}

entity! {
    /// The fields of the plan itself.
    Meta in "meta", MetaEdit
    {
        title: Option<String> = "title",
        plan_word: Option<String> = "planWord",
        account: Option<String> = "account",
        opportunity: Option<String> = "opportunity",
        value_amount: Option<f64> = "value.amount",
        value_currency: Option<String> = "value.currency",
        value_basis: Option<String> = "value.basis",
        target_kind: Option<String> = "target.kind",
        target_date: Option<Date> = "target.date",
        go_live: Option<Date> = "goLive",
        sponsors: Vec<String> = "sponsors",
        value_proposition: Option<String> = "valueProposition",
        priority: Option<String> = "priority",
        stage: Option<String> = "stage",
        tz: Option<String> = "tz",
        working_days: Vec<String> = "workingDays",
        shift_mode: Option<String> = "shiftMode",
        trust: Option<String> = "trust",
    }
    stamped {
    }
}

entity! {
    /// A party: a buyer, a seller, a partner.
    Party in "parties", PartyEdit
    {
        kind: Option<String> = "kind",
        name: Option<String> = "name",
        domains: Vec<String> = "domains",
        fiscal_year_start_month: Option<f64> = "fiscalYearStartMonth",
    }
    stamped {
    }
}

entity! {
    /// A person, or a team that stands for one.
    Person in "people", PersonEdit
    {
        party: Option<String> = "party",
        name: Option<String> = "name",
        email: Option<String> = "email",
        title: Option<String> = "title",
        role: Option<String> = "role",
        team: bool = "team",
        placeholder: bool = "placeholder",
        external_ref: Option<String> = "externalRef",
    }
    stamped {
    }
}

entity! {
    /// What part a person has in the decision.
    Stakeholder in "stakeholders", StakeholderEdit
    {
        decision_role: Option<String> = "decisionRole",
        needs: Option<String> = "needs",
    }
    stamped {
    }
}

entity! {
    /// An objective.
    Objective in "objectives", ObjectiveEdit
    {
        rank: Option<String> = "rank",
        text: Option<String> = "text",
        in_buyers_words: bool = "inBuyersWords",
        by: Option<Date> = "by",
    }
    stamped {
    }
}

entity! {
    /// A success criterion.
    Criterion in "criteria", CriterionEdit
    {
        rank: Option<String> = "rank",
        party: Option<String> = "party",
        title: Option<String> = "title",
        metric: Option<String> = "metric",
        unit: Option<String> = "unit",
        direction: Option<String> = "direction",
        baseline: Option<Json> = "baseline",
        target: Option<Json> = "target",
        by: Option<Date> = "by",
        milestone: Option<String> = "milestone",
        frozen: bool = "frozen",
        measured: Option<Json> = "measured",
    }
    stamped {
        frozen_at: Option<Timestamp> = "frozenAt",
        measured_at: Option<Timestamp> = "measuredAt",
    }
}

entity! {
    /// A phase.
    Phase in "phases", PhaseEdit
    {
        rank: Option<String> = "rank",
        name: Option<String> = "name",
        kind: Option<String> = "kind",
        exit_criteria: Option<String> = "exitCriteria",
    }
    stamped {
    }
}

entity! {
    /// A milestone.
    Milestone in "milestones", MilestoneEdit
    {
        phase: Option<String> = "phase",
        rank: Option<String> = "rank",
        title: Option<String> = "title",
        buyer_gets: Option<String> = "buyerGets",
        done_when: Option<String> = "doneWhen",
        owners: Vec<String> = "owners",
        effort: BTreeMap<String, Json> = "effort",
        start: Option<Date> = "start",
        due: Option<Date> = "due",
        duration_days: Option<f64> = "durationDays",
        status: Status = "status",
        reason: Option<String> = "reason",
        blocked_reason: Option<String> = "blocked.reason",
        blocked_needs: Option<String> = "blocked.needs",
        blocked_since: Option<Date> = "blocked.since",
        blocked_by: Option<String> = "blocked.by",
        optimization: bool = "optimization",
        notes: Option<String> = "notes",
    }
    stamped {
        completed_at: Option<Timestamp> = "completedAt",
        completed_by: Option<String> = "completedBy",
    }
}

entity! {
    /// A task.
    Task in "tasks", TaskEdit
    {
        milestone: Option<String> = "milestone",
        parent: Option<String> = "parent",
        rank: Option<String> = "rank",
        title: Option<String> = "title",
        kind: Option<String> = "kind",
        party: Option<String> = "party",
        owners: Vec<String> = "owners",
        start: Option<Date> = "start",
        due: Option<Date> = "due",
        duration_days: Option<f64> = "durationDays",
        status: Status = "status",
        waiting_on: Option<String> = "waitingOn",
        blocked_reason: Option<String> = "blocked.reason",
        blocked_needs: Option<String> = "blocked.needs",
        blocked_since: Option<Date> = "blocked.since",
        blocked_by: Option<String> = "blocked.by",
        commitment_state: Option<String> = "commitment.state",
        commitment_due: Option<Date> = "commitment.due",
        reason: Option<String> = "reason",
        evidence: Option<String> = "evidence",
        resources: Option<String> = "resources",
        notes: Option<String> = "notes",
    }
    stamped {
        commitment_by: Option<String> = "commitment.by",
        commitment_at: Option<Timestamp> = "commitment.at",
        completed_at: Option<Timestamp> = "completedAt",
        completed_by: Option<String> = "completedBy",
    }
}

entity! {
    /// What goes before what.
    Dependency in "dependencies", DependencyEdit
    {
        from: Option<String> = "from",
        to: Option<String> = "to",
        kind: Option<String> = "type",
        strength: Option<String> = "strength",
        min_gap_days: Option<f64> = "minGapDays",
        note: Option<String> = "note",
    }
    stamped {
    }
}

entity! {
    /// A risk.
    Risk in "risks", RiskEdit
    {
        rank: Option<String> = "rank",
        title: Option<String> = "title",
        kind: Option<String> = "kind",
        probability: Option<String> = "probability",
        impact: Option<String> = "impact",
        mitigation: Option<String> = "mitigation",
        contingency: Option<String> = "contingency",
        party: Option<String> = "party",
        owners: Vec<String> = "owners",
        linked: Vec<String> = "linked",
        state: RiskState = "state",
    }
    stamped {
        raised_at: Option<Timestamp> = "raisedAt",
    }
}

entity! {
    /// A meeting or check that comes again.
    Cadence in "cadence", CadenceEdit
    {
        kind: Option<String> = "kind",
        title: Option<String> = "title",
        rrule: Option<String> = "rrule",
        time: Option<String> = "time",
        tz: Option<String> = "tz",
        within_days: Option<f64> = "withinDays",
        within_hours: Option<f64> = "withinHours",
        audience: Vec<String> = "audience",
    }
    stamped {
    }
}

entity! {
    /// Days of the calendar: a blackout, an absence, a budget window.
    Window in "calendar", WindowEdit
    {
        kind: Option<String> = "kind",
        party: Option<String> = "party",
        title: Option<String> = "title",
        from: Option<Date> = "from",
        to: Option<Date> = "to",
        hard: bool = "hard",
    }
    stamped {
    }
}

entity! {
    /// A comment.
    Comment in "comments", CommentEdit
    {
        on: Option<String> = "on",
        text: Option<String> = "text",
        mentions: Vec<String> = "mentions",
        resolved_at: Option<Timestamp> = "resolvedAt",
    }
    stamped {
        at: Option<Timestamp> = "at",
        by: Option<String> = "by",
    }
}

entity! {
    /// A call, a meeting or a mail from which summaries count.
    Touchpoint in "touchpoints", read only
    {
        kind: Option<String> = "kind",
        title: Option<String> = "title",
        attendees: Vec<String> = "attendees",
    }
    stamped {
        started_at: Option<Timestamp> = "startedAt",
        ended_at: Option<Timestamp> = "endedAt",
        baseline_seq: Option<f64> = "baselineSeq",
        closed_seq: Option<f64> = "closedSeq",
    }
}

entity! {
    /// An edit that waits for the consent of another party.
    Proposal in "proposals", ProposalEdit
    {
        items: BTreeMap<String, Json> = "items",
        reason: Option<String> = "reason",
        answers: BTreeMap<String, Json> = "answers",
        state: Option<String> = "state",
    }
    stamped {
        by: Option<String> = "by",
        at: Option<Timestamp> = "at",
        agreed_by: Vec<String> = "agreedBy",
        decided_at: Option<Timestamp> = "decidedAt",
    }
}

entity! {
    /// How a party sees a person of the other side; in its private document.
    View in "views", ViewEdit
    {
        stance: Option<String> = "stance",
        influence: Option<f64> = "influence",
        note: Option<String> = "note",
    }
    stamped {
    }
}

entity! {
    /// What an item is in another system; in the private document.
    Link in "links", LinkEdit
    {
        system: Option<String> = "system",
        object_id: Option<String> = "objectId",
        url: Option<String> = "url",
        fields: BTreeMap<String, Json> = "fields",
    }
    stamped {
    }
}

#[cfg(test)]
mod tests {
    use plansync_protocol::plan::schema::COLLECTIONS;
    use serde_json::json;

    use super::*;

    #[test]
    fn every_field_of_the_schema_can_be_read_and_every_one_that_people_write_be_set() {
        assert_eq!(ALL.len(), COLLECTIONS.len());
        for (collection, (name, written, stamped)) in COLLECTIONS.iter().zip(ALL) {
            assert_eq!(collection.name, *name);
            let of = |stamped: bool| -> Vec<_> {
                collection.fields.iter().filter(|field| field.stamped == stamped).map(|field| field.name).collect()
            };
            assert_eq!((of(false).as_slice(), of(true).as_slice()), (*written, *stamped), "{name}");
        }
    }

    #[test]
    fn an_entity_is_read_as_it_was_set() {
        let mut document = crate::document::Document::new(1);
        let mut edit = Edit::new(Arc::default());
        let id = edit
            .add_task()
            .title("Send the sample")
            .due(jiff::civil::date(2026, 3, 1))
            .status(Status::InProgress)
            .owners(["ben", "ann"])
            .set("owners/carl", true)
            .blocked_reason("No access")
            .parent(None::<&str>)
            .id();
        edit.meta().title("Pilot").target_date("2026-05-15").value_amount(150_000);
        let risk = edit.add_risk().state(RiskState::Mitigating).id();
        let edit = edit.checked(true).unwrap();
        document.write(|txn| plansync_protocol::plan::write::apply_unstamped(txn, &edit)).0.unwrap();
        let now = Snapshot::new(Arc::clone(document.rows()), true);
        let task = now.task(&id).unwrap();
        assert_eq!(
            (task.title.as_deref(), task.blocked_reason.as_deref()),
            (Some("Send the sample"), Some("No access"))
        );
        assert_eq!((task.due, task.status), (Some(jiff::civil::date(2026, 3, 1)), Status::InProgress));
        assert_eq!(task.owners, ["ann", "ben", "carl"]);
        assert_eq!((task.parent, task.completed_at), (None, None));
        assert_eq!(now.risk(&risk).unwrap().state, RiskState::Mitigating);
        let meta = now.meta();
        assert_eq!((meta.title.as_deref(), meta.value_amount), (Some("Pilot"), Some(150_000.0)));
        assert_eq!(now.to_json(false)["meta"]["target"], json!({"date": "2026-05-15"}));
        assert_eq!((now.tasks().len(), now.task("nobody"), now.milestones().len()), (1, None, 0));
    }
}
