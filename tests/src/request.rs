//! One HTTP request over a plain socket: from any address of this machine, with every header to be seen, or with an
//! answer that does not end.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use crate::raw::PATIENCE;

/// An answer.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The HTTP status.
    pub status: u16,
    /// Names in small letters, and values.
    pub headers: Vec<(String, String)>,
    /// The body: JSON, or its text.
    pub body: Value,
}

impl Answered {
    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
    }
}

/// A loopback address of its own: 127.0.0.1, 127.0.0.2 …
#[must_use]
pub fn from(last: u8) -> IpAddr {
    Ipv4Addr::new(127, 0, 0, last).into()
}

/// Sends a request with a JSON body from this address and reads the answer.
pub async fn send(server: &str, from: IpAddr, method: &str, path: &str, body: &Value) -> Answered {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let head = format!("connection: close\r\ncontent-type: application/json\r\ncontent-length: {}", body.len());
    let mut stream = open(server, from, method, path, &head, &body).await;
    let mut text = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut text)).await.expect("it answers in time").expect("it is text");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("a status");
    let headers = lines.filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name.to_lowercase(), value.trim().to_owned())).collect();
    Answered { status, headers, body: serde_json::from_str(body).unwrap_or_else(|_| body.into()) }
}

/// Opens a request and leaves the answer to be read.
pub async fn open(server: &str, from: IpAddr, method: &str, path: &str, head: &str, body: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(SocketAddr::new(from, 0)).expect("an address of this machine");
    let mut stream = socket.connect(server.parse().expect("an address")).await.expect("it accepts");
    let request = format!("{method} {path} HTTP/1.1\r\nhost: {server}\r\n{head}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).await.expect("it reads");
    stream
}
