//! The protocol of one plan, without socket, clock and chance: frames and edits in, frames to send out.
//!
//! The driver gives it what arrives ([`Machine::received`]), what was edited ([`Machine::edited`]) and the beats of a
//! clock, and asks for the next thing to send whenever the socket has room ([`Machine::poll_transmit`]).
//! It keeps: how many edits were made, which of them each unacknowledged frame covers, a bounded outbox.
//! What is always true: an edit is pending until an Ack covers it. An edit was committed to the document before the
//! machine hears of it, so a difference that is computed after [`Transmit::State`] was polled contains it; that is
//! why everything may be dropped when a connection ends or the outbox is full.
//! After an error the connection has to be ended; the machine goes on with the next one.

use std::collections::VecDeque;

use plansync_protocol::{
    ids::Seq,
    limits,
    wire::{self, CloseCode, Frame, Hello, Notice, NoticeCode, Welcome, WireError},
};
use serde_json::Value;

use crate::presence::Presence;

#[cfg(test)]
mod tests;

/// Updates that wait for the socket, before one difference takes their place. So does one too long for an Update.
const OUTBOX_FRAMES_MAX: usize = 256;
/// Their bytes, before one difference takes their place.
const OUTBOX_BYTES_MAX: usize = 512 << 10;
/// Frames without an Ack, before the next one waits.
const IN_FLIGHT_MAX: usize = 1_024;

/// Something the server tells beside the document.
#[derive(Debug, Clone, PartialEq)]
pub enum PlanEvent {
    /// An edit of this client was refused or put back.
    Refused(Value),
    /// A change, as a CloudEvent.
    Change(Value),
    /// Something to know about the connection.
    Notice(Notice),
}

/// What the driver has to do with a frame that arrived.
#[derive(Debug, PartialEq)]
pub(crate) enum Command<'a> {
    /// Nothing.
    Nothing,
    /// Apply this update to the document.
    Apply(&'a [u8]),
    /// Pass this on to the program.
    Tell(PlanEvent),
}

/// The next thing to send.
#[derive(Debug, PartialEq)]
pub(crate) enum Transmit {
    /// A frame as it is.
    Frame(Vec<u8>),
    /// A SyncStep1 with the document's state vector.
    Ask,
    /// A SyncStep2 with the document's difference to this state vector.
    State(Vec<u8>),
}

