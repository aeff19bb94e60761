//! The summary after a call, and a plan as a file.

use axum::{
    Extension,
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::civil::Date;
use plansync_protocol::{
    ids::{Scope, Seq},
    plan::{
        self, Plan,
        change::Event,
        diff, export,
        item::local_day,
        json::Print,
        summary::{self, Question},
    },
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    App, Problem, past, plans,
    requester::Requester,
    scope::{self, Place, ScopeQuery},
    tokens, touchpoints,
};
use crate::{clock, log::Log, peer::Peer, room::View};

/// Styles stand in the mail itself; nothing is loaded and nothing runs.
const MAIL_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// Which summary.
#[derive(Debug, Deserialize, IntoParams)]
pub struct SummaryQuery {
    /// An entry, a touchpoint, or `last-visit`; the last closed touchpoint unless said.
    since: Option<String>,
    /// The last entry it covers; all there are unless said.
    until: Option<Seq>,
    /// The day it speaks of; today in the plan's zone unless said.
    #[serde(rename = "asOf")]
    #[param(value_type = Option<String>)]
    as_of: Option<String>,
    /// `md`, `html`, `text` or `json`; `md` unless said.
    format: Option<String>,
}

/// Tells what changed since a baseline, what moves because of it, and what comes next.
#[utoipa::path(get, path = "/v1/plans/{id}/summary", tag = "summary", params(("id" = String, Path), ScopeQuery, SummaryQuery),
    security(("api_key" = []), ("token" = [])),
    responses((status = 200, body = String), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub async fn summary(
    State(app): State<App>,
    requester: Requester,
    Extension(peer): Extension<Peer>,
    id: Result<Path<String>, PathRejection>,
    scope: scope::Given,
    query: Result<Query<SummaryQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let place = scope::find(&app, &requester, id, scope).await?;
    let id = &place.plan;
    let Query(query) = query?;
    let as_of = query.as_of.as_deref().map(plans::day).transpose()?;
    let log = app.house.rooms.log();
    let mut view = place.view(&app.house.rooms, true).await?;
    let (since, label) = match &place.scope {
        Scope::Shared => baseline(&app, &requester, place.doc.0, &view, query.since.as_deref())?,
        Scope::Party(party) => {
            // What others are writing there settles in its own time: nobody notices this request.
            let shared = plans::view(&app.house.rooms, id, false).await?;
            view.plan = view.plan.beside(&shared.plan, party);
            private_baseline(log, &place, &shared.plan, query.since.as_deref())?
        }
    };
    let until = query.until.unwrap_or(view.seq);
    if since > until || until > view.seq {
        let detail = format!("since is {since}, until is {until}: both are entries up to {}, in this order", view.seq);
        return Err(Problem::bad_request(detail));
    }
    let mut changes = past::changes(log, place.doc, since, None)?;
    // The plan as it was then: what came later is undone.
    let kept = changes.partition_point(|change| change.seq <= until);
    for change in changes.drain(kept..).rev() {
        if let Event::Difference(difference) = &change.event {
            diff::revert(&mut view.plan, difference);
        }
    }
    let as_of = as_of.unwrap_or_else(|| view.today());
    let activity = view.record.activity(as_of);
    let reader = match (&place.scope, &requester) {
        (Scope::Party(party), _) => Some(party),
        (Scope::Shared, Requester::Person(claims)) => Some(&claims.party),
        (Scope::Shared, Requester::Workspace { .. }) => None,
    };
    let link = format!("{}/p/{id}", tokens::base(&app, peer, &headers));
    let question = Question {
        id,
        plan: &view.plan,
        changes: &changes,
        since,
        until,
        since_label: label.as_deref(),
        as_of,
        activity: &activity,
        reader,
        last_edit: view.record.last_edit(&view.plan),
        link: Some(&link),
    };
    let summary = match &place.scope {
        Scope::Shared => summary::summarise(&question),
        Scope::Party(party) => summary::addendum(&question, party),
    };
    Ok(match query.format.as_deref().unwrap_or("md") {
        "md" => text("text/markdown; charset=utf-8", summary.markdown()),
        "text" => text("text/plain; charset=utf-8", summary.text()),
        "json" => axum::Json(summary).into_response(),
        "html" => {
            let mut response = text("text/html; charset=utf-8", summary.html());
            let policy = HeaderValue::from_static(MAIL_POLICY);
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
            response
        }
        other => return Err(Problem::bad_request(format!("format is {other:?}: give md, html, text or json"))),
    })
}

/// Where a summary begins, and what a reader calls that.
fn baseline(
    app: &App,
    requester: &Requester,
    plan: u64,
    view: &View,
    since: Option<&str>,
) -> Result<(Seq, Option<String>), Problem> {
    match since {
        None => Ok(match touchpoints::last_closed(&view.plan) {
            Some((id, seq)) => (seq, label(&view.plan, id)),
            None => (0, None),
        }),
        Some("last-visit") => match requester {
            Requester::Person(claims) => {
                let seq = app.house.rooms.log().visited(plan, &claims.sub)?;
                Ok((seq.min(view.seq), Some("your last visit".to_owned())))
            }
            Requester::Workspace { .. } => {
                Err(Problem::bad_request("last-visit is a person's: ask with their token, or give an entry"))
            }
        },
        Some(given) => match given.parse() {
            Ok(seq) => Ok((seq, None)),
            Err(_) => Ok((touchpoints::counts_from(&view.plan, given)?, label(&view.plan, given))),
        },
    }
}

/// The same for a private document, whose entries have numbers of their own: what a touchpoint of the plan marks in it is
/// what it stood at when that was closed.
fn private_baseline(
    log: &Log,
    place: &Place,
    shared: &Plan,
    since: Option<&str>,
) -> Result<(Seq, Option<String>), Problem> {
    let touchpoint = match since.map(str::parse) {
        Some(Ok(seq)) => return Ok((seq, None)),
        _ if since == Some("last-visit") => {
            let detail = "a visit is one of the shared document: give an entry of the private one, or a touchpoint";
            return Err(Problem::bad_request(detail));
        }
        Some(Err(_)) => since,
        None => touchpoints::last_closed(shared).map(|(id, _)| id),
    };
    let Some(id) = touchpoint else { return Ok((0, None)) };
    let at = touchpoints::counts_from_instant(shared, id)?;
    let before = past::changes(log, place.doc, 0, None)?;
    let last = before.iter().rev().find(|change| *change.at <= *at);
    Ok((last.map_or(0, |change| change.seq), label(shared, id)))
}

/// `Review call of Feb 17`.
fn label(plan: &Plan, id: &str) -> Option<String> {
    let row = touchpoints::find(plan, id)?;
    let zone = plan::item::time_zone(plan);
    let day: Date = local_day(row.text("endedAt").or_else(|| row.text("startedAt"))?, &zone)?;
    Some(format!("{} of {}", row.text("title")?, day.strftime("%b %-d")))
}

/// What kind of file.
#[derive(Debug, Deserialize, IntoParams)]
pub struct ExportQuery {
    /// `json`, `md`, `csv` or `ics`; `json` unless said.
    format: Option<String>,
}

/// Gives a plan as a file: canonical JSON, a Markdown table, a spreadsheet, or to-dos for a calendar.
#[utoipa::path(get, path = "/v1/plans/{id}/export", tag = "plans", params(("id" = String, Path), ScopeQuery, ExportQuery),
    security(("api_key" = []), ("token" = [])),
    responses((status = 200, body = String), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub async fn export(
    State(app): State<App>,
    requester: Requester,
    id: Result<Path<String>, PathRejection>,
    scope: scope::Given,
    query: Result<Query<ExportQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let place = scope::find(&app, &requester, id, scope).await?;
    let id = &place.plan;
    let Query(query) = query?;
    let mut view = place.view(&app.house.rooms, false).await?;
    let format = query.format.as_deref().unwrap_or("json");
    if let Scope::Party(party) = &place.scope
        && format != "json"
    {
        view.plan = view.plan.beside(&plans::view(&app.house.rooms, id, false).await?.plan, party);
    }
    let mut response = match format {
        "json" => {
            let json = plan::json::print(&view.plan, Print { shared: place.is_shared(), ..Print::default() });
            text("application/json", serde_json::to_string_pretty(&json).unwrap_or_default())
        }
        "md" => text("text/markdown; charset=utf-8", export::markdown(&view.plan, view.today())),
        "csv" => text("text/csv; charset=utf-8", export::csv(&view.plan)),
        "ics" => {
            let stamp = clock::rfc3339(view.updated_at);
            let calendar = match &place.scope {
                Scope::Shared => export::ics(id, &view.plan, &stamp),
                Scope::Party(party) => export::ics(&format!("{party}.{id}"), &view.plan, &stamp),
            };
            text("text/calendar; charset=utf-8", calendar)
        }
        other => return Err(Problem::bad_request(format!("format is {other:?}: give json, md, csv or ics"))),
    };
    response.headers_mut().insert(header::CONTENT_DISPOSITION, attachment(&place, format));
    Ok(response)
}

fn text(kind: &'static str, body: String) -> Response {
    (StatusCode::OK, [(header::CONTENT_TYPE, kind)], body).into_response()
}

/// A plan's id is safe in a file name.
fn attachment(place: &Place, format: &str) -> HeaderValue {
    let private = if place.is_shared() { "" } else { "-private" };
    HeaderValue::from_str(&format!("attachment; filename=\"{}{private}.{format}\"", place.plan))
        .unwrap_or(HeaderValue::from_static("attachment"))
}
