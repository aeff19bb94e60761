//! Completed and changed: one line for each entity, whatever and whoever changed it.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value as Json;

use super::names::{Names, label, words_of};
use super::net::{Changed, Net};
use super::span::{Line, Mark, Spans, Symbol, count, day, moved_day, short};
use crate::ids::Origin;
use crate::plan::Plan;
use crate::plan::change::{Difference, Verb, What};
use crate::plan::diff::{Op, words};
use crate::plan::item::local_day;
use crate::plan::row::Row;
use crate::plan::schema::{Class, Collection, Kind};

/// The most fields of one entity on its line.
const FIELDS_MAX: usize = 4;
/// The most people named on a line.
const ACTORS_MAX: usize = 3;

/// The groups of changed lines, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Group {
    Target,
    Dates,
    Owners,
    Added,
    Removed,
    Risks,
    Criteria,
    People,
    Other,
}

impl Group {
    pub(super) const fn heading(self) -> &'static str {
        match self {
            Self::Target => "Target",
            Self::Dates => "Dates",
            Self::Owners => "Owners",
            Self::Added => "Added",
            Self::Removed => "Removed",
            Self::Risks => "Risks",
            Self::Criteria => "Success criteria",
            Self::People => "People",
            Self::Other => "Other",
        }
    }
}

/// The lines of the net change: what was completed, and the rest by group, each by due date.
pub(super) struct Lines {
    pub(super) completed: Vec<Line>,
    pub(super) changed: Vec<(Group, Line)>,
}

/// What a line is written from.
pub(super) struct Writer<'a> {
    pub(super) old: &'a Plan,
    pub(super) plan: &'a Plan,
    pub(super) names: &'a Names<'a>,
    pub(super) as_of: Date,
    pub(super) zone: &'a TimeZone,
}

/// Whether an entity is a milestone or a task.
pub(super) fn is_item(changed: &Changed) -> bool {
    matches!(changed.collection.name, "milestones" | "tasks")
}

/// Whether the server moved its dates in consequence of another move: no edit of a person.
pub(super) fn is_moved_along(changed: &Changed) -> bool {
    is_item(changed) && changed.is_only_by(Origin::Propagation)
}

