//! The thirty-second box: where the plan stands.

use jiff::civil::Date;
use serde::Serialize;

use super::changed::Writer;
use super::moves::Moves;
use super::next::{Owes, PartyNext, owes};
use super::risk::AtRisk;
use super::span::{count, day};
use crate::plan::figures::{Activity, Counts, counts, of_schedule};
use crate::plan::item::{Item, items};
use crate::plan::schedule::Schedule;

/// Where the plan stands, for a reader with thirty seconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    /// `draft`, `not_started`, `stalled`, `at_risk` or `on_track`.
    pub status: String,
    /// The status in words, with how much of the plan is red.
    pub status_words: String,
    /// Items done.
    pub complete: usize,
    /// Items that count.
    pub counted: usize,
    /// Their share in percent.
    pub percent: f64,
    /// The share at the beginning of the window.
    pub percent_before: f64,
    /// Milestones done.
    pub milestones_complete: usize,
    /// Milestones.
    pub milestones: usize,
    /// The open milestone that is due first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_milestone: Option<NextMilestone>,
    /// The target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// What each side owes next, the buyer first.
    pub owes: Vec<Owes>,
}

/// The open milestone that is due first.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NextMilestone {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The day it is due.
    pub due: Date,
    /// Days since that day; 0 when it is not overdue.
    pub overdue: i32,
}

/// The target of the plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// `close`, `go_live` or `other`.
    pub kind: String,
    /// The day that was agreed.
    pub date: Date,
    /// The day it can be met on.
    pub projected: Date,
    /// The days between both.
    pub slip: i32,
    /// The day it would be met on if today's gaps are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_gap: Option<Date>,
}

pub(super) fn standing(
    writer: &Writer<'_>,
    schedule: &Schedule,
    activity: &Activity,
    next: &[PartyNext],
    moves: &Moves,
    at_risk: &[AtRisk<'_>],
) -> Standing {
    let Writer { plan, names, as_of, .. } = *writer;
    let now = of_schedule(plan, schedule, as_of, activity);
    let Counts { completion: before, .. } = counts(writer.old);
    let next_milestone = items(plan)
        .iter()
        .filter(|item| item.is_milestone && item.is_open())
        .filter_map(|item| Some((item.due?, item)))
        .min_by_key(|(due, _)| *due)
        .map(|(due, item): (Date, &Item<'_>)| NextMilestone {
            id: item.id.to_owned(),
            title: names.item(item.id),
            due,
            overdue: item.days_overdue(as_of),
        });
    let target = plan.meta.date("target.date").map(|date| Target {
        kind: plan.meta.text("target.kind").unwrap_or("other").to_owned(),
        date,
        projected: date.saturating_add(jiff::Span::new().days(schedule.target_slip.clamp(0, 36_600))),
        slip: schedule.target_slip,
        // What stands on the target day moves away from it; earlier items may still move within their slack.
        keep_gap: moves.target_keep_gap.filter(|kept| *kept > date),
    });
    let status = now.status.as_str().to_owned();
    let mut status_words = match status.as_str() {
        "draft" => "Draft",
        "not_started" => "Not started",
        "stalled" => "Stalled",
        "at_risk" => "At risk",
        _ => "On track",
    }
    .to_owned();
    if let Some(target) = target.as_ref().filter(|_| status == "on_track") {
        status_words = format!("{status_words} for {}", day(target.date, as_of));
    }
    let red = at_risk.iter().filter(|each| each.is_red()).count();
    if !at_risk.is_empty() {
        let of_them = if red > 0 { format!(" ({red} late, blocked or slipping)") } else { String::new() };
        status_words = format!("{status_words}; ⚠ {} at risk{of_them}", count(at_risk.len(), "item"));
    }
    Standing {
        status,
        status_words,
        complete: now.completion.complete,
        counted: now.completion.counted,
        percent: now.completion.percent,
        percent_before: before.percent,
        milestones_complete: now.milestones.complete,
        milestones: now.milestones.total,
        next_milestone,
        target,
        owes: owes(next),
    }
}
