//! What one's own edits have changed, so that it can be taken back, or made again in another document.
//!
//! In: rows before and after an edit. Out: an [`Edit`] for the plan as it is now. Pure.
//! What is always true: only what still stands as the edit left it is taken back: what somebody else has written since
//! stays. Of a text both changes are kept. An entity that was added is taken back by marking it as removed, since others
//! may have written into it; and nothing that the server stamps is written.

use std::{collections::BTreeMap, sync::Arc};

use plansync_protocol::plan::{
    Plan as Rows, Row, Value,
    edit::{Assign, Edit, EntityEdit, Target},
    read::Replaced,
    row::Key,
    schema::Kind,
    write::merge_text,
};

/// What edits have changed, in their order.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Step(Vec<Changed>);

#[derive(Debug, Clone, PartialEq)]
enum Changed {
    /// An entity that was not there.
    Added(Target, Arc<Row>),
    /// An entity was removed, or restored.
    Removal(Target, bool),
    /// A flat field, with what it was and is.
    Field { target: Target, key: Key, old: Option<Value>, new: Option<Value> },
}

impl Step {
    /// What is different between rows as they were and the plan as it is.
    pub(crate) fn of(replaced: &[Replaced], now: &Rows) -> Self {
        let mut changes = Vec::new();
        for Replaced { collection, id, old } in replaced {
            let target = Target { collection, id: id.clone() };
            let Some(new) = now.row(collection, id) else { continue };
            match old {
                None => changes.push(Changed::Added(target, Arc::new(new.clone()))),
                Some(old) => differences(&target, old, new, &mut changes),
            }
        }
        Self(changes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds what was changed after it.
    pub(crate) fn extend(&mut self, later: Self) {
        self.0.extend(later.0);
    }

    /// The edit that takes it back, in the plan as it is now.
    pub(crate) fn taken_back(&self, now: &Rows) -> Edit {
        let mut draft = Draft::new(now);
        for change in self.0.iter().rev() {
            match change {
                Changed::Added(target, _) => draft.mark(target, true),
                Changed::Removal(target, removed) if draft.is_removed(target) == *removed => {
                    draft.mark(target, !removed);
                }
                Changed::Removal(..) => {}
                Changed::Field { target, key, old, new } => {
                    let current = draft.value(target, key);
                    if is_text(target, key) {
                        let merged = merge_text(words(new.as_ref()), words(current.as_ref()), words(old.as_ref()));
                        draft.put(target, key, Some(Value::string(&merged)));
                    } else if current == *new {
                        draft.put(target, key, old.clone());
                    }
                }
            }
        }
        draft.edit()
    }

    /// The edit that makes it again, in the plan of another document; and the places where that is not possible, because
    /// what others had made there is gone.
    pub(crate) fn made_again(&self, now: &Rows) -> (Edit, Vec<String>) {
        let mut draft = Draft::new(now);
        let mut lost = Vec::new();
        for change in &self.0 {
            match change {
                Changed::Added(target, row) => draft.add(target, row),
                Changed::Removal(target, removed) if draft.has(target) => draft.mark(target, *removed),
                Changed::Field { target, key, old, new } if draft.has(target) => {
                    let value = if is_text(target, key) {
                        let theirs = draft.value(target, key);
                        let merged = merge_text(words(old.as_ref()), words(theirs.as_ref()), words(new.as_ref()));
                        Some(Value::string(&merged))
                    } else {
                        new.clone()
                    };
                    draft.put(target, key, value);
                }
                Changed::Removal(target, _) | Changed::Field { target, .. } => lost.push(target.path()),
            }
        }
        lost.sort();
        lost.dedup();
        (draft.edit(), lost)
    }
}

fn differences(target: &Target, old: &Row, new: &Row, changes: &mut Vec<Changed>) {
    let mut keys: BTreeMap<&str, &Key> = old.iter().map(|(key, _)| (&**key, key)).collect();
    keys.extend(new.iter().map(|(key, _)| (&**key, key)));
    for (name, key) in keys {
        let (was, is) = (old.get(name), new.get(name));
        if was == is || is_stamped(target, name) {
            continue;
        }
        changes.push(if name == "removed" {
            Changed::Removal(target.clone(), new.is_removed())
        } else {
            Changed::Field { target: target.clone(), key: key.clone(), old: was.cloned(), new: is.cloned() }
        });
    }
}

fn is_stamped(target: &Target, key: &str) -> bool {
    target.collection.field(key).is_some_and(|field| field.stamped)
}

fn is_text(target: &Target, key: &str) -> bool {
    target.collection.field(key).is_some_and(|field| field.kind == Kind::Text)
}

/// The words of a text, of which an empty one is an absent one.
fn words(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}

/// Flat fields that are to be different, by their keys.
type Fields = BTreeMap<Box<str>, (Key, Option<Value>)>;

/// An edit in the making, over the plan as it is.
struct Draft<'a> {
    now: &'a Rows,
    entities: Vec<(Target, Fields)>,
    marks: Vec<(Target, bool)>,
}

impl<'a> Draft<'a> {
    fn new(now: &'a Rows) -> Self {
        Self { now, entities: Vec::new(), marks: Vec::new() }
    }

