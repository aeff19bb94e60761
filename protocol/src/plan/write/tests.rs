//! Plans and edits in documents: what is written is read back, and concurrent edits survive.

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{
    Any, ArrayPrelim, Doc, GetString, Map, MapPrelim, OffsetKind, Options, ReadTxn, StateVector, Text, TextPrelim,
    Transact, Update, WriteTxn,
};

use super::{apply, create, put, restamp};
use crate::ids::PersonId;
use crate::plan::edit::{Edit, Target};
use crate::plan::json::tests::fitting;
use crate::plan::json::{parse, parse_str};
use crate::plan::schema::collection;
use crate::plan::touched::{Place, Touched};
use crate::plan::{Malformed, Plan, SAMPLE, Stamp, Status, Value, read};

fn document(client: u64) -> Doc {
    Doc::with_options(Options { offset_kind: OffsetKind::Utf16, ..Options::with_client_id(yrs::ClientID::new(client)) })
}

fn sample() -> Doc {
    let doc = document(1);
    create(&mut doc.transact_mut(), &parse_str(SAMPLE, true).unwrap());
    doc
}

fn copy(of: &Doc, client: u64) -> Doc {
    let doc = document(client);
    send(of, &doc);
    doc
}

fn send(from: &Doc, to: &Doc) {
    let state = to.transact().state_vector();
    let update = from.transact().encode_state_as_update_v1(&state);
    to.transact_mut().apply_update(Update::decode_v1(&update).unwrap()).unwrap();
}

fn stamp() -> Stamp {
    Stamp { at: "2026-02-17T18:21:07.113Z".into(), by: PersonId::parse("b-it-manager").unwrap() }
}

fn edit(doc: &Doc, json: Json) -> Result<Touched, Vec<Malformed>> {
    apply(&mut doc.transact_mut(), &Edit::parse(&json, true)?, &stamp())
}

fn plan(doc: &Doc) -> Plan {
    let reading = read::plan(&doc.transact());
    assert_eq!(reading.malformed, []);
    reading.plan
}

#[test]
fn a_plan_comes_back_from_its_document() {
    assert_eq!(plan(&sample()), parse_str(SAMPLE, true).unwrap());
}

#[test]
fn every_text_is_created_with_its_entity() {
    let doc = sample();
    let touched = edit(&doc, json!({"set": {"tasks": {"ca-6": {"title": "New"}}}})).unwrap();
    let txn = doc.transact();
    for id in ["ca-1", "ca-6"] {
        let task = txn.get_map("tasks").unwrap().get(&txn, id).unwrap().cast::<yrs::MapRef>().unwrap();
        assert_eq!(task.get(&txn, "resources").unwrap().cast::<yrs::TextRef>().unwrap().get_string(&txn), "");
    }
    assert!(touched.0.iter().all(|place| &*place.id == "ca-6"));
    drop(txn);
    assert_eq!(plan(&doc).task("ca-6").unwrap().row.text("rank"), Some("aA"), "behind a9");
}

#[test]
fn an_edit_that_changes_nothing_writes_nothing() {
    let doc = sample();
    let before = doc.transact().encode_state_as_update_v1(&StateVector::default());
    let touched = edit(
        &doc,
        json!({
            "set": {
                "meta": {"target": {"date": "2026-04-30"}, "value": {"amount": 150000.0}, "account": null},
                "milestones": {"ms-05": {
                    "owners": ["s-se-team", "b-it-team"], "notes": "Access credentials pending", "effort": {"b-it-team": 3},
                    "status": "in_progress", "blocked": null, "doneWhen": null,
                }},
                "dependencies": {"ms-01>ms-02": {"from": "ms-01"}},
            },
            "restore": {"tasks": ["ca-1"]},
        }),
    );
    assert_eq!(touched, Ok(Touched::default()));
    assert_eq!(doc.transact().encode_state_as_update_v1(&StateVector::default()), before);
}

