//! Where files are made: the disk, or a test's idea of one.

use std::fmt::Debug;
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use super::sink::Sink;

/// Where the type stands in a box header, behind the length.
const BOX_TYPE: std::ops::Range<usize> = 4..8;

/// Makes files.
pub(super) trait Storage: Debug + Send {
    /// Makes a file and opens it to be written. One that is there already is replaced where `replace` says so;
    /// otherwise the error is [`io::ErrorKind::AlreadyExists`].
    fn create(&mut self, path: &Path, replace: bool) -> io::Result<Box<dyn Medium>>;
}

/// An open file.
pub(super) trait Medium: Write + Debug + Send {
    /// Whether it can be written elsewhere than at its end; a pipe cannot.
    fn seekable(&self) -> bool;

    /// Overwrites what stands at `at`, and returns to the end.
    fn overwrite(&mut self, at: u64, bytes: &[u8]) -> io::Result<()>;

    /// Brings what was written to the disk.
    fn sync(&mut self) -> io::Result<()>;

    /// Takes away what stands behind `len` bytes.
    fn truncate(&mut self, len: u64) -> io::Result<()>;
}

impl Sink for Box<dyn Medium> {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)?;
        self.flush()
    }

    /// A fragment is free space until all of it is there: a file that ends within a `moof` is one that FFmpeg refuses
    /// altogether, whatever stands before it.
    fn append_fragment(&mut self, at: u64, header: &[u8], data: &[u8]) -> io::Result<()> {
        let (box_type, rest) = (&header[BOX_TYPE], &header[BOX_TYPE.end..]);
        if !self.seekable() {
            self.write_all(header)?;
            self.write_all(data)?;
            return self.flush();
        }
        let hidden = [&header[..BOX_TYPE.start], b"free", rest].concat();
        self.write_all(&hidden)?;
        self.write_all(data)?;
        self.flush()?;
        self.overwrite(at + BOX_TYPE.start as u64, box_type)
    }
}

/// The file system.
#[derive(Debug)]
pub(super) struct Disk;

impl Storage for Disk {
    fn create(&mut self, path: &Path, replace: bool) -> io::Result<Box<dyn Medium>> {
        let mut options = OpenOptions::new();
        options.write(true);
        // A pipe or a device is there to be written to.
        let special = path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir());
        if replace && !special {
            options.create(true).truncate(true);
        } else if !special {
            options.create_new(true);
        }
        Ok(Box::new(DiskFile { file: options.open(path)?, regular: !special }))
    }
}

#[derive(Debug)]
struct DiskFile {
    file: File,
    regular: bool,
}

impl Write for DiskFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Medium for DiskFile {
    fn seekable(&self) -> bool {
        self.regular
    }

    fn overwrite(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(at))?;
        self.file.write_all(bytes)?;
        self.file.seek(SeekFrom::End(0)).map(drop)
    }

    fn sync(&mut self) -> io::Result<()> {
        // Pipes and devices have nothing to bring anywhere.
        if self.regular { self.file.sync_data() } else { Ok(()) }
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }
}
