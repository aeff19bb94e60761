//! The one thread that writes.
//!
//! It takes everything that waits, from all plans, into one commit, and answers after it. While one commit is being
//! synced the next one's requests gather, so the group grows with the load and an idle server adds no delay.
//! A storage error latches: nothing more is written, everyone is told, the thread ends and the store is closed.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    sync::Arc,
    thread,
    time::Duration,
};

use plansync_protocol::ids::{ClientId, PartyId, PersonId, PlanId, Scope, Seq};
use redb::{Database, ReadableTable, Table, WriteTransaction};
use tokio::sync::{mpsc, oneshot, watch};

use super::{
    LogError, PlanRow,
    entry::{self, Hash, NewEntry},
    erased::{self, Erase, Scrub, Tombstone},
    feed::{Feeds, News},
    forgotten::{self, Forget, ForgetMember},
    invites::{self, Ended, InviteRow, InviteStep},
    members::{self, MemberRow, MemberStep},
    sealed, tables,
    tables::DocKey,
    webhooks::{self, Write},
    workspaces::{self, WorkspaceRow},
};
use crate::{
    auth::WorkspaceId,
    clock::{self, Millis},
    metrics,
};

/// Requests in one commit. Beyond it the first of them would wait longer than a commit takes.
const GROUP_MAX: usize = 1024;
/// From the begin of one commit to that of the next, at least. A commit costs as much processor time as some ten edits,
/// so under load more edits share one; whoever comes after a pause waits for nobody.
const PACE: Duration = Duration::from_millis(2);
/// Snapshots kept of a document. The entries after the oldest of them keep their updates.
const SNAPSHOTS_KEPT: usize = 3;
/// Documents whose last entry is remembered between commits; beyond it all are read again.
const HEADS_MAX: usize = 100_000;

pub(super) type Reply<T> = oneshot::Sender<Result<T, LogError>>;

/// What the writer can be asked.
#[derive(Debug)]
pub(super) enum Request {
    Create { id: PlanId, workspace: WorkspaceId, first: NewEntry, reply: Reply<PlanRow> },
    Begin { plan: PlanRow, party: PartyId, first: NewEntry, reply: Reply<DocKey> },
    Append { doc: DocKey, after: Seq, entries: Vec<NewEntry>, authors: Vec<(ClientId, PersonId)>, reply: Reply<Seq> },
    Snapshot { doc: DocKey, seq: Seq, state: Vec<u8>, reply: Reply<()> },
    Card { plan: u64, seq: Seq, card: Vec<u8>, reply: Reply<()> },
    Changes { doc: DocKey, news: News, reply: Reply<()> },
    Visit { plan: u64, person: PersonId, seq: Seq, reply: Reply<()> },
    Webhook { write: Write, reply: Reply<()> },
    Member { plan: u64, step: MemberStep, now: Millis, reply: Option<Reply<MemberRow>> },
    Workspace { row: WorkspaceRow, reply: Reply<()> },
    Invite { row: Box<InviteRow>, secret: Hash, reply: Reply<bool> },
    InviteStep { plan: u64, id: Box<str>, step: InviteStep, now: Millis, reply: Reply<Result<InviteRow, Ended>> },
    Erase { erase: Erase, reply: Reply<Option<Tombstone>> },
    ForgetMember { forget: ForgetMember, now: Millis, reply: Reply<MemberRow> },
    Forget { forget: Forget, reply: Reply<()> },
    Scrub { reply: Reply<()> },
}

impl Request {
    /// The plan that it is about, where it is about one that is there.
    fn plan(&self) -> Option<u64> {
        match self {
            Self::Append { doc, .. } | Self::Snapshot { doc, .. } | Self::Changes { doc, .. } => Some(doc.0),
            Self::Card { plan, .. }
            | Self::Visit { plan, .. }
            | Self::Member { plan, .. }
            | Self::InviteStep { plan, .. } => Some(*plan),
            Self::Begin { plan, .. } => Some(plan.number),
            Self::ForgetMember { forget, .. } => Some(forget.plan),
            Self::Forget { forget, .. } => Some(forget.doc.0),
            Self::Invite { row, .. } => Some(row.number),
            Self::Webhook { write: Write::Cursor { plan, .. }, .. } => Some(*plan),
            Self::Webhook { .. }
            | Self::Workspace { .. }
            | Self::Create { .. }
            | Self::Erase { .. }
            | Self::Scrub { .. } => None,
        }
    }

