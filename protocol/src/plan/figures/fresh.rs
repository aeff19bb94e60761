//! How long ago anybody worked on a plan (R68). The log knows; a plan does not.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use crate::ids::PartyId;
use crate::plan::item::days_between;

/// Days without a change up to which a plan is fresh.
pub const FRESH_DAYS_MAX: i32 = 7;
/// Days without a change from which a plan is stale.
pub const STALE_DAYS_MIN: i32 = 21;

/// What the log knows and the plan does not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Activity {
    /// The day of the last change of class head, target, date, owner, status, blocker, commitment, risk or structure.
    pub last: Option<Date>,
    /// The same for each party that made one.
    pub by_party: BTreeMap<PartyId, Date>,
    /// Changes by people of the buyer in the last 14 days.
    pub buyer_edits_14d: u32,
}

/// How fresh a plan is. Without an activity that says so, nothing is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Staleness {
    /// The age of the last change of anybody.
    #[serde(flatten)]
    pub all: Option<Age>,
    /// The age of the last change of each party.
    pub by_party: BTreeMap<PartyId, Age>,
}

/// The days since a change, and the word for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Age {
    /// Days, from 0.
    pub days: i32,
    /// The word.
    pub level: Level,
}

/// How old the last change is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// At most [`FRESH_DAYS_MAX`] days.
    Fresh,
    /// Between both.
    Ageing,
    /// At least [`STALE_DAYS_MIN`] days.
    Stale,
}

impl Age {
    /// The age of a change on a day.
    #[must_use]
    pub fn of(last: Date, as_of: Date) -> Self {
        let days = days_between(last, as_of).max(0);
        let level = match days {
            ..=FRESH_DAYS_MAX => Level::Fresh,
            STALE_DAYS_MIN.. => Level::Stale,
            _ => Level::Ageing,
        };
        Self { days, level }
    }

    /// Whether it is stale.
    #[must_use]
    pub fn is_stale(self) -> bool {
        self.level == Level::Stale
    }
}

impl Staleness {
    /// What an activity says on a day.
    #[must_use]
    pub fn of(activity: &Activity, as_of: Date) -> Self {
        let age = |last: Date| Age::of(last, as_of);
        Self {
            all: activity.last.map(age),
            by_party: activity.by_party.iter().map(|(party, last)| (party.clone(), age(*last))).collect(),
        }
    }

    /// Whether the whole plan is stale.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.all.is_some_and(Age::is_stale)
    }
}
