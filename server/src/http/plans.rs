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
use jiff::civil::Date;
use plansync_protocol::{
    ids::{Origin, PlanId, Scope, Seq},
    plan::{self, Plan, figures, import, item, json::Print, lint, schedule},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::{
    App, Problem, changes, is_tag, json, past,
    requester::Requester,
    scope::{self, Place, ScopeQuery},
    tag, templates,
};
use crate::{
    activity::{self, Record},
    auth::{Author, WorkspaceId},
    clock, days,
    document::Document,
    log::{Listed, NewEntry, PlanRow},
    room::{self, View},
    rooms::Rooms,
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
    /// Of a plan from a template: whether everything that has to be done fits before the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    feasible: Option<bool>,
}

/// What is asked of a new plan beside its body.
#[derive(Debug, Deserialize, IntoParams)]
pub struct CreateQuery {
    /// The id of a plan whose body is no JSON.
    id: Option<String>,
    /// The title of a plan whose body has none.
    title: Option<String>,
}

/// Creates a plan. The body is `{plan, id?}`, or the plan itself with an optional `id`; or `{template, target: {kind?,
/// date}, title?, account?, opportunity?, tz?, buyer?, seller?, partner?, id?}` for one from a template; or, as `text/csv` or
/// `text/markdown`, the tables of a plan, of which every bad row is named.
#[utoipa::path(post, path = "/v1/plans", tag = "plans", params(CreateQuery), request_body = Value, security(("api_key" = [])),
    responses((status = 201, body = Created), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn create(
    State(app): State<App>,
    requester: Requester,
    query: Result<Query<CreateQuery>, QueryRejection>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let workspace = requester.workspace()?.clone();
    let actor = requester.who().0.clone();
    let Query(query) = query?;
    let mut body = match imported(&headers, &query, &body)? {
        Some(imported) => imported,
        None => json(body)?,
    };
    let id = body.as_object_mut().and_then(|body| body.remove("id"));
    let id = match id {
        None | Some(Value::Null) => new_id(),
        Some(Value::String(id)) => PlanId::parse(&id).map_err(|error| Problem::bad_request(error.to_string()))?,
        Some(_) => return Err(Problem::bad_request("id is not a text")),
    };
    let (plan, feasible) = match templates::ordered(&body)? {
        Some((plan, is_feasible)) => (plan, Some(is_feasible)),
        None => {
            let plan = body.as_object_mut().and_then(|body| body.remove("plan")).unwrap_or(body);
            (plan::json::parse(&plan, true).map_err(Problem::malformed)?, None)
        }
    };
    let row = create_plan(&app.house.rooms, id, workspace, &plan, Author { person: actor, party: None }).await?;
    let location = format!("/v1/plans/{}", row.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(Created { id: row.id, seq: 1, feasible }))
        .into_response())
}

/// The plan of a spreadsheet or a document, if the body is one.
fn imported(
    headers: &HeaderMap,
    query: &CreateQuery,
    body: &Result<Bytes, BytesRejection>,
) -> Result<Option<Value>, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let read = match kind.split(';').next().unwrap_or_default().trim() {
        "text/csv" => import::csv,
        "text/markdown" => import::markdown,
        _ => return Ok(None),
    };
    let Ok(body) = body else { return Ok(None) };
    let text = std::str::from_utf8(body).map_err(|_| Problem::bad_request("the body is not UTF-8 text"))?;
    let mut plan = read(text).map_err(Problem::malformed)?;
    if let (Some(title), Some(meta)) = (&query.title, plan["meta"].as_object_mut()) {
        meta.insert("title".to_owned(), title.as_str().into());
    }
    let mut created = serde_json::json!({"plan": plan});
    if let Some(id) = &query.id {
        created["id"] = id.as_str().into();
    }
    Ok(Some(created))
}

fn new_id() -> PlanId {
    PlanId::parse(&uuid::Uuid::now_v7().simple().to_string()).expect("hexadecimal digits are a plan id")
}

