//! Children that misbehave, and configurations that cannot work: each is a clear error, and nothing is left.

use std::time::Duration;

use simnet::view::NodeSpec;
use simnet::{Fault, NetworkError};

use crate::{World, run};

/// The error of starting a node of `services` whose process behaves as `child` says.
fn check(child: &str, services: &[&str], expect: &str) {
    run(async {
        let world = World::with(child, |settings| {
            if child == "silent" {
                settings.start_within = Duration::from_millis(300);
            }
        });
        let node = world.create(services).await.config.name;
        let error = world.net.start_node(&node).await.unwrap_err();
        assert!(error.to_string().contains(expect), "{error}");
        assert_eq!(error.fault(), Fault::World);
        assert!(!world.net.node(&node).await.unwrap().up);
        assert_eq!(world.net.population().await.unwrap().tasks, 0, "no process is left");
        // It may be tried again, to the same end.
        assert_eq!(world.net.start_node(&node).await.unwrap_err(), error);
        world.net.shut_down().await.unwrap();
        assert_eq!(world.left(), 0);
    });
}

#[test]
fn a_child_that_never_reports() {
    check("silent", &["noop"], "didn't get startup report within 300ms: does the main of");
}

#[test]
fn a_child_that_exits_during_start() {
    check("exits", &["noop"], "node process exited during start: exit status: 3");
}

#[test]
fn a_child_that_reports_rubbish() {
    check("rubbish", &["noop"], "can't decode startup report: invalid type: integer `7`");
}

#[test]
fn a_child_that_reports_another_node() {
    check("nobody", &["noop"], "startup report is of node \"\"");
}

#[test]
fn an_executable_without_the_service() {
    check("good", &["elsewhere"], "unknown node service \"elsewhere\"");
}

#[test]
fn a_service_that_cannot_be_made() {
    check("good", &["broken"], "making service \"broken\": out of order");
}

#[test]
fn a_child_that_hangs_on_sigterm_is_killed() {
    run(async {
        let world = World::with("good", |settings| settings.stop_within = Duration::from_millis(200));
        let node = world.up(&["stubborn"]).await;
        let before = world.net.now().await.unwrap();
        let view = world.net.stop_node(&node).await.unwrap();
        assert!(!view.up);
        assert!(world.net.now().await.unwrap() - before >= Duration::from_millis(200), "it had its chance");
        world.net.start_node(&node).await.unwrap();
        world.net.shut_down().await.unwrap();
        assert_eq!(world.left(), 0);
    });
}

#[test]
fn a_child_that_fills_its_log_lives_on() {
    run(async {
        let world = World::of("good");
        let file = world.place.path().join("log");
        for (log, expect) in [("/dev/full".to_owned(), 0), (file.display().to_string(), 8 << 20)] {
            let spec =
                NodeSpec { services: vec!["chatty".into()], log_file: log.clone(), ..NodeSpec::default() };
            let node = world.net.create_node(spec).await.unwrap().config.name;
            world.net.start_node(&node).await.unwrap();
            assert!(world.net.call(&node, "admin_nodeInfo", vec![]).await.is_ok());
            assert!(std::fs::metadata(&log).unwrap().len() >= expect);
        }
    });
}

#[test]
fn a_level_is_heeded() {
    run(async {
        let world = World::of("good");
        let log_file = world.place.path().join("log").display().to_string();
        let services = vec!["chatty".into()];
        let spec = NodeSpec { services, log_file: log_file.clone(), log_verbosity: 4, ..NodeSpec::default() };
        let node = world.net.create_node(spec).await.unwrap().config.name;
        world.net.start_node(&node).await.unwrap();
        assert_eq!(std::fs::metadata(&log_file).unwrap().len(), 0);
    });
}

#[test]
fn what_cannot_be_had_is_said() {
    run(async {
        let world = World::of("good");
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        for (spec, expect) in [
            (
                NodeSpec { log_file: "/nowhere/log".into(), ..NodeSpec::default() },
                "log file /nowhere/log: No such",
            ),
            (NodeSpec { port: Some(port), ..NodeSpec::default() }, "is taken on this host"),
        ] {
            let node = world.net.create_node(spec).await.unwrap().config.name;
            let error = world.net.start_node(&node).await.unwrap_err();
            assert!(error.to_string().contains(expect), "{error}");
        }
        let missing = World::with("good", |settings| settings.executable = Some("/nowhere/node".into()));
        let node = missing.create(&["noop"]).await.config.name;
        let error = missing.net.start_node(&node).await.unwrap_err();
        assert!(error.to_string().contains("error starting node: /nowhere/node: No such file"), "{error}");
    });
}

#[test]
fn real_time_is_neither_paused_nor_recorded() {
    run(async {
        let world = World::of("good");
        let error = world.net.set_pace(world::sim::Pace::Paused).await.unwrap_err();
        assert_eq!(error.to_string(), "exec-adapter cannot change the pace of real time");
        let config = simnet::NetworkConfig { pace: world::sim::Pace::Paused, ..Default::default() };
        let error = adapters::exec::start(config, Default::default()).unwrap_err();
        assert!(matches!(error, NetworkError::Unsupported { .. }), "{error}");
        let journal = Some(world.place.path().join("journal"));
        let config = simnet::NetworkConfig { journal, ..Default::default() };
        let error = adapters::exec::start(config, Default::default()).unwrap_err();
        assert!(error.to_string().contains("record a journal"), "{error}");
    });
}
