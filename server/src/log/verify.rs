//! Goes through a document's chain: sealed runs, then entries, each after the one before it.

use plansync_protocol::ids::{Origin, PersonId, Scope, Seq};
use redb::{Database, ReadableDatabase};

use super::{LogError, PlanRow, entry, sealed, tables, tables::DocKey};
use crate::clock::Millis;

/// What a whole chain holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// Entries without their updates.
    pub sealed: u64,
    /// Entries with their updates.
    pub entries: u64,
    /// The last entry.
    pub head: Seq,
    /// The entries that took a person out: which, when, by whom.
    pub erasures: Vec<(Seq, Millis, PersonId)>,
}

pub(super) fn verify(db: &Database, plan: &PlanRow, scope: &Scope, doc: DocKey) -> Result<Verified, LogError> {
    let damaged = |seq, why: &str| LogError::Damaged { doc, seq, why: why.into() };
    let read = db.begin_read()?;
    let mut verified = Verified::default();
    let mut hash = entry::genesis(plan.id.as_str(), scope);
    let mut seal = None;
    for row in read.open_table(tables::SEALED)?.range(tables::whole(doc))? {
        let (key, row) = row?;
        let last = key.value().2;
        let (stated, packed) =
            sealed::split(row.value()).ok_or_else(|| damaged(last, "its sealed row is cut short"))?;
        if sealed::seal_of(seal.as_ref(), packed) != *stated {
            return Err(damaged(last, "its seal does not fit what it seals"));
        }
        let run = sealed::unpack(packed).ok_or_else(|| damaged(last, "its sealed row cannot be read"))?;
        let count = run.lines.len() as u64;
        let follows = run.first == verified.head + 1 && run.first + count == last + 1;
        if !follows || (verified.sealed > 0 && run.before != hash) {
            return Err(damaged(run.first, "it does not follow the entry before it"));
        }
        (hash, seal) = (run.after, Some(*stated));
        let lines = (run.first..).zip(&run.lines).filter(|(_, line)| line.origin == Origin::Erasure);
        verified.erasures.extend(lines.map(|(seq, line)| (seq, line.at, line.author.person.clone())));
        verified = Verified { sealed: verified.sealed + count, head: last, ..verified };
    }
    for row in read.open_table(tables::ENTRIES)?.range(tables::whole(doc))? {
        let (key, bytes) = row?;
        let entry = super::decode(doc, key.value().2, bytes.value())?;
        if entry.seq != verified.head + 1 {
            return Err(damaged(entry.seq, "an entry before it is missing"));
        }
        hash = entry.new.hash(&hash, entry.seq);
        if hash != entry.hash {
            return Err(damaged(entry.seq, "its hash does not fit what it says"));
        }
        if entry.new.origin == Origin::Erasure {
            verified.erasures.push((entry.seq, entry.new.at, entry.new.author.person.clone()));
        }
        verified = Verified { entries: verified.entries + 1, head: entry.seq, ..verified };
    }
    Ok(verified)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use plansync_protocol::ids::{Origin, PersonId, PlanId};
    use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
    use redb::{Durability, ReadableTable as _, TableDefinition, backends::InMemoryBackend};

    use super::*;
    use crate::{
        auth::{Author, WorkspaceId},
        log::{Log, NewEntry, Opened, Store, open},
    };

    const ENTRIES: u64 = 2_150;
    const SNAPSHOT_EVERY: u64 = 100;
    /// Three snapshots are kept; everything up to the oldest of them is sealed.
    const SEALED: u64 = ENTRIES / SNAPSHOT_EVERY * SNAPSHOT_EVERY - 2 * SNAPSHOT_EVERY;
    const MUTATIONS: usize = 4_000;

    type Rows = TableDefinition<'static, (u64, u32, u64), &'static [u8]>;

    fn new(seq: u64) -> NewEntry {
        let person = PersonId::parse(["ann", "ben", "eve"][(seq % 3) as usize]).unwrap();
        let author = Arc::new(Author { person, party: None });
        NewEntry {
            at: 1_771_352_467_113 + seq * 977,
            author,
            origin: Origin::Human,
            update: seq.to_be_bytes().to_vec(),
        }
    }

    /// A log in memory with a plan of many entries.
    fn long_log() -> (Opened, PlanRow) {
        let opened = open(Store::backend(InMemoryBackend::new())).unwrap();
        let log = &opened.log;
        let row = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
            let row = log.create(PlanId::parse("long").unwrap(), WorkspaceId::default(), new(1)).await.unwrap();
            let mut head = 1;
            while head < ENTRIES {
                let next = (head / 10 * 10 + 10).min(ENTRIES);
                head = log.append(row.doc(), head, (head + 1..=next).map(new).collect(), vec![]).await.unwrap();
                if head % SNAPSHOT_EVERY == 0 {
                    log.snapshot(row.doc(), head, vec![]).await.unwrap();
                }
            }
            row
        });
        (opened, row)
    }

    /// Changes a row, or with `None` takes it away; returns what stood there.
    fn change(log: &Log, table: Rows, key: (u64, u32, u64), to: Option<&[u8]>) -> Vec<u8> {
        let mut write = log.db.begin_write().unwrap();
        write.set_durability(Durability::None).unwrap();
        let before = {
            let mut table = write.open_table(table).unwrap();
            match to {
                Some(bytes) => table.insert(key, bytes).unwrap().map(|row| row.value().to_vec()),
                None => table.remove(key).unwrap().map(|row| row.value().to_vec()),
            }
        };
        write.commit().unwrap();
        before.unwrap_or_default()
    }

    fn keys(log: &Log, table: Rows) -> Vec<((u64, u32, u64), usize)> {
        let read = log.db.begin_read().unwrap();
        let table = read.open_table(table).unwrap();
        table.iter().unwrap().map(|row| row.map(|(key, bytes)| (key.value(), bytes.value().len())).unwrap()).collect()
    }

    #[test]
    fn a_long_chain_is_whole_and_says_what_is_sealed() {
        let (opened, row) = long_log();
        let verified = opened.log.verify(&row, &Scope::Shared).unwrap();
        assert_eq!(verified, Verified { sealed: SEALED, entries: ENTRIES - SEALED, head: ENTRIES, erasures: vec![] });
    }

    #[test]
    fn no_byte_of_any_row_can_be_changed_without_the_chain_showing_it() {
        let (opened, row) = long_log();
        let log = &opened.log;
        let mut dice = StdRng::seed_from_u64(1);
        let tables: [Rows; 2] = [tables::ENTRIES, tables::SEALED];
        let rows = tables.map(|table| keys(log, table));
        for n in 0..MUTATIONS {
            let (table, rows) = (tables[n % 2], &rows[n % 2]);
            let (key, length) = rows[n / 2 % rows.len()];
            let before = change(log, table, key, None);
            let mut bytes = before.clone();
            // Every byte of the head in turn, then any; sometimes a byte more or fewer.
            let at = if n / 2 / rows.len() < 64 { n / 2 / rows.len() % length } else { dice.random_range(0..length) };
            match dice.random_range(0..20) {
                0 => bytes.push(dice.random()),
                1 => drop(bytes.pop()),
                _ => bytes[at] ^= dice.random_range(1..=255_u8),
            }
            change(log, table, key, Some(&bytes));
            let verified = log.verify(&row, &Scope::Shared);
            assert!(verified.is_err(), "mutation {n}, {table} {key:?}, byte {at} of {length}: {verified:?}");
            change(log, table, key, Some(&before));
        }
        assert!(log.verify(&row, &Scope::Shared).is_ok(), "every change was taken back");
    }

    #[test]
    fn no_row_can_be_left_out_or_moved() {
        let (opened, row) = long_log();
        let log = &opened.log;
        for table in [tables::ENTRIES, tables::SEALED] {
            let keys = keys(log, table);
            // What comes after the last row is the one thing that a chain cannot tell.
            for pair in keys.windows(2) {
                let [(key, _), (next, _)] = [pair[0], pair[1]];
                let bytes = change(log, table, key, None);
                assert!(log.verify(&row, &Scope::Shared).is_err(), "without {table} {key:?}");
                let other = change(log, table, next, Some(&bytes));
                change(log, table, key, Some(&other));
                assert!(
                    log.verify(&row, &Scope::Shared).is_err(),
                    "{table} {key:?} and {next:?} in each other's place"
                );
                change(log, table, key, Some(&bytes));
                change(log, table, next, Some(&other));
            }
        }
        assert!(log.verify(&row, &Scope::Shared).is_ok(), "every change was taken back");
    }
}
