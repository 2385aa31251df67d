//! Directories of nodes, and who removes them.
//!
//! Each adapter whose nodes keep files has a base directory of its own, `p2psim-nodes-<pid>-<n>`, with a directory per node in
//! it. Whoever owns it holds a lock on the file `owner` in it, which ends with its process. So a base whose lock can be had
//! is abandoned, and the next adapter that makes one sweeps it.

use devp2p::NodeId;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// What bases are called.
const PREFIX: &str = "p2psim-nodes-";
/// The file whose lock says that the base is in use.
pub const OWNER: &str = "owner";
/// Digits of the id in the name of a node's directory, as in geth.
const DIGITS: usize = 12;

/// A base directory in use. Dropping it removes it.
#[derive(Debug)]
pub struct Base {
    dir: PathBuf,
    _lock: File,
}

impl Base {
    /// A new base in `place`, which is swept first.
    ///
    /// # Errors
    /// There is no room for it.
    pub fn create(place: &Path) -> io::Result<Self> {
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

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// The directory of a node.
    pub fn node(&self, id: &NodeId) -> PathBuf {
        of_node(&self.dir, id)
    }
}

impl Drop for Base {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.dir) {
            tracing::warn!(target: "simnet", dir = %self.dir.display(), %error, "cannot remove nodes' directory");
        }
    }
}

/// The directory of a node in a base.
pub fn of_node(base: &Path, id: &NodeId) -> PathBuf {
    base.join(&id.to_string()[..DIGITS])
}

/// Whether nobody owns a base.
pub fn is_abandoned(base: &Path) -> bool {
    File::open(base.join(OWNER)).is_ok_and(|owner| owner.try_lock().is_ok())
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
}
