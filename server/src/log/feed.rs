//! Who wants to know that a document has new changes.
//!
//! In: the position of the last change that has been written. Out: the same to everybody who waits for it; they read
//! the changes from the log, each from where they stand. A slow one costs one number and nothing else.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use plansync_protocol::ids::Seq;
use tokio::sync::watch;

use super::{lookout::Lookouts, tables::DocKey};

/// A place in the order of changes: an entry, and the number among its changes.
pub type Position = (Seq, u32);

/// Up to where a document's changes are in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// The last change.
    pub last: Position,
    /// The first entry that is not told whole: a room that opens begins there.
    pub from: Seq,
}

/// Changes that are to be kept.
#[derive(Debug)]
pub struct News {
    /// Each with its position, as JSON.
    pub changes: Vec<(Position, Vec<u8>)>,
    /// Up to where they go.
    pub told: Told,
    /// Who worked on the document when, as JSON.
    pub activity: Vec<u8>,
    /// Where the plan stands as JSON, if that is news.
    pub standing: Option<Vec<u8>>,
}

/// The documents that somebody listens to.
#[derive(Debug, Default)]
pub(super) struct Feeds {
    heard: Mutex<Heard>,
    /// Who listens to all of them.
    pub lookouts: Lookouts,
}

#[derive(Debug, Default)]
struct Heard {
    feeds: HashMap<DocKey, watch::Sender<Position>>,
    /// Plans that have been erased since the start.
    ended: HashSet<u64>,
}

impl Feeds {
    /// Wakes up when there are changes, and for good when the plan is erased.
    pub fn subscribe(&self, doc: DocKey) -> watch::Receiver<Position> {
        let mut heard = self.lock();
        if heard.ended.contains(&doc.0) {
            return watch::channel((0, 0)).1;
        }
        heard.feeds.entry(doc).or_insert_with(|| watch::Sender::new((0, 0))).subscribe()
    }

    /// There is nothing more to hear of a plan: it has been erased.
    pub fn end(&self, plan: u64) {
        let mut heard = self.lock();
        heard.ended.insert(plan);
        heard.feeds.retain(|doc, _| doc.0 != plan);
    }

    /// There are changes up to `last`.
    pub fn publish(&self, doc: DocKey, last: Position) {
        self.lookouts.publish(doc);
        let mut heard = self.lock();
        if let Some(feed) = heard.feeds.get(&doc) {
            feed.send_replace(last);
            if feed.receiver_count() == 0 {
                heard.feeds.remove(&doc);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Heard> {
        // Nothing can panic half way through a change of the tables.
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
