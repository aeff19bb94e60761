//! Erasing a plan: every row of it goes, a line that says so stays; then the bytes themselves.
//!
//! In: which plan, when, by whom. Out: what is left of it. Rows that are removed leave their bytes in pages that are
//! free; [`Scrub`] takes every free page of the file once, fills it with zeros, and gives it back. Always true: what
//! is left names nothing of the plan but a hash of its id, and where its chain ended.

use std::{fs, path::PathBuf};

use plansync_protocol::ids::{PersonId, PlanId, Seq};
use redb::{Database, Key, ReadableDatabase as _, ReadableTable as _, TableDefinition, Value, WriteTransaction};

use super::{
    Log, LogError, PlanRow,
    entry::Hash,
    tables,
    writer::{Open, Request},
};
use crate::clock::Millis;

/// Rows of zeros while free pages are filled; empty otherwise.
const ZEROS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("zeros_1");
/// With its key and the head of a page it fills one page and leaves no room for a second row.
const ZERO_BYTES: usize = 4_000;
/// Pages in one commit, so that edits wait for a few milliseconds and not for all of it.
const STEP_PAGES: usize = 1_024;

/// What is left of an erased plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    /// A hash of its id: whoever knows the id finds it, nobody learns the id from it.
    pub id_hash: Hash,
    /// When it was erased.
    pub at: Millis,
    /// By whom.
    pub by: Box<str>,
    /// The epoch that ended; a plan that is created under this id later has a later one.
    pub epoch: u64,
    /// Where its chain ended, and with which hash.
    pub head: (Seq, Hash),
}

/// A plan to be erased.
#[derive(Debug)]
pub(super) struct Erase {
    pub id: PlanId,
    pub at: Millis,
    pub by: PersonId,
}

/// The name under which an erased plan is kept.
pub(super) fn id_hash(id: &PlanId) -> Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"plansync erased 1\0").update(id.as_str().as_bytes());
    *hasher.finalize().as_bytes()
}

impl Log {
    /// Erases a plan. When this returns, its rows are gone and its bytes are overwritten. Nobody may have it open.
    /// Nothing where there is no such plan.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store is gone.
    pub async fn erase(&self, id: PlanId, at: Millis, by: PersonId) -> Result<Option<Tombstone>, LogError> {
        let erased = self.request(|reply| Request::Erase { erase: Erase { id, at, by }, reply }).await?;
        if erased.is_some() {
            self.scrub().await?;
        }
        Ok(erased)
    }

    /// Overwrites what is free in the file; when this returns, nothing is left of what was removed before.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store is gone.
    pub async fn scrub(&self) -> Result<(), LogError> {
        self.request(|reply| Request::Scrub { reply }).await
    }

    /// What is left of the plan of this name that was erased last, if one was.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store cannot be read.
    pub fn erased(&self, id: &PlanId) -> Result<Option<Tombstone>, LogError> {
        let table = self.db.begin_read()?.open_table(tables::ERASED)?;
        let hash = id_hash(id);
        let last = table.range((&hash, 0)..=(&hash, u64::MAX))?.next_back().transpose()?;
        Ok(last.map(|(key, row)| tombstone(*key.value().0, row.value())))
    }

