//! Two machines and a server of a few lines, joined without a socket. The server acknowledges when it is told to.

use plansync_protocol::ids::{Access, PartyId, PersonId, Scope};
use plansync_protocol::wire::WireLimits;
use yrs::{
    Doc, Map, ReadTxn, StateVector, Transact, Update, WriteTxn,
    updates::{decoder::Decode, encoder::Encode},
};

use super::*;
use crate::{error::ErrorKind, json};

struct Client {
    id: u64,
    doc: Doc,
    machine: Machine,
    /// SyncStep2 and Update frames the server has had of this connection.
    frames: u64,
}

/// The server: a document, and what it has to say to each client.
struct Server {
    doc: Doc,
    epoch: u64,
}

fn welcome(epoch: u64) -> Welcome {
    Welcome {
        person: PersonId::parse("ana").unwrap(),
        party: PartyId::parse("buyer").unwrap(),
        access: Access::Editor,
        scope: Scope::Shared,
        epoch,
        seq: 7,
        last_visit_seq: 0,
        limits: WireLimits::default(),
        server_time: "2026-03-01T09:30:00Z".parse().unwrap(),
    }
}

impl Client {
    fn new(id: u64) -> Self {
        let mut machine = Machine::new(Setup { own_id: id, client: "test/1".into(), ..Setup::default() });
        machine.start();
        Self { id, doc: Doc::with_client_id(id), machine, frames: 0 }
    }

    fn edit(&mut self, key: &str, value: &str) {
        let mut txn = self.doc.transact_mut();
        let map = txn.get_or_insert_map("meta");
        map.insert(&mut txn, key, value);
        txn.commit();
        self.machine.edited(txn.encode_update_v1());
    }

    /// The next frame, as the driver would make it.
    fn next_frame(&mut self) -> Option<Vec<u8>> {
        Some(match self.machine.poll_transmit()? {
            Transmit::Frame(frame) => frame,
            Transmit::Ask => wire::encode(&Frame::SyncStep1(&self.doc.transact().state_vector().encode_v1())),
            Transmit::State(since) => {
                let since = StateVector::decode_v1(&since).unwrap();
                wire::encode(&Frame::SyncStep2(&self.doc.transact().encode_diff_v1(&since)))
            }
        })
    }

    fn receive(&mut self, bytes: &[u8]) {
        if let Command::Apply(update) = self.machine.received(bytes).unwrap() {
            self.doc.transact_mut().apply_update(Update::decode_v1(update).unwrap()).unwrap();
        }
    }

    fn acknowledge(&mut self, count: u64) {
        self.receive(&wire::encode(&Frame::Ack { count, seq: 7 + count }));
    }

    fn disconnect(&mut self) {
        self.ended(End::Broken("cut".into()));
        self.machine.due();
    }

    fn ended(&mut self, end: End) -> Next {
        self.frames = 0;
        self.machine.ended(end, Duration::ZERO, 1.0)
    }

    fn status(&self) -> &'static str {
        self.machine.status().as_str()
    }
}

impl Server {
    fn new() -> Self {
        Self { doc: Doc::with_client_id(99), epoch: 1 }
    }

    /// Takes in everything a client has to say and answers it, until both are quiet.
    fn talk(&self, client: &mut Client) {
        while let Some(frame) = client.next_frame() {
            let answers = self.answer(&frame, client);
            for answer in answers {
                client.receive(&answer);
            }
        }
    }

    fn answer(&self, frame: &[u8], client: &mut Client) -> Vec<Vec<u8>> {
        match wire::decode(frame).unwrap() {
            Frame::Hello(_) => {
                let state = self.doc.transact().state_vector().encode_v1();
                vec![wire::encode(&Frame::Welcome(welcome(self.epoch))), wire::encode(&Frame::SyncStep1(&state))]
            }
            Frame::SyncStep1(state) => {
                let since = StateVector::decode_v1(state).unwrap();
                vec![wire::encode(&Frame::SyncStep2(&self.doc.transact().encode_diff_v1(&since)))]
            }
            Frame::SyncStep2(update) | Frame::Update(update) => {
                client.frames += 1;
                self.doc.transact_mut().apply_update(Update::decode_v1(update).unwrap()).unwrap();
                vec![]
            }
            _ => vec![],
        }
    }

    fn same_as(&self, client: &Client) -> bool {
        // Not their bytes: how an item was cut into blocks depends on the order in which it came.
        let of_document = |doc: &Doc| json::of_document(&doc.transact());
        let state = |doc: &Doc| {
            let txn = doc.transact();
            (txn.state_vector(), txn.has_missing_updates())
        };
        state(&self.doc) == state(&client.doc) && of_document(&self.doc) == of_document(&client.doc)
    }
}

