//! Whatever comes in: nothing panics, nothing takes long, and what is admitted does no harm.
//!
//! Inputs are mutations of honest updates, plausible updates of a generator, and noise; a seed makes the run.
//! `PLANSYNC_FUZZ_INPUTS` sets how many. A part of the admitted streams is loaded by Yjs and compared.

mod copies;

use std::time::{Duration, Instant};

use copies::writer::Model;
use copies::{Copy, env, node, normal, on_a_deep_stack, record, records};
use plansync_protocol::guard::{Lane, Refusal, lint_awareness, lint_state_vector};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::Value;

const INPUT_TIME_MAX: Duration = Duration::from_millis(50);

#[derive(Default)]
struct Tally {
    admitted: u64,
    empty: u64,
    told: u64,
    malformed: std::collections::BTreeMap<&'static str, u64>,
    too_large: u64,
    gaps: u64,
}

fn mutated(rng: &mut StdRng, honest: &[u8], other: &[u8]) -> Vec<u8> {
    let mut bytes = honest.to_vec();
    for _ in 0..rng.random_range(1..4) {
        let at = rng.random_range(0..bytes.len() + 1);
        match rng.random_range(0..6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << rng.random_range(0..8),
            1 if at < bytes.len() => {
                bytes[at] = [0, 1, 0x7f, 0x80, 0xff, 2, 4, 7, 8, 0x84, 0xc4, 0x28][rng.random_range(0..12)]
            }
            2 => bytes.insert(at, rng.random()),
            3 if at < bytes.len() => {
                bytes.remove(at);
            }
            4 => bytes.truncate(at),
            _ if !other.is_empty() => {
                let from = rng.random_range(0..other.len());
                let to = (from + rng.random_range(1..12)).min(other.len());
                bytes.splice(at..at, other[from..to].iter().copied());
            }
            _ => {}
        }
    }
    bytes
}

/// The letters of a text without their order: copies may differ in it when a client lies about neighbours.
fn unordered(value: Value) -> Value {
    match value {
        Value::String(text) => {
            let mut letters: Vec<_> = text.chars().collect();
            letters.sort_unstable();
            Value::String(letters.into_iter().collect())
        }
        Value::Object(entries) => {
            Value::Object(entries.into_iter().map(|(key, value)| (key, unordered(value))).collect())
        }
        other => other,
    }
}

