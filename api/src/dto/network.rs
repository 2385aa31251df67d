//! A whole network, its connections, and snapshots of it.

use super::{Node, hex_id, null_is_empty};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use devp2p::NodeId;
use serde::de::Error;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// A network, as `GET /` shows it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, expecting = "a network object")]
pub struct Network {
    /// The name it was given.
    #[serde(deserialize_with = "null_is_empty")]
    pub id: String,
    /// What nodes without services run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_service: Option<String>,
    /// In the order of their creation.
    #[serde(deserialize_with = "null_is_empty")]
    pub nodes: Vec<Node>,
    /// In the order of their first mention.
    #[serde(deserialize_with = "null_is_empty")]
    pub conns: Vec<Conn>,
}

/// A connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(expecting = "a connection object")]
pub struct Conn {
    /// The end that was asked to connect, or that dialled.
    #[serde(with = "hex_id")]
    pub one: NodeId,
    /// The other end.
    #[serde(with = "hex_id")]
    pub other: NodeId,
    /// Whether it is up. A snapshot is loaded with all its connections, whatever stands here.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub up: bool,
}

/// A network that can be set up again. Holds private keys.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, expecting = "a snapshot object")]
pub struct Snapshot {
    /// All nodes.
    #[serde(deserialize_with = "null_is_empty")]
    pub nodes: Vec<NodeSnapshot>,
    /// The connections that were up.
    #[serde(deserialize_with = "null_is_empty")]
    pub conns: Vec<Conn>,
}

/// A node of a snapshot.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, expecting = "a node snapshot object")]
pub struct NodeSnapshot {
    /// The node.
    #[serde(deserialize_with = "null_is_empty")]
    pub node: Node,
    /// Its services' saved state by name, as base64 with padding.
    #[serde(
        skip_serializing_if = "BTreeMap::is_empty",
        serialize_with = "write_base64",
        deserialize_with = "read_base64"
    )]
    pub snapshots: BTreeMap<String, Bytes>,
}

/// A snapshot that cannot be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Files of that kind were written by geth before it kept the configs.
    #[error("nodes[{0}] has no config, so that node cannot be set up again")]
    NoConfig(usize),
}

fn write_base64<S: Serializer>(states: &BTreeMap<String, Bytes>, to: S) -> Result<S::Ok, S::Error> {
    let mut map = to.serialize_map(Some(states.len()))?;
    for (service, state) in states {
        map.serialize_entry(service, &STANDARD.encode(state))?;
    }
    map.end()
}

fn read_base64<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, Bytes>, D::Error> {
    let texts: BTreeMap<String, Option<String>> = null_is_empty(from)?;
    let decode = |(service, text): (String, Option<String>)| match STANDARD.decode(text.unwrap_or_default()) {
        Ok(state) => Ok((service, Bytes::from(state))),
        Err(error) => {
            Err(D::Error::custom(format_args!("state of service {service:?} is not base64: {error}")))
        }
    };
    texts.into_iter().map(decode).collect()
}
