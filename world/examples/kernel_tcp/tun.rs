//! A TUN device: packets that the kernel routes to it are read here, packets written here arrive at the kernel.
//!
//! The one unsafe call of this example: naming the device is an `ioctl`, for which there is nothing safe in the
//! standard library, and a crate for it would be a dependency of the whole workspace.

use std::fs::{File, OpenOptions};
use std::os::fd::AsRawFd;

const TUNSETIFF: u64 = 0x4004_54ca;
const IFF_TUN: u16 = 0x0001;
const IFF_NO_PI: u16 = 0x1000;

/// `struct ifreq` as TUNSETIFF reads it.
#[repr(C)]
struct Request {
    name: [u8; 16],
    flags: u16,
    rest: [u8; 22],
}

#[allow(unsafe_code)]
mod sys {
    unsafe extern "C" {
        pub(super) safe fn ioctl(fd: i32, request: u64, argument: &mut super::Request) -> i32;
    }
}

/// Opens a new TUN device of that name, which lasts as long as the file.
pub(crate) fn open(name: &str) -> std::io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).open("/dev/net/tun")?;
    let mut request = Request { name: [0; 16], flags: IFF_TUN | IFF_NO_PI, rest: [0; 22] };
    assert!(name.len() < 16, "an interface has a short name");
    request.name[..name.len()].copy_from_slice(name.as_bytes());
    // The kernel reads and writes the 40 bytes of the request and keeps no pointer.
    match sys::ioctl(file.as_raw_fd(), TUNSETIFF, &mut request) {
        0 => Ok(file),
        _ => Err(std::io::Error::last_os_error()),
    }
}
