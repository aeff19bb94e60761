//! What else moves when one item moves (R38): a preview, nothing is written.

use std::collections::VecDeque;

use jiff::civil::Date;
use serde::Serialize;

use super::day::{Day, WorkDays, day, number, plus};
use super::forward::finishes;
use super::graph::Graph;
use super::order::Order;
use crate::plan::Plan;
use crate::plan::item::items;
use crate::plan::party::Parties;

/// What follows from moving the due day of one item.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shift {
    /// The item that moves. It stands in neither list.
    pub moved: Box<str>,
    /// Items whose hard dependencies push them past their due day, and further than before, by day.
    pub must: Vec<Moved>,
    /// Open items behind it over hard and soft dependencies, if today's gaps are kept, by day.
    pub keep_gap: Vec<Moved>,
}

/// An item with a new day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Moved {
    /// The item.
    pub id: Box<str>,
    /// The day it is due.
    pub from: Date,
    /// The day it would be.
    pub to: Date,
    /// The days between both; negative for an earlier day.
    pub days: i32,
}

impl Moved {
    fn to(id: &str, from: Day, to: Day) -> Self {
        Self { id: id.into(), from: day(from), to: day(to), days: to.saturating_sub(from) }
    }
}

/// What follows from moving the due day of an item by some days, later or (negative) earlier.
///
/// An item without due day, and one that the plan does not hold, moves nothing.
#[must_use]
pub fn shift(plan: &Plan, as_of: Date, item: &str, days: i32) -> Shift {
    let parties = Parties::of(plan);
    let mut graph = Graph::of(plan, &items(plan), &parties);
    let mut shift = Shift { moved: item.into(), ..Shift::default() };
    let Some((moved, due)) = graph.find(item).and_then(|at| Some((at, graph.nodes[at].due?))) else { return shift };

    let order = Order::of(&graph, true);
    let mut work = WorkDays::of(plan, &parties);
    let before = finishes(&graph, &order, &mut work, number(as_of));
    shift.keep_gap = behind(&graph, moved, days);
    graph.nodes[moved].due = Some(number(plus(day(due), days)));
    let after = finishes(&graph, &order, &mut work, number(as_of));

    for (at, node) in graph.nodes.iter().enumerate().filter(|(at, node)| *at != moved && !node.is_complete) {
        if let (Some(due), Some(before), Some(after)) = (node.due, before[at], after[at])
            && after > before
            && after > due
        {
            shift.must.push(Moved::to(node.id, due, after));
        }
    }
    shift.must.sort_by(|one, other| (one.from, &one.id).cmp(&(other.from, &other.id)));
    shift
}

/// The open items that can be reached from one over open items, each moved by the same days.
fn behind(graph: &Graph<'_>, from: usize, days: i32) -> Vec<Moved> {
    let mut is_seen = vec![false; graph.nodes.len()];
    is_seen[from] = true;
    let mut queue = VecDeque::from([from]);
    let mut moved = Vec::new();
    while let Some(at) = queue.pop_front() {
        for edge in graph.out[at].iter().map(|edge| &graph.edges[*edge]) {
            let node = &graph.nodes[edge.to];
            // What is done stays where it is, and holds what is behind it.
            if node.is_complete || std::mem::replace(&mut is_seen[edge.to], true) {
                continue;
            }
            queue.push_back(edge.to);
            moved.extend(node.due.map(|due| Moved::to(node.id, due, due.saturating_add(days))));
        }
    }
    moved.sort_by(|one, other| (one.from, &one.id).cmp(&(other.from, &other.id)));
    moved
}
