//! Backward from the target: the days that a plan's items should be due on for the target to hold. Nothing is written.

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use plansync_protocol::plan::schedule;
use serde_json::{Value, json};

use super::{App, Problem, requester::Requester, scope};

/// What each open item that the target waits for should be due on at the latest, where that is another day than now.
#[utoipa::path(get, path = "/v1/plans/{id}/backward", tag = "plans", params(("id" = String, Path), scope::ScopeQuery),
    security(("api_key" = []), ("token" = [])),
    responses((status = 200, body = Value), (status = 404, body = Problem)))]
pub async fn backward(
    State(app): State<App>,
    requester: Requester,
    id: Result<Path<String>, PathRejection>,
    scope: scope::Given,
) -> Result<Json<Value>, Problem> {
    let place = scope::find(&app, &requester, id, scope).await?;
    let view = place.view(&app.house.rooms, false).await?;
    let target = view.plan.meta.date("target.date");
    Ok(Json(json!({"seq": view.seq, "target": target, "proposed": schedule::backward(&view.plan)})))
}
