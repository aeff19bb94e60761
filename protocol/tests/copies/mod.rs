//! A server's copy of a document behind the guard, for the tests: what is admitted is applied, as in the server.
//!
//! Every apply also checks what the guard promises: yrs takes it whole, nothing is pending, index and document
//! agree on clocks and deletions, sending it again changes nothing.
#![allow(dead_code)]

pub mod generated;
pub mod writer;

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use plansync_protocol::guard::{Delta, Index, Lane, Refusal};
use plansync_protocol::plan::schema;
use serde_json::{Map, Value};
use yrs::updates::decoder::Decode;
use yrs::{
    Any, Doc, GetString, Map as _, OffsetKind, Options, Out, ReadTxn, StateVector, Transact, TransactionMut, Update,
};

/// The roots that the scripts of `js/` write.
pub const ROOTS: [&str; 6] = ["tasks", "milestones", "risks", "people", "comments", "meta"];

pub struct Copy {
    pub doc: Doc,
    pub index: Index,
    pub slowest: Duration,
}

impl Copy {
    pub fn new() -> Self {
        let options = Options {
            offset_kind: OffsetKind::Utf16,
            skip_gc: false,
            client_id: yrs::block::ClientID::new(1),
            ..Options::default()
        };
        Self { doc: Doc::with_options(options), index: Index::new(), slowest: Duration::ZERO }
    }

    /// Admits an update and applies it.
    pub fn offer(&mut self, bytes: &[u8], lane: Lane) -> Result<Delta, Refusal> {
        let delta = self.index.admit(bytes, lane)?;
        if !delta.is_empty() {
            self.apply(&delta.encode());
        }
        Ok(delta)
    }

    fn apply(&mut self, canonical: &[u8]) {
        let update = Update::decode_v1(canonical).expect("canonical bytes decode");
        let start = cpu_time();
        let mut txn = self.doc.transact_mut();
        txn.apply_update(update).expect("an admitted update applies");
        txn.commit();
        self.slowest = self.slowest.max(cpu_time().saturating_sub(start));
        assert!(!txn.has_missing_updates(), "an admitted update leaves nothing pending");
        for (client, ranges) in txn.delete_set().iter() {
            for range in ranges.iter() {
                self.index.note_deleted(client.get(), range.start, range.end - range.start);
            }
        }
    }

