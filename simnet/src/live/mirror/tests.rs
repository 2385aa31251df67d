//! Frames against the state they stand for: however a watcher came to know a network, it knows the same.

use super::story::{Picture, Story};
use super::{Mirror, Rows};
use proptest::prelude::*;

/// What the state says.
fn truth(story: &Story) -> Picture {
    let mut picture = Picture::default();
    for node in story.state.nodes() {
        picture.nodes.insert(node.origin() as u32, (u8::from(node.up), node.name.clone()));
    }
    let index = |place: usize| story.state.nodes()[place].origin() as u32;
    for conn in story.state.conns().filter(|conn| conn.up) {
        let (a, b) = (index(conn.one), index(conn.other));
        picture.conns.insert((a.min(b), a.max(b)));
    }
    picture
}

#[test]
fn each_node_and_connection_is_told_once() {
    let mut story = Story::default();
    story.create(3);
    let seen = story.seq;
    for _ in 0..10 {
        story.up(0);
        story.connect(1, 0);
        story.disconnect(0, 1);
        story.down(0);
    }
    story.up(0);
    story.connect(1, 0);
    let rows = story.mirror.since(seen);
    assert_eq!((rows.nodes.len(), rows.new.len(), rows.conns.len()), (1, 0, 1));
    assert_eq!(
        (rows.conns[0].a, rows.conns[0].b, rows.conns[0].up),
        (1, 0, true),
        "who dialled first comes first"
    );
    let rows = story.mirror.since(story.seq);
    assert_eq!((rows.nodes.len(), rows.conns.len()), (0, 0));
}

#[test]
fn a_node_is_told_again_when_it_moves_to_another_region() {
    let mut story = Story::default();
    story.create(2);
    story.region(1, Some(3));
    let seen = story.seq;
    assert_eq!(regions(&story.mirror.whole()), [(0, None), (1, Some(3))]);
    story.region(0, Some(7));
    story.region(0, None);
    story.region(1, Some(4));
    assert_eq!(regions(&story.mirror.since(seen)), [(0, None), (1, Some(4))]);
    let rows = Mirror::new(&story.state, &story.known(), story.seq, 0).whole();
    assert_eq!(regions(&rows), [(0, None), (1, Some(4))], "whoever comes later is told the same");
}

fn regions(rows: &Rows) -> Vec<(u32, Option<u16>)> {
    rows.nodes.iter().map(|row| (row.index, row.region)).collect()
}

#[test]
fn what_is_gone_stays_gone() {
    let mut story = Story::default();
    story.create(2);
    story.up(0);
    story.up(1);
    story.connect(0, 1);
    let seen = story.seq;
    story.reset();
    story.create(1);
    story.up(0); // a late record of a node that was forgotten
    let mut picture = Picture::whole(&story.mirror.at(seen * 10).unwrap().rows);
    assert_eq!((picture.nodes.len(), picture.conns.len()), (2, 1));
    picture.fold(&story.mirror.since(seen));
    assert_eq!(picture, truth(&story));
    assert_eq!(picture.nodes.keys().copied().collect::<Vec<_>>(), [2]);
}

#[test]
fn nothing_is_kept_that_no_entry_is_about() {
    let mut story = Story::with_ring(50);
    story.create(2);
    story.up(0);
    for turn in 0..100 {
        story.create(1);
        story.up(2 + turn);
        story.connect(0, 2 + turn);
        story.disconnect(0, 2 + turn);
        story.down(2 + turn);
        story.remove(2 + turn);
    }
    assert_eq!(story.mirror.ring.len(), 50);
    assert!(story.mirror.nodes.len() < 20, "{}", story.mirror.nodes.len());
    assert!(story.mirror.conns.len() < 20, "{}", story.mirror.conns.len());
    assert!(!story.mirror.reaches(5));
    assert!(story.mirror.at(50).is_err_and(|earliest| earliest > 50));
    assert_eq!(Picture::whole(&story.mirror.whole()), truth(&story));
}

/// Something that may happen to one of eight nodes and a second one.
fn happen(story: &mut Story, (what, one, other): (u8, u32, u32)) {
    let live = |node: u32| story.mirror.nodes.get(&node).is_some_and(|node| (node.standing as u8) < 2);
    let up = |node: u32| story.mirror.nodes.get(&node).is_some_and(|node| node.standing as u8 == 1);
    match what {
        0 => story.create(1),
        1 if live(one) => story.up(one),
        2 if live(one) => story.down(one),
        3..=5 if one != other && up(one) && up(other) => story.connect(one, other),
        6 if one != other && up(one) && up(other) => story.disconnect(one, other),
        7 if live(one) && !up(one) => story.remove(one),
        8 if one == 0 && other == 0 => story.reset(),
        _ => {}
    }
}

proptest! {
    #[test]
    fn all_ways_to_know_a_network_agree(
        happenings in prop::collection::vec((0_u8..9, 0_u32..8, 0_u32..8), 1..120),
        looks in prop::collection::vec(1_usize..9, 1..30),
        limit in 8_usize..200,
    ) {
        let mut story = Story::with_ring(limit);
        let mut truths = vec![(0, Picture::default())];
        let (mut watcher, mut seen) = (Picture::default(), 0);
        let mut looks = looks.into_iter().cycle();
        let mut wait = 1;
        for happening in happenings {
            happen(&mut story, happening);
            truths.push((story.seq, truth(&story)));
            wait -= 1;
            if wait == 0 {
                wait = looks.next().expect("it goes round");
                // A watcher folds changes, or begins anew where the ring does not reach back to it.
                match story.mirror.reaches(seen) {
                    true => watcher.fold(&story.mirror.since(seen)),
                    false => watcher = Picture::whole(&story.mirror.whole()),
                }
                seen = story.seq;
                prop_assert_eq!(&watcher, &truth(&story));
            }
        }
        prop_assert_eq!(&Picture::whole(&story.mirror.whole()), &truth(&story));
        // Someone else was away since any moment, or asks for it.
        for (seq, then) in &truths {
            if story.mirror.reaches(*seq) {
                let mut other = then.clone();
                other.fold(&story.mirror.since(*seq));
                prop_assert_eq!(&other, &truth(&story));
            }
            match story.mirror.at(seq * 10) {
                Ok(past) => prop_assert_eq!(&Picture::past(&past), then),
                Err(earliest) => prop_assert!(earliest > seq * 10),
            }
        }
    }
}
