//! The courier of one webhook: one task that takes the changes of every plan to its endpoint.
//!
//! In: which documents have new changes, and the log to read them from. Out: one request at a time for each plan, in
//! the order of its changes; the cursor, once they have been taken. Kept: numbers of plans in bounded sets, a page of
//! changes for each of a few plans that are served at the same time.
//! Always true: the cursor is never ahead of what the endpoint has taken, so after any end delivery goes on with what
//! may be known already and never beyond what is not. A plan whose change is not taken waits and is tried again;
//! others go on, until so many wait that the endpoint is taken for dead: then only those are tried.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use serde::Deserialize;
use tokio::time::{Instant as TokioInstant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    post::{Failure, Parcel, Post, Target},
    schedule::Schedule,
    signing::Secret,
    status::{Delivery, Failing, Status},
};
use crate::{
    clock::{self, Millis},
    log::{
        Dirty, KeptChange, Log, LogError, Lookout,
        tables::SHARED,
        webhooks::{Cursor, Paused, WebhookRow},
    },
    metrics,
    stopping::Stopping,
};

/// Plans that are served at the same time: a change that is not taken, or a slow answer, holds up one of them.
const LANES: usize = 4;
/// Changes read at once, and bytes of them.
const PAGE_CHANGES: usize = 16;
const PAGE_BYTES: usize = 64 << 10;
/// A plan's turn: after it the cursor is kept and another plan is served. Longer turns would repeat more after a crash.
const TURN: Duration = Duration::from_secs(1);
/// Plans that wait for another attempt. So many of them say that the endpoint is dead.
const STUCK_MAX: usize = 64;
/// Plans that are known to have something to send; beyond it they are looked for when these are served.
const READY_MAX: usize = 1_024;
/// Plans looked at under one read.
const SCAN_PLANS: usize = 1_024;
/// How long a delivery that is under way may take when the server stops.
const GRACE: Duration = Duration::from_secs(2);

/// What the couriers of a server have in common.
#[derive(Debug)]
pub(super) struct Office {
    pub log: Log,
    pub post: Post,
    pub schedule: Schedule,
    pub stopping: Stopping,
}

/// What a webhook's deliveries are made with.
pub(super) struct Route {
    pub office: Arc<Office>,
    pub row: WebhookRow,
    pub target: Target,
    pub secret: Secret,
    pub status: Arc<Status>,
}

/// The courier.
pub(super) struct Courier {
    route: Arc<Route>,
    lookout: Lookout,
    /// Plans with something to send.
    ready: BTreeSet<u64>,
    /// Where the search for further ones goes on.
    scan: Option<u64>,
    /// Whether there may be some that are neither ready nor found by the search that goes on.
    missed: bool,
    /// Plans that wait for another attempt.
    stuck: BTreeMap<u64, Stuck>,
    /// Plans that are being served.
    busy: BTreeSet<u64>,
    /// The plan that was taken up last.
    last: u64,
}

#[derive(Debug, Clone, Copy)]
struct Stuck {
    due: Instant,
    since: Millis,
}

/// How a plan's turn has ended.
enum Turn {
    /// There is nothing more to send.
    Done,
    /// There may be more.
    More,
    /// The next change was not taken.
    Failed(Stuck),
    /// It will not be taken.
    Over(Box<str>),
}

/// What of a change decides where it goes.
#[derive(Deserialize)]
struct Label {
    id: Box<str>,
    #[serde(default)]
    data: Data,
}

#[derive(Deserialize, Default)]
struct Data {
    class: Option<Box<str>>,
}

impl Courier {
    /// Goes on where the cursors stand.
    pub fn new(route: Route) -> Self {
        let lookout = route.office.log.lookout();
        Self {
            route: Arc::new(route),
            lookout,
            ready: BTreeSet::new(),
            scan: None,
            missed: true,
            stuck: BTreeMap::new(),
            busy: BTreeSet::new(),
            last: 0,
        }
    }

    /// Delivers until it is cancelled, the server stops, or the webhook is paused.
    pub async fn run(mut self, cancelled: CancellationToken) {
        let route = Arc::clone(&self.route);
        let outcome = tokio::select! {
            // What is under way is dropped.
            () = cancelled.cancelled() => return,
            outcome = self.deliver() => outcome,
        };
        match outcome {
            Ok(None) => {}
            Ok(Some(reason)) => route.pause(reason).await,
            Err(error) => tracing::error!(webhook = %route.row.id, %error, "a webhook's deliveries end"),
        }
    }

