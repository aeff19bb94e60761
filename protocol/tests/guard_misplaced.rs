//! Content that no plan holds in its place goes no further, and takes nothing with it: the rest of its update stays,
//! clocks go on, everybody's copy ends alike, the author's too, and the author is told each place.

#![allow(clippy::unwrap_used)]

mod copies;

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use copies::writer::{At, FOREIGN, Section, base, item, of, text_item, update};
use copies::{Copy, env, install, normal, on_a_deep_stack};
use plansync_protocol::guard::{Delta, Index, Lane, Refusal};
use plansync_protocol::limits;
use plansync_protocol::plan::{schema, touched::Place};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use yrs::updates::encoder::Encode;
use yrs::{Any, Map as _, Out, ReadTxn, StateVector, Transact};

fn told(delta: &Delta) -> Vec<String> {
    let told = delta.refused().iter();
    told.map(|refused| {
        let Place { collection, id, field } = &refused.place;
        format!("{collection}/{id}/{field} {}", refused.code)
    })
    .collect()
}

fn with_base() -> Copy {
    let mut copy = Copy::new();
    copy.offer(&base(), Lane::Live).unwrap();
    copy
}

fn offer(copy: &mut Copy, bytes: &[u8]) -> Delta {
    let delta = copy.offer(bytes, Lane::Live).expect("admitted");
    copy.check(bytes, Lane::Live);
    delta
}

fn under(parent: (u64, u32), key: &str) -> At {
    At::Type(parent, Some(key.to_owned()))
}

/// One struct of client 6, as it is written for all: collected, or deleted in its place.
#[track_caller]
fn is_written(at: &At, (content_ref, content, len): (u8, &[u8], u32), collected: bool, place: &str) {
    let mut copy = with_base();
    let before = copy.json();
    let delta = offer(&mut copy, &of(6, 0, vec![item(at, content_ref, content)]));
    let written = if collected { vec![0, len as u8] } else { item(at, 1, &[len as u8]) };
    let section = Section { client: 6, clock: 0, structs: vec![written] };
    assert_eq!(delta.encode(), update(&[section], &[(6, vec![(0, len)])]), "{at:?} {content_ref} {content:?}");
    assert_eq!(told(&delta), [place], "{at:?} {content_ref} {content:?}");
    assert_eq!((delta.is_empty(), delta.deleted_len()), (false, 0));
    assert_eq!(copy.index.deleted_of(6), [(0, len)]);
    if collected || !matches!(at, At::Root(..)) {
        assert_eq!(copy.json(), before);
    }
}

#[test]
fn a_place_that_no_plan_has_is_collected_whatever_it_holds() {
    for content in FOREIGN {
        is_written(&At::Root("secrets", "t".into()), content, true, "secrets/t/ unknown_collection");
        is_written(&At::RootList("secrets"), content, true, "secrets// unknown_collection");
        is_written(&At::RootList(""), content, true, "// unknown_collection");
        is_written(&At::RootList("tasks"), content, true, "tasks// malformed");
        is_written(&At::RootList("meta"), content, true, "meta// malformed");
        is_written(&At::Type((5, 0), None), content, true, "tasks/t/ malformed");
        is_written(&under((5, 2), "lang"), content, true, "tasks/t/notes malformed");
    }
}

#[test]
fn content_that_its_place_does_not_hold_is_written_as_deleted() {
    let is_text = |content: &(u8, &[u8], u32)| (content.0, content.1[0]) == (7, 2);
    let is_map = |content: &(u8, &[u8], u32)| (content.0, content.1[0]) == (7, 1);
    let is_scalar = |content: &(u8, &[u8], u32)| content.0 == 8 && matches!(content.1, [1, 126] | [3, 120, ..]);
    for content in FOREIGN {
        if content.0 != 4 {
            is_written(&At::Beside(Some((5, 7)), None, false), content, false, "tasks/t/notes malformed");
            is_written(&At::Beside(Some((5, 4)), Some((5, 5)), false), content, false, "tasks/t/notes malformed");
        }
        if !is_map(&content) {
            is_written(&At::Root("tasks", "t".into()), content, false, "tasks/t/ malformed");
            is_written(&At::Root("risks", "r".into()), content, false, "risks/r/ malformed");
        }
        if !is_text(&content) {
            is_written(
                &At::Root("meta", "valueProposition".into()),
                content,
                false,
                "meta//valueProposition malformed",
            );
        }
        if !is_scalar(&content) {
            is_written(&At::Root("meta", "title".into()), content, false, "meta//title malformed");
            is_written(&under((5, 0), "due"), content, false, "tasks/t/due malformed");
        }
        if !is_scalar(&content) && !is_text(&content) {
            is_written(&under((5, 0), "x-new"), content, false, "tasks/t/x-new malformed");
        }
    }
}

