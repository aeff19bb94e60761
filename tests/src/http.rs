//! Requests to the server, and tokens signed as a host application would.

use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

use crate::server::TOKEN_SECRET;

/// The HTTP interface of a server, for one requester. Calls block: tests run them through `spawn_blocking` or accept it.
#[derive(Debug, Clone)]
pub struct Http {
    agent: ureq::Agent,
    base: String,
    key: String,
}

/// Status and JSON (or text, as a JSON string) of an answer.
pub type Answer = (u16, Value);

impl Http {
    /// With this key or token.
    #[must_use]
    pub fn new(address: &str, key: &str) -> Self {
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        Self { agent, base: format!("http://{address}"), key: key.to_owned() }
    }

    /// The same server with another key or token.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Self {
        Self { key: key.to_owned(), ..self.clone() }
    }

    /// GET.
    #[must_use]
    pub fn get(&self, path: &str) -> Answer {
        let request = self.agent.get(format!("{}{path}", self.base)).header("Authorization", self.bearer());
        answer(request.call())
    }

    /// POST.
    #[must_use]
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        let request = self.agent.post(format!("{}{path}", self.base)).header("Authorization", self.bearer());
        answer(request.send_json(body))
    }

    /// PATCH.
    #[must_use]
    pub fn patch(&self, path: &str, body: &Value) -> Answer {
        let request = self.agent.patch(format!("{}{path}", self.base)).header("Authorization", self.bearer());
        answer(request.send_json(body))
    }

    /// DELETE.
    #[must_use]
    pub fn delete(&self, path: &str) -> Answer {
        let request = self.agent.delete(format!("{}{path}", self.base)).header("Authorization", self.bearer());
        answer(request.call())
    }

    /// POST of any bytes.
    #[must_use]
    pub fn post_bytes(&self, path: &str, body: &[u8]) -> Answer {
        let request = self.agent.post(format!("{}{path}", self.base)).header("Authorization", self.bearer());
        answer(request.send(body))
    }

    /// POST of a file of a kind.
    #[must_use]
    pub fn post_as(&self, path: &str, kind: &str, body: &[u8]) -> Answer {
        let request = self.agent.post(format!("{}{path}", self.base)).header("Authorization", self.bearer());
        answer(request.content_type(kind).send(body))
    }

    /// GET of what is no JSON.
    ///
    /// # Panics
    /// When the answer is not 200.
    #[must_use]
    pub fn text(&self, path: &str) -> String {
        match self.get(path) {
            (200, Value::String(text)) => text,
            (status, other) => panic!("{path}: {status} {other}"),
        }
    }

    /// Creates a plan from the built-in sample.
    pub fn create_sample(&self, id: &str) {
        let sample: Value = serde_json::from_str(plansync_protocol::plan::SAMPLE).expect("the sample is JSON");
        let (status, body) = self.post("/v1/plans", &json!({"id": id, "plan": sample}));
        assert_eq!(status, 201, "{body}");
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.key)
    }
}

fn answer(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Answer {
    let mut answer = answer.expect("the server answers");
    let text = answer.body_mut().with_config().limit(64 << 20).read_to_string().expect("the answer is text");
    let json = serde_json::from_str(&text).unwrap_or(Value::String(text));
    (answer.status().as_u16(), json)
}

/// A token for a person, valid for an hour.
#[must_use]
pub fn token(plan: &str, person: &str, party: &str, access: &str) -> String {
    token_with(
        json!({"sub": person, "plan": plan, "party": party, "access": access, "iat": 0, "exp": in_seconds(3600)}),
    )
}

/// A token with these claims, signed with the server's secret.
#[must_use]
pub fn token_with(claims: Value) -> String {
    jsonwebtoken::encode(&Header::default(), &claims, &EncodingKey::from_secret(TOKEN_SECRET.as_bytes()))
        .expect("claims are JSON")
}

/// The time in this many seconds, as a token has it.
#[must_use]
pub fn in_seconds(seconds: i64) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    i64::try_from(now).unwrap_or(i64::MAX) + seconds
}
