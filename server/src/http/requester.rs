//! Who makes a request: the workspace by its API key, or a person by their token.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};
use plansync_protocol::ids::{Access, Origin, PartyId, PersonId, PlanId};

use super::{App, Problem};
use crate::{
    auth::{Author, Denied, Pass},
    membership::Manager,
};

/// The header that names the person for whom a host application acts.
const ACTOR: &str = "x-plansync-actor";
/// The author of what a host application does for nobody in particular.
const WORKSPACE: &str = "workspace";

/// Who makes a request.
#[derive(Debug, Clone)]
pub enum Requester {
    /// A host application with the workspace's key: all rights.
    Workspace {
        /// For whom it acts.
        actor: PersonId,
    },
    /// A person with a token that holds.
    Person(Pass),
}

impl Requester {
    /// Whether this is the workspace.
    ///
    /// # Errors
    /// A problem that says what is needed.
    pub fn workspace(&self) -> Result<(), Problem> {
        match self {
            Self::Workspace { .. } => Ok(()),
            Self::Person(_) => Err(Problem::forbidden("this needs the workspace's API key")),
        }
    }

    /// Whether they may read this plan.
    ///
    /// # Errors
    /// [`Denied::OtherPlan`] for a person of another plan.
    pub fn reads(&self, plan: &PlanId) -> Result<(), Problem> {
        match self {
            Self::Person(claims) if claims.plan != *plan => Err(Denied::OtherPlan(claims.plan.clone()).into()),
            _ => Ok(()),
        }
    }

    /// As whom they manage the people of this plan.
    ///
    /// # Errors
    /// As [`Requester::reads`].
    pub fn manager(&self, plan: &PlanId) -> Result<Manager<'_>, Problem> {
        self.reads(plan)?;
        Ok(match self {
            Self::Workspace { .. } => Manager::Workspace,
            Self::Person(pass) => Manager::Person(&pass.party, pass.access),
        })
    }

    /// The person and their party; of the workspace the one it acts for.
    #[must_use]
    pub fn who(&self) -> (&PersonId, Option<&PartyId>) {
        match self {
            Self::Workspace { actor } => (actor, None),
            Self::Person(pass) => (&pass.sub, Some(&pass.party)),
        }
    }

    /// Who writes in this plan, and by what kind of hand.
    ///
    /// # Errors
    /// A problem for those who only read.
    pub fn writes(&self, plan: &PlanId) -> Result<(Arc<Author>, Origin), Problem> {
        self.reads(plan)?;
        match self {
            Self::Workspace { actor } => {
                Ok((Arc::new(Author { person: actor.clone(), party: None }), Origin::Automation))
            }
            Self::Person(claims) if claims.access == Access::Viewer => Err(Problem::forbidden("this link only reads")),
            Self::Person(claims) => Ok((Arc::new(claims.author()), Origin::Human)),
        }
    }
}

impl Requester {
    /// Who leads the work on this plan: opens and closes touchpoints.
    ///
    /// # Errors
    /// A problem for everybody but owners, editors and the workspace.
    pub fn leads(&self, plan: &PlanId) -> Result<(Arc<Author>, Origin), Problem> {
        let writes = self.writes(plan)?;
        match self.access() {
            None | Some(Access::Owner | Access::Editor) => Ok(writes),
            Some(_) => Err(Problem::forbidden("touchpoints are opened and closed by owners and editors")),
        }
    }

    /// How far the rights go; `None` for the workspace, which may do everything.
    #[must_use]
    pub fn access(&self) -> Option<Access> {
        match self {
            Self::Workspace { .. } => None,
            Self::Person(claims) => Some(claims.access),
        }
    }
}

impl FromRequestParts<App> for Requester {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let given = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("bearer ")))
            .ok_or_else(|| {
                let denied = Problem::from(Denied::Missing);
                Problem { detail: "no Authorization: Bearer with an API key or a token".to_owned(), ..denied }
            })?;
        if app.house.auth.is_api_key(given) {
            let actor = parts.headers.get(ACTOR).map_or(Ok(WORKSPACE), |actor| actor.to_str());
            let actor = actor.ok().and_then(|actor| PersonId::parse(actor).ok());
            let actor = actor.ok_or_else(|| Problem::bad_request("X-Plansync-Actor is not a person's id"))?;
            return Ok(Self::Workspace { actor });
        }
        Ok(Self::Person(app.house.people.admit(given)?))
    }
}
