//! Pauses between attempts to connect: full jitter under a ceiling that doubles.
//!
//! Chance comes in from outside, so that a test knows the pause.
//! What is always true: no pause is longer than the largest bound.

use std::time::Duration;

/// The bounds of the pauses between attempts to connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackoffBounds {
    /// The ceiling of the first pause.
    pub first: Duration,
    /// The ceiling of every later one, at most.
    pub max: Duration,
    /// A connection that lasted this long starts the pauses anew.
    pub calm: Duration,
}

impl Default for BackoffBounds {
    fn default() -> Self {
        Self { first: Duration::from_millis(500), max: Duration::from_secs(30), calm: Duration::from_secs(60) }
    }
}

#[derive(Debug)]
pub(crate) struct Backoff {
    bounds: BackoffBounds,
    ceiling: Duration,
}

impl Backoff {
    pub(crate) fn new(bounds: BackoffBounds) -> Self {
        Self { bounds, ceiling: bounds.first.min(bounds.max) }
    }

    /// The next pause; `chance` is from 0 to 1.
    pub(crate) fn next(&mut self, chance: f64) -> Duration {
        let pause = self.ceiling.mul_f64(chance.clamp(0.0, 1.0));
        self.ceiling = self.ceiling.saturating_mul(2).min(self.bounds.max);
        pause
    }

    /// Notes how long a connection lasted.
    pub(crate) fn lasted(&mut self, duration: Duration) {
        if duration >= self.bounds.calm {
            self.ceiling = self.bounds.first.min(self.bounds.max);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ceiling_doubles_up_to_its_bound_and_starts_anew_after_calm() {
        let mut backoff = Backoff::new(BackoffBounds::default());
        let seen: Vec<_> = (0..9).map(|_| backoff.next(1.0).as_millis()).collect();
        assert_eq!(seen, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
        backoff.lasted(Duration::from_secs(59));
        assert_eq!(backoff.next(0.5), Duration::from_secs(15));
        backoff.lasted(Duration::from_secs(60));
        assert_eq!(backoff.next(1.0), Duration::from_millis(500));
    }
}
