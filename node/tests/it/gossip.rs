//! The gossip service: an item reaches all, in both modes, whoever fails on the way.

use std::cell::RefCell;
use std::rc::Rc;

use devp2p::{Context, Handler, Message, Observer, PeerError, PeerEvent, PeerId, Protocol};
use node::{NodeEnv, Service, Services};
use serde_json::{Value, json};

use crate::harness::{Net, Notes, config, env};

/// Writes arrivals and measurements down.
struct Ears(Notes);

impl Observer for Ears {
    fn event(&self, event: &PeerEvent<'_>) {
        match event {
            PeerEvent::Arrived { from, hops, .. } => {
                self.0.note(format!("{} after {hops}", if from.is_some() { "copy" } else { "published" }));
            }
            PeerEvent::Metric { name, .. } => self.0.note(*name),
            _ => {}
        }
    }
}

fn start(net: &mut Net, host: usize, settings: &Value, service: &str) {
    let mut config = config(host, &[service]);
    config.settings.insert(service.to_owned(), settings.clone());
    net.start_noting(host, config, |notes| NodeEnv { observer: Rc::new(Ears(notes)), ..env() }).unwrap();
}

/// So many nodes, all connected to all.
fn mesh(nodes: usize, settings: &Value) -> Net {
    let mut net = Net::empty(nodes, 1, Services::builtin());
    for host in 0..nodes {
        start(&mut net, host, settings, "gossip");
    }
    for from in 0..nodes {
        for to in 0..from {
            net.connect(from, to);
        }
    }
    net
}

fn copies(net: &Net, hosts: usize) -> Vec<usize> {
    let copy = |(_, text): &(u64, String)| text.starts_with("copy");
    (0..hosts).map(|host| net.notes(host).iter().filter(|note| copy(note)).count()).collect()
}

#[test]
fn flooding_reaches_all_at_once_and_is_generous() {
    let mut net = mesh(5, &json!({"mode": "flood"}));
    let item = net.call(0, "gossip_publish", ()).unwrap();
    net.run(1_000);
    for host in 0..5 {
        assert_eq!(net.call(host, "gossip_seen", ()), Ok(json!(1)));
        assert_eq!(net.call(host, "gossip_has", [item.clone()]), Ok(json!(true)));
    }
    // Each of four sends it to the three that it did not have it from.
    assert_eq!(copies(&net, 5), [0, 4, 4, 4, 4]);
    let info = net.call(1, "admin_nodeInfo", ()).unwrap();
    assert_eq!(info["protocols"]["gossip"], json!({"seen": 1, "held": 1, "wanted": 0}));
}

#[test]
fn announcing_reaches_all_later_and_is_sparing() {
    let mut net = mesh(6, &json!({"mode": "push-announce", "wait": "100ms"}));
    net.call(0, "gossip_publish", [json!(1_000)]).unwrap();
    net.run(1_000);
    for host in 0..6 {
        assert_eq!(net.call(host, "gossip_seen", ()), Ok(json!(1)), "{host}");
    }
    let copies = copies(&net, 6);
    assert_eq!(copies[0], 0);
    assert!(copies[1..].iter().all(|copies| *copies >= 1), "{copies:?}");
    assert!(copies.iter().sum::<usize>() < 5 * 4 / 2, "flooding would have sent 20: {copies:?}");
}

#[test]
fn hops_are_counted_along_the_way() {
    let mut net = Net::empty(4, 1, Services::builtin());
    for host in 0..4 {
        start(&mut net, host, &json!({}), "gossip");
    }
    for host in 1..4 {
        net.connect(host - 1, host);
    }
    (0..4).for_each(|host| drop(net.notes(host)));
    net.call(0, "gossip_publish", ()).unwrap();
    net.run(1_000);
    for (host, text) in
        ["published after 0", "copy after 1", "copy after 2", "copy after 3"].into_iter().enumerate()
    {
        assert_eq!(net.texts(host), [text]);
    }
}

#[test]
fn who_comes_late_catches_up() {
    let mut net = Net::empty(2, 1, Services::builtin());
    start(&mut net, 0, &json!({}), "gossip");
    for _ in 0..3 {
        net.call(0, "gossip_publish", ()).unwrap();
    }
    start(&mut net, 1, &json!({}), "gossip");
    net.connect(1, 0);
    net.run(1_000);
    assert_eq!(net.call(1, "gossip_seen", ()), Ok(json!(3)));
    assert_eq!(net.texts(1), ["copy after 1", "fetch"].repeat(3));
}

/// Announces an item to every peer, and never answers.
struct Liar;

struct Silent;

