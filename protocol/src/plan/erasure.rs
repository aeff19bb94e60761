//! Taking one person out of a plan that stays: what of it is personal, and what stands there afterwards.
//!
//! In: a plan or a change, and the person's id. Out: the fields to be written, or the change without what was personal.
//! Always true: the id stays, as the key of what the person owns and did; of the row in `people` stay the party, the
//! role and whether it is a team; a change that was redacted can be applied and reverted as before.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::Plan;
use super::edit::Target;
use super::schema::{self, Collection, table::REMOVAL};
use super::value::Value;

/// What a person is called who has been erased.
pub const NAME: &str = "Erased person";

/// The fields of entities under a person's id that say nothing about that person. A field that is not named here is
/// personal: one of a newer client as well.
const IMPERSONAL: &[(&str, &[&str])] =
    &[("people", &["party", "role", "team"]), ("stakeholders", &["decisionRole"]), ("views", &[])];

/// What is written into one entity: each flat key with its value, or with nothing.
pub type Writes = (Target, Vec<(Box<str>, Option<Value>)>);

/// Whether a field of an entity is about the person whose id the entity has. A flat key is as good as its field's name.
#[must_use]
pub fn is_personal(collection: &Collection, field: &str) -> bool {
    let Some((_, impersonal)) = IMPERSONAL.iter().find(|(name, _)| *name == collection.name) else { return false };
    !impersonal.contains(&field) && !REMOVAL.iter().any(|each| each.name == field)
}

/// Whether a collection holds nothing but what is said about people by their ids: a row of somebody erased is not made
/// anew in it.
#[must_use]
pub fn is_of_people(collection: &Collection) -> bool {
    IMPERSONAL.iter().any(|(name, _)| *name == collection.name)
}

/// What takes a person out of a document, shared or private.
#[must_use]
pub fn writes(plan: &Plan, person: &str) -> Vec<Writes> {
    let mut writes = Vec::new();
    for (name, _) in IMPERSONAL {
        let Some(collection) = schema::collection(name) else { continue };
        let Some(row) = plan.rows(collection).get(person) else { continue };
        let mut fields: Vec<(Box<str>, Option<Value>)> = Vec::new();
        for (key, _) in row.iter().filter(|(key, _)| is_personal(collection, key)) {
            fields.push(((**key).into(), None));
        }
        match *name {
            "people" => {
                fields.retain(|(key, _)| **key != *"name");
                fields.push(("name".into(), Some(Value::string(NAME))));
            }
            // What one side thought of somebody who is nobody any more.
            "views" => fields.push(("removed".into(), Some(Value::Bool(true)))),
            _ => {}
        }
        writes.push((Target { collection, id: person.into() }, fields));
    }
    let Some(collection) = schema::collection("proposals") else { return writes };
    for (id, row) in plan.rows(collection) {
        let personal = row.members("items").filter(|(item, _)| is_personal_item(item, person));
        let fields: Vec<_> = personal.map(|(item, _)| (format!("items/{item}").into(), None)).collect();
        if !fields.is_empty() {
            writes.push((Target { collection, id: id.clone() }, fields));
        }
    }
    writes
}

/// Takes what is personal out of a change, as the CloudEvent it is kept as. Tells whether anything was; the mail
/// addresses among it are added to `addresses`.
pub fn redact(event: &mut Json, person: &str, addresses: &mut BTreeSet<String>) -> bool {
    let before = event.clone();
    let Some(data) = event.get_mut("data") else { return false };
    let text = |data: &Json, name: &str| data.get(name).and_then(Json::as_str).map(str::to_owned);
    let Some(collection) = text(data, "entity").and_then(|entity| schema::collection(&entity)) else { return false };
    let field = text(data, "field");
    if collection.name == "proposals" {
        for place in ["row", "flat"] {
            if let Some(items) = data.get_mut(place) {
                redact_items(items, person);
            }
        }
        if field.as_deref() == Some("items") {
            for place in ["old", "new"] {
                if let Some(items) = data.get_mut(place) {
                    redact_items(items, person);
                }
            }
        }
    } else if is_of_people(collection) && text(data, "id").as_deref() == Some(person) {
        let Json::Object(data) = data else { return false };
        data.insert("title".into(), if collection.name == "people" { NAME } else { person }.into());
        // Given by somebody, about this person.
        data.shift_remove("reason");
        if let Some(field) = field.filter(|field| is_personal(collection, field)) {
            redact_values(data, &field, addresses);
            data.shift_remove("textDiff");
        }
        for place in ["row", "flat"] {
            let Some(Json::Object(row)) = data.get_mut(place) else { continue };
            addresses.extend(row.get("email").and_then(Json::as_str).map(str::to_owned));
            row.retain(|key, _| *key == *"id" || *key == *"name" || !is_personal(collection, key));
            if let Some(name) = row.get_mut("name") {
                *name = NAME.into();
            }
        }
        if let Some(Json::Array(stamps)) = data.get_mut("stamps") {
            for stamp in stamps.iter_mut().filter_map(Json::as_object_mut) {
                let field = stamp.get("field").and_then(Json::as_str).unwrap_or_default().to_owned();
                if is_personal(collection, &field) {
                    redact_values(stamp, &field, addresses);
                }
            }
        }
    }
    *event != before
}

/// A personal field has held the same all the time: a name the word for it, anything else nothing.
fn redact_values(of: &mut serde_json::Map<String, Json>, field: &str, addresses: &mut BTreeSet<String>) {
    for place in ["old", "new"] {
        let Some(value) = of.get_mut(place) else { continue };
        if field == "email" {
            addresses.extend(value.as_str().map(str::to_owned));
        }
        *value = if field == "name" { NAME.into() } else { Json::Null };
    }
}

