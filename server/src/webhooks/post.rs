//! One request to an endpoint: the name is resolved, its addresses are checked, and one of those is connected to.
//!
//! In: where to, and what. Out: the status of the answer, or why there is none. The connection goes to the address
//! that has been checked, so a name that resolves to something else a moment later opens nothing. Redirects are not
//! followed, proxies of the environment are not asked, and nothing of the answer is read but its head.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, OnceLock},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Request,
    client::conn::http1,
    http::{Uri, header, uri::Scheme},
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName},
};

use super::address::is_public;

/// For the name and the connection together.
const CONNECT_DEADLINE: Duration = Duration::from_secs(5);
/// For all of it.
const DEADLINE: Duration = Duration::from_secs(15);
/// Addresses of a name that are tried; each gets its part of the time.
const ADDRESSES_MAX: usize = 4;
/// A longer one is no address of an endpoint.
const URL_BYTES_MAX: usize = 2_048;
/// The head of an answer.
const HEAD_BYTES_MAX: usize = 16 << 10;
/// Bodies are changes.
const CONTENT_TYPE: &str = "application/cloudevents+json";
/// Who sends it.
const USER_AGENT: &str = concat!("plansync/", env!("CARGO_PKG_VERSION"));

/// Sends deliveries.
#[derive(Debug)]
pub struct Post {
    allow_private: bool,
    /// Made for the first endpoint that wants it.
    tls: OnceLock<Arc<ClientConfig>>,
}

/// Where an endpoint is.
#[derive(Debug, Clone)]
pub struct Target {
    scheme_is_https: bool,
    /// A name, or an address without brackets.
    host: Box<str>,
    port: u16,
    authority: Box<str>,
    path: Uri,
}

/// What is sent.
#[derive(Debug)]
pub struct Parcel {
    /// `webhook-id`
    pub id: Box<str>,
    /// `webhook-timestamp`, in seconds.
    pub timestamp: u64,
    /// `webhook-signature`
    pub signature: String,
    /// The change as JSON.
    pub body: Bytes,
}

/// An address of the web that is none of an endpoint.
#[derive(Debug, thiserror::Error)]
#[error("url {0}")]
pub struct BadUrl(&'static str);

/// Why there is no answer, or not one that says it has been taken.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The name leads where deliveries may not go.
    #[error(
        "{0} is a private, loopback, link-local or otherwise not public address; --webhook-allow-private allows them"
    )]
    NotPublic(IpAddr),
    /// The name has no address.
    #[error("the name cannot be resolved: {0}")]
    Name(io::Error),
    /// Nobody takes the connection.
    #[error("no connection: {0}")]
    Connect(io::Error),
    /// The certificate is not that of the name, or not a valid one.
    #[error("no TLS: {0}")]
    Tls(io::Error),
    /// It speaks no HTTP, or hangs up.
    #[error("no answer: {0}")]
    Http(hyper::Error),
    /// It takes too long.
    #[error("no {what} within {} s", .within.as_secs())]
    Late {
        /// What did not come.
        what: &'static str,
        /// How long was waited.
        within: Duration,
    },
    /// It has answered with something other than 2xx.
    #[error("the endpoint answered {0}{note}", note = note(*.0))]
    Status(u16),
}

fn note(status: u16) -> &'static str {
    match status {
        300..=399 => "; redirects are not followed",
        _ => "",
    }
}

impl Failure {
    /// The status of the answer, where there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Status(status) => Some(*status),
            _ => None,
        }
    }

    /// Whether the endpoint wants nothing any more.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Status(410))
    }
}

impl Target {
    /// Reads an address that came from outside.
    ///
    /// # Errors
    /// [`BadUrl`] says what would be right.
    pub fn parse(url: &str) -> Result<Self, BadUrl> {
        if url.len() > URL_BYTES_MAX {
            return Err(BadUrl("is longer than 2048 bytes"));
        }
        let uri: Uri = url.parse().map_err(|_| BadUrl("is not one like https://crm.example.com/hook, in ASCII"))?;
        let scheme_is_https = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return Err(BadUrl("does not begin with https:// or http://")),
        };
        let authority = uri.authority().ok_or(BadUrl("names no host"))?;
        if authority.as_str().contains('@') {
            return Err(BadUrl("holds a name and password; use the signature instead"));
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err(BadUrl("names no host"));
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self {
            scheme_is_https,
            host: host.into(),
            port: authority.port_u16().unwrap_or(if scheme_is_https { 443 } else { 80 }),
            authority: authority.as_str().into(),
            path: path.parse().map_err(|_| BadUrl("has a path that is none"))?,
        })
    }
}

impl Post {
    /// Deliveries go to public addresses, and to others where that is allowed.
    #[must_use]
    pub fn new(allow_private: bool) -> Self {
        Self { allow_private, tls: OnceLock::new() }
    }

    /// The addresses of an endpoint that may be connected to.
    ///
    /// # Errors
    /// [`Failure::NotPublic`] when there are only others.
    pub async fn resolve(&self, target: &Target) -> Result<Vec<SocketAddr>, Failure> {
        let resolved = timeout(CONNECT_DEADLINE, lookup_host((&*target.host, target.port))).await;
        let late = Failure::Late { what: "address for the name", within: CONNECT_DEADLINE };
        self.check(resolved.map_err(|_| late)?.map_err(Failure::Name)?)
    }

