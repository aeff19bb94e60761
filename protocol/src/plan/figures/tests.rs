//! Figures of the sample, before and after a call, and of plans that are late, stale or empty.

use jiff::civil::{Date, date};
use serde_json::{Value as Json, json};
use yrs::{Doc, OffsetKind, Options, Transact};

use super::*;
use crate::ids::{PartyId, PersonId};
use crate::plan::{Edit, SAMPLE, Stamp, json, read, write};

const AS_OF: Date = date(2026, 2, 17);

fn sample() -> Plan {
    json::parse_str(SAMPLE, true).unwrap()
}

/// A plan after edits by a person, made in a document as the server makes them.
fn edited(plan: &Plan, edits: &[(&str, Json)]) -> Plan {
    let doc =
        Doc::with_options(Options { offset_kind: OffsetKind::Utf16, ..Options::with_client_id(yrs::ClientID::new(1)) });
    write::create(&mut doc.transact_mut(), plan);
    for (by, set) in edits {
        let stamp = Stamp { at: "2026-02-17T18:21:07.113Z".into(), by: PersonId::parse(by).unwrap() };
        let edit = Edit::parse(&json!({"set": set}), true).unwrap();
        write::apply(&mut doc.transact_mut(), &edit, &stamp).unwrap();
    }
    read::plan(&doc.transact()).plan
}

/// The six edits of a call on Feb 17.
fn after_the_call() -> Plan {
    edited(
        &sample(),
        &[
            ("b-it-manager", json!({"tasks": {"ca-1": {"status": "complete"}}})),
            (
                "b-it-manager",
                json!({"milestones": {"ms-05": {"due": "2026-02-25", "reason": "Access credentials pending"}}}),
            ),
            ("s-sales-engineer", json!({"tasks": {"va-1": {"owners": ["s-sales-engineer"]}}})),
            (
                "b-legal-counsel",
                json!({
                    "tasks": {"ca-6": {"title": "Sign mutual NDA", "milestone": "ms-09", "party": "buyer",
                        "owners": ["b-legal-counsel"], "due": "2026-02-27", "status": "pending"}},
                    "dependencies": {"ca-6>ms-09": {"from": "ca-6", "to": "ms-09", "type": "FS", "strength": "hard"}},
                }),
            ),
            ("b-it-manager", json!({"risks": {"rk-2": {"impact": "high"}}})),
            (
                "s-account-exec",
                json!({
                    "people": {"b-cfo": {"party": "buyer", "role": "CFO", "placeholder": true}},
                    "stakeholders": {"b-cfo": {"decisionRole": "economic_buyer", "needs": "payback shown in the ROI analysis"}},
                }),
            ),
        ],
    )
}

fn json_of(plan: &Plan, as_of: Date) -> Json {
    serde_json::to_value(figures(plan, as_of, &Activity::default())).unwrap()
}

