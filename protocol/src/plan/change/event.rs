//! A change as a CloudEvent 1.0 in JSON, and back without loss.

use serde_json::{Map, Value as Json, json};

use super::{Along, Change, Difference, Event, Verb, What};
use crate::ids::{PartyId, PersonId, PlanId, Scope};
use crate::plan::diff;
use crate::plan::json::flatten::{Assign, flatten};
use crate::plan::json::print_row;
use crate::plan::row::{Key, Row};
use crate::plan::schema::{COLLECTIONS, Class, Collection, Kind, collection};
use crate::plan::value::Value;

const PREFIX: &str = "plansync.";
/// A proposal is opened, not added.
const PROPOSAL: &str = "proposal";
const OPENED: &str = "opened";

impl Change {
    /// The type of the event: `plansync.milestone.changed`.
    #[must_use]
    pub fn kind(&self) -> String {
        match &self.event {
            Event::Other { kind, .. } => format!("{PREFIX}{kind}"),
            Event::Difference(difference) => {
                let (noun, verb) = (difference.collection.singular, difference.verb);
                let (noun, word) = match verb {
                    Verb::Added if noun == PROPOSAL => (noun, OPENED),
                    _ if verb.is_of_commitment() && noun != PROPOSAL => ("commitment", verb.as_str()),
                    _ => (noun, verb.as_str()),
                };
                format!("{PREFIX}{noun}.{word}")
            }
        }
    }

    /// The event. Its id tells the document too, since each document counts its own log.
    #[must_use]
    pub fn cloud_event(&self, plan: &PlanId) -> Json {
        let (subject, mut data) = match &self.event {
            Event::Difference(difference) => (Some(difference.subject()), data(difference)),
            Event::Other { subject, data, .. } => (subject.as_deref().map(str::to_owned), data.clone()),
        };
        if let Json::Object(data) = &mut data
            && !self.agreed_by.is_empty()
        {
            data.insert("agreedBy".into(), self.agreed_by.iter().map(PersonId::as_str).collect());
        }
        let place = match &self.scope {
            Scope::Shared => plan.to_string(),
            Scope::Party(_) => format!("{plan}/{}", self.scope),
        };
        let mut event = Map::new();
        let mut put = |name: &str, value: Json| event.insert(name.into(), value);
        put("specversion", "1.0".into());
        put("id", format!("{place}/{}/{}", self.seq, self.n).into());
        put("source", format!("/v1/plans/{plan}").into());
        put("type", self.kind().into());
        if let Some(subject) = subject {
            put("subject", subject.into());
        }
        put("time", (*self.at).into());
        put("datacontenttype", "application/json".into());
        put("seq", self.seq.into());
        put("actor", self.actor.as_str().into());
        if let Some(party) = &self.party {
            put("party", party.as_str().into());
        }
        put("scope", self.scope.to_string().into());
        put("origin", serde_json::to_value(self.origin).unwrap_or_default());
        put("data", data);
        Json::Object(event)
    }

    /// The change of an event; `None` if it is none of ours.
    #[must_use]
    pub fn from_cloud_event(event: &Json) -> Option<Self> {
        let text = |name: &str| event.get(name).and_then(Json::as_str);
        let kind = text("type")?.strip_prefix(PREFIX)?;
        let data = event.get("data")?;
        let agreed = data.get("agreedBy").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
        Some(Self {
            agreed_by: agreed.iter().filter_map(|person| PersonId::parse(person.as_str()?).ok()).collect(),
            seq: event.get("seq")?.as_u64()?,
            n: text("id")?.rsplit_once('/')?.1.parse().ok()?,
            at: text("time")?.into(),
            actor: PersonId::parse(text("actor")?).ok()?,
            party: match text("party") {
                Some(party) => Some(PartyId::parse(party).ok()?),
                None => None,
            },
            scope: match text("scope")? {
                "shared" => Scope::Shared,
                other => Scope::Party(PartyId::parse(other.strip_prefix("party:")?).ok()?),
            },
            origin: serde_json::from_value(event.get("origin")?.clone()).ok()?,
            event: match verb_of(kind) {
                Some(verb) => Event::Difference(difference(verb, data)?),
                None => Event::Other { kind: kind.into(), subject: text("subject").map(Box::from), data: data.clone() },
            },
        })
    }
}