#[test]
fn the_rest_of_the_update_stays() {
    let mut copy = with_base();
    let bytes = of(
        6,
        0,
        vec![
            item(&under((5, 0), "due"), 8, &[1, 119, 1, b'd']),
            item(&At::Root("secrets", "s".into()), 7, &[1]),
            item(&under((6, 1), "deep"), 8, &[1, 126]),
            text_item(&At::Beside(Some((5, 7)), None, false), "a"),
            item(&At::Beside(Some((6, 3)), None, false), 6, &[1, b'b', 1, b'1']),
            item(&At::Beside(Some((6, 4)), None, false), 5, &[2, b'{', b'}']),
            text_item(&At::Beside(Some((6, 5)), None, false), "b"),
            item(&At::Beside(Some((5, 1)), None, true), 7, &[1]),
            item(&under((6, 7), "inner"), 7, &[0]),
            text_item(&At::Type((6, 8), None), "below"),
            item(&At::Root("risks", "r".into()), 7, &[1]),
        ],
    );
    let delta = offer(&mut copy, &bytes);
    assert_eq!(
        told(&delta),
        ["secrets/s/ unknown_collection", "tasks/t/notes malformed", "tasks/t/title malformed"],
        "each place once, and nothing of what stands in it"
    );
    assert_eq!(
        copy.json(),
        json!({"tasks": {"t": {"due": "d", "notes": "helloab"}}, "milestones": {}, "risks": {"r": {}}, "people": {},
            "comments": {}, "meta": {"title": null}}),
        "the older title is gone: what was written after it stands there, deleted"
    );
    assert_eq!(copy.index.deleted_of(6), [(1, 3), (4, 6), (7, 14)]);
    assert!(delta.touched().0.iter().any(|place| &*place.field == "title"), "so that it can be put back");
    assert_eq!(delta.deleted_len(), 0, "nothing of others is deleted by name");
    // Whatever is put there later stands after it.
    let set = of(7, 0, vec![item(&At::Beside(Some((6, 7)), None, true), 8, &[1, 119, 1, b'U'])]);
    assert_eq!(told(&offer(&mut copy, &set)), [""; 0]);
    assert_eq!(copy.json()["tasks"]["t"]["title"], "U");
}

#[test]
fn what_goes_on_there_later_is_collected_too_and_deletes_of_it_are_known() {
    let mut copy = with_base();
    offer(&mut copy, &of(6, 0, vec![text_item(&At::RootList("prose"), "abc"), item(&under((5, 0), "due"), 7, &[1])]));
    let beside = |left, right| At::Beside(left, right, false);
    for (clock, at) in [
        (4, beside(Some((6, 2)), None)),
        (5, beside(Some((6, 0)), Some((6, 1)))),
        (6, beside(None, Some((6, 0)))),
        (7, under((6, 3), "key")),
    ] {
        let delta = offer(&mut copy, &of(6, clock, vec![item(&at, 8, &[1, 126])]));
        let collected = Section { client: 6, clock, structs: vec![vec![0, 1]] };
        assert_eq!(delta.encode(), update(&[collected], &[(6, vec![(clock, 1)])]));
    }
    let deletes = update(&[], &[(6, vec![(0, 2), (3, 4)])]);
    assert!(copy.offer(&deletes, Lane::Live).unwrap().is_empty());
    // Half of it is known already: the other half goes where the first went.
    let longer = of(6, 0, vec![text_item(&At::RootList("prose"), "abc"), item(&under((5, 0), "due"), 7, &[1])]);
    assert!(copy.offer(&longer, Lane::Sync).unwrap().is_empty());
    let mut half = with_base();
    offer(&mut half, &of(6, 0, vec![item(&At::Beside(Some((5, 7)), None, false), 2, &[1, 1, b'1'])]));
    let delta =
        offer(&mut half, &of(6, 0, vec![item(&At::Beside(Some((5, 7)), None, false), 2, &[2, 1, b'1', 1, b'2'])]));
    let rest = Section { client: 6, clock: 1, structs: vec![item(&At::Beside(Some((6, 0)), None, false), 1, &[1])] };
    assert_eq!(delta.encode(), update(&[rest], &[(6, vec![(1, 1)])]));
}

