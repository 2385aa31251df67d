//! One child's life as its parent sees it: spawned, awaited, listened to, terminated, reaped.
//!
//! A task on the adapter's runtime for each. Orders come in through a queue, news go out through another; the end is
//! always told, and once it is the process is gone and nothing of it is left but its directory.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixStream as StdStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use node::NodeInfo;
use rustix::process::{Pid, Signal, kill_process};
use simnet::Nudge;
use simnet::adapter::NodeIndex;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::process::{Child, Command};
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::status::Status;
use super::wire::{ADDRESS, Ask, CONFIG, Config, NODE_ARG0, Report, STATUS_URL, Said};

/// What a process still has on the line when it has gone is there at once, unless it left the line to another.
const LEFT_OVER: Duration = Duration::from_millis(200);

/// Saved state up to this many bytes goes into the environment, where one entry may have 128 KiB.
const ENVIRONMENT: usize = 64 << 10;

/// What the command's allocator is told: pages of two megabytes are for one large process. A hundred small ones pay for
/// clearing them with most of the time of their start, and have half their memory in them.
const SMALL_PAGES: (&str, &str) = ("MIMALLOC_ALLOW_THP", "0");

/// What is to become of a process.
#[derive(Debug)]
pub(super) enum Order {
    /// Say something on the line.
    Say(Ask),
    /// Terminate it.
    Stop,
    /// Kill it where it stands.
    Kill,
}

/// What became of one.
#[derive(Debug)]
pub(super) enum What {
    /// It has reported, and can be reached.
    Started(Box<Started>),
    /// It said something.
    Said(Said),
    /// It has gone: as it was told to, or why else.
    Ended(Result<(), String>),
    /// Not from a process: a refresh has waited long enough.
    Late(u64),
}

/// A report that makes sense.
#[derive(Debug)]
pub(super) struct Started {
    pub(super) endpoint: String,
    pub(super) info: NodeInfo,
}

/// What happened, to which node, in which of its lives.
#[derive(Debug)]
pub(super) struct News {
    pub(super) node: NodeIndex,
    pub(super) life: u64,
    pub(super) what: What,
}

/// Where news go.
#[derive(Clone, Debug)]
pub(super) struct Reporter {
    pub(super) news: mpsc::Sender<News>,
    pub(super) nudge: Nudge,
    pub(super) node: NodeIndex,
    pub(super) life: u64,
}

impl Reporter {
    pub(super) async fn tell(&self, what: What) {
        let news = News { node: self.node, life: self.life, what };
        // An adapter that has gone needs no news.
        if self.news.send(news).await.is_ok() {
            self.nudge.nudge();
        }
    }
}

/// Everything a process is made from.
#[derive(Debug)]
pub(super) struct Birth {
    pub(super) executable: PathBuf,
    pub(super) environment: Vec<(String, String)>,
    pub(super) services: String,
    pub(super) config: Config,
    pub(super) dir: PathBuf,
    pub(super) status: Status,
    /// The last part of its report's address.
    pub(super) token: String,
    /// Two lives of a node never share its directory.
    pub(super) turn: Arc<tokio::sync::Mutex<()>>,
    /// Whether its directory goes with it.
    pub(super) forget: Arc<AtomicBool>,
    /// How many may be starting at once.
    pub(super) starting: Arc<Semaphore>,
    pub(super) start_within: Duration,
    pub(super) stop_within: Duration,
}

/// Runs one process from its birth to its end.
pub(super) async fn live(birth: Birth, orders: mpsc::UnboundedReceiver<Order>, reporter: Reporter) {
    let turn = Arc::clone(&birth.turn).lock_owned().await;
    let (dir, forget) = (birth.dir.clone(), Arc::clone(&birth.forget));
    let ended = run(birth, orders, &reporter).await;
    // What has gone is not reached any more; what is forgotten leaves nothing. Neither need be there.
    let _ = fs::remove_file(dir.join(ADDRESS));
    if forget.load(Ordering::Acquire) {
        let _ = fs::remove_dir_all(&dir);
    }
    drop(turn);
    reporter.tell(What::Ended(ended)).await;
}

