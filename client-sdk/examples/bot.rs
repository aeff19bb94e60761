//! A bot that comments on every item that becomes overdue, once: it keeps its place among the changes in a local file, so
//! it goes on where it was when it is started again.
//!
//! ```sh
//! cargo run -p plansync-client --example bot -- LINK [FILE]
//! ```
//!
//! Start `plansync serve --demo` for a link; an owner's, editor's, contributor's or commenter's may comment.

use std::error::Error;

use plansync_client::{Change, Client, Plan, PlanEvent};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let link = args.next().ok_or("give a link that `plansync serve --demo` prints")?;
    let file = args.next().unwrap_or_else(|| "plansync-bot.redb".into());
    let plan = Client::of_link(&link)?.name("overdue-bot/1").file(file).open()?;
    let mut changes = plan.changes();
    let mut events = plan.events();
    plan.live().await?;
    println!("{}: waiting for what becomes overdue", plan.meta().title.unwrap_or_default());
    loop {
        tokio::select! {
            change = changes.next() => {
                // It ends when the server says so for good; every other break is waited for.
                let change = change?;
                if change.kind == "plansync.derived.overdue" {
                    comment(&plan, &change)?;
                    // The change counts as taken when the next one is asked for: by then the comment is kept.
                    plan.saved().await?;
                }
            }
            event = events.recv() => {
                if let Ok(PlanEvent::Refused(refused)) = event {
                    eprintln!("put back: {} ({})", refused.why.unwrap_or_default(), refused.code);
                }
            }
        }
    }
}

/// One comment for each change, however often this is called: its id is made from the change's.
fn comment(plan: &Plan, change: &Change) -> Result<(), plansync_client::Error> {
    let Some((_, item)) = change.subject.as_deref().and_then(|subject| subject.split_once('/')) else { return Ok(()) };
    let id = format!("overdue-{item}-{}", change.seq);
    if plan.comment(&id).is_some() {
        return Ok(());
    }
    let title = change.data.title.as_deref().unwrap_or(item);
    println!("{title} is overdue");
    plan.edit(|edit| {
        let text = format!("“{title}” is overdue. What stands in the way?");
        edit.add("comments", serde_json::json!({ "id": id, "on": item, "text": text }));
    })
}
