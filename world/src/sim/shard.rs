//! A shard from the outside: on this thread, or on one of its own.
//!
//! The first shard runs where it is called; each other one has a thread and is told what to do. A world of several
//! advances in windows (see [`super::window`]).

use super::core::{Abroad, Core, Livelock};
use super::event::Event;
use super::queue::Key;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

type Work = Box<dyn FnOnce(&Rc<Core>) + Send>;

/// What a shard has to say after a window.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) result: Result<(), Livelock>,
    pub(crate) abroad: Vec<Abroad>,
    pub(crate) next: Option<u64>,
}

impl Report {
    /// Takes in what came from abroad and runs up to `until`.
    pub(crate) fn of_window(core: &Rc<Core>, incoming: Vec<(Key, Event)>, until: u64) -> Self {
        core.receive(incoming);
        let result = core.run_until(until);
        Self { result, ..Self::of(core) }
    }

    /// How things stand, between two windows.
    pub(crate) fn of(core: &Rc<Core>) -> Self {
        Self { result: Ok(()), abroad: core.take_abroad(), next: core.next_time() }
    }
}

/// One shard, wherever it runs.
pub(crate) enum Shard {
    Here(Rc<Core>),
    There { work: Option<Sender<Work>>, thread: Option<JoinHandle<()>> },
}

impl Shard {
    pub(crate) fn here(core: Rc<Core>) -> Self {
        Self::Here(core)
    }

    pub(crate) fn on_thread(
        make: impl FnOnce() -> Rc<Core> + Send + 'static,
        name: String,
    ) -> std::io::Result<Self> {
        let (work, orders): (Sender<Work>, Receiver<Work>) = channel();
        let thread = std::thread::Builder::new().name(name).spawn(move || {
            let core = make();
            for order in orders {
                order(&core);
            }
            core.shut_down();
        })?;
        Ok(Self::There { work: Some(work), thread: Some(thread) })
    }

    /// Has `act` done between two events, before whatever is asked for later; nobody waits for it.
    pub(crate) fn post(&self, act: impl FnOnce(&Rc<Core>) + Send + 'static) {
        match self {
            Self::Here(core) => act(core),
            Self::There { work, .. } => {
                let work = work.as_ref().expect("taken only when dropped");
                work.send(Box::new(act)).expect("the shard's thread lives as long as its world");
            }
        }
    }

    /// Does `act` between two events and waits for what it answers.
    pub(crate) fn with<R: Send + 'static>(&self, act: impl FnOnce(&Rc<Core>) -> R + Send + 'static) -> R {
        match self {
            Self::Here(core) => act(core),
            Self::There { .. } => {
                self.start(act).recv().expect("the shard's thread lives as long as its world")
            }
        }
    }

    /// Has `act` done and answers where its result will arrive, so that all shards work at once.
    pub(crate) fn start<R: Send + 'static>(
        &self,
        act: impl FnOnce(&Rc<Core>) -> R + Send + 'static,
    ) -> Receiver<R> {
        let (done, result) = channel();
        // A caller that no longer waits has lost interest, not the shard.
        self.post(move |core| drop(done.send(act(core))));
        result
    }

    /// Has `acts` done, one on each of these shards, all at once, and answers what they answered.
    pub(crate) fn all<A, R>(
        shards: &[Self],
        acts: impl DoubleEndedIterator<Item = A> + ExactSizeIterator,
    ) -> Vec<R>
    where
        A: FnOnce(&Rc<Core>) -> R + Send + 'static,
        R: Send + 'static,
    {
        // From the last to the first: the first works on this thread, when the others are at work.
        let running: Vec<_> = shards.iter().zip(acts).rev().map(|(shard, act)| shard.start(act)).collect();
        let results = running.into_iter().rev();
        results.map(|result| result.recv().expect("the shard's thread lives as long as its world")).collect()
    }
}

impl Drop for Shard {
    fn drop(&mut self) {
        match self {
            Self::Here(core) => core.shut_down(),
            Self::There { work, thread } => {
                drop(work.take());
                if let Some(thread) = thread.take() {
                    // A panic there has been reported by the thread; it is raised again by whoever waited for a result.
                    let _ = thread.join();
                }
            }
        }
    }
}

impl std::fmt::Debug for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Here(_) => "Shard::Here",
            Self::There { .. } => "Shard::There",
        })
    }
}
