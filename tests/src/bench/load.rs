//! The people: thousands of browsers on one thread, as light as they can be.
//!
//! In: who is in which plan, who writes at what rate. Out: what arrived at the others, when, and what did not.
//! The rate is an open loop: edits are due by the clock, whether the server keeps up or not. An edit counts as
//! delivered at a person when an update takes the writer's clock past it, merged with others or not. Sockets are
//! driven by one `poll`; websocket frames are written with the mask 0, which is legal and costs nothing.

use std::{
    collections::VecDeque,
    io::{ErrorKind, Read as _, Write as _},
    net::SocketAddr,
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll, Token, net::TcpStream};

use crate::{
    figures::Times,
    update::{self, Writer},
};

/// How long what is under way may take to arrive after the last edit was sent.
const DRAIN: Duration = Duration::from_secs(8);
/// Connections that are opened before the first of them are looked after.
const CONNECT_BURST: usize = 64;

/// One person's connection.
struct Person {
    stream: TcpStream,
    plan: usize,
    /// Which of the plan's writers it is.
    writes_as: Option<usize>,
    upgraded: bool,
    synced: Option<Instant>,
    gone: bool,
    reads: bool,
    /// Bytes of a frame that is not complete.
    inbox: Vec<u8>,
    /// Bytes that the socket did not take.
    outbox: Vec<u8>,
    /// Per writer of the plan: the number of its edits that have arrived here.
    seen: Vec<u64>,
}

struct Plan {
    people: Vec<usize>,
    writers: Vec<Author>,
}

/// Somebody who writes, and the edits that are under way.
struct Author {
    person: usize,
    writer: Writer,
    /// The clock after an edit, and when it was sent. Those that everybody has seen are dropped.
    sent: VecDeque<(u32, Instant)>,
    dropped: u64,
}

/// What one run has shown.
#[derive(Debug, Clone, Default)]
pub struct Run {
    pub sent: u64,
    pub seconds: f64,
    pub delivered: u64,
    pub undelivered: u64,
    pub times: Times,
    /// Connections that ended meanwhile.
    pub gone: usize,
    /// How far the load generator fell behind its own clock.
    pub late: Duration,
}

impl Run {
    pub fn rate(&self) -> f64 {
        self.sent as f64 / self.seconds
    }

    /// p99 within 250 ms, nothing lost, nobody thrown out, and the rate was really offered.
    pub fn is_sustained(&self) -> bool {
        self.undelivered == 0
            && self.gone == 0
            && self.times.quantile(0.99) <= Duration::from_millis(250)
            && self.late <= Duration::from_millis(250)
    }
}

/// Whose turn it is to write.
struct Turns {
    /// Plan and writer.
    writers: Vec<(usize, usize)>,
    next: usize,
    /// How many people each edit of a plan goes to.
    readers: u64,
    /// Connections that had ended before.
    gone: usize,
}

/// All people of a run.
pub struct Load {
    poll: Poll,
    events: Events,
    people: Vec<Person>,
    plans: Vec<Plan>,
    buffer: Vec<u8>,
    run: Run,
}

impl Load {
    pub fn new() -> Self {
        Self {
            poll: Poll::new().expect("the system has a poll"),
            events: Events::with_capacity(1024),
            people: Vec::new(),
            plans: Vec::new(),
            buffer: vec![0; 256 << 10],
            run: Run::default(),
        }
    }

    /// A plan for people to come to.
    pub fn plan(&mut self) -> usize {
        self.plans.push(Plan { people: Vec::new(), writers: Vec::new() });
        self.plans.len() - 1
    }

    /// How many plans there are.
    pub fn plans(&self) -> usize {
        self.plans.len()
    }

