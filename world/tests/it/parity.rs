//! Connections and datagrams.

use crate::harness::{Desk, Seen, Stack, check, check_alone, pattern};
use bytes::Bytes;
use std::net::SocketAddr;
use std::time::Duration;
use world::{DialError, ListenError, World};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// Sends back what arrives on the first `COUNT` connections until they close.
async fn echo<const COUNT: usize>(world: World, desk: Desk) {
    let mut stack = Stack::attach(&world);
    desk.publish(stack.net(|net| net.listen(0)).unwrap());
    let mut closed = 0;
    while closed < COUNT {
        match stack.next().await {
            Seen::Parcel(conn, bytes) => stack.send(conn, bytes),
            Seen::Closed(_, how) => {
                desk.note(format!("{how:?}"));
                closed += 1;
            }
            Seen::Accepted(..) | Seen::Flow(..) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_is_sent_comes_back_whole() {
    async fn client<const COUNT: usize>(world: World, desk: Desk) {
        let mut stack = Stack::attach(&world);
        let conn = stack.connect(desk.address(&world).await).await;
        let (sent, mut back) = (pattern(0, COUNT), Vec::new());
        let mut sizes = [1, 7, 4 * KIB, 64 * KIB, 300 * KIB].into_iter().cycle();
        let mut from = 0;
        while from < COUNT {
            let to = (from + sizes.next().unwrap()).min(COUNT);
            stack.send(conn, sent[from..to].to_vec());
            from = to;
        }
        while back.len() < COUNT {
            match stack.next().await {
                Seen::Parcel(_, bytes) => back.extend_from_slice(&bytes),
                Seen::Flow(..) => {}
                other => panic!("{other:?}"),
            }
        }
        desk.note(format!("{} bytes, the same: {}", back.len(), back == sent));
        stack.close(conn);
    }
    check(echo::<1>, client::<1>, [&["ByRemote"], &["1 bytes, the same: true"]]);
    check(echo::<1>, client::<{ 1 << 20 }>, [&["ByRemote"], &["1048576 bytes, the same: true"]]);
}

#[test]
fn what_was_sent_before_the_close_arrives_before_it() {
    async fn server(world: World, desk: Desk) {
        let mut stack = Stack::attach(&world);
        desk.publish(stack.net(|net| net.listen(0)).unwrap());
        let conn = stack.accepted().await;
        // Never read by the other end: a socket closed over unread bytes is where TCP loses what it sent.
        stack.send(conn, pattern(0, 256 * KIB));
        let (bytes, how) = stack.rest(conn).await;
        desk.note(format!(
            "{} bytes, the right ones: {}, then {how:?}",
            bytes.len(),
            bytes == pattern(0, MIB)
        ));
        desk.note(format!("{:?}", stack.net(|net| net.addresses(conn))));
    }
    async fn client(world: World, desk: Desk) {
        let mut stack = Stack::attach(&world);
        let conn = stack.connect(desk.address(&world).await).await;
        for i in 0..1024 {
            stack.send(conn, pattern(i * KIB, KIB));
        }
        stack.close(conn);
        stack.send(conn, "nobody will read this");
        desk.note(format!("{:?}", stack.net(|net| net.addresses(conn))));
        world.sleep(Duration::from_millis(100)).await;
        desk.note(format!("{:?}", stack.now()));
    }
    check(
        server,
        client,
        [&["1048576 bytes, the right ones: true, then ByRemote", "None"], &["None", "None"]],
    );
}

#[test]
fn parcels_keep_their_order() {
    async fn server(world: World, desk: Desk) {
        let mut stack = Stack::attach(&world);
        desk.publish(stack.net(|net| net.listen(0)).unwrap());
        let conn = stack.accepted().await;
        let bytes = stack.bytes(conn, 4 * 5_000).await;
        let numbers: Vec<u32> = bytes.chunks(4).map(|n| u32::from_be_bytes(n.try_into().unwrap())).collect();
        desk.note(format!("in order: {}", numbers.into_iter().eq(0..5_000)));
        stack.close(conn);
    }
    async fn client(world: World, desk: Desk) {
        let mut stack = Stack::attach(&world);
        let conn = stack.connect(desk.address(&world).await).await;
        for n in 0..5_000u32 {
            stack.send(conn, n.to_be_bytes().to_vec());
            if n % 1_000 == 0 {
                world.sleep(Duration::from_micros(1)).await;
            }
        }
        desk.note(format!("{:?}", stack.rest(conn).await));
    }
    check(server, client, [&["in order: true"], &["([], ByRemote)"]]);
}

#[test]
fn two_connections_do_not_mix() {
    async fn client(world: World, desk: Desk) {
        let mut stack = Stack::attach(&world);
        let to = desk.address(&world).await;
        let conns = [stack.connect(to).await, stack.connect(to).await];
        assert_ne!(conns[0].index(), conns[1].index());
        for _ in 0..500 {
            stack.send(conns[0], "aaa");
            stack.send(conns[1], "bb");
        }
        let mut back = [Vec::new(), Vec::new()];
        while back[0].len() < 1_500 || back[1].len() < 1_000 {
            match stack.next().await {
                Seen::Parcel(conn, bytes) => back[usize::from(conn == conns[1])].extend_from_slice(&bytes),
                other => panic!("{other:?}"),
            }
        }
        for (back, letter) in back.iter().zip(*b"ab") {
            desk.note(format!("{} {}", back.len(), back.iter().all(|b| *b == letter)));
        }
        conns.into_iter().for_each(|conn| stack.close(conn));
    }
    check(echo::<2>, client, [&["ByRemote", "ByRemote"], &["1500 true", "1000 true"]]);
}

#[test]
fn both_ends_know_both_addresses() {
    async fn server(world: World, desk: Desk) {
        let mut stack = Stack::attach(&world);
        let listening = stack.net(|net| net.listen(0)).unwrap();
        desk.publish(listening);
        let Seen::Accepted(conn, local, remote) = stack.next().await else { panic!("no connection") };
        assert_eq!(local, listening);
        assert_eq!(stack.net(|net| net.addresses(conn)), Some((local, remote)));
        stack.send(conn, remote.to_string());
        desk.note(format!("{:?}", stack.rest(conn).await));
    }
    async fn client(world: World, desk: Desk) {
        let mut stack = Stack::attach(&world);
        let to = desk.address(&world).await;
        let conn = stack.net(|net| net.dial(to));
        let Seen::Connected(_, local) = stack.next().await else { panic!("no connection") };
        assert_eq!(local.ip(), world.ip());
        assert_eq!(stack.net(|net| net.addresses(conn)), Some((local, to)));
        let Seen::Parcel(_, bytes) = stack.next().await else { panic!("no parcel") };
        desk.note(format!("seen as I am: {}", bytes == local.to_string()));
        stack.close(conn);
    }
    check(server, client, [&["([], ByRemote)"], &["seen as I am: true"]]);
}

/// A port nobody listens on.
const DEAF: u16 = 1;

#[test]
fn a_dial_to_nobody_is_refused() {
    async fn role(world: World, desk: Desk) {
        let mut stack = Stack::attach(&world);
        let to = SocketAddr::new(world.ip(), DEAF);
        let dialled = stack.net(|net| net.dial(to));
        let Seen::DialFailed(conn, error) = stack.next().await else { panic!("it is there") };
        assert_eq!((conn, error), (dialled, DialError::Refused(to)));
        stack.send(conn, "lost");
        stack.close(conn);
        desk.note(format!("{:?} {:?}", stack.net(|net| net.addresses(conn)), world.population().connections));
    }
    check_alone(role, &["None 0"]);
}

#[test]
fn a_dial_given_up_is_never_heard_of() {
    async fn server(world: World, desk: Desk) {
        let mut stack = Stack::attach(&world);
        desk.publish(stack.net(|net| net.listen(0)).unwrap());
        desk.wait(&world, "given up").await;
        let conn = loop {
            // The one given up may have been seen coming and going; the next one talks.
            match stack.next().await {
                Seen::Parcel(conn, bytes) if bytes == "here" => break conn,
                Seen::Accepted(..) | Seen::Closed(..) => {}
                other => panic!("{other:?}"),
            }
        };
        desk.note(format!("{}", world.population().connections));
        stack.close(conn);
    }
    async fn client(world: World, desk: Desk) {
        let mut stack = Stack::attach(&world);
        let to = desk.address(&world).await;
        let given_up = stack.net(|net| net.dial(to));
        stack.close(given_up);
        desk.note(format!("{}", world.population().connections));
        world.sleep(Duration::from_millis(100)).await;
        assert!(stack.now().is_none());
        desk.signal("given up");
        let conn = stack.connect(to).await;
        assert_ne!(conn, given_up);
        stack.send(conn, "here");
        desk.note(format!("{:?}", stack.rest(conn).await));
    }
    check(server, client, [&["1"], &["0", "([], ByRemote)"]]);
}

#[test]
fn a_port_is_taken_once() {
    async fn role(world: World, desk: Desk) {
        let (first, second) = (Stack::attach(&world), Stack::attach(&world));
        let taken = first.net(|net| net.listen(0)).unwrap();
        assert_eq!(taken.ip(), world.ip());
        for stack in [&first, &second] {
            let answer = stack.net(|net| net.listen(taken.port()));
            desk.note(format!("{}", answer == Err(ListenError::Taken(taken.port()))));
        }
        let other = second.net(|net| net.listen(0)).unwrap();
        assert_ne!(other, taken);
        let datagrams = first.net(|net| net.bind_datagrams(0)).unwrap();
        let answer = second.net(|net| net.bind_datagrams(datagrams.port()));
        desk.note(format!("{}", answer == Err(ListenError::Taken(datagrams.port()))));
    }
    check_alone(role, &["true", "true", "true"]);
}

/// More than the kernel and both queues hold.
const FLOOD: usize = 24 * MIB;

#[test]
fn a_paused_connection_holds_and_loses_nothing() {
    async fn server(world: World, desk: Desk) {
        let mut stack = Stack::attach(&world);
        desk.publish(stack.net(|net| net.listen(0)).unwrap());
        let conn = stack.accepted().await;
        stack.net(|net| net.pause(conn, true));
        let mut all = Vec::new();
        while let Some(Seen::Parcel(_, bytes)) = stack.now() {
            all.extend_from_slice(&bytes); // was on its way up when the pause came
        }
        desk.wait(&world, "held").await;
        desk.note(format!("while paused: {:?}", stack.now()));
        stack.net(|net| net.pause(conn, false));
        let (rest, how) = stack.rest(conn).await;
        all.extend_from_slice(&rest);
        desk.note(format!(
            "{} bytes, the right ones: {}, then {how:?}",
            all.len(),
            all == pattern(0, FLOOD + 5)
        ));
    }
    async fn client(world: World, desk: Desk) {
        let mut stack = Stack::attach(&world);
        let conn = stack.connect(desk.address(&world).await).await;
        for i in 0..FLOOD / (64 * KIB) {
            stack.send(conn, pattern(i * 64 * KIB, 64 * KIB));
        }
        let Seen::Flow(held, open) = stack.next().await else { panic!("not told to hold") };
        desk.note(format!("flows: {open}, on the connection that is paused: {}", held == conn));
        stack.send(conn, pattern(FLOOD, 5));
        world.sleep(Duration::from_millis(50)).await;
        desk.signal("held");
        let Seen::Flow(_, open) = stack.next().await else { panic!("not told to go on") };
        desk.note(format!("flows: {open}"));
        stack.close(conn);
    }
    let all = "25165829 bytes, the right ones: true, then ByRemote";
    check(
        server,
        client,
        [
            &["while paused: None", all],
            &["flows: false, on the connection that is paused: true", "flows: true"],
        ],
    );
}

#[test]
fn datagrams_go_there_and_back_and_to_nobody() {
    async fn server(world: World, desk: Desk) {
        let mut stack = Stack::attach(&world);
        let local = stack.net(|net| net.bind_datagrams(0)).unwrap();
        desk.publish(local);
        let Seen::Datagram(from, bytes) = stack.next().await else { panic!("not a datagram") };
        desk.note(format!("{} bytes", bytes.len()));
        stack.net(|net| net.send_datagram(local, from, Bytes::from_static(b"and back")));
        desk.wait(&world, "done").await;
    }
    async fn client(world: World, desk: Desk) {
        let mut stack = Stack::attach(&world);
        let to = desk.address(&world).await;
        let local = stack.net(|net| net.bind_datagrams(0)).unwrap();
        let nobody = SocketAddr::new(to.ip(), DEAF);
        stack.net(|net| net.send_datagram(local, nobody, Bytes::from_static(b"anyone?")));
        world.sleep(Duration::from_millis(50)).await; // an answer from nobody would be there by now
        stack.net(|net| net.send_datagram(local, to, pattern(0, 1_280).into()));
        let Seen::Datagram(from, bytes) = stack.next().await else { panic!("not a datagram") };
        desk.note(format!("{bytes:?}, from where it was sent: {}", from == to));
        // From a port that is not bound here: goes nowhere.
        stack.net(|net| net.send_datagram(nobody, local, Bytes::from_static(b"lost")));
        desk.signal("done");
    }
    check(server, client, [&["1280 bytes"], &["b\"and back\", from where it was sent: true"]]);
}
