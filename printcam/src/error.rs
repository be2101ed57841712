//! What can go wrong, under one name each, with the next step a person can take.

use std::time::Duration;

use printcam_proto::jpeg_camera;
use printcam_proto::quirks::CameraProtocol;
use printcam_proto::rtsp::{FramingError, Method, UrlError};
use printcam_proto::session::{self, AuthenticationError};
use printcam_video::{DecodeError, JpegError};

use crate::connect::{self, ConnectError};

/// Why there is no picture. `Display` says it in one sentence, [`hint`](Error::hint) what to do about it,
/// [`code`](Error::code) which kind it is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address cannot be used.
    #[error(transparent)]
    Address(#[from] UrlError),
    /// No connection, or not to the printer that was meant.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The camera refused, went, or makes no sense.
    #[error(transparent)]
    Session(#[from] session::Error),
    /// A picture came and cannot be decoded.
    #[error("the camera's picture cannot be decoded: {0}")]
    Decode(#[from] DecodeError),
    /// A picture cannot be written as JPEG.
    #[error(transparent)]
    Jpeg(#[from] JpegError),
    /// What was wanted did not come in time.
    #[error("no {waiting} within {} s", after.as_secs_f32())]
    Timeout {
        /// What was being waited for.
        waiting: Waiting,
        /// For how long.
        after: Duration,
    },
    /// As many streams run as may.
    #[error("{limit} streams run already, which is as many as may")]
    TooManyStreams {
        /// How many that is.
        limit: usize,
    },
    /// The stream was left before there was a picture.
    #[error("the stream was stopped before there was a picture")]
    Stopped,
    /// A mistake in this library has ended the stream.
    #[error("a mistake in printcam has ended the stream")]
    Panicked,
}

/// What a timeout waited for, in the order in which things come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Waiting {
    /// The name and TCP.
    Connection,
    /// TLS, over a TCP connection that is there.
    Handshake,
    /// The answer to DESCRIBE.
    Description,
    /// The first key frame.
    KeyFrame,
}

impl std::fmt::Display for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Waiting::Connection => "connection to the camera",
            Waiting::Handshake => "TLS handshake with the camera",
            Waiting::Description => "answer from the camera",
            Waiting::KeyFrame => "picture from the camera",
        })
    }
}

/// The kind of an [`Error`], the same in Rust, C, Dart and HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// Nobody there, no TLS, not RTSP, or an address that cannot be used.
    ConnectionFailed,
    /// The access code is wrong or missing.
    AuthenticationFailed,
    /// Too long without what was waited for.
    Timeout,
    /// The camera answers and offers no video that can be shown.
    NoVideoTrack,
    /// The picture cannot be decoded.
    DecoderError,
    /// As many streams run as may.
    TooManyStreams,
    /// Whoever answers is not the printer that was expected: another key than before, or none that is trusted.
    CertificateChanged,
    /// The port on which live view would be is closed.
    LiveViewDisabled,
    /// The camera serves somebody else.
    CameraBusy,
    /// TCP works, the camera service behind it does not.
    CameraHung,
}

impl Error {
    /// Which kind it is.
    pub fn code(&self) -> ErrorCode {
        match self {
            Error::Address(_) => ErrorCode::ConnectionFailed,
            Error::Connect(error) => match error {
                ConnectError::CertificateChanged { .. } | ConnectError::CertificateUntrusted { .. } => {
                    ErrorCode::CertificateChanged
                }
                ConnectError::Refused { addr } if addr.port() == RTSPS_PORT => ErrorCode::LiveViewDisabled,
                ConnectError::Hung { .. } => ErrorCode::CameraHung,
                ConnectError::TimedOut { .. } => ErrorCode::Timeout,
                _ => ErrorCode::ConnectionFailed,
            },
            Error::Session(error) => match error {
                session::Error::Authentication(_) => ErrorCode::AuthenticationFailed,
                session::Error::JpegCamera(error) => jpeg_camera_code(error),
                session::Error::RequestTimedOut { .. } => ErrorCode::Timeout,
                session::Error::NoVideo(_) => ErrorCode::NoVideoTrack,
                session::Error::Refused { method: Method::Describe, status: 404 } => ErrorCode::NoVideoTrack,
                session::Error::Refused { status: 453 | 503, .. } => ErrorCode::CameraBusy,
                _ => ErrorCode::ConnectionFailed,
            },
            Error::Decode(_) | Error::Jpeg(_) => ErrorCode::DecoderError,
            Error::TooManyStreams { .. } => ErrorCode::TooManyStreams,
            Error::Timeout { waiting: Waiting::Handshake, .. } => ErrorCode::CameraHung,
            Error::Timeout { .. } | Error::Stopped => ErrorCode::Timeout,
            Error::Panicked => ErrorCode::ConnectionFailed,
        }
    }

    /// Whether it is in question who is at the address, if anybody.
    pub fn doubts_the_address(&self) -> bool {
        match self {
            Error::Connect(error) => matches!(
                error,
                ConnectError::Refused { .. }
                    | ConnectError::Unreachable { .. }
                    | ConnectError::TimedOut { .. }
                    | ConnectError::NotTls { .. }
                    | ConnectError::ClosedDuringHandshake { .. }
                    | ConnectError::CertificateChanged { .. }
                    | ConnectError::CertificateUntrusted { .. }
            ),
            Error::Timeout { waiting, .. } => *waiting == Waiting::Connection,
            _ => false,
        }
    }

