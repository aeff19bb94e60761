//! No frame of any client, of any bytes, stops the server, or another plan, or makes a plan unreadable.
//!
//! What a hostile frame may lead to, and nothing else: a close in the 4400s with a reason; for bytes that the guard
//! admits or that only lack something before them, a connection that goes on.

#[path = "../../../protocol/tests/copies/mod.rs"]
mod copies;

use std::path::PathBuf;

use copies::{
    Copy,
    generated::{counted, generated},
};
use plansync_protocol::{
    guard::{Lane, Refusal, lint_awareness, lint_state_vector},
    limits,
    wire::{self, Frame, Hello, lib0},
};
use plansync_tests::{
    http::token,
    raw::{Closed, Dial, Outcome, Pen, Raw, ask_all, awareness, hello, present, sync, sync_step_2, update},
    server::Server,
    wait::eventually,
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use crate::neighbours::Neighbours;

const PLAN: &str = "acme";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Stock,
    Plansync,
}

const DIALECTS: [Dialect; 2] = [Dialect::Stock, Dialect::Plansync];

async fn server() -> Server {
    let server = Server::start().await;
    server.http().create_sample(PLAN);
    server
}

fn editor(person: &str) -> String {
    token(PLAN, person, "seller", "owner")
}

/// Somebody who is let in and has read the greeting.
async fn let_in(server: &Server, dialect: Dialect, person: &str) -> Raw {
    let mut raw = match dialect {
        Dialect::Stock => Raw::stock(server, PLAN, &editor(person)).await,
        Dialect::Plansync => Raw::plansync(server, PLAN, &editor(person)).await.0,
    };
    raw.greeting().await;
    raw
}

/// The end of a connection on which this frame was sent.
async fn end_of(server: &Server, dialect: Dialect, frame: &[u8]) -> Closed {
    let mut raw = let_in(server, dialect, "mallory").await;
    raw.send(frame).await;
    raw.closed().await
}

/// The server lives, and the plan is read over HTTP and by somebody who comes fresh.
async fn all_is_well(server: &mut Server) {
    assert!(server.is_running());
    let (status, body) = server.http().get(&format!("/v1/plans/{PLAN}"));
    assert_eq!(status, 200, "{body}");
    let title = body["plan"]["meta"]["title"].as_str().map(str::to_owned);
    for dialect in DIALECTS {
        let (mut fresh, pen) = (let_in(server, dialect, "fresh").await, Pen::new(5));
        fresh.send(&ask_all()).await;
        fresh
            .until("the plan", |frame| {
                pen.hear(frame);
                matches!(frame, Frame::SyncStep2(_)).then_some(())
            })
            .await;
        assert_eq!(pen.title(), title);
    }
    let (_, metrics) = server.http().get("/metrics");
    let deaths = metrics.as_str().unwrap().lines().find(|line| line.starts_with("plansync_room_deaths_total "));
    assert!(deaths.is_none_or(|line| line.ends_with(" 0")), "{deaths:?}");
}

/// Our copy of the corpus: files named by the rule they break, and inputs that are too large to be files.
fn hostile() -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../protocol/tests/hostile");
    let mut inputs: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap()))
        .collect();
    inputs.sort();
    assert!(inputs.len() >= 20, "the corpus is there");
    inputs.extend(generated().into_iter().map(|(name, bytes)| (name.to_owned(), bytes)));
    let many = |count, each: fn(&mut Vec<u8>, u64)| counted(count, each);
    inputs.push((
        "a state vector of alike ids".to_owned(),
        many(60_000, |out, n| {
            lib0::write_var_uint(out, (n + 1) << 31);
            out.push(1);
        }),
    ));
    inputs.push((
        "a crowd of one".to_owned(),
        many(5_000, |out, n| {
            lib0::write_var_uint(out, n);
            out.extend([1, 2, b'{', b'}']);
        }),
    ));
    inputs
}

/// What the server has to do with an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    Alive,
    Asked,
    Code(u16),
}

fn due_for(refusal: &Refusal, lane: Option<Lane>) -> Due {
    match (refusal, lane) {
        (Refusal::Malformed { .. }, _) => Due::Code(4400),
        (Refusal::TooLarge { .. }, _) => Due::Code(4413),
        (Refusal::Gap { .. }, Some(Lane::Sync)) => Due::Code(4409),
        (Refusal::Gap { .. }, _) => Due::Asked,
    }
}

