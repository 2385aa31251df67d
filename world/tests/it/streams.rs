//! Byte streams and datagram sockets.

use crate::harness::{Desk, check, check_alone, pattern};
use bytes::Bytes;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use world::stream::{Datagrams, Dialer, Listener, Stream};
use world::{DialError, World};

const MOMENT: Duration = Duration::from_millis(50);

async fn accept_one(world: &World, desk: &Desk) -> Stream {
    let mut listener = Listener::bind(world, 0).unwrap();
    desk.publish(listener.local_addr());
    let (stream, remote) = listener.accept().await;
    assert_eq!(stream.peer_addr(), remote);
    stream
}

#[test]
fn a_stream_reads_what_the_other_wrote() {
    async fn server(world: World, desk: Desk) {
        let mut stream = accept_one(&world, &desk).await;
        let mut line = [0; 6];
        stream.read_exact(&mut line).await.unwrap();
        stream.write_all(b"you said ").await.unwrap();
        stream.write_all(&line).await.unwrap();
        stream.shutdown().await.unwrap();
        desk.note(format!("{:?}", stream.write_all(b"more").await.map_err(|error| error.kind())));
        desk.note(format!("{:?}", stream.read_to_end(&mut Vec::new()).await.map_err(|error| error.kind())));
    }
    async fn client(world: World, desk: Desk) {
        let to = desk.address(&world).await;
        let mut stream = Stream::connect(&world, to).await.unwrap();
        assert_eq!((stream.local_addr().ip(), stream.peer_addr()), (world.ip(), to));
        assert_ne!(stream.local_addr().port(), 0);
        stream.write_all(b"hello!").await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        desk.note(answer);
        desk.note(format!("{:?}", stream.write_all(b"more").await.map_err(|error| error.kind())));
    }
    check(server, client, [&["Err(BrokenPipe)", "Ok(0)"], &["you said hello!", "Err(BrokenPipe)"]]);
}

/// More than all buffers on the way.
const FLOOD: usize = 24 * 1024 * 1024;

#[test]
fn a_slow_reader_gets_everything() {
    async fn server(world: World, desk: Desk) {
        let mut stream = accept_one(&world, &desk).await;
        let (mut count, mut right, mut piece) = (0, true, vec![0; 100_000]);
        loop {
            let n = stream.read(&mut piece).await.unwrap();
            if n == 0 {
                break;
            }
            right &= piece[..n] == pattern(count, n);
            let before = count / (1 << 20);
            count += n;
            if count / (1 << 20) != before {
                world.sleep(Duration::from_millis(2)).await;
            }
        }
        desk.note(format!("{count} {right}"));
    }
    async fn client(world: World, desk: Desk) {
        let mut stream = Stream::connect(&world, desk.address(&world).await).await.unwrap();
        stream.write_all(&pattern(0, FLOOD)).await.unwrap();
        desk.note("written");
        // Until the other end closes: a close here has a bound, and the reader is slow.
        desk.note(format!("{:?}", stream.read(&mut [0]).await.map_err(|error| error.kind())));
    }
    async fn counting(world: World, desk: Desk) {
        let mut stream = accept_one(&world, &desk).await;
        let mut all = vec![0; FLOOD];
        for piece in all.chunks_mut(1 << 20) {
            stream.read_exact(piece).await.unwrap();
            world.sleep(Duration::from_millis(2)).await;
        }
        desk.note(format!("{}", all == pattern(0, FLOOD)));
    }
    async fn closing(world: World, desk: Desk) {
        let mut stream = Stream::connect(&world, desk.address(&world).await).await.unwrap();
        stream.write_all(&pattern(0, 1 << 20)).await.unwrap();
        drop(stream); // closes behind what was written
        desk.note("written");
    }
    check(counting, client, [&["true"], &["written", "Ok(0)"]]);
    check(server, closing, [&["1048576 true"], &["written"]]);
}

