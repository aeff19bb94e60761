//! Touchpoints: the calls and meetings of a plan, from which summaries count.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{
        Path, State,
        rejection::{BytesRejection, PathRejection},
    },
    http::StatusCode,
    response::{IntoResponse, Response},
};
use plansync_protocol::{
    ids::{Origin, PlanId, Scope, Seq},
    limits,
    plan::{
        Edit, Key, Plan, Row, Value as Field, check,
        edit::{Assign, EntityEdit, Target},
        json, schema,
    },
};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::oneshot;
use utoipa::ToSchema;

use super::{
    App, Problem,
    plans::{self, plan_id},
    requester::Requester,
    scope,
};
use crate::{
    auth::Author,
    clock,
    room::{EditRequest, Event},
    rooms::Unreachable,
};

/// The name of the collection.
const COLLECTION: &str = "touchpoints";
const KINDS: [&str; 4] = ["call", "meeting", "email", "async"];

/// A touchpoint that has been opened or closed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Touchpoint {
    /// Its id.
    id: String,
    /// The entry from which its summary counts.
    baseline_seq: Seq,
    /// The entry up to which it counts; absent while it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_seq: Option<Seq>,
}

/// Opens a touchpoint: `{kind, title, startedAt?, attendees?}`.
#[utoipa::path(post, path = "/v1/plans/{id}/touchpoints", tag = "touchpoints", params(("id" = String, Path)),
    request_body = Value, security(("api_key" = []), ("token" = [])),
    responses((status = 201, body = Touchpoint), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub async fn open(
    State(app): State<App>,
    requester: Requester,
    id: Result<Path<String>, PathRejection>,
    scope: scope::Given,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    scope::shared_alone(scope)?;
    let plan = plan_id(id)?;
    let (author, origin) = requester.leads(&app, &plan)?;
    let body = super::json(body)?;
    let view = plans::view(&app.house.rooms, &plan, true).await?;
    let baseline_seq = last_closed(&view.plan).map_or(0, |(_, closed)| closed);
    let id = format!("tp-{}", uuid::Uuid::now_v7().simple());
    let mut fields = fields(&body)?;
    fields.push(("baselineSeq".to_owned(), Some(number(baseline_seq))));
    write(&app, &plan, author, origin, &id, fields).await?;
    Ok((StatusCode::CREATED, Json(Touchpoint { id, baseline_seq, closed_seq: None })).into_response())
}

/// Lists touchpoints, the oldest first.
#[utoipa::path(get, path = "/v1/plans/{id}/touchpoints", tag = "touchpoints", params(("id" = String, Path)),
    security(("api_key" = []), ("token" = [])), responses((status = 200, body = Value)))]
pub async fn list(
    State(app): State<App>,
    requester: Requester,
    id: Result<Path<String>, PathRejection>,
    scope: scope::Given,
) -> Result<Json<Value>, Problem> {
    scope::shared_alone(scope)?;
    let plan = plan_id(id)?;
    requester.opens(&app, &plan)?;
    let view = plans::view(&app.house.rooms, &plan, false).await?;
    let mut rows = rows(&view.plan);
    rows.sort_by(|(a_id, a), (b_id, b)| (a.text("startedAt"), a_id).cmp(&(b.text("startedAt"), b_id)));
    let rows: Vec<Value> = schema::collection(COLLECTION)
        .map(|collection| rows.iter().map(|(id, row)| json::print_row(collection, id, row)).collect())
        .unwrap_or_default();
    Ok(Json(serde_json::json!({"touchpoints": rows})))
}

