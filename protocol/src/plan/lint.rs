//! Advice about a plan: what a complete plan has and this one lacks. Never a refusal.
//!
//! An unfinished plan can be stored; this says what is missing, where, and what to do next. Titles and names come from
//! anybody: a message quotes them cut and without control characters, and whoever shows it has to escape it.

mod calendar;
mod links;
mod plan;
mod rows;
#[cfg(test)]
mod tests;
mod words;

use jiff::civil::Date;
use serde::Serialize;

use super::Plan;
use super::item::{Item, items};
use super::party::Parties;

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The plan does not work like this.
    Error,
    /// The plan is weaker than it could be.
    Warning,
    /// Worth a thought.
    Hint,
}

/// One piece of advice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// How much it matters.
    pub level: Level,
    /// A word that stays the same: `no_owner`.
    pub code: &'static str,
    /// The requirement it comes from: `R27`.
    pub rule: &'static str,
    /// What it is about: `tasks/ca-1`, `meta`; absent when it is about the whole plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What is wrong and what to do next, for people.
    pub message: String,
}

/// The advice for a plan on a day: errors, warnings, hints, each from the whole to the parts in the order of the plan.
#[must_use]
pub fn lint(plan: &Plan, as_of: Date) -> Vec<Advice> {
    let sight = Sight { plan, as_of, items: items(plan), parties: Parties::of(plan) };
    let mut advice = Vec::new();
    plan::lint(&sight, &mut advice);
    rows::lint(&sight, &mut advice);
    links::lint(&sight, &mut advice);
    calendar::lint(&sight, &mut advice);
    words::lint(&sight, &mut advice);
    // Stable: within a level it stays as it was found.
    advice.sort_by_key(|each| each.level);
    advice
}

/// What every check looks at.
struct Sight<'a> {
    plan: &'a Plan,
    as_of: Date,
    items: Vec<Item<'a>>,
    parties: Parties<'a>,
}

impl<'a> Sight<'a> {
    fn open(&self) -> impl Iterator<Item = &Item<'a>> {
        self.items.iter().filter(|item| item.is_open())
    }

    fn milestones(&self) -> impl Iterator<Item = &Item<'a>> {
        self.items.iter().filter(|item| item.is_milestone)
    }

    fn tasks(&self) -> impl Iterator<Item = &Item<'a>> {
        self.items.iter().filter(|item| !item.is_milestone)
    }
}

impl Advice {
    fn new(level: Level, code: &'static str, rule: &'static str, message: impl Into<String>) -> Self {
        Self { level, code, rule, subject: None, message: message.into() }
    }

    fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }
}

/// An item in a message: its title in quotes, or its id while it has none.
fn name(item: &Item<'_>) -> String {
    quoted(item.title().unwrap_or(item.id))
}

/// A text of anybody's in a message: one line of at most 60 characters.
fn quoted(text: &str) -> String {
    const CHARS_MAX: usize = 60;
    // What turns or hides the text around it is as little part of a line as a control character.
    let is_shown = |c: &char| {
        !c.is_control() && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut shown = text.chars().filter(is_shown);
    let mut line = String::with_capacity(text.len().min(4 * CHARS_MAX) + 2 * '“'.len_utf8());
    line.push('“');
    line.extend(shown.by_ref().take(CHARS_MAX - 1));
    // The last place is for its last character, or for the sign that there are more.
    match (shown.next(), shown.next()) {
        (Some(last), None) => line.push(last),
        (Some(_), Some(_)) => line.push('…'),
        _ => {}
    }
    line.push('”');
    line
}
