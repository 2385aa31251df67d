//! Where networks of processes begin.

use std::path::PathBuf;
use std::time::Duration;

use simnet::adapter::NodeAdapter;
use simnet::{Handle, NetworkConfig, NetworkError, Nudge};

use super::adapter::{ExecAdapter, NAME};

/// How nodes' processes are made and treated.
#[derive(Clone, Debug)]
pub struct ExecSettings {
    /// What is run; this program if none. Its `main` begins with [`node_main`](super::node_main).
    pub executable: Option<PathBuf>,
    /// Beside this process's own, what is in the nodes' environment.
    pub environment: Vec<(String, String)>,
    /// Where the nodes' directories are made and removed; the system's place for such things if none.
    pub dir: Option<PathBuf>,
    /// How long a node may take to report, from the moment its process exists.
    pub start_within: Duration,
    /// How long it may take to stop before it is killed.
    pub stop_within: Duration,
    /// How many may be starting at once; two for each processor if none.
    pub starting: Option<usize>,
}

/// geth's five seconds to stop; to start, more than its five, which are few on a busy machine: a process that dies is seen at once
/// in any case.
impl Default for ExecSettings {
    fn default() -> Self {
        Self {
            executable: None,
            environment: Vec::new(),
            dir: None,
            start_within: Duration::from_secs(30),
            stop_within: Duration::from_secs(5),
            starting: None,
        }
    }
}

/// Starts a network whose nodes are child processes. What its configuration says of simulation — threads, links,
/// fidelity — does not apply.
///
/// # Errors
/// The nodes' directory cannot be made; the configuration asks for another pace than real time's, or for a journal.
pub fn start(config: NetworkConfig, settings: ExecSettings) -> Result<Handle, NetworkError> {
    simnet::start_with(config, move |config, nudge| make(config, settings, nudge))
}

/// Starts a network whose nodes live in memory, or are child processes where their configuration says `exec`. All of it
/// is in real time; what its configuration says of simulation applies to the nodes in memory.
///
/// # Errors
/// As [`start`].
pub fn start_mixed(config: NetworkConfig, settings: ExecSettings) -> Result<Handle, NetworkError> {
    simnet::start_mixed(config, move |config, nudge| make(config, settings, nudge))
}

fn make(
    config: &NetworkConfig,
    settings: ExecSettings,
    nudge: Nudge,
) -> Result<Box<dyn NodeAdapter>, NetworkError> {
    let adapter = ExecAdapter::new(config.services.clone(), config.max_peers, settings, nudge);
    match adapter {
        Ok(adapter) => Ok(Box::new(adapter)),
        Err(error) => Err(NetworkError::Adapter { adapter: NAME, error }),
    }
}
