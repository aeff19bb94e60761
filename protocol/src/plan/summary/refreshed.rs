//! The refreshed plan: every phase, those in which nothing changed folded to one line, changed cells marked.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use super::changed::{Writer, is_item};
use super::names::{Names, words_of};
use super::net::{Changed, Net};
use super::span::{Mark, Span, Spans, Symbol, TITLE_CHARS_MAX, capital, day, moved_day, short};
use crate::plan::change::{Verb, What};
use crate::plan::item::{Item, items};
use crate::plan::row::Row;
use crate::plan::schedule::Schedule;
use crate::plan::schema::collection;

/// What of the notes stands next to a title.
const NOTES_CHARS_MAX: usize = 60;

/// A phase of the refreshed plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Phase {
    /// Its name.
    pub name: String,
    /// Its complete milestones; tasks where it has no milestone.
    pub complete: usize,
    /// Its milestones, or tasks.
    pub total: usize,
    /// Whether it holds tasks and no milestone.
    pub is_of_tasks: bool,
    /// Its items at risk.
    pub at_risk: usize,
    /// When its last item is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<Date>,
    /// Its milestones with their tasks; none when nothing in it changed.
    pub rows: Vec<PlanRow>,
}

/// A milestone or a task of the refreshed plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanRow {
    /// `tasks/ca-1`.
    pub subject: String,
    /// What happened to it in the window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symbol: Option<Symbol>,
    /// Whether it is a task, below its milestone.
    pub is_task: bool,
    /// The title.
    pub title: Vec<Span>,
    /// The owners, one cell for each of [`Summary::owner_columns`](super::Summary::owner_columns).
    pub owners: Vec<Vec<Span>>,
    /// The due day.
    pub due: Vec<Span>,
    /// The status.
    pub status: Vec<Span>,
}

pub(super) fn phases(net: &Net, writer: &Writer<'_>, schedule: &Schedule, at_risk: &[&str]) -> Vec<Phase> {
    let plan = writer.plan;
    let items = items(plan);
    let milestones: Vec<&Item<'_>> = items.iter().filter(|item| item.is_milestone).collect();
    let tasks: Vec<&Item<'_>> = items.iter().filter(|item| !item.is_milestone).collect();
    let known: Vec<&str> = plan.entities("phases").map(|phase| phase.id).collect();
    let is_milestone = |id: &str| milestones.iter().any(|milestone| milestone.id == id);
    let changes: BTreeMap<(bool, &str), &Changed> = net
        .entities
        .iter()
        .filter(|entity| is_item(entity))
        .map(|entity| ((entity.collection.name == "milestones", &*entity.id), entity))
        .collect();
    // What stands in no phase, and tasks of no milestone, come last.
    let headings = plan.entities("phases").map(|phase| (Some(phase.id), phase.title().unwrap_or(phase.id)));
    let mut phases = Vec::new();
    for (id, name) in headings.chain([(None, "Other")]) {
        let mut members: Vec<&Item<'_>> = Vec::new();
        for milestone in &milestones {
            if milestone.row.text("phase").filter(|phase| known.contains(phase)) == id {
                members.push(milestone);
                members.extend(tasks.iter().filter(|task| task.row.text("milestone") == Some(milestone.id)));
            }
        }
        if id.is_none() {
            let is_loose = |task: &&&Item<'_>| !task.row.text("milestone").is_some_and(is_milestone);
            members.extend(tasks.iter().filter(is_loose));
        }
        if members.is_empty() {
            continue;
        }
        let change_of = |item: &Item<'_>| changes.get(&(item.is_milestone, item.id)).copied();
        let is_of_tasks = !members.iter().any(|item| item.is_milestone);
        let counts = |item: &&&Item<'_>| item.is_milestone != is_of_tasks;
        let is_changed = members.iter().any(|item| change_of(item).is_some());
        let rows = members.iter().filter(|_| is_changed).map(|item| row(item, change_of(item), writer, schedule));
        phases.push(Phase {
            name: short(name, TITLE_CHARS_MAX),
            complete: members.iter().filter(|item| counts(item) && item.is_complete()).count(),
            total: members.iter().filter(counts).count(),
            is_of_tasks,
            at_risk: members.iter().filter(|item| at_risk.contains(&item.id)).count(),
            due: members.iter().filter_map(|item| item.due).max(),
            rows: rows.collect(),
        });
    }
    phases
}

