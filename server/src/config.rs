//! Every setting: a flag, an environment variable, a line in `plansync.toml`, in this order of weight.
//!
//! Every one has a default that is right for most. Secrets have no flag: the list of processes shows flags.

mod limits;

use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Args, builder::BoolishValueParser};
use serde::Deserialize;

use limits::LimitLines;
pub use limits::{LimitFlags, Limits};

/// The settings file that is read when it is there and no other is named.
const FILE: &str = "plansync.toml";

/// Long enough for a pause in typing, short enough for who waits for the change.
const SETTLE_MS: u64 = 2_000;
/// Beyond it nobody would connect a change with what they saw.
const SETTLE_MAX: Duration = Duration::from_secs(60);

/// Long enough for an endpoint to come back from a restart.
const WEBHOOK_RETRY_MS: u64 = 5_000;
/// Beyond it a moment's failure would hold changes up for minutes.
const WEBHOOK_RETRY_MAX: Duration = Duration::from_secs(60);

/// Settings of `plansync serve`, as flags and environment variables give them.
#[derive(Debug, Clone, Default, Args)]
pub struct Flags {
    /// Address to listen on; port 0 takes any free one [default: 127.0.0.1:4300]
    #[arg(long, env = "PLANSYNC_LISTEN", value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Folder of the store and the secrets; made if it is not there [default: ./plansync-data]
    #[arg(long, env = "PLANSYNC_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// Create the plan `demo` from the built-in sample and print links to it
    #[arg(long, env = "PLANSYNC_DEMO")]
    demo: bool,
    /// Settings file [default: plansync.toml, if it is there]
    #[arg(long, env = "PLANSYNC_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address that links point to, such as https://plans.example.com [default: the request's host]
    #[arg(long, env = "PLANSYNC_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
    /// Origins besides this server's own whose pages may open plans, such as https://crm.example.com
    #[arg(long, env = "PLANSYNC_ORIGINS", value_name = "ORIGIN", value_delimiter = ',')]
    origins: Option<Vec<String>>,
    /// Origins whose pages may show pages of this server within them, such as https://crm.example.com
    #[arg(long, env = "PLANSYNC_EMBED_ORIGINS", value_name = "ORIGIN", value_delimiter = ',')]
    embed_origins: Option<Vec<String>>,
    /// Certificate chain in PEM: the server speaks https alone, and takes a new one without a restart
    #[arg(long, env = "PLANSYNC_TLS_CERT", value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// Key of the certificate in PEM
    #[arg(long, env = "PLANSYNC_TLS_KEY", value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// Addresses or networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, such as 10.0.0.0/8
    #[arg(long, env = "PLANSYNC_TRUSTED_PROXIES", value_name = "NETWORK", value_delimiter = ',')]
    trusted_proxies: Option<Vec<String>>,
    /// Threads that plans live on [default: one per core]
    #[arg(long, env = "PLANSYNC_WORKERS", value_name = "N")]
    workers: Option<usize>,
    /// Milliseconds that a field has to be still before it is told as one change [default: 2000]
    #[arg(long, env = "PLANSYNC_SETTLE_MS", value_name = "MS")]
    settle_ms: Option<u64>,
    /// Let webhooks reach private, loopback and link-local addresses
    #[arg(long, env = "PLANSYNC_WEBHOOK_ALLOW_PRIVATE", value_parser = BoolishValueParser::new())]
    webhook_allow_private: bool,
    /// Milliseconds before a failed delivery to a webhook is tried again the first time; later waits and the three
    /// days after which it is paused are multiples of it [default: 5000]
    #[arg(long, env = "PLANSYNC_WEBHOOK_RETRY_MS", value_name = "MS")]
    webhook_retry_ms: Option<u64>,
    /// What to log, such as info or plansync_server=debug [default: info]
    #[arg(long, env = "PLANSYNC_LOG", value_name = "FILTER")]
    log: Option<String>,
    /// How to log [default: text]
    #[arg(long, env = "PLANSYNC_LOG_FORMAT", value_name = "FORMAT")]
    log_format: Option<LogFormat>,
    #[command(flatten)]
    limits: LimitFlags,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// A line for a person.
    #[default]
    Text,
    /// A JSON object a line.
    Json,
}

/// The lines of `plansync.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    listen: Option<SocketAddr>,
    data: Option<PathBuf>,
    demo: Option<bool>,
    public_url: Option<String>,
    origins: Option<Vec<String>>,
    embed_origins: Option<Vec<String>>,
    tls_cert: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    trusted_proxies: Option<Vec<String>>,
    workers: Option<usize>,
    settle_ms: Option<u64>,
    webhook_allow_private: Option<bool>,
    webhook_retry_ms: Option<u64>,
    log: Option<String>,
    log_format: Option<LogFormat>,
    api_key: Option<String>,
    token_secret: Option<String>,
    limits: LimitLines,
}

