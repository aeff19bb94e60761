//! From tables to the canonical JSON: ids, references between rows, days, and the last check of every value.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::columns::{About, Column, about, column};
use super::dates::{self, Evidence, Reading};
use super::items::{self, Item, Kind};
use super::list;
use super::people::People;
use super::source::{Place, Row, Source, Table};
use super::words::{Ids, is_nothing, plain_words};
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
    fn facts(&mut self, source: &Source) {
        if let Some(title) = &source.title {
            self.meta.insert("title".into(), title.as_str().into());
        }
        for (row, label, value) in source.facts.iter().filter(|(.., value)| !is_nothing(value)) {
            let place = Place { row: format!("{} {row}", source.unit), column: label.clone() };
            let words = plain_words(label);
            match words.as_str() {
                "title" | "plan" | "plan name" | "plan title" => {
                    drop(self.meta.insert("title".into(), value.as_str().into()))
                }
                "account" | "account name" | "customer" | "buyer" | "client" | "prospect" | "company" => {
                    self.people.call("buyer", value);
                    self.meta.insert("account".into(), value.as_str().into());
                }
                "vendor" | "seller" | "supplier" => self.people.call("seller", value),
                "opportunity" | "opportunity name" | "deal" => {
                    drop(self.meta.insert("opportunity".into(), value.as_str().into()))
                }
                "value proposition" => drop(self.meta.insert("valueProposition".into(), value.as_str().into())),
                "priority" => drop(self.meta.insert("priority".into(), value.as_str().into())),
                "value" | "deal value" | "opportunity value" | "acv" | "contract value" => {
                    if let Some(value) = money(value) {
                        self.meta.insert("value".into(), value);
                    }
                }
                "target date"
                | "target close date"
                | "target close"
                | "close date"
                | "target go live date"
                | "target go live" => {
                    if let Some(day) = self.fact_day(&place, value) {
                        let told = format!("{words} {}", plain_words(value));
                        let kind = if told.contains("go live") {
                            "go_live"
                        } else if told.contains("close") {
                            "close"
                        } else {
                            "other"
                        };
                        self.meta.insert("target".into(), json!({"kind": kind, "date": day}));
                    }
                }
                "go live" | "go live date" | "launch date" => {
                    if let Some(day) = self.fact_day(&place, value) {
                        self.meta.insert("goLive".into(), day.into());
                    }
                }
                _ => {}
            }
        }
    }

    fn fact_day(&mut self, place: &Place, value: &str) -> Option<String> {
        let day = value.split('(').next().unwrap_or_default().trim();
        match dates::read(day).map(|reading| Evidence::default().settle(reading)) {
            Some(Ok(day)) => return Some(day.to_string()),
            Some(Err(either)) => self.malformed.push(place.malformed(value, either_of(either))),
            None => self.malformed.push(place.malformed(value, dates::EXPECTED)),
        }
        None
    }

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

    /// Phases, milestones, parents and dependencies: references between rows.
    fn relate(&mut self) {
        for at in 0..self.items.len() {
            if self.items[at].kind == Kind::Phase {
                continue;
            }
            let phase = self.items[at].phase.clone();
            let phase = phase.filter(|(_, name)| !is_nothing(name)).map(|(_, name)| self.phase(&name));
            let below = self.items[at].below;
            match self.items[at].kind {
                Kind::Milestone => {
                    if let Some(phase) = phase {
                        self.items[at].fields.insert("phase".into(), phase.into());
                    }
                }
                _ => self.belongs(at, phase, below),
            }
            if let Some((place, text)) = self.items[at].depends.clone() {
                self.depends(at, &place, &text);
            }
        }
    }

    fn belongs(&mut self, at: usize, phase: Option<String>, below: Option<usize>) {
        let milestone = match self.items[at].milestone.clone().filter(|(_, name)| !is_nothing(name)) {
            Some((place, name)) => match self.find(&name, Some(Kind::Milestone)) {
                Found::One(found) => Some(self.ids[found].clone()),
                Found::None if self.items[at].may_make_milestone => Some(self.make(&name, phase, at)),
                found => {
                    self.malformed.push(place.malformed(&name, found.expected()));
                    None
                }
            },
            None => below.and_then(|below| match self.items[below].kind {
                Kind::Milestone => Some(self.ids[below].clone()),
                _ => self.items[below].fields.get("milestone").and_then(Json::as_str).map(str::to_owned),
            }),
        };
        if let Some(milestone) = milestone {
            self.items[at].fields.insert("milestone".into(), milestone.into());
        }
        let parent = match self.items[at].parent.clone().filter(|(_, name)| !is_nothing(name)) {
            Some((place, name)) => match self.find(&name, Some(Kind::Task)) {
                Found::One(found) if found != at => Some(found),
                found => {
                    self.malformed.push(place.malformed(&name, found.expected()));
                    None
                }
            },
            None => below.filter(|below| self.items[*below].kind == Kind::Task),
        };
        if let Some(parent) = parent {
            let id = self.ids[parent].clone();
            self.items[at].fields.insert("parent".into(), id.into());
        }
    }

    /// A milestone that only its tasks speak of.
    fn make(&mut self, name: &str, phase: Option<String>, task: usize) -> String {
        if let Some(at) = self.made.get(&plain_words(name)) {
            return self.ids[*at].clone();
        }
        let id = self.item_ids.fresh("", name, "milestone");
        let mut fields = Map::new();
        if let Some(phase) = phase {
            fields.insert("phase".into(), phase.into());
        }
        let at = self.items.len();
        let made = Item {
            kind: Kind::Milestone,
            row: self.items[task].row.clone(),
            columns: BTreeMap::from([("title".to_owned(), "Milestone".to_owned())]),
            id: None,
            title: name.to_owned(),
            fields,
            ..Item::default()
        };
        self.items.push(made);
        self.ids.push(id.clone());
        self.made.insert(plain_words(name), at);
        self.by_title.entry(plain_words(name)).or_default().push(at);
        id
    }

    fn find(&self, text: &str, kind: Option<Kind>) -> Found {
        let fits = |at: &usize| kind.is_none_or(|kind| self.items[*at].kind == kind);
        let text = text.trim();
        if let Some(at) = self.by_id.get(text).filter(|at| fits(at)) {
            return Found::One(*at);
        }
        let titled: Vec<usize> =
            self.by_title.get(&plain_words(text)).into_iter().flatten().copied().filter(|at| fits(at)).collect();
        let words = plain_words(text);
        match titled.as_slice() {
            [one] if !words.is_empty() => Found::One(*one),
            [_, ..] if !words.is_empty() => Found::Many,
            // `Task 3`, `row #3`: the number in the column of numbers.
            _ => match words.rsplit(' ').next().and_then(|number| self.by_id.get(number)) {
                Some(at)
                    if fits(at)
                        && ["task", "step", "item", "no", "milestone", "row"]
                            .contains(&words.split(' ').next().unwrap_or_default()) =>
                {
                    Found::One(*at)
                }
                _ => Found::None,
            },
        }
    }

    fn depends(&mut self, at: usize, place: &Place, text: &str) {
        if is_nothing(text) {
            return;
        }
        if let Found::One(from) = self.find(text, None) {
            return self.edge(from, at, &[], place, text);
        }
        for entry in list::entries(text, false) {
            match self.find(&entry.label, None) {
                Found::One(from) => self.edge(from, at, &entry.notes, place, &entry.written),
                _ if matches!(self.find(&entry.written, None), Found::One(_)) => {
                    if let Found::One(from) = self.find(&entry.written, None) {
                        self.edge(from, at, &[], place, &entry.written);
                    }
                }
                missing => {
                    let parts = list::entries(&entry.written, true);
                    if parts.len() < 2 {
                        let (label, notes) = project_link(&entry.label);
                        match self.find(label, None) {
                            Found::One(from) if !notes.is_empty() => self.edge(from, at, &notes, place, &entry.written),
                            _ => self.malformed.push(place.malformed(&entry.written, missing.expected())),
                        }
                        continue;
                    }
                    for part in parts {
                        match self.find(&part.label, None) {
                            Found::One(from) => self.edge(from, at, &part.notes, place, &part.written),
                            missing => self.malformed.push(place.malformed(&part.written, missing.expected())),
                        }
                    }
                }
            }
        }
    }

    fn edge(&mut self, from: usize, to: usize, notes: &[String], place: &Place, written: &str) {
        if from == to {
            return self.malformed.push(place.malformed(written, "another row than this one"));
        }
        let mut row = Map::new();
        row.insert("from".into(), self.ids[from].as_str().into());
        row.insert("to".into(), self.ids[to].as_str().into());
        row.insert("type".into(), "FS".into());
        row.insert("strength".into(), "hard".into());
        for note in notes {
            let word = plain_words(note);
            if let Some(kind) = ["FS", "SS", "FF", "SF"].into_iter().find(|kind| kind.eq_ignore_ascii_case(&word)) {
                row.insert("type".into(), kind.into());
            } else if matches!(word.as_str(), "soft" | "hard") {
                row.insert("strength".into(), word.into());
            } else if let Some(days) = list::days(note).filter(|days| days.fract() == 0.0) {
                row.insert("minGapDays".into(), days.into());
            } else {
                let expected = "a dependency like ms-05 (30 days) or ms-05 (SS, soft)";
                self.malformed.push(place.malformed(written, expected));
            }
        }
        let id = format!("{}>{}", self.ids[from], self.ids[to]);
        self.dependencies.entry(id).or_insert(Json::Object(row));
    }

    fn people(&mut self, unit: &str, table: &Table, columns: &[Column]) {
        for row in &table.rows {
            let cell = |column: Column| text(row, columns, column);
            let (name, role) = (cell(Column::Name), cell(Column::Role));
            if name.is_empty() && role.is_empty() {
                continue;
            }
            let side = cell(Column::Party);
            let party = self.people.party(side).filter(|party| party != "joint");
            if party.is_none() && !is_nothing(side) {
                let place = place(unit, table, columns, row, Column::Party);
                self.malformed.push(place.malformed(side, "buyer, seller, or partner and a short name"));
            }
            let party = party.or(table.side.map(str::to_owned));
            let id = self.people.add(party.as_deref(), name, role, cell(Column::Email));
            let decision = plain_words(cell(Column::DecisionRole)).replace(' ', "_");
            self.people.decides(&id, Some(decision).filter(|decision| !decision.is_empty()), cell(Column::Needs));
        }
    }

    fn criteria(&mut self, unit: &str, table: &Table, columns: &[Column]) {
        for row in &table.rows {
            let cell = |column: Column| text(row, columns, column);
            if cell(Column::Criterion).is_empty() {
                continue;
            }
            let mut fields = Map::new();
            fields.insert("id".into(), format!("cr-{}", self.criteria.len() + 1).into());
            let party = self.people.party(cell(Column::Party)).or(table.side.map(str::to_owned));
            if let Some(party) = party {
                fields.insert("party".into(), party.into());
            }
            fields.insert("title".into(), cell(Column::Criterion).into());
            for (field, column) in
                [("baseline", Column::Baseline), ("target", Column::Target), ("measured", Column::Measured)]
            {
                let value = cell(column);
                if !value.is_empty() {
                    let number = value.parse::<f64>().ok().filter(|number| number.is_finite());
                    fields.insert(field.into(), number.map_or(value.into(), Json::from));
                }
            }
            if !cell(Column::Unit).is_empty() {
                fields.insert("unit".into(), cell(Column::Unit).into());
            }
            let by = cell(Column::Date("due"));
            if !is_nothing(by) {
                let place = place(unit, table, columns, row, Column::Date("due"));
                match dates::read(by).map(|reading| self.order.settle(reading)) {
                    Some(Ok(day)) => drop(fields.insert("by".into(), day.to_string().into())),
                    Some(Err(either)) => self.malformed.push(place.malformed(by, either_of(either))),
                    None => self.malformed.push(place.malformed(by, dates::EXPECTED)),
                }
            }
            self.criteria.push(fields.into());
        }
    }

    fn risks(&mut self, unit: &str, table: &Table, columns: &[Column]) {
        for row in &table.rows {
            let cell = |column: Column| text(row, columns, column);
            if cell(Column::Risk).is_empty() {
                continue;
            }
            let mut fields = Map::new();
            fields.insert("id".into(), format!("rk-{}", self.risks.len() + 1).into());
            fields.insert("title".into(), cell(Column::Risk).into());
            for (field, column) in [("probability", Column::Probability), ("impact", Column::Impact)] {
                let place = place(unit, table, columns, row, column);
                match plain_words(cell(column)).as_str() {
                    "" => {}
                    "low" | "l" | "1" => drop(fields.insert(field.into(), "low".into())),
                    "medium" | "med" | "moderate" | "m" | "2" => drop(fields.insert(field.into(), "medium".into())),
                    "high" | "h" | "3" => drop(fields.insert(field.into(), "high".into())),
                    _ => self.malformed.push(place.malformed(cell(column), "low, medium or high")),
                }
            }
            if !cell(Column::Mitigation).is_empty() {
                fields.insert("mitigation".into(), cell(Column::Mitigation).into());
            }
            let state = plain_words(cell(Column::Status)).replace(' ', "_");
            fields.insert("state".into(), if state.is_empty() { "open" } else { &state }.into());
            let mut party = self.people.party(cell(Column::Party));
            let mut owners = Vec::new();
            for (at, column) in columns.iter().enumerate() {
                let Column::Owners(side) = column else { continue };
                let written = row.cells.get(at).map(|cell| cell.text.trim()).unwrap_or_default();
                for entry in list::entries(written, true).into_iter().filter(|entry| !is_nothing(&entry.label)) {
                    if entry.notes.is_empty()
                        && !entry.is_quoted()
                        && let Some(side) = self.people.party(&entry.label)
                    {
                        party.get_or_insert(side);
                        continue;
                    }
                    let noted = entry.notes.iter().find_map(|note| self.people.party(note));
                    let label = if noted.is_some() || entry.notes.is_empty() { &entry.label } else { &entry.written };
                    let of = noted.or(side.map(str::to_owned)).or(party.clone()).filter(|party| party != "joint");
                    owners.push(Json::from(self.people.owner(of.as_deref(), label)));
                }
            }
            if let Some(party) = party {
                fields.insert("party".into(), party.into());
            }
            if !owners.is_empty() {
                fields.insert("owners".into(), owners.into());
            }
            let mut linked = Vec::new();
            for entry in
                list::entries(cell(Column::Linked), false).into_iter().filter(|entry| !is_nothing(&entry.label))
            {
                let place = place(unit, table, columns, row, Column::Linked);
                match self.find(&entry.label, None) {
                    Found::One(at) => linked.push(Json::from(self.ids[at].as_str())),
                    found => self.malformed.push(place.malformed(&entry.written, found.expected())),
                }
            }
            if !linked.is_empty() {
                fields.insert("linked".into(), linked.into());
            }
            self.risks.push(fields.into());
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

/// What a name refers to.
enum Found {
    None,
    One(usize),
    Many,
}

impl Found {
    fn expected(&self) -> &'static str {
        match self {
            Self::Many => "the id of a row: several rows are called so",
            _ => "the id, the number or the title of another row",
        }
    }
}

/// The id that a row gives itself. A bare number is one only among rows.
fn own_id(item: &Item) -> Option<String> {
    let (_, id) = item.id.as_ref()?;
    let is_id = crate::plan::check::entity_id(of(item.kind.collection()), id).is_ok();
    (is_id && !id.chars().all(|c| c.is_ascii_digit() || c == '.')).then(|| id.clone())
}

/// `ms-05FS+30d`, as planning programs write a link.
fn project_link(label: &str) -> (&str, Vec<String>) {
    for kind in ["FS", "SS", "FF", "SF"] {
        if let Some((label, gap)) = label.rsplit_once(kind) {
            let gap = Some(gap.trim()).filter(|gap| !gap.is_empty());
            return (label.trim(), std::iter::once(kind).chain(gap).map(str::to_owned).collect());
        }
    }
    (label, Vec::new())
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

fn text<'a>(row: &'a Row, columns: &[Column], wanted: Column) -> &'a str {
    let at = columns.iter().position(|column| *column == wanted);
    at.and_then(|at| row.cells.get(at)).map(|cell| cell.text.trim()).unwrap_or_default()
}

