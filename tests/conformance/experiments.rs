//! What experiments are made of: mockers, steps, waiting, a wave of messages.

use std::time::Duration;

use devp2p::NodeId;
use serde_json::json;
use simnet::mocker::{self, Mocker};
use simnet::step::{BoxError, Expectation, Simulation, Step, Trigger};
use simnet::topology::Topology;
use simnet::view::{EventFilter, EventKind};
use simnet::{Handle, Notice, Until};

use crate::{Adapter, PATIENCE, on_all_adapters};

on_all_adapters! {
    a_mocker_boots_a_ring_and_ends
    a_mocker_stops_nodes_and_starts_them_again
    a_step_looks_at_each_node_until_it_passes
    an_item_reaches_every_node
}

async fn a_mocker_boots_a_ring_and_ends(adapter: Adapter) {
    let net = adapter.network();
    let (_stopper, stop) = mocker::stop_signal();
    mocker::run(&net, Mocker::Boot, 5, 1, stop).await.unwrap();
    let ring = net.edges(Topology::Ring).await.unwrap();
    assert_eq!(net.verify(ring).await.unwrap(), Ok(()));
    net.end().await;
}

async fn a_mocker_stops_nodes_and_starts_them_again(adapter: Adapter) {
    let net = adapter.network();
    let (stopper, stop) = mocker::stop_signal();
    let rates = Mocker::StartStop { every: Duration::from_millis(200), pause: Duration::from_millis(50) };
    // It listens and does not wait: whoever waits has simulated time run on while the mocker decides.
    let mut events = net.subscribe(EventFilter::default(), false).await.unwrap();
    let watch = async {
        let mut seen = Vec::new();
        while seen.len() < 4 + 4 {
            let Some(Notice::Event(event)) = events.recv().await else { panic!("an event") };
            if let EventKind::Node(view) = &event.kind
                && !event.control
            {
                seen.push((view.config.name.clone(), view.up));
            }
        }
        stopper.stop();
        assert!(seen[..4].iter().all(|(_, up)| *up), "{seen:?}");
        for pair in seen[4..].chunks(2) {
            let [(stopped, false), (started, true)] = pair else { panic!("{seen:?}") };
            assert_eq!(stopped, started);
        }
    };
    let (ran, ()) = tokio::join!(mocker::run(&net, rates, 4, 1, stop), watch);
    ran.unwrap();
    assert_eq!(net.tally().await.unwrap().nodes_up, 4, "none is left down");
    net.end().await;
}

async fn has_peer(net: &Handle, id: NodeId) -> Result<bool, BoxError> {
    Ok(net.read(move |state| state.node(&id).is_some_and(|node| node.peers > 0)).await?)
}

async fn a_step_looks_at_each_node_until_it_passes(adapter: Adapter) {
    let net = adapter.network();
    let ids: Vec<NodeId> = net.up(3).await.iter().map(|node| node.config.id).collect();
    let chain = async |net: &Handle| -> Result<(), BoxError> {
        net.connect("node01", "node02", Until::Asked).await?;
        net.connect("node02", "node03", Until::Asked).await?;
        Ok(())
    };
    let step = Step::new("chain", chain, Expectation::of(ids, has_peer));
    let step = step.triggered(Trigger::every(Duration::from_millis(5))).within(PATIENCE);
    let result = Simulation::new(net.handle.clone()).run(step).await;
    assert!(result.error.is_none() && result.passes.len() == 3, "{result:?}");
    assert!(result.started_at < result.finished_at && result.duration() < PATIENCE, "{result:?}");
    net.end().await;
}

async fn an_item_reaches_every_node(adapter: Adapter) {
    let net = adapter.network();
    for _ in 0..4 {
        net.create(&["gossip"]).await;
    }
    net.start_all().await.unwrap();
    net.build(Topology::Ring).await.unwrap();
    let item = net.call("node01", "gossip_publish", vec![json!(1000)]).await.unwrap();
    let deadline = net.now().await.unwrap() + PATIENCE;
    for node in ["node02", "node03", "node04"] {
        while net.call(node, "gossip_has", vec![item.clone()]).await.unwrap() != json!(true) {
            assert!(net.now().await.unwrap() < deadline, "{node} has not got it");
            net.advance(Duration::from_millis(10)).await.unwrap();
        }
    }
    net.end().await;
}
