//! Whom our node refuses, and whom it leaves, hears why; so do we.

use devp2p::{DiscReason, SecretKey};

use crate::judge::Judge;
use crate::node::{FAIL, NUMBER, Node, failure};
use crate::{BOTH, Dialer, meet, run, with_each_judge};

/// Before the Hello: the answer to the auth packet is a Disconnect, where the judge awaits a Hello.
#[test]
fn no_room() {
    with_each_judge(async |judge| {
        let node = Node::start_with(|config| config.max_peers = 0);
        judge.dial(&node).await;
        judge.begun("out").await.is_told(DiscReason::TooManyPeers).await;
    });
}

#[test]
fn a_second_session_with_the_same_node() {
    with_each_judge(async |judge| {
        let node = Node::start();
        let first = meet(judge, &node, Dialer::Judge).await;
        let twin = Judge::start(judge.kind).await;
        twin.dial(&node).await;
        twin.begun("out").await.is_told(DiscReason::AlreadyConnected).await;
        first.order("ping").await;
        first.sees("pong").await;
    });
}

#[test]
fn our_own_identity() {
    for kind in crate::judge::Kind::ALL {
        run(async {
            let key = SecretKey::from_bytes(&[0x0e; 32]).unwrap();
            let judge = Judge::start_with(kind, &key).await;
            let node = Node::start();
            assert_eq!(node.server.id(), key.id());
            judge.dial(&node).await;
            judge.begun("out").await.is_told(DiscReason::SelfConnect).await;
        });
    }
}

#[test]
fn nothing_in_common() {
    with_each_judge(async |judge| {
        judge.order(&format!("offer {}", judge.kind.useless_offer())).await;
        let node = Node::start();
        judge.dial(&node).await;
        // Both find out at the same moment and who is first is chance. Trinity just leaves.
        let session = judge.begun("out").await;
        session.sees("closed").await;
        if judge.kind.is_ethereumjs() {
            assert!(session.count("told 3") + session.count("tells 3") > 0);
        }
        node.dial(judge);
        let failed = node.sees("failed").await;
        assert!(failed.contains("reason=useless peer"), "{failed}");
    });
}

#[test]
fn a_false_identity() {
    with_each_judge(async |judge| {
        let other = SecretKey::from_bytes(&[9; 32]).unwrap().public();
        let claims = [
            (hex::encode(other.as_bytes()), DiscReason::UnexpectedIdentity),
            ("00".repeat(64), DiscReason::InvalidIdentity),
        ];
        for (claim, reason) in claims {
            judge.order(&format!("claim {claim}")).await;
            let node = Node::start();
            judge.dial(&node).await;
            let session = judge.begun("out").await;
            session.is_told(reason).await;
            judge.order("claim -").await;
        }
    });
}

#[test]
fn breaches_of_protocol() {
    with_each_judge(async |judge| {
        for dialer in BOTH {
            let number = format!("send eth {NUMBER} 100");
            for breach in ["raw 100 c0", &number] {
                let node = Node::start();
                let session = meet(judge, &node, dialer).await;
                session.order(breach).await;
                let dropped = node.sees("dropped").await;
                node.forget(judge); // before it is dialled again
                assert!(dropped.contains("reason=breach of protocol"), "{dropped}");
                session.is_told(DiscReason::ProtocolError).await;
            }
        }
    });
}

#[test]
fn a_handler_that_fails() {
    with_each_judge(async |judge| {
        for dialer in BOTH {
            let node = Node::start();
            let session = meet(judge, &node, dialer).await;
            session.order(&format!("send eth {FAIL} 1")).await;
            assert_eq!(node.sees("dropped").await, failure().to_string());
            node.forget(judge); // before it is dialled again
            session.is_told(DiscReason::SubprotocolError).await;
        }
    });
}

#[test]
fn a_node_that_stops() {
    with_each_judge(async |judge| {
        for dialer in BOTH {
            let node = Node::start();
            let session = meet(judge, &node, dialer).await;
            node.server.stop();
            session.is_told(DiscReason::Quitting).await;
        }
    });
}

/// A handshake with the wrong key is understood by nobody, and given up in time.
#[test]
fn another_node_than_was_dialled() {
    with_each_judge(async |judge| {
        let node = Node::start_with(|config| config.timing.handshake /= 10);
        let wrong = SecretKey::from_bytes(&[9; 32]).unwrap().public();
        judge.dial_as(&node, wrong.as_bytes()).await;
        let session = judge.begun("out").await;
        session.sees("closed").await;
        assert_eq!(session.count("live"), 0);
        let mut enode = judge.enode.clone();
        enode.public_key = wrong;
        node.server.add_peer(enode).unwrap();
        let failed = node.sees("failed").await;
        assert!(failed.contains("handshake"), "{failed}");
    });
}
