//! Schedules and shift previews as JSON, for programs in other languages: `golden/schedule.json` holds plans of all
//! kinds with what follows from them, one to a line.
//!
//! The TypeScript schedule is held to it (`client-sdk/web/test/unit/schedule.test.ts`). `PLANSYNC_GOLDEN=write` writes it
//! anew.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

use std::fmt::Write as _;
use std::path::Path;

use jiff::civil::Date;
use jiff::{Span, civil::date};
use plansync_protocol::plan::schedule::{schedule, shift};
use plansync_protocol::plan::{Plan, SAMPLE, json as canonical};
use serde_json::{Value as Json, json};

const AS_OF: Date = date(2026, 3, 4);
const GENERATED: u64 = 64;

/// Numbers that are the same on every machine and in every version.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        // xorshift64*.
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % bound
    }

    fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }

    /// A day within some weeks before and after [`AS_OF`].
    fn day(&mut self) -> Date {
        AS_OF.checked_add(Span::new().days(i64::try_from(self.below(110)).unwrap() - 35)).unwrap()
    }
}

fn later(day: Date, days: u64) -> Date {
    day.checked_add(Span::new().days(i64::try_from(days).unwrap())).unwrap()
}

/// A plan with all kinds of edges, calendars and completed items; every second one may have circles.
fn generated(seed: u64) -> Json {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let count = 4 + dice.below(11);
    let mut milestones: Vec<Json> = Vec::new();
    let mut tasks: Vec<Json> = Vec::new();
    for n in 0..count {
        let mut item = json!({"id": format!("i{n:02}"), "rank": format!("a{}", dice.below(10))});
        let status = ["pending", "pending", "in_progress", "blocked", "complete", "cancelled", "later_word"];
        if !dice.one_in(4) {
            item["status"] = dice.pick(&status).into();
        }
        if !dice.one_in(9) {
            let due = dice.day();
            item["due"] = json!(due);
            if dice.one_in(3) {
                item["start"] =
                    json!(due.checked_sub(Span::new().days(i64::try_from(dice.below(20)).unwrap() - 2)).unwrap());
            }
        }
        if dice.one_in(3) {
            item["durationDays"] = dice.below(15).into();
        }
        if item["status"] == "complete" && !dice.one_in(3) {
            let at = format!("{}T{:02}:{:02}:00.125Z", dice.day(), dice.below(24), dice.below(60));
            item["completedAt"] = at.into();
        }
        if dice.one_in(12) {
            item["removed"] = true.into();
        }
        let owners: Vec<&str> = ["b-1", "p-1", "s-1", "x-9"].into_iter().filter(|_| dice.one_in(3)).collect();
        if !owners.is_empty() {
            item["owners"] = json!(owners);
        }
        if dice.one_in(2) {
            milestones.push(item);
        } else {
            if !dice.one_in(4) {
                item["party"] = dice.pick(&["buyer", "seller", "acme", "joint", "nobody", "lawyers"]).into();
            }
            tasks.push(item);
        }
    }
    let mut dependencies: Vec<Json> = Vec::new();
    for _ in 0..count / 2 + dice.below(count * 2) {
        let (a, b) = (dice.below(count + 1), dice.below(count + 1));
        let (from, to) = if seed.is_multiple_of(2) { (a, b) } else { (a.min(b), a.max(b)) };
        let id = format!("i{from:02}>i{to:02}");
        if from == to || dependencies.iter().any(|edge| edge["id"] == json!(id)) {
            continue;
        }
        let mut edge = json!({"id": id, "from": format!("i{from:02}"), "to": format!("i{to:02}")});
        if !dice.one_in(3) {
            edge["type"] = dice.pick(&["FS", "SS", "FF", "SF"]).into();
        }
        if dice.one_in(2) {
            edge["strength"] = dice.pick(&["hard", "soft", "other"]).into();
        }
        if dice.one_in(2) {
            edge["minGapDays"] = dice.below(12).into();
        }
        if dice.one_in(20) {
            edge["removed"] = true.into();
        }
        dependencies.push(edge);
    }
    let mut calendar: Vec<Json> = Vec::new();
    for n in 0..dice.below(6) {
        let from = dice.day();
        let mut window =
            json!({"id": format!("w{n}"), "from": from, "to": later(from, dice.below(12)), "hard": !dice.one_in(4)});
        window["kind"] =
            dice.pick(&["blackout", "unavailable", "customer_event", "fiscal_boundary", "budget_window"]).into();
        if !dice.one_in(8) {
            window["party"] = dice.pick(&["buyer", "seller", "acme", "joint", "lawyers"]).into();
        }
        calendar.push(window);
    }
    let zones = ["America/Los_Angeles", "Pacific/Auckland", "UTC", "Europe/Berlin"];
    let mut meta = json!({"title": format!("Plan {seed}"), "tz": dice.pick(&zones)});
    if !dice.one_in(5) {
        meta["target"] = json!({"date": later(AS_OF, dice.below(70))});
    }
    if !dice.one_in(3) {
        let days: &[&str] =
            if dice.one_in(4) { &["mo", "sa", "su", "tu", "we"] } else { &["fr", "mo", "th", "tu", "we"] };
        meta["workingDays"] = json!(days);
    }
    let parties = if dice.one_in(4) {
        json!([{"id": "acme", "kind": "seller"}, {"id": "lawyers", "kind": "partner"}])
    } else {
        json!([{"id": "buyer", "kind": "buyer"}, {"id": "lawyers", "kind": "partner"}, {"id": "seller", "kind": "seller"}])
    };
    let seller = parties.as_array().unwrap().iter().find(|party| party["kind"] == "seller").unwrap()["id"].clone();
    json!({
        "schema": "plansync.plan/1", "meta": meta, "parties": parties,
        "people": [{"id": "b-1", "party": "buyer"}, {"id": "p-1", "party": "lawyers"}, {"id": "s-1", "party": seller}],
        "milestones": milestones, "tasks": tasks, "dependencies": dependencies, "calendar": calendar,
    })
}

