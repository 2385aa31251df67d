//! Churn by rates, and what else is planned for a time to come.

use crate::{config, network, nodes_up, run, s};
use simnet::churn::Churn;
use simnet::topology::Topology;
use simnet::{Handle, NetworkConfig, NetworkError, Restraint, replay, start};
use std::time::Duration;
use world::sim::Pace;

fn churn(rate: &str, away: &str) -> Churn {
    let (rate, down) = (rate.parse().unwrap(), away.parse().unwrap());
    Churn { rate, down, nodes: vec![], crash: false, seed: 5 }
}

async fn up(net: &Handle) -> usize {
    net.read(|state| state.nodes().iter().filter(|node| node.up).count()).await.unwrap()
}

#[test]
fn nodes_leave_at_their_rate_and_come_back_to_their_peers() {
    run(async {
        let net = network(1);
        nodes_up(&net, 40).await;
        net.build(Topology::RandomRegular { degree: 4 }).await.unwrap();
        // Each four times an hour: 40 × 4 in an hour, with a deviation of √160 = 13.
        net.start_churn(churn("400%/h", "60s")).await.unwrap();
        net.advance(s(3600)).await.unwrap();
        let view = net.churn().await.unwrap().unwrap();
        assert!((110..=200).contains(&view.left), "{view:?}");
        assert_eq!(up(&net).await, 40 - view.away);
        let ended = net.stop_churn().await.unwrap();
        assert_eq!((ended.left, up(&net).await), (view.left, 40), "whoever is away comes back");
        net.until("all connections", s(300), |state| state.conns_up() == 80).await.unwrap();
        assert_eq!(net.stop_churn().await, Err(NetworkError::NoChurn));
        net.advance(s(3600)).await.unwrap();
        assert_eq!(up(&net).await, 40, "nobody leaves any more");
    });
}

#[test]
fn only_those_chosen_leave_and_some_for_good() {
    run(async {
        let net = network(2);
        nodes_up(&net, 6).await;
        let few = Churn { nodes: vec!["node01,node02".into()], crash: true, ..churn("1/s", "ever") };
        net.start_churn(few).await.unwrap();
        net.advance(s(60)).await.unwrap();
        assert_eq!(up(&net).await, 4);
        assert_eq!(net.churn().await.unwrap().unwrap().away, 2);
        let none = Churn { nodes: vec!["light*".into()], ..churn("1/s", "1s") };
        let error = net.start_churn(none).await.unwrap_err();
        assert_eq!(error.to_string(), "\"light*\" names no node: none of the nodes there are is like that");
        assert!(net.churn().await.unwrap().is_some(), "what is refused changes nothing");
        net.reset().await.unwrap();
        assert_eq!(net.churn().await, Ok(None), "its nodes are gone");
    });
}

#[test]
fn a_session_with_churn_replays_whatever_its_pace() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    let session = |name: &'static str, steps: bool| {
        let journal = file(name);
        run(async move {
            let pace = if steps { Pace::Paused } else { Pace::Max };
            let net = start(NetworkConfig { journal: Some(journal), pace, ..config(3) }).unwrap();
            nodes_up(&net, 10).await;
            net.start_churn(churn("1/s", "exponential 2s")).await.unwrap();
            let cut = Restraint::cut(net.select(vec!["node0*".into()]).await.unwrap(), None);
            net.impose_for(cut, Duration::from_millis(2500)).await.unwrap();
            if steps {
                net.step_events(3).await.unwrap();
                net.step_to(s(20)).await.unwrap();
            } else {
                net.advance(s(20)).await.unwrap();
            }
            assert!(net.churn().await.unwrap().unwrap().left > 5);
            assert_eq!(net.restraints().await.unwrap().len(), 0, "it healed by itself");
            net.shut_down().await.unwrap()
        })
    };
    // Planned things happen at their time to the nanosecond, however time is made to pass.
    let digest = session("steps", true);
    assert_eq!(session("whole", false), digest);
    for name in ["steps", "whole"] {
        let again = run(replay(config(0), &file(name))).unwrap();
        assert_eq!((again.digest, again.recorded), (digest, Some(digest)), "{name}");
    }
}
