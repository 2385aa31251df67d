//! Nodes in memory and processes in one network.

use std::time::Duration;

use serde_json::json;
use simnet::topology::Topology;
use simnet::view::{EventFilter, EventKind, NodeSpec, Snapshot};
use simnet::{Fault, NetworkConfig, NetworkError, Notice, Until};
use world::sim::{Link, Pace};

use crate::{Adapter, Net, run, spec};

/// Four nodes that are up, by turns in memory and processes.
async fn four() -> Net {
    let net = Adapter::Mixed.network();
    for (name, adapter) in
        [("sim1", None), ("exec1", Some("exec")), ("sim2", Some("sim")), ("exec2", Some("exec"))]
    {
        let adapter = adapter.map(str::to_owned);
        let spec = NodeSpec { name: Some(name.into()), adapter, ..spec(&["ping-pong", "probe"]) };
        let node = net.create_node(spec.clone()).await.unwrap();
        assert_eq!(
            node.adapter.map(str::to_owned),
            spec.adapter,
            "what was said, and nothing where nothing was"
        );
        net.start_node(name).await.unwrap();
    }
    net
}

async fn connect(net: &Net) {
    net.connect("sim1", "sim2", Until::Done).await.unwrap();
    net.connect("exec1", "exec2", Until::Done).await.unwrap();
}

#[test]
fn each_node_is_its_own_whatever_it_is() {
    run(async {
        let net = four().await;
        for (number, name) in ["sim1", "exec1", "sim2", "exec2"].into_iter().enumerate() {
            net.call(name, "probe_set", vec![json!(number)]).await.unwrap();
        }
        for (number, name) in ["sim1", "exec1", "sim2", "exec2"].into_iter().enumerate() {
            assert_eq!(net.number(name).await, number);
        }
        connect(&net).await;
        net.advance(Duration::from_millis(200)).await.unwrap();
        for (name, peer) in [("sim1", "sim2"), ("exec2", "exec1")] {
            let peers = net.call(name, "admin_peers", vec![]).await.unwrap();
            assert_eq!(peers.as_array().map(Vec::len), Some(1), "{peers}");
            assert_eq!(peers[0]["id"], net.node(peer).await.unwrap().config.id.to_string());
        }
        let tally = net.tally().await.unwrap();
        assert_eq!((tally.nodes_up, tally.conns_up, tally.messages.len()), (4, 2, 2));
        for node in &tally.nodes {
            assert!(node.sent.messages > 0 && node.received.messages > 0, "{node:?}");
        }
        net.crash_node("exec1").await.unwrap();
        net.eventually("the loss", |state| state.nodes()[3].peers == 0).await;
        let up: Vec<bool> = net.nodes().await.unwrap().iter().map(|node| node.up).collect();
        assert_eq!(up, [true, false, true, true]);
        net.remove_node("sim1").await.unwrap();
        net.start_node("exec1").await.unwrap();
        assert_eq!((net.number("exec1").await, net.number("sim2").await), (json!(0), json!(2)));
        net.end().await;
    });
}

#[test]
fn the_other_fabric_is_out_of_reach_and_that_is_said() {
    run(async {
        let net = four().await;
        let id = async |name| net.node(name).await.unwrap().config.id;
        for (one, other, lives) in [
            ("sim1", "exec1", ["in memory", "on the kernel's network"]),
            ("exec2", "sim2", ["on the kernel's network", "in memory"]),
        ] {
            let error = net.connect(one, other, Until::Done).await.unwrap_err();
            assert_eq!(error.fault(), Fault::Conflict);
            let expect = format!(
                "node {} lives {} and node {} {}: nodes in memory connect to nodes in memory, processes to processes",
                id(one).await,
                lives[0],
                id(other).await,
                lives[1]
            );
            assert_eq!(error.to_string(), expect);
        }
        let error = net.build(Topology::Ring).await.unwrap_err();
        assert!(matches!(error, NetworkError::OtherFabric { .. }), "{error}");
        assert!(net.conns().await.unwrap().is_empty(), "nothing of what was refused was asked for");
        // Asked of a node itself, it fails as a dial to nowhere does; nodes there are not known by name either.
        let far = net.node("exec1").await.unwrap();
        let error =
            net.call("sim1", "probe_numberOf", vec![json!(far.config.id.to_string())]).await.unwrap_err();
        assert!(error.to_string().contains("unknown node"), "{error}");
        net.call("sim1", "admin_addPeer", vec![json!(far.info.enode)]).await.unwrap();
        net.advance(Duration::from_millis(300)).await.unwrap();
        assert_eq!(net.call("exec1", "admin_peers", vec![]).await.unwrap(), json!([]));
        net.end().await;
    });
}

