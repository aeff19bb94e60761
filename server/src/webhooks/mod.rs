//! Webhooks: every change goes to the endpoints that want it, signed, in order, until it has been taken.
//!
//! In: which endpoints there are, and the log. Out: requests in the Standard Webhooks format, at least once each, in
//! the order of each plan. Kept: a row and cursors in the store; a courier for each webhook that is not paused.
//! Always true: nothing waits for an endpoint but its own courier, and what that keeps is bounded.

pub mod address;
mod courier;
mod post;
mod schedule;
mod signing;
pub mod status;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use plansync_protocol::{ids::PlanId, plan::schema::Class};
use tokio::task::JoinHandle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{
    courier::{Courier, Office, Route},
    post::{Failure, Post, Target},
    schedule::Schedule,
    signing::Secret,
    status::{Standing, Status},
};
use crate::{
    auth::WorkspaceId,
    clock,
    log::{
        Log, LogError,
        webhooks::{Hidden, WebhookRow},
    },
    metrics,
    stopping::Stopping,
};

/// Plans that one webhook may name.
const PLANS_MAX: usize = 100;

/// Settings of all webhooks.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Whether private, loopback and link-local addresses may be reached.
    pub allow_private: bool,
    /// The wait after the first failure; all others are multiples of it.
    pub retry: Duration,
    /// Webhooks of one server. Each has a courier and its connections.
    pub webhooks_max: usize,
}

/// What a webhook is to be.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Where its deliveries go.
    pub url: String,
    /// Whose it is.
    pub workspace: WorkspaceId,
    /// Classes of changes; all of them where there are none.
    pub classes: Vec<String>,
    /// Plans; all of them where there are none.
    pub plans: Vec<PlanId>,
}

/// Why there is no such webhook.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// A field is not what it should be.
    #[error("{0}")]
    Malformed(String),
    /// There are enough of them.
    #[error("there are {0} webhooks already, which is the limit: delete one")]
    TooMany(usize),
    /// The store cannot be used.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// A webhook and how it is doing.
#[derive(Debug)]
pub struct Shown {
    /// What it is.
    pub row: WebhookRow,
    /// How it is doing.
    pub standing: Standing,
}

/// All webhooks of this server.
#[derive(Debug)]
pub struct Webhooks {
    office: Arc<Office>,
    webhooks_max: usize,
    couriers: TaskTracker,
    all: Mutex<BTreeMap<Box<str>, Webhook>>,
    /// Webhooks are created, resumed and removed one after the other.
    changing: tokio::sync::Mutex<()>,
}

/// A webhook at work.
#[derive(Debug)]
struct Webhook {
    row: WebhookRow,
    status: Arc<Status>,
    cancel: CancellationToken,
    courier: Option<JoinHandle<()>>,
    _open: metrics::Open,
}

