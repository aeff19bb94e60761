//! Who may change what: the one table of rights, and the way from a difference to its row.
//!
//! In: who writes, the plan before, and one field of one entity with its row before and after. Out: a [`Verdict`].
//! Pure: no clock, no document. Every update of every client is judged here, whatever way it came; what is not allowed
//! is put back by [`crate::review`] before anybody else sees it.
//! Always true: who a person is and whose an item is comes from the plan *before* the update, so no update gives its
//! sender a right that it then uses.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use plansync_protocol::{
    ids::{Access, Scope},
    plan::{
        Plan, Row,
        schema::{Collection, Field},
    },
    wire::RefusalCode,
};
use serde::Serialize;

/// What a level of access may do in a row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Cell {
    /// Yes.
    Yes,
    /// With items that the person owns.
    Own,
    /// When the other parties agree.
    Consent,
    /// No.
    No,
}

use Cell::{Consent, No, Own, Yes};

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Right {
    /// Add, edit, move, remove phases, milestones, tasks, dependencies, risks, criteria, objectives, stakeholders,
    /// calendar and cadence.
    Structure,
    /// Status, notes, evidence of an item of the own party, of a joint or of an unowned one.
    Progress,
    /// Raise or clear a blocker, on any item.
    Blocker,
    /// The status of another party's item.
    OthersStatus,
    /// Re-date, reassign or remove what another party has accepted.
    Accepted,
    /// What both sides have agreed to reach: the plan's target, the freezing of a success criterion.
    Target,
    /// The fields of the plan itself, by the seller; and which parties there are.
    Head,
    /// The account, the opportunity and the buyer's sponsors, by the buyer.
    BuyersHead,
    /// The value proposition and the priority, by the seller.
    Pitch,
    /// The own party's name and domains.
    OwnParty,
    /// The own party's people; a placeholder for somebody of another party.
    People,
    /// Commitments to items of the own party.
    Commitment,
    /// Comments: new ones, and one's own.
    Talk,
    /// Proposals: to make one, to answer for the own party, to withdraw the own party's.
    Proposal,
}

/// The table: what owner, editor, contributor, commenter and viewer may do.
pub const RIGHTS: [(Right, [Cell; 5]); 14] = [
    (Right::Structure, [Yes, Yes, No, No, No]),
    (Right::Progress, [Yes, Yes, Own, No, No]),
    (Right::Blocker, [Yes, Yes, Yes, Yes, No]),
    (Right::OthersStatus, [Consent, Consent, No, No, No]),
    (Right::Accepted, [Consent, Consent, No, No, No]),
    (Right::Target, [Consent, Consent, No, No, No]),
    (Right::Head, [Yes, No, No, No, No]),
    (Right::BuyersHead, [Yes, No, No, No, No]),
    (Right::Pitch, [Yes, Yes, No, No, No]),
    (Right::OwnParty, [Yes, No, No, No, No]),
    (Right::People, [Yes, Yes, No, No, No]),
    (Right::Commitment, [Yes, Yes, Own, No, No]),
    (Right::Talk, [Yes, Yes, Yes, Yes, No]),
    (Right::Proposal, [Yes, Yes, No, No, No]),
];

/// Who writes.
#[derive(Debug, Clone, Copy)]
pub struct Who<'a> {
    /// The person.
    pub person: &'a str,
    /// Their party; a workspace has none.
    pub party: Option<&'a str>,
    /// How far their rights go; `None` for the workspace and the server, which may do everything.
    pub access: Option<Access>,
}

/// One field of one entity that is about to be different. The first judgement of a new entity, or of one that is gone,
/// is about the entity as a whole, with an empty field.
#[derive(Debug, Clone, Copy)]
pub struct Touch<'a> {
    /// The collection.
    pub collection: &'static Collection,
    /// The entity; empty for `meta`.
    pub id: &'a str,
    /// The name of the field; empty for the entity as a whole.
    pub field: &'a str,
    /// The row before.
    pub before: Option<&'a Row>,
    /// The row after.
    pub after: Option<&'a Row>,
}

/// What is to become of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It stays.
    Allowed,
    /// It is put back.
    Refused(RefusalCode, &'static str),
    /// It is put back, and asked of these parties.
    Asked(BTreeSet<String>),
}

/// Judges one field, or an entity as a whole.
#[must_use]
pub fn judge(who: Who<'_>, scope: &Scope, plan: &Plan, touch: &Touch<'_>) -> Verdict {
    if touch.after.is_none() {
        return refused("an entity is removed by `removed: true`, which keeps what others write in it");
    }
    let Some(access) = who.access else { return Verdict::Allowed };
    let judge = Judge { who, access, plan, touch, is_private: matches!(scope, Scope::Party(_)) };
    judge.verdict()
}

