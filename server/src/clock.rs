//! The only place that reads a clock.
//!
//! Everything else takes time as an argument, so that a test can say what day it is.

use std::{
    sync::LazyLock,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// How many seconds later this server's day is than the system's: for a test that waits for tomorrow.
static AHEAD: LazyLock<Duration> = LazyLock::new(|| {
    let seconds = std::env::var("PLANSYNC_CLOCK_AHEAD_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(0))
});

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Millis = u64;

/// The time of day, for what is written down.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + *AHEAD;
    u64::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}

/// The time of day, as the wire has it.
#[must_use]
pub fn timestamp() -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(i64::try_from(now()).unwrap_or(i64::MAX)).unwrap_or(jiff::Timestamp::MAX)
}

/// How long it is until `at`; nothing when that has passed, and never longer than a century.
#[must_use]
pub fn until(at: Millis) -> Duration {
    const CENTURY: Millis = 100 * 365 * 86_400 * 1000;
    Duration::from_millis(at.saturating_sub(now()).min(CENTURY))
}

/// A point on the monotonic clock, for time-outs and measurements.
#[must_use]
pub fn instant() -> Instant {
    Instant::now()
}

/// `2026-02-17T18:21:07.113Z`, the form of every instant that leaves the server.
#[must_use]
pub fn rfc3339(at: Millis) -> String {
    let at = jiff::Timestamp::from_millisecond(i64::try_from(at).unwrap_or(i64::MAX)).unwrap_or(jiff::Timestamp::MAX);
    format!("{at:.3}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_instant_is_written_in_utc_with_milliseconds() {
        assert_eq!(super::rfc3339(1_771_352_467_113), "2026-02-17T18:21:07.113Z");
    }
}
