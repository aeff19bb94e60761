//! Whether a value fits its field: one check for the canonical JSON, for edits and for what a document holds.

use std::fmt;

use jiff::civil::{Date, Time};
use serde::Serialize;

use super::schema::{Collection, Entry, Field, Ids, Kind, Member};
use super::value::Value;
use crate::ids::PartyId;
use crate::limits;

/// A value that does not fit, with the words to put it right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Malformed {
    /// Where: `tasks/ca-1/due`, `meta/target.date`, `tasks[3]` for an entity without id.
    pub path: String,
    /// What stands there, as JSON and cut to 80 characters.
    pub value: String,
    /// What should: `a day like 2026-02-17`.
    pub expected: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} is not {}", self.path, self.value, self.expected)
    }
}

impl std::error::Error for Malformed {}

impl Malformed {
    /// A value at a place, and what was expected there.
    #[must_use]
    pub fn new(path: impl Into<String>, value: &impl fmt::Display, expected: impl Into<String>) -> Self {
        let shown = value.to_string();
        let mut cut: String = shown.chars().take(80).collect();
        if cut.len() < shown.len() {
            cut.push('…');
        }
        Self { path: path.into(), value: cut, expected: expected.into() }
    }
}

/// Checks the value of a field that `flat_key` resolved to.
///
/// # Errors
/// The words that say what would fit.
pub fn field_value(field: &Field, flat_key: &str, value: &Value) -> Result<(), String> {
    match field.kind {
        Kind::Set(member) => {
            let name = flat_key.split_once('/').map_or("", |(_, member)| member);
            member_name(member, name)?;
            expect(*value == Value::Bool(true), || "true, or absent".into())
        }
        Kind::Map(entry) => {
            let name = flat_key.split_once('/').map_or("", |(_, name)| name);
            expect(is_flat_key(name), || "an entry with a short name".into())?;
            entry_value(entry, value)
        }
        kind => scalar(kind, value),
    }
}

/// Checks the name of a member of a set.
///
/// # Errors
/// The words that say what would fit.
pub fn member_name(member: Member, name: &str) -> Result<(), String> {
    match member {
        Member::Id(_) => expect(is_reference(name), || "an id like ca-1".into()),
        Member::Enum(words) => expect(is_word(words, name), || one_of(words)),
        Member::Name => expect(is_name(name), || "a short name without spaces".into()),
    }
}

/// Checks the value of an entry of a map.
///
/// # Errors
/// The words that say what would fit.
pub fn entry_value(entry: Entry, value: &Value) -> Result<(), String> {
    match entry {
        Entry::Number => scalar(Kind::Number, value),
        Entry::String => scalar(Kind::String { chars_max: limits::SHORT_TEXT_CHARS_MAX }, value),
        Entry::Enum(words) => scalar(Kind::Enum(words), value),
        Entry::Json => Ok(()),
    }
}

/// Checks a scalar or the content of a text.
fn scalar(kind: Kind, value: &Value) -> Result<(), String> {
    let text = value.as_str();
    match kind {
        Kind::String { chars_max } => expect(text.is_some_and(|text| fits(text, chars_max)), || string_of(chars_max)),
        Kind::Text => expect(text.is_some_and(|text| fits(text, limits::LONG_TEXT_CHARS_MAX)), || {
            string_of(limits::LONG_TEXT_CHARS_MAX)
        }),
        Kind::Bool => expect(value.as_bool().is_some(), || "true or false".into()),
        Kind::Number => expect(value.as_number().is_some(), || "a number".into()),
        Kind::Integer { min, max } => {
            #[expect(clippy::cast_precision_loss)]
            let within = |number: f64| number.fract() == 0.0 && number >= min as f64 && number <= max as f64;
            expect(value.as_number().is_some_and(within), || format!("a whole number from {min} to {max}"))
        }
        Kind::Date => expect(text.and_then(day).is_some(), || "a day like 2026-02-17".into()),
        Kind::Instant => expect(text.is_some_and(is_instant), || "a UTC instant like 2026-02-17T18:21:07Z".into()),
        Kind::Time => expect(text.is_some_and(is_time), || "a time like 10:00".into()),
        Kind::TimeZone => expect(text.is_some_and(is_time_zone), || "a time zone like America/Los_Angeles".into()),
        Kind::Rank => expect(text.is_some_and(super::rank::is_rank), || "a rank like a0 (fractional-indexing)".into()),
        Kind::Enum(words) => expect(text.is_some_and(|text| is_word(words, text)), || one_of(words)),
        Kind::Id(_) => expect(text.is_some_and(is_reference), || "an id like ca-1".into()),
        Kind::Any => {
            let fit = match value {
                Value::String(text) => fits(text, limits::SHORT_TEXT_CHARS_MAX),
                Value::Json(_) => false,
                Value::Bool(_) | Value::Number(_) => true,
            };
            expect(fit, || "a number, a day or a short string".into())
        }
        Kind::Set(_) | Kind::Map(_) => Err("one key for each member".into()),
    }
}