    /// Whether it has a commit of its own: a page that is written once in it holds nothing of what it held before.
    fn is_erasure(&self) -> bool {
        matches!(self, Self::Erase { .. } | Self::ForgetMember { .. } | Self::Forget { .. })
    }

    /// Says that the plan is gone.
    fn refuse(self) {
        // A caller that has gone away needs no answer.
        let _ = match self {
            Self::Append { reply, .. } => reply.send(Err(LogError::Erased)).is_ok(),
            Self::Snapshot { reply, .. }
            | Self::Changes { reply, .. }
            | Self::Card { reply, .. }
            | Self::Visit { reply, .. }
            | Self::Forget { reply, .. }
            | Self::Scrub { reply } => reply.send(Err(LogError::Erased)).is_ok(),
            // A courier has nothing left to deliver.
            Self::Webhook { reply, .. } | Self::Workspace { reply, .. } => reply.send(Ok(())).is_ok(),
            Self::Create { reply, .. } => reply.send(Err(LogError::Erased)).is_ok(),
            Self::Begin { reply, .. } => reply.send(Err(LogError::Erased)).is_ok(),
            Self::Member { reply, .. } => reply.is_some_and(|reply| reply.send(Err(LogError::Erased)).is_ok()),
            Self::ForgetMember { reply, .. } => reply.send(Err(LogError::Erased)).is_ok(),
            Self::Invite { reply, .. } => reply.send(Err(LogError::Erased)).is_ok(),
            Self::InviteStep { reply, .. } => reply.send(Err(LogError::Erased)).is_ok(),
            Self::Erase { reply, .. } => reply.send(Ok(None)).is_ok(),
        };
    }
}

/// Where a document's chain ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) seq: Seq,
    hash: Hash,
}

/// An answer that waits for the commit.
type Answer = Box<dyn FnOnce(Result<(), LogError>)>;

pub(super) fn run(
    db: &Database,
    path: Option<PathBuf>,
    mut inbox: mpsc::Receiver<Request>,
    failure: &watch::Sender<Option<Arc<str>>>,
    feeds: &Arc<Feeds>,
) {
    let feeds = Arc::clone(feeds);
    let mut writer =
        Writer { heads: HashMap::new(), erased: HashSet::new(), feeds, scrubs: Vec::new(), waiting: Vec::new() };
    let mut group = Vec::with_capacity(GROUP_MAX);
    let mut started = clock::instant();
    let mut held = None;
    while let Some(first) = held.take().or_else(|| writer.next(db, path.as_ref(), &mut inbox, failure)) {
        thread::sleep(PACE.saturating_sub(started.elapsed()));
        started = clock::instant();
        let alone = first.is_erasure();
        group.push(first);
        while !alone
            && group.len() < GROUP_MAX
            && let Ok(next) = inbox.try_recv()
        {
            if next.is_erasure() {
                held = Some(next);
                break;
            }
            group.push(next);
        }
        metrics::commit_group(group.len());
        let mut answers = Vec::with_capacity(group.len());
        let outcome = writer.commit(db, group.drain(..), &mut answers);
        metrics::commit_seconds(started.elapsed());
        if let Err(error) = &outcome {
            fail(failure, error);
        }
        for answer in answers {
            answer(outcome.clone());
        }
        if outcome.is_err() {
            return refuse_all(&mut inbox);
        }
    }
    if failure.borrow().is_some() {
        return;
    }
    // Closing in order: the last commit saves what a later opening would otherwise have to work out.
    if let Err(error) = quick_repair(db) {
        tracing::error!(%error, "the store could not be closed in order");
    }
}

/// Says that the store has failed, for good.
fn fail(failure: &watch::Sender<Option<Arc<str>>>, error: &LogError) {
    tracing::error!(%error, "the store has failed: nothing more is acknowledged, the server stops");
    let reason = match error {
        LogError::Failed(reason) => Arc::clone(reason),
        other => other.to_string().into(),
    };
    failure.send_replace(Some(reason));
}

/// Takes what still comes in and drops it, which tells the callers. Dropping the inbox alone would leave those
/// waiting for ever that were just about to put their request into it.
fn refuse_all(inbox: &mut mpsc::Receiver<Request>) {
    inbox.close();
    while inbox.blocking_recv().is_some() {}
}

/// An empty commit that saves the allocator's state, so that the next opening needs no repair.
fn quick_repair(db: &Database) -> Result<(), LogError> {
    let mut write = db.begin_write()?;
    write.set_quick_repair(true);
    write.commit()?;
    Ok(())
}

