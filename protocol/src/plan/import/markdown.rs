//! A Markdown document as tables: headings that name phases, tables below them, lists of checkboxes, and lines such as
//! `**Account:** Acme`. Other prose is left alone.

use super::columns::{about, column};
use super::dates;
use super::source::{Cell, Row, Source, Table};
use super::words::{plain_words, side};
use crate::plan::check::Malformed;
use crate::plan::export::{PHASE_PREFIX, is_general};

pub(super) fn source(text: &str) -> Result<Source, Vec<Malformed>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut source = Source { unit: "line", ..Source::default() };
    let lines: Vec<&str> = text.lines().collect();
    let (mut phase, mut side, mut fenced, mut listing) = (None, None, false, false);
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at].trim();
        at += 1;
        if line.starts_with("```") || line.starts_with("~~~") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        if let Some((level, heading)) = heading(line) {
            listing = false;
            if level == 1 && source.title.is_none() {
                source.title = Some(heading);
                continue;
            }
            let named = side_of(&heading);
            phase = match heading.strip_prefix(PHASE_PREFIX) {
                Some(name) => Some(name.to_owned()),
                None => Some(heading).filter(|heading| level > 1 && !is_general(heading)),
            };
            // A phase may be called `Customer onboarding` and still have tasks of both sides.
            side = named.filter(|_| phase.is_none());
        } else if line.contains('|') && lines.get(at).is_some_and(|below| is_delimiter(below)) {
            listing = false;
            let header: Vec<String> = cells(line).into_iter().map(|cell| cell.text.trim().to_owned()).collect();
            at += 1;
            let mut rows = Vec::new();
            while let Some(row) = lines.get(at).map(|row| row.trim()).filter(|row| row.contains('|')) {
                at += 1;
                rows.push(Row { number: at, cells: cells(row) });
            }
            let columns: Vec<_> = header.iter().map(|name| column(name)).collect();
            if about(&columns).is_some() {
                source.tables.push(Table { phase: phase.clone(), side, header, rows });
            }
        } else if let Some((done, text)) = checkbox(line) {
            if !listing {
                let header = ["Task", "Owner", "Due", "Status"].map(String::from).to_vec();
                source.tables.push(Table { phase: phase.clone(), side, header, rows: Vec::new() });
                listing = true;
            }
            if let Some(table) = source.tables.last_mut() {
                table.rows.push(Row { number: at, cells: commitment(done, &text) });
            }
        } else {
            if !line.is_empty() {
                listing = false;
            }
            let fact = line.trim_start_matches(['-', '*', '+', '>']).trim_start();
            let fact = if line.starts_with("**") { line } else { fact };
            if let Some((label, value)) = inline(fact).split_once(':')
                && source.tables.is_empty()
            {
                source.facts.push((at, label.trim().into(), value.trim().into()));
            }
        }
    }
    if source.tables.is_empty() {
        let first = text.lines().next().unwrap_or_default();
        let expected = "a document with a table that has the columns Milestone or Task and Owner, Due date or Status";
        return Err(vec![Malformed::new("line 1", &format!("{first:?}"), expected)]);
    }
    Ok(source)
}

/// `## Validation`, or a line that is all bold.
fn heading(line: &str) -> Option<(usize, String)> {
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    if (1..=6).contains(&level) && line[level..].starts_with(' ') {
        let text = line[level..].trim();
        // A closing row of # is decoration, an escaped one is text.
        let bare = text.trim_end_matches('#');
        let text = if bare.ends_with(' ') || bare.is_empty() { bare } else { text };
        return Some((level, inline(text.trim())));
    }
    let bold = line.strip_prefix("**")?.strip_suffix("**")?;
    (!bold.is_empty() && !bold.contains("**") && !bold.ends_with('\\'))
        .then(|| (2, inline(bold).trim_end_matches(':').into()))
}

/// The one side that a heading speaks of.
fn side_of(heading: &str) -> Option<&'static str> {
    let words = plain_words(heading);
    let mut sides = words.split(' ').filter_map(side);
    let first = sides.next().filter(|side| matches!(*side, "buyer" | "seller" | "partner"));
    first.filter(|_| sides.next().is_none())
}

/// `| --- | :-: |`.
fn is_delimiter(line: &str) -> bool {
    let line = line.trim();
    line.contains('-') && line.contains('|') && line.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '))
}

