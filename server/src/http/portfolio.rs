//! Many plans in one answer: what a pipeline report shows.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use jiff::civil::Date;
use plansync_protocol::plan::{
    figures::PlanStatus,
    portfolio::{self, Card, Outcome, PlanCard, Portfolio},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::IntoParams;

use super::{App, Problem, plans, requester::Requester};

/// How likely a stage is to end with a signature, unless the request says so.
const PROBABILITIES: [(&str, f64); 3] = [("draft", 0.1), ("active", 0.5), ("on_hold", 0.2)];

/// How the pipeline weighs its stages.
#[derive(Debug, Deserialize, IntoParams)]
pub struct PortfolioQuery {
    /// The probability of each stage, `draft:0.1,active:0.6`; 0.1 for draft, 0.5 for active, 0.2 for on_hold unless said.
    probabilities: Option<String>,
}

/// The portfolio of a workspace.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// How many plans it is made of.
    plans: usize,
    #[serde(flatten)]
    portfolio: Portfolio,
}

/// Adoption, win rate and cycle time with and without a healthy plan, and a forecast weighted by health.
#[utoipa::path(get, path = "/v1/portfolio", tag = "plans", params(PortfolioQuery), security(("api_key" = [])),
    responses((status = 200, body = Value), (status = 400, body = Problem), (status = 403, body = Problem)))]
pub async fn portfolio(
    State(app): State<App>,
    requester: Requester,
    query: Result<Query<PortfolioQuery>, QueryRejection>,
) -> Result<Json<Answer>, Problem> {
    let own = requester.workspace()?;
    let Query(query) = query?;
    let probabilities = match &query.probabilities {
        Some(given) => parse(given)?,
        None => PROBABILITIES.iter().map(|(stage, probability)| ((*stage).into(), *probability)).collect(),
    };
    let lines = plans::all_lines(&app.house.rooms, own).await?;
    let cards: Vec<Card> = lines.iter().filter_map(card).collect();
    Ok(Json(Answer { plans: lines.len(), portfolio: portfolio::portfolio(&cards, &probabilities) }))
}

fn parse(given: &str) -> Result<BTreeMap<Box<str>, f64>, Problem> {
    let pair = |pair: &str| {
        let (stage, probability) = pair.split_once(':')?;
        let probability: f64 = probability.trim().parse().ok()?;
        (0.0..=1.0).contains(&probability).then(|| (stage.trim().into(), probability))
    };
    let parsed: Option<_> = given.split(',').map(pair).collect();
    parsed.ok_or_else(|| {
        Problem::bad_request(format!(
            "probabilities is {given:?}: give stages with numbers from 0 to 1, active:0.6,draft:0.1"
        ))
    })
}

/// The card of a line of the list of plans; none of a plan that was put away.
fn card(line: &Value) -> Option<Card> {
    let stage = line["stage"].as_str().unwrap_or("active");
    let outcome = Outcome::of(stage)?;
    let day = |value: &Value| value.as_str().and_then(|day| day.get(..10)).and_then(|day| day.parse::<Date>().ok());
    let figures = &line["figures"];
    let health = figures["health"]["score"].as_u64().and_then(|score| u8::try_from(score).ok()).unwrap_or(0);
    let currency = line["value"]["currency"].as_str().unwrap_or_default();
    Some(Card {
        id: line["id"].as_str()?.into(),
        stage: stage.into(),
        outcome,
        opened: day(&line["createdOn"]),
        closed: (outcome != Outcome::Open).then(|| day(&line["updatedAt"])).flatten(),
        value: line["value"]["amount"].as_f64().map(|amount| (amount, currency.into())),
        plan: Some(PlanCard {
            is_active: !matches!(stage, "draft" | "on_hold"),
            health,
            status: PlanStatus::of(figures["status"].as_str().unwrap_or_default()),
            completion: figures["completion"]["percent"].as_f64().unwrap_or(0.0),
        }),
    })
}
