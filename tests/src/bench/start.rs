//! A fresh server: from the start of the process to the line that it listens.

use std::time::{Duration, Instant};

use crate::{figures::ms, house::House, table::Row};

pub fn row() -> Row {
    let mut times: Vec<Duration> = (0..5)
        .map(|_| {
            let started = Instant::now();
            let mut house = House::open();
            let took = started.elapsed();
            house.stop();
            took
        })
        .collect();
    times.sort_unstable();
    Row::new("cold start to listening, empty store", (0.3, 0.1), times[times.len() / 2].as_secs_f64(), false, |s| {
        ms(Duration::from_secs_f64(s))
    })
}
