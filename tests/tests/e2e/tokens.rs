//! Who is let in, as whom, and for how long; and that no secret is ever written down.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use plansync_protocol::wire::Frame;
use plansync_tests::{
    http::{in_seconds, token, token_with},
    raw::{Dial, Outcome, Pen, Raw, Refused, ask_all, hello, present, sync_step_2, update},
    server::{API_KEY, Server, Start, TOKEN_SECRET},
};
use serde_json::{Value, json};

const PLAN: &str = "acme";

async fn server() -> Server {
    let server = Server::start().await;
    server.http().create_sample(PLAN);
    server
}

fn claims(plan: &str, exp: i64) -> Value {
    json!({"sub": "ann", "plan": plan, "party": "buyer", "access": "editor", "iat": 0, "exp": exp})
}

/// Tokens that open nothing here: what is wrong, the token, the HTTP status and the close code.
fn bad_tokens() -> Vec<(&'static str, String, u16, u16)> {
    let good = claims(PLAN, in_seconds(3600));
    let signed = |header: Header, secret: &str| {
        jsonwebtoken::encode(&header, &good, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
    };
    let (head, rest) = token_with(good.clone()).split_once('.').map(|(h, r)| (h.to_owned(), r.to_owned())).unwrap();
    let body = rest.split_once('.').unwrap().0;
    let unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let mut early = good.clone();
    early["nbf"] = json!(in_seconds(3600));
    let mut eternal = good.clone();
    eternal.as_object_mut().unwrap().remove("exp");
    let mut strange = good.clone();
    strange["access"] = json!("god");
    vec![
        ("expired", token_with(claims(PLAN, in_seconds(-60))), 401, 4401),
        ("not yet valid", token_with(early), 401, 4401),
        ("without an end", token_with(eternal), 401, 4401),
        ("of an unknown access", token_with(strange), 401, 4401),
        ("signed by somebody else", signed(Header::default(), "somebody else's secret, also long"), 401, 4401),
        ("of another algorithm", signed(Header::new(Algorithm::HS512), TOKEN_SECRET), 401, 4401),
        ("of no algorithm", format!("{unsigned}.{body}."), 401, 4401),
        ("of no algorithm with a signature", format!("{unsigned}.{rest}"), 401, 4401),
        ("without its signature", format!("{head}.{body}."), 401, 4401),
        ("the API key", API_KEY.to_owned(), 401, 4401),
        ("no token at all", "x".to_owned(), 401, 4401),
        ("endless", "x".repeat(10_000), 401, 4401),
        ("another plan's", token_with(claims("other", in_seconds(3600))), 403, 4403),
    ]
}

async fn refused(server: &Server, path: String) -> Refused {
    Raw::dial(server, Dial { path, ..Dial::default() }).await.expect_err("it is not let in")
}

#[tokio::test]
async fn a_stock_client_without_a_good_token_is_refused_before_the_upgrade() {
    let server = server().await;
    for (what, token, status, _) in bad_tokens() {
        let refused = refused(&server, format!("/v1/sync/{PLAN}?token={token}")).await;
        assert_eq!(refused.status, status, "{what}: {refused:?}");
        assert_eq!(refused.content_type, "application/problem+json", "{what}");
        assert!(!refused.body.to_string().contains(&token[..token.len().min(60)]) || token.len() < 2, "{what}");
    }
    for path in [format!("/v1/sync/{PLAN}"), format!("/v1/sync/{PLAN}?token=")] {
        assert_eq!(refused(&server, path).await.status, 401);
    }
    let unknown = token("nowhere", "ann", "buyer", "editor");
    assert_eq!(refused(&server, format!("/v1/sync/nowhere?token={unknown}")).await.status, 404);
    assert_eq!(refused(&server, format!("/v1/sync/.hidden?token={unknown}")).await.status, 404);
    let twice = refused(&server, format!("/v1/sync/{PLAN}?token=a&token=b")).await;
    assert_eq!((twice.status, twice.content_type.as_str()), (400, "application/problem+json"));
}

#[tokio::test]
async fn a_plansync_client_without_a_good_token_hears_why() {
    let server = server().await;
    for (what, token, _, code) in bad_tokens() {
        let mut raw = Raw::silent(&server, PLAN).await;
        raw.send(&hello(&token)).await;
        let closed = raw.closed().await;
        assert!(closed.code == code && !closed.reason.is_empty(), "{what}: {closed:?}");
    }
    let mut raw = Raw::silent(&server, "nowhere").await;
    raw.send(&hello(&token("nowhere", "ann", "buyer", "editor"))).await;
    assert_eq!(raw.closed().await.code, 4404);
}

#[tokio::test]
async fn a_token_that_expires_ends_the_live_connection() {
    let server = server().await;
    let exp = in_seconds(3);
    let short = token_with(claims(PLAN, exp));
    let mut stock = Raw::stock(&server, PLAN, &short).await;
    let (mut plansync, _) = Raw::plansync(&server, PLAN, &short).await;
    assert_eq!(stock.closed().await.code, 4401);
    assert!(in_seconds(0) >= exp, "it is as good as its last second");
    assert_eq!(plansync.closed().await.code, 4401);
}

#[tokio::test]
async fn somebody_who_only_reads_cannot_write() {
    let server = server().await;
    let viewer = token(PLAN, "vera", "buyer", "viewer");
    let whole = Pen::new(1);
    for plansync in [false, true] {
        let let_in = async || {
            let mut raw = match plansync {
                true => Raw::plansync(&server, PLAN, &viewer).await.0,
                false => Raw::stock(&server, PLAN, &viewer).await,
            };
            raw.greeting().await;
            raw
        };
        let mut reader = let_in().await;
        reader.send(&ask_all()).await;
        reader
            .until("the plan", |frame| {
                whole.hear(frame);
                matches!(frame, Frame::SyncStep2(_)).then_some(())
            })
            .await;
        let nothing_new = sync_step_2(&whole.difference(&[0]));
        assert_eq!(reader.try_frame(&nothing_new).await, Outcome::Alive { asked: false });
        assert_eq!(reader.try_frame(&update(&[0, 0])).await, Outcome::Alive { asked: false });
        assert_eq!(reader.try_frame(&present(9, 1, "{}")).await, Outcome::Alive { asked: false });
        // What they write comes back to them as it was, and nobody else ever sees it.
        for (n, make) in [(2, update as fn(&[u8]) -> Vec<u8>), (4, sync_step_2)] {
            let mut writer = let_in().await;
            let pen = Pen::new(n + u64::from(plansync));
            pen.read(&whole.difference(&[0]));
            let title = pen.title();
            writer.send(&make(&pen.set_title("by a viewer"))).await;
            assert_eq!(pen.title().as_deref(), Some("by a viewer"));
            writer
                .until("the title as it was", |frame| {
                    pen.hear(frame);
                    (pen.title() == title).then_some(())
                })
                .await;
            if plansync {
                let heard = |frame: &Frame<'_>| match frame {
                    Frame::Refused(refusal) => Some((refusal["code"].clone(), refusal["field"].clone())),
                    _ => None,
                };
                assert_eq!(writer.until("why", heard).await, (json!("not_allowed"), json!("title")));
            }
        }
    }
    let (status, body) = server
        .http()
        .with_key(&viewer)
        .post(&format!("/v1/plans/{PLAN}/edits"), &json!({"set": {"meta": {"title": "by a viewer"}}}));
    assert_eq!((status, &body["code"]), (403, &json!("not_allowed")));
    let (_, body) = server.http().with_key(&viewer).get(&format!("/v1/plans/{PLAN}"));
    assert_ne!(body["plan"]["meta"]["title"], "by a viewer");
}

