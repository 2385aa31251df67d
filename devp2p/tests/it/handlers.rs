//! What a protocol can do, and what its mistakes cost.

use std::time::Duration;

use devp2p::Fidelity;

use crate::town::{ASK, BOTH, FAIL, NUMBER, Town, asked_to_fail, error, told};

fn pair(fidelity: Fidelity) -> Town {
    let mut town = Town::of(fidelity, 2);
    town.connect(0, 1);
    town.run(200);
    town
}

#[test]
fn an_error_of_a_handler_ends_the_peer_with_its_reason_on_both_sides() {
    for fidelity in BOTH {
        let mut town = pair(fidelity);
        town.say(0, |peer, cx| {
            cx.send(peer, FAIL, &0u8);
            cx.send(peer, ASK, &"not read any more");
        });
        town.run(200);
        assert_eq!(
            town.seen(1)[1..],
            ["received 0 2 1".to_owned(), format!("dropped 0 {}", asked_to_fail())]
        );
        assert_eq!(town.seen(0).last(), Some(&format!("dropped 1 {}", told("subprotocol error"))));
    }
}

#[test]
fn a_payload_that_does_not_decode_is_the_senders_breach_of_protocol() {
    for fidelity in BOTH {
        let mut town = pair(fidelity);
        town.say(0, |peer, cx| cx.send(peer, NUMBER, &7u32));
        town.run(50);
        town.say(0, |peer, cx| cx.send(peer, NUMBER, &u64::MAX));
        town.run(200);
        let why = error("invalid message", "breach of protocol", "overflow", "(code 3) (size 9)");
        assert_eq!(town.seen(1)[2..5], ["echo number 7", "received 0 3 9", &format!("dropped 0 {why}")]);
        assert_eq!(town.seen(0).last(), Some(&format!("dropped 1 {}", told("breach of protocol"))));
    }
}

#[test]
fn a_code_the_protocol_does_not_have_ends_the_peer_it_was_meant_for() {
    for fidelity in BOTH {
        let mut town = pair(fidelity);
        town.say(0, |peer, cx| cx.send(peer, 4, &0u8));
        town.run(200);
        let why = error("invalid message code", "breach of protocol", "<nil>", "not handled code=4");
        assert_eq!(town.seen(0)[1..], [format!("dropped 1 {why}")]);
        assert_eq!(town.seen(1)[1..], [format!("dropped 0 {}", told("breach of protocol"))]);
    }
}

#[test]
fn timers_come_at_their_times_and_cancelled_ones_do_not() {
    let mut town = pair(Fidelity::Message);
    let start = town.sim.now();
    town.say(0, |_, cx| {
        for (ms, timer) in [(30, 1), (10, 2), (20, 3), (10, 4), (40, 2), (0, 5)] {
            cx.set_timer(Duration::from_millis(ms), timer);
        }
        cx.cancel_timer(3);
    });
    town.run(100);
    let seen: Vec<_> = town.timed(0).into_iter().skip(1).map(|(at, what)| (at - start, what)).collect();
    let expect = [(0, 5), (10, 2), (10, 4), (30, 1), (40, 2)];
    assert_eq!(seen, expect.map(|(ms, timer)| (Duration::from_millis(ms), format!("echo timer {timer}"))));
}

#[test]
fn entropy_is_one_stream_for_the_life_of_a_server_and_another_for_the_next() {
    let town = Town::of(Fidelity::Message, 1);
    let draw = |town: &Town| town.at(0, |home| home.server.enter("echo", |cx| cx.entropy().next_u64()));
    let (first, second) = (draw(&town), draw(&town));
    assert_ne!(first, second);
    town.crash(0);
    town.start(0, |_| {}, |_| vec![crate::town::echo()]);
    assert!(![first, second].contains(&draw(&town)));
}

#[test]
fn what_is_shown_of_node_and_peer_is_what_geth_shows() {
    let mut town = Town::new(Fidelity::Wire);
    town.settle(|_| {});
    town.settle(|config| config.listen = None);
    town.connect(1, 0);
    town.run(200);
    let (enode, record, infos, protocols) = town.at(0, |home| {
        let server = &home.server;
        (server.enode().to_string(), server.record(), server.peers(), server.protocols_info())
    });
    assert!(enode.ends_with("@10.0.0.1:30303?discport=0"), "{enode}");
    assert_eq!(record.tcp(), Some(30303));
    assert_eq!(record.id(), town.at(0, |home| home.server.id()));
    assert_eq!(protocols["echo"], 0);
    let [info] = &infos[..] else { panic!("{infos:?}") };
    assert_eq!((info.name.as_str(), &info.caps[..]), ("node 1", &["echo/1".to_owned()][..]));
    assert_eq!(info.protocols["echo"], "unknown");
    assert!(info.network.inbound && !info.network.is_static);
    assert_eq!(info.network.local.to_string(), "10.0.0.1:30303");
    assert!(town.at(1, |home| home.server.peers()[0].network.is_static));
    assert!(town.at(1, |home| home.server.enode().to_string()).ends_with("@10.0.0.2:0"));
}
