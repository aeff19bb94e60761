//! The people of the plans, and the one way in for all of them.
//!
//! In: tokens, and what is decided about people. Out: a [`Pass`] where the token is good for its plan now. Kept: the
//! seats of those who came lately, as a cache of the log's rows. Always true: what is decided holds for every pass of
//! the person, those in use too, before the answer to the decision; no use of a pass reads the store.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use plansync_protocol::ids::{Access, PersonId, PlanId};

use crate::{
    auth::{self, Auth, Claims, Denied, Pass, Seat, Signature, WorkspaceId},
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
    /// The token is good, but there is no such plan in its workspace.
    #[error("there is no plan {0}")]
    NoSuchPlan(PlanId),
    /// It was there and has been erased.
    #[error("plan {0} has been erased")]
    Erased(PlanId),
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
        let plan = auth::named_plan(token).map(|plan| self.log.plan(&plan)).transpose()?.flatten();
        let (claims, signer, signature) = self.verify(plan.as_ref(), token, now)?;
        // A plan of another workspace is to this token what a plan is that does not exist.
        let seat = match &plan {
            Some(plan) if plan.workspace == signer => self.seat(plan, &claims.sub)?,
            _ => Arc::default(),
        };
        let is_known = plan.is_some_and(|plan| plan.workspace == signer);
        let pass = Pass::new(claims, signer, signature, seat)?;
        if is_known {
            self.see(&pass, now);
        }
        Ok(pass)
    }

    /// The same for one plan, which is there.
    ///
    /// # Errors
    /// Those of [`People::admit`] and of [`People::opens`].
    pub fn admit_to(&self, plan: &PlanId, token: &str) -> Result<Pass, NotAdmitted> {
        let pass = self.admit(token)?;
        self.opens(pass.workspace(), Some(&pass), plan)?;
        Ok(pass)
    }

    /// Whether a requester may open a plan: one of their workspace, and a person theirs. Every request for a plan asks
    /// here. A plan of another workspace does not exist.
    ///
    /// # Errors
    /// [`Denied::OtherPlan`] for a person of another plan, else [`NotAdmitted::NoSuchPlan`].
    pub fn opens(
        &self,
        workspace: &WorkspaceId,
        person: Option<&Claims>,
        plan: &PlanId,
    ) -> Result<PlanRow, NotAdmitted> {
        if let Some(claims) = person.filter(|claims| claims.plan != *plan) {
            return Err(Denied::OtherPlan(claims.plan.clone()).into());
        }
        if let Some(row) = self.log.plan(plan)?.filter(|row| row.workspace == *workspace) {
            return Ok(row);
        }
        // What is left of an erased plan names no workspace: the server's own hears of it, to others it never was.
        Err(match workspace.is_default() && self.log.erased(plan)?.is_some() {
            true => NotAdmitted::Erased(plan.clone()),
            false => NotAdmitted::NoSuchPlan(plan.clone()),
        })
    }

    /// The claims and who signed them: the plan's workspace, or else the default one.
    fn verify(
        &self,
        plan: Option<&PlanRow>,
        token: &str,
        now: Millis,
    ) -> Result<(Claims, WorkspaceId, Signature), Denied> {
        let mut signer = plan.map(|plan| plan.workspace.clone()).unwrap_or_default();
        let mut outcome = self.auth.verify(&signer, token, now);
        if matches!(outcome, Err(Denied::Forged)) && !signer.is_default() {
            signer = WorkspaceId::default();
            outcome = self.auth.verify(&signer, token, now);
        }
        outcome.map(|(claims, signature)| (claims, signer, signature))
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
        Ok(self.auth.sign(&plan.workspace, &claims))
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

    /// Nothing is known of somebody any more but their id; tokens of theirs are void for good, their sockets end, and
    /// invites to these addresses, or to the one they had here, are gone.
    ///
    /// # Errors
    /// When the store is gone.
    pub async fn erase(
        &self,
        plan: &PlanRow,
        person: PersonId,
        addresses: BTreeSet<String>,
    ) -> Result<MemberRow, LogError> {
        let row = self.log.forget_member(plan.number, person, addresses, clock::now()).await?;
        self.take(plan, &row);
        Ok(row)
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
        self.take(plan, &row);
        Ok(row)
    }

    fn take(&self, plan: &PlanRow, row: &MemberRow) {
        let mut seats = self.seats();
        if let Some(known) = seats.get_mut(&(plan.id.clone(), row.person.clone())) {
            known.take(row);
        }
    }

    /// Somebody's seat in a plan.
    fn seat(&self, plan: &PlanRow, person: &PersonId) -> Result<Arc<Seat>, LogError> {
        let key = (plan.id.clone(), person.clone());
        if let Some(known) = self.seats().get(&key) {
            return Ok(Arc::clone(&known.seat));
        }
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
        Ok(Arc::clone(&known.seat))
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
