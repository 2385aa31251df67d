//! Links, lines and partitions, changed while the network runs.

use crate::{config, network, nodes_up, run, s};
use devp2p::NodeId;
use simnet::condition::{LinkChange, Text};
use simnet::topology::Topology;
use simnet::{Digest, Handle, NetworkConfig, NetworkError, Restraint, RestraintId, Until, replay, start};
use std::time::Duration;
use world::sim::{Bandwidth, Chance, Effect, HostLink, Link, Loss, Pace};

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn change(text: &str) -> LinkChange {
    text.parse::<Text<LinkChange>>().unwrap().0
}

async fn id(net: &Handle, name: &str) -> NodeId {
    net.node(name).await.unwrap().config.id
}

/// How long it takes two nodes to connect, and to part.
async fn time_to_connect(net: &Handle, one: &str, other: &str) -> Duration {
    let began = net.now().await.unwrap();
    net.connect(one, other, Until::Done).await.unwrap();
    let took = net.now().await.unwrap() - began;
    net.disconnect(one, other, Until::Done).await.unwrap();
    net.advance(s(2)).await.unwrap();
    took
}

#[test]
fn a_link_is_what_it_was_last_said_to_be() {
    run(async {
        let net = network(1);
        nodes_up(&net, 3).await;
        let near = time_to_connect(&net, "node01", "node02").await;
        net.set_link("node01", "node02", false, Some(Link::latency(ms(300)))).await.unwrap();
        let far = time_to_connect(&net, "node01", "node02").await;
        assert!(near < ms(20) && far > ms(600) && far < ms(1500), "{near:?} {far:?}");
        assert_eq!(net.link("node01", "node02").await.unwrap().latency, ms(300));
        assert_eq!(net.link("node02", "node01").await.unwrap().latency, ms(1));
        // Both ways changed in part: what differs stays different.
        let [there, back] = net.change_link("node01", "node02", true, change("loss 1%")).await.unwrap();
        assert_eq!((there.latency, back.latency), (ms(300), ms(1)));
        assert_eq!((there.loss, back.loss), (Loss::independent(0.01), Loss::independent(0.01)));
        net.set_link("node01", "node02", true, None).await.unwrap();
        assert!(time_to_connect(&net, "node01", "node02").await < ms(20));
        // A region's link holds for pairs without one of their own, the default one for all others.
        for node in ["node01", "node02"] {
            net.set_region(node, Some(7)).await.unwrap();
        }
        net.set_region_link(7, 7, Link::latency(ms(50))).await.unwrap();
        assert_eq!(net.change_default_link(change("90ms")).await.unwrap().latency, ms(90));
        assert_eq!(net.link("node02", "node01").await.unwrap().latency, ms(50));
        assert_eq!(net.link("node02", "node03").await.unwrap().latency, ms(90));
        net.set_region("node02", None).await.unwrap();
        assert_eq!(net.link("node02", "node01").await.unwrap().latency, ms(90));
        assert!(time_to_connect(&net, "node01", "node02").await > ms(180));
    });
}

#[test]
fn a_slow_line_takes_its_time_and_can_be_taken_away() {
    run(async {
        let net = network(1);
        nodes_up(&net, 2).await;
        net.set_line("node01", HostLink::new(Bandwidth::bits_per_second(8_000), Bandwidth::UNLIMITED))
            .await
            .unwrap();
        // A handshake's packet of some 400 bytes on a kilobyte a second.
        let slow = time_to_connect(&net, "node01", "node02").await;
        assert!(slow > ms(300), "{slow:?}");
        net.set_line("node01", HostLink::UNLIMITED).await.unwrap();
        assert_eq!(net.conditions().await.unwrap().lines().count(), 0);
        assert!(time_to_connect(&net, "node01", "node02").await < ms(20));
    });
}

