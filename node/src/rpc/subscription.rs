//! What a session has to send: responses, and the notifications of its subscriptions, in one queue.
//!
//! A subscription may have so many notifications waiting and no more: one that is not read ends, and says so, rather
//! than fill the memory. Who empties the queue, and when, is the session's business.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::rc::{Rc, Weak};

use serde::Serialize;
use serde_json::value::RawValue;

use super::methods::to_json;
use super::request;
use super::session::Line;

/// Notifications of one subscription that may wait (geth's `maxClientSubscriptionBuffer`).
pub const SUBSCRIPTION_QUEUE: usize = 20_000;

/// Where a subscription's notifications go. Clones go to the same place.
#[derive(Clone)]
pub struct Sink {
    line: Weak<Line>,
    id: Rc<str>,
}

impl Sink {
    pub(crate) fn new(line: &Rc<Line>, id: &Rc<str>) -> Self {
        Self { line: Rc::downgrade(line), id: Rc::clone(id) }
    }

    /// Notifies the subscriber. False: it is gone, was too slow or has unsubscribed, and the sink is of no more use.
    ///
    /// # Panics
    /// If `item` cannot be JSON, a map with keys that are no strings, say.
    pub fn send(&self, item: &impl Serialize) -> bool {
        self.is_open() && self.send_json(&to_json(item).expect("a notification can be written as JSON"))
    }

    pub(crate) fn send_json(&self, item: &RawValue) -> bool {
        self.line.upgrade().is_some_and(|line| line.notify(&self.id, item))
    }

    /// Whether anyone still listens.
    pub fn is_open(&self) -> bool {
        self.line.upgrade().is_some_and(|line| line.outbox.borrow().subscriptions.contains_key(&self.id))
    }
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sink").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The queue of one session.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    ready: VecDeque<Text>,
    /// How many of them are responses.
    responses: usize,
    subscriptions: BTreeMap<Rc<str>, Subscription>,
}

/// Something to send.
#[derive(Debug)]
pub(super) struct Text {
    /// The subscription it belongs to; none: it is a response.
    of: Option<Rc<str>>,
    pub(super) text: String,
}

#[derive(Debug)]
struct Subscription {
    /// `<namespace>_subscription`.
    method: String,
    /// Notifications in the queue.
    waiting: usize,
    /// Those that came before the response that tells the subscription's id.
    held: Option<Vec<String>>,
}

impl Outbox {
    pub(super) fn open(&mut self, id: Rc<str>, namespace: &str) {
        let method = format!("{namespace}_subscription");
        self.subscriptions.insert(id, Subscription { method, waiting: 0, held: Some(Vec::new()) });
    }

    /// The response is in the queue: notifications may follow it.
    pub(super) fn release(&mut self, id: &Rc<str>) {
        let held = self.subscriptions.get_mut(id).and_then(|open| open.held.take());
        let held = held.into_iter().flatten().map(|text| Text { of: Some(Rc::clone(id)), text });
        self.ready.extend(held);
    }

    /// Ends a subscription; what it still has in the queue is not sent. False if there is none of that id.
    pub(super) fn end(&mut self, id: &str) -> bool {
        let known = self.subscriptions.remove(id).is_some();
        if known {
            self.ready.retain(|text| text.of.as_deref() != Some(id));
        }
        known
    }

    pub(super) fn respond(&mut self, text: String) {
        self.responses += 1;
        self.ready.push_back(Text { of: None, text });
    }

    /// How many responses wait to be sent.
    pub(super) fn responses(&self) -> usize {
        self.responses
    }

    /// Queues a notification; false if the subscription has ended or ends with this.
    pub(super) fn notify(&mut self, id: &Rc<str>, item: &RawValue) -> bool {
        let Some(open) = self.subscriptions.get_mut(id) else { return false };
        let item =
            if open.waiting < SUBSCRIPTION_QUEUE { Ok(item) } else { Err("subscription queue overflow") };
        let text = request::notification(&open.method, id, item);
        open.waiting += 1;
        match &mut open.held {
            Some(held) => held.push(text),
            None => self.ready.push_back(Text { of: Some(Rc::clone(id)), text }),
        }
        if item.is_err() {
            self.release(id);
            self.subscriptions.remove(id);
        }
        item.is_ok()
    }