#[test]
fn the_figures_of_the_sample() {
    let figures = json_of(&sample(), AS_OF);
    let expected = json!({
        "asOf": "2026-02-17",
        // 10 tasks, none done; 15 milestones less those with tasks (05 07 08 09 11 14 15) are 8, of which 01 to 04 are.
        "completion": {"complete": 4, "counted": 18, "percent": 22.2},
        "milestones": {"complete": 4, "total": 15},
        "status": "on_track",
        // 21 open items (11 milestones, 10 tasks), 2 must move: 100 - 15 x 2/21 = 98.6.
        "health": {
            "score": 99,
            "parts": {"target": 1.0, "slip": 0.905, "overdue": 1.0, "fresh": 1.0, "buyer": 1.0, "hygiene": 1.0},
            "reasons": [{"code": "slip", "lost": 1.4, "message": "2 of 21 open items must move"}],
        },
        "feasible": false,
        "target": {"date": "2026-04-30", "item": "ms-14", "projected": "2026-04-30"},
        "targetSlip": 0,
        "nextMilestone": {"id": "ms-05", "title": "POC Environment Setup", "due": "2026-02-20", "projected": "2026-02-20"},
        "overdue": {"count": 0, "items": []},
        "dueSoon": {"count": 3, "items": ["ca-1", "va-1", "ms-05"]},
        "mustMove": {"count": 2, "items": [
            {"id": "ms-06", "from": "2026-03-15", "to": "2026-03-22", "days": 7},
            {"id": "ms-07", "from": "2026-03-20", "to": "2026-03-22", "days": 2},
        ]},
        // The two that must move, and what risks of 6 threaten: rk-1 ca-5 ms-14, rk-2 ms-09 ms-10, rk-4 ms-12 ms-13.
        "atRisk": {"count": 8, "items": ["ms-06", "ms-07", "ms-09", "ms-10", "ca-5", "ms-12", "ms-13", "ms-14"]},
        "criticalItems": {"count": 7, "items": ["ca-3", "ms-09", "ms-10", "ms-11", "ms-12", "ms-13", "ms-14"]},
        "buyerShare": {"own": 5, "joint": 0, "tasks": 10, "percent": 50.0},
        "buyerEngagement": {"onTime": {"count": 0, "of": 0}, "accepted": {"count": 0, "of": 0}, "edits14d": 0},
        "staleness": {"byParty": {}},
        "hygiene": {"count": 21, "of": 21, "percent": 100.0},
    });
    assert_eq!(figures, expected, "{figures:#}");
}

#[test]
fn the_figures_after_the_call() {
    let plan = after_the_call();
    let figures = json_of(&plan, AS_OF);
    let expected = json!({
        "asOf": "2026-02-17",
        // ca-1 is done and ca-6 is new: 5 of 19.
        "completion": {"complete": 5, "counted": 19, "percent": 26.3},
        "milestones": {"complete": 4, "total": 15},
        "status": "on_track",
        // 21 open items: one less, one more. 100 - 15 x 3/21 = 97.9.
        "health": {
            "score": 98,
            "parts": {"target": 1.0, "slip": 0.857, "overdue": 1.0, "fresh": 1.0, "buyer": 1.0, "hygiene": 1.0},
            "reasons": [{"code": "slip", "lost": 2.1, "message": "3 of 21 open items must move"}],
        },
        "feasible": false,
        "target": {"date": "2026-04-30", "item": "ms-14", "projected": "2026-04-30"},
        "targetSlip": 0,
        "nextMilestone": {"id": "ms-05", "title": "POC Environment Setup", "due": "2026-02-25", "projected": "2026-02-25"},
        "overdue": {"count": 0, "items": []},
        // ms-05 is 8 days away now.
        "dueSoon": {"count": 1, "items": ["va-1"]},
        // Feb 25 + 30 d = Mar 27 (3 days to Feb 28, 27 more).
        "mustMove": {"count": 3, "items": [
            {"id": "ms-06", "from": "2026-03-15", "to": "2026-03-27", "days": 12},
            {"id": "ms-07", "from": "2026-03-20", "to": "2026-03-27", "days": 7},
            {"id": "ms-08", "from": "2026-03-25", "to": "2026-03-27", "days": 2},
        ]},
        "atRisk": {"count": 9, "items": ["ms-06", "ms-07", "ms-08", "ms-09", "ms-10", "ca-5", "ms-12", "ms-13", "ms-14"]},
        "criticalItems": {"count": 7, "items": ["ca-3", "ms-09", "ms-10", "ms-11", "ms-12", "ms-13", "ms-14"]},
        // 6 of 11 = 54.5 %.
        "buyerShare": {"own": 6, "joint": 0, "tasks": 11, "percent": 54.5},
        // ca-1 was due on Feb 18 and is done: it is not due so far.
        "buyerEngagement": {"onTime": {"count": 0, "of": 0}, "accepted": {"count": 0, "of": 0}, "edits14d": 0},
        "staleness": {"byParty": {}},
        "hygiene": {"count": 21, "of": 21, "percent": 100.0},
    });
    assert_eq!(figures, expected, "{figures:#}");

    let threats = threats(&plan, AS_OF, &schedule(&plan, AS_OF));
    assert_eq!(threats["ms-10"], [Threat::Risk { risk: "rk-2".into(), score: 9 }], "high x high");
    assert_eq!(threats["ms-08"], [Threat::Slip { days: 2 }], "rk-3 scores 2");
    // Two days later ca-1 counts, as done on its day; va-1 is the seller's and overdue.
    let later = self::figures(&plan, date(2026, 2, 19), &Activity::default());
    assert_eq!(later.buyer_engagement.on_time, Ratio { count: 1, of: 1, percent: Some(100.0) });
    assert_eq!(later.overdue.items, [Overdue { id: "va-1".into(), days: 1 }]);
    assert_eq!(later.status, PlanStatus::AtRisk);
}

