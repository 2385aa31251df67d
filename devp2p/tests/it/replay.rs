//! A seed is a recording: twice, and on any number of threads.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use devp2p::{Context, Fidelity, Handler, Message, PeerError, PeerId, Protocol};

use crate::town::{Town, key};

/// Passes on what it hears to one peer picked at random, a limited number of times, and ends a peer now and then.
struct Rumour;

impl Handler for Rumour {
    fn on_peer(&mut self, peer: PeerId, cx: &mut Context<'_>) -> Result<(), PeerError> {
        cx.send(peer, 0, &20u32);
        Ok(())
    }

    fn on_message(&mut self, _: PeerId, message: Message, cx: &mut Context<'_>) -> Result<(), PeerError> {
        let left: u32 = message.decode()?;
        let wait = cx.entropy().below(2_000_000);
        cx.set_timer(Duration::from_nanos(wait), left.saturating_sub(1).into());
        if cx.entropy().below(50) == 0 { Err(crate::town::asked_to_fail()) } else { Ok(()) }
    }

    fn on_timer(&mut self, left: u64, cx: &mut Context<'_>) {
        let peers: Vec<_> = cx.peers().collect();
        if left > 0 && !peers.is_empty() {
            let pick = cx.entropy().below(peers.len() as u64) as usize;
            cx.send(peers[pick], 0, &left);
        }
    }
}

fn story(fidelity: Fidelity, seed: u64, shards: usize) -> Vec<Vec<(Duration, String)>> {
    let mut town = Town::with(fidelity, seed, shards);
    for _ in 0..12 {
        town.settle_with(
            |config| config.max_peers = 6,
            |_| vec![Protocol::new("rumour", 1, 1, Rc::new(RefCell::new(Rumour)))],
        );
    }
    for n in 0..12 {
        for step in [1, 5, 7] {
            town.connect(n, (n + step) % 12);
        }
    }
    town.run(2_000);
    town.crash(3);
    town.run(1_000);
    let victim = key(5).id();
    town.at(4, move |home| home.server.remove_peer(victim));
    town.run(4_000);
    (0..12).filter(|n| *n != 3).map(|n| town.timed(n)).collect()
}

#[test]
fn the_same_seed_gives_the_same_story_on_one_thread_and_on_two() {
    for fidelity in [Fidelity::Message, Fidelity::Wire] {
        let first = story(fidelity, 1, 1);
        assert!(first.iter().map(Vec::len).sum::<usize>() > 1_000, "there is something to compare");
        assert_eq!(first, story(fidelity, 1, 1), "again");
        assert_eq!(first, story(fidelity, 1, 2), "two shards");
        assert_ne!(first, story(fidelity, 2, 1), "another seed");
    }
}
