//! What an examination says.

use std::fmt;
use std::time::Duration;

use printcam_proto::quirks::Model;

use crate::discover::Printer;

/// Everything that an examination has found.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Report {
    /// The checks, in the order in which they were made.
    pub checks: Vec<Check>,
    /// What it comes to.
    pub diagnosis: Diagnosis,
    /// What to do, where there is something to do.
    pub advice: Option<String>,
    /// The printer's model, as far as it became known.
    pub model: Option<&'static Model>,
    /// The printer's serial number, as its certificate or its announcement says it.
    pub serial: Option<String>,
    /// The printer's firmware, if it was heard to announce itself.
    pub firmware: Option<String>,
    /// Printers that were heard, where a look around was needed.
    pub heard: Vec<Printer>,
}

/// A step of the way, and how it went.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Check {
    /// Which step.
    pub step: Step,
    /// How it went.
    pub verdict: Verdict,
    /// What was found, in one line.
    pub finding: String,
    /// What to do about it.
    pub advice: Option<String>,
    /// How long it took, where that says something.
    pub took: Option<Duration>,
}

/// A step on the way to a picture, in the order in which they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Step {
    /// The name, and TCP.
    Reach,
    /// TLS: version and cipher.
    Tls,
    /// Whose certificate it is, and whether it is trusted.
    Identity,
    /// OPTIONS.
    Options,
    /// DESCRIBE.
    Describe,
    /// The access code.
    AccessCode,
    /// What the camera says it sends.
    Sdp,
    /// SETUP.
    Setup,
    /// PLAY.
    Play,
    /// The first datagram, where media goes by UDP.
    Udp,
    /// The first picture that can be shown.
    KeyFrame,
    /// Reports, both ways.
    Rtcp,
    /// Some seconds of video.
    Media,
    /// TEARDOWN, and the end of the connection.
    Goodbye,
}

impl Step {
    /// Its name, as `key-frame`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reach => "reach",
            Self::Tls => "tls",
            Self::Identity => "identity",
            Self::Options => "options",
            Self::Describe => "describe",
            Self::AccessCode => "access-code",
            Self::Sdp => "sdp",
            Self::Setup => "setup",
            Self::Play => "play",
            Self::Udp => "udp",
            Self::KeyFrame => "key-frame",
            Self::Rtcp => "rtcp",
            Self::Media => "media",
            Self::Goodbye => "goodbye",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How a step went, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// As it should.
    Well,
    /// It works, and there is something to know.
    Note,
    /// Here it ends, or is not worth watching.
    Ill,
}

/// What is the matter with a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Diagnosis {
    /// Nothing.
    Well,
    /// Datagrams do not arrive; by TCP all is well.
    UdpBlocked,
    /// There are pictures, with losses or standstills.
    Unsteady,
    /// The printer is there, and its live view is switched off.
    LiveViewOff,
    /// The access code is wrong.
    WrongCode,
    /// No access code was given.
    NoCode,
    /// The camera is silent, as some are about a wrong access code, and all are while they serve somebody else.
    WrongCodeOrBusy,
    /// The camera serves somebody else.
    Busy,
    /// The camera takes connections and does nothing with them.
    Hung,
    /// What is at this address is not this camera: another device, another printer, or another kind of camera.
    WrongAddress,
    /// Nobody answers at this address.
    Unreachable,
    /// The printer, or somebody in its place, shows another key than before.
    CertificateChanged,
    /// The printer's certificate is not one that the given trust accepts.
    NotTrusted,
    /// The camera accepts everything, and no picture comes that can be shown.
    NoPicture,
    /// Something else; its check says what.
    Other,
}

impl Diagnosis {
    /// Its name, as `live-view-off`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::UdpBlocked => "udp-blocked",
            Self::Unsteady => "unsteady",
            Self::LiveViewOff => "live-view-off",
            Self::WrongCode => "wrong-code",
            Self::NoCode => "no-code",
            Self::WrongCodeOrBusy => "wrong-code-or-busy",
            Self::Busy => "busy",
            Self::Hung => "hung",
            Self::WrongAddress => "wrong-address",
            Self::Unreachable => "unreachable",
            Self::CertificateChanged => "certificate-changed",
            Self::NotTrusted => "not-trusted",
            Self::NoPicture => "no-picture",
            Self::Other => "other",
        }
    }

    /// Whether there are pictures.
    pub const fn has_pictures(self) -> bool {
        matches!(self, Self::Well | Self::UdpBlocked | Self::Unsteady)
    }
}

/// In a few words for a person.
impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Well => "all is well",
            Self::UdpBlocked => "all is well by TCP; UDP is blocked",
            Self::Unsteady => "there are pictures, but not steadily",
            Self::LiveViewOff => "live view is switched off",
            Self::WrongCode => "the access code is wrong",
            Self::NoCode => "the access code is missing",
            Self::WrongCodeOrBusy => "the access code is wrong, or the camera serves somebody else",
            Self::Busy => "the camera serves somebody else",
            Self::Hung => "the camera service hangs",
            Self::WrongAddress => "the address is wrong",
            Self::Unreachable => "nobody answers at this address",
            Self::CertificateChanged => "the certificate has changed",
            Self::NotTrusted => "the printer is not trusted",
            Self::NoPicture => "the camera sends no picture",
            Self::Other => "something is wrong",
        })
    }
}
