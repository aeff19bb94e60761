//! How much of a plan is done: what a list of plans shows when nothing else is asked for, since it takes no day.

use std::collections::BTreeSet;

use serde::Serialize;

use super::percent_of;
use crate::plan::Plan;
use crate::plan::item::{Item, items};

/// The counts of a plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Counts {
    /// Tasks, and milestones without tasks: the headline.
    pub completion: Completion,
    /// Milestones.
    pub milestones: Milestones,
}

/// How many items are done.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Completion {
    /// Items that are complete.
    pub complete: usize,
    /// Items that count: neither removed nor cancelled.
    pub counted: usize,
    /// Their share in percent with one decimal; 0 when nothing counts.
    pub percent: f64,
}

/// How many milestones are done.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Milestones {
    /// Milestones that are complete.
    pub complete: usize,
    /// Milestones, neither removed nor cancelled.
    pub total: usize,
}

/// Counts a plan.
#[must_use]
pub fn counts(plan: &Plan) -> Counts {
    of_items(&items(plan))
}

pub(super) fn of_items(items: &[Item<'_>]) -> Counts {
    let with_tasks: BTreeSet<&str> =
        items.iter().filter(|item| !item.is_milestone).filter_map(|task| task.row.text("milestone")).collect();
    let (mut counted, mut complete, mut total, mut reached) = (0, 0, 0, 0);
    for item in items {
        let is_complete = usize::from(item.is_complete());
        if item.is_milestone {
            total += 1;
            reached += is_complete;
        }
        if !item.is_milestone || !with_tasks.contains(item.id) {
            counted += 1;
            complete += is_complete;
        }
    }
    Counts {
        completion: Completion { complete, counted, percent: percent_of(complete, counted) },
        milestones: Milestones { complete: reached, total },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_has_4_of_18_items_done() {
        let plan = crate::plan::json::parse_str(crate::plan::SAMPLE, true).unwrap();
        let json = serde_json::to_value(counts(&plan)).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "completion": {"complete": 4, "counted": 18, "percent": 22.2},
                "milestones": {"complete": 4, "total": 15},
            })
        );
    }
}
