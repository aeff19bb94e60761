//! What needs the consent of others: proposals, their answers in any order, and commitments.

use plansync_protocol::wire::Frame;
use plansync_tests::{
    http::{Http, token},
    raw::{Pen, Raw, ask_all, update},
    server::{Server, Start},
};
use serde_json::{Value, json};
use yrs::{Map as _, Out, TransactionMut, WriteTxn as _};

const PLAN: &str = "acme";

struct Sides {
    server: Server,
    buyer: Http,
    seller: Http,
}

/// The sample, with an owner of either side who speaks HTTP.
async fn sides() -> Sides {
    let server = Server::start().await;
    server.http().create_sample(PLAN);
    let person = |person: &str, party: &str| server.http().with_key(&token(PLAN, person, party, "owner"));
    let (buyer, seller) = (person("b-it-manager", "buyer"), person("s-account-exec", "seller"));
    Sides { server, buyer, seller }
}

fn edit(http: &Http, body: &Value) -> Value {
    let (status, answer) = http.post(&format!("/v1/plans/{PLAN}/edits"), body);
    assert_eq!(status, 200, "{answer}");
    answer
}

fn plan(http: &Http) -> Value {
    let (status, body) = http.get(&format!("/v1/plans/{PLAN}"));
    assert_eq!(status, 200, "{body}");
    body["plan"].clone()
}

fn row<'a>(plan: &'a Value, collection: &str, id: &str) -> &'a Value {
    plan[collection].as_array().unwrap().iter().find(|row| row["id"] == id).unwrap()
}

fn target(http: &Http) -> Value {
    plan(http)["meta"]["target"]["date"].clone()
}

/// The seller asks for another target and hears which proposal that became.
fn ask_for_target(sides: &Sides, date: &str) -> String {
    let before = target(&sides.seller);
    let answer = edit(&sides.seller, &json!({"set": {"meta": {"target": {"date": date}}}, "reason": "Budget moved"}));
    let refused = &answer["refused"][0];
    assert_eq!((&refused["code"], &refused["field"]), (&json!("needs_consent"), &json!("target.date")), "{answer}");
    assert_eq!(refused["restored"], before);
    assert_eq!(target(&sides.seller), before, "nothing has changed yet");
    refused["proposal"].as_str().unwrap().to_owned()
}

fn answer(http: &Http, proposal: &str, party: &str, word: &str) -> Value {
    edit(http, &json!({"set": {"proposals": {proposal: {"answers": {party: word}}}}}))
}

fn state(sides: &Sides, proposal: &str) -> Value {
    row(&plan(&sides.seller), "proposals", proposal)["state"].clone()
}

#[tokio::test]
async fn a_new_target_is_made_when_the_other_side_accepts() {
    let sides = sides().await;
    let old = target(&sides.seller);
    let proposal = ask_for_target(&sides, "2026-05-29");
    let asked = plan(&sides.buyer);
    let row = row(&asked, "proposals", &proposal);
    assert_eq!(row["items"]["meta/target.date"], json!({"old": old, "new": "2026-05-29"}));
    assert_eq!(
        (&row["by"], &row["reason"], &row["state"]),
        (&json!("s-account-exec"), &json!("Budget moved"), &json!("open"))
    );
    assert_eq!(row["answers"], json!({"buyer": "pending"}));

    let accepted = answer(&sides.buyer, &proposal, "buyer", "accepted");
    assert_eq!(accepted["refused"], json!([]));
    assert_eq!(target(&sides.seller), "2026-05-29");
    assert_eq!(state(&sides, &proposal), "accepted");

    // Everybody hears of it, in order and in one entry.
    let path = format!("/v1/plans/{PLAN}/touchpoints");
    assert_eq!(sides.seller.post(&path, &json!({"kind": "call", "title": "Call"})).0, 201, "which settles what is new");
    let (_, changes) = sides.buyer.get(&format!("/v1/plans/{PLAN}/changes?since=0"));
    let kinds: Vec<&str> =
        changes["changes"].as_array().unwrap().iter().map(|each| each["type"].as_str().unwrap()).collect();
    for kind in
        ["plansync.proposal.opened", "plansync.proposal.accepted", "plansync.proposal.applied", "plansync.plan.changed"]
    {
        assert!(kinds.contains(&kind), "{kind} in {kinds:?}");
    }
    let moved =
        changes["changes"].as_array().unwrap().iter().find(|each| each["data"]["field"] == "target.date").unwrap();
    assert_eq!(moved["data"]["agreedBy"], json!(["s-account-exec", "b-it-manager"]), "{moved}");
}

