//! To-dos for a calendar: one `VTODO` for each milestone and task (RFC 5545, relations of RFC 9253).
//!
//! A to-do names its milestone, or the task it is a part of, as `PARENT`, and what it waits for with `DEPENDS-ON`.
//! That says no days and no kind; where a binding dependency has a gap or is not finish to start, the item that goes
//! before also names the one that waits (`FINISHTOSTART;GAP=P30D`), which is the direction of such relations.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};

use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};

use super::cell;
use super::outline::{Line, sections};
use crate::plan::{Dependency, Entity, Plan, Status};

/// The longest line, in bytes, without its end.
const LINE_BYTES_MAX: usize = 75;

/// The milestones and tasks of a plan as to-dos. `stamp` is the instant of this export (RFC 3339); the same plan and
/// stamp give the same bytes, and the same item always has the same `UID`, which ends with the name of the document.
#[must_use]
pub fn ics(document: &impl Display, plan: &Plan, stamp: &str) -> String {
    let dependencies = cell::dependencies(plan);
    let mut followers: BTreeMap<&str, Vec<Dependency<'_>>> = BTreeMap::new();
    for each in dependencies.values().flatten() {
        followers.entry(each.from()).or_default().push(*each);
    }
    let mut calendar = Calendar { text: String::with_capacity(16 << 10) };
    calendar.line("BEGIN", "VCALENDAR");
    calendar.line("VERSION", "2.0");
    calendar.line("PRODID", "-//plansync//plan//EN");
    if let Some(title) = plan.meta.text("title") {
        calendar.text("NAME", title);
        calendar.text("X-WR-CALNAME", title);
    }
    let stamp = stamp.parse().unwrap_or(Timestamp::UNIX_EPOCH);
    let uid = |item: &str| {
        let collection = if plan.milestone(item).is_some() { "milestones" } else { "tasks" };
        format!("{collection}/{item}@{document}.plansync")
    };
    for section in sections(plan) {
        let phase = section.phase.and_then(|phase| phase.title());
        for line in section.lines {
            let is_there = |item: Entity<'_>| !item.is_removed();
            let (item, parent) = match line {
                Line::Milestone(each) => (*each, None),
                Line::Task(each, _) => {
                    let whole = each.parent().filter(|id| plan.task(id).is_some_and(|whole| is_there(*whole)));
                    let milestone =
                        each.milestone().filter(|id| plan.milestone(id).is_some_and(|each| is_there(*each)));
                    (*each, whole.map(|id| format!("tasks/{id}")).or(milestone.map(|id| format!("milestones/{id}"))))
                }
            };
            calendar.line("BEGIN", "VTODO");
            calendar.text("UID", &own_uid(document, line));
            calendar.line("DTSTAMP", &instant(stamp));
            describe(&mut calendar, plan, line, phase);
            if let Some(parent) = parent {
                calendar.text("RELATED-TO;RELTYPE=PARENT", &format!("{parent}@{document}.plansync"));
            }
            for each in dependencies.get(item.id).into_iter().flatten() {
                calendar.text("RELATED-TO;RELTYPE=DEPENDS-ON", &uid(each.from()));
            }
            for each in followers.get(item.id).into_iter().flatten() {
                if let Some(relation) = relation(*each) {
                    calendar.text(&relation, &uid(each.to()));
                }
            }
            calendar.line("END", "VTODO");
        }
    }
    calendar.line("END", "VCALENDAR");
    calendar.text
}

fn own_uid(document: &impl Display, line: Line<'_>) -> String {
    match line {
        Line::Milestone(each) => format!("milestones/{}@{document}.plansync", each.id),
        Line::Task(each, _) => format!("tasks/{}@{document}.plansync", each.id),
    }
}

