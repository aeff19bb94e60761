//! A change of a plan as the server tells it, and an edit that it put back.
//!
//! What is always true: a [`Change`] has a place in the order of changes, which its id says.

use plansync_protocol::wire::Since;
use serde::Deserialize;
use serde_json::{Map, Value as Json};

/// A change of the plan: a CloudEvent 1.0, as `docs/changes.md` describes it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Change {
    /// `<plan>/<seq>/<n>`.
    pub id: String,
    /// The type of the event: `plansync.milestone.changed`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The last entry of the log that it covers.
    #[serde(default)]
    pub seq: u64,
    /// When, UTC.
    #[serde(default)]
    pub time: String,
    /// `tasks/ca-1`, or `meta`.
    pub subject: Option<String>,
    /// Who.
    pub actor: Option<String>,
    /// Their party.
    pub party: Option<String>,
    /// By what kind of hand: `human`, `automation`, `system`, …
    pub origin: Option<String>,
    /// What.
    pub data: ChangeData,
    /// Further members of CloudEvents.
    #[serde(flatten)]
    pub more: Map<String, Json>,
}

/// What is different.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangeData {
    /// The collection: `tasks`.
    pub entity: Option<String>,
    /// The entity's id.
    pub id: Option<String>,
    /// How a reader names it.
    pub title: Option<String>,
    /// What a subscriber selects it by: `date`, `owner`, …
    pub class: Option<String>,
    /// The field.
    pub field: Option<String>,
    /// What it was.
    pub old: Option<Json>,
    /// What it is.
    pub new: Option<Json>,
    /// For a date: by how many days it moved.
    pub delta_days: Option<i64>,
    /// Why, if somebody said so.
    pub reason: Option<String>,
    /// Further members.
    #[serde(flatten)]
    pub more: Map<String, Json>,
}

impl Change {
    /// The change that JSON describes; `None` for what has no place in the order of changes.
    pub(crate) fn of(json: Json) -> Option<Self> {
        let mut change: Self = serde_json::from_value(json).ok()?;
        let position = position(&change.id)?;
        change.seq = position.seq;
        Some(change)
    }

    /// Its place in the order of changes: `since` of what comes later.
    #[must_use]
    pub fn position(&self) -> Since {
        position(&self.id).unwrap_or(Since { seq: self.seq, n: None })
    }

    /// Whether it comes after this place.
    pub(crate) fn is_after(&self, cursor: Since) -> bool {
        let Since { seq, n } = self.position();
        match cursor.n {
            Some(last) => (seq, n.unwrap_or(0)) > (cursor.seq, last),
            // An entry that was the last one at a Welcome may get changes later, when they have settled.
            None => true,
        }
    }
}

fn position(id: &str) -> Option<Since> {
    let (rest, n) = id.rsplit_once('/')?;
    let (_, seq) = rest.rsplit_once('/')?;
    Some(Since { seq: seq.parse().ok()?, n: Some(n.parse().ok()?) })
}

/// An edit of this client that the server has put back.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Refused {
    /// The collection.
    #[serde(default)]
    pub entity: String,
    /// The entity's id.
    #[serde(default)]
    pub id: String,
    /// The field.
    pub field: Option<String>,
    /// The stable word: `not_allowed`, `needs_consent`, `malformed`, `server_owned`, `too_large`,
    /// `unknown_collection`, `cycle`.
    pub code: String,
    /// Why, for a person.
    pub why: Option<String>,
    /// What stands there now.
    pub restored: Option<Json>,
    /// The proposal that holds the edit until the other party agrees.
    pub proposal: Option<String>,
}

impl Refused {
    pub(crate) fn of(json: Json) -> Option<Self> {
        serde_json::from_value(json).ok()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change(id: &str) -> Option<Change> {
        Change::of(json!({"id": id, "type": "plansync.task.changed", "data": {"field": "due", "deltaDays": 5, "x": 1}}))
    }

    #[test]
    fn a_change_has_a_place_among_the_others() {
        let late = change("demo/party:seller/412/3").unwrap();
        assert_eq!((late.position(), late.seq), (Since { seq: 412, n: Some(3) }, 412));
        assert_eq!((late.data.delta_days, late.data.more.get("x")), (Some(5), Some(&json!(1))));
        assert!(late.is_after(Since { seq: 412, n: Some(2) }) && late.is_after(412.into()));
        assert!(!late.is_after(Since { seq: 412, n: Some(3) }) && !late.is_after(Since { seq: 413, n: Some(0) }));
        for id in ["demo", "412/0", "demo/412/x", "demo//0", ""] {
            assert_eq!(change(id), None, "{id}");
        }
    }
}