    pub(super) fn pop(&mut self) -> Option<Text> {
        let text = self.ready.pop_front()?;
        match &text.of {
            None => self.responses -= 1,
            Some(id) => {
                if let Some(open) = self.subscriptions.get_mut(id) {
                    open.waiting -= 1;
                }
            }
        }
        Some(text)
    }

    /// Takes back what could not be sent yet.
    pub(super) fn put_back(&mut self, text: Text) {
        match &text.of {
            None => self.responses += 1,
            Some(id) => {
                if let Some(open) = self.subscriptions.get_mut(id) {
                    open.waiting += 1;
                }
            }
        }
        self.ready.push_front(text);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ready.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbox(id: &str) -> (Outbox, Rc<str>, Box<RawValue>) {
        let (mut outbox, id) = (Outbox::default(), Rc::from(id));
        outbox.open(Rc::clone(&id), "ns");
        (outbox, id, to_json(&1).unwrap())
    }

    fn texts(outbox: &mut Outbox) -> Vec<String> {
        std::iter::from_fn(|| outbox.pop()).map(|text| text.text).collect()
    }

    #[test]
    fn notifications_follow_the_response() {
        let (mut outbox, id, one) = outbox("0x1");
        assert!(outbox.notify(&id, &one));
        outbox.respond("response".to_owned());
        outbox.release(&id);
        assert!(outbox.notify(&id, &one));
        let texts = texts(&mut outbox);
        assert_eq!(texts.len(), 3);
        assert_eq!(texts[0], "response");
        assert_eq!(texts[1], texts[2]);
    }

    #[test]
    fn a_queue_that_overflows_ends_its_subscription_alone() {
        let (mut outbox, slow, one) = outbox("0x1");
        let other: Rc<str> = Rc::from("0x2");
        outbox.open(Rc::clone(&other), "ns");
        for id in [&slow, &other] {
            outbox.release(id);
        }
        for _ in 0..SUBSCRIPTION_QUEUE {
            assert!(outbox.notify(&slow, &one));
        }
        assert!(outbox.notify(&other, &one));
        assert!(!outbox.notify(&slow, &one), "one too many");
        assert!(!outbox.notify(&slow, &one), "ended");
        assert!(outbox.notify(&other, &one));
        let texts = texts(&mut outbox);
        assert_eq!(texts.len(), SUBSCRIPTION_QUEUE + 3);
        let expect = r#"{"jsonrpc":"2.0","method":"ns_subscription","params":{"subscription":"0x1","error":"subscription queue overflow"}}"#;
        assert_eq!(texts[SUBSCRIPTION_QUEUE + 1], expect);
    }

    #[test]
    fn a_queue_that_is_read_never_overflows() {
        let (mut outbox, id, one) = outbox("0x1");
        outbox.release(&id);
        for _ in 0..2 * SUBSCRIPTION_QUEUE {
            assert!(outbox.notify(&id, &one));
            assert!(outbox.pop().is_some());
        }
    }

    #[test]
    fn what_is_put_back_still_counts() {
        let (mut outbox, id, one) = outbox("0x1");
        outbox.respond("response".to_owned());
        outbox.release(&id);
        while outbox.notify(&id, &one) {
            let first = outbox.pop().unwrap();
            outbox.put_back(first);
        }
        assert_eq!(outbox.responses(), 1);
        assert_eq!(texts(&mut outbox).len(), 1 + SUBSCRIPTION_QUEUE + 1);
        assert_eq!(outbox.responses(), 0);
    }

    #[test]
    fn what_has_been_unsubscribed_is_not_heard_of_again() {
        let (mut outbox, id, one) = outbox("0x1");
        outbox.release(&id);
        outbox.notify(&id, &one);
        assert!(outbox.end("0x1"));
        assert!(!outbox.end("0x1"));
        assert!(outbox.is_empty());
        assert!(!outbox.notify(&id, &one));
    }
}
