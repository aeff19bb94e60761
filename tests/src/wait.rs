//! Bounded waits for what can only be looked at.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::raw::PATIENCE;

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Looks until `look` finds something; panics after `most` with what it last saw instead.
pub async fn until<T>(what: &str, most: Duration, mut look: impl AsyncFnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + most;
    loop {
        match look().await {
            Ok(found) => return found,
            Err(instead) => assert!(Instant::now() < deadline, "not within {most:?}: {what}; instead: {instead}"),
        }
        sleep(LOOK_EVERY).await;
    }
}

/// Looks until `look` finds something, for as long as a loaded machine may take.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    until(what, 2 * PATIENCE, async || look().await.ok_or_else(|| "nothing".to_owned())).await
}
