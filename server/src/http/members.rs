//! The people of a plan: who belongs to it, what they may do, and the end of it.

use axum::{
    Json,
    body::Bytes,
    extract::{
        Path, Query, State,
        rejection::{BytesRejection, PathRejection, QueryRejection},
    },
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use plansync_protocol::{
    ids::{Access, PersonId, PlanId},
    plan::schema,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    App, Problem, json,
    plans::{self, plan_id},
    requester::Requester,
};
use crate::{
    auth::Author,
    clock,
    log::{PlanRow, members::MemberRow},
};

/// Somebody who belongs to a plan.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// The person's id.
    #[schema(value_type = String)]
    person: PersonId,
    /// Their party.
    #[serde(skip_serializing_if = "Option::is_none")]
    party: Option<String>,
    /// What they may do.
    #[schema(value_type = String)]
    access: Access,
    /// Their name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Whether they have a connection open.
    online: bool,
    /// Their mail address; for their own party and the workspace.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// When they came first; for their own party and the workspace.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_seen_at: Option<String>,
    /// When they came last, to the hour; for their own party and the workspace.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seen_at: Option<String>,
    /// When their access was taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<String>,
    /// When they were erased from the plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    erased_at: Option<String>,
}

/// The people of a plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct Members {
    /// In the order of their ids.
    members: Vec<Member>,
}

/// What somebody may do from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessChange {
    /// Owner, editor, contributor, commenter or viewer.
    #[schema(value_type = String)]
    access: Access,
}

/// Lists the people of a plan: those a token was made for or who have come.
#[utoipa::path(get, path = "/v1/plans/{id}/members", tag = "people", params(("id" = String, Path)),
    security(("api_key" = []), ("token" = [])),
    responses((status = 200, body = Members), (status = 404, body = Problem)))]
