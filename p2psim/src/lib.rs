//! Networks of real devp2p nodes, as a library: what a user's own service and its test need, from one crate.
//!
//! A service is what runs on each node ([`Service`], its [`Protocol`]s and their [`Handler`]s); a [`Sim`] is an
//! experiment on a seed; [`#[p2psim::test]`](macro@test) runs one as a test, in simulated time:
//!
//! ```
//! use p2psim::{Context, Handler, Message, Methods, PeerError, PeerId, Protocol, Service, Sim, TestResult, latency};
//! use std::{cell::RefCell, collections::BTreeSet, rc::Rc};
//!
//! const ITEM: u64 = 0;
//!
//! #[derive(Default)]
//! struct Gossip {
//!     seen: BTreeSet<u64>,
//! }
//!
//! impl Handler for Gossip {
//!     fn on_message(&mut self, from: PeerId, msg: Message, cx: &mut Context<'_>) -> Result<(), PeerError> {
//!         let item: u64 = msg.decode()?; // a peer that lies earns its DiscReason
//!         if self.seen.insert(item) {
//!             cx.observe("arrival", item as f64); // a measured quantity, by simulated time
//!             cx.broadcast_except(from, ITEM, &item);
//!         }
//!         Ok(())
//!     }
//! }
//!
//! #[derive(Default)]
//! struct GossipService(Rc<RefCell<Gossip>>);
//!
//! impl Service for GossipService {
//!     fn protocols(&self) -> Vec<Protocol> {
//!         vec![Protocol::new("gossip", 1, 1, Rc::clone(&self.0))]
//!     }
//!
//!     fn methods(&self, table: &mut Methods) {
//!         let gossip = Rc::clone(&self.0);
//!         table.add_in("gossip", "gossip_publish", move |cx, params| {
//!             let (item,): (u64,) = params.parse()?;
//!             gossip.borrow_mut().seen.insert(item);
//!             cx.broadcast(ITEM, &item);
//!             Ok(())
//!         });
//!         let gossip = Rc::clone(&self.0);
//!         table.add("gossip_seen", move |_| Ok(gossip.borrow().seen.len()));
//!     }
//! }
//!
//! # mod tests { use super::*;
//! #[p2psim::test(seeds = 20)]
//! async fn an_item_reaches_everyone(sim: Sim) -> TestResult {
//!     let net = sim
//!         .network("gossip")
//!         .service("gossip", |_| Ok(GossipService::default()))
//!         .nodes(20)
//!         .random_regular(4)
//!         .links(latency("50ms"))
//!         .up()
//!         .await?;
//!     net.node(0).call::<()>("gossip_publish", [7]).await?;
//!     net.eventually("2s", async |node| node.call::<usize>("gossip_seen", ()).await == Ok(1)).await
//! }
//! # }
//! ```
//!
//! The command is here too: [`command`] is all of `p2psim`, over services of one's own.
//!
//! This is the only crate that reads the command line, prints, reads the wall's clock, and exits. `args` is what can be
//! typed, `cmd` does it, `failure` is how it ends when it does not work; the rest is how things look.

#![allow(clippy::print_stderr, reason = "this is the crate that prints")]

mod args;
mod clock;
mod cmd;
mod failure;
mod go_value;
mod log;
mod progress;
mod table;

/// Makes a test of an `async fn` that takes a [`Sim`]: `#[p2psim::test]`, or `#[p2psim::test(seeds = 20)]` to run it on
/// the seeds 1 to 20. See [`testing`].
pub use macros::test;

pub use devp2p::{Accounts, Conversation, Flow, MessageSet, Talk, Typed, incompatible, message_set};
pub use devp2p::{Capability, DiscReason, Fidelity, Payload, PeerErrorCode};
pub use node::{
    Context, Handler, Message, Methods, Node as RunningNode, NodeId, Params, Peer, PeerError, PeerId, PeerIo,
    Protocol, RpcError, SecretKey, Service, ServiceContext, ServiceError, Services, Sink,
};
pub use simnet::experiment::{
    Bucket, CallFailed, Links, Net, NetworkBuilder, Node, PeerEvent, PeerEventFilter, PeerEventType,
    PeerEvents, Sim, Span, TestError, TestResult, latency,
};
pub use simnet::protocol_test;
pub use simnet::step::{Expectation, Simulation, Step, StepError, StepResult, Trigger, TriggerSender};
pub use simnet::topology::Topology;
pub use simnet::view::{NodeSpec, Snapshot};
pub use simnet::{Handle, NetworkConfig, NetworkError, Until, start};

/// The whole command, over nodes that can run `services`: reads the arguments, does what they say, answers the exit code.
///
/// To be the whole of a `main`: a node that is a process is this program run again, and begins here too. Nodes that are created without services run `ping-pong` if that is among them, else
/// the first by name; `--default-service` says otherwise.
pub fn command(services: Services) -> std::process::ExitCode {
    adapters::exec::node_main(&services);
    let line = <args::CommandLine as clap::Parser>::parse();
    log::start(line.log);
    match cmd::run(line, services) {
        Ok(code) => code.into(),
        Err(failure) => failure.tell().into(),
    }
}

