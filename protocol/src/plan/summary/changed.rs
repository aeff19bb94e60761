//! Completed and changed: one line for each entity, whatever and whoever changed it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value as Json;

use super::names::{Names, words_of};
use super::net::{Changed, Net};
use super::span::{Line, Mark, Spans, Symbol, count, day, short};
use crate::ids::Origin;
use crate::plan::Plan;
use crate::plan::change::{Verb, What};
use crate::plan::item::local_day;
use crate::plan::row::Row;
use crate::plan::schema::Class;

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

/// The dependencies that came or went, by their ends.
struct Edges<'a> {
    /// What happened to each milestone and task.
    items: BTreeMap<&'a str, Verb>,
    /// What each item waits for since the window began.
    before: BTreeMap<&'a str, Vec<&'a str>>,
    /// What waits for it since then.
    after: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Edges<'a> {
    fn of(net: &'a Net) -> Self {
        let items = net.entities.iter().filter(|entity| is_item(entity)).map(|entity| (&*entity.id, entity.verb));
        let mut edges = Self { items: items.collect(), before: BTreeMap::new(), after: BTreeMap::new() };
        for edge in
            net.entities.iter().filter(|edge| edge.collection.name == "dependencies" && edge.verb == Verb::Added)
        {
            if let Some((from, to)) = edge.id.split_once('>') {
                edges.before.entry(to).or_default().push(from);
                edges.after.entry(from).or_default().push(to);
            }
        }
        edges
    }

    /// A dependency that came with its item, or went with it, is part of that line.
    fn is_told_with_its_item(&self, entity: &Changed) -> bool {
        let (from, to) = entity.id.split_once('>').unwrap_or_default();
        entity.collection.name == "dependencies"
            && entity.verb != Verb::Changed
            && [from, to].iter().any(|end| self.items.get(end) == Some(&entity.verb))
    }
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
        let edges = Edges::of(net);
        let mut completed = Vec::new();
        let mut changed = Vec::new();
        for entity in &net.entities {
            // Touchpoints are the frame of a summary; proposals stand among what waits for an answer.
            let is_told_elsewhere = matches!(entity.collection.name, "touchpoints" | "proposals")
                || is_moved_along(entity)
                || edges.is_told_with_its_item(entity);
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
            changed.push((group, is_quiet(entity), due, self.changed(entity, row, symbol, &edges)));
        }
        completed.sort_by_key(|(due, _)| *due);
        changed.sort_by_key(|(group, is_quiet, due, _)| (*group, *is_quiet, *due));
        Lines {
            completed: completed.into_iter().map(|(_, line)| line).collect(),
            changed: changed.into_iter().map(|(group, _, _, line)| (group, line)).collect(),
        }
    }

    fn completed(&self, entity: &Changed, row: Option<&Row>) -> Line {
        let mut spans = Spans::default().strong(&self.names.entity(entity.collection, &entity.id, row));
        if let Some(row) = row {
            spans = spans.then(self.about(entity, row));
            let done = row.text("completedAt").and_then(|at| local_day(at, self.zone)).map(|done| done.min(self.as_of));
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

    fn changed(&self, entity: &Changed, row: Option<&Row>, symbol: Symbol, edges: &Edges<'_>) -> Line {
        let name = self.names.entity(entity.collection, &entity.id, row);
        let mut spans = match (entity.collection.name, &entity.differences[0].what) {
            ("meta", _) => Spans::default().strong(if group_of(entity).0 == Group::Target { "Target" } else { "Plan" }),
            (_, What::Row(_)) if entity.verb == Verb::Removed => Spans::default().add(Mark::Old, &name),
            _ => Spans::default().strong(&name),
        };
        if let What::Row(was) = &entity.differences[0].what {
            // The row as it is now: later edits in the window are part of the news.
            let row = if entity.verb == Verb::Removed { was } else { row.unwrap_or(was) };
            spans = spans.then(self.whole(entity, row, edges));
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
        // What blocks stands there already, as a field of its own.
        let is_news = |reason: &&str| {
            let blocker =
                entity.field("blocked.reason").and_then(|each| each.field()).and_then(|(.., new)| new?.as_str());
            blocker != Some(*reason)
        };
        let reasons = entity.differences.iter().find_map(|difference| difference.reason.as_deref().filter(is_news));
        if let Some(reason) = reasons {
            spans = spans.quote(reason);
        }
        self.signed(spans, entity).line(Some(symbol), Some(subject(entity)))
    }

    /// What there is to say of an entity that came, went or came back.
    fn whole(&self, entity: &Changed, row: &Row, edges: &Edges<'_>) -> Spans {
        let mut spans = self.about(entity, row);
        let text = |field: &str| row.text(field).filter(|text| !text.trim().is_empty());
        match entity.collection.name {
            "milestones" | "tasks" => {
                let owners = self.names.owners(row, None);
                if !owners.is_empty() {
                    spans = spans.plain(&format!(", {} {}", plural(owners.len(), "owner"), owners.join(", ")));
                }
                if entity.verb != Verb::Removed {
                    spans = spans.then(self.neighbours(&entity.id, edges));
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
                let gap = row.number("minGapDays").filter(|gap| *gap > 0.0 && entity.verb != Verb::Removed);
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
            "views" => {
                let stance = text("stance").map_or(String::new(), words_of);
                let seen = if stance.is_empty() { ": a view of them" } else { ": seen as " };
                spans = spans.plain(seen).add(Mark::New, &stance);
                if let Some(note) = text("note").filter(|_| entity.verb != Verb::Removed) {
                    spans = spans.quote(note);
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
    fn neighbours(&self, id: &str, edges: &Edges<'_>) -> Spans {
        let titles = |ids: &[&str]| {
            let shown: Vec<String> = ids.iter().take(3).map(|id| short(&self.names.item(id), 60)).collect();
            let more = if ids.len() > 3 { format!(" and {} more", ids.len() - 3) } else { String::new() };
            format!("{}{more}", shown.join(", "))
        };
        let before = edges.before.get(id).map_or(&[][..], Vec::as_slice);
        let after = edges.after.get(id).map_or(&[][..], Vec::as_slice);
        let mut spans = Spans::default();
        if !after.is_empty() {
            spans = spans.plain(&format!(", needed before {}", titles(after)));
        }
        if !before.is_empty() {
            spans = spans.plain(&format!(", waits for {}", titles(before)));
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
        Origin::Erasure => "[erasure]",
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
        "stakeholders" | "views" if entity.verb == Verb::Added => (Group::People, Symbol::Changed),
        "people" | "parties" | "stakeholders" | "views" => (Group::People, symbol),
        "comments" | "dependencies" | "cadence" | "calendar" | "links" => (Group::Other, symbol),
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

fn days_of(days: i32) -> String {
    count(usize::try_from(days).unwrap_or(0), "day")
}

fn plural(number: usize, one: &str) -> String {
    if number == 1 { one.to_owned() } else { format!("{one}s") }
}
