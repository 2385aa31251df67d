//! A protocol under test among mock peers, and the pipe.

use crate::run;
use devp2p::{
    Context, DiscReason, Handler, Message, NodeId, Payload, PeerError, PeerErrorCode, PeerId, Protocol,
    SecretKey,
};
use futures_util::future::join;
use simnet::protocol_test::{
    Disconnect, Exchange, Expect, MessageIo, PipeClosed, ProtocolTester, TesterConfig, WrongMessage,
    expect_code, expect_message, message_pipe,
};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

const SAY: u64 = 0;
const ECHO: u64 = 1;
const TELL: u64 = 2;
const LATER: u64 = 3;

/// Echoes what is said and tells all others; a zero is answered twice, late messages after 3 s.
struct Parrot;

impl Handler for Parrot {
    fn on_message(&mut self, from: PeerId, message: Message, cx: &mut Context<'_>) -> Result<(), PeerError> {
        let number: u64 = message.decode()?;
        match message.code {
            SAY => {
                cx.broadcast_except(from, TELL, &number);
                for _ in 0..=u64::from(number == 0) {
                    cx.send(from, ECHO, &number);
                }
                Ok(())
            }
            LATER => {
                cx.set_timer(Duration::from_secs(3), number);
                Ok(())
            }
            code => Err(rude(code)),
        }
    }

    fn on_timer(&mut self, timer: u64, cx: &mut Context<'_>) {
        cx.broadcast(ECHO, &timer);
    }
}

fn rude(code: u64) -> PeerError {
    let message = format!("code {code} is mine to say");
    PeerError::new(PeerErrorCode::InvalidMessageCode, DiscReason::SubprotocolError, message)
}

fn parrot() -> Protocol {
    Protocol::new("parrot", 1, 4, Rc::new(RefCell::new(Parrot)))
}

/// Runs one exchange at a fresh tester of three mock peers; answers the text of its failure.
fn exchange(make: impl FnOnce(&[NodeId]) -> Exchange) -> String {
    run(async {
        let tester = ProtocolTester::start(3, parrot).await.unwrap();
        let outcome = tester.test_exchanges([make(tester.peers())]).await;
        outcome.map_or_else(|error| error.to_string(), |()| "passed".into())
    })
}

#[test]
fn exchanges_pass_in_any_order_within_and_across_peers() {
    let text = exchange(|peers| {
        Exchange::new("two say something")
            .trigger(peers[1], SAY, &7u64)
            .trigger(peers[0], SAY, &8u64)
            .expect(peers[0], ECHO, &8u64)
            .expect(peers[0], TELL, &7u64)
            .expect(peers[2], TELL, &8u64)
            .expect(peers[2], TELL, &7u64)
            .expect(peers[1], TELL, &8u64)
            .expect(peers[1], ECHO, &7u64)
    });
    assert_eq!(text, "passed");
}

#[test]
fn every_failure_has_the_originals_text() {
    for (make, expect) in [
        (
            (|peers| Exchange::new("other").trigger(peers[0], SAY, &7u64).expect(peers[0], ECHO, &8u64))
                as fn(&[NodeId]) -> Exchange,
            "exchange #0 \"other\": unexpected message code 1 payload 07, expected code 1 payload 08",
        ),
        (
            |peers| {
                let zero = Exchange::new("twice").trigger(peers[0], SAY, &0u64);
                zero.expect(peers[0], ECHO, &0u64).expect(peers[0], TELL, &1u64)
            },
            "exchange #0 \"twice\": message #0 received two times",
        ),
        (
            |peers| Exchange::new("quiet").expect(peers[0], TELL, &1u64),
            "exchange #0 \"quiet\": timed out after 2s of simulated time",
        ),
        (
            |_| Exchange::new("stranger").trigger(NodeId::from_bytes([1; 32]), SAY, &1u64),
            "exchange #0 \"stranger\": peer 0101010101010101010101010101010101010101010101010101010101010101 does not exist",
        ),
        (
            |peers| {
                let mut empty = Exchange::new("nothing").expect(peers[0], ECHO, &1u64);
                empty.expects[0].payload.clear();
                empty
            },
            "exchange #0 \"nothing\": no message to expect",
        ),
        (
            |peers| Exchange::new("gone").trigger(peers[0], TELL, &1u64).expect(peers[0], ECHO, &1u64),
            "exchange #0 \"gone\": expected message #0 not received",
        ),
    ] {
        assert_eq!(exchange(make), expect);
    }
}

