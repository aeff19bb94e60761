//! The summary after a call: what changed, what that means, what comes next, for a reader with thirty seconds.
//!
//! [`summarise`] makes one structure of the plan, its changes and a date; it is serialised as JSON and written as
//! Markdown, as HTML for mail and as plain text. The same input gives the same bytes. It speaks of one document only:
//! changes of any other are passed over, so that nothing private reaches a shared summary.

mod changed;
mod field;
mod headline;
mod html;
mod markdown;
mod moves;
mod names;
mod net;
mod next;
mod page;
mod refreshed;
mod review;
mod risk;
mod span;
mod standing;
#[cfg(test)]
mod tests;
mod text;

use jiff::civil::Date;
use serde::Serialize;

pub use moves::{Moves, MovesRow};
pub use next::{Owes, PartyNext, Step};
pub use refreshed::{Phase, PlanRow};
pub use span::{Line, Mark, Span, Symbol};
pub use standing::{NextMilestone, Standing, Target};

use super::Plan;
use super::change::Change;
use super::figures::Activity;
use super::item::time_zone;
use super::schedule::schedule;
use crate::ids::{PartyId, PlanId, Scope, Seq};
use changed::{Group, Writer};
use names::Names;
use span::{TITLE_CHARS_MAX, count, day, short};

/// The most lines of a section; what is at risk is never cut.
pub const LINES_MAX: usize = 12;

/// What a summary is made from.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The id of the plan.
    pub id: &'a PlanId,
    /// The plan as it is now: after the last of the changes.
    pub plan: &'a Plan,
    /// Every change since the baseline, in order.
    pub changes: &'a [Change],
    /// The baseline.
    pub since: Seq,
    /// The number of the log's entry the plan stands at.
    pub until: Seq,
    /// What a reader calls the baseline: `Review call of Feb 17`.
    pub since_label: Option<&'a str>,
    /// The day the summary speaks of.
    pub as_of: Date,
    /// What the log knows and the plan does not.
    pub activity: &'a Activity,
    /// The party it is made for.
    pub reader: Option<&'a PartyId>,
    /// Who edited last, as a reader names them, and when.
    pub last_edit: Option<(&'a str, Date)>,
    /// Where the plan can be opened.
    pub link: Option<&'a str>,
}

/// What changed, and where the plan stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// The plan's id.
    pub plan: String,
    /// What the plan is called: `Mutual Action Plan`.
    pub plan_word: String,
    /// Its title.
    pub title: String,
    /// The buyer's company, if the plan names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Where it can be opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The baseline.
    pub since: Seq,
    /// The end of the window.
    pub until: Seq,
    /// What a reader calls the baseline.
    pub since_label: String,
    /// The day it speaks of.
    pub as_of: Date,
    /// The party it is made for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reader: Option<String>,
    /// One sentence of at most 25 words.
    pub headline: String,
    /// The sentence that says so when nothing changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_changes: Option<String>,
    /// Where the plan stands.
    pub standing: Standing,
    /// How many lines there are of each symbol; items for what is at risk.
    pub legend: Vec<Count>,
    /// What was completed.
    pub completed: Section,
    /// What else changed.
    pub changed: Vec<Section>,
    /// What else moves.
    pub moves: Moves,
    /// What is at risk or overdue, all of it.
    pub at_risk: Vec<Line>,
    /// What comes next, per party.
    pub next: Vec<PartyNext>,
    /// What waits for an answer.
    pub waiting: Section,
    /// When the next review is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_review: Option<Line>,
    /// The columns of owners of the refreshed plan: the parties, or one for all.
    pub owner_columns: Vec<String>,
    /// The plan as it is now, with its changed cells marked.
    pub phases: Vec<Phase>,
}

/// An entry of the legend.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Count {
    /// The sign.
    pub symbol: Symbol,
    /// What it stands for.
    pub word: &'static str,
    /// How many.
    pub count: usize,
}

/// The lines of a section.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Section {
    /// Its heading; empty where the place says it.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub heading: &'static str,
    /// The lines.
    pub lines: Vec<Line>,
    /// Lines left out.
    pub more: usize,
}

impl Section {
    fn of(heading: &'static str, mut lines: Vec<Line>) -> Self {
        let more = lines.len().saturating_sub(LINES_MAX);
        lines.truncate(LINES_MAX);
        Self { heading, lines, more }
    }
}

/// The summary of the shared document.
#[must_use]
pub fn summarise(question: &Question<'_>) -> Summary {
    summarise_scope(question, &Scope::Shared)
}

/// The summary of a party's own document, whose plan ([beside](Plan::beside) the shared one) and changes the question
/// holds: a separate output for its people.
#[must_use]
pub fn addendum(question: &Question<'_>, party: &PartyId) -> Summary {
    summarise_scope(question, &Scope::Party(party.clone()))
}

