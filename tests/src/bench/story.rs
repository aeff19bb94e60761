//! What is told of plans: the summary after a call, the changes to everybody who listens, a pipeline's report.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{Pace, figures::ms, house::House, table::Row};

const TIMES: usize = 21;
const SUBSCRIBERS: usize = 1_000;

/// A summary of 30 tasks after 200 edits.
pub fn summary() -> Row {
    let house = House::open();
    let http = house.server().http();
    house.create_plans("told", 1);
    let edit = |edit: &serde_json::Value| {
        let (status, body) = http.post("/v1/plans/told-0/edits", edit);
        assert_eq!(status, 200, "{body}");
    };
    for task in 20..30 {
        let fields = json!({"title": format!("Task number {task}"), "party": "buyer", "due": "2026-03-20"});
        edit(&json!({"set": {"tasks": {format!("task-{task}"): fields}}}));
    }
    for n in 0..190 {
        let field = match n % 3 {
            0 => json!({"due": format!("2026-04-{:02}", 1 + n % 28)}),
            1 => json!({"notes": format!("Note number {n} of the call, with a sentence to compare.")}),
            _ => json!({"status": if n % 2 == 0 { "in_progress" } else { "complete" }}),
        };
        edit(&json!({"set": {"tasks": {format!("task-{}", n % 30): field}}}));
    }
    let row = |text: &str| assert!(text.len() > 1000, "{text}");
    row(&http.text("/v1/plans/told-0/summary?since=0"));
    let took = median(|| row(&http.text("/v1/plans/told-0/summary?since=0")));
    Row::new("summary of 30 tasks after 200 edits", (0.010, 0.003), took, false, |s| ms(Duration::from_secs_f64(s)))
}

/// A report on a thousand plans from one request.
pub fn portfolio(pace: &Pace) -> Row {
    let house = House::open();
    let http = house.server().http();
    let plans = pace.plans(1_000);
    house.create_plans("deal", plans);
    let ask = || {
        let (status, body) = http.get("/v1/portfolio");
        assert_eq!((status, &body["plans"]), (200, &json!(plans)), "{body}");
    };
    ask();
    let took = median(ask);
    let work = format!("the portfolio of {plans} plans");
    Row::new(&work, (0.3, 0.1), took, false, |s| ms(Duration::from_secs_f64(s)))
}

/// From the answer of an edit to the last of a thousand listeners who has its change, without the time it settles.
pub fn feed(pace: &Pace) -> Row {
    let house = House::open();
    let http = house.server().http();
    house.create_plans("heard", 1);
    let listeners = pace.plans(SUBSCRIBERS);
    let address = house.server().address().to_owned();
    let token = crate::house::path("heard-0", 1);
    let token = token.split("token=").nth(1).expect("a path has a token").to_owned();
    let listening: Vec<_> = (0..listeners)
        .map(|_| {
            let mut stream = TcpStream::connect(&address).expect("the server listens");
            let request = format!("GET /v1/plans/heard-0/events?token={token} HTTP/1.1\r\nHost: {address}\r\n\r\n");
            stream.write_all(request.as_bytes()).expect("the server reads");
            let mut lines = BufReader::with_capacity(512, stream).lines();
            lines
                .find(|line| line.as_ref().is_ok_and(String::is_empty))
                .expect("the stream begins")
                .expect("it is text");
            lines
        })
        .collect();
    let heard: Vec<_> = listening
        .into_iter()
        .map(|mut lines| {
            let listen = move || {
                let is_change =
                    |line: &Result<String, _>| line.as_ref().is_ok_and(|line| line.contains("plansync.task.changed"));
                lines.find(is_change).expect("the change comes").expect("it is text");
                Instant::now()
            };
            thread::Builder::new().stack_size(128 << 10).spawn(listen).expect("the system has threads")
        })
        .collect();
    let (status, body) =
        http.post("/v1/plans/heard-0/edits", &json!({"set": {"tasks": {"task-1": {"due": "2026-05-01"}}}}));
    assert_eq!(status, 200, "{body}");
    let mut times: Vec<Instant> = heard.into_iter().map(|heard| heard.join().expect("it hears")).collect();
    times.sort_unstable();
    let spread = times[times.len() - 1] - times[0];
    let work = format!("one change to {listeners} listeners, from the first to the last");
    Row::new(&work, (0.5, 0.1), spread.as_secs_f64(), false, |s| ms(Duration::from_secs_f64(s)))
}

fn median(work: impl Fn()) -> f64 {
    let mut times: Vec<Duration> = (0..TIMES)
        .map(|_| {
            let started = Instant::now();
            work();
            started.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[TIMES / 2].as_secs_f64()
}
