//! One session with a camera: a handle on a driver that lives in a task of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use printcam_proto::jpeg_camera;
use printcam_proto::quirks::{Model, Quirks};
use printcam_proto::rtsp::Scheme;
use printcam_proto::session::{self, Config, Event, Statistics, Transport};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::connect::{self, ConnectOptions, Target};
use crate::driver::{Driver, Protocol};
use crate::sessions::OpenSession;
use crate::{Error, Options, Source, TlsInfo, Trust, now, random_seed};

/// One session with a camera, which ends when it ends: [`Stream`](crate::Stream) is what heals and is shared. Dropping it
/// leaves the camera properly, in the background.
#[derive(Debug)]
pub struct Connection {
    events: mpsc::UnboundedReceiver<Event>,
    /// Bytes of pictures in `events`.
    unread: Arc<AtomicUsize>,
    statistics: watch::Receiver<Statistics>,
    leave: Option<oneshot::Sender<()>>,
    /// Until its result has been told.
    task: Option<JoinHandle<Result<(), session::Error>>>,
    tls: Option<TlsInfo>,
}

/// Pictures a consumer may leave unread. What a camera held back in a stall comes all at once, and none of it may be lost:
/// ten seconds are under 2 MB of an H2C, and the largest key frame we have is 0.4 MB. Beyond it pictures are dropped up to
/// a key frame.
const MAX_UNREAD_BYTES: usize = 8 << 20;

/// A picture weighs so much however small it is.
const PICTURE_OVERHEAD: usize = 1 << 10;

impl Connection {
    /// Connects and begins the session. [`next`](Self::next) tells how it goes on.
    ///
    /// # Errors
    /// What [`connect::connect`] says: nobody there, no TLS, another printer than expected.
    pub async fn open(source: &Source, options: &Options) -> Result<Self, Error> {
        Self::open_telling(source, options, || ()).await
    }

    /// As [`open`](Self::open); calls `reached` once there is a TCP connection.
    pub(crate) async fn open_telling(
        source: &Source,
        options: &Options,
        reached: impl FnOnce(),
    ) -> Result<Self, Error> {
        let target = Target::new(source.url.host(), source.url.port());
        let mut connect_options = match source.url.scheme() {
            Scheme::Rtsps | Scheme::Jpegs => ConnectOptions::tls(options.tls.clone()),
            Scheme::Rtsp => ConnectOptions::plain(),
        };
        connect_options.tunnel = options.tunnel.clone();
        let connected = connect::connect_telling(&target, &connect_options, reached).await?;
        let tls = connected.tls.clone();
        let protocol = match source.url.scheme() {
            Scheme::Jpegs => {
                let mut config = jpeg_camera::Config::new(source.credentials.clone());
                let serial = tls.as_ref().and_then(|tls| tls.subject.as_deref());
                config.silent_on_wrong_code =
                    serial.and_then(Model::of_serial).is_none_or(|model| model.silent_on_wrong_code);
                Protocol::Jpeg(Box::new(jpeg_camera::Session::new(config, now())))
            }
            Scheme::Rtsp | Scheme::Rtsps => {
                Protocol::Rtsp(Box::new(session::Session::new(rtsp_config(source, options, tls.as_ref()), now())))
            }
        };

        let (leave, left) = oneshot::channel();
        let (statistics, seen_statistics) = watch::channel(Statistics::default());
        let (events, seen_events) = mpsc::unbounded_channel();
        let unread = Arc::new(AtomicUsize::new(0));
        let open = OpenSession::begin();
        let driver = Driver::new(connected, protocol, left, statistics);
        let unread_by_consumer = Arc::clone(&unread);
        let task = tokio::spawn(async move {
            let mut mailbox = Mailbox { events, unread: unread_by_consumer, dropping: false };
            let result = driver.run(|event| mailbox.put(event)).await;
            drop(open);
            result
        });
        Ok(Self { events: seen_events, unread, statistics: seen_statistics, leave: Some(leave), task: Some(task), tls })
    }

    /// The next event; `Ok(None)` after [`leave`](Self::leave), once the camera has let go.
    ///
    /// # Errors
    /// Why the session ended; told once, and `Ok(None)` from then on.
    pub async fn next(&mut self) -> Result<Option<Event>, Error> {
        if let Some(event) = self.events.recv().await {
            self.unread.fetch_sub(weight(&event), Ordering::Relaxed);
            return Ok(Some(event));
        }
        let Some(task) = &mut self.task else { return Ok(None) };
        let ended = task.await;
        self.task = None;
        match ended {
            Ok(result) => result.map(|()| None).map_err(Error::from),
            // Only a runtime that is being shut down cancels it; a panic of the driver is a bug and stays one.
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Ok(None),
        }
    }

    /// What was counted up to now, at most 200 ms ago.
    pub fn statistics(&self) -> Statistics {
        self.statistics.borrow().clone()
    }

    /// What TLS told about the printer; `None` for a plain connection.
    pub fn tls(&self) -> Option<&TlsInfo> {
        self.tls.as_ref()
    }

    /// Gives the session back, without waiting for it.
    pub fn leave(&mut self) {
        self.leave = None;
    }

    /// Gives the session back and waits until the connection is closed: well under 100 ms with a camera that answers,
    /// at most 1 s.
    pub async fn close(mut self) {
        self.leave();
        self.events.close();
        if let Some(task) = self.task.take() {
            let _ = task.await;
        }
    }
}

/// What an RTSP session with this camera has to know.
fn rtsp_config(source: &Source, options: &Options, tls: Option<&TlsInfo>) -> Config {
    let seed = options.seed.unwrap_or_else(random_seed);
    let mut config = Config::new(source.url.clone(), source.credentials.clone(), seed);
    config.transport = match options.transport {
        // Datagrams do not go through a tunnel.
        Transport::Auto if options.tunnel.is_some() => Transport::Tcp,
        transport => transport,
    };
    config.quirks = options.model.as_deref().map(Quirks::of_model).unwrap_or_default();
    // A key seen for the first time proves nothing about who asks for the code, and AcceptAny never does.
    config.allow_basic = tls.is_some_and(|tls| !tls.first_seen) && !matches!(options.tls.trust, Trust::AcceptAny);
    config
}

/// Where the driver puts events; never makes it wait.
struct Mailbox {
    events: mpsc::UnboundedSender<Event>,
    unread: Arc<AtomicUsize>,
    /// Pictures are being dropped until a key frame fits in.
    dropping: bool,
}

impl Mailbox {
    /// Takes every event that is no picture: they are few, and whoever misses one is wrong about the session from then on.
    fn put(&mut self, mut event: Event) {
        if let Event::AccessUnit(unit) = &mut event {
            let full = self.unread.load(Ordering::Relaxed) + unit.data.len() > MAX_UNREAD_BYTES;
            if full || self.dropping && !unit.key_frame {
                self.dropping = true;
                return;
            }
            unit.discontinuity |= std::mem::take(&mut self.dropping);
        }
        self.unread.fetch_add(weight(&event), Ordering::Relaxed);
        // A consumer that has gone needs nothing.
        let _ = self.events.send(event);
    }
}

/// What an event adds to the bytes unread.
fn weight(event: &Event) -> usize {
    match event {
        Event::AccessUnit(unit) => PICTURE_OVERHEAD + unit.data.len(),
        _ => 0,
    }
}
