//! Reminders that are due on a day (R69): what is due soon, overdue, blocked for too long, unanswered, or stale.
//!
//! Whoever sends them decides when and how, and remembers what it sent: the same day gives the same reminders.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::Plan;
use super::figures::{Activity, Staleness};
use super::item::{Item, days_between, items, local_day, time_zone};
use super::views::Entity;
use super::words::RiskState;

/// The hours after which a blocker is escalated when the cadence states none.
pub const BLOCKER_HOURS: i32 = 24;

/// One reminder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reminder {
    /// What it is about.
    pub kind: Kind,
    /// The entity: `tasks/ca-1`; absent when it is the whole plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Its title, as somebody wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Box<str>>,
    /// The people it is for: the owners.
    pub people: Vec<Box<str>>,
    /// The parties it is for, where no people are named: those who have not answered, or have done nothing.
    pub parties: Vec<Box<str>>,
    /// Days until the due day, or since the day it should have been looked at.
    pub days: i32,
}

/// What a reminder is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An item is not done after its day.
    Overdue,
    /// Something has stood in the way for longer than the cadence allows.
    Blocked,
    /// A proposal or a commitment waits for an answer since an earlier day.
    Unanswered,
    /// An item is due within a week.
    Soon,
    /// Nobody, or nobody of a party, has changed anything for three weeks.
    Stale,
}

/// The reminders of a plan on a day: by kind, then the most urgent first.
#[must_use]
pub fn reminders(plan: &Plan, as_of: Date, activity: &Activity) -> Vec<Reminder> {
    let zone = time_zone(plan);
    let limit = blocker_hours(plan);
    let since = |day: Option<Date>| day.map(|day| days_between(day, as_of));
    let mut reminders = Vec::new();
    for item in items(plan).iter().filter(|item| item.is_open()) {
        let late = item.days_overdue(as_of);
        if late > 0 {
            reminders.push(of_item(item, Kind::Overdue, late));
        } else if let Some(due) = item.due.filter(|_| item.is_due_soon(as_of)) {
            reminders.push(of_item(item, Kind::Soon, days_between(as_of, due)));
        }
        let blocked = since(item.row.date("blocked.since")).filter(|days| item.is_blocked() && is_over(*days, limit));
        reminders.extend(blocked.map(|days| of_item(item, Kind::Blocked, days)));
        let asked = matches!(item.commitment(), Some("proposed" | "countered"));
        let asked = since(stamped(item, "commitment.at", &zone)).filter(|days| asked && *days > 0);
        reminders.extend(asked.map(|days| of_item(item, Kind::Unanswered, days)));
    }
    for risk in plan.risks().filter(|risk| risk.row.text("kind") == Some("blocker")) {
        let is_over_already = matches!(risk.state(), RiskState::Accepted | RiskState::Closed);
        let raised = since(stamped(&risk, "raisedAt", &zone)).filter(|days| !is_over_already && is_over(*days, limit));
        reminders.extend(raised.map(|days| of(&risk, Kind::Blocked, format!("risks/{}", risk.id), days)));
    }
    for proposal in plan.entities("proposals").filter(|each| each.row.text("state").is_none_or(|state| state == "open"))
    {
        let answers = proposal.row.members("answers");
        let waiting: Vec<Box<str>> =
            answers.filter(|(_, answer)| answer.as_str() == Some("pending")).map(|(party, _)| party.into()).collect();
        let asked = since(stamped(&proposal, "at", &zone)).filter(|days| *days > 0 && !waiting.is_empty());
        reminders.extend(asked.map(|days| Reminder {
            parties: waiting,
            ..of(&proposal, Kind::Unanswered, format!("proposals/{}", proposal.id), days)
        }));
    }
    stale(activity, as_of, &mut reminders);
    let urgency = |each: &Reminder| if each.kind == Kind::Soon { each.days } else { -each.days };
    reminders.sort_by_key(|each| (each.kind, urgency(each)));
    reminders
}

/// The whole plan, or the parties that leave it to the others.
fn stale(activity: &Activity, as_of: Date, reminders: &mut Vec<Reminder>) {
    let staleness = Staleness::of(activity, as_of);
    let parties: Vec<_> = staleness.by_party.iter().filter(|(_, age)| age.is_stale()).collect();
    let days = staleness.all.filter(|_| staleness.is_stale()).map(|age| age.days);
    if let Some(days) = days.or_else(|| parties.iter().map(|(_, age)| age.days).max()) {
        let parties = parties.iter().map(|(party, _)| party.as_str().into()).collect();
        reminders.push(Reminder { kind: Kind::Stale, subject: None, title: None, people: Vec::new(), parties, days });
    }
}

fn of_item(item: &Item<'_>, kind: Kind, days: i32) -> Reminder {
    of(item, kind, item.path(), days)
}

fn of(entity: &Entity<'_>, kind: Kind, subject: String, days: i32) -> Reminder {
    Reminder {
        kind,
        subject: Some(subject),
        title: entity.title().map(Box::from),
        people: entity.owners().map(Box::from).collect(),
        parties: Vec::new(),
        days,
    }
}

fn stamped(entity: &Entity<'_>, field: &str, zone: &TimeZone) -> Option<Date> {
    entity.row.text(field).and_then(|at| local_day(at, zone))
}

/// Whether a limit in hours has passed for certain since some time of a day so many days ago.
fn is_over(days: i32, hours: i32) -> bool {
    days.saturating_sub(1).saturating_mul(24) >= hours
}

