//! Which documents are open: a plan and scope → the inbox of its room.
//!
//! A room is opened once: its inbox stands in the table before its document is loaded, so that whoever comes
//! meanwhile waits in that inbox. A room that has ended is opened anew by the next one who sends to it.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use plansync_protocol::{
    ids::{Origin, PartyId, PersonId, PlanId, Scope},
    plan::schema,
    wire::CloseCode,
};
use tokio::sync::{mpsc, oneshot};

use crate::{
    auth::Author,
    clock, document,
    log::{DocKey, Log, LogError, NewEntry, PlanRow, Tombstone},
    metrics,
    outbox::Close,
    room::{Event, Forgetting, INBOX_MAX, Room},
    workers::Workers,
};

/// The inbox of a room.
pub type Inbox = mpsc::Sender<Event>;

/// A room that cannot be reached.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Unreachable {
    /// There is no such plan.
    #[error("there is no plan {0}")]
    NoSuchPlan(PlanId),
    /// The plan has no such party, so there is no document of it.
    #[error(
        "plan {0} has no party {1:?}, so there is no private document of it: add the party, or name one of the plan's"
    )]
    NoSuchParty(PlanId, PartyId),
    /// The server is about to stop.
    #[error("the server is restarting: try again in a moment")]
    Draining,
    /// The room ended as soon as it was opened.
    #[error("plan {0} cannot be opened at the moment: try again, and tell the operator if it stays so")]
    Ended(PlanId),
    /// The plan was there once.
    #[error("plan {0} has been erased")]
    Erased(PlanId),
    /// As many rooms are open as there may be.
    #[error("{0} plans are open, which is the limit: try again in a moment")]
    Full(usize),
    /// The store cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// All rooms of this server.
#[derive(Debug)]
pub struct Rooms {
    log: Log,
    workers: Workers,
    still: Duration,
    /// Each costs memory; one that nobody is in closes by itself.
    rooms_max: usize,
    open: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    rooms: HashMap<(PlanId, Scope), Inbox>,
    /// Plans that are being erased: nobody opens them any more.
    shut: HashSet<PlanId>,
    draining: bool,
}

/// Keeps a plan shut for as long as it lives.
struct Shut<'t> {
    table: &'t Mutex<Table>,
    id: PlanId,
}

impl<'t> Shut<'t> {
    fn new(table: &'t Mutex<Table>, id: &PlanId) -> Self {
        table.lock().unwrap_or_else(PoisonError::into_inner).shut.insert(id.clone());
        Self { table, id: id.clone() }
    }
}

impl Drop for Shut<'_> {
    fn drop(&mut self) {
        self.table.lock().unwrap_or_else(PoisonError::into_inner).shut.remove(&self.id);
    }
}

impl Rooms {
    /// No room is open yet. A field that has been `still` for so long is told as one change; at most `rooms_max` rooms
    /// are open at once.
    #[must_use]
    pub fn new(log: Log, workers: Workers, still: Duration, rooms_max: usize) -> Arc<Self> {
        Arc::new(Self { log, workers, still, rooms_max, open: Mutex::default() })
    }

    /// The log that the rooms write to.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The plan of this name.
    ///
    /// # Errors
    /// [`Unreachable::NoSuchPlan`] when there is none.
    pub fn plan(&self, id: &PlanId) -> Result<PlanRow, Unreachable> {
        if let Some(row) = self.log.plan(id)? {
            return Ok(row);
        }
        Err(match self.log.erased(id)? {
            Some(_) => Unreachable::Erased(id.clone()),
            None => Unreachable::NoSuchPlan(id.clone()),
        })
    }

    /// Erases a plan: its rooms end, its people are told, and when this returns nothing of it is left in the store but
    /// that it has been there.
    ///
    /// # Errors
    /// [`Unreachable`] when there is no such plan, or the store fails.
    pub async fn erase(&self, id: &PlanId, by: PersonId) -> Result<Tombstone, Unreachable> {
        self.plan(id)?;
        let _closed = Shut::new(&self.open, id);
        let inboxes: Vec<_> = {
            let table = self.table();
            table.rooms.iter().filter(|((plan, _), _)| plan == id).map(|(_, inbox)| inbox.clone()).collect()
        };
        for inbox in inboxes {
            // A room that has just ended needs no telling.
            let close = Close::new(CloseCode::NotFound, "the plan has been erased");
            let _ = inbox.send(Event::Drain { close }).await;
            inbox.closed().await;
        }
        let erased = self.log.erase(id.clone(), clock::now(), by).await?;
        erased.ok_or_else(|| Unreachable::NoSuchPlan(id.clone()))
    }

    /// Takes a person out of every document of a plan that stays. When this returns, nothing personal of them is left
    /// in the store. Who may come with which token is decided before.
    ///
    /// # Errors
    /// [`Unreachable`] when a document cannot be opened, or the store fails: then it has to be done again.
    pub async fn forget(self: &Arc<Self>, plan: &PlanRow, person: &PersonId, by: Author) -> Result<(), Unreachable> {
        let by = Arc::new(by);
        for scope in self.log.scopes(plan)? {
            let (reply, done) = oneshot::channel();
            let forgetting = Box::new(Forgetting { person: person.clone(), by: Arc::clone(&by), reply });
            self.send(&plan.id, &scope, Event::Forget(forgetting)).await?;
            done.await.map_err(|_| Unreachable::Ended(plan.id.clone()))?;
        }
        Ok(self.log.scrub().await?)
    }