#[test]
fn an_edit_is_pending_until_its_own_frame_is_acknowledged() {
    let (server, mut ana) = (Server::new(), Client::new(1));
    server.talk(&mut ana);
    assert_eq!(ana.status(), "live");
    assert_eq!(ana.frames, 1, "the empty difference counts");

    ana.edit("a", "1");
    ana.edit("b", "2");
    server.talk(&mut ana);
    assert_eq!((ana.frames, ana.machine.pending()), (3, 2));
    ana.acknowledge(1);
    assert_eq!(ana.machine.pending(), 2, "the first frame held no edit");
    ana.acknowledge(2);
    assert_eq!((ana.machine.pending(), ana.machine.seq()), (1, 9));
    ana.acknowledge(3);
    assert_eq!(ana.machine.pending(), 0);
    assert!(server.same_as(&ana));
}

#[test]
fn what_was_edited_before_the_connection_goes_as_one_difference() {
    let (server, mut ana) = (Server::new(), Client::new(1));
    for edit in 0..10 {
        ana.edit("a", &edit.to_string());
    }
    server.talk(&mut ana);
    assert_eq!((ana.frames, ana.machine.pending()), (1, 10));
    ana.acknowledge(1);
    assert_eq!(ana.machine.pending(), 0);
    assert!(server.same_as(&ana));
}

#[test]
fn what_was_lost_with_a_connection_is_sent_with_the_next() {
    let (server, mut ana, mut ben) = (Server::new(), Client::new(1), Client::new(2));
    server.talk(&mut ana);
    ana.edit("a", "arrives, but is never acknowledged");
    server.talk(&mut ana);
    ana.edit("b", "is taken by the socket and lost");
    let lost = ana.next_frame();
    assert!(lost.is_some());
    ana.edit("c", "is not even taken");
    ana.disconnect();
    ana.edit("d", "is made offline");
    assert_eq!(ana.machine.pending(), 4);

    server.talk(&mut ben);
    ben.edit("a", "of another client");
    server.talk(&mut ben);

    server.talk(&mut ana);
    assert_eq!((ana.frames, ana.machine.pending()), (1, 4));
    ana.acknowledge(1);
    assert_eq!(ana.machine.pending(), 0);
    assert!(server.same_as(&ana));
}

#[test]
fn an_edit_between_the_question_and_the_answer_is_not_lost() {
    let (server, mut ana) = (Server::new(), Client::new(1));
    let hello = ana.next_frame().unwrap();
    for answer in server.answer(&hello, &mut ana) {
        ana.receive(&answer);
    }
    ana.edit("a", "before the difference is computed");
    let ask = ana.next_frame().unwrap();
    assert!(matches!(wire::decode(&ask).unwrap(), Frame::SyncStep1(_)));
    let polled = ana.machine.poll_transmit();
    assert!(matches!(polled, Some(Transmit::State(_))));
    ana.edit("b", "while it is computed");
    let Some(Transmit::State(since)) = polled else { unreachable!() };
    let since = StateVector::decode_v1(&since).unwrap();
    let difference = wire::encode(&Frame::SyncStep2(&ana.doc.transact().encode_diff_v1(&since)));
    server.answer(&difference, &mut ana);
    ana.acknowledge(1);
    assert_eq!(ana.machine.pending(), 1, "the second edit has a frame of its own");
    server.talk(&mut ana);
    ana.acknowledge(2);
    assert_eq!(ana.machine.pending(), 0);
    assert!(server.same_as(&ana));
}

#[test]
fn a_socket_that_does_not_take_anything_costs_one_difference() {
    let (server, mut ana) = (Server::new(), Client::new(1));
    server.talk(&mut ana);
    for edit in 0..5_000 {
        ana.edit("a", &edit.to_string());
        assert!(ana.machine.outbox.len() <= OUTBOX_FRAMES_MAX);
    }
    server.talk(&mut ana);
    assert_eq!(ana.frames, 2);
    ana.acknowledge(2);
    assert_eq!(ana.machine.pending(), 0);
    assert!(server.same_as(&ana));
}

#[test]
fn a_server_that_does_not_acknowledge_is_not_sent_without_bound() {
    let (server, mut ana) = (Server::new(), Client::new(1));
    for edit in 0..3_000 {
        server.talk(&mut ana);
        ana.edit("a", &edit.to_string());
    }
    server.talk(&mut ana);
    assert_eq!(ana.frames, IN_FLIGHT_MAX as u64);
    assert_eq!(ana.machine.pending(), 3_000);
    ana.acknowledge(ana.frames);
    server.talk(&mut ana);
    ana.acknowledge(ana.frames);
    assert_eq!(ana.machine.pending(), 0);
    assert!(server.same_as(&ana));
}