/// The frames an input is sent in, and what is due for each. `model` takes in what the plan does.
fn places(model: &mut Copy, bytes: &[u8]) -> [(&'static str, Vec<u8>, Due); 4] {
    let mut of_lane = |lane, bytes_max: usize| match model.offer(bytes, lane) {
        _ if bytes.len() > bytes_max => Due::Code(4413),
        Ok(_) => Due::Alive,
        Err(refusal) => due_for(&refusal, Some(lane)),
    };
    let (live, offline) =
        (of_lane(Lane::Live, limits::UPDATE_BYTES_MAX), of_lane(Lane::Sync, limits::DOCUMENT_BYTES_MAX));
    let other = |refused: Option<Refusal>| refused.map_or(Due::Alive, |refusal| due_for(&refusal, None));
    [
        ("Update", update(bytes), live),
        ("SyncStep2", sync_step_2(bytes), offline),
        ("SyncStep1", sync(0, bytes), other(lint_state_vector(bytes).err())),
        ("Awareness", awareness(bytes), other(lint_awareness(bytes).err())),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_hostile_input_ends_its_own_connection_at_most() {
    let mut server = server().await;
    let neighbours = Neighbours::move_in(&server).await;
    let mut model = Copy::new();
    let mut wrong = Vec::new();
    for (name, bytes) in hostile() {
        for dialect in DIALECTS {
            for (place, frame, due) in places(&mut model, &bytes) {
                let mut mallory = let_in(&server, dialect, "mallory").await;
                let outcome = mallory.try_frame(&frame).await;
                let fits = match (&outcome, due) {
                    (Outcome::Alive { asked }, Due::Alive | Due::Asked) => *asked == (due == Due::Asked),
                    (Outcome::Closed(closed), Due::Code(code)) => closed.code == code && !closed.reason.is_empty(),
                    _ => false,
                };
                if !fits {
                    wrong.push(format!("{name} as {place}, {dialect:?}: {outcome:?}, and should be {due:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    all_is_well(&mut server).await;
    neighbours.were_not_disturbed().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_random_frames_disturb_nobody() {
    const SOCKETS: u64 = 300;
    const FRAMES: usize = 10;
    let mut server = server().await;
    let neighbours = Neighbours::move_in(&server).await;
    let honest = update(&Pen::new(77).set_title("honest"));
    for seed in 0..SOCKETS {
        let mut rng = StdRng::seed_from_u64(seed);
        let dialect = DIALECTS[usize::try_from(seed % 2).unwrap()];
        let mut mallory = let_in(&server, dialect, "mallory").await;
        let frames: Vec<Vec<u8>> = (0..FRAMES).map(|_| random_frame(&mut rng, &honest)).collect();
        mallory.send_all(frames).await;
        match mallory.try_frame(&[99]).await {
            Outcome::Alive { .. } => {}
            Outcome::Closed(closed) => {
                // A socket that is closed while it still sends may break before the reason arrives.
                let named = (4400..4500).contains(&closed.code) && !closed.reason.is_empty();
                assert!(named || closed.code == 1006, "seed {seed}: {closed:?}");
            }
        }
    }
    all_is_well(&mut server).await;
    neighbours.were_not_disturbed().await;
}

/// Noise with a head that is often right, an honest update with some bytes changed, or a type of nobody.
fn random_frame(rng: &mut StdRng, honest: &[u8]) -> Vec<u8> {
    let noise: Vec<u8> = (0..rng.random_range(0..200)).map(|_| rng.random()).collect();
    match rng.random_range(0..6) {
        0 => [&[99][..], &noise].concat(),
        1 => update(&noise),
        2 => awareness(&noise),
        3 => sync(rng.random_range(0..4), &noise),
        4 => {
            let mut frame = honest.to_vec();
            for _ in 0..rng.random_range(1..4) {
                let at = rng.random_range(0..frame.len());
                frame[at] = rng.random();
            }
            frame
        }
        _ => noise,
    }
}

#[tokio::test]
async fn a_text_frame_or_an_empty_one_is_malformed() {
    let mut server = server().await;
    for dialect in DIALECTS {
        let mut raw = let_in(&server, dialect, "mallory").await;
        raw.send_text("hello").await;
        let closed = raw.closed().await;
        assert!(closed.code == 4400 && closed.reason.contains("text"), "{closed:?}");
        assert_eq!(end_of(&server, dialect, &[]).await.code, 4400);
    }
    all_is_well(&mut server).await;
}

#[tokio::test]
async fn every_truncation_of_an_update_or_a_hello_is_malformed() {
    let mut server = server().await;
    let bytes = Pen::new(77).set_title("cut");
    let frame = update(&bytes);
    for at in 0..frame.len() {
        let dialect = DIALECTS[at % 2];
        assert_eq!(end_of(&server, dialect, &frame[..at]).await.code, 4400, "the frame cut at {at}");
    }
    for at in 0..bytes.len() {
        let dialect = DIALECTS[at % 2];
        assert_eq!(end_of(&server, dialect, &update(&bytes[..at])).await.code, 4400, "the update cut at {at}");
    }
    let frame = hello(&editor("mallory"));
    for at in 0..frame.len() {
        let mut raw = Raw::silent(&server, PLAN).await;
        raw.send(&frame[..at]).await;
        assert_eq!(raw.closed().await.code, 4400, "the Hello cut at {at}");
    }
    all_is_well(&mut server).await;
}

#[tokio::test]
async fn lengths_and_counts_that_are_not_there_are_malformed() {
    let mut server = server().await;
    let two_to_the_31 = [0x80, 0x80, 0x80, 0x80, 8];
    let after = |head: &[u8], tail: &[u8]| [head, &two_to_the_31, tail].concat();
    let title = Pen::new(77).set_title("x");
    let frames = [
        ("an update's length", after(&[0, 2], &title)),
        ("an awareness frame's length", after(&[1], &[0])),
        ("one byte more than is there", [&[0, 2, u8::try_from(title.len()).unwrap() + 1][..], &title].concat()),
        ("one byte less than is there", [&[0, 2, u8::try_from(title.len()).unwrap() - 1][..], &title].concat()),
        ("a second message", [update(&title), update(&title)].concat()),
        ("a length with an idle group", [&[0, 2, 0x80 | u8::try_from(title.len()).unwrap(), 0][..], &title].concat()),
        ("a length above 2^53", [&[0, 2][..], &[0xff; 9], &[1]].concat()),
        ("an unknown kind of sync", sync(3, &title)),
        ("an unknown kind of auth", vec![2, 7, 0]),
        ("clients of an update", update(&after(&[], &[0]))),
        ("structs of a client", update(&after(&[1], &[77, 0, 0]))),
        ("a clock", update(&after(&[1, 1, 77], &[0, 1, 0]))),
        ("the length of a struct", update(&after(&[1, 1, 77, 0, 0], &[0]))),
        ("clients of a delete set", update(&after(&[0], &[0]))),
        ("ranges of a delete set", update(&after(&[0, 1, 77], &[0]))),
        ("clients of a state vector", sync(0, &after(&[], &[0]))),
        ("a clock of a state vector", sync(0, &after(&[1, 77], &[]))),
        ("clients in awareness", awareness(&after(&[], &[0]))),
        ("a clock in awareness", awareness(&after(&[1, 77], &[2, b'{', b'}']))),
        ("the length of a state", awareness(&after(&[1, 77, 1], b"{}"))),
        ("a state that is no JSON", present(77, 1, "{")),
        ("a state that is no object", present(77, 1, "[]")),
    ];
    for dialect in DIALECTS {
        for (what, frame) in &frames {
            let closed = end_of(&server, dialect, frame).await;
            let codes = if *what == "clients in awareness" { &[4400, 4413][..] } else { &[4400] };
            assert!(codes.contains(&closed.code) && !closed.reason.is_empty(), "{what}, {dialect:?}: {closed:?}");
        }
    }
    all_is_well(&mut server).await;
}

/// As many people in one frame.
fn crowd(people: usize) -> Vec<u8> {
    // From 128 on an id takes two bytes.
    let entry = |out: &mut Vec<u8>, n: u64| {
        let client = n + 128;
        out.extend([(client & 0x7f) as u8 | 0x80, (client >> 7) as u8, 1, 2, b'{', b'}']);
    };
    awareness(&counted(people as u64, |out, n| entry(out, n)))
}

#[tokio::test]
async fn what_is_above_its_limit_is_too_large() {
    let mut server = server().await;
    let state = |bytes: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(bytes - 8));
    let frames = [
        ("an Update", update(&vec![0; limits::UPDATE_BYTES_MAX + 1])),
        ("a SyncStep2", sync_step_2(&vec![0; limits::DOCUMENT_BYTES_MAX + 1])),
        ("a frame", vec![0; limits::DOCUMENT_BYTES_MAX + (1 << 10)]),
        ("a frame of no known type", [vec![99], vec![0; limits::DOCUMENT_BYTES_MAX + (1 << 10)]].concat()),
        ("a SyncStep1", sync(0, &vec![0; limits::STATE_VECTOR_BYTES_MAX + 1])),
        ("an awareness frame", awareness(&vec![0; limits::AWARENESS_FRAME_BYTES_MAX + 1])),
        ("an awareness state", present(77, 1, &state(limits::AWARENESS_STATE_BYTES_MAX + 1))),
        ("a crowd", crowd(limits::AWARENESS_ENTRIES_MAX + 1)),
    ];
    for dialect in DIALECTS {
        for (what, frame) in &frames {
            let closed = end_of(&server, dialect, frame).await;
            assert!(closed.code == 4413 && !closed.reason.is_empty(), "{what}, {dialect:?}: {closed:?}");
        }
        let mut ann = let_in(&server, dialect, "ann").await;
        let largest = present(78, 1, &state(limits::AWARENESS_STATE_BYTES_MAX));
        assert_eq!(ann.try_frame(&largest).await, Outcome::Alive { asked: false }, "the limit itself is allowed");
    }
    all_is_well(&mut server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn millions_of_tiny_clients_cost_nobody_anything() {
    let mut server = server().await;
    let neighbours = Neighbours::move_in(&server).await;
    // Clients descend, with one collected struct each.
    let crowd = |bytes_max: usize| {
        let count = bytes_max / 9;
        let mut out = Vec::new();
        lib0::write_var_uint(&mut out, count as u64);
        for client in (0..count as u64).rev() {
            out.push(1);
            lib0::write_var_uint(&mut out, client);
            out.extend([0, 0, 1]);
        }
        out.push(0);
        assert!(out.len() <= bytes_max);
        out
    };
    let empty = |bytes_max: usize| {
        let mut out = Vec::new();
        lib0::write_var_uint(&mut out, bytes_max as u64 / 3 - 2);
        out.resize(bytes_max, 0);
        out
    };
    for dialect in DIALECTS {
        for make in [&crowd as &dyn Fn(usize) -> Vec<u8>, &empty] {
            for frame in [update(&make(limits::UPDATE_BYTES_MAX)), sync_step_2(&make(limits::DOCUMENT_BYTES_MAX))] {
                let closed = end_of(&server, dialect, &frame).await;
                assert!([4400, 4413].contains(&closed.code), "{closed:?}");
            }
        }
    }
    all_is_well(&mut server).await;
    neighbours.were_not_disturbed().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asking_for_everything_again_and_again_without_reading_costs_no_memory() {
    const ASKS: usize = 4_000;
    let mut server = server().await;
    let (mut ann, pen) = (let_in(&server, Dialect::Plansync, "ann").await, Pen::new(21));
    // A plan of a megabyte, so that every answer is one.
    for n in 0..10 {
        ann.send(&update(&pen.write(|txn| {
            use yrs::{Map as _, WriteTxn as _};
            let meta = txn.get_or_insert_map("meta");
            meta.insert(txn, format!("x-{n}"), "x".repeat(100_000));
        })))
        .await;
    }
    ann.acked(10).await;
    let neighbours = Neighbours::move_in(&server).await;
    let before = server.memory_bytes();
    let mut mallory = let_in(&server, Dialect::Stock, "mallory").await;
    let mut peak = before;
    for _ in 0..ASKS / 200 {
        mallory.send_all(std::iter::repeat_n(ask_all(), 200)).await;
        peak = peak.max(server.memory_bytes());
    }
    neighbours.were_not_disturbed().await;
    peak = peak.max(server.memory_bytes());
    let grown = (peak - before) >> 20;
    assert!(grown < 64, "{ASKS} questions that nobody reads the answers of made the server grow by {grown} MiB");
    drop(mallory);
    all_is_well(&mut server).await;
}

#[tokio::test]
async fn a_copy_that_builds_on_something_unknown_has_to_start_afresh() {
    let mut server = server().await;
    for dialect in DIALECTS {
        let mut ann = let_in(&server, dialect, "ann").await;
        let pen = Pen::new(31);
        pen.set_title("never sent");
        ann.send(&sync_step_2(&pen.set_title("built on it"))).await;
        let closed = ann.closed().await;
        assert_eq!(closed.code, 4409, "{closed:?}");
    }
    all_is_well(&mut server).await;
}

#[tokio::test]
async fn nobody_writes_under_another_persons_client_id() {
    let mut server = server().await;
    let (mut ann, pen) = (let_in(&server, Dialect::Plansync, "ann").await, Pen::new(41));
    ann.send(&ask_all()).await;
    ann.until("the plan", |frame| {
        pen.hear(frame);
        pen.title().map(drop)
    })
    .await;
    ann.send(&update(&pen.set_title("by ann"))).await;
    ann.acked(1).await;
    let copy = Pen::new(41);
    copy.read(&pen.difference(&[0]));
    let forged = copy.set_title("by mallory");
    for dialect in DIALECTS {
        for frame in [update(&forged), sync_step_2(&forged)] {
            let closed = end_of(&server, dialect, &frame).await;
            assert!(closed.code == 4403 && !closed.reason.is_empty(), "{closed:?}");
        }
        // To send on what another person has written is no forgery.
        let mut bob = let_in(&server, dialect, "bob").await;
        let known = sync_step_2(&pen.difference(&[0]));
        assert_eq!(bob.try_frame(&known).await, Outcome::Alive { asked: false });
    }
    let (_, body) = server.http().get(&format!("/v1/plans/{PLAN}"));
    assert_eq!(body["plan"]["meta"]["title"], "by ann");
    all_is_well(&mut server).await;
}

#[tokio::test]
async fn a_plansync_client_says_hello_once_in_time_and_first() {
    let mut server = server().await;
    let mut late = Raw::silent(&server, PLAN).await;
    let begin = tokio::time::Instant::now();

    let mut first = Raw::silent(&server, PLAN).await;
    first.send(&ask_all()).await;
    let closed = first.closed().await;
    assert!(closed.code == 4400 && closed.reason.contains("Hello"), "{closed:?}");

    let mut twice = let_in(&server, Dialect::Plansync, "ann").await;
    twice.send(&hello(&editor("ann"))).await;
    let closed = twice.closed().await;
    assert!(closed.code == 4400 && closed.reason.contains("Hello"), "{closed:?}");

    let mut stock = let_in(&server, Dialect::Stock, "ann").await;
    stock.send(&hello(&editor("ann"))).await;
    assert_eq!(stock.closed().await.code, 4400);

    for bytes in [limits::HELLO_BYTES_MAX + 1, 1 << 20] {
        let mut large = Raw::silent(&server, PLAN).await;
        let client = "x".repeat(bytes);
        let json = serde_json::to_string(&Hello { token: None, client, since_seq: None }).unwrap();
        let mut frame = vec![110];
        lib0::write_var_string(&mut frame, &json);
        large.send(&frame).await;
        assert_eq!(large.closed().await.code, 4413);
    }

    let mut wrong = Raw::silent(&server, PLAN).await;
    wrong.send(&[&[110, 2][..], b"[]"].concat()).await;
    assert_eq!(wrong.closed().await.code, 4400);

    let mut nobody = Raw::silent(&server, PLAN).await;
    nobody.send(&wire::encode(&Frame::Hello(Hello { token: None, client: String::new(), since_seq: None }))).await;
    assert_eq!(nobody.closed().await.code, 4401);

    let closed = late.closed().await;
    assert_eq!(closed.code, 4408, "{closed:?}");
    assert!(begin.elapsed().as_secs() >= 4, "a slow line has five seconds");
    eventually("that nobody is left", || async {
        let (_, metrics) = server.http().get("/metrics");
        metrics.as_str().unwrap().contains("plansync_connections_unauthenticated 0").then_some(())
    })
    .await;
    all_is_well(&mut server).await;
}

/// A thousand sockets say nothing, and nobody knows whose they are. Those who say who they are come in all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_of_strangers_is_bounded_and_keeps_nobody_out_who_has_a_token() {
    let server = Server::start().await;
    server.http().create_sample("p");
    let dial = || Dial { path: "/v1/sync/p".to_owned(), protocol: Some("plansync.v1".to_owned()), ..Dial::default() };
    let mut strangers = Vec::new();
    let refused = loop {
        let crowd = futures_util::future::join_all((0..100).map(|_| Raw::dial(&server, dial()))).await;
        let (came, refused): (Vec<_>, Vec<_>) = crowd.into_iter().partition(Result::is_ok);
        strangers.extend(came);
        if let Some(refused) = refused.into_iter().find_map(Result::err) {
            break refused;
        }
        assert!(strangers.len() <= 1_000, "{} strangers", strangers.len());
    };
    assert_eq!((refused.status, refused.body["code"].as_str()), (503, Some("overloaded")));
    Raw::stock(&server, "p", &token("p", "ann", "buyer", "owner")).await.greeting().await;
    drop(strangers);
    plansync_tests::wait::until("room for others", std::time::Duration::from_secs(10), async || {
        Raw::dial(&server, dial()).await.map(drop).map_err(|refused| refused.body.to_string())
    })
    .await;
}
