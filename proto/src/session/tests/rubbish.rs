//! Whatever comes in, in whatever state: no panic, one end.

use bytes::Bytes;
use proptest::prelude::*;

use super::raw::Raw;
use super::*;

fn at_state(fidelity: Fidelity, state: usize) -> Raw {
    match state {
        0 => Raw::authenticated(fidelity),
        1 => Raw::greeting(fidelity),
        2 => Raw::live(fidelity, 4),
        _ => Raw::live(fidelity, 5),
    }
}

/// Lets the transport go: whatever was before, the session has ended exactly once.
fn ends(raw: &mut Raw) -> PeerError {
    raw.session.handle_transport_closed(raw.now, None, &mut raw.out);
    raw.out.transmits.clear();
    raw.collect();
    assert_eq!(raw.session.state(), SessionState::Closed);
    raw.closed().expect("an end")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn rubbish_before_the_handshake(
        parcels in prop::collection::vec((any::<u64>(), prop::collection::vec(any::<u8>(), 0..600)), 1..6),
        wire: bool,
        dialling: bool,
    ) {
        let local = shared_node(2, if wire { Fidelity::Wire } else { Fidelity::Message });
        let mut out = Outbox::default();
        let mut session = if dialling {
            Session::connect(&local, node(1, local.fidelity).public, S, &mut Draws(1), &mut out)
        } else {
            Session::accept(&local, S)
        };
        for (tag, bytes) in parcels {
            session.handle_parcel(S, tag, bytes.into(), &mut Draws(2), &mut out);
        }
        session.handle_transport_closed(S, None, &mut out);
        prop_assert!(closed(&out.events).is_some());
    }

    #[test]
    fn rubbish_on_the_stream(
        parcels in prop::collection::vec((any::<u64>(), prop::collection::vec(any::<u8>(), 0..200)), 1..6),
        wire: bool,
        state in 0..4usize,
    ) {
        let mut raw = at_state(if wire { Fidelity::Wire } else { Fidelity::Message }, state);
        for (tag, bytes) in parcels {
            raw.session.handle_parcel(raw.now, tag, bytes.into(), &mut Draws(3), &mut raw.out);
        }
        ends(&mut raw);
    }

    #[test]
    fn rubbish_in_sound_frames(
        messages in prop::collection::vec((0u64..40, prop::collection::vec(any::<u8>(), 0..100)), 1..8),
        wire: bool,
        state in 0..4usize,
    ) {
        let mut raw = at_state(if wire { Fidelity::Wire } else { Fidelity::Message }, state);
        for (code, body) in messages {
            raw.say(code, &body);
        }
        ends(&mut raw);
    }

    #[test]
    fn codes_of_any_size_in_sound_frames(code: u64, state in 0..4usize) {
        let mut raw = at_state(Fidelity::Wire, state);
        raw.say(code, &[0xc0]);
        prop_assert!(code <= 31 || raw.closed().is_some());
        ends(&mut raw);
    }

    #[test]
    fn an_empty_parcel_is_no_event(wire: bool, state in 0..4usize) {
        let mut raw = at_state(if wire { Fidelity::Wire } else { Fidelity::Message }, state);
        let before = raw.events.len();
        if wire {
            raw.parcel(0, Bytes::new());
            prop_assert_eq!(raw.events.len(), before);
        }
        ends(&mut raw);
    }
}
