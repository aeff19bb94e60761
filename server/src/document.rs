//! One document in memory: the only file of the server that names yrs.
//!
//! In: bytes of clients, typed edits, state vectors. Out: what was taken in (a [`Delta`] in our own bytes), what a
//! peer lacks, the plan. Kept: the yrs document, the guard's index over it, who owns which client id, the plan as
//! last read. Always true: no client byte reaches yrs but through the guard; index and document stand at the same
//! state. A caller that sees [`Rejected::Broken`] drops the document and opens it again from the log.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    mem::ManuallyDrop,
    panic::{AssertUnwindSafe, catch_unwind},
};

use plansync_protocol::{
    guard::{Delta, Index, Lane, Refusal},
    ids::{ClientId, PersonId, Scope, Seq},
    plan::{self, Edit, Malformed, Plan, Stamp, touched::Touched},
};
use yrs::{
    ClientID, Doc, OffsetKind, Options, ReadTxn, StateVector, Transact, Update, updates::decoder::Decode as _,
    updates::encoder::Encode as _,
};

use crate::{amend::Amend, log::Loaded, metrics};

/// The update that adds nothing: what a party's own document begins with.
pub const NOTHING: [u8; 2] = [0, 0];

/// Why an update was not taken in.
#[derive(Debug, thiserror::Error)]
pub enum Rejected {
    /// The guard says no; the document is as before.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// New structs under a client id that belongs to someone else; the document is as before.
    #[error("client id {client} belongs to another person")]
    Forged {
        /// The client id.
        client: ClientId,
    },
    /// The document did not take what the guard let through. It must not be used any more.
    #[error("the document did not take an admitted update: {0}")]
    Broken(String),
}

/// A document that cannot be opened from the log.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// An entry does not load.
    #[error("entry {seq} does not load: {source}")]
    Entry {
        /// Which entry.
        seq: Seq,
        /// Why.
        source: Rejected,
    },
    /// No snapshot loads, and the entries do not begin at the first.
    #[error("no snapshot loads, and the first entries are not there")]
    NoBase,
}

/// A document.
pub struct Document {
    doc: Doc,
    index: Index,
    authors: HashMap<ClientId, PersonId>,
    plan: Option<Plan>,
    stale: Touched,
    _in_memory: metrics::Open,
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Document").field("client", &self.client()).finish_non_exhaustive()
    }
}

impl Document {
    fn empty(scope: &Scope, authors: HashMap<ClientId, PersonId>) -> Self {
        // With byte offsets yrs miscounts text beyond ASCII; Yjs counts UTF-16 as well.
        let options = Options {
            client_id: fresh_client(&authors),
            offset_kind: OffsetKind::Utf16,
            skip_gc: false,
            ..Options::default()
        };
        Self {
            doc: Doc::with_options(options),
            index: match scope {
                Scope::Shared => Index::new(),
                Scope::Party(_) => Index::private(),
            },
            authors,
            plan: None,
            stale: Touched::default(),
            _in_memory: metrics::Open::document(),
        }
    }

    /// A shared document before its first entry.
    #[must_use]
    pub fn new() -> Self {
        Self::empty(&Scope::Shared, HashMap::new())
    }

    /// Opens a document from the newest snapshot that loads and the entries after it. Tells the entry it stands at.
    ///
    /// # Errors
    /// [`OpenError`] names the entry that does not load.
    pub fn open(scope: &Scope, loaded: Loaded) -> Result<(Self, Seq), OpenError> {
        let started = crate::clock::instant();
        let authors: HashMap<_, _> = loaded.authors.into_iter().collect();
        let had_snapshots = !loaded.snapshots.is_empty();
        let base = loaded.snapshots.iter().find_map(|(seq, state)| {
            let mut document = Self::empty(scope, authors.clone());
            match document.load(state) {
                Ok(()) => Some((document, *seq)),
                Err(error) => {
                    tracing::error!(seq, %error, "a snapshot does not load");
                    None
                }
            }
        });
        let (mut document, mut seq) = base.unwrap_or_else(|| (Self::empty(scope, authors), 0));
        for entry in loaded.entries.into_iter().filter(|entry| entry.seq > seq).collect::<Vec<_>>() {
            if entry.seq != seq + 1 {
                return Err(OpenError::NoBase);
            }
            document.load(&entry.new.update).map_err(|source| OpenError::Entry { seq: entry.seq, source })?;
            seq = entry.seq;
        }
        // The newest snapshot may be of the last entry: then there are none after it to show that it is missing.
        if had_snapshots && seq == 0 {
            return Err(OpenError::NoBase);
        }
        metrics::open_seconds(started.elapsed());
        Ok((document, seq))
    }

