//! A plan with a long history: how soon it is there after a restart, and what it takes on the disk.

use std::{
    os::unix::fs::MetadataExt as _,
    path::Path,
    time::{Duration, Instant},
};

use crate::{
    Pace,
    figures::ms,
    house::{self, House},
    load::Load,
    many::step,
    table::Row,
};

const EDITS: f64 = 10_000.0;
const WRITERS: usize = 4;

/// First sync and bytes of a plan with 10,000 edits.
pub fn rows(_: &Pace) -> Vec<Row> {
    let mut house = House::open();
    let store = house.server().folder().join("plansync.redb");
    house.stop();
    let empty = compacted(&store);
    house.start();
    house.create_plans("long", 1);
    let mut load = Load::new();
    let people = house.fill(&mut load, "long-0", WRITERS);
    house::settle(&mut load);
    for person in people {
        load.write_as(person, 0);
    }
    let (run, _) = step(&house, &mut load, EDITS / 10.0, Duration::from_secs(10));
    assert_eq!(run.undelivered, 0, "every edit is there");
    drop(load);
    house.stop();
    let stopped = bytes(&store);
    let mut times: Vec<Duration> = (0..5).map(|_| first_sync(&mut house)).collect();
    times.sort_unstable();
    eprintln!("  first syncs {}", times.iter().map(|time| ms(*time)).collect::<Vec<_>>().join(", "));
    let compacted = compacted(&store);
    let kb = |bytes: f64| format!("{:.0} KB", bytes / 1000.0);
    vec![
        Row::new(
            "first full sync of a plan with 10,000 edits after a restart",
            (0.020, 0.008),
            times[times.len() / 2].as_secs_f64(),
            false,
            |s| ms(Duration::from_secs_f64(s)),
        ),
        Row::new(
            "bytes on disk for 10,000 edits of one plan, compacted",
            (600_000.0, 200_000.0),
            compacted as f64,
            false,
            kb,
        )
        .with(&format!("({} as stopped; {} of an empty store)", kb(stopped as f64), kb(empty as f64))),
    ]
}

/// A start, and the time from the first packet of the first person to the last byte of the plan. Ends stopped.
fn first_sync(house: &mut House) -> Duration {
    house.start();
    let mut load = Load::new();
    let started = Instant::now();
    house.fill(&mut load, "long-0", 1);
    let (missing, last) = load.settle(Duration::from_secs(10));
    assert_eq!(missing, 0, "the plan comes");
    drop(load);
    house.stop();
    last - started
}

/// The bytes of the file on disk.
fn bytes(store: &Path) -> u64 {
    std::fs::metadata(store).map_or(0, |file| file.blocks() * 512)
}

/// The same after compaction.
fn compacted(store: &Path) -> u64 {
    let mut db = redb::Database::open(store).expect("the store opens");
    while db.compact().expect("the store can be compacted") {}
    drop(db);
    bytes(store)
}
