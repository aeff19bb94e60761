//! What the guard costs an update: a typed character, a field, a mixed update, the load of a whole plan.

use std::hint::black_box;
use std::sync::{Arc, Mutex};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use plansync_protocol::guard::{Index, Lane};
use yrs::{
    Doc, Map, MapPrelim, MapRef, OffsetKind, Options, ReadTxn, StateVector, Text, TextPrelim, TextRef, Transact,
};

fn plan() -> (Doc, Vec<u8>) {
    let options =
        Options { offset_kind: OffsetKind::Utf16, client_id: yrs::block::ClientID::new(1), ..Options::default() };
    let doc = Doc::with_options(options);
    let tasks = doc.get_or_insert_map("tasks");
    for id in 0..30 {
        let mut txn = doc.transact_mut();
        let task = tasks.insert(&mut txn, format!("task-{id}"), MapPrelim::default());
        for key in ["title", "due", "rank", "status", "owners/b-cfo", "milestone", "target.date", "party"] {
            task.insert(&mut txn, key, "2026-02-20, or something as long");
        }
        let notes = task.insert(&mut txn, "notes", TextPrelim::new("Notes on it. "));
        for _ in 0..100 {
            let len = notes.len(&txn);
            notes.insert(&mut txn, len / 2, "word ");
        }
    }
    let state = doc.transact().encode_state_as_update_v1(&StateVector::default());
    (doc, state)
}

/// The plan, and the updates that 1,000 edits of it send.
fn updates(edit: impl Fn(&Doc, u32)) -> (Vec<u8>, Vec<Vec<u8>>) {
    let (doc, state) = plan();
    let sent = Arc::new(Mutex::new(Vec::<Vec<u8>>::new()));
    let sink = Arc::clone(&sent);
    doc.observe_update_v1("bench", move |_, event| sink.lock().expect("one thread").push(event.update.clone()))
        .expect("observed");
    for n in 0..1000 {
        edit(&doc, n);
    }
    let updates = std::mem::take(&mut *sent.lock().expect("one thread"));
    (state, updates)
}

fn map(doc: &Doc, id: u32) -> MapRef {
    let tasks = doc.get_or_insert_map("tasks");
    let task = tasks.get(&doc.transact(), &format!("task-{id}"));
    task.and_then(|task| task.cast().ok()).expect("a task")
}

fn notes(doc: &Doc) -> TextRef {
    let task = map(doc, 3);
    let notes = task.get(&doc.transact(), "notes");
    notes.and_then(|notes| notes.cast().ok()).expect("a text")
}

fn admit(c: &mut Criterion, name: &str, edit: impl Fn(&Doc, u32)) {
    let (state, updates) = updates(edit);
    let mut group = c.benchmark_group("admit");
    group.throughput(criterion::Throughput::Elements(updates.len() as u64));
    group.bench_function(name, |b| {
        b.iter_batched(
            || {
                let mut index = Index::new();
                index.admit(&state, Lane::Trusted).expect("a plan");
                index
            },
            |mut index| {
                for update in &updates {
                    black_box(index.admit(update, Lane::Live).expect("honest").encode());
                }
                index
            },
            BatchSize::LargeInput,
        );
    });
}

fn benches(c: &mut Criterion) {
    let set = |doc: &Doc, n: u32| {
        map(doc, n % 30).insert(&mut doc.transact_mut(), "due", format!("2026-02-{}", n % 28));
    };
    admit(c, "typed character", |doc, n| notes(doc).insert(&mut doc.transact_mut(), 13 + n, "x"));
    admit(c, "field", set);
    admit(c, "mixed", move |doc, n| {
        set(doc, n);
        let text = notes(doc);
        let mut txn = doc.transact_mut();
        text.insert(&mut txn, n % 50, "some words");
        text.remove_range(&mut txn, n % 40, 2);
    });
    let (_, state) = plan();
    c.bench_function("load a plan of 30 tasks", |b| {
        b.iter(|| Index::new().admit(black_box(&state), Lane::Trusted).expect("a plan"));
    });
}

criterion_group!(guard, benches);
criterion_main!(guard);
