//! What the columns of a table are, by their names in the wild.

use super::words::{plain_words, side};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    /// What a row is: phase, milestone, task, or the kind of a task.
    Kind,
    /// The kind of a task, or of a phase.
    Type,
    Id,
    /// A milestone, or the one a task belongs to.
    Milestone,
    /// A task.
    Task,
    /// Milestones and, behind arrows, tasks.
    Both,
    /// The title of what the row is.
    Title,
    /// A title where there is no other; else notes.
    Description,
    Phase,
    Parent,
    /// Owners, of one side if the name says so.
    Owners(Option<&'static str>),
    Party,
    Status,
    Depends,
    WaitingOn,
    Effort,
    Optimization,
    /// A day, into this field.
    Date(&'static str),
    /// A number of days.
    Duration,
    /// A text, into this field.
    Text(&'static str),
    /// The columns of risks, criteria and people.
    Risk,
    Probability,
    Impact,
    Mitigation,
    Linked,
    Criterion,
    Baseline,
    Target,
    Unit,
    Measured,
    Name,
    Role,
    Email,
    DecisionRole,
    Needs,
    /// One that is not known here.
    Other,
}

const NAMES: &[(Column, &[&str])] = &[
    (Column::Kind, &["kind", "item type", "row type", "level"]),
    (Column::Type, &["type", "task type"]),
    (Column::Id, &["id", "no", "nr", "number", "key", "ref", "reference", "item no", "task id", "wbs"]),
    (
        Column::Milestone,
        &["milestone", "milestones", "key milestone", "key milestones", "milestone name", "milestone title"],
    ),
    (
        Column::Task,
        &[
            "task",
            "tasks",
            "step",
            "steps",
            "activity",
            "activities",
            "action",
            "actions",
            "action item",
            "action items",
            "next step",
            "next steps",
            "to do",
            "todo",
            "task name",
            "task title",
            "task description",
            "subtask",
            "sub task",
            "commitment",
            "deliverable",
            "step name",
            "action required",
        ],
    ),
    (
        Column::Both,
        &[
            "milestone task",
            "milestone step",
            "milestone activity",
            "milestone action",
            "task milestone",
            "activity milestone",
        ],
    ),
    (Column::Title, &["title", "item", "what", "event", "plan item", "subject"]),
    (Column::Description, &["description", "details", "detail"]),
    (Column::Phase, &["phase", "stage", "sales stage", "phase stage", "phase name", "buying stage", "deal stage"]),
    (Column::Parent, &["part of", "parent", "parent task"]),
    (
        Column::Owners(None),
        &[
            "owner",
            "owners",
            "responsible",
            "responsibility",
            "responsible person",
            "dri",
            "assignee",
            "assignees",
            "assigned to",
            "assigned",
            "lead",
            "who",
            "accountable",
            "task owner",
            "action owner",
            "owner name",
            "owned by",
            "owner s",
            "point of contact",
            "team member",
            "names",
        ],
    ),
    (
        Column::Party,
        &[
            "side",
            "party",
            "parties",
            "organization",
            "organisation",
            "org",
            "company",
            "owner organization",
            "owner organisation",
            "owner org",
            "owning party",
            "owner side",
            "owner party",
            "responsible party",
            "responsible side",
            "responsible organization",
            "buyer seller",
            "buyer or seller",
            "customer vendor",
            "owner company",
            "party side",
        ],
    ),
    (
        Column::Status,
        &["status", "state", "progress", "done", "complete", "completed", "current status", "complete y n"],
    ),
    (
        Column::Depends,
        &[
            "depends on",
            "dependency",
            "dependencies",
            "predecessor",
            "predecessors",
            "blocked by",
            "after",
            "requires",
            "prerequisite",
            "prerequisites",
            "depends",
            "dependent on",
        ],
    ),
    (Column::WaitingOn, &["waiting on", "waiting for"]),
    (Column::Effort, &["effort", "effort days"]),
    (Column::Optimization, &["optimization", "optimisation"]),
    (Column::Date("start"), &["start", "start date", "begin", "begin date", "begins", "planned start", "from date"]),
    (
        Column::Date("due"),
        &[
            "due",
            "due date",
            "due by",
            "target date",
            "deadline",
            "date",
            "end",
            "end date",
            "finish",
            "finish date",
            "by",
            "by when",
            "when",
            "completion date",
            "target completion",
            "target completion date",
            "eta",
            "due day",
            "estimated completion",
            "est completion",
            "planned date",
            "planned end",
            "delivery date",
            "timeline",
            "target due date",
        ],
    ),
    (Column::Date("blocked.since"), &["blocked since"]),
    (Column::Duration, &["duration", "duration days", "days"]),
    (Column::Text("blocked.reason"), &["blocked because", "blocker", "blocker reason"]),
    (Column::Text("blocked.needs"), &["blocked needs"]),
    (Column::Text("reason"), &["reason", "reason for change"]),
    (
        Column::Text("buyerGets"),
        &["buyer gets", "what the buyer gets", "value to buyer", "buyer value", "customer value", "outcome"],
    ),
    (
        Column::Text("doneWhen"),
        &[
            "done when",
            "definition of done",
            "exit criteria",
            "acceptance criteria",
            "completion criteria",
            "what done looks like",
        ],
    ),
    (Column::Text("evidence"), &["evidence", "link", "links", "url"]),
    (Column::Text("resources"), &["resources", "resources needed"]),
    (
        Column::Text("notes"),
        &["notes", "note", "comment", "comments", "remark", "remarks", "notes comments", "additional notes"],
    ),
    (
        Column::Risk,
        &["risk", "risks", "risk blocker", "risk description", "risk or blocker", "issue", "risks blockers"],
    ),
    (Column::Probability, &["probability", "likelihood"]),
    (Column::Impact, &["impact", "severity"]),
    (Column::Mitigation, &["mitigation", "mitigation plan", "mitigation strategy", "response"]),
    (Column::Linked, &["concerns", "linked", "affects"]),
    (
        Column::Criterion,
        &["criterion", "criteria", "success criterion", "success criteria", "metric", "success metric", "kpi"],
    ),
    (Column::Baseline, &["from", "current", "baseline", "current value", "today"]),
    (Column::Target, &["to", "target", "goal", "target value"]),
    (Column::Unit, &["unit", "units"]),
    (Column::Measured, &["measured", "actual", "achieved"]),
    (Column::Name, &["name", "person", "stakeholder", "stakeholders", "contact", "full name", "contact name"]),
    (Column::Role, &["role", "roles", "job title", "title role", "role title", "position"]),
    (Column::Email, &["email", "e mail", "mail", "email address"]),
    (Column::DecisionRole, &["decision role", "role in decision", "buying role"]),
    (Column::Needs, &["needs to say yes", "needs", "what they need to say yes", "what they need"]),
];

/// What a column is by its name.
pub(super) fn column(name: &str) -> Column {
    let words = plain_words(name);
    if let Some(column) = named(&words) {
        return column;
    }
    if name.trim() == "#" {
        return Column::Id;
    }
    let (sides, rest): (Vec<&str>, Vec<&str>) = words.split(' ').partition(|word| side(word).is_some());
    let rest: Vec<&str> = rest.into_iter().filter(|word| !matches!(*word, "s" | "side" | "team" | "the")).collect();
    match (sides.as_slice(), named(&rest.join(" "))) {
        // "Owner (customer)", "Vendor DRI", "Customer" alone.
        ([one], Some(Column::Owners(_))) => Column::Owners(side(one)),
        ([one], None) if rest.is_empty() => Column::Owners(side(one)),
        ([_, _, ..], None) if rest.is_empty() => Column::Party,
        ([_, _, ..], Some(Column::Owners(_))) => Column::Owners(None),
        _ => Column::Other,
    }
}

fn named(words: &str) -> Option<Column> {
    NAMES.iter().find(|(_, names)| names.contains(&words)).map(|(column, _)| *column)
}

/// What a table is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    Items,
    Risks,
    Criteria,
    People,
}

/// What a table with these columns is about; `None` if it is no table of a plan.
pub(super) fn about(columns: &[Column]) -> Option<About> {
    let has = |column: Column| columns.contains(&column);
    let owners = columns.iter().any(|column| matches!(column, Column::Owners(_)));
    let titled = [Column::Milestone, Column::Task, Column::Both].into_iter().any(has);
    let named = titled || has(Column::Title) || has(Column::Description);
    let told = owners || has(Column::Date("due")) || has(Column::Status) || has(Column::Kind);
    let is_person = has(Column::Name) || has(Column::Role);
    if has(Column::Risk) && (has(Column::Probability) || has(Column::Impact) || has(Column::Mitigation)) {
        Some(About::Risks)
    } else if has(Column::Criterion) && (has(Column::Baseline) || has(Column::Target)) && !titled {
        Some(About::Criteria)
    } else if (named && told) || (titled && columns.len() > 1 && !is_person) {
        Some(About::Items)
    } else if is_person && columns.len() > 1 {
        Some(About::People)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_many_names() {
        for (name, expected) in [
            ("Due Date", Column::Date("due")),
            ("Target date", Column::Date("due")),
            ("DEADLINE", Column::Date("due")),
            ("Owner (Customer)", Column::Owners(Some("buyer"))),
            ("Vendor owner", Column::Owners(Some("seller"))),
            ("Customer", Column::Owners(Some("buyer"))),
            ("Buyer DRI", Column::Owners(Some("buyer"))),
            ("Responsible", Column::Owners(None)),
            ("Buyer/Seller", Column::Party),
            ("Owner organization", Column::Party),
            ("Milestone / task", Column::Both),
            ("Phase/Stage", Column::Phase),
            ("Depends on", Column::Depends),
            ("#", Column::Id),
            ("Priority", Column::Other),
            ("Duration (days)", Column::Duration),
        ] {
            assert_eq!(column(name), expected, "{name}");
        }
    }

    #[test]
    fn no_name_stands_twice() {
        let mut names: Vec<_> = NAMES.iter().flat_map(|(_, names)| names.iter()).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
