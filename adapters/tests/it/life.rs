//! Lives and deaths of processes.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use serde_json::json;
use simnet::{Fault, Until};

use crate::{CHILD, World, left, run};

const PATIENCE: Duration = Duration::from_secs(60);

fn pid(number: u32) -> Pid {
    Pid::from_raw(number as i32).unwrap()
}

fn kill(number: u32) {
    kill_process(pid(number), Signal::KILL).unwrap();
}

/// Waits until a process that is not our child has gone.
fn gone(number: u32) {
    let Ok(watched) = pidfd_open(pid(number), PidfdFlags::empty()) else { return };
    let mut watched = [PollFd::new(&watched, PollFlags::IN)];
    let patience = rustix::event::Timespec { tv_sec: 60, tv_nsec: 0 };
    assert_eq!(poll(&mut watched, Some(&patience)), Ok(1), "process {number} is still there");
}

#[test]
fn a_crash_is_seen_at_once_and_the_node_starts_again_where_it_was() {
    run(async {
        let world = World::of("good");
        let (one, other) = (world.up(&["probe", "ping-pong"]).await, world.up(&["probe", "ping-pong"]).await);
        world.net.connect(&one, &other, Until::Done).await.unwrap();
        let before = world.net.node(&other).await.unwrap().info;
        let first = world.pid(&other).await;
        kill(first);
        world.net.until("the crash", PATIENCE, |state| !state.nodes()[1].up).await.unwrap();
        assert!(!std::path::Path::new(&format!("/proc/{first}")).exists(), "it has been reaped");
        let error = world.net.stop_node(&other).await.unwrap_err();
        assert_eq!(error.fault(), Fault::Conflict, "{error}");
        let error = world.net.call(&other, "probe_pid", vec![]).await.unwrap_err();
        assert!(error.to_string().contains("not up"), "{error}");
        let after = world.net.start_node(&other).await.unwrap().info;
        assert_eq!((after.ports, after.enode), (before.ports, before.enode));
        assert_ne!(world.pid(&other).await, first);
        // The dialler has lost its peer and finds it again.
        let both = |state: &simnet::state::State| state.conns().all(|conn| conn.established());
        world.net.until("the connection", PATIENCE, both).await.unwrap();
        let drops = world.net.tally().await.unwrap().drops;
        assert!(drops >= 1, "the other end saw a drop");
        world.net.shut_down().await.unwrap();
        assert_eq!(world.left(), 0);
    });
}

#[test]
fn a_node_whose_port_was_taken_meanwhile_is_found_at_another() {
    run(async {
        let world = World::of("good");
        let (one, other) = (world.up(&["ping-pong"]).await, world.up(&["ping-pong"]).await);
        world.net.connect(&one, &other, Until::Done).await.unwrap();
        let port = world.net.node(&other).await.unwrap().info.ports.listener;
        world.net.stop_node(&other).await.unwrap();
        let taken = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
        let moved = world.net.start_node(&other).await.unwrap().info.ports.listener;
        assert_ne!(moved, port);
        let both = |state: &simnet::state::State| state.conns().all(|conn| conn.established());
        world.net.until("the connection", PATIENCE, both).await.unwrap();
        drop(taken);
    });
}

#[test]
fn nodes_find_each_other_wherever_they_have_gone() {
    run(async {
        let world = World::of("good");
        let one = world.up(&["probe"]).await;
        let other = world.create(&["probe"]).await;
        let (name, id) = (other.config.name, json!(other.config.id.to_string()));
        let ask = || world.net.call(&one, "probe_pidOf", vec![id.clone()]);
        let error = ask().await.unwrap_err();
        assert!(error.to_string().contains("unknown node"), "{error}");
        for _ in 0..2 {
            world.net.start_node(&name).await.unwrap();
            assert_eq!(ask().await.unwrap(), world.pid(&name).await);
            world.net.stop_node(&name).await.unwrap();
        }
    });
}

#[test]
fn a_reset_ends_processes_and_frees_names() {
    run(async {
        let world = World::of("good");
        let names = [world.up(&["probe"]).await, world.up(&["probe"]).await];
        let pids = [world.pid(&names[0]).await, world.pid(&names[1]).await];
        let snapshot = world.net.snapshot(vec![], vec![]).await.unwrap();
        world.net.reset().await.unwrap();
        for pid in pids {
            assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists(), "{pid}");
        }
        world.net.load(snapshot).await.unwrap();
        assert!(world.net.nodes().await.unwrap().iter().all(|node| node.up));
    });
}

#[test]
fn nothing_outlives_the_last_handle() {
    run(async {
        let world = World::of("good");
        let node = world.up(&["probe"]).await;
        let child = world.pid(&node).await;
        let World { net, place } = world;
        drop(net);
        gone(child);
        // The network's thread removes the rest; the next one would sweep it.
        let next = World::of("good");
        next.net.shut_down().await.unwrap();
        drop(place);
    });
}

#[test]
fn nothing_is_left_when_the_parent_is_killed() {
    check_killed_parent("waiting");
}

#[test]
fn nothing_is_left_when_the_parent_is_killed_while_it_stops_its_nodes() {
    check_killed_parent("stopping");
}

fn check_killed_parent(doing: &str) {
    let place = tempfile::tempdir().unwrap();
    let mut parent = Command::new(CHILD)
        .args([place.path().as_os_str(), doing.as_ref()])
        .env("CHILD", "parent")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let pids = BufReader::new(parent.stdout.take().unwrap()).lines().take(3);
    let pids: Vec<u32> = pids.map(|line| line.unwrap().parse().unwrap()).collect();
    assert_eq!(left(place.path()), 1);
    parent.kill().unwrap();
    parent.wait().unwrap();
    // One of them does not stop when it is asked to.
    assert_eq!(pids.len(), 3);
    pids.into_iter().for_each(gone);
    let rest = Command::new("find").arg(place.path()).output().unwrap();
    let rest = String::from_utf8_lossy(&rest.stdout).into_owned();
    assert_eq!(left(place.path()), 0, "each removes its own, the last one the rest: {rest}");
}
