//! One websocket: bytes in and out, with a deadline on every write. The only file that names websocket types.

use std::{pin::Pin, time::Duration};

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use bytes::Bytes;
use futures_util::Sink as _;
use plansync_protocol::limits;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite;

use crate::{metrics, outbox::Close};

/// Keeps whole frames out of the log at every level: a Hello holds a token.
pub const FRAMES_UNSEEN: &str = "tungstenite=debug";
/// A socket that takes nothing for this long is gone, or as good as gone.
const WRITE_DEADLINE: Duration = Duration::from_secs(10);
/// How long the other side has to answer a close.
const CLOSE_DEADLINE: Duration = Duration::from_secs(1);
/// Reading and writing buffers: most messages are far smaller, and an idle connection keeps both.
const BUFFER_BYTES: usize = 512;
/// A SyncStep2 of a whole document with its head.
const MESSAGE_BYTES_MAX: usize = limits::DOCUMENT_BYTES_MAX + 64;

/// What came in.
#[derive(Debug)]
pub enum Heard {
    /// A binary message.
    Message(Bytes),
    /// A text message, which no client of ours sends.
    Text,
    /// A message above every limit.
    TooLarge,
    /// A sign of life.
    Alive,
    /// The other side has closed, or the connection broke.
    Gone,
}

/// The other side does not take what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stuck;

/// A websocket.
#[derive(Debug)]
pub struct Socket(WebSocket);

/// The limits of every websocket, set before it is one.
pub fn limited(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .max_message_size(MESSAGE_BYTES_MAX)
        .max_frame_size(MESSAGE_BYTES_MAX)
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(BUFFER_BYTES)
        .max_write_buffer_size(usize::MAX)
}

impl Socket {
    /// Of an upgraded connection.
    #[must_use]
    pub fn new(socket: WebSocket) -> Self {
        Self(socket)
    }

    /// Waits for the next message. Nothing is lost when the wait is given up.
    pub async fn hear(&mut self) -> Heard {
        match self.0.recv().await {
            Some(Ok(Message::Binary(bytes))) => {
                metrics::bytes_in(bytes.len());
                Heard::Message(bytes)
            }
            Some(Ok(Message::Text(_))) => Heard::Text,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Heard::Alive,
            Some(Ok(Message::Close(_))) | None => Heard::Gone,
            Some(Err(error)) => match error.into_inner().downcast_ref::<tungstenite::Error>() {
                Some(tungstenite::Error::Capacity(_)) => Heard::TooLarge,
                _ => Heard::Gone,
            },
        }
    }

    /// Writes messages, flushed once.
    ///
    /// # Errors
    /// [`Stuck`] when the other side does not take them in time, or is gone.
    pub async fn say(&mut self, messages: impl IntoIterator<Item = Bytes>) -> Result<(), Stuck> {
        self.write(messages.into_iter().map(|bytes| {
            metrics::bytes_out(bytes.len());
            Message::Binary(bytes)
        }))
        .await
    }

    /// Asks for a sign of life.
    ///
    /// # Errors
    /// As [`Socket::say`].
    pub async fn ping(&mut self) -> Result<(), Stuck> {
        self.write(std::iter::once(Message::Ping(Bytes::new()))).await
    }

    async fn write(&mut self, messages: impl Iterator<Item = Message>) -> Result<(), Stuck> {
        let writing = async {
            for message in messages {
                std::future::poll_fn(|context| self.sink().poll_ready(context)).await?;
                self.sink().start_send(message)?;
            }
            std::future::poll_fn(|context| self.sink().poll_flush(context)).await
        };
        timeout(WRITE_DEADLINE, writing).await.map_err(|_| Stuck)?.map_err(|_: axum::Error| Stuck)
    }

    /// Closes with a code and a reason, and waits a moment for the answer: a client that still sends would otherwise
    /// never read the reason.
    pub async fn close(mut self, close: &Close) {
        metrics::close(close.code.number());
        let mut reason = close.reason.clone();
        reason.truncate(reason.floor_char_boundary(120));
        let frame = CloseFrame { code: close.code.number(), reason: reason.into() };
        let closing = async {
            if self.write(std::iter::once(Message::Close(Some(frame)))).await.is_ok() {
                while !matches!(self.0.recv().await, None | Some(Err(_))) {}
            }
        };
        // Whoever does not answer is gone.
        let _ = timeout(CLOSE_DEADLINE, closing).await;
    }

    fn sink(&mut self) -> Pin<&mut WebSocket> {
        Pin::new(&mut self.0)
    }
}
