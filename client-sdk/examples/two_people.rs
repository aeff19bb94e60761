//! Two people work on one plan: each sees what the other does, also what was done while one of them was away.
//!
//! Start `plansync serve --demo`, and give two of the links it prints:
//!
//! ```sh
//! cargo run -p plansync-client --example two_people -- LINK_OF_THE_BUYER LINK_OF_THE_SELLER
//! ```

use std::error::Error;

use plansync_client::{Client, Plan};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let links: Vec<String> = std::env::args().skip(1).collect();
    let [buyer, seller] = links.as_slice() else {
        return Err("give two of the links that `plansync serve --demo` prints".into());
    };
    let ann = Client::of_link(buyer)?.open()?;
    let ben = Client::of_link(seller)?.open()?;
    ann.live().await?;
    ben.live().await?;

    ann.present(&json!({ "at": "tasks/ca-1" }))?;
    let mut changes = ben.changes();
    let before = ann.task("ca-1").and_then(|task| task.notes).unwrap_or_default();

    // Each writes into the same note at the same moment: both sentences stay.
    ann.edit(|edit| {
        edit.task("ca-1").notes(format!("{before} Ann was here."));
    })?;
    ben.edit(|edit| {
        edit.task("ca-1").notes(format!("Ben was here. {before}"));
    })?;
    ann.flush().await?;
    ben.flush().await?;

    // A change is told when it has settled, two seconds after the last edit.
    let mut told = 0;
    while told < 2 {
        let change = changes.next().await?;
        told += usize::from(change.data.field.as_deref() == Some("notes"));
        println!("{} {} by {}", change.kind, change.subject.unwrap_or_default(), change.actor.unwrap_or_default());
    }
    for (name, plan) in [("Ann", &ann), ("Ben", &ben)] {
        println!("{name} reads: {}", notes(plan));
    }
    println!("{} others are there", ben.others().len());

    // Both go back to what they found.
    ann.undo();
    ben.undo();
    ann.close().await;
    ben.close().await;
    Ok(())
}

fn notes(plan: &Plan) -> String {
    plan.task("ca-1").and_then(|task| task.notes).unwrap_or_default()
}
