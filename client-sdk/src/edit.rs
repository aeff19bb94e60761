//! Typed edits: collected and checked first, then written in one transaction, or not at all.
//!
//! In: calls like `edit.task("ca-1").due("2026-03-01")`, over the plan as it is. Out: an edit as the HTTP interface has
//! it, parsed by the same code as the server's. What is always true: what does not fit is named with its place and what
//! would fit, all of it at once; an entity is set only where it exists and added only where it does not.

use std::sync::Arc;

use plansync_protocol::plan::{
    Plan as Rows, RiskState, Status, check,
    edit::Edit as Parsed,
    rank,
    schema::{Collection, Ids, collection},
};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use crate::error::{Error, ErrorKind};

/// What a field is set to; `None` takes it away.
#[derive(Debug, Clone, PartialEq)]
pub struct Given(pub(crate) Json);

macro_rules! given {
    ($($type:ty: $of:expr),+ $(,)?) => {
        $(impl From<$type> for Given {
            fn from(value: $type) -> Self {
                Self($of(value))
            }
        })+
    };
}

given!(
    Json: |value| value,
    &str: Json::from,
    String: Json::from,
    &String: |value: &String| Json::from(value.as_str()),
    bool: Json::from,
    i32: Json::from,
    i64: Json::from,
    u32: Json::from,
    f64: Json::from,
    jiff::civil::Date: |value: jiff::civil::Date| Json::from(value.to_string()),
    jiff::Timestamp: |value: jiff::Timestamp| Json::from(value.to_string()),
    Status: |value: Status| Json::from(value.as_str()),
    RiskState: |value: RiskState| Json::from(value.as_str()),
);

impl<T: Into<Given>> From<Option<T>> for Given {
    fn from(value: Option<T>) -> Self {
        Self(value.map_or(Json::Null, |value| value.into().0))
    }
}

impl<T: Into<Given>> From<Vec<T>> for Given {
    fn from(values: Vec<T>) -> Self {
        Self(values.into_iter().map(|value| value.into().0).collect())
    }
}

impl<T: Into<Given>, const N: usize> From<[T; N]> for Given {
    fn from(values: [T; N]) -> Self {
        Self(values.into_iter().map(|value| value.into().0).collect())
    }
}

/// Where an entity is to stand in its order.
#[derive(Debug, Clone)]
pub struct Place {
    at: At,
    group: Vec<(&'static str, Option<String>)>,
}

#[derive(Debug, Clone)]
enum At {
    Before(String),
    After(String),
    First,
    Last,
}

impl Place {
    /// Just before this one, within the same milestone (or phase) as this one.
    #[must_use]
    pub fn before(id: impl Into<String>) -> Self {
        Self { at: At::Before(id.into()), group: Vec::new() }
    }

    /// Just after this one, within the same milestone (or phase) as this one.
    #[must_use]
    pub fn after(id: impl Into<String>) -> Self {
        Self { at: At::After(id.into()), group: Vec::new() }
    }

    /// At the beginning of its collection, or of the milestone (or phase) given with it.
    #[must_use]
    pub fn first() -> Self {
        Self { at: At::First, group: Vec::new() }
    }

    /// At the end of its collection, or of the milestone (or phase) given with it.
    #[must_use]
    pub fn last() -> Self {
        Self { at: At::Last, group: Vec::new() }
    }

    /// In this milestone, for a task; `None` for none.
    #[must_use]
    pub fn milestone(self, id: Option<&str>) -> Self {
        self.within("milestone", id)
    }

    /// In this phase, for a milestone; `None` for none.
    #[must_use]
    pub fn phase(self, id: Option<&str>) -> Self {
        self.within("phase", id)
    }

    /// Below this task, for a task; `None` for none.
    #[must_use]
    pub fn parent(self, id: Option<&str>) -> Self {
        self.within("parent", id)
    }

