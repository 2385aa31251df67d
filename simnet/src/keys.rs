//! Keys for nodes that come without one, in the order in which they are asked for.
//!
//! A public key takes longer to derive than all else that a new node takes, and nodes are created on one thread. Where many
//! come one after the other, a thread derives the next keys meanwhile. The draws are the same either way.

use devp2p::SecretKey;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use world::Entropy;

/// Whoever has asked for so many will ask for more.
const MANY: usize = 64;

/// How many are derived ahead.
const AHEAD: usize = 64;

/// See the module.
pub(crate) struct Keys(Source);

enum Source {
    Here { entropy: Box<Entropy>, taken: usize },
    Ahead(Receiver<SecretKey>),
}

impl Keys {
    /// Keys drawn from `entropy`, from which nothing else may draw.
    pub(crate) fn new(entropy: Entropy) -> Self {
        Self(Source::Here { entropy: Box::new(entropy), taken: 0 })
    }

    /// The next.
    pub(crate) fn next(&mut self) -> SecretKey {
        match &mut self.0 {
            Source::Ahead(keys) => keys.recv().expect("its thread goes on as long as somebody listens"),
            Source::Here { entropy, taken } => {
                let key = draw(entropy);
                *taken += 1;
                if *taken == MANY {
                    self.derive_ahead();
                }
                key
            }
        }
    }

    /// If no thread can be had, keys go on being derived here.
    fn derive_ahead(&mut self) {
        let Source::Here { entropy, .. } = &self.0 else { return };
        let (mut entropy, (sender, keys)) = (entropy.clone(), sync_channel(AHEAD));
        let derive = move || while sender.send(draw(&mut entropy)).is_ok() {};
        if thread::Builder::new().name("keys".into()).spawn(derive).is_ok() {
            self.0 = Source::Ahead(keys);
        }
    }
}

fn draw(entropy: &mut Entropy) -> SecretKey {
    SecretKey::generate(&mut |out: &mut [u8]| entropy.fill(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_the_same_wherever_they_are_derived() {
        let entropy = || Entropy::derive(1, 0, 0, "keys");
        let (mut keys, mut plain) = (Keys::new(entropy()), entropy());
        for number in 0..3 * (MANY + AHEAD) {
            assert_eq!(keys.next().id(), draw(&mut plain).id(), "{number}");
        }
        assert!(matches!(keys.0, Source::Ahead(_)));
    }
}
