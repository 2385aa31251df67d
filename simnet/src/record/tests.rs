use super::*;

fn message(payload: &[u8]) -> Message {
    Message {
        peer: NodeId::from_bytes([7; 32]),
        received: false,
        protocol: Arc::new(ProtocolName::new("ping-pong", 1)),
        code: 0,
        size: payload.len() as u32,
        wire_len: 64,
        payload: payload_hash(payload),
    }
}

fn digest(log: &[(u32, u64, Kind)]) -> Digest {
    let mut chains = [Chain::default(); 4];
    for (origin, time, kind) in log {
        chains[*origin as usize].fold(*time, kind);
    }
    Digest::of(chains.iter().enumerate().map(|(origin, chain)| (Origin(origin as u32), *chain)))
}

fn arrival(item: u64, from: Option<NodeId>, hops: u32) -> Kind {
    Kind::Arrival { protocol: Arc::new(ProtocolName::new("gossip", 1)), item, from, hops }
}

fn log() -> Vec<(u32, u64, Kind)> {
    vec![
        (0, 0, Kind::Asked(Asked::Reset)),
        (1, 0, Kind::Up),
        (2, 0, Kind::Up),
        (1, 5, Kind::Message(message(b"PING"))),
        (1, 5, Kind::Message(message(b"PONG"))),
        (2, 9, Kind::Expectation { name: "a".into(), passed: true, detail: "bc".into() }),
        (2, 9, arrival(7, Some(NodeId::from_bytes([0; 32])), 1)),
    ]
}

#[test]
fn every_byte_nanosecond_order_and_origin_counts() {
    let base = digest(&log());
    assert_eq!(base, digest(&log()));
    type Change = Box<dyn Fn(&mut Vec<(u32, u64, Kind)>)>;
    let changes: Vec<(&str, Change)> = vec![
        ("one payload byte", Box::new(|log| log[3].2 = Kind::Message(message(b"PINH")))),
        ("one nanosecond", Box::new(|log| log[3].1 = 6)),
        ("order within an origin", Box::new(|log| log.swap(3, 4))),
        ("origin", Box::new(|log| log[1].0 = 3)),
        ("a record less", Box::new(|log| drop(log.pop()))),
        (
            "direction",
            Box::new(|log| {
                log[3].2 = Kind::Message(Message { received: true, ..message(b"PING") });
            }),
        ),
        (
            "protocol version",
            Box::new(|log| {
                let protocol = Arc::new(ProtocolName::new("ping-pong", 2));
                log[3].2 = Kind::Message(Message { protocol, ..message(b"PING") });
            }),
        ),
        ("which item came", Box::new(|log| log[6].2 = arrival(8, Some(NodeId::from_bytes([0; 32])), 1))),
        ("whether anyone sent it", Box::new(|log| log[6].2 = arrival(7, None, 1))),
        ("how far it came", Box::new(|log| log[6].2 = arrival(7, Some(NodeId::from_bytes([0; 32])), 2))),
        (
            "where a text ends",
            Box::new(|log| {
                log[5].2 = Kind::Expectation { name: "ab".into(), passed: true, detail: "c".into() };
            }),
        ),
    ];
    for (what, change) in changes {
        let mut changed = log();
        change(&mut changed);
        assert_ne!(base, digest(&changed), "{what}");
    }
}

#[test]
fn how_origins_interleave_does_not_count() {
    let mut other = log();
    other.swap(1, 2); // same instant, two origins: no order between them
    assert_eq!(digest(&log()), digest(&other));
}

#[test]
fn a_digest_reads_what_it_shows() {
    let digest = Digest(0xab);
    assert_eq!(digest.to_string(), "000000000000000000000000000000ab");
    assert_eq!(digest.to_string().parse(), Ok(digest));
}

#[test]
fn records_are_one_line_of_json() {
    let kind = Kind::Message(message(b"PING"));
    let line = serde_json::to_string(&Record { time: 5, origin: Origin(1), seq: 0, kind }).unwrap();
    let peer = "07".repeat(32);
    let expect = format!(
        r#"{{"time":5,"origin":1,"seq":0,"kind":"msg","peer":"{peer}","received":false,"protocol":"ping-pong/1","code":0,"size":4,"wire_len":64,"payload":{}}}"#,
        payload_hash(b"PING")
    );
    assert_eq!(line, expect);
    let asked = Record { time: 0, origin: Origin(0), seq: 0, kind: Kind::Asked(Asked::Reset) };
    assert_eq!(
        serde_json::to_string(&asked).unwrap(),
        r#"{"time":0,"origin":0,"seq":0,"kind":"asked","ask":"reset"}"#
    );
}