/// Closes a touchpoint: what was written up to now has become changes, and the next summary counts from here.
#[utoipa::path(post, path = "/v1/plans/{id}/touchpoints/{tp}/close", tag = "touchpoints",
    params(("id" = String, Path), ("tp" = String, Path)), security(("api_key" = []), ("token" = [])),
    responses((status = 200, body = Touchpoint), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn close(
    State(app): State<App>,
    requester: Requester,
    path: Result<Path<(String, String)>, PathRejection>,
    scope: scope::Given,
) -> Result<Json<Touchpoint>, Problem> {
    scope::shared_alone(scope)?;
    let Path((plan, id)) = path.map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
    let plan = plan_id(Ok(Path(plan)))?;
    let (author, origin) = requester.leads(&app, &plan)?;
    let view = plans::view(&app.house.rooms, &plan, true).await?;
    let row = find(&view.plan, &id).ok_or_else(|| no_touchpoint(&id))?;
    let baseline_seq = seq(row, "baselineSeq").unwrap_or(0);
    if let Some(closed) = seq(row, "closedSeq") {
        let detail = format!("touchpoint {id} was closed at entry {closed}: open another one");
        return Err(Problem::new(StatusCode::CONFLICT, "closed", detail));
    }
    let fields = vec![
        ("endedAt".to_owned(), Some(Field::string(&clock::rfc3339(clock::now())))),
        ("closedSeq".to_owned(), Some(number(view.seq))),
    ];
    write(&app, &plan, author, origin, &id, fields).await?;
    Ok(Json(Touchpoint { id, baseline_seq, closed_seq: Some(view.seq) }))
}

/// The touchpoint that was closed last, and the entry it was closed at.
pub(super) fn last_closed(plan: &Plan) -> Option<(&str, Seq)> {
    let closed = rows(plan).into_iter().filter_map(|(id, row)| Some((id, seq(row, "closedSeq")?)));
    closed.max_by_key(|(id, closed)| (*closed, *id))
}

/// From where a summary of this touchpoint counts: from its end, or while it is open from its baseline.
pub(super) fn counts_from(plan: &Plan, id: &str) -> Result<Seq, Problem> {
    let row = find(plan, id).ok_or_else(|| no_touchpoint(id))?;
    Ok(seq(row, "closedSeq").or_else(|| seq(row, "baselineSeq")).unwrap_or(0))
}

/// The same as an instant, for documents whose entries have other numbers: the end of this touchpoint, or while it is
/// open that of the one it counts from; the beginning of time where there is none.
pub(super) fn counts_from_instant(plan: &Plan, id: &str) -> Result<String, Problem> {
    let row = find(plan, id).ok_or_else(|| no_touchpoint(id))?;
    let from = counts_from(plan, id)?;
    let of_baseline = || rows(plan).into_iter().map(|(_, row)| row).find(|row| seq(row, "closedSeq") == Some(from));
    let end = if row.get("closedSeq").is_some() { Some(row) } else { of_baseline() };
    Ok(end.and_then(|row| row.text("endedAt")).unwrap_or_default().to_owned())
}

pub(super) fn find<'a>(plan: &'a Plan, id: &str) -> Option<&'a Row> {
    rows(plan).into_iter().find(|(each, _)| *each == id).map(|(_, row)| row)
}

fn rows(plan: &Plan) -> Vec<(&str, &Row)> {
    schema::collection(COLLECTION).map(|collection| plan.ordered(collection, false)).unwrap_or_default()
}

fn seq(row: &Row, field: &str) -> Option<Seq> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the schema bounds it")]
    row.get(field).and_then(Field::as_number).map(|seq| seq as Seq)
}

#[expect(clippy::cast_precision_loss, reason = "no log grows beyond 2^53 entries")]
fn number(seq: Seq) -> Field {
    Field::Number(seq as f64)
}

fn no_touchpoint(id: &str) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", format!("the plan has no touchpoint {id:?}"))
}

/// The fields of a new touchpoint, or everything that is wrong with them.
fn fields(body: &Value) -> Result<Vec<(String, Option<Field>)>, Problem> {
    let mut wrong = Vec::new();
    let kind = body["kind"].as_str().unwrap_or("call");
    if !KINDS.contains(&kind) {
        wrong.push(check::Malformed::new("kind", &body["kind"], format!("one of {}", KINDS.join(", "))));
    }
    let title = body["title"].as_str().unwrap_or_default().trim();
    if title.is_empty() || title.chars().count() > limits::TITLE_CHARS_MAX {
        wrong.push(check::Malformed::new("title", &body["title"], "a title of 1 to 300 characters"));
    }
    let started = match &body["startedAt"] {
        Value::Null => Some(clock::rfc3339(clock::now())),
        given => given.as_str().and_then(|at| at.parse::<jiff::Timestamp>().ok()).map(|at| format!("{at:.3}")),
    };
    if started.is_none() {
        wrong.push(check::Malformed::new("startedAt", &body["startedAt"], "an instant like 2026-02-17T18:21:07Z"));
    }
    let attendees: Vec<&str> = body["attendees"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if !wrong.is_empty() {
        return Err(Problem::malformed(wrong));
    }
    let mut fields = vec![
        ("kind".to_owned(), Some(Field::string(kind))),
        ("title".to_owned(), Some(Field::string(title))),
        ("startedAt".to_owned(), started.map(|at| Field::string(&at))),
    ];
    fields.extend(attendees.iter().map(|person| (format!("attendees/{person}"), Some(Field::Bool(true)))));
    Ok(fields)
}

/// Writes fields of a touchpoint: the server's own, which no edit of a person reaches.
async fn write(
    app: &App,
    plan: &PlanId,
    author: Arc<Author>,
    origin: Origin,
    id: &str,
    fields: Vec<(String, Option<Field>)>,
) -> Result<Seq, Problem> {
    let collection = schema::collection(COLLECTION).ok_or_else(|| Problem::bad_request("no touchpoints"))?;
    let assigns =
        fields.into_iter().filter_map(|(key, value)| Some(Assign::Put(Key::of(collection, &key), value?))).collect();
    let edit =
        Edit { set: vec![EntityEdit { target: Target { collection, id: id.into() }, assigns }], ..Edit::default() };
    let (reply, answer) = oneshot::channel();
    let request = Box::new(EditRequest { author, origin, access: None, edit });
    app.house.rooms.send(plan, &Scope::Shared, Event::Edit { request, reply }).await?;
    Ok(answer.await.map_err(|_| Unreachable::Ended(plan.clone()))??.seq)
}
