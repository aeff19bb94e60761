//! Nobody takes more than their part: each limit with a small number, who is refused and how, that others are not, and
//! that there is room again afterwards.

use std::time::Duration;

use plansync_tests::{
    http::token,
    raw::{Dial, Pen, Raw, Refused, ask_all, hello, update},
    server::{Server, Start},
    wait::eventually,
};
use serde_json::json;

const PLAN: &str = "acme";

async fn server(limits: &[(&str, &str)]) -> Server {
    let args = limits.iter().map(|(name, value)| format!("--{name}={value}"));
    // Loopback is not counted; a proxy there speaks for others.
    let args = args.chain(["--trusted-proxies".to_owned(), "127.0.0.1".to_owned()]).collect();
    let server = Server::start_with(Start { args, ..Start::default() }).await;
    server.http().create_sample(PLAN);
    server.http().create_sample("other");
    server
}

fn metric(server: &Server, name: &str) -> f64 {
    let (_, metrics) = server.http().get("/metrics");
    let line = metrics.as_str().unwrap().lines().find(|line| line.starts_with(name)).map(str::to_owned);
    line.map_or(0.0, |line| line.rsplit_once(' ').unwrap().1.parse().unwrap())
}

async fn greeted(server: &Server, plan: &str, person: &str) -> Raw {
    let mut raw = Raw::stock(server, plan, &token(plan, person, "seller", "owner")).await;
    raw.greeting().await;
    raw
}

/// Who comes and is told that there are enough: the word of the reason, from both kinds of clients.
async fn is_full(server: &Server, plan: &str, person: &str, word: &str) {
    let token = token(plan, person, "seller", "owner");
    let closed = Raw::stock(server, plan, &token).await.closed().await;
    assert!(closed.code == 1013 && closed.reason.contains(word), "{closed:?}");
    let mut ours = Raw::silent(server, plan).await;
    ours.send(&hello(&token)).await;
    let closed = ours.closed().await;
    assert!(closed.code == 1013 && closed.reason.contains(word), "{closed:?}");
}

#[tokio::test]
async fn a_person_a_plan_and_a_workspace_have_so_many_connections() {
    for (limit, word) in [
        ("connections-per-person", "this person"),
        ("connections-per-plan", "this plan"),
        ("connections-per-workspace", "this workspace"),
    ] {
        let server = server(&[(limit, "2")]).await;
        let first = greeted(&server, PLAN, "ann").await;
        let _second = greeted(&server, PLAN, "ann").await;
        is_full(&server, PLAN, "ann", word).await;
        let metric_name = format!("plansync_quota_refusals_total{{limit=\"{}\"}}", limit.replace('-', "_"));
        assert!(metric(&server, &metric_name) >= 2.0);
        match limit {
            "connections-per-person" => drop(greeted(&server, PLAN, "bob").await),
            "connections-per-plan" => is_full(&server, PLAN, "bob", word).await,
            _ => is_full(&server, "other", "bob", word).await,
        }
        if limit != "connections-per-workspace" {
            drop(greeted(&server, "other", "ann").await);
        }
        drop(first);
        eventually("room again", async || {
            let mut raw = Raw::stock(&server, PLAN, &token(PLAN, "ann", "seller", "owner")).await;
            raw.next().await.ok().map(drop)
        })
        .await;
    }
}

fn dial(address: &str, path: String, protocol: Option<&str>) -> Dial {
    Dial { path, protocol: protocol.map(str::to_owned), forwarded: Some(address.to_owned()), ..Dial::default() }
}

fn known() -> String {
    format!("/v1/sync/{PLAN}?token={}", token(PLAN, "ann", "seller", "owner"))
}

fn is_too_many(refused: &Refused) {
    assert_eq!((refused.status, refused.body["code"].as_str()), (429, Some("too_many")), "{refused:?}");
    assert_eq!(refused.content_type, "application/problem+json");
}

#[tokio::test]
async fn an_address_has_so_many_connections_and_so_many_strangers() {
    let server = server(&[("connections-per-address", "3"), ("strangers-per-address", "2")]).await;
    let stranger = |address: &str| dial(address, format!("/v1/sync/{PLAN}"), Some("plansync.v1"));
    let mut held = Vec::new();
    for _ in 0..2 {
        held.push(Raw::dial(&server, stranger("203.0.113.7")).await.expect("a stranger"));
    }
    is_too_many(&Raw::dial(&server, stranger("203.0.113.7")).await.expect_err("too many strangers"));
    held.push(Raw::dial(&server, dial("203.0.113.7", known(), None)).await.expect("somebody known"));
    is_too_many(&Raw::dial(&server, dial("203.0.113.7", known(), None)).await.expect_err("too many connections"));
    for other in ["203.0.113.8", "2001:db8::1", "127.0.0.1"] {
        Raw::dial(&server, dial(other, known(), None)).await.unwrap_or_else(|refused| panic!("{other}: {refused:?}"));
    }
    drop(held);
    eventually("room again", async || Raw::dial(&server, stranger("203.0.113.7")).await.ok().map(drop)).await;
    assert!(metric(&server, "plansync_quota_refusals_total{limit=\"strangers_per_address\"}") >= 1.0);
    assert!(metric(&server, "plansync_quota_refusals_total{limit=\"connections_per_address\"}") >= 1.0);
}

