//! What a plan costs: reading it whole and in part, creating it, editing it.

use std::collections::BTreeMap;

use criterion::{Criterion, criterion_group, criterion_main};
use plansync_protocol::ids::PersonId;
use plansync_protocol::plan::touched::{Place, Touched};
use plansync_protocol::plan::{Edit, Plan, SAMPLE, Stamp, figures, json, lint, read, schedule, write};
use serde_json::json;
use yrs::{Doc, OffsetKind, Options, Transact};

fn document() -> Doc {
    Doc::with_options(Options { offset_kind: OffsetKind::Utf16, ..Options::with_client_id(yrs::ClientID::new(1)) })
}

/// The sample with the given number of tasks.
fn plan_of(tasks: usize) -> Plan {
    let mut json: serde_json::Value = serde_json::from_str(SAMPLE).unwrap_or_default();
    let sample = json["tasks"].as_array().cloned().unwrap_or_default();
    let many = (0..tasks).map(|n| {
        let mut task = sample[n % sample.len()].clone();
        task["id"] = json!(format!("t-{n}"));
        task["notes"] = json!("Waiting for the security questionnaire to come back.");
        if let Some(fields) = task.as_object_mut() {
            fields.remove("rank");
        }
        task
    });
    json["tasks"] = many.collect();
    json["dependencies"] = json!([]);
    json::parse(&json, true).unwrap_or_default()
}

/// A plan of 1,000 tasks and 2,000 dependencies: one long chain, and across it.
fn tied() -> Plan {
    let mut json = json::print(&plan_of(1_000), json::Print::default());
    let edges =
        (1..1_000_usize).flat_map(|n| [(n - 1, n), (n / 2, n)]).filter(|(from, to)| from + 1 < *to || to - from == 1);
    let edges: BTreeMap<String, serde_json::Value> = edges
        .map(|(from, to)| (format!("t-{from}>t-{to}"), json!({"from": format!("t-{from}"), "to": format!("t-{to}")})))
        .collect();
    let edges = edges.into_iter().map(|(id, mut edge)| {
        edge["id"] = json!(id);
        edge
    });
    json["dependencies"] = edges.collect();
    json["meta"]["workingDays"] = json!(["mo", "tu", "we", "th", "fr"]);
    json::parse(&json, true).unwrap_or_default()
}

fn answers(criterion: &mut Criterion) {
    let as_of = jiff::civil::date(2026, 2, 17);
    let activity = figures::Activity::default();
    let plan = tied();
    criterion.bench_function("schedule, 1000 tasks, 2000 dependencies", |b| {
        b.iter(|| schedule::schedule(&plan, as_of));
    });
    criterion.bench_function("figures, 1000 tasks, 2000 dependencies", |b| {
        b.iter(|| figures::figures(&plan, as_of, &activity));
    });
    criterion.bench_function("lint, 1000 tasks, 2000 dependencies", |b| b.iter(|| lint::lint(&plan, as_of)));
    criterion.bench_function("shift, 1000 tasks, 2000 dependencies", |b| {
        b.iter(|| schedule::shift(&plan, as_of, "t-0", 5));
    });
}

fn benches(criterion: &mut Criterion) {
    for tasks in [30, 1_000] {
        let plan = plan_of(tasks);
        let doc = document();
        write::create(&mut doc.transact_mut(), &plan);
        criterion.bench_function(&format!("read whole, {tasks} tasks"), |b| b.iter(|| read::plan(&doc.transact())));
        criterion.bench_function(&format!("create, {tasks} tasks"), |b| {
            b.iter(|| write::create(&mut document().transact_mut(), &plan));
        });
        criterion.bench_function(&format!("counts, {tasks} tasks"), |b| b.iter(|| figures::counts(&plan)));
        criterion.bench_function(&format!("print JSON, {tasks} tasks"), |b| {
            b.iter(|| json::print(&plan, json::Print::default()));
        });

        let mut kept = plan.clone();
        let place = Place { collection: "tasks".into(), id: "t-7".into(), field: "due".into() };
        let touched = Touched([place].into());
        criterion.bench_function(&format!("refresh one, {tasks} tasks"), |b| {
            b.iter(|| read::refresh(&mut kept, &doc.transact(), &touched));
        });

        let Ok(by) = PersonId::parse("b-cfo") else { return };
        let stamp = Stamp { at: "2026-02-17T18:21:07.113Z".into(), by };
        let edits = ["2026-02-25", "2026-02-26"]
            .map(|due| Edit::parse(&json!({"set": {"tasks": {"t-7": {"due": due}}}}), true).unwrap_or_default());
        let mut n = 0;
        criterion.bench_function(&format!("apply one edit, {tasks} tasks"), |b| {
            b.iter(|| {
                n += 1;
                write::apply(&mut doc.transact_mut(), &edits[n % 2], &stamp)
            });
        });
    }
}

criterion_group!(plan, answers, benches);
criterion_main!(plan);
