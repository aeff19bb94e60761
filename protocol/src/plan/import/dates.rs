//! Days as people write them. In `3/4/2026` it is the other days of the column that tell month and day apart.

use jiff::civil::Date;

/// What a cell may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// One day, whatever the order of the column. Of numbers, whether the month stood first, if that shows.
    Day(Date, Option<Order>),
    /// Month first, or day first.
    Either(Date, Date),
}

/// Which of two numbers comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    MonthFirst,
    DayFirst,
}

/// What the days of a column show about the order of its numbers.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Evidence {
    month_first: bool,
    day_first: bool,
}

impl Evidence {
    pub(super) fn add(&mut self, reading: Reading) {
        match reading {
            Reading::Day(_, Some(Order::MonthFirst)) => self.month_first = true,
            Reading::Day(_, Some(Order::DayFirst)) => self.day_first = true,
            _ => {}
        }
    }

    /// The day of a reading; both days where the column does not tell.
    pub(super) fn settle(self, reading: Reading) -> Result<Date, (Date, Date)> {
        match (reading, self.month_first, self.day_first) {
            (Reading::Day(day, _), ..)
            | (Reading::Either(day, _), true, false)
            | (Reading::Either(_, day), false, true) => Ok(day),
            (Reading::Either(month_first, day_first), ..) => Err((month_first, day_first)),
        }
    }
}

/// What would be right.
pub(super) const EXPECTED: &str = "a day like 2026-02-17 or Feb 17, 2026";

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Reads `2026-02-17`, `Feb 17, 2026`, `17 Feb 2026`, `2/17/2026`, `17.02.2026` and their like, also behind the name of
/// a weekday and before a time of day.
pub(super) fn read(cell: &str) -> Option<Reading> {
    let cell = cell.trim();
    if cell.len() > 60 {
        return None;
    }
    let day_part = cell.split(['T', ' ']).next().unwrap_or_default();
    let rest = cell[day_part.len()..].trim_start_matches(['T', ' ']);
    if is_time(rest)
        && let Some(reading) = numbers(day_part)
    {
        return Some(reading);
    }
    words(cell)
}

/// Nothing, or a time of day as spreadsheets and instants write it.
fn is_time(text: &str) -> bool {
    text.is_empty()
        || (text.contains(':')
            && text.chars().all(|c| c.is_ascii_digit() || matches!(c, ':' | '.' | 'Z' | '+' | ' ' | 'A' | 'P' | 'M')))
}

fn numbers(text: &str) -> Option<Reading> {
    let separator = text.chars().find(|c| !c.is_ascii_digit()).filter(|c| matches!(c, '-' | '/' | '.'))?;
    let parts: Vec<&str> = text.split(separator).collect();
    let [first, second, third] = parts.as_slice() else { return None };
    let number =
        |part: &str| part.parse::<i16>().ok().filter(|_| part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit()));
    let (one, two, three) = (number(first)?, number(second)?, number(third)?);
    if first.len() == 4 {
        return date(one, two, three).map(|day| Reading::Day(day, None));
    }
    let year = year(third, three)?;
    match (date(year, one, two), date(year, two, one)) {
        // A day written with dots begins with the day in every country that writes it so.
        (Some(_), Some(day)) if separator == '.' => Some(Reading::Day(day, None)),
        (Some(day), Some(same)) if day == same => Some(Reading::Day(day, None)),
        (Some(month_first), Some(day_first)) => Some(Reading::Either(month_first, day_first)),
        (Some(day), None) => Some(Reading::Day(day, Some(Order::MonthFirst))),
        (None, Some(day)) => Some(Reading::Day(day, Some(Order::DayFirst))),
        (None, None) => None,
    }
}

/// A day with the name of its month.
fn words(text: &str) -> Option<Reading> {
    let (mut month, mut found) = (None, Vec::new());
    for word in text.split([' ', ',', '-', '.', '/', '\u{a0}']).filter(|word| !word.is_empty()) {
        let word = word.to_lowercase();
        let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        if let Ok(number) = digits.parse::<i16>() {
            let ending = &word[digits.len()..];
            if !matches!(ending, "" | "st" | "nd" | "rd" | "th") {
                return None;
            }
            found.push((digits.to_owned(), number));
        } else if let Some(at) = month_of(&word) {
            if month.replace(at).is_some() {
                return None;
            }
        } else if word != "of" && !is_weekday(&word) {
            return None;
        }
    }
    let [(_, one), (last, three)] = found.as_slice() else { return None };
    if found[0].0.len() == 4 {
        return None;
    }
    date(year(last, *three)?, month?, *one).map(|day| Reading::Day(day, None))
}

fn month_of(word: &str) -> Option<i16> {
    let is_it = |month: &&str| {
        *month == word || (word.len() == 3 && month.starts_with(word)) || (word == "sept" && **month == *"september")
    };
    MONTHS.iter().position(is_it).and_then(|at| i16::try_from(at + 1).ok())
}

fn is_weekday(word: &str) -> bool {
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    word.len() >= 2 && days.iter().any(|day| day.starts_with(word))
}

/// A year of four digits, or of two in this century.
fn year(written: &str, year: i16) -> Option<i16> {
    match written.len() {
        4 => Some(year),
        2 => Some(2000 + year),
        _ => None,
    }
}

fn date(year: i16, month: i16, day: i16) -> Option<Date> {
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_in_many_ways() {
        for text in [
            "2026-02-17",
            "2026/02/17",
            "2026-02-17T10:00:00Z",
            "2026-02-17 00:00:00",
            "Feb 17, 2026",
            "February 17 2026",
            "Tue, Feb 17, 2026",
            "17 Feb 2026",
            "17-Feb-26",
            "17th of February, 2026",
            "Feb. 17th, 2026",
            "2/17/2026",
            "02/17/26",
            "17.02.2026",
            "17.2.26",
            "17/02/2026",
            " 2026-02-17 ",
        ] {
            let day = read(text).map(|reading| Evidence::default().settle(reading));
            assert_eq!(day, Some(Ok(jiff::civil::date(2026, 2, 17))), "{text}");
        }
        for text in [
            "",
            "banana",
            "Feb 17",
            "2026-02-30",
            "31/31/2026",
            "Feb Mar 2026",
            "17",
            "1e3/1/2026",
            "2026 Feb 17 9",
            "Q2 2026",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn the_column_decides_the_order() {
        let either = read("3/4/2026").unwrap();
        let (march, april) = (jiff::civil::date(2026, 3, 4), jiff::civil::date(2026, 4, 3));
        let evidence = |texts: &[&str]| {
            let mut evidence = Evidence::default();
            texts.iter().for_each(|text| evidence.add(read(text).unwrap()));
            evidence
        };
        assert_eq!(evidence(&["2/17/2026"]).settle(either), Ok(march));
        assert_eq!(evidence(&["17/2/2026", "1/1/2026"]).settle(either), Ok(april));
        assert_eq!(evidence(&["2026-02-17"]).settle(either), Err((march, april)));
        assert_eq!(evidence(&["17/2/2026", "2/17/2026"]).settle(either), Err((march, april)));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text: String, numbers in "[0-9]{1,5}[-/. ][0-9a-zé]{1,5}[-/. ][0-9]{1,5}.?") {
            let _ = (read(&text), read(&numbers));
        }
    }
}
