//! What a session with a JPEG camera is to do, and the times it keeps to.

use std::time::Duration;

use crate::rtsp::Credentials;

/// Everything a [`Session`](super::Session) has to know beforehand.
#[derive(Debug, Clone)]
pub struct Config {
    /// User name and access code; without them the session ends at once.
    pub credentials: Option<Credentials>,
    /// From the login to the first good header. 8 s: at 0.45 pictures a second that is time for three, and the camera
    /// says no by silence.
    pub accept_timeout: Duration,
    /// Whether the camera meets a wrong access code with silence, as an A1 does. One that closes the connection instead, as a
    /// P1S, is silent because it serves somebody else. `true` unless the model is known.
    pub silent_on_wrong_code: bool,
    /// A connection that is closed within so long of the login was refused: 3 s. Later it is closed for another reason.
    pub refused_within: Duration,
    /// No byte for so long is a stall. 6 s: pictures come every 2.2 s at the slowest, so two are missing.
    pub stall_after: Duration,
    /// From a picture's first byte to its last. 20 s: 60 KB take that long at 24 kbit/s, with which there is no watching.
    pub picture_timeout: Duration,
}

impl Config {
    /// The defaults, which suit every printer.
    pub fn new(credentials: Option<Credentials>) -> Self {
        Self {
            credentials,
            accept_timeout: Duration::from_secs(8),
            silent_on_wrong_code: true,
            refused_within: Duration::from_secs(3),
            stall_after: Duration::from_secs(6),
            picture_timeout: Duration::from_secs(20),
        }
    }
}
