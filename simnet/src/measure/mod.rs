//! Measurements: what a network did, in numbers. A fold of the log, beside counts that adapters keep.
//!
//! Begun by [`NetworkConfig::measure`](crate::NetworkConfig::measure) or by the first who asks
//! ([`Handle::measurements`](crate::Handle::measurements)), it costs nothing before. The log and its digest do not depend
//! on it, nor does it on the number of threads.
//!
//! | quantity | one sample for each | unit |
//! |---|---|---|
//! | `PROTOCOL/arrival` | node that an item reached: time since its publication | s |
//! | `PROTOCOL/hops` | the same: links the first copy had crossed | links |
//! | `PROTOCOL/reach` | item: of the nodes that were up at its publication, those it reached | share |
//! | `PROTOCOL/duplicates` | node: copies beyond the first, by item that it got | copies |
//! | `PROTOCOL/messages`, `PROTOCOL/bytes` | node: messages it sent, bytes of their frames | messages, B |
//! | `PROTOCOL/NAME` | call of `Context::observe`; names above win | |
//! | `degree` | node that is up: its peers | peers |
//! | `components` | one: parts that do not reach each other | |
//! | `component-size` | part: nodes in it | nodes |
//! | `path-length` | pair of nodes that reach each other, from 64 nodes at most: links on the shortest way | links |
//! | `link-messages`, `link-bytes` | link that was used, each way for itself | messages, B |
//! | `queueing-delay` | packet over a line of limited bandwidth: time before its first byte was sent | s |
//! | `churn` | one: how often a node goes down in an hour that it is up | 1/h |
//!
//! Whoever publishes an item counts in its reach and has no arrival. Those of a network's shape are of the moment at
//! which they are read, all others of the time since measuring began.
//!
//! | module | holds |
//! |---|---|
//! | `quantity` | samples, and what they come to |
//! | `bins` | numbers by simulated time |
//! | `spread` | how items spread |
//! | `standing` | nodes and connections over time, and what was done to them |
//! | `shape` | degrees, parts, distances |
//! | `traffic` | what adapters count: messages by time and by link, waiting for lines |

mod bins;
mod quantity;
mod shape;
mod spread;
mod standing;
mod traffic;

pub use bins::Bins;
pub use quantity::Quantity;
pub(crate) use shape::parts;
pub use traffic::{Flow, Flows, Traffic};

use crate::record::{Kind, Record};
use crate::state::{Change, State};
use crate::tally::{Count, NodeCounts};
use devp2p::NodeId;
use quantity::Samples;
use spread::{Copy, Spread};
use standing::Standing;
use std::collections::BTreeMap;
use std::time::Duration;
use world::Entropy;

/// Links that are told one by one: the busiest.
const LINKS: usize = 100;

/// How often things happened since measuring began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Nodes that came up.
    pub ups: u64,
    /// Nodes that went down.
    pub downs: u64,
    /// Connections that came up.
    pub connected: u64,
    /// Connections that went down.
    pub disconnected: u64,
    /// Peers lost, seen from either end.
    pub drops: u64,
    /// Connections that were asked for and did not come to be.
    pub failed_dials: u64,
    /// Items published.
    pub published: u64,
}

/// Something that was done to the network's conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub at: Duration,
    /// What; the first of them, if there were more.
    pub text: String,
    /// How many of its kind at that instant.
    pub times: u64,
}

/// What was sent over a link, one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkCount {
    /// The name of the node that sent.
    pub from: String,
    /// The name of the node it sent to.
    pub to: String,
    /// What it sent.
    pub sent: Count,
}

/// The shape of a network at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    /// The nodes there are, in the order of creation: name, and whether it is up.
    pub nodes: Vec<(String, bool)>,
    /// The connections that are up, by the places of their ends.
    pub conns: Vec<(u32, u32)>,
}

impl Graph {
    fn of(state: &State) -> Self {
        let up = state.conns().filter(|conn| conn.up);
        Self {
            nodes: state.nodes().iter().map(|node| (node.name.clone(), node.up)).collect(),
            conns: up.map(|conn| (conn.one as u32, conn.other as u32)).collect(),
        }
    }
}

