//! Plans: create, list, get.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{
        Path, Query, State,
        rejection::{BytesRejection, PathRejection, QueryRejection},
    },
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use plansync_protocol::{
    ids::{Origin, PlanId, Scope, Seq},
    plan::{self, Plan, json::Print},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::oneshot;
use utoipa::{IntoParams, ToSchema};

use super::{App, Problem, is_tag, json, requester::Requester, tag};
use crate::{
    auth::Author,
    clock,
    document::Document,
    log::{Listed, NewEntry, PlanRow},
    room::{self, Event, View},
    rooms::{Rooms, Unreachable},
};

/// Plans of one page of the list, unless asked for fewer.
const PAGE_MAX: usize = 100;

/// A plan that has been created.
#[derive(Debug, Serialize, ToSchema)]
pub struct Created {
    /// Its id.
    #[schema(value_type = String)]
    id: PlanId,
    /// The entry it stands at.
    seq: Seq,
}

/// Creates a plan. The body is `{plan, id?}`, or the plan itself with an optional `id`.
#[utoipa::path(post, path = "/v1/plans", tag = "plans", request_body = Value, security(("api_key" = [])),
    responses((status = 201, body = Created), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn create(
    State(app): State<App>,
    requester: Requester,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    requester.workspace()?;
    let Requester::Workspace { actor } = requester else { return Err(Problem::forbidden("not the workspace")) };
    let mut body = json(body)?;
    let id = body.as_object_mut().and_then(|body| body.remove("id"));
    let id = match id {
        None | Some(Value::Null) => new_id(),
        Some(Value::String(id)) => PlanId::parse(&id).map_err(|error| Problem::bad_request(error.to_string()))?,
        Some(_) => return Err(Problem::bad_request("id is not a text")),
    };
    let plan = body.as_object_mut().and_then(|body| body.remove("plan")).unwrap_or(body);
    let plan = plan::json::parse(&plan, true).map_err(Problem::malformed)?;
    let row = create_plan(&app.house.rooms, id, &plan, Author { person: actor, party: None }).await?;
    let location = format!("/v1/plans/{}", row.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(Created { id: row.id, seq: 1 })).into_response())
}

fn new_id() -> PlanId {
    PlanId::parse(&uuid::Uuid::now_v7().simple().to_string()).expect("hexadecimal digits are a plan id")
}

/// Writes a plan's first entry.
///
/// # Errors
/// A problem when there is one of this name, or it is too large.
pub async fn create_plan(rooms: &Arc<Rooms>, id: PlanId, plan: &Plan, author: Author) -> Result<PlanRow, Problem> {
    let mut document = Document::new();
    let too_large = |why: String| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", why);
    let delta = document.create(plan).map_err(|error| too_large(error.to_string()))?;
    let delta = delta.ok_or_else(|| Problem::bad_request("the plan is empty: it needs at least a title in meta"))?;
    let entry = NewEntry { at: clock::now(), author: Arc::new(author), origin: Origin::Import, update: delta.encode() };
    let row = rooms.log().create(id, entry).await?;
    let card = serde_json::to_vec(&room::card(document.plan())).unwrap_or_default();
    rooms.log().card(row.number, 1, card).await?;
    Ok(row)
}

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
pub struct ListQuery {
    /// The `next` of the page before.
    #[serde(default)]
    cursor: String,
    /// At most this many, 1 to 100.
    limit: Option<usize>,
}

/// A page of the list of plans.
#[derive(Debug, Serialize, ToSchema)]
pub struct Plans {
    /// In the order of their ids.
    #[schema(value_type = Vec<Value>)]
    plans: Vec<Value>,
    /// The cursor of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Lists plans: a workspace's all, a person's own.
#[utoipa::path(get, path = "/v1/plans", tag = "plans", params(ListQuery), security(("api_key" = []), ("token" = [])),
    responses((status = 200, body = Plans)))]
