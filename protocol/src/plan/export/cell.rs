//! What stands in one cell: owners, dependencies, a status; and the guard that keeps a cell from being a formula.
//!
//! Owners and dependencies are lists: `IT Team (buyer, 3 days); SE Team (seller)`, `ms-05 (30 days); va-3 (soft)`.
//! A label that would be read as more than one is quoted.

use std::collections::BTreeMap;

use super::side;
use crate::plan::{Dependency, Entity, Milestone, Plan, Status};

/// The sign and the words of a status; of a newer client's status its own word.
pub(super) fn status(status: &Status) -> String {
    match status {
        Status::Pending => "⬜ Pending".into(),
        Status::InProgress => "🔄 In progress".into(),
        Status::Blocked => "⛔ Blocked".into(),
        Status::Complete => "✅ Complete".into(),
        Status::Cancelled => "❌ Cancelled".into(),
        Status::Unknown(word) => word.to_string(),
    }
}

/// What to call a party in a cell: `buyer`, `seller`, `joint`, or `partner` and its id.
pub(super) fn party(plan: &Plan, id: &str) -> String {
    let kind = |id| {
        let row = plan.row(crate::plan::schema::collection("parties")?, id)?;
        row.text("kind").map(str::to_owned)
    };
    match kind(id).as_deref() {
        Some(word @ ("buyer" | "seller")) => word.to_owned(),
        Some("partner") => format!("partner {id}"),
        _ => id.to_owned(),
    }
}

/// The owners of an item, each with its party unless that is `side`, a milestone's also with their days of work.
pub(super) fn owners(plan: &Plan, item: Entity<'_>, side: Option<&str>) -> String {
    let effort: BTreeMap<&str, f64> = Milestone(item).effort().collect();
    let owners = item.owners().map(|id| {
        let person = plan.person(id);
        let of = person.and_then(|person| person.party());
        let mut notes: Vec<String> = of.filter(|of| Some(*of) != side).map(|of| party(plan, of)).into_iter().collect();
        notes.extend(effort.get(id).map(|days| format!("{days} {}", if *days == 1.0 { "day" } else { "days" })));
        entry(person.map_or(id, |person| person.label()), &notes)
    });
    owners.collect::<Vec<_>>().join("; ")
}

/// The dependencies of every item that has some, in the order of their ids.
pub(super) fn dependencies(plan: &Plan) -> BTreeMap<&str, Vec<Dependency<'_>>> {
    let is_item = |id| plan.milestone(id).is_some_and(|each| !each.is_removed()) || is_task(plan, id);
    let mut of_item: BTreeMap<&str, Vec<Dependency<'_>>> = BTreeMap::new();
    for dependency in plan.dependencies().filter(|each| is_item(each.from()) && is_item(each.to())) {
        of_item.entry(dependency.to()).or_default().push(dependency);
    }
    of_item
}

fn is_task(plan: &Plan, id: &str) -> bool {
    plan.task(id).is_some_and(|task| !task.is_removed())
}

/// What an item waits for.
pub(super) fn depends_on(dependencies: Option<&Vec<Dependency<'_>>>) -> String {
    let entries = dependencies.into_iter().flatten().map(|each| {
        let mut notes = Vec::new();
        if each.kind() != "FS" {
            notes.push(each.kind().to_owned());
        }
        if !each.is_hard() {
            notes.push("soft".into());
        }
        match each.min_gap_days() {
            0 => {}
            1 => notes.push("1 day".into()),
            days => notes.push(format!("{days} days")),
        }
        entry(each.from(), &notes)
    });
    entries.collect::<Vec<_>>().join("; ")
}

/// A list of labels.
pub(super) fn entries<'a>(labels: impl IntoIterator<Item = &'a str>) -> String {
    labels.into_iter().map(|label| entry(label, &[])).collect::<Vec<_>>().join("; ")
}

