//! What browsers get: the pages, and the element with its script. Built from `client-sdk/web`, part of the program.

use axum::{
    extract::{Path, rejection::PathRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::Problem;

/// One file, as `build.rs` has found it.
struct File {
    name: &'static str,
    /// An entity tag of its content, quotes included.
    tag: &'static str,
    plain: &'static [u8],
    gzip: &'static [u8],
    brotli: &'static [u8],
}

const FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// The front page.
pub async fn home(headers: HeaderMap) -> Result<Response, Problem> {
    file("home.html", &headers)
}

/// The page of a plan. It says nothing of the plan: who reads it has to show a token first.
pub async fn plan(headers: HeaderMap) -> Result<Response, Problem> {
    file("plan.html", &headers)
}

/// The page of an invite. The invite's secret stays in the browser until the visitor asks to come in.
pub async fn join(headers: HeaderMap) -> Result<Response, Problem> {
    file("join.html", &headers)
}

/// A script or a style. Pages of any origin may load it, since it is the same for everybody.
pub async fn asset(name: Result<Path<String>, PathRejection>, headers: HeaderMap) -> Result<Response, Problem> {
    let name = name.map(|Path(name)| name).unwrap_or_default();
    let mut response = file(&name, &headers)?;
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    Ok(response)
}

/// A file in the form that its reader takes; nothing, where the reader has it already.
fn file(name: &str, asked: &HeaderMap) -> Result<Response, Problem> {
    let file = FILES
        .iter()
        .find(|file| file.name == name)
        .ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "not_found", "there is no such file"))?;
    let said = |name| asked.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or_default();
    let headers = [
        (header::CONTENT_TYPE, kind(name)),
        (header::CACHE_CONTROL, "no-cache"),
        (header::VARY, "accept-encoding"),
        (header::ETAG, file.tag),
    ];
    if said(header::IF_NONE_MATCH).split(',').any(|tag| tag.trim().trim_start_matches("W/") == file.tag) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    let taken = said(header::ACCEPT_ENCODING);
    let takes =
        |coding: &str| taken.split(',').any(|each| each.split(';').next().is_some_and(|it| it.trim() == coding));
    Ok(if takes("br") {
        (headers, [(header::CONTENT_ENCODING, "br")], file.brotli).into_response()
    } else if takes("gzip") {
        (headers, [(header::CONTENT_ENCODING, "gzip")], file.gzip).into_response()
    } else {
        (headers, file.plain).into_response()
    })
}

fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        _ => "application/octet-stream",
    }
}
