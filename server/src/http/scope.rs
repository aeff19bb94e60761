//! Which document of a plan a request is about: the shared one, or with `?scope=private` a party's own.
//!
//! In: the query and who asks. Out: a [`Place`], or a problem. Always true: a person reaches their own party's document
//! and no other. What they hear of another's is decided before anything is looked up, so it is the same whether there
//! is one or not.

use axum::extract::{
    Path, Query,
    rejection::{PathRejection, QueryRejection},
};
use plansync_protocol::ids::{PartyId, PlanId, Scope};
use serde::Deserialize;
use tokio::sync::oneshot;
use utoipa::IntoParams;

use super::{App, Problem, plans::plan_id, requester::Requester};
use crate::{
    log::DocKey,
    room::{Event, View},
    rooms::{Rooms, Unreachable},
};
use axum::http::StatusCode;
use std::sync::Arc;

/// Which document.
#[derive(Debug, Default, Deserialize, IntoParams)]
pub struct ScopeQuery {
    /// `shared` unless said, or `private`: the own document of a party.
    scope: Option<String>,
    /// Whose private document: the workspace names a party, a person's token already does.
    party: Option<String>,
}

/// The scope of a request as axum gives it.
pub type Given = Result<Query<ScopeQuery>, QueryRejection>;

/// One document of a plan that the requester may read.
#[derive(Debug, Clone)]
pub struct Place {
    /// The plan.
    pub plan: PlanId,
    /// Which of its documents.
    pub scope: Scope,
    /// Its key in the log.
    pub doc: DocKey,
}

/// The document that a request is about.
///
/// # Errors
/// A problem for a plan that is not there or another person's, and for a document that the requester cannot name.
pub async fn find(
    app: &App,
    requester: &Requester,
    plan: Result<Path<String>, PathRejection>,
    given: Given,
) -> Result<Place, Problem> {
    let plan = plan_id(plan)?;
    requester.opens(app, &plan)?;
    let Query(query) = given?;
    let scope = query.scope(requester)?;
    let doc = app.house.rooms.document(&plan, &scope).await?;
    Ok(Place { plan, scope, doc })
}

/// Refuses what would write into the shared document what somebody meant for their own.
///
/// # Errors
/// A problem for any scope but the shared one.
pub fn shared_alone(given: Given) -> Result<(), Problem> {
    let Query(query) = given?;
    match query.is_private()? {
        true => Err(Problem::bad_request("this is part of the shared document alone: leave scope out")),
        false => Ok(()),
    }
}

impl ScopeQuery {
    fn is_private(&self) -> Result<bool, Problem> {
        match (self.scope.as_deref(), &self.party) {
            (Some("private"), _) => Ok(true),
            (None | Some("shared"), None) => Ok(false),
            (None | Some("shared"), Some(_)) => {
                Err(Problem::bad_request("party names whose private document is meant: give scope=private with it"))
            }
            (Some(other), _) => Err(Problem::bad_request(format!("scope is {other:?}: give shared or private"))),
        }
    }

    fn scope(&self, requester: &Requester) -> Result<Scope, Problem> {
        if !self.is_private()? {
            return Ok(Scope::Shared);
        }
        let party = match (requester, self.party.as_deref()) {
            (Requester::Person(claims), Some(party)) if claims.party.as_str() != party => {
                let detail =
                    format!("there is no private document of {party:?} here: a token opens that of its own party");
                return Err(Problem::new(StatusCode::NOT_FOUND, "not_found", detail));
            }
            (Requester::Person(claims), _) => claims.party.clone(),
            (Requester::Workspace { .. }, Some(party)) => {
                PartyId::parse(party).map_err(|error| Problem::bad_request(error.to_string()))?
            }
            (Requester::Workspace { .. }, None) => {
                return Err(Problem::bad_request(
                    "scope=private with the API key needs a party: whose document is meant",
                ));
            }
        };
        Ok(Scope::Party(party))
    }
}

impl Place {
    /// Whether everybody of the plan reads it.
    pub fn is_shared(&self) -> bool {
        self.scope == Scope::Shared
    }

    /// The plan as its room has it, after the commit it rests on; where it is asked, after everything written so far
    /// has become changes.
    ///
    /// # Errors
    /// A problem when the plan cannot be opened.
    pub async fn view(&self, rooms: &Arc<Rooms>, settled: bool) -> Result<View, Problem> {
        let (reply, answer) = oneshot::channel();
        rooms.send(&self.plan, &self.scope, Event::Read { settled, reply }).await?;
        answer.await.map_err(|_| Unreachable::Ended(self.plan.clone()).into())
    }
}
