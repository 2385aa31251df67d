//! How nodes begin and end.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use devp2p::{Context, Handler, Message, PeerError, PeerId, Protocol};
use node::services::PingPong;
use node::{Methods, Node, Service, ServiceError, Services};
use serde_json::{Value, json};

use crate::harness::{Net, config, env};

/// Writes down what is done to it.
struct Diary {
    name: &'static str,
    log: Arc<Mutex<Vec<String>>>,
    fails: bool,
}

impl Diary {
    fn write(&self, what: &str) {
        self.log.lock().unwrap().push(format!("{} {what}", self.name));
    }
}

impl Service for Diary {
    fn methods(&self, table: &mut Methods) {
        if self.name == "twin" {
            table.add("pingpong_received", |_| Ok(0));
        }
    }

    fn start(&self, node: &Rc<Node>) -> Result<(), ServiceError> {
        self.write(if node.is_running() { "start" } else { "start too early" });
        if self.fails { Err(ServiceError::new("no luck")) } else { Ok(()) }
    }

    fn stop(&self) {
        self.write("stop");
    }

    fn snapshot(&self) -> Result<Option<Vec<u8>>, ServiceError> {
        if self.fails { Err("x".parse::<u8>().unwrap_err().into()) } else { Ok(None) }
    }
}

fn diaries(log: &Arc<Mutex<Vec<String>>>) -> Services {
    ["a", "b", "broken", "twin"].into_iter().fold(Services::builtin(), |services, name| {
        let log = Arc::clone(log);
        let init = move |_: &node::ServiceContext<'_>| {
            Ok(Diary { name, log: Arc::clone(&log), fails: name == "broken" })
        };
        services.register(name, init).unwrap()
    })
}

#[test]
fn services_start_in_order_and_stop_in_reverse() {
    let log = Arc::default();
    let net = Net::new(1, diaries(&log), &["b", "a"]);
    assert_eq!(*log.lock().unwrap(), ["b start", "a start"]);
    net.stop(0);
    net.stop(0);
    assert_eq!(*log.lock().unwrap(), ["b start", "a start", "a stop", "b stop"]);
    assert!(net.at(0, |node, _| !node.is_running()));
}

#[test]
fn a_service_that_fails_takes_those_before_it_down() {
    let log = Arc::default();
    let mut net = Net::empty(1, 1, diaries(&log));
    let error = net.start(0, config(0, &["b", "a", "broken", "noop"])).unwrap_err();
    assert_eq!(error, "starting service \"broken\": no luck");
    assert_eq!(*log.lock().unwrap(), ["b start", "a start", "broken start", "a stop", "b stop"]);
    // Both ports are free again.
    net.start(0, config(0, &["a"])).unwrap();
}

#[test]
fn what_cannot_run_says_why() {
    let mut net = Net::empty(1, 1, diaries(&Arc::default()));
    let with = |name: &str, settings: Value| {
        let mut config = config(0, &[name]);
        config.settings.insert(name.to_owned(), settings);
        config
    };
    let cases = [
        (config(0, &[]), "node must have at least one service"),
        (config(0, &["noop", "nope"]), "unknown node service \"nope\""),
        (config(0, &["noop", "noop"]), "duplicate service: noop"),
        (config(0, &["ping-pong", "twin"]), "RPC method already exists: \"pingpong_received\""),
        (
            with("ping-pong", json!({"interval": "soon"})),
            "making service \"ping-pong\": interval \"soon\": expected number at 0",
        ),
        (with("ping-pong", json!({"interval": "0s"})), "making service \"ping-pong\": interval \"0s\": zero"),
        (
            with("ping-pong", json!({"interval": 5})),
            "making service \"ping-pong\": settings of service \"ping-pong\": invalid type: integer `5`, expected a string",
        ),
        (
            with("ping-pong", json!({"pace": "5s"})),
            "making service \"ping-pong\": settings of service \"ping-pong\": unknown field `pace`, expected `interval`",
        ),
    ];
    for (config, expect) in cases {
        assert_eq!(net.start(0, config).unwrap_err(), expect);
    }
    net.start(0, config(0, &["noop"])).unwrap();
    let error = net.start(0, config(0, &["noop"])).unwrap_err();
    assert_eq!(error, "port 30303 is taken on this host");
    let mut elsewhere = config(0, &["noop"]);
    elsewhere.port = 0;
    assert_eq!(net.start(0, elsewhere).unwrap_err(), "RPC: port 8546 is taken on this host");
}

