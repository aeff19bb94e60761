//! A recurrence rule of RFC 5545, as far as calls follow one: daily, weekly or monthly, on days of the week (also the
//! first or the last of a month) and of the month.
//!
//! Time is cut into periods (a day, a week, a month); the rule picks days of a period, and every `INTERVAL`th period
//! counts. A rule without beginning has no `COUNT`th occurrence, so that part counts only behind a `DTSTART`.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday, date};

/// How far ahead a day is looked for; 29 February comes at least every eight years.
const DAYS_AHEAD_MAX: i32 = 3_700;
/// How far back the occurrences of a rule with `COUNT` are counted.
const DAYS_COUNTED_MAX: i32 = 7_400;
/// A Monday and the first of a month.
const BEGINNING: Date = date(2024, 1, 1);

/// A rule and the day it counts from.
#[derive(Debug, PartialEq)]
pub(super) struct Rule {
    period: Period,
    interval: i64,
    /// Days of the week, each with its place within the month, from the end if negative; 0 is every one.
    weekdays: Vec<(i64, Weekday)>,
    month_days: Vec<i64>,
    months: Vec<i64>,
    /// Which of the days found in a period count, from the end if negative; none given is every one.
    places: Vec<i64>,
    week_start: Weekday,
    start: Option<Date>,
    until: Option<Date>,
    count: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Period {
    Day,
    Week,
    Month,
}

impl Rule {
    /// Reads `FREQ=…;…`, also behind `RRULE:` and a line or part `DTSTART:20260203`. `None` for a rule with a part
    /// that is not known here.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut rule = Self {
            period: Period::Day,
            interval: 1,
            weekdays: Vec::new(),
            month_days: Vec::new(),
            months: Vec::new(),
            places: Vec::new(),
            week_start: Weekday::Monday,
            start: None,
            until: None,
            count: None,
        };
        let mut has_period = false;
        for line in text.split_whitespace() {
            if let Some(start) = line.strip_prefix("DTSTART") {
                rule.start = Some(compact_day(start.rsplit(':').next()?)?);
                continue;
            }
            for part in line.strip_prefix("RRULE:").unwrap_or(line).split(';').filter(|part| !part.is_empty()) {
                let (name, value) = part.split_once('=')?;
                has_period |= name.eq_ignore_ascii_case("FREQ");
                rule.part(&name.to_ascii_uppercase(), &value.to_ascii_uppercase())?;
            }
        }
        let ordinals = rule.weekdays.iter().any(|(place, _)| *place != 0);
        (has_period && !(ordinals && rule.period != Period::Month)).then_some(rule)
    }

    fn part(&mut self, name: &str, value: &str) -> Option<()> {
        match name {
            "FREQ" => {
                self.period = match value {
                    "DAILY" => Period::Day,
                    "WEEKLY" => Period::Week,
                    "MONTHLY" => Period::Month,
                    _ => return None,
                };
            }
            "INTERVAL" => self.interval = value.parse().ok().filter(|interval| (1..=1_000).contains(interval))?,
            "BYDAY" => self.weekdays = value.split(',').map(weekday).collect::<Option<_>>()?,
            "BYMONTHDAY" => self.month_days = numbers(value, 31)?,
            "BYMONTH" => self.months = numbers(value, 12)?,
            "BYSETPOS" => self.places = numbers(value, 31)?,
            "WKST" => self.week_start = weekday(value)?.1,
            "UNTIL" => self.until = Some(compact_day(value)?),
            "COUNT" => self.count = Some(value.parse().ok().filter(|count| *count > 0)?),
            // The time of day stands in its own field.
            "BYHOUR" | "BYMINUTE" | "BYSECOND" => {}
            _ => return None,
        }
        Some(())
    }

    /// The first day after another; `None` if there is none within ten years.
    pub(super) fn next(&self, after: Date) -> Option<Date> {
        let start = self.start.unwrap_or(Date::MIN);
        let first = start.max(after.tomorrow().ok()?);
        let last = first.checked_add(DAYS_AHEAD_MAX.days()).unwrap_or(Date::MAX).min(self.until.unwrap_or(Date::MAX));
        // Occurrences are counted from the beginning, so that is where the walk begins.
        let (from, mut left) = match self.start.zip(self.count) {
            Some((start, count)) => (start, Some(count)),
            None => (first, None),
        };
        let counted = first.since(from).ok()?.get_days();
        let mut begin = if counted > DAYS_COUNTED_MAX { return None } else { self.counting_period(from)? };
        while begin <= last {
            for day in self.days(begin) {
                if day < start || day > last {
                    continue;
                }
                if left == Some(0) {
                    return None;
                }
                left = left.map(|count| count - 1);
                if day >= first {
                    return Some(day);
                }
            }
            begin = self.forward(begin, self.interval)?;
        }
        None
    }

    /// The first day of the last counting period that begins at or before a day.
    fn counting_period(&self, day: Date) -> Option<Date> {
        let begin = self.period_of(self.start.unwrap_or(BEGINNING))?;
        let periods = match self.period {
            Period::Day => i64::from(begin.until(day).ok()?.get_days()),
            Period::Week => i64::from(begin.until(day).ok()?.get_days()).div_euclid(7),
            Period::Month => {
                let months = |day: Date| i64::from(day.year()) * 12 + i64::from(day.month());
                months(day) - months(begin)
            }
        };
        self.forward(begin, periods.div_euclid(self.interval) * self.interval)
    }

    fn period_of(&self, day: Date) -> Option<Date> {
        match self.period {
            Period::Day => Some(day),
            Period::Week => day.checked_sub(i64::from(day.weekday().since(self.week_start)).days()).ok(),
            Period::Month => Some(day.first_of_month()),
        }
    }

    fn forward(&self, begin: Date, periods: i64) -> Option<Date> {
        let span = match self.period {
            Period::Day => periods.days(),
            Period::Week => periods.weeks(),
            Period::Month => periods.months(),
        };
        begin.checked_add(span).ok()
    }

    /// The days that the rule picks of the period that begins on this day.
    fn days(&self, begin: Date) -> Vec<Date> {
        let length = match self.period {
            Period::Day => 1,
            Period::Week => 7,
            Period::Month => usize::try_from(begin.days_in_month()).unwrap_or(31),
        };
        let found: Vec<Date> = begin.series(1.day()).take(length).filter(|day| self.picks(*day)).collect();
        if self.places.is_empty() {
            return found;
        }
        let count = i64::try_from(found.len()).unwrap_or(0);
        let is_placed = |at: i64| self.places.contains(&(at + 1)) || self.places.contains(&(at - count));
        (0..count).zip(&found).filter(|(at, _)| is_placed(*at)).map(|(_, day)| *day).collect()
    }

    fn picks(&self, day: Date) -> bool {
        let month = i64::from(day.month());
        let (of_month, length) = (i64::from(day.day()), i64::from(day.days_in_month()));
        let start = self.start.unwrap_or(BEGINNING);
        let weekdays_fit = match self.weekdays.as_slice() {
            [] => self.period != Period::Week || day.weekday() == start.weekday(),
            weekdays => weekdays.iter().any(|(place, weekday)| {
                let (from_start, from_end) = ((of_month - 1) / 7 + 1, -((length - of_month) / 7 + 1));
                *weekday == day.weekday() && (*place == 0 || *place == from_start || *place == from_end)
            }),
        };
        let month_days_fit = match self.month_days.as_slice() {
            [] => self.period != Period::Month || !self.weekdays.is_empty() || day.day() == start.day(),
            days => days.contains(&of_month) || days.contains(&(of_month - length - 1)),
        };
        weekdays_fit && month_days_fit && (self.months.is_empty() || self.months.contains(&month))
    }
}

