//! At risk and overdue: what a reader must not miss, with every reason, never cut.

use jiff::civil::Date;

use super::names::Names;
use super::span::{Line, Mark, Spans, Symbol, count, day};
use crate::plan::Plan;
use crate::plan::figures::{Threat, threats};
use crate::plan::item::{Item, items};
use crate::plan::schedule::Schedule;
use crate::plan::views::Risk;

/// An open item at risk, with the reasons.
pub(super) struct AtRisk<'a> {
    pub(super) item: Item<'a>,
    /// Days since its due day; 0 when it is not overdue.
    pub(super) overdue: i32,
    /// Days by which it must move; 0 when it need not.
    pub(super) slip: i32,
    pub(super) is_blocked: bool,
    /// The item whose commitment was declined: itself, or one that it waits for.
    pub(super) declined: Option<Box<str>>,
    /// The risks that threaten it.
    risks: Vec<Box<str>>,
}

impl<'a> AtRisk<'a> {
    fn of(threats: Vec<Threat>, item: Item<'a>) -> Self {
        let mut at_risk = Self { item, overdue: 0, slip: 0, is_blocked: false, declined: None, risks: Vec::new() };
        for threat in threats {
            match threat {
                Threat::Overdue { days } => at_risk.overdue = days,
                Threat::Slip { days } => at_risk.slip = days,
                Threat::Blocked { .. } => at_risk.is_blocked = true,
                Threat::Declined { task } => at_risk.declined = at_risk.declined.or(Some(task)),
                Threat::Risk { risk, .. } => at_risk.risks.push(risk),
            }
        }
        at_risk
    }

    /// Whether this risk threatens it.
    fn risks(&self, risk: &str) -> bool {
        self.risks.iter().any(|each| **each == *risk)
    }

    /// Whether more than a risk in the log makes it one.
    pub(super) fn is_red(&self) -> bool {
        self.overdue > 0 || self.slip > 0 || self.is_blocked || self.declined.is_some()
    }
}

/// The risks that make their items one, the gravest first.
pub(super) fn grave<'a>(all: &[AtRisk<'a>], plan: &'a Plan) -> Vec<Risk<'a>> {
    let mut risks: Vec<Risk<'a>> = plan.risks().filter(|risk| all.iter().any(|each| each.risks(risk.id))).collect();
    risks.sort_by_key(|risk| std::cmp::Reverse(risk.score()));
    risks
}

/// Every open item at risk: overdue ones first, then blocked ones, then those that must move, then the rest, by due day.
pub(super) fn at_risk<'a>(plan: &'a Plan, schedule: &Schedule, as_of: Date) -> Vec<AtRisk<'a>> {
    let mut threats = threats(plan, as_of, schedule);
    let mut all: Vec<AtRisk<'a>> =
        items(plan).into_iter().filter_map(|item| Some(AtRisk::of(threats.remove(item.id)?, item))).collect();
    all.sort_by_key(|each| {
        let place = if each.overdue > 0 {
            0
        } else if each.is_blocked {
            1
        } else if each.slip > 0 {
            2
        } else {
            3
        };
        (place, -each.overdue, each.item.due.unwrap_or(Date::MAX), !each.item.is_milestone)
    });
    all
}

/// The lines: one for each item with reasons of its own, and one for each risk with the items it threatens.
pub(super) fn lines(all: &[AtRisk<'_>], plan: &Plan, schedule: &Schedule, names: &Names<'_>, as_of: Date) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for each in all.iter().filter(|each| each.is_red()) {
        lines.push(item_line(each, schedule, names, as_of));
    }
    for risk in grave(all, plan) {
        let threatened: Vec<String> = all
            .iter()
            .filter(|each| each.risks(risk.id))
            .map(|each| {
                let due = each.item.due.map_or(String::new(), |due| format!(" ({})", day(due, as_of)));
                format!("{}{due}", names.item(each.item.id))
            })
            .collect();
        if threatened.is_empty() {
            continue;
        }
        let level = |field: &str| risk.row.text(field).unwrap_or("?").to_owned();
        let mut spans = Spans::default()
            .add(Mark::Late, "Risk: ")
            .strong(risk.title().unwrap_or(risk.id))
            .plain(&format!(" ({} probability, {} impact) threatens ", level("probability"), level("impact")));
        for (at, title) in threatened.iter().enumerate() {
            spans = spans.plain(if at == 0 { "" } else { ", " }).plain(title);
        }
        if let Some(mitigation) = risk.row.text("mitigation") {
            spans = spans.plain("; plan:").quote(mitigation);
        }
        let owners = names.owners(risk.row, None);
        if !owners.is_empty() {
            spans = spans.faint(&format!(" — {}", owners.join(", ")));
        }
        lines.push(spans.line(Some(Symbol::Risk), Some(format!("risks/{}", risk.id))));
    }
    lines
}

fn item_line(each: &AtRisk<'_>, schedule: &Schedule, names: &Names<'_>, as_of: Date) -> Line {
    let mut spans = Spans::default().strong(&names.item(each.item.id));
    let mut join = ": ";
    let mut say = |spans: Spans, more: Spans| {
        let joined = spans.plain(join).then(more);
        join = "; ";
        joined
    };
    let due = each.item.due.map(|due| day(due, as_of)).unwrap_or_default();
    if each.overdue > 0 {
        let days = count(usize::try_from(each.overdue).unwrap_or(0), "day");
        spans =
            say(spans, Spans::default().add(Mark::Late, &format!("{days} overdue")).plain(&format!(", was due {due}")));
    }
    if each.is_blocked {
        let mut blocked = Spans::default().add(Mark::Late, "blocked");
        if let Some(since) = each.item.row.date("blocked.since") {
            blocked = blocked.plain(&format!(" since {}", day(since, as_of)));
        }
        if let Some(reason) = each.item.row.text("blocked.reason") {
            blocked = blocked.quote(reason);
        }
        if let Some(needs) = each.item.row.text("blocked.needs") {
            blocked = blocked.plain(", needs").quote(needs);
        }
        spans = say(spans, blocked);
    }
    // An overdue item slips to today by itself: said once.
    if let Some(finish) = schedule.finish.get(each.item.id).filter(|_| each.slip > each.overdue) {
        let moved = format!("cannot finish before {}", day(*finish, as_of));
        let moved = Spans::default().add(Mark::Late, &moved).plain(&format!(" (+{} d), due {due}", each.slip));
        spans = say(spans, moved);
    }
    if let Some(declined) = &each.declined {
        let words = if **declined == *each.item.id {
            "its commitment was declined".to_owned()
        } else {
            format!("waits for {}, which was declined", names.item(declined))
        };
        spans = say(spans, Spans::default().add(Mark::Late, &words));
    }
    let owners = names.owners(each.item.row, None);
    if !owners.is_empty() {
        spans = spans.faint(&format!(" — {}", owners.join(", ")));
    }
    spans.line(Some(Symbol::Risk), Some(each.item.path()))
}
