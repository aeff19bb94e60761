//! For the operator: is it alive, may it be sent traffic, what does it do.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{App, Problem};

/// Alive.
#[utoipa::path(get, path = "/healthz", tag = "operation", responses((status = 200)))]
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// Takes traffic: not while it stops, and not when the store has failed.
#[utoipa::path(get, path = "/readyz", tag = "operation", responses((status = 200), (status = 503, body = Problem)))]
pub async fn readyz(State(app): State<App>) -> Result<&'static str, Problem> {
    let unready = |code, detail| Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, detail);
    if app.house.rooms.log().has_failed() {
        return Err(unready("unavailable", "the store has failed"));
    }
    if app.house.stopping.is_now() {
        return Err(unready("draining", "the server is stopping"));
    }
    Ok("ready\n")
}

/// Metrics in Prometheus' text format.
#[utoipa::path(get, path = "/metrics", tag = "operation", responses((status = 200, content_type = "text/plain")))]
pub async fn metrics(State(app): State<App>) -> Response {
    crate::metrics::log_queue(app.house.rooms.log().queued());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.metrics.render()).into_response()
}