#[tokio::test]
async fn a_refused_or_withdrawn_proposal_changes_nothing_and_takes_no_more_answers() {
    let sides = sides().await;
    let before = target(&sides.seller);
    let declined = ask_for_target(&sides, "2026-05-29");
    answer(&sides.buyer, &declined, "buyer", "declined");
    assert_eq!((state(&sides, &declined), target(&sides.seller)), (json!("declined"), before.clone()));

    let withdrawn = ask_for_target(&sides, "2026-06-05");
    assert_ne!(withdrawn, declined);
    let refused = edit(&sides.buyer, &json!({"set": {"proposals": {&withdrawn: {"state": "withdrawn"}}}}));
    assert_eq!(refused["refused"][0]["code"], "not_allowed", "only who made it");
    edit(&sides.seller, &json!({"set": {"proposals": {&withdrawn: {"state": "withdrawn"}}}}));
    let late = answer(&sides.buyer, &withdrawn, "buyer", "accepted");
    assert_eq!(late["refused"][0]["code"], "not_allowed", "{late}");
    assert_eq!((state(&sides, &withdrawn), target(&sides.seller)), (json!("withdrawn"), before));
}

#[tokio::test]
async fn nobody_answers_for_another_party() {
    let sides = sides().await;
    let proposal = ask_for_target(&sides, "2026-05-29");
    for body in [
        json!({"set": {"proposals": {&proposal: {"answers": {"buyer": "accepted"}}}}}),
        json!({"set": {"proposals": {&proposal: {"answers": {"seller": "accepted"}}}}}),
        json!({"set": {"proposals": {&proposal: {"state": "accepted"}}}}),
        json!({"set": {"proposals": {&proposal: {"items": {"meta/target.date": {"old": "2026-03-27", "new": "2026-12-31"}}}}}}),
        json!({"remove": {"proposals": [&proposal]}}),
    ] {
        let refused = edit(&sides.seller, &body);
        assert_eq!(refused["refused"].as_array().unwrap().len(), 1, "{body}: {refused}");
    }
    assert_eq!(state(&sides, &proposal), "open");
}

#[tokio::test]
async fn asking_again_changes_the_open_proposal() {
    let sides = sides().await;
    let first = ask_for_target(&sides, "2026-05-29");
    let second = ask_for_target(&sides, "2026-06-12");
    assert_eq!(first, second);
    let plan = plan(&sides.buyer);
    assert_eq!(row(&plan, "proposals", &first)["items"]["meta/target.date"]["new"], "2026-06-12");
    answer(&sides.buyer, &first, "buyer", "accepted");
    assert_eq!(target(&sides.buyer), "2026-06-12");
}

#[tokio::test]
async fn a_proposal_whose_item_changes_meanwhile_expires_and_a_late_answer_changes_nothing() {
    let sides = sides().await;
    let proposal = ask_for_target(&sides, "2026-05-29");
    // The workspace may change the target without asking.
    edit(&sides.server.http(), &json!({"set": {"meta": {"target": {"date": "2026-04-10"}}}}));
    assert_eq!(state(&sides, &proposal), "expired");
    let late = answer(&sides.buyer, &proposal, "buyer", "accepted");
    assert_eq!(late["refused"][0]["code"], "not_allowed");
    assert_eq!(target(&sides.seller), "2026-04-10");
}

#[tokio::test]
async fn an_answer_given_offline_counts_when_it_arrives_unless_the_proposal_is_over() {
    for withdrawn in [false, true] {
        let sides = sides().await;
        let before = target(&sides.seller);
        let proposal = ask_for_target(&sides, "2026-05-29");
        let token = token(PLAN, "b-it-manager", "buyer", "owner");
        // Somebody reads the plan, goes away, and answers on the plane.
        let pen = Pen::new(7);
        let mut raw = Raw::stock(&sides.server, PLAN, &token).await;
        raw.send(&ask_all()).await;
        read(&mut raw, &pen).await;
        drop(raw);
        let offline = pen.write(|txn| accept(txn, &proposal));
        if withdrawn {
            edit(&sides.seller, &json!({"set": {"proposals": {&proposal: {"state": "withdrawn"}}}}));
        }
        let (mut raw, _) = Raw::plansync(&sides.server, PLAN, &token).await;
        raw.send(&update(&offline)).await;
        raw.send(&ask_all()).await;
        let mut refused = Vec::new();
        raw.until("the plan as it is now", |frame| {
            pen.hear(frame);
            if let Frame::Refused(refusal) = frame {
                refused.push(refusal["code"].clone());
            }
            matches!(frame, Frame::SyncStep2(_)).then_some(())
        })
        .await;
        let (expected, word, codes) = if withdrawn {
            (before, "pending", vec![json!("not_allowed")])
        } else {
            (json!("2026-05-29"), "accepted", vec![])
        };
        assert_eq!((target(&sides.seller), refused), (expected, codes));
        let plan = plan(&sides.seller);
        assert_eq!(row(&plan, "proposals", &proposal)["answers"]["buyer"], word);
    }
}

async fn read(raw: &mut Raw, pen: &Pen) {
    raw.until("the plan", |frame| {
        pen.hear(frame);
        matches!(frame, Frame::SyncStep2(_)).then_some(())
    })
    .await;
}

