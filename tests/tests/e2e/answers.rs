//! What a Rust program asks a server about a plan, beside its document: summary, figures, files, changes in pages, calls.
//! Each answer is the server's own, as another asker gets it.

use plansync_client::{ChangesQuery, Client, ErrorKind, Format, Plan, Since, SummaryQuery};
use plansync_tests::{http::token, server::Server};
use serde_json::Value;

const PLAN: &str = "asked";

async fn open(server: &Server, person: &str, party: &str, access: &str) -> Plan {
    let token = token(PLAN, person, party, access);
    let plan = Client::connect(&format!("http://{}", server.address()), &token).expect("the plan opens");
    plan.live().await.expect("it is live");
    plan
}

fn day(text: &str) -> jiff::civil::Date {
    text.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_opened_closed_and_told() {
    let server = Server::start().await;
    server.http().create_sample(PLAN);
    let plan = open(&server, "b-it-manager", "buyer", "owner").await;

    let opened = plan.open_touchpoint("call", "Review call").await.unwrap();
    assert_eq!((opened.baseline_seq, opened.closed_seq), (0, None));
    plan.edit(|edit| {
        edit.task("ca-1").status("complete");
        edit.milestone("ms-05").due("2026-02-25");
        edit.reason("Access credentials pending");
    })
    .unwrap();
    plan.flush().await.unwrap();
    let closed = plan.close_touchpoint(&opened.id).await.unwrap();
    assert_eq!((closed.id.as_str(), closed.baseline_seq), (opened.id.as_str(), 0));
    assert!(closed.closed_seq.is_some_and(|seq| seq >= 3), "{closed:?}");
    assert!(plan.touchpoint(&opened.id).is_some(), "it is in the document");
    let again = plan.close_touchpoint(&opened.id).await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Conflict, "{again}");
    let nowhere = plan.close_touchpoint("no such/call?").await.unwrap_err();
    assert_eq!(nowhere.kind(), ErrorKind::NotFound, "{nowhere}");
    let unknown = plan.open_touchpoint("séance", "Review call").await.unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::Malformed, "{unknown}");

    // Of the call, on a day; and in every form what the server says over HTTP.
    let since = opened.baseline_seq.to_string();
    let call = SummaryQuery { since: Some(since.clone()), as_of: Some(day("2026-02-17")), until: None };
    let told = plan.summary(&call, Format::Markdown).await.unwrap();
    for words in ["**Provide data sample for POC**", "~~Feb 20~~ **Feb 25** (+5 d) “Access credentials pending”"] {
        assert!(told.contains(words), "{words} is not in {told}");
    }
    let asker = server.http().with_key(&token(PLAN, "b-it-manager", "buyer", "owner"));
    let path = |format: &str| format!("/v1/plans/{PLAN}/summary?since={since}&asOf=2026-02-17&format={format}");
    for (format, name) in [(Format::Markdown, "md"), (Format::Html, "html"), (Format::Text, "text")] {
        assert_eq!(plan.summary(&call, format).await.unwrap(), asker.text(&path(name)), "{name}");
    }
    let json: Value = serde_json::from_str(&plan.summary(&call, Format::Json).await.unwrap()).unwrap();
    assert_eq!((200, json), asker.get(&path("json")));
    let before = SummaryQuery { since: Some("0".into()), until: Some(1), as_of: Some(day("2026-02-17")) };
    assert!(!plan.summary(&before, Format::Markdown).await.unwrap().contains("Access credentials pending”"));
    // A touchpoint as the beginning is the moment it was closed, and so is the last one where nothing is said.
    for since in [Some(opened.id.clone()), None] {
        let after = SummaryQuery { since, as_of: Some(day("2026-02-17")), until: None };
        assert!(!plan.summary(&after, Format::Markdown).await.unwrap().contains("Access credentials pending”"));
    }
    let wrong = SummaryQuery { since: Some("no-such-call".into()), ..SummaryQuery::default() };
    let error = plan.summary(&wrong, Format::Text).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Malformed), "{error}");
    plan.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_files_and_changes_are_the_servers() {
    let server = Server::start().await;
    let http = server.http();
    http.create_sample(PLAN);
    let seller = open(&server, "s-account-exec", "seller", "owner").await;
    let buyer = open(&server, "b-it-manager", "buyer", "owner").await;

    let figures = seller.figures(Some(day("2026-02-17"))).await.unwrap();
    assert_eq!(figures["completion"], serde_json::json!({"complete": 4, "counted": 18, "percent": 22.2}));
    buyer
        .edit(|edit| {
            edit.task("ca-1").status("complete");
        })
        .unwrap();
    buyer.flush().await.unwrap();
    let (_, answer) = http.get(&format!("/v1/plans/{PLAN}?asOf=2026-02-17"));
    let figures = seller.figures(Some(day("2026-02-17"))).await.unwrap();
    assert_eq!(figures, answer["figures"]);
    assert_eq!(figures["completion"]["complete"], 5);

    for (format, name, begins) in [
        (Format::Csv, "csv", "\"Kind\",\"Id\""),
        (Format::Markdown, "md", "# "),
        (Format::Ics, "ics", "BEGIN:VCALENDAR"),
        (Format::Json, "json", "{"),
    ] {
        let file = seller.export(format).await.unwrap();
        assert!(file.trim_start_matches('\u{feff}').starts_with(begins), "{name}: {file}");
        assert!(file.contains("Provide data sample for POC"), "{name}: {file}");
    }
    let json: Value = serde_json::from_str(&seller.export(Format::Json).await.unwrap()).unwrap();
    let done = json["tasks"].as_array().unwrap().iter().find(|task| task["id"] == "ca-1").unwrap();
    assert_eq!(done["status"], "complete");
    // A mail is a form of a summary, not of a plan.
    assert_eq!(seller.export(Format::Html).await.unwrap_err().kind(), ErrorKind::Malformed);

    // Ten more edits, each a change; a touchpoint makes changes of everything at once.
    for n in 0..10 {
        buyer
            .edit(|edit| {
                edit.task("ca-2").title(format!("Title {n}"));
            })
            .unwrap();
        buyer.flush().await.unwrap();
        let call = buyer.open_touchpoint("call", "Settled").await.unwrap();
        buyer.close_touchpoint(&call.id).await.unwrap();
    }
    let of_task = |entity: &str, limit: u32, since: Option<Since>| ChangesQuery {
        since,
        limit: Some(limit),
        entity: Some(entity.to_owned()),
        ..ChangesQuery::default()
    };
    let all = seller.changes_page(&of_task("tasks/ca-2", 1000, None)).await.unwrap();
    let titles: Vec<_> = all.changes.iter().map(|change| change.data.new.clone().unwrap_or_default()).collect();
    assert_eq!(titles, (0..10).map(|n| Value::from(format!("Title {n}"))).collect::<Vec<_>>());
    assert!(all.next.is_none() && all.changes.iter().all(|change| change.actor.as_deref() == Some("b-it-manager")));

    // The same by pages of three, each where the last one ended.
    let mut paged = Vec::new();
    let mut since: Option<Since> = None;
    loop {
        let page = seller.changes_page(&of_task("tasks/ca-2", 3, since)).await.unwrap();
        assert!(page.changes.len() <= 3);
        paged.extend(page.changes.iter().map(|change| change.id.clone()));
        let Some(next) = page.next else { break };
        assert_eq!((page.changes.len(), next), (3, page.cursor));
        since = Some(next);
    }
    assert_eq!(paged, all.changes.iter().map(|change| change.id.clone()).collect::<Vec<_>>());
    // After the end there is nothing yet, and the place to ask from again is the same.
    let end = Since::from(all.seq);
    let rest = seller.changes_page(&of_task("tasks/ca-2", 3, Some(end))).await.unwrap();
    assert_eq!((rest.changes.len(), rest.next, rest.cursor), (0, None, end));
    let kinds = ChangesQuery { classes: vec!["status".into()], ..ChangesQuery::default() };
    let done = seller.changes_page(&kinds).await.unwrap();
    assert!(done.changes.iter().any(|change| change.kind == "plansync.task.completed"));
    assert!(done.changes.iter().all(|change| change.subject.as_deref() != Some("tasks/ca-2")));

    // Who has no right hears so, by its kind.
    let viewer = open(&server, "b-vp-marketing", "buyer", "viewer").await;
    assert_eq!(viewer.open_touchpoint("call", "Mine").await.unwrap_err().kind(), ErrorKind::NotAllowed);
    assert!(viewer.figures(None).await.unwrap()["completion"].is_object());
    for plan in [seller, buyer, viewer] {
        plan.close().await;
    }
}