#[test]
fn time_outs_add_up_at_a_peer_and_the_exchange_bounds_them() {
    // Two messages of 2 s each may take 4 s, if the exchange lets them.
    let late = |within| {
        exchange(move |peers| {
            let late = Exchange::new("late").trigger(peers[0], LATER, &5u64).trigger(peers[0], LATER, &6u64);
            let late = late.expect(peers[1], ECHO, &6u64).expect(peers[1], ECHO, &5u64);
            late.within(Duration::from_secs(within))
        })
    };
    assert_eq!(late(10), "passed");
    assert_eq!(late(2), "exchange #0 \"late\": timed out after 2s of simulated time");
    let text = exchange(|peers| {
        let one = Exchange::new("one").trigger(peers[0], LATER, &5u64).expect(peers[1], ECHO, &5u64);
        one.within(Duration::from_secs(10))
    });
    assert_eq!(text, "exchange #0 \"one\": timed out after 2s of simulated time", "one message has 2 s");
}

#[test]
fn what_nobody_asked_for_yet_is_left_for_the_next_exchange() {
    run(async {
        let tester = ProtocolTester::start(2, parrot).await.unwrap();
        let [one, other] = [0, 1].map(|index| tester.peers()[index]);
        let say = |number: u64| Exchange::new("say").trigger(one, SAY, &number).expect(one, ECHO, &number);
        let told = Exchange::new("told").expect(other, TELL, &2u64).expect(other, TELL, &1u64);
        tester.test_exchanges([say(1), say(2), told]).await.unwrap();
        let nothing = Exchange::new("nothing more").expect(other, TELL, &1u64);
        let error = tester.test_exchanges([say(3), nothing]).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "exchange #1 \"nothing more\": unexpected message code 2 payload 03, expected code 2 payload 01"
        );
        tester.stop().await.unwrap();
    });
}

#[test]
fn drops_are_expected_with_their_error() {
    run(async {
        let tester = ProtocolTester::start(3, parrot).await.unwrap();
        let peers = tester.peers().to_vec();
        let rudely = Exchange::new("rude").trigger(peers[0], TELL, &1u64).trigger(peers[1], ECHO, &1u64);
        tester.test_exchanges([rudely]).await.unwrap();
        let drops = [Disconnect::with(peers[0], &rude(TELL)), Disconnect::with(peers[1], &rude(ECHO))];
        tester.test_disconnected(drops.clone()).await.unwrap();
        let error = tester.test_disconnected(drops).await.unwrap_err();
        assert_eq!(error.to_string(), "timed out waiting for 2 peers to disconnect");

        let garbled = Exchange::new("garbled").trigger(peers[2], SAY, &vec![1u64, 2]);
        tester.test_exchanges([garbled]).await.unwrap();
        let error =
            tester.test_disconnected([Disconnect::with(peers[2], &rude(SAY))]).await.unwrap_err().to_string();
        let expect =
            format!("unexpected error on peer {}. expected '{}', got 'PeerError(", peers[2], rude(SAY));
        assert!(error.starts_with(&expect) && error.contains("(code 0) (size 3)"), "{error}");

        // Who is gone cannot say anything, until it is connected again.
        tester.connect(&peers[..1]).await.unwrap();
        tester.connect(&peers[..1]).await.unwrap();
        tester.disconnect(peers[0]).await.unwrap();
        let say = Exchange::new("say").trigger(peers[0], SAY, &1u64).expect(peers[0], ECHO, &1u64);
        let error = tester.test_exchanges([say.clone()]).await.unwrap_err();
        assert_eq!(error.to_string(), "exchange #0 \"say\": timed out after 1s of simulated time");
        tester.connect(&peers[..1]).await.unwrap();
        tester.test_exchanges([say]).await.unwrap();
    });
}