#[test]
fn no_input_harms_and_what_is_admitted_is_the_same_everywhere() {
    on_a_deep_stack(|| {
        let inputs = env("PLANSYNC_FUZZ_INPUTS", 200_000);
        let seed = env("PLANSYNC_FUZZ_SEED", 7);
        let mut rng = StdRng::seed_from_u64(seed);
        let stream = node("honest.mjs", &[(seed + 1).to_string(), "4000".to_owned()], Vec::new());
        let honest: Vec<_> = records(&stream);
        let mut tally = Tally::default();
        let (mut done, mut next, mut sampled) = (0, 0, 0);
        let mut sample = Vec::new();
        let mut expected = Vec::new();
        while done < inputs {
            let mut copy = Copy::new();
            let mut model = Model { lies: rng.random_bool(0.3), ..Model::default() };
            let mut is_honest = !model.lies;
            let mut canonical = Vec::new();
            let mut last = None;
            let replays = rng.random_bool(0.3);
            if replays {
                next = rng.random_range(0..honest.len());
            }
            for _ in 0..rng.random_range(20..400) {
                done += 1;
                let (kind, real) = honest[next % honest.len()];
                let lane = if kind == 1 || rng.random_bool(0.2) { Lane::Sync } else { Lane::Live };
                let mut grown = None;
                let input = match rng.random_range(0..100) {
                    0..3 => (0..rng.random_range(0..40)).map(|_| rng.random()).collect(),
                    _ if replays && kind < 2 => {
                        next += 1;
                        if rng.random_bool(0.5) {
                            mutated(&mut rng, real, honest[(next * 7) % honest.len()].1)
                        } else {
                            real.to_vec()
                        }
                    }
                    roll => {
                        next += usize::from(replays);
                        let (bytes, with) = model.next(&mut rng);
                        if roll < 30 {
                            mutated(&mut rng, &bytes, real)
                        } else {
                            grown = Some(with);
                            bytes
                        }
                    }
                };
                let start = Instant::now();
                let answer = copy.index.check(&input, lane);
                let mut took = start.elapsed();
                if took > INPUT_TIME_MAX {
                    // Another process may have had the core: once more.
                    let start = Instant::now();
                    let _ = copy.index.check(&input, lane);
                    took = start.elapsed();
                }
                assert!(took < INPUT_TIME_MAX, "{took:?} for {input:02x?}");
                let _ = lint_state_vector(&input);
                let _ = lint_awareness(&input);
                match answer {
                    Ok(_) => {
                        let delta = copy.offer(&input, lane).expect("a check answers twice the same");
                        tally.admitted += 1;
                        tally.empty += u64::from(delta.is_empty());
                        tally.told += u64::from(!delta.refused().is_empty());
                        assert!(!delta.is_empty() || delta.refused().is_empty(), "what is refused moves a clock on");
                        record(&mut canonical, 0, &delta.encode());
                        match grown {
                            Some(grown) => model = grown,
                            None => is_honest &= replays && input == real,
                        }
                        // Clients that a mutation made up or moved.
                        for (client, clock) in &mut model.clocks {
                            *clock = copy.index.clock_of(*client);
                        }
                        last = Some((input, lane));
                        if tally.admitted % 61 == 0 {
                            let (input, lane) = last.as_ref().expect("just set");
                            copy.check(input, *lane);
                        }
                    }
                    Err(Refusal::Malformed { rule, .. }) => *tally.malformed.entry(rule.name()).or_default() += 1,
                    Err(Refusal::TooLarge { .. }) => tally.too_large += 1,
                    Err(Refusal::Gap { .. }) => tally.gaps += 1,
                }
            }
            if let Some((input, lane)) = &last {
                copy.check(input, *lane);
            }
            if rng.random_bool(0.2) && expected.len() < 4000 {
                // Once the stream of our own bytes, and once the state that yrs makes of it.
                sample.extend_from_slice(&canonical);
                record(&mut sample, 2, &[]);
                record(&mut sample, 1, &copy.state());
                record(&mut sample, 2, &[]);
                expected.push((copy.json(), canonical, is_honest));
                sampled += 1;
            }
        }
        let loaded = node("load.mjs", &[], sample);
        let lines: Vec<_> = std::str::from_utf8(&loaded).expect("text").lines().collect();
        assert_eq!(lines.len(), expected.len() * 2);
        let mut exactly = 0;
        for (lines, (ours, canonical, is_honest)) in lines.chunks(2).zip(expected) {
            exactly += u64::from(is_honest);
            for (part, line) in lines.iter().enumerate() {
                let line: Value = serde_json::from_str(line).expect("JSON");
                let mut both = [normal(line["json"].clone()), ours.clone()];
                if !is_honest {
                    both = both.map(unordered);
                }
                let [theirs, ours] = both;
                if theirs != ours || line["pending"] != false {
                    std::fs::write(std::env::temp_dir().join("guard-fuzz-stream.bin"), &canonical).expect("written");
                    panic!("part {part}, pending {}:\n{theirs}\n{ours}", line["pending"]);
                }
            }
        }
        println!(
            "seed {seed}: {done} inputs, {} admitted ({} of them known, {} in part), {} gaps, {} too large, {sampled} streams in Yjs ({exactly} letter by letter); {:?}",
            tally.admitted, tally.empty, tally.told, tally.gaps, tally.too_large, tally.malformed
        );
        assert!(tally.admitted * 10 >= done, "at least a tenth is admitted");
        assert!(tally.told * 50 >= tally.admitted, "of at least a fiftieth a part is refused");
    });
}
