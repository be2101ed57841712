//! Running the programs the tests lean on, from start to end.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

/// Feeds `input` to a program and returns its standard output; panics with its standard error if it fails.
pub(crate) fn pipe<S: AsRef<OsStr>>(program: &str, arguments: &[S], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot run {program} ({error}); scripts/test installs it"));
    let mut stdin = child.stdin.take().unwrap();
    let output = thread::scope(|scope| {
        // A program may end without having read everything.
        scope.spawn(move || stdin.write_all(input).ok());
        child.wait_with_output().unwrap()
    });
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Sends a signal, named without its SIG, to a process.
pub(crate) fn send_signal(name: &str, process: u32) {
    pipe("sh", &["-c", "kill -$0 $1", name, &process.to_string()], b"");
}

/// The folder `name` below the target folder, filled by `fill` unless an earlier run has done it. Several tests and
/// processes may ask at once: each fills a folder of its own, and the first to rename it wins.
pub(crate) fn made_once(name: &str, fill: impl FnOnce(&Path)) -> PathBuf {
    let made = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if !made.exists() {
        let unfinished = made.with_extension(format!("{}-{:?}", std::process::id(), thread::current().id()));
        std::fs::create_dir_all(&unfinished).unwrap();
        fill(&unfinished);
        if std::fs::rename(&unfinished, &made).is_err() {
            std::fs::remove_dir_all(&unfinished).unwrap();
        }
    }
    made
}
