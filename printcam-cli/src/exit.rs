//! How the program fails: a sentence, a next step, an exit code.

use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use printcam::record::RecordError;
use printcam::{Error, ErrorCode};

use crate::output::say;

/// Why a command did not do what it should.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line asks for something impossible.
    Usage(String),
    /// The camera, or the way to it.
    Camera(Arc<Error>),
    /// The recording.
    Record(RecordError),
    /// This computer.
    Io { what: String, error: io::Error },
    /// Ended by Ctrl-C or SIGTERM before it was done.
    Interrupted,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Camera(Arc::new(error))
    }
}

impl From<Arc<Error>> for Failure {
    fn from(error: Arc<Error>) -> Self {
        Self::Camera(error)
    }
}

impl From<RecordError> for Failure {
    fn from(error: RecordError) -> Self {
        Self::Record(error)
    }
}

impl From<printcam::KnownPrintersError> for Failure {
    fn from(error: printcam::KnownPrintersError) -> Self {
        Error::Connect(error.into()).into()
    }
}

impl Failure {
    /// Prints the sentence and the next step, and gives the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        match self {
            Self::Usage(sentence) => {
                say!("printcam: {sentence}");
                say!("hint: printcam --help shows how it is called.");
            }
            Self::Camera(error) => {
                say!("printcam: {error}");
                if let Some(hint) = error.hint() {
                    say!("hint: {hint}");
                }
            }
            Self::Record(error) => {
                say!("printcam: {error}");
                if let Some(hint) = record_hint(error) {
                    say!("hint: {hint}");
                }
            }
            Self::Io { what, error } => say!("printcam: {what}: {error}"),
            Self::Interrupted => say!("printcam: stopped"),
        }
        self.exit_code()
    }

    /// Whoever read what we write has had enough, as `head` has after its line.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        let (Self::Io { error, .. } | Self::Record(RecordError::Write(error))) = self else { return false };
        error.kind() == io::ErrorKind::BrokenPipe
    }

    /// 2 usage, 3 unreachable, 4 authentication, 5 live view off, 6 certificate changed, 7 too long without a picture,
    /// 130 interrupted, 1 anything else.
    fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Usage(_) => 2,
            Self::Camera(error) if matches!(**error, Error::Address(_)) => 2,
            Self::Camera(error) => match error.code() {
                ErrorCode::ConnectionFailed | ErrorCode::CameraBusy => 3,
                ErrorCode::AuthenticationFailed => 4,
                ErrorCode::LiveViewDisabled => 5,
                ErrorCode::CertificateChanged => 6,
                ErrorCode::Timeout | ErrorCode::CameraHung => 7,
                _ => 1,
            },
            Self::Record(_) | Self::Io { .. } => 1,
            Self::Interrupted => 130,
        })
    }
}

fn record_hint(error: &RecordError) -> Option<&'static str> {
    match error {
        RecordError::Exists { .. } => Some("Choose another name, or allow it with --overwrite."),
        RecordError::ParameterSetsChanged { .. } => {
            Some("Record to a file, which goes on in a second one, or as h264.")
        }
        error if error.is_disk_full() => Some("Make room and record again; what was written until then is whole."),
        _ => None,
    }
}
