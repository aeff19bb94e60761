//! Facts about the whole plan: its title, account, value, target.

use serde_json::{Map, Value as Json, json};

use super::super::dates::{self, Evidence};
use super::super::source::{Place, Source};
use super::super::words::{is_nothing, plain_words};
use super::{Build, either_of};

impl Build {
    pub(super) fn facts(&mut self, source: &Source) {
        if let Some(title) = &source.title {
            self.meta.insert("title".into(), title.as_str().into());
        }
        for (row, label, value) in source.facts.iter().filter(|(.., value)| !is_nothing(value)) {
            let place = Place { row: format!("{} {row}", source.unit), column: label.clone() };
            let words = plain_words(label);
            match words.as_str() {
                "title" | "plan" | "plan name" | "plan title" => {
                    drop(self.meta.insert("title".into(), value.as_str().into()))
                }
                "account" | "account name" | "customer" | "buyer" | "client" | "prospect" | "company" => {
                    self.people.call("buyer", value);
                    self.meta.insert("account".into(), value.as_str().into());
                }
                "vendor" | "seller" | "supplier" => self.people.call("seller", value),
                "opportunity" | "opportunity name" | "deal" => {
                    drop(self.meta.insert("opportunity".into(), value.as_str().into()))
                }
                "value proposition" => drop(self.meta.insert("valueProposition".into(), value.as_str().into())),
                "priority" => drop(self.meta.insert("priority".into(), value.as_str().into())),
                "value" | "deal value" | "opportunity value" | "acv" | "contract value" => {
                    if let Some(value) = money(value) {
                        self.meta.insert("value".into(), value);
                    }
                }
                "target date"
                | "target close date"
                | "target close"
                | "close date"
                | "target go live date"
                | "target go live" => {
                    if let Some(day) = self.fact_day(&place, value) {
                        let told = format!("{words} {}", plain_words(value));
                        let kind = if told.contains("go live") {
                            "go_live"
                        } else if told.contains("close") {
                            "close"
                        } else {
                            "other"
                        };
                        self.meta.insert("target".into(), json!({"kind": kind, "date": day}));
                    }
                }
                "go live" | "go live date" | "launch date" => {
                    if let Some(day) = self.fact_day(&place, value) {
                        self.meta.insert("goLive".into(), day.into());
                    }
                }
                _ => {}
            }
        }
    }

    fn fact_day(&mut self, place: &Place, value: &str) -> Option<String> {
        let day = value.split('(').next().unwrap_or_default().trim();
        match dates::read(day).map(|reading| Evidence::default().settle(reading)) {
            Some(Ok(day)) => return Some(day.to_string()),
            Some(Err(either)) => self.malformed.push(place.malformed(value, either_of(either))),
            None => self.malformed.push(place.malformed(value, dates::EXPECTED)),
        }
        None
    }
}

/// `$150K ACV`, `150000 USD`: the amount, the currency and the basis.
fn money(text: &str) -> Option<Json> {
    let upper = text.to_uppercase();
    let from = upper.find(|c: char| c.is_ascii_digit())?;
    let digits: String = upper[from..].chars().take_while(|c| c.is_ascii_digit() || matches!(c, ',' | '.')).collect();
    let behind = &upper[from + digits.len()..];
    let scale = match behind.trim_start().chars().next() {
        Some('K') => 1e3,
        Some('M') => 1e6,
        _ => 1.0,
    };
    let amount: f64 = digits.replace(',', "").parse().ok()?;
    let mut value = Map::new();
    value.insert("amount".into(), (amount * scale).into());
    let signs =
        [("$", "USD"), ("€", "EUR"), ("£", "GBP"), ("USD", "USD"), ("EUR", "EUR"), ("GBP", "GBP"), ("CHF", "CHF")];
    let word = behind.split_whitespace().find(|word| word.len() == 3 && word.chars().all(|c| c.is_ascii_uppercase()));
    let word = word.filter(|word| !matches!(*word, "ACV" | "TCV" | "ARR"));
    let sign = signs.iter().find(|(sign, _)| upper.contains(sign)).map(|(_, code)| *code);
    if let Some(code) = sign.or(word) {
        value.insert("currency".into(), code.into());
    }
    if let Some(basis) = ["ACV", "TCV", "ARR"].into_iter().find(|basis| upper.contains(basis)) {
        value.insert("basis".into(), basis.to_lowercase().into());
    }
    Some(value.into())
}
