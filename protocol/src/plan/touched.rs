//! What an update touched: the names of entities and fields, without their values.
//!
//! The guard finds them while it walks an update, so that a reader refreshes only these.

use std::collections::BTreeSet;

/// One place of a plan: a field of an entity, or the entity as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The root the entity stands in: `tasks`.
    pub collection: Box<str>,
    /// The entity's id; empty in `meta`, which has no ids.
    pub id: Box<str>,
    /// The flat key on the entity (`due`, `owners/b-cfo`, `target.date`); empty for the entity as a whole.
    pub field: Box<str>,
}

/// The places an update touched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touched(pub BTreeSet<Place>);
