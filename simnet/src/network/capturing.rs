//! Captures: begun with the network, a file for each node that is created by one of their names.

use super::Network;
use crate::adapter::NodeIndex;
use crate::capture::{Capture, Captures};
use crate::error::NetworkError;

impl Network {
    /// Captures what passes those nodes, as soon as they are created.
    pub(crate) fn capture(&mut self, wanted: Capture) -> Result<(), NetworkError> {
        self.captures = Some(Box::new(Captures::begin(wanted, self.epoch)?));
        Ok(())
    }

    /// A node has been created: if it is one of those, its file begins.
    pub(super) fn begin_capture(&mut self, node: NodeIndex, name: &str) -> Result<(), NetworkError> {
        if let Some(captures) = &mut self.captures
            && captures.open(node, name)?
        {
            self.adapter.wiretap(node);
        }
        Ok(())
    }

    /// Writes what has passed since the last time. What cannot be written ends the network, as with the log.
    pub(super) fn write_captures(&mut self) -> Result<(), NetworkError> {
        let Some(captures) = &mut self.captures else { return Ok(()) };
        let (seen, adapter, nodes) = (self.adapter.take_tapped(), &self.adapter, &self.nodes);
        let written = captures.write(&seen, |ip| {
            let member = nodes.iter().find(|member| adapter.enode(member.index).ip == Some(ip))?;
            Some(member.config.name.clone())
        });
        self.broken = self.broken.take().or_else(|| written.clone().err());
        written
    }
}
