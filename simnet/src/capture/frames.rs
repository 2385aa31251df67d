//! What passes a tap, as Ethernet frames: headers are made up, as the simulated network has none.
//!
//! Every end of a stream counts its bytes from 0, so sequence numbers are offsets. A parcel is as many segments as it
//! takes, all at its time; each acknowledges what has come by then, and there are no packets that only do that. A parcel
//! weighs what it does on the wire: where its content is shorter (at message fidelity), zeros follow; where it is longer,
//! it is cut.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use world::Parcel;
use world::sim::{Passing, Seen};

/// Bytes of a segment at most, as the simulated network's links take them.
const SEGMENT: usize = 1448;
const TCP_HEADER: usize = 32;
const UDP_HEADER: usize = 8;
const IP_HEADER: usize = 20;

const FIN: u8 = 1;
const SYN: u8 = 2;
const RST: u8 = 4;
const PSH: u8 = 8;
const ACK: u8 = 16;

/// The streams of one node.
#[derive(Debug, Default)]
pub(super) struct Frames {
    streams: BTreeMap<(SocketAddrV4, SocketAddrV4), Stream>,
    packets: u16,
}

/// The next bytes of a stream: out, in.
#[derive(Clone, Copy, Debug, Default)]
struct Stream {
    sent: u32,
    received: u32,
}

/// A segment, seen from the node.
struct Segment<'a> {
    local: SocketAddrV4,
    remote: SocketAddrV4,
    is_out: bool,
    flags: u8,
    content: &'a [u8],
    millis: u32,
}

impl Frames {
    /// The frames of something that passed, in order. What is not IPv4 has none.
    pub(super) fn of(&mut self, seen: &Seen) -> Vec<Vec<u8>> {
        let (SocketAddr::V4(local), SocketAddr::V4(remote)) = (seen.local, seen.remote) else {
            return Vec::new();
        };
        let millis = seen.at.as_millis() as u32;
        let bare = |is_out, flags| Segment { local, remote, is_out, flags, content: &[], millis };
        let (out, back) = (true, false);
        let ends = (local, remote);
        match &seen.what {
            Passing::Dial => {
                self.streams.insert(ends, Stream::default());
                vec![self.segment(&bare(out, SYN))]
            }
            Passing::Connected => [bare(back, SYN | ACK), bare(out, ACK)].map(|of| self.segment(&of)).into(),
            Passing::DialFailed => self.last(ends, bare(back, RST | ACK)),
            Passing::Accepted => {
                self.streams.insert(ends, Stream::default());
                [bare(back, SYN), bare(out, SYN | ACK), bare(back, ACK)].map(|of| self.segment(&of)).into()
            }
            Passing::Sent(parcel) => self.parcel(&bare(out, ACK), parcel),
            Passing::Received(parcel) => self.parcel(&bare(back, ACK), parcel),
            Passing::Close => self.last(ends, bare(out, FIN | ACK)),
            Passing::Closed(world::Closed::ByRemote) => {
                let fin = self.segment(&bare(back, FIN | ACK));
                vec![fin, self.last(ends, bare(out, ACK)).remove(0)]
            }
            Passing::Closed(world::Closed::Reset) => self.last(ends, bare(back, RST | ACK)),
            Passing::DatagramSent(bytes) => vec![self.datagram(local, remote, bytes)],
            Passing::DatagramReceived(bytes) => vec![self.datagram(remote, local, bytes)],
        }
    }

    fn last(&mut self, ends: (SocketAddrV4, SocketAddrV4), segment: Segment<'_>) -> Vec<Vec<u8>> {
        let frame = self.segment(&segment);
        self.streams.remove(&ends);
        vec![frame]
    }

    fn parcel(&mut self, of: &Segment<'_>, parcel: &Parcel) -> Vec<Vec<u8>> {
        let mut bytes = parcel.bytes.to_vec();
        bytes.resize(parcel.wire_len as usize, 0);
        let last = bytes.len().div_ceil(SEGMENT).saturating_sub(1);
        let chunks = bytes.chunks(SEGMENT).enumerate();
        let frames = chunks.map(|(place, content)| {
            let flags = if place == last { of.flags | PSH } else { of.flags };
            self.segment(&Segment { content, flags, ..*of })
        });
        frames.collect()
    }