/// The cells of a row: separated by pipes that are not escaped.
fn cells(line: &str) -> Vec<Cell> {
    let mut raw = Vec::new();
    let mut from = 0;
    let mut escaped = false;
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            b'|' if !escaped => {
                raw.push(&line[from..at]);
                from = at + 1;
            }
            b'\\' => {
                escaped = !escaped;
                continue;
            }
            _ => {}
        }
        escaped = false;
    }
    if !line[from..].trim().is_empty() || !line.ends_with('|') {
        raw.push(&line[from..]);
    }
    let outer = usize::from(raw.len() > 1 && raw[0].trim().is_empty() && line.starts_with('|'));
    raw[outer..].iter().map(|text| cell(text.trim())).collect()
}

fn cell(raw: &str) -> Cell {
    let mut rest = raw;
    let mut arrows = 0;
    while let Some(below) = rest.strip_prefix('↳') {
        arrows += 1;
        rest = below.trim_start();
    }
    Cell::new(&inline(rest), arrows)
}

/// `- [x] text`, or a box of its own.
fn checkbox(line: &str) -> Option<(bool, String)> {
    let item = line.trim_start_matches(['-', '*', '+']).trim_start();
    for (mark, done) in [("[ ]", false), ("[x]", true), ("[X]", true), ("☐", false), ("☑", true), ("☒", true)] {
        if let Some(text) = item.strip_prefix(mark) {
            return Some((done, inline(text.trim())));
        }
    }
    None
}

/// The title, owner and day of `Provide a data sample (Owner: IT Manager, Due: Feb 18, 2026)`, or of the same with
/// dashes: `Provide a data sample - IT Manager - 2026-02-18`.
fn commitment(done: bool, text: &str) -> Vec<Cell> {
    let (mut owner, mut due) = (String::new(), String::new());
    let bracketed = text.strip_suffix(')').and_then(|open| open.rsplit_once('('));
    let mut parts: Vec<&str> = match bracketed {
        Some((title, notes)) => std::iter::once(title).chain(notes.split([';', ','])).collect(),
        None => vec![text],
    };
    if parts.len() == 1 || !has_day(&parts[1..]) {
        parts = text
            .split([" — ", " – ", " - ", " | "].iter().find(|dash| text.contains(**dash)).unwrap_or(&" — "))
            .collect();
    }
    let mut title = parts[0].trim().to_owned();
    let mut at = 1;
    let tells_day = has_day(&parts[1..]);
    while at < parts.len() {
        // A comma within a day does not end it: `Feb 18, 2026`.
        let joined = parts.get(at + 1).map(|next| format!("{},{next}", parts[at]));
        let label =
            |part: &str| part.split_once(':').map(|(label, value)| (plain_words(label), value.trim().to_owned()));
        let day = |part: &str| {
            let part = label(part)
                .filter(|(label, _)| column(label) == column("due"))
                .map_or(part.to_owned(), |(_, value)| value);
            let part = part.trim().trim_start_matches("due ").trim_start_matches("by ").trim().to_owned();
            dates::read(&part).map(|_| part)
        };
        if let Some(found) = joined.as_deref().and_then(day) {
            due = found;
            at += 1;
        } else if let Some(found) = day(parts[at]) {
            due = found;
        } else {
            match label(parts[at]) {
                Some((label, value)) if column(&label) == column("owner") => owner = value,
                Some((label, value)) if column(&label) == column("due") => due = value,
                _ if owner.is_empty() && tells_day => owner = parts[at].trim().into(),
                _ => title = format!("{title}, {}", parts[at].trim()),
            }
        }
        at += 1;
    }
    if due.is_empty()
        && let Some((what, day)) = [" by ", " due "].iter().find_map(|word| title.rsplit_once(word))
        && dates::read(day).is_some()
    {
        (title, due) = (what.trim_end_matches([',', ' ']).to_owned(), day.to_owned());
    }
    [title, owner, due, if done { "done" } else { "pending" }.into()].map(Cell::from).into()
}

/// Whether one of these parts, or a pair of them, says a day or is labelled as owner or day.
fn has_day(parts: &[&str]) -> bool {
    let is_labelled = |part: &&str| {
        let words = plain_words(part.split(':').next().unwrap_or_default());
        part.contains(':') && (column(&words) == column("owner") || column(&words) == column("due"))
    };
    let is_day = |part: &str| {
        let part = part.trim().to_lowercase();
        dates::read(part.trim_start_matches("due ").trim_start_matches("by ")).is_some()
    };
    parts.iter().any(|part| is_day(part) || is_labelled(part))
        || parts.windows(2).any(|pair| is_day(&format!("{},{}", pair[0], pair[1])))
}

