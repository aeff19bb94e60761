//! One person's connection: hello → joined → closing. One task, one `select!`.
//!
//! In: messages of the socket, what waits in the outbox, the clock. Out: events to the room, bytes to the socket.
//! Always true: towards the room it waits, so a full room slows this socket and no other; the room never waits for
//! it. It ends with one close code and one reason, logged once.

use std::{borrow::Cow, sync::Arc, time::Duration};

use bytes::Bytes;
use plansync_protocol::{
    guard::Lane,
    ids::{PlanId, Scope},
    limits,
    wire::{self, CloseCode, Frame},
};
use tokio::time::{Instant, sleep_until, timeout};
use tracing::{Instrument as _, field};

use crate::{
    auth::{Auth, Claims, Denied, Pass},
    charge::{Charge, Slot, Slots},
    clock,
    feed::Feed,
    log::{KeptChange, LogError},
    members::{Dialect, Member, MemberId},
    metrics,
    outbox::{Close, Next, Outbox},
    people::{NotAdmitted, People},
    quota::{Exceeded, Flow, Quotas, Stranger},
    room::Event,
    rooms::{Inbox, Rooms, Unreachable},
    socket::{Heard, Socket},
    stopping::Stopping,
};

/// How long a `plansync.v1` client has to say who it is.
const HELLO_DEADLINE: Duration = Duration::from_secs(5);
/// How often a sign of life is asked for. Proxies close what is silent for a minute.
const PING_EVERY: Duration = Duration::from_secs(20);
/// Spread over this much, so that thousands of sockets opened at once do not ping at once.
const PING_JITTER_MS: u64 = 5_000;
/// Messages of one connection that its room has not dealt with yet: enough to fill a commit, too few to fill an inbox.
const IN_FLIGHT_MAX: usize = 32;
/// A socket without any sign of life for this long is gone.
const SILENCE_MAX: Duration = Duration::from_secs(50);

/// What a connection brings along.
#[derive(Debug)]
pub struct Visit {
    /// Which plan.
    pub plan: PlanId,
    /// Whether it is the private document of the person's party, and not the shared one.
    pub private: bool,
    /// What the client understands.
    pub dialect: Dialect,
    /// Who, where the address carried a token.
    pub pass: Option<Pass>,
    /// One of the places for those who have not said who they are; given back when they have.
    pub stranger: Option<Stranger>,
    /// The connection's number.
    pub id: MemberId,
}

impl Visit {
    /// The document that it opens. The token alone says whose private one: an address cannot name a party.
    #[must_use]
    pub fn scope(&self, claims: &Claims) -> Scope {
        if self.private { Scope::Party(claims.party.clone()) } else { Scope::Shared }
    }
}

/// What every session works with.
#[derive(Debug, Clone)]
pub struct House {
    /// The rooms.
    pub rooms: Arc<Rooms>,
    /// Who is who.
    pub auth: Arc<Auth>,
    /// Who may come in.
    pub people: Arc<People>,
    /// How many of them there may be.
    pub quotas: Quotas,
    /// True once the server is stopping.
    pub stopping: Stopping,
}

