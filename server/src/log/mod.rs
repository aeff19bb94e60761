//! The log: the truth about every document. Everything else is a cache of it.
//!
//! In: entries of rooms, each named by the entry it follows. Out: the sequence number after the commit that holds
//! them, never before. One thread writes (`writer`), any thread reads. Five calls reach it: `append`, `read`,
//! `subscribe` (an append's answer is its only subscriber until there is a second node), `snapshot` and `load`.
//! Always true: an entry follows the one it names; its hash follows theirs; what was answered is on disk.
//! On any storage error the log has failed for good: every later call says so and [`Log::failure`] wakes the
//! server, which stops in order. The outcome of the failed commit is unknown, so nothing of it is answered.

pub mod entry;
mod erased;
mod feed;
mod forgotten;
pub mod invites;
mod lookout;
pub mod members;
mod open;
mod sealed;
pub mod tables;
mod verify;
pub mod webhooks;
pub mod workspaces;
mod writer;

use std::{ops::Bound, path::PathBuf, sync::Arc};

use plansync_protocol::ids::{ClientId, PartyId, PersonId, PlanId, Scope, Seq};
use redb::{Database, ReadTransaction, ReadableDatabase};
use tokio::sync::{mpsc, oneshot, watch};

use crate::{auth::WorkspaceId, clock::Millis};
pub use entry::{Entry, NewEntry};
pub use erased::Tombstone;
use feed::Feeds;
pub use feed::{News, Position, Told};
pub use lookout::{Dirty, Lookout};
pub use open::{OpenError, Opened, Store, open};
pub use tables::DocKey;
pub use verify::Verified;
use writer::Request;

/// How hard a snapshot is compressed: beyond 3 it costs ten times the time for a tenth of the size.
const SNAPSHOT_COMPRESSION: i32 = 3;

/// What goes wrong with the log.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LogError {
    /// The store has failed; the server is stopping.
    #[error("the store has failed: {0}")]
    Failed(Arc<str>),
    /// Someone else has written to the document meanwhile.
    #[error("the document stands at entry {head}, not at {after}")]
    Conflict {
        /// The entry the caller wanted to follow.
        after: Seq,
        /// The entry the document stands at.
        head: Seq,
    },
    /// The plan has been erased; what a room or a courier still had to say of it is not kept.
    #[error("the plan has been erased")]
    Erased,
    /// The person has been erased from the plan.
    #[error("{0} has been erased from this plan, which is for good: give whoever comes another id")]
    PersonErased(PersonId),
    /// A plan of this name exists.
    #[error("plan {0} exists already")]
    Exists(PlanId),
    /// A row cannot be read.
    #[error("document {doc:?} is damaged at entry {seq}: {why}")]
    Damaged {
        /// Which document.
        doc: DocKey,
        /// Which entry.
        seq: Seq,
        /// What is wrong with it.
        why: Arc<str>,
    },
}

impl<E: Into<redb::Error>> From<E> for LogError {
    fn from(error: E) -> Self {
        Self::Failed(error.into().to_string().into())
    }
}

/// A plan as the store knows it.
#[derive(Debug, Clone)]
pub struct PlanRow {
    /// Its name.
    pub id: PlanId,
    /// Its number in the tables.
    pub number: u64,
    /// When it was created.
    pub created_at: Millis,
    /// Grows when the plan's history is cut (restore from a backup, erasure).
    pub epoch: u64,
    /// Whose it is.
    pub workspace: WorkspaceId,
}

impl PlanRow {
    /// The key of the plan's shared document.
    #[must_use]
    pub fn doc(&self) -> DocKey {
        (self.number, tables::SHARED)
    }
}

/// A line of the list of plans: the row, where its shared document stands, and the card kept beside it.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The plan.
    pub row: PlanRow,
    /// The last entry, and when it was written.
    pub head: Option<(Seq, Millis)>,
    /// The card and the entry it was made at.
    pub card: Option<(Seq, serde_json::Value)>,
}

