//! What happens to the peers of some nodes: connections, drops and messages, each told once.
//!
//! An event is about the node that saw it: the sender of what was sent, the receiver of what was received. A connection
//! has two ends and one event; it is told of the end that was asked to connect if that one is among the nodes, else of
//! the other.

use super::error::TestResult;
use super::net::Net;
use super::node::Node;
use super::span::Span;
use crate::collect::{Collector, lock};
use crate::error::NetworkError;
use crate::view::{Event, EventFilter, EventKind};
use devp2p::NodeId;
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What happened to a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PeerEventType {
    /// It is there.
    Connect,
    /// It is gone.
    Drop,
    /// It was sent a message.
    Sent,
    /// A message came from it.
    Received,
}

/// Something that happened to a peer of one of the nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerEvent {
    /// Whose peer.
    pub node: NodeId,
    /// Which peer.
    pub peer: NodeId,
    /// What happened.
    pub kind: PeerEventType,
    /// When, in simulated time since the network began.
    pub time: Duration,
    /// The protocol of the message.
    pub protocol: Option<String>,
    /// Its code.
    pub code: Option<u64>,
    /// Bytes of its payload, uncompressed.
    pub size: Option<u32>,
    /// Why the peer is gone.
    pub error: Option<String>,
}

/// Which events are wanted: those that are all of what a filter says. Among several filters one is enough.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerEventFilter {
    kinds: Option<&'static [PeerEventType]>,
    protocol: Option<String>,
    code: Option<u64>,
}

impl PeerEventFilter {
    fn of(kinds: &'static [PeerEventType]) -> Self {
        Self { kinds: Some(kinds), ..Self::default() }
    }

    /// Everything.
    pub fn all() -> Self {
        Self::default()
    }

    /// Peers that come.
    pub fn connect() -> Self {
        Self::of(&[PeerEventType::Connect])
    }

    /// Peers that go.
    pub fn drop() -> Self {
        Self::of(&[PeerEventType::Drop])
    }

    /// Messages that are sent.
    pub fn sent() -> Self {
        Self::of(&[PeerEventType::Sent])
    }

    /// Messages that are received.
    pub fn received() -> Self {
        Self::of(&[PeerEventType::Received])
    }

    /// Messages, sent and received.
    pub fn messages() -> Self {
        Self::of(&[PeerEventType::Sent, PeerEventType::Received])
    }

    /// Of this protocol only; a connection is of none.
    #[must_use]
    pub fn protocol(mut self, name: impl Into<String>) -> Self {
        self.protocol = Some(name.into());
        self
    }

    /// Of this code only, within its protocol.
    #[must_use]
    pub fn code(mut self, code: u64) -> Self {
        self.code = Some(code);
        self
    }

    fn passes(&self, event: &PeerEvent) -> bool {
        self.kinds.is_none_or(|kinds| kinds.contains(&event.kind))
            && (self.protocol.is_none() || self.protocol == event.protocol)
            && (self.code.is_none() || self.code == event.code)
    }

    fn wants_messages(&self) -> bool {
        self.kinds.is_none_or(|kinds| {
            kinds.contains(&PeerEventType::Sent) || kinds.contains(&PeerEventType::Received)
        })
    }
}

/// A subscription to the events of some nodes' peers. See the module.
#[derive(Debug)]
pub struct PeerEvents {
    net: Net,
    sieve: Sieve,
}

/// What turns the network's events into those that are wanted. Clones share what is ready.
#[derive(Clone, Debug)]
struct Sieve {
    events: Collector,
    nodes: Arc<BTreeSet<NodeId>>,
    filters: Arc<Vec<PeerEventFilter>>,
    ready: Arc<Mutex<VecDeque<PeerEvent>>>,
}

impl PeerEvents {
    pub(super) async fn open(net: &Net, nodes: &[Node], filters: Vec<PeerEventFilter>) -> TestResult<Self> {
        let filters = if filters.is_empty() { vec![PeerEventFilter::all()] } else { filters };
        let messages = wanted_messages(net, &filters).await?;
        let events = Collector::new(net.handle().subscribe(EventFilter { messages }, false).await?);
        let nodes = Arc::new(nodes.iter().map(Node::id).collect());
        let sieve = Sieve { events, nodes, filters: Arc::new(filters), ready: Arc::default() };
        Ok(Self { net: net.clone(), sieve })
    }

