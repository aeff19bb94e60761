//! Backward from the target: the latest day each item may be due (R25). A proposal, never made silently.

use jiff::civil::Date;
use serde::Serialize;

use super::day::{WorkDays, day, number};
use super::graph::Graph;
use super::order::Order;
use super::target;
use crate::plan::Plan;
use crate::plan::item::items;
use crate::plan::party::Parties;

/// A day that an open item should be due for the target to hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Proposed {
    /// The item.
    pub id: Box<str>,
    /// The day it is due; `None` while it has none.
    pub from: Option<Date>,
    /// The latest day that fits.
    pub to: Date,
}

/// The open items that the target waits for, over hard and soft dependencies, and whose due day is not the latest that
/// fits: the day of what follows less the gap, back over blackouts and non-working days. Sorted by that day.
///
/// A plan without a milestone on or before the target date is planned from its last milestones, those that nothing
/// follows. Without a target date there is nothing to propose.
#[must_use]
pub fn backward(plan: &Plan) -> Vec<Proposed> {
    let Some(date) = plan.meta.date("target.date").map(number) else { return Vec::new() };
    let parties = Parties::of(plan);
    let graph = Graph::of(plan, &items(plan), &parties);
    let order = Order::of(&graph, false);
    let mut work = WorkDays::of(plan, &parties);
    let target = target::item(&graph, date);
    let is_end = |at: usize| match target {
        Some(target) => at == target,
        None => graph.nodes[at].is_milestone && !graph.out[at].iter().any(|edge| order.binds(&graph.edges[*edge])),
    };

    let mut latest = vec![None; graph.nodes.len()];
    let mut proposed = Vec::new();
    for at in
        order.nodes.iter().copied().filter(|at| !graph.nodes[*at].is_complete).collect::<Vec<_>>().into_iter().rev()
    {
        let node = &graph.nodes[at];
        let after = graph.out[at]
            .iter()
            .map(|edge| &graph.edges[*edge])
            .filter(|edge| order.binds(edge))
            .filter_map(|edge| latest[edge.to].map(|finish| graph.latest(edge, finish)))
            .min();
        // The target's own day is given, not worked out.
        latest[at] = if is_end(at) { Some(date) } else { after.map(|day| work.on_or_before(day, node.parties)) };
        if let Some(to) = latest[at].filter(|to| node.due != Some(*to)) {
            proposed.push(Proposed { id: node.id.into(), from: node.due.map(day), to: day(to) });
        }
    }
    proposed.sort_by(|one, other| (one.to, &one.id).cmp(&(other.to, &other.id)));
    proposed
}
