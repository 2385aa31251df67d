//! Subscriptions: those of a node's peers, and those that services add.

use std::cell::RefCell;
use std::rc::Rc;

use node::{Methods, NodeConfig, PeerEventInfo, Pushed, Service, Services, Sink};
use serde_json::{Value, json};

use crate::harness::{Net, config, key};

/// Subscribes at a host; what comes is noted there, without the ids of subscriptions.
fn subscribe(net: &Net, host: usize, texts: &[&str]) {
    let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    net.at(host, move |node, notes| {
        let notes = notes.clone();
        let session = node.session(move |text| {
            let value: Value = serde_json::from_str(&text).unwrap();
            match (value["params"].get("result"), value.get("result"), value.get("error")) {
                (Some(item), ..) => notes.note(item.to_string()),
                (None, Some(id), _) => notes.note(format!("id {}", id.as_str().unwrap().len() > 2)),
                (None, None, error) => notes.note(format!("{}", error.unwrap_or(&value["params"]["error"]))),
            }
            true
        });
        texts.iter().for_each(|text| session.handle(text));
        std::mem::forget(session);
    });
}

const PEER_EVENTS: &str = r#"{"id":1,"method":"admin_subscribe","params":["peerEvents"]}"#;

fn chatty(host: usize, messages: bool) -> NodeConfig {
    let mut config = config(host, &["ping-pong"]);
    config.settings.insert("ping-pong".to_owned(), json!({"interval": "2s"}));
    config.enable_msg_events = messages;
    config
}

fn events(net: &Net, host: usize) -> Vec<PeerEventInfo> {
    let notes = net.texts(host);
    assert_eq!(notes[0], "id true", "the response comes first");
    notes[1..].iter().map(|text| serde_json::from_str(text).unwrap()).collect()
}

#[test]
fn peer_events_tell_a_peers_whole_life() {
    let mut net = Net::empty(2, 1, Services::builtin());
    for host in [0, 1] {
        net.start(host, chatty(host, true)).unwrap();
    }
    subscribe(&net, 0, &[PEER_EVENTS]);
    net.connect(0, 1);
    net.run(1_500);
    let enode = net.enode(1);
    net.spawn(0, |node, _| async move {
        node.client().remove_peer(enode.as_str().unwrap()).await.unwrap();
    });
    net.run(100);
    let events = events(&net, 0);
    let peer = key(1).id().to_string();
    assert!(events.iter().all(|event| event.peer == peer));
    assert!(events.iter().all(|event| event.remote.as_deref() == Some("10.0.0.2:30303")));
    let shown: Vec<Value> = events
        .iter()
        .map(|event| {
            let mut shown = serde_json::to_value(event).unwrap();
            let members = shown.as_object_mut().unwrap();
            for known in ["peer", "local", "remote"] {
                members.remove(known);
            }
            shown
        })
        .collect();
    let message =
        |kind, code| json!({"type": kind, "protocol": "ping-pong", "msg_code": code, "msg_size": 5});
    assert_eq!(shown[0], json!({"type": "add"}));
    let mut told: Vec<String> = shown[1..5].iter().map(Value::to_string).collect();
    told.sort();
    let mut expect =
        [message("msgsend", 0), message("msgrecv", 0), message("msgsend", 1), message("msgrecv", 1)]
            .map(|message| message.to_string());
    expect.sort();
    assert_eq!(told, expect);
    let drop = &shown[5];
    assert_eq!(drop["type"], "drop");
    assert!(drop["error"].as_str().unwrap().contains("reason=disconnect requested"), "{drop}");
    assert_eq!(shown.len(), 6);
}

#[test]
fn messages_are_told_only_where_the_configuration_says_so() {
    let mut net = Net::empty(2, 1, Services::builtin());
    for host in [0, 1] {
        net.start(host, chatty(host, host == 0)).unwrap();
        subscribe(&net, host, &[PEER_EVENTS]);
    }
    net.connect(0, 1);
    net.run(5_000);
    let (loud, quiet) = (events(&net, 0), events(&net, 1));
    assert!(loud.len() > 4);
    assert_eq!(quiet.len(), 1, "{quiet:?}");
    assert_eq!(quiet[0].local.as_deref(), Some("10.0.0.2:30303"), "it was dialled there");
}

