//! The templates against our own advice, and their days against every target.

use std::collections::BTreeSet;

use jiff::ToSpan as _;
use jiff::civil::date;

use super::*;
use crate::plan::figures::{Activity, figures};
use crate::plan::lint::{Level, lint};

const TODAY: Date = date(2026, 11, 16);

fn now() -> Timestamp {
    "2026-11-16T10:00:00Z".parse().unwrap()
}

fn order(template: &str, kind: &str, target: Date) -> Order {
    let more = if template == "partner" { json!("Integrators") } else { Json::Null };
    let json = json!({"template": template, "target": {"kind": kind, "date": target.to_string()}, "account": "Acme",
                      "opportunity": "Acme 2027", "tz": "Europe/Berlin", "seller": "Vendor", "partner": more});
    Order::parse(&json).unwrap()
}

fn made(template: &str, kind: &str, target: Date) -> Plan {
    order(template, kind, target).plan(now()).unwrap()
}

fn ids() -> Vec<String> {
    all().into_iter().map(|template| template.id).collect()
}

fn is_feasible(plan: &Plan) -> bool {
    figures(plan, TODAY, &Activity::default()).feasible
}

/// Targets a template can be reached by.
fn targets() -> Vec<Date> {
    (0..10).map(|n| date(2027, 3, 24) + (n * 9).days()).filter(|day| day.weekday().to_monday_one_offset() < 6).collect()
}

#[test]
fn each_template_is_a_whole_plan_of_its_size() {
    let sizes = [("enterprise", 9, 28, 2), ("light", 6, 5, 2), ("partner", 8, 20, 3), ("expansion", 6, 13, 2)];
    let about: Vec<About> = all().iter().map(Template::about).collect();
    let found: Vec<_> =
        about.iter().map(|each| (each.id.as_str(), each.milestones, each.tasks, each.parties.len())).collect();
    assert_eq!(found, sizes);
    for template in all() {
        let plan = made(&template.id, "close", date(2027, 3, 31));
        let printed = json::print(&plan, json::Print::default());
        assert_eq!(json::parse(&printed, true).unwrap(), plan, "{}: it is in the canonical form", template.id);
        assert_eq!(plan.meta.text("trust"), Some(if template.id == "light" { "open" } else { "handshake" }));
        let last = plan.milestones().last().unwrap();
        assert!(last.title() == Some("Optimization") && last.row.is_set("optimization"), "{}", template.id);
        assert!(plan.people().all(|person| person.is_placeholder()), "{}: roles first", template.id);
        let names: Vec<_> = plan.entities("parties").filter_map(|party| party.title().map(str::to_owned)).collect();
        let wanted: &[&str] =
            if template.id == "partner" { &["Acme", "Integrators", "Vendor"] } else { &["Acme", "Vendor"] };
        assert_eq!(names.iter().map(String::as_str).collect::<BTreeSet<_>>(), wanted.iter().copied().collect());
        for edge in plan.dependencies() {
            let is_there = |id: &str| plan.milestone(id).is_some() || plan.task(id).is_some();
            assert!(is_there(edge.from()) && is_there(edge.to()), "{}: {}", template.id, edge.id);
        }
        for item in items(&plan) {
            for owner in item.owners() {
                assert!(plan.person(owner).is_some(), "{}: {} of {}", template.id, owner, item.id);
            }
        }
    }
}

/// What our own advice still says about each: what only the people of the deal can fill in.
#[test]
fn only_what_the_people_have_to_say_is_missing() {
    for (template, left) in [
        ("enterprise", &["meta value_proposition", "- no_criterion", "milestones/ms-3 pilot_not_frozen"][..]),
        ("light", &["meta value_proposition", "- no_criterion", "milestones/ms-1 pilot_not_frozen"]),
        ("partner", &["meta value_proposition", "- no_criterion"]),
        ("expansion", &["meta value_proposition", "- no_criterion"]),
    ] {
        for kind in KINDS {
            for target in targets() {
                let advice = lint(&made(template, kind, target), TODAY);
                assert!(advice.iter().all(|each| each.level != Level::Error), "{template} {kind}: {advice:#?}");
                let said: Vec<String> = advice
                    .iter()
                    .map(|each| format!("{} {}", each.subject.as_deref().unwrap_or("-"), each.code))
                    .collect();
                assert_eq!(said, left, "{template} {kind} {target}: {advice:#?}");
            }
        }
    }
}

