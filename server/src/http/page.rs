//! The page: files that are part of the program.

use axum::{
    extract::{Path, rejection::PathRejection},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};

use super::Problem;

macro_rules! assets {
    ($($name:literal as $kind:literal),* $(,)?) => {
        &[$(($name, $kind, include_str!(concat!("../../page/", $name)))),*]
    };
}

/// Name, content type, text.
const ASSETS: &[(&str, &str, &str)] = assets![
    "plan.css" as "text/css; charset=utf-8",
    "plan.js" as "text/javascript; charset=utf-8",
    "live.js" as "text/javascript; charset=utf-8",
    "outline.js" as "text/javascript; charset=utf-8",
    "days.js" as "text/javascript; charset=utf-8",
    "view.js" as "text/javascript; charset=utf-8",
    "join.css" as "text/css; charset=utf-8",
    "join.js" as "text/javascript; charset=utf-8",
    "home.js" as "text/javascript; charset=utf-8",
];

/// The front page.
pub async fn home() -> Html<&'static str> {
    Html(include_str!("../../page/home.html"))
}

/// The page of a plan. It says nothing of the plan: who reads it has to show a token first.
pub async fn plan() -> Html<&'static str> {
    Html(include_str!("../../page/plan.html"))
}

/// The page of an invite. The invite's secret stays in the browser until the visitor asks to come in.
pub async fn join() -> Html<&'static str> {
    Html(include_str!("../../page/join.html"))
}

/// A script or a style.
pub async fn asset(name: Result<Path<String>, PathRejection>) -> Result<Response, Problem> {
    let (_, kind, text) = ASSETS
        .iter()
        .find(|(asset, ..)| name.as_ref().is_ok_and(|Path(name)| asset == name))
        .ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "not_found", "there is no such file"))?;
    Ok(([(header::CONTENT_TYPE, *kind), (header::CACHE_CONTROL, "no-cache")], *text).into_response())
}