/// The items of a proposal: under `items`, under flat keys, or by themselves.
fn redact_items(of: &mut Json, person: &str) {
    let Json::Object(members) = of else { return };
    if let Some(items) = members.get_mut("items") {
        redact_items(items, person);
    }
    members.retain(|key, _| !is_personal_item(key.strip_prefix("items/").unwrap_or(key), person));
}

/// Whether an item of a proposal is a personal field: `people/ann/email`.
fn is_personal_item(item: &str, person: &str) -> bool {
    let Some((collection, rest)) = item.split_once('/') else { return false };
    let Some(field) = rest.strip_prefix(person).and_then(|rest| rest.strip_prefix('/')) else { return false };
    schema::collection(collection).is_some_and(|collection| is_personal(collection, field))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::ids::{Origin, PersonId, PlanId, Scope};
    use crate::plan::{Change, Event, Key, Row, diff};

    const SECRETS: [&str; 6] =
        ["Canary Name", "canary@example.com", "Canary Title", "canary-ref", "canary needs", "x-canary"];

    fn row(collection: &Collection, fields: &[(&str, &str)]) -> Arc<Row> {
        let fields = fields.iter().map(|(key, value)| (Key::of(collection, key), Value::string(value)));
        Arc::new(Row::new(collection, fields.collect()))
    }

    /// A plan where everything that can be said about somebody is said.
    fn plan(marker: &str) -> Plan {
        let mut plan = Plan::default();
        let [name, email, title, reference, needs, unknown] = SECRETS.map(|secret| format!("{secret}{marker}"));
        let people = schema::collection("people").unwrap();
        let fields =
            [("party", "buyer"), ("role", "IT Manager"), ("name", &name), ("email", &email), ("title", &title)];
        let more = [("externalRef", &*reference), ("x-more", &*unknown)];
        let fields: Vec<_> = fields.into_iter().chain(more).collect();
        plan.rows_mut(people).insert("ann".into(), row(people, &fields));
        plan.rows_mut(people).insert("ben".into(), row(people, &[("party", "seller"), ("name", "Ben")]));
        let stakeholders = schema::collection("stakeholders").unwrap();
        let fields = [("decisionRole", "champion"), ("needs", &*needs)];
        plan.rows_mut(stakeholders).insert("ann".into(), row(stakeholders, &fields));
        let proposals = schema::collection("proposals").unwrap();
        let fields = [("items/people/ann/email", &*email), ("items/tasks/t/due", "2026-03-01"), ("by", "ben")];
        plan.rows_mut(proposals).insert("p".into(), row(proposals, &fields));
        plan
    }

    fn erased(mut plan: Plan) -> Plan {
        for (target, fields) in writes(&plan, "ann") {
            let row = Arc::make_mut(plan.rows_mut(target.collection).get_mut(&target.id).unwrap());
            for (key, value) in fields {
                row.set(Key::of(target.collection, &key), value);
            }
        }
        plan
    }

    fn events(old: &Plan, new: &Plan) -> Vec<Json> {
        let change = |difference| Change {
            agreed_by: [].into(),
            seq: 2,
            n: 0,
            at: "2026-02-17T18:21:07.113Z".into(),
            actor: PersonId::server(),
            party: None,
            scope: Scope::Shared,
            origin: Origin::Human,
            event: Event::Difference(difference),
        };
        let plan = PlanId::parse("demo").unwrap();
        diff::plans(old, new).into_iter().map(|difference| change(difference).cloud_event(&plan)).collect()
    }

    #[test]
    fn nothing_personal_is_left_in_a_plan_and_everything_else_is() {
        let before = plan("");
        let after = erased(before.clone());
        let said = format!("{after:?}");
        assert!(SECRETS.iter().all(|secret| !said.contains(secret)), "{said}");
        let ann = after.person("ann").unwrap();
        assert_eq!((ann.label(), ann.party(), ann.row.text("role")), (NAME, Some("buyer"), Some("IT Manager")));
        assert_eq!(after.person("ben").unwrap().row, before.person("ben").unwrap().row);
        let proposals = schema::collection("proposals").unwrap();
        assert!(after.row(proposals, "p").unwrap().get("items/tasks/t/due").is_some());
        assert_eq!(erased(after.clone()), after, "a second time there is nothing left to do");
    }

    #[test]
    fn nothing_personal_is_left_in_changes_and_they_lead_to_the_plan_without_the_person() {
        let ways = [(Plan::default(), plan("")), (plan(""), plan("2")), (plan(""), Plan::default())];
        for (old, new) in ways {
            let (mut applied, mut addresses) = (erased(old.clone()), BTreeSet::new());
            let mut events = events(&old, &new);
            for event in &mut events {
                redact(event, "ann", &mut addresses);
                let said = event.to_string();
                assert!(SECRETS.iter().all(|secret| !said.contains(secret)), "{said}");
                let Some(Event::Difference(difference)) = Change::from_cloud_event(event).map(|change| change.event)
                else {
                    panic!("{said}");
                };
                diff::apply(&mut applied, &difference);
            }
            assert_eq!(applied, erased(new.clone()));
            assert!(addresses.iter().any(|address| address.starts_with("canary@example.com")), "{addresses:?}");
            let mut again = events.clone();
            assert!(
                again.iter_mut().all(|event| !redact(event, "ann", &mut addresses)),
                "a second time nothing is left"
            );
        }
        let (old, new) = (Plan::default(), plan(""));
        let mut of_others = events(&old, &new);
        assert!(of_others.iter_mut().all(|event| !redact(event, "ben-2", &mut BTreeSet::new())), "of another id");
    }
}
