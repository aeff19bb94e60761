//! Undo and redo of one's own edits, and of nobody else's.
//!
//! In: the steps of own edits, with when they were made. Out: the step to take back. What is always true: at most
//! [`STEPS_MAX`] steps are kept; a new edit ends what could be made again.

use std::time::{Duration, Instant};

use crate::step::Step;

/// Own edits this close to each other are one step.
const STEP: Duration = Duration::from_millis(500);
/// Nobody goes back further by single steps.
const STEPS_MAX: usize = 200;

#[derive(Debug, Default)]
pub(crate) struct UndoStack {
    undo: Vec<Step>,
    redo: Vec<Step>,
    last: Option<Instant>,
}

impl UndoStack {
    /// An own edit was made.
    pub(crate) fn edited(&mut self, step: Step, now: Instant) {
        if step.is_empty() {
            return;
        }
        self.redo.clear();
        let is_close = self.last.is_some_and(|last| now.saturating_duration_since(last) < STEP);
        self.last = Some(now);
        match self.undo.last_mut().filter(|_| is_close) {
            Some(open) => open.extend(step),
            None => push(&mut self.undo, step),
        }
    }

    /// The step to take back.
    pub(crate) fn pop_undo(&mut self) -> Option<Step> {
        self.last = None;
        self.undo.pop()
    }

    /// The step to make again.
    pub(crate) fn pop_redo(&mut self) -> Option<Step> {
        self.last = None;
        self.redo.pop()
    }

    /// A step was taken back, by this one.
    pub(crate) fn undone(&mut self, by: Step) {
        push(&mut self.redo, by);
    }

    /// A step was made again, by this one.
    pub(crate) fn redone(&mut self, by: Step) {
        push(&mut self.undo, by);
    }

    pub(crate) fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    pub(crate) fn can_redo(&self) -> bool {
        !self.redo.is_empty()
    }
}

fn push(stack: &mut Vec<Step>, step: Step) {
    if stack.len() >= STEPS_MAX {
        stack.remove(0);
    }
    stack.push(step);
}
