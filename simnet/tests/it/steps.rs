//! Steps: an action, then an expectation of each node, in simulated time.

use crate::{network, nodes_up, run, s};
use devp2p::NodeId;
use simnet::step::{BoxError, Expectation, Simulation, Step, StepError, StepResult, Trigger};
use simnet::view::{EventFilter, EventKind};
use simnet::{Handle, Until};
use std::time::Duration;

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

async fn ids(net: &Handle) -> Vec<NodeId> {
    net.read(|state| state.nodes().iter().map(|node| node.id).collect()).await.unwrap()
}

async fn has_peer(net: &Handle, id: NodeId) -> Result<bool, BoxError> {
    Ok(net.read(move |state| state.node(&id).is_some_and(|node| node.peers > 0)).await?)
}

async fn connect_chain(net: &Handle) -> Result<(), BoxError> {
    let ids = ids(net).await;
    for pair in ids.windows(2) {
        net.connect(&pair[0].to_string(), &pair[1].to_string(), Until::Asked).await?;
    }
    Ok(())
}

/// Four nodes, then a step that chains them up.
async fn chained(seed: u64, trigger: Trigger) -> (Handle, StepResult) {
    let net = network(seed);
    nodes_up(&net, 4).await;
    net.advance(s(3)).await.unwrap();
    let expect = Expectation::of(ids(&net).await, has_peer);
    let step = Step::new("chain", connect_chain, expect).triggered(trigger).within(s(10));
    let result = Simulation::new(net.clone()).run(step).await;
    (net, result)
}

#[test]
fn each_node_passes_at_its_own_time_and_the_result_tells_all() {
    run(async {
        for trigger in [Trigger::every(ms(1)), Trigger::changes(s(1))] {
            let text = format!("{trigger:?}");
            let (net, result) = chained(1, trigger).await;
            assert!(result.error.is_none(), "{text}: {:?}", result.error);
            assert_eq!(result.passes.len(), 4, "{text}");
            assert_eq!(result.started_at, s(3));
            assert_eq!(result.finished_at, net.now().await.unwrap());
            let spread = result.spread().unwrap();
            assert!(
                ms(1) < spread.min && spread.min <= spread.mean && spread.mean <= spread.max,
                "{spread:?}"
            );
            assert!(spread.max < ms(100) && result.duration() == spread.max, "{text}: {spread:?}");
            let ups = result.events.iter().filter(|event| !event.control);
            let ups = ups.filter(|event| matches!(&event.kind, EventKind::Conn(conn) if conn.up)).count();
            assert_eq!((ups, result.missed), (3, 0), "{text}");
            assert!(result.ok().is_ok());
        }
    });
}

#[test]
fn one_seed_one_course() {
    let course = |seed| {
        run(async move {
            let (net, result) = chained(seed, Trigger::changes(s(1))).await;
            (result.passes, net.shut_down().await.unwrap())
        })
    };
    assert_eq!(course(5), course(5));
    assert_ne!(course(5).1, course(6).1);
}

#[test]
fn nothing_expected_is_over_with_the_action() {
    run(async {
        let net = network(1);
        nodes_up(&net, 2).await;
        let step = Step::new("act", connect_chain, Expectation::none());
        let result = Simulation::new(net.clone()).run(step).await;
        assert!(result.error.is_none() && result.passes.is_empty());
        assert_eq!(result.duration(), Duration::ZERO);
        assert_eq!(result.events.len(), 1, "the action was asked for: {:?}", result.events);
    });
}

#[test]
fn an_action_that_fails_ends_the_step_before_any_check() {
    run(async {
        let net = network(1);
        nodes_up(&net, 1).await;
        let fail = async |net: &Handle| Ok(net.start_node("node01").await.map(drop)?);
        let expect = Expectation::of(ids(&net).await, async |_: &Handle, _| panic!("must not be looked at"));
        let result = Simulation::new(net).run(Step::new("fail", fail, expect)).await;
        let error = result.error.expect("failed");
        assert!(matches!(&error, StepError::Action(_)), "{error}");
        assert!(error.to_string().starts_with("action: node ") && error.to_string().ends_with("already up"));
    });
}

#[test]
fn a_check_that_fails_ends_the_step_and_names_its_node() {
    run(async {
        let net = network(1);
        nodes_up(&net, 2).await;
        let all = ids(&net).await;
        let second = all[1];
        let expect = Expectation::of(
            all,
            async |_: &Handle, id: NodeId| {
                if id == second { Err("broken".into()) } else { Ok(true) }
            },
        );
        let result = Simulation::new(net).run(Step::new("check", async |_: &Handle| Ok(()), expect)).await;
        assert_eq!(result.passes.len(), 1);
        assert_eq!(result.error.unwrap().to_string(), format!("check of {second}: broken"));
    });
}

#[test]
fn what_takes_too_long_is_told_in_simulated_seconds_and_by_name() {
    run(async {
        for trigger in [Trigger::every(ms(300)), Trigger::changes(ms(300))] {
            let net = network(1);
            nodes_up(&net, 6).await;
            let expect = Expectation::of(ids(&net).await, has_peer);
            let connect = async |net: &Handle| {
                net.connect("node01", "node02", Until::Asked).await?;
                Ok(())
            };
            let step = Step::new("late", connect, expect).triggered(trigger).within(s(7));
            let result = Simulation::new(net).run(step).await;
            let text = result.error.as_ref().unwrap().to_string();
            let expect =
                "4 of 6 nodes (node03, node04, node05 and 1 more) did not pass within 7s of simulated time";
            assert_eq!(text, expect);
            assert_eq!((result.duration(), result.passes.len()), (s(7), 2));
        }
    });
}