/// The columns of owners: one for each party of a table that is still wide enough for them.
pub(super) fn columns<'a>(names: &'a Names<'_>) -> Vec<(Option<&'a str>, String)> {
    const COLUMNS_MAX: usize = 3;
    if names.parties().len() > COLUMNS_MAX {
        return vec![(None, "Owners".into())];
    }
    names.parties().iter().map(|party| (Some(party.id.as_str()), capital(&party.label))).collect()
}

fn row(item: &Item<'_>, change: Option<&Changed>, writer: &Writer<'_>, schedule: &Schedule) -> PlanRow {
    let Writer { names, as_of, .. } = *writer;
    let is_new = change.is_some_and(|change| matches!(change.verb, Verb::Added | Verb::Restored));
    let field = |name: &str| change.filter(|_| !is_new).and_then(|change| change.field(name));
    let old_day = |name: &str| {
        field(name).and_then(|each| each.field()).and_then(|(_, old, _)| crate::plan::check::day(old?.as_str()?))
    };
    let cell = |text: &str, name: &str| {
        let mark = if is_new || field(name).is_some() { Mark::New } else { Mark::Plain };
        Spans::default().add(mark, text)
    };
    let symbol = change.map(|change| match (is_new, change.field("status").map(|each| each.verb)) {
        (true, _) => Symbol::Added,
        (_, Some(Verb::Completed)) => Symbol::Completed,
        _ if change.field("due").is_some() => Symbol::Date,
        _ => Symbol::Changed,
    });

    let mut due = match (old_day("due"), item.due) {
        (Some(old), Some(new)) => moved_day(old, new, as_of),
        (_, Some(new)) => cell(&day(new, as_of), "due"),
        (_, None) => cell("no date", "due"),
    };
    let finish = schedule.finish.get(item.id).filter(|_| schedule.slip.contains_key(item.id));
    if let Some(finish) = finish.filter(|_| item.days_overdue(as_of) == 0) {
        due = due.plain(" ").add(Mark::Late, &format!("⚠ not before {}", day(*finish, as_of)));
    }
    let name = if item.is_milestone { "milestones" } else { "tasks" };
    let old: Option<&Row> = collection(name).and_then(|collection| writer.old.row(collection, item.id));
    let is_moved = field("owners").is_some();
    let owners = columns(names).into_iter().map(|(party, _)| {
        let of = |row: &Row| names.owners_in_column(row, party).join(", ");
        let (was, is) = (old.map(of).unwrap_or_default(), of(item.row));
        match (is_moved && was != is, was.is_empty(), is.is_empty()) {
            (true, false, true) => Spans::default().add(Mark::Old, &was),
            (true, false, false) => Spans::default().add(Mark::Old, &was).plain(" ").add(Mark::New, &is),
            (true, true, _) => Spans::default().add(Mark::New, &is),
            (_, _, true) => Spans::default().add(Mark::Faint, "—"),
            _ => cell(&is, ""),
        }
    });
    let owners = owners.map(|spans| spans.0).collect();
    let title = match field("title").map(|each| &each.what) {
        Some(What::Field { old: Some(old), .. }) => Spans::default()
            .add(Mark::Old, &short(old.as_str().unwrap_or_default(), TITLE_CHARS_MAX))
            .plain(" ")
            .add(Mark::New, &names.item(item.id)),
        _ => cell(&names.item(item.id), "title"),
    };
    let notes = item.row.text("notes").filter(|notes| !notes.trim().is_empty());
    let title = notes.map_or(title.clone(), |notes| {
        let mark = if field("notes").is_some() { Mark::New } else { Mark::Faint };
        title.plain(" · ").add(mark, &short(notes, NOTES_CHARS_MAX))
    });
    let mut status = cell(&words_of(item.status.as_str()), "status");
    match item.days_overdue(as_of) {
        0 => {}
        days => status = status.plain(" ").add(Mark::Late, &format!("⚠ {days} d overdue")),
    }
    PlanRow {
        subject: item.path(),
        symbol,
        is_task: !item.is_milestone,
        title: title.0,
        owners,
        due: due.0,
        status: status.0,
    }
}
