//! Plans to begin with: what a deal of some kind usually takes, with people by their roles and days around the target.
//!
//! In: the name of a template, the target, the zone, and the names of those involved ([`Order`]). Out: a plan like any
//! other, which both sides then make theirs. Pure: the moment it is made at is an argument.
//! Always true: every template is a JSON file of `protocol/templates`, in the canonical form but for its days, which
//! are numbers: so many days after the target, before it when negative. What has to be done for the target is due no
//! later than its dependencies allow; nothing is due before today; what does not fit keeps its day, and the figures of
//! the plan say that it is not feasible.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use super::Plan;
use super::check::{self, Malformed};
use super::item::{items, local_day};
use super::json;
use super::party::Parties;
use super::row::Key;
use super::schedule::day::{WorkDays, day, number, plus};
use super::schedule::{backward, schedule};
use super::schema;
use super::value::Value;

/// The files, in the order in which they are offered.
const FILES: [&str; 4] = [
    include_str!("../../templates/enterprise.json"),
    include_str!("../../templates/light.json"),
    include_str!("../../templates/partner.json"),
    include_str!("../../templates/expansion.json"),
];

/// What the target of a plan can stand for.
const KINDS: [&str; 3] = ["close", "go_live", "other"];
/// Members that are days, as numbers.
const DAYS: [&str; 2] = ["due", "by"];

/// A template.
#[derive(Debug, Clone, Deserialize)]
pub struct Template {
    /// Its name in a request.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// When to take it.
    pub description: String,
    /// The milestone that is due on the target, by the kind of the target.
    anchors: BTreeMap<String, String>,
    plan: Map<String, Json>,
}

/// What a list of templates says of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct About {
    /// Its name in a request.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// When to take it.
    pub description: String,
    /// How many milestones it has.
    pub milestones: usize,
    /// How many tasks.
    pub tasks: usize,
    /// The kinds of its parties.
    pub parties: Vec<String>,
}

/// What is wanted of a plan from a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    template: String,
    kind: String,
    target: Date,
    tz: Option<String>,
    /// Members of `meta`: title, account, opportunity.
    meta: BTreeMap<&'static str, String>,
    /// Names of parties, by their kind.
    names: BTreeMap<&'static str, String>,
}

/// Every template.
#[must_use]
pub fn all() -> Vec<Template> {
    FILES.iter().map(|file| serde_json::from_str(file).expect("a built-in template is one, as a test says")).collect()
}

impl Template {
    /// The template of this name.
    #[must_use]
    pub fn named(id: &str) -> Option<Self> {
        all().into_iter().find(|template| template.id == id)
    }

    /// What a list says of it.
    #[must_use]
    pub fn about(&self) -> About {
        let rows = |name: &str| self.plan.get(name).and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
        let kinds = rows("parties").iter().filter_map(|party| party["kind"].as_str());
        About {
            id: self.id.clone(),
            title: self.title.clone(),
            description: self.description.clone(),
            milestones: rows("milestones").len(),
            tasks: rows("tasks").len(),
            parties: kinds.map(str::to_owned).collect(),
        }
    }

    /// The milestone that stands for a target of this kind.
    fn anchor(&self, kind: &str) -> &str {
        self.anchors.get(kind).map_or("", String::as_str)
    }

    /// The days of milestones and tasks, as the file has them.
    fn offsets(&self) -> BTreeMap<Box<str>, i32> {
        let rows = ["milestones", "tasks"].into_iter().filter_map(|name| self.plan.get(name)?.as_array()).flatten();
        rows.filter_map(|row| Some((row["id"].as_str()?.into(), i32::try_from(row["due"].as_i64()?).ok()?))).collect()
    }
}