#[test]
fn what_was_deleted_before_it_came_is_told_to_nobody() {
    for at in [At::Root("secrets", "t".into()), At::RootList("tasks"), under((5, 2), "lang"), under((5, 0), "due")] {
        let delta = offer(&mut with_base(), &of(6, 0, vec![item(&at, 1, &[2])]));
        assert_eq!(told(&delta), [""; 0]);
        assert!(!delta.is_empty());
    }
    let mut copy = with_base();
    offer(&mut copy, &update(&[], &[(5, vec![(0, 1)])]));
    let delta =
        offer(&mut copy, &of(6, 0, vec![item(&under((5, 0), "due"), 7, &[0]), item(&At::Type((5, 0), None), 3, &[0])]));
    assert_eq!(told(&delta), [""; 0], "the task is gone: there is no place to speak of");
}

#[test]
fn the_places_told_are_bounded_and_so_are_their_names() {
    let mut copy = with_base();
    let many = |n: u32| (0..n).map(|n| item(&At::Root("secrets", format!("k{n:03}")), 8, &[1, 126])).collect();
    let most = limits::REFUSED_PLACES_MAX as u32;
    let mut delta = offer(&mut copy, &of(6, 0, many(most)));
    assert_eq!((delta.refused().len(), delta.refused_more()), (64, false));
    let more = offer(&mut copy, &of(7, 0, many(most + 1)));
    assert_eq!((more.refused().len(), more.refused_more()), (64, true));
    delta.merge(more);
    assert_eq!((delta.refused().len(), delta.refused_more(), delta.deleted_len()), (0, false, 0));
    let long: &'static str = Box::leak("é".repeat(10_000).into_boxed_str());
    let delta = offer(&mut copy, &of(8, 0, vec![item(&At::RootList(long), 8, &[1, 126])]));
    assert_eq!(delta.refused()[0].place.collection.len(), limits::KEY_BYTES_MAX);
    assert!(!format!("{:?}", copy.index).contains("éé"), "what no plan has is not remembered");
}

/// What was stored loads again: entry by entry, merged, and as the state.
fn loads(copy: &Copy, entries: &[Vec<u8>]) {
    let deleted = |index: &Index| {
        let mut all: Vec<_> = index.state_vector().collect();
        all.sort_unstable();
        all.into_iter().map(|(client, clock)| (client, clock, index.deleted_of(client).to_vec())).collect::<Vec<_>>()
    };
    let merged = yrs::merge_updates_v1(entries).unwrap();
    for (what, updates) in [("entries", entries), ("merged", &[merged][..]), ("state", &[copy.state()][..])] {
        let mut loaded = Copy::new();
        for update in updates {
            let delta = loaded.offer(update, Lane::Trusted).unwrap_or_else(|refusal| panic!("{what}: {refusal}"));
            assert_eq!(told(&delta), [""; 0], "{what}: our own bytes hold nothing to refuse");
        }
        assert_eq!(loaded.json(), copy.json(), "{what}");
        assert_eq!(deleted(&loaded.index), deleted(&copy.index), "{what}");
    }
}

#[test]
fn what_is_written_of_it_loads_again() {
    let mut copy = with_base();
    let mut entries = vec![base()];
    let mut clock = 0;
    let places = [
        At::Root("secrets", "t".into()),
        At::RootList("prose"),
        At::Root("tasks", "t".into()),
        under((5, 0), "due"),
        under((5, 2), "lang"),
        At::Root("meta", "title".into()),
        At::Type((5, 2), None),
    ];
    for (n, (content_ref, content, len)) in FOREIGN.into_iter().enumerate() {
        let bytes = of(6, clock, vec![item(&places[n % places.len()], content_ref, content)]);
        entries.push(offer(&mut copy, &bytes).encode());
        clock += len;
    }
    loads(&copy, &entries);
}

/// People with stock Yjs, in one process of Node.
struct People {
    child: Child,
    stdin: ChildStdin,
    stdout: ChildStdout,
}

