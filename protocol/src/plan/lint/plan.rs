//! What the plan as a whole lacks: sides, size, a beginning and an end.

use super::Level::{Error, Hint, Warning};
use super::{Advice, Sight, name};
use crate::plan::item::Item;
use crate::plan::party::{PartySet, Side};
use crate::plan::row::Row;

/// Milestones, or phases, that a reader takes in.
const MILESTONES: std::ops::RangeInclusive<usize> = 5..=9;
const OPEN_TASKS_MAX: usize = 30;
const VALUE_WORDS: std::ops::RangeInclusive<usize> = 20..=30;
const TASKS_WITHOUT_DEPENDENCIES_MAX: usize = 5;

pub(super) fn lint(sight: &Sight<'_>, advice: &mut Vec<Advice>) {
    mutual(sight, advice);
    head(sight, advice);
    size(sight, advice);
    end(sight, advice);
    pilot(sight, advice);
    let plan = sight.plan;
    let tasks = sight.tasks().count();
    if tasks > TASKS_WITHOUT_DEPENDENCIES_MAX && plan.dependencies().next().is_none() {
        let message =
            format!("{tasks} tasks and no dependency: say what waits for what, so that a slip shows what else moves");
        advice.push(Advice::new(Hint, "no_dependency", "R36", message));
    }
    if plan.entities("cadence").next().is_none() {
        let message = "No cadence: agree on a review call, say every Tuesday at 10:00, and add it";
        advice.push(Advice::new(Hint, "no_cadence", "R59", message));
    }
}

/// Whether both sides have work to do.
fn mutual(sight: &Sight<'_>, advice: &mut Vec<Advice>) {
    let buyer = sight.parties.on(Side::Buyer);
    let of = |task: &Item<'_>| task.party().map(|party| sight.parties.named(party)).unwrap_or_default();
    if !sight.tasks().any(|task| of(task).is_within(buyer)) {
        let message = "No task is the buyer's: agree on the first one the buyer takes on, and make it theirs";
        advice.push(Advice::new(Error, "no_buyer_task", "R30", message));
    }
    let owners: Vec<PartySet> =
        sight.items.iter().flat_map(|item| item.owners()).map(|owner| sight.parties.of_person(owner)).collect();
    if let Some(first) = owners.first().filter(|first| owners.len() > 1 && !first.is_empty())
        && owners.iter().all(|owner| owner == first)
    {
        let who = if *first == buyer { "the buyer's" } else { "of one party" };
        let message = format!("Every owner is {who}: name an owner of the other side on each milestone");
        advice.push(Advice::new(Error, "one_sided", "R30", message));
    }
}

fn head(sight: &Sight<'_>, advice: &mut Vec<Advice>) {
    let meta = &sight.plan.meta;
    let words = meta.text("valueProposition").unwrap_or_default().split_whitespace().count();
    if !VALUE_WORDS.contains(&words) {
        let message = match words {
            0 => "No value proposition: say in 20 to 30 words what the buyer gets and which priority it serves".into(),
            _ => format!("The value proposition has {words} words: say it in 20 to 30"),
        };
        advice.push(Advice::new(Warning, "value_proposition", "R07", message).about("meta"));
    }
    for (side, word) in [(Side::Buyer, "buyer"), (Side::Seller, "seller")] {
        let own = sight.parties.on(side);
        if !meta.members("sponsors").any(|(person, _)| sight.parties.of_person(person).meets(own)) {
            let message = format!("No sponsor of the {word}: name the executive who stands for the plan");
            advice.push(Advice::new(Warning, "no_sponsor", "R04", message).about("meta"));
        }
    }
    let is_measured = |row: &Row| row.get("baseline").is_some() && row.get("target").is_some();
    if !sight.plan.entities("criteria").any(|criterion| is_measured(criterion.row)) {
        let message =
            "No success criterion has a baseline and a target: write down one number as it is and as it will be";
        advice.push(Advice::new(Warning, "no_criterion", "R11", message));
    }
    let target = meta.date("target.date");
    if let Some(target) = target
        && sight.milestones().next().is_some()
        && !sight.milestones().any(|milestone| milestone.due == Some(target))
    {
        let message =
            format!("No milestone is due on the target date {target}: move the one that stands for it, or the target");
        advice.push(Advice::new(Warning, "target_without_milestone", "R03", message).about("meta"));
    }
}

fn size(sight: &Sight<'_>, advice: &mut Vec<Advice>) {
    let (milestones, phases) = (sight.milestones().count(), sight.plan.entities("phases").count());
    if milestones < *MILESTONES.start() {
        let message =
            format!("{milestones} milestones: five to nine make a plan; add what the buyer decides on the way");
        advice.push(Advice::new(Warning, "few_milestones", "R17", message));
    } else if milestones > *MILESTONES.end() && !MILESTONES.contains(&phases) {
        let message =
            format!("{milestones} milestones in {phases} phases: group them into five to nine phases, or merge some");
        advice.push(Advice::new(Warning, "many_milestones", "R17", message));
    }
    let open = sight.tasks().filter(|task| task.is_open()).count();
    if open > OPEN_TASKS_MAX {
        let message =
            format!("{open} open tasks: nobody takes in more than 30; merge some, or make them parts of others");
        advice.push(Advice::new(Warning, "many_tasks", "R35", message));
    }
}

/// Whether it goes on until the buyer has something of it.
fn end(sight: &Sight<'_>, advice: &mut Vec<Advice>) {
    // Of several on one day the last in the order of the plan.
    let Some(last) = sight.milestones().max_by_key(|milestone| milestone.due) else { return };
    let meta = &sight.plan.meta;
    let ends_at_close = meta.text("target.kind") == Some("close")
        && last.due.is_some_and(|due| meta.date("target.date").is_some_and(|target| due <= target));
    let title = last.title().unwrap_or_default().to_lowercase();
    let is_optimization =
        last.row.is_set("optimization") || title.contains("optimization") || title.contains("optimisation");
    if ends_at_close {
        let message = format!(
            "The plan ends at the signature, {}: add what comes after it, up to the buyer's first results",
            name(last)
        );
        advice.push(Advice::new(Warning, "ends_at_signature", "R20", message).about(last.path()));
    } else if !is_optimization {
        let message = format!(
            "The last milestone, {}, is not Optimization: end with the buyer getting value and a review of it",
            name(last)
        );
        advice.push(Advice::new(Warning, "no_optimization", "R20", message).about(last.path()));
    }
}

/// Whether the measures of a pilot were frozen before it.
fn pilot(sight: &Sight<'_>, advice: &mut Vec<Advice>) {
    let Some(pilot) = sight.milestones().find(|milestone| milestone.is_open() && is_pilot(milestone)) else { return };
    let is_frozen = |row: &Row| {
        let on = row.text("milestone");
        row.get("frozenAt").is_some()
            && on.is_none_or(|on| sight.milestones().any(|each| each.id == on && is_pilot(each)))
    };
    if !sight.plan.entities("criteria").any(|criterion| is_frozen(criterion.row)) {
        let message = format!(
            "No criterion is frozen for {}: agree on what decides before the pilot begins, and freeze it",
            name(pilot)
        );
        advice.push(Advice::new(Warning, "pilot_not_frozen", "R14", message).about(pilot.path()));
    }
}

fn is_pilot(milestone: &Item<'_>) -> bool {
    let title = milestone.title().unwrap_or_default().to_lowercase();
    let mut words = title.split(|c: char| !c.is_alphanumeric());
    words.any(|word| matches!(word, "pilot" | "poc" | "pov" | "trial"))
        || title.contains("proof of concept")
        || title.contains("proof of value")
}
