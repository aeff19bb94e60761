//! Who may change what: the table of rights held by the real server, for every way of writing.
//!
//! The cells come from `protocol/golden/rights.json`, which the server's own table is held to. Which row of the table
//! an edit falls under is said here once more, by hand: the server's way of finding it is what is tested.

use std::collections::BTreeMap;

use plansync_protocol::wire::Frame;
use plansync_tests::{
    http::token,
    raw::{Pen, Raw, ask_all, update},
    server::Server,
    stock::Stock,
};
use serde_json::{Value, json};
use yrs::{Any, Map as _, Out, Text as _, Transact as _, TransactionMut, WriteTxn as _};

const ACCESS: [&str; 5] = ["owner", "editor", "contributor", "commenter", "viewer"];
const PARTIES: [&str; 3] = ["buyer", "seller", "partner"];

/// One edit of one field.
struct Case {
    collection: &'static str,
    id: &'static str,
    field: &'static str,
    value: Value,
    /// The row of the table it falls under for buyer, seller and partner; `-` where it is refused to everybody.
    rights: [&'static str; 3],
    /// Who owns the item, where that matters.
    owner: &'static str,
}

/// The plan of the matrix: an item of each kind for each relation.
fn plan() -> Value {
    let person = |id: &str, party: &str| json!({"id": id, "party": party, "role": "Role", "name": id});
    let people: Vec<Value> = PARTIES
        .iter()
        .flat_map(|party| ACCESS.iter().map(move |access| (format!("{party}-{access}"), *party)))
        .map(|(id, party)| person(&id, party))
        .collect();
    let task = |id: &str, party: &str, owner: &str| {
        json!({"id": id, "title": id, "party": party, "owners": [owner], "due": "2026-03-02", "status": "pending",
            "notes": "As agreed."})
    };
    let milestone = |id: &str, owners: &[&str]| json!({"id": id, "title": id, "owners": owners, "due": "2026-03-02", "status": "pending"});
    let mut accepted = task("t-accepted", "seller", "seller-contributor");
    accepted["commitment"] = json!({"state": "accepted", "by": "seller-owner", "at": "2026-02-01T10:00:00Z"});
    json!({
        "schema": "plansync.plan/1",
        "meta": {"title": "Matrix", "account": "Acme", "opportunity": "One", "tz": "UTC", "priority": "high",
            "target": {"kind": "close", "date": "2026-06-30"}, "sponsors": ["buyer-owner"],
            "valueProposition": "Faster."},
        "parties": [{"id": "buyer", "kind": "buyer", "name": "Acme"}, {"id": "seller", "kind": "seller", "name": "Vega"},
            {"id": "partner", "kind": "partner", "name": "Kestrel"}],
        "people": people,
        "stakeholders": [{"id": "buyer-owner", "decisionRole": "champion"}],
        "objectives": [{"id": "o-1", "text": "Less work", "inBuyersWords": true}],
        "criteria": [{"id": "c-1", "title": "Hours", "party": "buyer", "metric": "hours", "baseline": 10, "target": 2}],
        "phases": [{"id": "p-1", "name": "Pilot"}],
        "milestones": [milestone("m-buyer", &["buyer-contributor"]), milestone("m-seller", &["seller-contributor"]),
            milestone("m-joint", &["buyer-contributor", "seller-contributor"]), milestone("m-none", &[])],
        "tasks": [task("t-buyer", "buyer", "buyer-contributor"), task("t-seller", "seller", "seller-contributor"),
            task("t-partner", "partner", "partner-contributor"), task("t-joint", "joint", "buyer-contributor"), accepted],
        "dependencies": [{"id": "m-buyer>m-seller", "from": "m-buyer", "to": "m-seller"}],
        "risks": [{"id": "r-1", "title": "Late", "probability": "low", "impact": "high", "owners": ["buyer-contributor"],
            "mitigation": "Start early"}],
        "cadence": [{"id": "k-1", "kind": "review_call", "title": "Weekly", "rrule": "FREQ=WEEKLY"}],
        "calendar": [{"id": "w-1", "kind": "blackout", "party": "buyer", "title": "Audit", "from": "2026-04-01",
            "to": "2026-04-03"}],
        "comments": [{"id": "x-1", "on": "t-buyer", "text": "Hello", "by": "buyer-commenter", "at": "2026-02-01T10:00:00Z"}],
    })
}

fn cases() -> Vec<Case> {
    let case =
        |collection, id, field, value: Value, rights, owner| Case { collection, id, field, value, rights, owner };
    // A partner's editor writes structure only in the partner's own tasks and risks: `foreign`.
    let structure = ["structure", "structure", "foreign"];
    let mut cases = vec![
        case("meta", "", "title", json!("New"), ["-", "head", "-"], ""),
        case("meta", "", "stage", json!("active"), ["-", "head", "-"], ""),
        case("meta", "", "tz", json!("Europe/Rome"), ["-", "head", "-"], ""),
        case("meta", "", "shiftMode", json!("keep_gap"), ["-", "head", "-"], ""),
        case("meta", "", "account", json!("Acme Corp"), ["buyersHead", "head", "-"], ""),
        case("meta", "", "opportunity", json!("Two"), ["buyersHead", "head", "-"], ""),
        case("meta", "", "sponsors/buyer-editor", json!(true), ["buyersHead", "head", "-"], ""),
        case("meta", "", "priority", json!("low"), ["-", "pitch", "-"], ""),
        case("meta", "", "valueProposition", json!("Faster and calmer."), ["-", "pitch", "-"], ""),
        case("meta", "", "target.date", json!("2026-07-31"), ["target"; 3], ""),
        case("parties", "buyer", "name", json!("Acme Ltd"), ["ownParty", "-", "-"], ""),
        case("parties", "seller", "name", json!("Vega Ltd"), ["-", "ownParty", "-"], ""),
        case("parties", "partner", "name", json!("Kestrel Ltd"), ["-", "head", "ownParty"], ""),
        case("parties", "buyer", "kind", json!("seller"), ["-"; 3], ""),
        case("people", "buyer-viewer", "title", json!("CFO"), ["people", "-", "-"], ""),
        case("people", "seller-viewer", "title", json!("CFO"), ["-", "people", "-"], ""),
        case("people", "partner-viewer", "title", json!("CFO"), ["-", "-", "people"], ""),
        case("people", "buyer-commenter", "party", json!("seller"), ["-"; 3], ""),
        case("stakeholders", "buyer-owner", "decisionRole", json!("legal"), structure, ""),
        case("objectives", "o-1", "by", json!("2026-05-01"), structure, ""),
        case("objectives", "o-1", "text", json!("Much less work"), structure, ""),
        case("criteria", "c-1", "target", json!(1), structure, ""),
        case("criteria", "c-1", "measured", json!(7), structure, ""),
        case("criteria", "c-1", "frozen", json!(true), ["target"; 3], ""),
        case("phases", "p-1", "name", json!("Proof"), structure, ""),
        case("dependencies", "m-buyer>m-seller", "strength", json!("soft"), structure, ""),
        case("calendar", "w-1", "to", json!("2026-04-05"), structure, ""),
        case("cadence", "k-1", "title", json!("Every week"), structure, ""),
        case("risks", "r-1", "state", json!("mitigating"), structure, ""),
        case("risks", "r-1", "mitigation", json!("Start early and test"), structure, ""),
        case(
            "comments",
            "x-1",
            "resolvedAt",
            json!("2026-02-02T10:00:00Z"),
            ["own comment", "-", "-"],
            "buyer-commenter",
        ),
        // What only the server writes.
        case("tasks", "t-buyer", "completedAt", json!("2026-02-02T10:00:00Z"), ["server"; 3], ""),
        case("tasks", "t-joint", "commitment.by", json!("seller-owner"), ["server"; 3], ""),
        case("criteria", "c-1", "frozenAt", json!("2026-02-02T10:00:00Z"), ["server"; 3], ""),
        // What does not fit.
        case("tasks", "t-partner", "kind", json!(7), ["malformed"; 3], ""),
        case("milestones", "m-none", "due", json!("banana"), ["malformed"; 3], ""),
    ];
    let of = |owner: &str| match owner {
        "buyer-contributor" => ["progress", "othersStatus", "othersStatus"],
        "seller-contributor" => ["othersStatus", "progress", "othersStatus"],
        "partner-contributor" => ["othersStatus", "othersStatus", "progress"],
        "both" => ["progress", "progress", "othersStatus"],
        _ => ["progress"; 3],
    };
    let items = [
        ("tasks", "t-buyer", "buyer-contributor"),
        ("tasks", "t-seller", "seller-contributor"),
        ("tasks", "t-partner", "partner-contributor"),
        ("milestones", "m-buyer", "buyer-contributor"),
        ("milestones", "m-seller", "seller-contributor"),
        ("milestones", "m-joint", "both"),
        ("milestones", "m-none", ""),
    ];
    for (collection, id, owner) in items {
        let structure = if id == "t-partner" { ["structure"; 3] } else { structure };
        cases.push(case(collection, id, "status", json!("in_progress"), of(owner), owner));
        cases.push(case(collection, id, "title", json!("Renamed"), structure, owner));
        if id != "m-none" {
            cases.push(case(collection, id, "due", json!("2026-03-09"), structure, owner));
        }
        cases.push(case(collection, id, "blocked.reason", json!("No access"), ["blocker"; 3], owner));
        let notes = [0, 1, 2].map(|party| if of(owner)[party] == "progress" { "notes" } else { "foreign notes" });
        let notes = if id == "t-partner" { ["foreign notes", "foreign notes", "partner notes"] } else { notes };
        cases.push(case(collection, id, "notes", json!("As agreed, twice."), notes, owner));
    }
    cases.push(case("tasks", "t-joint", "status", json!("blocked"), ["blocker"; 3], "both"));
    cases.push(case("tasks", "t-accepted", "due", json!("2026-03-20"), ["accepted", "structure", "accepted"], ""));
    cases.push(case(
        "tasks",
        "t-accepted",
        "owners/buyer-editor",
        json!(true),
        ["accepted", "structure", "accepted"],
        "",
    ));
    let own = "seller-contributor";
    cases.push(case("tasks", "t-seller", "commitment.state", json!("accepted"), ["-", "commitment", "-"], own));
    cases.push(case(
        "tasks",
        "t-buyer",
        "commitment.state",
        json!("proposed"),
        ["commitment", "structure", "foreign"],
        "buyer-contributor",
    ));
    cases
}

/// What a case comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expect {
    Stays,
    Code(&'static str),
}

fn expect(table: &Value, case: &Case, party: usize, access: &str) -> Expect {
    let person = format!("{}-{access}", PARTIES[party]);
    let owns = case.owner == person
        || (case.owner == "both" && matches!(&*person, "buyer-contributor" | "seller-contributor"));
    let cell = |right: &str| match table[right][access].as_str() {
        Some("yes") => Expect::Stays,
        Some("own") if owns => Expect::Stays,
        Some("consent") => Expect::Code("needs_consent"),
        _ => Expect::Code("not_allowed"),
    };
    let is_editor_of_partner = party == 2 && access == "editor";
    match case.rights[party] {
        "-" => Expect::Code("not_allowed"),
        "server" => Expect::Code("server_owned"),
        "malformed" => Expect::Code("malformed"),
        "own comment" if owns => cell("talk"),
        "own comment" => Expect::Code("not_allowed"),
        "foreign" | "foreign notes" if is_editor_of_partner => Expect::Code("not_allowed"),
        // A contributor writes notes of the items that they own.
        "notes" | "partner notes" if access == "contributor" => cell("progress"),
        "notes" if is_editor_of_partner => Expect::Code("not_allowed"),
        "foreign" | "notes" | "foreign notes" | "partner notes" => cell("structure"),
        right => cell(right),
    }
}

/// Writes a case's value the way a client does.
fn write(txn: &mut TransactionMut<'_>, case: &Case) {
    let root = txn.get_or_insert_map(case.collection);
    let map = match case.id {
        "" => root,
        id => match root.get(txn, id) {
            Some(Out::YMap(map)) => map,
            other => panic!("{}/{id} is {other:?}", case.collection),
        },
    };
    match (map.get(txn, case.field), &case.value) {
        (Some(Out::YText(text)), Value::String(new)) => {
            let length = text.len(txn);
            text.remove_range(txn, 0, length);
            text.insert(txn, 0, new);
        }
        (_, value) => drop(map.insert(txn, case.field, any(value))),
    }
}

fn any(value: &Value) -> Any {
    match value {
        Value::Bool(bool) => Any::Bool(*bool),
        Value::Number(number) => Any::from(number.as_f64().unwrap()),
        Value::String(text) => Any::from(text.as_str()),
        _ => panic!("the matrix writes scalars"),
    }
}

/// The value of a case's field in the canonical JSON.
fn value(plan: &Value, case: &Case) -> Value {
    let row = match case.id {
        "" => &plan["meta"],
        id => plan[case.collection].as_array().unwrap().iter().find(|row| row["id"] == id).unwrap(),
    };
    match case.field.split_once('/') {
        Some((set, member)) => json!(row[set].as_array().is_some_and(|set| set.contains(&json!(member)))),
        None => case.field.split('.').fold(row, |value, name| &value[name]).clone(),
    }
}

fn typed(case: &Case) -> Value {
    let fields = match case.field.split_once('/') {
        Some((set, member)) => {
            let others: &[&str] = if set == "sponsors" { &["buyer-owner"] } else { &["seller-contributor"] };
            json!({set: others.iter().copied().chain([member]).collect::<Vec<_>>()})
        }
        None => case.field.rsplit('.').fold(case.value.clone(), |value, name| json!({name: value})),
    };
    match case.id {
        "" => json!({"set": {"meta": fields}}),
        id => json!({"set": {case.collection: {id: fields}}}),
    }
}

/// Runs all cases as one person in one way and gives what differs from the table.
async fn run(server: &Server, table: &Value, way: &str, party: usize, access: &str, before: &Value) -> Vec<String> {
    let plan = format!("{way}-{}-{access}", PARTIES[party]);
    let person = format!("{}-{access}", PARTIES[party]);
    let http = server.http();
    let (status, body) = http.post("/v1/plans", &json!({"id": plan, "plan": before}));
    assert_eq!(status, 201, "{body}");
    let token = token(&plan, &person, PARTIES[party], access);
    let cases = cases();
    let mut told: BTreeMap<String, String> = BTreeMap::new();
    let key = |case: &Case| format!("{}/{}/{}", case.collection, case.id, case.field.split('/').next().unwrap());
    let hear = |told: &mut BTreeMap<String, String>, refusal: &Value| {
        let text = |name: &str| refusal[name].as_str().unwrap_or_default().to_owned();
        told.insert(format!("{}/{}/{}", text("entity"), text("id"), text("field")), text("code"));
    };
    if way == "http" {
        for case in &cases {
            let (status, body) = http.with_key(&token).post(&format!("/v1/plans/{plan}/edits"), &typed(case));
            match (status, access) {
                (200, _) => body["refused"].as_array().unwrap().iter().for_each(|refusal| hear(&mut told, refusal)),
                (403, "viewer") => drop(told.insert(key(case), "viewer".to_owned())),
                // What only the server writes and what does not fit does not get as far as the rights.
                (422, _) => drop(told.insert(key(case), "422".to_owned())),
                _ => panic!("{status} {body}"),
            }
        }
    } else {
        let pen = Pen::new(7);
        let mut raw = match way {
            "stock" => Raw::stock(server, &plan, &token).await,
            _ => Raw::plansync(server, &plan, &token).await.0,
        };
        raw.send(&ask_all()).await;
        raw.until("the plan", |frame| {
            pen.hear(frame);
            matches!(frame, Frame::SyncStep2(_)).then_some(())
        })
        .await;
        for case in &cases {
            let edit = pen.write(|txn| write(txn, case));
            raw.send(&update(&edit)).await;
        }
        raw.send(&ask_all()).await;
        raw.until("everything", |frame| {
            pen.hear(frame);
            if let Frame::Refused(refusal) = frame {
                hear(&mut told, refusal);
            }
            matches!(frame, Frame::SyncStep2(_)).then_some(())
        })
        .await;
        // The sender's copy, the server's and that of somebody who comes now are equal.
        let fresh = Pen::new(8);
        let mut late = Raw::stock(server, &plan, &token).await;
        late.send(&ask_all()).await;
        late.until("the plan", |frame| {
            fresh.hear(frame);
            matches!(frame, Frame::SyncStep2(_)).then_some(())
        })
        .await;
        let read = |pen: &Pen| plansync_protocol::plan::read::plan(&pen.doc().transact());
        assert_eq!(read(&pen), read(&fresh), "{plan}");
    }
    let (status, body) = http.get(&format!("/v1/plans/{plan}"));
    assert_eq!(status, 200);
    let after = &body["plan"];
    let mut wrong = Vec::new();
    for case in &cases {
        let expected = expect(table, case, party, access);
        let (was, is) = (value(before, case), value(after, case));
        let is_new = is == case.value;
        let (stays, code) = match expected {
            Expect::Stays => (true, None),
            Expect::Code(code) => (false, Some(code)),
        };
        let heard = told.get(&key(case)).map(String::as_str);
        let is_heard = match way {
            "stock" => true,
            "http" if access == "viewer" => heard == Some("viewer") || heard == Some("422"),
            "http" if matches!(code, Some("server_owned" | "malformed")) => heard == Some("422"),
            _ => heard == code,
        };
        if stays != is_new || (!stays && is != was) || !is_heard {
            wrong.push(format!(
                "{plan}: {} = {}: {expected:?} by {:?}, was {was}, is {is}, heard {heard:?}",
                key(case),
                case.value,
                case.rights[party]
            ));
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn every_access_every_relation_every_way_of_writing_is_as_the_table_says() {
    let server = Server::start().await;
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../protocol/golden/rights.json");
    let table: Value = serde_json::from_str(&std::fs::read_to_string(golden).unwrap()).unwrap();
    let before = plan();
    let mut wrong = Vec::new();
    let mut count = 0;
    for way in ["plansync", "stock", "http"] {
        for party in 0..3 {
            for access in ACCESS {
                wrong.extend(run(&server, &table, way, party, access, &before).await);
                count += cases().len();
            }
        }
    }
    assert!(count >= 3_000, "{count} cases");
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}

/// Stock Yjs code as the attacker, with a link that reads, and with one that may change a little. Nobody else ever sees
/// any of it, the attacker's own copy comes back, and the session goes on.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_stock_yjs_code_does_to_the_document_only_what_is_allowed_stays() {
    let server = Server::start().await;
    let stock = Stock::start().await;
    stock.open("first", &server.ws(), "none", "none").await;
    let attacks: Vec<String> = serde_json::from_value(stock.run("first", "attacks", json!({})).await).unwrap();
    assert!(attacks.len() >= 12);
    for (n, attack) in attacks.iter().enumerate() {
        let plan = format!("p-{n}");
        server.http().create_sample(&plan);
        let (_, before) = server.http().get(&format!("/v1/plans/{plan}"));
        let viewer = token(&plan, "eve", "buyer", "viewer");
        let (watcher, attacker) = (format!("watcher-{n}"), format!("attacker-{n}"));
        stock.open(&watcher, &server.ws(), &plan, &token(&plan, "s-account-exec", "seller", "owner")).await;
        stock.open(&attacker, &server.ws(), &plan, &viewer).await;
        for client in [&watcher, &attacker] {
            stock.synced(client).await;
        }
        let honest = stock.json(&watcher).await;
        stock.run(&attacker, "attack", json!({"attack": attack})).await;
        // A mark behind it: when it has come through, the attack has been dealt with.
        let (status, _) =
            server.http().post(&format!("/v1/plans/{plan}/edits"), &json!({"set": {"meta": {"x-mark": "m"}}}));
        assert_eq!(status, 200);
        for client in [&watcher, &attacker] {
            let seen = json!({"path": ["meta"], "key": "x-mark", "value": "m", "timeoutMs": 20_000});
            stock.run(client, "wait", seen).await;
        }
        stock.run(&attacker, "wait", json!({"json-equals": watcher, "timeoutMs": 20_000})).await;
        let mut expected = honest.clone();
        expected["meta"]["x-mark"] = json!("m");
        assert_eq!(stock.json(&watcher).await, expected, "{attack}: what the others hold");
        let (_, after) = server.http().get(&format!("/v1/plans/{plan}"));
        let mut plan_after = after["plan"].clone();
        plan_after["meta"].as_object_mut().unwrap().remove("x-mark");
        assert_eq!(plan_after, before["plan"], "{attack}: what the server holds");
        let (_, refusals) = server.http().get(&format!("/v1/plans/{plan}/refusals"));
        let first = &refusals["refusals"][0];
        assert_eq!((&first["person"], &first["party"]), (&json!("eve"), &json!("buyer")), "{attack}: {refusals}");
        assert_eq!(server.http().with_key(&viewer).get(&format!("/v1/plans/{plan}/refusals")).0, 403);
    }
    let ended: Vec<_> = stock.events().into_iter().filter(|event| event["event"] == "ended").collect();
    assert!(ended.iter().all(|event| event["client"] == "first"), "{ended:?}");
    assert_eq!(stock.findings(), Vec::<Value>::new());
}

/// Somebody who may change the structure deletes things for good, with an allowed change in the same transaction.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_for_good_comes_back_and_what_was_allowed_beside_it_stays() {
    let server = Server::start().await;
    server.http().create_sample("p");
    let stock = Stock::start().await;
    let owner = token("p", "s-account-exec", "seller", "owner");
    for client in ["ann", "bob"] {
        stock.open(client, &server.ws(), "p", &owner).await;
        stock.synced(client).await;
    }
    // Letters stay where their format does not.
    stock.run("ann", "attack", json!({"attack": "formats and embeds"})).await;
    stock.run("bob", "wait", json!({"json-equals": "ann", "timeoutMs": 20_000})).await;
    let (_, body) = server.http().get("/v1/plans/p");
    let notes = |task: &Value| task["notes"].as_str().unwrap_or_default().to_owned();
    assert!(body["plan"]["tasks"].as_array().unwrap().iter().any(|task| notes(task).starts_with("bold")), "{body}");
    let ops = json!([
        {"do": "set", "path": ["tasks", "ca-2"], "key": "title", "value": "Allowed"},
        {"do": "remove-key", "path": ["tasks"], "key": "ca-1"},
        {"do": "remove-key", "path": ["milestones"], "key": "ms-05"},
    ]);
    let before = stock.json("bob").await;
    stock.run("ann", "batch", json!({"ops": ops})).await;
    let seen = json!({"path": ["tasks", "ca-2"], "key": "title", "value": "Allowed", "timeoutMs": 20_000});
    stock.run("bob", "wait", seen).await;
    stock.run("ann", "wait", json!({"json-equals": "bob", "timeoutMs": 20_000})).await;
    let mut expected = before;
    expected["tasks"]["ca-2"]["title"] = json!("Allowed");
    assert_eq!(stock.json("bob").await, expected);
}
