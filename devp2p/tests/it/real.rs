//! The same stack over TCP.

use std::rc::Rc;
use std::time::Duration;

use devp2p::{Config, Enode, Server};
use tokio::task::LocalSet;
use world::real::Host;

use crate::town::{ASK, Notes, echo, key, told};

/// Longer than it takes on the slowest machine.
const LIMIT: Duration = Duration::from_secs(30);

async fn until(notes: &Notes, done: impl Fn() -> bool) {
    let wait = tokio::time::timeout(LIMIT, async {
        while !done() {
            notes.changed().await;
        }
    });
    wait.await.expect("it came to that");
}

#[test]
fn two_servers_talk_over_loopback() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        let (here, there) = (Host::default(), Host::default());
        let start = |host: &Host, n| {
            let notes = Notes::new(&host.world());
            let config = Config::new(key(n));
            let server = Server::start(&host.world(), config, vec![echo()], Rc::new(notes.clone())).unwrap();
            (server, notes)
        };
        let ((zero, zero_notes), (one, one_notes)) = (start(&here, 0), start(&there, 1));
        let enode: Enode = one.enode().to_string().parse().unwrap();
        zero.add_peer(enode).unwrap();
        until(&zero_notes, || zero.peer_count() == 1).await;
        until(&one_notes, || one.peer_count() == 1).await;
        zero.enter("echo", |cx| {
            let peer = cx.peers().next().unwrap();
            for size in [1, 70_000] {
                cx.send(peer, ASK, &vec![7u8; size].as_slice());
            }
        });
        let texts = |notes: &Notes| notes.all().into_iter().map(|(_, what)| what).collect::<Vec<_>>();
        until(&zero_notes, || zero_notes.all().len() >= 5).await;
        one.stop();
        until(&zero_notes, || zero.peer_count() == 0).await;
        let zero_saw = texts(&zero_notes);
        let talk =
            ["added 1 outbound", "sent 1 0 1", "sent 1 0 70004", "received 1 1 1", "received 1 1 70004"];
        assert_eq!(zero_saw[..5], talk);
        assert_eq!(zero_saw[5], format!("dropped 1 {}", told("client quitting")));
        assert_eq!(one_notes.all().len(), 6);
        assert!(zero.traffic().egress > 3_000 && zero.traffic() != one.traffic());
    });
}
