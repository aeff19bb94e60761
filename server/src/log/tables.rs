//! The tables of the store, as bytes. `docs/storage.md` is the same in words.
//!
//! A table's name carries the version of its layout; a new layout is a new table and a step in `migrate`.
//! Keys are numbers of fixed size, so a range is one document and nothing can be joined wrongly. Integers that are
//! not keys are little-endian.

use redb::TableDefinition;

/// Which document: the plan's number, and the scope's (0 is shared).
pub type DocKey = (u64, u32);

/// The scope number of the shared document.
pub const SHARED: u32 = 0;

/// What a row of [`TOLD`] holds.
pub type ToldRow = (u64, u32, u64, &'static [u8]);

/// The newest layout this program reads and writes.
pub const FORMAT: u64 = 4;

/// `format` → layout of the whole store; `next_plan` → the number the next plan gets.
pub const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta_1");

/// plan id → (number, created at, epoch)
pub const PLANS: TableDefinition<'_, &str, (u64, u64, u64)> = TableDefinition::new("plans_1");

/// plan number → (seq the card was made at, card as JSON)
pub const CARDS: TableDefinition<'_, u64, (u64, &[u8])> = TableDefinition::new("cards_1");

/// (plan number, party) → the number of the party's own document among the plan's, from 1
pub const SCOPES: TableDefinition<'_, (u64, &str), u32> = TableDefinition::new("scopes_1");

/// (plan, scope, seq) → entry
pub const ENTRIES: TableDefinition<'_, (u64, u32, u64), &[u8]> = TableDefinition::new("entries_1");

/// (plan, scope, last seq) → sealed entries: who wrote when, without the updates
pub const SEALED: TableDefinition<'_, (u64, u32, u64), &[u8]> = TableDefinition::new("sealed_1");

/// (plan, scope, seq) → zstd of the state after that entry
pub const SNAPSHOTS: TableDefinition<'_, (u64, u32, u64), &[u8]> = TableDefinition::new("snapshots_1");

/// (plan, scope, client id) → person
pub const AUTHORS: TableDefinition<'_, (u64, u32, u64), &str> = TableDefinition::new("authors_1");

/// (plan, scope, seq, n) → change, as the CloudEvent that leaves the server
pub const CHANGES: TableDefinition<'_, (u64, u32, u64, u32), &[u8]> = TableDefinition::new("changes_1");

/// (plan, scope) → (seq and n of the last change, first entry that is not told whole, who worked on it when as JSON)
pub const TOLD: TableDefinition<'_, (u64, u32), ToldRow> = TableDefinition::new("told_1");

/// (plan, scope) → where the plan stood when that was told last, as JSON
pub const STANDINGS: TableDefinition<'_, (u64, u32), &[u8]> = TableDefinition::new("standings_1");

/// (plan, person) → the entry up to which they have seen it
pub const VISITS: TableDefinition<'_, (u64, &str), u64> = TableDefinition::new("visits_1");

/// webhook id → the webhook as JSON, its secret included
pub const WEBHOOKS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("webhooks_1");

/// (webhook id, plan) → (seq and n of the last change that was delivered or left out, since when the next one fails
/// or 0, attempts at it)
pub const CURSORS: TableDefinition<'_, (&str, u64), (u64, u32, u64, u32)> = TableDefinition::new("cursors_1");

/// (plan, person) → the member as JSON
pub const MEMBERS: TableDefinition<'_, (u64, &str), &[u8]> = TableDefinition::new("members_1");

/// (plan, invite id) → the invite as JSON
pub const INVITES: TableDefinition<'_, (u64, &str), &[u8]> = TableDefinition::new("invites_1");

/// Hash of an invite's secret → (plan, invite id)
pub const INVITE_SECRETS: TableDefinition<'_, &[u8; 32], (u64, &str)> = TableDefinition::new("invite_secrets_1");

/// workspace id → the workspace as JSON, hashes of its keys and its secrets included
pub const WORKSPACES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("workspaces_1");

/// plan → workspace id; a plan without one is the default workspace's
pub const PLAN_WORKSPACES: TableDefinition<'_, u64, &str> = TableDefinition::new("plan_workspaces_1");

/// What a row of [`ERASED`] holds.
pub type ErasedRow<'a> = (u64, u64, u64, &'a [u8; 32], &'a str);

/// (hash of the plan's id, its number) → (erased at, its epoch, its last entry, the hash of that, by whom)
pub const ERASED: TableDefinition<'_, (&[u8; 32], u64), ErasedRow<'static>> = TableDefinition::new("erased_1");

/// The range of rows of one document.
#[must_use]
pub fn whole(doc: DocKey) -> std::ops::RangeInclusive<(u64, u32, u64)> {
    from(doc, 0)
}

/// The rows of one document from `first` on.
#[must_use]
pub fn from(doc: DocKey, first: u64) -> std::ops::RangeInclusive<(u64, u32, u64)> {
    (doc.0, doc.1, first)..=(doc.0, doc.1, u64::MAX)
}
