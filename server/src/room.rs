//! The room of one document: everything that happens to it happens here, one thing after the other.
//!
//! In: a closed set of [`Event`]s from a bounded inbox. Out: entries to the log, frames to the members' outboxes,
//! answers. One turn of the loop takes what waits, applies it, commits it as one append, and only then tells
//! anyone: nothing leaves before it is on disk, so the document runs ahead of the log by at most one commit.
//! When the log refuses or fails, the members are told to come back and the room ends; it is opened again by replay.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use plansync_protocol::{
    guard::{self, Delta, Lane, Refusal},
    ids::{ClientId, Origin, PersonId, Scope, Seq},
    limits,
    plan::{self, Edit, Malformed, Plan, Stamp},
    wire::{self, CloseCode, Frame, Welcome, WireLimits},
};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use crate::{
    auth::Author,
    charge::Slot,
    clock::{self, Millis},
    document::{self, Document, EditRejected, Rejected},
    log::{self, DocKey, Loaded, Log, LogError, NewEntry, PlanRow},
    members::{Dialect, Member, MemberId, Members},
    metrics,
    outbox::{Close, OUTBOX_BYTES_MAX},
    presence::Presence,
};

/// What waits for a room before its sockets feel it.
pub const INBOX_MAX: usize = 256;
/// A turn takes no more events after this long: the commit of what it has taken is due, and so are other rooms.
const TURN_MAX: Duration = Duration::from_millis(10);
/// Presence is merged for this long: ten times a second would show, twenty times does not.
const PRESENCE_TICK: Duration = Duration::from_millis(50);
/// How often those who have fallen silent are looked for.
const EXPIRY_TICK: Duration = Duration::from_secs(5);
/// A card is written when a plan has been still for this long. Until then a list asks the room.
const CARD_DELAY: Duration = Duration::from_secs(5);
/// A room where nothing happens for this long lets its document go and keeps its members.
const QUIET: Duration = Duration::from_secs(5);
/// A room with nobody in it closes after this long: a page that is reloaded finds it still open.
const EMPTY: Duration = Duration::from_secs(10);
/// A snapshot follows after this many entries or bytes of them.
const SNAPSHOT_ENTRIES: u64 = 500;
const SNAPSHOT_BYTES: usize = 256 << 10;
/// A document that is let go leaves a snapshot when so many entries have followed the last one: it opens in a third of
/// the time.
const PARTING_ENTRIES: u64 = 100;
/// A reader who is further behind than this gets the whole state instead of the entries.
const CATCH_UP_ENTRIES_MAX: usize = 2_000;

/// Everything that can happen to a room.
#[derive(Debug)]
pub enum Event {
    /// Somebody comes.
    Join { id: MemberId, member: Box<Member> },
    /// Somebody goes.
    Leave { id: MemberId },
    /// SyncStep1: somebody asks for what they lack.
    Ask { id: MemberId, state_vector: Bytes, slot: Slot },
    /// SyncStep2 or Update: somebody has written.
    Update { id: MemberId, update: Bytes, lane: Lane, slot: Slot },
    /// Somebody says where they are.
    Presence { id: MemberId, awareness: Bytes },
    /// Somebody asks who is there.
    WhoIsThere { id: MemberId },
    /// A socket has drained after its queue was thrown away: everything after `given`, or the whole state.
    CatchUp { id: MemberId, given: Option<Seq> },
    /// A request reads the plan.
    Read { reply: oneshot::Sender<View> },
    /// A request edits the plan.
    Edit { request: Box<EditRequest>, reply: oneshot::Sender<Result<Seq, EditRefused>> },
    /// The server stops: nobody else comes, everybody leaves.
    Drain { close: Close },
}

/// A typed edit of a request.
#[derive(Debug)]
pub struct EditRequest {
    /// Who.
    pub author: Arc<Author>,
    /// By what kind of hand.
    pub origin: Origin,
    /// What.
    pub edit: Edit,
}

