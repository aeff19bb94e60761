//! The task that owns the socket of one plan.
//!
//! In: what the machine wants sent, the server's frames, the clock. Out: frames, updates applied to the document,
//! status. It keeps the pause before the next attempt.
//! What is always true: one message at most waits in the socket's buffer; a write that takes longer than
//! [`WRITE_MAX`] and a silence longer than [`SILENCE_MAX`] end the connection.
//! The task ends when the plan is closed, by its handles or by a final close of the server.

use std::{sync::Arc, time::Duration};

use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use plansync_protocol::{
    limits,
    wire::{self, CloseCode, Frame, close},
};
use tokio::{
    net::TcpStream,
    time::{self, Instant, MissedTickBehavior},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{
        self, Bytes, Message,
        handshake::client::Request,
        protocol::{CloseFrame, WebSocketConfig},
    },
};
use yrs::{
    ReadTxn, StateVector, Transact, Update,
    updates::{decoder::Decode, encoder::Encode},
};

use crate::{
    backoff::{Backoff, BackoffBounds},
    machine::{Command, MachineError, Transmit},
    plan::{Shared, Status},
};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// From the first packet to the end of the handshake.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// From a message to an empty buffer.
const WRITE_MAX: Duration = Duration::from_secs(10);
/// Presence is renewed and the server pinged.
const BEAT: Duration = Duration::from_secs(15);
/// Three pings without an answer.
const SILENCE_MAX: Duration = Duration::from_secs(45);
/// For the goodbye, and for what is still to be sent before it.
const GOODBYE_MAX: Duration = Duration::from_secs(2);
/// The frame around the largest payload.
const FRAME_BYTES_MAX: usize = limits::DOCUMENT_BYTES_MAX + 16;

