//! Writes v1 updates by hand, honest or not.

use rand::Rng;
use rand::rngs::StdRng;

pub type Id = (u64, u32);

pub fn uint(out: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub fn string(out: &mut Vec<u8>, text: &str) {
    uint(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

fn id(out: &mut Vec<u8>, (client, clock): Id) {
    uint(out, client);
    uint(out, u64::from(clock));
}

#[derive(Clone, Debug)]
pub enum At {
    /// A key of a root.
    Root(&'static str, String),
    /// The list of a root.
    RootList(&'static str),
    /// A key, or the list, of a type.
    Type(Id, Option<String>),
    /// Next to these, with the key flag.
    Beside(Option<Id>, Option<Id>, bool),
}

/// One item: its place, its content's number, its content.
pub fn item(at: &At, content_ref: u8, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    match at {
        At::Root(root, key) => {
            out.extend_from_slice(&[content_ref | 0x20, 1]);
            string(&mut out, root);
            string(&mut out, key);
        }
        At::RootList(root) => {
            out.extend_from_slice(&[content_ref, 1]);
            string(&mut out, root);
        }
        At::Type(parent, key) => {
            out.extend_from_slice(&[content_ref | if key.is_some() { 0x20 } else { 0 }, 0]);
            id(&mut out, *parent);
            if let Some(key) = key {
                string(&mut out, key);
            }
        }
        At::Beside(left, right, has_key) => {
            let flags = [(left.is_some(), 0x80), (right.is_some(), 0x40), (*has_key, 0x20)];
            out.push(flags.iter().filter(|flag| flag.0).fold(content_ref, |info, flag| info | flag.1));
            for neighbour in [left, right].into_iter().flatten() {
                id(&mut out, *neighbour);
            }
        }
    }
    out.extend_from_slice(content);
    out
}

pub fn text_item(at: &At, text: &str) -> Vec<u8> {
    let mut content = Vec::new();
    string(&mut content, text);
    item(at, 4, &content)
}

/// One client's run.
pub struct Section {
    pub client: u64,
    pub clock: u32,
    pub structs: Vec<Vec<u8>>,
}

pub fn update(sections: &[Section], deletes: &[(u64, Vec<(u32, u32)>)]) -> Vec<u8> {
    let mut out = Vec::new();
    uint(&mut out, sections.len() as u64);
    for section in sections {
        uint(&mut out, section.structs.len() as u64);
        id(&mut out, (section.client, section.clock));
        out.extend(section.structs.iter().flatten());
    }
    uint(&mut out, deletes.len() as u64);
    for (client, ranges) in deletes {
        uint(&mut out, *client);
        uint(&mut out, ranges.len() as u64);
        for (clock, len) in ranges {
            uint(&mut out, u64::from(*clock));
            uint(&mut out, u64::from(*len));
        }
    }
    out
}

/// An update of one client without deletions.
pub fn of(client: u64, clock: u32, structs: Vec<Vec<u8>>) -> Vec<u8> {
    update(&[Section { client, clock, structs }], &[])
}

/// Client 5: task `t` at 0, its title at 1, its notes at 2, "hello" in them at 3 to 7; meta's title at 8.
pub fn base() -> Vec<u8> {
    let key = |key: &str| Some(key.to_owned());
    of(
        5,
        0,
        vec![
            item(&At::Root("tasks", "t".into()), 7, &[1]),
            item(&At::Type((5, 0), key("title")), 8, &[1, 119, 1, b'T']),
            item(&At::Type((5, 0), key("notes")), 7, &[2]),
            text_item(&At::Type((5, 2), None), "hello"),
            item(&At::Root("meta", "title".into()), 8, &[1, 126]),
        ],
    )
}

/// What a generator of plausible updates knows of a document: ids it may build on.
#[derive(Clone, Default)]
pub struct Model {
    pub clocks: std::collections::BTreeMap<u64, u32>,
    pub entities: Vec<Id>,
    pub texts: Vec<(Id, Vec<Id>)>,
    pub values: Vec<Id>,
    /// In lists that no plan has.
    pub lists: Vec<Id>,
    /// Whether neighbours of text may stand in the wrong order, which no editor writes.
    pub lies: bool,
}

const KEYS: [&str; 6] = ["title", "due", "owners/b", "x-new", "notes", "x-text"];
const PIECES: [&str; 6] = ["a", "bc", "😀", "日本", "é€", "long text "];
const VALUES: [&[u8]; 9] = [
    &[126],
    &[120],
    &[121],
    &[125, 5],
    &[125, 0x40],
    &[119, 1, b'v'],
    &[124, 0x3f, 0, 0, 0],
    &[127],
    &[125, 0xff, 0x7f],
];

/// Content by its number, its bytes and its length: of kinds that no plan holds, or not everywhere.
pub const FOREIGN: [(u8, &[u8], u32); 20] = [
    (2, &[2, 1, b'1', 4, b'n', b'u', b'l', b'l'], 2),
    (3, &[2, 0, 255], 1),
    (4, &[4, 0xf0, 0x9f, 0x98, 0x80], 2),
    (5, &[2, b'{', b'}'], 1),
    (6, &[4, b'b', b'o', b'l', b'd', 4, b't', b'r', b'u', b'e'], 1),
    (7, &[0], 1),
    (7, &[1], 1),
    (7, &[2], 1),
    (7, &[3, 1, b'p'], 1),
    (7, &[4], 1),
    (7, &[5, 1, b'h'], 1),
    (7, &[6], 1),
    (8, &[1, 126], 1),
    (8, &[3, 120, 119, 1, b'x', 125, 1], 3),
    (8, &[1, 116, 2, 0, 255], 1),
    (8, &[1, 117, 2, 126, 118, 1, 1, b'a', 117, 0], 1),
    (8, &[1, 118, 1, 1, b'a', 125, 1], 1),
    (8, &[1, 122, 0, 0, 0, 0, 0, 0, 0, 1], 1),
    (8, &[2, 126, 117, 0], 2),
    (9, &[1, b'g', 118, 0], 1),
];

fn pick<'t, T>(rng: &mut StdRng, list: &'t [T]) -> Option<&'t T> {
    if list.is_empty() { None } else { list.get(rng.random_range(0..list.len())) }
}

impl Model {
    fn any_id(&self, rng: &mut StdRng) -> Id {
        let client = *pick(rng, &self.clocks.keys().copied().collect::<Vec<_>>()).unwrap_or(&1);
        (client, rng.random_range(0..self.clocks.get(&client).copied().unwrap_or(0) + 2))
    }

    /// One item of `client` at its clock: its bytes. Mostly what an honest client could write.
    fn struct_of(&mut self, rng: &mut StdRng, client: u64) -> Vec<u8> {
        let me: Id = (client, self.clocks.get(&client).copied().unwrap_or(0));
        let advance = |model: &mut Self, len: u32| *model.clocks.entry(client).or_default() += len;
        if rng.random_bool(0.03) {
            // Anything anywhere.
            let has_key = rng.random_bool(0.5);
            let at = match rng.random_range(0..4) {
                0 => At::Type(self.any_id(rng), has_key.then(|| "title".to_owned())),
                1 => At::Beside(Some(self.any_id(rng)), rng.random_bool(0.5).then(|| self.any_id(rng)), has_key),
                2 => At::Beside(None, Some(self.any_id(rng)), has_key),
                _ => At::Root("meta", KEYS[rng.random_range(0..6)].to_owned()),
            };
            let (kind, content, len): (u8, &[u8], u32) = match rng.random_range(0..6) {
                0 => (1, &[3], 3),
                1 => (4, &[1, b'q'], 1),
                2 => (8, &[2, 126, 120], 2),
                3 => (7, &[1], 1),
                4 => (7, &[2], 1),
                _ => (0, &[2], 2),
            };
            advance(self, len);
            return if kind == 0 { vec![0, 2] } else { item(&at, kind, content) };
        }
        if rng.random_bool(0.1) {
            return self.misplaced(rng, me);
        }
        match rng.random_range(0..10) {
            0 => {
                let at = At::Root(["tasks", "risks"][rng.random_range(0..2)], format!("e{}", rng.random_range(0..6)));
                self.entities.push(me);
                advance(self, 1);
                item(&at, 7, &[1])
            }
            1 | 2 => {
                let Some(entity) = pick(rng, &self.entities).copied() else { return self.struct_of(rng, client) };
                let key = KEYS[rng.random_range(0..6)];
                let at = At::Type(entity, Some(key.to_owned()));
                if matches!(key, "notes" | "x-text") {
                    self.texts.push((me, Vec::new()));
                    advance(self, 1);
                    item(&at, 7, &[2])
                } else {
                    self.values.push(me);
                    let mut content = vec![1];
                    content.extend_from_slice(VALUES[rng.random_range(0..VALUES.len())]);
                    advance(self, 1);
                    item(&at, 8, &content)
                }
            }
            3 => {
                let Some(before) = pick(rng, &self.values).copied() else { return self.struct_of(rng, client) };
                self.values.push(me);
                let count = rng.random_range(1..4_u32);
                let mut content = vec![count as u8];
                for _ in 0..count {
                    content.extend_from_slice(VALUES[rng.random_range(0..VALUES.len())]);
                }
                if rng.random_bool(0.2) {
                    advance(self, 2);
                    return item(&At::Beside(Some(before), None, true), 1, &[2]);
                }
                advance(self, count);
                item(&At::Beside(Some(before), None, true), 8, &content)
            }
            _ => {
                let texts = self.texts.len();
                if texts == 0 {
                    return self.struct_of_entity(rng, client);
                }
                let (text, items) = &mut self.texts[rng.random_range(0..texts)];
                let piece = PIECES[rng.random_range(0..6)];
                let len = piece.encode_utf16().count() as u32;
                let mut left = if rng.random_bool(0.8) { pick(rng, items).copied() } else { None };
                let mut right = if rng.random_bool(0.5) { pick(rng, items).copied() } else { None };
                if !self.lies {
                    // The order that holds in every copy: what was typed in one piece, and the two ends.
                    let next = left.map(|(client, clock)| (client, clock + 1)).filter(|next| items.contains(next));
                    right = next.filter(|_| right.is_some());
                    if rng.random_bool(0.1) {
                        (left, right) = (None, items.first().copied());
                    }
                }
                let at = match (left, right) {
                    (None, None) => At::Type(*text, None),
                    (left, right) => At::Beside(left, right, false),
                };
                items.extend((0..len).map(|offset| (me.0, me.1 + offset)));
                advance(self, len);
                if rng.random_bool(0.05) { item(&at, 1, &[len as u8]) } else { text_item(&at, piece) }
            }
        }
    }

    /// One item that no plan holds where it stands, or in it. What comes later may build on it.
    fn misplaced(&mut self, rng: &mut StdRng, me: Id) -> Vec<u8> {
        let (kind, content, len) = FOREIGN[rng.random_range(0..FOREIGN.len())];
        *self.clocks.entry(me.0).or_default() += len;
        let last = (me.0, me.1 + len - 1);
        let beside = |before: Id, has_key| At::Beside(Some(before), None, has_key);
        match rng.random_range(0..8) {
            0 => {
                self.values.push(last);
                item(&At::Root(["extra", "meta", "tasks"][rng.random_range(0..3)], "title".to_owned()), kind, content)
            }
            1 => {
                self.lists.push(last);
                item(&At::RootList(["extra", "list", "tasks"][rng.random_range(0..3)]), kind, content)
            }
            2 => {
                let at = pick(rng, &self.lists).map(|before| beside(*before, false));
                self.lists.push(last);
                item(&at.unwrap_or(At::RootList("list")), kind, content)
            }
            3 | 4 => {
                let parent = pick(rng, &self.entities).copied();
                self.values.push(last);
                self.entities.push(me);
                let key = KEYS[rng.random_range(0..6)].to_owned();
                let at = parent.map_or(At::Root("meta", key.clone()), |parent| At::Type(parent, Some(key)));
                item(&at, kind, content)
            }
            5 => {
                let parent = pick(rng, &self.entities).map(|parent| At::Type(*parent, None));
                self.lists.push(last);
                item(&parent.unwrap_or(At::RootList("tasks")), kind, content)
            }
            6 => {
                let before = pick(rng, &self.values).map(|before| beside(*before, true));
                self.values.push(last);
                item(&before.unwrap_or(At::Root("meta", "tz".to_owned())), kind, content)
            }
            _ => {
                let texts = self.texts.len();
                if texts == 0 {
                    return item(&At::RootList("list"), kind, content);
                }
                let (text, items) = &mut self.texts[rng.random_range(0..texts)];
                if rng.random_bool(0.1) {
                    return item(&At::Type(*text, Some("lang".to_owned())), kind, content);
                }
                let left = pick(rng, items).copied();
                items.extend((0..len).map(|offset| (me.0, me.1 + offset)));
                item(&left.map_or(At::Type(*text, None), |left| beside(left, false)), kind, content)
            }
        }
    }

    fn struct_of_entity(&mut self, rng: &mut StdRng, client: u64) -> Vec<u8> {
        let clock = self.clocks.entry(client).or_default();
        self.entities.push((client, *clock));
        *clock += 1;
        item(&At::Root("tasks", format!("e{}", rng.random_range(0..6))), 7, &[1])
    }

    /// A plausible update of up to three clients, and the model with it.
    pub fn next(&self, rng: &mut StdRng) -> (Vec<u8>, Self) {
        let mut model = self.clone();
        let mut sections = std::collections::BTreeMap::<u64, Section>::new();
        let clients: Vec<u64> = (0..rng.random_range(1..4)).map(|_| rng.random_range(1..7)).collect();
        for _ in 0..rng.random_range(0..6) {
            let client = clients[rng.random_range(0..clients.len())];
            let clock = model.clocks.get(&client).copied().unwrap_or(0);
            let bytes = model.struct_of(rng, client);
            sections.entry(client).or_insert(Section { client, clock, structs: Vec::new() }).structs.push(bytes);
        }
        let mut deletes = Vec::new();
        if rng.random_bool(0.4) {
            for (client, clock) in model.clocks.iter().rev().filter(|(_, clock)| **clock > 0) {
                if rng.random_bool(0.4) {
                    let start = rng.random_range(0..*clock);
                    let len = rng.random_range(1..5).min(clock - start + u32::from(rng.random_bool(0.02)));
                    deletes.push((*client, vec![(start, len)]));
                }
            }
        }
        let sections: Vec<_> = sections.into_values().rev().collect();
        (update(&sections, &deletes), model)
    }
}