    /// What a person should try next, where there is something to try.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Error::Address(_) => {
                "Write it as rtsps://bblp:<access code>@<printer's address>:322/streaming/live/1; and what is neither \
                 letter nor digit in the access code as %40 for @, %2F for /, %3A for : and so on. P1 and A1 printers are \
                 jpegs://bblp:<access code>@<printer's address>."
            }
            Error::Connect(error) => return error.hint(),
            Error::Session(error) => return session_hint(error),
            Error::Decode(_) | Error::Panicked => REPORT_IT,
            Error::TooManyStreams { .. } => "Stop one of them first, or allow more.",
            Error::Jpeg(_) | Error::Stopped => return None,
            Error::Timeout { waiting: Waiting::Connection, .. } => {
                "Check that the printer is on, that its address has not changed, and that this computer is in its network."
            }
            Error::Timeout { waiting: Waiting::Handshake, .. } => connect::NO_TLS_ANSWER,
            Error::Timeout { waiting: Waiting::Description, .. } => HUNG_OR_NOT_RTSP,
            Error::Timeout { waiting: Waiting::KeyFrame, .. } => {
                "Close other programs that show this camera: most printers serve one at a time. Some send a whole picture \
                 only every 10 s: allow a snapshot more time with --timeout. If none ever comes, restart the printer."
            }
        })
    }
}

fn jpeg_camera_code(error: &jpeg_camera::Error) -> ErrorCode {
    use jpeg_camera::Error as E;
    match error {
        // Silence may also mean that the camera serves somebody else; the hint says so.
        E::Denied | E::ClosedUnanswered | E::Silent { .. } | E::CredentialsUnusable { .. } => {
            ErrorCode::AuthenticationFailed
        }
        E::Busy { .. } => ErrorCode::CameraBusy,
        E::NoCamera => ErrorCode::NoVideoTrack,
        E::PictureTimedOut { .. } => ErrorCode::Timeout,
        _ => ErrorCode::ConnectionFailed,
    }
}

fn jpeg_camera_hint(error: &jpeg_camera::Error) -> Option<&'static str> {
    use jpeg_camera::Error as E;
    Some(match error {
        E::Denied | E::CredentialsUnusable { .. } => READ_CODE_ANEW,
        E::ClosedUnanswered => {
            "Read the access code anew on the printer's screen, in its network settings; the user name is bblp. If it is \
             right, close other programs that show this camera: it answers one at a time, and nobody for up to 20 \
             minutes after one that vanished."
        }
        E::Silent { .. } => {
            "Close other programs that show this camera: it answers one at a time, and nobody for up to 20 minutes after \
             one that vanished. If there are none, read the access code anew on the printer's screen, in its network \
             settings: some printers meet a wrong one by silence. The user name is bblp."
        }
        E::Busy { .. } => {
            "Close other programs that show this camera: it answers one at a time, and nobody for up to 20 minutes after \
             one that vanished. Restarting the printer is quicker, but ends a print."
        }
        E::NoCamera => {
            "Only P1 and A1 printers have their camera on this port. For the others use \
             rtsps://bblp:<access code>@<printer's address>:322/streaming/live/1"
        }
        E::NotJpegCamera => "Check address and port: this is not a printer's camera.",
        // There were pictures before.
        E::LostSync { .. } => REPORT_IT,
        E::PictureTimedOut { .. } => {
            "Check the network between this computer and the printer: it is too slow, or loses much."
        }
        _ => return None,
    })
}

fn session_hint(error: &session::Error) -> Option<&'static str> {
    use session::Error as E;
    Some(match error {
        E::Authentication(AuthenticationError::CredentialsMissing) => {
            "Put user name and access code into the address: rtsps://bblp:<access code>@..."
        }
        E::Authentication(AuthenticationError::Rejected) => READ_CODE_ANEW,
        E::JpegCamera(error) => return jpeg_camera_hint(error),
        E::Authentication(AuthenticationError::BasicRefused) => "Use rtsps:// and pin the camera's key.",
        // Whoever has answered once speaks RTSP.
        E::RequestTimedOut { method: Method::Options, .. } => HUNG_OR_NOT_RTSP,
        E::RequestTimedOut { .. } => HUNG,
        E::SessionExpired => {
            "Nothing is to be done, unless it happens again and again: then check the network between this computer and the \
             printer, for a printer forgets whom it does not hear from."
        }
        E::Refused { status: 404, .. } => "Check the path: printers stream on /streaming/live/1",
        E::Refused { status: 453 | 503, .. } | E::Closed { .. } => {
            "Close other programs that show this camera: most printers serve one at a time. If there are none, restart \
             the printer."
        }
        E::Framing(FramingError::TlsOnPlainPort) => "Use rtsps:// instead of rtsp:// for this port.",
        E::Framing(_) => {
            "Check address and port: this is not a printer's RTSP camera. P1 and A1 printers are \
             jpegs://bblp:<access code>@<printer's address>"
        }
        E::NoVideo(_) => "Check the path: printers stream H.264 on /streaming/live/1",
        E::UdpUnavailable | E::UnusableTransport => "Try --transport tcp.",
        E::Refused { method: Method::Setup, .. } => "Try --transport tcp.",
        _ => return None,
    })
}

const READ_CODE_ANEW: &str = "Read the access code anew on the printer's screen, in its network settings; it changes when \
                              LAN mode is switched. The user name is bblp.";

const REPORT_IT: &str = "Run again with -v and report the camera's model with what it prints.";

const RTSPS_PORT: u16 = CameraProtocol::Rtsps.port();

const HUNG: &str = "The camera service hangs or serves somebody else: close other programs that show this camera, then \
                    restart the printer.";

const HUNG_OR_NOT_RTSP: &str = "The camera service hangs or serves somebody else: close other programs that show this \
                                camera, then restart the printer when it is not printing. P1 and A1 printers do not speak RTSP: write \
                                jpegs://bblp:<access code>@<printer's address>";
