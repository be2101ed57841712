//! A camera inside the caller's runtime: what a [`crate::Simulator`] is made of, without socket and thread.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::sync::{broadcast, watch};
use tokio::time::Instant;

use crate::announcement::AnnouncementForm;
use crate::camera::Camera;
use crate::connection::{self, Ends};
use crate::digest::USER;
use crate::event::Event;
use crate::fault::FaultKind;
use crate::log::{Ending, Log, SharedLog};
use crate::options::{AccessCode, Encryption, Options};
use crate::personality::Service;
use crate::pictures::Pictures;
use crate::place::Place;
use crate::scenario::{Change, Turn};
use crate::timeline::Timeline;
use crate::tls;

/// A simulated camera that lives in the caller's tokio runtime and is reached through memory.
///
/// All its time is tokio's, so that under `tokio::time::pause()` client and camera run in virtual
/// time, a day in seconds, and the same way each time. Clones are the same camera; it ends with the last of them.
///
/// ```
/// use printcam_sim::{Encryption, Footage, Options, VirtualCamera};
/// use std::time::Duration;
/// use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
/// # runtime.block_on(async {
/// // In a `#[tokio::test(start_paused = true)]`:
/// let camera = VirtualCamera::start(Options {
///     encryption: Encryption::None, // TLS works too
///     footage: Footage::Canned,
///     fps: 5,
///     seed: 42,
///     faults: vec!["stall=4s..10s/1m".parse()?, "loss=0.01".parse()?, "restart=20s@1h".parse()?],
///     ..Options::default()
/// })?;
/// let mut client = camera.connect()?;
/// client.write_all(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n").await?;
/// let mut reply = [0; 15];
/// client.read_exact(&mut reply).await?;
/// assert_eq!(&reply, b"RTSP/1.0 200 OK");
/// // The camera restarts after an hour, which passes at once.
/// tokio::time::sleep(Duration::from_secs(3601)).await;
/// assert_eq!(camera.connect().unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused);
/// assert_eq!(camera.log().peak_connections, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).map_err(|error| std::io::Error::other(error.to_string()))?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct VirtualCamera(Arc<Inner>);

struct Inner {
    options: Mutex<Options>,
    camera: Camera,
    place: Place,
    log: SharedLog,
    started: (Instant, SystemTime),
    control: watch::Sender<Control>,
}

/// What the owner has ordered.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Control {
    pub(crate) stopped: bool,
    /// Connections that began before the last restart end.
    pub(crate) restarts: u64,
    /// Nobody listens before.
    pub(crate) closed_until: Option<Instant>,
}