#[test]
fn nothing_passes_a_partition_until_it_is_healed() {
    run(async {
        let net = network(1);
        nodes_up(&net, 3).await;
        net.connect("node01", "node02", Until::Done).await.unwrap();
        let cut = Restraint::cut(vec![id(&net, "node01").await], None);
        let cut = net.impose(cut).await.unwrap();
        assert_eq!(net.restraints().await.unwrap().len(), 1);
        // Those that were connected find out by their pings; others cannot connect, those created later included.
        net.until("node02 losing node01", s(120), |state| state.conns_up() == 0).await.unwrap();
        nodes_up(&net, 1).await;
        for other in ["node03", "node04"] {
            let failed = net.connect("node01", other, Until::Done).await;
            assert!(failed.is_err(), "{failed:?}");
        }
        net.connect("node03", "node04", Until::Done).await.unwrap();
        net.lift(cut).await.unwrap();
        assert_eq!(net.lift(cut).await, Err(NetworkError::NoRestraint(cut)));
        net.until("all that were asked for", s(120), |state| state.conns_up() == 4).await.unwrap();
    });
}

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    run(async {
        let net = network(1);
        nodes_up(&net, 2).await;
        let (one, other) = (id(&net, "node01").await, id(&net, "node02").await);
        let digest = net.digest().await.unwrap();
        let text = |refused: Result<(), NetworkError>| refused.unwrap_err().to_string();
        let link = Link::latency(ms(5));
        assert_eq!(
            text(net.set_link("node01", "node09", true, Some(link)).await),
            "node node09 does not exist"
        );
        assert_eq!(
            text(net.set_link("node01", "node01", true, Some(link)).await),
            format!("node {one} has no link to itself")
        );
        let none = Link::latency(ms(0));
        assert!(text(net.set_default_link(none).await).starts_with("a link without latency can only be had"));
        assert!(text(net.set_link("node01", "node02", true, Some(none)).await).contains("without latency"));
        let imposed = |restraint| async { net.impose(restraint).await.unwrap_err().to_string() };
        assert_eq!(
            imposed(Restraint::cut(vec![], None)).await,
            "each side of a partition has at least one node"
        );
        assert_eq!(
            imposed(Restraint::cut(vec![one, other], Some(vec![other]))).await,
            format!("node {other} is on both sides of the partition")
        );
        let unknown = NodeId::from_bytes([9; 32]);
        assert!(imposed(Restraint::cut(vec![unknown], None)).await.ends_with("does not exist"));
        assert_eq!(
            text(net.lift(RestraintId(3)).await),
            "there is no partition 3: `partition list` shows those that stand"
        );
        assert_eq!(net.digest().await.unwrap(), digest, "what is refused does not stand in the log");
    });
}

#[test]
fn what_was_set_for_a_node_goes_with_it_and_a_reset_takes_all_back() {
    run(async {
        let net = network(1);
        nodes_up(&net, 3).await;
        net.set_link("node01", "node02", true, Some(Link::latency(ms(30)))).await.unwrap();
        net.set_line("node01", HostLink::new(Bandwidth::megabits(1), Bandwidth::megabits(1))).await.unwrap();
        net.set_region("node01", Some(1)).await.unwrap();
        net.set_region_link(1, 1, Link::latency(ms(9))).await.unwrap();
        net.set_default_link(Link::latency(ms(7))).await.unwrap();
        let sides = (id(&net, "node02").await, id(&net, "node01").await);
        let cut = net.impose(Restraint::cut(vec![sides.0], Some(vec![sides.1]))).await.unwrap();
        net.remove_node("node01").await.unwrap();
        let left = net.conditions().await.unwrap();
        assert_eq!((left.links().count(), left.lines().count(), left.restraints().len()), (0, 0, 1));
        let (_, restraint) = left.restraints().next().unwrap();
        assert_eq!((&restraint.one, &restraint.other), (&vec![sides.0], &Some(vec![])));
        net.reset().await.unwrap();
        let left = net.conditions().await.unwrap();
        assert_eq!((left.default_link(), left.region_links().count(), left.restraints().len()), (None, 0, 0));
        assert_eq!(net.default_link().await.unwrap(), Link::latency(ms(1)));
        nodes_up(&net, 2).await;
        assert!(time_to_connect(&net, "node01", "node02").await < ms(20));
        let next = net.impose(Restraint::cut(vec![id(&net, "node01").await], None)).await.unwrap();
        assert!(next > cut, "a name is never used again");
    });
}

