//! How many of something somebody may have at once, and how fast: counted here, and refused here.
//!
//! In: who wants one more. Out: a guard that counts until it is dropped, or which number has been reached. Kept: one
//! counter for each person, plan, workspace and address that has something open, and nothing for those that have not.
//! Addresses of this machine itself are not counted: they are the operator's, or a proxy's that is not named as one.

use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use plansync_protocol::ids::{PersonId, PlanId};

use crate::{config::Limits, metrics, peer::Peer};

/// Sockets that have not said who they are. Each may stay for a few seconds, so this is how many strangers can hold on
/// to anything.
const STRANGERS_MAX: usize = 1_000;
/// Sockets of one address for each websocket it may have: pages are fetched beside them.
const SOCKETS_PER_CONNECTION: usize = 2;
/// How many seconds' worth may come at once.
const UPGRADES_BURST: f64 = 10.0;
const MESSAGES_BURST: f64 = 2.0;
const BYTES_BURST: f64 = 4.0;
/// No pause is longer: the connection must still notice that it has been closed.
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// Addresses whose upgrades are remembered; beyond it those are forgotten that have been quiet.
const BUCKETS_MAX: usize = 10_000;

/// A number that has been reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Exceeded {
    /// One person on one plan.
    #[error("{0} connections of this person to this plan are open, which is the limit: close one, then come back")]
    Person(usize),
    /// One plan.
    #[error("{0} connections to this plan are open, which is the limit: try again in a moment")]
    Plan(usize),
    /// One workspace.
    #[error("{0} connections to plans of this workspace are open, which is the limit: try again in a moment")]
    Workspace(usize),
    /// One address.
    #[error("{0} connections from your address are open, which is the limit: close one, then come back")]
    Address(usize),
    /// Strangers of one address.
    #[error(
        "{0} connections from your address are waiting to say who they are: try again in a moment, or put the token into the address"
    )]
    AddressStrangers(usize),
    /// All strangers.
    #[error(
        "too many connections are waiting to say who they are: try again in a moment, or put the token into the address"
    )]
    Strangers,
    /// New connections of one address.
    #[error("more than {0} new connections a second come from your address: try again in a moment")]
    Upgrades(usize),
}

impl Exceeded {
    /// Its name in the metrics.
    #[must_use]
    pub fn quota(self) -> &'static str {
        match self {
            Self::Person(_) => "connections_per_person",
            Self::Plan(_) => "connections_per_plan",
            Self::Workspace(_) => "connections_per_workspace",
            Self::Address(_) => "connections_per_address",
            Self::AddressStrangers(_) => "strangers_per_address",
            Self::Strangers => "strangers",
            Self::Upgrades(_) => "upgrades_per_second",
        }
    }

    /// Whether whoever asks can do something about it; otherwise they have to wait for others.
    #[must_use]
    pub fn is_theirs(self) -> bool {
        !matches!(self, Self::Plan(_) | Self::Workspace(_) | Self::Strangers)
    }
}

/// All counters of a server; cheap to clone.
#[derive(Debug, Clone)]
pub struct Quotas(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limits: Limits,
    persons: Counts<(PlanId, PersonId)>,
    plans: Counts<PlanId>,
    workspaces: Counts<Box<str>>,
    sockets: Counts<IpAddr>,
    addresses: Counts<IpAddr>,
    strangers: Counts<Option<IpAddr>>,
    upgrades: Mutex<HashMap<IpAddr, Bucket>>,
}

/// A person's place in a plan; dropped when they go.
#[derive(Debug)]
pub struct Seat {
    _person: Place<(PlanId, PersonId)>,
    _plan: Place<PlanId>,
    _workspace: Place<Box<str>>,
}

/// A place for somebody who has not said who they are; dropped when they have.
#[derive(Debug)]
pub struct Stranger {
    _one: Place<Option<IpAddr>>,
    _of_address: Option<Place<Option<IpAddr>>>,
}

