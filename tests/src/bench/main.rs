//! Measures the real server against its budget and prints the table of `docs/benchmarks.md`.
//!
//! `plansync-bench [--quick] [--row NAME]...`; `PLANSYNC_BIN` names the server's binary, `PLANSYNC_BENCH_SECONDS` the
//! length of one step (10). A step's details go to stderr, the table to stdout. Load generator and server share the
//! machine: compare only within one run.

#![allow(clippy::disallowed_methods, reason = "a benchmark ends with its process")]

mod figures;
mod history;
mod house;
mod load;
mod machine;
mod many;
mod memory;
mod one;
mod start;
mod story;
mod table;
mod update;

use std::time::Duration;

use table::Row;

/// How long and how large the rows are.
pub struct Pace {
    step: Duration,
    quick: bool,
}

impl Pace {
    /// The length of one step of a rate.
    pub fn step(&self) -> Duration {
        self.step
    }

    /// This many plans, or a tenth of them.
    pub fn plans(&self, plans: usize) -> usize {
        if self.quick { plans / 10 } else { plans }
    }
}

const ROWS: [&str; 12] = [
    "many",
    "costs",
    "hundred",
    "twenty",
    "latency",
    "idle",
    "history",
    "stalled",
    "summary",
    "feed",
    "portfolio",
    "start",
];

fn main() {
    let (pace, wanted) = match arguments() {
        Ok(read) => read,
        Err(wrong) => {
            eprintln!("{wrong}\nplansync-bench [--quick] [--row {}]", ROWS.join("|"));
            std::process::exit(2);
        }
    };
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let fsync = machine::fsync();
    let header = machine::header(fsync);
    let mut rows: Vec<Row> = Vec::new();
    for row in wanted {
        eprintln!("{row}");
        match row {
            "many" => rows.extend(many::rows(&pace)),
            "costs" => rows.extend(many::costs(&pace)),
            "hundred" => rows.push(one::busiest(&pace, 8, 100, &[1_600.0, 3_200.0, 6_400.0], (3_200.0, 6_400.0))),
            "twenty" => rows.push(one::busiest(&pace, 4, 20, &[3_200.0, 6_400.0, 12_800.0], (6_400.0, 12_800.0))),
            "latency" => rows.push(one::latency(&pace, fsync)),
            "idle" => rows.extend(memory::idle(&pace)),
            "history" => rows.extend(history::rows(&pace)),
            "stalled" => rows.push(memory::stalled(&pace)),
            "summary" => rows.push(story::summary()),
            "feed" => rows.push(story::feed(&pace)),
            "portfolio" => rows.push(story::portfolio(&pace)),
            _ => rows.push(start::row()),
        }
    }
    println!("{header}\n\n{}", table::markdown(&rows));
}

fn arguments() -> Result<(Pace, Vec<&'static str>), String> {
    let seconds = std::env::var("PLANSYNC_BENCH_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let (mut quick, mut wanted) = (false, Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quick" => quick = true,
            "--row" => {
                let name = arguments.next().unwrap_or_default();
                let known = ROWS.into_iter().find(|row| *row == name);
                wanted.push(known.ok_or_else(|| format!("there is no row {name:?}"))?);
            }
            other => return Err(format!("unknown argument {other:?}")),
        }
    }
    if wanted.is_empty() {
        wanted.extend(ROWS);
    }
    let step = Duration::from_secs_f64(seconds.unwrap_or(if quick { 2.0 } else { 10.0 }));
    Ok((Pace { step, quick }, wanted))
}
