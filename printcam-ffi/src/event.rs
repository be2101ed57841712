//! Events: what a manager is told about its streams and requests.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use printcam::{Error, ErrorCode, Reason, StreamState, Transition};

use crate::boundary::{PrintcamBuffer, PrintcamText};
use crate::{PrintcamRequest, PrintcamStream};

/// What an event tells.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrintcamEventKind {
    /// On its way to the first picture. The first event of each stream.
    Connecting = 1,
    /// Media comes.
    Playing = 2,
    /// A picture was handed to a texture. Only where asked for, with `printcam_stream_frame_events`; whoever is slow to
    /// take these is told of the newest.
    Frame = 3,
    /// The session stands, and no media comes.
    Stalled = 4,
    /// Between two sessions; with the error that caused it, if one did.
    Reconnecting = 5,
    /// Pictures have another size from now on; also told with the first one.
    Resized = 6,
    /// Five attempts in a row have failed. It goes on trying.
    Trouble = 7,
    /// Trying again would not help, or was not wanted: with the error. The stream is over; stopping it gives its handle
    /// back.
    Failed = 8,
    /// It ended without anybody here asking.
    Stopped = 9,
    /// The answer to a request: data, or an error, or neither: the camera has let go.
    Answer = 10,
    /// Each second, for each stream: there are new statistics.
    Tick = 11,
    /// Nobody watches, and the camera was given back.
    Idle = 12,
}

/// What went wrong, by the names that are the same in Rust, C and Dart.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrintcamErrorCode {
    /// Nothing.
    None = 0,
    /// Nobody there, no TLS, not RTSP, or an address that cannot be used.
    ConnectionFailed = 1,
    /// The access code is wrong or missing.
    AuthenticationFailed = 2,
    /// Too long without what was waited for.
    Timeout = 3,
    /// The camera answers and offers no video that can be shown.
    NoVideoTrack = 4,
    /// The picture cannot be decoded.
    DecoderError = 5,
    /// As many streams run as may.
    TooManyStreams = 6,
    /// Whoever answers is not the printer that was expected.
    CertificateChanged = 7,
    /// The port on which live view would be is closed.
    LiveViewDisabled = 8,
    /// The camera serves somebody else.
    CameraBusy = 9,
    /// TCP works, the camera service behind it does not.
    CameraHung = 10,
    /// The stream was stopped before it came to that.
    Stopped = 11,
}

/// One event. It and its texts are borrowed for the time of the callback; `data` is the receiver's.
#[repr(C)]
#[derive(Debug)]
pub struct PrintcamEvent {
    /// `PrintcamEventKind`.
    pub kind: u32,
    /// `PrintcamErrorCode`.
    pub error: u32,
    /// Which stream; 0: none.
    pub stream: PrintcamStream,
    /// Which request it answers; 0: none.
    pub request: PrintcamRequest,
    /// In samples, of `Resized` and `Frame`.
    pub width: u32,
    /// In samples, of `Resized` and `Frame`.
    pub height: u32,
    /// When, in milliseconds of Unix time.
    pub timestamp_ms: i64,
    /// The error's name, as "certificateChanged", or the reason of a change of state, as "noMedia".
    pub detail: PrintcamText,
    /// What went wrong, in one sentence.
    pub message: PrintcamText,
    /// The next step a person can take; may be empty.
    pub hint: PrintcamText,
    /// A JPEG, to be given back with `printcam_buffer_free`.
    pub data: PrintcamBuffer,
}

/// An event on its way.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) kind: PrintcamEventKind,
    pub(crate) error: PrintcamErrorCode,
    pub(crate) stream: PrintcamStream,
    pub(crate) request: PrintcamRequest,
    pub(crate) size: (u32, u32),
    pub(crate) timestamp_ms: i64,
    pub(crate) detail: &'static str,
    pub(crate) message: String,
    pub(crate) hint: &'static str,
    pub(crate) data: Vec<u8>,
}

