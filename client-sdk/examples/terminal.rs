//! A plan in a terminal, live: milestones with their tasks, who is there, what waits to be sent. Ends with Ctrl-C.
//!
//! ```sh
//! cargo run -p plansync-client --example terminal -- LINK [FILE]
//! ```
//!
//! Start `plansync serve --demo` for a link. With a file the plan is there offline too.

use std::{error::Error, fmt::Write as _, io::Write as _};

use plansync_client::{Client, ItemStatus, Plan, Task};
use tokio::sync::broadcast::error::RecvError;

const CLEAR: &str = "\x1b[2J\x1b[H";
const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const PLAIN: &str = "\x1b[0m";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let link = args.next().ok_or("give a link that `plansync serve --demo` prints")?;
    let mut client = Client::of_link(&link)?.name("terminal/1");
    if let Some(file) = args.next() {
        client = client.file(file);
    }
    let plan = client.open()?;
    let (mut updates, mut status, mut progress) = (plan.updates(), plan.status(), plan.progress());
    let mut presence = plan.presence();
    loop {
        print!("{}", screen(&plan)?);
        std::io::stdout().flush()?;
        tokio::select! {
            update = updates.recv() => if update == Err(RecvError::Closed) { break },
            _ = status.changed() => {}
            _ = progress.changed() => {}
            _ = presence.changed() => {}
            _ = tokio::signal::ctrl_c() => break,
        }
    }
    plan.close().await;
    println!();
    Ok(())
}

/// Everything, as it is now.
fn screen(plan: &Plan) -> Result<String, std::fmt::Error> {
    let now = plan.snapshot();
    let meta = now.meta();
    let status = plan.status().borrow().as_str();
    let mut text = String::from(CLEAR);
    writeln!(
        text,
        "{BOLD}{}{PLAIN}  {}",
        shown(meta.title.as_deref().unwrap_or("A plan")),
        shown_option(&meta.account)
    )?;
    let others: Vec<_> = plan.others().iter().map(|each| shown(each.name().unwrap_or("somebody"))).collect();
    writeln!(text, "{DIM}{status}, {} waiting, with {}{PLAIN}\n", plan.pending(), others.join(", "))?;
    let tasks = now.tasks();
    for milestone in now.milestones() {
        let due = milestone.due.map(|due| due.to_string()).unwrap_or_default();
        writeln!(text, "{} {BOLD}{}{PLAIN}  {due}", mark(&milestone.status), shown_option(&milestone.title))?;
        for task in tasks.iter().filter(|task| task.milestone.as_ref() == Some(&milestone.id)) {
            line(&mut text, task)?;
        }
    }
    for task in tasks.iter().filter(|task| task.milestone.is_none()) {
        line(&mut text, task)?;
    }
    Ok(text)
}

fn line(text: &mut String, task: &Task) -> std::fmt::Result {
    let due = task.due.map(|due| due.to_string()).unwrap_or_default();
    let owners = shown(&task.owners.join(", "));
    writeln!(text, "    {} {}  {due}  {DIM}{owners}{PLAIN}", mark(&task.status), shown_option(&task.title))
}

fn mark(status: &ItemStatus) -> &'static str {
    match status {
        ItemStatus::Complete => "✔",
        ItemStatus::InProgress => "▸",
        ItemStatus::Blocked => "✖",
        ItemStatus::Cancelled => "–",
        _ => "·",
    }
}

fn shown_option(words: &Option<String>) -> String {
    shown(words.as_deref().unwrap_or_default())
}

/// What others have written does not steer this terminal.
fn shown(words: &str) -> String {
    words.chars().filter(|character| !character.is_control()).collect()
}
