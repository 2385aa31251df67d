//! The scheduler by its stories, and against a world that connects, refuses and drops at random.

use proptest::prelude::*;

use super::*;

const S: Duration = Duration::from_secs(1);
const NS: Duration = Duration::from_nanos(1);

fn id(n: u8) -> NodeId {
    NodeId::from_bytes([n; 32])
}

/// A scheduler and the peers that its facts are about.
struct Dialer {
    scheduler: Scheduler<()>,
    peers: BTreeMap<NodeId, bool>,
}

impl Dialer {
    fn new(slots: Slots) -> Self {
        Self { scheduler: Scheduler::new(id(0), slots, Backoff::default()), peers: BTreeMap::new() }
    }

    fn with<T>(&mut self, act: impl FnOnce(&mut Scheduler<()>, &Facts<'_>) -> T) -> T {
        let Self { scheduler, peers } = self;
        let connected = |id: &NodeId| peers.contains_key(id);
        let dialed = peers.values().filter(|dialed| **dialed).count();
        act(scheduler, &Facts { dialed, connected: &connected })
    }

    fn poll(&mut self, now: Duration) -> Vec<NodeId> {
        let mut out = Vec::new();
        self.with(|scheduler, facts| scheduler.poll_dials(now, facts, &mut out));
        out
    }

    fn offer(&mut self, now: Duration, n: u8) -> Result<(), DialRefusal> {
        self.with(|scheduler, facts| scheduler.offer(now, id(n), facts))
    }

    fn connect(&mut self, now: Duration, id: NodeId, dialed: bool) {
        self.peers.insert(id, dialed);
        self.scheduler.handle_connected(now, &id, dialed);
    }

    fn drop_peer(&mut self, now: Duration, id: NodeId) {
        self.peers.remove(&id);
        self.scheduler.handle_dropped(now, &id, &mut no_entropy());
    }

    fn fail(&mut self, now: Duration, id: NodeId) {
        self.scheduler.handle_failed(now, &id, &mut no_entropy());
    }
}

fn no_entropy() -> impl FnMut(&mut [u8]) {
    |_| panic!("without jitter nothing is drawn")
}

#[test]
fn a_static_node_is_dialled_at_once_and_again_with_back_off() {
    let mut dialer = Dialer::new(Slots::default());
    dialer.scheduler.add_static(S, id(1), ()).unwrap();
    assert_eq!(dialer.scheduler.deadline(), Some(S));
    assert_eq!(dialer.poll(S), [id(1)]);
    assert_eq!(dialer.scheduler.deadline(), None);
    let mut now = S;
    for delay in [1, 2, 4, 8, 16, 30, 30] {
        dialer.fail(now, id(1));
        assert_eq!(dialer.scheduler.deadline(), Some(now + delay * S));
        assert_eq!(dialer.poll(now + delay * S - NS), []);
        now += delay * S;
        assert_eq!(dialer.poll(now), [id(1)]);
    }
    dialer.connect(now, id(1), true);
    assert_eq!(dialer.scheduler.active(), 0);
    assert_eq!(dialer.scheduler.deadline(), None);
}

#[test]
fn a_lost_peer_comes_back_sooner_the_longer_it_stayed() {
    let mut dialer = Dialer::new(Slots::default());
    dialer.scheduler.add_static(S, id(1), ()).unwrap();
    let mut now = S;
    for (stays, delay) in [(1, 1), (29, 2), (1, 4), (30, 1), (1000, 1), (2, 2)] {
        assert_eq!(dialer.poll(now), [id(1)]);
        dialer.connect(now, id(1), true);
        now += stays * S;
        dialer.drop_peer(now, id(1));
        assert_eq!(dialer.scheduler.deadline(), Some(now + delay * S), "stayed {stays} s");
        now += delay * S;
    }
}

#[test]
fn asking_again_ends_the_waiting() {
    let mut dialer = Dialer::new(Slots::default());
    dialer.scheduler.add_static(S, id(1), ()).unwrap();
    for _ in 0..5 {
        dialer.poll(100 * S);
        dialer.fail(100 * S, id(1));
        dialer.scheduler.add_static(100 * S, id(1), ()).unwrap();
    }
    assert_eq!(dialer.poll(100 * S), [id(1)]);
    // Disconnect, then connect within the 35 s of geth's history: dialled at once here.
    dialer.connect(100 * S, id(1), true);
    assert!(dialer.scheduler.remove_static(&id(1)));
    dialer.drop_peer(101 * S, id(1));
    assert_eq!(dialer.scheduler.deadline(), None);
    dialer.scheduler.add_static(102 * S, id(1), ()).unwrap();
    assert_eq!(dialer.poll(102 * S), [id(1)]);
}

#[test]
fn static_nodes_take_turns_when_slots_are_few() {
    let mut dialer = Dialer::new(Slots { max_active: 2, no_dial: true, ..Slots::default() });
    for n in [5, 3, 4, 1] {
        dialer.scheduler.add_static(S, id(n), ()).unwrap();
    }
    assert_eq!(dialer.poll(S), [id(5), id(3)]);
    assert_eq!(dialer.scheduler.deadline(), None);
    assert_eq!(dialer.poll(9 * S), []);
    dialer.connect(9 * S, id(3), true);
    assert_eq!(dialer.poll(9 * S), [id(4)]);
    dialer.fail(9 * S, id(5));
    assert_eq!(dialer.poll(10 * S), [id(1)]);
}

#[test]
fn a_static_node_that_dialled_us_is_not_dialled() {
    let mut dialer = Dialer::new(Slots::default());
    dialer.connect(S, id(1), false);
    dialer.scheduler.add_static(S, id(1), ()).unwrap();
    assert_eq!(dialer.poll(S), []);
    assert_eq!(dialer.scheduler.deadline(), None);
    dialer.drop_peer(2 * S, id(1));
    assert_eq!(dialer.poll(3 * S), [id(1)]);

    // The two dial each other at once: our dial still counts until it is said to have failed.
    dialer.connect(3 * S, id(1), false);
    assert_eq!(dialer.scheduler.active(), 1);
    dialer.fail(3 * S, id(1));
    assert_eq!(dialer.scheduler.active(), 0);
    assert_eq!(dialer.poll(10 * S), []);
    assert_eq!(dialer.scheduler.deadline(), None);
}

#[test]
fn candidates_are_refused_with_the_reason() {
    let mut dialer = Dialer::new(Slots { max_peers: 3, ..Slots::default() });
    assert_eq!(dialer.scheduler.add_static(S, id(0), ()), Err(DialRefusal::SelfDial));
    dialer.connect(S, id(1), false);
    dialer.scheduler.add_static(S, id(2), ()).unwrap();
    assert_eq!(dialer.offer(S, 0), Err(DialRefusal::SelfDial));
    assert_eq!(dialer.offer(S, 1), Err(DialRefusal::AlreadyConnected));
    assert_eq!(dialer.offer(S, 2), Err(DialRefusal::Static));
    assert_eq!(dialer.offer(S, 3), Ok(()));
    assert_eq!(dialer.offer(S, 3), Err(DialRefusal::AlreadyDialing));
    assert_eq!(dialer.offer(S, 4), Ok(()));
    assert_eq!(dialer.offer(S, 5), Err(DialRefusal::NoSlot));
    dialer.fail(2 * S, id(3));
    assert_eq!(dialer.offer(36 * S - NS, 3), Err(DialRefusal::RecentlyDialed));
    assert_eq!(dialer.offer(36 * S, 3), Ok(()));
    dialer.connect(36 * S, id(3), true);
    dialer.fail(36 * S, id(4));
    assert_eq!(dialer.offer(99 * S, 4), Err(DialRefusal::NoSlot));
}

#[test]
fn a_dial_outlives_the_wish_for_it() {
    let mut dialer = Dialer::new(Slots { max_active: 1, ..Slots::default() });
    dialer.scheduler.add_static(S, id(1), ()).unwrap();
    assert_eq!(dialer.poll(S), [id(1)]);
    assert!(dialer.scheduler.remove_static(&id(1)));
    assert!(!dialer.scheduler.remove_static(&id(1)));
    assert_eq!(dialer.scheduler.active(), 1);
    dialer.fail(2 * S, id(1));
    assert_eq!(dialer.scheduler.active(), 0);
    // What was dialled as a static node was dialled lately as a candidate, too.
    assert_eq!(dialer.offer(3 * S, 1), Err(DialRefusal::RecentlyDialed));
    assert_eq!(dialer.offer(36 * S, 1), Ok(()));
    // And a candidate's dial becomes the static node's.
    dialer.scheduler.add_static(37 * S, id(1), ()).unwrap();
    assert_eq!(dialer.scheduler.active(), 1);
    dialer.fail(38 * S, id(1));
    assert_eq!(dialer.poll(39 * S), [id(1)]);
}

#[derive(Clone, Debug)]
enum Move {
    Add(u8),
    Remove(u8),
    Offer(u8),
    Fail(u8),
    Connect(u8, bool),
    Drop(u8),
    Pass(u64),
}

fn moves() -> impl Strategy<Value = Move> {
    let n = 1..12u8;
    prop_oneof![
        n.clone().prop_map(Move::Add),
        n.clone().prop_map(Move::Remove),
        n.clone().prop_map(Move::Offer),
        n.clone().prop_map(Move::Fail),
        (n.clone(), any::<bool>()).prop_map(|(n, dialed)| Move::Connect(n, dialed)),
        n.prop_map(Move::Drop),
        (1..40_000u64).prop_map(Move::Pass),
    ]
}

proptest! {
    #[test]
    fn dials_are_bounded_wanted_and_never_to_a_peer(moves in prop::collection::vec(moves(), 1..200)) {
        let slots = Slots { max_peers: 9, max_active: 3, ..Slots::default() };
        let mut dialer = Dialer::new(slots);
        let mut now = S;
        // The reference: who is being dialled, and who is wanted.
        let mut dialing = BTreeSet::new();
        let mut wanted = BTreeSet::new();
        for step in moves {
            match step {
                Move::Add(n) => {
                    dialer.scheduler.add_static(now, id(n), ()).unwrap();
                    wanted.insert(id(n));
                }
                Move::Remove(n) => {
                    prop_assert_eq!(dialer.scheduler.remove_static(&id(n)), wanted.remove(&id(n)));
                }
                Move::Offer(n) => if dialer.offer(now, n).is_ok() {
                    prop_assert!(!wanted.contains(&id(n)) && !dialer.peers.contains_key(&id(n)));
                    prop_assert!(dialing.insert(id(n)));
                },
                Move::Fail(n) => if dialing.remove(&id(n)) {
                    dialer.fail(now, id(n));
                },
                Move::Connect(n, dialed) => {
                    let free = !dialer.peers.contains_key(&id(n));
                    if free && (!dialed || dialing.remove(&id(n))) {
                        dialer.connect(now, id(n), dialed);
                    }
                }
                Move::Drop(n) => if dialer.peers.contains_key(&id(n)) {
                    dialer.drop_peer(now, id(n));
                },
                Move::Pass(ms) => now += Duration::from_millis(ms),
            }
            let due = dialer.scheduler.deadline().is_some_and(|deadline| deadline <= now);
            for id in dialer.poll(now) {
                prop_assert!(due && wanted.contains(&id) && !dialer.peers.contains_key(&id));
                prop_assert!(dialing.insert(id), "dialled twice");
            }
            prop_assert_eq!(dialer.scheduler.active(), dialing.len());
            prop_assert!(dialing.len() <= slots.max_active);
            prop_assert!(dialer.scheduler.deadline().is_none_or(|deadline| deadline > now));
        }
        // Left alone, with dials that succeed, all who are wanted become peers.
        for _ in 0..200 {
            now += S;
            for id in std::mem::take(&mut dialing) {
                dialer.connect(now, id, true);
            }
            dialing.extend(dialer.poll(now));
        }
        prop_assert!(wanted.iter().all(|id| dialer.peers.contains_key(id)), "{:?}", dialer.scheduler);
    }
}
