//! How readers call the people, parties, items, fields and values of a plan.

use jiff::civil::Date;
use serde_json::Value as Json;

use super::span::{TITLE_CHARS_MAX, day, short};
use crate::plan::Plan;
use crate::plan::change::title;
use crate::plan::check;
use crate::plan::row::Row;
use crate::plan::schema::{Collection, Kind, Member, collection};

/// The names of one plan, with those of an earlier state for what is gone.
pub(super) struct Names<'a> {
    plan: &'a Plan,
    old: &'a Plan,
    as_of: Date,
    parties: Vec<Party>,
}

/// A party with what to call it.
pub(super) struct Party {
    pub(super) id: String,
    /// Its name, else `buyer`, `seller`, else its id.
    pub(super) label: String,
    kind: String,
}

impl Party {
    /// Whether it is neither the buyer nor the seller.
    pub(super) fn is_partner(&self) -> bool {
        !matches!(self.kind.as_str(), "buyer" | "seller")
    }
}

impl<'a> Names<'a> {
    pub(super) fn new(plan: &'a Plan, old: &'a Plan, as_of: Date) -> Self {
        let mut parties: Vec<Party> = plan
            .entities("parties")
            .map(|party| {
                let kind = party.row.text("kind").unwrap_or("partner");
                let fallback = if matches!(kind, "buyer" | "seller") { kind } else { party.id };
                let label = party.row.text("name").filter(|name| !name.trim().is_empty()).unwrap_or(fallback);
                Party { id: party.id.into(), label: short(label, 60), kind: kind.into() }
            })
            .collect();
        for kind in ["buyer", "seller"] {
            if !parties.iter().any(|party| party.kind == kind || party.id == kind) {
                parties.push(Party { id: kind.into(), label: kind.into(), kind: kind.into() });
            }
        }
        parties.sort_by_key(|party| match party.kind.as_str() {
            "buyer" => (0, party.id.clone()),
            "seller" => (1, party.id.clone()),
            _ => (2, party.id.clone()),
        });
        Self { plan, old, as_of, parties }
    }

    /// The parties, the buyer first.
    pub(super) fn parties(&self) -> &[Party] {
        &self.parties
    }

    /// The name of a party by its id or by the word for its kind.
    pub(super) fn party(&self, word: &str) -> String {
        let found = self.parties.iter().find(|party| party.id == word);
        let found = found.or_else(|| self.parties.iter().find(|party| party.kind == word));
        found.map_or_else(|| short(word, 60), |party| party.label.clone())
    }

    /// The ids of the parties that a task's word stands for.
    fn parties_of(&self, word: &str) -> Vec<&str> {
        let is_meant =
            |party: &&Party| party.id == word || (word == "joint" && party.kind != "partner") || party.kind == word;
        self.parties.iter().filter(is_meant).map(|party| party.id.as_str()).collect()
    }

    /// The ids of the parties of an item: as a task says, else those of its owners.
    pub(super) fn owners_parties(&self, row: &Row) -> Vec<&str> {
        if let Some(word) = row.text("party") {
            let named = self.parties_of(word);
            if !named.is_empty() {
                return named;
            }
        }
        let is_owner = |party: &&Party| {
            row.members("owners").any(|(person, _)| self.party_of_person(person) == Some(party.id.as_str()))
        };
        self.parties.iter().filter(is_owner).map(|party| party.id.as_str()).collect()
    }

    /// The id of a person's party.
    pub(super) fn party_of_person(&self, person: &str) -> Option<&str> {
        let word = self.person_row(person)?.text("party")?;
        self.parties_of(word).first().copied()
    }

