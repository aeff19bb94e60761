//! What goes wrong around the server: a full disk, a folder that is taken, a store of a later version, a typing error
//! in the settings, a stop in the middle of everybody's work. An operator reads one sentence at three in the morning
//! and knows what to do; the people at their plans lose nothing and are back by themselves.

use std::{collections::BTreeSet, time::Duration};

use futures_util::{SinkExt as _, StreamExt as _};
use plansync_client::{BackoffBounds, Client, Plan, PlanEvent, Status, yrs::WriteTxn};
use plansync_protocol::wire::{self, Frame, Hello, NoticeCode, SUBPROTOCOL};
use plansync_tests::{
    http::{Http, token},
    proxy::{Mode, Proxy},
    server::{API_KEY, Failed, Server, Start},
    stock::Stock,
    wait::until,
};
use redb::TableDefinition;
use serde_json::json;
use tokio::{io::AsyncWriteExt as _, net::TcpStream, sync::broadcast, time::timeout};
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest as _};
use yrs::Map as _;

const DEADLINE: Duration = Duration::from_secs(30);
/// Room for an empty store and a few hundred edits.
const FULL_AT_KIB: u32 = 3_000;
/// An edit that fills a disk soon.
const LONG: usize = 1_900;

fn fast() -> BackoffBounds {
    BackoffBounds { first: Duration::from_millis(50), max: Duration::from_millis(300), ..BackoffBounds::default() }
}

/// The edits `<prefix><number>` that the plan of the server holds.
fn kept(http: &Http, plan: &str) -> BTreeSet<String> {
    let (status, body) = http.get(&format!("/v1/plans/{plan}"));
    assert_eq!(status, 200, "{body}");
    let comments = body["plan"]["comments"].as_array().cloned().unwrap_or_default();
    comments.iter().filter_map(|comment| comment["id"].as_str()).map(str::to_owned).collect()
}

