//! Log lines in the form of geth's terminal handler (go-ethereum `log/format.go`), on standard error.
//!
//! `TRACE[+12.345678901s] Removing p2p peer                        peercount=1 url=enode://… err="…"`: the level in five
//! letters, the time, the message padded to forty, then the fields in the order of the call. The time is the simulated
//! one on threads that have it, since the start; elsewhere the calendar's, as `11-22|07:12:27.123`. Unlike geth this
//! does not pad values, so a line depends on no other line.

use crate::args::Level;
use crate::clock;
use std::fmt::{self, Write};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter};
use tracing_subscriber::registry::LookupSpan;

/// Messages are padded to this, if anything follows (geth's `termMsgJust`).
const MESSAGE_WIDTH: usize = 40;

/// Starts logging for the whole process.
pub(crate) fn start(level: Level) {
    let level = match level {
        Level::Off => LevelFilter::OFF,
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    };
    let subscriber = subscriber(level, std::io::stderr);
    tracing::subscriber::set_global_default(subscriber).expect("main starts logging, and once");
}

fn subscriber<W>(level: LevelFilter, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    tracing_subscriber::fmt().with_max_level(level).event_format(Terminal).with_writer(writer).finish()
}

struct Terminal;

impl<S, N> FormatEvent<S, N> for Terminal
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        write!(out, "{:<5}[", event.metadata().level().as_str())?;
        match world::log_time() {
            Some(time) => write!(out, "+{}.{:09}s", time.as_secs(), time.subsec_nanos())?,
            None => out.write_str(&clock::calendar())?,
        }
        let message = escape_message(&fields.message);
        if fields.rest.is_empty() {
            writeln!(out, "] {message}")
        } else {
            writeln!(out, "] {message:<MESSAGE_WIDTH$}{}", fields.rest)
        }
    }
}

#[derive(Default)]
struct Fields {
    message: String,
    rest: String,
}

impl Fields {
    fn add(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message = value.to_owned();
            return;
        }
        // A raw identifier is how Rust's keywords become field names.
        let name = field.name().trim_start_matches("r#");
        write!(self.rest, " {name}={}", escape(value)).expect("a String takes all");
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.add(field, &value.to_string());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, &format!("{value:?}"));
    }
}

/// Values are quoted if they hold anything up to `"`, beyond `~`, or `=`.
fn escape(value: &str) -> String {
    let plain = !value.is_empty() && value.chars().all(|c| c > '"' && c <= '~' && c != '=');
    if plain { value.to_owned() } else { quote(value) }
}

/// Messages may hold spaces and line ends too.
fn escape_message(message: &str) -> String {
    let plain = |c: char| (' '..='~').contains(&c) && c != '=' || matches!(c, '\r' | '\n' | '\t');
    if message.chars().all(plain) { message.to_owned() } else { quote(message) }
}

/// As Go's `strconv.Quote`.
fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() => write!(quoted, "\\x{:02x}", u32::from(c)).expect("a String takes all"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn lines(level: LevelFilter, act: impl FnOnce()) -> String {
        let captured = Captured::default();
        let writer = captured.clone();
        tracing::subscriber::with_default(subscriber(level, move || writer.clone()), act);
        let bytes = captured.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_removed_peer_reads_as_the_original_shows_it() {
        let line = lines(LevelFilter::TRACE, || {
            let (peercount, url) = (1, "enode://ab@127.0.0.1:30303");
            let err = "PeerError(code=remote disconnect reason, err=<nil>)";
            tracing::trace!(peercount, url, duration = ?std::time::Duration::from_millis(1500), err, "Removing p2p peer");
        });
        let (time, rest) = line.strip_prefix("TRACE[").unwrap().split_once("] ").unwrap();
        assert_eq!(time.len(), "11-22|07:12:27.123".len(), "{time}");
        assert_eq!(
            rest,
            "Removing p2p peer                        peercount=1 url=enode://ab@127.0.0.1:30303 duration=1.5s \
             err=\"PeerError(code=remote disconnect reason, err=<nil>)\"\n"
        );
    }

    #[test]
    fn simulated_time_is_shown_where_there_is_one() {
        let line = lines(LevelFilter::INFO, || {
            // A thread that runs a simulated world has its time from then on.
            let mut simulation = world::Simulation::new(world::sim::SimConfig::default());
            simulation.run_until(std::time::Duration::from_nanos(12_345_678_901)).unwrap();
            tracing::info!("here");
        });
        assert_eq!(line, "INFO [+12.345678901s] here\n");
    }

    #[test]
    fn levels_are_kept() {
        let logged = lines(LevelFilter::WARN, || {
            tracing::info!("no");
            tracing::warn!("yes");
        });
        assert!(logged.starts_with("WARN [") && logged.ends_with("] yes\n"), "{logged}");
        assert_eq!(logged.lines().count(), 1);
    }

    #[test]
    fn what_is_quoted() {
        for (value, shown) in [
            ("plain", "plain"),
            ("a-b_c.d:e/f?g#h~", "a-b_c.d:e/f?g#h~"),
            ("two words", "\"two words\""),
            ("k=v", "\"k=v\""),
            ("say \"x\"", "\"say \\\"x\\\"\""),
            ("back\\slash", "back\\slash"),
            ("line\nend", "\"line\\nend\""),
            ("größe", "\"größe\""),
            ("!", "\"!\""),
            ("", "\"\""),
        ] {
            assert_eq!(escape(value), shown, "{value}");
        }
        assert_eq!(escape_message("two words"), "two words");
        assert_eq!(escape_message("k=v"), "\"k=v\"");
    }
}
