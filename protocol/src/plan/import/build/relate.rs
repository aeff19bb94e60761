//! References between rows: phases, milestones, parents and dependencies.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};

use super::super::items::{Item, Kind};
use super::super::list;
use super::super::source::Place;
use super::super::words::{is_nothing, plain_words};
use super::Build;

impl Build {
    /// Phases, milestones, parents and dependencies: references between rows.
    pub(super) fn relate(&mut self) {
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

    pub(super) fn find(&self, text: &str, kind: Option<Kind>) -> Found {
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

    /// Rows that wait for each other in a circle: no plan can hold that.
    pub(super) fn circles(&mut self) {
        let is_hard = |row: &&Json| row["strength"] == "hard";
        let places: BTreeMap<&str, usize> = self.ids.iter().enumerate().map(|(at, id)| (id.as_str(), at)).collect();
        let ends = |row: &Json| Some((*places.get(row["from"].as_str()?)?, *places.get(row["to"].as_str()?)?));
        let edges: Vec<(usize, usize)> = self.dependencies.values().filter(is_hard).filter_map(ends).collect();
        // What nothing leads to, or what leads to nothing, is in no circle.
        let reversed = led_to(edges, self.items.len()).into_iter().map(|(from, to)| (to, from)).collect();
        let waiting: BTreeSet<usize> = led_to(reversed, self.items.len()).into_iter().map(|(to, _)| to).collect();
        for at in waiting {
            if let Some((place, text)) = &self.items[at].depends {
                self.malformed.push(place.malformed(text, "a row that does not wait for this one in turn"));
            }
        }
    }
}

/// The edges that are left when items that no edge leads to are taken away, again and again.
fn led_to(edges: Vec<(usize, usize)>, items: usize) -> Vec<(usize, usize)> {
    let (mut before, mut after) = (vec![0_usize; items], vec![Vec::new(); items]);
    for (from, to) in &edges {
        before[*to] += 1;
        after[*from].push(*to);
    }
    let mut free: Vec<usize> = (0..items).filter(|at| before[*at] == 0).collect();
    while let Some(at) = free.pop() {
        for to in &after[at] {
            before[*to] -= 1;
            if before[*to] == 0 {
                free.push(*to);
            }
        }
    }
    edges.into_iter().filter(|(from, _)| before[*from] > 0).collect()
}

/// What a name refers to.
pub(super) enum Found {
    None,
    One(usize),
    Many,
}

impl Found {
    pub(super) fn expected(&self) -> &'static str {
        match self {
            Self::Many => "the id of a row: several rows are called so",
            _ => "the id, the number or the title of another row",
        }
    }
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