    /// Somebody opens a connection to a plan by its address with a token. Returns at once.
    pub fn join(&mut self, server: SocketAddr, plan: usize, path: &str) -> usize {
        let number = self.people.len();
        let mut stream = TcpStream::connect(server).expect("a socket can be opened");
        self.poll
            .registry()
            .register(&mut stream, Token(number), Interest::READABLE | Interest::WRITABLE)
            .expect("a socket can be watched");
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {server}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        self.people.push(Person {
            stream,
            plan,
            writes_as: None,
            upgraded: false,
            synced: None,
            gone: false,
            reads: true,
            inbox: Vec::new(),
            outbox: request.into_bytes(),
            seen: Vec::new(),
        });
        self.plans[plan].people.push(number);
        if number.is_multiple_of(CONNECT_BURST) {
            self.turn(Duration::ZERO);
        }
        number
    }

    /// Waits until everybody has the whole plan. Tells how many have not, and when the last one had.
    pub fn settle(&mut self, patience: Duration) -> (usize, Instant) {
        let give_up = Instant::now() + patience;
        loop {
            let waiting = self.people.iter().filter(|person| person.synced.is_none()).count();
            let lost = self.people.iter().filter(|person| person.gone).count();
            if waiting == 0 || waiting == lost || Instant::now() > give_up {
                let last = self.people.iter().filter_map(|person| person.synced).max();
                return (waiting.max(lost), last.unwrap_or(give_up));
            }
            self.turn(Duration::from_millis(50));
        }
    }

    /// Makes somebody a writer of their plan, with a task of their own.
    pub fn write_as(&mut self, person: usize, value_bytes: usize) {
        let client = rand::random_range(1 << 20..1 << 32);
        let plan = self.people[person].plan;
        let number = self.plans[plan].writers.len();
        self.plans[plan].writers.push(Author {
            person,
            writer: Writer::new(client, value_bytes),
            sent: VecDeque::new(),
            dropped: 0,
        });
        for other in self.plans[plan].people.clone() {
            self.people[other].seen.push(0);
        }
        self.people[person].writes_as = Some(number);
        let task = self.plans[plan].writers[number].writer.task();
        self.send_update(plan, number, &task);
        if number.is_multiple_of(CONNECT_BURST) {
            self.turn(Duration::ZERO);
        }
    }

    /// From now on this person does not read what it is sent.
    pub fn stall(&mut self, person: usize) {
        self.people[person].reads = false;
    }

    /// Lets the writers edit in turn at `rate` edits a second together, then waits for what is under way.
    pub fn run(&mut self, rate: f64, length: Duration) -> Run {
        let mut turns = self.begin();
        let started = Instant::now();
        let total = (rate * length.as_secs_f64()) as u64;
        while self.run.sent < total {
            let now = started.elapsed().as_secs_f64();
            // The first is due at once, and then one after each step of the clock.
            let due = ((now * rate) as u64 + 1).min(total);
            if due > self.run.sent {
                let oldest = self.run.sent as f64 / rate;
                self.run.late = self.run.late.max(Duration::from_secs_f64((now - oldest).max(0.0)));
            }
            self.write(&mut turns, due);
            let wait = (self.run.sent as f64 / rate - started.elapsed().as_secs_f64()).max(0.0);
            self.turn(Duration::from_secs_f64(wait));
            if started.elapsed() > length + DRAIN {
                break;
            }
        }
        self.end(started, &turns)
    }

    /// Lets the writers edit in turn as fast as edits arrive: so many are under way at any time.
    pub fn press(&mut self, under_way: u64, length: Duration) -> Run {
        let mut turns = self.begin();
        let started = Instant::now();
        while started.elapsed() < length {
            let arrived = self.run.delivered / turns.readers;
            self.write(&mut turns, arrived + under_way);
            self.turn(Duration::from_millis(20));
        }
        self.end(started, &turns)
    }

    fn begin(&mut self) -> Turns {
        self.drain();
        self.run = Run::default();
        let writers: Vec<_> = (0..self.plans.len())
            .flat_map(|plan| (0..self.plans[plan].writers.len()).map(move |writer| (plan, writer)))
            .collect();
        let readers = self.plans.first().map_or(1, |plan| plan.people.len() as u64 - 1).max(1);
        Turns { writers, next: 0, readers, gone: self.people.iter().filter(|person| person.gone).count() }
    }

