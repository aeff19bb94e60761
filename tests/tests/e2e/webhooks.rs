//! A CRM keeps its own copy of what happens in every plan, fed by webhooks alone. Its endpoint is behind a shaky line:
//! it answers 500, it hangs up, it takes its time; and the server dies now and then. In the end the CRM has every
//! change, has applied them in the order of each plan, and has told the ones that came twice by their id. It never let
//! in a request that was not signed. Somebody else in the same company tries to make the server fetch the metadata of
//! its cloud, and gets nothing.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Mutex,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac as _};
use plansync_tests::{
    http::{Http, in_seconds, token},
    receiver::{Received, Receiver, Reply},
    server::{API_KEY, Server, Start},
    wait,
};
use serde_json::{Value, json};
use sha2::Sha256;

const DEADLINE: Duration = Duration::from_secs(30);

fn start(further: &[(&str, &str)]) -> Start {
    let env = [("PLANSYNC_SETTLE_MS", "50"), ("PLANSYNC_WEBHOOK_RETRY_MS", "20")];
    let env = env.iter().chain(further).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Start { env, ..Start::default() }
}

/// A server that may reach loopback.
async fn server() -> Server {
    Server::start_with(start(&[("PLANSYNC_WEBHOOK_ALLOW_PRIVATE", "1")])).await
}

fn create(http: &Http, webhook: &Value) -> Value {
    let (status, created) = http.post("/v1/webhooks", webhook);
    assert_eq!(status, 201, "{created}");
    created
}

fn get(http: &Http, path: &str) -> Value {
    let (status, body) = http.get(path);
    assert_eq!(status, 200, "{body}");
    body
}

fn delete(server: &Server, path: &str) -> u16 {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let url = format!("http://{}{path}", server.address());
    let answer = agent.delete(url).header("authorization", format!("Bearer {API_KEY}")).call().unwrap();
    answer.status().as_u16()
}

/// One change of this plan, which no other edit makes.
fn edit(http: &Http, plan: &str, n: usize) {
    let edit = json!({"set": {"tasks": {format!("ca-{}", n % 3 + 1): {"title": format!("Title {n}")}}}});
    let answer = http.post(&format!("/v1/plans/{plan}/edits"), &edit);
    assert_eq!(answer.0, 200, "{}", answer.1);
}

/// What the log says of a plan.
fn log(http: &Http, plan: &str) -> Vec<Value> {
    get(http, &format!("/v1/plans/{plan}/changes?limit=1000"))["changes"].as_array().unwrap().clone()
}

fn change(received: &Received) -> Value {
    serde_json::from_str(&received.body).unwrap()
}

fn id(change: &Value) -> &str {
    change["id"].as_str().unwrap()
}