impl Handler for Silent {
    fn on_peer(&mut self, peer: PeerId, cx: &mut Context<'_>) -> Result<(), PeerError> {
        cx.send(peer, 1, &vec![ITEM]);
        Ok(())
    }

    fn on_message(&mut self, _: PeerId, _: Message, _: &mut Context<'_>) -> Result<(), PeerError> {
        Ok(())
    }
}

impl Service for Liar {
    fn protocols(&self) -> Vec<Protocol> {
        vec![Protocol::new("gossip", 1, 3, Rc::new(RefCell::new(Silent)))]
    }
}

const ITEM: u64 = 77;

/// Announces an item to every peer, and sends it to whoever asks.
struct Honest;

struct Giver;

impl Handler for Giver {
    fn on_peer(&mut self, peer: PeerId, cx: &mut Context<'_>) -> Result<(), PeerError> {
        cx.send(peer, 1, &vec![ITEM]);
        Ok(())
    }

    fn on_message(&mut self, from: PeerId, message: Message, cx: &mut Context<'_>) -> Result<(), PeerError> {
        if message.code == 2 {
            // [77, 0, ""]
            cx.send_payload(from, 0, &devp2p::Payload::new(vec![0xc3, 77, 0x80, 0x80].into()));
        }
        Ok(())
    }
}

impl Service for Honest {
    fn protocols(&self) -> Vec<Protocol> {
        vec![Protocol::new("gossip", 1, 3, Rc::new(RefCell::new(Giver)))]
    }
}

fn with_strangers() -> Services {
    let services = Services::builtin().register("liar", |_| Ok(Liar)).unwrap();
    services.register("honest", |_| Ok(Honest)).unwrap()
}

#[test]
fn one_that_does_not_answer_gives_way_to_the_next() {
    let mut net = Net::empty(3, 1, with_strangers());
    let patient = json!({"wait": "3s", "timeout": "2s"});
    start(&mut net, 0, &patient, "gossip");
    net.start(1, config(1, &["liar"])).unwrap();
    net.start(2, config(2, &["honest"])).unwrap();
    net.connect(0, 1);
    net.connect(0, 2);
    net.run(10_000);
    assert_eq!(net.texts(0), ["fetch_timeout", "copy after 1", "fetch"]);
    assert_eq!(net.call(0, "gossip_has", [json!(ITEM)]), Ok(json!(true)));
}

#[test]
fn one_that_goes_gives_way_at_once() {
    let mut net = Net::empty(3, 1, with_strangers());
    start(&mut net, 0, &json!({"wait": "3s", "timeout": "60s"}), "gossip");
    net.start(1, config(1, &["liar"])).unwrap();
    net.start(2, config(2, &["honest"])).unwrap();
    net.connect(0, 1);
    net.connect(0, 2);
    net.run(3_000);
    assert_eq!(net.texts(0), [""; 0], "the first was asked and is silent");
    net.stop(1);
    net.run(1_000);
    assert_eq!(net.texts(0), ["copy after 1", "fetch"]);
}

#[test]
fn a_wish_nobody_grants_is_given_up() {
    let mut net = Net::empty(2, 1, with_strangers());
    start(&mut net, 0, &json!({"wait": "0s", "timeout": "1s"}), "gossip");
    net.start(1, config(1, &["liar"])).unwrap();
    net.connect(0, 1);
    let wanted =
        |net: &Net| net.call(0, "admin_nodeInfo", ()).unwrap()["protocols"]["gossip"]["wanted"].clone();
    assert_eq!(wanted(&net), 1);
    net.run(5_000);
    assert_eq!(wanted(&net), 0);
    assert_eq!(net.texts(0), ["fetch_timeout"]);
}

#[test]
fn wrong_settings_and_sizes_are_refused() {
    let mut net = Net::empty(1, 1, Services::builtin());
    for (settings, why) in [
        (json!({"mode": "shout"}), "unknown variant `shout`, expected `flood` or `push-announce`"),
        (json!({"size": 1_048_577}), "size 1048577: an item has 1048576 bytes at most"),
        (json!({"wait": "soon"}), "wait \"soon\""),
        (json!({"timeout": "0s"}), "no answer comes in no time"),
    ] {
        let mut config = config(0, &["gossip"]);
        config.settings.insert("gossip".to_owned(), settings);
        let error = net.start(0, config).unwrap_err();
        assert!(error.contains(why), "{error}");
    }
    net.start(0, config(0, &["gossip"])).unwrap();
    let error = net.call(0, "gossip_publish", [json!(2_000_000)]).unwrap_err().to_string();
    assert!(error.contains("size 2000000: an item has 1048576 bytes at most"), "{error}");
}
