//! Somebody asks to be forgotten, and the plan goes on without them: their tasks, their comments, the history of the
//! deal. Whoever reads the files afterwards, or the past of the plan, or comes back with an old copy, finds "Erased
//! person", and so does everybody who was just looking.

use plansync_protocol::wire::{Frame, encode};
use plansync_tests::{
    http::{Http, in_seconds, token, token_with},
    raw::{Pen, Raw, ask_all, hello, sync_step_2, update},
    server::{Server, verify},
    stock::Stock,
    wait::eventually,
};
use serde_json::{Value, json};
use yrs::{Any, GetString as _, Map as _, MapPrelim, MapRef, Out, Text as _, TextRef, Transact as _, WriteTxn as _};

use super::erasure::found;

const PERSON: &str = "p-7";
/// Words that say something of the person and stand nowhere else, the newest and those before.
const CANARIES: [&str; 10] = [
    "canary-name-q7x",
    "canary-second-name-q7x",
    "canary-mail-q7x@example.com",
    "canary-second-mail-q7x@example.com",
    "canary-title-q7x",
    "canary-reference-q7x",
    "canary-needs-q7x",
    "canary-view-q7x",
    "canary-unknown-q7x",
    "canary-late-q7x",
];

fn post(http: &Http, path: &str, body: &Value) -> Value {
    let (status, answer) = http.post(path, body);
    assert!((200..300).contains(&status), "{path}: {status} {answer}");
    answer
}

fn edit(server: &Server, query: &str, set: Value) -> Value {
    post(&server.http(), &format!("/v1/plans/deal/edits{query}"), &json!({"set": set}))
}

/// The sample with somebody in it of whom everything is known.
fn create(server: &Server) {
    let [name, _, mail, _, title, reference, needs, ..] = CANARIES;
    let mut plan: Value = serde_json::from_str(plansync_protocol::plan::SAMPLE).unwrap();
    let person = json!({"id": PERSON, "party": "buyer", "role": "Head of Data", "name": name, "email": mail,
                        "title": title, "externalRef": reference});
    plan["people"].as_array_mut().unwrap().push(person);
    plan["stakeholders"] = json!([{"id": PERSON, "decisionRole": "champion", "needs": needs}]);
    plan["tasks"][0]["owners"] = json!([PERSON]);
    post(&server.http(), "/v1/plans", &json!({"id": "deal", "plan": plan}));
}

fn key(name: Option<&str>) -> String {
    let claims = json!({"sub": PERSON, "plan": "deal", "party": "buyer", "access": "editor", "iat": 0, "name": name,
                        "email": name.map(|_| CANARIES[2]), "exp": in_seconds(3600)});
    token_with(claims)
}

fn row(txn: &mut yrs::TransactionMut<'_>, collection: &str, id: &str) -> MapRef {
    match txn.get_or_insert_map(collection).get(txn, id) {
        Some(Out::YMap(row)) => row,
        other => panic!("{collection}/{id} is {other:?}"),
    }
}

fn name_in(pen: &Pen) -> Option<String> {
    let mut txn = pen.doc().transact_mut();
    let people = txn.get_or_insert_map("people");
    let Some(Out::YMap(row)) = people.get(&txn, PERSON) else { return None };
    match row.get(&txn, "name") {
        Some(Out::Any(Any::String(name))) => Some(name.to_string()),
        _ => None,
    }
}

/// A copy with all of the plan.
async fn copy(server: &Server, key: &str, client: u64) -> (Raw, Pen) {
    let (mut raw, _) = Raw::plansync(server, "deal", key).await;
    let pen = Pen::new(client);
    raw.send(&ask_all()).await;
    raw.until("the plan", |frame| {
        pen.hear(frame);
        name_in(&pen).map(drop)
    })
    .await;
    (raw, pen)
}

