//! Every reason of a Disconnect arrives as it was sent, in both directions, whoever dialled.

use devp2p::{DiscReason, PeerError, PeerErrorCode};

use crate::node::Node;
use crate::{BOTH, meet, with_each_judge};

/// All that `rlpx.md` names, the one that is never sent apart.
const NAMED: [DiscReason; 12] = [
    DiscReason::Requested,
    DiscReason::ProtocolError,
    DiscReason::UselessPeer,
    DiscReason::TooManyPeers,
    DiscReason::AlreadyConnected,
    DiscReason::IncompatibleVersion,
    DiscReason::InvalidIdentity,
    DiscReason::Quitting,
    DiscReason::UnexpectedIdentity,
    DiscReason::SelfConnect,
    DiscReason::ReadTimeout,
    DiscReason::SubprotocolError,
];

/// Some that it does not.
const UNNAMED: [DiscReason; 3] =
    [DiscReason::Unknown(0x0c), DiscReason::Unknown(0x2a), DiscReason::Unknown(0xff)];

fn asked(reason: DiscReason) -> PeerError {
    PeerError::new(PeerErrorCode::DiscReason, reason, "asked to")
}

#[test]
fn ours_reach_them() {
    with_each_judge(async |judge| {
        for dialer in BOTH {
            let node = Node::start();
            let unnamed = UNNAMED.into_iter().filter(|_| judge.kind.knows_any_reason());
            for reason in NAMED.into_iter().chain(unnamed) {
                let session = meet(judge, &node, dialer).await;
                node.disconnect(judge.kind.eth(), asked(reason));
                assert_eq!(node.sees("dropped").await, asked(reason).to_string());
                node.forget(judge); // before it is dialled again
                session.is_told(reason).await;
            }
        }
    });
}

#[test]
fn theirs_reach_us() {
    with_each_judge(async |judge| {
        for dialer in BOTH {
            let node = Node::start();
            let unnamed = UNNAMED.into_iter().filter(|_| judge.kind.knows_any_reason());
            for reason in NAMED.into_iter().chain([DiscReason::NetworkError]).chain(unnamed) {
                let session = meet(judge, &node, dialer).await;
                session.order(&format!("disconnect {}", reason.to_u8())).await;
                node.is_told(reason).await;
                node.forget(judge); // before it is dialled again
                session.sees("closed").await;
            }
        }
    });
}

/// *Network error* says that there is nothing left to say it on: the connection just ends.
#[test]
fn a_network_error_is_not_told() {
    with_each_judge(async |judge| {
        for dialer in BOTH {
            let node = Node::start();
            let session = meet(judge, &node, dialer).await;
            node.disconnect(judge.kind.eth(), asked(DiscReason::NetworkError));
            node.forget(judge);
            session.sees("closed").await;
            assert_eq!(session.count("told"), 0);
        }
    });
}
