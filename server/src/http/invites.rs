//! Invites, and those who come with one.

use std::sync::Arc;

use axum::{
    Extension, Json,
    body::Bytes,
    extract::{
        Path, State,
        rejection::{BytesRejection, PathRejection},
    },
    http::{HeaderMap, StatusCode},
};
use plansync_protocol::{
    ids::{Access, Origin, PartyId, PersonId, PlanId, Scope},
    plan::{
        Edit, Plan,
        change::Event as Told,
        edit::{Assign, EntityEdit, Target},
        row::Key,
        schema,
    },
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::sync::oneshot;
use utoipa::ToSchema;

use super::{
    App, Problem, json,
    plans::{self, plan_id},
    requester::Requester,
    tokens::{self, base, link},
};
use crate::{
    auth::{Author, Claims},
    clock::{self, Millis},
    invites::{NewInvite, Refused, Visitor, Why, is_same_address},
    log::{
        PlanRow,
        invites::{Ended, InviteRow, InviteStep, WRONG_MAX},
    },
    peer::Peer,
    room::{EditRequest, Event},
    rooms::Unreachable,
};

/// Long enough for a holiday between two calls.
const EXPIRES_AFTER: Millis = 14 * 86_400_000;
/// A year; what is to last longer is asked again.
const EXPIRES_AFTER_MAX: Millis = 366 * 86_400_000;
/// A plan has at most so many people.
const USES_MAX: u32 = 200;
const PASSCODE_CHARS_MIN: usize = 4;
const PASSCODE_CHARS_MAX: usize = 100;
/// A token of somebody who came by themselves lasts a quarter, as a deal does: there is nobody who signs them a new one
/// every week, and their access can be taken away at any time.
const JOINED_TTL_SECONDS: u64 = 90 * 86_400;

/// Whom to invite.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InviteRequest {
    /// The party they come into.
    #[schema(value_type = String)]
    party: PartyId,
    /// What they may do.
    #[schema(value_type = String)]
    access: Access,
    /// The only mail address it is for.
    #[serde(default)]
    email: Option<String>,
    /// When it ends, such as `2026-03-01T00:00:00Z`; 14 days from now unless given, at most a year.
    #[serde(default)]
    expires_at: Option<String>,
    /// How many people it lets in, 1 to 200; 1 unless given.
    #[serde(default)]
    max_uses: Option<u32>,
    /// What has to be said beside the link, 4 to 100 characters.
    #[serde(default)]
    passcode: Option<String>,
}

/// An invite, with its link.
#[derive(Debug, Serialize, ToSchema)]
pub struct Invited {
    /// Its id.
    id: String,
    /// The link; its secret stands after `#` and is not shown again.
    url: String,
}

/// An invite.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Invite {
    /// Its id.
    id: String,
    /// Who invites.
    #[schema(value_type = String)]
    inviter: PersonId,
    /// The party it lets into.
    #[schema(value_type = String)]
    party: PartyId,
    /// What it lets do.
    #[schema(value_type = String)]
    access: Access,
    /// The only mail address it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// When it was made.
    created_at: String,
    /// When it ends.
    expires_at: String,
    /// How many people it lets in.
    max_uses: u32,
    /// How many it has let in.
    uses: u32,
    /// Whether a passcode has to be said.
    passcode: bool,
    /// `open`, `expired`, `used`, `revoked`, or `locked` after ten wrong passcodes.
    state: &'static str,
}

/// Invites of a plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct InviteList {
    /// The oldest first.
    invites: Vec<Invite>,
}

/// Who comes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JoinRequest {
    /// What stands after `#` in the link.
    secret: String,
    /// Their name, as others see it.
    name: String,
    /// Their mail address, where the invite is for one.
    #[serde(default)]
    email: Option<String>,
    /// The passcode, where there is one.
    #[serde(default)]
    passcode: Option<String>,
}

/// Somebody who is in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Joined {
    /// Their token.
    token: String,
    /// The page of the plan with the token in its fragment.
    url: String,
    /// Their id.
    #[schema(value_type = String)]
    person: PersonId,
    /// The plan.
    #[schema(value_type = String)]
    plan: PlanId,
    /// Their party.
    #[schema(value_type = String)]
    party: PartyId,
    /// What they may do.
    #[schema(value_type = String)]
    access: Access,
}