impl Quotas {
    /// With these numbers, and nobody there.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self(Arc::new(Inner {
            limits,
            persons: Counts::default(),
            plans: Counts::default(),
            workspaces: Counts::default(),
            sockets: Counts::default(),
            addresses: Counts::default(),
            strangers: Counts::default(),
            upgrades: Mutex::default(),
        }))
    }

    /// The numbers.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Lets a person into a plan.
    ///
    /// # Errors
    /// Which of the person's, the plan's and the workspace's numbers has been reached.
    pub fn seat(&self, workspace: &str, plan: &PlanId, person: &PersonId) -> Result<Seat, Exceeded> {
        let Inner { limits, persons, plans, workspaces, .. } = &*self.0;
        let (of_person, of_plan) = (limits.connections_per_person, limits.connections_per_plan);
        let of_workspace = limits.connections_per_workspace;
        Ok(Seat {
            _person: persons.take((plan.clone(), person.clone()), of_person, Exceeded::Person(of_person))?,
            _plan: plans.take(plan.clone(), of_plan, Exceeded::Plan(of_plan))?,
            _workspace: workspaces.take(workspace.into(), of_workspace, Exceeded::Workspace(of_workspace))?,
        })
    }

    /// Takes a socket of an address, whatever it will be for.
    ///
    /// # Errors
    /// When that address has too many; it need not be answered.
    pub fn socket(&self, peer: Peer) -> Result<Option<Place<IpAddr>>, Exceeded> {
        let max = self.0.limits.connections_per_address * SOCKETS_PER_CONNECTION;
        counted(peer).map(|address| self.0.sockets.take(address, max, Exceeded::Address(max))).transpose()
    }

    /// Takes a websocket of an address.
    ///
    /// # Errors
    /// When that address has too many, or opens too many a second.
    pub fn connection(&self, peer: Peer, now: Instant) -> Result<Option<Place<IpAddr>>, Exceeded> {
        let Some(address) = counted(peer) else { return Ok(None) };
        self.upgrade(address, now)?;
        let max = self.0.limits.connections_per_address;
        self.0.addresses.take(address, max, Exceeded::Address(max)).map(Some)
    }

    fn upgrade(&self, address: IpAddr, now: Instant) -> Result<(), Exceeded> {
        let rate = self.0.limits.upgrades_per_second;
        let mut buckets = lock(&self.0.upgrades);
        if buckets.len() >= BUCKETS_MAX {
            buckets.retain(|_, bucket| !bucket.is_full(now));
        }
        let bucket = buckets.entry(address).or_insert_with(|| Bucket::new(rate, UPGRADES_BURST, now));
        if bucket.pause(now).is_zero() {
            bucket.take(1, now);
            return Ok(());
        }
        metrics::quota(Exceeded::Upgrades(rate).quota());
        Err(Exceeded::Upgrades(rate))
    }

    /// Takes a place for somebody who has not said who they are.
    ///
    /// # Errors
    /// When there are too many of them, or of that address.
    pub fn stranger(&self, peer: Peer) -> Result<Stranger, Exceeded> {
        let Inner { limits, strangers, .. } = &*self.0;
        let max = limits.strangers_per_address;
        let of_address = counted(peer)
            .map(|address| strangers.take(Some(address), max, Exceeded::AddressStrangers(max)))
            .transpose()?;
        Ok(Stranger { _one: strangers.take(None, STRANGERS_MAX, Exceeded::Strangers)?, _of_address: of_address })
    }

    /// How fast one connection is read.
    #[must_use]
    pub fn flow(&self, now: Instant) -> Flow {
        let limits = &self.0.limits;
        Flow {
            messages: Bucket::new(limits.messages_per_second, MESSAGES_BURST, now),
            bytes: Bucket::new(limits.bytes_per_second, BYTES_BURST, now),
        }
    }
}

/// What an address is counted as; nothing for this machine's own.
fn counted(peer: Peer) -> Option<IpAddr> {
    (!peer.address.is_loopback()).then(|| peer.network())
}

/// How many there are of each.
#[derive(Debug)]
struct Counts<K: Eq + Hash>(Arc<Mutex<HashMap<K, usize>>>);

