//! Ranks: strings between any two of which there is another, in the format of the npm package `fractional-indexing`.
//!
//! A rank is a whole part, whose first letter tells its length (`a0`, `b00`, `Zz`), and a fraction. Plain comparison of
//! bytes is their order, in Rust as in JavaScript. `golden/ranks.json` holds what the package itself answers.

use crate::limits;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// The least whole part: nothing can stand before it, so it is no rank itself.
const LEAST: &str = "A00000000000000000000000000";

/// Why there is no rank.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoRank {
    /// A bound is none.
    #[error("{0:?} is not a rank like a0")]
    Invalid(String),
    /// Both bounds are the same.
    #[error("there is no rank between {0:?} and itself")]
    NoGap(String),
    /// The gap is at the end of what ranks can say.
    #[error("the ranks are used up")]
    UsedUp,
}

/// Whether a string is a rank.
#[must_use]
pub fn is_rank(text: &str) -> bool {
    text.len() <= limits::RANK_CHARS_MAX && whole_part(text).is_some()
}

/// A rank between two others, or before, or after one; `a0` if there is none. Bounds in the wrong order are swapped.
///
/// # Errors
/// A bound that is no rank, or no room between both.
pub fn between(a: Option<&str>, b: Option<&str>) -> Result<String, NoRank> {
    let (a, b) = match (a, b) {
        (Some(a), Some(b)) if a > b => (Some(b), Some(a)),
        other => other,
    };
    let split = |rank: Option<&str>| match rank {
        None => Ok(None),
        Some(rank) => {
            let whole = whole_part(rank).ok_or_else(|| NoRank::Invalid(rank.chars().take(40).collect()))?;
            Ok(Some((whole.to_owned(), rank[whole.len()..].to_owned())))
        }
    };
    match (split(a)?, split(b)?) {
        (None, None) => Ok("a0".into()),
        (None, Some((whole, fraction))) => {
            if whole == LEAST {
                Ok(whole + &midpoint("", Some(&fraction)))
            } else if fraction.is_empty() {
                step(&whole, false).ok_or(NoRank::UsedUp)
            } else {
                Ok(whole)
            }
        }
        (Some((whole, fraction)), None) => Ok(step(&whole, true).unwrap_or_else(|| whole + &midpoint(&fraction, None))),
        (Some((whole, fraction)), Some((upper, upper_fraction))) => {
            if whole == upper {
                if fraction == upper_fraction {
                    return Err(NoRank::NoGap(whole + &fraction));
                }
                return Ok(whole + &midpoint(&fraction, Some(&upper_fraction)));
            }
            let next = step(&whole, true).ok_or(NoRank::UsedUp)?;
            if next < upper + &upper_fraction { Ok(next) } else { Ok(whole + &midpoint(&fraction, None)) }
        }
    }
}

/// `n` ranks between two others, in order.
///
/// # Errors
/// As [`between`].
pub fn n_between(a: Option<&str>, b: Option<&str>, n: usize) -> Result<Vec<String>, NoRank> {
    match (n, a, b) {
        (0, ..) => Ok(Vec::new()),
        (1, ..) => Ok(vec![between(a, b)?]),
        (_, _, None) => {
            let mut ranks = vec![between(a, None)?];
            while ranks.len() < n {
                let next = between(ranks.last().map(String::as_str), None)?;
                ranks.push(next);
            }
            Ok(ranks)
        }
        (_, None, Some(_)) => {
            let mut ranks = vec![between(None, b)?];
            while ranks.len() < n {
                let next = between(None, ranks.last().map(String::as_str))?;
                ranks.push(next);
            }
            ranks.reverse();
            Ok(ranks)
        }
        (_, Some(_), Some(_)) => {
            let middle = n / 2;
            let rank = between(a, b)?;
            let mut ranks = n_between(a, Some(&rank), middle)?;
            let above = n_between(Some(&rank), b, n - middle - 1)?;
            ranks.push(rank);
            ranks.extend(above);
            Ok(ranks)
        }
    }
}

fn digit(byte: u8) -> Option<usize> {
    DIGITS.iter().position(|each| *each == byte)
}

/// Letters A to Z head 27 to 2 characters of numbers below zero, a to z 2 to 27 of those from zero.
fn whole_length(head: u8) -> Option<usize> {
    match head {
        b'a'..=b'z' => Some(usize::from(head - b'a') + 2),
        b'A'..=b'Z' => Some(usize::from(b'Z' - head) + 2),
        _ => None,
    }
}