/// Everything a room needs to open a document.
#[derive(Debug)]
pub struct Loaded {
    /// Snapshots that can be unpacked, newest first: seq and the state as an update.
    pub snapshots: Vec<(Seq, Vec<u8>)>,
    /// Kept entries, at least those after the oldest of them.
    pub entries: Vec<Entry>,
    /// Who owns which client id.
    pub authors: Vec<(ClientId, PersonId)>,
    /// Up to where its changes are written.
    pub told: Told,
}

/// The log. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Log {
    db: Arc<Database>,
    requests: mpsc::Sender<Request>,
    failure: watch::Receiver<Option<Arc<str>>>,
    feeds: Arc<Feeds>,
}

/// A change as it is kept: its position, and its CloudEvent as JSON.
pub type KeptChange = (Position, Box<str>);

impl Log {
    /// Writes entries after entry `after` and returns the last one's number, once they are on disk.
    ///
    /// # Errors
    /// [`LogError::Conflict`] when the document stands elsewhere; [`LogError::Failed`] when the store is gone.
    pub async fn append(
        &self,
        doc: DocKey,
        after: Seq,
        entries: Vec<NewEntry>,
        authors: Vec<(ClientId, PersonId)>,
    ) -> Result<Seq, LogError> {
        self.request(|reply| Request::Append { doc, after, entries, authors, reply }).await
    }

    /// Creates a plan of a workspace with its first entry.
    ///
    /// # Errors
    /// [`LogError::Exists`] when there is one of this name.
    pub async fn create(&self, id: PlanId, workspace: WorkspaceId, first: NewEntry) -> Result<PlanRow, LogError> {
        self.request(|reply| Request::Create { id, workspace, first, reply }).await
    }

    /// Begins a party's own document with its first entry, where there is none yet, and returns its key.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store is gone.
    pub async fn begin(&self, plan: PlanRow, party: PartyId, first: NewEntry) -> Result<DocKey, LogError> {
        self.request(|reply| Request::Begin { plan, party, first, reply }).await
    }

    /// Keeps a document's state after entry `seq`, already compressed, and lets go of what three snapshots cover.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store is gone.
    pub async fn snapshot(&self, doc: DocKey, seq: Seq, state: Vec<u8>) -> Result<(), LogError> {
        self.request(|reply| Request::Snapshot { doc, seq, state, reply }).await
    }

    /// Keeps the card of a plan as of entry `seq`.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store is gone.
    pub async fn card(&self, plan: u64, seq: Seq, card: Vec<u8>) -> Result<(), LogError> {
        self.request(|reply| Request::Card { plan, seq, card, reply }).await
    }

    /// Keeps changes of a document, and wakes up who waits for them.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store is gone.
    pub async fn tell(&self, doc: DocKey, news: News) -> Result<(), LogError> {
        self.request(|reply| Request::Changes { doc, news, reply }).await
    }

    /// Keeps up to where a person has seen a plan.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store is gone.
    pub async fn visit(&self, plan: u64, person: PersonId, seq: Seq) -> Result<(), LogError> {
        self.request(|reply| Request::Visit { plan, person, seq, reply }).await
    }

    /// Wakes up whenever changes of a document have been written.
    #[must_use]
    pub fn subscribe(&self, doc: DocKey) -> watch::Receiver<Position> {
        self.feeds.subscribe(doc)
    }

    /// Hears which documents have new changes, of all there are.
    #[must_use]
    pub fn lookout(&self) -> Lookout {
        self.feeds.lookouts.open()
    }

