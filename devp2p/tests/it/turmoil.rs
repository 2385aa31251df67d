//! Nodes that add, remove, part, crash and stop at random: whatever they do, what each was told adds up, and in the
//! end those are connected that want to be.

use std::collections::{BTreeMap, BTreeSet};

use devp2p::{DiscReason, Fidelity, PeerError, PeerErrorCode};
use world::Entropy;

use crate::town::{Town, echo, key, name};

const NODES: u64 = 5;

/// What should be true: which nodes run, and whom each has as static nodes.
#[derive(Default)]
struct Model {
    statics: BTreeMap<usize, BTreeSet<usize>>,
}

impl Model {
    fn wanted(&self) -> BTreeSet<(usize, usize)> {
        let pairs = self.statics.iter().flat_map(|(from, to)| to.iter().map(|to| (*from, *to)));
        pairs.flat_map(|(from, to)| [(from, to), (to, from)]).collect()
    }
}

fn act(town: &Town, model: &mut Model, dice: &mut Entropy) {
    let node = dice.below(NODES) as usize;
    let other = (node + 1 + dice.below(NODES - 1) as usize) % NODES as usize;
    let statics = model.statics.entry(node).or_default();
    match dice.below(10) {
        0..=3 => {
            town.connect(node, other);
            statics.insert(other);
        }
        4..=6 => {
            town.at(node, move |home| home.server.remove_peer(key(other).id()));
            statics.remove(&other);
        }
        7 => town.at(node, |home| {
            let fed_up = PeerError::new(PeerErrorCode::Test, DiscReason::SubprotocolError, "fed up");
            home.server.enter("echo", |cx| {
                for peer in cx.peers().take(2) {
                    cx.disconnect(peer, fed_up.clone());
                }
            });
        }),
        kind => {
            check_story(town, node);
            if kind == 8 {
                town.crash(node)
            } else {
                town.at(node, |home| home.server.stop())
            }
            statics.clear();
            town.start(node, |_| {}, |_| vec![echo()]);
        }
    }
}

/// Of each peer a node hears in turn that it came and that it went, and counts right.
fn check_story(town: &Town, node: usize) {
    let mut here = BTreeSet::new();
    let seen = town.seen(node);
    for what in &seen {
        let mut words = what.split(' ');
        match (words.next(), words.next()) {
            (Some("added"), Some(peer)) => assert!(here.insert(peer.to_owned()), "twice: {seen:?}"),
            (Some("dropped"), Some(peer)) => assert!(here.remove(peer), "never came: {seen:?}"),
            _ => {}
        }
    }
    let listed: BTreeSet<String> =
        town.at(node, |home| home.server.peers().iter().map(|info| name(info.id)).collect());
    assert_eq!(listed, here, "{seen:?}");
    assert_eq!(town.peers(node), here.len());
    assert_eq!(town.at(node, |home| home.server.enter("echo", |cx| cx.peer_count())), Some(here.len()));
}

fn live(fidelity: Fidelity, seed: u64, moves: usize) {
    let mut town = Town::with(fidelity, seed, 1);
    for _ in 0..NODES {
        town.settle(|_| {});
    }
    let (mut model, mut dice) = (Model::default(), Entropy::derive(seed, 0, 0, "turmoil"));
    for _ in 0..moves {
        act(&town, &mut model, &mut dice);
        // Often less than a leg, sometimes longer than a wait before dialling again.
        let pause = [0, 3, 10, 25, 100, 2_000][dice.below(6) as usize];
        town.run(pause);
        (0..NODES as usize).for_each(|node| check_story(&town, node));
    }
    // Longer than the longest wait before dialling again, and than what a lost connection may go unnoticed.
    town.run(70_000);
    let mut connected = BTreeSet::new();
    for node in 0..NODES as usize {
        check_story(&town, node);
        let ids = town.at(node, |home| home.server.peers().iter().map(|info| info.id).collect::<Vec<_>>());
        connected.extend(ids.into_iter().map(|id| (node, name(id).parse::<usize>().unwrap())));
    }
    for (a, b) in &connected {
        assert!(connected.contains(&(*b, *a)), "seed {seed}: {a} has {b}, which does not have {a}");
    }
    let missing: Vec<_> = model.wanted().difference(&connected).copied().collect();
    assert!(missing.is_empty(), "seed {seed}: {missing:?} should be connected");
}

#[test]
fn whatever_nodes_do_their_stories_add_up() {
    for seed in 0..60 {
        live(Fidelity::Message, seed, 60);
    }
    live(Fidelity::Wire, 1, 60);
}
