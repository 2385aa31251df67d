//! Messages, Ping and Pong, Disconnect: what a live session does.

use bytes::Bytes;

use super::pair::{DIALLER, LISTENER, Pair};
use super::raw::Raw;
use super::*;
use crate::rlpx::{frame_len, snappy};

fn live_pair(fidelity: Fidelity, latency: Duration) -> Pair {
    Pair::new(&shared_node(1, fidelity), &shared_node(2, fidelity), 0, latency).live()
}

#[test]
fn ten_idle_minutes_are_forty_pings_each_way() {
    let stories = BOTH.map(|fidelity| {
        let mut pair = live_pair(fidelity, 10 * MS);
        let before = pair.ends.each_ref().map(|end| end.sent.len());
        pair.run(pair.now + 600 * S + 100 * MS);
        for end in [DIALLER, LISTENER] {
            assert!(pair.ends[end].session.is_live(), "{:?}", pair.ends[end].closed());
            let idle = &pair.ends[end].sent[before[end]..];
            // 40 of its own, and a Pong for each of the other's.
            assert_eq!(idle.len(), 80);
            assert!(idle.iter().all(|(_, size)| *size as usize == frame_len(2, 3)));
        }
        pair.ends.map(|end| end.sent)
    });
    assert_eq!(stories[0], stories[1]);
}

#[test]
fn a_ping_is_answered_at_once() {
    for fidelity in BOTH {
        for version in [4, 5] {
            let mut raw = Raw::live(fidelity, version);
            let heard = raw.heard.len();
            raw.say(2, &[0xc0]);
            assert_eq!(raw.heard.len(), heard + 1);
            let compressed = version == 5 && fidelity == Fidelity::Wire;
            let pong = if compressed { &[0x01, 0x00, 0xc0][..] } else { &[0xc0] };
            assert_eq!(raw.last_heard(), Some((3, pong)));
            raw.say(3, &[0xc0]);
            assert_eq!(raw.heard.len(), heard + 1);
        }
    }
}

#[test]
fn silence_ends_a_session_to_the_nanosecond() {
    for fidelity in BOTH {
        let mut raw = Raw::live(fidelity, 5);
        raw.now += 12 * S;
        raw.say(3, &[0xc0]);
        let end = raw.now + 30 * S;
        while let Some(deadline) = raw.session.deadline().filter(|deadline| *deadline < end) {
            raw.session.handle_deadline(deadline, &mut raw.out);
        }
        assert_eq!(raw.session.deadline(), Some(end));
        raw.session.handle_deadline(end - NS, &mut raw.out);
        raw.collect();
        assert_eq!(raw.closed(), None);
        raw.session.handle_deadline(end, &mut raw.out);
        raw.collect();
        let expect = "PeerError(code=disconnect reason, reason=read timeout, err=<nil>, \
                      message=nothing received for 30s)";
        assert_eq!(raw.closed().unwrap().to_string(), expect);
        assert_eq!(raw.session.deadline(), None);
    }
}

#[test]
fn a_message_that_drips_in_does_not_keep_a_session_alive() {
    let mut raw = Raw::live(Fidelity::Wire, 5);
    let end = raw.now + 30 * S;
    // The first bytes of a frame to come are worth nothing until the frame is whole.
    for _ in 0..10 {
        raw.now += 3 * S - NS;
        raw.parcel(0, Bytes::from_static(&[0]));
        raw.session.handle_deadline(raw.now, &mut raw.out);
    }
    assert!(raw.session.is_live());
    raw.session.handle_deadline(end, &mut raw.out);
    raw.collect();
    assert_eq!(raw.closed().unwrap().reason, DiscReason::ReadTimeout);
}

