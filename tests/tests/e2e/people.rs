//! Whoever's access ends is gone at once, everywhere and for good; nobody gives more than they may; an invite lets in
//! whom it was meant for, as often as it was meant to.

use std::{path::Path, process::Output, time::Duration};

use plansync_protocol::{ids::Access, wire::Frame};
use plansync_tests::{
    browser::Browser,
    http::{in_seconds, token, token_with},
    raw::{Dial, Outcome, Pen, Raw, ask_all, present, update},
    request::{self, Answered, from},
    server::{API_KEY, Server, Start, binary},
    wait::eventually,
};
use serde_json::{Value, json};
use tokio::{
    io::AsyncReadExt as _,
    time::{Instant, timeout},
};

const PLAN: &str = "acme";

async fn server() -> Server {
    let server = Server::start().await;
    server.http().create_sample(PLAN);
    server
}

fn path(rest: &str) -> String {
    format!("/v1/plans/{PLAN}{rest}")
}

/// A token that the server makes.
fn made(server: &Server, person: &str, party: &str, access: &str) -> String {
    let request = json!({"person": person, "party": party, "access": access, "name": format!("{person} by name"),
                         "email": format!("{person}@{party}.example")});
    let (status, body) = server.http().post(&path("/tokens"), &request);
    assert_eq!(status, 201, "{body}");
    body["token"].as_str().unwrap().to_owned()
}

fn seq(server: &Server) -> u64 {
    server.http().get(&path("")).1["seq"].as_u64().unwrap()
}

fn title(title: &str) -> Value {
    json!({"set": {"meta": {"title": title}}})
}

/// Ann has two hundred sockets and a stream open and writes on each socket as fast as she can, when her access ends.
/// Within a second all of them are closed for good, nothing of hers comes after the answer, and Bob notices nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_person_is_gone_from_two_hundred_sockets_within_a_second() {
    const SOCKETS: u64 = 200;
    let args = vec![format!("--connections-per-person={SOCKETS}")];
    let server = Server::start_with(Start { args, ..Start::default() }).await;
    server.http().create_sample(PLAN);
    let ann = made(&server, "ann", "buyer", "editor");
    let (mut bob, _) = Raw::plansync(&server, PLAN, &made(&server, "bob", "seller", "editor")).await;
    bob.greeting().await;
    let stream = format!("connection: close\r\nauthorization: Bearer {ann}");
    let mut stream = request::open(server.address(), from(1), "GET", &path("/events"), &stream, "").await;
    let mut sockets = Vec::new();
    for number in 0..SOCKETS {
        let mut raw = match number % 2 {
            0 => Raw::stock(&server, PLAN, &ann).await,
            _ => Raw::plansync(&server, PLAN, &ann).await.0,
        };
        raw.greeting().await;
        sockets.push((Pen::new(1000 + number), raw));
    }
    let online = server.http().get(&path("/members")).1;
    assert_eq!(online["members"][0]["online"], true, "{online}");

    let writing = sockets.into_iter().map(|(pen, mut raw)| {
        tokio::task::spawn(async move {
            let mut n = 0;
            loop {
                n += 1;
                raw.send(&update(&pen.set_title(&format!("title {n}")))).await;
                let heard = timeout(Duration::from_millis(20), raw.next()).await;
                if let Ok(Err(closed)) = heard {
                    return (closed, Instant::now());
                }
            }
        })
    });
    let writing: Vec<_> = writing.collect();
    let before = seq(&server);
    eventually("some of her writing", || async { (seq(&server) > before + 20).then_some(()) }).await;

    let http = server.http();
    let begin = Instant::now();
    let revoked = tokio::task::spawn_blocking(move || http.delete(&path("/members/ann")).0).await.unwrap();
    assert_eq!(revoked, 204);
    let after = seq(&server);
    for task in writing {
        let (closed, at) = task.await.unwrap();
        assert_eq!(closed.code, 4403, "{closed:?}");
        let took = at.duration_since(begin);
        assert!(took < Duration::from_secs(1), "a socket lived on for {took:?}");
    }
    let mut rest = Vec::new();
    timeout(Duration::from_secs(1), stream.read_to_end(&mut rest)).await.expect("the stream ends").unwrap();
    assert_eq!(seq(&server), after, "nothing of hers came after the answer");

    let (status, body) = server.http().with_key(&ann).post(&path("/edits"), &title("back"));
    assert_eq!((status, &body["code"]), (403, &json!("revoked")));
    let dial = Dial { path: format!("/v1/sync/{PLAN}?token={ann}"), ..Dial::default() };
    let refused = Raw::dial(&server, dial).await.unwrap_err();
    assert_eq!((refused.status, &refused.body["code"]), (403, &json!("revoked")));
    let mut late = Raw::silent(&server, PLAN).await;
    late.send(&plansync_tests::raw::hello(&ann)).await;
    assert_eq!(late.closed().await.code, 4403);

    assert!(matches!(bob.try_frame(&ask_all()).await, Outcome::Alive { .. }), "Bob notices nothing");
    let (_, members) = server.http().get(&path("/members"));
    assert!(members["members"][0]["revokedAt"].is_string() && members["members"][0]["online"] == false, "{members}");
}