fn summarise_scope(question: &Question<'_>, scope: &Scope) -> Summary {
    let Question { plan, as_of, .. } = *question;
    let net = net::net(plan, question.changes, scope);
    let names = Names::new(plan, &net.old, as_of);
    let zone = time_zone(plan);
    let writer = Writer { old: &net.old, plan, names: &names, as_of, zone: &zone };

    let schedule = schedule(plan, as_of);
    let at_risk = risk::at_risk(plan, &schedule, as_of);
    let moves = moves::moves(&net, &schedule, &writer, LINES_MAX);
    let next = next::steps(&writer, &schedule, question.reader);
    let standing = standing::standing(&writer, &schedule, question.activity, &next, &moves, &at_risk);
    let headline = headline::Headline {
        standing: &standing,
        schedule: &schedule,
        at_risk: &at_risk,
        grave: risk::grave(&at_risk, plan).iter().map(|risk| risk.title().unwrap_or(risk.id)).collect(),
        stale_days: question.activity.last.map(|last| (as_of - last).get_days()),
        stage: plan.meta.text("stage"),
        names: &names,
        as_of,
    };
    let headline = headline.sentence();

    let lines = writer.lines(&net);
    let since_label = since_label(question);
    let is_quiet = lines.completed.is_empty() && lines.changed.is_empty() && moves.is_empty();
    let at_risk_ids: Vec<&str> = at_risk.iter().map(|each| each.item.id).collect();
    Summary {
        plan: question.id.to_string(),
        plan_word: short(plan.meta.text("planWord").unwrap_or("Mutual Action Plan"), TITLE_CHARS_MAX),
        title: short(plan.meta.text("title").unwrap_or(question.id.as_str()), TITLE_CHARS_MAX),
        account: plan.meta.text("account").map(|account| short(account, TITLE_CHARS_MAX)),
        link: question.link.filter(|link| is_link(link)).map(str::to_owned),
        since: question.since,
        until: question.until,
        as_of,
        reader: question.reader.map(ToString::to_string),
        headline,
        no_changes: is_quiet.then(|| no_changes(question, &since_label)),
        standing,
        legend: legend(&lines, &moves, at_risk.len()),
        completed: Section::of("", lines.completed),
        changed: groups(lines.changed),
        moves,
        at_risk: risk::lines(&at_risk, plan, &schedule, &names, as_of),
        next: next::cut(next, as_of),
        waiting: Section::of("", next::waiting(&writer)),
        next_review: review::next_review(plan, as_of),
        owner_columns: refreshed::columns(&names).into_iter().map(|(_, label)| label).collect(),
        phases: refreshed::phases(&net, &writer, &schedule, &at_risk_ids),
        since_label,
    }
}

fn since_label(question: &Question<'_>) -> String {
    match question.since_label.map(|label| short(label, TITLE_CHARS_MAX)).filter(|label| !label.trim().is_empty()) {
        Some(label) => label,
        None if question.since == 0 => "the plan began".into(),
        None => format!("change {}", question.since),
    }
}

fn no_changes(question: &Question<'_>, since_label: &str) -> String {
    let last = question.last_edit.map_or(String::new(), |(who, date)| {
        let days = (question.as_of - date).get_days();
        let when = match days {
            ..0 => format!("on {}", day(date, question.as_of)),
            0 => "today".into(),
            1 => "yesterday".into(),
            days => format!("{} ago", count(usize::try_from(days).unwrap_or(0), "day")),
        };
        format!(", last edit by the {} {when}", short(who, 60))
    });
    format!("No changes since {since_label}{last}.")
}

fn legend(lines: &changed::Lines, moves: &Moves, at_risk: usize) -> Vec<Count> {
    let all = || lines.completed.iter().chain(lines.changed.iter().map(|(_, line)| line)).chain(&moves.lines);
    let count = |symbol: Symbol| match symbol {
        Symbol::Risk => at_risk,
        symbol => all().filter(|line| line.symbol == Some(symbol)).count(),
    };
    let counts = Symbol::ALL.into_iter().map(|symbol| Count { symbol, word: symbol.word(), count: count(symbol) });
    counts.filter(|entry| entry.count > 0).collect()
}

/// The changed lines by group; all groups together are one section, which says at its end what was left out.
fn groups(lines: Vec<(Group, Line)>) -> Vec<Section> {
    let more = lines.len().saturating_sub(LINES_MAX);
    let mut sections: Vec<Section> = Vec::new();
    for (group, line) in lines.into_iter().take(LINES_MAX) {
        match sections.last_mut().filter(|section| section.heading == group.heading()) {
            Some(section) => section.lines.push(line),
            None => sections.push(Section { heading: group.heading(), lines: vec![line], more: 0 }),
        }
    }
    if let Some(last) = sections.last_mut() {
        last.more = more;
    }
    sections
}

/// Whether an address can stand in every format as it is.
fn is_link(link: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#@!$&+,;=%".contains(c);
    (link.starts_with("https://") || link.starts_with("http://")) && link.len() <= 2_000 && link.chars().all(is_plain)
}