#[test]
fn a_plan_that_nobody_keeps_is_stalled_and_unhealthy() {
    let activity = Activity {
        last: Some(date(2026, 2, 10)),
        by_party: [("seller", date(2026, 2, 10)), ("buyer", date(2026, 1, 20))]
            .map(|(party, day)| (PartyId::parse(party).unwrap(), day))
            .into(),
        buyer_edits_14d: 3,
    };
    let at = |day: Date| figures(&sample(), day, &activity);

    // Feb 24: the last change is 14 days old. ca-1 and va-1 are 6 days late, ms-05 is 4.
    let ageing = at(date(2026, 2, 24));
    assert_eq!(ageing.staleness.all, Some(Age { days: 14, level: Level::Ageing }));
    assert_eq!(ageing.staleness.by_party[&PartyId::parse("buyer").unwrap()].level, Level::Stale);
    assert_eq!(ageing.overdue.count, 3);
    assert_eq!(ageing.status, PlanStatus::AtRisk);
    // Today + 30 d = Mar 26: ca-1, va-1, ms-05, ms-06, ms-07, ms-08 must move, 6 of 21.
    // target 15, slip 15 x 15/21 = 10.71, overdue 20 x (1 - (6+6+4)/7/21) = 17.82, fresh 20 x (1 - 7/14) = 10,
    // buyer 20, hygiene 10: 83.5.
    assert_eq!((ageing.must_move.count, ageing.health.score), (6, 84), "{:?}", ageing.health);
    let codes: Vec<_> = ageing.health.reasons.iter().map(|reason| (reason.code, reason.lost)).collect();
    assert_eq!(codes, [("fresh", 10.0), ("slip", 4.3), ("overdue", 2.2)]);

    // Feb 25: 7 days late. slip 10.71, overdue 20 x (1 - (1+1+5/7)/21) = 17.41, fresh 20 x (1 - 8/14) = 8.57:
    // 81.7, and at most 60.
    let stalled = at(date(2026, 2, 25));
    assert_eq!((stalled.status, stalled.health.score), (PlanStatus::Stalled, 60));
    assert_eq!(stalled.health.reasons[0].code, "cap");
    // Mar 3: 21 days without a change.
    let stale = at(date(2026, 3, 3));
    assert_eq!((stale.status, stale.health.score), (PlanStatus::Stalled, 40));
    assert_eq!(stale.buyer_engagement.edits_14d, 3);
    let json = serde_json::to_value(&stale.staleness).unwrap();
    assert_eq!(
        json,
        json!({"days": 21, "level": "stale",
        "byParty": {"buyer": {"days": 42, "level": "stale"}, "seller": {"days": 21, "level": "stale"}}})
    );
}