    fn within(mut self, name: &'static str, id: Option<&str>) -> Self {
        self.group.push((name, id.map(str::to_owned)));
        self
    }
}

/// An edit in the making, given to the function of [`Plan::edit`](crate::Plan::edit). Nothing is written before that
/// function returns.
#[derive(Debug)]
pub struct Edit {
    now: Arc<Rows>,
    set: Map<String, Json>,
    remove: Map<String, Json>,
    restore: Map<String, Json>,
    reason: Option<String>,
    added: Vec<(String, String)>,
    wrong: Option<Error>,
}

impl Edit {
    pub(crate) fn new(now: Arc<Rows>) -> Self {
        Self {
            now,
            set: Map::new(),
            remove: Map::new(),
            restore: Map::new(),
            reason: None,
            added: Vec::new(),
            wrong: None,
        }
    }

    /// Why; it becomes the `reason` of items whose dates or status the edit changes.
    pub fn reason(&mut self, why: impl Into<String>) {
        self.reason = Some(why.into());
    }

    /// Sets fields of an entity that exists, given as a JSON object. `null` takes a field away; a set given as an array
    /// is replaced, and given as an object (`{"ann": true}`) added to. For `meta` the id is empty.
    pub fn set(&mut self, collection: &str, id: &str, fields: impl Into<Given>) {
        self.expect(collection, id);
        match fields.into().0 {
            Json::Object(fields) => fields.into_iter().for_each(|(key, value)| self.put(collection, id, &key, value)),
            other => self.put(collection, id, "fields", other),
        }
    }

    /// Adds an entity at the end of its collection, and returns its id: that of the fields, if they have one.
    pub fn add(&mut self, collection: &str, fields: impl Into<Given>) -> String {
        let Json::Object(mut fields) = fields.into().0 else {
            self.fail(Error::new(ErrorKind::Malformed, format!("an entity of {collection} is added as an object")));
            return String::new();
        };
        let given = fields.remove("id").and_then(|id| id.as_str().map(str::to_owned));
        let text = |name: &str| fields.get(name).and_then(Json::as_str).unwrap_or_default();
        let is_edge = plansync_protocol::plan::schema::collection(collection).is_some_and(|it| it.ids == Ids::Edge);
        let id = given.unwrap_or_else(|| {
            if is_edge { format!("{}>{}", text("from"), text("to")) } else { Uuid::now_v7().simple().to_string() }
        });
        self.begin(collection, &id);
        self.set(collection, &id, Json::Object(fields));
        id
    }

    /// Marks an entity as removed; [`Edit::restore`] brings it back as it was.
    pub fn remove(&mut self, collection: &str, id: &str) {
        if self.is_there(collection, id) {
            list(&mut self.restore, collection).retain(|each| each != id);
            list(&mut self.remove, collection).push(id.into());
        }
    }

    /// Brings a removed entity back.
    pub fn restore(&mut self, collection: &str, id: &str) {
        if self.is_there(collection, id) {
            list(&mut self.remove, collection).retain(|each| each != id);
            list(&mut self.restore, collection).push(id.into());
        }
    }

    /// Moves an entity: of tasks, milestones and other collections with an order.
    pub fn move_to(&mut self, name: &str, id: &str, place: Place) {
        if !self.is_there(name, id) {
            return;
        }
        let Some(collection) = collection(name).filter(|collection| collection.is_ranked()) else {
            return self.fail(Error::new(ErrorKind::Malformed, format!("{name} have no order to move in")));
        };
        let beside = match &place.at {
            At::Before(id) | At::After(id) => Some(id.clone()),
            At::First | At::Last => None,
        };
        if beside.as_ref().is_some_and(|beside| !self.is_there(name, beside)) {
            return;
        }
        let mut wanted = place.group;
        for group in ["milestone", "phase", "parent"] {
            let is_given = wanted.iter().any(|(name, _)| *name == group);
            if let Some(beside) = beside.as_ref().filter(|_| !is_given && collection.field(group).is_some()) {
                let same = self.value(collection, beside, group).and_then(|value| value.as_str().map(str::to_owned));
                wanted.push((group, same));
            }
        }
        for (group, value) in &wanted {
            self.put(name, id, group, Given::from(value.as_deref()).0);
        }
        let mut order = self.order(collection);
        order.retain(|(each, _)| each != id);
        let in_group = |(each, _): &&(String, Option<String>)| {
            wanted.iter().all(|(group, value)| {
                self.value(collection, each, group).as_ref().and_then(Json::as_str) == value.as_deref()
            })
        };
        let at_of = |id: &str| order.iter().position(|(each, _)| each == id).unwrap_or(order.len());
        let at = match &place.at {
            At::Before(id) => at_of(id),
            At::After(id) => at_of(id) + 1,
            At::First if wanted.is_empty() => 0,
            At::Last if wanted.is_empty() => order.len(),
            At::First => order.iter().find(in_group).map_or(order.len(), |(id, _)| at_of(id)),
            At::Last => order.iter().rfind(in_group).map_or(order.len(), |(id, _)| at_of(id) + 1),
        };
        self.rank_at(name, id, &order, at);
    }

