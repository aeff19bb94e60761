//! Why a connection was closed, and why an edit was refused: the numbers and words that both sides agree on.
//!
//! A number of 4400 to 4499 is final: the same attempt would end the same way, so a client stops and tells its
//! person. Everything else is worth another attempt after a pause with jitter.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The reason in a websocket's close frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseCode {
    /// A frame that does not follow the protocol.
    Malformed,
    /// No token, or one that has expired.
    Unauthorized,
    /// The token does not allow this, or has been revoked.
    NotAllowed,
    /// No such plan.
    NotFound,
    /// The first frame of `plansync.v1` did not come in time.
    HelloTimeout,
    /// The client's copy cannot be merged with the plan: it has to start from an empty one.
    StartAfresh,
    /// A frame or the document would be larger than its limit.
    TooLarge,
    /// The server stops and will be back.
    Restarting,
    /// The server has too much to do, or the client reads too slowly.
    Overloaded,
}

impl CloseCode {
    /// Every code.
    pub const ALL: [Self; 9] = [
        Self::Malformed,
        Self::Unauthorized,
        Self::NotAllowed,
        Self::NotFound,
        Self::HelloTimeout,
        Self::StartAfresh,
        Self::TooLarge,
        Self::Restarting,
        Self::Overloaded,
    ];

    /// The number in the close frame.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::Malformed => 4400,
            Self::Unauthorized => 4401,
            Self::NotAllowed => 4403,
            Self::NotFound => 4404,
            Self::HelloTimeout => 4408,
            Self::StartAfresh => 4409,
            Self::TooLarge => 4413,
            Self::Restarting => 1012,
            Self::Overloaded => 1013,
        }
    }

    /// The code with this number, if it is one of ours.
    #[must_use]
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.number() == number)
    }

    /// Whether another attempt would end the same way.
    #[must_use]
    pub const fn is_final(self) -> bool {
        is_final(self.number())
    }

    /// The word in the close frame, for logs and counters.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Unauthorized => "unauthorized",
            Self::NotAllowed => "not_allowed",
            Self::NotFound => "not_found",
            Self::HelloTimeout => "hello_timeout",
            Self::StartAfresh => "start_afresh",
            Self::TooLarge => "too_large",
            Self::Restarting => "restarting",
            Self::Overloaded => "overloaded",
        }
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number(), self.reason())
    }
}

/// Whether a close with this number is final, ours or of a version to come.
#[must_use]
pub const fn is_final(number: u16) -> bool {
    number >= 4400 && number <= 4499
}

/// Why an edit was not taken, or was put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCode {
    /// The person may not change this field.
    NotAllowed,
    /// The other parties have to agree first: the edit became a proposal.
    NeedsConsent,
    /// The value is not one of the field's type.
    Malformed,
    /// Only the server writes this field.
    ServerOwned,
    /// The value, or the plan with it, is larger than its limit.
    TooLarge,
    /// The plan has no such collection.
    UnknownCollection,
    /// Tasks would wait for each other in a circle.
    Cycle,
}

impl RefusalCode {
    /// Every code.
    pub const ALL: [Self; 7] = [
        Self::NotAllowed,
        Self::NeedsConsent,
        Self::Malformed,
        Self::ServerOwned,
        Self::TooLarge,
        Self::UnknownCollection,
        Self::Cycle,
    ];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotAllowed => "not_allowed",
            Self::NeedsConsent => "needs_consent",
            Self::Malformed => "malformed",
            Self::ServerOwned => "server_owned",
            Self::TooLarge => "too_large",
            Self::UnknownCollection => "unknown_collection",
            Self::Cycle => "cycle",
        }
    }
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_close_code_is_found_by_its_number_and_only_the_4400s_are_final() {
        for code in CloseCode::ALL {
            assert_eq!(CloseCode::from_number(code.number()), Some(code));
            assert_eq!(code.is_final(), code.number() >= 4000, "{code}");
        }
        assert_eq!(CloseCode::from_number(1000), None);
        assert!(is_final(4499) && !is_final(4399) && !is_final(4500) && !is_final(1006));
    }

    #[test]
    fn a_refusal_has_the_same_word_in_json_and_in_text() {
        for code in RefusalCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }
}
