//! The people of the plans, and the one way in for all of them.
//!
//! In: tokens, and what is decided about people. Out: a [`Pass`] where the token is good for its plan now. Kept: the
//! seats of those who came lately, as a cache of the log's rows. Always true: what is decided holds for every pass of
//! the person, those in use too, before the answer to the decision; no use of a pass reads the store.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use plansync_protocol::ids::{Access, PersonId, PlanId};

use crate::{
    auth::{Auth, Claims, Denied, Pass, Seat},
    clock::{self, Millis},
    log::{
        Log, LogError, PlanRow,
        members::{MemberRow, MemberStep, Token},
    },
};

/// How exactly it is known when somebody was seen last: finer would cost a write for every request.
const SEEN_EVERY: Millis = 3_600_000;
/// Seats that are remembered while nobody sits on them.
const SEATS_MAX: usize = 50_000;

/// Who may not come in, or why that cannot be told.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NotAdmitted {
    /// The token does not let in.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// The people of all plans.
#[derive(Debug)]
pub struct People {
    auth: Arc<Auth>,
    log: Log,
    seats: Mutex<HashMap<(PlanId, PersonId), Known>>,
}

/// What is remembered of somebody.
#[derive(Debug)]
struct Known {
    seat: Arc<Seat>,
    plan: u64,
    /// Of the row that the seat was last made after.
    version: u64,
    /// The second of the newest token that was seen.
    issued: u64,
    seen_at: Option<Millis>,
}

impl People {
    /// Nobody has come yet.
    #[must_use]
    pub fn new(auth: Arc<Auth>, log: Log) -> Arc<Self> {
        Arc::new(Self { auth, log, seats: Mutex::default() })
    }

    /// Lets in whoever holds a good token: signed here, of this time, and not made before something else was decided
    /// about its person. Everything a token is used for begins here.
    ///
    /// # Errors
    /// [`NotAdmitted`] says why not.
    pub fn admit(&self, token: &str) -> Result<Pass, NotAdmitted> {
        let now = clock::now();
        let claims = self.auth.verify(token, now)?;
        let seat = self.seat(&claims.plan, &claims.sub)?;
        let pass = Pass::new(claims, seat.unwrap_or_default())?;
        self.see(&pass, now);
        Ok(pass)
    }

    /// The same for one plan.
    ///
    /// # Errors
    /// [`Denied::OtherPlan`] besides those of [`People::admit`].
    pub fn admit_to(&self, plan: &PlanId, token: &str) -> Result<Pass, NotAdmitted> {
        let pass = self.admit(token)?;
        if pass.plan == *plan { Ok(pass) } else { Err(Denied::OtherPlan(pass.plan.clone()).into()) }
    }

    /// Keeps that somebody is there, where that has not been kept for a while.
    pub fn see(&self, claims: &Claims, now: Millis) {
        let mut seats = self.seats();
        let Some(known) = seats.get_mut(&(claims.plan.clone(), claims.sub.clone())) else { return };
        let is_news = known.seen_at.is_none_or(|seen| now.saturating_sub(seen) >= SEEN_EVERY);
        if (is_news || claims.iat > known.issued) && self.log.member_seen(known.plan, token(claims), claims.iat, now) {
            known.seen_at = Some(now);
            known.issued = known.issued.max(claims.iat);
        }
    }

    /// Signs a token that nothing decided so far touches; `exp` and `iat` of the claims are set here.
    ///
    /// # Errors
    /// When the store is gone.
    pub async fn issue(&self, plan: &PlanRow, mut claims: Claims, ttl_seconds: u64) -> Result<String, LogError> {
        let now = clock::now();
        let row = self.step(plan, MemberStep::Issue(token(&claims)), now).await?;
        claims.iat = row.bar.free_from(now / 1000);
        claims.exp = now / 1000 + ttl_seconds;
        Ok(self.auth.sign(&claims))
    }

    /// Tokens that somebody has so far give at most this access; sockets of theirs that gave more are to come back.
    ///
    /// # Errors
    /// When the store is gone.
    pub async fn cap(&self, plan: &PlanRow, person: PersonId, access: Access) -> Result<MemberRow, LogError> {
        self.step(plan, MemberStep::Cap(person, access), clock::now()).await
    }

    /// Tokens that somebody has so far are void; their sockets end.
    ///
    /// # Errors
    /// When the store is gone.
    pub async fn revoke(&self, plan: &PlanRow, person: PersonId) -> Result<MemberRow, LogError> {
        self.step(plan, MemberStep::Revoke(person), clock::now()).await
    }

    /// Everybody of a plan, and whether they have a socket open.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn of(&self, plan: &PlanRow) -> Result<Vec<(MemberRow, bool)>, LogError> {
        let rows = self.log.members(plan.number)?;
        let seats = self.seats();
        let is_online = |row: &MemberRow| {
            seats.get(&(plan.id.clone(), row.person.clone())).is_some_and(|known| known.seat.is_online())
        };
        Ok(rows.into_iter().map(|row| (is_online(&row), row)).map(|(online, row)| (row, online)).collect())
    }

    async fn step(&self, plan: &PlanRow, step: MemberStep, now: Millis) -> Result<MemberRow, LogError> {
        let row = self.log.member_step(plan.number, step, now).await?;
        let mut seats = self.seats();
        if let Some(known) = seats.get_mut(&(plan.id.clone(), row.person.clone())) {
            known.take(&row);
        }
        Ok(row)
    }

    /// Somebody's seat; none in a plan that does not exist.
    fn seat(&self, plan: &PlanId, person: &PersonId) -> Result<Option<Arc<Seat>>, LogError> {
        let key = (plan.clone(), person.clone());
        if let Some(known) = self.seats().get(&key) {
            return Ok(Some(Arc::clone(&known.seat)));
        }
        let Some(plan) = self.log.plan(plan)? else { return Ok(None) };
        // Under the lock: what is decided after the row was read finds the seat it has to change.
        let mut seats = self.seats();
        let row = self.log.member(plan.number, person)?;
        if seats.len() >= SEATS_MAX {
            seats.retain(|_, known| Arc::strong_count(&known.seat) > 1);
        }
        let known = seats.entry(key).or_insert_with(|| Known {
            seat: Arc::new(Seat::new(row.as_ref().map(|row| row.bar.clone()).unwrap_or_default())),
            plan: plan.number,
            version: row.as_ref().map_or(0, |row| row.version),
            issued: row.as_ref().map_or(0, |row| row.issued),
            seen_at: row.as_ref().and_then(|row| row.last_seen_at),
        });
        Ok(Some(Arc::clone(&known.seat)))
    }

    fn seats(&self) -> MutexGuard<'_, HashMap<(PlanId, PersonId), Known>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Takes over a row, unless a newer one has been.
    fn take(&mut self, row: &MemberRow) {
        if row.version > self.version {
            self.version = row.version;
            self.issued = self.issued.max(row.issued);
            self.seat.decide(row.bar.clone());
        }
    }
}

fn token(claims: &Claims) -> Token {
    Token {
        person: claims.sub.clone(),
        party: claims.party.clone(),
        access: claims.access,
        name: claims.name.as_deref().map(Into::into),
        email: claims.email.as_deref().map(Into::into),
    }
}
