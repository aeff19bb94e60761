//! The client over a real socket, against a server of a few lines that can be told to cut, to stay silent and to close.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]
#![allow(clippy::disallowed_methods, reason = "tests end with their process")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use plansync_client::{
    BackoffBounds, Client, ErrorKind, Plan, Status,
    protocol::{
        ids::{Access, PartyId, PersonId, Scope},
        wire::{self, Frame, SUBPROTOCOL, Welcome, WireLimits},
    },
    yrs::{
        Doc, Map, ReadTxn, StateVector, Transact, Update, WriteTxn,
        updates::{decoder::Decode, encoder::Encode},
    },
};
use serde_json::json;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::broadcast,
    time::timeout,
};
use tokio_tungstenite::tungstenite::{
    Message,
    handshake::server::{Request, Response},
    http::HeaderValue,
    protocol::CloseFrame,
};

/// The server: one document, and everything that arrives goes to everybody.
struct Server {
    doc: Doc,
    frames: broadcast::Sender<Vec<u8>>,
    connections: AtomicU64,
    /// Updates are taken, but not acknowledged.
    silent: AtomicBool,
    /// Ends every connection: with this close code, or 0 for a cut.
    ends: broadcast::Sender<u16>,
    /// Connections are cut once they sent this many SyncStep2 and Update frames, before the last is taken.
    cut_at: AtomicU64,
    token: &'static str,
}

impl Server {
    async fn start() -> (Arc<Self>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap());
        let server = Arc::new(Self {
            doc: Doc::with_client_id(99),
            frames: broadcast::Sender::new(4_096),
            connections: AtomicU64::new(0),
            silent: AtomicBool::new(false),
            ends: broadcast::Sender::new(16),
            cut_at: AtomicU64::new(u64::MAX),
            token: "good",
        });
        let accepting = Arc::clone(&server);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&accepting).serve(stream));
            }
        });
        (server, url)
    }

    #[allow(clippy::result_large_err, reason = "the shape of the handshake is tungstenite's")]
    async fn serve(self: Arc<Self>, stream: TcpStream) -> Option<()> {
        let (mut frames, mut ends) = (self.frames.subscribe(), self.ends.subscribe());
        let shake = |request: &Request, mut response: Response| {
            assert_eq!(request.uri().path(), "/v1/sync/demo");
            assert_eq!(request.headers()["sec-websocket-protocol"], SUBPROTOCOL);
            response.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
            Ok(response)
        };
        let mut socket = tokio_tungstenite::accept_hdr_async(stream, shake).await.ok()?;
        self.connections.fetch_add(1, Ordering::SeqCst);
        let mut count = 0;
        loop {
            let answers = tokio::select! {
                frame = frames.recv() => vec![frame.ok()?],
                code = ends.recv() => match code.ok()? {
                    0 => return None,
                    code => {
                        let frame = CloseFrame { code: code.into(), reason: "told to".into() };
                        socket.close(Some(frame)).await.ok()?;
                        while socket.next().await.is_some_and(|message| message.is_ok()) {}
                        return None;
                    }
                },
                message = socket.next() => match message?.ok()? {
                    Message::Binary(bytes) => {
                        let frame = wire::decode(&bytes).unwrap();
                        if matches!(frame, Frame::SyncStep2(_) | Frame::Update(_)) {
                            count += 1;
                            if count >= self.cut_at.load(Ordering::SeqCst) {
                                self.cut_at.store(u64::MAX, Ordering::SeqCst);
                                return None;
                            }
                        }
                        if let Frame::Hello(hello) = &frame
                            && hello.token.as_deref() != Some(self.token)
                        {
                            let frame = CloseFrame { code: 4401.into(), reason: "unauthorized".into() };
                            socket.close(Some(frame)).await.ok()?;
                            while socket.next().await.is_some_and(|message| message.is_ok()) {}
                            return None;
                        }
                        self.answer(frame, &bytes, count)
                    }
                    _ => vec![],
                },
            };
            for answer in answers {
                socket.send(Message::binary(answer)).await.ok()?;
            }
        }
    }

    fn answer(&self, frame: Frame<'_>, bytes: &[u8], count: u64) -> Vec<Vec<u8>> {
        match frame {
            Frame::Hello(_) => {
                let welcome = Welcome {
                    person: PersonId::parse("ana").unwrap(),
                    party: PartyId::parse("buyer").unwrap(),
                    access: Access::Editor,
                    scope: Scope::Shared,
                    epoch: 1,
                    seq: 3,
                    last_visit_seq: 0,
                    limits: WireLimits::default(),
                    server_time: "2026-03-01T09:30:00Z".parse().unwrap(),
                };
                let state = self.doc.transact().state_vector().encode_v1();
                vec![wire::encode(&Frame::Welcome(welcome)), wire::encode(&Frame::SyncStep1(&state))]
            }
            Frame::SyncStep1(state) => {
                let since = StateVector::decode_v1(state).unwrap();
                vec![wire::encode(&Frame::SyncStep2(&self.doc.transact().encode_diff_v1(&since)))]
            }
            Frame::SyncStep2(update) | Frame::Update(update) => {
                self.doc.transact_mut().apply_update(Update::decode_v1(update).unwrap()).unwrap();
                let _ = self.frames.send(wire::encode(&Frame::Update(update)));
                if self.silent.load(Ordering::SeqCst) {
                    return vec![];
                }
                vec![wire::encode(&Frame::Ack { count, seq: 3 + count })]
            }
            Frame::Awareness(_) => {
                let _ = self.frames.send(bytes.to_vec());
                vec![]
            }
            Frame::Touch => vec![wire::encode(&Frame::Change(
                json!({ "id": "demo/4/0", "type": "plansync.test.touched", "data": {} }),
            ))],
            _ => vec![],
        }
    }
}

