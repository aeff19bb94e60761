//! Pieces of a line, each with its meaning, and the care for text that strangers wrote.
//!
//! A span holds no control character and nothing that turns the direction of what follows; a format only has to escape
//! its own signs.

use jiff::civil::Date;
use serde::{Serialize, Serializer};

/// A title as a line names it.
pub(super) const TITLE_CHARS_MAX: usize = 90;
/// A quoted reason, a note, a value that is a text.
pub(super) const QUOTE_CHARS_MAX: usize = 160;
/// Any span: whatever is longer is no line of a summary.
const SPAN_CHARS_MAX: usize = 300;

/// What a span means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Words.
    Plain,
    /// What the line is about.
    Strong,
    /// A value that no longer holds.
    Old,
    /// The value that holds now.
    New,
    /// Words that were taken out of a text.
    Cut,
    /// Words that were put into a text.
    Put,
    /// A warning; it begins with its sign.
    Late,
    /// Good news; it begins with its sign.
    Early,
    /// Somebody's words.
    Quote,
    /// An aside: who, where.
    Faint,
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Span {
    /// What it means.
    pub mark: Mark,
    /// Its text; spaces at its ends are part of it.
    pub text: String,
}

/// What happened, as the legend has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Symbol {
    /// Done.
    Completed,
    /// A date moved.
    Date,
    /// New.
    Added,
    /// Gone.
    Removed,
    /// Something else is different.
    Changed,
    /// At risk.
    Risk,
}

impl Symbol {
    /// Every symbol, in the order of the legend.
    pub const ALL: [Self; 6] = [Self::Completed, Self::Date, Self::Added, Self::Removed, Self::Changed, Self::Risk];

    /// The sign.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Completed => "✔",
            Self::Date => "→",
            Self::Added => "＋",
            Self::Removed => "－",
            Self::Changed => "✎",
            Self::Risk => "⚠",
        }
    }

    /// The word of the legend.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Date => "dates",
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::Risk => "at risk",
        }
    }
}

impl Serialize for Symbol {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.sign())
    }
}

/// One line of a section.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// What happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symbol: Option<Symbol>,
    /// What it is about: `tasks/ca-1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The words.
    pub spans: Vec<Span>,
}

/// Spans in the making.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Spans(pub(super) Vec<Span>);

impl Spans {
    pub(super) fn add(mut self, mark: Mark, text: &str) -> Self {
        self.push(mark, text);
        self
    }

    pub(super) fn push(&mut self, mark: Mark, text: &str) {
        let text = short(text, SPAN_CHARS_MAX);
        if !text.is_empty() {
            self.0.push(Span { mark, text });
        }
    }

    pub(super) fn plain(self, text: &str) -> Self {
        self.add(Mark::Plain, text)
    }

    pub(super) fn strong(self, text: &str) -> Self {
        self.add(Mark::Strong, &short(text, TITLE_CHARS_MAX))
    }

    /// Strong words that are no title and need no cut of one.
    pub(super) fn strong_all(self, text: &str) -> Self {
        self.add(Mark::Strong, text)
    }

    pub(super) fn quote(self, text: &str) -> Self {
        self.plain(" ").add(Mark::Quote, &short(text, QUOTE_CHARS_MAX))
    }

    pub(super) fn faint(self, text: &str) -> Self {
        self.add(Mark::Faint, text)
    }

    pub(super) fn then(mut self, more: Self) -> Self {
        self.0.extend(more.0);
        self
    }

    pub(super) fn line(self, symbol: Option<Symbol>, subject: Option<String>) -> Line {
        Line { symbol, subject, spans: self.0 }
    }
}

/// A text of at most so many characters, with an ellipsis where it is cut, on one line and harmless.
pub(super) fn short(text: &str, chars_max: usize) -> String {
    let mut short = String::new();
    for (at, c) in text.chars().filter_map(harmless).enumerate() {
        if at >= chars_max {
            short.truncate(short.trim_end().len());
            short.push('…');
            break;
        }
        short.push(c);
    }
    short
}

/// A character that stays on its line and turns nothing round: white space is a space, what nobody sees is left out,
/// and what would hide or reverse the rest shows as a replacement.
fn harmless(c: char) -> Option<char> {
    match c {
        '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{a0}' | '\u{2028}' | '\u{2029}' => Some(' '),
        '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{ad}' => None,
        '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2061}'..='\u{206f}' => Some('\u{fffd}'),
        '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}' => Some('\u{fffd}'),
        c if c.is_control() => Some('\u{fffd}'),
        c => Some(c),
    }
}

/// Whether a text is written from right to left somewhere, so that its neighbours need protection from it.
pub(super) fn is_right_to_left(text: &str) -> bool {
    text.chars().any(|c| {
        matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}'
            | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
    })
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// `Feb 25`; with the year when it is another than that of the as-of date.
pub(super) fn day(date: Date, as_of: Date) -> String {
    if date.year() == as_of.year() { month_day(date) } else { format!("{}, {}", month_day(date), date.year()) }
}

/// `Feb 18 (tomorrow)`: the next two days by their names too.
pub(super) fn near_day(date: Date, as_of: Date) -> String {
    let name = match (date - as_of).get_days() {
        0 => " (today)",
        1 => " (tomorrow)",
        _ => "",
    };
    format!("{}{name}", day(date, as_of))
}

/// `Tue, Feb 17, 2026`.
pub(super) fn full_day(date: Date) -> String {
    format!("{}, {}, {}", weekday(date), month_day(date), date.year())
}

/// `Tue`.
pub(super) fn weekday(date: Date) -> &'static str {
    let at = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
    WEEKDAYS[at.min(6)]
}

fn month_day(date: Date) -> String {
    let at = usize::try_from(date.month() - 1).unwrap_or(0);
    format!("{} {}", MONTHS[at.min(11)], date.day())
}

/// `1 day`, `2 days`.
pub(super) fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

/// An old and a new day with the days between: a later one with a warning, an earlier one with a tick.
pub(super) fn moved_day(old: Date, new: Date, as_of: Date) -> Spans {
    let days = (new - old).get_days();
    let spans = match days {
        1.. => Spans::default().add(Mark::Late, "⚠").plain(" "),
        0 => Spans::default(),
        _ => Spans::default().add(Mark::Early, "✔").plain(" "),
    };
    spans.add(Mark::Old, &day(old, as_of)).plain(" ").add(Mark::New, &day(new, as_of)).plain(&format!(" ({days:+} d)"))
}

/// The words with a capital at their beginning.
pub(super) fn capital(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}