/// Says something: an entity of its own for every edit.
fn comment(plan: &Plan, id: &str, text: &str) {
    plan.transact(|txn| {
        let comments = txn.get_or_insert_map("comments");
        let comment = comments.insert(txn, id, yrs::MapPrelim::from([("on", "ms-05")]));
        comment.insert(txn, "text", yrs::TextPrelim::new(text));
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_stops_the_server_in_order_and_loses_nothing_that_was_acknowledged() {
    let before = format!("trap '' XFSZ; ulimit -f {FULL_AT_KIB}");
    let mut server = Server::start_with(Start { before: Some(before), ..Start::default() }).await;
    server.http().create_sample("full");
    let proxy = Proxy::start(server.address()).await;
    let stock = Stock::start().await;
    stock.open("onlooker", &server.ws(), "full", &token("full", "b-cfo", "buyer", "viewer")).await;
    stock.synced("onlooker").await;
    let token = token("full", "s-account-exec", "seller", "owner");
    let plan = Client::new(proxy.ws()).backoff(fast()).token(token).open().unwrap();
    timeout(DEADLINE, plan.live()).await.unwrap().unwrap();

    let mut acknowledged = 0;
    let mut status = plan.status();
    loop {
        // What does not compress, so that no cleverness below makes room.
        let noise: String = (0..LONG).map(|_| char::from(rand::random_range(b'a'..=b'z'))).collect();
        comment(&plan, &format!("c-{}", acknowledged + 1), &noise);
        tokio::select! {
            flushed = plan.flush() => flushed.unwrap(),
            _ = status.wait_for(|status| *status != Status::Live) => break,
            () = tokio::time::sleep(DEADLINE) => panic!("neither acknowledged nor stopped: {}", server.log()),
        }
        acknowledged += 1;
        assert!(acknowledged < 5_000, "the disk is never full");
    }
    proxy.set(Mode::Refuse);
    assert_eq!(server.ended().await, Some(2), "{}", server.log());
    stock.event("onlooker", json!({"event": "closed", "code": 1012})).await;
    let log = server.log();
    let sentence = log.lines().last().unwrap_or_default();
    assert!(sentence.starts_with("plansync: the store has failed: "), "{sentence}");
    assert!(sentence.contains("File too large") && sentence.contains("mend the disk"), "{sentence}");
    assert!(!log.contains("panicked"), "{log}");

    // The disk has room again; nobody is let in who could bring back what the server forgot.
    server.restart().await;
    let kept_now = kept(&server.http(), "full");
    let lost: Vec<_> = (1..=acknowledged).map(|n| format!("c-{n}")).filter(|id| !kept_now.contains(id)).collect();
    assert!(lost.is_empty(), "{} of {acknowledged} acknowledged edits are lost: {lost:?}", lost.len());
    println!("full after {acknowledged} acknowledged edits: {sentence}");

    proxy.set(Mode::Pass);
    timeout(DEADLINE, plan.flush()).await.expect("what was not acknowledged arrives now").unwrap();
    assert_eq!(kept(&server.http(), "full").len(), acknowledged + 1);
}

#[tokio::test]
async fn a_folder_that_another_server_uses_is_refused_in_one_sentence() {
    let server = Server::start().await;
    let start = Start { folder: Some(server.folder().to_owned()), ..Start::default() };
    let said = refused(Server::try_start(start).await);
    assert!(said.contains("in use by another plansync server") && said.contains("--data"), "{said}");
}

#[tokio::test]
async fn a_store_of_a_later_version_is_refused_in_one_sentence_and_left_as_it_is() {
    let mut server = Server::start().await;
    server.http().create_sample("demo");
    assert_eq!(server.stop().await, Some(0));
    let file = server.folder().join("plansync.redb");
    let set_layout = |layout: u64| {
        let store = redb::Database::open(&file).unwrap();
        let write = store.begin_write().unwrap();
        write.open_table(TableDefinition::<&str, u64>::new("meta_1")).unwrap().insert("format", layout).unwrap();
        write.commit().unwrap();
    };
    set_layout(99);
    let start = Start { folder: Some(server.folder().to_owned()), ..Start::default() };
    let said = refused(Server::try_start(start).await);
    assert!(said.contains("layout 99") && said.contains("newer plansync"), "{said}");
    set_layout(1);
    server.restart().await;
    assert_eq!(server.http().get("/v1/plans/demo").0, 200);
}

#[tokio::test]
async fn a_file_that_is_no_store_is_refused_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("plansync.redb"), "this is no store ".repeat(1_000)).unwrap();
    let said = refused(Server::try_start(Start { folder: Some(folder.path().to_owned()), ..Start::default() }).await);
    assert!(said.contains("plansync.redb cannot be opened") && said.contains("backup"), "{said}");
}

#[tokio::test]
async fn a_bad_setting_is_named_in_one_sentence() {
    let env = |name: &str, value: &str| Start { env: vec![(name.into(), value.into())], ..Start::default() };
    let other = Server::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        Start { args: vec!["--config".into(), path.display().to_string()], ..Start::default() }
    };
    let cases = [
        (Start { listen: Some("nowhere".into()), ..Start::default() }, vec!["nowhere", "--listen"]),
        (Start { listen: Some(other.address().into()), ..Start::default() }, vec![other.address(), "--listen"]),
        (env("PLANSYNC_TOKEN_SECRET", "short"), vec!["PLANSYNC_TOKEN_SECRET", "5 characters"]),
        (env("PLANSYNC_API_KEY", "short"), vec!["PLANSYNC_API_KEY", "5 characters"]),
        (env("PLANSYNC_WORKERS", "0"), vec!["workers"]),
        (env("PLANSYNC_PUBLIC_URL", "plans.example.com"), vec!["public_url", "https://"]),
        (file("unknown.toml", "lisen = \"127.0.0.1:1\"\n"), vec!["unknown.toml", "lisen"]),
        (file("kind.toml", "workers = \"many\"\n"), vec!["kind.toml", "workers"]),
        (
            Start { args: vec!["--config".into(), "/nowhere/plansync.toml".into()], ..Start::default() },
            vec!["/nowhere/plansync.toml"],
        ),
    ];
    for (start, words) in cases {
        let told = format!("{start:?}");
        let said = refused_at_length(Server::try_start(start).await);
        for word in words {
            assert!(said.contains(word), "{told}: {said}");
        }
    }
}

