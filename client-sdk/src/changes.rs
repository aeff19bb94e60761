//! The stream of a plan's changes: each once and in order, however slow its reader is.
//!
//! In: changes as the driver hears them; where the reader was too slow, pages over HTTP. Out: one change at a time. What
//! is always true: a change counts as taken, and is remembered in the local file, when the next one is asked for; so a
//! program that dies while it works on one gets that one again.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use plansync_protocol::wire::Since;
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time,
};

use crate::{
    change::Change,
    error::{Error, ErrorKind},
    http::ChangesQuery,
    plan::Plan,
    status::Status,
};

/// Before a page is asked for again that did not come.
const PAUSE: Duration = Duration::from_secs(1);

/// The changes of a plan. It keeps the plan open.
#[derive(Debug)]
pub struct Changes {
    plan: Plan,
    receiver: broadcast::Receiver<Arc<Change>>,
    /// After which change to go on; `None` until the first connection says where the plan stands.
    position: Option<Since>,
    /// The change that was given last, and is not known to be done with.
    given: Option<Since>,
    /// Changes of a page.
    page: VecDeque<Change>,
    /// Some went by: pages tell them.
    is_behind: bool,
    /// It begins where the plan was opened, which may be known only later.
    from_start: bool,
}

impl Changes {
    pub(crate) fn from_start(plan: Plan, receiver: broadcast::Receiver<Arc<Change>>) -> Self {
        Self { from_start: true, ..Self::new(plan, receiver, None) }
    }

    pub(crate) fn new(plan: Plan, receiver: broadcast::Receiver<Arc<Change>>, position: Option<Since>) -> Self {
        Self { plan, receiver, position, given: None, page: VecDeque::new(), is_behind: false, from_start: false }
    }

    /// Where it stands: `since` of what comes later. `None` before the first connection.
    #[must_use]
    pub fn position(&self) -> Option<Since> {
        self.position
    }

    /// The next change, when there is one.
    ///
    /// # Errors
    /// The kind of a final end of the connection, once everything that came before was given.
    pub async fn next(&mut self) -> Result<Change, Error> {
        if let Some(done) = self.given.take() {
            self.remember(done);
        }
        loop {
            self.begin();
            if let Some(change) = self.page.pop_front() {
                return Ok(self.give(change));
            }
            if self.is_behind {
                self.fetch().await?;
                continue;
            }
            let mut status = self.plan.status();
            let heard = tokio::select! {
                biased;
                heard = self.receiver.recv() => heard,
                over = status.wait_for(Status::is_final) => {
                    return Err(over.map_or_else(|_| Status::Closed.error(), |status| status.error()));
                }
            };
            self.begin();
            match heard {
                Ok(change) if self.position.is_none_or(|position| change.is_after(position)) => {
                    return Ok(self.give(change.as_ref().clone()));
                }
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => self.is_behind = true,
                Err(RecvError::Closed) => return Err(Status::Closed.error()),
            }
        }
    }

    /// Where the plan was opened is known from the first connection on.
    fn begin(&mut self) {
        if self.from_start && self.position.is_none() {
            self.position = self.plan.shared().core().changes_from;
        }
    }

    fn give(&mut self, change: Change) -> Change {
        let position = change.position();
        self.position = Some(position);
        self.given = Some(position);
        change
    }

    fn remember(&self, done: Since) {
        self.plan.shared().core().ledger.heard(done);
        self.plan.shared().keep.notify_one();
    }

    async fn fetch(&mut self) -> Result<(), Error> {
        self.plan.live().await?;
        self.begin();
        let query = ChangesQuery { since: self.position, limit: Some(1_000), ..ChangesQuery::default() };
        match self.plan.changes_page(&query).await {
            Ok(page) => {
                self.is_behind = page.next.is_some();
                self.page = page.changes.into();
                // More than fits was told meanwhile, or not: what is in both is left out by its place.
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::Unreachable => {
                time::sleep(PAUSE).await;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}
