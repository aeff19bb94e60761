//! A websocket client without manners: it sends any bytes, and sees every frame and how the connection ends.
//!
//! Every wait has a bound, and the panic at its end says what was waited for.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use plansync_protocol::wire::{self, Frame, Hello, SUBPROTOCOL, Welcome};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message, client::IntoClientRequest as _, http::HeaderValue},
};
use yrs::{
    Any, Doc, Map as _, OffsetKind, Options, Out, ReadTxn as _, StateVector, Transact as _, TransactionMut, Update,
    WriteTxn as _, block::ClientID, updates::decoder::Decode as _, updates::encoder::Encode as _,
};

use crate::server::Server;

/// How long anything may take that a person would wait for; a busy machine stretches it.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The number in the close frame; 1006 where there was none.
    pub code: u16,
    /// The reason beside it.
    pub reason: String,
}

/// A handshake that was not answered with 101.
#[derive(Debug, Clone)]
pub struct Refused {
    /// The HTTP status.
    pub status: u16,
    /// The kind of the body.
    pub content_type: String,
    /// The body.
    pub body: serde_json::Value,
}

/// How to open a websocket.
#[derive(Debug, Clone, Default)]
pub struct Dial {
    /// Path and query.
    pub path: String,
    /// What it offers in `Sec-WebSocket-Protocol`.
    pub protocol: Option<String>,
    /// What it sends as `Origin`.
    pub origin: Option<String>,
    /// What it sends as `X-Forwarded-For`.
    pub forwarded: Option<String>,
}

/// What became of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The connection lives; `asked` where the server sent a SyncStep1 on it.
    Alive {
        /// Whether the server asked for what it lacks.
        asked: bool,
    },
    /// The connection ended.
    Closed(Closed),
}

/// An open websocket.
#[derive(Debug)]
pub struct Raw {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// The subprotocol that the server chose.
    pub protocol: Option<String>,
}

impl Raw {
    /// Opens a websocket.
    ///
    /// # Errors
    /// The answer, where it is not 101.
    pub async fn dial(server: &Server, dial: Dial) -> Result<Self, Refused> {
        let mut request = format!("{}{}", server.ws(), dial.path).into_client_request().expect("an address");
        let headers = [
            ("Sec-WebSocket-Protocol", &dial.protocol),
            ("Origin", &dial.origin),
            ("X-Forwarded-For", &dial.forwarded),
        ];
        for (name, value) in headers {
            if let Some(value) = value {
                request.headers_mut().insert(name, HeaderValue::from_str(value).expect("a header"));
            }
        }
        match timeout(PATIENCE, connect_async(request)).await.expect("the handshake is answered in time") {
            Ok((socket, answer)) => {
                let protocol = answer.headers().get("Sec-WebSocket-Protocol");
                Ok(Self { socket, protocol: protocol.map(|value| value.to_str().expect("a name").to_owned()) })
            }
            Err(tungstenite::Error::Http(answer)) => {
                let content_type = answer.headers().get("Content-Type").and_then(|value| value.to_str().ok());
                let body = answer.body().as_deref().unwrap_or_default();
                Err(Refused {
                    status: answer.status().as_u16(),
                    content_type: content_type.unwrap_or_default().to_owned(),
                    body: serde_json::from_slice(body).unwrap_or_default(),
                })
            }
            Err(error) => panic!("the handshake broke: {error}"),
        }
    }

    /// A stock client with its token in the address.
    pub async fn stock(server: &Server, plan: &str, token: &str) -> Self {
        let path = format!("/v1/sync/{plan}?token={token}");
        Self::dial(server, Dial { path, ..Dial::default() }).await.expect("it is let in")
    }

    /// A `plansync.v1` client that has not said Hello.
    pub async fn silent(server: &Server, plan: &str) -> Self {
        let path = format!("/v1/sync/{plan}");
        let dial = Dial { path, protocol: Some(SUBPROTOCOL.to_owned()), ..Dial::default() };
        Self::dial(server, dial).await.expect("it is let in")
    }

    /// A `plansync.v1` client that has said Hello and been welcomed.
    pub async fn plansync(server: &Server, plan: &str, token: &str) -> (Self, Welcome) {
        let mut raw = Self::silent(server, plan).await;
        raw.send(&hello(token)).await;
        let welcome = raw
            .until("the Welcome", |frame| match frame {
                Frame::Welcome(welcome) => Some(welcome.clone()),
                _ => None,
            })
            .await;
        (raw, welcome)
    }

