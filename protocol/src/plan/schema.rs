//! The schema: every collection of a plan and every field of its entities.
//!
//! The rows stand in [`table`]; reading, writing, checking, guarding, diffing and the rights are driven by them, so a
//! new field is one new row. A field has a flat key on its entity's `Y.Map`: `due`, `target.date` (an object in the
//! canonical JSON), `owners/b-cfo` (a member of the set `owners`), `effort/b-cfo` (an entry of the map `effort`).
//! A key that no row names is an unknown field of a newer client: it is kept as it is.

mod record;
pub mod table;

pub use table::COLLECTIONS;

/// One root `Y.Map` of a document: entities by id, or (`meta`) the fields themselves.
#[derive(Debug)]
pub struct Collection {
    /// The name of the root and of the member in the canonical JSON: `tasks`.
    pub name: &'static str,
    /// The word for one entity, part of the type of a change: `task`.
    pub singular: &'static str,
    /// What it is, in words.
    pub about: &'static str,
    /// The fields in the order of the canonical JSON, without `id` and without those of a removal.
    pub fields: &'static [Field],
    /// What an entity's id looks like.
    pub ids: Ids,
    /// The most entities, removed ones too.
    pub entities_max: usize,
    /// The documents it may stand in.
    pub documents: Documents,
    /// Whether only the server writes it.
    pub server_written: bool,
    /// Whether the canonical JSON of a shared document holds it even when it is empty.
    pub always_written: bool,
    /// The class of a change that adds, removes or restores an entity.
    pub class: Class,
}

/// One field of an entity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Field {
    /// The flat key; of a set or a map the part before the slash.
    pub name: &'static str,
    /// What it may hold.
    pub kind: Kind,
    /// The class of its changes.
    pub class: Class,
    /// Whether a complete plan has it. An unfinished plan may be stored without.
    pub required: bool,
    /// Whether the server writes it, from its clock and the authenticated person.
    pub stamped: bool,
    /// The word that stands for an absent value, for readers; it is not stored.
    pub default: Option<&'static str>,
    /// What it means, where its name does not say it all.
    pub about: Option<&'static str>,
}

/// What a field may hold. Every kind but [`Kind::Set`], [`Kind::Map`] and [`Kind::Text`] is one scalar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// A string on one key, replaced as a whole.
    String {
        /// The most characters.
        chars_max: usize,
    },
    /// `true` or `false`.
    Bool,
    /// A finite number.
    Number,
    /// A whole number within bounds.
    Integer {
        /// The least.
        min: i64,
        /// The most.
        max: i64,
    },
    /// A local day, `2026-02-17`.
    Date,
    /// A UTC instant, `2026-02-17T18:21:07.113Z`.
    Instant,
    /// A local time of day, `10:00`.
    Time,
    /// An IANA time zone, `America/Los_Angeles`.
    TimeZone,
    /// A fractional-index string.
    Rank,
    /// One of these words; any other short word is a newer client's and kept.
    Enum(&'static [&'static str]),
    /// The id of an entity of one of these collections, or (a party) a word like `joint`.
    Id(&'static [&'static str]),
    /// A number, a string (also a day) or a bool.
    Any,
    /// A set: one flat key `name/member: true` for each member.
    Set(Member),
    /// A map: one flat key `name/member` for each entry.
    Map(Entry),
    /// A `Y.Text`, created together with its entity.
    Text,
}

/// What a member of a set is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Member {
    /// The id of an entity of one of these collections.
    Id(&'static [&'static str]),
    /// One of these words, or a newer client's.
    Enum(&'static [&'static str]),
    /// A name, by the rules of an id: a domain.
    Name,
}

/// What an entry of a map holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Entry {
    /// A finite number.
    Number,
    /// A short string.
    String,
    /// One of these words, or a newer client's.
    Enum(&'static [&'static str]),
    /// Any JSON value, replaced as a whole.
    Json,
}

/// What the ids of a collection look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ids {
    /// There are none: the root holds the fields itself.
    None,
    /// A name as of [`crate::ids::PersonId`].
    Name,
    /// A name as of [`crate::ids::PartyId`], since it is part of a document's name.
    Party,
    /// `<from>><to>`, two names.
    Edge,
}

/// The documents a collection may stand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Documents {
    /// The document that all parties read.
    Shared,
    /// A party's own document.
    Private,
    /// Either.
    Both,
}

/// The class of a change: what a subscriber selects, what the summary groups by, what the rights speak of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Title, account, stage and the like of the whole plan.
    Head,
    /// The target of the plan.
    Target,
    /// A start, a due day, a duration.
    Date,
    /// Who does it.
    Owner,
    /// How far it is.
    Status,
    /// What stands in the way.
    Blocker,
    /// A date proposed and accepted.
    Commitment,
    /// Items, their order, their parents, their dependencies.
    Structure,
    /// Risks.
    Risk,
    /// Success criteria and objectives.
    Criteria,
    /// Parties, people, stakeholders.
    People,
    /// Blackouts, windows, cadence.
    Calendar,
    /// Titles, notes and the rest of an item.
    Detail,
    /// Comments.
    Talk,
    /// What only one party's own document holds.
    Private,
}

