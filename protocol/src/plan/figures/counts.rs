//! How much of a plan is done: what a list of plans shows when nothing else is asked for, since it takes no day.

use std::collections::BTreeSet;

use serde::Serialize;

use super::percent_of;
use crate::plan::Plan;
use crate::plan::words::Status;

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
    let tasks: Vec<_> = plan.tasks().filter(|task| task.status() != Status::Cancelled).collect();
    let with_tasks: BTreeSet<&str> = tasks.iter().filter_map(|task| task.milestone()).collect();
    let milestones: Vec<_> = plan.milestones().filter(|milestone| milestone.status() != Status::Cancelled).collect();
    let bare = milestones.iter().filter(|milestone| !with_tasks.contains(milestone.id));

    let statuses: Vec<Status> = tasks.iter().map(|task| task.status()).chain(bare.map(|each| each.status())).collect();
    let complete = statuses.iter().filter(|status| **status == Status::Complete).count();
    Counts {
        completion: Completion { complete, counted: statuses.len(), percent: percent_of(complete, statuses.len()) },
        milestones: Milestones {
            complete: milestones.iter().filter(|each| each.status() == Status::Complete).count(),
            total: milestones.len(),
        },
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
