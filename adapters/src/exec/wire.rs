//! What is said between parent and child. Names and shapes up to the start-up report are geth's
//! (`p2p/simulations/adapters/exec.go`).

use std::collections::BTreeMap;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use devp2p::SecretKey;
use node::{NodeConfig, NodeInfo};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `argv[0]` of a process that is a node.
pub(super) const NODE_ARG0: &str = "p2p-node";
/// Holds a [`Config`].
pub(super) const CONFIG: &str = "_P2P_NODE_CONFIG";
/// Where the start-up report goes.
pub(super) const STATUS_URL: &str = "_P2P_STATUS_URL";

/// The file in a node's directory that says where other nodes reach its RPC: `<id> <address>`.
pub(super) const ADDRESS: &str = "rpc";

/// What a node's process is told when it starts.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Config {
    #[serde(default)]
    pub(super) stack: Stack,
    pub(super) node: NodeJson,
    /// The services' saved state, base64 by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) snapshots: Option<BTreeMap<String, String>>,
    /// What only a parent of this kind tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) parent: Option<Parent>,
}

/// geth's `node.Config`, as far as it is heeded.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Stack {
    pub(super) data_dir: String,
    #[serde(rename = "P2P")]
    pub(super) p2p: P2p,
}

/// geth's `p2p.Config`, as far as it is heeded.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct P2p {
    /// `[ip]:port`.
    pub(super) listen_addr: String,
}

/// geth's `adapters.NodeConfig`, less the services, which are in `argv`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct NodeJson {
    pub(super) id: String,
    pub(super) private_key: String,
    pub(super) name: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) properties: Vec<String>,
    pub(super) enable_msg_events: bool,
    pub(super) port: u16,
    pub(super) logfile: String,
    pub(super) log_verbosity: i32,
    pub(super) settings: BTreeMap<String, Value>,
}

/// What a parent of this kind adds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Parent {
    /// The node's own directory, to be removed if the parent dies.
    pub(super) dir: PathBuf,
    /// The port asked for is the one of a former life: any other will do.
    pub(super) any_port: bool,
    /// Peers it has at most.
    pub(super) max_peers: usize,
    /// Whether messages are told.
    pub(super) messages: bool,
    /// The services' saved state is in this file: an environment holds little.
    pub(super) snapshots: Option<PathBuf>,
}

/// The start-up report.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Report {
    #[serde(rename = "Err", default)]
    pub(super) err: String,
    #[serde(rename = "WSEndpoint", default)]
    pub(super) ws_endpoint: String,
    #[serde(rename = "NodeInfo", default)]
    pub(super) info: Option<NodeInfo>,
}

/// Something that happened at a child.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Told {
    /// When: nanoseconds of the calendar, which both processes read.
    pub(super) at: u64,
    #[serde(flatten)]
    pub(super) what: Happened,
}

/// What happened.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Happened {
    Added {
        peer: String,
        inbound: bool,
    },
    Dropped {
        peer: String,
        error: String,
    },
    DialFailed {
        peer: String,
        error: String,
    },
    Message {
        peer: String,
        received: bool,
        protocol: String,
        version: u32,
        code: u64,
        size: u32,
        wire_len: u32,
        payload: u64,
    },
    Arrived {
        protocol: String,
        version: u32,
        item: u64,
        from: Option<String>,
        hops: u32,
    },
    Metric {
        protocol: String,
        name: String,
        value: f64,
    },
    /// So many messages were not told: the parent did not keep up.
    Missed {
        messages: u64,
    },
}

/// How a node is.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Condition {
    pub(super) info: NodeInfo,
    pub(super) counts: Vec<Counted>,
}

/// Messages of one protocol.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Counted {
    pub(super) protocol: String,
    pub(super) version: u32,
    /// By code: sent and received, each messages, bytes of payload, bytes on the wire.
    pub(super) codes: Vec<[[u64; 3]; 2]>,
}

/// One text of the line from child to parent.
#[derive(Debug)]
pub(super) enum Said {
    Told(Told),
    Rpc(String),
    Condition(Box<Condition>),
}

impl Said {
    /// As a line, without its end.
    pub(super) fn line(&self) -> String {
        let json = |tag: char, value: serde_json::Result<String>| {
            format!("{tag}{}", value.expect("strings and numbers can be written"))
        };
        match self {
            Self::Told(told) => json('e', serde_json::to_string(told)),
            Self::Rpc(text) => format!("r{text}"),
            Self::Condition(condition) => json('i', serde_json::to_string(condition)),
        }
    }

    /// What a line says, if it says anything.
    pub(super) fn read(line: &str) -> Option<Self> {
        let rest = line.get(1..)?;
        match line.as_bytes()[0] {
            b'e' => serde_json::from_str(rest).ok().map(Self::Told),
            b'r' => Some(Self::Rpc(rest.to_owned())),
            b'i' => serde_json::from_str(rest).ok().map(|condition| Self::Condition(Box::new(condition))),
            _ => None,
        }
    }
}

