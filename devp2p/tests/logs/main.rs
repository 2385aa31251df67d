//! The two lines of log that people search for, in a process of their own: `tracing` keeps for each line whether anyone
//! wants it, and another test that logs it first, with nobody listening, could decide that for this one.

// What helps tests may fail as they do.
#![allow(clippy::unwrap_used)]

#[path = "../it/town.rs"]
#[allow(dead_code, reason = "the other stories use the rest of it")]
mod town;

use std::io::Write;
use std::sync::{Arc, Mutex};

use devp2p::Fidelity;

use town::{Town, key};

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn peers_that_come_and_go_are_logged_with_geths_keys() {
    let page = Page::default();
    let writer = page.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .without_time()
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        let mut town = Town::of(Fidelity::Message, 2);
        town.connect(0, 1);
        town.run(1_200);
        town.at(0, |home| home.server.remove_peer(key(1).id()));
    });
    let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<&str> =
        text.lines().map(str::trim_start).filter(|line| line.contains("p2p peer")).collect();
    let url = format!("enode://{}@10.0.0.2:30303", key(1).public());
    let added =
        format!("TRACE devp2p: Adding p2p peer peercount=1 url={url} conn=staticdial name=\"node 1\"");
    assert!(lines.contains(&added.as_str()), "{text}");
    let err = "PeerError(code=disconnect reason, reason=disconnect requested, err=<nil>, message=Server.remove_peer)";
    let head = format!("TRACE devp2p: Removing p2p peer peercount=0 url={url} duration=1.1");
    assert!(
        lines.iter().any(|line| line.starts_with(&head) && line.ends_with(&format!("err=\"{err}\""))),
        "{text}"
    );
}