/// Makes an invite. Its link is shown once.
#[utoipa::path(post, path = "/v1/plans/{id}/invites", tag = "people", params(("id" = String, Path)),
    request_body = InviteRequest, security(("api_key" = []), ("token" = [])),
    responses((status = 201, body = Invited), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn create(
    State(app): State<App>,
    requester: Requester,
    Extension(peer): Extension<Peer>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<Invited>), Problem> {
    let id = plan_id(id)?;
    let plan = requester.opens(&app, &id)?;
    let manager = requester.manager();
    let request: InviteRequest = parse(body)?;
    if !manager.manages(Some(&request.party), request.access) {
        return Err(Problem::forbidden(
            "an owner invites into their own party, an editor up to editors; others ask them to",
        ));
    }
    let view = plans::view(&app.house.rooms, &id, false).await?;
    if !view.plan.entities("parties").any(|party| party.id == request.party.as_str()) {
        return Err(malformed(format!("the plan has no party {}", request.party)));
    }
    let (inviter, inviter_party) = requester.who();
    let new = request.checked(inviter.clone(), inviter_party.cloned())?;
    let Some((row, secret)) = app.invites.create(&plan, new).await? else {
        let detail =
            "the plan has 1,000 invites: withdraw some, and wait until those that ended are forgotten after 30 days";
        return Err(Problem::new(StatusCode::CONFLICT, "too_many", detail));
    };
    let url = format!("{}/join#{secret}", base(&app, peer, &headers));
    Ok((StatusCode::CREATED, Json(Invited { id: row.id.into(), url })))
}

/// Lists invites: a workspace's all, for owners and editors those into their party.
#[utoipa::path(get, path = "/v1/plans/{id}/invites", tag = "people", params(("id" = String, Path)),
    security(("api_key" = []), ("token" = [])),
    responses((status = 200, body = InviteList), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn list(
    State(app): State<App>,
    requester: Requester,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<InviteList>, Problem> {
    let id = plan_id(id)?;
    let plan = requester.opens(&app, &id)?;
    let manager = requester.manager();
    let (_, own) = requester.who();
    if !own.is_none_or(|own| manager.manages(Some(own), Access::Viewer)) {
        return Err(Problem::forbidden("invites are shown to owners and editors"));
    }
    let rows = app.house.rooms.log().invites(plan.number)?.into_iter();
    let rows = rows.filter(|row| own.is_none_or(|own| row.party == *own));
    Ok(Json(InviteList { invites: rows.map(shown).collect() }))
}

/// Shows one invite, without its link.
#[utoipa::path(get, path = "/v1/plans/{id}/invites/{invite}", tag = "people",
    params(("id" = String, Path), ("invite" = String, Path)), security(("api_key" = []), ("token" = [])),
    responses((status = 200, body = Invite), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn get(
    State(app): State<App>,
    requester: Requester,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Json<Invite>, Problem> {
    let (_, row) = found(&app, &requester, path, Access::Viewer)?;
    Ok(Json(shown(row)))
}

/// Withdraws an invite. Whoever came with it stays.
#[utoipa::path(delete, path = "/v1/plans/{id}/invites/{invite}", tag = "people",
    params(("id" = String, Path), ("invite" = String, Path)), security(("api_key" = []), ("token" = [])),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn revoke(
    State(app): State<App>,
    requester: Requester,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<StatusCode, Problem> {
    let (plan, row) = found(&app, &requester, path, Access::Viewer)?;
    let log = app.house.rooms.log();
    match log.invite_step(plan.number, &row.id, InviteStep::Revoke, clock::now()).await? {
        Ok(_) => Ok(StatusCode::NO_CONTENT),
        Err(_) => Err(no_invite()),
    }
}

/// Comes with an invite.
#[utoipa::path(post, path = "/v1/join", tag = "people", request_body = JoinRequest,
    responses((status = 200, body = Joined), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 410, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem)))]
pub async fn join(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Joined>, Problem> {
    let request: JoinRequest = parse(body)?;
    let name = request.name.trim();
    if name.is_empty() {
        return Err(malformed("name is empty: say how others should see you"));
    }
    let given =
        |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let (email, passcode) = (given(&request.email), request.passcode.clone().filter(|text| !text.is_empty()));
    tokens::named(Some(name), email.as_deref())?;
    app.invites.tries.begin(peer.address, clock::instant()).map_err(|wait| {
        let seconds = wait.as_secs() + 1;
        let detail = format!("ten tries within a minute did not fit: try again in {seconds} s");
        Problem { retry_after: Some(seconds), ..Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_tries", detail) }
    })?;
    let visitor = Visitor { secret: &request.secret, email: email.as_deref(), passcode: passcode.as_deref() };
    let invite = match app.invites.take(visitor).await {
        Ok(invite) => invite,
        Err(refused) => return Err(refuse(&app, refused).await),
    };
    app.invites.tries.forgive(peer.address);
    let plan = app.house.rooms.plan(&invite.plan)?;
    let (person, name) = match enter(&app, &invite, name).await {
        Ok(entered) => entered,
        Err(problem) => {
            app.invites.give_back(&invite).await?;
            return Err(problem);
        }
    };
    let claims = Claims {
        sub: person.clone(),
        plan: plan.id.clone(),
        party: invite.party.clone(),
        access: invite.access,
        name: Some(name),
        email,
        iat: 0,
        exp: 0,
        jti: uuid::Uuid::now_v7().simple().to_string(),
    };
    let token = app.house.people.issue(&plan, claims, JOINED_TTL_SECONDS).await?;
    tracing::info!(plan = %plan.id, %person, invite = &*invite.id, "joined by an invite");
    let url = link(&base(&app, peer, &headers), &plan.id, &token);
    Ok(Json(Joined { token, url, person, plan: plan.id, party: invite.party, access: invite.access }))
}

/// Who the visitor is in the plan, and their name there. Only an invite for a mail address makes somebody a person who
/// is there already: the inviter vouches for it, while anybody can claim one.
async fn enter(app: &App, invite: &InviteRow, name: &str) -> Result<(PersonId, String), Problem> {
    let view = plans::view(&app.house.rooms, &invite.plan, false).await?;
    if let Some(known) = invite.email.as_deref().and_then(|email| known(&view.plan, &invite.party, email)) {
        return Ok((known.0, known.1.unwrap_or_else(|| name.to_owned())));
    }
    let id = format!("p-{:016x}", rand::random::<u64>());
    let person = PersonId::parse(&id).map_err(|error| Problem::bad_request(error.to_string()))?;
    let collection = schema::collection("people").ok_or_else(|| Problem::bad_request("a plan has no people"))?;
    let put = |key: &str, value: &str| Assign::Put(Key::of(collection, key), value.into());
    let mut assigns = vec![put("party", invite.party.as_str()), put("name", name)];
    assigns.extend(invite.email.as_deref().map(|email| put("email", email)));
    let edit = Edit {
        set: vec![EntityEdit { target: Target { collection, id: id.as_str().into() }, assigns }],
        ..Edit::default()
    };
    let (reply, answer) = oneshot::channel();
    let request = Box::new(EditRequest { author: server(), origin: Origin::System, access: None, edit });
    app.house.rooms.send(&invite.plan, &Scope::Shared, Event::Edit { request, reply }).await?;
    answer.await.map_err(|_| Unreachable::Ended(invite.plan.clone()))??;
    Ok((person, name.to_owned()))
}

/// The person of a party who has this mail address.
fn known(plan: &Plan, party: &PartyId, email: &str) -> Option<(PersonId, Option<String>)> {
    let is_them = |row: &plansync_protocol::plan::row::Row| {
        row.text("email").is_some_and(|own| is_same_address(own, email))
            && row.text("party") == Some(party.as_str())
            && !row.is_set("placeholder")
            && !row.is_set("team")
    };
    let found = plan.people().find(|person| !person.is_removed() && is_them(person.row))?;
    Some((PersonId::parse(found.id).ok()?, found.row.text("name").map(str::to_owned)))
}

/// What a visitor hears who is not let in; the plan hears of them too, but not what they said.
async fn refuse(app: &App, refused: Refused) -> Problem {
    let (why, tell) = match refused {
        Refused::Visitor { why, tell } => (why, tell),
        Refused::Log(error) => return error.into(),
    };
    let (status, code, detail) = match why {
        Why::Ended(Ended::Unknown) => return no_invite(),
        Why::Ended(Ended::Expired) => {
            (StatusCode::GONE, "invite_expired", "this invite has expired: ask for a new one")
        }
        Why::Ended(Ended::Used) => (
            StatusCode::GONE,
            "invite_used",
            "this invite has been used: go on with the link you got then, or ask for a new one",
        ),
        Why::Ended(Ended::Revoked) => {
            (StatusCode::GONE, "invite_revoked", "this invite has been withdrawn: ask the person who sent it")
        }
        Why::Ended(Ended::Locked) => (
            StatusCode::FORBIDDEN,
            "invite_locked",
            "this invite is locked after ten wrong passcodes: ask for a new one",
        ),
        Why::PasscodeNeeded => {
            (StatusCode::FORBIDDEN, "passcode_needed", "this invite needs the passcode that you were told")
        }
        Why::WrongPasscode => (StatusCode::FORBIDDEN, "wrong_passcode", "this is not the passcode of this invite"),
        Why::EmailNeeded => (StatusCode::FORBIDDEN, "email_needed", "this invite is for one mail address: say yours"),
        Why::WrongEmail => (
            StatusCode::FORBIDDEN,
            "wrong_email",
            "this invite is for another mail address: use the one it was sent to",
        ),
    };
    if let Some(invite) = tell {
        let event = Told::Other {
            kind: "invite.refused".into(),
            subject: Some(format!("invites/{}", invite.id).into()),
            data: serde_json::json!({
                "entity": "invites", "id": invite.id, "class": "people", "why": code,
                "inviter": invite.inviter, "forParty": invite.party,
            }),
        };
        let event = Event::Tell { event, author: server(), origin: Origin::System };
        if let Err(error) = app.house.rooms.send(&invite.plan, &Scope::Shared, event).await {
            tracing::warn!(plan = %invite.plan, %error, "a refused visitor could not be told of");
        }
    }
    Problem::new(status, code, detail)
}

impl InviteRequest {
    fn checked(self, inviter: PersonId, inviter_party: Option<PartyId>) -> Result<NewInvite, Problem> {
        let now = clock::now();
        let expires_at = match self.expires_at.as_deref() {
            None => now + EXPIRES_AFTER,
            Some(given) => {
                let at: jiff::Timestamp = given.parse().map_err(|_| {
                    malformed(format!("expiresAt is {given:?}, and should be like 2026-03-01T00:00:00Z"))
                })?;
                Millis::try_from(at.as_millisecond()).unwrap_or_default()
            }
        };
        if !(now + 1..=now + EXPIRES_AFTER_MAX).contains(&expires_at) {
            return Err(malformed("expiresAt is not within the next year"));
        }
        let uses_max = self.max_uses.unwrap_or(1);
        if !(1..=USES_MAX).contains(&uses_max) {
            return Err(malformed("maxUses is 1 to 200, the people of a plan"));
        }
        if let Some(passcode) = &self.passcode
            && !(PASSCODE_CHARS_MIN..=PASSCODE_CHARS_MAX).contains(&passcode.chars().count())
        {
            return Err(malformed("passcode has 4 to 100 characters"));
        }
        let email = self.email.map(|email| email.trim().to_owned()).filter(|email| !email.is_empty());
        tokens::named(None, email.as_deref())?;
        let (party, access, passcode) = (self.party, self.access, self.passcode);
        if email.is_some() && uses_max > 1 {
            return Err(malformed("an invite for one mail address is used once: leave maxUses out"));
        }
        Ok(NewInvite { inviter, inviter_party, party, access, email, expires_at, uses_max, passcode })
    }
}

/// The plan and the invite of a path, for somebody who manages the invite's party.
fn found(
    app: &App,
    requester: &Requester,
    path: Result<Path<(String, String)>, PathRejection>,
    access: Access,
) -> Result<(PlanRow, InviteRow), Problem> {
    let Path((id, invite)) =
        path.map_err(|rejection| Problem::new(StatusCode::NOT_FOUND, "not_found", rejection.body_text()))?;
    let id = plan_id(Ok(Path(id)))?;
    let plan = requester.opens(app, &id)?;
    let manager = requester.manager();
    let row = app.house.rooms.log().invite(plan.number, &invite)?;
    match row {
        Some(row) if manager.manages(Some(&row.party), access) => Ok((plan, row)),
        _ if requester.who().1.is_some_and(|own| !manager.manages(Some(own), access)) => {
            Err(Problem::forbidden("invites are for owners and editors"))
        }
        // Another party's are as good as none.
        _ => Err(no_invite()),
    }
}

fn shown(row: InviteRow) -> Invite {
    let state = match row.ended(clock::now()) {
        None | Some(Ended::Unknown) => "open",
        Some(Ended::Revoked) => "revoked",
        Some(Ended::Expired) => "expired",
        Some(Ended::Used) => "used",
        Some(Ended::Locked) => "locked",
    };
    debug_assert!(row.wrong <= WRONG_MAX, "a try beyond the last one is refused");
    Invite {
        id: row.id.into(),
        inviter: row.inviter,
        party: row.party,
        access: row.access,
        email: row.email.map(Into::into),
        created_at: clock::rfc3339(row.created_at),
        expires_at: clock::rfc3339(row.expires_at),
        max_uses: row.uses_max,
        uses: row.uses,
        passcode: row.passcode.is_some(),
        state,
    }
}

fn server() -> Arc<Author> {
    Arc::new(Author { person: PersonId::server(), party: None })
}

/// The body as what it should be.
fn parse<T: DeserializeOwned>(body: Result<Bytes, BytesRejection>) -> Result<T, Problem> {
    serde_json::from_value(json(body)?).map_err(|error| malformed(error.to_string()))
}

fn no_invite() -> Problem {
    let detail = "there is no such invite: open the link exactly as it was sent, or ask for a new one";
    Problem::new(StatusCode::NOT_FOUND, "no_invite", detail)
}

fn malformed(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed", detail)
}
