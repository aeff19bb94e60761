//! How a webhook is doing, for those who ask.
//!
//! Kept in memory: the last deliveries are those since the server's start.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{clock::Millis, log::webhooks::Paused, metrics};

/// Deliveries that are remembered.
const DELIVERIES_MAX: usize = 100;

/// One attempt at a delivery.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// When it began.
    pub at: Millis,
    /// The change's id.
    pub change: Box<str>,
    /// 1 for the first attempt at this change.
    pub attempt: u32,
    /// The status of the answer, where there was one.
    pub status: Option<u16>,
    /// Why it was not taken.
    pub error: Option<Box<str>>,
    /// How long it took.
    pub ms: u64,
}

/// Plans whose next change cannot be delivered at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failing {
    /// How many.
    pub plans: usize,
    /// Since when the first of them.
    pub since: Millis,
}

/// What is known of a webhook.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// The last deliveries, newest last.
    pub deliveries: VecDeque<Delivery>,
    /// When something was last taken.
    pub delivered_at: Option<Millis>,
    /// What went wrong last.
    pub last_error: Option<Box<str>>,
    /// What cannot be delivered at the moment.
    pub failing: Option<Failing>,
    /// Since when and why nothing is sent any more.
    pub paused: Option<Paused>,
}

/// The standing of one webhook, which its courier writes and requests read.
#[derive(Debug)]
pub struct Status(Mutex<(Standing, Option<metrics::Open>)>);

impl Status {
    pub(super) fn new(paused: Option<Paused>) -> Self {
        let open = paused.as_ref().map(|_| metrics::Open::paused_webhook());
        Self(Mutex::new((Standing { paused, ..Standing::default() }, open)))
    }

    /// A copy of it.
    #[must_use]
    pub fn get(&self) -> Standing {
        self.lock().0.clone()
    }

    /// An attempt has ended.
    pub(super) fn tried(&self, delivery: Delivery) {
        let (standing, _) = &mut *self.lock();
        match &delivery.error {
            Some(error) => standing.last_error = Some(error.clone()),
            None => standing.delivered_at = Some(delivery.at),
        }
        if standing.deliveries.len() >= DELIVERIES_MAX {
            standing.deliveries.pop_front();
        }
        standing.deliveries.push_back(delivery);
    }

    /// These plans cannot be served at the moment.
    pub(super) fn failing(&self, failing: Option<Failing>) {
        self.lock().0.failing = failing;
    }

    /// Nothing is sent any more, or again.
    pub(super) fn pause(&self, paused: Option<Paused>) {
        let (standing, open) = &mut *self.lock();
        *open = paused.as_ref().map(|_| metrics::Open::paused_webhook());
        standing.failing = None;
        standing.paused = paused;
    }

    fn lock(&self) -> MutexGuard<'_, (Standing, Option<metrics::Open>)> {
        // Nothing can panic half way through a change of it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
