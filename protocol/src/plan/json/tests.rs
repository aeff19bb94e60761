//! The canonical JSON: what comes in goes out, and every mistake is named at once.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::{Print, parse, parse_str, print};
use crate::plan::schema::collection;
use crate::plan::{Plan, SAMPLE, Status};

fn sample() -> Plan {
    parse_str(SAMPLE, true).unwrap()
}

fn with(members: Json) -> Json {
    let mut json = json!({"schema": "plansync.plan/1"});
    json.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    json
}

#[test]
fn the_sample_comes_out_as_it_went_in() {
    let json: Json = serde_json::from_str(SAMPLE).unwrap();
    let printed = print(&sample(), Print::default());
    assert_eq!(printed.to_string(), json.to_string(), "byte for byte, the order of members too");
}

#[test]
fn the_plan_reads_like_the_product() {
    let plan = sample();
    let task = plan.task("ca-1").unwrap();
    assert_eq!(task.title(), Some("Provide data sample for POC"));
    assert_eq!(task.due(), Some(jiff::civil::date(2026, 2, 18)));
    assert_eq!(task.status(), Status::Pending);
    assert_eq!(task.owners().collect::<Vec<_>>(), ["b-it-manager"]);
    assert_eq!(task.milestone(), Some("ms-05"));
    let milestone = plan.milestone("ms-05").unwrap();
    assert_eq!(milestone.effort().collect::<Vec<_>>(), [("b-it-team", 3.0), ("s-se-team", 2.0)]);
    let ids: Vec<_> = plan.milestones().map(|milestone| milestone.id).collect();
    assert_eq!((ids[0], ids[14], ids.len()), ("ms-01", "ms-15", 15));
    let dependency = plan.dependency("ms-05>ms-06").unwrap();
    assert_eq!((dependency.from(), dependency.to(), dependency.min_gap_days()), ("ms-05", "ms-06", 30));
    assert_eq!(plan.risk("rk-1").unwrap().score(), Some(6));
    assert_eq!(plan.meta.date("target.date"), Some(jiff::civil::date(2026, 4, 30)));
}

#[test]
fn every_malformed_value_is_listed_at_once() {
    let json = with(json!({
        "meta": {"title": 7, "target": "soon", "tz": "Mars/Olympus", "workingDays": ["mo", "many days"]},
        "tasks": [
            {"id": "ca-1", "due": "banana", "start": "2026-02-30", "owners": "me", "status": true, "notes": 1},
            {"id": "ca 2", "title": "x"},
            {"title": "no id"},
            {"id": "ca-1"},
            {"id": "ca-4", "durationDays": 1.5, "commitment": {"due": "2026-13-01"}, "title": "x".repeat(301)},
            "what",
        ],
        "milestones": {"ms-1": {}},
        "dependencies": [{"id": "a>b", "from": "a", "to": "c"}, {"from": "a", "to": "a"}],
        "secrets": [],
        "views": [],
    }));
    let malformed = parse(&json, true).unwrap_err();
    let mut paths: Vec<_> = malformed.iter().map(|each| each.path.as_str()).collect();
    paths.sort_unstable();
    assert_eq!(
        paths,
        [
            "dependencies/a>b/to",
            "dependencies[1]/id",
            "meta/target",
            "meta/title",
            "meta/tz",
            "meta/workingDays",
            "milestones",
            "secrets",
            "tasks/ca-1/due",
            "tasks/ca-1/id",
            "tasks/ca-1/notes",
            "tasks/ca-1/owners",
            "tasks/ca-1/start",
            "tasks/ca-1/status",
            "tasks/ca-4/commitment.due",
            "tasks/ca-4/durationDays",
            "tasks/ca-4/title",
            "tasks[1]/id",
            "tasks[2]/id",
            "tasks[5]",
            "views",
        ]
    );
    let due = malformed.iter().find(|each| each.path == "tasks/ca-1/due").unwrap();
    assert_eq!(due.to_string(), r#"tasks/ca-1/due: "banana" is not a day like 2026-02-17"#);
    assert!(parse(&json!([]), true).is_err() && parse(&json!({}), true).is_err() && parse_str("{", true).is_err());
}

#[test]
fn a_newer_clients_fields_and_words_are_kept() {
    let json = with(json!({
        "meta": {"mood": {"today": "good", "scale": {"of": 5}}, "target": {"kind": "expansion", "certainty": 0.5}},
        "tasks": [{
            "id": "ca-1", "status": "simmering", "watchers/b-cfo": true, "tags": ["a", {"b": null}],
            "empty": {}, "due.x": 1, "due": "2026-02-18",
        }],
    }));
    let plan = parse(&json, true).unwrap();
    assert_eq!(plan.task("ca-1").unwrap().status(), Status::Unknown("simmering".into()));
    assert_eq!(plan.meta.number("target.certainty"), Some(0.5));
    let printed = print(&plan, Print::default());
    assert_eq!(printed["meta"]["mood"], json["meta"]["mood"]);
    for name in ["status", "watchers/b-cfo", "tags", "empty", "due.x", "due"] {
        assert_eq!(printed["tasks"][0][name], json["tasks"][0][name], "{name}");
    }
    assert_eq!(parse(&printed, true).unwrap(), plan);
}

#[test]
fn missing_ranks_follow_the_order_of_the_array() {
    let json = with(json!({"phases": [
        {"id": "z"}, {"id": "b", "rank": "a5"}, {"id": "y"}, {"id": "x"}, {"id": "c", "rank": "a6"}, {"id": "a"},
    ]}));
    let plan = parse(&json, true).unwrap();
    let order: Vec<_> = plan.entities("phases").map(|phase| phase.id).collect();
    assert_eq!(order, ["z", "b", "y", "x", "c", "a"]);
}

#[test]
fn a_dependency_needs_its_ends_or_its_id() {
    let json = with(json!({"dependencies": [{"from": "a", "to": "b"}, {"id": "b>c"}]}));
    let plan = parse(&json, true).unwrap();
    assert_eq!(plan.dependency("a>b").unwrap().row.text("from"), Some("a"));
    assert_eq!(plan.dependency("b>c").unwrap().row.text("to"), Some("c"));
}

#[test]
fn removed_entities_are_written_only_when_asked() {
    let json = with(json!({"tasks": [{"id": "a", "removed": true}, {"id": "b"}]}));
    let plan = parse(&json, true).unwrap();
    assert_eq!(print(&plan, Print::default())["tasks"].as_array().unwrap().len(), 1);
    let all = print(&plan, Print { with_removed: true, shared: true });
    assert_eq!(all["tasks"].as_array().unwrap().len(), 2);
    assert!(plan.task("a").unwrap().is_removed() && plan.tasks().count() == 1);
}

#[test]
fn collections_have_bounds() {
    let parties: Vec<Json> = (0..9).map(|n| json!({"id": format!("p{n}")})).collect();
    let malformed = parse(&with(json!({ "parties": parties })), true).unwrap_err();
    assert_eq!(malformed[0].to_string(), "parties: 9 entities is not at most 8");
    let owners: Vec<String> = (0..600).map(|n| format!("p{n}")).collect();
    assert!(parse(&with(json!({"tasks": [{"id": "a", "owners": owners}]})), true).is_err());
}

#[test]
fn a_private_plan_holds_its_own_collections() {
    let json = with(json!({"views": [{"id": "b-cfo", "stance": "sceptic", "influence": 5}]}));
    let plan = parse(&json, false).unwrap();
    assert_eq!(print(&plan, Print { shared: false, with_removed: false }), json);
    assert!(parse(&with(json!({"people": []})), false).is_err());
}

prop_compose! {
    /// Any value that JSON can hold, of few levels.
    pub(crate) fn any_json()(json in prop_oneof![
        Just(Json::Null), any::<bool>().prop_map(Json::from), any::<i32>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from), "[a-z0-9 .é😀]{0,8}".prop_map(Json::from),
        Just(json!("2026-02-18")), Just(json!(["b-cfo", "s-ae"])), Just(json!({"a": {"b": 1}, "c": [1, null]})),
        Just(json!({"by": "x", "due": "2026-02-18", "b-cfo": 2})), Just(json!("complete")),
    ]) -> Json { json }
}

