//! Sessions told as stories: in pairs over a link with latency, and against a raw remote that says anything.

mod faults;
mod handshake;
mod live;
mod pair;
mod raw;
mod rubbish;

use core::time::Duration;
use std::sync::Arc;

use super::*;
use crate::key::SecretKey;

const S: Duration = Duration::from_secs(1);
const MS: Duration = Duration::from_millis(1);
const NS: Duration = Duration::from_nanos(1);

const BOTH: [Fidelity; 2] = [Fidelity::Wire, Fidelity::Message];

/// A node with one protocol, `test/1`, of 16 codes; `seed` makes its key.
fn node(seed: u8, fidelity: Fidelity) -> Local {
    let key = SecretKey::from_bytes(&[seed; 32]).unwrap();
    Local {
        public: key.public(),
        key,
        client: format!("node{seed}/v1"),
        protocols: vec![LocalCap { cap: Capability::new("test", 1), length: 16 }],
        listen_port: 30303,
        fidelity,
        timing: Timing::default(),
    }
}

fn shared_node(seed: u8, fidelity: Fidelity) -> Arc<Local> {
    Arc::new(node(seed, fidelity))
}

/// SplitMix64 (Steele, Lea, Flood 2014): enough for a test to draw from.
struct Draws(u64);

impl crate::Entropy for Draws {
    fn fill(&mut self, out: &mut [u8]) {
        for chunk in out.chunks_mut(8) {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^= z >> 31;
            chunk.copy_from_slice(&z.to_le_bytes()[..chunk.len()]);
        }
    }
}

/// The errors in a list of events: none or one.
fn closed<'a>(events: impl IntoIterator<Item = &'a SessionEvent>) -> Option<PeerError> {
    let mut errors = events.into_iter().filter_map(|event| match event {
        SessionEvent::Closed(error) => Some(error.clone()),
        _ => None,
    });
    let error = errors.next();
    assert_eq!(errors.next(), None, "a session ends once");
    error
}