/// Writes a plan's first entry.
///
/// # Errors
/// A problem when there is one of this name, or it is too large.
pub async fn create_plan(
    rooms: &Arc<Rooms>,
    id: PlanId,
    workspace: WorkspaceId,
    plan: &Plan,
    author: Author,
) -> Result<PlanRow, Problem> {
    let mut document = Document::new();
    let too_large = |why: String| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", why);
    let delta = document.create(plan).map_err(|error| too_large(error.to_string()))?;
    let delta = delta.ok_or_else(|| Problem::bad_request("the plan is empty: it needs at least a title in meta"))?;
    let entry = NewEntry { at: clock::now(), author: Arc::new(author), origin: Origin::Import, update: delta.encode() };
    let row = rooms.log().create(id, workspace, entry).await?;
    let created = Record::created(activity::day(row.created_at, &item::time_zone(document.plan())));
    let card = serde_json::to_vec(&room::card(document.plan(), &created, row.created_at)).unwrap_or_default();
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
        Requester::Workspace { workspace, .. } => rooms.log().plans(Some(workspace), &query.cursor, limit + 1)?,
        Requester::Person(pass) => {
            let own = rooms.log().listed(&pass.plan)?.filter(|line| line.row.workspace == *pass.workspace());
            own.into_iter().collect()
        }
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
    let (seq, at, card) = match line.card.clone() {
        Some((card_seq, card)) if card_seq == seq && days::is_of_today(Some(&card)) => (seq, at, card),
        _ => {
            let (view, card) = days::refresh(rooms, &Listed { card: None, ..line.clone() }).await?;
            (view.seq, view.updated_at, card)
        }
    };
    let mut json = serde_json::json!({"id": line.row.id, "seq": seq, "updatedAt": clock::rfc3339(at)});
    if let (Some(json), Value::Object(card)) = (json.as_object_mut(), card) {
        json.extend(card);
    }
    Ok(json)
}

/// The lines of all plans of a workspace, one after the other.
pub(super) async fn all_lines(rooms: &Arc<Rooms>, of: &WorkspaceId) -> Result<Vec<Value>, Problem> {
    let (mut lines, mut after) = (Vec::new(), String::new());
    loop {
        let page = rooms.log().plans(Some(of), &after, PAGE_MAX)?;
        let Some(last) = page.last() else { return Ok(lines) };
        after = last.row.id.to_string();
        for line in page {
            lines.push(listed_json(rooms, line).await?);
        }
    }
}

/// What a request asks of a plan.
#[derive(Debug, Deserialize, IntoParams)]
pub struct GetQuery {
    /// Removed entities too.
    #[serde(default)]
    removed: bool,
    /// The plan as it stood after this entry.
    at: Option<Seq>,
    /// The changes of an entity (`tasks/ca-1`) or a field (`tasks/ca-1/due`) instead of the plan: who set it to what.
    history: Option<String>,
    /// The day the figures hold for; today in the plan's zone unless said.
    #[serde(rename = "asOf")]
    #[param(value_type = Option<String>)]
    as_of: Option<String>,
}

/// Reads a plan as canonical JSON, with its figures and with advice.
#[utoipa::path(get, path = "/v1/plans/{id}", tag = "plans", params(("id" = String, Path), ScopeQuery, GetQuery),
    security(("api_key" = []), ("token" = [])),
    responses((status = 200, body = Value), (status = 304), (status = 404, body = Problem)))]
pub async fn get(
    State(app): State<App>,
    requester: Requester,
    id: Result<Path<String>, PathRejection>,
    scope: scope::Given,
    query: Result<Query<GetQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let place = scope::find(&app, &requester, id, scope).await?;
    let Query(query) = query?;
    if let Some(of) = &query.history {
        return Ok(Json(changes::history(&app, &place, of).await?).into_response());
    }
    let mut view = place.view(&app.house.rooms, false).await?;
    if let Some(at) = query.at {
        past::travel(&app.house.rooms, &place, &mut view, at).await?;
    }
    if !place.is_shared() {
        return Ok(private(&place, &view, query.removed));
    }
    let as_of = match &query.as_of {
        Some(day) => self::day(day)?,
        None => view.today(),
    };
    let activity = view.record.activity(as_of);
    let schedule = schedule::schedule(&view.plan, as_of);
    let figures = figures::of_schedule(&view.plan, &schedule, as_of, &activity);
    let tag = tag(view.seq);
    // The figures are of the day as well as of the plan: what was kept yesterday is not what is shown today.
    let is_of_today = activity::day(view.updated_at, &item::time_zone(&view.plan)) == as_of;
    let unchanged = query.at.is_none()
        && query.as_of.is_none()
        && is_of_today
        && headers
            .get(header::IF_NONE_MATCH)
            .and_then(|tag| tag.to_str().ok())
            .is_some_and(|tags| tags.split(',').any(|tag| is_tag(tag, view.seq)));
    if unchanged {
        return Ok((StatusCode::NOT_MODIFIED, tag).into_response());
    }
    let body = serde_json::json!({
        "id": place.plan,
        "seq": view.seq,
        "updatedAt": clock::rfc3339(view.updated_at),
        "plan": plan::json::print(&view.plan, Print { with_removed: query.removed, ..Print::default() }),
        "figures": figures,
        "schedule": schedule,
        "lint": lint::lint(&view.plan, as_of),
    });
    Ok((tag, Json(body)).into_response())
}

