//! Differences tell what happened in the words of the product, and all together they are the whole difference.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::{Op, apply, plans, revert, rows, words};
use crate::ids::{Origin, PartyId, PersonId, PlanId, Scope};
use crate::plan::change::{Change, Difference, Event, Verb, What};
use crate::plan::json::parse_str;
use crate::plan::row::{Key, Row};
use crate::plan::schema::{COLLECTIONS, Class, Collection, Entry, Ids, Kind, collection};
use crate::plan::{Plan, SAMPLE, Value};

fn sample() -> Plan {
    parse_str(SAMPLE, true).unwrap()
}

fn set(plan: &mut Plan, path: &str, value: Json) {
    let (name, rest) = path.split_once('/').unwrap();
    let collection = collection(name).unwrap();
    let (id, field) = if collection.is_single() { ("", rest) } else { rest.split_once('/').unwrap() };
    let key = Key::of(collection, field);
    let value = Value::from_json(&value);
    if collection.is_single() {
        plan.meta.set(key, value);
    } else {
        Arc::make_mut(plan.rows_mut(collection).entry(id.into()).or_default()).set(key, value);
    }
}

fn after(edits: &[(&str, Json)]) -> (Plan, Plan) {
    let old = sample();
    let mut new = old.clone();
    for (path, value) in edits {
        set(&mut new, path, value.clone());
    }
    (old, new)
}

fn differences(edits: &[(&str, Json)]) -> Vec<Difference> {
    let (old, new) = after(edits);
    let differences = plans(&old, &new);
    folds(&old, &new, &differences);
    differences
}

fn folds(old: &Plan, new: &Plan, differences: &[Difference]) {
    let mut forwards = old.clone();
    differences.iter().for_each(|difference| apply(&mut forwards, difference));
    assert_eq!(forwards, *new);
    let mut back = new.clone();
    differences.iter().rev().for_each(|difference| revert(&mut back, difference));
    assert_eq!(back, *old);
}

fn change(difference: Difference) -> Change {
    Change {
        agreed_by: [].into(),
        seq: 412,
        n: 0,
        at: "2026-02-17T18:21:07.113Z".into(),
        actor: PersonId::parse("b-it-manager").unwrap(),
        party: Some(PartyId::parse("buyer").unwrap()),
        scope: Scope::Shared,
        origin: Origin::Human,
        event: Event::Difference(difference),
    }
}

fn plan_id() -> PlanId {
    PlanId::parse("acme").unwrap()
}

#[test]
fn a_date_with_its_reason_is_one_change_in_the_form_of_its_readers() {
    let all = differences(&[
        ("milestones/ms-05/due", json!("2026-02-25")),
        ("milestones/ms-05/reason", json!("Access credentials pending")),
    ]);
    assert_eq!(all.len(), 1);
    assert_eq!(
        change(all[0].clone()).cloud_event(&plan_id()).to_string(),
        concat!(
            r#"{"specversion":"1.0","id":"acme/412/0","source":"/v1/plans/acme","type":"plansync.milestone.changed","#,
            r#""subject":"milestones/ms-05","time":"2026-02-17T18:21:07.113Z","datacontenttype":"application/json","#,
            r#""seq":412,"actor":"b-it-manager","party":"buyer","scope":"shared","origin":"human","#,
            r#""data":{"entity":"milestones","id":"ms-05","title":"POC Environment Setup","class":"date","field":"due","#,
            r#""old":"2026-02-20","new":"2026-02-25","deltaDays":5,"reason":"Access credentials pending","#,
            r#""stamps":[{"field":"reason","old":null,"new":"Access credentials pending"}]}}"#
        )
    );
}