    fn person_row(&self, person: &str) -> Option<&'a Row> {
        let people = collection("people")?;
        self.plan.row(people, person).or_else(|| self.old.row(people, person))
    }

    /// What to call a person: the name, else the role, else the id.
    pub(super) fn person(&self, person: &str) -> String {
        match collection("people") {
            Some(people) => short(&title(people, person, self.person_row(person)), 60),
            None => short(person, 60),
        }
    }

    /// `IT Manager (buyer)`.
    pub(super) fn person_and_party(&self, person: &str, party: Option<&str>) -> String {
        match self.party_of_person(person).or(party) {
            Some(party) => format!("{} ({})", self.person(person), self.party(party)),
            None => self.person(person),
        }
    }

    /// The owners of an item, of one party or of all.
    pub(super) fn owners(&self, row: &Row, party: Option<&str>) -> Vec<String> {
        row.members("owners")
            .filter(|(person, _)| party.is_none_or(|party| self.party_of_person(person).is_none_or(|of| of == party)))
            .map(|(person, _)| self.person(person))
            .collect()
    }

    /// The owners that stand in a party's column: its own, and in the buyer's those whose party nobody stated.
    pub(super) fn owners_in_column(&self, row: &Row, party: Option<&str>) -> Vec<String> {
        let first = self.parties.first().map(|party| party.id.as_str());
        let is_in = |person: &str| party.is_none() || self.party_of_person(person).or(first) == party;
        row.members("owners").filter(|(person, _)| is_in(person)).map(|(person, _)| self.person(person)).collect()
    }

    /// The title of a milestone, a task or whatever has this id.
    pub(super) fn item(&self, id: &str) -> String {
        for name in ["milestones", "tasks", "risks", "criteria", "objectives", "phases", "calendar"] {
            let Some(collection) = collection(name) else { continue };
            if let Some(row) = self.plan.row(collection, id).or_else(|| self.old.row(collection, id)) {
                return short(&title(collection, id, Some(row)), TITLE_CHARS_MAX);
            }
        }
        short(id, TITLE_CHARS_MAX)
    }

    /// The title of an entity, for a dependency with the titles of its ends.
    pub(super) fn entity(&self, collection: &Collection, id: &str, row: Option<&Row>) -> String {
        match collection.name {
            "dependencies" => {
                let (from, to) = id.split_once('>').unwrap_or((id, ""));
                format!("{} → {}", short(&self.item(from), 45), short(&self.item(to), 45))
            }
            "stakeholders" | "views" => self.person(id),
            _ => short(&title(collection, id, row), TITLE_CHARS_MAX),
        }
    }

    /// A value as a reader sees it; a set in the order of its names.
    pub(super) fn value(&self, collection: &Collection, field: &str, value: &Json) -> String {
        let kind = collection.field_named(field).map(|field| field.kind);
        match (kind, value) {
            (Some(Kind::Set(_)), Json::Array(members)) => {
                let names: Vec<String> =
                    members.iter().filter_map(Json::as_str).map(|id| self.member(kind, id)).collect();
                names.join(", ")
            }
            (Some(Kind::Map(_)), Json::Object(entries)) => {
                let unit = if field == "effort" { " d" } else { "" };
                let entries: Vec<String> = entries
                    .iter()
                    .map(|(entry, value)| format!("{} {}{unit}", self.person(entry), plain(value)))
                    .collect();
                entries.join(", ")
            }
            (Some(Kind::Date), Json::String(text)) => self.day_or(text),
            (Some(Kind::Any), Json::String(text)) => self.day_or(text),
            (Some(Kind::Enum(_)), Json::String(word)) => words_of(word),
            (Some(Kind::Id(of)), Json::String(id)) => self.reference(of, id),
            _ => plain(value),
        }
    }

    /// The name of a member of a set.
    pub(super) fn member(&self, kind: Option<Kind>, id: &str) -> String {
        match kind {
            Some(Kind::Set(Member::Id(of))) => self.reference(of, id),
            Some(Kind::Set(Member::Enum(_))) => words_of(id),
            _ => short(id, 60),
        }
    }

    fn reference(&self, of: &[&str], id: &str) -> String {
        if of.contains(&"people") {
            self.person(id)
        } else if of.contains(&"parties") {
            if id == "joint" { "joint".into() } else { self.party(id) }
        } else {
            self.item(id)
        }
    }

    fn day_or(&self, text: &str) -> String {
        check::day(text).map_or_else(|| short(text, 80), |date| day(date, self.as_of))
    }
}

/// The label of a field.
pub(super) fn label(collection: &Collection, field: &str) -> String {
    let label = match field {
        "value.amount" => "value",
        "value.currency" => "currency",
        "target.date" => "target date",
        "target.kind" => "target",
        "goLive" => "go-live",
        "tz" => "time zone",
        "rank" => "place in the list",
        "blocked.reason" => "blocker",
        "blocked.needs" => "blocker needs",
        "blocked.by" => "blocked by",
        "commitment.state" => "commitment",
        "commitment.due" => "committed date",
        "minGapDays" => "gap in days",
        "durationDays" => "duration in days",
        "frozenAt" => "frozen",
        "by" if collection.name == "criteria" || collection.name == "objectives" => "date",
        other => return words_of(other),
    };
    label.into()
}

/// `economic_buyer` and `decisionRole` in words.
pub(super) fn words_of(word: &str) -> String {
    let mut words = String::new();
    for c in word.chars() {
        match c {
            '_' | '.' | '/' => words.push(' '),
            c if c.is_ascii_uppercase() && !word.starts_with(c) => {
                words.push(' ');
                words.push(c.to_ascii_lowercase());
            }
            c => words.push(c),
        }
    }
    short(&words, 80)
}

/// A value that needs no names.
fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => short(text, 160),
        Json::Bool(true) => "yes".into(),
        Json::Bool(false) => "no".into(),
        Json::Null => String::new(),
        other => short(&other.to_string(), 160),
    }
}
