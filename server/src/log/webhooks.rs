//! Webhooks as the store keeps them, and how far each has got in each plan.
//!
//! In: webhooks, and where their deliveries stand. Out: the same, and which plans a webhook is behind with.
//! Always true: a webhook begins with what comes after its creation. Its cursors are set in the commit that creates
//! it; a plan without one was created later, so that all of its changes are still to be delivered.

use std::collections::BTreeSet;

use plansync_protocol::ids::PlanId;
use redb::{ReadableDatabase as _, ReadableTable as _, WriteTransaction};
use serde::{Deserialize, Serialize};

use super::{Log, LogError, Position, tables, workspaces, writer::Request};
use crate::{auth::WorkspaceId, clock::Millis};

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookRow {
    /// Its name.
    pub id: Box<str>,
    /// Whose it is: it gets changes of this workspace's plans alone.
    #[serde(default, skip_serializing_if = "WorkspaceId::is_default")]
    pub workspace: WorkspaceId,
    /// Where its deliveries go.
    pub url: Box<str>,
    /// The classes of changes it gets; all of them where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<Box<str>>,
    /// The plans it follows; all of them where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plans: Vec<PlanId>,
    /// What its deliveries are signed with: `whsec_` and base64.
    pub secret: Hidden,
    /// When it was created.
    pub created_at: Millis,
    /// Since when and why nothing is sent any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<Paused>,
}

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hidden(pub Box<str>);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("..")
    }
}

/// Nothing is sent to a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// Since when.
    pub at: Millis,
    /// Why, for a person.
    pub reason: Box<str>,
}

/// How far a webhook has got in a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cursor {
    /// The last change that was delivered, or left out.
    pub last: Position,
    /// Since when the next one cannot be delivered.
    pub failing_since: Option<Millis>,
    /// How often that has been tried.
    pub attempts: u32,
}

/// What the writer does for webhooks.
#[derive(Debug)]
pub(super) enum Write {
    /// A new one: it begins where every plan, or each of these, stands now.
    Create { id: Box<str>, row: Vec<u8>, plans: Vec<PlanId> },
    /// Another state of one that is there; where it begins anew, its failures so far count no more.
    Keep { id: Box<str>, row: Vec<u8>, anew: bool },
    /// No more of it.
    Remove { id: Box<str> },
    /// It has got further in a plan, or not.
    Cursor { id: Box<str>, plan: u64, cursor: Cursor },
}

impl Log {
    /// Keeps a new webhook. It begins with what comes from now on.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store is gone.
    pub async fn create_webhook(&self, row: &WebhookRow) -> Result<(), LogError> {
        let (id, bytes, plans) = (row.id.clone(), encode(row), row.plans.clone());
        self.write_webhook(Write::Create { id, row: bytes, plans }).await
    }

    /// Keeps another state of a webhook; nothing where it has been removed. Where it begins `anew`, its failures so
    /// far count no more.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store is gone.
    pub async fn keep_webhook(&self, row: &WebhookRow, anew: bool) -> Result<(), LogError> {
        self.write_webhook(Write::Keep { id: row.id.clone(), row: encode(row), anew }).await
    }

    /// Removes a webhook and its cursors.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store is gone.
    pub async fn remove_webhook(&self, id: &str) -> Result<(), LogError> {
        self.write_webhook(Write::Remove { id: id.into() }).await
    }

    /// Keeps how far a webhook has got in a plan; nothing where it has been removed.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store is gone.
    pub async fn keep_cursor(&self, webhook: &str, plan: u64, cursor: Cursor) -> Result<(), LogError> {
        self.write_webhook(Write::Cursor { id: webhook.into(), plan, cursor }).await
    }

    async fn write_webhook(&self, write: Write) -> Result<(), LogError> {
        self.request(|reply| Request::Webhook { write, reply }).await
    }

    /// Every webhook, in the order of their names. One that cannot be read is left out.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store cannot be read.
    pub fn webhooks(&self) -> Result<Vec<WebhookRow>, LogError> {
        let table = self.db.begin_read()?.open_table(tables::WEBHOOKS)?;
        let mut rows = Vec::new();
        for row in table.range::<&str>(..)? {
            let (id, bytes) = row?;
            match serde_json::from_slice(bytes.value()) {
                Ok(row) => rows.push(row),
                Err(error) => tracing::error!(webhook = id.value(), %error, "a webhook cannot be read"),
            }
        }
        Ok(rows)
    }