/// Why a request's edit was not made. Nothing of it was.
#[derive(Debug, thiserror::Error)]
pub enum EditRefused {
    /// These fields cannot be written.
    #[error("{} malformed fields", .0.len())]
    Malformed(Vec<Malformed>),
    /// The plan would be too large.
    #[error("{0}")]
    TooLarge(String),
}

/// The plan as a request reads it.
#[derive(Debug, Clone)]
pub struct View {
    /// The entry it stands at.
    pub seq: Seq,
    /// When that was written.
    pub updated_at: Millis,
    /// The plan. Its rows are shared with the room's own copy.
    pub plan: Plan,
}

/// Why a room ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum RoomError {
    /// The log refused or failed.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The document does not open from the log.
    #[error("the document does not open: {0}")]
    Open(#[from] document::OpenError),
    /// The document does not take again what it has taken before.
    #[error("the document cannot be rebuilt: {0}")]
    Rebuild(Rejected),
}

/// The actor of one document.
pub struct Room {
    row: PlanRow,
    scope: Scope,
    key: DocKey,
    log: Log,
    inbox: mpsc::Receiver<Event>,
    members: Members,
    presence: Presence,
    document: Option<Document>,
    seq: Seq,
    updated_at: Millis,
    /// About how large the document's state is, in bytes; measured when it matters.
    weight: usize,
    snapshot: SinceSnapshot,
    due: Due,
    _open: metrics::Open,
}

/// What has been written since the last snapshot.
#[derive(Debug, Default)]
struct SinceSnapshot {
    entries: u64,
    bytes: usize,
}

/// When the room has something to do by itself.
#[derive(Debug)]
struct Due {
    presence: Option<Instant>,
    expiry: Instant,
    card: Option<Instant>,
    quiet: Instant,
    empty: Option<Instant>,
}

/// What one turn does: what is to be committed, and what is told after it.
#[derive(Default)]
struct Turn {
    entries: Vec<Pending>,
    claims: Vec<(ClientId, PersonId)>,
    updates: usize,
    answers: Vec<Answer>,
    drain: Option<Close>,
}

struct Pending {
    author: Arc<Author>,
    origin: Origin,
    delta: Delta,
}

/// What a client has: its state vector, read.
type Known = Vec<(ClientId, u32)>;

/// What waits for the commit.
enum Answer {
    Greet(MemberId),
    Difference(MemberId, Known, Slot),
    Everyone(MemberId),
    CatchUp(MemberId, Option<Seq>),
    View(oneshot::Sender<View>),
    Edited(oneshot::Sender<Result<Seq, EditRefused>>),
}

impl Turn {
    /// One answer a turn for whoever asks again before it is given: the later question knows at least as much.
    fn ask(&mut self, id: MemberId, state_vector: Known, slot: Slot) {
        let again = self.answers.iter_mut().find_map(|answer| match answer {
            Answer::Difference(asker, asked, _) if *asker == id => Some(asked),
            _ => None,
        });
        match again {
            Some(asked) => *asked = state_vector,
            None => self.answers.push(Answer::Difference(id, state_vector, slot)),
        }
    }
}

impl Room {
    /// A room that opens its document when it runs.
    #[must_use]
    pub fn new(row: PlanRow, scope: Scope, log: Log, inbox: mpsc::Receiver<Event>) -> Self {
        let now = clock::instant();
        Self {
            key: row.doc(),
            row,
            scope,
            log,
            inbox,
            members: Members::default(),
            presence: Presence::default(),
            document: None,
            seq: 0,
            updated_at: 0,
            weight: 0,
            snapshot: SinceSnapshot::default(),
            due: Due {
                presence: None,
                expiry: now + EXPIRY_TICK,
                card: None,
                quiet: now + QUIET,
                empty: Some(now + EMPTY),
            },
            _open: metrics::Open::room(),
        }
    }

    /// Runs until nobody needs the room, or until it fails.
    ///
    /// # Errors
    /// [`RoomError`]; everybody in the room has been told to come back.
    pub async fn run(mut self) -> Result<(), RoomError> {
        let outcome = self.turns().await;
        if let Err(error) = &outcome {
            tracing::error!(plan = %self.row.id, scope = %self.scope, %error, "the room ends");
            self.members.close(&Close::new(CloseCode::Restarting, "the plan is opened again, come back"));
        }
        outcome
    }

