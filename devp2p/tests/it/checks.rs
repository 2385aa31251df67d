//! Who is let in, and what both sides hear when one is not.

use devp2p::{AddPeerError, Enode, Fidelity, OfferError, Protocol};
use std::cell::RefCell;
use std::rc::Rc;

use crate::town::{BOTH, Echo, Town, echo, error, key, told};

fn refused(message: &str, reason: &str) -> String {
    error("disconnect reason", reason, "<nil>", message)
}

#[test]
fn a_full_node_says_so_before_it_introduces_itself() {
    for fidelity in BOTH {
        let mut town = Town::new(fidelity);
        // Of three peers one may be dialled, so two may come in.
        town.settle(|config| config.max_peers = 3);
        for _ in 1..5 {
            town.settle(|_| {});
        }
        for n in 1..4 {
            town.connect(n, 0);
            town.run(200);
        }
        assert_eq!(town.seen(0), ["added 1 inbound", "added 2 inbound"]);
        assert_eq!(town.seen(3), [format!("failed 0 {}", told("too many peers"))]);
        town.connect(0, 4);
        town.run(200);
        assert_eq!(town.peers(0), 3, "the place for one that it dials itself");
    }
}

#[test]
fn a_dialler_that_is_full_itself_keeps_its_own_limit() {
    for fidelity in BOTH {
        let mut town = Town::new(fidelity);
        town.settle(|config| config.max_peers = 1);
        town.settle(|_| {});
        town.settle(|_| {});
        town.connect(0, 1);
        town.run(200);
        town.connect(0, 2);
        town.run(200);
        let full = refused("1 peers, limit 1", "too many peers");
        assert_eq!(town.seen(0)[1], format!("failed 2 {full}"));
        assert_eq!(town.seen(2), [""; 0], "it never heard a Hello");
    }
}

#[test]
fn trusted_nodes_are_let_in_above_the_limit() {
    for fidelity in BOTH {
        let mut town = Town::new(fidelity);
        town.settle(|config| {
            config.max_peers = 0;
            config.trusted = vec![key(1).id()];
        });
        for n in 1..4 {
            town.settle(|_| {});
            town.connect(n, 0);
        }
        town.run(200);
        assert_eq!(town.seen(0), ["added 1 inbound"]);
        let (two, three) = (key(2).id(), key(3).id());
        town.at(0, move |home| {
            home.server.add_trusted(two);
            home.server.remove_trusted(key(1).id());
            assert!(!home.server.is_connected(three));
            assert!(!home.server.peers()[0].network.trusted);
        });
        town.run(5_000);
        assert_eq!(town.seen(0), ["added 1 inbound", "added 2 inbound"]);
    }
}

#[test]
fn nodes_without_a_common_protocol_part_and_a_node_without_any_takes_all() {
    for fidelity in BOTH {
        let mut town = Town::new(fidelity);
        let other = || Protocol::new("other", 1, 1, Rc::new(RefCell::new(Echo::default())));
        town.settle(|_| {});
        town.settle_with(|_| {}, move |_| vec![other()]);
        town.settle_with(|_| {}, |_| vec![]);
        town.connect(0, 1);
        town.run(200);
        assert_eq!(town.seen(0), [format!("failed 1 {}", refused("no matching protocols", "useless peer"))]);
        town.at(0, |home| home.server.remove_peer(key(1).id()));
        town.settle_with(|_| {}, |_| vec![]);
        town.connect(2, 3);
        town.run(200);
        assert_eq!(town.peers(2), 1);
    }
}

#[test]
fn the_highest_common_version_alone_hears_of_a_peer() {
    let mut town = Town::new(Fidelity::Message);
    let eth = |version| Protocol::new("eth", version, 4, Rc::new(RefCell::new(Echo::default())));
    town.settle_with(|_| {}, move |_| vec![eth(67), eth(68), eth(69)]);
    town.settle_with(|_| {}, move |_| vec![eth(68), eth(67)]);
    town.connect(0, 1);
    town.run(200);
    let counts = town.at(0, |home| {
        ["eth/67", "eth/68", "eth/69"].map(|name| home.server.enter(name, |cx| cx.peer_count()))
    });
    assert_eq!(counts, [Some(0), Some(1), Some(0)]);
    town.at(0, |home| {
        assert_eq!(home.server.enter("eth", |cx| cx.peer_count()), Some(0), "the highest of ours")
    });
    let caps = town.at(0, |home| home.server.peers()[0].caps.clone());
    assert_eq!(caps, ["eth/67", "eth/68"]);
}

