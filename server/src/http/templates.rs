//! Plans to begin with: the templates, and a plan made from one.

use axum::Json;
use plansync_protocol::plan::{
    Plan, item, schedule,
    template::{self, About, Order},
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Problem;
use crate::{activity, clock};

/// The templates.
#[derive(Debug, Serialize, ToSchema)]
pub struct Templates {
    /// Each with its id, title, description, the numbers of its milestones and tasks, and the kinds of its parties.
    #[schema(value_type = Vec<Value>)]
    templates: Vec<About>,
}

/// Lists the templates that a plan can be created from.
#[utoipa::path(get, path = "/v1/templates", tag = "plans", responses((status = 200, body = Templates)))]
pub async fn list() -> Json<Templates> {
    Json(Templates { templates: template::all().iter().map(template::Template::about).collect() })
}

/// The plan that a request asks for, if it asks for one from a template, and whether its target can be reached.
pub(super) fn ordered(body: &Value) -> Result<Option<(Plan, bool)>, Problem> {
    if body.get("template").is_none() {
        return Ok(None);
    }
    let plan = Order::parse(body).and_then(|order| order.plan(clock::timestamp())).map_err(Problem::malformed)?;
    let today = activity::day(clock::now(), &item::time_zone(&plan));
    let is_feasible = schedule::schedule(&plan, today).slip.is_empty();
    Ok(Some((plan, is_feasible)))
}
