//! Figures over many plans: adoption (R85), win rate and cycle time with and without a healthy plan (R87), and a
//! forecast weighted by health (R83).
//!
//! It works on one card for each qualified opportunity, with its plan or without. Cards come from the host application
//! or, by [`Card::of`], from a plan; nothing else is read.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use super::Plan;
use super::figures::{Figures, PlanStatus, Ratio};
use super::item::days_between;

/// The health from which a plan is a healthy one.
pub const HEALTHY_MIN: u8 = 70;
/// The probability from which a stage is a late one.
pub const LATE_STAGE_MIN: f64 = 0.5;

/// One qualified opportunity.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    /// What to call it in the answer: a plan's id, or the host application's.
    pub id: Box<str>,
    /// Its stage in the pipeline: a key of the table of probabilities.
    pub stage: Box<str>,
    /// How it ended, if it did.
    pub outcome: Outcome,
    /// The day it began.
    pub opened: Option<Date>,
    /// The day it ended.
    pub closed: Option<Date>,
    /// What it is worth, and in which currency.
    pub value: Option<(f64, Box<str>)>,
    /// Its plan; of an opportunity that ended as it was then.
    pub plan: Option<PlanCard>,
}

/// What a card needs to know of a plan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlanCard {
    /// Whether both sides work with it: it is neither a draft nor put away.
    pub is_active: bool,
    /// From 0 to 100.
    pub health: u8,
    /// The word for it.
    pub status: PlanStatus,
    /// Items done, in percent.
    pub completion: f64,
}

/// How an opportunity ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It has not.
    Open,
    /// The buyer signed.
    Won,
    /// The buyer did not.
    Lost,
}

/// What many opportunities come to.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Portfolio {
    /// Of the open opportunities, those with an active plan.
    pub adoption: Ratio,
    /// Those with a plan of health [`HEALTHY_MIN`] or more.
    pub healthy: Group,
    /// Those with another plan.
    pub other: Group,
    /// Those without.
    pub none: Group,
    /// The mean completion in percent of the plans of opportunities that were won; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion_won: Option<f64>,
    /// The same of those that were lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion_lost: Option<f64>,
    /// Open opportunities in a late stage whose plan is stalled (R88), as the cards stand.
    pub at_risk: Vec<Box<str>>,
    /// What the open opportunities are worth, by currency.
    pub forecast: BTreeMap<Box<str>, Forecast>,
    /// The weight of each open opportunity in it, as the cards stand.
    pub weights: Vec<(Box<str>, f64)>,
}

/// Opportunities that are alike in their plans.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// How many, open ones too.
    pub opportunities: usize,
    /// Of those that ended, the won.
    pub won: Ratio,
    /// The days from beginning to signature of half of the won; absent when no days are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub median_cycle_days: Option<f64>,
}

/// A sum of money, expected with more and more care.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Forecast {
    /// All of it.
    pub amount: f64,
    /// By the probability of the stage.
    pub by_stage: f64,
    /// By the probability of the stage and the health of the plan.
    pub by_health: f64,
}

impl Outcome {
    /// What the stage of a plan says of its opportunity; `None` for one that was put away.
    #[must_use]
    pub fn of(stage: &str) -> Option<Self> {
        match stage {
            "archived" => None,
            "won" | "onboarding" | "complete" => Some(Self::Won),
            "lost" => Some(Self::Lost),
            _ => Some(Self::Open),
        }
    }
}

impl Card {
    /// The card of a plan: its stage is the plan's. `None` for a plan that was put away.
    #[must_use]
    pub fn of(id: &str, plan: &Plan, figures: &Figures, opened: Option<Date>, closed: Option<Date>) -> Option<Self> {
        let stage = plan.meta.text("stage").unwrap_or("active");
        let outcome = Outcome::of(stage)?;
        let currency = plan.meta.text("value.currency").unwrap_or_default();
        Some(Self {
            id: id.into(),
            stage: stage.into(),
            outcome,
            opened,
            closed,
            value: plan.meta.number("value.amount").map(|amount| (amount, currency.into())),
            plan: Some(PlanCard {
                is_active: !matches!(stage, "draft" | "on_hold"),
                health: figures.health.score,
                status: figures.status,
                completion: figures.completion.percent,
            }),
        })
    }
}

