//! The two ends of the kernel's streams, each a process in its namespace. Times are the machine's, in nanoseconds.

use crate::Failed;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, SystemTime};

/// `port:bytes`
fn parse(transfer: &str) -> Result<(u16, usize), Failed> {
    let (port, bytes) = transfer.split_once(':').ok_or("a transfer is port:bytes")?;
    Ok((port.parse()?, bytes.parse()?))
}

#[allow(clippy::disallowed_methods)] // what is measured is real
fn now() -> u128 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_nanos()
}

/// Listens on all ports; prints when the last byte of each had come.
pub(crate) fn receive(transfers: &[&str]) -> Result<bool, Failed> {
    let mut listening = Vec::new();
    for transfer in transfers {
        let (port, bytes) = parse(transfer)?;
        listening.push((port, bytes, TcpListener::bind(("0.0.0.0", port))?));
    }
    println!("listening");
    let ends = listening.into_iter().map(|(port, bytes, listener)| {
        thread::spawn(move || -> std::io::Result<()> {
            let (mut stream, _) = listener.accept()?;
            let (mut buffer, mut left) = (vec![0; 1 << 18], bytes);
            while left > 0 {
                match stream.read(&mut buffer)? {
                    0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
                    read => left -= read,
                }
            }
            println!("{port} {}", now());
            Ok(())
        })
    });
    join(ends.collect())
}

/// Connects to all ports, and sends; prints when the first byte of each went.
#[allow(clippy::disallowed_methods)] // a thread of its own, in real time
pub(crate) fn send(to: &str, transfers: &[&str]) -> Result<bool, Failed> {
    let mut ends = Vec::new();
    for transfer in transfers {
        let ((port, bytes), to) = (parse(transfer)?, to.to_owned());
        ends.push(thread::spawn(move || -> std::io::Result<()> {
            let mut stream = TcpStream::connect((to, port))?;
            stream.set_nodelay(true)?;
            // The handshake is not what is measured: let its last leg arrive.
            thread::sleep(Duration::from_millis(500));
            let content = vec![0x5a; bytes];
            println!("{port} {}", now());
            stream.write_all(&content)?;
            stream.shutdown(std::net::Shutdown::Write)?;
            // Until the other end has taken everything and closed.
            stream.read(&mut [0]).map(drop)
        }));
    }
    join(ends)
}

fn join(threads: Vec<thread::JoinHandle<std::io::Result<()>>>) -> Result<bool, Failed> {
    for thread in threads {
        thread.join().map_err(|_| "an end panicked")??;
    }
    Ok(true)
}
