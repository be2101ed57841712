//! `printcam sim`: a simulated printer camera.

mod event_log;

use std::collections::BTreeSet;

use printcam_sim::{AccessCode, Announce, Encryption, FaultKind, Footage, Options, ScenarioError, Simulator, Turn};

use crate::arguments::SimArguments;
use crate::exit::Failure;
use crate::output::{Destination, say};
use crate::signals;
use event_log::EventLog;

pub(crate) async fn run(mut arguments: SimArguments) -> Result<(), Failure> {
    let (bind, destination) = (arguments.bind, arguments.log.take());
    let options = options(arguments)?;
    let personality = options.personality;
    let idle = idle_faults(&options);
    let listens = options.live_view;
    let mut simulator =
        Simulator::start(options).map_err(|error| Failure::Io { what: format!("camera on {bind}"), error })?;
    let url = simulator.url_with_credentials();
    let logs_to_stdout = destination == Some(Destination::Stdout);
    // Whoever has read the address may connect at once, which the log has to tell.
    let mut log = destination.map(|destination| EventLog::open(destination, &simulator)).transpose()?;
    match logs_to_stdout {
        // Whoever reads the log there wants nothing else.
        true => say!("{url}"),
        false => Destination::Stdout.write(format!("{url}\n").as_bytes())?,
    }
    let what = if personality.is_jpeg_camera() { ", which sends JPEG pictures" } else { "" };
    let model = personality.name().to_uppercase();
    say!("a simulated {model}{what}; Ctrl-C ends it");
    for fault in &idle {
        // As the names are spoken.
        let article = if model.starts_with('P') { "a" } else { "an" };
        say!("{fault} means nothing to {article} {model}");
    }
    if !listens {
        say!("its live view is off, as this printer's is at first: nobody can connect. --live-view switches it on");
    }
    tokio::select! {
        stop = signals::stop_wanted() => stop?,
        failed = follow(&mut log) => failed?,
    }
    simulator.stop();
    log.map_or(Ok(()), EventLog::finish)
}

async fn follow(log: &mut Option<EventLog>) -> Result<(), Failure> {
    match log {
        Some(log) => log.follow().await,
        None => std::future::pending().await,
    }
}

fn options(arguments: SimArguments) -> Result<Options, Failure> {
    let mut options = match &arguments.scenario {
        None => Options::of(arguments.printer),
        Some(file) => {
            let what = || file.display().to_string();
            let text = std::fs::read_to_string(file).map_err(|error| Failure::Io { what: what(), error })?;
            text.parse().map_err(|error| Failure::Usage(format!("{}: {error}{}", what(), advice(&error))))?
        }
    };
    options.bind = arguments.bind;
    options.faults.extend(arguments.faults);
    options.announce = arguments.announce.map(|to| {
        let announce = Announce { to, ..Announce::default() };
        let name = arguments.name.unwrap_or(announce.name);
        Announce { name, ..announce }
    });
    options.live_view |= arguments.live_view;
    if let Some(code) = arguments.code {
        options.access_code = AccessCode::from(code.as_str());
    }
    if let Some(serial) = arguments.serial {
        options.serial = serial;
    }
    if let Some(seed) = arguments.seed {
        options.seed = seed;
    }
    if let Some(gop) = arguments.gop {
        options.gop = gop;
    }
    if let Some(fps) = arguments.fps {
        (options.fps, options.picture_interval) = (fps, None);
    }
    if arguments.plain && options.personality.is_jpeg_camera() {
        let model = options.personality.name().to_uppercase();
        return Err(Failure::Usage(format!("--plain is for RTSP: the camera of the {model} is reached by TLS only")));
    }
    if arguments.plain {
        options.encryption = Encryption::None;
    }
    if arguments.canned {
        options.footage = Footage::Canned;
    }
    Ok(options)
}

/// The names of faults, now or to come, that this model cannot have.
fn idle_faults(options: &Options) -> BTreeSet<&'static str> {
    let to_come = options.changes.iter().flat_map(|change| match &change.turn {
        Turn::Faults { faults, .. } => &faults[..],
        _ => &[],
    });
    let kinds = options.faults.iter().chain(to_come).map(|fault| fault.kind);
    kinds.filter(|kind| !kind.means_something_to(options.personality)).map(FaultKind::name).collect()
}

fn advice(error: &ScenarioError) -> &'static str {
    match error {
        ScenarioError::Fault(_) => " (printcam sim --help tells of all faults)",
        _ => "",
    }
}