    /// Takes in what this server has written before: the same lint and shape, but any author.
    ///
    /// # Errors
    /// [`Rejected`] when it does not fit; the document must not be used any more.
    pub fn load(&mut self, update: &[u8]) -> Result<(), Rejected> {
        let delta = self.index.admit(update, Lane::Trusted)?;
        if delta.is_empty() { Ok(()) } else { self.apply(&delta) }
    }

    /// What an update that this server has written before adds. Nothing is applied yet.
    ///
    /// # Errors
    /// [`Rejected`] when it does not fit.
    pub fn check_own(&self, update: &[u8]) -> Result<Delta, Rejected> {
        Ok(self.index.check(update, Lane::Trusted)?)
    }

    /// What an update of a client adds. An empty delta says that all of it was known. Nothing is applied yet.
    ///
    /// # Errors
    /// [`Rejected`] says why it may not be taken in.
    pub fn check(&self, author: &PersonId, update: &[u8], lane: Lane) -> Result<Delta, Rejected> {
        let delta = self.index.check(update, lane)?;
        if let Some(client) = delta.clients().find(|client| !self.is_own(*client, author)) {
            return Err(Rejected::Forged { client });
        }
        Ok(delta)
    }

    /// Takes in what has just been checked.
    ///
    /// # Errors
    /// [`Rejected::Broken`]: the document must not be used any more.
    pub fn take(&mut self, delta: &Delta) -> Result<(), Rejected> {
        self.index.take(delta);
        self.apply(delta)?;
        self.touch(delta);
        Ok(())
    }

    /// From now on no client writes anything personal about these people.
    pub fn erase(&mut self, people: &BTreeSet<PersonId>) {
        for person in people {
            self.index.erase(person.as_str());
        }
    }

    /// Whether new structs under this client id may come from this person: it is theirs, or nobody's yet.
    fn is_own(&self, client: ClientId, author: &PersonId) -> bool {
        match self.authors.get(&client) {
            Some(owner) => owner == author,
            // Known and nobody's: the server's own, of this opening of the document or an earlier one.
            None => client != self.client() && self.index.clock_of(client) == 0,
        }
    }

    /// Makes a client id a person's for good. Tells whether that is news for the log.
    pub fn claim(&mut self, client: ClientId, author: &PersonId) -> bool {
        self.authors.insert(client, author.clone()).is_none()
    }

    /// Applies what the guard let through. A panic inside yrs is caught here, and its transaction is left alone:
    /// ending it could panic again.
    fn apply(&mut self, delta: &Delta) -> Result<(), Rejected> {
        let bytes = delta.encode();
        let doc = &self.doc;
        let applied = catch_unwind(AssertUnwindSafe(|| {
            let update = Update::decode_v1(&bytes).map_err(|error| error.to_string())?;
            let mut txn = ManuallyDrop::new(doc.transact_mut());
            txn.apply_update(update).map_err(|error| error.to_string())?;
            let mut txn = ManuallyDrop::into_inner(txn);
            txn.commit();
            Ok::<_, String>(deleted(&txn))
        }));
        let deleted = match applied {
            Ok(Ok(deleted)) => deleted,
            Ok(Err(error)) => return Err(Rejected::Broken(error)),
            Err(_) => return Err(Rejected::Broken("it panicked".to_owned())),
        };
        for (client, clock, length) in deleted {
            self.index.note_deleted(client, clock, length);
        }
        if self.doc.transact().has_missing_updates() {
            return Err(Rejected::Broken("it waits for something missing".to_owned()));
        }
        Ok(())
    }

    /// Makes a typed edit under the server's own client id. `None` says that nothing would change.
    ///
    /// # Errors
    /// The fields that cannot be written; the document is as before.
    pub fn edit(&mut self, edit: &Edit, stamp: &Stamp) -> Result<Option<Delta>, EditRejected> {
        self.write(|txn| plan::write::apply(txn, edit, stamp).map(drop).map_err(EditRejected::Malformed))
    }

    /// Makes the server's own writes beside what a person wrote. `None` says that nothing would change.
    ///
    /// # Errors
    /// [`EditRejected::Broken`]: the document must not be used any more.
    pub fn amend(&mut self, amends: &[Amend], stamp: &Stamp) -> Result<Option<Delta>, EditRejected> {
        self.write(|txn| {
            for amend in amends {
                match amend {
                    Amend::Put(target, fields) => {
                        let fields = fields.iter().map(|(key, value)| (&**key, value.clone()));
                        plan::write::put(txn, target, fields);
                    }
                    Amend::Erase(target) => plan::write::erase(txn, target),
                    Amend::Stamp(target, before) => {
                        plan::write::restamp(txn, target, before.as_deref(), stamp);
                    }
                }
            }
            Ok(())
        })
    }

