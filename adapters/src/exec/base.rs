//! Directories of nodes, and who removes them.
//!
//! Each adapter has a base directory of its own, `p2psim-exec-<pid>-<n>`, with a directory per node in it. Whoever owns
//! it holds a lock on the file `owner` in it, which ends with its process. So a base whose lock can be had is abandoned:
//! the next adapter sweeps it, or, if its nodes outlive it, the last of them that leaves. In the same way each process
//! holds a lock in its node's directory.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// What bases are called.
const PREFIX: &str = "p2psim-exec-";
/// The file whose lock says that the base is in use.
const OWNER: &str = "owner";
/// The file whose lock says that a node's directory has a process.
const PROCESS: &str = "process";
/// How often a node that leaves looks whether its base is abandoned, and how long after the last time.
const LOOKS: u32 = 50;
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// Digits of the id in the name of a node's directory, as in geth.
const DIGITS: usize = 12;

/// A base directory in use. Dropping it removes it.
#[derive(Debug)]
pub(super) struct Base {
    dir: PathBuf,
    _lock: File,
}

impl Base {
    /// A new base in `place`, which is swept first.
    pub(super) fn create(place: &Path) -> io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        fs::create_dir_all(place)?;
        sweep(place);
        loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let dir = place.join(format!("{PREFIX}{}-{count}", std::process::id()));
            match DirBuilder::new().mode(0o700).create(&dir) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                made => made?,
            }
            // Someone may be sweeping: then the next name.
            if let Ok(lock) = File::create(dir.join(OWNER))
                && lock.try_lock().is_ok()
                && dir.join(OWNER).exists()
            {
                return Ok(Self { dir, _lock: lock });
            }
        }
    }

    /// The directory of a node, by its id in hex.
    pub(super) fn node(&self, id: &str) -> PathBuf {
        of_node(&self.dir, id)
    }
}

impl Drop for Base {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.dir) {
            tracing::warn!(target: "exec", dir = %self.dir.display(), %error, "cannot remove nodes' directory");
        }
    }
}

/// The directory of a node in a base.
pub(super) fn of_node(base: &Path, id: &str) -> PathBuf {
    base.join(&id[..DIGITS.min(id.len())])
}

/// Removes every base in `place` that nobody owns.
fn sweep(place: &Path) {
    let Ok(entries) = fs::read_dir(place) else { return };
    for entry in entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX)) {
        let dir = entry.path();
        if is_abandoned(&dir) {
            // What cannot be removed, another user's say, is not ours to complain of.
            let _ = fs::remove_dir_all(&dir);
        } else if !dir.join(OWNER).exists() {
            // Its owner died before it could say that it is one; if it is just being made, its maker tries again.
            let _ = fs::remove_dir(&dir);
        }
    }
}

fn is_abandoned(base: &Path) -> bool {
    File::open(base.join(OWNER)).is_ok_and(|owner| owner.try_lock().is_ok())
}

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

    fn names(place: &Path) -> usize {
        fs::read_dir(place).unwrap().count()
    }

    #[test]
    fn what_is_abandoned_is_swept_and_what_is_in_use_is_not() {
        let place = tempfile::tempdir().unwrap();
        let first = Base::create(place.path()).unwrap();
        let abandoned = place.path().join(format!("{PREFIX}1-0"));
        fs::create_dir_all(abandoned.join("0123456789ab/data")).unwrap();
        File::create(abandoned.join(OWNER)).unwrap();
        fs::create_dir(place.path().join(format!("{PREFIX}1-1"))).unwrap();
        fs::create_dir(place.path().join("somebody's")).unwrap();
        let second = Base::create(place.path()).unwrap();
        assert!(!abandoned.exists());
        assert_eq!(names(place.path()), 3, "two bases in use, and what is none");
        drop((first, second));
        assert_eq!(names(place.path()), 1);
    }

    #[test]
    fn the_last_node_that_leaves_an_abandoned_base_removes_it() {
        let place = tempfile::tempdir().unwrap();
        let base = Base::create(place.path()).unwrap();
        let nodes = ["aa", "bb", "cc"].map(|digits| base.node(&digits.repeat(32)));
        nodes.iter().for_each(|node| fs::create_dir(node).unwrap());
        let [first, second] = [0, 1].map(|node: usize| occupy(&nodes[node]).unwrap());
        assert!(!is_orphaned(&nodes[0]));
        leave(&nodes[0]);
        drop(first);
        assert!(!nodes[0].exists() && nodes[1].exists() && nodes[2].exists(), "it has an owner");
        let dir = base.dir.clone();
        // The owner dies without a chance to clean up: only its lock goes.
        let Base { _lock: lock, .. } = &base;
        lock.unlock().unwrap();
        assert!(is_orphaned(&nodes[1]));
        leave(&nodes[0]);
        assert!(nodes[1].exists() && !nodes[2].exists(), "one has a process, the other has none");
        leave(&nodes[1]);
        drop(second);
        assert!(!dir.exists());
        fs::create_dir(&dir).unwrap(); // for the drop
    }
}
