//! The real side of [`Net`](crate::Net): one attached stack and everything it has open.

use super::Place;
use super::clock::Key;
use super::conn::{self, Conn};
use super::datagram::{self, Port};
use crate::endpoint::{Closed, ConnId, DialError, Endpoint, ListenError, Parcel};
use bytes::Bytes;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};
use tokio::task::AbortHandle;

/// Pause of a listener that cannot accept, which is when the process has no file left to open.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// One attached stack. Its parts are borrowed for moments only, never across a call into the endpoint.
pub(super) struct Stack {
    place: Rc<Place>,
    /// `None` once the scope has been killed, which also ends the circle through the stack's own [`RealNet`].
    endpoint: RefCell<Option<Rc<dyn Endpoint>>>,
    conns: RefCell<BTreeMap<ConnId, State>>,
    /// Closed by this end, with something left to send; the endpoint knows them no more.
    closing: RefCell<Vec<Rc<Conn>>>,
    listeners: RefCell<Vec<Listener>>,
    ports: RefCell<BTreeMap<SocketAddr, Rc<Port>>>,
    alarm: Cell<Option<Key>>,
}

enum State {
    Dialling { to: SocketAddr, task: Option<AbortHandle> },
    Open(Rc<Conn>),
}

struct Listener {
    socket: Rc<RefCell<Option<TcpListener>>>,
    task: AbortHandle,
}

impl Stack {
    pub(super) fn attach(place: Rc<Place>, endpoint: Rc<dyn Endpoint>) -> Rc<Self> {
        Rc::new(Self {
            place,
            endpoint: RefCell::new(Some(endpoint)),
            conns: RefCell::default(),
            closing: RefCell::default(),
            listeners: RefCell::default(),
            ports: RefCell::default(),
            alarm: Cell::new(None),
        })
    }

    pub(super) fn endpoint(&self) -> Option<Rc<dyn Endpoint>> {
        self.endpoint.borrow().clone()
    }

    pub(super) fn connections(&self) -> usize {
        self.conns.borrow().len()
    }

    /// Calls the endpoint about a connection that it still knows.
    pub(super) fn tell(&self, id: ConnId, call: impl FnOnce(&dyn Endpoint)) {
        if !self.conns.borrow().contains_key(&id) {
            return;
        }
        if let Some(endpoint) = self.endpoint() {
            call(&*endpoint);
        }
    }

    /// A connection has come to its end by itself.
    pub(super) fn ended(&self, id: ConnId, how: Closed) {
        if self.forget(id).is_some()
            && let Some(endpoint) = self.endpoint()
        {
            endpoint.on_closed(id, how);
        }
    }

    /// A connection that was closing has closed.
    pub(super) fn finished(&self, conn: &Rc<Conn>) {
        self.closing.borrow_mut().retain(|known| !Rc::ptr_eq(known, conn));
    }

    /// The alarm under `key` has come.
    pub(super) fn ring(&self, key: Key) {
        if self.alarm.get() != Some(key) {
            return;
        }
        self.alarm.set(None);
        if let Some(endpoint) = self.endpoint() {
            endpoint.on_alarm();
        }
    }

    fn forget(&self, id: ConnId) -> Option<State> {
        let state = self.conns.borrow_mut().remove(&id)?;
        self.place.ids.borrow_mut().give_back(id);
        Some(state)
    }

    fn open_conn(&self, id: ConnId) -> Option<Rc<Conn>> {
        match self.conns.borrow().get(&id)? {
            State::Open(conn) => Some(Rc::clone(conn)),
            State::Dialling { .. } => None,
        }
    }

    fn is_dead(&self) -> bool {
        self.endpoint.borrow().is_none()
    }

    pub(super) fn kill(&self) {
        // Let go of at the end: its own drop may still look at the net.
        let endpoint = self.endpoint.take();
        for (id, state) in self.conns.take() {
            self.place.ids.borrow_mut().give_back(id);
            match state {
                State::Dialling { task, .. } => task.iter().for_each(AbortHandle::abort),
                State::Open(conn) => conn.cut(),
            }
        }
        for conn in self.closing.take() {
            conn.cut();
        }
        for listener in self.listeners.take() {
            drop(listener.socket.take());
            listener.task.abort();
        }
        for port in self.ports.take().into_values() {
            port.close();
        }
        if let Some(key) = self.alarm.take() {
            self.place.timers.cancel(key);
        }
        drop(endpoint);
    }
}