/// What says more than `DEPENDS-ON`, if the dependency does.
fn relation(dependency: Dependency<'_>) -> Option<String> {
    let kind = match dependency.kind() {
        "FS" => "FINISHTOSTART",
        "SS" => "STARTTOSTART",
        "FF" => "FINISHTOFINISH",
        "SF" => "STARTTOFINISH",
        _ => return None,
    };
    let gap = dependency.min_gap_days();
    if !dependency.is_hard() || (gap == 0 && kind == "FINISHTOSTART") {
        return None;
    }
    let gap = if gap > 0 { format!(";GAP=P{gap}D") } else { String::new() };
    Some(format!("RELATED-TO;RELTYPE={kind}{gap}"))
}

fn describe(calendar: &mut Calendar, plan: &Plan, line: Line<'_>, phase: Option<&str>) {
    let (item, status, kind, start, due) = match line {
        Line::Milestone(each) => (*each, each.status(), "Milestone", each.start(), each.due()),
        Line::Task(each, _) => (*each, each.status(), "Task", each.start(), each.due()),
    };
    calendar.text("SUMMARY", item.title().unwrap_or(item.id));
    let description = description(plan, item, &status);
    if !description.is_empty() {
        calendar.text("DESCRIPTION", &description);
    }
    // A to-do that begins after it is due is none.
    if let Some(start) = start.filter(|start| due.is_none_or(|due| *start <= due)) {
        calendar.line("DTSTART;VALUE=DATE", &day(start));
    }
    if let Some(due) = due {
        calendar.line("DUE;VALUE=DATE", &day(due));
    }
    calendar.line(
        "STATUS",
        match status {
            Status::Complete => "COMPLETED",
            Status::Cancelled => "CANCELLED",
            Status::InProgress => "IN-PROCESS",
            Status::Pending | Status::Blocked | Status::Unknown(_) => "NEEDS-ACTION",
        },
    );
    if let Some(percent) = percent(plan, line, &status) {
        calendar.line("PERCENT-COMPLETE", &percent.to_string());
    }
    let completed = item.row.text("completedAt").filter(|_| status == Status::Complete);
    if let Some(completed) = completed.and_then(|at| at.parse().ok()) {
        calendar.line("COMPLETED", &instant(completed));
    }
    let categories: Vec<String> = [Some(kind), phase].into_iter().flatten().map(escape).collect();
    calendar.line("CATEGORIES", &categories.join(","));
}

/// How far it is, where the plan knows: an item that is done or not begun, a milestone by its tasks.
fn percent(plan: &Plan, line: Line<'_>, status: &Status) -> Option<usize> {
    let Line::Milestone(milestone) = line else {
        return match status {
            Status::Complete => Some(100),
            Status::Pending => Some(0),
            _ => None,
        };
    };
    let counts = |of: Option<&str>, status: Status| of == Some(milestone.id) && status != Status::Cancelled;
    let tasks: Vec<Status> =
        plan.tasks().filter(|task| counts(task.milestone(), task.status())).map(|task| task.status()).collect();
    let complete = tasks.iter().filter(|status| **status == Status::Complete).count();
    match status {
        Status::Complete => Some(100),
        _ if !tasks.is_empty() => Some(complete * 100 / tasks.len()),
        Status::Pending => Some(0),
        _ => None,
    }
}

fn description(plan: &Plan, item: Entity<'_>, status: &Status) -> String {
    let mut lines = Vec::new();
    let owners = cell::owners(plan, item, None);
    let side = item.party().map(|party| cell::party(plan, party)).unwrap_or_default();
    let of_row = |field| item.row.text(field).unwrap_or_default();
    let blocked = if *status == Status::Blocked { of_row("blocked.reason") } else { "" };
    for (label, text) in [
        ("Blocked: ", blocked),
        ("Side: ", &*side),
        ("Owners: ", &*owners),
        ("Done when: ", of_row("doneWhen")),
        ("What the buyer gets: ", of_row("buyerGets")),
        ("Evidence: ", of_row("evidence")),
        ("", of_row("notes")),
    ] {
        if !text.is_empty() {
            lines.push(format!("{label}{text}"));
        }
    }
    lines.join("\n")
}