    /// Gives the moved one a rank at this place; where its neighbours leave no room, all others get new ones too.
    fn rank_at(&mut self, name: &str, moved: &str, order: &[(String, Option<String>)], at: usize) {
        let rank_of = |at: usize| order.get(at).and_then(|(_, rank)| rank.as_deref());
        let below = at.checked_sub(1).and_then(rank_of);
        let all_ranked = order[..at].iter().all(|(_, rank)| rank.is_some());
        // Those behind that share the rank of the one before have to move as well.
        let end = (at..order.len()).find(|next| below.is_none() || rank_of(*next) != below).unwrap_or(order.len());
        let room = rank::n_between(below, rank_of(end), end - at + 1);
        let (ids, ranks) = match room {
            Ok(ranks) if all_ranked => {
                let ids = std::iter::once(moved).chain(order[at..end].iter().map(|(id, _)| id.as_str()));
                (ids.map(str::to_owned).collect::<Vec<_>>(), ranks)
            }
            _ => {
                let mut ids: Vec<String> = order.iter().map(|(id, _)| id.clone()).collect();
                ids.insert(at, moved.to_owned());
                let ranks = rank::n_between(None, None, ids.len()).unwrap_or_default();
                (ids, ranks)
            }
        };
        for (id, rank) in ids.iter().zip(ranks) {
            self.put(name, id, "rank", rank.into());
        }
    }

    /// Every entity, removed ones too, as it will stand.
    fn order(&self, collection: &Collection) -> Vec<(String, Option<String>)> {
        let known = self.now.rows(collection).keys().map(|id| id.to_string());
        let added = self.added.iter().filter(|(name, _)| name == collection.name).map(|(_, id)| id.clone());
        let rank_of = |id: &str| {
            let rank = self.value(collection, id, "rank");
            rank.and_then(|rank| rank.as_str().filter(|rank| rank::is_rank(rank)).map(str::to_owned))
        };
        let mut order: Vec<_> = known.chain(added).map(|id| (rank_of(&id), id)).collect();
        // One without rank stands last.
        order.sort_by(|(one, id), (other, other_id)| (one.is_none(), one, id).cmp(&(other.is_none(), other, other_id)));
        order.into_iter().map(|(rank, id)| (id, rank)).collect()
    }

    /// A flat field as it will be.
    fn value(&self, collection: &Collection, id: &str, key: &str) -> Option<Json> {
        let drafted = self.set.get(collection.name).and_then(|ids| ids.get(id)).and_then(|fields| fields.get(key));
        match drafted {
            Some(value) => Some(value.clone()).filter(|value| !value.is_null()),
            None => self.now.row(collection, id)?.get(key).map(plansync_protocol::plan::Value::to_json),
        }
    }

    /// An entity that is not there yet.
    pub(crate) fn begin(&mut self, name: &str, id: &str) {
        if let Some(collection) = collection(name) {
            if let Err(expected) = check::entity_id(collection, id) {
                let malformed = check::Malformed::new(format!("{name}/{id}"), &format!("{id:?}"), expected);
                return self.fail(Error::of_values(vec![malformed]));
            }
            if self.has(name, id) {
                let words = format!("{name}/{id} exists already: set its fields, or give another id");
                return self.fail(Error::new(ErrorKind::Conflict, words));
            }
        }
        self.added.push((name.to_owned(), id.to_owned()));
        let entities = self.set.entry(name).or_insert_with(|| json!({}));
        entities[id] = json!({});
    }

