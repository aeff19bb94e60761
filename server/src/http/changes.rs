//! Changes: pages of them, and the stream that goes on by itself.

use std::{convert::Infallible, time::Duration};

use axum::{
    Json,
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{
        IntoResponse, Response,
        sse::{self, KeepAlive, Sse},
    },
};
use futures_util::{Stream, stream};
use plansync_protocol::{
    ids::Seq,
    plan::{Difference, Event, schema},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::{Instant, sleep_until};
use utoipa::{IntoParams, ToSchema};

use super::{
    App, Problem, past,
    requester::Requester,
    scope::{self, Place, ScopeQuery},
};
use crate::{
    auth::Pass,
    clock,
    feed::Feed,
    log::{KeptChange, Position},
    metrics,
    stopping::Stopping,
};

/// Changes of one page, unless asked for fewer, and at most.
const PAGE: usize = 100;
const PAGE_MAX: usize = 1_000;
/// Bytes of one page.
const PAGE_BYTES: usize = 4 << 20;
/// A sign of life on a quiet stream.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Which changes.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
pub struct ChangesQuery {
    /// After this entry (`412`), or after this change (`412.0`), as `next`, `cursor` and the ids of the stream say.
    since: Option<String>,
    /// At most this many, 1 to 1,000; 100 unless said.
    limit: Option<usize>,
    /// Only of this class: `date`, `owner` …; several with commas.
    class: Option<String>,
    /// Only of this collection (`tasks`) or entity (`tasks/ca-1`).
    entity: Option<String>,
    /// A person's token, for clients that cannot send a header.
    token: Option<String>,
}

/// A page of changes.
#[derive(Debug, Serialize, ToSchema)]
pub struct Changes {
    /// CloudEvents, in the order of the log.
    #[schema(value_type = Vec<Object>)]
    changes: Vec<Value>,
    /// `since` of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// Where this page ends: as `since` it gives what comes later.
    cursor: String,
    /// The entry up to which everything has become changes.
    seq: Seq,
}

/// Lists what has changed, oldest first.
#[utoipa::path(get, path = "/v1/plans/{id}/changes", tag = "changes", params(("id" = String, Path), ScopeQuery, ChangesQuery),
    security(("api_key" = []), ("token" = [])),
    responses((status = 200, body = Changes), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub async fn list(
    State(app): State<App>,
    requester: Requester,
    id: Result<Path<String>, PathRejection>,
    scope: scope::Given,
    query: Result<Query<ChangesQuery>, QueryRejection>,
) -> Result<Json<Changes>, Problem> {
    let Place { doc, .. } = scope::find(&app, &requester, id, scope).await?;
    let Query(query) = query?;
    let mut at = query.since.as_deref().map_or(Ok((0, 0)), position)?;
    let limit = query.limit.unwrap_or(PAGE);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(Problem::bad_request("limit is 1 to 1000"));
    }
    let log = app.house.rooms.log();
    let told = log.told(doc)?;
    let (mut changes, mut bytes) = (Vec::new(), 0);
    let more = 'pages: loop {
        let page = log.changes(doc, at, PAGE, PAGE_BYTES)?;
        if page.is_empty() {
            break false;
        }
        for (position, json) in page {
            if changes.len() >= limit || bytes >= PAGE_BYTES {
                break 'pages true;
            }
            at = position;
            let Ok(change) = serde_json::from_str::<Value>(&json) else { continue };
            if query.selects(&change) {
                bytes += json.len();
                changes.push(change);
            }
        }
    };
    let cursor = written(at);
    Ok(Json(Changes { changes, next: more.then(|| cursor.clone()), cursor, seq: told.last.0 }))
}

/// The changes of one entity or one field: who set it to what, oldest first.
pub(super) async fn history(app: &App, document: &Place, place: &str) -> Result<Value, Problem> {
    let mut parts = place.splitn(3, '/');
    let (Some(entity), second, third) = (parts.next(), parts.next(), parts.next()) else {
        return Err(Problem::bad_request("history is empty: give tasks/ca-1 or tasks/ca-1/due"));
    };
    let collection = schema::collection(entity).ok_or_else(|| {
        Problem::bad_request(format!("history names no collection {entity:?}: give tasks/ca-1 or tasks/ca-1/due"))
    })?;
    let (subject, field) = if collection.is_single() {
        ("meta".to_owned(), second)
    } else {
        (format!("{entity}/{}", second.unwrap_or_default()), third)
    };
    let id = &document.plan;
    let view = document.view(&app.house.rooms, true).await?;
    let is_of_field = |difference: &Difference| match (field, difference.field()) {
        (Some(wanted), Some((name, ..))) => {
            name == wanted || difference.stamps.iter().any(|each| *each.field == *wanted)
        }
        _ => true,
    };
    let history: Vec<Value> = past::changes(app.house.rooms.log(), document.doc, 0, None)?
        .iter()
        .filter(|change| match &change.event {
            Event::Difference(difference) => difference.subject() == subject && is_of_field(difference),
            Event::Other { .. } => false,
        })
        .map(|change| change.cloud_event(id))
        .collect();
    Ok(serde_json::json!({"id": id, "seq": view.seq, "history": history}))
}

