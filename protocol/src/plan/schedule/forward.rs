//! From today on: when each item will be done.

use super::day::{Day, WorkDays};
use super::graph::Graph;
use super::order::Order;

/// The projected finish of every node, by node.
///
/// A complete item: the day it was done. An open one: its due day, today if that is past or not stated, and what its
/// hard predecessors leave it; if it has to move, the next day that its parties work on. `None` for an item that is
/// complete and bears no date.
pub(crate) fn finishes(graph: &Graph<'_>, order: &Order, work: &mut WorkDays, today: Day) -> Vec<Option<Day>> {
    let mut finishes = vec![None; graph.nodes.len()];
    for at in &order.nodes {
        let node = &graph.nodes[*at];
        if node.is_complete {
            // What is complete on a day was done by then, whenever somebody said so.
            finishes[*at] = if node.is_stamped { node.done.map(|done| done.min(today)) } else { node.done };
            continue;
        }
        let earliest = graph.into[*at]
            .iter()
            .map(|edge| &graph.edges[*edge])
            .filter(|edge| order.binds(edge) && !edge.is_met(graph))
            .filter_map(|edge| finishes[edge.from].map(|finish| graph.bound(edge, finish)))
            .fold(today, Day::max);
        finishes[*at] = match node.due {
            Some(due) if earliest <= due => Some(due),
            _ => Some(work.on_or_after(earliest, node.parties)),
        };
    }
    finishes
}
