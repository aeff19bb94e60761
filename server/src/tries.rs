//! How often an address may try what can be guessed.
//!
//! In: an address, and whether its try was a good one. Out: whether it may try, or when again. Kept: the last minute's
//! failed tries of each address. Always true: a try counts before its outcome is known, so that many at once are
//! counted as well.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Tries in a minute: enough for somebody who mistypes, too few for somebody who guesses.
const TRIES_MAX: usize = 10;
const WINDOW: Duration = Duration::from_secs(60);
/// Addresses remembered. Beyond it those that have been still are forgotten; so many that try at once all wait.
const ADDRESSES_MAX: usize = 50_000;

/// The tries of the last minute.
#[derive(Debug, Default)]
pub struct Tries(Mutex<HashMap<IpAddr, Vec<Instant>>>);

impl Tries {
    /// Counts a try.
    ///
    /// # Errors
    /// How long the address has to wait.
    pub fn begin(&self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_recent = |at: &Instant| now.saturating_duration_since(*at) < WINDOW;
        let address = household(address);
        if tries.len() >= ADDRESSES_MAX && !tries.contains_key(&address) {
            tries.retain(|_, tries| tries.iter().any(is_recent));
            if tries.len() >= ADDRESSES_MAX {
                return Err(WINDOW);
            }
        }
        let own = tries.entry(address).or_default();
        own.retain(is_recent);
        if own.len() >= TRIES_MAX {
            return Err(WINDOW.saturating_sub(now.saturating_duration_since(own[0])));
        }
        own.push(now);
        Ok(())
    }

    /// The try was a good one, and counts no more.
    pub fn forgive(&self, address: IpAddr) {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = tries.get_mut(&household(address)) {
            own.pop();
        }
    }
}

/// Whoever has one address of version 6 has its whole /64.
fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn ten_failed_tries_a_minute_and_good_ones_are_free() {
        let (tries, address, now) = (Tries::default(), IpAddr::from([10, 0, 0, 1]), clock::instant());
        for _ in 0..50 {
            assert_eq!(tries.begin(address, now), Ok(()));
            tries.forgive(address);
        }
        for _ in 0..TRIES_MAX {
            assert_eq!(tries.begin(address, now), Ok(()));
        }
        assert_eq!(tries.begin(address, now + Duration::from_secs(20)), Err(Duration::from_secs(40)));
        assert_eq!(tries.begin(IpAddr::from([10, 0, 0, 2]), now), Ok(()), "another address");
        assert_eq!(tries.begin(address, now + WINDOW), Ok(()));
    }

    #[test]
    fn the_addresses_of_one_network_of_version_6_are_one() {
        let tries = Tries::default();
        let now = clock::instant();
        for last in 0..TRIES_MAX {
            let address = format!("2001:db8::{last}").parse().unwrap();
            assert_eq!(tries.begin(address, now), Ok(()));
        }
        assert!(tries.begin("2001:db8::ffff".parse().unwrap(), now).is_err());
        assert!(tries.begin("2001:db8:0:1::1".parse().unwrap(), now).is_ok());
    }
}