/// A plan in which a lot has happened to the person: changes, sealed entries, snapshots, invites, views of both sides.
async fn lived(server: &Server) -> Raw {
    let [name, second, mail, second_mail, title, _, needs, view, unknown, _] = CANARIES;
    create(server);
    edit(server, "", json!({"people": {PERSON: {"name": second, "email": second_mail, "x-more": unknown}}}));
    edit(server, "", json!({"stakeholders": {PERSON: {"needs": format!("{needs}, and more of it")}}}));
    for party in ["buyer", "seller"] {
        let query = format!("?scope=private&party={party}");
        edit(server, &query, json!({"views": {PERSON: {"stance": "sceptic", "note": format!("{view} of {party}")}}}));
        edit(server, &query, json!({"views": {PERSON: {"note": format!("{view} of {party}, later")}}}));
    }
    for address in [mail, second_mail, "else@example.com"] {
        let invite = json!({"party": "buyer", "access": "editor", "email": address});
        post(&server.http(), "/v1/plans/deal/invites", &invite);
    }
    let said = json!({"comments": {"c-1": {"on": "ms-05", "text": "what they said stays"}}});
    edit(server, "", said);
    let (mut raw, pen) = copy(server, &key(Some(name)), 77).await;
    raw.send(&encode(&Frame::Touch)).await;
    // Enough for snapshots, and for entries that are sealed.
    for n in 0..150 {
        let wrote = pen.write(|txn| {
            let row = row(txn, "people", PERSON);
            row.insert(txn, "title", format!("{title} {n}"));
            row.insert(txn, "x-more", format!("{unknown} {n} ").repeat(400));
        });
        raw.send(&update(&wrote)).await;
    }
    raw.acked(150).await;
    // A summary waits until everything written has become changes.
    for scope in ["", "&scope=private&party=buyer", "&scope=private&party=seller"] {
        let (status, body) = server.http().get(&format!("/v1/plans/deal/summary?since=0&format=json{scope}"));
        assert_eq!(status, 200, "{body}");
    }
    raw
}

fn positions(changes: &Value) -> Vec<String> {
    changes["changes"].as_array().unwrap().iter().map(|change| change["id"].as_str().unwrap().to_owned()).collect()
}

