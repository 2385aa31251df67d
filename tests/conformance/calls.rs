//! Calls and conversations: with nodes, and between them.

use serde_json::{Value, json};
use simnet::RpcLine;

use crate::{Adapter, on_all_adapters};

on_all_adapters! {
    a_call_answers_or_says_why_not
    a_conversation_has_an_answer_for_each_request
    subscriptions_are_told_after_they_are_answered
    a_node_that_stops_hangs_up
    nodes_call_each_other_wherever_they_are
}

async fn say(line: &mut RpcLine, request: Value) -> Value {
    line.send(request.to_string()).await.unwrap();
    hear(line).await
}

async fn hear(line: &mut RpcLine) -> Value {
    serde_json::from_str(&line.recv().await.unwrap()).unwrap()
}

async fn a_call_answers_or_says_why_not(adapter: Adapter) {
    let net = adapter.network();
    net.up(1).await;
    assert!(
        net.call("node01", "web3_clientVersion", vec![])
            .await
            .unwrap()
            .as_str()
            .unwrap()
            .starts_with("p2psim/")
    );
    for (method, params, expect) in [
        ("admin_nonsense", vec![], "the method admin_nonsense does not exist/is not available"),
        ("probe_set", vec![], "missing value for required argument 0"),
        ("admin_addPeer", vec![json!("enode://nonsense")], "invalid enode"),
    ] {
        let error = net.call("node01", method, params).await.unwrap_err();
        assert!(error.to_string().contains(expect), "{error}");
    }
    let modules = net.call("node01", "rpc_modules", vec![]).await.unwrap();
    assert_eq!(modules["probe"], "1.0");
    net.end().await;
}

async fn a_conversation_has_an_answer_for_each_request(adapter: Adapter) {
    let net = adapter.network();
    net.up(1).await;
    let mut line = net.rpc("node01").await.unwrap();
    for number in 1..20 {
        let answer = say(&mut line, json!({"jsonrpc": "2.0", "id": number, "method": "probe_number"})).await;
        assert_eq!(answer, json!({"jsonrpc": "2.0", "id": number, "result": 0}));
    }
    let batch = json!([
        {"jsonrpc": "2.0", "id": 1, "method": "probe_set", "params": [5]},
        {"jsonrpc": "2.0", "id": 2, "method": "probe_number"},
    ]);
    assert_eq!(say(&mut line, batch).await[1]["result"], 5);
    line.send("nonsense".into()).await.unwrap();
    assert_eq!(hear(&mut line).await["error"]["code"], -32700);
    net.end().await;
}

async fn subscriptions_are_told_after_they_are_answered(adapter: Adapter) {
    let net = adapter.network();
    let nodes = net.up(2).await;
    let mut line = net.rpc("node01").await.unwrap();
    let request = json!({"jsonrpc": "2.0", "id": 1, "method": "probe_subscribe", "params": ["numbers", 3]});
    let id = say(&mut line, request).await["result"].clone();
    for number in 0..3 {
        let told = hear(&mut line).await;
        assert_eq!(told["method"], "probe_subscription");
        assert_eq!(told["params"], json!({"subscription": id, "result": number}));
    }
    let request = json!({"jsonrpc": "2.0", "id": 2, "method": "admin_subscribe", "params": ["peerEvents"]});
    let id = say(&mut line, request).await["result"].clone();
    net.connect("node01", "node02", simnet::Until::Done).await.unwrap();
    let told = hear(&mut line).await;
    assert_eq!((&told["params"]["subscription"], &told["params"]["result"]["type"]), (&id, &json!("add")));
    assert_eq!(told["params"]["result"]["peer"], nodes[1].config.id.to_string());
    net.end().await;
}

async fn a_node_that_stops_hangs_up(adapter: Adapter) {
    let net = adapter.network();
    net.up(1).await;
    let mut line = net.rpc("node01").await.unwrap();
    let number = json!({"jsonrpc": "2.0", "id": 1, "method": "probe_number"});
    assert_eq!(say(&mut line, number).await["result"], 0);
    net.stop_node("node01").await.unwrap();
    assert_eq!(line.recv().await, None);
    assert!(net.rpc("node01").await.unwrap_err().to_string().contains("not up"));
    let error = net.call("node01", "probe_number", vec![]).await.unwrap_err();
    assert!(error.to_string().contains("not up"), "{error}");
    net.end().await;
}

async fn nodes_call_each_other_wherever_they_are(adapter: Adapter) {
    let net = adapter.network();
    net.up(1).await;
    let other = net.create(&["probe"]).await.config;
    let ask = || net.call("node01", "probe_numberOf", vec![json!(other.id.to_string())]);
    // Started after the one that asks, and again after that.
    for number in 1..3 {
        net.start_node(&other.name).await.unwrap();
        net.call(&other.name, "probe_set", vec![json!(number)]).await.unwrap();
        assert_eq!(ask().await.unwrap(), number);
        net.stop_node(&other.name).await.unwrap();
        ask().await.unwrap_err();
    }
    net.end().await;
}
