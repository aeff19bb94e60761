//! The protocol of one plan, without socket, clock and chance: what happens goes in, what is to be done comes out.
//!
//! The driver does what the machine says is [`Next`], tells it how that went, gives it the frames that arrive
//! ([`Machine::received`]) and the edits that are made ([`Machine::edited`]), and asks for the next thing to send
//! whenever the socket has room ([`Machine::poll_transmit`]).
//! It keeps: where the connection stands, how many edits were made, which of them each unacknowledged frame covers, a
//! bounded outbox, after which change to go on.
//! What is always true: an edit is pending until an Ack covers it. An edit was committed to the document before the
//! machine hears of it, so a difference that is computed after [`Transmit::State`] was polled contains it; that is
//! why everything may be dropped when a connection ends or the outbox is full. After a final status nothing is attempted
//! any more.

use std::{collections::VecDeque, time::Duration};

use plansync_protocol::{
    ids::Seq,
    limits,
    wire::{self, CloseCode, Frame, Hello, Notice, NoticeCode, Since, Welcome, WireError, close},
};

use crate::{
    backoff::{Backoff, BackoffBounds},
    change::{Change, Refused},
    presence::Presence,
    status::{Reason, ReasonCode, Status, words_of_close},
};

#[cfg(test)]
mod tests;

/// Updates that wait for the socket, before one difference takes their place. So does one too long for an Update.
const OUTBOX_FRAMES_MAX: usize = 256;
/// Their bytes, before one difference takes their place.
const OUTBOX_BYTES_MAX: usize = 512 << 10;
/// Frames without an Ack, before the next one waits.
const IN_FLIGHT_MAX: usize = 1_024;
/// Fresh starts without a live connection in between, before it is given up: another one would end the same way.
const AFRESH_MAX: u8 = 2;
/// The longest time a server may ask to stay away.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(120);

/// What a machine starts with.
#[derive(Debug, Default)]
pub(crate) struct Setup {
    /// The client id of the document.
    pub(crate) own_id: u64,
    /// The program, `name/version`.
    pub(crate) client: String,
    /// Changes are wanted after this one.
    pub(crate) cursor: Option<Since>,
    /// The epoch of the local copy.
    pub(crate) epoch: Option<u64>,
    /// The person the local copy is of.
    pub(crate) person: Option<String>,
    /// Edits of the local copy that are not known to be on the server.
    pub(crate) unsent: u64,
    /// The pauses between attempts.
    pub(crate) bounds: BackoffBounds,
}

/// What the driver does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// Get a token, then say [`Machine::token_given`], [`Machine::token_missing`] or [`Machine::token_failed`].
    Token {
        /// The server has refused the one that is known.
        refused: bool,
    },
    /// Open a socket, serve it, and say [`Machine::ended`] when it is over.
    Connect,
    /// Wait, then say [`Machine::due`].
    Wait(Duration),
    /// Begin with an empty document, then say [`Machine::started_afresh`].
    Afresh(Why),
    /// Nothing more: the status is final.
    Over,
}

/// Why a fresh document takes the place of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The copy builds on what the server does not have.
    Conflict,
    /// The plan was restored, or erased and made anew.
    Restored,
}

/// How a connection, or an attempt at one, ended.
#[derive(Debug)]
pub(crate) enum End {
    /// Closed with this code, by the server or for it.
    Closed(u16, String),
    /// Broken, in these words.
    Broken(String),
    /// Of another epoch than our copy.
    OtherEpoch,
    /// Our copy is another person's.
    OtherPerson(String),
}

