//! The advice for the sample, and one plan for every piece of advice there is.

use std::collections::BTreeMap;

use jiff::civil::date;
use serde_json::{Value as Json, json};

use super::*;
use crate::plan::{SAMPLE, json};

const AS_OF: Date = date(2026, 2, 17);

/// The sample, changed as JSON.
fn sample(change: impl FnOnce(&mut Json)) -> Plan {
    let mut json: Json = serde_json::from_str(SAMPLE).unwrap();
    change(&mut json);
    json::parse(&json, true).unwrap()
}

fn of(plan: &Plan, code: &str) -> Vec<String> {
    lint(plan, AS_OF).into_iter().filter(|each| each.code == code).filter_map(|each| each.subject).collect()
}

fn one(plan: &Plan, code: &str) -> Option<Advice> {
    lint(plan, AS_OF).into_iter().find(|each| each.code == code)
}

#[test]
fn the_advice_for_the_sample() {
    let mut counts: BTreeMap<(Level, &str), usize> = BTreeMap::new();
    for advice in lint(&sample(|_| {}), AS_OF) {
        println!(
            "{:?} {} {} {}: {}",
            advice.level,
            advice.code,
            advice.rule,
            advice.subject.as_deref().unwrap_or("-"),
            advice.message
        );
        *counts.entry((advice.level, advice.code)).or_default() += 1;
    }
    let expected = BTreeMap::from([
        // ms-05 Feb 20 + 30 d = Mar 22 and ca-1 Feb 18 + 30 d = Mar 20, both past Mar 15. ms-06 > ms-07 fits as written.
        ((Level::Error, "gap_does_not_fit"), 2),
        ((Level::Warning, "incomplete"), 2), // account, opportunity
        ((Level::Warning, "value_proposition"), 1),
        ((Level::Warning, "no_sponsor"), 2),
        ((Level::Warning, "no_optimization"), 1),
        ((Level::Warning, "pilot_not_frozen"), 1),
        ((Level::Warning, "no_buyer_gets"), 11), // milestones that are not done
        ((Level::Warning, "no_done_when"), 11),
        // ms-06 Sun Mar 15, ms-13 Sat Apr 25, ca-2 Sun Mar 1, va-2 Sun Mar 15, va-4 Sun Apr 5, va-5 Sat Apr 25.
        ((Level::Warning, "on_weekend"), 6),
        ((Level::Hint, "incomplete"), 1), // rk-4 has no owner
    ]);
    assert_eq!(counts, expected);
}

#[test]
fn each_sentence_says_what_is_wrong_where_and_what_to_do() {
    let plan = sample(|_| {});
    let gap = &lint(&plan, AS_OF)[0];
    assert_eq!(gap.subject.as_deref(), Some("dependencies/ca-1>ms-06"));
    assert_eq!(
        gap.message,
        "“POC Success Review” is due 2026-03-15 and has to be at least 30 days after “Provide data sample for POC”: move it \
         to 2026-03-20, shorten the gap, or be done earlier"
    );
    let json = serde_json::to_value(gap).unwrap();
    assert_eq!(
        (&json["level"], &json["code"], &json["rule"]),
        (&json!("error"), &json!("gap_does_not_fit"), &json!("R43"))
    );
    assert!(lint(&plan, AS_OF).iter().all(|each| each.message.len() > 30 && each.rule.starts_with('R')));
}

#[test]
fn an_open_item_needs_an_owner_and_a_day() {
    let plan = sample(|json| {
        json["tasks"][0].as_object_mut().unwrap().remove("owners");
        json["tasks"][1].as_object_mut().unwrap().remove("due");
        json["milestones"][0].as_object_mut().unwrap().remove("owners");
    });
    assert_eq!(of(&plan, "no_owner"), ["tasks/ca-1"], "ms-01 is done");
    assert_eq!(of(&plan, "no_due"), ["tasks/ca-2"]);
}

#[test]
fn a_plan_of_one_side_is_not_mutual() {
    let plan = sample(|json| {
        for task in json["tasks"].as_array_mut().unwrap() {
            (task["party"], task["owners"]) = (json!("seller"), json!(["s-csm"]));
        }
    });
    assert!(one(&plan, "no_buyer_task").is_some());
    assert_eq!(one(&plan, "one_sided"), None, "milestones have owners of both");
    let alone = sample(|json| {
        for name in ["tasks", "milestones"] {
            for item in json[name].as_array_mut().unwrap() {
                item["owners"] = json!(["s-csm"]);
            }
        }
    });
    assert_eq!(one(&alone, "one_sided").unwrap().level, Level::Error);
}