    /// An entity that has to be there.
    pub(crate) fn expect(&mut self, collection: &str, id: &str) {
        self.is_there(collection, id);
    }

    /// Sets one field, which may be a flat one: `owners/ann`, `target.date`.
    pub(crate) fn put(&mut self, collection: &str, id: &str, key: &str, value: Json) {
        if !self.is_there(collection, id) {
            return;
        }
        let entities = self.set.entry(collection).or_insert_with(|| json!({}));
        if is_single(collection) {
            entities[key] = value;
        } else {
            let entity = &mut entities[id];
            if entity.is_null() {
                *entity = json!({});
            }
            entity[key] = value;
        }
    }

    fn is_there(&mut self, collection: &str, id: &str) -> bool {
        let is_there = self.has(collection, id);
        if !is_there && self.wrong.is_none() {
            let words = format!(
                "there is no {collection}/{id}: add it first, or wait until the plan is live. Nothing was written"
            );
            self.fail(Error::new(ErrorKind::NotFound, words));
        }
        is_there
    }

    fn has(&self, name: &str, id: &str) -> bool {
        // That there is no such collection is told, with those there are, when the whole is read.
        let is_known = collection(name).is_none_or(|collection| self.now.row(collection, id).is_some());
        is_known || self.added.iter().any(|(each, other)| each == name && other == id)
    }

    /// The first mistake counts.
    fn fail(&mut self, error: Error) {
        self.wrong.get_or_insert(error);
    }

    /// The edit to be written.
    pub(crate) fn checked(self, shared: bool) -> Result<Parsed, Error> {
        if let Some(wrong) = self.wrong {
            return Err(wrong);
        }
        let mut json = json!({"set": self.set, "remove": self.remove, "restore": self.restore});
        if let Some(reason) = self.reason {
            json["reason"] = reason.into();
        }
        Parsed::parse(&json, shared).map_err(Error::of_values)
    }
}

fn is_single(name: &str) -> bool {
    collection(name).is_some_and(Collection::is_single)
}

fn list<'a>(lists: &'a mut Map<String, Json>, collection: &str) -> &'a mut Vec<Json> {
    let list = lists.entry(collection).or_insert_with(|| json!([]));
    match list {
        Json::Array(ids) => ids,
        _ => unreachable!("lists hold arrays alone"),
    }
}

#[cfg(test)]
mod tests {
    use plansync_protocol::plan::write;

    use super::*;
    use crate::document::Document;

    fn make(document: &mut Document, make: impl FnOnce(&mut Edit)) -> Result<(), Error> {
        let mut edit = Edit::new(Arc::clone(document.rows()));
        make(&mut edit);
        let edit = edit.checked(true)?;
        document.write(|txn| write::apply_unstamped(txn, &edit)).0.map_err(Error::of_values).map(drop)
    }

    fn order(document: &mut Document) -> String {
        let titles: Vec<_> = document.rows().tasks().map(|task| task.id.to_owned()).collect();
        titles.join(" ")
    }

    fn plan() -> Document {
        let mut document = Document::new(1);
        make(&mut document, |edit| {
            for id in ["a", "b", "c"] {
                edit.add("tasks", json!({"id": id, "title": id, "milestone": "m1"}));
            }
            edit.add("tasks", json!({"id": "d", "milestone": "m2"}));
        })
        .unwrap();
        document
    }

    #[test]
    fn entities_are_moved_within_their_group_and_to_another() {
        let mut document = plan();
        assert_eq!(order(&mut document), "a b c d");
        make(&mut document, |edit| edit.move_to("tasks", "c", Place::before("a"))).unwrap();
        assert_eq!(order(&mut document), "c a b d");
        make(&mut document, |edit| edit.move_to("tasks", "c", Place::after("d"))).unwrap();
        assert_eq!(order(&mut document), "a b d c");
        assert_eq!(document.rows().task("c").unwrap().milestone(), Some("m2"), "it goes where its neighbour is");
        make(&mut document, |edit| edit.move_to("tasks", "c", Place::first().milestone(Some("m1")))).unwrap();
        assert_eq!(
            (order(&mut document).as_str(), document.rows().task("c").unwrap().milestone()),
            ("c a b d", Some("m1"))
        );
        make(&mut document, |edit| edit.move_to("tasks", "c", Place::last().milestone(None))).unwrap();
        assert_eq!((order(&mut document).as_str(), document.rows().task("c").unwrap().milestone()), ("a b d c", None));
    }

