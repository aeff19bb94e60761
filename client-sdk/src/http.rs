//! The HTTP side of one plan: summaries, figures, changes in pages, touchpoints, files.
//!
//! In: calls. Out: what the server answers (`docs/http.md`). What a caller sees when it fails: an [`Error`]; of kind
//! [`ErrorKind::Unreachable`] it is worth trying again. A token that the server refuses is replaced once, where there is a
//! source of tokens.

use std::{sync::Arc, time::Duration};

use plansync_protocol::{ids::PlanId, plan::Malformed, wire::Since};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use tokio::task;
use ureq::{
    Agent,
    http::{Method, Request},
    tls::{Certificate, RootCerts, TlsConfig},
};

use crate::{
    address::Address,
    change::Change,
    error::{Error, ErrorKind},
    plan::Plan,
    token::Tokens,
};

/// How long a request may take.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// A page of 1,000 changes with long texts, and then some.
const BODY_BYTES_MAX: u64 = 64 << 20;

type Query = Vec<(&'static str, String)>;

/// Requests about one plan, with its person's token.
#[derive(Debug, Clone)]
pub struct Http {
    /// `https://plans.example.com/v1/plans/demo`
    base: String,
    private: bool,
    tokens: Arc<Tokens>,
    agent: Agent,
}

/// What is asked of a summary.
#[derive(Debug, Clone, Default)]
pub struct SummaryQuery {
    /// After an entry (`412`), a touchpoint's id, or `last-visit`; the end of the last closed touchpoint unless given.
    pub since: Option<String>,
    /// Up to this entry.
    pub until: Option<u64>,
    /// The day it speaks of.
    pub as_of: Option<jiff::civil::Date>,
}

/// What is asked of the changes.
#[derive(Debug, Clone, Default)]
pub struct ChangesQuery {
    /// After this entry or change; from the beginning unless given.
    pub since: Option<Since>,
    /// 1 to 1,000; 100 unless given.
    pub limit: Option<u32>,
    /// Of these classes: `date`, `owner`, …
    pub classes: Vec<String>,
    /// A collection (`tasks`) or an entity (`tasks/ca-1`).
    pub entity: Option<String>,
}

/// A page of changes.
#[derive(Debug, Clone)]
pub struct ChangesPage {
    /// The oldest first.
    pub changes: Vec<Change>,
    /// `since` of the next page; `None` on the last one.
    pub next: Option<Since>,
    /// Where this page ends.
    pub cursor: Since,
    /// The entry of the last change there is.
    pub seq: u64,
}

/// The form of a summary or a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Markdown.
    Markdown,
    /// HTML for mail; of a summary alone.
    Html,
    /// Plain text; of a summary alone.
    Text,
    /// JSON.
    Json,
    /// A spreadsheet; of the plan alone.
    Csv,
    /// To-dos for a calendar; of the plan alone.
    Ics,
}

impl Format {
    fn as_str(self) -> &'static str {
        match self {
            Self::Markdown => "md",
            Self::Html => "html",
            Self::Text => "text",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Ics => "ics",
        }
    }
}

/// A call or meeting that was opened.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenTouchpoint {
    /// Its id.
    pub id: String,
    /// The entry from which its summary counts.
    pub baseline_seq: u64,
    /// The entry up to which it counts, once it is closed.
    pub closed_seq: Option<u64>,
}

