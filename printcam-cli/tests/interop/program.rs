//! Running `printcam`, and checking of everything it ever prints that the access code is not in it.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use std::{fs, thread};

use crate::lines::Lines;
use crate::secrets::{ACCESS_CODE_IN_URL, assert_no_secret};
use crate::tools::send_signal;

/// As long as the access code, but not the one the cameras know.
pub(crate) const WRONG_CODE_IN_URL: &str = "xxxxxxxx";

/// Exit codes of the program.
pub(crate) mod exit {
    pub(crate) const OK: i32 = 0;
    pub(crate) const USAGE: i32 = 2;
    pub(crate) const UNREACHABLE: i32 = 3;
    pub(crate) const AUTHENTICATION: i32 = 4;
    pub(crate) const CERTIFICATE: i32 = 6;
    pub(crate) const TIMEOUT: i32 = 7;
}

/// A camera's URL with the access code in it.
pub(crate) fn url(scheme: &str, host: &str, port: u16) -> String {
    format!("{scheme}://bblp:{}@{host}:{port}/streaming/live/1", ACCESS_CODE_IN_URL)
}

/// Where the program keeps the certificates it has seen: empty at first, removed at the end.
pub(crate) struct State {
    folder: PathBuf,
}

/// A run that has ended.
pub(crate) struct Outcome {
    /// `None`: ended by a signal.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

/// A `printcam watch` that runs; killed when dropped.
pub(crate) struct Watching {
    child: Child,
    /// There until `stop`.
    pub(crate) stdout: Option<Lines>,
    pub(crate) stderr: Option<Lines>,
}

impl State {
    pub(crate) fn new() -> State {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("state-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).unwrap();
        State { folder }
    }

    /// A path for one of the program's output files.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Outcome {
        let start = Instant::now();
        let mut child = self.command(arguments).spawn().unwrap();
        let (mut stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let stdout = thread::spawn(move || read_all(&mut stdout));
        let stderr = thread::spawn(move || read_all(&mut stderr));
        let status = wait(&mut child, RUN_LIMIT);
        let took = start.elapsed();
        let stdout = stdout.join().unwrap();
        let stderr = String::from_utf8_lossy(&stderr.join().unwrap()).into_owned();
        let Some(status) = status else { panic!("printcam did not end in {RUN_LIMIT:?}; it wrote:\n{stderr}") };
        assert_no_secret(&stdout, "standard output");
        assert_no_secret(stderr.as_bytes(), "standard error");
        Outcome { code: status.code(), stdout, stderr, took }
    }

    /// Starts `printcam watch` with these arguments.
    pub(crate) fn watch<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Watching {
        let arguments: Vec<&OsStr> =
            [OsStr::new("watch")].into_iter().chain(arguments.iter().map(AsRef::as_ref)).collect();
        let mut child = self.command(&arguments).spawn().unwrap();
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        Watching { child, stdout: Some(Lines::follow(stdout)), stderr: Some(Lines::follow(stderr)) }
    }

    fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_printcam"));
        command.args(arguments).env("PRINTCAM_STATE_DIR", &self.folder).env_remove("RUST_LOG");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

impl Drop for State {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).ok();
    }
}

impl Outcome {
    /// Panics, with all the program said, unless it ended with this code.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Outcome {
        assert_eq!(self.code, Some(code), "printcam's exit code, after it wrote:\n{}", self.stderr);
        self
    }
}

impl Watching {
    /// Waits until `count` frames were decoded and returns the MD5s of all so far.
    pub(crate) fn wait_for_frames(&self, count: usize) -> Vec<String> {
        self.stdout.as_ref().unwrap().wait_for(&format!("{count} frames"), WATCH_LIMIT, |lines| {
            (lines.len() >= count).then(|| lines.iter().map(|line| md5_of_line(line)).collect())
        })
    }

    /// How many were decoded so far.
    pub(crate) fn frames(&self) -> usize {
        self.stdout.as_ref().unwrap().so_far().len()
    }

    /// Waits until `count` status lines from now on name this state; they come once a second.
    pub(crate) fn wait_for_status(&self, state: &str, count: usize) {
        self.wait_for_more_lines(state, &format!("  {state}"), count);
    }

    /// Waits for `count` more status lines; they come once a second.
    pub(crate) fn wait_for_lines(&self, count: usize) {
        self.wait_for_more_lines("status", "", count);
    }

    fn wait_for_more_lines(&self, what: &str, containing: &str, count: usize) {
        let stderr = self.stderr.as_ref().unwrap();
        let before = stderr.so_far().len();
        stderr.wait_for(&format!("{count} lines of {what}"), WATCH_LIMIT, |lines| {
            let found = lines[before..].iter().filter(|line| line.contains(containing)).count();
            (found >= count).then_some(())
        });
    }

    /// Sends `INT` or `TERM` and waits for the end.
    pub(crate) fn stop(mut self, signal: &str) -> Outcome {
        let start = Instant::now();
        send_signal(signal, self.child.id());
        let status = wait(&mut self.child, STOP_LIMIT);
        let took = start.elapsed();
        assert!(status.is_some(), "printcam goes on {STOP_LIMIT:?} after SIG{signal}");
        let stdout = self.stdout.take().unwrap().finish().join("\n");
        let stderr = self.stderr.take().unwrap().finish().join("\n");
        assert_no_secret(stdout.as_bytes(), "standard output");
        assert_no_secret(stderr.as_bytes(), "standard error");
        Outcome { code: status.unwrap().code(), stdout: stdout.into_bytes(), stderr, took }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The MD5s that `--frame-md5` printed.
pub(crate) fn md5s(stdout: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(stdout).lines().map(md5_of_line).collect()
}

fn md5_of_line(line: &str) -> String {
    let md5 = line.split_whitespace().last().unwrap_or_default();
    assert!(md5.len() == 32 && md5.bytes().all(|byte| byte.is_ascii_hexdigit()), "no MD5 ends the line {line:?}");
    md5.to_ascii_lowercase()
}

fn read_all(from: &mut impl std::io::Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes).unwrap();
    bytes
}

/// Waits for the end, or kills and returns `None`.
fn wait(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let deadline = Instant::now() + limit;
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        thread::sleep(Duration::from_millis(5)); // std has no wait with a limit
    }
    child.kill().ok();
    child.wait().ok();
    None
}

/// The longest `--timeout` used here is 10 s; the rest is for a busy machine.
const RUN_LIMIT: Duration = Duration::from_secs(30);
const WATCH_LIMIT: Duration = Duration::from_secs(40);
/// A TEARDOWN may wait for its answer, but not for long: somebody has pressed Ctrl-C.
const STOP_LIMIT: Duration = Duration::from_secs(5);
