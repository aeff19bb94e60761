//! The changes of one document, one after the other, from the log and nowhere else.
//!
//! In: where to begin. Out: every change after that, in order, each once; then it waits for the next. Kept: a position
//! and at most one page, so whoever reads slowly costs that and nothing else. After a break it goes on at the position
//! of the last change that came out.

use std::collections::VecDeque;

use tokio::sync::watch;

use crate::log::{DocKey, KeptChange, Log, LogError, Position};

/// Changes read at once, and bytes of them.
const PAGE_CHANGES: usize = 128;
const PAGE_BYTES: usize = 256 << 10;

/// A reader of a document's changes.
#[derive(Debug)]
pub struct Feed {
    log: Log,
    doc: DocKey,
    /// The last change that was read.
    position: Position,
    page: VecDeque<KeptChange>,
    news: watch::Receiver<Position>,
}

impl Feed {
    /// Begins after a position, or with what comes from now on.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn open(log: &Log, doc: DocKey, after: Option<Position>) -> Result<Self, LogError> {
        // Before the position is read: what is written meanwhile is news.
        let news = log.subscribe(doc);
        let position = match after {
            Some(after) => after,
            None => log.told(doc)?.last,
        };
        Ok(Self { log: log.clone(), doc, position, page: VecDeque::new(), news })
    }

    /// The next change; waits for it. Nothing is lost when the wait is given up.
    ///
    /// # Errors
    /// When the store cannot be read any more, and [`LogError::Erased`] when the plan is gone.
    pub async fn next(&mut self) -> Result<KeptChange, LogError> {
        loop {
            if let Some(change) = self.page.pop_front() {
                return Ok(change);
            }
            // Seen before it is read: a change that is written in between wakes up again.
            self.news.mark_unchanged();
            self.page = self.log.changes(self.doc, self.position, PAGE_CHANGES, PAGE_BYTES)?.into();
            match self.page.back() {
                Some((position, _)) => self.position = *position,
                None => self.news.changed().await.map_err(|_| LogError::Erased)?,
            }
        }
    }
}
