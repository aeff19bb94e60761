//! The next review, from the cadence of the plan.
//!
//! Of RFC 5545 this reads what such plans state: daily, weekly by weekdays, monthly by a day of the month or the n-th
//! weekday, until a day. A rule with an interval has no beginning to count from, so its next day is not guessed.

use jiff::civil::{Date, Weekday};

use super::span::{Line, Spans, TITLE_CHARS_MAX, day, short, weekday};
use crate::plan::Plan;
use crate::plan::views::Entity;

/// How far ahead a next day is looked for.
const AHEAD_DAYS: i32 = 400;

/// The line of the next review after the as-of date: of a review call, else of the next cadence that has a day.
pub(super) fn next_review(plan: &Plan, as_of: Date) -> Option<Line> {
    let mut found: Vec<(bool, Date, Entity<'_>)> = plan
        .entities("cadence")
        .filter_map(|cadence| {
            let date = next_day(cadence.row.text("rrule")?, as_of)?;
            Some((cadence.row.text("kind") != Some("review_call"), date, cadence))
        })
        .collect();
    found.sort_by_key(|(is_other, date, _)| (*is_other, *date));
    let (_, date, cadence) = found.into_iter().next()?;
    let mut spans = Spans::default().strong(&format!("{} {}", weekday(date), day(date, as_of)));
    if let Some(time) = cadence.row.text("time") {
        let zone =
            cadence.row.text("tz").or_else(|| plan.meta.text("tz")).map_or(String::new(), |tz| format!(" ({tz})"));
        spans = spans.plain(&format!(", {}{zone}", short(time, 5).trim_end_matches('…')));
    }
    if let Some(title) = cadence.title() {
        spans = spans.plain(": ").plain(&short(title, TITLE_CHARS_MAX));
    }
    Some(spans.line(None, Some(format!("cadence/{}", cadence.id))))
}

/// The first day of a rule after a day.
fn next_day(rule: &str, after: Date) -> Option<Date> {
    let rule = rule.trim().trim_start_matches("RRULE:");
    let part = |name: &str| {
        rule.split(';').filter_map(|part| part.split_once('=')).find(|(it, _)| *it == name).map(|(_, value)| value)
    };
    if part("INTERVAL").is_some_and(|interval| interval != "1") || part("COUNT").is_some() {
        return None;
    }
    let until = part("UNTIL").and_then(|until| {
        let digits = until.get(..8)?;
        crate::plan::check::day(&format!("{}-{}-{}", digits.get(..4)?, digits.get(4..6)?, digits.get(6..)?))
    });
    let days: Vec<(i8, Weekday)> =
        part("BYDAY").map_or_else(Vec::new, |days| days.split(',').filter_map(nth_day).collect());
    let of_month: Vec<i8> =
        part("BYMONTHDAY").map_or_else(Vec::new, |days| days.split(',').filter_map(|day| day.parse().ok()).collect());
    let frequency = part("FREQ")?;
    let fits = |date: Date| match frequency {
        "DAILY" => days.is_empty() || days.iter().any(|(_, day)| *day == date.weekday()),
        "WEEKLY" => days.iter().any(|(_, day)| *day == date.weekday()),
        "MONTHLY" if !of_month.is_empty() => {
            of_month.iter().any(|day| *day == date.day() || *day == date.day() - date.days_in_month() - 1)
        }
        "MONTHLY" => days.iter().any(|(nth, day)| *day == date.weekday() && is_nth(*nth, date)),
        _ => false,
    };
    let mut date = after;
    for _ in 0..AHEAD_DAYS {
        date = date.tomorrow().ok()?;
        if until.is_some_and(|until| date > until) {
            return None;
        }
        if fits(date) {
            return Some(date);
        }
    }
    None
}

/// `TU`, `1TU`, `-1FR`; 0 for every one.
fn nth_day(text: &str) -> Option<(i8, Weekday)> {
    let at = text.len().checked_sub(2)?;
    let weekday = match text.get(at..)? {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        _ => return None,
    };
    let nth = text.get(..at)?;
    Some((if nth.is_empty() { 0 } else { nth.parse().ok()? }, weekday))
}

fn is_nth(nth: i8, date: Date) -> bool {
    match nth {
        0 => true,
        1.. => (date.day() - 1) / 7 + 1 == nth,
        _ => (date.days_in_month() - date.day()) / 7 + 1 == nth.saturating_neg(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::next_day;

    #[test]
    fn rules_of_plans_have_a_next_day() {
        let after = date(2026, 2, 17);
        for (rule, next) in [
            ("FREQ=WEEKLY;BYDAY=TU", Some(date(2026, 2, 24))),
            ("RRULE:FREQ=WEEKLY;INTERVAL=1;BYDAY=MO,FR", Some(date(2026, 2, 20))),
            ("FREQ=DAILY", Some(date(2026, 2, 18))),
            ("FREQ=MONTHLY;BYDAY=1TU", Some(date(2026, 3, 3))),
            ("FREQ=MONTHLY;BYDAY=-1FR", Some(date(2026, 2, 27))),
            ("FREQ=MONTHLY;BYMONTHDAY=-1", Some(date(2026, 2, 28))),
            ("FREQ=MONTHLY;BYMONTHDAY=31", Some(date(2026, 3, 31))),
            ("FREQ=WEEKLY;BYDAY=TU;UNTIL=20260220T000000Z", None),
            ("FREQ=WEEKLY;INTERVAL=2", None),
            ("FREQ=WEEKLY;BYDAY=é", None),
            ("banana", None),
        ] {
            assert_eq!(next_day(rule, after), next, "{rule}");
        }
    }
}
