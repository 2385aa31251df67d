//! Where networks begin, on a thread of their own.

use crate::adapter::{MixedAdapter, NodeAdapter, SimAdapter, SimSettings};
use crate::capture::Capture;
use crate::condition::Text;
use crate::driver::{Driver, Job};
use crate::error::NetworkError;
use crate::handle::{Handle, Nudge};
use crate::journal::{Header, Journal};
use crate::log::{self, Form, LogWriter, Source};
use crate::network::{Manners, Network};
use crate::room::Room;
use devp2p::{Fidelity, Timing};
use node::Services;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, SystemTime};
use world::sim::{Link, Pace, SimConfig};

/// What a network is made from.
#[derive(Clone, Debug)]
pub struct NetworkConfig {
    /// Its name; may be empty.
    pub id: String,
    /// What its nodes can run.
    pub services: Services,
    /// What nodes without services run.
    pub default_service: Option<String>,
    /// Where all entropy comes from.
    pub seed: u64,
    /// Threads to simulate on; the log does not depend on it.
    pub shards: usize,
    /// How much of RLPx is real.
    pub fidelity: Fidelity,
    /// The link between any two nodes.
    pub link: Link,
    /// How fast time passes.
    pub pace: Pace,
    /// How long a pair that was just asked to connect may not be asked again (geth: 200 ms; here none by default).
    pub dial_ban: Duration,
    /// Peers a node has at most.
    pub max_peers: usize,
    /// Whose traffic is captured, if anyone's.
    pub capture: Option<Capture>,
    /// Whether to measure from the start; if not, measuring begins with the first who asks.
    pub measure: bool,
    /// Bytes of memory that the process may take; what the machine or its container has, when missing.
    pub memory: Option<u64>,
    /// Where the log is written, every record of it.
    pub log_file: Option<PathBuf>,
    /// How it is written.
    pub log_form: Form,
    /// The experiment the network is set up for, for the log's header.
    pub scenario: Option<Source>,
    /// Where commands from outside are written, to be replayed.
    pub journal: Option<PathBuf>,
}

impl Default for NetworkConfig {
    fn default() -> Self {
        Self {
            id: String::new(),
            services: Services::builtin(),
            default_service: Some("ping-pong".into()),
            seed: 0,
            shards: 1,
            fidelity: Fidelity::Wire,
            link: Link::latency(Duration::from_millis(1)),
            pace: Pace::Max,
            dial_ban: Duration::ZERO,
            // geth's simulations: no limit.
            max_peers: i32::MAX as usize,
            capture: None,
            measure: false,
            memory: None,
            log_file: None,
            log_form: Form::default(),
            scenario: None,
            journal: None,
        }
    }
}

impl NetworkConfig {
    fn network(&self, adapter: Box<dyn NodeAdapter>) -> Result<Network, NetworkError> {
        let can = adapter.capabilities();
        let refused = match () {
            () if !can.virtual_time && self.pace == Pace::Paused => Some("pause real time"),
            () if !can.virtual_time && matches!(self.pace, Pace::Times(times) if times != 1.0) => {
                Some("change the pace of real time")
            }
            () if !can.deterministic && self.journal.is_some() => {
                Some("record a journal: what happens in its networks does not happen again")
            }
            () if !can.deterministic && self.capture.is_some() => {
                Some("capture what passes its nodes: the system's own tools do")
            }
            () => None,
        };
        if let Some(what) = refused {
            return Err(NetworkError::Unsupported { adapter: adapter.name(), what });
        }
        let (id, default_service) = (self.id.clone(), self.default_service.clone());
        let manners = Manners { id, default_service, dial_ban: self.dial_ban, max_peers: self.max_peers };
        let log = self.log_file.as_deref().map(|path| {
            let (network, scenario) = (self.header(), self.scenario.clone());
            let header = log::Header { log: log::VERSION, adapter: adapter.name().into(), network, scenario };
            LogWriter::create(path, self.log_form, &header)
        });
        let mut network = Network::new(manners, adapter, self.seed, log.transpose()?)?;
        network.set_room(Room::new(self.memory, self.fidelity));
        if self.measure {
            network.measure();
        }
        if let Some(capture) = &self.capture {
            network.capture(capture.clone())?;
        }
        Ok(network)
    }

