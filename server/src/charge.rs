//! What one connection may cost: time on the thread that its room shares with other rooms.
//!
//! In: how long an update or a question took. Out: how long to leave the connection's socket unread. Ordinary edits
//! take microseconds and are free; what is charged are the few patterns that the guard admits and that still take
//! milliseconds, so that whoever sends them slows down nobody but themselves. A bounded number of messages is under
//! way at once, so that the cost of one is known before many more have come.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Nothing below this is charged: it is a hundred times an ordinary edit.
const FREE: Duration = Duration::from_millis(1);
/// May be owed without a pause: a long offline session comes in at once.
const BURST: Duration = Duration::from_millis(250);
/// One second pays back the twentieth part of itself: 50 ms.
const PAYBACK_DIVISOR: u32 = 20;
/// No pause is longer, whatever is owed: the connection must still notice that it has been closed.
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// The account of one connection; cheap to clone.
#[derive(Debug, Clone)]
pub struct Charge(Arc<Mutex<Account>>);

#[derive(Debug)]
struct Account {
    owed: Duration,
    at: Instant,
}

impl Charge {
    /// Nothing is owed.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self(Arc::new(Mutex::new(Account { owed: Duration::ZERO, at: now })))
    }

    /// Something took this long.
    pub fn add(&self, took: Duration, now: Instant) {
        if took >= FREE {
            self.settle(now, |account| account.owed += took);
        }
    }

    /// How long to pause before the next message; nothing for nearly everybody.
    #[must_use]
    pub fn pause(&self, now: Instant) -> Duration {
        self.settle(now, |account| (account.owed.saturating_sub(BURST) * PAYBACK_DIVISOR).min(PAUSE_MAX))
    }

    fn settle<T>(&self, now: Instant, change: impl FnOnce(&mut Account) -> T) -> T {
        // Nothing below can panic half way, so a poisoned account is a whole one.
        let mut account = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let paid = now.saturating_duration_since(account.at) / PAYBACK_DIVISOR;
        account.owed = account.owed.saturating_sub(paid);
        account.at = now;
        change(&mut account)
    }
}

/// How many messages of one connection may be under way at once.
#[derive(Debug, Clone)]
pub struct Slots(Arc<Semaphore>);

/// One message under way; dropped when it has been dealt with.
#[derive(Debug)]
pub struct Slot(#[expect(dead_code, reason = "it is held, not read")] Option<OwnedSemaphorePermit>);

impl Slots {
    /// This many.
    #[must_use]
    pub fn new(count: usize) -> Self {
        Self(Arc::new(Semaphore::new(count)))
    }

    /// Waits for a free one. Nothing is lost when the wait is given up.
    pub async fn take(&self) -> Slot {
        // The semaphore is never closed; if it were, nothing would be bounded and nothing lost.
        Slot(Arc::clone(&self.0).acquire_owned().await.ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_edits_are_free_and_heavy_ones_are_paid_back_in_time() {
        let start = Instant::now();
        let charge = Charge::new(start);
        for _ in 0..1_000_000 {
            charge.add(Duration::from_micros(50), start);
        }
        assert_eq!(charge.pause(start), Duration::ZERO);
        charge.add(Duration::from_millis(300), start);
        assert_eq!(charge.pause(start), Duration::from_secs(1));
        assert_eq!(charge.pause(start + Duration::from_millis(1000)), Duration::ZERO);
        charge.add(Duration::from_secs(60), start);
        assert_eq!(charge.pause(start), PAUSE_MAX);
    }
}
