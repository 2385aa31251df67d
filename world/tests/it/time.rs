//! Sleeps, alarms and entropy. Orders are compared, never durations.

use crate::harness::{Desk, Seen, Stack, check_alone};
use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake};
use std::time::Duration;
use world::World;

const MOMENT: Duration = Duration::from_millis(50);

#[test]
fn sleeps_end_in_the_order_of_their_times() {
    async fn role(world: World, desk: Desk) {
        let base = world.now() + MOMENT;
        let order = Rc::<RefCell<Vec<u32>>>::default();
        // 100 ns apart, asked for in another order; 37 and 64 have no common divisor.
        for n in (0..64).map(|i| i * 37 % 64) {
            let sleep = world.sleep_until(base + n * Duration::from_nanos(100));
            let (world, order) = (world.clone(), Rc::clone(&order));
            world.clone().spawn(async move {
                sleep.await;
                assert!(world.now() >= base + n * Duration::from_nanos(100), "woken early");
                order.borrow_mut().push(n);
            });
        }
        world.sleep(3 * MOMENT).await;
        desk.note(format!("{}", order.borrow().iter().copied().eq(0..64)));
    }
    check_alone(role, &["true"]);
}

#[test]
fn sleeps_of_the_same_time_end_in_the_order_they_began() {
    async fn role(world: World, desk: Desk) {
        let at = world.now() + MOMENT;
        let order = Rc::<RefCell<Vec<u32>>>::default();
        for n in 0..20 {
            let (sleep, order) = (world.sleep_until(at), Rc::clone(&order));
            world.spawn(async move {
                sleep.await;
                order.borrow_mut().push(n);
            });
        }
        world.sleep(2 * MOMENT).await;
        desk.note(format!("{}", order.borrow().iter().copied().eq(0..20)));
    }
    check_alone(role, &["true"]);
}

#[test]
fn a_sleep_until_the_past_ends_at_once() {
    async fn role(world: World, desk: Desk) {
        world.sleep(Duration::ZERO).await;
        world.sleep_until(Duration::ZERO).await;
        let mut sleep = pin!(world.sleep_until(Duration::ZERO));
        desk.note(format!(
            "{}",
            sleep.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop())).is_ready()
        ));
        let calendar = world.calendar();
        world.sleep(Duration::from_micros(1)).await;
        desk.note(format!("{}", world.calendar() > calendar));
    }
    check_alone(role, &["true", "true"]);
}

/// Counts how often it is woken.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_dropped_sleep_wakes_nobody() {
    async fn role(world: World, desk: Desk) {
        let (dropped, kept) = (Arc::<Count>::default(), Arc::<Count>::default());
        let poll = |sleep: &mut world::Sleep, count: &Arc<Count>| {
            let waker = Arc::clone(count).into();
            assert!(pin!(sleep).poll(&mut Context::from_waker(&waker)).is_pending());
        };
        let (mut first, mut second) = (world.sleep(MOMENT), world.sleep(MOMENT));
        poll(&mut first, &dropped);
        poll(&mut second, &dropped);
        poll(&mut second, &kept); // the newest waker counts
        drop(first);
        world.sleep(2 * MOMENT).await;
        desk.note(format!("{} {}", dropped.0.load(Ordering::Relaxed), kept.0.load(Ordering::Relaxed)));
        second.await;
        desk.note("ended");
    }
    check_alone(role, &["0 1", "ended"]);
}

#[test]
fn an_alarm_is_replaced_or_taken_back() {
    async fn role(world: World, desk: Desk) {
        let mut stack = Stack::attach(&world);
        let (sooner, later) = (world.now() + MOMENT, world.now() + 1_000 * MOMENT);
        stack.net(|net| net.set_alarm(Some(later)));
        stack.net(|net| net.set_alarm(Some(sooner)));
        stack.net(|net| net.set_alarm(Some(sooner)));
        assert!(matches!(stack.next().await, Seen::Alarm));
        desk.note(format!("in time: {}", (sooner..later).contains(&world.now())));
        world.sleep(MOMENT).await;
        desk.note(format!("once: {}", stack.now().is_none()));
        stack.net(|net| net.set_alarm(Some(world.now() + MOMENT)));
        stack.net(|net| net.set_alarm(None));
        world.sleep(2 * MOMENT).await;
        desk.note(format!("taken back: {}", stack.now().is_none()));
        stack.net(|net| net.set_alarm(Some(Duration::ZERO)));
        assert!(stack.now().is_none());
        assert!(matches!(stack.next().await, Seen::Alarm));
        desk.note("at once");
    }
    check_alone(role, &["in time: true", "once: true", "taken back: true", "at once"]);
}

#[test]
fn alarms_and_sleeps_share_one_order() {
    async fn role(world: World, desk: Desk) {
        let base = world.now() + MOMENT;
        let step = Duration::from_nanos(100);
        let mut stacks: Vec<Stack> = (0..3).map(|_| Stack::attach(&world)).collect();
        let order = Rc::<RefCell<Vec<u32>>>::default();
        for (n, mut stack) in [5, 1, 3].into_iter().zip(stacks.drain(..)) {
            stack.net(|net| net.set_alarm(Some(base + n * step)));
            let order = Rc::clone(&order);
            world.spawn(async move {
                assert!(matches!(stack.next().await, Seen::Alarm));
                order.borrow_mut().push(n);
            });
        }
        for n in [4, 0, 2, 6] {
            let (sleep, order) = (world.sleep_until(base + n * step), Rc::clone(&order));
            world.spawn(async move {
                sleep.await;
                order.borrow_mut().push(n);
            });
        }
        world.sleep(2 * MOMENT).await;
        desk.note(format!("{:?}", order.borrow()));
    }
    check_alone(role, &["[0, 1, 2, 3, 4, 5, 6]"]);
}

#[test]
fn entropy_is_one_stream_per_purpose_and_life() {
    async fn role(world: World, desk: Desk) {
        let (one, two) = (world.scope(), world.scope());
        let draw = |world: &World, purpose: &str| world.entropy(purpose).next_u64();
        desk.note(format!("{}", draw(one.world(), "key") == draw(one.world(), "key")));
        desk.note(format!("{}", draw(one.world(), "key") == draw(one.world(), "nonce")));
        desk.note(format!("{}", draw(one.world(), "key") == draw(two.world(), "key")));
    }
    check_alone(role, &["true", "false", "false"]);
}
