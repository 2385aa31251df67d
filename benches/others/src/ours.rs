//! p2psim: its command, on a scenario.

use crate::{DEGREE, LATENCY, SECONDS};
use std::path::PathBuf;
use std::process::Command;

pub fn command(hosts: usize, fidelity: &str) -> Command {
    let text = format!(
        r#"
name = "beside-the-others"
seed = 1
duration = "{SECONDS}s"

[network]
fidelity = "{fidelity}"

[[nodes]]
name = "node"
count = {hosts}
services = ["ping-pong"]
settings.ping-pong.interval = "1s"

[topology]
kind = "random-regular"
degree = {DEGREE}

[link]
latency = "{}ms"

[[expect]]
name = "pings are answered"
total = "received"
protocol = "ping-pong"
code = 1
at_least = {}
"#,
        LATENCY.as_millis(),
        hosts * DEGREE * (SECONDS as usize - 4),
    );
    let file = std::env::temp_dir()
        .join(format!("beside-the-others-{}-{hosts}-{fidelity}.toml", std::process::id()));
    std::fs::write(&file, text).expect("there is room for a scenario");
    let ours = std::env::var_os("P2PSIM").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/release/p2psim")),
        PathBuf::from,
    );
    let mut command = Command::new(ours);
    command.arg("run").arg(file);
    command
}