    /// What is left of every plan that was ever erased.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store cannot be read.
    pub fn all_erased(&self) -> Result<Vec<Tombstone>, LogError> {
        let table = self.db.begin_read()?.open_table(tables::ERASED)?;
        let rows = table.iter()?.map(|row| row.map(|(key, row)| tombstone(*key.value().0, row.value())));
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn tombstone(id_hash: Hash, (at, epoch, seq, hash, by): tables::ErasedRow<'_>) -> Tombstone {
    Tombstone { id_hash, at, by: by.into(), epoch, head: (seq, *hash) }
}

/// The epoch of the plan of this name that was erased last; 0 where none was.
pub(super) fn last_epoch(write: &WriteTransaction, id: &PlanId) -> Result<u64, LogError> {
    let table = write.open_table(tables::ERASED)?;
    let hash = id_hash(id);
    let last = table.range((&hash, 0)..=(&hash, u64::MAX))?.next_back().transpose()?;
    Ok(last.map_or(0, |(_, row)| row.value().1))
}

/// Removes every row of a plan, and keeps that it has been there.
pub(super) fn erase(
    open: &mut Open<'_>,
    row: &PlanRow,
    erase: &Erase,
    head: (Seq, Hash),
) -> Result<Tombstone, LogError> {
    let number = row.number;
    // Of a commit of its own: a page that is written once in it holds nothing of what it held before.
    let documents = (number, 0, 0)..=(number, u32::MAX, u64::MAX);
    open.entries.retain_in(documents.clone(), |_, _| false)?;
    open.authors.retain_in(documents.clone(), |_, _| false)?;
    open.cards.remove(number)?;
    let write = open.write;
    write.open_table(tables::SEALED)?.retain_in(documents.clone(), |_, _| false)?;
    write.open_table(tables::SNAPSHOTS)?.retain_in(documents, |_, _| false)?;
    let changes = (number, 0, 0, 0)..=(number, u32::MAX, u64::MAX, u32::MAX);
    write.open_table(tables::CHANGES)?.retain_in(changes, |_, _| false)?;
    write.open_table(tables::TOLD)?.retain_in((number, 0)..=(number, u32::MAX), |_, _| false)?;
    write.open_table(tables::STANDINGS)?.retain_in((number, 0)..=(number, u32::MAX), |_, _| false)?;
    write.open_table(tables::VISITS)?.retain_in((number, "")..(number + 1, ""), |_, _| false)?;
    write.open_table(tables::SCOPES)?.retain_in((number, "")..(number + 1, ""), |_, _| false)?;
    write.open_table(tables::MEMBERS)?.retain_in((number, "")..(number + 1, ""), |_, _| false)?;
    write.open_table(tables::INVITES)?.retain_in((number, "")..(number + 1, ""), |_, _| false)?;
    write.open_table(tables::INVITE_SECRETS)?.retain(|_, (plan, _)| plan != number)?;
    write.open_table(tables::PLAN_WORKSPACES)?.remove(number)?;
    write.open_table(tables::CURSORS)?.retain(|(_, plan), _| plan != number)?;
    write.open_table(tables::PLANS)?.remove(row.id.as_str())?;
    rebuild_names(write)?;
    write.open_table(tables::META)?.insert("scrub", 1)?;
    let id_hash = id_hash(&row.id);
    let left = (erase.at, row.epoch, head.0, &head.1, erase.by.as_str());
    write.open_table(tables::ERASED)?.insert((&id_hash, number), left)?;
    Ok(tombstone(id_hash, left))
}

/// Overwrites what is free in the file, a few pages at a time.
#[derive(Debug)]
pub(super) struct Scrub {
    /// None for a store that is no file.
    path: Option<PathBuf>,
    next: u64,
}

impl Scrub {
    pub(super) fn new(path: Option<PathBuf>) -> Self {
        Self { path, next: 0 }
    }

    /// One commit of it. Returns whether that was the last one: a file grows only when no page of it is free.
    pub(super) fn step(&mut self, db: &Database) -> Result<bool, LogError> {
        let Some(path) = &self.path else { return Ok(true) };
        let length =
            || fs::metadata(path).map(|file| file.len()).map_err(|error| LogError::Failed(error.to_string().into()));
        if self.next == 0 {
            // The pages of the commits before are free once another one has come.
            db.begin_write()?.commit()?;
        }
        let before = length()?;
        let write = db.begin_write()?;
        let mut done = false;
        {
            let mut zeros = write.open_table(ZEROS)?;
            for _ in 0..STEP_PAGES {
                zeros.insert(self.next, [0; ZERO_BYTES].as_slice())?;
                self.next += 1;
                done = length()? > before;
                if done {
                    break;
                }
            }
        }
        write.commit()?;
        if done {
            let write = db.begin_write()?;
            write.delete_table(ZEROS)?;
            write.commit()?;
        }
        Ok(done)
    }

    /// The whole of it, when nobody else uses the store; what readers held on to while the server ran is free now.
    pub(super) fn finish(path: Option<PathBuf>, db: &Database) -> Result<(), LogError> {
        if db.begin_read()?.open_table(tables::META)?.get("scrub")?.is_none() {
            return Ok(());
        }
        let mut scrub = Self::new(path);
        while !scrub.step(db)? {}
        let write = db.begin_write()?;
        write.open_table(tables::META)?.remove("scrub")?;
        write.commit()?;
        Ok(())
    }
}

/// Writes the tables anew whose keys are names: a tree keeps some of its keys in its branches, and those do not go when
/// their rows go.
fn rebuild_names(write: &WriteTransaction) -> Result<(), LogError> {
    rebuild(write, tables::PLANS)?;
    rebuild(write, tables::VISITS)?;
    rebuild(write, tables::SCOPES)?;
    rebuild(write, tables::MEMBERS)?;
    rebuild(write, tables::INVITES)
}

pub(super) fn rebuild<K: Key + 'static, V: Value + 'static>(
    write: &WriteTransaction,
    table: TableDefinition<'_, K, V>,
) -> Result<(), LogError> {
    let rows: Vec<(Vec<u8>, Vec<u8>)> = {
        let rows = write.open_table(table)?;
        let bytes = rows.iter()?.map(|row| {
            row.map(|(key, value)| {
                (K::as_bytes(&key.value()).as_ref().to_vec(), V::as_bytes(&value.value()).as_ref().to_vec())
            })
        });
        bytes.collect::<Result<_, _>>()?
    };
    write.delete_table(table)?;
    let mut fresh = write.open_table(table)?;
    for (key, value) in &rows {
        fresh.insert(K::from_bytes(key), V::from_bytes(value))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use redb::{TableHandle as _, backends::InMemoryBackend};

    use super::*;
    use crate::log::{Store, open};

    /// Tables that hold something of a plan, of which [`erase`] takes it; and those that hold nothing.
    const OF_PLANS: [&str; 16] = [
        "authors_1",
        "cards_1",
        "changes_1",
        "cursors_1",
        "entries_1",
        "invite_secrets_1",
        "invites_1",
        "members_1",
        "plan_workspaces_1",
        "plans_1",
        "scopes_1",
        "sealed_1",
        "snapshots_1",
        "standings_1",
        "told_1",
        "visits_1",
    ];
    const OF_NO_PLAN: [&str; 4] = ["erased_1", "meta_1", "webhooks_1", "workspaces_1"];

    #[test]
    fn somebody_has_thought_of_every_table() {
        let opened = open(Store::backend(InMemoryBackend::new())).unwrap();
        let read = opened.log.db.begin_read().unwrap();
        let mut names: Vec<_> = read.list_tables().unwrap().map(|table| table.name().to_owned()).collect();
        names.sort();
        let mut known: Vec<_> = OF_PLANS.into_iter().chain(OF_NO_PLAN).map(str::to_owned).collect();
        known.sort();
        assert_eq!(names, known, "a new table is named here, and where it holds something of a plan, in `erase`");
    }
}
