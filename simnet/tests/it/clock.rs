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

#[test]
fn a_step_goes_on_until_what_is_waited_for_holds() {
    run(async {
        let net = start(NetworkConfig { pace: Pace::Paused, ..config(3) }).unwrap();
        nodes_up(&net, 2).await;
        net.connect("node01", "node02", Until::Asked).await.unwrap();
        let clock = net.step_until("one connection", s(60), |state| state.conns_up() == 1).await.unwrap();
        assert!(clock.now > s(0) && clock.now < s(1), "{:?}", clock.now);
        assert_eq!(net.step_until("one connection", s(60), |state| state.conns_up() == 1).await, Ok(clock));
        let late = net.step_until("a third node", s(2), |state| state.nodes().len() == 3).await;
        assert_eq!(late.unwrap_err().to_string(), "a third node did not happen within 2s of simulated time");
        assert_eq!(net.now().await, Ok(clock.now + s(2)));
        assert_eq!(net.step_to(s(30)).await.unwrap().now, s(30));
        let past = net.step_to(s(7)).await.unwrap_err();
        assert_eq!(past, NetworkError::Past { time: s(7), now: s(30) });
    });
}

#[test]
fn a_pause_ends_the_waits_of_people_and_not_those_of_programs() {
    run(async {
        let net = start(NetworkConfig { pace: Pace::Times(2.0), ..config(1) }).unwrap();
        let (person, program) = (net.clone(), net.through_pauses());
        let person = tokio::spawn(async move { person.advance(s(3600)).await });
        let program = tokio::spawn(async move { program.advance(s(3600)).await });
        // Each has asked before the pause when its call has been answered once.
        tokio::task::yield_now().await;
        net.now().await.unwrap();
        net.set_pace(Pace::Paused).await.unwrap();
        assert_eq!(person.await.unwrap(), Err(NetworkError::ClockPaused));
        assert_eq!(net.through_pauses().clock().await.unwrap().pace, Pace::Paused);
        net.step(s(3600)).await.unwrap();
        assert_eq!(program.await.unwrap(), Ok(()));
        assert_eq!(net.resume().await.unwrap().pace, Pace::Times(2.0), "as before the pause");
        assert_eq!(net.resume().await.unwrap().pace, Pace::Times(2.0));
    });
}
