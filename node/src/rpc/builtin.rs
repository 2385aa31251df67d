//! The methods every node has: `admin`, `rpc`, `simulation` and `web3`, as geth names them (node/api.go, p2p/server.go).
//! They are functions, shared by all nodes of a process.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::rc::Rc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use devp2p::Enode;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use sha3::{Digest, Keccak256};

use super::error::RpcError;
use super::feed::Ends;
use super::methods::{Answer, to_json};
use super::params::Params;
use super::subscription::Sink;
use crate::node::Node;

/// A method every node has.
pub(crate) enum Builtin {
    Sync(fn(&Rc<Node>, Params) -> Answer),
    Async(fn(&Rc<Node>, Params) -> LocalBoxFuture<'static, Answer>),
}

/// The methods here.
const METHODS: [&str; 18] = [
    "admin_addPeer",
    "admin_removePeer",
    "admin_addTrustedPeer",
    "admin_removeTrustedPeer",
    "admin_peers",
    "admin_nodeInfo",
    "admin_datadir",
    "admin_startHTTP",
    "admin_stopHTTP",
    "admin_startRPC",
    "admin_stopRPC",
    "admin_startWS",
    "admin_stopWS",
    "rpc_modules",
    "rpc_methods",
    "simulation_snapshot",
    "web3_clientVersion",
    "web3_sha3",
];
/// The subscription here.
const SUBSCRIPTION: &str = "admin_peerEvents";

/// Namespaces of the methods here.
const NAMESPACES: [&str; 4] = ["admin", "rpc", "simulation", "web3"];

/// The method of that name.
pub(crate) fn find(name: &str) -> Option<Builtin> {
    Some(match name {
        "admin_addPeer" => Builtin::Sync(add_peer),
        "admin_removePeer" => Builtin::Async(remove_peer),
        "admin_addTrustedPeer" => Builtin::Sync(add_trusted_peer),
        "admin_removeTrustedPeer" => Builtin::Sync(remove_trusted_peer),
        "admin_peers" => Builtin::Sync(peers),
        "admin_nodeInfo" => Builtin::Sync(node_info),
        "admin_datadir" => Builtin::Sync(datadir),
        "admin_startHTTP" | "admin_stopHTTP" | "admin_startRPC" | "admin_stopRPC" => Builtin::Sync(no_http),
        "admin_startWS" | "admin_stopWS" => Builtin::Sync(no_websocket),
        "rpc_modules" => Builtin::Sync(modules),
        "rpc_methods" => Builtin::Sync(methods),
        "simulation_snapshot" => Builtin::Sync(snapshot),
        "web3_clientVersion" => Builtin::Sync(client_version),
        "web3_sha3" => Builtin::Sync(sha3),
        _ => return None,
    })
}

/// Whether every node has that subscription.
pub(crate) fn has_subscription(namespace: &str, name: &str) -> bool {
    (namespace, name) == ("admin", "peerEvents")
}

/// Opens the one subscription that every node has.
pub(crate) fn subscribe(node: &Rc<Node>, params: Params, sink: Sink) -> Result<(), RpcError> {
    let () = params.parse()?;
    let ends = |peer: devp2p::PeerInfo| {
        (peer.id, Ends { local: Some(peer.network.local), remote: peer.network.remote })
    };
    node.feed().subscribe(sink, node.server().peers().into_iter().map(ends));
    Ok(())
}

/// The one parameter of all that is about another node.
fn enode(params: Params) -> Result<Enode, RpcError> {
    let (url,): (String,) = params.parse()?;
    url.parse().map_err(|error| RpcError::failed(format_args!("invalid enode: {error}")))
}

fn add_peer(node: &Rc<Node>, params: Params) -> Answer {
    node.server().add_peer(enode(params)?).map_err(RpcError::failed)?;
    to_json(&true)
}

/// Answers when the peer is gone, as in geth.
fn remove_peer(node: &Rc<Node>, params: Params) -> LocalBoxFuture<'static, Answer> {
    let removed = enode(params).map(|peer| {
        let id = peer.id();
        // Listened for before it is asked for: the drop may come at once.
        let dropped = node.feed().dropped(id);
        let connected = node.server().is_connected(id);
        node.server().remove_peer(id);
        connected.then_some(dropped)
    });
    async move {
        if let Some(dropped) = removed? {
            // A node that stops meanwhile has dropped it, too.
            let _ = dropped.await;
        }
        to_json(&true)
    }
    .boxed_local()
}

fn add_trusted_peer(node: &Rc<Node>, params: Params) -> Answer {
    node.server().add_trusted(enode(params)?.id());
    to_json(&true)
}

fn remove_trusted_peer(node: &Rc<Node>, params: Params) -> Answer {
    node.server().remove_trusted(enode(params)?.id());
    to_json(&true)
}

fn peers(node: &Rc<Node>, params: Params) -> Answer {
    let () = params.parse()?;
    to_json(&node.peers())
}

fn node_info(node: &Rc<Node>, params: Params) -> Answer {
    let () = params.parse()?;
    to_json(&node.info())
}

/// Empty, as geth's, where the node keeps nothing on the disk.
fn datadir(node: &Rc<Node>, params: Params) -> Answer {
    let () = params.parse()?;
    to_json(&node.data_dir().map(|path| path.to_string_lossy()).unwrap_or_default())
}

fn no_http(_node: &Rc<Node>, _params: Params) -> Answer {
    Err(RpcError::failed("this node has no HTTP server of its own: call it where you are calling it now"))
}

fn no_websocket(_node: &Rc<Node>, _params: Params) -> Answer {
    Err(RpcError::failed(
        "this node has no WebSocket server of its own: call it where you are calling it now",
    ))
}

fn modules(node: &Rc<Node>, params: Params) -> Answer {
    let () = params.parse()?;
    let names: BTreeSet<&str> = node.methods().namespaces().chain(NAMESPACES).collect();
    to_json(&names.into_iter().map(|name| (name, "1.0")).collect::<BTreeMap<_, _>>())
}

/// All there is to call, and all there is to subscribe to.
fn methods(node: &Rc<Node>, params: Params) -> Answer {
    let () = params.parse()?;
    let (own, feeds) = node.methods().names();
    let methods: BTreeSet<&str> = own.chain(METHODS).collect();
    let subscriptions: BTreeSet<&str> = feeds.chain([SUBSCRIPTION]).collect();
    to_json(&BTreeMap::from([("methods", methods), ("subscriptions", subscriptions)]))
}

fn snapshot(node: &Rc<Node>, params: Params) -> Answer {
    let () = params.parse()?;
    let services = node.snapshot().map_err(RpcError::failed)?;
    let texts = services.into_iter().map(|(name, bytes)| (name, STANDARD.encode(bytes)));
    to_json(&texts.collect::<BTreeMap<_, _>>())
}

fn client_version(node: &Rc<Node>, params: Params) -> Answer {
    let () = params.parse()?;
    to_json(&node.client_name())
}

/// Bytes in hex behind `0x`.
struct Hex(Vec<u8>);

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let digits =
            text.strip_prefix("0x").ok_or_else(|| D::Error::custom("hex string without 0x prefix"))?;
        hex::decode(digits).map(Self).map_err(D::Error::custom)
    }
}

/// Keccak-256, whatever the name says.
fn sha3(_node: &Rc<Node>, params: Params) -> Answer {
    let (Hex(bytes),) = params.parse()?;
    to_json(&format!("0x{}", hex::encode(Keccak256::digest(bytes))))
}