/// Nodes, connections and what became of them, by simulated time.
#[derive(Clone, Debug, Default)]
pub struct Course {
    /// Nodes that came up less those that went down.
    pub nodes: Bins<i64>,
    /// The same of connections.
    pub conns: Bins<i64>,
    /// Peers lost.
    pub drops: Bins<u64>,
    /// First arrivals of items.
    pub arrivals: Bins<u64>,
    /// Nodes asked to start.
    pub started: Bins<u64>,
    /// Nodes asked to stop.
    pub stopped: Bins<u64>,
    /// Nodes that were crashed.
    pub crashed: Bins<u64>,
}

/// What a network did, in numbers. See the module.
#[derive(Clone, Debug, Default)]
pub struct Measurements {
    quantities: BTreeMap<String, Quantity>,
    /// When measuring began, in simulated time.
    pub since: Duration,
    /// When this was read, in simulated time.
    pub until: Duration,
    /// How often things happened.
    pub counts: Counts,
    /// Nodes and connections by time.
    pub course: Course,
    /// Messages by protocol, version, code and time.
    pub flows: Vec<Flow>,
    /// The busiest links, by bytes.
    pub links: Vec<LinkCount>,
    /// The shape at the time of reading.
    pub graph: Graph,
    /// Packets that found no room before a line.
    pub packets_dropped: u64,
    /// Changes of conditions, in order.
    pub marks: Vec<Mark>,
    /// Changes beyond those told.
    pub marks_beyond: u64,
}

impl Measurements {
    /// A quantity, by name; nothing if nobody measured it.
    pub fn quantity(&self, name: &str) -> Option<&Quantity> {
        self.quantities.get(name)
    }

    /// The names of all quantities, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.quantities.keys().map(String::as_str)
    }

    /// All quantities with their names, in alphabetical order.
    pub fn quantities(&self) -> impl Iterator<Item = (&str, &Quantity)> {
        self.quantities.iter().map(|(name, quantity)| (name.as_str(), quantity))
    }
}

/// What is kept of the log while somebody measures.
#[derive(Debug)]
pub(crate) struct Meter {
    seed: u64,
    since: u64,
    standing: Standing,
    spreads: BTreeMap<String, Spread>,
    arrivals: Bins<u64>,
    observed: BTreeMap<String, BTreeMap<String, Samples>>,
}

/// What measurements are read from, beside what is kept here.
pub(crate) struct Present<'a> {
    pub(crate) state: &'a State,
    /// Nanoseconds.
    pub(crate) now: u64,
    pub(crate) counts: Vec<NodeCounts>,
    pub(crate) traffic: Traffic,
}

impl Meter {
    /// Begins to measure.
    pub(crate) fn new(state: &State, now: u64, seed: u64) -> Self {
        Self {
            seed,
            since: now,
            standing: Standing::new(state, now),
            spreads: BTreeMap::new(),
            arrivals: Bins::default(),
            observed: BTreeMap::new(),
        }
    }

    /// Takes in a record and what it changed.
    pub(crate) fn note(&mut self, record: &Record, changes: &[Change]) {
        match &record.kind {
            Kind::Message(_) => {}
            Kind::Arrival { protocol, item, from, hops } => {
                let Some(node) = record.origin.index() else { return };
                let (time, node, published) = (record.time, node as u32, from.is_none());
                let copy = Copy { time, node, item: *item, hops: *hops, published };
                let spread = entry(&mut self.spreads, &protocol.name);
                if spread.note(copy, &self.standing.up) && !published {
                    self.arrivals.add(time, 1);
                }
            }
            Kind::Metric { protocol, name, value } => {
                entry(entry(&mut self.observed, protocol), name).add(*value);
            }
            _ => self.standing.note(record, changes),
        }
    }

    /// What it comes to by now.
    pub(crate) fn read(&self, present: &Present<'_>) -> Measurements {
        let Self { standing, .. } = self;
        let Present { state, now, traffic, .. } = present;
        let published = self.spreads.values().map(Spread::published).sum();
        let (links, link_quantities) = links(state, traffic);
        let mut all = Measurements {
            quantities: self.quantities(present),
            since: Duration::from_nanos(self.since),
            until: Duration::from_nanos(*now),
            counts: Counts { published, ..standing.counts },
            course: Course {
                nodes: standing.nodes.until(*now),
                conns: standing.conns.until(*now),
                drops: standing.drops.until(*now),
                arrivals: self.arrivals.until(*now),
                started: standing.started.until(*now),
                stopped: standing.stopped.until(*now),
                crashed: standing.crashed.until(*now),
            },
            flows: traffic.flows(*now),
            links,
            graph: Graph::of(state),
            packets_dropped: traffic.waits().dropped(),
            marks: standing.marks.clone(),
            marks_beyond: standing.marks_beyond,
        };
        for (name, quantity) in link_quantities {
            all.quantities.insert(name.to_owned(), quantity);
        }
        all
    }

