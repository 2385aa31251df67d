//! Two nodes find each other, talk, part, and find each other again.

use std::time::Duration;

use devp2p::{DiscReason, Fidelity, PeerError, PeerErrorCode};

use world::sim::{HostId, Link};

use crate::town::{ANSWER, ASK, BOTH, Town, echo, error, key, told};

#[test]
fn two_nodes_connect_and_talk_both_ways() {
    for fidelity in BOTH {
        let mut town = Town::of(fidelity, 2);
        town.connect(0, 1);
        town.run(200);
        town.say(0, |peer, cx| cx.send(peer, ASK, &"hello"));
        town.run(100);
        town.say(1, |peer, cx| cx.send(peer, ASK, &1024u32));
        town.run(100);
        let zero = ["added 1 outbound", "sent 1 0 6", "received 1 1 6", "received 1 0 3", "sent 1 1 3"];
        let one = ["added 0 inbound", "received 0 0 6", "sent 0 1 6", "sent 0 0 3", "received 0 1 3"];
        assert_eq!(town.seen(0), zero, "{fidelity:?}");
        assert_eq!(town.seen(1), one, "{fidelity:?}");
    }
}

/// Message fidelity leaves out cryptography and nothing else: same events, times and sizes.
#[test]
fn both_fidelities_tell_the_same_story_at_the_same_times() {
    let stories = BOTH.map(|fidelity| {
        let mut town = Town::of(fidelity, 3);
        town.connect(0, 1);
        town.connect(2, 1);
        town.connect(1, 2);
        town.run(300);
        town.say(0, |peer, cx| cx.send(peer, ASK, &vec![7u8; 5_000]));
        town.run(60_000);
        town.at(1, |home| home.server.stop());
        town.run(100);
        let traffic = |n| town.at(n, |home| home.server.traffic());
        [0, 1, 2].map(|n| (town.timed(n), traffic(n)))
    });
    assert_eq!(stories[0], stories[1]);
    assert!(
        stories[0][1].1.ingress > 2_000,
        "there were a handshake, a message and pings: {:?}",
        stories[0][1].1
    );
}

#[test]
fn a_session_lives_on_pings_alone() {
    for fidelity in BOTH {
        let mut town = Town::of(fidelity, 2);
        town.connect(0, 1);
        town.run(600_000);
        assert_eq!(town.seen(0), ["added 1 outbound"]);
        assert_eq!(town.seen(1), ["added 0 inbound"]);
    }
}

#[test]
fn two_dials_that_cross_leave_one_session_that_both_report_once() {
    for fidelity in BOTH {
        // One starts later than the other by so many half milliseconds: before, at and after each leg.
        for lag in 0..160 {
            let mut town = Town::of(fidelity, 2);
            town.connect(0, 1);
            town.sim.run_until(Duration::from_micros(500 * lag)).unwrap();
            town.connect(1, 0);
            town.run(5_000);
            assert_one_session(&town, lag);
        }
    }
}

#[test]
fn dials_that_cross_on_a_link_that_is_slower_one_way_leave_one_session_too() {
    for (there, back) in [(10, 37), (37, 10)] {
        for lag in 0..200 {
            let mut town = Town::of(Fidelity::Message, 2);
            town.sim.set_link(HostId(0), HostId(1), Link::latency(Duration::from_millis(there))).unwrap();
            town.sim.set_link(HostId(1), HostId(0), Link::latency(Duration::from_millis(back))).unwrap();
            town.connect(0, 1);
            town.run(lag);
            town.connect(1, 0);
            town.run(5_000);
            assert_one_session(&town, lag);
        }
    }
}

fn assert_one_session(town: &Town, lag: u64) {
    for n in [0, 1] {
        let (seen, peers) = (town.seen(n), town.peers(n));
        assert_eq!((seen.len(), peers), (1, 1), "node {n} at lag {lag}: {seen:?}");
        assert!(seen[0].starts_with("added"), "{seen:?}");
    }
    let inbound = |n| town.seen(n)[0].ends_with("inbound");
    assert_ne!(inbound(0), inbound(1), "one of them dialled, at lag {lag}");
}

/// The smaller id's dial wins, yet the other has no room left for those that dial in: in step they would fail for ever.
#[test]
fn nodes_that_fail_with_each_other_fall_out_of_step() {
    let smaller = usize::from(key(1).id() < key(0).id());
    let mut town = Town::new(Fidelity::Message);
    for n in 0..2 {
        town.settle(move |config| config.max_peers = if n == smaller { 50 } else { 1 });
    }
    town.connect(0, 1);
    town.connect(1, 0);
    town.run(60_000);
    assert_eq!((town.peers(0), town.peers(1)), (1, 1), "{:?}", town.timed(0));
}

