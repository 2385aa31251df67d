//! The page: who gets it, its files, what a browser is told about them, and a server that has none.

use super::harness::World;
use api::{ServeConfig, Ui};

const HTML: &str = "Accept: text/html,application/xhtml+xml,*/*;q=0.8";

fn config() -> ServeConfig {
    ServeConfig::new("127.0.0.1:0".parse().unwrap())
}

#[tokio::test]
async fn a_browser_gets_the_page_and_a_program_the_network() {
    let world = World::new().await;
    let page = world.request("GET /", &[HTML], "").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(page.body.to_ascii_lowercase().starts_with("<!doctype html>"));
    assert_eq!(page.header("vary"), Some("Accept"));
    assert_eq!(page.header("cache-control"), Some("no-cache"));
    assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'self'; "));
    for accept in ["Accept: */*", "Accept: application/json"] {
        let network = world.request("GET /", &[accept], "").await;
        assert_eq!(network.header("content-type"), Some("application/json"), "{accept}");
    }
    let tag = page.header("etag").unwrap();
    let again = world.request("GET /", &[HTML, &format!("If-None-Match: \"x\", {tag}")], "").await;
    assert_eq!((again.status, again.body.as_str(), again.header("etag")), (304, "", Some(tag)));
    let changed = world.request("GET /", &[HTML, "If-None-Match: \"x\""], "").await;
    assert_eq!(changed.status, 200);
}

#[tokio::test]
async fn files_are_found_below_ui_and_nothing_else_is() {
    let world = World::new().await;
    assert_eq!(world.get("/ui/index.html").await.status, 200);
    for path in ["/ui/nope.js", "/ui/../Cargo.toml", "/ui/%2e%2e/Cargo.toml", "/ui/", "/ui/tests/none.js"] {
        assert_eq!(world.get(path).await.refusal(), (404, "404 page not found"), "{path}");
    }
    assert_eq!(world.post("/ui/index.html", "").await.status, 404);
}

#[tokio::test]
async fn a_server_without_a_page_has_the_api_alone() {
    let world = World::serve(ServeConfig { ui: Ui::Off, ..config() }).await;
    let answer = world.request("GET /", &[HTML], "").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(world.get("/ui/index.html").await.status, 404);
}

#[tokio::test]
async fn a_browser_is_asked_for_the_token_once() {
    let world = World::with(Some("s3cret"), &[]).await;
    let asked = world.request("GET /", &[HTML], "").await;
    assert_eq!((asked.status, asked.header("www-authenticate")), (401, Some("Basic realm=\"p2psim\"")));
    let typed = world.request("GET /?token=s3cret", &[HTML], "").await;
    assert_eq!((typed.status, typed.header("location")), (303, Some("./")));
    let cookie = typed.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let page = world.request("GET /", &[HTML, &format!("Cookie: {cookie}")], "").await;
    assert_eq!(page.status, 200);
    assert_eq!(world.request("GET /nodes", &[&format!("Cookie: {cookie}")], "").await.status, 200);
    assert_eq!(world.request("GET /nodes", &["Cookie: p2psim=00"], "").await.status, 401);
}

#[tokio::test]
async fn a_read_only_server_refuses_what_changes_anything() {
    let world = World::serve(ServeConfig { read_only: true, ..config() }).await;
    let node = world.handle.create_node(Default::default()).await.unwrap().config.name;
    world.handle.start_node(&node).await.unwrap();
    for line in ["POST /nodes", "POST /reset", "DELETE /nodes/node01", "POST /nodes/node01/stop"] {
        let answer = world.request(line, &[], "").await;
        assert_eq!(answer.refusal().0, 403, "{line}");
        assert!(answer.body.contains("--read-only"));
    }
    // A conversation with a node may change anything.
    assert_eq!(world.client.rpc(&node).await.unwrap_err().status(), Some(403));
    assert_eq!(world.client.nodes().await.unwrap().len(), 1);
}