    /// Writes as the server does, under its own client id.
    pub fn write(&mut self, write: impl FnOnce(&mut TransactionMut<'_>)) -> Delta {
        let update = {
            let mut txn = self.doc.transact_mut();
            write(&mut txn);
            txn.commit();
            txn.encode_update_v1()
        };
        self.index.admit(&update, Lane::Sync).expect("the server's own edit")
    }

    /// Everything the guard and the document have to agree on. Costs as much as the document is long.
    pub fn check(&self, last: &[u8], lane: Lane) {
        let txn = self.doc.transact();
        let vector = txn.state_vector();
        let mut clocks: Vec<_> = self.index.state_vector().collect();
        let mut held: Vec<_> = vector.iter().map(|(client, clock)| (client.get(), *clock)).collect();
        clocks.sort_unstable();
        held.sort_unstable();
        assert_eq!(clocks, held, "index and document have the same clocks");
        for (root, _) in txn.root_refs() {
            assert!(schema::collection(root).is_some(), "no copy gets the root {root}");
        }
        let again = self.index.check(last, lane).expect("what was admitted is admitted again");
        assert!(again.is_empty() && again.refused().is_empty(), "what was admitted is known");
        let state = txn.encode_state_as_update_v1(&StateVector::default());
        let mut loaded = Index::new();
        let whole = loaded.admit(&state, Lane::Trusted).expect("a snapshot of what was admitted loads");
        for (client, _) in clocks {
            assert_eq!(self.index.deleted_of(client), loaded.deleted_of(client), "deletions of {client}");
        }
        assert_eq!(self.index.live_len(), loaded.live_len());
        // What we write of what yrs wrote is the same document, and reads as itself.
        let canonical = whole.encode();
        assert_eq!(Index::new().check(&canonical, Lane::Trusted).expect("canonical bytes").encode(), canonical);
        assert!(self.index.check(&state, Lane::Trusted).expect("a snapshot is known").is_empty());
    }

    pub fn state(&self) -> Vec<u8> {
        self.doc.transact().encode_state_as_update_v1(&StateVector::default())
    }

    pub fn json(&self) -> Value {
        let txn = self.doc.transact();
        let root = |name: &str| {
            txn.get_map(name).map_or(Value::Object(Map::new()), |map| json(&Out::YMap(map), &txn).expect("a map"))
        };
        Value::Object(ROOTS.iter().map(|name| ((*name).to_owned(), root(name))).collect())
    }
}

/// As `JSON.stringify` sees it: `undefined` is absent, a whole number has no fraction.
fn json<T: ReadTxn>(value: &Out, txn: &T) -> Option<Value> {
    Some(match value {
        Out::Any(Any::Undefined) => return None,
        Out::Any(Any::Null) => Value::Null,
        Out::Any(Any::Bool(value)) => Value::Bool(*value),
        Out::Any(Any::Number(yrs::Number::Int(value))) => number(*value as f64),
        Out::Any(Any::Number(yrs::Number::Float(value))) => number(*value),
        Out::Any(Any::String(value)) => Value::String(value.to_string()),
        Out::YText(text) => Value::String(text.get_string(txn)),
        Out::YMap(map) => {
            let mut keys: Vec<_> = map.iter(txn).collect();
            keys.sort_by(|a, b| a.0.cmp(b.0));
            Value::Object(
                keys.into_iter().filter_map(|(key, value)| Some((key.to_owned(), json(&value, txn)?))).collect(),
            )
        }
        other => panic!("the guard let {other:?} pass"),
    })
}

/// A number to 15 digits: the JSON reader of these tests does not keep the last one.
fn number(value: f64) -> Value {
    let rounded = format!("{value:.14e}").parse::<f64>().expect("a number");
    Value::from(if rounded == 0.0 { 0.0 } else { rounded })
}

/// Makes numbers of another JSON writer comparable.
pub fn normal(value: Value) -> Value {
    match value {
        Value::Number(value) => number(value.as_f64().expect("a number of JSON")),
        Value::Array(values) => values.into_iter().map(normal).collect(),
        Value::Object(entries) => {
            let mut entries: Vec<_> = entries.into_iter().map(|(key, value)| (key, normal(value))).collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(entries.into_iter().collect())
        }
        other => other,
    }
}

/// The folder of the scripts, with Yjs in it.
pub fn install() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/js");
    if !folder.join("node_modules/yjs").exists() {
        let done =
            Command::new("npm").arg("ci").arg("--silent").current_dir(&folder).status().expect("npm is installed");
        assert!(done.success(), "npm ci failed in {}", folder.display());
    }
    folder
}

/// Runs a script of `tests/js` and gives what it wrote.
pub fn node(script: &str, args: &[String], input: Vec<u8>) -> Vec<u8> {
    let folder = install();
    let mut child = Command::new("node")
        .arg(script)
        .args(args)
        .current_dir(&folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is installed");
    let mut stdin = child.stdin.take().expect("piped");
    let feed = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("node runs");
    assert!(output.status.success(), "{script} failed");
    feed.join().expect("the feeder ran").expect("node read its input");
    output.stdout
}

/// The records of a stream as `js/honest.mjs` writes it.
pub fn records(stream: &[u8]) -> Vec<(u8, &[u8])> {
    let mut records = Vec::new();
    let mut rest = stream;
    while let [kind, a, b, c, d, tail @ ..] = rest {
        let (payload, after) = tail.split_at(u32::from_be_bytes([*a, *b, *c, *d]) as usize);
        records.push((*kind, payload));
        rest = after;
    }
    records
}

pub fn record(stream: &mut Vec<u8>, kind: u8, payload: &[u8]) {
    stream.push(kind);
    stream.extend_from_slice(&(payload.len() as u32).to_be_bytes());
    stream.extend_from_slice(payload);
}

/// What this thread has spent on a core; unlike a clock it does not count what other processes do.
pub fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(stat.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0))
}

/// As the server does: on a stack of 64 MiB.
pub fn on_a_deep_stack(test: impl FnOnce() + Send + 'static) {
    let run = std::thread::Builder::new().stack_size(64 << 20).spawn(test).expect("a thread starts");
    if let Err(panic) = run.join() {
        std::panic::resume_unwind(panic);
    }
}

pub fn env(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().expect("a number"))
}
