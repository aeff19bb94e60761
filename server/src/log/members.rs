//! Who belongs to which plan, as the store keeps it.
//!
//! In: tokens that are made or used, and what is decided about a person's tokens. Out: one row for each person of a
//! plan. Always true: a row is read and written within the writer's thread, so of two things that happen at once one
//! comes first; a later write has a higher version.

use std::collections::BTreeSet;

use plansync_protocol::ids::{Access, PartyId, PersonId};
use redb::{ReadableDatabase as _, ReadableTable as _, WriteTransaction};
use serde::{Deserialize, Serialize};

use super::{Log, LogError, tables, writer::Request};
use crate::{
    auth::{Bar, Cap},
    clock::Millis,
};

/// A person of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberRow {
    /// Who.
    pub person: PersonId,
    /// Their party; none where somebody was revoked who never came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<PartyId>,
    /// What the newest token says, or what was decided since.
    pub access: Access,
    /// Their name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Box<str>>,
    /// Their mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Box<str>>,
    /// When a token of theirs was first used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_seen_at: Option<Millis>,
    /// When one was last used, to the hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen_at: Option<Millis>,
    /// When their access was taken away, if they have no newer token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Millis>,
    /// When they were erased from the plan: nothing is kept of them from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<Millis>,
    /// The second of the newest token that is known.
    pub issued: u64,
    /// What was decided about older ones.
    #[serde(flatten)]
    pub bar: Bar,
    /// Grows with every write.
    pub version: u64,
}

/// What a token says of its person.
#[derive(Debug, Clone)]
pub struct Token {
    /// Who.
    pub person: PersonId,
    /// Their party.
    pub party: PartyId,
    /// What they may do.
    pub access: Access,
    /// Their name.
    pub name: Option<Box<str>>,
    /// Their mail address.
    pub email: Option<Box<str>>,
}

/// What happens to a person of a plan.
#[derive(Debug, Clone)]
pub enum MemberStep {
    /// A token is made for them. It is to be dated with the second that the answer's `issued` says.
    Issue(Token),
    /// A token of second `iat` is used.
    Seen(Token, u64),
    /// Tokens made until now give at most this.
    Cap(PersonId, Access),
    /// Tokens made until now are void.
    Revoke(PersonId),
    /// Nothing is left of them but that they are erased, and no token of theirs is good ever again.
    Erase(PersonId),
}

impl MemberStep {
    fn person(&self) -> &PersonId {
        match self {
            Self::Issue(token) | Self::Seen(token, _) => &token.person,
            Self::Cap(person, _) | Self::Revoke(person) | Self::Erase(person) => person,
        }
    }

    /// The row after it.
    fn apply(self, row: Option<MemberRow>, now: Millis) -> MemberRow {
        let mut row = row.unwrap_or_else(|| MemberRow {
            person: self.person().clone(),
            party: None,
            access: Access::Viewer,
            name: None,
            email: None,
            first_seen_at: None,
            last_seen_at: None,
            revoked_at: None,
            erased_at: None,
            issued: 0,
            bar: Bar::default(),
            version: 0,
        });
        row.version += 1;
        if row.erased_at.is_some() {
            return row;
        }
        let second = now / 1000;
        match self {
            Self::Issue(token) => {
                row.issued = row.issued.max(row.bar.free_from(second));
                row.take(token);
            }
            Self::Seen(token, iat) => {
                row.first_seen_at.get_or_insert(now);
                row.last_seen_at = Some(now);
                if iat >= row.issued && row.bar.judge(iat, token.access).is_ok() {
                    row.issued = iat;
                    let decided = row.bar.cap.filter(|cap| iat <= cap.until).map(|cap| cap.access);
                    let access = decided.map_or(token.access, |most| most.max(token.access));
                    row.take(Token { access, ..token });
                }
            }
            // A token may be dated a little after now: it is as old as any.
            Self::Cap(_, access) => {
                row.bar.cap = Some(Cap { access, until: row.issued.max(second) });
                row.access = access;
            }
            Self::Revoke(_) => {
                row.bar.not_before = Some(row.issued.max(second));
                row.revoked_at = Some(now);
            }
            Self::Erase(person) => {
                let bar = Bar { not_before: Some(u64::MAX), cap: None };
                let gone = (None, None, None, None);
                (row.name, row.email, row.first_seen_at, row.last_seen_at) = gone;
                row = MemberRow { person, revoked_at: Some(now), erased_at: Some(now), bar, ..row };
            }
        }
        row
    }
}

