//! A champion comes back from a week away and asks what has changed. What she reads are not keystrokes: what somebody
//! typed and typed again is one change, what was put back is none, and each names who did it. She read half of it on
//! the train, the server was killed meanwhile, and she goes on exactly where she was.

use std::{
    io::{BufRead as _, BufReader},
    time::Duration,
};

use plansync_client::{Client, Plan};
use plansync_protocol::wire::{self, Frame, Hello, Since};
use plansync_tests::{
    http::{Http, token},
    raw::Raw,
    server::{Server, Start},
    wait,
};
use serde_json::{Value, json};

const DEADLINE: Duration = Duration::from_secs(20);
const SETTLE_MS: u64 = 400;

async fn server() -> Server {
    Server::start_with(Start { env: vec![("PLANSYNC_SETTLE_MS".into(), SETTLE_MS.to_string())], ..Start::default() })
        .await
}

/// The changes after a place, once there are at least `count`.
async fn changes(http: &Http, since: &str, count: usize) -> Vec<Value> {
    let path = format!("/v1/plans/p/changes?limit=1000&since={since}");
    wait::until("changes", DEADLINE, async || {
        let answer = http.get(&path);
        assert_eq!(answer.0, 200, "{}", answer.1);
        let changes = answer.1["changes"].as_array().unwrap().clone();
        if changes.len() >= count { Ok(changes) } else { Err(format!("{} changes: {changes:?}", changes.len())) }
    })
    .await
}

fn edit(http: &Http, edit: &Value) -> Value {
    let answer = http.post("/v1/plans/p/edits", edit);
    assert_eq!(answer.0, 200, "{}", answer.1);
    answer.1
}

fn due(day: &str) -> Value {
    json!({"set": {"tasks": {"ca-2": {"due": day}}}})
}

fn kinds(changes: &[Value]) -> Vec<&str> {
    changes.iter().map(|change| change["type"].as_str().unwrap()).collect()
}