impl Writer<'_> {
    pub(super) fn lines(&self, net: &Net) -> Lines {
        let mut completed = Vec::new();
        let mut changed = Vec::new();
        for entity in &net.entities {
            // Touchpoints are the frame of a summary; proposals stand among what waits for an answer.
            let is_told_elsewhere = matches!(entity.collection.name, "touchpoints" | "proposals")
                || is_moved_along(entity)
                || self.is_told_with_its_item(entity, net);
            if is_told_elsewhere {
                continue;
            }
            let row = self.plan.row(entity.collection, &entity.id);
            let row = row.or_else(|| net.old.row(entity.collection, &entity.id));
            let due = row.and_then(|row| row.date("due")).unwrap_or(Date::MAX);
            let is_completed = entity.field("status").is_some_and(|status| status.verb == Verb::Completed);
            if is_item(entity) && (is_completed || (entity.verb == Verb::Added && is_complete(row))) {
                completed.push((due, self.completed(entity, row)));
                continue;
            }
            let (group, symbol) = group_of(entity);
            changed.push((group, is_quiet(entity), due, self.changed(entity, row, symbol, net)));
        }
        completed.sort_by_key(|(due, _)| *due);
        changed.sort_by_key(|(group, is_quiet, due, _)| (*group, *is_quiet, *due));
        Lines {
            completed: completed.into_iter().map(|(_, line)| line).collect(),
            changed: changed.into_iter().map(|(group, _, _, line)| (group, line)).collect(),
        }
    }

    /// A dependency that came with its item, or went with it, is part of that line.
    fn is_told_with_its_item(&self, entity: &Changed, net: &Net) -> bool {
        entity.collection.name == "dependencies"
            && entity.verb != Verb::Changed
            && net.entities.iter().any(|item| {
                let (from, to) = entity.id.split_once('>').unwrap_or_default();
                is_item(item) && item.verb == entity.verb && (*item.id == *from || *item.id == *to)
            })
    }

    fn completed(&self, entity: &Changed, row: Option<&Row>) -> Line {
        let mut spans = Spans::default().strong(&self.names.entity(entity.collection, &entity.id, row));
        if let Some(row) = row {
            spans = spans.then(self.about(entity, row));
            let done = row.text("completedAt").and_then(|at| local_day(at, self.zone));
            if let (Some(done), Some(due)) = (done, row.date("due")) {
                let days = (done - due).get_days();
                spans = spans.plain(&format!(", done {}", day(done, self.as_of)));
                spans = match days {
                    0 => spans.plain(" on its day"),
                    1.. => spans.plain(" ").add(Mark::Late, &format!("⚠ {} late", days_of(days))),
                    _ => spans.plain(" ").add(Mark::Early, &format!("✔ {} early", days_of(-days))),
                };
            }
        }
        for difference in entity.differences.iter().filter(|each| each.verb != Verb::Completed).take(FIELDS_MAX) {
            if difference.field().is_some() {
                spans = spans.plain("; ").then(self.field(entity.collection, difference));
            }
        }
        self.signed(spans, entity).line(Some(Symbol::Completed), Some(subject(entity)))
    }

    fn changed(&self, entity: &Changed, row: Option<&Row>, symbol: Symbol, net: &Net) -> Line {
        let name = self.names.entity(entity.collection, &entity.id, row);
        let mut spans = match (entity.collection.name, &entity.differences[0].what) {
            ("meta", _) => Spans::default().strong(if group_of(entity).0 == Group::Target { "Target" } else { "Plan" }),
            (_, What::Row(_)) if entity.verb == Verb::Removed => Spans::default().add(Mark::Old, &name),
            _ => Spans::default().strong(&name),
        };
        if let What::Row(was) = &entity.differences[0].what {
            // The row as it is now: later edits in the window are part of the news.
            let row = if entity.verb == Verb::Removed { was } else { row.unwrap_or(was) };
            spans = spans.then(self.whole(entity, row, net));
        } else {
            for (at, difference) in entity.differences.iter().take(FIELDS_MAX).enumerate() {
                spans = spans.plain(if at == 0 { ": " } else { "; " }).then(self.field(entity.collection, difference));
            }
            if entity.differences.len() > FIELDS_MAX {
                spans = spans.plain(&format!("; and {} more", entity.differences.len() - FIELDS_MAX));
            }
            if entity.collection.name == "risks" {
                spans = spans.then(scores(entity, row));
            }
            if entity.differences.iter().any(|difference| difference.after_freeze) {
                spans = spans.plain(" ").add(Mark::Late, "⚠ after it was frozen");
            }
        }
        let reasons = entity.differences.iter().find_map(|difference| difference.reason.as_deref());
        if let Some(reason) = reasons {
            spans = spans.quote(reason);
        }
        self.signed(spans, entity).line(Some(symbol), Some(subject(entity)))
    }

    /// What there is to say of an entity that came, went or came back.
    fn whole(&self, entity: &Changed, row: &Row, net: &Net) -> Spans {
        let mut spans = self.about(entity, row);
        let text = |field: &str| row.text(field).filter(|text| !text.trim().is_empty());
        match entity.collection.name {
            "milestones" | "tasks" => {
                let owners = self.names.owners(row, None);
                if !owners.is_empty() {
                    spans = spans.plain(&format!(", {} {}", plural(owners.len(), "owner"), owners.join(", ")));
                }
                if entity.verb != Verb::Removed {
                    spans = spans.then(self.neighbours(entity, net));
                }
                if entity.verb == Verb::Restored {
                    spans = spans.plain("; restored");
                }
            }
            "dependencies" => {
                let word = match entity.verb {
                    Verb::Removed => ": no longer a dependency",
                    _ => ": new dependency",
                };
                let soft = if text("strength") == Some("soft") { ", soft" } else { "" };
                let gap = row.number("minGapDays").filter(|gap| *gap > 0.0);
                let gap = gap.map_or(String::new(), |gap| format!(", {gap} days apart"));
                spans = spans.plain(&format!("{word}{soft}{gap}"));
            }
            "stakeholders" => {
                let role = text("decisionRole").map_or(String::new(), words_of);
                spans =
                    spans.plain(": on the stakeholder map").add(Mark::Plain, if role.is_empty() { "" } else { " as " });
                spans = spans.add(Mark::New, &role);
                if let Some(needs) = text("needs") {
                    spans = spans.plain(", needs").quote(needs);
                }
            }
            "risks" => {
                let level = |field| text(field).map_or("unknown".into(), words_of);
                spans = spans.plain(&format!(" ({} probability, {} impact)", level("probability"), level("impact")));
                if let Some(mitigation) = text("mitigation").filter(|_| entity.verb != Verb::Removed) {
                    spans = spans.plain(", mitigation").quote(mitigation);
                }
            }
            "comments" => {
                let on = text("on").map_or(String::new(), |on| self.names.item(on));
                spans = spans.plain(&format!(" (comment on {on})"));
            }
            "people" => {
                let party = text("party").map(|party| self.names.party(party));
                let role = text("role").filter(|_| text("name").is_some()).map(|role| short(role, 60));
                let about: Vec<String> = role.into_iter().chain(party).collect();
                if !about.is_empty() {
                    spans = spans.plain(&format!(" ({})", about.join(", ")));
                }
            }
            "calendar" => {
                let date = |field| row.date(field).map_or("?".into(), |date| day(date, self.as_of));
                spans = spans.plain(&format!(": {} to {}", date("from"), date("to")));
            }
            _ => {}
        }
        spans
    }

    /// ` (buyer task, Validation), due Feb 27`.
    fn about(&self, entity: &Changed, row: &Row) -> Spans {
        if !is_item(entity) {
            return Spans::default();
        }
        let noun = entity.collection.singular;
        let party =
            row.text("party").map(|party| if party == "joint" { party.into() } else { self.names.party(party) });
        let kind = party.map_or_else(|| noun.to_owned(), |party| format!("{party} {noun}"));
        let above = row.text("milestone").or_else(|| row.text("phase")).map(|id| self.names.item(id));
        let mut spans = Spans::default().plain(&match above {
            Some(above) => format!(" ({kind} of {above})"),
            None => format!(" ({kind})"),
        });
        if let Some(due) = row.date("due") {
            let was = if entity.verb == Verb::Removed { "was due" } else { "due" };
            spans = spans
                .plain(&format!(", {was} "))
                .add(if entity.verb == Verb::Added { Mark::New } else { Mark::Plain }, &day(due, self.as_of));
        }
        spans
    }

    /// What an item that is new waits for, and what waits for it, by the dependencies that came with it.
    fn neighbours(&self, entity: &Changed, net: &Net) -> Spans {
        let edges: Vec<(&str, &str)> = net
            .entities
            .iter()
            .filter(|edge| edge.collection.name == "dependencies" && edge.verb == Verb::Added)
            .filter_map(|edge| edge.id.split_once('>'))
            .collect();
        let titles = |ids: Vec<&str>| {
            let shown: Vec<String> = ids.iter().take(3).map(|id| short(&self.names.item(id), 60)).collect();
            let more = if ids.len() > 3 { format!(" and {} more", ids.len() - 3) } else { String::new() };
            format!("{}{more}", shown.join(", "))
        };
        let before: Vec<&str> = edges.iter().filter(|(_, to)| **to == *entity.id).map(|(from, _)| *from).collect();
        let after: Vec<&str> = edges.iter().filter(|(from, _)| **from == *entity.id).map(|(_, to)| *to).collect();
        let mut spans = Spans::default();
        if !after.is_empty() {
            spans = spans.plain(&format!(", needed before {}", titles(after)));
        }
        if !before.is_empty() {
            spans = spans.plain(&format!(", waits for {}", titles(before)));
        }
        spans
    }

    /// One field with its old and new value.
    pub(super) fn field(&self, collection: &Collection, difference: &Difference) -> Spans {
        let Some((name, old, new)) = difference.field() else { return Spans::default() };
        let kind = collection.field_named(name).map(|field| field.kind);
        let word = format!("{} ", label(collection, name));
        let date = |value: Option<&Json>| value.and_then(Json::as_str).and_then(crate::plan::check::day);
        if name == "rank" {
            return Spans::default().plain("moved in the list");
        }
        if let (Some(Kind::Date), Some(old), Some(new)) = (kind, date(old), date(new)) {
            return Spans::default().plain(&word).then(moved_day(old, new, self.as_of));
        }
        if let (Some(Kind::Set(_)), Some(Json::Array(old)), Some(Json::Array(new))) = (kind, old, new) {
            return Spans::default().plain(&word).then(self.members(kind, old, new));
        }
        let text = |value: Option<&Json>| value.and_then(Json::as_str).unwrap_or_default().to_owned();
        if matches!(kind, Some(Kind::Text | Kind::String { .. })) && old.is_some() && new.is_some() {
            let (old, new) = (text(old), text(new));
            if kind == Some(Kind::Text) || old.chars().count() + new.chars().count() > 120 {
                return Spans::default().plain(&word).then(text_spans(&old, &new));
            }
        }
        let value = |value: &Json| self.names.value(collection, name, value);
        let word = if name == "status" { status_word(difference.verb, word) } else { word };
        let spans = Spans::default().plain(&word);
        match (old.map(value), new.map(value)) {
            (Some(old), Some(new)) => spans.add(Mark::Old, &old).plain(" ").add(Mark::New, &new),
            (None, Some(new)) => spans.add(Mark::New, &new),
            (Some(old), None) => spans.add(Mark::Old, &old).plain(" taken away"),
            (None, None) => spans,
        }
    }

    /// A set: who stays, who went, who came.
    fn members(&self, kind: Option<Kind>, old: &[Json], new: &[Json]) -> Spans {
        let names = |these: &[Json], those: &[Json], both: bool| {
            let names: Vec<String> = these
                .iter()
                .filter(|member| those.contains(member) == both)
                .filter_map(Json::as_str)
                .map(|member| self.names.member(kind, member))
                .collect();
            names.join(", ")
        };
        let (stay, went, came) = (names(old, new, true), names(old, new, false), names(new, old, false));
        let mut spans = Spans::default().plain(&stay);
        for (mark, text) in [(Mark::Old, &went), (Mark::New, &came)] {
            if !text.is_empty() && !spans.0.is_empty() {
                spans = spans.plain(if mark == Mark::Old || went.is_empty() { ", " } else { " " });
            }
            spans = spans.add(mark, text);
        }
        spans
    }

    /// The line with the names of who made the change, or of the machine.
    fn signed(&self, spans: Spans, entity: &Changed) -> Spans {
        let mut by: Vec<String> = entity
            .actors
            .iter()
            .take(ACTORS_MAX)
            .map(|(actor, party)| self.names.person_and_party(actor, party.as_deref()))
            .collect();
        if entity.actors.len() > ACTORS_MAX {
            by.push(format!("{} more", entity.actors.len() - ACTORS_MAX));
        }
        by.extend(entity.machines.iter().map(|origin| machine(*origin).to_owned()));
        if by.is_empty() { spans } else { spans.faint(&format!(" — {}", by.join(", "))) }
    }
}

