//! From the first packet to a live session, and what may go wrong on the way.

use super::pair::{Answer, DIALLER, LISTENER, Pair};
use super::raw::Raw;
use super::*;
use crate::rlpx::frame_len;
use crate::rlpx::handshake::tests::{padded_auth, unhex};
use crate::rlpx::handshake::vectors::{AUTH_1, AUTH_2, STATIC_A, STATIC_B};
use crate::rlpx::handshake::{PLAIN_ACK_LEN, PLAIN_AUTH_LEN, packet_len};
use crate::rlpx::snappy;

/// A whole life: handshake, messages of several sizes both ways, ten minutes, a Disconnect.
fn life(fidelity: Fidelity, seed: u64, cut: Option<usize>) -> Pair {
    let mut pair = Pair::new(&shared_node(1, fidelity), &shared_node(2, fidelity), seed, 25 * MS);
    pair.cut = cut;
    let mut pair = pair.live();
    for (code, len) in [(0, 0), (1, 1), (15, 100), (3, 3000), (4, 200_000)] {
        let payload =
            Payload::new((0..len).map(|i: u32| (i.wrapping_mul(i) >> 3) as u8).collect::<Vec<u8>>().into());
        let sent = pair.send(DIALLER, code, &payload).unwrap();
        assert_eq!(sent as usize, frame_len(16 + code, payload.snappy_len() as usize));
        pair.run(pair.now + 100 * MS);
        pair.send(LISTENER, code, &payload).unwrap();
        pair.run(pair.now + 100 * MS);
    }
    pair.run(pair.now + 100 * S);
    pair.disconnect(LISTENER, PeerError::new(PeerErrorCode::DiscReason, DiscReason::Quitting, "done"));
    pair.run(pair.now + S);
    pair
}

#[test]
fn both_fidelities_tell_the_same_story() {
    for seed in 0..8 {
        let [wire, message] = BOTH.map(|fidelity| life(fidelity, seed, None));
        for end in [DIALLER, LISTENER] {
            assert_eq!(wire.ends[end].events, message.ends[end].events, "seed {seed}, end {end}");
            assert_eq!(wire.ends[end].sent, message.ends[end].sent, "seed {seed}, end {end}");
            // The next draw would be the same, too.
            assert_eq!(wire.ends[end].entropy.0, message.ends[end].entropy.0, "seed {seed}, end {end}");
        }
        assert_eq!(wire.ends[DIALLER].messages().len(), 5);
        assert_eq!(wire.ends[DIALLER].closed().unwrap().reason, DiscReason::Quitting);
        assert_eq!(wire.ends[DIALLER].closed().unwrap().code, PeerErrorCode::RemoteDiscReason);
    }
}

#[test]
fn seeds_differ_in_padding_and_keys_alone() {
    let sizes: Vec<u32> =
        (0..8).map(|seed| life(Fidelity::Message, seed, None).ends[DIALLER].sent[0].1).collect();
    assert!(sizes.iter().any(|size| *size != sizes[0]), "{sizes:?}");
    assert!(sizes.iter().all(|size| (300..600).contains(size)), "{sizes:?}");
}

#[test]
fn a_stream_may_be_cut_anywhere() {
    let whole = life(Fidelity::Wire, 3, None);
    for piece in [1, 15, 16, 17, 1000] {
        let pieces = life(Fidelity::Wire, 3, Some(piece));
        for end in [DIALLER, LISTENER] {
            assert_eq!(pieces.ends[end].events, whole.ends[end].events, "pieces of {piece}");
        }
    }
}

/// The vectors of EIP-8: Auth₁ is from before it and says nothing of its length. Its first two bytes are the size of
/// other packets, of those with more padding than most.
#[test]
fn auth_packets_are_answered_in_kind() {
    let [remote, own] = [STATIC_A, STATIC_B].map(|key| SecretKey::from_hex(key).unwrap());
    let wide =
        (0..).map(|more| padded_auth(&remote, own.public(), 800 + more)).find(|auth| auth[0] == 4).unwrap();
    assert!(packet_len(&wide).unwrap().is_some_and(|len| len == wide.len() && len > PLAIN_AUTH_LEN));
    let local = Arc::new(Local { public: own.public(), key: own, ..node(1, Fidelity::Wire) });
    for (packet, plain) in [(unhex(AUTH_1), true), (unhex(AUTH_2), false), (wide.to_vec(), false)] {
        for piece in [1, 100, PLAIN_AUTH_LEN, packet.len()] {
            let (mut session, mut out) = (Session::accept(&local, S), Outbox::default());
            for bytes in packet.chunks(piece) {
                assert!(out.is_empty());
                session.handle_parcel(S, 0, bytes.to_vec().into(), &mut Draws(1), &mut out);
            }
            assert_eq!(out.events[..], [SessionEvent::Authenticated { remote: remote.public() }]);
            let ack = &out.transmits[0].bytes;
            let sized = packet_len(ack).unwrap() == Some(ack.len());
            assert_eq!((ack.len() == PLAIN_ACK_LEN, sized), (plain, !plain), "pieces of {piece}");
        }
    }
}