impl<K: Eq + Hash> Default for Counts<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

/// One of something; counted until it is dropped.
#[derive(Debug)]
pub struct Place<K: Eq + Hash> {
    counts: Arc<Mutex<HashMap<K, usize>>>,
    key: K,
}

impl<K: Eq + Hash + Clone> Counts<K> {
    fn take(&self, key: K, max: usize, exceeded: Exceeded) -> Result<Place<K>, Exceeded> {
        let mut counts = lock(&self.0);
        let count = counts.entry(key.clone()).or_default();
        if *count >= max {
            metrics::quota(exceeded.quota());
            return Err(exceeded);
        }
        *count += 1;
        Ok(Place { counts: Arc::clone(&self.0), key })
    }
}

impl<K: Eq + Hash> Drop for Place<K> {
    fn drop(&mut self) {
        let mut counts = lock(&self.counts);
        let left = counts.get_mut(&self.key).map(|count| {
            *count -= 1;
            *count
        });
        if left == Some(0) {
            counts.remove(&self.key);
        }
    }
}

fn lock<T>(counts: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing can panic half way through a change of a counter.
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How fast one connection is read: whoever sends more is read later, and slows down nobody else.
#[derive(Debug)]
pub struct Flow {
    messages: Bucket,
    bytes: Bucket,
}

impl Flow {
    /// A message has come: how long to leave the socket alone.
    pub fn pause(&mut self, bytes: usize, now: Instant) -> Duration {
        self.messages.take(1, now);
        self.bytes.take(bytes, now);
        let (messages, bytes) = (self.messages.pause(now), self.bytes.pause(now));
        if messages > Duration::ZERO {
            metrics::slowed("messages_per_second");
        }
        if bytes > Duration::ZERO {
            metrics::slowed("bytes_per_second");
        }
        messages.max(bytes).min(PAUSE_MAX)
    }
}

/// What has been taken and not yet been paid back by the time that passes.
#[derive(Debug)]
struct Bucket {
    per_second: f64,
    burst: f64,
    taken: f64,
    at: Instant,
}

impl Bucket {
    fn new(per_second: usize, burst_seconds: f64, now: Instant) -> Self {
        let per_second = per_second as f64;
        Self { per_second, burst: per_second * burst_seconds, taken: 0.0, at: now }
    }

    fn take(&mut self, amount: usize, now: Instant) {
        self.settle(now);
        self.taken += amount as f64;
    }

    /// How long until there is room for one more.
    fn pause(&mut self, now: Instant) -> Duration {
        self.settle(now);
        let above = (self.taken - self.burst).max(0.0);
        Duration::from_secs_f64((above / self.per_second).min(PAUSE_MAX.as_secs_f64()))
    }

    fn is_full(&mut self, now: Instant) -> bool {
        self.settle(now);
        self.taken <= 0.0
    }

    fn settle(&mut self, now: Instant) {
        let paid = now.saturating_duration_since(self.at).as_secs_f64() * self.per_second;
        self.taken = (self.taken - paid).max(0.0);
        self.at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(address: &str) -> Peer {
        Peer { address: address.parse().unwrap(), secure: false }
    }

    fn quotas(change: impl FnOnce(&mut Limits)) -> Quotas {
        let mut limits = Limits::default();
        change(&mut limits);
        Quotas::new(limits)
    }

    #[test]
    fn a_place_is_free_again_when_it_is_given_back_and_nothing_is_kept_of_it() {
        let quotas = quotas(|limits| {
            limits.connections_per_person = 2;
            limits.connections_per_plan = 3;
        });
        let plan = PlanId::parse("acme").unwrap();
        let seat = |person: &str| quotas.seat("", &plan, &PersonId::parse(person).unwrap());
        let (one, two) = (seat("ann").unwrap(), seat("ann").unwrap());
        assert_eq!(seat("ann").unwrap_err(), Exceeded::Person(2));
        let three = seat("bob").unwrap();
        assert_eq!(seat("eve").unwrap_err(), Exceeded::Plan(3));
        drop(one);
        let four = seat("ann").unwrap();
        drop((two, three, four));
        assert!(lock(&quotas.0.persons.0).is_empty() && lock(&quotas.0.plans.0).is_empty());
        assert!(lock(&quotas.0.workspaces.0).is_empty());
    }

    #[test]
    fn a_refused_seat_leaves_no_other_counted() {
        let quotas = quotas(|limits| limits.connections_per_workspace = 1);
        let plan = |name: &str| PlanId::parse(name).unwrap();
        let ann = PersonId::parse("ann").unwrap();
        let _seat = quotas.seat("", &plan("one"), &ann).unwrap();
        assert_eq!(quotas.seat("", &plan("two"), &ann).unwrap_err(), Exceeded::Workspace(1));
        assert_eq!(lock(&quotas.0.persons.0).len(), 1);
        assert!(quotas.seat("another", &plan("two"), &ann).is_ok());
    }

    #[test]
    fn one_address_keeps_out_no_other_and_loopback_is_not_counted() {
        let quotas = quotas(|limits| {
            limits.connections_per_address = 1;
            limits.strangers_per_address = 1;
        });
        let now = Instant::now();
        let _held = quotas.connection(peer("203.0.113.1"), now).unwrap();
        assert_eq!(quotas.connection(peer("203.0.113.1"), now).unwrap_err(), Exceeded::Address(1));
        assert!(quotas.connection(peer("203.0.113.2"), now).is_ok());
        let _stranger = quotas.stranger(peer("203.0.113.1")).unwrap();
        assert_eq!(quotas.stranger(peer("203.0.113.1")).unwrap_err(), Exceeded::AddressStrangers(1));
        let local: Vec<_> = (0..STRANGERS_MAX - 1).map(|_| quotas.stranger(peer("127.0.0.1")).unwrap()).collect();
        assert_eq!(quotas.stranger(peer("127.0.0.1")).unwrap_err(), Exceeded::Strangers);
        drop(local);
        assert!(quotas.stranger(peer("::1")).is_ok());
    }

    #[test]
    fn upgrades_come_back_with_time_and_quiet_addresses_are_forgotten() {
        let quotas = quotas(|limits| limits.upgrades_per_second = 1);
        let start = Instant::now();
        let upgrade = |address: &str, now| quotas.connection(peer(address), now).map(drop);
        while upgrade("203.0.113.1", start).is_ok() {}
        assert_eq!(upgrade("203.0.113.1", start + Duration::from_millis(500)), Err(Exceeded::Upgrades(1)));
        assert_eq!(upgrade("203.0.113.1", start + Duration::from_secs(2)), Ok(()));
        for n in 0..BUCKETS_MAX {
            upgrade(&IpAddr::from((u32::try_from(n).unwrap() + (11 << 24)).to_be_bytes()).to_string(), start).unwrap();
        }
        upgrade("203.0.113.2", start + Duration::from_secs(60)).unwrap();
        assert_eq!(lock(&quotas.0.upgrades).len(), 1);
    }

    #[test]
    fn a_flood_is_read_as_fast_as_it_may_come_and_a_burst_at_once() {
        let quotas = quotas(|limits| {
            limits.messages_per_second = 100;
            limits.bytes_per_second = 1_000;
        });
        let start = Instant::now();
        let mut flow = quotas.flow(start);
        let mut now = start;
        for _ in 0..200 {
            assert_eq!(flow.pause(1, now), Duration::ZERO);
        }
        for _ in 0..500 {
            now += flow.pause(1, now);
        }
        let took = (now - start).as_secs_f64();
        assert!((4.9..5.1).contains(&took), "{took}");
        now += Duration::from_secs(60);
        assert_eq!(flow.pause(4_000, now), Duration::ZERO);
        assert_eq!(flow.pause(2_000, now), Duration::from_secs(2));
        assert_eq!(flow.pause(1_000_000, now), PAUSE_MAX);
    }
}
