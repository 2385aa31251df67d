//! Protocols as futures, and what happens when one does not read.

use std::time::Duration;

use devp2p::{
    DiscReason, Fidelity, INBOX, Payload, PeerError, PeerErrorCode, Protocol, SEND_QUEUE_LIMIT,
    WRITE_WAITS_ABOVE,
};

use crate::town::{ASK, BOTH, Notes, Town, error, told};

/// Answers until the peer goes.
fn answering(notes: &Notes) -> Vec<Protocol> {
    let notes = notes.clone();
    vec![Protocol::run("echo", 1, 4, move |peer, mut io| {
        let notes = notes.clone();
        async move {
            notes.note(format!("runs for {}", peer.client()));
            loop {
                match io.read().await {
                    Ok(message) => io.write_payload(1, &message.payload).await?,
                    Err(error) => {
                        notes.note("read ended".to_owned());
                        return Err(error);
                    }
                }
            }
        }
    })]
}

/// Reads one message, sleeps that long, and then reads all there is.
fn sleeping(seconds: u64) -> impl FnOnce(&Notes) -> Vec<Protocol> + Send + 'static {
    move |notes: &Notes| {
        let world = notes.world();
        vec![Protocol::run("echo", 1, 4, move |_, mut io| {
            let world = world.clone();
            async move {
                io.read().await?;
                world.sleep(Duration::from_secs(seconds)).await;
                loop {
                    io.read().await?;
                }
            }
        })]
    }
}

fn received(town: &Town, n: usize) -> usize {
    town.seen(n).iter().filter(|what| what.starts_with("received")).count()
}

#[test]
fn a_future_per_peer_reads_writes_and_ends_with_its_peer() {
    for fidelity in BOTH {
        let mut town = Town::of(fidelity, 1);
        town.settle_with(|_| {}, answering);
        town.connect(0, 1);
        town.run(200);
        town.say(0, |peer, cx| cx.send(peer, ASK, &"hello"));
        town.run(100);
        assert_eq!(town.seen(0)[1..], ["sent 1 0 6", "received 1 1 6"]);
        let id = town.enode(1).id();
        town.at(0, move |home| home.server.remove_peer(id));
        town.run(100);
        let dropped = format!("dropped 0 {}", told("disconnect requested"));
        let expect =
            ["added 0 inbound", "runs for node 0", "received 0 0 6", "sent 0 1 6", &dropped, "read ended"];
        assert_eq!(town.seen(1), expect);
        assert_eq!(town.at(1, |home| home.scope.world().population().tasks), 0);
    }
}

#[test]
fn a_future_that_returns_ends_its_peer() {
    let status = || PeerError::new(PeerErrorCode::StatusDecode, DiscReason::ProtocolError, "no status");
    for fidelity in BOTH {
        let mut town = Town::of(fidelity, 1);
        town.settle_with(|_| {}, |_| vec![Protocol::run("echo", 1, 4, |_, _| async { Ok(()) })]);
        town.settle_with(
            |_| {},
            move |_| vec![Protocol::run("echo", 1, 4, move |_, _| async move { Err(status()) })],
        );
        for n in [1, 2] {
            town.connect(0, n);
            town.run(200);
            let id = town.enode(n).id();
            town.at(0, move |home| home.server.remove_peer(id));
        }
        let why = error("test error", "client quitting", "<nil>", "Protocol echo/1 returned");
        assert_eq!(town.seen(1)[1], format!("dropped 0 {why}"));
        assert_eq!(town.seen(0)[1], format!("dropped 1 {}", told("client quitting")));
        assert_eq!(town.seen(2)[1], format!("dropped 0 {}", status()));
        assert!(town.seen(0).contains(&format!("dropped 2 {}", told("breach of protocol"))));
    }
}

#[test]
fn a_reader_that_rests_holds_the_sender_up_and_loses_nothing() {
    for fidelity in BOTH {
        let mut town = Town::of(fidelity, 1);
        town.settle_with(|_| {}, sleeping(10));
        town.connect(0, 1);
        town.run(200);
        town.say(0, |peer, cx| {
            for _ in 0..500 {
                cx.send(peer, ASK, &"again");
            }
        });
        town.run(1_000);
        assert_eq!(received(&town, 1), 1, "received is what was read");
        town.run(15_000);
        assert_eq!(received(&town, 1), 500);
        town.run(60_000);
        assert_eq!((town.peers(0), town.peers(1)), (1, 1), "the rest was not taken for death");
    }
}

