//! Create, start, connect, disconnect, stop, and everything that is refused.

use crate::{config, network, nodes_up, run, s};
use devp2p::SecretKey;
use serde_json::json;
use simnet::topology::Topology;
use simnet::view::NodeSpec;
use simnet::{Fault, NetworkConfig, NetworkError, Until, start};
use std::time::Duration;
use world::sim::Pace;

#[test]
fn nodes_come_up_connect_talk_and_go_down() {
    run(async {
        let net = network(1);
        nodes_up(&net, 2).await;
        let node = net.connect("node01", "node02", Until::Done).await.unwrap();
        assert!(node.info.enode.starts_with("enode://"), "{}", node.info.enode);
        let conns = net.conns().await.unwrap();
        assert_eq!(conns.len(), 1);
        assert!(conns[0].up);
        net.advance(s(61)).await.unwrap();
        let tally = net.tally().await.unwrap();
        let of = |code| {
            tally.messages.iter().find(|m| m.protocol == "ping-pong" && m.code == code).expect("counted")
        };
        // Each end pings every 10 s, from 10 s after it got the peer; all but what is under way is answered.
        assert_eq!((of(0).sent.messages, of(1).sent.messages), (12, 12));
        assert_eq!((of(0).received.messages, of(1).received.messages), (12, 12));
        net.disconnect("node02", "node01", Until::Done).await.unwrap();
        assert_eq!(net.tally().await.unwrap().conns_up, 0);
        net.stop_all().await.unwrap();
        assert!(net.nodes().await.unwrap().iter().all(|node| !node.up));
        net.shut_down().await.unwrap();
    });
}

#[test]
fn a_connection_is_up_again_at_once_after_it_was_dropped() {
    run(async {
        let net = network(1);
        nodes_up(&net, 2).await;
        for _ in 0..5 {
            let before = net.now().await.unwrap();
            net.connect("node01", "node02", Until::Done).await.unwrap();
            assert!(net.now().await.unwrap() - before < s(1));
            net.disconnect("node01", "node02", Until::Done).await.unwrap();
        }
    });
}

#[test]
fn a_pair_is_not_asked_again_within_the_dial_ban() {
    run(async {
        // The original's.
        let dial_ban = Duration::from_millis(200);
        let net = start(NetworkConfig { dial_ban, ..config(1) }).unwrap();
        nodes_up(&net, 2).await;
        let asked = net.now().await.unwrap();
        net.connect("node01", "node02", Until::Done).await.unwrap();
        net.disconnect("node01", "node02", Until::Done).await.unwrap();
        // Whoever asks, in either order.
        for (one, other) in [("node01", "node02"), ("node02", "node01")] {
            let error = net.connect(one, other, Until::Done).await.unwrap_err();
            assert!(matches!(error, NetworkError::RecentlyAttempted(..)), "{error}");
            assert_eq!(error.fault(), Fault::Conflict);
        }
        let since = net.now().await.unwrap() - asked;
        net.advance(dial_ban - since - Duration::from_nanos(1)).await.unwrap();
        net.connect("node01", "node02", Until::Done).await.unwrap_err();
        net.advance(Duration::from_nanos(1)).await.unwrap();
        net.connect("node01", "node02", Until::Done).await.unwrap();
    });
}

#[test]
fn a_stopped_node_starts_again_with_fresh_services() {
    run(async {
        let net = network(1);
        nodes_up(&net, 2).await;
        net.connect("node01", "node02", Until::Done).await.unwrap();
        net.advance(s(25)).await.unwrap();
        let received = |node: simnet::view::NodeView| node.info.protocols["ping-pong"]["received"].clone();
        assert!(received(net.node("node02").await.unwrap()).as_u64() > Some(0));
        net.stop_node("node02").await.unwrap();
        let down = net.node("node02").await.unwrap();
        assert!(!down.up && down.info.enode.starts_with("enode://"), "the same address, up or down");
        let up = net.start_node("node02").await.unwrap();
        assert_eq!(received(up), json!(0));
        // node01 was asked to connect and still wants to: it dials again by itself.
        net.until("the connection", s(60), |state| state.conns_up() == 1).await.unwrap();
    });
}

