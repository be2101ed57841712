//! What to simulate: the printer, its rules, and what shall go wrong.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, SystemTime};

use crate::canned;
use crate::fault::Fault;
use crate::personality::{Media, Personality, Rtsp};
use crate::scenario::Change;

/// Everything that a simulated camera can be told; `Options::default()` is a healthy X1C,
/// [`Options::of`] another printer with all its habits.
#[derive(Clone, Debug)]
pub struct Options {
    /// The model to play; alone it does not bring the model's habits, see [`Options::of`].
    pub personality: Personality,
    /// Where to listen; port 0 takes a free one.
    pub bind: SocketAddr,
    /// The serial number, 15 letters and digits: the certificate's common name.
    pub serial: String,
    /// The code that clients must know; user name `bblp`.
    pub access_code: AccessCode,
    /// How the control connection is protected.
    pub encryption: Encryption,
    /// Which of two keys the camera presents.
    pub certificate: Certificate,
    /// What a client with a wrong code meets at a JPEG camera, unless a fault says otherwise; RTSP answers 401.
    pub wrong_code: WrongCode,
    /// Whether a SETUP for UDP is accepted; a fault can refuse it too.
    pub udp: Udp,
    /// What a client meets while another one has a session, unless a fault says otherwise.
    pub second_client: SecondClient,
    /// Life of a session without requests or RTCP.
    pub session_timeout: Duration,
    /// Pictures a second.
    pub fps: u32,
    /// From one picture to the next; `None` is as `fps` says. [`Options::of`] sets it for JPEG cameras.
    pub picture_interval: Option<Duration>,
    /// Pictures from one key frame to the next.
    pub gop: u32,
    /// The largest RTP packet, header included; an X1C keeps to 1452. Less makes fragments of canned pictures too.
    pub max_packet: usize,
    /// Caption of the picture; empty means model and serial number.
    pub title: String,
    /// Decides session ids, nonces, SSRCs, first sequence numbers and timestamps, and the filament.
    pub seed: u64,
    /// The printer's switch for its camera; without it nobody listens.
    pub live_view: bool,
    /// What the camera sees.
    pub footage: Footage,
    /// Whether pictures of [`Footage::Live`] are kept account of, at some milliseconds each; canned ones always are.
    pub picture_digests: bool,
    /// The time of day when the camera starts; `None` is the real one.
    pub wall_clock: Option<SystemTime>,
    /// Where the printer announces itself; `None` is nowhere. Only a [`crate::Simulator`] does, for it takes sockets.
    pub announce: Option<Announce>,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// What changes while the camera runs, by time.
    ///
    /// All of the options can be read from a scenario file with `"...".parse::<Options>()`; it is TOML:
    /// `printer`, `seed`, `code`, `serial`, `live-view`, `habits = false` (without the model's own faults),
    /// `faults = ["stall=8s@30s"]`, and any number of `[[at]]` with a `time` and one or more of `code`,
    /// `live-view`, `certificate` (usual, second), `faults`, `refuse` and `restart` (both a length).
    pub changes: Vec<Change>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            personality: Personality::X1c,
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            serial: "00M00A000000000".to_owned(),
            access_code: AccessCode::from("12345678"),
            encryption: Encryption::Tls12,
            certificate: Certificate::Usual,
            wrong_code: WrongCode::Close,
            udp: Udp::Allow,
            second_client: SecondClient::Refuse,
            session_timeout: Duration::from_secs(10),
            fps: 30,
            picture_interval: None,
            gop: 30,
            max_packet: 1452,
            title: String::new(),
            seed: 0,
            live_view: true,
            footage: Footage::Live,
            picture_digests: false,
            wall_clock: None,
            announce: None,
            faults: Vec::new(),
            changes: Vec::new(),
        }
    }
}

impl Options {
    /// Whether it can be a serial number: 15 letters and digits.
    pub fn is_serial(text: &str) -> bool {
        text.len() == 15 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
    }

    /// What stands in the picture's upper left corner.
    pub(crate) fn caption(&self) -> String {
        match self.title.as_str() {
            "" => format!("Bambu Lab {}  {}", self.personality.facts().caption, self.serial),
            title => title.to_owned(),
        }
    }

    pub(crate) fn media(&self, rtsp: &'static Rtsp) -> &'static Media {
        match self.footage {
            Footage::Live => &rtsp.media,
            Footage::Canned => &canned::MEDIA,
        }
    }
}

/// What the camera sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Footage {
    /// A print at work, drawn and encoded as it goes, in the model's size.
    Live,
    /// 64x64 pictures, each of its own kind: cost next to nothing. H.264 is encoded beforehand and sent in a loop.
    Canned,
}

/// How a printer announces itself by SSDP; which headers it sends is the model's habit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announce {
    /// Where the datagrams go: a client's own address and port, a broadcast or a multicast address.
    pub to: SocketAddr,
    /// From one to the next.
    pub every: Duration,
    /// The printer's name.
    pub name: String,
    /// Where a model that announces nothing and only answers searches (a P1S) listens for them;
    /// port 0 takes a free one, see [`crate::Simulator::searches_at`].
    pub searches_at: SocketAddr,
}

/// Every 5 s to the broadcast address, port 2021; searches on port 1990.
impl Default for Announce {
    fn default() -> Announce {
        Announce {
            to: SocketAddr::from((Ipv4Addr::BROADCAST, 2021)),
            every: Duration::from_secs(5),
            name: "Simulated printer".to_owned(),
            searches_at: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 1990)),
        }
    }
}

/// How the control connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// TLS 1.2 only, as printers do.
    Tls12,
    /// TLS 1.3 or 1.2.
    Tls13,
    /// None: plain RTSP, for clients and tests without TLS.
    None,
}

/// Which of two keys the camera presents; both certificates name the camera's serial number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// The printer's own.
    Usual,
    /// Another key: a replaced printer, or a man in the middle.
    Second,
}

/// What a client with a wrong code meets at a JPEG camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrongCode {
    /// The connection is closed and nothing sent.
    Close,
    /// Nothing at all.
    Silence,
    /// A picture's header, and 8 bytes that begin with FFFFFFFF instead of a picture.
    Denial,
}

/// Whether a SETUP for UDP is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Udp {
    /// Accepted; media goes unencrypted from a port pair of the session's own.
    Allow,
    /// Answered 461.
    Refuse,
}

/// What a client meets while another one has a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondClient {
    /// 453 in answer to DESCRIBE or SETUP, then the connection is closed; a JPEG camera says nothing first.
    Refuse,
    /// All is answered well, but no media comes.
    Starve,
    /// It takes the place; the first client's connection is closed.
    KickFirst,
}

/// The printer's access code. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessCode(String);

impl AccessCode {
    /// The code itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<&str> for AccessCode {
    fn from(code: &str) -> AccessCode {
        AccessCode(code.to_owned())
    }
}

impl fmt::Debug for AccessCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessCode(..)")
    }
}