    /// Sends bytes as one binary frame. Whether they arrive shows in what comes back.
    pub async fn send(&mut self, bytes: &[u8]) {
        let _ = timeout(PATIENCE, self.socket.send(Message::binary(bytes.to_vec()))).await;
    }

    /// Sends many frames at once.
    pub async fn send_all(&mut self, frames: impl IntoIterator<Item = Vec<u8>>) {
        let sending = async {
            for frame in frames {
                self.socket.feed(Message::binary(frame)).await?;
            }
            self.socket.flush().await
        };
        let _ = timeout(PATIENCE, sending).await;
    }

    /// Sends a text frame.
    pub async fn send_text(&mut self, text: &str) {
        let _ = timeout(PATIENCE, self.socket.send(Message::text(text.to_owned()))).await;
    }

    /// The next binary message.
    ///
    /// # Errors
    /// How the connection ended.
    pub async fn next(&mut self) -> Result<Bytes, Closed> {
        let broken = |reason: String| Closed { code: 1006, reason };
        loop {
            match timeout(PATIENCE, self.socket.next()).await.expect("something comes in time") {
                Some(Ok(Message::Binary(bytes))) => return Ok(bytes),
                Some(Ok(Message::Close(Some(frame)))) => {
                    return Err(Closed { code: frame.code.into(), reason: frame.reason.to_string() });
                }
                Some(Ok(Message::Close(None))) => return Err(broken("a close without a code".to_owned())),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(broken(error.to_string())),
                None => return Err(broken("the stream ended".to_owned())),
            }
        }
    }

