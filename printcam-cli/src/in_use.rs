//! Which run of this program watches a camera, told to the others by a locked file: a printer serves one client, and an
//! examination must not cost it.

use std::fs::{self, File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::PathBuf;

use printcam::Source;
use printcam::known_printers::state_directory;

/// That this run watches a camera, until it is dropped or the process ends, however it does.
#[derive(Debug)]
pub(crate) struct InUse(#[expect(dead_code, reason = "its lock is the point")] File);

impl InUse {
    /// Says so. `None` where it cannot be said, or another run says it already: it is a courtesy, and stops nobody.
    pub(crate) fn claim(source: &Source) -> Option<Self> {
        let path = path(source)?;
        fs::create_dir_all(path.parent()?).ok()?;
        // Not emptied before it is ours.
        let mut file = File::options().create(true).read(true).write(true).truncate(false).open(path).ok()?;
        file.try_lock().ok()?;
        file.set_len(0).and_then(|()| file.rewind()).ok()?;
        write!(file, "{}", std::process::id()).ok()?;
        Some(Self(file))
    }
}

/// The process that watches the camera, in words; `None` if none does.
pub(crate) fn by_whom(source: &Source) -> Option<String> {
    let mut file = File::open(path(source)?).ok()?;
    if !matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)) {
        return None;
    }
    let mut process = String::new();
    // Some systems let nobody read what is locked.
    let read = file.read_to_string(&mut process);
    Some(if read.is_ok() { format!("process {process}") } else { "another process".to_owned() })
}

fn path(source: &Source) -> Option<PathBuf> {
    let name: String = format!("{}-{}", source.url.host(), source.url.port())
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' })
        .collect();
    Some(state_directory().ok()?.join("watched").join(name))
}