    async fn turns(&mut self) -> Result<(), RoomError> {
        self.open()?;
        // Grows with what comes: made for a full inbox it would be half of a quiet room.
        let mut events = Vec::new();
        loop {
            let due = tokio::time::Instant::from_std(self.due.next());
            tokio::select! {
                biased;
                // Closed, and nobody is about to send: whoever is still a member is told to come back.
                taken = self.inbox.recv_many(&mut events, INBOX_MAX) => if taken == 0 {
                    return Ok(());
                },
                () = tokio::time::sleep_until(due) => {}
            }
            let mut waiting = events.drain(..).peekable();
            while waiting.peek().is_some() {
                let started = clock::instant();
                let mut turn = Turn::default();
                while started.elapsed() < TURN_MAX
                    && let Some(event) = waiting.next()
                {
                    self.handle(event, &mut turn)?;
                }
                let drain = turn.drain.take();
                self.finish(turn).await?;
                if let Some(close) = drain {
                    self.members.close(&close);
                    return self.bequeath().await;
                }
                // Other rooms of this thread have their turn.
                tokio::task::yield_now().await;
            }
            drop(waiting);
            self.housekeep().await?;
            if self.document.is_none() {
                events = Vec::new();
            }
            if self.due.empty.is_some_and(|due| due <= clock::instant()) {
                // Whoever sends from now on opens the room anew; who is about to send is still heard.
                self.inbox.close();
            }
        }
    }

    /// One thing that has happened. Nothing is told here but refusals: everything else waits for the commit.
    fn handle(&mut self, event: Event, turn: &mut Turn) -> Result<(), RoomError> {
        self.due.quiet = clock::instant() + QUIET;
        match event {
            Event::Join { id, member } => {
                self.members.join(id, *member);
                self.due.empty = None;
                turn.answers.push(Answer::Greet(id));
            }
            Event::Leave { id } => self.leave(id),
            Event::Ask { id, state_vector, slot } => match guard::lint_state_vector(&state_vector) {
                Ok(known) => turn.ask(id, known, slot),
                Err(refusal) => self.expel(id, close_for(&Rejected::Refused(refusal))),
            },
            Event::Update { id, update, lane, slot: _ } => {
                let started = clock::instant();
                self.update(id, &update, lane, turn)?;
                self.charge(id, started);
            }
            Event::Presence { id, awareness } => self.hear(id, &awareness),
            Event::WhoIsThere { id } => turn.answers.push(Answer::Everyone(id)),
            Event::CatchUp { id, given } => turn.answers.push(Answer::CatchUp(id, given)),
            Event::Read { reply } => turn.answers.push(Answer::View(reply)),
            Event::Edit { request, reply } => self.edit(&request, reply, turn)?,
            Event::Drain { close } => turn.drain = Some(close),
        }
        Ok(())
    }

    /// What something took, on the account of who asked for it.
    fn charge(&mut self, id: MemberId, started: Instant) {
        if let Some(member) = self.members.get_mut(id) {
            let now = clock::instant();
            member.charge.add(now.saturating_duration_since(started), now);
        }
    }

    fn leave(&mut self, id: MemberId) {
        self.members.leave(id);
        self.presence.leave(id);
        self.plan_presence();
        if self.members.is_empty() {
            self.due.empty = Some(clock::instant() + EMPTY);
        }
    }

    fn hear(&mut self, id: MemberId, awareness: &[u8]) {
        let Some(member) = self.members.get_mut(id) else { return };
        match guard::lint_awareness(awareness) {
            Ok(entries) => {
                for _ in 0..self.presence.hear(id, &member.claims, entries, clock::now()) {
                    metrics::refusal("not_yours");
                }
                self.plan_presence();
            }
            Err(refusal) => self.expel(id, close_for(&Rejected::Refused(refusal))),
        }
    }

