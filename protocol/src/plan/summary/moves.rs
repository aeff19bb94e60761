//! What else moves: what follows from the dates that people moved, apart from what they moved.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use super::changed::{Writer, is_item, is_moved_along};
use super::names::Names;
use super::net::Net;
use super::span::{Line, Mark, Span, Spans, Symbol, count, day};
use crate::plan::Plan;
use crate::plan::change::Verb;
use crate::plan::row::Key;
use crate::plan::schedule::{Schedule, schedule, shift};
use crate::plan::schema::collection;
use crate::plan::value::Value;

/// Moved items whose gaps are followed: a plan of which more moves at once has been planned anew, and a preview of each
/// would take the square of its size.
const CAUSES_MAX: usize = 12;

/// What follows from the moved dates of a window.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Moves {
    /// What moved and therefore moves others, in one sentence.
    pub cause: Vec<Span>,
    /// Items that must move, and those that move if today's gaps are kept, by due day.
    pub rows: Vec<MovesRow>,
    /// Rows left out.
    pub more: usize,
    /// How many items must move.
    pub must: usize,
    /// How many items move if today's gaps are kept.
    pub keep_gap: usize,
    /// What the server moved already, and what need not move any more.
    pub lines: Vec<Line>,
    /// The day of the target's item if today's gaps are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_keep_gap: Option<Date>,
}

/// One item that moves.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MovesRow {
    /// The item.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The day it is due.
    pub due: Date,
    /// The first day it can be done by, if that is later than it is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub must: Option<Date>,
    /// The day it could be done by before the changes, if that was later than it is due too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub must_before: Option<Date>,
    /// The day it is due if today's gaps are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_gap: Option<Date>,
}

impl Moves {
    /// Whether nothing else moves.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.lines.is_empty()
    }
}

/// What follows from the net change.
pub(super) fn moves(net: &Net, now: &Schedule, writer: &Writer<'_>, rows_max: usize) -> Moves {
    let Writer { plan, names, as_of, .. } = *writer;
    let before = schedule(&net.old, as_of);
    let mut causes: Vec<(String, i32, Date)> = Vec::new();
    let mut keep_gap: BTreeMap<Box<str>, (Date, Date)> = BTreeMap::new();
    for entity in net.entities.iter().filter(|entity| is_item(entity) && !is_moved_along(entity)) {
        let Some(difference) = entity.field("due").filter(|_| entity.verb == Verb::Changed) else { continue };
        let (Some(days), Some(due)) = (
            difference.delta_days().filter(|days| *days > 0),
            plan.row(entity.collection, &entity.id).and_then(|row| row.date("due")),
        ) else {
            continue;
        };
        if now.finish.contains_key(&entity.id) && is_open(plan, entity.collection.name, &entity.id) {
            causes.push((names.item(&entity.id), days, due));
            if causes.len() > CAUSES_MAX {
                continue;
            }
            // The plan as if this item alone had not moved yet.
            let mut unmoved = plan.clone();
            set_due(&mut unmoved, entity.collection.name, &entity.id, difference.field().and_then(|(_, old, _)| old));
            for moved in shift(&unmoved, as_of, &entity.id, days).keep_gap {
                let later = keep_gap.entry(moved.id).or_insert((moved.from, moved.to));
                later.1 = later.1.max(moved.to);
            }
        }
    }
    // What people moved in the same window has its new day already: it keeps no gap on top.
    for entity in net.entities.iter().filter(|entity| entity.field("due").is_some()) {
        keep_gap.remove(&entity.id);
    }
    causes.sort_by_key(|(_, _, due)| *due);

    let slipped: Vec<(&Box<str>, i32)> = now
        .slip
        .iter()
        .filter(|(id, days)| before.slip.get(*id).copied().unwrap_or(0) < **days)
        .map(|(id, days)| (id, *days))
        .collect();
    let due_of =
        |id: &str| ["milestones", "tasks"].iter().find_map(|name| plan.row(collection(name)?, id)?.date("due"));
    let row = |id: &str| -> Option<MovesRow> {
        let due = due_of(id)?;
        let must = slipped.iter().find(|(slipped, _)| ***slipped == *id).and_then(|_| now.finish.get(id).copied());
        let was_slipping = before.slip.contains_key(id) && must.is_some();
        Some(MovesRow {
            id: id.to_owned(),
            title: names.item(id),
            due,
            must,
            must_before: before.finish.get(id).copied().filter(|_| was_slipping),
            keep_gap: keep_gap.get(id).map(|(_, to)| *to),
        })
    };
    // An item that is overdue by itself stands at risk; nothing pushed it.
    let is_pushed = |id: &str| due_of(id).is_some_and(|due| due >= as_of);
    let mut rows: Vec<MovesRow> =
        slipped.iter().filter(|(id, _)| is_pushed(id)).filter_map(|(id, _)| row(id)).collect();
    let must = rows.len();
    rows.extend(
        keep_gap.keys().filter(|id| !slipped.iter().any(|(slipped, _)| slipped == id)).filter_map(|id| row(id)),
    );
    rows.sort_by(|one, other| {
        (one.must.is_none(), one.due, &one.id).cmp(&(other.must.is_none(), other.due, &other.id))
    });
    let kept = rows.iter().filter(|row| row.keep_gap.is_some()).count();
    let noun =
        noun(&rows.iter().filter(|row| row.must.is_some()).map(|row| is_milestone(plan, &row.id)).collect::<Vec<_>>());
    let more = rows.len().saturating_sub(rows_max);
    rows.truncate(rows_max);

    let mut lines = moved_along(net, writer);
    lines.extend(eased(&before, now, names, as_of, plan));
    let target_keep_gap = now.target_item.as_ref().and_then(|id| keep_gap.get(id)).map(|(_, to)| *to);
    let mut cause = cause(&causes, must, noun, as_of);
    if kept > 0 {
        let mut words = format!(" If today's gaps are kept, {} move", count(kept, "item"));
        if let Some((id, to)) = now.target_item.as_ref().zip(target_keep_gap) {
            words = format!("{words}, {} to {}", names.item(id), day(to, as_of));
        }
        cause = cause.plain(&words).plain(".");
    }
    Moves { cause: cause.0, rows, more, must, keep_gap: kept, lines, target_keep_gap }
}

