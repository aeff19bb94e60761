//! What the end-to-end tests and the benchmarks stand on: the real server as a process, and its clients.
//!
//! `PLANSYNC_BIN` names the server's binary; `make test` and `make bench` build it first and set the variable.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests end with their process")]

pub mod browser;
pub mod http;
pub mod node;
pub mod proxy;
pub mod raw;
pub mod receiver;
pub mod request;
pub mod server;
pub mod stock;
pub mod wait;
