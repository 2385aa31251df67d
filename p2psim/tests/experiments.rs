//! A user's own service and its tests, written against `p2psim` alone; and how such a test tells that it failed.

#![allow(clippy::unwrap_used, missing_docs)]

use p2psim::{
    Context, Expectation, Handler, Message, Methods, NodeId, PeerError, PeerEventFilter, PeerId, Protocol,
    Service, Sim, Simulation, Step, TestResult, Trigger, latency,
};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::process::{Command, Output};
use std::rc::Rc;
use std::time::Duration;

const ITEM: u64 = 0;

#[derive(Default)]
struct Gossip {
    seen: BTreeSet<u64>,
}

impl Handler for Gossip {
    fn on_message(&mut self, from: PeerId, msg: Message, cx: &mut Context<'_>) -> Result<(), PeerError> {
        let item: u64 = msg.decode()?;
        if self.seen.insert(item) {
            cx.observe("arrival", item as f64);
            cx.broadcast_except(from, ITEM, &item);
        }
        Ok(())
    }
}

#[derive(Default)]
struct GossipService(Rc<RefCell<Gossip>>);

impl Service for GossipService {
    fn protocols(&self) -> Vec<Protocol> {
        vec![Protocol::new("gossip", 1, 1, Rc::clone(&self.0))]
    }

    fn methods(&self, table: &mut Methods) {
        let gossip = Rc::clone(&self.0);
        table.add_in("gossip", "gossip_publish", move |cx, params| {
            let (item,): (u64,) = params.parse()?;
            gossip.borrow_mut().seen.insert(item);
            cx.broadcast(ITEM, &item);
            Ok(())
        });
        let gossip = Rc::clone(&self.0);
        table.add("gossip_seen", move |_| Ok(gossip.borrow().seen.len()));
    }
}

async fn gossip(sim: &Sim, nodes: usize) -> TestResult<p2psim::Net> {
    let network = sim.network("gossip").service("gossip", |_| Ok(GossipService::default()));
    network.nodes(nodes).random_regular(4).links(latency("50ms")).up().await
}

#[p2psim::test(seeds = 20)]
async fn an_item_reaches_everyone(sim: Sim) -> TestResult {
    let net = gossip(&sim, 30).await?;
    net.node(0).call::<()>("gossip_publish", [7]).await?;
    let reached = net.eventually("2s", async |node| node.call::<usize>("gossip_seen", ()).await == Ok(1));
    let (took, reached) = net.timed(reached).await?;
    reached?;
    assert!(took >= Duration::from_millis(100), "two hops at least: {took:?}");
    Ok(())
}

#[p2psim::test(seeds = 3)]
async fn an_item_reaches_everyone_who_was_away(sim: Sim) -> TestResult {
    let net = gossip(&sim, 10).await?;
    let away = net.stop_random(3, &[net.node(0)]).await?;
    sim.advance("30s").await?;
    for node in &away {
        node.start().await?;
        net.connect_to_random(node).await?;
    }
    net.until_each_has_peers(1, "1m").await?;
    net.node(0).call::<()>("gossip_publish", [7]).await?;
    let seen = async |node: &p2psim::Node| node.call::<usize>("gossip_seen", ()).await;
    net.eventually("5s", async |node| seen(node).await == Ok(1)).await
}

#[p2psim::test]
async fn a_step_measures_how_an_item_spreads(sim: Sim) -> TestResult {
    let net = gossip(&sim, 12).await?;
    let mut first = net.peer_events(&net.nodes(), [PeerEventFilter::received().protocol("gossip")]).await?;
    let ids: Vec<NodeId> = net.nodes().iter().map(p2psim::Node::id).collect();
    let source = ids[0].to_string();
    let publish = async move |net: &p2psim::Handle| {
        net.call(&source, "gossip_publish", vec![7.into()]).await?;
        Ok(())
    };
    let seen = async |net: &p2psim::Handle, id: NodeId| {
        Ok(net.call(&id.to_string(), "gossip_seen", vec![]).await? == 1)
    };
    let step = Step::new("spread", publish, Expectation::of(ids, seen))
        .triggered(Trigger::every(Duration::from_millis(10)))
        .within(Duration::from_secs(5));
    let result = Simulation::new(net.handle().clone()).run(step).await.ok()?;
    let spread = result.spread().unwrap();
    assert!(spread.min.is_zero() && spread.max >= Duration::from_millis(100), "{spread:?}");
    assert_eq!(first.try_next().unwrap().time, result.started_at + Duration::from_millis(50));
    Ok(())
}

/// Fails where its environment says so.
#[p2psim::test(seeds = 5)]
async fn fails_on_demand(sim: Sim) -> TestResult {
    let demanded = |variable: &str| std::env::var(variable).is_ok_and(|seed| seed == sim.seed().to_string());
    let net = sim.network("small").nodes(1).up().await?;
    assert!(!demanded("PANIC_ON"), "a panic was demanded");
    if demanded("ERROR_ON") {
        net.until("what never happens", "3s", |_| false).await?;
    }
    Ok(())
}

fn again(environment: &[(&str, &str)]) -> (bool, String) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "fails_on_demand", "--nocapture"]).env_remove("P2PSIM_SEED");
    let Output { status, stdout, stderr } =
        command.env("RUST_BACKTRACE", "0").envs(environment.iter().copied()).output().unwrap();
    let text = [stdout, stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    assert!(text.contains("running 1 test"), "{text}");
    (status.success(), text)
}

#[test]
fn a_failure_tells_the_line_that_replays_it_and_the_line_does() {
    for (demand, told) in [
        ("PANIC_ON", "a panic was demanded"),
        ("ERROR_ON", "seed 3: what never happens did not happen within 3s of simulated time"),
    ] {
        let (passed, text) = again(&[(demand, "3")]);
        assert!(!passed && text.contains(told), "{text}");
        let line = "seed 3 of 5 failed; to run it again: \
                    P2PSIM_SEED=3 cargo test -p p2psim fails_on_demand -- --exact\n";
        assert!(text.contains(line), "{text}");

        let (passed, text) = again(&[(demand, "3"), ("P2PSIM_SEED", "3")]);
        assert!(!passed && text.contains("seed 3 failed; to run it again: P2PSIM_SEED=3 "), "{text}");
        assert!(again(&[(demand, "3"), ("P2PSIM_SEED", "4")]).0, "only the seed named is run");
        assert!(!again(&[(demand, "77"), ("P2PSIM_SEED", "77")]).0, "any seed can be named");
    }
    let (passed, text) = again(&[("P2PSIM_SEED", "seventeen")]);
    assert!(!passed && text.contains("P2PSIM_SEED=\"seventeen\" is no seed"), "{text}");
}
