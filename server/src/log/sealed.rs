//! Sealed entries: what is left of entries that every kept snapshot covers.
//!
//! The updates go, who wrote when stays: a run of entries becomes one compressed row that names their authors,
//! times and origins, the hash before and after them, and a seal over all of it and the seal before. So the chain
//! holds from the first entry to the last, at a few bytes an entry.

use std::{collections::HashMap, sync::Arc};

use plansync_protocol::ids::{Origin, PartyId, PersonId, Seq};
use redb::{ReadableTable, WriteTransaction};

use super::{
    LogError,
    entry::{self, Hash},
    tables,
    tables::DocKey,
    writer::Entries,
};
use crate::{auth::Author, clock::Millis};

const HASH_BYTES: usize = 32;
/// The names and times of 500 entries compress to about 2 KB; more effort saves a tenth of that.
const COMPRESSION: i32 = 3;
/// More entries than one row ever holds: what a damaged row says is not believed beyond it.
const RAW_BYTES_MAX: usize = 16 << 20;

/// One entry without its update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When it was written.
    pub at: Millis,
    /// By whom.
    pub author: Arc<Author>,
    /// By what kind of hand.
    pub origin: Origin,
}

/// A run of sealed entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The number of the first entry.
    pub first: Seq,
    /// The chain's hash before the first entry.
    pub before: Hash,
    /// The chain's hash after the last entry.
    pub after: Hash,
    /// The entries in order.
    pub lines: Vec<Line>,
}

/// The seal over a packed row and all before it. Packed, because other bytes could unpack to the same.
pub(super) fn seal_of(previous: Option<&Hash>, packed: &[u8]) -> Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"plansync seal 1\0").update(previous.unwrap_or(&[0; HASH_BYTES])).update(packed);
    *hasher.finalize().as_bytes()
}

/// Seals every entry up to and with `last`.
pub(super) fn seal(
    write: &WriteTransaction,
    entries: &mut Entries<'_>,
    doc: DocKey,
    last: Seq,
) -> Result<(), LogError> {
    let damaged = |why: &str| LogError::Damaged { doc, seq: last, why: why.into() };
    let mut sealed = write.open_table(tables::SEALED)?;
    let previous = match sealed.range(tables::whole(doc))?.next_back().transpose()? {
        Some((_, row)) => {
            let (seal, packed) = split(row.value()).ok_or_else(|| damaged("the sealed row before it is cut short"))?;
            let run = unpack(packed).ok_or_else(|| damaged("the sealed row before it cannot be read"))?;
            Some((*seal, run.after))
        }
        None => None,
    };
    let mut run = Sealed { first: 0, before: [0; HASH_BYTES], after: [0; HASH_BYTES], lines: Vec::new() };
    for row in entries.range((doc.0, doc.1, 0)..=(doc.0, doc.1, last))? {
        let (key, bytes) = row?;
        let entry = super::decode(doc, key.value().2, bytes.value())?;
        if run.lines.is_empty() {
            run.first = entry.seq;
        }
        run.after = entry.hash;
        run.lines.push(Line { at: entry.new.at, author: entry.new.author, origin: entry.new.origin });
    }
    if run.lines.is_empty() {
        return Ok(());
    }
    // The first run of all begins at the document's genesis, which `verify` knows from the plan's name.
    run.before = previous.map_or([0; HASH_BYTES], |(_, after)| after);
    let packed = zstd::encode_all(run.encode().as_slice(), COMPRESSION).map_err(|error| damaged(&error.to_string()))?;
    let mut row = seal_of(previous.as_ref().map(|(seal, _)| seal), &packed).to_vec();
    row.extend_from_slice(&packed);
    sealed.insert((doc.0, doc.1, last), row.as_slice())?;
    entries.retain_in((doc.0, doc.1, 0)..=(doc.0, doc.1, last), |_, _| false)?;
    Ok(())
}

/// Splits a row into its seal and what it seals.
pub(super) fn split(row: &[u8]) -> Option<(&Hash, &[u8])> {
    row.split_first_chunk::<HASH_BYTES>()
}

/// Reads what a row seals; `None` where the bytes are something else.
pub(super) fn unpack(packed: &[u8]) -> Option<Sealed> {
    let mut raw = Vec::new();
    let decoder = zstd::Decoder::new(packed).ok()?;
    std::io::Read::read_to_end(&mut std::io::Read::take(decoder, RAW_BYTES_MAX as u64), &mut raw).ok()?;
    Sealed::decode(&raw)
}

impl Sealed {
    /// first | before | after | authors: count, (length, person, length, party)… | lines: (at, author, origin)…
    fn encode(&self) -> Vec<u8> {
        let mut bytes = self.first.to_le_bytes().to_vec();
        bytes.extend_from_slice(&self.before);
        bytes.extend_from_slice(&self.after);
        let mut known: HashMap<&Author, u32> = HashMap::new();
        let mut authors: Vec<&Author> = Vec::new();
        for line in &self.lines {
            known.entry(&line.author).or_insert_with(|| {
                authors.push(&line.author);
                u32::try_from(authors.len() - 1).expect("a run has fewer than 2^32 entries")
            });
        }
        bytes
            .extend_from_slice(&u32::try_from(authors.len()).expect("a run has fewer than 2^32 entries").to_le_bytes());
        for author in &authors {
            for name in [author.person.as_str(), author.party.as_ref().map_or("", PartyId::as_str)] {
                bytes.push(u8::try_from(name.len()).expect("names are at most 128 bytes"));
                bytes.extend_from_slice(name.as_bytes());
            }
        }
        for line in &self.lines {
            bytes.extend_from_slice(&line.at.to_le_bytes());
            bytes.extend_from_slice(&known.get(line.author.as_ref()).copied().unwrap_or_default().to_le_bytes());
            bytes.push(entry::origin_byte(line.origin));
        }
        bytes
    }

    /// Reads what `encode` wrote; `None` where the bytes are something else.
    fn decode(bytes: &[u8]) -> Option<Self> {
        let (first, rest) = bytes.split_first_chunk::<8>()?;
        let (before, rest) = rest.split_first_chunk::<HASH_BYTES>()?;
        let (after, rest) = rest.split_first_chunk::<HASH_BYTES>()?;
        let (count, mut rest) = rest.split_first_chunk::<4>()?;
        let mut authors = Vec::new();
        for _ in 0..u32::from_le_bytes(*count) {
            let person;
            let party;
            (person, rest) = name(rest)?;
            (party, rest) = name(rest)?;
            let party = if party.is_empty() { None } else { Some(PartyId::parse(party).ok()?) };
            authors.push(Arc::new(Author { person: PersonId::parse(person).ok()?, party }));
        }
        let (lines, left) = rest.as_chunks::<13>();
        if !left.is_empty() {
            return None;
        }
        let lines = lines.iter().map(|line| {
            let (at, rest) = line.split_first_chunk::<8>()?;
            let (author, origin) = rest.split_first_chunk::<4>()?;
            let author = authors.get(usize::try_from(u32::from_le_bytes(*author)).ok()?)?;
            Some(Line {
                at: Millis::from_le_bytes(*at),
                author: Arc::clone(author),
                origin: entry::origin_of(*origin.first()?)?,
            })
        });
        Some(Self {
            first: Seq::from_le_bytes(*first),
            before: *before,
            after: *after,
            lines: lines.collect::<Option<_>>()?,
        })
    }
}

fn name(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = bytes.split_first()?;
    let (name, rest) = rest.split_at_checked(usize::from(*length))?;
    Some((std::str::from_utf8(name).ok()?, rest))
}