#[test]
fn it_takes_one_round_trip_to_authenticate_and_half_of_one_to_introduce() {
    for fidelity in BOTH {
        let pair = Pair::new(&shared_node(1, fidelity), &shared_node(2, fidelity), 0, 10 * MS).live();
        let times = |end: usize| pair.ends[end].events.iter().map(|(at, _)| *at - S).collect::<Vec<_>>();
        assert_eq!(times(LISTENER), [10 * MS, 30 * MS]);
        assert_eq!(times(DIALLER), [20 * MS, 20 * MS]);
        assert_eq!(pair.ends[LISTENER].session.remote(), Some(&node(1, fidelity).public));
        for end in pair.ends {
            assert!(end.session.compresses());
            assert_eq!(end.session.shared(), [Shared { local: 0, offset: 16, length: 16 }]);
        }
    }
}

#[test]
fn who_is_silent_is_left_after_five_seconds_in_each_phase() {
    // (the first transmit that is lost, of the dialler's and of the listener's; who gives up, when, in what)
    let never = usize::MAX;
    let cases = [
        ([0, never], LISTENER, 5 * S, "encryption"),
        ([never, 0], DIALLER, 5 * S, "encryption"),
        ([1, never], LISTENER, 5 * S + 10 * MS, "protocol"),
        ([never, 1], DIALLER, 5 * S + 20 * MS, "protocol"),
    ];
    for fidelity in BOTH {
        for (lost_from, end, after, phase) in cases {
            let mut pair = Pair::new(&shared_node(1, fidelity), &shared_node(2, fidelity), 0, 10 * MS);
            pair.tamper = Box::new(move |from, number, _| number < lost_from[from]);
            pair.run(S + after - NS);
            assert_eq!(pair.ends[end].closed(), None);
            pair.run(S + after);
            let expect = format!(
                "PeerError(code=handshake timeout, reason=read timeout, err=<nil>, \
                 message={phase} handshake not done within 5s)"
            );
            assert_eq!(pair.ends[end].closed().unwrap().to_string(), expect, "{fidelity:?}");
            assert_eq!(pair.ends[end].session.deadline(), None);
            pair.run(60 * S);
            assert!(pair.ends[1 - end].closed().is_some());
        }
    }
}

#[test]
fn who_dials_the_wrong_key_gets_nowhere() {
    let stories = BOTH.map(|fidelity| {
        let wrong = node(3, fidelity).public;
        let (one, two) = (shared_node(1, fidelity), shared_node(2, fidelity));
        let mut pair = Pair::dial(&one, &two, wrong, 0, 10 * MS);
        pair.run(10 * S);
        pair.ends.map(|end| end.events)
    });
    assert_eq!(stories[0], stories[1]);
    let error = |end: usize| stories[0][end].last().map(|(at, event)| (*at - S, format!("{event:?}")));
    let (at, listener) = error(LISTENER).unwrap();
    assert_eq!(at, 10 * MS);
    assert!(listener.contains("encryption handshake failed"), "{listener}");
    let (at, dialler) = error(DIALLER).unwrap();
    assert_eq!(at, 20 * MS);
    assert!(dialler.contains("Peer.run readErr"), "{dialler}");
}

#[test]
fn a_check_that_fails_is_told_before_hello_and_after_it() {
    for fidelity in BOTH {
        for early in [true, false] {
            let mut pair = Pair::new(&shared_node(1, fidelity), &shared_node(2, fidelity), 0, 10 * MS);
            let answer = Answer::Leave(DiscReason::TooManyPeers);
            if early {
                pair.ends[LISTENER].on_authenticated = answer;
            } else {
                pair.ends[LISTENER].on_hello = answer;
            }
            pair.run(10 * S);
            let told = pair.ends[DIALLER].closed().unwrap();
            let expect = "PeerError(code=remote disconnect reason, reason=too many peers, err=<nil>, \
                          message=Peer.run got a remote DiscReason)";
            assert_eq!(told.to_string(), expect, "{fidelity:?}, early: {early}");
            assert_eq!(pair.ends[LISTENER].closed().unwrap().message, "not wanted");
        }
    }
}

#[test]
fn nothing_in_common_is_seen_by_the_owner_who_may_part() {
    for fidelity in BOTH {
        let mut other = node(2, fidelity);
        other.protocols[0].cap.version = 2;
        let mut pair = Pair::new(&shared_node(1, fidelity), &Arc::new(other), 0, 10 * MS);
        pair.ends[DIALLER].on_hello = Answer::Leave(DiscReason::UselessPeer);
        pair.run(10 * S);
        let hello = pair.ends[DIALLER].events.iter().find_map(|(_, event)| match event {
            SessionEvent::Hello { hello, shared } => Some((hello.client.clone(), shared.len())),
            _ => None,
        });
        assert_eq!(hello, Some(("node2/v1".to_owned(), 0)));
        assert_eq!(pair.ends[LISTENER].closed().unwrap().reason, DiscReason::UselessPeer);
    }
}