impl Event {
    /// Of this kind, happening now, and nothing else yet.
    pub(crate) fn new(kind: PrintcamEventKind) -> Self {
        Self {
            kind,
            error: PrintcamErrorCode::None,
            stream: 0,
            request: 0,
            size: (0, 0),
            timestamp_ms: now_ms(),
            detail: "",
            message: String::new(),
            hint: "",
            data: Vec::new(),
        }
    }

    /// A change of state; `None` for a state that this interface has no word for.
    pub(crate) fn of_transition(transition: &Transition) -> Option<Self> {
        use PrintcamEventKind as Kind;
        let kind = match transition.state {
            StreamState::Connecting => Kind::Connecting,
            StreamState::Playing => Kind::Playing,
            StreamState::Stalled => Kind::Stalled,
            StreamState::Reconnecting => Kind::Reconnecting,
            StreamState::Failed => Kind::Failed,
            StreamState::Idle => Kind::Idle,
            StreamState::Stopped => Kind::Stopped,
            _ => return None,
        };
        Some(Self { detail: reason_name(transition.reason), ..Self::new(kind) }.because(transition.error.as_ref()))
    }

    /// The same, with what went wrong.
    pub(crate) fn because(mut self, error: Option<&Arc<Error>>) -> Self {
        if let Some(error) = error {
            (self.error, self.detail) = error_name(error);
            self.message = error.to_string();
            self.hint = error.hint().unwrap_or_default();
        }
        self
    }
}

impl PrintcamEvent {
    /// As it is handed to a callback. The texts are lent by `event`; the data is taken from it.
    pub(crate) fn lent_by(event: &mut Event) -> Self {
        Self {
            kind: event.kind as u32,
            error: event.error as u32,
            stream: event.stream,
            request: event.request,
            width: event.size.0,
            height: event.size.1,
            timestamp_ms: event.timestamp_ms,
            detail: PrintcamText::borrowed(event.detail),
            data: std::mem::take(&mut event.data).into(),
            message: PrintcamText::borrowed(&event.message),
            hint: PrintcamText::borrowed(event.hint),
        }
    }
}

fn now_ms() -> i64 {
    // A clock before 1970 is wrong anyway.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

fn error_name(error: &Error) -> (PrintcamErrorCode, &'static str) {
    use PrintcamErrorCode as Code;
    if matches!(error, Error::Stopped) {
        return (Code::Stopped, "stopped");
    }
    match error.code() {
        ErrorCode::AuthenticationFailed => (Code::AuthenticationFailed, "authenticationFailed"),
        ErrorCode::Timeout => (Code::Timeout, "timeout"),
        ErrorCode::NoVideoTrack => (Code::NoVideoTrack, "noVideoTrack"),
        ErrorCode::DecoderError => (Code::DecoderError, "decoderError"),
        ErrorCode::TooManyStreams => (Code::TooManyStreams, "tooManyStreams"),
        ErrorCode::CertificateChanged => (Code::CertificateChanged, "certificateChanged"),
        ErrorCode::LiveViewDisabled => (Code::LiveViewDisabled, "liveViewDisabled"),
        ErrorCode::CameraBusy => (Code::CameraBusy, "cameraBusy"),
        ErrorCode::CameraHung => (Code::CameraHung, "cameraHung"),
        // What the library may come to tell apart later is a kind of this.
        _ => (Code::ConnectionFailed, "connectionFailed"),
    }
}

fn reason_name(reason: Reason) -> &'static str {
    match reason {
        Reason::Started => "started",
        Reason::Media => "media",
        Reason::NoMedia => "noMedia",
        Reason::AttemptFailed => "attemptFailed",
        Reason::ConnectionLost => "connectionLost",
        Reason::Silence => "silence",
        Reason::NothingDecodable => "nothingDecodable",
        Reason::Rotation => "rotation",
        Reason::UdpUseless => "udpUseless",
        Reason::NobodyWatches => "nobodyWatches",
        Reason::Asked => "asked",
        Reason::Panicked => "panicked",
        _ => "",
    }
}