#[test]
fn events_of_both_come_in_one_stream() {
    run(async {
        let net = four().await;
        let filter = EventFilter { messages: vec![("ping-pong".into(), Some(vec![0]))] };
        let mut events = net.subscribe(filter, false).await.unwrap();
        connect(&net).await;
        let mut ids = Vec::new();
        for name in ["sim1", "sim2", "exec1", "exec2"] {
            ids.push(net.node(name).await.unwrap().config.id);
        }
        let pairs = [(ids[0], ids[1]), (ids[2], ids[3])];
        let mut seen = [[false; 3]; 2];
        while seen != [[true; 3]; 2] {
            let Some(Notice::Event(event)) = events.recv().await else { panic!("an event") };
            match &event.kind {
                EventKind::Conn(conn) => {
                    let pair = pairs.iter().position(|pair| *pair == (conn.one, conn.other));
                    seen[pair.expect("one of the two that were asked for")][0] |= conn.up;
                }
                EventKind::Msg { one, other, received, .. } => {
                    let is_pair = |pair: &(_, _)| *pair == (*one, *other) || *pair == (*other, *one);
                    let pair = pairs.iter().position(is_pair).expect("messages stay within a pair");
                    seen[pair][1 + usize::from(*received)] = true;
                }
                EventKind::Node(_) | EventKind::Condition => panic!("{event:?}"),
            }
        }
        net.end().await;
    });
}

#[test]
fn a_snapshot_brings_each_back_as_what_it_was() {
    run(async {
        let net = four().await;
        connect(&net).await;
        net.call("exec2", "probe_set", vec![json!(7)]).await.unwrap();
        let snapshot = net.snapshot(vec![], vec![]).await.unwrap();
        net.reset().await.unwrap();
        net.load(snapshot.clone()).await.unwrap();
        assert_eq!((net.number("exec2").await, net.tally().await.unwrap().conns_up), (json!(7), 2));
        net.connect("sim2", "exec2", Until::Done).await.unwrap_err();
        net.reset().await.unwrap();
        let mut across = snapshot.clone();
        across.conns[0].other = across.nodes[1].spec.id.unwrap();
        refused(&net, across, "snapshot: connection 0: node ").await;
        net.end().await;
        // A network that has no processes makes none.
        let net = Adapter::Sim.network();
        refused(&net, snapshot, "unknown node adapter \"exec\": the nodes of this network are of sim; nodes of several kinds need ")
            .await;
        net.end().await;
    });
}

async fn refused(net: &Net, snapshot: Snapshot, expect: &str) {
    let error = net.load(snapshot).await.unwrap_err();
    assert_eq!(error.fault(), Fault::Invalid);
    assert!(error.to_string().starts_with(expect), "{error}");
    assert!(net.nodes().await.unwrap().is_empty(), "nothing of it was loaded");
}

#[test]
fn time_is_real_for_nodes_in_memory_too() {
    run(async {
        let net = Adapter::Mixed.network();
        net.pair().await;
        for (error, expect) in [
            (
                net.set_pace(Pace::Paused).await.unwrap_err(),
                "mixed-adapter cannot change the pace of real time",
            ),
            (net.step(Duration::from_secs(1)).await.unwrap_err(), "mixed-adapter cannot step real time"),
            (
                net.set_default_link(Link::latency(Duration::from_secs(1))).await.unwrap_err(),
                "mixed-adapter cannot set conditions of links",
            ),
        ] {
            assert_eq!(error.fault(), Fault::Invalid);
            assert!(error.to_string().starts_with(expect), "{error}");
        }
        let clock = net.clock().await.unwrap();
        assert!(!clock.is_virtual);
        // Time passes whether or not anybody waits for it: the nodes ping each other.
        let received = async || {
            let tally = net.tally().await.unwrap();
            tally.messages.iter().map(|count| count.received.messages).sum::<u64>()
        };
        let before = received().await;
        while received().await < before + 3 {
            std::thread::yield_now();
        }
        assert!(net.now().await.unwrap() > clock.now);
        net.end().await;
        for config in [
            NetworkConfig { pace: Pace::Paused, ..NetworkConfig::default() },
            NetworkConfig { pace: Pace::Times(20.0), ..NetworkConfig::default() },
            NetworkConfig { journal: Some("/nowhere/journal".into()), ..NetworkConfig::default() },
        ] {
            let error = Adapter::Mixed.start(config).err().unwrap();
            assert!(matches!(error, NetworkError::Unsupported { .. }), "{error}");
        }
    });
}
