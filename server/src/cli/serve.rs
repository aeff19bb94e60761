//! `plansync serve`: settings, secrets, signals.

use std::{
    io::{IsTerminal as _, Write as _},
    sync::Arc,
};

use clap::Args;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tracing_subscriber::EnvFilter;

use super::demo;
use crate::{
    auth::{self, Auth, Secret},
    config::{Config, Flags, LogFormat},
    log::{self, Store},
    metrics,
    peer::Proxies,
    socket,
    startup::{Parts, Server},
    tls::{self, Tls},
    webhooks,
};

/// Settings of the server.
#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    flags: Flags,
}

impl Serve {
    pub(super) fn run(self) -> Result<(), String> {
        let config = Config::load(self.flags).map_err(|error| error.to_string())?;
        start_log(&config)?;
        // Ten thousand people are ten thousand sockets.
        if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
            tracing::warn!(%error, "the limit of open files stays as it is");
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .thread_name("sockets")
            .build()
            .map_err(|error| format!("no threads: {error}"))?;
        let outcome = runtime.block_on(serve(config));
        // All that is left are look-ups of names that nobody waits for any more.
        runtime.shutdown_background();
        outcome
    }
}

async fn serve(config: Config) -> Result<(), String> {
    if cfg!(feature = "unjudged") {
        tracing::warn!("this server was built for a measurement: everybody may write everything");
    }
    std::fs::create_dir_all(&config.data)
        .map_err(|error| format!("the data directory {} cannot be made: {error}", config.data.display()))?;
    let api_key = secret(config.api_key, &config.data.join("api-key"), "PLANSYNC_API_KEY")?;
    let token_secret = secret(config.token_secret, &config.data.join("token-secret"), "PLANSYNC_TOKEN_SECRET")?;
    let proxies = Proxies::parse(&config.trusted_proxies).map_err(|error| error.to_string())?;
    let files = config.tls.map(|(cert, key)| tls::Files { cert, key });
    let tls = files.map(Tls::open).transpose().map_err(|error| error.to_string())?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}; choose another --listen", config.listen))?;
    let address = listener.local_addr().map_err(|error| format!("the listener has no address: {error}"))?;
    let parts = Parts {
        listener,
        tls,
        proxies,
        limits: config.limits,
        auth: Arc::new(Auth::new(&api_key.value, &token_secret.value)),
        public_url: config.public_url.clone(),
        origins: config.origins,
        embed_origins: config.embed_origins,
        workers: config.workers,
        settle: config.settle,
        webhooks: webhooks::Settings {
            allow_private: config.webhook_allow_private,
            retry: config.webhook_retry,
            webhooks_max: config.limits.webhooks,
        },
        metrics: metrics::install().map_err(|error| error.to_string())?,
    };
    let server = Server::build(parts, Store::File(log::store_path(&config.data))).map_err(|error| error.to_string())?;
    let base = config.public_url.unwrap_or_else(|| format!("{scheme}://{address}"));
    let mut greeting = format!("listening {scheme}://{address}\n");
    if let Some(file) = api_key.made {
        greeting += &format!("the API key is in {}\n", file.display());
    }
    if config.demo {
        greeting += &demo::open(&server, &base).await?;
    }
    // From the first line on it can be told to stop in order.
    let stop = stop_signal();
    let mut stdout = std::io::stdout();
    // A closed stdout is no reason not to serve.
    let _ = stdout.write_all(greeting.as_bytes()).and_then(|()| stdout.flush());
    server.run(stop).await.map_err(|error| error.to_string())
}

fn secret(given: Option<String>, file: &std::path::Path, name: &'static str) -> Result<Secret, String> {
    auth::secret(given, file, name).map_err(|error| error.to_string())
}

/// Listens from now on. Resolves at the first signal; the second one ends the process at once.
fn stop_signal() -> impl Future<Output = ()> {
    let signals = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    async move {
        let (Ok(mut terminate), Ok(mut interrupt)) = signals else {
            tracing::error!("no signal can be heard; stop the server with kill -9");
            return std::future::pending().await;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        // The only task that nobody waits for: it ends the process.
        #[expect(clippy::disallowed_methods, reason = "it has no end but that of the process")]
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            std::process::exit(1);
        });
    }
}

fn start_log(config: &Config) -> Result<(), String> {
    let filter = EnvFilter::try_new(&config.log)
        .map_err(|error| format!("log is {:?}: {error}; try info or plansync_server=debug", config.log))?;
    let unseen = socket::FRAMES_UNSEEN.parse().map_err(|error| format!("{}: {error}", socket::FRAMES_UNSEEN))?;
    let filter = filter.add_directive(unseen);
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Colours are for a person at a terminal, not for a file.
    let builder = builder.with_ansi(std::io::stderr().is_terminal());
    match config.log_format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
    Ok(())
}
