//! Why a call failed, in the terms of JSON-RPC 2.0. Codes and texts are those of geth (`rpc/errors.go`), which scripts
//! compare with.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The text was no JSON.
pub const PARSE_ERROR: i64 = -32700;
/// JSON, but no request.
pub const INVALID_REQUEST: i64 = -32600;
/// No such method or subscription.
pub const METHOD_NOT_FOUND: i64 = -32601;
/// The parameters are not what the method takes.
pub const INVALID_PARAMS: i64 = -32602;
/// The method was called and failed.
pub const SERVER_ERROR: i64 = -32000;

/// The error object of a response.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RpcError {
    /// What kind of failure, by JSON-RPC 2.0 §5.1.
    pub code: i64,
    /// What happened, for people.
    pub message: String,
    /// More, for programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

impl RpcError {
    /// An error of any code.
    pub fn new(code: i64, message: impl fmt::Display) -> Self {
        Self { code, message: message.to_string(), data: None }
    }

    /// The method was called and failed.
    pub fn failed(message: impl fmt::Display) -> Self {
        Self::new(SERVER_ERROR, message)
    }

    /// The parameters are not what the method takes.
    pub fn invalid_params(message: impl fmt::Display) -> Self {
        Self::new(INVALID_PARAMS, message)
    }

    /// There is no such method.
    pub fn no_method(name: &str) -> Self {
        Self::new(METHOD_NOT_FOUND, format_args!("the method {name} does not exist/is not available"))
    }

    /// There is no such subscription.
    pub(crate) fn no_subscription(namespace: &str, name: &str) -> Self {
        Self::new(METHOD_NOT_FOUND, format_args!("no {name:?} subscription in {namespace} namespace"))
    }

    /// The node has been stopped.
    pub(crate) fn not_running() -> Self {
        Self::failed("node not started")
    }
}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for RpcError {}
