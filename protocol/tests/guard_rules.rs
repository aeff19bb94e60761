//! Each rule refuses what it is there for: a test fails when its rule goes.

#![allow(clippy::unwrap_used)]

mod copies;

use copies::Copy;
use copies::writer::{At, Section, base, item, of, text_item, update};
use plansync_protocol::guard::{Index, Lane, Refusal, Rule};
use plansync_protocol::limits;

fn refusal(bytes: &[u8]) -> Refusal {
    let mut copy = Copy::new();
    copy.offer(&base(), Lane::Live).expect("the base is a plan");
    let before = format!("{:?}", copy.index.deleted_of(5));
    let refused = copy.index.admit(bytes, Lane::Live).expect_err("refused");
    assert_eq!(copy.index.clock_of(5), 9, "on a refusal the index is as before");
    assert_eq!(before, format!("{:?}", copy.index.deleted_of(5)));
    refused
}

#[track_caller]
fn breaks(bytes: &[u8], rule: Rule) {
    match refusal(bytes) {
        Refusal::Malformed { rule: found, .. } => assert_eq!(found, rule),
        other => panic!("{rule} expected, found {other}"),
    }
}

#[track_caller]
fn admits(bytes: &[u8]) -> Copy {
    let mut copy = Copy::new();
    copy.offer(&base(), Lane::Live).expect("the base is a plan");
    copy.offer(bytes, Lane::Live).expect("admitted");
    copy.check(bytes, Lane::Live);
    copy
}

fn typed(text: &str) -> Vec<u8> {
    of(6, 0, vec![text_item(&At::Beside(Some((5, 7)), None, false), text)])
}

fn value(value: &[u8]) -> Vec<u8> {
    of(6, 0, vec![item(&At::Type((5, 0), Some("due".into())), 8, value)])
}

fn at(at: &At, content_ref: u8, content: &[u8]) -> Vec<u8> {
    of(6, 0, vec![item(at, content_ref, content)])
}

fn beside(left: u32, right: Option<u32>, has_key: bool) -> At {
    At::Beside(Some((5, left)), right.map(|clock| (5, clock)), has_key)
}

