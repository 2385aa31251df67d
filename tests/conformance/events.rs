//! What subscribers hear, and in which order.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use simnet::view::{EventFilter, EventKind, NodeSpec};
use simnet::{Notice, Subscription, Until};

use crate::{Adapter, on_all_adapters, spec};

on_all_adapters! {
    the_story_of_a_connection
    the_present_comes_first
    an_end_is_told_at_both_ends
    an_end_has_the_same_error_everywhere
    messages_are_told_if_they_are_named
    a_node_may_keep_silent_about_its_messages
}

/// The next event, as a line: of nodes by the digits of their names, of a message its direction and code.
async fn next(events: &mut Subscription, ids: &[devp2p::NodeId]) -> String {
    let Some(Notice::Event(event)) = events.recv().await else { panic!("an event") };
    let of = |id| ids.iter().position(|known| *known == id).map_or(0, |at| at + 1);
    let control = if event.control { "asked " } else { "" };
    match &event.kind {
        EventKind::Node(node) => format!("{control}node {} {}", of(node.config.id), node.up),
        EventKind::Conn(conn) => format!("{control}conn {}-{} {}", of(conn.one), of(conn.other), conn.up),
        EventKind::Condition => format!("{control}condition"),
        EventKind::Msg { one, other, protocol, code, received, size } => {
            let verb = if *received { "received" } else { "sent" };
            format!("{protocol} {}-{} {verb} {code} {size}", of(*one), of(*other))
        }
    }
}

async fn expect(events: &mut Subscription, ids: &[devp2p::NodeId], expected: &[&str]) {
    for expected in expected {
        assert_eq!(next(events, ids).await, *expected);
    }
}

async fn the_story_of_a_connection(adapter: Adapter) {
    let net = adapter.network();
    let mut events = net.subscribe(EventFilter::default(), false).await.unwrap();
    let ids = [net.create(&["noop"]).await.config.id, net.create(&["noop"]).await.config.id];
    net.start_node("node01").await.unwrap();
    net.start_node("node02").await.unwrap();
    net.connect("node01", "node02", Until::Done).await.unwrap();
    let told = [
        "asked node 1 false",
        "asked node 2 false",
        "node 1 true",
        "node 2 true",
        "asked conn 1-2 false",
        "conn 1-2 true",
    ];
    expect(&mut events, &ids, &told).await;
    net.disconnect("node01", "node02", Until::Done).await.unwrap();
    net.stop_node("node02").await.unwrap();
    let told = ["asked conn 1-2 true", "conn 1-2 false", "asked node 2 false", "node 2 false"];
    expect(&mut events, &ids, &told).await;
    net.end().await;
    assert!(matches!(next(&mut events, &ids).await.as_str(), "node 1 false"));
    assert!(events.recv().await.is_none(), "the network's end is the end of its events");
}

async fn the_present_comes_first(adapter: Adapter) {
    let net = adapter.network();
    let ids: Vec<_> = net.pair().await.iter().map(|node| node.config.id).collect();
    let mut events = net.subscribe(EventFilter::default(), true).await.unwrap();
    net.stop_node("node01").await.unwrap();
    let told = ["node 1 true", "node 2 true", "conn 1-2 true", "asked node 1 false"];
    expect(&mut events, &ids, &told).await;
    let mut rest = [next(&mut events, &ids).await, next(&mut events, &ids).await];
    rest.sort();
    assert_eq!(rest, ["conn 1-2 false", "node 1 false"]);
    net.end().await;
}

async fn an_end_is_told_at_both_ends(adapter: Adapter) {
    let net = adapter.network();
    net.pair().await;
    net.crash_node("node01").await.unwrap();
    net.eventually("the loss", |state| state.conns().all(|conn| conn.ends == [false; 2])).await;
    let tally = net.tally().await.unwrap();
    assert_eq!((tally.nodes_up, tally.conns_up, tally.nodes[1].drops), (1, 0, 1));
    net.end().await;
}

