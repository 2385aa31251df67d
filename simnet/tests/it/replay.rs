//! A seed is a recording: the same digest on any number of threads, and from a journal.

use crate::{config, nodes_up, run, s};
use devp2p::Fidelity;
use simnet::topology::Topology;
use simnet::{Digest, NetworkConfig, Recording, Until, replay, start};
use std::time::Duration;
use world::sim::Pace;

async fn busy(config: NetworkConfig) -> Digest {
    let net = start(config).unwrap();
    nodes_up(&net, 12).await;
    let pairs = net.edges(Topology::RandomRegular { degree: 4 }).await.unwrap();
    net.connect_all(pairs.clone()).await.unwrap();
    assert_eq!(net.verify(pairs).await.unwrap(), Ok(()));
    net.advance(s(33)).await.unwrap();
    net.stop_node("node03").await.unwrap();
    net.advance(s(5)).await.unwrap();
    net.start_node("node03").await.unwrap();
    net.advance(s(90)).await.unwrap();
    net.shut_down().await.unwrap()
}

#[test]
fn one_seed_one_digest_on_any_number_of_threads() {
    for fidelity in [Fidelity::Wire, Fidelity::Message] {
        let digest = |seed, shards| run(busy(NetworkConfig { shards, fidelity, ..config(seed) }));
        let one = digest(5, 1);
        assert_eq!(one, digest(5, 1));
        assert_eq!(one, digest(5, 2));
        assert_eq!(one, digest(5, 3));
        assert_ne!(one, digest(6, 1));
    }
}

#[test]
fn both_fidelities_log_the_same() {
    let digest = |fidelity| run(busy(NetworkConfig { fidelity, ..config(11) }));
    assert_eq!(digest(Fidelity::Wire), digest(Fidelity::Message));
}

#[test]
fn one_nanosecond_more_on_every_link_is_another_digest() {
    let digest = |nanos| {
        let link = world::sim::Link::latency(Duration::from_millis(1) + Duration::from_nanos(nanos));
        run(busy(NetworkConfig { link, ..config(5) }))
    };
    assert_ne!(digest(0), digest(1));
}

#[test]
fn a_live_session_replays_to_its_digest() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let journal = dir.path().join("journal.ndjson");
        // Twenty times real time: commands arrive when they arrive.
        let recorded = NetworkConfig { pace: Pace::Times(20.0), journal: Some(journal.clone()), ..config(3) };
        let net = start(recorded).unwrap();
        nodes_up(&net, 3).await;
        net.connect("node01", "node02", Until::Done).await.unwrap();
        net.connect("node02", "node03", Until::Asked).await.unwrap();
        assert!(net.connect("node02", "node02", Until::Done).await.is_err());
        net.call("node01", "admin_peers", vec![]).await.unwrap();
        let line = net.rpc("node02").await.unwrap();
        line.send(r#"{"jsonrpc":"2.0","id":1,"method":"admin_subscribe","params":["peerEvents"]}"#.into())
            .await
            .unwrap();
        net.advance(s(12)).await.unwrap();
        net.disconnect("node01", "node02", Until::Done).await.unwrap();
        let snapshot = net.snapshot(vec![], vec![]).await.unwrap();
        net.reset().await.unwrap();
        net.load(snapshot).await.unwrap();
        nodes_up(&net, 3).await;
        net.build(Topology::RandomRegular { degree: 3 }).await.unwrap();
        net.remove_node("node02").await.unwrap();
        nodes_up(&net, 1).await;
        net.build(Topology::Ring).await.unwrap();
        net.advance(s(3)).await.unwrap();
        let digest = net.shut_down().await.unwrap();
        for shards in [1, 2] {
            let again = replay(NetworkConfig { shards, ..config(0) }, &journal).await.unwrap();
            assert_eq!((again.digest, again.recorded), (digest, Some(digest)));
        }
    });
}

#[test]
fn a_journal_that_is_none_is_refused_with_the_line() {
    let dir = tempfile::tempdir().unwrap();
    let refuse = |text: &str| {
        let path = dir.path().join("journal");
        std::fs::write(&path, text).unwrap();
        run(replay(config(0), &path)).unwrap_err().to_string()
    };
    let header = format!(
        r#"{{"p2psim":"{}","seed":1,"id":"","default_service":"ping-pong","link":"1ms","fidelity":"wire","max_peers":50,"dial_ban":0}}"#,
        env!("CARGO_PKG_VERSION")
    );
    assert!(refuse("").contains("no journal"));
    assert!(refuse("hello\n").contains("line 1"));
    assert!(refuse(&format!("{header}\n{{\"at\":1,\"do\":{{\"fly\":1}}}}\n")).contains("line 2"));
    let backwards = format!("{header}\n{{\"at\":2,\"do\":\"reset\"}}\n{{\"at\":1,\"do\":\"reset\"}}\n");
    assert!(refuse(&backwards).contains("time runs backwards"));
    assert!(refuse(&header).contains("no journal"), "cut in its first line");
    assert!(
        refuse(&format!("{}\n", header.replace(env!("CARGO_PKG_VERSION"), "9.9.9")))
            .contains("recorded by p2psim 9.9.9")
    );
}

#[test]
fn a_session_can_be_had_at_any_moment_and_gone_on_with() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let journal = dir.path().join("journal.ndjson");
        let net = start(NetworkConfig { journal: Some(journal.clone()), ..config(4) }).unwrap();
        nodes_up(&net, 3).await;
        net.connect("node01", "node02", Until::Done).await.unwrap();
        net.advance(s(20)).await.unwrap();
        let (at, then) = (net.now().await.unwrap(), net.digest().await.unwrap());
        net.stop_node("node02").await.unwrap();
        net.advance(s(20)).await.unwrap();
        let ended = net.shut_down().await.unwrap();

        let mut recording = Recording::open(&journal).unwrap();
        let past = || start(recording.config(config(0)).unwrap()).unwrap();
        // As it was, and on by hand.
        let net = past();
        recording.play(&net, Some(at), |_| {}).await.unwrap();
        assert_eq!((net.now().await.unwrap(), net.digest().await.unwrap()), (at, then));
        net.connect("node02", "node03", Until::Asked).await.unwrap();
        net.step(s(1)).await.unwrap();
        assert_eq!(net.tally().await.unwrap().conns_up, 2);
        net.shut_down().await.unwrap();
        // As it was, and on with other commands: the one that was recorded comes first, and stops what is crashed.
        let node = |name: &str| name.to_owned();
        let net = past();
        recording.play(&net, Some(at), |_| {}).await.unwrap();
        let third = net.node(&node("node03")).await.unwrap().config.id;
        let future = dir.path().join("future");
        let line = |at: Duration| format!("{{\"at\":{},\"do\":{{\"crash\":\"{third}\"}}}}\n", at.as_nanos());
        std::fs::write(&future, line(at + s(1))).unwrap();
        recording.fork(at, Some(&future), false).unwrap();
        assert_eq!(recording.end(), at + s(20));
        recording.play(&net, None, |_| {}).await.unwrap();
        assert_eq!(net.tally().await.unwrap().nodes_up, 1);
        assert_ne!(net.shut_down().await.unwrap(), ended);
        // The past is what it was.
        std::fs::write(&future, line(at - s(1))).unwrap();
        let refused = recording.fork(at, Some(&future), false).unwrap_err().to_string();
        assert!(refused.contains("before the fork"), "{refused}");
    });
}
