//! A spreadsheet: one row for each phase, milestone and task, with all that is needed to read it in again.
//!
//! UTF-8 without mark, RFC 4180 with every cell in quotes, lines ending in CRLF. No cell begins a formula.

use csv::{QuoteStyle, Terminator, WriterBuilder};

use super::cell;
use super::outline::{Line, sections};
use crate::plan::{Entity, Milestone, Plan, Task};

/// The columns, in order. Those with a field are that field's text.
const COLUMNS: &[(&str, Option<&str>)] = &[
    ("Kind", None),
    ("Id", None),
    ("Title", None),
    ("Phase", None),
    ("Milestone", None),
    ("Part of", Some("parent")),
    ("Side", None),
    ("Owners", None),
    ("Start", Some("start")),
    ("Due", Some("due")),
    ("Duration (days)", Some("durationDays")),
    ("Status", None),
    ("Depends on", None),
    ("Type", Some("kind")),
    ("Waiting on", None),
    ("Blocked because", Some("blocked.reason")),
    ("Blocked needs", Some("blocked.needs")),
    ("Blocked since", Some("blocked.since")),
    ("Reason", Some("reason")),
    ("Buyer gets", Some("buyerGets")),
    ("Done when", Some("doneWhen")),
    ("Optimization", Some("optimization")),
    ("Evidence", Some("evidence")),
    ("Resources", Some("resources")),
    ("Notes", Some("notes")),
];

/// The phases, milestones and tasks of a plan as a spreadsheet. Removed ones are left out.
#[must_use]
pub fn csv(plan: &Plan) -> String {
    let mut writer = WriterBuilder::new()
        .quote_style(QuoteStyle::Always)
        .terminator(Terminator::CRLF)
        .from_writer(Vec::with_capacity(16 << 10));
    let dependencies = cell::dependencies(plan);
    let mut write = |cells: &[String]| writer.write_record(cells.iter().map(|text| cell::guard(&printable(text))));
    // A vector takes every byte, and every record has as many cells as there are columns: nothing here fails.
    let _ = write(&COLUMNS.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>());
    for section in sections(plan) {
        let phase = section.phase.map_or("", |phase| phase_label(plan, phase));
        if let Some(each) = section.phase {
            let _ = write(&record(each, |column| match column {
                "Kind" => "phase".into(),
                "Title" => each.title().unwrap_or_default().into(),
                "Type" => each.row.text("kind").unwrap_or_default().into(),
                "Done when" => each.row.text("exitCriteria").unwrap_or_default().into(),
                _ => String::new(),
            }));
        }
        for line in section.lines {
            let depends_on = |id| cell::depends_on(dependencies.get(id));
            let _ = match line {
                Line::Milestone(each) => write(&milestone(plan, each, phase, depends_on(each.id))),
                Line::Task(each, _) => write(&task(plan, each, phase, depends_on(each.id))),
            };
        }
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

fn milestone(plan: &Plan, each: Milestone<'_>, phase: &str, depends_on: String) -> Vec<String> {
    record(*each, |column| match column {
        "Kind" => "milestone".into(),
        "Title" => each.title().unwrap_or_default().into(),
        "Phase" => phase.into(),
        "Owners" => cell::owners(plan, *each, None),
        "Status" => each.status().as_str().into(),
        "Depends on" => depends_on.clone(),
        _ => String::new(),
    })
}

fn task(plan: &Plan, each: Task<'_>, phase: &str, depends_on: String) -> Vec<String> {
    record(*each, |column| match column {
        "Kind" => "task".into(),
        "Title" => each.title().unwrap_or_default().into(),
        "Phase" => phase.into(),
        "Milestone" => each.milestone().unwrap_or_default().into(),
        "Side" => each.party().map_or_else(String::new, |party| cell::party(plan, party)),
        "Owners" => cell::owners(plan, *each, None),
        "Status" => each.status().as_str().into(),
        "Waiting on" => each.row.text("waitingOn").map_or_else(String::new, |party| cell::party(plan, party)),
        "Depends on" => depends_on.clone(),
        _ => String::new(),
    })
}

/// The cells of an entity: the id, the fields that stand as they are, and what `other` makes of the rest.
fn record(entity: Entity<'_>, other: impl Fn(&str) -> String) -> Vec<String> {
    let cell = |(column, field): &(&str, Option<&str>)| {
        if *column == "Id" {
            return entity.id.to_owned();
        }
        let made = other(column);
        let value = field.filter(|_| made.is_empty()).and_then(|field| entity.row.get(field));
        value.map_or(made, |value| match value.to_json() {
            serde_json::Value::String(text) => text,
            serde_json::Value::Bool(is) => if is { "yes" } else { "no" }.into(),
            json => json.to_string(),
        })
    };
    COLUMNS.iter().map(cell).collect()
}

/// The name of a phase, or its id where another phase is called the same.
fn phase_label<'a>(plan: &'a Plan, phase: Entity<'a>) -> &'a str {
    let name = phase.title().unwrap_or(phase.id);
    let is_unique =
        !plan.entities("phases").any(|other| other.id != phase.id && (other.title() == Some(name) || other.id == name));
    if is_unique { name } else { phase.id }
}

/// A text without the control characters that end a cell early or hide in it.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\t' | '\r' | '\n')).collect()
}