/// What is the same in the changes of two runs and in two copies of them.
fn ids(changes: &[Value]) -> Vec<&str> {
    changes.iter().map(|change| change["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_is_written_again_is_one_change_and_what_is_put_back_is_none() {
    let server = server().await;
    let http = server.http();
    http.create_sample("p");
    let was = http.get("/v1/plans/p").1["plan"]["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|task| task["id"] == "ca-2")
        .unwrap()["due"]
        .clone();
    let first = edit(&http, &due("2026-04-01"));
    assert_eq!(first["changes"][0]["data"]["old"], was, "an edit tells its requester at once what it did");
    edit(&http, &due("2026-04-02"));
    edit(&http, &due("2026-04-04"));
    edit(&http, &json!({"set": {"tasks": {"ca-3": {"title": "Something else"}}}}));
    edit(&http, &json!({"set": {"tasks": {"ca-3": {"title": first_title(&http, "ca-3")}}}}));
    edit(&http, &json!({"set": {"tasks": {"ca-1": {"status": "complete"}}}}));
    let told = changes(&http, "0", 2).await;
    assert_eq!(kinds(&told), ["plansync.task.changed", "plansync.task.completed"], "{told:?}");
    assert_eq!(told[0]["data"]["old"], was);
    assert_eq!(told[0]["data"]["new"], "2026-04-04");
    assert_eq!(told[0]["seq"], 4, "the last entry it covers");
}

/// The title in the sample, whatever it is now.
fn first_title(_: &Http, id: &str) -> String {
    let sample: Value = serde_json::from_str(plansync_protocol::plan::SAMPLE).unwrap();
    let tasks = sample["tasks"].as_array().unwrap();
    tasks.iter().find(|task| task["id"] == id).unwrap()["title"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_two_people_write_in_one_field_are_changes_of_each() {
    let server = server().await;
    let http = server.http();
    http.create_sample("p");
    let (ann, bob) =
        (http.with_key(&token("p", "ann", "seller", "owner")), http.with_key(&token("p", "bob", "seller", "owner")));
    edit(&ann, &due("2026-04-01"));
    edit(&bob, &due("2026-04-02"));
    edit(&ann, &due("2026-04-03"));
    let told = changes(&http, "0", 3).await;
    let line = |change: &Value| (change["actor"].clone(), change["party"].clone(), change["data"]["new"].clone());
    assert_eq!(line(&told[0]), (json!("ann"), json!("seller"), json!("2026-04-01")));
    assert_eq!(line(&told[1]), (json!("bob"), json!("seller"), json!("2026-04-02")));
    assert_eq!(line(&told[2]), (json!("ann"), json!("seller"), json!("2026-04-03")));
    assert_eq!(told[1]["data"]["old"], "2026-04-01");
    let answer = http.get("/v1/plans/p/changes?entity=tasks/ca-2&class=date&limit=2");
    assert_eq!(answer.1["changes"].as_array().unwrap().len(), 2);
    let rest = http.get(&format!("/v1/plans/p/changes?since={}", answer.1["next"].as_str().unwrap()));
    assert_eq!(ids(rest.1["changes"].as_array().unwrap()), ["p/4/0"]);
    assert_eq!(http.get("/v1/plans/p/changes?since=x").0, 400);
}

/// Twenty deaths and restarts while a person types and others read along, by paging, by the stream and by websocket.
/// `PLANSYNC_FEED_ROUNDS` of them, 4 by default, with `PLANSYNC_FEED_EDITS` edits each, 40 by default; half of the
/// deaths are without warning.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_reader_gets_every_change_once_and_in_order_through_deaths_and_restarts() {
    let setting =
        |name, default| std::env::var(name).ok().map_or(default, |value: String| value.parse::<u64>().unwrap());
    let (rounds, edits) = (setting("PLANSYNC_FEED_ROUNDS", 4), setting("PLANSYNC_FEED_EDITS", 40));
    let mut server = server().await;
    server.http().create_sample("p");
    let (mut streamed, mut heard): (Vec<Value>, Vec<Value>) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let stream = tokio::task::spawn_blocking(follow(&server, streamed.last().map(event_id)));
        let since = heard.last().map_or(Since::from(0), |last: &Value| {
            let (seq, n) = place(last);
            Since { seq, n: Some(u32::try_from(n).unwrap()) }
        });
        let listening = tokio::spawn(listen(Raw::silent(&server, "p").await, since));
        let writer = writer(&server).await;
        for number in 0..edits {
            write(&writer, round, number);
            // Sometimes a pause, sometimes a long one.
            if number % 10 == 9 {
                let pause = if number == 19 { SETTLE_MS * 3 / 2 } else { SETTLE_MS / 2 };
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
        }
        tokio::time::timeout(DEADLINE, writer.flush()).await.unwrap().unwrap();
        if round % 2 == 0 {
            server.kill().await
        } else {
            assert_eq!(server.stop().await, Some(0));
        }
        streamed.extend(stream.await.unwrap());
        heard.extend(listening.await.unwrap());
        server.restart().await;
    }
    let http = server.http();
    // The last words settle after the last restart, when somebody opens the plan.
    assert_eq!(http.get("/v1/plans/p").0, 200);
    let stand = |http: &Http| http.get("/v1/plans/p").1["plan"].clone();
    let last = wait::until("all of it", DEADLINE, async || {
        let all = http.get("/v1/plans/p/changes?limit=1000").1["changes"].as_array().unwrap().clone();
        let title = all
            .iter()
            .rev()
            .find(|change| change["data"]["field"] == "title")
            .map(|change| change["data"]["new"].clone());
        if title == Some(stand(&http)["meta"]["title"].clone()) { Ok(all) } else { Err(format!("{title:?}")) }
    })
    .await;
    let mut order: Vec<(u64, u64)> = last.iter().map(place).collect();
    let told = order.clone();
    order.sort_unstable();
    order.dedup();
    assert_eq!(told, order, "in order and each once");
    assert_eq!(ids(&streamed), &ids(&last)[..streamed.len()], "by the stream");
    assert_eq!(ids(&heard), &ids(&last)[..heard.len()], "by websocket");
    assert!(
        heard.len() >= rounds as usize && streamed.len() >= rounds as usize,
        "{} and {}",
        heard.len(),
        streamed.len()
    );
    for (copy, change) in streamed.iter().chain(&heard).zip(last.iter().take(streamed.len()).chain(&last)) {
        assert_eq!(copy, change);
    }
    // Each change of the title goes on where the one before it ended.
    let titles: Vec<&Value> = last.iter().filter(|change| change["data"]["field"] == "title").collect();
    for pair in titles.windows(2) {
        assert_eq!(pair[0]["data"]["new"], pair[1]["data"]["old"]);
    }
}

fn event_id(change: &Value) -> String {
    let (seq, n) = place(change);
    format!("{seq}.{n}")
}

fn place(change: &Value) -> (u64, u64) {
    let id = change["id"].as_str().unwrap();
    (change["seq"].as_u64().unwrap(), id.rsplit('/').next().unwrap().parse().unwrap())
}

async fn writer(server: &Server) -> Plan {
    let plan = Client::connect(&server.ws(), &token("p", "ann", "seller", "owner")).unwrap();
    plan.live().await.unwrap();
    plan
}

fn write(plan: &Plan, round: u64, number: u64) {
    use plansync_client::yrs::{Map as _, WriteTxn as _};
    plan.transact(|txn| {
        let meta = txn.get_or_insert_map("meta");
        meta.insert(txn, "title", format!("Round {round}, edit {number}"));
        if number.is_multiple_of(7) {
            meta.insert(txn, "priority", format!("P{}", number % 3));
        }
    });
}

/// Reads the stream of events until the server is gone.
fn follow(server: &Server, last: Option<String>) -> impl FnOnce() -> Vec<Value> + Send + 'static {
    let (url, key) = (format!("http://{}/v1/plans/p/events", server.address()), token("p", "eve", "seller", "viewer"));
    move || {
        let mut request = ureq::get(url).header("authorization", format!("Bearer {key}"));
        request = match last {
            Some(last) => request.header("last-event-id", last),
            None => request.header("last-event-id", "0"),
        };
        let mut read = Vec::new();
        let Ok(answer) = request.call() else { return read };
        for line in BufReader::new(answer.into_body().into_reader()).lines() {
            let Ok(line) = line else { break };
            if let Some(data) = line.strip_prefix("data:") {
                // A line that was cut short is no event.
                read.extend(serde_json::from_str::<Value>(data.trim()).ok());
            }
        }
        read
    }
}

/// Hears changes on a websocket until the server is gone.
async fn listen(mut raw: Raw, since: Since) -> Vec<Value> {
    let hello =
        Hello { token: Some(token("p", "eve", "seller", "viewer")), client: "test/1".into(), since_seq: Some(since) };
    raw.send(&wire::encode(&Frame::Hello(hello))).await;
    let mut heard = Vec::new();
    while let Ok(frame) = raw.next().await {
        if let Ok(Frame::Change(change)) = wire::decode(&frame) {
            heard.push(change);
        }
    }
    heard
}

#[tokio::test]
async fn a_person_is_told_up_to_where_they_have_seen_a_plan() {
    let server = server().await;
    server.http().create_sample("p");
    let person = token("p", "ann", "seller", "owner");
    let (mut raw, welcome) = Raw::plansync(&server, "p", &person).await;
    assert_eq!(welcome.last_visit_seq, 0);
    let seq = edit(&server.http(), &due("2026-04-01"))["seq"].as_u64().unwrap();
    raw.send(&wire::encode(&Frame::Touch)).await;
    wait::until("the visit", DEADLINE, async || {
        let (_, welcome) = Raw::plansync(&server, "p", &person).await;
        if welcome.last_visit_seq == seq { Ok(()) } else { Err(welcome.last_visit_seq.to_string()) }
    })
    .await;
}

/// Who closes the page right after "mark as seen" has seen it, also when the room is busy and hears both at once.
#[tokio::test]
async fn a_visit_is_kept_though_its_person_leaves_at_once() {
    let server = server().await;
    let http = server.http();
    http.create_sample("p");
    let people: Vec<_> = (0..20).map(|n| token("p", &format!("reader-{n}"), "buyer", "viewer")).collect();
    let mut open = Vec::new();
    for person in &people {
        open.push(Raw::plansync(&server, "p", person).await.0);
    }
    let writing = tokio::task::spawn_blocking(move || {
        for n in 0..40 {
            edit(&http, &json!({"set": {"tasks": {"ca-1": {"notes": "word ".repeat(n * 20)}}}}));
        }
    });
    for mut raw in open {
        raw.send(&wire::encode(&Frame::Touch)).await;
        drop(raw);
    }
    writing.await.unwrap();
    for person in &people {
        wait::until("the visit", DEADLINE, async || {
            let (_, welcome) = Raw::plansync(&server, "p", person).await;
            if welcome.last_visit_seq > 0 { Ok(()) } else { Err("none".into()) }
        })
        .await;
    }
}

/// Nobody writes; a day passes while the server is down. What is overdue now is told once, by the server itself.
#[tokio::test]
async fn a_new_day_tells_what_it_makes_overdue_once() {
    let day = 86_400;
    let start = |ahead: u64, folder: Option<std::path::PathBuf>| {
        let env = vec![
            ("PLANSYNC_SETTLE_MS".to_owned(), SETTLE_MS.to_string()),
            ("PLANSYNC_CLOCK_AHEAD_SECONDS".to_owned(), ahead.to_string()),
        ];
        Server::start_with(Start { env, folder, ..Start::default() })
    };
    let folder = tempfile::tempdir().unwrap();
    let mut server = start(0, Some(folder.path().to_owned())).await;
    let http = server.http();
    let tomorrow = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(day);
    let tomorrow = tomorrow.to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
    let task = json!({"id": "t-1", "title": "Sign the order form", "party": "buyer", "due": tomorrow});
    let plan = json!({"schema": "plansync.plan/1", "meta": {"title": "Plan", "tz": "UTC"}, "parties": [{"id": "buyer", "kind": "buyer"}], "tasks": [task]});
    let (status, answer) = http.post("/v1/plans", &json!({"id": "p", "plan": plan}));
    assert_eq!(status, 201, "{answer}");
    edit(&http, &json!({"set": {"tasks": {"t-1": {"notes": "Soon"}}}}));
    changes(&http, "0", 1).await;
    let overdue = |changes: &[Value]| kinds(changes).iter().filter(|kind| **kind == "plansync.derived.overdue").count();
    for ahead in [0, 1, 2, 3] {
        assert_eq!(server.stop().await, Some(0));
        server = start(ahead * day as u64, Some(folder.path().to_owned())).await;
        let http = server.http();
        assert_eq!(http.get("/v1/plans/p").0, 200);
        if ahead == 2 {
            let told = wait::until("the day", DEADLINE, async || {
                let told = changes(&http, "0", 1).await;
                if overdue(&told) == 1 { Ok(told) } else { Err(format!("{:?}", kinds(&told))) }
            })
            .await;
            let last = told.iter().find(|change| change["type"] == "plansync.derived.overdue").unwrap();
            assert_eq!((&last["subject"], &last["origin"]), (&json!("tasks/t-1"), &json!("system")));
            assert_eq!(last["data"]["days"], 1);
        }
    }
    // The third day has had its time to tell it again.
    tokio::time::sleep(Duration::from_millis(SETTLE_MS * 4)).await;
    let told = changes(&server.http(), "0", 1).await;
    assert_eq!(overdue(&told), 1, "{:?}", kinds(&told));
}

#[tokio::test]
async fn who_comes_and_goes_is_told_and_a_reload_is_not() {
    let server = server().await;
    let http = server.http();
    http.create_sample("p");
    let ann = token("p", "ann", "seller", "owner");
    let (first, _) = Raw::plansync(&server, "p", &ann).await;
    let told = changes(&http, "0", 1).await;
    assert_eq!(kinds(&told), ["plansync.person.joined"]);
    assert_eq!((&told[0]["actor"], &told[0]["party"]), (&json!("ann"), &json!("seller")));
    // A page that is loaded again.
    drop(first);
    let (again, _) = Raw::plansync(&server, "p", &ann).await;
    tokio::time::sleep(Duration::from_millis(SETTLE_MS * 2)).await;
    assert_eq!(changes(&http, "0", 1).await.len(), 1);
    drop(again);
    let told = changes(&http, "0", 2).await;
    assert_eq!(kinds(&told), ["plansync.person.joined", "plansync.person.left"]);
}
