//! The log, on stderr.

use std::io::IsTerminal;

use tracing::level_filters::LevelFilter;

/// Warnings; with -v what happens, with -vv also the handshake.
pub(crate) fn start(verbose: u8) {
    let level = match verbose {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    let color = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    // What cannot be written is nobody's loss; reporting it would panic, on stderr again.
    let log = tracing_subscriber::fmt().with_writer(std::io::stderr).log_internal_errors(false);
    log.with_max_level(level).with_ansi(color).init();
}
