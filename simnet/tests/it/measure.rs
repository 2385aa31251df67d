//! What is measured of a network, and that measuring changes nothing.

use crate::{config, nodes_up, run, s};
use devp2p::{Context, Fidelity, Handler, Message, PeerError, PeerId, Protocol};
use node::{Service, Services};
use simnet::topology::Topology;
use simnet::view::NodeSpec;
use simnet::{Digest, Handle, Measurements, NetworkConfig, Restraint, Until, start};
use std::time::Duration;
use world::sim::{Bandwidth, HostLink, Link};

fn gossip(seed: u64, measure: bool) -> NetworkConfig {
    let link = Link::latency(Duration::from_millis(50));
    NetworkConfig { measure, link, default_service: Some("gossip".into()), ..config(seed) }
}

async fn chain(net: &Handle, count: usize) {
    nodes_up(net, count).await;
    net.build(Topology::Chain).await.unwrap();
}

async fn publish(net: &Handle, node: &str, size: usize) {
    net.call(node, "gossip_publish", vec![size.into()]).await.unwrap();
}

fn median(measured: &Measurements, name: &str) -> f64 {
    let quantity = measured.quantity(name);
    quantity
        .unwrap_or_else(|| panic!("{name} is not one of {:?}", measured.names().collect::<Vec<_>>()))
        .quantile(0.5)
        .unwrap()
}

#[test]
fn an_item_in_a_chain_arrives_link_by_link() {
    run(async {
        let net = start(gossip(1, true)).unwrap();
        chain(&net, 4).await;
        publish(&net, "node01", 100).await;
        net.advance(s(5)).await.unwrap();
        let measured = net.measurements().await.unwrap();
        let arrival = measured.quantity("gossip/arrival").unwrap();
        assert_eq!((arrival.unit(), arrival.count()), ("s", 3));
        assert_eq!(arrival.values().map(|(value, _)| value).collect::<Vec<_>>(), [0.05, 0.1, 0.15]);
        assert_eq!((median(&measured, "gossip/hops"), median(&measured, "gossip/reach")), (2.0, 1.0));
        assert_eq!(measured.quantity("gossip/duplicates").unwrap().max(), 0.0);
        let [degree, lengths] =
            ["degree", "path-length"].map(|name| measured.quantity(name).unwrap().clone());
        assert_eq!(degree.values().collect::<Vec<_>>(), [(1.0, 2), (2.0, 2)]);
        assert_eq!(lengths.values().collect::<Vec<_>>(), [(1.0, 6), (2.0, 4), (3.0, 2)]);
        assert_eq!((measured.counts.ups, measured.counts.connected, measured.counts.published), (4, 3, 1));
        assert_eq!(measured.course.arrivals.values().iter().sum::<u64>(), 3);
        assert_eq!(measured.course.conns.levels().last(), Some(3));
    });
}

#[test]
fn messages_are_counted_by_code_time_node_and_link() {
    run(async {
        let net = start(gossip(1, true)).unwrap();
        chain(&net, 3).await;
        publish(&net, "node01", 100).await;
        net.advance(s(1)).await.unwrap();
        publish(&net, "node01", 100).await;
        net.advance(s(1)).await.unwrap();
        let (measured, tally) = (net.measurements().await.unwrap(), net.tally().await.unwrap());
        let flow =
            measured.flows.iter().find(|flow| flow.protocol.name == "gossip" && flow.code == 0).unwrap();
        let sent: Vec<u64> =
            flow.sent.values().iter().map(|count| count.messages).filter(|count| *count > 0).collect();
        assert_eq!(sent, [1, 1, 1, 1], "two items, over two links, at four moments");
        let counted: u64 = tally.messages.iter().map(|count| count.sent.wire_bytes).sum();
        let by_time: u64 =
            measured.flows.iter().flat_map(|flow| flow.sent.values()).map(|count| count.wire_bytes).sum();
        let by_link: u64 = measured.links.iter().map(|link| link.sent.wire_bytes).sum();
        assert_eq!((by_time, by_link), (counted, counted));
        assert_eq!((measured.links[0].from.as_str(), measured.links[0].sent.messages), ("node01", 2));
        assert_eq!(measured.quantity("gossip/messages").unwrap().count(), 3);
    });
}

