//! Invites: a link that lets somebody into a plan who has no token yet.
//!
//! In: whom to ask to come, and who comes with which secret. Out: a secret, once; or the invite that lets them in, or
//! why not. Always true: a secret is 256 bits of chance and only its hash is kept; a passcode is hashed slowly, and
//! counts as wrong until it has turned out right; whoever lost the right to invite, lost their invites.

use std::sync::Arc;

use argon2::{
    Argon2,
    password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use plansync_protocol::ids::{Access, PartyId, PersonId};
use tokio::sync::Semaphore;

use crate::{
    clock::{self, Millis},
    log::{
        Log, LogError, PlanRow,
        invites::{Ended, InviteRow, InviteStep, REFUSALS_TOLD_MAX},
        webhooks::Hidden,
    },
    membership::Manager,
    tries::Tries,
};

/// What nobody guesses.
const SECRET_BYTES: usize = 32;
/// Keeps these hashes apart from all others.
const SECRET_CONTEXT: &str = "plansync 2026-02 secret of an invite";
/// Passcodes looked at at once. Each takes 19 MiB and some 20 ms of a core.
const HASHING_MAX: usize = 2;

/// An invite to be made.
#[derive(Debug)]
pub struct NewInvite {
    /// Who invites.
    pub inviter: PersonId,
    /// Their party; none for the workspace.
    pub inviter_party: Option<PartyId>,
    /// The party it lets into.
    pub party: PartyId,
    /// What it lets do.
    pub access: Access,
    /// The only mail address it is for.
    pub email: Option<String>,
    /// When it ends.
    pub expires_at: Millis,
    /// How many people it lets in.
    pub uses_max: u32,
    /// What has to be said beside the secret.
    pub passcode: Option<String>,
}

/// Who comes with an invite.
#[derive(Debug)]
pub struct Visitor<'a> {
    /// The secret of the link.
    pub secret: &'a str,
    /// Their mail address, as they say.
    pub email: Option<&'a str>,
    /// The passcode, as they say.
    pub passcode: Option<&'a str>,
}

/// Why a visitor is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The invite lets nobody in.
    Ended(Ended),
    /// A passcode has to be said.
    PasscodeNeeded,
    /// It is not this one.
    WrongPasscode,
    /// A mail address has to be said.
    EmailNeeded,
    /// It is not this one.
    WrongEmail,
}

/// A visitor who is not let in.
#[derive(Debug)]
pub enum Refused {
    /// No such secret, or an invite that lets this visitor not in.
    Visitor {
        /// Why.
        why: Why,
        /// The invite, where there is one and its plan is to be told.
        tell: Option<Box<InviteRow>>,
    },
    /// The store.
    Log(LogError),
}

impl From<LogError> for Refused {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}

impl From<Why> for Refused {
    fn from(why: Why) -> Self {
        Self::Visitor { why, tell: None }
    }
}

/// The invites of all plans.
#[derive(Debug)]
pub struct Invites {
    log: Log,
    hashing: Semaphore,
    /// Who has tried how often.
    pub tries: Tries,
}

impl Invites {
    /// Those of this log.
    #[must_use]
    pub fn new(log: Log) -> Arc<Self> {
        Arc::new(Self { log, hashing: Semaphore::new(HASHING_MAX), tries: Tries::default() })
    }

    /// Makes an invite and its secret; nothing where the plan has too many.
    ///
    /// # Errors
    /// When the store is gone.
    pub async fn create(&self, plan: &PlanRow, new: NewInvite) -> Result<Option<(InviteRow, String)>, LogError> {
        let bytes: [u8; SECRET_BYTES] = rand::random();
        let secret = URL_SAFE_NO_PAD.encode(bytes);
        let passcode = match new.passcode {
            Some(passcode) => Some(Hidden(self.slowly(move || hash(&passcode)).await.into())),
            None => None,
        };
        let row = InviteRow {
            id: uuid::Uuid::now_v7().simple().to_string().into(),
            plan: plan.id.clone(),
            number: plan.number,
            inviter: new.inviter,
            inviter_party: new.inviter_party,
            party: new.party,
            access: new.access,
            email: new.email.map(Into::into),
            created_at: clock::now(),
            expires_at: new.expires_at,
            uses_max: new.uses_max,
            uses: 0,
            passcode,
            wrong: 0,
            refused: 0,
            revoked_at: None,
        };
        let has_room = self.log.create_invite(row.clone(), digest(&secret)).await?;
        Ok(has_room.then_some((row, secret)))
    }

