//! Changes as lines at a terminal, while they happen.

use std::{thread, time::Duration};

use plansync_protocol::ids::PlanId;
use serde_json::Value;

use super::client::{Server, text};

/// Before the next attempt when the stream has ended, as it does when the server restarts.
const PAUSE: Duration = Duration::from_secs(1);

/// Prints changes until the server says no. A break of the connection is bridged: no change is left out or printed twice.
pub fn run(server: &Server, plan: &PlanId, since: Option<String>) -> Result<(), String> {
    let path = format!("/v1/plans/{plan}/events");
    let mut last = since;
    let mut stream = server.lines(&path, last.as_deref())?;
    eprintln!("watching plan {plan}; end with Ctrl-C");
    loop {
        let mut id = String::new();
        for line in stream.by_ref().map_while(Result::ok) {
            if let Some(given) = line.strip_prefix("id:") {
                given.trim().clone_into(&mut id);
            } else if let Some(data) = line.strip_prefix("data:")
                && let Ok(change) = serde_json::from_str(data)
            {
                println!("{}", self::line(&change));
                last = Some(id.clone());
            }
        }
        eprintln!("the connection broke; trying again");
        stream = loop {
            thread::sleep(PAUSE);
            match server.lines(&path, last.as_deref()) {
                Ok(stream) => break stream,
                Err(why) if why.contains("does not answer") || why.contains("draining") => {}
                Err(why) => return Err(why),
            }
        };
    }
}

/// One change as a line: when, who, what.
pub fn line(change: &Value) -> String {
    let time = text(change, "/time").get(..19).unwrap_or("-").replace('T', " ");
    let who = match change["party"].as_str() {
        Some(party) => format!("{} ({party})", text(change, "/actor")),
        None => text(change, "/actor").to_owned(),
    };
    let what = text(change, "/type").trim_start_matches("plansync.");
    let data = &change["data"];
    let mut line = format!("{time}  {who:<28} {what:<22} {}", plain(text(data, "/title")));
    if let Some(field) = data["field"].as_str() {
        line += &format!("  {field}: {} → {}", value(&data["old"]), value(&data["new"]));
    }
    if let Some(days) = data["deltaDays"].as_i64() {
        line += &format!(" ({days:+} d)");
    }
    if let Some(reason) = data["reason"].as_str() {
        line += &format!("  “{}”", plain(reason));
    }
    line
}

fn value(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => plain(text),
        Value::Array(items) => items.iter().map(self::value).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// Text of a plan within one line of a terminal, which it must not steer.
fn plain(text: &str) -> String {
    const CHARS_MAX: usize = 80;
    let is_unseen = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut plain: String = text.chars().take(CHARS_MAX).map(|c| if is_unseen(c) { ' ' } else { c }).collect();
    if plain.len() < text.len() && text.chars().count() > CHARS_MAX {
        plain.push('…');
    }
    plain
}