    fn has(&self, target: &Target) -> bool {
        self.now.row(target.collection, &target.id).is_some() || self.entities.iter().any(|(each, _)| each == target)
    }

    fn value(&self, target: &Target, key: &Key) -> Option<Value> {
        let drafted = self.entities.iter().find(|(each, _)| each == target).and_then(|(_, fields)| fields.get(&**key));
        match drafted {
            Some((_, value)) => value.clone(),
            None => self.now.row(target.collection, &target.id)?.get(key).cloned(),
        }
    }

    fn is_removed(&self, target: &Target) -> bool {
        let marked = self.marks.iter().find(|(each, _)| each == target).map(|(_, removed)| *removed);
        marked.unwrap_or_else(|| self.now.row(target.collection, &target.id).is_some_and(Row::is_removed))
    }

    fn put(&mut self, target: &Target, key: &Key, value: Option<Value>) {
        if !self.has(target) {
            return;
        }
        self.fields(target).insert((**key).into(), (key.clone(), value));
    }

    fn add(&mut self, target: &Target, row: &Row) {
        let fields = self.fields(target);
        for (key, value) in row.iter() {
            if !is_stamped(target, key) && &**key != "removed" {
                fields.insert((**key).into(), (key.clone(), Some(value.clone())));
            }
        }
        if row.is_removed() {
            self.mark(target, true);
        }
    }

    fn mark(&mut self, target: &Target, removed: bool) {
        if !self.has(target) {
            return;
        }
        self.marks.retain(|(each, _)| each != target);
        self.marks.push((target.clone(), removed));
    }

    fn fields(&mut self, target: &Target) -> &mut Fields {
        let at = self.entities.iter().position(|(each, _)| each == target).unwrap_or_else(|| {
            self.entities.push((target.clone(), BTreeMap::new()));
            self.entities.len() - 1
        });
        &mut self.entities[at].1
    }

