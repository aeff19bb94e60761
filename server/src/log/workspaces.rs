//! The workspaces of a server, and which plan belongs to which.
//!
//! In: a workspace as it is to be kept. Out: all of them. Always true: a plan's workspace is written in the commit that
//! creates the plan and never again; a plan without a row belongs to the default workspace.

use redb::{ReadTransaction, ReadableDatabase as _, WriteTransaction};
use serde::{Deserialize, Serialize};

use super::{Log, LogError, entry::Hash, tables, webhooks::Hidden, writer::Request};
use crate::{auth::WorkspaceId, clock::Millis};

/// A workspace.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceRow {
    /// Its id.
    pub id: WorkspaceId,
    /// Its name, for the operator.
    pub name: Box<str>,
    /// When it was made.
    pub created_at: Millis,
    /// Hashes of its API keys, the oldest first.
    pub keys: Vec<Kept<Hash>>,
    /// Its token secrets, the oldest first. They are kept as they are: a signature cannot be checked with a hash.
    pub secrets: Vec<Kept<Hidden>>,
}

/// A key or a secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kept<T> {
    /// Its id.
    pub kid: Box<str>,
    /// What is kept of it.
    pub value: T,
    /// When it was made.
    pub created_at: Millis,
}

impl Log {
    /// Keeps a workspace as it is now.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store is gone.
    pub async fn keep_workspace(&self, row: WorkspaceRow) -> Result<(), LogError> {
        self.request(|reply| Request::Workspace { row, reply }).await
    }

    /// Every workspace but the default one, in the order of their ids.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store cannot be read; [`LogError::Damaged`] for a row that cannot.
    pub fn workspaces(&self) -> Result<Vec<WorkspaceRow>, LogError> {
        let table = self.db.begin_read()?.open_table(tables::WORKSPACES)?;
        let mut rows = Vec::new();
        for row in table.range::<&str>(..)? {
            rows.push(serde_json::from_slice(row?.1.value()).map_err(|error| LogError::Damaged {
                doc: (0, tables::SHARED),
                seq: 0,
                why: format!("a workspace: {error}").into(),
            })?);
        }
        Ok(rows)
    }

    /// Whether a plan belongs to a workspace.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store cannot be read.
    pub fn is_of(&self, plan: u64, workspace: &WorkspaceId) -> Result<bool, LogError> {
        Ok(of_plan(&self.db.begin_read()?, plan)? == *workspace)
    }
}

/// The workspace of a plan.
pub(super) fn of_plan(read: &ReadTransaction, plan: u64) -> Result<WorkspaceId, LogError> {
    let row = read.open_table(tables::PLAN_WORKSPACES)?.get(plan)?;
    Ok(row.map_or_else(WorkspaceId::default, |row| WorkspaceId::of(row.value())))
}

/// Writes a workspace into the transaction.
pub(super) fn write(write: &WriteTransaction, row: &WorkspaceRow) -> Result<(), LogError> {
    let bytes = serde_json::to_vec(row).expect("texts and numbers are JSON");
    write.open_table(tables::WORKSPACES)?.insert(row.id.as_str(), bytes.as_slice())?;
    Ok(())
}

/// Writes the workspace of a new plan into the transaction.
pub(super) fn write_plan(write: &WriteTransaction, plan: u64, workspace: &WorkspaceId) -> Result<(), LogError> {
    if !workspace.is_default() {
        write.open_table(tables::PLAN_WORKSPACES)?.insert(plan, workspace.as_str())?;
    }
    Ok(())
}