#[test]
fn a_code_too_many_is_the_peers_fault() {
    run(async {
        let tester = ProtocolTester::start(1, parrot).await.unwrap();
        let peer = tester.peers()[0];
        let too_high = Exchange::new("fifth of four").trigger(peer, 4, &1u64);
        tester.test_exchanges([too_high]).await.unwrap();
        let error = tester.test_disconnected([Disconnect { peer, error: String::new() }]).await.unwrap_err();
        assert!(error.to_string().contains("got 'PeerError("), "{error}");
    });
}

#[test]
fn one_future_per_peer_can_be_tested_too_and_the_key_is_the_pivots() {
    run(async {
        let key = SecretKey::from_bytes(&[7; 32]).unwrap();
        let config = TesterConfig { seed: 3, key: Some(key.clone()), peers: 1 };
        let handshake = || {
            Protocol::run("shake", 66, 2, |_, mut io| async move {
                io.write(0, &66u64).await?;
                let version: u64 = io.read().await?.decode()?;
                if version == 66 { io.read().await.map(drop) } else { Err(rude(version)) }
            })
        };
        let tester = ProtocolTester::start_with(config, handshake).await.unwrap();
        assert_eq!(tester.pivot(), key.id());
        let peer = tester.peers()[0];
        let shake = Exchange::new("shake").expect(peer, 0, &66u64).trigger(peer, 0, &65u64);
        tester.test_exchanges([shake]).await.unwrap();
        tester.test_disconnected([Disconnect::with(peer, &rude(65))]).await.unwrap();
    });
}

#[test]
fn no_peers_at_all_are_a_test_too() {
    run(async {
        let tester = ProtocolTester::start(0, parrot).await.unwrap();
        tester.test_exchanges([Exchange::new("silence")]).await.unwrap();
        tester.test_disconnected([]).await.unwrap();
        assert!(tester.peers().is_empty());
        let peer = NodeId::default();
        let expect = Expect { peer, code: 0, payload: vec![1].into(), within: Duration::ZERO };
        let exchange = Exchange { expects: vec![expect], ..Exchange::new("nobody") };
        assert!(tester.test_exchanges([exchange]).await.unwrap_err().to_string().ends_with("does not exist"));
    });
}

/// The half of a protocol that only reads and writes.
async fn greet(io: &mut impl MessageIo) -> Result<u64, PeerError> {
    io.write_message(0, &1u64).await?;
    io.read_message().await?.decode()
}

#[test]
fn a_pipe_carries_messages_and_waits_for_its_reader() {
    run(async {
        let (mut one, mut other) = message_pipe();
        let told = async {
            expect_message(&mut other, 0, &1u64).await.unwrap();
            other.write_message(0, &2u64).await
        };
        let (heard, told) = join(greet(&mut one), told).await;
        assert_eq!((heard, told), (Ok(2), Ok(())));

        let mut write = Box::pin(one.write_payload(5, Payload::encode(&7u64)));
        assert!(futures_util::FutureExt::now_or_never(&mut write).is_none(), "nobody has read it");
        let wrong = expect_code(&mut other, 4).await.unwrap_err();
        assert_eq!(wrong.to_string(), "message code mismatch: got 5, expected 4");
        write.await.unwrap();
        let (_, wrong) = join(one.write_message(1, &1u64), expect_message(&mut other, 1, &2u64)).await;
        assert_eq!(wrong.unwrap_err().to_string(), "message payload mismatch:\ngot:  01\nwant: 02");
    });
}

#[test]
fn closing_a_pipe_is_told_to_whoever_reads_or_writes_at_either_end() {
    let closed = |error: PeerError| {
        assert_eq!(error.cause.unwrap().to_string(), PipeClosed.to_string());
    };
    run(async {
        let (mut one, mut other) = message_pipe();
        let (read, ()) = join(one.read_message(), async { other.close() }).await;
        closed(read.unwrap_err());
        closed(one.write_message(0, &1u64).await.unwrap_err());
        closed(other.read_message().await.unwrap_err());

        let (mut one, other) = message_pipe();
        let (written, ()) = join(one.write_message(0, &1u64), async { drop(other) }).await;
        closed(written.unwrap_err());
        let wrong = expect_code(&mut one, 0).await.unwrap_err();
        assert!(matches!(wrong, WrongMessage::Ended(_)), "{wrong}");
    });
    assert_eq!(PipeClosed.to_string(), "p2p: read or write on closed message pipe");
}
