//! Schedules of the sample and of small plans, with the arithmetic beside them.

use jiff::civil::{Date, date};
use serde_json::{Value as Json, json};

use super::*;
use crate::plan::{SAMPLE, json};

const AS_OF: Date = date(2026, 2, 17);

fn sample() -> Plan {
    json::parse_str(SAMPLE, true).unwrap()
}

/// A plan of milestones `[id, due or null]` and dependencies `[from, to, type, gap]`, with further members of `meta`.
fn plan(meta: Json, milestones: &[(&str, &str)], edges: &[(&str, &str, &str, i32)]) -> Plan {
    let milestones: Vec<Json> = milestones
        .iter()
        .map(|(id, due)| if due.is_empty() { json!({"id": id}) } else { json!({"id": id, "due": due}) })
        .collect();
    let edges: Vec<Json> = edges
        .iter()
        .map(|(from, to, kind, gap)| {
            json!({"id": format!("{from}>{to}"), "from": from, "to": to, "type": kind, "minGapDays": gap})
        })
        .collect();
    let plan = json!({"schema": "plansync.plan/1", "meta": meta, "milestones": milestones, "dependencies": edges});
    json::parse(&plan, true).unwrap()
}

fn strings(ids: &[Box<str>]) -> Vec<&str> {
    ids.iter().map(AsRef::as_ref).collect()
}

fn slips(schedule: &Schedule) -> Vec<(&str, i32)> {
    schedule.slip.iter().map(|(id, days)| (id.as_ref(), *days)).collect()
}

fn set(plan: &mut Plan, collection: &str, id: &str, fields: Json) {
    use crate::plan::row::Key;
    let collection = crate::plan::schema::collection(collection).unwrap();
    let row = plan.rows_mut(collection).entry(id.into()).or_default();
    for (field, value) in fields.as_object().unwrap() {
        std::sync::Arc::make_mut(row).set(Key::of(collection, field), crate::plan::Value::from_json(value));
    }
}

#[test]
fn two_milestones_of_the_sample_must_move_and_the_target_holds() {
    let schedule = schedule(&sample(), AS_OF);
    // ms-05 Feb 20 + 30 d = Mar 22 (8 days to Feb 28, 22 more); due Mar 15: +7. ca-1 Feb 18 + 30 d = Mar 20 is earlier.
    // ms-06 Mar 22 + 0 d; ms-07 is due Mar 20: +2. ms-08 is due Mar 25 and has room.
    assert_eq!(slips(&schedule), [("ms-06", 7), ("ms-07", 2)]);
    assert_eq!(schedule.finish["ms-06"], date(2026, 3, 22));
    assert_eq!(schedule.finish["ms-07"], date(2026, 3, 22));
    assert_eq!(schedule.finish["ms-08"], date(2026, 3, 25));
    assert_eq!(schedule.finish.len(), 25, "15 milestones and 10 tasks, each with a day");
    assert_eq!(schedule.target_item.as_deref(), Some("ms-14"));
    assert_eq!(schedule.target_slip, 0);
    // Back from ms-14: ms-13 Apr 25, ms-12 Apr 20, ms-11 Apr 15, ms-10 Apr 10 (va-4: Apr 5), ms-09 Apr 1 + 7 d,
    // ca-3 Apr 1 (ms-08: Mar 25).
    let path = ["ca-3", "ms-09", "ms-10", "ms-11", "ms-12", "ms-13", "ms-14"];
    assert_eq!(strings(&schedule.driving_path), path);
    assert_eq!(schedule.cycle, []);
}

#[test]
fn slack_is_what_is_left_before_the_target_moves() {
    let schedule = schedule(&sample(), AS_OF);
    let slack = |id: &str| schedule.slack.get(id).copied();
    assert_eq!(slack("ms-14"), Some(0), "Apr 30 of Apr 30");
    assert_eq!(slack("ms-13"), Some(5), "Apr 25 of Apr 30");
    assert_eq!(slack("ms-10"), Some(20), "Apr 10 of Apr 30");
    assert_eq!(slack("ms-09"), Some(22), "Apr 1 of Apr 30 - 7 d = Apr 23");
    assert_eq!(slack("ms-08"), Some(36), "Mar 25; only ca-5 binds it hard, with Apr 30");
    assert_eq!(slack("ms-06"), Some(39), "projected Mar 22, behind it ms-07 and ms-08 with Apr 30");
    assert_eq!(slack("ms-05"), Some(39), "Feb 20 of Apr 30 - 30 d = Mar 31");
    assert_eq!(slack("ms-04"), None, "done");
    assert_eq!(slack("ms-15"), None, "the target does not wait for it");
    let critical: Vec<&str> = schedule.critical.iter().map(AsRef::as_ref).collect();
    assert_eq!(critical, ["ca-3", "ms-09", "ms-10", "ms-11", "ms-12", "ms-13", "ms-14"]);
}

