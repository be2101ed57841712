//! How the program fails: a sentence, a next step, an exit code.

use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use printcam::config::ConfigError;
use printcam::discover::DiscoveryError;
use printcam::doctor::Diagnosis;
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
    /// The configuration.
    Config(ConfigError),
    /// The configuration has no such printer.
    NoSuchPrinter { name: String, file: String },
    /// A configured printer without an address has not made itself known.
    NotLocated { name: String },
    /// Nobody can be listened for.
    Discovery(DiscoveryError),
    /// No printer was found.
    NothingFound,
    /// An access code is needed, and there is nobody to ask.
    NoCode,
    /// The recording.
    Record(RecordError),
    /// This computer.
    Io { what: String, error: io::Error },
    /// Another run of this program watches the camera.
    InUse { who: String, camera: String },
    /// An examination has ended badly, and said how.
    Diagnosed(Diagnosis),
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

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl From<DiscoveryError> for Failure {
    fn from(error: DiscoveryError) -> Self {
        Self::Discovery(error)
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
            Self::Config(error) => {
                say!("printcam: {error}");
                if let Some(hint) = config_hint(error) {
                    say!("hint: {hint}");
                }
            }
            Self::NoSuchPrinter { name, file } => {
                say!("printcam: there is no printer {name:?} in {file}");
                say!("hint: printcam add {name} <its address> puts it there; printcam list shows those that are.");
            }
            Self::NotLocated { name } => {
                say!("printcam: {name} has no address in the configuration and has not made itself known");
                say!("hint: {NOTHING_HEARD}");
            }
            Self::Discovery(error) => {
                say!("printcam: {error}");
                say!("hint: Close the program that keeps these ports to itself.");
            }
            Self::NothingFound => {
                say!("printcam: no printer has made itself known");
                say!("hint: {NOTHING_HEARD}");
            }
            Self::NoCode => {
                say!("printcam: the access code is needed, and there is no terminal to ask for it");
                say!("hint: Give it on standard input or in PRINTCAM_CODE, or keep it with printcam add.");
            }
            Self::Record(error) => {
                say!("printcam: {error}");
                if let Some(hint) = record_hint(error) {
                    say!("hint: {hint}");
                }
            }
            Self::Io { what, error } => say!("printcam: {what}: {error}"),
            Self::InUse { who, camera } => {
                say!("printcam: {who} watches {camera} already, and no second connection is made");
                say!(
                    "hint: Its own lines say how the stream does. End it to have the camera examined from the beginning."
                );
            }
            Self::Diagnosed(_) => {}
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
            Self::Usage(_) | Self::Config(_) | Self::NoSuchPrinter { .. } => 2,
            Self::NotLocated { .. } | Self::NothingFound | Self::InUse { .. } => 3,
            Self::NoCode => 4,
            Self::Camera(error) if matches!(**error, Error::Address(_)) => 2,
            Self::Camera(error) => match error.code() {
                ErrorCode::ConnectionFailed | ErrorCode::CameraBusy => 3,
                ErrorCode::AuthenticationFailed => 4,
                ErrorCode::LiveViewDisabled => 5,
                ErrorCode::CertificateChanged => 6,
                ErrorCode::Timeout | ErrorCode::CameraHung => 7,
                _ => 1,
            },
            Self::Discovery(_) | Self::Record(_) | Self::Io { .. } => 1,
            Self::Diagnosed(diagnosis) => match diagnosis {
                Diagnosis::Unreachable | Diagnosis::WrongAddress | Diagnosis::Busy => 3,
                Diagnosis::WrongCode | Diagnosis::NoCode | Diagnosis::WrongCodeOrBusy => 4,
                Diagnosis::LiveViewOff => 5,
                Diagnosis::CertificateChanged | Diagnosis::NotTrusted => 6,
                Diagnosis::Hung | Diagnosis::NoPicture => 7,
                _ => 1,
            },
            Self::Interrupted => 130,
        })
    }
}

const NOTHING_HEARD: &str = "Check that the printer is on and in this computer's network, and that no firewall keeps \
                             UDP ports 1990 and 2021 closed; printcam discover --subnet 192.168.1.0/24 looks at each \
                             address.";

fn config_hint(error: &ConfigError) -> Option<&'static str> {
    Some(match error {
        ConfigError::Exists { .. } => "Choose another name, or take that printer out first with printcam remove.",
        ConfigError::UnknownKey { .. } => "Known are address, serial, model, code, code_env, code_file and pin.",
        ConfigError::Syntax { .. } => "Texts stand in quotes: address = \"192.168.1.20\"",
        ConfigError::NoConfigDirectory => "Name a file in PRINTCAM_CONFIG.",
        _ => return None,
    })
}

fn record_hint(error: &RecordError) -> Option<&'static str> {
    match error {
        RecordError::Exists { .. } => Some("Choose another name, or allow it with --overwrite."),
        RecordError::CodingChanged { .. } => {
            Some("Record to a file, which goes on in a second one, or H.264 with --format h264.")
        }
        RecordError::Jpeg => Some("printcam record -o FILE.mp4 keeps them as they are."),
        error if error.is_disk_full() => Some("Make room and record again; what was written until then is whole."),
        _ => None,
    }
}
