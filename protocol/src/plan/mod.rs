//! The plan: its schema, its typed form, and the way between both, a document and the canonical JSON.
//!
//! A [`Plan`] is what one document holds, as rows of flat fields driven by the [`schema`]; [`views`] read a row like
//! the product does (`plan.task("ca-1")?.due()`). A plan is made by [`json::parse`] or [`read::plan`], kept up to date
//! by [`read::refresh`], and never written back: [`write`] changes the document, and the plan is read again from it.

pub mod cadence;
pub mod change;
pub mod check;
pub mod derived;
pub mod diff;
pub mod edit;
pub mod erasure;
pub mod export;
pub mod figures;
pub mod import;
pub mod item;
pub mod json;
pub mod lint;
pub mod party;
pub mod portfolio;
pub mod rank;
pub mod read;
pub mod reminder;
pub mod row;
pub mod schedule;
pub mod schema;
pub mod stamp;
pub mod summary;
pub mod template;
pub mod touched;
pub mod value;
pub mod views;
pub mod words;
pub mod write;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use change::{Change, Difference, Event, Verb, What};
pub use check::Malformed;
pub use edit::Edit;
pub use row::{Key, Row};
pub use stamp::Stamp;
pub use value::Value;
pub use views::{Dependency, Entity, Milestone, Person, Risk, Task};
pub use words::{RiskState, Status};

use crate::ids::PartyId;
use schema::{COLLECTIONS, Collection};

/// A real plan in the canonical JSON: 15 milestones, 10 tasks, 28 dependencies.
pub const SAMPLE: &str = include_str!("sample.json");

/// The entities of one collection by id. A row is shared, so that a plan before and after an edit costs little.
pub type Rows = BTreeMap<Box<str>, Arc<Row>>;

/// What one document holds: the fields of the plan itself and the rows of every collection, removed ones too.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The fields of `meta`.
    pub meta: Row,
    /// Shared until one of two copies changes: a plan before and after an update costs one collection.
    rows: Vec<Arc<Rows>>,
}

impl Default for Plan {
    fn default() -> Self {
        Self { meta: Row::default(), rows: COLLECTIONS.iter().map(|_| Arc::default()).collect() }
    }
}

impl Plan {
    /// The rows of a collection, removed ones too, by id. `meta` has none.
    #[must_use]
    pub fn rows(&self, collection: &Collection) -> &Rows {
        &self.rows[collection.index()]
    }

    /// The rows of a collection, to be changed.
    pub fn rows_mut(&mut self, collection: &Collection) -> &mut Rows {
        Arc::make_mut(&mut self.rows[collection.index()])
    }

    /// The row of an entity, removed or not; of `meta` with any id.
    #[must_use]
    pub fn row(&self, collection: &Collection, id: &str) -> Option<&Row> {
        if collection.is_single() { Some(&self.meta) } else { self.rows(collection).get(id).map(Arc::as_ref) }
    }

    /// The entities of a collection in the order of the plan, which is by (rank, id); removed ones only if asked.
    #[must_use]
    pub fn ordered(&self, collection: &Collection, with_removed: bool) -> Vec<(&str, &Row)> {
        let mut rows: Vec<(&str, &Row)> = self
            .rows(collection)
            .iter()
            .filter(|(_, row)| with_removed || !row.is_removed())
            .map(|(id, row)| (id.as_ref(), row.as_ref()))
            .collect();
        if collection.is_ranked() {
            // Stable, and the rows come by id: ties stay in the order of ids. A row without rank stands last.
            rows.sort_by_cached_key(|(_, row)| row.text("rank").map_or((true, ""), |rank| (false, rank)));
        }
        rows
    }

    /// A party's own document as its people read it: with the names of the shared plan's people and parties, its title
    /// and its zone, and with a word for what it is. Nothing that could be done or missed comes along.
    #[must_use]
    pub fn beside(mut self, shared: &Self, party: &PartyId) -> Self {
        for name in ["parties", "people"] {
            if let Some(collection) = schema::collection(name) {
                self.rows_mut(collection).clone_from(shared.rows(collection));
            }
        }
        if let Some(meta) = schema::collection("meta") {
            let named = shared.meta.iter().filter(|(key, _)| matches!(&***key, "title" | "account" | "tz"));
            let name = shared.entities("parties").find(|each| each.id == party.as_str()).and_then(|each| each.title());
            let word = format!("Private, for {} alone", name.unwrap_or(party.as_str()));
            let fields = named.map(|(key, value)| (key.clone(), value.clone()));
            let word = (Key::of(meta, "planWord"), Value::string(&word));
            self.meta = Row::new(meta, fields.chain([word]).collect());
        }
        self
    }

    /// Whether it holds nothing at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.meta.is_empty() && self.rows.iter().all(|rows| rows.is_empty())
    }
}
