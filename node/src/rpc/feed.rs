//! What happens to a node's peers, passed on: to the observer the node was given, to the subscribers of
//! `admin_peerEvents`, and to whoever waits for a peer to be gone.
//!
//! Without subscribers an event costs one look at an empty list.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::rc::Rc;
use world::prefetch_first;

use devp2p::{NodeId, Observer, PeerEvent};
use tokio::sync::oneshot;

use super::methods::to_json;
use super::subscription::Sink;
use super::view::PeerEventInfo;

/// The observer between a server and the rest of its node.
pub(crate) struct Feed {
    next: Rc<dyn Observer>,
    /// Whether subscribers hear of messages.
    messages: bool,
    /// Where the node listens: this end of whoever dials it.
    listen: Cell<Option<SocketAddr>>,
    audience: RefCell<Audience>,
    /// Who waits for the drop of which peer.
    waiting: RefCell<Vec<(NodeId, oneshot::Sender<()>)>>,
}

#[derive(Default)]
struct Audience {
    sinks: Vec<Sink>,
    /// The addresses of each connection, while anyone listens: events of messages do not carry them.
    ends: BTreeMap<NodeId, Ends>,
}

/// The addresses of a connection.
#[derive(Clone, Copy)]
pub(crate) struct Ends {
    /// Not known of a peer that was dialled after the subscriber came.
    pub(crate) local: Option<SocketAddr>,
    pub(crate) remote: SocketAddr,
}

impl Feed {
    pub(crate) fn new(next: Rc<dyn Observer>, messages: bool) -> Self {
        Self {
            next,
            messages,
            listen: Cell::new(None),
            audience: RefCell::default(),
            waiting: RefCell::default(),
        }
    }

    /// The server listens there.
    pub(crate) fn set_listen(&self, listen: Option<SocketAddr>) {
        self.listen.set(listen);
    }

    /// Adds a subscriber; `peers` are those there are.
    pub(crate) fn subscribe(&self, sink: Sink, peers: impl Iterator<Item = (NodeId, Ends)>) {
        let mut audience = self.audience.borrow_mut();
        audience.sinks.retain(Sink::is_open);
        audience.sinks.push(sink);
        audience.ends = peers.collect();
    }

    /// Done when `peer` is dropped, failed when the node goes before that.
    pub(crate) fn dropped(&self, peer: NodeId) -> oneshot::Receiver<()> {
        let (tell, told) = oneshot::channel();
        let mut waiting = self.waiting.borrow_mut();
        waiting.retain(|(_, tell)| !tell.is_closed());
        waiting.push((peer, tell));
        told
    }

    /// Lets go of everyone who waits or listens.
    pub(crate) fn close(&self) {
        drop(self.audience.take());
        drop(self.waiting.take());
    }

    fn tell(&self, event: &PeerEvent<'_>) {
        let is_message = matches!(event, PeerEvent::Sent(_) | PeerEvent::Received(_));
        if is_message && !self.messages {
            return;
        }
        let mut audience = self.audience.borrow_mut();
        let ends = match event {
            PeerEvent::Added { peer } => {
                let ends =
                    Ends { local: self.listen.get().filter(|_| peer.inbound()), remote: peer.remote() };
                audience.ends.insert(peer.id(), ends);
                Some(ends)
            }
            PeerEvent::Dropped { peer, .. } => audience.ends.remove(&peer.id()),
            PeerEvent::Sent(seen) | PeerEvent::Received(seen) => audience.ends.get(&seen.peer).copied(),
            _ => return,
        };
        let Some(mut info) = PeerEventInfo::new(event) else { return };
        info.local = ends.and_then(|ends| ends.local).map(|local| local.to_string());
        info.remote = ends.map(|ends| ends.remote.to_string());
        let json = to_json(&info).expect("strings and numbers");
        audience.sinks.retain(|sink| sink.send_json(&json));
    }
}

impl Observer for Feed {
    fn expect(&self, step: usize) {
        match step {
            0 => {}
            1 => prefetch_first(&*self.next, 192),
            _ => self.next.expect(step),
        }
    }

    fn event(&self, event: &PeerEvent<'_>) {
        self.next.event(event);
        if !self.audience.borrow().sinks.is_empty() {
            self.tell(event);
        }
        if let PeerEvent::Dropped { peer, .. } = event
            && !self.waiting.borrow().is_empty()
        {
            let mut waiting = self.waiting.borrow_mut();
            while let Some(at) = waiting.iter().position(|(of, _)| *of == peer.id()) {
                // Who no longer waits need not be told.
                let _ = waiting.swap_remove(at).1.send(());
            }
        }
    }
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").field("messages", &self.messages).finish_non_exhaustive()
    }
}
