//! The server's certificate: read from two files, and read again when they change.
//!
//! In: the paths of a certificate chain and its key, in PEM. Out: handshakes. Always true: what is handed out has been
//! checked as a pair; a new pair that does not fit is said in the log, and the old one stays.

use std::{
    convert::Infallible,
    fs, io,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use tokio::{
    task::spawn_blocking,
    time::{error::Elapsed, sleep, timeout},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    },
    server::TlsStream,
};

/// How often the files are looked at. They are small, and comparing what is in them sees every way of replacing them.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// A client that has not finished its handshake by then is gone, or never meant to.
const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(10);

/// Where a certificate and its key lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The certificate and those between it and the root, in PEM.
    pub cert: PathBuf,
    /// Its key, in PEM.
    pub key: PathBuf,
}

/// A pair that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{path} cannot be read: {source}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file holds no PEM of the wanted kind.
    #[error("{path} holds no {what} in PEM form")]
    NotPem {
        /// Which file.
        path: PathBuf,
        /// What was looked for.
        what: &'static str,
    },
    /// The two do not belong together, or the library does not take them.
    #[error("the certificate {cert} and the key {key} cannot be used together: {source}")]
    NoPair {
        /// Which certificate.
        cert: PathBuf,
        /// Which key.
        key: PathBuf,
        /// What is wrong.
        source: rustls::Error,
    },
}

/// The server's certificate; cheap to clone.
#[derive(Debug, Clone)]
pub struct Tls(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    files: Files,
    config: RwLock<Arc<ServerConfig>>,
    /// What was read last, whether it could be used or not: a broken pair is told once.
    read: RwLock<Pair>,
}

/// What stands in the two files.
#[derive(Debug, PartialEq, Eq)]
struct Pair {
    cert: Vec<u8>,
    key: Vec<u8>,
}

impl Tls {
    /// Reads the pair.
    ///
    /// # Errors
    /// [`TlsError`] is one sentence that names the file.
    pub fn open(files: Files) -> Result<Self, TlsError> {
        let pair = read(&files)?;
        let config = config(&files, &pair)?;
        Ok(Self(Arc::new(Inner { files, config: RwLock::new(config), read: RwLock::new(pair) })))
    }

    /// Shakes hands on a connection.
    ///
    /// # Errors
    /// What the client did wrong, or that it took too long.
    pub async fn accept<S>(&self, stream: S) -> Result<TlsStream<S>, HandshakeError>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    {
        let config = Arc::clone(&self.0.config.read().unwrap_or_else(PoisonError::into_inner));
        Ok(timeout(HANDSHAKE_DEADLINE, TlsAcceptor::from(config).accept(stream)).await??)
    }

    /// Looks at the files from time to time and takes what has changed.
    pub async fn watch(self) -> Infallible {
        loop {
            sleep(LOOK_EVERY).await;
            let tls = self.clone();
            match spawn_blocking(move || tls.look()).await {
                Ok(Ok(true)) => tracing::info!("the new certificate is in use"),
                Ok(Ok(false)) => {}
                Ok(Err(error)) => tracing::error!(%error, "the certificate stays as it was"),
                Err(error) => tracing::error!(%error, "the certificate could not be looked at"),
            }
        }
    }

    /// Whether there is a new pair, which is used from now on.
    fn look(&self) -> Result<bool, TlsError> {
        // Between two renames a file may be missing for a moment; the next look finds it.
        let Ok(pair) = read(&self.0.files) else { return Ok(false) };
        if *self.0.read.read().unwrap_or_else(PoisonError::into_inner) == pair {
            return Ok(false);
        }
        let config = config(&self.0.files, &pair);
        *self.0.read.write().unwrap_or_else(PoisonError::into_inner) = pair;
        *self.0.config.write().unwrap_or_else(PoisonError::into_inner) = config?;
        Ok(true)
    }
}

/// A handshake that came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum HandshakeError {
    /// It took too long.
    #[error("no whole handshake within {} s", HANDSHAKE_DEADLINE.as_secs())]
    Late(#[from] Elapsed),
    /// The client speaks something else, or broke off.
    #[error(transparent)]
    Broken(#[from] io::Error),
}

fn read(files: &Files) -> Result<Pair, TlsError> {
    let read = |path: &PathBuf| fs::read(path).map_err(|source| TlsError::Unreadable { path: path.clone(), source });
    Ok(Pair { cert: read(&files.cert)?, key: read(&files.key)? })
}

fn config(files: &Files, pair: &Pair) -> Result<Arc<ServerConfig>, TlsError> {
    let no_pem = |path: &PathBuf, what| TlsError::NotPem { path: path.clone(), what };
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&pair.cert)
        .collect::<Result<_, _>>()
        .ok()
        .filter(|chain: &Vec<_>| !chain.is_empty())
        .ok_or_else(|| no_pem(&files.cert, "certificate"))?;
    let key = PrivateKeyDer::from_pem_slice(&pair.key).map_err(|_| no_pem(&files.key, "private key"))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key));
    let no_pair = |source| TlsError::NoPair { cert: files.cert.clone(), key: files.key.clone(), source };
    let mut config = config.map_err(no_pair)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
