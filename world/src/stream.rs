//! Byte streams and datagram sockets in the usual shape, for code that would rather await than be called.
//!
//! A convenience on top of [`Endpoint`](crate::Endpoint) and [`Net`], the same for both dialects: [`Listener`],
//! [`Dialer`], [`Stream`] with tokio's `AsyncRead` and `AsyncWrite`, and [`Datagrams`]. What they open belongs to the
//! scope of the world they were given and dies with it: streams then read a reset. Ports are held until then, too;
//! who wants a port back sooner listens in a scope of its own.
//!
//! What is not here: half-closed streams. The world closes both directions at once, so [`Stream`]'s shutdown does.

mod datagrams;
mod hub;

pub use datagrams::Datagrams;

use crate::{Closed, ConnId, DialError, ListenError, Net, Parcel, Sleep, World};
use bytes::{Buf, Bytes};
use hub::{Backlog, Hub, Pipe};
use std::cell::RefCell;
use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that one parcel of a stream holds at most.
const PIECE: usize = 64 * 1024;
/// Above this many unread bytes a stream takes no more from the other end.
const PAUSE_ABOVE: usize = 256 * 1024;
/// Below this many it does again.
const RESUME_BELOW: usize = 64 * 1024;
/// What one stream sends at once before it lets time pass: a writer that never waits would otherwise fill the memory
/// before the other end's answer can hold it.
const BURST: usize = 1024 * 1024;
/// The time it lets pass then.
const BREATH: Duration = Duration::from_millis(1);

/// Takes streams in on one port.
#[derive(Debug)]
pub struct Listener {
    local: SocketAddr,
    backlog: Rc<Backlog>,
}

impl Listener {
    /// Listens on `port`; 0 takes a free one.
    pub fn bind(world: &World, port: u16) -> Result<Self, ListenError> {
        let (hub, net) = Hub::attach(world);
        let local = net.listen(port)?;
        Ok(Self { local, backlog: Rc::clone(&hub.backlog) })
    }

    /// The address it listens on.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// The next stream that comes in, and where it comes from. Waits forever once the scope is dead.
    pub async fn accept(&mut self) -> (Stream, SocketAddr) {
        let stream = poll_fn(|cx| self.backlog.poll_accept(cx)).await;
        let remote = stream.remote;
        (stream, remote)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.backlog.close();
    }
}

/// Opens any number of streams through one stack.
#[derive(Debug)]
pub struct Dialer {
    hub: Weak<Hub>,
    net: Net,
    world: World,
}

impl Dialer {
    /// A dialler in the scope of `world`.
    pub fn new(world: &World) -> Self {
        let (hub, net) = Hub::attach(world);
        Self { hub: Rc::downgrade(&hub), net, world: world.clone() }
    }

    /// Opens a stream to `to`. Dropping the future gives it up.
    pub async fn connect(&self, to: SocketAddr) -> Result<Stream, DialError> {
        let Some(hub) = self.hub.upgrade() else {
            return Err(DialError::Failed(to, "the scope has been killed".to_owned()));
        };
        let id = self.net.dial(to);
        let pipe = hub.add(id, false);
        drop(hub);
        let mut stream = Stream::new(&self.world, &self.net, id, &pipe, to, to);
        poll_fn(|cx| pipe.borrow_mut().poll_dialled(cx)).await?;
        stream.local = self.net.addresses(id).map_or(stream.local, |(local, _)| local);
        Ok(stream)
    }
}

/// A stream of bytes in both directions. Dropping it closes it, after what was written has gone out.
pub struct Stream {
    world: World,
    net: Net,
    id: ConnId,
    pipe: Rc<RefCell<Pipe>>,
    local: SocketAddr,
    remote: SocketAddr,
    credit: usize,
    breath: Option<Sleep>,
}

impl Stream {
    /// Opens a stream to `to` through a stack of its own. Who dials often keeps a [`Dialer`].
    pub async fn connect(world: &World, to: SocketAddr) -> Result<Self, DialError> {
        Dialer::new(world).connect(to).await
    }

    fn new(
        world: &World,
        net: &Net,
        id: ConnId,
        pipe: &Rc<RefCell<Pipe>>,
        local: SocketAddr,
        remote: SocketAddr,
    ) -> Self {
        let (world, net, pipe) = (world.clone(), net.clone(), Rc::clone(pipe));
        Self { world, net, id, pipe, local, remote, credit: BURST, breath: None }
    }

    /// The address of this end.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// The address of the other end.
    pub fn peer_addr(&self) -> SocketAddr {
        self.remote
    }

    fn close(&mut self) {
        if !std::mem::replace(&mut self.pipe.borrow_mut().shut, true) {
            self.net.close(self.id);
        }
    }

    /// Ready when there is something to be sent with.
    fn poll_credit(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.credit > 0 {
            return Poll::Ready(());
        }
        let breath = self.breath.get_or_insert_with(|| self.world.sleep(BREATH));
        ready!(Pin::new(breath).poll(cx));
        self.breath = None;
        self.credit = BURST;
        Poll::Ready(())
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut pipe = self.pipe.borrow_mut();
        let pipe = &mut *pipe;
        let room = out.remaining();
        while out.remaining() > 0
            && let Some(front) = pipe.inbox.front_mut()
        {
            let n = front.len().min(out.remaining());
            out.put_slice(&front[..n]);
            front.advance(n);
            pipe.unread -= n;
            if front.is_empty() {
                pipe.inbox.pop_front();
            }
        }
        if room > 0 && out.remaining() == room {
            return match pipe.end {
                _ if pipe.shut => Poll::Ready(Ok(())),
                Some(Closed::ByRemote) => Poll::Ready(Ok(())),
                Some(Closed::Reset) => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
                None => {
                    pipe.reader = Some(cx.waker().clone());
                    Poll::Pending
                }
            };
        }
        if pipe.paused && pipe.unread < RESUME_BELOW {
            pipe.paused = false;
            self.net.pause(self.id, false);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        {
            let mut pipe = self.pipe.borrow_mut();
            match pipe.end {
                Some(Closed::Reset) => return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
                Some(Closed::ByRemote) => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
                None if pipe.shut => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
                None => {}
            }
            // Noted before any wait: an end that comes meanwhile is to wake a writer out of it.
            pipe.writer = Some(cx.waker().clone());
            if !pipe.flows {
                return Poll::Pending;
            }
        }
        ready!(self.poll_credit(cx));
        let n = bytes.len().min(PIECE).min(self.credit);
        self.credit -= n;
        self.net.send(self.id, Parcel::plain(Bytes::copy_from_slice(&bytes[..n])));
        Poll::Ready(Ok(n))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(())) // nothing is kept back here
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.close();
        Poll::Ready(Ok(()))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream")
            .field("local", &self.local)
            .field("remote", &self.remote)
            .finish_non_exhaustive()
    }
}
