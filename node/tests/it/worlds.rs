//! One story in every world: at both fidelities, on one thread and on two, in every run, and over real sockets.

use std::cell::Cell;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::time::Duration;

use devp2p::Fidelity;
use node::{Directory, Node, NodeConfig, NodeEnv, PeerEventInfo, Services};
use serde_json::{Value, json};
use tokio::task::LocalSet;
use world::real;

use crate::harness::{Net, config, env, key};

/// Pings each second.
fn pinging(host: usize) -> NodeConfig {
    let mut config = config(host, &["ping-pong"]);
    config.settings.insert("ping-pong".to_owned(), json!({"interval": "1s"}));
    config
}

/// What three nodes hear of each other, and when.
fn story(shards: usize, fidelity: Fidelity) -> Vec<(u64, String)> {
    let mut net = Net::empty(3, shards, Services::builtin());
    for host in 0..3 {
        net.start_with(host, pinging(host), move || NodeEnv { fidelity, ..env() }).unwrap();
        net.at(host, move |node, notes| {
            let notes = notes.clone();
            let session = node.session(move |text| {
                notes.note(format!("{host} {text}"));
                true
            });
            session.handle(r#"{"id":1,"method":"admin_subscribe","params":["peerEvents"]}"#);
            std::mem::forget(session);
        });
    }
    let [second, third] = [1, 2].map(|host| net.enode(host));
    net.call(0, "admin_addPeer", [second.clone()]).unwrap();
    net.call(1, "admin_addPeer", [third]).unwrap();
    net.run(3_000);
    net.spawn(0, move |node, notes| async move {
        node.client().remove_peer(second.as_str().unwrap()).await.unwrap();
        let peers: Value = node.client_of(key(1).id()).call("admin_peers", ()).await.unwrap();
        notes.note(format!("{} peers there", peers.as_array().unwrap().len()));
    });
    net.run(2_000);
    net.stop(2);
    net.run(1_000);
    (0..3).flat_map(|host| net.notes(host)).collect()
}

#[test]
fn a_story_is_the_same_in_every_simulated_world() {
    let first = story(1, Fidelity::Message);
    let has = |what: &str| first.iter().any(|(_, text)| text.contains(what));
    assert!(has("msgrecv") && has("disconnect requested") && has("client quitting") && has("1 peers there"));
    assert_eq!(story(1, Fidelity::Message), first, "again");
    assert_eq!(story(2, Fidelity::Message), first, "two shards");
    assert_eq!(story(1, Fidelity::Wire), first, "real RLPx");
    assert_eq!(story(2, Fidelity::Wire), first, "real RLPx on two shards");
}

#[test]
fn nodes_do_the_same_over_real_sockets() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let story = async {
        let host = real::Host::with_seed(IpAddr::V4(Ipv4Addr::LOCALHOST), 7);
        let (scope, there) = (host.scope(), Rc::new(Cell::new(None)));
        let start = |number: usize| {
            let found = Rc::clone(&there);
            let config = NodeConfig { port: 0, ..pinging(number) };
            let env = NodeEnv {
                directory: Directory::new(move |_| found.get()),
                rpc_port: Some(0),
                ..NodeEnv::default()
            };
            Node::start(scope.world(), &config, &Services::builtin(), env).unwrap()
        };
        let (first, second) = (start(0), start(1));
        there.set(second.rpc_addr());
        let session = first.session_pulled();
        session.handle(r#"{"id":1,"method":"admin_subscribe","params":["peerEvents"]}"#);
        session.next().await.unwrap();
        let event = async || {
            let text: Value = serde_json::from_str(&session.next().await.unwrap()).unwrap();
            serde_json::from_value::<PeerEventInfo>(text["params"]["result"].clone()).unwrap()
        };
        let remote = first.client_of(second.id());
        let url = remote.node_info().await.unwrap().enode;
        first.client().add_peer(&url).await.unwrap();
        let kinds = [event().await, event().await, event().await, event().await, event().await];
        assert_eq!(serde_json::to_value(kinds[0].kind).unwrap(), "add");
        assert!(kinds[1..].iter().all(|event| event.msg_size == Some(5)), "{kinds:?}");
        first.client().remove_peer(&url).await.unwrap();
        let last = loop {
            let event = event().await;
            if event.msg_code.is_none() {
                break event;
            }
        };
        assert!(last.error.unwrap().contains("reason=disconnect requested"));
        second.stop();
        assert!(remote.node_info().await.is_err());
        first.stop();
        assert_eq!(session.next().await, None);
    };
    // A bound that only a failure reaches.
    let local = LocalSet::new();
    let bounded = async { tokio::time::timeout(Duration::from_secs(60), local.run_until(story)).await };
    runtime.block_on(bounded).expect("done in time");
}
