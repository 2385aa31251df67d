//! Ctrl-C and SIGTERM: asked once, a command ends in order; asked twice, it ends.

use crate::failure::Code;
use std::future::Future;

/// Ready when the user, or the system, wants the command to end; what they want is heard from this call on, on a runtime. From
/// then on the next such wish ends the process.
pub(super) fn asked() -> impl Future<Output = ()> {
    let first = once();
    async {
        first.await;
        let second = once();
        tokio::spawn(async {
            second.await;
            std::process::exit(Code::Interrupted as i32);
        });
    }
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
fn once() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).expect("SIGTERM can be handled");
    let mut interrupt = signal(SignalKind::interrupt()).expect("SIGINT can be handled");
    async move {
        tokio::select! {
            biased;
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
async fn once() {
    tokio::signal::ctrl_c().await.expect("Ctrl-C can be handled");
}