fn place(unit: &str, table: &Table, columns: &[Column], row: &Row, wanted: Column) -> Place {
    let column = columns.iter().position(|column| *column == wanted).and_then(|at| table.header.get(at));
    Place { row: format!("{unit} {}", row.number), column: column.cloned().unwrap_or_default() }
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

/// `$150K ACV`, `150000 USD`: the amount, the currency and the basis.
fn money(text: &str) -> Option<Json> {
    let upper = text.to_uppercase();
    let from = upper.find(|c: char| c.is_ascii_digit())?;
    let digits: String = upper[from..].chars().take_while(|c| c.is_ascii_digit() || matches!(c, ',' | '.')).collect();
    let behind = &upper[from + digits.len()..];
    let scale = match behind.trim_start().chars().next() {
        Some('K') => 1e3,
        Some('M') => 1e6,
        _ => 1.0,
    };
    let amount: f64 = digits.replace(',', "").parse().ok()?;
    let mut value = Map::new();
    value.insert("amount".into(), (amount * scale).into());
    let signs =
        [("$", "USD"), ("€", "EUR"), ("£", "GBP"), ("USD", "USD"), ("EUR", "EUR"), ("GBP", "GBP"), ("CHF", "CHF")];
    let word = behind.split_whitespace().find(|word| word.len() == 3 && word.chars().all(|c| c.is_ascii_uppercase()));
    let word = word.filter(|word| !matches!(*word, "ACV" | "TCV" | "ARR"));
    let sign = signs.iter().find(|(sign, _)| upper.contains(sign)).map(|(_, code)| *code);
    if let Some(code) = sign.or(word) {
        value.insert("currency".into(), code.into());
    }
    if let Some(basis) = ["ACV", "TCV", "ARR"].into_iter().find(|basis| upper.contains(basis)) {
        value.insert("basis".into(), basis.to_lowercase().into());
    }
    Some(value.into())
}
