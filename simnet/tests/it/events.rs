//! What subscribers see.

use crate::{config, network, nodes_up, run, s};
use devp2p::{Fidelity, SecretKey, Timing};
use node::{NodeConfig, Services};
use simnet::adapter::{NodeAdapter, Reply, SimAdapter, SimSettings, Tap};
use simnet::record::Kind;
use simnet::view::{Event, EventFilter, EventKind};
use simnet::{Handle, NetworkConfig, Notice, Subscription, Until, start};
use std::sync::Arc;
use world::sim::SimConfig;

/// Everything there is by now, as short texts.
async fn seen(net: &Handle, subscription: &mut Subscription) -> Vec<String> {
    // A marker that is certain to come after all that is queued: nothing is asked of the network meanwhile.
    net.now().await.expect("alive");
    let mut texts = Vec::new();
    while let Some(Some(notice)) = futures_util::FutureExt::now_or_never(subscription.recv()) {
        texts.push(match notice {
            Notice::Event(event) => text(&event),
            Notice::Missed(n) => format!("missed {n}"),
        });
    }
    texts
}

fn text(event: &Arc<Event>) -> String {
    let origin = if event.control { "control" } else { "live" };
    match &event.kind {
        EventKind::Node(node) => format!("{} up={} {origin}", node.config.name, node.up),
        EventKind::Conn(conn) => format!("conn up={} {origin}", conn.up),
        EventKind::Condition => format!("condition {origin}"),
        EventKind::Msg { protocol, code, received, .. } => format!("{protocol}/{code} received={received}"),
    }
}

#[test]
fn the_order_is_the_originals() {
    run(async {
        let net = network(1);
        let mut subscription = net.subscribe(EventFilter::default(), false).await.unwrap();
        for _ in 0..2 {
            net.create_node(Default::default()).await.unwrap();
        }
        net.start_all().await.unwrap();
        net.connect("node01", "node02", Until::Done).await.unwrap();
        net.disconnect("node01", "node02", Until::Done).await.unwrap();
        net.stop_node("node01").await.unwrap();
        let expect = [
            "node01 up=false control",
            "node02 up=false control",
            "node01 up=true live",
            "node02 up=true live",
            "conn up=false control",
            "conn up=true live",
            "conn up=true control",
            "conn up=false live",
            "node01 up=false control",
            "node01 up=false live",
        ];
        assert_eq!(seen(&net, &mut subscription).await, expect);
    });
}

#[test]
fn with_current_the_present_comes_first() {
    run(async {
        let net = network(1);
        nodes_up(&net, 2).await;
        net.connect("node01", "node02", Until::Done).await.unwrap();
        let mut subscription = net.subscribe(EventFilter::default(), true).await.unwrap();
        let expect = ["node01 up=true live", "node02 up=true live", "conn up=true live"];
        assert_eq!(seen(&net, &mut subscription).await, expect);
    });
}

#[test]
fn messages_come_to_those_who_named_them_sent_before_received() {
    run(async {
        let net = network(1);
        nodes_up(&net, 2).await;
        net.connect("node01", "node02", Until::Done).await.unwrap();
        let pings = EventFilter { messages: vec![("ping-pong".into(), Some(vec![0]))] };
        let all = EventFilter { messages: vec![("ping-pong".into(), None)] };
        let mut pings = net.subscribe(pings, false).await.unwrap();
        let mut all = net.subscribe(all, false).await.unwrap();
        let mut none = net.subscribe(EventFilter::default(), false).await.unwrap();
        net.advance(s(15)).await.unwrap();
        let seen_pings = seen(&net, &mut pings).await;
        assert_eq!(seen_pings.len(), 4);
        assert!(seen_pings[0].ends_with("received=false") && seen_pings[3].ends_with("received=true"));
        assert_eq!(seen(&net, &mut all).await.len(), 8);
        assert!(seen(&net, &mut none).await.is_empty());
    });
}