/// A field's name: mostly one of the schema.
fn name(of: &'static str) -> impl Strategy<Value = String> {
    let fields: Vec<&str> = collection(of).unwrap().all_fields().map(|field| field.name).collect();
    prop_oneof![4 => proptest::sample::select(fields).prop_map(str::to_owned), 1 => "[a-c./]{0,4}", 1 => Just("id".into())]
}

/// Fields of one entity, without those that do not fit.
pub(crate) fn fitting(of: &'static str) -> impl Strategy<Value = Json> {
    proptest::collection::btree_map(name(of), any_json(), 0..8).prop_map(move |fields| {
        let fits = |name: &str, value: &Json| {
            let mut malformed = Vec::new();
            let object = [(name.to_owned(), value.clone())].into_iter().collect();
            super::flatten::flatten(collection(of).unwrap(), "", &object, &mut malformed);
            malformed.is_empty()
        };
        let mut object: serde_json::Map<String, Json> =
            fields.into_iter().filter(|(name, value)| fits(name, value)).collect();
        object.remove("id");
        Json::Object(object)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_was_printed_is_parsed_as_it_was(meta in fitting("meta"), tasks in proptest::collection::btree_map("[a-z]{1,3}", fitting("tasks"), 0..6)) {
        let tasks: Vec<Json> = tasks.into_iter().map(|(id, mut task)| {
            task.as_object_mut().unwrap().insert("id".into(), id.into());
            task
        }).collect();
        let plan = parse(&with(json!({"meta": meta, "tasks": tasks})), true).unwrap();
        let printed = print(&plan, Print { shared: true, with_removed: true });
        prop_assert_eq!(parse(&printed, true), Ok(plan));
    }

    #[test]
    fn no_json_makes_parsing_panic(meta in any_json(), tasks in proptest::collection::vec(any_json(), 0..4)) {
        let _ = parse(&with(json!({"meta": meta, "tasks": tasks, "dependencies": tasks})), true);
        let _ = crate::plan::Edit::parse(&json!({"set": {"tasks": {"a": meta}, "meta": meta}, "remove": {"tasks": tasks}}), true);
    }
}
