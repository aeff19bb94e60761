//! The interface as OpenAPI 3.1, made from the handlers themselves.

use super::Problem;
use axum::Json;
use utoipa::{
    Modify, OpenApi,
    openapi::security::{Http, HttpAuthScheme, SecurityScheme},
};

/// The document.
#[derive(OpenApi)]
#[openapi(
    info(title = "plansync", description = "Mutual action plans that several companies edit at the same time."),
    paths(
        super::plans::create,
        super::plans::list,
        super::plans::get,
        super::plans::erase,
        super::edits::edit,
        super::changes::list,
        super::changes::stream,
        super::touchpoints::open,
        super::touchpoints::list,
        super::touchpoints::close,
        super::summary::summary,
        super::summary::export,
        super::backward::backward,
        super::portfolio::portfolio,
        super::templates::list,
        super::tokens::create,
        super::refusals::list,
        super::members::list,
        super::members::change,
        super::members::revoke,
        super::invites::create,
        super::invites::list,
        super::invites::get,
        super::invites::revoke,
        super::invites::join,
        super::workspaces::create,
        super::workspaces::list,
        super::workspaces::create_key,
        super::workspaces::remove_key,
        super::workspaces::create_secret,
        super::workspaces::remove_secret,
        super::webhooks::create,
        super::webhooks::list,
        super::webhooks::get,
        super::webhooks::remove,
        super::webhooks::deliveries,
        super::webhooks::resume,
        super::sync::shared,
        super::sync::private,
        super::health::healthz,
        super::health::readyz,
        super::health::metrics,
    ),
    components(schemas(Problem)),
    modifiers(&Keys)
)]
struct Api;

struct Keys;

impl Modify for Keys {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let components = api.components.get_or_insert_default();
        for (name, description) in
            [("api_key", "The workspace's API key"), ("token", "A person's token: a JWT signed with HS256")]
        {
            let mut scheme = Http::new(HttpAuthScheme::Bearer);
            scheme.description = Some(description.to_owned());
            components.add_security_scheme(name, SecurityScheme::Http(scheme));
        }
    }
}

/// `/openapi.json`
pub async fn document() -> Json<utoipa::openapi::OpenApi> {
    Json(Api::openapi())
}
