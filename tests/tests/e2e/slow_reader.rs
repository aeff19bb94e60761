//! Those who do not read, or say nothing, cost the others nothing and the server little; and when they come back to
//! life they end up with the same plan as everybody.

use std::time::Duration;

use futures_util::future::join_all;
use plansync_protocol::wire::Frame;
use plansync_tests::{
    http::token,
    raw::{PATIENCE, Pen, Raw, ask_all, update},
    server::Server,
    wait::eventually,
};
use tokio::{
    io::AsyncReadExt as _,
    net::TcpStream,
    time::{Instant, timeout},
};
use yrs::{Map as _, WriteTxn as _};

use crate::neighbours::Neighbours;

const PLAN: &str = "acme";
/// Updates of a storm, and their size: 30 MB together.
const UPDATES: u64 = 300;
const UPDATE_BYTES: usize = 100_000;
/// How long a storm may last, however slow the machine.
const STORM_MAX: Duration = Duration::from_secs(15);

async fn joined(server: &Server, person: &str, client: u64) -> (Raw, Pen) {
    let mut raw = Raw::stock(server, PLAN, &token(PLAN, person, "seller", "owner")).await;
    let pen = Pen::new(client);
    raw.send(&ask_all()).await;
    raw.until("the plan", |frame| {
        pen.hear(frame);
        matches!(frame, Frame::SyncStep2(_)).then_some(())
    })
    .await;
    (raw, pen)
}

/// Somebody overwrites a large field again and again, each time after hearing the echo. Tells how many times, and
/// the server's memory at its highest.
async fn storm(server: &Server, client: u64) -> (u64, u64) {
    let (mut writer, pen) = joined(server, "stormy", client).await;
    let (begin, mut written, mut memory) = (Instant::now(), 0, 0);
    while written < UPDATES && begin.elapsed() < STORM_MAX {
        written += 1;
        let bytes = update(&pen.write(|txn| {
            let meta = txn.get_or_insert_map("meta");
            meta.insert(txn, "x-large", "x".repeat(UPDATE_BYTES));
        }));
        writer.send(&bytes).await;
        writer.until("the echo", |frame| matches!(frame, Frame::Update(_)).then_some(())).await;
        memory = memory.max(server.memory_bytes());
    }
    writer.send(&update(&pen.set_title("after the storm"))).await;
    writer.until("the echo", |frame| matches!(frame, Frame::Update(_)).then_some(())).await;
    (written, memory)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_who_never_read_slow_nobody_and_cost_less_than_a_mebibyte_each() {
    // The same storm twice: what the store and the allocator keep is the same in both.
    let alone = Server::start().await;
    alone.http().create_sample(PLAN);
    let (_, memory_alone) = storm(&alone, 1).await;
    drop(alone);

    let server = Server::start().await;
    server.http().create_sample(PLAN);
    let neighbours = Neighbours::move_in(&server).await;
    let mut slow = Vec::new();
    for n in 0..20 {
        slow.push(joined(&server, &format!("slow-{n}"), 100 + n).await);
    }
    let (written, memory) = storm(&server, 1).await;
    let disturbed = neighbours.were_not_disturbed().await;
    let more = memory.saturating_sub(memory_alone) >> 20;
    println!("{written} updates; {more} MiB more than alone; next door at most {disturbed:?}");
    assert!(written >= 50, "only {written} updates came through");
    assert!(more < 20, "twenty slow readers made the server grow by {more} MiB");

    // Half of them read on: each ends with the plan as it is, by one difference or after coming back.
    join_all(slow.drain(..10).map(|(raw, pen)| resume(&server, raw, pen))).await;
    // The others never do, and are let go.
    eventually("that the others are closed", || async {
        let (_, metrics) = server.http().get("/metrics");
        let open = metrics.as_str().unwrap().lines().find_map(|line| line.strip_prefix("plansync_connections "));
        open.is_some_and(|open| open == "0").then_some(())
    })
    .await;
    assert_eq!(slow.len(), 10);
}

async fn resume(server: &Server, mut raw: Raw, pen: Pen) {
    let read_on = async {
        while pen.title().as_deref() != Some("after the storm") {
            match raw.next().await {
                Ok(bytes) => pen.hear(&plansync_protocol::wire::decode(&bytes).unwrap()),
                Err(_closed) => return,
            }
        }
    };
    timeout(2 * PATIENCE, read_on).await.expect("it converges or is closed in time");
    if pen.title().as_deref() != Some("after the storm") {
        let mut again = Raw::stock(server, PLAN, &token(PLAN, "back", "seller", "owner")).await;
        again.send(&plansync_protocol::wire::encode(&Frame::SyncStep1(&pen.state_vector()))).await;
        again.until_title(&pen, "after the storm").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_who_say_nothing_are_closed_in_time_and_nobody_notices() {
    const EACH: usize = 1_000;
    let limit = rlimit::increase_nofile_limit(8_000).expect("the limit of open files can be raised");
    assert!(limit >= 4_000, "{limit} open files are too few for this test");
    let server = Server::start().await;
    server.http().create_sample(PLAN);
    let neighbours = Neighbours::move_in(&server).await;
    let mut wordless = Vec::new();
    for _ in 0..EACH {
        wordless.push(TcpStream::connect(server.address()).await.expect("it is accepted"));
    }
    let mut without_hello = Vec::new();
    for _ in 0..EACH {
        without_hello.push(Raw::silent(&server, PLAN).await);
    }
    // Somebody new is still let in.
    joined(&server, "ann", 1).await;
    let closed = join_all(without_hello.iter_mut().map(Raw::closed)).await;
    let codes: Vec<_> = closed.iter().filter(|closed| closed.code != 4408).collect();
    assert!(codes.is_empty(), "some ended otherwise: {codes:?}");
    let ends = wordless.iter_mut().map(|stream| async {
        let mut rest = Vec::new();
        timeout(2 * PATIENCE, stream.read_to_end(&mut rest)).await.expect("it is closed in time")
    });
    join_all(ends).await;
    neighbours.were_not_disturbed().await;
}
