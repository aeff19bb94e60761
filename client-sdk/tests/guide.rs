//! The guides' Rust compiles: each block stands here in a function of its own, and a test holds the two equal.
//!
//! In: the Rust blocks of the guides. Always true: a block that is different here and there fails, so what a guide shows
//! has been compiled against the client as it is.

#![allow(clippy::unwrap_used, reason = "a test")]
#![allow(
    dead_code,
    path_statements,
    unused_must_use,
    unused_mut,
    unused_variables,
    clippy::no_effect,
    clippy::unnecessary_operation,
    reason = "a guide shows what is there; what its reader does with it comes after"
)]

use std::{fs, path::Path};

use plansync_client::{ChangesQuery, Error, Format, Place, Plan, SummaryQuery};
use serde_json::json;

#[rustfmt::skip]
async fn readme(token: &str) -> Result<(), Error> {
    use plansync_client::Client;

    let plan = Client::new("http://localhost:4300").token(token).file("demo.redb").open()?;
    plan.live().await?;
    plan.edit(|edit| {
        edit.task("ca-1").status("complete");
    })?;
    plan.flush().await?; // on the server's disk
    Ok(())
}

#[rustfmt::skip]
async fn embedding(token: &str) -> Result<(), Error> {
    use plansync_client::Client;

    let plan = Client::connect("https://plans.example.com", token)?; // of the plan that the token names
    plan.live().await?;
    plan.edit(|edit| {
        edit.task("ca-1").status("complete");
    })?;
    plan.flush().await?; // on the server's disk
    Ok(())
}

#[rustfmt::skip]
async fn first(token: &str) -> Result<(), Error> {
    use plansync_client::Client;

    let plan = Client::new("https://plans.example.com").token(token).file("acme-pilot.redb").open()?;
    plan.live().await?;
    println!("{:?}", plan.task("ca-1").and_then(|task| task.due)); // Some(2026-02-18)

    plan.edit(|edit| {
        edit.task("ca-1").due("2026-03-01");
        edit.reason("Access pending");
    })?;
    plan.flush().await?; // on the server's disk
    Ok(())
}

#[rustfmt::skip]
fn reading(plan: &Plan) {
    for task in plan.tasks() { println!("{:?} {:?}", task.title, task.due); } // by rank, without removed ones
    plan.meta().target_date;
    plan.person("b-cfo").and_then(|person| person.role);

    let now = plan.snapshot(); // does not change any more: what is read from it belongs together
    now.milestones(); now.risk("rk-1"); now.to_json(false); now.rows();
}

#[rustfmt::skip]
fn editing(plan: &Plan) -> Result<(), Error> {
    let id = plan.edit(|edit| {
        edit.task("ca-1").owners(["b-cfo"]).blocked_reason("No access").due(None::<&str>); // None takes a field away
        edit.task("ca-2").set("owners/s-csm", true); // adds one, keeps the others
        edit.move_to("tasks", "ca-2", Place::before("ca-1")); // or after, first, last, .milestone(Some("ms-02"))
        edit.remove("risks", "rk-1"); // restore brings it back
        edit.meta().target_date("2026-05-15");
        edit.set("tasks", "ca-3", json!({"commitment": {"state": "accepted"}})); // the same as JSON
        edit.add_task().title("Send the sample").party("seller").milestone("ms-02").id()
    })?;

    plan.undo(); // one's own edits, nobody else's
    Ok(())
}

#[rustfmt::skip]
async fn connection(plan: &Plan) {
    let mut status = plan.status(); // a tokio watch: Connecting, Syncing, Live, Offline(reason), Refused(reason), Closed
    plan.progress(); // made, kept, durable: edits on their way
    plan.events(); // Refused, Notice, Storage, Afresh, MadeAgain
    plan.updates(); // which entities are different
    plan.close().await; // says goodbye; what was not sent stays in the local file
}

#[rustfmt::skip]
async fn people(plan: &Plan) -> Result<(), Error> {
    plan.present(&json!({"at": "tasks/ca-1/due"}))?;
    plan.others(); // client id, person, party and name as the server has authenticated them, state
    plan.presence(); // a tokio watch that says when to look again

    let mut changes = plan.changes();
    while let Ok(change) = changes.next().await { /* who changed what from what to what, settled */ }
    plan.mark_seen(); // for summaries since the last visit

    let call = plan.open_touchpoint("call", "Review").await?;
    plan.close_touchpoint(&call.id).await?;
    plan.summary(&SummaryQuery::default(), Format::Markdown).await?;
    plan.figures(None).await?;
    plan.export(Format::Csv).await?;
    plan.changes_page(&ChangesQuery::default()).await?;
    Ok(())
}

/// The lines that say something, without their indentation.
fn words(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_block_of_the_guides_is_compiled_here() {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let here = words(include_str!("guide.rs"));
    for (guide, count) in [("../README.md", 1), ("../docs/embedding.md", 1), ("README.md", 5)] {
        let text = fs::read_to_string(crate_folder.join(guide)).unwrap();
        let behind = text.split("\n```rust\n").skip(1);
        let blocks: Vec<&str> = behind.filter_map(|rest| Some(rest.split_once("\n```")?.0)).collect();
        assert_eq!(blocks.len(), count, "{guide} has another number of Rust blocks");
        for block in blocks {
            assert!(here.contains(&words(block)), "client-sdk/tests/guide.rs has not this block of {guide}:\n{block}");
        }
    }
}
