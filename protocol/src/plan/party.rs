//! Whose an item is: the parties of a plan, and the words and people that stand for them.
//!
//! A task says it itself (`buyer`, `seller`, `joint` or a party's id), a milestone and a risk by their owners.

use std::collections::BTreeMap;

use super::Plan;
use super::item::Item;

/// The parties of a plan, and whom each person belongs to.
#[derive(Debug, Clone)]
pub struct Parties<'a> {
    /// By id; the buyer and the seller are there even in a plan that does not list them.
    list: Vec<(&'a str, Side)>,
    of_person: BTreeMap<&'a str, &'a str>,
}

/// The kind of a party.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// Who buys.
    Buyer,
    /// Who sells.
    Seller,
    /// Anybody else at the table.
    Partner,
}

/// Some of the parties of one plan.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartySet(u32);

impl PartySet {
    /// Whether both have a party in common.
    #[must_use]
    pub fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether there are some, and all of them are in the other.
    #[must_use]
    pub fn is_within(self, other: Self) -> bool {
        !self.is_empty() && self.0 & !other.0 == 0
    }

    /// The parties of either.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl<'a> Parties<'a> {
    /// The parties of a plan.
    #[must_use]
    pub fn of(plan: &'a Plan) -> Self {
        let mut list: Vec<(&str, Side)> = plan
            .entities("parties")
            .map(|party| match party.row.text("kind") {
                Some("buyer") => (party.id, Side::Buyer),
                Some("seller") => (party.id, Side::Seller),
                _ => (party.id, Side::Partner),
            })
            .collect();
        for (word, side) in [("buyer", Side::Buyer), ("seller", Side::Seller)] {
            if !list.iter().any(|(id, of)| *of == side || *id == word) {
                list.push((word, side));
            }
        }
        // A set has one bit for each.
        list.truncate(32);
        let of_person = plan.entities("people").filter_map(|person| Some((person.id, person.party()?))).collect();
        Self { list, of_person }
    }

    /// The parties that a word or an id stands for: `joint` for the buyer and the seller.
    #[must_use]
    pub fn named(&self, word: &str) -> PartySet {
        let by_id = self.set(|id, _| id == word);
        match word {
            _ if !by_id.is_empty() => by_id,
            "joint" => self.set(|_, side| side != Side::Partner),
            "buyer" => self.set(|_, side| side == Side::Buyer),
            "seller" => self.set(|_, side| side == Side::Seller),
            _ => PartySet::default(),
        }
    }

    /// The party of a person; none for somebody the plan does not know.
    #[must_use]
    pub fn of_person(&self, person: &str) -> PartySet {
        self.of_person.get(person).map_or(PartySet::default(), |party| self.named(party))
    }

    /// The parties of everybody who owns an item.
    #[must_use]
    pub fn of_owners(&self, item: &Item<'_>) -> PartySet {
        item.owners().fold(PartySet::default(), |set, owner| set.and(self.of_person(owner)))
    }

    /// The parties whose item it is: as a task says, else those of its owners.
    #[must_use]
    pub fn of_item(&self, item: &Item<'_>) -> PartySet {
        let stated = item.party().filter(|_| !item.is_milestone).map(|party| self.named(party));
        stated.filter(|set| !set.is_empty()).unwrap_or_else(|| self.of_owners(item))
    }

    /// All parties of a kind.
    #[must_use]
    pub fn on(&self, side: Side) -> PartySet {
        self.set(|_, of| of == side)
    }

    fn set(&self, is_in: impl Fn(&str, Side) -> bool) -> PartySet {
        let bits = self.list.iter().enumerate().filter(|(_, (id, side))| is_in(id, *side)).map(|(at, _)| 1 << at);
        PartySet(bits.fold(0, |set, bit: u32| set | bit))
    }
}
