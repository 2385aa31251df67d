//! Golden frames: a session of a network as the bytes that a watcher is sent, and beside them what the network was then.
//!
//! The page's tests (`api/ui/tests/golden.test.js`) read the same files, fold the frames and hold the outcome against
//! the same picture, so neither end can drift from the other. Where the bytes are meant to change,
//! `P2PSIM_GOLDEN=write cargo test -p api --test it golden` writes them anew.

use serde_json::{Value, json};
use simnet::condition::Text;
use simnet::live::{
    ArrivalRow, Clock, ConnRow, EventRow, Frame, HeatRow, MessageFilter, MessageRow, NewNode, NodeRow,
    NodeStanding, Sample, Stat, Track, Wants, Warning, WarningKind,
};
use simnet::topology::Topology;
use simnet::view::NodeSpec;
use simnet::{Handle, NetworkConfig, Restraint, Until, start};
use std::path::PathBuf;
use std::time::Duration;
use world::sim::{Link, Pace};

/// The directory of the page's tests.
fn place(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("ui/tests/golden").join(name)
}

/// Holds bytes against a golden file, or writes it.
fn golden(name: &str, bytes: &[u8]) {
    let path = place(name);
    if std::env::var("P2PSIM_GOLDEN").is_ok_and(|wish| wish == "write") {
        std::fs::write(&path, bytes).unwrap();
    }
    let kept = std::fs::read(&path).unwrap_or_default();
    assert!(
        kept == bytes,
        "{name} is another: if that is meant, P2PSIM_GOLDEN=write cargo test -p api --test it golden"
    );
}

/// The network as its own fold of the log has it.
async fn picture(net: &Handle) -> Value {
    let picture = net.read(|state| {
        let name = |index: usize| state.nodes()[index].name.as_str();
        let nodes = state.nodes().iter().map(
            |node| json!({ "name": node.name, "up": node.up, "region": state.conditions().region(&node.id) }),
        );
        let up = state.conns().filter(|conn| conn.up);
        let mut conns: Vec<_> = up
            .map(|conn| {
                let mut ends = [name(conn.one), name(conn.other)];
                ends.sort_unstable();
                ends
            })
            .collect();
        conns.sort_unstable();
        json!({ "nodes": nodes.collect::<Vec<_>>(), "conns": conns })
    });
    picture.await.unwrap()
}

/// One network with a watcher, and all that the watcher was sent.
struct Session {
    net: Handle,
    watch: simnet::live::Watch,
    bytes: Vec<u8>,
    pictures: Vec<Value>,
}

impl Session {
    /// Takes a frame, and a picture of the network.
    async fn look(&mut self) {
        let Some(frame) = self.watch.frame().await.unwrap() else { return };
        let (seq, ns) = (frame.seq, frame.clock.now.as_nanos() as u64);
        // How often these come is the wall's business.
        let frame = Frame { stat: None, rates: None, ..frame };
        let encoded = api::live::encode(&frame);
        self.bytes.extend_from_slice(&(encoded.len() as u32).to_le_bytes());
        self.bytes.extend_from_slice(&encoded);
        let arrivals = frame.arrivals.len();
        let of = frame.events.as_ref().map_or(0, |events| events.of);
        let mut picture = picture(&self.net).await;
        picture["frame"] =
            json!({ "whole": frame.whole, "seq": seq, "ns": ns, "arrivals": arrivals, "events": of });
        self.pictures.push(picture);
    }
}

