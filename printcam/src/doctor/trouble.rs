//! What an error means for this printer at this address, and what to do.

use std::net::SocketAddr;

use printcam_proto::jpeg_camera;
use printcam_proto::quirks::{CameraProtocol, Model};
use printcam_proto::rtsp::Method;
use printcam_proto::session::{self, AuthenticationError};

use super::{Diagnosis, Examination, Step, Surroundings};
use crate::address::LIVE;
use crate::connect::ConnectError;
use crate::discover::Printer;
use crate::tls::Untrusted;
use crate::{Error, Waiting};

/// What an error means.
pub(super) struct Trouble {
    pub(super) step: Step,
    pub(super) diagnosis: Diagnosis,
    pub(super) finding: String,
    pub(super) advice: Option<String>,
}

/// An error and what is known besides.
pub(super) struct Case<'a> {
    pub(super) error: &'a Error,
    pub(super) examination: &'a Examination<'a>,
    pub(super) around: &'a Surroundings,
}

impl Case<'_> {
    pub(super) fn trouble(&self) -> Trouble {
        match self.error {
            Error::Connect(error) => self.of_connection(error),
            Error::Session(error) => self.of_session(error),
            Error::Decode(_) | Error::Jpeg(_) => self.plain(Step::KeyFrame, Diagnosis::NoPicture),
            Error::Timeout { waiting: Waiting::Connection, .. } => self.nobody(),
            Error::Timeout { waiting: Waiting::Handshake, .. } => self.plain(Step::Tls, Diagnosis::Hung),
            Error::Timeout { waiting: Waiting::Description, .. } => self.plain(Step::Describe, Diagnosis::Hung),
            // It has accepted us.
            Error::Timeout { waiting: Waiting::KeyFrame, .. } => self.plain(Step::KeyFrame, Diagnosis::Busy),
            _ => self.plain(Step::Reach, Diagnosis::Other),
        }
    }

    fn model(&self) -> Option<&'static Model> {
        self.examination.model
    }

    /// The model, where its camera is spoken to in another way than this.
    fn other_model(&self) -> Option<&'static Model> {
        self.model().filter(|model| model.camera.is_some_and(|camera| camera != self.examination.protocol()))
    }

    fn wanted_serial(&self) -> Option<&str> {
        self.examination.checkup.serial.as_deref()
    }

    fn of_connection(&self, error: &ConnectError) -> Trouble {
        match error {
            ConnectError::NameNotFound { .. } => self.plain(Step::Reach, Diagnosis::WrongAddress),
            ConnectError::Refused { addr } => self.refused(*addr),
            ConnectError::TimedOut { .. } | ConnectError::Unreachable { .. } => self.nobody(),
            ConnectError::NotTls { .. } => self.plain(Step::Tls, Diagnosis::WrongAddress),
            ConnectError::Hung { .. } => self.plain(Step::Tls, Diagnosis::Hung),
            ConnectError::ClosedDuringHandshake { .. } => self.closed_during_handshake(),
            ConnectError::CertificateChanged { .. } => self.another_key(),
            ConnectError::CertificateUntrusted { reason: Untrusted::WrongSerial { .. }, .. } => {
                self.plain(Step::Identity, Diagnosis::WrongAddress)
            }
            ConnectError::CertificateUntrusted { .. } => self.plain(Step::Identity, Diagnosis::NotTrusted),
            ConnectError::Tls { .. } => self.plain(Step::Tls, Diagnosis::Other),
            ConnectError::KnownPrinters(_) => self.plain(Step::Identity, Diagnosis::Other),
            ConnectError::Io { .. } => self.plain(Step::Reach, Diagnosis::Other),
        }
    }

    /// The port is closed: it matters whether a printer is behind it, and which.
    fn refused(&self, addr: SocketAddr) -> Trouble {
        let Some(here) = self.around.here() else {
            let finding = format!("{addr} refuses the connection, and nothing there shows that it is a printer");
            return self.elsewhere(finding).unwrap_or_else(|finding| {
                // Whoever gave its model has met it.
                if let Some(switch) = self.model().and_then(|model| model.live_view_switch) {
                    let advice = format!(
                        "Switch live view on, on the printer's screen: {switch}. If it is on, compare the address with the \
                         one on that screen, in the network settings."
                    );
                    return self.told(Step::Reach, Diagnosis::LiveViewOff, finding, advice);
                }
                self.told(
                    Step::Reach,
                    Diagnosis::WrongAddress,
                    finding,
                    "Compare the address with the one on the printer's screen, in its network settings. If it is right, \
                     switch on the printer's live view for the local network, in its settings.",
                )
            });
        };
        let name = described(here);
        let finding = format!("{name} is at {}, and its port {} is closed", addr.ip(), addr.port());
        if let Some(model) = self.other_model() {
            return self.told(Step::Reach, Diagnosis::WrongAddress, finding, other_protocol(model));
        }
        if let Some(port) = self.examination.camera_port().filter(|port| *port != addr.port()) {
            let advice = format!("Printers have their camera on port {port}: leave the port out of the address.");
            return self.told(Step::Reach, Diagnosis::WrongAddress, finding, advice);
        }
        match self.model() {
            Some(Model { live_view_switch: Some(switch), .. }) => self.told(
                Step::Reach,
                Diagnosis::LiveViewOff,
                finding,
                format!("Switch live view on, on the printer's screen: {switch}."),
            ),
            Some(_) => self.told(Step::Reach, Diagnosis::Hung, finding, "Restart the printer."),
            None => self.told(
                Step::Reach,
                Diagnosis::LiveViewOff,
                finding,
                "Switch on the printer's live view for the local network, in its settings. If it has no such switch, it may \
                 be one with its camera on the other port: 322 for rtsps://, 6000 for jpegs://",
            ),
        }
    }

    fn nobody(&self) -> Trouble {
        if let Some(here) = self.around.here() {
            let finding = format!("{}: {} makes itself known from there", self.error, described(here));
            let advice = "Something between this computer and the printer lets announcements through and connections not: \
                          look at firewalls, and at the Wi-Fi's client isolation.";
            return self.told(Step::Reach, Diagnosis::Unreachable, finding, advice);
        }
        self.elsewhere(self.error.to_string()).unwrap_or_else(|finding| {
            self.told(
                Step::Reach,
                Diagnosis::Unreachable,
                finding,
                "Check that the printer is on, that the address is the one on its screen, and that this computer is in its \
                 network.",
            )
        })
    }

    /// The address is wrong, where printers were heard at others; the finding back where none were.
    fn elsewhere(&self, finding: String) -> Result<Trouble, String> {
        if let Some((serial, place)) =
            self.wanted_serial().and_then(|serial| Some((serial, self.around.place_of(serial)?)))
        {
            let finding = format!("{finding}; printer {serial} is at {place} now");
            let advice = format!(
                "Use the address {place}. A printer that printcam add has kept is found there by snap and watch, which keep \
                 the new address."
            );
            return Ok(self.told(Step::Reach, Diagnosis::WrongAddress, finding, advice));
        }
        if self.around.elsewhere.is_empty() {
            return Err(finding);
        }
        let heard: Vec<String> = self
            .around
            .elsewhere
            .iter()
            .take(MAX_TOLD)
            .map(|printer| format!("{} at {}", described(printer), printer.address))
            .collect();
        let finding = format!("{finding}; heard in this network: {}", heard.join(", "));
        let advice = "Use the address of the printer that is meant.";
        Ok(self.told(Step::Reach, Diagnosis::WrongAddress, finding, advice))
    }

    /// H2 printers with live view off take connections and drop them; others do so when they serve somebody.
    fn closed_during_handshake(&self) -> Trouble {
        let finding = self.error.to_string();
        match self.model().filter(|model| model.drops_while_off).and_then(|model| model.live_view_switch) {
            Some(switch) => self.told(
                Step::Tls,
                Diagnosis::LiveViewOff,
                finding,
                format!(
                    "Switch live view on, on the printer's screen: {switch}. If it is on, close other programs that show \
                     this camera."
                ),
            ),
            None => self.plain(Step::Tls, Diagnosis::Busy),
        }
    }

    /// It is another printer, or the same one with another key, or somebody who poses as it. What is announced counts for
    /// nothing here: anybody can announce anything.
    fn another_key(&self) -> Trouble {
        let seen = self.around.shown.as_ref().and_then(|printer| printer.serial.as_deref());
        match (self.wanted_serial(), seen) {
            (Some(wanted), Some(seen)) if wanted != seen => self.told(
                Step::Identity,
                Diagnosis::WrongAddress,
                format!("by its certificate printer {seen} is at this address, and not {wanted}"),
                "Read the printer's address on its screen, in its network settings. If it has not changed, somebody may be \
                 posing as the printer; the access code has not been sent.",
            ),
            _ => self.plain(Step::Identity, Diagnosis::CertificateChanged),
        }
    }

    fn of_session(&self, error: &session::Error) -> Trouble {
        use session::Error as E;
        if let Some(model) = self.other_model().filter(|_| !self.examination.is_past(Step::Sdp)) {
            let finding = self.error.to_string();
            return self.told(Step::AccessCode, Diagnosis::WrongAddress, finding, other_protocol(model));
        }
        match error {
            E::Authentication(AuthenticationError::CredentialsMissing) => {
                self.plain(Step::AccessCode, Diagnosis::NoCode)
            }
            E::Authentication(AuthenticationError::Rejected) if self.examination.is_past(Step::AccessCode) => {
                let finding = "the camera accepted the access code, and refuses it now".to_owned();
                let advice = "Read the access code on the printer's screen: it may have changed just now. If it has not, \
                              restart the printer.";
                self.told(Step::Setup, Diagnosis::Other, finding, advice)
            }
            E::Authentication(AuthenticationError::Rejected) => self.plain(Step::AccessCode, Diagnosis::WrongCode),
            E::Authentication(_) => self.plain(Step::AccessCode, Diagnosis::Other),
            E::JpegCamera(error) => self.of_jpeg_camera(error),
            E::RequestTimedOut { method, .. } => self.plain(step_of(*method), Diagnosis::Hung),
            E::Refused { method, status: 453 | 503 } => self.plain(step_of(*method), Diagnosis::Busy),
            E::Refused { method: Method::Describe, status: 404 } => self.plain(Step::Describe, Diagnosis::WrongAddress),
            E::Refused { method, .. } => self.plain(step_of(*method), Diagnosis::Other),
            E::Closed { during: Some(method) } => self.plain(step_of(*method), Diagnosis::Busy),
            E::Closed { during: None } => self.told(
                Step::Media,
                Diagnosis::Busy,
                self.error.to_string(),
                "Close other programs that show this camera: most printers serve one at a time, and some drop one viewer \
                 for the next.",
            ),
            E::Framing(_) if self.examination.is_past(Step::Describe) => self.plain(Step::Media, Diagnosis::Other),
            E::Framing(_) => self.plain(Step::Options, Diagnosis::WrongAddress),
            E::NoVideo(_) if self.examination.source.url.path() != LIVE => self.plain(Step::Sdp, Diagnosis::WrongAddress),
            E::NoVideo(_) => {
                let advice = "Restart the printer: this is where its video should be.";
                self.told(Step::Sdp, Diagnosis::NoPicture, self.error.to_string(), advice)
            }
            // The stream gets a new session by itself.
            E::SessionExpired => self.plain(Step::Media, Diagnosis::Unsteady),
            E::UdpUnavailable | E::UnusableTransport => self.plain(Step::Setup, Diagnosis::Other),
            _ => self.plain(Step::Media, Diagnosis::Other),
        }
    }

    fn of_jpeg_camera(&self, error: &jpeg_camera::Error) -> Trouble {
        use jpeg_camera::Error as E;
        match error {
            E::Busy { .. } => self.plain(Step::AccessCode, Diagnosis::Busy),
            E::Silent { .. } => self.plain(Step::AccessCode, Diagnosis::WrongCodeOrBusy),
            E::Denied | E::ClosedUnanswered | E::CredentialsUnusable { .. } => {
                self.plain(Step::AccessCode, Diagnosis::WrongCode)
            }
            E::NoCamera => self.plain(Step::AccessCode, Diagnosis::WrongAddress),
            // A certificate of a printer says that it is one, whatever it sends.
            E::NotJpegCamera if self.model().is_none() => self.plain(Step::AccessCode, Diagnosis::WrongAddress),
            E::NotJpegCamera => {
                let finding = "the camera answers, and not with pictures that can be understood".to_owned();
                let advice = "Restart the printer. If that changes nothing, run again with --bundle and report it.";
                self.told(Step::AccessCode, Diagnosis::Other, finding, advice)
            }
            _ if self.examination.is_past(Step::KeyFrame) => self.plain(Step::Media, Diagnosis::NoPicture),
            _ => self.plain(Step::KeyFrame, Diagnosis::NoPicture),
        }
    }

    /// With the error's own sentence and hint.
    fn plain(&self, step: Step, diagnosis: Diagnosis) -> Trouble {
        let advice = self.error.hint().map(str::to_owned);
        Trouble { step, diagnosis, finding: self.error.to_string(), advice }
    }

    fn told(&self, step: Step, diagnosis: Diagnosis, finding: String, advice: impl Into<String>) -> Trouble {
        Trouble { step, diagnosis, finding, advice: Some(advice.into()) }
    }
}

/// Printers named at most: a farm has more than a line can hold.
const MAX_TOLD: usize = 5;

fn described(printer: &Printer) -> String {
    let model = printer.model().map_or("a printer", |model| model.name);
    match (&printer.name, &printer.serial) {
        (Some(name), _) => format!("{model} “{name}”"),
        (None, Some(serial)) => format!("{model} {serial}"),
        (None, None) => model.to_owned(),
    }
}

fn other_protocol(model: &Model) -> String {
    let Model { name, .. } = model;
    match model.camera {
        Some(CameraProtocol::Jpeg) => {
            format!("The {name} has its camera on port 6000: write jpegs://bblp:<access code>@<printer's address>")
        }
        _ => format!(
            "The {name} has its camera on port 322: write rtsps://bblp:<access code>@<printer's address>/streaming/live/1"
        ),
    }
}

fn step_of(method: Method) -> Step {
    match method {
        Method::Options => Step::Options,
        Method::Describe => Step::Describe,
        Method::Setup => Step::Setup,
        Method::Play => Step::Play,
        _ => Step::Media,
    }
}
