//! What is said to a protocol, what it is expected to answer, and the comparison of the two.

use alloy_rlp::Encodable;
use bytes::Bytes;
use devp2p::{NodeId, Payload, PeerError};
use std::fmt::Write as _;
use std::time::Duration;

/// Unless said otherwise, an expected message has so long to come, and an exchange so long to be over.
pub(super) const EXPECT_WITHIN: Duration = Duration::from_secs(2);

/// Unless said otherwise, a message has so long to be sent.
pub(super) const TRIGGER_WITHIN: Duration = Duration::from_secs(1);

/// A message for the pivot, from a mock peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// Who says it.
    pub peer: NodeId,
    /// Its code.
    pub code: u64,
    /// Its RLP.
    pub payload: Bytes,
    /// How long it may take to be sent, in simulated time.
    pub within: Duration,
}

/// A message that the pivot should send to a mock peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expect {
    /// Who should get it.
    pub peer: NodeId,
    /// Its code.
    pub code: u64,
    /// Its RLP, to the byte.
    pub payload: Bytes,
    /// How long it may take, in simulated time. All that is expected at one peer may take the sum.
    pub within: Duration,
}

/// A peer that the pivot should have dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disconnect {
    /// Which.
    pub peer: NodeId,
    /// The text of the error it was dropped with.
    pub error: String,
}

impl Disconnect {
    /// A peer dropped with this error.
    pub fn with(peer: NodeId, error: &PeerError) -> Self {
        Self { peer, error: error.to_string() }
    }
}

/// Messages said to the pivot, and those it should send then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// What errors call it.
    pub label: String,
    /// Said in this order.
    pub triggers: Vec<Trigger>,
    /// In any order at each peer, at all peers at once.
    pub expects: Vec<Expect>,
    /// How long all of it may take, in simulated time.
    pub within: Duration,
}

impl Exchange {
    /// An exchange of nothing yet.
    pub fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), triggers: Vec::new(), expects: Vec::new(), within: EXPECT_WITHIN }
    }

    /// A mock peer says this.
    #[must_use]
    pub fn trigger(mut self, peer: NodeId, code: u64, message: &impl Encodable) -> Self {
        self.triggers.push(Trigger { peer, code, payload: rlp(message), within: TRIGGER_WITHIN });
        self
    }

    /// A mock peer hears this.
    #[must_use]
    pub fn expect(mut self, peer: NodeId, code: u64, message: &impl Encodable) -> Self {
        self.expects.push(Expect { peer, code, payload: rlp(message), within: EXPECT_WITHIN });
        self
    }

    /// How long all of it may take, in simulated time.
    #[must_use]
    pub fn within(mut self, within: Duration) -> Self {
        self.within = within;
        self
    }
}

fn rlp(message: &impl Encodable) -> Bytes {
    Payload::encode(message).bytes().clone()
}

/// Why an exchange went wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// It was not over in time.
    #[error("timed out after {0:?} of simulated time")]
    TimedOut(Duration),
    /// A peer that is none of the mocks.
    #[error("peer {0} does not exist")]
    UnknownPeer(NodeId),
    /// An expected message without a payload: no RLP is that short.
    #[error("no message to expect")]
    NoMessage,
    /// A message that is not expected.
    #[error("unexpected message code {code} payload {payload}, expected {expected}")]
    Unexpected {
        /// Its code.
        code: u64,
        /// Its payload in hex.
        payload: String,
        /// Those that were still expected.
        expected: String,
    },
    /// A message that was expected, but not again.
    #[error("message #{0} received two times")]
    Twice(usize),
    /// The peer is gone, and this has not come.
    #[error("expected message #{0} not received")]
    Missing(usize),
    /// The mock peer could not send.
    #[error("trigger: {0}")]
    Trigger(String),
}

/// What is still expected at one peer.
#[derive(Debug)]
pub(super) struct Matcher {
    expects: Vec<Expect>,
    matched: Vec<bool>,
}

impl Matcher {
    pub(super) fn new(expects: Vec<Expect>) -> Self {
        Self { matched: vec![false; expects.len()], expects }
    }

    /// Takes in a message. Answers whether it was the last one.
    pub(super) fn take(&mut self, code: u64, payload: &[u8]) -> Result<bool, Mismatch> {
        let same = |expect: &Expect| expect.code == code && expect.payload == payload;
        let numbered = || self.expects.iter().enumerate().filter(|(_, expect)| same(expect));
        match numbered().find(|(number, _)| !self.matched[*number]) {
            Some((number, _)) => {
                self.matched[number] = true;
                Ok(self.is_done())
            }
            None => Err(match numbered().next() {
                Some((number, _)) => Mismatch::Twice(number),
                None => Mismatch::Unexpected { code, payload: hex::encode(payload), expected: self.open() },
            }),
        }
    }

    /// No more messages will come.
    pub(super) fn end(&self) -> Result<(), Mismatch> {
        self.matched
            .iter()
            .position(|matched| !matched)
            .map_or(Ok(()), |number| Err(Mismatch::Missing(number)))
    }

    pub(super) fn is_done(&self) -> bool {
        self.matched.iter().all(|matched| *matched)
    }

    fn open(&self) -> String {
        let open = self.expects.iter().zip(&self.matched).filter(|(_, matched)| !**matched);
        let mut text = String::new();
        for (number, (expect, _)) in open.enumerate() {
            let or = if number > 0 { " or " } else { "" };
            let payload = hex::encode(&expect.payload);
            write!(text, "{or}code {} payload {payload}", expect.code).expect("a String takes everything");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matcher(expects: &[(u64, &'static [u8])]) -> Matcher {
        let expect = |&(code, payload): &(u64, &'static [u8])| {
            let (peer, payload) = (NodeId::default(), Bytes::from_static(payload));
            Expect { peer, code, payload, within: EXPECT_WITHIN }
        };
        Matcher::new(expects.iter().map(expect).collect())
    }

    /// Feeds messages and answers the text of what came of it.
    fn story(expects: &[(u64, &'static [u8])], messages: &[(u64, &[u8])]) -> String {
        let mut matcher = matcher(expects);
        for (code, payload) in messages {
            match matcher.take(*code, payload) {
                Ok(true) => return "done".into(),
                Ok(false) => {}
                Err(error) => return error.to_string(),
            }
        }
        matcher.end().map_or_else(|error| error.to_string(), |()| "done".into())
    }

    #[test]
    fn the_texts_are_the_originals() {
        let two: &[(u64, &[u8])] = &[(1, b"\x01"), (2, b"\x82ab")];
        for (messages, expect) in [
            (&[(2, &b"\x82ab"[..]), (1, b"\x01")][..], "done"),
            (&[(1, b"\x01"), (1, b"\x01")], "message #0 received two times"),
            (
                &[(1, b"\x02")],
                "unexpected message code 1 payload 02, expected code 1 payload 01 or code 2 payload 826162",
            ),
            (&[(1, b"\x01"), (3, b"")], "unexpected message code 3 payload , expected code 2 payload 826162"),
            (&[(1, b"\x01")], "expected message #1 not received"),
            (&[], "expected message #0 not received"),
        ] {
            assert_eq!(story(two, messages), expect);
        }
    }

    #[test]
    fn the_same_message_can_be_expected_twice() {
        let twice: &[(u64, &[u8])] = &[(1, b"\x01"), (1, b"\x01")];
        assert_eq!(story(twice, &[(1, b"\x01"), (1, b"\x01")]), "done");
        assert_eq!(story(twice, &[(1, b"\x01")]), "expected message #1 not received");
    }
}