/// Why a connection, or an attempt at one, ended.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("the plan was closed here")]
    Stopped,
    #[error("the server closed with {code}: {reason}")]
    ByServer { code: u16, reason: String },
    #[error("the server sent what it should not")]
    Protocol(#[from] MachineError),
    #[error("an update of the server cannot be applied: {0}")]
    Update(String),
    #[error("our copy is too large to send")]
    TooLarge,
    #[error("the connection broke")]
    Socket(#[from] tungstenite::Error),
    #[error("{0} took too long")]
    TooSlow(&'static str),
}

impl Ended {
    /// The close code and reason if no further attempt makes sense.
    fn final_close(&self) -> Option<(u16, String)> {
        let ours = |code: CloseCode| Some((code.number(), code.reason().to_owned()));
        match self {
            Self::Stopped => Some((1000, "closed".to_owned())),
            Self::ByServer { code, reason } if close::is_final(*code) => Some((*code, reason.clone())),
            Self::Protocol(error @ MachineError::OtherEpoch { .. }) => ours(error.close_code()),
            Self::TooLarge => ours(CloseCode::TooLarge),
            Self::Socket(tungstenite::Error::Http(response)) => match response.status().as_u16() {
                401 => ours(CloseCode::Unauthorized),
                403 => ours(CloseCode::NotAllowed),
                404 => ours(CloseCode::NotFound),
                _ => None,
            },
            _ => None,
        }
    }

    /// What to tell the server.
    fn goodbye(&self) -> Option<CloseFrame> {
        let (code, reason) = match self {
            Self::Stopped => (1000, "closed"),
            Self::Protocol(error) => (error.close_code().number(), error.close_code().reason()),
            Self::Update(_) => (CloseCode::Malformed.number(), CloseCode::Malformed.reason()),
            Self::TooLarge => (CloseCode::TooLarge.number(), CloseCode::TooLarge.reason()),
            Self::ByServer { .. } | Self::Socket(_) | Self::TooSlow(_) => return None,
        };
        Some(CloseFrame { code: code.into(), reason: reason.into() })
    }
}

/// Keeps the plan connected until it is closed.
pub(crate) async fn run(shared: Arc<Shared>, request: Request, bounds: BackoffBounds) {
    let mut backoff = Backoff::new(bounds);
    loop {
        shared.set_status(Status::Connecting);
        let begun = Instant::now();
        let ended = match connect(&shared, &request).await {
            Ok(socket) => Session::new(&shared, socket).run().await,
            Err(ended) => ended,
        };
        let retry_after = shared.machine().retry_after_ms().map_or(Duration::ZERO, Duration::from_millis);
        shared.machine().disconnected();
        if let Some((code, reason)) = ended.final_close() {
            tracing::debug!(code, reason, "the plan is closed");
            shared.set_status(Status::Closed { code, reason });
            return;
        }
        backoff.lasted(begun.elapsed());
        let pause = backoff.next(rand::random()) + retry_after.min(bounds.max);
        tracing::debug!(error = &ended as &dyn std::error::Error, ?pause, "offline");
        shared.set_status(Status::Offline);
        let mut stop = shared.stop.subscribe();
        tokio::select! {
            () = time::sleep(pause) => {}
            _ = stop.wait_for(|stop| *stop) => {
                shared.set_status(Status::Closed { code: 1000, reason: "closed".to_owned() });
                return;
            }
        }
    }
}

async fn connect(shared: &Shared, request: &Request) -> Result<Socket, Ended> {
    // Hundreds of plans in one process: small buffers, and messages no larger than the protocol's.
    let config = WebSocketConfig::default()
        .read_buffer_size(8 << 10)
        .write_buffer_size(0)
        .max_message_size(Some(FRAME_BYTES_MAX))
        .max_frame_size(Some(FRAME_BYTES_MAX));
    let mut stop = shared.stop.subscribe();
    tokio::select! {
        biased;
        _ = stop.wait_for(|stop| *stop) => Err(Ended::Stopped),
        connected = time::timeout(
            CONNECT_MAX,
            tokio_tungstenite::connect_async_with_config(request.clone(), Some(config), true),
        ) => Ok(connected.map_err(|_| Ended::TooSlow("connecting"))??.0),
    }
}

/// One connection.
struct Session<'a> {
    shared: &'a Shared,
    sink: SplitSink<Socket, Message>,
    stream: SplitStream<Socket>,
    /// Until when the message in the buffer has to be out.
    write_deadline: Option<Instant>,
    /// A ping is due before the next message.
    ping_due: bool,
}

impl<'a> Session<'a> {
    fn new(shared: &'a Shared, socket: Socket) -> Self {
        let (sink, stream) = socket.split();
        Self { shared, sink, stream, write_deadline: None, ping_due: false }
    }

    /// Runs the connection to its end.
    async fn run(mut self) -> Ended {
        let ended = match self.serve().await {
            Ok(never) => match never {},
            Err(ended) => ended,
        };
        if let Some(goodbye) = ended.goodbye() {
            let _ = time::timeout(GOODBYE_MAX, self.leave(goodbye, matches!(ended, Ended::Stopped))).await;
        }
        ended
    }

    async fn serve(&mut self) -> Result<std::convert::Infallible, Ended> {
        let mut stop = self.shared.stop.subscribe();
        let mut beat = time::interval_at(Instant::now() + BEAT, BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut silent_until = Instant::now() + SILENCE_MAX;
        loop {
            if self.write_deadline.is_none() {
                self.send_next().await?;
            }
            let writing = self.write_deadline;
            tokio::select! {
                biased;
                // The last handle is gone, or asked for the end.
                _ = stop.wait_for(|stop| *stop) => return Err(Ended::Stopped),
                // The buffer is empty: room for the next message.
                flushed = self.sink.flush(), if writing.is_some() => {
                    flushed?;
                    self.write_deadline = None;
                }
                // The server does not read.
                () = time::sleep_until(writing.unwrap_or(silent_until)), if writing.is_some() => {
                    return Err(Ended::TooSlow("a write"));
                }
                // A message, or the end.
                message = self.stream.next() => {
                    silent_until = Instant::now() + SILENCE_MAX;
                    self.receive(message.unwrap_or(Err(tungstenite::Error::ConnectionClosed))?)?;
                }
                // An edit or a presence to send.
                () = self.shared.wake.notified(), if writing.is_none() => {}
                // Presence is renewed, and the server has to show that it lives.
                _ = beat.tick() => {
                    self.shared.machine().presence.tick();
                    self.ping_due = true;
                }
                // It does not.
                () = time::sleep_until(silent_until) => return Err(Ended::TooSlow("an answer")),
            }
        }
    }

    /// Puts the next message, if there is one, into the empty buffer. Does not wait.
    async fn send_next(&mut self) -> Result<(), Ended> {
        let message = if std::mem::take(&mut self.ping_due) {
            Message::Ping(Bytes::new())
        } else if let Some(bytes) = self.next_frame()? {
            Message::binary(bytes)
        } else {
            return Ok(());
        };
        self.write_deadline = Some(Instant::now() + WRITE_MAX);
        Ok(self.sink.feed(message).await?)
    }

    fn next_frame(&self) -> Result<Option<Vec<u8>>, Ended> {
        let polled = self.shared.machine().poll_transmit();
        self.show_progress();
        let frame = match polled {
            None => return Ok(None),
            Some(Transmit::Frame(frame)) => frame,
            Some(Transmit::Ask) => {
                let state = self.shared.doc.transact().state_vector().encode_v1();
                if state.len() > limits::STATE_VECTOR_BYTES_MAX {
                    return Err(Ended::TooLarge);
                }
                wire::encode(&Frame::SyncStep1(&state))
            }
            Some(Transmit::State(since)) => {
                let since = StateVector::decode_v1(&since).map_err(|error| Ended::Update(error.to_string()))?;
                let update = self.shared.doc.transact().encode_diff_v1(&since);
                if update.len() > limits::DOCUMENT_BYTES_MAX {
                    return Err(Ended::TooLarge);
                }
                wire::encode(&Frame::SyncStep2(&update))
            }
        };
        Ok(Some(frame))
    }

    fn receive(&self, message: Message) -> Result<(), Ended> {
        match message {
            Message::Binary(bytes) => {
                let command = self.shared.machine().received(&bytes)?;
                match command {
                    Command::Nothing => {}
                    Command::Apply(update) => self.apply(update)?,
                    Command::Tell(event) => drop(self.shared.events.send(event)),
                }
                self.show_progress();
                Ok(())
            }
            Message::Close(frame) => {
                let (code, reason) = frame.map_or((1005, String::new()), |f| (f.code.into(), f.reason.to_string()));
                Err(Ended::ByServer { code, reason })
            }
            // The answer to a ping is written by tungstenite; texts have no meaning.
            _ => Ok(()),
        }
    }

    fn apply(&self, update: &[u8]) -> Result<(), Ended> {
        let update = Update::decode_v1(update).map_err(|error| Ended::Update(error.to_string()))?;
        let gap = {
            let mut txn = self.shared.doc.transact_mut_with("server");
            txn.apply_update(update).map_err(|error| Ended::Update(error.to_string()))?;
            txn.has_missing_updates()
        };
        if gap {
            self.shared.machine().gap_seen();
        }
        Ok(())
    }

    /// Shows what the machine knows to those who wait for it.
    fn show_progress(&self) {
        let (welcomed, live, durable) = {
            let machine = self.shared.machine();
            (machine.is_welcomed(), machine.is_live(), machine.edits_durable())
        };
        if live {
            self.shared.set_status(Status::Live);
        } else if welcomed && *self.shared.status.borrow() == Status::Connecting {
            self.shared.set_status(Status::Syncing);
        }
        self.shared.durable.send_if_modified(|shown| std::mem::replace(shown, durable) != durable);
    }

    /// Sends what is left, if the end is of our own will, and the close frame.
    async fn leave(&mut self, goodbye: CloseFrame, send_rest: bool) -> Result<(), Ended> {
        if send_rest {
            self.shared.machine().presence.set(None);
            while let Some(frame) = self.next_frame()? {
                self.sink.send(Message::binary(frame)).await?;
            }
        }
        self.sink.send(Message::Close(Some(goodbye))).await?;
        while self.stream.next().await.is_some_and(|message| message.is_ok()) {}
        Ok(())
    }
}