#[test]
fn a_status_has_its_own_word_and_takes_its_stamps_along() {
    let verb = |from: Json, to: Json| {
        let (_, old) = after(&[("tasks/ca-1/status", from)]);
        let mut new = old.clone();
        set(&mut new, "tasks/ca-1/status", to);
        plans(&old, &new).first().map(|difference| difference.verb)
    };
    for (from, to, word) in [
        ("pending", "in_progress", Verb::Started),
        ("in_progress", "complete", Verb::Completed),
        ("complete", "in_progress", Verb::Reopened),
        ("cancelled", "pending", Verb::Reopened),
        ("in_progress", "blocked", Verb::Blocked),
        ("blocked", "in_progress", Verb::Unblocked),
        ("blocked", "pending", Verb::Unblocked),
        ("blocked", "complete", Verb::Completed),
        ("pending", "cancelled", Verb::Cancelled),
        ("in_progress", "pending", Verb::Changed),
        ("pending", "waiting_for_godot", Verb::Changed),
    ] {
        assert_eq!(verb(json!(from), json!(to)), Some(word), "{from} to {to}");
    }
    assert_eq!(verb(Json::Null, json!("complete")), Some(Verb::Completed));

    let all = differences(&[
        ("tasks/ca-1/status", json!("complete")),
        ("tasks/ca-1/completedAt", json!("2026-02-17T18:00:00Z")),
        ("tasks/ca-1/completedBy", json!("b-it-manager")),
    ]);
    assert_eq!((all.len(), all[0].verb, all[0].class, all[0].stamps.len()), (1, Verb::Completed, Class::Status, 2));
}

#[test]
fn a_blocker_names_what_blocks() {
    let all = differences(&[
        ("tasks/ca-1/status", json!("blocked")),
        ("tasks/ca-1/blocked.reason", json!("No credentials")),
        ("tasks/ca-1/blocked.since", json!("2026-02-17")),
    ]);
    let seen: Vec<_> = all.iter().map(|each| (each.verb, each.class, each.reason.as_deref())).collect();
    assert_eq!(
        seen,
        [(Verb::Blocked, Class::Status, Some("No credentials")), (Verb::Changed, Class::Blocker, None)],
        "since when goes along"
    );
}

#[test]
fn a_removal_and_a_restoration_are_told_whole() {
    let removal = [
        ("tasks/ca-1/removed", json!(true)),
        ("tasks/ca-1/removedAt", json!("2026-02-17T18:00:00Z")),
        ("tasks/ca-1/removedBy", json!("b-it-manager")),
    ];
    let all = differences(&removal);
    assert_eq!((all.len(), all[0].verb, &*all[0].title), (1, Verb::Removed, "Provide data sample for POC"));
    let What::Row(row) = &all[0].what else { panic!("a row") };
    assert_eq!(row.text("due"), Some("2026-02-18"), "the row as it was");
    assert!(!row.is_removed());

    let (old, new) = after(&removal);
    let all = plans(&new, &old);
    assert_eq!((all.len(), all[0].verb), (1, Verb::Restored));
    folds(&new, &old, &all);
}

#[test]
fn a_commitment_is_named_after_itself() {
    let all = differences(&[
        ("tasks/ca-1/commitment.state", json!("countered")),
        ("tasks/ca-1/commitment.due", json!("2026-02-20")),
        ("tasks/ca-1/commitment.by", json!("b-it-manager")),
        ("tasks/ca-1/commitment.at", json!("2026-02-17T18:00:00Z")),
    ]);
    let kinds: Vec<_> = all.iter().map(|each| change(each.clone()).kind()).collect();
    assert_eq!(kinds, ["plansync.commitment.countered", "plansync.task.changed"]);
    assert_eq!(all[0].stamps.len(), 2);
}

#[test]
fn a_set_and_a_map_are_told_whole() {
    let all =
        differences(&[("milestones/ms-05/owners/b-cfo", json!(true)), ("milestones/ms-05/effort/b-it-team", json!(4))]);
    let seen: Vec<_> = all.iter().map(|each| each.field().unwrap()).collect();
    assert_eq!(
        seen,
        [
            ("owners", Some(&json!(["b-it-team", "s-se-team"])), Some(&json!(["b-cfo", "b-it-team", "s-se-team"]))),
            ("effort", Some(&json!({"b-it-team": 3, "s-se-team": 2})), Some(&json!({"b-it-team": 4, "s-se-team": 2}))),
        ]
    );
}

#[test]
fn an_edit_of_a_frozen_criterion_says_so() {
    let (_, old) = after(&[("criteria/cr-1/frozenAt", json!("2026-02-01T00:00:00Z"))]);
    let mut new = old.clone();
    set(&mut new, "criteria/cr-1/target", json!(4));
    set(&mut new, "criteria/cr-1/measured", json!(4.5));
    set(&mut new, "criteria/cr-1/measuredAt", json!("2026-02-17T00:00:00Z"));
    let seen: Vec<_> =
        plans(&old, &new).iter().map(|each| (each.field().unwrap().0.to_owned(), each.after_freeze)).collect();
    assert_eq!(seen, [("target".to_owned(), true), ("measured".to_owned(), false)]);
}

