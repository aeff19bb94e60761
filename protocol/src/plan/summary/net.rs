//! The net change of a window: what is different at its end, however it came about.
//!
//! The plan as it was comes from taking every change back, so a value that came and went is no change, and an item that
//! was added and removed never was. The changes themselves say who and why.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{Origin, Scope};
use crate::plan::Plan;
use crate::plan::change::{Change, Difference, Event, Verb, What};
use crate::plan::diff;
use crate::plan::schema::{COLLECTIONS, Collection};

/// The net change of one document.
pub(super) struct Net {
    /// The plan at the beginning of the window.
    pub(super) old: Plan,
    /// What is different, by collection and id.
    pub(super) entities: Vec<Changed>,
}

/// The net change of one entity.
pub(super) struct Changed {
    pub(super) collection: &'static Collection,
    pub(super) id: Box<str>,
    /// `Added`, `Removed`, `Restored`, or `Changed` for one that was there and is.
    pub(super) verb: Verb,
    /// What differs; of an entity that came or went one difference with its row.
    pub(super) differences: Vec<Difference>,
    /// The people who made it, in the order they first did, with their party.
    pub(super) actors: Vec<(Box<str>, Option<Box<str>>)>,
    /// What made it, but for people's hands.
    pub(super) machines: Vec<Origin>,
}

/// Who touched a field, or (without a field) an entity as a whole.
#[derive(Default)]
struct Hands<'a> {
    changes: Vec<&'a Change>,
    reason: Option<&'a str>,
}

impl Changed {
    /// The difference of a field.
    pub(super) fn field(&self, name: &str) -> Option<&Difference> {
        self.differences.iter().find(|difference| difference.field().is_some_and(|(field, ..)| field == name))
    }

    /// Whether it came by no person's hand.
    pub(super) fn is_only_by(&self, origin: Origin) -> bool {
        self.actors.is_empty() && self.machines == [origin]
    }
}

/// The net change of a plan's document.
pub(super) fn net(plan: &Plan, changes: &[Change], scope: &Scope) -> Net {
    let mut old = plan.clone();
    let mut hands: BTreeMap<(usize, &str), BTreeMap<&str, Hands<'_>>> = BTreeMap::new();
    let differences = changes.iter().filter(|change| change.scope == *scope).filter_map(|change| match &change.event {
        Event::Difference(difference) => Some((change, difference)),
        Event::Other { .. } => None,
    });
    let differences: Vec<_> = differences.collect();
    for (_, difference) in differences.iter().rev() {
        diff::revert(&mut old, difference);
    }
    for (change, difference) in differences {
        let place = (difference.collection.index(), &*difference.id);
        let field = difference.field().map_or("", |(field, ..)| field);
        let hand = hands.entry(place).or_default().entry(field).or_default();
        hand.changes.push(change);
        hand.reason = difference.reason.as_deref().or(hand.reason);
    }
    let mut entities = Vec::new();
    for ((index, id), hands) in hands {
        let collection = &COLLECTIONS[index];
        let mut differences = diff::rows(collection, id, old.row(collection, id), plan.row(collection, id), None);
        // A newcomer that is removed already never was, and what was removed cannot go.
        let is_ghost = |difference: &Difference| matches!(&difference.what, What::Row(row) if row.is_removed() && difference.verb != Verb::Restored);
        let was_removed = old.row(collection, id).is_some_and(|row| row.is_removed());
        let is_removed = plan.row(collection, id).is_some_and(|row| row.is_removed());
        differences.retain(|difference| !difference.is_silent());
        if differences.is_empty() || differences.iter().any(is_ghost) || (was_removed && is_removed) {
            continue;
        }
        let whole = differences.iter().position(|difference| matches!(difference.what, What::Row(_)));
        let verb = whole.map_or(Verb::Changed, |at| differences[at].verb);
        if let Some(at) = whole {
            differences = vec![differences.swap_remove(at)];
        }
        let mut fields: BTreeSet<&str> =
            differences.iter().map(|each| each.field().map_or("", |(it, ..)| it)).collect();
        if verb == Verb::Added || verb == Verb::Restored {
            fields.extend(hands.keys());
        }
        let made = made_by(&hands, &fields);
        for difference in &mut differences {
            let name = difference.field().map_or("", |(field, ..)| field).to_owned();
            let last = hands.get(name.as_str()).and_then(|hand| hand.reason).map(Box::from);
            difference.reason = difference.reason.take().or(last);
        }
        entities.push(Changed { collection, id: id.into(), verb, differences, actors: made.0, machines: made.1 });
    }
    Net { old, entities }
}

type Made = (Vec<(Box<str>, Option<Box<str>>)>, Vec<Origin>);

fn made_by(hands: &BTreeMap<&str, Hands<'_>>, fields: &BTreeSet<&str>) -> Made {
    let mut changes: Vec<&Change> =
        fields.iter().filter_map(|field| hands.get(field)).flat_map(|hand| hand.changes.iter().copied()).collect();
    changes.sort_by_key(|change| (change.seq, change.n));
    let (mut actors, mut machines): Made = (Vec::new(), Vec::new());
    for change in changes {
        // A host application that acts for somebody of the plan is named after them, and labelled.
        let is_named =
            change.origin == Origin::Human || (change.origin == Origin::Automation && change.party.is_some());
        if is_named && !actors.iter().any(|(actor, _)| **actor == *change.actor.as_str()) {
            actors.push((change.actor.as_str().into(), change.party.as_ref().map(|party| party.as_str().into())));
        }
        if change.origin != Origin::Human && !machines.contains(&change.origin) {
            machines.push(change.origin);
        }
    }
    (actors, machines)
}
