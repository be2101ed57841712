//! Why a recording cannot begin or go on.

use std::io;
use std::path::{Path, PathBuf};

/// Why a recording cannot begin or go on. What was written before stays valid.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// A file or its folder.
    #[error("cannot {}: {source}", operation.of(path))]
    File {
        /// What was being done.
        operation: FileOperation,
        /// The file, or the folder it was to be in.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file of this name is there already and may not be replaced.
    #[error("{} exists already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The output of a [`Recorder`](super::Recorder).
    #[error("cannot write the recording: {0}")]
    Write(#[source] io::Error),
    /// An MP4 holds H.264 of one set of parameter sets, or JPEGs of one size, and the stream changed them.
    #[error(
        "the camera changed how it codes its pictures, from {}x{} to {}x{}: an MP4 on one output cannot follow",
        from.0, from.1, to.0, to.1
    )]
    CodingChanged {
        /// Width and height before, in luma samples.
        from: (u32, u32),
        /// Width and height now, which may be the same.
        to: (u32, u32),
    },
    /// The stream says something MP4 has no room for.
    #[error("{field} is {got}, over {max} of MP4")]
    OutOfRange {
        /// What it is.
        field: &'static str,
        /// What the stream says.
        got: u64,
        /// The largest MP4 can hold.
        max: u64,
    },
    /// The pictures are JPEGs, and the recording is to be raw H.264.
    #[error("this camera sends JPEG pictures, and no H.264")]
    Jpeg,
    /// It had failed before.
    #[error("the recording had ended with an error before")]
    Ended,
}

impl RecordError {
    /// Whether there is no room left: the disk or the quota is full.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        let (Self::File { source, .. } | Self::Write(source)) = self else { return false };
        matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
    }
}

/// What was being done to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileOperation {
    /// Making or opening it.
    Create,
    /// Writing to it.
    Write,
    /// Bringing it to the disk.
    Sync,
}

impl FileOperation {
    /// It in words, done to `path`.
    fn of(self, path: &Path) -> String {
        let path = path.display();
        match self {
            Self::Create => format!("create {path}"),
            Self::Write => format!("write {path}"),
            Self::Sync => format!("bring {path} to disk"),
        }
    }
}
