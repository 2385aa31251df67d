//! Nodes calling nodes: across the world, at the price of the link.

use std::rc::Rc;

use devp2p::NodeId;
use node::{
    ClientError, Directory, Methods, Params, RpcError, Service, ServiceContext, ServiceError, Services,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use world::World;
use world::stream::Stream;

use crate::harness::{LATENCY, Net, config, key};

/// Passes calls on to other nodes.
struct Relay {
    world: World,
    nodes: Directory,
}

impl Relay {
    fn new(context: &ServiceContext<'_>) -> Result<Self, ServiceError> {
        Ok(Self { world: context.world.clone(), nodes: context.nodes.clone() })
    }
}

impl Service for Relay {
    fn methods(&self, table: &mut Methods) {
        let (world, nodes) = (self.world.clone(), self.nodes.clone());
        table.add_async("relay_ask", move |params: Params| {
            let (world, nodes) = (world.clone(), nodes.clone());
            async move {
                let (id, method): (String, String) = params.parse()?;
                let id: NodeId = id.parse().map_err(RpcError::invalid_params)?;
                let answer: Value =
                    nodes.client(&world, id).call(&method, ()).await.map_err(RpcError::failed)?;
                Ok(answer)
            }
        });
        let world = self.world.clone();
        table.add_async("relay_never", move |_| {
            let world = world.clone();
            async move {
                world.sleep(std::time::Duration::from_secs(3_600)).await;
                Ok(())
            }
        });
    }
}

fn relays(hosts: usize, shards: usize) -> Net {
    let services = Services::new().register("relay", Relay::new).unwrap();
    let mut net = Net::empty(hosts, shards, services);
    for host in 0..hosts {
        net.start(host, config(host, &["relay"])).unwrap();
    }
    net
}

/// Calls from one node to another with clients of one's own, noting when each answer came.
fn ask(net: &Net, from: usize, to: usize, method: &'static str, times: usize) {
    net.spawn(from, move |node, notes| async move {
        let client = node.client_of(key(to).id());
        for _ in 0..times {
            match client.call::<Value>(method, ()).await {
                Ok(value) => notes.note(value.to_string()),
                Err(error) => notes.note(error.to_string()),
            }
        }
    });
}

#[test]
fn a_call_takes_what_the_link_takes() {
    for shards in [1, 2] {
        let mut net = relays(2, shards);
        ask(&net, 0, 1, "admin_datadir", 3);
        net.run(200);
        let ms = u64::try_from(LATENCY.as_millis()).unwrap();
        // There and back to open the stream, there and back for each answer.
        let expect = [4, 6, 8].map(|legs| (legs * ms, "\"\"".to_owned()));
        assert_eq!(net.notes(0), expect, "{shards} shards");
    }
}

#[test]
fn a_service_calls_other_nodes_and_a_third_waits_for_it() {
    let mut net = relays(3, 1);
    let third = key(2).id().to_string();
    net.spawn(0, move |node, notes| async move {
        let client = node.client_of(key(1).id());
        let info: Value = client.call("relay_ask", [json!(third), json!("admin_nodeInfo")]).await.unwrap();
        notes.note(info["ip"].to_string());
        let typed = node.client_of(key(2).id()).node_info().await.unwrap();
        notes.note(typed.listen_addr);
    });
    net.run(500);
    assert_eq!(net.texts(0), ["\"10.0.0.3\"", "10.0.0.3:30303"]);
}

#[test]
fn a_node_can_call_itself_as_another() {
    let mut net = relays(1, 1);
    ask(&net, 0, 0, "admin_datadir", 1);
    net.run(200);
    assert_eq!(net.texts(0), ["\"\""]);
}

#[test]
fn errors_of_the_other_node_come_through() {
    let mut net = relays(2, 1);
    ask(&net, 0, 1, "nope_nope", 1);
    net.run(200);
    assert_eq!(net.texts(0), ["the method nope_nope does not exist/is not available"]);
    net.spawn(0, |node, notes| async move {
        let client = node.client_of(key(1).id());
        let error = client.call::<u64>("admin_datadir", ()).await.unwrap_err();
        notes.note(error.to_string());
        assert!(matches!(client.add_peer("bad").await, Err(ClientError::Rpc(error)) if error.code == -32000));
        let parts = node.client().call::<u64>("admin_datadir", [1.into()]).await;
        assert!(matches!(parts, Err(ClientError::Rpc(error)) if error.code == -32602));
        notes.note("done");
    });
    net.run(200);
    let expect =
        ["result of admin_datadir: invalid type: string \"\", expected u64 at line 1 column 2", "done"];
    assert_eq!(net.texts(0), expect);
}

#[test]
fn nodes_that_are_not_there_are_not_reached() {
    let mut net = relays(2, 1);
    ask(&net, 0, 99, "admin_datadir", 1);
    ask(&net, 0, 5, "admin_datadir", 1);
    net.stop(1);
    ask(&net, 0, 1, "admin_datadir", 1);
    net.run(30_000);
    let mut texts = net.texts(0);
    texts.sort();
    let expect = [
        "connection to 10.0.0.2:8546 refused".to_owned(),
        "no route to 10.0.0.6:8546".to_owned(),
        format!("unknown node: {}", key(99).id()),
    ];
    assert_eq!(texts, expect);
}

#[test]
fn a_node_that_dies_ends_the_calls_it_owes_and_its_next_life_is_found() {
    let mut net = relays(2, 1);
    ask(&net, 0, 1, "relay_never", 2);
    net.run(1_000);
    assert_eq!(net.notes(0), []);
    net.crash(1);
    net.start(1, config(1, &["relay"])).unwrap();
    net.run(1_000);
    let closed = format!("connection to node {} closed before relay_never was answered", key(1).id());
    assert_eq!(net.texts(0).first(), Some(&closed));
    // The second call found the new node; now that one leaves in good order.
    net.stop(1);
    net.run(1_000);
    assert_eq!(net.texts(0), [closed]);
}

#[test]
fn calls_under_way_at_once_are_told_apart() {
    let mut net = relays(2, 1);
    net.spawn(0, |node, notes| async move {
        let client = Rc::new(node.client_of(key(1).id()));
        let (slow, fast) = (Rc::clone(&client), client);
        let slow = async { slow.call::<()>("relay_never", ()).await.is_err() };
        let fast = async { fast.call::<String>("admin_datadir", ()).await.unwrap() };
        let (mut slow, fast) = (std::pin::pin!(slow), std::pin::pin!(fast));
        tokio::select! {
            biased;
            _ = &mut slow => notes.note("slow"),
            text = fast => notes.note(format!("fast {text:?}")),
        }
    });
    net.run(500);
    assert_eq!(net.texts(0), ["fast \"\""]);
}

#[test]
fn a_stream_that_says_rubbish_is_answered_and_one_without_ends_is_closed() {
    let mut net = relays(2, 1);
    net.spawn(0, |node, notes| async move {
        let to = (node.world().ip().to_string().replace(".0.1", ".0.2") + ":8546").parse().unwrap();
        let mut stream = Stream::connect(node.world(), to).await.unwrap();
        stream.write_all(b"{bad\n{\"id\":1,\"method\":\"admin_datadir\"}\n").await.unwrap();
        let mut answers = [0; 200];
        let mut read = 0;
        while answers[..read].iter().filter(|byte| **byte == b'\n').count() < 2 {
            read += stream.read(&mut answers[read..]).await.unwrap();
        }
        let text = String::from_utf8(answers[..read].to_vec()).unwrap();
        text.lines().for_each(|line| notes.note(line));
        stream.write_all(b"\xff\xfe\n").await.unwrap();
        notes.note(format!("{:?}", stream.read(&mut [0; 9]).await.unwrap()));
    });
    net.run(500);
    let expect = [
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"key must be a string at line 1 column 2"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":""}"#,
        "0",
    ];
    assert_eq!(net.texts(0), expect);
}