impl People {
    fn start() -> Self {
        let mut child = Command::new("node")
            .arg("people.mjs")
            .current_dir(install())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node is installed");
        let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { child, stdin, stdout }
    }

    fn ask(&mut self, what: u8, who: usize, payload: &[u8]) -> Vec<(u8, Vec<u8>)> {
        let mut record = vec![what, who as u8];
        record.extend_from_slice(&(payload.len() as u32).to_be_bytes());
        record.extend_from_slice(payload);
        self.stdin.write_all(&record).unwrap();
        let mut answer = Vec::new();
        loop {
            let mut head = [0; 5];
            self.stdout.read_exact(&mut head).expect("the script goes on");
            let mut payload = vec![0; u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize];
            self.stdout.read_exact(&mut payload).unwrap();
            if head[0] == 9 {
                return answer;
            }
            answer.push((head[0], payload));
        }
    }
}

impl Drop for People {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What is on the way between one person and the server.
#[derive(Default)]
struct Line {
    up: VecDeque<Vec<u8>>,
    down: VecDeque<Vec<u8>>,
    is_cut: bool,
}

/// A server, people who write on it, and one more who only reads.
struct Meeting<'p> {
    people: &'p mut People,
    copy: Copy,
    entries: Vec<Vec<u8>>,
    lines: Vec<Line>,
    rng: StdRng,
    told: usize,
    /// Two tabs of one browser hand each other what they write before the server has seen it.
    has_tabs: bool,
}

