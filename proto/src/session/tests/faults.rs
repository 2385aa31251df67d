//! A link that damages what it carries, and a remote whose encryption is right and whose content is not.

use bytes::{Bytes, BytesMut};

use super::pair::{DIALLER, LISTENER, Pair};
use super::raw::Raw;
use super::*;
use crate::rlpx::snappy;

/// A handshake and one message each way, with one transmit of one side damaged.
fn damaged(victim_of: usize, number: usize, damage: impl Fn(&mut BytesMut) + 'static) -> Pair {
    let fidelity = Fidelity::Wire;
    let mut pair = Pair::new(&shared_node(1, fidelity), &shared_node(2, fidelity), 5, 10 * MS);
    pair.tamper = Box::new(move |from, index, transmit| {
        if (from, index) == (victim_of, number) {
            let mut bytes = BytesMut::from(&transmit.bytes[..]);
            damage(&mut bytes);
            transmit.bytes = bytes.freeze();
        }
        true
    });
    pair.run(S + 100 * MS);
    for end in [DIALLER, LISTENER] {
        if pair.ends[end].session.is_live() {
            pair.send(end, 1, &Payload::encode(&0xabcd_u64)).unwrap();
        }
    }
    pair.run(120 * S);
    pair
}

#[test]
fn a_flipped_bit_anywhere_ends_the_session_and_is_never_read() {
    let sound = damaged(DIALLER, usize::MAX, |_| {});
    assert!(sound.ends.iter().all(|end| end.session.is_live() && end.messages().len() == 1));
    let mut flips = 0;
    for sender in [DIALLER, LISTENER] {
        // The handshake packet, the Hello, the message.
        for number in 0..3 {
            let len = sound.ends[sender].sent[number].1 as usize;
            for at in (0..len).step_by(if number == 0 { 41 } else { 5 }) {
                let pair = damaged(sender, number, move |bytes| bytes[at] ^= 1 << (at % 8));
                let hearer = &pair.ends[1 - sender];
                assert!(
                    hearer.closed().is_some(),
                    "transmit {number} of {sender}, byte {at}: {:?}",
                    hearer.events
                );
                assert!(hearer.messages().is_empty(), "transmit {number} of {sender}, byte {at}");
                assert!(pair.ends[sender].closed().is_some());
                flips += 1;
            }
        }
    }
    assert!(flips > 100, "{flips}");
}

#[test]
fn a_wrong_mac_is_a_network_error_and_nothing_is_sent_for_it() {
    let pair = damaged(LISTENER, 2, |bytes| *bytes.last_mut().unwrap() ^= 1);
    let expect = "PeerError(code=disconnect reason, reason=network error, err=bad frame MAC, message=Peer.run readErr)";
    assert_eq!(pair.ends[DIALLER].closed().unwrap().to_string(), expect);
    let expect = "PeerError(code=disconnect reason, reason=network error, err=EOF, message=Peer.run readErr)";
    assert_eq!(pair.ends[LISTENER].closed().unwrap().to_string(), expect);

    let pair = damaged(LISTENER, 2, |bytes| bytes[16] ^= 1);
    assert!(pair.ends[DIALLER].closed().unwrap().to_string().contains("err=bad header MAC"));
}

#[test]
fn a_handshake_packet_above_its_limit_is_refused_on_its_size() {
    let mut session = Session::accept(&shared_node(2, Fidelity::Wire), S);
    let mut out = Outbox::default();
    session.handle_parcel(S, 0, Bytes::from_static(&[0x08, 0x01]), &mut Draws(0), &mut out);
    let error = closed(&out.events).unwrap();
    assert_eq!(error.reason, DiscReason::NetworkError);
    assert!(error.to_string().contains("2049 bytes announced, limit 2048"), "{error}");
}

#[test]
fn compression_that_is_none_or_a_bomb_ends_the_session() {
    // Length 1 and nothing else; 2^24 bytes declared; the same in five bytes of length.
    for body in [&[0x01][..], &[0x80, 0x80, 0x80, 0x08, 0x00], &[0xff, 0xff, 0xff, 0xff, 0x0f]] {
        let mut raw = Raw::live(Fidelity::Wire, 5);
        raw.say(16, body);
        let error = raw.closed().unwrap();
        assert_eq!((error.code, error.reason), (PeerErrorCode::DiscReason, DiscReason::NetworkError));
        assert_eq!(error.message, "Peer.run readErr");
        assert!(error.cause.is_some());
    }
    let mut raw = Raw::live(Fidelity::Wire, 5);
    raw.say(16, &snappy::compress(&[]));
    assert!(raw.session.is_live());
}

#[test]
fn whoever_talks_on_before_being_answered_is_heard_up_to_a_limit() {
    for fidelity in BOTH {
        let mut raw = Raw::greeting(fidelity);
        let hello = raw.hello(5, raw.own.public);
        raw.say(0, &hello);
        assert_eq!(raw.session.state(), SessionState::Introduced);
        let body = vec![0; 1 << 20];
        for _ in 0..16 {
            raw.say(16, &body);
        }
        assert_eq!(raw.closed(), None);
        raw.say(16, &body);
        let error = raw.closed().unwrap();
        assert_eq!((error.code, error.reason), (PeerErrorCode::MessageSizeLimit, DiscReason::ProtocolError));
    }
}

#[test]
fn a_closed_session_is_deaf_and_dumb() {
    for fidelity in BOTH {
        let mut raw = Raw::live(fidelity, 5);
        let error = PeerError::new(PeerErrorCode::DiscReason, DiscReason::Requested, "over");
        raw.session.disconnect(raw.now, error.clone(), &mut raw.out);
        raw.collect();
        assert_eq!(raw.closed(), Some(error.clone()));
        raw.say(2, &[0xc0]);
        raw.session.handle_deadline(1000 * S, &mut raw.out);
        raw.session.handle_transport_closed(raw.now, None, &mut raw.out);
        raw.session.disconnect(raw.now, error, &mut raw.out);
        raw.session.proceed(raw.now, &mut raw.out);
        raw.session.admit(raw.now, &mut raw.out);
        assert!(raw.out.is_empty(), "{:?}", raw.out);
        assert_eq!((raw.session.state(), raw.session.deadline()), (SessionState::Closed, None));
    }
}

#[test]
fn a_network_error_is_not_told_to_the_remote() {
    for fidelity in BOTH {
        let mut raw = Raw::live(fidelity, 5);
        let heard = raw.heard.len();
        raw.session.disconnect(raw.now, PeerError::read_failed("gone"), &mut raw.out);
        raw.collect();
        assert_eq!(raw.heard.len(), heard);
        assert!(raw.closed().is_some());
    }
}
