//! `p2psim`: runs scenarios, serves networks, and talks to servers.
//!
//! The only crate that reads the command line, prints, reads the wall's clock, and exits. `args` is what can be typed,
//! `cmd` does it, `failure` is how it ends when it does not work; everything else is how things look.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is the crate that prints")]

mod args;
mod clock;
mod cmd;
mod failure;
mod go_value;
mod log;
mod progress;
mod table;

use args::CommandLine;
use clap::Parser;
use std::process::ExitCode;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static GLOBAL: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let line = CommandLine::parse();
    log::start(line.log);
    match cmd::run(line) {
        Ok(code) => code.into(),
        Err(failure) => failure.tell().into(),
    }
}
