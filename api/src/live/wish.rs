//! What a watcher says, one JSON object a text. Several wishes may stand in one.

use serde::Deserialize;
use simnet::live::{MessageFilter, Track, Wants};

/// A watcher's wishes; those that are not there stay as they were.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Wish {
    /// It has drawn the frame of this record.
    pub(crate) ack: Option<u64>,
    /// It has seen everything up to this record, of the run of that name.
    pub(crate) since: Option<(u64, String)>,
    /// What it wants beside nodes, connections and counts.
    pub(crate) want: Option<Wants>,
    /// Which messages and events.
    pub(crate) filter: Option<MessageFilter>,
    /// What is kept of the events, from the oldest on.
    pub(crate) again: bool,
    /// Whose arrivals.
    pub(crate) track: Option<Track>,
}

/// A text that is no wish.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WishError {
    /// It is no JSON, or not of that shape.
    #[error("not a wish: {0}")]
    Json(#[from] serde_json::Error),
    /// There is no such thing to want.
    #[error("there is no {0:?} to want: it is MSGS, HEAT, EVTS, ARRV or RATE")]
    Unknown(String),
    /// What is tracked is an item's number, `latest` or nothing.
    #[error("{0} is not what can be tracked: the number of an item, \"latest\" or null")]
    Track(serde_json::Value),
}

#[derive(Deserialize)]
struct Text {
    ack: Option<u64>,
    since: Option<u64>,
    run: Option<String>,
    want: Option<Vec<String>>,
    filter: Option<Filter>,
    #[serde(default)]
    again: bool,
    /// `null` is a wish too.
    #[serde(default, deserialize_with = "given")]
    track: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Filter {
    node: Option<u32>,
    protocol: Option<String>,
    code: Option<u64>,
    kind: Option<String>,
    words: Option<String>,
}

fn given<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<serde_json::Value>, D::Error> {
    Deserialize::deserialize(from).map(Some)
}

impl std::str::FromStr for Wish {
    type Err = WishError;

    fn from_str(text: &str) -> Result<Self, WishError> {
        let Text { ack, since, run, want, filter, again, track } = serde_json::from_str(text)?;
        let filter = filter.map(|Filter { node, protocol, code, kind, words }| {
            let words = words.unwrap_or_default().split_whitespace().map(str::to_owned).collect();
            MessageFilter { node, protocol, code, kind, words }
        });
        let (want, track) = (want.map(wants).transpose()?, track.map(tracked).transpose()?);
        Ok(Self { ack, since: since.zip(run), want, filter, again, track })
    }
}

fn wants(names: Vec<String>) -> Result<Wants, WishError> {
    let mut wants = Wants::default();
    for name in names {
        *match name.as_str() {
            "MSGS" => &mut wants.messages,
            "HEAT" => &mut wants.heat,
            "EVTS" => &mut wants.events,
            "ARRV" => &mut wants.arrivals,
            "RATE" => &mut wants.rates,
            _ => return Err(WishError::Unknown(name)),
        } = true;
    }
    Ok(wants)
}

fn tracked(value: serde_json::Value) -> Result<Track, WishError> {
    match &value {
        serde_json::Value::Null => Ok(Track::Nothing),
        serde_json::Value::String(text) if text == "latest" => Ok(Track::Latest),
        _ => value.as_u64().map(Track::Item).ok_or(WishError::Track(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_are_read_and_nonsense_is_refused() {
        let read = |text: &str| text.parse::<Wish>().map_err(|error| error.to_string());
        let wish = Wish::default;
        let table = [
            ("{}", wish()),
            (r#"{"ack":7}"#, Wish { ack: Some(7), ..wish() }),
            (r#"{"since":7,"run":"a"}"#, Wish { since: Some((7, "a".into())), ..wish() }),
            (r#"{"since":7}"#, wish()),
            (r#"{"track":null}"#, Wish { track: Some(Track::Nothing), ..wish() }),
            (r#"{"track":"latest"}"#, Wish { track: Some(Track::Latest), ..wish() }),
            (r#"{"track":12,"new":1}"#, Wish { track: Some(Track::Item(12)), ..wish() }),
            (
                r#"{"want":["MSGS","RATE"]}"#,
                Wish { want: Some(Wants { messages: true, rates: true, ..Wants::default() }), ..wish() },
            ),
            (
                r#"{"filter":{"node":3,"protocol":null}}"#,
                Wish { filter: Some(MessageFilter { node: Some(3), ..MessageFilter::default() }), ..wish() },
            ),
            (
                r#"{"filter":{"kind":"conn","words":" too  many "},"again":true}"#,
                Wish {
                    filter: Some(MessageFilter {
                        kind: Some("conn".into()),
                        words: vec!["too".into(), "many".into()],
                        ..MessageFilter::default()
                    }),
                    again: true,
                    ..wish()
                },
            ),
        ];
        for (text, expect) in table {
            assert_eq!(read(text), Ok(expect), "{text}");
        }
        for (text, error) in [
            ("", "not a wish: EOF"),
            ("[]", "not a wish: invalid length 0"),
            (r#"{"ack":-1}"#, "not a wish: invalid value: integer `-1`"),
            (r#"{"want":["MSG"]}"#, "there is no \"MSG\" to want"),
            (r#"{"track":1.5}"#, "1.5 is not what can be tracked"),
        ] {
            assert!(read(text).unwrap_err().starts_with(error), "{text}: {:?}", read(text));
        }
    }
}