/// The strictest limit that the cadence states.
fn blocker_hours(plan: &Plan) -> i32 {
    #[expect(clippy::cast_possible_truncation)]
    let hours = |number: f64| number.clamp(0.0, 1e6) as i32;
    plan.entities("cadence")
        .filter(|each| each.row.text("kind") == Some("blocker_escalation"))
        .filter_map(|each| {
            let row = each.row;
            row.number("withinHours").or_else(|| row.number("withinDays").map(|days| days * 24.0)).map(hours)
        })
        .min()
        .unwrap_or(BLOCKER_HOURS)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::ids::PartyId;
    use crate::plan::{SAMPLE, json};

    fn sample(change: impl FnOnce(&mut Json)) -> Plan {
        let mut json: Json = serde_json::from_str(SAMPLE).unwrap();
        change(&mut json);
        json::parse(&json, true).unwrap()
    }

    fn lines(plan: &Plan, as_of: Date, activity: &Activity) -> Vec<String> {
        let line = |each: Reminder| format!("{:?} {} {}", each.kind, each.subject.unwrap_or_default(), each.days);
        reminders(plan, as_of, activity).into_iter().map(line).collect()
    }

    #[test]
    fn what_is_due_within_a_week_and_what_was() {
        let plan = sample(|_| {});
        // ca-1 and va-1 are due on Feb 18, ms-05 on Feb 20.
        let soon = ["Soon tasks/ca-1 1", "Soon tasks/va-1 1", "Soon milestones/ms-05 3"];
        assert_eq!(lines(&plan, date(2026, 2, 17), &Activity::default()), soon);
        let late = ["Overdue tasks/ca-1 1", "Overdue tasks/va-1 1", "Soon milestones/ms-05 1"];
        assert_eq!(lines(&plan, date(2026, 2, 19), &Activity::default()), late);
        let first = &reminders(&plan, date(2026, 2, 19), &Activity::default())[0];
        assert_eq!(first.people, ["b-it-manager".into()]);
        assert_eq!(first.title.as_deref(), Some("Provide data sample for POC"));
    }

    #[test]
    fn a_blocker_has_the_hours_of_the_cadence() {
        let blocked = |hours: i32| {
            sample(|json| {
                json["milestones"][14]["blocked"] = json!({"reason": "Nobody named", "since": "2026-02-10"});
                json["risks"][0]["kind"] = json!("blocker");
                json["risks"][0]["raisedAt"] = json!("2026-02-11T20:00:00Z");
                json["cadence"][2]["withinHours"] = json!(hours);
            })
        };
        let on = |day: i8, hours: i32| lines(&blocked(hours), date(2026, 2, day), &Activity::default());
        let found =
            |lines: Vec<String>| lines.into_iter().filter(|line| line.starts_with("Blocked")).collect::<Vec<_>>();
        // Raised at some time on Feb 10: 24 hours are over for certain on Feb 12.
        assert!(found(on(11, 24)).is_empty());
        assert_eq!(found(on(12, 24)), ["Blocked milestones/ms-15 2"]);
        assert_eq!(found(on(13, 24)), ["Blocked milestones/ms-15 3", "Blocked risks/rk-1 2"]);
        assert!(found(on(13, 72)).is_empty());
    }

    #[test]
    fn who_was_asked_and_has_not_answered() {
        let plan = sample(|json| {
            json["tasks"][4]["commitment"] = json!({"state": "proposed", "at": "2026-02-16T10:00:00Z"});
            json["tasks"][3]["commitment"] = json!({"state": "accepted", "at": "2026-02-10T10:00:00Z"});
            json["proposals"] = json!([
                {"id": "p1", "state": "open", "at": "2026-02-14T10:00:00Z", "answers": {"buyer": "pending", "seller": "accepted"}},
                {"id": "p2", "state": "accepted", "at": "2026-02-14T10:00:00Z", "answers": {"buyer": "pending"}},
            ]);
        });
        let unanswered: Vec<_> = reminders(&plan, date(2026, 2, 17), &Activity::default())
            .into_iter()
            .filter(|each| each.kind == Kind::Unanswered)
            .collect();
        assert_eq!(unanswered.len(), 2);
        assert_eq!((unanswered[0].subject.as_deref(), unanswered[0].days), (Some("proposals/p1"), 3));
        assert_eq!(unanswered[0].parties, ["buyer".into()]);
        assert_eq!((unanswered[1].subject.as_deref(), unanswered[1].days), (Some("tasks/ca-5"), 1));
    }

    #[test]
    fn a_party_that_does_nothing_is_reminded_and_then_everybody() {
        let day = |day: i8| date(2026, 1, day);
        let by_party = [("buyer", day(1)), ("seller", day(10))].map(|(id, day)| (PartyId::parse(id).unwrap(), day));
        let activity = Activity { last: Some(day(10)), by_party: by_party.into(), buyer_edits_14d: 0 };
        let stale = |as_of: Date| {
            let all = reminders(&Plan::default(), as_of, &activity);
            all.into_iter().map(|each| (each.parties, each.days)).collect::<Vec<_>>()
        };
        assert_eq!(stale(day(21)), []);
        assert_eq!(stale(day(22)), [(vec!["buyer".into()], 21)]);
        assert_eq!(stale(day(31)), [(vec!["buyer".into(), "seller".into()], 21)]);
    }
}
