//! What holds for the schedule of every plan, tried on plans made by chance.

use jiff::civil::{Date, date};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::plan::json;

const AS_OF: Date = date(2026, 3, 1);
const ITEMS: usize = 12;

/// An item: its due day after Feb 1, if any, its status, its length, whether it is the buyer's.
type Made = (Option<u8>, usize, u8, bool);
/// A dependency: two items, its type, whether it is soft, its gap.
type Edged = (usize, usize, usize, bool, u8);

#[derive(Debug, Clone)]
struct Sketch {
    items: Vec<Made>,
    edges: Vec<Edged>,
    weekends: bool,
    target: u8,
}

fn day_after(days: u8) -> String {
    day::day(day::number(date(2026, 2, 1)) + i32::from(days)).to_string()
}

impl Sketch {
    /// The canonical JSON; `turned` writes everything in the opposite order.
    fn json(&self, turned: bool) -> Json {
        let statuses = ["pending", "in_progress", "blocked", "complete", "cancelled"];
        let mut milestones: Vec<Json> = Vec::new();
        let mut tasks: Vec<Json> = Vec::new();
        for (n, (due, status, length, buyer)) in self.items.iter().enumerate() {
            let mut item = json!({"id": format!("i{n:02}"), "status": statuses[*status], "durationDays": length});
            if let Some(due) = due {
                item["due"] = json!(day_after(*due));
            }
            if n % 2 == 0 {
                milestones.push(item);
            } else {
                item["party"] = json!(if *buyer { "buyer" } else { "seller" });
                tasks.push(item);
            }
        }
        let kinds = ["FS", "SS", "FF", "SF"];
        let mut edges: Vec<Json> = Vec::new();
        for (from, to, kind, soft, gap) in &self.edges {
            let id = format!("i{from:02}>i{to:02}");
            if from != to && !edges.iter().any(|edge| edge["id"] == json!(id)) {
                let strength = if *soft { "soft" } else { "hard" };
                edges.push(json!({
                    "id": id, "from": format!("i{from:02}"), "to": format!("i{to:02}"),
                    "type": kinds[*kind], "strength": strength, "minGapDays": gap,
                }));
            }
        }
        if turned {
            milestones.reverse();
            tasks.reverse();
            edges.reverse();
        }
        let working = if self.weekends { json!([]) } else { json!(["mo", "tu", "we", "th", "fr"]) };
        json!({
            "schema": "plansync.plan/1",
            "meta": {"target": {"date": day_after(self.target)}, "workingDays": working},
            "parties": [{"id": "buyer", "kind": "buyer"}, {"id": "seller", "kind": "seller"}],
            "milestones": milestones, "tasks": tasks, "dependencies": edges,
            "calendar": [{"id": "w1", "kind": "blackout", "party": "buyer", "from": "2026-03-05", "to": "2026-03-12", "hard": true},
                {"id": "w2", "kind": "unavailable", "party": "buyer", "from": "2026-03-11", "to": "2026-03-16", "hard": true}],
        })
    }

    fn plan(&self) -> Plan {
        json::parse(&self.json(false), true).unwrap()
    }

    /// The same without circles: every edge goes from a lower item to a higher one.
    fn acyclic(mut self) -> Self {
        for edge in &mut self.edges {
            *edge = (edge.0.min(edge.1), edge.0.max(edge.1), edge.2, edge.3, edge.4);
        }
        self
    }
}

fn plans() -> impl Strategy<Value = Sketch> {
    let item = (proptest::option::weighted(0.85, 0..70_u8), 0..5_usize, 0..8_u8, any::<bool>());
    let edge = (0..ITEMS, 0..ITEMS, 0..4_usize, proptest::bool::weighted(0.2), 0..20_u8);
    let items = proptest::collection::vec(item, ITEMS);
    let edges = proptest::collection::vec(edge, 0..24);
    (items, edges, any::<bool>(), 0..80_u8).prop_map(|(items, edges, weekends, target)| Sketch {
        items,
        edges,
        weekends,
        target,
    })
}

