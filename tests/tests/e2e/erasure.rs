//! What is erased is gone: from the answers, from the files, and for those who were just writing. What is left says that
//! something was there, and nothing of what it was.

use std::{io::Read as _, time::Duration};

use plansync_protocol::wire::{Frame, encode};
use plansync_tests::{
    http::token,
    raw::{Pen, Raw, ask_all, update},
    request::{self, from},
    server::{API_KEY, Server, verify},
};
use serde_json::{Value, json};
use tokio::{io::AsyncReadExt as _, time::timeout};

/// Words that stand in the erased plan and nowhere else: its id, a person, and texts of many lengths.
const CANARIES: [&str; 5] =
    ["canary-plan-q7x", "canary-person-q7x", "canary-title-q7x", "canary-text-q7x", "canary-edit-q7x"];

/// How often each of these words stands in the files of a server's folder, packed or not; its log is no file of the
/// store.
pub fn found(server: &Server, words: &[&'static str]) -> Vec<(&'static str, usize)> {
    let mut bytes = Vec::new();
    for file in std::fs::read_dir(server.folder()).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() && !path.ends_with("server.log") {
            let file = std::fs::read(path).unwrap();
            bytes.extend(unpacked(&file));
            bytes.extend(file);
        }
    }
    let text = String::from_utf8_lossy(&bytes);
    let count = |word: &str| text.matches(word).count();
    words.iter().map(|word| (*word, count(word))).filter(|(_, count)| *count > 0).collect()
}

/// Everything that stands packed in a file, what is removed and not overwritten too: as far as each can be unpacked.
fn unpacked(file: &[u8]) -> Vec<u8> {
    const MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
    const BYTES_MAX: u64 = 16 << 20;
    let mut all = Vec::new();
    for at in file.windows(MAGIC.len()).enumerate().filter(|(_, bytes)| *bytes == MAGIC).map(|(at, _)| at) {
        // What follows in the file is no part of it; what was unpacked before that shows is there.
        if let Ok(packed) = zstd::Decoder::new(&file[at..]) {
            let _ = packed.single_frame().take(BYTES_MAX).read_to_end(&mut all);
        }
    }
    all
}

fn sample(title: &str) -> Value {
    let mut plan: Value = serde_json::from_str(plansync_protocol::plan::SAMPLE).unwrap();
    plan["meta"]["title"] = json!(title);
    plan
}

fn create(server: &Server, id: &str, title: &str) {
    let (status, body) = server.http().post("/v1/plans", &json!({"id": id, "plan": sample(title)}));
    assert_eq!(status, 201, "{body}");
}

fn edit(server: &Server, id: &str, key: &str, title: &str) {
    let edit = json!({"set": {"meta": {"title": title}}, "reason": title});
    let (status, body) = server.http().with_key(key).post(&format!("/v1/plans/{id}/edits"), &edit);
    assert_eq!(status, 200, "{body}");
}

