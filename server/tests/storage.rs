//! A disk that fails, and a disk that forgets. A server has answered "it is written"; then a write comes back with an
//! error, or somebody trips over the cable and the disk has kept some of what it was given since the last sync, in any
//! order and in pieces of 512 bytes. Whatever was answered has to be there at the next start, and the chain whole.
//!
//! The whole log runs here on a backend in memory. `PLANSYNC_STORAGE_POINTS` power cuts (3,000 by default);
//! `PLANSYNC_SEED` repeats a run.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may fail anywhere, and ends with its process"
)]

use std::{
    fs, io,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use plansync_protocol::{
    ids::{Origin, PersonId, PlanId, Scope},
    plan::{self, Edit, Stamp},
};
use plansync_server::{
    auth::{Author, WorkspaceId},
    document::Document,
    log::{self, Log, LogError, NewEntry, OpenError, Opened, PlanRow, Store},
    room::Event,
    rooms::Rooms,
    workers::Workers,
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use redb::StorageBackend;
use tokio::time::timeout;

const PLANS: usize = 3;
/// Rounds of the workload: in each, every plan is written to at once.
const ROUNDS: u64 = 60;
/// A snapshot of a plan every so many rounds: with three kept, most of the entries are sealed in the end.
const SNAPSHOT_EVERY: u64 = 8;
/// What a disk writes as a whole.
const SECTOR: usize = 512;

/// Something done to the disk.
#[derive(Debug, Clone)]
enum Op {
    Write(u64, Vec<u8>),
    Length(u64),
    Sync,
}

#[derive(Debug, Default)]
struct State {
    image: Vec<u8>,
    /// Everything since the beginning, where it is recorded.
    ops: Vec<Op>,
    recording: bool,
    /// Calls until one fails; `None` where none does.
    fails_in: Option<u64>,
    /// Whether every call after the failing one fails too.
    stays_broken: bool,
    failed: bool,
}

/// A disk in memory that outlives the log on it.
#[derive(Debug, Clone, Default)]
struct Disk(Arc<Mutex<State>>);

impl Disk {
    fn holding(image: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(State { image, ..State::default() })))
    }

    fn change(&self, op: Op) -> io::Result<()> {
        let mut state = self.0.lock().unwrap();
        if state.failed && state.stays_broken {
            return Err(io::Error::other("the disk is gone"));
        }
        if let Some(left) = &mut state.fails_in {
            *left -= 1;
            if *left == 0 {
                state.fails_in = None;
                state.failed = true;
                return Err(io::Error::other("the disk reports an error"));
            }
        }
        apply(&mut state.image, &op);
        if state.recording {
            state.ops.push(op);
        }
        Ok(())
    }

    fn ops(&self) -> usize {
        self.0.lock().unwrap().ops.len()
    }
}