/// Why a session ended.
enum End {
    /// The other side went, or does not take what is written: nobody is left to be told.
    Gone(&'static str),
    /// It is told why.
    Close(Close),
}

impl From<Close> for End {
    fn from(close: Close) -> Self {
        Self::Close(close)
    }
}

/// Runs one connection to its end, and keeps `held` until then. No async function itself, which would hold all of it
/// twice: an idle connection is little more than this.
pub fn run(mut socket: Socket, mut visit: Visit, house: House, held: impl Send) -> impl Future<Output = ()> + Send {
    let span = tracing::info_span!("session", plan = %visit.plan, connection = visit.id.0, person = field::Empty);
    let session = async move {
        let end = converse(&mut socket, &mut visit, &house).await;
        if let End::Close(close) = end {
            socket.close(&close).await;
        }
        drop(held);
    };
    session.instrument(span)
}

async fn converse(socket: &mut Socket, visit: &mut Visit, house: &House) -> End {
    let _open = metrics::Open::connection();
    let greeted = greet(socket, visit, house).await;
    visit.stranger = None;
    let end = match greeted {
        Ok((pass, scope, feed)) => {
            tracing::Span::current().record("person", pass.sub.as_str());
            tracing::debug!(dialect = ?visit.dialect, "joined");
            match house.quotas.seat(pass.workspace().as_str(), &visit.plan, &pass.sub) {
                Ok(_seat) => stay(socket, pass, &scope, feed, visit, house).await,
                Err(exceeded) => full(exceeded).into(),
            }
        }
        Err(end) => end,
    };
    match &end {
        End::Gone(why) => tracing::debug!(why, "left"),
        End::Close(close) => tracing::info!(code = close.code.number(), reason = close.reason, "closed"),
    }
    end
}

/// Finds out who it is, which document that opens, and from where they want to hear changes; stock clients would not
/// understand any.
async fn greet(socket: &mut Socket, visit: &Visit, house: &House) -> Result<(Pass, Scope, Option<Feed>), End> {
    if visit.dialect == Dialect::Stock {
        // The address was checked before the upgrade.
        let pass = visit.pass.clone().ok_or_else(|| denied(&Denied::Missing))?;
        let scope = visit.scope(&pass);
        return Ok((pass, scope, None));
    }
    let _open = metrics::Open::unauthenticated();
    let heard = tokio::select! {
        heard = timeout(HELLO_DEADLINE, first_message(socket)) => heard,
        () = house.stopping.wait() => return Err(Rooms::restarting().into()),
    };
    let late = || Close::new(CloseCode::HelloTimeout, "no Hello within 5 s: send it as the first frame");
    let message = heard.map_err(|_| late())??;
    if message.len() > limits::HELLO_BYTES_MAX {
        return Err(Close::new(CloseCode::TooLarge, "the first frame is above 16 KiB").into());
    }
    let hello = match wire::decode(&message) {
        Ok(Frame::Hello(hello)) => hello,
        Ok(other) => {
            let reason = format!("the first frame is {}, and should be Hello", other.name());
            return Err(Close::new(CloseCode::Malformed, reason).into());
        }
        Err(error) => return Err(Close::new(error.close_code(), error.to_string()).into()),
    };
    let pass = match (&hello.token, &visit.pass) {
        (Some(token), _) => house.people.admit_to(&visit.plan, token).map_err(not_admitted)?,
        (None, Some(pass)) => pass.clone(),
        (None, None) => return Err(denied(&Denied::Missing).into()),
    };
    let scope = visit.scope(&pass);
    let doc = house.rooms.document(&visit.plan, &scope).await.map_err(|unreachable| closed(&unreachable))?;
    let after = hello.since_seq.map(|since| (since.seq, since.n.unwrap_or(u32::MAX)));
    let feed = Feed::open(house.rooms.log(), doc, after).map_err(|error| closed(&error.into()))?;
    Ok((pass, scope, Some(feed)))
}

async fn first_message(socket: &mut Socket) -> Result<Bytes, End> {
    loop {
        match socket.hear().await {
            Heard::Message(message) => return Ok(message),
            Heard::Alive => {}
            Heard::Text => return Err(text().into()),
            Heard::TooLarge => return Err(too_large().into()),
            Heard::Gone => return Err(End::Gone("before Hello")),
        }
    }
}

/// Joins the room and carries messages until the end.
async fn stay(
    socket: &mut Socket,
    pass: Pass,
    scope: &Scope,
    mut feed: Option<Feed>,
    visit: &Visit,
    house: &House,
) -> End {
    let outbox = Outbox::default();
    let _sitting = pass.sit();
    let charge = Charge::new(clock::instant());
    let member = Box::new(Member::new(pass.clone(), visit.dialect, outbox.clone(), charge.clone()));
    let join = Event::Join { id: visit.id, member };
    let inbox = match house.rooms.send(&visit.plan, scope, join).await {
        Ok(inbox) => inbox,
        Err(unreachable) => return closed(&unreachable).into(),
    };
    let flow = house.quotas.flow(clock::instant());
    let end = carry(socket, &outbox, &inbox, &mut feed, visit, &pass, house, (&charge, flow)).await;
    // A room that has ended has no members to miss.
    let _ = inbox.send(Event::Leave { id: visit.id }).await;
    end
}

#[expect(clippy::too_many_arguments, reason = "everything that a connection has, and nobody else")]
async fn carry(
    socket: &mut Socket,
    outbox: &Outbox,
    inbox: &Inbox,
    feed: &mut Option<Feed>,
    visit: &Visit,
    pass: &Pass,
    house: &House,
    (charge, mut flow): (&Charge, Flow),
) -> End {
    let begin = Instant::now();
    let mut heard_at = begin;
    let mut read_from = begin;
    let in_flight = Slots::new(IN_FLIGHT_MAX);
    // Nothing comes before the Welcome.
    let mut welcomed = false;
    // Made once: a timer made anew for every message would cost more than the message.
    let ping = sleep_until(begin + PING_EVERY + Duration::from_millis(rand::random_range(0..PING_JITTER_MS)));
    let expiry = sleep_until(begin + clock::until(pass.expires_at()));
    let mut lapse = Box::pin(pass.lapsed());
    tokio::pin!(ping, expiry);
    loop {
        tokio::select! {
            biased;
            // The token is as good as its last second.
            () = &mut expiry => return denied(&Denied::Expired).into(),
            // And no better than what was decided about its person.
            lapsed = &mut lapse => {
                let (code, reason) = lapsed.close();
                metrics::refusal(code.reason());
                return Close::new(code, reason).into();
            }
            // What the room has to say comes first: it is bounded, and only leaves by this door.
            next = outbox.next() => {
                let said = match next {
                    Next::Frames(frames) => {
                        welcomed = true;
                        socket.say(frames).await
                    }
                    Next::Ack(count, seq) => socket.say([wire::encode(&Frame::Ack { count, seq }).into()]).await,
                    Next::Behind(given) => {
                        if inbox.send(Event::CatchUp { id: visit.id, given }).await.is_err() {
                            return Rooms::restarting().into();
                        }
                        Ok(())
                    }
                    Next::Close(close) => return close.into(),
                };
                if said.is_err() {
                    metrics::close(CloseCode::Overloaded.number());
                    return End::Gone("it does not take what is written");
                }
            }
            // Then what has changed, read from the log at the pace of this socket.
            change = next_change(feed), if welcomed => {
                let said = match change {
                    Ok((_, json)) => socket.say([wire::encode_change(&readable(&json)).into()]).await,
                    Err(error) => return closed(&error.into()).into(),
                };
                if said.is_err() {
                    return End::Gone("it does not take what is written");
                }
            }
            // Then what the person has to say; where the room is busy, this waits and so does the socket.
            (slot, heard) = hear(socket, &in_flight, read_from) => {
                heard_at = Instant::now();
                if let Heard::Message(message) = &heard {
                    read_from = heard_at + flow.pause(message.len(), heard_at.into_std());
                }
                match heard {
                    Heard::Message(message) => match event(visit, &message, slot) {
                        Ok(None) => {}
                        Ok(Some(event)) => {
                            if let Err(full) = inbox.try_send(event)
                                && Box::pin(inbox.send(full.into_inner())).await.is_err()
                            {
                                // The outbox may hold the reason.
                                return ended(socket, outbox).await;
                            }
                            read_from = read_from.max(heard_at + charge.pause(clock::instant()));
                        }
                        Err(close) => {
                            metrics::refusal(close.code.reason());
                            return close.into();
                        }
                    },
                    Heard::Alive => {}
                    Heard::Text => return text().into(),
                    Heard::TooLarge => return too_large().into(),
                    Heard::Gone => return End::Gone("the other side closed"),
                }
            }
            // A silent socket is asked for a sign of life.
            () = &mut ping => {
                if heard_at.elapsed() > SILENCE_MAX {
                    return End::Gone("no sign of life");
                }
                if socket.ping().await.is_err() {
                    return End::Gone("it does not take a ping");
                }
                house.people.see(pass, clock::now());
                ping.as_mut().reset(Instant::now() + PING_EVERY);
            }
        }
    }
}

/// The next change for those who hear of them. That a plan is gone is told by its room.
async fn next_change(feed: &mut Option<Feed>) -> Result<KeptChange, LogError> {
    let Some(feed) = feed else { return std::future::pending().await };
    match feed.next().await {
        Err(LogError::Erased) => std::future::pending().await,
        outcome => outcome,
    }
}

/// A change within the length that a client reads: of one with very long texts the texts stay behind, which are in
/// the document anyway.
fn readable(json: &str) -> Cow<'_, str> {
    if json.len() <= limits::JSON_BYTES_MAX {
        return json.into();
    }
    let mut event: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    if let Some(data) = event.get_mut("data").and_then(serde_json::Value::as_object_mut) {
        for heavy in ["row", "flat", "old", "new", "textDiff", "stamps"] {
            data.shift_remove(heavy);
        }
        data.insert("truncated".to_owned(), true.into());
    }
    event.to_string().into()
}