#[test]
fn the_edits_of_the_sample_call_are_made() {
    let doc = sample();
    for json in [
        json!({"set": {"tasks": {"ca-1": {"status": "complete"}}}}),
        json!({"set": {"milestones": {"ms-05": {"due": "2026-02-25", "reason": "Access credentials pending"}}}}),
        json!({"set": {"tasks": {"va-1": {"owners": ["s-sales-engineer"]}}}}),
        json!({"set": {
            "tasks": {"ca-6": {"title": "Sign mutual NDA", "milestone": "ms-09", "party": "buyer",
                "owners": ["b-legal-counsel"], "due": "2026-02-27", "status": "pending"}},
            "dependencies": {"ca-6>ms-09": {"type": "FS", "strength": "hard"}},
        }}),
        json!({"set": {"risks": {"rk-2": {"impact": "high"}}}}),
        json!({"set": {"stakeholders": {"b-cfo": {"decisionRole": "economic_buyer", "needs": "payback shown"}}}}),
    ] {
        assert!(!edit(&doc, json).unwrap().0.is_empty());
    }
    let plan = plan(&doc);
    let task = plan.task("ca-1").unwrap();
    assert_eq!((task.status(), task.row.text("completedBy")), (Status::Complete, Some("b-it-manager")));
    assert_eq!(task.completed_at(), stamp().at.parse().ok());
    assert_eq!(plan.task("va-1").unwrap().owners().collect::<Vec<_>>(), ["s-sales-engineer"]);
    assert_eq!(plan.dependency("ca-6>ms-09").unwrap().row.text("to"), Some("ms-09"));
    assert_eq!(plan.milestone("ms-05").unwrap().row.text("reason"), Some("Access credentials pending"));
    assert_eq!(plan.entities("stakeholders").next().unwrap().row.text("needs"), Some("payback shown"));
}

#[test]
fn the_server_stamps_and_takes_its_stamps_away() {
    let doc = sample();
    edit(&doc, json!({"remove": {"tasks": ["ca-1"]}, "set": {"tasks": {"ca-2": {"commitment": {"state": "proposed"}}}, "risks": {"rk-9": {}}, "comments": {"c1": {"on": "ca-2", "text": "Why?"}}}})).unwrap();
    let removed = plan(&doc);
    assert_eq!(removed.task("ca-1").unwrap().row.text("removedBy"), Some("b-it-manager"));
    assert_eq!(removed.task("ca-2").unwrap().row.text("commitment.at"), Some(&*stamp().at));
    assert!(removed.risk("rk-9").unwrap().row.text("raisedAt").is_some());
    assert_eq!(removed.entities("comments").next().unwrap().row.text("by"), Some("b-it-manager"));
    edit(&doc, json!({"restore": {"tasks": ["ca-1"]}, "reason": "Needed", "set": {"milestones": {"ms-01": {"status": "in_progress"}}}})).unwrap();
    let restored = plan(&doc);
    let row = restored.task("ca-1").unwrap().row;
    assert!(["removed", "removedAt", "removedBy"].iter().all(|name| row.get(name).is_none()));
    assert_eq!(restored.milestone("ms-01").unwrap().row.text("reason"), Some("Needed"));
}

#[test]
fn a_change_a_client_wrote_itself_is_stamped_afterwards() {
    let doc = sample();
    let target = Target { collection: collection("tasks").unwrap(), id: "ca-1".into() };
    let before = plan(&doc);
    put(
        &mut doc.transact_mut(),
        &target,
        [("status", Some(Value::from("complete"))), ("removed", Some(Value::from(true)))],
    );
    let row = before.row(target.collection, "ca-1");
    let touched = restamp(&mut doc.transact_mut(), &target, row, &stamp());
    let fields: Vec<_> = touched.0.iter().map(|place| &*place.field).collect();
    assert_eq!(fields, ["completedAt", "completedBy", "removedAt", "removedBy"]);
    let gone = Target { id: "gone".into(), ..target };
    assert_eq!(restamp(&mut doc.transact_mut(), &gone, None, &stamp()), Touched::default());
}

