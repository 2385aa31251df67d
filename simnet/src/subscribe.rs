//! Subscribers: lossy, bounded, and told exactly how much they missed. A slow one costs the network nothing.

use crate::view::{Event, EventFilter};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc;

/// Events a subscriber may lag behind before it misses some.
pub const QUEUE: usize = 20_000;

/// What a subscriber gets.
#[derive(Clone, Debug)]
pub enum Notice {
    /// An event.
    Event(Arc<Event>),
    /// So many events were not kept for this subscriber, between the event before and the one after.
    Missed(u64),
}

/// The receiving end.
#[derive(Debug)]
pub struct Subscription {
    events: mpsc::Receiver<(u64, Arc<Event>)>,
    missed: Arc<AtomicU64>,
    told: u64,
    held: Option<Arc<Event>>,
}

impl Subscription {
    /// The next event or gap; `None` when the network has gone.
    pub async fn recv(&mut self) -> Option<Notice> {
        if let Some(notice) = self.try_recv() {
            return Some(notice);
        }
        match self.events.recv().await {
            Some(queued) => Some(self.tell(queued)),
            None => self.last_gap(),
        }
    }

    /// The next event or gap, if it is there already. Unlike a poll of [`recv`](Self::recv) it does not depend on what
    /// else a task has done in its turn.
    pub fn try_recv(&mut self) -> Option<Notice> {
        if let Some(event) = self.held.take() {
            return Some(Notice::Event(event));
        }
        match self.events.try_recv() {
            Ok(queued) => Some(self.tell(queued)),
            // What was missed is told once nothing is left before it, whether or not anything ever comes after it.
            Err(_) => self.last_gap(),
        }
    }

    fn tell(&mut self, (missed_before, event): (u64, Arc<Event>)) -> Notice {
        if missed_before > self.told {
            let gap = missed_before - self.told;
            self.told = missed_before;
            self.held = Some(event);
            return Notice::Missed(gap);
        }
        Notice::Event(event)
    }

    /// What was missed since the last event that was queued.
    fn last_gap(&mut self) -> Option<Notice> {
        let gap = self.missed.load(Ordering::Acquire) - self.told;
        self.told += gap;
        (gap > 0).then_some(Notice::Missed(gap))
    }
}

/// The sending end, with what its owner wants.
#[derive(Debug)]
pub(crate) struct Subscriber {
    pub(crate) filter: EventFilter,
    events: mpsc::Sender<(u64, Arc<Event>)>,
    missed: Arc<AtomicU64>,
}

impl Subscriber {
    /// A pair. `first` are queued before anything else, whatever their number.
    pub(crate) fn new(filter: EventFilter, first: Vec<Event>) -> (Self, Subscription) {
        let (sender, events) = mpsc::channel(QUEUE + first.len());
        for event in first {
            sender.try_send((0, Arc::new(event))).expect("there is room for the first");
        }
        let missed = Arc::new(AtomicU64::new(0));
        let subscriber = Self { filter, events: sender, missed: Arc::clone(&missed) };
        (subscriber, Subscription { events, missed, told: 0, held: None })
    }

    /// Hands an event over if there is room and anybody.
    pub(crate) fn offer(&self, event: &Arc<Event>) {
        let queued = (self.missed.load(Ordering::Relaxed), Arc::clone(event));
        if let Err(mpsc::error::TrySendError::Full(_)) = self.events.try_send(queued) {
            self.missed.fetch_add(1, Ordering::Release);
        }
    }

    /// Whether nobody listens any more.
    pub(crate) fn is_gone(&self) -> bool {
        self.events.is_closed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{ConnView, EventKind};
    use std::time::{Duration, SystemTime};

    fn event(n: u64) -> Arc<Event> {
        let conn = ConnView { one: Default::default(), other: Default::default(), up: true };
        Arc::new(Event {
            time: Duration::from_nanos(n),
            calendar: SystemTime::UNIX_EPOCH,
            control: false,
            kind: EventKind::Conn(conn),
            data: None,
        })
    }

    fn take(subscription: &mut Subscription) -> Option<Notice> {
        use std::future::Future;
        let mut next = std::pin::pin!(subscription.recv());
        match next.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
            std::task::Poll::Ready(notice) => notice,
            std::task::Poll::Pending => None,
        }
    }

    #[test]
    fn a_slow_subscriber_learns_exactly_what_it_missed() {
        let (subscriber, mut subscription) = Subscriber::new(EventFilter::default(), vec![]);
        for n in 0..QUEUE as u64 + 7 {
            subscriber.offer(&event(n));
        }
        for n in 0..QUEUE as u64 {
            let Some(Notice::Event(got)) = take(&mut subscription) else { panic!("event {n}") };
            assert_eq!(got.time, Duration::from_nanos(n));
        }
        assert!(matches!(take(&mut subscription), Some(Notice::Missed(7))), "with nothing behind it");
        assert!(take(&mut subscription).is_none(), "and once");
        // A gap with something behind it is told between the two.
        for n in 0..QUEUE as u64 + 3 {
            subscriber.offer(&event(n));
        }
        take(&mut subscription);
        subscriber.offer(&event(99));
        for n in 1..QUEUE as u64 {
            assert!(matches!(take(&mut subscription), Some(Notice::Event(_))), "event {n}");
        }
        assert!(matches!(take(&mut subscription), Some(Notice::Missed(3))));
        assert!(matches!(take(&mut subscription), Some(Notice::Event(_))));
        drop(subscriber);
        assert!(take(&mut subscription).is_none());
    }

    #[test]
    fn one_that_has_gone_is_noticed() {
        let (subscriber, subscription) = Subscriber::new(EventFilter::default(), vec![]);
        assert!(!subscriber.is_gone());
        drop(subscription);
        assert!(subscriber.is_gone());
    }
}