/// Takes what comes in on one port, until the socket is taken away.
async fn accept(stack: Rc<Stack>, socket: Rc<RefCell<Option<TcpListener>>>) {
    loop {
        let accepted = poll_fn(|cx| match &*socket.borrow() {
            Some(listener) => listener.poll_accept(cx).map(Some),
            None => Poll::Ready(None),
        });
        match accepted.await {
            Some(Ok((stream, remote))) => accepted_one(&stack, stream, remote),
            Some(Err(_)) => tokio::time::sleep(ACCEPT_AGAIN).await,
            None => return,
        }
    }
}

fn accepted_one(stack: &Rc<Stack>, stream: TcpStream, remote: SocketAddr) {
    let Some(endpoint) = stack.endpoint() else { return };
    let Ok(local) = stream.local_addr() else { return };
    let conn = Conn::new(Rc::clone(&stack.place), stream, local, remote);
    let id = stack.place.ids.borrow_mut().take();
    stack.conns.borrow_mut().insert(id, State::Open(Rc::clone(&conn)));
    // The task starts later, so the endpoint hears of the connection before anything on it.
    tokio::task::spawn_local(conn::run(Rc::clone(stack), id, conn));
    endpoint.on_accepted(id, local, remote);
}

/// Connects, tells the endpoint, and stays as the connection's task.
async fn dial(stack: Rc<Stack>, id: ConnId, to: SocketAddr) {
    match connect(stack.place.ip, to).await {
        Ok((stream, local)) => {
            let conn = Conn::new(Rc::clone(&stack.place), stream, local, to);
            match stack.conns.borrow_mut().get_mut(&id) {
                Some(state) => *state = State::Open(Rc::clone(&conn)),
                None => return,
            }
            stack.tell(id, |endpoint| endpoint.on_connected(id, local));
            conn::run(stack, id, conn).await;
        }
        Err(error) => {
            if stack.forget(id).is_some()
                && let Some(endpoint) = stack.endpoint()
            {
                endpoint.on_dial_failed(id, dial_error(to, &error));
            }
        }
    }
}

async fn connect(from: IpAddr, to: SocketAddr) -> io::Result<(TcpStream, SocketAddr)> {
    let socket = if to.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // Dialled from the host's own address, where the other one can be reached from there.
    if !from.is_unspecified() && from.is_ipv4() == to.is_ipv4() && from.is_loopback() == to.ip().is_loopback()
    {
        socket.bind(SocketAddr::new(from, 0))?;
    }
    let stream = socket.connect(to).await?;
    let local = stream.local_addr()?;
    if local == to {
        // Two ends of one socket: the kernel chose the very port that was dialled, where nobody listens.
        return Err(ErrorKind::ConnectionRefused.into());
    }
    Ok((stream, local))
}

fn dial_error(to: SocketAddr, error: &io::Error) -> DialError {
    match error.kind() {
        ErrorKind::ConnectionRefused => DialError::Refused(to),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => DialError::Unreachable(to),
        _ => DialError::Failed(to, error.to_string()),
    }
}

fn listen_error(at: SocketAddr, error: &io::Error) -> ListenError {
    match error.kind() {
        ErrorKind::AddrInUse if at.port() != 0 => ListenError::Taken(at.port()),
        ErrorKind::AddrInUse => ListenError::Exhausted,
        _ => ListenError::Failed(at, error.to_string()),
    }
}

/// One stack's way to the sockets.
#[derive(Clone)]
pub(crate) struct RealNet(Rc<Stack>);

impl RealNet {
    pub(super) fn new(stack: Rc<Stack>) -> Self {
        Self(stack)
    }

