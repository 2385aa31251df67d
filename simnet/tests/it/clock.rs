//! The clock in the experimenter's hands: pace, pause, and steps.

use crate::{config, nodes_up, run, s};
use simnet::topology::Topology;
use simnet::{NetworkConfig, NetworkError, Until, start};
use std::time::Duration;
use world::sim::Pace;

#[test]
fn a_paused_network_moves_by_steps_alone() {
    run(async {
        let net = start(NetworkConfig { pace: Pace::Paused, ..config(1) }).unwrap();
        let clock = net.clock().await.unwrap();
        assert_eq!((clock.now, clock.pace, clock.is_virtual), (s(0), Pace::Paused, true));
        nodes_up(&net, 2).await;
        net.connect("node01", "node02", Until::Asked).await.unwrap();
        assert_eq!(net.advance(s(1)).await, Err(NetworkError::ClockPaused));
        assert_eq!(
            net.connect("node02", "node01", Until::Done).await.unwrap_err(),
            NetworkError::ClockPaused
        );
        assert_eq!(net.now().await, Ok(s(0)), "what is refused takes no time");
        // The first thing that happens is a link's latency away.
        let clock = net.step_events(1).await.unwrap();
        assert_eq!(clock.pace, Pace::Paused);
        let first = clock.now;
        assert!(first > s(0) && first <= Duration::from_millis(2), "{first:?}");
        let clock = net.step_events(3).await.unwrap();
        assert!(clock.now > first);
        let target = clock.now + s(5);
        assert_eq!(net.step(s(5)).await.unwrap().now, target);
        assert_eq!(net.read(|state| state.conns_up()).await, Ok(1));
        assert_eq!(net.step(s(0)).await.unwrap().now, target);
    });
}

#[test]
fn steps_and_one_long_wait_come_to_the_same() {
    let digest = |steps: bool| {
        run(async move {
            let net = start(NetworkConfig { pace: Pace::Paused, ..config(2) }).unwrap();
            nodes_up(&net, 6).await;
            for (one, other) in net.edges(Topology::Ring).await.unwrap() {
                net.connect(&one.to_string(), &other.to_string(), Until::Asked).await.unwrap();
            }
            let end = s(40);
            if steps {
                while net.now().await.unwrap() < s(2) {
                    net.step_events(7).await.unwrap();
                }
                net.step(Duration::from_millis(1234)).await.unwrap();
            }
            let left = end - net.now().await.unwrap();
            net.step(left).await.unwrap();
            assert_eq!(net.now().await, Ok(end));
            net.shut_down().await.unwrap()
        })
    };
    assert_eq!(digest(true), digest(false));
}

#[test]
fn a_step_at_a_pace_does_not_wait_for_the_wall() {
    run(async {
        // A thousandth of real time: an hour would take six weeks.
        let net = start(NetworkConfig { pace: Pace::Times(0.001), ..config(1) }).unwrap();
        nodes_up(&net, 1).await;
        let began = net.now().await.unwrap();
        let clock = net.step(s(3600)).await.unwrap();
        assert_eq!(clock.pace, Pace::Times(0.001));
        assert!(clock.now >= began + s(3600) && clock.now < began + s(3601), "{:?}", clock.now);
        net.set_pace(Pace::Paused).await.unwrap();
        let paused = net.now().await.unwrap();
        assert_eq!(net.step(s(1)).await.unwrap().now, paused + s(1));
    });
}
