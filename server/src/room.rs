//! The room of one document: everything that happens to it happens here, one thing after the other.
//!
//! In: a closed set of [`Event`]s from a bounded inbox. Out: entries to the log, frames to the members' outboxes,
//! answers. One turn of the loop takes what waits, applies it, commits it as one append, and only then tells
//! anyone: nothing leaves before it is on disk, so the document runs ahead of the log by at most one commit.
//! What was written becomes changes once it has settled. When the log refuses or fails, the members are told to come
//! back and the room ends; it is opened again by replay.

mod forgetting;
mod hosting;
mod keeping;
mod opening;
mod reviewing;

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use jiff::civil::Date;
use plansync_protocol::{
    guard::{self, Delta, Lane, Refusal as Rule},
    ids::{Access, ClientId, Origin, PartyId, PersonId, Scope, Seq},
    limits,
    plan::{self, Change, Edit, Malformed, Plan, Stamp, change, derived::Standing, diff, figures, item},
    wire::{self, CloseCode, Frame},
};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

pub use forgetting::Forgetting;
use hosting::close_for;
use reviewing::Judged;

use crate::{
    activity::{self, Record},
    auth::Author,
    charge::Slot,
    clock::{self, Millis},
    document::{self, Document, EditRejected, Rejected},
    log::{DocKey, Log, LogError, NewEntry, PlanRow},
    members::{Member, MemberId, Members},
    metrics,
    outbox::Close,
    presence::Presence,
    review::{self, Refusal},
    settling::{Hand, Settling},
};

/// What waits for a room before its sockets feel it.
pub const INBOX_MAX: usize = 256;
/// A turn takes no more events after this long: the commit of what it has taken is due, and so are other rooms.
const TURN_MAX: Duration = Duration::from_millis(10);
/// How often those who have fallen silent are looked for.
const EXPIRY_TICK: Duration = Duration::from_secs(5);
/// A card is written when a plan has been still for this long. Until then a list asks the room.
const CARD_DELAY: Duration = Duration::from_secs(5);
/// A room where nothing happens for this long lets its document go and keeps its members.
const QUIET: Duration = Duration::from_secs(5);
/// A room with nobody in it closes after this long: a page that is reloaded finds it still open.
const EMPTY: Duration = Duration::from_secs(10);
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
    /// Somebody has seen everything up to here.
    Seen { id: MemberId },
    /// A socket has drained after its queue was thrown away: everything after `given`, or the whole state.
    CatchUp { id: MemberId, given: Option<Seq> },
    /// A request reads the plan; where it asks so, after everything written has become changes.
    Read { settled: bool, reply: oneshot::Sender<View> },
    /// Something else has happened around the plan, such as a visitor who was refused; it becomes a change.
    Tell { event: change::Event, author: Arc<Author>, origin: Origin },
    /// A request edits the plan.
    Edit { request: Box<EditRequest>, reply: oneshot::Sender<Result<Edited, EditRefused>> },
    /// Somebody is to be taken out of the document.
    Forget(Box<Forgetting>),
    /// The server stops: nobody else comes, everybody leaves.
    Drain { close: Close },
}

impl Event {
    /// The member who is heard with it.
    fn heard(&self) -> Option<MemberId> {
        match self {
            Self::Ask { id, .. }
            | Self::Update { id, .. }
            | Self::Presence { id, .. }
            | Self::WhoIsThere { id }
            | Self::Seen { id }
            | Self::CatchUp { id, .. } => Some(*id),
            Self::Join { .. }
            | Self::Leave { .. }
            | Self::Read { .. }
            | Self::Tell { .. }
            | Self::Edit { .. }
            | Self::Forget(_)
            | Self::Drain { .. } => None,
        }
    }
}

/// A typed edit of a request.
#[derive(Debug)]
pub struct EditRequest {
    /// Who.
    pub author: Arc<Author>,
    /// By what kind of hand.
    pub origin: Origin,
    /// How far their rights go; `None` for the workspace.
    pub access: Option<Access>,
    /// What.
    pub edit: Edit,
}