/// The label of an origin that is no person's hand.
pub(super) fn machine(origin: Origin) -> &'static str {
    match origin {
        Origin::Human => "by hand",
        Origin::Import => "[import]",
        Origin::Crm => "[CRM]",
        Origin::Automation => "[automation]",
        Origin::Propagation => "[moved along]",
        Origin::System => "[server]",
    }
}

pub(super) fn subject(entity: &Changed) -> String {
    if entity.id.is_empty() {
        entity.collection.name.into()
    } else {
        short(&format!("{}/{}", entity.collection.name, entity.id), 300)
    }
}

fn is_complete(row: Option<&Row>) -> bool {
    row.is_some_and(|row| row.text("status") == Some("complete"))
}

/// Whether nothing about it hurries: it stands behind the status changes of its group.
fn is_quiet(entity: &Changed) -> bool {
    !entity.differences.iter().any(|each| matches!(each.class, Class::Status | Class::Blocker | Class::Commitment))
}

fn group_of(entity: &Changed) -> (Group, Symbol) {
    let has = |class: Class| entity.differences.iter().any(|each| each.class == class);
    let symbol = match entity.verb {
        Verb::Added | Verb::Restored => Symbol::Added,
        Verb::Removed => Symbol::Removed,
        _ => Symbol::Changed,
    };
    match entity.collection.name {
        "meta" if has(Class::Target) => (Group::Target, Symbol::Date),
        "risks" => (Group::Risks, symbol),
        "criteria" | "objectives" => (Group::Criteria, symbol),
        // Who a person is to the decision is a trait of theirs, not a new person.
        "stakeholders" if entity.verb == Verb::Added => (Group::People, Symbol::Changed),
        "people" | "parties" | "stakeholders" => (Group::People, symbol),
        "comments" | "dependencies" | "cadence" | "calendar" => (Group::Other, symbol),
        _ if symbol == Symbol::Added => (Group::Added, symbol),
        _ if symbol == Symbol::Removed => (Group::Removed, symbol),
        _ if has(Class::Date) => (Group::Dates, Symbol::Date),
        _ if has(Class::Owner) => (Group::Owners, symbol),
        _ => (Group::Other, symbol),
    }
}

