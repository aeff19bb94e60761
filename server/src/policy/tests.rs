//! The table as it is published, and the ways into it that need a plan of their own.

use plansync_protocol::{
    ids::{Access, PartyId, Scope},
    plan::{Plan, json, schema::collection},
};
use serde_json::{Value, json};

use super::*;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../protocol/golden/rights.json");

fn published() -> Value {
    let rows = RIGHTS.iter().map(|(right, cells)| {
        let cells = Access::ALL.iter().zip(cells).map(|(access, cell)| (access.as_str().to_owned(), json!(cell)));
        (serde_json::to_value(right).unwrap().as_str().unwrap().to_owned(), Value::Object(cells.collect()))
    });
    Value::Object(rows.collect())
}

#[test]
fn the_published_table_is_the_one_that_judges() {
    let text = format!("{}\n", serde_json::to_string_pretty(&published()).unwrap());
    if std::env::var("PLANSYNC_GOLDEN").as_deref() == Ok("write") {
        std::fs::write(GOLDEN, &text).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(GOLDEN).unwrap(),
        text,
        "run with PLANSYNC_GOLDEN=write and read the difference"
    );
}

fn plan(tasks: Value) -> Plan {
    let plan = json!({
        "schema": "plansync.plan/1",
        "meta": {"title": "T", "target": {"date": "2026-06-30"}},
        "parties": [{"id": "acme", "kind": "buyer"}, {"id": "vega", "kind": "seller"}],
        "people": [{"id": "ann", "party": "acme", "role": "R"}, {"id": "sam", "party": "vega", "role": "R"}],
        "tasks": tasks,
    });
    json::parse(&plan, true).unwrap()
}

fn judge_task(plan: &Plan, person: &str, party: &str, access: Access, field: &str, after: &Plan) -> Verdict {
    let tasks = collection("tasks").unwrap();
    let touch = Touch { collection: tasks, id: "t", field, before: plan.row(tasks, "t"), after: after.row(tasks, "t") };
    judge(Who { person, party: Some(party), access: Some(access) }, &Scope::Shared, plan, &touch)
}

#[test]
fn a_word_for_a_side_means_the_party_of_that_kind() {
    let before = plan(json!([{"id": "t", "title": "T", "party": "buyer", "status": "pending"}]));
    let after = plan(json!([{"id": "t", "title": "T", "party": "buyer", "status": "complete"}]));
    assert_eq!(judge_task(&before, "ann", "acme", Access::Editor, "status", &after), Verdict::Allowed);
    let asked = judge_task(&before, "sam", "vega", Access::Editor, "status", &after);
    assert_eq!(asked, Verdict::Asked(["acme".to_owned()].into()));
}

#[test]
fn nobody_makes_themselves_an_owner_to_use_it_in_the_same_update() {
    let before = plan(json!([{"id": "t", "title": "T", "party": "buyer"}]));
    let after = plan(json!([{"id": "t", "title": "T", "party": "buyer", "owners": ["ann"], "status": "complete"}]));
    let verdict = judge_task(&before, "ann", "acme", Access::Contributor, "status", &after);
    assert!(matches!(verdict, Verdict::Refused(RefusalCode::NotAllowed, _)), "{verdict:?}");
}

#[test]
fn an_open_plan_needs_no_consent_and_a_private_document_neither() {
    let before = plan(json!([{"id": "t", "title": "T", "party": "buyer"}]));
    let after = plan(json!([{"id": "t", "title": "T", "party": "buyer", "status": "complete"}]));
    let tasks = collection("tasks").unwrap();
    let who = Who { person: "sam", party: Some("vega"), access: Some(Access::Editor) };
    let touch = Touch {
        collection: tasks,
        id: "t",
        field: "status",
        before: before.row(tasks, "t"),
        after: after.row(tasks, "t"),
    };
    let private = Scope::Party(PartyId::parse("vega").unwrap());
    assert_eq!(judge(who, &private, &before, &touch), Verdict::Allowed);
    assert!(matches!(judge(who, &Scope::Shared, &before, &touch), Verdict::Asked(_)));
    let meta = collection("meta").unwrap();
    let mut open = before.clone();
    open.meta.set(plansync_protocol::plan::Key::of(meta, "trust"), Some("open".into()));
    assert_eq!(judge(who, &Scope::Shared, &open, &touch), Verdict::Allowed);
}

#[test]
fn the_workspace_may_do_everything_but_delete_for_good() {
    let before = plan(json!([{"id": "t", "title": "T"}]));
    let tasks = collection("tasks").unwrap();
    let who = Who { person: "workspace", party: None, access: None };
    let mut touch = Touch { collection: tasks, id: "t", field: "", before: before.row(tasks, "t"), after: None };
    assert!(matches!(judge(who, &Scope::Shared, &before, &touch), Verdict::Refused(..)));
    touch.after = touch.before;
    assert_eq!(judge(who, &Scope::Shared, &before, &Touch { field: "status", ..touch }), Verdict::Allowed);
}