#[test]
fn a_reader_that_never_reads_holds_the_writer() {
    async fn server(world: World, desk: Desk) {
        let _stream = accept_one(&world, &desk).await;
        desk.wait(&world, "held").await;
    }
    async fn client(world: World, desk: Desk) {
        let mut stream = Stream::connect(&world, desk.address(&world).await).await.unwrap();
        let piece = vec![7; 1 << 20];
        let mut written = 0;
        let stuck = loop {
            tokio::select! {
                biased;
                result = stream.write_all(&piece) => {
                    result.unwrap();
                    written += 1;
                }
                () = world.sleep(20 * MOMENT) => break true,
            }
            if written > 1_000 {
                break false;
            }
        };
        desk.note(format!("stuck: {stuck}"));
        desk.signal("held");
        // The other end goes over what it has not read: this end has lost something.
        let end = stream.read(&mut [0]).await.map_err(|error| error.kind());
        assert!(matches!(end, Ok(0) | Err(std::io::ErrorKind::ConnectionReset)), "{end:?}");
    }
    check(server, client, [&[], &["stuck: true"]]);
}

#[test]
fn streams_end_with_their_scope_on_both_sides() {
    async fn server(world: World, desk: Desk) {
        let scope = world.scope();
        let mut listener = Listener::bind(scope.world(), 0).unwrap();
        desk.publish(listener.local_addr());
        let (mut stream, _) = listener.accept().await;
        stream.read_exact(&mut [0; 3]).await.unwrap();
        let port = listener.local_addr().port();
        drop(scope);
        // Held from outside of the scope: told as well.
        desk.note(format!("{:?}", stream.read(&mut [0]).await.map_err(|error| error.kind())));
        desk.note(format!("{:?}", stream.write(&[0]).await.map_err(|error| error.kind())));
        desk.note(format!("{}", Listener::bind(&world, port).is_ok()));
    }
    async fn client(world: World, desk: Desk) {
        let mut stream = Stream::connect(&world, desk.address(&world).await).await.unwrap();
        stream.write_all(b"die").await.unwrap();
        desk.note(format!("{:?}", stream.read(&mut [0]).await.map_err(|error| error.kind())));
    }
    let reset = "Err(ConnectionReset)";
    check(server, client, [&[reset, reset, "true"], &[reset]]);
}

#[test]
fn a_listener_that_is_gone_takes_nobody_in() {
    async fn server(world: World, desk: Desk) {
        let mut listener = Listener::bind(&world, 0).unwrap();
        desk.publish(listener.local_addr());
        let (mut first, _) = listener.accept().await;
        drop(listener);
        first.write_all(b"go").await.unwrap();
        // The stream accepted lives on.
        desk.note(format!("{:?}", first.read(&mut [0]).await.map_err(|error| error.kind())));
    }
    async fn client(world: World, desk: Desk) {
        let dialer = Dialer::new(&world);
        let to = desk.address(&world).await;
        let mut first = dialer.connect(to).await.unwrap();
        first.read_exact(&mut [0; 2]).await.unwrap();
        let mut second = dialer.connect(to).await.unwrap();
        desk.note(format!("{:?}", second.read(&mut [0]).await.map_err(|error| error.kind())));
        first.write_all(b"!").await.unwrap();
    }
    check(server, client, [&["Ok(1)"], &["Ok(0)"]]);
}

#[test]
fn a_stream_to_nobody_is_refused() {
    async fn role(world: World, desk: Desk) {
        let to = SocketAddr::new(world.ip(), 1);
        desk.note(format!("{}", Stream::connect(&world, to).await.unwrap_err() == DialError::Refused(to)));
        let scope = world.scope();
        let dialer = Dialer::new(scope.world());
        drop(scope);
        desk.note(format!("{}", dialer.connect(to).await.is_err()));
        desk.note(format!("{}", world.population().connections));
    }
    check_alone(role, &["true", "true", "0"]);
}

#[test]
fn datagram_sockets_answer_each_other() {
    async fn server(world: World, desk: Desk) {
        let mut socket = Datagrams::bind(&world, 0).unwrap();
        desk.publish(socket.local_addr());
        for _ in 0..3 {
            let (bytes, from) = socket.recv_from().await;
            desk.note(format!("{bytes:?}"));
            socket.send_to(bytes, from);
        }
        desk.wait(&world, "done").await;
    }
    async fn client(world: World, desk: Desk) {
        let mut socket = Datagrams::bind(&world, 0).unwrap();
        let to = desk.address(&world).await;
        for word in ["one", "two", "three"] {
            socket.send_to(Bytes::from(word), to);
            let (bytes, from) = socket.recv_from().await;
            assert_eq!((bytes, from), (Bytes::from(word), to));
        }
        desk.note("done");
        desk.signal("done");
    }
    check(server, client, [&["b\"one\"", "b\"two\"", "b\"three\""], &["done"]]);
}
