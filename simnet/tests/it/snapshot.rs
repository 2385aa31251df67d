//! Snapshots: taken, loaded, refused.

use crate::{network, nodes_up, run, s};
use simnet::topology::Topology;
use simnet::view::{ConnView, Snapshot};
use simnet::{Handle, Until};

async fn ring(net: &Handle, count: usize) -> Snapshot {
    nodes_up(net, count).await;
    let pairs = net.edges(Topology::Ring).await.unwrap();
    net.connect_all(pairs).await.unwrap();
    net.snapshot(vec![], vec![]).await.unwrap()
}

#[test]
fn a_ring_comes_back_exactly_and_nothing_more() {
    run(async {
        let snapshot = ring(&network(1), 20).await;
        assert_eq!((snapshot.nodes.len(), snapshot.conns.len()), (20, 20));
        let net = network(2);
        net.load(snapshot.clone()).await.unwrap();
        net.advance(s(1)).await.unwrap();
        let pairs: Vec<_> = snapshot.conns.iter().map(|conn| (conn.one, conn.other)).collect();
        assert_eq!(net.verify(pairs.clone()).await.unwrap(), Ok(()));
        let conns = net.conns().await.unwrap();
        assert_eq!(
            conns.iter().map(|conn| (conn.one, conn.other)).collect::<Vec<_>>(),
            pairs,
            "as they were asked for"
        );
    });
}

#[test]
fn services_get_their_state_back() {
    run(async {
        let net = network(1);
        nodes_up(&net, 2).await;
        net.connect("node01", "node02", Until::Done).await.unwrap();
        net.advance(s(35)).await.unwrap();
        let received = |node: simnet::view::NodeView| node.info.protocols["ping-pong"]["received"].as_u64();
        let before = received(net.node("node01").await.unwrap());
        assert!(before > Some(0));
        let snapshot = net.snapshot(vec![], vec![]).await.unwrap();
        let fresh = network(2);
        fresh.load(snapshot).await.unwrap();
        assert_eq!(received(fresh.node("node01").await.unwrap()), before);
    });
}

#[test]
fn no_connections_no_waiting() {
    run(async {
        let net = network(1);
        nodes_up(&net, 2).await;
        let mut snapshot = net.snapshot(vec![], vec![]).await.unwrap();
        snapshot.nodes[1].up = false;
        snapshot.conns.push(ConnView {
            one: snapshot.nodes[0].spec.id.unwrap(),
            other: snapshot.nodes[1].spec.id.unwrap(),
            up: true,
        });
        let fresh = network(2);
        fresh.load(snapshot).await.unwrap();
        assert_eq!(
            fresh.now().await.unwrap(),
            s(0),
            "the connection of a node that is down is not waited for"
        );
        assert!(!fresh.node("node02").await.unwrap().up);
    });
}

#[test]
fn a_bad_snapshot_is_refused_whole() {
    run(async {
        let good = ring(&network(1), 3).await;
        type Spoil = Box<dyn Fn(&mut Snapshot)>;
        let cases: Vec<(&str, Spoil)> = vec![
            ("has no private key", Box::new(|s| s.nodes[1].spec.key = None)),
            ("which is not in it", Box::new(|s| drop(s.nodes.pop()))),
            ("unknown node service", Box::new(|s| s.nodes[2].spec.services = vec!["nope".into()])),
            ("of a node before it", Box::new(|s| s.nodes.push(s.nodes[0].clone()))),
            ("has the id", Box::new(|s| s.nodes[0].spec.id = s.nodes[1].spec.id)),
            ("to itself", Box::new(|s| s.conns[0].other = s.conns[0].one)),
            ("again", Box::new(|s| s.conns.push(s.conns[0]))),
        ];
        for (text, spoil) in cases {
            let mut snapshot = good.clone();
            spoil(&mut snapshot);
            let net = network(2);
            let error = net.load(snapshot).await.unwrap_err();
            assert!(error.to_string().contains(text), "{error}");
            assert!(net.nodes().await.unwrap().is_empty(), "{text}: nothing of it was loaded");
        }
    });
}

#[test]
fn services_are_added_and_removed_in_the_snapshot_alone() {
    run(async {
        let net = network(1);
        nodes_up(&net, 1).await;
        let snapshot = net.snapshot(vec!["noop".into()], vec!["ping-pong".into()]).await.unwrap();
        assert_eq!(snapshot.nodes[0].spec.services, ["noop"]);
        assert_eq!(net.node("node01").await.unwrap().config.services, ["ping-pong"]);
    });
}
