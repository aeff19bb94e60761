//! One value of a field, and the way between a document's values and JSON.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value as Json;
use yrs::Any;
use yrs::any::Number;

use crate::limits;

/// What a field holds. A text is a string here; that it is a `Y.Text` in the document is the schema's matter.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A finite number: JSON and JavaScript know no other.
    Number(f64),
    /// A string, a day, an instant, a word, an id, a text.
    String(Arc<str>),
    /// A list or an object that a newer client wrote as one value, or an entry of a map that holds such.
    Json(Arc<Json>),
}

impl Value {
    /// A string value.
    #[must_use]
    pub fn string(text: &str) -> Self {
        Self::String(text.into())
    }

    /// The string, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// The number, if it is one.
    #[must_use]
    pub fn as_number(&self) -> Option<f64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    /// The bool, if it is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(bool) = self { Some(*bool) } else { None }
    }

    /// The value of a document. `None` for what no JSON can say: absence, bytes, an infinite number, too many levels.
    #[must_use]
    pub fn from_any(any: &Any) -> Option<Self> {
        match any {
            Any::Bool(bool) => Some(Self::Bool(*bool)),
            Any::Number(number) => finite(number).map(Self::Number),
            Any::String(text) => Some(Self::String(text.clone())),
            Any::Array(_) | Any::Map(_) => any_to_json(any, 0).map(|json| Self::Json(Arc::new(json))),
            Any::Null | Any::Undefined | Any::Buffer(_) => None,
        }
    }

    /// The value for a document. Numbers are always written as `f64`: a bigint makes browsers throw.
    #[must_use]
    pub fn to_any(&self) -> Any {
        match self {
            Self::Bool(bool) => Any::Bool(*bool),
            Self::Number(number) => Any::Number(Number::Float(*number)),
            Self::String(text) => Any::String(text.clone()),
            Self::Json(json) => json_to_any(json),
        }
    }

    /// The value of a JSON member. `None` for `null` and for more levels than [`limits::VALUE_DEPTH_MAX`].
    #[must_use]
    pub fn from_json(json: &Json) -> Option<Self> {
        match json {
            Json::Null => None,
            Json::Bool(bool) => Some(Self::Bool(*bool)),
            Json::Number(number) => number.as_f64().filter(|number| number.is_finite()).map(Self::Number),
            Json::String(text) => Some(Self::string(text)),
            Json::Array(_) | Json::Object(_) => {
                let canonical = canonical_json(json, 0)?;
                Some(Self::Json(Arc::new(canonical)))
            }
        }
    }

    /// The value as JSON: whole numbers without a fraction.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match self {
            Self::Bool(bool) => Json::Bool(*bool),
            Self::Number(number) => json_number(*number),
            Self::String(text) => Json::String(text.to_string()),
            Self::Json(json) => json.as_ref().clone(),
        }
    }
}

impl From<bool> for Value {
    fn from(bool: bool) -> Self {
        Self::Bool(bool)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::string(text)
    }
}

fn finite(number: &Number) -> Option<f64> {
    // A bigint of an old client may lose its last digits; no field of a plan needs more than 53 bits.
    #[expect(clippy::cast_precision_loss)]
    let number = match number {
        Number::Int(int) => *int as f64,
        Number::Float(float) => *float,
    };
    number.is_finite().then_some(number)
}

fn json_number(number: f64) -> Json {
    const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() < WHOLE_MAX {
        #[expect(clippy::cast_possible_truncation)]
        let whole = number as i64;
        return Json::from(whole);
    }
    Json::from(number)
}

fn any_to_json(any: &Any, depth: usize) -> Option<Json> {
    if depth > limits::VALUE_DEPTH_MAX {
        return None;
    }
    match any {
        Any::Null | Any::Undefined => Some(Json::Null),
        Any::Bool(bool) => Some(Json::Bool(*bool)),
        Any::Number(number) => finite(number).map(json_number),
        Any::String(text) => Some(Json::String(text.to_string())),
        Any::Buffer(_) => None,
        Any::Array(items) => {
            let items: Option<Vec<Json>> = items.iter().map(|item| any_to_json(item, depth + 1)).collect();
            items.map(Json::Array)
        }
        Any::Map(members) => {
            // A document's map has no order; sorted names make one value out of equal ones.
            let mut names: Vec<_> = members.iter().collect();
            names.sort_by_key(|(name, _)| name.as_str());
            let mut object = serde_json::Map::with_capacity(names.len());
            for (name, member) in names {
                object.insert(name.clone(), any_to_json(member, depth + 1)?);
            }
            Some(Json::Object(object))
        }
    }
}

/// The same JSON with sorted member names and numbers as a document gives them back.
fn canonical_json(json: &Json, depth: usize) -> Option<Json> {
    if depth > limits::VALUE_DEPTH_MAX {
        return None;
    }
    match json {
        Json::Number(number) => number.as_f64().filter(|number| number.is_finite()).map(json_number),
        Json::Array(items) => {
            let items: Option<Vec<Json>> = items.iter().map(|item| canonical_json(item, depth + 1)).collect();
            items.map(Json::Array)
        }
        Json::Object(members) => {
            let mut names: Vec<_> = members.iter().collect();
            names.sort_by_key(|(name, _)| name.as_str());
            let mut object = serde_json::Map::with_capacity(names.len());
            for (name, member) in names {
                object.insert(name.clone(), canonical_json(member, depth + 1)?);
            }
            Some(Json::Object(object))
        }
        other => Some(other.clone()),
    }
}

fn json_to_any(json: &Json) -> Any {
    match json {
        Json::Null => Any::Null,
        Json::Bool(bool) => Any::Bool(*bool),
        Json::Number(number) => number.as_f64().map_or(Any::Null, |number| Any::Number(Number::Float(number))),
        Json::String(text) => Any::String(text.as_str().into()),
        Json::Array(items) => Any::Array(items.iter().map(json_to_any).collect()),
        Json::Object(members) => {
            let members: HashMap<String, Any> =
                members.iter().map(|(name, member)| (name.clone(), json_to_any(member))).collect();
            Any::Map(Arc::new(members))
        }
    }
}
