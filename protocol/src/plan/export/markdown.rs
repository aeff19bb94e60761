//! A document to read, send and print: the head, a table for each phase, criteria, risks, people, calls.
//!
//! It explains itself to anyone who opens it, and [`import`](super::super::import) reads the plan back from it. A milestone
//! stands in bold, its tasks below it behind `↳`. Columns that nobody filled are left out.

use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::civil::Date;

use super::cell;
use super::outline::{Line, Section, sections};
use crate::plan::{Dependency, Entity, Plan, Status};

/// What tells a heading that names a phase from one that does not, where its words alone would not.
pub(crate) const PHASE_PREFIX: &str = "Phase: ";

/// The columns that are written only if an item fills them.
const OPTIONAL: &[(&str, &str)] = &[
    ("Start", "start"),
    ("Blocked because", "blocked.reason"),
    ("Blocked needs", "blocked.needs"),
    ("Reason", "reason"),
    ("Buyer gets", "buyerGets"),
    ("Done when", "doneWhen"),
    ("Evidence", "evidence"),
    ("Resources", "resources"),
    ("Notes", "notes"),
];

/// The words of headings that say what a table is and not which phase it belongs to.
const GENERAL_WORDS: &[&str] = &[
    "a",
    "action",
    "actions",
    "activities",
    "agreed",
    "all",
    "and",
    "buyer",
    "buyers",
    "client",
    "close",
    "commitments",
    "customer",
    "customers",
    "dates",
    "deliverables",
    "execution",
    "items",
    "joint",
    "key",
    "map",
    "milestone",
    "milestones",
    "mutual",
    "next",
    "open",
    "other",
    "our",
    "owners",
    "phase",
    "phases",
    "plan",
    "program",
    "project",
    "prospect",
    "schedule",
    "seller",
    "sellers",
    "shared",
    "status",
    "step",
    "steps",
    "success",
    "summary",
    "supplier",
    "table",
    "task",
    "tasks",
    "the",
    "timeline",
    "to",
    "todo",
    "vendor",
    "vendors",
    "your",
];

/// Whether a heading says only what a table is: `Key milestones and timeline`, `Customer action items`, `Mutual Close
/// Plan`. A single word that is also a phase, such as `Close`, is not.
pub(crate) fn is_general(heading: &str) -> bool {
    let words: Vec<String> = heading
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .filter(|word| !word.is_empty())
        .map(|word| word.trim_end_matches("'s").to_lowercase())
        .collect();
    let is_known = |word: &String| GENERAL_WORDS.binary_search(&word.as_str()).is_ok();
    words.iter().all(is_known) && words != ["close"] && words != ["execution"]
}

/// The plan as a Markdown document, as of a day: that is when an open item counts as overdue.
#[must_use]
pub fn markdown(plan: &Plan, as_of: Date) -> String {
    let mut page = String::with_capacity(16 << 10);
    head(&mut page, plan, as_of);
    let dependencies = cell::dependencies(plan);
    let sections = sections(plan);
    for section in &sections {
        phase(&mut page, plan, section, &dependencies, as_of);
    }
    if sections.iter().any(|section| !section.lines.is_empty()) {
        page.push_str("\n✅ complete · 🔄 in progress · ⬜ pending · ⛔ blocked · ❌ cancelled · ⚠ overdue\n");
    }
    criteria(&mut page, plan);
    risks(&mut page, plan);
    people(&mut page, plan);
    let calls: Vec<String> = plan.entities("cadence").filter_map(|call| Some(text(call.title()?))).collect();
    bullets(&mut page, "Reviews and updates", &calls);
    page
}

fn head(page: &mut String, plan: &Plan, as_of: Date) {
    let meta = &plan.meta;
    let word = meta.text("planWord").unwrap_or("Mutual Action Plan");
    let _ = writeln!(page, "# {}\n\n{}, as of {as_of}.\n", text(meta.text("title").unwrap_or(word)), text(word));
    let amount = meta.number("value.amount").map(|amount| {
        let basis = match meta.text("value.basis") {
            Some(basis @ ("acv" | "tcv" | "arr")) => basis.to_uppercase(),
            Some("one_off") => "one-off".into(),
            _ => String::new(),
        };
        format!("{amount} {} {basis}", meta.text("value.currency").unwrap_or_default())
    });
    let target = meta.text("target.date").map(|day| match meta.text("target.kind") {
        Some("close") => format!("{day} (close)"),
        Some("go_live") => format!("{day} (go-live)"),
        _ => day.to_owned(),
    });
    let sponsors = meta.members("sponsors").map(|(id, _)| {
        let person = plan.person(id);
        person.map_or(id, |person| person.label()).to_owned()
    });
    let done = plan.milestones().filter(|each| each.status() == Status::Complete).count();
    let counted = plan.milestones().filter(|each| each.status() != Status::Cancelled).count();
    for (label, value) in [
        ("Account", meta.text("account").map(str::to_owned)),
        ("Opportunity", meta.text("opportunity").map(str::to_owned)),
        ("Value", amount),
        ("Target date", target),
        ("Go-live", meta.text("goLive").map(str::to_owned)),
        ("Sponsors", Some(sponsors.collect::<Vec<_>>().join(", "))),
        ("Value proposition", meta.text("valueProposition").map(str::to_owned)),
        ("Progress", (counted > 0).then(|| format!("{done} of {counted} milestones complete"))),
    ] {
        if let Some(value) = value.filter(|value| !value.trim().is_empty()) {
            let _ = writeln!(page, "- **{label}:** {}", text(value.trim()));
        }
    }
    let objectives: Vec<String> = plan.entities("objectives").filter_map(|each| Some(text(each.notes()?))).collect();
    bullets(page, "Objectives", &objectives);
}

