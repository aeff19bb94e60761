//! A program with the Rust client and a local file is killed, with `kill -9`, again and again: first without a network,
//! then in the middle of its conversation with the server. It has told its person of each edit that it was saved. All of
//! these have to arrive, each once, and nothing that it was told twice may count twice.

use std::{collections::BTreeMap, path::Path, process::Stdio, time::Duration};

use plansync_client::{BackoffBounds, Client, Plan};
use plansync_tests::{
    http::token,
    proxy::{Mode, Proxy},
    server::Server,
};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::Command,
    time::timeout,
};

const PLAN: &str = "dying";
const WAIT: Duration = Duration::from_secs(60);
/// Edits that a program says it has saved before it is killed.
const SAVED: usize = 5;

fn open(url: &str, file: &Path) -> Plan {
    let quick =
        BackoffBounds { first: Duration::from_millis(20), max: Duration::from_millis(200), ..BackoffBounds::default() };
    let token = token(PLAN, "s-account-exec", "seller", "owner");
    Client::new(url).token(token).backoff(quick).file(file).open().expect("the plan opens")
}

/// Runs the program until it has saved some edits, and kills it. Returns the ids of those it said were saved.
async fn run_and_kill(url: &str, file: &Path, round: usize) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "programs::the_program", "--ignored", "--nocapture"])
        .env("PLANSYNC_TEST_PROGRAM", json!({"url": url, "file": file, "round": round}).to_string())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut saved = Vec::new();
    while saved.len() < SAVED {
        let line = timeout(WAIT, lines.next_line()).await.expect("it saves in time").unwrap().expect("it runs");
        saved.extend(line.split_once("saved ").map(|(_, id)| id.to_owned()));
    }
    child.start_kill().unwrap();
    child.wait().await.unwrap();
    // What it said just before it died counts too.
    while let Ok(Some(line)) = lines.next_line().await {
        saved.extend(line.split_once("saved ").map(|(_, id)| id.to_owned()));
    }
    saved
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_program_has_saved_arrives_once() {
    let server = Server::start().await;
    server.http().create_sample(PLAN);
    let proxy = Proxy::start(server.address()).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copy.redb");
    let mut saved = Vec::new();
    for (round, mode) in [Mode::Pass, Mode::Refuse, Mode::Refuse, Mode::Pass, Mode::Stall].into_iter().enumerate() {
        proxy.set(mode);
        saved.extend(run_and_kill(&proxy.ws(), &file, round).await);
    }
    assert!(saved.len() >= 5 * SAVED);
    proxy.set(Mode::Pass);
    let plan = open(&proxy.ws(), &file);
    for id in &saved {
        assert!(plan.task(id).is_some(), "{id} is there before there is a connection");
    }
    plan.flush_within(WAIT).await.unwrap();
    plan.close().await;

    let (status, body) = server.http().get(&format!("/v1/plans/{PLAN}"));
    assert_eq!(status, 200);
    let mut titles = BTreeMap::new();
    for task in body["plan"]["tasks"].as_array().unwrap() {
        *titles.entry(task["title"].as_str().unwrap_or_default().to_owned()).or_insert(0) += 1;
    }
    for id in &saved {
        assert_eq!(titles.get(id), Some(&1), "{id} arrived once: {titles:?}");
    }
    // Another beginning has nothing left to send.
    let seq = body["seq"].clone();
    let plan = open(&proxy.ws(), &file);
    assert_eq!(plan.pending(), 0);
    timeout(WAIT, plan.live()).await.expect("it is live in time").unwrap();
    plan.flush_within(WAIT).await.unwrap();
    assert_eq!(server.http().get(&format!("/v1/plans/{PLAN}")).1["seq"], seq);
    plan.close().await;
}

/// Adds tasks, one after the other, and says which are saved.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the program that the test above starts and kills"]
async fn the_program() {
    let given = std::env::var("PLANSYNC_TEST_PROGRAM").expect("it is started by a test");
    let given: serde_json::Value = serde_json::from_str(&given).unwrap();
    let plan = open(given["url"].as_str().unwrap(), Path::new(given["file"].as_str().unwrap()));
    for n in 0.. {
        let id = format!("round-{}-{n}", given["round"]);
        plan.edit(|edit| edit.add("tasks", json!({"id": id, "title": id, "notes": "kept"}))).unwrap();
        plan.saved().await.unwrap();
        println!("saved {id}");
    }
}
