//! The handle of a plan: cheap to clone, to be used from any thread.
//!
//! In: edits, presence. Out: typed values, status, events, promises. What is always true: reading and editing never wait
//! for the network; no lock is held across an await, or while a function of the program runs, but for
//! [`Plan::transact`]. When the last handle goes, the driver closes the connection: without a local file, edits that
//! were not flushed by then may be lost.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use plansync_protocol::{
    ids::{ClientId, Seq},
    limits,
    wire::{Notice, Welcome},
};
use serde_json::Value as Json;
use tokio::{
    sync::{Notify, broadcast, watch},
    time,
};
use yrs::TransactionMut;

use crate::{
    change::{Change, Refused},
    changes::Changes,
    core::{Core, Updated},
    edit::Edit,
    entity::Snapshot,
    error::{Error, ErrorKind},
    http::Http,
    json,
    machine::Why,
    presence::Present,
    status::Status,
};

/// Events that wait for a slow receiver before it loses the oldest.
const EVENTS_MAX: usize = 64;
/// Updates that wait for a slow receiver before it loses the oldest.
const UPDATES_MAX: usize = 256;
/// Changes that wait for a slow receiver before it fetches them again over HTTP.
const CHANGES_MAX: usize = 256;

/// What a plan tells, beside its status, its changes and what is different.
#[derive(Debug, Clone, PartialEq)]
pub enum PlanEvent {
    /// The server has put back an edit of ours.
    Refused(Refused),
    /// What the server says about the connection.
    Notice(Notice),
    /// The local file cannot be written, in these words, or can be again (`None`).
    Storage(Option<String>),
    /// An empty document has taken the place of the former one.
    Afresh {
        /// Why.
        why: Why,
        /// Edits that the server did not have: they are made again once the plan is live.
        offered: usize,
    },
    /// The edits that a fresh document lacked were made again, but for these places.
    MadeAgain {
        /// `tasks/ca-9`.
        lost: Vec<String>,
    },
}

/// Edits on their way. Each count is of edits from the first one on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Made here.
    pub made: u64,
    /// Kept in the local file; without one, on the server's disk.
    pub kept: u64,
    /// On the server's disk.
    pub durable: u64,
    /// Edits of a former document that wait to be made again.
    pub offers: u64,
    offered: u64,
}

impl Progress {
    /// Edits that are not known to be on the server's disk.
    #[must_use]
    pub fn pending(&self) -> u64 {
        self.made - self.durable + self.offers
    }
}

/// A plan, kept in step with the server. Made by [`Client`](crate::Client).
#[derive(Debug, Clone)]
pub struct Plan {
    handle: Arc<PlanHandle>,
}

/// Tells the driver when the last clone goes.
#[derive(Debug)]
struct PlanHandle {
    shared: Arc<Shared>,
}

impl Drop for PlanHandle {
    fn drop(&mut self) {
        self.shared.stop.send_replace(true);
    }
}

/// What the handle and the tasks share.
#[derive(Debug)]
pub(crate) struct Shared {
    core: Mutex<Core>,
    pub(crate) http: Http,
    /// It is the shared document.
    pub(crate) is_shared: bool,
    /// There is a local file.
    pub(crate) keeps: bool,
    /// There may be something to send.
    pub(crate) wake: Notify,
    /// There may be something to keep.
    pub(crate) keep: Notify,
    /// The pause before the next attempt is over.
    pub(crate) hurry: Notify,
    pub(crate) stop: watch::Sender<bool>,
    /// The driver has ended.
    pub(crate) driven: watch::Sender<bool>,
    /// The local file is closed.
    pub(crate) put_away: watch::Sender<bool>,
    pub(crate) status: watch::Sender<Status>,
    pub(crate) progress: watch::Sender<Progress>,
    pub(crate) events: broadcast::Sender<PlanEvent>,
    updates: broadcast::Sender<Updated>,
    /// Counts how often others came, went or moved.
    presence: watch::Sender<u64>,
    pub(crate) changes: broadcast::Sender<Arc<Change>>,
    /// Hears changes from the beginning on, until the program asks for them.
    first_changes: Mutex<Option<broadcast::Receiver<Arc<Change>>>>,
}