/// The next message, once the room has dealt with enough of those before it and their cost has been paid back.
async fn hear(socket: &mut Socket, in_flight: &Slots, read_from: Instant) -> (Slot, Heard) {
    if read_from > Instant::now() {
        sleep_until(read_from).await;
    }
    let slot = in_flight.take().await;
    (slot, socket.hear().await)
}

/// What a message means for the room; nothing, where it is of a type that this server does not know.
fn event(visit: &Visit, message: &Bytes, slot: Slot) -> Result<Option<Event>, Close> {
    let id = visit.id;
    let frame = wire::decode(message).map_err(|error| Close::new(error.close_code(), error.to_string()))?;
    Ok(Some(match frame {
        Frame::SyncStep1(state_vector) => Event::Ask { id, state_vector: message.slice_ref(state_vector), slot },
        Frame::SyncStep2(update) => Event::Update { id, update: message.slice_ref(update), lane: Lane::Sync, slot },
        Frame::Update(update) => Event::Update { id, update: message.slice_ref(update), lane: Lane::Live, slot },
        Frame::Awareness(awareness) => Event::Presence { id, awareness: message.slice_ref(awareness) },
        Frame::QueryAwareness => Event::WhoIsThere { id },
        Frame::Touch => Event::Seen { id },
        Frame::Hello(_) => return Err(Close::new(CloseCode::Malformed, "a second Hello")),
        _ => return Ok(None),
    }))
}