#[test]
fn a_slow_owner_misses_nothing() {
    for fidelity in BOTH {
        let mut pair = Pair::new(&shared_node(1, fidelity), &shared_node(2, fidelity), 0, 10 * MS);
        pair.ends[LISTENER].on_authenticated = Answer::Wait;
        pair.ends[LISTENER].on_hello = Answer::Wait;
        pair.run(S + 100 * MS);
        // The dialler's Hello is here; ours is not out, so it is kept.
        assert_eq!(pair.ends[LISTENER].session.state(), SessionState::Authenticated);
        assert_eq!(pair.ends[LISTENER].events.len(), 1);
        pair.proceed(LISTENER);
        assert_eq!(pair.ends[LISTENER].session.state(), SessionState::Introduced);
        pair.run(S + 200 * MS);
        assert!(pair.ends[DIALLER].session.is_live());
        for code in 0..3 {
            pair.send(DIALLER, code, &Payload::encode(&code)).unwrap();
        }
        pair.run(S + 300 * MS);
        assert!(pair.ends[LISTENER].messages().is_empty());
        pair.admit(LISTENER);
        let codes: Vec<u64> = pair.ends[LISTENER].messages().iter().map(|(code, _)| *code).collect();
        assert_eq!(codes, [0, 1, 2], "{fidelity:?}");
        // Verbs that come too late change nothing.
        pair.proceed(LISTENER);
        pair.admit(LISTENER);
        assert!(pair.ends[LISTENER].session.is_live());
    }
}

#[test]
fn any_version_is_welcome_and_compression_starts_with_the_fifth() {
    for fidelity in BOTH {
        for (version, compresses) in
            [(0, false), (3, false), (4, false), (5, true), (6, true), (u64::MAX, true)]
        {
            let raw = Raw::live(fidelity, version);
            assert_eq!(raw.session.compresses(), compresses, "version {version}");
        }
    }
}

#[test]
fn the_first_message_is_a_hello_or_a_disconnect() {
    for fidelity in BOTH {
        for (code, text) in [(2, "2"), (16, "10"), (31, "1f")] {
            let mut raw = Raw::greeting(fidelity);
            raw.say(code, &[0xc0]);
            let expect = format!(
                "PeerError(code=invalid message code, reason=breach of protocol, err=<nil>, \
                 message=expected handshake, got {text})"
            );
            assert_eq!(raw.closed().unwrap().to_string(), expect);
            assert_eq!(raw.last_heard(), Some((1, &[0xc1, 0x02][..])));
        }
    }
}

#[test]
fn a_hello_above_two_kibibytes_is_not_even_read() {
    for fidelity in BOTH {
        for (size, read) in [(2048, true), (2049, false), (3 << 20, false)] {
            let mut raw = Raw::greeting(fidelity);
            raw.say(0, &vec![0xff; size]);
            let error = raw.closed().unwrap();
            let text = if read {
                "PeerError(code=invalid message, reason=breach of protocol, err=input too short, \
                 message=(code 0) (size 2048))"
                    .to_owned()
            } else {
                format!(
                    "PeerError(code=too big message, reason=breach of protocol, err=<nil>, \
                     message=message is too large {size}, limit 2048)"
                )
            };
            assert_eq!(error.to_string(), text, "{fidelity:?}");
        }
    }
}

#[test]
fn a_hello_must_be_of_the_one_who_authenticated() {
    for (fidelity, version) in BOTH.into_iter().flat_map(|fidelity| [(fidelity, 4), (fidelity, 5)]) {
        // Both Hellos are out, so the refusal is compressed if both have a version that compresses.
        let compresses = fidelity == Fidelity::Wire && version == 5;
        let told = |body: &'static [u8]| if compresses { snappy::compress(body) } else { body.into() };
        let mut raw = Raw::greeting(fidelity);
        let other = node(9, fidelity).public;
        let hello = raw.hello(version, other);
        raw.say(0, &hello);
        let error = raw.closed().unwrap();
        assert_eq!((error.code, error.reason), (PeerErrorCode::DiscReason, DiscReason::UnexpectedIdentity));
        assert!(error.message.contains(&other.id().to_string()), "{error}");
        assert_eq!(raw.last_heard(), Some((1, &told(&[0xc1, 0x09])[..])));

        let mut raw = Raw::greeting(fidelity);
        raw.say(0, &hello::fields(version, b"", &[], 0, &[0; 64]));
        let error = raw.closed().unwrap();
        assert_eq!((error.code, error.reason), (PeerErrorCode::DiscReason, DiscReason::InvalidIdentity));
        assert_eq!(raw.last_heard(), Some((1, &told(&[0xc1, 0x07])[..])));

        // Ours is not out: the other side cannot know that we compress.
        let mut raw = Raw::authenticated(fidelity);
        raw.say(0, &hello);
        assert_eq!(raw.last_heard(), Some((1, &[0xc1, 0x09][..])));
    }
}
