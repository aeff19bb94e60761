//! Where the connection stands, and what a final end of it means.

use std::time::Duration;

use crate::error::{Error, ErrorKind};

/// Where the connection stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// An attempt is under way.
    Connecting,
    /// The server knows us; both sides send what the other lacks.
    Syncing,
    /// Edits go both ways as they are made.
    Live,
    /// No connection; edits are kept, and the next attempt comes by itself.
    Offline(Reason),
    /// The server has ended it for good, or there is no token.
    Refused(Reason),
    /// Closed here.
    Closed,
}

/// Why a plan is not connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// What ended the connection.
    pub code: ReasonCode,
    /// What happened and what to do next.
    pub message: String,
    /// How long the pause before the next attempt is; `None` when there will be none.
    pub retry_in: Option<Duration>,
}

/// What ended a connection, or an attempt at one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReasonCode {
    /// The server closed, with this number.
    Close(u16),
    /// The network, or a server that does not follow the protocol.
    Network,
    /// The source of tokens has failed.
    NoToken,
}

impl Status {
    /// The word for it: `connecting`, `syncing`, `live`, `offline`, `refused`, `closed`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Syncing => "syncing",
            Self::Live => "live",
            Self::Offline(_) => "offline",
            Self::Refused(_) => "refused",
            Self::Closed => "closed",
        }
    }

    /// Whether nothing will be attempted any more.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::Closed)
    }

    /// The error of a final status.
    pub(crate) fn error(&self) -> Error {
        let Self::Refused(reason) = self else {
            return Error::new(ErrorKind::Closed, "the plan was closed here: open it again");
        };
        let code = if let ReasonCode::Close(code) = reason.code { code } else { 0 };
        let kind = match code {
            4401 => ErrorKind::Unauthorized,
            4403 => ErrorKind::NotAllowed,
            4404 => ErrorKind::NotFound,
            4413 => ErrorKind::TooLarge,
            _ => ErrorKind::Closed,
        };
        Error::new(kind, reason.message.clone()).closed_with(code)
    }
}

/// What a final close means, and what to do about it.
pub(crate) fn words_of_close(code: u16, said: &str) -> String {
    let words = match code {
        4400 => "the server does not understand this client: update plansync-client, or report it",
        4401 => "the token is missing, forged or expired: get another one and connect again",
        4403 => "this person may not do that here, or has been taken off the plan: ask its owner",
        4404 => "there is no such plan: check its id",
        4408 => "the server did not hear from this client in time: connect again",
        4409 => {
            "the local copy cannot be merged with the plan any more: it begins afresh, and unsent edits are made again"
        }
        4413 => "the plan, or an edit of it, is above its limit of 8 MiB: make it smaller",
        _ => "the server has ended it for good",
    };
    if said.is_empty() {
        return words.to_owned();
    }
    let said: String = said.chars().take(200).collect();
    format!("{words} (the server says: {said})")
}