    /// The next event, if it has happened already.
    pub fn try_next(&mut self) -> Option<PeerEvent> {
        self.sieve.sift();
        lock(&self.sieve.ready).pop_front()
    }

    /// The next event; time passes until it happens.
    ///
    /// # Errors
    /// It did not happen in time.
    pub async fn next(&mut self, within: impl Span) -> TestResult<PeerEvent> {
        let sieve = self.sieve.clone();
        let waited =
            self.net.handle().until("an event of a peer", within.span()?, move |_| sieve.sift()).await;
        waited?;
        // What `until` saw is still there: nobody else takes it.
        Ok(self.try_next().ok_or(NetworkError::Gone)?)
    }

    /// All events that happen in a length of time.
    ///
    /// # Errors
    /// The network has gone.
    pub async fn during(&mut self, span: impl Span) -> TestResult<Vec<PeerEvent>> {
        self.net.advance(span).await?;
        Ok(std::iter::from_fn(|| self.try_next()).collect())
    }

    /// Events of the network, wanted or not, that came too fast to be looked at.
    pub fn missed(&self) -> u64 {
        self.sieve.events.missed()
    }
}

/// The protocols whose messages may pass one of the filters: those named, or all that any node speaks now.
async fn wanted_messages(
    net: &Net,
    filters: &[PeerEventFilter],
) -> TestResult<Vec<(String, Option<Vec<u64>>)>> {
    let mut wanted = Vec::new();
    let mut any = false;
    for filter in filters.iter().filter(|filter| filter.wants_messages()) {
        match &filter.protocol {
            Some(name) => wanted.push((name.clone(), filter.code.map(|code| vec![code]))),
            None => any = true,
        }
    }
    if any {
        let nodes = net.handle().nodes().await?;
        let spoken: BTreeSet<&String> = nodes.iter().flat_map(|node| node.info.protocols.keys()).collect();
        wanted.extend(spoken.into_iter().map(|name| (name.clone(), None)));
    }
    Ok(wanted)
}

impl Sieve {
    /// Looks at what came; answers whether anything is ready.
    fn sift(&self) -> bool {
        let mut ready = lock(&self.ready);
        for event in self.events.take() {
            let event =
                self.translate(&event).filter(|event| self.filters.iter().any(|filter| filter.passes(event)));
            ready.extend(event);
        }
        !ready.is_empty()
    }

    fn translate(&self, event: &Event) -> Option<PeerEvent> {
        let about = |id: NodeId| self.nodes.contains(&id);
        let told = |node, peer, kind| PeerEvent {
            node,
            peer,
            kind,
            time: event.time,
            protocol: None,
            code: None,
            size: None,
            error: None,
        };
        match &event.kind {
            EventKind::Conn(conn) if !event.control => {
                let (node, peer) =
                    if about(conn.one) { (conn.one, conn.other) } else { (conn.other, conn.one) };
                let kind = if conn.up { PeerEventType::Connect } else { PeerEventType::Drop };
                let error = event.data.as_ref().and_then(error_text);
                about(node).then(|| PeerEvent { error, ..told(node, peer, kind) })
            }
            EventKind::Msg { one, other, protocol, code, received, size } => {
                let (node, peer, kind) = match received {
                    true => (*other, *one, PeerEventType::Received),
                    false => (*one, *other, PeerEventType::Sent),
                };
                let (protocol, code, size) = (Some(protocol.clone()), Some(*code), Some(*size));
                about(node).then(|| PeerEvent { protocol, code, size, ..told(node, peer, kind) })
            }
            _ => None,
        }
    }
}

/// The error of a drop, as events carry it.
fn error_text(data: &serde_json::Value) -> Option<String> {
    let text = data.as_str().or_else(|| data.get("error")?.as_str());
    text.map(str::to_owned)
}