/// The room is gone: with what it left behind, or for a restart.
async fn ended(socket: &mut Socket, outbox: &Outbox) -> End {
    loop {
        match timeout(Duration::ZERO, outbox.next()).await {
            Ok(Next::Close(close)) => return close.into(),
            // Among them is the notice that says when to come back.
            Ok(Next::Frames(frames)) => {
                if socket.say(frames).await.is_err() {
                    return End::Gone("it does not take what is written");
                }
            }
            Ok(Next::Ack(..) | Next::Behind(_)) => {}
            Err(_) => return Rooms::restarting().into(),
        }
    }
}

fn not_admitted(why: NotAdmitted) -> Close {
    match why {
        NotAdmitted::Denied(why) => denied(&why),
        NotAdmitted::NoSuchPlan(plan) => closed(&Unreachable::NoSuchPlan(plan)),
        NotAdmitted::Erased(plan) => closed(&Unreachable::Erased(plan)),
        NotAdmitted::Log(error) => closed(&error.into()),
    }
}

fn denied(why: &Denied) -> Close {
    let code = match why {
        Denied::OtherPlan(_) | Denied::Revoked => CloseCode::NotAllowed,
        _ => CloseCode::Unauthorized,
    };
    metrics::refusal(code.reason());
    Close::new(code, why.to_string())
}

fn closed(why: &Unreachable) -> Close {
    let code = match why {
        Unreachable::NoSuchPlan(_) | Unreachable::NoSuchParty(..) | Unreachable::Erased(_) => CloseCode::NotFound,
        Unreachable::Draining | Unreachable::Log(_) => CloseCode::Restarting,
        Unreachable::Ended(_) | Unreachable::Full(_) => CloseCode::Overloaded,
    };
    Close::new(code, why.to_string())
}

fn full(exceeded: Exceeded) -> Close {
    metrics::refusal(CloseCode::Overloaded.reason());
    Close::new(CloseCode::Overloaded, exceeded.to_string())
}

fn text() -> Close {
    Close::new(CloseCode::Malformed, "a text frame: every frame is binary")
}

fn too_large() -> Close {
    Close::new(CloseCode::TooLarge, "a frame above 8 MiB")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every idle connection holds one.
    #[test]
    fn a_session_takes_little_memory() {
        fn bytes<F: Future>(_: impl FnOnce(Socket, Visit, House, [u64; 4]) -> F) -> usize {
            size_of::<F>()
        }
        let bytes = bytes(run);
        assert!(bytes <= 3_600, "{bytes} bytes");
    }
}