    fn edit(self) -> Edit {
        let assign = |(key, value)| match value {
            Some(value) => Assign::Put(key, value),
            None => Assign::Delete(key),
        };
        let set = |(target, fields): (Target, Fields)| EntityEdit {
            target,
            assigns: fields.into_values().map(assign).collect(),
        };
        let (remove, restore): (Vec<_>, Vec<_>) = self.marks.into_iter().partition(|(_, removed)| *removed);
        let targets = |marks: Vec<(Target, bool)>| marks.into_iter().map(|(target, _)| target).collect();
        Edit {
            set: self.entities.into_iter().map(set).collect(),
            remove: targets(remove),
            restore: targets(restore),
            reason: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use plansync_protocol::plan::write;
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::document::Document;

    /// Makes an edit and says what it has changed.
    fn edit(document: &mut Document, edit: &Json) -> Step {
        let edit = Edit::parse(edit, true).unwrap();
        make(document, &edit)
    }

    fn make(document: &mut Document, edit: &Edit) -> Step {
        let (result, written) = document.write(|txn| write::apply_unstamped(txn, edit));
        result.unwrap();
        Step::of(&written.replaced, document.rows())
    }

    fn take_back(document: &mut Document, step: &Step) -> Step {
        let edit = step.taken_back(document.rows());
        make(document, &edit)
    }

    fn plan() -> Document {
        let mut document = Document::new(1);
        edit(
            &mut document,
            &json!({"set": {
                "meta": {"title": "Pilot"},
                "tasks": {"t1": {"title": "One", "notes": "Hello", "owners": ["ann"], "due": "2026-03-01"}}
            }}),
        );
        document
    }

    #[test]
    fn an_edit_is_taken_back_and_made_again() {
        let mut document = plan();
        let before = Arc::clone(document.rows());
        let step = edit(
            &mut document,
            &json!({
                "set": {
                    "tasks": {
                        "t1": {"due": null, "owners": ["ben"], "notes": "Hello you", "blocked": {"reason": "No access"}},
                        "t2": {"title": "Two"}
                    },
                    "meta": {"title": "Roll-out"}
                },
                "remove": {"tasks": ["t1"]}
            }),
        );
        let after = Arc::clone(document.rows());
        let undone = take_back(&mut document, &step);
        let t2 = document.rows().task("t2").unwrap();
        assert!(t2.is_removed() && t2.title() == Some("Two"), "an entity that was added is marked as removed");
        assert_eq!(document.rows().task("t1").unwrap().row, before.task("t1").unwrap().row);
        assert_eq!(document.rows().meta, before.meta);
        let redone = take_back(&mut document, &undone);
        assert_eq!(*document.rows(), after);
        take_back(&mut document, &redone);
        assert_eq!(document.rows().meta, before.meta);
    }

    #[test]
    fn what_somebody_else_has_written_since_stays() {
        let mut document = plan();
        let step = edit(
            &mut document,
            &json!({"set": {"tasks": {"t1": {
                "due": "2026-04-01", "title": "Mine", "notes": "Hello dear"
            }}}}),
        );
        edit(&mut document, &json!({"set": {"tasks": {"t1": {"title": "Theirs", "notes": "Hello dear world"}}}}));
        take_back(&mut document, &step);
        let task = document.rows().task("t1").unwrap();
        assert_eq!((task.title(), task.notes()), (Some("Theirs"), Some("Hello world")));
        assert_eq!(task.due().unwrap().to_string(), "2026-03-01");
    }

    #[test]
    fn steps_that_were_made_one_after_the_other_are_taken_back_as_one() {
        let mut document = plan();
        let before = Arc::clone(document.rows());
        let mut step = edit(&mut document, &json!({"set": {"tasks": {"t1": {"due": "2026-04-01"}}}}));
        step.extend(edit(&mut document, &json!({"set": {"tasks": {"t1": {"due": "2026-05-01", "notes": "A"}}}})));
        step.extend(edit(&mut document, &json!({"set": {"tasks": {"t1": {"due": null, "notes": "AB"}}}})));
        take_back(&mut document, &step);
        assert_eq!(*document.rows(), before);
    }

    #[test]
    fn in_another_document_an_edit_is_made_again_unless_its_entity_is_gone() {
        let mut document = plan();
        edit(&mut document, &json!({"set": {"tasks": {"gone": {"title": "Gone"}}}}));
        let step = edit(
            &mut document,
            &json!({"set": {"tasks": {
                "t1": {"notes": "Hello world", "due": "2026-09-09"}, "new": {"title": "New"}, "gone": {"due": "2026-09-09"}
            }}}),
        );
        let mut other = plan();
        edit(&mut other, &json!({"set": {"tasks": {"t1": {"notes": "Oh. Hello"}}}}));
        let (again, lost) = step.made_again(other.rows());
        make(&mut other, &again);
        assert_eq!(lost, ["tasks/gone"]);
        let task = other.rows().task("t1").unwrap();
        assert_eq!((task.notes(), task.row.text("due")), (Some("Oh. Hello world"), Some("2026-09-09")));
        assert_eq!(other.rows().task("new").unwrap().title(), Some("New"));
    }
}
