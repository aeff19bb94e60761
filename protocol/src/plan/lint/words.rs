//! Titles that say nothing, and people who join too late.

use std::collections::BTreeSet;

use super::Level::Hint;
use super::{Advice, Sight, name};
use crate::plan::party::Side;

/// First words that promise nothing by themselves.
const VAGUE: &[&str] = &["get", "review", "discuss", "talk", "check", "align", "sync", "follow", "touch", "explore"];
/// Words for something that can be handed over.
const DOCUMENTS: &[&str] = &[
    "agenda",
    "agreement",
    "analysis",
    "brief",
    "budget line",
    "business case",
    "certificate",
    "contract",
    "deck",
    "document",
    "form",
    "invoice",
    "list",
    "memo",
    "minutes",
    "order",
    "paper",
    "plan",
    "policy",
    "presentation",
    "proposal",
    "questionnaire",
    "quote",
    "redlines",
    "report",
    "requirements",
    "sample",
    "schedule",
    "scope",
    "sheet",
    "specification",
    "statement",
    "summary",
    "template",
    "timeline",
];

pub(super) fn lint(sight: &Sight<'_>, advice: &mut Vec<Advice>) {
    let people: BTreeSet<String> = sight
        .plan
        .entities("people")
        .flat_map(|person| [person.row.text("name"), person.row.text("role"), person.row.text("title")])
        .flatten()
        .flat_map(|words| words.split_whitespace())
        // A short word is somebody's only as it is written: the role IT is not in "get it approved".
        .map(|word| if word.len() > 3 { word.to_lowercase() } else { word.to_owned() })
        .collect();
    for item in sight.open() {
        let title = item.title().unwrap_or_default();
        if is_vague(title, &people) {
            let message =
                format!("{} cannot be checked: say who does what by which number, person or document", name(item));
            advice.push(Advice::new(Hint, "vague_title", "R28", message).about(item.path()));
        }
    }
    if has_signature(sight) && !is_customer_success_early(sight) {
        let message =
            "Nobody of customer success is on the plan before the signature: give them a part of an early milestone";
        advice.push(Advice::new(Hint, "no_customer_success", "R51", message));
    }
}

fn is_vague(title: &str, people: &BTreeSet<String>) -> bool {
    let mut words = title.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    if !words.next().is_some_and(|first| VAGUE.contains(&first.to_lowercase().as_str())) {
        return false;
    }
    let is_initials = |word: &str| word.len() > 1 && word.chars().all(char::is_uppercase);
    let is_definite = |word: &str| {
        let lower = word.to_lowercase();
        word.chars().any(char::is_numeric)
            || is_initials(word)
            || people.contains(word)
            || people.contains(&lower)
            || DOCUMENTS.iter().any(|document| lower == *document || lower.strip_suffix('s') == Some(*document))
    };
    let text = title.to_lowercase();
    !words.any(is_definite) && !DOCUMENTS.iter().any(|document| document.contains(' ') && text.contains(document))
}

fn has_signature(sight: &Sight<'_>) -> bool {
    sight.plan.meta.text("target.kind").is_none_or(|kind| kind == "close") && sight.milestones().next().is_some()
}

/// Whether somebody of customer success owns an item that is due before the target, or the target's own.
fn is_customer_success_early(sight: &Sight<'_>) -> bool {
    let seller = sight.parties.on(Side::Seller);
    let is_theirs = |person: &str| {
        let person = sight.plan.person(person).filter(|person| !person.is_removed());
        person.is_some_and(|person| {
            let of_seller = person.party().is_some_and(|party| sight.parties.named(party).meets(seller));
            of_seller && ["role", "title"].iter().filter_map(|field| person.row.text(field)).any(is_customer_success)
        })
    };
    let target = sight.plan.meta.date("target.date");
    let is_early = |due| target.is_none_or(|target| due <= target);
    sight.items.iter().any(|item| item.due.is_some_and(is_early) && item.owners().any(is_theirs))
}

fn is_customer_success(role: &str) -> bool {
    let role = role.to_lowercase();
    let has_word = |words: &[&str]| role.split(|c: char| !c.is_alphanumeric()).any(|word| words.contains(&word));
    role.contains("customer success") || role.contains("account manager") || has_word(&["csm", "cs"])
}
