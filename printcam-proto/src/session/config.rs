//! What a session is to do, and the numbers it keeps to (printers: `cameras.md` of the project's notes, §2).

use std::time::Duration;

use crate::quirks::Quirks;
use crate::rtcp::ReportIntervals;
use crate::rtsp::{Credentials, RtspUrl};

/// How media is to travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Transport {
    /// UDP first, inside the RTSP connection after a refusal.
    #[default]
    Auto,
    /// Inside the RTSP connection: encrypted with it, and nothing is lost.
    Tcp,
    /// UDP or nothing. The media is not encrypted, under `rtsps` either.
    Udp,
}

/// Everything a [`Session`](super::Session) has to know beforehand.
#[derive(Debug, Clone)]
pub struct Config {
    /// The stream.
    pub url: RtspUrl,
    /// User name and access code; without them a 401 ends the session.
    pub credentials: Option<Credentials>,
    /// How media is to travel.
    pub transport: Transport,
    /// Whether Basic may be answered: only where TLS proved who the peer is.
    pub allow_basic: bool,
    /// Where the model departs from the RFCs.
    pub quirks: Quirks,
    /// Source of the SSRC, the client nonces and the CNAME; take it from the system's random numbers.
    pub seed: u64,
    /// For the answer to one request, its last byte included.
    pub request_timeout: Duration,
    /// For the answer to TEARDOWN. Closing at once could reset the connection before the printer has read it.
    pub teardown_timeout: Duration,
    /// Between receiver reports.
    pub reports: ReportIntervals,
    /// No RTP for so long is a stall.
    pub stall_after: Duration,
}

impl Config {
    /// The defaults, which suit every printer.
    pub fn new(url: RtspUrl, credentials: Option<Credentials>, seed: u64) -> Self {
        Self {
            url,
            credentials,
            transport: Transport::Auto,
            allow_basic: false,
            quirks: Quirks::default(),
            seed,
            request_timeout: Duration::from_secs(10),
            teardown_timeout: Duration::from_millis(500),
            reports: ReportIntervals::default(),
            stall_after: Duration::from_millis(1500),
        }
    }
}
