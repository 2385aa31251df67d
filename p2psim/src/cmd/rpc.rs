//! `node rpc`: a method of a node's RPC, or a subscription to it.

use super::remote::failure;
use super::{Remote, print_json};
use crate::failure::{Code, Failure};
use serde_json::Value;

pub(super) fn call(remote: &Remote, node: &str, method: &str, args: &[String]) -> Result<Code, Failure> {
    print_json(&remote.wait(remote.client.rpc_call(node, method, params(args)))?)?;
    Ok(Code::Done)
}

/// Prints notifications until the server or the user has enough.
pub(super) fn subscribe(remote: &Remote, node: &str, method: &str, args: &[String]) -> Result<Code, Failure> {
    remote.wait_for(async {
        let mut notifications =
            remote.client.rpc_subscribe(node, method, params(args)).await.map_err(failure)?;
        tracing::info!(node, method, "Listening for notifications");
        while let Some(notification) = notifications.next().await {
            print_json(&notification.map_err(failure)?)?;
        }
        Ok(Code::Done)
    })
}

fn params(args: &[String]) -> Vec<Value> {
    args.iter().map(|arg| param(arg)).collect()
}

/// JSON where it is JSON, a text otherwise. A number that JSON's numbers would not keep, as an id of 64 digits, stays a
/// text.
fn param(arg: &str) -> Value {
    match serde_json::from_str(arg) {
        Ok(Value::Number(number)) if number.to_string() != arg => Value::from(arg),
        Ok(value) => value,
        Err(_) => Value::from(arg),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn arguments_are_json_where_they_are_json() {
        let digits = "1".repeat(64);
        for (arg, value) in [
            ("1", json!(1)),
            ("-1", json!(-1)),
            ("1.5", json!(1.5)),
            ("true", json!(true)),
            ("null", json!(null)),
            ("\"1\"", json!("1")),
            ("[1, \"a\"]", json!([1, "a"])),
            ("{\"a\": {}}", json!({"a": {}})),
            ("peerEvents", json!("peerEvents")),
            ("enode://ab@10.0.0.1:1", json!("enode://ab@10.0.0.1:1")),
            ("0x10", json!("0x10")),
            ("007", json!("007")),
            ("", json!("")),
            ("{half", json!("{half")),
            (&digits, json!(digits)),
            ("12e5", json!("12e5")),
        ] {
            assert_eq!(param(arg), value, "{arg}");
        }
    }
}
