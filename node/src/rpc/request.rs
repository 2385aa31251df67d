//! JSON-RPC 2.0 as text: reading requests, writing responses and notifications. What they mean is not known here.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::error::{INVALID_REQUEST, PARSE_ERROR, RpcError};
use super::methods::Answer;
use super::params::Params;

/// Most requests of one batch (geth's `BatchRequestLimit`).
pub(crate) const BATCH_LIMIT: usize = 1_000;

/// One text that came in.
#[derive(Debug)]
pub(crate) enum Incoming {
    One(Item),
    /// Answered with one list, in the order of the requests.
    Batch(Vec<Item>),
}

/// One request, or what stands in its place.
#[derive(Debug)]
pub(crate) enum Item {
    Call(Call),
    /// No request; answered with an error.
    Fault {
        id: Option<Box<RawValue>>,
        error: RpcError,
    },
    /// A response: nothing was asked here, so nothing is answered.
    Response,
}

/// A request.
#[derive(Debug)]
pub(crate) struct Call {
    /// None: a notification, which is not answered.
    pub(crate) id: Option<Box<RawValue>>,
    pub(crate) method: String,
    pub(crate) params: Result<Params, RpcError>,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(default, deserialize_with = "present")]
    id: Option<Box<RawValue>>,
    method: Option<String>,
    params: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "present")]
    result: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "present")]
    error: Option<Box<RawValue>>,
}

/// What is there, be it null: an id that is null is an id.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(from).map(Some)
}

impl Incoming {
    /// Reads any text.
    pub(crate) fn read(text: &str) -> Self {
        let json = match serde_json::from_str::<&RawValue>(text) {
            Ok(json) => json,
            Err(error) => return Self::One(Item::fault(RpcError::new(PARSE_ERROR, error))),
        };
        if !json.get().starts_with('[') {
            return Self::One(Item::read(json));
        }
        let items: Vec<&RawValue> = serde_json::from_str(json.get()).unwrap_or_default();
        let refused = match items.len() {
            0 => "empty batch",
            1..=BATCH_LIMIT => return Self::Batch(items.into_iter().map(Item::read).collect()),
            _ => "batch too large",
        };
        Self::One(Item::fault(RpcError::new(INVALID_REQUEST, refused)))
    }
}

impl Item {
    fn fault(error: RpcError) -> Self {
        Self::Fault { id: None, error }
    }

    fn read(json: &RawValue) -> Self {
        let invalid = || RpcError::new(INVALID_REQUEST, "invalid request");
        // Serde would read a list as a struct, too.
        let object = Some(json.get()).filter(|text| text.starts_with('{'));
        let Some(Ok(raw)) = object.map(serde_json::from_str::<Raw>) else { return Self::fault(invalid()) };
        let id = raw.id.filter(|id| !id.get().starts_with(['{', '[']));
        match raw.method {
            Some(method) => {
                let params = Params::from_json(raw.params.as_ref().map(|params| params.get()));
                Self::Call(Call { id, method, params })
            }
            None if raw.result.is_some() || raw.error.is_some() => Self::Response,
            None => Self::Fault { id, error: invalid() },
        }
    }
}

#[derive(Serialize)]
struct Response<'a> {
    jsonrpc: &'static str,
    id: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a RpcError>,
}

/// The text of a response.
pub(crate) fn response(id: Option<&RawValue>, answer: &Answer) -> String {
    let (result, error) = match answer {
        Ok(result) => (Some(&**result), None),
        Err(error) => (None, Some(error)),
    };
    write(&Response { jsonrpc: "2.0", id, result, error })
}

#[derive(Serialize)]
struct Notification<'a> {
    jsonrpc: &'static str,
    method: &'a str,
    params: Notice<'a>,
}

#[derive(Serialize)]
struct Notice<'a> {
    subscription: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

/// The text of a subscription's notification. `Err` is its last one and says why.
pub(crate) fn notification(method: &str, subscription: &str, item: Result<&RawValue, &str>) -> String {
    let params = Notice { subscription, result: item.ok(), error: item.err() };
    write(&Notification { jsonrpc: "2.0", method, params })
}

