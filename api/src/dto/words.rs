//! What may be said in several forms: one text or a list of them, an object or its text, a number or its text.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Nodes, in words: names or ids, patterns such as `light*`, `region:1`, `service:gossip`, `group:light`. One text, or a
/// list of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Words(pub Vec<String>);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a text that names nodes, or a list of them")]
        enum Form {
            One(String),
            Many(Vec<String>),
        }
        Ok(Self(match Form::deserialize(from)? {
            Form::One(text) => vec![text],
            Form::Many(texts) => texts,
        }))
    }
}

/// A condition as one text, such as `50ms, loss 1%`, or as an object with a text for each part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "a text such as \"50ms, loss 1%\", or an object such as {\"latency\":\"50ms\",\"loss\":\"1%\"}"
)]
pub enum Parts {
    /// All in one.
    Text(String),
    /// Part by part; numbers and truth values are read as their text.
    Object(BTreeMap<String, Value>),
}

impl Parts {
    /// The parts of an object as texts, those that are `null` or empty left out.
    pub(crate) fn texts(parts: &BTreeMap<String, Value>) -> impl Iterator<Item = (&str, String)> {
        let text = |value: &Value| match value {
            Value::Null => None,
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        parts.iter().filter_map(move |(key, value)| Some((key.as_str(), text(value)?)))
    }
}

/// A text, or a number that is read as its text.
pub(super) fn scalar<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a text or a number")]
    enum Form {
        Text(String),
        Number(serde_json::Number),
    }
    Ok(Option::<Form>::deserialize(from)?.map(|form| match form {
        Form::Text(text) => text,
        Form::Number(number) => number.to_string(),
    }))
}