/// What the driver has to do with a frame that arrived.
#[derive(Debug, PartialEq)]
pub(crate) enum Command<'a> {
    /// Nothing.
    Nothing,
    /// Apply this update to the document.
    Apply(&'a [u8]),
    /// The server knows us.
    Welcomed,
    /// Others came, went or moved.
    PresenceChanged,
    /// An edit was put back.
    Refused(Box<Refused>),
    /// A change of the plan.
    Change(Box<Change>),
    /// Something to know about the connection.
    Notice(Notice),
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
    #[error("a second Welcome came")]
    SecondWelcome,
    #[error("the plan was restored: it is of epoch {now}, our copy of {before}")]
    OtherEpoch { before: u64, now: u64 },
    #[error("the local copy is of {copy}, and the token of {token}: give each person a file of their own")]
    OtherPerson { copy: String, token: String },
}

impl MachineError {
    /// The close code for the server.
    pub(crate) fn close_code(&self) -> CloseCode {
        match self {
            Self::Wire(error) => error.close_code(),
            Self::OtherEpoch { .. } => CloseCode::StartAfresh,
            Self::OtherPerson { .. } => CloseCode::NotAllowed,
            _ => CloseCode::Malformed,
        }
    }
}

/// The protocol of one plan.
#[derive(Debug)]
pub(crate) struct Machine {
    client: String,
    token: Option<String>,
    cursor: Option<Since>,
    epoch: Option<u64>,
    person: Option<String>,
    pub(crate) presence: Presence,
    status: Status,
    backoff: Backoff,
    /// The token in hand was asked for because the server had refused the last one.
    token_refused: bool,
    afresh_count: u8,
    welcome: Option<Welcome>,
    seq: Seq,
    /// Edits since the beginning.
    edits_made: u64,
    /// How many of them, from the first, are on the server's disk.
    edits_durable: u64,
    /// Updates to send, each with the number of edits made up to it.
    outbox: VecDeque<(u64, Vec<u8>)>,
    outbox_bytes: usize,
    touch_due: bool,
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
    /// For each SyncStep2 and Update without an Ack: the edits covered once it is acknowledged.
    in_flight: VecDeque<u64>,
    frames_acknowledged: u64,
    retry_after_ms: Option<u64>,
}

impl Machine {
    pub(crate) fn new(setup: Setup) -> Self {
        Self {
            client: setup.client,
            token: None,
            cursor: setup.cursor,
            epoch: setup.epoch,
            person: setup.person,
            presence: Presence::new(setup.own_id),
            status: Status::Connecting,
            backoff: Backoff::new(setup.bounds),
            token_refused: false,
            afresh_count: 0,
            welcome: None,
            seq: 0,
            edits_made: setup.unsent,
            edits_durable: 0,
            outbox: VecDeque::new(),
            outbox_bytes: 0,
            touch_due: false,
            connection: Connection::default(),
        }
    }

    /// Begins.
    pub(crate) fn start(&mut self) -> Next {
        self.attempt(false)
    }

    /// The token to say hello with.
    pub(crate) fn token_given(&mut self, token: String) -> Next {
        self.token = Some(token);
        Next::Connect
    }

    /// There is no token, or no other one than the server has refused.
    pub(crate) fn token_missing(&mut self) -> Next {
        self.refuse(4401, "")
    }

    /// There is no token for now; the next attempt asks again.
    pub(crate) fn token_failed(&mut self, words: &str, chance: f64) -> Next {
        self.pause(ReasonCode::NoToken, &format!("there is no token ({words})"), chance, Duration::ZERO)
    }

    /// The connection is over, or there never was one; it `lasted` so long.
    pub(crate) fn ended(&mut self, end: End, lasted: Duration, chance: f64) -> Next {
        let retry_after = Duration::from_millis(self.connection.retry_after_ms.unwrap_or(0)).min(RETRY_AFTER_MAX);
        if self.connection.welcomed {
            self.backoff.lasted(lasted);
        }
        self.disconnected();
        if self.status.is_final() {
            return Next::Over;
        }
        match end {
            End::Closed(4401, _) if !self.token_refused => {
                self.token_refused = true;
                self.attempt(true)
            }
            End::Closed(4409, _) => self.afresh(Why::Conflict),
            End::OtherEpoch => {
                // Its changes are counted anew.
                self.cursor = None;
                self.afresh(Why::Restored)
            }
            End::OtherPerson(words) => {
                let code = ReasonCode::Close(CloseCode::NotAllowed.number());
                self.status = Status::Refused(Reason { code, message: words, retry_in: None });
                Next::Over
            }
            End::Closed(code, reason) if close::is_final(code) => self.refuse(code, &reason),
            End::Closed(code, reason) => {
                let words = if reason.is_empty() { format!("the server closed with {code}") } else { reason };
                self.pause(ReasonCode::Close(code), &words, chance, retry_after)
            }
            End::Broken(words) => self.pause(ReasonCode::Network, &words, chance, retry_after),
        }
    }

