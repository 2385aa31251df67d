//! Experiments as test authors write them.

use crate::{run, s};
use node::{Methods, Service, ServiceError};
use simnet::experiment::{
    CallFailed, Net, Node, PeerEvent, PeerEventFilter, PeerEventType, Sim, TestResult, latency,
};
use simnet::topology::Topology;
use simnet::view::NodeSpec;
use simnet::{Fault, NetworkError};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Runs a story on seed 1 and ends its experiment.
fn story(story: impl AsyncFnOnce(&Sim) -> TestResult) {
    run(async {
        let sim = Sim::new(1);
        story(&sim).await.unwrap();
        sim.end().await.unwrap();
    });
}

async fn pings(sim: &Sim, nodes: usize) -> TestResult<Net> {
    sim.network("pings").nodes(nodes).links(latency("5ms")).up().await
}

async fn degrees(net: &Net) -> Vec<usize> {
    let mut degrees = Vec::new();
    for node in net.nodes() {
        degrees.push(node.peer_count().await.unwrap());
    }
    degrees
}

fn names(nodes: &[Node]) -> Vec<&str> {
    nodes.iter().map(Node::name).collect()
}

#[test]
fn a_network_comes_up_as_described() {
    story(async |sim| {
        let net = sim.network("described").nodes(10).random_regular(4).links(latency("50ms")).up().await?;
        assert_eq!(degrees(&net).await, [4; 10]);
        assert_eq!((net.len(), net.half().len(), net.other_half().len()), (10, 5, 5));
        // Dial, handshake and hello cross links of 50 ms several times.
        let up = net.now().await?;
        assert!(up > Duration::from_millis(200) && up < s(1), "{up:?}");
        net.advance("30s").await?;
        sim.advance("30s").await?;
        assert_eq!(net.now().await?, up + s(60));
        Ok(())
    });
}

#[test]
fn links_that_vary_bring_messages_at_different_times() {
    story(async |sim| {
        let net = sim.network("varies").nodes(8).ring().links(latency("50ms ± 10ms")).up().await?;
        let mut received = net.peer_events(&net.nodes(), [PeerEventFilter::received().code(1)]).await?;
        let sent =
            net.peer_events(&net.nodes(), [PeerEventFilter::sent().code(0)]).await?.during("12s").await?;
        let took: Vec<Duration> = std::iter::from_fn(|| received.try_next())
            .filter_map(|pong| {
                let ping = |ping: &&PeerEvent| (ping.node, ping.peer) == (pong.node, pong.peer);
                Some(pong.time - sent.iter().find(ping)?.time)
            })
            .collect();
        assert_eq!(took.len(), 16, "each pings both of its neighbours");
        let (min, max) = (took.iter().min().unwrap(), took.iter().max().unwrap());
        assert!(min < max && *min >= Duration::from_millis(80), "there and back: {took:?}");
        Ok(())
    });
}

#[test]
fn one_seed_one_log_and_another_seed_another() {
    let digest = |seed, threads| {
        run(async move {
            let sim = Sim::new(seed);
            let net = sim.network("n").nodes(8).random_regular(3).threads(threads).up().await.unwrap();
            net.stop_random(3, &[net.node(0)]).await.unwrap();
            net.advance("20s").await.unwrap();
            net.start_random(2).await.unwrap();
            net.eventually("5s", async |node| node.peer_count().await.is_ok()).await.unwrap();
            net.handle().digest().await.unwrap()
        })
    };
    assert_eq!(digest(3, 1), digest(3, 1));
    assert_eq!(digest(3, 1), digest(3, 2));
    assert_ne!(digest(3, 1), digest(4, 1));
}

#[test]
fn networks_of_one_experiment_are_told_apart_by_name() {
    story(async |sim| {
        let one = sim.network("one").nodes(1).up().await?;
        let other = sim.network("other").nodes(1).up().await?;
        assert_ne!(one.node(0).id(), other.node(0).id());
        let error = sim.network("one").up().await.unwrap_err();
        assert!(error.to_string().starts_with("there is a network \"one\" already"), "{error}");
        sim.advance("1m").await?;
        assert_eq!(one.now().await?, other.now().await?);
        Ok(())
    });
}