/// A label with notes in brackets, as a member of a list.
fn entry(label: &str, notes: &[String]) -> String {
    let is_split = [" / ", " + "].iter().any(|separator| format!(" {label} ").contains(separator));
    let is_read_otherwise = is_split || side::party(label).is_some() || side::is_nothing(label);
    let is_plain = !label.is_empty()
        && label.trim() == label
        && !is_read_otherwise
        && !label.contains(|c: char| matches!(c, ';' | ',' | '(' | ')' | '"' | ':') || c.is_control());
    let label = if is_plain { label.to_owned() } else { format!("\"{}\"", label.replace('"', "\"\"")) };
    if notes.is_empty() { label } else { format!("{label} ({})", notes.join(", ")) }
}

/// Puts `'` where a spreadsheet would begin a formula: at the beginning of a cell, and inside behind whatever may
/// separate cells, since programs disagree on the separator. [`unguard`] takes them away again.
pub(crate) fn guard(text: &str) -> String {
    walk(text, |quotes, guarded| guarded.extend(std::iter::repeat_n('\'', quotes + 1)))
}

/// The text that was guarded; another text as it is, save for `'` before a formula.
pub(crate) fn unguard(text: &str) -> String {
    walk(text, |quotes, bare| bare.extend(std::iter::repeat_n('\'', quotes.saturating_sub(1))))
}

/// Copies a text and gives each run of `'` before a formula, also an empty one, to `quote`.
fn walk(text: &str, quote: impl Fn(usize, &mut String)) -> String {
    let mut copy = String::with_capacity(text.len() + 1);
    // Where a formula may begin, the `'` that stand there so far.
    let mut quotes = Some(0);
    for (at, c) in text.char_indices() {
        let begins = quotes.filter(|quotes| is_formula(c) || (is_separator(c) && c.is_control() && at == *quotes));
        match (begins, quotes) {
            (Some(count), _) => quote(count, &mut copy),
            (None, Some(count)) if c == '\'' => {
                quotes = Some(count + 1);
                continue;
            }
            (None, count) => copy.extend(std::iter::repeat_n('\'', count.unwrap_or(0))),
        }
        copy.push(c);
        quotes =
            if is_separator(c) || (quotes.is_some() && matches!(c, ' ' | '"' | '\u{a0}')) { Some(0) } else { None };
    }
    copy.extend(std::iter::repeat_n('\'', quotes.unwrap_or(0)));
    copy
}

/// The full-width signs are read as formulas too by programs of East Asian languages.
fn is_formula(c: char) -> bool {
    matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠')
}

fn is_separator(c: char) -> bool {
    matches!(c, ',' | ';' | '|' | '\t' | '\r' | '\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_begins_a_formula() {
        for (text, guarded) in [
            ("=1+2", "'=1+2"),
            ("+49 30 1", "'+49 30 1"),
            ("-5 days", "'-5 days"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t'=1"),
            ("\r=1", "'\r'=1"),
            ("＝1", "'＝1"),
            (" =1", " '=1"),
            ("\"=1", "\"'=1"),
            ("'=1", "''=1"),
            ("a;=1", "a;'=1"),
            ("a, \"=HYPERLINK(\"\"x\"\")", "a, \"'=HYPERLINK(\"\"x\"\")"),
            ("a\n- b\n- c", "a\n'- b\n'- c"),
            ("'Tis fine, 'really'", "'Tis fine, 'really'"),
            ("2026-04-30 a=b C++", "2026-04-30 a=b C++"),
            ("", ""),
        ] {
            assert_eq!(guard(text), guarded, "{text:?}");
            assert_eq!(unguard(guarded), text, "{guarded:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_guarded_text_comes_back(text in "['=+@a;, \t\r\n\"-]{0,12}|.*") {
            let guarded = guard(&text);
            proptest::prop_assert!(!guarded.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']));
            proptest::prop_assert_eq!(unguard(&guarded), text);
        }
    }
}
