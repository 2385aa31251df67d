//! From what is known of a node to all that a new process of it is made from.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use simnet::adapter::NodeIndex;

use super::ExecAdapter;
use crate::exec::process::Birth;
use crate::exec::wire::{self, Config, NodeJson, P2p, Parent, Stack};

impl ExecAdapter {
    /// What a new process of a node is made from.
    pub(super) fn birth(&mut self, node: NodeIndex, snapshots: &BTreeMap<String, Bytes>) -> Birth {
        let token = format!("{:016x}{:016x}", self.entropy.next_u64(), self.entropy.next_u64());
        let resident = self.nodes[node.0 as usize].as_mut().expect("the network names nodes that exist");
        resident.life += 1;
        resident.forget = Arc::default();
        let base = self.base.as_ref().expect("until it is closed");
        let mut json = NodeJson::of(&resident.config);
        json.port = resident.port;
        if !json.logfile.is_empty()
            && let Ok(path) = std::path::absolute(&json.logfile)
        {
            json.logfile = path.to_string_lossy().into_owned();
        }
        let dir = base.node(&resident.config.id);
        let parent = Parent {
            dir: dir.clone(),
            any_port: resident.config.port == 0,
            max_peers: self.max_peers,
            messages: self.messages,
            snapshots: None,
        };
        let data_dir = dir.join("data").to_string_lossy().into_owned();
        let p2p = P2p { listen_addr: resident.address().to_string() };
        Birth {
            executable: self.executable.clone(),
            environment: self.settings.environment.clone(),
            services: resident.config.services.join(","),
            config: Config {
                stack: Stack { data_dir, p2p },
                node: json,
                snapshots: (!snapshots.is_empty()).then(|| wire::encode(snapshots)),
                parent: Some(parent),
            },
            turn: Arc::clone(self.turns.entry(dir.clone()).or_default()),
            forget: Arc::clone(&resident.forget),
            dir,
            status: self.status.clone(),
            token,
            starting: Arc::clone(&self.starting),
            start_within: self.settings.start_within,
            stop_within: self.settings.stop_within,
        }
    }
}
