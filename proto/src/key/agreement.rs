//! Diffie-Hellman secrets computed once for both sides. Where both ends of a session live in one process, each of the
//! four secrets of its handshake is computed twice, and half of that is a quarter of the whole handshake. Threads that
//! [share](share_agreements) their [`Agreements`] keep what one side computed until the other asks for it.
//!
//! This changes how long an answer takes and never what it is. Nothing is kept unless asked for: a node that talks to
//! other processes would fill the memory with secrets nobody comes for.

use core::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use super::PublicKey;

thread_local! {
    static SHARED: RefCell<Agreements> = const { RefCell::new(Agreements(None)) };
}

/// Threads seldom meet in one part.
const PARTS: usize = 64;

/// Secrets one side has computed and the other has not asked for yet. Clones are the same store; the default keeps
/// nothing.
#[derive(Clone, Default)]
pub struct Agreements(Option<Arc<Store>>);

struct Store {
    /// In each part.
    limit: usize,
    parts: [Mutex<Part>; PARTS],
}

type Part = BTreeMap<[u8; 32], [u8; 32]>;

/// This thread keeps secrets there from now on, and looks for them there.
pub fn share_agreements(agreements: Agreements) {
    SHARED.set(agreements);
}

/// The secret between `a` and `b`: what was kept for the second to ask, or else what `compute` says.
pub(super) fn once(a: &PublicKey, b: &PublicKey, compute: impl FnOnce() -> [u8; 32]) -> [u8; 32] {
    SHARED.with_borrow(|shared| match (unordered(a, b), &shared.0) {
        (Some(pair), Some(store)) => store.take_or_keep(pair, compute),
        _ => compute(),
    })
}

impl Agreements {
    /// A store of up to `limit` secrets of about 100 bytes each, or a few more; 0 keeps none. A handshake under way has
    /// two of them. What is kept is forgotten whenever there is no room for more: nothing but time is lost.
    pub fn new(limit: usize) -> Self {
        let parts = || core::array::from_fn(|_| Mutex::default());
        Self((limit > 0).then(|| Arc::new(Store { limit: limit.div_ceil(PARTS), parts: parts() })))
    }

    /// How many secrets wait for their second side.
    pub fn pending(&self) -> usize {
        let parts = self.0.iter().flat_map(|store| &store.parts);
        parts.map(|part| part.lock().expect("no holder panics").len()).sum()
    }
}

impl Store {
    fn take_or_keep(&self, pair: [u8; 32], compute: impl FnOnce() -> [u8; 32]) -> [u8; 32] {
        if let Some(secret) = self.part(&pair).remove(&pair) {
            return secret;
        }
        let secret = compute();
        let mut part = self.part(&pair);
        // The other side may have computed it in the meantime, on another thread: then both have it.
        if part.remove(&pair).is_none() {
            if part.len() >= self.limit {
                part.clear();
            }
            part.insert(pair, secret);
        }
        secret
    }

    fn part(&self, pair: &[u8; 32]) -> MutexGuard<'_, Part> {
        self.parts[usize::from(pair[0]) % PARTS].lock().expect("no holder panics")
    }
}

/// A name for the pair that both sides give it: x of the one xor x of the other. The sign of y is not in it, nor does
/// the x of the shared point depend on it. None where the two are the same point: all such pairs would have one name.
fn unordered(a: &PublicKey, b: &PublicKey) -> Option<[u8; 32]> {
    let pair = core::array::from_fn(|i| a.0[i] ^ b.0[i]);
    (pair != [0; 32]).then_some(pair)
}

impl fmt::Debug for Agreements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agreements").field("pending", &self.pending()).finish()
    }
}
