//! Who wants to know of new changes in any document.
//!
//! In: the documents whose changes have been written. Out: to each who listens, the set of those since it last
//! looked; where they are more than it is worth to remember, that anything may be new. So whoever does not look
//! costs a bounded amount, and the writer never waits for anybody.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use tokio::sync::Notify;

use super::tables::DocKey;

/// Documents that are remembered one by one for somebody who does not look.
const DIRTY_MAX: usize = 1024;

/// What may have new changes.
#[derive(Debug, PartialEq, Eq)]
pub enum Dirty {
    /// These documents.
    Some(BTreeSet<DocKey>),
    /// More than have been remembered: any document.
    All,
}

/// Hears of every document's new changes.
#[derive(Debug)]
pub struct Lookout(Arc<Seen>);

#[derive(Debug)]
struct Seen {
    dirty: Mutex<Dirty>,
    news: Notify,
}

/// Everybody who listens.
#[derive(Debug, Default)]
pub(super) struct Lookouts(Mutex<Vec<Weak<Seen>>>);

impl Lookout {
    /// What has new changes since the last call; waits until there is something. Nothing is lost when the wait is
    /// given up.
    pub async fn next(&self) -> Dirty {
        loop {
            {
                let mut dirty = lock(&self.0.dirty);
                if *dirty != Dirty::none() {
                    return std::mem::replace(&mut *dirty, Dirty::none());
                }
            }
            self.0.news.notified().await;
        }
    }
}

impl Lookouts {
    pub fn open(&self) -> Lookout {
        let seen = Arc::new(Seen { dirty: Mutex::new(Dirty::none()), news: Notify::new() });
        let mut all = lock(&self.0);
        all.retain(|other| other.strong_count() > 0);
        all.push(Arc::downgrade(&seen));
        Lookout(seen)
    }

    pub fn publish(&self, doc: DocKey) {
        for seen in lock(&self.0).iter().filter_map(Weak::upgrade) {
            {
                let mut dirty = lock(&seen.dirty);
                if let Dirty::Some(docs) = &mut *dirty {
                    docs.insert(doc);
                    if docs.len() > DIRTY_MAX {
                        *dirty = Dirty::All;
                    }
                }
            }
            seen.news.notify_one();
        }
    }
}

impl Dirty {
    fn none() -> Self {
        Self::Some(BTreeSet::new())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing can panic half way through a change under it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_looks_hears_of_each_document_once_and_whoever_does_not_costs_a_bounded_amount() {
        let lookouts = Lookouts::default();
        let lookout = lookouts.open();
        lookouts.publish((1, 0));
        lookouts.publish((2, 0));
        lookouts.publish((1, 0));
        assert_eq!(lookout.next().await, Dirty::Some(BTreeSet::from([(1, 0), (2, 0)])));
        for plan in 0..5000 {
            lookouts.publish((plan, 0));
        }
        assert_eq!(lookout.next().await, Dirty::All);
        lookouts.publish((7, 0));
        assert_eq!(lookout.next().await, Dirty::Some(BTreeSet::from([(7, 0)])));
        drop(lookout);
        lookouts.publish((8, 0));
        drop(lookouts.open());
        assert_eq!(lock(&lookouts.0).len(), 1, "who has gone is forgotten");
    }
}
