//! Large networks through the front door: a whole network with its log, its state and its commands, in a process of its
//! own, so that what it has in memory at most is its own too.

use crate::clock;
use devp2p::Fidelity;
use simnet::topology::Topology;
use simnet::view::NodeSpec;
use simnet::{Digest, Handle, NetworkConfig, NetworkError, start};
use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;
use world::sim::Link;

/// The first argument of a process that does one task.
const ONE: &str = "one-task";

/// What a network does once it is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Nothing.
    Up,
    /// Its nodes ping their neighbours every second for a minute.
    Pings,
    /// Ten items are flooded through it, and reach everybody.
    Flood,
    /// A hundredth of its nodes goes and comes back, twenty times over, while items are flooded.
    Churn,
}

/// One network, brought up and put to work.
#[derive(Clone, Copy, Debug)]
pub struct Task {
    /// What it does.
    pub work: Work,
    /// How many nodes.
    pub nodes: usize,
    /// How many peers each has.
    pub degree: usize,
    /// How much of RLPx is real.
    pub fidelity: Fidelity,
    /// Threads it runs on.
    pub threads: usize,
}

/// What it took.
#[derive(Clone, Debug, PartialEq)]
pub struct Took {
    /// Seconds of wall time until every connection was up, nodes created and started.
    pub up: f64,
    /// Seconds of CPU time for that, all threads.
    pub up_cpu: f64,
    /// Seconds of wall time for its work.
    pub work: f64,
    /// Bytes that were resident at most.
    pub peak: f64,
    /// Of its log.
    pub digest: String,
}

const WORKS: [(Work, &str); 4] =
    [(Work::Up, "up"), (Work::Pings, "pings"), (Work::Flood, "flood"), (Work::Churn, "churn")];

impl Task {
    /// Does the task that this process was started for, if it was, and answers whether it was.
    #[allow(clippy::print_stdout, reason = "this is how the process that started it hears of it")]
    pub fn done_here() -> bool {
        let args: Vec<String> = std::env::args().skip(1).collect();
        let [one, work, nodes, degree, fidelity, threads] = &args[..] else { return false };
        if one != ONE {
            return false;
        }
        let number = |text: &str| text.parse().expect("run() writes numbers");
        let work = WORKS.into_iter().find(|(_, name)| name == work).expect("run() writes its name").0;
        let fidelity = if fidelity == "wire" { Fidelity::Wire } else { Fidelity::Message };
        let task =
            Self { work, nodes: number(nodes), degree: number(degree), fidelity, threads: number(threads) };
        let Took { up, up_cpu, work, peak, digest } = task.here();
        println!("{up} {up_cpu} {work} {peak} {digest}");
        true
    }

    /// Does it in a process of its own.
    pub fn run(&self) -> Took {
        let (_, work) = WORKS.into_iter().find(|(work, _)| *work == self.work).expect("all are there");
        let fidelity = if self.fidelity == Fidelity::Wire { "wire" } else { "message" };
        let numbers = [self.nodes, self.degree, self.threads].map(|number| number.to_string());
        let mut command = Command::new(std::env::current_exe().expect("this program is a file"));
        command.args([ONE, work, &numbers[0], &numbers[1], fidelity, &numbers[2]]).stderr(Stdio::inherit());
        let output = command.output().expect("this program can be started");
        assert!(output.status.success(), "{self:?} failed");
        let text = String::from_utf8(output.stdout).expect("numbers");
        let mut words = text.split_whitespace();
        let mut number = || words.next().expect("five words").parse().expect("four of them numbers");
        let (up, up_cpu, work, peak) = (number(), number(), number(), number());
        Took { up, up_cpu, work, peak, digest: words.next().expect("five words").to_owned() }
    }

    fn here(&self) -> Took {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(self.story()).expect("nothing in it can be refused")
    }

    async fn story(&self) -> Result<Took, NetworkError> {
        let begin = clock::wall();
        let config = NetworkConfig {
            seed: 1,
            shards: self.threads,
            fidelity: self.fidelity,
            link: Link::latency(Duration::from_millis(50)),
            ..NetworkConfig::default()
        };
        let net = start(config)?;
        self.bring_up(&net).await?;
        let (up, up_cpu, began) = (clock::wall() - begin, clock::process(), clock::wall());
        self.work(&net).await?;
        let work = clock::wall() - began;
        let digest: Digest = net.shut_down().await?;
        Ok(Took { up, up_cpu, work, peak: peak(), digest: digest.to_string() })
    }

    async fn bring_up(&self, net: &Handle) -> Result<(), NetworkError> {
        let service = if self.work == Work::Pings { "ping-pong" } else { "gossip" };
        let settings = [("ping-pong".to_owned(), serde_json::json!({ "interval": "1s" }))];
        for _ in 0..self.nodes {
            let mut spec = NodeSpec { services: vec![service.into()], ..NodeSpec::default() };
            if self.work == Work::Pings {
                spec.settings = settings.clone().into();
            }
            net.create_node(spec).await?;
        }
        net.start_all().await?;
        let topology =
            if self.degree == 2 { Topology::Ring } else { Topology::RandomRegular { degree: self.degree } };
        net.build(topology).await.map(drop)
    }

    async fn work(&self, net: &Handle) -> Result<(), NetworkError> {
        match self.work {
            Work::Up => Ok(()),
            Work::Pings => net.advance(Duration::from_secs(60)).await.map(drop),
            Work::Flood => self.flood(net).await,
            Work::Churn => self.churn(net).await,
        }
    }

    async fn flood(&self, net: &Handle) -> Result<(), NetworkError> {
        let names =
            net.read(|state| state.nodes().iter().map(|node| node.name.clone()).collect::<Vec<_>>()).await?;
        for item in 0..10 {
            publish(net, &names[item * self.nodes / 10]).await;
            net.advance(Duration::from_millis(200)).await?;
        }
        net.advance(Duration::from_secs(2)).await?;
        let tally = net.tally().await?;
        // Every node hears of each item at least once, but for the ten that publish.
        let least = tally.nodes.iter().map(|node| node.received.messages).min();
        assert!(least >= Some(9), "an item did not reach everybody: {least:?}");
        Ok(())
    }

    async fn churn(&self, net: &Handle) -> Result<(), NetworkError> {
        let ids = net.read(|state| state.nodes().iter().map(|node| node.id).collect::<Vec<_>>()).await?;
        let some = (self.nodes / 100).max(1);
        for round in 0..20 {
            publish(net, &ids[0].to_string()).await;
            let first = 1 + round * some % (self.nodes - some - 1);
            let (gone, others) = (&ids[first..first + some], &ids[first + some..]);
            for id in gone {
                net.crash_node(&id.to_string()).await?;
            }
            net.advance(Duration::from_millis(500)).await?;
            net.start_nodes(gone.to_vec()).await?;
            let pairs = gone.iter().flat_map(|one| others.iter().take(2).map(|other| (*one, *other)));
            net.dial_all(pairs.collect()).await?;
            net.advance(Duration::from_millis(500)).await?;
        }
        Ok(())
    }
}

async fn publish(net: &Handle, node: &str) {
    net.call(node, "gossip_publish", vec![]).await.expect("it runs this service");
}

/// Bytes that this process had resident at most.
fn peak() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok());
    kibibytes.map_or(f64::NAN, |kibibytes| kibibytes * 1024.0)
}