#[test]
fn who_comes_later_hears_the_rest_with_both_ends() {
    let mut net = Net::empty(2, 1, Services::builtin());
    for host in [0, 1] {
        net.start(host, chatty(host, true)).unwrap();
    }
    net.connect(0, 1);
    subscribe(&net, 0, &[PEER_EVENTS]);
    net.stop(1);
    net.run(100);
    let events = events(&net, 0);
    assert_eq!(events.len(), 1);
    assert!(events[0].local.as_ref().unwrap().starts_with("10.0.0.1:"));
    assert!(events[0].error.as_ref().unwrap().contains("reason=client quitting"), "{events:?}");
}

/// Counts for whoever listens.
#[derive(Default)]
struct Ticker(Rc<RefCell<Vec<Sink>>>);

impl Service for Ticker {
    fn methods(&self, table: &mut Methods) {
        let sinks = Rc::clone(&self.0);
        table.subscription("tick", "numbers", move |params, sink| {
            let (first,): (Option<u64>,) = params.parse()?;
            // Before the subscriber knows its id.
            sink.send(&first);
            sinks.borrow_mut().push(sink);
            Ok(())
        });
        let sinks = Rc::clone(&self.0);
        table.add("tick_fire", move |params| {
            let (count,): (u64,) = params.parse()?;
            let mut sinks = sinks.borrow_mut();
            (0..count).for_each(|number| sinks.retain(|sink| sink.send(&number)));
            Ok(sinks.len())
        });
    }
}

fn ticking() -> Net {
    Net::new(1, Services::new().register("ticker", |_| Ok(Ticker::default())).unwrap(), &["ticker"])
}

