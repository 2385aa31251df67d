//! What a server says of itself and its peers when asked.

use std::collections::BTreeMap;

use proto::enode::Enode;
use proto::enr::NodeRecord;
use proto::key::NodeId;
use serde_json::Value;

use crate::context::Context;
use crate::peer::{Flags, NetworkInfo, PeerId, PeerInfo};
use crate::protocol::Handler;
use crate::stack::{Spoken, Stack};
use crate::table::Entry;

impl Stack {
    pub(crate) fn peer_infos(&self) -> Vec<PeerInfo> {
        self.table.borrow().all_known().filter_map(|entry| self.peer_info(entry)).collect()
    }

    fn peer_info(&self, entry: &Entry) -> Option<PeerInfo> {
        let (peer, session, conn) = (entry.peer()?, entry.session.as_ref()?, entry.conn);
        let id = peer.id();
        let dialer = self.dialer.borrow();
        let record = dialer.static_node(&id).and_then(|node| node.record.clone());
        let is_static = peer.flags.has(Flags::STATIC_DIAL);
        let protocols = session.shared().iter().map(|shared| {
            let spoken = self.spoken(shared.local);
            (spoken.protocol.cap.name.to_string(), ask(spoken, |handler| handler.peer_info(PeerId(conn))))
        });
        Some(PeerInfo {
            enr: record.filter(|record| is_static && record.seq() > 0),
            enode: Enode::new(*session.remote()?, peer.remote()),
            id,
            name: peer.client().to_owned(),
            caps: peer.caps().iter().map(ToString::to_string).collect(),
            network: NetworkInfo {
                local: self.net().addresses(conn)?.0,
                remote: peer.remote(),
                inbound: peer.inbound(),
                trusted: peer.trusted(),
                is_static,
            },
            protocols: protocols.collect(),
        })
    }

    pub(crate) fn protocol_infos(&self) -> BTreeMap<String, Value> {
        let info = |spoken: &Spoken| {
            (spoken.protocol.cap.name.to_string(), ask(spoken, |handler| handler.node_info()))
        };
        self.protocols.iter().map(info).collect()
    }

    pub(crate) fn enode(&self) -> Enode {
        let tcp = self.opened().listening.map_or(0, |address| address.port());
        Enode { ip: Some(self.world.ip()), tcp, ..Enode::unknown(self.local().public) }
    }

    pub(crate) fn record(&self) -> NodeRecord {
        let build = || {
            let since_epoch = self.world.calendar().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            let seq = u64::try_from(since_epoch.as_millis()).expect("the year is below 500,000,000");
            let tcp = self.opened().listening.map(|address| address.port());
            NodeRecord::build(&self.local().key, seq, Some(self.world.ip()), tcp, None, &[])
                .expect("an address and a port fit into a record")
        };
        self.record.get_or_init(build).clone()
    }

    pub(crate) fn enter<R>(&self, name: &str, act: impl FnOnce(&mut Context<'_>) -> R) -> Option<R> {
        let named = |spoken: &Spoken| {
            let cap = &spoken.protocol.cap;
            cap.name == name || name.strip_prefix(&*cap.name) == Some(&format!("/{}", cap.version))
        };
        let spoken = self.protocols.iter().enumerate().filter(|(_, spoken)| named(spoken));
        let (place, _) = spoken.max_by_key(|(_, spoken)| spoken.protocol.cap.version)?;
        let protocol = u16::try_from(place).expect("a node has fewer than 65,536 protocols");
        Some(self.half_turn(|| act(&mut Context { stack: self, protocol })))
    }

    pub(crate) fn set_trusted(&self, id: NodeId, trusted: bool) {
        if trusted {
            self.trusted.borrow_mut().insert(id);
        } else {
            self.trusted.borrow_mut().remove(&id);
        }
        let mut table = self.table.borrow_mut();
        let conn = table.known(&id).filter(|entry| entry.is_peer()).map(|entry| entry.conn);
        if let Some(entry) = conn.and_then(|conn| table.get_mut(conn)) {
            entry.flags = entry.flags.with(Flags::TRUSTED, trusted);
        }
    }
}

/// A handler that is at work says nothing either.
fn ask(spoken: &Spoken, question: impl FnOnce(&dyn Handler) -> Option<Value>) -> Value {
    let handler = spoken.protocol.handler.try_borrow();
    handler.ok().and_then(|handler| question(&*handler)).unwrap_or_else(|| "unknown".into())
}
