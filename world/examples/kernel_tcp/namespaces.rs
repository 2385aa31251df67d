//! Two network namespaces, each with one end of the link and nothing else.

use crate::forwarder::{Forwarder, Shape};
use crate::{FIRST_PORT, Failed, tun};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Names, devices and addresses of the sending and the receiving side.
const SIDES: [(&str, &str, &str); 2] =
    [("p2psim-send", "p2ps", "10.77.0.1"), ("p2psim-recv", "p2pr", "10.77.0.2")];

const NET: &str = "10.77.0.0/24";

/// What the kernel's streams do: Linux's default, and what the simulation models.
pub(crate) const CONGESTION_CONTROL: &str = "cubic";

/// The namespaces; they go when this is dropped.
pub(crate) struct Namespaces {
    devices: RefCell<Option<[File; 2]>>,
    next_port: Cell<u16>,
}

fn ip(args: &str) -> Result<(), Failed> {
    let output = Command::new("ip").args(args.split(' ')).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("ip {args}: {}", String::from_utf8_lossy(&output.stderr).trim()).into())
}

fn inside(side: usize, command: &[&str]) -> Command {
    let mut inside = Command::new("ip");
    inside.args(["netns", "exec", SIDES[side].0]).args(command);
    inside
}

impl Namespaces {
    pub(crate) fn create() -> Result<Self, Failed> {
        let created = Self { devices: RefCell::new(None), next_port: Cell::new(FIRST_PORT) };
        let mut devices = Vec::new();
        for (side, (name, device, address)) in SIDES.into_iter().enumerate() {
            ip(&format!("netns add {name}"))?;
            devices.push(tun::open(device)?);
            // A device keeps its file when it moves.
            ip(&format!("link set {device} netns {name}"))?;
            ip(&format!("-n {name} address add {address}/24 dev {device}"))?;
            // No packet is to be lost before the forwarder has seen it.
            ip(&format!("-n {name} link set {device} up mtu 1500 txqueuelen 20000"))?;
            // By the route, since a namespace may not change its default; and nothing is learned from run to run.
            ip(&format!(
                "-n {name} route replace {NET} dev {device} src {address} congctl {CONGESTION_CONTROL}"
            ))?;
            let forget = inside(side, &["sysctl", "-q", "-w", "net.ipv4.tcp_no_metrics_save=1"]).status()?;
            if !forget.success() {
                return Err("the kernel keeps its metrics".into());
            }
        }
        *created.devices.borrow_mut() = Some(devices.try_into().expect("one for each side"));
        Ok(created)
    }

    pub(crate) fn take_devices(&self) -> [File; 2] {
        self.devices.take().expect("taken once")
    }

    pub(crate) fn kernel(&self) -> Result<String, Failed> {
        Ok(std::fs::read_to_string("/proc/sys/kernel/osrelease")?.trim().to_owned())
    }

    /// Sends so many bytes over a stream each, all at once: how long each took from the first write to the last byte.
    pub(crate) fn transfer(
        &self,
        forwarder: &Forwarder,
        shape: Shape,
        sizes: &[u32],
    ) -> Result<Vec<Duration>, Failed> {
        let first = self.next_port.get();
        self.next_port.set(first + u16::try_from(sizes.len())?);
        let ports = first..self.next_port.get();
        forwarder.shape(ports.clone(), shape);
        let own = std::env::current_exe()?;
        let own = own.to_str().ok_or("this program has an odd name")?;
        let transfers: Vec<String> =
            ports.clone().zip(sizes).map(|(port, bytes)| format!("{port}:{bytes}")).collect();
        let with = |head: &[&str]| -> Vec<String> {
            head.iter().map(|&word| word.to_owned()).chain(transfers.iter().cloned()).collect()
        };
        let receive = with(&[own, "receive"]);
        let receive: Vec<&str> = receive.iter().map(String::as_str).collect();
        let mut receiver = inside(1, &receive).stdout(Stdio::piped()).spawn()?;
        let mut told = BufReader::new(receiver.stdout.take().expect("piped")).lines();
        // It says when it listens.
        told.next().ok_or("the receiving end did not start")??;
        let send = with(&[own, "send", SIDES[1].2]);
        let send: Vec<&str> = send.iter().map(String::as_str).collect();
        let sent = inside(0, &send).stderr(Stdio::inherit()).output()?;
        let sent = times(String::from_utf8(sent.stdout)?.lines().map(|line| Ok(line.to_owned())))?;
        let received = times(told)?;
        receiver.wait()?;
        ports
            .map(|port| match (sent.get(&port), received.get(&port)) {
                (Some(start), Some(end)) => Ok(Duration::from_nanos(end - start)),
                _ => Err(format!("the transfer on port {port} did not end").into()),
            })
            .collect()
    }
}

/// Lines of a port and a time.
fn times(lines: impl Iterator<Item = std::io::Result<String>>) -> Result<BTreeMap<u16, u64>, Failed> {
    let mut times = BTreeMap::new();
    for line in lines {
        let line = line?;
        let (port, time) = line.split_once(' ').ok_or("half a line")?;
        times.insert(port.parse()?, time.parse()?);
    }
    Ok(times)
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        for (name, ..) in SIDES {
            let _ = ip(&format!("netns delete {name}"));
        }
    }
}