/// Tokens are dated to the second, so one of the very second of the revocation must not be taken for a later one, nor
/// a later one for it; and what was decided outlives a restart.
#[tokio::test]
async fn a_token_of_the_second_of_the_revocation_is_void_and_a_new_one_opens() {
    let mut server = server().await;
    let mut void = vec![token(PLAN, "ann", "buyer", "editor")];
    for _ in 0..5 {
        void.push(made(&server, "ann", "buyer", "editor"));
        assert_eq!(server.http().delete(&path("/members/ann")).0, 204);
        let newest = made(&server, "ann", "buyer", "commenter");
        for restarted in [false, true] {
            if restarted && void.len() == 6 {
                server.stop().await;
                server.restart().await;
            }
            for old in &void {
                assert_eq!(server.http().with_key(old).get(&path("")).1["code"], "revoked");
            }
            assert_eq!(server.http().with_key(&newest).get(&path("")).0, 200);
        }
        void.push(newest);
    }
}

/// A host application signs tokens itself: whoever comes with one is a member from then on, and tokens that nobody has
/// come with yet can be taken away as well. A date in the future would outlive that.
#[tokio::test]
async fn tokens_of_a_host_application_are_revoked_used_or_not() {
    let server = server().await;
    let http = server.http();
    let (used, unused) = (token(PLAN, "ann", "buyer", "editor"), token(PLAN, "eve", "buyer", "editor"));
    assert_eq!(http.with_key(&used).get(&path("")).0, 200);
    let member = eventually("the member", || async { http.get(&path("/members")).1["members"].get(0).cloned() }).await;
    assert_eq!(
        (&member["person"], &member["party"], &member["access"]),
        (&json!("ann"), &json!("buyer"), &json!("editor"))
    );
    assert!(member["firstSeenAt"].is_string() && member["lastSeenAt"].is_string(), "{member}");
    for (person, token) in [("ann", used), ("eve", unused)] {
        assert_eq!(http.delete(&path(&format!("/members/{person}"))).0, 204);
        assert_eq!(http.with_key(&token).get(&path("")).1["code"], "revoked", "{person}");
    }
    let dated = json!({"sub": "tom", "plan": PLAN, "party": "buyer", "access": "owner", "iat": in_seconds(600),
                       "exp": in_seconds(3600)});
    let (status, body) = http.with_key(&token_with(dated)).get(&path(""));
    assert_eq!((status, &body["code"]), (401, &json!("unauthorized")), "{body}");
}

