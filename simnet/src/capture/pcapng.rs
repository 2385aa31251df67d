//! The file format: pcapng (draft-ietf-opsawg-pcapng), one section, one Ethernet interface, times in nanoseconds.

use std::io::{self, Write};
use std::net::Ipv4Addr;

const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const NAMES: u32 = 4;
const PACKET: u32 = 6;
const BYTE_ORDER: u32 = 0x1a2b_3c4d;
const ETHERNET: u16 = 1;

/// Options: of the section its program, of the interface its name and the power of ten of its times.
const END: u16 = 0;
const PROGRAM: u16 = 4;
const NAME: u16 = 2;
const RESOLUTION: u16 = 9;

/// The head of a file with what passes one node.
pub(super) fn head(out: &mut impl Write, node: &str) -> io::Result<()> {
    let mut section = Vec::new();
    section.extend(BYTE_ORDER.to_le_bytes());
    section.extend(1u16.to_le_bytes());
    section.extend(0u16.to_le_bytes());
    // How long the section is, is not known yet.
    section.extend(u64::MAX.to_le_bytes());
    option(&mut section, PROGRAM, concat!("p2psim ", env!("CARGO_PKG_VERSION")).as_bytes());
    option(&mut section, END, &[]);
    block(out, SECTION, &section)?;
    let mut interface = Vec::new();
    interface.extend(ETHERNET.to_le_bytes());
    interface.extend(0u16.to_le_bytes());
    interface.extend(0u32.to_le_bytes()); // packets are not cut
    option(&mut interface, NAME, node.as_bytes());
    option(&mut interface, RESOLUTION, &[9]);
    option(&mut interface, END, &[]);
    block(out, INTERFACE, &interface)
}

/// What an address is called.
pub(super) fn name(out: &mut impl Write, address: Ipv4Addr, name: &str) -> io::Result<()> {
    const IPV4: u16 = 1;
    let mut value = address.octets().to_vec();
    value.extend(name.as_bytes());
    value.push(0);
    let mut names = Vec::new();
    option(&mut names, IPV4, &value);
    option(&mut names, END, &[]);
    block(out, NAMES, &names)
}

/// A packet, so many nanoseconds after 1970.
pub(super) fn packet(out: &mut impl Write, nanos: u64, bytes: &[u8]) -> io::Result<()> {
    let mut packet = Vec::with_capacity(bytes.len() + 24);
    packet.extend(0u32.to_le_bytes());
    packet.extend(((nanos >> 32) as u32).to_le_bytes());
    packet.extend((nanos as u32).to_le_bytes());
    let length = (bytes.len() as u32).to_le_bytes();
    packet.extend(length);
    packet.extend(length);
    packet.extend(bytes);
    pad(&mut packet);
    block(out, PACKET, &packet)
}

fn block(out: &mut impl Write, kind: u32, body: &[u8]) -> io::Result<()> {
    let length = (body.len() as u32 + 12).to_le_bytes();
    out.write_all(&kind.to_le_bytes())?;
    out.write_all(&length)?;
    out.write_all(body)?;
    out.write_all(&length)
}

fn option(block: &mut Vec<u8>, code: u16, value: &[u8]) {
    // A name longer than an option can be is cut.
    let value = &value[..value.len().min(usize::from(u16::MAX))];
    block.extend(code.to_le_bytes());
    block.extend((value.len() as u16).to_le_bytes());
    block.extend(value);
    pad(block);
}

fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}
