//! The models that can be played; with its table, the only file that knows them.

mod models;

use std::error::Error;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::announcement::AnnouncementForm;
use crate::fault::Fault;
use crate::h264::ParameterSets;
use crate::options::{Options, SecondClient, WrongCode};
use crate::tls::Issuer;

/// A printer model whose camera can be played. Its text form is the name given here first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Personality {
    /// `x1c`, X1 Carbon: RTSPS, 1168x720 Constrained Baseline, as traced.
    X1c,
    /// `p2s`: RTSPS, 1920x1080 High, a newer certificate.
    P2s,
    /// `p2s-0102`, a P2S with firmware 01.02.00.00: RTP timestamps stand still, key frames are far
    /// apart, packets get lost.
    P2s0102,
    /// `h2c`: RTSPS, 1680x1080 High, a key frame every ten seconds; bursts, stalls, markers that
    /// are missing or misplaced, packets in the middle of header lines.
    H2c,
    /// `h2d`: as `h2c`; nobody listens until the live view is switched on.
    H2d,
    /// `p1s`: JPEG pictures of 1280x720, one in two seconds; a slow TLS handshake, a second client
    /// gets nothing, a wrong code ends the connection.
    P1s,
    /// `a1`: JPEG pictures of 1536x1080, not one in two seconds; a wrong code is met by silence.
    A1,
}

/// What one model answers and sends.
#[derive(Debug)]
pub(crate) struct Facts {
    /// Its text form.
    pub(crate) name: &'static str,
    /// The maker's name for it.
    pub(crate) caption: &'static str,
    /// The CNAME in RTCP source descriptions.
    pub(crate) model_code: &'static str,
    /// A serial number as this model has them.
    pub(crate) serial: &'static str,
    /// Who signs its certificate.
    pub(crate) issuer: Issuer,
    pub(crate) service: Service,
    pub(crate) announcement: AnnouncementForm,
    /// Whether the printer leaves its factory with the live view on.
    pub(crate) live_view: bool,
    /// What this model does wrong by itself, as faults.
    pub(crate) habits: &'static [&'static str],
}

/// What a client is served.
#[derive(Debug)]
pub(crate) enum Service {
    Rtsp(Rtsp),
    Jpeg(JpegCamera),
}

/// A stream of H.264.
#[derive(Debug)]
pub(crate) struct Rtsp {
    /// Path of the stream.
    pub(crate) path: &'static str,
    pub(crate) media: Media,
    /// Pictures from one key frame to the next.
    pub(crate) gop: u32,
}

/// JPEG pictures one by one, on port 6000 of a printer.
#[derive(Debug)]
pub(crate) struct JpegCamera {
    pub(crate) size: [usize; 2],
    /// From one picture to the next.
    pub(crate) interval: Duration,
    pub(crate) wrong_code: WrongCode,
}

/// What the pictures are, and how they are described.
#[derive(Debug)]
pub(crate) struct Media {
    /// `b=AS:`, kbit/s.
    pub(crate) bandwidth: u32,
    pub(crate) profile_level_id: &'static str,
    /// The parameter sets again, as the description carries them.
    pub(crate) sprop_parameter_sets: &'static str,
    pub(crate) parameter_sets: ParameterSets,
}

impl Personality {
    /// All of them.
    pub const ALL: [Personality; 7] = [
        Personality::X1c,
        Personality::P2s,
        Personality::P2s0102,
        Personality::H2c,
        Personality::H2d,
        Personality::P1s,
        Personality::A1,
    ];

    /// Its text form.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// Whether it sends JPEG pictures one by one instead of an RTSP stream.
    pub fn is_jpeg_camera(self) -> bool {
        matches!(self.facts().service, Service::Jpeg(_))
    }

    /// The certificate, in PEM and test-only, of who signs this model's certificates. Printers of
    /// newer models do not send it, so whoever checks them must know it.
    pub fn issuer_pem(self) -> &'static str {
        self.facts().issuer.certificate_pem()
    }

    pub(crate) fn facts(self) -> &'static Facts {
        match self {
            Personality::X1c => &models::X1C,
            Personality::P2s => &models::P2S,
            Personality::P2s0102 => &models::P2S_0102,
            Personality::H2c => &models::H2C,
            Personality::H2d => &models::H2D,
            Personality::P1s => &models::P1S,
            Personality::A1 => &models::A1,
        }
    }
}

impl Facts {
    #[cfg(test)]
    pub(crate) fn rtsp(&self) -> Option<&Rtsp> {
        match &self.service {
            Service::Rtsp(rtsp) => Some(rtsp),
            Service::Jpeg(_) => None,
        }
    }
}

impl Options {
    /// A model as it was seen: a serial number of its kind, its pace, its live view, what it does
    /// about second clients and wrong codes, and its habits as [`Options::faults`], which can be
    /// taken away or added to.
    pub fn of(personality: Personality) -> Options {
        let facts = personality.facts();
        let habit = |text: &&str| text.parse::<Fault>().expect("a test reads all of them");
        let mut options = Options {
            personality,
            serial: facts.serial.to_owned(),
            live_view: facts.live_view,
            faults: facts.habits.iter().map(habit).collect(),
            ..Options::default()
        };
        match &facts.service {
            Service::Rtsp(rtsp) => options.gop = rtsp.gop,
            Service::Jpeg(camera) => {
                options.picture_interval = Some(camera.interval);
                options.wrong_code = camera.wrong_code;
                // Seen of a P1S; of an A1 nothing else is known.
                options.second_client = SecondClient::Starve;
            }
        }
        options
    }
}

impl fmt::Display for Personality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No model is called so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownPersonality {
    /// What was written.
    pub given: String,
}

impl fmt::Display for UnknownPersonality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Personality::ALL.map(Personality::name);
        write!(f, "no printer '{}' can be played, only {}", self.given, names.join(", "))
    }
}

impl Error for UnknownPersonality {}

impl FromStr for Personality {
    type Err = UnknownPersonality;

    fn from_str(text: &str) -> Result<Personality, UnknownPersonality> {
        let same = |personality: &Personality| personality.name().eq_ignore_ascii_case(text);
        Personality::ALL.into_iter().find(same).ok_or_else(|| UnknownPersonality { given: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_habits_and_serial_numbers() {
        for personality in Personality::ALL {
            assert_eq!(personality.to_string().parse(), Ok(personality));
            let options = Options::of(personality);
            assert_eq!(options.personality, personality);
            assert_eq!(options.serial.len(), 15, "{personality}");
            assert_eq!(options.faults.len(), personality.facts().habits.len(), "{personality}");
            let idle = options.faults.iter().find(|fault| !fault.kind.means_something_to(personality));
            assert_eq!(idle, None, "{personality}");
        }
        assert!("x2c".parse::<Personality>().is_err());
        let usual = Options::of(Personality::X1c);
        assert_eq!(format!("{usual:?}"), format!("{:?}", Options::default()), "the X1C is what is played unless told");
    }
}
