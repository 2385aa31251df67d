//! What is sent arrives as it was sent, both ways, at every size at which an encoding changes, with compression and
//! without.

use bytes::Bytes;
use devp2p::Payload;
use world::Entropy;

use crate::node::{Node, fingerprint};
use crate::{BOTH, meet, with_each_judge};

/// RLP changes at 55, frames are padded at 16, snappy works in blocks of 64 Ki, sockets in segments. The last is near
/// the most a frame can carry, 16 MiB.
const SIZES: [usize; 12] = [0, 1, 13, 14, 15, 55, 56, 255, 1_500, 65_536, 1_000_000, 15_000_000];

/// Codes of `eth` that carry anything in all its versions, the first of them and the last among them.
const CODES: [u64; 3] = [1, 6, 16];

#[test]
fn what_they_send_is_what_we_receive() {
    with_each_judge(async |judge| {
        for dialer in BOTH {
            let node = Node::start();
            let session = meet(judge, &node, dialer).await;
            session.sees("status").await;
            for (size, code) in SIZES.into_iter().zip(CODES.into_iter().cycle()) {
                session.order(&format!("send eth {code} {size}")).await;
                let sent = session.sees(&format!("sent eth {code}")).await;
                let received = node.sees(&format!("received {} {code}", judge.kind.eth())).await;
                let (received, wire_len) = received.rsplit_once(' ').unwrap();
                assert_eq!(received, sent, "{size} bytes from {:?}", judge.kind);
                compressed_or_not(size, wire_len.parse().unwrap(), judge.kind.compresses());
            }
            node.forget(judge);
            session.sees("closed").await;
        }
    });
}

#[test]
fn what_we_send_is_what_they_receive() {
    with_each_judge(async |judge| {
        for dialer in BOTH {
            let node = Node::start();
            let mut entropy = Entropy::derive(5, 0, 0, "payloads");
            let session = meet(judge, &node, dialer).await;
            session.sees("status").await;
            for (size, code) in SIZES.into_iter().zip(CODES.into_iter().cycle()) {
                let payload = payload(size, &mut entropy);
                node.send(judge.kind.eth(), code, &payload);
                let sent = node.sees(&format!("sent {} {code}", judge.kind.eth())).await;
                let (sent, wire_len) = sent.rsplit_once(' ').unwrap();
                assert_eq!(sent, fingerprint(payload.bytes()));
                let received = session.sees(&format!("message eth {code}")).await;
                assert_eq!(received, sent, "{size} bytes to {:?}", judge.kind);
                compressed_or_not(size, wire_len.parse().unwrap(), judge.kind.compresses());
            }
            node.forget(judge);
            session.sees("closed").await;
        }
    });
}

/// The codes of a second protocol begin where those of the first end, for both.
#[test]
fn a_second_protocol_has_codes_of_its_own() {
    with_each_judge(async |judge| {
        if !judge.kind.shared().contains("snap") {
            return;
        }
        let node = Node::start();
        let session = meet(judge, &node, BOTH[0]).await;
        for code in 0..8 {
            session.order(&format!("send snap {code} 100")).await;
            let sent = session.sees(&format!("sent snap {code}")).await;
            let received = node.sees(&format!("received snap/1 {code}")).await;
            assert!(received.starts_with(&sent), "{received}");
            let payload = Payload::encode(&[code].as_slice().to_vec());
            node.send("snap/1", code, &payload);
            assert_eq!(session.sees(&format!("message snap {code}")).await, fingerprint(payload.bytes()));
        }
    });
}

/// Many messages at once: frames come cut and joined as TCP likes.
#[test]
fn a_thousand_messages_keep_their_order() {
    with_each_judge(async |judge| {
        let node = Node::start();
        let mut entropy = Entropy::derive(6, 0, 0, "payloads");
        let session = meet(judge, &node, BOTH[1]).await;
        session.sees("status").await;
        let payloads: Vec<_> = (0..1000).map(|n| payload(n * 7 % 3_000, &mut entropy)).collect();
        for payload in &payloads {
            node.send(judge.kind.eth(), 2, payload);
        }
        for n in 0..1000 {
            session.order(&format!("send eth 2 {}", n * 11 % 3_000)).await;
        }
        for payload in &payloads {
            assert_eq!(session.sees("message eth 2").await, fingerprint(payload.bytes()));
        }
        let last = session.count("sent eth 2");
        for _ in 0..1000 {
            node.sees(&format!("received {} 2", judge.kind.eth())).await;
        }
        assert!(last <= 1000 && session.count("sent eth 2") == 1000);
    });
}

/// A list of one string, half of which compresses well and half not at all.
fn payload(size: usize, entropy: &mut Entropy) -> Payload {
    let mut bytes = vec![0; size];
    entropy.fill(&mut bytes[size / 2..]);
    Payload::encode(&vec![Bytes::from(bytes)])
}

/// The size on the wire says whether a message was compressed.
fn compressed_or_not(size: usize, wire_len: usize, compresses: bool) {
    if size >= 1_500 {
        assert_eq!(wire_len < size, compresses, "{size} bytes took {wire_len}");
    }
}
