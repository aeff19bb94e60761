//! The wire: frames of stock Yjs clients and of `plansync.v1`, close codes and words of refusal.
//!
//! | Module | Holds |
//! | --- | --- |
//! | [`lib0`] | integers, byte arrays and texts in lib0's encoding |
//! | [`frame`] | one message of a websocket, read and written |
//! | [`extension`] | the JSON of Hello, Welcome and Notice |
//! | [`close`] | close codes and refusal codes |
//!
//! The vectors in `golden/frames.json` are read by the tests of every language.

pub mod close;
pub mod extension;
pub mod frame;
pub mod lib0;

pub use close::{CloseCode, RefusalCode};
pub use extension::{Hello, Notice, NoticeCode, SUBPROTOCOL, Since, Welcome, WireLimits};
pub use frame::{Frame, WireError, decode, encode, encode_change};
