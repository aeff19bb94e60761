//! The headers that every answer has: what its page may load, who may embed it, which other pages may read it.
//!
//! In: the origins that the operator has named. Out: headers; and the answer to a browser's question before a request
//! of another origin's page. Always true: an origin is compared as a whole, and one that is not named gets no header.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header},
    response::{IntoResponse as _, Response},
};

use crate::peer::Peer;

/// Page, script and style from here alone, and nothing inline.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors";
/// Where the server has a certificate of its own, browsers come by https alone from then on.
const TRANSPORT_SECURITY: HeaderValue = HeaderValue::from_static("max-age=31536000");
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
const TAKEN: HeaderValue =
    HeaderValue::from_static("authorization, content-type, if-none-match, last-event-id, x-plansync-actor");
const SHOWN: HeaderValue = HeaderValue::from_static("etag, location, retry-after, x-request-id");
/// How long a browser remembers that it may ask: ten minutes.
const REMEMBERED: HeaderValue = HeaderValue::from_static("600");

/// The headers of one server's answers.
#[derive(Debug)]
pub struct Headers {
    policy: HeaderValue,
    /// Origins whose pages may read answers.
    origins: Vec<HeaderValue>,
}

impl Headers {
    /// Pages of `embedding` may show pages of this server within them, pages of `origins` may read its answers.
    #[must_use]
    pub fn new(embedding: &[String], origins: &[String]) -> Self {
        let embedding = if embedding.is_empty() { "'none'".to_owned() } else { embedding.join(" ") };
        let policy = HeaderValue::from_str(&format!("{CONTENT_SECURITY_POLICY} {embedding}"));
        Self {
            policy: policy.unwrap_or(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
            origins: origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()).collect(),
        }
    }

    /// The origin of the page that makes a request, if that may read the answer.
    pub fn reader(&self, request: &Request<Body>) -> Option<HeaderValue> {
        let origin = request.headers().get(header::ORIGIN)?;
        self.origins.iter().find(|named| *named == origin).cloned()
    }

    /// The answer to a browser that asks whether a page may make a request; nothing, where it does not ask.
    pub fn preflight(&self, request: &Request<Body>) -> Option<Response> {
        let asks = request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if request.method() != Method::OPTIONS || !asks || self.reader(request).is_none() {
            return None;
        }
        let mut response = StatusCode::NO_CONTENT.into_response();
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, TAKEN);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, REMEMBERED);
        Some(response)
    }

    /// Completes an answer.
    pub fn complete(&self, headers: &mut HeaderMap, reader: Option<HeaderValue>, peer: Option<Peer>) {
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert_with(|| self.policy.clone());
        if peer.is_some_and(|peer| peer.secure) {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, TRANSPORT_SECURITY);
        }
        // What an answer says of one origin is not to be kept for another.
        if !self.origins.is_empty() {
            headers.append(header::VARY, HeaderValue::from_static("origin"));
        }
        if let Some(reader) = reader {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, reader);
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, SHOWN);
        }
    }
}
