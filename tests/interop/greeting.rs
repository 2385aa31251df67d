//! RLPx and Hello complete, whoever dials; both sides read the same in both Hellos and count the same codes.

use crate::node::{CLIENT, Node, STATUS};
use crate::{BOTH, Dialer, meet, with_each_judge};

#[test]
fn hellos_say_the_same_to_both_and_the_same_is_shared() {
    with_each_judge(async |judge| {
        for dialer in BOTH {
            let node = Node::start();
            let session = match dialer {
                Dialer::Judge => {
                    judge.dial(&node).await;
                    judge.begun("out").await
                }
                Dialer::We => {
                    node.dial(judge);
                    judge.begun("in").await
                }
            };
            let port = node.server.enode().tcp;
            let hello = format!("5 {CLIENT} aaa/1,eth/65,eth/66,eth/68,snap/1 {port}");
            assert_eq!(session.sees("hello").await, hello, "{:?}", judge.kind);
            assert_eq!(session.sees("live").await, judge.kind.shared());
            let added = node.sees("added").await;
            let inbound = dialer == Dialer::Judge;
            assert!(added.starts_with(&format!("{inbound} {} ", judge.kind.offer())), "{added}");
            node.forget(judge);
            node.sees("dropped").await;
        }
    });
}

/// The judge's own `eth` protocol sends its status and takes ours, which is its own sent back.
#[test]
fn a_protocol_of_theirs_completes_its_own_handshake() {
    with_each_judge(async |judge| {
        for dialer in BOTH {
            let node = Node::start();
            let session = meet(judge, &node, dialer).await;
            node.sees(&format!("received {} {STATUS}", judge.kind.eth())).await;
            session.sees("status eth").await;
            node.forget(judge);
            node.sees("dropped").await;
        }
    });
}