/// The whole part of a rank; `None` if it is no rank.
fn whole_part(rank: &str) -> Option<&str> {
    let length = whole_length(*rank.as_bytes().first()?)?;
    let all_digits = rank.bytes().all(|byte| digit(byte).is_some());
    if !all_digits || rank.len() < length || rank == LEAST || (rank.len() > length && rank.ends_with('0')) {
        return None;
    }
    Some(&rank[..length])
}

/// The next or the previous whole part; `None` at the end of the letters.
fn step(whole: &str, up: bool) -> Option<String> {
    let (wraps, to) = if up { (b'z', b'0') } else { (b'0', b'z') };
    let mut bytes = whole.as_bytes().to_vec();
    let head = *bytes.first()?;
    for at in (1..bytes.len()).rev() {
        if bytes[at] != wraps {
            let index = digit(bytes[at])?;
            bytes[at] = DIGITS[if up { index + 1 } else { index - 1 }];
            return String::from_utf8(bytes).ok();
        }
        bytes[at] = to;
    }
    let head = match (head, up) {
        (b'Z', true) => b'a',
        (b'a', false) => b'Z',
        (b'z', true) | (b'A', false) => return None,
        (head, true) => head + 1,
        (head, false) => head - 1,
    };
    bytes[0] = head;
    bytes.resize(whole_length(head)?, to);
    String::from_utf8(bytes).ok()
}

/// A fraction between two fractions `a < b`; an absent `b` is one. Neither ends in 0.
fn midpoint(a: &str, b: Option<&str>) -> String {
    let (mut a, mut b) = (a.as_bytes(), b.map(str::as_bytes));
    let mut found = String::new();
    loop {
        if let Some(upper) = b {
            // The common prefix, `a` filled up with zeros.
            let common = upper.iter().enumerate().take_while(|(at, byte)| a.get(*at).unwrap_or(&b'0') == *byte).count();
            found.extend(upper[..common].iter().map(|byte| char::from(*byte)));
            a = a.get(common..).unwrap_or_default();
            b = Some(&upper[common..]);
        }
        let low = a.first().and_then(|byte| digit(*byte)).unwrap_or(0);
        let high = b.map_or(DIGITS.len(), |upper| upper.first().and_then(|byte| digit(*byte)).unwrap_or(DIGITS.len()));
        if high > low + 1 {
            // Half up, as Math.round does.
            found.push(char::from(DIGITS[(low + high).div_ceil(2).min(DIGITS.len() - 1)]));
            return found;
        }
        if let Some(upper) = b.filter(|upper| upper.len() > 1) {
            found.push(char::from(upper[0]));
            return found;
        }
        found.push(char::from(DIGITS[low]));
        a = a.get(1..).unwrap_or_default();
        b = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value as Json;

    #[test]
    fn ranks_are_those_of_the_npm_package() {
        let golden: Json = serde_json::from_str(include_str!("../../golden/ranks.json")).unwrap();
        for case in golden["between"].as_array().unwrap() {
            let answer = between(case["a"].as_str(), case["b"].as_str());
            assert_eq!(answer.ok().as_deref(), case["rank"].as_str(), "{case}");
        }
        for case in golden["nBetween"].as_array().unwrap() {
            let n = usize::try_from(case["n"].as_u64().unwrap()).unwrap();
            let answer = n_between(case["a"].as_str(), case["b"].as_str(), n).unwrap();
            let expected: Vec<&str> =
                case["ranks"].as_array().unwrap().iter().map(|rank| rank.as_str().unwrap()).collect();
            assert_eq!(answer, expected, "{case}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_rank_between_two_stands_between_them(steps in proptest::collection::vec(0_usize..1000, 1..200)) {
            let mut ranks: Vec<String> = Vec::new();
            for step in steps {
                let at = step % (ranks.len() + 1);
                let before = at.checked_sub(1).map(|at| ranks[at].as_str());
                let after = ranks.get(at).map(String::as_str);
                let rank = between(before, after).unwrap();
                assert!(is_rank(&rank) && before.is_none_or(|b| b < &*rank) && after.is_none_or(|a| &*rank < a));
                ranks.insert(at, rank);
            }
        }

        #[test]
        fn no_string_makes_it_panic(a: String, b: String) {
            let _ = between(Some(&a), Some(&b));
        }
    }
}
