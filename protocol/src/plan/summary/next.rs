//! Who does what next, and who owes an answer.

use jiff::civil::Date;
use serde::Serialize;

use super::changed::Writer;
use super::names::Names;
use super::span::{Line, Mark, Spans, count, day, near_day, short};
use crate::ids::PartyId;
use crate::plan::change::{Difference, Verb, What};
use crate::plan::item::{Item, items};
use crate::plan::schedule::Schedule;
use crate::plan::schema::{Class, Kind, collection};

/// How far ahead the next steps reach.
const AHEAD_DAYS: i32 = 14;
/// The least steps of a party, if it has so many, and the most.
const STEPS_MIN: usize = 3;
const STEPS_MAX: usize = 6;

/// What a party owes next.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Owes {
    /// The party's id.
    pub party: String,
    /// What to call it.
    pub label: String,
    /// Whether the summary is made for it.
    pub is_reader: bool,
    /// The step, if any is left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<Step>,
}

/// One item that is still to be done.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// `tasks/ca-1`.
    pub subject: String,
    /// Its title.
    pub title: String,
    /// Its owners of this party, or all of them.
    pub owners: Vec<String>,
    /// The day it is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<Date>,
    /// Days since that day; 0 when it is not overdue.
    pub overdue: i32,
    /// Whether both sides owe it.
    pub is_joint: bool,
    /// The first day it can be done by, if that is later than it is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cannot_before: Option<Date>,
    /// Whether something stands in its way.
    pub is_blocked: bool,
}

/// The next steps of a party.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PartyNext {
    /// The party's id.
    pub party: String,
    /// What to call it.
    pub label: String,
    /// Whether the summary is made for it.
    pub is_reader: bool,
    /// The steps, by due day.
    pub steps: Vec<Step>,
    /// Further open items.
    pub more: usize,
}

/// The open items of each party by due day, the buyer first; tasks and milestones.
pub(super) fn steps(writer: &Writer<'_>, schedule: &Schedule, reader: Option<&PartyId>) -> Vec<PartyNext> {
    let Writer { plan, names, as_of, .. } = *writer;
    let mut open: Vec<Item<'_>> = items(plan).into_iter().filter(Item::is_open).collect();
    // Of one day the task is nearer to hand than the milestone it leads to.
    open.sort_by_key(|item| (item.due.unwrap_or(Date::MAX), item.is_milestone));
    let mut all = Vec::new();
    for party in names.parties() {
        let steps: Vec<Step> = open
            .iter()
            .filter_map(|item| {
                let parties = names.owners_parties(item.row);
                let is_joint = parties.len() > 1;
                parties
                    .contains(&party.id.as_str())
                    .then(|| step(item, Some(&party.id), is_joint, names, schedule, as_of))
            })
            .collect();
        // A partner that has nothing to do has no heading.
        if steps.is_empty() && party.is_partner() {
            continue;
        }
        all.push(PartyNext {
            party: party.id.clone(),
            label: party.label.clone(),
            is_reader: reader.is_some_and(|reader| reader.as_str() == party.id),
            more: 0,
            steps,
        });
    }
    all
}

/// What each party owes next: its own task before one that both sides owe, and that before a milestone.
pub(super) fn owes(next: &[PartyNext]) -> Vec<Owes> {
    let first = |party: &PartyNext| {
        let own = party.steps.iter().find(|step| !step.is_joint && step.subject.starts_with("tasks/"));
        let joint = || party.steps.iter().find(|step| step.subject.starts_with("tasks/"));
        own.or_else(joint).or_else(|| party.steps.first()).cloned()
    };
    next.iter()
        .map(|party| Owes {
            party: party.party.clone(),
            label: party.label.clone(),
            is_reader: party.is_reader,
            step: first(party),
        })
        .collect()
}

/// The steps of the next two weeks, at least three and at most six.
pub(super) fn cut(mut next: Vec<PartyNext>, as_of: Date) -> Vec<PartyNext> {
    for party in &mut next {
        let soon =
            party.steps.iter().take_while(|step| step.due.is_some_and(|due| (due - as_of).get_days() <= AHEAD_DAYS));
        let shown = soon.count().clamp(STEPS_MIN, STEPS_MAX).min(party.steps.len());
        party.more = party.steps.len() - shown;
        party.steps.truncate(shown);
    }
    next
}

fn step(
    item: &Item<'_>,
    party: Option<&str>,
    is_joint: bool,
    names: &Names<'_>,
    schedule: &Schedule,
    as_of: Date,
) -> Step {
    let slips = schedule.slip.contains_key(item.id) && item.due.is_some_and(|due| due >= as_of);
    Step {
        subject: item.path(),
        title: names.item(item.id),
        owners: names.owners(item.row, party),
        due: item.due,
        overdue: item.days_overdue(as_of),
        is_joint,
        cannot_before: schedule.finish.get(item.id).copied().filter(|_| slips),
        is_blocked: item.is_blocked(),
    }
}

