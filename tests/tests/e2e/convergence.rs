//! Four people with this project's client and four with the stock one edit a plan in trains, tunnels and lifts, while
//! the server is restarted, and now and then dies. They type into the same notes, fight over the same titles, remove
//! what others are busy with. In the evening everybody is back at a desk. If two of them now read different plans, one
//! of them works towards the wrong date, and no message ever says so: so when all is quiet, every copy, the server's,
//! a newcomer's and the log's replay have to be the same.
//!
//! `PLANSYNC_CONVERGENCE_SEEDS` seeds, 4 by default, from `PLANSYNC_SEED` on, 1 by default. A seed makes the edits and
//! the faults; how the two meet is up to the machine.

use std::{sync::Arc, time::Duration};

use plansync_client::{BackoffBounds, Client, Plan, yrs::WriteTxn};
use plansync_protocol::{
    plan::{
        self,
        json::{Print, print},
    },
    wire::Frame,
};
use plansync_tests::{
    http::{Http, token},
    proxy::{Mode, Proxy},
    raw::{Pen, Raw, ask_all, update},
    server::{Server, verify},
    stock::Stock,
    wait::until,
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use serde_json::{Value, json};
use tokio::{
    sync::watch,
    time::{interval, timeout},
};
use yrs::{GetString as _, Map as _, MapPrelim, MapRef, Out, Text as _, TextPrelim, TransactionMut};

const RUST_CLIENTS: usize = 4;
const STOCK_CLIENTS: usize = 4;
const EDITS_EACH: usize = 50;
const EDIT_EVERY: Duration = Duration::from_millis(30);
/// Faults of one seed, spread evenly over the edits.
const FAULTS: usize = 6;
const DEADLINE: Duration = Duration::from_secs(40);

const STATUSES: [&str; 4] = ["pending", "in_progress", "blocked", "complete"];
const SNIPPETS: [&str; 11] =
    ["call Tuesday ", "waiting on legal. ", "✅ ", "🎉", "👩‍💻 ", "Zürich ", "資料 ", "مرحبا ", "\n", "a", "e\u{301}"];

/// What happens between two edits.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Cut,
    Stall,
    Trickle(usize),
    Kill,
    Stop,
    Pass,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_all_is_quiet_every_copy_the_server_and_the_logs_replay_are_equal() {
    let setting = |name, default| std::env::var(name).map_or(default, |value| value.parse().expect("a number"));
    let (first, count): (u64, u64) = (setting("PLANSYNC_SEED", 1), setting("PLANSYNC_CONVERGENCE_SEEDS", 4));
    let mut server = Server::start().await;
    let proxy = Proxy::start(server.address()).await;
    let stock = Stock::start().await;
    for seed in first..first + count {
        let outcome = converge(seed, &mut server, &proxy, &stock).await;
        println!("seed {seed}: {outcome}");
    }
    let findings = stock.findings();
    assert!(findings.is_empty(), "a stock client met what it should not: {findings:#?}");
}

async fn converge(seed: u64, server: &mut Server, proxy: &Proxy, stock: &Stock) -> String {
    let mut dice = StdRng::seed_from_u64(seed);
    let id = format!("seed-{seed}");
    server.http().create_sample(&id);
    let backoff =
        BackoffBounds { first: Duration::from_millis(50), max: Duration::from_millis(500), ..BackoffBounds::default() };
    let names: Vec<String> = (0..STOCK_CLIENTS).map(|n| format!("{id}-stock-{n}")).collect();
    for name in &names {
        stock.open(name, &proxy.ws(), &id, &token(&id, name, "buyer", "editor")).await;
    }
    let plans: Vec<Plan> = (0..RUST_CLIENTS)
        .map(|n| {
            let token = token(&id, &format!("rust-{n}"), "seller", "editor");
            Client::new(proxy.ws()).backoff(backoff).token(token).open().expect("the plan opens")
        })
        .collect();
    everybody_is_there(&plans, stock, &names, seed).await;

    // Everybody edits at once, and the faults come as the edits go on.
    let made = Arc::new(watch::Sender::new(0));
    let rust_edits: Vec<_> = plans
        .iter()
        .enumerate()
        .map(|(n, plan)| tokio::task::spawn(edit(plan.clone(), seed * 100 + n as u64, n, Arc::clone(&made))))
        .collect();
    let every_ms = EDIT_EVERY.as_millis();
    let stock_edits = names.iter().enumerate().map(|(n, name)| {
        let with = json!({"seed": seed * 100 + n as u64, "count": EDITS_EACH, "everyMs": every_ms});
        stock.run(name, "random", with)
    });
    let faults = async {
        let mut faults = Vec::new();
        for n in 1..=FAULTS {
            let due = n * EDITS_EACH * RUST_CLIENTS / (FAULTS + 1);
            made.subscribe().wait_for(|made| *made >= due).await.expect("they edit");
            faults.push(disturb(&mut dice, server, proxy).await);
        }
        faults
    };
    let (faults, _) = futures_util::future::join(faults, futures_util::future::join_all(stock_edits)).await;
    for edits in rust_edits {
        edits.await.expect("they edit");
    }

    // Evening.
    proxy.set(Mode::Pass);
    let told = format!("seed {seed}, {faults:?}");
    everybody_is_there(&plans, stock, &names, seed).await;
    for plan in &plans {
        let flushed = timeout(DEADLINE, plan.flush()).await;
        flushed
            .unwrap_or_else(|_| panic!("{told}: {} edits stay pending", plan.pending()))
            .expect("not closed for good");
    }
    let before = until(&format!("{told}: all copies are equal"), DEADLINE, async || {
        let newcomer = newcomer(server, &id).await;
        let wanted = normal(newcomer.document_json());
        let mut differ = Vec::new();
        for (n, plan) in plans.iter().enumerate() {
            differences(&format!("rust-{n}"), &normal(plan.document_json()), &wanted, &mut differ);
        }
        for name in &names {
            differences(name, &normal(stock.json(name).await), &wanted, &mut differ);
        }
        if differ.is_empty() { Ok(Copy::of(&newcomer, wanted)) } else { Err(differ.join("\n")) }
    })
    .await;
    let shown = shown(&server.http(), &id);
    same(&told, "what the server shows", &shown["plan"], &before.plan);

    folded(&told, &server.http(), &id, &before.plan);

    // Only the log is left of the server.
    server.kill().await;
    let whole = verify(server.folder()).await.unwrap_or_else(|error| panic!("{told}: {error}"));
    server.restart().await;
    let replayed = newcomer(server, &id).await;
    same(&told, "the replay", &normal(replayed.document_json()), &before.document);
    let shown_again = self::shown(&server.http(), &id);
    same(&told, "what is shown after the replay", &shown_again["plan"], &before.plan);
    assert_eq!(shown_again["seq"], shown["seq"], "{told}");

    for plan in &plans {
        plan.close().await;
    }
    for name in &names {
        let state = stock.run(name, "state", json!({})).await;
        assert_eq!(state["pending"], false, "{told}: {name} still waits for an update");
        stock.run(name, "close", json!({})).await;
    }
    let tasks = before.plan["tasks"].as_array().map_or(0, Vec::len);
    format!("equal at entry {}, {tasks} tasks, after {faults:?}; {whole}", shown["seq"])
}

/// Two people write into the same fields at the same moment, and one of them into another one just before: whatever of
/// it comes into one commit is told in the order in which the document took it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_meets_in_one_moment_is_told_in_its_order() {
    let server = Server::start().await;
    for round in 0..4 {
        let id = format!("p-{round}");
        server.http().create_sample(&id);
        let mut people = Vec::new();
        // Of two concurrent values that of the higher client id stays.
        for (client, party) in [(2_000, "seller"), (1_000, "buyer")] {
            let token = token(&id, party, party, "owner");
            let (mut raw, _) = Raw::plansync(&server, &id, &token).await;
            let pen = Pen::new(client + round);
            raw.send(&ask_all()).await;
            let has_plan = |frame: &Frame<'_>| {
                pen.hear(frame);
                pen.title().map(drop)
            };
            raw.until("the plan", has_plan).await;
            people.push((raw, pen));
        }
        let [(ann, hers), (bob, his)] = &mut people[..] else { unreachable!() };
        let due = |pen: &Pen, root: &str, at: usize, day: &str| {
            pen.write(|txn| {
                let items = entities(txn, root);
                items[at % items.len()].insert(txn, "due", day);
            })
        };
        for at in 0..10 {
            ann.send(&update(&due(hers, "milestones", at, "2026-06-01"))).await;
            bob.send(&update(&due(his, "tasks", at, "2026-06-02"))).await;
            ann.send(&update(&due(hers, "tasks", at, "2026-06-03"))).await;
        }
        ann.acked(20).await;
        bob.acked(10).await;
        folded(&format!("round {round}"), &server.http(), &id, &shown(&server.http(), &id)["plan"]);
    }
}