    fn update(&mut self, id: MemberId, update: &[u8], lane: Lane, turn: &mut Turn) -> Result<(), RoomError> {
        let Some(member) = self.members.get_mut(id) else { return Ok(()) };
        member.frames += 1;
        let (author, may_write) = (Arc::clone(&member.author), member.may_write());
        if self.weight + update.len() > limits::DOCUMENT_BYTES_MAX && self.is_full(update.len())? {
            self.expel(id, Close::new(CloseCode::TooLarge, "the plan would be larger than 8 MiB"));
            return Ok(());
        }
        match self.document()?.take(&author.person, may_write, update, lane) {
            Ok(delta) => {
                self.answered(id, lane);
                if !delta.is_empty() {
                    self.keep(delta, author, Origin::Human, turn)?;
                }
            }
            Err(Rejected::Refused(Refusal::Gap { .. })) => self.ask(id, lane)?,
            Err(rejected @ Rejected::Broken(_)) => {
                tracing::error!(plan = %self.row.id, person = %author.person, error = %rejected, "an update broke the document");
                self.expel(id, close_for(&rejected));
                self.rebuild(turn)?;
            }
            Err(rejected) => {
                tracing::info!(plan = %self.row.id, person = %author.person, error = %rejected, "an update is refused");
                self.expel(id, close_for(&rejected));
            }
        }
        Ok(())
    }

    /// A SyncStep2 was asked for when something was missing; now nothing is.
    fn answered(&mut self, id: MemberId, lane: Lane) {
        if let Some(member) = self.members.get_mut(id)
            && lane == Lane::Sync
        {
            member.asked = false;
        }
    }

    /// Something is missing before this update: ask for all of it. Where even that has a gap, the client's copy
    /// builds on what this server does not have.
    fn ask(&mut self, id: MemberId, lane: Lane) -> Result<(), RoomError> {
        metrics::refusal("gap");
        let state_vector = self.document()?.state_vector();
        let Some(member) = self.members.get_mut(id) else { return Ok(()) };
        if lane == Lane::Sync {
            let reason = "this copy builds on edits that the server does not have: start from an empty one";
            self.expel(id, Close::new(CloseCode::StartAfresh, reason));
        } else if !member.asked {
            member.asked = true;
            member.outbox.offer(wire::encode(&Frame::SyncStep1(&state_vector)).into());
        }
        Ok(())
    }

    fn edit(
        &mut self,
        request: &EditRequest,
        reply: oneshot::Sender<Result<Seq, EditRefused>>,
        turn: &mut Turn,
    ) -> Result<(), RoomError> {
        let stamp = Stamp { at: clock::rfc3339(clock::now()), by: request.author.person.clone() };
        if self.weight > limits::DOCUMENT_BYTES_MAX && self.is_full(0)? {
            // The requester may have gone away; there is nobody else to tell.
            let _ = reply.send(Err(EditRefused::TooLarge("the plan is larger than 8 MiB".to_owned())));
            return Ok(());
        }
        match self.document()?.edit(&request.edit, &stamp) {
            Ok(delta) => {
                if let Some(delta) = delta {
                    self.keep(delta, Arc::clone(&request.author), request.origin, turn)?;
                }
                turn.answers.push(Answer::Edited(reply));
            }
            Err(EditRejected::Malformed(fields)) => {
                let _ = reply.send(Err(EditRefused::Malformed(fields)));
            }
            Err(EditRejected::Broken(why)) => {
                let _ = reply.send(Err(EditRefused::TooLarge(why)));
                self.rebuild(turn)?;
            }
        }
        Ok(())
    }

