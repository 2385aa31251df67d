//! A node: how it is created, what it says of itself, and both together with whether it runs.

use super::{hex_id, null_is_empty};
use devp2p::{NodeId, SecretKey};
use serde::de::Error;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::collections::BTreeMap;

/// What a node is created from. All fields may be left out; the server makes what is missing.
///
/// Written with the list of services under both names it has had: `services` (to geth v1.9.23) and `lifecycles`
/// (from v1.9.24). Read from either.
#[derive(Clone, Debug, Default)]
pub struct NodeConfig {
    /// 64 hex digits; belongs to the key and is not needed beside it.
    pub id: Option<NodeId>,
    /// 64 hex digits, or `""` for none.
    pub private_key: Option<SecretKey>,
    /// How people call the node.
    pub name: String,
    /// Names of the services it runs; the network's default service when empty.
    pub services: Vec<String>,
    /// Free-form roles.
    pub properties: Vec<String>,
    /// Whether its messages become events; yes when missing.
    pub enable_msg_events: Option<bool>,
    /// TCP port; 0 leaves the choice to the server.
    pub port: u16,
    /// Where a process node logs to; empty is standard error.
    pub logfile: String,
    /// How much a process node logs.
    pub log_verbosity: i32,
    /// Settings by service name. Not part of geth's shape, and left out when there are none.
    pub settings: BTreeMap<String, Value>,
    /// The adapter that brings it to life, such as `exec`; the network's first when empty. Not part of geth's shape, and
    /// left out then.
    pub adapter: String,
}

impl Serialize for NodeConfig {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        // A Go client refuses an id that is not 64 digits, so none is written rather than an empty one.
        let id = self.id.or_else(|| self.private_key.as_ref().map(SecretKey::id));
        let beyond = [id.is_some(), !self.settings.is_empty(), !self.adapter.is_empty()];
        let fields = 9 + beyond.into_iter().filter(|given| *given).count();
        let mut object = to.serialize_struct("NodeConfig", fields)?;
        if let Some(id) = id {
            object.serialize_field("id", &id.to_string())?;
        }
        let key = self.private_key.as_ref().map(SecretKey::to_hex).unwrap_or_default();
        object.serialize_field("private_key", &key)?;
        object.serialize_field("name", &self.name)?;
        object.serialize_field("services", &self.services)?;
        object.serialize_field("lifecycles", &self.services)?;
        object.serialize_field("properties", &self.properties)?;
        object.serialize_field("enable_msg_events", &self.enable_msg_events.unwrap_or(true))?;
        object.serialize_field("port", &self.port)?;
        object.serialize_field("logfile", &self.logfile)?;
        object.serialize_field("log_verbosity", &self.log_verbosity)?;
        if !self.settings.is_empty() {
            object.serialize_field("settings", &self.settings)?;
        }
        if !self.adapter.is_empty() {
            object.serialize_field("adapter", &self.adapter)?;
        }
        object.end()
    }
}

/// The same, as read.
#[derive(Deserialize)]
#[serde(default, expecting = "a node config object")]
#[derive(Default)]
struct Read {
    #[serde(deserialize_with = "hex_id::optional")]
    id: Option<NodeId>,
    #[serde(deserialize_with = "private_key")]
    private_key: Option<SecretKey>,
    #[serde(deserialize_with = "null_is_empty")]
    name: String,
    #[serde(deserialize_with = "null_is_empty")]
    services: Vec<String>,
    #[serde(deserialize_with = "null_is_empty")]
    lifecycles: Vec<String>,
    #[serde(deserialize_with = "null_is_empty")]
    properties: Vec<String>,
    enable_msg_events: Option<bool>,
    #[serde(deserialize_with = "port")]
    port: u16,
    #[serde(deserialize_with = "null_is_empty")]
    logfile: String,
    #[serde(deserialize_with = "null_is_empty")]
    log_verbosity: i32,
    #[serde(deserialize_with = "null_is_empty")]
    settings: BTreeMap<String, Value>,
    #[serde(deserialize_with = "null_is_empty")]
    adapter: String,
}

impl<'de> Deserialize<'de> for NodeConfig {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let read = Read::deserialize(from)?;
        Ok(Self {
            id: read.id,
            private_key: read.private_key,
            name: read.name,
            services: if read.services.is_empty() { read.lifecycles } else { read.services },
            properties: read.properties,
            enable_msg_events: read.enable_msg_events,
            port: read.port,
            logfile: read.logfile,
            log_verbosity: read.log_verbosity,
            settings: read.settings,
            adapter: read.adapter,
        })
    }
}

fn private_key<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SecretKey>, D::Error> {
    let text: Option<String> = Option::deserialize(from)?;
    // The key itself stays out of the message, which ends up in logs.
    match text.as_deref() {
        None | Some("") => Ok(None),
        Some(text) => SecretKey::from_hex(text).map(Some).map_err(D::Error::custom),
    }
}

fn port<'de, D: Deserializer<'de>>(from: D) -> Result<u16, D::Error> {
    let number: Option<i64> = Option::deserialize(from)?;
    let number = number.unwrap_or_default();
    number.try_into().map_err(|_| D::Error::custom(format_args!("{number} is not a port (0 to 65535)")))
}

/// What a node says of itself, as geth's `p2p.NodeInfo`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, expecting = "a node info object")]
pub struct NodeInfo {
    /// 64 hex digits.
    #[serde(with = "hex_id")]
    pub id: NodeId,
    /// The name it was created with.
    #[serde(deserialize_with = "null_is_empty")]
    pub name: String,
    /// Its address as an enode URL (geth writes a record text here while the node is down).
    #[serde(deserialize_with = "null_is_empty")]
    pub enode: String,
    /// Its signed record as text.
    #[serde(deserialize_with = "null_is_empty")]
    pub enr: String,
    /// Its IP address.
    #[serde(deserialize_with = "null_is_empty")]
    pub ip: String,
    /// Its ports.
    #[serde(deserialize_with = "null_is_empty")]
    pub ports: Ports,
    /// Where it listens, empty when it does not.
    #[serde(rename = "listenAddr", deserialize_with = "null_is_empty")]
    pub listen_addr: String,
    /// What each of its protocols says of itself, by name.
    #[serde(deserialize_with = "null_is_empty")]
    pub protocols: BTreeMap<String, Value>,
}

/// Ports of a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ports {
    /// UDP.
    #[serde(deserialize_with = "port")]
    pub discovery: u16,
    /// TCP.
    #[serde(deserialize_with = "port")]
    pub listener: u16,
}

/// A node of a network or of an event.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, expecting = "a node object")]
pub struct Node {
    /// What it says of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub info: Option<NodeInfo>,
    /// What it was created from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<NodeConfig>,
    /// Whether it runs.
    #[serde(deserialize_with = "null_is_empty")]
    pub up: bool,
}
