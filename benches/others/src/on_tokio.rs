//! Plain tokio with a paused clock: a task for each host, a channel as its mailbox, a task that sleeps for each message.

use crate::{LATENCY, SECONDS, SIZE, neighbours};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::LocalSet;
use tokio::time::{interval, sleep};

struct Message {
    from: usize,
    is_ping: bool,
    _content: [u8; SIZE],
}

type Mailboxes = Rc<Vec<UnboundedSender<Message>>>;

fn send(mailboxes: &Mailboxes, from: usize, to: usize, is_ping: bool) {
    let mailboxes = Rc::clone(mailboxes);
    tokio::task::spawn_local(async move {
        sleep(LATENCY).await;
        let _ = mailboxes[to].send(Message { from, is_ping, _content: [7; SIZE] });
    });
}

/// Answers that came.
pub fn run(hosts: usize) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let answers = Rc::new(Cell::new(0));
    let counted = Rc::clone(&answers);
    LocalSet::new().block_on(&runtime.expect("a runtime"), async move {
        let (mailboxes, inboxes): (Vec<_>, Vec<_>) = (0..hosts).map(|_| unbounded_channel()).unzip();
        let mailboxes: Mailboxes = Rc::new(mailboxes);
        for (host, mut inbox) in inboxes.into_iter().enumerate() {
            let (mailboxes, answers) = (Rc::clone(&mailboxes), Rc::clone(&counted));
            tokio::task::spawn_local(async move {
                let (mut beat, peers) = (interval(Duration::from_secs(1)), neighbours(host, hosts));
                loop {
                    tokio::select! {
                        biased;
                        Some(message) = inbox.recv() => match message.is_ping {
                            true => send(&mailboxes, host, message.from, false),
                            false => answers.set(answers.get() + 1),
                        },
                        _ = beat.tick() => peers.iter().for_each(|peer| send(&mailboxes, host, *peer, true)),
                    }
                }
            });
        }
        sleep(Duration::from_secs(SECONDS)).await;
    });
    answers.get()
}
