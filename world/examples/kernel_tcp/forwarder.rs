//! The link between the namespaces: reads packets from one device, and writes them to the other when they are due.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fs::File;
use std::io::{Read, Write};
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use world::Entropy;

/// What a transfer's link is like, either way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// One way, in milliseconds.
    pub(crate) latency: u64,
    pub(crate) loss: f64,
    pub(crate) bits_per_second: u64,
    pub(crate) queue: u64,
}

/// The link of one transfer in one direction.
struct Way {
    shape: Shape,
    free: f64,
    entropy: Entropy,
}

impl Way {
    /// When a packet that is there `now` arrives, in seconds, if it does.
    fn pass(&mut self, now: f64, bytes: usize) -> Option<f64> {
        let rate = self.shape.bits_per_second as f64 / 8.0;
        let free = self.free.max(now);
        if (free - now) * rate + bytes as f64 > self.shape.queue as f64 {
            return None;
        }
        self.free = free + bytes as f64 / rate;
        let lost = self.entropy.unit() < self.shape.loss;
        (!lost).then(|| self.free + self.shape.latency as f64 / 1e3)
    }
}

/// When it is due, in nanoseconds, the how-manieth it is, and the packet.
type Entry = Reverse<(u64, u64, Vec<u8>)>;

/// Packets under way in one direction.
#[derive(Default)]
struct UnderWay {
    packets: Mutex<BinaryHeap<Entry>>,
    more: Condvar,
}

/// By the port that a transfer listens on, both ways.
type Ways = Arc<Mutex<BTreeMap<u16, [Way; 2]>>>;

/// Runs until the process ends.
pub(crate) struct Forwarder {
    ways: Ways,
}

impl Forwarder {
    pub(crate) fn start(devices: [File; 2]) -> std::io::Result<Self> {
        let ways = Ways::default();
        #[allow(clippy::disallowed_methods)] // real packets, real time
        let start = Instant::now();
        for direction in [0, 1] {
            let (from, to) = (devices[direction].try_clone()?, devices[1 - direction].try_clone()?);
            let (ways, under_way) = (Arc::clone(&ways), Arc::<UnderWay>::default());
            let due = Arc::clone(&under_way);
            thread::spawn(move || read(from, direction, &ways, &under_way, start));
            thread::spawn(move || write(to, &due, start));
        }
        Ok(Self { ways })
    }

    /// Gives the transfers on these ports links of this shape.
    pub(crate) fn shape(&self, ports: Range<u16>, shape: Shape) {
        let mut ways = self.ways.lock().expect("no thread panics with it");
        for port in ports {
            let way = |direction| Way {
                shape,
                free: 0.0,
                entropy: Entropy::derive(1, port.into(), direction, "loss"),
            };
            ways.insert(port, [way(0), way(1)]);
        }
    }
}

/// The port of an IPv4 TCP packet that the receiving side listens on.
fn port(packet: &[u8], direction: usize) -> Option<u16> {
    if packet.first()? >> 4 != 4 || *packet.get(9)? != 6 {
        return None;
    }
    let header = usize::from(packet[0] & 15) * 4;
    let at = header + if direction == 0 { 2 } else { 0 };
    Some(u16::from_be_bytes(packet.get(at..at + 2)?.try_into().expect("two bytes")))
}

fn read(mut device: File, direction: usize, ways: &Ways, under_way: &UnderWay, start: Instant) {
    let (mut buffer, mut sequence) = (vec![0; 65_536], 0);
    while let Ok(length) = device.read(&mut buffer) {
        let packet = &buffer[..length];
        let Some(port) = port(packet, direction) else { continue };
        let due = {
            let mut ways = ways.lock().expect("no thread panics with it");
            let Some(both) = ways.get_mut(&port) else { continue };
            both[direction].pass(start.elapsed().as_secs_f64(), length)
        };
        if let Some(due) = due {
            sequence += 1;
            let entry = Reverse(((due * 1e9) as u64, sequence, packet.to_vec()));
            under_way.packets.lock().expect("no thread panics with it").push(entry);
            under_way.more.notify_one();
        }
    }
}

fn write(mut device: File, under_way: &UnderWay, start: Instant) {
    let mut packets = under_way.packets.lock().expect("no thread panics with it");
    loop {
        let now = start.elapsed().as_nanos() as u64;
        match packets.peek() {
            Some(Reverse((due, ..))) if *due <= now => {
                let Reverse((_, _, packet)) = packets.pop().expect("peeked");
                drop(packets);
                // A namespace that is going away takes no more; the run ends then.
                let _ = device.write_all(&packet);
                packets = under_way.packets.lock().expect("no thread panics with it");
            }
            next => {
                let wait = next.map_or(1_000_000_000, |Reverse((due, ..))| due - now);
                let waited = under_way.more.wait_timeout(packets, Duration::from_nanos(wait));
                packets = waited.expect("no thread panics with it").0;
            }
        }
    }
}