    /// The key of a document that somebody is about to open. A party's own begins at its first opening, if the plan
    /// has that party; nobody else's document shows a trace of it.
    ///
    /// # Errors
    /// [`Unreachable`] when there is no such plan or party.
    pub async fn document(self: &Arc<Self>, plan: &PlanId, scope: &Scope) -> Result<DocKey, Unreachable> {
        let row = self.plan(plan)?;
        if let Some(doc) = self.log.document(&row, scope)? {
            return Ok(doc);
        }
        let Scope::Party(party) = scope else { return Ok(row.doc()) };
        let (reply, answer) = oneshot::channel();
        self.send(plan, &Scope::Shared, Event::Read { settled: false, reply }).await?;
        let view = answer.await.map_err(|_| Unreachable::Ended(plan.clone()))?;
        let parties = schema::collection("parties").map(|parties| view.plan.rows(parties));
        if !parties.is_some_and(|parties| parties.contains_key(party.as_str())) {
            return Err(Unreachable::NoSuchParty(plan.clone(), party.clone()));
        }
        let author = Arc::new(Author { person: PersonId::server(), party: None });
        let update = document::NOTHING.to_vec();
        let first = NewEntry { at: clock::now(), author, origin: Origin::System, update };
        Ok(self.log.begin(row, party.clone(), first).await?)
    }

    /// The room's inbox; opens the room where nobody has. A party's own document has to have [begun](Self::document).
    ///
    /// # Errors
    /// [`Unreachable`] when there is no such plan or document, or the server is stopping.
    pub fn open(self: &Arc<Self>, plan: &PlanId, scope: &Scope) -> Result<Inbox, Unreachable> {
        let key = (plan.clone(), scope.clone());
        {
            let table = self.table();
            if table.draining {
                return Err(Unreachable::Draining);
            }
            if table.shut.contains(plan) {
                return Err(Unreachable::Erased(plan.clone()));
            }
            if let Some(inbox) = table.rooms.get(&key).filter(|inbox| !inbox.is_closed()) {
                return Ok(inbox.clone());
            }
        }
        let row = self.plan(plan)?;
        let doc = match (self.log.document(&row, scope)?, scope) {
            (Some(doc), _) => doc,
            (None, Scope::Party(party)) => return Err(Unreachable::NoSuchParty(plan.clone(), party.clone())),
            (None, Scope::Shared) => row.doc(),
        };
        let mut table = self.table();
        if table.draining {
            return Err(Unreachable::Draining);
        }
        if table.shut.contains(plan) {
            return Err(Unreachable::Erased(plan.clone()));
        }
        // Somebody may have been faster while the store was read.
        if let Some(inbox) = table.rooms.get(&key).filter(|inbox| !inbox.is_closed()) {
            return Ok(inbox.clone());
        }
        if table.rooms.len() >= self.rooms_max {
            metrics::quota("open_plans");
            return Err(Unreachable::Full(self.rooms_max));
        }
        let (inbox, events) = mpsc::channel(INBOX_MAX);
        table.rooms.insert(key.clone(), inbox.clone());
        let room = Room::new(row, (scope.clone(), doc), self.log.clone(), self.still, events);
        let (rooms, ended) = (Arc::clone(self), inbox.clone());
        self.workers.spawn(room.run(), move |outcome| {
            match outcome {
                Ok(Ok(())) => {}
                Ok(Err(_)) => metrics::room_death(),
                Err(panic) => {
                    metrics::room_death();
                    tracing::error!(plan = %key.0, scope = %key.1, %panic, "a room panicked; it is opened again from the log");
                }
            }
            let mut table = rooms.table();
            if table.rooms.get(&key).is_some_and(|inbox| inbox.same_channel(&ended)) {
                table.rooms.remove(&key);
            }
        });
        Ok(inbox)
    }

    /// Sends to a room; where it ends at that moment, to the one that is opened after it.
    ///
    /// # Errors
    /// [`Unreachable`] when there is no such plan, or the room ends again and again.
    pub async fn send(self: &Arc<Self>, plan: &PlanId, scope: &Scope, mut event: Event) -> Result<Inbox, Unreachable> {
        for _ in 0..3 {
            let inbox = self.open(plan, scope)?;
            match inbox.send(event).await {
                Ok(()) => return Ok(inbox),
                Err(mpsc::error::SendError(back)) => event = back,
            }
        }
        Err(Unreachable::Ended(plan.clone()))
    }

    /// Waits until each open room of a plan has committed what it had taken in by now.
    pub async fn settle(&self, plan: &PlanId) {
        let inboxes: Vec<_> =
            self.table().rooms.iter().filter(|((of, _), _)| of == plan).map(|(_, inbox)| inbox.clone()).collect();
        for inbox in inboxes {
            let (reply, answer) = oneshot::channel();
            // A room that has ended takes nothing in.
            if inbox.send(Event::Read { settled: false, reply }).await.is_ok() {
                let _ = answer.await;
            }
        }
    }

    /// Ends every room: nobody else comes in, everybody is told `close`. Returns when all of them have ended.
    pub async fn drain(&self, close: Close) {
        let inboxes: Vec<_> = {
            let mut table = self.table();
            table.draining = true;
            table.rooms.values().cloned().collect()
        };
        for inbox in &inboxes {
            // A room that has just ended needs no telling.
            let _ = inbox.send(Event::Drain { close: close.clone() }).await;
        }
        for inbox in inboxes {
            inbox.closed().await;
        }
    }

    /// What members hear when the server stops.
    #[must_use]
    pub fn restarting() -> Close {
        Close::new(CloseCode::Restarting, "the server restarts: come back in a moment")
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
