//! A write of the server's own beside what a person wrote: it goes into the same entry of the log.

use std::sync::Arc;

use plansync_protocol::plan::{Row, Value, edit::Target};

/// One write.
#[derive(Debug, Clone, PartialEq)]
pub enum Amend {
    /// These flat fields get these values; the entity is made if it is not there.
    Put(Target, Vec<(Box<str>, Option<Value>)>),
    /// The entity goes, as if it had never come.
    Erase(Target),
    /// The entity gets the stamps that its change since this row asks for.
    Stamp(Target, Option<Arc<Row>>),
}

impl Amend {
    /// The entity it is about.
    #[must_use]
    pub fn target(&self) -> &Target {
        match self {
            Self::Put(target, _) | Self::Erase(target) | Self::Stamp(target, _) => target,
        }
    }
}
