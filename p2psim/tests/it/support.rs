//! Running the program, and servers of it.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_p2psim"));
    command.args(args).env_remove("P2PSIM_API_URL").env_remove("P2PSIM_TOKEN").env("NO_COLOR", "1");
    command
}

/// What a finished command left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Exited so, and said nothing but results.
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

pub(crate) fn p2psim(args: &[&str]) -> Ran {
    p2psim_reading(args, "")
}

pub(crate) fn p2psim_reading(args: &[&str], input: &str) -> Ran {
    let mut child = command(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program was built");
    // A command that does not read its input may be gone by now.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

pub(crate) fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([format!("-{name}"), child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// A server on a port of its own.
pub(crate) struct Server {
    child: Child,
    out: BufReader<ChildStdout>,
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::start_as("serve", &std::env::temp_dir(), args)
    }

    /// One whose temporary files are in `place`.
    pub(crate) fn start_in(place: &Path, args: &[&str]) -> Self {
        Self::start_as("serve", place, args)
    }

    /// The demo, whatever else it is told.
    pub(crate) fn demo(args: &[&str]) -> Self {
        Self::start_as("demo", &std::env::temp_dir(), args)
    }

    /// A scenario on a page.
    pub(crate) fn watch(scenario: &str) -> Self {
        Self::spawn(command(&["run", "--open", scenario]), &std::env::temp_dir())
    }

    fn start_as(name: &str, place: &Path, args: &[&str]) -> Self {
        let mut command = command(&[name, "--listen", "127.0.0.1:0"]);
        command.args(args);
        Self::spawn(command, place)
    }

    fn spawn(mut command: Command, place: &Path) -> Self {
        let mut child = command
            .env("TMPDIR", place)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program was built");
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("p2psim listening on ").unwrap_or_else(|| panic!("{line:?}"));
        assert!(!url.ends_with(":0"), "the port is the real one: {url}");
        Self { child, url: url.to_owned(), out }
    }

    /// The next line that it says.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Runs a command against this server.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.run_reading(args, "")
    }

    pub(crate) fn run_reading(&self, args: &[&str], input: &str) -> Ran {
        let mut all = args.to_vec();
        all.extend(["--api", &self.url]);
        p2psim_reading(&all, input)
    }

    /// Starts a command that goes on, waits until it listens, and brings its lines.
    pub(crate) fn follow(&self, args: &[&str]) -> Lines {
        let mut child = command(args)
            .args(["--api", &self.url, "--log", "info"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program was built");
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        assert!(log.any(|line| line.contains("Listening for")), "it ended without listening");
        std::thread::spawn(move || log.for_each(drop)); // what else it says must not fill the pipe
        Lines::new(child)
    }

    /// Ends it as no program can help.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends it as a system does, and answers what it said at its end.
    pub(crate) fn stop(mut self) -> String {
        signal(&self.child, "TERM");
        let mut said = String::new();
        self.out.read_to_string(&mut said).unwrap();
        let status = self.child.wait().unwrap();
        assert_eq!(status.code(), Some(0), "{said}");
        said
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already where the test came to its end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command that goes on.
pub(crate) struct Lines {
    pub(crate) child: Child,
    out: BufReader<ChildStdout>,
}

impl Lines {
    pub(crate) fn new(mut child: Child) -> Self {
        let out = BufReader::new(child.stdout.take().unwrap());
        Self { child, out }
    }

    pub(crate) fn next(&mut self) -> serde_json::Value {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    pub(crate) fn interrupt(mut self) -> i32 {
        signal(&self.child, "INT");
        self.child.wait().unwrap().code().unwrap_or(-1)
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A directory with a scenario in it, gone at the end.
pub(crate) struct Bench {
    directory: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a file and answers its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        text_of(&path)
    }

    /// A ring of six that pings every second for five, and `more`.
    pub(crate) fn scenario(&self, more: &str) -> String {
        self.file("small.toml", &format!("{SMALL}{more}"))
    }
}

pub(crate) fn text_of(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

const SMALL: &str = r#"name = "small"
seed = 7
duration = "5s"

[[nodes]]
name = "node"
count = 6
services = ["ping-pong"]

[nodes.settings.ping-pong]
interval = "1s"

[topology]
kind = "ring"

[link]
latency = "20ms"

[[expect]]
total = "connections"
equals = 6

[[expect]]
name = "answers came"
total = "received"
protocol = "ping-pong"
code = 1
at_least = 48
"#;