#[test]
fn a_plan_ends_with_the_buyer_getting_value() {
    let ends = sample(|json| drop(json["milestones"].as_array_mut().unwrap().pop()));
    assert_eq!(one(&ends, "ends_at_signature").unwrap().subject.as_deref(), Some("milestones/ms-14"));
    assert_eq!(one(&ends, "no_optimization"), None);
    for (field, value) in [("optimization", json!(true)), ("title", json!("Optimization review"))] {
        let plan = sample(|json| json["milestones"][14][field] = value);
        assert_eq!(one(&plan, "no_optimization"), None);
    }
}

#[test]
fn a_reader_takes_in_five_to_nine_rows_and_thirty_tasks() {
    let few = sample(|json| json["milestones"].as_array_mut().unwrap().truncate(4));
    assert!(one(&few, "few_milestones").is_some());
    let unphased = sample(|json| json["phases"] = json!([]));
    assert!(one(&unphased, "many_milestones").unwrap().message.starts_with("15 milestones in 0 phases"));
    let many = sample(|json| {
        let tasks: Vec<Json> = (0..31).map(|n| json!({"id": format!("t{n}"), "title": "Sign the NDA"})).collect();
        json["tasks"] = json!(tasks);
        json["dependencies"] = json!([]);
        json["cadence"] = json!([]);
    });
    assert!(
        one(&many, "many_tasks").is_some()
            && one(&many, "no_dependency").is_some()
            && one(&many, "no_cadence").is_some()
    );
}

#[test]
fn the_head_says_what_it_is_worth_who_stands_for_it_and_how_success_is_measured() {
    let words = |count: usize| sample(|json| json["meta"]["valueProposition"] = json!("word ".repeat(count)));
    for (count, fits) in [(19, false), (20, true), (30, true), (31, false)] {
        assert_eq!(one(&words(count), "value_proposition").is_none(), fits, "{count} words");
    }
    let sponsored = sample(|json| {
        json["meta"]["sponsors"] = json!(["b-cfo"]);
        json["criteria"] = json!([{"id": "c", "title": "Faster", "target": 3}]);
        json["meta"]["target"]["date"] = json!("2026-04-29");
    });
    assert_eq!(
        one(&sponsored, "no_sponsor").unwrap().message,
        "No sponsor of the seller: name the executive who stands for the plan"
    );
    assert!(one(&sponsored, "no_criterion").is_some() && one(&sponsored, "target_without_milestone").is_some());
    let frozen = sample(|json| json["criteria"][0]["frozenAt"] = json!("2026-02-15T10:00:00Z"));
    assert_eq!(one(&frozen, "pilot_not_frozen"), None);
    assert_eq!(of(&sample(|_| {}), "pilot_not_frozen"), ["milestones/ms-05"], "ms-04 is done");
}

#[test]
fn days_off_and_the_end_of_a_budget_are_pointed_at() {
    let plan = sample(|json| {
        json["calendar"] = json!([
            {"id": "w1", "kind": "blackout", "party": "buyer", "title": "Spring break", "from": "2026-03-30", "to": "2026-04-03"},
            {"id": "w2", "kind": "unavailable", "party": "seller", "title": "Kickoff week", "from": "2026-03-20", "to": "2026-03-20"},
            {"id": "w3", "kind": "customer_event", "party": "buyer", "title": "Board", "from": "2026-03-25", "to": "2026-03-25"},
            {"id": "w4", "kind": "fiscal_boundary", "party": "buyer", "title": "End of Q1", "from": "2026-03-31", "to": "2026-03-31"},
            {"id": "w5", "kind": "fiscal_boundary", "party": "buyer", "title": "End of Q2", "from": "2026-06-30", "to": "2026-06-30"},
        ]);
        json["parties"][0]["fiscalYearStartMonth"] = json!(4);
        json["meta"]["workingDays"] = json!(["su", "mo", "tu", "we", "th"]);
    });
    // ms-09 and ca-3 on Apr 1; ms-07 and va-3 on Mar 20, of the seller among others.
    assert_eq!(of(&plan, "in_blackout"), ["milestones/ms-07", "milestones/ms-09", "tasks/ca-3", "tasks/va-3"]);
    assert_eq!(of(&plan, "past_fiscal_boundary"), ["calendar/w4", "parties/buyer"]);
    // Fridays and Saturdays are free here: ms-05 Fri Feb 20, ms-07 Fri Mar 20, ms-10 Fri Apr 10, ms-13 Sat Apr 25 …
    let free =
        ["milestones/ms-05", "milestones/ms-07", "milestones/ms-10", "milestones/ms-13", "tasks/va-3", "tasks/va-5"];
    assert_eq!(of(&plan, "on_weekend"), free);
}

