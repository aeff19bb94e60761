//! What a plansync server and its clients must agree on.
//!
//! # Guarantees
//!
//! - No I/O, no clock, no chance, no tokio: the same input gives the same output, everywhere.
//! - No byte sequence makes a decoder or the [`guard`] panic, loop, recurse without bound or allocate more than
//!   the input's own size allows.
//! - A document is written only in canonical form, and reading what was written gives back what was meant.
//!
//! # Map, from the ground up
//!
//! | Module | Holds |
//! | --- | --- |
//! | [`ids`] | names of plans, parties, people, entities; scopes, access levels, origins |
//! | [`limits`] | every bound, with its reason |
//! | [`wire`] | frames of stock Yjs clients and of `plansync.v1`, close codes |
//! | [`plan`] | the schema table, the typed plan, reading and writing a document, canonical JSON |
//! | [`guard`] | the admission of client bytes: lint, shape, our own canonical bytes |

pub mod guard;
pub mod ids;
pub mod limits;
pub mod plan;
pub mod wire;
