//! Memory: of open plans, of idle connections, and of people who never read.

use std::time::Duration;

use crate::{
    Pace,
    figures::thousands,
    house::{self, House},
    load::Load,
    many::step,
    table::Row,
};

/// Time after which a quiet room has let its document go.
const QUIET: Duration = Duration::from_secs(10);

/// KiB of an open plan with its first connection, and of each further one.
pub fn idle(pace: &Pace) -> Vec<Row> {
    let plans = pace.plans(500);
    let mut house = House::open();
    house.create_plans("idle", plans);
    // What the creation has left behind is not the plans' memory.
    house.stop();
    house.start();
    let mut load = Load::new();
    // The threads, the store and the first plan.
    house.fill(&mut load, "idle-0", 1);
    house::settle(&mut load);
    let empty = house.memory_kib();
    for plan in 1..plans {
        house.fill(&mut load, &format!("idle-{plan}"), 1);
    }
    house::settle(&mut load);
    let open = house.memory_kib();
    let opened = std::time::Instant::now();
    let mut further = 0;
    for plan in 0..plans {
        for person in 1..=4 {
            load.join(house.address(), plan, &house::path(&format!("idle-{plan}"), person));
            further += 1;
        }
    }
    house::settle(&mut load);
    let full = house.memory_kib();
    load.idle(QUIET.saturating_sub(opened.elapsed()) + QUIET);
    let quiet = house.memory_kib();
    let of_live = (open - empty) / (plans - 1) as f64;
    let of_connection = (full - open) / f64::from(further);
    let of_plan = (quiet - empty - of_connection * f64::from(further)) / (plans - 1) as f64;
    eprintln!(
        "  memory in KiB: {empty:.0} with one plan, {open:.0} with {plans}, {full:.0} with {further} further connections, {quiet:.0} after 10 s of quiet"
    );
    let show = |kib: f64| format!("{kib:.1}");
    vec![
        Row::new(
            "KiB per open 20-task plan with its first connection, quiet for 10 s",
            (85.0, 20.0),
            of_plan,
            false,
            show,
        )
        .with(&format!("({of_live:.1} while its document is in memory, until 5 s after the last message)")),
        Row::new("KiB per further idle connection", (16.0, 10.0), of_connection, false, show),
    ]
}

/// Growth while 20 people do not read what is written for them.
pub fn stalled(pace: &Pace) -> Row {
    let house = House::open();
    house.create_plans("stalled", 1);
    let mut load = Load::new();
    let people = house.fill(&mut load, "stalled-0", 25);
    house::settle(&mut load);
    for person in &people[..4] {
        load.write_as(*person, 400);
    }
    // The first seconds fill the store's cache and the heap, with everybody reading.
    step(&house, &mut load, 1000.0, pace.step());
    for person in &people[5..] {
        load.stall(*person);
    }
    let before = house.memory_kib();
    step(&house, &mut load, 1000.0, pace.step() * 3);
    let grown = (house.memory_kib() - before) / 1024.0;
    let work = format!(
        "MB that 20 readers who never read cost in {} s of 1,000 edits/s of 400 bytes",
        thousands(pace.step().as_secs_f64() * 3.0)
    );
    Row::new(&work, (20.0, 5.0), grown.max(0.0), false, |mb| format!("{mb:.1}"))
}
