//! The HTTP interface as a host application meets it: what it answers, and what it says when something is wrong.

use std::io::Read as _;

use plansync_protocol::plan::SAMPLE;
use plansync_tests::{
    http::token,
    raw::{Pen, Raw, ask_all, update},
    server::{API_KEY, Server},
};
use serde_json::{Value, json};
use ureq::http::Method;
use yrs::{Any, Map as _, Out, ReadTxn as _, Text as _, Transact as _};

const PLAN: &str = "acme";

/// A whole answer.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: ureq::http::HeaderMap,
    text: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

struct Caller<'a> {
    server: &'a Server,
    agent: ureq::Agent,
}

impl<'a> Caller<'a> {
    fn new(server: &'a Server) -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false).allow_non_standard_methods(true);
        Self { server, agent: config.build().into() }
    }

    fn call(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut request =
            ureq::http::Request::builder().method(method).uri(format!("http://{}{path}", self.server.address()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = self.agent.run(request.body(body).unwrap()).expect("the server answers");
        let text = answer.body_mut().with_config().limit(64 << 20).read_to_string().unwrap();
        Answer { status: answer.status().as_u16(), headers: answer.headers().clone(), text }
    }

    fn with_key(&self, method: Method, path: &str, body: &[u8]) -> Answer {
        self.call(method, path, &[("Authorization", &format!("Bearer {API_KEY}"))], body)
    }

    /// The answer is a problem of this status and code.
    #[track_caller]
    fn is_problem(&self, answer: &Answer, status: u16, code: &str) {
        assert_eq!((answer.status, answer.header("content-type")), (status, "application/problem+json"), "{answer:?}");
        let problem = answer.json();
        assert_eq!(
            (problem["status"].as_u64(), &problem["code"]),
            (Some(u64::from(status)), &json!(code)),
            "{problem}"
        );
        for member in ["title", "detail"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
        }
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(!answer.header("x-request-id").is_empty());
    }
}

async fn server() -> Server {
    let server = Server::start().await;
    server.http().create_sample(PLAN);
    server
}

fn edits() -> String {
    format!("/v1/plans/{PLAN}/edits")
}

#[tokio::test]
async fn every_problem_has_its_status_and_a_stable_code() {
    let server = server().await;
    let caller = Caller::new(&server);
    let plan = format!("/v1/plans/{PLAN}");
    let tokens = format!("{plan}/tokens");
    let large = vec![b' '; (8 << 20) + 1];
    let deep = [b"[".repeat(200_000), b"]".repeat(200_000)].concat();
    let cases: [(Method, &str, &[u8], u16, &str); 23] = [
        (Method::GET, "/nothing", b"", 404, "not_found"),
        (Method::GET, "/v1/plans/nowhere", b"", 404, "not_found"),
        (Method::GET, "/v1/plans/.hidden", b"", 404, "not_found"),
        (Method::GET, "/v1/plans/%FF", b"", 404, "not_found"),
        (Method::GET, "/assets/../plan.js", b"", 404, "not_found"),
        (Method::DELETE, &plan, b"", 400, "bad_request"),
        (Method::PATCH, &plan, b"", 405, "method_not_allowed"),
        (Method::GET, &edits(), b"", 405, "method_not_allowed"),
        (Method::GET, "/v1/plans?limit=0", b"", 400, "bad_request"),
        (Method::GET, "/v1/plans?limit=many", b"", 400, "bad_request"),
        (Method::GET, &format!("{plan}?removed=perhaps"), b"", 400, "bad_request"),
        (Method::POST, "/v1/plans", b"{", 400, "bad_request"),
        (Method::POST, "/v1/plans", b"", 400, "bad_request"),
        (Method::POST, "/v1/plans", b"\xff\xfe", 400, "bad_request"),
        (Method::POST, "/v1/plans", &deep, 400, "bad_request"),
        (Method::POST, "/v1/plans", &large, 413, "too_large"),
        (Method::POST, "/v1/plans", br#"{"id":"../up","plan":{}}"#, 400, "bad_request"),
        (Method::POST, &edits(), b"nonsense", 400, "bad_request"),
        (Method::POST, &edits(), &large, 413, "too_large"),
        (Method::POST, "/v1/plans/nowhere/edits", b"{}", 404, "not_found"),
        (Method::POST, &tokens, b"{", 400, "bad_request"),
        (Method::POST, &tokens, br#"{"person":"a b","party":"buyer","access":"editor"}"#, 422, "malformed"),
        (
            Method::POST,
            "/v1/plans/nowhere/tokens",
            br#"{"person":"a","party":"b","access":"editor"}"#,
            404,
            "not_found",
        ),
    ];
    for (method, path, body, status, code) in cases {
        let answer = caller.with_key(method.clone(), path, body);
        println!("{method} {path} {} {}", answer.status, answer.header("content-type"));
        caller.is_problem(&answer, status, code);
    }
    let exists = json!({"id": PLAN, "plan": serde_json::from_str::<Value>(SAMPLE).unwrap()}).to_string();
    caller.is_problem(&caller.with_key(Method::POST, "/v1/plans", exists.as_bytes()), 409, "exists");
    for path in [format!("/v1/sync/{PLAN}"), "/v1/sync/nowhere".to_owned()] {
        caller.is_problem(&caller.with_key(Method::GET, &path, b""), 426, "not_a_websocket");
    }
}

#[tokio::test]
async fn a_request_without_the_right_key_is_told_what_it_needs() {
    let server = server().await;
    let caller = Caller::new(&server);
    let plan = format!("/v1/plans/{PLAN}");
    let person = format!("Bearer {}", token(PLAN, "ann", "buyer", "owner"));
    let other = format!("Bearer {}", token("other", "ann", "buyer", "owner"));
    for wrong in ["", "Bearer", "Bearer wrong", "Basic YTpi", API_KEY] {
        let answer = caller.call(Method::GET, &plan, &[("Authorization", wrong)], b"");
        caller.is_problem(&answer, 401, "unauthorized");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    caller.is_problem(&caller.call(Method::GET, &plan, &[("Authorization", &other)], b""), 403, "not_allowed");
    for path in ["/v1/plans".to_owned(), format!("{plan}/tokens")] {
        let answer = caller.call(Method::POST, &path, &[("Authorization", &person)], b"{}");
        caller.is_problem(&answer, 403, "not_allowed");
    }
    let answer = caller.call(Method::GET, "/v1/plans", &[("Authorization", &person)], b"").json();
    assert_eq!(answer["plans"].as_array().map(Vec::len), Some(1), "a person lists their own plan: {answer}");
    let answer = caller.call(Method::GET, "/v1/plans", &[("Authorization", &other)], b"").json();
    assert_eq!(answer["plans"], json!([]));
}

#[tokio::test]
async fn a_malformed_plan_or_edit_hears_of_every_field_that_is_wrong() {
    let server = server().await;
    let caller = Caller::new(&server);
    let mut plan: Value = serde_json::from_str(SAMPLE).unwrap();
    plan["meta"]["target"]["date"] = json!("soon");
    plan["meta"]["title"] = json!(7);
    plan["tasks"][0]["due"] = json!("2026-02-30");
    plan["tasks"][1]["status"] = json!("not a word!");
    plan["people"][0]["party"] = json!(["buyer"]);
    let id = |plan: &Value, index: usize| plan["tasks"][index]["id"].as_str().unwrap().to_owned();
    let (first, second) = (id(&plan, 0), id(&plan, 1));
    let answer = caller.with_key(Method::POST, "/v1/plans", json!({"plan": plan}).to_string().as_bytes());
    caller.is_problem(&answer, 422, "malformed");
    let paths = |answer: &Answer| {
        let errors = answer.json()["errors"].as_array().cloned().unwrap_or_default();
        for error in &errors {
            assert!(["path", "value", "expected"].iter().all(|member| error[member].is_string()), "{error}");
        }
        errors.iter().map(|error| error["path"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let told = paths(&answer);
    println!("{told:?}");
    for path in
        ["meta/target", "meta/title", &format!("tasks/{first}/due"), &format!("tasks/{second}/status"), "people/"]
    {
        assert!(told.iter().any(|told| told.starts_with(path)), "{path} is not among {told:?}");
    }
    assert_eq!(told.len(), 5);

    let edit = json!({"set": {"meta": {"title": 7}, "tasks": {first.as_str(): {"due": "soon"}}, "nothing": {}},
        "remove": "all", "reason": 5, "more": 1});
    let answer = caller.with_key(Method::POST, &edits(), edit.to_string().as_bytes());
    caller.is_problem(&answer, 422, "malformed");
    let told = paths(&answer);
    for path in ["meta/title", &format!("tasks/{first}/due"), "nothing", "remove", "reason", "more"] {
        assert!(told.iter().any(|told| told == path), "{path} is not among {told:?}");
    }
    let seq = &caller.with_key(Method::GET, &format!("/v1/plans/{PLAN}"), b"").json()["seq"];
    assert_eq!(seq, 1, "all of it or nothing");
}

#[tokio::test]
async fn a_plan_is_read_again_only_where_it_has_changed() {
    let server = server().await;
    let caller = Caller::new(&server);
    let path = format!("/v1/plans/{PLAN}");
    let first = caller.with_key(Method::GET, &path, b"");
    assert_eq!((first.status, first.header("etag")), (200, "\"1\""));
    let bearer = format!("Bearer {API_KEY}");
    let again = |tag: &str| caller.call(Method::GET, &path, &[("Authorization", &bearer), ("If-None-Match", tag)], b"");
    for tag in ["\"1\"", "W/\"1\"", "\"0\", \"1\"", "*"] {
        let answer = again(tag);
        assert_eq!((answer.status, answer.text.as_str()), (304, ""), "{tag}");
        assert_eq!(answer.header("etag"), "\"1\"", "a 304 names the tag as the 200 would");
    }
    assert_eq!(again("\"11\"").status, 200);
    let edited = caller.with_key(Method::POST, &edits(), br#"{"set":{"meta":{"title":"Next"}}}"#);
    assert_eq!((edited.status, edited.json()["seq"].as_u64()), (200, Some(2)));
    let answer = again("\"1\"");
    assert_eq!((answer.status, answer.header("etag")), (200, "\"2\""));
}

#[tokio::test]
async fn the_list_of_plans_comes_in_pages() {
    let server = Server::start().await;
    let ids: Vec<_> = (0..7).map(|n| format!("plan-{n}")).collect();
    for id in &ids {
        server.http().create_sample(id);
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let (status, page) = server.http().get(&format!("/v1/plans?limit=3&cursor={cursor}"));
        assert_eq!(status, 200, "{page}");
        let plans = page["plans"].as_array().unwrap();
        assert!(plans.len() <= 3);
        for plan in plans {
            assert!(plan["title"].is_string() && plan["seq"] == 1 && plan["figures"].is_object(), "{plan}");
            seen.push(plan["id"].as_str().unwrap().to_owned());
        }
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(seen, ids);
    let (_, page) = server.http().get("/v1/plans?limit=7");
    assert!(page.get("next").is_none(), "a full last page has no next");
    let _ = server.http().post("/v1/plans/plan-3/edits", &json!({"set": {"meta": {"title": "Fresh"}}}));
    let (_, page) = server.http().get("/v1/plans");
    assert_eq!((&page["plans"][3]["title"], &page["plans"][3]["seq"]), (&json!("Fresh"), &json!(2)));
}

#[tokio::test]
async fn an_edit_over_http_is_on_disk_when_answered_and_seen_by_open_sockets() {
    let mut server = server().await;
    let mut ann = Raw::stock(&server, PLAN, &token(PLAN, "ann", "seller", "owner")).await;
    let pen = Pen::new(1);
    ann.send(&ask_all()).await;
    ann.until_title(&pen, serde_json::from_str::<Value>(SAMPLE).unwrap()["meta"]["title"].as_str().unwrap()).await;
    let (status, body) = server.http().post(&edits(), &json!({"set": {"meta": {"title": "By HTTP"}}}));
    assert_eq!((status, &body["seq"]), (200, &json!(2)));
    server.kill().await;
    server.restart().await;
    let (_, body) = server.http().get(&format!("/v1/plans/{PLAN}"));
    assert_eq!(body["plan"]["meta"]["title"], "By HTTP");

    let mut ann = Raw::stock(&server, PLAN, &token(PLAN, "ann", "seller", "owner")).await;
    ann.send(&ask_all()).await;
    ann.until_title(&pen, "By HTTP").await;
    let (status, _) = server.http().post(&edits(), &json!({"set": {"meta": {"title": "Live"}}}));
    assert_eq!(status, 200);
    ann.until_title(&pen, "Live").await;
    let (status, body) = server.http().post(&edits(), &json!({"set": {"meta": {"title": "Live"}}}));
    assert_eq!((status, &body["seq"]), (200, &json!(3)), "an edit that changes nothing is no entry");
}

#[tokio::test]
async fn what_somebody_types_survives_an_edit_of_the_same_text_over_http() {
    let server = server().await;
    let task = serde_json::from_str::<Value>(SAMPLE).unwrap()["tasks"][0]["id"].as_str().unwrap().to_owned();
    let notes = |text: &str| json!({"set": {"tasks": {task.as_str(): {"notes": text}}}});
    assert_eq!(server.http().post(&edits(), &notes("The quick fox")).0, 200);
    let (mut ann, _) = Raw::plansync(&server, PLAN, &token(PLAN, "ann", "seller", "owner")).await;
    let pen = Pen::new(1);
    ann.send(&ask_all()).await;
    ann.until("the plan", |frame| {
        pen.hear(frame);
        pen.title().map(drop)
    })
    .await;
    // Ann has not heard of the edit over HTTP when she types.
    let typed = {
        let txn = pen.doc().transact();
        let Some(Out::YMap(entity)) = txn.get_map("tasks").unwrap().get(&txn, &task) else {
            panic!("the task is there")
        };
        let Some(Out::YText(text)) = entity.get(&txn, "notes") else { panic!("notes are a text") };
        drop(txn);
        pen.write(|txn| text.insert(txn, 13, " jumps"))
    };
    assert_eq!(server.http().post(&edits(), &notes("The quick brown fox")).0, 200);
    ann.send(&update(&typed)).await;
    ann.acked(1).await;
    let (_, body) = server.http().get(&format!("/v1/plans/{PLAN}"));
    let stands = body["plan"]["tasks"].as_array().unwrap().iter().find(|item| item["id"] == task.as_str()).unwrap();
    assert_eq!(stands["notes"], "The quick brown fox jumps");
    // A value of a newer client is kept.
    ann.send(&update(&pen.write(|txn| {
        let meta = txn.get_map("meta").unwrap();
        meta.insert(txn, "x-newer", Any::from(5));
    })))
    .await;
    ann.acked(2).await;
}

#[tokio::test]
async fn a_token_is_made_for_a_person_and_opens_their_plan() {
    let server = server().await;
    let path = format!("/v1/plans/{PLAN}/tokens");
    let request = json!({"person": "b-cfo", "party": "buyer", "access": "viewer", "name": "CFO", "ttlSeconds": 60});
    let (status, body) = server.http().post(&path, &request);
    assert_eq!(status, 201, "{body}");
    let token = body["token"].as_str().unwrap();
    assert!(body["url"].as_str().unwrap().ends_with(&format!("/p/{PLAN}#token={token}")), "{body}");
    let (_, welcome) = Raw::plansync(&server, PLAN, token).await;
    assert_eq!((welcome.person.as_str(), welcome.access.as_str()), ("b-cfo", "viewer"));
    let wrong = [
        json!({"party": "buyer", "access": "viewer"}),
        json!({"person": "a", "party": "buyer", "access": "god"}),
        json!({"person": "a", "party": "buy er", "access": "viewer"}),
        json!({"person": "a", "party": "buyer", "access": "viewer", "ttlSeconds": 0}),
        json!({"person": "a", "party": "buyer", "access": "viewer", "ttlSeconds": 40_000_000}),
        json!({"person": "a", "party": "buyer", "access": "viewer", "ttlSeconds": -1}),
        json!({"person": "a", "party": "buyer", "access": "viewer", "name": "a\u{7}"}),
        json!({"person": "a", "party": "buyer", "access": "viewer", "name": "x".repeat(201)}),
        json!({"person": "a", "party": "buyer", "access": "viewer", "more": 1}),
        json!([]),
    ];
    for request in wrong {
        let (status, body) = server.http().post(&path, &request);
        assert_eq!((status, &body["code"]), (422, &json!("malformed")), "{request}");
    }
}

#[tokio::test]
async fn the_interface_describes_itself() {
    let server = server().await;
    let (status, api) = server.http().get("/openapi.json");
    assert_eq!(status, 200);
    assert!(api["openapi"].as_str().unwrap().starts_with("3.1"), "{}", api["openapi"]);
    let routes = [
        ("/v1/plans", "post"),
        ("/v1/plans", "get"),
        ("/v1/plans/{id}", "get"),
        ("/v1/plans/{id}/edits", "post"),
        ("/v1/plans/{id}/tokens", "post"),
        ("/v1/sync/{plan}", "get"),
        ("/healthz", "get"),
        ("/readyz", "get"),
        ("/metrics", "get"),
    ];
    for (path, method) in routes {
        assert!(api["paths"][path][method]["responses"].is_object(), "{method} {path} is not described");
    }
    // Every reference leads somewhere.
    let text = api.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(api.pointer(reference).is_some(), "{reference} leads nowhere");
    }
}

#[tokio::test]
async fn the_operator_sees_figures_and_no_names() {
    let server = Server::start().await;
    server.http().create_sample("very-secret-plan");
    let person = token("very-secret-plan", "very-secret-person", "very-secret-party", "editor");
    let (mut ann, _) = Raw::plansync(&server, "very-secret-plan", &person).await;
    ann.send(&update(&Pen::new(1).set_title("Very secret title"))).await;
    ann.acked(1).await;
    ann.send(&[0]).await;
    ann.closed().await;
    assert_eq!(server.http().get("/v1/plans/nowhere").0, 404);
    let caller = Caller::new(&server);
    let metrics = caller.call(Method::GET, "/metrics", &[], b"");
    assert!(metrics.status == 200 && metrics.header("content-type").starts_with("text/plain"), "{metrics:?}");
    let names = [
        "plansync_connections",
        "plansync_connections_unauthenticated",
        "plansync_rooms",
        "plansync_documents_in_memory",
        "plansync_edits_total",
        "plansync_entries_total",
        "plansync_commit_seconds_bucket",
        "plansync_commit_group_requests_bucket",
        "plansync_document_open_seconds_bucket",
        "plansync_log_queue_requests",
        "plansync_refusals_total",
        "plansync_closes_total",
        "plansync_bytes_received_total",
        "plansync_bytes_sent_total",
    ];
    for name in names {
        assert!(metrics.text.lines().any(|line| line.starts_with(name)), "there is no {name}");
    }
    assert!(metrics.text.contains("plansync_closes_total{code=\"4400\"} 1"), "{}", metrics.text);
    for secret in ["very-secret", "Very secret"] {
        assert!(!metrics.text.contains(secret), "the metrics name {secret}");
    }
    for (path, text) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        let answer = caller.call(Method::GET, path, &[], b"");
        assert_eq!((answer.status, answer.text.as_str()), (200, text));
    }
}

/// The element and its pages: compressed for those who take that, once for those who have it already.
#[tokio::test]
async fn the_page_comes_compressed_and_only_when_it_is_new() {
    let server = server().await;
    let config = ureq::Agent::config_builder().accept_encoding("identity").http_status_as_error(false);
    let caller = Caller { server: &server, agent: config.build().into() };
    for path in ["/", "/p/acme", "/join", "/assets/plansync-plan.js", "/assets/frame.css"] {
        let whole = caller.call(Method::GET, path, &[], b"");
        assert_eq!((whole.status, whole.header("content-encoding")), (200, ""), "{path}");
        let tag = whole.header("etag");
        let known = caller.call(Method::GET, path, &[("If-None-Match", tag)], b"");
        assert_eq!((known.status, known.text.len()), (304, 0), "{path}");
    }
    let script = "/assets/plansync-plan.js";
    let whole = caller.call(Method::GET, script, &[], b"");
    assert!(whole.text.contains("plansync-plan"));
    let length = |encodings: &str, expected: &str| {
        let request = ureq::http::Request::get(format!("http://{}{script}", server.address()));
        let request = request.header("Accept-Encoding", encodings).body(()).unwrap();
        let mut answer = caller.agent.run(request).unwrap();
        let encoding = answer.headers().get("content-encoding").map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(encoding.as_deref(), Some(expected), "{encodings}");
        answer.body_mut().read_to_vec().unwrap().len()
    };
    let (gzip, brotli) = (length("gzip, deflate", "gzip"), length("gzip, br;q=1.0", "br"));
    assert!(brotli < gzip && gzip < 150 << 10, "{brotli} and {gzip} bytes");
    assert_eq!(caller.call(Method::GET, "/assets/..%2fjoin.html", &[], b"").status, 404);
}

/// Answers are compressed for those who take that. A stream is not: each of its events comes at once.
#[tokio::test]
async fn answers_come_compressed_and_streams_as_they_are() {
    let server = server().await;
    let caller = Caller::new(&server);
    let ask = |path: &str, encoding: &str| {
        let request = ureq::http::Request::get(format!("http://{}{path}", server.address()))
            .header("Authorization", format!("Bearer {API_KEY}"))
            .header("Accept-Encoding", encoding);
        caller.agent.run(request.body(()).unwrap()).unwrap()
    };
    let path = format!("/v1/plans/{PLAN}");
    let mut packed = ask(&path, "gzip");
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    assert!(packed.headers()["vary"].to_str().unwrap().contains("accept-encoding"), "{:?}", packed.headers());
    let packed = packed.body_mut().read_to_vec().unwrap();
    let mut whole = String::new();
    flate2::read::GzDecoder::new(&*packed).read_to_string(&mut whole).unwrap();
    let plain = caller.with_key(Method::GET, &path, b"");
    assert_eq!((plain.header("content-encoding"), &plain.text), ("", &whole));
    assert!(3 * packed.len() < whole.len(), "{} of {} bytes", packed.len(), whole.len());

    let events = ask(&format!("{path}/events"), "gzip");
    assert_eq!(events.headers()["content-type"], "text/event-stream");
    assert!(!events.headers().contains_key("content-encoding"));
}