/// A milestone of the buyer is reopened and completed again, which stamps it; then the seller takes its status back,
/// which is not theirs: it is put back, and what was stamped before is told all the same.
#[tokio::test]
async fn a_stamp_is_told_though_the_status_beside_it_was_put_back() {
    let server = Server::start().await;
    let http = server.http();
    http.create_sample("p");
    let edit = |http: &Http, fields: Value| {
        let (status, answer) = http.post("/v1/plans/p/edits", &json!({"set": {"milestones": {"ms-03": fields}}}));
        assert_eq!(status, 200, "{answer}");
        answer
    };
    edit(&http, json!({"owners": ["b-it-manager"]}));
    let buyer = http.with_key(&token("p", "ann", "buyer", "owner"));
    edit(&buyer, json!({"status": "pending"}));
    edit(&buyer, json!({"status": "complete"}));
    let (mut seller, _) = Raw::plansync(&server, "p", &token("p", "bob", "seller", "owner")).await;
    let pen = Pen::new(77);
    seller.send(&ask_all()).await;
    let has_plan = |frame: &Frame<'_>| {
        pen.hear(frame);
        pen.title().map(drop)
    };
    seller.until("the plan", has_plan).await;
    let reopened = pen.write(|txn| {
        entities(txn, "milestones")[2].insert(txn, "status", "pending");
    });
    seller.send(&update(&reopened)).await;
    seller.acked(1).await;
    let plan = shown(&http, "p")["plan"].clone();
    let stamped = plan["milestones"].as_array().expect("a list").iter().find(|each| each["id"] == "ms-03");
    assert_eq!(stamped.expect("it is there")["completedBy"], "ann");
    folded("put back", &http, "p", &plan);
}

