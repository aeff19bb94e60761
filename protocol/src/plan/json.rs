//! The canonical JSON `plansync.plan/1`: [`parse`] and [`print`](print()).
//!
//! Each collection is an array sorted by (rank, id), or by id where there is no rank; sets are sorted arrays; dotted
//! keys are nested objects; texts are strings; absent fields and empty texts are left out. Collections that every
//! shared plan speaks of are written even when they are empty; comments, touchpoints, proposals, and those of a
//! private document, only when they hold something. Unknown fields follow the known ones, sorted.

pub mod flatten;
mod parse;
mod print;

pub use parse::{parse, parse_str};
pub use print::{Print, print, print_row};

/// The value of the member `schema`.
pub const SCHEMA: &str = "plansync.plan/1";

#[cfg(test)]
pub(crate) mod tests;
