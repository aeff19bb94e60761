//! Back from the target: which item it is, what drives it, and how much room every item has before it moves it.

use std::cmp::Reverse;

use super::day::Day;
use super::graph::Graph;
use super::order::Order;

/// The milestone that stands for the target: due on that day, else the last one due before it. Of several on one day
/// it is the last in the order of the plan.
pub(crate) fn item(graph: &Graph<'_>, target: Day) -> Option<usize> {
    (0..graph.nodes.len())
        .filter(|at| graph.nodes[*at].is_milestone && graph.nodes[*at].due.is_some_and(|due| due <= target))
        .max_by_key(|at| (graph.nodes[*at].due, graph.nodes[*at].place))
}

/// The chain of items that leads to the target, first to last: at each item the predecessor, hard or soft, whose due
/// day and gap reach furthest; of equal ones the first by id.
pub(crate) fn driving_path(graph: &Graph<'_>, target: usize) -> Vec<usize> {
    let mut path = vec![target];
    let mut is_on_path = vec![false; graph.nodes.len()];
    is_on_path[target] = true;
    while let Some(last) = path.last() {
        let furthest = graph.into[*last]
            .iter()
            .map(|edge| &graph.edges[*edge])
            .filter(|edge| !is_on_path[edge.from])
            .filter_map(|edge| Some((graph.bound(edge, graph.nodes[edge.from].due?), Reverse(edge.from))))
            .max();
        let Some((_, Reverse(before))) = furthest else { break };
        is_on_path[before] = true;
        path.push(before);
    }
    path.reverse();
    path
}

/// The latest day each open item may finish without moving the target, by node; `None` where the target does not wait
/// for it.
pub(crate) fn latest(graph: &Graph<'_>, order: &Order, target: usize, day: Day) -> Vec<Option<Day>> {
    let mut latest = vec![None; graph.nodes.len()];
    for at in order.nodes.iter().rev().filter(|at| !graph.nodes[**at].is_complete) {
        let after = graph.out[*at]
            .iter()
            .map(|edge| &graph.edges[*edge])
            .filter(|edge| order.binds(edge) && !edge.is_met(graph))
            .filter_map(|edge| latest[edge.to].map(|finish| graph.latest(edge, finish)));
        latest[*at] = after.chain((*at == target).then_some(day)).min();
    }
    latest
}