fn apply(image: &mut Vec<u8>, op: &Op) {
    match op {
        Op::Write(offset, data) => {
            let from = usize::try_from(*offset).unwrap();
            if image.len() < from + data.len() {
                image.resize(from + data.len(), 0);
            }
            image[from..from + data.len()].copy_from_slice(data);
        }
        Op::Length(length) => image.resize(usize::try_from(*length).unwrap(), 0),
        Op::Sync => {}
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().image.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.0.lock().unwrap();
        let from = usize::try_from(offset).unwrap();
        let wanted = state.image.get(from..from + out.len());
        out.copy_from_slice(wanted.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.change(Op::Length(length))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.change(Op::Sync)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.change(Op::Write(offset, data.to_vec()))
    }
}

/// What the log has answered: for every plan the operation of the disk at which an entry was known to be written.
#[derive(Debug, Default)]
struct Answered {
    /// (operations of the disk so far, plan, last entry)
    appended: Vec<(usize, usize, u64)>,
}

impl Answered {
    /// The last entry of a plan that was answered when the disk had seen so many operations; 0 before its first.
    fn by(&self, ops: usize, plan: usize) -> u64 {
        let of_plan = self.appended.iter().filter(|(at, of, _)| *at <= ops && *of == plan);
        of_plan.map(|(.., seq)| *seq).max().unwrap_or(0)
    }
}

/// What is written as entry `seq` of a plan: no two are alike, and their lengths differ.
fn entry(plan: usize, seq: u64) -> NewEntry {
    let author = Arc::new(Author { person: PersonId::parse("ann").unwrap(), party: None });
    let update = format!("entry {seq} of plan {plan} ").repeat(1 + (seq % 40) as usize).into_bytes();
    NewEntry { at: 1_771_352_467_113 + seq, author, origin: Origin::Human, update }
}

fn id(plan: usize) -> PlanId {
    PlanId::parse(&format!("plan-{plan}")).unwrap()
}

/// Works on the log until it is done or the log fails, and notes what was answered.
async fn work(log: &Log, disk: &Disk, answered: &mut Answered) -> Result<(), LogError> {
    let mut rows: Vec<PlanRow> = Vec::new();
    for plan in 0..PLANS {
        rows.push(log.create(id(plan), WorkspaceId::default(), entry(plan, 1)).await?);
        answered.appended.push((disk.ops(), plan, 1));
    }
    let mut heads = [1; PLANS];
    for round in 1..=ROUNDS {
        let appends = (0..PLANS).map(|plan| {
            let count = 1 + (round + plan as u64) % 4;
            let new = (heads[plan] + 1..=heads[plan] + count).map(|seq| entry(plan, seq)).collect();
            heads[plan] += count;
            log.append(rows[plan].doc(), heads[plan] - count, new, vec![(7, PersonId::parse("ann").unwrap())])
        });
        // All at once, so that most commits hold several plans.
        for (plan, seq) in futures_util::future::join_all(appends).await.into_iter().enumerate() {
            assert_eq!(seq?, heads[plan]);
            answered.appended.push((disk.ops(), plan, heads[plan]));
        }
        let plan = (round % PLANS as u64) as usize;
        if round % SNAPSHOT_EVERY < PLANS as u64 {
            let state = zstd::encode_all(format!("state {}", heads[plan]).as_bytes(), 3).unwrap();
            log.snapshot(rows[plan].doc(), heads[plan], state).await?;
            log.card(rows[plan].number, heads[plan], b"{}".to_vec()).await?;
        }
    }
    Ok(())
}

/// Opens what the disk holds and compares it with what was answered.
fn holds(disk: Disk, answered: &Answered, ops: usize) -> Result<(), String> {
    let opened = match log::open(Store::backend(disk)) {
        Ok(opened) => opened,
        // A store that was being made for the first time. A file gets its name only once it is whole.
        Err(_) if (0..PLANS).all(|plan| answered.by(ops, plan) == 0) => return Ok(()),
        Err(error) => return Err(format!("it does not open: {error}")),
    };
    let outcome = (0..PLANS).try_for_each(|plan| {
        let told = |error: LogError| format!("plan {plan}: {error}");
        let by = answered.by(ops, plan);
        let Some(row) = opened.log.plan(&id(plan)).map_err(told)? else {
            return if by == 0 { Ok(()) } else { Err(format!("plan {plan} is gone")) };
        };
        let verified = opened.log.verify(&row, &Scope::Shared).map_err(told)?;
        if verified.head < by {
            return Err(format!("plan {plan} stands at {}, {by} was answered", verified.head));
        }
        let loaded = opened.log.load(row.doc()).map_err(told)?;
        for kept in &loaded.entries {
            if kept.new.update != entry(plan, kept.seq).update {
                return Err(format!("plan {plan}: entry {} is not what was written", kept.seq));
            }
        }
        match loaded.snapshots.first() {
            Some((seq, state)) if *state != format!("state {seq}").as_bytes() => {
                Err(format!("plan {plan}: the snapshot of {seq} is not what was written"))
            }
            _ => Ok(()),
        }
    });
    close(opened);
    outcome
}

fn close(opened: Opened) {
    drop(opened.log);
    opened.writer.join().expect("the writer does not panic");
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().expect("a number"))
}

#[test]
fn whatever_call_of_the_disk_fails_all_that_was_answered_is_there_afterwards() {
    let (mut points, mut answers) = (0, 0);
    for stays_broken in [false, true] {
        // Early calls one by one, later ones in strides: they are alike.
        let mut nth = 1;
        loop {
            let disk = Disk::default();
            {
                let mut state = disk.0.lock().unwrap();
                (state.fails_in, state.stays_broken) = (Some(nth), stays_broken);
            }
            let mut answered = Answered::default();
            if let Ok(opened) = log::open(Store::backend(disk.clone())) {
                runtime().block_on(async {
                    let worked = work(&opened.log, &disk, &mut answered).await;
                    if disk.0.lock().unwrap().failed {
                        assert!(matches!(worked, Err(LogError::Failed(_))), "call {nth}: {worked:?}");
                        let told = timeout(Duration::from_secs(10), opened.log.failure()).await;
                        told.unwrap_or_else(|_| panic!("call {nth}: nobody is told that the store has failed"));
                        let again = opened.log.card(1, 1, vec![]).await;
                        assert!(again.is_err(), "call {nth}: the log goes on after a failure");
                    }
                });
                close(opened);
            }
            let image = {
                let state = disk.0.lock().unwrap();
                if !state.failed {
                    break; // The whole workload makes fewer calls.
                }
                state.image.clone()
            };
            let outcome = holds(Disk::holding(image), &answered, usize::MAX);
            assert_eq!(outcome, Ok(()), "call {nth} failed, stays broken: {stays_broken}");
            points += 1;
            answers += answered.appended.len();
            nth += 1 + nth / 25;
        }
    }
    println!("{points} failures, {answers} answers: nothing lost");
}

