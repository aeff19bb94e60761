//! Days as whole numbers, and which of them are worked on.
//!
//! Sums of gaps are made with numbers, since a plan may hold gaps that leave the calendar; the way back to a day
//! stops at the last one.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use jiff::civil::{Date, date};

use crate::plan::Plan;
use crate::plan::item::days_between;
use crate::plan::party::{Parties, PartySet};

/// Days since 1970-01-01.
pub(crate) type Day = i32;

const EPOCH: Date = date(1970, 1, 1);
/// 0000-01-01 and 9999-12-31: the days that a plan can write.
const FIRST: Day = -719_528;
const LAST: Day = 2_932_896;

/// The number of a day.
pub(crate) fn number(date: Date) -> Day {
    days_between(EPOCH, date)
}

/// The day of a number; the first or last one of the calendar for a number beyond.
pub(crate) fn day(number: Day) -> Date {
    let hours = i64::from(number.clamp(FIRST, LAST)) * 24;
    EPOCH.saturating_add(SignedDuration::from_hours(hours))
}

/// Which days each party works on.
pub(crate) struct WorkDays {
    /// Monday first.
    week: [bool; 7],
    windows: Vec<(PartySet, Day, Day)>,
    /// The windows that hold for a set of parties: apart from each other, in order. Made when first asked for.
    closed: BTreeMap<PartySet, Vec<(Day, Day)>>,
}

impl WorkDays {
    /// The working days a plan states, and its hard blackouts and absences. Without a statement every day is one.
    pub(crate) fn of(plan: &Plan, parties: &Parties<'_>) -> Self {
        let mut week = ["mo", "tu", "we", "th", "fr", "sa", "su"]
            .map(|name| plan.meta.members("workingDays").any(|(day, _)| day == name));
        if week == [false; 7] {
            week = [true; 7];
        }
        let windows = plan
            .entities("calendar")
            .filter(|window| window.row.is_set("hard") && is_closed(window.row.text("kind")))
            .filter_map(|window| {
                let (from, to) = (window.row.date("from")?, window.row.date("to")?);
                Some((parties.named(window.party()?), number(from), number(to)))
            })
            .filter(|(_, from, to)| from <= to)
            .collect();
        Self { week, windows, closed: BTreeMap::new() }
    }

    /// The first working day of these parties that is not before a day.
    pub(crate) fn on_or_after(&mut self, mut day: Day, parties: PartySet) -> Day {
        while day < LAST {
            if !self.is_weekday(day) {
                day += 1;
            } else if let Some((_, to)) = self.window(day, parties) {
                day = to.saturating_add(1);
            } else {
                break;
            }
        }
        day
    }

    /// The last working day of these parties that is not after a day.
    pub(crate) fn on_or_before(&mut self, mut day: Day, parties: PartySet) -> Day {
        while day > FIRST {
            if !self.is_weekday(day) {
                day -= 1;
            } else if let Some((from, _)) = self.window(day, parties) {
                day = from.saturating_sub(1);
            } else {
                break;
            }
        }
        day
    }

    fn is_weekday(&self, day: Day) -> bool {
        // 1970-01-01 was a Thursday.
        usize::try_from((day + 3).rem_euclid(7)).is_ok_and(|weekday| self.week[weekday])
    }

    fn window(&mut self, day: Day, parties: PartySet) -> Option<(Day, Day)> {
        let windows = &self.windows;
        let closed = self.closed.entry(parties).or_insert_with(|| {
            let mut own: Vec<(Day, Day)> =
                windows.iter().filter(|(of, ..)| of.meets(parties)).map(|(_, from, to)| (*from, *to)).collect();
            own.sort_unstable();
            own.dedup_by(|(from, to), (_, kept)| {
                let touches = *from <= kept.saturating_add(1);
                if touches {
                    *kept = (*kept).max(*to);
                }
                touches
            });
            own
        });
        let at = closed.partition_point(|(_, to)| *to < day);
        closed.get(at).copied().filter(|(from, _)| *from <= day)
    }
}

/// Whether a window of the calendar keeps its party from working: the other kinds are events to know of.
pub(crate) fn is_closed(kind: Option<&str>) -> bool {
    matches!(kind, Some("blackout" | "unavailable"))
}

/// A day some days later, or earlier when negative; the first or last one of the calendar for one beyond.
pub(crate) fn plus(date: Date, days: i32) -> Date {
    day(number(date).saturating_add(days))
}
