//! One caller's connection to a node's RPC: texts in, texts out, subscriptions in between.
//!
//! Where the texts come from and go to is the caller's: a WebSocket, a stream between two nodes, a test. Texts leave
//! in one of two ways: pushed to a closure, or pulled with [`RpcSession::next`], which lets a slow reader be slow.
//! A pushed text never leaves from inside a protocol's handler: notifications wait for a task of their own.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::poll_fn;
use std::rc::{Rc, Weak};
use std::task::{Poll, Waker};

use futures_util::FutureExt;
use serde_json::value::RawValue;
use world::World;

use super::error::RpcError;
use super::methods::{Answer, to_json};
use super::params::Params;
use super::request::{self, Call, Incoming, Item};
use super::subscription::{Outbox, Sink};
use crate::node::Node;

/// Calls of one session that may be under way at once; those beyond are refused.
const PENDING_LIMIT: usize = 1_000;

/// Responses that may wait to be sent; whoever asks on without reading them is let go.
const RESPONSE_LIMIT: usize = 1_000;

/// What became of a text that was pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It is on its way.
    Taken,
    /// There is no room now: here it is back. It is tried again with the next text, and at [`RpcSession::flush`].
    Full(String),
    /// The other side is gone.
    Gone,
}

/// A caller's connection to a node's RPC. Dropping it closes it.
pub struct RpcSession {
    line: Rc<Line>,
}

impl RpcSession {
    pub(crate) fn open(node: &Rc<Node>, world: World, out: Option<Out>) -> Self {
        let way = match out {
            Some(out) => Way::Push(Some(out)),
            None => Way::Pull(None),
        };
        let line = Line {
            node: Rc::downgrade(node),
            world,
            outbox: RefCell::default(),
            way: RefCell::new(way),
            open: Cell::new(true),
            pumping: Cell::new(false),
            pending: Cell::new(0),
        };
        Self { line: Rc::new(line) }
    }

    pub(crate) fn line(&self) -> &Rc<Line> {
        &self.line
    }

    /// Takes one request, one batch, or anything else, which is answered with an error.
    ///
    /// Answers that are there at once are out when this returns.
    pub fn handle(&self, text: &str) {
        if !self.line.open.get() {
            return;
        }
        if self.line.outbox.borrow().responses() >= RESPONSE_LIMIT {
            self.line.close();
            return;
        }
        if self.line.pending.get() >= PENDING_LIMIT {
            let error = RpcError::failed(format_args!("too many calls under way, limit {PENDING_LIMIT}"));
            self.line.respond(request::response(None, &Err(error)), &[]);
            return;
        }
        let mut work = Box::pin(Rc::clone(&self.line).work(Incoming::read(text)));
        if (&mut work).now_or_never().is_none() {
            let line = Rc::clone(&self.line);
            line.pending.set(line.pending.get() + 1);
            self.line.world.spawn(async move {
                work.await;
                line.pending.set(line.pending.get() - 1);
            });
        }
    }

    /// The next text to send, for a session without a closure; none once it is closed.
    pub async fn next(&self) -> Option<String> {
        poll_fn(|cx| {
            if let Some(text) = self.line.outbox.borrow_mut().pop() {
                return Poll::Ready(Some(text.text));
            }
            match &mut *self.line.way.borrow_mut() {
                Way::Pull(waker) if self.line.open.get() => {
                    *waker = Some(cx.waker().clone());
                    Poll::Pending
                }
                _ => Poll::Ready(None),
            }
        })
        .await
    }

    /// Pushes what waits: there is room again.
    pub fn flush(&self) {
        self.line.flush();
    }

    /// Ends it: subscriptions are over, nothing more comes out, and the closure is dropped.
    pub fn close(&self) {
        self.line.close();
    }

    /// Whether it is still open: neither side has closed it, and the node runs.
    pub fn is_open(&self) -> bool {
        self.line.open.get()
    }
}

impl Drop for RpcSession {
    fn drop(&mut self) {
        self.line.close();
    }
}

impl fmt::Debug for RpcSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RpcSession").field("open", &self.line.open).finish_non_exhaustive()
    }
}

/// Takes a text.
pub(crate) type Out = Box<dyn FnMut(String) -> Pushed>;

enum Way {
    /// None while it is being called, and once the session is closed.
    Push(Option<Out>),
    Pull(Option<Waker>),
}

/// What a session and its subscriptions share.
pub(crate) struct Line {
    node: Weak<Node>,
    world: World,
    pub(super) outbox: RefCell<Outbox>,
    way: RefCell<Way>,
    open: Cell<bool>,
    /// A task that empties the queue is on its way.
    pumping: Cell<bool>,
    pending: Cell<usize>,
}

impl Line {
    pub(crate) fn is_open(&self) -> bool {
        self.open.get()
    }

