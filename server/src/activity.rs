//! Who worked on a plan, and when: what figures need to know and a plan does not hold.
//!
//! In: the changes of a plan as they are told. Out: the days of the last ones. Kept beside the changes, written with
//! them, so that no history has to be read for a list of plans.

use std::collections::{BTreeMap, VecDeque};

use jiff::{Span, civil::Date, tz::TimeZone};
use plansync_protocol::{
    ids::{PartyId, PersonId},
    plan::{
        Change, Plan,
        change::Event,
        derived::Standing,
        figures::{self, Activity},
        item::{local_day, time_zone},
        party::{Parties, Side},
        schedule::schedule,
        schema::Class,
    },
    wire::RefusalCode,
};
use serde::{Deserialize, Serialize};

use crate::clock::Millis;

/// Classes whose changes keep a plan fresh.
const FRESHENING: [Class; 9] = [
    Class::Head,
    Class::Target,
    Class::Date,
    Class::Owner,
    Class::Status,
    Class::Blocker,
    Class::Commitment,
    Class::Risk,
    Class::Structure,
];
/// The days that count for the buyer's engagement.
const BUYER_DAYS: i64 = 14;

/// The days of a plan's last changes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Of anybody.
    #[serde(default)]
    last: Option<Date>,
    /// Of each party.
    #[serde(default)]
    by_party: BTreeMap<PartyId, Date>,
    /// How many changes people of the buyer made, by day.
    #[serde(default)]
    buyer: BTreeMap<Date, u32>,
    /// Who edited last, whatever it was, and when.
    #[serde(default)]
    last_edit: Option<(Option<PartyId>, Date)>,
    /// The plan's zone, so that its day is known without reading it.
    #[serde(default)]
    zone: Option<Box<str>>,
    /// What was put back lately, the newest last.
    #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
    refused: VecDeque<PutBack>,
}

/// What the plan's owners are shown of a refusal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PutBack {
    /// When, RFC 3339.
    pub at: Box<str>,
    /// Whose edit.
    pub person: PersonId,
    /// Their party.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<PartyId>,
    /// The collection.
    pub entity: Box<str>,
    /// The entity.
    pub id: Box<str>,
    /// The field; none for the entity as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<Box<str>>,
    /// Why.
    pub code: RefusalCode,
}

/// Refusals that are kept. They travel with every bookkeeping of changes.
const REFUSED_KEPT: usize = 20;

impl Record {
    /// The record of a plan that was created on a day and not changed since.
    #[must_use]
    pub fn created(day: Date) -> Self {
        Self { last: Some(day), ..Self::default() }
    }

    /// Something has been put back.
    pub fn put_back(&mut self, refusal: PutBack) {
        if self.refused.len() >= REFUSED_KEPT {
            self.refused.pop_front();
        }
        self.refused.push_back(refusal);
    }

    /// What was put back lately, the newest first.
    pub fn refused(&self) -> impl Iterator<Item = &PutBack> {
        self.refused.iter().rev()
    }

    /// These changes have been made.
    pub fn note(&mut self, changes: &[Change], plan: &Plan) {
        let zone = time_zone(plan);
        self.zone = zone.iana_name().map(Box::from);
        let parties = Parties::of(plan);
        for change in changes {
            let Event::Difference(difference) = &change.event else { continue };
            let Some(day) = local_day(&change.at, &zone) else { continue };
            self.last_edit = Some((change.party.clone(), day));
            if FRESHENING.contains(&difference.class) {
                self.last = self.last.max(Some(day));
                if let Some(party) = &change.party {
                    let last = self.by_party.entry(party.clone()).or_insert(day);
                    *last = (*last).max(day);
                }
            }
            let buyers = parties.on(Side::Buyer);
            if change.party.as_ref().is_some_and(|party| parties.named(party.as_str()).meets(buyers)) {
                *self.buyer.entry(day).or_default() += 1;
            }
        }
        if let Some(first) = self.last.and_then(|last| last.checked_sub(Span::new().days(2 * BUYER_DAYS)).ok()) {
            self.buyer.retain(|day, _| *day >= first);
        }
    }

    /// The zone the plan had when it was changed last.
    #[must_use]
    pub fn zone(&self) -> TimeZone {
        self.zone.as_deref().and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC)
    }

    /// What the figures of a day need.
    #[must_use]
    pub fn activity(&self, as_of: Date) -> Activity {
        let first = as_of.checked_sub(Span::new().days(BUYER_DAYS)).unwrap_or(as_of);
        let buyer_edits_14d = self.buyer.range(first..=as_of).map(|(_, count)| count).sum();
        Activity { last: self.last, by_party: self.by_party.clone(), buyer_edits_14d }
    }

    /// Where a plan stands on a day.
    #[must_use]
    pub fn standing_of(&self, plan: &Plan, as_of: Date) -> Standing {
        let schedule = schedule(plan, as_of);
        let figures = figures::of_schedule(plan, &schedule, as_of, &self.activity(as_of));
        Standing::of(plan, &schedule, &figures)
    }

    /// Who edited last, as a reader names them, and when.
    #[must_use]
    pub fn last_edit<'a>(&'a self, plan: &'a Plan) -> Option<(&'a str, Date)> {
        let (party, day) = self.last_edit.as_ref()?;
        let name = match party {
            Some(party) => plan
                .rows(plansync_protocol::plan::schema::collection("parties")?)
                .get(party.as_str())
                .and_then(|row| row.text("kind"))
                .unwrap_or(party.as_str()),
            None => "host application",
        };
        Some((name, *day))
    }
}

/// The first moment of the day after in a zone.
#[must_use]
pub fn day_after(day: Date, zone: &TimeZone) -> Millis {
    let tomorrow = day.tomorrow().ok().and_then(|day| day.to_zoned(zone.clone()).ok());
    tomorrow.map_or(Millis::MAX, |begin| Millis::try_from(begin.timestamp().as_millisecond()).unwrap_or(0))
}

/// The day in the plan's zone.
#[must_use]
pub fn day(at: Millis, zone: &TimeZone) -> Date {
    let at = jiff::Timestamp::from_millisecond(i64::try_from(at).unwrap_or(i64::MAX)).unwrap_or(jiff::Timestamp::MAX);
    at.to_zoned(zone.clone()).date()
}
