//! What a person's client and the server say to each other, frame by frame, in both dialects.

use std::collections::BTreeMap;

use plansync_protocol::wire::{self, Frame, lib0};
use plansync_tests::{
    http::{in_seconds, token, token_with},
    raw::{Dial, Outcome, Pen, Raw, ask_all, hello, present, sync_step_2, update},
    server::Server,
};
use serde_json::{Value, json};
use yrs::{Map as _, WriteTxn as _};

const PLAN: &str = "acme";

async fn server() -> Server {
    let server = Server::start().await;
    server.http().create_sample(PLAN);
    server
}

fn editor(person: &str) -> String {
    token(PLAN, person, "seller", "owner")
}

/// A stock client that has read the whole plan.
async fn joined(server: &Server, person: &str, client: u64) -> (Raw, Pen) {
    let (mut raw, pen) = (Raw::stock(server, PLAN, &editor(person)).await, Pen::new(client));
    raw.send(&ask_all()).await;
    read_plan(&mut raw, &pen).await;
    (raw, pen)
}

async fn read_plan(raw: &mut Raw, pen: &Pen) {
    raw.until("the SyncStep2", |frame| {
        pen.hear(frame);
        matches!(frame, Frame::SyncStep2(_)).then_some(())
    })
    .await;
}

fn title(server: &Server) -> (u64, String) {
    let (status, body) = server.http().get(&format!("/v1/plans/{PLAN}"));
    assert_eq!(status, 200, "{body}");
    (body["seq"].as_u64().unwrap(), body["plan"]["meta"]["title"].as_str().unwrap().to_owned())
}

/// Who is there, as a client that reads awareness frames knows it.
#[derive(Debug, Default)]
struct Crowd {
    states: BTreeMap<u64, Value>,
    frames: usize,
}

impl Crowd {
    fn hear(&mut self, frame: &Frame<'_>) {
        let Frame::Awareness(bytes) = frame else { return };
        let mut bytes = *bytes;
        self.frames += 1;
        for _ in 0..lib0::read_var_uint(&mut bytes).unwrap() {
            let client = lib0::read_var_uint(&mut bytes).unwrap();
            let _clock = lib0::read_var_uint(&mut bytes).unwrap();
            match serde_json::from_str(lib0::read_var_string(&mut bytes).unwrap()).unwrap() {
                Value::Null => drop(self.states.remove(&client)),
                state => drop(self.states.insert(client, state)),
            }
        }
    }