impl Http {
    pub(crate) fn new(address: &Address, plan: &PlanId, private: bool, tokens: Arc<Tokens>) -> Self {
        // Who the system trusts, and whom SSL_CERT_FILE names; a server without TLS needs none.
        let base = format!("{}/v1/plans/{plan}", address.http());
        let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(ANSWER_MAX));
        let config = if base.starts_with("https") {
            let roots = rustls_native_certs::load_native_certs().certs;
            let roots: Vec<_> = roots.iter().map(|root| Certificate::from_der(root).to_owned()).collect();
            config.tls_config(TlsConfig::builder().root_certs(RootCerts::new_with_certs(&roots)).build())
        } else {
            config
        };
        Self { base, private, tokens, agent: config.build().into() }
    }

    /// The JSON that the server answers, for what has no method here: `path` begins after `/v1/plans/{id}`.
    ///
    /// # Errors
    /// The kind of the answer's status, or [`ErrorKind::Unreachable`].
    pub async fn json(&self, method: &str, path: &str, query: Query, body: Option<Json>) -> Result<Json, Error> {
        let text = self.text(method, path, query, body).await?;
        serde_json::from_str(&text).map_err(|source| self.not_ours(method, path).from(source))
    }

    /// The text that the server answers.
    ///
    /// # Errors
    /// Those of [`Http::json`].
    pub async fn text(&self, method: &str, path: &str, query: Query, body: Option<Json>) -> Result<String, Error> {
        let (status, text) = self.once(method, path, &query, body.as_ref(), false).await?;
        let (status, text) =
            if status == 401 { self.once(method, path, &query, body.as_ref(), true).await? } else { (status, text) };
        if (200..300).contains(&status) { Ok(text) } else { Err(problem(method, path, status, &text)) }
    }

    async fn once(
        &self,
        method: &str,
        path: &str,
        query: &Query,
        body: Option<&Json>,
        refused: bool,
    ) -> Result<(u16, String), Error> {
        let token = self.tokens.get(refused).await.map_err(|source| {
            Error::new(ErrorKind::Unreachable, "there is no token for now: try again later").from(source)
        })?;
        let token = token.ok_or_else(|| {
            let words = "the token is missing, or the server has refused it: get another one";
            Error::new(ErrorKind::Unauthorized, words).answered(401, None, Vec::new())
        })?;
        let scope = self.private.then(|| ("scope", "private".to_owned()));
        let pairs: Vec<_> =
            query.iter().chain(&scope).map(|(name, value)| format!("{name}={}", percent(value))).collect();
        let mark = if pairs.is_empty() { "" } else { "?" };
        let address = format!("{}{path}{mark}{}", self.base, pairs.join("&"));
        let wrong = |words: String| Error::new(ErrorKind::Malformed, "this is no request").from(words);
        let method = Method::from_bytes(method.as_bytes()).map_err(|source| wrong(source.to_string()))?;
        let request = Request::builder()
            .method(method)
            .uri(address)
            .header("Authorization", format!("Bearer {token}"))
            .header("Content-Type", "application/json")
            .body(body.map(ToString::to_string).unwrap_or_default())
            .map_err(|source| wrong(source.to_string()))?;
        let agent = self.agent.clone();
        let answered = task::spawn_blocking(move || {
            let mut answer = agent.run(request)?;
            let text = answer.body_mut().with_config().limit(BODY_BYTES_MAX).read_to_string()?;
            Ok::<_, ureq::Error>((answer.status().as_u16(), text))
        });
        let words = || format!("no answer from {}: try again later", self.base);
        match answered.await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(source)) => Err(Error::new(ErrorKind::Unreachable, words()).from(source)),
            Err(source) => Err(Error::new(ErrorKind::Unreachable, words()).from(source)),
        }
    }

    fn not_ours(&self, method: &str, path: &str) -> Error {
        let words =
            format!("{method} {path} answered something else than expected: is {} a plansync server?", self.base);
        Error::new(ErrorKind::Protocol, words)
    }

    async fn read<T: serde::de::DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        query: Query,
        body: Option<Json>,
    ) -> Result<T, Error> {
        let json = self.json(method, path, query, body).await?;
        serde_json::from_value(json).map_err(|source| self.not_ours(method, path).from(source))
    }
}

impl Plan {
    /// The HTTP side of this plan, for what has no method here.
    #[must_use]
    pub fn http(&self) -> &Http {
        &self.shared().http
    }

    /// What changed, what else moves and who is next.
    ///
    /// # Errors
    /// The kind of the answer's status, or [`ErrorKind::Unreachable`].
    pub async fn summary(&self, query: &SummaryQuery, format: Format) -> Result<String, Error> {
        let mut pairs = vec![("format", format.as_str().to_owned())];
        pairs.extend(query.since.clone().map(|since| ("since", since)));
        pairs.extend(query.until.map(|until| ("until", until.to_string())));
        pairs.extend(query.as_of.map(|day| ("asOf", day.to_string())));
        self.http().text("GET", "/summary", pairs, None).await
    }

    /// How the plan stands on a day, today unless given: completion, what is overdue, health and its reasons.
    ///
    /// # Errors
    /// Those of [`Plan::summary`].
    pub async fn figures(&self, as_of: Option<jiff::civil::Date>) -> Result<Json, Error> {
        let pairs = as_of.map(|day| ("asOf", day.to_string())).into_iter().collect();
        let mut answer = self.http().json("GET", "", pairs, None).await?;
        Ok(answer["figures"].take())
    }

    /// The plan as a file.
    ///
    /// # Errors
    /// Those of [`Plan::summary`].
    pub async fn export(&self, format: Format) -> Result<String, Error> {
        self.http().text("GET", "/export", vec![("format", format.as_str().to_owned())], None).await
    }