/// The plan as it was created, with every change since applied to it, is the plan as it stands.
fn folded(told: &str, http: &Http, id: &str, plan: &Value) {
    // A summary makes changes of everything that is still being written.
    assert!(!http.text(&format!("/v1/plans/{id}/summary")).is_empty(), "{told}");
    let mut folded = plan::json::parse_str(plan::SAMPLE, true).expect("the sample is a plan");
    let (mut since, mut last) = ("0".to_owned(), (0, 0));
    let mut told_of = Vec::new();
    loop {
        let (status, page) = http.get(&format!("/v1/plans/{id}/changes?limit=1000&since={since}"));
        assert_eq!(status, 200, "{told}: {page}");
        for event in page["changes"].as_array().expect("a list") {
            let change = plan::Change::from_cloud_event(event).unwrap_or_else(|| panic!("{told}: {event}"));
            assert!((change.seq, change.n) > last, "{told}: {:?} after {last:?}", (change.seq, change.n));
            last = (change.seq, change.n);
            if let plan::Event::Difference(difference) = &change.event {
                plan::diff::apply(&mut folded, difference);
            }
            told_of.push(event.clone());
        }
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut since),
            None => break,
        }
    }
    let folded = print(&folded, Print { with_removed: true, ..Print::default() });
    let mut differ = Vec::new();
    differences("all changes, one after the other,", &folded, plan, &mut differ);
    if !differ.is_empty() {
        for event in told_of {
            println!("{event}");
        }
        println!("PLAN {plan}");
        panic!("{told}: {}", differ.join("\n"));
    }
}

