//! The turn of the day: figures hold for a day, so every plan is looked at once it is another one in its zone, whether
//! somebody is there or not.
//!
//! In: the cards of all plans and the clock. Out: each plan whose card is of another day is opened once, which tells the
//! lines it has crossed and writes its card. One at a time, so that a day which turns for ten thousand plans slows down
//! nobody.

use std::{convert::Infallible, sync::Arc, time::Duration};

use jiff::tz::TimeZone;
use plansync_protocol::ids::{PlanId, Scope};
use serde_json::Value;
use tokio::{sync::oneshot, time::sleep};

use crate::{
    activity, clock,
    log::{Listed, LogError},
    room::{Event, View},
    rooms::{Rooms, Unreachable},
};

/// Between two looks. Zones turn their day at full quarters of an hour.
const LOOK_EVERY: Duration = Duration::from_secs(5 * 60);
/// After the start: whoever comes back first comes first.
const FIRST_LOOK: Duration = Duration::from_secs(20);
/// Plans looked at without a pause.
const PAGE: usize = 100;
const PAUSE: Duration = Duration::from_millis(20);

/// Looks for as long as the server runs.
pub async fn turn(rooms: Arc<Rooms>) -> Infallible {
    sleep(FIRST_LOOK).await;
    loop {
        if let Err(error) = look(&rooms).await {
            tracing::warn!(%error, "the turn of the day is looked at again later");
        }
        sleep(LOOK_EVERY).await;
    }
}

async fn look(rooms: &Arc<Rooms>) -> Result<(), Unreachable> {
    let mut after = String::new();
    loop {
        let page = rooms.log().plans(None, &after, PAGE)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.row.id.to_string();
        for line in page.into_iter().filter(|line| !is_of_today(line.card.as_ref().map(|(_, card)| card))) {
            refresh(rooms, &line).await?;
            sleep(PAUSE).await;
        }
        sleep(PAUSE).await;
    }
}

/// Whether a card's figures are of the day that it is in the plan's zone.
#[must_use]
pub fn is_of_today(card: Option<&Value>) -> bool {
    let Some(card) = card else { return false };
    let zone = card["tz"].as_str().and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
    card["figures"]["asOf"].as_str() == Some(activity::day(clock::now(), &zone).to_string().as_str())
}

/// Opens a plan and writes its card.
///
/// # Errors
/// [`Unreachable`] when the plan cannot be opened, or the log fails.
pub async fn refresh(rooms: &Arc<Rooms>, line: &Listed) -> Result<(View, Value), Unreachable> {
    let id: &PlanId = &line.row.id;
    let (reply, answer) = oneshot::channel();
    rooms.send(id, &Scope::Shared, Event::Read { settled: false, reply }).await?;
    let view = answer.await.map_err(|_| Unreachable::Ended(id.clone()))?;
    let card = view.card();
    let kept = serde_json::to_vec(&card).unwrap_or_default();
    rooms.log().card(line.row.number, view.seq, kept).await.map_err(|error: LogError| Unreachable::Log(error))?;
    Ok((view, card))
}