#[test]
fn what_is_wrong_with_a_description_is_told_when_it_comes_up() {
    story(async |sim| {
        for (number, (network, text)) in [
            (sim.network("0").links(latency("slow")), "\"slow\" is no length of time"),
            (sim.network("1").nodes(5).random_regular(3), "odd number of connection ends"),
            (sim.network("2").nodes(1).services(["nope"]), "unknown node service \"nope\""),
            (
                sim.network("3").service("idle", |_| Ok(Idle)).service("idle", |_| Ok(Idle)),
                "node service already exists: \"idle\"",
            ),
        ]
        .into_iter()
        .enumerate()
        {
            let error = network.up().await.unwrap_err();
            assert!(error.to_string().contains(text), "{number}: {error}");
        }
        Ok(())
    });
}

struct Idle;

impl Service for Idle {}

#[test]
fn eventually_means_all_nodes_at_one_moment() {
    story(async |sim| {
        let net = pings(sim, 4).await?;
        net.connect(Topology::Chain, &net.nodes()).await?;
        let began = net.now().await?;
        net.eventually("1m", async |node| {
            let info = node.call::<serde_json::Value>("admin_nodeInfo", ()).await.unwrap();
            info["protocols"]["ping-pong"]["received"].as_u64() >= Some(3)
        })
        .await?;
        let took = net.now().await? - began;
        assert!(took > s(9) && took < s(21), "pings go out every 10 s: {took:?}");

        let error = net.eventually("3s", async |node| node.name() == "node02").await.unwrap_err();
        let text = "what was expected of every node (it is not true of 3 of 4: node01, node03, node04) \
                    did not happen within 3s of simulated time";
        assert_eq!(error.to_string(), text);
        assert_eq!(error.downcast_ref::<NetworkError>().unwrap().fault(), Fault::Time);
        // A node that was content once may not be any more when the others are.
        let mut asked: Vec<String> = Vec::new();
        let flickers = net.eventually("1s", async |node| {
            let first = !asked.iter().any(|name| name == node.name());
            asked.push(node.name().to_owned());
            first == (node.name() == "node01")
        });
        assert!(flickers.await.unwrap_err().to_string().contains("1 of 4: node01"));
        Ok(())
    });
}

#[test]
fn calls_are_typed_and_their_errors_comparable() {
    story(async |sim| {
        let net = pings(sim, 2).await?;
        let (one, other) = (net.node(0), net.node(1));
        let peers = async |node: &Node| node.call::<Vec<serde_json::Value>>("admin_peers", ()).await;
        assert_eq!(peers(&one).await, Ok(vec![]));
        one.connect(&other).await?;
        assert_eq!(peers(&one).await?.len(), 1);
        one.disconnect(&other).await?;
        let enode = other.view().await?.info.enode;
        assert!(one.call::<bool>("admin_addPeer", [enode]).await?);
        net.until_each_has_peers(1, "5s").await?;
        let wrong = one.call::<usize>("admin_peers", ()).await.unwrap_err();
        assert!(matches!(&wrong, CallFailed::Shape { what: "result", .. }), "{wrong}");
        assert!(matches!(one.call::<usize>("no_such", 1).await, Err(CallFailed::Rpc(_))));
        other.stop().await?;
        assert!(matches!(peers(&other).await, Err(CallFailed::Network(_))));
        Ok(())
    });
}

#[test]
fn nodes_are_added_in_shapes_beside_what_is_there() {
    story(async |sim| {
        let net = pings(sim, 0).await?;
        net.add_connected(3, Topology::Chain).await?;
        assert_eq!(degrees(&net).await, [1, 2, 1]);
        net.add_connected(2, Topology::Chain).await?;
        assert_eq!(degrees(&net).await, [1, 2, 2, 2, 1], "the chain goes on");
        let ring = net.add_connected(4, Topology::Ring).await?;
        let star = net.add_connected(4, Topology::Star { center: 0 }).await?;
        net.add_connected(3, Topology::Full).await?;
        assert_eq!(degrees(&net).await[5..], [2, 2, 2, 2, 3, 1, 1, 1, 2, 2, 2]);
        // What is connected stays so, and is not dialled again.
        net.connect(Topology::Full, &ring).await?;
        net.connect(Topology::Star { center: 1 }, &star).await?;
        assert_eq!(degrees(&net).await[5..13], [3, 3, 3, 3, 3, 3, 2, 2]);
        let error = net.add_connected(1, Topology::Ring).await.unwrap_err();
        assert_eq!(error.to_string(), "count of nodes must be at least 2, not 1");
        assert_eq!(net.len(), 16);
        Ok(())
    });
}

