//! Why a session with a JPEG camera ended, where RTSP has no such reason.

use std::time::Duration;

/// What ends a session with a JPEG camera. A spoilt picture does not: it is counted and life goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The camera said that it does not take the login.
    #[error("the camera refused the user name or access code")]
    Denied,
    /// It closed the connection without a byte: how a P1S refuses an access code.
    #[error("the camera closed the connection without an answer to the access code")]
    ClosedUnanswered,
    /// Nothing came after the login: how an A1 refuses an access code, and how a camera behaves that serves somebody else.
    #[error("the camera did not answer the access code within {} s", after.as_secs_f32())]
    Silent {
        /// How long was waited.
        after: Duration,
    },
    /// Nothing came after the login, of a camera that would have closed the connection over a wrong access code.
    #[error("the camera says nothing within {} s, as it does while it serves somebody else", after.as_secs_f32())]
    Busy {
        /// How long was waited.
        after: Duration,
    },
    /// User name or access code do not fit into the login.
    #[error("the user name or access code has more than {max} bytes, or a zero byte")]
    CredentialsUnusable {
        /// Most bytes of each.
        max: usize,
    },
    /// The port answers the login with something that is no video: a P2S does.
    #[error("the printer answered, and has no camera on this port")]
    NoCamera,
    /// The first bytes are no header.
    #[error("the peer does not speak as a JPEG camera does")]
    NotJpegCamera,
    /// So many bytes behind a spoilt picture without another header.
    #[error("{bytes} bytes without a recognisable picture")]
    LostSync {
        /// How many.
        bytes: usize,
    },
    /// A picture began and did not end.
    #[error("a picture was not complete after {} s", after.as_secs_f32())]
    PictureTimedOut {
        /// How long was waited.
        after: Duration,
    },
}
