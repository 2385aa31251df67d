//! Ping is answered by both; who does not answer is left, with the reason.

use std::time::Duration;

use devp2p::{DiscReason, Timing};

use crate::node::Node;
use crate::{BOTH, meet, with_each_judge};

#[test]
fn our_node_answers_their_pings() {
    with_each_judge(async |judge| {
        for dialer in BOTH {
            let node = Node::start();
            let session = meet(judge, &node, dialer).await;
            for _ in 0..3 {
                session.order("ping").await;
                session.sees("pong").await;
            }
            node.forget(judge);
            session.sees("closed").await;
        }
    });
}

#[test]
fn their_pongs_keep_a_session_and_silence_ends_it() {
    with_each_judge(async |judge| {
        for dialer in BOTH {
            let read_timeout = Duration::from_secs(1);
            let timing = Timing { ping: read_timeout / 10, read_timeout, ..Timing::default() };
            let node = Node::start_with(|config| config.timing = timing);
            let session = meet(judge, &node, dialer).await;
            for _ in 0..25 {
                session.sees("ping").await; // for more than twice as long as a silent session lives
            }
            assert_eq!(node.server.peer_count(), 1);
            session.order("mute").await;
            let dropped = node.sees("dropped").await;
            node.forget(judge); // before it is dialled again
            assert!(dropped.contains("reason=read timeout"), "{dropped}");
            session.is_told(DiscReason::ReadTimeout).await;
        }
    });
}
