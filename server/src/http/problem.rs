//! Every error of the HTTP interface: `application/problem+json` (RFC 9457) with a stable `code`.

use axum::{
    Json,
    extract::rejection::QueryRejection,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use plansync_protocol::plan::Malformed;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    auth::Denied, log::LogError, metrics, people::NotAdmitted, quota::Exceeded, room::EditRefused, rooms::Unreachable,
};

/// What went wrong, for a program and for a person.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// A word that stays the same.
    pub code: &'static str,
    /// The status in words.
    pub title: &'static str,
    /// What happened, where, and what to do next.
    pub detail: String,
    /// Every malformed field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
    /// In how many seconds another try is heard.
    #[serde(skip)]
    pub retry_after: Option<u64>,
}

/// One malformed field.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldProblem {
    /// Where it stands: `tasks/ca-1/due`.
    pub path: String,
    /// What was given, shortened.
    pub value: String,
    /// What would be right.
    pub expected: String,
}

impl Problem {
    /// With this status and word.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        Self { status: status.as_u16(), code, title, detail: detail.into(), errors: Vec::new(), retry_after: None }
    }

    /// A body or parameter that is not what it should be.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", detail)
    }

    /// Known, but not allowed to do this.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "not_allowed", detail)
    }

    /// A body whose fields are malformed, all of them named.
    #[must_use]
    pub fn malformed(fields: Vec<Malformed>) -> Self {
        let detail = match fields.len() {
            1 => "a malformed field; errors names it".to_owned(),
            count => format!("{count} malformed fields; errors names each of them"),
        };
        let errors = fields
            .into_iter()
            .map(|field| FieldProblem { path: field.path, value: field.value, expected: field.expected })
            .collect();
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed", detail) }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        metrics::refusal(self.code);
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/problem+json"));
        let passes = matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS);
        if let Some(seconds) = self.retry_after.or(passes.then_some(1)) {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<Denied> for Problem {
    fn from(why: Denied) -> Self {
        let (status, code) = match why {
            Denied::OtherPlan(_) => (StatusCode::FORBIDDEN, "not_allowed"),
            Denied::Expired => (StatusCode::UNAUTHORIZED, "expired"),
            Denied::Revoked => (StatusCode::FORBIDDEN, "revoked"),
            Denied::Missing | Denied::Forged | Denied::Early => (StatusCode::UNAUTHORIZED, "unauthorized"),
        };
        Self::new(status, code, why.to_string())
    }
}

impl From<NotAdmitted> for Problem {
    fn from(why: NotAdmitted) -> Self {
        match why {
            NotAdmitted::Denied(why) => why.into(),
            NotAdmitted::NoSuchPlan(plan) => Unreachable::NoSuchPlan(plan).into(),
            NotAdmitted::Erased(plan) => Unreachable::Erased(plan).into(),
            NotAdmitted::Log(error) => error.into(),
        }
    }
}

impl From<Exceeded> for Problem {
    fn from(exceeded: Exceeded) -> Self {
        let (status, code) = match exceeded.is_theirs() {
            true => (StatusCode::TOO_MANY_REQUESTS, "too_many"),
            false => (StatusCode::SERVICE_UNAVAILABLE, "overloaded"),
        };
        Self::new(status, code, exceeded.to_string())
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Self::bad_request(rejection.body_text())
    }
}

impl From<LogError> for Problem {
    fn from(error: LogError) -> Self {
        match &error {
            LogError::Erased => Self::new(StatusCode::GONE, "erased", error.to_string()),
            LogError::PersonErased(_) => Self::new(StatusCode::GONE, "person_erased", error.to_string()),
            LogError::Exists(_) => Self::new(StatusCode::CONFLICT, "exists", error.to_string()),
            _ => {
                tracing::error!(%error, "a request met the store's failure");
                let detail = "the store cannot be used at the moment: try again, and tell the operator if it stays so";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
            }
        }
    }
}

impl From<Unreachable> for Problem {
    fn from(error: Unreachable) -> Self {
        match error {
            Unreachable::NoSuchPlan(_) | Unreachable::NoSuchParty(..) => {
                Self::new(StatusCode::NOT_FOUND, "not_found", error.to_string())
            }
            Unreachable::Erased(_) => Self::new(StatusCode::GONE, "erased", error.to_string()),
            Unreachable::Draining => Self::new(StatusCode::SERVICE_UNAVAILABLE, "draining", error.to_string()),
            Unreachable::Ended(_) => Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", error.to_string()),
            Unreachable::Full(_) => Self::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", error.to_string()),
            Unreachable::Log(error) => error.into(),
        }
    }
}

impl From<EditRefused> for Problem {
    fn from(refused: EditRefused) -> Self {
        match refused {
            EditRefused::Malformed(fields) => Self::malformed(fields),
            EditRefused::TooLarge(why) => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", why),
        }
    }
}
