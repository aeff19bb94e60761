//! Bytes to structs: the grammar of a v1 update, as far as it can be judged without the document.
//!
//! In: the bytes of an update and the lane they came by. Out: [`Linted`], which borrows from them.
//! Always true of what comes out: clients descend, runs are contiguous and not empty, clocks stay below 2^31,
//! texts are UTF-8, values are scalars, delete ranges ascend apart, and the counts are within the lane's limits.
//! Of content that no plan holds only the length comes out. What JSON says inside an embed or a format is not read:
//! nobody ever gets it.

use crate::guard::reader::{Reader, end_of};
use crate::guard::refusal::{Refusal, Rule, malformed, within};
use crate::guard::{Id, Lane};
use crate::ids::ClientId;
use crate::limits;

pub(super) const INFO_ORIGIN: u8 = 0x80;
pub(super) const INFO_RIGHT: u8 = 0x40;
pub(super) const INFO_KEY: u8 = 0x20;
const INFO_CONTENT: u8 = 0x1f;

pub(super) const REF_GC: u8 = 0;
pub(super) const REF_DELETED: u8 = 1;
const REF_JSON: u8 = 2;
const REF_BINARY: u8 = 3;
pub(super) const REF_STRING: u8 = 4;
const REF_EMBED: u8 = 5;
const REF_FORMAT: u8 = 6;
pub(super) const REF_TYPE: u8 = 7;
pub(super) const REF_ANY: u8 = 8;
const REF_DOCUMENT: u8 = 9;
const REF_SKIP: u8 = 10;

const TYPE_ARRAY: u8 = 0;
pub(super) const TYPE_MAP: u8 = 1;
pub(super) const TYPE_TEXT: u8 = 2;
const TYPE_XML_ELEMENT: u8 = 3;
const TYPE_XML_FRAGMENT: u8 = 4;
const TYPE_XML_HOOK: u8 = 5;
const TYPE_XML_TEXT: u8 = 6;

/// An update whose bytes are in order.
#[derive(Default)]
pub(super) struct Linted<'a> {
    /// Clients, descending, each with one run of structs.
    pub(super) sections: Vec<Section>,
    /// The structs of all sections, one after the other.
    pub(super) structs: Vec<Struct<'a>>,
    /// Clients descending, ranges ascending.
    pub(super) deletes: Vec<DeleteRange>,
}

pub(super) struct Section {
    pub(super) client: ClientId,
    /// The structs `first..end` of [`Linted::structs`].
    pub(super) first: usize,
    pub(super) end: usize,
}

pub(super) struct DeleteRange {
    pub(super) client: ClientId,
    pub(super) start: u32,
    pub(super) end: u32,
}

pub(super) struct Struct<'a> {
    pub(super) clock: u32,
    pub(super) end: u32,
    /// Where it stands in the input, for the refusal.
    pub(super) at: usize,
    /// `None` for a struct whose content was collected.
    pub(super) item: Option<Item<'a>>,
}

pub(super) struct Item<'a> {
    pub(super) origin: Option<Id>,
    pub(super) right: Option<Id>,
    pub(super) parent: Parent<'a>,
    /// Written only when there is neither origin nor right origin.
    pub(super) key: Option<&'a str>,
    pub(super) has_key: bool,
    pub(super) content: Content<'a>,
}

pub(super) enum Parent<'a> {
    /// That of the neighbours.
    Copied,
    Root(&'a str),
    Item(Id),
}

