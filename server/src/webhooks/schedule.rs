//! When a delivery that failed is tried again, and when no more.

use std::time::Duration;

use crate::clock::Millis;

/// The waits after each attempt, in units of the first one. With 5 s: 5 s, 30 s, 2 min, 10 min, 30 min, 1 h, 2 h, 4 h,
/// then every 6 h.
const WAITS: [u32; 9] = [1, 6, 24, 120, 360, 720, 1_440, 2_880, 4_320];
/// How long it is tried, in units of the first wait. With 5 s: 3 days.
const TRIED_FOR: u32 = 51_840;
/// Each wait is up to this much shorter or longer, so that not everything comes back at once.
const JITTER: f64 = 0.2;

/// The waits between attempts.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    /// The wait after the first failure; all others are multiples of it.
    pub first: Duration,
}

impl Schedule {
    /// How long to wait after `attempts` failures, the first of them at `since`; nothing when it has been tried for
    /// long enough. `dice` is 0 to 1.
    #[must_use]
    pub fn next(&self, attempts: u32, since: Millis, now: Millis, dice: f64) -> Option<Duration> {
        let tried = Duration::from_millis(now.saturating_sub(since));
        let left = (self.first * TRIED_FOR).checked_sub(tried).filter(|left| !left.is_zero())?;
        let index = usize::try_from(attempts.saturating_sub(1)).map_or(WAITS.len() - 1, |n| n.min(WAITS.len() - 1));
        let wait = (self.first * WAITS[index]).mul_f64(1.0 - JITTER + 2.0 * JITTER * dice);
        // The last attempt stands at the end.
        Some(wait.min(left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEDULE: Schedule = Schedule { first: Duration::from_secs(5) };
    const DAY_MS: Millis = 86_400_000;

    #[test]
    fn it_is_tried_for_three_days_with_growing_waits() {
        let (mut now, mut attempts, mut waits) = (DAY_MS, 1, Vec::new());
        while let Some(wait) = SCHEDULE.next(attempts, DAY_MS, now, 0.5) {
            waits.push(wait.as_secs());
            now += u64::try_from(wait.as_millis()).unwrap();
            attempts += 1;
        }
        assert_eq!(now, 4 * DAY_MS, "the last attempt is at the end of the third day");
        assert_eq!(waits[..10], [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 21_600, 21_600]);
        assert!(waits.len() < 25, "{waits:?}");
    }

    #[test]
    fn waits_differ() {
        let wait = |dice| SCHEDULE.next(2, 0, 0, dice).unwrap();
        assert_eq!((wait(0.0), wait(1.0)), (Duration::from_secs(24), Duration::from_secs(36)));
    }
}