    /// How far a webhook has got in a plan; at its beginning where nothing is kept.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store cannot be read.
    pub fn cursor(&self, webhook: &str, plan: u64) -> Result<Cursor, LogError> {
        let cursors = self.db.begin_read()?.open_table(tables::CURSORS)?;
        Ok(cursors.get((webhook, plan))?.map_or_else(Cursor::default, |row| decode(row.value())))
    }

    /// Looks at up to `limit` plans after number `after`: those a webhook is behind with, and the last one that was
    /// looked at; none when there are no more.
    ///
    /// # Errors
    /// [`LogError::Failed`] when the store cannot be read.
    pub fn behind(
        &self,
        webhook: &WebhookRow,
        after: u64,
        limit: usize,
    ) -> Result<(BTreeSet<u64>, Option<u64>), LogError> {
        let read = self.db.begin_read()?;
        let (told, cursors) = (read.open_table(tables::TOLD)?, read.open_table(tables::CURSORS)?);
        let (mut behind, mut looked, mut last) = (BTreeSet::new(), 0, None);
        for row in told.range((after.saturating_add(1), 0)..)?.take(limit) {
            let (doc, told) = row?;
            let ((plan, scope), (seq, n, _, _)) = (doc.value(), told.value());
            (looked, last) = (looked + 1, Some(plan));
            let cursor = cursors.get((&*webhook.id, plan))?.map_or_else(Cursor::default, |row| decode(row.value()));
            let is_behind = scope == tables::SHARED && cursor.last < (seq, n);
            if is_behind && workspaces::of_plan(&read, plan)? == webhook.workspace {
                behind.insert(plan);
            }
        }
        Ok((behind, last.filter(|_| looked == limit)))
    }
}

/// Writes one request into the transaction.
pub(super) fn write(write: &WriteTransaction, request: Write) -> Result<(), LogError> {
    let mut webhooks = write.open_table(tables::WEBHOOKS)?;
    match request {
        Write::Create { id, row, plans } => {
            webhooks.insert(&*id, row.as_slice())?;
            begin(write, &id, &plans)?;
        }
        Write::Keep { id, row, anew } => {
            if webhooks.get(&*id)?.is_some() {
                webhooks.insert(&*id, row.as_slice())?;
                if anew {
                    forgive(write, &id)?;
                }
            }
        }
        Write::Remove { id } => {
            webhooks.remove(&*id)?;
            write.open_table(tables::CURSORS)?.retain_in((&*id, 0)..=(&*id, u64::MAX), |_, _| false)?;
        }
        Write::Cursor { id, plan, cursor } => {
            if webhooks.get(&*id)?.is_some() {
                let row = (cursor.last.0, cursor.last.1, cursor.failing_since.unwrap_or_default(), cursor.attempts);
                write.open_table(tables::CURSORS)?.insert((&*id, plan), row)?;
            }
        }
    }
    Ok(())
}

/// Sets the cursors of a new webhook to where the plans stand.
fn begin(write: &WriteTransaction, id: &str, plans: &[PlanId]) -> Result<(), LogError> {
    let mut followed = BTreeSet::new();
    for plan in plans {
        followed.extend(write.open_table(tables::PLANS)?.get(plan.as_str())?.map(|row| row.value().0));
    }
    let told = write.open_table(tables::TOLD)?;
    let mut cursors = write.open_table(tables::CURSORS)?;
    for row in told.iter()? {
        let (doc, told) = row?;
        let ((plan, scope), (seq, n, _, _)) = (doc.value(), told.value());
        if scope == tables::SHARED && (plans.is_empty() || followed.contains(&plan)) {
            cursors.insert((id, plan), (seq, n, 0, 0))?;
        }
    }
    Ok(())
}

/// Forgets the failures of a webhook.
fn forgive(write: &WriteTransaction, id: &str) -> Result<(), LogError> {
    let mut cursors = write.open_table(tables::CURSORS)?;
    let mut failing = Vec::new();
    for row in cursors.range((id, 0)..=(id, u64::MAX))? {
        let (key, row) = row?;
        let (seq, n, since, _) = row.value();
        if since > 0 {
            failing.push((key.value().1, (seq, n, 0, 0)));
        }
    }
    for (plan, row) in failing {
        cursors.insert((id, plan), row)?;
    }
    Ok(())
}

fn decode((seq, n, failing_since, attempts): (u64, u32, u64, u32)) -> Cursor {
    Cursor { last: (seq, n), failing_since: (failing_since > 0).then_some(failing_since), attempts }
}

fn encode(row: &WebhookRow) -> Vec<u8> {
    serde_json::to_vec(row).expect("texts and numbers are JSON")
}
