//! The tables beside the plan itself: people, success criteria, risks.

use serde_json::{Map, Value as Json};

use super::super::columns::Column;
use super::super::dates;
use super::super::list;
use super::super::source::{Place, Row, Table};
use super::super::words::{is_nothing, plain_words};
use super::relate::Found;
use super::{Build, either_of};

impl Build {
    pub(super) fn people(&mut self, unit: &str, table: &Table, columns: &[Column]) {
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

    pub(super) fn criteria(&mut self, unit: &str, table: &Table, columns: &[Column]) {
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

    pub(super) fn risks(&mut self, unit: &str, table: &Table, columns: &[Column]) {
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
}

fn text<'a>(row: &'a Row, columns: &[Column], wanted: Column) -> &'a str {
    let at = columns.iter().position(|column| *column == wanted);
    at.and_then(|at| row.cells.get(at)).map(|cell| cell.text.trim()).unwrap_or_default()
}

fn place(unit: &str, table: &Table, columns: &[Column], row: &Row, wanted: Column) -> Place {
    let column = columns.iter().position(|column| *column == wanted).and_then(|at| table.header.get(at));
    Place { row: format!("{unit} {}", row.number), column: column.cloned().unwrap_or_default() }
}
