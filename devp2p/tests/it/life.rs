//! Starting and stopping.

use std::rc::Rc;

use devp2p::{Config, Fidelity, Server, StartError};
use world::{ListenError, Population};

use crate::town::{ASK, BOTH, Notes, Town, echo, error, key, told};

#[test]
fn a_server_that_stops_tells_its_peers_and_leaves_nothing() {
    for fidelity in BOTH {
        let mut town = Town::of(fidelity, 3);
        town.connect(0, 1);
        town.connect(2, 0);
        town.run(200);
        let left = town.at(0, |home| {
            home.server.stop();
            home.server.stop();
            assert_eq!(home.server.enter("echo", |cx| cx.peers().count()), Some(0));
            assert_eq!(home.server.protocols_info()["echo"], 2, "the handler heard of both drops");
            home.scope.world().population()
        });
        assert_eq!(left, Population::default());
        town.run(200);
        let why = error("disconnect reason", "client quitting", "<nil>", "Server.run() spindown");
        let seen = town.seen(0);
        assert_eq!(seen.len(), 4);
        assert!(seen[2..].iter().all(|what| what.ends_with(&why)), "{seen:?}");
        assert_eq!(town.seen(1).last(), Some(&format!("dropped 0 {}", told("client quitting"))));
        assert_eq!(town.seen(2)[1], format!("dropped 0 {}", told("client quitting")));
    }
}

#[test]
fn a_server_stopped_from_within_a_handlers_context_stops_right_after() {
    let mut town = Town::of(Fidelity::Message, 2);
    town.connect(0, 1);
    town.run(200);
    town.at(0, |home| {
        let server = home.server.clone();
        home.server.enter("echo", |cx| {
            server.stop();
            assert_eq!(cx.peer_count(), 1, "not yet");
            cx.broadcast(ASK, &"farewell");
        });
    });
    town.run(200);
    assert_eq!(town.peers(0), 0);
    assert_eq!(town.seen(1)[1..3], ["received 0 0 9", "sent 0 1 9"]);
}

#[test]
fn the_port_is_free_for_the_next_server() {
    let mut town = Town::of(Fidelity::Wire, 2);
    town.connect(1, 0);
    town.run(200);
    town.at(0, |home| home.server.stop());
    town.start(0, |_| {}, |_| vec![echo()]);
    town.run(2_000);
    assert_eq!(town.seen(0), ["added 1 inbound"], "its static peer came back");
}

#[test]
fn a_server_that_cannot_start_says_why_and_leaves_nothing() {
    let town = Town::of(Fidelity::Message, 1);
    town.at(0, |home| {
        let world = home.scope.world();
        let start = |config: Config, protocols| {
            let result = Server::start(world, config, protocols, Rc::new(Notes::new(world)));
            result.map(|server| server.id()).unwrap_err()
        };
        let twice = start(Config::new(key(1)), vec![echo(), echo()]);
        assert_eq!(twice.to_string(), "protocol echo/1 is given twice");
        let taken = start(Config { listen: Some(30303), ..Config::new(key(1)) }, vec![]);
        assert_eq!(taken, StartError::Listen(ListenError::Taken(30303)));
        let own = Config { static_nodes: vec![home.server.enode()], listen: Some(7), ..Config::new(key(0)) };
        assert!(start(own, vec![]).to_string().ends_with("is this node itself"));
        let free = Config { listen: Some(7), ..Config::new(key(1)) };
        Server::start(world, free, vec![], Rc::new(Notes::new(world)))
            .expect("the failed one gave its port back");
    });
}
