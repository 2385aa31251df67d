//! The start-up report: one HTTP POST, as geth's child sends it.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::exec::wire::Report;

/// Reports that the node did not start, and answers the exit code.
pub(super) async fn failure(url: &str, error: String) -> i32 {
    tracing::error!(target: "exec", error, "Node did not start");
    let report = Report { err: error, ..Report::default() };
    // Who cannot be told sees the process exit.
    let _ = send(url, &report).await;
    1
}

/// Sends a report.
pub(super) async fn send(url: &str, report: &Report) -> io::Result<()> {
    let body = serde_json::to_string(report).expect("strings and numbers can be written");
    let (host, path) = split(url).ok_or_else(|| io::Error::other(format!("{url:?} is no http URL")))?;
    let mut stream = TcpStream::connect(host).await?;
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(64 << 10).read_to_end(&mut answer).await?;
    let line = String::from_utf8_lossy(&answer);
    let line = line.lines().next().unwrap_or_default();
    match line.split(' ').nth(1) {
        Some(code) if code.starts_with('2') => Ok(()),
        _ => Err(io::Error::other(format!("the parent answered {line:?}"))),
    }
}

/// Host and port, and path, of a URL.
fn split(url: &str) -> Option<(&str, &str)> {
    let rest = url.strip_prefix("http://")?;
    let end = rest.find('/').unwrap_or(rest.len());
    let path = if end == rest.len() { "/" } else { &rest[end..] };
    Some((&rest[..end], path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_split() {
        assert_eq!(split("http://127.0.0.1:80"), Some(("127.0.0.1:80", "/")));
        assert_eq!(split("http://h:1/a/b"), Some(("h:1", "/a/b")));
        assert_eq!(split("https://h:1/"), None);
    }
}
