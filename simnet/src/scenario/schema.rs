//! The schema of scenario files, for editors: made from the list that the reader goes by.

use super::keys::{FILE, Kind, Wants};
use serde_json::{Map, Value, json};

/// A JSON schema (draft 2020-12) of scenario files. A value that is no text may also be a parameter, `"{name}"`.
pub fn schema() -> Value {
    let mut root = table(&FILE);
    root["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    root["title"] = "p2psim scenario".into();
    root["required"] = json!(["name", "duration", "nodes"]);
    root
}

fn table(kind: &Kind) -> Value {
    let properties: Map<String, Value> = kind
        .keys
        .iter()
        .map(|key| {
            let mut value = value(&key.wants);
            value["description"] = key.about.into();
            (key.name.to_owned(), value)
        })
        .collect();
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

fn value(wants: &Wants) -> Value {
    match wants {
        Wants::Text | Wants::Time => json!({ "type": "string" }),
        Wants::Word(words) => json!({ "anyOf": [{ "enum": words }, parameter()] }),
        Wants::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        Wants::TextOrTexts => json!({ "type": ["string", "array"], "items": { "type": "string" } }),
        Wants::Whole => json!({ "anyOf": [{ "type": "integer", "minimum": 0 }, parameter()] }),
        Wants::Amount => json!({ "type": ["number", "string"] }),
        Wants::Flag => json!({ "anyOf": [{ "type": "boolean" }, parameter()] }),
        Wants::Table(kind) => table(kind),
        Wants::Tables(kind) => json!({ "type": "array", "items": table(kind) }),
        Wants::Named(kind) => json!({ "type": "object", "additionalProperties": table(kind) }),
        Wants::NamedTexts => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        Wants::Scalars => {
            json!({ "type": "object", "additionalProperties": { "type": ["string", "number", "boolean"] } })
        }
        Wants::Free => json!({ "type": "object", "additionalProperties": { "type": "object" } }),
        Wants::List => json!({ "type": "array" }),
    }
}

fn parameter() -> Value {
    json!({ "type": "string", "pattern": r"^\{[a-z0-9_-]+\}$" })
}
