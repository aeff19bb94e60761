//! What single entities lack: owners, days, what done means, and the fields a complete plan has.

use super::Level::{Error, Hint, Warning};
use super::{Advice, Sight, name, quoted};
use crate::plan::schema::{COLLECTIONS, Field, Kind};

pub(super) fn lint(sight: &Sight<'_>, advice: &mut Vec<Advice>) {
    for item in sight.open() {
        if item.owners().next().is_none() {
            let message = format!("{} has no owner, so nobody does it: name one", name(item));
            advice.push(Advice::new(Error, "no_owner", "R27", message).about(item.path()));
        }
        if item.due.is_none() {
            let message = format!("{} has no due day, so it is a wish: agree on one", name(item));
            advice.push(Advice::new(Error, "no_due", "R27", message).about(item.path()));
        }
    }
    let milestones = sight.open().filter(|item| item.is_milestone);
    for milestone in milestones {
        if milestone.row.text("buyerGets").is_none_or(|text| text.trim().is_empty()) {
            let message = format!("{} does not say what the buyer gets out of it: write one line", name(milestone));
            advice.push(Advice::new(Warning, "no_buyer_gets", "R19", message).about(milestone.path()));
        }
        if milestone.row.text("doneWhen").is_none_or(|text| text.trim().is_empty()) {
            let message =
                format!("{} does not say when it is done: write what both sides will see then", name(milestone));
            advice.push(Advice::new(Warning, "no_done_when", "R13", message).about(milestone.path()));
        }
    }
    let milestone_ids: std::collections::BTreeSet<&str> = sight.milestones().map(|item| item.id).collect();
    for task in sight.tasks().filter(|task| milestone_ids.contains(task.id)) {
        let message =
            format!("{} has the id of a milestone, which dependencies cannot tell apart: add it anew", name(task));
        advice.push(Advice::new(Error, "ambiguous_id", "R36", message).about(task.path()));
    }
    incomplete(sight, advice);
}

/// Fields that the schema calls required and no other check asks for.
fn incomplete(sight: &Sight<'_>, advice: &mut Vec<Advice>) {
    for field in COLLECTIONS.iter().filter(|each| each.is_single()).flat_map(|meta| meta.fields) {
        let asked_for = matches!(field.name, "sponsors" | "valueProposition");
        if field.required && !asked_for && sight.plan.meta.get(field.name).is_none() {
            let rule = match field.name {
                "account" => "R01",
                "opportunity" => "R02",
                "target.date" => "R03",
                _ => "R06",
            };
            let message = format!("The plan has no {}: fill it in", words(field));
            advice.push(Advice::new(Warning, "incomplete", rule, message).about("meta"));
        }
    }
    for collection in COLLECTIONS.iter().filter(|each| !each.is_single() && !each.server_written) {
        let Some(rule) = rule(collection.name) else { continue };
        for (id, row) in sight.plan.ordered(collection, false) {
            if matches!(row.text("status"), Some("complete" | "cancelled")) || row.text("state") == Some("closed") {
                continue;
            }
            let is_absent = |field: &&Field| match field.kind {
                Kind::Set(_) | Kind::Map(_) => row.members(field.name).next().is_none(),
                _ => row.get(field.name).is_none(),
            };
            // Owners and days of items have an error of their own.
            let asked_for = |field: &Field| {
                matches!(collection.name, "tasks" | "milestones") && matches!(field.name, "owners" | "due")
            };
            let fields = collection.fields.iter().filter(|field| field.required && !asked_for(field));
            let missing: Vec<String> = fields.filter(is_absent).map(words).collect();
            if !missing.is_empty() {
                let title = row.text("title").or_else(|| row.text("name")).unwrap_or(id);
                let message =
                    format!("The {} {} has no {}: fill it in", collection.singular, quoted(title), missing.join(", "));
                advice.push(Advice::new(Hint, "incomplete", rule, message).about(format!("{}/{id}", collection.name)));
            }
        }
    }
}

/// The requirement that asks for the fields of a collection; none for what a plan need not be complete in.
fn rule(collection: &str) -> Option<&'static str> {
    Some(match collection {
        "parties" => "R54",
        "people" => "R24",
        "stakeholders" => "R46",
        "criteria" => "R11",
        "phases" => "R16",
        "milestones" => "R22",
        "tasks" => "R26",
        "risks" => "R56",
        "cadence" => "R59",
        "calendar" => "R39",
        _ => return None,
    })
}

/// `decisionRole` as `decision role`.
fn words(field: &Field) -> String {
    let mut words = String::new();
    for c in field.name.chars() {
        if c.is_ascii_uppercase() || c == '.' {
            words.push(' ');
        }
        if c != '.' {
            words.push(c.to_ascii_lowercase());
        }
    }
    words
}
