//! Workspaces: seller organisations on one server that see nothing of each other. For the server's own key alone.

use axum::{
    Json,
    body::Bytes,
    extract::{
        Path, State,
        rejection::{BytesRejection, PathRejection},
    },
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{App, Problem, json, requester::Requester, tokens::NAME_CHARS_MAX};
use crate::{
    clock,
    log::workspaces::{Kept, WorkspaceRow},
    workspaces::{Credential, Made, NotRemoved},
};

/// A workspace to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceRequest {
    /// Its name, for the operator.
    name: String,
}

/// A new workspace. Its key and its secret are not shown again.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceCreated {
    /// Its id.
    id: String,
    /// Acts as the workspace.
    api_key: String,
    /// Signs tokens for people of its plans.
    token_secret: String,
}

/// A workspace, without what is secret.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Workspace {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
    /// When it was made.
    created_at: String,
    /// Its API keys, the oldest first.
    keys: Vec<CredentialLine>,
    /// Its token secrets, the oldest first.
    secrets: Vec<CredentialLine>,
}

/// A key or a secret, without its value.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CredentialLine {
    /// Its id.
    kid: String,
    /// When it was made.
    created_at: String,
}

/// All workspaces but the default one.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkspaceList {
    /// The oldest first.
    workspaces: Vec<Workspace>,
}

/// A new key. It is not shown again.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyCreated {
    /// Its id.
    kid: String,
    /// The key.
    api_key: String,
}

/// A new secret. It is not shown again.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretCreated {
    /// Its id.
    kid: String,
    /// The secret.
    token_secret: String,
}

/// Makes a workspace.
#[utoipa::path(post, path = "/v1/workspaces", tag = "workspaces", request_body = WorkspaceRequest,
    security(("api_key" = [])),
    responses((status = 201, body = WorkspaceCreated), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub async fn create(
    State(app): State<App>,
    requester: Requester,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<WorkspaceCreated>), Problem> {
    requester.server()?;
    let malformed = |detail: String| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed", detail);
    let request: WorkspaceRequest =
        serde_json::from_value(json(body)?).map_err(|error| malformed(error.to_string()))?;
    let name = request.name.trim();
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
        return Err(malformed("name has 1 to 200 characters and no control characters".to_owned()));
    }
    let Some((row, key, secret)) = app.workspaces.create(name).await? else {
        let detail = "there are 10,000 workspaces, which is as many as a server has: start another server";
        return Err(Problem::new(StatusCode::CONFLICT, "too_many", detail));
    };
    let created = WorkspaceCreated { id: row.id.to_string(), api_key: key.value, token_secret: secret.value };
    Ok((StatusCode::CREATED, Json(created)))
}

/// Lists workspaces, without keys and secrets.
#[utoipa::path(get, path = "/v1/workspaces", tag = "workspaces", security(("api_key" = [])),
    responses((status = 200, body = WorkspaceList), (status = 403, body = Problem)))]
pub async fn list(State(app): State<App>, requester: Requester) -> Result<Json<WorkspaceList>, Problem> {
    requester.server()?;
    Ok(Json(WorkspaceList { workspaces: app.workspaces.list().await.into_iter().map(shown).collect() }))
}

/// Makes another API key. Two are valid at once; of three the oldest is void.
#[utoipa::path(post, path = "/v1/workspaces/{id}/keys", tag = "workspaces", params(("id" = String, Path)),
    security(("api_key" = [])),
    responses((status = 201, body = KeyCreated), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn create_key(
    State(app): State<App>,
    requester: Requester,
    id: Result<Path<String>, PathRejection>,
) -> Result<(StatusCode, Json<KeyCreated>), Problem> {
    let Made { kid, value } = renew(&app, &requester, id, Credential::Key).await?;
    Ok((StatusCode::CREATED, Json(KeyCreated { kid: kid.into(), api_key: value })))
}

/// Makes another token secret. Two are valid at once; of three the oldest is void, and the tokens it signed.
#[utoipa::path(post, path = "/v1/workspaces/{id}/secrets", tag = "workspaces", params(("id" = String, Path)),
    security(("api_key" = [])),
    responses((status = 201, body = SecretCreated), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn create_secret(
    State(app): State<App>,
    requester: Requester,
    id: Result<Path<String>, PathRejection>,
) -> Result<(StatusCode, Json<SecretCreated>), Problem> {
    let Made { kid, value } = renew(&app, &requester, id, Credential::Secret).await?;
    Ok((StatusCode::CREATED, Json(SecretCreated { kid: kid.into(), token_secret: value })))
}

/// Makes an API key void.
#[utoipa::path(delete, path = "/v1/workspaces/{id}/keys/{kid}", tag = "workspaces",
    params(("id" = String, Path), ("kid" = String, Path)), security(("api_key" = [])),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn remove_key(
    State(app): State<App>,
    requester: Requester,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<StatusCode, Problem> {
    remove(&app, &requester, path, Credential::Key).await
}

/// Makes a token secret void, and the tokens it signed.
#[utoipa::path(delete, path = "/v1/workspaces/{id}/secrets/{kid}", tag = "workspaces",
    params(("id" = String, Path), ("kid" = String, Path)), security(("api_key" = [])),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn remove_secret(
    State(app): State<App>,
    requester: Requester,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<StatusCode, Problem> {
    remove(&app, &requester, path, Credential::Secret).await
}

async fn renew(
    app: &App,
    requester: &Requester,
    id: Result<Path<String>, PathRejection>,
    what: Credential,
) -> Result<Made, Problem> {
    requester.server()?;
    let Path(id) = id.map_err(|_| no_such())?;
    app.workspaces.renew(&id, what).await?.ok_or_else(no_such)
}

async fn remove(
    app: &App,
    requester: &Requester,
    path: Result<Path<(String, String)>, PathRejection>,
    what: Credential,
) -> Result<StatusCode, Problem> {
    requester.server()?;
    let Path((id, kid)) = path.map_err(|_| no_such())?;
    match app.workspaces.remove(&id, what, &kid).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(NotRemoved::Unknown) => Err(no_such()),
        Err(NotRemoved::Last) => {
            let detail = "it is the only one, and without it nobody gets in: make another one first";
            Err(Problem::new(StatusCode::CONFLICT, "last_one", detail))
        }
        Err(NotRemoved::Log(error)) => Err(error.into()),
    }
}

fn shown(row: WorkspaceRow) -> Workspace {
    fn line<T>(kept: &Kept<T>) -> CredentialLine {
        CredentialLine { kid: kept.kid.to_string(), created_at: clock::rfc3339(kept.created_at) }
    }
    Workspace {
        id: row.id.to_string(),
        name: row.name.into(),
        created_at: clock::rfc3339(row.created_at),
        keys: row.keys.iter().map(line).collect(),
        secrets: row.secrets.iter().map(line).collect(),
    }
}

fn no_such() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", "there is no such workspace, key or secret")
}
