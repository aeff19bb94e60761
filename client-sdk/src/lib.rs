//! A plan's document, live, in a Rust program.
//!
//! ```no_run
//! # async fn example() -> Result<(), plansync_client::Error> {
//! use plansync_client::Client;
//! use plansync_client::yrs::{Map, WriteTxn};
//!
//! let plan = Client::connect("ws://127.0.0.1:4300", "demo", "a token")?;
//! plan.live().await?;
//! plan.edit(|txn| {
//!     let meta = txn.get_or_insert_map("meta");
//!     meta.insert(txn, "title", "Roll-out");
//! });
//! plan.flush().await?; // the edit is on the server's disk
//! # Ok(())
//! # }
//! ```
//!
//! # Guarantees
//!
//! - An edit is never lost while the [`Plan`] lives: it counts as pending until the server has it on disk, and after a
//!   break of the connection it is sent again. Sending it twice does no harm.
//! - The connection comes back by itself, after a pause with jitter, except after a close that is final.
//! - No bytes of a server make this crate panic, and every queue has a bound.
//!
//! # Map
//!
//! | Module | Holds |
//! | --- | --- |
//! | [`Client`] | options and the way to a plan |
//! | [`Plan`] | the handle: document, edits, presence, status |
//! | `driver` | the task that owns the socket |
//! | `machine` | the protocol without socket, clock and chance |
//! | `presence` | who is there |
//! | `json` | a document as JSON, for comparisons |
//! | `backoff` | pauses between attempts |

#![warn(missing_docs)]

mod backoff;
mod client;
mod driver;
mod error;
mod json;
mod machine;
mod plan;
mod presence;

pub use backoff::BackoffBounds;
pub use client::Client;
pub use error::{Error, ErrorKind};
pub use machine::PlanEvent;
pub use plan::{Plan, Status};
pub use plansync_protocol as protocol;
pub use yrs;
