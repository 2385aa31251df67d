//! Ctrl-C and SIGTERM: asked once, a command ends in order; asked twice, it ends.

use crate::failure::Code;

/// Ready when the user, or the system, wants the command to end. From then on the next such wish ends the process.
pub(super) async fn asked() {
    once().await;
    tokio::spawn(async {
        once().await;
        std::process::exit(Code::Interrupted as i32);
    });
}

/// Has a write beyond the size that files may have fail, as one on a full disk does; by itself it would end the process.
/// Must be called within a runtime.
#[cfg(unix)]
pub(super) fn not_by_large_files() {
    use tokio::signal::unix::{SignalKind, signal};
    const SIGXFSZ: i32 = 25;
    // Where the signal has another number, nothing is won and nothing lost.
    let _ = signal(SignalKind::from_raw(SIGXFSZ));
}

#[cfg(not(unix))]
pub(super) fn not_by_large_files() {}

#[cfg(unix)]
async fn once() {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).expect("SIGTERM can be handled");
    let mut interrupt = signal(SignalKind::interrupt()).expect("SIGINT can be handled");
    tokio::select! {
        biased;
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn once() {
    tokio::signal::ctrl_c().await.expect("Ctrl-C can be handled");
}
