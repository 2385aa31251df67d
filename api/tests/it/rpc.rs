//! The bridge to a node's JSON-RPC.

use super::harness::{SOON, World};
use api::ClientError;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn calls_and_their_errors() {
    let world = World::two_nodes().await;
    world.client.connect("A", "B", true).await.unwrap();
    let id = world.client.node("A").await.unwrap().id.to_string();
    let mut rpc = world.client.rpc("A").await.unwrap();
    assert_eq!(rpc.call("admin_nodeInfo", vec![]).await.unwrap()["id"], id);
    let peers = rpc.call("admin_peers", vec![]).await.unwrap();
    assert_eq!(peers[0]["caps"], json!(["ping-pong/1"]));
    assert_eq!(rpc.call("rpc_modules", vec![]).await.unwrap()["admin"], "1.0");
    let error = rpc.call("nope_nope", vec![]).await.unwrap_err();
    assert_eq!(error.to_string(), "the method nope_nope does not exist/is not available");
    let ClientError::Rpc(error) = error else { panic!("{error:?}") };
    assert_eq!(error.code, -32601);
    // The conversation goes on after an error.
    assert!(rpc.call("web3_clientVersion", vec![]).await.unwrap().is_string());
    assert!(world.client.rpc_call("A", "admin_addPeer", vec![json!("bogus")]).await.is_err());
}

#[tokio::test]
async fn a_subscription_tells_of_peers_until_the_node_stops() {
    let world = World::two_nodes().await;
    let other = world.client.node("B").await.unwrap().id.to_string();
    let mut events = world.client.rpc_subscribe("A", "admin_peerEvents", vec![]).await.unwrap();
    world.client.connect("A", "B", true).await.unwrap();
    let next = async |events: &mut api::client::RpcSubscription| -> Option<Result<Value, ClientError>> {
        tokio::time::timeout(SOON, events.next()).await.expect("something comes")
    };
    let added = next(&mut events).await.unwrap().unwrap();
    assert_eq!((&added["type"], &added["peer"]), (&json!("add"), &json!(other)));
    world.client.disconnect("A", "B", true).await.unwrap();
    let dropped = next(&mut events).await.unwrap().unwrap();
    assert_eq!((&dropped["type"], &dropped["peer"]), (&json!("drop"), &json!(other)));
    assert!(dropped["error"].is_string(), "{dropped}");
    world.client.stop_node("A").await.unwrap();
    let end = next(&mut events).await.unwrap().unwrap_err();
    assert!(matches!(&end, ClientError::BrokenOff(reason) if reason == "the node has stopped"), "{end:?}");
    assert!(next(&mut events).await.is_none());
    let unknown = world.client.rpc_subscribe("B", "admin_nope", vec![]).await.unwrap_err();
    assert_eq!(unknown.to_string(), "no \"nope\" subscription in admin namespace");
    assert!(world.client.rpc_subscribe("B", "nope", vec![]).await.is_err());
}

#[tokio::test]
async fn refusals_come_before_the_upgrade() {
    let world = World::new().await;
    world.create("A").await;
    let down = world.client.rpc("A").await.unwrap_err();
    assert_eq!(down.status(), Some(409), "{down}");
    assert!(down.to_string().contains("not"), "the reason is told: {down}");
    assert_eq!(world.client.rpc("nosuch").await.unwrap_err().status(), Some(404));
    let plain = world.get("/nodes/A/rpc").await;
    assert_eq!(plain.refusal(), (400, "Bad Request"));
    assert_eq!(plain.header("sec-websocket-version"), Some("13"));
    assert_eq!(world.get("/nodes/nosuch/rpc").await.refusal(), (404, "node nosuch does not exist"));
}

#[tokio::test]
async fn the_end_of_the_server_ends_conversations() {
    let mut world = World::two_nodes().await;
    let mut events = world.client.rpc_subscribe("A", "admin_peerEvents", vec![]).await.unwrap();
    world.stop().await;
    let end = tokio::time::timeout(SOON, events.next()).await.expect("an end").unwrap().unwrap_err();
    assert!(matches!(&end, ClientError::BrokenOff(reason) if reason == "the server shuts down"), "{end:?}");
}

#[tokio::test]
async fn texts_pass_as_they_are() {
    let world = World::two_nodes().await;
    let (mut socket, _) = connect_async(format!("ws://{}/nodes/A/rpc", world.address)).await.unwrap();
    let modules = r#"{"jsonrpc":"2.0","id":"x","method":"rpc_modules"}"#;
    // Rubbish ends nothing, batches are lists, and bytes that are text are taken as text.
    let conversation = [
        (Message::text("{bad"), "-32700"),
        (Message::text("[]"), "empty batch"),
        (Message::text(format!("[{modules},{modules}]")), r#"[{"jsonrpc":"2.0","id":"x","result":{"#),
        (Message::binary(modules), r#"{"jsonrpc":"2.0","id":"x","result":{"#),
    ];
    for (question, answer) in conversation {
        socket.send(question.clone()).await.unwrap();
        let text = tokio::time::timeout(SOON, socket.next()).await.expect("an answer").unwrap().unwrap();
        assert!(text.to_text().unwrap().contains(answer), "{question:?}: {text:?}");
    }
    world.client.stop_node("A").await.unwrap();
    let end = tokio::time::timeout(SOON, socket.next()).await.expect("an end").unwrap().unwrap();
    let Message::Close(Some(frame)) = end else { panic!("{end:?}") };
    assert_eq!((u16::from(frame.code), frame.reason.as_str()), (1001, "the node has stopped"));

    let (mut socket, _) = connect_async(format!("ws://{}/nodes/B/rpc", world.address)).await.unwrap();
    socket.send(Message::binary(vec![0xff, 0xfe])).await.unwrap();
    let end = tokio::time::timeout(SOON, socket.next()).await.expect("an end").unwrap().unwrap();
    let Message::Close(Some(frame)) = end else { panic!("{end:?}") };
    assert_eq!(u16::from(frame.code), 1007);
}