#[test]
fn an_edit_that_is_longer_than_an_update_goes_as_a_difference() {
    let (server, mut ana) = (Server::new(), Client::new(1));
    server.talk(&mut ana);
    ana.edit("a", &"x".repeat(limits::UPDATE_BYTES_MAX + 1));
    let frame = ana.next_frame().unwrap();
    assert!(matches!(wire::decode(&frame).unwrap(), Frame::SyncStep2(_)));
    server.answer(&frame, &mut ana);
    assert!(server.same_as(&ana));
}

#[test]
fn a_copy_of_another_epoch_is_not_merged_but_begun_afresh() {
    let (mut server, mut ana) = (Server::new(), Client::new(1));
    server.talk(&mut ana);
    ana.edit("a", "made for a plan that was restored since");
    ana.disconnect();
    server.epoch = 2;
    let hello = ana.next_frame().unwrap();
    let answers = server.answer(&hello, &mut ana);
    let error = ana.machine.received(&answers[0]).unwrap_err();
    assert_eq!(error.close_code(), CloseCode::StartAfresh);
    assert_eq!(ana.next_frame(), None);
    assert_eq!(ana.ended(End::OtherEpoch), Next::Afresh(Why::Restored));
    assert_eq!(ana.machine.cursor(), None, "its changes are counted anew");

    ana.doc = Doc::with_client_id(2);
    ana.machine.started_afresh(2);
    assert_eq!((ana.machine.start(), ana.machine.pending()), (Next::Token { refused: false }, 0));
    server.talk(&mut ana);
    assert_eq!(ana.status(), "live");
    assert!(server.same_as(&ana));
}

#[test]
fn a_server_that_takes_no_copy_at_all_is_given_up() {
    let mut ana = Client::new(1);
    for n in 2..4 {
        assert_eq!(ana.ended(End::Closed(4409, String::new())), Next::Afresh(Why::Conflict));
        ana.machine.started_afresh(n);
        ana.machine.start();
    }
    assert_eq!(ana.ended(End::Closed(4409, String::new())), Next::Over);
    assert_eq!(ana.status(), "refused");
}

#[test]
fn every_end_says_what_comes_next() {
    let mut ana = Client::new(1);
    let first = BackoffBounds::default().first;
    assert_eq!(ana.ended(End::Broken("no network".into())), Next::Wait(first));
    let Status::Offline(reason) = ana.machine.status() else { panic!("{:?}", ana.machine.status()) };
    assert_eq!((reason.code, reason.retry_in), (ReasonCode::Network, Some(first)));
    assert_eq!(ana.ended(End::Closed(1012, "restarting".into())), Next::Wait(first * 2));
    assert_eq!(ana.machine.due(), Next::Token { refused: false });
    assert_eq!(ana.machine.token_failed("no network", 0.5), Next::Wait(first * 2));
    for (code, kind) in [
        (4400, ErrorKind::Closed),
        (4403, ErrorKind::NotAllowed),
        (4404, ErrorKind::NotFound),
        (4413, ErrorKind::TooLarge),
        (4499, ErrorKind::Closed),
    ] {
        let mut ana = Client::new(1);
        assert_eq!(ana.ended(End::Closed(code, String::new())), Next::Over);
        let error = ana.machine.status().error();
        assert_eq!((error.kind(), error.close_code()), (kind, Some(code)));
        assert_eq!(ana.ended(End::Broken("late".into())), Next::Over, "a final status stays");
    }
    ana.machine.stop();
    assert_eq!((ana.status(), ana.machine.status().error().kind()), ("closed", ErrorKind::Closed));
}

#[test]
fn a_token_that_is_refused_is_replaced_once() {
    let (server, mut ana) = (Server::new(), Client::new(1));
    let refused = || End::Closed(4401, String::new());
    assert_eq!(ana.ended(refused()), Next::Token { refused: true });
    assert_eq!(ana.machine.token_given("another".into()), Next::Connect);
    let Frame::Hello(hello) = wire::decode(&ana.next_frame().unwrap()).unwrap() else { panic!() };
    assert_eq!(hello.token.as_deref(), Some("another"));
    assert_eq!(ana.ended(refused()), Next::Over, "the second one was no better");

    let mut ana = Client::new(1);
    ana.ended(refused());
    ana.machine.token_given("another".into());
    server.talk(&mut ana);
    assert_eq!(ana.ended(refused()), Next::Token { refused: true }, "it has worked meanwhile, and expired");
    assert_eq!(ana.machine.token_missing(), Next::Over);
    assert_eq!(ana.machine.status().error().kind(), ErrorKind::Unauthorized);
}