#[tokio::test]
async fn only_pages_of_this_server_and_of_named_origins_open_a_websocket() {
    let env = vec![("PLANSYNC_ORIGINS".to_owned(), "https://crm.example.com".to_owned())];
    let server = Server::start_with(Start { env, ..Start::default() }).await;
    server.http().create_sample(PLAN);
    let path = format!("/v1/sync/{PLAN}?token={}", token(PLAN, "ann", "buyer", "editor"));
    let own = format!("http://{}", server.address());
    let dial = |origin: &str| Dial { path: path.clone(), origin: Some(origin.to_owned()), ..Dial::default() };
    for origin in [own.as_str(), "https://crm.example.com"] {
        assert!(Raw::dial(&server, dial(origin)).await.is_ok(), "{origin}");
    }
    let port = server.address().rsplit_once(':').unwrap().1;
    let foreign = [
        "https://evil.example.com".to_owned(),
        "null".to_owned(),
        String::new(),
        format!("http://{}.evil.example.com", server.address()),
        format!("http://evil.example.com:{port}"),
        "https://crm.example.com.evil.example.com".to_owned(),
        "http://crm.example.com".to_owned(),
        format!("http://evil@{}", server.address()),
    ];
    for origin in foreign {
        for protocol in [None, Some("plansync.v1".to_owned())] {
            let refused = Raw::dial(&server, Dial { protocol, ..dial(&origin) }).await.err();
            let refused = refused.unwrap_or_else(|| panic!("{origin:?} was let in"));
            assert_eq!((refused.status, &refused.body["code"]), (403, &json!("not_allowed")), "{origin:?}");
        }
    }
}

