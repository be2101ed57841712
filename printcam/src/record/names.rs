//! What the files of a recording are called.

use std::fs;
use std::path::{Path, PathBuf};

/// Digits of the numbers taken for ours. Longer ones are dates, or someone else's.
const DIGITS: std::ops::RangeInclusive<usize> = 4..=6;

/// Names from `print.mp4`: `print-0001.mp4`, `print-0002.mp4` and so on, behind the highest number there is already.
#[derive(Debug)]
pub(super) struct Names {
    path: PathBuf,
    segmented: bool,
    /// Number of the next numbered file; `None` until the folder was looked at.
    next: Option<u32>,
}

impl Names {
    pub(super) fn new(path: PathBuf, segmented: bool) -> Self {
        Self { path, segmented, next: None }
    }

    /// The name given, which the first file has unless the recording is cut into segments.
    pub(super) fn given(&self) -> Option<&Path> {
        (!self.segmented).then_some(&self.path)
    }

    /// The next numbered name to try.
    pub(super) fn numbered(&mut self) -> PathBuf {
        // Behind a first file without a number comes the second.
        let first = if self.segmented { 1 } else { 2 };
        let number = self.next.unwrap_or_else(|| self.highest_taken().map_or(first, |taken| first.max(taken + 1)));
        self.next = Some(number.saturating_add(1));
        let mut name = self.path.file_stem().unwrap_or_default().to_owned();
        name.push(format!("-{number:04}"));
        if let Some(extension) = self.path.extension() {
            name.push(".");
            name.push(extension);
        }
        self.path.with_file_name(name)
    }

    /// The highest number in the folder; `None` where there is none, or the folder cannot be read.
    fn highest_taken(&self) -> Option<u32> {
        fs::read_dir(folder(&self.path)).ok()?.flatten().filter_map(|entry| self.number_of(&entry.path())).max()
    }

    /// The number of a name of ours.
    fn number_of(&self, path: &Path) -> Option<u32> {
        if path.extension() != self.path.extension() {
            return None;
        }
        let stem = path.file_stem()?.to_str()?;
        let digits = stem.strip_prefix(self.path.file_stem()?.to_str()?)?.strip_prefix('-')?;
        let ours = DIGITS.contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
        if ours { digits.parse().ok() } else { None }
    }
}

/// The folder that `path` is in.
pub(super) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
