//! What is at risk, and why: the part of a summary that is never cut.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Serialize;

use crate::plan::Plan;
use crate::plan::item::{Item, items};
use crate::plan::schedule::Schedule;
use crate::plan::words::RiskState;

/// The score of a risk from which its items are at risk: probability times impact, each 1 to 3.
pub const RISK_SCORE_MIN: u8 = 6;

/// One reason why an item is at risk.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Threat {
    /// It is overdue.
    Overdue {
        /// By so many days.
        days: i32,
    },
    /// It must move.
    Slip {
        /// By so many days.
        days: i32,
    },
    /// Something stands in its way.
    Blocked {
        /// What, if anybody said.
        reason: Option<Box<str>>,
    },
    /// A commitment to it, or to a task it waits for, was declined.
    Declined {
        /// The task that was declined.
        task: Box<str>,
    },
    /// A risk that is not over threatens it.
    Risk {
        /// The risk.
        risk: Box<str>,
        /// Probability times impact.
        score: u8,
    },
}

/// The open items at risk, by id, each with its reasons.
#[must_use]
pub fn threats(plan: &Plan, as_of: Date, schedule: &Schedule) -> BTreeMap<Box<str>, Vec<Threat>> {
    let items = items(plan);
    of_items(plan, &items, as_of, schedule).into_iter().map(|(item, why)| (item.id.into(), why)).collect()
}

pub(super) fn of_items<'a, 'p>(
    plan: &Plan,
    items: &'a [Item<'p>],
    as_of: Date,
    schedule: &Schedule,
) -> Vec<(&'a Item<'p>, Vec<Threat>)> {
    let declined: BTreeSet<&str> = items
        .iter()
        .filter(|item| item.is_open() && item.commitment() == Some("declined"))
        .map(|item| item.id)
        .collect();
    let mut waits: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for dependency in plan.dependencies().filter(|each| each.is_hard() && declined.contains(each.from())) {
        waits.entry(dependency.to()).or_default().push(dependency.from());
    }
    let mut risks: BTreeMap<&str, Vec<(&str, u8)>> = BTreeMap::new();
    // A mitigation under way takes nothing away yet, and what happened is no less a threat.
    for risk in plan.risks().filter(|risk| !matches!(risk.state(), RiskState::Accepted | RiskState::Closed)) {
        if let Some(score) = risk.score().filter(|score| *score >= RISK_SCORE_MIN) {
            risk.linked().for_each(|item| risks.entry(item).or_default().push((risk.id, score)));
        }
    }

    let mut threats = Vec::new();
    for item in items.iter().filter(|item| item.is_open()) {
        let mut why = Vec::new();
        let days = item.days_overdue(as_of);
        if days > 0 {
            why.push(Threat::Overdue { days });
        }
        why.extend(schedule.slip.get(item.id).map(|days| Threat::Slip { days: *days }));
        if item.is_blocked() {
            why.push(Threat::Blocked { reason: item.row.text("blocked.reason").map(Box::from) });
        }
        let own = declined.get(item.id).into_iter();
        let declined = own.chain(waits.get(item.id).into_iter().flatten());
        why.extend(declined.map(|task| Threat::Declined { task: (*task).into() }));
        let linked = risks.get(item.id).into_iter().flatten();
        why.extend(linked.map(|(risk, score)| Threat::Risk { risk: (*risk).into(), score: *score }));
        if !why.is_empty() {
            threats.push((item, why));
        }
    }
    threats
}
