//! After the review call the champion's vice president opens one mail. What she reads in it has to be right to the
//! last line: the six edits of the call, what else moves because of them, and who is next.

use plansync_protocol::plan::{self, json};
use plansync_tests::{
    http::{Http, token},
    raw::Raw,
    server::Server,
};
use serde_json::{Value, json};

/// The call of the sample, edit by edit: who, and what.
const CALL: &str = include_str!("../../../protocol/golden/summary/call.json");

fn post(http: &Http, path: &str, body: &Value) -> Value {
    let (status, answer) = http.post(path, body);
    assert!((200..300).contains(&status), "{status} {answer}");
    answer
}

fn get(http: &Http, path: &str) -> Value {
    let (status, answer) = http.get(path);
    assert_eq!(status, 200, "{path}: {answer}");
    answer
}

/// Makes the edits of the call, each by the person of the sample who made it.
fn call(http: &Http) {
    let call: Value = serde_json::from_str(CALL).unwrap();
    let sample = json::parse_str(plan::SAMPLE, true).unwrap();
    for edit in call["edits"].as_array().unwrap() {
        let person = edit["by"].as_str().unwrap();
        let party = sample.person(person).unwrap().party().unwrap();
        let mut edit = edit.clone();
        edit.as_object_mut().unwrap().shift_remove("by");
        post(&http.with_key(&token("p", person, party, "owner")), "/v1/plans/p/edits", &edit);
    }
}

#[tokio::test]
async fn the_call_on_the_sample_is_told_line_by_line() {
    let server = Server::start().await;
    let http = server.http();
    http.create_sample("p");
    let before = get(&http, "/v1/plans/p?asOf=2026-02-17");
    assert_eq!(before["figures"]["completion"], json!({"complete": 4, "counted": 18, "percent": 22.2}));
    let opened = post(&http, "/v1/plans/p/touchpoints", &json!({"kind": "call", "title": "Review call"}));
    assert_eq!(opened["baselineSeq"], 0);
    call(&http);
    let closed = post(&http, &format!("/v1/plans/p/touchpoints/{}/close", opened["id"].as_str().unwrap()), &json!({}));
    assert_eq!(closed["closedSeq"], 8, "the touchpoint is entry 2, the call entries 3 to 8");

    // Closing has made changes of everything, without waiting for it to be still.
    let changes = get(&http, "/v1/plans/p/changes");
    let kinds: Vec<&str> =
        changes["changes"].as_array().unwrap().iter().map(|each| each["type"].as_str().unwrap()).collect();
    let expected = [
        "plansync.touchpoint.opened",
        "plansync.task.completed",
        "plansync.milestone.changed",
        "plansync.task.changed",
        "plansync.task.added",
        "plansync.dependency.added",
        "plansync.risk.changed",
        "plansync.stakeholder.added",
    ];
    assert_eq!(kinds[..8], expected);

    let summary = get(&http, "/v1/plans/p/summary?since=1&asOf=2026-02-17&format=json");
    assert_eq!(
        summary["headline"],
        "Target Apr 30 holds, but 3 milestones must move: POC Success Review cannot finish before Mar 27 (+12 d)."
    );
    let text = |path: &str| http.text(path);
    let markdown = text("/v1/plans/p/summary?since=1&asOf=2026-02-17");
    for line in [
        "| Progress | **5 of 19 items** (26.3 %, was 22.2 %), 4 of 15 milestones |",
        "✔ **Provide data sample for POC** (buyer task of POC Environment Setup), due Feb 18, done Feb 17 ✔ 1 day early — IT Manager (buyer)",
        "→ **POC Environment Setup**: due ⚠ ~~Feb 20~~ **Feb 25** (+5 d) “Access credentials pending” — IT Manager (buyer)",
        "✎ **Provide POC environment access**: owners ~~SE Team~~ **Sales Engineer** — Sales Engineer (seller)",
        "| POC Success Review | Mar 15 | ⚠ **Mar 27** (+12 d), was Mar 22 | Mar 20 (+5 d) |",
    ] {
        assert!(markdown.contains(line), "{line}\n\n{markdown}");
    }
    let again = text("/v1/plans/p/summary?since=1&asOf=2026-02-17");
    assert_eq!(markdown, again, "the same question has the same answer, to the byte");
    assert!(text("/v1/plans/p/summary?since=1&asOf=2026-02-17&format=html").contains("POC Environment Setup"));
    // After the call nothing has changed.
    let since_call = get(&http, "/v1/plans/p/summary?asOf=2026-02-17&format=json");
    assert!(since_call.to_string().contains("o changes since"), "{since_call}");
}