impl VirtualCamera {
    /// Starts a camera on the current runtime. `Options::bind` only names it.
    ///
    /// # Errors
    /// Where the serial number is none.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn start(options: Options) -> io::Result<VirtualCamera> {
        // What is wrong with the options shall be known now, not at the first connection.
        tls::acceptor(&options, options.certificate)?;
        let started = (Instant::now(), options.wall_clock.unwrap_or_else(SystemTime::now));
        let changes = options.changes.clone();
        let camera = VirtualCamera(Arc::new(Inner {
            camera: Camera::start(&options, started),
            options: Mutex::new(options),
            place: Place::default(),
            log: SharedLog::default(),
            started,
            control: watch::Sender::default(),
        }));
        if !changes.is_empty() {
            tokio::spawn(go_through(changes, started.0, Arc::downgrade(&camera.0)));
        }
        Ok(camera)
    }

    fn turn(&self, turn: Turn) {
        tracing::info!(target: "printcam_sim", ?turn, "the scenario turns");
        match turn {
            Turn::Code(code) => self.change(|options| options.access_code = code),
            Turn::LiveView(on) => self.set_live_view(on),
            Turn::Certificate(certificate) => self.change(|options| options.certificate = certificate),
            Turn::Faults { before, faults } => self.change(|options| {
                let there = options.faults.len();
                options.faults.splice(before.start.min(there)..before.end.min(there), faults);
            }),
            Turn::Refuse(time) => self.stop_listening_for(time),
            Turn::Restart(time) => self.restart(time),
        }
    }

    /// A new connection, served by a task of its own; the stream is the client's end. TLS where the options say so.
    ///
    /// # Errors
    /// `ConnectionRefused` while nobody listens.
    pub fn connect(&self) -> io::Result<DuplexStream> {
        if !self.is_listening() {
            self.0.log.refused(self.elapsed());
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let (client, camera) = tokio::io::duplex(PIPE);
        let peer = SocketAddr::from(([127, 0, 0, 1], 40_000 + (self.log_connections() % 20_000) as u16));
        tokio::spawn(self.serve_connection(camera, peer));
        Ok(client)
    }

    /// Serves one connection over whatever carries bytes both ways, to its end; only by TCP, for
    /// there are no sockets. `peer` is whom the log names. A `reset` is a mere end of the stream.
    pub fn serve_connection<S>(&self, io: S, peer: SocketAddr) -> impl Future<Output = Ending> + Send + use<S>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let ends = Ends { local: self.options().bind.ip(), peer, sockets: None, abort: None };
        connection::serve(io, ends, self.clone())
    }

    /// The stream's address without credentials, by `Options::bind`; `jpegs://address:port` of a JPEG camera.
    pub fn url(&self) -> String {
        self.url_at(self.options().bind, false)
    }

    /// The stream's address with user name and access code.
    pub fn url_with_credentials(&self) -> String {
        self.url_at(self.options().bind, true)
    }

    pub(crate) fn url_at(&self, addr: SocketAddr, with_credentials: bool) -> String {
        let options = self.options();
        let credentials = match with_credentials {
            true => format!("{USER}:{}@", percent_encoded(options.access_code.reveal())),
            false => String::new(),
        };
        let (scheme, path) = match &options.personality.facts().service {
            Service::Rtsp(rtsp) => (options.encryption.scheme(), rtsp.path),
            Service::Jpeg(_) if options.encryption == Encryption::None => ("jpeg", ""),
            Service::Jpeg(_) => ("jpegs", ""),
        };
        format!("{scheme}://{credentials}{addr}{path}")
    }

    /// The code that clients must know now.
    pub fn access_code(&self) -> AccessCode {
        self.options().access_code
    }

    /// The options as they are now.
    pub fn options(&self) -> Options {
        self.0.options.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes options for the connections to come: a new code, another certificate, a fault.
    /// What the camera was started with (address, picture) stays.
    pub fn change(&self, change: impl FnOnce(&mut Options)) {
        change(&mut self.0.options.lock().unwrap_or_else(PoisonError::into_inner));
        // Whoever listens looks at the faults again.
        self.0.control.send_modify(|_| ());
    }

    /// What clients have done so far.
    pub fn log(&self) -> Log {
        self.0.log.snapshot()
    }

    /// What clients do from now on; whoever falls behind by a thousand misses some.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.0.log.events()
    }

    /// Which pictures were sent.
    pub fn pictures(&self) -> Pictures {
        self.0.camera.pictures().clone()
    }

    /// The printer's switch for its camera: without it nobody listens. Connections that stand are not touched.
    pub fn set_live_view(&self, on: bool) {
        self.change(|options| options.live_view = on);
    }

    /// Nobody listens for so long; connections that stand are not touched.
    pub fn stop_listening_for(&self, time: Duration) {
        let until = Instant::now() + time;
        self.0.control.send_modify(|control| control.closed_until = Some(until));
    }

    /// All connections end without a word, and nobody listens for so long: the printer restarts.
    pub fn restart(&self, time: Duration) {
        self.0.place.end_wedge();
        let until = Instant::now() + time;
        self.0.control.send_modify(|control| {
            control.closed_until = Some(until);
            control.restarts += 1;
        });
    }

    /// Closes all connections in an orderly way and refuses new ones.
    pub fn stop(&self) {
        self.0.control.send_modify(|control| control.stopped = true);
    }

    /// Whether a client can connect now.
    pub(crate) fn is_listening(&self) -> bool {
        let control = *self.0.control.borrow();
        let live_view = self.0.options.lock().unwrap_or_else(PoisonError::into_inner).live_view;
        let faults = self.camera_faults();
        let now = Instant::now().into_std();
        !control.stopped
            && live_view
            && control.closed_until.is_none_or(|until| until <= Instant::now())
            && !faults.is_active(FaultKind::Refuse, now)
            && !faults.is_active(FaultKind::Restart, now)
    }

    /// When `is_listening` may change by itself.
    pub(crate) fn next_listening_change(&self) -> Option<Instant> {
        let closed_until = self.0.control.borrow().closed_until;
        let by_fault = self.camera_faults().next_change(Instant::now().into_std()).map(Instant::from_std);
        closed_until.filter(|&until| until > Instant::now()).into_iter().chain(by_fault).min()
    }

    /// The faults as a connection accepted now meets them.
    pub(crate) fn camera_faults(&self) -> Timeline {
        let options = self.0.options.lock().unwrap_or_else(PoisonError::into_inner);
        self.timeline(&options, 0)
    }

    /// How the printer makes itself known now.
    pub(crate) fn announcement_form(&self) -> AnnouncementForm {
        let told = self.camera_faults().value(Instant::now().into_std(), |kind| match kind {
            FaultKind::Announcement(form) => Some(form),
            _ => None,
        });
        told.unwrap_or_else(|| self.options().personality.facts().announcement)
    }

    pub(crate) fn timeline(&self, options: &Options, client: u64) -> Timeline {
        let now = Instant::now().into_std();
        Timeline::new(&options.faults, options.seed.wrapping_add(client << 32), self.0.started.0.into_std(), now)
    }

    pub(crate) fn camera(&self) -> &Camera {
        &self.0.camera
    }

    pub(crate) fn place(&self) -> &Place {
        &self.0.place
    }

    pub(crate) fn shared_log(&self) -> &SharedLog {
        &self.0.log
    }

    pub(crate) fn control(&self) -> watch::Receiver<Control> {
        self.0.control.subscribe()
    }

    /// By both clocks.
    pub(crate) fn started(&self) -> (Instant, SystemTime) {
        self.0.started
    }

    /// Since the start.
    pub(crate) fn elapsed(&self) -> Duration {
        self.0.started.0.elapsed()
    }

    fn log_connections(&self) -> u64 {
        self.0.log.connections()
    }
}

impl fmt::Debug for VirtualCamera {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VirtualCamera").field("elapsed", &self.elapsed()).finish_non_exhaustive()
    }
}

/// As a password stands in a URL (RFC 3986 §3.2.1).
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(byte.into()),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// What a scenario changes; it ends with the camera.
async fn go_through(changes: Vec<Change>, started: Instant, camera: Weak<Inner>) {
    for Change { at, turn } in changes {
        tokio::time::sleep_until(started + at).await;
        let Some(inner) = camera.upgrade() else {
            return;
        };
        VirtualCamera(inner).turn(turn);
    }
}

impl Encryption {
    pub(crate) fn scheme(self) -> &'static str {
        match self {
            Encryption::None => "rtsp",
            Encryption::Tls12 | Encryption::Tls13 => "rtsps",
        }
    }
}

/// Bytes on the way in each direction, as much as a TCP connection's buffers hold.
const PIPE: usize = 256 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_in_urls() {
        for (code, want) in [("12345678", "12345678"), ("k7@/:Qz3", "k7%40%2F%3AQz3"), ("é%~", "%C3%A9%25~")] {
            assert_eq!(percent_encoded(code), want);
        }
    }
}
