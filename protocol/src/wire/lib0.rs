//! The integers, byte arrays and texts of the lib0 encoding, in the one form that lib0 itself writes.
//!
//! A reader takes what it reads off the front of its input and leaves the rest there. Nothing is copied and nothing is
//! allocated: a declared length is compared with what is there before it is believed.
//! What is always true: bytes that are read and written again are the same bytes, because an integer with idle
//! zero groups is refused. After an error the input stands where it stood before the call.

/// The largest integer of the wire, 2^53 − 1: the last that JavaScript counts without gaps.
pub const VAR_UINT_MAX: u64 = (1 << 53) - 1;

/// Seven bits a byte: eight bytes hold 56 bits, and a ninth would stand above [`VAR_UINT_MAX`].
const VAR_UINT_BYTES_MAX: usize = 8;

/// Bytes that are not what lib0 writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Lib0Error {
    /// The input ends before the value does.
    #[error("the bytes end before the value does")]
    Truncated,
    /// An integer is written with more bytes than it needs.
    #[error("an integer is longer than it needs to be")]
    NotCanonical,
    /// An integer is above [`VAR_UINT_MAX`].
    #[error("an integer is above 2^53 - 1")]
    IntegerTooLarge,
    /// A text is not UTF-8.
    #[error("a text is not UTF-8")]
    NotUtf8,
}

/// Takes an unsigned integer off the front of `input`.
///
/// # Errors
/// [`Lib0Error::Truncated`], [`Lib0Error::NotCanonical`] or [`Lib0Error::IntegerTooLarge`].
pub fn read_var_uint(input: &mut &[u8]) -> Result<u64, Lib0Error> {
    let mut value = 0_u64;
    for (at, byte) in input.iter().take(VAR_UINT_BYTES_MAX).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            if *byte == 0 && at > 0 {
                return Err(Lib0Error::NotCanonical);
            }
            if value > VAR_UINT_MAX {
                return Err(Lib0Error::IntegerTooLarge);
            }
            *input = &input[at + 1..];
            return Ok(value);
        }
    }
    if input.len() < VAR_UINT_BYTES_MAX { Err(Lib0Error::Truncated) } else { Err(Lib0Error::IntegerTooLarge) }
}

/// Writes an unsigned integer, which must not be above [`VAR_UINT_MAX`].
pub fn write_var_uint(out: &mut Vec<u8>, mut value: u64) {
    debug_assert!(value <= VAR_UINT_MAX, "{value} cannot be read by any peer");
    while value > 0x7f {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Takes a byte array, with its length before it, off the front of `input`.
///
/// # Errors
/// Those of [`read_var_uint`] for the length, and [`Lib0Error::Truncated`] for an array longer than the input.
pub fn read_var_bytes<'a>(input: &mut &'a [u8]) -> Result<&'a [u8], Lib0Error> {
    let mut rest = *input;
    let declared = read_var_uint(&mut rest)?;
    let length = usize::try_from(declared).map_err(|_| Lib0Error::Truncated)?;
    let (bytes, rest) = rest.split_at_checked(length).ok_or(Lib0Error::Truncated)?;
    *input = rest;
    Ok(bytes)
}

/// Writes a byte array with its length before it.
pub fn write_var_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    write_var_uint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Takes a text, with its length in bytes before it, off the front of `input`.
///
/// # Errors
/// Those of [`read_var_bytes`], and [`Lib0Error::NotUtf8`].
pub fn read_var_string<'a>(input: &mut &'a [u8]) -> Result<&'a str, Lib0Error> {
    let mut rest = *input;
    let text = std::str::from_utf8(read_var_bytes(&mut rest)?).map_err(|_| Lib0Error::NotUtf8)?;
    *input = rest;
    Ok(text)
}

/// Writes a text with its length in bytes before it.
pub fn write_var_string(out: &mut Vec<u8>, text: &str) {
    write_var_bytes(out, text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<(u64, usize), Lib0Error> {
        let mut input = bytes;
        read_var_uint(&mut input).map(|value| (value, input.len()))
    }

    #[test]
    fn integers_at_the_edges_of_their_lengths_are_read_as_they_were_written() {
        let edges = (0..=7).flat_map(|groups| {
            let edge = 1_u64 << (7 * groups);
            [edge - 1, edge, edge + 1]
        });
        for value in edges.chain([VAR_UINT_MAX]) {
            let mut out = Vec::new();
            write_var_uint(&mut out, value);
            out.push(0xaa);
            assert_eq!(read(&out), Ok((value, 1)));
        }
    }

    #[test]
    fn an_integer_has_one_form_only() {
        assert_eq!(read(&[0x80, 0x00]), Err(Lib0Error::NotCanonical));
        assert_eq!(read(&[0xff, 0x80, 0x00]), Err(Lib0Error::NotCanonical));
    }

    #[test]
    fn an_integer_that_javascript_cannot_count_is_refused() {
        assert_eq!(read(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10]), Err(Lib0Error::IntegerTooLarge));
        assert_eq!(read(&[0xff; 64]), Err(Lib0Error::IntegerTooLarge));
    }

    #[test]
    fn a_declared_length_is_not_believed() {
        let mut input: &[u8] = &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2];
        assert_eq!(read_var_bytes(&mut input), Err(Lib0Error::Truncated));
        assert_eq!(input.len(), 10, "the input stands where it stood");
    }

    #[test]
    fn a_text_is_utf_8() {
        assert_eq!(read_var_string(&mut &[2, 0xc3, 0xa9][..]), Ok("é"));
        assert_eq!(read_var_string(&mut &[1, 0xc3][..]), Err(Lib0Error::NotUtf8));
    }
}