impl Shared {
    pub(crate) fn new(core: Core, http: Http, is_shared: bool, keeps: bool) -> Self {
        let changes = broadcast::Sender::new(CHANGES_MAX);
        let first_changes = Mutex::new(Some(changes.subscribe()));
        let shared = Self {
            core: Mutex::new(core),
            http,
            is_shared,
            keeps,
            wake: Notify::new(),
            keep: Notify::new(),
            hurry: Notify::new(),
            stop: watch::Sender::new(false),
            driven: watch::Sender::new(false),
            put_away: watch::Sender::new(!keeps),
            status: watch::Sender::new(Status::Connecting),
            progress: watch::Sender::default(),
            events: broadcast::Sender::new(EVENTS_MAX),
            updates: broadcast::Sender::new(UPDATES_MAX),
            presence: watch::Sender::new(0),
            changes,
            first_changes,
        };
        shared.publish();
        shared
    }

    /// What is behind the lock is whole after each call, so a poisoned one is as good as any.
    pub(crate) fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows what is known to those who wait for it. Each is looked up while nobody else can show anything, so that no
    /// later one is replaced by an earlier.
    pub(crate) fn publish(&self) {
        self.progress.send_if_modified(|shown| {
            let core = self.core();
            let durable = core.machine.edits_durable();
            let progress = Progress {
                made: core.machine.edits_made(),
                kept: if self.keeps { core.ledger.kept() } else { durable },
                durable,
                offers: core.offers(),
                offered: core.offered(),
            };
            std::mem::replace(shown, progress) != progress
        });
        self.status.send_if_modified(|shown| {
            let status = self.core().machine.status().clone();
            let changed = *shown != status;
            *shown = status;
            changed
        });
    }

    /// Tells that the plan is different, if it is.
    pub(crate) fn tell(&self, updated: Updated) {
        if !updated.entities.is_empty() {
            let _ = self.updates.send(updated);
        }
    }

    /// Tells that others came, went or moved.
    pub(crate) fn tell_presence(&self) {
        self.presence.send_modify(|count| *count += 1);
    }

    /// An own edit was made.
    fn edited(&self, updated: Updated) {
        self.publish();
        self.tell(updated);
        self.wake.notify_one();
        self.keep.notify_one();
    }
}

