//! What passes chosen nodes, as files that other programs read: read back here by a reader of our own.

use crate::{config, nodes_up, run, s};
use devp2p::Fidelity;
use simnet::capture::Capture;
use simnet::{NetworkConfig, NetworkError, Until, start};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use world::sim::{Link, Loss};

/// A TCP segment of a file.
#[derive(Debug)]
struct Segment {
    nanos: u64,
    from: ([u8; 4], u16),
    to: ([u8; 4], u16),
    seq: u32,
    flags: u8,
    content: Vec<u8>,
}

#[derive(Debug, Default)]
struct Pcap {
    interface: String,
    names: BTreeMap<[u8; 4], String>,
    segments: Vec<Segment>,
}

fn u16_of(bytes: &[u8]) -> u16 {
    u16::from_le_bytes(bytes[..2].try_into().unwrap())
}

fn u32_of(bytes: &[u8]) -> u32 {
    u32::from_le_bytes(bytes[..4].try_into().unwrap())
}

fn big(bytes: &[u8]) -> u16 {
    u16::from_be_bytes(bytes[..2].try_into().unwrap())
}

fn options(mut bytes: &[u8]) -> Vec<(u16, Vec<u8>)> {
    let mut all = Vec::new();
    while bytes.len() >= 4 && u16_of(bytes) != 0 {
        let length = usize::from(u16_of(&bytes[2..]));
        all.push((u16_of(bytes), bytes[4..4 + length].to_vec()));
        bytes = &bytes[4 + length.next_multiple_of(4)..];
    }
    all
}

