//! Why the pivot dropped its peers, as its own `admin_peerEvents` tells.

use crate::error::NetworkError;
use crate::handle::{Handle, RpcLine};
use devp2p::NodeId;
use node::PeerEventInfo;
use node::rpc::view::PeerEventKind;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// The drops of one node's peers, in order.
#[derive(Debug)]
pub(super) struct Drops {
    line: RpcLine,
    seen: VecDeque<(NodeId, String)>,
}

impl Drops {
    pub(super) async fn listen(net: &Handle, node: &str) -> Result<Self, NetworkError> {
        let line = net.rpc(node).await?;
        let subscribe = r#"{"jsonrpc":"2.0","id":1,"method":"admin_subscribe","params":["peerEvents"]}"#;
        line.send(subscribe.into()).await?;
        Ok(Self { line, seen: VecDeque::new() })
    }

    /// The next of the drops gathered.
    pub(super) fn next(&mut self) -> Option<(NodeId, String)> {
        self.seen.pop_front()
    }

    /// Whether there has been another drop. To be asked on the network's own thread: no task's budget ends it early there.
    pub(super) fn gather(&mut self) -> bool {
        while let Some(text) = next_now(&mut self.line) {
            self.seen.extend(drop_in(&text));
        }
        !self.seen.is_empty()
    }
}

fn next_now(line: &mut RpcLine) -> Option<String> {
    match pin!(line.recv()).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(text) => text,
        Poll::Pending => None,
    }
}

/// The drop that a text of the line tells of, if it tells of one.
fn drop_in(text: &str) -> Option<(NodeId, String)> {
    let mut notice: serde_json::Value = serde_json::from_str(text).ok()?;
    let event: PeerEventInfo = serde_json::from_value(notice.pointer_mut("/params/result")?.take()).ok()?;
    let dropped = event.kind == PeerEventKind::Drop;
    dropped.then_some(())?;
    Some((event.peer.parse().ok()?, event.error.unwrap_or_default()))
}