fn write(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("strings, numbers and checked JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `id method params` of each item, `!id code text` of what is none.
    fn check(text: &str, expect: &str) {
        let show = |item: &Item| match item {
            Item::Call(Call { id, method, params }) => {
                let id = id.as_ref().map_or("-", |id| id.get());
                match params {
                    Ok(params) => {
                        format!("{id} {method} {}", serde_json::to_string(params.values()).unwrap())
                    }
                    Err(error) => format!("{id} {method} !{}", error.message),
                }
            }
            Item::Fault { id, error } => {
                format!("!{} {} {}", id.as_ref().map_or("-", |id| id.get()), error.code, error.message)
            }
            Item::Response => "response".to_owned(),
        };
        let got = match Incoming::read(text) {
            Incoming::One(item) => show(&item),
            Incoming::Batch(items) => items.iter().map(show).collect::<Vec<_>>().join(" | "),
        };
        assert_eq!(got, expect, "{text:.80}");
    }

    #[test]
    fn requests_are_read_as_geth_does() {
        check(r#"{"jsonrpc":"2.0","id":1,"method":"a_b","params":[1,"x"]}"#, r#"1 a_b [1,"x"]"#);
        check(r#" {"id":"x","method":"a_b"} "#, r#""x" a_b []"#);
        check(r#"{"id":null,"method":"a_b","params":null}"#, "null a_b []");
        check(r#"{"method":"a_b"}"#, "- a_b []");
        check(r#"{"id":1,"method":"a_b","params":{"x":1}}"#, "1 a_b !non-array args");
        check(
            r#"[{"id":1,"method":"a"}, {"id":2,"method":"b"}, 3]"#,
            "1 a [] | 2 b [] | !- -32600 invalid request",
        );
        check(r#"{"id":3,"result":null}"#, "response");
    }

    #[test]
    fn what_is_no_request_says_so() {
        check("[]", "!- -32600 empty batch");
        check("1", "!- -32600 invalid request");
        check(r#"{"id":7}"#, "!7 -32600 invalid request");
        check(r#"{"id":7,"method":8}"#, "!- -32600 invalid request");
        check(r#"{"id":{},"method":"a"}"#, "- a []");
        check("{bad", "!- -32700 key must be a string at line 1 column 2");
        check("", "!- -32700 EOF while parsing a value at line 1 column 0");
        let one = r#"{"id":1,"method":"a"}"#;
        check(&format!("[{}{one}]", format!("{one},").repeat(BATCH_LIMIT)), "!- -32600 batch too large");
        check("[[1,\"a\"]]", "!- -32600 invalid request");
        let (open, close) = ("[".repeat(100_000), "]".repeat(100_000));
        check(&format!("{open}{close}"), "!- -32600 invalid request");
        let expect = "1 a !recursion limit exceeded at line 1 column 128";
        check(&format!("{{\"id\":1,\"method\":\"a\",\"params\":{open}{close}}}"), expect);
    }

    #[test]
    fn responses_and_notifications_have_geths_members_in_geths_order() {
        let one = RawValue::from_string("1".to_owned()).unwrap();
        assert_eq!(response(Some(&one), &Ok(one.clone())), r#"{"jsonrpc":"2.0","id":1,"result":1}"#);
        let error = RpcError::no_method("nope_nope");
        let expect = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32601,"message":"the method nope_nope does not exist/is not available"}}"#;
        assert_eq!(response(None, &Err(error)), expect);
        let expect =
            r#"{"jsonrpc":"2.0","method":"a_subscription","params":{"subscription":"0x1","result":1}}"#;
        assert_eq!(notification("a_subscription", "0x1", Ok(&one)), expect);
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "[ \\[\\]{}\":,a-z0-9\\\\]{0,60}") {
            match Incoming::read(&text) {
                Incoming::One(_) => {}
                Incoming::Batch(items) => prop_assert!(!items.is_empty()),
            }
        }

        #[test]
        fn a_call_is_read_back(id: u64, method in "\\PC{0,20}", values in prop::collection::vec(any::<i64>(), 0..4)) {
            let text = serde_json::json!({"id": id, "method": method, "params": values}).to_string();
            let Incoming::One(Item::Call(call)) = Incoming::read(&text) else { panic!("{text}") };
            let read = call.id.expect("given");
            prop_assert_eq!(read.get(), id.to_string());
            prop_assert_eq!(call.method, method);
            prop_assert_eq!(call.params.unwrap().values().len(), values.len());
        }
    }
}
