//! The examples of the Rust client, run as a newcomer runs them: against a real server, by a link.

use std::{path::PathBuf, process::Stdio, time::Duration};

use plansync_tests::{http::token, server::Server, wait};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, BufReader},
    process::{Child, Command},
    time::timeout,
};

const PLAN: &str = "shown";
const WAIT: Duration = Duration::from_secs(30);

/// An example, which every build of the tests builds as well.
fn example(name: &str, args: &[&str]) -> Command {
    let tests = std::env::current_exe().unwrap();
    let folder: PathBuf = tests.ancestors().nth(2).unwrap().join("examples");
    let mut command = Command::new(folder.join(name));
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

fn link(server: &Server, person: &str, party: &str) -> String {
    format!("http://{}/p/{PLAN}#token={}", server.address(), token(PLAN, person, party, "owner"))
}

/// Reads until a line holds all of these words.
async fn says(output: impl AsyncRead + Unpin, words: &[&str]) {
    let mut lines = BufReader::new(output).lines();
    let found = timeout(WAIT, async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if words.iter().all(|word| line.contains(word)) {
                return;
            }
        }
        panic!("it ended without saying {words:?}");
    });
    found.await.unwrap_or_else(|_| panic!("it does not say {words:?}"));
}

fn comments(server: &Server) -> Vec<Value> {
    let plan = server.http().get(&format!("/v1/plans/{PLAN}")).1;
    plan["plan"]["comments"].as_array().cloned().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_people_keep_what_both_have_written() {
    let server = Server::start().await;
    server.http().create_sample(PLAN);
    let links = [link(&server, "b-it-manager", "buyer"), link(&server, "s-account-exec", "seller")];
    let run = example("two_people", &[&links[0], &links[1]]).output();
    let output = timeout(WAIT, run).await.expect("it ends").unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    for name in ["Ann", "Ben"] {
        let line =
            said.lines().find(|line| line.starts_with(&format!("{name} reads: "))).unwrap_or_else(|| panic!("{said}"));
        assert!(line.contains("Ann was here.") && line.contains("Ben was here."), "{said}");
    }
    // Both have taken back their own.
    let plan = server.http().get(&format!("/v1/plans/{PLAN}")).1;
    let task = plan["plan"]["tasks"].as_array().unwrap().iter().find(|task| task["id"] == "ca-1").unwrap().clone();
    assert!(!task.to_string().contains("was here"), "{task}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bot_comments_once_on_what_becomes_overdue() {
    let server = Server::start().await;
    server.http().create_sample(PLAN);
    let file = server.folder().join("bot.redb");
    let link = link(&server, "s-account-exec", "seller");
    let start = || example("bot", &[&link, file.to_str().unwrap()]).spawn().unwrap();
    let make_overdue = |id: &str| {
        let edits = format!("/v1/plans/{PLAN}/edits");
        for due in ["2999-01-01", "2020-01-02"] {
            let task = json!({ "title": format!("Late {id}"), "due": due, "party": "seller" });
            let answer = server.http().post(&edits, &json!({ "set": { "tasks": { id: task } } }));
            assert_eq!(answer.0, 200, "{}", answer.1);
        }
    };
    let about = |id: &str| comments(&server).iter().filter(|each| each["on"] == id).count();

    let mut bot: Child = start();
    let mut output = BufReader::new(bot.stdout.take().unwrap());
    says(&mut output, &["waiting for what becomes overdue"]).await;
    make_overdue("late-1");
    says(&mut output, &["Late late-1 is overdue"]).await;
    wait::until("the comment", WAIT, async || if about("late-1") == 1 { Ok(()) } else { Err("there is none".into()) })
        .await;
    bot.start_kill().unwrap();
    bot.wait().await.unwrap();

    // While it was away: it goes on where it was, and says nothing twice.
    make_overdue("late-2");
    let mut bot = start();
    says(bot.stdout.take().unwrap(), &["Late late-2 is overdue"]).await;
    wait::until("the comment", WAIT, async || if about("late-2") == 1 { Ok(()) } else { Err("there is none".into()) })
        .await;
    assert_eq!(about("late-1"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_terminal_follows_the_plan() {
    let server = Server::start().await;
    server.http().create_sample(PLAN);
    let mut terminal = example("terminal", &[&link(&server, "b-it-manager", "buyer")]).spawn().unwrap();
    let mut output = BufReader::new(terminal.stdout.take().unwrap());
    says(&mut output, &["Contract Signature"]).await;
    let edit = json!({ "set": { "milestones": { "ms-14": { "title": "Signed by both" } } } });
    assert_eq!(server.http().post(&format!("/v1/plans/{PLAN}/edits"), &edit).0, 200);
    says(&mut output, &["Signed by both"]).await;
}