    /// The pause is over, or there is a reason to try at once.
    pub(crate) fn due(&mut self) -> Next {
        self.attempt(false)
    }

    /// Another document takes the place of this one: what was pending in it counts no more.
    pub(crate) fn started_afresh(&mut self, own_id: u64) {
        self.presence.moved_to(own_id);
        self.epoch = None;
        self.edits_durable = self.edits_made;
    }

    /// The end, from this side.
    pub(crate) fn stop(&mut self) {
        self.disconnected();
        if !self.status.is_final() {
            self.status = Status::Closed;
        }
    }

    /// Where the connection stands.
    pub(crate) fn status(&self) -> &Status {
        &self.status
    }

    /// After which change a further connection would go on.
    pub(crate) fn cursor(&self) -> Option<Since> {
        self.cursor
    }

    /// A connection has ended; the next one begins with nothing sent.
    fn disconnected(&mut self) {
        self.connection = Connection::default();
        self.clear_outbox();
        self.presence.disconnected();
    }

    fn attempt(&mut self, refused: bool) -> Next {
        self.status = Status::Connecting;
        Next::Token { refused }
    }

    fn pause(&mut self, code: ReasonCode, words: &str, chance: f64, retry_after: Duration) -> Next {
        let pause = self.backoff.next(chance) + retry_after;
        let message = format!("{words}: edits are kept, and the next attempt comes by itself");
        self.status = Status::Offline(Reason { code, message, retry_in: Some(pause) });
        Next::Wait(pause)
    }

    fn refuse(&mut self, code: u16, said: &str) -> Next {
        let message = words_of_close(code, said);
        self.status = Status::Refused(Reason { code: ReasonCode::Close(code), message, retry_in: None });
        Next::Over
    }

