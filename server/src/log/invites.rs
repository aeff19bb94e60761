//! Invites as the store keeps them: whom they let in, how often, until when; never their secret.
//!
//! In: invites, and what happens to them. Out: the same. Always true: an invite is found by the hash of its secret, and
//! is written within the writer's thread, so the last use of one is taken by exactly one of those who come at once.

use plansync_protocol::ids::{Access, PartyId, PersonId, PlanId};
use redb::{ReadableDatabase as _, ReadableTable as _, WriteTransaction};
use serde::{Deserialize, Serialize};

use super::{Log, LogError, entry::Hash, tables, webhooks::Hidden, writer::Request};
use crate::clock::Millis;

/// Wrong passcodes before an invite is locked: a person mistypes two or three times.
pub const WRONG_MAX: u32 = 10;
/// Refused visitors that are told of: more of them say nothing new.
pub const REFUSALS_TOLD_MAX: u32 = 10;
/// Invites of one plan that are kept, so that a list of them stays a page.
pub const INVITES_MAX: usize = 1_000;
/// An invite that has ended is kept for so long, to tell who comes with it what has become of it.
const KEPT_MS: Millis = 30 * 86_400_000;

/// An invite.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InviteRow {
    /// Its name.
    pub id: Box<str>,
    /// The plan's name and number.
    pub plan: PlanId,
    /// The plan's number.
    pub number: u64,
    /// Who invites.
    pub inviter: PersonId,
    /// Their party; none for the workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inviter_party: Option<PartyId>,
    /// The party it lets into.
    pub party: PartyId,
    /// What it lets do.
    pub access: Access,
    /// The only mail address it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Box<str>>,
    /// When it was made.
    pub created_at: Millis,
    /// When it ends.
    pub expires_at: Millis,
    /// How many people it lets in.
    pub uses_max: u32,
    /// How many it has let in.
    pub uses: u32,
    /// The hash of its passcode, slow and salted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passcode: Option<Hidden>,
    /// Wrong passcodes so far, and those being looked at.
    #[serde(default)]
    pub wrong: u32,
    /// Visitors that were refused.
    #[serde(default)]
    pub refused: u32,
    /// When it was withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Millis>,
}

/// Why an invite lets nobody in any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// There is none.
    Unknown,
    /// It was withdrawn.
    Revoked,
    /// Its time is over.
    Expired,
    /// It has let in as many as it should.
    Used,
    /// Too many wrong passcodes.
    Locked,
}

/// What happens to an invite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InviteStep {
    /// A passcode is about to be looked at. It counts as wrong until it has turned out right.
    Try,
    /// It was right.
    Right,
    /// Somebody is let in.
    Take,
    /// They could not be written into the plan after all.
    GiveBack,
    /// A visitor was refused.
    Refuse,
    /// It is withdrawn.
    Revoke,
}

impl InviteRow {
    /// Why it lets nobody in at this time, if so.
    #[must_use]
    pub fn ended(&self, now: Millis) -> Option<Ended> {
        if self.revoked_at.is_some() {
            Some(Ended::Revoked)
        } else if self.expires_at <= now {
            Some(Ended::Expired)
        } else if self.uses >= self.uses_max {
            Some(Ended::Used)
        } else if self.passcode.is_some() && self.wrong >= WRONG_MAX {
            Some(Ended::Locked)
        } else {
            None
        }
    }

    /// Since when it may be forgotten.
    fn over_at(&self) -> Millis {
        self.revoked_at.unwrap_or(self.expires_at).min(self.expires_at)
    }

    fn apply(&mut self, step: InviteStep, now: Millis) -> Result<(), Ended> {
        if let (InviteStep::Try, Some(ended)) = (step, self.ended(now)) {
            return Err(ended);
        }
        match step {
            InviteStep::Try => self.wrong += 1,
            InviteStep::Right => self.wrong = self.wrong.saturating_sub(1),
            InviteStep::Take => match self.ended(now) {
                // Whoever knows the passcode is not locked out by those who guess meanwhile.
                None | Some(Ended::Locked) => self.uses += 1,
                Some(ended) => return Err(ended),
            },
            InviteStep::GiveBack => self.uses = self.uses.saturating_sub(1),
            InviteStep::Refuse => self.refused = self.refused.saturating_add(1),
            InviteStep::Revoke => {
                self.revoked_at.get_or_insert(now);
            }
        }
        Ok(())
    }
}

