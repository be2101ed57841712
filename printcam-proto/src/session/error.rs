//! Why a session ended.

use std::time::Duration;

use crate::jpeg_camera;
use crate::rtsp::{FramingError, Method};
use crate::sdp::NoVideo;

/// What ends a session. A bad packet does not: it is counted and life goes on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes of the connection make no sense.
    #[error(transparent)]
    Framing(#[from] FramingError),
    /// No answer to a request.
    #[error("no answer to {method} within {} s", after.as_secs_f32())]
    RequestTimedOut {
        /// The request.
        method: Method,
        /// How long was waited.
        after: Duration,
    },
    /// The peer closed the connection without being asked to.
    #[error("the camera closed the connection {}", Waiting(*during))]
    Closed {
        /// The request that was being waited for; `None` while media flowed.
        during: Option<Method>,
    },
    /// Who we are was not accepted.
    #[error(transparent)]
    Authentication(#[from] AuthenticationError),
    /// A request was answered with anything but success.
    #[error("the camera answered {method} with {status}{}", Meaning(*status))]
    Refused {
        /// The request.
        method: Method,
        /// The status code.
        status: u16,
    },
    /// The presentation holds no video that we can show.
    #[error(transparent)]
    NoVideo(#[from] NoVideo),
    /// The server accepted SETUP, and named neither channels nor ports.
    #[error("the camera accepted SETUP without naming channels or ports")]
    UnusableTransport,
    /// UDP was demanded, and no pair of ports is free here.
    #[error("no pair of UDP ports could be opened")]
    UdpUnavailable,
    /// What only a JPEG camera does.
    #[error(transparent)]
    JpegCamera(#[from] jpeg_camera::Error),
    /// The server no longer knows the session (454).
    #[error("the camera has forgotten the session")]
    SessionExpired,
}

/// Why who we are was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthenticationError {
    /// The camera wants credentials and none were given.
    #[error("the camera wants a user name and an access code, and none were given")]
    CredentialsMissing,
    /// The camera knows the credentials and does not like them.
    #[error("the camera refused the user name or access code")]
    Rejected,
    /// No scheme, algorithm and qop that we know.
    #[error("the camera asks for an authentication that is not known here")]
    NoUsableChallenge,
    /// Basic would hand the access code to a peer whose identity nobody has verified.
    #[error("the camera asks for the access code in the clear, and its identity is not verified")]
    BasicRefused,
}

/// Of a status that a person may meet.
struct Meaning(u16);

impl std::fmt::Display for Meaning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            403 => ": it forbids that",
            404 => ": it has no stream on this path",
            453 | 503 => ": it has no place for another client",
            461 => ": it does not send by this transport",
            _ => "",
        })
    }
}

struct Waiting(Option<Method>);

impl std::fmt::Display for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(method) => write!(f, "instead of answering {method}"),
            None => f.write_str("while sending video"),
        }
    }
}
