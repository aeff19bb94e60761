//! Two seller organisations share a server. Each has its own key, its own secret, its own plans, and no way to learn
//! that the other is there.

use std::{os::unix::fs::PermissionsExt as _, time::Duration};

use jsonwebtoken::{EncodingKey, Header};
use plansync_protocol::wire::SUBPROTOCOL;
use plansync_tests::{
    http::{Http, in_seconds, token},
    raw::{Closed, Dial, Pen, Raw, Refused, hello, update},
    receiver::{Receiver, Reply},
    request::{self, from},
    server::{API_KEY, Server, Start},
    wait::eventually,
};
use serde_json::{Value, json};

/// A workspace as it was answered.
struct Workspace {
    id: String,
    key: String,
    secret: String,
}

fn workspace(server: &Server, name: &str) -> Workspace {
    let (status, body) = server.http().post("/v1/workspaces", &json!({"name": name}));
    assert_eq!(status, 201, "{body}");
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    Workspace { id: text("id"), key: text("apiKey"), secret: text("tokenSecret") }
}

/// A token that a host application signs with this secret.
fn signed(secret: &str, plan: &str) -> String {
    let claims = json!({"sub": "ann", "plan": plan, "party": "buyer", "access": "owner", "iat": in_seconds(-10),
                        "exp": in_seconds(3600)});
    jsonwebtoken::encode(&Header::default(), &claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

#[tokio::test]
async fn what_a_removed_secret_has_signed_ends_at_once() {
    let server = Server::start().await;
    let a = workspace(&server, "A");
    let server_key = server.http();
    server_key.with_key(&a.key).create_sample("plan-a");
    let (status, next) = server_key.post(&format!("/v1/workspaces/{}/secrets", a.id), &json!({}));
    assert_eq!(status, 201, "{next}");
    let next = next["tokenSecret"].as_str().unwrap();
    let (_, listed) = server_key.get("/v1/workspaces");
    let first = listed["workspaces"][0]["secrets"][0]["kid"].as_str().unwrap().to_owned();
    let mut stock = Raw::stock(&server, "plan-a", &signed(&a.secret, "plan-a")).await;
    let (mut own, _) = Raw::plansync(&server, "plan-a", &signed(&a.secret, "plan-a")).await;
    let (mut other, _) = Raw::plansync(&server, "plan-a", &signed(next, "plan-a")).await;
    other.greeting().await;
    assert_eq!(server_key.delete(&format!("/v1/workspaces/{}/secrets/{first}", a.id)).0, 204);
    for raw in [&mut stock, &mut own] {
        let closed = tokio::time::timeout(Duration::from_secs(1), raw.closed()).await.expect("within a second");
        assert!(closed.code == 4401 && closed.reason.contains("not valid here"), "{closed:?}");
    }
    let pen = Pen::new(7);
    other.send(&update(&pen.set_title("signed with the next one"))).await;
    assert_eq!(other.acked(1).await, 2, "whoever came with another secret goes on");
}

/// Every address of the interface that names a plan, with its method: as the server itself describes them.
fn addresses(http: &Http) -> Vec<(String, String)> {
    let (_, api) = http.get("/openapi.json");
    let mut addresses = Vec::new();
    for (path, methods) in api["paths"].as_object().unwrap() {
        let of_plan = path.starts_with("/v1/plans/{id}") || path.contains("{plan}");
        for method in methods.as_object().unwrap().keys().filter(|_| of_plan) {
            addresses.push((method.to_uppercase(), path.clone()));
        }
    }
    assert!(addresses.len() > 15, "the description is whole: {addresses:?}");
    addresses
}

/// What somebody with this key gets at an address of a plan, with the plan's name taken out.
async fn answer(server: &Server, key: &str, (method, path): &(String, String), plan: &str) -> (u16, String) {
    let mut path = path.replace("{id}", plan).replace("{plan}", plan);
    for (name, value) in [("{tp}", "tp-1"), ("{person}", "ann"), ("{invite}", "i-1")] {
        path = path.replace(name, value);
    }
    if path.starts_with("/v1/sync/") {
        let outcome = Raw::dial(server, Dial { path: format!("{path}?token={key}"), ..Dial::default() }).await;
        return match outcome {
            Ok(_) => (101, String::new()),
            Err(Refused { status, body, .. }) => (status, body.to_string().replace(plan, "PLAN")),
        };
    }
    let head = format!("authorization: Bearer {key}\r\nconnection: close\r\ncontent-length: 2");
    let mut stream = request::open(server.address(), from(1), method, &path, &head, "{}").await;
    let mut text = String::new();
    let reading = tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut text);
    tokio::time::timeout(Duration::from_secs(10), reading).await.expect("it ends: a stream would go on").unwrap();
    let status = text.split(' ').nth(1).unwrap().parse().unwrap();
    let body = text.split_once("\r\n\r\n").unwrap().1.replace(plan, "PLAN");
    (status, body)
}

#[tokio::test]
async fn a_plan_of_another_workspace_answers_as_one_that_does_not_exist() {
    let server = Server::start().await;
    let (a, b) = (workspace(&server, "Acme Sales"), workspace(&server, "Bolt Sales"));
    let (http, of_a, of_b) = (server.http(), server.http().with_key(&a.key), server.http().with_key(&b.key));
    http.create_sample("plan-0");
    of_a.create_sample("plan-a");
    of_b.create_sample("plan-b");
    let strangers = [
        ("A's key", a.key.clone(), vec!["plan-b", "plan-0"]),
        ("the server's key", API_KEY.to_owned(), vec!["plan-a", "plan-b"]),
    ];
    for address in addresses(&http) {
        for (who, key, foreign) in &strangers {
            if address.1.contains("/sync/") {
                continue;
            }
            let missing = answer(&server, key, &address, "plan-x").await;
            assert_eq!(missing.0, 404, "{who} {address:?}: {missing:?}");
            for plan in foreign {
                assert_eq!(answer(&server, key, &address, plan).await, missing, "{who} {address:?} {plan}");
            }
        }
        // A's secret signs for plans of A alone; the server's for those of the default workspace.
        for (who, foreign, sign) in [
            (
                "A's secret",
                vec!["plan-b", "plan-0"],
                Box::new(|plan: &str| signed(&a.secret, plan)) as Box<dyn Fn(&str) -> String>,
            ),
            (
                "the server's secret",
                vec!["plan-a", "plan-b"],
                Box::new(|plan: &str| token(plan, "ann", "buyer", "owner")),
            ),
        ] {
            let missing = answer(&server, &sign("plan-x"), &address, "plan-x").await;
            assert!(matches!(missing.0, 401 | 403 | 404), "{who} {address:?}: {missing:?}");
            for plan in foreign {
                assert_eq!(answer(&server, &sign(plan), &address, plan).await, missing, "{who} {address:?} {plan}");
            }
        }
        // A token of A's own plan is of no use at B's.
        let own = signed(&a.secret, "plan-a");
        let missing = answer(&server, &own, &address, "plan-x").await;
        assert_eq!(answer(&server, &own, &address, "plan-b").await, missing, "{address:?}");
        assert!(missing.0 >= 400);
    }
    assert_eq!(of_b.get("/v1/plans/plan-b").1["seq"], 1, "nobody has written");
    // And each is at home in its own.
    for (http, plan) in [(&http, "plan-0"), (&of_a, "plan-a"), (&of_b, "plan-b")] {
        assert_eq!(http.get(&format!("/v1/plans/{plan}")).0, 200);
    }
    assert_eq!(http.with_key(&signed(&a.secret, "plan-a")).get("/v1/plans/plan-a").0, 200);
    // Names of plans are unique on the server, which is the one thing that shows.
    let sample: Value = serde_json::from_str(plansync_protocol::plan::SAMPLE).unwrap();
    assert_eq!(of_a.post("/v1/plans", &json!({"id": "plan-b", "plan": sample})).0, 409);
}

async fn ending(server: &Server, plan: &str, token: &str) -> Closed {
    let dial = Dial { path: format!("/v1/sync/{plan}"), protocol: Some(SUBPROTOCOL.to_owned()), ..Dial::default() };
    let mut raw = Raw::dial(server, dial).await.unwrap();
    raw.send(&hello(token)).await;
    raw.closed().await
}

#[tokio::test]
async fn a_websocket_opens_for_tokens_of_its_own_workspace_alone() {
    let server = Server::start().await;
    let (a, b) = (workspace(&server, "A"), workspace(&server, "B"));
    server.http().with_key(&a.key).create_sample("plan-a");
    server.http().with_key(&b.key).create_sample("plan-b");
    assert_eq!(ending(&server, "plan-b", &signed(&a.secret, "plan-b")).await.code, 4401);
    assert_eq!(ending(&server, "plan-b", &signed(&a.secret, "plan-a")).await.code, 4403);
    let foreign = ending(&server, "plan-b", &token("plan-b", "ann", "buyer", "owner")).await;
    let missing = ending(&server, "plan-x", &token("plan-x", "ann", "buyer", "owner")).await;
    assert_eq!((foreign.code, foreign.reason.replace("plan-b", "plan-x")), (4404, missing.reason));
    let (_, welcome) = Raw::plansync(&server, "plan-b", &signed(&b.secret, "plan-b")).await;
    assert_eq!(welcome.person.as_str(), "ann");
    // A token that the server makes is signed with the workspace's own secret.
    let request = json!({"person": "bea", "party": "buyer", "access": "editor"});
    let (_, made) = server.http().with_key(&b.key).post("/v1/plans/plan-b/tokens", &request);
    let (_, welcome) = Raw::plansync(&server, "plan-b", made["token"].as_str().unwrap()).await;
    assert_eq!(welcome.person.as_str(), "bea");
    let invited = json!({"party": "buyer", "access": "viewer"});
    let (_, invited) = server.http().with_key(&b.key).post("/v1/plans/plan-b/invites", &invited);
    let secret = invited["url"].as_str().unwrap().split_once('#').unwrap().1.to_owned();
    let join = json!({"secret": secret, "name": "Bo"});
    let joined = request::send(server.address(), from(1), "POST", "/v1/join", &join).await;
    assert_eq!(joined.body["plan"], "plan-b");
    assert_eq!(server.http().with_key(joined.body["token"].as_str().unwrap()).get("/v1/plans/plan-b").0, 200);
}

#[tokio::test]
async fn lists_portfolios_and_webhooks_never_cross() {
    let env = [("PLANSYNC_SETTLE_MS", "50"), ("PLANSYNC_WEBHOOK_ALLOW_PRIVATE", "1")];
    let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let mut server = Server::start_with(Start { env, ..Start::default() }).await;
    let (a, b) = (workspace(&server, "A"), workspace(&server, "B"));
    let plans = [(API_KEY, "plan-0"), (&a.key, "plan-a"), (&a.key, "plan-a2"), (&b.key, "plan-b")];
    let receiver = Receiver::start().await;
    receiver.answer(|_, _| Reply::Status(204));
    for key in [API_KEY, &a.key, &b.key] {
        let path = if key == API_KEY {
            "/of-0"
        } else if key == a.key {
            "/of-a"
        } else {
            "/of-b"
        };
        // Half of B's wish is not B's to follow.
        let wanted = if key == b.key {
            json!({"url": receiver.url(path), "plans": ["plan-a", "plan-b"]})
        } else {
            json!({"url": receiver.url(path)})
        };
        let (status, made) = server.http().with_key(key).post("/v1/webhooks", &wanted);
        assert_eq!(status, 201, "{made}");
        let one = format!("/v1/webhooks/{}", made["id"].as_str().unwrap());
        for other in [API_KEY, &a.key, &b.key].into_iter().filter(|other| *other != key) {
            let http = server.http().with_key(other);
            assert_eq!((http.get(&one).0, http.delete(&one).0), (404, 404));
            assert_eq!(http.get(&format!("{one}/deliveries")).0, 404);
            assert_eq!(http.post(&format!("{one}/resume"), &json!({})).0, 404);
        }
        assert_eq!(server.http().with_key(key).get("/v1/webhooks").1["webhooks"].as_array().unwrap().len(), 1);
    }
    for (key, plan) in plans {
        server.http().with_key(key).create_sample(plan);
    }
    for restarted in [false, true] {
        for (key, plan) in plans {
            let title = json!({"set": {"meta": {"title": format!("{plan} {restarted}")}}});
            assert_eq!(server.http().with_key(key).post(&format!("/v1/plans/{plan}/edits"), &title).0, 200);
        }
        eventually("a delivery of every plan", || async {
            let came =
                |plan: &str| receiver.received().iter().any(|each| each.body.contains(&format!("{plan} {restarted}")));
            plans.iter().all(|(_, plan)| came(plan)).then_some(())
        })
        .await;
        for (key, names) in [(API_KEY, vec!["plan-0"]), (&a.key, vec!["plan-a", "plan-a2"]), (&b.key, vec!["plan-b"])] {
            let http = server.http().with_key(key);
            let (_, listed) = http.get("/v1/plans");
            let listed: Vec<_> = listed["plans"]
                .as_array()
                .unwrap()
                .iter()
                .map(|plan| plan["id"].as_str().unwrap().to_owned())
                .collect();
            assert_eq!(listed, names);
            assert_eq!(http.get("/v1/portfolio").1["plans"], names.len());
        }
        let (_, page) = server.http().with_key(&a.key).get("/v1/plans?limit=1");
        assert_eq!((&page["plans"][0]["id"], &page["next"]), (&json!("plan-a"), &json!("plan-a")));
        let (_, page) = server.http().with_key(&a.key).get("/v1/plans?limit=1&cursor=plan-a");
        assert_eq!((&page["plans"][0]["id"], page.get("next")), (&json!("plan-a2"), None));
        if !restarted {
            server.stop().await;
            server.restart().await;
        }
    }
    for received in receiver.received() {
        let change: Value = serde_json::from_str(&received.body).unwrap();
        let plan = change["source"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let owner = &plan[..6];
        assert_eq!(received.path.replace("/of-", "plan-"), owner, "{} went to {}", change["id"], received.path);
    }
    let (_, metrics) = server.http().get("/metrics");
    let metrics = metrics.to_string();
    assert!(!metrics.contains("plan-a") && !metrics.contains(&a.id), "metrics name nobody");
}

#[tokio::test]
async fn keys_and_secrets_are_exchanged_without_a_moment_in_between() {
    let mut server = Server::start().await;
    let a = workspace(&server, "A");
    let server_key = server.http();
    server_key.with_key(&a.key).create_sample("plan-a");
    let renewed = |what: &str| {
        let (status, body) = server_key.post(&format!("/v1/workspaces/{}/{what}", a.id), &json!({}));
        assert_eq!(status, 201, "{body}");
        (
            body["kid"].as_str().unwrap().to_owned(),
            body["apiKey"].as_str().or(body["tokenSecret"].as_str()).unwrap().to_owned(),
        )
    };
    let opens = |key: &str| server_key.with_key(key).get("/v1/plans/plan-a").0;
    let (_, second) = renewed("keys");
    assert_eq!((opens(&a.key), opens(&second)), (200, 200), "both are valid");
    let (third_id, third) = renewed("keys");
    assert_eq!((opens(&a.key), opens(&second), opens(&third)), (401, 200, 200), "the oldest of three is void");
    assert_eq!(server_key.delete(&format!("/v1/workspaces/{}/keys/{third_id}", a.id)).0, 204);
    assert_eq!((opens(&second), opens(&third)), (200, 401));
    let (_, listed) = server_key.get("/v1/workspaces");
    let last = listed["workspaces"][0]["keys"][0]["kid"].as_str().unwrap().to_owned();
    let (status, body) = server_key.delete(&format!("/v1/workspaces/{}/keys/{last}", a.id));
    assert_eq!((status, &body["code"]), (409, &json!("last_one")));

    let (_, new) = renewed("secrets");
    assert_eq!((opens(&signed(&a.secret, "plan-a")), opens(&signed(&new, "plan-a"))), (200, 200));
    let (_, newest) = renewed("secrets");
    let opened = [&a.secret, &new, &newest].map(|secret| opens(&signed(secret, "plan-a")));
    assert_eq!(opened, [401, 200, 200]);
    for (method, path) in [("POST", "/v1/workspaces"), ("GET", "/v1/workspaces")] {
        for key in [second.as_str(), &signed(&newest, "plan-a")] {
            let http = server_key.with_key(key);
            let (status, body) = if method == "GET" { http.get(path) } else { http.post(path, &json!({"name": "x"})) };
            assert_eq!((status, &body["code"]), (403, &json!("not_allowed")), "{method} {path}");
        }
    }
    let text = listed.to_string();
    assert!(![&a.key, &a.secret, &second, &new, &newest].iter().any(|secret| text.contains(*secret)), "{text}");
    assert_eq!(server_key.post("/v1/workspaces/ws-none/keys", &json!({})).0, 404);

    server.stop().await;
    let store = server.folder().join("plansync.redb");
    assert_eq!(std::fs::metadata(&store).unwrap().permissions().mode() & 0o777, 0o600, "it is its owner's alone");
    let store = std::fs::read(store).unwrap();
    let stands = |text: &str| store.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(!stands(&second) && stands(&newest), "keys are kept as hashes, secrets as they are");
    server.restart().await;
    let http = server.http();
    assert_eq!(http.with_key(&second).get("/v1/plans/plan-a").0, 200);
    assert_eq!(http.with_key(&signed(&newest, "plan-a")).get("/v1/plans/plan-a").0, 200);
    assert_eq!(http.with_key(&signed(&a.secret, "plan-a")).get("/v1/plans/plan-a").0, 401);
}