/// A commit's tables: those that nearly every request writes to are opened once.
pub(super) struct Open<'t> {
    pub(super) write: &'t WriteTransaction,
    pub(super) entries: Entries<'t>,
    pub(super) authors: Table<'t, (u64, u32, u64), &'static str>,
    pub(super) cards: Table<'t, u64, (u64, &'static [u8])>,
}

/// The table of entries while it is written to.
pub(super) type Entries<'t> = Table<'t, (u64, u32, u64), &'static [u8]>;

impl<'t> Open<'t> {
    fn of(write: &'t WriteTransaction) -> Result<Self, LogError> {
        Ok(Self {
            write,
            entries: write.open_table(tables::ENTRIES)?,
            authors: write.open_table(tables::AUTHORS)?,
            cards: write.open_table(tables::CARDS)?,
        })
    }
}

struct Writer {
    heads: HashMap<DocKey, Head>,
    /// Plans that have been erased since the start: what their rooms still had to say is not kept.
    erased: HashSet<u64>,
    feeds: Arc<Feeds>,
    /// Who waits for the free pages to be overwritten, and how far that is.
    scrubs: Vec<(Scrub, Reply<()>)>,
    /// Who wants to wait for it next.
    waiting: Vec<Reply<()>>,
}

impl Writer {
    /// The next request. While free pages are to be overwritten, a few of them between two commits.
    fn next(
        &mut self,
        db: &Database,
        path: Option<&PathBuf>,
        inbox: &mut mpsc::Receiver<Request>,
        failure: &watch::Sender<Option<Arc<str>>>,
    ) -> Option<Request> {
        loop {
            let waiting = self.waiting.drain(..).map(|reply| (Scrub::new(path.cloned()), reply));
            self.scrubs.extend(waiting);
            let request = if self.scrubs.is_empty() {
                inbox.blocking_recv()?
            } else {
                let (mut scrub, reply) = self.scrubs.remove(0);
                match scrub.step(db) {
                    // A caller that has gone away needs no answer.
                    Ok(true) => drop(reply.send(Ok(()))),
                    Ok(false) => self.scrubs.insert(0, (scrub, reply)),
                    Err(error) => {
                        fail(failure, &error);
                        let _ = reply.send(Err(error));
                        refuse_all(inbox);
                        return None;
                    }
                }
                match inbox.try_recv() {
                    Ok(request) => request,
                    Err(mpsc::error::TryRecvError::Empty) => continue,
                    Err(mpsc::error::TryRecvError::Disconnected) => return None,
                }
            };
            match request {
                Request::Scrub { reply } => self.waiting.push(reply),
                request => return Some(request),
            }
        }
    }

    fn commit(
        &mut self,
        db: &Database,
        group: impl Iterator<Item = Request>,
        answers: &mut Vec<Answer>,
    ) -> Result<(), LogError> {
        if self.heads.len() > HEADS_MAX {
            self.heads.clear();
        }
        let write = match db.begin_write() {
            Ok(write) => write,
            Err(error) => {
                drop(group.collect::<Vec<_>>());
                return Err(error.into());
            }
        };
        let mut open = Open::of(&write)?;
        for request in group {
            self.write(&mut open, request, answers)?;
        }
        drop(open);
        write.commit()?;
        Ok(())
    }