    /// Returns why the webhook is to be paused, or nothing when the server stops.
    async fn deliver(&mut self) -> Result<Option<Box<str>>, LogError> {
        let stopping = self.route.office.stopping.clone();
        let mut turns = FuturesUnordered::new();
        while !stopping.is_now() {
            while turns.len() < LANES
                && let Some(plan) = self.next()?
            {
                self.busy.insert(plan);
                turns.push(turn(Arc::clone(&self.route), plan));
            }
            let due = TokioInstant::from_std(self.due());
            tokio::select! {
                biased;
                () = stopping.wait() => {}
                Some((plan, ended)) = turns.next(), if !turns.is_empty() => {
                    self.busy.remove(&plan);
                    if let Some(reason) = self.ended(plan, ended?) {
                        return Ok(Some(reason));
                    }
                }
                dirty = self.lookout.next() => self.note(dirty)?,
                // A lane is free and something is due, or there are plans still to be looked at.
                () = sleep_until(due), if turns.len() < LANES => {}
            }
        }
        // Each turn ends with the change it is at.
        let rest = async { while turns.next().await.is_some() {} };
        if timeout(GRACE, rest).await.is_err() {
            tracing::debug!(webhook = %self.route.row.id, "deliveries under way are cut; they are sent again");
        }
        Ok(None)
    }

    /// The plan to serve next.
    fn next(&mut self) -> Result<Option<u64>, LogError> {
        let now = clock::instant();
        let due = self.stuck.iter().filter(|(plan, stuck)| stuck.due <= now && !self.busy.contains(plan));
        if let Some((plan, _)) = due.min_by_key(|(_, stuck)| stuck.due) {
            return Ok(Some(*plan));
        }
        if self.stuck.len() >= STUCK_MAX {
            return Ok(None);
        }
        self.search()?;
        let after = self.ready.range((Bound::Excluded(self.last), Bound::Unbounded));
        let next = after.chain(&self.ready).find(|plan| !self.busy.contains(plan)).copied();
        if let Some(plan) = next {
            self.ready.remove(&plan);
            self.last = plan;
        }
        Ok(next)
    }

    /// Where no plan is known to have something to send, looks at some more of them.
    fn search(&mut self) -> Result<(), LogError> {
        if !self.ready.is_empty() {
            return Ok(());
        }
        if self.scan.is_none() && std::mem::take(&mut self.missed) {
            if !self.route.row.plans.is_empty() {
                let followed = self.route.followed()?;
                self.ready.extend(followed.into_iter().filter(|plan| !self.stuck.contains_key(plan)));
                return Ok(());
            }
            self.scan = Some(0);
        }
        if let Some(after) = self.scan {
            let (behind, last) = self.route.office.log.behind(&self.route.row, after, SCAN_PLANS)?;
            self.ready.extend(behind.into_iter().filter(|plan| !self.stuck.contains_key(plan)));
            self.scan = last;
        }
        Ok(())
    }

    /// When there is something to do without news.
    fn due(&self) -> Instant {
        let now = clock::instant();
        let is_dead = self.stuck.len() >= STUCK_MAX;
        if !is_dead && self.ready.is_empty() && (self.scan.is_some() || self.missed) {
            return now;
        }
        let waiting = self.stuck.iter().filter(|(plan, _)| !self.busy.contains(plan)).map(|(_, stuck)| stuck.due);
        waiting.min().unwrap_or(now + Duration::from_secs(3600))
    }

    fn note(&mut self, dirty: Dirty) -> Result<(), LogError> {
        let docs = match dirty {
            Dirty::All => {
                self.missed = true;
                return Ok(());
            }
            Dirty::Some(docs) => docs,
        };
        let followed = match self.route.row.plans.is_empty() {
            true => None,
            false => Some(self.route.followed()?),
        };
        for (plan, scope) in docs {
            // What only one party may see goes to no endpoint.
            let is_wanted = scope == SHARED && followed.as_ref().is_none_or(|followed| followed.contains(&plan));
            if !is_wanted || self.stuck.contains_key(&plan) {
                continue;
            }
            match self.ready.len() < READY_MAX {
                true => drop(self.ready.insert(plan)),
                false => self.missed = true,
            }
        }
        Ok(())
    }

    /// Returns why the webhook is to be paused.
    fn ended(&mut self, plan: u64, turn: Turn) -> Option<Box<str>> {
        let was_stuck = match turn {
            Turn::Over(reason) => return Some(reason),
            Turn::Failed(stuck) => {
                self.ready.remove(&plan);
                self.stuck.insert(plan, stuck);
                true
            }
            // Of a plan that waited it says the same as `More`: what has come meanwhile was not noted.
            Turn::Done if !self.stuck.contains_key(&plan) => false,
            Turn::Done | Turn::More => {
                self.ready.insert(plan);
                self.stuck.remove(&plan).is_some()
            }
        };
        if was_stuck {
            let since = self.stuck.values().map(|stuck| stuck.since).min();
            self.route.status.failing(since.map(|since| Failing { plans: self.stuck.len(), since }));
        }
        None
    }
}

