//! Connections: made, counted, dropped, made again; messages over them.

use std::time::Duration;

use simnet::topology::Topology;
use simnet::{Fault, NetworkConfig, Until};

use crate::{Adapter, PATIENCE, on_all_adapters};

on_all_adapters! {
    both_ends_have_the_peer
    a_connection_is_up_again_within_a_second
    a_dialler_finds_a_node_that_comes_back
    a_node_without_room_says_so
    messages_are_counted_at_both_ends
    a_ring_is_a_ring
}

async fn both_ends_have_the_peer(adapter: Adapter) {
    let net = adapter.network();
    let nodes = net.pair().await;
    let conns = net.conns().await.unwrap();
    assert_eq!(conns.len(), 1);
    assert!(conns[0].up && conns[0].one == nodes[0].config.id && conns[0].other == nodes[1].config.id);
    for (node, peer, inbound) in [("node01", &nodes[1], false), ("node02", &nodes[0], true)] {
        let peers = net.call(node, "admin_peers", vec![]).await.unwrap();
        assert_eq!(peers.as_array().map(Vec::len), Some(1));
        assert_eq!(peers[0]["id"], peer.config.id.to_string());
        assert_eq!(peers[0]["network"]["inbound"], inbound);
        assert_eq!(peers[0]["caps"], serde_json::json!(["ping-pong/1"]));
    }
    net.disconnect("node02", "node01", Until::Done).await.unwrap();
    for node in ["node01", "node02"] {
        assert_eq!(net.call(node, "admin_peers", vec![]).await.unwrap(), serde_json::json!([]));
    }
    assert!(!net.conns().await.unwrap()[0].up);
    net.end().await;
}

async fn a_connection_is_up_again_within_a_second(adapter: Adapter) {
    let net = adapter.network();
    net.up(2).await;
    for _ in 0..5 {
        let before = net.now().await.unwrap();
        net.connect("node01", "node02", Until::Done).await.unwrap();
        let took = net.now().await.unwrap() - before;
        assert!(took < Duration::from_secs(1), "{took:?}");
        net.disconnect("node01", "node02", Until::Done).await.unwrap();
    }
    net.end().await;
}

async fn a_dialler_finds_a_node_that_comes_back(adapter: Adapter) {
    let net = adapter.network();
    net.pair().await;
    net.stop_node("node02").await.unwrap();
    net.eventually("the loss", |state| state.nodes()[0].peers == 0).await;
    net.start_node("node02").await.unwrap();
    net.eventually("the connection", |state| state.conns().all(|conn| conn.established())).await;
    net.end().await;
}

async fn a_node_without_room_says_so(adapter: Adapter) {
    let config = NetworkConfig { max_peers: 2, ..NetworkConfig::default() };
    let net = adapter.start(config).unwrap();
    net.up(3).await;
    net.connect("node01", "node02", Until::Done).await.unwrap();
    let error = net.connect("node03", "node02", Until::Done).await.unwrap_err();
    assert_eq!(error.fault(), Fault::Peer);
    assert!(error.to_string().contains("too many peers"), "{error}");
    assert_eq!(net.tally().await.unwrap().conns_up, 1);
    net.end().await;
}

async fn messages_are_counted_at_both_ends(adapter: Adapter) {
    let net = adapter.network();
    net.pair().await;
    let mut tally = net.tally().await.unwrap();
    let deadline = net.now().await.unwrap() + PATIENCE;
    let enough =
        |tally: &simnet::Tally| tally.messages.len() == 2 && tally.messages[1].received.messages >= 4;
    while !enough(&tally) && net.now().await.unwrap() < deadline {
        net.advance(Duration::from_millis(20)).await.unwrap();
        tally = net.tally().await.unwrap();
    }
    let [ping, pong] = &tally.messages[..] else { panic!("{:?}", tally.messages) };
    assert_eq!((ping.protocol.as_str(), ping.version, ping.code, pong.code), ("ping-pong", 1, 0, 1));
    for count in [ping.sent, ping.received, pong.sent, pong.received] {
        // "PING" and "PONG" with the byte that says how long they are, in a frame.
        assert!(count.messages >= 4 && count.bytes == 5 * count.messages, "{count:?}");
        assert!(count.wire_bytes >= 48 * count.messages, "{count:?}");
    }
    let received = |node: &simnet::view::NodeView| node.info.protocols["ping-pong"]["received"].as_u64();
    for node in net.nodes().await.unwrap() {
        assert!(received(&node) >= Some(4), "what a node says of itself is up to date: {:?}", node.info);
    }
    // Stopping takes nothing away.
    net.stop_all().await.unwrap();
    let after = net.tally().await.unwrap();
    assert!(after.messages[0].sent.messages >= ping.sent.messages, "{after:?}");
    net.end().await;
}

async fn a_ring_is_a_ring(adapter: Adapter) {
    let net = adapter.network();
    for _ in 0..6 {
        net.create(&["noop"]).await;
    }
    net.start_all().await.unwrap();
    let ring = net.edges(Topology::Ring).await.unwrap();
    net.connect_all(ring.clone()).await.unwrap();
    assert_eq!(net.verify(ring).await.unwrap(), Ok(()));
    net.end().await;
}
