//! A corpus of inputs that break a rule each: none panics, none takes long, in whatever place it arrives.
//!
//! Small inputs are files, named by the rule they break. Large ones are generated.

mod copies;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use copies::generated::{counted, generated};
use copies::writer::{string, uint};
use copies::{Copy, on_a_deep_stack};
use plansync_protocol::guard::{Index, Lane, Refusal, lint_awareness, lint_state_vector};

fn files() -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/hostile");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the corpus")
        .map(|file| file.expect("readable").path())
        .map(|path| {
            (path.file_stem().expect("named").to_string_lossy().into_owned(), std::fs::read(&path).expect("readable"))
        })
        .collect();
    files.sort();
    files
}

fn word(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Malformed { rule, .. } => rule.name(),
        Refusal::TooLarge { .. } => "too_large",
        Refusal::Gap { .. } => "gap",
    }
}

fn quickly<T>(name: &str, mut work: impl FnMut() -> T) -> T {
    let start = Instant::now();
    let first = work();
    if start.elapsed() < Duration::from_millis(50) {
        return first;
    }
    // Another process may have had the core: once more.
    let start = Instant::now();
    let again = work();
    assert!(start.elapsed() < Duration::from_millis(50), "{name} took {:?}", start.elapsed());
    again
}

#[test]
fn each_input_is_refused_by_its_rule() {
    on_a_deep_stack(|| {
        let files = files();
        assert!(files.len() >= 20);
        for (name, bytes) in &files {
            let refused = quickly(name, || Index::new().check(bytes, Lane::Live));
            let rule = name.split("--").next().unwrap();
            match refused {
                Err(refusal) => assert_eq!(word(&refusal), rule, "{name}: {refusal}"),
                Ok(_) => assert_eq!(rule, "admitted", "{name} was admitted"),
            }
        }
        let mut wrong = Vec::new();
        for (name, bytes) in generated() {
            let refused = quickly(name, || Index::new().check(&bytes, Lane::Live)).map(|_| ());
            match refused {
                Err(refusal) if word(&refusal) == name.split(':').next().unwrap() => {}
                other => wrong.push(format!("{name}: {other:?}")),
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    });
}

#[test]
fn each_input_is_harmless_wherever_it_arrives() {
    on_a_deep_stack(|| {
        let generated = generated().into_iter().map(|(name, bytes)| (name.to_owned(), bytes));
        for (name, bytes) in files().into_iter().chain(generated) {
            let _ = quickly(&name, || lint_state_vector(&bytes));
            let _ = quickly(&name, || lint_awareness(&bytes));
            for lane in [Lane::Live, Lane::Sync, Lane::Trusted] {
                let mut copy = Copy::new();
                // The trusted lane takes our own bytes only; these are not: linear is enough, and nobody applies them.
                let answer = match lane {
                    Lane::Trusted => copy.index.check(&bytes, lane).map(|_| ()),
                    _ => quickly(&name, || copy.index.check(&bytes, lane).map(|_| ())),
                };
                if answer.is_ok() && lane != Lane::Trusted {
                    copy.offer(&bytes, lane).expect("a check answers twice the same");
                    copy.check(&bytes, lane);
                    let _ = copy.json();
                }
            }
        }
        let many = counted(100_000, |out, n| {
            uint(out, n << 31);
            out.push(1)
        });
        assert!(quickly("state vector", || lint_state_vector(&many)).is_err());
        let crowd = counted(10_000, |out, n| {
            uint(out, n);
            out.push(1);
            string(out, "{}")
        });
        assert!(quickly("awareness", || lint_awareness(&crowd)).is_err());
    });
}
