//! Figures of a plan: pure functions of its facts, the as-of date and what the log knows. They are never stored, so no
//! two clients can disagree and nobody can edit them.
//!
//! Items are the milestones and tasks that are neither removed nor cancelled. [`counts`] takes no day and is what a
//! list shows; [`figures`] is all of it; [`threats`] names the items at risk with the reasons. Lists are cut at
//! [`LISTED_MAX`], their counts never; the whole of what moves stands in the [`Schedule`].

mod buyer;
mod counts;
mod fresh;
mod health;
#[cfg(test)]
mod tests;
mod threat;

use jiff::civil::Date;
use serde::Serialize;

pub use buyer::{BuyerEngagement, BuyerShare};
pub use counts::{Completion, Counts, Milestones, counts};
pub use fresh::{Activity, Age, FRESH_DAYS_MAX, Level, STALE_DAYS_MIN, Staleness};
pub use health::{Health, Parts, Reason};
pub use threat::{RISK_SCORE_MIN, Threat, threats};

use super::Plan;
use super::item::{Item, items, time_zone};
use super::party::Parties;
use super::schedule::{Moved, Schedule, schedule};
use super::words::Status;

/// The most entries of a list of figures: what a page shows before it asks for more.
pub const LISTED_MAX: usize = 20;
/// Days overdue from which an item stalls its plan.
pub const STALLED_DAYS_MIN: i32 = 7;

/// The figures of a plan on a day.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// The day they hold for.
    pub as_of: Date,
    /// Tasks, and milestones without tasks, that are complete: the headline (R82).
    pub completion: Completion,
    /// Milestones that are complete.
    pub milestones: Milestones,
    /// The word for the plan, shown to both sides (R66).
    pub status: PlanStatus,
    /// From 0 to 100, with its reasons (R83).
    pub health: Health,
    /// Whether every item can be done by its day (R43).
    pub feasible: bool,
    /// The target and when it will be reached; absent without a target date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// The days by which the target slips.
    pub target_slip: i32,
    /// The open milestone that is due first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_milestone: Option<NextMilestone>,
    /// Items that are not done after their day, the longest first.
    pub overdue: Listed<Overdue>,
    /// Items due today or within seven days, the first first.
    pub due_soon: Listed<Box<str>>,
    /// Items that their dependencies, or today, push past their day, by day.
    pub must_move: Listed<Moved>,
    /// Items that are overdue, must move, are blocked, declined, or threatened by a high risk.
    pub at_risk: Listed<Box<str>>,
    /// Open items that drive the target or have no room left before it moves, by day (R37).
    pub critical_items: Listed<Box<str>>,
    /// The buyer's part of the work (R30).
    pub buyer_share: BuyerShare,
    /// How the buyer keeps up with it (R86).
    pub buyer_engagement: BuyerEngagement,
    /// How long ago anybody, and each party, changed anything that counts (R68).
    pub staleness: Staleness,
    /// Open items with an owner and a day (R27).
    pub hygiene: Ratio,
}

/// The word for a plan. Red is never hidden behind a milder word: the worst that holds is the one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanStatus {
    /// Both sides still write it.
    Draft,
    /// No item has begun, and none is late.
    NotStarted,
    /// Nothing stands against it.
    OnTrack,
    /// An item is overdue, the target slips, or a critical item is blocked.
    AtRisk,
    /// An item is overdue for a week, or nobody has changed anything for three.
    Stalled,
}

/// The target, and the item that stands for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// The day agreed on.
    pub date: Date,
    /// The milestone due on it, else the last one before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<Box<str>>,
    /// When that milestone will be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub projected: Option<Date>,
}

/// The milestone that comes next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NextMilestone {
    /// Its id.
    pub id: Box<str>,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Box<str>>,
    /// The day it is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<Date>,
    /// The day it will be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub projected: Option<Date>,
}

/// An item that is late.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Overdue {
    /// The item.
    pub id: Box<str>,
    /// Days since its due day.
    pub days: i32,
}

/// A count, and the first [`LISTED_MAX`] of what was counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Listed<T> {
    /// How many there are.
    pub count: usize,
    /// The first of them.
    pub items: Vec<T>,
}

/// A part of a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Ratio {
    /// How many are.
    pub count: usize,
    /// Of how many.
    pub of: usize,
    /// Their share in percent with one decimal; absent when there is nothing to share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<f64>,
}

impl Ratio {
    /// `count` of `of`.
    #[must_use]
    pub fn of(count: usize, of: usize) -> Self {
        Self { count, of, percent: (of > 0).then(|| percent_of(count, of)) }
    }
}

impl<T> Listed<T> {
    fn of(mut items: Vec<T>) -> Self {
        let count = items.len();
        items.truncate(LISTED_MAX);
        Self { count, items }
    }
}

impl PlanStatus {
    /// The status of this word; a word that is none reads as a draft, of which nothing is promised.
    #[must_use]
    pub fn of(word: &str) -> Self {
        [Self::NotStarted, Self::OnTrack, Self::AtRisk, Self::Stalled]
            .into_iter()
            .find(|status| status.as_str() == word)
            .unwrap_or(Self::Draft)
    }