#[test]
fn a_node_connects_to_the_last_one_or_to_any() {
    story(async |sim| {
        let net = pings(sim, 1).await?;
        let only = net.node(0);
        net.connect_to_last(&only).await?;
        let error = net.connect_to_random(&only).await.unwrap_err();
        assert_eq!(error.to_string(), "there is no other node that is up for node01 to connect to");
        net.add(3).await?;
        net.node(3).stop().await?;
        net.connect_to_last(&only).await?;
        assert_eq!(degrees(&net).await, [1, 0, 1, 0], "to the last that is up");
        net.connect_to_last(&only).await?;
        let other = net.connect_to_random(&net.node(1)).await?;
        assert!([0, 2].map(|index| net.node(index)).contains(&other));
        assert_eq!(net.node(1).peer_count().await?, 1);
        Ok(())
    });
}

#[test]
fn random_stops_spare_the_protected_and_never_loop() {
    story(async |sim| {
        let net = pings(sim, 5).await?;
        let protected = [net.node(1), net.node(3)];
        let stopped = net.stop_random(3, &protected).await?;
        assert_eq!(stopped.len(), 3);
        assert_eq!(names(&net.up_nodes().await?), ["node02", "node04"]);
        for protect in [&protected[..], &protected[..1]] {
            let error = net.stop_random(2, protect).await.unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("cannot stop 2 nodes: 2 are up, {} of them protected", protect.len())
            );
        }
        assert_eq!(net.stop_random(0, &[]).await?, []);
        let error = net.start_random(4).await.unwrap_err();
        assert_eq!(error.to_string(), "cannot start 4 nodes: only 3 are down");
        assert_eq!(net.start_random(3).await?.len(), 3);
        net.stop_all().await?;
        assert_eq!(net.up_nodes().await?, []);
        assert!(net.stop_random(1, &[]).await.is_err());
        net.start_all().await?;
        assert_eq!(net.down_nodes().await?, []);
        Ok(())
    });
}

/// Counts its lives in its bucket.
struct Lives(Arc<AtomicU64>);

impl Service for Lives {
    fn methods(&self, table: &mut Methods) {
        let lives = Arc::clone(&self.0);
        table.add("lives_count", move |params| {
            let () = params.parse()?;
            Ok(lives.load(Ordering::Relaxed))
        });
    }
}

#[test]
fn a_bucket_outlives_its_node_and_is_shared_with_the_service() {
    let log = Arc::new(Mutex::new(Vec::new()));
    let cleaned = Arc::clone(&log);
    story(async move |sim| {
        let net = sim.network("lives").nodes(2).service_with_bucket("lives", move |_, bucket| {
            let lives = bucket.item_or("lives", || AtomicU64::new(0));
            lives.fetch_add(1, Ordering::Relaxed);
            let (cleaned, life) = (Arc::clone(&cleaned), lives.load(Ordering::Relaxed));
            bucket.cleanup(move || cleaned.lock().unwrap().push(life));
            Ok::<_, ServiceError>(Lives(lives))
        });
        let net = net.up().await?;
        let node = net.node(0);
        for _ in 0..2 {
            node.stop().await?;
            node.start().await?;
        }
        assert_eq!(node.call::<u64>("lives_count", ()).await?, 3);
        assert_eq!(node.bucket().must::<AtomicU64>("lives").load(Ordering::Relaxed), 3);
        node.bucket().set("note", "kept".to_owned());
        net.node(1).stop().await?;
        assert_eq!(net.items::<AtomicU64>("lives").len(), 2);
        assert_eq!(net.up_items::<AtomicU64>("lives").await?.len(), 1);
        assert_eq!(net.items::<String>("note").len(), 1);
        assert_eq!(node.bucket().item::<u8>("note"), None, "another type is nothing");
        assert_eq!(net.node(1).bucket().item::<String>("note"), None);
        let missing = catch_unwind(AssertUnwindSafe(|| net.node(1).bucket().must::<String>("note")));
        assert!(missing.is_err());
        node.bucket().remove("note");
        assert!(net.items::<String>("note").is_empty());
        Ok(())
    });
    assert_eq!(*log.lock().unwrap(), [3, 2, 1, 1], "cleanups ran, the last first");
}

