//! A table of a scenario file, read strictly: what is not known is refused, what has the wrong type is refused, and
//! every refusal points at the file.

use super::error::{Fallible, ScenarioError, meant};
use super::keys::Kind;
use serde_json::Value;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// No experiment is longer; it keeps sums of times inside the simulated clock.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 86_400);

/// The file being read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a> {
    pub(super) path: &'a str,
    pub(super) text: &'a str,
}

impl Source<'_> {
    pub(super) fn wrong(&self, span: &Range<usize>, message: impl Into<String>) -> Box<ScenarioError> {
        ScenarioError::new(self.path, self.text, span.clone(), message.into())
    }
}

/// A value and the bytes of the file that said it.
#[derive(Clone, Debug)]
pub(super) struct Located<T> {
    pub(super) value: T,
    pub(super) span: Range<usize>,
}

/// A table of which every key is known.
#[derive(Clone, Debug)]
pub(super) struct Section<'a> {
    pub(super) source: Source<'a>,
    pub(super) span: Range<usize>,
    kind: &'static Kind,
    /// The kinds in which a key that is not known here may belong.
    others: &'static [&'static Kind],
    table: &'a DeTable<'a>,
}

impl<'a> Section<'a> {
    /// Reads a table. `others` are the kinds in which a key that is not known here may belong.
    pub(super) fn new(
        source: Source<'a>,
        span: Range<usize>,
        table: &'a DeTable<'a>,
        kind: &'static Kind,
        others: &'static [&'static Kind],
    ) -> Fallible<Self> {
        for key in table.keys() {
            let name = key.get_ref().as_ref();
            if kind.key(name).is_some() {
                continue;
            }
            let help = match (
                super::error::nearest(name, kind.names()),
                others.iter().find(|kind| kind.key(name).is_some()),
            ) {
                (None, Some(other)) => format!("`{name}` belongs in {}", other.title),
                _ => meant(name, &kind.names()),
            };
            return Err(source
                .wrong(&key.span(), format!("unknown key `{name}` in {}", kind.title))
                .help(help));
        }
        Ok(Self { source, span, kind, others, table })
    }

    fn inner(&self, span: Range<usize>, table: &'a DeTable<'a>, kind: &'static Kind) -> Fallible<Self> {
        Self::new(self.source, span, table, kind, self.others)
    }

    fn value(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        debug_assert!(self.kind.key(key).is_some(), "{key} is missing in the keys of {}", self.kind.title);
        self.table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.value(key).is_some()
    }

    /// Where a key that is there stands.
    pub(super) fn key_span(&self, key: &str) -> Range<usize> {
        let found = self.table.keys().find(|name| name.get_ref() == key);
        found.map_or_else(|| self.span.clone(), |key| key.span())
    }

    /// Something is wrong with the value of a key.
    pub(super) fn wrong_value(&self, key: &str, message: impl Into<String>) -> Box<ScenarioError> {
        let span = self.value(key).map_or_else(|| self.span.clone(), Spanned::span);
        self.source.wrong(&span, message)
    }

    fn wrong_type(&self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) -> Box<ScenarioError> {
        let got = type_of(value.get_ref());
        self.source.wrong(&value.span(), format!("`{key}` wants {wanted}, not {got}"))
    }

    /// A key that must be there is not.
    pub(super) fn missing(&self, key: &str, example: &str) -> Box<ScenarioError> {
        let message = format!("{} has no `{key}`", self.kind.title);
        self.source.wrong(&self.span, message).help(format!("for example: {example}"))
    }

    pub(super) fn text(&self, key: &str) -> Fallible<Option<Located<String>>> {
        let Some(value) = self.value(key) else { return Ok(None) };
        match value.get_ref().as_str() {
            Some(text) => Ok(Some(Located { value: text.to_owned(), span: value.span() })),
            None => Err(self.wrong_type(key, value, "a text in quotes")),
        }
    }

    /// The value of a key that is one of a few words.
    pub(super) fn word(&self, key: &str) -> Fallible<Option<&'static str>> {
        let Some(Located { value, span }) = self.text(key)? else { return Ok(None) };
        let words = self.kind.words(key);
        match words.iter().find(|word| **word == value) {
            Some(word) => Ok(Some(word)),
            None => {
                Err(self.source.wrong(&span, format!("unknown {key} {value:?}")).help(meant(&value, words)))
            }
        }
    }

    /// A text that says something in a form of its own.
    pub(super) fn parsed<T>(&self, key: &str) -> Fallible<Option<Located<T>>>
    where
        T: FromStr<Err: fmt::Display>,
    {
        let Some(Located { value, span }) = self.text(key)? else { return Ok(None) };
        match value.parse() {
            Ok(value) => Ok(Some(Located { value, span })),
            Err(error) => Err(self.source.wrong(&span, format!("{error}"))),
        }
    }

    /// A list of texts.
    pub(super) fn texts(&self, key: &str) -> Fallible<Option<Located<Vec<Located<String>>>>> {
        let Some(value) = self.value(key) else { return Ok(None) };
        let DeValue::Array(items) = value.get_ref() else {
            return Err(self.wrong_type(key, value, "a list of texts"));
        };
        let texts = items.iter().map(|item| match item.get_ref().as_str() {
            Some(text) => Ok(Located { value: text.to_owned(), span: item.span() }),
            None => Err(self.wrong_type(key, item, "a list of texts")),
        });
        Ok(Some(Located { value: texts.collect::<Fallible<_>>()?, span: value.span() }))
    }

    /// One text, or a list of them.
    pub(super) fn text_or_texts(&self, key: &str) -> Fallible<Option<Located<Vec<Located<String>>>>> {
        match self.value(key).map(Spanned::get_ref) {
            Some(DeValue::String(_)) => Ok(self.text(key)?.map(|text| {
                let span = text.span.clone();
                Located { value: vec![text], span }
            })),
            _ => self.texts(key),
        }
    }

    /// An amount: a number; a time, in seconds; or a share such as `95%`, of 1.
    pub(super) fn amount(&self, key: &str) -> Fallible<Option<Located<f64>>> {
        let Some(value) = self.value(key) else { return Ok(None) };
        let number = match value.get_ref() {
            DeValue::Integer(integer) => {
                i64::from_str_radix(integer.as_str(), integer.radix()).ok().map(|whole| whole as f64)
            }
            DeValue::Float(float) => float.as_str().parse().ok(),
            DeValue::String(text) => match text.trim().strip_suffix('%') {
                Some(percent) => percent.trim().parse().ok().map(|percent: f64| percent / 100.0),
                None => humantime::parse_duration(text).ok().map(|time| time.as_secs_f64()),
            },
            _ => None,
        };
        match number.filter(|number| number.is_finite()) {
            Some(number) => Ok(Some(Located { value: number, span: value.span() })),
            None => Err(self.wrong_type(
                key,
                value,
                "a number, a time such as \"1.5s\" or a share such as \"95%\"",
            )),
        }
    }

    /// A whole number from 0.
    pub(super) fn whole(&self, key: &str) -> Fallible<Option<Located<u64>>> {
        let Some(value) = self.value(key) else { return Ok(None) };
        let DeValue::Integer(integer) = value.get_ref() else {
            return Err(self.wrong_type(key, value, "a whole number"));
        };
        match u64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(number) => Ok(Some(Located { value: number, span: value.span() })),
            Err(_) => {
                let message = format!("`{key}` wants a whole number from 0 to {}, not {integer}", u64::MAX);
                Err(self.source.wrong(&value.span(), message))
            }
        }
    }

    /// A number of things that fit into memory.
    pub(super) fn count(&self, key: &str, most: usize) -> Fallible<Option<Located<usize>>> {
        let Some(Located { value, span }) = self.whole(key)? else { return Ok(None) };
        match usize::try_from(value) {
            Ok(count) if count <= most => Ok(Some(Located { value: count, span })),
            _ => Err(self.source.wrong(&span, format!("`{key}` is {value}, and the most is {most}"))),
        }
    }

    pub(super) fn flag(&self, key: &str) -> Fallible<Option<bool>> {
        let Some(value) = self.value(key) else { return Ok(None) };
        value.get_ref().as_bool().map(Some).ok_or_else(|| self.wrong_type(key, value, "true or false"))
    }

    /// A time such as `"1m 30s"` or `"50ms"`.
    pub(super) fn duration(&self, key: &str) -> Fallible<Option<Located<Duration>>> {
        let Some(value) = self.value(key) else { return Ok(None) };
        let Some(text) = value.get_ref().as_str() else {
            return Err(self.wrong_type(key, value, "a time with its unit, such as \"50ms\" or \"1m 30s\""));
        };
        let wrong = |message| self.source.wrong(&value.span(), message);
        match humantime::parse_duration(text) {
            Ok(time) if time <= LONGEST => Ok(Some(Located { value: time, span: value.span() })),
            Ok(_) => Err(wrong(format!("`{key}` is {text:?}, and the longest time is 100 years"))),
            Err(error) => Err(wrong(format!("`{key}` is no time: {error}"))
                .help("a time is a number and a unit, such as \"50ms\", \"10s\" or \"1m 30s\"")),
        }
    }

    /// A key that means nothing here.
    pub(super) fn refuse(&self, key: &str, why: &str) -> Fallible<()> {
        if !self.has(key) {
            return Ok(());
        }
        let message = format!("`{key}` means nothing here");
        Err(self.source.wrong(&self.key_span(key), message).help(why))
    }

    /// A moment of a key that is there lies within the scenario's time.
    pub(super) fn within(&self, key: &str, duration: Duration) -> Fallible<()> {
        match self.duration(key)? {
            Some(Located { value, span }) if value > duration => {
                let message = format!("`{key}` is {value:?}, and the scenario ends after {duration:?}");
                Err(self.source.wrong(&span, message))
            }
            _ => Ok(()),
        }
    }

    /// A table inside this one.
    pub(super) fn section(&self, key: &str, kind: &'static Kind) -> Fallible<Option<Self>> {
        let Some(value) = self.value(key) else { return Ok(None) };
        let DeValue::Table(table) = value.get_ref() else {
            return Err(self.wrong_type(key, value, &format!("a table ({})", kind.title)));
        };
        self.inner(value.span(), table, kind).map(Some)
    }

    /// A list of tables inside this one.
    pub(super) fn sections(&self, key: &str, kind: &'static Kind) -> Fallible<Vec<Self>> {
        let Some(value) = self.value(key) else { return Ok(Vec::new()) };
        let DeValue::Array(items) = value.get_ref() else {
            return Err(self
                .wrong_type(key, value, "a list of tables")
                .help(format!("write {} with two brackets on each side", kind.title)));
        };
        let sections = items.iter().map(|item| match item.get_ref() {
            DeValue::Table(table) => self.inner(item.span(), table, kind),
            _ => Err(self.wrong_type(key, item, "a list of tables")),
        });
        sections.collect()
    }

    /// Tables inside this one, under names of their own, in the order of the file.
    pub(super) fn named(&self, key: &str, kind: &'static Kind) -> Fallible<Vec<(Located<String>, Self)>> {
        let named = self.entries(key)?.into_iter().map(|(name, value)| match value.get_ref() {
            DeValue::Table(table) => {
                let section = self.inner(value.span(), table, kind)?;
                Ok((name, section))
            }
            _ => Err(self.wrong_type(&name.value, value, &format!("a table ({})", kind.title))),
        });
        named.collect()
    }

    /// Texts inside this one, under names of their own, in the order of the file.
    pub(super) fn named_texts(&self, key: &str) -> Fallible<Vec<(Located<String>, Located<String>)>> {
        let named = self.entries(key)?.into_iter().map(|(name, value)| match value.get_ref().as_str() {
            Some(text) => Ok((name, Located { value: text.to_owned(), span: value.span() })),
            None => Err(self.wrong_type(&name.value, value, "a text in quotes")),
        });
        named.collect()
    }

    fn entries(&self, key: &str) -> Fallible<Vec<(Located<String>, &'a Spanned<DeValue<'a>>)>> {
        let Some(value) = self.value(key) else { return Ok(Vec::new()) };
        let DeValue::Table(table) = value.get_ref() else {
            return Err(self.wrong_type(key, value, "a table"));
        };
        let mut entries: Vec<_> = table
            .iter()
            .map(|(name, value)| {
                let name = Located { value: name.get_ref().to_string(), span: name.span() };
                (name, value)
            })
            .collect();
        entries.sort_by_key(|(name, _)| name.span.start);
        Ok(entries)
    }

    /// A table of tables with free keys, as JSON.
    pub(super) fn free(&self, key: &str) -> Fallible<Vec<(Located<String>, Value)>> {
        let entries = self.entries(key)?.into_iter().map(|(name, value)| match value.get_ref() {
            DeValue::Table(_) => Ok((name, self.json(value)?)),
            _ => Err(self.wrong_type(&name.value, value, "a table of settings")),
        });
        entries.collect()
    }

    /// A list of anything, as JSON.
    pub(super) fn list(&self, key: &str) -> Fallible<Vec<Value>> {
        let Some(value) = self.value(key) else { return Ok(Vec::new()) };
        match self.json(value)? {
            Value::Array(items) => Ok(items),
            _ => Err(self.wrong_type(key, value, "a list")),
        }
    }

    fn json(&self, value: &Spanned<DeValue<'_>>) -> Fallible<Value> {
        Ok(match value.get_ref() {
            DeValue::String(text) => Value::from(text.as_ref()),
            DeValue::Boolean(flag) => Value::from(*flag),
            DeValue::Datetime(time) => Value::from(time.to_string()),
            DeValue::Integer(integer) => {
                let (digits, radix) = (integer.as_str(), integer.radix());
                match (i64::from_str_radix(digits, radix), u64::from_str_radix(digits, radix)) {
                    (Ok(number), _) => Value::from(number),
                    (_, Ok(number)) => Value::from(number),
                    _ => {
                        return Err(self
                            .source
                            .wrong(&value.span(), format!("{integer} needs more than 64 bits")));
                    }
                }
            }
            DeValue::Float(float) => {
                let number = float.as_str().parse().ok().and_then(serde_json::Number::from_f64);
                let message = || format!("{float} is not a number that JSON has");
                Value::from(number.ok_or_else(|| self.source.wrong(&value.span(), message()))?)
            }
            DeValue::Array(items) => {
                Value::Array(items.iter().map(|item| self.json(item)).collect::<Fallible<_>>()?)
            }
            DeValue::Table(table) => {
                let entries =
                    table.iter().map(|(key, value)| Ok((key.get_ref().to_string(), self.json(value)?)));
                Value::Object(entries.collect::<Fallible<_>>()?)
            }
        })
    }
}

fn type_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a point",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
