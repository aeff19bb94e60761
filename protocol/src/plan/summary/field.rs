//! One field on a line: its old and its new value in the words of its kind.

use serde_json::Value as Json;

use super::changed::Writer;
use super::names::label;
use super::span::{Mark, Spans, moved_day};
use crate::plan::change::{Difference, Verb};
use crate::plan::diff::{Op, words};
use crate::plan::schema::{Collection, Kind};

/// The most characters of two strings that are shown side by side; longer ones are told in words.
const SIDE_BY_SIDE_MAX: usize = 120;

impl Writer<'_> {
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
            if kind == Some(Kind::Text) || old.chars().count() + new.chars().count() > SIDE_BY_SIDE_MAX {
                return Spans::default().plain(&word).then(text_spans(&old, &new));
            }
        }
        let value = |value: &Json| self.names.value(collection, name, value);
        let is_told = name == "status" && difference.verb != Verb::Changed;
        let spans = match difference.verb {
            Verb::Completed | Verb::Blocked | Verb::Cancelled if is_told => {
                let was = old.map(value).unwrap_or_else(|| "pending".into());
                return Spans::default().add(Mark::New, difference.verb.as_str()).plain(&format!(", was {was}"));
            }
            verb if is_told => Spans::default().plain(&format!("{}, ", verb.as_str())),
            _ => Spans::default().plain(&word),
        };
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
}

/// The difference of two texts in words.
fn text_spans(old: &str, new: &str) -> Spans {
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