#[test]
fn a_stopped_node_answers_that_and_a_new_one_takes_its_place() {
    let mut net = Net::new(2, Services::builtin(), &["ping-pong"]);
    net.connect(0, 1);
    net.at(1, |node, notes| {
        let notes = notes.clone();
        let closed = scopeguard(notes.clone());
        let session = node.session(move |text| {
            let _ = &closed;
            notes.note(text);
            true
        });
        session.handle(r#"{"id":1,"method":"admin_subscribe","params":["peerEvents"]}"#);
        std::mem::forget(session); // stays open for as long as the node lets it
    });
    net.stop(1);
    net.run(1_000);
    let texts = net.texts(1);
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert_eq!(texts[1], "closed", "nothing after the node has stopped but the end");
    assert_eq!(net.call(1, "rpc_modules", ()).unwrap_err().to_string(), "node not started");
    assert!(net.at(1, |node, _| !node.session(|_| true).is_open()));
    assert_eq!(net.call(0, "admin_peers", ()), Ok(json!([])));
    net.start(1, config(1, &["ping-pong"])).unwrap();
    // The static peer comes back by itself.
    net.run(120_000);
    assert_eq!(net.call(1, "admin_peers", ()).unwrap().as_array().unwrap().len(), 1);
}

/// Notes its own end.
fn scopeguard(notes: crate::harness::Notes) -> impl Sized {
    struct End(crate::harness::Notes);
    impl Drop for End {
        fn drop(&mut self) {
            self.0.note("closed");
        }
    }
    End(notes)
}

#[test]
fn a_snapshot_carries_services_into_their_next_life() {
    let mut net = Net::new(2, Services::builtin(), &["noop", "ping-pong"]);
    net.connect(0, 1);
    net.run(25_000);
    let before = net.call(0, "pingpong_received", ()).unwrap();
    assert!(before.as_u64().unwrap() > 0);
    let saved = net.at(0, |node, _| node.snapshot().unwrap());
    assert_eq!(saved.keys().collect::<Vec<_>>(), ["ping-pong"]);
    assert_eq!(saved["ping-pong"], before.to_string());
    let base64 = net.call(0, "simulation_snapshot", ()).unwrap();
    assert_eq!(base64, json!({"ping-pong": "NA=="}), "base64 of {before}");
    net.stop(0);
    let next = move || node::NodeEnv { snapshots: saved, ..env() };
    net.start_with(0, config(0, &["ping-pong"]), next).unwrap();
    assert_eq!(net.call(0, "pingpong_received", ()).unwrap(), before);
    let bad = || node::NodeEnv { snapshots: [("ping-pong".to_owned(), "many".into())].into(), ..env() };
    net.stop(0);
    let error = net.start_with(0, config(0, &["ping-pong"]), bad).unwrap_err();
    assert_eq!(error, "making service \"ping-pong\": snapshot of 4 bytes is no count");
}

#[test]
fn a_service_that_cannot_be_saved_fails_the_snapshot() {
    struct Unsaved;
    impl Service for Unsaved {
        fn snapshot(&self) -> Result<Option<Vec<u8>>, ServiceError> {
            Err(ServiceError::new("on fire"))
        }
    }
    let services = Services::builtin().register("unsaved", |_| Ok(Unsaved)).unwrap();
    let net = Net::new(1, services, &["ping-pong", "unsaved"]);
    let error = net.call(0, "simulation_snapshot", ()).unwrap_err();
    assert_eq!(error.to_string(), "saving service \"unsaved\": on fire");
}

#[test]
fn services_are_found_by_what_they_are() {
    let net = Net::new(1, Services::builtin(), &["noop", "ping-pong"]);
    assert_eq!(net.at(0, |node, _| node.service::<PingPong>().map(|game| game.received())), Some(0));
    assert!(net.at(0, |node, _| node.service::<Diary>().is_none()));
}

#[test]
fn a_crash_is_no_stop() {
    let log = Arc::default();
    let mut net = Net::new(2, diaries(&log), &["ping-pong", "a"]);
    net.connect(0, 1);
    net.crash(1);
    net.run(1_000);
    assert_eq!(*log.lock().unwrap(), ["a start", "a start"]);
    assert_eq!(net.call(0, "admin_peers", ()), Ok(json!([])));
}

#[test]
fn a_method_can_send_as_a_handler_can() {
    #[derive(Default)]
    struct Shout(Rc<RefCell<Heard>>);
    #[derive(Default)]
    struct Heard(Vec<u64>);
    impl Handler for Heard {
        fn on_message(&mut self, _: PeerId, message: Message, _: &mut Context<'_>) -> Result<(), PeerError> {
            self.0.push(message.decode()?);
            Ok(())
        }
    }
    impl Service for Shout {
        fn protocols(&self) -> Vec<Protocol> {
            vec![Protocol::new("shout", 1, 1, Rc::clone(&self.0))]
        }
        fn methods(&self, table: &mut Methods) {
            let heard = Rc::clone(&self.0);
            table
                .add_in("shout", "shout_out", |cx, params| {
                    let (number,): (u64,) = params.parse()?;
                    cx.broadcast(0, &number);
                    Ok(cx.peer_count())
                })
                .add_in("whisper", "whisper_out", |_, _| Ok(()))
                .add("shout_heard", move |_| Ok(heard.borrow().0.clone()));
        }
    }
    let services = Services::new().register("shout", |_| Ok(Shout::default())).unwrap();
    let mut net = Net::new(2, services, &["shout"]);
    net.connect(0, 1);
    assert_eq!(net.call(0, "shout_out", [json!("300")]), Ok(json!(1)));
    let error = net.call(0, "whisper_out", ()).unwrap_err();
    assert_eq!(error.to_string(), "protocol \"whisper\" is not running");
    net.run(100);
    assert_eq!(net.call(1, "shout_heard", ()), Ok(json!([300])));
}

#[test]
fn a_node_that_is_gone_leaves_nothing_behind() {
    for leave in [Net::stop, Net::crash] {
        let mut net = Net::new(2, Services::builtin(), &["ping-pong", "noop"]);
        net.connect(0, 1);
        net.at(1, |node, _| {
            let session = node.session_pulled();
            session.handle(r#"{"id":1,"method":"admin_subscribe","params":["peerEvents"]}"#);
            std::mem::forget(session);
        });
        leave(&net, 1);
        net.run(1_000);
        assert_eq!(net.bury(1), (true, true));
    }
}
