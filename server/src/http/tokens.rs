//! Tokens for people, and the links that carry them.

use axum::{
    Extension, Json,
    body::Bytes,
    extract::{
        Path, State,
        rejection::{BytesRejection, PathRejection},
    },
    http::{HeaderMap, StatusCode, header},
};
use plansync_protocol::ids::{Access, PartyId, PersonId, PlanId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{App, Problem, json, plans::plan_id, requester::Requester};
use crate::{auth::Claims, log::PlanRow, peer::Peer, people::People};

/// A link works for a week unless said otherwise: long enough for a plan's next call.
pub const TTL_SECONDS: u64 = 7 * 86_400;
/// A year; what is to last longer is signed again.
const TTL_SECONDS_MAX: u64 = 366 * 86_400;
/// A name as others see it.
pub(super) const NAME_CHARS_MAX: usize = 200;

/// Whom a token is for.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TokenRequest {
    /// The person's id.
    #[schema(value_type = String)]
    pub person: PersonId,
    /// Their party.
    #[schema(value_type = String)]
    pub party: PartyId,
    /// What they may do: owner, editor, contributor, commenter or viewer.
    #[schema(value_type = String)]
    pub access: Access,
    /// Their name, as others see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Their mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// How long it is valid; a week unless given, at most a year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_seconds: Option<u64>,
}

/// A token and the link that carries it.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenCreated {
    /// The token.
    token: String,
    /// The page of the plan with the token in its fragment, which no server log sees.
    url: String,
}

/// Signs a token for a person, who is a member of the plan from then on.
#[utoipa::path(post, path = "/v1/plans/{id}/tokens", tag = "people", params(("id" = String, Path)),
    request_body = TokenRequest, security(("api_key" = [])),
    responses((status = 201, body = TokenCreated), (status = 404, body = Problem)))]
pub async fn create(
    State(app): State<App>,
    requester: Requester,
    Extension(peer): Extension<Peer>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<TokenCreated>), Problem> {
    requester.workspace()?;
    let id = plan_id(id)?;
    let row = requester.opens(&app, &id)?;
    let request: TokenRequest = serde_json::from_value(json(body)?)
        .map_err(|error| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed", error.to_string()))?;
    let token = sign(&app.house.people, &row, request).await?;
    let url = link(&base(&app, peer, &headers), &id, &token);
    Ok((StatusCode::CREATED, Json(TokenCreated { token, url })))
}

/// Signs a token.
///
/// # Errors
/// A problem that names the value that does not fit.
pub async fn sign(people: &People, plan: &PlanRow, request: TokenRequest) -> Result<String, Problem> {
    let malformed = |detail: &str| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed", detail);
    let ttl = request.ttl_seconds.unwrap_or(TTL_SECONDS);
    if !(1..=TTL_SECONDS_MAX).contains(&ttl) {
        return Err(malformed("ttlSeconds is 1 to 31622400, which is a year"));
    }
    named(request.name.as_deref(), request.email.as_deref())?;
    let claims = Claims {
        sub: request.person,
        plan: plan.id.clone(),
        party: request.party,
        access: request.access,
        name: request.name,
        email: request.email,
        iat: 0,
        exp: 0,
        jti: uuid::Uuid::now_v7().simple().to_string(),
    };
    Ok(people.issue(plan, claims, ttl).await?)
}

/// Whether a name and a mail address can be shown.
pub(super) fn named(name: Option<&str>, email: Option<&str>) -> Result<(), Problem> {
    let fits = |text: &str| text.chars().count() <= NAME_CHARS_MAX && !text.chars().any(char::is_control);
    if [name, email].into_iter().flatten().all(fits) {
        return Ok(());
    }
    let detail = "name and email have at most 200 characters and no control characters";
    Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed", detail))
}

/// Where the operator says that links point, or the request's own host.
pub(super) fn base(app: &App, peer: Peer, headers: &HeaderMap) -> String {
    match &app.public_url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => {
            let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
            format!("{}://{host}", peer.scheme())
        }
    }
}

/// The page of a plan with a token in its fragment.
#[must_use]
pub fn link(base: &str, plan: &PlanId, token: &str) -> String {
    format!("{}/p/{plan}#token={token}", base.trim_end_matches('/'))
}
