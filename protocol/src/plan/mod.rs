//! The plan: its schema, its typed form, and the way between both and a document.

pub mod schema;
pub mod touched;
