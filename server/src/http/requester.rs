//! Who makes a request: the workspace by its API key, or a person by their token.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};
use plansync_protocol::ids::{Access, Origin, PartyId, PersonId, PlanId};

use super::{App, Problem};
use crate::{
    auth::{Author, Denied, Pass, WorkspaceId},
    log::PlanRow,
    membership::Manager,
};

/// The header that names the person for whom a host application acts.
const ACTOR: &str = "x-plansync-actor";
/// The author of what a host application does for nobody in particular.
const WORKSPACE: &str = "workspace";

/// Who makes a request.
#[derive(Debug, Clone)]
pub enum Requester {
    /// A host application with the workspace's key: all rights in its plans.
    Workspace {
        /// Which workspace.
        workspace: WorkspaceId,
        /// For whom it acts.
        actor: PersonId,
    },
    /// A person with a token that holds.
    Person(Pass),
}

impl Requester {
    /// The workspace, if it is one.
    ///
    /// # Errors
    /// A problem that says what is needed.
    pub fn workspace(&self) -> Result<&WorkspaceId, Problem> {
        match self {
            Self::Workspace { workspace, .. } => Ok(workspace),
            Self::Person(_) => Err(Problem::forbidden("this needs the workspace's API key")),
        }
    }

    /// Whether this is the server's own key.
    ///
    /// # Errors
    /// A problem that says what is needed.
    pub fn server(&self) -> Result<(), Problem> {
        match self {
            Self::Workspace { workspace, .. } if workspace.is_default() => Ok(()),
            _ => Err(Problem::forbidden("this needs the server's own API key")),
        }
    }

    /// The plan, where they may read it. A plan of another workspace does not exist.
    ///
    /// # Errors
    /// A problem for a person of another plan, and where there is no such plan.
    pub fn opens(&self, app: &App, plan: &PlanId) -> Result<PlanRow, Problem> {
        let (workspace, person) = match self {
            Self::Workspace { workspace, .. } => (workspace, None),
            Self::Person(pass) => (pass.workspace(), Some(&**pass)),
        };
        Ok(app.house.people.opens(workspace, person, plan)?)
    }

    /// As whom they manage the people of the plan they have opened.
    #[must_use]
    pub fn manager(&self) -> Manager<'_> {
        match self {
            Self::Workspace { .. } => Manager::Workspace,
            Self::Person(pass) => Manager::Person(&pass.party, pass.access),
        }
    }

    /// The person and their party; of the workspace the one it acts for.
    #[must_use]
    pub fn who(&self) -> (&PersonId, Option<&PartyId>) {
        match self {
            Self::Workspace { actor, .. } => (actor, None),
            Self::Person(pass) => (&pass.sub, Some(&pass.party)),
        }
    }

    /// Who writes in this plan, and by what kind of hand.
    ///
    /// # Errors
    /// A problem for those who only read.
    pub fn writes(&self, app: &App, plan: &PlanId) -> Result<(Arc<Author>, Origin), Problem> {
        self.opens(app, plan)?;
        match self {
            Self::Workspace { actor, .. } => {
                Ok((Arc::new(Author { person: actor.clone(), party: None }), Origin::Automation))
            }
            Self::Person(claims) if claims.access == Access::Viewer => Err(Problem::forbidden("this link only reads")),
            Self::Person(claims) => Ok((Arc::new(claims.author()), Origin::Human)),
        }
    }

    /// Who leads the work on this plan: opens and closes touchpoints.
    ///
    /// # Errors
    /// A problem for everybody but owners, editors and the workspace.
    pub fn leads(&self, app: &App, plan: &PlanId) -> Result<(Arc<Author>, Origin), Problem> {
        let writes = self.writes(app, plan)?;
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
        if let Some(workspace) = app.house.auth.workspace_of(given) {
            let actor = parts.headers.get(ACTOR).map_or(Ok(WORKSPACE), |actor| actor.to_str());
            let actor = actor.ok().and_then(|actor| PersonId::parse(actor).ok());
            let actor = actor.ok_or_else(|| Problem::bad_request("X-Plansync-Actor is not a person's id"))?;
            return Ok(Self::Workspace { workspace, actor });
        }
        Ok(Self::Person(app.house.people.admit(given)?))
    }
}