/// What a number of items is called, by whether each is a milestone.
pub(super) fn noun(are_milestones: &[bool]) -> &'static str {
    match (are_milestones.iter().any(|is| *is), are_milestones.iter().all(|is| *is)) {
        (true, true) => "milestone",
        (false, false) => "task",
        _ => "item",
    }
}

fn is_milestone(plan: &Plan, id: &str) -> bool {
    collection("milestones").is_some_and(|milestones| plan.row(milestones, id).is_some())
}

fn cause(causes: &[(String, i32, Date)], must: usize, noun: &str, as_of: Date) -> Spans {
    let mut spans = Spans::default();
    for (at, (title, days, due)) in causes.iter().take(3).enumerate() {
        spans = spans.plain(if at == 0 { "Moving " } else { " and " }).strong(title);
        spans = spans.plain(&format!(" to {} (+{days} d)", day(*due, as_of)));
    }
    if causes.len() > 3 {
        spans = spans.plain(&format!(" and {} more", causes.len() - 3));
    }
    if causes.is_empty() {
        return spans.plain(&format!("{} must move.", count(must, noun)));
    }
    let words = match must {
        0 => " forces nothing else to move.".to_owned(),
        many => format!(" means that {} must move.", count(many, noun)),
    };
    spans.plain(&words)
}

/// What the server moved in consequence: labelled, and apart from people's edits.
fn moved_along(net: &Net, writer: &Writer<'_>) -> Vec<Line> {
    let mut lines = Vec::new();
    for entity in net.entities.iter().filter(|entity| is_moved_along(entity)) {
        let row = writer.plan.row(entity.collection, &entity.id);
        let mut spans = Spans::default().strong(&writer.names.entity(entity.collection, &entity.id, row)).plain(": ");
        for (at, difference) in entity.differences.iter().enumerate() {
            spans = spans.plain(if at == 0 { "" } else { "; " }).then(writer.field(entity.collection, difference));
        }
        let due = row.and_then(|row| row.date("due")).unwrap_or(Date::MAX);
        lines
            .push((due, spans.faint(" [moved along]").line(Some(Symbol::Date), Some(super::changed::subject(entity)))));
    }
    lines.sort_by_key(|(due, _)| *due);
    lines.into_iter().map(|(_, line)| line).collect()
}

/// Items that the changes gave room.
fn eased(before: &Schedule, now: &Schedule, names: &Names<'_>, as_of: Date, plan: &Plan) -> Vec<Line> {
    let mut lines = Vec::new();
    for (id, old) in &before.slip {
        let new = now.slip.get(id).copied().unwrap_or(0);
        let name = ["milestones", "tasks"].into_iter().find(|name| is_open(plan, name, id));
        let (Some(name), Some(finish)) = (name, now.finish.get(id).filter(|_| new < *old)) else { continue };
        let spans = Spans::default().strong(&names.item(id)).plain(": ").add(Mark::Early, "✔");
        let spans = match new {
            0 => spans.plain(&format!(" fits its date again (was +{old} d)")),
            _ => spans.plain(&format!(" can be done by {} (+{new} d, was +{old} d)", day(*finish, as_of))),
        };
        lines.push(spans.line(None, Some(format!("{name}/{id}"))));
    }
    lines
}

fn is_open(plan: &Plan, name: &str, id: &str) -> bool {
    let row = collection(name).and_then(|collection| plan.row(collection, id));
    row.is_some_and(|row| !row.is_removed() && !matches!(row.text("status"), Some("complete" | "cancelled")))
}

fn set_due(plan: &mut Plan, name: &str, id: &str, due: Option<&serde_json::Value>) {
    let Some(collection) = collection(name) else { return };
    if let Some(row) = plan.rows_mut(collection).get_mut(id) {
        let value = due.and_then(Value::from_json);
        std::sync::Arc::make_mut(row).set(Key::of(collection, "due"), value);
    }
}