fn is_open(status: usize) -> bool {
    status < 3
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn every_open_item_has_a_finish_that_is_not_past_and_no_slip_is_negative(made in plans()) {
        let schedule = schedule(&made.plan(), AS_OF);
        for (n, (due, status, ..)) in made.items.iter().enumerate().filter(|(_, item)| is_open(item.1)) {
            let id = format!("i{n:02}");
            let finish = schedule.finish.get(&*id).copied();
            prop_assert!(finish.is_some_and(|finish| finish >= AS_OF), "{id} {status}");
            if let Some(due) = due {
                prop_assert!(finish.is_some_and(|finish| finish.to_string() >= day_after(*due)));
            }
        }
        prop_assert!(schedule.slip.values().all(|days| *days > 0));
        prop_assert!(schedule.target_slip >= 0);
    }

    #[test]
    fn without_circles_there_is_none_and_every_hard_dependency_is_kept(made in plans()) {
        let made = made.acyclic();
        let plan = made.plan();
        let schedule = schedule(&plan, AS_OF);
        prop_assert_eq!(&schedule.cycle, &Vec::<Box<str>>::new());
        for dependency in plan.dependencies().filter(|each| each.is_hard() && matches!(each.kind(), "FS" | "FF")) {
            let to = plan.milestone(dependency.to()).map(|item| item.status()).or(plan.task(dependency.to()).map(|item| item.status()));
            let ends = (schedule.finish.get(dependency.from()), schedule.finish.get(dependency.to()));
            if let ((Some(from), Some(after)), false) = (ends, to == Some(crate::plan::Status::Complete)) {
                prop_assert!(day::number(*after) >= day::number(*from) + dependency.min_gap_days());
            }
        }
    }

    #[test]
    fn the_order_in_which_a_plan_is_written_does_not_matter(made in plans()) {
        let turned = json::parse(&made.json(true), true).unwrap();
        let (one, other) = (schedule(&made.plan(), AS_OF), schedule(&turned, AS_OF));
        // Of two milestones due on the target date the last in the order of the plan is its item.
        prop_assert_eq!((&one.finish, &one.slip, &one.cycle), (&other.finish, &other.slip, &other.cycle));
        if one.target_item == other.target_item {
            prop_assert_eq!(one, other);
        }
    }

    #[test]
    fn finishing_earlier_delays_nobody(made in plans(), which in 0..ITEMS, earlier in 0..40_i32) {
        let before = schedule(&made.plan(), AS_OF);
        let id = format!("i{which:02}");
        prop_assume!(is_open(made.items[which].1));
        let finish = before.finish[&*id];
        let mut done = made.plan();
        let name = if which % 2 == 0 { "milestones" } else { "tasks" };
        let rows = done.rows_mut(crate::plan::schema::collection(name).unwrap());
        let row = std::sync::Arc::make_mut(rows.get_mut(&*id).unwrap());
        row.set(crate::plan::Key::Named("status"), Some("complete".into()));
        let at = format!("{}T12:00:00Z", day::plus(finish, -earlier));
        row.set(crate::plan::Key::Named("completedAt"), Some(at.as_str().into()));
        let after = schedule(&done, AS_OF);
        for (id, finish) in &before.finish {
            prop_assert!(after.finish[id] <= *finish, "{}: {} after {}", id, after.finish[id], finish);
        }
        prop_assert!(after.target_slip <= before.target_slip);
    }

    #[test]
    fn an_earlier_day_moves_nobody_and_a_later_one_moves_nobody_earlier(made in plans(), which in 0..ITEMS, days in -30..30_i32) {
        let id = format!("i{which:02}");
        let shift = shift(&made.plan(), AS_OF, &id, days);
        prop_assert!(shift.must.iter().all(|moved| moved.days > 0 && *moved.id != *id));
        prop_assert!(shift.keep_gap.iter().all(|moved| moved.days == days && *moved.id != *id));
        if days <= 0 {
            prop_assert_eq!(shift.must, vec![]);
        }
    }

    #[test]
    fn a_plan_dated_backward_fits(made in plans()) {
        // With every proposal taken, no open item on the way to the target waits past its own day.
        let mut made = made.acyclic();
        made.weekends = true;
        let mut plan = made.plan();
        for proposed in backward(&plan) {
            for name in ["milestones", "tasks"] {
                let rows = plan.rows_mut(crate::plan::schema::collection(name).unwrap());
                if let Some(row) = rows.get_mut(&*proposed.id) {
                    std::sync::Arc::make_mut(row).set(crate::plan::Key::Named("due"), Some(proposed.to.to_string().as_str().into()));
                }
            }
        }
        let schedule = schedule(&plan, date(2020, 1, 1));
        for dependency in plan.dependencies().filter(|each| each.is_hard()) {
            // A complete item's day is given, not proposed.
            let is_open = |id: &str| schedule.slack.contains_key(id);
            if is_open(dependency.from()) && is_open(dependency.to()) && matches!(dependency.kind(), "FS" | "FF") {
                let due = |id: &str| plan.milestone(id).map(|item| item.due()).or(plan.task(id).map(|item| item.due())).flatten();
                let (from, to) = (due(dependency.from()).unwrap(), due(dependency.to()).unwrap());
                prop_assert!(day::number(to) >= day::number(from) + dependency.min_gap_days());
            }
        }
    }
}