#[tokio::test]
async fn a_lower_access_reaches_open_connections_and_older_links_and_a_new_link_carries_its_own() {
    let server = server().await;
    let http = server.http();
    let old = made(&server, "ann", "buyer", "owner");
    let (mut raw, welcome) = Raw::plansync(&server, PLAN, &old).await;
    assert_eq!(welcome.access, Access::Owner);
    let (status, body) = http.patch(&path("/members/ann"), &json!({"access": "viewer"}));
    assert_eq!((status, &body["access"]), (200, &json!("viewer")), "{body}");
    let closed = raw.closed().await;
    assert_eq!(closed.code, 1012, "it is worth coming back: {closed:?}");
    let (mut raw, welcome) = Raw::plansync(&server, PLAN, &old).await;
    assert_eq!(welcome.access, Access::Viewer);
    let pen = Pen::new(7);
    raw.send(&ask_all()).await;
    raw.until("the plan", |frame| {
        pen.hear(frame);
        matches!(frame, Frame::SyncStep2(_)).then_some(())
    })
    .await;
    raw.send(&update(&pen.set_title("no"))).await;
    let code = |frame: &Frame<'_>| match frame {
        Frame::Refused(refusal) => Some(refusal["code"].clone()),
        _ => None,
    };
    assert_eq!(raw.until("why not", code).await, json!("not_allowed"));
    assert_eq!(http.with_key(&old).post(&path("/edits"), &title("no")).0, 403);

    let new = made(&server, "ann", "buyer", "editor");
    assert_eq!(http.with_key(&new).post(&path("/edits"), &title("yes")).0, 200);
    assert_eq!(http.with_key(&old).post(&path("/edits"), &title("no")).0, 403, "the older link stays what it is");
    assert_eq!(http.patch(&path("/members/ann"), &json!({"access": "owner"})).0, 200);
    let (_, welcome) = Raw::plansync(&server, PLAN, &new).await;
    assert_eq!(welcome.access, Access::Editor, "no decision gives more than a link says");
    for (body, status) in [(json!({"access": "god"}), 422), (json!({}), 422)] {
        assert_eq!(http.patch(&path("/members/ann"), &body).0, status);
    }
    assert_eq!(http.patch(&path("/members/nobody"), &json!({"access": "viewer"})).0, 404);
}

#[tokio::test]
async fn people_manage_their_own_party_up_to_what_they_may() {
    let server = server().await;
    let people = [
        ("b-owner", "buyer", "owner"),
        ("b-editor", "buyer", "editor"),
        ("b-viewer", "buyer", "viewer"),
        ("s-owner", "seller", "owner"),
        ("s-editor", "seller", "editor"),
        ("b-commenter", "buyer", "commenter"),
    ];
    let tokens: Vec<_> = people.iter().map(|(person, party, access)| made(&server, person, party, access)).collect();
    let as_person = |of: &str| {
        let at = people.iter().position(|(person, ..)| *person == of).unwrap();
        server.http().with_key(&tokens[at])
    };
    // Who does it to whom, and whether they may.
    let cases = [
        ("b-editor", "b-viewer", "editor", true),
        ("b-editor", "b-viewer", "owner", false),
        ("b-editor", "b-owner", "viewer", false),
        ("b-owner", "s-editor", "viewer", false),
        ("s-owner", "b-viewer", "viewer", false),
        ("b-viewer", "b-commenter", "viewer", false),
        ("b-commenter", "b-commenter", "owner", false),
        ("b-owner", "b-editor", "owner", true),
        ("s-owner", "s-editor", "commenter", true),
    ];
    for (who, whom, access, may) in cases {
        let (status, body) = as_person(who).patch(&path(&format!("/members/{whom}")), &json!({"access": access}));
        let wanted = if may { 200 } else { 403 };
        assert_eq!(status, wanted, "{who} makes {whom} {access}: {body}");
        let party = people.iter().find(|(person, ..)| *person == whom).unwrap().1;
        let (status, body) = as_person(who).post(&path("/invites"), &json!({"party": party, "access": access}));
        let wanted = match (who, whom, access) {
            // To invite another viewer takes nothing away from an owner.
            ("b-editor", "b-owner", "viewer") => 201,
            _ if may => 201,
            _ => 403,
        };
        assert_eq!(status, wanted, "{who} invites into {party} as {access}: {body}");
    }
    for (who, whom, status) in [
        ("b-viewer", "b-commenter", 403),
        ("b-owner", "s-owner", 403),
        ("s-owner", "nobody", 404),
        ("b-owner", "b-viewer", 204),
    ] {
        assert_eq!(as_person(who).delete(&path(&format!("/members/{whom}"))).0, status, "{who} revokes {whom}");
    }
    assert_eq!(
        as_person("b-owner").post(&path("/tokens"), &json!({"person": "x", "party": "buyer", "access": "viewer"})).0,
        403
    );

    let seen = as_person("b-owner").get(&path("/members")).1;
    for member in seen["members"].as_array().unwrap() {
        let own = member["party"] == "buyer";
        assert_eq!(member.get("email").is_some(), own, "{member}");
        assert!(own || (member.get("lastSeenAt").is_none() && member.get("firstSeenAt").is_none()), "{member}");
        assert!(member["name"].is_string() && member["access"].is_string(), "{member}");
    }
    let whole = server.http().get(&path("/members")).1;
    assert!(whole["members"].as_array().unwrap().iter().all(|member| member["email"].is_string()), "{whole}");
    // Another party's invites are as good as none.
    let invites = as_person("s-owner").get(&path("/invites")).1;
    assert!(invites["invites"].as_array().unwrap().iter().all(|invite| invite["party"] == "seller"), "{invites}");
    let theirs = server.http().get(&path("/invites")).1["invites"][0].clone();
    assert_eq!(theirs["party"], "buyer");
    let one = path(&format!("/invites/{}", theirs["id"].as_str().unwrap()));
    assert_eq!((as_person("s-owner").get(&one).0, as_person("s-owner").delete(&one).0), (404, 404));
    assert_eq!(as_person("b-editor").get(&one).0, 200);
    assert_eq!(as_person("b-commenter").get(&path("/invites")).0, 403);
}

