//! Lines that a plan crosses without anybody writing them: an item becomes overdue because a day has passed, the target
//! slips because something before it was moved.
//!
//! In: where a plan stands, before and now. Out: one event for each line crossed. A [`Standing`] is small enough to be
//! kept beside the plan, so that a line is crossed once, whoever was looking.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use super::Plan;
use super::change::Event;
use super::figures::Figures;
use super::item::items;
use super::schedule::Schedule;

/// From this score on a plan is healthy, and below the second one it is in danger.
const HEALTH_LINES: [u8; 2] = [70, 40];

/// Where a plan stands on a day, as far as lines can be crossed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    /// The day.
    pub as_of: Date,
    overdue: BTreeSet<Box<str>>,
    due_soon: BTreeSet<Box<str>>,
    slip: BTreeMap<Box<str>, i32>,
    target_slip: i32,
    health: u8,
    stale: bool,
    driving_path: Vec<Box<str>>,
}

impl Standing {
    /// Where a plan stands, by its schedule and figures of that day.
    #[must_use]
    pub fn of(plan: &Plan, schedule: &Schedule, figures: &Figures) -> Self {
        let as_of = figures.as_of;
        let items = items(plan);
        let paths = |is: &dyn Fn(&super::item::Item<'_>) -> bool| {
            items.iter().filter(|item| is(item)).map(|item| item.path().into()).collect()
        };
        Self {
            as_of,
            overdue: paths(&|item| item.days_overdue(as_of) > 0),
            due_soon: paths(&|item| item.is_due_soon(as_of)),
            slip: items.iter().filter_map(|item| Some((item.path().into(), *schedule.slip.get(item.id)?))).collect(),
            target_slip: schedule.target_slip,
            health: figures.health.score,
            stale: figures.staleness.is_stale(),
            driving_path: schedule.driving_path.clone(),
        }
    }