/// The writer ends while requests are on their way to it: each of them is answered all the same.
#[test]
fn nobody_waits_for_a_log_that_has_failed() {
    for round in 0..setting("PLANSYNC_STORAGE_POINTS").unwrap_or(200) {
        let disk = Disk::default();
        let opened = log::open(Store::backend(disk.clone())).unwrap();
        let row = runtime().block_on(opened.log.create(id(0), WorkspaceId::default(), entry(0, 1))).unwrap();
        disk.0.lock().unwrap().fails_in = Some(30 + round % 10);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    runtime().block_on(async {
                        let asking = async { while opened.log.card(row.number, 1, vec![]).await.is_ok() {} };
                        timeout(Duration::from_secs(10), asking).await.expect("an answer");
                    });
                });
            }
        });
        close(opened);
    }
}

#[test]
fn whatever_a_power_cut_leaves_of_the_disk_all_that_was_answered_is_there_afterwards() {
    let points = setting("PLANSYNC_STORAGE_POINTS").unwrap_or(3_000);
    let seed = setting("PLANSYNC_SEED").unwrap_or_else(rand::random);
    println!("{points} power cuts, seed {seed}");

    let disk = Disk::default();
    disk.0.lock().unwrap().recording = true;
    let opened = log::open(Store::backend(disk.clone())).unwrap();
    let mut answered = Answered::default();
    runtime().block_on(work(&opened.log, &disk, &mut answered)).unwrap();
    close(opened);
    let ops = std::mem::take(&mut disk.0.lock().unwrap().ops);

    let threads = thread::available_parallelism().map_or(1, usize::from) as u64;
    let lost: Vec<String> = thread::scope(|scope| {
        let cutting = (0..threads).map(|number| {
            let (ops, answered) = (&ops, &answered);
            scope.spawn(move || cut(ops, answered, points / threads + 1, seed.wrapping_add(number)))
        });
        cutting.collect::<Vec<_>>().into_iter().flat_map(|cutting| cutting.join().unwrap()).collect()
    });
    let syncs = ops.iter().filter(|op| matches!(op, Op::Sync)).count();
    println!("{} operations, {syncs} syncs, {} answers", ops.len(), answered.appended.len());
    assert!(lost.is_empty(), "seed {seed}, {} of {points}: {:#?}", lost.len(), &lost[..lost.len().min(10)]);
}

/// Cuts the power at many points in order, so that the state at the last sync is carried along.
fn cut(ops: &[Op], answered: &Answered, points: u64, seed: u64) -> Vec<String> {
    let mut dice = StdRng::seed_from_u64(seed);
    let mut cuts: Vec<usize> = (0..points).map(|_| dice.random_range(0..=ops.len())).collect();
    cuts.sort_unstable();
    let (mut synced, mut image) = (0, Vec::new());
    let mut lost = Vec::new();
    for at in cuts {
        let last_sync = ops[..at].iter().rposition(|op| matches!(op, Op::Sync)).map_or(0, |sync| sync + 1);
        for op in &ops[synced..last_sync] {
            apply(&mut image, op);
        }
        synced = last_sync;
        let mut left = image.clone();
        // Anything from all of it to nothing of it.
        let kept = *[0.0, 0.1, 0.5, 0.9, 1.0].choose(&mut dice).unwrap();
        for op in &ops[last_sync..at] {
            tear(&mut left, op, kept, &mut dice);
        }
        if let Err(why) = holds(Disk::holding(left), answered, at) {
            lost.push(format!("at operation {at} of {}, {kept} kept: {why}", ops.len()));
        }
    }
    lost
}

/// Does a part of an operation: each sector of a write by itself.
fn tear(image: &mut Vec<u8>, op: &Op, kept: f64, dice: &mut StdRng) {
    match op {
        Op::Write(offset, data) => {
            let mut from = 0;
            while from < data.len() {
                // Sectors are the disk's, not the write's.
                let at = usize::try_from(*offset).unwrap() + from;
                let length = (SECTOR - at % SECTOR).min(data.len() - from);
                if dice.random_bool(kept) {
                    apply(image, &Op::Write(at as u64, data[from..from + length].to_vec()));
                }
                from += length;
            }
        }
        Op::Length(_) if dice.random_bool(kept) => apply(image, op),
        Op::Length(_) | Op::Sync => {}
    }
}

