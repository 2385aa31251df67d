//! A devp2p node's network stack: RLPx sessions with many peers, the protocols spoken over them, and dialling.
//!
//! It has never heard of services, of RPC, or of whether its world is simulated. Start with [`Server`]: given a
//! [`World`](world::World), a [`Config`] and a list of [`Protocol`]s it listens, dials and answers until it is
//! stopped. A protocol is a [`Handler`], called with a [`Context`] when something happens, or an `async fn` per
//! peer over a [`PeerIo`] ([`Protocol::run`]). An [`Observer`] is told what happens to peers and messages.
//!
//! ```
//! use devp2p::{Config, Context, Handler, Message, PeerError, PeerEvent, PeerId, Protocol, SecretKey, Server};
//! use std::{cell::RefCell, rc::Rc, time::Duration};
//!
//! /// Passes every number on to all others, once.
//! #[derive(Default)]
//! struct Gossip {
//!     latest: u64,
//! }
//!
//! impl Handler for Gossip {
//!     fn on_message(&mut self, from: PeerId, message: Message, cx: &mut Context<'_>) -> Result<(), PeerError> {
//!         let number: u64 = message.decode()?; // a peer that lies earns its reason
//!         if number > self.latest {
//!             self.latest = number;
//!             cx.broadcast_except(from, 0, &number);
//!         }
//!         Ok(())
//!     }
//! }
//!
//! struct Silent;
//! impl devp2p::Observer for Silent {
//!     fn event(&self, _: &PeerEvent<'_>) {}
//! }
//!
//! let mut simulation = world::Simulation::new(Default::default());
//! let hosts = [simulation.add_host(), simulation.add_host()];
//! let enodes = hosts.map(|host| {
//!     simulation.with(host, move |cell| {
//!         let key = SecretKey::from_bytes(&[host.0 as u8 + 1; 32]).unwrap();
//!         let gossip = Protocol::new("gossip", 1, 1, Rc::new(RefCell::new(Gossip::default())));
//!         let server = Server::start(&cell.world(), Config::new(key), vec![gossip], Rc::new(Silent)).unwrap();
//!         let enode = server.enode();
//!         *cell.local().borrow_mut() = Some(Box::new(server));
//!         enode
//!     })
//! });
//! let at = |simulation: &world::Simulation, act: fn(&Server, devp2p::Enode) -> usize| {
//!     let other = enodes[1].clone();
//!     simulation.with(hosts[0], move |cell| act(cell.local().borrow().as_ref().unwrap().downcast_ref().unwrap(), other))
//! };
//! at(&simulation, |server, other| {
//!     server.add_peer(other).unwrap();
//!     server.peer_count()
//! });
//! simulation.run_until(Duration::from_secs(1)).unwrap();
//! assert_eq!(at(&simulation, |server, _| server.peer_count()), 1);
//! ```
//!
//! | module | holds |
//! |---|---|
//! | `config`, `server` | what a stack is made from, and the handle to it |
//! | `protocol`, `context`, `io` | what a protocol is, and what it can do |
//! | `peer_map` | what a protocol keeps of each peer |
//! | `typed` | protocols by the types of their messages, with a handshake and accounts |
//! | `peer`, `info`, `event`, `log` | who is connected, and what is told of it |
//! | `stack`, `endpoint` | the endpoint itself: what all parts share, and its turns |
//! | `messages` | the way of a message, in and out |
//! | `table`, `flow`, `timers` | connections by id, their send side, one queue of deadlines |
//! | `room` | how lists grow where there are many |
//! | `dialer`, `listener` | how connections begin |
//! | `admission`, `departure`, `deadlines` | who becomes a peer, and what ends that |
//!
//! Connections are values in one table, not tasks, and one alarm serves all deadlines of a node.
//!
//! What is deliberately absent: discovery of nodes (candidates are offered from outside), and any memory that
//! survives [`Server::stop`].

mod admission;
mod config;
mod context;
mod deadlines;
mod departure;
mod dialer;
mod endpoint;
mod event;
mod flow;
mod info;
mod io;
mod listener;
mod log;
mod messages;
mod peer;
mod peer_map;
mod protocol;
mod room;
mod server;
mod stack;
mod table;
mod timers;
mod typed;

pub use config::Config;
pub use context::Context;
pub use event::{MessageSeen, Observer, PeerEvent};
pub use flow::{SEND_QUEUE_LIMIT, WRITE_TIMEOUT, WRITE_WAITS_ABOVE};
pub use io::{INBOX, PeerIo};
pub use peer::{NetworkInfo, Peer, PeerId, PeerInfo};
pub use peer_map::PeerMap;
pub use protocol::{Handler, Message, Protocol};
pub use server::{AddPeerError, OfferError, Server, StartError, Traffic};
#[doc(hidden)]
pub use typed::unknown_code;
pub use typed::{Accounts, Conversation, Flow, HELLO_WITHIN, MessageSet, Talk, Typed, incompatible};

pub use proto::dial::DialRefusal;
pub use proto::enode::Enode;
pub use proto::enr::NodeRecord;
pub use proto::key::{Agreements, NodeId, PublicKey, SecretKey, share_agreements};
pub use proto::session::{Capability, DiscReason, Fidelity, Payload, PeerError, PeerErrorCode, Timing};