#[test]
fn touched_fields_bring_what_follows_from_them_and_leave_the_rest() {
    let (old, new) = after(&[
        ("tasks/ca-1/status", json!("complete")),
        ("tasks/ca-1/completedAt", json!("2026-02-17T18:00:00Z")),
        ("tasks/ca-1/title", json!("Half a tit")),
        ("tasks/ca-1/owners/b-cfo", json!(true)),
        ("tasks/ca-1/mood/x", json!("fine")),
    ]);
    let tasks = collection("tasks").unwrap();
    let names = |fields: &[&str]| {
        let fields: BTreeSet<Box<str>> = fields.iter().map(|field| Box::from(*field)).collect();
        let all = rows(tasks, "ca-1", old.row(tasks, "ca-1"), new.row(tasks, "ca-1"), Some(&fields));
        all.iter().map(|each| (each.field().unwrap().0.to_owned(), each.stamps.len())).collect::<Vec<_>>()
    };
    assert_eq!(names(&["status"]), [("status".to_owned(), 1)]);
    assert!(names(&["completedAt"]).is_empty(), "it waits for the status");
    assert_eq!(names(&["owners/b-cfo", "mood/x"]), [("owners".to_owned(), 0), ("mood/x".to_owned(), 0)]);
    assert_eq!(names(&[""]).len(), 4);
}

#[test]
fn names_are_those_a_reader_uses() {
    let mut new = sample();
    set(&mut new, "comments/c-1/text", json!("x".repeat(100)));
    set(&mut new, "comments/c-1/on", json!("ca-1"));
    set(&mut new, "dependencies/ms-05>ms-06/minGapDays", json!(20));
    set(&mut new, "people/b-cfo/title", json!("Chief"));
    set(&mut new, "meta/account", json!("Acme"));
    let titles: Vec<_> = plans(&sample(), &new).iter().map(|each| each.title.to_string()).collect();
    let beginning = format!("{}…", "x".repeat(60));
    assert_eq!(titles, ["Mutual action plan for a B2B SaaS opportunity", "CFO", "ms-05 → ms-06", &beginning]);
}

