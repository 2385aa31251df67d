//! The protocol machines beside the cryptography they consist of: handshakes, frames, sessions.

use benches::session::{self, Frames, Pair};
use benches::suite::{Budget, Figure, Suite};
use benches::{Numbers, bare, clock, secret};
use bytes::Bytes;
use proto::key::{Agreements, share_agreements};
use proto::session::{Fidelity, Payload};

#[global_allocator]
static HEAP: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let mut suite = Suite::from_args("protocol: machines without a network (CPU time of both ends)");
    suite.bench("handshake", handshake);
    suite.bench("frames", frames);
    suite.bench("session", sessions);
    suite.finish();
}

fn handshake(suite: &mut Suite) {
    let count = suite.pick(100, 20);
    for (what, shared, agreements) in [("RLPx handshake", 0, 8), ("RLPx handshake, secrets shared", 4096, 4)]
    {
        let (dialler, listener, mut numbers) = (secret(1), secret(2), Numbers(5));
        let mut curve = bare::Curve::default();
        let [ours, bare] = suite.least(
            15,
            [
                &mut || {
                    share_agreements(Agreements::new(shared));
                    let time = clock::per(count, || {
                        for _ in 0..count {
                            session::handshake(&dialler, &listener, &mut numbers);
                        }
                    });
                    share_agreements(Agreements::default());
                    time
                },
                &mut || curve.handshake(agreements, count),
            ],
        );
        suite.row(what, Figure::Cpu(ours), Some(Figure::Cpu(bare)), Budget::None);
    }
}

fn frames(suite: &mut Suite) {
    for (size, count, name) in [(32, 20_000, "32 B"), (1024, 8_000, "1 KiB"), (65_536, 200, "64 KiB")] {
        let count = suite.pick(count, count / 5);
        let (mut frames, payload) = (Frames::default(), vec![7; size]);
        let mut pass = || clock::per(count, || (0..count).for_each(|_| frames.pass(&payload)));
        let [ours, bare] = suite.least(15, [&mut pass, &mut || bare::frame(size, count)]);
        let what = format!("RLPx frame of {name}, sealed and opened");
        suite.row(what, Figure::Rate(1.0 / ours), Some(Figure::Rate(1.0 / bare)), Budget::None);
    }
}

fn sessions(suite: &mut Suite) {
    let mut numbers = Numbers(6);
    for (fidelity, name, count) in [(Fidelity::Wire, "wire", 100), (Fidelity::Message, "message", 10_000)] {
        let ends = [session::local(1, fidelity), session::local(2, fidelity)];
        let count = suite.pick(count, count / 5);
        let mut connect = || {
            clock::per(count, || {
                for _ in 0..count {
                    Pair::connect(&ends[0], &ends[1], Numbers(numbers.draw()));
                }
            })
        };
        let mut curve = bare::Curve::default();
        let limited = fidelity == Fidelity::Wire;
        let mut limit = || if limited { curve.handshake(8, count) } else { 0.0 };
        let [ours, bare] = suite.least(15, [&mut connect, &mut limit]);
        let what = format!("session up, {name} fidelity");
        suite.row(what, Figure::Cpu(ours), limited.then_some(Figure::Cpu(bare)), Budget::None);

        let count = suite.pick(20_000, 4_000);
        let mut pair = Pair::connect(&ends[0], &ends[1], numbers);
        let mut exchange = || {
            clock::per(2 * count, || {
                for round in 0..2 * count {
                    pair.send(round % 2, &Payload::new(Bytes::copy_from_slice(&[7; 32])));
                }
            })
        };
        let mut frames = Frames::default();
        let mut limit = || {
            if limited { clock::per(count, || (0..count).for_each(|_| frames.pass(&[7; 32]))) } else { 0.0 }
        };
        let [ours, bare] = suite.least(15, [&mut exchange, &mut limit]);
        let what = format!("session message of 32 B, {name} fidelity");
        let bare = limited.then_some(Figure::Rate(1.0 / bare));
        suite.row(what, Figure::Rate(1.0 / ours), bare, Budget::None);
    }
}