impl MemberRow {
    fn take(&mut self, token: Token) {
        self.party = Some(token.party);
        self.access = token.access;
        self.name = token.name.or(self.name.take());
        self.email = token.email.or(self.email.take());
        self.revoked_at = None;
    }
}

impl Log {
    /// Keeps what happened to a person of a plan, and returns their row after it, once it is on disk.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store is gone.
    pub async fn member_step(&self, plan: u64, step: MemberStep, now: Millis) -> Result<MemberRow, LogError> {
        self.request(|reply| Request::Member { plan, step, now, reply: Some(reply) }).await
    }

    /// Keeps that somebody was seen, some time soon. Tells whether it will be: where the store is busy it will not.
    #[must_use]
    pub fn member_seen(&self, plan: u64, token: Token, iat: u64, now: Millis) -> bool {
        let step = MemberStep::Seen(token, iat);
        self.requests.try_send(Request::Member { plan, step, now, reply: None }).is_ok()
    }

    /// Somebody's row in a plan.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store cannot be read.
    pub fn member(&self, plan: u64, person: &PersonId) -> Result<Option<MemberRow>, LogError> {
        let table = self.db.begin_read()?.open_table(tables::MEMBERS)?;
        table.get((plan, person.as_str()))?.map(|row| decode(plan, row.value())).transpose()
    }

    /// Who has been erased from a plan.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store cannot be read.
    pub fn erased_people(&self, plan: u64) -> Result<BTreeSet<PersonId>, LogError> {
        const MARK: &[u8] = b"\"erasedAt\"";
        let table = self.db.begin_read()?.open_table(tables::MEMBERS)?;
        let mut erased = BTreeSet::new();
        for row in table.range((plan, "")..(plan + 1, ""))? {
            let row = row?.1;
            // Mostly there is nobody: reading all rows of a large plan would be most of what its opening costs.
            if row.value().windows(MARK.len()).any(|bytes| bytes == MARK) {
                erased.extend(
                    Some(decode(plan, row.value())?).filter(|row| row.erased_at.is_some()).map(|row| row.person),
                );
            }
        }
        Ok(erased)
    }

    /// Everybody of a plan, in the order of their ids.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store cannot be read.
    pub fn members(&self, plan: u64) -> Result<Vec<MemberRow>, LogError> {
        let table = self.db.begin_read()?.open_table(tables::MEMBERS)?;
        let mut rows = Vec::new();
        for row in table.range((plan, "")..(plan + 1, ""))? {
            rows.push(decode(plan, row?.1.value())?);
        }
        Ok(rows)
    }
}

/// Writes one step into the transaction.
pub(super) fn write(write: &WriteTransaction, plan: u64, step: MemberStep, now: Millis) -> Result<MemberRow, LogError> {
    let person = step.person().clone();
    let row = read(write, plan, &person)?;
    let mut table = write.open_table(tables::MEMBERS)?;
    if let (MemberStep::Issue(_), Some(_)) = (&step, row.as_ref().and_then(|row| row.erased_at)) {
        return Err(LogError::PersonErased(person));
    }
    let row = step.apply(row, now);
    let bytes = serde_json::to_vec(&row).expect("texts and numbers are JSON");
    table.insert((plan, person.as_str()), bytes.as_slice())?;
    Ok(row)
}