impl Order {
    /// Reads a request: `{template, target: {kind?, date}, title?, account?, opportunity?, tz?, buyer?, seller?,
    /// partner?}`.
    ///
    /// # Errors
    /// Every member that does not fit, by its name.
    pub fn parse(json: &Json) -> Result<Self, Vec<Malformed>> {
        let Json::Object(members) = json else { return Err(vec![Malformed::new("", json, "an object")]) };
        let mut malformed = Vec::new();
        let mut order = Self {
            template: String::new(),
            kind: "close".to_owned(),
            target: Date::default(),
            tz: None,
            meta: BTreeMap::new(),
            names: BTreeMap::new(),
        };
        let text = |name: &str, malformed: &mut Vec<Malformed>| match members.get(name) {
            None | Some(Json::Null) => None,
            Some(Json::String(text)) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            Some(other) => {
                malformed.push(Malformed::new(name, other, "a text"));
                None
            }
        };
        let given = text("template", &mut malformed).unwrap_or_default();
        match Template::named(&given) {
            Some(template) => order.template = template.id,
            None => {
                let known: Vec<_> = all().into_iter().map(|template| template.id).collect();
                let value = members.get("template").unwrap_or(&Json::Null);
                malformed.retain(|each| each.path != "template");
                malformed.push(Malformed::new("template", value, format!("one of {}", known.join(", "))));
            }
        }
        order.target(members.get("target"), &mut malformed);
        order.tz = text("tz", &mut malformed);
        for name in ["title", "account", "opportunity"] {
            order.meta.extend(text(name, &mut malformed).map(|text| (name, text)));
        }
        for name in ["buyer", "seller", "partner"] {
            order.names.extend(text(name, &mut malformed).map(|text| (name, text)));
        }
        let known = ["template", "target", "title", "account", "opportunity", "tz", "buyer", "seller", "partner"];
        for (name, value) in members.iter().filter(|(name, _)| !known.contains(&name.as_str())) {
            malformed.push(Malformed::new(name, value, format!("one of {}", known.join(", "))));
        }
        if malformed.is_empty() { Ok(order) } else { Err(malformed) }
    }

    fn target(&mut self, given: Option<&Json>, malformed: &mut Vec<Malformed>) {
        let nothing = Map::new();
        let target = match given {
            None | Some(Json::Null) => &nothing,
            Some(Json::Object(target)) => target,
            Some(other) => return malformed.push(Malformed::new("target", other, "an object with a date")),
        };
        let date = target.get("date").unwrap_or(&Json::Null);
        match date.as_str().and_then(check::day) {
            Some(day) => self.target = day,
            None => malformed.push(Malformed::new("target/date", date, "a day like 2026-02-17")),
        }
        match target.get("kind") {
            None | Some(Json::Null) => {}
            Some(Json::String(kind)) if KINDS.contains(&kind.as_str()) => self.kind.clone_from(kind),
            Some(other) => malformed.push(Malformed::new("target/kind", other, format!("one of {}", KINDS.join(", ")))),
        }
        for (name, value) in target.iter().filter(|(name, _)| !matches!(name.as_str(), "date" | "kind")) {
            malformed.push(Malformed::new(format!("target/{name}"), value, "date or kind"));
        }
    }

    /// The plan, made at a moment.
    ///
    /// # Errors
    /// What does not fit a plan: a zone that there is not, a title that is too long, a name of a party that the template
    /// does not have.
    pub fn plan(&self, now: Timestamp) -> Result<Plan, Vec<Malformed>> {
        // `parse` has found it.
        let Some(template) = Template::named(&self.template) else { return Ok(Plan::default()) };
        let offsets = template.offsets();
        let anchor = template.anchor(&self.kind);
        let shift = offsets.get(anchor).copied().unwrap_or_default();
        let mut plan = template.plan.clone();
        for row in plan.values_mut().filter_map(Json::as_array_mut).flatten().filter_map(Json::as_object_mut) {
            for (_, value) in row.iter_mut().filter(|(name, _)| DAYS.contains(&name.as_str())) {
                if let Some(days) = value.as_i64().and_then(|days| i32::try_from(days).ok()) {
                    *value = json!(plus(self.target, days.saturating_sub(shift)).to_string());
                }
            }
        }
        let unnamed = self.name_parties(&mut plan);
        self.head(&template, &mut plan);
        plan.insert("schema".to_owned(), json!(json::SCHEMA));
        let mut plan = match json::parse(&Json::Object(plan), true) {
            Ok(plan) if unnamed.is_empty() => plan,
            Ok(_) => return Err(unnamed),
            Err(malformed) => return Err(unnamed.into_iter().chain(malformed).collect()),
        };
        let zone = plan.meta.text("tz").and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
        let today = local_day(&now.to_string(), &zone).unwrap_or(self.target);
        set_days(&mut plan, anchor, &offsets, self.target, today);
        if let Some(live) = plan.milestone(template.anchor("go_live")).and_then(|milestone| milestone.due())
            && let Some(meta) = schema::collection("meta")
        {
            plan.meta.set(Key::of(meta, "goLive"), Some(Value::string(&live.to_string())));
        }
        Ok(plan)
    }

