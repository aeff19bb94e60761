//! Builds everything in order, and takes it down in the other one.
//!
//! In: the listener, the store, the settings, the signal to stop. Out: why the server ended. Stopping: readiness
//! turns false and no connection is accepted any more; every room finishes its turn and tells its members to come
//! back; sessions write what waits and close; webhooks end the deliveries under way; the log commits what it has taken and closes the store. Each step has
//! a deadline, so a stop ends even when a client does not.

use std::{convert::Infallible, sync::Arc, time::Duration};

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::{
    net::TcpListener,
    time::{sleep, timeout},
};
use tokio_util::task::TaskTracker;

use crate::{
    auth::Auth,
    config::Limits,
    days,
    http::{self, App, Door},
    invites::Invites,
    log::{self, Log, OpenError},
    peer::Proxies,
    people::People,
    quota::Quotas,
    rooms::Rooms,
    session::House,
    stopping,
    tls::Tls,
    webhooks::{self, Webhooks},
    workers::Workers,
    workspaces::Workspaces,
};

/// How long rooms may take for their last turn.
const ROOMS_DEADLINE: Duration = Duration::from_secs(10);
/// How long sessions may take to write what waits and to close.
const SESSIONS_DEADLINE: Duration = Duration::from_secs(10);
/// How long deliveries to webhooks may take to end.
const WEBHOOKS_DEADLINE: Duration = Duration::from_secs(5);
/// How long the log may take for its last commit.
const LOG_DEADLINE: Duration = Duration::from_secs(5);

/// How often the samples of histograms are put into their buckets. They gather until then, or until somebody reads.
const METRICS_TIDY: Duration = Duration::from_secs(5);

/// What a server is built from.
#[derive(Debug)]
pub struct Parts {
    /// Where it listens.
    pub listener: TcpListener,
    /// Its certificate; without one it speaks plain http.
    pub tls: Option<Tls>,
    /// Proxies whose word is taken for whose request it is.
    pub proxies: Proxies,
    /// How much there may be of everything.
    pub limits: Limits,
    /// Who is who.
    pub auth: Arc<Auth>,
    /// How long a field has to be still to be told as one change.
    pub settle: Duration,
    /// How webhooks are served.
    pub webhooks: webhooks::Settings,
    /// Where links point.
    pub public_url: Option<String>,
    /// Further origins whose pages may open plans.
    pub origins: Vec<String>,
    /// Origins whose pages may show pages of this server within them.
    pub embed_origins: Vec<String>,
    /// Threads that plans live on.
    pub workers: usize,
    /// Renders the metrics.
    pub metrics: PrometheusHandle,
}

/// Why a server ended otherwise than by being told to.
#[derive(Debug, thiserror::Error)]
pub enum Fatal {
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The system gives no thread.
    #[error("no threads for the rooms: {0}")]
    Threads(#[from] std::io::Error),
    /// The store has failed while the server ran.
    #[error("the store has failed: {0}; nothing unconfirmed was acknowledged: mend the disk and start again")]
    StoreFailed(Arc<str>),
}

/// A server that is built and not yet serving.
#[derive(Debug)]
pub struct Server {
    parts: Parts,
    opened: log::Opened,
    rooms: Arc<Rooms>,
    people: Arc<People>,
    workspaces: Arc<Workspaces>,
}

impl Server {
    /// Opens the store and builds the rooms.
    ///
    /// # Errors
    /// [`Fatal`] in one sentence.
    pub fn build(parts: Parts, store: log::Store) -> Result<Self, Fatal> {
        let opened = log::open(store)?;
        let rooms =
            Rooms::new(opened.log.clone(), Workers::start(parts.workers)?, parts.settle, parts.limits.open_plans);
        let people = People::new(Arc::clone(&parts.auth), opened.log.clone());
        let workspaces = Workspaces::open(Arc::clone(&parts.auth), opened.log.clone())
            .map_err(|error| Fatal::StoreFailed(error.to_string().into()))?;
        Ok(Self { parts, opened, rooms, people, workspaces })
    }