async fn run(
    birth: Birth,
    mut orders: mpsc::UnboundedReceiver<Order>,
    reporter: &Reporter,
) -> Result<(), String> {
    let permit = Arc::clone(&birth.starting).acquire_owned().await.expect("never closed");
    match orders.try_recv() {
        Ok(Order::Stop | Order::Kill) | Err(TryRecvError::Disconnected) => return Ok(()),
        Ok(Order::Say(_)) | Err(TryRecvError::Empty) => {}
    }
    let (url, report) = birth.status.expect(&birth.token);
    let mut process = Process::spawn(&birth, &url)?;
    let started = process.started(&birth, report, &mut orders).await;
    drop(permit);
    let started = match started {
        Ok(Some(started)) => started,
        Ok(None) => {
            process.kill().await;
            return Ok(());
        }
        Err(error) => {
            process.kill().await;
            return Err(error);
        }
    };
    reporter.tell(What::Started(Box::new(started))).await;
    process.serve(&mut orders, reporter, birth.stop_within).await
}

/// A process, and the line to it.
struct Process {
    child: Child,
    heard: Option<Lines<BufReader<OwnedReadHalf>>>,
    say: mpsc::UnboundedSender<Ask>,
}

impl Process {
    fn spawn(birth: &Birth, url: &str) -> Result<Self, String> {
        let failed = |what: &str, error: io::Error| format!("{what}: {error}");
        let data = birth.dir.join("data");
        DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(&data)
            .map_err(|error| failed("error creating node directory", error))?;
        let log = &birth.config.node.logfile;
        if !log.is_empty() {
            File::create(log).map_err(|error| format!("log file {log}: {error}"))?;
        }
        let config = environment(birth).map_err(|error| failed("writing the node's snapshot", error))?;
        let (ours, theirs) = StdStream::pair().map_err(|error| failed("line to the node", error))?;
        let mut command = std::process::Command::new(&birth.executable);
        command
            .arg0(NODE_ARG0)
            .args([&birth.services, &birth.config.node.id])
            .env(SMALL_PAGES.0, SMALL_PAGES.1)
            .envs(birth.environment.iter().map(|(name, value)| (name, value)))
            .env(STATUS_URL, url)
            .env(CONFIG, config)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            // An interrupt typed at the terminal is the parent's business.
            .process_group(0);
        let child = Command::from(command).kill_on_drop(true).spawn();
        let executable = birth.executable.display();
        let child = child.map_err(|error| format!("error starting node: {executable}: {error}"))?;
        ours.set_nonblocking(true).map_err(|error| failed("line to the node", error))?;
        let line = UnixStream::from_std(ours).map_err(|error| failed("line to the node", error))?;
        let (read, write) = line.into_split();
        let (say, said) = mpsc::unbounded_channel();
        tokio::spawn(talk(write, said));
        Ok(Self { child, heard: Some(BufReader::new(read).lines()), say })
    }

    /// Waits for the report. Nothing: it was told to stop meanwhile.
    async fn started(
        &mut self,
        birth: &Birth,
        report: oneshot::Receiver<Bytes>,
        orders: &mut mpsc::UnboundedReceiver<Order>,
    ) -> Result<Option<Started>, String> {
        let deadline = Instant::now() + birth.start_within;
        let mut report = std::pin::pin!(timeout_at(deadline, report));
        loop {
            tokio::select! {
                biased;
                report = &mut report => return match report {
                    Ok(Ok(report)) => read_report(&report, &birth.config.node.id).map(Some),
                    _ => Err(format!(
                        "didn't get startup report within {:?}: does the main of {} begin with node_main?",
                        birth.start_within,
                        birth.executable.display()
                    )),
                },
                order = orders.recv() => match order {
                    Some(Order::Say(ask)) => self.say(ask),
                    Some(Order::Stop | Order::Kill) | None => return Ok(None),
                },
                status = self.child.wait() => {
                    return Err(format!("node process exited during start: {}", show(&status)));
                }
            }
        }
    }

    fn say(&self, ask: Ask) {
        // To a process that has gone nothing need be said.
        let _ = self.say.send(ask);
    }

