//! What the buyer does: the share of the tasks that is theirs (R30), and how they keep up with them (R86).

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::{Ratio, percent_of};
use crate::plan::item::Item;
use crate::plan::party::{Parties, Side};

/// How much of the work is the buyer's.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BuyerShare {
    /// Tasks of the buyer.
    pub own: usize,
    /// Tasks of both sides: each counts half.
    pub joint: usize,
    /// Tasks of any party. One that names none does not count.
    pub tasks: usize,
    /// The buyer's share in percent with one decimal; 0 when nothing counts.
    pub percent: f64,
}

/// What the buyer did with it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BuyerEngagement {
    /// Of the buyer's tasks due so far, those that were completed by their day. One due today counts once it is done.
    pub on_time: Ratio,
    /// Of the commitments the buyer was asked for, those accepted.
    pub accepted: Ratio,
    /// Changes by people of the buyer in the last 14 days.
    pub edits_14d: u32,
}

/// The buyer's share of the tasks among these items.
#[must_use]
pub fn share(items: &[Item<'_>], parties: &Parties<'_>) -> BuyerShare {
    let mut share = BuyerShare::default();
    let buyer = parties.on(Side::Buyer);
    for task in items.iter().filter(|item| !item.is_milestone) {
        let of = task.party().map(|party| parties.named(party)).unwrap_or_default();
        match (of.is_empty(), of.meets(buyer)) {
            (true, _) => continue,
            (false, true) if of.is_within(buyer) => share.own += 1,
            (false, true) => share.joint += 1,
            (false, false) => {}
        }
        share.tasks += 1;
    }
    // Halves, so that the sum stays whole.
    share.percent = percent_of(2 * share.own + share.joint, 2 * share.tasks);
    share
}

/// How the buyer keeps up.
#[must_use]
pub fn engagement(
    items: &[Item<'_>],
    parties: &Parties<'_>,
    zone: &TimeZone,
    as_of: Date,
    edits: u32,
) -> BuyerEngagement {
    let buyer = parties.on(Side::Buyer);
    let is_buyers =
        |item: &&Item<'_>| !item.is_milestone && item.party().is_some_and(|of| parties.named(of).is_within(buyer));
    let (mut due, mut on_time, mut asked, mut accepted) = (0, 0, 0, 0);
    for task in items.iter().filter(is_buyers) {
        if let Some(day) = task.due.filter(|day| *day < as_of || (*day == as_of && task.is_complete())) {
            due += 1;
            // Without a stamp nothing says that it was late.
            on_time +=
                usize::from(task.is_complete() && task.completed_on(zone).is_none_or(|done| done.min(as_of) <= day));
        }
        asked += usize::from(task.commitment().is_some());
        accepted += usize::from(task.commitment() == Some("accepted"));
    }
    BuyerEngagement { on_time: Ratio::of(on_time, due), accepted: Ratio::of(accepted, asked), edits_14d: edits }
}