    /// Writes one request into the transaction. Only a failure of the store is an error here; a refusal is
    /// the answer to that one request.
    fn write(&mut self, open: &mut Open<'_>, request: Request, answers: &mut Vec<Answer>) -> Result<(), LogError> {
        if request.plan().is_some_and(|plan| self.erased.contains(&plan)) {
            request.refuse();
            return Ok(());
        }
        match request {
            Request::Erase { erase, reply } => {
                let outcome = self.erase(open, &erase, answers);
                settle(outcome, reply, answers)
            }
            Request::ForgetMember { forget, now, reply } => {
                settle(forgotten::forget_member(open.write, forget, now), reply, answers)
            }
            Request::Forget { forget, reply } => settle(forgotten::forget(open, &forget), reply, answers),
            // One that came within a group: the pages are overwritten after it.
            Request::Scrub { reply } => {
                self.waiting.push(reply);
                Ok(())
            }
            Request::Create { id, workspace, first, reply } => {
                let outcome = self.create(open, id, workspace, &first);
                settle(outcome, reply, answers)
            }
            Request::Begin { plan, party, first, reply } => {
                let outcome = self.begin(open, &plan, party, &first);
                settle(outcome, reply, answers)
            }
            Request::Append { doc, after, entries, authors, reply } => {
                let outcome = self.append(open, doc, after, &entries, &authors);
                settle(outcome, reply, answers)
            }
            Request::Snapshot { doc, seq, state, reply } => settle(snapshot(open, doc, seq, &state), reply, answers),
            Request::Card { plan, seq, card, reply } => {
                open.cards.insert(plan, (seq, card.as_slice()))?;
                settle(Ok(()), reply, answers)
            }
            Request::Changes { doc, news, reply } => {
                write_changes(open, doc, &news)?;
                let (feeds, last) = (Arc::clone(&self.feeds), news.told.last);
                answers.push(Box::new(move |committed: Result<(), LogError>| {
                    if committed.is_ok() {
                        feeds.publish(doc, last);
                    }
                    // A caller that has gone away needs no answer.
                    let _ = reply.send(committed);
                }));
                Ok(())
            }
            Request::Visit { plan, person, seq, reply } => {
                open.write.open_table(tables::VISITS)?.insert((plan, person.as_str()), seq)?;
                settle(Ok(()), reply, answers)
            }
            Request::Webhook { write, reply } => settle(webhooks::write(open.write, write), reply, answers),
            Request::Member { plan, step, now, reply } => {
                let outcome = members::write(open.write, plan, step, now);
                // Who was only seen waits for no answer.
                settle(outcome, reply.unwrap_or_else(|| oneshot::channel().0), answers)
            }
            Request::Workspace { row, reply } => settle(workspaces::write(open.write, &row), reply, answers),
            Request::Invite { row, secret, reply } => {
                settle(invites::create(open.write, &row, &secret), reply, answers)
            }
            Request::InviteStep { plan, id, step, now, reply } => {
                settle(invites::step(open.write, plan, &id, step, now), reply, answers)
            }
        }
    }

    fn create(
        &mut self,
        open: &mut Open<'_>,
        id: PlanId,
        workspace: WorkspaceId,
        first: &NewEntry,
    ) -> Result<PlanRow, LogError> {
        let mut plans = open.write.open_table(tables::PLANS)?;
        if plans.get(id.as_str())?.is_some() {
            return Err(LogError::Exists(id));
        }
        let mut meta = open.write.open_table(tables::META)?;
        let number = meta.get("next_plan")?.map_or(1, |number| number.value());
        meta.insert("next_plan", number + 1)?;
        let epoch = 1 + erased::last_epoch(open.write, &id)?;
        let row = PlanRow { id, number, created_at: first.at, epoch, workspace };
        plans.insert(row.id.as_str(), (row.number, row.created_at, row.epoch))?;
        workspaces::write_plan(open.write, row.number, &row.workspace)?;
        let genesis = entry::genesis(row.id.as_str(), &Scope::Shared);
        self.heads.insert(row.doc(), Head { seq: 0, hash: genesis });
        self.append(open, row.doc(), 0, std::slice::from_ref(first), &[])?;
        Ok(row)
    }

    fn begin(
        &mut self,
        open: &mut Open<'_>,
        plan: &PlanRow,
        party: PartyId,
        first: &NewEntry,
    ) -> Result<DocKey, LogError> {
        let mut scopes = open.write.open_table(tables::SCOPES)?;
        if let Some(number) = scopes.get((plan.number, party.as_str()))? {
            return Ok((plan.number, number.value()));
        }
        let others = scopes.range((plan.number, "")..(plan.number + 1, ""))?.count();
        let number = tables::SHARED + 1 + u32::try_from(others).expect("a plan has few parties");
        scopes.insert((plan.number, party.as_str()), number)?;
        let doc = (plan.number, number);
        let genesis = entry::genesis(plan.id.as_str(), &Scope::Party(party));
        self.heads.insert(doc, Head { seq: 0, hash: genesis });
        self.append(open, doc, 0, std::slice::from_ref(first), &[])?;
        Ok(doc)
    }

    /// Takes a plan away; nothing, where there is none.
    fn erase(
        &mut self,
        open: &mut Open<'_>,
        erase: &Erase,
        answers: &mut Vec<Answer>,
    ) -> Result<Option<Tombstone>, LogError> {
        let row = {
            let plans = open.write.open_table(tables::PLANS)?;
            plans.get(erase.id.as_str())?.map(|row| row.value())
        };
        let Some((number, created_at, epoch)) = row else { return Ok(None) };
        let row = PlanRow { id: erase.id.clone(), number, created_at, epoch, workspace: WorkspaceId::default() };
        let head = last(&open.entries, row.doc())?;
        let left = erased::erase(open, &row, erase, (head.seq, head.hash))?;
        self.heads.retain(|doc, _| doc.0 != number);
        self.erased.insert(number);
        let feeds = Arc::clone(&self.feeds);
        answers.push(Box::new(move |committed: Result<(), LogError>| {
            if committed.is_ok() {
                feeds.end(number);
            }
        }));
        Ok(Some(left))
    }

