//! The real server as a process of its own, on a free port of 127.0.0.1 and a folder of its own.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    sync::watch,
    time::timeout,
};

use crate::http::Http;

/// The API key of every server of a test.
pub const API_KEY: &str = "api-key-of-the-tests-0123456789";
/// The secret that signs tokens.
pub const TOKEN_SECRET: &str = "token-secret-of-the-tests-0123456789";
/// How long a server may take to listen; a store that is checked after a crash takes longer than a fresh one.
const START_DEADLINE: Duration = Duration::from_secs(30);
/// How long a server may take to stop in order.
const STOP_DEADLINE: Duration = Duration::from_secs(30);

/// Where the server's binary lies.
#[must_use]
pub fn binary() -> PathBuf {
    std::env::var_os("PLANSYNC_BIN").map_or_else(
        || {
            // Beside the test's own binary, where `cargo build` puts both.
            let own = std::env::current_exe().expect("a process knows its binary");
            let folder = own.ancestors().nth(2).expect("a test lies in target/<profile>/deps");
            [folder.join("plansync"), own.with_file_name("plansync")]
                .into_iter()
                .find(|path| path.exists())
                .expect("no server binary: run cargo build -p plansync-server, or set PLANSYNC_BIN")
        },
        PathBuf::from,
    )
}

/// A running server. Dropping it kills it.
#[derive(Debug)]
pub struct Server {
    child: Child,
    address: String,
    scheme: String,
    folder: PathBuf,
    log: PathBuf,
    env: Vec<(String, String)>,
    /// What it has printed after its first line.
    printed: watch::Receiver<Vec<String>>,
    /// Removed with the last server on it.
    _owned: Option<TempDir>,
}

/// What a server starts with.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// The folder to use; a fresh one otherwise.
    pub folder: Option<PathBuf>,
    /// The address to listen on, to come back on the same port.
    pub listen: Option<String>,
    /// Further arguments of `plansync serve`.
    pub args: Vec<String>,
    /// Further environment.
    pub env: Vec<(String, String)>,
    /// A shell line to run first, such as a `ulimit`.
    pub before: Option<String>,
    /// Another server than [`binary`].
    pub binary: Option<PathBuf>,
}

impl Server {
    /// Starts a server on a fresh folder.
    pub async fn start() -> Self {
        Self::start_with(Start::default()).await
    }

    /// Starts a server as told and waits until it listens.
    pub async fn start_with(start: Start) -> Self {
        match Self::try_start(start).await {
            Ok(server) => server,
            Err(failed) => panic!("the server did not start: {} {}", failed.status, failed.stderr),
        }
    }

