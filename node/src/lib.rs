//! A node: services on top of a devp2p stack, and a JSON-RPC to talk to them. It cannot tell what world it runs in.
//!
//! Start with [`Service`]: what a user of this crate writes. [`Services`] knows them by name, a [`NodeConfig`] says
//! which of them a node runs, and [`Node::start`] brings it to life in a [`World`](world::World).
//!
//! | module | holds |
//! |---|---|
//! | `node` | [`Node`]: start, stop, call |
//! | `service`, [`services`] | the trait, the registry, and `ping-pong`, `gossip`, `noop` |
//! | `config`, `data_dir` | what a node is made from: [`NodeConfig`], [`NodeEnv`], [`DataDir`] |
//! | [`rpc`] | methods, sessions, subscriptions, clients |
//!
//! A whole service: what one node learns, all are told.
//!
//! ```
//! use std::{cell::RefCell, collections::BTreeSet, rc::Rc};
//!
//! use node::{Context, Handler, Message, Methods, PeerError, PeerId, Protocol, Service};
//!
//! const ITEM: u64 = 0;
//!
//! #[derive(Default)]
//! struct Seen(BTreeSet<u64>);
//!
//! impl Seen {
//!     fn learn(&mut self, item: u64, from: Option<PeerId>, cx: &mut Context<'_>) {
//!         if self.0.insert(item) {
//!             match from {
//!                 Some(peer) => cx.broadcast_except(peer, ITEM, &item),
//!                 None => cx.broadcast(ITEM, &item),
//!             }
//!         }
//!     }
//! }
//!
//! impl Handler for Seen {
//!     fn on_message(&mut self, from: PeerId, message: Message, cx: &mut Context<'_>) -> Result<(), PeerError> {
//!         let item = message.decode()?; // a peer that lies earns its reason
//!         self.learn(item, Some(from), cx);
//!         Ok(())
//!     }
//! }
//!
//! #[derive(Default)]
//! struct Gossip(Rc<RefCell<Seen>>);
//!
//! impl Service for Gossip {
//!     fn protocols(&self) -> Vec<Protocol> {
//!         vec![Protocol::new("gossip", 1, 1, Rc::clone(&self.0))]
//!     }
//!
//!     fn methods(&self, table: &mut Methods) {
//!         let seen = Rc::clone(&self.0);
//!         table.add_in("gossip", "gossip_publish", move |cx, params| {
//!             let (item,) = params.parse()?;
//!             seen.borrow_mut().learn(item, None, cx);
//!             Ok(())
//!         });
//!         let seen = Rc::clone(&self.0);
//!         table.add("gossip_seen", move |params| {
//!             let () = params.parse()?;
//!             Ok(seen.borrow().0.len())
//!         });
//!     }
//! }
//!
//! // Two nodes of it, in a simulated world.
//! use std::time::Duration;
//!
//! use devp2p::SecretKey;
//! use node::{Node, NodeConfig, NodeEnv, Services};
//! use world::{Scope, Simulation, sim::{HostId, SimConfig}};
//!
//! let services = Services::new().register("gossip", |_| Ok(Gossip::default()))?;
//! let mut sim = Simulation::new(SimConfig::default());
//! let hosts = [sim.add_host(), sim.add_host()];
//! for (host, key) in hosts.into_iter().zip(1..) {
//!     let services = services.clone();
//!     sim.with(host, move |cell| {
//!         let mut config = NodeConfig::new(SecretKey::from_bytes(&[key; 32]).expect("a key"));
//!         config.services = vec!["gossip".into()];
//!         let node = Node::start(&cell.world(), &config, &services, NodeEnv::default()).expect("a node");
//!         *cell.local().borrow_mut() = Some(Box::new(node));
//!     });
//! }
//! // A call at a node whose answer is there at once.
//! let call = |sim: &Simulation, host: HostId, method: &'static str, params: serde_json::Value| {
//!     sim.with(host, move |cell| {
//!         let local = cell.local().borrow();
//!         let node = local.as_ref().and_then(|any| any.downcast_ref::<Rc<Node>>()).expect("a node");
//!         futures_util::FutureExt::now_or_never(node.call(method, params)).expect("at once").expect("no error")
//!     })
//! };
//! let info = call(&sim, hosts[1], "admin_nodeInfo", ().into());
//! call(&sim, hosts[0], "admin_addPeer", vec![info["enode"].clone()].into());
//! sim.run_until(Duration::from_secs(1))?;
//! call(&sim, hosts[0], "gossip_publish", vec![7].into());
//! sim.run_until(Duration::from_secs(2))?;
//! assert_eq!(call(&sim, hosts[1], "gossip_seen", ().into()), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod config;
mod data_dir;
mod node;
pub mod rpc;
mod service;
pub mod services;

pub use config::{NodeConfig, NodeEnv, RPC_PORT};
pub use data_dir::DataDir;
pub use devp2p::{
    Context, Handler, Message, NodeId, Observer, Peer, PeerError, PeerEvent, PeerId, PeerIo, Protocol,
    SecretKey,
};
pub use node::{Node, NodeError};
pub use rpc::client::{Client, ClientError, Directory};
pub use rpc::error::RpcError;
pub use rpc::methods::Methods;
pub use rpc::params::Params;
pub use rpc::session::{Pushed, RpcSession};
pub use rpc::subscription::Sink;
pub use rpc::view::{NodeInfo, PeerEventInfo, PeerInfo};
pub use service::{Service, ServiceContext, ServiceError};
pub use services::{DuplicateService, Services};