pub async fn list(
    State(app): State<App>,
    requester: Requester,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<Plans>, Problem> {
    let Query(query) = query?;
    let limit = query.limit.unwrap_or(PAGE_MAX);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(Problem::bad_request("limit is 1 to 100"));
    }
    let rooms = &app.house.rooms;
    let mut listed = match &requester {
        Requester::Workspace { .. } => rooms.log().plans(&query.cursor, limit + 1)?,
        Requester::Person(claims) => rooms.log().listed(&claims.plan)?.into_iter().collect(),
    };
    let next = (listed.len() > limit).then(|| {
        listed.truncate(limit);
        listed.last().map(|last| last.row.id.to_string())
    });
    let mut plans = Vec::with_capacity(listed.len());
    for line in listed {
        plans.push(listed_json(rooms, line).await?);
    }
    Ok(Json(Plans { plans, next: next.flatten() }))
}

/// The line of one plan. The card beside it is as old as the entry it names; where edits have come since, the room
/// is asked.
async fn listed_json(rooms: &Arc<Rooms>, line: Listed) -> Result<Value, Problem> {
    let (seq, at) = line.head.unwrap_or((0, line.row.created_at));
    let (seq, at, card) = match line.card {
        Some((card_seq, card)) if card_seq == seq => (seq, at, card),
        _ => {
            let view = view(rooms, &line.row.id, false).await?;
            let card = room::card(&view.plan);
            let kept = serde_json::to_vec(&card).unwrap_or_default();
            rooms.log().card(line.row.number, view.seq, kept).await?;
            (view.seq, view.updated_at, card)
        }
    };
    let mut json = serde_json::json!({"id": line.row.id, "seq": seq, "updatedAt": clock::rfc3339(at)});
    if let (Some(json), Value::Object(card)) = (json.as_object_mut(), card) {
        json.extend(card);
    }
    Ok(json)
}

/// What a request asks of a plan.
#[derive(Debug, Deserialize, IntoParams)]
pub struct GetQuery {
    /// Removed entities too.
    #[serde(default)]
    removed: bool,
}

/// Reads a plan as canonical JSON.
#[utoipa::path(get, path = "/v1/plans/{id}", tag = "plans", params(("id" = String, Path), GetQuery),
    security(("api_key" = []), ("token" = [])),
    responses((status = 200, body = Value), (status = 304), (status = 404, body = Problem)))]
pub async fn get(
    State(app): State<App>,
    requester: Requester,
    id: Result<Path<String>, PathRejection>,
    query: Result<Query<GetQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = plan_id(id)?;
    let Query(query) = query?;
    requester.reads(&id)?;
    let view = view(&app.house.rooms, &id, false).await?;
    let unchanged = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|tag| tag.to_str().ok())
        .is_some_and(|tags| tags.split(',').any(|tag| is_tag(tag, view.seq)));
    if unchanged {
        return Ok((StatusCode::NOT_MODIFIED, tag(view.seq)).into_response());
    }
    let body = serde_json::json!({
        "id": id,
        "seq": view.seq,
        "updatedAt": clock::rfc3339(view.updated_at),
        "plan": plan::json::print(&view.plan, Print { with_removed: query.removed, ..Print::default() }),
        "figures": plan::figures::counts(&view.plan),
    });
    Ok((tag(view.seq), Json(body)).into_response())
}

/// The plan as its room has it, after the commit it rests on; where it is asked, after everything written so far has
/// become changes.
pub(super) async fn view(rooms: &Arc<Rooms>, id: &PlanId, settled: bool) -> Result<View, Problem> {
    let (reply, answer) = oneshot::channel();
    rooms.send(id, &Scope::Shared, Event::Read { settled, reply }).await?;
    answer.await.map_err(|_| Unreachable::Ended(id.clone()).into())
}

/// The plan a path names. What is no name is no plan.
pub(super) fn plan_id(given: Result<Path<String>, PathRejection>) -> Result<PlanId, Problem> {
    let not_found = |why: String| Problem::new(StatusCode::NOT_FOUND, "not_found", why);
    let Path(given) = given.map_err(|rejection| not_found(rejection.body_text()))?;
    PlanId::parse(&given).map_err(|error| not_found(error.to_string()))
}
