//! Where the platform has programs keep their files.

use std::ffi::OsString;
use std::path::PathBuf;

/// The variable that names such a folder, and what it is without one.
pub(crate) struct Kind {
    pub(crate) windows: &'static str,
    pub(crate) xdg: &'static str,
    /// In the home directory.
    pub(crate) usual: &'static str,
}

/// printcam's own folder among those of this kind; `None` if the environment names none, as on a phone.
pub(crate) fn own_folder(kind: &Kind, environment: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    // The XDG specification has relative paths ignored, and elsewhere they are as wrong.
    let absolute = |name| environment(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = if cfg!(windows) {
        absolute(kind.windows)
    } else if cfg!(target_vendor = "apple") {
        absolute("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        absolute(kind.xdg).or_else(|| absolute("HOME").map(|home| home.join(kind.usual)))
    };
    Some(base?.join("printcam"))
}