    /// The changes of the plan, a page at a time, the oldest first. [`Plan::changes`] tells them as they come.
    ///
    /// # Errors
    /// Those of [`Plan::summary`].
    pub async fn changes_page(&self, query: &ChangesQuery) -> Result<ChangesPage, Error> {
        #[derive(Deserialize)]
        struct Answer {
            changes: Vec<Json>,
            next: Option<String>,
            cursor: String,
            seq: u64,
        }
        let mut pairs = Vec::new();
        pairs.extend(
            query.since.map(|since| {
                ("since", since.n.map_or_else(|| since.seq.to_string(), |n| format!("{}.{n}", since.seq)))
            }),
        );
        pairs.extend(query.limit.map(|limit| ("limit", limit.to_string())));
        pairs.extend(query.entity.clone().map(|entity| ("entity", entity)));
        if !query.classes.is_empty() {
            pairs.push(("class", query.classes.join(",")));
        }
        let answer: Answer = self.http().read("GET", "/changes", pairs, None).await?;
        let place = |text: &str| place(text).ok_or_else(|| self.http().not_ours("GET", "/changes"));
        let next = answer.next.as_deref().map(place).transpose()?;
        let cursor = place(&answer.cursor)?;
        let changes = answer.changes.into_iter().filter_map(Change::of).collect();
        Ok(ChangesPage { changes, next, cursor, seq: answer.seq })
    }

    /// Opens a touchpoint: a call (or `meeting`, `email`, `async`) begins.
    ///
    /// # Errors
    /// Those of [`Plan::summary`].
    pub async fn open_touchpoint(&self, kind: &str, title: &str) -> Result<OpenTouchpoint, Error> {
        let body = json!({"kind": kind, "title": title});
        self.http().read("POST", "/touchpoints", Vec::new(), Some(body)).await
    }

    /// Closes a touchpoint: from here the next summary counts.
    ///
    /// # Errors
    /// Those of [`Plan::summary`]; [`ErrorKind::Conflict`] if it is closed already.
    pub async fn close_touchpoint(&self, id: &str) -> Result<OpenTouchpoint, Error> {
        let path = format!("/touchpoints/{}/close", percent(id));
        self.http().read("POST", &path, Vec::new(), Some(json!({}))).await
    }
}

/// The place that `412` or `412.0` means.
fn place(text: &str) -> Option<Since> {
    let (seq, n) = match text.split_once('.') {
        Some((seq, n)) => (seq, Some(n.parse().ok()?)),
        None => (text, None),
    };
    Some(Since { seq: seq.parse().ok()?, n })
}

/// The error of an answer.
fn problem(method: &str, path: &str, status: u16, text: &str) -> Error {
    #[derive(Default, Deserialize)]
    struct Problem {
        code: Option<String>,
        detail: Option<String>,
        #[serde(default)]
        errors: Vec<Place>,
    }
    #[derive(Deserialize)]
    struct Place {
        path: String,
        value: String,
        expected: String,
    }
    let problem: Problem = serde_json::from_str(text).unwrap_or_default();
    let malformed: Vec<_> =
        problem.errors.into_iter().map(|Place { path, value, expected }| Malformed { path, value, expected }).collect();
    let place = malformed.first().map(|first| format!(": {first}")).unwrap_or_default();
    let detail = problem.detail.unwrap_or_else(|| "the server says no more".into());
    let kind = match status {
        401 => ErrorKind::Unauthorized,
        403 => ErrorKind::NotAllowed,
        404 | 410 => ErrorKind::NotFound,
        409 => ErrorKind::Conflict,
        413 => ErrorKind::TooLarge,
        429 | 500.. => ErrorKind::Unreachable,
        _ => ErrorKind::Malformed,
    };
    Error::new(kind, format!("{method} {path}: {detail}{place} ({status})")).answered(status, problem.code, malformed)
}

/// A value as part of an address.
fn percent(value: &str) -> String {
    value.bytes().fold(String::with_capacity(value.len()), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(byte as char);
        } else {
            text += &format!("%{byte:02X}");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_becomes_the_kind_that_says_what_to_do() {
        for (status, kind) in [
            (401, ErrorKind::Unauthorized),
            (403, ErrorKind::NotAllowed),
            (404, ErrorKind::NotFound),
            (410, ErrorKind::NotFound),
            (409, ErrorKind::Conflict),
            (413, ErrorKind::TooLarge),
            (429, ErrorKind::Unreachable),
            (503, ErrorKind::Unreachable),
            (422, ErrorKind::Malformed),
        ] {
            assert_eq!(problem("GET", "/x", status, "no json").kind(), kind);
        }
        let body =
            r#"{"code":"malformed","detail":"1 malformed","errors":[{"path":"a/b","value":"1","expected":"a day"}]}"#;
        let error = problem("POST", "/edits", 422, body);
        assert_eq!((error.code(), error.path(), error.status()), (Some("malformed"), Some("a/b"), Some(422)));
        assert_eq!(percent("tasks/ca 1>ü"), "tasks%2Fca%201%3E%C3%BC");
    }
}