/// A document with a sample plan, one entry for each of its later edits, and three snapshots of it.
async fn document(log: &Log, row: &PlanRow, document: &mut Document, edits: u64, snapshots: &[u64]) {
    for seq in 2..=edits {
        let edit = serde_json::json!({"set": {"meta": {"title": format!("Title {seq}")}}});
        let edit = Edit::parse(&edit, true).unwrap();
        let stamp = Stamp { at: "2026-02-17T18:21:07.113Z".into(), by: PersonId::parse("ann").unwrap() };
        let delta = document.edit(&edit, &stamp).unwrap().unwrap();
        let new = NewEntry { update: delta.encode(), ..entry(0, seq) };
        assert_eq!(log.append(row.doc(), seq - 1, vec![new], vec![]).await.unwrap(), seq);
        if snapshots.contains(&seq) {
            log.snapshot(row.doc(), seq, log::pack(&document.state()).unwrap()).await.unwrap();
        }
    }
}

/// A bit of the newest snapshot has flipped on the disk. The two before it and the entries say the same.
#[test]
fn a_document_opens_from_an_older_snapshot_when_newer_ones_are_damaged() {
    runtime().block_on(async {
        for (edits, snapshots) in [(40, [10, 20, 30]), (30, [10, 20, 30])] {
            let disk = Disk::default();
            let opened = log::open(Store::backend(disk.clone())).unwrap();
            let log = &opened.log;
            let mut written = Document::new();
            let sample = serde_json::from_str(plan::SAMPLE).unwrap();
            let first = written.create(&plan::json::parse(&sample, true).unwrap()).unwrap().unwrap();
            let row = log
                .create(id(0), WorkspaceId::default(), NewEntry { update: first.encode(), ..entry(0, 1) })
                .await
                .unwrap();
            document(log, &row, &mut written, edits, &snapshots).await;
            for damaged in [30, 20] {
                // Packed well, and not what was packed: only the guard can tell.
                for state in [&b"no state"[..], &written.state()[..written.state().len() / 2], b""] {
                    let packed = log::pack(state).unwrap();
                    log.snapshot(row.doc(), damaged, packed).await.unwrap();
                    let rooms = Rooms::new(log.clone(), Workers::start(1).unwrap(), Duration::from_secs(2), 100);
                    let (reply, answer) = tokio::sync::oneshot::channel();
                    rooms.send(&row.id, &Scope::Shared, Event::Read { settled: false, reply }).await.unwrap();
                    let view = answer.await.unwrap();
                    assert_eq!(view.seq, edits, "snapshot {damaged}");
                    assert_eq!(view.plan.meta.text("title"), Some(format!("Title {edits}").as_str()));
                    assert_eq!(view.updated_at, entry(0, edits).at);
                    rooms.drain(Rooms::restarting()).await;
                }
            }
        }
    });
}

/// Most of a state is text: it would load as well with another letter in it.
#[test]
fn no_byte_of_a_snapshot_can_change_unnoticed() {
    let state: Vec<u8> = (0..4_000_u32).flat_map(|n| format!("step {} ", n % 97).into_bytes()).collect();
    let packed = log::pack(&state).unwrap();
    let mut unnoticed = Vec::new();
    for at in 0..packed.len() {
        for bit in 0..8 {
            let mut other = packed.clone();
            other[at] ^= 1 << bit;
            // A bit that means nothing may change; what comes out of it may not.
            if zstd::decode_all(other.as_slice()).is_ok_and(|unpacked| unpacked != state) {
                unnoticed.push((at, bit));
            }
        }
    }
    assert_eq!(unnoticed, []);
}

/// The first start of all was cut short while it made the store.
#[test]
fn what_a_first_start_left_behind_does_not_keep_the_next_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    let path = log::store_path(folder.path());
    fs::write(path.with_extension(format!("new-{}", std::process::id())), [0; 4096]).unwrap();
    fs::write(path.with_extension("new-1"), b"").unwrap();
    for _ in 0..2 {
        close(log::open(Store::File(path.clone())).unwrap());
    }
    let opened = log::open(Store::File(path.clone())).unwrap();
    assert!(matches!(log::open(Store::File(path.clone())), Err(OpenError::InUse(_))));
    close(opened);
    assert!(!path.with_extension(format!("new-{}", std::process::id())).exists());
}
