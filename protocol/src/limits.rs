//! Every bound of the protocol, each with its reason. The server's own settings (time-outs, queues) live with it.

/// A plan id is part of URLs and log lines.
pub const PLAN_ID_BYTES_MAX: usize = 64;
/// A person's id may be a mail address (254 characters by RFC 5321, but far shorter in life).
pub const NAME_BYTES_MAX: usize = 128;

/// One whole document, as the update that holds its state. A plan of 1,000 tasks after two years stays below 4 MiB.
pub const DOCUMENT_BYTES_MAX: usize = 8 << 20;
/// One live update: the longest honest one is a pasted long text of 20,000 characters.
pub const UPDATE_BYTES_MAX: usize = 256 << 10;
/// One awareness frame: every client id of one connection at once.
pub const AWARENESS_FRAME_BYTES_MAX: usize = 64 << 10;
/// The state of one client in awareness: a cursor, a name and a colour.
pub const AWARENESS_STATE_BYTES_MAX: usize = 4 << 10;
/// Client ids one connection may speak for: a page opens one, a shared worker of several tabs a few.
pub const AWARENESS_CLIENTS_MAX: usize = 16;
/// The first frame of `plansync.v1`: a token and a name.
pub const HELLO_BYTES_MAX: usize = 16 << 10;