    /// The word, as in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::NotStarted => "not_started",
            Self::OnTrack => "on_track",
            Self::AtRisk => "at_risk",
            Self::Stalled => "stalled",
        }
    }
}

/// The figures of a plan on a day.
#[must_use]
pub fn figures(plan: &Plan, as_of: Date, activity: &Activity) -> Figures {
    of_schedule(plan, &schedule(plan, as_of), as_of, activity)
}

/// The figures of a plan whose schedule on that day is at hand.
#[must_use]
pub fn of_schedule(plan: &Plan, schedule: &Schedule, as_of: Date, activity: &Activity) -> Figures {
    let items = items(plan);
    let parties = Parties::of(plan);
    let open: Vec<&Item<'_>> = items.iter().filter(|item| item.is_open()).collect();
    let Counts { completion, milestones } = counts::of_items(&items);
    let finish = |item: &Item<'_>| schedule.finish.get(item.id).copied();

    let mut overdue: Vec<Overdue> = open
        .iter()
        .filter(|item| item.days_overdue(as_of) > 0)
        .map(|item| Overdue { id: item.id.into(), days: item.days_overdue(as_of) })
        .collect();
    overdue.sort_by(|one, other| (other.days, &one.id).cmp(&(one.days, &other.id)));
    let mut must_move: Vec<Moved> = open
        .iter()
        .filter_map(|item| {
            let days = *schedule.slip.get(item.id)?;
            Some(Moved { id: item.id.into(), from: item.due?, to: finish(item)?, days })
        })
        .collect();
    must_move.sort_by(|one, other| (one.from, &one.id).cmp(&(other.from, &other.id)));
    let next = open.iter().filter(|item| item.is_milestone).min_by_key(|item| (item.due.is_none(), item.due));
    let target = plan.meta.date("target.date").map(|date| {
        let item = schedule.target_item.clone();
        Target { date, projected: item.as_ref().and_then(|item| schedule.finish.get(item).copied()), item }
    });
    let tidy = open.iter().filter(|item| item.due.is_some() && item.owners().next().is_some()).count();
    let buyer_share = buyer::share(&items, &parties);
    let staleness = Staleness::of(activity, as_of);
    let health = health::health(&health::Evidence {
        open: open.len(),
        slipping: must_move.len(),
        overdue_days: overdue.iter().map(|item| item.days).collect(),
        target_slip: schedule.target_slip,
        age: staleness.all,
        buyer_share: buyer_share.percent / 100.0,
        tidy,
    });
    let listed = |mut items: Vec<&Item<'_>>| -> Listed<Box<str>> {
        items.sort_by_key(|item| (item.due.is_none(), item.due, item.id));
        let Listed { count, items } = Listed::of(items);
        Listed { count, items: items.into_iter().map(|item| item.id.into()).collect() }
    };
    let picked = |is_in: &dyn Fn(&Item<'_>) -> bool| listed(open.iter().copied().filter(|item| is_in(item)).collect());
    let threatened = threat::of_items(plan, &items, as_of, schedule);

    Figures {
        as_of,
        completion,
        milestones,
        status: status(plan, &items, &overdue, schedule, &staleness),
        health,
        feasible: schedule.slip.is_empty(),
        target,
        target_slip: schedule.target_slip,
        next_milestone: next.map(|item| NextMilestone {
            id: item.id.into(),
            title: item.title().map(Box::from),
            due: item.due,
            projected: finish(item),
        }),
        due_soon: picked(&|item| item.is_due_soon(as_of)),
        at_risk: listed(threatened.into_iter().map(|(item, _)| item).collect()),
        critical_items: picked(&|item| schedule.critical.contains(item.id)),
        overdue: Listed::of(overdue),
        must_move: Listed::of(must_move),
        buyer_share,
        buyer_engagement: buyer::engagement(&items, &parties, &time_zone(plan), as_of, activity.buyer_edits_14d),
        staleness,
        hygiene: Ratio::of(tidy, open.len()),
    }
}

fn status(
    plan: &Plan,
    items: &[Item<'_>],
    overdue: &[Overdue],
    schedule: &Schedule,
    staleness: &Staleness,
) -> PlanStatus {
    // Nothing can go wrong any more with a plan that is done.
    let is_over = !items.is_empty() && items.iter().all(Item::is_complete);
    let is_stuck = |item: &Item<'_>| item.is_blocked() && schedule.critical.contains(item.id);
    if plan.meta.text("stage") == Some("draft") {
        PlanStatus::Draft
    } else if is_over {
        PlanStatus::OnTrack
    } else if overdue.iter().any(|item| item.days >= STALLED_DAYS_MIN) || staleness.is_stale() {
        PlanStatus::Stalled
    } else if !overdue.is_empty() || schedule.target_slip > 0 || items.iter().any(is_stuck) {
        PlanStatus::AtRisk
    } else if items.iter().all(|item| item.status == Status::Pending) {
        PlanStatus::NotStarted
    } else {
        PlanStatus::OnTrack
    }
}

/// A part of a whole in percent with one decimal; 0 of nothing.
fn percent_of(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    #[expect(clippy::cast_precision_loss)]
    let percent = part as f64 * 100.0 / whole as f64;
    (percent * 10.0).round() / 10.0
}