#[test]
fn every_form_of_disconnect_is_understood_in_every_state() {
    let forms: [(&[u8], DiscReason); 5] = [
        (&[0xc1, 0x04], DiscReason::TooManyPeers),
        (&[0x04], DiscReason::TooManyPeers),
        (&[0xc0], DiscReason::Requested),
        (&[], DiscReason::Requested),
        (&[0xc2, 0x81, 0xee], DiscReason::Unknown(0xee)),
    ];
    let makers: [fn(Fidelity) -> Raw; 4] = [
        Raw::authenticated,
        Raw::greeting,
        |fidelity| Raw::live(fidelity, 4),
        |fidelity| Raw::live(fidelity, 5),
    ];
    for fidelity in BOTH {
        for maker in makers {
            for (form, reason) in forms {
                for body in [Bytes::copy_from_slice(form), snappy::compress(form)] {
                    let mut raw = maker(fidelity);
                    raw.say(1, &body);
                    let error = raw.closed().expect("a Disconnect ends it");
                    assert_eq!(
                        (error.code, error.reason),
                        (PeerErrorCode::RemoteDiscReason, reason),
                        "{form:x?}"
                    );
                    assert_eq!(error.message, "Peer.run got a remote DiscReason");
                    // The reason is echoed, as geth does.
                    let (code, echo) = raw.last_heard().unwrap();
                    assert_eq!(code, 1);
                    assert_eq!(disconnect::decode(echo, false), Ok(reason));
                }
            }
        }
    }
}

#[test]
fn a_disconnect_that_says_nothing_known_is_an_invalid_message() {
    for fidelity in BOTH {
        let mut raw = Raw::live(fidelity, 5);
        raw.say(1, &[0xc3, 0x82, 0x01, 0x00]);
        let expect = "PeerError(code=invalid message, reason=breach of protocol, err=overflow, \
                      message=(code 1) (size 4))";
        assert_eq!(raw.closed().unwrap().to_string(), expect);
    }
}

#[test]
fn each_origin_has_its_own_error() {
    for fidelity in BOTH {
        let mut raw = Raw::live(fidelity, 5);
        raw.say(32, &[0xc0]);
        let expect =
            "PeerError(code=invalid message code, reason=breach of protocol, err=<nil>, message=code=32)";
        assert_eq!(raw.closed().unwrap().to_string(), expect);

        let mut raw = Raw::live(fidelity, 5);
        for (protocol, code) in [(0, 16), (0, u64::MAX), (1, 0)] {
            let error = raw.session.send(raw.now, protocol, code, Payload::new(Bytes::new()), &mut raw.out);
            let expect = format!(
                "PeerError(code=invalid message code, reason=breach of protocol, err=<nil>, \
                 message=not handled code={code})"
            );
            assert_eq!(error.unwrap_err().to_string(), expect);
        }
        assert!(raw.out.is_empty() && raw.session.is_live());

        raw.session.handle_transport_closed(raw.now, Some("connection reset by peer".into()), &mut raw.out);
        raw.collect();
        let expect = "PeerError(code=disconnect reason, reason=network error, err=connection reset by peer, \
                      message=Peer.run readErr)";
        assert_eq!(raw.closed().unwrap().to_string(), expect);
        let error = raw.session.send(raw.now, 0, 0, Payload::new(Bytes::new()), &mut raw.out).unwrap_err();
        let expect = "PeerError(code=failed to send a message, reason=network error, err=<nil>, \
                      message=shutting down)";
        assert_eq!(error.to_string(), expect);
    }
}

#[test]
fn other_base_messages_are_ignored_but_not_without_limit() {
    for fidelity in BOTH {
        let mut raw = Raw::live(fidelity, 5);
        let heard = raw.heard.len();
        for code in [0, 3, 4, 15] {
            raw.say(code, &[0x0a; 2048]);
        }
        assert!(raw.session.is_live());
        assert_eq!(raw.heard.len(), heard);
        raw.say(4, &[0x0a; 2049]);
        let expect = "PeerError(code=too big message, reason=breach of protocol, err=<nil>, \
                      message=message is too large 2049, limit 2048)";
        assert_eq!(raw.closed().unwrap().to_string(), expect);
    }
}

