//! A call of a node's RPC in one request, for who has no WebSocket at hand.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a call object")]
pub struct Call {
    /// The method, such as `admin_peers`.
    pub method: String,
    /// Its parameters, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<Value>,
}

/// What the node answered: one of the two.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Called {
    /// What the method gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// Why it gave nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<CallError>,
}

/// The error object of JSON-RPC 2.0, §5.1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallError {
    /// What kind of failure.
    pub code: i64,
    /// What happened.
    pub message: String,
    /// More, for programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

impl From<&node::RpcError> for CallError {
    fn from(error: &node::RpcError) -> Self {
        Self { code: error.code, message: error.message.clone(), data: error.data.clone() }
    }
}
