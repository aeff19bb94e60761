//! A client of the HTTP interface for the commands.

use std::io::{BufRead as _, BufReader};

use serde_json::Value;
use ureq::{
    Agent, http,
    tls::{Certificate, RootCerts, TlsConfig},
};

/// A plan with its history of changes, and then some.
const BODY_BYTES_MAX: u64 = 64 << 20;

/// A running server, as the workspace or a person sees it.
pub struct Server {
    agent: Agent,
    url: String,
    key: String,
}

fn agent() -> Agent {
    // Who the system trusts, and whom SSL_CERT_FILE names: a server of one's own has often a certificate of one's own.
    let roots = rustls_native_certs::load_native_certs().certs;
    let roots: Vec<_> = roots.iter().map(|root| Certificate::from_der(root).to_owned()).collect();
    let tls = TlsConfig::builder().root_certs(RootCerts::new_with_certs(&roots)).build();
    // An answer with an error has a body that says what is wrong.
    Agent::config_builder().tls_config(tls).http_status_as_error(false).build().into()
}

impl Server {
    /// The server at an address.
    pub fn new(url: &str, key: String) -> Self {
        Self { agent: agent(), url: url.trim_end_matches('/').to_owned(), key }
    }

    /// The JSON at a path.
    pub fn get(&self, path: &str) -> Result<Value, String> {
        self.answer(self.agent.get(format!("{}{path}", self.url)).header("Authorization", self.bearer()).call())
    }

    /// The JSON that an address answers to a body.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value, String> {
        let request = self.agent.post(format!("{}{path}", self.url)).header("Authorization", self.bearer());
        self.answer(request.send_json(body))
    }

    /// Removes what is at a path.
    pub fn delete(&self, path: &str) -> Result<(), String> {
        let answer = self.agent.delete(format!("{}{path}", self.url)).header("Authorization", self.bearer()).call();
        match answer {
            // There is no JSON in nothing.
            Ok(answer) if answer.status().is_success() => Ok(()),
            answer => self.answer(answer).map(drop),
        }
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.key)
    }

    /// The text at a path, as it comes.
    pub fn text(&self, path: &str) -> Result<String, String> {
        let mut answer = self.call(path, None)?;
        answer.body_mut().with_config().limit(BODY_BYTES_MAX).read_to_string().map_err(|error| self.unreachable(&error))
    }

    /// The lines of a stream at a path, from where another one ended.
    pub fn lines(
        &self,
        path: &str,
        after: Option<&str>,
    ) -> Result<impl Iterator<Item = std::io::Result<String>> + use<>, String> {
        Ok(BufReader::new(self.call(path, after)?.into_body().into_reader()).lines())
    }

    fn call(&self, path: &str, after: Option<&str>) -> Result<http::Response<ureq::Body>, String> {
        let mut request = self.agent.get(format!("{}{path}", self.url)).header("Authorization", self.bearer());
        if let Some(after) = after {
            request = request.header("Last-Event-ID", after);
        }
        let answer = request.call().map_err(|error| self.unreachable(&error))?;
        if answer.status().is_success() { Ok(answer) } else { Err(self.answer(Ok(answer)).err().unwrap_or_default()) }
    }

    /// The JSON that an address answers to a file of a kind.
    pub fn post_as(&self, path: &str, kind: &str, body: &str) -> Result<Value, String> {
        let request = self.agent.post(format!("{}{path}", self.url)).header("Authorization", self.bearer());
        self.answer(request.content_type(kind).send(body))
    }

    fn unreachable(&self, error: &ureq::Error) -> String {
        format!("the server at {} does not answer: {error}; is it running, and is --url right?", self.url)
    }

    /// The JSON of an answer, or the sentences of its problem.
    fn answer(&self, answer: Result<http::Response<ureq::Body>, ureq::Error>) -> Result<Value, String> {
        let mut answer = answer.map_err(|error| self.unreachable(&error))?;
        let status = answer.status();
        let body = answer.body_mut().with_config().limit(BODY_BYTES_MAX).read_json();
        let body: Value = body.map_err(|error| self.unreachable(&error))?;
        if status.is_success() {
            return Ok(body);
        }
        let mut sentence = format!("{} ({})", text(&body, "/detail"), text(&body, "/code"));
        for field in body["errors"].as_array().into_iter().flatten() {
            let (path, value, expected) = (text(field, "/path"), text(field, "/value"), text(field, "/expected"));
            sentence += &format!("\n  {path} is {value}, and should be {expected}");
        }
        Err(sentence)
    }
}

/// The text at a place of an answer.
pub fn text<'a>(json: &'a Value, pointer: &str) -> &'a str {
    json.pointer(pointer).and_then(Value::as_str).unwrap_or("-")
}
