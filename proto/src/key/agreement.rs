//! Diffie-Hellman secrets computed once for both sides. Where both ends of a session live on one thread, each of the
//! four secrets of its handshake is computed twice, and half of that is a quarter of the whole handshake. A thread that
//! is told to ([`share_agreements`]) keeps what one side computed until the other asks for it.
//!
//! This changes how long an answer takes and never what it is. Nothing is kept unless asked for: a node that talks to
//! other processes would fill the memory with secrets nobody comes for.

use core::cell::RefCell;
use std::collections::BTreeMap;

use super::PublicKey;

thread_local! {
    static PENDING: RefCell<Pending> = const { RefCell::new(Pending { limit: 0, secrets: BTreeMap::new() }) };
}

/// Secrets one side has computed and the other has not asked for yet.
struct Pending {
    limit: usize,
    secrets: BTreeMap<[u8; 32], [u8; 32]>,
}

/// Lets this thread keep up to `limit` secrets of about 100 bytes each for the other side of their exchange. A handshake
/// under way has two of them; 0, which is the default, keeps none. What was kept before is forgotten, also whenever the
/// limit is reached: only exchanges that broke off leave anything behind.
pub fn share_agreements(limit: usize) {
    PENDING.set(Pending { limit, secrets: BTreeMap::new() });
}

/// The secret between `a` and `b`: what was kept for the second to ask, or else what `compute` says.
pub(super) fn once(a: &PublicKey, b: &PublicKey, compute: impl FnOnce() -> [u8; 32]) -> [u8; 32] {
    PENDING.with_borrow_mut(|pending| match unordered(a, b) {
        Some(pair) if pending.limit > 0 => pending.take_or_keep(pair, compute),
        _ => compute(),
    })
}

impl Pending {
    fn take_or_keep(&mut self, pair: [u8; 32], compute: impl FnOnce() -> [u8; 32]) -> [u8; 32] {
        if let Some(secret) = self.secrets.remove(&pair) {
            return secret;
        }
        if self.secrets.len() >= self.limit {
            self.secrets.clear();
        }
        *self.secrets.entry(pair).or_insert_with(compute)
    }
}

/// A name for the pair that both sides give it: x of the one xor x of the other. The sign of y is not in it, nor does
/// the x of the shared point depend on it. None where the two are the same point: all such pairs would have one name.
fn unordered(a: &PublicKey, b: &PublicKey) -> Option<[u8; 32]> {
    let pair = core::array::from_fn(|i| a.0[i] ^ b.0[i]);
    (pair != [0; 32]).then_some(pair)
}

#[cfg(test)]
pub(super) fn pending() -> usize {
    PENDING.with_borrow(|pending| pending.secrets.len())
}
