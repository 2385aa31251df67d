//! Protocols by the types of their messages: read and written, greeted, accounted for.

use crate::run;
use devp2p::{
    Accounts, Conversation, DiscReason, Flow, MessageSet, NodeId, PeerError, PeerErrorCode, PeerId, Protocol,
    Talk, Typed, incompatible, message_set,
};
use simnet::protocol_test::{Disconnect, Exchange, ProtocolTester};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const STATUS: u64 = 0;
const ASK: u64 = 1;
const ANSWER: u64 = 2;
const TELL: u64 = 4;

message_set! {
    /// What is said in the town of numbers. There is no code 3.
    #[derive(Clone, Debug, PartialEq, Eq)]
    enum Numbers {
        /// Which network, said first.
        0 => Status(u64),
        /// Double this.
        1 => Ask(u64),
        /// The double.
        2 => Answer(u64),
        /// Everybody else is told.
        4 => Tell(String),
    }
}

/// How often any doubler was told that a message may soon come.
static EXPECTED: AtomicUsize = AtomicUsize::new(0);

/// Doubles numbers for those of network 7. Says which numbers it was asked to those who have been there long enough.
struct Doubler;

impl Conversation for Doubler {
    type Message = Numbers;

    fn hello(&mut self, _peer: PeerId) -> Option<Numbers> {
        Some(Numbers::Status(7))
    }

    fn on_hello(&mut self, _from: PeerId, hello: Numbers) -> Result<(), PeerError> {
        match hello {
            Numbers::Status(7) => Ok(()),
            other => Err(incompatible(format!("{other:?} is not my network"))),
        }
    }

    fn expect(&self, _from: PeerId) {
        EXPECTED.fetch_add(1, Ordering::Relaxed);
    }

    fn on_message(
        &mut self,
        from: PeerId,
        message: Numbers,
        talk: &mut Talk<'_, '_, Numbers>,
    ) -> Result<(), PeerError> {
        if let Numbers::Ask(number) = message {
            talk.send(from, &Numbers::Answer(2 * number));
            talk.broadcast(Some(from), &Numbers::Tell(format!("asked {number}")));
        }
        Ok(())
    }
}

/// A peer that has asked for more than twenty bytes' worth of answers is in debt, and dropped.
#[derive(Default)]
struct Debts(std::collections::BTreeMap<PeerId, u64>);

impl Accounts<Numbers> for Debts {
    fn account(&mut self, peer: PeerId, flow: Flow, message: &Numbers, size: usize) -> Result<(), PeerError> {
        let debt = self.0.entry(peer).or_default();
        if let (Flow::Sent, Numbers::Answer(_)) = (flow, message) {
            *debt += size as u64;
        }
        match *debt {
            0..=20 => Ok(()),
            debt => Err(PeerError::new(
                PeerErrorCode::Test,
                DiscReason::UselessPeer,
                format!("in debt: {debt} bytes"),
            )),
        }
    }
}

fn doubler() -> Protocol {
    Protocol::typed("double", 1, Typed::new(Doubler).with_accounts(Debts::default()))
}

async fn tester() -> ProtocolTester {
    ProtocolTester::start(2, doubler).await.unwrap()
}

/// Both peers say the right thing first, after they have heard it.
async fn greeted(tester: &ProtocolTester) {
    let [one, other] = [0, 1].map(|index| tester.peers()[index]);
    let hello = Exchange::new("hello").expect(one, STATUS, &7u64).expect(other, STATUS, &7u64);
    tester.test_exchanges([hello.trigger(one, STATUS, &7u64).trigger(other, STATUS, &7u64)]).await.unwrap();
}

fn dropped(peer: NodeId, code: &str, reason: &str, cause: &str, message: &str) -> Disconnect {
    Disconnect {
        peer,
        error: format!("PeerError(code={code}, reason={reason}, err={cause}, message={message})"),
    }
}

#[test]
fn messages_are_read_and_written_by_their_types() {
    run(async {
        assert_eq!((Numbers::CODES, Numbers::Tell("x".into()).code()), (5, TELL));
        let tester = tester().await;
        greeted(&tester).await;
        let [one, other] = [0, 1].map(|index| tester.peers()[index]);
        let asked = Exchange::new("a number").trigger(one, ASK, &21u64).expect(one, ANSWER, &42u64);
        tester.test_exchanges([asked.expect(other, TELL, &"asked 21".to_owned())]).await.unwrap();
        assert_ne!(EXPECTED.load(Ordering::Relaxed), 0, "it could have asked the memory ahead");
        // What is no number, and what is no message.
        tester
            .test_exchanges([
                Exchange::new("text").trigger(one, ASK, &"no number at all"),
                Exchange::new("3").trigger(other, 3, &0u64),
            ])
            .await
            .unwrap();
        let wrong = [
            dropped(one, "invalid message", "breach of protocol", "overflow", "(code 1) (size 17)"),
            dropped(other, "invalid message code", "breach of protocol", "<nil>", "code=3"),
        ];
        tester.test_disconnected(wrong).await.unwrap();
    });
}

#[test]
fn nothing_is_heard_of_a_peer_before_its_hello_was_good() {
    run(async {
        let tester = tester().await;
        let [one, other] = [0, 1].map(|index| tester.peers()[index]);
        let wrong = Exchange::new("wrong").trigger(one, STATUS, &8u64).trigger(other, ASK, &3u64);
        tester.test_exchanges([wrong]).await.unwrap();
        let expected = [
            dropped(
                one,
                "incompatible remote status",
                "useless peer",
                "<nil>",
                "Status(8) is not my network",
            ),
            dropped(other, "incompatible remote status", "useless peer", "<nil>", "Ask(3) is not my network"),
        ];
        tester.test_disconnected(expected).await.unwrap();
    });
}

#[test]
fn who_says_no_hello_is_gone_after_its_time() {
    run(async {
        let tester = tester().await;
        let [one, other] = [0, 1].map(|index| tester.peers()[index]);
        tester.test_exchanges([Exchange::new("one alone").trigger(one, STATUS, &7u64)]).await.unwrap();
        tester.network().advance(Duration::from_millis(4_800)).await.unwrap();
        let late = dropped(other, "handshake timeout", "read timeout", "<nil>", "no hello within 5s");
        tester.test_disconnected([late]).await.unwrap();
        tester.network().advance(Duration::from_secs(10)).await.unwrap();
        // Who has said it stays.
        let asked = Exchange::new("a number")
            .trigger(one, ASK, &4u64)
            .expect(one, STATUS, &7u64)
            .expect(one, ANSWER, &8u64);
        tester.test_exchanges([asked]).await.unwrap();
    });
}

#[test]
fn accounts_see_every_message_and_may_end_a_peer() {
    run(async {
        let tester = tester().await;
        greeted(&tester).await;
        let one = tester.peers()[0];
        // Answers of nine bytes: the third is one too many, and is not sent.
        let big = u64::MAX / 2;
        for _ in 0..2 {
            let asked = Exchange::new("in credit").trigger(one, ASK, &big).expect(one, ANSWER, &(2 * big));
            tester.test_exchanges([asked]).await.unwrap();
        }
        tester.test_exchanges([Exchange::new("in debt").trigger(one, ASK, &big)]).await.unwrap();
        let broke = dropped(one, "test error", "useless peer", "<nil>", "in debt: 27 bytes");
        tester.test_disconnected([broke]).await.unwrap();
    });
}