    fn append(
        &mut self,
        open: &mut Open<'_>,
        doc: DocKey,
        after: Seq,
        new: &[NewEntry],
        authors: &[(ClientId, PersonId)],
    ) -> Result<Seq, LogError> {
        let mut head = match self.heads.get(&doc) {
            Some(head) => *head,
            None => last(&open.entries, doc)?,
        };
        if head.seq != after {
            return Err(LogError::Conflict { after, head: head.seq });
        }
        for entry in new {
            head = Head { seq: head.seq + 1, hash: entry.hash(&head.hash, head.seq + 1) };
            open.entries.insert((doc.0, doc.1, head.seq), entry.encode(&head.hash).as_slice())?;
        }
        for (client, person) in authors {
            open.authors.insert((doc.0, doc.1, *client), person.as_str())?;
        }
        self.heads.insert(doc, head);
        Ok(head.seq)
    }
}

/// Keeps changes, up to where they go, and who worked when.
fn write_changes(open: &Open<'_>, doc: DocKey, news: &News) -> Result<(), LogError> {
    let mut table = open.write.open_table(tables::CHANGES)?;
    for ((seq, n), change) in &news.changes {
        table.insert((doc.0, doc.1, *seq, *n), change.as_slice())?;
    }
    let told = news.told;
    let row = (told.last.0, told.last.1, told.from, news.activity.as_slice());
    open.write.open_table(tables::TOLD)?.insert(doc, row)?;
    if let Some(standing) = &news.standing {
        open.write.open_table(tables::STANDINGS)?.insert(doc, standing.as_slice())?;
    }
    Ok(())
}

/// The end of a document's chain as the table has it. A document always has its first entry: it is created
/// together with it, and sealing leaves the last ones.
pub(super) fn last(
    entries: &impl ReadableTable<(u64, u32, u64), &'static [u8]>,
    doc: DocKey,
) -> Result<Head, LogError> {
    let row = entries.range(tables::whole(doc))?.next_back().transpose()?;
    let (key, bytes) = row.ok_or_else(|| LogError::Damaged { doc, seq: 0, why: "it has no entry".into() })?;
    let entry = super::decode(doc, key.value().2, bytes.value())?;
    Ok(Head { seq: entry.seq, hash: entry.hash })
}

/// Keeps a snapshot, drops the oldest beyond those kept, and seals the entries that all kept ones cover.
fn snapshot(open: &mut Open<'_>, doc: DocKey, seq: Seq, state: &[u8]) -> Result<(), LogError> {
    let mut snapshots = open.write.open_table(tables::SNAPSHOTS)?;
    let newest = snapshots.range(tables::whole(doc))?.next_back().transpose()?.map(|(key, _)| key.value().2);
    // Made in the background, it may come after a later one, from which somebody has been taken out.
    if newest.is_some_and(|newest| newest > seq) {
        return Ok(());
    }
    snapshots.insert((doc.0, doc.1, seq), state)?;
    let mut kept = Vec::new();
    for row in snapshots.range(tables::whole(doc))? {
        kept.push(row?.0.value().2);
    }
    let surplus = kept.len().saturating_sub(SNAPSHOTS_KEPT);
    for old in &kept[..surplus] {
        snapshots.remove((doc.0, doc.1, *old))?;
    }
    match kept.get(surplus) {
        Some(oldest) if kept.len() >= SNAPSHOTS_KEPT => sealed::seal(open.write, &mut open.entries, doc, *oldest),
        _ => Ok(()),
    }
}

/// Puts an answer behind the commit. A refusal needs no commit, but keeps the order of answers.
fn settle<T: 'static>(
    outcome: Result<T, LogError>,
    reply: Reply<T>,
    answers: &mut Vec<Answer>,
) -> Result<(), LogError> {
    if let Err(error @ LogError::Failed(_)) = outcome {
        let _ = reply.send(Err(error.clone()));
        return Err(error);
    }
    answers.push(Box::new(move |committed| {
        // A caller that has gone away needs no answer.
        let _ = reply.send(committed.and(outcome));
    }));
    Ok(())
}