/// The plain text of a line: marks of emphasis and struck text go, escapes, entities and `<br>` become what they mean.
pub(super) fn inline(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(c) = rest.chars().next() {
        let behind = &rest[c.len_utf8()..];
        if c == '\\'
            && let Some(escaped) = behind.chars().next().filter(char::is_ascii_punctuation)
        {
            text.push(escaped);
            rest = &behind[1..];
        } else if let Some(below) = rest.strip_prefix("~~") {
            // What was struck out is no longer said, unless nothing else is.
            let (struck, below) = below.split_once("~~").unwrap_or(("", below));
            if below.trim().is_empty() && text.trim().is_empty() {
                text.push_str(struck);
            }
            rest = below.trim_start();
        } else if let Some(below) = rest.strip_prefix("**").or_else(|| rest.strip_prefix("__")) {
            rest = below;
        } else if matches!(c, '*' | '`') {
            rest = behind;
        } else if c == '<'
            && let Some((tag, below)) = behind.split_once('>')
            && is_tag(tag)
        {
            if tag.trim_end_matches(['/', ' ']).eq_ignore_ascii_case("br") {
                text.push('\n');
            }
            rest = below;
        } else if c == '&'
            && let Some((meant, below)) = entity(behind)
        {
            text.push(meant);
            rest = below;
        } else if c == '['
            && let Some((label, below)) = link(behind)
        {
            text.push_str(label);
            rest = below;
        } else {
            text.push(c);
            rest = behind;
        }
    }
    text
}

fn is_tag(tag: &str) -> bool {
    let name = tag.trim_start_matches('/').trim_end_matches(['/', ' ']);
    !name.is_empty() && name.len() < 12 && name.chars().all(|c| c.is_ascii_alphanumeric())
}

fn entity(rest: &str) -> Option<(char, &str)> {
    let (name, below) = rest.split_at(rest.bytes().take(12).position(|byte| byte == b';')?);
    let meant = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "nbsp" => ' ',
        "apos" => '\'',
        number => char::from_u32(number.strip_prefix('#')?.parse().ok()?)?,
    };
    Some((meant, &below[1..]))
}

/// The label of `label](address)`.
fn link(rest: &str) -> Option<(&str, &str)> {
    let (label, address) = rest.split_once("](")?;
    let (_, below) = address.split_once(')')?;
    (!label.contains(['[', ']', '\\'])).then_some((label, below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_its_plain_text() {
        for (raw, plain) in [
            ("**POC** `x` a\\|b \\*c\\*", "POC x a|b *c*"),
            ("~~Feb 20~~ **Feb 25**", "Feb 25"),
            ("~~gone~~", "gone"),
            ("a<br>b<BR/>c", "a\nb\nc"),
            ("1 < 2 > 0 & Q&amp;A &#8627;", "1 < 2 > 0 & Q&A ↳"),
            ("[plan](https://x.org) [ ]", "plan [ ]"),
            ("\\<b\\>", "<b>"),
        ] {
            assert_eq!(inline(raw), plain, "{raw}");
        }
    }

    #[test]
    fn commitments_are_lines_with_a_box() {
        for line in [
            "- [ ] Provide data sample (Owner: IT Manager, Due: Feb 18, 2026)",
            "- [ ] Provide data sample (IT Manager, Feb 18, 2026)",
            "* ☐ Provide data sample - IT Manager - 18 Feb 2026",
            "- [ ] Provide data sample (Owner: IT Manager; Due: by Feb 18, 2026)",
            "- [ ] **Provide data sample** — Owner: IT Manager — Due: 2/18/2026",
        ] {
            let (done, text) = checkbox(line).unwrap();
            let cells: Vec<String> = commitment(done, &text).into_iter().map(|cell| cell.text).collect();
            assert_eq!(
                (&*cells[0], &*cells[1], &*cells[3]),
                ("Provide data sample", "IT Manager", "pending"),
                "{line}"
            );
            assert!(dates::read(&cells[2]).is_some(), "{line}");
        }
        let cells = commitment(false, "Call legal, procurement and IT by March 3, 2026");
        assert_eq!((&*cells[0].text, &*cells[2].text), ("Call legal, procurement and IT", "March 3, 2026"));
        let cells = commitment(true, "Deploy to the team (45 users)");
        assert_eq!((&*cells[0].text, &*cells[3].text), ("Deploy to the team (45 users)", "done"));
    }
}
