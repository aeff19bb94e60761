//! Edits as a browser would send them, written by hand: a Yjs document per person would cost more than the server.
//!
//! In: which field, which letter. Out: v1 updates, exactly as `Y.Map.set` and `Y.Text.insert` write them. Kept per
//! writer: the next clock and the last item of every field. The other way round: how far an update takes each client.

/// The fields a writer sets in turn; the fourth edit of each round is a letter in the task's notes.
const FIELDS: [&str; 3] = ["status", "due", "reason"];
/// Those that may hold long values.
const LONG_FIELDS: [&str; 3] = ["blocked.needs", "evidence", "reason"];

const ANY: u8 = 8;
const STRING: u8 = 4;
const TYPE: u8 = 7;
const ORIGIN: u8 = 0x80;
const RIGHT: u8 = 0x40;
const KEY: u8 = 0x20;

/// One browser tab: its client id and what it has written.
#[derive(Debug)]
pub struct Writer {
    client: u64,
    clock: u32,
    last: [Option<u32>; FIELDS.len()],
    letter: Option<u32>,
    edits: u32,
    /// Bytes that every value is filled up to.
    value_bytes: usize,
}

impl Writer {
    pub fn new(client: u64, value_bytes: usize) -> Self {
        Self { client, clock: 0, last: [None; FIELDS.len()], letter: None, edits: 0, value_bytes }
    }

    pub fn client(&self) -> u64 {
        self.client
    }

    /// The clock after everything this writer has sent.
    pub fn clock(&self) -> u32 {
        self.clock
    }

    /// The writer's own task with a title and empty notes: what a page sends for "new task".
    pub fn task(&mut self) -> Vec<u8> {
        let mut out = vec![1, 3];
        uint(&mut out, self.client);
        uint(&mut out, 0);
        out.extend([KEY | TYPE, 1]);
        string(&mut out, "tasks");
        string(&mut out, &format!("t-{}", self.client));
        out.push(1);
        self.child(&mut out, KEY | ANY, "title");
        out.extend([1, 119]);
        string(&mut out, "Send the security questionnaire");
        self.child(&mut out, KEY | TYPE, "notes");
        out.push(2);
        out.push(0);
        self.clock = 3;
        out
    }

    /// The next edit.
    pub fn edit(&mut self) -> Vec<u8> {
        let turn = self.edits as usize % (FIELDS.len() + 1);
        self.edits += 1;
        let mut out = Vec::with_capacity(64 + self.value_bytes);
        out.extend([1, 1]);
        uint(&mut out, self.client);
        uint(&mut out, u64::from(self.clock));
        let fields = if self.value_bytes > 0 { LONG_FIELDS } else { FIELDS };
        match fields.get(turn) {
            Some(field) => self.set(&mut out, turn, field),
            None => self.type_letter(&mut out),
        }
        self.clock += 1;
        out
    }

    fn set(&mut self, out: &mut Vec<u8>, turn: usize, field: &str) {
        let before = self.last[turn].replace(self.clock);
        match before {
            Some(before) => self.after(out, KEY | ANY, before),
            None => self.child(out, KEY | ANY, field),
        }
        out.extend([1, 119]);
        let mut value = match turn {
            0 => ["pending", "in_progress", "complete"][self.edits as usize % 3].to_owned(),
            1 => format!("2026-{:02}-{:02}", 1 + self.edits % 12, 1 + self.edits % 28),
            _ => format!("waiting for legal, call {}", self.edits),
        };
        while value.len() < self.value_bytes {
            value.push('.');
        }
        string(out, &value);
        match before {
            Some(before) => {
                out.push(1);
                uint(out, self.client);
                out.push(1);
                uint(out, u64::from(before));
                out.push(1);
            }
            None => out.push(0),
        }
    }

    fn type_letter(&mut self, out: &mut Vec<u8>) {
        match self.letter.replace(self.clock) {
            Some(before) => self.after(out, STRING, before),
            None => {
                out.extend([STRING, 0]);
                uint(out, self.client);
                uint(out, 2);
            }
        }
        string(out, "e");
        out.push(0);
    }

