//! Structs against the document: each stands where a plan has a place for it, and everything it needs is here.
//!
//! In: a linted update and the index. Out: a [`Delta`], or the rule that a struct breaks.
//! Always true of what comes out: it integrates without anything pending, in any copy that has what the index has.
//!
//! Decided here:
//! - An item whose neighbour or parent was collected becomes a collected struct. Yjs does so when either neighbour is
//!   one, yrs only when it finds no parent at all; written as collected, all copies agree.
//! - Content of a kind that its place does not hold is written as deleted, in that place and of the same length: its
//!   author's copy goes on from there, so it must be there in all. What stands in it is collected.
//! - A place that no plan has (another root, a list in a map, a key in a text) is written as collected; so is all that
//!   is ever put beside it.
//! - So is anything personal about somebody who has been erased: an old copy may still hold it, and nobody else is to
//!   get it again.
//! - Whatever its author sees of this is deleted by the same delta, so that the copies end alike.

use std::collections::HashMap;

use crate::guard::draft::Draft;
use crate::guard::index::{Index, NOWHERE, TypeKind, What};
use crate::guard::lint::{
    Content, INFO_KEY, INFO_ORIGIN, INFO_RIGHT, Item, Linted, Parent, REF_ANY, REF_DELETED, REF_GC, REF_STRING,
    REF_TYPE, Struct, TYPE_MAP, TYPE_TEXT, lint_value,
};
use crate::guard::reader::{Reader, write_string, write_uint};
use crate::guard::refusal::{Refusal, Rule, malformed};
use crate::guard::{Delta, Id, Lane};
use crate::limits;
use crate::plan::schema::{self, Entry, Kind};
use crate::plan::touched::Place;
use crate::wire::RefusalCode;

/// Checks a linted update against the index.
pub(super) fn shape(index: &Index, linted: &Linted<'_>, lane: Lane) -> Result<Delta, Refusal> {
    let mut draft = Draft::new(index, linted, lane);
    if lane != Lane::Trusted {
        refuse_alike(&draft)?;
    }
    let mut waiting = Vec::new();
    for part in 0..draft.parts.len() {
        waiting.push((part, u32::MAX));
        drain(&mut draft, linted, &mut waiting)?;
    }
    draft.finish(&linted.deletes)
}

/// Client ids are hashes of themselves in yrs, so many alike ids would make every look-up a walk.
fn refuse_alike(draft: &Draft<'_>) -> Result<(), Refusal> {
    let mut new = HashMap::new();
    for part in draft.parts.iter().filter(|part| part.start == 0) {
        let low = part.client as u16;
        let count = new.entry(low).or_insert_with(|| draft.index.alike.get(&low).copied().unwrap_or(0));
        *count += 1;
        if *count > limits::ALIKE_CLIENTS_MAX {
            let limit = u64::from(limits::ALIKE_CLIENTS_MAX);
            return Err(Refusal::TooLarge { what: "clients with alike ids in a document", limit });
        }
    }
    Ok(())
}

/// Takes structs of the part on top up to the clock that is needed; one that needs another client's struct puts that
/// client on top. Each struct is looked at once, and once more for each of its three needs.
fn drain(draft: &mut Draft<'_>, linted: &Linted<'_>, waiting: &mut Vec<(usize, u32)>) -> Result<(), Refusal> {
    while let Some(&(top, needed)) = waiting.last() {
        let Some(part) = draft.parts.get_mut(top) else { break };
        part.waits = true;
        let end = linted.sections.get(top).map_or(0, |section| section.end);
        let next = linted.structs.get(part.next).filter(|_| part.next < end && part.clock <= needed);
        let Some(next) = next else {
            if part.clock <= needed && needed != u32::MAX {
                return Err(Refusal::Gap { client: part.client, clock: needed });
            }
            part.waits = false;
            waiting.pop();
            continue;
        };
        if next.end <= part.clock {
            part.next += 1;
            continue;
        }
        if next.clock > part.clock {
            return Err(Refusal::Gap { client: part.client, clock: part.clock });
        }
        match missing(draft, top, next) {
            None => {
                admit(draft, top, next)?;
                if let Some(part) = draft.parts.get_mut(top) {
                    part.next += 1;
                }
            }
            Some(id) => {
                let Some(other) = draft.part_of(id.client) else {
                    return Err(Refusal::Gap { client: id.client, clock: id.clock });
                };
                if draft.parts.get(other).is_none_or(|part| part.waits) {
                    return malformed(Rule::Cycle, next.at);
                }
                waiting.push((other, id.clock));
            }
        }
    }
    Ok(())
}

