//! The task that owns the socket of one plan.
//!
//! In: what the machine says comes next, the server's frames, tokens, the clock. Out: frames, updates applied to the
//! document, status, events.
//! What is always true: one message at most waits in the socket's buffer; a write that takes longer than
//! [`WRITE_MAX`] and a silence longer than [`SILENCE_MAX`] end the connection.
//! The task ends when the plan is closed here; after a final close of the server it waits for that.

use std::{sync::Arc, time::Duration};

use crate::{
    client::random_client_id,
    machine::{Command, End, MachineError, Next, Transmit},
    plan::{PlanEvent, Shared},
    status::Status,
    token::Tokens,
};
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
    /// What the machine has to know of it.
    fn end(self) -> End {
        let ours = |code: CloseCode| End::Closed(code.number(), String::new());
        match self {
            Self::ByServer { code: 1005 | 1006, .. } => End::Broken("the connection broke".into()),
            Self::ByServer { code, reason } => {
                // A word that says no more than the number is not worth repeating.
                let is_known = CloseCode::from_number(code).is_some_and(|known| known.reason() == reason);
                End::Closed(code, if is_known && close::is_final(code) { String::new() } else { reason })
            }
            Self::Protocol(MachineError::OtherEpoch { .. }) => End::OtherEpoch,
            Self::Protocol(error @ MachineError::OtherPerson { .. }) => End::OtherPerson(error.to_string()),
            Self::TooLarge => ours(CloseCode::TooLarge),
            Self::Socket(tungstenite::Error::Http(response)) => match response.status().as_u16() {
                401 => ours(CloseCode::Unauthorized),
                403 => ours(CloseCode::NotAllowed),
                404 => ours(CloseCode::NotFound),
                status => End::Broken(format!("the server answered with {status}")),
            },
            Self::Protocol(error) => End::Broken(format!("the server sent what it should not ({error})")),
            Self::Socket(error) => End::Broken(format!("the connection broke ({error})")),
            Self::Stopped | Self::Update(_) | Self::TooSlow(_) => End::Broken(self.to_string()),
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

/// What the task works with.
pub(crate) struct Driver {
    pub(crate) shared: Arc<Shared>,
    pub(crate) request: Request,
    pub(crate) tokens: Arc<Tokens>,
}

/// Keeps the plan connected until it is closed, here or for good.
pub(crate) async fn run(driver: Driver) {
    let shared = &driver.shared;
    let mut stop = shared.stop.subscribe();
    let mut next = shared.core().machine.start();
    while !*stop.borrow_and_update() {
        shared.publish();
        next = tokio::select! {
            biased;
            // A connection says goodbye by itself.
            _ = stop.wait_for(|stop| *stop), if next != Next::Connect => break,
            after = driver.step(next.clone()) => match after {
                Some(after) => after,
                None => break,
            },
        };
        if shared.status.borrow().is_final() || next == Next::Over {
            break;
        }
    }
    shared.publish();
    // Whoever was refused may go on editing, and ends it here.
    let _ = stop.wait_for(|stop| *stop).await;
    shared.core().machine.stop();
    shared.publish();
    shared.driven.send_replace(true);
    shared.keep.notify_one();
}

impl Driver {
    /// Does what the machine says. `None` when the plan was closed here.
    async fn step(&self, next: Next) -> Option<Next> {
        let shared = &*self.shared;
        Some(match next {
            Next::Token { refused } => match self.tokens.get(refused).await {
                Ok(Some(token)) => shared.core().machine.token_given(token),
                Ok(None) => shared.core().machine.token_missing(),
                Err(error) => shared.core().machine.token_failed(&error.to_string(), rand::random()),
            },
            Next::Connect => {
                let begun = Instant::now();
                let ended = match connect(shared, &self.request).await {
                    Ok(socket) => Session::new(shared, socket).run().await,
                    Err(ended) => ended,
                };
                if matches!(ended, Ended::Stopped) {
                    return None;
                }
                tracing::debug!(error = &ended as &dyn std::error::Error, "the connection has ended");
                let next = shared.core().machine.ended(ended.end(), begun.elapsed(), rand::random());
                shared.tell_presence();
                next
            }
            Next::Wait(pause) => {
                tokio::select! {
                    () = time::sleep(pause) => {}
                    () = shared.hurry.notified() => {}
                }
                shared.core().machine.due()
            }
            Next::Afresh(why) => {
                let offered = shared.core().start_afresh(random_client_id());
                let _ = shared.events.send(PlanEvent::Afresh { why, offered });
                shared.keep.notify_one();
                shared.core().machine.start()
            }
            Next::Over => Next::Over,
        })
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
            Err(Ended::Socket(broken)) => self.hear_out(broken).await,
            Err(ended) => ended,
        };
        if let Some(goodbye) = ended.goodbye() {
            let _ = time::timeout(GOODBYE_MAX, self.leave(goodbye, matches!(ended, Ended::Stopped))).await;
        }
        ended
    }

    /// A write may fail before what the server said last has been read: why it closes, and when to come back.
    async fn hear_out(&mut self, broken: tungstenite::Error) -> Ended {
        let heard = time::timeout(GOODBYE_MAX, async {
            while let Some(Ok(message)) = self.stream.next().await {
                self.receive(message)?;
            }
            Ok(())
        });
        match heard.await {
            Ok(Err(ended)) => ended,
            Ok(Ok(())) | Err(_) => Ended::Socket(broken),
        }
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
                    if self.shared.core().machine.presence.tick() {
                        self.shared.tell_presence();
                    }
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
        let frame = {
            let mut core = self.shared.core();
            match core.machine.poll_transmit() {
                None => return Ok(None),
                Some(Transmit::Frame(frame)) => frame,
                Some(Transmit::Ask) => {
                    let state = core.document.state_vector();
                    if state.len() > limits::STATE_VECTOR_BYTES_MAX {
                        return Err(Ended::TooLarge);
                    }
                    wire::encode(&Frame::SyncStep1(&state))
                }
                Some(Transmit::State(since)) => {
                    let update = core.document.difference(&since).map_err(Ended::Update)?;
                    if update.len() > limits::DOCUMENT_BYTES_MAX {
                        return Err(Ended::TooLarge);
                    }
                    wire::encode(&Frame::SyncStep2(&update))
                }
            }
        };
        self.show_progress();
        Ok(Some(frame))
    }

    fn receive(&self, message: Message) -> Result<(), Ended> {
        match message {
            Message::Binary(bytes) => {
                let event = self.take_in(&bytes)?;
                self.show_progress();
                if let Some(event) = event {
                    let _ = self.shared.events.send(event);
                }
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

    fn take_in(&self, bytes: &[u8]) -> Result<Option<PlanEvent>, Ended> {
        let mut core = self.shared.core();
        let durable = core.machine.edits_durable();
        Ok(match core.machine.received(bytes)? {
            Command::Nothing => {
                if core.machine.edits_durable() > durable {
                    core.settle();
                    self.shared.keep.notify_one();
                }
                None
            }
            Command::Apply(update) => {
                let updated = core.apply(update).map_err(Ended::Update)?;
                self.shared.keep.notify_one();
                self.shared.tell(updated);
                None
            }
            Command::Welcomed => {
                core.welcomed();
                self.shared.keep.notify_one();
                None
            }
            Command::PresenceChanged => {
                self.shared.tell_presence();
                None
            }
            Command::Refused(refused) => Some(PlanEvent::Refused(*refused)),
            Command::Notice(notice) => Some(PlanEvent::Notice(notice)),
            Command::Change(change) => {
                let _ = self.shared.changes.send(Arc::new(*change));
                None
            }
        })
    }

    /// Shows what the machine knows to those who wait for it; live, what a fresh document lacks is made again.
    fn show_progress(&self) {
        let made = {
            let mut core = self.shared.core();
            if *core.machine.status() == Status::Live { core.make_offers() } else { None }
        };
        if let Some((updated, lost)) = made {
            self.shared.tell(updated);
            let _ = self.shared.events.send(PlanEvent::MadeAgain { lost });
            self.shared.wake.notify_one();
            self.shared.keep.notify_one();
        }
        self.shared.publish();
    }

    /// Sends what is left, if the end is of our own will, and the close frame.
    async fn leave(&mut self, goodbye: CloseFrame, send_rest: bool) -> Result<(), Ended> {
        if send_rest {
            self.shared.core().machine.presence.set(None);
            while let Some(frame) = self.next_frame()? {
                self.sink.send(Message::binary(frame)).await?;
            }
        }
        self.sink.send(Message::Close(Some(goodbye))).await?;
        while self.stream.next().await.is_some_and(|message| message.is_ok()) {}
        Ok(())
    }
}