impl ChangesQuery {
    fn selects(&self, change: &Value) -> bool {
        let data = |name: &str| change["data"][name].as_str();
        let class =
            self.class.as_deref().is_none_or(|wanted| wanted.split(',').any(|word| data("class") == Some(word.trim())));
        let subject = change["subject"].as_str().unwrap_or_default();
        let entity = self.entity.as_deref().is_none_or(|wanted| {
            subject == wanted || subject.split('/').next() == Some(wanted) || data("entity") == Some(wanted)
        });
        class && entity
    }
}

/// Streams changes as Server-Sent Events, from where `Last-Event-ID` or `since` says; without either from now on.
#[utoipa::path(get, path = "/v1/plans/{id}/events", tag = "changes", params(("id" = String, Path), ScopeQuery, ChangesQuery),
    security(("api_key" = []), ("token" = [])),
    responses((status = 200, content_type = "text/event-stream"), (status = 404, body = Problem)))]
pub async fn stream(
    State(app): State<App>,
    requester: Result<Requester, Problem>,
    id: Result<Path<String>, PathRejection>,
    scope: scope::Given,
    query: Result<Query<ChangesQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Query(query) = query?;
    // An EventSource of a browser cannot send a header.
    let requester = match (requester, &query.token) {
        (Err(_), Some(token)) => Requester::Person(app.house.people.admit(token)?),
        (requester, _) => requester?,
    };
    let Place { doc, .. } = scope::find(&app, &requester, id, scope).await?;
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let after = last.or(query.since.as_deref()).map(position).transpose()?;
    let pass = match requester {
        Requester::Person(pass) => Some(pass),
        Requester::Workspace { .. } => None,
    };
    let feed = Feed::open(app.house.rooms.log(), doc, after)?;
    let events = events(feed, query, app.house.stopping.clone(), pass);
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    let mut response = Sse::new(events).keep_alive(keep_alive).into_response();
    // Proxies that gather what they pass on would hold the stream back.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    debug_assert_eq!(response.status(), StatusCode::OK);
    Ok(response)
}

/// The events of a feed until the server stops or the pass is over.
fn events(
    feed: Feed,
    query: ChangesQuery,
    stopping: Stopping,
    pass: Option<Pass>,
) -> impl Stream<Item = Result<sse::Event, Infallible>> {
    let open = metrics::Open::feed();
    let ends = pass.as_ref().map(|pass| Instant::now() + clock::until(pass.expires_at()));
    stream::unfold((feed, query, stopping, pass, open), move |(mut feed, query, stopping, pass, open)| async move {
        loop {
            let change = tokio::select! {
                biased;
                () = over(pass.as_ref(), ends) => return None,
                () = stopping.wait() => return None,
                change = feed.next() => change,
            };
            let event = event(&change.ok()?, &query);
            if let Some(event) = event {
                return Some((Ok(event), (feed, query, stopping, pass, open)));
            }
        }
    })
}

/// A token is as good as its last second, and no better than what was decided about its person.
async fn over(pass: Option<&Pass>, ends: Option<Instant>) {
    let (Some(pass), Some(ends)) = (pass, ends) else { return std::future::pending().await };
    tokio::select! {
        _ = pass.lapsed() => {}
        () = sleep_until(ends) => {}
    }
}

fn event((at, json): &KeptChange, query: &ChangesQuery) -> Option<sse::Event> {
    let change: Value = serde_json::from_str(json).ok()?;
    let kind = change["type"].as_str()?;
    query.selects(&change).then(|| sse::Event::default().id(written(*at)).event(kind).data(&**json))
}

/// `412` stands for all changes up to entry 412, `412.0` for one change.
pub(super) fn position(given: &str) -> Result<Position, Problem> {
    let parsed = match given.split_once('.') {
        Some((seq, n)) => seq.parse().ok().zip(n.parse().ok()),
        None => given.parse().ok().map(|seq| (seq, u32::MAX)),
    };
    parsed.ok_or_else(|| Problem::bad_request(format!("{given:?} is no place among changes: give 412 or 412.0")))
}

fn written((seq, n): Position) -> String {
    // After the last change of an entry that is not known there is the next entry.
    if n == u32::MAX { seq.to_string() } else { format!("{seq}.{n}") }
}
