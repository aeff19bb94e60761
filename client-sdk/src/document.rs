//! The document of a plan, and the plan that is read from it.
//!
//! In: transactions made here, updates of others. Out: the update of each transaction, the rows it changed, the plan.
//! What is always true: the plan that is given out is what the document holds after the last transaction; it is read again
//! only where the document was touched, and only when somebody asks for it.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use plansync_protocol::plan::{
    Plan as Rows, read,
    read::Replaced,
    schema::{COLLECTIONS, Collection},
    touched::{Place, Touched},
};
use yrs::{
    DeepObservable, Doc, OffsetKind, Options, ReadTxn, StateVector, Transact, TransactionMut, Update,
    block::ClientID,
    types::{Event, Events, PathSegment},
    updates::{decoder::Decode, encoder::Encode},
};

/// What a transaction has done.
#[derive(Debug)]
pub(crate) struct Written {
    /// The update, unless nothing was written.
    pub(crate) update: Option<Vec<u8>>,
    /// The rows that are different now, with what they were.
    pub(crate) replaced: Vec<Replaced>,
}

/// What an update of somebody else has done.
#[derive(Debug)]
pub(crate) struct Applied {
    /// The entities that it touched.
    pub(crate) entities: BTreeSet<String>,
    /// It builds on something that is not there.
    pub(crate) gap: bool,
}

#[derive(Debug)]
pub(crate) struct Document {
    doc: Doc,
    rows: Arc<Rows>,
    /// What the transaction that is being made has touched.
    touched: Arc<Mutex<Touched>>,
    /// What was touched since the plan was read.
    unread: Touched,
}

impl Document {
    /// An empty document whose edits are those of this client id.
    pub(crate) fn new(client_id: u64) -> Self {
        let mut options = Options::with_client_id(ClientID::new(client_id));
        options.offset_kind = OffsetKind::Utf16;
        let doc = Doc::with_options(options);
        let touched = Arc::<Mutex<Touched>>::default();
        for collection in COLLECTIONS {
            let noted = Arc::clone(&touched);
            doc.get_or_insert_map(collection.name).observe_deep("plansync", move |txn, events| {
                let mut noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
                note(collection, txn, events, &mut noted);
            });
        }
        Self { doc, rows: Arc::default(), touched, unread: Touched::default() }
    }

    /// The plan as it is.
    pub(crate) fn rows(&mut self) -> &Arc<Rows> {
        self.refresh();
        &self.rows
    }

    /// Reads again what was touched. Returns the rows that are different, with what they were.
    pub(crate) fn refresh(&mut self) -> Vec<Replaced> {
        let unread = std::mem::take(&mut self.unread);
        if unread.0.is_empty() {
            return Vec::new();
        }
        read::refresh(Arc::make_mut(&mut self.rows), &self.doc.transact(), &unread).replaced
    }