impl Webhooks {
    /// Goes on with every webhook of the store.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn start(log: Log, settings: Settings, stopping: Stopping) -> Result<Arc<Self>, LogError> {
        let rows = log.webhooks()?;
        let (post, schedule) = (Post::new(settings.allow_private), Schedule { first: settings.retry });
        let webhooks = Self {
            office: Arc::new(Office { log, post, schedule, stopping }),
            webhooks_max: settings.webhooks_max,
            couriers: TaskTracker::new(),
            all: Mutex::default(),
            changing: tokio::sync::Mutex::new(()),
        };
        for row in rows {
            webhooks.open(row);
        }
        Ok(Arc::new(webhooks))
    }

    /// Waits for the couriers, which end when the server stops.
    pub async fn stop(&self) {
        self.couriers.close();
        self.couriers.wait().await;
    }

    /// Creates a webhook. It gets what comes from now on.
    ///
    /// # Errors
    /// [`Refused`] says what would be right.
    pub async fn create(&self, wanted: Wanted) -> Result<WebhookRow, Refused> {
        let target = Target::parse(&wanted.url).map_err(|error| Refused::Malformed(error.to_string()))?;
        let known = |class: &String| Class::ALL.iter().any(|known| known.as_str() == class);
        if let Some(class) = wanted.classes.iter().find(|class| !known(class)) {
            let all = Class::ALL.map(Class::as_str).join(", ");
            return Err(Refused::Malformed(format!("there is no class {class:?}; there are {all}")));
        }
        if wanted.plans.len() > PLANS_MAX {
            return Err(Refused::Malformed(format!("plans are more than {PLANS_MAX}: leave them out to follow all")));
        }
        // A name that does not resolve at the moment may do so later; it is looked at again for each delivery.
        if let Err(failure @ Failure::NotPublic(_)) = self.office.post.resolve(&target).await {
            return Err(Refused::Malformed(format!("url leads to where deliveries may not go: {failure}")));
        }
        let row = WebhookRow {
            id: format!("wh_{}", uuid::Uuid::now_v7().simple()).into(),
            workspace: wanted.workspace,
            url: wanted.url.into(),
            classes: wanted.classes.into_iter().map(Into::into).collect(),
            plans: wanted.plans,
            secret: Hidden(Secret::random()),
            created_at: clock::now(),
            paused: None,
        };
        let _changing = self.changing.lock().await;
        if self.list(&row.workspace).len() >= self.webhooks_max {
            metrics::quota("webhooks");
            return Err(Refused::TooMany(self.webhooks_max));
        }
        self.office.log.create_webhook(&row).await?;
        self.open(row.clone());
        Ok(row)
    }

    /// Every webhook of a workspace, oldest first.
    #[must_use]
    pub fn list(&self, of: &WorkspaceId) -> Vec<Shown> {
        self.all().values().filter(|webhook| webhook.row.workspace == *of).map(Webhook::shown).collect()
    }

    /// The webhook of this name, where it is this workspace's.
    #[must_use]
    pub fn get(&self, of: &WorkspaceId, id: &str) -> Option<Shown> {
        self.all().get(id).filter(|webhook| webhook.row.workspace == *of).map(Webhook::shown)
    }

    /// Removes a webhook: nothing is sent to it any more once this has returned. Returns whether there was one.
    ///
    /// # Errors
    /// When the store is gone.
    pub async fn remove(&self, of: &WorkspaceId, id: &str) -> Result<bool, LogError> {
        let _changing = self.changing.lock().await;
        if self.get(of, id).is_none() || !self.end(id).await {
            return Ok(false);
        }
        self.office.log.remove_webhook(id).await?;
        self.all().remove(id);
        Ok(true)
    }

    /// Goes on with a paused webhook where it was; one that waits for another attempt makes it now.
    ///
    /// # Errors
    /// When the store is gone.
    pub async fn resume(&self, of: &WorkspaceId, id: &str) -> Result<Option<Shown>, LogError> {
        let _changing = self.changing.lock().await;
        if self.get(of, id).is_none() || !self.end(id).await {
            return Ok(None);
        }
        let Some(shown) = self.get(of, id) else { return Ok(None) };
        let row = WebhookRow { paused: None, ..shown.row };
        self.office.log.keep_webhook(&row, true).await?;
        self.open(row);
        Ok(self.get(of, id))
    }

    /// Ends a webhook's courier; what is under way is dropped. Returns whether there is such a webhook.
    async fn end(&self, id: &str) -> bool {
        let courier = match self.all().get_mut(id) {
            Some(webhook) => {
                webhook.cancel.cancel();
                webhook.courier.take()
            }
            None => return false,
        };
        if let Some(courier) = courier
            && courier.await.is_err()
        {
            tracing::error!(webhook = id, "a webhook's courier panicked");
        }
        true
    }

    /// Takes a webhook of the store to work.
    fn open(&self, row: WebhookRow) {
        let status = Arc::new(Status::new(row.paused.clone()));
        let cancel = CancellationToken::new();
        let courier = self.courier(&row, &status).map(|courier| self.couriers.spawn(courier.run(cancel.clone())));
        let webhook = Webhook { row: row.clone(), status, cancel, courier, _open: metrics::Open::webhook() };
        self.all().insert(row.id, webhook);
    }

    fn courier(&self, row: &WebhookRow, status: &Arc<Status>) -> Option<Courier> {
        if row.paused.is_some() {
            return None;
        }
        // Both were made by `create`.
        let (Ok(target), Some(secret)) = (Target::parse(&row.url), Secret::parse(&row.secret.0)) else {
            tracing::error!(webhook = %row.id, "a webhook's address or secret cannot be read; create it anew");
            return None;
        };
        let (office, row, status) = (Arc::clone(&self.office), row.clone(), Arc::clone(status));
        Some(Courier::new(Route { office, row, target, secret, status }))
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<Box<str>, Webhook>> {
        // Nothing can panic half way through a change of the table.
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Webhook {
    fn shown(&self) -> Shown {
        Shown { row: self.row.clone(), standing: self.status.get() }
    }
}
