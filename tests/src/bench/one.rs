//! One plan with many people in it.

use std::time::Duration;

use crate::{
    Pace,
    figures::{ms, thousands},
    house::{self, House},
    load::Load,
    many::step,
    table::Row,
};

/// Sustained edits a second of one plan.
pub fn busiest(pace: &Pace, writers: usize, people: usize, steps: &[f64], bounds: (f64, f64)) -> Row {
    let (house, mut load) = full(writers, people);
    let mut sustained = 0.0;
    for &rate in steps {
        let (run, _) = step(&house, &mut load, rate, pace.step() / 2);
        if run.is_sustained() {
            sustained = rate;
        }
        if run.undelivered > 0 || run.gone > 0 {
            break;
        }
    }
    let others = (people - 1) as f64;
    let show = |rate: f64| format!("{} ({})", thousands(rate), thousands(rate * others));
    Row::new(
        &format!("one plan, {writers} writers, {people} people: edits/s (deliveries/s)"),
        bounds,
        sustained,
        true,
        show,
    )
}

/// How long an edit takes to the others, and what of it is the disk.
pub fn latency(pace: &Pace, fsync: Duration) -> Row {
    let (house, mut load) = full(20, 20);
    let (run, _) = step(&house, &mut load, 200.0, pace.step());
    let bounds = [2, 1].map(|more| (fsync + Duration::from_millis(more)).as_secs_f64());
    let p50 = run.times.quantile(0.5).as_secs_f64();
    let show = |seconds: f64| ms(Duration::from_secs_f64(seconds));
    Row::new("p50 send → receipt, 20 people, 200 edits/s", (bounds[0], bounds[1]), p50, false, show).with(&format!(
        "(p99 {}, fsync {})",
        ms(run.times.quantile(0.99)),
        ms(fsync)
    ))
}

fn full(writers: usize, people: usize) -> (House, Load) {
    let house = House::open();
    house.create_plans("one", 1);
    let mut load = Load::new();
    let people = house.fill(&mut load, "one-0", people);
    house::settle(&mut load);
    for person in &people[..writers] {
        load.write_as(*person, 0);
    }
    load.idle(Duration::from_millis(500));
    (house, load)
}
