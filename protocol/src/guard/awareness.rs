//! Awareness: who is there and where their cursor is, as JSON that a browser parses without a second look.
//!
//! In: the payload of an awareness message. Out: its entries with parsed states.
//! Always true: each state is a JSON object or absent, at most 4 KiB and 16 levels deep, each client stands once.

use serde_json::{Map, Value};

use crate::guard::reader::Reader;
use crate::guard::refusal::{Refusal, Rule, malformed, within};
use crate::ids::ClientId;
use crate::limits;

/// What one client says about itself.
#[derive(Debug, Clone, PartialEq)]
pub struct AwarenessEntry {
    /// The client that is spoken for; whether the sender may is for the caller to judge.
    pub client: ClientId,
    /// Grows with every state of this client.
    pub clock: u32,
    /// The state; `None` when the client is gone.
    pub state: Option<Map<String, Value>>,
}

/// Reads an awareness message.
///
/// # Errors
/// [`Refusal`] when it is malformed, speaks for a client twice or for too many, or holds JSON that is not a state.
pub fn lint_awareness(bytes: &[u8]) -> Result<Vec<AwarenessEntry>, Refusal> {
    within(bytes.len(), limits::AWARENESS_FRAME_BYTES_MAX, "bytes in an awareness message")?;
    let mut reader = Reader::new(bytes);
    // The shortest: a client, a clock, a length and `{}`.
    let count = reader.count(5)?;
    within(count, limits::AWARENESS_ENTRIES_MAX, "clients in an awareness message")?;
    let mut entries: Vec<AwarenessEntry> = Vec::new();
    for _ in 0..count {
        let at = reader.at();
        let client = reader.client()?;
        if entries.iter().any(|entry| entry.client == client) {
            return malformed(Rule::ClientOrder, at);
        }
        let clock = reader.clock()?;
        let at = reader.at();
        let json = reader.string()?;
        within(json.len(), limits::AWARENESS_STATE_BYTES_MAX, "bytes in the state of a client")?;
        // Before parsing, because the parser recurses.
        if depth(json) > limits::AWARENESS_DEPTH_MAX {
            return malformed(Rule::AwarenessDepth, at);
        }
        let state = match serde_json::from_str(json) {
            Ok(Value::Object(state)) => Some(state),
            Ok(Value::Null) => None,
            _ => return malformed(Rule::AwarenessJson, at),
        };
        entries.push(AwarenessEntry { client, clock, state });
    }
    reader.finish()?;
    Ok(entries)
}

/// How deep brackets nest outside of strings; exact for valid JSON.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::reader::{write_string, write_uint};

    fn message(state: &str) -> Vec<u8> {
        let mut bytes = vec![1, 7, 3];
        write_string(&mut bytes, state);
        bytes
    }

    #[test]
    fn a_state_is_an_object_or_null() {
        let entries = lint_awareness(&message(r#"{"user":{"name":"]]\"}"}}"#)).unwrap();
        assert_eq!(entries[0].client, 7);
        assert_eq!(entries[0].state.as_ref().unwrap()["user"]["name"], "]]\"}");
        assert_eq!(lint_awareness(&message("null")).unwrap()[0].state, None);
        for bad in ["", "undefined", "[]", "1", "{\"a\":}", "{}{}", "{\"a\":\u{1}}"] {
            let refused = lint_awareness(&message(bad));
            assert!(refused.is_err(), "{bad:?} gave {refused:?}");
        }
    }

    #[test]
    fn a_state_is_bounded() {
        let nested = |depth: usize| format!("{{\"a\":{}1{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        assert!(lint_awareness(&message(&nested(16))).is_ok());
        assert_eq!(lint_awareness(&message(&nested(17))), malformed(Rule::AwarenessDepth, 3));
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(4096));
        assert!(matches!(lint_awareness(&message(&long)), Err(Refusal::TooLarge { .. })));
    }

    #[test]
    fn a_client_speaks_once_and_few_speak() {
        assert_eq!(lint_awareness(&[2, 7, 1, 2, b'{', b'}', 7, 2, 2, b'{', b'}']), malformed(Rule::ClientOrder, 6));
        let crowd = |people: usize| {
            let mut message = Vec::new();
            write_uint(&mut message, people as u64);
            for client in 0..people {
                write_uint(&mut message, client as u64);
                message.extend_from_slice(&[1, 2, b'{', b'}']);
            }
            message
        };
        let most = lint_awareness(&crowd(limits::AWARENESS_ENTRIES_MAX)).unwrap();
        assert_eq!(most.len(), limits::AWARENESS_ENTRIES_MAX);
        let many = crowd(limits::AWARENESS_ENTRIES_MAX + 1);
        assert!(matches!(lint_awareness(&many), Err(Refusal::TooLarge { .. })));
    }
}