#[test]
fn an_overdue_item_finishes_today_at_the_earliest() {
    // On Apr 1 all that is due in February and March is late. ms-05 today: ms-06 May 1, ms-07, ms-08, ca-5, ms-14 too.
    let late = schedule(&sample(), date(2026, 4, 1));
    assert_eq!(late.finish["ms-05"], date(2026, 4, 1));
    assert_eq!(late.finish["ms-06"], date(2026, 5, 1));
    assert_eq!(late.finish["ms-14"], date(2026, 5, 1));
    assert_eq!(late.target_slip, 1, "May 1 instead of Apr 30");
    assert_eq!(late.finish["ms-09"], date(2026, 4, 1), "its predecessor ms-08 is a soft one");
    assert!(late.slack["ms-05"] == -1 && late.critical.contains("ms-05"));
}

#[test]
fn what_is_done_finished_on_its_stamped_day_in_the_zone_of_the_plan() {
    let mut plan = sample();
    // 06:30 UTC on Mar 1 is still Feb 28 in Los Angeles; + 30 d = Mar 30.
    set(&mut plan, "milestones", "ms-05", json!({"status": "complete", "completedAt": "2026-03-01T06:30:00Z"}));
    let schedule = schedule(&plan, date(2026, 3, 2));
    assert_eq!(schedule.finish["ms-05"], date(2026, 2, 28));
    assert_eq!(schedule.finish["ms-06"], date(2026, 4, 1), "ca-1 is overdue: today + 30 d is later than Mar 30");
}

#[test]
fn who_must_move_goes_to_a_working_day_and_who_stays_keeps_a_weekend() {
    let meta = json!({"workingDays": ["mo", "tu", "we", "th", "fr"]});
    // a: Fri Mar 6. b is due Fri too, a + 1 d = Sat Mar 7: it must move, to Mon Mar 9. c is due on that Saturday and is
    // held by nobody: it stays. d is due Tue and stays.
    let milestones = [("a", "2026-03-06"), ("b", "2026-03-06"), ("c", "2026-03-07"), ("d", "2026-03-10")];
    let mut plan = plan(meta, &milestones, &[("a", "b", "FS", 1), ("b", "d", "FS", 1)]);
    let first = schedule(&plan, AS_OF);
    assert_eq!(first.finish["b"], date(2026, 3, 9));
    assert_eq!(first.finish["c"], date(2026, 3, 7));
    assert_eq!(slips(&first), [("b", 3)]);

    // The buyer is away from Mar 9 to Mar 13; b is the seller's and not held, until it is joint. Then Mon Mar 16.
    set(&mut plan, "people", "b1", json!({"party": "buyer"}));
    set(&mut plan, "people", "s1", json!({"party": "seller"}));
    let away = json!({"kind": "blackout", "party": "buyer", "from": "2026-03-09", "to": "2026-03-13", "hard": true});
    set(&mut plan, "calendar", "w1", away);
    set(&mut plan, "milestones", "b", json!({"owners/s1": true}));
    assert_eq!(schedule(&plan, AS_OF).finish["b"], date(2026, 3, 9));
    set(&mut plan, "milestones", "b", json!({"owners/b1": true}));
    assert_eq!(schedule(&plan, AS_OF).finish["b"], date(2026, 3, 16));
    set(&mut plan, "calendar", "w1", json!({"hard": false}));
    assert_eq!(schedule(&plan, AS_OF).finish["b"], date(2026, 3, 9), "a soft one is a hint");
}

#[test]
fn each_type_of_dependency_compares_its_own_ends() {
    // a runs Mar 1 to Mar 11 (10 d), b Mar 1 to Mar 5 (4 d); 7 d between.
    let with = |kind: &str| {
        let mut plan = plan(json!({}), &[("a", "2026-03-11"), ("b", "2026-03-05")], &[("a", "b", kind, 7)]);
        set(&mut plan, "milestones", "a", json!({"start": "2026-03-01"}));
        set(&mut plan, "milestones", "b", json!({"durationDays": 4}));
        plan
    };
    let finish = |plan: &Plan| schedule(plan, AS_OF).finish["b"];
    assert_eq!(finish(&with("FS")), date(2026, 3, 18), "Mar 11 + 7");
    assert_eq!(finish(&with("FF")), date(2026, 3, 18), "Mar 11 + 7");
    assert_eq!(finish(&with("SS")), date(2026, 3, 12), "start Mar 1 + 7 = Mar 8, and 4 d of work");
    assert_eq!(finish(&with("SF")), date(2026, 3, 8), "start Mar 1 + 7");
    assert_eq!(finish(&with("later")), date(2026, 3, 18), "a word of a newer client reads as FS");
    let mut begun = with("SS");
    set(&mut begun, "milestones", "b", json!({"status": "in_progress"}));
    assert_eq!(finish(&begun), date(2026, 3, 5), "what has begun waits for no start");
}

