//! The configuration: which printers somebody has.
//!
//! ```toml
//! [printers.workshop]
//! address = "192.168.1.20"        # or none: found by its serial number
//! serial = "00M00A000000000"
//! model = "BL-P001"
//! code_file = "workshop.code"     # or code_env = "WORKSHOP_CODE", or code = "..." in a file that is yours alone
//! pin = "sha256:6b1f...e0"        # its key; any other is refused
//! ```
//!
//! The file is edited by hand as well: what `printcam` changes in it leaves comments and everything else as it was.

mod file;
mod read;

use std::io;
use std::path::PathBuf;

use printcam_proto::rtsp::Credentials;

use crate::discover::{CameraProtocol, Model};
use crate::{Place, PublicKeyPin};
pub use file::{ConfigFile, Version};

/// The configuration as it was when it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// In the order of the file.
    pub printers: Vec<ConfiguredPrinter>,
    /// Others than its owner may read the file, which can hold access codes. Never so where files have no such modes.
    pub readable_by_others: bool,
}

/// A printer of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfiguredPrinter {
    /// What it is called here.
    pub name: String,
    /// Where it is; without it, it is found by its serial number.
    pub address: Option<Place>,
    /// Its serial number.
    pub serial: Option<String>,
    /// Its model's code.
    pub model: Option<String>,
    /// Where its access code is.
    pub code: CodeSource,
    /// Its key.
    pub pin: Option<PublicKeyPin>,
}

/// Where an access code is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum CodeSource {
    /// Nowhere: a person has to be asked.
    #[default]
    Unknown,
    /// In the configuration.
    Written(Credentials),
    /// In this environment variable.
    Environment(String),
    /// The first line of this file.
    File(PathBuf),
}

/// Why the configuration cannot be used. None of them quotes the file, which can hold access codes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// It is no TOML.
    #[error("line {line} of {} cannot be read as TOML", .path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// A value that makes no sense.
    #[error("{}: {key} of printer {printer:?} must be {wanted}", .path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// The printer.
        printer: String,
        /// The key.
        key: &'static str,
        /// What it must be.
        wanted: &'static str,
    },
    /// A key that means nothing, as a misspelt one.
    #[error("{}: printer {printer:?} has a key {key:?}, which means nothing", .path.display())]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The printer.
        printer: String,
        /// The key.
        key: String,
    },
    /// A name that no printer can have.
    #[error("{name:?} cannot be the name of a printer: letters, digits, - and _, at most 64")]
    InvalidName {
        /// The name.
        name: String,
    },
    /// A printer of this name is there already.
    #[error("a printer {name:?} is in the configuration already")]
    Exists {
        /// The name.
        name: String,
    },
    /// The environment variable with the access code is not set.
    #[error("the access code of {printer:?} shall be in the environment variable {variable}, which is not set")]
    NoVariable {
        /// The printer.
        printer: String,
        /// The variable.
        variable: String,
    },
    /// The file with the access code cannot be read, or is empty.
    #[error("the access code of {printer:?} cannot be read from {}: {error}", .path.display())]
    NoCodeFile {
        /// The printer.
        printer: String,
        /// The file.
        path: PathBuf,
        /// The system's answer.
        error: io::Error,
    },
    /// Larger than any configuration.
    #[error("{} is larger than {MAX_FILE} bytes", .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// No environment variable says where programs keep their configuration.
    #[error("there is no home directory to keep the configuration in")]
    NoConfigDirectory,
    /// The file system refused.
    #[error("{}: {error}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Its answer.
        error: io::Error,
    },
}

/// Thousands of printers; more is a mistake, or an attempt on our memory.
const MAX_FILE: u64 = 1 << 20;

impl Config {
    /// The printer of this name.
    pub fn printer(&self, name: &str) -> Option<&ConfiguredPrinter> {
        self.printers.iter().find(|printer| printer.name == name)
    }

    /// The printer at this place, port included.
    pub fn printer_at(&self, place: &Place) -> Option<&ConfiguredPrinter> {
        self.printers.iter().find(|printer| printer.address.as_ref() == Some(place))
    }
}

impl ConfiguredPrinter {
    /// Its model: by the code, and only where there is none, by the serial number.
    pub fn model(&self) -> Option<&'static Model> {
        match &self.model {
            Some(code) => Model::of_code(code),
            None => Model::of_serial(self.serial.as_deref()?),
        }
    }

    /// How its camera is spoken to, as far as its model or the port in its address tell.
    pub fn camera(&self) -> Option<CameraProtocol> {
        self.model().and_then(|model| model.camera).or_else(|| self.address.as_ref()?.camera())
    }

    /// User name and access code; `None` where a person has to be asked.
    ///
    /// # Errors
    /// [`ConfigError::NoVariable`], [`ConfigError::NoCodeFile`].
    pub fn credentials(&self) -> Result<Option<Credentials>, ConfigError> {
        let code = match &self.code {
            CodeSource::Unknown => return Ok(None),
            CodeSource::Written(credentials) => return Ok(Some(credentials.clone())),
            CodeSource::Environment(variable) => {
                let value = std::env::var(variable).ok().filter(|value| !value.is_empty());
                let (printer, variable) = (self.name.clone(), variable.clone());
                value.ok_or(ConfigError::NoVariable { printer, variable })?
            }
            CodeSource::File(path) => file::first_line(path).map_err(|error| ConfigError::NoCodeFile {
                printer: self.name.clone(),
                path: path.clone(),
                error,
            })?,
        };
        Ok(Some(Credentials::new(USER, code)))
    }
}

/// The user of all printers' cameras.
pub const USER: &str = "bblp";
