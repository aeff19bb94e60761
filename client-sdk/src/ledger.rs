//! What is to be kept of one open plan: the batches for its [`Store`](crate::store::Store), and the own edits that the
//! server is not known to have.
//!
//! In: updates of the server, own edits, acknowledgements. Out: the next batch to write; the unsent edits as steps, should
//! another document take the place of this one. What is always true: an edit is in the store, or waiting to be written,
//! until the server has acknowledged it; while edits wait to be made again in a fresh document, the store keeps them as
//! they were.

use std::collections::BTreeMap;

use plansync_protocol::wire::Since;

use crate::{
    step::Step,
    store::{Batch, Facts},
};

#[derive(Debug)]
struct Unsent {
    /// Its number in the store.
    number: u64,
    update: Vec<u8>,
    step: Step,
    /// It was given to the store.
    taken: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// There is a store to write to.
    keeps: bool,
    unsent: BTreeMap<u64, Unsent>,
    next_number: u64,
    next: Batch,
    /// The next batch waits, because the store still holds what is to be made again.
    holds: bool,
    /// Edits, from the first, that were given to the store.
    taken: u64,
    /// Edits, from the first, that are in the store.
    kept: u64,
}

impl Ledger {
    /// A ledger over a store whose last edit has this number.
    pub(crate) fn over_store(last_number: Option<u64>) -> Self {
        Self { keeps: true, next_number: last_number.map_or(0, |last| last + 1), ..Self::default() }
    }

    /// An edit that was found in the store; the n-th.
    pub(crate) fn found(&mut self, edit: u64, number: u64, update: Vec<u8>, step: Step) {
        self.unsent.insert(edit, Unsent { number, update, step, taken: true });
        (self.taken, self.kept) = (edit, edit);
    }

    /// Takes in what the server has.
    pub(crate) fn received(&mut self, update: &[u8]) {
        if self.keeps {
            self.next.state.push(update.to_vec());
        }
    }

    /// Takes in an own edit, the n-th.
    pub(crate) fn edited(&mut self, edit: u64, update: &[u8], step: Step) {
        let number = self.next_number;
        self.next_number += 1;
        let update = if self.keeps { update.to_vec() } else { Vec::new() };
        self.unsent.insert(edit, Unsent { number, update, step, taken: false });
    }

    /// The first so many edits are on the server's disk.
    pub(crate) fn durable(&mut self, edits: u64) {
        let later = self.unsent.split_off(&(edits + 1));
        let settled = std::mem::replace(&mut self.unsent, later);
        if !self.keeps {
            return;
        }
        for (edit, Unsent { number, update, taken, .. }) in settled {
            if taken {
                self.next.settled.push(number);
            } else {
                // It comes into the store with the next batch all the same.
                self.next.state.push(update);
                self.taken = edit;
            }
        }
    }

    /// Notes facts.
    pub(crate) fn note(&mut self, facts: Facts) {
        if self.keeps {
            self.next.extend(Batch { facts, ..Batch::default() });
        }
    }

    /// The program has taken this change.
    pub(crate) fn heard(&mut self, cursor: Since) {
        self.note(Facts { cursor: Some(cursor), ..Facts::default() });
    }

    /// What is to be written next, if anything.
    pub(crate) fn take(&mut self) -> Option<Batch> {
        if !self.keeps || self.holds {
            return None;
        }
        for (edit, unsent) in self.unsent.iter_mut().filter(|(_, unsent)| !unsent.taken) {
            unsent.taken = true;
            self.next.unsent.push((unsent.number, unsent.update.clone()));
            self.taken = *edit;
        }
        let batch = std::mem::take(&mut self.next);
        (!batch.is_empty()).then_some(batch)
    }

    /// Edits, from the first, that the last batch brings into the store.
    pub(crate) fn taken(&self) -> u64 {
        self.taken
    }

    /// The first so many edits are in the store.
    pub(crate) fn written(&mut self, edits: u64) {
        self.kept = self.kept.max(edits);
    }

    /// Edits, from the first, that are in the store.
    pub(crate) fn kept(&self) -> u64 {
        self.kept
    }

    /// Another document takes the place of this one. Returns the edits that the server is not known to have. The store
    /// keeps what it has until [`Ledger::made_again`], if there are any.
    pub(crate) fn start_afresh(&mut self) -> Vec<Step> {
        let unsent = std::mem::take(&mut self.unsent);
        // What is made again is kept as other edits; of the former ones nothing more is to be written.
        self.taken = unsent.last_key_value().map_or(self.taken, |(last, _)| *last);
        let facts = Facts { of: self.next.facts.of.take(), ..Facts::default() };
        self.next = Batch { clear: true, facts, ..Batch::default() };
        let steps: Vec<_> = unsent.into_values().map(|unsent| unsent.step).filter(|step| !step.is_empty()).collect();
        // Edits of an earlier document that were not made again yet are among the program's offers still.
        self.holds |= !steps.is_empty();
        steps
    }

    /// The edits were made again: from here on the store is written to.
    pub(crate) fn made_again(&mut self) {
        self.holds = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The server may be quicker than the disk; what it has does not make the local file whole.
    #[test]
    fn an_edit_that_the_server_has_first_is_kept_once_it_is_written() {
        let mut ledger = Ledger::over_store(None);
        ledger.edited(1, b"one", Step::default());
        ledger.edited(2, b"two", Step::default());
        ledger.durable(1);
        assert_eq!(ledger.kept(), 0);
        let batch = ledger.take().unwrap();
        assert_eq!((batch.state, batch.unsent.len()), (vec![b"one".to_vec()], 1));
        // The second is acknowledged while it is written.
        let upto = ledger.taken();
        ledger.edited(3, b"three", Step::default());
        ledger.durable(3);
        ledger.written(upto);
        assert_eq!(ledger.kept(), 2);
        let batch = ledger.take().unwrap();
        assert_eq!((batch.state, batch.settled), (vec![b"three".to_vec()], vec![1]));
        ledger.written(ledger.taken());
        assert_eq!(ledger.kept(), 3);
    }

    #[test]
    fn nothing_of_a_former_document_is_waited_for() {
        let mut ledger = Ledger::over_store(None);
        ledger.edited(1, b"one", Step::default());
        assert!(ledger.start_afresh().is_empty(), "nothing is to be made again");
        assert!(ledger.take().unwrap().clear);
        ledger.written(ledger.taken());
        assert_eq!(ledger.kept(), 1);
    }
}