/// An invite's secret, and its id.
fn invite(server: &Server, key: &str, request: &Value) -> (String, String) {
    let (status, body) = server.http().with_key(key).post(&path("/invites"), request);
    assert_eq!(status, 201, "{body}");
    let url = body["url"].as_str().unwrap();
    let (page, secret) = url.split_once('#').unwrap();
    assert_eq!(page, format!("http://{}/join", server.address()));
    assert_eq!(secret.len(), 43, "256 bits");
    (secret.to_owned(), body["id"].as_str().unwrap().to_owned())
}

async fn join(server: &Server, last: u8, body: Value) -> Answered {
    request::send(server.address(), from(last), "POST", "/v1/join", &body).await
}

#[tokio::test]
async fn whoever_joins_is_a_person_of_the_plan_and_the_invite_is_used_once() {
    let server = server().await;
    let (secret, id) = invite(&server, API_KEY, &json!({"party": "buyer", "access": "contributor"}));
    // Mail scanners open every link of a mail.
    for method in ["GET", "HEAD"] {
        for address in ["/join", "/v1/join"] {
            let answered = request::send(server.address(), from(1), method, address, &Value::Null).await;
            assert!(matches!(answered.status, 200 | 405), "{method} {address}: {answered:?}");
        }
    }
    let joined = join(&server, 1, json!({"secret": secret, "name": "  Ada Lovelace "})).await;
    assert_eq!(joined.status, 200, "{joined:?}");
    let body = &joined.body;
    assert_eq!(
        (&body["plan"], &body["party"], &body["access"]),
        (&json!(PLAN), &json!("buyer"), &json!("contributor"))
    );
    let (person, token) = (body["person"].as_str().unwrap(), body["token"].as_str().unwrap());
    assert_eq!(body["url"], format!("http://{}/p/{PLAN}#token={token}", server.address()));
    let (status, plan) = server.http().with_key(token).get(&path(""));
    assert_eq!(status, 200);
    let people = plan["plan"]["people"].as_array().unwrap();
    let ada = people.iter().find(|each| each["id"] == person).unwrap();
    assert_eq!((&ada["name"], &ada["party"]), (&json!("Ada Lovelace"), &json!("buyer")));
    let (_, welcome) = Raw::plansync(&server, PLAN, token).await;
    assert_eq!((welcome.person.as_str(), welcome.access), (person, Access::Contributor));
    let members = server.http().get(&path("/members")).1;
    assert_eq!(
        (&members["members"][0]["person"], &members["members"][0]["name"]),
        (&json!(person), &json!("Ada Lovelace"))
    );

    let again = join(&server, 1, json!({"secret": secret, "name": "Eve"})).await;
    assert_eq!((again.status, &again.body["code"]), (410, &json!("invite_used")));
    let shown = server.http().get(&path(&format!("/invites/{id}"))).1;
    assert_eq!((&shown["state"], &shown["uses"]), (&json!("used"), &json!(1)));

    let (second, second_id) = invite(&server, API_KEY, &json!({"party": "buyer", "access": "viewer", "maxUses": 2}));
    assert_eq!(server.http().delete(&path(&format!("/invites/{second_id}"))).0, 204);
    let refused = join(&server, 1, json!({"secret": second, "name": "Eve"})).await;
    assert_eq!((refused.status, &refused.body["code"]), (410, &json!("invite_revoked")));
    // The plan hears of those who were refused, and not what they said.
    let told = eventually("the refusals as changes", || async {
        let changes = server.http().get(&path("/changes?entity=invites")).1["changes"].clone();
        (changes.as_array().unwrap().len() == 2).then_some(changes)
    })
    .await;
    let first = &told[0];
    assert_eq!(first["type"], "plansync.invite.refused");
    let data = json!({"entity": "invites", "id": id, "class": "people", "why": "invite_used", "inviter": "workspace",
                      "forParty": "buyer"});
    assert_eq!(first["data"], data);
    assert!(!told.to_string().contains("Eve") && !told.to_string().contains(&secret));
}

