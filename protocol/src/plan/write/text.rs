//! The smallest difference between a text as it is and as it shall be.
//!
//! What stays is not touched, so that an edit of somebody else in it survives.

use similar::{Algorithm, DiffTag, capture_diff_slices};
use yrs::block::ClientID;
use yrs::updates::decoder::Decode;
use yrs::{Doc, GetString, OffsetKind, Options, ReadTxn, StateVector, Text, TextRef, Transact, TransactionMut, Update};

/// Characters of both sides between the common beginning and end that are compared one by one. Beyond, the middle is
/// replaced as a whole: such an edit is a new text, and the comparison takes the square of its length.
const COMPARED_MAX: usize = 1_000;

/// One piece to be taken out and another to be put in its place, in UTF-16 units of the old text.
#[derive(Debug, PartialEq, Eq)]
struct Splice {
    at: u32,
    delete: u32,
    insert: String,
}

/// Makes `text` say `new`; whether it was different.
pub(super) fn replace(txn: &mut TransactionMut<'_>, text: &TextRef, new: &str) -> bool {
    let old = text.get_string(txn);
    let length = text.len(txn);
    // Something that is no character (an image a newer client put there) makes the offsets differ.
    let splices = if utf16(old.chars()) == length {
        if old == new {
            return false;
        }
        splices(&old, new)
    } else {
        vec![Splice { at: 0, delete: length, insert: new.to_owned() }]
    };
    // From the end, so that the offsets before stay true.
    for splice in splices.iter().rev() {
        if splice.delete > 0 {
            text.remove_range(txn, splice.at, splice.delete);
        }
        if !splice.insert.is_empty() {
            text.insert(txn, splice.at, &splice.insert);
        }
    }
    true
}

/// A text with the changes of both sides since `before`, as if two people had typed at once.
#[must_use]
pub fn merge(before: &str, theirs: &str, ours: &str) -> String {
    if theirs == before {
        return ours.to_owned();
    }
    let copy = |client: u64| {
        let mut options = Options::with_client_id(ClientID::new(client));
        options.offset_kind = OffsetKind::Utf16;
        let doc = Doc::with_options(options);
        let text = doc.get_or_insert_text("");
        (doc, text)
    };
    let (base, text) = copy(1);
    text.insert(&mut base.transact_mut(), 0, before);
    let start = base.transact().encode_state_as_update_v1(&StateVector::default());
    let side = |client: u64, words: &str| {
        let (doc, text) = copy(client);
        if let Ok(update) = Update::decode_v1(&start) {
            doc.transact_mut().apply_update(update).ok();
        }
        replace(&mut doc.transact_mut(), &text, words);
        (doc, text)
    };
    let ((both, text), (other, _)) = (side(2, theirs), side(3, ours));
    let update = other.transact().encode_state_as_update_v1(&StateVector::default());
    if let Ok(update) = Update::decode_v1(&update) {
        both.transact_mut().apply_update(update).ok();
    }
    text.get_string(&both.transact())
}

fn splices(old: &str, new: &str) -> Vec<Splice> {
    let (old, new): (Vec<char>, Vec<char>) = (old.chars().collect(), new.chars().collect());
    let shorter = old.len().min(new.len());
    let head = old.iter().zip(&new).take_while(|(one, other)| one == other).count();
    let tail =
        old.iter().rev().zip(new.iter().rev()).take(shorter - head).take_while(|(one, other)| one == other).count();
    let (old_middle, new_middle) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let start = utf16(old[..head].iter().copied());
    let compared = if old_middle.len() <= COMPARED_MAX && new_middle.len() <= COMPARED_MAX {
        script(old_middle, new_middle, start)
    } else {
        None
    };
    compared.unwrap_or_else(|| {
        vec![Splice { at: start, delete: utf16(old_middle.iter().copied()), insert: new_middle.iter().collect() }]
    })
}

/// The library's script, checked as it is read: its indices of insertions are off after it has tidied up, so only the
/// lengths count, and what is called equal must be. `None` if it does not lead from one to the other.
fn script(old: &[char], new: &[char], start: u32) -> Option<Vec<Splice>> {
    let (mut old_at, mut new_at, mut at) = (0, 0, start);
    let mut splices = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, old, new) {
        let (kind, old_range, new_range) = op.as_tag_tuple();
        let old_piece = old.get(old_at..old_at + old_range.len())?;
        let new_piece = new.get(new_at..new_at + new_range.len())?;
        let delete = utf16(old_piece.iter().copied());
        if kind != DiffTag::Equal {
            splices.push(Splice { at, delete, insert: new_piece.iter().collect() });
        } else if old_piece != new_piece {
            return None;
        }
        old_at += old_piece.len();
        new_at += new_piece.len();
        at += delete;
    }
    (old_at == old.len() && new_at == new.len()).then_some(splices)
}

fn utf16(chars: impl Iterator<Item = char>) -> u32 {
    chars.map(|c| if c.len_utf16() == 2 { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_sides_of_a_text_are_kept() {
        assert_eq!(merge("Hello ", "Hello world", ""), "world");
        assert_eq!(merge("one two", "one 2", "1 two"), "1 2");
        assert_eq!(merge("", "", "new"), "new");
        assert_eq!(merge("😀", "😀!", "?😀"), "?😀!");
    }

    proptest! {
        #[test]
        fn splices_lead_from_the_old_text_to_the_new(old in "[ab😀é\n]{0,40}", new in "[ab😀é\n]{0,40}") {
            let mut units: Vec<u16> = old.encode_utf16().collect();
            for splice in splices(&old, &new).iter().rev() {
                let range = splice.at as usize..(splice.at + splice.delete) as usize;
                units.splice(range, splice.insert.encode_utf16());
            }
            prop_assert_eq!(String::from_utf16(&units).unwrap(), new);
        }
    }
}