/// `TU`, `2TU`, `-1FR`.
fn weekday(text: &str) -> Option<(i64, Weekday)> {
    let (place, name) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let weekday = match name {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        _ => return None,
    };
    if place.is_empty() {
        return Some((0, weekday));
    }
    let place: i64 = place.parse().ok()?;
    (1..=5).contains(&place.abs()).then_some((place, weekday))
}

fn numbers(text: &str, max: i64) -> Option<Vec<i64>> {
    let number = |text: &str| text.parse().ok().filter(|number: &i64| (1..=max).contains(&number.abs()));
    text.split(',').map(number).collect()
}

/// The day of `20260217`, `20260217T180000Z` or `2026-02-17`.
fn compact_day(text: &str) -> Option<Date> {
    let digits: String = text.split('T').next()?.chars().filter(|c| *c != '-').collect();
    if digits.len() != 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Date::new(digits[..4].parse().ok()?, digits[4..6].parse().ok()?, digits[6..].parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The next three days after 17 February 2026, a Tuesday.
    fn three(rule: &str) -> Vec<String> {
        let rule = Rule::parse(rule).unwrap();
        let mut days = vec![date(2026, 2, 17)];
        while let Some(next) = rule.next(days[days.len() - 1]).filter(|_| days.len() < 4) {
            days.push(next);
        }
        days[1..].iter().map(ToString::to_string).collect()
    }

    #[test]
    fn rules_of_real_calls() {
        for (rule, days) in [
            ("FREQ=DAILY", ["2026-02-18", "2026-02-19", "2026-02-20"]),
            ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", ["2026-02-18", "2026-02-19", "2026-02-20"]),
            ("FREQ=WEEKLY;BYDAY=TU", ["2026-02-24", "2026-03-03", "2026-03-10"]),
            ("FREQ=WEEKLY;BYDAY=TU,TH;WKST=SU", ["2026-02-19", "2026-02-24", "2026-02-26"]),
            // The week of 1 January 2024 is week 0; that of 16 February 2026 is week 111, an odd one.
            ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", ["2026-02-24", "2026-03-10", "2026-03-24"]),
            ("DTSTART:20260203T100000 RRULE:FREQ=WEEKLY;INTERVAL=2", ["2026-03-03", "2026-03-17", "2026-03-31"]),
            ("DTSTART;TZID=Europe/Berlin:20260310\nFREQ=WEEKLY", ["2026-03-10", "2026-03-17", "2026-03-24"]),
            ("FREQ=MONTHLY;BYDAY=1TU", ["2026-03-03", "2026-04-07", "2026-05-05"]),
            ("FREQ=MONTHLY;BYDAY=-1FR", ["2026-02-27", "2026-03-27", "2026-04-24"]),
            ("FREQ=MONTHLY;BYDAY=TU;BYSETPOS=1", ["2026-03-03", "2026-04-07", "2026-05-05"]),
            ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", ["2026-02-27", "2026-03-31", "2026-04-30"]),
            ("FREQ=MONTHLY;BYMONTHDAY=15", ["2026-03-15", "2026-04-15", "2026-05-15"]),
            ("FREQ=MONTHLY;BYMONTHDAY=-1", ["2026-02-28", "2026-03-31", "2026-04-30"]),
            ("FREQ=MONTHLY;BYMONTHDAY=31", ["2026-03-31", "2026-05-31", "2026-07-31"]),
            ("FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR", ["2026-03-13", "2026-11-13", "2027-08-13"]),
            ("FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=1", ["2026-04-01", "2026-07-01", "2026-10-01"]),
            ("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=29", ["2028-02-29", "2032-02-29", "2036-02-29"]),
        ] {
            assert_eq!(three(rule), days, "{rule}");
        }
    }

    #[test]
    fn a_rule_that_is_over_has_no_next_day() {
        assert_eq!(three("FREQ=WEEKLY;BYDAY=TU;UNTIL=20260303T180000Z"), ["2026-02-24", "2026-03-03"]);
        assert_eq!(three("DTSTART:20260210 FREQ=WEEKLY;COUNT=3"), ["2026-02-24"]);
        assert_eq!(three("DTSTART:19700101 FREQ=DAILY;COUNT=9"), [""; 0]);
        assert_eq!(three("FREQ=WEEKLY;BYDAY=TU;COUNT=1").len(), 3, "counted from nowhere");
        assert_eq!(three("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30"), [""; 0]);
    }

    #[test]
    fn an_unknown_rule_is_none() {
        for rule in [
            "",
            "weekly",
            "FREQ=YEARLY",
            "FREQ=WEEKLY;BYDAY=XX",
            "FREQ=WEEKLY;BYDAY=1TU",
            "FREQ=DAILY;INTERVAL=0",
            "FREQ=MONTHLY;BYDAY=9é",
            "BYDAY=TU",
            "FREQ=WEEKLY;BYMOON=1",
        ] {
            assert_eq!(Rule::parse(rule), None, "{rule}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text: String, day in -10_000_i32..10_000) {
            let after = date(2026, 2, 17).saturating_add(day.days());
            for text in [text.clone(), format!("FREQ=MONTHLY;{text}"), format!("FREQ=WEEKLY;BYDAY={text}")] {
                if let Some(rule) = Rule::parse(&text) {
                    proptest::prop_assert!(rule.next(after).is_none_or(|next| next > after));
                    let _ = (rule.next(Date::MAX), rule.next(Date::MIN));
                }
            }
        }
    }
}