/// Twenty people follow one link in the same moment, each from their own place: one of them is in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_who_come_at_once_with_one_use_exactly_one_is_in() {
    let server = server().await;
    for passcode in [None, Some("four words from Ann")] {
        let mut request = json!({"party": "seller", "access": "viewer"});
        if let Some(passcode) = passcode {
            request["passcode"] = json!(passcode);
        }
        let (secret, _) = invite(&server, API_KEY, &request);
        let joining: Vec<_> = (1..=20)
            .map(|last| {
                let body = json!({"secret": secret, "name": format!("No. {last}"), "passcode": passcode});
                let address = server.address().to_owned();
                tokio::task::spawn(async move { request::send(&address, from(last), "POST", "/v1/join", &body).await })
            })
            .collect();
        let mut codes = Vec::new();
        for task in joining {
            let answered = task.await.unwrap();
            codes.push((answered.status, answered.body["code"].as_str().unwrap_or_default().to_owned()));
        }
        assert_eq!(codes.iter().filter(|(status, _)| *status == 200).count(), 1, "{codes:?}");
        // With a passcode, more than ten at once are more than may be looked at before one is known to be right.
        let others = codes.iter().filter(|(status, _)| *status != 200);
        for (status, code) in others {
            let locked = passcode.is_some() && (*status, code.as_str()) == (403, "invite_locked");
            assert!(locked || (*status, code.as_str()) == (410, "invite_used"), "{status} {code}");
        }
    }
    let names = server.http().get(&path("")).1["plan"]["people"].to_string();
    assert_eq!(names.matches("No. ").count(), 2, "{names}");
}

#[tokio::test]
async fn an_invite_ends_with_its_time() {
    let mut server = server().await;
    let soon = json!({"party": "buyer", "access": "viewer", "expiresAt": "2999-01-01T00:00:00Z"});
    assert_eq!(server.http().post(&path("/invites"), &soon).0, 422, "at most a year");
    let (secret, id) = invite(&server, API_KEY, &json!({"party": "buyer", "access": "viewer", "maxUses": 2}));
    let folder = server.folder().to_owned();
    server.stop().await;
    for (days, status, code, state) in [(13, 200, Value::Null, "open"), (15, 410, json!("invite_expired"), "expired")] {
        let env = vec![("PLANSYNC_CLOCK_AHEAD_SECONDS".to_owned(), (days * 86_400).to_string())];
        let mut later = Server::start_with(Start { folder: Some(folder.clone()), env, ..Start::default() }).await;
        let answered = join(&later, 1, json!({"secret": secret, "name": "Ada"})).await;
        assert_eq!((answered.status, &answered.body["code"]), (status, &code), "after {days} days");
        assert_eq!(later.http().get(&path(&format!("/invites/{id}"))).1["state"], state);
        later.stop().await;
    }
}