#[test]
fn of_two_dials_at_once_the_smaller_id_wins() {
    let mut town = Town::of(Fidelity::Message, 2);
    town.connect(0, 1);
    town.connect(1, 0);
    town.run(1_000);
    let smaller = usize::from(key(1).id() < key(0).id());
    assert_eq!(town.seen(smaller), [format!("added {} outbound", 1 - smaller)]);
}

#[test]
fn removed_and_added_again_at_once_it_is_connected_at_once() {
    for fidelity in BOTH {
        let mut town = Town::of(fidelity, 2);
        town.connect(0, 1);
        town.run(200);
        let enode = town.enode(1);
        town.at(0, move |home| {
            assert!(home.server.remove_peer(enode.id()));
            assert_eq!(home.server.peer_count(), 0, "the drop has been told when the call returns");
            home.server.add_peer(enode).unwrap();
        });
        town.run(200);
        let requested = error("disconnect reason", "disconnect requested", "<nil>", "Server.remove_peer");
        let dropped = format!("dropped 1 {requested}");
        assert_eq!(town.seen(0), ["added 1 outbound", &dropped, "added 1 outbound"]);
        let dropped = format!("dropped 0 {}", told("disconnect requested"));
        assert_eq!(town.seen(1), ["added 0 inbound", &dropped, "added 0 inbound"]);
        let id = key(5).id();
        assert!(!town.at(0, move |home| home.server.remove_peer(id)), "nothing was known of it");
    }
}

#[test]
fn a_removed_peer_is_not_dialled_again_and_a_dial_that_is_removed_is_told() {
    let mut town = Town::of(Fidelity::Message, 2);
    town.connect(0, 1);
    town.run(5);
    let id = key(1).id();
    assert!(town.at(0, move |home| home.server.remove_peer(id)));
    town.run(120_000);
    let requested = error("disconnect reason", "disconnect requested", "<nil>", "Server.remove_peer");
    assert_eq!(town.seen(0), [format!("failed 1 {requested}")]);
    assert_eq!(town.seen(1), [""; 0]);
}

#[test]
fn a_static_node_is_dialled_again_after_it_has_crashed_and_come_back() {
    for fidelity in BOTH {
        let mut town = Town::of(fidelity, 2);
        town.connect(0, 1);
        town.run(200);
        town.crash(1);
        town.run(10_000);
        town.start(1, |_| {}, |_| vec![echo()]);
        town.run(30_000);
        let seen = town.seen(0);
        let reset = error("disconnect reason", "network error", "connection reset", "Peer.run readErr");
        assert_eq!(seen[1], format!("dropped 1 {reset}"));
        let refused = error(
            "disconnect reason",
            "network error",
            "connection to 10.0.0.2:30303 refused",
            "dial failed",
        );
        // After 1, 2 and 4 seconds nobody was there.
        assert_eq!(
            seen[2..5],
            [format!("failed 1 {refused}"), format!("failed 1 {refused}"), format!("failed 1 {refused}")]
        );
        assert_eq!(seen[5..], ["added 1 outbound"]);
        assert_eq!(town.seen(1), ["added 0 inbound"]);
    }
}

#[test]
fn a_peer_that_a_protocol_ends_hears_the_reason() {
    for fidelity in BOTH {
        let mut town = Town::of(fidelity, 2);
        town.connect(0, 1);
        town.run(200);
        town.say(0, |peer, cx| {
            cx.disconnect(
                peer,
                PeerError::new(PeerErrorCode::StatusIncompatible, DiscReason::UselessPeer, "other chain"),
            );
            cx.send(peer, ASK, &"this is lost");
            assert!(cx.peer(peer).is_some(), "it is gone when the call has returned");
        });
        town.run(200);
        let why = error("incompatible remote status", "useless peer", "<nil>", "other chain");
        assert_eq!(town.seen(0)[1], format!("dropped 1 {why}"));
        assert_eq!(town.seen(1)[1], format!("dropped 0 {}", told("useless peer")));
    }
}

#[test]
fn what_is_passed_on_reaches_all_others_once() {
    let mut town = Town::of(Fidelity::Wire, 4);
    for n in 1..4 {
        town.connect(n, 0);
    }
    town.run(300);
    town.say(0, |first, cx| {
        assert_eq!(cx.peer_count(), 3);
        cx.broadcast_except(first, ANSWER, &"news");
        cx.broadcast(ANSWER, &"more news");
    });
    town.run(100);
    let received = |n: usize| town.seen(n).iter().filter(|what| what.starts_with("received")).count();
    assert_eq!([1, 2, 3].map(received).iter().sum::<usize>(), 5);
}