#[test]
fn an_experiment_left_in_the_middle_of_a_busy_turn_ends_all_the_same() {
    run(async {
        let sim = Sim::new(1);
        let net = pings(&sim, 1).await.unwrap();
        // More than a runtime lets a task do at once: from here on whatever of it is polled answers "later".
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        (0..1000).for_each(|number| sender.send(number).unwrap());
        while futures_util::FutureExt::now_or_never(receiver.recv()).is_some() {}
        assert!(!receiver.is_empty(), "the turn is used up");
        drop(net);
        drop(sim);
    });
}

#[test]
fn many_events_at_once_are_all_told() {
    story(async |sim| {
        let net = sim.network("many").nodes(40).up().await?;
        let mut connected = net.peer_events(&net.nodes(), [PeerEventFilter::connect()]).await?;
        net.connect(Topology::Full, &net.nodes()).await?;
        assert_eq!(std::iter::from_fn(|| connected.try_next()).count(), 780);
        Ok(())
    });
}

const STOPPED: u8 = 99;

/// Notes that it was stopped.
struct LastWords(Arc<Mutex<Vec<u8>>>);

impl Service for LastWords {
    fn stop(&self) {
        self.0.lock().unwrap().push(STOPPED);
    }
}

#[test]
fn cleanups_run_once_in_reverse_whatever_happens() {
    let noted = |end: fn(Sim)| {
        let log = Arc::new(Mutex::new(Vec::new()));
        let sim = Sim::new(1);
        let stopped = Arc::clone(&log);
        let network =
            sim.network("n").nodes(1).service("last words", move |_| Ok(LastWords(Arc::clone(&stopped))));
        run(network.up()).unwrap();
        for number in 0..3 {
            let log = Arc::clone(&log);
            sim.cleanup(move || {
                log.lock().unwrap().push(number);
                assert_ne!(number, 2, "the first to be called fails");
            });
        }
        let panicked = catch_unwind(AssertUnwindSafe(|| end(sim))).is_err();
        (panicked, log.lock().unwrap().clone())
    };
    let all = vec![STOPPED, 2, 1, 0];
    assert_eq!(noted(|sim| run(sim.end()).unwrap()), (true, all.clone()));
    assert_eq!(noted(drop), (false, all.clone()));
    let failed = |sim: Sim| {
        let _kept = sim;
        panic!("the test failed");
    };
    assert_eq!(noted(failed), (true, all));
}

#[test]
fn waits_name_who_is_late() {
    story(async |sim| {
        let net = pings(sim, 5).await?;
        net.node(0).connect(&net.node(1)).await?;
        let error = net.until_each_has_peers(1, "2s").await.unwrap_err().to_string();
        let expect =
            "each node having 1 peers (node03 has 0, node04 has 0, node05 has 0) did not happen within 2s";
        assert!(error.starts_with(expect), "{error}");
        net.until("a connection", "1s", |state| state.conns_up() == 1).await?;
        assert!(net.until("two", "1s", |state| state.conns_up() == 2).await.is_err());
        Ok(())
    });
}

#[test]
fn a_snapshot_is_set_up_with_the_networks_own_services() {
    story(async |sim| {
        let net = sim.network("old").nodes(4).ring().up().await?;
        let mut snapshot = net.handle().snapshot(vec![], vec![]).await?;
        for node in &mut snapshot.nodes {
            node.spec.services = vec!["gone with its program".into()];
            node.spec.enable_msg_events = Some(false);
        }
        let new = sim.network("new").services(["noop", "ping-pong"]).up().await?;
        let (took, nodes) = new.timed(new.load(snapshot.clone())).await?;
        assert_eq!(degrees(&new).await, [2; 4]);
        assert!(took < s(1));
        let view = nodes?[0].view().await?;
        assert_eq!(view.config.services, ["noop", "ping-pong"]);
        assert!(view.config.enable_msg_events);
        new.node(2).stop().await?;
        let error = new.handle().until_restored(&snapshot, s(3)).await.unwrap_err().to_string();
        assert!(error.starts_with("each of the snapshot's 4 connections being up at both ends ("), "{error}");
        assert!(error.ends_with("did not happen within 3s of simulated time"), "{error}");
        Ok(())
    });
}