    /// Writes up to a number of edits since the run began.
    fn write(&mut self, turns: &mut Turns, up_to: u64) {
        // Between two looks at the sockets only so many, or nobody would read while it catches up.
        for _ in self.run.sent..up_to.min(self.run.sent + 64) {
            let (plan, writer) = turns.writers[turns.next % turns.writers.len()];
            turns.next += 1;
            let edit = self.plans[plan].writers[writer].writer.edit();
            self.send_update(plan, writer, &edit);
            self.run.sent += 1;
        }
    }

    fn end(&mut self, started: Instant, turns: &Turns) -> Run {
        self.run.seconds = started.elapsed().as_secs_f64();
        self.drain();
        self.run.undelivered = self.under_way();
        self.run.gone = self.people.iter().filter(|person| person.gone).count() - turns.gone;
        std::mem::take(&mut self.run)
    }

    /// Looks after the sockets for a while without writing.
    pub fn idle(&mut self, length: Duration) {
        let end = Instant::now() + length;
        while Instant::now() < end {
            self.turn(Duration::from_millis(100));
        }
    }

    fn drain(&mut self) {
        let give_up = Instant::now() + DRAIN;
        while self.under_way() > 0 && Instant::now() < give_up {
            self.turn(Duration::from_millis(20));
        }
    }

    /// Deliveries that are still missing.
    fn under_way(&self) -> u64 {
        let missing = |plan: &Plan| -> u64 {
            let readers = plan.people.iter().map(|person| &self.people[*person]).filter(|person| person.reads);
            readers
                .map(|person| plan.writers.iter().zip(&person.seen).map(|(w, seen)| w.count() - seen).sum::<u64>())
                .sum()
        };
        self.plans.iter().map(missing).sum()
    }

    fn send_update(&mut self, plan: usize, number: usize, update: &[u8]) {
        let author = &mut self.plans[plan].writers[number];
        author.sent.push_back((author.writer.clock(), Instant::now()));
        let mut message = Vec::with_capacity(update.len() + 16);
        message.extend([0, 2]);
        update::uint(&mut message, update.len() as u64);
        message.extend_from_slice(update);
        let person = author.person;
        self.people[person].say(&message);
    }

    /// Waits for the sockets at most this long and looks after those that woke.
    fn turn(&mut self, wait: Duration) {
        let mut events = std::mem::replace(&mut self.events, Events::with_capacity(0));
        match self.poll.poll(&mut events, Some(wait)) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => panic!("the poll fails: {error}"),
        }
        for event in &events {
            let Token(number) = event.token();
            if event.is_writable() {
                self.people[number].flush();
            }
            if event.is_readable() && self.people[number].reads {
                self.hear(number);
            }
        }
        self.events = events;
    }

    /// Reads what has come for one person.
    fn hear(&mut self, number: usize) {
        let mut buffer = std::mem::take(&mut self.buffer);
        loop {
            let person = &mut self.people[number];
            match person.stream.read(&mut buffer) {
                Ok(0) => {
                    person.gone = true;
                    break;
                }
                Ok(count) => {
                    let now = Instant::now();
                    if person.inbox.is_empty() {
                        let used = self.take(number, &buffer[..count], now);
                        self.people[number].inbox.extend_from_slice(&buffer[used..count]);
                    } else {
                        let mut inbox = std::mem::take(&mut person.inbox);
                        inbox.extend_from_slice(&buffer[..count]);
                        let used = self.take(number, &inbox, now);
                        inbox.drain(..used);
                        self.people[number].inbox = inbox;
                    }
                    if count < buffer.len() {
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => {
                    person.gone = true;
                    break;
                }
            }
        }
        self.buffer = buffer;
    }

    /// Takes whole frames; tells how many bytes they were.
    fn take(&mut self, number: usize, bytes: &[u8], now: Instant) -> usize {
        let mut used = 0;
        if !self.people[number].upgraded {
            let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return 0 };
            if !bytes.starts_with(b"HTTP/1.1 101") {
                self.people[number].gone = true;
                return bytes.len();
            }
            used = end + 4;
            self.people[number].upgraded = true;
            // "Send me what I lack", by an empty copy.
            self.people[number].say(&[0, 0, 1, 0]);
        }
        while let Some((kind, payload, length)) = frame(&bytes[used..]) {
            used += length;
            match kind {
                2 => self.message(number, payload, now),
                8 => self.people[number].gone = true,
                9 => self.people[number].send(0x8a, payload),
                _ => {}
            }
        }
        used
    }

    fn message(&mut self, number: usize, mut message: &[u8], now: Instant) {
        let input = &mut message;
        if update::read_uint(input) != Some(0) {
            return;
        }
        match update::read_uint(input) {
            // It has nothing that the server lacks.
            Some(0) => self.people[number].say(&[0, 1, 2, 0, 0]),
            Some(step) => {
                update::read_uint(input);
                if step == 1 {
                    self.people[number].synced.get_or_insert(now);
                }
                self.note(number, input, now);
            }
            None => {}
        }
    }

    /// Notes which edits an update brings to a person.
    fn note(&mut self, number: usize, update: &[u8], now: Instant) {
        let person = &mut self.people[number];
        let plan = &mut self.plans[person.plan];
        let run = &mut self.run;
        let read = update::ends(update, |client, clock| {
            let Some(at) = plan.writers.iter().position(|author| author.writer.client() == client) else { return };
            let author = &plan.writers[at];
            let seen = &mut person.seen[at];
            while let Some((end, sent)) = author.sent.get((*seen - author.dropped) as usize)
                && *end <= clock
            {
                *seen += 1;
                if person.writes_as != Some(at) {
                    run.delivered += 1;
                    run.times.note(now - *sent);
                }
            }
        });
        assert!(read.is_some(), "the server sends updates that can be read");
        for at in 0..plan.writers.len() {
            if plan.writers[at].sent.len() > 4096 {
                let people = &self.people;
                let slowest =
                    plan.people.iter().filter(|one| people[**one].reads).map(|one| people[*one].seen[at]).min();
                plan.writers[at].forget(slowest.unwrap_or_default());
            }
        }
    }
}