/// One plan's turn.
async fn turn(route: Arc<Route>, plan: u64) -> (u64, Result<Turn, LogError>) {
    let ended = route.serve(plan).await;
    (plan, ended)
}

impl Route {
    /// The plans that the webhook names, as far as there are some of these names.
    fn followed(&self) -> Result<BTreeSet<u64>, LogError> {
        let mut followed = BTreeSet::new();
        for plan in &self.row.plans {
            followed.extend(self.office.log.plan(plan)?.map(|row| row.number));
        }
        Ok(followed)
    }

    /// Delivers what comes next in a plan, until the turn is over.
    async fn serve(&self, plan: u64) -> Result<Turn, LogError> {
        let Office { log, stopping, .. } = &*self.office;
        if !log.is_of(plan, &self.row.workspace)? {
            return Ok(Turn::Done);
        }
        let kept = log.cursor(&self.row.id, plan)?;
        let changes = log.changes((plan, SHARED), kept.last, PAGE_CHANGES, PAGE_BYTES)?;
        let (started, mut cursor) = (clock::instant(), kept);
        let mut turn = if changes.is_empty() { Turn::Done } else { Turn::More };
        for change in changes {
            if let Err(failed) = self.deliver(change, &mut cursor).await {
                turn = failed;
                break;
            }
            if started.elapsed() > TURN || stopping.is_now() {
                break;
            }
        }
        if cursor != kept {
            log.keep_cursor(&self.row.id, plan, cursor).await?;
        }
        Ok(turn)
    }

    /// Delivers one change, where it is wanted, and moves the cursor behind it; or marks there that it was not taken.
    async fn deliver(&self, (position, json): KeptChange, cursor: &mut Cursor) -> Result<(), Turn> {
        let behind = Cursor { last: position, ..Cursor::default() };
        let label: Label = match serde_json::from_str(&json) {
            Ok(label) => label,
            Err(error) => {
                tracing::error!(webhook = %self.row.id, ?position, %error, "a kept change is none");
                *cursor = behind;
                return Ok(());
            }
        };
        if !self.selects(&label) {
            *cursor = behind;
            return Ok(());
        }
        let Err(failure) = self.send(label.id, json, cursor.attempts + 1).await else {
            *cursor = behind;
            return Ok(());
        };
        let now = clock::now();
        let since = *cursor.failing_since.get_or_insert(now);
        cursor.attempts = cursor.attempts.saturating_add(1);
        if failure.is_gone() {
            return Err(Turn::Over("the endpoint answered 410: it wants nothing any more".into()));
        }
        match self.office.schedule.next(cursor.attempts, since, now, rand::random()) {
            Some(wait) => Err(Turn::Failed(Stuck { due: clock::instant() + wait, since })),
            None => Err(Turn::Over(
                format!("{} attempts at one change failed, the last: {failure}", cursor.attempts).into(),
            )),
        }
    }

    fn selects(&self, label: &Label) -> bool {
        self.row.classes.is_empty() || label.data.class.as_ref().is_some_and(|class| self.row.classes.contains(class))
    }

    async fn send(&self, id: Box<str>, json: Box<str>, attempt: u32) -> Result<u16, Failure> {
        let (at, started) = (clock::now(), clock::instant());
        let timestamp = at / 1000;
        let body = Bytes::from(json.into_string());
        let signature = self.secret.sign(&id, timestamp, &body);
        let outcome = self.office.post.send(&self.target, Parcel { id: id.clone(), timestamp, signature, body }).await;
        metrics::webhook_delivery(match &outcome {
            Ok(_) => "taken",
            Err(Failure::Status(_)) => "refused",
            Err(_) => "failed",
        });
        self.status.tried(Delivery {
            at,
            change: id,
            attempt,
            status: outcome.as_ref().map_or_else(Failure::status, |status| Some(*status)),
            error: outcome.as_ref().err().map(|failure| failure.to_string().into()),
            ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        });
        outcome
    }

    /// Nothing is sent any more, and that is reported.
    async fn pause(&self, reason: Box<str>) {
        tracing::warn!(webhook = %self.row.id, %reason, "a webhook is paused; POST /v1/webhooks/{{id}}/resume goes on");
        let paused = Paused { at: clock::now(), reason };
        self.status.pause(Some(paused.clone()));
        let row = WebhookRow { paused: Some(paused), ..self.row.clone() };
        if let Err(error) = self.office.log.keep_webhook(&row, false).await {
            tracing::error!(webhook = %self.row.id, %error, "that a webhook is paused could not be kept");
        }
    }
}