impl Step {
    /// `**Feb 27** **Sign mutual NDA** — Legal Counsel`.
    pub(super) fn spans(&self, as_of: Date) -> Spans {
        let mut spans = match self.due {
            Some(due) => Spans::default().plain(&format!("{}: ", near_day(due, as_of))),
            None => Spans::default().plain("No date: "),
        };
        spans = spans.strong(&self.title);
        if self.is_joint {
            spans = spans.plain(" (joint)");
        }
        if self.overdue > 0 {
            let days = count(usize::try_from(self.overdue).unwrap_or(0), "day");
            spans = spans.plain(" ").add(Mark::Late, &format!("⚠ {days} overdue"));
        }
        if self.is_blocked {
            spans = spans.plain(" ").add(Mark::Late, "⚠ blocked");
        }
        if let Some(date) = self.cannot_before {
            spans = spans.plain(" ").add(Mark::Late, &format!("⚠ not before {}", day(date, as_of)));
        }
        let owners = if self.owners.is_empty() { "no owner".to_owned() } else { self.owners.join(", ") };
        spans.faint(&format!(" — {owners}"))
    }
}

/// What waits for an answer: open proposals, and commitments that were asked for and not accepted.
pub(super) fn waiting(writer: &Writer<'_>) -> Vec<Line> {
    let Writer { plan, names, as_of, .. } = *writer;
    let mut lines = Vec::new();
    for proposal in plan.entities("proposals").filter(|each| each.row.text("state").unwrap_or("open") == "open") {
        let mut spans = Spans::default();
        let items: Vec<_> = proposal.row.members("items").collect();
        for (at, (path, value)) in items.iter().take(3).enumerate() {
            spans = spans.plain(if at == 0 { "" } else { "; " }).then(proposed(writer, path, &value.to_json()));
        }
        if items.is_empty() {
            spans = spans.strong("A proposal");
        }
        if items.len() > 3 {
            spans = spans.plain(&format!("; and {} more", items.len() - 3));
        }
        if let Some(reason) = proposal.row.text("reason") {
            spans = spans.quote(reason);
        }
        if let Some(by) = proposal.row.text("by") {
            spans = spans.plain(&format!(", proposed by {}", names.person_and_party(by, None)));
        }
        let answers: Vec<String> = proposal
            .row
            .members("answers")
            .filter(|(_, answer)| answer.as_str().is_none_or(|answer| answer == "pending"))
            .map(|(party, _)| names.party(party))
            .collect();
        let waits = if answers.is_empty() { "an answer".to_owned() } else { answers.join(", ") };
        lines.push(
            spans.plain(&format!("; waiting for {waits}")).line(None, Some(format!("proposals/{}", proposal.id))),
        );
    }
    let is_asked = |item: &Item<'_>| item.is_open() && matches!(item.commitment(), Some("proposed" | "countered"));
    for item in items(plan).iter().filter(|item| is_asked(item)) {
        let mut spans = Spans::default().strong(&names.item(item.id));
        if let Some(due) = item.due {
            spans = spans.plain(&format!(", due {}", day(due, as_of)));
        }
        let of: Vec<String> = names.owners_parties(item.row).into_iter().map(|party| names.party(party)).collect();
        let of = if of.is_empty() { "its owner".into() } else { of.join(", ") };
        spans = match (item.commitment(), item.row.date("commitment.due")) {
            (Some("countered"), Some(date)) => spans.plain(&format!(": {of} offered {} instead", day(date, as_of))),
            (Some("countered"), None) => spans.plain(&format!(": {of} made another offer")),
            _ => spans.plain(&format!(": {of} has not committed yet")),
        };
        lines.push(spans.line(None, Some(item.path())));
    }
    lines
}

/// One field of a proposal: `tasks/ca-1/due` with `{"old": …, "new": …}`.
fn proposed(writer: &Writer<'_>, path: &str, value: &serde_json::Value) -> Spans {
    let mut parts = path.splitn(3, '/');
    let (name, id, field) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""), parts.next());
    let (Some(collection), part) = (collection(name), |name: &str| value.get(name).filter(|it| !it.is_null()).cloned())
    else {
        return Spans::default().plain(&short(path, 90));
    };
    let (id, field) = if collection.is_single() { ("", Some(id)) } else { (id, field) };
    let row = writer.plan.row(collection, id);
    let named = Spans::default().strong(&writer.names.entity(collection, id, row));
    let Some(field) = field else { return named };
    let is_known = collection.field_named(field).is_some_and(|field| !matches!(field.kind, Kind::Map(_)));
    if !is_known {
        return named.plain(&format!(": {}", short(field, 60)));
    }
    let difference = Difference {
        collection,
        id: id.into(),
        title: "".into(),
        verb: Verb::Changed,
        class: Class::Commitment,
        what: What::Field { field: field.into(), old: part("old"), new: part("new") },
        reason: None,
        after_freeze: false,
        stamps: Vec::new(),
    };
    named.plain(": ").then(writer.field(collection, &difference))
}
