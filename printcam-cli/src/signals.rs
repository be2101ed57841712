//! Ctrl-C and SIGTERM.

use crate::exit::Failure;

/// Resolves when a person or the system wants us to stop. A second signal then ends the process at once.
pub(crate) async fn stop_wanted() -> Result<(), Failure> {
    let failed = |error| Failure::Io { what: "signals".into(), error };
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
        tokio::select! {
            result = interrupt => result.map_err(failed)?,
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    interrupt.await.map_err(failed)?;
    tokio::spawn(async {
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(130);
        }
    });
    Ok(())
}

/// Does this work, unless a person or the system wants us to stop.
pub(crate) async fn unless_stopped<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::select! {
        done = work => done,
        stop = stop_wanted() => stop.and(Err(Failure::Interrupted)),
    }
}