    /// The head of an item under a key of the task.
    fn child(&self, out: &mut Vec<u8>, info: u8, key: &str) {
        out.extend([info, 0]);
        uint(out, self.client);
        uint(out, 0);
        string(out, key);
    }

    /// The head of an item to the right of one of the writer's own.
    fn after(&self, out: &mut Vec<u8>, info: u8, clock: u32) {
        out.push(info | ORIGIN);
        uint(out, self.client);
        uint(out, u64::from(clock));
    }
}

/// Calls `each` with every client of an update and the clock after its structs. `None` where the bytes are no update.
pub fn ends(update: &[u8], mut each: impl FnMut(u64, u32)) -> Option<()> {
    let mut input = update;
    for _ in 0..read_uint(&mut input)? {
        let structs = read_uint(&mut input)?;
        let client = read_uint(&mut input)?;
        let mut clock = read_uint(&mut input)?;
        for _ in 0..structs {
            clock += length_of_struct(&mut input)?;
        }
        each(client, u32::try_from(clock).ok()?);
    }
    Some(())
}

fn length_of_struct(input: &mut &[u8]) -> Option<u64> {
    let info = take(input, 1)?[0];
    if info == 0 || info == 10 {
        return read_uint(input);
    }
    for bit in [ORIGIN, RIGHT] {
        if info & bit != 0 {
            read_uint(input)?;
            read_uint(input)?;
        }
    }
    if info & (ORIGIN | RIGHT) == 0 {
        if take(input, 1)?[0] == 1 {
            read_string(input)?;
        } else {
            read_uint(input)?;
            read_uint(input)?;
        }
        if info & KEY != 0 {
            read_string(input)?;
        }
    }
    match info & 0x1f {
        1 => read_uint(input),
        STRING => Some(std::str::from_utf8(read_string(input)?).ok()?.encode_utf16().count() as u64),
        TYPE => take(input, 1).map(|_| 1),
        ANY => {
            let count = read_uint(input)?;
            for _ in 0..count {
                skip_value(input)?;
            }
            Some(count)
        }
        _ => None,
    }
}

fn skip_value(input: &mut &[u8]) -> Option<()> {
    match take(input, 1)?[0] {
        119 => read_string(input).map(drop),
        123 => take(input, 8).map(drop),
        124 => take(input, 4).map(drop),
        125 => read_uint(input).map(drop),
        _ => Some(()),
    }
}

fn take<'a>(input: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, rest) = input.split_at_checked(count)?;
    *input = rest;
    Some(taken)
}

/// lib0's integer: seven bits a byte, low first.
pub fn read_uint(input: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(input, 1)?[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

fn read_string<'a>(input: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(read_uint(input)?).ok()?;
    take(input, length)
}

/// lib0's integer, written.
pub fn uint(out: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn string(out: &mut Vec<u8>, text: &str) {
    uint(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use yrs::{Doc, OffsetKind, Options, ReadTxn, Transact, Update, types::ToJson, updates::decoder::Decode};

    use super::*;

    #[test]
    fn a_document_takes_every_edit_and_shows_the_last_ones() {
        let doc = Doc::with_options(Options { offset_kind: OffsetKind::Utf16, ..Options::default() });
        let mut writer = Writer::new(77, 0);
        let mut updates = vec![writer.task()];
        updates.extend((0..40).map(|_| writer.edit()));
        for update in &updates {
            let mut end = 0;
            ends(update, |client, clock| {
                assert_eq!(client, 77);
                end = clock;
            })
            .unwrap();
            doc.transact_mut().apply_update(Update::decode_v1(update).unwrap()).unwrap();
            assert_eq!(doc.transact().state_vector().get(&yrs::ClientID::new(77)), end);
        }
        assert_eq!(writer.clock(), 43);
        let tasks = doc.get_or_insert_map("tasks");
        let text = format!("{:?}", tasks.to_json(&doc.transact()));
        assert!(text.contains("waiting for legal, call 39") && text.contains("eeeeeeeeee"), "{text}");
    }
}
