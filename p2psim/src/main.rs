//! The command `p2psim`, over the built-in services. Everything it does is in the library of the same name.

use std::process::ExitCode;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static GLOBAL: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    p2psim::command(p2psim::Services::builtin())
}