pub async fn list(
    State(app): State<App>,
    requester: Requester,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Members>, Problem> {
    let id = plan_id(id)?;
    let plan = requester.opens(&app, &id)?;
    let people = app.house.people.of(&plan)?;
    Ok(Json(Members { members: people.into_iter().map(|(row, online)| member(row, online, &requester)).collect() }))
}

/// Changes what somebody may do. Their tokens of before give at most this from now on, and their connections come back
/// with it; for more than a token says they need a new one.
#[utoipa::path(patch, path = "/v1/plans/{id}/members/{person}", tag = "people",
    params(("id" = String, Path), ("person" = String, Path)), request_body = AccessChange,
    security(("api_key" = []), ("token" = [])),
    responses((status = 200, body = Member), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn change(
    State(app): State<App>,
    requester: Requester,
    path: Result<Path<(String, String)>, PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Member>, Problem> {
    let (plan, person) = named(&app, &requester, path)?;
    let AccessChange { access } = serde_json::from_value(json(body)?)
        .map_err(|error| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed", error.to_string()))?;
    let known = app.house.rooms.log().member(plan.number, &person)?.ok_or_else(|| no_member(&person, &plan.id))?;
    let manager = requester.manager();
    let may = |access| manager.manages(known.party.as_ref(), access);
    if !may(known.access) || !may(access) {
        return Err(not_theirs());
    }
    let row = app.house.people.cap(&plan, person, access).await?;
    Ok(Json(member(row, false, &requester)))
}

/// What a request to take somebody's access away says.
#[derive(Debug, Deserialize, IntoParams)]
pub struct RevokeQuery {
    /// `true`: nothing personal of them is to be left in the plan.
    #[serde(default)]
    erase: bool,
}

/// What is left of somebody who has been erased.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErasedPerson {
    /// The person's id, which stays as the key of what they owned.
    #[schema(value_type = String)]
    person: PersonId,
    /// When they were erased first.
    erased_at: String,
}

/// Takes somebody's access away: tokens of theirs made before now are void, their connections end. With `erase=true`,
/// nothing personal of them is left in the store once this is answered, and no token of theirs is good ever again.
#[utoipa::path(delete, path = "/v1/plans/{id}/members/{person}", tag = "people",
    params(("id" = String, Path), ("person" = String, Path), RevokeQuery), security(("api_key" = []), ("token" = [])),
    responses((status = 200, description = "with `erase=true`", body = ErasedPerson), (status = 204),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn revoke(
    State(app): State<App>,
    requester: Requester,
    path: Result<Path<(String, String)>, PathRejection>,
    query: Result<Query<RevokeQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let (plan, person) = named(&app, &requester, path)?;
    let Query(query) = query?;
    if query.erase {
        return Ok(Json(erase(&app, &requester, &plan, person).await?).into_response());
    }
    let known = app.house.rooms.log().member(plan.number, &person)?;
    match (requester.manager(), &known) {
        // A host application signs tokens that nobody has come with yet: those can be taken away as well.
        (crate::membership::Manager::Workspace, _) => {}
        (manager, Some(known)) if manager.manages(known.party.as_ref(), known.access) => {}
        (_, Some(_)) => return Err(not_theirs()),
        (_, None) => return Err(no_member(&person, &plan.id)),
    }
    app.house.people.revoke(&plan, person).await?;
    // What was taken in before the decision is on disk once every room of the plan has had a turn: nothing of theirs
    // comes after this answer.
    app.house.rooms.settle(&plan.id).await;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Erases somebody of a plan that stays.
async fn erase(app: &App, requester: &Requester, plan: &PlanRow, person: PersonId) -> Result<ErasedPerson, Problem> {
    requester.workspace()?;
    if person.as_str().contains('@') {
        let detail = "this person's id is a mail address, and an id stays as the key of what its person owned and did: \
                      export the plan, give the person another id in it, create it anew and erase this one";
        return Err(Problem::new(StatusCode::CONFLICT, "personal_id", detail));
    }
    let view = plans::view(&app.house.rooms, &plan.id, false).await?;
    let row = |name: &str| schema::collection(name).and_then(|collection| view.plan.row(collection, person.as_str()));
    let is_named = row("people").is_some() || row("stakeholders").is_some();
    if !is_named && app.house.rooms.log().member(plan.number, &person)?.is_none() {
        return Err(no_member(&person, &plan.id));
    }
    let address = row("people").and_then(|row| row.text("email")).map(str::to_owned);
    let erased = app.house.people.erase(plan, person, address.into_iter().collect()).await?;
    let by = Author { person: requester.who().0.clone(), party: None };
    app.house.rooms.forget(plan, &erased.person, by).await?;
    let erased_at = clock::rfc3339(erased.erased_at.unwrap_or_default());
    Ok(ErasedPerson { person: erased.person, erased_at })
}

/// The plan and the person of a path, for somebody who may read the plan.
fn named(
    app: &App,
    requester: &Requester,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<(PlanRow, PersonId), Problem> {
    let not_found = |why: String| Problem::new(StatusCode::NOT_FOUND, "not_found", why);
    let Path((id, person)) = path.map_err(|rejection| not_found(rejection.body_text()))?;
    let id = PlanId::parse(&id).map_err(|error| not_found(error.to_string()))?;
    let plan = requester.opens(app, &id)?;
    let person = PersonId::parse(&person).map_err(|error| not_found(error.to_string()))?;
    Ok((plan, person))
}

/// What this requester sees of somebody.
fn member(row: MemberRow, online: bool, requester: &Requester) -> Member {
    let is_seen_whole = match requester.who() {
        (_, Some(own)) => row.party.as_ref() == Some(own),
        (_, None) => true,
    };
    let at = |at: Option<clock::Millis>| at.filter(|_| is_seen_whole).map(clock::rfc3339);
    Member {
        party: row.party.map(Into::into),
        access: row.access,
        name: row.name.map(Into::into),
        online,
        email: row.email.filter(|_| is_seen_whole).map(Into::into),
        first_seen_at: at(row.first_seen_at),
        last_seen_at: at(row.last_seen_at),
        revoked_at: row.revoked_at.map(clock::rfc3339),
        erased_at: row.erased_at.map(clock::rfc3339),
        person: row.person,
    }
}

fn no_member(person: &PersonId, plan: &PlanId) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", format!("{person} is no member of plan {plan}"))
}

fn not_theirs() -> Problem {
    Problem::forbidden("this is for an owner of the person's own party, or an editor of it where nobody is an owner")
}
