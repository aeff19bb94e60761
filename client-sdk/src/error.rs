//! The one error of this crate: a kind that tells the program what to do, and the source that tells a person why.

use std::{error, fmt};

/// What a program can do about an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument is not what it must be: put it right.
    Invalid,
    /// There is no tokio runtime around: call from within one.
    NoRuntime,
    /// The plan's connection has ended for good: ask the person, or start again with another token or copy.
    Closed {
        /// The close code.
        code: u16,
    },
}

/// An error with its kind and its source.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    source: Option<Box<dyn error::Error + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, source: impl Into<Box<dyn error::Error + Send + Sync>>) -> Self {
        Self { kind, source: Some(source.into()) }
    }

    /// What to do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ErrorKind::Invalid => f.write_str("an argument is not what it must be"),
            ErrorKind::NoRuntime => f.write_str("there is no tokio runtime"),
            ErrorKind::Closed { code } => write!(f, "the plan's connection was closed with {code}"),
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
