//! Days on which nobody works, and years that end before the plan does.

use jiff::civil::{Date, Weekday};

use super::Level::Warning;
use super::{Advice, Sight, name, quoted};
use crate::plan::party::{PartySet, Side};
use crate::plan::schedule::day::is_closed;

struct Window<'a> {
    title: &'a str,
    parties: PartySet,
    from: Date,
    to: Date,
}

pub(super) fn lint(sight: &Sight<'_>, advice: &mut Vec<Advice>) {
    let windows: Vec<Window<'_>> = sight
        .plan
        .entities("calendar")
        .filter(|window| is_closed(window.row.text("kind")))
        .filter_map(|window| {
            let parties = sight.parties.named(window.party()?);
            let title = window.title().unwrap_or(window.id);
            Some(Window { title, parties, from: window.row.date("from")?, to: window.row.date("to")? })
        })
        .collect();
    let worked: Vec<Weekday> = WEEK
        .into_iter()
        .filter(|(word, _)| sight.plan.meta.members("workingDays").any(|(day, _)| day == *word))
        .map(|(_, day)| day)
        .collect();
    let is_worked = |date: Date| match worked.is_empty() {
        true => !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday),
        false => worked.contains(&date.weekday()),
    };

    for item in sight.open() {
        let Some(due) = item.due else { continue };
        let parties = sight.parties.of_item(item);
        let window = windows.iter().find(|each| each.parties.meets(parties) && each.from <= due && due <= each.to);
        if let Some(window) = window {
            let message = format!(
                "{} is due {due}, within {} ({} to {}): move it before or after",
                name(item),
                quoted(window.title),
                window.from,
                window.to
            );
            advice.push(Advice::new(Warning, "in_blackout", "R39", message).about(item.path()));
        }
        if !is_worked(due) {
            let day = weekday(due);
            let message = format!("{} is due on a {day}, {due}: move it to a working day", name(item));
            advice.push(Advice::new(Warning, "on_weekend", "R39", message).about(item.path()));
        }
    }
    if let Some(target) = sight.plan.meta.date("target.date") {
        if !is_worked(target) {
            let message = format!("The target date {target} is a {}: agree on a working day", weekday(target));
            advice.push(Advice::new(Warning, "on_weekend", "R39", message).about("meta"));
        }
        fiscal(sight, target, advice);
    }
}

/// Boundaries of fiscal years that lie between today and the target: money set aside before may be gone after.
fn fiscal(sight: &Sight<'_>, target: Date, advice: &mut Vec<Advice>) {
    let is_between = |day: Date| sight.as_of <= day && day < target;
    for window in sight.plan.entities("calendar").filter(|each| each.row.text("kind") == Some("fiscal_boundary")) {
        if let Some(boundary) = window.row.date("to").or_else(|| window.row.date("from")).filter(|day| is_between(*day))
        {
            let title = quoted(window.title().unwrap_or(window.id));
            let message = format!(
                "The target {target} lies past {title}, {boundary}: confirm the budget behind it, or close before"
            );
            advice.push(
                Advice::new(Warning, "past_fiscal_boundary", "R40", message).about(format!("calendar/{}", window.id)),
            );
        }
    }
    let buyer = sight.parties.on(Side::Buyer);
    for party in sight.plan.entities("parties").filter(|party| sight.parties.named(party.id).meets(buyer)) {
        #[expect(clippy::cast_possible_truncation)]
        let Some(month) = party.row.number("fiscalYearStartMonth").map(|month| month as i8) else { continue };
        let years = [target.year(), target.year().saturating_sub(1)];
        let begin = years.into_iter().filter_map(|year| Date::new(year, month, 1).ok()).find(|begin| *begin <= target);
        if let Some(begin) = begin.filter(|begin| sight.as_of < *begin) {
            let message = format!(
                "The buyer's fiscal year begins on {begin}, before the target {target}: confirm the budget of the new year"
            );
            advice.push(
                Advice::new(Warning, "past_fiscal_boundary", "R40", message).about(format!("parties/{}", party.id)),
            );
        }
    }
}

const WEEK: [(&str, Weekday); 7] = [
    ("mo", Weekday::Monday),
    ("tu", Weekday::Tuesday),
    ("we", Weekday::Wednesday),
    ("th", Weekday::Thursday),
    ("fr", Weekday::Friday),
    ("sa", Weekday::Saturday),
    ("su", Weekday::Sunday),
];

fn weekday(date: Date) -> &'static str {
    match date.weekday() {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}