/// A private document as it is read: what is in it is no item of the plan, so no figures are made of it.
fn private(place: &Place, view: &View, with_removed: bool) -> Response {
    let body = serde_json::json!({
        "id": place.plan,
        "scope": place.scope.to_string(),
        "seq": view.seq,
        "updatedAt": clock::rfc3339(view.updated_at),
        "plan": plan::json::print(&view.plan, Print { shared: false, with_removed }),
    });
    (tag(view.seq), Json(body)).into_response()
}

/// What a request to delete a plan says.
#[derive(Debug, Deserialize, IntoParams)]
pub struct EraseQuery {
    /// `true`: whoever deletes a plan means that nothing of it is left.
    #[serde(default)]
    erase: bool,
}

/// What is left of an erased plan.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Erased {
    /// Its id.
    #[schema(value_type = String)]
    id: PlanId,
    /// When it was erased.
    erased_at: String,
    /// By whom.
    by: Box<str>,
    /// The epoch that has ended.
    epoch: u64,
    /// The last entry of its shared document, and that one's hash.
    seq: Seq,
    /// In hexadecimal digits.
    hash: String,
}

/// Erases a plan: when this is answered, nothing of it is left in the store but that it has been there.
#[utoipa::path(delete, path = "/v1/plans/{id}", tag = "plans", params(("id" = String, Path), EraseQuery),
    security(("api_key" = [])), responses((status = 200, body = Erased), (status = 400, body = Problem),
        (status = 404, body = Problem), (status = 410, body = Problem)))]
pub async fn erase(
    State(app): State<App>,
    requester: Requester,
    id: Result<Path<String>, PathRejection>,
    query: Result<Query<EraseQuery>, QueryRejection>,
) -> Result<Json<Erased>, Problem> {
    requester.workspace()?;
    let Requester::Workspace { actor, .. } = &requester else { return Err(Problem::forbidden("not the workspace")) };
    let id = plan_id(id)?;
    requester.opens(&app, &id)?;
    let Query(query) = query?;
    if !query.erase {
        let detail = "a deleted plan does not come back: add ?erase=true if nothing of it is to be left, or set \
                      meta.stage to archived to put it away";
        return Err(Problem::bad_request(detail));
    }
    let left = app.house.rooms.erase(&id, actor.clone()).await?;
    let (seq, hash) = left.head;
    let hash = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Json(Erased { id, erased_at: clock::rfc3339(left.at), by: left.by, epoch: left.epoch, seq, hash }))
}

/// A day of a query.
pub(super) fn day(given: &str) -> Result<Date, Problem> {
    given.parse().map_err(|_| Problem::bad_request(format!("{given:?} is no day: give one like 2026-02-17")))
}

/// The shared document as its room has it.
pub(super) async fn view(rooms: &Arc<Rooms>, id: &PlanId, settled: bool) -> Result<View, Problem> {
    let doc = rooms.plan(id)?.doc();
    Place { plan: id.clone(), scope: Scope::Shared, doc }.view(rooms, settled).await
}

/// The plan a path names. What is no name is no plan.
pub(super) fn plan_id(given: Result<Path<String>, PathRejection>) -> Result<PlanId, Problem> {
    let not_found = |why: String| Problem::new(StatusCode::NOT_FOUND, "not_found", why);
    let Path(given) = given.map_err(|rejection| not_found(rejection.body_text()))?;
    PlanId::parse(&given).map_err(|error| not_found(error.to_string()))
}