/// A document and the plan in it.
struct Copy {
    document: Value,
    plan: Value,
}

impl Copy {
    fn of(plan: &Plan, document: Value) -> Self {
        let snapshot = plan.snapshot();
        Self { document, plan: print(snapshot.rows(), Print { with_removed: true, ..Print::default() }) }
    }
}

/// Somebody whose copy is the server's and nothing else.
async fn newcomer(server: &Server, id: &str) -> Plan {
    let plan = Client::connect(&server.ws(), &token(id, "newcomer", "buyer", "viewer")).expect("the plan opens");
    timeout(DEADLINE, plan.live()).await.expect("the newcomer is there in time").expect("not closed for good");
    plan
}

fn shown(http: &Http, id: &str) -> Value {
    let (status, body) = http.get(&format!("/v1/plans/{id}?removed=true"));
    assert_eq!(status, 200, "{body}");
    body
}

async fn everybody_is_there(plans: &[Plan], stock: &Stock, names: &[String], seed: u64) {
    for plan in plans {
        let live = timeout(DEADLINE, plan.live()).await;
        live.unwrap_or_else(|_| panic!("seed {seed}: it does not come back")).expect("it is not closed for good");
    }
    for name in names {
        stock.synced(name).await;
    }
}

async fn disturb(dice: &mut StdRng, server: &mut Server, proxy: &Proxy) -> Fault {
    let fault = match dice.random_range(0..12) {
        0..4 => Fault::Cut,
        4..6 => Fault::Stall,
        6..8 => Fault::Trickle(dice.random_range(20..400)),
        8..10 => Fault::Kill,
        10 => Fault::Stop,
        _ => Fault::Pass,
    };
    match fault {
        Fault::Cut => proxy.cut(),
        Fault::Stall => proxy.set(Mode::Stall),
        Fault::Trickle(bytes) => proxy.set(Mode::Trickle(bytes)),
        Fault::Kill => {
            server.kill().await;
            server.restart().await;
        }
        Fault::Stop => {
            // Whoever is stalled hears nothing of it, and must not keep the server.
            assert_eq!(server.stop().await, Some(0), "it stops in order");
            server.restart().await;
        }
        Fault::Pass => {}
    }
    if !matches!(fault, Fault::Stall | Fault::Trickle(_)) {
        proxy.set(Mode::Pass);
    }
    fault
}

/// Edits as people make them, at their pace.
async fn edit(plan: Plan, seed: u64, person: usize, made: Arc<watch::Sender<usize>>) {
    let mut dice = StdRng::seed_from_u64(seed);
    let mut pace = interval(EDIT_EVERY);
    for n in 0..EDITS_EACH {
        pace.tick().await;
        plan.transact(|txn| random_edit(txn, &mut dice, &format!("new-{person}-{n}")));
        made.send_modify(|made| *made += 1);
    }
}

fn random_edit(txn: &mut TransactionMut<'_>, dice: &mut StdRng, fresh: &str) {
    let items: Vec<MapRef> = ["milestones", "tasks"].into_iter().flat_map(|root| entities(txn, root)).collect();
    let item = items.choose(dice).expect("the sample has items").clone();
    match dice.random_range(0..100) {
        0..20 => {
            item.insert(txn, "status", *STATUSES.choose(dice).unwrap());
        }
        20..32 => {
            item.insert(txn, "due", day(dice));
        }
        // Two items that everybody renames.
        32..42 => {
            items[dice.random_range(0..2)].insert(txn, "title", format!("Renamed {}", dice.random::<u16>()));
        }
        42..66 => typing(txn, dice, &items),
        66..76 => {
            item.insert(txn, format!("owners/{}", owner(dice)), true);
        }
        76..82 => {
            item.remove(txn, &format!("owners/{}", owner(dice)));
        }
        82..86 => {
            item.remove(txn, "start");
        }
        86..90 => {
            item.insert(txn, "removed", true);
        }
        90..92 => {
            item.remove(txn, "removed");
        }
        _ => {
            let notes = TextPrelim::new(*SNIPPETS.choose(dice).unwrap());
            let tasks = txn.get_or_insert_map("tasks");
            let fields =
                [("milestone", "ms-05"), ("kind", "task"), ("party", "joint"), ("status", "pending"), ("rank", "b1")];
            let task = tasks.insert(txn, fresh, MapPrelim::from(fields));
            task.insert(txn, "title", format!("Step {fresh}"));
            task.insert(txn, "notes", notes);
        }
    }
}

