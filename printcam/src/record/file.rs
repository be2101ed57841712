//! Recording to files.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use printcam_proto::h264::AccessUnit;

use super::gate::Gate;
use super::names::{Names, folder};
use super::storage::{Disk, Medium, Storage};
use super::timeline::{TICKS_PER_SECOND, ticks};
use super::writer::Writer;
use super::{FileOperation, Progress, RecordError, RecordFormat};

/// How much of a recording may be in the system's memory only, in ticks. Killing the program loses nothing of it; a
/// power cut does. It is also how soon an error of the disk, which comes late with most, is found.
const SYNC_INTERVAL: u64 = 30 * TICKS_PER_SECOND;

/// How many numbers are tried that someone else just took.
const MAX_TRIES: usize = 1000;

/// What to record into.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FileOptions {
    /// The file. Where there will be several, `print.mp4` stands for `print-0001.mp4`, `print-0002.mp4` and so on, from
    /// behind the highest number in the folder. A recording that is not cut into segments begins in `print.mp4` itself,
    /// and goes on in `print-0002.mp4` where parameter sets or the size change.
    pub path: PathBuf,
    /// How it is laid out; [`RecordFormat::of_path`] guesses it.
    pub format: RecordFormat,
    /// Cut at the first key frame that comes so long after the file's first picture. `None` does not cut.
    pub segment: Option<Duration>,
    /// Whether `path` may replace a file. Numbered files never replace one.
    pub overwrite: bool,
}

impl FileOptions {
    /// One file, which must not be there yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, format: RecordFormat) -> Self {
        Self { path: path.into(), format, segment: None, overwrite: false }
    }

    /// Whether recording can begin, to be asked before anyone connects. Where that needs a file to be made, it makes one
    /// beside `path` and removes it.
    ///
    /// # Errors
    /// [`RecordError::Exists`], or [`RecordError::File`] with what the system says: no such folder, no permission,
    /// read-only.
    pub fn check(&self) -> Result<(), RecordError> {
        let path = &self.path;
        let failed = |source| RecordError::File { operation: FileOperation::Create, path: path.clone(), source };
        let Some(name) = path.file_name() else { return Err(failed(io::ErrorKind::InvalidInput.into())) };
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => return Err(failed(io::ErrorKind::IsADirectory.into())),
            Ok(found) if self.segment.is_none() && found.is_file() => {
                if !self.overwrite {
                    return Err(RecordError::Exists { path: path.clone() });
                }
                return OpenOptions::new().write(true).open(path).map(drop).map_err(failed);
            }
            Ok(_) if self.segment.is_none() => return Ok(()),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let mut probe = std::ffi::OsString::from(".");
        probe.push(name);
        probe.push(format!(".{}.check", std::process::id()));
        let probe = path.with_file_name(probe);
        match OpenOptions::new().write(true).create_new(true).open(&probe) {
            Ok(_) => {
                let _ = fs::remove_file(&probe);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(source) => {
                Err(RecordError::File { operation: FileOperation::Create, path: folder(path).to_owned(), source })
            }
        }
    }
}

/// Records to one file after the other. Each is under its name from its first picture on, and opens at any time.
///
/// Every fragment (MP4) or picture (Annex B) is handed to the system at once, so that it outlives the program, and
/// brought to the disk every 30 s and at the end of a file. A write that fails, as on a full disk, is taken back to the
/// last whole fragment or picture. Dropping the recorder writes what is buffered and ignores errors.
#[derive(Debug)]
pub struct FileRecorder {
    options: FileOptions,
    storage: Box<dyn Storage>,
    names: Names,
    gate: Gate,
    current: Option<Current>,
    /// Files begun, and bytes in those that are finished.
    files: u32,
    finished_bytes: u64,
    failed: bool,
}

/// The file being written.
#[derive(Debug)]
struct Current {
    path: PathBuf,
    writer: Writer<Box<dyn Medium>>,
    /// Time of its first picture.
    began: u64,
    /// Up to when it is on the disk.
    synced: u64,
}

impl FileRecorder {
    /// Makes no file until the first key frame has come.
    #[must_use]
    pub fn new(options: FileOptions) -> Self {
        Self::with_storage(options, Box::new(Disk))
    }

    fn with_storage(options: FileOptions, storage: Box<dyn Storage>) -> Self {
        Self {
            names: Names::new(options.path.clone(), options.segment.is_some()),
            gate: Gate::new(options.format),
            options,
            storage,
            current: None,
            files: 0,
            finished_bytes: 0,
            failed: false,
        }
    }

