//! The `printcam` program. Data goes to stdout, everything else to stderr.
#![forbid(unsafe_code)]

mod add;
mod arguments;
mod camera;
mod code;
mod demo;
mod discover;
mod doctor;
mod exit;
mod in_use;
mod logging;
mod moved;
mod output;
mod printers;
mod record;
mod signals;
mod sim;
mod snap;
mod watch;

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::time::Duration;

use arguments::{Arguments, Command};
use exit::Failure;

fn main() -> ExitCode {
    let arguments = match Arguments::parse_command_line() {
        Ok(arguments) => arguments,
        Err(exit_code) => return exit_code,
    };
    let keeps_log = matches!(&arguments.command, Command::Doctor(arguments) if arguments.bundle.is_some());
    let log = logging::start(arguments.verbose, keeps_log);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::Io { what: "the asynchronous runtime".into(), error }.report(),
    };
    let command = async {
        match arguments.command {
            Command::Discover(arguments) => discover::run(arguments).await,
            Command::Add(arguments) => add::run(arguments).await,
            Command::List(arguments) => printers::list(&arguments),
            Command::Remove(arguments) => printers::remove(&arguments),
            Command::Doctor(arguments) => doctor::run(arguments, log).await,
            Command::Snap(arguments) => snap::run(arguments).await,
            Command::Watch(arguments) => watch::run(arguments).await,
            Command::Record(arguments) => record::run(arguments).await,
            Command::Sim(arguments) => sim::run(arguments).await,
            Command::Demo(arguments) => demo::run(arguments).await,
        }
    };
    // A printer serves one client: whatever ends us, the sessions are given back before we go.
    let result = std::panic::catch_unwind(AssertUnwindSafe(|| runtime.block_on(command)));
    if !runtime.block_on(printcam::all_closed(CLOSE_WITHIN)) {
        tracing::warn!("a camera did not answer the goodbye");
    }
    // What may still run is a name look-up or a decoder, which nobody waits for.
    runtime.shutdown_background();
    match result {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(failure)) => failure.report(),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// TEARDOWN takes half a second at most, and closing what remains of it.
const CLOSE_WITHIN: Duration = Duration::from_millis(1500);
