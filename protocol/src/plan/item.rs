//! Items: the milestones and the tasks that count, which are those neither removed nor cancelled.
//!
//! Schedule, figures, reminders and lint all speak of the same items, so what makes one open, overdue or blocked is
//! said here once.

use std::ops::Deref;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::Plan;
use super::views::Entity;
use super::words::Status;

/// How many days ahead an item is due soon.
pub const SOON_DAYS: i32 = 7;

/// A milestone or a task that is neither removed nor cancelled.
#[derive(Debug, Clone)]
pub struct Item<'a> {
    /// Its id and fields.
    pub entity: Entity<'a>,
    /// Whether it is a milestone, else it is a task.
    pub is_milestone: bool,
    /// How far it is.
    pub status: Status,
    /// The day it is due.
    pub due: Option<Date>,
}

impl<'a> Deref for Item<'a> {
    type Target = Entity<'a>;
    fn deref(&self) -> &Entity<'a> {
        &self.entity
    }
}

/// The items of a plan: milestones, then tasks, each in the order of the plan.
#[must_use]
pub fn items(plan: &Plan) -> Vec<Item<'_>> {
    let mut items = Vec::with_capacity(64);
    items.extend(plan.entities("milestones").map(|entity| Item::of(entity, true)));
    items.extend(plan.entities("tasks").map(|entity| Item::of(entity, false)));
    items.retain(|item| item.status != Status::Cancelled);
    items
}

/// The zone whose days a plan speaks of; UTC when it states none.
#[must_use]
pub fn time_zone(plan: &Plan) -> TimeZone {
    plan.meta.text("tz").and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC)
}

/// The day of a plan on which an instant fell.
#[must_use]
pub fn local_day(instant: &str, zone: &TimeZone) -> Option<Date> {
    Some(zone.to_datetime(instant.parse().ok()?).date())
}

/// The days from one day to another, negative when the other is earlier.
#[must_use]
pub fn days_between(from: Date, to: Date) -> i32 {
    // Whole days of some thousand years: far from the bounds.
    i32::try_from(to.duration_since(from).as_hours() / 24).unwrap_or(0)
}

impl<'a> Item<'a> {
    /// A milestone or a task, whatever its state.
    #[must_use]
    pub fn of(entity: Entity<'a>, is_milestone: bool) -> Self {
        let status = entity.row.text("status").map_or(Status::Pending, Status::of);
        Self { entity, is_milestone, status, due: entity.row.date("due") }
    }

    /// `milestones/ms-05` or `tasks/ca-1`.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}/{}", if self.is_milestone { "milestones" } else { "tasks" }, self.id)
    }

    /// Whether there is still something to do.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.is_complete()
    }

    /// Whether it is done.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.status == Status::Complete
    }

    /// Whether something stands in its way: by its status, or by a blocker that is stated and not taken away.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        let stated = ["blocked.reason", "blocked.needs", "blocked.since"];
        self.is_open() && (self.status == Status::Blocked || stated.iter().any(|field| self.row.get(field).is_some()))
    }

    /// Days since the due day of an item that is not done; 0 when it is not overdue.
    #[must_use]
    pub fn days_overdue(&self, as_of: Date) -> i32 {
        match self.due {
            Some(due) if self.is_open() && as_of > due => days_between(due, as_of),
            _ => 0,
        }
    }

    /// Whether it is not done and due today or within [`SOON_DAYS`].
    #[must_use]
    pub fn is_due_soon(&self, as_of: Date) -> bool {
        self.is_open() && self.due.is_some_and(|due| (0..=SOON_DAYS).contains(&days_between(as_of, due)))
    }

    /// The day it was completed on, as the server stamped it.
    #[must_use]
    pub fn completed_on(&self, zone: &TimeZone) -> Option<Date> {
        self.row.text("completedAt").and_then(|at| local_day(at, zone))
    }

    /// `proposed`, `accepted`, `declined` or `countered`, if anybody asked for a commitment.
    #[must_use]
    pub fn commitment(&self) -> Option<&'a str> {
        self.row.text("commitment.state")
    }
}