fn phase(
    page: &mut String,
    plan: &Plan,
    section: &Section<'_>,
    dependencies: &BTreeMap<&str, Vec<Dependency<'_>>>,
    as_of: Date,
) {
    let heading = match section.phase {
        Some(phase) => {
            let name = phase.title().unwrap_or(phase.id);
            let prefix =
                if is_general(name) || name.starts_with(PHASE_PREFIX) || is_section(name) { PHASE_PREFIX } else { "" };
            format!("{prefix}{}", text(name))
        }
        None if matches!(section.lines.first(), Some(Line::Milestone(_))) => "Other milestones".into(),
        None => "Other tasks".into(),
    };
    let _ = writeln!(page, "\n## {heading}\n");
    if let Some(criteria) = section.phase.and_then(|phase| phase.row.text("exitCriteria")) {
        let _ = writeln!(page, "Done when: {}\n", text(criteria));
    }
    let is_filled = |field: &str| section.lines.iter().any(|line| item(line).row.text(field).is_some());
    let optional: Vec<_> = OPTIONAL.iter().filter(|(_, field)| is_filled(field)).collect();
    let mut header = vec!["Id", "Milestone / task", "Side", "Owners", "Due", "Status", "Depends on"];
    header.extend(optional.iter().map(|(name, _)| *name));
    table_head(page, &header);
    for line in &section.lines {
        let entity = item(line);
        let due = entity.row.date("due");
        let (title, status) = match line {
            Line::Milestone(each) => (format!("**{}**", text(each.title().unwrap_or_default())), each.status()),
            Line::Task(each, depth) => {
                // Deeper than a reader can count, the arrows would only make the table grow.
                let arrows = "↳ ".repeat((*depth).min(ARROWS_MAX));
                (format!("{arrows}{}", text(each.title().unwrap_or_default())), each.status())
            }
        };
        let side = entity.party();
        let mut cells = vec![
            text(entity.id),
            title,
            side.map(|side| text(&cell::party(plan, side))).unwrap_or_default(),
            text(&cell::owners(plan, entity, side)),
            due.map(|due| due.to_string()).unwrap_or_default(),
            text(&cell::status(&status)) + &overdue(&status, due, as_of),
            text(&cell::depends_on(dependencies.get(entity.id))),
        ];
        cells.extend(optional.iter().map(|(_, field)| text(entity.row.text(field).unwrap_or_default())));
        table_row(page, &cells);
    }
}

/// How many arrows stand before the deepest task.
const ARROWS_MAX: usize = 8;

fn item<'a>(line: &Line<'a>) -> Entity<'a> {
    match line {
        Line::Milestone(each) => **each,
        Line::Task(each, _) => **each,
    }
}

fn overdue(status: &Status, due: Option<Date>, as_of: Date) -> String {
    let days = due.and_then(|due| due.until(as_of).ok()).map_or(0, |late| late.get_days());
    match (status, days) {
        (Status::Complete | Status::Cancelled, _) | (_, i32::MIN..=0) => String::new(),
        (_, 1) => " ⚠ 1 day overdue".into(),
        (_, days) => format!(" ⚠ {days} days overdue"),
    }
}

/// Whether a heading is one of this document's own.
fn is_section(name: &str) -> bool {
    ["Objectives", "Success criteria", "Risks", "People", "Reviews and updates"].contains(&name)
}

fn criteria(page: &mut String, plan: &Plan) {
    let mut rows = plan.entities("criteria").peekable();
    if rows.peek().is_none() {
        return;
    }
    page.push_str("\n## Success criteria\n\n");
    table_head(page, &["Criterion", "Side", "From", "To", "Unit", "By", "Measured"]);
    for each in rows {
        let value = |field: &str| {
            each.row.get(field).map(|value| match value.as_str() {
                Some(value) => text(value),
                None => value.to_json().to_string(),
            })
        };
        let side = each.party().map(|party| text(&cell::party(plan, party)));
        let cells =
            [value("title"), side, value("baseline"), value("target"), value("unit"), value("by"), value("measured")];
        table_row(page, &cells.map(Option::unwrap_or_default));
    }
}

