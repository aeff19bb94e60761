//! From tables to the canonical JSON: ids, references between rows, days, and the last check of every value.

mod facts;
mod relate;
mod tables;

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::columns::{About, Column, about, column};
use super::dates::{self, Evidence, Reading};
use super::items::{self, Item, Kind};
use super::people::People;
use super::source::{Place, Source, Table};
use super::words::{Ids, plain_words};
use crate::plan::check::Malformed;
use crate::plan::json::{self as canonical, Print, SCHEMA};
use crate::plan::schema::{Collection, collection};

/// The canonical JSON of a file.
pub(super) fn plan(source: &Source) -> Result<Json, Vec<Malformed>> {
    let mut build = Build::default();
    build.facts(source);
    let tables: Vec<(&Table, Vec<Column>)> =
        source.tables.iter().map(|table| (table, table.header.iter().map(|name| column(name)).collect())).collect();
    let of = |wanted: About| tables.iter().filter(move |(_, columns)| about(columns) == Some(wanted));
    // People first, so that owners find them; risks last, since they speak of items.
    for (table, columns) in of(About::People) {
        build.people(source.unit, table, columns);
    }
    for (table, _) in of(About::Items) {
        if let Some(phase) = &table.phase {
            build.phase(phase);
        }
        items::read(source.unit, table, &mut build.items, &mut build.people, &mut build.malformed);
    }
    build.name();
    build.days();
    build.owners();
    build.relate();
    for (table, columns) in of(About::Criteria) {
        build.criteria(source.unit, table, columns);
    }
    for (table, columns) in of(About::Risks) {
        build.risks(source.unit, table, columns);
    }
    build.circles();
    build.finish()
}

#[derive(Default)]
struct Build {
    malformed: Vec<Malformed>,
    meta: Map<String, Json>,
    people: People,
    /// Names of phases in small letters, and their ids.
    phases: BTreeMap<String, String>,
    phase_rows: Vec<Map<String, Json>>,
    phase_ids: Ids,
    items: Vec<Item>,
    /// Of each item.
    ids: Vec<String>,
    by_id: BTreeMap<String, usize>,
    by_title: BTreeMap<String, Vec<usize>>,
    /// Milestones that have no row of their own.
    made: BTreeMap<String, usize>,
    item_ids: Ids,
    dependencies: BTreeMap<String, Json>,
    criteria: Vec<Json>,
    risks: Vec<Json>,
    order: Evidence,
}

fn of(name: &str) -> &'static Collection {
    collection(name).unwrap_or(&crate::plan::schema::COLLECTIONS[0])
}

impl Build {
    fn phase(&mut self, name: &str) -> String {
        if let Some(id) = self.phases.get(&name.to_lowercase()) {
            return id.clone();
        }
        let id = self.phase_ids.fresh("", name, "phase");
        self.add_phase(&id, name);
        id
    }

    fn add_phase(&mut self, id: &str, name: &str) {
        self.phases.insert(name.to_lowercase(), id.to_owned());
        let mut row = Map::new();
        row.insert("id".into(), id.into());
        row.insert("name".into(), name.into());
        self.phase_rows.push(row);
    }

    /// Gives every item its id: its own if it has one, else one made of its title.
    fn name(&mut self) {
        let mut own: Vec<Option<String>> = self.items.iter().map(own_id).collect();
        for (at, own) in own.iter_mut().enumerate() {
            let item = &self.items[at];
            let (Some(id), Some((place, _))) = (&own, &item.id) else { continue };
            let is_phase = item.kind == Kind::Phase;
            let ids = if is_phase { &mut self.phase_ids } else { &mut self.item_ids };
            if !ids.take(of(item.kind.collection()), id) {
                self.malformed.push(place.malformed(id, "an id that stands once"));
                *own = None;
            }
        }
        for (at, own) in own.into_iter().enumerate() {
            let item = &self.items[at];
            let is_phase = item.kind == Kind::Phase;
            let id = own.unwrap_or_else(|| {
                let ids = if is_phase { &mut self.phase_ids } else { &mut self.item_ids };
                ids.fresh("", &item.title, "item")
            });
            if is_phase {
                let (title, fields) = (item.title.clone(), item.fields.clone());
                self.add_phase(&id, &title);
                self.phases.insert(id.to_lowercase(), id.clone());
                if let Some(row) = self.phase_rows.last_mut() {
                    row.extend(fields);
                }
            } else {
                let written = item.id.as_ref().map_or(&id, |(_, written)| written).clone();
                self.by_id.insert(id.clone(), at);
                self.by_id.entry(written).or_insert(at);
                self.by_title.entry(plain_words(&item.title)).or_default().push(at);
            }
            self.ids.push(id);
        }
    }

