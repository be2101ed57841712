//! The table of printers on a terminal, redrawn in place.

use std::io::{self, IsTerminal};

use printcam::discover::{CameraProtocol, Printer};

use super::state;
use crate::exit::Failure;
use crate::output::Destination;

const HEADINGS: [&str; 6] = ["NAME", "MODEL", "SERIAL", "ADDRESS", "CAMERA", "KNOWN"];

pub(super) struct Table {
    /// Lines of it that stand on the screen.
    drawn: usize,
}

impl Table {
    /// `None` where lines are wanted instead.
    pub(super) fn where_it_can_be_redrawn(json: bool) -> Option<Self> {
        (!json && io::stdout().is_terminal()).then_some(Self { drawn: 0 })
    }

    /// Puts these printers, and a line of status unless it is empty, where the last ones stood.
    pub(super) fn draw(&mut self, printers: &[Printer], status: &str) -> Result<(), Failure> {
        let mut lines = if printers.is_empty() { Vec::new() } else { rows(printers) };
        if !status.is_empty() {
            lines.push(status.to_owned());
        }
        // A line that wraps would be two to go up; nobody goes up from the last ones.
        let width = if status.is_empty() { usize::MAX } else { width() };
        let mut text = if self.drawn > 0 { format!("\x1b[{}A\r", self.drawn) } else { String::new() };
        for line in &lines {
            text.extend(line.chars().take(width));
            text += "\x1b[K\n";
        }
        text += "\x1b[J";
        self.drawn = lines.len();
        Destination::Stdout.write(text.as_bytes())
    }
}

/// What is told of a printer, a dash for what is not known.
pub(super) fn cells(printer: &Printer) -> [String; 6] {
    let or_dash = |text: Option<&str>| text.unwrap_or("-").to_owned();
    let model = printer.model();
    let unknown_code = printer.model_code.as_deref().map(|code| format!("unknown ({code})"));
    let camera = match printer.camera() {
        Some(CameraProtocol::Rtsps) => "rtsps",
        Some(CameraProtocol::Jpeg) => "jpeg",
        None => "-",
    };
    let ports = printer.ports.iter().map(|port| format!("port {} {}", port.port, state(port.state)));
    let moved = printer.advertised.map(|address| format!("says it is at {address}"));
    let known: Vec<String> = model.map(|model| model.known.to_owned()).into_iter().chain(ports).chain(moved).collect();
    [
        or_dash(printer.name.as_deref()),
        model.map(|model| model.name.to_owned()).or(unknown_code).unwrap_or_else(|| "-".to_owned()),
        or_dash(printer.serial.as_deref()),
        printer.address.to_string(),
        camera.to_owned(),
        known.join("; "),
    ]
}

fn rows(printers: &[Printer]) -> Vec<String> {
    let table: Vec<[String; 6]> =
        std::iter::once(HEADINGS.map(str::to_owned)).chain(printers.iter().map(cells)).collect();
    let widths: [usize; 6] =
        std::array::from_fn(|column| table.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
    let line = |row: &[String; 6]| {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    table.iter().map(line).collect()
}

#[cfg(unix)]
fn width() -> usize {
    let columns = rustix::termios::tcgetwinsize(io::stdout()).map_or(0, |size| size.ws_col);
    if columns == 0 { USUAL_WIDTH } else { columns.into() }
}

#[cfg(not(unix))]
fn width() -> usize {
    USUAL_WIDTH
}

const USUAL_WIDTH: usize = 80;
