//! The seller keeps notes that the buyer must never see: what they think of the buyer's people, a discount they could
//! still give. The buyer keeps theirs. All of them edit the shared plan at the same time, some join late, some page
//! through history, one has a webhook. Every word written in private carries a mark. Afterwards everything that ever
//! went to a party is searched for the marks of the other one; and a curious buyer tries every address they can think
//! of, with tools that follow no rules.
//!
//! `PLANSYNC_SEED` repeats a run, `PLANSYNC_PRIVATE_EDITS` is how many edits each hand makes, 25 by default.

use std::{
    io::Read as _,
    sync::{Arc, Mutex},
    time::Duration,
};

use plansync_protocol::wire::{self, Frame, Hello, SUBPROTOCOL, Since};
use plansync_tests::{
    http::{Answer, Http, token},
    raw::{Dial, Outcome, Pen, Raw, ask_all, present, sync_step_2, update},
    receiver::Receiver,
    server::{API_KEY, Server, Start, binary, verify},
    stock::Stock,
    wait,
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use yrs::{Map as _, MapPrelim, Text as _, TextPrelim, WriteTxn as _};

const PLAN: &str = "p";
const DEADLINE: Duration = Duration::from_secs(30);
/// How long a stream of events is listened to that may hold nothing.
const LISTEN: Duration = Duration::from_millis(600);
const PARTIES: [&str; 2] = ["seller", "buyer"];

async fn server() -> Server {
    let env = [("PLANSYNC_SETTLE_MS", "100"), ("PLANSYNC_WEBHOOK_ALLOW_PRIVATE", "1")];
    let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let server = Server::start_with(Start { env, ..Start::default() }).await;
    server.http().create_sample(PLAN);
    server
}

fn person(http: &Http, party: &str, access: &str) -> Http {
    http.with_key(&token(PLAN, &format!("{party}-{access}"), party, access))
}

fn at(rest: &str) -> String {
    format!("/v1/plans/{PLAN}{rest}")
}

fn edit(http: &Http, query: &str, edit: &Value) -> Value {
    let (status, body) = http.post(&at(&format!("/edits{query}")), edit);
    assert_eq!(status, 200, "{body}");
    body
}

/// An update that makes an entity with a title and a text.
fn create(pen: &Pen, collection: &str, id: &str, words: &str) -> Vec<u8> {
    pen.write(|txn| {
        let entity = txn.get_or_insert_map(collection).insert(txn, id, MapPrelim::default());
        entity.insert(txn, if collection == "views" { "stance" } else { "title" }, words);
        entity.insert(txn, if collection == "views" { "note" } else { "notes" }, TextPrelim::new(words));
    })
}

#[tokio::test]
async fn a_party_has_a_document_of_its_own_with_a_log_and_changes_of_its_own() {
    let server = server().await;
    let (seller, viewer) = (person(&server.http(), "seller", "editor"), person(&server.http(), "seller", "viewer"));
    let path = format!("{PLAN}/private");
    let (mut ann, welcome) = Raw::plansync(&server, &path, &token(PLAN, "ann", "seller", "editor")).await;
    assert_eq!((welcome.scope.to_string().as_str(), welcome.seq, welcome.last_visit_seq), ("party:seller", 1, 0));
    let mut bob = Raw::stock(&server, &path, &token(PLAN, "bob", "seller", "viewer")).await;
    let pen = Pen::new(71);
    ann.send(&update(&create(&pen, "tasks", "ca-1", "Ask for the discount"))).await;
    assert_eq!(ann.ack().await, (1, 2));
    bob.until("what a colleague wrote", |frame| matches!(frame, Frame::Update(_)).then_some(())).await;
    ann.send(&wire::encode(&Frame::Touch)).await;
    edit(&seller, "?scope=private", &json!({"set": {"views": {"b-cfo": {"stance": "sceptic"}}}}));

    let own = at("?scope=private");
    let (_, body) = viewer.get(&own);
    assert_eq!((&body["scope"], &body["seq"]), (&json!("party:seller"), &json!(3)));
    assert_eq!(body["plan"]["tasks"][0]["title"], "Ask for the discount");
    assert!(body["plan"].get("meta").is_none() && body.get("figures").is_none(), "{body}");
    let changes = wait::until("both changes", DEADLINE, async || {
        let (_, body) = viewer.get(&at("/changes?scope=private"));
        let told = body["changes"].as_array().unwrap().clone();
        let differences = told.iter().filter(|change| change["data"].get("entity").is_some()).count();
        if differences == 2 { Ok(told) } else { Err(body.to_string()) }
    })
    .await;
    for change in &changes {
        assert_eq!(change["scope"], "party:seller");
        assert_eq!(change["party"], "seller");
        assert!(change["id"].as_str().unwrap().starts_with("p/party:seller/"), "{change}");
        assert!(change["data"].get("entity").is_none() || change["data"]["class"] == "private", "{change}");
    }
    let (_, body) = viewer.get(&at("?scope=private&history=views/b-cfo"));
    assert_eq!(body["history"][0]["data"]["row"]["stance"], "sceptic");
    assert_eq!(viewer.get(&at("?scope=private&at=2")).1["plan"].get("views"), None);
    let (status, body) = viewer.post(&at("/edits?scope=private"), &json!({"set": {"risks": {"r": {"title": "x"}}}}));
    assert_eq!((status, &body["code"]), (403, &json!("not_allowed")));

    // The workspace names whose it means, and the shared plan is as it was.
    let http = server.http();
    assert_eq!(http.get(&own).0, 400);
    assert_eq!(http.get(&at("?scope=private&party=seller")).1["seq"], 3);
    assert_eq!(http.get(&at("?scope=private&party=nobody")).1["code"], "not_found");
    let stranger = http.with_key(&token(PLAN, "eve", "nobody", "owner"));
    assert_eq!((stranger.get(&own).0, stranger.get(&at("")).0), (404, 200));
    let (_, body) = http.get(&at(""));
    assert_eq!((&body["seq"], &body["figures"]["completion"]["counted"]), (&json!(1), &json!(18)));

    // What belongs into one document has no place in the other.
    let misplaced = json!({"set": {"milestones": {"m": {"title": "x"}}}});
    assert_eq!(seller.post(&at("/edits?scope=private"), &misplaced).0, 422);
    assert_eq!(seller.post(&at("/edits"), &json!({"set": {"views": {"b-cfo": {"stance": "champion"}}}})).0, 422);
    assert_eq!(seller.post(&at("/touchpoints?scope=private"), &json!({"title": "Secret call"})).0, 400);
    ann.send(&update(&pen.write(|txn| {
        let milestones = txn.get_or_insert_map("milestones");
        milestones.insert(txn, "m", MapPrelim::default());
    })))
    .await;
    let refused = ann
        .until("why not", |frame| match frame {
            Frame::Refused(refusal) => Some(refusal.clone()),
            _ => None,
        })
        .await;
    assert_eq!((&refused["code"], &refused["entity"]), (&json!("unknown_collection"), &json!("milestones")));

    // A call on the shared plan is where the addendum counts from.
    let tp = seller.post(&at("/touchpoints"), &json!({"title": "Review"})).1["id"].as_str().unwrap().to_owned();
    assert_eq!(seller.post(&at(&format!("/touchpoints/{tp}/close")), &json!({})).0, 200);
    edit(&seller, "?scope=private", &json!({"set": {"views": {"b-cfo": {"stance": "champion"}}}}));
    let summary = seller.text(&at("/summary?scope=private&format=text"));
    assert!(summary.contains("Private, for seller alone") && summary.contains("sceptic → champion"), "{summary}");
    assert!(!summary.contains("discount added") && !summary.contains("＋"), "it counts from the call: {summary}");
    assert_eq!(seller.get(&at("/summary?scope=private&since=last-visit")).0, 400);
    assert!(seller.text(&at("/export?scope=private&format=md")).contains("Ask for the discount"));
    assert!(seller.text(&at("/export?scope=private&format=ics")).contains("UID:tasks/ca-1@seller.p.plansync"));
}

/// Whatever went out to somebody.
type Seen = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// Records everything that a connection hears, until it ends.
fn record(mut raw: Raw, seen: &Seen, name: String) -> tokio::task::JoinHandle<()> {
    let seen = Arc::clone(seen);
    tokio::spawn(async move {
        while let Some(frame) = raw.heard().await {
            seen.lock().unwrap().push((name.clone(), frame.to_vec()));
        }
    })
}

/// Opens one connection of each kind on a document and records what they hear.
async fn listen(server: &Server, path: &str, party: &str, seen: &Seen) -> Vec<tokio::task::JoinHandle<()>> {
    let key = token(PLAN, &format!("{party}-listener"), party, "viewer");
    let mut stock = Raw::stock(server, path, &key).await;
    stock.send(&ask_all()).await;
    let mut plansync = Raw::silent(server, path).await;
    let since_seq = Some(Since::from(0));
    let hello = Hello { token: Some(key), client: "test/1".to_owned(), since_seq };
    plansync.send(&wire::encode(&Frame::Hello(hello))).await;
    plansync.send(&ask_all()).await;
    vec![record(stock, seen, format!("stock {path}")), record(plansync, seen, format!("plansync {path}"))]
}

/// What a stream of events gives within a moment.
fn stream(server: &Server, key: &str, rest: &str, last: &str) -> Vec<u8> {
    let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(LISTEN));
    let agent: ureq::Agent = config.build().into();
    let url = format!("http://{}{rest}", server.address());
    let request = agent.get(url).header("authorization", format!("Bearer {key}")).header("last-event-id", last);
    let mut heard = Vec::new();
    if let Ok(answer) = request.call() {
        let mut reader = answer.into_body().into_reader();
        let mut chunk = [0; 4096];
        while let Ok(read) = reader.read(&mut chunk) {
            if read == 0 {
                break;
            }
            heard.extend_from_slice(&chunk[..read]);
        }
    }
    heard
}