#[test]
fn every_refusal_says_what_and_whose_fault() {
    run(async {
        let net = network(1);
        nodes_up(&net, 2).await;
        let key = SecretKey::from_bytes(&[7; 32]).unwrap();
        let spec = NodeSpec { key: Some(key), name: Some("down".into()), ..NodeSpec::default() };
        net.create_node(spec.clone()).await.unwrap();
        let again = NodeSpec { name: Some("other".into()), ..spec };
        let named = NodeSpec { name: Some("node01".into()), ..NodeSpec::default() };
        let unknown = NodeSpec { services: vec!["nope".into()], ..NodeSpec::default() };
        net.connect("node01", "node02", Until::Done).await.unwrap();
        for (error, fault, text) in [
            (net.create_node(again).await.unwrap_err(), Fault::Conflict, "already exists"),
            (
                net.create_node(named).await.unwrap_err(),
                Fault::Conflict,
                "node with name \"node01\" already exists",
            ),
            (net.create_node(unknown).await.unwrap_err(), Fault::Invalid, "unknown node service \"nope\""),
            (net.start_node("nosuch").await.unwrap_err(), Fault::NotFound, "node nosuch does not exist"),
            (net.start_node("node01").await.unwrap_err(), Fault::Conflict, "already up"),
            (net.stop_node("down").await.unwrap_err(), Fault::Conflict, "already down"),
            (
                net.connect("node01", "node01", Until::Done).await.unwrap_err(),
                Fault::Invalid,
                "connect to self",
            ),
            (
                net.connect("node02", "node01", Until::Done).await.unwrap_err(),
                Fault::Conflict,
                "already connected",
            ),
            (
                net.connect("node01", "down", Until::Done).await.unwrap_err(),
                Fault::Conflict,
                "nodes not up: other",
            ),
            (
                net.connect("down", "node01", Until::Done).await.unwrap_err(),
                Fault::Conflict,
                "nodes not up: one",
            ),
            (
                net.disconnect("node01", "down", Until::Done).await.unwrap_err(),
                Fault::Conflict,
                "does not exist",
            ),
        ] {
            assert_eq!(error.fault(), fault, "{error}");
            assert!(error.to_string().contains(text), "{error}");
        }
        net.disconnect("node01", "node02", Until::Done).await.unwrap();
        let error = net.disconnect("node01", "node02", Until::Done).await.unwrap_err();
        assert!(error.to_string().contains("already disconnected"), "{error}");
        assert_eq!(net.conns().await.unwrap().len(), 1, "refused connections leave nothing behind");
    });
}

#[test]
fn a_connection_that_cannot_be_says_why() {
    run(async {
        let net = start(NetworkConfig { max_peers: 2, ..crate::config(1) }).unwrap();
        nodes_up(&net, 3).await;
        net.connect("node01", "node02", Until::Done).await.unwrap();
        let error = net.connect("node03", "node02", Until::Done).await.unwrap_err();
        assert_eq!(error.fault(), Fault::Peer);
        assert!(error.to_string().contains("too many peers"), "{error}");
    });
}

#[test]
fn paused_time_refuses_what_needs_time_and_nothing_else() {
    run(async {
        let net = start(NetworkConfig { pace: Pace::Paused, ..crate::config(1) }).unwrap();
        nodes_up(&net, 2).await;
        let error = net.connect("node01", "node02", Until::Done).await.unwrap_err();
        assert_eq!((error.fault(), error.to_string().as_str()), (Fault::Conflict, "clock is paused"));
        assert_eq!(net.conns().await.unwrap(), [], "and has not been asked");
        net.connect("node01", "node02", Until::Asked).await.unwrap();
        assert_eq!(net.advance(s(1)).await, Err(NetworkError::ClockPaused));
        net.set_pace(Pace::Max).await.unwrap();
        net.until("the connection", s(5), |state| state.conns_up() == 1).await.unwrap();
    });
}