#[tokio::test]
async fn an_address_opens_so_many_connections_a_second() {
    let server = server(&[("upgrades-per-second", "1")]).await;
    let mut refused = None;
    for _ in 0..15 {
        if let Err(why) = Raw::dial(&server, dial("203.0.113.7", known(), None)).await {
            refused = Some(why);
            break;
        }
    }
    is_too_many(&refused.expect("ten at once and one a second"));
    Raw::dial(&server, dial("203.0.113.8", known(), None)).await.expect("another address");
    eventually("the next second", async || Raw::dial(&server, dial("203.0.113.7", known(), None)).await.ok().map(drop))
        .await;
}

#[tokio::test]
async fn a_flood_is_slowed_down_and_not_dropped_and_others_do_not_feel_it() {
    for (limit, number, edit) in
        [("messages-per-second", "50", "x".to_owned()), ("bytes-per-second", "10000", "x".repeat(250))]
    {
        let server = server(&[(limit, number)]).await;
        let token = token(PLAN, "ann", "seller", "owner");
        let (mut ann, _) = Raw::plansync(&server, PLAN, &token).await;
        let pen = Pen::new(7);
        ann.send(&ask_all()).await;
        ann.until("the plan", |frame| {
            pen.hear(frame);
            pen.title().map(drop)
        })
        .await;
        let begin = tokio::time::Instant::now();
        let edits: Vec<_> = (0..350).map(|n| update(&pen.set_title(&format!("{n} {edit}")))).collect();
        ann.send_all(edits).await;
        // Somebody else is answered at once meanwhile.
        let mut bob = greeted(&server, PLAN, "bob").await;
        let asked = tokio::time::Instant::now();
        bob.try_frame(&ask_all()).await;
        assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
        ann.acked(350).await;
        let took = begin.elapsed();
        assert!(took >= Duration::from_secs(3), "{limit}: {took:?}");
        let (_, body) = server.http().get(&format!("/v1/plans/{PLAN}"));
        assert_eq!(body["plan"]["meta"]["title"], format!("349 {edit}"));
        let slowed = format!("plansync_slowed_total{{limit=\"{}\"}}", limit.replace('-', "_"));
        assert!(metric(&server, &slowed) > 0.0);
    }
}

#[tokio::test]
async fn so_many_plans_are_open_at_once() {
    let server = server(&[("open-plans", "1")]).await;
    let first = greeted(&server, PLAN, "ann").await;
    let (status, body) = server.http().get("/v1/plans/other");
    assert_eq!((status, &body["code"]), (503, &json!("overloaded")), "{body}");
    let closed = Raw::stock(&server, "other", &token("other", "bob", "seller", "owner")).await.closed().await;
    assert!(closed.code == 1013 && closed.reason.contains("limit"), "{closed:?}");
    assert_eq!(server.http().get(&format!("/v1/plans/{PLAN}")).0, 200);
    drop(first);
    eventually("the first plan has closed", async || (server.http().get("/v1/plans/other").0 == 200).then_some(()))
        .await;
}

#[tokio::test]
async fn so_many_webhooks_and_so_large_a_body() {
    let server = server(&[("webhooks", "1"), ("body-bytes", "40000")]).await;
    let webhook = || server.http().post("/v1/webhooks", &json!({"url": "https://crm.invalid/hook"}));
    assert_eq!(webhook().0, 201);
    let (status, body) = webhook();
    assert_eq!((status, &body["code"]), (409, &json!("too_many")), "{body}");
    assert!(metric(&server, "plansync_quota_refusals_total{limit=\"webhooks\"}") >= 1.0);
    let (status, body) = server.http().post(&format!("/v1/plans/{PLAN}/edits"), &json!({"reason": "x".repeat(40_000)}));
    assert_eq!((status, &body["code"]), (413, &json!("too_large")), "{body}");
}

#[tokio::test]
async fn a_limit_that_is_none_is_one_sentence() {
    for (name, value) in [("open-plans", "0"), ("head-bytes", "100"), ("body-bytes", "1000000000")] {
        let args = vec![format!("--{name}"), value.to_owned()];
        let failed = Server::try_start(Start { args, ..Start::default() }).await.expect_err("it does not start");
        assert!(failed.stderr.contains(&name.replace('-', "_")) && failed.stderr.contains("should be"), "{failed:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plansync.toml");
    std::fs::write(&file, "[limits]\nconnections_per_person = 1\n").unwrap();
    let args = vec!["--config".to_owned(), file.to_string_lossy().into_owned()];
    let server = Server::start_with(Start { args, ..Start::default() }).await;
    server.http().create_sample(PLAN);
    let _first = greeted(&server, PLAN, "ann").await;
    is_full(&server, PLAN, "ann", "this person").await;
}