/// The settings the server runs with.
#[derive(Clone)]
pub struct Config {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Folder of the store and the secrets.
    pub data: PathBuf,
    /// Whether to create the demonstration plan.
    pub demo: bool,
    /// Where links point.
    pub public_url: Option<String>,
    /// Further origins whose pages may open plans.
    pub origins: Vec<String>,
    /// Origins whose pages may show pages of this server within them.
    pub embed_origins: Vec<String>,
    /// Where the certificate lies and where its key; without them the server speaks plain http.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Proxies whose word is taken for whose request it is.
    pub trusted_proxies: Vec<String>,
    /// Threads that plans live on.
    pub workers: usize,
    /// How long a field has to be still to be told as one change.
    pub settle: Duration,
    /// Whether webhooks may reach private, loopback and link-local addresses.
    pub webhook_allow_private: bool,
    /// How long a failed delivery to a webhook waits the first time.
    pub webhook_retry: Duration,
    /// How much there may be of everything.
    pub limits: Limits,
    /// What to log.
    pub log: String,
    /// How to log.
    pub log_format: LogFormat,
    /// The workspace's API key, where it was given.
    pub api_key: Option<String>,
    /// The secret that signs tokens, where it was given.
    pub token_secret: Option<String>,
}

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file that was named cannot be read.
    #[error("the settings file {path} cannot be read: {source}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file holds something that is no setting.
    #[error("the settings file {path} is wrong: {source}")]
    Wrong {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// A value is out of its range.
    #[error("{0}")]
    Value(String),
}

impl Config {
    /// From flags and environment, then the file, then the defaults.
    ///
    /// # Errors
    /// [`ConfigError`] is one sentence that names the setting.
    pub fn load(flags: Flags) -> Result<Self, ConfigError> {
        let file = match &flags.config {
            Some(path) => read(path)?,
            None if Path::new(FILE).exists() => read(Path::new(FILE))?,
            None => File::default(),
        };
        let secret = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let tls = match (flags.tls_cert.or(file.tls_cert), flags.tls_key.or(file.tls_key)) {
            (Some(cert), Some(key)) => Some((cert, key)),
            (None, None) => None,
            (Some(_), None) => return Err(ConfigError::Value("tls_cert is given and tls_key is not".to_owned())),
            (None, Some(_)) => return Err(ConfigError::Value("tls_key is given and tls_cert is not".to_owned())),
        };
        let config = Self {
            limits: Limits::choose(&flags.limits, &file.limits)?,
            tls,
            trusted_proxies: flags.trusted_proxies.or(file.trusted_proxies).unwrap_or_default(),
            listen: flags.listen.or(file.listen).unwrap_or(SocketAddr::from(([127, 0, 0, 1], 4300))),
            data: flags.data.or(file.data).unwrap_or_else(|| PathBuf::from("./plansync-data")),
            demo: flags.demo || file.demo.unwrap_or_default(),
            public_url: flags.public_url.or(file.public_url),
            origins: flags.origins.or(file.origins).unwrap_or_default(),
            embed_origins: flags.embed_origins.or(file.embed_origins).unwrap_or_default(),
            workers: flags
                .workers
                .or(file.workers)
                .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)),
            settle: Duration::from_millis(flags.settle_ms.or(file.settle_ms).unwrap_or(SETTLE_MS)),
            webhook_allow_private: flags.webhook_allow_private || file.webhook_allow_private.unwrap_or_default(),
            webhook_retry: Duration::from_millis(
                flags.webhook_retry_ms.or(file.webhook_retry_ms).unwrap_or(WEBHOOK_RETRY_MS),
            ),
            log: flags.log.or(file.log).unwrap_or_else(|| "info".to_owned()),
            log_format: flags.log_format.or(file.log_format).unwrap_or_default(),
            api_key: secret("PLANSYNC_API_KEY").or(file.api_key),
            token_secret: secret("PLANSYNC_TOKEN_SECRET").or(file.token_secret),
        };
        if !(1..=256).contains(&config.workers) {
            return Err(ConfigError::Value(format!("workers is {}, and should be 1 to 256", config.workers)));
        }
        if config.settle > SETTLE_MAX {
            return Err(ConfigError::Value(format!(
                "settle_ms is {}, and should be at most {}",
                config.settle.as_millis(),
                SETTLE_MAX.as_millis()
            )));
        }
        if config.webhook_retry.is_zero() || config.webhook_retry > WEBHOOK_RETRY_MAX {
            return Err(ConfigError::Value(format!(
                "webhook_retry_ms is {}, and should be 1 to {}",
                config.webhook_retry.as_millis(),
                WEBHOOK_RETRY_MAX.as_millis()
            )));
        }
        for (name, origins) in [("origins", &config.origins), ("embed_origins", &config.embed_origins)] {
            if let Some(origin) = origins.iter().find(|origin| !is_origin(origin)) {
                return Err(ConfigError::Value(format!(
                    "{name} has {origin:?}, and should have origins such as https://crm.example.com, without a path"
                )));
            }
        }
        if let Some(url) = config.public_url.as_ref().filter(|url| !url.starts_with("http")) {
            return Err(ConfigError::Value(format!(
                "public_url is {url:?}, and should begin with https:// or http://"
            )));
        }
        Ok(config)
    }
}

/// `https://crm.example.com` or `http://localhost:3000`: what a browser says in `Origin`.
fn is_origin(origin: &str) -> bool {
    let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    host.is_some_and(|host| !host.is_empty() && host.bytes().all(allowed))
}

fn read(path: &Path) -> Result<File, ConfigError> {
    let text = fs::read_to_string(path).map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
    toml::from_str(&text).map_err(|source| ConfigError::Wrong { path: path.to_owned(), source: Box::new(source) })
}
