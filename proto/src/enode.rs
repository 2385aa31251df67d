//! Addresses of nodes as text: enode URLs (devp2p `enode.md`), bare public keys, and node records. Parsing and
//! printing only: host names are not resolved, since that needs a network.

use core::fmt;
use core::net::{IpAddr, Ipv6Addr, SocketAddr};
use core::str::FromStr;

use crate::enr::{NodeRecord, RecordError};
use crate::key::{KeyError, NodeId, PublicKey};

#[cfg(test)]
mod tests;

/// Which part of a text makes it no node address. Texts follow geth's `enode.Parse` where that has one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnodeError {
    /// A URL, but not an enode URL.
    #[error("invalid URL scheme {found:?}, want \"enode\"")]
    Scheme {
        /// The scheme it has.
        found: String,
    },
    /// The part before the `@` is no public key; positions count from its start.
    #[error("invalid public key ({0})")]
    PublicKey(#[from] KeyError),
    /// The part after the `@` has no port.
    #[error("missing port in address {found:?}")]
    MissingPort {
        /// The part after the `@`.
        found: String,
    },
    /// The host is no IP address.
    #[error("invalid IP address {found:?}")]
    Ip {
        /// What stands in its place.
        found: String,
    },
    /// The TCP port is no number up to 65535.
    #[error("invalid port {found:?}")]
    Port {
        /// What stands in its place.
        found: String,
    },
    /// The UDP port in the query is no number up to 65535.
    #[error("invalid discport {found:?} in query")]
    DiscPort {
        /// What stands in its place.
        found: String,
    },
    /// The text begins with `enr:` but is no record.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// A node and where it can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enode {
    /// Its public key.
    pub public_key: PublicKey,
    /// Its IP address, if known.
    pub ip: Option<IpAddr>,
    /// Its TCP port, 0 if it has none.
    pub tcp: u16,
    /// Its UDP port, 0 if it has none.
    pub udp: u16,
    /// The record all this was read from, if it was.
    pub record: Option<NodeRecord>,
}

impl Enode {
    /// The address of a node reachable at `socket` over TCP and UDP.
    pub fn new(public_key: PublicKey, socket: SocketAddr) -> Self {
        let port = socket.port();
        Self { ip: Some(socket.ip().to_canonical()), tcp: port, udp: port, ..Self::unknown(public_key) }
    }

    /// A node of which only the key is known.
    pub fn unknown(public_key: PublicKey) -> Self {
        Self { public_key, ip: None, tcp: 0, udp: 0, record: None }
    }

    /// The id of the node.
    pub fn id(&self) -> NodeId {
        self.public_key.id()
    }

    /// Where to dial it; none if the address or the TCP port is not known.
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        self.ip.filter(|_| self.tcp != 0).map(|ip| SocketAddr::new(ip, self.tcp))
    }

    /// `host:port` and perhaps a query.
    fn with_address(mut self, address: &str) -> Result<Self, EnodeError> {
        let (host_port, query) = address.split_once('?').unwrap_or((address, ""));
        let (host, port) = host_port
            .rsplit_once(':')
            .filter(|(host, _)| !host.starts_with('[') || host.ends_with(']'))
            .ok_or_else(|| EnodeError::MissingPort { found: host_port.to_owned() })?;
        self.ip = Some(parse_ip(host)?);
        self.tcp = parse_port(port).ok_or_else(|| EnodeError::Port { found: port.to_owned() })?;
        self.udp = match query.split('&').find_map(|pair| pair.strip_prefix("discport=")) {
            None => self.tcp,
            Some(udp) => parse_port(udp).ok_or_else(|| EnodeError::DiscPort { found: udp.to_owned() })?,
        };
        Ok(self)
    }
}

impl From<NodeRecord> for Enode {
    fn from(record: NodeRecord) -> Self {
        Self {
            public_key: record.public_key(),
            ip: record.ip(),
            tcp: record.tcp().unwrap_or(0),
            udp: record.udp().unwrap_or(0),
            record: Some(record),
        }
    }
}

impl fmt::Display for Enode {
    /// The enode URL: the address only if it is known, the UDP port only if it is not the TCP port.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "enode://{}", self.public_key)?;
        let Some(ip) = self.ip else { return Ok(()) };
        write!(f, "@{}", SocketAddr::new(ip, self.tcp))?;
        if self.udp != self.tcp {
            write!(f, "?discport={}", self.udp)?;
        }
        Ok(())
    }
}

impl FromStr for Enode {
    type Err = EnodeError;

    /// `enode://<key>@ip:tcp[?discport=udp]`, `enode://<key>`, `<key>` (128 hex digits) or `enr:..`.
    fn from_str(text: &str) -> Result<Self, EnodeError> {
        if text.starts_with("enr:") {
            return Ok(text.parse::<NodeRecord>()?.into());
        }
        let rest = match text.split_once("://") {
            None => text,
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("enode") => rest,
            Some((scheme, _)) => return Err(EnodeError::Scheme { found: scheme.to_owned() }),
        };
        match rest.split_once('@') {
            None => Ok(Self::unknown(rest.parse()?)),
            Some((key, address)) => Self::unknown(key.parse()?).with_address(address),
        }
    }
}

/// An IP address, version 6 in brackets; a version 4 address in version 6 clothes becomes the former.
fn parse_ip(host: &str) -> Result<IpAddr, EnodeError> {
    let parsed = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(v6) => v6.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => host.parse::<IpAddr>().ok().filter(IpAddr::is_ipv4),
    };
    parsed.map(|ip| ip.to_canonical()).ok_or_else(|| EnodeError::Ip { found: host.to_owned() })
}

/// A port in digits alone: `parse` would take a sign too.
fn parse_port(digits: &str) -> Option<u16> {
    digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}