#[test]
fn grammar() {
    let good = typed("x");
    for cut in 0..good.len() {
        assert!(Index::new().check(&good[..cut], Lane::Live).is_err());
    }
    breaks(&[], Rule::Truncated);
    breaks(&[good.clone(), vec![0]].concat(), Rule::TrailingBytes);
    breaks(&[0x80, 0, 0], Rule::IntegerNotShortest);
    breaks(&of(1 << 53, 0, vec![vec![0, 1]]), Rule::IntegerTooLarge);
    breaks(&[0x80, 0xc2, 0xd7, 0x2f], Rule::CountBeyondInput);
    breaks(&of(6, 0, vec![vec![0, 0xff, 0xff, 0xff, 0xff, 8]]), Rule::ClockTooLarge);
    breaks(&of(6, 1 << 30, vec![vec![0, 0x80, 0x80, 0x80, 0x80, 4]]), Rule::ClockTooLarge);
    let section = |client| Section { client, clock: 0, structs: vec![vec![0, 1]] };
    breaks(&update(&[section(8), section(8)], &[]), Rule::ClientOrder);
    breaks(&update(&[section(8), section(9)], &[]), Rule::ClientOrder);
    breaks(&update(&[], &[(5, vec![(0, 1)]), (5, vec![(3, 1)])]), Rule::ClientOrder);
    breaks(&[1, 0, 6, 0, 0, 0, 0], Rule::EmptyRun);
    breaks(&[0, 1, 5, 0, 0, 0], Rule::EmptyRun);
    breaks(&of(6, 0, vec![vec![0, 0]]), Rule::ZeroLength);
    breaks(&typed(""), Rule::ZeroLength);
    breaks(&value(&[0]), Rule::ZeroLength);
    breaks(&update(&[], &[(5, vec![(3, 0)])]), Rule::ZeroLength);
    for info in [0x10, 0x14, 0x20, 0x80, 0x1f, 0x8a] {
        let mut bytes = vec![info];
        bytes.extend_from_slice(&[5, 7, 1, b'x', 0, 0]);
        let refused = Index::new().check(&of(6, 0, vec![bytes]), Lane::Live);
        assert!(matches!(refused, Err(Refusal::Malformed { .. })), "{info:02x}: {refused:?}");
    }
    breaks(&of(6, 0, vec![vec![0x94, 5, 7, 1, b'x']]), Rule::InfoBits);
    breaks(&of(6, 0, vec![vec![0x28, 2, 5, 0, 1, b'd', 1, 126]]), Rule::ParentFlag);
    breaks(&of(6, 0, vec![vec![0x84, 5, 7, 2, 0xc3, 0x28]]), Rule::Utf8);
    breaks(&at(&At::Type((5, 0), Some(String::new())), 8, &[1, 126]), Rule::KeyLength);
    breaks(&at(&At::Type((5, 0), Some("k".repeat(257))), 8, &[1, 126]), Rule::KeyLength);
    for content_ref in [11, 12, 15] {
        breaks(&at(&beside(7, None, false), content_ref, &[1, 1, b'1']), Rule::ContentKind);
    }
    for type_ref in [7, 8, 9, 15] {
        breaks(&at(&At::Root("tasks", "u".into()), 7, &[type_ref, 0]), Rule::TypeKind);
    }
    for kind in [0, 115, 128] {
        breaks(&value(&[1, kind, 0, 0, 0, 0, 0, 0, 0, 0]), Rule::ValueKind);
    }
    let lists = |n: usize| value(&[&[1][..], &[117, 1].repeat(n), &[126]].concat());
    let objects = |n: usize| value(&[&[1][..], &[118, 1, 0].repeat(n), &[126]].concat());
    breaks(&lists(17), Rule::ValueDepth);
    breaks(&objects(17), Rule::ValueDepth);
    admits(&lists(16));
    admits(&objects(16));
    // What no plan holds has to be in order all the same.
    for (content_ref, content, rule) in [
        (2, &[0][..], Rule::ZeroLength),
        (2, &[2, 1, b'1', 1], Rule::Truncated),
        (3, &[9, 1], Rule::CountBeyondInput),
        (5, &[1, 0xff], Rule::Utf8),
        (6, &[1, b'b', 1, 0xff], Rule::Utf8),
        (9, &[1, b'g', 1], Rule::ValueKind),
        (7, &[3, 1, 0xff], Rule::Utf8),
        (8, &[1, 117, 1, 123, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0], Rule::NotFinite),
        (8, &[1, 117, 1, 125, 0x80, 0], Rule::IntegerNotShortest),
        (8, &[1, 118, 0x80, 0x80, 0x80, 4], Rule::CountBeyondInput),
        (8, &[1, 118, 1, 1, 0xff, 126], Rule::Utf8),
    ] {
        breaks(&at(&At::Root("meta", "title".into()), content_ref, content), rule);
    }
    breaks(&value(&[1, 123, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0]), Rule::NotFinite);
    breaks(&value(&[1, 124, 0x7f, 0xc0, 0, 0]), Rule::NotFinite);
    breaks(&value(&[1, 125, 0xbf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]), Rule::IntegerTooLarge);
    for ranges in [vec![(3, 1), (3, 1)], vec![(3, 2), (4, 1)], vec![(5, 1), (3, 1)], vec![(3, 1), (4, 1)]] {
        breaks(&update(&[], &[(5, ranges)]), Rule::DeleteOrder);
    }
}

#[test]
fn places() {
    breaks(&at(&beside(7, None, true), 4, &[1, b'x']), Rule::KeyFlag);
    // What Yjs merges unopened says nothing of the key that its neighbour has; we say it again.
    let (silent, told) = (at(&beside(1, None, false), 8, &[1, 126]), at(&beside(1, None, true), 8, &[1, 126]));
    assert_eq!(admits(&silent).state(), admits(&told).state());
    breaks(&at(&beside(1, Some(1), true), 8, &[1, 126]), Rule::RightInMap);
    breaks(&at(&At::Type((5, 1), Some("k".into())), 8, &[1, 126]), Rule::ParentKind);
    breaks(&at(&At::Type((5, 4), None), 4, &[1, b'x']), Rule::ParentKind);
    breaks(&at(&beside(1, Some(7), false), 4, &[1, b'x']), Rule::NeighbourParents);
    breaks(&at(&beside(1, Some(8), true), 8, &[1, 126]), Rule::NeighbourParents);
    admits(&at(&At::Type((5, 0), Some("x-new".into())), 7, &[2]));
    admits(&at(&At::Type((5, 0), Some("x-new".into())), 8, &[1, 127]));
    admits(&at(&beside(1, None, true), 1, &[3]));
    admits(&typed("é😀"));
}

