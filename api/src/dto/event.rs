//! What happens in a network, one object per event.

use super::{Conn, Node, hex_id};
use devp2p::NodeId;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

/// An event. One of `node`, `conn` and `msg` is there, and `type` names it; a `condition` stands in `data`.
#[derive(Clone, Debug, Deserialize)]
#[serde(expecting = "an event object")]
pub struct Event {
    /// `node`, `conn`, `msg` or `condition`.
    #[serde(rename = "type")]
    pub kind: String,
    /// RFC 3339 with up to nine digits of a second.
    pub time: String,
    /// Asked for (`true`) or happened (`false`).
    #[serde(default)]
    pub control: bool,
    /// A node came to be, came up or went down.
    #[serde(default)]
    pub node: Option<Node>,
    /// A connection came up or went down; control events show the state before.
    #[serde(default)]
    pub conn: Option<Conn>,
    /// A message was sent or received.
    #[serde(default)]
    pub msg: Option<Msg>,
    /// Anything else: the verb of a control event, the error of a drop. Always written, `null` mostly.
    #[serde(default)]
    pub data: Option<Value>,
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut object = to.serialize_struct("Event", 5)?;
        object.serialize_field("type", &self.kind)?;
        object.serialize_field("time", &self.time)?;
        object.serialize_field("control", &self.control)?;
        if let Some(node) = &self.node {
            object.serialize_field("node", node)?;
        }
        if let Some(conn) = &self.conn {
            object.serialize_field("conn", conn)?;
        }
        if let Some(msg) = &self.msg {
            object.serialize_field("msg", msg)?;
        }
        object.serialize_field("data", &self.data)?;
        object.end()
    }
}

/// A message of a protocol, seen at one of its ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(expecting = "a message object")]
pub struct Msg {
    /// The sender.
    #[serde(with = "hex_id")]
    pub one: NodeId,
    /// The receiver.
    #[serde(with = "hex_id")]
    pub other: NodeId,
    /// Name of the protocol.
    pub protocol: String,
    /// Code within the protocol.
    pub code: u64,
    /// Seen at the receiver (`true`) or at the sender.
    pub received: bool,
    /// Bytes of the payload, uncompressed. Not part of geth's shape; 0 when its server does not say.
    #[serde(default)]
    pub size: u32,
}
