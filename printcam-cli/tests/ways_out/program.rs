//! A running `printcam`, and checking of everything it prints that the access code is not in it.

use std::io::Read;
use std::path::PathBuf;
use std::process::{ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::time::Duration;
use std::{fs, thread};

use crate::secrets::assert_no_secret;

/// What takes longer has failed: somebody has pressed Ctrl-C, or nothing is left to do.
const END_LIMIT: Duration = Duration::from_secs(10);

/// Where the program keeps the printers it knows: empty at first, removed at the end.
pub(crate) struct State(PathBuf);

impl State {
    pub(crate) fn new() -> State {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("ways-out-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).unwrap();
        State(folder)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for State {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

/// Killed when dropped.
pub(crate) struct Program {
    id: u32,
    /// Whoever has been waited for is gone, and its number may be somebody else's.
    gone: bool,
    ended: mpsc::Receiver<ExitStatus>,
    stdout: Option<ChildStdout>,
    stderr: Option<Arc<Stderr>>,
}

/// What was read so far, and whether that was all.
#[derive(Default)]
struct Stderr {
    read: Mutex<(Vec<u8>, bool)>,
    changed: Condvar,
}

/// A run that has ended.
pub(crate) struct Ended {
    /// `None`: ended by a signal.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Program {
    pub(crate) fn start(state: &State, arguments: &[&str]) -> Program {
        let (mut program, mut from) = Program::spawn(state, arguments);
        let stderr = Arc::<Stderr>::default();
        program.stderr = Some(Arc::clone(&stderr));
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            loop {
                let count = from.read(&mut buffer).unwrap_or(0);
                let mut read = stderr.read.lock().unwrap();
                read.0.extend(&buffer[..count]);
                read.1 = count == 0;
                stderr.changed.notify_all();
                if count == 0 {
                    return;
                }
            }
        });
        program
    }

    /// With nobody at the other end of stderr.
    pub(crate) fn start_unheard(state: &State, arguments: &[&str]) -> Program {
        Program::spawn(state, arguments).0
    }

    fn spawn(state: &State, arguments: &[&str]) -> (Program, ChildStderr) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_printcam"));
        command.args(arguments).env("PRINTCAM_STATE_DIR", &state.0).env_remove("RUST_LOG");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (id, stdout, stderr) = (child.id(), child.stdout.take(), child.stderr.take().unwrap());
        let (tell, ended) = mpsc::channel();
        thread::spawn(move || tell.send(child.wait().unwrap()));
        (Program { id, gone: false, ended, stdout, stderr: None }, stderr)
    }

    pub(crate) fn wait_for_stderr(&self, words: &str) {
        let stderr = self.stderr.as_ref().unwrap();
        let arrived = |(read, _): &mut (Vec<u8>, bool)| !String::from_utf8_lossy(read).contains(words);
        let read = stderr.read.lock().unwrap();
        let (read, result) = stderr.changed.wait_timeout_while(read, END_LIMIT, arrived).unwrap();
        assert!(!result.timed_out(), "no {words:?} in:\n{}", String::from_utf8_lossy(&read.0));
    }

    /// Sends `INT`, `TERM` or `KILL`.
    pub(crate) fn signal(self, name: &str) -> Program {
        let status = Command::new("kill").args([&format!("-{name}"), &self.id.to_string()]).status().unwrap();
        assert!(status.success(), "it had ended before SIG{name}");
        self
    }

    /// As `head -1` does.
    pub(crate) fn read_some_and_close_stdout(&mut self) {
        self.stdout.take().unwrap().read_exact(&mut [0; 16]).unwrap();
    }

    /// Reads stdout to its end, and waits for the program's.
    pub(crate) fn wait(mut self) -> Ended {
        let mut stdout = Vec::new();
        let reader = self.stdout.take().map(|mut from| {
            thread::spawn(move || {
                let mut bytes = Vec::new();
                from.read_to_end(&mut bytes).unwrap();
                bytes
            })
        });
        let mut ended = self.wait_without_reading();
        if let Some(reader) = reader {
            stdout = reader.join().unwrap();
        }
        assert_no_secret(&stdout, "standard output");
        ended.stdout = stdout;
        ended
    }

    /// Waits for the end while nobody reads stdout.
    pub(crate) fn wait_without_reading(mut self) -> Ended {
        let status = self.ended.recv_timeout(END_LIMIT);
        self.gone = status.is_ok();
        let stderr = self.stderr.as_ref().map_or(String::new(), |stderr| {
            let read = stderr.read.lock().unwrap();
            let all = stderr.changed.wait_timeout_while(read, Duration::from_secs(1), |(_, all)| !*all).unwrap().0;
            String::from_utf8_lossy(&all.0).into_owned()
        });
        assert_no_secret(stderr.as_bytes(), "standard error");
        let status = status.unwrap_or_else(|_| panic!("printcam did not end in {END_LIMIT:?}; it wrote:\n{stderr}"));
        Ended { code: status.code(), stdout: Vec::new(), stderr }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if !self.gone {
            Command::new("kill").args(["-KILL", &self.id.to_string()]).status().ok();
        }
    }
}