impl Log {
    /// Keeps a new invite under the hash of its secret. Tells whether there was room for it.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store is gone.
    pub async fn create_invite(&self, row: InviteRow, secret: Hash) -> Result<bool, LogError> {
        self.request(|reply| Request::Invite { row: Box::new(row), secret, reply }).await
    }

    /// Keeps what happened to an invite, and returns it as it is then, or why it did not happen.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store is gone.
    pub async fn invite_step(
        &self,
        plan: u64,
        id: &str,
        step: InviteStep,
        now: Millis,
    ) -> Result<Result<InviteRow, Ended>, LogError> {
        self.request(|reply| Request::InviteStep { plan, id: id.into(), step, now, reply }).await
    }

    /// The invite with this hash of its secret.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store cannot be read.
    pub fn invite_of(&self, secret: &Hash) -> Result<Option<InviteRow>, LogError> {
        let read = self.db.begin_read()?;
        let Some(found) = read.open_table(tables::INVITE_SECRETS)?.get(secret)? else { return Ok(None) };
        let (plan, id) = found.value();
        let row = read.open_table(tables::INVITES)?.get((plan, id))?;
        row.map(|row| decode(plan, row.value())).transpose()
    }

    /// An invite of a plan.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store cannot be read.
    pub fn invite(&self, plan: u64, id: &str) -> Result<Option<InviteRow>, LogError> {
        let table = self.db.begin_read()?.open_table(tables::INVITES)?;
        table.get((plan, id))?.map(|row| decode(plan, row.value())).transpose()
    }

    /// The invites of a plan, the oldest first.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store cannot be read.
    pub fn invites(&self, plan: u64) -> Result<Vec<InviteRow>, LogError> {
        let table = self.db.begin_read()?.open_table(tables::INVITES)?;
        let mut rows = Vec::new();
        for row in table.range((plan, "")..(plan + 1, ""))? {
            rows.push(decode(plan, row?.1.value())?);
        }
        Ok(rows)
    }
}

/// Writes a new invite into the transaction, after forgetting what ended long ago.
pub(super) fn create(write: &WriteTransaction, new: &InviteRow, secret: &Hash) -> Result<bool, LogError> {
    let mut invites = write.open_table(tables::INVITES)?;
    let mut secrets = write.open_table(tables::INVITE_SECRETS)?;
    let (mut count, mut over) = (0, Vec::new());
    for row in invites.range((new.number, "")..(new.number + 1, ""))? {
        let row = decode(new.number, row?.1.value())?;
        count += 1;
        if row.over_at() + KEPT_MS <= new.created_at {
            over.push(row.id);
        }
    }
    for id in &over {
        invites.remove((new.number, &**id))?;
    }
    if !over.is_empty() {
        secrets.retain(|_, (plan, id)| plan != new.number || !over.iter().any(|over| **over == *id))?;
    }
    if count - over.len() >= INVITES_MAX {
        return Ok(false);
    }
    let bytes = serde_json::to_vec(new).expect("texts and numbers are JSON");
    invites.insert((new.number, &*new.id), bytes.as_slice())?;
    secrets.insert(secret, (new.number, &*new.id))?;
    Ok(true)
}

/// Those of a plan, within the transaction.
pub(super) fn of_plan(write: &WriteTransaction, plan: u64) -> Result<Vec<InviteRow>, LogError> {
    let table = write.open_table(tables::INVITES)?;
    let mut rows = Vec::new();
    for row in table.range((plan, "")..(plan + 1, ""))? {
        rows.push(decode(plan, row?.1.value())?);
    }
    Ok(rows)
}

/// Writes one step into the transaction.
pub(super) fn step(
    write: &WriteTransaction,
    plan: u64,
    id: &str,
    step: InviteStep,
    now: Millis,
) -> Result<Result<InviteRow, Ended>, LogError> {
    let mut table = write.open_table(tables::INVITES)?;
    let row = match table.get((plan, id))? {
        Some(row) => Some(decode(plan, row.value())?),
        None => None,
    };
    let Some(mut row) = row else { return Ok(Err(Ended::Unknown)) };
    if let Err(ended) = row.apply(step, now) {
        return Ok(Err(ended));
    }
    let bytes = serde_json::to_vec(&row).expect("texts and numbers are JSON");
    table.insert((plan, id), bytes.as_slice())?;
    Ok(Ok(row))
}

fn decode(plan: u64, bytes: &[u8]) -> Result<InviteRow, LogError> {
    serde_json::from_slice(bytes).map_err(|error| LogError::Damaged {
        doc: (plan, tables::SHARED),
        seq: 0,
        why: format!("an invite: {error}").into(),
    })
}
