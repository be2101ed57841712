//! Why there is no picture: the way to a camera, step by step as a stream goes it, and of each step how it went.
//!
//! ```no_run
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use printcam::doctor::{Checkup, examine};
//! use printcam::{KnownPrinters, Options, Source, Trust};
//!
//! let source: Source = "rtsps://bblp:12345678@192.168.1.20/streaming/live/1".parse()?;
//! let options = Options::new(Trust::FirstUse(KnownPrinters::in_default_file()?));
//! let report = examine(&source, &options, &Checkup::default(), |check| println!("{}", check.finding)).await;
//! println!("{}. {}", report.diagnosis, report.advice.unwrap_or_default());
//! # Ok(()) }
//! ```
//!
//! It is as gentle as a stream: one connection at a time, given back properly; and where this process watches the camera
//! already, that connection is looked at and no other one made.

mod judge;
mod report;
mod running;
mod surroundings;
mod trouble;
mod walk;

use std::time::Duration;

use printcam_proto::quirks::{CameraProtocol, Model};
use printcam_proto::session::Transport;

use crate::cameras::{CameraKey, with_camera};
use crate::discover::{DiscoveryOptions, Printer};
use crate::{Error, Options, Source, Stream};
pub use report::{Check, Diagnosis, Report, Step, Verdict};
use surroundings::Surroundings;
use trouble::Case;
use walk::Ending;

/// How thoroughly a camera is examined.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Checkup {
    /// How long media is watched after the first key frame. 10 s.
    pub media_for: Duration,
    /// How long the first key frame may take. 15 s: an H2C sends one every 10 s.
    pub key_frame_within: Duration,
    /// Where printers are listened for, and which ports are looked at, when something is wrong with the way to the camera.
    pub discovery: DiscoveryOptions,
    /// For how long they are listened for, at most. 11 s: they announce themselves every 5 to 10 s, and few answer a search.
    pub listen: Duration,
    /// The serial number that the printer should have, if it is known.
    pub serial: Option<String>,
}

impl Default for Checkup {
    fn default() -> Self {
        Self {
            media_for: Duration::from_secs(10),
            key_frame_within: Duration::from_secs(15),
            discovery: DiscoveryOptions::default(),
            listen: Duration::from_secs(11),
            serial: None,
        }
    }
}

/// Examines a camera; `tell` is given each [`Check`] as soon as it is made.
///
/// # Panics
/// Outside of a tokio runtime.
pub async fn examine(source: &Source, options: &Options, checkup: &Checkup, tell: impl FnMut(&Check)) -> Report {
    let mut examination = Examination {
        source,
        checkup,
        tell: Box::new(tell),
        checks: Vec::new(),
        known_already: false,
        tunnel: options.tunnel.is_some(),
        model: options.model.as_deref().and_then(Model::of_code),
        serial: None,
        firmware: None,
        heard: Vec::new(),
    };
    let (diagnosis, advice) = match Stream::running(source) {
        Some(stream) => examination.look_at_running(&stream).await,
        None => examination.go_the_way(options).await,
    };
    let Examination { checks, model, serial, firmware, heard, .. } = examination;
    Report { checks, diagnosis, advice, model, serial, firmware, heard }
}

/// What was found out so far.
struct Examination<'a> {
    source: &'a Source,
    checkup: &'a Checkup,
    tell: Box<dyn FnMut(&Check) + 'a>,
    checks: Vec<Check>,
    /// The way is gone a second time, and what goes well on it was told the first time.
    known_already: bool,
    /// The camera is reached by a tunnel: nothing can be said of its address.
    tunnel: bool,
    model: Option<&'static Model>,
    /// Of the certificate, or of an announcement.
    serial: Option<String>,
    firmware: Option<String>,
    /// Of a look around.
    heard: Vec<Printer>,
}

