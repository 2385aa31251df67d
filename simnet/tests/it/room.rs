//! Memory: what does not fit is refused, and what outgrows it ends the run while the log is still whole.

use crate::{config, nodes_up, run, s};
use simnet::topology::Topology;
use simnet::{NetworkConfig, NetworkError, Until, start};

#[test]
fn connections_that_would_not_fit_are_refused_before_any_is_made() {
    run(async {
        // Half of what this many take, whatever the tests around this one take.
        let net = start(NetworkConfig { memory: Some(1 << 40), ..config(1) }).unwrap();
        nodes_up(&net, 3).await;
        let refused = net.check_room(1_000_000, 500_000_000).await.unwrap_err();
        let NetworkError::TooLarge { nodes: 1_000_000, connections: 500_000_000, need, limit, .. } = refused
        else {
            panic!("{refused}");
        };
        assert!(need.0 > limit.0 && limit.0 == 1 << 40, "{need} {limit}");
        assert_eq!(net.build(Topology::Full).await.unwrap(), 3, "what fits is built");
        let small = start(NetworkConfig { memory: Some(1 << 20), ..config(1) }).unwrap();
        nodes_up(&small, 3).await;
        let refused = small.build(Topology::Ring).await.unwrap_err();
        assert!(matches!(refused, NetworkError::TooLarge { connections: 3, .. }), "{refused}");
    });
}

#[test]
fn a_run_that_outgrows_its_memory_ends_with_an_error_and_a_log_that_can_be_read() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let log_file = dir.path().join("events.ndjson");
        let memory = Some(1 << 20);
        let net = start(NetworkConfig { memory, log_file: Some(log_file.clone()), ..config(1) }).unwrap();
        nodes_up(&net, 2).await;
        net.connect("node01", "node02", Until::Done).await.unwrap();
        let error = net.advance(s(600)).await.unwrap_err();
        assert!(matches!(error, NetworkError::OutOfMemory { .. }), "{error}");
        assert!(error.to_string().contains("1.0 MiB are allowed"), "{error}");
        net.shut_down().await.unwrap();
        let log = std::fs::read_to_string(log_file).unwrap();
        assert!(log.lines().count() > 4 && log.ends_with('\n'), "{log}");
        for line in log.lines() {
            serde_json::from_str::<serde_json::Value>(line).unwrap();
        }
    });
}