    fn quantities(&self, present: &Present<'_>) -> BTreeMap<String, Quantity> {
        let mut all = BTreeMap::new();
        for (protocol, names) in &self.observed {
            for (name, samples) in names {
                all.insert(format!("{protocol}/{name}"), samples.finish(""));
            }
        }
        for (protocol, spread) in &self.spreads {
            let named = spread.quantities().into_iter();
            all.extend(named.map(|(name, quantity)| (format!("{protocol}/{name}"), quantity)));
        }
        all.extend(sent_by_node(&present.counts));
        let mut entropy = Entropy::derive(self.seed, u32::MAX, 0, "distances");
        let shape = shape::quantities(present.state, &mut entropy).into_iter();
        all.extend(shape.map(|(name, quantity)| (name.to_owned(), quantity)));
        if let Some(churn) = self.standing.churn(present.now) {
            all.insert("churn".to_owned(), Quantity::single("1/h", churn));
        }
        let waits = present.traffic.waits();
        if waits.packets() > 0 {
            let mut delay = Samples::default();
            waits.waited().for_each(|(nanos, packets)| delay.add_many(nanos as f64 / 1e9, packets));
            all.insert("queueing-delay".to_owned(), delay.finish("s"));
        }
        all
    }
}

/// What is kept under a name, made if there is nothing yet.
fn entry<'a, T: Default>(map: &'a mut BTreeMap<String, T>, name: &str) -> &'a mut T {
    if !map.contains_key(name) {
        map.insert(name.to_owned(), T::default());
    }
    map.get_mut(name).expect("just put there")
}

/// What each node sent, by protocol whatever its version.
fn sent_by_node(counts: &[NodeCounts]) -> BTreeMap<String, Quantity> {
    let mut samples = BTreeMap::<&str, [Samples; 2]>::new();
    for node in counts {
        let mut sums = BTreeMap::<&str, Count>::new();
        for protocol in &node.protocols {
            let sum = sums.entry(&protocol.name.name).or_default();
            protocol.codes.iter().for_each(|[sent, _]| *sum += *sent);
        }
        for (name, sent) in sums {
            let [messages, bytes] = samples.entry(name).or_default();
            messages.add(sent.messages as f64);
            bytes.add(sent.wire_bytes as f64);
        }
    }
    let named = samples.into_iter().flat_map(|(name, [messages, bytes])| {
        [
            (format!("{name}/messages"), messages.finish("messages")),
            (format!("{name}/bytes"), bytes.finish("B")),
        ]
    });
    named.collect()
}

/// The busiest links, and what all of them come to.
fn links(state: &State, traffic: &Traffic) -> (Vec<LinkCount>, [(&'static str, Quantity); 2]) {
    let [mut messages, mut bytes] = [Samples::default(), Samples::default()];
    let mut all: Vec<(u32, NodeId, Count)> = traffic.links().collect();
    for (_, _, sent) in &all {
        messages.add(sent.messages as f64);
        bytes.add(sent.wire_bytes as f64);
    }
    all.sort_by_key(|(from, to, sent)| (std::cmp::Reverse(sent.wire_bytes), *from, *to));
    let names: BTreeMap<u32, &str> =
        state.nodes().iter().map(|node| (node.origin() as u32, node.name.as_str())).collect();
    let named = all.into_iter().filter_map(|(from, to, sent)| {
        let (from, to) = ((*names.get(&from)?).to_owned(), state.node(&to)?.name.clone());
        Some(LinkCount { from, to, sent })
    });
    let quantities = [("link-messages", messages.finish("messages")), ("link-bytes", bytes.finish("B"))];
    (named.take(LINKS).collect(), quantities)
}
