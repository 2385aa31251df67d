//! The stream of events: framing, order, filters, what is current, what is missed, and its end.

use super::harness::{SOON, World, brief, next};
use api::dto::NodeConfig;
use api::{ClientEvent, Events};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn names(world: &World) -> Vec<(String, &'static str)> {
    let mut names = vec![];
    for name in ["A", "B"] {
        names.push((world.client.node(name).await.unwrap().id.to_string(), name));
    }
    names
}

async fn expect(events: &mut Events, names: &[(String, &'static str)], expected: &[&str]) {
    for expected in expected {
        assert_eq!(brief(&next(events).await, names), *expected);
    }
}

#[tokio::test]
async fn two_lives_as_old_clients_see_them() {
    let world = World::new().await;
    let mut events = world.client.events("", false).await.unwrap();
    for name in ["A", "B"] {
        world.create(name).await;
    }
    for name in ["A", "B"] {
        world.client.start_node(name).await.unwrap();
    }
    world.client.connect("A", "B", true).await.unwrap();
    world.client.disconnect("A", "B", true).await.unwrap();
    world.client.stop_node("B").await.unwrap();
    let names = names(&world).await;
    expect(
        &mut events,
        &names,
        &[
            "control node A down create",
            "control node B down create",
            "node A up",
            "node B up",
            "control conn A-B down connect",
            "conn A-B up",
            "control conn A-B up disconnect",
            "conn A-B down",
        ],
    )
    .await;
    // Stopping is told twice, once as done and once as asked, in either order.
    let mut stop = [brief(&next(&mut events).await, &names), brief(&next(&mut events).await, &names)];
    stop.sort();
    assert_eq!(stop, ["control node B down stop", "node B down"]);
}

#[tokio::test]
async fn what_is_current_comes_first_and_once() {
    let world = World::two_nodes().await;
    world.client.connect("A", "B", true).await.unwrap();
    world.create("C").await;
    let mut events = world.client.events("", true).await.unwrap();
    let names = names(&world).await;
    expect(&mut events, &names, &["node A up", "node B up", "node C down", "conn A-B up"]).await;
    world.client.start_node("C").await.unwrap();
    expect(&mut events, &names, &["node C up"]).await;
    // Only the very word counts, as before.
    let mut events = world.client.events("", false).await.unwrap();
    world.client.stop_node("C").await.unwrap();
    assert!(brief(&next(&mut events).await, &names).contains("node C down"));
}

#[tokio::test]
async fn messages_are_shown_to_those_who_ask() {
    let world = World::two_nodes().await;
    let mut pings = world.client.events("ping-pong:0", false).await.unwrap();
    let mut all = world.client.events("other:*-ping-pong:-1", false).await.unwrap();
    let mut none = world.client.events("", false).await.unwrap();
    world.client.connect("A", "B", true).await.unwrap();
    world.handle.advance(Duration::from_secs(11)).await.unwrap();
    world.client.stop_node("A").await.unwrap();
    let names = names(&world).await;
    let mut told = vec![];
    for events in [&mut pings, &mut all, &mut none] {
        expect(events, &names, &["control conn A-B down connect", "conn A-B up"]).await;
        let mut messages = vec![];
        loop {
            let event = next(events).await;
            let Some(msg) = &event.msg else { break };
            assert!(msg.size > 0, "{event:?}");
            messages.push(brief(&event, &names));
        }
        messages.sort();
        told.push(messages);
    }
    let ping = [
        "msg A>B ping-pong 0 received",
        "msg A>B ping-pong 0 sent",
        "msg B>A ping-pong 0 received",
        "msg B>A ping-pong 0 sent",
    ];
    let pong: Vec<String> = ping.iter().map(|line| line.replace(" 0 ", " 1 ")).collect();
    assert_eq!(told[0], ping);
    assert_eq!(told[1].len(), 8);
    assert!(pong.iter().all(|line| told[1].contains(line)), "{told:?}");
    assert!(told[2].is_empty(), "{told:?}");
}

#[tokio::test]
async fn bad_filters_are_refused_as_the_original_refused_them() {
    let world = World::new().await;
    for (filter, text) in [
        ("foo", "invalid message filter: foo"),
        ("foo:", "invalid message filter: foo:"),
        ("bzz:aa", "invalid message code: aa"),
    ] {
        assert_eq!(world.get(&format!("/events?filter={filter}")).await.refusal(), (400, text));
    }
}

#[tokio::test]
async fn the_framing_is_the_original_s() {
    let mut world = World::new().await;
    let mut socket = TcpStream::connect(world.address).await.unwrap();
    let request = format!("GET /events?current=1&filter= HTTP/1.1\r\nHost: {}\r\n\r\n", world.address);
    socket.write_all(request.as_bytes()).await.unwrap();
    world.create("A").await;
    let mut text = String::new();
    let mut bytes = vec![0; 64 << 10];
    while !text.contains("\"data\":") {
        let read = tokio::time::timeout(SOON, socket.read(&mut bytes)).await.expect("more").unwrap();
        text.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
    }
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    let head = head.to_ascii_lowercase();
    assert!(head.contains("content-type: text/event-stream; charset=utf-8"), "{head}");
    assert!(head.contains("transfer-encoding: chunked"), "{head}");
    assert!(body.starts_with("2\r\n\n\n\r\n"), "the first chunk is two newlines: {body:?}");
    assert!(body.contains("\r\nevent: network\ndata: {\"type\":\"node\",\"time\":\"20"), "{body:?}");
    // The end of the server is the end of the stream.
    world.stop().await;
    tokio::time::timeout(SOON, socket.read_to_end(&mut bytes)).await.expect("an end").unwrap();
    assert!(bytes.ends_with(b"0\r\n\r\n"), "a proper last chunk");
}

#[tokio::test]
async fn a_client_that_stalls_costs_nothing_and_learns_what_it_missed() {
    let world = World::new().await;
    for name in ["A", "B"] {
        let settings = [("ping-pong".to_owned(), serde_json::json!({"interval": "1ms"}))].into();
        let config = NodeConfig { name: name.into(), settings, ..Default::default() };
        world.client.create_node(&config).await.unwrap();
        world.client.start_node(name).await.unwrap();
    }
    let mut stalled = world.client.events("ping-pong:*", false).await.unwrap();
    world.client.connect("A", "B", true).await.unwrap();
    // 8 message events a millisecond: many more than the queue and the sockets hold.
    world.handle.advance(Duration::from_secs(20)).await.unwrap();
    assert!(world.client.network().await.unwrap().conns[0].up);
    world.client.stop_all().await.unwrap();
    let (mut messages, mut missed, mut ended) = (0_u64, 0_u64, false);
    while !ended {
        match tokio::time::timeout(SOON, stalled.next()).await.expect("the stream lives") {
            Some(Ok(ClientEvent::Event(event))) => {
                messages += u64::from(event.msg.is_some());
                ended = event.node.is_some_and(|node| !node.up && node.config.unwrap().name == "B");
            }
            Some(Ok(ClientEvent::Missed(count))) => {
                missed += count;
                // The last events may be among those.
                ended = true;
            }
            other => panic!("the stream broke: {other:?}"),
        }
    }
    assert!(messages >= 20_000, "{messages} told");
    assert!(missed > 0, "{messages} told, none missed");
}

#[tokio::test]
async fn fifty_clients_see_the_same() {
    let world = World::new().await;
    let mut clients = vec![];
    for _ in 0..50 {
        clients.push(world.client.events("ping-pong:*", false).await.unwrap());
    }
    for name in ["A", "B"] {
        world.create(name).await;
        world.client.start_node(name).await.unwrap();
    }
    world.client.connect("A", "B", true).await.unwrap();
    world.handle.advance(Duration::from_secs(21)).await.unwrap();
    world.client.stop_node("B").await.unwrap();
    let mut first = None;
    for client in &mut clients {
        let mut seen = vec![];
        while seen
            .last()
            .is_none_or(|last: &serde_json::Value| last["node"]["up"] != false || last["control"] == true)
        {
            seen.push(serde_json::to_value(next(client).await).unwrap());
        }
        assert!(seen.iter().filter(|event| event["type"] == "msg").count() >= 16, "{seen:?}");
        assert_eq!(first.get_or_insert_with(|| seen.clone()), &seen);
    }
}

#[tokio::test]
async fn a_condition_is_an_event_too() {
    let world = World::two_nodes().await;
    let mut events = world.client.events("", false).await.unwrap();
    assert_eq!(world.post("/partitions", r#"{"a":"A"}"#).await.status, 201);
    assert_eq!(world.request("DELETE /partitions/1", &[], "").await.status, 200);
    let event = next(&mut events).await;
    assert_eq!((event.kind.as_str(), event.control), ("condition", true));
    let data = event.data.unwrap();
    assert_eq!((&data["set"], &data["effect"], &data["id"]), (&"impose".into(), &"cut".into(), &1.into()));
    assert_eq!(next(&mut events).await.data.unwrap()["set"], "lift");
}
