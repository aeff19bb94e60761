//! What the frames of `plansync.v1` carry beyond stock Yjs frames: the JSON of Hello, Welcome and Notice.
//!
//! Fields are camelCase; fields that a reader does not know are ignored, so that a newer peer may add some.
//! What is always true: a token is never shown by `Debug`.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{Access, PartyId, PersonId, Scope, Seq},
    limits,
};

/// The name of the subprotocol in `Sec-WebSocket-Protocol`.
pub const SUBPROTOCOL: &str = "plansync.v1";

/// The first frame of a client: who it is and from where it wants to hear changes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hello {
    /// The person's token, unless it stands in the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The program: `name/version`, for logs.
    pub client: String,
    /// Send every change after this entry first; without it, only those that come from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_seq: Option<Since>,
}

/// After which change to go on: `412` is every change up to entry 412, `"412.0"` one of them, as the ids of the other
/// feeds have it. Only the second is exact where an entry has several changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Since {
    /// The entry.
    pub seq: Seq,
    /// The number among its changes; `None` for all of them.
    pub n: Option<u32>,
}

impl From<Seq> for Since {
    fn from(seq: Seq) -> Self {
        Self { seq, n: None }
    }
}

impl Serialize for Since {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.n {
            None => serializer.serialize_u64(self.seq),
            Some(n) => serializer.serialize_str(&format!("{}.{n}", self.seq)),
        }
    }
}

impl<'de> Deserialize<'de> for Since {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Given {
            Seq(Seq),
            Position(String),
        }
        match Given::deserialize(deserializer)? {
            Given::Seq(seq) => Ok(seq.into()),
            Given::Position(text) => text
                .split_once('.')
                .and_then(|(seq, n)| Some(Self { seq: seq.parse().ok()?, n: Some(n.parse().ok()?) }))
                .ok_or_else(|| serde::de::Error::custom("sinceSeq is an entry, 412, or a change, \"412.0\"")),
        }
    }
}

impl fmt::Debug for Hello {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hello")
            .field("token", &self.token.as_ref().map(|_| "…"))
            .field("client", &self.client)
            .field("since_seq", &self.since_seq)
            .finish()
    }
}

/// The server's answer to [`Hello`]: who the client is to the server, and where the document stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Welcome {
    /// The person the token names.
    pub person: PersonId,
    /// The person's party.
    pub party: PartyId,
    /// What the person may do.
    pub access: Access,
    /// Which document this connection carries: `shared` or `party:<id>`.
    #[serde(with = "scope_text")]
    pub scope: Scope,
    /// Grows when the plan was restored or erased: a copy of another epoch starts afresh.
    pub epoch: u64,
    /// The last entry of the document's log.
    pub seq: Seq,
    /// What the person had seen when they last touched the plan; 0 if never.
    pub last_visit_seq: Seq,
    /// How large things may be.
    pub limits: WireLimits,
    /// The server's clock, RFC 3339.
    pub server_time: Timestamp,
}

/// How large a client's frames may be, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireLimits {
    /// One SyncStep2, and the whole document's state.
    pub document_bytes: u64,
    /// One Update. A longer edit goes as a SyncStep2.
    pub update_bytes: u64,
    /// One awareness frame.
    pub awareness_frame_bytes: u64,
    /// The awareness state of one client id.
    pub awareness_state_bytes: u64,
}

impl Default for WireLimits {
    fn default() -> Self {
        Self {
            document_bytes: limits::DOCUMENT_BYTES_MAX as u64,
            update_bytes: limits::UPDATE_BYTES_MAX as u64,
            awareness_frame_bytes: limits::AWARENESS_FRAME_BYTES_MAX as u64,
            awareness_state_bytes: limits::AWARENESS_STATE_BYTES_MAX as u64,
        }
    }
}

/// Something that a client should know about the connection, now or soon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// What it is.
    pub code: NoticeCode,
    /// How long to wait before the next attempt, where that makes sense.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

/// What a [`Notice`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeCode {
    /// The server is about to stop: come back after the given time.
    Draining,
    /// Edits are not taken for now.
    ReadOnly,
    /// The client reads too slowly and will be closed.
    Slow,
    /// A word of a newer server.
    #[serde(other)]
    Other,
}

/// A scope as the text that [`Scope`] displays.
mod scope_text {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use super::{PartyId, Scope};

    pub fn serialize<S: Serializer>(scope: &Scope, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(scope)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Scope, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "shared" {
            return Ok(Scope::Shared);
        }
        let party = text.strip_prefix("party:").ok_or_else(|| D::Error::custom("a scope is shared or party:<id>"))?;
        PartyId::parse(party).map(Scope::Party).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_among_changes_is_an_entry_or_one_change() {
        for (json, since) in [("412", Since::from(412)), ("\"412.3\"", Since { seq: 412, n: Some(3) })] {
            assert_eq!(serde_json::from_str::<Since>(json).unwrap(), since);
            assert_eq!(serde_json::to_string(&since).unwrap(), json);
        }
        assert!(serde_json::from_str::<Since>("\"412\"").is_err());
    }

    #[test]
    fn a_token_is_not_shown() {
        let hello = Hello { token: Some("secret".into()), client: "test/1".into(), since_seq: None };
        assert!(!format!("{hello:?}").contains("secret"));
    }

    #[test]
    fn what_a_newer_peer_adds_is_ignored() {
        let notice: Notice = serde_json::from_str(r#"{"code":"moving","to":"elsewhere"}"#).unwrap();
        assert_eq!(notice, Notice { code: NoticeCode::Other, retry_after_ms: None });
    }
}
