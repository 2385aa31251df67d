//! The two services that come along.

use node::Services;
use serde_json::json;

use crate::harness::{Net, config};

#[test]
fn each_side_pings_once_an_interval() {
    let mut net = Net::new(2, Services::builtin(), &["ping-pong"]);
    net.connect(0, 1); // a second passes
    for (pings, ms) in [(0, 8_000), (1, 2_000), (1, 8_000), (2, 2_000)] {
        net.run(ms);
        for host in [0, 1] {
            // Each ping of the other side, and a pong to each of one's own.
            assert_eq!(net.call(host, "pingpong_received", ()), Ok(json!(2 * pings)), "{pings} {ms}");
        }
    }
    let info = net.call(0, "admin_nodeInfo", ()).unwrap();
    assert_eq!(info["protocols"], json!({"ping-pong": {"received": 4}}));
}

#[test]
fn the_interval_is_a_setting() {
    let mut net = Net::empty(2, 1, Services::builtin());
    for host in [0, 1] {
        let mut config = config(host, &["ping-pong"]);
        config.settings.insert("ping-pong".to_owned(), json!({"interval": "100ms"}));
        net.start(host, config).unwrap();
    }
    net.connect(0, 1);
    let before = net.call(0, "pingpong_received", ()).unwrap().as_u64().unwrap();
    net.run(1_000);
    let after = net.call(0, "pingpong_received", ()).unwrap().as_u64().unwrap();
    assert_eq!(after - before, 20);
}

#[test]
fn nobody_is_pinged_who_has_gone() {
    let mut net = Net::new(3, Services::builtin(), &["ping-pong"]);
    net.connect(0, 1);
    net.connect(2, 0);
    net.run(15_000);
    let before = net.call(0, "pingpong_received", ()).unwrap().as_u64().unwrap();
    assert_eq!(before, 4, "a ping and a pong of each");
    net.stop(1);
    net.run(20_000);
    let after = net.call(0, "pingpong_received", ()).unwrap().as_u64().unwrap();
    assert_eq!(after - before, 4, "two pings and two pongs of the one left");
}

#[test]
fn noop_says_nothing() {
    let mut net = Net::new(2, Services::builtin(), &["noop"]);
    net.connect(0, 1);
    let peers = net.call(0, "admin_peers", ()).unwrap();
    assert_eq!(peers[0]["caps"], json!(["noop/666"]));
    assert_eq!(peers[0]["protocols"], json!({"noop": "unknown"}));
}

#[test]
fn nodes_without_a_common_protocol_do_not_become_peers() {
    let mut net = Net::empty(2, 1, Services::builtin());
    net.start(0, config(0, &["noop"])).unwrap();
    net.start(1, config(1, &["ping-pong"])).unwrap();
    let enode = net.enode(1);
    net.call(0, "admin_addPeer", [enode]).unwrap();
    net.run(1_000);
    for host in [0, 1] {
        assert_eq!(net.call(host, "admin_peers", ()), Ok(json!([])));
    }
}