/// One text of the line from parent to child.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ask {
    Rpc(String),
    Messages(bool),
    Condition,
}

impl Ask {
    /// As a line, without its end.
    pub(super) fn line(&self) -> String {
        match self {
            Self::Rpc(text) => format!("r{text}"),
            Self::Messages(wanted) => format!("m{}", u8::from(*wanted)),
            Self::Condition => "i".to_owned(),
        }
    }

    /// What a line asks, if it asks anything.
    pub(super) fn read(line: &str) -> Option<Self> {
        match line.as_bytes().first()? {
            b'r' => Some(Self::Rpc(line[1..].to_owned())),
            b'm' => Some(Self::Messages(&line[1..] == "1")),
            b'i' => Some(Self::Condition),
            _ => None,
        }
    }
}

impl NodeJson {
    pub(super) fn of(config: &NodeConfig) -> Self {
        Self {
            id: config.id.to_string(),
            private_key: config.key.to_hex(),
            name: config.name.clone(),
            properties: config.properties.clone(),
            enable_msg_events: config.enable_msg_events,
            port: config.port,
            logfile: config.log_file.clone(),
            log_verbosity: config.log_verbosity,
            settings: config.settings.clone(),
        }
    }

    /// The configuration of a node that runs `services`.
    pub(super) fn config(self, services: Vec<String>) -> Result<NodeConfig, String> {
        let key = SecretKey::from_hex(&self.private_key).map_err(|error| format!("private key: {error}"))?;
        let id = key.id();
        if !self.id.is_empty() && self.id != id.to_string() {
            return Err(format!("id {} does not belong to the private key, whose id is {id}", self.id));
        }
        Ok(NodeConfig {
            name: self.name,
            services,
            properties: self.properties,
            enable_msg_events: self.enable_msg_events,
            port: self.port,
            log_file: self.logfile,
            log_verbosity: self.log_verbosity,
            settings: self.settings,
            ..NodeConfig::new(key)
        })
    }
}

/// Saved state as it is written.
pub(super) fn encode(snapshots: &BTreeMap<String, Bytes>) -> BTreeMap<String, String> {
    snapshots.iter().map(|(name, bytes)| (name.clone(), STANDARD.encode(bytes))).collect()
}

/// Saved state as it was.
pub(super) fn decode(snapshots: BTreeMap<String, String>) -> Result<BTreeMap<String, Bytes>, String> {
    let decode = |(name, text): (String, String)| match STANDARD.decode(text) {
        Ok(bytes) => Ok((name, Bytes::from(bytes))),
        Err(error) => Err(format!("snapshot of service {name:?}: {error}")),
    };
    snapshots.into_iter().map(decode).collect()
}

/// Go's lists may be null.
fn or_default<'de, D: serde::Deserializer<'de>, T: Deserialize<'de> + Default>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_read_what_they_say() {
        for ask in [Ask::Rpc("[]".into()), Ask::Messages(true), Ask::Messages(false), Ask::Condition] {
            assert_eq!(Ask::read(&ask.line()), Some(ask));
        }
        let what = Happened::Message {
            peer: "07".repeat(32),
            received: true,
            protocol: "ping-pong".into(),
            version: 1,
            code: u64::MAX,
            size: 5,
            wire_len: 48,
            payload: u64::MAX,
        };
        let line = Said::Told(Told { at: 7, what }).line();
        assert_eq!(Said::read(&line).unwrap().line(), line);
        let line = Said::Condition(Box::default()).line();
        assert_eq!(Said::read(&line).unwrap().line(), line);
        for rubbish in ["", "e", "e{", "i[]", "?", "é"] {
            assert!(Said::read(rubbish).is_none(), "{rubbish:?}");
        }
    }

    #[test]
    fn a_config_written_by_geth_is_read() {
        let key = "b71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f291";
        let text = format!(
            r#"{{"stack":{{"DataDir":"/tmp/x/data","P2P":{{"PrivateKey":null,"MaxPeers":50,"ListenAddr":":30399"}},"WSHost":"127.0.0.1","HTTPTimeouts":{{"ReadTimeout":30000000000}}}},"node":{{"id":"","private_key":"{key}","name":"node01","lifecycles":["ping-pong"],"properties":null,"enable_msg_events":true,"port":30399,"logfile":"","log_verbosity":0}},"snapshots":{{"ping-pong":"Nw=="}},"peer_addrs":{{}}}}"#
        );
        let config: Config = serde_json::from_str(&text).unwrap();
        assert_eq!(config.stack.p2p.listen_addr, ":30399");
        assert_eq!(decode(config.snapshots.unwrap()).unwrap()["ping-pong"], "7");
        assert!(config.parent.is_none());
        let node = config.node.config(vec!["ping-pong".into()]).unwrap();
        assert_eq!((node.port, node.name.as_str()), (30399, "node01"));
        let foreign = NodeJson { id: "00".repeat(32), private_key: key.into(), ..NodeJson::default() };
        assert!(foreign.config(vec![]).unwrap_err().contains("does not belong"));
    }
}