#[test]
fn the_word_for_a_plan_is_the_worst_that_holds() {
    let status = |edits: Json, as_of: Date| {
        figures(&edited(&sample(), &[("s-account-exec", edits)]), as_of, &Activity::default()).status
    };
    assert_eq!(status(json!({"meta": {"stage": "draft"}}), date(2026, 4, 1)), PlanStatus::Draft);
    // ms-10 drives the target; ms-15 does not.
    let blocked = json!({"status": "blocked", "blocked": {"reason": "Backlog", "since": "2026-02-16"}});
    assert_eq!(status(json!({"milestones": {"ms-10": blocked.clone()}}), AS_OF), PlanStatus::AtRisk);
    assert_eq!(status(json!({"milestones": {"ms-15": blocked}}), AS_OF), PlanStatus::OnTrack);
    // A blocker that is stated counts, whatever the status says.
    assert_eq!(status(json!({"milestones": {"ms-10": {"blocked": {"reason": "x"}}}}), AS_OF), PlanStatus::AtRisk);
    let unmoved = |ids: &[&str]| {
        let milestones: serde_json::Map<String, Json> =
            ids.iter().map(|id| ((*id).to_owned(), json!({"status": "pending"}))).collect();
        json!({"milestones": milestones})
    };
    let begun = ["ms-01", "ms-02", "ms-03", "ms-04", "ms-05"];
    assert_eq!(status(unmoved(&begun), date(2026, 1, 10)), PlanStatus::NotStarted);
    assert_eq!(status(unmoved(&begun), AS_OF), PlanStatus::Stalled, "ms-01 is 16 days late: not begun is no excuse");
    // Seven days after the target nothing more is due when everything is done.
    let done: serde_json::Map<String, Json> =
        (1..=15).map(|n| (format!("ms-{n:02}"), json!({"status": "complete"}))).collect();
    let tasks: serde_json::Map<String, Json> = ["ca", "va"]
        .iter()
        .flat_map(|side| (1..=5).map(move |n| (format!("{side}-{n}"), json!({"status": "complete"}))))
        .collect();
    let done = edited(&sample(), &[("s-csm", json!({"milestones": done, "tasks": tasks}))]);
    let stale = Activity { last: Some(AS_OF), ..Activity::default() };
    let figures = figures(&done, date(2026, 6, 1), &stale);
    assert_eq!((figures.status, figures.completion.percent), (PlanStatus::OnTrack, 100.0));
    assert_eq!((figures.next_milestone, figures.hygiene.percent), (None, None));
}

#[test]
fn a_declined_commitment_threatens_its_task_and_what_waits_for_it() {
    let declined = json!({"tasks": {"ca-5": {"commitment": {"state": "declined"}}, "ca-3": {"commitment": {"state": "accepted"}},
        "ca-4": {"commitment": {"state": "proposed"}}, "va-5": {"commitment": {"state": "accepted"}}}});
    let plan = edited(&sample(), &[("b-cfo", declined)]);
    let threats = threats(&plan, AS_OF, &schedule(&plan, AS_OF));
    let by = Threat::Declined { task: "ca-5".into() };
    let risk = Threat::Risk { risk: "rk-1".into(), score: 6 };
    assert_eq!(threats["ca-5"], [by.clone(), risk.clone()]);
    assert_eq!(threats["ms-14"], [by, risk]);
    let figures = figures(&plan, AS_OF, &Activity::default());
    assert_eq!(
        figures.buyer_engagement.accepted,
        Ratio { count: 1, of: 3, percent: Some(33.3) },
        "va-5 is the seller's"
    );
}

#[test]
fn a_plan_without_the_buyer_is_unhealthy_and_joint_tasks_count_half() {
    let joint =
        edited(&sample(), &[("s-csm", json!({"tasks": {"ca-1": {"party": "joint"}, "ca-2": {"party": "seller"}}}))]);
    // 3 own and 1 joint of 10: 35 %.
    let figures = self::figures(&joint, AS_OF, &Activity::default());
    assert_eq!(figures.buyer_share, BuyerShare { own: 3, joint: 1, tasks: 10, percent: 35.0 });
    assert_eq!(figures.health.parts.buyer, 0.875, "35 of 40");
    let all: serde_json::Map<String, Json> = (1..=5).map(|n| (format!("ca-{n}"), json!({"party": "seller"}))).collect();
    let alone = edited(&sample(), &[("s-csm", json!({"tasks": all}))]);
    let figures = self::figures(&alone, AS_OF, &Activity::default());
    assert_eq!((figures.buyer_share.percent, figures.health.score), (0.0, 40));
}

#[test]
fn an_empty_plan_has_figures() {
    let figures = figures(&Plan::default(), AS_OF, &Activity::default());
    assert_eq!((figures.status, figures.completion.counted, figures.target), (PlanStatus::NotStarted, 0, None));
    assert!(figures.feasible && figures.health.score == 40, "nobody has a task");
}
