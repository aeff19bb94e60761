//! The next review, from the cadence of the plan.

use jiff::civil::Date;

use super::span::{Line, Spans, TITLE_CHARS_MAX, day, short, weekday};
use crate::plan::{Plan, cadence};

/// The line of the next review call after the as-of date.
pub(super) fn next_review(plan: &Plan, as_of: Date) -> Option<Line> {
    let call = cadence::next(plan, as_of)?;
    let mut spans = Spans::default().strong(&format!("{} {}", weekday(call.date), day(call.date, as_of)));
    if let Some(time) = &call.time {
        let zone = call.tz.as_ref().map_or(String::new(), |tz| format!(" ({tz})"));
        spans = spans.plain(&format!(", {}{zone}", short(time, 5).trim_end_matches('…')));
    }
    spans = spans.plain(": ").plain(&short(&call.title, TITLE_CHARS_MAX));
    Some(spans.line(None, Some(format!("cadence/{}", call.id))))
}