    /// Changes after a position, in order: at most `limit`, and no more of them once there are `bytes_max`.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store cannot be read.
    pub fn changes(
        &self,
        doc: DocKey,
        after: Position,
        limit: usize,
        bytes_max: usize,
    ) -> Result<Vec<KeptChange>, LogError> {
        let table = self.db.begin_read()?.open_table(tables::CHANGES)?;
        let (mut changes, mut bytes) = (Vec::new(), 0);
        let end = (doc.0, doc.1, Seq::MAX, u32::MAX);
        for row in table.range((Bound::Excluded((doc.0, doc.1, after.0, after.1)), Bound::Included(end)))? {
            let (key, change) = row?;
            let (_, _, seq, n) = key.value();
            let change = String::from_utf8_lossy(change.value());
            bytes += change.len();
            changes.push(((seq, n), change.into()));
            if changes.len() >= limit || bytes >= bytes_max {
                break;
            }
        }
        Ok(changes)
    }

    /// The last change of a document; (0, 0) where there is none.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store cannot be read.
    pub fn told(&self, doc: DocKey) -> Result<Told, LogError> {
        told(&self.db.begin_read()?, doc)
    }

    /// Who worked on a document when, as it was kept; nothing where nobody has yet.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store cannot be read.
    pub fn activity(&self, doc: DocKey) -> Result<Option<Vec<u8>>, LogError> {
        let kept = self.db.begin_read()?.open_table(tables::TOLD)?.get(doc)?;
        Ok(kept.map(|kept| kept.value().3.to_vec()))
    }

    /// Where a plan stood when that was told last, as it was kept.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store cannot be read.
    pub fn standing(&self, doc: DocKey) -> Result<Option<Vec<u8>>, LogError> {
        let kept = self.db.begin_read()?.open_table(tables::STANDINGS)?.get(doc)?;
        Ok(kept.map(|kept| kept.value().to_vec()))
    }

    /// What a document was made of after entry `seq`: a snapshot and the entries after it, as far as they are kept.
    ///
    /// # Errors
    /// [`LogError::Damaged`] names the row that cannot be read.
    pub fn load_at(&self, doc: DocKey, seq: Seq) -> Result<Loaded, LogError> {
        let mut loaded = self.load_all(doc)?;
        loaded.snapshots.retain(|(of, _)| *of <= seq);
        loaded.entries.retain(|entry| entry.seq <= seq);
        Ok(loaded)
    }

    /// Up to where a person has seen a plan; 0 if never.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store cannot be read.
    pub fn visited(&self, plan: u64, person: &PersonId) -> Result<Seq, LogError> {
        let visits = self.db.begin_read()?.open_table(tables::VISITS)?;
        let seq = visits.get((plan, person.as_str()))?.map_or(0, |seq| seq.value());
        Ok(seq)
    }

