//! Running `printcam` with a configuration of its own, and checking of everything it prints that no access code is in it.

use std::fs;
use std::io::Write;
use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use printcam_sim::{AccessCode, Options, Simulator};

use crate::secrets::{ACCESS_CODE, assert_no_secret};

pub(crate) const WRONG_CODE: &str = "Wr0ngOne";

pub(crate) fn camera() -> Simulator {
    Simulator::start(Options { access_code: AccessCode::from(ACCESS_CODE), ..Options::default() }).expect("a camera")
}

/// Where the program keeps its things: empty at first, removed at the end.
pub(crate) struct Home(PathBuf);

/// A run to be.
pub(crate) struct Run {
    command: Command,
    input: String,
}

/// A run that has ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Home {
    pub(crate) fn new() -> Home {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("printers-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).unwrap();
        Home(folder)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.file("config/config.toml")
    }

    /// Writes a configuration with this printer, which only its owner can read.
    pub(crate) fn configure(&self, name: &str, address: SocketAddr, code: &str) {
        use std::os::unix::fs::PermissionsExt;
        let folder = self.config().parent().unwrap().to_owned();
        fs::create_dir_all(folder).unwrap();
        // Renamed into place, as editors do: nobody reads half of it.
        let new = self.file("new.toml");
        fs::write(&new, format!("[printers.{name}]\naddress = \"{address}\"\ncode = \"{code}\"\n")).unwrap();
        fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).unwrap();
        fs::rename(new, self.config()).unwrap();
    }

    pub(crate) fn printcam(&self, arguments: &[&str]) -> Run {
        // Whatever hangs is ended, and the test fails. A signal is passed on once: without --foreground it comes twice.
        let mut command = Command::new("timeout");
        command.args(["--foreground", "60", env!("CARGO_BIN_EXE_printcam")]).args(arguments);
        command.env("PRINTCAM_STATE_DIR", &self.0).env("PRINTCAM_CONFIG", self.config());
        // Nobody is listened to unless the test says so.
        command.env("PRINTCAM_DISCOVERY", "127.0.0.1:0").env_remove("PRINTCAM_CODE").env_remove("RUST_LOG");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Run { command, input: String::new() }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

impl Run {
    pub(crate) fn env(mut self, name: &str, value: &str) -> Run {
        self.command.env(name, value);
        self
    }

    pub(crate) fn stdin(mut self, text: impl Into<String>) -> Run {
        self.input = text.into();
        self
    }

    pub(crate) fn start(mut self) -> Child {
        let mut child = self.command.spawn().expect("timeout, of coreutils");
        // Whoever does not ask may have ended already.
        let _ = child.stdin.take().unwrap().write_all(self.input.as_bytes());
        child
    }

    /// Runs it to its end, which must have this exit code.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Ended {
        let ended = end(self.start());
        assert_eq!(ended.code, Some(code), "{}", ended.stderr);
        ended
    }
}

#[track_caller]
pub(crate) fn end(child: Child) -> Ended {
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let ended = Ended { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) };
    for (text, place) in [(&ended.stdout, "standard output"), (&ended.stderr, "standard error")] {
        assert_no_secret(text.as_bytes(), place);
        assert!(!text.contains(WRONG_CODE), "the code that was typed is in {place}:\n{text}");
    }
    ended
}

/// A printer that announces itself to a port of this computer, until it is dropped.
pub(crate) struct Announcer {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    /// What `PRINTCAM_DISCOVERY` has to be.
    pub(crate) place: String,
}

impl Announcer {
    pub(crate) fn start(headers: &str) -> Announcer {
        Announcer::at([127, 0, 0, 1], headers)
    }

    /// From this address.
    pub(crate) fn at(address: [u8; 4], headers: &str) -> Announcer {
        // Free a moment ago; nobody else is likely to take it.
        let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let datagram = format!("NOTIFY * HTTP/1.1\r\nNT: urn:bambulab-com:device:3dprinter:1\r\n{headers}\r\n\r\n");
        let over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&over);
        let thread = thread::spawn(move || {
            let socket = UdpSocket::bind(SocketAddr::from((address, 0))).unwrap();
            while !told.load(Ordering::Relaxed) {
                // Refused until somebody listens.
                let _ = socket.send_to(datagram.as_bytes(), ("127.0.0.1", port));
                thread::sleep(Duration::from_millis(20)); // as printers do, only sooner
            }
        });
        Announcer { over, thread: Some(thread), place: format!("127.0.0.1:{port}") }
    }
}

impl Drop for Announcer {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        self.thread.take().map(JoinHandle::join);
    }
}
