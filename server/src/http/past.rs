//! A plan as it stood after an earlier entry.

use std::sync::Arc;

use plansync_protocol::{
    ids::Seq,
    plan::{Change, change::Event, diff},
};

use super::{Problem, scope::Place};
use crate::{
    document::Document,
    log::{DocKey, Log},
    room::View,
    rooms::Rooms,
};

/// Changes that are read at once.
const PAGE: usize = 1_000;
const PAGE_BYTES: usize = 8 << 20;

/// Takes a view back to an entry: by the entries where they are kept, else by undoing the changes since.
///
/// # Errors
/// A problem for an entry that is not there yet.
pub async fn travel(rooms: &Arc<Rooms>, place: &Place, view: &mut View, at: Seq) -> Result<(), Problem> {
    if at > view.seq || at == 0 {
        return Err(Problem::bad_request(format!("at is {at}, and should be 1 to {}", view.seq)));
    }
    if at == view.seq {
        return Ok(());
    }
    let loaded = rooms.log().load_at(place.doc, at)?;
    let written = loaded.entries.last().map(|entry| entry.new.at);
    // A document takes milliseconds, and this thread serves others.
    let scope = place.scope.clone();
    let opened = tokio::task::spawn_blocking(move || {
        Document::open(&scope, loaded)
            .ok()
            .filter(|(_, seq)| *seq == at)
            .map(|(mut document, _)| document.plan().clone())
    });
    match opened.await.ok().flatten() {
        Some(plan) => view.plan = plan,
        None => {
            *view = place.view(rooms, true).await?;
            for change in changes(rooms.log(), place.doc, at, None)?.iter().rev() {
                if let Event::Difference(difference) = &change.event {
                    diff::revert(&mut view.plan, difference);
                }
            }
        }
    }
    view.seq = at;
    view.updated_at = written.unwrap_or(view.updated_at);
    Ok(())
}

/// Every change after an entry, up to another one.
///
/// # Errors
/// When the store cannot be read.
pub fn changes(log: &Log, doc: DocKey, since: Seq, until: Option<Seq>) -> Result<Vec<Change>, Problem> {
    let mut changes = Vec::new();
    let mut at = (since, u32::MAX);
    loop {
        let page = log.changes(doc, at, PAGE, PAGE_BYTES)?;
        let Some((last, _)) = page.last() else { return Ok(changes) };
        at = *last;
        for (position, json) in page {
            if until.is_some_and(|until| position.0 > until) {
                return Ok(changes);
            }
            changes.extend(serde_json::from_str(&json).ok().and_then(|event| Change::from_cloud_event(&event)));
        }
    }
}
