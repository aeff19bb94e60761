//! A plan as a file for other programs: a table in Markdown, a spreadsheet, a list of to-dos for a calendar.
//!
//! Every text of a plan is data here: none becomes a formula, a cell, a line, a heading or a property. What
//! [`csv`] and [`markdown`] write, [`import`](super::import) reads back. The whole plan is the canonical
//! JSON, [`json::print`](super::json::print()).

mod cell;
mod csv;
mod ics;
mod markdown;
mod outline;
mod side;

pub(crate) use self::cell::unguard;
pub use self::csv::csv;
pub use self::ics::ics;
pub use self::markdown::markdown;
pub(crate) use self::markdown::{PHASE_PREFIX, is_general};
pub(crate) use self::side::{is_nothing, party, plain_words, side};
