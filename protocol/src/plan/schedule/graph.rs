//! The items of a plan and what waits for what.
//!
//! A dependency on an item that is missing, removed or cancelled binds nobody. Nodes stand by id, so nothing depends
//! on the order in which a plan was written.

use std::collections::HashMap;

use jiff::tz::TimeZone;

use super::day::{Day, number};
use super::order::Order;
use crate::plan::Plan;
use crate::plan::item::{Item, time_zone};
use crate::plan::party::{Parties, PartySet};
use crate::plan::views::Dependency;
use crate::plan::words::Status;

/// Milestones and tasks, and the dependencies between them.
pub(crate) struct Graph<'a> {
    /// By id.
    pub(crate) nodes: Vec<Node<'a>>,
    /// By id.
    pub(crate) edges: Vec<Edge>,
    /// The edges that end at each node.
    pub(crate) into: Vec<Vec<usize>>,
    /// The edges that begin at each node.
    pub(crate) out: Vec<Vec<usize>>,
    /// The dependencies that bind nobody, since they have lost an end.
    pub(crate) lost: Vec<Dependency<'a>>,
    by_id: HashMap<&'a str, usize>,
}

/// One item.
pub(crate) struct Node<'a> {
    pub(crate) id: &'a str,
    pub(crate) is_milestone: bool,
    /// Its place in the order of the plan.
    pub(crate) place: usize,
    pub(crate) due: Option<Day>,
    /// The day a complete item was done on: as stamped, else the due day. `None` for an open item.
    pub(crate) done: Option<Day>,
    /// Whether that day was stamped.
    pub(crate) is_stamped: bool,
    pub(crate) is_complete: bool,
    /// Whether its start lies behind it.
    pub(crate) has_begun: bool,
    /// Days from its start to its due day.
    pub(crate) length: i32,
    pub(crate) parties: PartySet,
}

/// One dependency with both its ends.
pub(crate) struct Edge {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) kind: EdgeKind,
    pub(crate) hard: bool,
    pub(crate) gap: i32,
}

/// What a dependency compares: the finish or start of one with the finish or start of the other.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum EdgeKind {
    FinishToStart,
    StartToStart,
    FinishToFinish,
    StartToFinish,
}

impl<'a> Graph<'a> {
    /// The graph of a plan, of which these are the items and the parties.
    pub(crate) fn of(plan: &'a Plan, items: &[Item<'a>], parties: &Parties<'_>) -> Self {
        let zone = time_zone(plan);
        let mut nodes: Vec<Node<'a>> =
            items.iter().enumerate().map(|(place, item)| Node::of(item, place, &zone, parties)).collect();
        // Of a milestone and a task with one id the milestone counts: it stands first and the sort is stable.
        nodes.sort_by_key(|node| node.id);
        nodes.dedup_by_key(|node| node.id);
        let mut graph = Self {
            into: vec![Vec::new(); nodes.len()],
            out: vec![Vec::new(); nodes.len()],
            by_id: nodes.iter().enumerate().map(|(at, node)| (node.id, at)).collect(),
            nodes,
            edges: Vec::new(),
            lost: Vec::new(),
        };
        for dependency in plan.dependencies() {
            if let (Some(from), Some(to)) = (graph.find(dependency.from()), graph.find(dependency.to())) {
                graph.into[to].push(graph.edges.len());
                graph.out[from].push(graph.edges.len());
                graph.edges.push(Edge::of(&dependency, from, to));
            } else {
                graph.lost.push(dependency);
            }
        }
        graph
    }

    /// The node of an id.
    pub(crate) fn find(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// A circle of hard edges; empty when there is none.
    pub(crate) fn circle(&self) -> Vec<usize> {
        Order::of(self, true).circle(self)
    }

    /// The earliest finish that a dependency leaves its later item, if the earlier one finishes on a day.
    pub(crate) fn bound(&self, edge: &Edge, finish: Day) -> Day {
        let (from, to) = (&self.nodes[edge.from], &self.nodes[edge.to]);
        // What has begun keeps its start when its finish moves.
        let planned = from.due.filter(|_| from.has_begun).map_or(finish, |due| due.min(finish));
        let start = planned.saturating_sub(from.length);
        let earliest = match edge.kind {
            EdgeKind::FinishToStart | EdgeKind::FinishToFinish => finish,
            EdgeKind::StartToStart => start.saturating_add(to.length),
            EdgeKind::StartToFinish => start,
        };
        earliest.saturating_add(edge.gap)
    }

    /// The latest finish that a dependency leaves its earlier item, if the later one has to finish on a day.
    pub(crate) fn latest(&self, edge: &Edge, finish: Day) -> Day {
        let (from, to) = (&self.nodes[edge.from], &self.nodes[edge.to]);
        let latest = match edge.kind {
            EdgeKind::FinishToStart | EdgeKind::FinishToFinish => finish,
            EdgeKind::StartToStart => finish.saturating_sub(to.length).saturating_add(from.length),
            EdgeKind::StartToFinish => finish.saturating_add(from.length),
        };
        latest.saturating_sub(edge.gap)
    }
}

impl<'a> Node<'a> {
    fn of(item: &Item<'a>, place: usize, zone: &TimeZone, parties: &Parties<'_>) -> Self {
        let due = item.due.map(number);
        let is_complete = item.is_complete();
        let completed = item.completed_on(zone).map(number);
        let stated = item.row.date("start").zip(item.due).map(|(start, due)| number(due).saturating_sub(number(start)));
        #[expect(clippy::cast_possible_truncation)]
        let duration = item.row.number("durationDays").map(|days| days.clamp(0.0, 36_600.0) as i32);
        Self {
            id: item.id,
            is_milestone: item.is_milestone,
            place,
            due,
            done: if is_complete { completed.or(due) } else { None },
            is_stamped: completed.is_some(),
            is_complete,
            has_begun: is_complete || item.status == Status::InProgress,
            length: stated.or(duration).unwrap_or(0).max(0),
            parties: parties.of_item(item),
        }
    }
}

impl Edge {
    /// Whether it holds nobody any more: it compares starts, and the later item has begun.
    pub(crate) fn is_met(&self, graph: &Graph<'_>) -> bool {
        self.kind == EdgeKind::StartToStart && graph.nodes[self.to].has_begun
    }

    fn of(dependency: &Dependency<'_>, from: usize, to: usize) -> Self {
        let kind = match dependency.kind() {
            "SS" => EdgeKind::StartToStart,
            "FF" => EdgeKind::FinishToFinish,
            "SF" => EdgeKind::StartToFinish,
            _ => EdgeKind::FinishToStart,
        };
        Self { from, to, kind, hard: dependency.is_hard(), gap: dependency.min_gap_days() }
    }
}