/// The sample after the call: a task done, a milestone five days later, a task more.
fn after_the_call(mut sample: Json) -> Json {
    let find = |list: &mut Json, id: &str| list.as_array().unwrap().iter().position(|each| each["id"] == id).unwrap();
    let at = find(&mut sample["tasks"], "ca-1");
    sample["tasks"][at]["status"] = "complete".into();
    sample["tasks"][at]["completedAt"] = "2026-02-17T18:21:07.113Z".into();
    let at = find(&mut sample["milestones"], "ms-05");
    sample["milestones"][at]["due"] = "2026-02-25".into();
    let task = json!({"id": "ca-6", "milestone": "ms-09", "title": "Sign mutual NDA", "party": "buyer",
        "owners": ["b-legal-counsel"], "due": "2026-02-27", "status": "pending"});
    sample["tasks"].as_array_mut().unwrap().push(task);
    let edge = json!({"id": "ca-6>ms-09", "from": "ca-6", "to": "ms-09", "type": "FS", "strength": "hard"});
    sample["dependencies"].as_array_mut().unwrap().push(edge);
    sample
}

fn without_nulls(mut json: Json) -> Json {
    json.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    json
}

/// A plan with its schedule on some days, and with what follows from moving some of its items.
fn vector(name: &str, plan: &Json, days: &[Date], moves: &[(&str, i32)]) -> Json {
    let plan: Plan = canonical::parse(plan, true).unwrap();
    let schedules: Vec<Json> = days
        .iter()
        .map(|day| json!({"asOf": day, "is": without_nulls(serde_json::to_value(schedule(&plan, *day)).unwrap())}))
        .collect();
    let shifts: Vec<Json> = moves
        .iter()
        .map(|(item, by)| json!({"asOf": days[0], "item": item, "days": by, "is": shift(&plan, days[0], item, *by)}))
        .collect();
    let shown = canonical::print(&plan, canonical::Print { with_removed: true, ..Default::default() });
    json!({"name": name, "plan": shown, "schedules": schedules, "shifts": shifts})
}

fn vectors() -> Vec<Json> {
    let sample: Json = serde_json::from_str(SAMPLE).unwrap();
    let call = after_the_call(sample.clone());
    let days = [date(2026, 2, 17), date(2026, 4, 1), date(2026, 6, 1)];
    let moves = [("ms-05", 5), ("ms-05", -3), ("ms-09", 30), ("ca-1", 12), ("ms-04", 4), ("nothing", 1)];
    let mut all = vec![vector("the sample", &sample, &days, &moves), vector("after the call", &call, &days, &moves)];
    for seed in 1..=GENERATED {
        let mut dice = Dice(seed);
        let ids = ["i00", "i01", "i02", "i03", "i05"];
        let mut by = || i32::try_from(dice.below(24)).unwrap() - 6;
        let moves: Vec<(&str, i32)> = ids.iter().map(|id| (*id, by())).collect();
        all.push(vector(&format!("plan {seed}"), &generated(seed), &[AS_OF], &moves));
    }
    all
}

#[test]
fn schedules_are_those_of_the_golden_file() {
    let mut text = String::from("[\n");
    let vectors = vectors();
    for (at, vector) in vectors.iter().enumerate() {
        let comma = if at + 1 < vectors.len() { "," } else { "" };
        writeln!(text, "{vector}{comma}").unwrap();
    }
    text.push_str("]\n");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/schedule.json");
    if std::env::var("PLANSYNC_GOLDEN").is_ok_and(|how| how == "write") {
        std::fs::write(&path, &text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(golden == text, "run with PLANSYNC_GOLDEN=write and read the difference");
}

#[test]
fn the_golden_plans_hold_every_kind_of_case() {
    let vectors = vectors();
    let count = |is: fn(&Json) -> bool| vectors.iter().filter(|vector| is(vector)).count();
    let any = |vector: &Json, list: &str, is: fn(&Json) -> bool| {
        vector["plan"][list].as_array().is_some_and(|all| all.iter().any(is))
    };
    assert!(count(|each| each["schedules"][0]["is"]["cycle"][0].is_string()) > 3, "circles");
    assert!(count(|each| each["schedules"][0]["is"]["targetSlip"].as_i64() > Some(0)) > 2, "targets that slip");
    assert!(count(|each| each["schedules"][0]["is"]["drivingPath"][2].is_string()) > 2, "long paths");
    assert!(count(|each| each["shifts"].as_array().unwrap().iter().any(|one| one["is"]["must"][0].is_object())) > 10);
    for kind in ["FS", "SS", "FF", "SF"] {
        let holds = vectors
            .iter()
            .any(|each| each["plan"]["dependencies"].as_array().unwrap().iter().any(|edge| edge["type"] == kind));
        assert!(holds, "{kind}");
    }
    assert!(vectors.iter().any(|each| any(each, "calendar", |window| window["hard"] == true)), "hard windows");
    assert!(vectors.iter().any(|each| any(each, "tasks", |task| task["completedAt"].is_string())), "stamps");
}
