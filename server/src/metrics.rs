//! Every metric the server has: its name, its meaning, and the one function that moves it.
//!
//! No label ever holds a name of a plan or a person.

use std::{sync::LazyLock, time::Duration};

use metrics::{
    Counter, Gauge, Histogram, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

const CONNECTIONS: &str = "plansync_connections";
const UNAUTHENTICATED: &str = "plansync_connections_unauthenticated";
const ROOMS: &str = "plansync_rooms";
const DOCUMENTS: &str = "plansync_documents_in_memory";
const EDITS: &str = "plansync_edits_total";
const ENTRIES: &str = "plansync_entries_total";
const COMMIT_SECONDS: &str = "plansync_commit_seconds";
const COMMIT_GROUP: &str = "plansync_commit_group_requests";
const OPEN_SECONDS: &str = "plansync_document_open_seconds";
const LOG_QUEUE: &str = "plansync_log_queue_requests";
const REFUSALS: &str = "plansync_refusals_total";
const QUOTAS: &str = "plansync_quota_refusals_total";
const SLOWED: &str = "plansync_slowed_total";
const DOCUMENT_BYTES: &str = "plansync_document_bytes";
const DOCUMENT_DEAD: &str = "plansync_document_dead_share";
const CLOSES: &str = "plansync_closes_total";
const RESYNCS: &str = "plansync_resyncs_total";
const BYTES_IN: &str = "plansync_bytes_received_total";
const BYTES_OUT: &str = "plansync_bytes_sent_total";
const ROOM_DEATHS: &str = "plansync_room_deaths_total";
const SNAPSHOTS: &str = "plansync_snapshots_total";
const CHANGES: &str = "plansync_changes_total";
const FEEDS: &str = "plansync_feeds";
const WEBHOOKS: &str = "plansync_webhooks";
const WEBHOOKS_PAUSED: &str = "plansync_webhooks_paused";
const WEBHOOK_DELIVERIES: &str = "plansync_webhook_deliveries_total";

/// Installs the recorder. Its handle renders `/metrics`.
///
/// # Errors
/// When another recorder is installed already, as in a test that starts two servers in one process.
pub fn install() -> Result<PrometheusHandle, metrics_exporter_prometheus::BuildError> {
    let seconds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];
    let bytes = [16e3, 64e3, 256e3, 1e6, 2e6, 4e6, 8e6];
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &seconds)?
        .set_buckets_for_metric(Matcher::Full(DOCUMENT_BYTES.to_owned()), &bytes)?
        .set_buckets_for_metric(Matcher::Full(DOCUMENT_DEAD.to_owned()), &[0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0])?
        .set_buckets_for_metric(Matcher::Full(COMMIT_GROUP.to_owned()), &[1.0, 4.0, 16.0, 64.0, 256.0, 1024.0])?
        .install_recorder()?;
    describe();
    Ok(handle)
}

fn describe() {
    describe_gauge!(CONNECTIONS, Unit::Count, "Open websockets");
    describe_gauge!(UNAUTHENTICATED, Unit::Count, "Open websockets that have not said who they are");
    describe_gauge!(ROOMS, Unit::Count, "Open rooms, one a document with somebody in it");
    describe_gauge!(DOCUMENTS, Unit::Count, "Documents in memory; a quiet room lets its document go");
    describe_counter!(EDITS, Unit::Count, "Updates taken in, by origin");
    describe_counter!(ENTRIES, Unit::Count, "Entries written to the log");
    describe_histogram!(COMMIT_SECONDS, Unit::Seconds, "Time of one commit of the log");
    describe_histogram!(COMMIT_GROUP, Unit::Count, "Requests in one commit of the log");
    describe_histogram!(OPEN_SECONDS, Unit::Seconds, "Time to open a document from the log");
    describe_gauge!(LOG_QUEUE, Unit::Count, "Requests that wait for the log's writer");
    describe_counter!(REFUSALS, Unit::Count, "Frames and requests refused, by code");
    describe_counter!(QUOTAS, Unit::Count, "Connections and requests refused because a limit was reached, by limit");
    describe_counter!(SLOWED, Unit::Count, "Messages after which a connection was read later, by limit");
    describe_histogram!(DOCUMENT_BYTES, Unit::Bytes, "Size of a document's state, when a snapshot is written");
    describe_histogram!(
        DOCUMENT_DEAD,
        Unit::Count,
        "Part of a document that has been deleted, when a snapshot is written"
    );
    describe_counter!(CLOSES, Unit::Count, "Websockets closed by the server, by close code");
    describe_counter!(RESYNCS, Unit::Count, "Connections brought up to date by one difference after falling behind");
    describe_counter!(BYTES_IN, Unit::Bytes, "Bytes of websocket messages received");
    describe_counter!(BYTES_OUT, Unit::Bytes, "Bytes of websocket messages sent");
    describe_counter!(ROOM_DEATHS, Unit::Count, "Rooms that ended by a failure and were opened again");
    describe_counter!(SNAPSHOTS, Unit::Count, "Snapshots written");
    describe_counter!(CHANGES, Unit::Count, "Typed changes written");
    describe_gauge!(FEEDS, Unit::Count, "Open streams of changes, websockets not counted");
    describe_gauge!(WEBHOOKS, Unit::Count, "Webhooks, paused ones included");
    describe_gauge!(WEBHOOKS_PAUSED, Unit::Count, "Webhooks that nothing is sent to any more");
    describe_counter!(
        WEBHOOK_DELIVERIES,
        Unit::Count,
        "Attempts to deliver a change, by outcome: taken, refused by a status, failed without one"
    );
}