#[derive(Clone, Copy)]
pub(super) enum Content<'a> {
    Deleted,
    String(&'a str),
    /// The bytes of scalars, one after the other; their number is the struct's length.
    Values(&'a [u8]),
    /// The same, where one of them at least is a list or an object of JSON.
    Nested(&'a [u8]),
    Map,
    Text,
    /// Content of Yjs that no plan holds: a shared list, XML, a buffer, a format, an embed, a document, a bigint.
    Foreign,
}

/// What a lane takes in one update.
struct Limits {
    bytes: usize,
    clients: usize,
    structs: usize,
    types: usize,
    values: usize,
    delete_ranges: usize,
}

impl Limits {
    fn of(lane: Lane) -> Self {
        match lane {
            Lane::Live => Self {
                bytes: limits::UPDATE_BYTES_MAX,
                clients: limits::LIVE_CLIENTS_MAX,
                structs: limits::LIVE_STRUCTS_MAX,
                types: limits::LIVE_TYPES_MAX,
                values: limits::LIVE_VALUES_MAX,
                delete_ranges: limits::LIVE_DELETE_RANGES_MAX,
            },
            Lane::Sync | Lane::Own => Self {
                bytes: limits::DOCUMENT_BYTES_MAX,
                clients: limits::SYNC_CLIENTS_MAX,
                structs: limits::SYNC_STRUCTS_MAX,
                types: limits::SYNC_TYPES_MAX,
                values: limits::SYNC_VALUES_MAX,
                delete_ranges: limits::SYNC_DELETE_RANGES_MAX,
            },
            // What was admitted piece by piece must load as a whole: only the document's size bounds it.
            Lane::Trusted => Self {
                bytes: limits::DOCUMENT_BYTES_MAX,
                clients: usize::MAX,
                structs: usize::MAX,
                types: usize::MAX,
                values: usize::MAX,
                delete_ranges: usize::MAX,
            },
        }
    }
}

/// Reads an update.
pub(super) fn lint(bytes: &[u8], lane: Lane) -> Result<Linted<'_>, Refusal> {
    let limits = Limits::of(lane);
    within(bytes.len(), limits.bytes, "bytes in an update")?;
    let mut reader = Reader::new(bytes);
    let mut linted = Linted::default();
    let mut budget = Budget { types: 0, values: 0, limits: &limits };
    lint_structs(&mut reader, &mut linted, &mut budget)?;
    lint_deletes(&mut reader, &mut linted.deletes, &limits)?;
    reader.finish()?;
    Ok(linted)
}

struct Budget<'l> {
    types: usize,
    values: usize,
    limits: &'l Limits,
}

impl Budget<'_> {
    /// The count of the values that follow, each of at least a byte.
    fn values(&mut self, reader: &mut Reader<'_>) -> Result<u32, Refusal> {
        let count = reader.count(1)?;
        self.values = self.values.saturating_add(count);
        within(self.values, self.limits.values, "values in an update")?;
        // At most as many values as bytes, and those are below 2^31.
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }
}

fn lint_structs<'a>(reader: &mut Reader<'a>, linted: &mut Linted<'a>, budget: &mut Budget<'_>) -> Result<(), Refusal> {
    // The shortest run: a count, a client, a clock and a collected struct of two bytes.
    let clients = reader.count(5)?;
    within(clients, budget.limits.clients, "clients in an update")?;
    let mut above = None;
    for _ in 0..clients {
        let at = reader.at();
        let count = reader.count(2)?;
        if count == 0 {
            return malformed(Rule::EmptyRun, at);
        }
        within(linted.structs.len().saturating_add(count), budget.limits.structs, "structs in an update")?;
        let at = reader.at();
        let client = reader.client()?;
        if above.is_some_and(|above| client >= above) {
            return malformed(Rule::ClientOrder, at);
        }
        above = Some(client);
        let mut clock = reader.clock()?;
        let first = linted.structs.len();
        for _ in 0..count {
            let found = lint_struct(reader, client, clock, budget)?;
            clock = found.end;
            linted.structs.push(found);
        }
        linted.sections.push(Section { client, first, end: linted.structs.len() });
    }
    Ok(())
}