async fn an_end_has_the_same_error_everywhere(adapter: Adapter) {
    let net = adapter.network();
    net.pair().await;
    let mut line = net.rpc("node01").await.unwrap();
    let ask = json!({"jsonrpc": "2.0", "id": 1, "method": "admin_subscribe", "params": ["peerEvents"]});
    line.send(ask.to_string()).await.unwrap();
    assert!(line.recv().await.unwrap().contains("result"));
    let mut error = async || loop {
        let told: Value = serde_json::from_str(&line.recv().await.unwrap()).unwrap();
        if told["params"]["result"]["type"] == "drop" {
            return told["params"]["result"]["error"].as_str().unwrap().to_owned();
        }
    };
    net.disconnect("node02", "node01", Until::Done).await.unwrap();
    assert!(
        error().await.starts_with("PeerError(code=disconnect reason, reason=disconnect requested, err=<nil>")
    );
    net.connect("node01", "node02", Until::Done).await.unwrap();
    net.stop_node("node02").await.unwrap();
    net.eventually("the loss", |state| state.nodes()[0].peers == 0).await;
    assert!(
        error()
            .await
            .starts_with("PeerError(code=remote disconnect reason, reason=client quitting, err=<nil>")
    );
    net.start_node("node02").await.unwrap();
    net.eventually("the connection", |state| state.conns().all(|conn| conn.established())).await;
    net.crash_node("node02").await.unwrap();
    net.eventually("the loss", |state| state.nodes()[0].peers == 0).await;
    assert!(error().await.starts_with("PeerError(code=disconnect reason, reason=network error, err="));
    net.end().await;
}

async fn messages_are_told_if_they_are_named(adapter: Adapter) {
    let net = adapter.network();
    let ids: Vec<_> = net.up(2).await.iter().map(|node| node.config.id).collect();
    let filter = EventFilter { messages: vec![("ping-pong".into(), Some(vec![1]))] };
    let mut events = net.subscribe(filter, false).await.unwrap();
    net.connect("node01", "node02", Until::Done).await.unwrap();
    expect(&mut events, &ids, &["asked conn 1-2 false", "conn 1-2 true"]).await;
    net.advance(Duration::from_millis(300)).await.unwrap();
    // Each end's own order is kept; how those of two ends interleave is for real time to say.
    let mut pongs = Vec::new();
    while pongs.len() < 12 {
        pongs.push(next(&mut events, &ids).await);
    }
    for pong in ["ping-pong 1-2 sent 1 5", "ping-pong 1-2 received 1 5", "ping-pong 2-1 sent 1 5"] {
        assert!(pongs.iter().any(|told| told == pong), "{pong} is missing in {pongs:?}");
    }
    assert!(pongs.iter().all(|told| told.starts_with("ping-pong ") && told.ends_with(" 1 5")), "{pongs:?}");
    net.end().await;
}

async fn a_node_may_keep_silent_about_its_messages(adapter: Adapter) {
    let net = adapter.network();
    let mut ids = Vec::new();
    for shown in [false, true] {
        let spec = NodeSpec { enable_msg_events: Some(shown), ..spec(&["ping-pong"]) };
        ids.push(net.create_node(spec).await.unwrap().config.id);
    }
    net.start_all().await.unwrap();
    // One asks the nodes themselves, another the network.
    let mut lines = Vec::new();
    for node in ["node01", "node02"] {
        let mut line = net.rpc(node).await.unwrap();
        let ask = json!({"jsonrpc": "2.0", "id": 1, "method": "admin_subscribe", "params": ["peerEvents"]});
        line.send(ask.to_string()).await.unwrap();
        assert!(line.recv().await.unwrap().contains("result"));
        lines.push(line);
    }
    let filter = EventFilter { messages: vec![("ping-pong".into(), None)] };
    let mut events = net.subscribe(filter, false).await.unwrap();
    net.connect("node01", "node02", Until::Done).await.unwrap();
    expect(&mut events, &ids, &["asked conn 1-2 false", "conn 1-2 true"]).await;
    net.advance(Duration::from_millis(300)).await.unwrap();
    for _ in 0..12 {
        let told = next(&mut events, &ids).await;
        assert!(
            told.starts_with("ping-pong 1-2 received") || told.starts_with("ping-pong 2-1 sent"),
            "{told}"
        );
    }
    net.disconnect("node01", "node02", Until::Done).await.unwrap();
    for (line, talkative) in lines.iter_mut().zip([false, true]) {
        let mut kinds = BTreeSet::new();
        while !kinds.contains("drop") {
            let told: Value = serde_json::from_str(&line.recv().await.unwrap()).unwrap();
            kinds.insert(told["params"]["result"]["type"].as_str().unwrap().to_owned());
        }
        assert_eq!(kinds.contains("msgsend") && kinds.contains("msgrecv"), talkative, "{kinds:?}");
        assert_eq!(kinds.len(), if talkative { 4 } else { 2 }, "{kinds:?}");
    }
    net.end().await;
}