#[tokio::test]
async fn a_summary_counts_from_where_it_is_asked_to() {
    let server = Server::start().await;
    let http = server.http();
    http.create_sample("p");
    let ann = token("p", "ann", "buyer", "owner");
    let (mut raw, _) = Raw::plansync(&server, "p", &ann).await;
    call(&http);
    raw.send(&plansync_protocol::wire::encode(&plansync_protocol::wire::Frame::Touch)).await;
    let visited = plansync_tests::wait::until("the visit", std::time::Duration::from_secs(10), async || {
        let (_, welcome) = Raw::plansync(&server, "p", &ann).await;
        if welcome.last_visit_seq > 0 { Ok(welcome.last_visit_seq) } else { Err("none".into()) }
    })
    .await;
    assert_eq!(visited, 7);
    post(&http, "/v1/plans/p/edits", &json!({"set": {"tasks": {"ca-2": {"due": "2026-03-20"}}}, "reason": "Travel"}));
    let person = http.with_key(&ann);
    let markdown = person.text("/v1/plans/p/summary?since=last-visit&asOf=2026-02-17");
    assert!(markdown.contains("Schedule executive presentation"), "{markdown}");
    assert!(markdown.contains("“Travel”"), "{markdown}");
    assert!(!markdown.contains("Access credentials pending”"), "{markdown}");
    assert!(markdown.contains("your last visit"), "{markdown}");
    // In two steps the same as at once: no change is told twice or left out.
    let told = |path: &str| {
        let changes = get(&http, path);
        let of_the_plan = |change: &&Value| !change["type"].as_str().unwrap().contains(".person.");
        changes["changes"].as_array().unwrap().iter().filter(of_the_plan).count()
    };
    assert_eq!(told("/v1/plans/p/changes?since=0&limit=1000"), told("/v1/plans/p/changes?since=5&limit=1000") + 5);
    assert_eq!(http.get("/v1/plans/p/summary?since=last-visit").0, 400);
    assert_eq!(http.get("/v1/plans/p/summary?since=tp-none").0, 404);
    assert_eq!(http.get("/v1/plans/p/summary?since=9&until=2").0, 400);
    assert_eq!(http.get("/v1/plans/p/summary?format=pdf").0, 400);
}

#[tokio::test]
async fn a_plan_can_be_seen_as_it_was_and_each_field_says_who_set_it() {
    let server = Server::start().await;
    let http = server.http();
    http.create_sample("p");
    let first = get(&http, "/v1/plans/p")["plan"].clone();
    call(&http);
    assert_eq!(get(&http, "/v1/plans/p?at=1")["plan"], first);
    let due = |at: u64| {
        let plan = get(&http, &format!("/v1/plans/p?at={at}"));
        let milestones = plan["plan"]["milestones"].as_array().unwrap().clone();
        milestones.iter().find(|each| each["id"] == "ms-05").unwrap()["due"].clone()
    };
    assert_eq!((due(2), due(3)), (json!("2026-02-20"), json!("2026-02-25")));
    let history = get(&http, "/v1/plans/p?history=milestones/ms-05/due");
    let history = history["history"].as_array().unwrap();
    assert_eq!(history.len(), 1);
    assert_eq!(history[0]["actor"], "b-it-manager");
    assert_eq!(history[0]["data"]["reason"], "Access credentials pending");
    assert_eq!(http.get("/v1/plans/p?at=99").0, 400);
    assert_eq!(http.get("/v1/plans/p?history=nothing/x").0, 400);
}

#[tokio::test]
async fn a_plan_goes_out_as_a_file_and_comes_back() {
    let server = Server::start().await;
    let http = server.http();
    http.create_sample("p");
    let csv = http.text("/v1/plans/p/export?format=csv");
    let (status, created) = http.post_as("/v1/plans?id=q&title=Again", "text/csv", csv.as_bytes());
    assert_eq!((status, &created["id"]), (201, &json!("q")), "{created}");
    let (p, q) = (get(&http, "/v1/plans/p"), get(&http, "/v1/plans/q"));
    assert_eq!(p["figures"]["completion"], q["figures"]["completion"]);
    assert_eq!(q["plan"]["meta"]["title"], "Again");
    let (status, wrong) = http.post_as("/v1/plans", "text/csv", b"Milestone,Due,Status\nKickoff,someday,done\n");
    assert_eq!(status, 422);
    assert!(wrong["errors"][0]["path"].as_str().unwrap().contains("row 2"), "{wrong}");
    let calendar = http.text("/v1/plans/p/export?format=ics");
    assert!(calendar.starts_with("BEGIN:VCALENDAR\r\n") && calendar.contains("BEGIN:VTODO"));
    assert!(http.text("/v1/plans/p/export?format=md").contains("| Id | Milestone / task |"));
    let portfolio = get(&http, "/v1/portfolio?probabilities=active:0.8");
    assert_eq!(portfolio["plans"], 2);
}
