//! What a person sees of an examination: a line for each step, as it is done, and what it comes to.

use std::io::{self, IsTerminal, Write};

use printcam::Source;
use printcam::doctor::{Check, Report, Step, Verdict};

use super::word;
use crate::exit::Failure;
use crate::output::Destination;

/// Where an examination is shown, or nowhere.
pub(super) struct Screen {
    shows: bool,
    colors: bool,
    /// There is a terminal on stderr, for what is being waited for.
    waits: bool,
    /// The first line that could not be written; nothing is after it.
    failed: Option<Failure>,
}

impl Screen {
    pub(super) fn new(json: bool) -> Self {
        let colors = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { shows: !json, colors, waits: io::stderr().is_terminal(), failed: None }
    }

    pub(super) fn begin(&mut self, source: &Source) -> Result<(), Failure> {
        if self.shows {
            Destination::Stdout.write(format!("{source}\n").as_bytes())?;
        }
        self.wait("connecting");
        Ok(())
    }

    pub(super) fn show(&mut self, check: &Check) {
        if self.waits {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
        if self.shows && self.failed.is_none() {
            let lines = lines(check, self.colors);
            self.failed = Destination::Stdout.write(lines.as_bytes()).err();
        }
        match (check.verdict, check.step) {
            (Verdict::Ill, _) => {}
            (_, Step::Reach) => self.wait("TLS"),
            (_, Step::Identity) => self.wait("asking the camera"),
            (_, Step::Play | Step::AccessCode) => self.wait("waiting for a whole picture"),
            (_, Step::KeyFrame) => self.wait("watching the video for a while"),
            _ => {}
        }
    }

    pub(super) fn end(&mut self, report: &Report) -> Result<(), Failure> {
        if self.waits {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
        if let Some(failure) = self.failed.take() {
            return Err(failure);
        }
        if self.shows {
            Destination::Stdout.write(conclusion(report).as_bytes())?;
        }
        Ok(())
    }

    fn wait(&self, what: &str) {
        if self.waits {
            let _ = write!(io::stderr(), "  {what} ...");
        }
    }
}

/// The whole of it, as it would have been shown.
pub(super) fn text(source: &Source, report: &Report) -> String {
    let checks: String = report.checks.iter().map(|check| lines(check, false)).collect();
    format!("{source}\n{checks}{}", conclusion(report))
}

fn lines(check: &Check, colors: bool) -> String {
    let Check { step, verdict, finding, took, .. } = check;
    let word = word(*verdict);
    let color = match verdict {
        _ if !colors => "",
        Verdict::Well => "\x1b[32m",
        Verdict::Note => "\x1b[33m",
        Verdict::Ill => "\x1b[31m",
    };
    let plain = if colors { "\x1b[0m" } else { "" };
    let took = took.map(|took| took.as_millis()).filter(|&took| took > 0);
    let took = took.map(|took| format!(" ({took} ms)")).unwrap_or_default();
    let first = format!("  {color}{word:4}{plain}  {step:11}  ");
    let mut text = first + &wrapped(&format!("{finding}{took}"), INDENT) + "\n";
    // Of the worst one, the conclusion says it.
    if let (Some(advice), Verdict::Note) = (&check.advice, verdict) {
        text += &format!("{:INDENT$}{}\n", "", wrapped(advice, INDENT));
    }
    text
}

fn conclusion(report: &Report) -> String {
    let whose = match (report.model, &report.serial) {
        (Some(model), Some(serial)) => format!("{} {serial}: ", model.name),
        (Some(model), None) => format!("{}: ", model.name),
        (None, _) => String::new(),
    };
    let mut text = wrapped(&format!("{whose}{}.", report.diagnosis), 0) + "\n";
    // What a note advises stands beside it.
    let told = report.checks.iter().any(|check| check.verdict == Verdict::Note && check.advice == report.advice);
    if let Some(advice) = report.advice.as_ref().filter(|_| !told) {
        text += &format!("hint: {}\n", wrapped(advice, 6));
    }
    text
}

/// In lines of a width that can be read, all but the first indented.
fn wrapped(text: &str, indent: usize) -> String {
    let mut lines = vec![String::new()];
    let mut column = 0;
    for word in text.split(' ') {
        if column + word.chars().count() > WIDTH - indent && column > 0 {
            lines.push(String::new());
            column = 0;
        }
        let line = lines.last_mut().expect("there is always one");
        if column > 0 {
            line.push(' ');
        }
        line.push_str(word);
        column = line.chars().count();
    }
    lines.join(&format!("\n{:indent$}", ""))
}

/// Where findings begin.
const INDENT: usize = 21;

const WIDTH: usize = 110;