    /// Fills the empty document with a plan.
    ///
    /// # Errors
    /// When the guard would not let the plan through, such as one above the document's cap.
    pub fn create(&mut self, plan: &Plan) -> Result<Option<Delta>, EditRejected> {
        self.write(|txn| {
            plan::write::create(txn, plan);
            Ok(())
        })
    }

    fn write(
        &mut self,
        write: impl FnOnce(&mut yrs::TransactionMut<'_>) -> Result<(), EditRejected>,
    ) -> Result<Option<Delta>, EditRejected> {
        let update = {
            let mut txn = self.doc.transact_mut();
            write(&mut txn)?;
            txn.commit();
            txn.encode_update_v1()
        };
        let delta =
            self.index.admit(&update, Lane::Own).map_err(|refusal| EditRejected::Broken(refusal.to_string()))?;
        self.touch(&delta);
        Ok((!delta.is_empty()).then_some(delta))
    }

    /// What is to be read again, where it has been read at all.
    fn touch(&mut self, delta: &Delta) {
        if self.plan.is_some() {
            self.stale.0.extend(delta.touched().0.iter().cloned());
        }
    }

    /// The server's own client id in this document.
    #[must_use]
    pub fn client(&self) -> ClientId {
        self.doc.client_id().get()
    }

    /// The state vector, for a SyncStep1.
    #[must_use]
    pub fn state_vector(&self) -> Vec<u8> {
        self.doc.transact().state_vector().encode_v1()
    }

    /// What a peer with this state vector lacks.
    #[must_use]
    pub fn difference(&self, known: &[(ClientId, u32)]) -> Vec<u8> {
        // Ids that this document does not know play no part in the difference; leaving them out keeps a hostile
        // choice of them away from the hash table.
        let known: StateVector = known
            .iter()
            .filter(|(client, _)| self.index.clock_of(*client) > 0)
            .map(|(client, clock)| (ClientID::new(*client), *clock))
            .collect();
        self.doc.transact().encode_diff_v1(&known)
    }

    /// The whole state as one update.
    #[must_use]
    pub fn state(&self) -> Vec<u8> {
        self.doc.transact().encode_state_as_update_v1(&StateVector::default())
    }

    /// Which part of everything that was ever written has been deleted, from 0 to 1.
    #[must_use]
    pub fn dead_share(&self) -> f64 {
        let written: u64 = self.index.state_vector().map(|(_, clock)| u64::from(clock)).sum();
        if written == 0 { 0.0 } else { 1.0 - self.index.live_len() as f64 / written as f64 }
    }

    /// The plan as it stands.
    pub fn plan(&mut self) -> &Plan {
        self.read().0
    }

    /// The plan as it stands, and what does not fit in the rows that have been read for it.
    pub fn read(&mut self) -> (&Plan, Vec<Malformed>) {
        let txn = self.doc.transact();
        let stale = std::mem::take(&mut self.stale);
        let (plan, malformed) = match self.plan.take() {
            Some(mut plan) => {
                let refreshed = plan::read::refresh(&mut plan, &txn, &stale);
                (plan, refreshed.malformed)
            }
            None => {
                let reading = plan::read::plan(&txn);
                (reading.plan, reading.malformed)
            }
        };
        (self.plan.insert(plan), malformed)
    }
}

impl Default for Document {
    fn default() -> Self {
        Self::new()
    }
}

/// Several of our own updates as one.
///
/// # Errors
/// [`Refusal`] when one of them is not ours.
pub fn merge(updates: &[Vec<u8>]) -> Result<Vec<u8>, yrs::encoding::read::Error> {
    yrs::merge_updates_v1(updates)
}

/// Why a typed edit was not made.
#[derive(Debug, thiserror::Error)]
pub enum EditRejected {
    /// These fields cannot be written; the document is as before.
    #[error("{} malformed fields", .0.len())]
    Malformed(Vec<Malformed>),
    /// The guard does not let the server's own bytes through. The document must not be used any more.
    #[error("the edit cannot be admitted: {0}")]
    Broken(String),
}

/// A client id for the server that nobody has used in this document.
fn fresh_client(authors: &HashMap<ClientId, PersonId>) -> ClientID {
    loop {
        let client = ClientID::random();
        if !authors.contains_key(&client.get()) {
            return client;
        }
    }
}

/// What a transaction deleted, its own losers of concurrent writes included.
fn deleted(txn: &yrs::TransactionMut<'_>) -> Vec<(ClientId, u32, u32)> {
    let mut deleted = BTreeMap::new();
    for (client, ranges) in txn.delete_set().iter() {
        for range in ranges.iter() {
            deleted.insert((client.get(), range.start), range.end - range.start);
        }
    }
    deleted.into_iter().map(|((client, clock), length)| (client, clock, length)).collect()
}
