//! The schedule of a plan: when each item will be done, what has to move, and what drives the target.
//!
//! It comes from the dates and dependencies of a plan and the as-of date, and is never stored. An open item keeps its
//! due day unless that is past or a hard dependency does not leave it; then it finishes on the next day that works.
//! Dependencies on items that are missing, removed or cancelled bind nobody. Items that wait for each other in a circle
//! are named in [`Schedule::cycle`], and the dependencies inside the circle bind nobody either, so every open item
//! has a finish whatever a plan holds.

mod backward;
pub(crate) mod day;
mod forward;
pub(crate) mod graph;
#[cfg(test)]
mod laws;
mod order;
mod shift;
mod target;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Serialize;

pub use backward::{Proposed, backward};
pub use shift::{Moved, Shift, shift};

use super::Plan;
use super::item::items;
use super::party::Parties;
use day::{WorkDays, day, number};
use graph::Graph;
use order::Order;

/// When the items of a plan will be done. Items are named by id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Schedule {
    /// The projected finish: of a complete item the day it was done on, of an open one the day it can be done by. An
    /// open item without due day has the earliest day it could be done; a complete one without any date is left out.
    pub finish: BTreeMap<Box<str>, Date>,
    /// The days by which open items miss their due day: these must move.
    pub slip: BTreeMap<Box<str>, i32>,
    /// The milestone due on the target date, else the last one due before it.
    pub target_item: Option<Box<str>>,
    /// The days by which it misses the target date; 0 when it does not, or when there is no target.
    pub target_slip: i32,
    /// What drives the target: a chain over hard and soft dependencies, from its first item to the target's.
    pub driving_path: Vec<Box<str>>,
    /// For each open item that the target waits for, the days it may still move before the target does.
    pub slack: BTreeMap<Box<str>, i32>,
    /// The open items on the driving path, and those without slack.
    pub critical: BTreeSet<Box<str>>,
    /// Items whose hard dependencies run in a circle, each waiting for the one before it and the first for the last.
    /// Empty when there is none.
    pub cycle: Vec<Box<str>>,
}

/// The schedule of a plan on a day.
#[must_use]
pub fn schedule(plan: &Plan, as_of: Date) -> Schedule {
    let parties = Parties::of(plan);
    let graph = Graph::of(plan, &items(plan), &parties);
    let order = Order::of(&graph, true);
    let mut work = WorkDays::of(plan, &parties);
    let finishes = forward::finishes(&graph, &order, &mut work, number(as_of));
    let id = |at: usize| Box::<str>::from(graph.nodes[at].id);
    let ids = |nodes: Vec<usize>| nodes.into_iter().map(id).collect::<Vec<_>>();

    let mut schedule = Schedule { cycle: ids(order.circle(&graph)), ..Schedule::default() };
    for (at, node) in graph.nodes.iter().enumerate() {
        let Some(finish) = finishes[at] else { continue };
        schedule.finish.insert(node.id.into(), day(finish));
        if let Some(due) = node.due.filter(|due| finish > *due && !node.is_complete) {
            schedule.slip.insert(node.id.into(), finish.saturating_sub(due));
        }
    }

    let target_date = plan.meta.date("target.date").map(number);
    if let Some((date, target)) = target_date.and_then(|date| Some((date, target::item(&graph, date)?))) {
        schedule.target_item = Some(id(target));
        schedule.target_slip = finishes[target].map_or(0, |finish| finish.saturating_sub(date).max(0));
        let path = target::driving_path(&graph, target);
        schedule.critical = path.iter().filter(|at| !graph.nodes[**at].is_complete).map(|at| id(*at)).collect();
        schedule.driving_path = ids(path);
        for (at, latest) in target::latest(&graph, &order, target, date).into_iter().enumerate() {
            if let Some((latest, finish)) = latest.zip(finishes[at]) {
                let slack = latest.saturating_sub(finish);
                schedule.slack.insert(id(at), slack);
                if slack <= 0 {
                    schedule.critical.insert(id(at));
                }
            }
        }
    }
    schedule
}

/// A circle of hard dependencies, as [`Schedule::cycle`]; empty when there is none.
#[must_use]
pub fn cycle(plan: &Plan) -> Vec<Box<str>> {
    let graph = Graph::of(plan, &items(plan), &Parties::of(plan));
    graph.circle().into_iter().map(|at| graph.nodes[at].id.into()).collect()
}
