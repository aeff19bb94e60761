//! Many plans, two people each: the common case.

use std::{path::PathBuf, time::Duration};

use plansync_tests::server::Start;

use crate::{
    Pace,
    figures::{ms, thousands},
    house::{self, House},
    load::{Load, Run},
    table::Row,
};

const STEPS: [f64; 5] = [2_000.0, 4_000.0, 8_000.0, 12_000.0, 16_000.0];
/// The CPU of an edit is compared at this rate.
const CPU_AT: f64 = 8_000.0;
/// Well below what the server can do, so that nothing waits.
const RIGHTS_AT: f64 = 4_000.0;

/// Durable edits a second, their CPU, and everybody's return after a restart.
pub fn rows(pace: &Pace) -> Vec<Row> {
    let plans = pace.plans(2_000);
    let mut house = House::open();
    house.create_plans("many", plans);
    let mut load = Load::new();
    let mut people = Vec::new();
    for plan in 0..plans {
        people.extend(house.fill(&mut load, &format!("many-{plan}"), 2));
    }
    house::settle(&mut load);
    for person in people {
        load.write_as(person, 0);
    }
    load.idle(Duration::from_secs(1));
    let (mut sustained, mut cpu_at) = (0.0, f64::NAN);
    for rate in STEPS {
        let (run, cpu) = step(&house, &mut load, rate, pace.step());
        if run.is_sustained() {
            sustained = f64::max(sustained, rate);
        }
        if rate == CPU_AT {
            cpu_at = cpu;
        }
        if run.undelivered > 0 || run.gone > 0 {
            break;
        }
    }
    drop(load);
    vec![
        Row::new(
            &format!("durable edits/s over {plans} plans × 2 people"),
            (8_000.0, 16_000.0),
            sustained,
            true,
            thousands,
        ),
        Row::new(
            &format!("server CPU seconds per 1,000 of those edits, at {}/s", thousands(CPU_AT)),
            (0.09, 0.05),
            cpu_at,
            false,
            |seconds| format!("{seconds:.3}"),
        ),
        back(&mut house, plans / 2),
    ]
}

/// What it costs to judge every edit: the same edits with this server, and with one that was built without rights.
/// Each has its turn twice, so that what else the machine does is seen.
pub fn rights(pace: &Pace) -> Option<Row> {
    let Some(unjudged) = std::env::var_os("PLANSYNC_BIN_UNJUDGED").map(PathBuf::from) else {
        eprintln!("  no server without rights: make bench builds one");
        return None;
    };
    let plans = pace.plans(500);
    let cost = |binary: Option<&PathBuf>| {
        let house = House::with(Start { binary: binary.cloned(), ..Start::default() });
        house.create_plans("rights", plans);
        let mut load = Load::new();
        let people: Vec<_> = (0..plans).flat_map(|plan| house.fill(&mut load, &format!("rights-{plan}"), 2)).collect();
        house::settle(&mut load);
        for person in people {
            load.write_as(person, 0);
        }
        load.idle(Duration::from_secs(1));
        step(&house, &mut load, RIGHTS_AT, pace.step()).1
    };
    let mut costs = [0.0; 2];
    for _ in 0..2 {
        costs[0] += cost(None) / 2.0;
        costs[1] += cost(Some(&unjudged)) / 2.0;
    }
    let more = (costs[0] / costs[1] - 1.0) * 100.0;
    let work = format!("CPU that rights add to an edit, at {}/s over {plans} plans", thousands(RIGHTS_AT));
    let row = Row::new(&work, (10.0, 5.0), more, false, |more| format!("{more:.0} %"));
    Some(row.with(&format!("({:.3} s per 1,000 with, {:.3} s without)", costs[0], costs[1])))
}

/// One rate: what came of it, and the server's CPU seconds for 1,000 edits.
pub fn step(house: &House, load: &mut Load, rate: f64, length: Duration) -> (Run, f64) {
    let (server, own) = (house.cpu(), house::cpu_of("self"));
    let run = load.run(rate, length);
    let (server, own) = (house.cpu() - server, house::cpu_of("self") - own);
    let cpu = server / (run.sent as f64 / 1000.0);
    eprintln!(
        "  {:>6} edits/s offered, {:>6.0} sent, {:>7.0} deliveries/s, p50 {}, p99 {}, undelivered {}, gone {}, server {cpu:.3} CPU s per 1,000 ({:.0} %), load generator {:.0} %, late {}",
        rate,
        run.rate(),
        run.delivered as f64 / run.seconds,
        ms(run.times.quantile(0.5)),
        ms(run.times.quantile(0.99)),
        run.undelivered,
        run.gone,
        server / run.seconds * 100.0,
        own / run.seconds * 100.0,
        ms(run.late),
    );
    (run, cpu)
}

/// Everybody comes back at once after a restart.
fn back(house: &mut House, plans: usize) -> Row {
    house.stop();
    let paths: Vec<_> = (0..plans)
        .flat_map(|plan| (0..2).map(move |person| (plan, house::path(&format!("many-{plan}"), person))))
        .collect();
    house.start();
    let started = std::time::Instant::now();
    let mut load = Load::new();
    let (server, address) = (house.cpu(), house.address());
    for (number, path) in paths {
        if number == load.plans() {
            load.plan();
        }
        load.join(address, number, &path);
    }
    let (missing, last) = load.settle(Duration::from_secs(30));
    eprintln!("  {} people back, {missing} missing, server {:.2} CPU s", plans * 2, house.cpu() - server);
    let seconds = (last - started).as_secs_f64();
    let work = format!("{} people back on {plans} plans after a restart, all synced, none refused", plans * 2);
    let row =
        Row::new(&work, (1.5, 1.0), if missing == 0 { seconds } else { f64::INFINITY }, false, |s| format!("{s:.2} s"));
    if missing == 0 { row } else { row.with(&format!("({missing} are not)")) }
}