fn plan_of(change: &Value) -> String {
    change["source"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

/// Checks a request as the specification says a receiver should.
fn verify(secret: &str, received: &Received) {
    let header = |name: &str| received.headers.get(name).unwrap_or_else(|| panic!("no {name}: {received:?}")).as_str();
    let (id, timestamp) = (header("webhook-id"), header("webhook-timestamp"));
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{id}.{timestamp}.{}", received.body).as_bytes());
    let signature = STANDARD.decode(header("webhook-signature").strip_prefix("v1,").unwrap()).unwrap();
    mac.verify_slice(&signature).expect("the signature is right");
    assert!((in_seconds(0) - timestamp.parse::<i64>().unwrap()).abs() < 60, "{timestamp}");
    assert_eq!(header("content-type"), "application/cloudevents+json");
    assert_eq!(change(received)["id"], id);
}

/// What an endpoint took of each plan, each change once, in the order in which it was first taken.
fn taken(receiver: &Receiver) -> BTreeMap<String, Vec<Value>> {
    let (mut known, mut taken) = (HashSet::new(), BTreeMap::<String, Vec<Value>>::new());
    for received in receiver.received().iter().filter(|received| received.taken) {
        let change = change(received);
        if known.insert(id(&change).to_owned()) {
            taken.entry(plan_of(&change)).or_default().push(change);
        }
    }
    taken
}

/// Waits until an endpoint has taken exactly what the log has of these plans, without the first ones.
async fn until_taken(server: &Server, receiver: &Receiver, plans: &[(&str, usize)]) {
    wait::until("every change", DEADLINE, async || {
        let all = taken(receiver);
        for (plan, without) in plans {
            let expected = log(&server.http(), plan).split_off(*without);
            let taken = all.get(*plan).cloned().unwrap_or_default();
            if taken != expected {
                return Err(format!("{plan}: {} of {} changes", taken.len(), expected.len()));
            }
        }
        Ok(())
    })
    .await;
}

/// Waits until a plan has so many changes in the log. Opening the plan lets what was written before a death settle.
async fn until_told(http: &Http, plan: &str, count: usize) {
    wait::until("changes", DEADLINE, async || {
        get(http, &format!("/v1/plans/{plan}"));
        let told = log(http, plan).len();
        if told >= count { Ok(()) } else { Err(told.to_string()) }
    })
    .await;
}

/// Waits until a webhook is shown in this state.
async fn until_state(server: &Server, path: &str, state: &str) -> Value {
    wait::until(state, DEADLINE, async || {
        let shown = get(&server.http(), path);
        if shown["state"] == state { Ok(shown) } else { Err(shown.to_string()) }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_arrives_signed_and_in_order_through_failures_and_deaths() {
    let mut server = server().await;
    let receiver = Receiver::start().await;
    for plan in ["p", "q"] {
        server.http().create_sample(plan);
        edit(&server.http(), plan, 0);
        until_told(&server.http(), plan, 1).await;
    }
    let created = create(&server.http(), &json!({"url": receiver.url("/hook?from=plansync")}));
    let secret = created["secret"].as_str().unwrap().to_owned();
    // Each change is taken at the first, the second or the third time: waits that grow further would take minutes.
    let attempts = Mutex::new(HashMap::<String, usize>::new());
    receiver.answer(move |count, received| {
        let id = &received.headers["webhook-id"];
        let mut attempts = attempts.lock().unwrap();
        let attempt = attempts.entry(id.clone()).or_default();
        *attempt += 1;
        match *attempt > id.bytes().map(usize::from).sum::<usize>() % 3 {
            true => Reply::Status(200),
            false => [Reply::Status(500), Reply::HangUp, Reply::Status(429)][count % 3].clone(),
        }
    });
    let rounds = 4;
    for round in 0..rounds {
        // A plan of its own in every round: new ones are followed as they come.
        server.http().create_sample(&format!("new-{round}"));
        for n in 0..6 {
            for plan in ["p", "q", &format!("new-{round}")] {
                edit(&server.http(), plan, 1 + round * 6 + n);
            }
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        if round % 2 == 0 {
            server.kill().await;
        } else {
            assert_eq!(server.stop().await, Some(0));
        }
        server.restart().await;
    }
    for plan in ["p", "q"] {
        until_told(&server.http(), plan, 1 + rounds * 6).await;
    }
    let mut plans = vec![("p", 1), ("q", 1)];
    let new: Vec<String> = (0..rounds).map(|round| format!("new-{round}")).collect();
    for plan in &new {
        until_told(&server.http(), plan, 6).await;
        plans.push((plan, 0));
    }
    until_taken(&server, &receiver, &plans).await;
    // Nothing came before what precedes it was taken, failed attempts included.
    let mut reached: BTreeMap<String, usize> = BTreeMap::new();
    let logs: BTreeMap<&str, Vec<Value>> =
        plans.iter().map(|(plan, without)| (*plan, log(&server.http(), plan).split_off(*without))).collect();
    for received in receiver.received() {
        verify(&secret, &received);
        assert_eq!(received.path, "/hook?from=plansync");
        let change = change(&received);
        let plan = plan_of(&change);
        let place = logs[plan.as_str()].iter().position(|each| *each == change).expect("it is in the log");
        let reached = reached.entry(plan).or_default();
        assert!(place <= *reached, "{} came before {}", id(&change), id(&logs[&*plan_of(&change)][*reached]));
        if received.taken && place == *reached {
            *reached += 1;
        }
    }
    assert_eq!(reached.len(), plans.len());
}

#[tokio::test]
async fn a_webhook_is_the_workspaces_and_its_secret_is_shown_once() {
    let server = server().await;
    let http = server.http();
    http.create_sample("p");
    http.create_sample("q");
    let receiver = Receiver::start().await;
    let wanted = json!({"url": receiver.url("/"), "classes": ["status"], "plans": ["p", "later"]});
    let created = create(&http, &wanted);
    let (id, secret) = (created["id"].as_str().unwrap(), created["secret"].as_str().unwrap());
    assert!(secret.starts_with("whsec_"));
    assert_eq!((&created["classes"], &created["plans"]), (&wanted["classes"], &wanted["plans"]));

    let person = http.with_key(&token("p", "ann", "buyer", "owner"));
    assert_eq!(person.post("/v1/webhooks", &wanted).0, 403);
    for path in ["/v1/webhooks", &format!("/v1/webhooks/{id}"), &format!("/v1/webhooks/{id}/deliveries")] {
        assert_eq!(person.get(path).0, 403);
        assert!(!get(&http, path).to_string().contains("whsec_"));
    }
    for (bad, status) in [
        (json!({}), 422),
        (json!({"url": "crm"}), 422),
        (json!({"url": receiver.url("/"), "classes": ["banana"]}), 422),
        (json!({"url": receiver.url("/"), "plans": ["a/b"]}), 422),
        (json!({"url": receiver.url("/"), "color": "red"}), 422),
    ] {
        let answer = http.post("/v1/webhooks", &bad);
        assert_eq!(answer.0, status, "{bad}: {}", answer.1);
    }

    // Only these classes and plans, the one that is created later too.
    http.create_sample("later");
    for plan in ["q", "p", "later"] {
        edit(&http, plan, 1);
        let done = json!({"set": {"tasks": {"ca-1": {"status": "complete"}}}});
        assert_eq!(http.post(&format!("/v1/plans/{plan}/edits"), &done).0, 200);
        until_told(&http, plan, 2).await;
    }
    wait::until("two changes", DEADLINE, async || {
        let taken = taken(&receiver);
        if taken.len() >= 2 { Ok(()) } else { Err(format!("{taken:?}")) }
    })
    .await;
    let taken = taken(&receiver);
    assert_eq!(taken.keys().collect::<Vec<_>>(), ["later", "p"]);
    for change in taken.values().flatten() {
        assert_eq!(change["data"]["class"], "status");
    }
    assert!(!server.log().contains(secret), "secrets are not logged");
}

#[tokio::test]
async fn deliveries_tell_what_became_of_them_and_a_deleted_webhook_gets_nothing_more() {
    let server = server().await;
    let http = server.http();
    http.create_sample("p");
    let (receiver, other) = (Receiver::start().await, Receiver::start().await);
    let webhook = create(&http, &json!({"url": receiver.url("/")}));
    create(&http, &json!({"url": other.url("/")}));
    let path = format!("/v1/webhooks/{}", webhook["id"].as_str().unwrap());
    receiver.answer(|count, _| if count < 2 { Reply::Status(503) } else { Reply::Status(200) });
    edit(&http, "p", 1);
    let lines = wait::until("three deliveries", DEADLINE, async || {
        let lines = get(&http, &format!("{path}/deliveries"))["deliveries"].as_array().unwrap().clone();
        if lines.len() >= 3 { Ok(lines) } else { Err(format!("{lines:?}")) }
    })
    .await;
    let change = log(&http, "p")[0]["id"].clone();
    for (line, (attempt, status)) in lines.iter().zip([(3, 200), (2, 503), (1, 503)]) {
        assert_eq!((&line["change"], &line["attempt"], &line["status"]), (&change, &json!(attempt), &json!(status)));
        assert!(line["ms"].is_u64() && line["time"].is_string(), "{line}");
        assert_eq!(line["error"].is_string(), status != 200, "{line}");
    }
    until_state(&server, &path, "active").await;
    let metrics = http.get("/metrics").1;
    let metrics = metrics.as_str().unwrap();
    assert!(metrics.contains("plansync_webhook_deliveries_total{outcome=\"refused\"} 2"), "{metrics}");
    assert!(metrics.contains("plansync_webhooks 2"), "{metrics}");

    // It waits for another attempt when it is deleted.
    receiver.answer(|_, _| Reply::Status(500));
    edit(&http, "p", 2);
    until_state(&server, &path, "failing").await;
    assert_eq!(delete(&server, &path), 204);
    let came = receiver.received().len();
    receiver.answer(|_, _| Reply::Status(200));
    edit(&http, "p", 3);
    until_told(&http, "p", 3).await;
    until_taken(&server, &other, &[("p", 0)]).await;
    assert_eq!(receiver.received().len(), came, "nothing came after it was deleted");
    assert_eq!((delete(&server, &path), http.get(&path).0), (404, 404));
    assert_eq!(get(&http, "/v1/webhooks")["webhooks"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_paused_reported_and_goes_on_where_it_was() {
    let mut server = server().await;
    server.http().create_sample("p");
    let receiver = Receiver::start().await;
    let webhook = create(&server.http(), &json!({"url": receiver.url("/")}));
    let path = format!("/v1/webhooks/{}", webhook["id"].as_str().unwrap());
    receiver.answer(|count, _| if count == 1 { Reply::Status(410) } else { Reply::Status(200) });
    edit(&server.http(), "p", 1);
    until_told(&server.http(), "p", 1).await;
    until_taken(&server, &receiver, &[("p", 0)]).await;
    edit(&server.http(), "p", 2);
    let shown = until_state(&server, &path, "paused").await;
    assert!(shown["reason"].as_str().unwrap().contains("410") && shown["since"].is_string(), "{shown}");
    assert!(server.http().get("/metrics").1.as_str().unwrap().contains("plansync_webhooks_paused 1"));
    assert!(server.log().contains("a webhook is paused"));
    edit(&server.http(), "p", 3);
    until_told(&server.http(), "p", 3).await;
    // It stays paused over a restart.
    server.kill().await;
    server.restart().await;
    until_state(&server, &path, "paused").await;
    assert_eq!(receiver.received().len(), 2);
    let (status, resumed) = server.http().post(&format!("{path}/resume"), &json!({}));
    assert_eq!((status, &resumed["state"]), (200, &json!("active")), "{resumed}");
    until_taken(&server, &receiver, &[("p", 0)]).await;
    assert!(server.http().get("/metrics").1.as_str().unwrap().contains("plansync_webhooks_paused 0"));
}

#[tokio::test]
async fn private_addresses_are_refused_when_a_webhook_is_created_and_when_it_is_delivered() {
    let folder = tempfile::tempdir().unwrap();
    let on = |allowed: &str| Start {
        folder: Some(folder.path().to_owned()),
        ..start(&[("PLANSYNC_WEBHOOK_ALLOW_PRIVATE", allowed)])
    };
    let receiver = Receiver::start().await;
    let mut server = Server::start_with(on("1")).await;
    server.http().create_sample("p");
    let webhook = create(&server.http(), &json!({"url": receiver.url("/").replace("127.0.0.1", "localhost")}));
    assert_eq!(server.stop().await, Some(0));

    let server = Server::start_with(on("0")).await;
    let http = server.http();
    for host in ["127.0.0.1", "localhost", "[::1]", "10.0.0.1", "169.254.169.254", "2130706433", "[::ffff:127.0.0.1]"] {
        let (status, problem) = http.post("/v1/webhooks", &json!({"url": format!("http://{host}:{}/", 80)}));
        assert_eq!((status, &problem["code"]), (422, &json!("malformed")), "{host}: {problem}");
    }
    edit(&http, "p", 1);
    let path = format!("/v1/webhooks/{}", webhook["id"].as_str().unwrap());
    let line = wait::until("a refused delivery", DEADLINE, async || {
        let lines = get(&http, &format!("{path}/deliveries"));
        lines["deliveries"].get(1).cloned().ok_or_else(|| lines.to_string())
    })
    .await;
    assert!(line["error"].as_str().unwrap().contains("--webhook-allow-private"), "{line}");
    until_state(&server, &path, "failing").await;
    assert!(receiver.received().is_empty(), "nothing reached it");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let server = server().await;
    server.http().create_sample("p");
    let (receiver, elsewhere) = (Receiver::start().await, Receiver::start().await);
    let to = elsewhere.url("/metadata");
    receiver.answer(move |count, _| if count < 3 { Reply::Redirect(to.clone()) } else { Reply::Status(202) });
    let webhook = create(&server.http(), &json!({"url": receiver.url("/")}));
    edit(&server.http(), "p", 1);
    until_told(&server.http(), "p", 1).await;
    until_taken(&server, &receiver, &[("p", 0)]).await;
    assert!(elsewhere.received().is_empty());
    let path = format!("/v1/webhooks/{}/deliveries", webhook["id"].as_str().unwrap());
    let lines = wait::until("four deliveries", DEADLINE, async || {
        let lines = get(&server.http(), &path)["deliveries"].clone();
        if lines.get(3).is_some() { Ok(lines) } else { Err(lines.to_string()) }
    })
    .await;
    assert_eq!((&lines[0]["status"], &lines[3]["status"]), (&json!(202), &json!(302)), "{lines}");
    assert!(lines[3]["error"].as_str().unwrap().contains("redirects are not followed"), "{lines}");
}

#[tokio::test]
async fn of_a_dead_endpoint_a_bounded_number_of_plans_is_tried_and_all_of_them_come_once_it_is_back() {
    let server = server().await;
    let receiver = Receiver::start().await;
    receiver.answer(|_, _| Reply::HangUp);
    let webhook = create(&server.http(), &json!({"url": receiver.url("/")}));
    let path = format!("/v1/webhooks/{}", webhook["id"].as_str().unwrap());
    let plans: Vec<String> = (0..80).map(|n| format!("p{n}")).collect();
    for plan in &plans {
        let small = json!({"id": plan, "plan": {"schema": "plansync.plan/1", "meta": {"title": "Before"}}});
        let created = server.http().post("/v1/plans", &small);
        assert_eq!(created.0, 201, "{}", created.1);
        let after = json!({"set": {"meta": {"title": "After"}}});
        assert_eq!(server.http().post(&format!("/v1/plans/{plan}/edits"), &after).0, 200);
    }
    for plan in &plans {
        until_told(&server.http(), plan, 1).await;
    }
    wait::until("it is taken for dead", DEADLINE, async || {
        let failing = get(&server.http(), &path)["failingPlans"].as_u64().unwrap();
        if failing >= 64 { Ok(()) } else { Err(failing.to_string()) }
    })
    .await;
    let tried: HashSet<String> = receiver.received().iter().map(|received| plan_of(&change(received))).collect();
    assert!(tried.len() < 70, "{} plans are tried", tried.len());
    receiver.answer(|_, _| Reply::Status(200));
    assert_eq!(server.http().post(&format!("{path}/resume"), &json!({})).0, 200);
    let all: Vec<(&str, usize)> = plans.iter().map(|plan| (plan.as_str(), 0)).collect();
    until_taken(&server, &receiver, &all).await;
    until_state(&server, &path, "active").await;
}

#[tokio::test]
async fn an_endpoint_with_tls_has_to_show_a_certificate_of_its_name() {
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let authorities = folder.path().join("authorities.pem");
    std::fs::write(&authorities, own.cert.pem()).unwrap();
    let receiver = Receiver::start().await;
    let tls = receiver.listen_tls(own.cert.der().clone(), own.signing_key.serialize_der()).await;
    let trusting = [("PLANSYNC_WEBHOOK_ALLOW_PRIVATE", "1"), ("SSL_CERT_FILE", authorities.to_str().unwrap())];
    for (trusts, host) in [(true, "localhost"), (true, "127.0.0.1"), (false, "localhost")] {
        let server = Server::start_with(start(&trusting[..1 + usize::from(trusts)])).await;
        server.http().create_sample("p");
        let webhook = create(&server.http(), &json!({"url": format!("https://{host}:{tls}/")}));
        edit(&server.http(), "p", 1);
        let path = format!("/v1/webhooks/{}/deliveries", webhook["id"].as_str().unwrap());
        let line = wait::until("a delivery", DEADLINE, async || {
            let lines = get(&server.http(), &path)["deliveries"].clone();
            lines.get(0).cloned().ok_or_else(|| lines.to_string())
        })
        .await;
        if trusts && host == "localhost" {
            assert_eq!(line["status"], 204, "{line}");
            verify(webhook["secret"].as_str().unwrap(), &receiver.received()[0]);
        } else {
            assert!(line["error"].as_str().unwrap().contains("no TLS"), "{line}");
        }
    }
    assert_eq!(receiver.received().len(), 1);
}

#[tokio::test]
async fn a_silent_endpoint_holds_up_nobody_else() {
    let mut server = server().await;
    let (silent, other) = (Receiver::start().await, Receiver::start().await);
    silent.answer(|_, _| Reply::Silence);
    create(&server.http(), &json!({"url": silent.url("/")}));
    create(&server.http(), &json!({"url": other.url("/")}));
    let plans: Vec<String> = (0..12).map(|n| format!("p{n}")).collect();
    for plan in &plans {
        server.http().create_sample(plan);
        edit(&server.http(), plan, 1);
    }
    for plan in &plans {
        until_told(&server.http(), plan, 1).await;
    }
    let all: Vec<(&str, usize)> = plans.iter().map(|plan| (plan.as_str(), 0)).collect();
    until_taken(&server, &other, &all).await;
    let waiting = silent.waiting_most();
    // Four; and where one is given up, its end may be seen after the next one's begin.
    assert!((1..=8).contains(&waiting), "{waiting} requests at a time");
    // Nor does it hold up a stop.
    let stopping = std::time::Instant::now();
    assert_eq!(server.stop().await, Some(0));
    assert!(stopping.elapsed() < Duration::from_secs(8), "{:?}", stopping.elapsed());
}
