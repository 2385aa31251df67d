//! A node's RPC on a port of its world: one request or batch a line, one answer or notification a line.
//!
//! That is how nodes call each other, so a call takes what the link between them takes. A caller that does not read
//! what it is sent is not read from either.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use world::stream::{Listener, Stream};
use world::{ListenError, World};

use super::session::RpcSession;
use crate::node::Node;

/// Longest line, bytes (geth's `wsMessageSizeLimit`).
pub(crate) const LINE_LIMIT: usize = 32 * 1024 * 1024;

/// Serves `node` on `port` for as long as the scope of `world` lasts; 0 takes a free one.
pub(crate) fn listen(node: &Rc<Node>, world: &World, port: u16) -> Result<SocketAddr, ListenError> {
    let mut listener = Listener::bind(world, port)?;
    let local = listener.local_addr();
    let (node, scope) = (Rc::downgrade(node), world.clone());
    world.spawn(async move {
        loop {
            let (stream, _) = listener.accept().await;
            let Some(node) = node.upgrade() else { return };
            scope.spawn(talk(node.session_pulled(), stream));
        }
    });
    Ok(local)
}

async fn talk(session: RpcSession, stream: Stream) {
    let (read, mut write) = split(stream);
    let mut lines = Lines::new(read);
    loop {
        let going_on = tokio::select! {
            biased;
            text = session.next() => match text {
                Some(text) => write_line(&mut write, text).await.is_ok(),
                None => false,
            },
            line = lines.next() => line.map(|line| session.handle(&line)).is_some(),
        };
        if !going_on {
            return;
        }
    }
}

/// Writes a text, which has no line end in it, and one behind it.
pub(crate) async fn write_line(write: &mut (impl AsyncWrite + Unpin), mut text: String) -> io::Result<()> {
    text.push('\n');
    write.write_all(text.as_bytes()).await
}

/// Reads lines. A reading that is given up halfway loses nothing.
pub(crate) struct Lines<R> {
    read: R,
    buffer: BytesMut,
    /// Bytes of the buffer in which no line ends.
    searched: usize,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(crate) fn new(read: R) -> Self {
        Self { read, buffer: BytesMut::new(), searched: 0 }
    }

    /// The next line without its end; none when the stream ends or a line is too long or no UTF-8.
    pub(crate) async fn next(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.buffer[self.searched..].iter().position(|byte| *byte == b'\n') {
                let line = self.buffer.split_to(self.searched + end + 1);
                self.searched = 0;
                return String::from_utf8(line[..line.len() - 1].to_vec()).ok();
            }
            self.searched = self.buffer.len();
            if self.searched > LINE_LIMIT || self.read.read_buf(&mut self.buffer).await.ok()? == 0 {
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn lines(mut bytes: &[u8]) -> Vec<String> {
        let mut lines = Lines::new(&mut bytes);
        std::iter::from_fn(|| lines.next().now_or_never().expect("a slice is always ready")).collect()
    }

    #[test]
    fn lines_end_where_they_say() {
        assert_eq!(lines(b"one\n\ntwo\nrest"), ["one", "", "two"]);
        assert_eq!(lines(b""), [""; 0]);
        assert_eq!(lines(b"good\n\xff\nnever"), ["good"]);
    }

    #[test]
    fn a_line_without_end_is_given_up() {
        let endless = vec![b'x'; LINE_LIMIT + 100_000];
        assert_eq!(lines(&endless), [""; 0]);
    }
}