    /// The next binary message, however long it takes; nothing when the connection has ended.
    pub async fn heard(&mut self) -> Option<Bytes> {
        loop {
            match self.socket.next().await? {
                Ok(Message::Binary(bytes)) => return Some(bytes),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// Waits for the frame that `pick` takes.
    pub async fn until<T>(&mut self, what: &str, mut pick: impl FnMut(&Frame<'_>) -> Option<T>) -> T {
        let waiting = async {
            loop {
                let bytes = match self.next().await {
                    Ok(bytes) => bytes,
                    Err(closed) => panic!("{what} never came: {closed:?}"),
                };
                if let Some(picked) = pick(&wire::decode(&bytes).expect("the server's frames are well formed")) {
                    return picked;
                }
            }
        };
        timeout(2 * PATIENCE, waiting).await.unwrap_or_else(|_| panic!("{what} did not come in time"))
    }

    /// Waits for the connection's end, past whatever comes before it.
    pub async fn closed(&mut self) -> Closed {
        let waiting = async {
            loop {
                if let Err(closed) = self.next().await {
                    return closed;
                }
            }
        };
        timeout(2 * PATIENCE, waiting).await.expect("the connection ends in time")
    }

    /// Sends bytes and tells what became of them: the question that follows is answered, or the connection ends.
    /// The greeting has to be read before.
    pub async fn try_frame(&mut self, bytes: &[u8]) -> Outcome {
        self.send(bytes).await;
        self.send(&ask_all()).await;
        let mut asked = false;
        loop {
            match self.next().await.map(|bytes| wire::decode(&bytes).map(|frame| frame.name()).unwrap_or_default()) {
                Ok("SyncStep2") => return Outcome::Alive { asked },
                Ok(name) => asked |= name == "SyncStep1",
                Err(closed) => return Outcome::Closed(closed),
            }
        }
    }

    /// Reads up to the server's SyncStep1 and gives its state vector.
    pub async fn greeting(&mut self) -> Vec<u8> {
        self.until("the server's SyncStep1", |frame| match frame {
            Frame::SyncStep1(state_vector) => Some(state_vector.to_vec()),
            _ => None,
        })
        .await
    }

    /// The next Ack: its count and seq.
    pub async fn ack(&mut self) -> (u64, u64) {
        self.until("an Ack", |frame| match frame {
            Frame::Ack { count, seq } => Some((*count, *seq)),
            _ => None,
        })
        .await
    }

    /// Waits until that many frames have been acknowledged and gives the seq.
    pub async fn acked(&mut self, wanted: u64) -> u64 {
        self.until("the last Ack", |frame| match frame {
            Frame::Ack { count, seq } if *count >= wanted => Some(*seq),
            _ => None,
        })
        .await
    }

    /// Reads into a copy until its title is this.
    pub async fn until_title(&mut self, pen: &Pen, title: &str) {
        if pen.title().as_deref() == Some(title) {
            return;
        }
        self.until(&format!("the title {title:?}"), |frame| {
            pen.hear(frame);
            (pen.title().as_deref() == Some(title)).then_some(())
        })
        .await;
    }
}

/// A Hello frame.
#[must_use]
pub fn hello(token: &str) -> Vec<u8> {
    wire::encode(&Frame::Hello(Hello { token: Some(token.to_owned()), client: "raw/1".to_owned(), since_seq: None }))
}

/// The SyncStep1 of somebody who has nothing.
#[must_use]
pub fn ask_all() -> Vec<u8> {
    wire::encode(&Frame::SyncStep1(&[0]))
}

/// An Update frame.
#[must_use]
pub fn update(update: &[u8]) -> Vec<u8> {
    sync(2, update)
}

/// A SyncStep2 frame.
#[must_use]
pub fn sync_step_2(update: &[u8]) -> Vec<u8> {
    sync(1, update)
}

/// A sync frame of any subtype and size; the protocol's own writer refuses what is above the limit.
#[must_use]
pub fn sync(subtype: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0, subtype];
    wire::lib0::write_var_bytes(&mut frame, payload);
    frame
}

/// An awareness frame around any payload.
#[must_use]
pub fn awareness(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![1];
    wire::lib0::write_var_bytes(&mut frame, payload);
    frame
}

/// The awareness frame of one client.
#[must_use]
pub fn present(client: u64, clock: u64, state: &str) -> Vec<u8> {
    let mut payload = vec![1];
    wire::lib0::write_var_uint(&mut payload, client);
    wire::lib0::write_var_uint(&mut payload, clock);
    wire::lib0::write_var_string(&mut payload, state);
    awareness(&payload)
}

/// A copy of a plan and the hand that writes in it.
#[derive(Debug)]
pub struct Pen(Doc);

impl Pen {
    /// An empty copy that writes as this Yjs client.
    #[must_use]
    pub fn new(client: u64) -> Self {
        let mut options = Options::with_client_id(ClientID::new(client));
        options.offset_kind = OffsetKind::Utf16;
        Self(Doc::with_options(options))
    }

    /// Edits in one transaction and gives its update.
    pub fn write(&self, edit: impl FnOnce(&mut TransactionMut<'_>)) -> Vec<u8> {
        let mut txn = self.0.transact_mut();
        edit(&mut txn);
        txn.commit();
        txn.encode_update_v1()
    }

    /// Gives the plan a title.
    pub fn set_title(&self, title: &str) -> Vec<u8> {
        self.write(|txn| {
            let meta = txn.get_or_insert_map("meta");
            meta.insert(txn, "title", title);
        })
    }

    /// The plan's title in this copy.
    #[must_use]
    pub fn title(&self) -> Option<String> {
        let txn = self.0.transact();
        match txn.get_map("meta")?.get(&txn, "title")? {
            Out::Any(Any::String(title)) => Some(title.to_string()),
            _ => None,
        }
    }

    /// Takes in an update.
    pub fn read(&self, update: &[u8]) {
        let update = Update::decode_v1(update).expect("the server's updates can be read");
        self.0.transact_mut().apply_update(update).expect("the server's updates can be applied");
    }

    /// Takes in a frame, where it is one of the document.
    pub fn hear(&self, frame: &Frame<'_>) {
        if let Frame::SyncStep2(update) | Frame::Update(update) = frame {
            self.read(update);
        }
    }

    /// What this copy holds, as a state vector.
    #[must_use]
    pub fn state_vector(&self) -> Vec<u8> {
        self.0.transact().state_vector().encode_v1()
    }

    /// What somebody with this state vector lacks.
    #[must_use]
    pub fn difference(&self, state_vector: &[u8]) -> Vec<u8> {
        let state_vector = StateVector::decode_v1(state_vector).expect("a state vector");
        self.0.transact().encode_diff_v1(&state_vector)
    }

    /// The document itself.
    #[must_use]
    pub fn doc(&self) -> &Doc {
        &self.0
    }
}