/// What moves with every edit, looked up once: by name it would cost as much as the guard.
struct Handles {
    edits: Counter,
    entries: Counter,
    commit_seconds: Histogram,
    commit_group: Histogram,
    log_queue: Gauge,
    bytes_in: Counter,
    bytes_out: Counter,
}

/// Made at the first use, which comes after [`install`]: without a recorder they count nothing.
static HANDLES: LazyLock<Handles> = LazyLock::new(|| Handles {
    edits: counter!(EDITS),
    entries: counter!(ENTRIES),
    commit_seconds: histogram!(COMMIT_SECONDS),
    commit_group: histogram!(COMMIT_GROUP),
    log_queue: gauge!(LOG_QUEUE),
    bytes_in: counter!(BYTES_IN),
    bytes_out: counter!(BYTES_OUT),
});

/// Counts something that is open for as long as it lives.
#[derive(Debug)]
pub struct Open(&'static str);

impl Open {
    /// A websocket.
    #[must_use]
    pub fn connection() -> Self {
        Self::count(CONNECTIONS)
    }

    /// A websocket of nobody yet.
    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::count(UNAUTHENTICATED)
    }

    /// A room.
    #[must_use]
    pub fn room() -> Self {
        Self::count(ROOMS)
    }

    /// A stream of changes.
    #[must_use]
    pub fn feed() -> Self {
        Self::count(FEEDS)
    }

    /// A webhook.
    #[must_use]
    pub fn webhook() -> Self {
        Self::count(WEBHOOKS)
    }

    /// A webhook that nothing is sent to.
    #[must_use]
    pub fn paused_webhook() -> Self {
        Self::count(WEBHOOKS_PAUSED)
    }

    /// A document in memory.
    #[must_use]
    pub fn document() -> Self {
        Self::count(DOCUMENTS)
    }

    fn count(name: &'static str) -> Self {
        gauge!(name).increment(1.0);
        Self(name)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        gauge!(self.0).decrement(1.0);
    }
}

/// Updates have been taken in.
pub fn edits(count: usize) {
    HANDLES.edits.increment(count as u64);
}

/// Entries have been committed.
pub fn entries(count: usize) {
    HANDLES.entries.increment(count as u64);
}

/// A commit has ended.
pub fn commit_seconds(took: Duration) {
    HANDLES.commit_seconds.record(took);
}

/// A commit has taken this many requests.
pub fn commit_group(requests: usize) {
    HANDLES.commit_group.record(requests as f64);
}

/// A document has been opened.
pub fn open_seconds(took: Duration) {
    histogram!(OPEN_SECONDS).record(took);
}

/// This many requests wait for the log.
pub fn log_queue(requests: usize) {
    HANDLES.log_queue.set(requests as f64);
}

/// Something has been refused.
pub fn refusal(code: &'static str) {
    counter!(REFUSALS, "code" => code).increment(1);
}

/// A limit has been reached, and something refused because of it.
pub fn quota(limit: &'static str) {
    counter!(QUOTAS, "limit" => limit).increment(1);
}

/// A connection sends more than it may, and is read later.
pub fn slowed(limit: &'static str) {
    counter!(SLOWED, "limit" => limit).increment(1);
}

/// How large a document is, and which part of it has been deleted.
pub fn document(bytes: usize, dead_share: f64) {
    histogram!(DOCUMENT_BYTES).record(bytes as f64);
    histogram!(DOCUMENT_DEAD).record(dead_share);
}

/// The server has closed a websocket.
pub fn close(code: u16) {
    counter!(CLOSES, "code" => code.to_string()).increment(1);
}

/// A connection that had fallen behind has been brought up to date.
pub fn resync() {
    counter!(RESYNCS).increment(1);
}

/// Bytes have come in.
pub fn bytes_in(bytes: usize) {
    HANDLES.bytes_in.increment(bytes as u64);
}

/// Bytes have gone out.
pub fn bytes_out(bytes: usize) {
    HANDLES.bytes_out.increment(bytes as u64);
}

/// A room has died.
pub fn room_death() {
    counter!(ROOM_DEATHS).increment(1);
}

/// A snapshot has been written.
pub fn snapshot() {
    counter!(SNAPSHOTS).increment(1);
}

/// Typed changes are written.
pub fn changes(count: usize) {
    counter!(CHANGES).increment(count as u64);
}

/// An attempt to deliver a change has ended.
pub fn webhook_delivery(outcome: &'static str) {
    counter!(WEBHOOK_DELIVERIES, "outcome" => outcome).increment(1);
}