#[test]
fn a_message_arrives_as_it_was_sent_with_and_without_compression() {
    for fidelity in BOTH {
        for version in [4, 5] {
            let mut raw = Raw::live(fidelity, version);
            let plain = vec![5; 1000];
            let on_wire = version == 5 && fidelity == Fidelity::Wire;
            let body = if on_wire { snappy::compress(&plain) } else { plain.clone().into() };
            raw.say(18, &body);
            let payload = Payload::new(plain.into());
            let expect = SessionEvent::Message {
                protocol: 0,
                code: 2,
                payload: payload.clone(),
                wire_len: frame_len(18, body.len()) as u32,
            };
            assert_eq!(raw.events.last(), Some(&expect));
            let sent = raw.session.send(raw.now, 0, 2, payload.clone(), &mut raw.out).unwrap();
            let body_len = if version == 5 { payload.snappy_len() as usize } else { 1000 };
            assert_eq!(sent as usize, frame_len(18, body_len));
        }
    }
}

#[test]
fn what_no_frame_can_carry_is_refused_alike_and_leaves_the_session_alone() {
    let noise = {
        let mut bytes = vec![0; MESSAGE_LIMIT];
        crate::Entropy::fill(&mut Draws(1), &mut bytes);
        Payload::new(bytes.into())
    };
    let zeros = Payload::new(vec![0; MESSAGE_LIMIT + 1].into());
    let fits = Payload::new(vec![0; MESSAGE_LIMIT].into());
    let errors = BOTH.map(|fidelity| {
        let mut pair = live_pair(fidelity, 10 * MS);
        let errors = [&noise, &zeros].map(|payload| pair.send(DIALLER, 0, payload).unwrap_err());
        pair.send(DIALLER, 0, &fits).unwrap();
        pair.run(pair.now + S);
        assert_eq!(pair.ends[LISTENER].messages(), [(0, fits.clone())]);
        errors
    });
    assert_eq!(errors[0], errors[1]);
    for error in &errors[0] {
        assert_eq!(
            (error.code, error.reason),
            (PeerErrorCode::MessageSizeLimit, DiscReason::SubprotocolError)
        );
    }
    assert_eq!(errors[0][1].message, "message is too large 16777216, limit 16777215");
}

#[test]
fn a_payload_sent_to_many_is_compressed_once_and_passed_on_without() {
    let payload = Payload::new(vec![9; 500].into());
    let mut pair = live_pair(Fidelity::Wire, 10 * MS);
    pair.send(DIALLER, 0, &payload).unwrap();
    let form = payload.compressed();
    pair.send(DIALLER, 0, &payload).unwrap();
    assert_eq!(payload.compressed().as_ptr(), form.as_ptr());
    pair.run(pair.now + S);
    for (_, received) in pair.ends[LISTENER].messages() {
        assert_eq!(received.compressed(), form);
        assert_eq!(received.snappy_len() as usize, form.len());
    }
    // At message fidelity the bytes themselves cross.
    let mut pair = live_pair(Fidelity::Message, 10 * MS);
    pair.send(DIALLER, 0, &payload).unwrap();
    pair.run(pair.now + S);
    assert_eq!(pair.ends[LISTENER].messages()[0].1.bytes().as_ptr(), payload.bytes().as_ptr());
}

#[test]
fn a_whole_frame_is_decrypted_where_it_lies() {
    let one = shared_node(1, Fidelity::Wire);
    let mut pair = Pair::new(&one, &shared_node(2, Fidelity::Wire), 0, 10 * MS).live();
    let payload = Payload::new(vec![7; 3000].into());
    let seen = std::rc::Rc::new(std::cell::Cell::new(0..0));
    let note = std::rc::Rc::clone(&seen);
    pair.tamper = Box::new(move |_, _, transmit| {
        let start = transmit.bytes.as_ptr().addr();
        note.set(start..start + transmit.bytes.len());
        true
    });
    pair.send(DIALLER, 0, &payload).unwrap();
    pair.run(pair.now + S);
    // The compressed form that came along is a slice of the very parcel.
    let (_, received) = pair.ends[LISTENER].messages().remove(0);
    assert!(seen.take().contains(&received.compressed().as_ptr().addr()));
}

#[test]
fn a_live_session_is_small() {
    assert!(size_of::<Session>() <= 160, "{} bytes", size_of::<Session>());
    let stream = size_of::<crate::session::wire::Stream>();
    assert!(stream <= 1400, "{stream} bytes of stream and codec");
    let event = size_of::<SessionEvent>();
    assert!(event <= 112, "{event} bytes an event");
}
