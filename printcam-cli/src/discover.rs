//! `printcam discover`: the printers in the network, as they make themselves known.

mod table;

use std::time::Duration;

use printcam::discover::{Bind, Connect, Discovery, PortState, Printer, Sighting};
use serde_json::json;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::arguments::DiscoverArguments;
use crate::camera::discovery;
use crate::exit::Failure;
use crate::output::Destination;
use crate::signals::stop_wanted;
use table::Table;

pub(crate) async fn run(arguments: DiscoverArguments) -> Result<(), Failure> {
    let mut discovery = Discovery::start(discovery()?)?;
    let mut looking = arguments.subnet.map(|subnet| Box::pin(discovery.probe(subnet)));
    let mut table = Table::where_it_can_be_redrawn(arguments.json);
    let end = Instant::now() + arguments.time;
    let mut stop = std::pin::pin!(stop_wanted());
    let mut tick = interval(Duration::from_millis(500));
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut listening = true;
    let mut stopped = false;
    while !stopped && (listening || looking.is_some()) {
        tokio::select! {
            biased;
            result = &mut stop => {
                result?;
                stopped = true;
            }
            sighting = discovery.next() => match (sighting, &mut table) {
                (Some(_), Some(table)) => table.draw(&discovery.printers(), &status(end, listening))?,
                (Some(sighting), None) => write_line(&sighting, arguments.json)?,
                (None, _) => listening = false,
            },
            () = through(&mut looking) => looking = None,
            () = sleep_until(end), if listening => listening = false,
            _ = tick.tick(), if table.is_some() => {
                if let Some(table) = &mut table {
                    table.draw(&discovery.printers(), &status(end, listening))?;
                }
            }
        }
    }
    let printers = discovery.printers();
    if let Some(table) = &mut table {
        table.draw(&printers, "")?;
    }
    match (printers.is_empty(), stopped) {
        (false, _) => Ok(()),
        (true, true) => Err(Failure::Interrupted),
        (true, false) => Err(Failure::NothingFound),
    }
}

/// Resolves when what is there has resolved.
async fn through(looking: &mut Option<impl Future<Output = ()> + Unpin>) {
    match looking {
        Some(looking) => looking.await,
        None => std::future::pending().await,
    }
}

fn status(end: Instant, listening: bool) -> String {
    if listening {
        let left = end.saturating_duration_since(Instant::now()).as_secs_f32().ceil();
        format!("listening for another {left:.0} s; Ctrl-C ends it")
    } else {
        "looking at the subnet; Ctrl-C ends it".to_owned()
    }
}

fn write_line(sighting: &Sighting, as_json: bool) -> Result<(), Failure> {
    let (event, printer) = match sighting {
        Sighting::Found(printer) => ("found", printer),
        Sighting::Changed(printer) => ("changed", printer),
        Sighting::Left(printer) => ("left", printer),
    };
    let line = if as_json { json(event, printer) } else { format!("{event}  {}", table::cells(printer).join("  ")) };
    Destination::Stdout.write(format!("{line}\n").as_bytes())
}

fn json(event: &str, printer: &Printer) -> String {
    let ports: Vec<_> = printer
        .ports
        .iter()
        .map(|port| json!({"port": port.port, "protocol": port.protocol.as_str(), "state": state(port.state)}))
        .collect();
    json!({
        "event": event,
        "name": printer.name,
        "serial": printer.serial,
        "model": printer.model().map(|model| model.name),
        "model_code": printer.model_code,
        "address": printer.address.to_string(),
        "advertised": printer.advertised.map(|address| address.to_string()),
        "camera": printer.camera().map(|camera| camera.as_str()),
        "known": printer.model().map(|model| model.known),
        "ports": ports,
        "connect": printer.connect.map(|connect| match connect { Connect::Lan => "lan", Connect::Cloud => "cloud" }),
        "bind": printer.bind.map(|bind| match bind { Bind::Free => "free", Bind::Occupied => "occupied" }),
        "version": printer.version,
        "signal": printer.signal,
    })
    .to_string()
}

fn state(state: PortState) -> &'static str {
    match state {
        PortState::Open => "open",
        PortState::Refused => "refused",
        PortState::Silent => "silent",
    }
}