/// The weight of an opportunity in a forecast: the probability of its stage, halved as the health of its plan goes
/// from 100 to 0. An opportunity without plan weighs like one of health 0.
#[must_use]
pub fn weight(probability: f64, health: Option<u8>) -> f64 {
    let probability = if probability.is_finite() { probability.clamp(0.0, 1.0) } else { 0.0 };
    probability * (0.5 + 0.5 * f64::from(health.unwrap_or(0).min(100)) / 100.0)
}

/// What these opportunities come to. `probabilities` has the chance of each stage, from 0 to 1; a stage that is not in
/// it has none.
#[must_use]
pub fn portfolio(cards: &[Card], probabilities: &BTreeMap<Box<str>, f64>) -> Portfolio {
    let has = |is_in: fn(Option<&PlanCard>) -> bool| group(cards.iter().filter(|card| is_in(card.plan.as_ref())));
    let open = || cards.iter().filter(|card| card.outcome == Outcome::Open);
    let active = open().filter(|card| card.plan.is_some_and(|plan| plan.is_active)).count();
    let mut portfolio = Portfolio {
        adoption: Ratio::of(active, open().count()),
        healthy: has(|plan| plan.is_some_and(|plan| plan.health >= HEALTHY_MIN)),
        other: has(|plan| plan.is_some_and(|plan| plan.health < HEALTHY_MIN)),
        none: has(|plan| plan.is_none()),
        completion_won: completion(cards, Outcome::Won),
        completion_lost: completion(cards, Outcome::Lost),
        ..Portfolio::default()
    };
    for card in open() {
        let probability = probabilities.get(&card.stage).copied().unwrap_or(0.0);
        let weight = weight(probability, card.plan.map(|plan| plan.health));
        portfolio.weights.push((card.id.clone(), weight));
        if let Some((amount, currency)) = card.value.as_ref().filter(|(amount, _)| amount.is_finite()) {
            let forecast = portfolio.forecast.entry(currency.clone()).or_default();
            forecast.amount += amount;
            forecast.by_stage += amount * self::weight(probability, Some(100));
            forecast.by_health += amount * weight;
        }
        if probability >= LATE_STAGE_MIN && card.plan.is_some_and(|plan| plan.status == PlanStatus::Stalled) {
            portfolio.at_risk.push(card.id.clone());
        }
    }
    portfolio
}

fn group<'a>(cards: impl Iterator<Item = &'a Card>) -> Group {
    let (mut opportunities, mut ended, mut won) = (0, 0, 0);
    let mut cycles: Vec<i32> = Vec::new();
    for card in cards {
        opportunities += 1;
        ended += usize::from(card.outcome != Outcome::Open);
        if card.outcome == Outcome::Won {
            won += 1;
            let days = card.opened.zip(card.closed).map(|(opened, closed)| days_between(opened, closed));
            cycles.extend(days.filter(|days| *days >= 0));
        }
    }
    Group { opportunities, won: Ratio::of(won, ended), median_cycle_days: median(cycles) }
}

fn median(mut numbers: Vec<i32>) -> Option<f64> {
    numbers.sort_unstable();
    let last = numbers.len().checked_sub(1)?;
    Some((f64::from(numbers[last / 2]) + f64::from(numbers[last.div_ceil(2)])) / 2.0)
}