/// The first id that a struct needs and that is neither known nor has passed.
fn missing(draft: &Draft<'_>, part: usize, next: &Struct<'_>) -> Option<Id> {
    let item = next.item.as_ref()?;
    let is_cut = draft.parts.get(part).is_some_and(|part| next.clock < part.clock);
    let origin = item.origin.filter(|_| !is_cut);
    let parent = match item.parent {
        Parent::Item(id) if !is_cut => Some(id),
        _ => None,
    };
    [origin, item.right, parent].into_iter().flatten().find(|id| draft.find(*id).is_none())
}

/// Where an item belongs.
enum Stand {
    In(u32),
    /// Collected with what it stands in.
    Gone,
    /// Where no plan has a place.
    Misplaced(Option<Place>, RefusalCode),
}

fn stand(draft: &mut Draft<'_>, item: &Item<'_>, origin: Option<Id>, at: usize) -> Result<Stand, Refusal> {
    let mut slot = None;
    for id in [origin, item.right].into_iter().flatten() {
        let found = draft.find(id).map_or(NOWHERE, |run| run.slot);
        if found == NOWHERE {
            return Ok(Stand::Gone);
        }
        if slot.is_some_and(|slot| slot != found) {
            return malformed(Rule::NeighbourParents, at);
        }
        slot = Some(found);
    }
    let slot = match slot {
        Some(slot) => slot,
        None => {
            let parent = match item.parent {
                Parent::Root(name) => match schema::collection(name) {
                    // What was admitted once must load, whatever the schema says of its place today.
                    Some(collection) if draft.work.is_trusted() || draft.index.has_place_for(collection) => {
                        draft.root(name)
                    }
                    _ => return Ok(Stand::Misplaced(Some(unknown(name, item.key)), RefusalCode::UnknownCollection)),
                },
                Parent::Item(id) => match draft.find(id).map(|run| run.what) {
                    Some(What::Type(kind)) => kind,
                    Some(What::Gone | What::Deleted) => return Ok(Stand::Gone),
                    _ => return malformed(Rule::ParentKind, at),
                },
                // Without neighbours the grammar has a parent.
                Parent::Copied => return malformed(Rule::ParentKind, at),
            };
            let is_text = draft.type_of(parent).is_some_and(|parent| parent.kind == TypeKind::Text);
            // A text is one list, a map has nothing but keys.
            if is_text == item.key.is_some() {
                let is_dead = draft.index.is_dead(parent);
                let place = draft.place_of(parent);
                return Ok(if is_dead { Stand::Gone } else { Stand::Misplaced(place, RefusalCode::Malformed) });
            }
            draft.slot(parent, item.key)
        }
    };
    let Some(found) = draft.slot_of(slot).copied() else { return Ok(Stand::Gone) };
    // Beside a neighbour the flag repeats what the neighbour says. Yjs leaves it out of what it merges unopened, such
    // as what a client has that waits for something else: no flag is no claim.
    if item.has_key && found.key == NOWHERE {
        return malformed(Rule::KeyFlag, at);
    }
    if found.key != NOWHERE && item.right.is_some() {
        return malformed(Rule::RightInMap, at);
    }
    Ok(if draft.index.is_dead(found.parent) { Stand::Gone } else { Stand::In(slot) })
}

/// The place of something in a root that is no collection of the schema.
fn unknown(root: &str, key: Option<&str>) -> Place {
    let cut = root.get(..root.floor_char_boundary(limits::KEY_BYTES_MAX)).unwrap_or_default();
    Place { collection: cut.into(), id: key.unwrap_or_default().into(), field: Box::default() }
}

/// Whether the slot is about somebody who has been erased, and the update a client's.
fn is_erased(draft: &Draft<'_>, slot: u32) -> bool {
    draft.is_of_client
        && draft.index.has_erased()
        && draft.place_in(slot).is_some_and(|place| draft.index.is_erased(&place))
}