#[test]
fn a_reset_is_told_to_whoever_listens() {
    run(async {
        let net = network(1);
        nodes_up(&net, 2).await;
        net.connect("node01", "node02", Until::Done).await.unwrap();
        let mut subscription = net.subscribe(EventFilter::default(), false).await.unwrap();
        net.reset().await.unwrap();
        let told = seen(&net, &mut subscription).await;
        for down in ["node01 up=false live", "node02 up=false live", "conn up=false live"] {
            assert_eq!(told.iter().filter(|text| *text == down).count(), 1, "{told:?}");
        }
        nodes_up(&net, 1).await;
    });
}

#[test]
fn who_listens_changes_nothing() {
    let digest = |listen: bool, file: bool| {
        run(async {
            let dir = tempfile::tempdir().unwrap();
            let log_file = file.then(|| dir.path().join("events.ndjson"));
            let net = start(NetworkConfig { log_file, ..config(9) }).unwrap();
            nodes_up(&net, 4).await;
            let filter = EventFilter { messages: vec![("ping-pong".into(), None)] };
            let subscription = if listen { Some(net.subscribe(filter, true).await.unwrap()) } else { None };
            net.connect("node01", "node02", Until::Done).await.unwrap();
            net.advance(s(40)).await.unwrap();
            drop(subscription);
            net.shut_down().await.unwrap()
        })
    };
    let quiet = digest(false, false);
    assert_eq!(quiet, digest(true, false));
    assert_eq!(quiet, digest(false, true));
    assert_eq!(quiet, digest(true, true));
}

#[test]
fn what_nobody_asked_for_is_never_made() {
    /// Two nodes that ping each other, and the records of messages that are made of it.
    fn made(tap: Tap, shown: bool) -> usize {
        let settings = SimSettings {
            world: SimConfig::default(),
            fidelity: Fidelity::Message,
            timing: Timing::default(),
            max_peers: 50,
            client: "test".into(),
        };
        let mut adapter = SimAdapter::new(Services::builtin(), settings);
        adapter.want_messages(tap);
        let kind = adapter.kinds()[0];
        let nodes = [1, 2].map(|n| {
            let key = SecretKey::from_bytes(&[n; 32]).unwrap();
            let services = vec!["ping-pong".to_owned()];
            let node = adapter
                .create(&NodeConfig { services, enable_msg_events: shown, ..NodeConfig::new(key) }, kind);
            assert!(matches!(adapter.start(node, Default::default()), Reply::Now(Ok(()))));
            node
        });
        let peer = adapter.enode(nodes[1]);
        adapter.add_peer(nodes[0], peer).unwrap();
        adapter.run_until(s(45)).unwrap();
        let mut records = Vec::new();
        adapter.collect(&mut records);
        records.iter().filter(|record| matches!(record.kind, Kind::Message(_))).count()
    }
    let pings = |codes| Tap::Shown(EventFilter { messages: vec![("ping-pong".into(), codes)] });
    let all = made(Tap::All, false);
    assert!(all > 20, "{all}");
    assert_eq!(made(pings(None), true), all);
    assert_eq!(made(pings(Some(vec![0])), true), all / 2);
    assert_eq!(
        [made(Tap::Nothing, true), made(pings(Some(vec![7])), true), made(pings(None), false)],
        [0; 3]
    );
}

#[test]
fn who_does_not_read_an_rpc_line_piles_nothing_up_and_may_read_later() {
    run(async {
        let net = network(1);
        nodes_up(&net, 1).await;
        let mut line = net.rpc("node01").await.unwrap();
        let ask = |id: usize| format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"admin_datadir"}}"#);
        // A thousand and some wait at the reader's end, a thousand at the node's.
        for id in 0..1_500 {
            line.send(ask(id)).await.unwrap();
        }
        for id in 0..1_500 {
            assert!(line.recv().await.unwrap().contains(&format!("\"id\":{id}")), "{id}");
        }
        for id in 0..5_000 {
            line.send(ask(id)).await.unwrap();
        }
        let mut read = 0;
        while line.recv().await.is_some() {
            read += 1;
        }
        assert!((1_000..2_200).contains(&read), "it was let go, {read} texts later");
    });
}
