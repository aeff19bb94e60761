//! Webhooks: create, list, remove, resume, and what became of the last deliveries.

use axum::{
    Json,
    body::Bytes,
    extract::{
        Path, State,
        rejection::{BytesRejection, PathRejection},
    },
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use plansync_protocol::ids::PlanId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{App, Problem, json, requester::Requester};
use crate::{
    clock,
    webhooks::{Refused, Shown, Wanted, status::Delivery},
};

/// What is to be sent where.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookRequest {
    /// Where deliveries go: `https://crm.example.com/hook`.
    url: String,
    /// Only changes of these classes: `date`, `owner` …; all of them unless given.
    #[serde(default)]
    classes: Option<Vec<String>>,
    /// Only changes of these plans; all plans, those to come included, unless given.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    plans: Option<Vec<PlanId>>,
}

/// A webhook that has been created.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookCreated {
    #[serde(flatten)]
    webhook: Webhook,
    /// What deliveries are signed with. It is shown here and never again.
    secret: Box<str>,
}

/// A webhook and how it is doing.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    /// Its id.
    id: Box<str>,
    /// Where deliveries go.
    url: Box<str>,
    /// The classes of its changes; absent where it gets all.
    #[serde(skip_serializing_if = "Option::is_none")]
    classes: Option<Vec<Box<str>>>,
    /// The plans it follows; absent where it follows all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    plans: Option<Vec<PlanId>>,
    /// When it was created.
    created_at: String,
    /// `active`; `failing` while a change is tried again; `paused` when nothing is sent any more.
    state: &'static str,
    /// Since when it fails or is paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    /// Why it is paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Box<str>>,
    /// Plans whose next change waits for another attempt.
    failing_plans: usize,
    /// When a delivery was last taken, since the server's start.
    #[serde(skip_serializing_if = "Option::is_none")]
    delivered_at: Option<String>,
    /// What went wrong last, since the server's start.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<Box<str>>,
}

/// All webhooks.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookList {
    /// Oldest first.
    webhooks: Vec<Webhook>,
}

/// The last deliveries of a webhook.
#[derive(Debug, Serialize, ToSchema)]
pub struct Deliveries {
    /// Newest first; at most 100, since the server's start.
    deliveries: Vec<DeliveryLine>,
}

/// One attempt at a delivery.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryLine {
    /// When it began.
    time: String,
    /// The change's id, which is the `webhook-id`.
    change: Box<str>,
    /// 1 for the first attempt at this change.
    attempt: u32,
    /// The status of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// Why it was not taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Box<str>>,
    /// How long it took.
    ms: u64,
}

/// Creates a webhook. It gets the changes that come from now on.
#[utoipa::path(post, path = "/v1/webhooks", tag = "webhooks", request_body = WebhookRequest, security(("api_key" = [])),
    responses((status = 201, body = WebhookCreated), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn create(
    State(app): State<App>,
    requester: Requester,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let workspace = requester.workspace()?.clone();
    let request: WebhookRequest = serde_json::from_value(json(body)?).map_err(|error| malformed(error.to_string()))?;
    let wanted = Wanted {
        url: request.url,
        workspace,
        classes: request.classes.unwrap_or_default(),
        plans: request.plans.unwrap_or_default(),
    };
    let row = app.webhooks.create(wanted).await?;
    let location = format!("/v1/webhooks/{}", row.id);
    let secret = row.secret.0.clone();
    let created = WebhookCreated { webhook: webhook(Shown { row, standing: Default::default() }), secret };
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(created)).into_response())
}

/// Lists all webhooks, without their secrets.
#[utoipa::path(get, path = "/v1/webhooks", tag = "webhooks", security(("api_key" = [])),
    responses((status = 200, body = WebhookList)))]
pub async fn list(State(app): State<App>, requester: Requester) -> Result<Json<WebhookList>, Problem> {
    let own = requester.workspace()?;
    Ok(Json(WebhookList { webhooks: app.webhooks.list(own).into_iter().map(webhook).collect() }))
}