/// Every request that reads anything of the plan.
fn requests(touchpoint: &str) -> Vec<String> {
    let mut all =
        vec!["/v1/plans".to_owned(), at(""), at("?removed=true"), at("/touchpoints"), at("/changes?limit=1000")];
    all.extend((1..=3).map(|seq| at(&format!("?at={seq}"))));
    all.extend((0..3).map(|seq| at(&format!("/changes?since={seq}&class=private"))));
    all.extend(["tasks/ca-1", "views/b-cfo", "risks/r-1", "meta/title"].map(|of| at(&format!("?history={of}"))));
    for format in ["md", "html", "text", "json"] {
        for since in ["0", "last-visit", touchpoint] {
            all.push(at(&format!("/summary?since={since}&format={format}")));
        }
    }
    all.extend(["json", "md", "csv", "ics"].map(|format| at(&format!("/export?format={format}"))));
    all.extend(["/healthz", "/readyz", "/metrics", "/openapi.json", "/p/p"].map(str::to_owned));
    all
}

fn with_scope(path: &str, scope: &str) -> String {
    if path.contains('?') { format!("{path}&{scope}") } else { format!("{path}?{scope}") }
}

/// One hand that edits one document, by turns as a Yjs client and over HTTP. Every word has the mark in it.
async fn write(server: &Server, party: &str, scope: Option<&str>, mark: &str, n: u64, edits: u64, seed: u64) -> u64 {
    let mut dice = StdRng::seed_from_u64(seed);
    let key = token(PLAN, &format!("{mark}-{n}"), party, "editor");
    let (path, query) = match scope {
        Some(_) => (format!("{PLAN}/private"), "?scope=private"),
        None => (PLAN.to_owned(), ""),
    };
    let http = server.http().with_key(&key);
    let (mut raw, _) = Raw::plansync(server, &path, &key).await;
    let pen = Pen::new(1000 + seed % 1_000_000);
    let mut entries = 0;
    for number in 0..edits {
        let words = format!("{mark} {n} {number}");
        let id = format!("{mark}-{n}-{}", dice.random_range(0..6));
        match dice.random_range(0..5) {
            0 => raw.send(&update(&create(&pen, "tasks", &id, &words))).await,
            1 => raw.send(&present(1000 + seed % 1_000_000, number + 1, &json!({"cursor": words}).to_string())).await,
            2 if scope.is_some() => drop(edit(
                &http,
                query,
                &json!({"set": {"views": {&id: {"stance": "sceptic", "note": words}}, "links": {&id: {"system": words}}}}),
            )),
            3 => drop(edit(&http, query, &json!({"set": {"risks": {&id: {"title": words, "probability": "high"}}}}))),
            _ => {
                let set = json!({"set": {"tasks": {&id: {"title": words, "due": "2026-05-01", "party": party}}}, "reason": words});
                edit(&http, query, &set);
            }
        }
        entries += 1;
        if dice.random_bool(0.1) {
            drop(edit(
                &http,
                query,
                &json!({"set": {"comments": {format!("{id}-c"): {"on": "ms-05", "text": words}}}}),
            ));
            entries += 1;
        }
        tokio::task::yield_now().await;
    }
    raw.send(&wire::encode(&Frame::Touch)).await;
    entries
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_one_scope_is_in_anybody_elses_output() {
    let setting =
        |name, default| std::env::var(name).ok().map_or(default, |value: String| value.parse::<u64>().unwrap());
    let (seed, edits) = (setting("PLANSYNC_SEED", rand::random()), setting("PLANSYNC_PRIVATE_EDITS", 25));
    println!("seed {seed}");
    let mut server = server().await;
    let http = server.http();
    let receiver = Receiver::start().await;
    assert_eq!(http.post("/v1/webhooks", &json!({"url": receiver.url("/all")})).0, 201);
    let marks: [String; 2] = PARTIES.map(|party| format!("mark{:x}of{party}", seed % 0xffff_ffff));
    let shared_mark = format!("mark{:x}ofall", seed % 0xffff_ffff);
    let seen: [Seen; 2] = Default::default();
    let (mut recorders, private_path) = (Vec::new(), format!("{PLAN}/private"));
    for (party, seen) in PARTIES.iter().zip(&seen) {
        for path in [PLAN, &private_path] {
            recorders.extend(listen(&server, path, party, seen).await);
        }
    }
    let touchpoint = person(&http, "buyer", "editor").post(&at("/touchpoints"), &json!({"title": "Call"}));
    let touchpoint = touchpoint.1["id"].as_str().unwrap().to_owned();

    let hand = |place: usize, n: u64| {
        let (server, shared, marks) = (&server, &shared_mark, &marks);
        let seed = seed.wrapping_add(place as u64 * 17 + n * 7919);
        async move {
            let entries = match place {
                0 | 1 => write(server, PARTIES[place], Some(""), &marks[place], n, edits, seed).await,
                _ => write(server, PARTIES[place % 2], None, shared, n + place as u64 * 10, edits, seed).await,
            };
            if place < 2 { 0 } else { entries }
        }
    };
    let entries = futures_util::future::join_all((0..8).map(|n| hand(n as usize % 4, n / 4))).await;
    let entries: u64 = entries.into_iter().sum();

    // Everybody leaves, what was written has settled, and those who come late read all of it.
    for (party, seen) in PARTIES.iter().zip(&seen) {
        for path in [PLAN, &private_path] {
            recorders.extend(listen(&server, path, party, seen).await);
        }
        for access in ["editor", "viewer"] {
            let (key, own) = (token(PLAN, &format!("{party}-{access}"), party, access), person(&http, party, access));
            for scope in ["scope=shared", "scope=private"] {
                for path in requests(&touchpoint) {
                    let (status, body) = own.get(&with_scope(&path, scope));
                    let text = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
                    seen.lock().unwrap().push((format!("{status} {scope} {path}"), text.into_bytes()));
                }
                let events = with_scope(&at("/events"), scope);
                seen.lock().unwrap().push((format!("{scope} events"), stream(&server, &key, &events, "0")));
            }
            for bad in
                [json!({"set": {"views": {"x": {"stance": 5}}}}), json!({"remove": {"tasks": [marks[0], marks[1]]}})]
            {
                for scope in ["", "?scope=private", "?scope=private&party=seller", "?scope=private&party=buyer"] {
                    let (status, body) = own.post(&at(&format!("/edits{scope}")), &bad);
                    // What somebody asks for comes back to them in a problem: that is theirs.
                    let text = body.to_string().replace(&marks[0], "given").replace(&marks[1], "given");
                    seen.lock().unwrap().push((format!("{status} edits{scope}"), text.into_bytes()));
                }
            }
        }
    }
    let told = wait::until("the webhook's share", DEADLINE, async || {
        let bodies = receiver.received().iter().map(|got| got.body.clone()).collect::<Vec<_>>();
        if bodies.iter().any(|body| holds(body, &shared_mark)) { Ok(bodies) } else { Err("nothing".to_owned()) }
    })
    .await;

    let (_, plan) = http.get(&at(""));
    let head = plan["seq"].as_u64().unwrap();
    assert!(head <= entries + 3, "seed {seed}: {head} entries, of which people wrote at most {entries}");
    for seq in (1..=head).step_by(7) {
        assert_eq!(http.get(&at(&format!("?at={seq}"))).1["seq"], seq, "an entry of the shared document");
    }
    assert_eq!(server.stop().await, Some(0));
    for recorder in recorders {
        recorder.await.unwrap();
    }
    // The chain has no gap, or this would name it.
    let whole = verify(server.folder()).await.unwrap();
    assert!(whole.contains("2 private documents"), "{whole}");

    let (mut outputs, mut bytes) = (0, 0);
    for (mine, seen) in seen.iter().enumerate() {
        let (own, other) = (&marks[mine], &marks[1 - mine]);
        let seen = seen.lock().unwrap();
        let count = |mark: &str, like: &str| {
            seen.iter().filter(|(name, output)| name.contains(like) && holds(output, mark)).count()
        };
        for like in ["stock p/private", "plansync p/private", "200 scope=private", "scope=private events"] {
            assert!(count(own, like) > 0, "seed {seed}: the search finds a party's own words in {like:?}");
        }
        for like in ["stock p", "plansync p", "200 scope=shared", "scope=shared events", "summary", "export"] {
            assert!(count(&shared_mark, like) > 0, "seed {seed}: the search finds everybody's words in {like:?}");
        }
        let leaks: Vec<&str> =
            seen.iter().filter(|(_, output)| holds(output, other)).map(|(name, _)| name.as_str()).collect();
        assert!(leaks.is_empty(), "seed {seed}: the {} saw the other party's words in {leaks:?}", PARTIES[mine]);
        let in_shared: Vec<&str> = seen
            .iter()
            .filter(|(name, output)| !name.contains("private") && holds(output, own))
            .map(|(name, _)| name.as_str())
            .collect();
        assert!(in_shared.is_empty(), "seed {seed}: private words in {in_shared:?}");
        outputs += seen.len();
        bytes += seen.iter().map(|(_, output)| output.len()).sum::<usize>();
    }
    assert!(told.iter().all(|body| !marks.iter().any(|mark| holds(body, mark))), "a webhook gets what everybody sees");
    println!("{outputs} outputs, {bytes} bytes searched: 0 found");
}

fn holds(output: impl AsRef<[u8]>, mark: &str) -> bool {
    output.as_ref().windows(mark.len()).any(|window| window == mark.as_bytes())
}

/// The seller's document with a secret in it, and the buyer's token.
async fn with_secret() -> (Server, String) {
    let server = server().await;
    let secret = json!({"set": {
        "tasks": {"secret-1": {"title": "The secret discount", "due": "2026-03-03"}},
        "views": {"b-cfo": {"stance": "opponent", "note": "The secret note"}},
    }});
    edit(&person(&server.http(), "seller", "editor"), "?scope=private", &secret);
    (server, token(PLAN, "eve", "buyer", "owner"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_curious_buyer_opens_the_sellers_document_by_no_address_header_or_number() {
    let (server, key) = with_secret().await;
    let http = server.http().with_key(&key);
    let mut tried = 0;
    let mut is_clean = |what: &str, output: &[u8]| {
        tried += 1;
        for secret in ["secret", "opponent"] {
            assert!(!holds(output, secret), "{what}: {}", String::from_utf8_lossy(output));
        }
    };
    let scopes = [
        "scope=private",
        "scope=private&party=seller",
        "scope=private&party=buyer&party=seller",
        "scope=private&party=buyer%26party=seller",
        "scope=private&party=Seller",
        "scope=private&party=seller%00",
        "scope=private&party=seller%20",
        "scope=private&party=party:seller",
        "scope=private&party=1",
        "scope=private&party=*",
        "scope=private&party=",
        "scope=private;party=seller",
        "scope=party:seller",
        "scope=party%3Aseller",
        "scope=seller",
        "scope=1",
        "scope=PRIVATE&party=seller",
        "scope=shared&party=seller",
        "party=seller",
        "scope=shared&scope=private&party=seller",
        "scope[]=private&party[]=seller",
    ];
    let rests = [
        "",
        "?at=1",
        "?at=2",
        "?removed=true",
        "?history=tasks/secret-1",
        "?history=views/b-cfo",
        "/changes",
        "/changes?since=0",
        "/changes?since=1.0",
        "/changes?class=private",
        "/changes?entity=tasks/secret-1",
        "/summary?since=0",
        "/summary?since=0&format=json",
        "/summary?since=2&until=2",
        "/export",
        "/export?format=md",
        "/export?format=csv",
        "/export?format=ics",
        "/touchpoints",
        "/private",
        "/party:seller",
        "/scopes/seller",
    ];
    for scope in scopes {
        for rest in rests {
            let path = with_scope(&at(rest), scope);
            let (_, body) = http.get(&path);
            is_clean(&path, body.to_string().replace("secret-1", "").as_bytes());
        }
        for last in ["0", "1.0", "2", "2.0"] {
            if scope.is_ascii() && scope.contains("seller") || scope == "scope=private" {
                let path = with_scope(&at("/events"), scope);
                is_clean(&path, &stream(&server, &key, &path, last));
            }
        }
    }
    // A plan's name is not where a document could be named, however it is written.
    for path in
        ["p%2Fprivate", "p%2fparty%3Aseller", "p/private", "p%00", "p.private", "p:party:seller", "p/party:seller"]
    {
        for scope in ["", "?scope=private&party=seller"] {
            let path = format!("/v1/plans/{path}{scope}");
            is_clean(&path, http.get(&path).1.to_string().as_bytes());
        }
    }
    let addresses = [
        "p/private",
        "p/private?party=seller",
        "p/private?scope=party:seller",
        "p?scope=private&party=seller",
        "p/seller",
        "p/private/seller",
        "p/party:seller",
        "p%2Fprivate",
        "p%2fparty%3Aseller",
        "p/private/",
        "p//private",
        "p/./private",
        "p/%2e/private",
        "p/PRIVATE",
        "p/private%00",
        "p/private%2F..%2Fseller",
        "../sync/p/private",
    ];
    for address in addresses {
        for protocol in [None, Some(SUBPROTOCOL.to_owned())] {
            let joint = if address.contains('?') { '&' } else { '?' };
            let path = format!("/v1/sync/{address}{joint}token={key}");
            let mut raw = match Raw::dial(&server, Dial { path, protocol: protocol.clone(), ..Dial::default() }).await {
                Ok(raw) => raw,
                Err(refused) => {
                    is_clean(address, refused.body.to_string().as_bytes());
                    continue;
                }
            };
            if protocol.is_some() {
                for since_seq in [Since { seq: 0, n: None }] {
                    let hello =
                        Hello { token: Some(key.clone()), client: "eve/1".to_owned(), since_seq: Some(since_seq) };
                    raw.send(&wire::encode(&Frame::Hello(hello))).await;
                }
            }
            raw.send(&ask_all()).await;
            // Up to the whole state; whatever came before it is looked at too.
            loop {
                let frame = raw.next().await.unwrap();
                is_clean(address, &frame);
                if let Ok(Frame::SyncStep2(_)) = wire::decode(&frame) {
                    break;
                }
            }
        }
    }
    println!("{tried} answers, 0 with a secret");
}

#[tokio::test]
async fn a_stock_client_syncs_the_document_of_its_own_party_and_no_other() {
    let (server, eve) = with_secret().await;
    let stock = Stock::start().await;
    let seller = |name: &str| token(PLAN, name, "seller", "editor");
    let path = format!("{PLAN}/private");
    for (client, key) in [("ann", seller("ann")), ("bob", seller("bob")), ("eve", eve.clone())] {
        stock.open(client, &server.ws(), &path, &key).await;
        stock.synced(client).await;
    }
    stock.open("shared", &server.ws(), PLAN, &eve).await;
    stock.synced("shared").await;
    stock.run("ann", "set", json!({"path": ["tasks", "secret-1"], "key": "title", "value": "The secret price"})).await;
    stock.run("ann", "awareness", json!({"state": {"cursor": "secret"}})).await;
    let seen = json!({"path": ["tasks", "secret-1"], "key": "title", "value": "The secret price", "timeoutMs": 20_000});
    stock.run("bob", "wait", seen).await;
    wait::until("a colleague's cursor", DEADLINE, async || {
        let peers = stock.run("bob", "peers", json!({})).await.to_string();
        if peers.contains("secret") { Ok(()) } else { Err(peers) }
    })
    .await;
    assert_eq!(stock.json("eve").await, json!({}), "the buyer's own is empty");
    for client in ["eve", "shared"] {
        let (copy, peers) = (stock.json(client).await, stock.run(client, "peers", json!({})).await);
        assert!(
            !copy.to_string().contains("secret") && !peers.to_string().contains("secret"),
            "{client}: {copy} {peers}"
        );
    }
    assert_eq!(stock.findings(), Vec::<Value>::new());
    // What the seller's copy holds cannot be pushed into the shared document either: it has no place for it.
    let pen = Pen::new(7);
    let private = create(&pen, "views", "b-cto", "sceptic");
    let mut raw = Raw::stock(&server, PLAN, &seller("ann")).await;
    raw.greeting().await;
    assert_eq!(raw.try_frame(&sync_step_2(&private)).await, Outcome::Alive { asked: false });
    assert!(!stock.json("shared").await.to_string().contains("b-cto"));
}

#[tokio::test]
async fn whether_another_party_has_a_private_document_changes_no_answer() {
    let server = server().await;
    let buyer = person(&server.http(), "buyer", "editor");
    // Of the plan and of what is open nobody but the operator is told; the page of metrics is the operator's.
    let paths: Vec<String> = requests("0").into_iter().filter(|path| path != "/metrics" && path != "/readyz").collect();
    let ask = || -> Vec<(String, Answer)> {
        let scoped = ["scope=shared", "scope=private&party=seller", "scope=private&party=ghost"];
        let all = scoped.iter().flat_map(|scope| paths.iter().map(move |path| with_scope(path, scope)));
        let answers = all.map(|path| {
            let (status, body) = buyer.get(&path);
            (path, (status, body))
        });
        answers.collect()
    };
    let before = ask();
    for (path, (status, body)) in before.iter().filter(|(path, _)| path.contains("party=seller")) {
        let ghost = path.replace("party=seller", "party=ghost");
        let (_, (of_ghost, other)) = before.iter().find(|(path, _)| *path == ghost).unwrap();
        let other: Value = serde_json::from_str(&other.to_string().replace("ghost", "seller")).unwrap();
        assert_eq!((status, body), (of_ghost, &other), "a party of the plan, and one that is none: {path}");
    }
    let seller = person(&server.http(), "seller", "editor");
    let (mut raw, _) =
        Raw::plansync(&server, &format!("{PLAN}/private"), &token(PLAN, "ann", "seller", "editor")).await;
    for n in 0..5 {
        edit(&seller, "?scope=private", &json!({"set": {"tasks": {"t": {"title": format!("{n}")}}}}));
    }
    let pen = Pen::new(3);
    let note = pen.write(|txn| {
        let task = txn.get_or_insert_map("tasks").insert(txn, "u", MapPrelim::default());
        let notes = task.insert(txn, "notes", TextPrelim::new("a"));
        notes.push(txn, "b");
    });
    raw.send(&update(&note)).await;
    raw.ack().await;
    wait::until("changes", DEADLINE, async || {
        let count = seller.get(&at("/changes?scope=private")).1["changes"].as_array().unwrap().len();
        if count >= 2 { Ok(()) } else { Err(count.to_string()) }
    })
    .await;
    for ((path, before), (_, after)) in before.iter().zip(&ask()) {
        assert_eq!(before, after, "{path}");
    }
}

#[tokio::test]
async fn a_terminal_shows_and_edits_a_private_document() {
    let server = server().await;
    let file = server.folder().join("edit.json");
    std::fs::write(&file, json!({"set": {"links": {"crm": {"objectId": "0061"}}}}).to_string()).unwrap();
    let run = |args: &[&str]| {
        let mut command = std::process::Command::new(binary());
        command.args(["plan", "--url", &format!("http://{}", server.address())]).args(args);
        let ran = command.env("PLANSYNC_API_KEY", API_KEY).output().unwrap();
        (ran.status.success(), String::from_utf8([ran.stdout, ran.stderr].concat()).unwrap())
    };
    let whose = ["--scope", "private", "--party", "seller"];
    let (edited, said) = run(&[&["edit", PLAN, file.to_str().unwrap()][..], &whose].concat());
    assert!(edited && said.contains("entry 2"), "{said}");
    let (shown, said) = run(&[&["show", PLAN][..], &whose].concat());
    assert!(shown && said.contains("0061"), "{said}");
    let (shown, said) = run(&["show", PLAN]);
    assert!(shown && !said.contains("0061"), "{said}");
    let (shown, said) = run(&["show", PLAN, "--scope", "private"]);
    assert!(!shown && said.contains("needs a party"), "{said}");
}

/// A room writes what a list shows of its plan when it has been still for 5 s, with the entry it stands at. Here both
/// documents stand at entry 2: what was written of the wrong one would be taken for the right one.
#[tokio::test]
async fn a_list_of_plans_never_shows_a_private_document() {
    let server = server().await;
    let seller = person(&server.http(), "seller", "owner");
    edit(&seller, "", &json!({"set": {"meta": {"title": "Everybody's"}}}));
    // A change counts for the figures of a list once it has settled.
    wait::until("the change", DEADLINE, async || {
        let told = seller.get(&at("/changes")).1["changes"].as_array().map_or(0, Vec::len);
        if told > 0 { Ok(()) } else { Err("nothing told".to_owned()) }
    })
    .await;
    let before = seller.get("/v1/plans");
    edit(&seller, "?scope=private", &json!({"set": {"tasks": {"t": {"title": "Ours", "due": "2026-01-01"}}}}));
    tokio::time::sleep(Duration::from_secs(7)).await;
    let after = seller.get("/v1/plans");
    assert_eq!(after.1["plans"][0]["title"], "Everybody's");
    assert_eq!(before, after);
}
