//! The commands: each module does one, or those of one kind.

mod bring;
mod browser;
mod clock;
mod compare;
mod conditions;
mod demo;
mod diff;
mod events;
mod fork;
mod interrupt;
mod journal;
mod leave;
mod mocker;
mod network;
mod node;
mod redo;
mod remote;
mod replay;
mod report;
mod rpc;
mod run;
mod scenario;
mod serve;
mod shipped;
mod source;
mod sweep;
mod verify;
mod watch;

use crate::args::{Command, CommandLine, Network, Node, Which};
use crate::failure::{Code, Failure};
use ::node::Services;
use clap::CommandFactory;
use remote::Remote;
use serde::Serialize;
use std::io::Write;
use tokio::runtime::{Builder, Runtime};

/// Does what was typed.
pub(crate) fn run(line: CommandLine, services: Services) -> Result<Code, Failure> {
    let remote = || Remote::new(&line.api, line.token.clone());
    match line.command {
        None => {
            print(&CommandLine::command().render_help().to_string())?;
            Ok(Code::Done)
        }
        Some(Command::Run(args)) => match &args.journal {
            Some(journal) => journal::replay(&args, journal, services),
            None if args.open => watch::watch(&args, services, line.token),
            None => run::run(&args, services),
        },
        Some(Command::Replay(args)) => replay::replay(&args),
        Some(Command::Diff(args)) => diff::diff(&args),
        Some(Command::Fork(args)) => fork::fork(&args, services),
        Some(Command::Scenario { command }) => scenario::scenario(&command, &services),
        Some(Command::Report { command }) => compare::report(command),
        Some(Command::Serve(args)) => serve::serve(args, line.token, services),
        Some(Command::Demo(args)) => demo::demo(args, line.token, services),
        Some(Command::Show(listing)) => network::show(&remote()?, listing.json),
        Some(Command::Events(args)) => events::events(&remote()?, &args),
        Some(Command::Snapshot) => network::snapshot(&remote()?),
        Some(Command::Redo { file }) => redo::redo(&remote()?, file.as_deref()),
        Some(Command::Load { file }) => network::load(&remote()?, file.as_deref()),
        Some(Command::Start | Command::Network { command: Network::Start }) => network::start(&remote()?),
        Some(Command::Stop | Command::Network { command: Network::Stop }) => network::stop(&remote()?),
        Some(Command::Reset | Command::Network { command: Network::Reset }) => network::reset(&remote()?),
        Some(Command::Mocker { command }) => mocker::mocker(&remote()?, command),
        Some(Command::Topology(topology)) => network::topology(&remote()?, topology),
        Some(Command::Clock(args)) => clock::clock(&remote()?, args),
        Some(Command::Link { command }) => conditions::link(&remote()?, command),
        Some(Command::Line { command }) => conditions::line(&remote()?, command),
        Some(Command::Region { command }) => conditions::region(&remote()?, command),
        Some(Command::Partition(args)) => conditions::partition(&remote()?, args),
        Some(Command::Heal { partitions }) => conditions::heal(&remote()?, &partitions),
        Some(Command::Churn { command }) => conditions::churn(&remote()?, command),
        Some(Command::Node { listing, command }) => {
            let all = Node::List { listing, which: Which::default() };
            node::node(&remote()?, command.unwrap_or(all))
        }
    }
}

/// Runs futures of this process's own thread; simulations have theirs.
fn runtime() -> Runtime {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("the system gives an event queue");
    let _inside = runtime.enter();
    interrupt::not_by_large_files();
    drop(_inside);
    runtime
}

/// Prints to standard output, at once.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// Prints one value as a line of JSON.
fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    print(&to_line(value))
}

fn to_line(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("what is printed has string keys") + "\n"
}
