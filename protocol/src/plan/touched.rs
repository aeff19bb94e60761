//! What an update touched: the names of entities and fields, without their values.
//!
//! The guard finds them while it walks an update, so that a reader refreshes only these.

use std::{cmp::Ordering, collections::BTreeSet};

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

impl Touched {
    /// Whether both touch some entity, be it in different fields.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        let (mut mine, mut theirs) = (self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some(one), Some(another)) = (mine.peek(), theirs.peek()) {
            match (&one.collection, &one.id).cmp(&(&another.collection, &another.id)) {
                Ordering::Less => drop(mine.next()),
                Ordering::Greater => drop(theirs.next()),
                Ordering::Equal => return true,
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touched(places: &[(&str, &str, &str)]) -> Touched {
        let place = |&(collection, id, field): &(&str, &str, &str)| Place {
            collection: collection.into(),
            id: id.into(),
            field: field.into(),
        };
        Touched(places.iter().map(place).collect())
    }

    #[test]
    fn two_updates_meet_in_an_entity() {
        let one = touched(&[("meta", "", "title"), ("tasks", "b", "due"), ("tasks", "d", "")]);
        for (other, meets) in [
            (touched(&[("tasks", "b", "status")]), true),
            (touched(&[("milestones", "b", "due"), ("tasks", "a", ""), ("tasks", "d", "notes")]), true),
            (touched(&[("meta", "", "tz")]), true),
            (touched(&[("milestones", "b", "due"), ("tasks", "c", "due"), ("tasks", "e", "")]), false),
            (touched(&[]), false),
        ] {
            assert_eq!((one.meets(&other), other.meets(&one)), (meets, meets), "{other:?}");
        }
    }
}