    pub(crate) fn close(&self) {
        if !self.open.replace(false) {
            return;
        }
        drop(self.outbox.take());
        // Outside of the borrow: what is dropped or woken may look at the session again.
        let (out, waker) = match &mut *self.way.borrow_mut() {
            Way::Push(out) => (out.take(), None),
            Way::Pull(waker) => (None, waker.take()),
        };
        drop(out);
        waker.into_iter().for_each(Waker::wake);
    }

    /// Queues a notification and sees to it that it leaves.
    pub(super) fn notify(self: &Rc<Self>, id: &Rc<str>, item: &RawValue) -> bool {
        let sent = self.outbox.borrow_mut().notify(id, item);
        if self.outbox.borrow().is_empty() {
            return sent;
        }
        match &mut *self.way.borrow_mut() {
            Way::Pull(waker) => waker.take().into_iter().for_each(Waker::wake),
            Way::Push(_) if self.pumping.get() => {}
            Way::Push(_) => {
                self.pumping.set(true);
                let line = Rc::clone(self);
                self.world.spawn(async move {
                    line.pumping.set(false);
                    line.flush();
                });
            }
        }
        sent
    }

    fn respond(&self, text: String, subscribed: &[Rc<str>]) {
        if !self.open.get() {
            return;
        }
        let mut outbox = self.outbox.borrow_mut();
        outbox.respond(text);
        for id in subscribed {
            outbox.release(id);
        }
        drop(outbox);
        self.flush();
    }

    /// Sends what is in the queue. A closure that calls back into its session finds the rest sent after it returns.
    fn flush(&self) {
        let mut out = match &mut *self.way.borrow_mut() {
            Way::Push(out) => match out.take() {
                Some(out) => out,
                None => return,
            },
            Way::Pull(waker) => {
                waker.take().into_iter().for_each(Waker::wake);
                return;
            }
        };
        while self.open.get() {
            let next = self.outbox.borrow_mut().pop();
            let Some(mut next) = next else { break };
            match out(std::mem::take(&mut next.text)) {
                Pushed::Taken => {}
                Pushed::Full(text) => {
                    next.text = text;
                    self.outbox.borrow_mut().put_back(next);
                    break;
                }
                Pushed::Gone => self.close(),
            }
        }
        if self.open.get() {
            *self.way.borrow_mut() = Way::Push(Some(out));
        }
    }

    /// Does what a text asks for and answers it.
    async fn work(self: Rc<Self>, incoming: Incoming) {
        let mut subscribed = Vec::new();
        let text = match incoming {
            Incoming::One(item) => self.answer(item, &mut subscribed).await,
            Incoming::Batch(items) => {
                let mut answers = Vec::with_capacity(items.len());
                for item in items {
                    answers.extend(self.answer(item, &mut subscribed).await);
                }
                (!answers.is_empty()).then(|| format!("[{}]", answers.join(",")))
            }
        };
        if let Some(text) = text {
            self.respond(text, &subscribed);
        }
    }

    async fn answer(self: &Rc<Self>, item: Item, subscribed: &mut Vec<Rc<str>>) -> Option<String> {
        match item {
            Item::Call(Call { id, method, params }) => {
                let answer = match (params, self.node.upgrade()) {
                    (Ok(params), Some(node)) => {
                        self.call(&node, &method, params, id.is_some(), subscribed).await
                    }
                    (Err(error), _) => Err(error),
                    (_, None) => Err(RpcError::not_running()),
                };
                id.map(|id| request::response(Some(&id), &answer))
            }
            Item::Fault { id, error } => Some(request::response(id.as_deref(), &Err(error))),
            Item::Response => None,
        }
    }

    async fn call(
        self: &Rc<Self>,
        node: &Rc<Node>,
        method: &str,
        params: Params,
        answered: bool,
        subscribed: &mut Vec<Rc<str>>,
    ) -> Answer {
        match method.rsplit_once('_') {
            // Nobody would learn the id of a subscription that is not answered.
            Some((namespace, "subscribe")) if answered => {
                let id = self.subscribe(node, namespace, params)?;
                subscribed.push(Rc::clone(&id));
                to_json(&&*id)
            }
            Some((_, "unsubscribe")) => {
                let (id,): (String,) = params.parse()?;
                let known = self.outbox.borrow_mut().end(&id);
                if known { to_json(&true) } else { Err(RpcError::failed("subscription not found")) }
            }
            _ => node.call_json(method, params).answer().await,
        }
    }

    fn subscribe(
        self: &Rc<Self>,
        node: &Rc<Node>,
        namespace: &str,
        mut params: Params,
    ) -> Result<Rc<str>, RpcError> {
        let name: String = params.take_first()?;
        let id: Rc<str> = node.subscription_id().into();
        self.outbox.borrow_mut().open(Rc::clone(&id), namespace);
        let opened = node.methods().subscribe(node, namespace, &name, params, Sink::new(self, &id));
        if opened.is_err() {
            self.outbox.borrow_mut().end(&id);
        }
        opened.map(|()| id)
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("open", &self.open).finish_non_exhaustive()
    }
}