#[test]
fn a_trigger_that_is_silent_is_waited_for_one_that_has_ended_is_not() {
    run(async {
        for (keep, took, text) in [
            (true, s(7), "1 of 1 nodes (node01) did not pass within 7s of simulated time"),
            (false, s(0), "the trigger ended while 1 nodes had not passed"),
        ] {
            let net = network(1);
            nodes_up(&net, 1).await;
            let (sender, trigger) = Trigger::channel();
            let sender = keep.then_some(sender);
            let expect = Expectation::of(ids(&net).await, async |_: &Handle, _| Ok(true));
            let step = Step::new("silent", async |_: &Handle| Ok(()), expect).triggered(trigger).within(s(7));
            let result = Simulation::new(net).run(step).await;
            assert_eq!((result.duration(), result.error.unwrap().to_string()), (took, text.to_owned()));
            drop(sender);
        }
    });
}

#[test]
fn an_action_that_takes_all_the_time_is_too_late() {
    run(async {
        let net = network(1);
        nodes_up(&net, 1).await;
        let expect = Expectation::of(ids(&net).await, async |_: &Handle, _| Ok(true));
        let idle = async |net: &Handle| Ok(net.advance(s(9)).await?);
        let result = Simulation::new(net).run(Step::new("idle", idle, expect).within(s(5))).await;
        assert!(
            matches!(result.error, Some(StepError::TimedOut { waiting: 1, of: 1, .. })),
            "{:?}",
            result.error
        );
    });
}

#[test]
fn a_node_named_twice_or_by_mistake_is_looked_at_once_or_never() {
    run(async {
        let net = network(1);
        nodes_up(&net, 3).await;
        let all = ids(&net).await;
        let (sender, trigger) = Trigger::channel();
        // The first twice, the second never, a stranger, the last.
        for id in [all[0], all[0], NodeId::from_bytes([9; 32]), all[2]] {
            sender.send(id);
        }
        let mut looked = Vec::new();
        let expect = Expectation::of([all[0], all[2], all[0]], async |_: &Handle, id| {
            looked.push(id);
            Ok(true)
        });
        let step = Step::new("twice", async |_: &Handle| Ok(()), expect).triggered(trigger);
        let result = Simulation::new(net).run(step).await;
        assert!(result.error.is_none());
        assert_eq!(looked, [all[0], all[2]]);
        assert_eq!(result.passes.len(), 2);
    });
}

#[test]
fn a_trigger_may_be_held_by_a_service_in_the_network() {
    run(async {
        let (sender, trigger) = Trigger::channel();
        let services = node::Services::builtin()
            .register("tells", move |context| Ok(Tells { sender: sender.clone(), id: context.config.id }));
        let config = simnet::NetworkConfig { services: services.unwrap(), ..crate::config(1) };
        let net = simnet::start(config).unwrap();
        for _ in 0..3 {
            let spec = simnet::view::NodeSpec { services: vec!["tells".into()], ..Default::default() };
            net.create_node(spec).await.unwrap();
        }
        let expect = Expectation::of(ids(&net).await, async |_: &Handle, _| Ok(true));
        let step =
            Step::new("told", async |net: &Handle| Ok(net.start_all().await?), expect).triggered(trigger);
        let result = Simulation::new(net.clone()).run(step).await;
        assert_eq!(result.passes.len(), 3, "{:?}", result.error);
    });
}

struct Tells {
    sender: simnet::step::TriggerSender,
    id: NodeId,
}

impl node::Service for Tells {
    fn start(&self, _: &std::rc::Rc<node::Node>) -> Result<(), node::ServiceError> {
        self.sender.send(self.id);
        Ok(())
    }
}

#[test]
fn messages_are_among_the_events_if_they_are_named() {
    run(async {
        let net = network(1);
        nodes_up(&net, 2).await;
        let act = async |net: &Handle| {
            net.connect("node01", "node02", Until::Done).await?;
            Ok(net.advance(s(15)).await?)
        };
        let messages = EventFilter { messages: vec![("ping-pong".into(), Some(vec![0]))] };
        let step = Step::new("talk", act, Expectation::none()).messages(messages);
        let result = Simulation::new(net).run(step).await;
        let messages = result.events.iter().filter(|event| matches!(event.kind, EventKind::Msg { .. }));
        assert_eq!(messages.count(), 4);
    });
}

#[test]
fn a_network_that_has_gone_ends_the_step() {
    run(async {
        let net = network(1);
        nodes_up(&net, 1).await;
        let expect = Expectation::of(ids(&net).await, async |_: &Handle, _| Ok(true));
        let gone = async |net: &Handle| Ok(net.shut_down().await.map(drop)?);
        let result = Simulation::new(net).run(Step::new("gone", gone, expect)).await;
        assert_eq!(result.error.unwrap().to_string(), "the network has been shut down");
    });
}

#[test]
fn a_paused_clock_is_said_not_waited_for() {
    run(async {
        let net = network(1);
        nodes_up(&net, 1).await;
        net.set_pace(world::sim::Pace::Paused).await.unwrap();
        let expect = Expectation::of(ids(&net).await, has_peer);
        let result = Simulation::new(net).run(Step::new("paused", async |_: &Handle| Ok(()), expect)).await;
        assert_eq!(result.error.unwrap().to_string(), "clock is paused");
    });
}
