//! Hostile inputs that are too large to be kept as files.

use super::writer::{At, Section, item, of, text_item, uint, update};

/// A count, and that many of something.
pub fn counted(count: u64, each: impl Fn(&mut Vec<u8>, u64)) -> Vec<u8> {
    let mut out = Vec::new();
    uint(&mut out, count);
    for n in 0..count {
        each(&mut out, n);
    }
    out
}

/// Inputs whose harm is in their size, in the places of a plan, named by the rule they break or what is told of them.
pub fn generated() -> Vec<(&'static str, Vec<u8>)> {
    let nested = |n: u32, content: &[u8]| {
        let inner = (0..n).map(|at| item(&At::Type((9, at), Some("a".into())), 7, content));
        std::iter::once(item(&At::Root("tasks", "t".into()), 7, &[1])).chain(inner).collect::<Vec<_>>()
    };
    let value = |bytes: Vec<u8>| of(9, 0, vec![item(&At::Root("meta", "title".into()), 8, &bytes)]);
    let sections = |ids: &mut dyn Iterator<Item = u64>| {
        let sections: Vec<_> = ids.map(|client| Section { client, clock: 0, structs: vec![vec![0, 1]] }).collect();
        update(&sections, &[])
    };
    let text = |structs: Vec<Vec<u8>>| {
        let start =
            vec![item(&At::Root("tasks", "t".into()), 7, &[1]), item(&At::Type((9, 0), Some("notes".into())), 7, &[2])];
        of(9, 0, [start, structs].concat())
    };
    let long = text_item(&At::Type((9, 1), None), &"x".repeat(80_000));
    let comb = |ranges: Vec<(u32, u32)>| {
        let mut bytes = text(vec![long.clone()]);
        bytes.pop();
        bytes.extend(&update(&[], &[(9, ranges)])[1..]);
        bytes
    };
    vec![
        ("value_depth: lists in lists", value([&[1][..], &[117, 1].repeat(8000), &[126]].concat())),
        ("value_depth: maps in maps", value([&[1][..], &[118, 1, 0].repeat(8000), &[126]].concat())),
        (
            "count_beyond_input: maps that declare 2^23 entries",
            value([&[1][..], &[118, 0x80, 0x80, 0x80, 4, 0].repeat(64)].concat()),
        ),
        (
            "count_beyond_input: clients without structs",
            counted(30_000, |out, n| {
                out.push(0);
                uint(out, n);
                out.push(0)
            }),
        ),
        ("told_malformed: maps in maps", of(9, 0, nested(1000, &[1]))),
        ("too_large: maps in maps", of(9, 0, nested(9000, &[1]))),
        ("too_large: clients in an update", sections(&mut (1..100_000).rev())),
        ("too_large: clients with alike ids", sections(&mut (1..20_000).rev().map(|n| n << 31))),
        ("too_large: structs each on the one before", {
            let mut sections: Vec<_> = (2..20_000_u64)
                .map(|client| Section {
                    client,
                    clock: 0,
                    structs: vec![text_item(&At::Beside(Some((client - 1, 0)), None, false), "x")],
                })
                .collect();
            sections.reverse();
            update(&sections, &[])
        }),
        (
            "same_place: one key over and over",
            of(9, 0, vec![item(&At::Root("meta", "title".into()), 8, &[1, 126]); 4000]),
        ),
        ("same_place: one place of a text", text(vec![text_item(&At::Type((9, 1), None), "y"); 4000])),
        (
            "too_large: nested intervals",
            text(
                (0..4000)
                    .map(|at| {
                        if at < 2000 {
                            text_item(
                                &At::Beside(
                                    Some((9, at + 1)).filter(|_| at > 0),
                                    Some((9, 1)).filter(|_| false),
                                    false,
                                ),
                                "y",
                            )
                        } else {
                            text_item(&At::Beside(Some((9, at - 1998)), None, false), "z")
                        }
                    })
                    .map(|bytes| if bytes[0] == 4 { text_item(&At::Type((9, 1), None), "y") } else { bytes })
                    .collect(),
            ),
        ),
        ("too_large: every second letter", comb((0..2000).map(|n| (2 + n * 2, 1)).collect())),
        ("delete_order: backwards", comb((0..2000).rev().map(|n| (2 + n * 2, 1)).collect())),
        ("gap: deletions of the unknown", update(&[], &[(77, (0..2000).map(|n| (n * 2, 1)).collect())])),
        (
            "told_malformed: documents",
            of(9, 0, (0..4000).map(|n| item(&At::Root("meta", format!("k{n}")), 9, &[1, b'0', 127])).collect()),
        ),
    ]
}