    /// Starts a server, or tells how it ended.
    ///
    /// # Errors
    /// The exit status and everything on stderr.
    pub async fn try_start(start: Start) -> Result<Self, Failed> {
        let (folder, owned) = match start.folder {
            Some(folder) => (folder, None),
            None => {
                let owned = tempfile::tempdir().expect("a temporary folder");
                (owned.path().to_owned(), Some(owned))
            }
        };
        std::fs::create_dir_all(&folder).expect("the folder can be made");
        let log = folder.join("server.log");
        let stderr = std::fs::OpenOptions::new().create(true).append(true).open(&log).expect("the log can be made");
        let binary = start.binary.unwrap_or_else(binary);
        let mut command = match &start.before {
            Some(before) => {
                let mut shell = Command::new("bash");
                shell.arg("-c").arg(format!("{before}; exec \"$0\" \"$@\"")).arg(&binary);
                shell
            }
            None => Command::new(&binary),
        };
        let mut child = command
            .arg("serve")
            .args(["--listen", start.listen.as_deref().unwrap_or("127.0.0.1:0")])
            .arg("--data")
            .arg(&folder)
            .args(&start.args)
            .env("PLANSYNC_API_KEY", API_KEY)
            .env("PLANSYNC_TOKEN_SECRET", TOKEN_SECRET)
            .envs(start.env.clone())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .kill_on_drop(true)
            .spawn()
            .expect("the server's binary can be run");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
        let first =
            timeout(START_DEADLINE, lines.next_line()).await.expect("it listens in time").expect("its stdout is text");
        let address = first.as_deref().and_then(|line| line.strip_prefix("listening ")?.split_once("://"));
        let Some((scheme, address)) = address else {
            let status = child.wait().await.expect("it has ended").to_string();
            return Err(Failed { status, stderr: std::fs::read_to_string(&log).unwrap_or_default() });
        };
        let (address, scheme) = (address.to_owned(), scheme.to_owned());
        // The rest is read in any case: a full pipe would stop the server.
        let (print, printed) = watch::channel(Vec::new());
        tokio::task::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                print.send_modify(|lines| lines.push(line));
            }
        });
        Ok(Self { child, address, scheme, folder, log, env: start.env, printed, _owned: owned })
    }

    /// `127.0.0.1:PORT`
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// `http` or `https`, as it says in its first line.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// `ws://127.0.0.1:PORT`
    #[must_use]
    pub fn ws(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// Its HTTP interface, as the workspace.
    #[must_use]
    pub fn http(&self) -> Http {
        Http::new(&self.address, API_KEY)
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What it has logged.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits for a line on stdout with these words.
    pub async fn printed(&self, words: &[&str]) -> String {
        let mut printed = self.printed.clone();
        let like = |line: &String| words.iter().all(|word| line.split_whitespace().any(|each| each == *word));
        let found = timeout(START_DEADLINE, printed.wait_for(|lines| lines.iter().any(like))).await;
        let found = found.unwrap_or_else(|_| panic!("no line with {words:?}")).expect("it runs");
        found.iter().find(|line| like(line)).cloned().expect("it was found")
    }

    /// The number of its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Resident memory in bytes.
    #[must_use]
    pub fn memory_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kib.unwrap_or_default() * 1024
    }

    /// `kill -9`: nothing is flushed, nobody is told.
    pub async fn kill(&mut self) {
        self.child.start_kill().expect("it runs");
        self.child.wait().await.expect("it has ended");
    }

    /// Sends a signal, by its name.
    pub fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        let sent = std::process::Command::new("kill").args([&format!("-{name}"), &pid]).status().expect("kill runs");
        assert!(sent.success(), "the signal reaches the server");
    }

    /// SIGTERM, and the exit code after the drain.
    pub async fn stop(&mut self) -> Option<i32> {
        self.signal("TERM");
        self.ended().await
    }

    /// Waits for its end by itself.
    pub async fn ended(&mut self) -> Option<i32> {
        timeout(STOP_DEADLINE, self.child.wait()).await.expect("it stops in time").expect("it has ended").code()
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Starts again on the same folder and port and with the same environment; this one has to have ended.
    pub async fn restart(&mut self) {
        let start = Start {
            folder: Some(self.folder.clone()),
            listen: Some(self.address.clone()),
            env: self.env.clone(),
            ..Start::default()
        };
        let next = Self::start_with(start).await;
        let owned = self._owned.take();
        *self = Self { _owned: owned, ..next };
    }
}

/// Checks the store of a stopped server with `plansync verify`, and returns what that says.
///
/// # Errors
/// The sentence that names what is wrong.
pub async fn verify(folder: &Path) -> Result<String, String> {
    let ran = Command::new(binary()).arg("verify").arg("--data").arg(folder).output().await.expect("it can be run");
    if ran.status.success() {
        Ok(String::from_utf8_lossy(&ran.stdout).trim().to_owned())
    } else {
        Err(String::from_utf8_lossy(&ran.stderr).trim().to_owned())
    }
}

/// A server that did not start.
#[derive(Debug)]
pub struct Failed {
    /// How it ended.
    pub status: String,
    /// What it said.
    pub stderr: String,
}
