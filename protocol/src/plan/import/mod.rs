//! A plan from a file that people made: a spreadsheet or a document with tables.
//!
//! Comes in: what [`export`](super::export) writes, or the tables of a plan as they are found in the wild, with their many
//! names for columns, statuses and dates. Goes out: the canonical JSON. A cell that cannot be read is named by its row
//! (of a document: its line) and column with what would be right, all of them at once; nothing is guessed and no row
//! is skipped. A column that is not known here goes into the notes of its item. An owner who is no known person
//! becomes a placeholder with that role.

mod build;
mod columns;
mod csv;
mod dates;
mod items;
mod list;
mod markdown;
mod people;
mod source;
mod words;

use serde_json::Value as Json;

use super::check::Malformed;

/// The plan of a spreadsheet: CSV with commas, semicolons or tabs.
///
/// # Errors
/// Every cell that cannot be read, as `row 7, column Due date`; the header is a row too.
pub fn csv(text: &str) -> Result<Json, Vec<Malformed>> {
    build::plan(&csv::source(text)?)
}

/// The plan of a Markdown document: its tables and its lists of checkboxes.
///
/// # Errors
/// Every cell that cannot be read, as `line 41, column Due date`.
pub fn markdown(text: &str) -> Result<Json, Vec<Malformed>> {
    build::plan(&markdown::source(text)?)
}
