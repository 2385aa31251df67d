//! A node of the conformance suite, where nodes are processes.

mod services;

fn main() {
    adapters::exec::node_main(&services::services());
}