    /// The lines crossed since an earlier standing, items first.
    #[must_use]
    pub fn crossed(&self, before: &Self, plan: &Plan) -> Vec<Event> {
        let mut events = Vec::new();
        for item in items(plan) {
            let path = item.path();
            let mut data = Map::new();
            data.insert("entity".to_owned(), path.split('/').next().unwrap_or_default().into());
            data.insert("id".to_owned(), item.id.into());
            data.insert("title".to_owned(), item.row.text("title").unwrap_or(item.id).into());
            if let Some(due) = item.due {
                data.insert("due".to_owned(), due.to_string().into());
            }
            let mut tell = |kind: &str, more: &[(&str, Json)]| {
                let mut data = data.clone();
                data.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
                let subject = Some(path.as_str().into());
                events.push(Event::Other { kind: kind.into(), subject, data: Json::Object(data) });
            };
            let now_in = |now: &BTreeSet<Box<str>>, before: &BTreeSet<Box<str>>| {
                now.contains(path.as_str()) && !before.contains(path.as_str())
            };
            if now_in(&self.overdue, &before.overdue) {
                tell("derived.overdue", &[("days", item.days_overdue(self.as_of).into())]);
            }
            if now_in(&self.due_soon, &before.due_soon) {
                tell("derived.due_soon", &[]);
            }
            let slip = |standing: &Self| standing.slip.get(path.as_str()).copied().unwrap_or(0);
            let (old, new) = (slip(before), slip(self));
            // A day that passes moves every late item by one; that it is late has been told.
            let by_the_day_alone =
                new > 0 && old > 0 && self.overdue.contains(path.as_str()) && self.as_of != before.as_of;
            if old != new && !by_the_day_alone {
                tell(
                    "derived.slip_changed",
                    &[("old", old.into()), ("new", new.into()), ("deltaDays", (new - old).into())],
                );
            }
        }
        let mut tell = |kind: &str, data: Json| {
            events.push(Event::Other { kind: kind.into(), subject: None, data });
        };
        if (self.target_slip > 0) != (before.target_slip > 0) {
            let data = json!({"atRisk": self.target_slip > 0, "old": before.target_slip, "new": self.target_slip});
            tell("derived.target_at_risk", data);
        }
        let band = |score: u8| HEALTH_LINES.iter().filter(|line| score >= **line).count();
        if band(self.health) != band(before.health) {
            tell("derived.health_changed", json!({"old": before.health, "new": self.health}));
        }
        if self.stale && !before.stale {
            tell("derived.stale", json!({"asOf": self.as_of}));
        }
        if self.driving_path != before.driving_path {
            tell("derived.critical_path_changed", json!({"old": before.driving_path, "new": self.driving_path}));
        }
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::figures::{Activity, of_schedule};
    use crate::plan::json::parse_str;
    use crate::plan::schedule::schedule;
    use crate::plan::{SAMPLE, Value};

    fn standing(plan: &Plan, day: &str) -> Standing {
        let day: Date = day.parse().unwrap();
        let activity = Activity { last: Some("2026-02-10".parse().unwrap()), ..Activity::default() };
        let schedule = schedule(plan, day);
        Standing::of(plan, &schedule, &of_schedule(plan, &schedule, day, &activity))
    }

    fn told(events: &[Event]) -> Vec<String> {
        let told = |event: &Event| match event {
            Event::Other { kind, subject, .. } => format!("{kind} {}", subject.as_deref().unwrap_or("plan")),
            Event::Difference(_) => unreachable!("nobody wrote it"),
        };
        events.iter().map(told).collect()
    }

    #[test]
    fn a_day_that_passes_makes_an_item_overdue_once() {
        let plan = parse_str(SAMPLE, true).unwrap();
        let (feb_18, feb_19, feb_20) =
            (standing(&plan, "2026-02-18"), standing(&plan, "2026-02-19"), standing(&plan, "2026-02-20"));
        // ca-1 and va-1 are due on Feb 18.
        let events = told(&feb_19.crossed(&feb_18, &plan));
        assert!(events.contains(&"derived.overdue tasks/ca-1".to_owned()), "{events:?}");
        assert!(events.contains(&"derived.overdue tasks/va-1".to_owned()), "{events:?}");
        let next = told(&feb_20.crossed(&feb_19, &plan));
        assert!(!next.iter().any(|event| event.starts_with("derived.overdue")), "{next:?}");
        assert_eq!(feb_19.crossed(&feb_19, &plan), []);
    }

    #[test]
    fn a_moved_item_changes_the_slip_of_those_after_it_and_the_target() {
        let mut plan = parse_str(SAMPLE, true).unwrap();
        let before = standing(&plan, "2026-02-17");
        let milestones = crate::plan::schema::collection("milestones").unwrap();
        let move_to = |plan: &mut Plan, day: &str| {
            let row = plan.rows_mut(milestones).get_mut("ms-05").unwrap();
            let mut moved = (**row).clone();
            moved.set(crate::plan::Key::of(milestones, "due"), Some(Value::string(day)));
            *row = std::sync::Arc::new(moved);
        };
        move_to(&mut plan, "2026-02-25");
        let after = standing(&plan, "2026-02-17");
        let events = told(&after.crossed(&before, &plan));
        assert!(events.contains(&"derived.slip_changed milestones/ms-06".to_owned()), "{events:?}");
        assert!(!events.iter().any(|event| event.contains("target_at_risk")), "{events:?}");
        move_to(&mut plan, "2026-05-20");
        let late = standing(&plan, "2026-02-17");
        assert!(told(&late.crossed(&after, &plan)).contains(&"derived.target_at_risk plan".to_owned()));
        let back: Standing = serde_json::from_str(&serde_json::to_string(&late).unwrap()).unwrap();
        assert_eq!(back, late);
    }

    #[test]
    fn a_plan_that_nobody_touches_for_three_weeks_is_told_as_stale() {
        let plan = parse_str(SAMPLE, true).unwrap();
        let (before, after) = (standing(&plan, "2026-03-02"), standing(&plan, "2026-03-03"));
        assert!(told(&after.crossed(&before, &plan)).contains(&"derived.stale plan".to_owned()));
    }
}