#[test]
fn a_draining_server_is_left_alone_as_long_as_it_asks_for_but_not_for_ever() {
    let server = Server::new();
    for (asked, waits) in [(2_000, 2_000), (9_999_999, 120_000)] {
        let mut ana = Client::new(1);
        server.talk(&mut ana);
        let notice = Notice { code: NoticeCode::Draining, retry_after_ms: Some(asked) };
        ana.machine.received(&wire::encode(&Frame::Notice(notice))).unwrap();
        let first = BackoffBounds::default().first;
        assert_eq!(ana.ended(End::Closed(1012, String::new())), Next::Wait(first + Duration::from_millis(waits)));
    }
}

#[test]
fn a_change_is_told_once_and_a_later_connection_goes_on_after_it() {
    let (server, mut ana) = (Server::new(), Client::new(1));
    server.talk(&mut ana);
    let tell = |ana: &mut Client, id: &str| {
        let json = serde_json::json!({"id": id, "type": "plansync.task.changed", "data": {}});
        matches!(ana.machine.received(&wire::encode(&Frame::Change(json))).unwrap(), Command::Change(_))
    };
    assert!(tell(&mut ana, "demo/7/0"), "the entry of the Welcome may have changes that settle later");
    assert!(tell(&mut ana, "demo/8/0") && tell(&mut ana, "demo/8/1"));
    assert!(!tell(&mut ana, "demo/8/1") && !tell(&mut ana, "demo/7/0") && !tell(&mut ana, "nonsense"));
    ana.disconnect();
    let Frame::Hello(hello) = wire::decode(&ana.next_frame().unwrap()).unwrap() else { panic!() };
    assert_eq!(hello.since_seq, Some(Since { seq: 8, n: Some(1) }));
}

#[test]
fn another_persons_copy_is_not_sent() {
    let (server, mut ana) = (Server::new(), Client::new(1));
    let setup = Setup { own_id: 1, person: Some("ben".into()), unsent: 1, ..Setup::default() };
    ana.machine = Machine::new(setup);
    let hello = ana.next_frame().unwrap();
    let answers = server.answer(&hello, &mut ana);
    let error = ana.machine.received(&answers[0]).unwrap_err();
    assert!(matches!(error, MachineError::OtherPerson { .. }));
    assert_eq!((ana.next_frame(), ana.ended(End::OtherPerson(error.to_string()))), (None, Next::Over));
    assert_eq!(ana.machine.status().error().kind(), ErrorKind::NotAllowed);
}

#[test]
fn a_server_that_breaks_the_protocol_is_an_error() {
    let (server, mut ana) = (Server::new(), Client::new(1));
    let early = wire::encode(&Frame::Update(&[0, 0]));
    assert!(matches!(ana.machine.received(&early), Err(MachineError::BeforeWelcome { frame: "Update" })));
    server.talk(&mut ana);
    let ack = wire::encode(&Frame::Ack { count: 2, seq: 9 });
    assert!(matches!(ana.machine.received(&ack), Err(MachineError::AckOfNothing { count: 2, sent: 1 })));
    assert!(matches!(ana.machine.received(&[0, 9]), Err(MachineError::Wire(_))));
    let touch = wire::encode(&Frame::Touch);
    assert!(matches!(ana.machine.received(&touch), Err(MachineError::NotForClients { .. })));
}

/// A seed makes the run: edits, talks, lost frames, breaks, late acknowledgements of two clients.
#[test]
fn whatever_is_cut_and_lost_all_copies_are_equal_once_it_is_quiet() {
    use rand::{Rng, SeedableRng, rngs::StdRng};
    for seed in 0..200 {
        let mut rng = StdRng::seed_from_u64(seed);
        let server = Server::new();
        let mut clients = [Client::new(1), Client::new(2)];
        for _ in 0..60 {
            let client = &mut clients[rng.random_range(0..2)];
            match rng.random_range(0..10) {
                0..4 => client.edit(&format!("k{}", rng.random_range(0..4)), &seed.to_string()),
                4..7 => server.talk(client),
                7 => {
                    // Taken by the socket and lost with the connection.
                    drop(client.next_frame());
                    client.disconnect();
                }
                8 if client.frames > 0 => client.acknowledge(rng.random_range(0..=client.frames)),
                _ => client.disconnect(),
            }
        }
        for _ in 0..2 {
            for client in &mut clients {
                client.disconnect();
                server.talk(client);
                client.acknowledge(client.frames);
                assert_eq!(client.machine.pending(), 0, "seed {seed}, client {}", client.id);
            }
        }
        assert!(clients.iter().all(|client| server.same_as(client)), "seed {seed}");
    }
}
