//! The task that writes what is to be kept of a plan into its local file.
//!
//! In: the ledger's batches. Out: the news that they are on disk. What is always true: batches are written in order, one
//! at a time, on a thread where that may block. A file that fails is told once and tried again; the plan goes on in
//! memory. The task ends when the plan was closed, the driver has ended and everything is written.

use std::{sync::Arc, time::Duration};

use tokio::{task, time};

use crate::{
    plan::{PlanEvent, Shared},
    store::{Batch, Store},
};

/// The pause before a failed write is tried again: a full disk is not emptied within a moment.
const RETRY: Duration = Duration::from_secs(5);

/// Keeps the plan until it is closed.
pub(crate) async fn run<S: Store>(shared: Arc<Shared>, store: S) {
    keep(&shared, store).await;
    shared.put_away.send_replace(true);
}

/// Returns when there is nothing more to keep; the store is closed then.
async fn keep<S: Store>(shared: &Shared, mut store: S) {
    let mut driven = shared.driven.subscribe();
    let mut waiting: Option<(Batch, u64)> = None;
    let mut fails = false;
    loop {
        let (over, batch, taken) = {
            // In this order: what the driver has done before its end is in the ledger.
            let over = *driven.borrow_and_update();
            let mut core = shared.core();
            (over, core.ledger.take(), core.ledger.taken())
        };
        match (&mut waiting, batch) {
            (Some((waiting, upto)), Some(batch)) => {
                waiting.extend(batch);
                *upto = taken;
            }
            (None, Some(batch)) => waiting = Some((batch, taken)),
            _ => {}
        }
        let Some((batch, upto)) = waiting.take() else {
            if over {
                return;
            }
            tokio::select! {
                () = shared.keep.notified() => {}
                _ = driven.changed() => {}
            }
            continue;
        };
        let written = task::spawn_blocking(move || {
            let result = store.write(&batch);
            (store, batch, result)
        });
        let Ok((back, batch, result)) = written.await else { return };
        store = back;
        match result {
            Ok(()) => {
                shared.core().ledger.written(upto);
                shared.publish();
                if std::mem::take(&mut fails) {
                    let _ = shared.events.send(PlanEvent::Storage(None));
                }
            }
            Err(error) => {
                tracing::warn!(error = &*error as &dyn std::error::Error, "the local file cannot be written");
                if !std::mem::replace(&mut fails, true) {
                    let words = format!("edits are not kept on this device for now, only in memory: {error}");
                    let _ = shared.events.send(PlanEvent::Storage(Some(words)));
                }
                if over {
                    return;
                }
                waiting = Some((batch, upto));
                tokio::select! {
                    () = time::sleep(RETRY) => {}
                    _ = driven.changed() => {}
                }
            }
        }
    }
}