/// Churn, partitions and weather at once, each command a barrier at its stamp.
async fn stormy(net: &Handle) {
    nodes_up(net, 16).await;
    let pairs = net.edges(Topology::RandomRegular { degree: 4 }).await.unwrap();
    net.connect_all(pairs).await.unwrap();
    let ids: Vec<NodeId> = net.nodes().await.unwrap().into_iter().map(|node| node.config.id).collect();
    net.advance(ms(1_003)).await.unwrap();
    net.set_default_link(change("20ms ± 15ms, loss 2%, reorder 1% by 5ms").of(Link::default()))
        .await
        .unwrap();
    let half = net.impose(Restraint::cut(ids[..8].to_vec(), Some(ids[8..].to_vec()))).await.unwrap();
    net.advance(ms(7_777)).await.unwrap();
    net.crash_node("node05").await.unwrap();
    net.set_line("node02", HostLink::new(Bandwidth::bits_per_second(64_000), Bandwidth::megabits(1)))
        .await
        .unwrap();
    net.set_link("node01", "node16", true, Some(change("1us, loss 5% in bursts of 3").of(Link::default())))
        .await
        .unwrap();
    net.set_region("node03", Some(1)).await.unwrap();
    net.set_region("node04", Some(1)).await.unwrap();
    net.set_region_link(1, 1, Link::latency(ms(200))).await.unwrap();
    net.advance(s(31)).await.unwrap();
    let worse = Effect::Worsen { delay: ms(40), loss: Chance::of(0.05) };
    let worse = Restraint { one: vec![ids[2]], other: None, both_ways: false, effect: worse };
    let worse = net.impose(worse).await.unwrap();
    net.start_node("node05").await.unwrap();
    net.connect("node05", "node12", Until::Asked).await.unwrap();
    net.stop_node("node09").await.unwrap();
    net.lift(half).await.unwrap();
    net.remove_node("node09").await.unwrap();
    net.advance(s(20)).await.unwrap();
    net.lift(worse).await.unwrap();
    net.set_default_link(Link::latency(Duration::from_micros(300))).await.unwrap();
    net.call("node01", "admin_peers", vec![]).await.unwrap();
    net.expectation("calm".into(), true, "after the storm".into()).await.unwrap();
    net.advance(s(40)).await.unwrap();
}

#[test]
fn one_seed_is_one_digest_on_any_number_of_threads_in_any_weather() {
    let digest = |seed, shards| -> Digest {
        run(async move {
            let net = start(NetworkConfig { shards, ..config(seed) }).unwrap();
            stormy(&net).await;
            net.shut_down().await.unwrap()
        })
    };
    let mut all = Vec::new();
    for seed in 1..=4 {
        let one = digest(seed, 1);
        for threads in [1, 2, 4] {
            assert_eq!(one, digest(seed, threads), "seed {seed}, {threads} threads");
        }
        assert!(!all.contains(&one));
        all.push(one);
    }
}

#[test]
fn a_session_with_weather_replays_to_its_digest() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let journal = dir.path().join("journal.ndjson");
        let link = change("3ms ± 2ms, loss 0.1%, mtu 1280").of(Link::default());
        let recorded = NetworkConfig { link, journal: Some(journal.clone()), ..config(3) };
        let net = start(recorded).unwrap();
        stormy(&net).await;
        let refused = net.set_default_link(Link::latency(ms(0))).await;
        assert!(refused.is_err());
        net.set_pace(Pace::Paused).await.unwrap();
        net.step_events(10).await.unwrap();
        let digest = net.shut_down().await.unwrap();
        for shards in [1, 2] {
            let again = replay(NetworkConfig { shards, ..config(0) }, &journal).await.unwrap();
            assert_eq!((again.digest, again.recorded), (digest, Some(digest)), "{shards} threads");
        }
    });
}