#[test]
fn a_circle_is_named_and_binds_nobody() {
    let milestones = [("a", "2026-03-01"), ("b", "2026-03-02"), ("c", "2026-03-03"), ("d", "2026-03-04")];
    let edges = [("a", "b", "FS", 9), ("b", "c", "FS", 9), ("c", "a", "FS", 9), ("c", "d", "FS", 9)];
    let mut plan = plan(json!({"target": {"date": "2026-03-04"}}), &milestones, &edges);
    let tied = schedule(&plan, AS_OF);
    assert_eq!(strings(&tied.cycle), ["a", "b", "c"]);
    assert_eq!(cycle(&plan), tied.cycle);
    assert_eq!(slips(&tied), [("d", 8)], "c > d is in no circle: Mar 3 + 9 d = Mar 12");
    assert_eq!(strings(&tied.driving_path), ["a", "b", "c", "d"], "it ends where it would begin again");
    assert_eq!(tied.finish.len(), 4);
    assert!(backward(&plan).iter().any(|proposed| &*proposed.id == "c"), "d Mar 4 - 9 d");
    assert_eq!(shift(&plan, AS_OF, "a", 5).keep_gap.len(), 3, "b, c, d once each");

    // A soft edge holds nobody, so it closes no circle; neither does a removed one.
    set(&mut plan, "dependencies", "c>a", json!({"strength": "soft"}));
    assert_eq!(schedule(&plan, AS_OF).cycle, []);
    set(&mut plan, "dependencies", "c>a", json!({"strength": "hard", "removed": true}));
    assert_eq!(schedule(&plan, AS_OF).cycle, []);
}

#[test]
fn an_end_that_is_missing_removed_or_cancelled_binds_nobody() {
    let milestones = [("a", "2026-03-01"), ("b", "2026-03-02")];
    let mut plan = plan(json!({}), &milestones, &[("a", "b", "FS", 9), ("nobody", "b", "FS", 9), ("b", "no", "FS", 9)]);
    assert_eq!(slips(&schedule(&plan, AS_OF)), [("b", 8)], "Mar 1 + 9 d = Mar 10");
    set(&mut plan, "milestones", "a", json!({"status": "cancelled"}));
    assert_eq!(slips(&schedule(&plan, AS_OF)), []);
    set(&mut plan, "milestones", "a", json!({"status": "pending", "removed": true}));
    assert_eq!(slips(&schedule(&plan, AS_OF)), []);
    assert_eq!(schedule(&plan, AS_OF).finish.len(), 1);
}

#[test]
fn moving_the_environment_by_five_days_moves_three_more_milestones() {
    let shift = shift(&sample(), AS_OF, "ms-05", 5);
    let must: Vec<String> =
        shift.must.iter().map(|moved| format!("{} {} {:+}", moved.id, moved.to, moved.days)).collect();
    // Feb 25 + 30 d = Mar 27: 12 d after Mar 15, 7 d after Mar 20, 2 d after Mar 25. ms-09 waits softly, ca-5 has room.
    assert_eq!(must, ["ms-06 2026-03-27 +12", "ms-07 2026-03-27 +7", "ms-08 2026-03-27 +2"]);
    // Everything behind ms-05: ms-06 to ms-15 and ca-5, each by 5 d, by day.
    let kept: Vec<&str> = shift.keep_gap.iter().map(|moved| &*moved.id).collect();
    let behind = ["ms-06", "ms-07", "ms-08", "ms-09", "ms-10", "ms-11", "ca-5", "ms-12", "ms-13", "ms-14", "ms-15"];
    assert_eq!(kept, behind);
    assert!(shift.keep_gap.iter().all(|moved| moved.days == 5));
    assert_eq!(shift.keep_gap[0].to, date(2026, 3, 20));
}

#[test]
fn a_move_that_nobody_waits_for_moves_nobody() {
    assert_eq!(shift(&sample(), AS_OF, "ms-15", 30), Shift { moved: "ms-15".into(), ..Shift::default() });
    assert_eq!(shift(&sample(), AS_OF, "nobody", 30), Shift { moved: "nobody".into(), ..Shift::default() });
    assert_eq!(shift(&sample(), AS_OF, "ms-05", -5).must, [], "earlier pushes nobody");
    assert!(shift(&sample(), AS_OF, "ms-05", i32::MAX).must.iter().all(|moved| moved.to <= Date::MAX));
}

