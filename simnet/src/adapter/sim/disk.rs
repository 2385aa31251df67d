//! The disk behind nodes in memory.

use crate::adapter::base::Base;
use devp2p::NodeId;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard};

/// Where services of nodes keep files: nothing is there before the first of them asks.
#[derive(Debug, Default)]
pub(super) struct Disk(Mutex<Option<Base>>);

impl Disk {
    fn base(&self) -> MutexGuard<'_, Option<Base>> {
        self.0.lock().expect("no holder panics")
    }

    /// Makes a node's directory.
    pub(super) fn make(&self, id: &NodeId) -> io::Result<PathBuf> {
        let mut base = self.base();
        if base.is_none() {
            *base = Some(Base::create(&std::env::temp_dir())?);
        }
        let dir = base.as_ref().expect("just put there").node(id).join("data");
        fs::create_dir_all(&dir)?;
        Ok(dir)
    }

    pub(super) fn forget(&self, id: &NodeId) {
        if let Some(base) = &*self.base() {
            // A node that keeps no files has no directory.
            let _ = fs::remove_dir_all(base.node(id));
        }
    }

    /// Removes all of them.
    pub(super) fn close(&self) {
        drop(self.base().take());
    }
}