    /// The adapter whose nodes live in memory, from that moment of the calendar on.
    fn simulated(&self, epoch: SystemTime) -> Box<dyn NodeAdapter> {
        let world = SimConfig { seed: self.seed, shards: self.shards, link: self.link, epoch };
        let settings = SimSettings {
            world,
            fidelity: self.fidelity,
            timing: Timing::default(),
            max_peers: self.max_peers,
            client: concat!("p2psim/v", env!("CARGO_PKG_VERSION")).into(),
        };
        Box::new(SimAdapter::new(self.services.clone(), settings))
    }

    fn header(&self) -> Header {
        Header {
            p2psim: env!("CARGO_PKG_VERSION").into(),
            seed: self.seed,
            id: self.id.clone(),
            default_service: self.default_service.clone(),
            link: Text(self.link).to_string(),
            fidelity: fidelity_name(self.fidelity).into(),
            max_peers: self.max_peers,
            dial_ban: self.dial_ban.as_nanos() as u64,
        }
    }
}

fn fidelity_name(fidelity: Fidelity) -> &'static str {
    match fidelity {
        Fidelity::Wire => "wire",
        Fidelity::Message => "message",
    }
}

/// Starts a network in memory, on a thread of its own. It ends with [`Handle::shut_down`], or when the last handle is
/// dropped.
pub fn start(config: NetworkConfig) -> Result<Handle, NetworkError> {
    start_with(config, |config, _| Ok(config.simulated(SimConfig::default().epoch)))
}

/// As [`start_with`], with nodes in memory beside those of the adapter that `make` makes; they go with its time, and
/// are what is made where a node's configuration names no adapter.
///
/// # Errors
/// As [`start_with`].
pub fn start_mixed(
    config: NetworkConfig,
    make: impl FnOnce(&NetworkConfig, Nudge) -> Result<Box<dyn NodeAdapter>, NetworkError> + Send + 'static,
) -> Result<Handle, NetworkError> {
    start_with(config, |config, nudge| {
        let other = make(config, nudge)?;
        let memory = config.simulated(other.epoch());
        Ok(Box::new(MixedAdapter::new(vec![memory, other])))
    })
}

/// As [`start`], with nodes brought to life by the adapter that `make` makes, on the network's own thread. Of the
/// configuration, an adapter heeds what it can: its [`Capabilities`](crate::adapter::Capabilities) say what it cannot.
///
/// # Errors
/// What `make` says, or the configuration asks for what the adapter cannot do.
pub fn start_with(
    config: NetworkConfig,
    make: impl FnOnce(&NetworkConfig, Nudge) -> Result<Box<dyn NodeAdapter>, NetworkError> + Send + 'static,
) -> Result<Handle, NetworkError> {
    let (jobs, queue): (_, Receiver<Job>) = channel();
    let jobs = Arc::new(jobs);
    let nudge = Nudge::new(&jobs);
    let (ready, started) = channel();
    let run = move || {
        // Made here: nothing of a network can move to another thread.
        let driver = make(&config, nudge).and_then(|adapter| config.network(adapter)).and_then(|network| {
            let journal = config.journal.as_deref().map(|path| Journal::create(path, &config.header()));
            Ok(Driver::new(network, config.pace, journal.transpose()?))
        });
        match driver {
            Ok(driver) => {
                let _ = ready.send(Ok(()));
                driver.run(&queue);
            }
            Err(error) => {
                let _ = ready.send(Err(error));
            }
        }
    };
    std::thread::Builder::new().name("network".into()).spawn(run).expect("the machine has a thread left");
    started.recv().map_err(|_| NetworkError::Gone)??;
    Ok(Handle::new(jobs))
}
