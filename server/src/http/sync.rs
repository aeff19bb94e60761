//! The way to a websocket: who may open one is decided before the upgrade, as far as the address tells.

use axum::{
    Extension,
    extract::{
        Path, Query, State, WebSocketUpgrade,
        rejection::{PathRejection, QueryRejection},
        ws::rejection::WebSocketUpgradeRejection,
    },
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use plansync_protocol::wire::SUBPROTOCOL;
use serde::Deserialize;
use std::sync::atomic::{AtomicU64, Ordering};
use utoipa::IntoParams;

use super::{App, Problem, plans::plan_id};
use crate::{
    auth::Denied,
    clock,
    members::{Dialect, MemberId},
    peer::Peer,
    rooms::Unreachable,
    session::{self, Visit},
    socket::{self, Socket},
};

/// The next connection's number.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// What the address says.
#[derive(Deserialize, IntoParams)]
pub struct SyncQuery {
    /// A person's token, for clients that cannot send it in Hello.
    token: Option<String>,
}

/// Opens the shared document of a plan: stock Yjs frames, or `plansync.v1` where the client offers it.
#[utoipa::path(get, path = "/v1/sync/{plan}", tag = "sync", params(("plan" = String, Path), SyncQuery),
    responses((status = 101), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 429, body = Problem), (status = 503, body = Problem)))]
pub async fn shared(
    State(app): State<App>,
    plan: Result<Path<String>, PathRejection>,
    query: Result<Query<SyncQuery>, QueryRejection>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    open(app, false, plan, query, peer, &headers, upgrade).await
}

/// Opens the private document of the party that the token stands for; no other party's can be named.
#[utoipa::path(get, path = "/v1/sync/{plan}/private", tag = "sync", params(("plan" = String, Path), SyncQuery),
    responses((status = 101), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 503, body = Problem)))]
pub async fn private(
    State(app): State<App>,
    plan: Result<Path<String>, PathRejection>,
    query: Result<Query<SyncQuery>, QueryRejection>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    open(app, true, plan, query, peer, &headers, upgrade).await
}

async fn open(
    app: App,
    private: bool,
    plan: Result<Path<String>, PathRejection>,
    query: Result<Query<SyncQuery>, QueryRejection>,
    peer: Peer,
    headers: &HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let upgrade = upgrade.map_err(|rejection| {
        Problem::new(rejection_status(&rejection), "not_a_websocket", "this address is a websocket's")
    })?;
    from_allowed_page(headers, &app.origins)?;
    if app.house.stopping.is_now() {
        return Err(Unreachable::Draining.into());
    }
    let (upgrade, dialect) = dialect(upgrade, headers);
    let plan = plan_id(plan)?;
    let Query(query) = query?;
    let pass = match &query.token {
        Some(token) => Some(app.house.people.admit_to(&plan, token)?),
        None if dialect == Dialect::Stock => return Err(Denied::Missing.into()),
        None => None,
    };
    let stranger = match &pass {
        Some(_) => None,
        None => Some(app.house.quotas.stranger(peer)?),
    };
    let connection = app.house.quotas.connection(peer, clock::instant())?;
    let id = MemberId(NEXT.fetch_add(1, Ordering::Relaxed));
    let visit = Visit { plan, private, dialect, pass, stranger, id };
    if let Some(pass) = &visit.pass {
        app.house.rooms.document(&visit.plan, &visit.scope(pass)).await?;
    }
    let house = app.house.clone();
    let counted = app.sessions.token();
    Ok(socket::limited(upgrade)
        .on_upgrade(move |socket| session::run(Socket::new(socket), visit, house, (counted, connection))))
}

fn rejection_status(rejection: &WebSocketUpgradeRejection) -> StatusCode {
    use axum::response::IntoResponse as _;
    match rejection {
        WebSocketUpgradeRejection::MethodNotGet(_) => StatusCode::METHOD_NOT_ALLOWED,
        WebSocketUpgradeRejection::InvalidConnectionHeader(_)
        | WebSocketUpgradeRejection::InvalidUpgradeHeader(_)
        | WebSocketUpgradeRejection::ConnectionNotUpgradable(_) => StatusCode::UPGRADE_REQUIRED,
        _ => StatusCode::BAD_REQUEST.into_response().status(),
    }
}

/// A browser says which page opens a websocket; only pages of this server and of the configured origins may. Other
/// programs say nothing, and need a token anyway.
fn from_allowed_page(headers: &HeaderMap, allowed: &[String]) -> Result<(), Problem> {
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let own = host.is_some_and(|host| origin.split_once("://").is_some_and(|(_, page)| page == host));
    if own || allowed.iter().any(|allowed| allowed == origin) {
        return Ok(());
    }
    Err(Problem::forbidden(format!("pages of {origin:?} may not open plans here: add it to PLANSYNC_ORIGINS")))
}

/// `plansync.v1` where it is offered. A client that offers something else must get that back to go on.
fn dialect(upgrade: WebSocketUpgrade, headers: &HeaderMap) -> (WebSocketUpgrade, Dialect) {
    let offered: Vec<String> = headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|protocol| protocol.trim().to_owned())
        .collect();
    if offered.iter().any(|protocol| protocol == SUBPROTOCOL) {
        return (upgrade.protocols([SUBPROTOCOL]), Dialect::Plansync);
    }
    match offered.into_iter().next() {
        Some(first) => (upgrade.protocols([first]), Dialect::Stock),
        None => (upgrade, Dialect::Stock),
    }
}