    fn head(&self, template: &Template, plan: &mut Map<String, Json>) {
        let Some(Json::Object(meta)) = plan.get_mut("meta") else { return };
        let title = match self.meta.get("account") {
            Some(account) => format!("{account}: {}", template.title),
            None => template.title.clone(),
        };
        meta.insert("title".to_owned(), json!(title));
        meta.extend(self.meta.iter().map(|(name, text)| ((*name).to_owned(), json!(text))));
        meta.insert("target".to_owned(), json!({"kind": self.kind, "date": self.target.to_string()}));
        meta.insert("tz".to_owned(), json!(self.tz.as_deref().unwrap_or("UTC")));
    }

    /// Gives the parties their names, and tells which names have no party.
    fn name_parties(&self, plan: &mut Map<String, Json>) -> Vec<Malformed> {
        let mut names = self.names.clone();
        if let Some(account) = self.meta.get("account") {
            names.entry("buyer").or_insert_with(|| account.clone());
        }
        for party in plan.get_mut("parties").and_then(Json::as_array_mut).into_iter().flatten() {
            let name = party["kind"].as_str().and_then(|kind| names.remove(kind));
            if let (Some(name), Json::Object(party)) = (name, party) {
                party.insert("name".to_owned(), json!(name));
            }
        }
        let left = names.iter().map(|(kind, name)| {
            Malformed::new(*kind, &format!("{name:?}"), format!("absent: the template {} has no {kind}", self.template))
        });
        left.collect()
    }
}

/// Gives every milestone and task its day.
fn set_days(plan: &mut Plan, anchor: &str, offsets: &BTreeMap<Box<str>, i32>, target: Date, today: Date) {
    let shift = offsets.get(anchor).copied().unwrap_or_default();
    let (wished, first) = {
        let parties = Parties::of(plan);
        let mut work = WorkDays::of(plan, &parties);
        let mut wished: BTreeMap<Box<str>, Date> = BTreeMap::new();
        let mut first: BTreeMap<Box<str>, Date> = BTreeMap::new();
        for item in items(plan) {
            let (id, of) = (Box::<str>::from(item.id), parties.of_item(&item));
            let days = offsets.get(&id).map_or(0, |offset| offset.saturating_sub(shift));
            let on = number(target).saturating_add(days);
            let worked = if days > 0 { work.on_or_after(on, of) } else { work.on_or_before(on, of) };
            wished.insert(id.clone(), day(worked));
            first.insert(id, day(work.on_or_after(number(today), of)));
        }
        (wished, first)
    };
    // What is left is what the way back from the target leaves.
    for id in wished.keys() {
        set_due(plan, id, None);
    }
    set_due(plan, anchor, Some(target));
    let latest: BTreeMap<Box<str>, Date> = backward(plan).into_iter().map(|each| (each.id, each.to)).collect();
    for (id, wish) in wished.iter().filter(|(id, _)| ***id != *anchor) {
        let due = latest.get(id).map_or(*wish, |latest| *wish.min(latest));
        set_due(plan, id, Some(due.max(first[id])));
    }
    // Forward from today, where there is room; what does not fit keeps its day and shows by how much.
    let schedule = schedule(plan, today);
    for id in schedule.slip.keys().filter(|id| ***id != *anchor) {
        if let Some(finish) =
            schedule.finish.get(id).filter(|finish| latest.get(id).is_none_or(|latest| *finish <= latest))
        {
            set_due(plan, id, Some(*finish));
        }
    }
}

fn set_due(plan: &mut Plan, id: &str, due: Option<Date>) {
    for name in ["milestones", "tasks"] {
        let Some(collection) = schema::collection(name) else { continue };
        if let Some(row) = plan.rows_mut(collection).get_mut(id) {
            let due = due.map(|due| Value::string(&due.to_string()));
            Arc::make_mut(row).set(Key::of(collection, "due"), due);
        }
    }
}
