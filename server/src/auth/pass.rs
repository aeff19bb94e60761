//! A pass: the claims of a token, for as long as they hold.
//!
//! In: verified claims, and the seat of their person in the plan. Out: the claims with the access they give now, and
//! the moment from which they give another one or none. Always true: passes of one person in one plan share one
//! [`Seat`], so what is decided about them holds for all of them at once, without a look at the store.

use std::{
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use plansync_protocol::{ids::Access, wire::CloseCode};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::{Claims, Denied, WorkspaceId};

/// What was decided about the tokens of a person in a plan. Tokens are told apart by the second they were signed in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bar {
    /// Tokens signed up to this second are void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<u64>,
    /// Tokens signed up to some second give no more than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<Cap>,
}

/// The most that older tokens give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cap {
    /// What they give at most.
    pub access: Access,
    /// The last second whose tokens it holds for.
    pub until: u64,
}

impl Bar {
    /// What a token signed in second `iat` for this access gives.
    ///
    /// # Errors
    /// [`Denied::Revoked`] where it gives nothing.
    pub fn judge(&self, iat: u64, granted: Access) -> Result<Access, Denied> {
        if self.not_before.is_some_and(|not_before| iat <= not_before) {
            return Err(Denied::Revoked);
        }
        Ok(match self.cap {
            // The order of access is from most to least.
            Some(cap) if iat <= cap.until => cap.access.max(granted),
            _ => granted,
        })
    }

    /// The first second, from `now` on, whose tokens are not touched by what was decided.
    #[must_use]
    pub fn free_from(&self, now: u64) -> u64 {
        let decided = self.not_before.max(self.cap.map(|cap| cap.until));
        decided.map_or(now, |decided| now.max(decided.saturating_add(1)))
    }
}

/// A person's place in a plan, while somebody uses it.
#[derive(Debug, Default)]
pub struct Seat {
    bar: watch::Sender<Bar>,
    sockets: AtomicUsize,
}

impl Seat {
    /// With what has been decided so far.
    #[must_use]
    pub fn new(bar: Bar) -> Self {
        Self { bar: watch::Sender::new(bar), sockets: AtomicUsize::new(0) }
    }

    /// From now on this holds.
    pub fn decide(&self, bar: Bar) {
        self.bar.send_if_modified(|held| {
            let is_news = *held != bar;
            *held = bar;
            is_news
        });
    }

    /// Whether the person has a socket open.
    #[must_use]
    pub fn is_online(&self) -> bool {
        self.sockets.load(Ordering::Relaxed) > 0
    }
}

/// The secret that signed a token, for as long as it is valid.
#[derive(Debug, Clone)]
pub struct Signature(watch::Receiver<()>);

impl Signature {
    /// Of a secret, which ends with its sender.
    pub(super) fn new(valid: &watch::Sender<()>) -> Self {
        Self(valid.subscribe())
    }

    fn is_void(&self) -> bool {
        self.0.has_changed().is_err()
    }
}

/// Why a pass ended before its token did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lapsed {
    /// The secret that signed it has been removed.
    Void,
    /// The person's access has been taken away.
    Revoked,
    /// It gives another access now.
    Changed,
}

impl Lapsed {
    /// How a websocket ends with it: for good, or to come back with the access of now.
    #[must_use]
    pub fn close(self) -> (CloseCode, String) {
        match self {
            // Whoever signs with the next secret has another token for them.
            Self::Void => (CloseCode::Unauthorized, Denied::Forged.to_string()),
            Self::Revoked => (CloseCode::NotAllowed, Denied::Revoked.to_string()),
            Self::Changed => (CloseCode::Restarting, "your access to this plan has changed: come back with it".into()),
        }
    }
}

/// Verified claims that hold. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Pass {
    /// With the access they give now.
    claims: Arc<Claims>,
    /// What the token says.
    granted: Access,
    /// Who signed it.
    workspace: Arc<WorkspaceId>,
    signature: Signature,
    seat: Arc<Seat>,
}