impl Author {
    fn count(&self) -> u64 {
        self.dropped + self.sent.len() as u64
    }

    fn forget(&mut self, seen: u64) {
        while self.dropped < seen {
            self.sent.pop_front();
            self.dropped += 1;
        }
    }
}

impl Person {
    fn say(&mut self, message: &[u8]) {
        self.send(0x82, message);
    }

    fn send(&mut self, head: u8, payload: &[u8]) {
        let mut bytes = Vec::with_capacity(payload.len() + 8);
        bytes.push(head);
        match u16::try_from(payload.len()).expect("a load's frames are small") {
            short @ 0..126 => bytes.push(0x80 | short as u8),
            long => {
                bytes.push(0x80 | 126);
                bytes.extend(long.to_be_bytes());
            }
        }
        bytes.extend([0; 4]);
        bytes.extend_from_slice(payload);
        if self.outbox.is_empty() {
            match self.stream.write(&bytes) {
                Ok(count) => bytes.drain(..count).for_each(drop),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => self.gone = true,
            }
        }
        self.outbox.extend_from_slice(&bytes);
    }

    fn flush(&mut self) {
        while !self.outbox.is_empty() && !self.gone {
            match self.stream.write(&self.outbox) {
                Ok(count) => self.outbox.drain(..count).for_each(drop),
                Err(error) if error.kind() == ErrorKind::WouldBlock || error.kind() == ErrorKind::NotConnected => {
                    return;
                }
                Err(_) => self.gone = true,
            }
        }
    }
}

/// The first whole frame: its kind, what it carries, how many bytes it took.
fn frame(bytes: &[u8]) -> Option<(u8, &[u8], usize)> {
    let (head, rest) = bytes.split_first_chunk::<2>()?;
    let (length, at) = match head[1] {
        126 => (usize::from(u16::from_be_bytes(*rest.first_chunk()?)), 4),
        127 => (usize::try_from(u64::from_be_bytes(*rest.first_chunk()?)).ok()?, 10),
        short => (usize::from(short), 2),
    };
    let payload = bytes.get(at..at + length)?;
    Some((head[0] & 0x0f, payload, at + length))
}
