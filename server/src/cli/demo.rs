//! The demonstration: the built-in sample as a plan of today, and a link for each of its readers.

use jiff::{
    Span,
    civil::{Date, date},
    tz::TimeZone,
};
use plansync_protocol::{
    ids::{Access, PartyId, PersonId, PlanId},
    plan,
};
use serde_json::Value;

use crate::{
    activity,
    auth::{Author, WorkspaceId},
    clock,
    http::{TokenRequest, create_plan, link, sign},
    startup::Server,
};

/// The plan that `--demo` creates.
const DEMO: &str = "demo";
/// One link for each party and one that only reads.
const DEMO_PEOPLE: [(&str, &str, Access, &str); 3] = [
    ("seller", "s-account-exec", Access::Owner, "Account Exec"),
    ("buyer", "b-vp-marketing", Access::Owner, "VP Marketing"),
    ("buyer", "b-cfo", Access::Viewer, "CFO"),
];
/// A demonstration lasts longer than a link.
const DEMO_TTL_SECONDS: u64 = 30 * 86_400;

/// The day that the sample is of: four milestones are reached, the fifth is under way.
const SAMPLE_DAY: Date = date(2026, 2, 17);

/// Creates the demonstration plan once and makes its links.
pub(super) async fn open(server: &Server, base: &str) -> Result<String, String> {
    let id = PlanId::parse(DEMO).map_err(|error| error.to_string())?;
    let log = server.rooms().log();
    if log.plan(&id).map_err(|error| error.to_string())?.is_none() {
        let mut sample = serde_json::from_str(plan::SAMPLE).map_err(|error| error.to_string())?;
        move_days(&mut sample, activity::day(clock::now(), &TimeZone::UTC) - SAMPLE_DAY);
        let sample =
            plan::json::parse(&sample, true).map_err(|fields| format!("the sample has {} errors", fields.len()))?;
        let author = Author { person: PersonId::parse("demo").map_err(|error| error.to_string())?, party: None };
        create_plan(server.rooms(), id.clone(), WorkspaceId::default(), &sample, author)
            .await
            .map_err(|problem| problem.detail)?;
    }
    let row = log.plan(&id).map_err(|error| error.to_string())?.ok_or("the demonstration plan is gone")?;
    let mut links = String::from("plan demo, a link for each reader:\n");
    for (party, person, access, name) in DEMO_PEOPLE {
        let request = TokenRequest {
            person: PersonId::parse(person).map_err(|error| error.to_string())?,
            party: PartyId::parse(party).map_err(|error| error.to_string())?,
            access,
            name: Some(name.to_owned()),
            email: None,
            ttl_seconds: Some(DEMO_TTL_SECONDS),
        };
        let token = sign(server.people(), &row, request).await.map_err(|problem| problem.detail)?;
        links += &format!("  {party} {:<7} {}\n", access.as_str(), link(base, &id, &token));
    }
    Ok(links)
}

/// Moves every day of a plan.
fn move_days(plan: &mut Value, by: Span) {
    match plan {
        Value::String(text) => {
            let day = text.parse::<Date>().ok().filter(|day| day.to_string() == *text);
            if let Some(day) = day.and_then(|day| day.checked_add(by).ok()) {
                *text = day.to_string();
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| move_days(value, by)),
        Value::Object(fields) => fields.values_mut().for_each(|value| move_days(value, by)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_move_and_nothing_else() {
        let mut plan =
            serde_json::json!({"title": "2026", "due": "2026-02-27", "tasks": [{"due": "2026-12-31", "n": 2}]});
        move_days(&mut plan, date(2026, 2, 20) - SAMPLE_DAY);
        assert_eq!(
            plan,
            serde_json::json!({"title": "2026", "due": "2026-03-02", "tasks": [{"due": "2027-01-03", "n": 2}]})
        );
    }
}
