//! Dependencies that do not fit, run in a circle, or have lost an end.

use super::Level::{Error, Warning};
use super::{Advice, Sight, name, quoted};
use crate::plan::item::Item;
use crate::plan::schedule::day::day;
use crate::plan::schedule::graph::Graph;

pub(super) fn lint(sight: &Sight<'_>, advice: &mut Vec<Advice>) {
    let plan = sight.plan;
    let graph = Graph::of(plan, &sight.items, &sight.parties);
    // By place: nodes know theirs.
    let item = |node: usize| &sight.items[graph.nodes[node].place];
    let circle = graph.circle();
    if let Some(first) = circle.first() {
        let mut names: Vec<String> = circle.iter().take(8).map(|node| name(item(*node))).collect();
        if circle.len() > names.len() {
            names.push(format!("{} more", circle.len() - names.len()));
        }
        names.push(name(item(*first)));
        let message = format!(
            "These wait for each other in a circle: {}; take one dependency out or make it soft",
            names.join(" → ")
        );
        advice.push(Advice::new(Error, "cycle", "R36", message).about(item(*first).path()));
    }
    for edge in graph.edges.iter().filter(|edge| edge.hard && !graph.nodes[edge.to].is_complete && !edge.is_met(&graph))
    {
        let (from, to) = (&graph.nodes[edge.from], &graph.nodes[edge.to]);
        let finish = if from.is_complete { from.done } else { from.due };
        if let (Some(finish), Some(due)) = (finish, to.due) {
            let earliest = graph.bound(edge, finish);
            if earliest > due {
                advice.push(gap(item(edge.from), item(edge.to), edge.gap, &day(earliest).to_string()));
            }
        }
    }
    for dependency in &graph.lost {
        for end in [dependency.from(), dependency.to()].into_iter().filter(|end| graph.find(end).is_none()) {
            let known = plan.milestone(end).map(|each| each.0).or_else(|| plan.task(end).map(|each| each.0));
            let (end, what) = match known {
                None => (quoted(end), "is not in the plan"),
                Some(entity) if entity.is_removed() => (quoted(entity.title().unwrap_or(end)), "was removed"),
                Some(entity) => (quoted(entity.title().unwrap_or(end)), "was cancelled"),
            };
            let message =
                format!("{end} {what}, and a dependency names it: remove the dependency, or link what took its place");
            advice.push(
                Advice::new(Warning, "lost_end", "R36", message).about(format!("dependencies/{}", dependency.id)),
            );
        }
    }
}

fn gap(from: &Item<'_>, to: &Item<'_>, gap: i32, earliest: &str) -> Advice {
    let after = match gap {
        0 => "not before".to_owned(),
        1 => "at least 1 day after".to_owned(),
        _ => format!("at least {gap} days after"),
    };
    let due = to.due.map(|due| due.to_string()).unwrap_or_default();
    let message = format!(
        "{} is due {due} and has to be {after} {}: move it to {earliest}, shorten the gap, or be done earlier",
        name(to),
        name(from)
    );
    Advice::new(Error, "gap_does_not_fit", "R43", message).about(format!("dependencies/{}>{}", from.id, to.id))
}
