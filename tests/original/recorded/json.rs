//! JSON as it stood on the wire: fields in their order, numbers as written. And what of the original's is the same here.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A value that keeps the order of its fields.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

/// Fields that the original had later than in v1.9.7, or never: old clients skip them.
const NEW: &[&str] =
    &["lifecycles", "logfile", "log_verbosity", "adapter", "size", "snapshots", "pingpong", "simulation"];
/// Addresses: nodes have some of their own here, and are found by URL and record, up or down.
const ADDRESS: &[&str] = &[
    "ip",
    "listenAddr",
    "discovery",
    "listener",
    "port",
    "localAddress",
    "remoteAddress",
    "local",
    "remote",
];

impl Json {
    pub(crate) fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        let Self::Object(fields) = self else { return None };
        fields.iter().find_map(|(has, value)| (has == key).then_some(value))
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a truth",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }

    /// Compares what the original said with what we say, field by field and in their order. `differs` names fields of
    /// which only the kind has to be the same.
    ///
    /// The differences that stand in docs/deviations.md are the arms of the match.
    pub(crate) fn compare(&self, ours: &Self, differs: &[&str]) -> Result<(), String> {
        compare("", self, ours, differs)
    }
}

fn compare(path: &str, original: &Json, ours: &Json, differs: &[&str]) -> Result<(), String> {
    let key = path.rsplit('.').next().unwrap_or_default();
    let wrong = |why: &str| Err(format!("{path}: {why}: original {original:?}, ours {ours:?}"));
    match (key, original, ours) {
        // Lists are lists and maps are maps.
        (_, Json::Null, Json::List(list)) if list.is_empty() => Ok(()),
        (_, Json::Null, Json::Object(fields)) if fields.is_empty() => Ok(()),
        // Keys stay inside, but for a snapshot.
        ("private_key", Json::Text(_), Json::Text(key)) if key.is_empty() => Ok(()),
        // A URL always, where the original showed the record of a node that was down. The key is the same.
        ("enode", Json::Text(theirs), Json::Text(url)) => match (public_key(theirs), public_key(url)) {
            (theirs, Some(key)) if theirs.is_none_or(|theirs| theirs == key) => Ok(()),
            _ => wrong("not the same node's URL"),
        },
        ("enr", Json::Text(_), Json::Text(record)) if record.starts_with("enr:") => Ok(()),
        ("time", Json::Text(theirs), Json::Text(time)) => {
            match [theirs, time].iter().all(|time| humantime::parse_rfc3339(time).is_ok()) {
                true => Ok(()),
                false => wrong("not a time"),
            }
        }
        // Control events say what was asked, and others why it came to that.
        ("data", Json::Null, Json::Object(fields))
            if fields.iter().all(|(key, _)| ["verb", "error"].contains(&key.as_str())) =>
        {
            Ok(())
        }
        (_, Json::Object(theirs), Json::Object(fields)) => {
            let known = |key: &str| theirs.iter().any(|(has, _)| has == key);
            let kept: Vec<_> =
                fields.iter().filter(|(key, _)| known(key) || !NEW.contains(&key.as_str())).collect();
            let names = |fields: &mut dyn Iterator<Item = &String>| fields.cloned().collect::<Vec<_>>();
            if names(&mut theirs.iter().map(|(key, _)| key)) != names(&mut kept.iter().map(|(key, _)| key)) {
                return wrong("not the same fields");
            }
            let mut pairs = theirs.iter().zip(kept);
            pairs.try_for_each(|((key, a), (_, b))| compare(&format!("{path}.{key}"), a, b, differs))
        }
        (_, Json::List(theirs), Json::List(list)) if theirs.len() == list.len() => {
            let mut pairs = theirs.iter().zip(list).enumerate();
            pairs.try_for_each(|(at, (a, b))| compare(&format!("{path}[{at}]"), a, b, differs))
        }
        _ if original == ours => Ok(()),
        _ if (ADDRESS.contains(&key) || differs.contains(&key)) && original.kind() == ours.kind() => Ok(()),
        _ => wrong("not the same"),
    }
}

fn public_key(url: &str) -> Option<&str> {
    Some(url.strip_prefix("enode://")?.split('@').next().expect("a first part"))
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(serde_json::Number::from_f64(value).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut fields = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            fields.push(entry);
        }
        Ok(Json::Object(fields))
    }
}

#[test]
fn what_differs_more_than_it_may_is_found() {
    let original = Json::read(r#"{"id":"a","ports":{"listener":0},"services":null,"up":true}"#);
    let verdict = |ours: &str, differs: &[&str]| original.compare(&Json::read(ours), differs);
    verdict(r#"{"id":"a","ports":{"listener":7},"services":[],"lifecycles":[],"up":true}"#, &[]).unwrap();
    for (ours, why) in [
        (r#"{"id":"a","ports":{"listener":7},"up":true,"services":[]}"#, ": not the same fields"),
        (r#"{"id":"a","ports":{"listener":7},"services":[],"up":true,"more":1}"#, ": not the same fields"),
        (r#"{"id":"b","ports":{"listener":7},"services":[],"up":true}"#, ".id: not the same"),
        (r#"{"id":"a","ports":{"listener":"7"},"services":[],"up":true}"#, ".ports.listener: not the same"),
        (r#"{"id":"a","ports":{"listener":7},"services":["x"],"up":true}"#, ".services: not the same"),
    ] {
        let found = verdict(ours, &["up"]).unwrap_err();
        assert!(found.starts_with(why), "{found}");
    }
    verdict(r#"{"id":"a","ports":{"listener":7},"services":[],"up":false}"#, &["up"]).unwrap();
}