/// A rest longer than the read time-out, which alone is no fault: there was nothing to write.
#[test]
fn a_reader_that_rests_long_is_dropped_by_the_sender_when_a_write_is_stuck_for_twenty_seconds() {
    for fidelity in BOTH {
        let mut town = Town::of(fidelity, 1);
        town.settle_with(|_| {}, sleeping(3_600));
        town.connect(0, 1);
        town.run(200);
        town.say(0, |peer, cx| {
            for _ in 0..=INBOX {
                cx.send(peer, ASK, &"again");
            }
        });
        town.run(1_000);
        town.say(0, |peer, cx| cx.send(peer, ASK, &"stuck"));
        let stuck = town.sim.now();
        town.run(60_000);
        let why =
            error("disconnect reason", "network error", "write timed out after 20s", "Peer.run writeErr");
        let dropped = (stuck + Duration::from_secs(20), format!("dropped 1 {why}"));
        assert!(town.timed(0).contains(&dropped), "{:?}", town.timed(0));
        assert_eq!(town.peers(1), 1, "it has not come to read of it");
    }
}

#[test]
fn a_writer_waits_above_a_mebibyte_and_goes_on_when_the_reader_does() {
    const PIECE: usize = 64 * 1024;
    const PIECES: usize = 40;
    for fidelity in BOTH {
        let mut town = Town::new(fidelity);
        town.settle_with(
            |_| {},
            |notes| {
                let notes = notes.clone();
                vec![Protocol::run("echo", 1, 4, move |_, mut io| {
                    let notes = notes.clone();
                    async move {
                        let world = notes.world();
                        let mut noise = world.entropy("noise");
                        for n in 0..INBOX + PIECES {
                            // The reader's inbox is full before the pieces come, and it has said so.
                            let len = if n < INBOX + 2 { 1 } else { PIECE };
                            let mut bytes = vec![0; len];
                            noise.fill(&mut bytes);
                            io.write_payload(ASK, &Payload::new(bytes.into())).await?;
                            if n == INBOX + 1 {
                                world.sleep(Duration::from_millis(100)).await;
                            }
                        }
                        io.read().await.map(|_| ())
                    }
                })]
            },
        );
        town.settle_with(|_| {}, sleeping(10));
        town.connect(0, 1);
        town.run(5_000);
        let sent = |town: &Town| town.seen(0).iter().filter(|what| what.starts_with("sent")).count();
        let waiting = usize::try_from(WRITE_WAITS_ABOVE).unwrap() / PIECE;
        let early = sent(&town);
        assert!((INBOX + waiting..INBOX + waiting + 4).contains(&early), "{fidelity:?}: {early} sent");
        town.run(10_000);
        assert_eq!(sent(&town), INBOX + PIECES);
        assert_eq!(received(&town, 1), INBOX + PIECES);
    }
}

#[test]
fn a_handler_that_sends_more_than_may_wait_loses_the_peer() {
    let mut town = Town::of(Fidelity::Message, 1);
    town.settle_with(|_| {}, sleeping(3_600));
    town.connect(0, 1);
    town.run(200);
    town.say(0, |peer, cx| {
        for _ in 0..=INBOX {
            cx.send(peer, ASK, &"again");
        }
    });
    town.run(1_000);
    town.say(0, |peer, cx| {
        let mut bytes = vec![0; 1024 * 1024];
        cx.entropy().fill(&mut bytes);
        let payload = Payload::new(bytes.into());
        for _ in 0..9 {
            cx.send_payload(peer, ASK, &payload);
        }
    });
    town.run(10);
    let last = town.seen(0).last().cloned().unwrap();
    assert!(
        last.contains(&format!("limit {SEND_QUEUE_LIMIT}")) && last.contains("Peer.run writeErr"),
        "{last}"
    );
}