/// One webhook, without its secret.
#[utoipa::path(get, path = "/v1/webhooks/{id}", tag = "webhooks", params(("id" = String, Path)),
    security(("api_key" = [])), responses((status = 200, body = Webhook), (status = 404, body = Problem)))]
pub async fn get(
    State(app): State<App>,
    requester: Requester,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Webhook>, Problem> {
    let own = requester.workspace()?;
    app.webhooks.get(own, &webhook_id(id)?).map(|shown| Json(webhook(shown))).ok_or_else(no_such)
}

/// Removes a webhook. Nothing is sent to it any more once this is answered.
#[utoipa::path(delete, path = "/v1/webhooks/{id}", tag = "webhooks", params(("id" = String, Path)),
    security(("api_key" = [])), responses((status = 204), (status = 404, body = Problem)))]
pub async fn remove(
    State(app): State<App>,
    requester: Requester,
    id: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, Problem> {
    let own = requester.workspace()?;
    match app.webhooks.remove(own, &webhook_id(id)?).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(no_such()),
    }
}

/// The last deliveries of a webhook and what became of them.
#[utoipa::path(get, path = "/v1/webhooks/{id}/deliveries", tag = "webhooks", params(("id" = String, Path)),
    security(("api_key" = [])), responses((status = 200, body = Deliveries), (status = 404, body = Problem)))]
pub async fn deliveries(
    State(app): State<App>,
    requester: Requester,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Deliveries>, Problem> {
    let own = requester.workspace()?;
    let shown = app.webhooks.get(own, &webhook_id(id)?).ok_or_else(no_such)?;
    Ok(Json(Deliveries { deliveries: shown.standing.deliveries.into_iter().rev().map(line).collect() }))
}

/// Goes on with a paused webhook where it was; one that is failing is tried again at once.
#[utoipa::path(post, path = "/v1/webhooks/{id}/resume", tag = "webhooks", params(("id" = String, Path)),
    security(("api_key" = [])), responses((status = 200, body = Webhook), (status = 404, body = Problem)))]
pub async fn resume(
    State(app): State<App>,
    requester: Requester,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Webhook>, Problem> {
    let own = requester.workspace()?;
    app.webhooks.resume(own, &webhook_id(id)?).await?.map(|shown| Json(webhook(shown))).ok_or_else(no_such)
}

fn webhook(Shown { row, standing }: Shown) -> Webhook {
    let failing_plans = standing.failing.as_ref().map_or(0, |failing| failing.plans);
    let (state, since, reason) = match (standing.paused, standing.failing) {
        (Some(paused), _) => ("paused", Some(paused.at), Some(paused.reason)),
        (None, Some(failing)) => ("failing", Some(failing.since), None),
        (None, None) => ("active", None, None),
    };
    Webhook {
        id: row.id,
        url: row.url,
        classes: Some(row.classes).filter(|classes| !classes.is_empty()),
        plans: Some(row.plans).filter(|plans| !plans.is_empty()),
        created_at: clock::rfc3339(row.created_at),
        state,
        since: since.map(clock::rfc3339),
        reason,
        failing_plans,
        delivered_at: standing.delivered_at.map(clock::rfc3339),
        last_error: standing.last_error,
    }
}

fn line(delivery: Delivery) -> DeliveryLine {
    let Delivery { at, change, attempt, status, error, ms } = delivery;
    DeliveryLine { time: clock::rfc3339(at), change, attempt, status, error, ms }
}

fn webhook_id(given: Result<Path<String>, PathRejection>) -> Result<String, Problem> {
    given.map(|Path(id)| id).map_err(|_| no_such())
}

fn no_such() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", "there is no such webhook")
}

fn malformed(detail: String) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed", detail)
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Malformed(detail) => malformed(detail),
            Refused::TooMany(_) => Self::new(StatusCode::CONFLICT, "too_many", refused.to_string()),
            Refused::Log(error) => error.into(),
        }
    }
}