impl Pass {
    /// Of claims that this workspace has signed.
    ///
    /// # Errors
    /// [`Denied::Revoked`] where they hold no more.
    pub fn new(
        mut claims: Claims,
        workspace: WorkspaceId,
        signature: Signature,
        seat: Arc<Seat>,
    ) -> Result<Self, Denied> {
        let granted = claims.access;
        claims.access = seat.bar.borrow().judge(claims.iat, granted)?;
        Ok(Self { claims: Arc::new(claims), granted, workspace: Arc::new(workspace), signature, seat })
    }

    /// The claims, to be kept.
    #[must_use]
    pub fn claims(&self) -> Arc<Claims> {
        Arc::clone(&self.claims)
    }

    /// The workspace that signed it: it opens plans of that one alone.
    #[must_use]
    pub fn workspace(&self) -> &WorkspaceId {
        &self.workspace
    }

    /// Whether it still gives what it gave. Asked for every message: it looks at memory and nothing else.
    ///
    /// # Errors
    /// [`Lapsed`] says what has become of it.
    pub fn check(&self) -> Result<(), Lapsed> {
        self.held_to(&self.seat.bar.borrow())
    }

    /// Waits until it no longer gives what it gave.
    pub async fn lapsed(&self) -> Lapsed {
        let mut bar = self.seat.bar.subscribe();
        let mut secret = self.signature.0.clone();
        loop {
            if let Err(lapsed) = self.held_to(&bar.borrow_and_update()) {
                return lapsed;
            }
            // The sender of the bar is held by this pass; that of the secret says nothing before it goes.
            tokio::select! {
                _ = bar.changed() => {}
                _ = secret.changed() => {}
            }
        }
    }

    /// Counts a socket for as long as the answer is kept.
    #[must_use]
    pub fn sit(&self) -> Sitting {
        self.seat.sockets.fetch_add(1, Ordering::Relaxed);
        Sitting(Arc::clone(&self.seat))
    }

    fn held_to(&self, bar: &Bar) -> Result<(), Lapsed> {
        if self.signature.is_void() {
            return Err(Lapsed::Void);
        }
        match bar.judge(self.claims.iat, self.granted) {
            Ok(access) if access == self.claims.access => Ok(()),
            Ok(_) => Err(Lapsed::Changed),
            Err(_) => Err(Lapsed::Revoked),
        }
    }
}

impl Deref for Pass {
    type Target = Claims;

    fn deref(&self) -> &Claims {
        &self.claims
    }
}

/// An open socket of a person.
#[derive(Debug)]
pub struct Sitting(Arc<Seat>);

impl Drop for Sitting {
    fn drop(&mut self) {
        self.0.sockets.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(not_before: Option<u64>, cap: Option<(Access, u64)>) -> Bar {
        Bar { not_before, cap: cap.map(|(access, until)| Cap { access, until }) }
    }

    #[test]
    fn a_token_of_the_second_of_the_revocation_is_void_and_the_next_one_holds() {
        let bar = bar(Some(100), None);
        assert_eq!(bar.judge(100, Access::Owner), Err(Denied::Revoked));
        assert_eq!(bar.judge(0, Access::Owner), Err(Denied::Revoked));
        assert_eq!(bar.judge(101, Access::Editor), Ok(Access::Editor));
        assert_eq!((bar.free_from(100), bar.free_from(500)), (101, 500));
        assert_eq!(Bar::default().judge(0, Access::Viewer), Ok(Access::Viewer));
        assert_eq!(Bar::default().free_from(7), 7);
    }

    #[test]
    fn a_cap_lowers_older_tokens_and_raises_none() {
        let bar = bar(Some(10), Some((Access::Commenter, 100)));
        for (iat, granted, given) in [
            (50, Access::Owner, Access::Commenter),
            (100, Access::Commenter, Access::Commenter),
            (50, Access::Viewer, Access::Viewer),
            (101, Access::Owner, Access::Owner),
        ] {
            assert_eq!(bar.judge(iat, granted), Ok(given), "{iat} {granted:?}");
        }
        assert_eq!(bar.judge(10, Access::Owner), Err(Denied::Revoked));
        assert_eq!(bar.free_from(50), 101);
    }
}
