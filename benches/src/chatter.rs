//! A network that does nothing but send messages, driven as the command drives one: what listens to it is what is
//! measured.

use crate::clock;
use devp2p::Fidelity;
use simnet::log::Form;
use simnet::topology::Topology;
use simnet::view::NodeSpec;
use simnet::{Handle, NetworkConfig, start};
use std::path::PathBuf;
use std::time::Duration;
use tokio::runtime::Runtime;

/// Nodes in a ring that ping both neighbours every millisecond: four messages, eight records, a node and millisecond.
#[derive(Debug)]
pub struct Chatter {
    runtime: Runtime,
    handle: Handle,
}

/// How the network is.
#[derive(Clone, Debug)]
pub struct Make {
    /// How many nodes.
    pub nodes: usize,
    /// Whether they show their messages.
    pub shown: bool,
    /// Where the log goes, if there is one.
    pub log: Option<(PathBuf, Form)>,
}

impl Chatter {
    /// A network that is up and has been talking for a while.
    pub fn new(make: Make) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("the system gives threads");
        let (log_file, log_form) =
            make.log.map_or((None, Form::default()), |(path, form)| (Some(path), form));
        let config =
            NetworkConfig { fidelity: Fidelity::Message, log_file, log_form, ..NetworkConfig::default() };
        let handle = start(config).expect("a network can be started");
        runtime.block_on(async {
            for _ in 0..make.nodes {
                let settings = serde_json::json!({ "interval": "1ms" });
                let spec = NodeSpec {
                    services: vec!["ping-pong".into()],
                    settings: [("ping-pong".to_owned(), settings)].into(),
                    enable_msg_events: Some(make.shown),
                    ..NodeSpec::default()
                };
                handle.create_node(spec).await.expect("it can be created");
            }
            handle.start_all().await.expect("they start");
            handle.build(Topology::Ring).await.expect("they connect");
            handle.advance(Duration::from_millis(10)).await.expect("time passes");
        });
        Self { runtime, handle }
    }

    /// The way into it.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Where what listens may run.
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Records of messages so far.
    pub fn messages(&self) -> u64 {
        let tally = self.runtime.block_on(self.handle.tally()).expect("it is there");
        tally.messages.iter().map(|count| count.sent.messages + count.received.messages).sum()
    }

    /// Lets so much simulated time pass. Answers the records of messages meanwhile and the CPU time they took.
    pub fn talk(&self, time: Duration) -> (u64, f64) {
        let (before, start) = (self.messages(), clock::process());
        self.runtime.block_on(self.handle.advance(time)).expect("time passes");
        let used = clock::process() - start;
        (self.messages() - before, used)
    }

    /// Ends it.
    pub fn end(self) {
        self.runtime.block_on(self.handle.shut_down()).expect("it ends");
    }
}
