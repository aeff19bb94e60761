//! Why bytes were not taken: the rule they break and where, the limit they pass, or what is missing before them.
//!
//! A refusal names a rule by a stable `snake_case` word, so that logs, counters and tests speak of the same thing.
//! The peer's text never becomes part of a refusal.

use std::fmt;

use crate::ids::ClientId;

/// Why an input is not admitted. The index is as it was before.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No honest client writes this: the session ends.
    #[error("malformed at byte {at}: {rule}")]
    Malformed {
        /// The rule that the input breaks.
        rule: Rule,
        /// Where in the input, in bytes from its start.
        at: usize,
    },
    /// Well formed, but more than this lane takes at once.
    #[error("too large: more than {limit} {what}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much of it would have been admitted.
        limit: u64,
    },
    /// It builds on structs that are not here: answer with SyncStep1, and the client sends all of it.
    #[error("gap: it needs clock {clock} of client {client}, which is not here")]
    Gap {
        /// The client whose struct is missing.
        client: ClientId,
        /// The clock of the missing struct.
        clock: u32,
    },
}

macro_rules! rules {
    ($($(#[$doc:meta])* $rule:ident = $name:literal,)*) => {
        /// A rule of the guard. Its name is stable.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Rule { $($(#[$doc])* $rule,)* }

        impl Rule {
            /// Every rule, in the order an update meets them.
            pub const ALL: &'static [Self] = &[$(Self::$rule,)*];

            /// The stable word of logs, counters and tests.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$rule => $name,)* }
            }
        }
    };
}

rules! {
    /// The input ends inside a value.
    Truncated = "truncated",
    /// Bytes follow the end of the input's grammar.
    TrailingBytes = "trailing_bytes",
    /// An integer is written in more bytes than it needs: two readers could mask it to two numbers.
    IntegerNotShortest = "integer_not_shortest",
    /// An integer is outside ±2^53, where JavaScript is not exact.
    IntegerTooLarge = "integer_too_large",
    /// A count is larger than what the remaining bytes can hold.
    CountBeyondInput = "count_beyond_input",
    /// A clock, or a clock and its length, reaches 2^31.
    ClockTooLarge = "clock_too_large",
    /// Clients of the structs do not descend strictly, or a client stands twice in a set.
    ClientOrder = "client_order",
    /// A client is named without a struct or a range of its own.
    EmptyRun = "empty_run",
    /// A struct, content or range of length 0.
    ZeroLength = "zero_length",
    /// An info byte has bits that no reader agrees on.
    InfoBits = "info_bits",
    /// A parent flag other than 0 and 1.
    ParentFlag = "parent_flag",
    /// Text that is not UTF-8.
    Utf8 = "utf8",
    /// A key that is empty or longer than the limit.
    KeyLength = "key_length",
    /// Content that Yjs does not know.
    ContentKind = "content_kind",
    /// A type that Yjs does not know.
    TypeKind = "type_kind",
    /// A value that Yjs does not know.
    ValueKind = "value_kind",
    /// A value that nests too deep.
    ValueDepth = "value_depth",
    /// A number that is not finite.
    NotFinite = "not_finite",
    /// Delete ranges that do not ascend, overlap or touch.
    DeleteOrder = "delete_order",
    /// The flag for "has a key" beside a neighbour in a text.
    KeyFlag = "key_flag",
    /// An item of a map with a right neighbour, which no client writes.
    RightInMap = "right_in_map",
    /// The parent is a value or a piece of text.
    ParentKind = "parent_kind",
    /// The two neighbours stand in different parents or under different keys.
    NeighbourParents = "neighbour_parents",
    /// Structs that need each other, or themselves.
    Cycle = "cycle",
    /// Too many structs of one client between the same neighbours.
    SamePlace = "same_place",
    /// The state of an awareness entry is not a JSON object or `null`.
    AwarenessJson = "awareness_json",
    /// The state of an awareness entry nests too deep.
    AwarenessDepth = "awareness_depth",
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The refusal of bytes that break `rule` at byte `at`.
pub(super) fn malformed<T>(rule: Rule, at: usize) -> Result<T, Refusal> {
    Err(Refusal::Malformed { rule, at })
}

/// `Ok` as long as there is at most `limit` of `what`.
pub(super) fn within(given: usize, limit: usize, what: &'static str) -> Result<(), Refusal> {
    if given > limit {
        return Err(Refusal::TooLarge { what, limit: limit as u64 });
    }
    Ok(())
}