/// What a request's edit did.
#[derive(Debug, Clone)]
pub struct Edited {
    /// The entry the plan stands at.
    pub seq: Seq,
    /// What is different now, as it stands before it settles.
    pub changes: Vec<Change>,
    /// What was put back.
    pub refused: Vec<Refusal>,
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
    /// When the plan was created.
    pub created_at: Millis,
    /// Who worked on it when.
    pub record: Record,
    /// The plan. Its rows are shared with the room's own copy.
    pub plan: Plan,
}

impl View {
    /// The day in the plan's zone.
    #[must_use]
    pub fn today(&self) -> Date {
        activity::day(clock::now(), &item::time_zone(&self.plan))
    }

    /// What a list of plans shows of it.
    #[must_use]
    pub fn card(&self) -> Value {
        card(&self.plan, &self.record, self.created_at)
    }
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
    /// None until the document has been opened once.
    settling: Option<Settling>,
    /// How long a field has to be still to become a change.
    still: Duration,
    record: Record,
    /// Whether it has something that no change will bring to the log.
    record_is_news: bool,
    /// Who has been erased from the plan: nothing personal is written under these ids.
    erased: Arc<BTreeSet<PersonId>>,
    /// Where the plan stood when that was told last; none before its first change.
    standing: Option<Standing>,
    /// Whether the log does not have that yet.
    standing_is_news: bool,
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
    settling: Option<Instant>,
    /// Changes are not told before this.
    telling: Instant,
    /// Where the plan stands is looked at: after changes, and when its day turns.
    standing: Option<Instant>,
    /// When that was looked at last.
    stood: Instant,
    quiet: Instant,
    empty: Option<Instant>,
}

/// What one turn does: what is to be committed, and what is told after it.
struct Turn {
    /// When it began: what its entries say.
    at: Millis,
    entries: Vec<Pending>,
    claims: Vec<(ClientId, PersonId)>,
    updates: usize,
    answers: Vec<Answer>,
    /// Who has seen all that is there, whether or not they have left since.
    seen: BTreeSet<PersonId>,
    /// Everything written is to become changes before the answers.
    settle: bool,
    /// Nothing else is taken in before it is done.
    forget: Option<Box<Forgetting>>,
    drain: Option<Close>,
}

struct Pending {
    hand: Hand,
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
    Edited(Vec<Change>, Vec<Refusal>, oneshot::Sender<Result<Edited, EditRefused>>),
    Refused(MemberId, u64, Vec<Refusal>),
}