/// Of a risk whose probability or impact changed: `(score 6 → 9)`.
fn scores(entity: &Changed, row: Option<&Row>) -> Spans {
    let level = |word: Option<&str>| match word {
        Some("low") => 1,
        Some("medium") => 2,
        Some("high") => 3,
        _ => 0,
    };
    let was = |field: &str| {
        let old = entity.field(field).and_then(|each| each.field()).map(|(_, old, _)| old.and_then(Json::as_str));
        old.unwrap_or_else(|| row.and_then(|row| row.text(field)))
    };
    let is = |field: &str| row.and_then(|row| row.text(field));
    let old = level(was("probability")) * level(was("impact"));
    let new = level(is("probability")) * level(is("impact"));
    if old == new || old == 0 || new == 0 {
        return Spans::default();
    }
    let spans = Spans::default().plain(&format!(" (score {old} → {new} of 9)"));
    if new > old {
        spans.plain(" ").add(Mark::Late, "⚠ worse")
    } else {
        spans.plain(" ").add(Mark::Early, "✔ better")
    }
}

fn status_word(verb: Verb, word: String) -> String {
    match verb {
        Verb::Changed => word,
        verb => format!("{}, {word}", verb.as_str()),
    }
}

/// The difference of two texts in words.
pub(super) fn text_spans(old: &str, new: &str) -> Spans {
    let mut spans = Spans::default();
    for piece in words(old, new) {
        let (mark, quote) = match piece.op {
            Op::Equal => (Mark::Plain, piece.text.trim()),
            Op::Insert => (Mark::Put, piece.text.trim()),
            Op::Delete => (Mark::Cut, piece.text.trim()),
        };
        if !spans.0.is_empty() && !quote.is_empty() {
            spans = spans.plain(" ");
        }
        spans = spans.add(mark, quote);
    }
    spans
}

fn days_of(days: i32) -> String {
    count(usize::try_from(days).unwrap_or(0), "day")
}

fn plural(number: usize, one: &str) -> String {
    if number == 1 { one.to_owned() } else { format!("{one}s") }
}
