//! `printcam list` and `printcam remove`: the printers in the configuration.

use printcam::config::{CodeSource, ConfiguredPrinter};
use serde_json::json;

use crate::arguments::{ListArguments, RemoveArguments};
use crate::camera::configuration;
use crate::exit::Failure;
use crate::output::{Destination, say};

pub(crate) fn list(arguments: &ListArguments) -> Result<(), Failure> {
    let (file, config) = configuration()?;
    let mut text = String::new();
    for printer in &config.printers {
        text += &if arguments.json { as_json(printer) } else { as_line(printer) };
        text.push('\n');
    }
    Destination::Stdout.write(text.as_bytes())?;
    if config.printers.is_empty() {
        say!("no printer is in {}; printcam add <name> <address> puts one there", file.path().display());
    }
    Ok(())
}

pub(crate) fn remove(arguments: &RemoveArguments) -> Result<(), Failure> {
    let (file, _) = configuration()?;
    if !file.remove(&arguments.name)? {
        let name = arguments.name.clone();
        return Err(Failure::NoSuchPrinter { name, file: file.path().display().to_string() });
    }
    say!("{} is out of {}", arguments.name, file.path().display());
    Ok(())
}

fn as_line(printer: &ConfiguredPrinter) -> String {
    let address = printer.address.as_ref().map_or_else(|| "found by serial number".to_owned(), ToString::to_string);
    let model = printer.model().map(|model| model.name).or(printer.model.as_deref()).unwrap_or("-");
    let serial = printer.serial.as_deref().unwrap_or("-");
    let pinned = if printer.pin.is_some() { "key pinned" } else { "key not pinned" };
    format!("{}  {address}  {model}  {serial}  {}  {pinned}", printer.name, code_word(printer))
}

fn as_json(printer: &ConfiguredPrinter) -> String {
    json!({
        "name": printer.name,
        "address": printer.address.as_ref().map(ToString::to_string),
        "serial": printer.serial,
        "model": printer.model().map(|model| model.name),
        "model_code": printer.model,
        "camera": printer.camera().map(|camera| camera.as_str()),
        "code": code_word(printer),
        "pin": printer.pin.map(|pin| pin.to_string()),
    })
    .to_string()
}

fn code_word(printer: &ConfiguredPrinter) -> &'static str {
    match printer.code {
        CodeSource::Unknown => "code asked for",
        CodeSource::Written(_) => "code kept",
        CodeSource::Environment(_) => "code in the environment",
        CodeSource::File(_) => "code in a file",
    }
}