fn risks(page: &mut String, plan: &Plan) {
    let mut rows = plan.risks().peekable();
    if rows.peek().is_none() {
        return;
    }
    page.push_str("\n## Risks\n\n");
    table_head(page, &["Risk", "Probability", "Impact", "Mitigation", "Side", "Owners", "State", "Concerns"]);
    for each in rows {
        let word = |field| text(&capitalised(each.row.text(field).unwrap_or_default()));
        let is_there = |id: &&str| plan.task(id).is_some() || plan.milestone(id).is_some();
        let linked: Vec<&str> = each.linked().filter(is_there).collect();
        table_row(
            page,
            &[
                text(each.title().unwrap_or_default()),
                word("probability"),
                word("impact"),
                text(each.row.text("mitigation").unwrap_or_default()),
                each.party().map(|party| text(&cell::party(plan, party))).unwrap_or_default(),
                text(&cell::owners(plan, *each, each.party())),
                text(&capitalised(each.state().as_str())),
                text(&cell::entries(linked)),
            ],
        );
    }
}

fn people(page: &mut String, plan: &Plan) {
    let mut rows: Vec<_> = plan.people().collect();
    if rows.is_empty() {
        return;
    }
    rows.sort_by_key(|person| (person.party().unwrap_or("~"), person.id));
    page.push_str("\n## People\n\n");
    table_head(page, &["Side", "Name", "Role", "Decision role", "Needs to say yes"]);
    let stakeholders: BTreeMap<&str, Entity<'_>> = plan.entities("stakeholders").map(|each| (each.id, each)).collect();
    for person in rows {
        let of_map = |field| stakeholders.get(person.id).and_then(|each| each.row.text(field)).unwrap_or_default();
        table_row(
            page,
            &[
                person.party().map(|party| text(&cell::party(plan, party))).unwrap_or_default(),
                text(person.row.text("name").unwrap_or_default()),
                text(person.row.text("role").unwrap_or_default()),
                text(&capitalised(of_map("decisionRole"))),
                text(of_map("needs")),
            ],
        );
    }
}

/// `economic_buyer` as `Economic buyer`.
fn capitalised(word: &str) -> String {
    let words = word.replace('_', " ");
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn bullets(page: &mut String, heading: &str, lines: &[String]) {
    if !lines.is_empty() {
        let _ = writeln!(page, "\n## {heading}\n");
        for line in lines {
            let _ = writeln!(page, "- {line}");
        }
    }
}

fn table_head(page: &mut String, names: &[&str]) {
    let _ = writeln!(page, "| {} |\n|{}", names.join(" | "), " --- |".repeat(names.len()));
}

fn table_row(page: &mut String, cells: &[String]) {
    let _ = writeln!(page, "| {} |", cells.join(" | "));
}

/// A text as one line of Markdown that shows exactly these characters: line ends become `<br>`, what Markdown would
/// read is escaped, and characters that hide or turn the text around are left out.
fn text(plain: &str) -> String {
    let mut line = String::with_capacity(plain.len() + 8);
    let plain = plain.replace("\r\n", "\n");
    let mut chars = plain.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\n' | '\r' | '\u{2028}' | '\u{2029}' => line.push_str("<br>"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' => line.extend(['\\', c]),
            '#' | '+' | '-' | '=' if at == 0 || chars.peek().is_none() => line.extend(['\\', c]),
            // Also for readers that know HTML before escapes.
            '<' => line.push_str("&lt;"),
            '>' => line.push_str("&gt;"),
            '&' if is_entity(&plain[at..]) => line.push_str("&amp;"),
            '↳' if at == 0 => line.push_str("&#8627;"),
            '\t' => line.push(' '),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            c if c.is_control() => {}
            c => line.push(c),
        }
    }
    // White space at the ends is no part of a cell, but of the text it may be.
    line
}

fn is_entity(text: &str) -> bool {
    let name = text[1..].split(';').next().unwrap_or_default();
    name.len() < text.len() - 1
        && name.len() < 40
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '#')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn general_words_are_sorted_for_the_search() {
        assert!(GENERAL_WORDS.is_sorted());
        for heading in ["Key milestones & timeline", "Customer action items", "Mutual Close Plan", "Next steps", ""] {
            assert!(is_general(heading), "{heading}");
        }
        for heading in ["Close", "Legal", "Business case and approval", "Proof of value"] {
            assert!(!is_general(heading), "{heading}");
        }
    }

    #[test]
    fn a_hostile_text_stays_a_text() {
        for (plain, line) in [
            ("a | b", "a \\| b"),
            ("x\ny\r\nz", "x<br>y<br>z"),
            ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
            ("[click](javascript:x)", "\\[click\\](javascript:x)"),
            ("\u{202e}evil\u{0}", "evil"),
            ("Q&A &lt; R&D", "Q&A &amp;lt; R&D"),
            ("- [ ] x", "\\- \\[ \\] x"),
            ("Follow-up #2", "Follow-up #2"),
            ("# no heading #", "\\# no heading \\#"),
            ("C:\\", "C:\\\\"),
        ] {
            assert_eq!(text(plain), line, "{plain:?}");
        }
    }
}
