//! Parameters: values that a file names once and refers to where it needs them.
//!
//! A text that is nothing but `{name}` becomes the parameter's value, of whatever type; within a longer text the value
//! is put in its place. What braces hold that is no name stays as it is.

use super::error::{Fallible, meant};
use super::keys;
use super::section::Source;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

const SECTION: &str = "parameters";

/// Names and values, by name.
type Values<'a> = BTreeMap<String, DeValue<'a>>;

/// Puts the values of a document's parameters where it refers to them. Answers them, as text.
pub(super) fn fill<'a>(source: Source<'_>, document: &mut DeTable<'a>) -> Fallible<BTreeMap<String, String>> {
    let values = match document.iter().find(|(key, _)| key.get_ref() == SECTION) {
        Some((_, section)) => values(source, section)?,
        None => Values::new(),
    };
    for (key, value) in document.iter_mut() {
        if key.get_ref() != SECTION {
            fill_value(source, value, &values)?;
        }
    }
    Ok(values.into_iter().map(|(name, value)| (name, shown(&value))).collect())
}

fn values<'a>(source: Source<'_>, section: &Spanned<DeValue<'a>>) -> Fallible<Values<'a>> {
    let DeValue::Table(table) = section.get_ref() else {
        return Err(source.wrong(&section.span(), "`parameters` wants a table ([parameters])"));
    };
    let mut values = Values::new();
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        if name_in(&format!("{{{name}}}")).is_none() {
            let message =
                format!("{name:?} is no name of a parameter: it has small letters, digits, - and _");
            return Err(source.wrong(&key.span(), message));
        }
        if keys::FILE.key(name).is_some() {
            let message = format!("a parameter cannot be called `{name}`: the file has a key of that name");
            return Err(source.wrong(&key.span(), message));
        }
        match value.get_ref() {
            DeValue::String(_) | DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) => {
                values.insert(name.to_owned(), value.get_ref().clone());
            }
            _ => {
                let message = format!("the parameter `{name}` wants a text, a number, or true or false");
                return Err(source.wrong(&value.span(), message));
            }
        }
    }
    Ok(values)
}

fn fill_value<'a>(source: Source<'_>, value: &mut Spanned<DeValue<'a>>, values: &Values<'a>) -> Fallible<()> {
    let span = value.span();
    match value.get_mut() {
        DeValue::String(text) => {
            if let Some(filled) = fill_text(source, &span, text, values)? {
                *value.get_mut() = filled;
            }
        }
        DeValue::Array(items) => {
            for item in items.iter_mut() {
                fill_value(source, item, values)?;
            }
        }
        DeValue::Table(table) => {
            for (_, value) in table.iter_mut() {
                fill_value(source, value, values)?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// What a text becomes, if it refers to anything.
fn fill_text<'a>(
    source: Source<'_>,
    span: &Range<usize>,
    text: &str,
    values: &Values<'a>,
) -> Fallible<Option<DeValue<'a>>> {
    let mut filled = String::new();
    let mut rest = text;
    let mut any = false;
    while let Some(at) = rest.find('{') {
        let Some(name) = name_in(&rest[at..]) else {
            filled.push_str(&rest[..=at]);
            rest = &rest[at + 1..];
            continue;
        };
        let Some(value) = values.get(name) else {
            let known: Vec<&str> = values.keys().map(String::as_str).collect();
            let help = if known.is_empty() {
                format!("for example: [parameters] {name} = 50")
            } else {
                meant(name, &known)
            };
            return Err(source.wrong(span, format!("there is no parameter `{name}`")).help(help));
        };
        if name.len() + 2 == text.len() {
            return Ok(Some(value.clone()));
        }
        any = true;
        filled.push_str(&rest[..at]);
        filled.push_str(&shown(value));
        rest = &rest[at + name.len() + 2..];
    }
    filled.push_str(rest);
    Ok(any.then_some(DeValue::String(Cow::Owned(filled))))
}

/// The name in `{name}…`.
fn name_in(text: &str) -> Option<&str> {
    let inner = &text[1..];
    let end =
        inner.find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-'))?;
    (end > 0 && inner[end..].starts_with('}')).then_some(&inner[..end])
}

fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(integer) => match i128::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(number) => number.to_string(),
            Err(_) => integer.to_string(),
        },
        DeValue::Float(float) => float.as_str().to_owned(),
        DeValue::Boolean(flag) => flag.to_string(),
        _ => unreachable!("a parameter is a text, a number or a flag"),
    }
}