fn lint_struct<'a>(
    reader: &mut Reader<'a>,
    client: ClientId,
    clock: u32,
    budget: &mut Budget<'_>,
) -> Result<Struct<'a>, Refusal> {
    let at = reader.at();
    let info = reader.byte()?;
    match info {
        REF_GC => {
            let len = reader.len(clock)?;
            return Ok(Struct { clock, end: end_of(clock, len, at)?, at, item: None });
        }
        // "Here is something I do not have": whatever follows builds on it.
        REF_SKIP => return Err(Refusal::Gap { client, clock }),
        _ => {}
    }
    let origin = if info & INFO_ORIGIN != 0 { Some(lint_id(reader)?) } else { None };
    let right = if info & INFO_RIGHT != 0 { Some(lint_id(reader)?) } else { None };
    let has_key = info & INFO_KEY != 0;
    let mut parent = Parent::Copied;
    let mut key = None;
    if origin.is_none() && right.is_none() {
        let at = reader.at();
        parent = match reader.byte()? {
            0 => Parent::Item(lint_id(reader)?),
            1 => Parent::Root(reader.string()?),
            _ => return malformed(Rule::ParentFlag, at),
        };
        if has_key {
            key = Some(reader.key()?);
        }
    }
    let content_at = reader.at();
    let (content, len) = match info & INFO_CONTENT {
        REF_DELETED => (Content::Deleted, reader.len(clock)?),
        REF_STRING => {
            let text = reader.string()?;
            (Content::String(text), utf16_len(text))
        }
        REF_ANY => {
            let count = budget.values(reader)?;
            let from = reader.at();
            let mut widest = Value::Scalar;
            for _ in 0..count {
                widest = widest.max(lint_value(reader)?);
            }
            let content = match widest {
                Value::Scalar => Content::Values(reader.since(from)),
                Value::Nested => Content::Nested(reader.since(from)),
                Value::Foreign => Content::Foreign,
            };
            (content, count)
        }
        REF_JSON => {
            let count = budget.values(reader)?;
            for _ in 0..count {
                reader.string()?;
            }
            (Content::Foreign, count)
        }
        REF_BINARY => {
            lint_buffer(reader)?;
            (Content::Foreign, 1)
        }
        REF_EMBED => {
            reader.string()?;
            (Content::Foreign, 1)
        }
        REF_FORMAT => {
            reader.string()?;
            reader.string()?;
            (Content::Foreign, 1)
        }
        REF_DOCUMENT => {
            reader.string()?;
            lint_value(reader)?;
            (Content::Foreign, 1)
        }
        REF_TYPE => {
            budget.types = budget.types.saturating_add(1);
            within(budget.types, budget.limits.types, "types in an update")?;
            let content = match reader.byte()? {
                TYPE_MAP => Content::Map,
                TYPE_TEXT => Content::Text,
                TYPE_ARRAY | TYPE_XML_FRAGMENT | TYPE_XML_TEXT => Content::Foreign,
                TYPE_XML_ELEMENT | TYPE_XML_HOOK => {
                    reader.string()?;
                    Content::Foreign
                }
                _ => return malformed(Rule::TypeKind, content_at),
            };
            (content, 1)
        }
        // Five bits for one reader, four for another: a set fifth bit is two different structs.
        0 | REF_SKIP | 16.. => return malformed(Rule::InfoBits, at),
        _ => return malformed(Rule::ContentKind, at),
    };
    let end = end_of(clock, len, content_at)?;
    Ok(Struct { clock, end, at, item: Some(Item { origin, right, parent, key, has_key, content }) })
}

