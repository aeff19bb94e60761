//! One entry of a document's log, as bytes.
//!
//! In: who wrote, when, by what kind of hand, and the canonical update. Out: the bytes of `docs/storage.md`.
//! An entry's hash covers the hash before it and everything the entry says, so no row can be changed, moved or left
//! out without the chain showing it. Decoding never panics: a store can be damaged.

use std::sync::Arc;

use plansync_protocol::ids::{Origin, PartyId, PersonId, Scope, Seq};

use crate::{auth::Author, clock::Millis};

/// The version byte in front of an entry.
const VERSION: u8 = 1;
/// version, at, origin, length of author, length of party.
const HEAD_BYTES: usize = 1 + 8 + 1 + 1 + 1;
const HASH_BYTES: usize = 32;

/// Links an entry to all that came before it.
pub type Hash = [u8; HASH_BYTES];

/// What a room asks the log to keep.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// When the server took it in.
    pub at: Millis,
    /// Who wrote it.
    pub author: Arc<Author>,
    /// What kind of hand wrote it.
    pub origin: Origin,
    /// The canonical update.
    pub update: Vec<u8>,
}

/// An entry as it stands in the log.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its place in the document's log.
    pub seq: Seq,
    /// What a room gave.
    pub new: NewEntry,
    /// Its link in the chain.
    pub hash: Hash,
}

/// Bytes that are not an entry.
#[derive(Debug, thiserror::Error)]
#[error("these {bytes} bytes are no log entry: {why}")]
pub struct DamagedEntry {
    bytes: usize,
    why: &'static str,
}

/// The hash before the first entry of a document: it names the document, so that no log can be put in another's place.
#[must_use]
pub fn genesis(plan: &str, scope: &Scope) -> Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"plansync log 1\0").update(plan.as_bytes()).update(b"\0").update(scope.to_string().as_bytes());
    *hasher.finalize().as_bytes()
}

impl NewEntry {
    /// This entry's link after `previous`.
    #[must_use]
    pub fn hash(&self, previous: &Hash, seq: Seq) -> Hash {
        let mut hasher = blake3::Hasher::new();
        hasher.update(previous).update(&seq.to_le_bytes()).update(&self.head()).update(&self.update);
        *hasher.finalize().as_bytes()
    }

    /// The bytes of the entry with its link.
    #[must_use]
    pub fn encode(&self, hash: &Hash) -> Vec<u8> {
        let mut bytes = self.head();
        bytes.reserve_exact(HASH_BYTES + self.update.len());
        bytes.extend_from_slice(hash);
        bytes.extend_from_slice(&self.update);
        bytes
    }

    /// Everything but the hash and the update. Names are at most 128 bytes, so their lengths fit a byte.
    fn head(&self) -> Vec<u8> {
        let person = self.author.person.as_str().as_bytes();
        let party = self.author.party.as_ref().map_or(&[][..], |party| party.as_str().as_bytes());
        let mut bytes = Vec::with_capacity(HEAD_BYTES + person.len() + party.len());
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.at.to_le_bytes());
        bytes.push(origin_byte(self.origin));
        for name in [person, party] {
            bytes.push(u8::try_from(name.len()).expect("names are at most 128 bytes"));
            bytes.extend_from_slice(name);
        }
        bytes
    }
}

impl Entry {
    /// Reads what [`NewEntry::encode`] wrote.
    ///
    /// # Errors
    /// [`DamagedEntry`] when the bytes are of another version, cut short, or name nobody.
    pub fn decode(seq: Seq, bytes: &[u8]) -> Result<Self, DamagedEntry> {
        let damaged = |why| DamagedEntry { bytes: bytes.len(), why };
        let mut rest = bytes;
        let mut take = |count: usize| -> Result<&[u8], DamagedEntry> {
            let (taken, left) = rest.split_at_checked(count).ok_or_else(|| damaged("it is cut short"))?;
            rest = left;
            Ok(taken)
        };
        if take(1)? != [VERSION] {
            return Err(damaged("it is of another version"));
        }
        let at = Millis::from_le_bytes(take(8)?.try_into().map_err(|_| damaged("it is cut short"))?);
        let origin = origin_of(take(1)?[0]).ok_or_else(|| damaged("its origin is unknown"))?;
        let mut name = || -> Result<String, DamagedEntry> {
            let length = usize::from(take(1)?[0]);
            String::from_utf8(take(length)?.to_vec()).map_err(|_| damaged("a name is not UTF-8"))
        };
        let (person, party) = (name()?, name()?);
        let person = PersonId::parse(&person).map_err(|_| damaged("its author has no valid name"))?;
        let party = match party.as_str() {
            "" => None,
            party => Some(PartyId::parse(party).map_err(|_| damaged("its party has no valid name"))?),
        };
        let hash = take(HASH_BYTES)?.try_into().map_err(|_| damaged("it is cut short"))?;
        let author = Arc::new(Author { person, party });
        Ok(Self { seq, new: NewEntry { at, author, origin, update: rest.to_vec() }, hash })
    }
}

/// The byte an origin is stored as.
#[must_use]
pub fn origin_byte(origin: Origin) -> u8 {
    match origin {
        Origin::Human => 0,
        Origin::Import => 1,
        Origin::Crm => 2,
        Origin::Automation => 3,
        Origin::Propagation => 4,
        Origin::System => 5,
        Origin::Erasure => 6,
    }
}

/// The origin a byte stands for.
#[must_use]
pub fn origin_of(byte: u8) -> Option<Origin> {
    let of_people = [Origin::Human, Origin::Import, Origin::Crm, Origin::Automation];
    let of_the_server = [Origin::Propagation, Origin::System, Origin::Erasure];
    of_people.into_iter().chain(of_the_server).find(|origin| origin_byte(*origin) == byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> NewEntry {
        NewEntry {
            at: 1_771_352_467_113,
            author: Arc::new(Author {
                person: PersonId::parse("b-it-manager").unwrap(),
                party: Some(PartyId::parse("buyer").unwrap()),
            }),
            origin: Origin::Human,
            update: vec![1, 2, 3],
        }
    }

    #[test]
    fn an_entry_reads_back_as_it_was_written() {
        let hash = sample().hash(&genesis("demo", &Scope::Shared), 1);
        let read = Entry::decode(1, &sample().encode(&hash)).unwrap();
        assert_eq!((read.new.at, &read.new.author, read.new.origin), (sample().at, &sample().author, Origin::Human));
        assert_eq!((read.new.update, read.hash), (vec![1, 2, 3], hash));
    }

    #[test]
    fn a_truncated_entry_is_damage_and_no_panic() {
        let bytes = sample().encode(&[7; 32]);
        for length in 0..bytes.len() - 3 {
            assert!(Entry::decode(1, &bytes[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn every_field_is_part_of_the_hash() {
        let base = sample().hash(&[0; 32], 1);
        let mut other = [(); 6].map(|()| sample());
        other[0].at += 1;
        other[1].origin = Origin::Crm;
        other[2].update.push(0);
        other[3].author = Arc::new(Author { party: None, ..(*sample().author).clone() });
        for changed in &other[..4] {
            assert_ne!(changed.hash(&[0; 32], 1), base);
        }
        assert_ne!(other[4].hash(&[1; 32], 1), base);
        assert_ne!(other[5].hash(&[0; 32], 2), base);
    }
}
