//! The state vector of a SyncStep1: the clocks that a client has.

use crate::guard::reader::Reader;
use crate::guard::refusal::{Refusal, Rule, malformed, within};
use crate::ids::ClientId;
use crate::limits;

/// Reads a state vector, as pairs of a client and its next clock, clients descending.
///
/// # Errors
/// [`Refusal`] when it is malformed, names a client twice, or names more clients than a document ever has.
pub fn lint_state_vector(bytes: &[u8]) -> Result<Vec<(ClientId, u32)>, Refusal> {
    let mut reader = Reader::new(bytes);
    let count = reader.count(2)?;
    within(count, limits::STATE_VECTOR_CLIENTS_MAX, "clients in a state vector")?;
    let mut clocks = Vec::new();
    for _ in 0..count {
        clocks.push((reader.client()?, reader.clock()?));
    }
    reader.finish()?;
    // yrs writes them in the order of a hash table.
    clocks.sort_unstable_by(|a, b| b.cmp(a));
    if clocks.windows(2).any(|pair| matches!(pair, [(a, _), (b, _)] if a == b)) {
        return malformed(Rule::ClientOrder, 0);
    }
    Ok(clocks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_vector_names_each_client_once() {
        assert_eq!(lint_state_vector(&[2, 1, 5, 9, 7]), Ok(vec![(9, 7), (1, 5)]));
        assert_eq!(lint_state_vector(&[2, 1, 5, 1, 7]), malformed(Rule::ClientOrder, 0));
        assert_eq!(lint_state_vector(&[1, 1, 5, 0]), malformed(Rule::TrailingBytes, 3));
        assert_eq!(lint_state_vector(&[0x80, 0xc2, 0xd7, 0x2f]), malformed(Rule::CountBeyondInput, 0));
    }
}