#[test]
fn services_have_subscriptions_of_their_own() {
    let mut net = ticking();
    subscribe(&net, 0, &[r#"{"id":1,"method":"tick_subscribe","params":["numbers","7"]}"#]);
    assert_eq!(net.texts(0), ["id true", "7"]);
    assert_eq!(net.call(0, "tick_fire", [json!(2)]), Ok(json!(1)));
    assert_eq!(net.texts(0), [""; 0], "not from inside of whoever sends");
    net.run(0);
    net.run(1);
    assert_eq!(net.texts(0), ["0", "1"]);
    assert_eq!(net.call(0, "rpc_modules", ()).unwrap()["tick"], "1.0");
}

#[test]
fn a_subscription_in_a_batch_speaks_after_the_batch() {
    let net = ticking();
    let out = net.at(0, |node, _| {
        let session = node.session_pulled();
        session.handle(
            r#"[{"id":1,"method":"tick_subscribe","params":["numbers",7]},{"id":2,"method":"tick_fire","params":[1]}]"#,
        );
        let next = || futures_util::FutureExt::now_or_never(session.next()).flatten();
        std::iter::from_fn(next).collect::<Vec<String>>()
    });
    assert_eq!(out.len(), 3, "{out:?}");
    assert!(out[0].starts_with('['));
    assert!(out[1].ends_with(r#""result":7}}"#) && out[2].ends_with(r#""result":0}}"#), "{out:?}");
}

#[test]
fn unsubscribing_ends_it_for_the_service_too() {
    let net = ticking();
    let left = net.at(0, |node, _| {
        let session = node.session_pulled();
        let next = || futures_util::FutureExt::now_or_never(session.next()).flatten();
        session.handle(r#"{"id":1,"method":"tick_subscribe","params":["numbers"]}"#);
        let response: Value = serde_json::from_str(&next().unwrap()).unwrap();
        let id = response["result"].as_str().unwrap();
        session.handle(&format!(r#"{{"id":2,"method":"tick_unsubscribe","params":["{id}"]}}"#));
        session.handle(r#"{"id":3,"method":"tick_fire","params":[5]}"#);
        std::iter::from_fn(next).collect::<Vec<String>>()
    });
    let expect = [r#"{"jsonrpc":"2.0","id":2,"result":true}"#, r#"{"jsonrpc":"2.0","id":3,"result":0}"#];
    assert_eq!(left, expect);
}

#[test]
fn a_subscriber_that_does_not_read_loses_its_subscription_and_nothing_else() {
    let net = ticking();
    let (count, last, after) = net.at(0, |node, _| {
        let session = node.session_pulled();
        let next = || futures_util::FutureExt::now_or_never(session.next()).flatten();
        session.handle(r#"{"id":1,"method":"tick_subscribe","params":["numbers"]}"#);
        session.handle(r#"{"id":2,"method":"tick_fire","params":[30000]}"#);
        let all: Vec<String> = std::iter::from_fn(next).collect();
        session.handle(r#"{"id":3,"method":"admin_datadir"}"#);
        let last = all.iter().rfind(|text| text.contains("tick_subscription")).unwrap().clone();
        (all.len(), last, next())
    });
    assert_eq!(count, 2 + 20_000 + 1, "two responses, what the queue holds, and why it ended");
    assert!(last.ends_with(r#""error":"subscription queue overflow"}}"#), "{last}");
    assert_eq!(after.as_deref(), Some(r#"{"jsonrpc":"2.0","id":3,"result":""}"#));
}

/// A place for so many texts.
fn shelf(room: usize) -> (Rc<RefCell<Vec<String>>>, impl FnMut(String) -> Pushed + 'static) {
    let shelf = Rc::new(RefCell::new(Vec::new()));
    let own = Rc::clone(&shelf);
    let out = move |text| {
        if own.borrow().len() == room {
            return Pushed::Full(text);
        }
        own.borrow_mut().push(text);
        Pushed::Taken
    };
    (shelf, out)
}

#[test]
fn what_finds_no_room_waits_and_keeps_its_order() {
    let net = ticking();
    let (first, all) = net.at(0, |node, _| {
        let (shelf, out) = shelf(3);
        let session = node.session_bounded(out);
        session.handle(r#"{"id":1,"method":"tick_subscribe","params":["numbers"]}"#);
        session.handle(r#"{"id":2,"method":"tick_fire","params":[4]}"#);
        let first = shelf.borrow().len();
        let mut all = shelf.take();
        loop {
            session.flush();
            let more = shelf.take();
            if more.is_empty() {
                break;
            }
            all.extend(more);
        }
        (first, all)
    });
    assert_eq!(first, 3);
    let ends = ["\"}", ":null}}", ":0}}", ":1}}", ":2}}", ":3}}", ":1}"];
    assert_eq!(all.len(), ends.len(), "{all:?}");
    assert!(all.iter().zip(ends).all(|(text, end)| text.ends_with(end)), "{all:?}");
}

#[test]
fn a_reader_that_stalls_costs_its_subscription_and_one_that_asks_on_its_session() {
    let net = ticking();
    let (last, open) = net.at(0, |node, _| {
        let (shelf, out) = shelf(1);
        let session = node.session_bounded(out);
        session.handle(r#"{"id":1,"method":"tick_subscribe","params":["numbers"]}"#);
        session.handle(r#"{"id":2,"method":"tick_fire","params":[30000]}"#);
        let mut last = String::new();
        while !shelf.borrow().is_empty() {
            last = shelf.take().into_iter().rfind(|text| text.contains("tick_subscription")).unwrap_or(last);
            session.flush();
        }
        let before = session.is_open();
        (0..1_100).for_each(|_| session.handle(r#"{"id":3,"method":"admin_datadir"}"#));
        (last, (before, session.is_open()))
    });
    assert!(last.ends_with(r#""error":"subscription queue overflow"}}"#), "{last}");
    assert_eq!(open, (true, false));
}
