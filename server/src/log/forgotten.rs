//! Taking a person out of what is kept of a plan that stays.
//!
//! In: the person, and for each document its state without them, as of the entry that took them out. Out: nothing. The
//! entries before that one are sealed, the snapshots before it go, the changes are redacted. Always true: numbers of
//! entries and positions of changes are as before, the chain is whole, and it says by its entry of origin `erasure`
//! that somebody was erased, when and by whom. What was removed is in free pages until [`Log::scrub`].

use std::collections::BTreeSet;

use plansync_protocol::{
    ids::{PersonId, Seq},
    plan::erasure,
};
use redb::{ReadableTable as _, WriteTransaction};

use super::{
    Log, LogError,
    erased::rebuild,
    invites::{self, InviteRow},
    members::{self, MemberRow, MemberStep},
    sealed, tables,
    tables::DocKey,
    writer::{Open, Request},
};
use crate::clock::Millis;

/// Somebody's membership, and what asked them to come.
#[derive(Debug)]
pub(super) struct ForgetMember {
    pub plan: u64,
    pub person: PersonId,
    /// Addresses that are known of them.
    pub addresses: BTreeSet<String>,
}

/// Somebody in one document.
#[derive(Debug)]
pub(super) struct Forget {
    pub doc: DocKey,
    /// The entry that took them out; the last one.
    pub seq: Seq,
    /// The state after it, compressed.
    pub state: Vec<u8>,
    pub person: PersonId,
}

impl Log {
    /// Forgets somebody's membership: their tokens are void for good, invites to their addresses are gone.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store is gone.
    pub async fn forget_member(
        &self,
        plan: u64,
        person: PersonId,
        addresses: BTreeSet<String>,
        now: Millis,
    ) -> Result<MemberRow, LogError> {
        let forget = ForgetMember { plan, person, addresses };
        self.request(|reply| Request::ForgetMember { forget, now, reply }).await
    }

    /// Forgets somebody in one document, whose last entry, `seq`, has taken them out.
    ///
    /// # Errors
    /// [`LogError::Conflict`] when that is not the last entry; [`LogError::Failed`] when the store is gone.
    pub async fn forget(&self, doc: DocKey, seq: Seq, state: Vec<u8>, person: PersonId) -> Result<(), LogError> {
        let forget = Forget { doc, seq, state, person };
        self.request(|reply| Request::Forget { forget, reply }).await
    }
}

/// Writes it into the transaction.
pub(super) fn forget_member(
    write: &WriteTransaction,
    forget: ForgetMember,
    now: Millis,
) -> Result<MemberRow, LogError> {
    let ForgetMember { plan, person, mut addresses } = forget;
    addresses.extend(members::read(write, plan, &person)?.and_then(|row| row.email).map(String::from));
    let row = members::write(write, plan, MemberStep::Erase(person.clone()), now)?;
    write.open_table(tables::VISITS)?.remove((plan, person.as_str()))?;
    forget_invites(write, plan, &addresses)?;
    // Rows that were overwritten within one commit may have left bytes behind in their page.
    rebuild(write, tables::MEMBERS)?;
    mark(write)?;
    Ok(row)
}

/// Writes it into the transaction.
pub(super) fn forget(open: &mut Open<'_>, forget: &Forget) -> Result<(), LogError> {
    let Forget { doc, seq, state, person } = forget;
    let (doc, seq) = (*doc, *seq);
    let head = super::writer::last(&open.entries, doc)?.seq;
    if head != seq {
        return Err(LogError::Conflict { after: seq, head });
    }
    sealed::seal(open.write, &mut open.entries, doc, seq - 1)?;
    let mut snapshots = open.write.open_table(tables::SNAPSHOTS)?;
    snapshots.retain_in(tables::whole(doc), |_, _| false)?;
    snapshots.insert((doc.0, doc.1, seq), state.as_slice())?;
    let addresses = redact_changes(open.write, doc, person)?;
    forget_invites(open.write, doc.0, &addresses)?;
    mark(open.write)
}

/// Takes what is personal out of the changes of a document, each in its place, and gives the mail addresses among it.
fn redact_changes(write: &WriteTransaction, doc: DocKey, person: &PersonId) -> Result<BTreeSet<String>, LogError> {
    let mut table = write.open_table(tables::CHANGES)?;
    let whole = (doc.0, doc.1, 0, 0)..=(doc.0, doc.1, Seq::MAX, u32::MAX);
    let (mut redacted, mut addresses) = (Vec::new(), BTreeSet::new());
    let name = person.as_str().as_bytes();
    for row in table.range(whole.clone())? {
        let (key, change) = row?;
        let change = change.value();
        // A change that does not name the person is not about them; reading it as JSON would be most of the work.
        if !change.windows(name.len()).any(|bytes| bytes == name) {
            continue;
        }
        let Ok(mut event) = serde_json::from_slice(change) else { continue };
        if erasure::redact(&mut event, person.as_str(), &mut addresses) {
            redacted.push((key.value(), event.to_string()));
        }
    }
    // All go before the first comes back: a page is written anew when rows of it are removed, and a row that is
    // overwritten could leave bytes behind.
    let gone: BTreeSet<_> = redacted.iter().map(|(key, _)| *key).collect();
    table.retain_in(whole, |key, _| !gone.contains(&key))?;
    for (key, change) in &redacted {
        table.insert(*key, change.as_bytes())?;
    }
    Ok(addresses)
}

/// Removes invites to these addresses.
fn forget_invites(write: &WriteTransaction, plan: u64, addresses: &BTreeSet<String>) -> Result<(), LogError> {
    let addresses: BTreeSet<String> = addresses.iter().map(|address| folded(address)).collect();
    let is_theirs = |row: &InviteRow| row.email.as_deref().is_some_and(|email| addresses.contains(&folded(email)));
    let theirs: BTreeSet<Box<str>> =
        invites::of_plan(write, plan)?.into_iter().filter(is_theirs).map(|row| row.id).collect();
    write.open_table(tables::INVITES)?.retain_in((plan, "")..(plan + 1, ""), |(_, id), _| !theirs.contains(id))?;
    write.open_table(tables::INVITE_SECRETS)?.retain(|_, (of, id)| of != plan || !theirs.contains(id))?;
    rebuild(write, tables::INVITES)
}

/// Mail addresses are the same whatever the case of their letters.
fn folded(address: &str) -> String {
    address.trim().to_lowercase()
}

/// Free pages are to be overwritten, at the next start once more: a reader may hold on to old ones until then.
fn mark(write: &WriteTransaction) -> Result<(), LogError> {
    write.open_table(tables::META)?.insert("scrub", 1)?;
    Ok(())
}
