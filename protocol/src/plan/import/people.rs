//! Parties and people: those that a table lists, and placeholders for the owners that none does.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use super::words::{self, Ids};
use crate::plan::schema::collection;

/// The people of a plan that is being read.
#[derive(Debug, Default)]
pub(super) struct People {
    rows: Vec<Map<String, Json>>,
    stakeholders: Vec<Json>,
    /// By party, and by name, role or address in small letters.
    known: BTreeMap<(Option<String>, String), String>,
    ids: Ids,
    partners: BTreeSet<String>,
    /// What the parties are called, in small letters.
    names: BTreeMap<String, &'static str>,
    called: BTreeMap<&'static str, String>,
}

impl People {
    /// Remembers what the buyer or the seller is called.
    pub(super) fn call(&mut self, side: &'static str, name: &str) {
        self.names.insert(name.to_lowercase(), side);
        self.called.entry(side).or_insert_with(|| name.to_owned());
    }

    /// The party that a cell names, by its side or by its name.
    pub(super) fn party(&mut self, cell: &str) -> Option<String> {
        let named = self.names.get(&cell.trim().to_lowercase()).map(|side| (*side).to_owned());
        let party = named.or_else(|| words::party(cell))?;
        if !matches!(&*party, "buyer" | "seller" | "joint") {
            self.partners.insert(party.clone());
        }
        Some(party)
    }

    /// The side whose name stands in the name of a column: `Owner (Acme)`.
    pub(super) fn side_in(&self, column: &str) -> Option<(&'static str, String)> {
        let column = column.to_lowercase();
        let found = self.names.iter().find(|(name, _)| !name.is_empty() && column.contains(name.as_str()))?;
        Some((found.1, column.replacen(found.0.as_str(), " ", 1)))
    }

    /// Adds a person whom a table lists.
    pub(super) fn add(&mut self, party: Option<&str>, name: &str, role: &str, email: &str) -> String {
        let label = if name.is_empty() { role } else { name };
        let id = self.insert(party, label, |row| {
            for (field, text) in [("name", name), ("email", email), ("role", role)] {
                if !text.is_empty() {
                    row.insert(field.into(), text.into());
                }
            }
            if name.is_empty() {
                row.insert("placeholder".into(), true.into());
            }
        });
        for label in [role, email].into_iter().filter(|label| !label.is_empty()) {
            self.known.entry((party.map(str::to_owned), label.to_lowercase())).or_insert_with(|| id.clone());
        }
        id
    }

    /// Says how a listed person decides.
    pub(super) fn decides(&mut self, id: &str, role: Option<String>, needs: &str) {
        let mut row = Map::new();
        row.insert("id".into(), id.into());
        if let Some(role) = role {
            row.insert("decisionRole".into(), role.into());
        }
        if !needs.is_empty() {
            row.insert("needs".into(), needs.into());
        }
        if row.len() > 1 {
            self.stakeholders.push(row.into());
        }
    }

    /// The id of an owner: a known person, or a new placeholder with that role.
    pub(super) fn owner(&mut self, party: Option<&str>, label: &str) -> String {
        self.find(party, label).unwrap_or_else(|| {
            self.insert(party, label, |row| {
                row.insert("role".into(), label.into());
                if label.to_lowercase().ends_with(" team") {
                    row.insert("team".into(), true.into());
                }
                row.insert("placeholder".into(), true.into());
            })
        })
    }

    /// A known person of a party; without a party, the only one of that name.
    fn find(&self, party: Option<&str>, label: &str) -> Option<String> {
        let label = label.to_lowercase();
        if party.is_some() {
            return self.known.get(&(party.map(str::to_owned), label)).cloned();
        }
        let sides = ["buyer", "seller"].into_iter().chain(self.partners.iter().map(String::as_str));
        let mut found =
            sides.map(Some).chain([None]).filter_map(|side| self.known.get(&(side.map(str::to_owned), label.clone())));
        let first = found.next()?;
        found.all(|other| other == first).then(|| first.clone())
    }

    /// The party of a person.
    pub(super) fn party_of(&self, id: &str) -> Option<&str> {
        self.rows.iter().find(|row| row.get("id").and_then(Json::as_str) == Some(id))?.get("party")?.as_str()
    }

    fn insert(&mut self, party: Option<&str>, label: &str, fill: impl FnOnce(&mut Map<String, Json>)) -> String {
        let prefix = match party {
            Some("buyer") => "b-".to_owned(),
            Some("seller") => "s-".to_owned(),
            Some(party) => format!("{}-", words::slug(party)),
            None => String::new(),
        };
        let id = self.ids.fresh(&prefix, label, "person");
        let mut row = Map::new();
        row.insert("id".into(), id.as_str().into());
        if let Some(party) = party {
            row.insert("party".into(), party.into());
        }
        fill(&mut row);
        self.known.entry((party.map(str::to_owned), label.to_lowercase())).or_insert_with(|| id.clone());
        self.rows.push(row);
        id
    }

    /// The collections of the canonical JSON.
    pub(super) fn collections(self) -> [(&'static str, Vec<Json>); 3] {
        let party = |id: &str, kind: &str, name: Option<&String>| {
            let mut row = Map::new();
            row.insert("id".into(), id.into());
            row.insert("kind".into(), kind.into());
            if let Some(name) = name {
                row.insert("name".into(), json!(name));
            }
            Json::Object(row)
        };
        let sides = ["buyer", "seller"].map(|side| party(side, side, self.called.get(side)));
        let is_id =
            |id: &&String| collection("parties").is_some_and(|all| crate::plan::check::entity_id(all, id).is_ok());
        let partners = self.partners.iter().filter(is_id).map(|id| party(id, "partner", None));
        let parties = sides.into_iter().chain(partners).collect();
        [
            ("parties", parties),
            ("people", self.rows.into_iter().map(Json::Object).collect()),
            ("stakeholders", self.stakeholders),
        ]
    }
}