/// Whether a string is an id of an entity of this collection.
///
/// # Errors
/// The words that say what would fit.
pub fn entity_id(collection: &Collection, id: &str) -> Result<(), String> {
    match collection.ids {
        Ids::Name => expect(is_name(id), || {
            format!("an id: 1 to {} characters without spaces, slashes and quotes", limits::NAME_BYTES_MAX)
        }),
        Ids::Party => expect(PartyId::parse(id).is_ok() && is_name(id), || "an id like buyer".into()),
        Ids::Edge => expect(is_edge(id), || "an id like ms-01>ms-02".into()),
        Ids::None => expect(id.is_empty(), || "no id: meta has none".into()),
    }
}

/// A real day of the calendar written as `YYYY-MM-DD`.
#[must_use]
pub fn day(text: &str) -> Option<Date> {
    let bytes: &[u8; 10] = text.as_bytes().try_into().ok()?;
    let digits = |range: std::ops::Range<usize>| {
        bytes[range]
            .iter()
            .try_fold(0_i16, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i16::from(byte - b'0')))
    };
    if bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let (month, day) = (i8::try_from(digits(5..7)?).ok()?, i8::try_from(digits(8..10)?).ok()?);
    Date::new(digits(0..4)?, month, day).ok()
}

/// Whether a flat key, or the name of an entry, is one: short, and without control characters.
#[must_use]
pub fn is_flat_key(key: &str) -> bool {
    !key.is_empty()
        && key.len() <= limits::FLAT_KEY_BYTES_MAX
        && !key.chars().any(char::is_control)
        && key != "__proto__"
}

/// Whether a name is one as of [`crate::ids::PersonId`]; `__proto__` is none, for the sake of JavaScript objects.
#[must_use]
pub fn is_name(name: &str) -> bool {
    // Nearly every id is made of these; the others are looked at one by one.
    let is_plain = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let is_allowed =
        |c: char| !c.is_control() && !c.is_whitespace() && !matches!(c, '/' | '"' | '\'' | '\\' | '<' | '>');
    !name.is_empty()
        && name.len() <= limits::NAME_BYTES_MAX
        && (is_plain(name) || (!name.starts_with('.') && name != "__proto__" && name.chars().all(is_allowed)))
}

fn is_edge(id: &str) -> bool {
    id.split_once('>').is_some_and(|(from, to)| is_name(from) && is_name(to) && from != to)
}

fn is_reference(id: &str) -> bool {
    is_name(id) || is_edge(id)
}

/// One of the words, or a word that a newer client may have: never a sentence.
fn is_word(words: &[&str], word: &str) -> bool {
    words.contains(&word)
        || (word.len() <= limits::LABEL_CHARS_MAX
            && word.starts_with(|c: char| c.is_ascii_alphabetic())
            && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')))
}

fn is_instant(text: &str) -> bool {
    text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok()
}

fn is_time(text: &str) -> bool {
    matches!(text.len(), 5 | 8) && text.as_bytes().get(2) == Some(&b':') && text.parse::<Time>().is_ok()
}

fn is_time_zone(text: &str) -> bool {
    text.len() <= limits::LABEL_CHARS_MAX && jiff::tz::TimeZone::get(text).is_ok()
}

fn fits(text: &str, chars_max: usize) -> bool {
    text.len() <= chars_max || text.chars().count() <= chars_max
}

fn string_of(chars_max: usize) -> String {
    format!("a string of at most {chars_max} characters")
}

fn one_of(words: &[&str]) -> String {
    format!("one of {}", words.join(", "))
}

fn expect(fits: bool, expected: impl FnOnce() -> String) -> Result<(), String> {
    if fits { Ok(()) } else { Err(expected()) }
}
