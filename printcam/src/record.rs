//! Recording: the camera's pictures as they came, not encoded again, in a file that opens whatever happens to it.
//!
//! ```text
//! AccessUnit -> Gate (which pictures, and when) -> Writer (Annex B | fragmented MP4) -> any `Write`: Recorder
//!                                                                                    '-> files:      FileRecorder
//! ```
//!
//! ```no_run
//! # fn access_units() -> Vec<printcam::AccessUnit> { Vec::new() }
//! # fn main() -> Result<(), printcam::record::RecordError> {
//! use std::time::Duration;
//! use printcam::record::{DurationLimit, FileOptions, FileRecorder, RecordFormat};
//!
//! let mut options = FileOptions::new("print.mp4", RecordFormat::Mp4);
//! options.segment = Some(Duration::from_secs(600));
//! options.check()?; // before connecting
//! let mut recorder = FileRecorder::new(options);
//! let mut limit = DurationLimit::new(Duration::from_secs(3600));
//! for access_unit in access_units() {
//!     if !limit.admits(&access_unit) {
//!         break;
//!     }
//!     recorder.push(&access_unit)?;
//! }
//! let progress = recorder.finish_within(Duration::from_secs(3600))?;
//! println!("{} pictures, {} s in {} files", progress.pictures, progress.duration.as_secs(), progress.files);
//! # Ok(()) }
//! ```
//!
//! # Which pictures
//! Recording begins with a key frame. Behind a loss, pictures are left out up to the next key frame: those between
//! refer to what was lost and would smear. The time they took is kept: whatever was shown before stays up for so long.
//! Timestamps that begin anew, as after a reconnect, continue by the time that passed in arrival. The last picture lasts
//! as long as the one before it.
//!
//! # MP4
//! `ftyp` and `moov` come with the first picture, then fragments (`moof`, `mdat`) of two seconds at most, each begun at
//! a key frame where there is one in time. A fragment is written when the picture behind it has come, and in a file
//! it is marked as free space until all of it is there: a kill in the middle of anything costs what came since the last
//! one, and the file opens up to there. Sample entries are `avc1`:
//! parameter sets stand in `moov` and are taken out of the samples, since `avc3` is what players refuse most.
//! Pictures have no reordering (no camera sends B-frames): decode time and presentation time are one.
//!
//! JPEGs are samples of `jpeg`, each as the camera sent it and in a fragment of its own, since each is a key frame: a kill
//! costs the latest one. FFmpeg, mpv and GStreamer play that; browsers do not.
//!
//! A file has one set of parameter sets, or JPEGs of one size. When they change, as with the resolution, [`FileRecorder`] goes on in another
//! file; a [`Recorder`] has only one output and refuses with [`RecordError::CodingChanged`].
//!
//! # Blocking
//! Everything here writes where it is called, and a disk may take its time. In an async program, call it from a thread
//! that may wait.

mod error;
mod file;
mod gate;
mod mp4;
mod names;
mod sink;
mod storage;
mod timeline;
mod writer;

use std::io::Write;
use std::path::Path;
use std::time::{Duration, SystemTime};

use printcam_proto::h264::AccessUnit;

pub use error::{FileOperation, RecordError};
pub use file::{FileOptions, FileRecorder};
pub use timeline::DurationLimit;

use gate::Gate;
use sink::Stream;
use writer::Writer;

/// How a recording is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RecordFormat {
    /// Raw H.264 (ITU-T H.264 Annex B): NAL units behind start codes, parameter sets before every key frame. It has no
    /// times; a player shows it at the frame rate the stream announces. JPEGs are refused.
    AnnexB,
    /// Fragmented MP4 (ISO/IEC 14496-12 §8.8) with a timescale of 90 kHz, beginning at 0.
    Mp4,
}

impl RecordFormat {
    /// What a file of this name is expected to hold: `.mp4`, `.m4v` and `.mov`, or `.h264`, `.264` and `.avc`.
    #[must_use]
    pub fn of_path(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match &*extension {
            "mp4" | "m4v" | "mov" => Some(Self::Mp4),
            "h264" | "264" | "avc" => Some(Self::AnnexB),
            _ => None,
        }
    }
}

/// How far a recording is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Pictures taken. Of an MP4, those of the last two seconds, or the latest JPEG, are not written yet.
    pub pictures: u64,
    /// Pictures left out: before the first key frame, and behind a loss up to the next one.
    pub left_out: u64,
    /// Bytes written, in whole fragments or pictures.
    pub bytes: u64,
    /// From the first picture to the latest, gaps included.
    pub duration: Duration,
    /// Outputs begun.
    pub files: u32,
}

/// Records to one output: stdout, a socket, memory. [`FileRecorder`] is for files.
#[derive(Debug)]
pub struct Recorder<W> {
    gate: Gate,
    writer: Writer<Stream<W>>,
    failed: bool,
}

impl<W: Write> Recorder<W> {
    /// Writes nothing until the first key frame has come. `created` goes into an MP4 as its creation time.
    #[must_use]
    pub fn new(output: W, format: RecordFormat, created: Option<SystemTime>) -> Self {
        Self { gate: Gate::new(format), writer: Writer::new(Stream(output), format, created), failed: false }
    }

    /// Takes the next access unit, in order of transmission. Pictures that would not decode are left out and counted.
    ///
    /// # Errors
    /// [`RecordError::Write`] where the output fails, and [`RecordError::Ended`] ever after.
    /// [`RecordError::CodingChanged`] where an MP4 cannot hold this picture; nothing was written of it, and recording
    /// goes on with the next key frame that fits. [`RecordError::Jpeg`] for each JPEG where the format is raw H.264,
    /// which changes nothing.
    pub fn push(&mut self, access_unit: &AccessUnit) -> Result<(), RecordError> {
        if self.failed {
            return Err(RecordError::Ended);
        }
        let Some(time) = self.gate.admit(access_unit)? else { return Ok(()) };
        let result = self.writer.write(access_unit, time);
        match &result {
            Ok(()) => self.gate.record(access_unit, time),
            Err(RecordError::CodingChanged { .. }) => self.gate.refuse(),
            Err(_) => self.failed = true,
        }
        result
    }

    /// How far it is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let files = u32::from(self.writer.begun());
        Progress { bytes: self.writer.written(), files, ..self.gate.progress() }
    }

    /// Writes what is not written yet and gives the output back. Dropping the recorder instead loses up to two seconds
    /// of an MP4, or the latest JPEG.
    ///
    /// # Errors
    /// [`RecordError::Write`] where the output fails, [`RecordError::Ended`] where it had failed before.
    pub fn finish(self) -> Result<(W, Progress), RecordError> {
        self.finish_within(Duration::MAX)
    }

    /// The same, where the recording shall last for `limit` at most: its latest picture is cut short.
    ///
    /// # Errors
    /// As of [`finish`](Self::finish).
    pub fn finish_within(mut self, limit: Duration) -> Result<(W, Progress), RecordError> {
        if self.failed {
            return Err(RecordError::Ended);
        }
        self.writer.finish(self.gate.end(limit))?;
        let progress = self.progress();
        Ok((self.writer.into_sink().0, progress))
    }
}