    pub(crate) fn listen(&self, port: u16) -> Result<SocketAddr, ListenError> {
        let at = self.may_open(port)?;
        let (listener, local) = bind_stream(at).map_err(|error| listen_error(at, &error))?;
        let socket = Rc::new(RefCell::new(Some(listener)));
        let task = tokio::task::spawn_local(accept(Rc::clone(&self.0), Rc::clone(&socket))).abort_handle();
        self.0.listeners.borrow_mut().push(Listener { socket, task });
        Ok(local)
    }

    pub(crate) fn dial(&self, to: SocketAddr) -> ConnId {
        let id = self.0.place.ids.borrow_mut().take();
        if self.0.is_dead() {
            self.0.place.ids.borrow_mut().give_back(id);
            return id;
        }
        self.0.conns.borrow_mut().insert(id, State::Dialling { to, task: None });
        let handle = tokio::task::spawn_local(dial(Rc::clone(&self.0), id, to)).abort_handle();
        if let Some(State::Dialling { task, .. }) = self.0.conns.borrow_mut().get_mut(&id) {
            *task = Some(handle);
        }
        id
    }

    pub(crate) fn send(&self, conn: ConnId, parcel: Parcel) {
        if let Some(conn) = self.0.open_conn(conn) {
            conn.send(parcel.bytes);
        }
    }

    pub(crate) fn close(&self, conn: ConnId) {
        match self.0.forget(conn) {
            Some(State::Open(conn)) => {
                self.0.closing.borrow_mut().push(Rc::clone(&conn));
                conn.close();
            }
            Some(State::Dialling { task, .. }) => task.iter().for_each(AbortHandle::abort),
            None => {}
        }
    }

    pub(crate) fn pause(&self, conn: ConnId, paused: bool) {
        if let Some(conn) = self.0.open_conn(conn) {
            conn.pause(paused);
        }
    }

    pub(crate) fn set_alarm(&self, at: Option<Duration>) {
        let timers = &self.0.place.timers;
        let standing = self.0.alarm.take();
        if let Some(key) = standing {
            timers.cancel(key);
        }
        let wanted = at.filter(|_| !self.0.is_dead());
        self.0.alarm.set(wanted.map(|at| timers.ring_at(at, Rc::downgrade(&self.0))));
    }

    pub(crate) fn bind_datagrams(&self, port: u16) -> Result<SocketAddr, ListenError> {
        let at = self.may_open(port)?;
        let (socket, local) = bind_datagrams(at).map_err(|error| listen_error(at, &error))?;
        let port = Port::new(Rc::clone(&self.0.place), socket, local);
        self.0.ports.borrow_mut().insert(local, Rc::clone(&port));
        tokio::task::spawn_local(datagram::run(Rc::clone(&self.0), port));
        Ok(local)
    }

    pub(crate) fn send_datagram(&self, from: SocketAddr, to: SocketAddr, bytes: Bytes) {
        if let Some(port) = self.0.ports.borrow().get(&from) {
            port.send(to, bytes);
        }
    }

    pub(crate) fn addresses(&self, conn: ConnId) -> Option<(SocketAddr, SocketAddr)> {
        match self.0.conns.borrow().get(&conn)? {
            State::Open(conn) => Some((conn.local, conn.remote)),
            // The near port is the kernel's to choose, at the end of the dial.
            State::Dialling { to, .. } => Some((SocketAddr::new(self.0.place.ip, 0), *to)),
        }
    }

    fn may_open(&self, port: u16) -> Result<SocketAddr, ListenError> {
        let at = SocketAddr::new(self.0.place.ip, port);
        if self.0.is_dead() {
            return Err(ListenError::Failed(at, "its scope has been killed".to_owned()));
        }
        Ok(at)
    }
}

fn bind_stream(at: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = std::net::TcpListener::bind(at)?;
    listener.set_nonblocking(true)?;
    let local = listener.local_addr()?;
    Ok((TcpListener::from_std(listener)?, local))
}

fn bind_datagrams(at: SocketAddr) -> io::Result<(UdpSocket, SocketAddr)> {
    let socket = std::net::UdpSocket::bind(at)?;
    socket.set_nonblocking(true)?;
    let local = socket.local_addr()?;
    Ok((UdpSocket::from_std(socket)?, local))
}

impl fmt::Debug for RealNet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RealNet").field("ip", &self.0.place.ip).finish_non_exhaustive()
    }
}