    fn check(&self, addresses: impl Iterator<Item = SocketAddr>) -> Result<Vec<SocketAddr>, Failure> {
        let (mut allowed, mut refused) = (Vec::new(), None);
        for address in addresses {
            if self.allow_private || is_public(address.ip()) {
                allowed.push(address);
            } else {
                refused = Some(address.ip());
            }
        }
        match refused {
            _ if !allowed.is_empty() => Ok(allowed),
            Some(refused) => Err(Failure::NotPublic(refused)),
            None => Err(Failure::Name(io::Error::new(io::ErrorKind::NotFound, "it has no address"))),
        }
    }

    /// Sends one delivery and returns the status, which is 2xx.
    ///
    /// # Errors
    /// [`Failure`] says why it was not taken.
    pub async fn send(&self, target: &Target, parcel: Parcel) -> Result<u16, Failure> {
        let late = Failure::Late { what: "answer", within: DEADLINE };
        let status = timeout(DEADLINE, self.exchange(target, parcel)).await.map_err(|_| late)??;
        if (200..300).contains(&status) { Ok(status) } else { Err(Failure::Status(status)) }
    }

    async fn exchange(&self, target: &Target, parcel: Parcel) -> Result<u16, Failure> {
        let late = Failure::Late { what: "connection", within: CONNECT_DEADLINE };
        let stream = timeout(CONNECT_DEADLINE, self.connect(target)).await.map_err(|_| late)??;
        if !target.scheme_is_https {
            return ask(stream, target, parcel).await;
        }
        let name =
            ServerName::try_from(target.host.to_string()).map_err(|error| Failure::Tls(io::Error::other(error)))?;
        let tls = TlsConnector::from(Arc::clone(self.tls.get_or_init(tls)));
        ask(tls.connect(name, stream).await.map_err(Failure::Tls)?, target, parcel).await
    }

    async fn connect(&self, target: &Target) -> Result<TcpStream, Failure> {
        let mut addresses = self.resolve(target).await?;
        addresses.truncate(ADDRESSES_MAX);
        let part = CONNECT_DEADLINE / u32::try_from(addresses.len()).unwrap_or(1).max(1);
        let mut failed = io::Error::from(io::ErrorKind::TimedOut);
        for address in addresses {
            match timeout(part, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => failed = error,
                Err(_) => {}
            }
        }
        Err(Failure::Connect(failed))
    }
}

/// Sends the request and waits for the head of the answer.
async fn ask<S>(stream: S, target: &Target, parcel: Parcel) -> Result<u16, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let request = Request::post(target.path.clone())
        .header(header::HOST, &*target.authority)
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::CONTENT_TYPE, CONTENT_TYPE)
        .header(header::CONNECTION, "close")
        .header("webhook-id", &*parcel.id)
        .header("webhook-timestamp", parcel.timestamp)
        .header("webhook-signature", parcel.signature)
        .body(Full::new(parcel.body))
        .expect("a parsed address, an id of letters and numbers make a request");
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(HEAD_BYTES_MAX)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(Failure::Http)?;
    let answer = sender.send_request(request);
    tokio::pin!(answer, connection);
    let answer = tokio::select! {
        biased;
        answer = &mut answer => answer,
        // It has ended with the answer, or without one; the answer says which.
        _ = &mut connection => answer.await,
    };
    Ok(answer.map_err(Failure::Http)?.status().as_u16())
}

/// Trusts the well-known authorities, and those of this machine.
fn tls() -> Arc<ClientConfig> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.into() };
    let own = rustls_native_certs::load_native_certs();
    for error in &own.errors {
        tracing::debug!(%error, "certificates of this machine cannot be read");
    }
    roots.add_parsable_certificates(own.certs);
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider knows TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_web_address_without_a_password() {
        for bad in ["", "crm", "/hook", "ftp://a/b", "https://", "https://me:pw@a.example/", "https://ä.example/"] {
            assert!(Target::parse(bad).is_err(), "{bad}");
        }
        let target = Target::parse("https://[2606:4700::1111]:8443/a?b=c#d").unwrap();
        assert_eq!((&*target.host, target.port), ("2606:4700::1111", 8443));
        assert_eq!((&*target.authority, target.path.to_string().as_str()), ("[2606:4700::1111]:8443", "/a?b=c"));
        assert_eq!(Target::parse("http://crm.example.com").unwrap().port, 80);
    }

    #[tokio::test]
    async fn names_and_spellings_of_private_addresses_are_seen_through() {
        let post = Post::new(false);
        let spellings =
            ["localhost", "127.1", "2130706433", "0x7f000001", "017700000001", "[::1]", "[::ffff:7f00:1]", "0", "[::]"];
        for host in spellings {
            let target = Target::parse(&format!("http://{host}:80/")).unwrap();
            // What the resolver takes for no address at all opens nothing either.
            let refused = post.resolve(&target).await.unwrap_err();
            assert!(matches!(refused, Failure::NotPublic(_) | Failure::Name(_)), "{host}: {refused}");
        }
        assert!(Post::new(true).resolve(&Target::parse("http://127.0.0.1:80/").unwrap()).await.is_ok());
    }

    #[test]
    fn of_a_name_with_both_kinds_only_the_public_addresses_are_connected_to() {
        let both = ["10.0.0.1:443", "93.184.216.34:443"].map(|address| address.parse().unwrap());
        assert_eq!(Post::new(false).check(both.into_iter()).unwrap(), [both[1]]);
        assert_eq!(Post::new(true).check(both.into_iter()).unwrap(), both);
    }
}