    fn afresh(&mut self, why: Why) -> Next {
        self.afresh_count += 1;
        if self.afresh_count > AFRESH_MAX {
            return self.refuse(4409, "the server does not take even an empty copy");
        }
        self.status = Status::Connecting;
        Next::Afresh(why)
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

    /// "I have seen everything up to here." Said as soon as there is a connection.
    pub(crate) fn touch(&mut self) {
        self.touch_due = true;
    }

    /// A frame has arrived.
    pub(crate) fn received<'a>(&mut self, bytes: &'a [u8]) -> Result<Command<'a>, MachineError> {
        let frame = wire::decode(bytes)?;
        if !self.connection.welcomed
            && !matches!(frame, Frame::Welcome(_) | Frame::Notice(_) | Frame::PermissionDenied(_) | Frame::Unknown(_))
        {
            return Err(MachineError::BeforeWelcome { frame: frame.name() });
        }
        Ok(match frame {
            Frame::Welcome(welcome) => {
                self.welcomed(welcome)?;
                Command::Welcomed
            }
            Frame::SyncStep1(state) => {
                self.connection.server_state = Some(state.to_vec());
                self.connection.state_due = true;
                Command::Nothing
            }
            Frame::SyncStep2(update) => {
                self.connection.caught_up = true;
                self.progress();
                Command::Apply(update)
            }
            Frame::Update(update) => Command::Apply(update),
            Frame::Awareness(payload) if self.presence.received(payload)? => Command::PresenceChanged,
            Frame::Ack { count, seq } => {
                self.acknowledged(count, seq)?;
                Command::Nothing
            }
            Frame::Refused(json) => Refused::of(json).map_or(Command::Nothing, |it| Command::Refused(Box::new(it))),
            Frame::Change(json) => Change::of(json)
                .filter(|change| self.is_news(change))
                .map_or(Command::Nothing, |change| Command::Change(Box::new(change))),
            Frame::Notice(notice) => {
                if notice.code == NoticeCode::Draining {
                    self.connection.retry_after_ms = notice.retry_after_ms;
                }
                Command::Notice(notice)
            }
            Frame::Hello(_) | Frame::Touch => return Err(MachineError::NotForClients { frame: frame.name() }),
            Frame::Awareness(_) | Frame::QueryAwareness | Frame::PermissionDenied(_) | Frame::Unknown(_) => {
                Command::Nothing
            }
        })
    }

    /// The next thing to send. A [`Transmit::State`] has to be computed after this call.
    pub(crate) fn poll_transmit(&mut self) -> Option<Transmit> {
        if !self.connection.hello_sent {
            self.connection.hello_sent = true;
            let hello = Hello { token: self.token.clone(), client: self.client.clone(), since_seq: self.cursor };
            return Some(Transmit::Frame(wire::encode(&Frame::Hello(hello))));
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
        std::mem::take(&mut self.touch_due).then(|| Transmit::Frame(wire::encode(&Frame::Touch)))
    }

    /// Edits that are not known to be on the server's disk.
    #[cfg(test)]
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

    fn poll_edits(&mut self) -> Option<Transmit> {
        if self.connection.in_flight.len() >= IN_FLIGHT_MAX {
            return None;
        }
        if self.connection.state_due {
            self.connection.state_due = false;
            self.clear_outbox();
            self.connection.in_flight.push_back(self.edits_made);
            self.progress();
            return Some(Transmit::State(self.connection.server_state.clone().unwrap_or_default()));
        }
        let (covered, update) = self.outbox.pop_front()?;
        self.outbox_bytes -= update.len();
        self.connection.in_flight.push_back(covered);
        Some(Transmit::Frame(wire::encode(&Frame::Update(&update))))
    }

    fn welcomed(&mut self, welcome: Welcome) -> Result<(), MachineError> {
        if self.connection.welcomed {
            return Err(MachineError::SecondWelcome);
        }
        if let Some(copy) = self.person.as_deref().filter(|person| *person != welcome.person.as_str()) {
            return Err(MachineError::OtherPerson { copy: copy.to_owned(), token: welcome.person.to_string() });
        }
        if let Some(before) = self.epoch.filter(|epoch| *epoch != welcome.epoch) {
            return Err(MachineError::OtherEpoch { before, now: welcome.epoch });
        }
        self.epoch = Some(welcome.epoch);
        self.person = Some(welcome.person.to_string());
        self.token_refused = false;
        self.connection.welcomed = true;
        self.connection.ask_due = true;
        self.seq = self.seq.max(welcome.seq);
        // Without a change so far, a later connection goes on from where this one began.
        self.cursor.get_or_insert_with(|| welcome.seq.into());
        self.welcome = Some(welcome);
        self.status = Status::Syncing;
        Ok(())
    }

    /// Live is: both sides have sent each other what the other lacked.
    fn progress(&mut self) {
        let Connection { caught_up, server_state, state_due, .. } = &self.connection;
        if *caught_up && server_state.is_some() && !state_due && self.status == Status::Syncing {
            self.afresh_count = 0;
            self.status = Status::Live;
        }
    }

    /// Whether a change comes after the last one; if so it is the last one now.
    fn is_news(&mut self, change: &Change) -> bool {
        let position = change.position();
        let is_news = self.cursor.is_none_or(|cursor| change.is_after(cursor));
        if is_news {
            self.cursor = Some(position);
            self.seq = self.seq.max(position.seq);
        }
        is_news
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