    /// Puts a delta into the turn's entries. What one person wrote within a turn is one entry: nobody has seen
    /// anything of this turn, so nothing of somebody else stands between. The server's own client id serves many
    /// authors, so its edits stay apart and in order.
    fn keep(&mut self, delta: Delta, author: Arc<Author>, origin: Origin, turn: &mut Turn) -> Result<(), RoomError> {
        turn.updates += 1;
        let document = self.document()?;
        let server = document.client();
        let mut of_server = false;
        for client in delta.clients() {
            if client == server {
                of_server = true;
            } else if document.claim(client, &author.person) {
                turn.claims.push((client, author.person.clone()));
            }
        }
        self.weight += delta.len_hint();
        // Only the newest of this hand: what it wrote goes on there. Beyond the size of one update nothing is merged,
        // so that an entry can always be loaded and a frame always be read.
        let same_hand = turn.entries.iter_mut().rev().find(|pending| {
            !of_server && pending.author == author && pending.origin == origin && origin == Origin::Human
        });
        match same_hand {
            Some(pending) if fits_one_update(&pending.delta, &delta) => pending.delta.merge(delta),
            _ => turn.entries.push(Pending { author, origin, delta }),
        }
        Ok(())
    }

    /// Commits the turn, then tells everybody.
    async fn finish(&mut self, turn: Turn) -> Result<(), RoomError> {
        if !turn.entries.is_empty() {
            for (update, seq) in self.commit(turn.entries, turn.claims, turn.updates).await? {
                // What a client wrote while it was away may be longer than a live update may be.
                if update.len() <= limits::UPDATE_BYTES_MAX {
                    self.members.broadcast(&wire::encode(&Frame::Update(&update)).into(), seq);
                } else {
                    self.members.broadcast_large(&wire::encode(&Frame::SyncStep2(&update)).into(), seq);
                }
            }
        }
        self.members.acknowledge(self.seq);
        for answer in turn.answers {
            self.answer(answer)?;
        }
        Ok(())
    }

    /// Appends the entries and returns them merged into as few updates as there can be, each with the entry that a
    /// copy stands at after it.
    async fn commit(
        &mut self,
        pending: Vec<Pending>,
        claims: Vec<(ClientId, PersonId)>,
        updates: usize,
    ) -> Result<Vec<(Vec<u8>, Seq)>, RoomError> {
        let now = clock::now();
        let mut merged: Vec<(Delta, Seq)> = Vec::new();
        let mut seq = self.seq;
        let mut entries = Vec::with_capacity(pending.len());
        for Pending { author, origin, delta } in pending {
            entries.push(NewEntry { at: now, author, origin, update: delta.encode() });
            seq += 1;
            match merged.last_mut() {
                Some((last, at)) if fits_one_update(last, &delta) => {
                    last.merge(delta);
                    *at = seq;
                }
                _ => merged.push((delta, seq)),
            }
        }
        let bytes: usize = entries.iter().map(|entry| entry.update.len()).sum();
        let count = entries.len();
        metrics::log_queue(self.log.queued());
        self.seq = self.log.append(self.key, self.seq, entries, claims).await?;
        metrics::edits(updates);
        metrics::entries(count);
        self.updated_at = now;
        self.snapshot.entries += count as u64;
        self.snapshot.bytes += bytes;
        self.due.card = Some(clock::instant() + CARD_DELAY);
        Ok(merged.into_iter().map(|(delta, seq)| (delta.encode(), seq)).collect())
    }

    /// Tells what rested on the commit.
    fn answer(&mut self, answer: Answer) -> Result<(), RoomError> {
        match answer {
            Answer::Greet(id) => self.greet(id),
            Answer::Difference(id, state_vector, slot) => {
                let started = clock::instant();
                self.difference(id, &state_vector)?;
                self.charge(id, started);
                drop(slot);
                Ok(())
            }
            Answer::Everyone(id) => {
                if let Some(member) = self.members.get_mut(id) {
                    member.introduce(&self.presence.everyone());
                }
                Ok(())
            }
            Answer::CatchUp(id, given) => self.catch_up(id, given),
            Answer::View(reply) => {
                let view = self.view()?;
                let _ = reply.send(view);
                Ok(())
            }
            Answer::Edited(reply) => {
                let _ = reply.send(Ok(self.seq));
                Ok(())
            }
        }
    }

