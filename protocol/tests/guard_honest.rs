//! No honest client is ever refused: what Yjs clients write online, offline, undoing and merging passes the guard,
//! and the server's copy then holds what Yjs holds.

mod copies;

use copies::{Copy, env, node, normal, on_a_deep_stack, record, records};
use plansync_protocol::guard::Lane;

#[test]
fn what_yjs_clients_send_is_admitted_and_ends_in_the_same_plan() {
    on_a_deep_stack(|| {
        let (seed, updates) = (env("PLANSYNC_HONEST_SEED", 1), env("PLANSYNC_HONEST_UPDATES", 20_000));
        let stream = node("honest.mjs", &[seed.to_string(), updates.to_string()], Vec::new());
        let mut copy = Copy::new();
        let mut canonical = Vec::new();
        let mut expected = Vec::new();
        let mut admitted = 0;
        let mut last = None;
        for (kind, payload) in records(&stream) {
            let lane = match kind {
                0 => Lane::Live,
                1 => Lane::Sync,
                _ => {
                    if let Some((bytes, lane)) = last.take() {
                        copy.check(bytes, lane);
                    }
                    let theirs = normal(serde_json::from_slice(payload).expect("JSON"));
                    assert_eq!(copy.json(), theirs, "after {admitted} updates of seed {seed}");
                    record(&mut canonical, 2, &[]);
                    expected.push(theirs);
                    copy = Copy::new();
                    continue;
                }
            };
            match copy.offer(payload, lane) {
                Ok(delta) => record(&mut canonical, 0, &delta.encode()),
                Err(refusal) => panic!("update {admitted} of seed {seed} was refused: {refusal}: {payload:02x?}"),
            }
            admitted += 1;
            last = Some((payload, lane));
        }
        assert!(admitted >= updates);
        // What we hand on in our own bytes is the same plan in every browser.
        let loaded = node("load.mjs", &[], canonical);
        let loaded = std::str::from_utf8(&loaded).expect("text");
        assert_eq!(loaded.lines().count(), expected.len());
        for (line, theirs) in loaded.lines().zip(expected) {
            let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
            assert_eq!(line["pending"], false);
            assert_eq!(normal(line["json"].clone()), theirs);
        }
        println!("{admitted} updates, 0 refused");
    });
}