#[test]
fn what_is_not_here_is_a_gap_and_what_needs_itself_is_not() {
    let gap = |bytes: &[u8], client, clock| assert_eq!(refusal(bytes), Refusal::Gap { client, clock });
    gap(&of(6, 1, vec![vec![0, 1]]), 6, 0);
    gap(&of(6, 0, vec![vec![0, 1], vec![10, 3]]), 6, 1);
    gap(&at(&At::Beside(Some((7, 4)), None, false), 4, &[1, b'x']), 7, 4);
    gap(&at(&beside(9, None, false), 4, &[1, b'x']), 5, 9);
    gap(&at(&beside(7, Some(9), false), 4, &[1, b'x']), 5, 9);
    gap(&at(&At::Type((7, 0), Some("k".into())), 8, &[1, 126]), 7, 0);
    gap(&update(&[], &[(5, vec![(8, 2)])]), 5, 9);
    gap(&update(&[], &[(7, vec![(0, 1)])]), 7, 0);
    breaks(&at(&At::Beside(Some((6, 0)), None, false), 4, &[1, b'x']), Rule::Cycle);
    let after = |client: u64| Section {
        client: 13 - client,
        clock: 0,
        structs: vec![text_item(&At::Beside(Some((client, 0)), None, false), "x")],
    };
    breaks(&update(&[after(6), after(7)], &[]), Rule::Cycle);
}

#[test]
fn clients_may_build_on_each_other_in_one_update() {
    let piece = |left: (u64, u32), text: &str| text_item(&At::Beside(Some(left), None, false), text);
    let sections = [
        Section { client: 9, clock: 0, structs: vec![piece((8, 0), "b"), piece((8, 1), "d")] },
        Section { client: 8, clock: 0, structs: vec![piece((5, 7), "a"), piece((9, 0), "c")] },
    ];
    let copy = admits(&update(&sections, &[]));
    assert_eq!(copy.json()["tasks"]["t"]["notes"], "helloabcd");
}

#[test]
fn what_is_known_is_cut_out() {
    let mut copy = admits(&typed("a😀b"));
    let longer = of(6, 0, vec![text_item(&At::Beside(Some((5, 7)), None, false), "a😀bcd")]);
    let delta = copy.offer(&longer, Lane::Live).unwrap();
    assert_eq!(delta.encode(), of(6, 4, vec![text_item(&At::Beside(Some((6, 3)), None, false), "cd")]));
    assert_eq!(copy.json()["tasks"]["t"]["notes"], "helloa😀bcd");
    // A client that had split the pair knows half of it: the other half becomes U+FFFD, as in Yjs.
    let mut half = admits(&typed("a\u{fffd}"));
    half.offer(&typed("a😀b"), Lane::Live).unwrap();
    assert_eq!(half.json()["tasks"]["t"]["notes"], "helloa\u{fffd}\u{fffd}b");
    let mut deleted = admits(&update(&[], &[(5, vec![(3, 2)])]));
    let delta = deleted.offer(&update(&[], &[(5, vec![(3, 4)])]), Lane::Live).unwrap();
    assert_eq!(delta.encode(), update(&[], &[(5, vec![(5, 2)])]));
    assert_eq!(delta.deleted_len(), 2);
}

#[test]
fn the_history_of_a_key_in_one_struct_is_written_value_by_value() {
    let delta = Index::new().check(&base(), Lane::Live).unwrap();
    assert_eq!(delta.encode(), base());
    let copy = admits(&value(&[3, 120, 125, 0x40, 121]));
    assert_eq!(copy.json()["tasks"]["t"]["due"], false);
    assert_eq!(copy.index.deleted_of(6), [(0, 2)]);
}

#[test]
fn what_stands_in_something_collected_is_collected() {
    let mut copy = admits(&update(&[], &[(5, vec![(0, 1)])]));
    for (clock, structs) in [
        text_item(&beside(7, None, false), "x"),
        item(&At::Type((5, 0), Some("due".into())), 8, &[1, 126]),
        item(&At::Type((5, 0), Some("notes".into())), 7, &[2]),
    ]
    .into_iter()
    .enumerate()
    {
        let clock = clock as u32;
        let delta = copy.offer(&of(6, clock, vec![structs]), Lane::Live).unwrap();
        let collected = Section { client: 6, clock, structs: vec![vec![0, 1]] };
        assert_eq!(delta.encode(), update(&[collected], &[(6, vec![(clock, 1)])]));
        assert_eq!(delta.refused(), [], "it was removed, not refused");
        assert_eq!(delta.deleted_len(), 0);
    }
    copy.check(&typed("x"), Lane::Live);
    assert_eq!(copy.json()["tasks"], serde_json::json!({}));
}