    /// Welcome for those who understand it, then the question what they have, then who is there.
    fn greet(&mut self, id: MemberId) -> Result<(), RoomError> {
        let state_vector = self.document()?.state_vector();
        let (seq, epoch, scope) = (self.seq, self.row.epoch, self.scope.clone());
        let everyone = self.presence.everyone();
        let Some(member) = self.members.get_mut(id) else { return Ok(()) };
        if member.dialect == Dialect::Plansync {
            let welcome = Welcome {
                person: member.claims.sub.clone(),
                party: member.claims.party.clone(),
                access: member.claims.access,
                scope,
                epoch,
                seq,
                last_visit_seq: 0,
                limits: WireLimits::default(),
                server_time: clock::timestamp(),
            };
            member.outbox.offer(wire::encode(&Frame::Welcome(welcome)).into());
        }
        member.outbox.offer(wire::encode(&Frame::SyncStep1(&state_vector)).into());
        member.introduce(&everyone);
        Ok(())
    }

    fn difference(&mut self, id: MemberId, known: &[(ClientId, u32)]) -> Result<(), RoomError> {
        let difference = self.document()?.difference(known);
        let seq = self.seq;
        if let Some(member) = self.members.get_mut(id) {
            member.synced = true;
            member.outbox.offer_difference(wire::encode(&Frame::SyncStep2(&difference)).into(), seq);
        }
        Ok(())
    }

    /// One difference for all that was thrown away: the entries since, merged; or the whole state.
    fn catch_up(&mut self, id: MemberId, given: Option<Seq>) -> Result<(), RoomError> {
        metrics::resync();
        let since = match given {
            Some(given) => self.log.read(self.key, given, CATCH_UP_ENTRIES_MAX)?,
            None => None,
        };
        let merged = since.and_then(|entries| {
            let updates: Vec<_> = entries.into_iter().map(|entry| entry.new.update).collect();
            // The state is small where much has been overwritten, and never larger than a client reads.
            let bytes: usize = updates.iter().map(Vec::len).sum();
            (bytes <= OUTBOX_BYTES_MAX).then(|| document::merge(&updates).ok())?
        });
        let difference = match merged {
            Some(merged) => merged,
            None => self.document()?.state(),
        };
        let seq = self.seq;
        if let Some(member) = self.members.get_mut(id) {
            member.synced = true;
            member.outbox.offer_difference(wire::encode(&Frame::SyncStep2(&difference)).into(), seq);
        }
        Ok(())
    }

    fn view(&mut self) -> Result<View, RoomError> {
        let (seq, updated_at) = (self.seq, self.updated_at);
        let plan = self.document()?.plan();
        Ok(View { seq, updated_at, plan: plan.clone() })
    }

    /// Ends one connection with a reason; the others do not notice.
    fn expel(&mut self, id: MemberId, close: Close) {
        metrics::refusal(close.code.reason());
        if let Some(member) = self.members.leave(id) {
            member.outbox.close(close);
        }
        self.leave(id);
    }

    /// The document, opened from the log where the room has let it go.
    fn document(&mut self) -> Result<&mut Document, RoomError> {
        if self.document.is_none() {
            self.open()?;
        }
        Ok(self.document.as_mut().expect("it has just been opened"))
    }

    fn open(&mut self) -> Result<(), RoomError> {
        let loaded = self.log.load(self.key)?;
        let (base, base_bytes) = loaded.snapshots.first().map_or((0, 0), |(seq, state)| (*seq, state.len()));
        let bytes: usize = loaded.entries.iter().map(|entry| entry.new.update.len()).sum();
        // A document that stands at its snapshot has no entry to tell.
        self.updated_at = match loaded.entries.last() {
            Some(last) => last.new.at,
            None => self.log.listed(&self.row.id)?.and_then(|listed| listed.head).map_or(0, |(_, at)| at),
        };
        let (document, seq) = self.replay(loaded)?;
        self.seq = seq;
        self.weight = base_bytes + bytes;
        self.snapshot = SinceSnapshot { entries: seq - base, bytes };
        self.document = Some(document);
        Ok(())
    }