    /// The rooms, for what is done before serving.
    #[must_use]
    pub fn rooms(&self) -> &Arc<Rooms> {
        &self.rooms
    }

    /// Who may come in.
    #[must_use]
    pub fn people(&self) -> &Arc<People> {
        &self.people
    }

    /// Serves until `stop` resolves or the store fails, then stops in order.
    ///
    /// # Errors
    /// [`Fatal::StoreFailed`] when it was the store.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), Fatal> {
        let Self { parts, opened, rooms, people, workspaces } = self;
        let (stop_all, stopping) = stopping::stopping();
        let (sessions, connections) = (TaskTracker::new(), TaskTracker::new());
        let invites = Invites::new(opened.log.clone());
        let (quotas, stopped) = (Quotas::new(parts.limits), stopping.clone());
        let house =
            House { rooms: Arc::clone(&rooms), auth: parts.auth, people, quotas: quotas.clone(), stopping: stopped };
        let webhooks = Webhooks::start(opened.log.clone(), parts.webhooks, stopping.clone())
            .map_err(|error| Fatal::StoreFailed(error.to_string().into()))?;
        let tidying = tidy(parts.metrics.clone());
        let turning = days::turn(Arc::clone(&rooms));
        let app = App {
            house,
            webhooks: Arc::clone(&webhooks),
            invites,
            workspaces,
            metrics: parts.metrics,
            public_url: parts.public_url.map(Into::into),
            origins: parts.origins.into(),
            embed_origins: parts.embed_origins.into(),
            sessions: sessions.clone(),
        };
        let watching = watch(parts.tls.clone());
        let door = Door { listener: parts.listener, tls: parts.tls, proxies: parts.proxies, quotas };
        let serving = http::serve(door, http::router(app), stopping, &connections);
        let outcome = {
            tokio::pin!(serving, stop, tidying, turning, watching);
            let outcome = tokio::select! {
                () = &mut serving => Ok(()),
                () = &mut stop => Ok(()),
                never = &mut tidying => match never {},
                never = &mut turning => match never {},
                never = &mut watching => match never {},
                reason = opened.log.failure() => Err(Fatal::StoreFailed(reason)),
            };
            stop_all.now();
            outcome
        };
        tracing::info!("stopping: no new connections");
        await_step("rooms", ROOMS_DEADLINE, rooms.drain(Rooms::restarting())).await;
        sessions.close();
        await_step("sessions", SESSIONS_DEADLINE, sessions.wait()).await;
        connections.close();
        await_step("connections", SESSIONS_DEADLINE, connections.wait()).await;
        await_step("webhooks", WEBHOOKS_DEADLINE, webhooks.stop()).await;
        drop((rooms, webhooks));
        close(opened.log, opened.writer).await;
        outcome
    }
}

/// A server whose metrics nobody reads would otherwise grow with every commit.
async fn tidy(metrics: PrometheusHandle) -> Infallible {
    loop {
        sleep(METRICS_TIDY).await;
        metrics.run_upkeep();
    }
}

/// A certificate is renewed while the server runs.
async fn watch(tls: Option<Tls>) -> Infallible {
    match tls {
        Some(tls) => tls.watch().await,
        None => std::future::pending().await,
    }
}

async fn await_step(what: &str, deadline: Duration, step: impl Future<Output = ()>) {
    if timeout(deadline, step).await.is_err() {
        tracing::warn!(what, ?deadline, "did not end in time; going on without");
    }
}

/// Lets go of the log; its writer commits what it has taken and closes the store.
async fn close(log: Log, writer: std::thread::JoinHandle<()>) {
    drop(log);
    let closed = tokio::task::spawn_blocking(move || writer.join().is_err());
    match timeout(LOG_DEADLINE, closed).await {
        Ok(Ok(false)) => tracing::info!("stopped: everything is on disk"),
        Ok(_) => tracing::error!("the log's writer panicked"),
        Err(_) => tracing::error!(deadline = ?LOG_DEADLINE, "the log did not close in time"),
    }
}
