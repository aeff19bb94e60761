//! What a room does by the clock: presence, changes that have settled, the card, snapshots, letting go.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use plansync_protocol::{
    ids::{Origin, PersonId, Scope},
    plan::{Change, Event, Plan, diff, item},
    wire::{self, Frame},
};

use crate::{
    activity,
    auth::Author,
    clock::{self, Millis},
    log::{self, News},
    metrics,
    room::{EXPIRY_TICK, QUIET, Room, RoomError, SinceSnapshot, card},
    settling::{Hand, Settling},
};

/// After changes, so that those of one moment cross a line once.
const STANDING_DELAY: Duration = Duration::from_secs(1);
/// A plan that is edited all the time is looked at so often.
pub(super) const STANDING_PACE: Duration = Duration::from_secs(10);

/// Presence is merged for this long: ten times a second would show, twenty times does not.
const PRESENCE_TICK: Duration = Duration::from_millis(50);
/// A snapshot follows after this many entries or bytes of them.
const SNAPSHOT_ENTRIES: u64 = 500;
const SNAPSHOT_BYTES: usize = 256 << 10;
/// From this size on, and with this part of it deleted, the operator is told of a plan.
const LARGE_BYTES: usize = 2 << 20;
const LARGE_DEAD_SHARE: f64 = 0.9;
/// A document that is let go leaves a snapshot when so many entries have followed the last one: it opens in a third of
/// the time.
const PARTING_ENTRIES: u64 = 100;

impl Room {
    /// What is due by the clock.
    pub(super) async fn housekeep(&mut self) -> Result<(), RoomError> {
        let now = clock::instant();
        if self.due.expiry <= now {
            self.presence.expire(clock::now());
            self.plan_presence();
            self.due.expiry = now + EXPIRY_TICK;
        }
        if self.due.presence.is_some_and(|due| due <= now) {
            self.due.presence = None;
            for message in self.presence.tick() {
                self.members.broadcast_presence(&Bytes::from(wire::encode(&Frame::Awareness(&message))));
            }
        }
        if self.snapshot.entries >= SNAPSHOT_ENTRIES || self.snapshot.bytes >= SNAPSHOT_BYTES {
            self.snapshot().await?;
        }
        if self.due.settling.is_some_and(|due| due <= now) {
            self.tell(Some(clock::now())).await?;
        }
        if self.due.standing.is_some_and(|due| due <= now) {
            self.derive()?;
            self.expire_proposals().await?;
        }
        if self.due.card.is_some_and(|due| due <= now) {
            self.due.card = None;
            let card = serde_json::to_vec(&self.card()?).unwrap_or_default();
            self.log.card(self.row.number, self.seq, card).await?;
        }
        if self.due.quiet <= now {
            self.part().await?;
            self.due.quiet = now + QUIET;
        }
        Ok(())
    }

    pub(super) fn plan_presence(&mut self) {
        if self.presence.has_news() {
            self.due.presence.get_or_insert(clock::instant() + PRESENCE_TICK);
        }
    }

    /// Writes the changes that are due by now, without `now` all of them. Who listens is told by the log.
    pub(super) async fn tell(&mut self, now: Option<Millis>) -> Result<(), RoomError> {
        self.due.settling = None;
        if self.settling.as_ref().is_none_or(Settling::is_idle) && !self.record_is_news {
            return Ok(());
        }
        let is_writing = self.settling.as_ref().is_some_and(Settling::is_writing);
        if is_writing {
            self.document()?;
        }
        let Some(settling) = &mut self.settling else { return Ok(()) };
        let changes = settling.settle(now, self.document.as_mut().filter(|_| is_writing));
        let told = settling.told(self.seq);
        self.due.telling = clock::instant() + self.still / 2;
        self.plan_settling();
        if changes.is_empty() && !self.record_is_news {
            return Ok(());
        }
        self.record_is_news = false;
        metrics::changes(changes.len());
        if changes.iter().any(|change| matches!(change.event, Event::Difference(_))) {
            self.document()?;
            let plan = self.document.as_mut().expect("it is open").plan();
            self.record.note(&changes, plan);
            // Where a plan stands is told of what everybody sees.
            if self.scope == Scope::Shared {
                if self.standing.is_none() {
                    // Where the plan stood before its first change of all.
                    let before = before(&changes, plan);
                    let today = activity::day(clock::now(), &item::time_zone(plan));
                    self.standing = Some(self.record.standing_of(&before, today));
                    self.standing_is_news = true;
                }
                let now = clock::instant();
                let soon = (now + STANDING_DELAY).max(self.due.stood + STANDING_PACE);
                self.due.standing = Some(self.due.standing.map_or(soon, |due| due.min(soon)));
            }
        }
        let activity = serde_json::to_vec(&self.record).unwrap_or_default();
        // Not before the lines it has crossed are told: after a crash they would never be.
        let is_told = self.settling.as_ref().is_none_or(|settling| !settling.holds_derived());
        let standing = match &self.standing {
            Some(standing) if is_told && std::mem::take(&mut self.standing_is_news) => {
                serde_json::to_vec(standing).ok()
            }
            _ => None,
        };
        let kept = changes
            .iter()
            .map(|change| ((change.seq, change.n), change.cloud_event(&self.row.id).to_string().into_bytes()));
        let news = News { changes: kept.collect(), told, activity, standing };
        Ok(self.log.tell(self.key, news).await?)
    }

