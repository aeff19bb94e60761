//! How a room opens its document: from the log, and again where it has let it go or an update broke it.

use crate::{
    activity::{self, Record},
    clock,
    document::{self, Document},
    log::{Entry, Loaded},
    metrics,
    room::{Room, RoomError, SinceSnapshot, Turn},
    settling::{Hand, Settling},
};
use jiff::tz::TimeZone;
use plansync_protocol::{ids::Seq, limits, plan::derived::Standing};

impl Room {
    /// The document, opened from the log where the room has let it go.
    pub(super) fn document(&mut self) -> Result<&mut Document, RoomError> {
        if self.document.is_none() {
            self.open()?;
        }
        Ok(self.document.as_mut().expect("it has just been opened"))
    }

    pub(super) fn open(&mut self) -> Result<(), RoomError> {
        let loaded = self.log.load(self.key)?;
        let (base, base_bytes) = loaded.snapshots.first().map_or((0, 0), |(seq, state)| (*seq, state.len()));
        let bytes: usize = loaded.entries.iter().map(|entry| entry.new.update.len()).sum();
        // A document that stands at its snapshot has no entry to tell.
        self.updated_at = match loaded.entries.last() {
            Some(last) => last.new.at,
            None => self.log.head(self.key)?.map_or(0, |(_, at)| at),
        };
        let (mut document, seq) = match self.settling {
            Some(_) => self.replay(loaded)?,
            None => self.resume(loaded)?,
        };
        document.erase(&self.erased);
        self.seq = seq;
        self.weight = base_bytes + bytes;
        self.snapshot = SinceSnapshot { entries: seq - base, bytes };
        self.document = Some(document);
        Ok(())
    }

    /// The document and what is being written in it, once it is open.
    pub(super) fn opened(&mut self) -> (&mut Document, &mut Settling) {
        let document = self.document.as_mut().expect("the caller has opened the document");
        (document, self.settling.as_mut().expect("an open document has its settling"))
    }

    /// Opens the document for the first time: what the room before this one had not yet told as changes is found again.
    fn resume(&mut self, mut loaded: Loaded) -> Result<(Document, Seq), RoomError> {
        let told = loaded.told;
        let first = loaded.entries.partition_point(|entry| entry.seq < told.from);
        let untold = loaded.entries.split_off(first);
        let mut settling = Settling::new(self.scope.clone(), self.still, told.last);
        let (mut document, mut seq) = self.replay(loaded)?;
        for Entry { seq: next, new, .. } in untold.into_iter().filter(|entry| entry.seq > seq).collect::<Vec<_>>() {
            if next != seq + 1 {
                return Err(document::OpenError::NoBase.into());
            }
            let hand = Hand { author: new.author, origin: new.origin };
            let broken = |source| document::OpenError::Entry { seq: next, source };
            let delta = document.check_own(&new.update).map_err(broken)?;
            if !delta.is_empty() {
                settling.make_way(delta.touched(), &hand, new.at, &mut document);
                document.take(&delta).map_err(broken)?;
                settling.note(delta.touched(), &hand, next, new.at);
            }
            seq = next;
        }
        self.settling = Some(settling);
        self.record = match self.log.activity(self.key)? {
            Some(kept) => serde_json::from_slice(&kept).unwrap_or_default(),
            None => Record::created(activity::day(self.row.created_at, &TimeZone::UTC)),
        };
        self.erased = self.log.erased_people(self.row.number)?.into();
        self.standing = self.log.standing(self.key)?.and_then(|kept| serde_json::from_slice(&kept).ok());
        // A day may have turned while nobody was here.
        if let Some(Standing { as_of, .. }) = &self.standing {
            let turns = activity::day_after(*as_of, &self.record.zone());
            self.due.standing = Some(clock::instant() + clock::until(turns));
        }
        Ok((document, seq))
    }

    /// Opens what was loaded; where its snapshot is damaged, what else the log keeps.
    fn replay(&self, loaded: Loaded) -> Result<(Document, Seq), RoomError> {
        match Document::open(&self.scope, loaded) {
            Err(document::OpenError::NoBase) => Ok(Document::open(&self.scope, self.log.load_all(self.key)?)?),
            outcome => Ok(outcome?),
        }
    }

    /// Opens the document again from the log and gives it what this turn has taken and not yet committed.
    pub(super) fn rebuild(&mut self, turn: &Turn) -> Result<(), RoomError> {
        metrics::room_death();
        let (mut document, _) = self.replay(self.log.load(self.key)?)?;
        for pending in &turn.entries {
            document.load(&pending.delta.encode()).map_err(RoomError::Rebuild)?;
        }
        for (client, person) in &turn.claims {
            document.claim(*client, person);
        }
        document.erase(&self.erased);
        self.document = Some(document);
        Ok(())
    }

    /// Whether the document with this much more is above its cap. Measured, because what was overwritten weighs
    /// little once it has been collected.
    pub(super) fn is_full(&mut self, more: usize) -> Result<bool, RoomError> {
        self.weight = self.document()?.state().len();
        Ok(self.weight + more > limits::DOCUMENT_BYTES_MAX)
    }
}
