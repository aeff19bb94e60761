//! What the parts of an edit's way cost: the guard, the document, the plan that is read from it, the log.

use std::{hint::black_box, sync::Arc};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use plansync_protocol::{
    guard::{Index, Lane},
    ids::{Origin, PersonId, PlanId},
    plan,
};
use plansync_server::{
    auth::{Author, WorkspaceId},
    document::Document,
    log::{self, NewEntry, Opened, PlanRow, Store},
};
use yrs::{ClientID, Doc, Map, MapRef, OffsetKind, Options, Transact, Update, updates::decoder::Decode};

const EDITS: usize = 1_000;

/// A browser's copy of the sample plan: the state it got, and what 1,000 edits of its fields send.
struct Browser {
    state: Vec<u8>,
    updates: Vec<Vec<u8>>,
}

fn browser() -> Browser {
    let sample = plan::json::parse_str(plan::SAMPLE, true).expect("the sample is a plan");
    let mut document = Document::new();
    document.create(&sample).expect("the guard lets the sample through");
    let state = document.state();
    let doc =
        Doc::with_options(Options { offset_kind: OffsetKind::Utf16, ..Options::with_client_id(ClientID::new(7)) });
    let update = Update::decode_v1(&state).expect("a state");
    doc.transact_mut().apply_update(update).expect("a copy");
    let tasks = doc.get_or_insert_map("tasks");
    let updates = (0..EDITS).map(|n| {
        let mut txn = doc.transact_mut();
        let task: MapRef =
            tasks.get(&txn, &format!("ca-{}", 1 + n % 5)).and_then(|task| task.cast().ok()).expect("a task");
        task.insert(&mut txn, ["due", "status", "reason"][n % 3], format!("2026-03-{:02}", 1 + n % 28));
        txn.commit();
        txn.encode_update_v1()
    });
    let updates = updates.collect();
    Browser { state, updates }
}

fn opened(state: &[u8]) -> Document {
    let mut document = Document::new();
    document.load(state).expect("a state");
    document
}

fn person() -> PersonId {
    PersonId::parse("b-cfo").expect("a name")
}

fn documents(criterion: &mut Criterion) {
    let Browser { state, updates } = browser();
    let mut group = criterion.benchmark_group("field");
    group.throughput(Throughput::Elements(EDITS as u64));
    group.bench_function("guard", |bench| {
        let index = || {
            let mut index = Index::new();
            index.admit(&state, Lane::Trusted).expect("a state");
            index
        };
        bench.iter_batched(
            index,
            |mut index| {
                for update in &updates {
                    black_box(index.admit(update, Lane::Live).expect("honest"));
                }
                index
            },
            BatchSize::LargeInput,
        );
    });
    group.bench_function("take", |bench| {
        let person = person();
        bench.iter_batched(
            || opened(&state),
            |mut document| {
                for update in &updates {
                    let delta = document.check(&person, update, Lane::Live).expect("honest");
                    document.take(&delta).expect("admitted");
                }
                document
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
    criterion.bench_function("open the sample", |bench| bench.iter(|| opened(&state)));
    criterion.bench_function("plan, whole", |bench| {
        bench.iter_batched_ref(|| opened(&state), |document| black_box(document.plan()).clone(), BatchSize::LargeInput);
    });
    criterion.bench_function("plan, after one edit", |bench| {
        let person = person();
        let prepared = || {
            let mut document = opened(&state);
            document.plan();
            let delta = document.check(&person, &updates[0], Lane::Live).expect("honest");
            document.take(&delta).expect("admitted");
            document
        };
        bench.iter_batched_ref(prepared, |document| black_box(document.plan()).clone(), BatchSize::LargeInput);
    });
}

fn entry(update: &[u8]) -> NewEntry {
    let author = Arc::new(Author { person: person(), party: None });
    NewEntry { at: 1_771_352_467_113, author, origin: Origin::Human, update: update.to_vec() }
}

/// As many plans write at once as a commit then holds entries.
fn commits(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let Opened { log, .. } = log::open(Store::File(log::store_path(folder.path()))).expect("a store");
    let update = browser().updates[9].clone();
    let mut rows: Vec<(PlanRow, u64)> = (0..64)
        .map(|n| {
            let id = PlanId::parse(&format!("plan-{n}")).expect("a name");
            (runtime.block_on(log.create(id, WorkspaceId::default(), entry(&update))).expect("a plan"), 1)
        })
        .collect();
    let mut group = criterion.benchmark_group("commit");
    group.sample_size(20);
    for size in [1, 64] {
        group.throughput(Throughput::Elements(size as u64));
        group.bench_function(format!("{size} entries"), |bench| {
            bench.iter(|| {
                let appends =
                    rows[..size].iter().map(|(row, seq)| log.append(row.doc(), *seq, vec![entry(&update)], Vec::new()));
                let ends = runtime.block_on(futures_util::future::join_all(appends));
                for ((_, seq), end) in rows.iter_mut().zip(ends) {
                    *seq = end.expect("the store takes it");
                }
            });
        });
    }
}

criterion_group!(benches, documents, commits);
criterion_main!(benches);
