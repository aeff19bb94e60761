//! A corpus of inputs that break a rule each: none panics, none takes long, in whatever place it arrives.
//!
//! Small inputs are files, named by the rule they break, or (`told_…`) by what their author is told of content that is
//! only out of place. Large ones are generated.

mod copies;

use std::path::PathBuf;
use std::time::Duration;

use copies::generated::{counted, generated};
use copies::writer::{string, uint};
use copies::{Copy, cpu_time, on_a_deep_stack};
use plansync_protocol::guard::{Delta, Index, Lane, Refusal, lint_awareness, lint_state_vector};

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

fn word(answer: &Result<Delta, Refusal>) -> String {
    match answer {
        Err(Refusal::Malformed { rule, .. }) => rule.name().to_owned(),
        Err(Refusal::TooLarge { .. }) => "too_large".to_owned(),
        Err(Refusal::Gap { .. }) => "gap".to_owned(),
        Ok(delta) => match delta.refused() {
            [] => "admitted".to_owned(),
            [first, ..] => format!("told_{}", first.code),
        },
    }
}

/// By what this thread spends on a core: other processes may have it meanwhile.
fn quickly<T>(name: &str, work: impl FnOnce() -> T) -> T {
    let start = cpu_time();
    let answer = work();
    let took = cpu_time().saturating_sub(start);
    assert!(took < Duration::from_millis(50), "{name} took {took:?}");
    answer
}

#[test]
fn each_input_is_answered_by_its_rule() {
    on_a_deep_stack(|| {
        let files = files();
        assert!(files.len() >= 20);
        let mut wrong = Vec::new();
        for (name, bytes) in &files {
            let answer = word(&quickly(name, || Index::new().check(bytes, Lane::Live)));
            if name.split("--").next() != Some(&answer) {
                wrong.push(format!("{name}: {answer}"));
            }
        }
        for (name, bytes) in generated() {
            let answer = word(&quickly(name, || Index::new().check(&bytes, Lane::Live)));
            if name.split(':').next() != Some(&answer) {
                wrong.push(format!("{name}: {answer}"));
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