    /// Listens and obeys until the process is gone.
    async fn serve(
        &mut self,
        orders: &mut mpsc::UnboundedReceiver<Order>,
        reporter: &Reporter,
        stop_within: Duration,
    ) -> Result<(), String> {
        let mut stopping: Option<Instant> = None;
        let mut killed = false;
        let status = loop {
            let patience = stopping.filter(|_| !killed);
            tokio::select! {
                status = self.child.wait() => break status,
                line = next(&mut self.heard) => self.hear(line, reporter).await,
                order = orders.recv(), if stopping.is_none() => match order {
                    Some(Order::Say(ask)) => self.say(ask),
                    // If it cannot be killed it has gone.
                    Some(Order::Kill) => drop(self.child.start_kill()),
                    Some(Order::Stop) | None => {
                        stopping = Some(Instant::now() + stop_within);
                        killed = !self.terminate();
                    }
                },
                () = sleep_until(patience.unwrap_or_else(Instant::now)), if patience.is_some() => {
                    tracing::warn!(target: "exec", node = reporter.node.0, ?stop_within, "Node does not stop: killing it");
                    killed = true;
                    // If it cannot be killed it has gone.
                    let _ = self.child.start_kill();
                }
            }
        };
        let rest = async {
            while self.heard.is_some() {
                let line = next(&mut self.heard).await;
                self.hear(line, reporter).await;
            }
        };
        // Whoever else holds the line says nothing that counts.
        let _ = timeout(LEFT_OVER, rest).await;
        match stopping {
            Some(_) => Ok(()),
            None => Err(format!("node process died: {}", show(&status))),
        }
    }

    async fn hear(&mut self, line: Option<String>, reporter: &Reporter) {
        match line {
            None => self.heard = None,
            Some(line) => match Said::read(&line) {
                Some(said) => reporter.tell(What::Said(said)).await,
                None => {
                    tracing::warn!(target: "exec", node = reporter.node.0, line, "Node said something odd")
                }
            },
        }
    }

    /// Asks it to go; if even that fails, kills it and answers no.
    fn terminate(&mut self) -> bool {
        // It has not been reaped: the number is still its own.
        let pid = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let asked = pid.is_some_and(|pid| kill_process(pid, Signal::TERM).is_ok());
        if !asked {
            let _ = self.child.start_kill();
        }
        asked
    }

    async fn kill(&mut self) {
        // If it cannot be killed it has gone.
        let _ = self.child.kill().await;
    }
}

/// The next line, for ever if there is none to come.
async fn next(heard: &mut Option<Lines<BufReader<OwnedReadHalf>>>) -> Option<String> {
    match heard {
        Some(lines) => lines.next_line().await.ok().flatten(),
        None => std::future::pending().await,
    }
}

async fn talk(mut write: OwnedWriteHalf, mut said: mpsc::UnboundedReceiver<Ask>) {
    while let Some(ask) = said.recv().await {
        let mut line = ask.line();
        line.push('\n');
        if write.write_all(line.as_bytes()).await.is_err() {
            return; // whoever listens finds out, too
        }
    }
}

/// The configuration as the environment carries it; large saved state goes by a file.
fn environment(birth: &Birth) -> io::Result<String> {
    let json = |config: &Config| serde_json::to_string(config).expect("strings and numbers can be written");
    let config = &birth.config;
    let saved = config.snapshots.as_ref().filter(|saved| {
        saved.iter().map(|(name, text)| name.len() + text.len()).sum::<usize>() > ENVIRONMENT
    });
    let Some(saved) = saved else { return Ok(json(config)) };
    let path = birth.dir.join("snapshots.json");
    fs::write(&path, serde_json::to_string(saved).expect("strings can be written"))?;
    let parent = config.parent.clone().map(|parent| super::wire::Parent { snapshots: Some(path), ..parent });
    let (stack, node) = (config.stack.clone(), config.node.clone());
    Ok(json(&Config { stack, node, snapshots: None, parent }))
}

fn read_report(body: &[u8], id: &str) -> Result<Started, String> {
    let report: Report =
        serde_json::from_slice(body).map_err(|error| format!("can't decode startup report: {error}"))?;
    if !report.err.is_empty() {
        return Err(report.err);
    }
    let info = report.info.ok_or("startup report has no NodeInfo")?;
    if info.id != id {
        return Err(format!("startup report is of node {:?}", info.id));
    }
    if !report.ws_endpoint.starts_with("ws://") {
        return Err(format!("startup report has no WebSocket endpoint, but {:?}", report.ws_endpoint));
    }
    Ok(Started { endpoint: report.ws_endpoint, info })
}

fn show(status: &io::Result<ExitStatus>) -> String {
    match status {
        Ok(status) => status.to_string(),
        Err(error) => error.to_string(),
    }
}