#[test]
fn texts_are_told_in_words() {
    let text = |old: &str, new: &str| {
        words(old, new)
            .iter()
            .map(|piece| {
                let mark = match piece.op {
                    Op::Equal => "=",
                    Op::Insert => "+",
                    Op::Delete => "-",
                };
                format!("{mark}{}", piece.text)
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(
        text("Access credentials pending", "Access credentials here"),
        ["=Access credentials", "- pending", "+ here"]
    );
    assert_eq!(text("Old rest", "rest"), ["-Old", "= rest"]);
    assert_eq!(text("a  b\nc", " a b c "), Vec::<String>::new(), "white space is no change");
    assert_eq!(text("", "new"), ["+new"]);
    let long = "word ".repeat(100);
    let pieces = text(&format!("{long}old {long}"), &format!("{long}new {long}"));
    assert_eq!(pieces.len(), 4);
    assert!(pieces.iter().all(|piece| piece.chars().count() < 40), "{pieces:?}");
    let endless = "x".repeat(10_000);
    let pieces = words("", &endless);
    assert!(pieces[0].text.chars().count() <= 121 && pieces[0].text.ends_with('…'), "cut with an ellipsis");
    let other = format!("{}y{}", "x".repeat(5_000), "x".repeat(5_000));
    assert_eq!(text(&endless, &other).iter().filter(|piece| piece.starts_with('+')).count(), 1);
    let old: String = (0..3_000).map(|n| format!("a{n} ")).collect();
    let new: String = (0..3_000).map(|n| format!("b{n} ")).collect();
    let pieces = words(&old, &new);
    assert!(pieces.iter().map(|piece| piece.text.chars().count()).sum::<usize>() < 210, "a new text");
}

#[test]
fn what_only_looks_different_is_silent() {
    let silent = |path: &str, value: Json| differences(&[(path, value)])[0].is_silent();
    assert!(silent("milestones/ms-05/notes", json!("Access  credentials\npending ")));
    assert!(!silent("milestones/ms-05/notes", json!("Access credentials here")));
    assert!(silent("milestones/ms-05/optimization", json!(false)));
    assert!(!silent("milestones/ms-05/optimization", json!(true)));
    assert!(silent("risks/rk-1/kind", Json::Null), "a risk is a risk without saying so");
    assert!(silent("dependencies/ms-01>ms-02/minGapDays", json!(0)), "no gap is a gap of none");
}

#[test]
fn other_events_come_back_too() {
    let private = PartyId::parse("buyer").unwrap();
    for (kind, subject) in
        [("derived.overdue", Some("tasks/ca-1")), ("proposal.applied", None), ("person.joined", None)]
    {
        let data = json!({"class": "status", "entity": "tasks", "n": null});
        let change = Change {
            agreed_by: [].into(),
            scope: Scope::Party(private.clone()),
            party: None,
            origin: Origin::System,
            n: 7,
            event: Event::Other { kind: kind.into(), subject: subject.map(Box::from), data },
            ..change(differences(&[("meta/account", json!("Acme"))]).remove(0))
        };
        let event = change.cloud_event(&plan_id());
        assert_eq!(event["id"], "acme/party:buyer/412/7");
        assert_eq!(Change::from_cloud_event(&event), Some(change));
    }
    assert_eq!(Change::from_cloud_event(&json!({"type": "plansync.task.changed"})), None);
}

/// One edit of anything, by the schema.
#[derive(Debug, Clone)]
enum Edit {
    Field { collection: usize, id: u8, field: usize, value: u8 },
    Unknown { collection: usize, id: u8, key: u8, value: u8 },
    Removed { collection: usize, id: u8, by: u8 },
    Gone { collection: usize, id: u8 },
    Sample,
}

fn edit() -> impl Strategy<Value = Edit> {
    let place = || (0..COLLECTIONS.len(), 0..4_u8);
    prop_oneof![
        12 => (place(), any::<usize>(), any::<u8>())
            .prop_map(|((collection, id), field, value)| Edit::Field { collection, id, field, value }),
        2 => (place(), 0..4_u8, any::<u8>()).prop_map(|((collection, id), key, value)| Edit::Unknown { collection, id, key, value }),
        2 => (place(), any::<u8>()).prop_map(|((collection, id), by)| Edit::Removed { collection, id, by }),
        2 => place().prop_map(|(collection, id)| Edit::Gone { collection, id }),
        1 => Just(Edit::Sample),
    ]
}

fn id_of(collection: &Collection, id: u8) -> Box<str> {
    match collection.ids {
        Ids::None => "".into(),
        Ids::Edge => format!("ms-0{id}>ca-{id}").into(),
        _ => format!("x-{id}").into(),
    }
}

fn perform(plan: &mut Plan, edit: &Edit) {
    let row_of = |plan: &mut Plan, collection: usize, id: u8, key: &str, value: Option<Value>| {
        let collection = &COLLECTIONS[collection];
        let key = Key::of(collection, key);
        if collection.is_single() {
            return plan.meta.set(key, value);
        }
        let row = plan.rows_mut(collection).entry(id_of(collection, id)).or_default();
        Arc::make_mut(row).set(key, value);
    };
    match *edit {
        Edit::Sample => *plan = sample(),
        Edit::Gone { collection, id } => {
            let collection = &COLLECTIONS[collection];
            plan.rows_mut(collection).remove(&id_of(collection, id));
        }
        Edit::Removed { collection, id, by } if !COLLECTIONS[collection].is_single() => {
            let is_removed = by % 2 == 0;
            row_of(plan, collection, id, "removed", is_removed.then_some(Value::Bool(true)));
            row_of(plan, collection, id, "removedAt", is_removed.then(|| Value::string("2026-02-17T18:00:00Z")));
            row_of(plan, collection, id, "removedBy", is_removed.then(|| Value::string(&format!("p-{by}"))));
        }
        Edit::Removed { .. } => {}
        Edit::Unknown { collection, id, key, value } => {
            let key = ["mood", "mood.deep", "mood/part", "a.b.c"][usize::from(key)];
            let values =
                [json!(null), json!("ok"), json!(1.5), json!([1, {"b": 2}]), json!({"a": {"b": null}}), json!({})];
            row_of(plan, collection, id, key, Value::from_json(&values[usize::from(value) % values.len()]));
        }
        Edit::Field { collection, id, field, value } => {
            let fields = COLLECTIONS[collection].fields;
            let field = &fields[field % fields.len()];
            let (member, value) = (value % 5, value / 5);
            let text = ["a", "b  c", "b c", "a much longer text", ""][usize::from(value) % 5];
            let key = if field.has_members() { format!("{}/m-{member}", field.name) } else { field.name.to_owned() };
            let json = match field.kind {
                Kind::Bool => json!(value % 2 == 0),
                Kind::Number | Kind::Any => json!(f64::from(value) / 4.0),
                Kind::Integer { .. } => json!(value % 5 + 1),
                Kind::Date => json!(format!("2026-02-{:02}", value % 20 + 1)),
                Kind::Instant => json!(format!("2026-02-{:02}T00:00:00Z", value % 20 + 1)),
                Kind::Time => json!("10:00"),
                Kind::TimeZone => json!("Europe/Berlin"),
                Kind::Rank => json!(["a0", "a1", "a2"][usize::from(value) % 3]),
                Kind::Enum(words) => json!(words[usize::from(value) % words.len()]),
                Kind::Id(_) => json!("m-1"),
                Kind::Set(_) => json!(true),
                Kind::Map(Entry::Number) => json!(value),
                Kind::Map(Entry::String | Entry::Enum(_)) => json!("word"),
                Kind::Map(Entry::Json) => json!({"old": value, "new": null}),
                Kind::String { .. } | Kind::Text => json!(text),
            };
            let absent = value % 7 == 0 || (field.kind == Kind::Text && text.is_empty());
            row_of(plan, collection, id, &key, Value::from_json(&json).filter(|_| !absent));
        }
    }
}

proptest! {
    #[test]
    fn all_differences_together_are_the_whole_difference(
        before in prop::collection::vec(edit(), 0..40),
        then in prop::collection::vec(edit(), 0..40),
    ) {
        let mut old = Plan::default();
        before.iter().for_each(|edit| perform(&mut old, edit));
        let mut new = old.clone();
        then.iter().for_each(|edit| perform(&mut new, edit));
        let differences = plans(&old, &new);
        folds(&old, &new, &differences);
        prop_assert_eq!(old == new, differences.is_empty());

        let events: Vec<Difference> = differences
            .iter()
            .map(|difference| {
                let change = change(difference.clone());
                let text = change.cloud_event(&plan_id()).to_string();
                let back = Change::from_cloud_event(&serde_json::from_str(&text).unwrap()).unwrap();
                assert_eq!(back, change);
                difference.clone()
            })
            .collect();
        folds(&old, &new, &events);
    }

    #[test]
    fn a_text_difference_leads_from_one_text_to_the_other(old in "[ab ]{0,30}", new in "[ab ]{0,30}") {
        let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let pieces = words(&old, &new);
        let side = |left_out: Op| {
            let text: String = pieces.iter().filter(|piece| piece.op != left_out).map(|piece| piece.text.as_str()).collect();
            squeeze(&text)
        };
        if !pieces.is_empty() && pieces.iter().all(|piece| !piece.text.contains('…')) {
            prop_assert_eq!(side(Op::Insert), squeeze(&old));
            prop_assert_eq!(side(Op::Delete), squeeze(&new));
        }
        prop_assert_eq!(pieces.is_empty(), squeeze(&old) == squeeze(&new));
    }
}

#[test]
fn a_row_of_a_newer_client_travels_whole() {
    let tasks = collection("tasks").unwrap();
    let fields = [("mood", json!({"deep": [1]})), ("title", json!("t".repeat(301)))];
    let row = Row::new(
        tasks,
        fields.iter().map(|(key, json)| (Key::of(tasks, key), Value::from_json(json).unwrap())).collect(),
    );
    let added = rows(tasks, "x", None, Some(&row), None).remove(0);
    let event = change(added.clone()).cloud_event(&plan_id());
    assert_eq!(event["data"]["row"]["mood"], json!({"deep": [1]}));
    assert_eq!(Change::from_cloud_event(&event).unwrap().event, Event::Difference(added));
}
