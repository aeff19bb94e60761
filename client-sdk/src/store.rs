//! The local copy of a document on disk: what the server has, and one's own edits that it is not known to have.
//!
//! A [`Store`] keeps bytes; [`FileStore`] keeps them in one redb file. What is always true: a batch is on disk as a whole,
//! or not at all, when [`Store::write`] returns; a file is open in one process at a time.

use std::path::Path;

use plansync_protocol::wire::Since;
use redb::{Database, Durability, ReadableDatabase as _, ReadableTable as _, TableDefinition, TableError};

use crate::{
    document::merged,
    error::{Error, ErrorKind},
};

/// Number → Yjs update (v1) that the server has.
const STATE: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("state_1");
/// Number → Yjs update (v1) of one's own, in the order they were made.
const UNSENT: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("unsent_1");
/// `of`, `epoch`, `cursor` → text.
const FACTS: TableDefinition<'_, &str, &str> = TableDefinition::new("facts_1");
/// Records of the state before they are made one: reading a hundred costs no more than a moment.
const RECORDS_MAX: u64 = 100;

/// What is known of a copy besides its content.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Whose copy of which document it is.
    pub(crate) of: Option<String>,
    /// The epoch of the plan that the copy is of.
    pub(crate) epoch: Option<u64>,
    /// The last change that the program has taken.
    pub(crate) cursor: Option<Since>,
}

/// Everything a copy holds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Content {
    /// Updates that the server has.
    pub(crate) state: Vec<Vec<u8>>,
    /// Own edits that it is not known to have, in the order they were made, each with its number.
    pub(crate) unsent: Vec<(u64, Vec<u8>)>,
    /// What else is known.
    pub(crate) facts: Facts,
}

/// What is to be different in a copy, all of it at once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Batch {
    /// The copy is emptied first.
    pub(crate) clear: bool,
    /// Updates that the server has.
    pub(crate) state: Vec<Vec<u8>>,
    /// Own edits with their numbers.
    pub(crate) unsent: Vec<(u64, Vec<u8>)>,
    /// Numbers of own edits that the server has now: they move to the state.
    pub(crate) settled: Vec<u64>,
    /// Facts that are different; what is `None` stays.
    pub(crate) facts: Facts,
}

impl Batch {
    /// Whether it changes nothing.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        !self.clear
            && self.state.is_empty()
            && self.unsent.is_empty()
            && self.settled.is_empty()
            && self.facts == Facts::default()
    }

    /// Adds what is to be written after it.
    pub(crate) fn extend(&mut self, later: Self) {
        if later.clear {
            *self = later;
            return;
        }
        self.state.extend(later.state);
        self.unsent.extend(later.unsent);
        self.settled.extend(later.settled);
        let Facts { of, epoch, cursor } = later.facts;
        self.facts.of = of.or(self.facts.of.take());
        self.facts.epoch = epoch.or(self.facts.epoch);
        self.facts.cursor = cursor.or(self.facts.cursor);
    }
}

/// What a [`Store`] may fail with.
pub(crate) type StoreError = Box<dyn std::error::Error + Send + Sync>;

/// A home of the copy of one document. Its calls block; they are made on a thread where that does no harm.
pub(crate) trait Store: Send + 'static {
    /// Everything in it.
    ///
    /// # Errors
    /// It cannot be read.
    fn read(&mut self) -> Result<Content, StoreError>;

    /// Writes all of a batch, on disk when it returns.
    ///
    /// # Errors
    /// Nothing of it was written.
    fn write(&mut self, batch: &Batch) -> Result<(), StoreError>;
}

/// A copy in one redb file.
#[derive(Debug)]
pub(crate) struct FileStore {
    database: Database,
    records: u64,
}

impl FileStore {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// [`ErrorKind::Storage`] where that is not possible: the folder is missing, the file is none of these, or another
    /// process has it open.
    pub(crate) fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let database = Database::create(path).map_err(|source| {
            let words = format!(
                "{} cannot be used as a local copy: is its folder there, and is it open in no other program?",
                path.display()
            );
            Error::new(ErrorKind::Storage, words).from(source)
        })?;
        Ok(Self { database, records: 0 })
    }
}