#[test]
fn a_node_with_another_key_than_the_one_dialled_is_no_peer() {
    for fidelity in BOTH {
        let mut town = Town::of(fidelity, 2);
        let enode = Enode::new(key(9).public(), town.address(1));
        town.at(0, move |home| home.server.add_peer(enode).unwrap());
        town.run(300);
        let seen = town.seen(0);
        assert!(
            seen[0].starts_with("failed 9 PeerError(code=disconnect reason, reason=network error"),
            "{seen:?}"
        );
        assert_eq!(town.seen(1), [""; 0]);
    }
}

#[test]
fn a_node_does_not_dial_its_own_name() {
    let mut town = Town::of(Fidelity::Message, 1);
    let twin = town.settle(|config| config.key = key(0));
    let enode = Enode::new(key(0).public(), town.address(0));
    let itself = AddPeerError::Itself(key(0).id());
    let (add, offer) =
        town.at(twin, move |home| (home.server.add_peer(enode.clone()), home.server.offer(enode)));
    assert_eq!(add, Err(itself.clone()));
    assert_eq!(offer, Err(OfferError::Node(itself)));
}

#[test]
fn a_node_that_is_connected_already_is_not_let_in_twice() {
    for fidelity in BOTH {
        let mut town = Town::of(fidelity, 2);
        let twin = town.settle(|config| config.key = key(0));
        town.connect(0, 1);
        town.run(200);
        town.connect(twin, 1);
        town.run(200);
        assert_eq!(town.seen(1), ["added 0 inbound"]);
        assert_eq!(town.seen(twin), [format!("failed 1 {}", told("already connected"))]);
    }
}

#[test]
fn nodes_that_cannot_be_dialled_are_refused_with_the_reason() {
    let town = Town::of(Fidelity::Message, 1);
    let nowhere = Enode::unknown(key(3).public());
    let results = town.at(0, move |home| {
        let add = home.server.add_peer(nowhere.clone());
        let offer = home.server.offer(nowhere);
        home.server.stop();
        (add, offer, home.server.add_peer(Enode::new(key(3).public(), "10.0.0.9:1".parse().unwrap())))
    });
    assert_eq!(results.0, Err(AddPeerError::NoAddress(key(3).id())));
    assert_eq!(results.1, Err(OfferError::Node(AddPeerError::NoAddress(key(3).id()))));
    assert_eq!(results.2, Err(AddPeerError::Stopped));
}

#[test]
fn a_candidate_is_dialled_once_and_has_no_claim_to_more() {
    let mut town = Town::of(Fidelity::Message, 2);
    let enode = town.enode(1);
    let twice = enode.clone();
    town.at(0, move |home| home.server.offer(twice).unwrap());
    town.run(200);
    assert_eq!(town.seen(0), ["added 1 outbound"]);
    let again = enode.clone();
    let refused = town.at(0, move |home| home.server.offer(again).unwrap_err());
    assert_eq!(refused.to_string(), "already connected");
    town.crash(1);
    town.start(1, |_| {}, |_| vec![echo()]);
    town.run(20_000);
    assert_eq!(town.peers(0), 0, "it is not dialled again on our own accord");
    let refused = town.at(0, move |home| home.server.offer(enode).unwrap_err());
    assert_eq!(refused.to_string(), "recently dialed");
}

#[test]
fn more_handshakes_than_may_be_on_their_way_wait_their_turn() {
    for fidelity in BOTH {
        let mut town = Town::new(fidelity);
        town.settle(|config| config.max_pending = 2);
        for n in 1..12 {
            town.settle(|_| {});
            town.connect(n, 0);
        }
        town.run(3_000);
        assert_eq!(town.peers(0), 11);
        for n in 1..12 {
            assert_eq!(town.seen(n), ["added 0 outbound"], "nobody was sent away");
        }
    }
}