/// The last line that a server which did not start left behind.
fn refused(started: Result<Server, Failed>) -> String {
    let said = refused_at_length(started);
    said.lines().last().unwrap_or_default().to_owned()
}

/// A settings file and a flag are shown with the place of the error, on a few lines.
fn refused_at_length(started: Result<Server, Failed>) -> String {
    let Err(failed) = started else { panic!("it started") };
    assert!(failed.status.contains(": 2"), "{}: {}", failed.status, failed.stderr);
    let said = failed.stderr;
    assert!(!said.contains("panicked"), "{said}");
    let at = said.rfind("plansync: ").or_else(|| said.rfind("error: "));
    said[at.unwrap_or_else(|| panic!("no sentence: {said}"))..].to_owned()
}

/// A request that never ends keeps an ordered stop for its whole deadline. An operator who does not want to wait
/// sends the signal again.
#[tokio::test]
async fn a_second_sigterm_stops_at_once() {
    let mut server = Server::start().await;
    server.http().create_sample("demo");
    let mut request = TcpStream::connect(server.address()).await.unwrap();
    let head = format!(
        "POST /v1/plans HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {API_KEY}\r\nContent-Type: application/json\r\n\
         Content-Length: 100\r\n\r\n{{"
    );
    request.write_all(head.as_bytes()).await.unwrap();
    // A second request is answered: the first one has been taken in before it.
    assert_eq!(server.http().get("/healthz").0, 200);
    server.signal("TERM");
    until("it says that it stops", DEADLINE, async || {
        let log = server.log();
        if log.contains("stopping") { Ok(()) } else { Err(log) }
    })
    .await;
    let asked_again = std::time::Instant::now();
    assert!(server.is_running(), "nothing kept it: {}", server.log());
    server.signal("TERM");
    assert_eq!(server.ended().await, Some(1));
    assert!(asked_again.elapsed() < Duration::from_secs(2), "{:?}", asked_again.elapsed());
}

/// Fifty people are writing when the new version is rolled out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_while_fifty_write_tells_everybody_and_loses_nothing() {
    const PEOPLE: usize = 50;
    const PLANS: usize = 5;
    let mut server = Server::start().await;
    let proxy = Proxy::start(server.address()).await;
    let ids: Vec<_> = (0..PLANS).map(|n| format!("plan-{n}")).collect();
    ids.iter().for_each(|id| server.http().create_sample(id));
    let stock = Stock::start().await;
    stock.open("stock", &server.ws(), &ids[0], &token(&ids[0], "b-cfo", "seller", "owner")).await;
    stock.synced("stock").await;
    let mut raw = raw_client(&server, &ids[0]).await;
    let people: Vec<(usize, Plan)> = (0..PEOPLE)
        .map(|n| {
            let id = &ids[n % PLANS];
            let token = token(id, &format!("p-{n}"), "seller", "owner");
            (n, Client::new(proxy.ws()).backoff(fast()).token(token).open().unwrap())
        })
        .collect();
    for (_, plan) in &people {
        timeout(DEADLINE, plan.live()).await.unwrap().unwrap();
    }

    let writing: Vec<_> =
        people.iter().map(|(n, plan)| tokio::task::spawn(write_until_cut(*n, plan.clone(), plan.events()))).collect();
    stock
        .run("stock", "create", json!({"collection": "comments", "entity": "by-stock", "texts": {"text": "✅"}}))
        .await;
    until("everybody has something acknowledged", DEADLINE, async || {
        let done = kept(&server.http(), &ids[0]).len();
        if done > PEOPLE { Ok(()) } else { Err(format!("{done} comments")) }
    })
    .await;
    let stopping = std::time::Instant::now();
    assert_eq!(server.stop().await, Some(0), "{}", server.log());
    let stopped = stopping.elapsed();
    let (mut acknowledged, mut made, mut unwarned) = (Vec::new(), 0, Vec::new());
    for (n, task) in writing.into_iter().enumerate() {
        let written = timeout(DEADLINE, task).await.expect("it notices").unwrap();
        made += written.made;
        acknowledged.extend((1..=written.acknowledged).map(|edit| (n % PLANS, format!("c-{n}-{edit}"))));
        if !written.warned {
            unwarned.push(n);
        }
    }
    proxy.set(Mode::Refuse);
    stock.event("stock", json!({"event": "closed", "code": 1012})).await;
    assert_eq!(last_words(&mut raw).await, ["draining", "1012"]);
    // On a busy machine a connection may end before its client has read what came before the end.
    assert!(unwarned.len() <= PEOPLE / 10, "{} of {PEOPLE} heard no Notice: {unwarned:?}", unwarned.len());

    server.restart().await;
    let now: Vec<_> = ids.iter().map(|id| kept(&server.http(), id)).collect();
    let lost: Vec<_> = acknowledged.iter().filter(|(plan, id)| !now[*plan].contains(id)).collect();
    assert!(lost.is_empty(), "{} of {} acknowledged edits are lost: {lost:?}", lost.len(), acknowledged.len());
    println!("stopped in {stopped:?}; {made} edits, {} acknowledged before it, 0 lost", acknowledged.len());

    proxy.set(Mode::Pass);
    for (_, plan) in &people {
        timeout(DEADLINE, plan.flush()).await.expect("everybody is back by themselves").unwrap();
    }
    let arrived: usize = ids.iter().map(|id| kept(&server.http(), id).len()).sum();
    assert_eq!(arrived, made + 1, "with the stock client's own");
}

