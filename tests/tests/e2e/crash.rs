//! Somebody pulls the plug. Twenty plans are being edited, about ten edits a second each, and on every plan somebody else
//! is looking on; on some of them the seller keeps a private document too, with a colleague who looks on there. The server dies in the middle of a sentence and comes back. An editor whose edit was acknowledged has
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
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval, timeout};
use yrs::{Out, TransactionMut};

const PLANS: usize = 20;
/// Plans whose seller writes in a private document too.
const PRIVATE: usize = 4;
/// Of all documents together.
const EDIT_EVERY: Duration = Duration::from_millis(5);
/// How long a server lives, in milliseconds.
const LIFE_MS: std::ops::Range<u64> = 200..1_200;
const DEADLINE: Duration = Duration::from_secs(30);
/// Milestones of the sample, or links of a private document, for the edits to go to.
const ENTITIES: u64 = 15;

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

/// A document of a plan with somebody who writes and somebody who looks on.
struct Table {
    id: String,
    /// Which of its documents, as a query.
    scope: &'static str,
    /// The collection that is written to, and the map in its entities.
    collection: &'static str,
    field: &'static str,
    writer: Plan,
    watcher: Plan,
}

impl Table {
    /// Edit number `n` of this document: no other edit has its key or its value.
    fn edit(&self, n: u64) {
        self.writer.transact(|txn| {
            let id = format!("ms-{:02}", n % ENTITIES + 1);
            let (entity, key) = (entity(txn, self.collection, &id), format!("{}/e{n}", self.field));
            match self.field {
                "effort" => drop(entity.insert(txn, key, n as f64)),
                _ => drop(entity.insert(txn, key, n.to_string())),
            }
        });
    }

    /// The edits that the server holds.
    fn kept(&self, http: &Http) -> BTreeMap<String, u64> {
        let (status, body) = http.get(&format!("/v1/plans/{}?{}", self.id, self.scope));
        assert_eq!(status, 200, "{body}");
        let entities = body["plan"][self.collection].as_array().expect("it has entities");
        let values = entities.iter().filter_map(|entity| entity[self.field].as_object()).flatten();
        values.filter(|(key, _)| is_ours(key)).map(|(key, value)| (key.clone(), number(value))).collect()
    }

    /// The edits that a copy of the document holds.
    fn seen(&self) -> BTreeMap<String, u64> {
        let copy = self.watcher.document_json();
        let rows = copy[self.collection].as_object().into_iter().flatten();
        let fields = rows.filter_map(|(_, row)| row.as_object()).flatten();
        let values = fields.filter_map(|(key, value)| Some((key.strip_prefix(&format!("{}/", self.field))?, value)));
        values.filter(|(key, _)| is_ours(key)).map(|(key, value)| (key.to_owned(), number(value))).collect()
    }
}

fn entity(txn: &mut TransactionMut<'_>, collection: &str, id: &str) -> yrs::MapRef {
    match txn.get_or_insert_map(collection).get(txn, id) {
        Some(Out::YMap(map)) => map,
        other => panic!("there is {collection}/{id}: {other:?}"),
    }
}

async fn survive(death: Death) {
    let rounds = setting("PLANSYNC_CRASH_ROUNDS").unwrap_or(3);
    let seed = setting("PLANSYNC_SEED").unwrap_or_else(rand::random);
    println!("{death:?}: {rounds} rounds, seed {seed}");
    let mut dice = StdRng::seed_from_u64(seed);

    let mut server = Server::start().await;
    let proxy = Proxy::start(server.address()).await;
    let shared = (0..PLANS).map(|n| open(&server.http(), &proxy, n));
    let shared: Vec<_> = shared.collect();
    let private = (0..PRIVATE).map(|n| open_private(&server.http(), &proxy, n));
    let tables: Arc<Vec<_>> = Arc::new(shared.into_iter().chain(private).collect());
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
        let whole = whole.unwrap_or_else(|why| panic!("round {round}, seed {seed}: {why}"));
        assert!(whole.contains(&format!("{PRIVATE} private documents")), "{whole}");
        server.restart().await;

        for table in tables.iter() {
            let acked = made - table.writer.pending();
            let seen = table.seen();
            let kept = table.kept(&server.http());
            acked_all += acked;
            seen_all += seen.len();
            let acked = (1..=acked).filter(|n| kept.get(&format!("e{n}")) != Some(n));
            lost.extend(acked.map(|n| format!("round {round}: {} {} acknowledged e{n}", table.id, table.scope)));
            let seen = seen.iter().filter(|(key, value)| kept.get(*key) != Some(*value));
            lost.extend(seen.map(|(key, _)| format!("round {round}: {} {} showed {key}", table.id, table.scope)));
        }
        assert!(lost.is_empty(), "seed {seed}: {} edits are lost: {lost:#?}", lost.len());

        proxy.set(Mode::Pass);
        all_live(&tables).await;
    }
    for table in tables.iter() {
        timeout(DEADLINE, table.writer.flush()).await.expect("it is on disk in time").expect("the plan is open");
        assert_eq!(table.kept(&server.http()).len() as u64, made, "{}: what was never lost arrives", table.id);
    }
    println!(
        "{death:?}: {rounds} deaths, {} edits made; looked for {acked_all} acknowledged and {seen_all} seen: 0 lost",
        made * tables.len() as u64
    );
}

/// Opens a plan for two people, as programs that come back fast.
fn open(http: &Http, proxy: &Proxy, n: usize) -> Table {
    let id = format!("plan-{n}");
    http.create_sample(&id);
    let client = client(proxy);
    let open = |person, party| client.clone().token(token(&id, person, party, "owner")).open().expect("the plan opens");
    let (writer, watcher) = (open("s-account-exec", "seller"), open("b-cfo", "buyer"));
    Table { id, scope: "scope=shared", collection: "milestones", field: "effort", writer, watcher }
}

/// Opens the seller's private document of a plan for two people of the seller.
fn open_private(http: &Http, proxy: &Proxy, n: usize) -> Table {
    let (id, scope) = (format!("plan-{n}"), "scope=private&party=seller");
    let links =
        (1..=ENTITIES).map(|n| (format!("ms-{n:02}"), json!({"system": "crm"}))).collect::<serde_json::Map<_, _>>();
    let (status, body) = http.post(&format!("/v1/plans/{id}/edits?{scope}"), &json!({"set": {"links": links}}));
    assert_eq!(status, 200, "{body}");
    let client = client(proxy).private();
    let open = |person| client.clone().token(token(&id, person, "seller", "owner")).open().expect("the document opens");
    let (writer, watcher) = (open("s-account-exec"), open("s-csm"));
    Table { id, scope, collection: "links", field: "fields", writer, watcher }
}

fn client(proxy: &Proxy) -> Client {
    let backoff =
        BackoffBounds { first: Duration::from_millis(50), max: Duration::from_millis(300), ..BackoffBounds::default() };
    Client::new(proxy.ws()).backoff(backoff)
}

/// Edits all documents in turn, in whole rows, until told to stop. Returns the number of the last edit of each.
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

/// The sample has efforts of its own.
fn is_ours(key: &str) -> bool {
    key.strip_prefix('e').is_some_and(|n| n.parse::<u64>().is_ok())
}

fn number(value: &Value) -> u64 {
    let number = value.as_f64().or_else(|| value.as_str()?.parse().ok());
    number.expect("a value is a number") as u64
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().expect("a number"))
}
