//! The table of the schema as JSON, for programs in other languages: `golden/schema.json` is the table, word for word.
//!
//! The TypeScript types are made from it (`client-sdk/web/scripts/schema.mjs`). `PLANSYNC_GOLDEN=write` writes it anew.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

use std::path::Path;

use plansync_protocol::limits;
use plansync_protocol::plan::schema::{COLLECTIONS, Collection, Documents, Entry, Field, Ids, Kind, Member, table};
use serde_json::{Value, json};

fn schema() -> Value {
    json!({
        "schema": plansync_protocol::plan::json::SCHEMA,
        "limits": {
            "nameBytes": limits::NAME_BYTES_MAX,
            "edgeIdBytes": limits::EDGE_ID_BYTES_MAX,
            "flatKeyBytes": limits::FLAT_KEY_BYTES_MAX,
            "shortTextChars": limits::SHORT_TEXT_CHARS_MAX,
            "longTextChars": limits::LONG_TEXT_CHARS_MAX,
            "labelChars": limits::LABEL_CHARS_MAX,
            "rankChars": limits::RANK_CHARS_MAX,
            "fields": limits::FIELDS_MAX,
            "valueDepth": limits::VALUE_DEPTH_MAX,
        },
        "removal": table::REMOVAL.iter().map(field).collect::<Vec<_>>(),
        "collections": COLLECTIONS.iter().map(collection).collect::<Vec<_>>(),
    })
}

fn collection(collection: &Collection) -> Value {
    json!({
        "name": collection.name,
        "singular": collection.singular,
        "about": collection.about,
        "ids": match collection.ids {
            Ids::None => "none",
            Ids::Name => "name",
            Ids::Party => "party",
            Ids::Edge => "edge",
        },
        "entitiesMax": collection.entities_max,
        "documents": match collection.documents {
            Documents::Shared => "shared",
            Documents::Private => "private",
            Documents::Both => "both",
        },
        "serverWritten": collection.server_written,
        "alwaysWritten": collection.always_written,
        "class": collection.class.as_str(),
        "fields": collection.fields.iter().map(field).collect::<Vec<_>>(),
    })
}

fn field(field: &Field) -> Value {
    let mut json = json!({ "name": field.name, "kind": kind(field.kind), "class": field.class.as_str() });
    if field.required {
        json["required"] = true.into();
    }
    if field.stamped {
        json["stamped"] = true.into();
    }
    if let Some(default) = field.default {
        json["default"] = default.into();
    }
    if let Some(about) = field.about {
        json["about"] = about.into();
    }
    json
}

fn kind(kind: Kind) -> Value {
    match kind {
        Kind::String { chars_max } => json!({ "type": "string", "charsMax": chars_max }),
        Kind::Bool => json!({ "type": "bool" }),
        Kind::Number => json!({ "type": "number" }),
        Kind::Integer { min, max } => json!({ "type": "integer", "min": min, "max": max }),
        Kind::Date => json!({ "type": "date" }),
        Kind::Instant => json!({ "type": "instant" }),
        Kind::Time => json!({ "type": "time" }),
        Kind::TimeZone => json!({ "type": "timeZone" }),
        Kind::Rank => json!({ "type": "rank" }),
        Kind::Enum(words) => json!({ "type": "enum", "words": words }),
        Kind::Id(of) => json!({ "type": "id", "of": of }),
        Kind::Any => json!({ "type": "any" }),
        Kind::Set(member) => json!({ "type": "set", "member": match member {
            Member::Id(of) => json!({ "type": "id", "of": of }),
            Member::Enum(words) => json!({ "type": "enum", "words": words }),
            Member::Name => json!({ "type": "name" }),
        } }),
        Kind::Map(entry) => json!({ "type": "map", "entry": match entry {
            Entry::Number => json!({ "type": "number" }),
            Entry::String => json!({ "type": "string" }),
            Entry::Enum(words) => json!({ "type": "enum", "words": words }),
            Entry::Json => json!({ "type": "json" }),
        } }),
        Kind::Text => json!({ "type": "text" }),
    }
}

#[test]
fn the_schema_as_json_is_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/schema.json");
    let schema = schema();
    if std::env::var("PLANSYNC_GOLDEN").is_ok_and(|how| how == "write") {
        std::fs::write(&path, format!("{}\n", serde_json::to_string_pretty(&schema).unwrap())).unwrap();
    }
    let golden: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    for (at, golden) in golden["collections"].as_array().unwrap().iter().enumerate() {
        assert_eq!(*golden, schema["collections"][at], "a row of golden/schema.json is not the table's");
    }
    assert!(
        golden == schema,
        "golden/schema.json is not the table: run with PLANSYNC_GOLDEN=write and read what changed"
    );
}
