//! `printcam sim --log`: what clients do, as it happens, one JSON object a line.

use std::io::Write;
use std::time::{Duration, SystemTime};

use printcam_sim::{ClientRecord, Ending, Event, Fault, Happening, Login, ReceiverReport, Simulator};
use serde_json::{Value, json};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use crate::exit::Failure;
use crate::output::Destination;

/// The log and what goes into it.
pub(super) struct EventLog {
    destination: Destination,
    out: Box<dyn Write + Send>,
    events: Receiver<Event>,
    /// The camera's start.
    began: SystemTime,
}

impl EventLog {
    /// Begins with a line about the camera.
    pub(super) fn open(destination: Destination, simulator: &Simulator) -> Result<EventLog, Failure> {
        let (out, events) = (destination.open()?, simulator.events());
        let mut log = EventLog { destination, out, events, began: SystemTime::now() };
        let options = simulator.options();
        let line = json!({
            "event": "started",
            "printer": options.personality.name(),
            "address": simulator.addr().to_string(),
            "serial": options.serial,
            "seed": options.seed,
            "faults": options.faults.iter().map(Fault::to_string).collect::<Vec<_>>(),
        });
        log.write(Duration::ZERO, line)?;
        log.flush()?;
        Ok(log)
    }

    /// Goes on until it fails.
    pub(super) async fn follow(&mut self) -> Result<(), Failure> {
        loop {
            match self.events.recv().await {
                Ok(event) => self.note(&event)?,
                Err(RecvError::Lagged(missed)) => self.note_missed(missed)?,
                // The camera is there as long as we are.
                Err(RecvError::Closed) => std::future::pending().await,
            }
            if self.events.is_empty() {
                self.flush()?;
            }
        }
    }

    /// Writes what has happened up to now.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        loop {
            match self.events.try_recv() {
                Ok(event) => self.note(&event)?,
                Err(TryRecvError::Lagged(missed)) => self.note_missed(missed)?,
                Err(TryRecvError::Empty | TryRecvError::Closed) => return self.flush(),
            }
        }
    }

    fn note(&mut self, event: &Event) -> Result<(), Failure> {
        let (name, mut line) = described(&event.what);
        line["event"] = name.into();
        line["client"] = event.client.into();
        self.write(event.at, line)
    }

    fn note_missed(&mut self, events: u64) -> Result<(), Failure> {
        let now = self.began.elapsed().unwrap_or_default();
        self.write(now, json!({"event": "missed", "events": events}))
    }

    /// `at` counts from the camera's start.
    fn write(&mut self, at: Duration, mut line: Value) -> Result<(), Failure> {
        let since_1970 = (self.began + at).duration_since(SystemTime::UNIX_EPOCH);
        line["at"] = in_seconds(at);
        line["time"] = in_seconds(since_1970.unwrap_or_default());
        writeln!(self.out, "{line}").map_err(|error| self.destination.failed(error))
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.out.flush().map_err(|error| self.destination.failed(error))
    }
}

/// The event's name, and what there is to say about it.
fn described(what: &Happening) -> (&'static str, Value) {
    match what {
        Happening::Connected { peer } => ("connected", json!({"peer": peer.to_string()})),
        Happening::TlsEstablished => ("tls", json!({})),
        Happening::Login(login) => ("login", json!({"outcome": outcome(*login)})),
        Happening::Request(request) => {
            let line = json!({
                "method": request.method,
                "uri": request.uri,
                "cseq": request.cseq,
                "credentials": request.had_credentials,
                "credentials_in_uri": request.credentials_in_uri,
                "status": request.status,
            });
            ("request", line)
        }
        Happening::Playing => ("playing", json!({})),
        Happening::Report(report) => ("report", statistics(report)),
        Happening::Fault(kind) => ("fault", json!({"fault": kind.name()})),
        Happening::Expired => ("expired", json!({})),
        Happening::Ended(record) => ("ended", summary(record)),
        _ => ("other", json!({})),
    }
}

/// RFC 3550 §6.4.1; without a block where the report was empty or about another source.
fn statistics(report: &ReceiverReport) -> Value {
    let mut line = json!({"sender_ssrc": report.sender_ssrc, "source_description": report.with_source_description});
    if let Some(block) = report.block {
        line["fraction_lost"] = block.fraction_lost.into();
        line["cumulative_lost"] = block.cumulative_lost.into();
        line["extended_highest_sequence_number"] = block.extended_highest_sequence_number.into();
        line["interarrival_jitter"] = block.interarrival_jitter.into();
        line["last_sr"] = block.last_sr.into();
        line["delay_since_last_sr"] = block.delay_since_last_sr.into();
    }
    line
}

fn summary(record: &ClientRecord) -> Value {
    json!({
        "ending": record.ending.map(ending),
        "tls": record.tls_established,
        "teardown": record.teardown,
        "expired": record.expired,
        "vanished": record.vanished,
        "rtp_packets": record.rtp_packets,
        "jpeg_pictures": record.jpeg_pictures,
        "receiver_reports": record.receiver_report_count,
        "garbage_packets": record.garbage_packets,
    })
}

fn outcome(login: Login) -> &'static str {
    match login {
        Login::Accepted => "accepted",
        Login::Denied => "denied",
        Login::Malformed => "malformed",
    }
}

fn ending(ending: Ending) -> &'static str {
    match ending {
        Ending::Clean => "clean",
        Ending::BareEof => "bare-eof",
        Ending::Broken => "broken",
        Ending::HandshakeFailed => "handshake-failed",
        Ending::ByCamera => "by-camera",
    }
}

/// To the millisecond.
fn in_seconds(time: Duration) -> Value {
    (time.as_millis() as f64 / 1000.0).into()
}
