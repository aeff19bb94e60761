//! When the parties meet next: the review call of the cadence, from its recurrence rule.
//!
//! A plan states a rule (`FREQ=WEEKLY;BYDAY=TU`), mostly without the day it began. Where a rule counts from its
//! beginning (every second week), it counts from the `DTSTART` before it, or else from Monday, 1 January 2024: two
//! readers never disagree about the week. A rule this module does not know has no next day; no day is better than
//! a wrong one.

mod rule;

use jiff::civil::{Date, Time};
use serde::Serialize;

use self::rule::Rule;
use super::{Entity, Plan};

/// A review call to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Occurrence {
    /// The id of the entity in `cadence`.
    pub id: Box<str>,
    /// What it is called.
    pub title: Box<str>,
    /// The day, in the time zone below.
    pub date: Date,
    /// The time of day as the plan has it, `10:00`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Box<str>>,
    /// The time zone of day and time: its own, else the plan's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tz: Option<Box<str>>,
}

/// The first review call after a day; of two on one day the earlier one. A call on the day itself has been held.
#[must_use]
pub fn next(plan: &Plan, as_of: Date) -> Option<Occurrence> {
    let is_review = |each: &Entity<'_>| each.row.text("kind") == Some("review_call");
    plan.entities("cadence")
        .filter(is_review)
        .filter_map(|each| occurrence(plan, each, as_of))
        .min_by_key(|each| (each.date, each.time.as_deref().and_then(|time| time.parse::<Time>().ok())))
}

fn occurrence(plan: &Plan, call: Entity<'_>, as_of: Date) -> Option<Occurrence> {
    let date = Rule::parse(call.row.text("rrule")?)?.next(as_of)?;
    let tz = call.row.text("tz").or_else(|| plan.meta.text("tz"));
    Some(Occurrence {
        id: call.id.into(),
        title: call.title().unwrap_or("Review call").into(),
        date,
        time: call.row.text("time").map(Box::from),
        tz: tz.map(Box::from),
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use serde_json::json;

    use super::*;
    use crate::plan::{SAMPLE, json as canonical};

    #[test]
    fn the_sample_meets_every_tuesday() {
        let plan = canonical::parse_str(SAMPLE, true).unwrap();
        let call = next(&plan, date(2026, 2, 17)).unwrap();
        assert_eq!((&*call.id, call.date), ("cd-1", date(2026, 2, 24)), "the call of the 17th has been held");
        assert_eq!((call.time.as_deref(), call.tz.as_deref()), (Some("10:00"), Some("America/Los_Angeles")));
        assert_eq!(next(&plan, date(2026, 2, 23)).unwrap().date, date(2026, 2, 24));
    }

    #[test]
    fn the_earliest_review_call_counts_and_nothing_else() {
        let plan = json!({"schema": "plansync.plan/1", "meta": {"tz": "Europe/Berlin"}, "cadence": [
            {"id": "a", "kind": "review_call", "title": "Late", "rrule": "FREQ=DAILY", "time": "16:00"},
            {"id": "b", "kind": "review_call", "title": "Early", "rrule": "RRULE:FREQ=DAILY", "time": "09:30"},
            {"id": "c", "kind": "executive_update", "title": "Mail", "rrule": "FREQ=DAILY", "time": "08:00"},
            {"id": "d", "kind": "review_call", "title": "Gone", "rrule": "FREQ=DAILY", "time": "07:00", "removed": true},
            {"id": "e", "kind": "review_call", "title": "No rule"},
            {"id": "f", "kind": "review_call", "title": "No day", "rrule": "every blue moon"},
        ]});
        let plan = canonical::parse(&plan, true).unwrap();
        let call = next(&plan, date(2026, 2, 17)).unwrap();
        assert_eq!((&*call.id, call.date, call.tz.as_deref()), ("b", date(2026, 2, 18), Some("Europe/Berlin")));
        assert_eq!(next(&Plan::default(), date(2026, 2, 17)), None);
    }
}
