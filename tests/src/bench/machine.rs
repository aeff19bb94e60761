//! Where and when was measured: without it the numbers say nothing.

use std::{
    io::{Seek as _, SeekFrom, Write as _},
    process::Command,
    time::{Duration, Instant},
};

use crate::figures::ms;

/// What stands above the table.
pub fn header(fsync: Duration) -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = read("/proc/meminfo")
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.split_whitespace().next()?.parse::<u64>().ok())
        .unwrap_or_default();
    let model = read("/proc/cpuinfo")
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':').map(|(_, name)| name.trim().to_owned()))
        .unwrap_or_default();
    let load = read("/proc/loadavg").split_whitespace().next().unwrap_or_default().to_owned();
    format!(
        "{cores} cores ({model}), {:.1} GiB, Linux {}, write + fdatasync of 4 KiB p50 {}; load before {load}; \
         commit {}, {}; the load generator on the same machine",
        memory as f64 / 1024.0 / 1024.0,
        read("/proc/sys/kernel/osrelease").trim(),
        ms(fsync),
        output("git", &["rev-parse", "--short", "HEAD"]),
        output("date", &["-u", "+%Y-%m-%d %H:%M UTC"]),
    )
}

/// What one write of 4 KiB with fdatasync takes on the disk of the temporary folder, p50.
pub fn fsync() -> Duration {
    let mut file = tempfile::tempfile().expect("a temporary file");
    let page = [7_u8; 4096];
    let mut times: Vec<Duration> = (0..200)
        .map(|_| {
            let started = Instant::now();
            file.seek(SeekFrom::Start(0))
                .and_then(|_| file.write_all(&page))
                .and_then(|()| file.sync_data())
                .expect("the disk takes it");
            started.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[times.len() / 2]
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}