impl Examination<'_> {
    async fn go_the_way(&mut self, options: &Options) -> (Diagnosis, Option<String>) {
        let ending = {
            // The camera's only place: streams of this process wait until the walk is over.
            let slot = with_camera(&CameraKey::of(self.source), |camera| camera.slot.clone());
            let _slot = slot.acquire_owned().await;
            self.walk(options).await
        };
        match ending {
            Ending::Healthy if self.known_already => {
                let advice = match options.transport {
                    Transport::Udp => "Leave out --transport udp, or let UDP from the printer through the firewall.",
                    _ => {
                        "Nothing has to be done: printcam goes over to TCP by itself, and with --transport tcp at once. A \
                         firewall that lets UDP from the printer through would do as well."
                    }
                };
                (Diagnosis::UdpBlocked, Some(advice.to_owned()))
            }
            Ending::Healthy => self.conclude(Diagnosis::Well),
            Ending::Unsteady => self.conclude(Diagnosis::Unsteady),
            Ending::Ill(diagnosis) => self.conclude(diagnosis),
            Ending::Failed(error) => self.explain(&error).await,
        }
    }

    /// By UDP as a stream does, and where nothing arrives, by TCP.
    async fn walk(&mut self, options: &Options) -> Ending {
        if let Some(ending) = self.walk_by(options).await {
            return ending;
        }
        self.known_already = true;
        let mut options = options.clone();
        options.transport = Transport::Tcp;
        self.walk_by(&options).await.unwrap_or(Ending::Ill(Diagnosis::NoPicture))
    }

    /// Adds a check of which there is nothing more to say than how it went.
    fn check(&mut self, step: Step, verdict: Verdict, finding: impl Into<String>, took: Option<Duration>) {
        self.add(Check { step, verdict, finding: finding.into(), advice: None, took });
    }

    fn add(&mut self, check: Check) {
        if self.known_already && check.verdict == Verdict::Well && check.step < Step::KeyFrame {
            return;
        }
        tracing::debug!(target: "printcam::doctor", step = %check.step, verdict = ?check.verdict, "{}", check.finding);
        (self.tell)(&check);
        self.checks.push(check);
    }

    /// Says what an error means here, after a look around where the way to the camera itself is in question.
    async fn explain(&mut self, error: &Error) -> (Diagnosis, Option<String>) {
        let around = match !self.tunnel && error.doubts_the_address() {
            true => Surroundings::of(self.source, self.checkup).await,
            false => Surroundings::default(),
        };
        if let Some(printer) = around.here() {
            self.model = self.model.or(printer.model());
            self.firmware = printer.version.clone();
            self.serial = printer.serial.clone();
        }
        let trouble = Case { error, examination: self, around: &around }.trouble();
        self.heard = around.into_printers();
        self.add(Check {
            step: trouble.step,
            verdict: Verdict::Ill,
            finding: trouble.finding,
            advice: trouble.advice.clone(),
            took: None,
        });
        (trouble.diagnosis, trouble.advice)
    }

    /// The diagnosis, with the advice of the worst check.
    fn conclude(&self, diagnosis: Diagnosis) -> (Diagnosis, Option<String>) {
        let worst = self.checks.iter().filter(|check| check.advice.is_some()).max_by_key(|check| check.verdict);
        (diagnosis, worst.and_then(|check| check.advice.clone()))
    }

    /// Whether it has come past this step.
    fn is_past(&self, step: Step) -> bool {
        self.checks.iter().any(|check| check.step >= step && check.verdict != Verdict::Ill)
    }

    /// The port on which printers have such cameras, as far as anything is said of it.
    fn camera_port(&self) -> Option<u16> {
        let ports = &self.checkup.discovery.probe.ports;
        ports.iter().find(|(protocol, _)| *protocol == self.protocol()).map(|(_, port)| *port)
    }

    fn protocol(&self) -> CameraProtocol {
        if self.source.sends_jpeg() { CameraProtocol::Jpeg } else { CameraProtocol::Rtsps }
    }
}
