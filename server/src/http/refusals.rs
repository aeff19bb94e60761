//! What was put back lately, for the plan's owners.

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use plansync_protocol::ids::Access;
use serde_json::{Value, json};

use super::{App, Problem, requester::Requester, scope};

/// The last edits that were put back: whose, where and why; the newest first.
#[utoipa::path(get, path = "/v1/plans/{id}/refusals", tag = "plans", params(("id" = String, Path), scope::ScopeQuery),
    security(("api_key" = []), ("token" = [])),
    responses((status = 200, body = Value), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn list(
    State(app): State<App>,
    requester: Requester,
    id: Result<Path<String>, PathRejection>,
    scope: scope::Given,
) -> Result<Json<Value>, Problem> {
    let place = scope::find(&app, &requester, id, scope).await?;
    if !matches!(requester.access(), None | Some(Access::Owner)) {
        return Err(Problem::forbidden("what was put back is shown to the owners of the plan"));
    }
    let view = place.view(&app.house.rooms, false).await?;
    Ok(Json(json!({"refusals": view.record.refused().collect::<Vec<_>>()})))
}
