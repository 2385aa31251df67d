//! The JSON of a node's RPC: what geth's `p2p.NodeInfo`, `p2p.PeerInfo` and `p2p.PeerEvent` look like on the wire,
//! names and order of members included.

use std::collections::BTreeMap;

use devp2p::PeerEvent;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a node says about itself: the result of `admin_nodeInfo`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeInfo {
    /// The node id, 64 hex digits.
    pub id: String,
    /// The client's name, as in Hello.
    pub name: String,
    /// The enode URL.
    pub enode: String,
    /// The signed record as text.
    pub enr: String,
    /// Where it is reached.
    pub ip: String,
    /// The ports it is reached at.
    pub ports: Ports,
    /// The address it listens on, empty if it does not.
    pub listen_addr: String,
    /// What each protocol says of itself, by name.
    #[serde(default, deserialize_with = "or_default")]
    pub protocols: BTreeMap<String, Value>,
}

/// The ports of a node, 0 for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ports {
    /// UDP.
    pub discovery: u16,
    /// TCP.
    pub listener: u16,
}

/// What a node says about one of its peers: an item of the result of `admin_peers`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PeerInfo {
    /// Its record, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enr: Option<String>,
    /// Its enode URL.
    pub enode: String,
    /// Its id, 64 hex digits.
    pub id: String,
    /// Its client's name.
    pub name: String,
    /// What it offers, `name/version` each.
    pub caps: Vec<String>,
    /// The connection.
    pub network: PeerNetwork,
    /// What each protocol says of the peer, by name.
    #[serde(default, deserialize_with = "or_default")]
    pub protocols: BTreeMap<String, Value>,
}

/// The connection to a peer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PeerNetwork {
    /// This end.
    pub local_address: String,
    /// The other end.
    pub remote_address: String,
    /// Whether the peer dialled.
    pub inbound: bool,
    /// Whether limits leave it alone.
    pub trusted: bool,
    /// Whether it was asked for by name.
    #[serde(rename = "static")]
    pub fixed: bool,
}

/// Go's maps and lists may be null.
fn or_default<'de, D: serde::Deserializer<'de>, T: Deserialize<'de> + Default>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}

impl From<devp2p::PeerInfo> for PeerInfo {
    fn from(info: devp2p::PeerInfo) -> Self {
        let network = info.network;
        Self {
            enr: info.enr.map(|enr| enr.to_string()),
            enode: info.enode.to_string(),
            id: info.id.to_string(),
            name: info.name,
            caps: info.caps,
            network: PeerNetwork {
                local_address: network.local.to_string(),
                remote_address: network.remote.to_string(),
                inbound: network.inbound,
                trusted: network.trusted,
                fixed: network.is_static,
            },
            protocols: info.protocols,
        }
    }
}

/// What happened to a peer: a notification of the subscription `peerEvents`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerEventInfo {
    /// What happened.
    #[serde(rename = "type")]
    pub kind: PeerEventKind,
    /// The id of the peer, 64 hex digits.
    pub peer: String,
    /// Why it was dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The protocol of the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// The code of the message, within its protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub msg_code: Option<u64>,
    /// Bytes of its payload, uncompressed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub msg_size: Option<u32>,
    /// This end of the connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<String>,
    /// The other end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<String>,
}

/// The kinds of [`PeerEventInfo`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PeerEventKind {
    /// The peer is one of the node's.
    Add,
    /// It no longer is.
    Drop,
    /// A message went out to it.
    MsgSend,
    /// A message of it was taken.
    MsgRecv,
}

impl PeerEventInfo {
    /// The event as the subscription tells it, addresses apart; none for what it does not tell.
    pub(crate) fn new(event: &PeerEvent<'_>) -> Option<Self> {
        let plain = |kind, peer: devp2p::NodeId| Self {
            kind,
            peer: peer.to_string(),
            error: None,
            protocol: None,
            msg_code: None,
            msg_size: None,
            local: None,
            remote: None,
        };
        let message = |kind, seen: &devp2p::MessageSeen<'_>| Self {
            protocol: Some(seen.protocol.name.to_string()),
            msg_code: Some(seen.code),
            msg_size: Some(u32::try_from(seen.payload.len()).expect("a message is less than 16 MiB")),
            ..plain(kind, seen.peer)
        };
        Some(match event {
            PeerEvent::Added { peer } => plain(PeerEventKind::Add, peer.id()),
            PeerEvent::Dropped { peer, error, .. } => {
                Self { error: Some(error.to_string()), ..plain(PeerEventKind::Drop, peer.id()) }
            }
            PeerEvent::Sent(seen) => message(PeerEventKind::MsgSend, seen),
            PeerEvent::Received(seen) => message(PeerEventKind::MsgRecv, seen),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::DeserializeOwned;

    /// What geth 1.9 wrote is read, and written again to the letter.
    fn check<T: Serialize + DeserializeOwned>(text: &str) -> T {
        let value: T = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&value).unwrap(), text);
        value
    }

    #[test]
    fn geths_node_info() {
        let info: NodeInfo = check(
            r#"{"id":"75bf18e34f9add02a2fe5a146813eb9362372eef6200f3b1dbc3f819671cba69","name":"pingpong-go/linux-amd64/go1.27.3","enode":"enode://f9308a@127.0.0.1:0","enr":"enr:-H24QHS","ip":"127.0.0.1","ports":{"discovery":0,"listener":0},"listenAddr":"","protocols":{"ping-pong":{"received":28}}}"#,
        );
        assert_eq!(info.protocols["ping-pong"]["received"], 28);
        let null = r#"{"id":"","name":"","enode":"","enr":"","ip":"","ports":{"discovery":0,"listener":0},"listenAddr":"","protocols":null}"#;
        assert_eq!(serde_json::from_str::<NodeInfo>(null).unwrap(), NodeInfo::default());
    }

    #[test]
    fn geths_peer_info() {
        let info: PeerInfo = check(
            r#"{"enode":"enode://e493db@127.0.0.1:0","id":"e8e3774d93e52335eb2f60651eff47bc3a10a45d4b230b5d10e37751fe6aa718","name":"pingpong-go/linux-amd64/go1.27.3","caps":["ping-pong/1"],"network":{"localAddress":"pipe","remoteAddress":"pipe","inbound":false,"trusted":false,"static":true},"protocols":{"ping-pong":"unknown"}}"#,
        );
        assert!(info.network.fixed && info.enr.is_none());
    }

    #[test]
    fn geths_peer_events() {
        let event: PeerEventInfo = check(
            r#"{"type":"msgrecv","peer":"e8e3774d","protocol":"ping-pong","msg_code":0,"msg_size":5,"local":"pipe","remote":"pipe"}"#,
        );
        assert_eq!((event.kind, event.msg_code, event.msg_size), (PeerEventKind::MsgRecv, Some(0), Some(5)));
        let event: PeerEventInfo = check(
            r#"{"type":"drop","peer":"e8e3774d","error":"disconnect requested","local":"pipe","remote":"pipe"}"#,
        );
        assert_eq!(event.kind, PeerEventKind::Drop);
        check::<PeerEventInfo>(r#"{"type":"add","peer":"e8e3774d"}"#);
    }
}
