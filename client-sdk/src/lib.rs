//! Mutual action plans in a Rust program: typed, live, offline.
//!
//! ```no_run
//! # async fn example(token: &str) -> Result<(), plansync_client::Error> {
//! use plansync_client::{Client, Status};
//!
//! let plan = Client::new("https://plans.example.com").token(token).file("acme-pilot.redb").open()?;
//! plan.live().await?;
//! println!("{:?}", plan.task("ca-1").and_then(|task| task.due));
//!
//! plan.edit(|edit| {
//!     edit.task("ca-1").due("2026-03-01").owners(["b-cfo"]);
//!     edit.add_task().title("Send the sample").party("seller");
//!     edit.reason("Access pending");
//! })?;
//! plan.saved().await?; // it survives the end of this program
//! plan.flush().await?; // it is on the server's disk
//!
//! let mut changes = plan.changes();
//! while let Ok(change) = changes.next().await {
//!     println!("{} {:?} {:?}", change.kind, change.subject, change.actor);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! `README.md` beside this crate tells the rest; the TypeScript client has the same words and means the same by them.
//!
//! # Guarantees
//!
//! - An edit is never lost while the [`Plan`] lives, nor, with a [local file](Client::file), when the program dies after
//!   [`Plan::saved`]: it counts as pending until the server has it on disk, and after a break it is sent again. Sending it
//!   twice does no harm.
//! - An edit is made as a whole, or not at all.
//! - Changes come each once and in order, through breaks and, with a local file, restarts.
//! - The connection comes back by itself, after a pause with jitter, except after a close that is final.
//! - No bytes of a server make this crate panic, and every queue has a bound.
//!
//! # Map, from the ground up
//!
//! | Module | Holds |
//! | --- | --- |
//! | `error`, `status`, `address`, `token`, `backoff`, `change`, `presence` | what their names say |
//! | `document` | the document, and the plan that is read from it |
//! | `step`, `undo` | what own edits have changed, to take back or to make again |
//! | `store`, `ledger` | the local file; what is to be kept in it |
//! | `machine` | the protocol without socket, clock and chance |
//! | `core` | all of these of one plan, behind one lock |
//! | `edit`, `entity` | typed edits and entities |
//! | `driver`, `keeper` | the tasks that own the socket and the local file |
//! | `plan`, `changes`, `http` | the handle, the stream of changes, the HTTP side |
//! | `client` | options and the way to a plan |

#![deny(missing_docs)]

mod address;
mod backoff;
mod change;
mod changes;
mod client;
mod core;
mod document;
mod driver;
mod edit;
mod entity;
mod error;
mod http;
mod json;
mod keeper;
mod ledger;
mod machine;
mod plan;
mod presence;
mod status;
mod step;
mod store;
mod token;
mod undo;

pub use self::core::Updated;
pub use address::PlanLink;
pub use backoff::BackoffBounds;
pub use change::{Change, ChangeData, Refused};
pub use changes::Changes;
pub use client::Client;
pub use edit::{Edit, Given, Place};
pub use entity::*;
pub use error::{Error, ErrorKind};
pub use http::{ChangesPage, ChangesQuery, Format, Http, OpenTouchpoint, SummaryQuery};
pub use machine::Why;
pub use plan::{Plan, PlanEvent, Progress};
pub use plansync_protocol as protocol;
pub use plansync_protocol::plan::{Malformed, RiskState, Row, Status as ItemStatus};
pub use plansync_protocol::wire::{Notice, NoticeCode, Since, Welcome};
pub use presence::Present;
pub use status::{Reason, ReasonCode, Status};
pub use token::{TokenAnswer, TokenReason};
pub use yrs;