#[tokio::test]
async fn a_session_is_the_frames_that_the_page_s_tests_fold() {
    let link: Text<Link> = "20ms ± 5ms".parse().unwrap();
    let config = NetworkConfig { seed: 5, pace: Pace::Paused, link: link.0, ..NetworkConfig::default() };
    let net = start(config).unwrap();
    let watch = net.watch(None).await.unwrap();
    let wants = Wants { events: true, arrivals: true, ..Wants::default() };
    watch.want(wants, MessageFilter::default()).await.unwrap();
    watch.track(Track::Latest).await.unwrap();
    let mut session = Session { net: net.clone(), watch, bytes: Vec::new(), pictures: Vec::new() };
    for number in 1..=8 {
        let services = vec![if number < 8 { "gossip" } else { "noop" }.to_owned()];
        let name = Some(format!("node{number:02}"));
        net.create_node(NodeSpec { name, services, ..NodeSpec::default() }).await.unwrap();
    }
    session.look().await;
    net.start_all().await.unwrap();
    for node in ["node01", "node02", "node03"] {
        net.set_region(node, Some(1)).await.unwrap();
    }
    session.look().await;
    for (one, other) in ring(&net).await {
        net.connect(&one.to_string(), &other.to_string(), Until::Asked).await.unwrap();
    }
    net.step_until("the ring", Duration::from_secs(10), |state| state.conns_up() == 7).await.unwrap();
    session.look().await;
    net.call("node03", "gossip_publish", vec![]).await.unwrap();
    for _ in 0..6 {
        net.step(Duration::from_millis(20)).await.unwrap();
        session.look().await;
    }
    net.impose(Restraint::cut(net.select(vec!["region:1".into()]).await.unwrap(), None)).await.unwrap();
    net.crash_node("node05").await.unwrap();
    net.stop_node("node08").await.unwrap();
    net.step(Duration::from_secs(40)).await.unwrap();
    session.look().await;
    net.lift_all().await.unwrap();
    net.start_node("node05").await.unwrap();
    net.remove_node("node08").await.unwrap();
    let late = NodeSpec { name: Some("late".into()), services: vec!["noop".into()], ..NodeSpec::default() };
    net.create_node(late).await.unwrap();
    net.step(Duration::from_secs(60)).await.unwrap();
    session.look().await;
    net.reset().await.unwrap();
    session.look().await;
    assert!(session.pictures.iter().any(|picture| picture["frame"]["arrivals"] != 0), "the item travelled");
    golden("session.bin", &session.bytes);
    let pictures = serde_json::to_string_pretty(&session.pictures).unwrap() + "\n";
    golden("session.json", pictures.as_bytes());
}

/// The pairs of a ring of the gossip nodes.
async fn ring(net: &Handle) -> Vec<(devp2p::NodeId, devp2p::NodeId)> {
    let ids = net.select(vec!["service:gossip".into()]).await.unwrap();
    let edges = Topology::Ring.edges(ids.len(), &mut world::Entropy::derive(0, 0, 0, "ring")).unwrap();
    edges.into_iter().map(|(one, other)| (ids[one], ids[other])).collect()
}

/// A frame with rows of every kind.
fn everything() -> Frame {
    let event = |seq: u64, kind, text: &str, a, control| EventRow {
        seq,
        time: 1_500_000_000,
        kind,
        text: text.into(),
        a,
        b: None,
        control,
    };
    let message = MessageRow {
        time: 1_400_000_000,
        from: 1,
        to: 0,
        protocol: "gossip/1".into(),
        code: 2,
        received: true,
        size: 300,
    };
    let arrival = |node, from, duplicate| ArrivalRow {
        item: 1 << 50,
        time: 1_250_000_000,
        node,
        from,
        hops: 3,
        duplicate,
    };
    Frame {
        whole: true,
        seq: 5_000_000_000,
        clock: Clock { now: Duration::from_millis(12_400), pace: Pace::Times(1.5) },
        nodes: vec![
            NodeRow { index: 0, standing: NodeStanding::Up, region: None, group: 0 },
            NodeRow { index: 1, standing: NodeStanding::Down, region: Some(3), group: 1 },
        ],
        new: vec![
            NewNode { id: devp2p::NodeId::from_bytes([1; 32]), name: "node01".into() },
            NewNode { id: devp2p::NodeId::from_bytes([2; 32]), name: "nodé02".into() },
        ],
        groups: Some(vec!["gossip".into(), "noop".into()]),
        conns: vec![ConnRow { a: 1, b: 0, up: true }],
        rates: Some([("gossip/1".to_owned(), [(2, [1, 2, 3, 4])].into())].into()),
        stat: Some(Stat {
            nodes: 2,
            up: 1,
            conns: 1,
            drops: 4,
            failed_dials: 5,
            messages: 6,
            missed: 7,
            restraints: 8,
            warnings: vec![Warning { kind: WarningKind::Isolated, text: "1 node".into(), nodes: vec![0] }],
        }),
        heat: vec![HeatRow { a: 0, b: 1, messages: 7, bytes: 900 }],
        messages: Some(Sample { of: 9, shown: vec![message] }),
        events: Some(Sample { of: 4, shown: vec![event(8, "node", "up", Some(0), false)] }),
        marks: vec![event(9, "asked", "reset", None, true)],
        arrivals: vec![arrival(1, Some(0), false), arrival(0, None, true)],
    }
}

#[test]
fn every_section_has_the_bytes_that_the_page_s_tests_read() {
    golden("everything.bin", &api::live::encode(&everything()));
}
