//! The server with a certificate of its own: https and wss alone, a new certificate without a restart, and nobody who
//! holds on to a handshake. And whose request it is: forwarded headers are believed from named proxies alone.

use std::{path::PathBuf, process::Stdio, sync::Arc, time::Duration};

use futures_util::{SinkExt as _, StreamExt as _};
use plansync_protocol::wire::{self, Frame};
use plansync_tests::{
    http::token,
    server::{API_KEY, Server, Start, binary},
    wait::eventually,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName},
    },
};
use tokio_tungstenite::{client_async, tungstenite::Message};

const PATIENCE: Duration = Duration::from_secs(20);

/// Two files that a server reads its certificate from.
struct Pair {
    folder: TempDir,
    /// The certificate that was written last.
    der: CertificateDer<'static>,
}

impl Pair {
    fn new() -> Self {
        let mut pair = Self { folder: tempfile::tempdir().unwrap(), der: CertificateDer::from(Vec::new()) };
        pair.renew();
        pair
    }

    fn cert(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    fn key(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }

    /// Another certificate in the place of the one before.
    fn renew(&mut self) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(self.cert(), made.cert.pem()).unwrap();
        std::fs::write(self.key(), made.signing_key.serialize_pem()).unwrap();
        self.der = made.cert.der().clone();
    }

    fn start(&self) -> Start {
        let path = |path: PathBuf| path.to_string_lossy().into_owned();
        let args = ["--tls-cert".to_owned(), path(self.cert()), "--tls-key".to_owned(), path(self.key())];
        Start { args: args.to_vec(), ..Start::default() }
    }

    /// Connects as somebody who trusts this certificate and no other.
    async fn connect(&self, server: &Server) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(server.address()).await?;
        TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), stream).await
    }

    /// The answer to a request of the workspace.
    async fn ask(&self, server: &Server, head: &str, body: &str) -> String {
        let mut stream = self.connect(server).await.expect("the certificate is the server's");
        let length = body.len();
        let request = format!(
            "{head} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {API_KEY}\r\nConnection: close\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // Some servers end a stream without saying so; what counts is what has come.
        let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    async fn create_sample(&self, server: &Server, id: &str) {
        let sample: Value = serde_json::from_str(plansync_protocol::plan::SAMPLE).unwrap();
        let body = json!({"id": id, "plan": sample}).to_string();
        let answer = self.ask(server, "POST /v1/plans", &body).await;
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    }
}

#[tokio::test]
async fn a_server_with_a_certificate_speaks_https_and_wss_alone() {
    let pair = Pair::new();
    let server = Server::start_with(pair.start()).await;
    assert_eq!(server.scheme(), "https");
    pair.create_sample(&server, "acme").await;
    let answer = pair.ask(&server, "GET /healthz", "").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.to_lowercase().contains("strict-transport-security: max-age="), "{answer}");
    let request = json!({"person": "ann", "party": "buyer", "access": "editor"}).to_string();
    let answer = pair.ask(&server, "POST /v1/plans/acme/tokens", &request).await;
    assert!(answer.contains("\"url\":\"https://localhost/p/acme#token="), "{answer}");

    let address = format!("wss://localhost/v1/sync/acme?token={}", token("acme", "ann", "buyer", "editor"));
    let (mut socket, _) = client_async(address, pair.connect(&server).await.unwrap()).await.expect("it is let in");
    let first = timeout(PATIENCE, socket.next()).await.unwrap().unwrap().unwrap();
    assert!(matches!(wire::decode(&first.into_data()), Ok(Frame::SyncStep1(_))));
    socket.send(Message::binary(wire::encode(&Frame::SyncStep1(&[0])))).await.unwrap();
    timeout(PATIENCE, async {
        while !matches!(wire::decode(&socket.next().await.unwrap().unwrap().into_data()), Ok(Frame::SyncStep2(_))) {}
    })
    .await
    .expect("the plan comes");

    let mut plain = TcpStream::connect(server.address()).await.unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, plain.read_to_end(&mut answer)).await.unwrap();
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");

    // The commands of a terminal trust whom SSL_CERT_FILE names, and nobody by themselves.
    for (trusts, fits) in [(pair.cert(), true), (PathBuf::from("/dev/null"), false)] {
        let port = server.address().rsplit_once(':').unwrap().1;
        let ran = tokio::process::Command::new(binary())
            .args(["plan", "list", "--url", &format!("https://localhost:{port}"), "--key", API_KEY])
            .env("SSL_CERT_FILE", trusts)
            .env_remove("SSL_CERT_DIR")
            .stdin(Stdio::null())
            .output()
            .await
            .unwrap();
        assert_eq!(ran.status.success(), fits, "{}", String::from_utf8_lossy(&ran.stderr));
    }
}

