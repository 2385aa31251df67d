//! Between the JSON shapes and the network's own types.

use super::{
    Churn, Clock, Conn, Event, Msg, Network, Node, NodeConfig, NodeInfo, NodeSnapshot, Ports, Snapshot,
    SnapshotError,
};
use devp2p::{NodeId, SecretKey};
use simnet::ClockView;
use simnet::churn::ChurnView;
use simnet::condition::Text;
use simnet::view::{self, ConnView, EventKind, NetworkView, NodeSpec, NodeView};
use std::time::{Duration, SystemTime};

/// What a node says of itself, under the id and the name the network knows it by: the stack below goes by the name of
/// its client.
fn node_info(info: &node::NodeInfo, id: NodeId, name: &str) -> NodeInfo {
    NodeInfo {
        id,
        name: name.to_owned(),
        enode: info.enode.clone(),
        enr: info.enr.clone(),
        ip: info.ip.clone(),
        ports: Ports { discovery: info.ports.discovery, listener: info.ports.listener },
        listen_addr: info.listen_addr.clone(),
        protocols: info.protocols.clone(),
    }
}

/// Without the private key, which leaves a network only in a snapshot.
impl From<&node::NodeConfig> for NodeConfig {
    fn from(config: &node::NodeConfig) -> Self {
        Self {
            id: Some(config.id),
            private_key: None,
            name: config.name.clone(),
            services: config.services.clone(),
            properties: config.properties.clone(),
            enable_msg_events: Some(config.enable_msg_events),
            port: config.port,
            logfile: config.log_file.clone(),
            log_verbosity: config.log_verbosity,
            settings: config.settings.clone(),
            adapter: String::new(),
        }
    }
}

impl From<&NodeView> for NodeInfo {
    fn from(node: &NodeView) -> Self {
        node_info(&node.info, node.config.id, &node.config.name)
    }
}

impl From<&NodeView> for Node {
    fn from(node: &NodeView) -> Self {
        let adapter = node.adapter.unwrap_or_default().to_owned();
        let config = NodeConfig { adapter, ..(&node.config).into() };
        Self { info: Some(node.into()), config: Some(config), up: node.up }
    }
}

impl From<ClockView> for Clock {
    fn from(clock: ClockView) -> Self {
        let (time, ns) = (Text(clock.now).to_string(), clock.now.as_nanos() as u64);
        Self { time, ns, pace: clock.pace.to_string(), is_virtual: clock.is_virtual }
    }
}

impl From<ChurnView> for Churn {
    fn from(view: ChurnView) -> Self {
        let ChurnView { churn, left, away } = view;
        let (rate, down) = (churn.rate.to_string(), churn.down.to_string());
        Self { rate, down, nodes: churn.nodes, crash: churn.crash, seed: churn.seed, left, away }
    }
}

impl From<ConnView> for Conn {
    fn from(conn: ConnView) -> Self {
        Self { one: conn.one, other: conn.other, up: conn.up }
    }
}

impl From<&NetworkView> for Network {
    fn from(network: &NetworkView) -> Self {
        Self {
            id: network.id.clone(),
            default_service: network.default_service.clone(),
            nodes: network.nodes.iter().map(Node::from).collect(),
            conns: network.conns.iter().copied().map(Conn::from).collect(),
        }
    }
}

impl From<&view::Event> for Event {
    fn from(event: &view::Event) -> Self {
        let (mut node, mut conn, mut msg) = (None, None, None);
        let kind = match &event.kind {
            EventKind::Node(view) => {
                node = Some(Node::from(&**view));
                "node"
            }
            EventKind::Conn(view) => {
                conn = Some(Conn::from(*view));
                "conn"
            }
            EventKind::Condition => "condition",
            EventKind::Msg { one, other, protocol, code, received, size } => {
                msg = Some(Msg {
                    one: *one,
                    other: *other,
                    protocol: protocol.to_string(),
                    code: *code,
                    received: *received,
                    size: *size,
                });
                "msg"
            }
        };
        Self {
            kind: kind.to_owned(),
            time: rfc3339(event.calendar),
            control: event.control,
            node,
            conn,
            msg,
            data: event.data.clone(),
        }
    }
}

impl From<NodeConfig> for NodeSpec {
    fn from(config: NodeConfig) -> Self {
        Self {
            id: config.id,
            key: config.private_key,
            name: Some(config.name).filter(|name| !name.is_empty()),
            services: config.services,
            properties: config.properties,
            enable_msg_events: config.enable_msg_events,
            port: Some(config.port).filter(|port| *port != 0),
            log_file: config.logfile,
            log_verbosity: config.log_verbosity,
            settings: config.settings,
            adapter: Some(config.adapter).filter(|name| !name.is_empty()),
        }
    }
}

impl From<&NodeSpec> for NodeConfig {
    fn from(spec: &NodeSpec) -> Self {
        Self {
            id: spec.id,
            private_key: spec.key.clone(),
            name: spec.name.clone().unwrap_or_default(),
            services: spec.services.clone(),
            properties: spec.properties.clone(),
            enable_msg_events: spec.enable_msg_events,
            port: spec.port.unwrap_or_default(),
            logfile: spec.log_file.clone(),
            log_verbosity: spec.log_verbosity,
            settings: spec.settings.clone(),
            adapter: spec.adapter.clone().unwrap_or_default(),
        }
    }
}

impl From<&view::Snapshot> for Snapshot {
    fn from(snapshot: &view::Snapshot) -> Self {
        let node = |node: &view::NodeSnapshot| {
            let config = NodeConfig::from(&node.spec);
            let id = config.id.or_else(|| config.private_key.as_ref().map(SecretKey::id));
            let info = node.info.as_ref().zip(id).map(|(info, id)| node_info(info, id, &config.name));
            NodeSnapshot {
                node: Node { info, config: Some(config), up: node.up },
                snapshots: node.services.clone(),
            }
        };
        Self {
            nodes: snapshot.nodes.iter().map(node).collect(),
            conns: snapshot.conns.iter().copied().map(Conn::from).collect(),
        }
    }
}

impl TryFrom<Snapshot> for view::Snapshot {
    type Error = SnapshotError;

    fn try_from(snapshot: Snapshot) -> Result<Self, SnapshotError> {
        let node = |(index, node): (usize, NodeSnapshot)| {
            let config = node.node.config.ok_or(SnapshotError::NoConfig(index))?;
            Ok(view::NodeSnapshot {
                spec: config.into(),
                up: node.node.up,
                info: None,
                services: node.snapshots,
            })
        };
        Ok(Self {
            nodes: snapshot.nodes.into_iter().enumerate().map(node).collect::<Result<_, _>>()?,
            conns: snapshot
                .conns
                .into_iter()
                .map(|conn| ConnView { one: conn.one, other: conn.other, up: true })
                .collect(),
        })
    }
}

/// The last second that RFC 3339 can tell: 9999-12-31T23:59:59Z.
const LAST_SECOND: u64 = 253_402_300_799;

/// Calendar time as Go's `time.RFC3339Nano` in UTC: nine digits of a second at most, without zeros at the end. What
/// lies before 1970 or after 9999 is shown as the nearest moment that does not.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let since = since.min(Duration::from_secs(LAST_SECOND));
    let text = humantime::format_rfc3339_nanos(SystemTime::UNIX_EPOCH + since).to_string();
    let trimmed = text.trim_end_matches('Z').trim_end_matches('0').trim_end_matches('.');
    format!("{trimmed}Z")
}
