//! The browser: opens a page there, where somebody is likely to see it.

use std::env;
use std::io::{IsTerminal, stdout};
use std::net::SocketAddr;

/// Whether this runs at a desk: not in a pipe, over SSH, in CI, or on a machine without a screen.
pub(super) fn is_at_a_desk() -> bool {
    let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let has_screen = cfg!(not(target_os = "linux")) || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY");
    stdout().is_terminal() && has_screen && !is_set("SSH_CONNECTION") && !is_set("CI")
}

/// Opens a page, beside what goes on. If that fails it is said, and nothing is lost: the page's URL was printed.
pub(super) fn open(url: &str) {
    if let Err(error) = open::that_detached(url) {
        eprintln!("p2psim: no browser could be opened: {error} (open {url} yourself)");
    }
}

/// The URL of the page of a server that listens there, as a browser of this machine reaches it and is let in.
pub(super) fn url(listening: SocketAddr, token: Option<&str>) -> String {
    let mut address = listening;
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    let escaped = |byte: u8| match byte.is_ascii_alphanumeric() {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    let query = token.map(|token| "?token=".to_owned() + &token.bytes().map(escaped).collect::<String>());
    format!("http://{address}/{}", query.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::url;

    #[test]
    fn a_server_on_all_addresses_is_reached_on_this_machine_s_own() {
        for (listening, page) in [
            ("127.0.0.1:8888", "http://127.0.0.1:8888/"),
            ("0.0.0.0:80", "http://127.0.0.1:80/"),
            ("[::]:8888", "http://[::1]:8888/"),
            ("10.0.0.7:1", "http://10.0.0.7:1/"),
        ] {
            assert_eq!(url(listening.parse().unwrap(), None), page);
        }
        let page = url("127.0.0.1:1".parse().unwrap(), Some("s3 cret&é"));
        assert_eq!(page, "http://127.0.0.1:1/?token=s3%20cret%26%C3%A9");
    }
}
