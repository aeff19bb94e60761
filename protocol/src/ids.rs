//! Names: of plans, parties and people, of the scope a document has, of what a person may do.
//!
//! Every name that comes from outside is parsed into one of these before it is used as a key, a label or a path.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::limits;

/// The sequence number of an entry in the log of one document. The first entry has number 1; 0 is the empty document.
pub type Seq = u64;

/// The id of one Yjs client, below 2^53.
pub type ClientId = u64;

/// A name that is not one: too long, empty, or with a character outside its alphabet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} {given:?} is not a name: 1 to {bytes_max} of the characters {alphabet}")]
pub struct InvalidName {
    kind: &'static str,
    given: String,
    bytes_max: usize,
    alphabet: &'static str,
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $max:expr, $alphabet:literal, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// Parses a name that came from outside.
            ///
            /// # Errors
            /// [`InvalidName`] says which characters and lengths are allowed.
            pub fn parse(given: &str) -> Result<Self, InvalidName> {
                let allowed: fn(char) -> bool = $allowed;
                if given.is_empty() || given.len() > $max || !given.chars().all(allowed) || given.starts_with('.') {
                    return Err(InvalidName {
                        kind: $kind,
                        given: given.chars().take(80).collect(),
                        bytes_max: $max,
                        alphabet: $alphabet,
                    });
                }
                Ok(Self(given.into()))
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidName;
            fn from_str(given: &str) -> Result<Self, InvalidName> {
                Self::parse(given)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;
            fn try_from(given: String) -> Result<Self, InvalidName> {
                Self::parse(&given)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0.into()
            }
        }
    };
}

name!(
    /// The id of a plan: safe in a URL, a file name and a log line.
    PlanId, "plan id", limits::PLAN_ID_BYTES_MAX, "A-Z a-z 0-9 . _ -",
    |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
);

name!(
    /// The id of a party within one plan: `buyer`, `seller`, a partner's name.
    PartyId, "party id", limits::NAME_BYTES_MAX, "A-Z a-z 0-9 . _ -",
    |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
);

name!(
    /// The id of a person: the `sub` of a token, often an id of the host application or a mail address.
    PersonId, "person id", limits::NAME_BYTES_MAX, "any but control characters, white space, / and quotes",
    |c| !c.is_control() && !c.is_whitespace() && !matches!(c, '/' | '"' | '\'' | '\\' | '<' | '>')
);

impl PersonId {
    /// The author of what the server does by itself.
    #[must_use]
    pub fn server() -> Self {
        Self("plansync".into())
    }
}

/// Which document of a plan: the one everybody shares, or one party's own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// The document that all parties read.
    Shared,
    /// The document that only people of this party read.
    Party(PartyId),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shared => f.write_str("shared"),
            Self::Party(party) => write!(f, "party:{party}"),
        }
    }
}

/// What a person may do, from most to least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// One per party: everything an editor may, and the party's people and meta fields.
    Owner,
    /// Structure and status of the own party's items.
    Editor,
    /// Status of the items they own.
    Contributor,
    /// Comments and blockers.
    Commenter,
    /// Reads.
    Viewer,
}

impl Access {
    /// Every level, from most to least.
    pub const ALL: [Self; 5] = [Self::Owner, Self::Editor, Self::Contributor, Self::Commenter, Self::Viewer];

    /// The word of tokens and commands.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Editor => "editor",
            Self::Contributor => "contributor",
            Self::Commenter => "commenter",
            Self::Viewer => "viewer",
        }
    }
}

/// What made an edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A person with a client in their hands.
    Human,
    /// The creation of a plan from a file.
    Import,
    /// A synchronisation with a CRM.
    Crm,
    /// A host application with the workspace's key.
    Automation,
    /// The server, moving what depends on a move.
    Propagation,
    /// The server itself.
    System,
    /// The server, taking a person out of the plan.
    Erasure,
}
