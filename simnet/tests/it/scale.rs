//! A thousand nodes, whole.

use crate::{network, nodes_up, run, s};
use simnet::topology::Topology;

#[test]
fn a_thousand_nodes_in_a_ring_come_up_ping_and_go_down_without_a_task_left() {
    run(async {
        let net = network(1);
        nodes_up(&net, 1000).await;
        let pairs = net.edges(Topology::Ring).await.unwrap();
        net.connect_all(pairs.clone()).await.unwrap();
        assert_eq!(net.verify(pairs).await.unwrap(), Ok(()));
        net.advance(s(59)).await.unwrap();
        let tally = net.tally().await.unwrap();
        let of = |code| tally.messages.iter().find(|m| m.code == code).expect("counted").sent.messages;
        assert_eq!(
            (of(0), of(1)),
            (2000 * 5, 2000 * 5),
            "each end of each connection, every 10 s, five times by now"
        );
        assert_eq!((tally.conns_up, tally.drops, tally.failed_dials), (1000, 0, 0));
        net.stop_all().await.unwrap();
        net.advance(s(1)).await.unwrap();
        let left = net.population().await.unwrap();
        assert_eq!((left.tasks, left.connections), (0, 0));
        assert_eq!(net.tally().await.unwrap().conns_up, 0);
    });
}