    /// Reads the document itself.
    pub(crate) fn read<R>(&self, read: impl FnOnce(&yrs::Transaction<'_>) -> R) -> R {
        read(&self.doc.transact())
    }

    /// Makes one transaction.
    pub(crate) fn write<R>(&mut self, write: impl FnOnce(&mut TransactionMut<'_>) -> R) -> (R, Written) {
        self.refresh();
        let (result, update) = {
            let mut txn = self.doc.transact_mut();
            let result = write(&mut txn);
            txn.commit();
            let is_empty = txn.insert_set().is_empty() && txn.delete_set().is_empty();
            (result, (!is_empty).then(|| txn.encode_update_v1()))
        };
        self.note_touched();
        (result, Written { update, replaced: self.refresh() })
    }

    /// Takes in an update.
    ///
    /// # Errors
    /// Words for bytes that are none.
    pub(crate) fn apply(&mut self, update: &[u8]) -> Result<Applied, String> {
        let update = Update::decode_v1(update).map_err(|error| error.to_string())?;
        let gap = {
            let mut txn = self.doc.transact_mut();
            txn.apply_update(update).map_err(|error| error.to_string())?;
            txn.commit();
            txn.has_missing_updates()
        };
        Ok(Applied { entities: self.note_touched(), gap })
    }

    /// Notes what the last transaction has touched, and names it.
    fn note_touched(&mut self) -> BTreeSet<String> {
        let touched = std::mem::take(&mut *self.touched.lock().unwrap_or_else(PoisonError::into_inner));
        let entities = touched.0.iter().map(|place| match &*place.id {
            "" => place.collection.to_string(),
            id => format!("{}/{id}", place.collection),
        });
        let entities = entities.collect();
        self.unread.0.extend(touched.0);
        entities
    }

    /// What it holds, for a peer to answer.
    pub(crate) fn state_vector(&self) -> Vec<u8> {
        self.doc.transact().state_vector().encode_v1()
    }

    /// What a peer with this state vector lacks.
    ///
    /// # Errors
    /// Words for bytes that are no state vector.
    pub(crate) fn difference(&self, since: &[u8]) -> Result<Vec<u8>, String> {
        let since = StateVector::decode_v1(since).map_err(|error| error.to_string())?;
        Ok(self.doc.transact().encode_diff_v1(&since))
    }
}

/// Several updates as one. What waits for something missing is kept.
pub(crate) fn merged<'a>(updates: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<u8>, String> {
    let doc = Doc::new();
    let mut txn = doc.transact_mut();
    for update in updates {
        let update = Update::decode_v1(update).map_err(|error| error.to_string())?;
        txn.apply_update(update).map_err(|error| error.to_string())?;
    }
    txn.commit();
    Ok(txn.encode_state_as_update_v1(&StateVector::default()))
}

fn note(collection: &Collection, txn: &TransactionMut<'_>, events: &Events<'_>, touched: &mut Touched) {
    let mut place = |id: &str| {
        touched.0.insert(Place { collection: collection.name.into(), id: id.into(), field: "".into() });
    };
    for event in events.iter() {
        match (event.path().front(), event) {
            _ if collection.is_single() => place(""),
            (Some(PathSegment::Key(id)), _) => place(id),
            (None, Event::Map(event)) => event.keys(txn).keys().for_each(|id| place(id)),
            // There is no index in a map.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use plansync_protocol::plan::{SAMPLE, json, write};
    use yrs::{Map, Text, WriteTxn};

    use super::*;

    fn sample() -> Document {
        let mut document = Document::new(1);
        let sample = json::parse(&serde_json::from_str(SAMPLE).unwrap(), true).unwrap();
        document.write(|txn| write::create(txn, &sample));
        document
    }

    fn is_in_step(document: &mut Document) -> bool {
        document.read(|txn| read::plan(txn).plan) == **document.rows()
    }

    #[test]
    fn the_plan_is_what_the_document_holds_after_every_transaction() {
        let (mut ana, mut ben) = (sample(), Document::new(2));
        assert!(is_in_step(&mut ana) && ana.rows().task("ca-1").is_some());
        let applied = ben.apply(&ana.difference(&[0]).unwrap()).unwrap();
        assert!(!applied.gap && is_in_step(&mut ben) && ben.rows() == ana.rows());
        assert!(applied.entities.contains("meta") && applied.entities.contains("tasks/ca-1"));

        let kept = Arc::clone(ben.rows());
        let (_, written) = ana.write(|txn| {
            let Some(yrs::Out::YMap(task)) = txn.get_or_insert_map("tasks").get(txn, "ca-1") else { panic!() };
            task.insert(txn, "due", "2027-01-01");
            let Some(yrs::Out::YText(notes)) = task.get(txn, "notes") else { panic!() };
            notes.insert(txn, 0, "Typed. ");
            txn.get_or_insert_map("meta").insert(txn, "title", "Roll-out");
        });
        let places: Vec<_> = written.replaced.iter().map(|each| (each.collection.name, &*each.id)).collect();
        assert_eq!(places, [("meta", ""), ("tasks", "ca-1")]);
        ben.apply(&written.update.unwrap()).unwrap();
        assert!(is_in_step(&mut ana) && is_in_step(&mut ben) && ana.rows() == ben.rows());
        assert_ne!(&kept, ben.rows(), "a snapshot stays as it was");
        assert_eq!(ana.write(|_| ()).1.update, None, "nothing was written");
    }

    #[test]
    fn an_update_that_builds_on_what_is_not_there_is_a_gap_that_a_merge_keeps() {
        let mut ana = Document::new(1);
        let mut set = |value: &str| {
            let written = ana.write(|txn| {
                txn.get_or_insert_map("meta").insert(txn, "title", value);
            });
            written.1.update.unwrap()
        };
        let (first, second) = (set("one"), set("two"));
        let mut ben = Document::new(2);
        assert!(ben.apply(&second).unwrap().gap);
        let kept = merged([second.as_slice()]).unwrap();
        let mut carl = Document::new(3);
        assert!(carl.apply(&kept).unwrap().gap);
        assert!(!carl.apply(&first).unwrap().gap);
        assert_eq!(carl.rows().meta.text("title"), Some("two"));
        assert!(ben.apply(&[255; 9]).is_err());
    }
}
