//! Mockers: what they do, how they end, and that a seed says it all.

use crate::{network, run, s};
use simnet::mocker::{self, Mocker, Stopper, stop_signal};
use simnet::view::{EventFilter, EventKind};
use simnet::{Fault, Handle, NetworkError, Notice};
use world::sim::Pace;

/// A mocker at work, and a story beside it.
async fn beside<R>(
    net: &Handle,
    (name, nodes, seed): (&str, usize, u64),
    story: impl AsyncFnOnce(Stopper) -> R,
) -> (Result<(), NetworkError>, R) {
    let (stopper, stop) = stop_signal();
    let mocker = Mocker::named(name).unwrap();
    tokio::join!(mocker::run(net, mocker, nodes, seed, stop), story(stopper))
}

async fn up(net: &Handle) -> usize {
    net.nodes().await.unwrap().iter().filter(|node| node.up).count()
}

#[test]
fn boot_makes_a_ring_of_any_number_and_ends() {
    for (nodes, conns) in [(0, 0), (1, 0), (2, 1), (3, 3), (20, 20)] {
        run(async {
            let net = network(1);
            let (_stopper, stop) = stop_signal();
            mocker::run(&net, Mocker::Boot, nodes, 0, stop).await.unwrap();
            let tally = net.tally().await.unwrap();
            assert_eq!((tally.nodes_up, tally.conns_up), (nodes, conns), "{nodes}");
            let names: Vec<String> = tally.nodes.into_iter().map(|node| node.name).collect();
            let expect: Vec<String> = (1..=nodes).map(|n| format!("node{n:02}")).collect();
            assert_eq!(names, expect);
        });
    }
}

/// The first stops and starts of a mocker: when, who, up or down. Then it is told to stop.
async fn churn(mocker: (&str, usize, u64), count: usize) -> Vec<(u64, String, bool)> {
    let net = network(1);
    let mut events = net.subscribe(EventFilter::default(), false).await.unwrap();
    let (ended, seen) = beside(&net, mocker, async |stopper| {
        let mut seen = Vec::new();
        let mut ups = 0;
        while seen.len() < count {
            let Some(Notice::Event(event)) = events.recv().await else { panic!("an event") };
            let EventKind::Node(view) = &event.kind else { continue };
            if event.control
                || (ups < mocker.1 && {
                    ups += usize::from(view.up);
                    true
                })
            {
                continue;
            }
            seen.push((event.time.as_millis() as u64, view.config.name.clone(), view.up));
        }
        stopper.stop();
        seen
    })
    .await;
    ended.unwrap();
    assert_eq!(up(&net).await, mocker.1, "no node is left down");
    seen
}

#[test]
fn start_stop_stops_one_every_ten_seconds_for_three() {
    run(async {
        for nodes in [1, 2, 5] {
            let seen = churn(("startStop", nodes, 7), 8).await;
            for pair in seen.chunks(2) {
                let [(stopped, who, false), (started, same, true)] = pair else { panic!("{pair:?}") };
                assert_eq!((who, started - stopped), (same, 3_000));
            }
            for pair in seen[1..7].chunks(2) {
                assert_eq!(pair[1].0 - pair[0].0, 10_000);
            }
        }
    });
}

#[test]
fn probabilistic_steps_last_one_to_six_seconds() {
    run(async {
        for nodes in [1, 2, 6] {
            let seen = churn(("probabilistic", nodes, 7), 20).await;
            for (at, (time, who, up)) in seen.iter().enumerate().filter(|(_, (.., up))| *up) {
                let stopped = seen[..at].iter().rev().find(|(_, name, up)| name == who && !up);
                let lasted = time - stopped.expect("who starts was stopped").0;
                assert!((1_000..6_000).contains(&lasted), "{who} {up} after {lasted} ms");
            }
        }
    });
}

#[test]
fn a_seed_says_who_stops_and_when() {
    run(async {
        for name in ["startStop", "probabilistic"] {
            let first = churn((name, 6, 1), 12).await;
            assert_eq!(first, churn((name, 6, 1), 12).await, "{name}");
            assert_ne!(first, churn((name, 6, 2), 12).await, "{name}");
        }
    });
}

#[test]
fn told_to_stop_at_any_moment_it_leaves_no_node_down() {
    run(async {
        for name in ["startStop", "probabilistic"] {
            for moment in [0, 1, 5, 10, 11, 12, 13, 14, 17, 30] {
                let net = network(moment);
                let (ended, ()) = beside(&net, (name, 4, moment), async |stopper| {
                    net.advance(s(moment)).await.unwrap();
                    stopper.stop();
                })
                .await;
                ended.unwrap();
                let nodes = net.nodes().await.unwrap();
                assert!(nodes.iter().all(|node| node.up), "{name} {moment}");
            }
        }
        // To drop the stopper is to stop.
        let net = network(1);
        let (stopper, stop) = stop_signal();
        drop(stopper);
        mocker::run(&net, Mocker::named("startStop").unwrap(), 3, 0, stop).await.unwrap();
        // Without nodes there is nothing to wait for.
        let (_stopper, stop) = stop_signal();
        mocker::run(&net, Mocker::named("probabilistic").unwrap(), 0, 0, stop).await.unwrap();
    });
}

#[test]
fn an_error_ends_it_and_is_told() {
    run(async {
        let net = network(1);
        let (ended, _stopper) = beside(&net, ("startStop", 3, 0), async |stopper| {
            net.advance(s(5)).await.unwrap();
            net.reset().await.unwrap();
            net.advance(s(10)).await.unwrap();
            stopper
        })
        .await;
        assert_eq!(ended.unwrap_err().fault(), Fault::NotFound);
        let net = network(1);
        let (ended, _stopper) = beside(&net, ("probabilistic", 3, 0), async |stopper| {
            net.advance(s(5)).await.unwrap();
            net.set_pace(Pace::Paused).await.unwrap();
            stopper
        })
        .await;
        assert_eq!(ended, Err(NetworkError::ClockPaused));
        assert_eq!(up(&net).await, 3, "what it had down is up again");
    });
}
