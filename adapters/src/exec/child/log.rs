//! Where a node's process logs to: its own file, or standard error. What cannot be written is lost, and the node lives.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Mutex;

use node::NodeConfig;
use tracing::level_filters::LevelFilter;

/// A log ends there, bytes; the disk is for all nodes.
const LONGEST: u64 = 256 << 20;

/// Starts logging as the configuration says.
pub(super) fn start(config: &NodeConfig) -> Result<(), String> {
    let out: Box<dyn Write + Send> = match config.log_file.as_str() {
        "" => Box::new(io::stderr()),
        path => Box::new(File::create(path).map_err(|error| format!("log file {path}: {error}"))?),
    };
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level(config.log_verbosity))
        .with_ansi(false)
        .with_writer(Mutex::new(Bounded { out, left: LONGEST }))
        .finish();
    // A main that logs before it looks what it is keeps its own way of logging.
    let _ = tracing::subscriber::set_global_default(subscriber);
    Ok(())
}

/// The level of a number of Go's `slog`.
fn level(verbosity: i32) -> LevelFilter {
    match verbosity {
        ..=-5 => LevelFilter::TRACE,
        -4..=-1 => LevelFilter::DEBUG,
        0..=3 => LevelFilter::INFO,
        4..=7 => LevelFilter::WARN,
        8..=11 => LevelFilter::ERROR,
        12.. => LevelFilter::OFF,
    }
}

/// Takes so many bytes and no more, and never fails.
struct Bounded<W> {
    out: W,
    left: u64,
}

impl<W: Write> Write for Bounded<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let len = bytes.len() as u64;
        if self.left > 0 && len > self.left {
            self.left = 0;
            // As with every line here: a log that cannot be written is no reason to stop.
            let _ = self.out.write_all(b"The log ends here: it is full.\n");
        }
        if self.left > 0 {
            self.left -= len;
            let _ = self.out.write_all(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = self.out.flush();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_has_an_end() {
        let mut log = Bounded { out: Vec::new(), left: 10 };
        for line in ["1234\n", "5678\n", "90\n", "more\n"] {
            assert_eq!(log.write(line.as_bytes()).unwrap(), line.len());
        }
        assert_eq!(String::from_utf8(log.out).unwrap(), "1234\n5678\n");
        let mut log = Bounded { out: Vec::new(), left: 7 };
        log.write_all(b"1234\n").unwrap();
        log.write_all(b"5678\n").unwrap();
        assert_eq!(String::from_utf8(log.out).unwrap(), "1234\nThe log ends here: it is full.\n");
    }

    #[test]
    fn a_full_disk_costs_the_log_alone() {
        let mut log = Bounded { out: File::create("/dev/full").unwrap(), left: 1000 };
        assert_eq!(log.write(b"lost\n").unwrap(), 5);
    }

    #[test]
    fn verbosity_is_slogs() {
        for (number, expect) in [
            (-8, LevelFilter::TRACE),
            (-4, LevelFilter::DEBUG),
            (0, LevelFilter::INFO),
            (4, LevelFilter::WARN),
            (8, LevelFilter::ERROR),
            (12, LevelFilter::OFF),
        ] {
            assert_eq!(level(number), expect);
        }
    }
}
