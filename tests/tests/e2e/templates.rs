//! The first call is in an hour, and nobody wants to begin with an empty page: a plan from a template is there at once,
//! with roles, days around the target, and an honest word where the target is too near.

use plansync_tests::server::{API_KEY, Server, binary};
use serde_json::{Value, json};

fn day(days: i64) -> String {
    let day = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    day.saturating_add(jiff::Span::new().days(days)).to_string()
}

fn ask(server: &Server, body: &Value) -> (u16, Value) {
    server.http().post("/v1/plans", body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_from_a_template_is_there_with_days_people_and_figures() {
    let server = Server::start().await;
    let http = server.http();
    let (status, templates) = http.get("/v1/templates");
    let templates = templates["templates"].as_array().unwrap().clone();
    assert_eq!((status, templates.len()), (200, 4));
    for template in &templates {
        let (id, target) = (template["id"].as_str().unwrap(), day(200));
        let order = json!({"id": format!("from-{id}"), "template": id, "target": {"kind": "go_live", "date": target},
                           "account": "Acme", "opportunity": "Acme 2027", "seller": "Vendor"});
        let (status, created) = ask(&server, &order);
        assert_eq!((status, &created["feasible"], &created["seq"]), (201, &json!(true), &json!(1)), "{created}");
        let (_, got) = http.get(&format!("/v1/plans/from-{id}"));
        let plan = &got["plan"];
        let count = |name: &str| plan[name].as_array().unwrap().len();
        assert_eq!(
            (json!(count("milestones")), json!(count("tasks"))),
            (template["milestones"].clone(), template["tasks"].clone())
        );
        assert_eq!(count("parties"), template["parties"].as_array().unwrap().len());
        assert_eq!((&plan["meta"]["target"]["date"], &plan["meta"]["goLive"]), (&json!(target), &json!(target)));
        assert!(plan["meta"]["title"].as_str().unwrap().starts_with("Acme: "), "{}", plan["meta"]);
        assert_eq!(got["figures"]["feasible"], true, "{}", got["figures"]);
        assert!(got["lint"].as_array().unwrap().iter().all(|advice| advice["level"] != "error"), "{}", got["lint"]);
    }
    let (status, exists) = ask(&server, &json!({"id": "from-light", "template": "light", "target": {"date": day(60)}}));
    assert_eq!((status, &exists["code"]), (409, &json!("exists")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_is_too_near_is_said_and_a_bad_order_is_named_by_its_members() {
    let server = Server::start().await;
    let near = json!({"id": "near", "template": "enterprise", "target": {"date": day(10)}});
    let (status, created) = ask(&server, &near);
    assert_eq!((status, &created["feasible"]), (201, &json!(false)), "{created}");
    let (_, plan) = server.http().get("/v1/plans/near");
    assert_eq!(plan["figures"]["feasible"], false);
    assert!(plan["schedule"]["targetSlip"].as_i64().unwrap() > 0, "{}", plan["schedule"]);
    for (body, paths) in [
        (json!({"template": "heavy", "target": {"date": day(60)}}), vec!["template"]),
        (json!({"template": "light"}), vec!["target/date"]),
        (
            json!({"template": 7, "target": {"date": "soon", "kind": "party"}}),
            vec!["template", "target/date", "target/kind"],
        ),
        (json!({"template": "light", "target": {"date": day(60)}, "tz": "Mars/Base"}), vec!["meta/tz"]),
        (json!({"template": "light", "target": {"date": day(60)}, "plan": {}}), vec!["plan"]),
    ] {
        let (status, problem) = ask(&server, &body);
        let named: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|error| error["path"].clone()).collect();
        assert_eq!(
            (status, &problem["code"], named),
            (422, &json!("malformed"), paths.into_iter().map(Value::from).collect()),
            "{body}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_a_terminal_a_plan_is_one_line() {
    let server = Server::start().await;
    let url = format!("http://{}", server.address());
    let run = |args: &[&str]| {
        let mut command = std::process::Command::new(binary());
        let ran =
            command.arg("plan").args(args).env("PLANSYNC_URL", &url).env("PLANSYNC_API_KEY", API_KEY).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (ran.status.success(), text(ran.stdout), text(ran.stderr))
    };
    let (ok, listed, _) = run(&["templates"]);
    assert!(ok && ["enterprise", "light", "partner", "expansion"].iter().all(|id| listed.contains(id)), "{listed}");
    let (ok, id, said) = run(&[
        "create",
        "--template",
        "partner",
        "--target",
        &day(150),
        "--account",
        "Acme",
        "--partner",
        "Integrators",
        "--id",
        "three",
    ]);
    assert!(ok && id.trim() == "three" && said.is_empty(), "{id}{said}");
    let (_, plan) = server.http().get("/v1/plans/three");
    let names: Vec<_> = plan["plan"]["parties"].as_array().unwrap().iter().map(|party| party["name"].clone()).collect();
    assert!(names.contains(&json!("Integrators")) && names.contains(&json!("Acme")), "{names:?}");
    let (ok, _, said) = run(&["create", "--template", "light", "--target", &day(1)]);
    assert!(ok && said.contains("too near"), "{said}");
    let (ok, _, said) = run(&["create", "--template", "light"]);
    assert!(!ok && said.contains("--target"), "{said}");
    let (ok, _, said) = run(&["create"]);
    assert!(!ok && said.contains("FILE"), "{said}");
    let (ok, _, said) = run(&["create", "--template", "heavy", "--target", &day(60)]);
    assert!(!ok && said.contains("template") && said.contains("enterprise"), "{said}");
}

/// Whoever takes the proposed days has a plan in which nothing has to move and nothing else is proposed.
#[tokio::test]
async fn a_plan_is_dated_backward_from_its_target() {
    let server = Server::start().await;
    let http = server.http();
    let item = |id: &str, due: Option<&str>| json!({"id": id, "title": id, "due": due, "owners": ["s-ae"]});
    let plan = json!({
        "schema": "plansync.plan/1",
        "meta": {"title": "Plan", "tz": "UTC", "target": {"kind": "close", "date": "2999-06-28"}, "workingDays": ["mo", "tu", "we", "th", "fr"]},
        "people": [{"id": "s-ae", "party": "seller", "name": "Ann"}],
        "milestones": [item("sign", Some("2999-06-28")), item("review", Some("2999-06-25")), item("pilot", None)],
        "dependencies": [
            {"id": "review>sign", "from": "review", "to": "sign", "minGapDays": 10},
            {"id": "pilot>review", "from": "pilot", "to": "review", "minGapDays": 30},
        ],
    });
    assert_eq!(http.post("/v1/plans", &json!({"id": "p", "plan": plan})).0, 201);
    let (status, answer) = http.get("/v1/plans/p/backward");
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["target"], "2999-06-28");
    // Ten days before the 28th is a Tuesday; 30 days before that is a Sunday, so the Friday before.
    let expected = json!([
        {"id": "pilot", "from": null, "to": "2999-05-17"},
        {"id": "review", "from": "2999-06-25", "to": "2999-06-18"},
    ]);
    assert_eq!(answer["proposed"], expected);
    let set: serde_json::Map<String, Value> = expected
        .as_array()
        .unwrap()
        .iter()
        .map(|each| (each["id"].as_str().unwrap().to_owned(), json!({"due": each["to"]})))
        .collect();
    assert_eq!(http.post("/v1/plans/p/edits", &json!({"set": {"milestones": set}})).0, 200);
    assert_eq!(http.get("/v1/plans/p/backward").1["proposed"], json!([]));
    assert_eq!(http.get("/v1/plans/p").1["figures"]["feasible"], true);
}
