//! The one error of this crate: a kind that tells the program what to do, and the source that tells a person why.
//!
//! What is always true: `Display` says what happened and what to do next, and never repeats the source.

use std::{error, fmt};

use plansync_protocol::plan::Malformed;

/// What a program can do about an [`Error`]. The kinds are those of the TypeScript client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A value or an argument does not fit: [`Error::malformed`] says which. Correct it.
    Malformed,
    /// No token, or one that has expired or was refused. Get another one.
    Unauthorized,
    /// This person may not do it. Do not try again.
    NotAllowed,
    /// No such plan, entity or address.
    NotFound,
    /// It exists already, or is closed already.
    Conflict,
    /// Above a limit of the plan.
    TooLarge,
    /// No answer from the server. Try again later; edits are kept.
    Unreachable,
    /// The plan was closed here, or the server has ended it for good: [`Error::close_code`] says why.
    Closed,
    /// It took longer than the program wanted to wait.
    Timeout,
    /// The local file cannot be used. Editing goes on in memory.
    Storage,
    /// The server says something it should not. Try again later, or with a newer version.
    Protocol,
}

type Source = Box<dyn error::Error + Send + Sync>;

/// An error with its kind and its source.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    malformed: Vec<Malformed>,
    code: Option<String>,
    close_code: Option<u16>,
    status: Option<u16>,
    source: Option<Source>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            malformed: Vec::new(),
            code: None,
            close_code: None,
            status: None,
            source: None,
        }))
    }

    /// Values that do not fit; at least one.
    pub(crate) fn of_values(malformed: Vec<Malformed>) -> Self {
        let more = if malformed.len() > 1 { format!(" (and {} more)", malformed.len() - 1) } else { String::new() };
        let first = malformed.first().map(ToString::to_string).unwrap_or_default();
        let mut error =
            Self::new(ErrorKind::Malformed, format!("{first}{more}. Nothing was written: correct it and edit again"));
        error.0.malformed = malformed;
        error
    }

    pub(crate) fn from(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    pub(crate) fn closed_with(mut self, code: u16) -> Self {
        self.0.close_code = Some(code);
        self
    }

    /// The error of an HTTP answer.
    pub(crate) fn answered(mut self, status: u16, code: Option<String>, malformed: Vec<Malformed>) -> Self {
        self.0.status = Some(status);
        self.0.code = code;
        self.0.malformed = malformed;
        self
    }

    /// What to do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Every value that does not fit, with its place and what would fit. Empty for other kinds.
    #[must_use]
    pub fn malformed(&self) -> &[Malformed] {
        &self.0.malformed
    }

    /// The place of the first value that does not fit: `tasks/ca-1/due`.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.0.malformed.first().map(|first| first.path.as_str())
    }

    /// The stable word of the server's answer: `not_allowed`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The number of the close that ended the connection.
    #[must_use]
    pub fn close_code(&self) -> Option<u16> {
        self.0.close_code
    }

    /// The status of the HTTP answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