fn completion(cards: &[Card], outcome: Outcome) -> Option<f64> {
    let plans = cards.iter().filter(|card| card.outcome == outcome).filter_map(|card| card.plan);
    let (count, sum) = plans.fold((0_u32, 0.0), |(count, sum), plan| (count + 1, sum + plan.completion));
    (count > 0).then(|| (sum / f64::from(count) * 10.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use serde_json::json;

    use super::*;
    use crate::plan::figures::{Activity, figures};

    fn card(id: &str, outcome: Outcome, health: Option<u8>, days: Option<i32>) -> Card {
        let opened = date(2026, 1, 1);
        Card {
            id: id.into(),
            stage: "negotiation".into(),
            outcome,
            opened: Some(opened),
            closed: days.map(|days| crate::plan::schedule::day::plus(opened, days)),
            value: Some((1000.0, "USD".into())),
            plan: health.map(|health| PlanCard {
                is_active: health > 10,
                health,
                status: if health < 50 { PlanStatus::Stalled } else { PlanStatus::OnTrack },
                completion: f64::from(health),
            }),
        }
    }

    fn chances() -> BTreeMap<Box<str>, f64> {
        [("negotiation".into(), 0.6), ("active".into(), 0.4)].into()
    }

    #[test]
    fn healthy_plans_are_compared_with_others_and_with_none() {
        use Outcome::{Lost, Open, Won};
        let cards = [
            card("a", Won, Some(90), Some(40)),
            card("b", Won, Some(70), Some(60)),
            card("c", Lost, Some(80), Some(10)),
            card("d", Won, Some(69), Some(100)),
            card("e", Lost, None, None),
            card("f", Won, None, None),
            card("g", Open, Some(80), None),
            card("h", Open, Some(40), None),
            card("i", Open, Some(5), None),
            card("j", Open, None, None),
        ];
        let portfolio = portfolio(&cards, &chances());
        // Open: g h i j; g and h have an active plan.
        assert_eq!(portfolio.adoption, Ratio { count: 2, of: 4, percent: Some(50.0) });
        // a b c g: two of three won, in 40 and 60 days.
        let healthy = Group { opportunities: 4, won: Ratio::of(2, 3), median_cycle_days: Some(50.0) };
        assert_eq!(portfolio.healthy, healthy);
        // d h i; e f j.
        let other = Group { opportunities: 3, won: Ratio::of(1, 1), median_cycle_days: Some(100.0) };
        assert_eq!(portfolio.other, other);
        assert_eq!(portfolio.none, Group { opportunities: 3, won: Ratio::of(1, 2), median_cycle_days: None });
        // (90 + 70 + 69) / 3 = 76.3.
        assert_eq!((portfolio.completion_won, portfolio.completion_lost), (Some(76.3), Some(80.0)));
        assert_eq!(portfolio.at_risk, ["h".into(), "i".into()], "stalled at 60 %");
        // 0.6 x (.9 + .7 + .525 + .5) x 1000 = 1575; by stage alone 4 x 600.
        let usd = portfolio.forecast["USD"];
        assert_eq!((usd.amount, usd.by_stage, usd.by_health.round()), (4000.0, 2400.0, 1575.0));
        assert!((portfolio.weights[0].1 - 0.54).abs() < 1e-9, "0.6 x (.5 + .4)");
    }

    #[test]
    fn the_card_of_a_plan() {
        let plan = crate::plan::json::parse_str(crate::plan::SAMPLE, true).unwrap();
        let figures = figures(&plan, date(2026, 2, 17), &Activity::default());
        let card = Card::of("demo", &plan, &figures, None, None).unwrap();
        assert_eq!((&*card.stage, card.outcome), ("active", Outcome::Open));
        let portfolio = portfolio(&[card], &chances());
        // 0.4 x (.5 + .5 x .99) = 0.398; of 150,000 USD 59,700.
        assert_eq!(portfolio.forecast["USD"].by_health.round(), 59_700.0);
        let json = serde_json::to_value(&portfolio).unwrap();
        assert_eq!(json["healthy"], json!({"opportunities": 1, "won": {"count": 0, "of": 0}}));
    }

    #[test]
    fn no_cards_and_senseless_numbers_come_to_nothing() {
        assert_eq!(portfolio(&[], &chances()), Portfolio::default());
        assert_eq!((weight(f64::NAN, None), weight(7.0, Some(255)), weight(-1.0, None)), (0.0, 1.0, 0.0));
    }
}
