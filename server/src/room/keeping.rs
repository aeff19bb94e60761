//! What a room does by the clock: presence, changes that have settled, the card, snapshots, letting go.

use std::time::Duration;

use bytes::Bytes;
use plansync_protocol::wire::{self, Frame};

use crate::{
    clock::{self, Millis},
    log, metrics,
    room::{EXPIRY_TICK, QUIET, Room, RoomError, SinceSnapshot, card},
    settling::Settling,
};

/// Presence is merged for this long: ten times a second would show, twenty times does not.
const PRESENCE_TICK: Duration = Duration::from_millis(50);
/// A snapshot follows after this many entries or bytes of them.
const SNAPSHOT_ENTRIES: u64 = 500;
const SNAPSHOT_BYTES: usize = 256 << 10;
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
        if self.due.card.is_some_and(|due| due <= now) {
            self.due.card = None;
            let card = serde_json::to_vec(&card(self.document()?.plan())).unwrap_or_default();
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
        if self.settling.as_ref().is_none_or(Settling::is_idle) {
            return Ok(());
        }
        self.document()?;
        let head = self.seq;
        let (document, settling) = self.opened();
        let changes = settling.settle(now, document);
        let told = settling.told(head);
        self.plan_settling();
        if changes.is_empty() {
            return Ok(());
        }
        metrics::changes(changes.len());
        let kept = changes
            .iter()
            .map(|change| ((change.seq, change.n), change.cloud_event(&self.row.id).to_string().into_bytes()));
        Ok(self.log.tell(self.key, kept.collect(), told).await?)
    }

    /// Looks when the next change is due, where that is not known.
    pub(super) fn plan_settling(&mut self) {
        if self.due.settling.is_none() {
            let due = self.settling.as_ref().and_then(Settling::due);
            self.due.settling = due.map(|due| clock::instant() + clock::until(due));
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

    /// Writes a snapshot in the background. Should it fail, the log says so to everybody by itself.
    ///
    /// Everything it covers has been told as changes before: a room that opens from it needs nothing from before it.
    async fn snapshot(&mut self) -> Result<(), RoomError> {
        self.tell(None).await?;
        self.snapshot = SinceSnapshot::default();
        let state = self.document()?.state();
        self.weight = state.len();
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
