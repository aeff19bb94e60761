//! Typed edits over HTTP.

use axum::{
    Json,
    body::Bytes,
    extract::{
        Path, State,
        rejection::{BytesRejection, PathRejection},
    },
};
use plansync_protocol::{ids::Seq, plan::Edit};
use serde::Serialize;
use serde_json::Value;

use tokio::sync::oneshot;
use utoipa::ToSchema;

use super::{App, Problem, json, requester::Requester, scope, scope::ScopeQuery};
use crate::{
    room::{EditRequest, Event},
    rooms::Unreachable,
};

/// An edit that is on disk.
#[derive(Debug, Serialize, ToSchema)]
pub struct Edited {
    /// The entry the plan stands at.
    seq: Seq,
    /// What is different now, as CloudEvents. Others hear of it when it has settled: what is written again before is
    /// one change.
    #[schema(value_type = Vec<Object>)]
    changes: Vec<Value>,
    /// What was not done, and why.
    #[schema(value_type = Vec<Object>)]
    refused: Vec<Value>,
}

/// Makes a typed edit: all of it or nothing.
#[utoipa::path(post, path = "/v1/plans/{id}/edits", tag = "plans", params(("id" = String, Path), ScopeQuery), request_body = Value,
    security(("api_key" = []), ("token" = [])),
    responses((status = 200, body = Edited), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn edit(
    State(app): State<App>,
    requester: Requester,
    id: Result<Path<String>, PathRejection>,
    scope: scope::Given,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Edited>, Problem> {
    let place = scope::find(&app, &requester, id, scope).await?;
    let id = &place.plan;
    let (author, origin) = requester.writes(&app, id)?;
    let access = requester.access();
    let edit = Edit::parse(&json(body)?, place.is_shared()).map_err(Problem::malformed)?;
    let (reply, answer) = oneshot::channel();
    let request = Box::new(EditRequest { author, origin, access, edit });
    app.house.rooms.send(id, &place.scope, Event::Edit { request, reply }).await?;
    let edited = answer.await.map_err(|_| Unreachable::Ended(id.clone()))??;
    let changes = edited.changes.iter().map(|change| change.cloud_event(id)).collect();
    let refused = edited.refused.iter().map(|refusal| serde_json::to_value(refusal).unwrap_or_default()).collect();
    Ok(Json(Edited { seq: edited.seq, changes, refused }))
}