/// Every change, in pages.
fn changes(http: &Http, query: &str) -> Value {
    let (mut all, mut since) = (Vec::new(), "0".to_owned());
    loop {
        let (status, page) = http.get(&format!("/v1/plans/deal/changes?since={since}&limit=500{query}"));
        assert_eq!(status, 200, "{page}");
        all.extend(page["changes"].as_array().unwrap().clone());
        since = page["cursor"].as_str().unwrap_or_default().to_owned();
        if page["next"].is_null() {
            return json!({"changes": all, "cursor": since});
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_personal_of_an_erased_person_is_in_the_files_and_the_plan_is_otherwise_as_before() {
    let mut server = Server::start().await;
    let mut theirs = lived(&server).await;
    let http = server.http();
    let seen: Vec<_> = found(&server, &CANARIES).into_iter().map(|(word, _)| word).collect();
    // What the first entry alone holds is unreadable once that is sealed.
    let missed: Vec<_> = CANARIES[..9].iter().filter(|word| !seen.contains(word)).collect();
    assert!(missed.iter().all(|word| ***word == *CANARIES[5]), "not there to be erased: {missed:?}");
    let path = format!("/v1/plans/deal/members/{PERSON}?erase=true");

    let owner = token("deal", "ann", "buyer", "owner");
    assert_eq!(http.with_key(&owner).delete(&path).0, 403);
    let other = post(&http, "/v1/workspaces", &json!({"name": "other"}));
    assert_eq!(http.with_key(other["apiKey"].as_str().unwrap()).delete(&path).0, 404);
    assert_eq!(http.delete("/v1/plans/deal/members/nobody?erase=true").0, 404);
    assert_eq!(http.delete(&format!("/v1/plans/nowhere/members/{PERSON}?erase=true")).0, 404);
    let (status, body) = http.delete("/v1/plans/deal/members/ann@example.com?erase=true");
    assert_eq!((status, &body["code"]), (409, &json!("personal_id")), "{body}");
    let (_, before) = http.get("/v1/plans/deal");
    let row = before["plan"]["people"].as_array().unwrap().iter().find(|row| row["id"] == PERSON).unwrap();
    assert_eq!(row["name"], CANARIES[1], "nothing has happened");
    let told = changes(&http, "");
    let private = "&scope=private&party=seller";
    let told_privately = changes(&http, private);

    let (status, erased) = http.delete(&path);
    assert_eq!((status, &erased["person"]), (200, &json!(PERSON)), "{erased}");
    assert_eq!(found(&server, &CANARIES), vec![], "online, as soon as it is answered");
    assert_eq!(theirs.closed().await.code, 4403);

    // The plan is as before but for the person.
    let (_, mut after) = http.get("/v1/plans/deal");
    let mut wanted = before["plan"].clone();
    let erased_row = json!({"id": PERSON, "party": "buyer", "role": "Head of Data", "name": "Erased person"});
    for people in [&mut wanted["people"], &mut after["plan"]["people"]] {
        people.as_array_mut().unwrap().retain(|row| row["id"] != PERSON || *row == erased_row);
    }
    wanted["people"].as_array_mut().unwrap().push(erased_row);
    for people in [&mut wanted["people"], &mut after["plan"]["people"]] {
        people.as_array_mut().unwrap().sort_by_key(|row| row["id"].to_string());
    }
    wanted["stakeholders"] = json!([{"id": PERSON, "decisionRole": "champion"}]);
    assert_eq!(after["plan"], wanted);
    assert_eq!(after["figures"], before["figures"]);
    assert_eq!(after["seq"], before["seq"].as_u64().unwrap() + 1);
    for party in ["buyer", "seller"] {
        let (_, private) = http.get(&format!("/v1/plans/deal?scope=private&party={party}"));
        assert!(private["plan"]["views"].as_array().is_none_or(Vec::is_empty), "{private}");
    }

    // The past has the same positions, and leads to the present.
    let retold = changes(&http, "");
    let (old, new) = (positions(&told), positions(&retold));
    assert_eq!(new[..old.len()], old);
    let mut later = retold["changes"].as_array().unwrap()[old.len()..].iter();
    assert!(
        later.any(|change| change["type"] == "plansync.person.erased" && change["origin"] == "erasure"),
        "{retold}"
    );
    let since = told["cursor"].as_str().unwrap();
    let (_, page) = http.get(&format!("/v1/plans/deal/changes?since={since}"));
    assert!(positions(&page).starts_with(&new[old.len()..]), "a reader goes on where it stood");
    assert_eq!(positions(&changes(&http, private)), positions(&told_privately));
    let said = format!("{retold}{}", changes(&http, private));
    assert!(CANARIES.iter().all(|canary| !said.contains(canary)), "{said}");
    let last = after["seq"].as_u64().unwrap();
    for at in [1, 2, last / 2, last] {
        let (status, past) = http.get(&format!("/v1/plans/deal?at={at}"));
        assert_eq!(status, 200, "as of entry {at}: {past}");
        let people = past["plan"]["people"].as_array().unwrap();
        let name = &people.iter().find(|row| row["id"] == PERSON).unwrap()["name"];
        assert_eq!(name, "Erased person", "as of entry {at}");
    }

    // Nobody is let in as them, and nothing asks them to come.
    let mut again = Raw::silent(&server, "deal").await;
    again.send(&hello(&key(None))).await;
    assert_eq!(again.closed().await.code, 4403);
    let issue = json!({"person": PERSON, "party": "buyer", "access": "editor", "name": CANARIES[9]});
    let (status, body) = http.post("/v1/plans/deal/tokens", &issue);
    assert_eq!((status, &body["code"]), (410, &json!("person_erased")), "{body}");
    let (_, members) = http.get("/v1/plans/deal/members");
    let member = members["members"].as_array().unwrap().iter().find(|row| row["person"] == PERSON).unwrap();
    assert!(member["name"].is_null() && member["email"].is_null() && member["erasedAt"].is_string(), "{member}");
    let (_, invites) = http.get("/v1/plans/deal/invites");
    let invites: Vec<_> = invites["invites"].as_array().unwrap().iter().map(|invite| invite["email"].clone()).collect();
    assert_eq!(invites, [json!("else@example.com")]);

    // Writing under the id is put back, by whomever.
    let edited =
        edit(&server, "", json!({"people": {PERSON: {"name": CANARIES[9], "role": "Head of Data Platforms"}}}));
    assert_eq!((&edited["refused"][0]["field"], &edited["refused"][1]), (&json!("name"), &Value::Null), "{edited}");
    let view = json!({"views": {PERSON: {"note": CANARIES[9]}}});
    let edited = edit(&server, "?scope=private&party=seller", view);
    assert_eq!(edited["refused"][0]["field"], "note", "{edited}");

    assert_eq!(http.delete(&path).0, 200, "a second time does no harm");
    server.kill().await;
    assert_eq!(found(&server, &CANARIES), vec![], "after kill -9");
    server.restart().await;
    assert_eq!(found(&server, &CANARIES), vec![], "after a restart");
    let (_, again) = server.http().get("/v1/plans/deal");
    assert_eq!(again["plan"]["people"].as_array().unwrap().len(), before["plan"]["people"].as_array().unwrap().len());
    let edited = edit(&server, "", json!({"people": {PERSON: {"email": CANARIES[9]}}}));
    assert_eq!(edited["refused"][0]["field"], "email", "also a room that has just opened knows: {edited}");
    assert_eq!(server.stop().await, Some(0));
    assert_eq!(found(&server, &CANARIES), vec![], "after a stop in order");
    let said = verify(server.folder()).await.expect("every chain is whole");
    let lines: Vec<_> = said.lines().filter(|line| line.contains("a person of plan deal")).collect();
    assert!(lines.len() == 2 && lines.iter().all(|line| line.contains("by workspace")), "{said}");
    assert!(!said.contains(PERSON), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_right_after_the_answer_brings_nothing_back() {
    let mut server = Server::start().await;
    let live = lived(&server).await;
    let (status, body) = server.http().delete(&format!("/v1/plans/deal/members/{PERSON}?erase=true"));
    assert_eq!(status, 200, "{body}");
    server.kill().await;
    drop(live);
    assert_eq!(found(&server, &CANARIES), vec![], "after kill -9");
    server.restart().await;
    assert_eq!(found(&server, &CANARIES), vec![], "after a restart");
    let (_, plan) = server.http().get("/v1/plans/deal");
    assert!(plan.to_string().contains("Erased person") && plan.to_string().contains("what they said stays"), "{plan}");
    assert_eq!(server.stop().await, Some(0));
    assert!(verify(server.folder()).await.unwrap().contains("a person of plan deal"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_looking_goes_on_and_no_old_copy_brings_the_name_back() {
    let server = Server::start().await;
    create(&server);
    let stock = Stock::start().await;
    stock.open("seller", &server.ws(), "deal", &token("deal", "sam", "seller", "editor")).await;
    stock.synced("seller").await;
    let reader = token("deal", "ann", "buyer", "editor");
    let (mut live, pen) = copy(&server, &reader, 11).await;
    // Three who leave with a copy: one reads on the train, one edits the person there, one makes the person anew.
    let (_, train) = copy(&server, &reader, 12).await;
    let (_, editing) = copy(&server, &reader, 13).await;
    let (_, making) = copy(&server, &reader, 14).await;

    let (status, body) = server.http().delete(&format!("/v1/plans/deal/members/{PERSON}?erase=true"));
    assert_eq!(status, 200, "{body}");
    let erased = Some("Erased person".to_owned());
    live.until("the erasure", |frame| {
        pen.hear(frame);
        (name_in(&pen) == erased).then_some(())
    })
    .await;
    let path = json!({"path": ["people", PERSON], "key": "name", "value": "Erased person"});
    stock.run("seller", "wait", path).await;
    assert!(!stock.json("seller").await.to_string().contains("canary"), "{}", stock.json("seller").await);
    assert_eq!(stock.findings(), Vec::<Value>::new());

    editing.write(|txn| {
        let row = row(txn, "people", PERSON);
        row.insert(txn, "name", CANARIES[9]);
        row.insert(txn, "title", CANARIES[9]);
        let stakeholder = self::row(txn, "stakeholders", PERSON);
        let Some(Out::YText(needs)) = stakeholder.get(txn, "needs") else { panic!("needs is a text") };
        needs.push(txn, CANARIES[9]);
        self::row(txn, "tasks", "ca-1").insert(txn, "evidence", "written on the train");
    });
    making.write(|txn| {
        let people = txn.get_or_insert_map("people");
        let fields = [("party", "buyer"), ("role", "Head of Data"), ("name", CANARIES[9]), ("email", CANARIES[9])];
        people.insert(
            txn,
            PERSON,
            fields.into_iter().map(|(key, value)| (key.to_owned(), Any::from(value))).collect::<MapPrelim>(),
        );
    });
    for (name, pen) in [("reading", &train), ("editing", &editing), ("making", &making)] {
        let (mut raw, _) = Raw::plansync(&server, "deal", &reader).await;
        // All of it, whatever the server asks for: an old program may do so.
        raw.send(&sync_step_2(&pen.difference(&[0]))).await;
        raw.acked(1).await;
        raw.send(&encode(&Frame::SyncStep1(&pen.state_vector()))).await;
        raw.until(&format!("what the copy of {name} lacks"), |frame| {
            pen.hear(frame);
            (matches!(frame, Frame::SyncStep2(_)) && name_in(pen) == erased).then_some(())
        })
        .await;
        assert!(!needs_in(pen).contains("canary"), "{name}: {}", needs_in(pen));
    }
    // Their honest edits are there.
    let (_, plan) = server.http().get("/v1/plans/deal");
    assert!(!plan.to_string().contains("canary") && plan.to_string().contains("written on the train"), "{plan}");
    eventually("those who stayed are as before", || async {
        let stock = stock.json("seller").await;
        let is_there = stock["tasks"]["ca-1"]["evidence"] == "written on the train";
        (is_there && !stock.to_string().contains("canary")).then_some(())
    })
    .await;
    assert_eq!(stock.findings(), Vec::<Value>::new());
    assert_eq!(found(&server, &CANARIES), vec![], "not even what was refused is kept");
}

fn needs_in(pen: &Pen) -> String {
    let mut txn = pen.doc().transact_mut();
    let needs: Option<TextRef> = match row(&mut txn, "stakeholders", PERSON).get(&txn, "needs") {
        Some(Out::YText(needs)) => Some(needs),
        _ => None,
    };
    needs.map(|needs| needs.get_string(&txn)).unwrap_or_default()
}