/// Somebody's row, within the transaction.
pub(super) fn read(write: &WriteTransaction, plan: u64, person: &PersonId) -> Result<Option<MemberRow>, LogError> {
    let table = write.open_table(tables::MEMBERS)?;
    table.get((plan, person.as_str()))?.map(|row| decode(plan, row.value())).transpose()
}

/// A row that cannot be read must not let in whom it kept out.
fn decode(plan: u64, bytes: &[u8]) -> Result<MemberRow, LogError> {
    serde_json::from_slice(bytes).map_err(|error| LogError::Damaged {
        doc: (plan, tables::SHARED),
        seq: 0,
        why: format!("a member: {error}").into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(access: Access) -> Token {
        Token {
            person: PersonId::parse("ann").unwrap(),
            party: PartyId::parse("buyer").unwrap(),
            access,
            name: Some("Ann".into()),
            email: None,
        }
    }

    fn ann() -> PersonId {
        PersonId::parse("ann").unwrap()
    }

    #[test]
    fn tokens_and_revocations_within_one_second_keep_their_order() {
        let now = 100_500;
        let mut row = MemberStep::Issue(token(Access::Editor)).apply(None, now);
        for _ in 0..3 {
            let old = row.issued;
            row = MemberStep::Revoke(ann()).apply(Some(row), now);
            assert!(row.bar.judge(old, Access::Editor).is_err() && row.revoked_at.is_some());
            row = MemberStep::Issue(token(Access::Editor)).apply(Some(row), now);
            assert!(row.bar.judge(row.issued, Access::Editor).is_ok() && row.revoked_at.is_none());
            assert!(row.bar.judge(old, Access::Editor).is_err(), "the older one stays void");
        }
    }

    #[test]
    fn of_somebody_erased_nothing_is_kept_whatever_comes_later() {
        let now = 100_500;
        let row = MemberStep::Seen(token(Access::Owner), 90).apply(None, now);
        let row = MemberStep::Erase(ann()).apply(Some(row), now);
        assert_eq!((&row.name, &row.email, row.first_seen_at, row.last_seen_at), (&None, &None, None, None));
        let later = [
            MemberStep::Seen(token(Access::Owner), 200),
            MemberStep::Revoke(ann()),
            MemberStep::Cap(ann(), Access::Viewer),
            MemberStep::Erase(ann()),
        ];
        for step in later {
            let after = step.apply(Some(row.clone()), 900_000);
            assert_eq!(MemberRow { version: row.version, ..after }, row);
        }
        assert!(row.bar.judge(u64::MAX, Access::Viewer).is_err());
    }

    #[test]
    fn a_void_token_that_is_used_again_brings_nobody_back() {
        let row = MemberStep::Seen(token(Access::Owner), 90).apply(None, 100_000);
        let row = MemberStep::Revoke(ann()).apply(Some(row), 100_000);
        let row = MemberStep::Seen(token(Access::Owner), 100).apply(Some(row), 101_000);
        assert!(row.revoked_at.is_some());
        let row = MemberStep::Seen(token(Access::Viewer), 101).apply(Some(row), 102_000);
        assert_eq!((row.revoked_at, row.access), (None, Access::Viewer));
    }

    #[test]
    fn a_cap_holds_for_what_was_made_before_it_and_not_for_what_comes() {
        let row = MemberStep::Issue(token(Access::Owner)).apply(None, 100_000);
        let row = MemberStep::Cap(ann(), Access::Viewer).apply(Some(row), 100_000);
        assert_eq!(row.bar.judge(100, Access::Owner), Ok(Access::Viewer));
        let row = MemberStep::Seen(token(Access::Owner), 100).apply(Some(row), 101_000);
        assert_eq!(row.access, Access::Viewer, "the old one is seen with what it gives");
        let row = MemberStep::Issue(token(Access::Owner)).apply(Some(row), 100_000);
        assert_eq!(row.bar.judge(row.issued, Access::Owner), Ok(Access::Owner));
        assert_eq!(row.bar.judge(100, Access::Owner), Ok(Access::Viewer));
    }
}