    /// Lets a visitor in: one use of the invite is theirs, to be given back by [`Invites::give_back`] should they not
    /// be able to come after all.
    ///
    /// # Errors
    /// [`Refused`] says why not.
    pub async fn take(&self, visitor: Visitor<'_>) -> Result<InviteRow, Refused> {
        let now = clock::now();
        let Some(row) = self.log.invite_of(&digest(visitor.secret))? else {
            return Err(Why::Ended(Ended::Unknown).into());
        };
        let ended = if self.holds(&row)? { row.ended(now) } else { Some(Ended::Revoked) };
        if let Some(ended) = ended {
            return Err(self.refuse(&row, Why::Ended(ended), now).await?);
        }
        if let Some(wanted) = &row.email {
            match visitor.email {
                // Nothing was tried yet.
                None => return Err(Why::EmailNeeded.into()),
                Some(given) if !is_same_address(given, wanted) => {
                    return Err(self.refuse(&row, Why::WrongEmail, now).await?);
                }
                Some(_) => {}
            }
        }
        if let Some(Hidden(hash)) = &row.passcode {
            let Some(given) = visitor.passcode else { return Err(Why::PasscodeNeeded.into()) };
            if let Err(ended) = self.log.invite_step(row.number, &row.id, InviteStep::Try, now).await? {
                return Err(self.refuse(&row, Why::Ended(ended), now).await?);
            }
            let (given, hash) = (given.to_owned(), hash.clone());
            if !self.slowly(move || is_right(&given, &hash)).await {
                return Err(self.refuse(&row, Why::WrongPasscode, now).await?);
            }
            let _still_there = self.log.invite_step(row.number, &row.id, InviteStep::Right, now).await?;
        }
        match self.log.invite_step(row.number, &row.id, InviteStep::Take, now).await? {
            Ok(row) => Ok(row),
            Err(ended) => Err(self.refuse(&row, Why::Ended(ended), now).await?),
        }
    }

    /// A use that was taken is free again.
    ///
    /// # Errors
    /// When the store is gone.
    pub async fn give_back(&self, row: &InviteRow) -> Result<(), LogError> {
        self.log.invite_step(row.number, &row.id, InviteStep::GiveBack, clock::now()).await.map(drop)
    }

    /// Whether whoever made it may still make it.
    fn holds(&self, row: &InviteRow) -> Result<bool, LogError> {
        let Some(party) = &row.inviter_party else { return Ok(true) };
        let Some(inviter) = self.log.member(row.number, &row.inviter)? else { return Ok(true) };
        let was_revoked_since = inviter.bar.not_before.is_some_and(|second| row.created_at / 1000 <= second);
        Ok(!was_revoked_since && Manager::Person(party, inviter.access).manages(Some(&row.party), row.access))
    }

    async fn refuse(&self, row: &InviteRow, why: Why, now: Millis) -> Result<Refused, LogError> {
        let counted = self.log.invite_step(row.number, &row.id, InviteStep::Refuse, now).await?;
        let tell = counted.ok().filter(|row| row.refused <= REFUSALS_TOLD_MAX).map(Box::new);
        Ok(Refused::Visitor { why, tell })
    }

    /// Does what takes a core and memory, a few at a time and away from the sockets.
    async fn slowly<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let _place = self.hashing.acquire().await.expect("it is never closed");
        tokio::task::spawn_blocking(work).await.expect("hashing does not panic")
    }
}

/// What is kept of a secret. It has 256 bits of chance, so a fast hash is as good as a slow one; and who looks for a
/// hash learns nothing of the secret from how long that takes.
fn digest(secret: &str) -> [u8; 32] {
    blake3::derive_key(SECRET_CONTEXT, secret.as_bytes())
}

fn hash(passcode: &str) -> String {
    let salt: [u8; 16] = rand::random();
    let salt = SaltString::encode_b64(&salt).expect("16 bytes are a salt");
    Argon2::default().hash_password(passcode.as_bytes(), &salt).expect("the parameters are the defaults").to_string()
}

fn is_right(given: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(given.as_bytes(), &hash).is_ok())
}

/// Mail addresses differ in case by habit only.
#[must_use]
pub fn is_same_address(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}