/// How tests over a [`Sim`] are run.
///
/// [`#[p2psim::test(seeds = 20)]`](macro@crate::test) makes a test of an `async fn` over a `Sim`. It is run once for each
/// of the seeds from 1 on, one after the other, each time with a new `Sim` that is ended afterwards. It may return
/// nothing, or a `Result` whose error can be shown. It runs on a runtime without clock or sockets, for its time is the
/// networks': what waits for anything else would wait for ever, or panics.
///
/// The first seed that fails ends the test and is told in the one line that runs it again:
///
/// ```text
/// seed 17 of 20 failed; to run it again: P2PSIM_SEED=17 cargo test -p gossip healed::an_item_reaches_everyone -- --exact
/// ```
///
/// With `P2PSIM_SEED` set, a test runs on that seed and on no other.
pub mod testing {
    use crate::Sim;
    use std::any::Any;
    use std::fmt::Debug;
    use std::future::Future;
    use std::ops::RangeInclusive;
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

    /// The variable that names the only seed to run on.
    pub const SEED: &str = "P2PSIM_SEED";

    /// Where a test stands.
    #[derive(Clone, Copy, Debug)]
    pub struct Place {
        /// The package it is part of.
        pub package: &'static str,
        /// Its module, the crate's name first.
        pub module: &'static str,
        /// Its own name.
        pub name: &'static str,
    }

    impl Place {
        /// The line that runs it on one seed.
        pub fn replay(&self, seed: u64) -> String {
            // The harness knows tests by their path within the crate.
            let path = match self.module.split_once("::") {
                Some((_, inner)) => format!("{inner}::{}", self.name),
                None => self.name.to_owned(),
            };
            format!("{SEED}={seed} cargo test -p {} {path} -- --exact", self.package)
        }
    }

    /// What a test may return.
    pub trait Outcome {
        /// The text of its failure, if it failed.
        fn failure(self) -> Option<String>;
    }

    impl Outcome for () {
        fn failure(self) -> Option<String> {
            None
        }
    }

    impl<T, E: Debug> Outcome for Result<T, E> {
        fn failure(self) -> Option<String> {
            self.err().map(|error| format!("{error:?}"))
        }
    }

    /// Runs a test on each of its seeds, or on the one that the environment names.
    ///
    /// # Panics
    /// With the first failure, after it was told how to run it again. The environment names something that is no seed.
    pub fn run<F, R>(place: &Place, seeds: u64, test: impl Fn(Sim) -> F)
    where
        F: Future<Output = R>,
        R: Outcome,
    {
        let named = std::env::var(SEED).ok();
        for seed in chosen(named.as_deref(), seeds) {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run_one(seed, &test))) {
                let of = if named.is_some() { String::new() } else { format!(" of {seeds}") };
                eprintln!("seed {seed}{of} failed; to run it again: {}", place.replay(seed));
                fail(panic);
            }
        }
    }

    fn fail(panic: Box<dyn Any + Send>) -> ! {
        resume_unwind(panic)
    }

    fn chosen(named: Option<&str>, seeds: u64) -> RangeInclusive<u64> {
        let Some(named) = named else { return 1..=seeds };
        match named.trim().parse() {
            Ok(seed) => seed..=seed,
            Err(error) => panic!("{SEED}={named:?} is no seed, a whole number from 0 on: {error}"),
        }
    }

    fn run_one<F, R>(seed: u64, test: impl Fn(Sim) -> F)
    where
        F: Future<Output = R>,
        R: Outcome,
    {
        let runtime =
            tokio::runtime::Builder::new_current_thread().build().expect("it needs nothing of the system");
        let sim = Sim::new(seed);
        // Held here as well: a test that panics leaves it to be ended by whoever drops it last.
        let outcome = runtime.block_on(test(sim.clone()));
        let ended = runtime.block_on(sim.end());
        if let Some(text) = outcome.failure().or_else(|| ended.failure()) {
            panic!("seed {seed}: {text}");
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_line_names_the_test_as_the_harness_does() {
            for (module, path) in
                [("it", "name"), ("it::steps", "steps::name"), ("lib::a::tests", "a::tests::name")]
            {
                let place = Place { package: "gossip", module, name: "name" };
                let line = format!("P2PSIM_SEED=17 cargo test -p gossip {path} -- --exact");
                assert_eq!(place.replay(17), line);
            }
        }

        #[test]
        fn the_environment_names_one_seed_or_none() {
            assert_eq!(chosen(None, 3), 1..=3);
            assert_eq!(chosen(Some("17"), 3), 17..=17);
            assert_eq!(chosen(Some(" 0 "), 3), 0..=0);
            let panic = catch_unwind(|| chosen(Some("x"), 3)).unwrap_err();
            assert!(panic.downcast_ref::<String>().unwrap().starts_with("P2PSIM_SEED=\"x\" is no seed"));
        }
    }
}
