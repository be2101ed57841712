//! The keys of the printers seen so far, for trust on first use.
//!
//! ```text
//! # comment
//! 192.168.1.20:322 sha256:6b1f...e0 2026-11-23T06:30:56Z
//! ```
//!
//! One line a printer: the name it is known by (`host:port`, or a serial number), its pin, when it was first seen. The
//! file may be edited by hand; what cannot be read in it is reported with its line number and kept as it stands.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::SystemTime;

use crate::own_folder::{Kind, own_folder};
use crate::private_file::{self, Contents, PrivateFile};
use crate::tls::PublicKeyPin;
use book::Book;
pub use book::{CorruptLine, LineProblem};

mod book;

/// The store of pins: a handle, whose clones share it.
///
/// Any number of handles and processes may use one file: each change reads it anew under a lock and replaces it whole,
/// so that no reader sees half of it and no writer loses another's printer. All calls block on the disk, and on the
/// lock for as long as another process holds it.
#[derive(Clone, Debug)]
pub struct KnownPrinters(Arc<Store>);

#[derive(Debug)]
enum Store {
    File(PathBuf),
    Memory(Mutex<Book>),
}

/// One printer of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownPrinter {
    /// What it is known by: `host:port`, or a serial number.
    pub name: String,
    /// Its key.
    pub pin: PublicKeyPin,
    /// When the key was recorded, to the second.
    pub first_seen: SystemTime,
}

/// What the store holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// In the order in which they were first seen.
    pub printers: Vec<KnownPrinter>,
    /// Lines that say nothing, and that nothing removes but a person.
    pub corrupt: Vec<CorruptLine>,
}

/// The outcome of [`KnownPrinters::record`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// The printer was unknown, and is known now.
    Added,
    /// The printer was known already, with this key or another one: nothing has changed.
    Already(KnownPrinter),
}

/// Why the store could not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KnownPrintersError {
    /// The line of the printer asked for cannot be read. To take the printer for unknown would be to trust anybody.
    #[error("line {} of {}, about {name}, cannot be read: {}", .line.number, .path.display(), .line.problem)]
    Corrupt {
        /// The file (empty for a store in memory).
        path: PathBuf,
        /// The printer.
        name: String,
        /// Its line.
        line: CorruptLine,
    },
    /// A name must be one word of visible characters, and not begin with `#`.
    #[error("{name:?} cannot be the name of a printer")]
    InvalidName {
        /// The name.
        name: String,
    },
    /// The file is larger than any number of printers explains.
    #[error("{} is larger than {MAX_FILE} bytes", .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// No environment variable says where programs keep their state.
    #[error("there is no home directory to keep the known printers in")]
    NoStateDirectory,
    /// Another process holds the file's lock and does not let go.
    #[error("another process keeps the list of known printers locked")]
    Locked,
    /// The file system refused.
    #[error("{}: {error}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Its answer.
        error: io::Error,
    },
}

impl KnownPrinters {
    /// Forgotten when the last handle is dropped.
    pub fn in_memory() -> KnownPrinters {
        KnownPrinters(Arc::new(Store::Memory(Mutex::default())))
    }

    /// Kept in this file, made when the first printer is recorded: 0600, in a directory of 0700 if that is new, too.
    pub fn in_file(path: impl Into<PathBuf>) -> KnownPrinters {
        KnownPrinters(Arc::new(Store::File(path.into())))
    }

    /// Kept in the file `known_printers` of [`state_directory`].
    ///
    /// # Errors
    /// [`KnownPrintersError::NoStateDirectory`].
    pub fn in_default_file() -> Result<KnownPrinters, KnownPrintersError> {
        Ok(KnownPrinters::in_file(state_directory()?.join("known_printers")))
    }

    /// The file, unless the store is in memory.
    pub fn path(&self) -> Option<&Path> {
        match &*self.0 {
            Store::File(path) => Some(path),
            Store::Memory(_) => None,
        }
    }

    /// The printer of this name, if it is known.
    ///
    /// # Errors
    /// [`KnownPrintersError::Corrupt`] if its line cannot be read; other corrupt lines are only logged.
    pub fn find(&self, name: &str) -> Result<Option<KnownPrinter>, KnownPrintersError> {
        self.read(|book| self.find_in(book, name))?
    }

    /// All of them, and the lines that cannot be read.
    ///
    /// # Errors
    /// The file system's.
    pub fn list(&self) -> Result<Listing, KnownPrintersError> {
        self.read(|book| Listing { printers: book.printers().cloned().collect(), corrupt: book.corrupt().collect() })
    }

    /// Adds a printer that is not known. One that is stays as it is, whatever its key.
    ///
    /// # Errors
    /// [`KnownPrintersError::InvalidName`], or as [`KnownPrinters::find`].
    pub fn record(&self, name: &str, pin: PublicKeyPin, now: SystemTime) -> Result<Recorded, KnownPrintersError> {
        check_name(name)?;
        self.change(|book| {
            if let Some(known) = self.find_in(book, name)? {
                return Ok(Recorded::Already(known));
            }
            book.push(KnownPrinter { name: name.to_owned(), pin, first_seen: now });
            Ok(Recorded::Added)
        })
    }

    /// Puts `pin` in the place of whatever is known under this name: for a person who has seen why the key changed.
    ///
    /// # Errors
    /// [`KnownPrintersError::InvalidName`], and the file system's.
    pub fn replace(&self, name: &str, pin: PublicKeyPin, now: SystemTime) -> Result<(), KnownPrintersError> {
        check_name(name)?;
        self.change(|book| {
            book.remove(name);
            book.push(KnownPrinter { name: name.to_owned(), pin, first_seen: now });
            Ok(())
        })
    }

