//! Values changed from outside: `--set nodes.light.count=300`.
//!
//! What is changed is the text itself, and it is read as if it had been written so: whatever is wrong with a value is
//! shown in the line where it now stands, and the text that was run is all that is needed to run it again.

use super::error::meant;
use super::keys::{FILE, Kind, Wants};
use toml_edit::{DocumentMut, Item, TableLike, Value};

/// Why a value cannot be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot set {path}: {message}{}", if help.is_empty() { String::new() } else { format!(" ({help})") })]
pub struct SetError {
    /// What was to be set.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What there is.
    pub help: String,
}

/// The text of a scenario with a value changed. `path` leads to it: keys with points between, elements of lists by their
/// `name` or by number from 0, and a parameter by its name alone. `value` is as TOML has it; what is none is a text.
///
/// # Errors
/// The path leads nowhere. A text that is no TOML stays as it is: whoever reads it will say so.
pub fn set(text: &str, path: &str, value: &str) -> Result<String, SetError> {
    let Ok(mut document) = text.parse::<DocumentMut>() else { return Ok(text.to_owned()) };
    let mut keys: Vec<&str> = path.split('.').map(str::trim).collect();
    let wrong = |(message, help)| SetError { path: path.to_owned(), message, help };
    if let [name] = keys[..]
        && FILE.key(name).is_none()
    {
        keys = vec!["parameters", name];
    }
    // Whoever thinks of groups may say so.
    if keys[0] == "groups" {
        keys[0] = "nodes";
    }
    let value = value.trim().parse::<Value>().unwrap_or_else(|_| Value::from(value));
    put(document.as_table_mut(), &keys, value, Some(&FILE)).map_err(wrong)?;
    Ok(document.to_string())
}

/// What is wrong, and what there is.
type Wrong = (String, String);

/// `kind` is what is known of the table; of one that a file names as it likes, nothing.
fn put(
    table: &mut dyn TableLike,
    keys: &[&str],
    value: Value,
    kind: Option<&'static Kind>,
) -> Result<(), Wrong> {
    let (key, rest) = keys.split_first().expect("a path has a key");
    let wants = kind.and_then(|kind| kind.key(key)).map(|key| &key.wants);
    let is_parameters = matches!(wants, Some(Wants::Scalars));
    if !table.contains_key(key) {
        if let Some(kind) = kind.filter(|_| wants.is_none()) {
            return Err((format!("there is no `{key}` in {}", kind.title), meant(key, &kind.names())));
        }
        if matches!(wants, Some(Wants::Tables(_))) {
            return Err((format!("the file has no `{key}`"), String::new()));
        }
    }
    if rest.is_empty() {
        let item = table.entry(key).or_insert(Item::None);
        if item.is_table() || item.is_array_of_tables() {
            return Err((format!("`{key}` is a table: say which of its keys"), String::new()));
        }
        match item.as_value_mut() {
            // Comments and spaces around it stay.
            Some(old) => {
                let decor = old.decor().clone();
                *old = value;
                *old.decor_mut() = decor;
            }
            None => *item = Item::Value(value),
        }
        return Ok(());
    }
    let item = table.entry(key).or_insert_with(toml_edit::table);
    if is_parameters {
        let known: Vec<String> = item
            .as_table_like()
            .map_or(Vec::new(), |table| table.iter().map(|(name, _)| name.to_owned()).collect());
        if !known.iter().any(|name| name == rest[0]) {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let help = if known.is_empty() {
                "the file has no [parameters]".to_owned()
            } else {
                meant(rest[0], &known)
            };
            return Err((format!("there is no parameter `{}`", rest[0]), help));
        }
    }
    inside(item, key, rest, value, wants)
}

fn inside(
    item: &mut Item,
    key: &str,
    rest: &[&str],
    value: Value,
    wants: Option<&'static Wants>,
) -> Result<(), Wrong> {
    let kind = match wants {
        Some(Wants::Table(kind) | Wants::Tables(kind)) => Some(*kind),
        _ => None,
    };
    if let Some(tables) = item.as_array_of_tables_mut() {
        let names: Vec<String> = tables
            .iter()
            .enumerate()
            .map(|(number, table)| match table.get("name").and_then(Item::as_str) {
                Some(name) => name.to_owned(),
                None => number.to_string(),
            })
            .collect();
        let which = rest[0];
        let found = names.iter().position(|name| name == which);
        let found = found.or_else(|| which.parse().ok().filter(|number| *number < names.len()));
        let Some(found) = found else {
            let known: Vec<&str> = names.iter().map(String::as_str).collect();
            return Err((format!("`{key}` has no {which:?}"), meant(which, &known)));
        };
        let table = tables.get_mut(found).expect("it was found there");
        if rest.len() == 1 {
            return Err((format!("{which:?} is a table: say which of its keys"), String::new()));
        }
        return put(table, &rest[1..], value, kind);
    }
    let named = match wants {
        Some(Wants::Named(kind)) => Some(*kind),
        _ => None,
    };
    match (item.as_table_like_mut(), named) {
        (Some(table), Some(kind)) if rest.len() > 1 => {
            let inner = table.entry(rest[0]).or_insert_with(toml_edit::table);
            match inner.as_table_like_mut() {
                Some(inner) => put(inner, &rest[1..], value, Some(kind)),
                None => Err((format!("`{}` is no table", rest[0]), String::new())),
            }
        }
        (Some(table), _) => put(table, rest, value, kind),
        (None, _) => Err((format!("`{key}` is no table"), String::new())),
    }
}
