//! One number for how well a plan stands, always with what it consists of and what it lost (R83).

use serde::Serialize;

use super::fresh::{Age, FRESH_DAYS_MAX};

/// The share of the tasks from which the buyer does enough.
const BUYER_SHARE_FULL: f64 = 0.40;
/// The most points of a plan that is stale or has no task of the buyer.
const ABANDONED_MAX: f64 = 40.0;
/// The most points of a plan with an item overdue for [`super::STALLED_DAYS_MIN`] days.
const STALLED_MAX: f64 = 60.0;

/// The health of a plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Health {
    /// From 0 to 100.
    pub score: u8,
    /// What it consists of.
    pub parts: Parts,
    /// What it lost points for, the most first; empty when it lost none.
    pub reasons: Vec<Reason>,
}

/// The parts of the score, each from 0 to 1 with three decimals.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Parts {
    /// The target holds; 0 when it slips by 14 days or more. 15 points.
    pub target: f64,
    /// Open items that need not move. 15 points.
    pub slip: f64,
    /// Open items that are not overdue, one of 7 days or more counting whole. 20 points.
    pub overdue: f64,
    /// The last change is at most 7 days old; 0 at 21 days. 20 points.
    pub fresh: f64,
    /// The buyer's share of the tasks, whole from 40 %. 20 points.
    pub buyer: f64,
    /// Open items with an owner and a day. 10 points.
    pub hygiene: f64,
}

/// Why points were lost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reason {
    /// The part, or `cap` for what no plan of this kind exceeds.
    pub code: &'static str,
    /// The points, with one decimal.
    pub lost: f64,
    /// One sentence for people.
    pub message: String,
}

/// What the score is made from.
pub(super) struct Evidence {
    pub open: usize,
    pub slipping: usize,
    /// Of each overdue item.
    pub overdue_days: Vec<i32>,
    pub target_slip: i32,
    pub age: Option<Age>,
    /// From 0 to 1.
    pub buyer_share: f64,
    /// Open items with owner and day.
    pub tidy: usize,
}

pub(super) fn health(evidence: &Evidence) -> Health {
    let open = count(evidence.open);
    // Nothing is wrong with the open items of a plan that has none.
    let share_of_open = |part: f64| if evidence.open == 0 { 0.0 } else { part / open };
    let late: f64 = evidence.overdue_days.iter().map(|days| (f64::from(*days) / 7.0).min(1.0)).sum();
    let days = evidence.age.map_or(0, |age| age.days);
    let parts = Parts {
        target: (1.0 - f64::from(evidence.target_slip) / 14.0).max(0.0),
        slip: 1.0 - share_of_open(count(evidence.slipping)),
        overdue: 1.0 - share_of_open(late),
        fresh: if days <= FRESH_DAYS_MAX { 1.0 } else { (1.0 - f64::from(days - FRESH_DAYS_MAX) / 14.0).max(0.0) },
        buyer: (evidence.buyer_share / BUYER_SHARE_FULL).min(1.0),
        hygiene: 1.0 - share_of_open(count(evidence.open - evidence.tidy)),
    };
    let (slipping, overdue) = (evidence.slipping, evidence.overdue_days.len());
    let open = evidence.open;
    let lines = [
        ("target", 15.0, parts.target, format!("the target slips by {}", days_of(evidence.target_slip))),
        ("slip", 15.0, parts.slip, format!("{slipping} of {open} open items must move")),
        ("overdue", 20.0, parts.overdue, format!("{overdue} of {open} open items are overdue")),
        ("fresh", 20.0, parts.fresh, format!("no change for {}", days_of(days))),
        ("buyer", 20.0, parts.buyer, format!("the buyer has {:.0} % of the tasks", evidence.buyer_share * 100.0)),
        (
            "hygiene",
            10.0,
            parts.hygiene,
            format!("{} of {open} open items lack an owner or a day", open - evidence.tidy),
        ),
    ];
    let mut points: f64 = lines.iter().map(|(_, weight, part, _)| weight * part).sum();
    let mut reasons: Vec<Reason> = lines
        .into_iter()
        .filter(|(_, _, part, _)| *part < 1.0)
        .map(|(code, weight, part, message)| Reason { code, lost: round(weight * (1.0 - part), 10.0), message })
        .collect();

    let is_stale = evidence.age.is_some_and(Age::is_stale);
    let is_stalled = evidence.overdue_days.iter().any(|days| *days >= super::STALLED_DAYS_MIN);
    let caps = [
        (evidence.buyer_share == 0.0, ABANDONED_MAX, "at most 40: the buyer has no task"),
        (is_stale, ABANDONED_MAX, "at most 40: the plan is stale"),
        (is_stalled, STALLED_MAX, "at most 60: an item is overdue by a week or more"),
    ];
    for (holds, most, message) in caps {
        if holds && points > most {
            reasons.push(Reason { code: "cap", lost: round(points - most, 10.0), message: message.into() });
            points = most;
        }
    }
    reasons.sort_by(|one, other| other.lost.total_cmp(&one.lost));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let score = points.round().clamp(0.0, 100.0) as u8;
    Health { score, parts: parts.rounded(), reasons }
}

impl Parts {
    fn rounded(self) -> Self {
        let [target, slip, overdue, fresh, buyer, hygiene] =
            [self.target, self.slip, self.overdue, self.fresh, self.buyer, self.hygiene]
                .map(|part| round(part, 1000.0));
        Self { target, slip, overdue, fresh, buyer, hygiene }
    }
}

fn round(number: f64, parts: f64) -> f64 {
    (number * parts).round() / parts
}

fn days_of(days: i32) -> String {
    format!("{days} {}", if days == 1 { "day" } else { "days" })
}

#[expect(clippy::cast_precision_loss)]
fn count(items: usize) -> f64 {
    items as f64
}