#[test]
fn a_title_names_a_number_a_person_or_a_document() {
    let vague = |title: &str| one(&sample(|json| json["tasks"][0]["title"] = json!(title)), "vague_title").is_some();
    for title in ["Get budget approved", "Review", "Discuss next steps", "get it approved", "Follow up"] {
        assert!(vague(title), "{title}");
    }
    for title in [
        "VP of Finance approves $120K budget line in October planning cycle",
        "Get $120K approved",
        "Review contract",
        "Review the contracts",
        "Discuss pricing with the CFO",
        "Get finance to approve",
        "Provide data sample for POC",
        "",
    ] {
        assert!(!vague(title), "{title}");
    }
}

#[test]
fn customer_success_joins_before_the_signature() {
    assert_eq!(one(&sample(|_| {}), "no_customer_success"), None, "the CS Team owns va-5, due Apr 25");
    let late = sample(|json| json["tasks"][9]["due"] = json!("2026-05-02"));
    assert_eq!(one(&late, "no_customer_success").unwrap().level, Level::Hint);
}

#[test]
fn circles_and_lost_ends_are_named() {
    let plan = sample(|json| {
        let edges = json["dependencies"].as_array_mut().unwrap();
        edges.push(json!({"id": "ms-03>ms-02", "from": "ms-03", "to": "ms-02"}));
        edges.push(json!({"id": "ms-15>ghost", "from": "ms-15", "to": "ghost"}));
        json["tasks"][3]["status"] = json!("cancelled");
        json["tasks"][9]["removed"] = json!(true);
    });
    let cycle = one(&plan, "cycle").unwrap();
    assert!(
        cycle.message.contains("“Technical Demo Scheduled” → “Demo Follow-Up Q&A” → “Technical Demo Scheduled”"),
        "{}",
        cycle.message
    );
    let ends: Vec<String> =
        lint(&plan, AS_OF).into_iter().filter(|each| each.code == "lost_end").map(|each| each.message).collect();
    assert!(ends.len() == 3 && ends.iter().any(|each| each.starts_with("“ghost” is not in the plan")), "{ends:?}");
    assert!(ends.iter().any(|each| each.starts_with("“Provide implementation timeline” was removed")), "{ends:?}");
    assert!(
        ends.iter().any(|each| each.starts_with("“Assign implementation project manager” was cancelled")),
        "{ends:?}"
    );
}

#[test]
fn a_task_with_the_id_of_a_milestone_is_ambiguous() {
    let plan = sample(|json| json["tasks"][0]["id"] = json!("ms-01"));
    assert_eq!(of(&plan, "ambiguous_id"), ["tasks/ms-01"]);
}

#[test]
fn a_hostile_title_stays_one_short_line() {
    let title = format!("x\n\u{202e}<script>{}", "y".repeat(280));
    let plan = sample(|json| {
        json["tasks"][0]["title"] = json!(title);
        json["tasks"][0].as_object_mut().unwrap().remove("owners");
    });
    let message = one(&plan, "no_owner").unwrap().message;
    assert!(
        message.starts_with("“x<script>yyy") && message.chars().count() < 110 && !message.contains('\n'),
        "{message}"
    );
}

#[test]
fn an_empty_plan_is_advised_what_to_begin_with() {
    let codes: Vec<&str> = lint(&Plan::default(), AS_OF).iter().map(|each| each.code).collect();
    let first = ["no_buyer_task", "value_proposition", "no_sponsor", "no_sponsor", "no_criterion", "few_milestones"];
    assert_eq!(codes[..6], first);
}
