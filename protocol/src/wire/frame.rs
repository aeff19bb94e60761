//! One message of a websocket: bytes in, a [`Frame`] out, and the other way round.
//!
//! A binary websocket frame holds exactly one message. Reading borrows the payload from the bytes; only the JSON of
//! `plansync.v1` is allocated, in proportion to the bytes that are there.
//! What is always true: a frame that was read is within its limit, and writing it gives the same bytes again, except
//! for unknown types, whose payload is not kept, and for JSON, whose spaces and unknown fields are not.
//! A caller sees a [`WireError`], which says with which close code to answer.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    close::CloseCode,
    extension::{Hello, Notice, Welcome},
    lib0::{self, Lib0Error},
};
use crate::{ids::Seq, limits};

const SYNC: u64 = 0;
const AWARENESS: u64 = 1;
const AUTH: u64 = 2;
const QUERY_AWARENESS: u64 = 3;
const HELLO: u64 = 110;
const WELCOME: u64 = 111;
const ACK: u64 = 112;
const REFUSED: u64 = 113;
const CHANGE: u64 = 114;
const NOTICE: u64 = 115;
const TOUCH: u64 = 116;

const SYNC_STEP_1: u64 = 0;
const SYNC_STEP_2: u64 = 1;
const SYNC_UPDATE: u64 = 2;