fn sum(parts: &[&[u8]]) -> u16 {
    let all = parts.concat();
    let mut sum = all
        .chunks(2)
        .map(|word| (u32::from(word[0]) << 8) + u32::from(*word.get(1).unwrap_or(&0)))
        .sum::<u32>();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

fn segment(nanos: u64, frame: &[u8]) -> Segment {
    assert_eq!(big(&frame[12..]), 0x0800, "IPv4");
    let ip = &frame[14..];
    assert_eq!((ip[0], usize::from(big(&ip[2..])), ip[9]), (0x45, ip.len(), 6));
    assert_eq!(sum(&[&ip[..20]]), 0xffff, "the header's checksum");
    let (from, to, tcp) = (&ip[12..16], &ip[16..20], &ip[20..]);
    let length = (tcp.len() as u16).to_be_bytes();
    assert_eq!(sum(&[from, to, &[0, 6], &length, tcp]), 0xffff, "the segment's checksum");
    assert!(ip.len() <= 1500);
    let head = usize::from(tcp[12] >> 4) * 4;
    Segment {
        nanos,
        from: (from.try_into().unwrap(), big(tcp)),
        to: (to.try_into().unwrap(), big(&tcp[2..])),
        seq: u32::from_be_bytes(tcp[4..8].try_into().unwrap()),
        flags: tcp[13],
        content: tcp[head..].to_vec(),
    }
}

fn read(path: &Path) -> Pcap {
    let bytes = std::fs::read(path).unwrap();
    let (mut rest, mut pcap) = (bytes.as_slice(), Pcap::default());
    while !rest.is_empty() {
        let (kind, length) = (u32_of(rest), u32_of(&rest[4..]) as usize);
        assert_eq!(u32_of(&rest[length - 4..]) as usize, length);
        let body = &rest[8..length - 4];
        match kind {
            0x0a0d_0d0a => assert_eq!(u32_of(body), 0x1a2b_3c4d),
            1 => {
                let options = options(&body[8..]);
                assert!(options.contains(&(9, vec![9])), "nanoseconds");
                pcap.interface = String::from_utf8(options[0].1.clone()).unwrap();
            }
            4 => {
                let (_, value) = options(body).remove(0);
                let name = value[4..].strip_suffix(&[0]).unwrap().to_vec();
                pcap.names.insert(value[..4].try_into().unwrap(), String::from_utf8(name).unwrap());
            }
            6 => {
                let nanos = (u64::from(u32_of(&body[4..])) << 32) | u64::from(u32_of(&body[8..]));
                let length = u32_of(&body[12..]) as usize;
                pcap.segments.push(segment(nanos, &body[20..20 + length]));
            }
            other => panic!("a block of kind {other}"),
        }
        rest = &rest[length..];
    }
    pcap
}

/// 2024-01-01T00:00:00Z, where simulated time begins.
const EPOCH: u64 = 1_704_067_200_000_000_000;

async fn ping_pong(directory: &Path, change: impl FnOnce(NetworkConfig) -> NetworkConfig) -> [Pcap; 2] {
    let nodes = ["node01", "node02", "nobody"].map(str::to_owned).into();
    let link = Link::latency(Duration::from_millis(50));
    let capture = Some(Capture { nodes, directory: directory.join("new") });
    let net = start(change(NetworkConfig { capture, link, ..config(3) })).unwrap();
    nodes_up(&net, 3).await;
    net.connect("node01", "node02", Until::Done).await.unwrap();
    net.advance(s(25)).await.unwrap();
    net.stop_node("node01").await.unwrap();
    net.advance(s(1)).await.unwrap();
    net.shut_down().await.unwrap();
    assert_eq!(std::fs::read_dir(directory.join("new")).unwrap().count(), 2);
    ["node01", "node02"].map(|name| read(&directory.join("new").join(format!("{name}.pcapng"))))
}

/// The bytes of each way of the one stream there is, put together by sequence numbers, and its flags.
fn streams(pcap: &Pcap) -> BTreeMap<([u8; 4], u16), Vec<u8>> {
    let mut streams = BTreeMap::<_, Vec<u8>>::new();
    for segment in &pcap.segments {
        let of = streams.entry(segment.from).or_default();
        if !segment.content.is_empty() {
            assert_eq!(segment.seq as usize, of.len() + 1, "nothing missing, nothing twice");
            of.extend(&segment.content);
        }
    }
    streams
}

#[test]
fn both_ends_of_a_stream_capture_the_same_bytes_a_latency_apart() {
    let dir = tempfile::tempdir().unwrap();
    let [one, other] = run(ping_pong(dir.path(), |config| config));
    assert_eq!((one.interface.as_str(), other.interface.as_str()), ("node01", "node02"));
    let names: Vec<&str> = one.names.values().map(String::as_str).collect();
    assert_eq!(names, ["node01", "node02"]);
    let (at_one, at_other) = (streams(&one), streams(&other));
    assert_eq!((at_one.len(), at_other.len()), (2, 2));
    for (from, bytes) in &at_one {
        // What was under way when one end stopped came to nobody.
        assert!(at_other[from].starts_with(bytes) && bytes.len() > 400, "{from:?}");
    }
    let first = one.segments.iter().find(|segment| !segment.content.is_empty()).unwrap();
    let arrived = other.segments.iter().find(|segment| !segment.content.is_empty()).unwrap();
    assert!(first.nanos >= EPOCH);
    assert_eq!(arrived.nanos - first.nanos, 50_000_000);
    // An EIP-8 auth packet: its size in front, then an uncompressed point.
    let auth = &first.content;
    assert_eq!((usize::from(big(auth)) + 2, auth[2]), (auth.len(), 4));
    let [opened, closed] =
        [2u8, 1].map(|flag| one.segments.iter().filter(|segment| segment.flags & flag != 0).count());
    assert_eq!((opened, closed), (2, 1), "SYN, SYN and ACK, and the FIN of the end that stopped");
    assert!(one.segments.is_sorted_by_key(|segment| segment.nanos));
    assert_eq!(one.segments[0].to.1, 30303);
}

#[test]
fn fidelities_and_lossy_links_capture_the_same_sizes() {
    let sizes = |change: fn(NetworkConfig) -> NetworkConfig| {
        let dir = tempfile::tempdir().unwrap();
        let [one, other] = run(ping_pong(dir.path(), change));
        let of = |pcap: &Pcap| pcap.segments.iter().map(|segment| segment.content.len()).collect::<Vec<_>>();
        (of(&one), of(&other))
    };
    let wire = sizes(|config| config);
    assert_eq!(wire, sizes(|config| NetworkConfig { fidelity: Fidelity::Message, shards: 2, ..config }));
    // What is sent again is below the tap.
    let (one, other) = sizes(|config| {
        let loss = "20%".parse::<simnet::condition::Text<Loss>>().unwrap().0;
        NetworkConfig { link: config.link.loss(loss), ..config }
    });
    assert!(one.iter().sum::<usize>() > 0 && other.iter().sum::<usize>() > 0);
}

#[test]
fn a_capture_changes_no_digest_and_a_directory_that_cannot_be_is_told_at_once() {
    let digest = |capture| {
        run(async {
            let net = start(NetworkConfig { capture, ..config(5) }).unwrap();
            nodes_up(&net, 4).await;
            net.build(simnet::topology::Topology::Ring).await.unwrap();
            net.advance(s(20)).await.unwrap();
            net.shut_down().await.unwrap()
        })
    };
    let dir = tempfile::tempdir().unwrap();
    let capture =
        |directory: &Path| Capture { nodes: ["node02".to_owned()].into(), directory: directory.to_owned() };
    assert_eq!(digest(None), digest(Some(capture(dir.path()))));
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let refused = start(NetworkConfig { capture: Some(capture(&file)), ..config(5) });
    assert!(matches!(refused, Err(NetworkError::Write { .. })), "{refused:?}");
}