    async fn request<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<T, LogError>>) -> Request,
    ) -> Result<T, LogError> {
        let (reply, answer) = oneshot::channel();
        if self.requests.send(request(reply)).await.is_err() {
            return Err(self.failed());
        }
        answer.await.unwrap_or_else(|_| Err(self.failed()))
    }

    /// How many requests wait for the writer.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.requests.max_capacity() - self.requests.capacity()
    }

    /// Resolves when the store has failed, with the reason.
    pub async fn failure(&self) -> Arc<str> {
        let mut failure = self.failure.clone();
        match failure.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone().unwrap_or_else(|| "unknown".into()),
            // The writer tells its reason before it ends, but for a panic.
            Err(_) => "its writer has panicked".into(),
        }
    }

    /// Whether the store has failed.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.failure.borrow().is_some()
    }

    fn failed(&self) -> LogError {
        LogError::Failed(self.failure.borrow().clone().unwrap_or_else(|| "it has been closed".into()))
    }

    /// The plan of this name, if there is one.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store cannot be read.
    pub fn plan(&self, id: &PlanId) -> Result<Option<PlanRow>, LogError> {
        let read = self.db.begin_read()?;
        let row = read.open_table(tables::PLANS)?.get(id.as_str())?;
        row.map(|row| plan_row(&read, id.clone(), row.value())).transpose()
    }

    /// The key of one of a plan's documents; nothing for a party's own one that nobody has opened yet.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store cannot be read.
    pub fn document(&self, plan: &PlanRow, scope: &Scope) -> Result<Option<DocKey>, LogError> {
        match scope {
            Scope::Shared => Ok(Some(plan.doc())),
            Scope::Party(party) => {
                let scopes = self.db.begin_read()?.open_table(tables::SCOPES)?;
                let number = scopes.get((plan.number, party.as_str()))?;
                Ok(number.map(|number| (plan.number, number.value())))
            }
        }
    }

    /// The scopes of all documents of a plan, the shared one first.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store cannot be read.
    pub fn scopes(&self, plan: &PlanRow) -> Result<Vec<Scope>, LogError> {
        let mut scopes = vec![Scope::Shared];
        let table = self.db.begin_read()?.open_table(tables::SCOPES)?;
        for row in table.range((plan.number, "")..(plan.number + 1, ""))? {
            scopes.extend(PartyId::parse(row?.0.value().1).map(Scope::Party));
        }
        Ok(scopes)
    }

    /// The last entry of a document, and when it was written.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store cannot be read.
    pub fn head(&self, doc: DocKey) -> Result<Option<(Seq, Millis)>, LogError> {
        head(&self.db.begin_read()?, doc)
    }

    /// At most `limit` plans of a workspace, or of all, whose names come after `after`, in the order of their names.
    /// The plans of others are passed over one by one.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store cannot be read.
    pub fn plans(&self, of: Option<&WorkspaceId>, after: &str, limit: usize) -> Result<Vec<Listed>, LogError> {
        let read = self.db.begin_read()?;
        let plans = read.open_table(tables::PLANS)?;
        let mut listed = Vec::new();
        for row in plans.range::<&str>((Bound::Excluded(after), Bound::Unbounded))? {
            if listed.len() >= limit {
                break;
            }
            let (id, row) = row?;
            let Ok(id) = PlanId::parse(id.value()) else { continue };
            let row = plan_row(&read, id, row.value())?;
            if of.is_none_or(|of| row.workspace == *of) {
                listed.push(list(&read, row)?);
            }
        }
        Ok(listed)
    }

    /// The line of one plan, if there is one of this name.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store cannot be read.
    pub fn listed(&self, id: &PlanId) -> Result<Option<Listed>, LogError> {
        self.plan(id)?.map(|row| list(&self.db.begin_read()?, row)).transpose()
    }

    /// What a room needs to open a document: the newest snapshot, and the entries after it.
    ///
    /// # Errors
    /// [`LogError::Damaged`] names the row that cannot be read.
    pub fn load(&self, doc: DocKey) -> Result<Loaded, LogError> {
        self.load_after(doc, 1)
    }

    /// The same with every snapshot and entry that is kept: what a document opens from whose newest snapshot is damaged.
    ///
    /// # Errors
    /// [`LogError::Damaged`] names the row that cannot be read.
    pub fn load_all(&self, doc: DocKey) -> Result<Loaded, LogError> {
        self.load_after(doc, usize::MAX)
    }

    fn load_after(&self, doc: DocKey, snapshots_max: usize) -> Result<Loaded, LogError> {
        let read = self.db.begin_read()?;
        let told = told(&read, doc)?;
        let mut loaded = Loaded { snapshots: Vec::new(), entries: Vec::new(), authors: Vec::new(), told };
        for row in read.open_table(tables::SNAPSHOTS)?.range(tables::whole(doc))?.rev() {
            let (key, state) = row?;
            // A snapshot that cannot be unpacked is left out: the one before it and the entries say the same.
            match zstd::decode_all(state.value()) {
                Ok(state) => loaded.snapshots.push((key.value().2, state)),
                Err(error) => tracing::error!(?doc, seq = key.value().2, %error, "a snapshot cannot be unpacked"),
            }
            if loaded.snapshots.len() >= snapshots_max {
                break;
            }
        }
        let after = match snapshots_max {
            usize::MAX => 0,
            _ => loaded.snapshots.last().map_or(0, |(seq, _)| *seq),
        };
        for row in read.open_table(tables::ENTRIES)?.range(tables::from(doc, after + 1))? {
            let (key, bytes) = row?;
            loaded.entries.push(decode(doc, key.value().2, bytes.value())?);
        }
        for row in read.open_table(tables::AUTHORS)?.range(tables::whole(doc))? {
            let (key, person) = row?;
            if let Ok(person) = PersonId::parse(person.value()) {
                loaded.authors.push((key.value().2, person));
            }
        }
        Ok(loaded)
    }

    /// Every entry after `after`, or `None` where some of them have been sealed or there are more than `limit`.
    ///
    /// # Errors
    /// [`LogError::Damaged`] names the row that cannot be read.
    pub fn read(&self, doc: DocKey, after: Seq, limit: usize) -> Result<Option<Vec<Entry>>, LogError> {
        let entries = self.db.begin_read()?.open_table(tables::ENTRIES)?;
        let mut read = Vec::new();
        for row in entries.range(tables::from(doc, after + 1))? {
            let (key, bytes) = row?;
            read.push(decode(doc, key.value().2, bytes.value())?);
            if read.len() > limit {
                return Ok(None);
            }
        }
        let gapless = read.first().is_none_or(|first| first.seq == after + 1);
        Ok(gapless.then_some(read))
    }

    /// Goes through a document's chain from its first entry to its last.
    ///
    /// # Errors
    /// [`LogError::Damaged`] names the first row that does not follow the one before it.
    pub fn verify(&self, plan: &PlanRow, scope: &Scope) -> Result<Verified, LogError> {
        match self.document(plan, scope)? {
            Some(doc) => verify::verify(&self.db, plan, scope, doc),
            None => Ok(Verified::default()),
        }
    }
}

