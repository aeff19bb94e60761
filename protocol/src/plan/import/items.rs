//! The rows of a table of phases, milestones and tasks, read cell by cell.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::columns::{Column, column};
use super::list;
use super::people::People;
use super::source::{Cell, Place, Row, Table};
use super::words::{self, is_nothing, plain_words};
use crate::plan::check::Malformed;
use crate::plan::schema::collection;

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Kind {
    Phase,
    Milestone,
    #[default]
    Task,
}

impl Kind {
    pub(super) fn collection(self) -> &'static str {
        match self {
            Self::Phase => "phases",
            Self::Milestone => "milestones",
            Self::Task => "tasks",
        }
    }
}

/// An owner as a cell names them.
#[derive(Debug, Clone)]
pub(super) struct Owner {
    pub(super) label: String,
    pub(super) party: Option<String>,
    pub(super) days: Option<f64>,
}

/// A row, as far as it can be understood without the others.
#[derive(Debug, Default)]
pub(super) struct Item {
    pub(super) kind: Kind,
    pub(super) row: String,
    /// The names of the columns by field.
    pub(super) columns: BTreeMap<String, String>,
    pub(super) id: Option<(Place, String)>,
    pub(super) title: String,
    pub(super) phase: Option<(Place, String)>,
    pub(super) milestone: Option<(Place, String)>,
    /// Whether a milestone that has no row is made of its name.
    pub(super) may_make_milestone: bool,
    /// The milestone or task above in the same table, by its place in the list of items.
    pub(super) below: Option<usize>,
    pub(super) parent: Option<(Place, String)>,
    pub(super) party: Option<String>,
    pub(super) owners: Vec<Owner>,
    pub(super) depends: Option<(Place, String)>,
    pub(super) days: Vec<(&'static str, Place, String)>,
    pub(super) fields: Map<String, Json>,
    pub(super) notes: Vec<String>,
}

/// Reads the rows of a table into items.
pub(super) fn read(
    unit: &str,
    table: &Table,
    items: &mut Vec<Item>,
    people: &mut People,
    malformed: &mut Vec<Malformed>,
) {
    let mut columns: Vec<Column> = table.header.iter().map(|name| column(name)).collect();
    for (at, found) in columns.iter_mut().enumerate().filter(|(_, found)| **found == Column::Other) {
        if let Some((side, rest)) = people.side_in(&table.header[at])
            && (plain_words(&rest).is_empty() || matches!(column(&rest), Column::Owners(_)))
        {
            *found = Column::Owners(Some(side));
        }
    }
    let title = title_column(&columns);
    // A description beside a title is a note, and so is a second title.
    for (at, column) in columns.iter_mut().enumerate() {
        if Some(at) != title && matches!(column, Column::Description | Column::Title | Column::Task | Column::Both) {
            *column = Column::Other;
        }
    }
    let Some(title) = title else { return };
    let mut reader = Reader {
        unit,
        table,
        has_kinds: columns.contains(&Column::Kind),
        has_milestones: columns.contains(&Column::Milestone),
        columns,
        title,
        phase: None,
        milestone: None,
        above: Vec::new(),
    };
    for row in &table.rows {
        if row.cells.iter().any(|cell| !cell.text.trim().is_empty()) {
            reader.row(row, items, people, malformed);
        }
    }
}

/// The column that titles the rows: tasks before titles before descriptions, and milestones if there is none of these.
fn title_column(columns: &[Column]) -> Option<usize> {
    let order = [Column::Both, Column::Task, Column::Title, Column::Description, Column::Milestone];
    let is_title = |wanted: Column| {
        let is_note = wanted == Column::Description && columns.contains(&Column::Milestone);
        columns.iter().position(|column| *column == wanted).filter(|_| !is_note)
    };
    order.into_iter().find_map(is_title)
}

struct Reader<'a> {
    unit: &'a str,
    table: &'a Table,
    columns: Vec<Column>,
    title: usize,
    has_kinds: bool,
    has_milestones: bool,
    /// What a merged cell above says.
    phase: Option<(Place, String)>,
    milestone: Option<(Place, String)>,
    /// The items above that arrows may point to, by depth.
    above: Vec<usize>,
}

