//! A list in one cell: `IT Team (buyer, 3 days); SE Team`, `ms-05 (30 days); "Review, sign"`.

/// A member of a list, with the notes in brackets behind it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Entry {
    pub(super) label: String,
    pub(super) notes: Vec<String>,
    /// The member as it was written.
    pub(super) written: String,
}

impl Entry {
    /// Whether quotes say that it is a label, whatever it reads like.
    pub(super) fn is_quoted(&self) -> bool {
        self.written.starts_with('"')
    }
}

/// The members of a list that is separated by `;` and line ends, and with `commas` also by commas, ` / ` and ` + `.
/// What stands in quotes or brackets is not separated.
pub(super) fn entries(text: &str, commas: bool) -> Vec<Entry> {
    let mut written = Vec::new();
    let (mut from, mut depth, mut quoted, mut closed) = (0, 0_usize, false, usize::MAX);
    for (at, c) in text.char_indices() {
        let spaced = || text[..at].ends_with(' ') && text[at + c.len_utf8()..].starts_with(' ');
        match c {
            '"' if quoted => (quoted, closed) = (false, at + 1),
            // Two quotes within quotes are one, and the text goes on; a quote within a word is an inch.
            '"' if at == closed || text[from..at].trim().is_empty() || depth > 0 => quoted = true,
            _ if quoted => {}
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            ';' | '\n' => {
                written.push(&text[from..at]);
                from = at + 1;
            }
            ',' if commas => {
                written.push(&text[from..at]);
                from = at + 1;
            }
            '/' | '+' if commas && spaced() => {
                written.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    written.push(&text[from..]);
    written.into_iter().map(str::trim).filter(|each| !each.is_empty()).map(entry).collect()
}

fn entry(written: &str) -> Entry {
    let plain = |label: &str, notes: &str| Entry {
        label: label.trim().to_owned(),
        notes: notes.split(',').map(|note| note.trim().to_owned()).filter(|note| !note.is_empty()).collect(),
        written: written.to_owned(),
    };
    if let Some((label, rest)) = quoted(written) {
        let notes = rest.trim().strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        return match notes {
            None if !rest.trim().is_empty() => plain(written, ""),
            notes => Entry { label, ..plain("", notes.unwrap_or_default()) },
        };
    }
    match written.strip_suffix(')').and_then(|open| open.rsplit_once('(')) {
        Some((label, notes)) if !label.trim().is_empty() => plain(label, notes),
        _ => plain(written, ""),
    }
}

/// The text in quotes, and what follows.
fn quoted(written: &str) -> Option<(String, &str)> {
    let inner = written.strip_prefix('"')?;
    let mut label = String::new();
    let mut chars = inner.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match (c, chars.peek()) {
            ('"', Some((_, '"'))) => {
                chars.next();
                label.push('"');
            }
            ('"', _) => return Some((label, &inner[at + 1..])),
            _ => label.push(c),
        }
    }
    None
}

/// The number of days of a note: `3 days`, `1 day`, `+30d`, `2.5 days`.
pub(super) fn days(note: &str) -> Option<f64> {
    let note = note.trim().trim_start_matches('+').to_lowercase();
    let number = note.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let unit = note[number.len()..].trim();
    if !matches!(unit, "d" | "day" | "days") {
        return None;
    }
    number.parse().ok().filter(|days: &f64| days.is_finite() && (0.0..=36_600.0).contains(days))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(text: &str, commas: bool) -> Vec<String> {
        entries(text, commas).into_iter().map(|entry| entry.label).collect()
    }

    #[test]
    fn lists_as_people_and_exports_write_them() {
        let both = entries("IT Team (buyer, 3 days); SE Team (seller)", true);
        assert_eq!(both[0].label, "IT Team");
        assert_eq!(both[0].notes, ["buyer", "3 days"]);
        assert_eq!((both[1].label.as_str(), both.len()), ("SE Team", 2));
        assert_eq!(labels("IT Team (3 days), SE Team / Legal\nCFO", true), ["IT Team", "SE Team", "Legal", "CFO"]);
        assert_eq!(labels("Review, sign; NDA", false), ["Review, sign", "NDA"]);
        assert_eq!(labels("\"Doe, \"\"J\"\" (x); y\" (buyer); R&D/IT", true), ["Doe, \"J\" (x); y", "R&D/IT"]);
        assert_eq!(labels("19\" rack; (only this)", true), ["19\" rack", "(only this)"]);
        assert_eq!(labels(" ; ", true), [""; 0]);
        assert_eq!(
            (days("3 days"), days("+30d"), days("1 day"), days("3 weeks")),
            (Some(3.0), Some(30.0), Some(1.0), None)
        );
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text: String, quotes in "[\"(); ,a]{0,12}") {
            let _ = (entries(&text, true), entries(&quotes, true), entries(&quotes, false), days(&text));
        }
    }
}