fn entities(txn: &mut TransactionMut<'_>, root: &str) -> Vec<MapRef> {
    let root = txn.get_or_insert_map(root);
    let mut ids: Vec<String> = root.keys(txn).map(str::to_owned).collect();
    ids.sort_unstable();
    let maps = ids.iter().filter_map(|id| match root.get(txn, id) {
        Some(Out::YMap(map)) => Some(map),
        _ => None,
    });
    maps.collect()
}

/// Deletes and inserts between whole characters, as an editor does, counted in UTF-16 as Yjs does.
fn typing(txn: &mut TransactionMut<'_>, dice: &mut StdRng, items: &[MapRef]) {
    let texts = items.iter().filter_map(|item| match item.get(txn, "notes") {
        Some(Out::YText(text)) => Some(text),
        _ => None,
    });
    let texts: Vec<_> = texts.collect();
    let Some(text) = texts.choose(dice) else { return };
    let mut stops = vec![0];
    for character in text.get_string(txn).chars() {
        stops.push(stops[stops.len() - 1] + character.len_utf16() as u32);
    }
    let from = dice.random_range(0..stops.len());
    if dice.random_range(0..3) == 0 {
        let to = (from + dice.random_range(1..5)).min(stops.len() - 1);
        text.remove_range(txn, stops[from], stops[to] - stops[from]);
    }
    text.insert(txn, stops[from], SNIPPETS.choose(dice).unwrap());
}

fn owner(dice: &mut StdRng) -> &'static str {
    ["b-cfo", "b-legal-counsel", "s-account-exec"].choose(dice).unwrap()
}

fn day(dice: &mut StdRng) -> String {
    format!("2026-{:02}-{:02}", dice.random_range(2..8), dice.random_range(1..29))
}

/// Without empty roots, numbers as JavaScript has them.
fn normal(mut document: Value) -> Value {
    if let Some(roots) = document.as_object_mut() {
        roots.retain(|_, root| root.as_object().is_none_or(|root| !root.is_empty()));
    }
    floats(&mut document);
    document
}

fn floats(value: &mut Value) {
    match value {
        Value::Number(number) => *value = json!(number.as_f64()),
        Value::Array(values) => values.iter_mut().for_each(floats),
        Value::Object(map) => map.values_mut().for_each(floats),
        _ => {}
    }
}

fn same(told: &str, what: &str, have: &Value, want: &Value) {
    let mut differ = Vec::new();
    differences(what, have, want, &mut differ);
    assert!(differ.is_empty(), "{told}: {}", differ.join("\n"));
}

/// The paths where two documents differ, the first few of them.
fn differences(at: &str, have: &Value, want: &Value, out: &mut Vec<String>) {
    if out.len() >= 10 || have == want {
        return;
    }
    if let (Some(mine), Some(other)) = (have.as_object(), want.as_object()) {
        for key in mine.keys().chain(other.keys().filter(|key| !mine.contains_key(*key))) {
            differences(&format!("{at}/{key}"), &have[key.as_str()], &want[key.as_str()], out);
        }
    } else if let (Some(mine), Some(other)) = (have.as_array(), want.as_array())
        && mine.len() == other.len()
    {
        for (n, (mine, other)) in mine.iter().zip(other).enumerate() {
            differences(&format!("{at}/{n}"), mine, other, out);
        }
    } else {
        out.push(format!("{at}: {have} against {want}"));
    }
}