/// A plan with a long history among many others, whose rows stand beside its own.
async fn lived(server: &Server) -> Raw {
    let [plan, person, title, text, edited] = CANARIES;
    for n in 0..60 {
        create(server, &format!("before-{n}"), "an earlier plan");
    }
    create(server, plan, title);
    for n in 0..60 {
        create(server, &format!("z-after-{n}"), "a later plan");
    }
    let token = token(plan, person, "buyer", "editor");
    let (mut raw, _) = Raw::plansync(server, plan, &token).await;
    raw.send(&encode(&Frame::Touch)).await;
    let pen = Pen::new(77);
    raw.send(&ask_all()).await;
    raw.until("the plan", |frame| {
        pen.hear(frame);
        pen.title().map(drop)
    })
    .await;
    // Enough for snapshots, and for entries that are sealed.
    for n in 0..1_600 {
        raw.send(&update(&pen.set_title(&format!("{text} {n}")))).await;
    }
    let long = format!("{text} ").repeat(4_000);
    raw.send(&update(&pen.write(|txn| {
        use yrs::{Map as _, WriteTxn as _};
        let meta = txn.get_or_insert_map("meta");
        meta.insert(txn, "x-long", long);
    })))
    .await;
    raw.acked(1_601).await;
    edit(server, plan, &token, edited);
    for n in 0..60 {
        edit(server, &format!("before-{n}"), API_KEY, "edited meanwhile");
    }
    // What was written becomes changes, a card and a summary's visit.
    let path = format!("/v1/plans/{plan}/summary?since=0&format=json");
    assert_eq!(server.http().with_key(&token).get(&path).0, 200);
    assert_eq!(server.http().get("/v1/plans").0, 200);
    raw
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_byte_of_an_erased_plan_is_in_the_files_and_nobody_goes_on_in_it() {
    let [plan, person, ..] = CANARIES;
    let mut server = Server::start().await;
    let path = format!("/v1/plans/{plan}");
    let mut live = lived(&server).await;
    assert_eq!(
        found(&server, &CANARIES).len(),
        CANARIES.len(),
        "every canary is there: {:?}",
        found(&server, &CANARIES)
    );
    let (_, before) = server.http().get(&path);

    let key = token(plan, person, "buyer", "owner");
    let (status, body) = server.http().delete(&path);
    assert!(status == 400 && body["detail"].as_str().unwrap().contains("?erase=true"), "{body}");
    assert_eq!(server.http().with_key(&key).delete(&format!("{path}?erase=true")).0, 403);
    assert_eq!(server.http().delete("/v1/plans/nowhere?erase=true").0, 404);
    assert_eq!(server.http().get(&path).0, 200, "nothing has happened");
    let head = format!("connection: close\r\nauthorization: Bearer {API_KEY}");
    let mut stream = request::open(server.address(), from(1), "GET", &format!("{path}/events"), &head, "").await;

    let (status, erased) = server.http().delete(&format!("{path}?erase=true"));
    assert_eq!(status, 200, "{erased}");
    assert_eq!(erased["epoch"], 1);
    assert!(erased["seq"].as_u64() >= before["seq"].as_u64(), "{erased}");
    assert_eq!(found(&server, &CANARIES), vec![], "online, as soon as it is answered");

    let closed = live.closed().await;
    assert!(closed.code == 4404 && closed.reason.contains("erased"), "{closed:?}");
    let ended = timeout(Duration::from_secs(1), stream.read_to_end(&mut Vec::new())).await;
    ended.expect("a stream of its changes ends").unwrap();
    let mut again = Raw::silent(&server, plan).await;
    again.send(&plansync_tests::raw::hello(&key)).await;
    assert_eq!(again.closed().await.code, 4404);
    for path in [path.clone(), format!("{path}/changes"), format!("{path}/summary"), format!("{path}/export?format=md")]
    {
        let (status, body) = server.http().get(&path);
        assert_eq!((status, &body["code"]), (410, &json!("erased")), "{path}");
    }
    assert_eq!(server.http().delete(&format!("{path}?erase=true")).0, 410);
    for n in 0..60 {
        let (status, body) = server.http().get(&format!("/v1/plans/before-{n}"));
        assert_eq!((status, &body["plan"]["meta"]["title"]), (200, &json!("edited meanwhile")));
        assert_eq!(server.http().get(&format!("/v1/plans/z-after-{n}")).0, 200);
    }
    server.kill().await;
    assert_eq!(found(&server, &CANARIES), vec![], "after kill -9");
    server.restart().await;
    assert_eq!(found(&server, &CANARIES), vec![], "after a restart");
    assert_eq!(server.stop().await, Some(0));
    assert_eq!(found(&server, &CANARIES), vec![], "after a stop in order");
    let said = verify(server.folder()).await.expect("every chain is whole");
    let hash = erased["hash"].as_str().unwrap();
    assert!(said.starts_with("120 plans are whole") && said.contains("erased ") && said.contains(hash), "{said}");
    assert!(!said.contains(plan), "{said}");
}

#[tokio::test]
async fn a_plan_that_comes_back_under_an_erased_id_is_another_one() {
    let server = Server::start().await;
    create(&server, "acme", "the first");
    let key = token("acme", "ann", "buyer", "editor");
    for epoch in 1..=3_u64 {
        let (mut raw, welcome) = Raw::plansync(&server, "acme", &key).await;
        assert_eq!(welcome.epoch, epoch);
        let (status, erased) = server.http().delete("/v1/plans/acme?erase=true");
        assert_eq!((status, &erased["epoch"]), (200, &json!(epoch)), "{erased}");
        assert_eq!(raw.closed().await.code, 4404);
        create(&server, "acme", "another one");
        let (_, body) = server.http().get("/v1/plans/acme");
        assert_eq!((&body["seq"], &body["plan"]["meta"]["title"]), (&json!(1), &json!("another one")));
        let (_, changes) = server.http().get("/v1/plans/acme/changes?since=0");
        assert_eq!(changes["changes"], json!([]), "nothing of the one before");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_write_on_while_a_plan_is_erased() {
    let server = Server::start().await;
    let mut live = lived(&server).await;
    create(&server, "busy", "busy");
    let (mut ann, _) = Raw::plansync(&server, "busy", &token("busy", "ann", "buyer", "editor")).await;
    let pen = Pen::new(5);
    let writing = async {
        for n in 0..300_u64 {
            let begin = tokio::time::Instant::now();
            ann.send(&update(&pen.set_title(&format!("title {n}")))).await;
            ann.acked(n + 1).await;
            assert!(begin.elapsed() < std::time::Duration::from_secs(3), "{:?}", begin.elapsed());
        }
    };
    let http = server.http();
    let path = format!("/v1/plans/{}?erase=true", CANARIES[0]);
    let erasing = tokio::task::spawn_blocking(move || http.delete(&path));
    let ((), erased) = tokio::join!(writing, erasing);
    assert_eq!(erased.unwrap().0, 200);
    assert_eq!(live.closed().await.code, 4404);
    assert_eq!(found(&server, &CANARIES), vec![]);
}
