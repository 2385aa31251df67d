//! `GET /live`, as a page has it: a hello, frames of what changed, two of them under way at most, and going on where one
//! was.

use super::harness::{SOON, World};
use api::{Scenarios, ServeConfig};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Message, protocol::CloseFrame};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Long enough for a frame that should not come to come: they are 80 ms apart at most.
const QUIET: Duration = Duration::from_millis(400);

/// A page's end of the line.
struct Line(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// What comes over it.
#[derive(Debug)]
enum Said {
    Text(Value),
    Frame(Frame),
    Close(Option<CloseFrame>),
}

/// The parts of a frame that are looked at here.
#[derive(Debug)]
struct Frame {
    whole: bool,
    seq: u64,
    sections: Vec<(String, Vec<u8>)>,
}

impl Frame {
    fn read(bytes: &[u8]) -> Self {
        let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        let count = u16::from_le_bytes(bytes[2..4].try_into().unwrap());
        let (mut at, mut sections) = (32, Vec::new());
        for _ in 0..count {
            let tag = String::from_utf8(bytes[at..at + 4].to_vec()).unwrap();
            let body = bytes[at + 8..at + 8 + word(at + 4)].to_vec();
            at += 8 + body.len().next_multiple_of(4);
            sections.push((tag, body));
        }
        assert_eq!(at, bytes.len(), "nothing comes after the last section");
        let seq = u64::from_le_bytes(bytes[8..16].try_into().unwrap());
        Self { whole: bytes[0] == 1, seq, sections }
    }

    fn section(&self, tag: &str) -> &[u8] {
        self.sections.iter().find(|(has, _)| has == tag).map_or(&[], |(_, body)| body)
    }

    /// Rows of NODE: the index and the standing.
    fn nodes(&self) -> Vec<(u32, u8)> {
        let row = |row: &[u8]| (u32::from_le_bytes(row[..4].try_into().unwrap()), row[4]);
        self.section("NODE").chunks(8).map(row).collect()
    }

    fn json(&self, tag: &str) -> Value {
        match self.section(tag) {
            [] => Value::Null,
            body => serde_json::from_slice(body).unwrap(),
        }
    }
}

impl Line {
    async fn open(world: &World) -> (Self, Value) {
        let (socket, _) = connect_async(format!("ws://{}/live", world.address)).await.unwrap();
        let mut line = Self(socket);
        let hello = line.text("hello").await;
        (line, hello)
    }

    async fn say(&mut self, wish: Value) {
        self.0.send(Message::text(wish.to_string())).await.unwrap();
    }

    async fn hear(&mut self) -> Said {
        loop {
            let message = tokio::time::timeout(SOON, self.0.next()).await.expect("something is said");
            match message.expect("the line holds").unwrap() {
                Message::Text(text) => {
                    let text: Value = serde_json::from_str(&text).unwrap();
                    if text.get("ping").is_none() {
                        return Said::Text(text);
                    }
                }
                Message::Binary(bytes) => return Said::Frame(Frame::read(&bytes)),
                Message::Close(frame) => return Said::Close(frame),
                _ => {}
            }
        }
    }

    /// The next text, frames before it passed over.
    async fn text(&mut self, key: &str) -> Value {
        loop {
            if let Said::Text(text) = self.hear().await {
                assert!(text.get(key).is_some(), "{key}: {text}");
                return text[key].clone();
            }
        }
    }

    /// The next frame, drawn at once.
    async fn frame(&mut self) -> Frame {
        match self.hear().await {
            Said::Frame(frame) => {
                self.say(json!({ "ack": frame.seq })).await;
                frame
            }
            other => panic!("no frame: {other:?}"),
        }
    }

    /// Folds frames up to a record: how each node that changed is then, and the names of new ones.
    async fn fold(&mut self, seq: u64) -> (BTreeMap<u32, u8>, Vec<Value>) {
        let (mut nodes, mut names) = (BTreeMap::new(), Vec::new());
        loop {
            let frame = self.frame().await;
            let changed: BTreeMap<u32, u8> = frame.nodes().into_iter().collect();
            assert_eq!(changed.len(), frame.nodes().len(), "each once in a frame");
            nodes.extend(changed);
            names.extend(frame.json("NAME").as_array().cloned().unwrap_or_default());
            if frame.seq >= seq {
                return (nodes, names);
            }
        }
    }
}

#[tokio::test]
async fn first_a_hello_then_everything_then_what_changed() {
    let world = World::two_nodes().await;
    let (mut line, hello) = Line::open(&world).await;
    assert_eq!((&hello["virtual"], &hello["read_only"]), (&json!(true), &json!(false)));
    assert_eq!(hello["version"], env!("CARGO_PKG_VERSION"));
    line.say(json!({ "want": ["EVTS"] })).await;
    let first = line.frame().await;
    assert!(first.whole);
    assert_eq!(first.nodes(), [(0, 1), (1, 1)]);
    assert_eq!(first.json("NAME"), json!(["A", "B"]));
    // However often something changes between two frames, it is told once, as it is now.
    for _ in 0..5 {
        world.client.stop_node("A").await.unwrap();
        world.client.start_node("A").await.unwrap();
    }
    world.client.stop_node("A").await.unwrap();
    let now = world.handle.records().await.unwrap();
    assert!(now > first.seq);
    assert_eq!(line.fold(now).await, ([(0, 0)].into(), vec![]), "A is down, and has the name that is known");
    world.create("C").await;
    let now = world.handle.records().await.unwrap();
    assert_eq!(line.fold(now).await, ([(2, 0)].into(), vec![json!("C")]));
}

#[tokio::test]
async fn two_frames_are_under_way_at_most_and_a_slow_watcher_misses_none_of_the_state() {
    let world = World::two_nodes().await;
    let (mut line, _) = Line::open(&world).await;
    line.say(json!({})).await;
    // Two are sent, nobody draws them, and a third does not come, whatever happens.
    let Said::Frame(first) = line.hear().await else { panic!("a frame") };
    world.create("C").await;
    let Said::Frame(second) = line.hear().await else { panic!("a frame") };
    assert!(first.whole && !second.whole);
    for name in ["D", "E"] {
        world.create(name).await;
    }
    world.client.delete_node("D").await.unwrap();
    let third = tokio::time::timeout(QUIET, line.hear()).await;
    assert!(third.is_err(), "{third:?}");
    line.say(json!({ "ack": second.seq })).await;
    let caught_up = line.frame().await;
    assert_eq!(caught_up.nodes(), [(3, 2), (4, 0)], "each once: the one is gone, the other is there");
}

#[tokio::test]
async fn a_line_that_broke_goes_on_where_it_was() {
    let world = World::two_nodes().await;
    let (mut line, hello) = Line::open(&world).await;
    line.say(json!({})).await;
    let seen = line.frame().await.seq;
    drop(line);
    world.client.stop_node("B").await.unwrap();
    let (mut line, again) = Line::open(&world).await;
    assert_eq!(hello["run"], again["run"]);
    line.say(json!({ "since": seen, "run": hello["run"] })).await;
    let first = line.frame().await;
    assert!(!first.whole);
    assert_eq!(first.nodes(), [(1, 0)], "what changed meanwhile, and nothing else");
    // What nobody remembers any more is a gap, and everything is told anew.
    let (mut line, _) = Line::open(&world).await;
    line.say(json!({ "since": 1, "run": hello["run"] })).await;
    let gap = line.text("gap").await;
    assert_eq!(gap["missed"], world.handle.records().await.unwrap() - 1);
    assert!(line.frame().await.whole);
    // Of another run nothing is known here.
    let (mut line, _) = Line::open(&world).await;
    line.say(json!({ "since": seen, "run": "another" })).await;
    assert!(line.frame().await.whole);
}

#[tokio::test]
async fn events_are_filtered_and_counted_where_they_happen() {
    let world = World::two_nodes().await;
    let (mut line, _) = Line::open(&world).await;
    line.say(json!({ "want": ["EVTS"], "filter": { "node": 1 } })).await;
    assert!(line.frame().await.whole);
    world.create("C").await;
    for _ in 0..150 {
        for node in ["A", "B"] {
            world.handle.stop_node(node).await.unwrap();
            world.handle.start_node(node).await.unwrap();
        }
    }
    let (mut of, mut shown) = (0, 0);
    while of < 600 {
        let events = line.frame().await.json("EVTS");
        of += events["of"].as_u64().unwrap_or(0);
        let some = events["shown"].as_array().cloned().unwrap_or_default();
        assert!(some.len() <= 200 && some.iter().all(|event| event[4] == 1), "those of B alone");
        shown += some.len() as u64;
    }
    assert_eq!(of, 600, "stop, down, start, up: each is counted, shown or not");
    assert!(shown <= of);
}

#[tokio::test]
async fn what_is_no_wish_ends_the_line_with_the_reason() {
    let world = World::two_nodes().await;
    for (wish, code, words) in [
        (r#"{"want":["MSG"]}"#, 1007, "there is no \"MSG\" to want"),
        ("nonsense", 1007, "not a wish"),
        (r#"{"track":1.5}"#, 1007, "1.5 is not what can be tracked"),
    ] {
        let (mut line, _) = Line::open(&world).await;
        line.0.send(Message::text(wish)).await.unwrap();
        let close = loop {
            match line.hear().await {
                Said::Close(close) => break close.expect("a reason"),
                Said::Text(_) | Said::Frame(_) => {}
            }
        };
        assert_eq!(u16::from(close.code), code, "{wish}");
        assert!(close.reason.contains(words), "{wish}: {}", close.reason);
    }
    let answer = world.get("/live").await;
    assert_eq!((answer.status, answer.header("sec-websocket-version")), (426, Some("13")));
}

#[tokio::test]
async fn a_watcher_turns_to_the_experiment_on_stage_and_back() {
    const SCENARIO: &str = "name = \"three\"\nduration = \"1s\"\n[[nodes]]\nname = \"n\"\ncount = 3\n\
                            services = [\"noop\"]\n[topology]\nkind = \"ring\"\n[link]\nlatency = \"5ms\"\n";
    let scenarios = Scenarios { shipped: vec![("three".into(), SCENARIO.into())], directory: None };
    let config = ServeConfig { scenarios, ..ServeConfig::new("127.0.0.1:0".parse().unwrap()) };
    let world = World::serve(config).await;
    world.create("own").await;
    let (mut line, own) = Line::open(&world).await;
    line.say(json!({ "want": ["EVTS"] })).await;
    assert_eq!(line.frame().await.json("NAME"), json!(["own"]));
    assert_eq!(world.post("/runs?scenario=three&pace=0.1", "").await.status, 201);
    let guest = line.text("hello").await;
    assert_ne!(guest["run"], own["run"]);
    let mut seen = line.frame().await;
    assert!(seen.whole, "it begins anew");
    let mut names: Vec<Value> = Vec::new();
    while names.len() < 3 {
        names.extend(seen.json("NAME").as_array().cloned().unwrap_or_default());
        seen = line.frame().await;
    }
    assert_eq!(names, ["n1", "n2", "n3"].map(|name| json!(name.replace('n', "n0"))));
    assert_eq!(world.post("/runs/1/stop", "").await.status, 200);
    assert_eq!(line.text("hello").await["run"], own["run"]);
    let back = line.frame().await;
    assert!(back.whole);
    assert_eq!(back.json("NAME"), json!(["own"]));
}
