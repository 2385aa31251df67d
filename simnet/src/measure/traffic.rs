//! What adapters count of messages while somebody measures: by time, and by link.

use super::bins::Bins;
use crate::record::ProtocolName;
use crate::tally::Count;
use devp2p::NodeId;
use std::collections::BTreeMap;
use std::sync::Arc;
use world::sim::Waits;

/// Messages sent, by what they are and when.
#[derive(Clone, Debug, Default)]
pub struct Flows(Vec<Flow>);

/// Messages of one protocol and code, by when they were sent.
#[derive(Clone, Debug)]
pub struct Flow {
    /// The protocol.
    pub protocol: Arc<ProtocolName>,
    /// The code.
    pub code: u64,
    /// What was sent in each bin.
    pub sent: Bins<Count>,
}

impl Flows {
    /// Counts a message; a protocol and code is told from others by what it is called.
    pub(crate) fn add(&mut self, time: u64, protocol: &Arc<ProtocolName>, code: u64, sent: Count) {
        self.flow(protocol, code).sent.add(time, sent);
    }

    fn flow(&mut self, protocol: &Arc<ProtocolName>, code: u64) -> &mut Flow {
        let known = self.0.iter().position(|flow| flow.code == code && flow.protocol == *protocol);
        let place = known.unwrap_or_else(|| {
            self.0.push(Flow { protocol: Arc::clone(protocol), code, sent: Bins::default() });
            self.0.len() - 1
        });
        &mut self.0[place]
    }

    fn merge(&mut self, other: Self) {
        for Flow { protocol, code, sent } in other.0 {
            self.flow(&protocol, code).sent.merge(&sent);
        }
    }
}

/// What an adapter counted since it was asked to.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    flows: Flows,
    /// By the node that sent, as its adapter counts, and the node it sent to.
    links: BTreeMap<(u32, NodeId), Count>,
    waits: Waits,
}

impl Traffic {
    /// Takes in what another adapter counted; `whole` says how its nodes are counted here.
    pub(crate) fn merge(&mut self, other: Self, whole: impl Fn(u32) -> u32) {
        self.flows.merge(other.flows);
        for ((from, to), sent) in other.links {
            self.add_link(whole(from), to, sent);
        }
        self.waits.merge(&other.waits);
    }

    pub(crate) fn add_flows(&mut self, flows: Flows) {
        self.flows.merge(flows);
    }

    pub(crate) fn add_link(&mut self, from: u32, to: NodeId, sent: Count) {
        *self.links.entry((from, to)).or_default() += sent;
    }

    pub(crate) fn add_waits(&mut self, waits: &Waits) {
        self.waits.merge(waits);
    }

    /// By protocol, version and code, up to `end` (nanoseconds).
    pub(super) fn flows(&self, end: u64) -> Vec<Flow> {
        let mut flows = self.flows.0.clone();
        flows.sort_by(|one, other| {
            let key = |flow: &Flow| (flow.protocol.name.clone(), flow.protocol.version, flow.code);
            key(one).cmp(&key(other))
        });
        flows.iter_mut().for_each(|flow| flow.sent = flow.sent.until(end));
        flows
    }

    pub(super) fn links(&self) -> impl Iterator<Item = (u32, NodeId, Count)> + '_ {
        self.links.iter().map(|((from, to), sent)| (*from, *to, *sent))
    }

    pub(super) fn waits(&self) -> &Waits {
        &self.waits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_shards_counted_is_one() {
        let name = |name| Arc::new(ProtocolName::new(name, 1));
        let sent = |messages| Count { messages, bytes: messages, wire_bytes: 2 * messages };
        let [mut one, mut other] = [Flows::default(), Flows::default()];
        one.add(1_000_000, &name("b"), 0, sent(1));
        one.add(2_000_000, &name("a"), 1, sent(2));
        other.add(2_500_000, &name("a"), 1, sent(3));
        let mut all = Traffic::default();
        all.add_flows(one);
        all.add_flows(other);
        let flows = all.flows(4_000_000);
        let told: Vec<_> = flows
            .iter()
            .map(|flow| {
                let counts: Vec<u64> = flow.sent.values().iter().map(|sent| sent.messages).collect();
                (flow.protocol.name.as_str(), flow.code, counts)
            })
            .collect();
        assert_eq!(told, [("a", 1, vec![0, 0, 5, 0, 0]), ("b", 0, vec![0, 1, 0, 0, 0])]);
    }
}
