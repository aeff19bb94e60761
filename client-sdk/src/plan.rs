//! The handle of a plan: cheap to clone, to be used from any thread.
//!
//! In: edits, presence. Out: the document, its state on the wire, what the server tells.
//! Locks are taken in this order: the document's transaction, then the machine; none is held across an await.
//! When the last handle goes, the driver closes the connection: edits that were not flushed by then may be lost.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use plansync_protocol::{
    ids::{ClientId, Seq},
    limits,
    wire::Welcome,
};
use serde_json::Value;
use tokio::sync::{Notify, broadcast, watch};
use yrs::{Doc, Transact, TransactionMut};

use crate::{
    error::{Error, ErrorKind},
    json,
    machine::{Machine, PlanEvent},
};

/// Events that wait for a slow receiver before it loses the oldest.
const EVENTS_MAX: usize = 64;

/// Where the connection stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// An attempt to connect is under way.
    Connecting,
    /// The server knows us; both sides send what the other lacks.
    Syncing,
    /// Edits go both ways as they are made.
    Live,
    /// No connection; the next attempt comes by itself.
    Offline,
    /// No connection, and no further attempt.
    Closed {
        /// The close code; 1000 after [`Plan::close`].
        code: u16,
        /// The close reason.
        reason: String,
    },
}

/// A plan's document, kept in step with the server's.
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

/// What the handle and the driver share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) doc: Doc,
    machine: Mutex<Machine>,
    /// There may be something to send.
    pub(crate) wake: Notify,
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) status: watch::Sender<Status>,
    /// How many edits, from the first, are on the server's disk.
    pub(crate) durable: watch::Sender<u64>,
    pub(crate) events: broadcast::Sender<PlanEvent>,
}

impl Shared {
    pub(crate) fn new(doc: Doc, machine: Machine) -> Self {
        Self {
            doc,
            machine: Mutex::new(machine),
            wake: Notify::new(),
            stop: watch::Sender::new(false),
            status: watch::Sender::new(Status::Connecting),
            durable: watch::Sender::new(0),
            events: broadcast::Sender::new(EVENTS_MAX),
        }
    }

    /// No call into foreign code is made under this lock, so a poisoned one is as good as any.
    pub(crate) fn machine(&self) -> MutexGuard<'_, Machine> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_status(&self, status: Status) {
        self.status.send_if_modified(|current| {
            let changed = *current != status && !matches!(current, Status::Closed { .. });
            if changed {
                *current = status;
            }
            changed
        });
    }
}

impl Plan {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { handle: Arc::new(PlanHandle { shared }) }
    }

    fn shared(&self) -> &Shared {
        &self.handle.shared
    }

    /// The document, to read. Write with [`Plan::edit`]: an edit made otherwise is neither sent nor counted in time.
    #[must_use]
    pub fn doc(&self) -> &Doc {
        &self.shared().doc
    }

    /// Makes one edit: one transaction, sent as one update. Blocks while another transaction is open.
    pub fn edit<R>(&self, edit: impl FnOnce(&mut TransactionMut<'_>) -> R) -> R {
        let shared = self.shared();
        let mut txn = shared.doc.transact_mut();
        let result = edit(&mut txn);
        txn.commit();
        if !txn.insert_set().is_empty() || !txn.delete_set().is_empty() {
            // Under the transaction, so that updates are sent in the order in which they were committed.
            shared.machine().edited(txn.encode_update_v1());
            shared.wake.notify_one();
        }
        drop(txn);
        result
    }

    /// How many edits are not known to be on the server's disk.
    #[must_use]
    pub fn pending(&self) -> u64 {
        self.shared().machine().pending()
    }

    /// Waits until every edit made before this call is on the server's disk.
    ///
    /// # Errors
    /// [`ErrorKind::Closed`] when that will not happen any more.
    pub async fn flush(&self) -> Result<(), Error> {
        let wanted = self.shared().machine().edits_made();
        let mut durable = self.shared().durable.subscribe();
        tokio::select! {
            biased;
            _ = durable.wait_for(|durable| *durable >= wanted) => Ok(()),
            error = self.closed() => Err(error),
        }
    }

    /// Waits until both sides have sent each other what the other lacked.
    ///
    /// # Errors
    /// [`ErrorKind::Closed`] when that will not happen any more.
    pub async fn live(&self) -> Result<(), Error> {
        let mut status = self.status();
        tokio::select! {
            biased;
            _ = status.wait_for(|status| *status == Status::Live) => Ok(()),
            error = self.closed() => Err(error),
        }
    }

    /// The last entry of the server's log that is known here.
    #[must_use]
    pub fn seq(&self) -> Seq {
        self.shared().machine().seq()
    }

    /// What the server said of us and the plan at the last connection.
    #[must_use]
    pub fn welcome(&self) -> Option<Welcome> {
        self.shared().machine().welcome().cloned()
    }

    /// Where the connection stands, now and at every change.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<Status> {
        self.shared().status.subscribe()
    }

    /// What the server tells beside the document, from now on.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<PlanEvent> {
        self.shared().events.subscribe()
    }

    /// Shows this state to the others, renewed until it is replaced; `null` takes it back.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] above 4 KiB.
    pub fn presence(&self, state: &Value) -> Result<(), Error> {
        let json = state.to_string();
        if json.len() > limits::AWARENESS_STATE_BYTES_MAX {
            return Err(Error::new(ErrorKind::Invalid, format!("a presence of {} bytes is too long", json.len())));
        }
        self.shared().machine().presence.set((!state.is_null()).then_some(json));
        self.shared().wake.notify_one();
        Ok(())
    }

    /// The others that are there, by client id.
    #[must_use]
    pub fn peers(&self) -> HashMap<ClientId, Value> {
        self.shared().machine().presence.peers()
    }

    /// Marks everything up to here as seen by this person.
    pub fn touch(&self) {
        self.shared().machine().touch();
        self.shared().wake.notify_one();
    }

    /// The whole document as JSON, for comparisons: keys are sorted.
    #[must_use]
    pub fn json(&self) -> Value {
        json::of_document(self.doc())
    }

    /// Sends what can be sent, says goodbye and ends the connection for good. Waits until that is done.
    pub async fn close(&self) {
        self.shared().stop.send_replace(true);
        self.closed().await;
    }

    /// Waits for the end of the connection and says why it came.
    async fn closed(&self) -> Error {
        let mut status = self.status();
        let (code, reason) = match status.wait_for(|status| matches!(status, Status::Closed { .. })).await.as_deref() {
            Ok(Status::Closed { code, reason }) => (*code, reason.clone()),
            _ => (1006, "the driver is gone".to_owned()),
        };
        Error::new(ErrorKind::Closed { code }, reason)
    }
}