    /// Removes what is known under this name, a line that cannot be read included. Whether there was anything.
    ///
    /// # Errors
    /// The file system's.
    pub fn forget(&self, name: &str) -> Result<bool, KnownPrintersError> {
        self.change(|book| Ok(book.remove(name)))
    }

    fn find_in(&self, book: &Book, name: &str) -> Result<Option<KnownPrinter>, KnownPrintersError> {
        if let Some(line) = book.corrupt_about(name) {
            let path = self.path().unwrap_or(Path::new("")).to_owned();
            return Err(KnownPrintersError::Corrupt { path, name: name.to_owned(), line });
        }
        Ok(book.printers().find(|printer| printer.name == name).cloned())
    }

    fn read<T>(&self, look: impl FnOnce(&Book) -> T) -> Result<T, KnownPrintersError> {
        match &*self.0 {
            Store::Memory(book) => Ok(look(&lock(book))),
            // No lock: the file is only ever replaced as a whole.
            Store::File(path) => Ok(look(&read_book(path)?)),
        }
    }

    fn change<T>(
        &self,
        edit: impl FnOnce(&mut Book) -> Result<T, KnownPrintersError>,
    ) -> Result<T, KnownPrintersError> {
        match &*self.0 {
            Store::Memory(book) => edit(&mut lock(book)),
            Store::File(path) => {
                let io = |error| KnownPrintersError::Io { path: path.clone(), error };
                let file = PrivateFile::lock(path).map_err(io)?;
                let path = file.path();
                let mut book = read_book(path)?;
                let before = book.clone();
                let outcome = edit(&mut book)?;
                if book != before {
                    file.replace(&book.to_bytes()).map_err(io)?;
                }
                Ok(outcome)
            }
        }
    }
}

/// Where printcam keeps what it has learned: `PRINTCAM_STATE_DIR`, or the `printcam` folder in the platform's place
/// (`$XDG_STATE_HOME`, `~/.local/state`; `~/Library/Application Support`; `%LOCALAPPDATA%`).
///
/// # Errors
/// [`KnownPrintersError::NoStateDirectory`] if the environment names none, as on a phone.
pub fn state_directory() -> Result<PathBuf, KnownPrintersError> {
    state_directory_from(|name| std::env::var_os(name)).ok_or(KnownPrintersError::NoStateDirectory)
}

fn state_directory_from(environment: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let explicit = environment("PRINTCAM_STATE_DIR").filter(|path| !path.is_empty());
    explicit.map(PathBuf::from).or_else(|| own_folder(&STATE, environment))
}

const STATE: Kind = Kind { windows: "LOCALAPPDATA", xdg: "XDG_STATE_HOME", usual: ".local/state" };

fn check_name(name: &str) -> Result<(), KnownPrintersError> {
    let one_word = name.chars().all(|c| !c.is_whitespace() && !c.is_control());
    if name.is_empty() || name.starts_with('#') || !one_word {
        return Err(KnownPrintersError::InvalidName { name: name.to_owned() });
    }
    Ok(())
}

fn lock(book: &Mutex<Book>) -> MutexGuard<'_, Book> {
    // A book is valid after every single step.
    crate::lock(book)
}

fn read_book(path: &Path) -> Result<Book, KnownPrintersError> {
    let io = |error| KnownPrintersError::Io { path: path.to_owned(), error };
    let bytes = match private_file::read(path, MAX_FILE).map_err(io)? {
        Contents::Bytes(bytes) => bytes,
        Contents::Missing => return Ok(Book::default()),
        Contents::TooLarge => return Err(KnownPrintersError::TooLarge { path: path.to_owned() }),
    };
    let book = Book::parse(&bytes);
    for CorruptLine { number, problem } in book.corrupt() {
        tracing::warn!(target: "printcam::tls", path = %path.display(), line = number, %problem, "known printers");
    }
    Ok(book)
}

/// Ten thousand printers; more is a mistake, or an attempt on our memory.
const MAX_FILE: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_directory_follows_the_platform() {
        let from = |variables: &[(&str, &str)]| {
            state_directory_from(|name| {
                variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
            })
        };
        assert_eq!(from(&[("PRINTCAM_STATE_DIR", "rel"), ("HOME", "/home/ann")]), Some("rel".into()));
        assert_eq!(from(&[]), None);
        #[cfg(all(unix, not(target_vendor = "apple")))]
        for (variables, want) in [
            (&[("HOME", "/home/ann")][..], Some("/home/ann/.local/state/printcam")),
            (&[("HOME", "/home/ann"), ("XDG_STATE_HOME", "/state")], Some("/state/printcam")),
            (&[("HOME", "/home/ann"), ("XDG_STATE_HOME", "state")], Some("/home/ann/.local/state/printcam")),
            (&[("HOME", "/home/ann"), ("PRINTCAM_STATE_DIR", "")], Some("/home/ann/.local/state/printcam")),
            (&[("HOME", "")], None),
        ] {
            assert_eq!(from(variables), want.map(PathBuf::from), "{variables:?}");
        }
        #[cfg(target_vendor = "apple")]
        assert_eq!(from(&[("HOME", "/Users/ann")]), Some("/Users/ann/Library/Application Support/printcam".into()));
        #[cfg(windows)]
        assert_eq!(from(&[("LOCALAPPDATA", r"C:\Local")]), Some(r"C:\Local\printcam".into()));
    }

    #[test]
    fn names_are_one_word() {
        for (name, valid) in [
            ("192.168.1.20:322", true),
            ("[fe80::1%eth0]:322", true),
            ("00M00A000000000", true),
            ("", false),
            ("#name", false),
            ("two words", false),
            ("line\nbreak", false),
            ("escape\x1b", false),
        ] {
            assert_eq!(check_name(name).is_ok(), valid, "{name:?}");
        }
    }
}
