//! The order of a written plan: each phase, its milestones, under each its tasks and their parts.
//!
//! Every item that is not removed stands in it once, also when what it belongs to is missing or goes in a circle.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::{Entity, Milestone, Plan, Task};

/// One line of a written plan.
#[derive(Debug, Clone, Copy)]
pub(super) enum Line<'a> {
    /// A milestone.
    Milestone(Milestone<'a>),
    /// A task, and how deep it stands below its milestone, from 1.
    Task(Task<'a>, usize),
}

/// A phase with its lines; without a phase, what belongs to none.
pub(super) struct Section<'a> {
    pub(super) phase: Option<Entity<'a>>,
    pub(super) lines: Vec<Line<'a>>,
}

/// The sections of a plan: every phase, then milestones without one, then tasks without a milestone; those two only
/// if there are any.
pub(super) fn sections(plan: &Plan) -> Vec<Section<'_>> {
    let phases: Vec<Entity<'_>> = plan.entities("phases").collect();
    let mut milestones: BTreeMap<Option<&str>, Vec<Milestone<'_>>> = BTreeMap::new();
    for milestone in plan.milestones() {
        let phase = milestone.phase().filter(|id| phases.iter().any(|phase| phase.id == *id));
        milestones.entry(phase).or_default().push(milestone);
    }
    let mut tasks = Tasks::of(plan);
    let mut sections = Vec::new();
    for phase in phases {
        let lines = lines(milestones.remove(&Some(phase.id)).unwrap_or_default(), &mut tasks);
        sections.push(Section { phase: Some(phase), lines });
    }
    sections.push(Section { phase: None, lines: lines(milestones.remove(&None).unwrap_or_default(), &mut tasks) });
    let mut rest = Vec::new();
    tasks.below(None, &mut rest);
    // Circles of parents hang on nothing: each of their tasks stands on its own.
    let circles = plan.tasks().filter(|task| !tasks.written.contains(task.id));
    rest.extend(circles.map(|task| Line::Task(task, 1)));
    sections.push(Section { phase: None, lines: rest });
    sections.retain(|section| section.phase.is_some() || !section.lines.is_empty());
    sections
}

fn lines<'a>(milestones: Vec<Milestone<'a>>, tasks: &mut Tasks<'a>) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    for milestone in milestones {
        lines.push(Line::Milestone(milestone));
        tasks.below(Some(milestone.id), &mut lines);
    }
    lines
}

struct Tasks<'a> {
    of_milestone: BTreeMap<Option<&'a str>, Vec<Task<'a>>>,
    of_parent: BTreeMap<&'a str, Vec<Task<'a>>>,
    written: BTreeSet<&'a str>,
}

impl<'a> Tasks<'a> {
    fn of(plan: &'a Plan) -> Self {
        let milestones: BTreeSet<&str> = plan.milestones().map(|milestone| milestone.id).collect();
        let tasks: BTreeMap<&str, Task<'_>> = plan.tasks().map(|task| (task.id, task)).collect();
        let milestone_of = |task: &Task<'a>| task.milestone().filter(|id| milestones.contains(id));
        let mut all = Self { of_milestone: BTreeMap::new(), of_parent: BTreeMap::new(), written: BTreeSet::new() };
        for task in plan.tasks() {
            let parent = task.parent().and_then(|id| tasks.get(id));
            match parent.filter(|parent| milestone_of(parent) == milestone_of(&task)) {
                Some(parent) => all.of_parent.entry(parent.id).or_default().push(task),
                None => all.of_milestone.entry(milestone_of(&task)).or_default().push(task),
            }
        }
        all
    }

    fn below(&mut self, milestone: Option<&'a str>, lines: &mut Vec<Line<'a>>) {
        let first = self.of_milestone.remove(&milestone).unwrap_or_default();
        let mut open: Vec<(Task<'a>, usize)> = first.into_iter().rev().map(|task| (task, 1)).collect();
        while let Some((task, depth)) = open.pop() {
            self.written.insert(task.id);
            lines.push(Line::Task(task, depth));
            let parts = self.of_parent.remove(task.id).unwrap_or_default();
            open.extend(parts.into_iter().rev().map(|part| (part, depth + 1)));
        }
    }
}