impl Reader<'_> {
    fn place(&self, row: &Row, at: usize) -> Place {
        let column = self.table.header.get(at).cloned().unwrap_or_else(|| (at + 1).to_string());
        Place { row: format!("{} {}", self.unit, row.number), column }
    }

    fn cell(&self, row: &Row, wanted: Column) -> Option<(Place, String)> {
        let at = self.columns.iter().position(|column| *column == wanted)?;
        let text = row.cells.get(at)?.text.trim();
        (!text.is_empty()).then(|| (self.place(row, at), text.to_owned()))
    }

    fn row(&mut self, row: &Row, items: &mut Vec<Item>, people: &mut People, malformed: &mut Vec<Malformed>) {
        if let Some(at) = (self.columns.len()..row.cells.len()).find(|at| !row.cells[*at].text.trim().is_empty()) {
            let expected = "empty: the header has no such column; a text with a separator in it needs quotes";
            malformed.push(self.place(row, at).malformed(&row.cells[at].text, expected));
        }
        let titled = row.cells.get(self.title).cloned().unwrap_or_default();
        let Some((kind, word)) = self.kind(row, &titled, malformed) else { return };
        self.carry(row);
        let mut title = titled.text.trim().to_owned();
        let mut title_at = self.title;
        if title.is_empty()
            && kind == Kind::Milestone
            && let Some((_, name)) = self.cell(row, Column::Milestone)
        {
            title = name;
            title_at = self.columns.iter().position(|column| *column == Column::Milestone).unwrap_or(title_at);
        }
        if title.is_empty() {
            let filled = row.cells.iter().filter(|cell| !cell.text.trim().is_empty()).count();
            if filled == 1 && self.cell(row, Column::Phase).is_some() {
                return;
            }
            // Our own files hold items without a title: an id is enough to tell them apart.
            if self.cell(row, Column::Id).is_none() {
                malformed.push(self.place(row, self.title).malformed("", "a title"));
                return;
            }
        }
        let mut item = Item {
            kind,
            row: format!("{} {}", self.unit, row.number),
            id: self.cell(row, Column::Id),
            title,
            phase: self.phase.clone(),
            milestone: self.milestone.clone().filter(|_| kind == Kind::Task && title_at != self.milestone_at()),
            may_make_milestone: !self.has_kinds,
            parent: self.cell(row, Column::Parent),
            depends: self.cell(row, Column::Depends),
            ..Item::default()
        };
        item.columns.insert("title".into(), self.table.header.get(title_at).cloned().unwrap_or_default());
        if item.phase.is_none()
            && kind != Kind::Phase
            && let Some(phase) = &self.table.phase
        {
            item.phase = Some((self.place(row, title_at), phase.clone()));
        }
        if let Some(word) = word {
            item.fields.insert("kind".into(), word.into());
        }
        self.below(&mut item, titled.arrows, items.len());
        let side = self.cell(row, Column::Party).map(|(place, text)| (place, people.party(&text), text));
        match side {
            Some((_, Some(party), _)) => item.party = Some(party),
            Some((place, None, text)) if !is_nothing(&text) => {
                malformed.push(place.malformed(&text, "buyer, seller, joint, or partner and a short name"));
            }
            _ => item.party = self.table.side.map(str::to_owned),
        }
        for (at, column) in self.columns.iter().enumerate() {
            let text = row.cells.get(at).map(|cell| cell.text.trim()).unwrap_or_default();
            if at != title_at && !text.is_empty() {
                Self::field(&mut item, *column, self.place(row, at), text, people, malformed);
            }
        }
        Self::finish(&mut item);
        items.push(item);
    }

    fn milestone_at(&self) -> usize {
        self.columns.iter().position(|column| *column == Column::Milestone).unwrap_or(usize::MAX)
    }

    /// What a row is, and the word for the kind of a task or phase. `None` if that cannot be told.
    fn kind(&self, row: &Row, title: &Cell, malformed: &mut Vec<Malformed>) -> Option<(Kind, Option<String>)> {
        let told = self.cell(row, Column::Kind);
        let kind = self.cell(row, Column::Type).map(|(_, text)| plain_words(&text).replace(' ', "_"));
        let row_kind = |word: &str| match word {
            "phase" | "stage" => Some(Kind::Phase),
            "milestone" | "key_milestone" => Some(Kind::Milestone),
            "task" | "step" | "action" | "action_item" | "activity" | "subtask" => Some(Kind::Task),
            _ => None,
        };
        if let Some((place, text)) = told {
            let word = plain_words(&text).replace(' ', "_");
            return match row_kind(&word) {
                Some(Kind::Phase) => Some((Kind::Phase, self.cell(row, Column::Type).map(|(_, text)| text))),
                Some(found) => Some((found, kind.filter(|_| found == Kind::Task))),
                None if is_task_kind(&word) => Some((Kind::Task, Some(word))),
                None => {
                    malformed.push(place.malformed(&text, "phase, milestone or task"));
                    None
                }
            };
        }
        let by_columns = match self.columns.get(self.title)? {
            Column::Both if title.arrows == 0 => Kind::Milestone,
            Column::Milestone => Kind::Milestone,
            _ if self.has_milestones && title.text.trim().is_empty() => Kind::Milestone,
            _ => Kind::Task,
        };
        match kind {
            Some(word) => match row_kind(&word) {
                Some(Kind::Task) | None if by_columns == Kind::Milestone => Some((Kind::Milestone, None)),
                Some(found) => Some((found, None)),
                None => Some((Kind::Task, Some(word))),
            },
            None => Some((by_columns, None)),
        }
    }

    /// A phase or a milestone that stands once in a merged cell counts for the rows below, unless every row says what
    /// it is.
    fn carry(&mut self, row: &Row) {
        let (phase, milestone) = (self.cell(row, Column::Phase), self.cell(row, Column::Milestone));
        if self.has_kinds {
            (self.phase, self.milestone) = (phase, milestone);
            return;
        }
        let is_other = |now: &Option<(Place, String)>, before: &Option<(Place, String)>| {
            now.as_ref().is_some_and(|(_, now)| before.as_ref().is_none_or(|(_, before)| now != before))
        };
        if is_other(&phase, &self.phase) {
            self.milestone = None;
        }
        self.phase = phase.or(self.phase.take());
        self.milestone = milestone.or(self.milestone.take());
    }

    /// Behind arrows stands what belongs to the item above.
    fn below(&mut self, item: &mut Item, arrows: usize, at: usize) {
        self.above.truncate(arrows);
        item.below = self.above.last().copied();
        if self.above.is_empty() && arrows > 0 {
            // A table of tasks alone: there is no milestone for the first arrow to point to.
            self.above.push(usize::MAX);
        }
        item.below = item.below.filter(|above| *above != usize::MAX);
        self.above.push(at);
    }

    fn field(
        item: &mut Item,
        column: Column,
        place: Place,
        text: &str,
        people: &mut People,
        malformed: &mut Vec<Malformed>,
    ) {
        let knows =
            |field: &str| collection(item.kind.collection()).is_some_and(|all| all.field_named(field).is_some());
        let is_free = |item: &Item, field: &str| !item.fields.contains_key(field);
        match column {
            Column::Kind
            | Column::Type
            | Column::Id
            | Column::Phase
            | Column::Parent
            | Column::Party
            | Column::Depends => {}
            Column::Milestone if item.kind != Kind::Phase => {}
            _ if item.kind == Kind::Phase => {
                if column == Column::Text("doneWhen") {
                    item.columns.insert("exitCriteria".into(), place.column);
                    item.fields.insert("exitCriteria".into(), text.into());
                }
            }
            Column::Owners(side) => Self::owners(item, side, text, people),
            Column::Status => match words::status(text) {
                Some(told) => {
                    item.fields.insert("status".into(), told.status.into());
                    if let Some(reason) = told.reason {
                        item.fields.insert("reason".into(), reason.into());
                    }
                }
                None if is_nothing(text) => {}
                None => {
                    let expected =
                        "a status: pending, in progress, blocked, complete or cancelled, or a sign like ✅ 🔄 ⛔ ⬜ ❌";
                    malformed.push(place.malformed(text, expected));
                }
            },
            Column::Date(field) if knows(field) && !item.days.iter().any(|(taken, ..)| *taken == field) => {
                item.columns.insert(field.into(), place.column.clone());
                if !is_nothing(text) {
                    item.days.push((field, place, text.to_owned()));
                }
            }
            Column::Duration if knows("durationDays") => {
                let days = text
                    .parse()
                    .ok()
                    .or_else(|| list::days(text))
                    .filter(|days: &f64| days.fract() == 0.0 && days.is_finite());
                item.columns.insert("durationDays".into(), place.column.clone());
                match days {
                    Some(days) => drop(item.fields.insert("durationDays".into(), days.into())),
                    None if is_nothing(text) => {}
                    None => malformed.push(place.malformed(text, "a whole number of days")),
                }
            }
            Column::WaitingOn if knows("waitingOn") => match people.party(text) {
                Some(party) => drop(item.fields.insert("waitingOn".into(), party.into())),
                None => item.notes.push(format!("{}: {text}", place.column)),
            },
            Column::Optimization if knows("optimization") => {
                let is = matches!(plain_words(text).as_str(), "yes" | "true" | "x" | "1");
                item.fields.insert("optimization".into(), is.into());
            }
            Column::Text("notes") => item.notes.insert(0, text.to_owned()),
            Column::Text(field) if knows(field) && (is_free(item, field) || field == "reason") => {
                item.columns.insert(field.into(), place.column);
                item.fields.insert(field.into(), text.into());
            }
            _ => item.notes.push(format!("{}: {text}", place.column)),
        }
    }

    fn owners(item: &mut Item, side: Option<&'static str>, text: &str, people: &mut People) {
        if is_nothing(text) {
            return;
        }
        for entry in list::entries(text, true) {
            let is_quoted = entry.is_quoted();
            let mut owner = Owner { label: entry.label, party: side.map(str::to_owned), days: None };
            let mut is_known = true;
            for note in &entry.notes {
                if let Some(days) = list::days(note) {
                    owner.days = Some(days);
                } else if let Some(party) = people.party(note) {
                    owner.party = Some(party);
                } else {
                    is_known = false;
                }
            }
            if !is_known {
                // Brackets that say something else are part of the name.
                owner.label = entry.written;
            } else if !is_quoted
                && let Some((party, label)) = owner.label.split_once(": ")
                && let Some(party) = people.party(party)
            {
                (owner.party, owner.label) = (Some(party), label.trim().to_owned());
            } else if entry.notes.is_empty()
                && !is_quoted
                && let Some(party) = people.party(&owner.label)
            {
                // "Customer" or "Both" is a side and no person.
                if item.party.is_none() {
                    item.party = Some(party);
                }
                continue;
            }
            owner.party = owner.party.filter(|party| party != "joint");
            item.owners.push(owner);
        }
    }

    fn finish(item: &mut Item) {
        let side = item.party.clone().filter(|party| party != "joint");
        for owner in &mut item.owners {
            owner.party = owner.party.take().or(side.clone());
        }
        if item.kind == Kind::Milestone {
            // A milestone belongs to the sides of its owners; a side without an owner is one that stands for all.
            item.party = None;
            if item.owners.is_empty()
                && let Some(side) = side
            {
                item.owners.push(Owner {
                    label: format!("{} team", capitalised(&side)),
                    party: Some(side),
                    days: None,
                });
            }
        }
        if !item.notes.is_empty() && item.kind != Kind::Phase {
            item.fields.insert("notes".into(), item.notes.join("\n").into());
        }
    }
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn is_task_kind(word: &str) -> bool {
    matches!(word, "call" | "meeting" | "approval" | "document" | "checkpoint")
}