    /// Reads the days, each by the order that the whole column shows.
    fn days(&mut self) {
        let mut columns: BTreeMap<&'static str, Evidence> = BTreeMap::new();
        let mut read: Vec<(usize, &'static str, Option<Reading>, &Place, &str)> = Vec::new();
        for (at, item) in self.items.iter().enumerate() {
            for (field, place, text) in &item.days {
                let reading = dates::read(text);
                if let Some(reading) = reading {
                    columns.entry(field).or_default().add(reading);
                }
                read.push((at, *field, reading, place, text));
            }
        }
        let mut days = Vec::new();
        for (at, field, reading, place, text) in read {
            match reading.map(|reading| columns.get(field).copied().unwrap_or_default().settle(reading)) {
                Some(Ok(day)) => days.push((at, field, day.to_string())),
                Some(Err(either)) => self.malformed.push(place.malformed(text, either_of(either))),
                None => self.malformed.push(place.malformed(text, dates::EXPECTED)),
            }
        }
        for (at, field, day) in days {
            put(&mut self.items[at].fields, field, day.into());
        }
        self.order = columns.get("due").copied().unwrap_or_default();
    }

    /// Finds the people. Those whose side is known come first, so that the others may find them.
    fn owners(&mut self) {
        for with_party in [true, false] {
            for item in &mut self.items {
                for owner in item.owners.iter().filter(|owner| owner.party.is_some() == with_party) {
                    let id = self.people.owner(owner.party.as_deref(), &owner.label);
                    let owners = item.fields.entry("owners").or_insert_with(|| json!([]));
                    if let Some(owners) = owners.as_array_mut() {
                        owners.push(id.as_str().into());
                    }
                    if let Some(days) = owner.days {
                        if item.kind == Kind::Milestone {
                            put(&mut item.fields, &format!("effort.{id}"), days.into());
                        } else {
                            let note = format!("{}: {days} days", owner.label);
                            let notes = item
                                .fields
                                .get("notes")
                                .and_then(Json::as_str)
                                .map_or(note.clone(), |notes| format!("{notes}\n{note}"));
                            item.fields.insert("notes".into(), notes.into());
                        }
                    }
                }
            }
        }
        for item in self.items.iter_mut().filter(|item| item.kind == Kind::Task) {
            let owners = item.fields.get("owners").and_then(Json::as_array).cloned().unwrap_or_default();
            let mut sides: Vec<&str> =
                owners.iter().filter_map(Json::as_str).filter_map(|id| self.people.party_of(id)).collect();
            sides.sort_unstable();
            sides.dedup();
            let party = item.party.clone().or_else(|| match sides.as_slice() {
                [] => None,
                [one] => Some((*one).to_owned()),
                _ => Some("joint".into()),
            });
            if let Some(party) = party {
                item.fields.insert("party".into(), party.into());
            }
        }
    }

    fn finish(mut self) -> Result<Json, Vec<Malformed>> {
        let mut plan = Map::new();
        plan.insert("schema".into(), SCHEMA.into());
        plan.insert("meta".into(), self.meta.into());
        let (mut milestones, mut tasks) = (Vec::new(), Vec::new());
        let mut rows: BTreeMap<String, usize> = BTreeMap::new();
        for (at, item) in self.items.iter_mut().enumerate().filter(|(_, item)| item.kind != Kind::Phase) {
            let id = &self.ids[at];
            rows.insert(format!("{}/{id}", item.kind.collection()), at);
            let mut row = Map::new();
            row.insert("id".into(), id.as_str().into());
            if !item.title.is_empty() {
                row.insert("title".into(), item.title.as_str().into());
            }
            row.append(&mut item.fields);
            row.entry("status").or_insert("pending".into());
            if item.kind == Kind::Task { tasks.push(Json::from(row)) } else { milestones.push(Json::from(row)) }
        }
        for (name, rows) in self.people.collections() {
            plan.insert(name.into(), rows.into());
        }
        plan.insert("criteria".into(), self.criteria.into());
        plan.insert("phases".into(), self.phase_rows.into_iter().map(Json::Object).collect());
        plan.insert("milestones".into(), milestones.into());
        plan.insert("tasks".into(), tasks.into());
        plan.insert("dependencies".into(), self.dependencies.into_values().collect());
        plan.insert("risks".into(), self.risks.into());
        match canonical::parse(&plan.into(), true) {
            Ok(plan) if self.malformed.is_empty() => Ok(canonical::print(&plan, Print::default())),
            Ok(_) => Err(self.malformed),
            Err(unfit) => {
                // What does not fit the schema is named by its row too, where it has one.
                self.malformed.extend(unfit.into_iter().map(|each| located(each, &rows, &self.items)));
                Err(self.malformed)
            }
        }
    }
}

/// The id that a row gives itself. A bare number is one only among rows.
fn own_id(item: &Item) -> Option<String> {
    let (_, id) = item.id.as_ref()?;
    let is_id = crate::plan::check::entity_id(of(item.kind.collection()), id).is_ok();
    (is_id && !id.chars().all(|c| c.is_ascii_digit() || c == '.')).then(|| id.clone())
}

fn located(each: Malformed, rows: &BTreeMap<String, usize>, items: &[Item]) -> Malformed {
    let mut parts = each.path.splitn(3, '/');
    let (Some(collection), Some(id), Some(field)) = (parts.next(), parts.next(), parts.next()) else { return each };
    let Some(item) = rows.get(&format!("{collection}/{id}")).and_then(|at| items.get(*at)) else { return each };
    let column = item.columns.get(field).map_or(field, String::as_str);
    Malformed { path: format!("{}, column {column}", item.row), ..each }
}

fn either_of((one, other): (jiff::civil::Date, jiff::civil::Date)) -> String {
    format!("one day: write {one} or {other}, since no other day of the column tells which")
}

/// Puts a value where its dotted key says: `blocked.since`, `effort.b-it-team`.
fn put(fields: &mut Map<String, Json>, key: &str, value: Json) {
    match key.split_once('.') {
        Some((group, name)) => {
            let group = fields.entry(group).or_insert_with(|| json!({}));
            if let Some(group) = group.as_object_mut() {
                group.insert(name.to_owned(), value);
            }
        }
        None => drop(fields.insert(key.to_owned(), value)),
    }
}