fn accept(txn: &mut TransactionMut<'_>, proposal: &str) {
    let root = txn.get_or_insert_map("proposals");
    let Some(Out::YMap(row)) = root.get(txn, proposal) else { panic!("no proposal") };
    row.insert(txn, "answers/buyer", "accepted");
}

#[tokio::test]
async fn two_answers_at_the_same_moment_the_first_refusal_counts() {
    let server = Server::start().await;
    // A target concerns the buyer and the seller; a partner who asks needs both.
    let plan = json!({"schema": "plansync.plan/1", "meta": {"title": "T", "target": {"date": "2026-06-30"}},
        "parties": [{"id": "buyer", "kind": "buyer"}, {"id": "seller", "kind": "seller"}, {"id": "p", "kind": "partner"}]});
    assert_eq!(server.http().post("/v1/plans", &json!({"id": PLAN, "plan": plan})).0, 201);
    let person = |person: &str, party: &str| server.http().with_key(&token(PLAN, person, party, "owner"));
    let (partner, buyer, seller) = (person("pia", "p"), person("bob", "buyer"), person("sam", "seller"));
    let asked = edit(&partner, &json!({"set": {"meta": {"target": {"date": "2026-07-31"}}}}));
    let proposal = asked["refused"][0]["proposal"].as_str().unwrap().to_owned();
    let (yes, no) = std::thread::scope(|scope| {
        let yes = scope.spawn(|| answer(&buyer, &proposal, "buyer", "accepted"));
        let no = scope.spawn(|| answer(&seller, &proposal, "seller", "declined"));
        (yes.join().unwrap(), no.join().unwrap())
    });
    assert_eq!(no["refused"], json!([]), "{yes} {no}");
    let (_, body) = buyer.get(&format!("/v1/plans/{PLAN}"));
    assert_eq!(row(&body["plan"], "proposals", &proposal)["state"], "declined");
    assert_eq!(body["plan"]["meta"]["target"]["date"], "2026-06-30");
}

#[tokio::test]
async fn a_commitment_is_given_by_whose_task_it_is_and_another_day_asks_for_it_anew() {
    let sides = sides().await;
    let commit =
        |http: &Http, state: &str| edit(http, &json!({"set": {"tasks": {"ca-1": {"commitment": {"state": state}}}}}));
    let task = || row(&plan(&sides.seller), "tasks", "ca-1").clone();
    assert_eq!(task()["party"], "buyer", "the sample's first task is the buyer's");
    assert_eq!(commit(&sides.seller, "proposed")["refused"], json!([]));
    assert_eq!(commit(&sides.seller, "accepted")["refused"][0]["code"], "not_allowed");
    assert_eq!(commit(&sides.buyer, "accepted")["refused"], json!([]));
    assert_eq!(
        (&task()["commitment"]["state"], &task()["commitment"]["by"]),
        (&json!("accepted"), &json!("b-it-manager"))
    );

    // What the buyer has accepted the seller cannot move alone.
    let due = task()["due"].clone();
    let asked = edit(&sides.seller, &json!({"set": {"tasks": {"ca-1": {"due": "2026-04-20"}}}, "reason": "Holiday"}));
    assert_eq!(asked["refused"][0]["code"], "needs_consent");
    assert_eq!(task()["due"], due);
    let proposal = asked["refused"][0]["proposal"].as_str().unwrap().to_owned();
    answer(&sides.buyer, &proposal, "buyer", "accepted");
    assert_eq!((&task()["due"], &task()["commitment"]["state"]), (&json!("2026-04-20"), &json!("accepted")));

    // The buyer may, and then has to commit to it again.
    edit(&sides.buyer, &json!({"set": {"tasks": {"ca-1": {"due": "2026-04-22"}}}}));
    assert_eq!((&task()["due"], &task()["commitment"]["state"]), (&json!("2026-04-22"), &json!("proposed")));
}

#[tokio::test]
async fn an_open_plan_asks_nobody() {
    let sides = sides().await;
    edit(&sides.seller, &json!({"set": {"meta": {"trust": "open"}}}));
    let moved = edit(&sides.seller, &json!({"set": {"meta": {"target": {"date": "2026-05-29"}}}}));
    assert_eq!((moved["refused"].clone(), target(&sides.buyer)), (json!([]), json!("2026-05-29")));
}

#[tokio::test]
async fn a_proposal_that_nobody_answers_expires_after_two_weeks() {
    let sides = sides().await;
    let proposal = ask_for_target(&sides, "2026-05-29");
    let mut server = sides.server;
    assert_eq!(server.stop().await, Some(0));
    let env = vec![("PLANSYNC_CLOCK_AHEAD_SECONDS".to_owned(), (15 * 24 * 3600).to_string())];
    let server = Server::start_with(Start { folder: Some(server.folder().to_owned()), env, ..Start::default() }).await;
    plansync_tests::wait::eventually("it expires", || async {
        let (_, body) = server.http().get(&format!("/v1/plans/{PLAN}"));
        (row(&body["plan"], "proposals", &proposal)["state"] == "expired").then_some(())
    })
    .await;
}