#[test]
fn a_collection_stands_in_its_own_document_alone() {
    use plansync_protocol::plan::schema::{COLLECTIONS, Documents};
    for collection in COLLECTIONS {
        let entity = match collection.is_single() {
            true => item(&At::Root(collection.name, "title".into()), 8, &[1, 126]),
            false => item(&At::Root(collection.name, "x".into()), 7, &[1]),
        };
        let bytes = of(7, 0, vec![entity]);
        for (index, is_shared) in [(Index::new(), true), (Index::private(), false)] {
            let has_place = match collection.documents {
                Documents::Both => true,
                Documents::Shared => is_shared,
                Documents::Private => !is_shared,
            };
            for lane in [Lane::Live, Lane::Sync] {
                let delta = index.check(&bytes, lane).unwrap();
                assert_eq!(delta.refused().is_empty(), has_place, "{} where shared is {is_shared}", collection.name);
            }
            assert!(index.check(&bytes, Lane::Trusted).is_ok(), "what was admitted once is loaded");
        }
    }
}

#[test]
fn touched_names_entities_and_fields() {
    let touched = |delta: plansync_protocol::guard::Delta| {
        let places = delta.touched().0.iter().map(|place| format!("{}/{}/{}", place.collection, place.id, place.field));
        places.collect::<Vec<_>>()
    };
    let index = {
        let mut index = Index::new();
        let delta = index.admit(&base(), Lane::Live).unwrap();
        assert_eq!(touched(delta), ["meta//title", "tasks/t/", "tasks/t/notes", "tasks/t/title"]);
        index
    };
    let of_update = |bytes: &[u8]| touched(index.check(bytes, Lane::Live).unwrap());
    assert_eq!(of_update(&typed("x")), ["tasks/t/notes"]);
    assert_eq!(of_update(&update(&[], &[(5, vec![(4, 1)])])), ["tasks/t/notes"]);
    assert_eq!(of_update(&update(&[], &[(5, vec![(0, 1), (8, 1)])])), ["meta//title", "tasks/t/"]);
    assert_eq!(of_update(&value(&[1, 126])), ["tasks/t/due"]);
}

#[test]
fn deltas_merge_into_the_update_they_make_together() {
    let mut index = Index::new();
    let mut merged = index.admit(&base(), Lane::Live).unwrap();
    merged.merge(index.admit(&typed("x"), Lane::Live).unwrap());
    merged.merge(
        index.admit(&of(6, 1, vec![text_item(&At::Beside(Some((6, 0)), None, false), "y")]), Lane::Live).unwrap(),
    );
    merged.merge(index.admit(&update(&[], &[(6, vec![(0, 1)]), (5, vec![(3, 1)])]), Lane::Live).unwrap());
    assert_eq!(merged.clients().collect::<Vec<_>>(), [5, 6]);
    let bytes = merged.encode();
    assert!(bytes.len() <= merged.len_hint());
    assert!(index.check(&bytes, Lane::Live).unwrap().is_empty());
    let mut copy = Copy::new();
    assert_eq!(copy.offer(&bytes, Lane::Live).unwrap().encode(), bytes);
    assert_eq!(copy.json()["tasks"]["t"]["notes"], "elloy");
}

#[test]
fn a_text_typed_in_order_is_one_run() {
    let mut index = Index::new();
    index.admit(&base(), Lane::Live).unwrap();
    for clock in 0..20_000 {
        let left = if clock == 0 { (5, 7) } else { (6, clock - 1) };
        index.admit(&of(6, clock, vec![text_item(&At::Beside(Some(left), None, false), "x")]), Lane::Live).unwrap();
    }
    assert_eq!(format!("{index:?}").matches("Run {").count(), 4 + 1 + 1);
}

