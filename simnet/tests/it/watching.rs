//! What watchers see: the latest state of what changed, events as they asked for them, marks, and the way of an item.

use crate::{network, nodes_up, run, s};
use simnet::live::{EventRow, Frame, MessageFilter, Track, Wants, Watch};
use simnet::topology::Topology;
use simnet::{Handle, Restraint, Until};
use world::sim::Effect;

const EVENTS: Wants = Wants { messages: false, heat: false, events: true, arrivals: false, rates: false };

/// What has changed since the last look.
async fn look(watch: &Watch) -> Frame {
    watch.frame().await.unwrap().expect("something has changed")
}

fn texts(events: &[EventRow]) -> Vec<String> {
    events.iter().map(|event| format!("{} {}", event.kind, event.text)).collect()
}

async fn shown(watch: &Watch) -> (u64, Vec<String>) {
    let sample = look(watch).await.events.expect("there are events");
    (sample.of, texts(&sample.shown))
}

async fn gossip(net: &Handle, count: usize) {
    for _ in 0..count {
        let config = simnet::view::NodeSpec { services: vec!["gossip".into()], ..Default::default() };
        let node = net.create_node(config).await.unwrap();
        net.start_node(&node.config.name).await.unwrap();
    }
}

#[test]
fn a_filter_holds_for_what_happened_before_too() {
    run(async {
        let net = network(1);
        let watch = net.watch(None).await.unwrap();
        watch.want(EVENTS, MessageFilter::default()).await.unwrap();
        nodes_up(&net, 3).await;
        net.connect("node01", "node02", Until::Done).await.unwrap();
        net.stop_node("node02").await.unwrap();
        assert_eq!(shown(&watch).await.0, 14);
        let filters = [
            (
                MessageFilter { kind: Some("node".into()), ..Default::default() },
                "node up, node up, node up, node down",
            ),
            (
                MessageFilter {
                    words: vec!["NODE02".into(), "Node".into(), "up".into()],
                    ..Default::default()
                },
                "node up, conn up",
            ),
            (
                MessageFilter { node: Some(2), ..Default::default() },
                "asked create node03 (ping-pong), asked start, node up",
            ),
        ];
        for (filter, expect) in filters {
            watch.want(EVENTS, filter.clone()).await.unwrap();
            watch.again().await.unwrap();
            let (of, texts) = shown(&watch).await;
            assert_eq!((of as usize, texts.join(", ").as_str()), (texts.len(), expect), "{filter:?}");
        }
        // Nothing of it is told twice.
        net.stop_node("node01").await.unwrap();
        assert!(look(&watch).await.events.is_none());
    });
}

#[test]
fn what_is_done_to_the_whole_network_is_marked_for_those_who_come_later() {
    run(async {
        let net = network(1);
        let first = net.watch(None).await.unwrap();
        nodes_up(&net, 2).await;
        net.set_region("node01", Some(1)).await.unwrap();
        let one = vec![net.node("node01").await.unwrap().config.id];
        let cut = Restraint { one, other: None, both_ways: true, effect: Effect::Cut };
        let cut = net.impose(cut).await.unwrap();
        net.lift(cut).await.unwrap();
        let later = net.watch(None).await.unwrap();
        let marks = ["asked partition 1 node | everybody else (restraint 1)", "asked heal (restraint 1)"];
        for watch in [&first, &later] {
            assert_eq!(texts(&look(watch).await.marks), marks);
        }
        net.reset().await.unwrap();
        assert_eq!(texts(&look(&later).await.marks), ["asked reset"]);
    });
}

#[test]
fn an_item_is_followed_from_whom_to_whom() {
    run(async {
        let net = network(1);
        gossip(&net, 4).await;
        let watch = net.watch(None).await.unwrap();
        watch
            .want(Wants { arrivals: true, heat: true, ..Wants::default() }, MessageFilter::default())
            .await
            .unwrap();
        watch.track(Track::Latest).await.unwrap();
        net.build(Topology::Chain).await.unwrap();
        look(&watch).await;
        net.call("node02", "gossip_publish", Default::default()).await.unwrap();
        net.advance(s(1)).await.unwrap();
        let frame = look(&watch).await;
        let way: Vec<_> =
            frame.arrivals.iter().map(|row| (row.from, row.node, row.hops, row.duplicate)).collect();
        assert_eq!(way[0], (None, 1, 0, false));
        assert_eq!(way.len(), 4, "{way:?}");
        for arrival in [(Some(1), 0, 1, false), (Some(1), 2, 1, false), (Some(2), 3, 2, false)] {
            assert!(way.contains(&arrival), "{arrival:?} in {way:?}");
        }
        assert_eq!(
            frame.heat.iter().map(|row| (row.a, row.b, row.messages)).collect::<Vec<_>>(),
            [(0, 1, 1), (1, 2, 1), (2, 3, 1)]
        );
        assert!(frame.heat.iter().all(|row| row.bytes > 256), "an item has 256 bytes, its frame more");
    });
}