    /// Takes the next access unit, in order of transmission. Pictures that would not decode are left out and counted.
    ///
    /// # Errors
    /// [`RecordError::File`] and [`RecordError::Exists`] where a file cannot be made or written,
    /// [`RecordError::OutOfRange`] where MP4 has no room for what the stream says; [`RecordError::Ended`] ever after.
    /// [`RecordError::Jpeg`] for each JPEG where the format is raw H.264, which changes nothing.
    pub fn push(&mut self, access_unit: &AccessUnit) -> Result<(), RecordError> {
        if self.failed {
            return Err(RecordError::Ended);
        }
        let Some(time) = self.gate.admit(access_unit)? else { return Ok(()) };
        let result = self.write(access_unit, time);
        match &result {
            Ok(()) => self.gate.record(access_unit, time),
            Err(_) => self.failed = true,
        }
        result
    }

    fn write(&mut self, access_unit: &AccessUnit, time: u64) -> Result<(), RecordError> {
        if let Some(current) = &self.current {
            let long_enough = self.options.segment.is_some_and(|segment| time - current.began >= ticks(segment));
            if !current.writer.fits(&access_unit.coding) || (access_unit.key_frame && long_enough) {
                self.end_file(time)?;
            }
        }
        let current = match &mut self.current {
            Some(current) => current,
            None => {
                let (path, medium) = self.create()?;
                self.files += 1;
                let writer = Writer::new(medium, self.options.format, Some(SystemTime::now()));
                self.current.insert(Current { path, writer, began: time, synced: time })
            }
        };
        current.guarded(|writer| writer.write(access_unit, time))?;
        if time - current.synced >= SYNC_INTERVAL {
            current.sync()?;
            current.synced = time;
        }
        Ok(())
    }

    /// Makes the next file.
    fn create(&mut self) -> Result<(PathBuf, Box<dyn Medium>), RecordError> {
        let given = self.names.given().filter(|_| self.files == 0).map(Path::to_owned);
        let tries = if given.is_some() { 1 } else { MAX_TRIES };
        let mut path = PathBuf::new();
        for _ in 0..tries {
            path = given.clone().unwrap_or_else(|| self.names.numbered());
            match self.storage.create(&path, given.is_some() && self.options.overwrite) {
                Ok(medium) => return Ok((path, medium)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(RecordError::File { operation: FileOperation::Create, path, source }),
            }
        }
        Err(RecordError::Exists { path })
    }

    /// Completes the current file, whose latest picture lasts until `end`.
    fn end_file(&mut self, end: u64) -> Result<(), RecordError> {
        let Some(mut current) = self.current.take() else { return Ok(()) };
        let result = current.guarded(|writer| writer.finish(end)).and_then(|()| current.sync());
        self.finished_bytes += current.writer.written();
        result
    }

    /// The file being written; `None` before the first key frame.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.current.as_ref().map(|current| &*current.path)
    }

    /// How far it is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let current = self.current.as_ref().map_or(0, |current| current.writer.written());
        Progress { bytes: self.finished_bytes + current, files: self.files, ..self.gate.progress() }
    }

    /// Writes what is not written yet and brings it to the disk. Where no key frame came, there is no file.
    ///
    /// # Errors
    /// [`RecordError::File`] where that fails, [`RecordError::Ended`] where it had failed before.
    pub fn finish(self) -> Result<Progress, RecordError> {
        self.finish_within(Duration::MAX)
    }

    /// The same, where the recording shall last for `limit` at most: its latest picture is cut short.
    ///
    /// # Errors
    /// As of [`finish`](Self::finish).
    pub fn finish_within(mut self, limit: Duration) -> Result<Progress, RecordError> {
        if self.failed {
            return Err(RecordError::Ended);
        }
        self.end_file(self.gate.end(limit))?;
        Ok(self.progress())
    }
}

impl Drop for FileRecorder {
    fn drop(&mut self) {
        if let (false, Some(current)) = (self.failed, &mut self.current) {
            let end = self.gate.end(Duration::MAX);
            let _ = current.guarded(|writer| writer.finish(end));
        }
    }
}

impl Current {
    /// Does something with the writer. Where that fails half-way, the half is taken away again.
    fn guarded(
        &mut self,
        act: impl FnOnce(&mut Writer<Box<dyn Medium>>) -> Result<(), RecordError>,
    ) -> Result<(), RecordError> {
        act(&mut self.writer).map_err(|error| {
            let RecordError::Write(source) = error else { return error };
            let whole = self.writer.written();
            // Where it cannot be, the file opens all the same, up to the last whole fragment.
            let _ = self.writer.sink().truncate(whole);
            RecordError::File { operation: FileOperation::Write, path: self.path.clone(), source }
        })
    }

    fn sync(&mut self) -> Result<(), RecordError> {
        self.writer.sink().sync().map_err(|source| RecordError::File {
            operation: FileOperation::Sync,
            path: self.path.clone(),
            source,
        })
    }
}

#[cfg(test)]
mod tests;