const AUTH_PERMISSION_DENIED: u64 = 0;

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub enum Frame<'a> {
    /// A state vector: "send me what I lack".
    SyncStep1(&'a [u8]),
    /// The answer to a state vector, and any update that is longer than a live one may be.
    SyncStep2(&'a [u8]),
    /// A live update, at most [`limits::UPDATE_BYTES_MAX`].
    Update(&'a [u8]),
    /// Who is there: an encoded awareness update.
    Awareness(&'a [u8]),
    /// A stock client writes the reason to its log.
    PermissionDenied(&'a str),
    /// "Send me who is there."
    QueryAwareness,
    /// The first frame of a `plansync.v1` client.
    Hello(Hello),
    /// The server's answer to it.
    Welcome(Welcome),
    /// The first `count` SyncStep2 and Update frames of this connection are on disk.
    Ack {
        /// How many, counted from the connection's begin.
        count: u64,
        /// Where the document's log stands.
        seq: Seq,
    },
    /// An edit of this client was refused or put back.
    Refused(Value),
    /// A change, as a CloudEvent.
    Change(Value),
    /// Something to know about the connection.
    Notice(Notice),
    /// "I have seen everything up to here."
    Touch,
    /// A type that this version does not know, to be ignored with whatever follows it.
    Unknown(u64),
}

/// Bytes that are not one message within its limits.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// An integer, a byte array or a text is not what lib0 writes.
    #[error("a frame is not lib0 encoded")]
    Lib0(#[from] Lib0Error),
    /// Bytes follow the message.
    #[error("{bytes} bytes follow the message")]
    TrailingBytes {
        /// How many.
        bytes: usize,
    },
    /// A known type with a subtype that is none.
    #[error("a frame of type {frame_type} has no subtype {subtype}")]
    UnknownSubtype {
        /// The type.
        frame_type: u64,
        /// Its subtype.
        subtype: u64,
    },
    /// A payload above its limit.
    #[error("{frame} with {bytes} bytes is above its limit of {bytes_max}")]
    TooLarge {
        /// The frame's name.
        frame: &'static str,
        /// Its size.
        bytes: usize,
        /// Its limit.
        bytes_max: usize,
    },
    /// A payload that is not the JSON of its type.
    #[error("the JSON of {frame} is not what it should be")]
    Json {
        /// The frame's name.
        frame: &'static str,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
}

impl WireError {
    /// The stable word for this error, for counters and for the golden vectors.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Lib0(Lib0Error::Truncated) => "truncated",
            Self::Lib0(Lib0Error::NotCanonical) => "not_canonical",
            Self::Lib0(Lib0Error::IntegerTooLarge) => "integer_too_large",
            Self::Lib0(Lib0Error::NotUtf8) => "not_utf8",
            Self::TrailingBytes { .. } => "trailing_bytes",
            Self::UnknownSubtype { .. } => "unknown_subtype",
            Self::TooLarge { .. } => "too_large",
            Self::Json { .. } => "json",
        }
    }

    /// The code with which to close the connection.
    #[must_use]
    pub fn close_code(&self) -> CloseCode {
        match self {
            Self::TooLarge { .. } => CloseCode::TooLarge,
            _ => CloseCode::Malformed,
        }
    }
}

/// Reads the one message of a binary websocket frame.
///
/// # Errors
/// [`WireError`], for bytes that no plansync or stock peer writes.
pub fn decode(bytes: &[u8]) -> Result<Frame<'_>, WireError> {
    let mut input = bytes;
    let frame = match lib0::read_var_uint(&mut input)? {
        SYNC => decode_sync(&mut input)?,
        AWARENESS => Frame::Awareness(lib0::read_var_bytes(&mut input)?),
        AUTH => match lib0::read_var_uint(&mut input)? {
            AUTH_PERMISSION_DENIED => Frame::PermissionDenied(lib0::read_var_string(&mut input)?),
            subtype => {
                return Err(WireError::UnknownSubtype { frame_type: AUTH, subtype });
            }
        },
        QUERY_AWARENESS => Frame::QueryAwareness,
        HELLO => Frame::Hello(decode_json(&mut input, "Hello", limits::HELLO_BYTES_MAX)?),
        WELCOME => Frame::Welcome(decode_json(&mut input, "Welcome", limits::JSON_BYTES_MAX)?),
        ACK => Frame::Ack { count: lib0::read_var_uint(&mut input)?, seq: lib0::read_var_uint(&mut input)? },
        REFUSED => Frame::Refused(decode_json(&mut input, "Refused", limits::JSON_BYTES_MAX)?),
        CHANGE => Frame::Change(decode_json(&mut input, "Change", limits::JSON_BYTES_MAX)?),
        NOTICE => Frame::Notice(decode_json(&mut input, "Notice", limits::JSON_BYTES_MAX)?),
        TOUCH => Frame::Touch,
        unknown => return Ok(Frame::Unknown(unknown)),
    };
    if !input.is_empty() {
        return Err(WireError::TrailingBytes { bytes: input.len() });
    }
    frame.check_limit()?;
    Ok(frame)
}

/// Writes a message. Its limits are the caller's to keep: a peer refuses what is above them.
#[must_use]
pub fn encode(frame: &Frame<'_>) -> Vec<u8> {
    debug_assert!(frame.check_limit().is_ok(), "no peer would read this: {:?}", frame.check_limit());
    let mut out = Vec::with_capacity(frame.payload().map_or(16, |payload| payload.len() + 8));
    match frame {
        Frame::SyncStep1(payload) => write_sync(&mut out, SYNC_STEP_1, payload),
        Frame::SyncStep2(payload) => write_sync(&mut out, SYNC_STEP_2, payload),
        Frame::Update(payload) => write_sync(&mut out, SYNC_UPDATE, payload),
        Frame::Awareness(payload) => {
            lib0::write_var_uint(&mut out, AWARENESS);
            lib0::write_var_bytes(&mut out, payload);
        }
        Frame::PermissionDenied(reason) => {
            lib0::write_var_uint(&mut out, AUTH);
            lib0::write_var_uint(&mut out, AUTH_PERMISSION_DENIED);
            lib0::write_var_string(&mut out, reason);
        }
        Frame::QueryAwareness => lib0::write_var_uint(&mut out, QUERY_AWARENESS),
        Frame::Hello(hello) => write_json(&mut out, HELLO, hello),
        Frame::Welcome(welcome) => write_json(&mut out, WELCOME, welcome),
        Frame::Ack { count, seq } => {
            lib0::write_var_uint(&mut out, ACK);
            lib0::write_var_uint(&mut out, *count);
            lib0::write_var_uint(&mut out, *seq);
        }
        Frame::Refused(refused) => write_json(&mut out, REFUSED, refused),
        Frame::Change(change) => write_json(&mut out, CHANGE, change),
        Frame::Notice(notice) => write_json(&mut out, NOTICE, notice),
        Frame::Touch => lib0::write_var_uint(&mut out, TOUCH),
        Frame::Unknown(frame_type) => lib0::write_var_uint(&mut out, *frame_type),
    }
    out
}

impl Frame<'_> {
    /// The frame's name, for logs and counters.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::SyncStep1(_) => "SyncStep1",
            Self::SyncStep2(_) => "SyncStep2",
            Self::Update(_) => "Update",
            Self::Awareness(_) => "Awareness",
            Self::PermissionDenied(_) => "PermissionDenied",
            Self::QueryAwareness => "QueryAwareness",
            Self::Hello(_) => "Hello",
            Self::Welcome(_) => "Welcome",
            Self::Ack { .. } => "Ack",
            Self::Refused(_) => "Refused",
            Self::Change(_) => "Change",
            Self::Notice(_) => "Notice",
            Self::Touch => "Touch",
            Self::Unknown(_) => "Unknown",
        }
    }

    /// The payload that is carried as it is.
    fn payload(&self) -> Option<&[u8]> {
        match self {
            Self::SyncStep1(bytes) | Self::SyncStep2(bytes) | Self::Update(bytes) | Self::Awareness(bytes) => {
                Some(bytes)
            }
            Self::PermissionDenied(reason) => Some(reason.as_bytes()),
            _ => None,
        }
    }

    /// Whether the payload is within its limit. JSON is measured where it is read.
    fn check_limit(&self) -> Result<(), WireError> {
        let bytes_max = match self {
            Self::SyncStep1(_) => limits::STATE_VECTOR_BYTES_MAX,
            Self::SyncStep2(_) => limits::DOCUMENT_BYTES_MAX,
            Self::Update(_) => limits::UPDATE_BYTES_MAX,
            Self::Awareness(_) => limits::AWARENESS_FRAME_BYTES_MAX,
            _ => limits::JSON_BYTES_MAX,
        };
        match self.payload() {
            Some(payload) if payload.len() > bytes_max => {
                Err(WireError::TooLarge { frame: self.name(), bytes: payload.len(), bytes_max })
            }
            _ => Ok(()),
        }
    }
}

