//! The workspaces of a server: seller organisations that share it and see nothing of each other.
//!
//! In: a new workspace, a new key or secret. Out: keys and secrets, each once. Always true: what the store has and what
//! [`Auth`] goes by are the same; of keys and of secrets the newest two are valid, so that one can be exchanged for the
//! next without a moment in between.

use std::sync::Arc;

use tokio::sync::Mutex;

use crate::{
    auth::{self, Auth, WorkspaceId},
    clock,
    log::{
        Log, LogError,
        webhooks::Hidden,
        workspaces::{Kept, WorkspaceRow},
    },
};

/// Valid at once: the one in use and the one that takes its place.
const VALID_MAX: usize = 2;
/// Workspaces of one server. Their keys are held in memory.
pub const WORKSPACES_MAX: usize = 10_000;

/// What is exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// An API key.
    Key,
    /// A secret that signs tokens.
    Secret,
}

/// A key or a secret that was made just now: it is not shown again.
#[derive(Debug)]
pub struct Made {
    /// Its id.
    pub kid: Box<str>,
    /// What it is.
    pub value: String,
}

/// Why a credential cannot be removed.
#[derive(Debug)]
pub enum NotRemoved {
    /// There is none of this name.
    Unknown,
    /// It is the only one.
    Last,
    /// The store.
    Log(LogError),
}

/// All workspaces but the default one.
#[derive(Debug)]
pub struct Workspaces {
    auth: Arc<Auth>,
    log: Log,
    /// They are changed one after the other.
    rows: Mutex<Vec<WorkspaceRow>>,
}

impl Workspaces {
    /// Those of the store.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn open(auth: Arc<Auth>, log: Log) -> Result<Arc<Self>, LogError> {
        let rows = log.workspaces()?;
        rows.iter().for_each(|row| tell(&auth, row));
        Ok(Arc::new(Self { auth, log, rows: Mutex::new(rows) }))
    }

    /// Makes a workspace with a key and a secret; nothing where there are too many.
    ///
    /// # Errors
    /// When the store is gone.
    pub async fn create(&self, name: &str) -> Result<Option<(WorkspaceRow, Made, Made)>, LogError> {
        let mut rows = self.rows.lock().await;
        if rows.len() >= WORKSPACES_MAX {
            return Ok(None);
        }
        let id = format!("ws-{}", uuid::Uuid::now_v7().simple());
        let mut row = WorkspaceRow {
            id: WorkspaceId::of(&id),
            name: name.into(),
            created_at: clock::now(),
            keys: Vec::new(),
            secrets: Vec::new(),
        };
        let (key, secret) = (make(&mut row, Credential::Key), make(&mut row, Credential::Secret));
        self.log.keep_workspace(row.clone()).await?;
        tell(&self.auth, &row);
        rows.push(row.clone());
        Ok(Some((row, key, secret)))
    }

    /// Every workspace, the oldest first.
    pub async fn list(&self) -> Vec<WorkspaceRow> {
        self.rows.lock().await.clone()
    }

    /// Makes another key or secret; of three the oldest is void. Nothing where there is no such workspace.
    ///
    /// # Errors
    /// When the store is gone.
    pub async fn renew(&self, id: &str, what: Credential) -> Result<Option<Made>, LogError> {
        let mut rows = self.rows.lock().await;
        let Some(row) = rows.iter_mut().find(|row| row.id.as_str() == id) else { return Ok(None) };
        let mut next = row.clone();
        let made = make(&mut next, what);
        self.keep(row, next).await?;
        Ok(Some(made))
    }

    /// Makes a key or a secret void.
    ///
    /// # Errors
    /// [`NotRemoved`] says why it still is valid.
    pub async fn remove(&self, id: &str, what: Credential, kid: &str) -> Result<(), NotRemoved> {
        let mut rows = self.rows.lock().await;
        let row = rows.iter_mut().find(|row| row.id.as_str() == id).ok_or(NotRemoved::Unknown)?;
        let mut next = row.clone();
        let (before, after) = match what {
            Credential::Key => {
                next.keys.retain(|key| *key.kid != *kid);
                (row.keys.len(), next.keys.len())
            }
            Credential::Secret => {
                next.secrets.retain(|secret| *secret.kid != *kid);
                (row.secrets.len(), next.secrets.len())
            }
        };
        match (before, after) {
            (before, after) if before == after => return Err(NotRemoved::Unknown),
            (_, 0) => return Err(NotRemoved::Last),
            _ => {}
        }
        self.keep(row, next).await.map_err(NotRemoved::Log)
    }

    async fn keep(&self, row: &mut WorkspaceRow, next: WorkspaceRow) -> Result<(), LogError> {
        self.log.keep_workspace(next.clone()).await?;
        tell(&self.auth, &next);
        *row = next;
        Ok(())
    }
}

fn make(row: &mut WorkspaceRow, what: Credential) -> Made {
    let value = auth::random_secret();
    let kid: Box<str> = format!("{:016x}", rand::random::<u64>()).into();
    let created_at = clock::now();
    match what {
        Credential::Key => {
            row.keys.push(Kept { kid: kid.clone(), value: auth::key_hash(&value), created_at });
            let surplus = row.keys.len().saturating_sub(VALID_MAX);
            row.keys.drain(..surplus);
        }
        Credential::Secret => {
            row.secrets.push(Kept { kid: kid.clone(), value: Hidden(value.as_str().into()), created_at });
            let surplus = row.secrets.len().saturating_sub(VALID_MAX);
            row.secrets.drain(..surplus);
        }
    }
    Made { kid, value }
}

fn tell(auth: &Auth, row: &WorkspaceRow) {
    let secrets: Vec<&str> = row.secrets.iter().map(|secret| &*secret.value.0).collect();
    auth.admit_workspace(&row.id, row.keys.iter().map(|key| key.value).collect(), &secrets);
}