impl Meeting<'_> {
    fn hear(&mut self, who: usize, update: &[u8]) {
        let answer = self.people.ask(1, who, update);
        self.sent(who, answer);
    }

    fn sent(&mut self, who: usize, answer: Vec<(u8, Vec<u8>)>) {
        for (kind, update) in answer {
            if kind != 0 {
                continue;
            }
            if self.has_tabs && who < 2 {
                self.hear(1 - who, &update);
            }
            if !self.lines[who].is_cut {
                self.lines[who].up.push_back(update);
            }
        }
    }

    /// Takes one update in, and what the server puts right after it. `None` when something before it is missing.
    fn take(&mut self, update: &[u8], lane: Lane) -> Option<Delta> {
        let mut delta = match self.copy.offer(update, lane) {
            Err(Refusal::Gap { .. }) if self.has_tabs && lane == Lane::Live => return None,
            answer => answer.expect("what stock Yjs writes is admitted"),
        };
        let refused = delta.refused().to_vec();
        self.told += refused.len();
        for refused in refused {
            if self.rng.random_bool(0.5)
                && let Some(restored) = self.restore(&refused.place)
            {
                delta.merge(restored);
            }
        }
        Some(delta)
    }

    fn restore(&mut self, place: &Place) -> Option<Delta> {
        let collection = schema::collection(&place.collection)?;
        if place.field.is_empty()
            || collection.field(&place.field).is_some_and(|field| field.kind == schema::Kind::Text)
        {
            return None;
        }
        let map = {
            let txn = self.copy.doc.transact();
            let root = txn.get_map(&*place.collection)?;
            if place.id.is_empty() {
                root
            } else {
                match root.get(&txn, &place.id)? {
                    Out::YMap(map) => map,
                    _ => return None,
                }
            }
        };
        let field = place.field.clone();
        Some(self.copy.write(move |txn| {
            map.insert(txn, field, Any::from("restored"));
        }))
    }

    /// A turn of the server: some of what waits, stored and told as one.
    fn turn(&mut self) {
        let mut turn: Option<Delta> = None;
        for _ in 0..self.rng.random_range(1..4) {
            let who = self.rng.random_range(0..self.lines.len());
            let Some(update) = self.lines[who].up.pop_front() else { continue };
            let Some(delta) = self.take(&update, Lane::Live) else {
                self.tell(turn.take());
                self.catch_up(who);
                continue;
            };
            match &mut turn {
                _ if delta.is_empty() => {}
                Some(turn) => turn.merge(delta),
                None => turn = Some(delta),
            }
        }
        self.tell(turn);
    }

    fn tell(&mut self, delta: Option<Delta>) {
        let Some(delta) = delta.filter(|delta| !delta.is_empty()) else { return };
        let bytes = delta.encode();
        for line in self.lines.iter_mut().filter(|line| !line.is_cut) {
            line.down.push_back(bytes.clone());
        }
        self.entries.push(bytes);
    }

    /// Asks for all that the server lacks, and gives back where the person stands.
    fn catch_up(&mut self, who: usize) -> Vec<u8> {
        let vector = self.copy.doc.transact().state_vector().encode_v1();
        let mut answer = self.people.ask(3, who, &vector).into_iter();
        let (theirs, missing) = (answer.next().unwrap().1, answer.next().unwrap().1);
        let delta = self.take(&missing, Lane::Sync);
        self.tell(delta);
        theirs
    }

    fn connect(&mut self, who: usize) {
        let theirs = self.catch_up(who);
        let known = <StateVector as yrs::updates::decoder::Decode>::decode_v1(&theirs).unwrap();
        let difference = self.copy.doc.transact().encode_diff_v1(&known);
        self.lines[who].is_cut = false;
        self.hear(who, &difference);
    }

    fn step(&mut self) {
        let who = self.rng.random_range(0..self.lines.len());
        match self.rng.random_range(0..100) {
            0..35 if who + 1 < self.lines.len() => {
                let answer = self.people.ask(2, who, &[]);
                self.sent(who, answer);
            }
            0..65 => self.turn(),
            65..97 => {
                if let Some(update) = self.lines[who].down.pop_front() {
                    self.hear(who, &update);
                }
            }
            _ if self.lines[who].is_cut => self.connect(who),
            _ => self.lines[who] = Line { is_cut: true, ..Line::default() },
        }
    }

    fn settle(&mut self) {
        for who in 0..self.lines.len() {
            if self.lines[who].is_cut {
                self.connect(who);
            }
        }
        while self.lines.iter().any(|line| !line.up.is_empty() || !line.down.is_empty()) {
            for _ in 0..self.lines.len() * 2 {
                self.turn();
            }
            for who in 0..self.lines.len() {
                while let Some(update) = self.lines[who].down.pop_front() {
                    self.hear(who, &update);
                }
            }
        }
    }

    fn compare(&mut self, seed: u64) {
        let ours = self.copy.json();
        let ours: Value = ["tasks", "risks", "meta"].iter().map(|root| (*root, ours[root].clone())).collect();
        let mut vector: Vec<_> = self.copy.index.state_vector().filter(|(_, clock)| *clock > 0).collect();
        vector.sort_unstable();
        let deleted: Vec<_> = vector.iter().map(|(client, _)| (*client, self.copy.index.deleted_of(*client))).collect();
        let deleted: Vec<_> = deleted.into_iter().filter(|(_, ranges)| !ranges.is_empty()).collect();
        let ours = json!({"json": ours, "vector": vector, "deleted": deleted, "pending": false, "strange": 0});
        for who in 0..self.lines.len() {
            let told = self.people.ask(4, who, &[]);
            let theirs: Value = serde_json::from_slice(&told[0].1).unwrap();
            for (part, ours) in ours.as_object().unwrap() {
                assert_eq!(normal(theirs[part].clone()), normal(ours.clone()), "{part} of person {who}, seed {seed}");
            }
        }
    }
}

#[test]
fn people_with_stock_yjs_who_write_it_end_in_the_same_plan() {
    on_a_deep_stack(|| {
        let (first, seeds) = (env("PLANSYNC_PEOPLE_SEED", 1), env("PLANSYNC_PEOPLE_SEEDS", 30));
        let mut people = People::start();
        let (mut told, mut entries) = (0, 0);
        for seed in first..first + seeds {
            let count = 4;
            people.ask(0, count, &(seed as u32).to_be_bytes());
            let mut meeting = Meeting {
                people: &mut people,
                copy: Copy::new(),
                entries: Vec::new(),
                lines: (0..count).map(|_| Line::default()).collect(),
                rng: StdRng::seed_from_u64(seed),
                told: 0,
                has_tabs: seed % 3 == 0,
            };
            for _ in 0..400 {
                meeting.step();
            }
            meeting.settle();
            meeting.compare(seed);
            loads(&meeting.copy, &meeting.entries);
            told += meeting.told;
            entries += meeting.entries.len();
        }
        println!("{seeds} meetings from seed {first}, {entries} entries, {told} places refused");
        assert!(told as u64 > seeds * 5, "people misplace a lot");
    });
}