fn decode_sync<'a>(input: &mut &'a [u8]) -> Result<Frame<'a>, WireError> {
    let kind = match lib0::read_var_uint(input)? {
        SYNC_STEP_1 => Frame::SyncStep1,
        SYNC_STEP_2 => Frame::SyncStep2,
        SYNC_UPDATE => Frame::Update,
        subtype => {
            return Err(WireError::UnknownSubtype { frame_type: SYNC, subtype });
        }
    };
    Ok(kind(lib0::read_var_bytes(input)?))
}

fn write_sync(out: &mut Vec<u8>, kind: u64, payload: &[u8]) {
    lib0::write_var_uint(out, SYNC);
    lib0::write_var_uint(out, kind);
    lib0::write_var_bytes(out, payload);
}

fn decode_json<T: DeserializeOwned>(input: &mut &[u8], frame: &'static str, bytes_max: usize) -> Result<T, WireError> {
    let text = lib0::read_var_string(input)?;
    if text.len() > bytes_max {
        return Err(WireError::TooLarge { frame, bytes: text.len(), bytes_max });
    }
    serde_json::from_str(text).map_err(|source| WireError::Json { frame, source })
}

/// The bytes of a Change whose JSON is at hand.
#[must_use]
pub fn encode_change(json: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len() + 8);
    lib0::write_var_uint(&mut out, CHANGE);
    lib0::write_var_string(&mut out, json);
    out
}

fn write_json<T: Serialize>(out: &mut Vec<u8>, frame_type: u64, payload: &T) {
    let text = serde_json::to_string(payload).expect("a payload has text keys and serialises into memory");
    debug_assert!(text.len() <= limits::JSON_BYTES_MAX, "no peer would read {} bytes of JSON", text.len());
    lib0::write_var_uint(out, frame_type);
    lib0::write_var_string(out, &text);
}
