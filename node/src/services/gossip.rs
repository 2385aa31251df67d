//! Gossip: something published at one node finds its way to all others.
//!
//! Two ways of spreading, told apart by the setting `mode`:
//!
//! * `flood`: whoever sees an item for the first time sends it to every peer that is not known to have it. The fastest
//!   way there is, and the one that sends most.
//! * `push-announce`: as Ethereum spreads blocks and transactions (`eth` protocol, "Block Propagation" and "Transaction
//!   Exchange" in devp2p's `caps/eth.md`). Of the *n* peers not known to have it, √n picked at random are sent the
//!   item, the others its name. Who hears the name only waits a while for the item to come by itself, then fetches it
//!   from whoever announced it first; one that does not answer in time gives way to the next.
//!
//! In both ways a node tells a new peer the names of what it holds, so whoever was away catches up.
//!
//! | part | holds |
//! |---|---|
//! | `message` | what is said, on the wire |
//! | `memory` | what is remembered, and how much of it at most |
//! | `talk` | the protocol itself |
//!
//! What is not here: content. An item is as many bytes as asked for, and nobody validates it.

mod memory;
mod message;
mod talk;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use devp2p::Protocol;
use serde::Deserialize;

use crate::rpc::error::RpcError;
use crate::rpc::methods::Methods;
use crate::service::{Service, ServiceContext, ServiceError};
use message::{CODES, MAX_ITEM};
use talk::{Talk, Waits};

/// How an item spreads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// To every peer at once.
    #[default]
    Flood,
    /// To √n of the peers; the others are told that it is there, and fetch it.
    PushAnnounce,
}

/// Settings of [`Gossip`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GossipSettings {
    /// How items spread.
    pub mode: Mode,
    /// Bytes of an item that is published without a size, 1 MiB at most.
    pub size: usize,
    /// How long an announced item may come by itself before it is fetched (geth: `500ms`).
    pub wait: String,
    /// How long an answer to a fetch may take before the next who announced it is asked (geth: `5s`).
    pub timeout: String,
}

impl Default for GossipSettings {
    fn default() -> Self {
        Self { mode: Mode::default(), size: 256, wait: "500ms".to_owned(), timeout: "5s".to_owned() }
    }
}

/// Protocol `gossip` version 1: code 0 is an item, code 1 announces some by name, code 2 asks for some.
///
/// `gossip_publish [size]` answers the new item's number, `gossip_seen` how many the node has seen,
/// `gossip_has [item]` whether that one is among them; node info `{"seen": n, "held": n, "wanted": n}`. Every copy that
/// comes is told with [`Context::arrived`](devp2p::Context::arrived). Measured: `fetch`, seconds from asking to having,
/// and `fetch_timeout`, the announcers that did not answer. What it has seen ends with the node.
#[derive(Debug)]
pub struct Gossip {
    talk: Rc<RefCell<Talk>>,
    size: usize,
}

impl Gossip {
    /// Begins with nothing seen.
    ///
    /// # Errors
    /// The settings are not its own.
    pub fn new(context: &ServiceContext<'_>) -> Result<Self, ServiceError> {
        let GossipSettings { mode, size, wait, timeout } = context.settings_as()?;
        if size > MAX_ITEM {
            return Err(ServiceError::new(format_args!("size {size}: an item has {MAX_ITEM} bytes at most")));
        }
        let waits = Waits { wait: duration("wait", &wait)?, timeout: duration("timeout", &timeout)? };
        if waits.timeout.is_zero() {
            return Err(ServiceError::new("timeout \"0s\": no answer comes in no time"));
        }
        Ok(Self { talk: Rc::new(RefCell::new(Talk::new(mode, waits))), size })
    }

    /// How many items this life has seen.
    pub fn seen(&self) -> u64 {
        self.talk.borrow().seen()
    }
}

fn duration(name: &str, text: &str) -> Result<Duration, ServiceError> {
    humantime::parse_duration(text)
        .map_err(|error| ServiceError::new(format_args!("{name} {text:?}: {error}")))
}

impl Service for Gossip {
    fn protocols(&self) -> Vec<Protocol> {
        vec![Protocol::new("gossip", 1, CODES, Rc::clone(&self.talk))]
    }

    fn methods(&self, table: &mut Methods) {
        let (talk, default) = (Rc::clone(&self.talk), self.size);
        table.add_in("gossip", "gossip_publish", move |cx, params| {
            let (size,): (Option<usize>,) = params.parse()?;
            let size = size.unwrap_or(default);
            if size > MAX_ITEM {
                let text = format_args!("size {size}: an item has {MAX_ITEM} bytes at most");
                return Err(RpcError::invalid_params(text));
            }
            Ok(talk.borrow_mut().publish(size, cx))
        });
        let talk = Rc::clone(&self.talk);
        table.add("gossip_seen", move |params| {
            let () = params.parse()?;
            Ok(talk.borrow().seen())
        });
        let talk = Rc::clone(&self.talk);
        table.add("gossip_has", move |params| {
            let (item,): (u64,) = params.parse()?;
            Ok(talk.borrow().has(item))
        });
    }
}
