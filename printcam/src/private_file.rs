//! Files that are their owner's alone, and that any number of processes may change: each change is made under a lock and
//! replaces the whole file, so that no reader sees half of it and no writer loses another's.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// The lock on a file that is about to be changed.
pub(crate) struct PrivateFile {
    path: PathBuf,
    _lock: File,
}

/// What was read.
pub(crate) enum Contents {
    /// The whole file.
    Bytes(Vec<u8>),
    /// There is no such file.
    Missing,
    /// It is larger than allowed.
    TooLarge,
}

/// Reads the whole file. No lock is needed: it is only ever replaced as a whole.
pub(crate) fn read(path: &Path, limit: u64) -> io::Result<Contents> {
    let mut bytes = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(limit + 1).read_to_end(&mut bytes)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Contents::Missing),
        Err(error) => return Err(error),
    };
    Ok(if bytes.len() as u64 > limit { Contents::TooLarge } else { Contents::Bytes(bytes) })
}

impl PrivateFile {
    /// Waits for the lock of this file, which need not be there yet; its directory is made, 0700.
    pub(crate) fn lock(path: &Path) -> io::Result<Self> {
        // A link (some keep such files in a repository) stays a link.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        create_parent(&path)?;
        let lock = lock_file(&path)?;
        Ok(Self { path, _lock: lock })
    }

    /// The file itself, behind all links.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts these bytes in the file's place, 0600.
    pub(crate) fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        replace_file(&self.path, bytes)
    }
}

fn create_parent(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match path.parent() {
        Some(parent) if parent != Path::new("") => builder.create(parent),
        _ => Ok(()),
    }
}

/// Locks a file of its own: the list itself is replaced, and a lock on it would stay with the old one.
fn lock_file(path: &Path) -> io::Result<File> {
    let file = private(OpenOptions::new().write(true).create(true).truncate(false)).open(beside(path, "lock"))?;
    match file.lock() {
        // Where the system has no locks the app has its files to itself (Android).
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(file),
        outcome => outcome.map(|()| file),
    }
}

fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = beside(path, &format!("{}.tmp", std::process::id()));
    // One left over by a crash: we hold the lock, so it is nobody's.
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let write = || {
        let mut file = private(OpenOptions::new().write(true).create_new(true)).open(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    write().inspect_err(|_| {
        let _ = fs::remove_file(&temporary);
    })
}

/// Readable by its owner only: it says which printers somebody has, and may say their access codes.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

fn beside(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    name.into()
}