impl Class {
    /// Every class, as they stand above.
    pub const ALL: [Self; 15] = [
        Self::Head,
        Self::Target,
        Self::Date,
        Self::Owner,
        Self::Status,
        Self::Blocker,
        Self::Commitment,
        Self::Structure,
        Self::Risk,
        Self::Criteria,
        Self::People,
        Self::Calendar,
        Self::Detail,
        Self::Talk,
        Self::Private,
    ];

    /// The word of a change's `class`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Target => "target",
            Self::Date => "date",
            Self::Owner => "owner",
            Self::Status => "status",
            Self::Blocker => "blocker",
            Self::Commitment => "commitment",
            Self::Structure => "structure",
            Self::Risk => "risk",
            Self::Criteria => "criteria",
            Self::People => "people",
            Self::Calendar => "calendar",
            Self::Detail => "detail",
            Self::Talk => "talk",
            Self::Private => "private",
        }
    }
}

impl Documents {
    /// Whether this is, or includes, the shared document (`true`) or a private one (`false`).
    #[must_use]
    pub const fn include(self, shared: bool) -> bool {
        match self {
            Self::Shared => shared,
            Self::Private => !shared,
            Self::Both => true,
        }
    }
}

impl Field {
    /// A row: a field that people write.
    #[must_use]
    pub const fn new(name: &'static str, kind: Kind, class: Class) -> Self {
        Self { name, kind, class, required: false, stamped: false, default: None, about: None }
    }

    /// The row of a field that a complete plan has.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The row of a field that the server writes.
    #[must_use]
    pub const fn stamped(mut self) -> Self {
        self.stamped = true;
        self
    }

    /// The row of a field that reads as `word` when it is absent.
    #[must_use]
    pub const fn or(mut self, word: &'static str) -> Self {
        self.default = Some(word);
        self
    }

    /// The row of a field with its meaning in words.
    #[must_use]
    pub const fn about(mut self, words: &'static str) -> Self {
        self.about = Some(words);
        self
    }

    /// Whether it is a set or a map, whose flat keys are `name/member`.
    #[must_use]
    pub const fn has_members(&self) -> bool {
        matches!(self.kind, Kind::Set(_) | Kind::Map(_))
    }
}

impl PartialEq for Collection {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Collection {
    /// The field a flat key belongs to: `owners/b-cfo` to `owners`, `target.date` to `target.date`. `None` for a key
    /// of a newer client.
    #[must_use]
    pub fn field(&self, flat_key: &str) -> Option<&'static Field> {
        // Read for every field of every row: bytes are compared, lengths first.
        let slash = flat_key.bytes().position(|byte| byte == b'/');
        let name = slash.map_or(flat_key, |at| &flat_key[..at]);
        self.field_named(name).filter(|field| field.has_members() == slash.is_some())
    }

    /// The field of this name, whatever its kind.
    #[must_use]
    pub fn field_named(&self, name: &str) -> Option<&'static Field> {
        let own = self.fields.iter().find(|field| field.name == name);
        own.or_else(|| table::REMOVAL.iter().find(|field| field.name == name && !self.is_single()))
    }

    /// Every field in the order of the canonical JSON; those of a removal at the end.
    pub fn all_fields(&self) -> impl Iterator<Item = &'static Field> + use<> {
        let removal: &'static [Field] = if self.is_single() { &[] } else { table::REMOVAL };
        self.fields.iter().chain(removal)
    }

    /// Whether its root holds the fields of one thing, without ids: `meta`.
    #[must_use]
    pub fn is_single(&self) -> bool {
        self.ids == Ids::None
    }

    /// Whether its entities have an order of their own.
    #[must_use]
    pub fn is_ranked(&self) -> bool {
        self.fields.iter().any(|field| field.kind == Kind::Rank)
    }

    /// Its place in [`COLLECTIONS`].
    #[must_use]
    pub fn index(&self) -> usize {
        COLLECTIONS.iter().position(|each| each.name == self.name).unwrap_or(0)
    }
}

/// The collection of this name, `meta` too.
#[must_use]
pub fn collection(name: &str) -> Option<&'static Collection> {
    COLLECTIONS.iter().find(|collection| collection.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flat_key_finds_its_row() {
        let tasks = collection("tasks").unwrap();
        assert_eq!(tasks.field("owners/b-cfo@acme.com").unwrap().name, "owners");
        assert_eq!(tasks.field("notes").unwrap().kind, Kind::Text);
        assert_eq!(tasks.field("removed").unwrap().kind, Kind::Bool);
        assert!(tasks.field("owners").is_none(), "a set has no key of its own");
        assert!(tasks.field("due/x").is_none(), "a scalar has no members");
        assert!(tasks.field("mood").is_none());
        let meta = collection("meta").unwrap();
        assert_eq!(meta.field("target.date").unwrap().class, Class::Target);
        assert!(meta.field("removed").is_none());
        assert!(collection("secrets").is_none());
    }

    #[test]
    fn names_stand_once_and_only_ranked_collections_have_a_rank() {
        for collection in COLLECTIONS {
            let mut names: Vec<_> = collection.all_fields().map(|field| field.name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), collection.all_fields().count(), "{}", collection.name);
            assert!(collection.all_fields().all(|field| field.name != "id" && !field.name.contains('/')));
            assert_eq!(collection.is_ranked(), collection.field("rank").is_some());
            assert!(std::ptr::eq(&COLLECTIONS[collection.index()], collection));
        }
    }
}