#[test]
fn every_day_is_a_working_day_the_target_is_met_and_the_order_holds() {
    for template in ids() {
        for kind in KINDS {
            for target in targets() {
                let plan = made(&template, kind, target);
                let what = format!("{template} {kind} {target}");
                let anchor = Template::named(&template).unwrap().anchor(kind).to_owned();
                assert_eq!(plan.milestone(&anchor).unwrap().due(), Some(target), "{what}");
                assert!(is_feasible(&plan), "{what}: {:?}", schedule(&plan, TODAY).slip);
                for item in items(&plan) {
                    let due = item.due.unwrap();
                    assert!(due >= TODAY && due.weekday().to_monday_one_offset() < 6, "{what}: {} {due}", item.id);
                }
                let milestones: Vec<_> = plan.milestones().map(|each| each.due().unwrap()).collect();
                assert!(milestones.is_sorted(), "{what}: {milestones:?}");
                assert_eq!(plan, made(&template, kind, target), "{what}: the same for the same");
            }
        }
    }
}

/// Between far enough and too near, the days that fit are used up from today on; then the figures say so.
#[test]
fn a_target_that_is_too_near_makes_a_plan_that_says_so() {
    for (template, least) in [("enterprise", 45), ("light", 12), ("partner", 35), ("expansion", 12)] {
        let feasible: Vec<bool> = (-10..100)
            .map(|days: i32| {
                let plan = made(template, "close", plus(TODAY, days));
                assert!(plan.milestones().count() > 5);
                for item in items(&plan).iter().filter(|item| item.title() != Some("Final Signature Obtained")) {
                    assert!(item.due.unwrap() >= TODAY, "{template} in {days} days: {}", item.id);
                }
                is_feasible(&plan)
            })
            .collect();
        assert!(feasible.is_sorted(), "{template}: once it fits it fits for all later targets: {feasible:?}");
        let fits = feasible.iter().filter(|fits| !**fits).count();
        assert!((10..10 + least).contains(&fits), "{template} fits from {} days on", fits as i32 - 10);
    }
}

#[test]
fn a_bad_order_is_told_by_its_members() {
    let paths = |json: Json| -> Vec<String> {
        let order = Order::parse(&json).and_then(|order| order.plan(now()).map(drop));
        order.unwrap_err().into_iter().map(|each| each.path).collect()
    };
    let good = json!({"template": "light", "target": {"date": "2027-03-31"}});
    let with = |name: &str, value: Json| {
        let mut json = good.clone();
        json[name] = value;
        json
    };
    assert!(Order::parse(&good).unwrap().plan(now()).is_ok());
    assert_eq!(paths(json!({})), ["template", "target/date"]);
    assert_eq!(paths(json!([])), [""]);
    for (name, value, path) in [
        ("template", json!("heavy"), "template"),
        ("template", json!(7), "template"),
        ("target", json!("2027-03-31"), "target"),
        ("target", json!({"date": "banana"}), "target/date"),
        ("target", json!({"date": "2027-02-30"}), "target/date"),
        ("target", json!({"date": "2027-03-31", "kind": "party"}), "target/kind"),
        ("target", json!({"date": "2027-03-31", "day": 1}), "target/day"),
        ("tz", json!("Mars/Base"), "meta/tz"),
        ("title", json!("x".repeat(301)), "meta/title"),
        ("account", json!({}), "account"),
        ("partner", json!("Nobody"), "partner"),
        ("colour", json!("red"), "colour"),
    ] {
        assert_eq!(paths(with(name, value.clone())), [path], "{name}: {value}");
    }
    assert!(paths(with("template", json!("heavy"))).len() == 1);
    let far = json!({"template": "enterprise", "target": {"date": "9999-12-31"}});
    assert!(Order::parse(&far).unwrap().plan(now()).is_ok(), "the last day of the calendar is one");
}