/// The verb of a difference, if this is the kind of one.
fn verb_of(kind: &str) -> Option<Verb> {
    let (noun, verb) = kind.split_once('.')?;
    if noun == PROPOSAL && verb == OPENED {
        return Some(Verb::Added);
    }
    let verb = Verb::of(verb)?;
    let is_known = if verb.is_of_commitment() && noun != PROPOSAL {
        noun == "commitment"
    } else {
        COLLECTIONS.iter().any(|collection| collection.singular == noun)
    };
    is_known.then_some(verb)
}

fn data(difference: &Difference) -> Json {
    let mut data = Map::new();
    let mut put = |name: &str, value: Json| data.insert(name.into(), value);
    put("entity", difference.collection.name.into());
    if !difference.id.is_empty() {
        put("id", (*difference.id).into());
    }
    put("title", (*difference.title).into());
    put("class", difference.class.as_str().into());
    match &difference.what {
        What::Row(row) => {
            let printed = print_row(difference.collection, &difference.id, row);
            // A newer client's nested value and a text beyond its length do not come back from the canonical form.
            if parse_row(difference.collection, &printed).as_ref() != Some(row) {
                let flat: Map<String, Json> =
                    row.iter().map(|(key, value)| (key.to_string(), value.to_json())).collect();
                put("row", printed);
                put("flat", Json::Object(flat));
            } else {
                put("row", printed);
            }
        }
        What::Field { field, old, new } => {
            put("field", (**field).into());
            put("old", old.clone().unwrap_or_default());
            put("new", new.clone().unwrap_or_default());
            if let Some(days) = difference.delta_days() {
                put("deltaDays", days.into());
            }
            if difference.collection.field_named(field).is_some_and(|field| field.kind == Kind::Text) {
                let text = |value: &Option<Json>| value.as_ref().and_then(Json::as_str).unwrap_or("").to_owned();
                put("textDiff", json!(diff::words(&text(old), &text(new))));
            }
        }
    }
    if let Some(reason) = &difference.reason {
        put("reason", (**reason).into());
    }
    if difference.after_freeze {
        put("afterFreeze", true.into());
    }
    if !difference.stamps.is_empty() {
        let stamps = difference.stamps.iter();
        put("stamps", stamps.map(|each| json!({"field": each.field, "old": each.old, "new": each.new})).collect());
    }
    Json::Object(data)
}

fn difference(verb: Verb, data: &Json) -> Option<Difference> {
    let text = |name: &str| data.get(name).and_then(Json::as_str);
    let collection = collection(text("entity")?)?;
    let what = match (text("field"), data.get("flat"), data.get("row")) {
        (Some(field), _, _) => What::Field { field: field.into(), old: value(data, "old"), new: value(data, "new") },
        (None, Some(Json::Object(flat)), _) => {
            let fields =
                flat.iter().filter_map(|(key, json)| Some((Key::of(collection, key), Value::from_json(json)?)));
            What::Row(Row::new(collection, fields.collect()))
        }
        (None, _, Some(row)) => What::Row(parse_row(collection, row)?),
        _ => return None,
    };
    let stamps = data.get("stamps").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
    let stamps = stamps.iter().filter_map(|stamp| {
        let field = stamp.get("field")?.as_str()?.into();
        Some(Along { field, old: value(stamp, "old"), new: value(stamp, "new") })
    });
    Some(Difference {
        collection,
        id: text("id").unwrap_or_default().into(),
        title: text("title")?.into(),
        verb,
        class: class_of(text("class")?)?,
        what,
        reason: text("reason").map(Box::from),
        after_freeze: data.get("afterFreeze").and_then(Json::as_bool).unwrap_or(false),
        stamps: stamps.collect(),
    })
}

fn value(object: &Json, name: &str) -> Option<Json> {
    object.get(name).filter(|value| !value.is_null()).cloned()
}

fn class_of(word: &str) -> Option<Class> {
    Class::ALL.into_iter().find(|class| class.as_str() == word)
}

/// The row of the canonical JSON of an entity, without what does not fit.
fn parse_row(collection: &'static Collection, json: &Json) -> Option<Row> {
    let mut fields = Vec::new();
    for assign in flatten(collection, "", json.as_object()?, &mut Vec::new()) {
        match assign {
            Assign::Put(key, value) => fields.push((key, value)),
            Assign::Members(field, members) => fields.extend(
                members.iter().map(|member| (Key::Other(format!("{}/{member}", field.name).into()), Value::Bool(true))),
            ),
            Assign::Delete(_) | Assign::Clear(_) => {}
        }
    }
    Some(Row::new(collection, fields))
}
