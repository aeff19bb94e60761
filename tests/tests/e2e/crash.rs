//! Somebody pulls the plug. Twenty plans are being edited, ten edits a second each, and on every plan somebody else is
//! looking on. The server dies in the middle of a sentence and comes back. An editor whose edit was acknowledged has
//! closed the lid of his laptop by then; whoever looked on has told a customer what she saw. So before anybody is let
//! in again, everything acknowledged and everything seen has to be there: the copies of the clients would heal a
//! server that had forgotten, and hide it.
//!
//! `PLANSYNC_CRASH_ROUNDS` deaths each, 3 by default; `PLANSYNC_SEED` repeats a run.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use plansync_client::{BackoffBounds, Client, Plan, Status, yrs::Map, yrs::WriteTxn};
use plansync_tests::{
    http::{Http, token},
    proxy::{Mode, Proxy},
    server::{Server, verify},
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use serde_json::Value;
use tokio::time::{MissedTickBehavior, interval, timeout};
use yrs::{Out, TransactionMut};

const PLANS: usize = 20;
/// Of all plans together.
const EDIT_EVERY: Duration = Duration::from_millis(5);
/// How long a server lives, in milliseconds.
const LIFE_MS: std::ops::Range<u64> = 200..1_200;
const DEADLINE: Duration = Duration::from_secs(30);
/// A milestone of the sample for every edit to go to.
const MILESTONES: u64 = 15;

/// How a server ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Death {
    Killed,
    Told,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_or_seen_is_lost_when_the_server_is_killed() {
    survive(Death::Killed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_or_seen_is_lost_when_the_server_is_told_to_stop() {
    survive(Death::Told).await;
}

/// A plan with somebody who writes and somebody who looks on.
struct Table {
    id: String,
    writer: Plan,
    watcher: Plan,
}

impl Table {
    /// Edit number `n` of this plan: no other edit has its key or its value.
    fn edit(&self, n: u64) {
        self.writer.edit(|txn| {
            let milestone = milestone(txn, &format!("ms-{:02}", n % MILESTONES + 1));
            milestone.insert(txn, format!("effort/e{n}"), n as f64);
        });
    }
}

fn milestone(txn: &mut TransactionMut<'_>, id: &str) -> yrs::MapRef {
    match txn.get_or_insert_map("milestones").get(txn, id) {
        Some(Out::YMap(map)) => map,
        other => panic!("the sample has {id}: {other:?}"),
    }
}

async fn survive(death: Death) {
    let rounds = setting("PLANSYNC_CRASH_ROUNDS").unwrap_or(3);
    let seed = setting("PLANSYNC_SEED").unwrap_or_else(rand::random);
    println!("{death:?}: {rounds} rounds, seed {seed}");
    let mut dice = StdRng::seed_from_u64(seed);

    let mut server = Server::start().await;
    let proxy = Proxy::start(server.address()).await;
    let tables: Arc<Vec<_>> = Arc::new((0..PLANS).map(|n| open(&server.http(), &proxy, n)).collect());
    all_live(&tables).await;

    let (mut made, mut acked_all, mut seen_all, mut lost) = (0, 0, 0, Vec::new());
    for round in 1..=rounds {
        let stop = Arc::new(AtomicBool::new(false));
        let writing = tokio::task::spawn(write(Arc::clone(&tables), made, Arc::clone(&stop)));
        tokio::time::sleep(Duration::from_millis(dice.random_range(LIFE_MS))).await;
        match death {
            Death::Killed => server.kill().await,
            Death::Told => assert_eq!(server.stop().await, Some(0), "it stops in order"),
        }
        stop.store(true, Ordering::Relaxed);
        made = writing.await.expect("the writers write");
        // Whatever the server had sent is read once its end is noticed.
        for plan in tables.iter().flat_map(|table| [&table.writer, &table.watcher]) {
            let mut status = plan.status();
            let noticed = status.wait_for(|status| *status != Status::Live);
            timeout(DEADLINE, noticed).await.expect("its end is noticed in time").expect("the client runs");
        }
        proxy.set(Mode::Refuse);
        let whole = verify(server.folder()).await;
        assert!(whole.is_ok(), "round {round}, seed {seed}: {whole:?}");
        server.restart().await;

        for table in tables.iter() {
            let acked = made - table.writer.pending();
            let seen = efforts(&table.watcher.json()["milestones"]);
            let kept = kept(&server.http(), &table.id);
            acked_all += acked;
            seen_all += seen.len();
            let acked = (1..=acked).filter(|n| kept.get(&format!("e{n}")) != Some(n));
            lost.extend(acked.map(|n| format!("round {round}: {} acknowledged e{n}", table.id)));
            let seen = seen.iter().filter(|(key, value)| kept.get(*key) != Some(*value));
            lost.extend(seen.map(|(key, _)| format!("round {round}: {} showed {key}", table.id)));
        }
        assert!(lost.is_empty(), "seed {seed}: {} edits are lost: {lost:#?}", lost.len());

        proxy.set(Mode::Pass);
        all_live(&tables).await;
    }
    for table in tables.iter() {
        timeout(DEADLINE, table.writer.flush()).await.expect("it is on disk in time").expect("the plan is open");
        assert_eq!(kept(&server.http(), &table.id).len() as u64, made, "{}: what was never lost arrives", table.id);
    }
    println!(
        "{death:?}: {rounds} deaths, {} edits made; looked for {acked_all} acknowledged and {seen_all} seen: 0 lost",
        made * PLANS as u64
    );
}

/// Opens a plan for two people, as programs that come back fast.
fn open(http: &Http, proxy: &Proxy, n: usize) -> Table {
    let id = format!("plan-{n}");
    http.create_sample(&id);
    let backoff =
        BackoffBounds { first: Duration::from_millis(50), max: Duration::from_millis(300), ..BackoffBounds::default() };
    let client = Client::new(proxy.ws()).backoff(backoff);
    let open = |person, party| client.open(&id, &token(&id, person, party, "owner")).expect("the plan opens");
    let (writer, watcher) = (open("s-account-exec", "seller"), open("b-cfo", "buyer"));
    Table { id, writer, watcher }
}

/// Edits all plans in turn, in whole rows, until told to stop. Returns the number of the last edit of every plan.
async fn write(tables: Arc<Vec<Table>>, mut made: u64, stop: Arc<AtomicBool>) -> u64 {
    let mut tick = interval(EDIT_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    while !stop.load(Ordering::Relaxed) {
        made += 1;
        for table in tables.iter() {
            tick.tick().await;
            table.edit(made);
        }
    }
    made
}

async fn all_live(tables: &[Table]) {
    for table in tables {
        for plan in [&table.writer, &table.watcher] {
            timeout(DEADLINE, plan.live()).await.expect("it is live in time").expect("it is not closed for good");
        }
    }
}

/// The edits that a plan of the server holds.
fn kept(http: &Http, id: &str) -> BTreeMap<String, u64> {
    let (status, body) = http.get(&format!("/v1/plans/{id}"));
    assert_eq!(status, 200, "{body}");
    let milestones = body["plan"]["milestones"].as_array().expect("a plan has milestones");
    let efforts = milestones.iter().filter_map(|milestone| milestone["effort"].as_object()).flatten();
    efforts.filter(|(key, _)| is_ours(key)).map(|(key, value)| (key.clone(), number(value))).collect()
}

/// The edits that a copy of a document holds.
fn efforts(milestones: &Value) -> BTreeMap<String, u64> {
    let rows = milestones.as_object().expect("a copy has milestones").values();
    let fields = rows.filter_map(Value::as_object).flatten();
    let efforts = fields.filter_map(|(key, value)| Some((key.strip_prefix("effort/")?, value)));
    efforts.filter(|(key, _)| is_ours(key)).map(|(key, value)| (key.to_owned(), number(value))).collect()
}

/// The sample has efforts of its own.
fn is_ours(key: &str) -> bool {
    key.strip_prefix('e').is_some_and(|n| n.parse::<u64>().is_ok())
}

fn number(value: &Value) -> u64 {
    value.as_f64().expect("an effort is a number") as u64
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().expect("a number"))
}
