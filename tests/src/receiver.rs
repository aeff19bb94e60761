//! An endpoint for webhooks: takes requests on loopback, keeps them, and answers as it is told.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader},
    net::TcpListener,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer},
    },
};

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Received {
    /// The path with its query.
    pub path: String,
    /// Headers, their names in small letters.
    pub headers: HashMap<String, String>,
    /// The body.
    pub body: String,
    /// Whether it was answered with 2xx.
    pub taken: bool,
}

/// How a request is answered.
#[derive(Debug, Clone)]
pub enum Reply {
    /// With this status.
    Status(u16),
    /// With 302 to there.
    Redirect(String),
    /// The connection is closed without a word.
    HangUp,
    /// Never; the connection stays open until the other side closes it.
    Silence,
}

type Answer = Arc<dyn Fn(usize, &Received) -> Reply + Send + Sync>;

/// The endpoint. It listens until its test ends.
#[derive(Clone)]
pub struct Receiver {
    port: u16,
    received: Arc<Mutex<Vec<Received>>>,
    answer: Arc<Mutex<Answer>>,
    waiting: Arc<AtomicUsize>,
    waiting_most: Arc<AtomicUsize>,
}

impl Receiver {
    /// An endpoint that takes everything.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let answer: Answer = Arc::new(|_, _| Reply::Status(204));
        let receiver = Self {
            port,
            received: Arc::default(),
            answer: Arc::new(Mutex::new(answer)),
            waiting: Arc::default(),
            waiting_most: Arc::default(),
        };
        let own = receiver.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let own = own.clone();
                tokio::spawn(async move { own.serve(stream).await });
            }
        });
        receiver
    }

    /// Listens with TLS as well, and returns that port.
    pub async fn listen_tls(&self, certificate: CertificateDer<'static>, key: Vec<u8>) -> u16 {
        let key = PrivateKeyDer::try_from(key).expect("it is a private key");
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider knows TLS")
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .expect("they belong together");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let own = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (own, acceptor) = (own.clone(), acceptor.clone());
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        own.serve(stream).await;
                    }
                });
            }
        });
        port
    }

    /// Its address, with this path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// From now on requests are answered so; the first argument is how many came before.
    pub fn answer(&self, answer: impl Fn(usize, &Received) -> Reply + Send + Sync + 'static) {
        *self.answer.lock().expect("nobody panics with it") = Arc::new(answer);
    }

    /// Everything that came, in order.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().expect("nobody panics with it").clone()
    }

    /// How many requests have waited for an answer at the same time, at most.
    #[must_use]
    pub fn waiting_most(&self) -> usize {
        self.waiting_most.load(Ordering::SeqCst)
    }

    /// Takes one request and answers it, then closes the connection.
    pub async fn serve(&self, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let mut stream = BufReader::new(stream);
        let Some(request) = read(&mut stream).await else { return };
        let reply = {
            let answer = Arc::clone(&self.answer.lock().expect("nobody panics with it"));
            let mut received = self.received.lock().expect("nobody panics with it");
            let reply = answer(received.len(), &request);
            let taken = matches!(reply, Reply::Status(200..300));
            received.push(Received { taken, ..request });
            reply
        };
        let head = match reply {
            Reply::Status(status) => format!("HTTP/1.1 {status} As Told\r\n"),
            Reply::Redirect(to) => format!("HTTP/1.1 302 Elsewhere\r\nlocation: {to}\r\n"),
            Reply::HangUp => return,
            Reply::Silence => {
                let waiting = self.waiting.fetch_add(1, Ordering::SeqCst) + 1;
                self.waiting_most.fetch_max(waiting, Ordering::SeqCst);
                // Until the other side gives up.
                let _ = stream.read_u8().await;
                self.waiting.fetch_sub(1, Ordering::SeqCst);
                return;
            }
        };
        let answer = format!("{head}content-length: 0\r\nconnection: close\r\n\r\n");
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = stream.shutdown().await;
    }
}

async fn read(stream: &mut BufReader<impl AsyncRead + Unpin>) -> Option<Received> {
    let mut line = async || {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|read| *read > 0).map(|_| line.trim_end().to_owned())
    };
    let path = line().await?.split(' ').nth(1)?.to_owned();
    let mut headers = HashMap::new();
    loop {
        let line = line().await?;
        match line.split_once(": ") {
            Some((name, value)) => drop(headers.insert(name.to_ascii_lowercase(), value.to_owned())),
            None => break,
        }
    }
    let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
    stream.read_exact(&mut body).await.ok()?;
    Some(Received { path, headers, body: String::from_utf8(body).ok()?, taken: false })
}
