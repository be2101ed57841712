//! Where data goes: stdout, or a file that appears when it is whole.

use std::convert::Infallible;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;
use std::str::FromStr;

use crate::exit::Failure;

/// As `eprintln!`, which panics where nobody reads stderr any more: a closed terminal must not cost the camera a proper
/// goodbye, nor the program its exit code.
macro_rules! say {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($words)*);
    }};
}
pub(crate) use say;

/// `-` or a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Destination {
    Stdout,
    File(PathBuf),
}

impl FromStr for Destination {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(if text == "-" { Self::Stdout } else { Self::File(text.into()) })
    }
}

impl std::fmt::Display for Destination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stdout => f.write_str("stdout"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

impl Destination {
    /// Writes all of it. A file is written under another name and then renamed, so that nobody sees half a picture. What
    /// is there and no file, as /dev/null or a pipe, is written to and stays what it is.
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        let result = match self {
            Self::Stdout => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(bytes).and_then(|()| stdout.flush())
            }
            Self::File(path) if fs::metadata(path).is_ok_and(|there| !there.is_file()) => {
                fs::OpenOptions::new().write(true).open(path).and_then(|mut file| file.write_all(bytes))
            }
            Self::File(path) => {
                let mut name = path.file_name().unwrap_or_default().to_owned();
                name.push(format!(".{}.part", std::process::id()));
                let part = path.with_file_name(name);
                fs::write(&part, bytes).and_then(|()| fs::rename(&part, path)).inspect_err(|_| {
                    let _ = fs::remove_file(&part);
                })
            }
        };
        result.map_err(|error| self.failed(error))
    }

    /// Opens it to be written piece by piece.
    pub(crate) fn open(&self) -> Result<Box<dyn Write + Send>, Failure> {
        match self {
            Self::Stdout => Ok(Box::new(io::stdout())),
            Self::File(path) => {
                let file = File::create(path).map_err(|error| self.failed(error))?;
                Ok(Box::new(io::BufWriter::new(file)))
            }
        }
    }

    pub(crate) fn failed(&self, error: io::Error) -> Failure {
        Failure::Io { what: self.to_string(), error }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::FileTypeExt;

    use super::*;

    #[test]
    fn what_is_no_file_stays_what_it_is() {
        let folder = std::env::temp_dir().join(format!("printcam-output-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let pipe = folder.join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let writer = std::thread::spawn({
            let pipe = Destination::File(pipe.clone());
            move || pipe.write(b"picture")
        });
        // Opened for both, it waits for nobody, should the writer have replaced it.
        let held = fs::OpenOptions::new().read(true).write(true).open(&pipe).unwrap();
        writer.join().unwrap().unwrap();
        assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
        drop(held);
        fs::remove_dir_all(folder).unwrap();
    }
}
