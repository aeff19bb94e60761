//! Reads lib0's encoding, in its one canonical form only.
//!
//! In: the bytes of one message. Out: numbers and slices of those bytes.
//! Always true: nothing is allocated, nothing past the end is touched, every call moves forward or refuses,
//! and a number that was read has exactly one way to be written.

use crate::guard::refusal::{Refusal, Rule, malformed};
use crate::ids::ClientId;
use crate::limits;

/// A position in the bytes of one message.
#[derive(Clone)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The position, in bytes from the start.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// How many bytes are left.
    pub(super) fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Refusal> {
        let Some(&byte) = self.bytes.get(self.at) else {
            return malformed(Rule::Truncated, self.at);
        };
        self.at += 1;
        Ok(byte)
    }

    pub(super) fn slice(&mut self, len: usize) -> Result<&'a [u8], Refusal> {
        let slice = self.at.checked_add(len).and_then(|end| self.bytes.get(self.at..end));
        let Some(slice) = slice else {
            return malformed(Rule::Truncated, self.at);
        };
        self.at += slice.len();
        Ok(slice)
    }

    /// What was read since `from`.
    pub(super) fn since(&self, from: usize) -> &'a [u8] {
        self.bytes.get(from..self.at).unwrap_or_default()
    }

    /// An unsigned integer below 2^53: seven bits a byte, low first, in the fewest bytes.
    pub(super) fn uint(&mut self) -> Result<u64, Refusal> {
        let start = self.at;
        self.continued(start, 0, 0)
    }

    /// A signed integer within ±2^53: a sign and six bits, then seven bits a byte. Minus zero reads as zero.
    pub(super) fn int(&mut self) -> Result<i64, Refusal> {
        let start = self.at;
        let first = self.byte()?;
        let mut value = u64::from(first & 0x3f);
        if first & 0x80 != 0 {
            value = self.continued(start, value, 6)?;
        }
        // Below 2^53, so the cast keeps the value.
        let value = value as i64;
        Ok(if first & 0x40 != 0 { -value } else { value })
    }

    fn continued(&mut self, start: usize, mut value: u64, mut shift: u32) -> Result<u64, Refusal> {
        loop {
            let byte = self.byte()?;
            if shift > 53 {
                return malformed(Rule::IntegerTooLarge, start);
            }
            // At most 7 bits shifted by at most 53: this stays within 60 bits.
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                if byte == 0 && shift > 0 {
                    return malformed(Rule::IntegerNotShortest, start);
                }
                if value > limits::CLIENT_ID_MAX {
                    return malformed(Rule::IntegerTooLarge, start);
                }
                return Ok(value);
            }
            shift += 7;
        }
    }

    pub(super) fn client(&mut self) -> Result<ClientId, Refusal> {
        self.uint()
    }

    pub(super) fn clock(&mut self) -> Result<u32, Refusal> {
        let start = self.at;
        match self.uint()? {
            // Below 2^31, so the cast keeps the value.
            clock if clock <= limits::CLOCK_MAX => Ok(clock as u32),
            _ => malformed(Rule::ClockTooLarge, start),
        }
    }

    /// A length of at least 1 that starts at `clock` and ends below 2^31.
    pub(super) fn len(&mut self, clock: u32) -> Result<u32, Refusal> {
        let start = self.at;
        let len = self.clock()?;
        end_of(clock, len, start)?;
        Ok(len)
    }

    /// A count of things that take at least `bytes_each`.
    pub(super) fn count(&mut self, bytes_each: usize) -> Result<usize, Refusal> {
        let start = self.at;
        let count = self.uint()?;
        // Lossless: usize is at most 64 bits wide.
        if count > (self.left() / bytes_each.max(1)) as u64 {
            return malformed(Rule::CountBeyondInput, start);
        }
        Ok(count as usize)
    }

    pub(super) fn string(&mut self) -> Result<&'a str, Refusal> {
        let len = self.count(1)?;
        let start = self.at;
        match std::str::from_utf8(self.slice(len)?) {
            Ok(text) => Ok(text),
            Err(error) => malformed(Rule::Utf8, start.saturating_add(error.valid_up_to())),
        }
    }

    /// A key of a map: not empty, because the empty key means "the entity as a whole" in a `Place`.
    pub(super) fn key(&mut self) -> Result<&'a str, Refusal> {
        let start = self.at;
        let key = self.string()?;
        if key.is_empty() || key.len() > limits::KEY_BYTES_MAX {
            return malformed(Rule::KeyLength, start);
        }
        Ok(key)
    }

    pub(super) fn finish(self) -> Result<(), Refusal> {
        if self.left() > 0 {
            return malformed(Rule::TrailingBytes, self.at);
        }
        Ok(())
    }
}

/// Where something of `len` that starts at `clock` ends.
pub(super) fn end_of(clock: u32, len: u32, at: usize) -> Result<u32, Refusal> {
    if len == 0 {
        return malformed(Rule::ZeroLength, at);
    }
    match clock.checked_add(len) {
        Some(end) if u64::from(end) <= limits::CLOCK_MAX => Ok(end),
        _ => malformed(Rule::ClockTooLarge, at),
    }
}

/// Appends an unsigned integer as [`Reader::uint`] reads it.
pub(super) fn write_uint(out: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a string as [`Reader::string`] reads it.
pub(super) fn write_string(out: &mut Vec<u8>, text: &str) {
    write_uint(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_has_one_form() {
        for value in [0, 1, 127, 128, 16_383, 16_384, 1 << 31, limits::CLIENT_ID_MAX] {
            let mut bytes = Vec::new();
            write_uint(&mut bytes, value);
            assert_eq!(Reader::new(&bytes).uint(), Ok(value));
            let last = bytes.len() - 1;
            bytes[last] |= 0x80;
            bytes.push(0);
            assert!(Reader::new(&bytes).uint().is_err(), "{value} with a spare byte");
        }
        assert_eq!(Reader::new(&[0x80, 0]).uint(), malformed(Rule::IntegerNotShortest, 0));
        assert_eq!(Reader::new(&[0xff; 40]).uint(), malformed(Rule::IntegerTooLarge, 0));
        assert_eq!(
            Reader::new(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10]).uint(),
            malformed(Rule::IntegerTooLarge, 0)
        );
    }

    #[test]
    fn a_signed_integer_reads_as_lib0_writes_it() {
        assert_eq!(Reader::new(&[0x40]).int(), Ok(0));
        assert_eq!(Reader::new(&[0x41]).int(), Ok(-1));
        assert_eq!(Reader::new(&[0x80, 0x01]).int(), Ok(64));
        assert_eq!(Reader::new(&[0x80, 0x00]).int(), malformed(Rule::IntegerNotShortest, 0));
    }

    #[test]
    fn a_count_never_passes_the_input() {
        assert_eq!(Reader::new(&[0x80, 0xc2, 0xd7, 0x2f]).count(1), malformed(Rule::CountBeyondInput, 0));
        assert_eq!(Reader::new(&[2, 0, 0]).count(1), Ok(2));
        assert_eq!(Reader::new(&[2, 0, 0]).count(2), malformed(Rule::CountBeyondInput, 0));
    }
}