#[test]
fn backward_from_the_target_each_day_is_that_of_what_follows_less_the_gap() {
    let meta = json!({"target": {"date": "2026-04-30"}, "workingDays": ["mo", "tu", "we", "th", "fr"]});
    // d Thu Apr 30; c less 7 d = Thu Apr 23; b less 4 d = Sun Apr 19, back to Fri Apr 17; a has no date: less 2 d =
    // Wed Apr 15. e is not on the way.
    let milestones = [("a", ""), ("b", "2026-04-01"), ("c", "2026-04-23"), ("d", "2026-04-30"), ("e", "2026-04-02")];
    let mut plan = plan(meta, &milestones, &[("a", "b", "FS", 2), ("b", "c", "FS", 4), ("c", "d", "FS", 7)]);
    let to = |plan: &Plan| -> Vec<(String, Option<Date>, Date)> {
        backward(plan).into_iter().map(|each| (each.id.into(), each.from, each.to)).collect()
    };
    let a = ("a".to_owned(), None, date(2026, 4, 15));
    let b = ("b".to_owned(), Some(date(2026, 4, 1)), date(2026, 4, 17));
    assert_eq!(to(&plan), [a, b], "c and d stand where they should");

    // Nobody works from Apr 13 to Apr 17: b on Fri Apr 10, a two days before.
    set(&mut plan, "people", "b1", json!({"party": "buyer"}));
    set(&mut plan, "milestones", "b", json!({"owners/b1": true}));
    let away = json!({"kind": "blackout", "party": "joint", "from": "2026-04-13", "to": "2026-04-17", "hard": true});
    set(&mut plan, "calendar", "w1", away);
    let days: Vec<Date> = to(&plan).into_iter().map(|(.., to)| to).collect();
    assert_eq!(days, [date(2026, 4, 8), date(2026, 4, 10)]);
}

#[test]
fn a_plan_without_dates_is_planned_from_what_nothing_follows() {
    let undated = [("a", ""), ("b", ""), ("c", "")];
    let plan = plan(json!({"target": {"date": "2026-04-30"}}), &undated, &[("a", "b", "FS", 10), ("b", "c", "FS", 20)]);
    let days: Vec<String> = backward(&plan).iter().map(|each| format!("{} {}", each.id, each.to)).collect();
    assert_eq!(days, ["a 2026-03-31", "b 2026-04-10", "c 2026-04-30"]);
    assert_eq!(backward(&Plan::default()), []);
}

#[test]
fn a_plan_that_leaves_the_calendar_stops_at_its_last_day() {
    let plan = plan(json!({}), &[("a", "9999-12-30"), ("b", "0000-01-01")], &[("a", "b", "FS", 36_600)]);
    let schedule = schedule(&plan, AS_OF);
    assert_eq!(schedule.finish["b"], date(9999, 12, 31));
    assert!(schedule.slip["b"] > 3_000_000);
}

/// 1,000 tasks `t0000 …`, each waiting for the one before it and for the one at half its place, a day after each.
fn thousand(closed: bool) -> Plan {
    let id = |n: usize| format!("t{n:04}");
    let mut plan = Plan::default();
    for n in 0..1_000 {
        set(&mut plan, "tasks", &id(n), json!({"due": "2026-03-01", "party": "buyer"}));
        for from in [n.checked_sub(1), Some(n / 2).filter(|half| half + 1 < n)].into_iter().flatten() {
            set(&mut plan, "dependencies", &format!("{}>{}", id(from), id(n)), json!({"minGapDays": 1}));
        }
    }
    if closed {
        set(&mut plan, "dependencies", &format!("{}>{}", id(999), id(0)), json!({"minGapDays": 1}));
    }
    plan
}

#[test]
fn a_chain_of_a_thousand_tasks_is_followed_to_its_end() {
    let plan = thousand(false);
    let schedule = schedule(&plan, AS_OF);
    assert_eq!(schedule.slip["t0999"], 999, "a day for each before it");
    assert_eq!(shift(&plan, AS_OF, "t0000", 3).must.len(), 999);
    assert_eq!(shift(&plan, AS_OF, "t0000", 3).keep_gap.len(), 999);
}

#[test]
fn a_circle_of_a_thousand_tasks_is_an_answer_and_not_a_hang() {
    let plan = thousand(true);
    let schedule = schedule(&plan, AS_OF);
    // The shortest way round doubles its place: 0 > 2 needs two steps, 999 halves to 499 249 124 62 31 15 7 3 1 0.
    assert_eq!(schedule.cycle.first().map(AsRef::as_ref), Some("t0000"));
    assert!(schedule.cycle.len() < 20, "{:?}", schedule.cycle);
    assert_eq!(slips(&schedule), [], "all are in it, so nobody is bound");
    assert_eq!(schedule.finish.len(), 1_000);
    assert!(crate::plan::lint::lint(&plan, AS_OF).iter().any(|advice| advice.code == "cycle"));
}

#[test]
fn an_empty_plan_has_an_empty_schedule() {
    assert_eq!(schedule(&Plan::default(), AS_OF), Schedule::default());
}
