//! The RPC as texts: what geth's server answers, said to a node.

use node::Services;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::harness::{Net, key};

/// Says texts to a session of a node, one after the other, and collects what comes out of each.
fn say(net: &Net, host: usize, texts: &[&str]) -> Vec<String> {
    let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    net.at(host, move |node, _| {
        let out = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
        let sink = std::rc::Rc::clone(&out);
        let session = node.session(move |text| {
            sink.borrow_mut().push(text);
            true
        });
        texts.iter().for_each(|text| session.handle(text));
        out.take()
    })
}

#[test]
fn texts_are_answered_as_geth_does() {
    let net = Net::new(1, Services::builtin(), &["noop"]);
    let modules = r#"{"admin":"1.0","rpc":"1.0","simulation":"1.0","web3":"1.0"}"#;
    let error = |id: &str, code: i64, message: &str| {
        let message = serde_json::to_string(message).unwrap();
        format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":{code},"message":{message}}}}}"#)
    };
    let result = |id: &str, result: &str| format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#);
    let bad_key = "invalid enode: invalid public key (invalid length, need 512 bits, got 12)";
    let cases = [
        (r#"{"jsonrpc":"2.0","id":3,"method":"rpc_modules"}"#, result("3", modules)),
        (r#"{"id":12,"method":"rpc_modules"}"#, result("12", modules)),
        (r#"{"jsonrpc":"2.0","id":4,"method":"admin_datadir"}"#, result("4", r#""""#)),
        (
            r#"{"jsonrpc":"2.0","id":5,"method":"web3_clientVersion","params":[]}"#,
            result("5", concat!(r#""p2psim/v"#, env!("CARGO_PKG_VERSION"), '"')),
        ),
        (
            r#"{"jsonrpc":"2.0","id":"s","method":"web3_sha3","params":["0x68656c6c6f20776f726c64"]}"#,
            result("\"s\"", r#""0x47173285a8d7341e5e972fc677286384f802f8ef42a5ec5f03bbfa254cb01fad""#),
        ),
        (
            r#"{"id":1,"method":"web3_sha3","params":["68"]}"#,
            error("1", -32602, "invalid argument 0: hex string without 0x prefix"),
        ),
        (
            r#"{"jsonrpc":"2.0","id":6,"method":"nope_nope"}"#,
            error("6", -32601, "the method nope_nope does not exist/is not available"),
        ),
        (
            r#"{"jsonrpc":"2.0","id":7,"method":"admin_addPeer","params":[]}"#,
            error("7", -32602, "missing value for required argument 0"),
        ),
        (
            r#"{"id":7,"method":"admin_peers","params":["x"]}"#,
            error("7", -32602, "too many arguments, want at most 0, got 1"),
        ),
        (
            r#"{"jsonrpc":"2.0","id":"x","method":"admin_addTrustedPeer","params":["enode://bad"]}"#,
            error("\"x\"", -32000, bad_key),
        ),
        (r#"{"id":9,"method":"admin_removePeer","params":["bad"]}"#, error("9", -32000, bad_key)),
        (
            r#"[{"id":10,"method":"admin_datadir"},{"method":"admin_datadir"},{"id":11,"method":"admin_datadir"}]"#,
            format!("[{},{}]", result("10", r#""""#), result("11", r#""""#)),
        ),
        ("[]", error("null", -32600, "empty batch")),
        ("{bad", error("null", -32700, "key must be a string at line 1 column 2")),
        (r#"{"id":null,"method":"admin_datadir"}"#, result("null", r#""""#)),
        (
            r#"{"id":2,"method":"admin_subscribe","params":["nope"]}"#,
            error("2", -32601, "no \"nope\" subscription in admin namespace"),
        ),
        (
            r#"{"id":2,"method":"admin_subscribe"}"#,
            error("2", -32602, "missing value for required argument 0"),
        ),
        (
            r#"{"id":3,"method":"admin_unsubscribe","params":["0x0"]}"#,
            error("3", -32000, "subscription not found"),
        ),
        (
            r#"{"id":3,"method":"admin_startWS"}"#,
            error(
                "3",
                -32000,
                "this node has no WebSocket server of its own: call it where you are calling it now",
            ),
        ),
    ];
    for (text, expect) in cases {
        assert_eq!(say(&net, 0, &[text]), [expect], "{text}");
    }
    let silent =
        [r#"{"jsonrpc":"2.0","method":"rpc_modules"}"#, r#"[{"method":"admin_peers"}]"#, r#"{"result":1}"#];
    assert_eq!(say(&net, 0, &silent), [""; 0]);
    // A text that is no JSON costs only itself.
    assert_eq!(say(&net, 0, &["{bad", probe()]).len(), 2);
}

fn probe() -> &'static str {
    r#"{"id":1,"method":"rpc_modules"}"#
}

#[test]
fn nodes_and_peers_have_geths_shape() {
    let mut net = Net::new(2, Services::builtin(), &["ping-pong"]);
    net.connect(0, 1);
    let text = say(&net, 0, &[r#"{"id":1,"method":"admin_nodeInfo"}"#]).remove(0);
    let (id, public) = (key(0).id(), key(0).public());
    let enr = net.at(0, |node, _| node.server().record().to_string());
    let enode = net.enode(0);
    assert!(enode.as_str().unwrap().starts_with(&format!("enode://{public}@10.0.0.1:30303")));
    let udp = if enode.as_str().unwrap().ends_with("discport=0") { 0 } else { 30303 };
    let expect = format!(
        r#"{{"jsonrpc":"2.0","id":1,"result":{{"id":"{id}","name":"{}","enode":{enode},"enr":"{enr}","ip":"10.0.0.1","ports":{{"discovery":{udp},"listener":30303}},"listenAddr":"10.0.0.1:30303","protocols":{{"ping-pong":{{"received":0}}}}}}}}"#,
        concat!("p2psim/v", env!("CARGO_PKG_VERSION")),
    );
    assert_eq!(text, expect);

    let peers = net.call(0, "admin_peers", ()).unwrap();
    let [peer] = peers.as_array().unwrap().as_slice() else { panic!("{peers}") };
    assert_eq!(peer["id"], key(1).id().to_string());
    assert_eq!(peer["name"], concat!("p2psim/v", env!("CARGO_PKG_VERSION")));
    assert_eq!(peer["caps"], json!(["ping-pong/1"]));
    assert_eq!(peer["protocols"], json!({"ping-pong": "unknown"}));
    let network = &peer["network"];
    assert_eq!(network["remoteAddress"], "10.0.0.2:30303");
    assert!(network["localAddress"].as_str().unwrap().starts_with("10.0.0.1:"));
    let flags = ["inbound", "trusted", "static"].map(|flag| network[flag].as_bool().unwrap());
    assert_eq!(flags, [false, false, true]);
    let inbound = net.call(1, "admin_peers", ()).unwrap();
    assert_eq!(inbound[0]["network"]["inbound"], true);
    assert_eq!(inbound[0]["network"]["static"], false);
}

#[test]
fn peers_are_added_by_record_and_by_url_and_trusted() {
    let mut net = Net::new(3, Services::builtin(), &["noop"]);
    let record = net.call(1, "admin_nodeInfo", ()).unwrap()["enr"].clone();
    assert_eq!(net.call(0, "admin_addPeer", [record]), Ok(json!(true)));
    let third = net.enode(2);
    assert_eq!(net.call(0, "admin_addTrustedPeer", [third.clone()]), Ok(json!(true)));
    assert_eq!(net.call(0, "admin_addPeer", [third.clone()]), Ok(json!(true)));
    net.run(1_000);
    let trusted = |net: &Net| -> Vec<(Value, Value)> {
        let peers = net.call(0, "admin_peers", ()).unwrap();
        let peers = peers.as_array().unwrap().iter();
        peers.map(|peer| (peer["id"].clone(), peer["network"]["trusted"].clone())).collect()
    };
    let mut expect =
        [(json!(key(1).id().to_string()), json!(false)), (json!(key(2).id().to_string()), json!(true))];
    expect.sort_by_key(|(id, _)| id.to_string());
    assert_eq!(trusted(&net), expect, "sorted by id");
    assert_eq!(net.call(0, "admin_removeTrustedPeer", [third]), Ok(json!(true)));
    assert!(trusted(&net).iter().all(|(_, trusted)| *trusted == false));
    // What cannot be dialled is refused with the reason.
    let me = net.enode(0);
    let error = net.call(0, "admin_addPeer", [me]).unwrap_err();
    assert_eq!((error.code, error.message), (-32000, format!("node {} is this node itself", key(0).id())));
    let bare = format!("enode://{}", key(1).public());
    let error = net.call(0, "admin_addPeer", [json!(bare)]).unwrap_err();
    assert!(error.message.contains("no IP address or TCP port"), "{error}");
}

#[test]
fn removing_a_peer_is_answered_when_it_is_gone() {
    let mut net = Net::new(2, Services::builtin(), &["noop"]);
    net.connect(0, 1);
    let enode = net.enode(1);
    net.spawn(0, move |node, notes| async move {
        let client = node.client();
        client.remove_peer(enode.as_str().unwrap()).await.unwrap();
        notes.note(format!("{} peers", client.peers().await.unwrap().len()));
        // One that is not there is removed at once.
        client.remove_peer(enode.as_str().unwrap()).await.unwrap();
        notes.note("again");
    });
    net.run(100);
    assert_eq!(net.texts(0), ["0 peers", "again"]);
    net.run(120_000);
    assert_eq!(net.call(1, "admin_peers", ()), Ok(json!([])), "it is not dialled again");
}

#[test]
fn a_session_ends_with_whoever_ends_it() {
    let net = Net::new(1, Services::builtin(), &["noop"]);
    let probe = probe();
    let (closed_here, deaf) = net.at(0, move |node, _| {
        let pulled = node.session_pulled();
        pulled.close();
        pulled.handle(probe);
        let deaf = node.session(|_| false);
        deaf.handle(probe);
        (pulled.is_open(), deaf.is_open())
    });
    assert!(!closed_here);
    assert!(!deaf);
}

#[test]
fn a_closure_may_call_its_node() {
    let net = Net::new(1, Services::builtin(), &["noop"]);
    let probe = probe();
    net.at(0, move |node, notes| {
        let (own, notes) = (std::rc::Rc::clone(node), notes.clone());
        let session = node.session(move |text| {
            notes.note(format!("{} {}", text.len() > 10, own.info().ip));
            true
        });
        session.handle(probe);
    });
    assert_eq!(net.texts(0), ["true 10.0.0.1"]);
}

/// Any JSON, not too deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{0,6}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

#[test]
fn what_a_node_says_it_answers_it_answers() {
    let net = Net::new(1, Services::builtin(), &["ping-pong"]);
    let names = net.call(0, "rpc_methods", ()).unwrap();
    let methods: Vec<&str> = names["methods"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    for name in ["admin_peers", "pingpong_received", "rpc_methods", "web3_sha3"] {
        assert!(methods.contains(&name), "{name} in {methods:?}");
    }
    assert_eq!(names["subscriptions"], json!(["admin_peerEvents"]));
    for name in methods {
        let answer = say(&net, 0, &[&json!({"id": 1, "method": name}).to_string()]).concat();
        assert!(!answer.contains("-32601"), "{name}: {answer}");
    }
}

#[test]
fn whatever_is_called_with_whatever_is_answered_once() {
    let methods = [
        "admin_addPeer",
        "admin_addTrustedPeer",
        "admin_datadir",
        "admin_nodeInfo",
        "admin_peers",
        "admin_removePeer",
        "admin_removeTrustedPeer",
        "admin_startHTTP",
        "admin_subscribe",
        "admin_unsubscribe",
        "pingpong_received",
        "rpc_methods",
        "rpc_modules",
        "simulation_snapshot",
        "web3_clientVersion",
        "web3_sha3",
        "_",
        "",
    ];
    let net = Net::new(1, Services::builtin(), &["ping-pong"]);
    let calls = (prop::sample::select(methods.to_vec()), any_json(), any::<u32>());
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&calls, |(method, params, id)| {
        let text = json!({"id": id, "method": method, "params": params}).to_string();
        let answers = say(&net, 0, &[&text]);
        prop_assert_eq!(answers.len(), 1, "{} {:?}", text, answers);
        let answer: Value = serde_json::from_str(&answers[0]).unwrap();
        prop_assert_eq!(&answer["id"], &json!(id));
        prop_assert!(answer.get("result").is_some() != answer.get("error").is_some(), "{}", answer);
        Ok(())
    });
    outcome.unwrap();
}
