//! The real dialect against plain sockets of the standard library: what others see of it, and what it makes of others.

use crate::harness::{Seen, Stack, pattern};
use std::future::Future;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;
use tokio::task::LocalSet;
use world::real::Host;
use world::{Closed, DialError, ListenError};

/// Longer than any of these takes on the slowest machine.
const WALL_LIMIT: Duration = Duration::from_secs(60);

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new()
        .block_on(&runtime, async { tokio::time::timeout(WALL_LIMIT, test).await.expect("stuck") });
}

/// Does something that blocks, on a thread of its own.
async fn aside<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> R {
    tokio::task::spawn_blocking(work).await.unwrap()
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

#[test]
fn a_plain_client_sees_a_close_or_a_reset() {
    run(async {
        let host = Host::default();
        let scope = host.scope();
        let mut stack = Stack::attach(scope.world());
        let at = stack.net(|net| net.listen(0)).unwrap();
        let mut clients = [TcpStream::connect(at).unwrap(), TcpStream::connect(at).unwrap()];
        let conns = [stack.accepted().await, stack.accepted().await];
        for (conn, client) in conns.into_iter().zip(&mut clients) {
            client.write_all(b"never read").unwrap();
            stack.bytes(conn, 10).await;
            stack.send(conn, "bye");
        }
        stack.close(conns[0]);
        let [mut closed, mut reset] = clients;
        let read = aside(move || {
            let mut all = Vec::new();
            closed.read_to_end(&mut all).map(|_| all)
        });
        assert_eq!(read.await.unwrap(), b"bye");
        drop(scope);
        let read = aside(move || reset.read_to_end(&mut Vec::new()).map_err(|error| error.kind()));
        assert_eq!(read.await, Err(ErrorKind::ConnectionReset));
    });
}

/// What was said last arrives although the host is gone and the other side is talking.
#[test]
fn a_kill_does_not_break_off_what_is_closing() {
    run(async {
        let host = Host::default();
        let mut stack = Stack::attach(&host.world());
        let at = stack.net(|net| net.listen(0)).unwrap();
        let mut client = TcpStream::connect(at).unwrap();
        let conn = stack.accepted().await;
        stack.send(conn, "bye");
        stack.close(conn);
        drop(host);
        let heard = aside(move || {
            client.write_all(b"what about")?;
            client.write_all(b"this?")?;
            let mut all = Vec::new();
            client.read_to_end(&mut all).map(|_| all)
        });
        assert_eq!(heard.await.unwrap(), b"bye");
    });
}

#[test]
fn a_plain_server_that_closes_or_breaks_off() {
    run(async {
        let host = Host::default();
        let mut stack = Stack::attach(&host.world());
        let listener = TcpListener::bind(loopback(0)).unwrap();
        let to = listener.local_addr().unwrap();
        let (first, second) = (stack.connect(to).await, stack.connect(to).await);
        let (mut closing, _) = listener.accept().unwrap();
        let (breaking, _) = listener.accept().unwrap();
        closing.write_all(b"bye").unwrap();
        drop(closing);
        assert_eq!(stack.rest(first).await, (b"bye".to_vec(), Closed::ByRemote));
        stack.send(second, "unread when the socket goes");
        assert_eq!(aside(move || breaking.peek(&mut [0]).map(|_| drop(breaking))).await.ok(), Some(()));
        assert_eq!(stack.rest(second).await, (Vec::new(), Closed::Reset));
    });
}

#[test]
fn what_cannot_be_flushed_in_time_ends_in_a_reset() {
    run(async {
        let host = Host::default();
        let mut stack = Stack::attach(&host.world());
        let listener = TcpListener::bind(loopback(0)).unwrap();
        let conn = stack.connect(listener.local_addr().unwrap()).await;
        let (mut deaf, _) = listener.accept().unwrap();
        let flood = 64 * 1024 * 1024;
        stack.send(conn, pattern(0, flood));
        stack.close(conn);
        // Twice the bound of a close; then the other end learns that it has not seen everything.
        host.world().sleep(Duration::from_secs(2)).await;
        let (count, end) = aside(move || {
            let mut all = Vec::new();
            let end = deaf.read_to_end(&mut all).map_err(|error| error.kind());
            (all.len(), end)
        })
        .await;
        assert!(count < flood);
        assert_eq!(end, Err(ErrorKind::ConnectionReset));
    });
}

#[test]
fn a_port_another_process_has_is_taken() {
    run(async {
        let host = Host::default();
        let stack = Stack::attach(&host.world());
        let (stream, datagram) =
            (TcpListener::bind(loopback(0)).unwrap(), UdpSocket::bind(loopback(0)).unwrap());
        let port = stream.local_addr().unwrap().port();
        assert_eq!(stack.net(|net| net.listen(port)), Err(ListenError::Taken(port)));
        let port = datagram.local_addr().unwrap().port();
        assert_eq!(stack.net(|net| net.bind_datagrams(port)), Err(ListenError::Taken(port)));
    });
}

#[test]
fn an_address_that_is_not_ours_says_so() {
    run(async {
        // TEST-NET-1 of RFC 5737: nobody's.
        let foreign = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
        let host = Host::with_seed(foreign, 1);
        let mut stack = Stack::attach(&host.world());
        let at = SocketAddr::new(foreign, 0);
        assert!(matches!(stack.net(|net| net.listen(0)), Err(ListenError::Failed(addr, _)) if addr == at));
        let to = SocketAddr::new(foreign, 9);
        let dialled = stack.net(|net| net.dial(to));
        let Seen::DialFailed(conn, DialError::Failed(addr, _)) = stack.next().await else {
            panic!("it works")
        };
        assert_eq!((conn, addr), (dialled, to));
    });
}

#[test]
fn datagrams_reach_plain_sockets_in_full_length() {
    run(async {
        let host = Host::default();
        let mut stack = Stack::attach(&host.world());
        let local = stack.net(|net| net.bind_datagrams(0)).unwrap();
        let plain = UdpSocket::bind(loopback(0)).unwrap();
        let there = plain.local_addr().unwrap();
        for size in [0, 1, 1_280, 60_000] {
            stack.net(|net| net.send_datagram(local, there, pattern(0, size).into()));
            let socket = plain.try_clone().unwrap();
            let echoed = aside(move || {
                let mut buffer = vec![0; 65_536];
                let (count, from) = socket.recv_from(&mut buffer).unwrap();
                socket.send_to(&buffer[..count], from).unwrap();
                count
            });
            assert_eq!(echoed.await, size);
            let Seen::Datagram(from, bytes) = stack.next().await else { panic!("not a datagram") };
            assert_eq!((from, bytes.to_vec()), (there, pattern(0, size)));
        }
    });
}

#[test]
fn a_dropped_host_takes_everything_along() {
    run(async {
        let host = Host::default();
        let scope = host.scope();
        let mut stack = Stack::attach(scope.world());
        let at = stack.net(|net| net.listen(0)).unwrap();
        let mut client = TcpStream::connect(at).unwrap();
        stack.accepted().await;
        drop(host);
        assert_eq!(scope.world().population(), world::Population::default());
        assert_eq!(client.read(&mut [0]).map_err(|error| error.kind()), Err(ErrorKind::ConnectionReset));
        assert!(TcpListener::bind(at).is_ok());
    });
}

#[test]
fn hundreds_of_connections_end_in_order() {
    const COUNT: usize = 300;
    run(async {
        let (server, client) = (Host::default(), Host::default());
        let (mut there, mut here) = (Stack::attach(&server.world()), Stack::attach(&client.world()));
        let at = there.net(|net| net.listen(0)).unwrap();
        for _ in 0..COUNT {
            here.net(|net| net.dial(at));
        }
        for _ in 0..COUNT {
            let Seen::Connected(conn, _) = here.next().await else { panic!("not connected") };
            here.send(conn, "hello");
            here.close(conn);
        }
        let (mut heard, mut closed) = (0, 0);
        while closed < COUNT {
            match there.next().await {
                Seen::Accepted(..) => {}
                Seen::Parcel(_, bytes) => heard += bytes.len(),
                Seen::Closed(_, Closed::ByRemote) => closed += 1,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(heard, 5 * COUNT);
        assert_eq!(
            (server.world().population().connections, client.world().population().connections),
            (0, 0)
        );
    });
}