#[tokio::test]
async fn a_client_gets_one_of_its_subprotocols_back() {
    let server = server().await;
    let path = format!("/v1/sync/{PLAN}?token={}", token(PLAN, "ann", "buyer", "editor"));
    let cases = [
        (None, None),
        (Some("graphql-ws"), Some("graphql-ws")),
        (Some("a, b"), Some("a")),
        (Some("a, plansync.v1"), Some("plansync.v1")),
        (Some("plansync.v1"), Some("plansync.v1")),
        (Some("plansync.v2"), Some("plansync.v2")),
    ];
    for (offered, chosen) in cases {
        let dial = Dial { path: path.clone(), protocol: offered.map(str::to_owned), ..Dial::default() };
        let mut raw = Raw::dial(&server, dial).await.unwrap();
        assert_eq!(raw.protocol.as_deref(), chosen);
        if chosen != Some("plansync.v1") {
            // Whoever did not choose ours hears stock frames at once.
            raw.greeting().await;
        }
    }
}

#[tokio::test]
async fn no_secret_is_written_down_at_any_level() {
    for format in ["text", "json"] {
        let env = [("PLANSYNC_LOG", "trace"), ("PLANSYNC_LOG_FORMAT", format)];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let server = Server::start_with(Start { env, ..Start::default() }).await;
        server.http().create_sample(PLAN);
        let token = token(PLAN, "ann", "seller", "owner");
        let expired = token_with(claims(PLAN, in_seconds(-60)));
        Raw::stock(&server, PLAN, &token).await.greeting().await;
        Raw::plansync(&server, PLAN, &token).await.0.greeting().await;
        refused(&server, format!("/v1/sync/{PLAN}?token={expired}")).await;
        let mut late = Raw::silent(&server, PLAN).await;
        late.send(&hello(&expired)).await;
        late.closed().await;
        let person = server.http().with_key(&token);
        assert_eq!(person.get(&format!("/v1/plans/{PLAN}")).0, 200);
        assert_eq!(person.get(&format!("/v1/plans/{PLAN}?token={token}")).0, 200);
        let request = json!({"person": "bob", "party": "seller", "access": "editor"});
        let (_, made) = server.http().post(&format!("/v1/plans/{PLAN}/tokens"), &request);
        let made = made["token"].as_str().unwrap().to_owned();

        let log = server.log();
        assert!(log.contains("TRACE") && log.contains("answered"), "the log is there");
        let secrets = [("token", &token), ("expired token", &expired), ("made token", &made)];
        let fixed = [API_KEY.to_owned(), TOKEN_SECRET.to_owned()];
        for (what, secret) in secrets.into_iter().chain([("API key", &fixed[0]), ("token secret", &fixed[1])]) {
            // A signature alone is as good as the token; frames are sometimes logged as hexadecimal digits.
            let tail = &secret[secret.len().saturating_sub(24)..];
            let hex: String = tail.bytes().map(|byte| format!("{byte:02x}")).collect();
            let numbers: Vec<_> = tail.bytes().map(|byte| byte.to_string()).collect();
            for (form, text) in [("text", tail), ("hex", &hex), ("numbers", &numbers.join(", "))] {
                let line = log.lines().find(|line| line.contains(text));
                let line = line.map(|line| line.chars().take(200).collect::<String>());
                assert!(line.is_none(), "the {what} stands in the {format} log as {form}: {line:?}");
            }
        }
    }
}