fn refused(why: &'static str) -> Verdict {
    Verdict::Refused(RefusalCode::NotAllowed, why)
}

const SERVER_OWNED: Verdict = Verdict::Refused(RefusalCode::ServerOwned, "the server writes this field itself");

/// Whose an item is, seen from who writes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Relation {
    /// The own party's, several parties', or nobody's.
    Ours,
    /// Of these parties, and the own is not among them.
    Theirs(BTreeSet<String>),
}

struct Judge<'a> {
    who: Who<'a>,
    access: Access,
    plan: &'a Plan,
    touch: &'a Touch<'a>,
    is_private: bool,
}

impl Judge<'_> {
    fn verdict(&self) -> Verdict {
        if self.schema_field().is_some_and(|field| field.stamped) {
            return SERVER_OWNED;
        }
        match self.touch.collection.name {
            "meta" => self.head(),
            "parties" => self.party(),
            "people" => self.people(),
            "milestones" | "tasks" | "risks" => self.item(),
            "comments" => self.comment(),
            "proposals" => self.proposal(),
            "criteria" if self.touch.field == "frozen" && !self.is_private => self.right(Right::Target),
            "touchpoints" => SERVER_OWNED,
            _ => self.structure(),
        }
    }

    /// Looks up a row of the table.
    fn right(&self, right: Right) -> Verdict {
        let row = RIGHTS.iter().find(|(each, _)| *each == right).map_or([No; 5], |(_, cells)| *cells);
        let column = Access::ALL.iter().position(|each| *each == self.access).unwrap_or(4);
        match row[column] {
            Yes => Verdict::Allowed,
            Own if self.owns() => Verdict::Allowed,
            Own => refused("with this access only items that you own can be changed"),
            Consent | No if self.access == Access::Viewer => refused("this access only reads"),
            Consent if self.plan.meta.text("trust") == Some("open") => Verdict::Allowed,
            Consent => Verdict::Asked(self.asked(right)),
            No => refused("this access does not reach so far: ask an owner or an editor of your party"),
        }
    }

    /// Who has to agree.
    fn asked(&self, right: Right) -> BTreeSet<String> {
        let all = match right {
            Right::Target => {
                let sides = [self.side("buyer"), self.side("seller")];
                sides.into_iter().flatten().map(str::to_owned).collect()
            }
            Right::Accepted => self.accepted_by().unwrap_or_default(),
            _ => match self.relation() {
                Relation::Theirs(parties) => parties,
                Relation::Ours => BTreeSet::new(),
            },
        };
        all.into_iter().filter(|party| Some(party.as_str()) != self.who.party).collect()
    }

    fn head(&self) -> Verdict {
        let field = self.touch.field;
        if field.starts_with("target.") {
            return self.right(Right::Target);
        }
        if self.is("seller") {
            let is_pitch = matches!(field, "valueProposition" | "priority");
            return self.right(if is_pitch { Right::Pitch } else { Right::Head });
        }
        let is_buyers = matches!(field, "account" | "opportunity")
            || (field == "sponsors" && self.differing_members().all(|person| self.is_own_person(person)));
        if self.is("buyer") && is_buyers {
            return self.right(Right::BuyersHead);
        }
        refused("the seller keeps this field of the plan; the buyer's owner sets account, opportunity and own sponsors")
    }

    fn party(&self) -> Verdict {
        if self.is("seller") && self.touch.id != self.who.party.unwrap_or_default() {
            let kind = self.row().and_then(|row| row.text("kind"));
            let is_partner = kind == Some("partner") && self.touch.after.and_then(|row| row.text("kind")) == kind;
            return if is_partner { self.right(Right::Head) } else { refused("this is the other side's own entry") };
        }
        if Some(self.touch.id) != self.who.party || matches!(self.touch.field, "" | "kind" | "removed") {
            return refused("the seller's owner says which parties are on the plan");
        }
        self.right(Right::OwnParty)
    }

    fn people(&self) -> Verdict {
        let own = |row: Option<&Row>| {
            let party = row.and_then(|row| row.text("party"));
            party.is_some_and(|party| self.is_own_word(party))
        };
        let (before, after) = (self.touch.before, self.touch.after);
        let is_placeholder = before.is_none() && after.is_some_and(|row| row.is_set("placeholder"));
        let is_own = before.is_none_or(|before| own(Some(before))) && own(after);
        if is_own || is_placeholder {
            return self.right(Right::People);
        }
        refused("each party keeps its own people; of another party a placeholder can be added")
    }

    fn structure(&self) -> Verdict {
        // A partner joins for its own part of the work.
        let is_own = || matches!(self.touch.collection.name, "tasks" | "risks") && self.is_own_item();
        if self.access == Access::Editor && !self.is_private && self.is("partner") && !is_own() {
            return refused("an editor of a partner changes the partner's own tasks and risks");
        }
        self.right(Right::Structure)
    }

    fn item(&self) -> Verdict {
        let Touch { before, after, field, .. } = *self.touch;
        let text = |row: Option<&Row>, name: &str| row.and_then(|row| row.text(name)).map(str::to_owned);
        let is_of_item = self.touch.collection.name != "risks";
        match field {
            "status" if is_of_item => {
                let was = text(before, "status").unwrap_or_else(|| "pending".into());
                let is = text(after, "status").unwrap_or_else(|| "pending".into());
                let is_open = |status: &str| matches!(status, "pending" | "in_progress" | "blocked");
                if was == is {
                    // A word that went without saying is stated, or the other way round.
                    self.structure()
                } else if (was == "blocked" || is == "blocked") && is_open(&was) && is_open(&is) {
                    self.right(Right::Blocker)
                } else if matches!(self.relation(), Relation::Ours) {
                    self.right(Right::Progress)
                } else if before.is_none() {
                    refused("a new item of another party is pending")
                } else {
                    self.right(Right::OthersStatus)
                }
            }
            "blocked.reason" | "blocked.needs" | "blocked.since" | "blocked.by" => self.right(Right::Blocker),
            // The reason of what else is written: of a blocker and a status as well as of a date.
            "reason" if self.right(Right::Structure) == Verdict::Allowed => Verdict::Allowed,
            "reason" if self.raises_blocker() => self.right(Right::Blocker),
            "notes" | "evidence" | "waitingOn" | "reason" if self.access == Access::Contributor => self.progress(),
            "commitment.state" | "commitment.due" => self.commitment(),
            "due" | "start" | "durationDays" | "owners" | "party" | "removed"
                if before.is_some() && is_of_item && self.accepted_by().is_some() =>
            {
                self.right(Right::Accepted)
            }
            _ => self.structure(),
        }
    }

    fn progress(&self) -> Verdict {
        match self.relation() {
            Relation::Ours => self.right(Right::Progress),
            Relation::Theirs(_) => refused("this item is another party's"),
        }
    }

    /// Whether the same update raises or clears a blocker, which comes with a reason.
    fn raises_blocker(&self) -> bool {
        let field = |name: &str| {
            self.touch.before.and_then(|row| row.get(name)) != self.touch.after.and_then(|row| row.get(name))
        };
        ["blocked.reason", "blocked.needs", "blocked.since", "status"].into_iter().any(field)
            && self.touch.after.and_then(|row| row.text("status")) != Some("complete")
    }

    /// To ask for a commitment is to plan; to give one, to refuse it or to offer another day is for whose item it is.
    fn commitment(&self) -> Verdict {
        let state = self.touch.after.and_then(|row| row.text("commitment.state"));
        if matches!(self.relation(), Relation::Ours) {
            return self.right(Right::Commitment);
        }
        if matches!(state, None | Some("proposed")) && self.accepted_by().is_none() {
            return self.structure();
        }
        refused("only the party whose item it is commits to it")
    }

    fn comment(&self) -> Verdict {
        let author = self.touch.before.map(|row| row.text("by"));
        match author {
            Some(author) if author != Some(self.who.person) => refused("a comment is changed by who wrote it"),
            _ => self.right(Right::Talk),
        }
    }

    fn proposal(&self) -> Verdict {
        let Touch { before, after, field, .. } = *self.touch;
        let Some(before) = before else {
            let is_content = matches!(field, "" | "items" | "reason");
            return if is_content { self.right(Right::Proposal) } else { SERVER_OWNED };
        };
        if before.text("state").is_some_and(|state| state != "open") {
            return refused("this proposal is no longer open");
        }
        match field {
            "answers" => {
                let own = self.who.party.unwrap_or_default();
                if !before.members("answers").any(|(party, _)| party == own) {
                    return refused("this proposal does not ask your party");
                }
                if self.differing_members().any(|party| party != own) {
                    return refused("each party answers for itself");
                }
                self.right(Right::Proposal)
            }
            "state" if after.and_then(|row| row.text("state")) == Some("withdrawn") => {
                let of_own_party = before.text("by").is_some_and(|by| by == self.who.person || self.is_own_person(by));
                if of_own_party { self.right(Right::Proposal) } else { refused("who made a proposal withdraws it") }
            }
            _ => SERVER_OWNED,
        }
    }

    fn schema_field(&self) -> Option<&'static Field> {
        self.touch.collection.field_named(self.touch.field)
    }

    /// The row that says whose the entity is: the one before, of a new entity the one after.
    fn row(&self) -> Option<&Row> {
        self.touch.before.or(self.touch.after)
    }

    fn owns(&self) -> bool {
        self.row().is_some_and(|row| row.members("owners").any(|(owner, _)| owner == self.who.person))
    }

    /// The members of the touched set or map that are different.
    fn differing_members(&self) -> impl Iterator<Item = &str> {
        let [was, is]: [Vec<_>; 2] = [self.touch.before, self.touch.after]
            .map(|row| row.map_or_else(Vec::new, |row| row.members(self.touch.field).collect()));
        let gone: Vec<&str> = was.iter().filter(|each| !is.contains(each)).map(|(name, _)| *name).collect();
        let come: Vec<&str> = is.iter().filter(|each| !was.contains(each)).map(|(name, _)| *name).collect();
        gone.into_iter().chain(come)
    }

    /// Whether the writer's party is of this kind.
    fn is(&self, kind: &str) -> bool {
        self.who.party.is_some_and(|party| self.kind_of(party) == kind)
    }

    fn kind_of<'p>(&'p self, party: &'p str) -> &'p str {
        let stated = plansync_protocol::plan::schema::collection("parties")
            .and_then(|parties| self.plan.row(parties, party))
            .and_then(|row| row.text("kind"));
        // A plan that does not list its parties has a buyer and a seller, and everybody else is a partner.
        stated.unwrap_or(if matches!(party, "buyer" | "seller") { party } else { "partner" })
    }

    /// The id of the party of a kind.
    fn side<'p>(&'p self, kind: &'p str) -> Option<&'p str> {
        let listed = self.plan.entities("parties").find(|party| party.row.text("kind") == Some(kind));
        Some(listed.map_or(kind, |party| party.id))
    }

    /// The parties that a word stands for: its own id, the side it names, or both sides.
    fn parties(&self, word: &str) -> BTreeSet<String> {
        let is_listed = self.plan.entities("parties").any(|party| party.id == word);
        let words = match word {
            _ if is_listed => vec![Some(word)],
            "joint" => vec![self.side("buyer"), self.side("seller")],
            "buyer" | "seller" => vec![self.side(word)],
            _ => vec![],
        };
        words.into_iter().flatten().map(str::to_owned).collect()
    }

    fn is_own_word(&self, word: &str) -> bool {
        self.who.party.is_some_and(|party| word == party || self.parties(word).iter().eq([party]))
    }

    fn is_own_person(&self, person: &str) -> bool {
        person == self.who.person
            || self
                .plan
                .person(person)
                .is_some_and(|person| person.party().is_some_and(|party| self.is_own_word(party)))
    }

    /// Whose the item is: what a task or a risk says, else the parties of its owners.
    fn item_parties(&self) -> BTreeSet<String> {
        let Some(row) = self.row() else { return BTreeSet::new() };
        if self.touch.collection.name != "milestones"
            && let Some(party) = row.text("party")
        {
            let parties = self.parties(party);
            if !parties.is_empty() {
                return parties;
            }
        }
        let owners = row.members("owners").filter_map(|(owner, _)| self.plan.person(owner));
        owners.filter_map(|owner| owner.party().map(|party| self.parties(party))).flatten().collect()
    }

    fn relation(&self) -> Relation {
        let parties = self.item_parties();
        let is_ours = self.is_private || parties.is_empty() || self.who.party.is_some_and(|own| parties.contains(own));
        if is_ours { Relation::Ours } else { Relation::Theirs(parties) }
    }

    /// Whether the item is the own party's alone.
    fn is_own_item(&self) -> bool {
        self.who.party.is_some_and(|own| self.item_parties().iter().eq([own]))
    }

    /// The other parties that have accepted the item, if any has.
    fn accepted_by(&self) -> Option<BTreeSet<String>> {
        let row = self.touch.before.filter(|_| !self.is_private)?;
        if row.text("commitment.state") != Some("accepted") {
            return None;
        }
        let by = row.text("commitment.by").and_then(|by| self.plan.person(by));
        let mut parties = match by.and_then(|by| by.party()) {
            Some(party) => self.parties(party),
            None => self.item_parties(),
        };
        if let Some(own) = self.who.party {
            parties.remove(own);
        }
        (!parties.is_empty()).then_some(parties)
    }
}