    async fn until(&mut self, raw: &mut Raw, what: &str, is: impl Fn(&Self) -> bool) {
        if is(self) {
            return;
        }
        raw.until(what, |frame| {
            self.hear(frame);
            is(self).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_stock_client_hears_sync_step_1_then_who_is_there_then_the_answer_to_its_own() {
    let server = server().await;
    let (mut bob, _) = joined(&server, "bob", 2).await;
    bob.send(&present(2, 1, "{}")).await;
    Crowd::default().until(&mut bob, "bob himself", |crowd| crowd.states.contains_key(&2)).await;

    let mut ann = Raw::stock(&server, PLAN, &editor("ann")).await;
    ann.send(&ask_all()).await;
    let pen = Pen::new(1);
    let mut names = Vec::new();
    for _ in 0..3 {
        let bytes = ann.next().await.unwrap();
        let frame = wire::decode(&bytes).unwrap();
        pen.hear(&frame);
        names.push(frame.name());
    }
    assert_eq!(names, ["SyncStep1", "Awareness", "SyncStep2"]);
    assert_eq!(pen.title(), Some(title(&server).1));
}

#[tokio::test]
async fn a_plansync_client_is_welcomed_then_asked_and_acknowledged_frame_by_frame() {
    let server = server().await;
    let mut ann = Raw::silent(&server, PLAN).await;
    ann.send(&hello(&editor("ann"))).await;
    let bytes = ann.next().await.unwrap();
    let Frame::Welcome(welcome) = wire::decode(&bytes).unwrap() else { panic!("the first frame is the Welcome") };
    assert_eq!((welcome.person.as_str(), welcome.party.as_str(), welcome.seq), ("ann", "seller", 1));
    assert_eq!((welcome.access.as_str(), welcome.scope.to_string().as_str()), ("owner", "shared"));
    let bytes = ann.next().await.unwrap();
    let Frame::SyncStep1(state_vector) = wire::decode(&bytes).unwrap() else { panic!("then comes SyncStep1") };

    let pen = Pen::new(1);
    ann.send(&ask_all()).await;
    read_plan(&mut ann, &pen).await;
    ann.send(&sync_step_2(&pen.difference(state_vector))).await;
    assert_eq!(ann.ack().await, (1, 1), "an answer that brings nothing is acknowledged too");
    for n in 2..=4 {
        ann.send(&update(&pen.set_title(&format!("edit {n}")))).await;
        assert_eq!(ann.ack().await, (n, n));
    }
    ann.send_all((5..=104).map(|n| update(&pen.set_title(&format!("edit {n}"))))).await;
    let seq = ann.acked(104).await;
    assert_eq!(title(&server), (seq, "edit 104".to_owned()), "frames that come together may be one entry");
}

#[tokio::test]
async fn a_plansync_client_may_have_its_token_in_the_address() {
    let server = server().await;
    let path = format!("/v1/sync/{PLAN}?token={}", editor("ann"));
    let dial = Dial { path, protocol: Some("plansync.v1".to_owned()), ..Dial::default() };
    let mut ann = Raw::dial(&server, dial).await.unwrap();
    ann.send(&wire::encode(&Frame::Hello(wire::Hello { token: None, client: "raw/1".to_owned(), since_seq: None })))
        .await;
    ann.until("the Welcome", |frame| matches!(frame, Frame::Welcome(_)).then_some(())).await;
}

#[tokio::test]
async fn what_is_acknowledged_or_echoed_survives_a_kill() {
    let mut server = server().await;
    for round in 0..5 {
        let (mut ann, _) = Raw::plansync(&server, PLAN, &editor("ann")).await;
        let pen = Pen::new(1000 + round);
        let acked = format!("acknowledged {round}");
        ann.send(&ask_all()).await;
        read_plan(&mut ann, &pen).await;
        ann.send(&update(&pen.set_title(&acked))).await;
        ann.acked(1).await;
        server.kill().await;
        server.restart().await;
        assert_eq!(title(&server).1, acked);

        let (mut bob, read) = joined(&server, "bob", 3000 + round).await;
        let (mut ann, pen) = joined(&server, "ann", 4000 + round).await;
        let seen = format!("seen {round}");
        ann.send(&update(&pen.set_title(&seen))).await;
        bob.until_title(&read, &seen).await;
        server.kill().await;
        server.restart().await;
        assert_eq!(title(&server).1, seen);
    }
}

#[tokio::test]
async fn an_update_reaches_everybody_its_author_included() {
    let server = server().await;
    let (mut ann, pen) = joined(&server, "ann", 1).await;
    let (mut bob, bobs) = joined(&server, "bob", 2).await;
    ann.send(&update(&pen.set_title("for all"))).await;
    bob.until_title(&bobs, "for all").await;
    ann.until("the echo", |frame| matches!(frame, Frame::Update(_)).then_some(())).await;
}

#[tokio::test]
async fn a_late_joiner_sees_everything_acknowledged() {
    let server = server().await;
    let (mut ann, _) = Raw::plansync(&server, PLAN, &editor("ann")).await;
    let pen = Pen::new(1);
    ann.send(&ask_all()).await;
    read_plan(&mut ann, &pen).await;
    for n in 1..=30 {
        let title = format!("edit {n}");
        ann.send(&update(&pen.set_title(&title))).await;
        ann.acked(n).await;
        let (_, late) = joined(&server, "late", 10_000 + n).await;
        assert_eq!(late.title(), Some(title));
    }
}

#[tokio::test]
async fn frames_of_unknown_types_are_ignored() {
    let server = server().await;
    for dialect in ["stock", "plansync"] {
        let mut raw = match dialect {
            "stock" => Raw::stock(&server, PLAN, &editor("ann")).await,
            _ => Raw::plansync(&server, PLAN, &editor("ann")).await.0,
        };
        raw.greeting().await;
        // A type of nobody, one of Hocuspocus, one of a version to come, Touch, and the server's own Ack.
        for frame in [&[99, 1, 2, 3][..], &[8, 1], &[0x80, 0x80, 4, 255], &[116], &[112, 1, 1]] {
            assert_eq!(raw.try_frame(frame).await, Outcome::Alive { asked: false }, "{dialect} {frame:?}");
        }
    }
}

#[tokio::test]
async fn sending_everything_three_times_changes_nothing() {
    let server = server().await;
    let (mut ann, _) = Raw::plansync(&server, PLAN, &editor("ann")).await;
    let pen = Pen::new(1);
    ann.send(&ask_all()).await;
    read_plan(&mut ann, &pen).await;
    let updates: Vec<_> = (1..=20).map(|n| update(&pen.set_title(&format!("edit {n}")))).collect();
    ann.send_all(updates.clone()).await;
    ann.acked(20).await;
    let before = title(&server);
    for round in 1..=3 {
        ann.send_all(updates.clone()).await;
        ann.send(&sync_step_2(&pen.difference(&[0]))).await;
        assert_eq!(ann.acked(20 + round * 21).await, before.0, "no entry is added");
    }
    let (mut again, _) = Raw::plansync(&server, PLAN, &editor("ann")).await;
    again.send(&sync_step_2(&pen.difference(&[0]))).await;
    assert_eq!(again.acked(1).await, before.0, "nor from a new connection");
    assert_eq!(title(&server), before);
}

#[tokio::test]
async fn a_gap_is_asked_about_and_then_everything_is_there_and_acknowledged() {
    let server = server().await;
    for (client, dialect) in [(11, "stock"), (12, "plansync")] {
        let mut ann = match dialect {
            "stock" => Raw::stock(&server, PLAN, &editor("ann")).await,
            _ => Raw::plansync(&server, PLAN, &editor("ann")).await.0,
        };
        ann.greeting().await;
        let pen = Pen::new(client);
        ann.send(&ask_all()).await;
        read_plan(&mut ann, &pen).await;
        let before = title(&server);
        pen.set_title("lost on the way");
        for n in 0..3 {
            ann.send(&update(&pen.set_title(&format!("{dialect} after the gap {n}")))).await;
        }
        let state_vector = ann.greeting().await;
        assert_eq!(title(&server), before, "nothing is taken in before the answer");
        ann.send(&sync_step_2(&pen.difference(&state_vector))).await;
        if dialect == "plansync" {
            let (count, _) = ann.ack().await;
            assert_eq!(count, 4, "nothing is acknowledged before the answer, and all of it after");
        } else {
            ann.until("the echo", |frame| matches!(frame, Frame::Update(_)).then_some(())).await;
        }
        assert_eq!(title(&server), (before.0 + 1, format!("{dialect} after the gap 2")));
        assert_eq!(ann.try_frame(&update(&pen.set_title("and on"))).await, Outcome::Alive { asked: false });
    }
}

/// Once merged with what was waiting, a burst of honest updates was larger than any frame a client reads.
#[tokio::test]
async fn a_burst_larger_than_one_frame_reaches_everybody_and_is_kept() {
    const UPDATES: u64 = 120;
    let mut server = server().await;
    let (mut ann, _) = Raw::plansync(&server, PLAN, &editor("ann")).await;
    let (mut bob, bobs) = joined(&server, "bob", 2).await;
    let (mut carl, _) = Raw::plansync(&server, PLAN, &editor("carl")).await;
    let (pen, carls) = (Pen::new(1), Pen::new(3));
    for (raw, pen) in [(&mut ann, &pen), (&mut carl, &carls)] {
        raw.send(&ask_all()).await;
        read_plan(raw, pen).await;
    }
    // 12 MB that overwrite each other: the plan stays small.
    let large = |n: u64| {
        pen.write(|txn| {
            txn.get_or_insert_map("meta").insert(txn, "x-large", format!("{n}").repeat(40_000));
        })
    };
    let mut frames: Vec<_> = (0..UPDATES).map(|n| update(&large(n))).collect();
    frames.push(update(&pen.set_title("after the burst")));
    ann.send_all(frames).await;
    ann.acked(UPDATES + 1).await;
    bob.until_title(&bobs, "after the burst").await;
    carl.until_title(&carls, "after the burst").await;
    server.kill().await;
    server.restart().await;
    assert_eq!(title(&server).1, "after the burst");
}

/// What somebody wrote in weeks offline is larger than an Update may be; the others read it all the same.
#[tokio::test]
async fn a_long_absence_reaches_everybody_in_one_frame() {
    let mut server = server().await;
    let (mut bob, bobs) = joined(&server, "bob", 2).await;
    let (mut ann, pen) = joined(&server, "ann", 1).await;
    let known = pen.state_vector();
    for n in 0..20 {
        pen.write(|txn| {
            txn.get_or_insert_map("meta").insert(txn, format!("x-{n}"), "x".repeat(50_000));
        });
    }
    pen.set_title("back again");
    ann.send(&sync_step_2(&pen.difference(&known))).await;
    bob.until_title(&bobs, "back again").await;
    server.kill().await;
    server.restart().await;
    assert_eq!(title(&server).1, "back again");
}

#[tokio::test]
async fn a_crowd_that_says_much_is_shown_in_frames_that_can_be_read() {
    let server = server().await;
    let mut crowd = Vec::new();
    let state = json!({"at": "x".repeat(4_000)}).to_string();
    for n in 0..20 {
        let mut raw = Raw::stock(&server, PLAN, &editor(&format!("p{n}"))).await;
        raw.send(&present(100 + n, 1, &state)).await;
        Crowd::default().until(&mut raw, "themselves", |crowd| crowd.states.contains_key(&(100 + n))).await;
        crowd.push(raw);
    }
    let mut late = Raw::stock(&server, PLAN, &editor("late")).await;
    Crowd::default().until(&mut late, "most of them", |crowd| crowd.states.len() >= 10).await;
    assert_eq!(late.try_frame(&[3]).await, Outcome::Alive { asked: false });
}

#[tokio::test]
async fn others_see_who_the_token_says_and_not_who_somebody_claims_to_be() {
    let server = server().await;
    let (mut bob, _) = joined(&server, "bob", 2).await;
    let claims = json!({"sub": "ann", "plan": PLAN, "party": "buyer", "access": "viewer", "name": "Ann Lee", "iat": 0,
        "exp": in_seconds(3600)});
    let mut ann = Raw::stock(&server, PLAN, &token_with(claims)).await;
    let claimed = json!({"name": "The CEO", "person": "ceo", "party": "seller", "user": {"name": "The CEO"}, "at": 7});
    ann.send(&present(1, 1, &claimed.to_string())).await;
    let mut crowd = Crowd::default();
    crowd.until(&mut bob, "ann", |crowd| crowd.states.contains_key(&1)).await;
    let shown = json!({"name": "Ann Lee", "person": "ann", "party": "buyer", "user": {"name": "Ann Lee"}, "at": 7});
    assert_eq!(crowd.states[&1], shown);
}

#[tokio::test]
async fn nobody_is_shown_under_another_persons_client_id() {
    let server = server().await;
    let (mut bob, _) = joined(&server, "bob", 2).await;
    let (mut ann, _) = joined(&server, "ann", 1).await;
    let (mut mallory, _) = joined(&server, "mallory", 3).await;
    let mut crowd = Crowd::default();
    ann.send(&present(1, 1, r#"{"by":"ann"}"#)).await;
    crowd.until(&mut bob, "ann", |crowd| crowd.states.contains_key(&1)).await;
    mallory.send(&present(1, 50, r#"{"by":"mallory"}"#)).await;
    mallory.send(&present(1, 51, "null")).await;
    mallory.send(&present(3, 1, "{}")).await;
    crowd.until(&mut bob, "mallory", |crowd| crowd.states.contains_key(&3)).await;
    assert_eq!(crowd.states[&1]["by"], "ann");
    ann.send(&present(1, 2, r#"{"by":"ann","at":2}"#)).await;
    crowd.until(&mut bob, "ann's next state", |crowd| crowd.states[&1]["at"] == 2).await;
}

#[tokio::test]
async fn whoever_leaves_is_gone_for_the_others() {
    let server = server().await;
    let (mut bob, _) = joined(&server, "bob", 2).await;
    let (mut ann, _) = joined(&server, "ann", 1).await;
    let mut crowd = Crowd::default();
    ann.send(&present(1, 1, "{}")).await;
    crowd.until(&mut bob, "ann", |crowd| crowd.states.contains_key(&1)).await;
    drop(ann);
    crowd.until(&mut bob, "ann's going", |crowd| !crowd.states.contains_key(&1)).await;
    let mut carl = Raw::stock(&server, PLAN, &editor("carl")).await;
    carl.send(&present(4, 1, "{}")).await;
    let mut carls = Crowd::default();
    carls.until(&mut carl, "carl himself", |crowd| crowd.states.contains_key(&4)).await;
    assert!(!carls.states.contains_key(&1), "somebody who comes later does not hear of ann");
}

#[tokio::test]
async fn presence_is_merged_and_one_connection_speaks_for_few() {
    let server = server().await;
    let (mut bob, _) = joined(&server, "bob", 2).await;
    let (mut ann, _) = joined(&server, "ann", 1).await;
    let mut crowd = Crowd::default();
    ann.send_all((1..=500).map(|clock| present(1, clock, &format!(r#"{{"at":{clock}}}"#)))).await;
    crowd.until(&mut bob, "ann's last state", |crowd| crowd.states.get(&1).is_some_and(|s| s["at"] == 500)).await;
    assert!(crowd.frames <= 250, "500 states came as {} frames", crowd.frames);

    ann.send_all((100..200).map(|client| present(client, 1, "{}"))).await;
    ann.send(&present(1, 501, r#"{"at":501}"#)).await;
    crowd.until(&mut bob, "the state after them", |crowd| crowd.states[&1]["at"] == 501).await;
    let spoken_for = crowd.states.keys().filter(|client| **client != 2).count();
    assert_eq!(spoken_for, 16, "ann's own and 15 more");
}

#[tokio::test]
async fn somebody_who_asks_hears_who_is_there() {
    let server = server().await;
    let (mut ann, _) = joined(&server, "ann", 1).await;
    ann.send(&present(1, 1, "{}")).await;
    Crowd::default().until(&mut ann, "ann herself", |crowd| crowd.states.contains_key(&1)).await;
    ann.send(&[3]).await;
    Crowd::default().until(&mut ann, "the answer", |crowd| crowd.states.contains_key(&1)).await;
}