/// A busy network with lines, a partition and churn.
async fn busy(config: NetworkConfig) -> (Digest, Option<Measurements>) {
    let asked = config.measure;
    let net = start(config).unwrap();
    nodes_up(&net, 16).await;
    net.build(Topology::RandomRegular { degree: 4 }).await.unwrap();
    let slow = HostLink::new(Bandwidth::megabits(1), Bandwidth::megabits(1));
    for node in ["node01", "node02", "node03"] {
        net.set_line(node, slow).await.unwrap();
    }
    for node in ["node01", "node09", "node16"] {
        publish(&net, node, 40_000).await;
    }
    net.advance(s(3)).await.unwrap();
    let alone = net.select(vec!["node04".into()]).await.unwrap();
    let cut = net.impose(Restraint::cut(alone, None)).await.unwrap();
    net.crash_node("node05").await.unwrap();
    publish(&net, "node02", 300).await;
    net.advance(s(40)).await.unwrap();
    net.lift(cut).await.unwrap();
    net.start_node("node05").await.unwrap();
    net.advance(s(2)).await.unwrap();
    let measured = if asked { Some(net.measurements().await.unwrap()) } else { None };
    (net.shut_down().await.unwrap(), measured)
}

#[test]
fn measuring_changes_no_digest_and_is_the_same_on_any_number_of_threads() {
    let run_on = |measure, shards| {
        run(busy(NetworkConfig { shards, fidelity: Fidelity::Message, ..gossip(7, measure) }))
    };
    let (digest, _) = run_on(false, 1);
    let (same, measured) = run_on(true, 1);
    assert_eq!(digest, same);
    let measured = measured.unwrap();
    assert!(measured.quantity("queueing-delay").unwrap().max() > 0.1, "lines of 1 Mbit/s");
    let marks: Vec<&str> = measured.marks.iter().map(|mark| mark.text.split(' ').next().unwrap()).collect();
    assert_eq!(marks, ["line", "partition", "heal"]);
    assert_eq!((measured.counts.downs, measured.course.crashed.values().iter().sum::<u64>()), (1, 1));
    for shards in [2, 3] {
        let (same, again) = run_on(true, shards);
        assert_eq!((digest, format!("{measured:?}")), (same, format!("{:?}", again.unwrap())));
    }
}

#[test]
fn measuring_begins_with_the_first_who_asks() {
    run(async {
        let net = start(gossip(1, false)).unwrap();
        chain(&net, 3).await;
        publish(&net, "node01", 10).await;
        net.advance(s(1)).await.unwrap();
        let first = net.measurements().await.unwrap();
        assert!(first.quantity("gossip/arrival").is_none());
        assert_eq!((first.since, first.course.nodes.levels().last()), (net.now().await.unwrap(), Some(3)));
        publish(&net, "node03", 10).await;
        net.advance(s(1)).await.unwrap();
        let second = net.measurements().await.unwrap();
        assert_eq!(second.since, first.since);
        assert_eq!(second.quantity("gossip/arrival").unwrap().count(), 2);
    });
}

#[derive(Default)]
struct Thermometer;

impl Handler for Thermometer {
    fn on_peer(&mut self, _: PeerId, cx: &mut Context<'_>) -> Result<(), PeerError> {
        cx.observe("warmth", 36.6);
        cx.observe("warmth", f64::NAN);
        Ok(())
    }

    fn on_message(&mut self, _: PeerId, _: Message, _: &mut Context<'_>) -> Result<(), PeerError> {
        Ok(())
    }
}

impl Service for Thermometer {
    fn protocols(&self) -> Vec<Protocol> {
        vec![Protocol::new("weather", 1, 1, std::rc::Rc::new(std::cell::RefCell::new(Self)))]
    }
}

#[test]
fn services_add_quantities_of_their_own() {
    run(async {
        let services = Services::builtin().register("thermometer", |_| Ok(Thermometer)).unwrap();
        let config = NetworkConfig {
            services,
            measure: true,
            default_service: Some("thermometer".into()),
            ..config(1)
        };
        let net = start(config).unwrap();
        nodes_up(&net, 2).await;
        net.connect("node01", "node02", Until::Done).await.unwrap();
        let measured = net.measurements().await.unwrap();
        let warmth = measured.quantity("weather/warmth").unwrap();
        assert_eq!((warmth.count(), warmth.refused(), warmth.mean()), (2, 2, 36.6));
        assert!(measured.quantity("weather/arrival").is_none());
    });
}

#[test]
fn an_empty_network_has_measurements_without_a_nan() {
    run(async {
        let net = start(NetworkConfig { measure: true, ..config(1) }).unwrap();
        net.create_node(NodeSpec::default()).await.unwrap();
        net.advance(s(1)).await.unwrap();
        let measured = net.measurements().await.unwrap();
        let numbers =
            measured.quantities().flat_map(|(_, quantity)| [quantity.mean(), quantity.min(), quantity.max()]);
        assert!(numbers.into_iter().all(f64::is_finite));
        assert_eq!(measured.quantity("churn"), None, "no node was up for any time");
    });
}