    fn segment(&mut self, of: &Segment<'_>) -> Vec<u8> {
        let stream = self.streams.entry((of.local, of.remote)).or_default();
        // A SYN and a FIN take a place in the stream.
        let takes = of.content.len() as u32 + u32::from(of.flags & (SYN | FIN) != 0);
        let (from, to, seq, ack);
        if of.is_out {
            (from, to, seq, ack) = (of.local, of.remote, stream.sent, stream.received);
            stream.sent = stream.sent.wrapping_add(takes);
        } else {
            (from, to, seq, ack) = (of.remote, of.local, stream.received, stream.sent);
            stream.received = stream.received.wrapping_add(takes);
        }
        let mut tcp = Vec::with_capacity(TCP_HEADER + of.content.len());
        tcp.extend(from.port().to_be_bytes());
        tcp.extend(to.port().to_be_bytes());
        tcp.extend(seq.to_be_bytes());
        tcp.extend(if of.flags & ACK == 0 { 0 } else { ack }.to_be_bytes());
        tcp.push(((TCP_HEADER / 4) as u8) << 4);
        tcp.push(of.flags);
        tcp.extend(u16::MAX.to_be_bytes()); // the window
        tcp.extend([0; 4]); // the checksum, and no urgent bytes
        tcp.extend([1, 1, 8, 10]); // timestamps
        tcp.extend(of.millis.to_be_bytes());
        tcp.extend([0; 4]);
        tcp.extend(of.content);
        self.packet(6, *from.ip(), *to.ip(), tcp, 16)
    }

    fn datagram(&mut self, from: SocketAddrV4, to: SocketAddrV4, bytes: &[u8]) -> Vec<u8> {
        let length = (UDP_HEADER + bytes.len()).min(usize::from(u16::MAX) - IP_HEADER);
        let mut udp = Vec::with_capacity(length);
        udp.extend(from.port().to_be_bytes());
        udp.extend(to.port().to_be_bytes());
        udp.extend((length as u16).to_be_bytes());
        udp.extend([0; 2]);
        udp.extend(&bytes[..length - UDP_HEADER]);
        self.packet(17, *from.ip(), *to.ip(), udp, 6)
    }

    /// An Ethernet frame with an IPv4 packet in it, all checksums right. `checksum_at` is where `inner` has its own.
    fn packet(
        &mut self,
        protocol: u8,
        from: Ipv4Addr,
        to: Ipv4Addr,
        mut inner: Vec<u8>,
        checksum_at: usize,
    ) -> Vec<u8> {
        let (from, to, length) = (from.octets(), to.octets(), inner.len() as u16);
        let pseudo = [from.as_slice(), &to, &[0, protocol], &length.to_be_bytes()].concat();
        let sum = checksum(&[&pseudo, &inner]);
        // In UDP, zero would say that there is none.
        let sum = if sum == 0 && protocol == 17 { u16::MAX } else { sum };
        inner[checksum_at..checksum_at + 2].copy_from_slice(&sum.to_be_bytes());

        let mut ip = vec![0x45, 0];
        ip.extend((length + IP_HEADER as u16).to_be_bytes());
        ip.extend(self.packets.to_be_bytes());
        ip.extend([0x40, 0, 64, protocol, 0, 0]); // whole, 64 hops
        ip.extend(from);
        ip.extend(to);
        let sum = checksum(&[&ip]);
        ip[10..12].copy_from_slice(&sum.to_be_bytes());
        self.packets = self.packets.wrapping_add(1);

        let station = |of: [u8; 4]| [0x02, 0, of[0], of[1], of[2], of[3]];
        [station(to).as_slice(), &station(from), &[0x08, 0x00], &ip, &inner].concat()
    }
}

/// The Internet's (RFC 1071), over parts of which all but the last are even.
fn checksum(parts: &[&[u8]]) -> u16 {
    let words = parts.iter().flat_map(|part| part.chunks(2));
    let mut sum: u32 =
        words.map(|word| u32::from(word[0]) << 8 | u32::from(word.get(1).copied().unwrap_or(0))).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}