fn lint_id(reader: &mut Reader<'_>) -> Result<Id, Refusal> {
    Ok(Id { client: reader.client()?, clock: reader.clock()? })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Value {
    /// `undefined` is one: `map.set(key, undefined)` is legal in Yjs and common in front ends that clear a field; the
    /// plan reads it as absent.
    Scalar,
    /// A list or an object of JSON.
    Nested,
    /// What JSON cannot say: a buffer, a bigint, or what holds one.
    Foreign,
}

/// Moves over one value.
pub(super) fn lint_value(reader: &mut Reader<'_>) -> Result<Value, Refusal> {
    lint_nested(reader, limits::VALUE_DEPTH_MAX)
}

/// Moves over one value with at most `depth` levels in it: it recurses no deeper than that.
fn lint_nested(reader: &mut Reader<'_>, depth: usize) -> Result<Value, Refusal> {
    let at = reader.at();
    let inside = || depth.checked_sub(1).map_or_else(|| malformed(Rule::ValueDepth, at), Ok);
    match reader.byte()? {
        // undefined, null, false, true
        127 | 126 | 121 | 120 => {}
        125 => {
            reader.int()?;
        }
        124 => {
            let bytes = reader.slice(4)?;
            if !bytes.try_into().is_ok_and(|bytes| f32::from_be_bytes(bytes).is_finite()) {
                return malformed(Rule::NotFinite, at);
            }
        }
        123 => {
            let bytes = reader.slice(8)?;
            if !bytes.try_into().is_ok_and(|bytes| f64::from_be_bytes(bytes).is_finite()) {
                return malformed(Rule::NotFinite, at);
            }
        }
        119 => {
            reader.string()?;
        }
        118 => {
            let depth = inside()?;
            let mut widest = Value::Nested;
            for _ in 0..reader.count(2)? {
                reader.string()?;
                widest = widest.max(lint_nested(reader, depth)?);
            }
            return Ok(widest);
        }
        117 => {
            let depth = inside()?;
            let mut widest = Value::Nested;
            for _ in 0..reader.count(1)? {
                widest = widest.max(lint_nested(reader, depth)?);
            }
            return Ok(widest);
        }
        116 => {
            lint_buffer(reader)?;
            return Ok(Value::Foreign);
        }
        122 => {
            reader.slice(8)?;
            return Ok(Value::Foreign);
        }
        _ => return malformed(Rule::ValueKind, at),
    }
    Ok(Value::Scalar)
}

fn lint_buffer(reader: &mut Reader<'_>) -> Result<(), Refusal> {
    let len = reader.count(1)?;
    reader.slice(len).map(drop)
}

fn lint_deletes(reader: &mut Reader<'_>, deletes: &mut Vec<DeleteRange>, limits: &Limits) -> Result<(), Refusal> {
    // The shortest: a client, a count and one range of two bytes.
    let start = reader.at();
    let clients = reader.count(4)?;
    within(clients, limits.clients, "clients in a delete set")?;
    let mut seen = Vec::new();
    for _ in 0..clients {
        let client = reader.client()?;
        seen.push(client);
        let at = reader.at();
        let count = reader.count(2)?;
        if count == 0 {
            return malformed(Rule::EmptyRun, at);
        }
        within(deletes.len().saturating_add(count), limits.delete_ranges, "delete ranges in an update")?;
        let mut before = None;
        for _ in 0..count {
            let at = reader.at();
            let clock = reader.clock()?;
            let len = reader.len(clock)?;
            if before.is_some_and(|before| clock <= before) {
                return malformed(Rule::DeleteOrder, at);
            }
            let end = end_of(clock, len, at)?;
            before = Some(end);
            deletes.push(DeleteRange { client, start: clock, end });
        }
    }
    // Yjs writes clients descending, yrs ascending: any order is right, but each once.
    if !seen.is_sorted_by(|a, b| a > b) {
        seen.sort_unstable();
        if seen.windows(2).any(|pair| pair.first() == pair.last()) {
            return malformed(Rule::ClientOrder, start);
        }
        deletes.sort_by_key(|range| (std::cmp::Reverse(range.client), range.start));
    }
    Ok(())
}

/// The length of a text in UTF-16 units, which is what clocks count.
pub(super) fn utf16_len(text: &str) -> u32 {
    let len = if text.is_ascii() { text.len() } else { text.chars().map(char::len_utf16).sum() };
    // A text is part of a message of at most 8 MiB.
    u32::try_from(len).unwrap_or(u32::MAX)
}
