//! Everything that is known of an open plan: its document, the protocol, what is to be kept, what can be taken back.
//!
//! In: edits, updates of the server, fresh starts. Out: what is different in the plan. It lives behind one lock, so that
//! each of these is seen as a whole. What is always true: an own edit is in the document, told to the machine and in the
//! ledger before anybody else is asked.

use std::{collections::BTreeSet, sync::Arc, time::Instant};

use plansync_protocol::{
    plan::{edit::Edit, read::Replaced, write},
    wire::Since,
};
use yrs::TransactionMut;

use crate::{
    document::{Document, Written},
    error::Error,
    ledger::Ledger,
    machine::Machine,
    step::Step,
    store::{Content, Facts},
    undo::UndoStack,
};

/// What is different in the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Updated {
    /// The entities: `tasks/ca-1`, `meta`.
    pub entities: BTreeSet<String>,
    /// Whether it came from elsewhere.
    pub remote: bool,
}

#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) document: Document,
    pub(crate) machine: Machine,
    pub(crate) ledger: Ledger,
    undo: UndoStack,
    /// Edits that a fresh document lacks.
    offers: Vec<Step>,
    /// The last edit that was made again.
    offered: u64,
    /// Where the program's changes begin.
    pub(crate) changes_from: Option<Since>,
    /// The program listens to changes, so that where it stands is worth keeping.
    listens: bool,
    /// Which document this is, and so far as it is known whose copy: `demo shared ann`.
    document_name: String,
    person: Option<String>,
}

impl Core {
    /// A plan whose document holds nothing yet.
    pub(crate) fn new(
        document: Document,
        machine: Machine,
        ledger: Ledger,
        document_name: String,
        person: Option<String>,
    ) -> Self {
        Self {
            document,
            changes_from: machine.cursor(),
            listens: false,
            machine,
            ledger,
            undo: UndoStack::default(),
            offers: Vec::new(),
            offered: 0,
            document_name,
            person,
        }
    }

    /// Takes in what the local copy holds. What cannot be read of it is left behind: the server has it, or nobody.
    pub(crate) fn load(&mut self, content: Content) {
        self.ledger.note(Facts { of: self.of(), ..Facts::default() });
        for update in &content.state {
            if let Err(error) = self.document.apply(update) {
                tracing::warn!(error, "an update of the local copy cannot be read");
            }
        }
        for (edit, (number, update)) in (1..).zip(content.unsent) {
            self.document.refresh();
            if let Err(error) = self.document.apply(&update) {
                tracing::warn!(error, "an edit of the local copy cannot be read");
            }
            let replaced = self.document.refresh();
            let step = Step::of(&replaced, self.document.rows());
            self.ledger.found(edit, number, update, step);
        }
    }

    /// Makes one edit.
    pub(crate) fn edit(&mut self, edit: &Edit, now: Instant) -> Result<Updated, Error> {
        let (result, written) = self.document.write(|txn| write::apply_unstamped(txn, edit));
        result.map_err(Error::of_values)?;
        let (updated, step) = self.wrote(&written);
        self.undo.edited(step, now);
        Ok(updated)
    }