#[test]
fn events_of_peers_come_once_and_as_filtered() {
    story(async |sim| {
        let net = pings(sim, 3).await?;
        let all = net.nodes();
        let mut everything = net.peer_events(&all, []).await?;
        let mut of_second =
            net.peer_events(&all[1..2], [PeerEventFilter::connect(), PeerEventFilter::drop()]).await?;
        let pings = PeerEventFilter::sent().protocol("ping-pong").code(0);
        let mut sent = net.peer_events(&all, [pings.clone(), pings]).await?;
        let mut of_third = net.peer_events(&all[2..], []).await?;
        let mut nothing = net.peer_events(&all, [PeerEventFilter::connect().protocol("ping-pong")]).await?;

        all[0].connect(&all[1]).await?;
        let first = of_second.next("1s").await?;
        assert_eq!((first.node, first.peer, first.kind), (all[1].id(), all[0].id(), PeerEventType::Connect));
        let pings = sent.during("15s").await?;
        assert_eq!(pings.len(), 2, "two filters that pass it do not double an event: {pings:?}");
        assert!(pings.iter().all(|event| event.code == Some(0) && event.kind == PeerEventType::Sent));

        let kinds: Vec<_> = std::iter::from_fn(|| everything.try_next()).map(|event| event.kind).collect();
        let count = |kind| kinds.iter().filter(|known| **known == kind).count();
        use PeerEventType::{Connect, Drop, Received, Sent};
        assert_eq!([Connect, Sent, Received, Drop].map(count), [1, 4, 4, 0], "{kinds:?}");

        let before = net.now().await?;
        all[1].disconnect(&all[0]).await?;
        let drop = of_second.next("1s").await?;
        assert_eq!((drop.node, drop.kind, drop.error.is_some()), (all[1].id(), Drop, true), "{drop:?}");
        assert!(drop.time >= before);
        let error = of_second.next("2s").await.unwrap_err();
        assert_eq!(error.to_string(), "an event of a peer did not happen within 2s of simulated time");
        assert_eq!((of_third.try_next(), nothing.try_next(), nothing.missed()), (None, None, 0));
        Ok(())
    });
}

#[test]
fn waiting_for_an_event_lets_only_so_much_time_pass() {
    story(async |sim| {
        let net = pings(sim, 2).await?;
        let all = net.nodes();
        net.node(0).connect(&net.node(1)).await?;
        let began = net.now().await?;
        let mut received = net.peer_events(&all, [PeerEventFilter::received()]).await?;
        let event = received.next("30s").await?;
        let waited = net.now().await? - began;
        assert!(waited >= s(9) && waited < s(11), "{waited:?}");
        assert!(net.now().await? - event.time <= Duration::from_millis(1));
        Ok(())
    });
}

#[test]
fn added_nodes_may_differ() {
    story(async |sim| {
        let net = pings(sim, 1).await?;
        let silent =
            NodeSpec { enable_msg_events: Some(false), services: vec!["noop".into()], ..NodeSpec::default() };
        let added = net.add_like(2, &silent).await?;
        assert_eq!(names(&added), ["node02", "node03"]);
        let view = added[1].view().await?;
        assert!(view.up && !view.config.enable_msg_events);
        assert_eq!(view.config.services, ["noop"]);
        Ok(())
    });
}

#[test]
fn errors_show_their_causes_and_pass_for_any_other() {
    let error: simnet::experiment::TestError = "3 parsecs".parse::<u8>().unwrap_err().into();
    assert_eq!(format!("{error:?}"), "invalid digit found in string");
    let boxed: Box<dyn std::error::Error + Send + Sync> = error.into();
    assert_eq!(boxed.to_string(), "invalid digit found in string");
}
