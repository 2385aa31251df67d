//! What it costs to be listened to: logs on disk, one client of the event stream, and nobody.

use benches::chatter::{Chatter, Make};
use benches::clock;
use benches::suite::{Budget, Figure, Suite};
use simnet::log::Form;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

#[global_allocator]
static HEAP: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What is asked for: records per second.
const GOAL: f64 = 200_000.0;

fn main() {
    let mut suite = Suite::from_args("fanout: records of messages per second of CPU time, by who listens");
    suite.bench("log", log);
    suite.bench("nobody", nobody);
    suite.bench("stream", stream);
    suite.finish();
}

fn nodes(suite: &Suite) -> usize {
    suite.pick(100, 20)
}

/// Seconds of CPU time per record.
fn each(chatter: &Chatter) -> f64 {
    let (records, used) = chatter.talk(Duration::from_millis(200));
    used / records as f64
}

fn log(suite: &mut Suite) {
    let place = tempfile::tempdir().expect("there is room");
    let nodes = nodes(suite);
    let quiet = Chatter::new(Make { nodes, shown: true, log: None });
    for form in Form::ALL {
        let path = place.path().join(form.file_name());
        let logging = Chatter::new(Make { nodes, shown: true, log: Some((path.clone(), form)) });
        let size = || std::fs::metadata(&path).map_or(0, |file| file.len()) as f64;
        let (mut bytes, mut records) = (0.0, 0);
        let mut ours = || {
            let before = size();
            let (more, used) = logging.talk(Duration::from_millis(200));
            (bytes, records) = (bytes + size() - before, records + more);
            used / more as f64
        };
        let [ours, bare] = suite.least(9, [&mut ours, &mut || each(&quiet)]);
        let what = format!("{form} log on disk, {:.1} B a record (bare: no log)", bytes / records as f64);
        let budget = Budget::AtLeast(Figure::Rate(GOAL));
        suite.row(what, Figure::Rate(1.0 / ours), Some(Figure::Rate(1.0 / bare)), budget);
        logging.end();
    }
    quiet.end();
}

fn nobody(suite: &mut Suite) {
    let nodes = nodes(suite);
    let [on, off] = [true, false].map(|shown| Chatter::new(Make { nodes, shown, log: None }));
    let [ours, bare] = suite.least(15, [&mut || each(&on), &mut || each(&off)]);
    let what = "message events on, nobody listening (bare: off)";
    suite.row(what, Figure::Rate(1.0 / ours), Some(Figure::Rate(1.0 / bare)), Budget::OfBare(0.95));
    let elsewhere = on.runtime().block_on(on.handle().subscribe(Default::default(), false));
    let _elsewhere = elsewhere.expect("it is there");
    let [ours, bare] = suite.least(15, [&mut || each(&on), &mut || each(&off)]);
    let what = "message events on, somebody listening for nodes and connections (bare: off)";
    suite.row(what, Figure::Rate(1.0 / ours), Some(Figure::Rate(1.0 / bare)), Budget::OfBare(0.95));
    on.end();
    off.end();
}

/// A client of the event stream over loopback that does nothing but count.
fn follow(at: SocketAddr, filter: &str) -> Arc<[AtomicU64; 2]> {
    let mut socket = TcpStream::connect(at).expect("it listens");
    let request = format!("GET /events?filter={filter} HTTP/1.1\r\nHost: {at}\r\n\r\n");
    socket.write_all(request.as_bytes()).expect("it takes requests");
    let seen = Arc::<[AtomicU64; 2]>::default();
    let counts = Arc::clone(&seen);
    std::thread::spawn(move || {
        let (mut bytes, mut rest) = (vec![0; 1 << 20], Vec::new());
        while let Ok(count @ 1..) = socket.read(&mut bytes) {
            rest.extend_from_slice(&bytes[..count]);
            let whole = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            for line in rest[..whole].split(|byte| *byte == b'\n') {
                if line.starts_with(b"data: ") {
                    counts[0].fetch_add(1, Ordering::Relaxed);
                } else if let Some(missed) = line.strip_prefix(b": missed ") {
                    let digits = missed.iter().take_while(|byte| byte.is_ascii_digit());
                    let missed = digits.fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
                    counts[1].fetch_add(missed, Ordering::Relaxed);
                }
            }
            rest.drain(..whole);
        }
    });
    seen
}

fn stream(suite: &mut Suite) {
    let chatter = Chatter::new(Make { nodes: nodes(suite), shown: true, log: None });
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let anywhere = api::ServeConfig::new(([127, 0, 0, 1], 0).into());
    let server = chatter.runtime().block_on(api::bind(anywhere));
    let server = server.expect("there is a port");
    let at = server.local_addr();
    let serving = chatter.runtime().spawn(server.serve(chatter.handle().clone(), async {
        let _ = stopped.await;
    }));
    let seen = follow(at, "ping-pong:*");
    let quiet = Chatter::new(Make { nodes: nodes(suite), shown: true, log: None });
    let mut missed = 0;
    let mut ours = || {
        let (before, start) = (seen.each_ref().map(|count| count.load(Ordering::Relaxed)), clock::process());
        let mut told = before.iter().sum::<u64>();
        for _ in 0..10 {
            // As much as may wait for a subscriber, so that what is measured is telling and not missing.
            told += chatter.talk(Duration::from_millis(20)).0;
            while seen.iter().map(|count| count.load(Ordering::Relaxed)).sum::<u64>() < told {
                std::thread::park_timeout(Duration::from_millis(2));
            }
        }
        missed += seen[1].load(Ordering::Relaxed) - before[1];
        (clock::process() - start) / (seen[0].load(Ordering::Relaxed) - before[0]) as f64
    };
    let [ours, bare] = suite.least(9, [&mut ours, &mut || each(&quiet)]);
    let what = format!(
        "events told to one client of the stream, who is measured too, {missed} missed (bare: nobody)"
    );
    let budget = Budget::AtLeast(Figure::Rate(GOAL));
    suite.row(what, Figure::Rate(1.0 / ours), Some(Figure::Rate(1.0 / bare)), budget);
    let _ = stop.send(());
    let _ = chatter.runtime().block_on(serving);
    chatter.end();
    quiet.end();
}