#[test]
fn limits_of_a_live_update() {
    let too_large = |bytes: &[u8]| assert!(matches!(refusal(bytes), Refusal::TooLarge { .. }), "{}", refusal(bytes));
    too_large(&vec![0; limits::UPDATE_BYTES_MAX + 1]);
    let sections: Vec<_> =
        (0..65).rev().map(|client| Section { client: client + 10, clock: 0, structs: vec![vec![0, 1]] }).collect();
    too_large(&update(&sections, &[]));
    too_large(&of(6, 0, vec![vec![0, 1]; 4097]));
    too_large(&of(6, 0, (0..1025).map(|n| item(&At::Root("tasks", format!("n{n}")), 7, &[1])).collect()));
    too_large(&value(&[&[0x81, 0x80, 1][..], &[126; 16_385]].concat()));
    too_large(&update(&[], &[(5, (0..2049).map(|n| (n * 2, 1)).collect())]));
    let alike: Vec<_> =
        (0..65).rev().map(|n| Section { client: (n + 1) << 31, clock: 0, structs: vec![vec![0, 1]] }).collect();
    let refused = Index::new().check(&update(&alike, &[]), Lane::Sync);
    assert!(matches!(refused, Err(Refusal::TooLarge { what: "clients with alike ids in a document", .. })));
    let mut index = Index::new();
    let refused = (1..70_u64).find(|n| index.admit(&of(n << 31, 0, vec![vec![0, 1]]), Lane::Live).is_err());
    assert_eq!(refused, Some(65), "one by one as well");
}

/// The base, and 6,000 letters typed by two people in turns: no two of them ever merge.
fn long_conversation() -> Copy {
    let mut copy = Copy::new();
    copy.offer(&base(), Lane::Live).unwrap();
    let mut left = (5, 7);
    for clock in 0..3000 {
        for client in [7, 8] {
            let bytes = of(client, clock, vec![text_item(&At::Beside(Some(left), None, false), "y")]);
            copy.offer(&bytes, Lane::Live).unwrap();
            left = (client, clock);
        }
    }
    copy
}

/// The largest update of a family that is admitted, applied.
fn largest_admitted(copy: &mut Copy, family: &str, up_to: u32, update: impl Fn(u32) -> Vec<u8>) -> u32 {
    let admits = |n: u32| copy.index.check(&update(n), Lane::Live).is_ok();
    let (mut least, mut most) = (1, up_to);
    assert!(admits(least), "{family}: even one is refused");
    assert!(!admits(most), "{family}: {most} are admitted");
    while least + 1 < most {
        let middle = least.midpoint(most);
        if admits(middle) { least = middle } else { most = middle }
    }
    copy.slowest = std::time::Duration::ZERO;
    copy.offer(&update(least), Lane::Live).unwrap();
    println!("{family}: {least} admitted at once, applied in {:?}", copy.slowest);
    assert!(copy.slowest < std::time::Duration::from_millis(250), "{family}: {:?}", copy.slowest);
    least
}

#[test]
fn conflicts_that_cost_the_square_of_their_size_are_refused() {
    let same = |n: usize| vec![text_item(&At::Type((5, 2), None), "x"); n];
    breaks(&of(6, 0, same(40)), Rule::SamePlace);
    admits(&of(6, 0, same(8)));
    breaks(&of(6, 0, vec![item(&At::Type((5, 0), Some("due".into())), 8, &[1, 126]); 40]), Rule::SamePlace);

    let mut copy = long_conversation();
    let intervals =
        largest_admitted(&mut copy, "inserts with most of a long text between their neighbours", 4096, |n| {
            of(9, 0, (0..n).map(|at| text_item(&At::Beside(Some((7, at)), Some((8, 2999)), false), "z")).collect())
        });
    assert!(intervals >= 40, "an honest replacement in many places passes");
    let open = |n| of(10, 0, (0..n).map(|at| text_item(&At::Beside(Some((7, at)), None, false), "z")).collect());
    largest_admitted(&mut copy, "inserts that reach to the end of a long text", 4096, open);
    let inside = |n: u32| {
        let after = |left| text_item(&At::Beside(Some(left), None, false), "z");
        let chain = (0..n).map(|at| after(if at == 0 { (5, 7) } else { (11, at - 1) }));
        of(11, 0, chain.chain((0..n).map(|at| after((11, at)))).collect())
    };
    largest_admitted(&mut copy, "inserts between those of the same update", 2048, inside);

    let long = of(12, 0, vec![text_item(&At::Beside(Some((5, 7)), None, false), &"x".repeat(200_000))]);
    copy.offer(&long, Lane::Live).unwrap();
    let comb = |n: u32| update(&[], &[(12, (0..n).map(|at| (at * 2, 1)).collect())]);
    let letters = largest_admitted(&mut copy, "every second letter of a long text deleted", 2048, comb);
    assert!(letters >= 400, "an honest replacement in many places passes");
}