/// Whether the slot holds content of this kind, as the schema says.
fn holds(draft: &Draft<'_>, slot: u32, content: Content<'_>) -> bool {
    let slot = draft.slot_of(slot);
    let parent = slot.and_then(|slot| draft.type_of(slot.parent));
    let (Some(slot), Some(parent)) = (slot, parent) else { return false };
    let root = match parent.kind {
        TypeKind::Text => return matches!(content, Content::String(_) | Content::Deleted),
        TypeKind::Collection => return matches!(content, Content::Map | Content::Deleted),
        TypeKind::Meta => Some(parent),
        TypeKind::Entity => draft.slot_of(parent.slot).and_then(|entity| draft.type_of(entity.parent)),
    };
    let field = root
        .and_then(|root| schema::collection(draft.name_of(root.slot)?))
        .and_then(|collection| collection.field(draft.name_of(slot.key)?));
    match content {
        Content::Deleted => true,
        // A newer client may know fields that we do not: kept as they are, as long as they are of either kind.
        Content::Text => field.is_none_or(|field| field.kind == Kind::Text),
        Content::Values(_) => field.is_none_or(|field| field.kind != Kind::Text),
        Content::Nested(_) => field.is_some_and(|field| field.kind == Kind::Map(Entry::Json)),
        Content::String(_) | Content::Map | Content::Foreign => false,
    }
}

/// Lets one struct pass: cuts what is known, finds its place, writes it.
fn admit(draft: &mut Draft<'_>, part: usize, next: &Struct<'_>) -> Result<(), Refusal> {
    let Some(&super::draft::Part { client, clock, .. }) = draft.parts.get(part) else { return Ok(()) };
    let cut = clock.saturating_sub(next.clock);
    let Some(item) = &next.item else {
        collect(draft, part, next.end);
        return Ok(());
    };
    let origin = if cut > 0 { Some(Id { client, clock: clock.saturating_sub(1) }) } else { item.origin };
    let stand = stand(draft, item, origin, next.at)?;
    let content = match stand {
        Stand::In(slot) if holds(draft, slot, item.content) && !is_erased(draft, slot) => item.content,
        _ => Content::Deleted,
    };
    if matches!(content, Content::Deleted) && !matches!(item.content, Content::Deleted) {
        take_back(draft, part, next.end, &stand);
    }
    let Stand::In(slot) = stand else {
        collect(draft, part, next.end);
        return Ok(());
    };
    charge(draft, part, slot, (origin, item.right), next.at)?;
    let has_key = draft.slot_of(slot).is_some_and(|slot| slot.key != NOWHERE);
    let first_origin = origin;
    let what = match content {
        Content::Deleted | Content::Foreign => What::Deleted,
        Content::String(_) => What::String,
        Content::Values(_) | Content::Nested(_) => What::Value,
        Content::Map => What::Type(draft.new_type(TypeKind::Entity, slot)),
        Content::Text => What::Type(draft.new_type(TypeKind::Text, slot)),
    };
    let Some(found) = draft.parts.get_mut(part) else { return Ok(()) };
    let out = &mut found.bytes;
    let head = |out: &mut Vec<u8>, content: u8, origin: Option<Id>| write_head(out, content, item, origin, has_key);
    found.count += 1;
    match content {
        Content::Deleted | Content::Foreign => {
            head(out, REF_DELETED, origin);
            write_uint(out, u64::from(next.end - clock));
        }
        Content::String(text) => {
            head(out, REF_STRING, origin);
            write_text(out, text, cut);
        }
        Content::Map => {
            head(out, REF_TYPE, origin);
            out.push(TYPE_MAP);
        }
        Content::Text => {
            head(out, REF_TYPE, origin);
            out.push(TYPE_TEXT);
        }
        Content::Values(values) | Content::Nested(values) => {
            // Several values under one key are its history; Yjs merges them when an undo keeps them. Written one by
            // one they mean the same, and a reader of a key never meets two.
            let mut reader = Reader::new(values);
            let (mut at, mut origin) = (next.clock, origin);
            while at < next.end {
                let from = reader.at();
                lint_value(&mut reader)?;
                if at >= clock {
                    if at > clock {
                        found.count += 1;
                        origin = Some(Id { client, clock: at - 1 });
                    }
                    head(out, REF_ANY, origin);
                    out.push(1);
                    match reader.since(from) {
                        // Minus zero is zero in JSON.
                        [125, 0x40] => out.extend_from_slice(&[125, 0]),
                        value => out.extend_from_slice(value),
                    }
                }
                at += 1;
            }
        }
    }
    draft.pass(part, next.end, slot, what, first_origin);
    Ok(())
}