    #[test]
    fn between_two_that_share_a_rank_and_behind_one_without_there_is_room() {
        let mut document = plan();
        make(&mut document, |edit| {
            edit.set("tasks", "b", json!({"rank": "a0"}));
            edit.set("tasks", "a", json!({"rank": "a0"}));
            edit.set("tasks", "c", json!({"rank": null}));
            edit.set("tasks", "d", json!({"rank": null}));
        })
        .unwrap();
        assert_eq!(order(&mut document), "a b c d");
        make(&mut document, |edit| edit.move_to("tasks", "d", Place::after("a"))).unwrap();
        assert_eq!(order(&mut document), "a d b c");
        make(&mut document, |edit| edit.set("tasks", "d", json!({"rank": null}))).unwrap();
        make(&mut document, |edit| edit.move_to("tasks", "a", Place::after("c"))).unwrap();
        assert_eq!(order(&mut document), "b c a d");
    }

    #[test]
    fn what_does_not_fit_is_named_and_nothing_is_written() {
        let mut document = plan();
        let before = Arc::clone(document.rows());
        let mut wrong = |edit: fn(&mut Edit)| make(&mut document, edit).unwrap_err();
        let error = wrong(|edit| {
            edit.set("tasks", "a", json!({"title": "New", "due": "banana", "status": 7}));
            edit.set("meta", "", json!({"target": {"date": 5}}));
        });
        let places: Vec<_> = error.malformed().iter().map(|each| each.path.as_str()).collect();
        assert_eq!(places, ["tasks/a/due", "tasks/a/status", "meta/target.date"]);
        assert_eq!((error.kind(), error.path()), (ErrorKind::Malformed, Some("tasks/a/due")));
        assert!(error.to_string().contains("a day like 2026-02-17"), "{error}");
        for (error, kind) in [
            (wrong(|edit| edit.set("tasks", "x", json!({"title": "x"}))), ErrorKind::NotFound),
            (wrong(|edit| edit.remove("tasks", "x")), ErrorKind::NotFound),
            (wrong(|edit| edit.move_to("tasks", "a", Place::after("x"))), ErrorKind::NotFound),
            (wrong(|edit| drop(edit.add("tasks", json!({"id": "a"})))), ErrorKind::Conflict),
            (wrong(|edit| drop(edit.add("tasks", json!({"id": "a b"})))), ErrorKind::Malformed),
            (wrong(|edit| edit.set("touchpoints", "x", json!({}))), ErrorKind::NotFound),
            (wrong(|edit| drop(edit.add("touchpoints", json!({"id": "x"})))), ErrorKind::Malformed),
            (wrong(|edit| drop(edit.add("views", json!({"id": "x"})))), ErrorKind::Malformed),
            (wrong(|edit| drop(edit.add("nonsense", json!({})))), ErrorKind::Malformed),
            (
                wrong(|edit| edit.set("tasks", "a", json!({"completedAt": "2026-02-17T18:21:07Z"}))),
                ErrorKind::Malformed,
            ),
            (wrong(|edit| edit.move_to("people", "x", Place::first())), ErrorKind::NotFound),
        ] {
            assert_eq!(error.kind(), kind, "{error}");
        }
        assert_eq!(*document.rows(), before);
    }

    #[test]
    fn an_edge_has_the_id_of_its_ends() {
        let mut document = plan();
        make(&mut document, |edit| {
            assert_eq!(edit.add("dependencies", json!({"from": "a", "to": "b", "minGapDays": 3})), "a>b");
        })
        .unwrap();
        let edge = document.rows().dependency("a>b").unwrap();
        assert_eq!((edge.from(), edge.min_gap_days()), ("a", 3));
    }
}