    /// Makes one transaction.
    pub(crate) fn transact<R>(
        &mut self,
        write: impl FnOnce(&mut TransactionMut<'_>) -> R,
        now: Instant,
    ) -> (R, Updated) {
        let (result, written) = self.document.write(write);
        let (updated, step) = self.wrote(&written);
        self.undo.edited(step, now);
        (result, updated)
    }

    /// Takes in an update of the server. `live` ones that build on something that is not there make us ask for it.
    pub(crate) fn apply(&mut self, update: &[u8]) -> Result<Updated, String> {
        let applied = self.document.apply(update)?;
        self.ledger.received(update);
        if applied.gap {
            self.machine.gap_seen();
        }
        Ok(Updated { entities: applied.entities, remote: true })
    }

    /// Takes back the last own step that still changes something. `None` where there is none.
    pub(crate) fn undo(&mut self) -> Option<Updated> {
        while let Some(step) = self.undo.pop_undo() {
            if let Some((updated, by)) = self.take_back(&step) {
                self.undo.undone(by);
                return Some(updated);
            }
        }
        None
    }

    /// Makes the last step that was taken back again. `None` where there is none.
    pub(crate) fn redo(&mut self) -> Option<Updated> {
        while let Some(step) = self.undo.pop_redo() {
            if let Some((updated, by)) = self.take_back(&step) {
                self.undo.redone(by);
                return Some(updated);
            }
        }
        None
    }

    pub(crate) fn can_undo(&self) -> bool {
        self.undo.can_undo()
    }

    pub(crate) fn can_redo(&self) -> bool {
        self.undo.can_redo()
    }

    /// The server knows us.
    pub(crate) fn welcomed(&mut self) {
        if self.changes_from.is_none() {
            self.changes_from = self.machine.cursor();
            self.listen_from_start();
        }
        let Some(welcome) = self.machine.welcome() else { return };
        let epoch = Some(welcome.epoch);
        self.person = Some(welcome.person.to_string());
        self.ledger.note(Facts { of: self.of(), epoch, cursor: None });
    }

    /// The program listens to changes from where the plan was opened.
    pub(crate) fn listen(&mut self) {
        self.listens = true;
        self.listen_from_start();
    }

    fn listen_from_start(&mut self) {
        if let Some(start) = self.changes_from.filter(|_| self.listens) {
            self.ledger.heard(start);
        }
    }

    /// Another, empty document takes the place of this one. Returns how many edits the server did not have.
    pub(crate) fn start_afresh(&mut self, client_id: u64) -> usize {
        let steps = self.ledger.start_afresh();
        let count = steps.len();
        self.offers.extend(steps);
        self.document = Document::new(client_id);
        self.undo = UndoStack::default();
        self.machine.started_afresh(client_id);
        // A plan that was restored counts its changes anew.
        self.changes_from = self.machine.cursor();
        self.ledger.note(Facts { of: self.of(), epoch: None, cursor: self.changes_from });
        count
    }

    /// Makes again what a fresh document lacks, once it is live. Returns the places where that is not possible.
    pub(crate) fn make_offers(&mut self) -> Option<(Updated, Vec<String>)> {
        if self.offers.is_empty() {
            return None;
        }
        let mut all = Updated { entities: BTreeSet::new(), remote: false };
        let mut lost = Vec::new();
        for step in std::mem::take(&mut self.offers) {
            let (edit, gone) = step.made_again(self.document.rows());
            lost.extend(gone);
            let (result, written) = self.document.write(|txn| write::apply_unstamped(txn, &edit));
            if let Err(malformed) = result {
                lost.extend(malformed.into_iter().map(|each| each.path));
            }
            let (updated, _) = self.wrote(&written);
            all.entities.extend(updated.entities);
        }
        self.offered = self.machine.edits_made();
        self.ledger.made_again();
        lost.sort();
        lost.dedup();
        Some((all, lost))
    }

    /// Edits that wait to be made again.
    pub(crate) fn offers(&self) -> u64 {
        self.offers.len() as u64
    }

    /// The last edit that was made again.
    pub(crate) fn offered(&self) -> u64 {
        self.offered
    }

    /// The edits that were acknowledged need not be kept as one's own any more.
    pub(crate) fn settle(&mut self) {
        self.ledger.durable(self.machine.edits_durable());
    }

    fn of(&self) -> Option<String> {
        self.person.as_ref().map(|person| format!("{} {person}", self.document_name))
    }

    fn take_back(&mut self, step: &Step) -> Option<(Updated, Step)> {
        let edit = step.taken_back(self.document.rows());
        let (_, written) = self.document.write(|txn| write::apply_unstamped(txn, &edit));
        written.update.as_ref()?;
        Some(self.wrote(&written))
    }

    /// Notes what an own transaction has done.
    fn wrote(&mut self, written: &Written) -> (Updated, Step) {
        let step = Step::of(&written.replaced, self.document.rows());
        if let Some(update) = &written.update {
            self.machine.edited(update.clone());
            self.ledger.edited(self.machine.edits_made(), update, step.clone());
        }
        (updated(&written.replaced), step)
    }

    /// The plan as it is.
    pub(crate) fn rows(&mut self) -> Arc<plansync_protocol::plan::Plan> {
        Arc::clone(self.document.rows())
    }
}

fn updated(replaced: &[Replaced]) -> Updated {
    let path = |each: &Replaced| match &*each.id {
        "" => each.collection.name.to_owned(),
        id => format!("{}/{id}", each.collection.name),
    };
    Updated { entities: replaced.iter().map(path).collect(), remote: false }
}
