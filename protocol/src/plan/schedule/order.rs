//! An order in which every item stands behind what it waits for, and the circles that make this impossible.
//!
//! Items that wait for each other in a circle form a knot. The dependencies inside a knot bind nobody; all others do,
//! so every item still has its place.

use std::collections::VecDeque;

use super::graph::{Edge, Graph};

/// Items in order, and the knot each belongs to.
pub(crate) struct Order {
    /// Every node, each behind those it waits for in other knots.
    pub(crate) nodes: Vec<usize>,
    /// By node. An item that is in no circle has a knot for itself.
    knot: Vec<usize>,
    hard_only: bool,
}

const UNSEEN: usize = usize::MAX;

impl Order {
    /// Orders a graph by its hard edges, or by all.
    pub(crate) fn of(graph: &Graph<'_>, hard_only: bool) -> Self {
        let count = graph.nodes.len();
        let mut order = Self { nodes: Vec::with_capacity(count), knot: vec![UNSEEN; count], hard_only };
        // Tarjan's algorithm with a stack of its own, since a chain may be as long as the plan.
        let (mut seen, mut low) = (vec![UNSEEN; count], vec![0; count]);
        let (mut clock, mut knots) = (0, 0);
        let mut open: Vec<usize> = Vec::new();
        let mut walk: Vec<(usize, usize)> = Vec::new();
        for root in 0..count {
            if seen[root] != UNSEEN {
                continue;
            }
            walk.push((root, 0));
            while let Some((node, next)) = walk.pop() {
                if next == 0 {
                    (seen[node], low[node]) = (clock, clock);
                    clock += 1;
                    open.push(node);
                }
                if let Some(edge) = graph.out[node].get(next).map(|at| &graph.edges[*at]) {
                    walk.push((node, next + 1));
                    if !order.regards(edge) {
                        continue;
                    }
                    if seen[edge.to] == UNSEEN {
                        walk.push((edge.to, 0));
                    } else if order.knot[edge.to] == UNSEEN {
                        low[node] = low[node].min(seen[edge.to]);
                    }
                    continue;
                }
                if low[node] == seen[node] {
                    while let Some(member) = open.pop() {
                        order.knot[member] = knots;
                        order.nodes.push(member);
                        if member == node {
                            break;
                        }
                    }
                    knots += 1;
                }
                if let Some((parent, _)) = walk.last() {
                    low[*parent] = low[*parent].min(low[node]);
                }
            }
        }
        order.nodes.reverse();
        order
    }

    /// Whether an edge binds: it is one of those in question and in no circle.
    pub(crate) fn binds(&self, edge: &Edge) -> bool {
        self.regards(edge) && self.knot[edge.from] != self.knot[edge.to]
    }

    /// A shortest circle through the first item, by id, that is in one; empty when there is none.
    pub(crate) fn circle(&self, graph: &Graph<'_>) -> Vec<usize> {
        let is_tied = |edge: &&Edge| self.regards(edge) && self.knot[edge.from] == self.knot[edge.to];
        let Some(first) = graph.edges.iter().filter(is_tied).map(|edge| edge.from).min() else { return Vec::new() };
        let mut came_from = vec![UNSEEN; graph.nodes.len()];
        let mut queue = VecDeque::from([first]);
        while let Some(node) = queue.pop_front() {
            for edge in graph.out[node].iter().map(|at| &graph.edges[*at]).filter(is_tied) {
                if edge.to == first {
                    let mut circle = vec![node];
                    while let Some(last) = circle.last().copied().filter(|last| *last != first) {
                        circle.push(came_from[last]);
                    }
                    circle.reverse();
                    return circle;
                }
                if came_from[edge.to] == UNSEEN {
                    came_from[edge.to] = node;
                    queue.push_back(edge.to);
                }
            }
        }
        Vec::new()
    }

    fn regards(&self, edge: &Edge) -> bool {
        edge.hard || !self.hard_only
    }
}