fn day(date: Date) -> String {
    format!("{:04}{:02}{:02}", date.year(), date.month(), date.day())
}

fn instant(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string()
}

struct Calendar {
    text: String,
}

impl Calendar {
    /// A property whose value is a text.
    fn text(&mut self, name: &str, text: &str) {
        self.line(name, &escape(text));
    }

    /// A property, folded: no line is longer than 75 bytes, and none ends within a character.
    fn line(&mut self, name: &str, value: &str) {
        let whole = format!("{name}:{value}");
        let mut rest = whole.as_str();
        let mut room = LINE_BYTES_MAX;
        while rest.len() > room {
            let at = (0..=room).rev().find(|at| rest.is_char_boundary(*at)).unwrap_or(room);
            let (line, below) = rest.split_at(at);
            let _ = write!(self.text, "{line}\r\n ");
            rest = below;
            // The space that marks a continued line counts.
            room = LINE_BYTES_MAX - 1;
        }
        self.text.push_str(rest);
        self.text.push_str("\r\n");
    }
}

/// A text as a value: line ends, commas, semicolons and backslashes escaped, other control characters left out.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => escaped.extend(['\\', c]),
            '\n' => escaped.push_str("\\n"),
            '\t' => escaped.push(c),
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{SAMPLE, json};

    fn unfold(ics: &str) -> String {
        ics.replace("\r\n ", "")
    }

    fn of(json: &serde_json::Value) -> String {
        ics(&"demo", &json::parse(json, true).unwrap(), "2026-02-17T18:21:07.113Z")
    }

    #[test]
    fn every_item_of_the_sample_is_a_to_do_that_knows_what_it_waits_for() {
        let plan = json::parse_str(SAMPLE, true).unwrap();
        let ics = unfold(&ics(&"demo", &plan, "2026-02-17T18:21:07Z"));
        assert_eq!(ics.matches("BEGIN:VTODO").count(), 25);
        assert_eq!(ics.matches("RELTYPE=DEPENDS-ON").count(), 28);
        assert_eq!(ics.matches("RELTYPE=PARENT").count(), 10);
        assert!(ics.contains("RELATED-TO;RELTYPE=FINISHTOSTART;GAP=P30D:milestones/ms-06@demo.plansync\r\n"));
        assert!(ics.contains("DUE;VALUE=DATE:20260430\r\n"));
        assert_eq!(ics.matches("STATUS:COMPLETED").count(), 4);
    }

    #[test]
    fn lines_fold_at_75_bytes_between_characters() {
        for filler in 0..8 {
            let title = format!("{}{}", "x".repeat(filler), "Prüfung ✅ 🔄 契約書 ".repeat(9));
            let ics = of(&serde_json::json!({"schema": "plansync.plan/1", "tasks": [{"id": "a", "title": title}]}));
            assert!(ics.split("\r\n").all(|line| line.len() <= 75), "{ics}");
            assert!(unfold(&ics).contains(&format!("SUMMARY:{title}\r\n")));
        }
    }

    #[test]
    fn a_hostile_text_stays_a_value() {
        let title = "x\r\nEND:VTODO\nBEGIN:VALARM\r;a,b\\n\u{0}\u{202e}";
        let ics = of(&serde_json::json!({"schema": "plansync.plan/1", "tasks": [
            {"id": "a;b,c:d", "title": title, "start": "2026-03-02", "due": "2026-03-01"},
        ]}));
        assert_eq!(ics.matches("END:VTODO\r\n").count(), 1);
        assert!(unfold(&ics).contains("SUMMARY:x\\nEND:VTODO\\nBEGIN:VALARM\\n\\;a\\,b\\\\n\u{202e}\r\n"));
        assert!(!unfold(&ics).contains("DTSTART"), "it cannot begin after it is due");
        assert!(ics.contains("UID:tasks/a\\;b\\,c:d@demo.plansync\r\n"));
        assert!(ics.chars().all(|c| !c.is_control() || matches!(c, '\r' | '\n')));
    }
}
