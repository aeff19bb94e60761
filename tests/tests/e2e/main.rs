//! The promises of the interface, kept by the real server over real sockets: one module for each of them.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may fail anywhere, and ends with its process"
)]

mod answers;
mod bad_input;
mod changes;
mod consent;
mod convergence;
mod crash;
mod dawdlers;
mod erased_people;
mod erasure;
mod examples;
mod faults;
mod http_interface;
mod neighbours;
mod page;
mod people;
mod private;
mod programs;
mod quotas;
mod rights;
mod scenarios;
mod slow_reader;
mod summary;
mod sync;
mod templates;
mod tls;
mod tokens;
mod webhooks;
mod workspaces;
