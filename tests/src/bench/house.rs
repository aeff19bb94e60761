//! The real server with plans in it, and what the system says about its process.

use std::{net::SocketAddr, thread, time::Duration};

use plansync_tests::{
    http::{Http, token},
    server::{Server, Start},
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::load::Load;

/// The kernel's unit of CPU time, `USER_HZ`.
const TICKS_PER_SECOND: f64 = 100.0;
/// Plans are created by so many at once: each creation waits for a commit.
const CREATORS: usize = 16;

/// A server under test.
pub struct House {
    runtime: Runtime,
    server: Server,
}

impl House {
    /// On a fresh folder.
    pub fn open() -> Self {
        Self::with(Start::default())
    }

    /// On a fresh folder, as told.
    pub fn with(start: Start) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("the system has threads");
        let server = runtime.block_on(Server::start_with(start));
        Self { runtime, server }
    }

    pub fn server(&self) -> &Server {
        &self.server
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address().parse().expect("the server tells its address")
    }

    /// Stops in order.
    pub fn stop(&mut self) {
        let code = self.runtime.block_on(self.server.stop());
        assert_eq!(code, Some(0), "the server stops in order");
    }

    /// Starts again on the same folder and port, after [`House::stop`].
    pub fn start(&mut self) {
        self.runtime.block_on(self.server.restart());
    }

    /// Creates the plans `prefix-0` and so on, each with 20 tasks.
    pub fn create_plans(&self, prefix: &str, count: usize) {
        let plan = plan_of_20_tasks();
        thread::scope(|scope| {
            for creator in 0..CREATORS {
                let (http, plan) = (self.server.http(), &plan);
                scope.spawn(move || {
                    for number in (creator..count).step_by(CREATORS) {
                        create(&http, &format!("{prefix}-{number}"), plan);
                    }
                });
            }
        });
    }

    /// Everybody of a plan comes: `people` names, of which the first ones are said to write later.
    pub fn fill(&self, load: &mut Load, name: &str, people: usize) -> Vec<usize> {
        let plan = load.plan();
        (0..people).map(|person| load.join(self.address(), plan, &path(name, person))).collect()
    }

    /// CPU seconds of the server so far.
    pub fn cpu(&self) -> f64 {
        cpu_of(&self.server.pid().to_string())
    }

    /// Resident memory of the server in KiB.
    pub fn memory_kib(&self) -> f64 {
        self.server.memory_bytes() as f64 / 1024.0
    }
}

/// The address of a plan's websocket for its n-th person.
pub fn path(plan: &str, person: usize) -> String {
    let party = if person.is_multiple_of(2) { "buyer" } else { "seller" };
    format!("/v1/sync/{plan}?token={}", token(plan, &format!("p-{person}"), party, "owner"))
}

/// CPU seconds of a process, `self` being this one.
pub fn cpu_of(process: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name may hold spaces; what follows it does not.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks: f64 = fields.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    ticks / TICKS_PER_SECOND
}

/// Everybody comes and has the whole plan, or the benchmark makes no sense.
pub fn settle(load: &mut Load) {
    let (missing, _) = load.settle(Duration::from_secs(60));
    assert_eq!(missing, 0, "everybody is synced");
}

fn create(http: &Http, id: &str, plan: &Value) {
    let (status, body) = http.post("/v1/plans", &json!({"id": id, "plan": plan}));
    assert_eq!(status, 201, "{body}");
}

/// A plan as peers were measured with: 20 tasks with the fields that a page sets.
fn plan_of_20_tasks() -> Value {
    let task = |n: usize| {
        json!({
            "id": format!("task-{n}"), "milestone": format!("ms-{}", n % 5), "title": format!("Task number {n} of the plan"),
            "kind": "task", "party": if n.is_multiple_of(2) { "buyer" } else { "seller" }, "owners": ["b-cfo"],
            "due": format!("2026-03-{:02}", 1 + n), "status": "pending", "notes": "Waiting for the answer of legal.",
        })
    };
    let milestone = |n: usize| json!({"id": format!("ms-{n}"), "title": format!("Milestone {n}"), "due": "2026-03-31"});
    json!({
        "schema": "plansync.plan/1",
        "meta": {"title": "A plan of 20 tasks", "target": {"kind": "close", "date": "2026-04-30"}, "stage": "active"},
        "parties": [{"id": "buyer", "kind": "buyer"}, {"id": "seller", "kind": "seller"}],
        "people": [{"id": "b-cfo", "party": "buyer", "role": "CFO"}],
        "milestones": (0..5).map(milestone).collect::<Vec<_>>(),
        "tasks": (0..20).map(task).collect::<Vec<_>>(),
    })
}