struct Written {
    made: usize,
    acknowledged: usize,
    warned: bool,
}

/// Writes on and on until the connection ends, and says what was acknowledged by then.
async fn write_until_cut(n: usize, plan: Plan, mut events: broadcast::Receiver<PlanEvent>) -> Written {
    let mut pace = tokio::time::interval(Duration::from_millis(20));
    let mut status = plan.status();
    let mut made = 0;
    loop {
        tokio::select! {
            biased;
            _ = status.wait_for(|status| *status != Status::Live) => break,
            _ = pace.tick() => {
                made += 1;
                comment(&plan, &format!("c-{n}-{made}"), "écrit ✅");
            }
        }
    }
    let acknowledged = made - usize::try_from(plan.pending()).unwrap();
    let mut warned = false;
    loop {
        match events.try_recv() {
            Ok(event) => warned |= matches!(event, PlanEvent::Notice(notice) if notice.code == NoticeCode::Draining),
            // Nobody listened while it wrote, and there were many changes.
            Err(broadcast::error::TryRecvError::Lagged(_)) => {}
            Err(_) => break,
        }
    }
    Written { made, acknowledged, warned }
}

type Raw = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<TcpStream>>;

/// A client that shows what is on the wire.
async fn raw_client(server: &Server, plan: &str) -> Raw {
    let mut request = format!("{}/v1/sync/{plan}", server.ws()).into_client_request().unwrap();
    request.headers_mut().insert("Sec-WebSocket-Protocol", SUBPROTOCOL.parse().unwrap());
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    let token = Some(token(plan, "b-legal-counsel", "buyer", "viewer"));
    let hello = Hello { token, client: "raw/1".into(), since_seq: None };
    socket.send(Message::binary(wire::encode(&Frame::Hello(hello)))).await.unwrap();
    socket
}

/// The notices and the close code at the end of a connection.
async fn last_words(socket: &mut Raw) -> Vec<String> {
    let mut words = Vec::new();
    while let Ok(Some(Ok(message))) = timeout(DEADLINE, socket.next()).await {
        match message {
            Message::Binary(bytes) => {
                if let Ok(Frame::Notice(notice)) = wire::decode(&bytes) {
                    words.push(serde_json::to_value(notice.code).unwrap().as_str().unwrap().to_owned());
                }
            }
            Message::Close(Some(close)) => words.push(u16::from(close.code).to_string()),
            _ => {}
        }
    }
    words
}