#[test]
fn what_does_not_happen_is_told_in_simulated_seconds() {
    run(async {
        let net = network(1);
        nodes_up(&net, 1).await;
        let error = net.until("a miracle", s(7), |_| false).await.unwrap_err();
        assert_eq!(error.to_string(), "a miracle did not happen within 7s of simulated time");
        assert_eq!(error.fault(), Fault::Time);
        assert!(net.now().await.unwrap() >= s(7));
    });
}

#[test]
fn rpc_calls_and_conversations_reach_a_node() {
    run(async {
        let net = network(1);
        nodes_up(&net, 2).await;
        net.connect("node01", "node02", Until::Done).await.unwrap();
        let peers = net.call("node01", "admin_peers", vec![]).await.unwrap();
        assert_eq!(peers.as_array().unwrap().len(), 1);
        let error = net.call("node01", "admin_nonsense", vec![]).await.unwrap_err();
        assert!(error.to_string().contains("does not exist"), "{error}");
        let mut line = net.rpc("node01").await.unwrap();
        line.send(r#"{"jsonrpc":"2.0","id":1,"method":"admin_nodeInfo"}"#.into()).await.unwrap();
        let answer: serde_json::Value = serde_json::from_str(&line.recv().await.unwrap()).unwrap();
        assert_eq!(answer["result"]["id"], net.node("node01").await.unwrap().info.id);
        net.stop_node("node01").await.unwrap();
        assert_eq!(line.recv().await, None, "a stopped node hangs up");
        assert!(net.rpc("node01").await.is_err());
    });
}

#[test]
fn a_reset_forgets_all_and_frees_every_name_and_id() {
    run(async {
        let net = network(1);
        nodes_up(&net, 3).await;
        net.connect("node01", "node02", Until::Done).await.unwrap();
        let snapshot = net.snapshot(vec![], vec![]).await.unwrap();
        net.reset().await.unwrap();
        let view = net.view().await.unwrap();
        assert!(view.nodes.is_empty() && view.conns.is_empty());
        net.load(snapshot).await.unwrap();
        assert_eq!(net.tally().await.unwrap().conns_up, 1);
    });
}

#[test]
fn a_removed_node_is_gone_and_its_name_is_free() {
    run(async {
        let net = network(1);
        nodes_up(&net, 3).await;
        assert_eq!(net.build(Topology::Ring).await.unwrap(), 3);
        assert_eq!(net.build(Topology::Full).await.unwrap(), 3, "what is there stays");
        let removed = net.node("node01").await.unwrap().config;
        net.remove_node("node01").await.unwrap();
        assert_eq!(net.node("node01").await.unwrap_err().fault(), Fault::NotFound);
        assert_eq!(net.remove_node("node01").await.unwrap_err().fault(), Fault::NotFound);
        net.advance(s(60)).await.unwrap();
        let tally = net.tally().await.unwrap();
        assert_eq!((tally.nodes_up, tally.conns_up, tally.nodes.len()), (2, 1, 2));
        assert!(tally.nodes.iter().all(|node| node.peers == 1 && node.sent.messages > 0), "{tally:?}");
        let spec =
            NodeSpec { name: Some("node01".into()), key: Some(removed.key.clone()), ..Default::default() };
        let again = net.create_node(spec).await.unwrap().config;
        assert_eq!(again.id, removed.id);
        net.start_node("node01").await.unwrap();
        assert_eq!(net.build(Topology::Star { center: 2 }).await.unwrap(), 2);
        assert_eq!(net.tally().await.unwrap().conns_up, 3);
        net.stop_node("node02").await.unwrap();
        net.remove_node("node02").await.unwrap();
        assert_eq!(net.tally().await.unwrap().conns_up, 1);
        let error = net.build(Topology::Star { center: 2 }).await.unwrap_err();
        assert_eq!(error.fault(), Fault::Invalid);
        net.shut_down().await.unwrap();
    });
}