/// Somebody who has the link and not the passcode: from many addresses, so that only the lock stands in their way.
#[tokio::test]
async fn ten_wrong_passcodes_lock_an_invite() {
    let server = server().await;
    let request = json!({"party": "buyer", "access": "owner", "passcode": "right", "maxUses": 3});
    let (secret, id) = invite(&server, API_KEY, &request);
    let come = async |last: u8, passcode: Option<&str>| {
        let answered = join(&server, last, json!({"secret": secret, "name": "Eve", "passcode": passcode})).await;
        (answered.status, answered.body["code"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(come(1, None).await, (403, "passcode_needed".to_owned()));
    assert_eq!(come(1, Some("right")).await.0, 200);
    for last in 2..12 {
        assert_eq!(come(last, Some("wrong")).await, (403, "wrong_passcode".to_owned()));
    }
    for passcode in ["wrong", "right"] {
        assert_eq!(come(20, Some(passcode)).await, (403, "invite_locked".to_owned()));
    }
    assert_eq!(server.http().get(&path(&format!("/invites/{id}"))).1["state"], "locked");
}

#[tokio::test]
async fn who_guesses_secrets_waits_and_others_do_not() {
    let server = server().await;
    let (secret, _) = invite(&server, API_KEY, &json!({"party": "buyer", "access": "viewer"}));
    let wrong = if secret.starts_with('A') { 'B' } else { 'A' };
    for n in 0..10 {
        let guess = format!("{wrong}{n}{}", &secret[2..]);
        let answered = join(&server, 7, json!({"secret": guess, "name": "Eve"})).await;
        assert_eq!((answered.status, &answered.body["code"]), (404, &json!("no_invite")));
        assert!(!answered.body.to_string().contains(PLAN), "{answered:?}");
    }
    let answered = join(&server, 7, json!({"secret": secret, "name": "Eve"})).await;
    assert_eq!((answered.status, &answered.body["code"]), (429, &json!("too_many_tries")));
    let wait: u64 = answered.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(join(&server, 8, json!({"secret": secret, "name": "Ada"})).await.status, 200);
}

/// A mail address is a claim. Only an invite that names it makes somebody the person who has it.
#[tokio::test]
async fn nobody_becomes_somebody_else_by_claiming_their_mail_address() {
    let server = server().await;
    let http = server.http();
    let set = json!({"set": {"people": {"b-vp-marketing": {"email": "Vera@Buyer.example", "placeholder": false}}}});
    assert_eq!(http.post(&path("/edits"), &set).0, 200);
    let vera = "vera@buyer.example";
    let (open, _) = invite(&server, API_KEY, &json!({"party": "buyer", "access": "editor"}));
    let (other_side, _) = invite(&server, API_KEY, &json!({"party": "seller", "access": "editor", "email": vera}));
    for secret in [open, other_side] {
        let joined = join(&server, 1, json!({"secret": secret, "name": "Eve", "email": vera})).await;
        assert_eq!(joined.status, 200, "{joined:?}");
        assert_ne!(joined.body["person"], "b-vp-marketing");
    }
    let (named, _) = invite(&server, API_KEY, &json!({"party": "buyer", "access": "editor", "email": vera}));
    let without = join(&server, 1, json!({"secret": named, "name": "Eve"})).await;
    assert_eq!((without.status, &without.body["code"]), (403, &json!("email_needed")));
    let wrong = join(&server, 1, json!({"secret": named, "name": "Eve", "email": "eve@buyer.example"})).await;
    assert_eq!((wrong.status, &wrong.body["code"]), (403, &json!("wrong_email")));
    let right = join(&server, 1, json!({"secret": named, "name": "Vera", "email": "VERA@buyer.example"})).await;
    assert_eq!((right.status, &right.body["person"]), (200, &json!("b-vp-marketing")), "{right:?}");
}

#[tokio::test]
async fn whoever_lost_the_right_to_invite_lost_their_invites() {
    let server = server().await;
    let http = server.http();
    let (ann, bea) = (made(&server, "ann", "buyer", "owner"), made(&server, "bea", "buyer", "owner"));
    let (of_ann, _) = invite(&server, &ann, &json!({"party": "buyer", "access": "editor"}));
    let (of_bea, _) = invite(&server, &bea, &json!({"party": "buyer", "access": "owner"}));
    let (of_bea_too, _) = invite(&server, &bea, &json!({"party": "buyer", "access": "viewer"}));
    assert_eq!(http.delete(&path("/members/ann")).0, 204);
    let _back = made(&server, "ann", "buyer", "owner");
    assert_eq!(http.patch(&path("/members/bea"), &json!({"access": "editor"})).0, 200);
    for (secret, status) in [(of_ann, 410), (of_bea, 410), (of_bea_too, 200)] {
        let answered = join(&server, 1, json!({"secret": secret, "name": "Eve"})).await;
        assert_eq!(answered.status, status, "{answered:?}");
    }
}

/// What somebody who reads the server's folder, backups or logs finds: no secret and no passcode, in no form.
#[tokio::test]
async fn no_secret_of_an_invite_is_written_down() {
    let env = vec![("PLANSYNC_LOG".to_owned(), "trace".to_owned())];
    let mut server = Server::start_with(Start { env, ..Start::default() }).await;
    server.http().create_sample(PLAN);
    let passcode = "correct-horse-battery";
    let request = json!({"party": "buyer", "access": "viewer", "passcode": passcode});
    let (used, _) = invite(&server, API_KEY, &request);
    let (unused, _) = invite(&server, API_KEY, &json!({"party": "buyer", "access": "viewer"}));
    assert_eq!(join(&server, 1, json!({"secret": used, "name": "Ada", "passcode": passcode})).await.status, 200);
    assert_eq!(join(&server, 1, json!({"secret": used, "name": "Eve", "passcode": passcode})).await.status, 410);
    assert!(server.log().contains("joined by an invite") && server.log().contains("TRACE"), "the log is there");
    server.stop().await;
    let changes = std::fs::read_dir(server.folder()).unwrap().map(|entry| entry.unwrap().path());
    for file in changes.filter(|path| path.is_file()) {
        let bytes = std::fs::read(&file).unwrap();
        for secret in [&used, &unused, &passcode.to_owned()] {
            let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
            for form in [secret.as_bytes(), hex.as_bytes()] {
                let found = bytes.windows(form.len()).any(|window| window == form);
                assert!(!found, "{secret} stands in {}", file.display());
            }
        }
    }
}

#[tokio::test]
async fn presence_names_the_person_of_the_token_and_not_the_claimed_one() {
    let server = server().await;
    let (mut bob, _) = Raw::plansync(&server, PLAN, &made(&server, "bob", "seller", "viewer")).await;
    let (mut eve, _) = Raw::plansync(&server, PLAN, &made(&server, "eve", "buyer", "viewer")).await;
    let claimed = json!({"person": "bob", "party": "seller", "name": "The CEO", "user": {"name": "The CEO"}});
    eve.send(&present(9, 1, &claimed.to_string())).await;
    let told = bob
        .until("Eve's presence", |frame| match frame {
            Frame::Awareness(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            _ => None,
        })
        .await;
    assert!(told.contains(r#""person":"eve""#) && told.contains(r#""party":"buyer""#), "{told}");
    assert!(!told.contains("CEO") && told.contains("eve by name"), "{told}");
}

#[tokio::test]
async fn the_commands_invite_list_and_revoke() {
    let server = server().await;
    let run = |args: &[&str]| -> Output {
        std::process::Command::new(binary())
            .arg("plan")
            .args(args)
            .env("PLANSYNC_URL", format!("http://{}", server.address()))
            .env("PLANSYNC_API_KEY", API_KEY)
            .output()
            .unwrap()
    };
    let text = |output: &Output| String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let invited = run(&["invite", PLAN, "--party", "buyer", "--access", "editor", "--uses", "2", "--passcode", "1234"]);
    assert!(invited.status.success(), "{invited:?}");
    let url = text(&invited);
    let secret = url.split_once("/join#").unwrap().1.to_owned();
    let joined = join(&server, 1, json!({"secret": secret, "name": "Ada", "passcode": "1234"})).await;
    assert_eq!(joined.status, 200, "{joined:?}");
    let person = joined.body["person"].as_str().unwrap();
    let members = text(&run(&["members", PLAN]));
    assert!(members.contains(person) && members.contains("Ada") && members.contains("editor"), "{members}");
    assert!(run(&["revoke", PLAN, person]).status.success());
    assert!(text(&run(&["members", PLAN])).contains("revoked"));
    assert_eq!(server.http().with_key(joined.body["token"].as_str().unwrap()).get(&path("")).1["code"], "revoked");
    let failed = run(&["invite", "nowhere", "--party", "buyer", "--access", "editor"]);
    assert!(!failed.status.success() && String::from_utf8_lossy(&failed.stderr).contains("not_found"), "{failed:?}");
}

/// The page of an invite with the keyboard alone, from the link to the plan.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_joins_on_the_page_and_the_link_leaves_the_address_bar() {
    let server = server().await;
    let browser = Browser::start().await;
    let request = json!({"party": "buyer", "access": "viewer", "passcode": "open sesame"});
    let (secret, _) = invite(&server, API_KEY, &request);
    let url = format!("http://{}/join#{secret}", server.address());
    for (page, width, scheme) in [("ada", 1280, "light"), ("dark", 360, "dark")] {
        let viewport = json!({"width": width, "height": 800});
        browser.run(page, "goto", json!({"url": url, "viewport": viewport, "colorScheme": scheme})).await;
        browser.sees(page, "#title", "You are invited").await;
        assert_eq!(browser.run(page, "overflow", json!({})).await, 0);
        picture(&browser, page, &format!("join-{scheme}")).await;
    }
    let press = async |key: &str| browser.run("ada", "press", json!({"key": key})).await;
    press("Enter").await;
    browser.sees("ada", "#said", "Say your name first").await;
    browser.run("ada", "fill", json!({"selector": "#name", "text": "Ada <b>Lovelace</b>"})).await;
    press("Enter").await;
    browser.sees("ada", "#said", "needs the passcode").await;
    let focus = browser.run("ada", "focus", json!({})).await;
    assert_eq!(focus["tag"], "INPUT", "what is asked for has the focus");
    browser.run("ada", "fill", json!({"selector": "#passcode", "text": "wrong"})).await;
    press("Enter").await;
    browser.sees("ada", "#said", "not the passcode").await;
    browser.run("ada", "fill", json!({"selector": "#passcode", "text": "open sesame"})).await;
    press("Enter").await;
    browser.sees("ada", ".safety", "Saved").await;
    browser.sees("ada", "#view", "POC").await;

    browser.run("dark", "fill", json!({"selector": "#name", "text": "Eve"})).await;
    browser.run("dark", "press", json!({"key": "Enter"})).await;
    browser.sees("dark", "#title", "This invite has been used").await;
    browser.run("late", "goto", json!({"url": format!("http://{}/join", server.address())})).await;
    browser.sees("late", "#title", "This link is incomplete").await;
    for page in ["ada", "dark", "late"] {
        let errors = browser.run(page, "errors", json!({})).await;
        assert_eq!((&errors["pageErrors"], &errors["csp"]), (&json!([]), &json!([])), "{page}");
        let requests = browser.run(page, "requests", json!({})).await;
        for request in requests.as_array().unwrap() {
            assert!(!request["url"].as_str().unwrap_or_default().contains(&secret), "{request}");
        }
    }
}

async fn picture(browser: &Browser, page: &str, name: &str) {
    if std::env::var_os("PLANSYNC_SCREENSHOTS").is_some() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/screenshots");
        let path = folder.join(format!("{name}.png")).display().to_string();
        browser.run(page, "screenshot", json!({"path": path, "fullPage": true})).await;
    }
}
