//! Which adapter brings a network's nodes to life, and what cannot be asked of which.

use crate::args::AdapterName;
use crate::failure::{Code, Failure};
use adapters::exec::{self, ExecSettings};
use simnet::scenario::Scenario;
use simnet::{Digest, Handle, NetworkConfig, NetworkError};

/// Starts a network of nodes in memory, of processes, or of both.
pub(super) fn start(adapter: AdapterName, config: NetworkConfig) -> Result<Handle, NetworkError> {
    match adapter {
        AdapterName::Sim => simnet::start(config),
        AdapterName::Exec => exec::start(config, ExecSettings::default()),
        AdapterName::Mixed => exec::start_mixed(config, ExecSettings::default()),
    }
}

/// What a scenario's groups need: they are of `adapter` where they name none.
pub(super) fn for_scenario(adapter: AdapterName, scenario: &Scenario) -> AdapterName {
    let usual = adapter.to_string();
    let mut kinds: Vec<&str> = scenario.groups.iter().map(|group| group.adapter.unwrap_or(&usual)).collect();
    kinds.dedup();
    match kinds[..] {
        ["sim"] => AdapterName::Sim,
        ["exec"] => AdapterName::Exec,
        [] => adapter,
        _ => AdapterName::Mixed,
    }
}

/// Has groups that name no adapter be of `adapter`, where those of several come together.
pub(super) fn name_usual(adapter: AdapterName, scenario: &mut Scenario) {
    if adapter == AdapterName::Exec {
        for group in &mut scenario.groups {
            group.adapter.get_or_insert("exec");
        }
    }
}

/// What takes simulated time is refused where nodes may be processes.
pub(super) fn check(adapter: AdapterName, asked: &[(&str, bool)]) -> Result<(), Failure> {
    match asked.iter().find(|(_, given)| adapter != AdapterName::Sim && *given) {
        None => Ok(()),
        Some((option, _)) => {
            let what =
                format_args!("{option} needs simulated time, and --adapter {adapter} runs in real time");
            Err(Failure::new(Code::Usage, what).remedy("leave one of the two out"))
        }
    }
}

/// A digest as it is shown: processes give another log each time.
pub(super) fn shown(digest: Digest, deterministic: bool) -> String {
    if deterministic { digest.to_string() } else { "none".to_owned() }
}