    /// Tells which lines the plan has crossed since they were looked at last, by edits or by a day that has passed.
    fn derive(&mut self) -> Result<(), RoomError> {
        let plan = self.document()?.plan().clone();
        let zone = item::time_zone(&plan);
        let today = activity::day(clock::now(), &zone);
        let standing = self.record.standing_of(&plan, today);
        self.due.stood = clock::instant();
        self.due.standing = Some(self.due.stood + clock::until(activity::day_after(today, &zone)));
        let crossed = self.standing.as_ref().map(|before| standing.crossed(before, &plan)).unwrap_or_default();
        self.standing_is_news |= self.standing.as_ref() != Some(&standing);
        self.standing = Some(standing);
        let hand =
            Hand { author: Arc::new(Author { person: PersonId::server(), party: None }), origin: Origin::System };
        let (head, now) = (self.seq, clock::now().max(self.updated_at));
        if let Some(settling) = &mut self.settling {
            for event in crossed {
                settling.tell(event, hand.clone(), head, now);
            }
        }
        self.plan_settling();
        Ok(())
    }

    fn card(&mut self) -> Result<serde_json::Value, RoomError> {
        let (record, created_at) = (self.record.clone(), self.row.created_at);
        Ok(card(self.document()?.plan(), &record, created_at))
    }

    /// Looks when the next change is due, where that is not known. A plan that is edited all the time tells several
    /// at once: what they cost is one row of bookkeeping and a part in a commit each time.
    pub(super) fn plan_settling(&mut self) {
        if self.due.settling.is_none() {
            let due = self.settling.as_ref().and_then(Settling::due);
            let due = due.or(self.record_is_news.then(clock::now));
            self.due.settling = due.map(|due| (clock::instant() + clock::until(due)).max(self.due.telling));
        }
    }

    /// Lets the document go.
    async fn part(&mut self) -> Result<(), RoomError> {
        if self.document.is_some() {
            self.tell(None).await?;
            if self.snapshot.entries >= PARTING_ENTRIES {
                self.snapshot().await?;
            }
        }
        self.document = None;
        if let Some(settling) = &mut self.settling {
            settling.rest();
        }
        Ok(())
    }

    /// Leaves a snapshot to the room that opens the document next, and waits for it: the store is about to close.
    pub(super) async fn bequeath(&mut self) -> Result<(), RoomError> {
        if let Some(document) = self.document.as_ref().filter(|_| self.snapshot.entries >= PARTING_ENTRIES)
            && let Ok(packed) = log::pack(&document.state())
        {
            self.log.snapshot(self.key, self.seq, packed).await?;
            metrics::snapshot();
        }
        Ok(())
    }

    /// What has been deleted leaves a trace in the document. A plan that is nearly all traces is worth a look before it
    /// reaches its cap.
    fn look_at_growth(&mut self) -> Result<(), RoomError> {
        let (bytes, dead_share) = (self.weight, self.document()?.dead_share());
        metrics::document(bytes, dead_share);
        if bytes >= LARGE_BYTES && dead_share >= LARGE_DEAD_SHARE {
            let percent = (dead_share * 100.0).round();
            tracing::warn!(plan = %self.row.id, scope = %self.scope, bytes, percent, "a large plan is mostly deleted");
        }
        Ok(())
    }

    /// Writes a snapshot in the background. Should it fail, the log says so to everybody by itself.
    ///
    /// Everything it covers has been told as changes before: a room that opens from it needs nothing from before it.
    async fn snapshot(&mut self) -> Result<(), RoomError> {
        self.tell(None).await?;
        self.snapshot = SinceSnapshot::default();
        let state = self.document()?.state();
        self.weight = state.len();
        self.look_at_growth()?;
        let (log, key, seq) = (self.log.clone(), self.key, self.seq);
        tokio::task::spawn_blocking(move || {
            log::pack(&state).map(|packed| {
                let write = async move {
                    if log.snapshot(key, seq, packed).await.is_ok() {
                        metrics::snapshot();
                    }
                };
                tokio::runtime::Handle::current().block_on(write);
            })
        });
        Ok(())
    }
}

/// The plan before these changes.
fn before(changes: &[Change], plan: &Plan) -> Plan {
    let mut before = plan.clone();
    for change in changes.iter().rev() {
        if let Event::Difference(difference) = &change.event {
            diff::revert(&mut before, difference);
        }
    }
    before
}
