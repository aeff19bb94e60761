//! A Node process of `tests/js`, driven by JSON lines.
//!
//! In: commands. Out: their answers, and the events that came by themselves, all of which are kept. It ends when this
//! is dropped. The packages are installed by their lock file the first time, should they be missing.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::{oneshot, watch},
    time::timeout,
};

/// Longer than anything a command waits for by itself.
const ANSWER_DEADLINE: Duration = Duration::from_secs(60);

type Waiting = Mutex<HashMap<u64, oneshot::Sender<Result<Value, String>>>>;

/// A running process.
#[derive(Debug)]
pub struct Node {
    name: String,
    stdin: tokio::sync::Mutex<ChildStdin>,
    waiting: Arc<Waiting>,
    events: watch::Receiver<Vec<Value>>,
    next: AtomicU64,
    _child: Child,
}

impl Node {
    /// Starts `node tests/js/<script>` and waits until it is ready.
    pub async fn start(script: &str) -> Self {
        let folder = folder();
        install(&folder);
        let mut child = Command::new("node")
            .arg(script)
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node can be run");
        let stdin = child.stdin.take().expect("stdin is piped");
        let stdout = child.stdout.take().expect("stdout is piped");
        let waiting = Arc::new(Waiting::default());
        let (say, mut events) = watch::channel(Vec::new());
        tokio::task::spawn(read(stdout, Arc::clone(&waiting), say));
        let ready = |events: &Vec<Value>| events.iter().any(|event| event["event"] == "ready");
        timeout(ANSWER_DEADLINE, events.wait_for(ready)).await.expect("it is ready in time").expect("it runs");
        let stdin = tokio::sync::Mutex::new(stdin);
        Self { name: script.to_owned(), stdin, waiting, events, next: AtomicU64::new(1), _child: child }
    }

    /// Runs one command (`do` and what goes with it) and returns its answer.
    ///
    /// # Errors
    /// What the process says went wrong.
    pub async fn call(&self, mut command: Value) -> Result<Value, String> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        command["id"] = json!(id);
        let (reply, answer) = oneshot::channel();
        self.waiting.lock().unwrap().insert(id, reply);
        let line = format!("{command}\n");
        self.stdin.lock().await.write_all(line.as_bytes()).await.expect("it reads its commands");
        timeout(ANSWER_DEADLINE, answer)
            .await
            .unwrap_or_else(|_| panic!("{} does not answer {command}", self.name))
            .unwrap_or_else(|_| panic!("{} ended before it answered {command}", self.name))
    }

    /// Every event so far.
    #[must_use]
    pub fn events(&self) -> Vec<Value> {
        self.events.borrow().clone()
    }

    /// Waits for an event like this, one of the past too.
    pub async fn event(&self, what: &str, like: impl Fn(&Value) -> bool) -> Value {
        let mut events = self.events.clone();
        let found = timeout(ANSWER_DEADLINE, events.wait_for(|events| events.iter().any(&like))).await;
        let found = found.unwrap_or_else(|_| panic!("no event: {what}")).expect("it runs");
        found.iter().find(|event| like(event)).cloned().expect("it was found")
    }
}

async fn read(stdout: ChildStdout, waiting: Arc<Waiting>, events: watch::Sender<Vec<Value>>) {
    let mut lines = BufReader::new(stdout).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let mut said: Value = serde_json::from_str(&line).expect("a line is JSON");
        if said.get("event").is_some() {
            events.send_modify(|events| events.push(said));
            continue;
        }
        let answer = match said.get("error") {
            Some(error) => Err(error.as_str().unwrap_or_default().to_owned()),
            None => Ok(said["ok"].take()),
        };
        let id = said["id"].as_u64().expect("an answer names its command");
        if let Some(reply) = waiting.lock().unwrap().remove(&id) {
            // A test that has given up needs no answer.
            let _ = reply.send(answer);
        }
    }
    waiting.lock().unwrap().clear();
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("js")
}

/// Brings the packages, once for all tests of this process.
fn install(folder: &Path) {
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = INSTALLING.lock().unwrap();
    if folder.join("node_modules/.package-lock.json").exists() {
        return;
    }
    let installed = std::process::Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund", "--silent"])
        .current_dir(folder)
        .status()
        .expect("npm can be run");
    assert!(installed.success(), "npm ci in {}", folder.display());
}