fn quick() -> BackoffBounds {
    BackoffBounds { first: Duration::from_millis(5), max: Duration::from_millis(50), calm: Duration::from_secs(60) }
}

fn open(url: &str) -> Plan {
    Client::new(url).backoff(quick()).name("test/1").plan("demo").token("good").open().unwrap()
}

fn set(plan: &Plan, key: &str, value: &str) {
    plan.transact(|txn| {
        let map = txn.get_or_insert_map("meta");
        map.insert(txn, key, value);
    });
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(20), future).await.expect("this comes soon")
}

/// Looks until it is so: what a test waits for has a bound, not a moment.
async fn until(so: impl Fn() -> bool) {
    soon(async {
        while !so() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_edit_reaches_the_disk_and_the_other_client() {
    let (_server, url) = Server::start().await;
    let (ana, ben) = (open(&url), open(&url));
    soon(ana.live()).await.unwrap();
    soon(ben.live()).await.unwrap();
    set(&ana, "title", "Grüße 👋");
    assert_eq!(ana.pending(), 1);
    soon(ana.flush()).await.unwrap();
    assert_eq!((ana.pending(), ana.seq()), (0, 5));
    assert_eq!(ana.welcome().unwrap().person.as_str(), "ana");
    until(|| ben.document_json() == json!({ "meta": { "title": "Grüße 👋" } })).await;
    assert_eq!(ana.document_json(), ben.document_json());
}

#[tokio::test]
async fn a_connection_that_is_cut_comes_back_and_brings_what_was_lost() {
    let (server, url) = Server::start().await;
    let plan = open(&url);
    soon(plan.live()).await.unwrap();
    server.cut_at.store(20, Ordering::SeqCst);
    for edit in 0..50 {
        set(&plan, &format!("k{}", edit % 7), &edit.to_string());
        tokio::task::yield_now().await;
    }
    soon(plan.flush()).await.unwrap();
    assert_eq!(plan.pending(), 0);
    assert_eq!(server.connections.load(Ordering::SeqCst), 2);
    let fresh = open(&url);
    soon(fresh.live()).await.unwrap();
    assert_eq!(fresh.document_json(), plan.document_json());
}

#[tokio::test]
async fn an_edit_that_arrived_without_an_ack_is_sent_again_and_changes_nothing() {
    let (server, url) = Server::start().await;
    let plan = open(&url);
    soon(plan.live()).await.unwrap();
    server.silent.store(true, Ordering::SeqCst);
    set(&plan, "a", "1");
    until(|| server.doc.transact().get_map("meta").is_some()).await;
    assert_eq!(plan.pending(), 1);
    server.silent.store(false, Ordering::SeqCst);
    server.ends.send(0).unwrap();
    soon(plan.flush()).await.unwrap();
    assert_eq!(plan.document_json(), json!({ "meta": { "a": "1" } }));
}

#[tokio::test]
async fn edits_made_from_many_threads_arrive_in_their_order() {
    let (server, url) = Server::start().await;
    let plan = open(&url);
    soon(plan.live()).await.unwrap();
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let plan = plan.clone();
            std::thread::spawn(move || (0..50).for_each(|edit| set(&plan, &format!("t{thread}"), &edit.to_string())))
        })
        .collect();
    tokio::task::spawn_blocking(|| threads.into_iter().for_each(|thread| thread.join().unwrap())).await.unwrap();
    soon(plan.flush()).await.unwrap();
    assert!(!server.doc.transact().has_missing_updates(), "no update came before the one it builds on");
    assert_eq!(plan.document_json(), json!({ "meta": { "t0": "49", "t1": "49", "t2": "49", "t3": "49" } }));
}

#[tokio::test]
async fn a_wrong_token_ends_all_attempts() {
    let (server, url) = Server::start().await;
    let plan = Client::new(&url).backoff(quick()).plan("demo").token("bad").open().unwrap();
    let error = soon(plan.live()).await.unwrap_err();
    assert_eq!((error.kind(), error.close_code()), (ErrorKind::Unauthorized, Some(4401)));
    set(&plan, "a", "1");
    assert!(soon(plan.flush()).await.is_err(), "nobody waits for ever");
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_restart_of_the_server_is_not_the_end() {
    let (server, url) = Server::start().await;
    let plan = open(&url);
    soon(plan.live()).await.unwrap();
    server.ends.send(1012).unwrap();
    soon(plan.status().wait_for(|status| *status != Status::Live)).await.unwrap();
    soon(plan.live()).await.unwrap();
    server.ends.send(4403).unwrap();
    soon(plan.status().wait_for(|status| matches!(status, Status::Refused(_)))).await.unwrap();
    let error = plan.live().await.unwrap_err();
    assert_eq!((error.kind(), error.close_code()), (ErrorKind::NotAllowed, Some(4403)));
    assert!(error.to_string().contains("told to"), "{error}");
}

#[tokio::test]
async fn people_see_who_is_there_and_changes_are_told() {
    let (_server, url) = Server::start().await;
    let (ana, ben) = (open(&url), open(&url));
    soon(ana.live()).await.unwrap();
    soon(ben.live()).await.unwrap();
    let mut changes = ana.changes();
    until(|| ben.others().len() == 1).await;
    ana.present(&json!({ "name": "Ana", "at": "tasks/ca-1" })).unwrap();
    until(|| ben.others().iter().any(|each| each.name() == Some("Ana") && each.at() == Some("tasks/ca-1"))).await;
    assert!(ana.others().iter().all(|each| each.client_id != ana.client_id()), "one is not one of the others");
    assert_eq!(ana.present(&json!({ "x": "x".repeat(5_000) })).unwrap_err().kind(), ErrorKind::TooLarge);
    assert_eq!(ana.present(&json!("here")).unwrap_err().kind(), ErrorKind::Malformed);

    ana.mark_seen();
    assert_eq!(soon(changes.next()).await.unwrap().kind, "plansync.test.touched");
    soon(ana.close()).await;
    until(|| ben.others().is_empty()).await;
    assert_eq!(*ana.status().borrow(), Status::Closed);
    assert_eq!(soon(changes.next()).await.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(ana.edit(|edit| drop(edit.add_task())).unwrap_err().kind(), ErrorKind::Closed);
}

#[tokio::test]
async fn the_last_handle_takes_the_connection_with_it() {
    let (server, url) = Server::start().await;
    let plan = open(&url);
    soon(plan.live()).await.unwrap();
    let mut status = plan.status();
    let clone = plan.clone();
    drop(plan);
    set(&clone, "a", "1");
    drop(clone);
    soon(status.wait_for(|status| *status == Status::Closed)).await.unwrap();
    until(|| server.doc.transact().get_map("meta").is_some()).await;
}

#[tokio::test]
async fn what_can_never_work_is_said_at_once() {
    for (url, plan_id, token) in [
        ("ftp://127.0.0.1:1", "demo", "t".to_owned()),
        ("ws://127.0.0.1:1", "../demo", "t".to_owned()),
        ("ws://127.0.0.1:1", "demo", "t".repeat(20_000)),
        ("nonsense", "demo", "t".to_owned()),
    ] {
        let opened = Client::new(url).plan(plan_id).token(token).open();
        assert_eq!(opened.unwrap_err().kind(), ErrorKind::Malformed, "{url} {plan_id}");
    }
    assert_eq!(Client::connect("ws://127.0.0.1:1", "t").unwrap_err().kind(), ErrorKind::Malformed, "which plan?");
    let nobody = Client::new("ws://127.0.0.1:1").plan("demo").open();
    assert_eq!(nobody.unwrap_err().kind(), ErrorKind::Unauthorized);
    let outside = std::thread::spawn(|| Client::new("ws://127.0.0.1:1").plan("demo").token("t").open());
    assert_eq!(outside.join().unwrap().unwrap_err().kind(), ErrorKind::Malformed);
}