#[tokio::test]
async fn a_new_certificate_is_taken_without_a_restart_and_a_broken_one_is_not() {
    let mut pair = Pair::new();
    let server = Server::start_with(pair.start()).await;
    pair.create_sample(&server, "acme").await;
    let address = format!("wss://localhost/v1/sync/acme?token={}", token("acme", "ann", "buyer", "editor"));
    let (mut before, _) = client_async(address, pair.connect(&server).await.unwrap()).await.unwrap();

    pair.renew();
    eventually("the new certificate", async || pair.connect(&server).await.ok().map(drop)).await;
    assert!(server.log().contains("the new certificate is in use"));

    // A certificate with the key of another one.
    let kept = pair.der.clone();
    std::fs::write(pair.key(), rcgen::KeyPair::generate().unwrap().serialize_pem()).unwrap();
    eventually("a word on it", async || server.log().contains("cannot be used together").then_some(())).await;
    assert_eq!(pair.der, kept);
    pair.connect(&server).await.expect("the old pair is still in use");

    pair.renew();
    eventually("the mended pair", async || pair.connect(&server).await.ok().map(drop)).await;

    // Who was there before has not noticed.
    before.send(Message::binary(wire::encode(&Frame::SyncStep1(&[0])))).await.unwrap();
    timeout(PATIENCE, async {
        while !matches!(wire::decode(&before.next().await.unwrap().unwrap().into_data()), Ok(Frame::SyncStep2(_))) {}
    })
    .await
    .expect("the old connection lives");
}

#[tokio::test]
async fn a_pair_that_cannot_be_used_is_one_sentence_and_no_server() {
    let pair = Pair::new();
    let other = Pair::new();
    let text = |path: PathBuf| path.to_string_lossy().into_owned();
    let cases = [
        (vec!["--tls-cert".to_owned(), text(pair.cert())], "tls_key is not"),
        (vec!["--tls-key".to_owned(), text(pair.key())], "tls_cert is not"),
        (
            vec!["--tls-cert".into(), text(pair.cert()), "--tls-key".into(), "/nowhere".into()],
            "/nowhere cannot be read",
        ),
        (vec!["--tls-cert".into(), text(pair.key()), "--tls-key".into(), text(pair.key())], "holds no certificate"),
        (vec!["--tls-cert".into(), text(pair.cert()), "--tls-key".into(), text(pair.cert())], "holds no private key"),
        (vec!["--tls-cert".into(), text(pair.cert()), "--tls-key".into(), text(other.key())], "used together"),
        (vec!["--trusted-proxies".into(), "10.0.0.0/40".into()], "trusted_proxies has \"10.0.0.0/40\""),
    ];
    for (args, word) in cases {
        let failed = Server::try_start(Start { args, ..Start::default() }).await.expect_err("it does not start");
        assert!(failed.stderr.contains(word) && failed.status.contains('2'), "{word}: {failed:?}");
    }
}

#[tokio::test]
async fn whoever_dawdles_over_a_handshake_is_let_go_and_keeps_nobody_out() {
    let pair = Pair::new();
    let server = Server::start_with(pair.start()).await;
    let begin = tokio::time::Instant::now();
    let mut silent = Vec::new();
    for _ in 0..200 {
        silent.push(TcpStream::connect(server.address()).await.unwrap());
    }
    // The first byte of a handshake, and never the second.
    for stream in &mut silent {
        stream.write_all(&[0x16]).await.unwrap();
    }
    let answer = pair.ask(&server, "GET /healthz", "").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    for mut stream in silent {
        let mut byte = [0];
        let read = timeout(PATIENCE, stream.read(&mut byte)).await.expect("it is closed in time");
        assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
    }
    let took = begin.elapsed().as_secs();
    assert!((8..20).contains(&took), "they had their ten seconds: {took}");
}

#[tokio::test]
async fn a_forwarded_header_of_an_untrusted_peer_changes_nothing() {
    let request = json!({"person": "ann", "party": "buyer", "access": "editor"});
    let answer = |server: &Server| {
        let url = format!("http://{}/v1/plans/acme/tokens", server.address());
        let mut answer = ureq::post(url)
            .header("Authorization", format!("Bearer {API_KEY}"))
            .header("X-Forwarded-For", "203.0.113.9")
            .header("X-Forwarded-Proto", "https")
            .send_json(&request)
            .unwrap();
        answer.body_mut().read_json::<Value>().unwrap()["url"].as_str().unwrap().to_owned()
    };
    for (proxies, scheme, client) in [("10.0.0.0/8", "http", "127.0.0.1"), ("127.0.0.0/8", "https", "203.0.113.9")] {
        let args = ["--trusted-proxies".to_owned(), proxies.to_owned()].to_vec();
        let env = vec![("PLANSYNC_LOG".to_owned(), "debug".to_owned())];
        let server = Server::start_with(Start { args, env, ..Start::default() }).await;
        server.http().create_sample("acme");
        let url = answer(&server);
        assert!(url.starts_with(&format!("{scheme}://")), "{proxies}: {url}");
        let log = server.log();
        let line = log.lines().rfind(|line| line.contains("answered")).unwrap();
        assert!(line.contains(&format!("client=\"{client}\"")), "{proxies}: {line}");
    }
}
