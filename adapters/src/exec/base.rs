//! What a node's process does about its directory: takes it, and removes what nobody else will.
//!
//! As the adapter holds a lock in its base ([`simnet::adapter::base`]), each process holds one in its node's directory. If the
//! adapter's process dies, the last node that leaves removes the base.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::Duration;

use simnet::adapter::base::{OWNER, is_abandoned};

/// The file whose lock says that a node's directory has a process.
const PROCESS: &str = "process";
/// How often a node that leaves looks whether its base is abandoned, and how long after the last time.
const LOOKS: u32 = 50;
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Takes a node's directory for this process, until the answer is dropped.
pub(super) fn occupy(node: &Path) -> io::Result<File> {
    let lock = File::create(node.join(PROCESS))?;
    lock.try_lock()?;
    Ok(lock)
}
/// Whether whoever owns a node's base has gone.
pub(super) fn is_orphaned(node: &Path) -> bool {
    node.parent().is_some_and(is_abandoned)
}

/// Removes a node's directory; and if nobody owns its base, those of nodes that have no process, and the base after the
/// last of them.
pub(super) fn leave(node: &Path) {
    // What is not there need not be removed.
    let _ = fs::remove_dir_all(node);
    let Some(base) = node.parent() else { return };
    let Ok(owner) = File::open(base.join(OWNER)) else { return };
    // Others that leave hold it for a moment, an owner that is still there for good.
    let look_again = |look: u32| {
        if look > 0 {
            std::thread::park_timeout(LOOK_AGAIN);
        }
        owner.try_lock().is_ok()
    };
    if !(0..LOOKS).any(look_again) {
        return;
    }
    let Ok(entries) = fs::read_dir(base) else { return };
    let mut occupied = false;
    for node in entries.flatten().filter(|entry| entry.file_name() != OWNER).map(|entry| entry.path()) {
        // A process that has not come to take it finds itself orphaned.
        if File::open(node.join(PROCESS)).is_ok_and(|process| process.try_lock().is_err()) {
            occupied = true;
        } else {
            let _ = fs::remove_dir_all(node);
        }
    }
    if !occupied {
        let _ = fs::remove_file(base.join(OWNER));
        let _ = fs::remove_dir(base);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_node_that_leaves_an_abandoned_base_removes_it() {
        let place = tempfile::tempdir().unwrap();
        let base = place.path().join("base");
        let nodes = ["aa", "bb", "cc"].map(|name| base.join(name));
        nodes.iter().for_each(|node| fs::create_dir_all(node).unwrap());
        let owner = File::create(base.join(OWNER)).unwrap();
        owner.try_lock().unwrap();
        let [first, second] = [0, 1].map(|node: usize| occupy(&nodes[node]).unwrap());
        assert!(!is_orphaned(&nodes[0]));
        leave(&nodes[0]);
        drop(first);
        assert!(!nodes[0].exists() && nodes[1].exists() && nodes[2].exists(), "it has an owner");
        drop(owner);
        assert!(is_orphaned(&nodes[1]));
        leave(&nodes[0]);
        assert!(nodes[1].exists() && !nodes[2].exists(), "one has a process, the other has none");
        leave(&nodes[1]);
        drop(second);
        assert!(!base.exists());
    }
}