impl Turn {
    fn at(at: Millis) -> Self {
        Self {
            at,
            entries: Vec::new(),
            claims: Vec::new(),
            updates: 0,
            answers: Vec::new(),
            seen: BTreeSet::new(),
            settle: false,
            forget: None,
            drain: None,
        }
    }

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
    pub fn new(
        row: PlanRow,
        (scope, key): (Scope, DocKey),
        log: Log,
        still: Duration,
        inbox: mpsc::Receiver<Event>,
    ) -> Self {
        let now = clock::instant();
        Self {
            key,
            row,
            scope,
            log,
            inbox,
            members: Members::default(),
            presence: Presence::default(),
            document: None,
            settling: None,
            still,
            record: Record::default(),
            record_is_news: false,
            erased: Arc::default(),
            standing: None,
            standing_is_news: false,
            seq: 0,
            updated_at: 0,
            weight: 0,
            snapshot: SinceSnapshot::default(),
            due: Due {
                presence: None,
                expiry: now + EXPIRY_TICK,
                card: None,
                settling: None,
                telling: now,
                standing: None,
                stood: now.checked_sub(keeping::STANDING_PACE).unwrap_or(now),
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
                // Time may go back; entries do not.
                let mut turn = Turn::at(clock::now().max(self.updated_at));
                while started.elapsed() < TURN_MAX
                    && turn.forget.is_none()
                    && let Some(event) = waiting.next()
                {
                    self.handle(event, &mut turn)?;
                }
                let (drain, forget) = (turn.drain.take(), turn.forget.take());
                self.finish(turn).await?;
                if let Some(forgetting) = forget {
                    self.forget(*forgetting).await?;
                }
                if let Some(close) = drain {
                    self.tell(None).await?;
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
        // Whose access has ended is not heard any more, whatever of theirs was on its way.
        if let Some(id) = event.heard()
            && let Some(close) = self.members.get(id).and_then(Member::lapsed)
        {
            self.expel(id, close);
            return Ok(());
        }
        match event {
            Event::Join { id, member } => {
                if let Some(close) = member.lapsed() {
                    member.outbox.close(close);
                    return Ok(());
                }
                self.tell_presence(true, &member);
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
            // A visit is one of the shared document.
            Event::Seen { id } if self.scope == Scope::Shared => {
                turn.seen.extend(self.members.get_mut(id).map(|member| member.claims.sub.clone()));
            }
            Event::Seen { .. } => {}
            Event::CatchUp { id, given } => turn.answers.push(Answer::CatchUp(id, given)),
            Event::Read { settled, reply } => {
                turn.settle |= settled;
                turn.answers.push(Answer::View(reply));
            }
            Event::Tell { event, author, origin } => {
                let now = clock::now().max(self.updated_at);
                if let Some(settling) = &mut self.settling {
                    settling.tell(event, Hand { author, origin }, self.seq, now);
                }
                self.plan_settling();
            }
            Event::Edit { request, reply } => self.edit(*request, reply, turn)?,
            Event::Forget(forgetting) => turn.forget = Some(forgetting),
            Event::Drain { close } => turn.drain = Some(close),
        }
        Ok(())
    }

    /// Takes an update into the document; what it overwrites of others becomes a change of theirs first.
    fn take(&mut self, hand: &Hand, update: &[u8], lane: Lane, turn: &Turn) -> Result<Delta, Rejected> {
        let (document, settling) = self.opened();
        let delta = document.check(&hand.author.person, update, lane)?;
        if !delta.is_empty() {
            settling.make_way(delta.touched(), hand, turn.at, document);
            document.take(&delta)?;
        }
        Ok(delta)
    }

    fn update(&mut self, id: MemberId, update: &[u8], lane: Lane, turn: &mut Turn) -> Result<(), RoomError> {
        let Some(member) = self.members.get_mut(id) else { return Ok(()) };
        member.frames += 1;
        let (author, access, frame) = (Arc::clone(&member.author), member.claims.access, member.frames);
        let before = self.document()?.plan().clone();
        if self.weight + update.len() > limits::DOCUMENT_BYTES_MAX && self.is_full(update.len())? {
            self.expel(id, Close::new(CloseCode::TooLarge, "the plan would be larger than 8 MiB"));
            return Ok(());
        }
        let hand = Hand { author, origin: Origin::Human };
        match self.take(&hand, update, lane, turn) {
            Ok(delta) => {
                self.answered(id, lane);
                if !delta.is_empty() {
                    let judged = Judged { hand, access: Some(access), before: &before, reason: None, is_typed: false };
                    match self.judge(delta, &judged, turn)? {
                        Ok((delta, refusals)) => {
                            self.keep(delta, judged.hand, turn)?;
                            if !refusals.is_empty() {
                                turn.answers.push(Answer::Refused(id, frame, refusals));
                            }
                        }
                        Err(why) => self.expel(id, Close::new(CloseCode::TooLarge, why)),
                    }
                }
            }
            Err(Rejected::Refused(Rule::Gap { .. })) => self.ask(id, lane)?,
            Err(rejected @ Rejected::Broken(_)) => {
                tracing::error!(plan = %self.row.id, person = %hand.author.person, error = %rejected, "an update broke the document");
                self.expel(id, close_for(&rejected));
                self.rebuild(turn)?;
            }
            Err(rejected) => {
                tracing::info!(plan = %self.row.id, person = %hand.author.person, error = %rejected, "an update is refused");
                self.expel(id, close_for(&rejected));
            }
        }
        Ok(())
    }

    fn edit(
        &mut self,
        mut request: EditRequest,
        reply: oneshot::Sender<Result<Edited, EditRefused>>,
        turn: &mut Turn,
    ) -> Result<(), RoomError> {
        let author = self.with_party(&request.author)?;
        let hand = Hand { author, origin: request.origin };
        let stamp = Stamp { at: clock::rfc3339(turn.at), by: hand.author.person.clone() };
        if self.weight > limits::DOCUMENT_BYTES_MAX && self.is_full(0)? {
            // The requester may have gone away; there is nobody else to tell.
            let _ = reply.send(Err(EditRefused::TooLarge("the plan is larger than 8 MiB".to_owned())));
            return Ok(());
        }
        self.document()?;
        let erased = Arc::clone(&self.erased);
        let (document, settling) = self.opened();
        settling.make_way_for(&request.edit.targets(), &hand, turn.at, document);
        let before = document.plan().clone();
        let mut forbidden = review::forbid(&mut request.edit, &erased, &before);
        match document.edit(&request.edit, &stamp) {
            Ok(None) => turn.answers.push(Answer::Edited(Vec::new(), forbidden, reply)),
            Ok(Some(delta)) => {
                let reason = request.edit.reason.as_deref();
                let judged = Judged { hand, access: request.access, before: &before, reason, is_typed: true };
                match self.judge(delta, &judged, turn)? {
                    Ok((delta, refused)) => {
                        let hand = judged.hand;
                        let differences = diff::plans(&before, self.document()?.plan());
                        let seq = self.keep(delta, hand.clone(), turn)?;
                        let changes = self.preview(differences, &hand, seq, turn.at);
                        forbidden.extend(refused);
                        turn.answers.push(Answer::Edited(changes, forbidden, reply));
                    }
                    Err(why) => drop(reply.send(Err(EditRefused::TooLarge(why)))),
                }
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

    /// A host application that acts for a person of the plan acts for their party; in a party's own document for that
    /// one.
    fn with_party(&mut self, author: &Arc<Author>) -> Result<Arc<Author>, RoomError> {
        if author.party.is_some() {
            return Ok(Arc::clone(author));
        }
        let party = match &self.scope {
            Scope::Party(party) => Some(party.clone()),
            Scope::Shared => {
                let plan = self.document()?.plan();
                plan.person(author.person.as_str()).and_then(|person| PartyId::parse(person.party()?).ok())
            }
        };
        Ok(Arc::new(Author { person: author.person.clone(), party }))
    }

    /// What an edit changed, told to its requester at once: others hear of it when it has settled.
    fn preview(&self, differences: Vec<plan::Difference>, hand: &Hand, seq: Seq, at: Millis) -> Vec<Change> {
        let numbered = (0..).zip(differences.into_iter().map(|difference| difference.within(&self.scope)));
        let change = |(n, difference)| Change {
            agreed_by: [].into(),
            seq,
            n,
            at: clock::rfc3339(at).into(),
            actor: hand.author.person.clone(),
            party: hand.author.party.clone(),
            scope: self.scope.clone(),
            origin: hand.origin,
            event: change::Event::Difference(difference),
        };
        numbered.map(change).collect()
    }

    /// Puts a delta into the turn's entries. What one person wrote within a turn is one entry, since nobody has seen
    /// anything of this turn, unless somebody else has touched the same entity in between: changes are told in the
    /// order of the entries, which has to be that in which the document took them. The server's own client id serves
    /// many authors, so its edits stay apart and in order.
    /// Tells the number that the entry will have.
    fn keep(&mut self, delta: Delta, hand: Hand, turn: &mut Turn) -> Result<Seq, RoomError> {
        turn.updates += 1;
        let document = self.document()?;
        let server = document.client();
        let mut of_server = false;
        for client in delta.clients() {
            if client == server {
                of_server = true;
            } else if document.claim(client, &hand.author.person) {
                turn.claims.push((client, hand.author.person.clone()));
            }
        }
        self.weight += delta.len_hint();
        // Only the newest of this hand: what it wrote goes on there. Beyond the size of one update nothing is merged,
        // so that an entry can always be loaded and a frame always be read.
        let same_hand = turn
            .entries
            .iter()
            .rposition(|pending| !of_server && pending.hand == hand && hand.origin == Origin::Human)
            .filter(|at| fits_one_update(&turn.entries[*at].delta, &delta))
            .filter(|at| !turn.entries[at + 1..].iter().any(|later| later.delta.touched().meets(delta.touched())));
        let at = same_hand.unwrap_or(turn.entries.len());
        let seq = self.seq + at as u64 + 1;
        if let Some(settling) = &mut self.settling {
            settling.note(delta.touched(), &hand, seq, turn.at);
        }
        match same_hand {
            Some(at) => turn.entries[at].delta.merge(delta),
            None => turn.entries.push(Pending { hand, delta }),
        }
        Ok(seq)
    }

    /// Commits the turn, then tells everybody.
    async fn finish(&mut self, turn: Turn) -> Result<(), RoomError> {
        if !turn.entries.is_empty() {
            for (update, seq) in self.commit(turn.at, turn.entries, turn.claims, turn.updates).await? {
                // What a client wrote while it was away may be longer than a live update may be.
                if update.len() <= limits::UPDATE_BYTES_MAX {
                    self.members.broadcast(&wire::encode(&Frame::Update(&update)).into(), seq);
                } else {
                    self.members.broadcast_large(&wire::encode(&Frame::SyncStep2(&update)).into(), seq);
                }
            }
        }
        self.members.acknowledge(self.seq);
        if turn.settle {
            self.tell(None).await?;
        }
        self.plan_settling();
        for person in turn.seen {
            self.log.visit(self.row.number, person, self.seq).await?;
        }
        for answer in turn.answers {
            self.answer(answer)?;
        }
        Ok(())
    }

    /// Appends the entries and returns them merged into as few updates as there can be, each with the entry that a
    /// copy stands at after it.
    async fn commit(
        &mut self,
        at: Millis,
        pending: Vec<Pending>,
        claims: Vec<(ClientId, PersonId)>,
        updates: usize,
    ) -> Result<Vec<(Vec<u8>, Seq)>, RoomError> {
        let mut merged: Vec<(Delta, Seq)> = Vec::new();
        let mut seq = self.seq;
        let mut entries = Vec::with_capacity(pending.len());
        for Pending { hand: Hand { author, origin }, delta } in pending {
            entries.push(NewEntry { at, author, origin, update: delta.encode() });
            seq += 1;
            match merged.last_mut() {
                Some((last, stands_at)) if fits_one_update(last, &delta) => {
                    last.merge(delta);
                    *stands_at = seq;
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
        self.updated_at = at;
        self.snapshot.entries += count as u64;
        self.snapshot.bytes += bytes;
        // What a list shows of a plan is what everybody sees.
        if self.scope == Scope::Shared {
            self.due.card = Some(clock::instant() + CARD_DELAY);
        }
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
            Answer::Edited(changes, refused, reply) => {
                let _ = reply.send(Ok(Edited { seq: self.seq, changes, refused }));
                Ok(())
            }
            Answer::Refused(id, frame, refusals) => {
                self.refuse(id, frame, &refusals);
                Ok(())
            }
        }
    }

    fn view(&mut self) -> Result<View, RoomError> {
        let (seq, updated_at) = (self.seq, self.updated_at);
        let plan = self.document()?.plan();
        let plan = plan.clone();
        Ok(View { seq, updated_at, created_at: self.row.created_at, record: self.record.clone(), plan })
    }
}

impl Due {
    fn next(&self) -> Instant {
        [self.presence, Some(self.expiry), self.card, self.settling, self.standing, Some(self.quiet), self.empty]
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

/// What a list of plans shows of one, as of the day in its zone.
#[must_use]
pub fn card(plan: &Plan, record: &Record, created_at: Millis) -> Value {
    let meta = |key: &str| plan.meta.text(key).map(str::to_owned);
    let zone = item::time_zone(plan);
    let today = activity::day(clock::now(), &zone);
    let figures = figures::figures(plan, today, &record.activity(today));
    json!({
        "title": meta("title"),
        "account": meta("account"),
        "opportunity": meta("opportunity"),
        "stage": meta("stage"),
        "tz": zone.iana_name(),
        "createdOn": activity::day(created_at, &zone),
        "value": plan.meta.number("value.amount").map(|amount| json!({"amount": amount, "currency": meta("value.currency")})),
        "target": meta("target.date").map(|date| json!({"kind": meta("target.kind"), "date": date})),
        "figures": figures,
    })
}
