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
/// Edits under way while as many are wanted as go: enough that nobody idles.
const UNDER_WAY: u64 = 512;
const COST_ROUNDS: usize = 3;

/// Durable edits a second, their CPU, and everybody's return after a restart.
pub fn rows(pace: &Pace) -> Vec<Row> {
    let plans = pace.plans(2_000);
    let mut house = House::open();
    let mut load = written_by_two(&house, "many", plans);
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

/// What rights and changes cost: as many edits as go with this server, with one that was built without rights, and with
/// one that holds changes back. They take turns, and the median counts, so that what else the machine does is seen.
pub fn costs(pace: &Pace) -> Vec<Row> {
    let unjudged = std::env::var_os("PLANSYNC_BIN_UNJUDGED").map(PathBuf::from);
    if unjudged.is_none() {
        eprintln!("  no server without rights: make bench builds one");
    }
    let plans = pace.plans(2_000);
    let held_back = vec![("PLANSYNC_SETTLE_MS".to_owned(), "60000".to_owned())];
    let (mut whole, mut no_rights, mut no_changes) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..COST_ROUNDS {
        whole.push(pressed(pace, plans, "all", Start::default()));
        no_changes.push(pressed(pace, plans, "no changes", Start { env: held_back.clone(), ..Start::default() }));
        if unjudged.is_some() {
            no_rights.push(pressed(pace, plans, "no rights", Start { binary: unjudged.clone(), ..Start::default() }));
        }
    }
    let whole = median(whole);
    let row = |what: &str, bounds, without: f64| {
        let less = ((1.0 - whole / without) * 100.0).max(0.0);
        Row::new(&format!("edits/s that {what} cost, {plans} plans × 2 people"), bounds, less, false, |less| {
            format!("{less:.0} %")
        })
        .with(&format!("({} with, {} without)", thousands(whole), thousands(without)))
    };
    let mut rows = vec![row("changes", (15.0, 5.0), median(no_changes))];
    if !no_rights.is_empty() {
        rows.push(row("rights", (10.0, 5.0), median(no_rights)));
    }
    rows
}

/// Edits a second of a fresh server that is asked for as many as go.
fn pressed(pace: &Pace, plans: usize, what: &str, start: Start) -> f64 {
    let house = House::with(start);
    let mut load = written_by_two(&house, "costs", plans);
    // What the first edits of a plan settle to is not yet told while they are measured.
    load.press(UNDER_WAY, pace.step());
    let cpu = house.cpu();
    let run = load.press(UNDER_WAY, pace.step());
    let cpu = (house.cpu() - cpu) / (run.sent as f64 / 1000.0);
    eprintln!(
        "  {what:>10}: {:>6.0} edits/s, p50 {}, p99 {}, undelivered {}, gone {}, server {cpu:.3} CPU s per 1,000",
        run.rate(),
        ms(run.times.quantile(0.5)),
        ms(run.times.quantile(0.99)),
        run.undelivered,
        run.gone,
    );
    assert!(run.undelivered == 0 && run.gone == 0, "every edit arrives");
    run.rate()
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Plans with two people each, who both write.
fn written_by_two(house: &House, prefix: &str, plans: usize) -> Load {
    house.create_plans(prefix, plans);
    let mut load = Load::new();
    let mut people = Vec::new();
    for plan in 0..plans {
        people.extend(house.fill(&mut load, &format!("{prefix}-{plan}"), 2));
    }
    house::settle(&mut load);
    for person in people {
        load.write_as(person, 0);
    }
    load.idle(Duration::from_secs(1));
    load
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