#[test]
fn what_an_edit_may_not_is_listed_and_nothing_is_written() {
    let doc = sample();
    let refused = edit(
        &doc,
        json!({
            "set": {
                "tasks": {"ca-1": {"completedAt": "2026-02-17T18:21:07Z", "removed": true, "due": "soon", "commitment": {"by": "x"}}},
                "touchpoints": {"t": {}}, "views": {}, "dependencies": {"a>b": {"from": "c"}},
            },
            "remove": {"nothing": ["x"], "tasks": [7]}, "why": "?",
        }),
    )
    .unwrap_err();
    let mut paths: Vec<_> = refused.iter().map(|each| each.path.as_str()).collect();
    paths.sort_unstable();
    assert_eq!(
        paths,
        [
            "dependencies/a>b/from",
            "remove/nothing",
            "remove/tasks",
            "tasks/ca-1/commitment.by",
            "tasks/ca-1/completedAt",
            "tasks/ca-1/due",
            "tasks/ca-1/removed",
            "touchpoints",
            "views",
            "why",
        ]
    );
    let unknown = edit(&doc, json!({"set": {"tasks": {"ca-1": {"title": "x"}}}, "remove": {"tasks": ["ca-99"]}}));
    assert_eq!(unknown.unwrap_err()[0].to_string(), r#"remove/tasks: "ca-99" is not the id of an entity of the plan"#);
    let parties: serde_json::Map<String, Json> = (0..7).map(|n| (format!("p{n}"), json!({}))).collect();
    assert!(edit(&doc, json!({"set": {"parties": parties}})).is_err());
    assert_eq!(plan(&doc), parse_str(SAMPLE, true).unwrap());
}

#[test]
fn edits_of_different_pieces_of_one_text_both_survive() {
    let doc = sample();
    let notes = |doc: &Doc, text: &str| edit(doc, json!({"set": {"tasks": {"ca-1": {"notes": text}}}})).unwrap();
    notes(&doc, "🚀 Ask Ana 👩‍👩‍👧 for the export; send it by Friday 😀.");
    let (one, other) = (copy(&doc, 2), copy(&doc, 3));
    notes(&one, "🎉 Ask Ana 👩‍👩‍👧 for the full export; send it by Friday 😀.");
    notes(&other, "🚀 Ask Ana 👩‍👩‍👧 for the export; send it by Monday 😁!");
    send(&one, &other);
    send(&other, &one);
    assert_eq!(plan(&one), plan(&other));
    let plan = plan(&one);
    let merged = plan.task("ca-1").unwrap().notes();
    assert_eq!(merged, Some("🎉 Ask Ana 👩‍👩‍👧 for the full export; send it by Monday 😁!"));
}

#[test]
fn members_of_a_set_that_two_people_add_both_survive() {
    let doc = sample();
    let (one, other) = (copy(&doc, 2), copy(&doc, 3));
    edit(&one, json!({"set": {"tasks": {"ca-1": {"owners": ["b-it-manager", "b-cfo"]}}}})).unwrap();
    edit(&other, json!({"set": {"tasks": {"ca-1": {"owners": {"b-it-team": true, "b-it-manager": null}}}}})).unwrap();
    send(&one, &other);
    let plan = plan(&other);
    assert_eq!(plan.task("ca-1").unwrap().owners().collect::<Vec<_>>(), ["b-cfo", "b-it-team"]);
}

#[test]
fn a_newer_clients_fields_survive_the_document() {
    let json = json!({"schema": "plansync.plan/1", "tasks": [
        {"id": "a", "rank": "a0", "status": "simmering", "mood": {"today": 1.5}, "w/x": true, "tags": [1, {"b": null}]},
    ]});
    let expected = parse(&json, true).unwrap();
    let doc = document(1);
    create(&mut doc.transact_mut(), &expected);
    edit(&doc, json!({"set": {"tasks": {"a": {"rank": "a0"}}}})).unwrap();
    assert_eq!(plan(&doc), expected);
}

#[test]
fn whatever_a_document_holds_is_read_without_a_panic() {
    let doc = sample();
    let mut txn = doc.transact_mut();
    let tasks = txn.get_or_insert_map("tasks");
    tasks.insert(&mut txn, "scalar", 1.0);
    tasks.insert(&mut txn, "array", ArrayPrelim::default());
    tasks.insert(&mut txn, "bad id", MapPrelim::default());
    let bad = tasks.insert(&mut txn, "bad", MapPrelim::default());
    for (key, any) in [
        ("due", Any::from("banana")),
        ("owners/b-cfo", Any::from(false)),
        ("owners", Any::from("b-cfo")),
        ("title", Any::Buffer(vec![1].into())),
        ("durationDays", Any::from(f64::NAN)),
        ("id", Any::from("x")),
        ("status", Any::Null),
        ("commitment", Any::from(1.0)),
        ("rank", Any::from("a00")),
        ("notes", Any::from("scalar")),
        ("due/x", Any::from(true)),
    ] {
        bad.insert(&mut txn, key, any);
    }
    bad.insert(&mut txn, "kind", TextPrelim::new("call"));
    bad.insert(&mut txn, "inner", MapPrelim::default());
    let long = bad.insert(&mut txn, "resources", TextPrelim::new(""));
    long.insert(&mut txn, 0, &"x".repeat(20_001));
    drop(txn);
    let reading = read::plan(&doc.transact());
    let mut paths: Vec<_> = reading.malformed.iter().map(|each| each.path.as_str()).collect();
    paths.sort_unstable();
    assert_eq!(paths.len(), 15, "{paths:?}");
    let task = reading.plan.task("bad").unwrap();
    assert_eq!(task.row.iter().map(|(key, _)| &**key).collect::<Vec<_>>(), ["notes", "resources"]);
    let fields =
        [("due", Some(Value::from("2026-02-18"))), ("notes", Some(Value::from("text now"))), ("owners/b-cfo", None)];
    put(&mut doc.transact_mut(), &Target { collection: collection("tasks").unwrap(), id: "bad".into() }, fields);
    let plan = read::plan(&doc.transact()).plan;
    assert_eq!(plan.task("bad").unwrap().notes(), Some("text now"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_refreshed_plan_is_the_plan_read_anew(
        edits in proptest::collection::vec((0_usize..4, 0_usize..3, fitting("tasks"), fitting("meta")), 1..12),
    ) {
        let doc = sample();
        let mut kept = plan(&doc);
        for (what, which, task, meta) in edits {
            let id = ["ca-1", "va-2", "new"][which];
            let mut task = task;
            task.as_object_mut().unwrap().retain(|name, _| !name.starts_with("removed") && !name.starts_with("comm") && !name.starts_with("completed"));
            let json = match what {
                0 => json!({"remove": {"tasks": [id]}}),
                1 => json!({"restore": {"tasks": [id]}}),
                2 => json!({"set": {"meta": meta}}),
                _ => json!({"set": {"tasks": {id: task}}}),
            };
            let touched = edit(&doc, json).unwrap_or_default();
            let old = kept.clone();
            let refreshed = read::refresh(&mut kept, &doc.transact(), &touched);
            prop_assert_eq!(&kept, &plan(&doc));
            let mut undone = kept.clone();
            for replaced in refreshed.replaced {
                match replaced.old {
                    Some(row) if replaced.collection.is_single() => undone.meta = (*row).clone(),
                    Some(row) => drop(undone.rows_mut(replaced.collection).insert(replaced.id, row)),
                    None => drop(undone.rows_mut(replaced.collection).remove(&replaced.id)),
                }
            }
            prop_assert_eq!(undone, old, "what was replaced leads back");
        }
    }

    #[test]
    fn a_text_becomes_what_was_asked(old in "[ab😀é\n]{0,40}", new in "[ab😀é\n]{0,40}") {
        let doc = document(1);
        let text = doc.get_or_insert_text("t");
        let mut txn = doc.transact_mut();
        text.push(&mut txn, &old);
        prop_assert_eq!(super::text::replace(&mut txn, &text, &new), old != new);
        prop_assert_eq!(text.get_string(&txn), new);
        let bytes = txn.encode_state_as_update_v1(&StateVector::default());
        prop_assert!(Update::decode_v1(&bytes).unwrap().encode_v1().len() <= bytes.len());
    }
}

#[test]
fn a_place_without_id_refreshes_the_whole_collection() {
    let doc = sample();
    let mut kept = plan(&doc);
    edit(&doc, json!({"set": {"tasks": {"ca-1": {"title": "x"}, "n": {}}}})).unwrap();
    let place = Place { collection: "tasks".into(), id: "".into(), field: "".into() };
    let refreshed = read::refresh(&mut kept, &doc.transact(), &Touched([place].into()));
    assert_eq!((kept, refreshed.replaced.len()), (plan(&doc), 2));
}
