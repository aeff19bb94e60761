//! The plansync server. `ARCHITECTURE.md` is the map.
//!
//! The modules stand here by floor, from the ground up: a file names only files of lower floors, or of its own folder.

// Floor 0: what knows nothing of plans.
pub mod clock;
pub mod config;
pub mod metrics;
pub mod peer;
pub mod stopping;
pub mod tls;
// Floor 1: who someone is, what they may cost, what waits for a socket, the threads that rooms live on.
pub mod amend;
pub mod auth;
pub mod charge;
pub mod membership;
pub mod outbox;
pub mod policy;
pub mod quota;
pub mod tries;
pub mod workers;
// Floor 2: what is kept, one websocket, the people in a room, what others have to agree to.
pub mod consent;
pub mod log;
pub mod members;
pub mod socket;
// Floor 3: one document, an update against the rights, who is there, who belongs to its plan, whose it is, who reads its
// changes, to whom they are sent.
pub mod document;
pub mod feed;
pub mod people;
pub mod presence;
pub mod review;
pub mod webhooks;
pub mod workspaces;
// Floor 4: what is written becomes changes, and leaves a trace of who worked when; who is asked to come.
pub mod activity;
pub mod invites;
pub mod settling;
// Floor 5: everything that happens to one document.
pub mod room;
// Floor 6: which documents are open.
pub mod rooms;
// Floor 7: one person's connection, and the turn of the day.
pub mod days;
pub mod session;
// Floor 8: the HTTP interface.
pub mod http;
// Floor 9: builds everything, owns the order of stopping.
pub mod startup;
// Floor 10: subcommands and flags.
pub mod cli;