impl Store for FileStore {
    fn read(&mut self) -> Result<Content, StoreError> {
        let txn = self.database.begin_read()?;
        let mut content = Content::default();
        // A file that was never written to has no tables.
        let rows = |table| match txn.open_table::<u64, &[u8]>(table) {
            Ok(table) => table
                .iter()?
                .map(|row| row.map(|(number, bytes)| (number.value(), bytes.value().to_vec())))
                .collect::<Result<Vec<_>, _>>()
                .map_err(StoreError::from),
            Err(TableError::TableDoesNotExist(_)) => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        };
        content.unsent = rows(UNSENT)?;
        content.state = rows(STATE)?.into_iter().map(|(_, update)| update).collect();
        self.records = content.state.len() as u64;
        match txn.open_table(FACTS) {
            Ok(table) => {
                let fact = |name| Ok::<_, StoreError>(table.get(name)?.map(|value| value.value().to_owned()));
                content.facts.of = fact("of")?;
                content.facts.epoch = fact("epoch")?.and_then(|epoch| epoch.parse().ok());
                content.facts.cursor = fact("cursor")?.and_then(|cursor| serde_json::from_str(&cursor).ok());
            }
            Err(TableError::TableDoesNotExist(_)) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(content)
    }

    fn write(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let mut txn = self.database.begin_write()?;
        txn.set_durability(Durability::Immediate)?;
        let mut records = if batch.clear { 0 } else { self.records };
        {
            let mut state = txn.open_table(STATE)?;
            let mut unsent = txn.open_table(UNSENT)?;
            let mut facts = txn.open_table(FACTS)?;
            if batch.clear {
                state.retain(|_, _| false)?;
                unsent.retain(|_, _| false)?;
                facts.retain(|_, _| false)?;
            }
            let mut next = state.last()?.map_or(0, |(number, _)| number.value() + 1);
            for update in &batch.state {
                state.insert(next, update.as_slice())?;
                (next, records) = (next + 1, records + 1);
            }
            for (number, update) in &batch.unsent {
                unsent.insert(number, update.as_slice())?;
            }
            for number in &batch.settled {
                let Some(update) = unsent.remove(number)?.map(|update| update.value().to_vec()) else { continue };
                state.insert(next, update.as_slice())?;
                (next, records) = (next + 1, records + 1);
            }
            if records > RECORDS_MAX {
                let all = state.iter()?.map(|row| row.map(|(_, update)| update.value().to_vec()));
                let all = all.collect::<Result<Vec<_>, _>>()?;
                let one = merged(all.iter().map(Vec::as_slice))?;
                state.retain(|_, _| false)?;
                state.insert(next, one.as_slice())?;
                records = 1;
            }
            if let Some(of) = &batch.facts.of {
                facts.insert("of", of.as_str())?;
            }
            if let Some(epoch) = batch.facts.epoch {
                facts.insert("epoch", epoch.to_string().as_str())?;
            }
            if let Some(cursor) = batch.facts.cursor {
                facts.insert("cursor", serde_json::to_string(&cursor)?.as_str())?;
            }
        }
        txn.commit()?;
        self.records = records;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use yrs::{Doc, Map, Transact};

    use super::*;

    fn updates(count: u64) -> Vec<Vec<u8>> {
        let doc = Doc::with_client_id(1);
        let map = doc.get_or_insert_map("meta");
        let set = |n: u64| {
            let mut txn = doc.transact_mut();
            map.insert(&mut txn, format!("k{n}"), n as f64);
            txn.commit();
            txn.encode_update_v1()
        };
        (0..count).map(set).collect()
    }

    #[test]
    fn what_was_written_is_there_when_the_file_is_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("copy.redb");
        let facts = Facts { of: Some("demo ann".into()), epoch: Some(3), cursor: Some(Since { seq: 412, n: Some(1) }) };
        let mut store = FileStore::open(&path).unwrap();
        assert!(store.read().unwrap().state.is_empty());
        let made = updates(3);
        let batch = Batch {
            state: vec![made[0].clone()],
            unsent: vec![(7, made[1].clone()), (8, made[2].clone())],
            facts: facts.clone(),
            ..Batch::default()
        };
        store.write(&batch).unwrap();
        assert_eq!(FileStore::open(&path).unwrap_err().kind(), ErrorKind::Storage, "one process at a time");
        drop(store);

        let mut store = FileStore::open(&path).unwrap();
        let content = store.read().unwrap();
        assert_eq!((content.state.len(), content.facts), (1, facts));
        assert_eq!(content.unsent, [(7, made[1].clone()), (8, made[2].clone())]);
        store.write(&Batch { settled: vec![7], ..Batch::default() }).unwrap();
        let content = store.read().unwrap();
        assert_eq!((content.state, content.unsent.len()), (made[..2].to_vec(), 1));
        store.write(&Batch { clear: true, state: vec![made[2].clone()], ..Batch::default() }).unwrap();
        let content = store.read().unwrap();
        assert_eq!((content.state.len(), content.unsent.len(), content.facts), (1, 0, Facts::default()));
    }

    #[test]
    fn many_records_become_one_that_holds_them_all() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = FileStore::open(folder.path().join("copy.redb")).unwrap();
        let made = updates(RECORDS_MAX + 1);
        for update in &made {
            store.write(&Batch { state: vec![update.clone()], ..Batch::default() }).unwrap();
        }
        let content = store.read().unwrap();
        assert_eq!(content.state.len(), 1);
        let all = merged(made.iter().map(Vec::as_slice)).unwrap();
        assert_eq!(merged([content.state[0].as_slice()]).unwrap(), all);
    }

    #[test]
    fn a_file_that_is_none_or_a_folder_that_is_missing_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let other = folder.path().join("other.txt");
        std::fs::write(&other, "words".repeat(2_000)).unwrap();
        for path in [other, folder.path().join("missing/copy.redb")] {
            let error = FileStore::open(&path).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Storage);
            assert!(error.to_string().contains(path.to_str().unwrap()));
        }
    }
}
