//! The log: on stderr, and kept where somebody wants it afterwards.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::layer;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Shows warnings; with -v what happens, with -vv also the handshake. What is kept is as with -vv.
pub(crate) fn start(verbose: u8, keep: bool) -> Option<KeptLog> {
    let level = match verbose {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    let color = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    // What cannot be written is nobody's loss; reporting it would panic, on stderr again.
    let shown = layer().with_writer(io::stderr).log_internal_errors(false).with_ansi(color).with_filter(level);
    let kept = keep.then(KeptLog::default);
    let keeping = kept.clone().map(|kept| {
        layer()
            .with_writer(move || kept.clone())
            .log_internal_errors(false)
            .with_ansi(false)
            .with_filter(LevelFilter::DEBUG)
    });
    tracing_subscriber::registry().with(shown).with(keeping).init();
    kept
}

/// The log of this run, in memory.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeptLog(Arc<Mutex<Vec<u8>>>);

/// A quarter of an hour of everything. What comes after that is not kept: what goes wrong begins early.
const MAX_KEPT: usize = 4 << 20;

impl KeptLog {
    pub(crate) fn text(&self) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&kept).into_owned()
    }
}

impl Write for KeptLog {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() + line.len() <= MAX_KEPT {
            kept.extend_from_slice(line);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