    /// Opens what was loaded; where its snapshot is damaged, what else the log keeps.
    fn replay(&self, loaded: Loaded) -> Result<(Document, Seq), RoomError> {
        match Document::open(loaded) {
            Err(document::OpenError::NoBase) => Ok(Document::open(self.log.load_all(self.key)?)?),
            outcome => Ok(outcome?),
        }
    }

    /// Opens the document again from the log and gives it what this turn has taken and not yet committed.
    fn rebuild(&mut self, turn: &Turn) -> Result<(), RoomError> {
        metrics::room_death();
        let (mut document, _) = self.replay(self.log.load(self.key)?)?;
        for pending in &turn.entries {
            document.load(&pending.delta.encode()).map_err(RoomError::Rebuild)?;
        }
        for (client, person) in &turn.claims {
            document.claim(*client, person);
        }
        self.document = Some(document);
        Ok(())
    }

    /// Whether the document with this much more is above its cap. Measured, because what was overwritten weighs
    /// little once it has been collected.
    fn is_full(&mut self, more: usize) -> Result<bool, RoomError> {
        self.weight = self.document()?.state().len();
        Ok(self.weight + more > limits::DOCUMENT_BYTES_MAX)
    }

    /// What is due by the clock.
    async fn housekeep(&mut self) -> Result<(), RoomError> {
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
            self.snapshot()?;
        }
        if self.due.card.is_some_and(|due| due <= now) {
            self.due.card = None;
            let card = serde_json::to_vec(&card(self.document()?.plan())).unwrap_or_default();
            self.log.card(self.row.number, self.seq, card).await?;
        }
        if self.due.quiet <= now {
            self.part()?;
            self.due.quiet = now + QUIET;
        }
        Ok(())
    }

    fn plan_presence(&mut self) {
        if self.presence.has_news() {
            self.due.presence.get_or_insert(clock::instant() + PRESENCE_TICK);
        }
    }

    /// Lets the document go.
    fn part(&mut self) -> Result<(), RoomError> {
        if self.document.is_some() && self.snapshot.entries >= PARTING_ENTRIES {
            self.snapshot()?;
        }
        self.document = None;
        Ok(())
    }

    /// Leaves a snapshot to the room that opens the document next, and waits for it: the store is about to close.
    async fn bequeath(&mut self) -> Result<(), RoomError> {
        if let Some(document) = self.document.as_ref().filter(|_| self.snapshot.entries >= PARTING_ENTRIES)
            && let Ok(packed) = log::pack(&document.state())
        {
            self.log.snapshot(self.key, self.seq, packed).await?;
            metrics::snapshot();
        }
        Ok(())
    }

    /// Writes a snapshot in the background. Should it fail, the log says so to everybody by itself.
    fn snapshot(&mut self) -> Result<(), RoomError> {
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

impl Due {
    fn next(&self) -> Instant {
        [self.presence, Some(self.expiry), self.card, Some(self.quiet), self.empty]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(self.expiry)
    }
}

/// Whether two deltas together can be sent as one Update.
fn fits_one_update(first: &Delta, second: &Delta) -> bool {
    first.len_hint().saturating_add(second.len_hint()) <= limits::UPDATE_BYTES_MAX
}

/// What a list of plans shows of one.
#[must_use]
pub fn card(plan: &Plan) -> Value {
    let meta = |key: &str| plan.meta.text(key).map(str::to_owned);
    json!({
        "title": meta("title"),
        "account": meta("account"),
        "stage": meta("stage"),
        "target": meta("target.date").map(|date| json!({"kind": meta("target.kind"), "date": date})),
        "figures": plan::figures::figures(plan),
    })
}

/// How a refused update ends its connection.
fn close_for(rejected: &Rejected) -> Close {
    let code = match rejected {
        Rejected::Refused(Refusal::TooLarge { .. }) => CloseCode::TooLarge,
        Rejected::Refused(_) | Rejected::Broken(_) => CloseCode::Malformed,
        Rejected::Forged { .. } | Rejected::ReadOnly => CloseCode::NotAllowed,
    };
    Close::new(code, rejected.to_string())
}