/// What a document begins with is no change: its changes begin with the second entry.
fn told(read: &ReadTransaction, doc: DocKey) -> Result<Told, LogError> {
    let row = read.open_table(tables::TOLD)?.get(doc)?;
    let row = row.map(|row| {
        let (seq, n, from, _) = row.value();
        Told { last: (seq, n), from }
    });
    Ok(row.unwrap_or(Told { last: (1, 0), from: 2 }))
}

fn head(read: &ReadTransaction, doc: DocKey) -> Result<Option<(Seq, Millis)>, LogError> {
    let last = read.open_table(tables::ENTRIES)?.range(tables::whole(doc))?.next_back().transpose()?;
    let Some((key, bytes)) = last else { return Ok(None) };
    let entry = decode(doc, key.value().2, bytes.value())?;
    Ok(Some((entry.seq, entry.new.at)))
}

fn list(read: &ReadTransaction, row: PlanRow) -> Result<Listed, LogError> {
    let head = head(read, row.doc())?;
    let card = read.open_table(tables::CARDS)?.get(row.number)?.and_then(|card| {
        let (seq, json) = card.value();
        Some((seq, serde_json::from_slice(json).ok()?))
    });
    Ok(Listed { row, head, card })
}

fn plan_row(
    read: &ReadTransaction,
    id: PlanId,
    (number, created_at, epoch): (u64, u64, u64),
) -> Result<PlanRow, LogError> {
    Ok(PlanRow { id, number, created_at, epoch, workspace: workspaces::of_plan(read, number)? })
}

fn decode(doc: DocKey, seq: Seq, bytes: &[u8]) -> Result<Entry, LogError> {
    Entry::decode(seq, bytes).map_err(|why| LogError::Damaged { doc, seq, why: why.to_string().into() })
}

/// Packs a document's state for [`Log::snapshot`], with a checksum: most of a state is text, which would open as
/// well with a letter changed.
///
/// # Errors
/// When there is no memory for it.
pub fn pack(state: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = zstd::Encoder::new(Vec::new(), SNAPSHOT_COMPRESSION)?;
    encoder.include_checksum(true)?;
    std::io::Write::write_all(&mut encoder, state)?;
    encoder.finish()
}

/// Where the store of a data directory lies.
#[must_use]
pub fn store_path(data: &std::path::Path) -> PathBuf {
    data.join("plansync.redb")
}
