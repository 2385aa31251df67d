//! Captures: what passes chosen nodes, as files that Wireshark and tshark open.
//!
//! Each node has a file of its own, as if `tcpdump` had run on its machine: what it sends has the time at which it is
//! sent, what it receives that at which it came. At wire fidelity the content is RLPx to the bit. Retransmissions and
//! segments that only acknowledge are not there: the tap stands above them.
//!
//! | module | holds |
//! |---|---|
//! | `frames` | what passes, as Ethernet frames |
//! | `pcapng` | the file format |

mod frames;
mod pcapng;

use crate::adapter::NodeIndex;
use crate::error::NetworkError;
use frames::Frames;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use world::sim::Seen;

/// Whose traffic is captured, and where to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capture {
    /// Names of the nodes.
    pub nodes: BTreeSet<String>,
    /// A file for each of them is written into it.
    pub directory: PathBuf,
}

/// Captures under way.
#[derive(Debug)]
pub(crate) struct Captures {
    wanted: Capture,
    /// 1970 to the start, nanoseconds.
    epoch: u64,
    files: BTreeMap<NodeIndex, CaptureFile>,
}

#[derive(Debug)]
struct CaptureFile {
    path: PathBuf,
    out: BufWriter<File>,
    frames: Frames,
    named: BTreeSet<IpAddr>,
}

impl Captures {
    /// None yet; the directory is made.
    pub(crate) fn begin(wanted: Capture, epoch: SystemTime) -> Result<Self, NetworkError> {
        fs::create_dir_all(&wanted.directory).map_err(|error| failed(&wanted.directory, &error))?;
        let epoch = epoch.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Ok(Self { wanted, epoch: nanos(epoch), files: BTreeMap::new() })
    }

    /// Begins the file of a node, if it is one of those. Answers whether it is.
    pub(crate) fn open(&mut self, node: NodeIndex, name: &str) -> Result<bool, NetworkError> {
        if !self.wanted.nodes.contains(name) {
            return Ok(false);
        }
        let path = self.wanted.directory.join(file_name(name));
        let begin = || -> io::Result<BufWriter<File>> {
            let mut out = BufWriter::new(File::create(&path)?);
            pcapng::head(&mut out, name)?;
            out.flush()?;
            Ok(out)
        };
        let out = begin().map_err(|error| failed(&path, &error))?;
        self.files.insert(node, CaptureFile { path, out, frames: Frames::default(), named: BTreeSet::new() });
        Ok(true)
    }

    /// Writes what has passed. `name_of` says what the node of an address is called.
    pub(crate) fn write(
        &mut self,
        seen: &[(NodeIndex, Seen)],
        name_of: impl Fn(IpAddr) -> Option<String>,
    ) -> Result<(), NetworkError> {
        for (node, seen) in seen {
            if let Some(file) = self.files.get_mut(node) {
                file.write(seen, self.epoch, &name_of).map_err(|error| failed(&file.path, &error))?;
            }
        }
        for (node, _) in seen {
            if let Some(file) = self.files.get_mut(node) {
                file.out.flush().map_err(|error| failed(&file.path, &error))?;
            }
        }
        Ok(())
    }
}

impl CaptureFile {
    fn write(
        &mut self,
        seen: &Seen,
        epoch: u64,
        name_of: impl Fn(IpAddr) -> Option<String>,
    ) -> io::Result<()> {
        for ip in [seen.local.ip(), seen.remote.ip()] {
            if let (IpAddr::V4(address), true) = (ip, self.named.insert(ip)) {
                self.name(address, name_of(ip))?;
            }
        }
        for frame in self.frames.of(seen) {
            pcapng::packet(&mut self.out, epoch + nanos(seen.at), &frame)?;
        }
        Ok(())
    }

    fn name(&mut self, address: Ipv4Addr, name: Option<String>) -> io::Result<()> {
        name.map_or(Ok(()), |name| pcapng::name(&mut self.out, address, &name))
    }
}

fn nanos(time: Duration) -> u64 {
    time.as_nanos() as u64
}

/// A node's file. Names are free, those of files are not.
fn file_name(node: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
    format!("{}.pcapng", node.chars().map(plain).collect::<String>().trim_start_matches('.'))
}

fn failed(path: &Path, error: &io::Error) -> NetworkError {
    NetworkError::Write { path: path.display().to_string(), error: error.to_string() }
}
