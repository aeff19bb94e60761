//! The HTTP interface: routes by subject. `docs/http.md` and `/openapi.json` say what each of them does.

mod backward;
mod changes;
mod edits;
mod headers;
mod health;
mod invites;
mod members;
mod openapi;
mod page;
mod past;
mod patience;
mod plans;
mod portfolio;
mod problem;
mod refusals;
mod requester;
mod scope;
mod serve;
mod summary;
mod sync;
mod templates;
mod tokens;
mod touchpoints;
mod webhooks;
mod workspaces;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Request, State, rejection::BytesRejection},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::Response,
    routing::{delete, get, patch, post},
};
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::Value;
use tokio_util::task::TaskTracker;
use tower_http::compression::{CompressionLayer, CompressionLevel};
use tracing::Instrument as _;

use crate::{clock, invites::Invites, peer::Peer, session::House, webhooks::Webhooks, workspaces::Workspaces};
use headers::Headers;
use patience::Late;
pub use plans::create_plan;
pub use problem::Problem;
pub use serve::{Door, serve};
pub use tokens::{TokenRequest, link, sign};

/// The header that names a request in the log and in the answer.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// What every request works with.
#[derive(Debug, Clone)]
pub struct App {
    /// Rooms, secrets, and whether the server is stopping.
    pub house: House,
    /// Where changes are sent.
    pub webhooks: Arc<Webhooks>,
    /// Whose plans there are.
    pub workspaces: Arc<Workspaces>,
    /// Who is asked to come.
    pub invites: Arc<Invites>,
    /// Renders `/metrics`.
    pub metrics: PrometheusHandle,
    /// Where links point; the request's own host where it is not set.
    pub public_url: Option<Arc<str>>,
    /// Origins besides the server's own whose pages may open a websocket.
    pub origins: Arc<[String]>,
    /// Origins whose pages may show pages of this server within them.
    pub embed_origins: Arc<[String]>,
    /// Counts the sessions, so that a stop can wait for them.
    pub sessions: TaskTracker,
}

/// Every route.
pub fn router(app: App) -> Router {
    let headers = Arc::new(Headers::new(&app.embed_origins, &app.origins));
    let body_bytes_max = app.house.quotas.limits().body_bytes;
    Router::new()
        .route("/v1/plans", post(plans::create).get(plans::list))
        .route("/v1/plans/{id}", get(plans::get).delete(plans::erase))
        .route("/v1/plans/{id}/edits", post(edits::edit))
        .route("/v1/plans/{id}/changes", get(changes::list))
        .route("/v1/plans/{id}/events", get(changes::stream))
        .route("/v1/plans/{id}/touchpoints", post(touchpoints::open).get(touchpoints::list))
        .route("/v1/plans/{id}/touchpoints/{tp}/close", post(touchpoints::close))
        .route("/v1/plans/{id}/summary", get(summary::summary))
        .route("/v1/plans/{id}/export", get(summary::export))
        .route("/v1/plans/{id}/backward", get(backward::backward))
        .route("/v1/templates", get(templates::list))
        .route("/v1/portfolio", get(portfolio::portfolio))
        .route("/v1/plans/{id}/tokens", post(tokens::create))
        .route("/v1/plans/{id}/refusals", get(refusals::list))
        .route("/v1/plans/{id}/members", get(members::list))
        .route("/v1/plans/{id}/members/{person}", patch(members::change).delete(members::revoke))
        .route("/v1/plans/{id}/invites", post(invites::create).get(invites::list))
        .route("/v1/plans/{id}/invites/{invite}", get(invites::get).delete(invites::revoke))
        .route("/v1/join", post(invites::join))
        .route("/v1/workspaces", post(workspaces::create).get(workspaces::list))
        .route("/v1/workspaces/{id}/keys", post(workspaces::create_key))
        .route("/v1/workspaces/{id}/keys/{kid}", delete(workspaces::remove_key))
        .route("/v1/workspaces/{id}/secrets", post(workspaces::create_secret))
        .route("/v1/workspaces/{id}/secrets/{kid}", delete(workspaces::remove_secret))
        .route("/v1/webhooks", post(webhooks::create).get(webhooks::list))
        .route("/v1/webhooks/{id}", get(webhooks::get).delete(webhooks::remove))
        .route("/v1/webhooks/{id}/deliveries", get(webhooks::deliveries))
        .route("/v1/webhooks/{id}/resume", post(webhooks::resume))
        .route("/v1/sync/{plan}", get(sync::shared))
        .route("/v1/sync/{plan}/private", get(sync::private))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .route("/openapi.json", get(openapi::document))
        .route("/", get(page::home))
        .route("/p/{id}", get(page::plan))
        .route("/join", get(page::join))
        .route("/assets/{name}", get(page::asset))
        .fallback(|| async { Problem::new(StatusCode::NOT_FOUND, "not_found", "there is nothing at this address") })
        .method_not_allowed_fallback(|| async {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this address does not take this method")
        })
        .layer(DefaultBodyLimit::max(body_bytes_max))
        // Files of the page come compressed already; streams of events stay as they are.
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(middleware::from_fn_with_state(headers, around))
        .with_state(app)
}

/// Names and logs each request, and sets the headers that every answer has. The query is never logged: it may hold a
/// token.
async fn around(State(headers): State<Arc<Headers>>, request: Request, next: Next) -> Response {
    let id = uuid::Uuid::now_v7().simple().to_string();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let peer = request.extensions().get::<Peer>().copied();
    let client = peer.map(|peer| peer.to_string());
    let span = tracing::info_span!("request", id, %method, path, client);
    let started = clock::instant();
    let reader = headers.reader(&request);
    let mut response = match headers.preflight(&request) {
        Some(response) => response,
        None => next.run(request).instrument(span.clone()).await,
    };
    let took = Duration::from_micros(u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX));
    span.in_scope(|| tracing::debug!(status = response.status().as_u16(), ?took, "answered"));
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    headers.complete(response.headers_mut(), reader, peer);
    response
}

/// The JSON of a body, or what is wrong with it.
fn json(body: Result<Bytes, BytesRejection>) -> Result<Value, Problem> {
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            "the body is above the limit (8 MiB, unless --body-bytes says otherwise)",
        ),
        _ if Late::caused(&rejection) => Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "late",
            "the body came too slowly: it has 10 s, and a second more for each 128 KiB",
        ),
        _ => Problem::bad_request("the body could not be read"),
    })?;
    serde_json::from_slice(&body).map_err(|error| Problem::bad_request(format!("the body is not JSON: {error}")))
}

/// The headers of an entity tag: an answer may be kept, but is asked about each time.
fn tag(seq: u64) -> [(HeaderName, HeaderValue); 2] {
    let tag = HeaderValue::from_str(&format!("\"{seq}\"")).unwrap_or(HeaderValue::from_static("\"\""));
    [(header::ETAG, tag), (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))]
}

/// Whether a tag of `If-None-Match` names this entry.
fn is_tag(given: &str, seq: u64) -> bool {
    let given = given.trim();
    given == "*" || given.trim_start_matches("W/").trim_matches('"') == seq.to_string()
}
