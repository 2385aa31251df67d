//! Whole nodes, services and RPC included, that do nothing.

use crate::secret;
use node::{Node, NodeConfig, NodeEnv, Services};
use std::time::Duration;
use world::Simulation;
use world::sim::{HostId, SimConfig};

/// Nodes with one service, on hosts of a simulated world.
#[derive(Debug)]
pub struct Nodes {
    sim: Simulation,
    hosts: Vec<HostId>,
}

impl Nodes {
    /// Hosts without anything on them.
    pub fn new(nodes: usize) -> Self {
        let mut sim = Simulation::new(SimConfig::default());
        let hosts = (0..nodes).map(|_| sim.add_host()).collect();
        Self { sim, hosts }
    }

    /// Creates a node on each, key included, and starts it.
    pub fn start(&mut self) {
        let services = Services::builtin();
        for host in &self.hosts {
            let (services, key) = (services.clone(), secret(u64::from(host.0)));
            self.sim.with(*host, move |cell| {
                let config = NodeConfig { services: vec!["ping-pong".to_owned()], ..NodeConfig::new(key) };
                let node = Node::start(&cell.world(), &config, &services, NodeEnv::default());
                *cell.local().borrow_mut() = Some(Box::new((config, node.expect("its ports are free"))));
            });
        }
        self.sim.run_until(self.sim.now() + Duration::from_secs(1)).expect("time passes");
    }
}