impl Plan {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { handle: Arc::new(PlanHandle { shared }) }
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.handle.shared
    }

    // --- Reading -----------------------------------------------------------------------------------------------------

    /// The plan as it is now. It does not change any more: everything read from it belongs together.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::new(self.shared().core().rows(), self.shared().is_shared)
    }

    /// The canonical JSON, `plansync.plan/1`, as the server's.
    #[must_use]
    pub fn to_json(&self) -> Json {
        self.snapshot().to_json(false)
    }

    /// The whole document as JSON, for comparisons: keys are sorted, empty roots are left out.
    #[must_use]
    pub fn document_json(&self) -> Json {
        self.shared().core().document.read(|txn| json::of_document(txn))
    }

    // --- Editing -----------------------------------------------------------------------------------------------------

    /// Makes one edit: all of it in one transaction, or nothing. It is checked before anything is written.
    ///
    /// What the person may not do is put back by the server: listen for [`PlanEvent::Refused`].
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] (a value does not fit: [`Error::malformed`] says which and what would),
    /// [`ErrorKind::NotFound`] (no such entity), [`ErrorKind::Conflict`] (it exists already), [`ErrorKind::Closed`].
    pub fn edit<R>(&self, make: impl FnOnce(&mut Edit) -> R) -> Result<R, Error> {
        let shared = self.shared();
        if *shared.stop.borrow() {
            return Err(Error::new(ErrorKind::Closed, "the plan was closed here: open it again to edit it"));
        }
        let mut edit = Edit::new(shared.core().rows());
        let result = make(&mut edit);
        let edit = edit.checked(shared.is_shared)?;
        let updated = shared.core().edit(&edit, Instant::now())?;
        shared.edited(updated);
        Ok(result)
    }

    /// Writes into the document itself, in one transaction that is sent as one update: for editors of texts, and what
    /// has no setter here. The server puts back what has no place in a plan. The function must not use the plan.
    pub fn transact<R>(&self, write: impl FnOnce(&mut TransactionMut<'_>) -> R) -> R {
        let (result, updated) = self.shared().core().transact(write, Instant::now());
        self.shared().edited(updated);
        result
    }

    /// Takes back the last step of one's own that still changes something; what others have written since stays.
    /// Whether there was one. Edits within half a second are one step.
    pub fn undo(&self) -> bool {
        let updated = self.shared().core().undo();
        updated.map(|updated| self.shared().edited(updated)).is_some()
    }

    /// Makes the last step that was taken back again. Whether there was one.
    pub fn redo(&self) -> bool {
        let updated = self.shared().core().redo();
        updated.map(|updated| self.shared().edited(updated)).is_some()
    }

    /// Whether there is something of one's own to take back.
    #[must_use]
    pub fn can_undo(&self) -> bool {
        self.shared().core().can_undo()
    }

    /// Whether there is something to make again.
    #[must_use]
    pub fn can_redo(&self) -> bool {
        self.shared().core().can_redo()
    }

    // --- The connection ----------------------------------------------------------------------------------------------

    /// Where the connection stands, now and at every change.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<Status> {
        self.shared().status.subscribe()
    }

    /// Edits on their way, now and at every change.
    #[must_use]
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.shared().progress.subscribe()
    }

    /// How many edits are not known to be on the server's disk.
    #[must_use]
    pub fn pending(&self) -> u64 {
        self.shared().progress.borrow().pending()
    }

    /// Waits until both sides have sent each other what the other lacked.
    ///
    /// # Errors
    /// The kind of a final end of the connection.
    pub async fn live(&self) -> Result<(), Error> {
        let mut status = self.status();
        let stands = status.wait_for(|status| *status == Status::Live || status.is_final()).await;
        match stands.as_deref() {
            Ok(Status::Live) => Ok(()),
            Ok(status) => Err(status.error()),
            Err(_) => Err(Status::Closed.error()),
        }
    }

    /// Waits until every edit made before this call is on the server's disk; offline it waits.
    ///
    /// # Errors
    /// The kind of a final end of the connection.
    pub async fn flush(&self) -> Result<(), Error> {
        let mut progress = self.progress();
        let wanted = progress.borrow().made;
        let done = |now: &Progress| now.offers == 0 && now.durable >= wanted.max(now.offered);
        tokio::select! {
            biased;
            _ = progress.wait_for(done) => Ok(()),
            error = self.over() => Err(error),
        }
    }

    /// [`Plan::flush`] that does not wait longer than this.
    ///
    /// # Errors
    /// Those of [`Plan::flush`], and [`ErrorKind::Timeout`].
    pub async fn flush_within(&self, most: Duration) -> Result<(), Error> {
        time::timeout(most, self.flush()).await.unwrap_or_else(|_| {
            let (pending, status) = (self.pending(), self.shared().status.borrow().as_str());
            let words = format!("after {most:?} {pending} edits are not on the server ({status}); they are kept");
            Err(Error::new(ErrorKind::Timeout, words))
        })
    }

    /// Waits until every edit made before this call is kept in the local file: from then on it survives the end of this
    /// program, and is there when the plan is opened without a connection. While the file cannot be written
    /// ([`PlanEvent::Storage`]) this waits; [`Plan::flush`] does not.
    ///
    /// # Errors
    /// [`ErrorKind::Storage`] where there is no local file, [`ErrorKind::Closed`] where it is closed already.
    pub async fn saved(&self) -> Result<(), Error> {
        if !self.shared().keeps {
            let words = "this plan has no local file: open it with `file`, or wait with `flush`";
            return Err(Error::new(ErrorKind::Storage, words));
        }
        let mut progress = self.progress();
        let mut put_away = self.shared().put_away.subscribe();
        let wanted = progress.borrow().made;
        tokio::select! {
            biased;
            _ = progress.wait_for(|now| now.kept >= wanted && now.offers == 0) => Ok(()),
            _ = put_away.wait_for(|put_away| *put_away) => Err(Status::Closed.error()),
        }
    }

    /// Tries to connect at once, if a pause is running.
    pub fn reconnect(&self) {
        self.shared().hurry.notify_one();
    }

    /// Sends what can be sent, says goodbye and ends the connection for good. Waits until that is done and the local file
    /// is closed, which keeps what was not sent.
    pub async fn close(&self) {
        let shared = self.shared();
        shared.stop.send_replace(true);
        for done in [&shared.driven, &shared.put_away] {
            let _ = done.subscribe().wait_for(|done| *done).await;
        }
    }

    /// What the server said of us and the plan at the last connection.
    #[must_use]
    pub fn welcome(&self) -> Option<Welcome> {
        self.shared().core().machine.welcome().cloned()
    }

    /// The last entry of the server's log that is known here.
    #[must_use]
    pub fn seq(&self) -> Seq {
        self.shared().core().machine.seq()
    }

    /// Tells the server that this person has seen everything up to here: for summaries since the last visit.
    pub fn mark_seen(&self) {
        self.shared().core().machine.touch();
        self.shared().wake.notify_one();
    }

    // --- People and changes ------------------------------------------------------------------------------------------

    /// Shows this state to the others, renewed until it is replaced: `at` is the place one looks at. `null` hides.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`] above 4 KiB, [`ErrorKind::Malformed`] for what is neither an object nor `null`.
    pub fn present(&self, state: &Json) -> Result<(), Error> {
        if !state.is_object() && !state.is_null() {
            return Err(Error::new(ErrorKind::Malformed, "a presence is an object, or null to hide"));
        }
        let json = state.to_string();
        if json.len() > limits::AWARENESS_STATE_BYTES_MAX {
            let words = format!("a presence of {} bytes is above 4096: show less of it", json.len());
            return Err(Error::new(ErrorKind::TooLarge, words));
        }
        self.shared().core().machine.presence.set((!state.is_null()).then_some(json));
        self.shared().wake.notify_one();
        Ok(())
    }

    /// Everybody else who is there, as the server has authenticated them.
    #[must_use]
    pub fn others(&self) -> Vec<Present> {
        self.shared().core().machine.presence.others()
    }

    /// Everybody who is there, this client too once the server has told of it.
    #[must_use]
    pub fn people_present(&self) -> Vec<Present> {
        self.shared().core().machine.presence.people()
    }

    /// This client's id in the document.
    #[must_use]
    pub fn client_id(&self) -> ClientId {
        self.shared().core().machine.presence.own_id()
    }

    /// Changes with every coming, going and moving of others: then look at [`Plan::others`].
    #[must_use]
    pub fn presence(&self) -> watch::Receiver<u64> {
        self.shared().presence.subscribe()
    }

    /// Which entities are different, once for each transaction, from now on. A receiver that is slow loses the oldest.
    #[must_use]
    pub fn updates(&self) -> broadcast::Receiver<Updated> {
        self.shared().updates.subscribe()
    }

    /// What the plan tells, from now on. A receiver that is slow loses the oldest.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<PlanEvent> {
        self.shared().events.subscribe()
    }

    /// The changes of the plan, each once and in order. The first stream begins where the plan was opened, or after the
    /// change that the local file remembers; further ones begin now.
    #[must_use]
    pub fn changes(&self) -> Changes {
        let first = self.shared().first_changes.lock().unwrap_or_else(PoisonError::into_inner).take();
        match first {
            Some(receiver) => {
                self.shared().core().listen();
                Changes::from_start(self.clone(), receiver)
            }
            None => {
                let receiver = self.shared().changes.subscribe();
                let now = self.shared().core().machine.cursor();
                Changes::new(self.clone(), receiver, now)
            }
        }
    }

    /// Waits for the end of the connection and says why it came.
    async fn over(&self) -> Error {
        let mut status = self.status();
        match status.wait_for(Status::is_final).await.as_deref() {
            Ok(status) => status.error(),
            Err(_) => Status::Closed.error(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Client;

    /// Whoever waits for an edit asks how many were made first: that number must not be an earlier one.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_is_shown_never_goes_back() {
        let claims = "x.eyJzdWIiOiJhbm4iLCJwbGFuIjoiZGVtbyIsImV4cCI6MTAwMH0.y";
        let plan = Client::new("http://127.0.0.1:9").token(claims).open().unwrap();
        let is_over = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                        plan.shared().publish();
                    }
                });
            }
            let earlier = (1..=8_000).find(|made| {
                plan.edit(|edit| {
                    edit.meta().title(format!("Title {made}"));
                })
                .unwrap();
                plan.progress().borrow().made < *made
            });
            is_over.store(true, std::sync::atomic::Ordering::Relaxed);
            assert_eq!(earlier, None, "fewer edits are shown than were made");
        });
        plan.close().await;
    }
}
