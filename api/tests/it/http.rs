//! What goes over the wire, byte by byte: status, headers and bodies as old clients know them.

use super::harness::World;

#[tokio::test]
async fn an_empty_network() {
    let world = World::new().await;
    let bodies = [
        ("/", "{\"id\":\"\",\"default_service\":\"ping-pong\",\"nodes\":[],\"conns\":[]}\n"),
        ("/nodes", "[]\n"),
        ("/snapshot", "{\"nodes\":[],\"conns\":[]}\n"),
        ("/mocker", "[\"boot\",\"probabilistic\",\"startStop\"]\n"),
    ];
    for (path, body) in bodies {
        let answer = world.get(path).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, body), "{path}");
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("content-length"), Some(body.len().to_string().as_str()));
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    for path in ["/start", "/stop", "/reset"] {
        let answer = world.post(path, "").await;
        assert_eq!((answer.status, answer.body.as_str()), (200, ""), "{path}");
        assert_eq!(answer.header("content-length"), Some("0"));
    }
}

#[tokio::test]
async fn the_manners_of_the_original_s_router() {
    let world = World::new().await;
    assert_eq!(world.get("/nope").await.refusal(), (404, "404 page not found"));
    let allowed = [
        ("PUT /nodes", "GET, POST, OPTIONS"),
        ("GET /start", "POST, OPTIONS"),
        ("GET /nodes/a/conn/b", "POST, DELETE, OPTIONS"),
        ("DELETE /", "GET, OPTIONS"),
        ("POST /nodes/a", "GET, DELETE, OPTIONS"),
    ];
    for (line, allow) in allowed {
        let answer = world.request(line, &[], "").await;
        assert_eq!(answer.refusal(), (405, "Method Not Allowed"), "{line}");
        assert_eq!(answer.header("allow"), Some(allow));
    }
    let head = world.request("HEAD /", &[], "").await;
    assert_eq!((head.status, head.header("content-length")), (405, Some("19")));
    let moved = world.get("/NODES/?a=b&c").await;
    assert_eq!((moved.status, moved.header("location")), (301, Some("/nodes?a=b&c")));
    assert_eq!(moved.body, "<a href=\"/nodes?a=b&amp;c\">Moved Permanently</a>.\n\n");
    let moved = world.post("/nodes/", "").await;
    assert_eq!((moved.status, moved.header("location"), moved.body.as_str()), (307, Some("/nodes"), ""));
    // Whatever a path may hold, there is an answer.
    for path in ["/NODES/\u{7f}", "/NODES/é", "/nodes/%ff%00", "//", "/nodes//", "/nodes/%2e%2e"] {
        let answer = world.get(path).await;
        assert!((300..500).contains(&answer.status), "{path:?}: {}", answer.status);
    }
    for path in ["/", "/nope/nope"] {
        let answer = world.request(&format!("OPTIONS {path}"), &[], "").await;
        assert_eq!((answer.status, answer.body.as_str()), (200, ""));
        assert_eq!(answer.header("access-control-allow-methods"), Some("GET, POST, PUT, DELETE, OPTIONS"));
        assert_eq!(answer.header("access-control-allow-headers"), Some("Content-Type, Authorization"));
    }
}

#[tokio::test]
async fn bodies_that_are_nonsense() {
    let world = World::new().await;
    let wanted = r#"; wanted is an object such as {"name":"node01","services":["ping-pong"]}"#;
    let bodies = [
        ("{bad", "node config: key must be a string at line 1 column 2"),
        ("{\"name\":\"a\",\n\"po", "node config: EOF while parsing a string at line 2 column 3"),
        (
            "{\"name\":5}",
            "node config, field name: invalid type: integer `5`, expected a string at line 1 column 9",
        ),
    ];
    for (body, text) in bodies {
        assert_eq!(world.post("/nodes", body).await.refusal(), (400, format!("{text}{wanted}").as_str()));
    }
    let answer = world.post("/snapshot", "").await;
    let (status, text) = answer.refusal();
    assert_eq!(status, 400);
    assert!(text.starts_with("snapshot: EOF while parsing a value at line 1 column 0; wanted is "), "{text}");
    let config = format!("{{\"name\":\"{}\"}}", "x".repeat(2 << 20));
    assert_eq!(
        world.post("/nodes", &config).await.refusal(),
        (413, "the body is larger than 1 MiB (1048576 bytes)")
    );
    assert_eq!(world.client.nodes().await.unwrap(), []);
}

#[tokio::test]
async fn foreign_pages_are_kept_out_of_every_route() {
    let world = World::with(None, &["https://ui.example"]).await;
    world.create("A").await;
    let upgrade =
        ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AA=="];
    for line in ["GET /", "POST /nodes", "GET /events", "OPTIONS /", "GET /nope", "GET /nodes/A/rpc"] {
        let headers = [&["Origin: http://evil.example"][..], &upgrade].concat();
        let answer = world.request(line, &headers, "").await;
        assert_eq!(answer.refusal().0, 403, "{line}");
        assert!(answer.body.contains("http://evil.example"), "{}", answer.body);
        assert_eq!(answer.header("access-control-allow-origin"), None);
        let rebound = world.request(line, &["Host: evil.example"], "").await;
        assert_eq!(rebound.refusal().0, 403, "{line}");
    }
    assert_eq!(world.client.nodes().await.unwrap().len(), 1);
    let own = format!("Origin: http://{}", world.address);
    assert_eq!(world.request("GET /nodes", &[&own], "").await.status, 200);
    let friend = world.request("GET /nodes", &["Origin: https://ui.example"], "").await;
    assert_eq!(friend.status, 200);
    assert_eq!(friend.header("access-control-allow-origin"), Some("https://ui.example"));
    assert_eq!(friend.header("vary"), Some("Origin"));
}

#[tokio::test]
async fn a_token_is_wanted_from_everybody() {
    let world = World::with(Some("s3cret"), &[]).await;
    let error = world.client.network().await.unwrap_err();
    assert_eq!(error.status(), Some(401));
    assert_eq!(world.get("/").await.header("www-authenticate"), Some("Bearer"));
    assert_eq!(world.client.rpc("A").await.unwrap_err().status(), Some(401));
    let client = world.client.clone().with_token("s3cret");
    assert!(client.nodes().await.unwrap().is_empty());
    let node = client.create_node(&Default::default()).await.unwrap();
    client.start_node(&node.name).await.unwrap();
    assert!(client.rpc_call(&node.name, "rpc_modules", vec![]).await.unwrap().is_object());
    let in_url = api::Client::new(&format!("http://any:s3cret@{}", world.address)).unwrap();
    assert_eq!(in_url.nodes().await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_client_tells_three_kinds_of_silence_apart() {
    let mut world = World::new().await;
    let refused = world.client.node("nosuch").await.unwrap_err();
    assert_eq!(refused.to_string(), "node nosuch does not exist (404 Not Found)");
    assert!(!refused.is_unreachable());
    world.stop().await;
    let gone = world.client.network().await.unwrap_err();
    assert!(gone.is_unreachable(), "{gone}");
    assert!(gone.to_string().contains(&world.address.to_string()), "{gone}");
    assert!(world.client.rpc("x").await.unwrap_err().is_unreachable());
    // Some other server, which answers with a page.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let other = api::Client::new(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let page = async {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let _ = socket.read(&mut request).await.unwrap();
        socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>").await.unwrap();
    };
    let (answer, ()) = tokio::join!(other.network(), page);
    let error = answer.unwrap_err();
    assert!(matches!(&error, api::ClientError::NotUnderstood(text) if text.contains("<html>")), "{error}");
}
