//! Lines of a running program, as they come.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A thread that reads to the end, and what it has read.
pub(crate) struct Lines {
    shared: Arc<(Mutex<Progress>, Condvar)>,
    reader: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Progress {
    lines: Vec<String>,
    ended: bool,
}

impl Lines {
    pub(crate) fn follow(from: impl Read + Send + 'static) -> Lines {
        let shared = Arc::new((Mutex::new(Progress::default()), Condvar::new()));
        let writer = Arc::clone(&shared);
        let reader = thread::spawn(move || {
            let mut from = BufReader::new(from);
            loop {
                let mut line = Vec::new();
                let ended = !matches!(from.read_until(b'\n', &mut line), Ok(1..));
                let (read, changed) = &*writer;
                let mut read = read.lock().unwrap();
                if ended {
                    read.ended = true;
                } else {
                    read.lines.push(String::from_utf8_lossy(&line).trim_end().to_owned());
                }
                changed.notify_all();
                if ended {
                    return;
                }
            }
        });
        Lines { shared, reader: Some(reader) }
    }

    /// Waits until `look` finds what it wants in the lines so far; panics after `limit`, or once no more can come.
    pub(crate) fn wait_for<T>(&self, what: &str, limit: Duration, mut look: impl FnMut(&[String]) -> Option<T>) -> T {
        let deadline = Instant::now() + limit;
        let (read, changed) = &*self.shared;
        let mut read = read.lock().unwrap();
        loop {
            if let Some(found) = look(&read.lines) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let lines = || read.lines.join("\n");
            assert!(!read.ended, "it ended without {what}; the lines were:\n{}", lines());
            assert!(!left.is_zero(), "no {what} in {limit:?}; the lines were:\n{}", lines());
            read = changed.wait_timeout(read, left).unwrap().0;
        }
    }

    pub(crate) fn so_far(&self) -> Vec<String> {
        self.shared.0.lock().unwrap().lines.clone()
    }

    /// Everything; the program must have ended.
    pub(crate) fn finish(mut self) -> Vec<String> {
        self.reader.take().unwrap().join().unwrap();
        self.so_far()
    }
}