/// A frame that a server of this protocol does not send.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MachineError {
    #[error("reading a frame")]
    Wire(#[from] WireError),
    #[error("reading who is there")]
    Presence(#[from] wire::lib0::Lib0Error),
    #[error("a {frame} came before the Welcome")]
    BeforeWelcome { frame: &'static str },
    #[error("a {frame} came, which a server does not send")]
    NotForClients { frame: &'static str },
    #[error("{count} frames were acknowledged, but {sent} were sent")]
    AckOfNothing { count: u64, sent: u64 },
    #[error("the plan was restored: it is of epoch {now}, our copy of {before}")]
    OtherEpoch { before: u64, now: u64 },
}

impl MachineError {
    /// The close code for the server.
    pub(crate) fn close_code(&self) -> CloseCode {
        match self {
            Self::Wire(error) => error.close_code(),
            Self::OtherEpoch { .. } => CloseCode::StartAfresh,
            _ => CloseCode::Malformed,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Machine {
    hello: Hello,
    pub(crate) presence: Presence,
    welcome: Option<Welcome>,
    seq: Seq,
    /// Edits since the beginning.
    edits_made: u64,
    /// How many of them, from the first, are on the server's disk.
    edits_durable: u64,
    /// Updates to send, each with the number of edits made up to it.
    outbox: VecDeque<(u64, Vec<u8>)>,
    outbox_bytes: usize,
    connection: Connection,
}

/// What begins anew with every connection.
#[derive(Debug, Default)]
struct Connection {
    hello_sent: bool,
    welcomed: bool,
    /// A SyncStep1 has to be sent.
    ask_due: bool,
    /// The server's state vector, once it asked.
    server_state: Option<Vec<u8>>,
    /// A difference to it has to be sent.
    state_due: bool,
    /// The server's SyncStep2 has come.
    caught_up: bool,
    touch_due: bool,
    /// For each SyncStep2 and Update without an Ack: the edits covered once it is acknowledged.
    in_flight: VecDeque<u64>,
    frames_acknowledged: u64,
    retry_after_ms: Option<u64>,
}

impl Machine {
    pub(crate) fn new(own_id: u64, hello: Hello) -> Self {
        Self {
            hello,
            presence: Presence::new(own_id),
            welcome: None,
            seq: 0,
            edits_made: 0,
            edits_durable: 0,
            outbox: VecDeque::new(),
            outbox_bytes: 0,
            connection: Connection::default(),
        }
    }

    /// A connection has ended; the next one begins with nothing sent.
    pub(crate) fn disconnected(&mut self) {
        self.connection = Connection::default();
        self.clear_outbox();
        self.presence.disconnected();
    }

    /// An edit was committed to the document, and this is its update.
    pub(crate) fn edited(&mut self, update: Vec<u8>) {
        self.edits_made += 1;
        if self.connection.server_state.is_none() || self.connection.state_due {
            return; // The difference that is still to be sent holds it.
        }
        let too_long = update.len() > limits::UPDATE_BYTES_MAX;
        self.outbox_bytes += update.len();
        self.outbox.push_back((self.edits_made, update));
        if too_long || self.outbox.len() > OUTBOX_FRAMES_MAX || self.outbox_bytes > OUTBOX_BYTES_MAX {
            self.clear_outbox();
            self.connection.state_due = true;
        }
    }

    /// The document has a gap: ask for what it lacks.
    pub(crate) fn gap_seen(&mut self) {
        self.connection.ask_due = true;
    }

    /// "I have seen everything up to here."
    pub(crate) fn touch(&mut self) {
        self.connection.touch_due = true;
    }

    /// A frame has arrived.
    pub(crate) fn received<'a>(&mut self, bytes: &'a [u8]) -> Result<Command<'a>, MachineError> {
        let frame = wire::decode(bytes)?;
        if !self.connection.welcomed
            && !matches!(frame, Frame::Welcome(_) | Frame::Notice(_) | Frame::PermissionDenied(_) | Frame::Unknown(_))
        {
            return Err(MachineError::BeforeWelcome { frame: frame.name() });
        }
        match frame {
            Frame::Welcome(welcome) => self.welcomed(welcome)?,
            Frame::SyncStep1(state) => {
                self.connection.server_state = Some(state.to_vec());
                self.connection.state_due = true;
            }
            Frame::SyncStep2(update) => {
                self.connection.caught_up = true;
                return Ok(Command::Apply(update));
            }
            Frame::Update(update) => return Ok(Command::Apply(update)),
            Frame::Awareness(payload) => self.presence.received(payload)?,
            Frame::Ack { count, seq } => self.acknowledged(count, seq)?,
            Frame::Refused(refused) => return Ok(Command::Tell(PlanEvent::Refused(refused))),
            Frame::Change(change) => return Ok(Command::Tell(PlanEvent::Change(change))),
            Frame::Notice(notice) => {
                if notice.code == NoticeCode::Draining {
                    self.connection.retry_after_ms = notice.retry_after_ms;
                }
                return Ok(Command::Tell(PlanEvent::Notice(notice)));
            }
            Frame::Hello(_) | Frame::Touch => return Err(MachineError::NotForClients { frame: frame.name() }),
            Frame::QueryAwareness | Frame::PermissionDenied(_) | Frame::Unknown(_) => {}
        }
        Ok(Command::Nothing)
    }

    /// The next thing to send. A [`Transmit::State`] has to be computed after this call.
    pub(crate) fn poll_transmit(&mut self) -> Option<Transmit> {
        if !self.connection.hello_sent {
            self.connection.hello_sent = true;
            return Some(Transmit::Frame(wire::encode(&Frame::Hello(self.hello.clone()))));
        }
        if !self.connection.welcomed {
            return None;
        }
        if std::mem::take(&mut self.connection.ask_due) {
            return Some(Transmit::Ask);
        }
        if let Some(transmit) = self.poll_edits() {
            return Some(transmit);
        }
        if let Some(payload) = self.presence.poll() {
            return Some(Transmit::Frame(wire::encode(&Frame::Awareness(&payload))));
        }
        std::mem::take(&mut self.connection.touch_due).then(|| Transmit::Frame(wire::encode(&Frame::Touch)))
    }

    /// Edits that are not known to be on the server's disk.
    pub(crate) fn pending(&self) -> u64 {
        self.edits_made - self.edits_durable
    }

    /// Edits since the beginning.
    pub(crate) fn edits_made(&self) -> u64 {
        self.edits_made
    }

    /// How many of them, from the first, are on the server's disk.
    pub(crate) fn edits_durable(&self) -> u64 {
        self.edits_durable
    }

    pub(crate) fn seq(&self) -> Seq {
        self.seq
    }

    pub(crate) fn welcome(&self) -> Option<&Welcome> {
        self.welcome.as_ref()
    }

    pub(crate) fn is_welcomed(&self) -> bool {
        self.connection.welcomed
    }

    /// Whether both sides have sent each other what the other lacked.
    pub(crate) fn is_live(&self) -> bool {
        self.connection.caught_up && self.connection.server_state.is_some() && !self.connection.state_due
    }

    /// How long the server asked to stay away.
    pub(crate) fn retry_after_ms(&self) -> Option<u64> {
        self.connection.retry_after_ms
    }

    fn poll_edits(&mut self) -> Option<Transmit> {
        if self.connection.in_flight.len() >= IN_FLIGHT_MAX {
            return None;
        }
        if self.connection.state_due {
            self.connection.state_due = false;
            self.clear_outbox();
            self.connection.in_flight.push_back(self.edits_made);
            return Some(Transmit::State(self.connection.server_state.clone().unwrap_or_default()));
        }
        let (covered, update) = self.outbox.pop_front()?;
        self.outbox_bytes -= update.len();
        self.connection.in_flight.push_back(covered);
        Some(Transmit::Frame(wire::encode(&Frame::Update(&update))))
    }

    fn welcomed(&mut self, welcome: Welcome) -> Result<(), MachineError> {
        if let Some(before) = self.welcome.as_ref().map(|welcome| welcome.epoch)
            && before != welcome.epoch
        {
            return Err(MachineError::OtherEpoch { before, now: welcome.epoch });
        }
        self.connection.welcomed = true;
        self.connection.ask_due = true;
        self.seq = self.seq.max(welcome.seq);
        self.welcome = Some(welcome);
        Ok(())
    }

    fn acknowledged(&mut self, count: u64, seq: Seq) -> Result<(), MachineError> {
        let sent = self.connection.frames_acknowledged + self.connection.in_flight.len() as u64;
        if count > sent {
            return Err(MachineError::AckOfNothing { count, sent });
        }
        while self.connection.frames_acknowledged < count {
            self.connection.frames_acknowledged += 1;
            if let Some(covered) = self.connection.in_flight.pop_front() {
                self.edits_durable = self.edits_durable.max(covered);
            }
        }
        self.seq = self.seq.max(seq);
        Ok(())
    }

    fn clear_outbox(&mut self) {
        self.outbox.clear();
        self.outbox_bytes = 0;
    }
}