/// Deletes what goes up to `end` in its author's copy, and tells the place if it is the plan's schema that refuses it.
fn take_back(draft: &mut Draft<'_>, part: usize, end: u32, stand: &Stand) {
    let (place, code) = match stand {
        Stand::In(slot) if is_erased(draft, *slot) => (draft.place_in(*slot), RefusalCode::NotAllowed),
        Stand::In(slot) => (draft.place_in(*slot), RefusalCode::Malformed),
        Stand::Misplaced(place, code) => (place.clone(), *code),
        Stand::Gone => (None, RefusalCode::Malformed),
    };
    if let Some(place) = place {
        draft.refuse(place, code);
    }
    draft.take_back(part, end);
}

/// Lets a part go on to `end` with a collected struct.
fn collect(draft: &mut Draft<'_>, part: usize, end: u32) {
    if let Some(found) = draft.parts.get_mut(part) {
        found.count += 1;
        found.bytes.push(REF_GC);
        write_uint(&mut found.bytes, u64::from(end.saturating_sub(found.clock)));
    }
    draft.pass(part, end, NOWHERE, What::Gone, None);
}

/// Adds up what the integration of an item costs at most.
fn charge(
    draft: &mut Draft<'_>,
    part: usize,
    slot: u32,
    (origin, right): (Option<Id>, Option<Id>),
    at: usize,
) -> Result<(), Refusal> {
    let Some(found) = draft.parts.get(part) else { return Ok(()) };
    let (client, count) = (found.client, found.count);
    if origin.is_some_and(|origin| origin.client == client && origin.clock.checked_add(1) == Some(found.clock)) {
        // Goes on where the client's last struct ends: what it finds there came in other updates, and once.
        return Ok(());
    }
    let put = draft.put_into(slot);
    let known = draft.slot_of(slot).copied();
    let last = put.map(|put| put.last).or(known.and_then(|slot| slot.last));
    if origin.is_some() && origin == last && right.is_none() {
        // After what came here last: nothing can have gone in between.
        return Ok(());
    }
    if count >= u64::from(limits::SAME_PLACE_MAX) {
        draft.work.place(part, slot, (origin, right), at)?;
    }
    for id in [origin, right].into_iter().flatten() {
        if let Some(run) = draft.find(id).filter(|_| draft.was_known(id)) {
            draft.work.split(run.end - run.clock)?;
        }
    }
    // Between two neighbours in one piece of text there is only what others put there.
    if let (Some(left), Some(right)) = (origin, right)
        && left.client == right.client
        && left.clock.checked_add(1) == Some(right.clock)
    {
        return Ok(());
    }
    // Typing backwards: right before what this update put here last, so nothing of the update is in between.
    let is_backwards = put.is_some_and(|put| right == Some(put.first) && origin == put.origin);
    let new = put.filter(|_| !is_backwards).map_or(0, |put| put.count);
    let items = known.map_or(0, |slot| slot.items);
    draft.work.walk(u64::from(items).saturating_add(u64::from(new)))
}

fn write_head(out: &mut Vec<u8>, content: u8, item: &Item<'_>, origin: Option<Id>, has_key: bool) {
    let mut info = content;
    info |= if origin.is_some() { INFO_ORIGIN } else { 0 };
    info |= if item.right.is_some() { INFO_RIGHT } else { 0 };
    info |= if has_key { INFO_KEY } else { 0 };
    out.push(info);
    for id in [origin, item.right].into_iter().flatten() {
        write_uint(out, id.client);
        write_uint(out, u64::from(id.clock));
    }
    if origin.is_some() || item.right.is_some() {
        return;
    }
    match item.parent {
        Parent::Root(name) => {
            out.push(1);
            write_string(out, name);
        }
        Parent::Item(id) => {
            out.push(0);
            write_uint(out, id.client);
            write_uint(out, u64::from(id.clock));
        }
        Parent::Copied => {}
    }
    if let Some(key) = item.key {
        write_string(out, key);
    }
}

/// Writes a text without its first `cut` UTF-16 units. Half of a pair becomes U+FFFD, as in Yjs.
fn write_text(out: &mut Vec<u8>, text: &str, cut: u32) {
    let mut skipped = 0;
    let mut rest = text.char_indices();
    while skipped < cut as usize {
        let Some((_, c)) = rest.next() else { break };
        skipped += c.len_utf16();
    }
    let tail = text.get(text.len() - rest.as_str().len()..).unwrap_or_default();
    if skipped > cut as usize {
        let half = '\u{fffd}';
        write_uint(out, (half.len_utf8() + tail.len()) as u64);
        let mut buffer = [0; 4];
        out.extend_from_slice(half.encode_utf8(&mut buffer).as_bytes());
        out.extend_from_slice(tail.as_bytes());
    } else {
        write_string(out, tail);
    }
}
