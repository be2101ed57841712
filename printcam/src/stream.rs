//! A camera being watched: one connection, any number of viewers, healing by itself.

use std::future::pending;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use printcam_proto::jitter_buffer::Playout;
use printcam_proto::quirks::Quirks;
use printcam_proto::rtsp::headers::ServerTransport;
use printcam_proto::session::{self, AuthenticationError, Event, Transport};
use printcam_video::Frame;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, broadcast, watch};
use tokio::time::{Duration, Instant, MissedTickBehavior, interval, sleep_until};

use crate::cameras::{CameraKey, with_camera};
use crate::capture::newest_picture;
use crate::hub::Hub;
use crate::live::{self, Decoding, LiveFrames};
use crate::sessions::OpenSession;
use crate::statistics::{StreamStatistics, Tally};
use crate::supervisor::{Input, Output, Policy, Supervisor};
use crate::{Connection, Error, Options, Reason, Source, StreamState, Subscription, TlsInfo, Transition, Waiting};

/// A camera being watched. Clones share it; when the last one goes, the camera is given back in the background.
///
/// Opening a camera that is open already gives the same stream: nothing here ever makes a second connection to it.
#[derive(Debug, Clone)]
pub struct Stream {
    handle: Arc<Handle>,
}

/// What happens to a stream.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum StreamEvent {
    /// It is doing something else now.
    State(Transition),
    /// Pictures have this size from now on; also told with the first one.
    Resized {
        /// In luma samples.
        width: u32,
        /// In luma samples.
        height: u32,
    },
    /// Five attempts in a row have failed. It goes on trying, twice a minute at most.
    Trouble(Option<Arc<Error>>),
}

/// Keeps a stream up; its end is the stream's.
#[derive(Debug)]
pub(crate) struct Handle {
    core: Arc<Core>,
    stop: watch::Sender<bool>,
}

/// What the handles of a stream and its task share.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) source: Source,
    pub(crate) hub: Arc<Hub>,
    key: CameraKey,
    state: watch::Sender<Transition>,
    events: broadcast::Sender<StreamEvent>,
    tally: Mutex<Tally>,
    tls: Mutex<Option<TlsInfo>>,
    waiting: Mutex<Waiting>,
    /// How far live pictures stay behind.
    playout: Option<Playout>,
    decoding: Mutex<Weak<Decoding>>,
    /// The task has ended, and the camera has let go.
    ended: watch::Sender<bool>,
    /// Somebody's decoder makes nothing of what it is given.
    undecodable: Notify,
}

/// Seconds between lines of statistics in the log.
const LOG_EVERY: u32 = 5;

/// Events a listener may leave unread before it misses some.
const MAX_EVENTS: usize = 64;

impl Stream {
    /// Begins to watch a camera, or joins those who do. Returns at once; [`events`](Self::events) and
    /// [`playing`](Self::playing) tell how it goes. `options` count only for who comes first.
    ///
    /// # Errors
    /// [`ErrorCode::AuthenticationFailed`](crate::ErrorCode::AuthenticationFailed) where the camera is open already, with
    /// another access code.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn open(source: &Source, options: Options) -> Result<Self, Error> {
        let key = CameraKey::of(source);
        with_camera(&key.clone(), |camera| {
            if let Some(handle) = camera.stream.upgrade().filter(|handle| !handle.is_over()) {
                if handle.core.source.credentials != source.credentials {
                    return Err(session::Error::Authentication(AuthenticationError::Rejected).into());
                }
                return Ok(Self { handle });
            }
            let mut options = options;
            let model_given = options.model.is_some();
            options.model = options.model.or_else(|| camera.model.clone());
            if camera.tcp_only && options.transport == Transport::Auto {
                options.transport = Transport::Tcp;
            }
            let core = Arc::new(Core::new(source.clone(), key, options.playout));
            let (stop, stopped) = watch::channel(false);
            let handle = Arc::new(Handle { core: Arc::clone(&core), stop });
            camera.stream = Arc::downgrade(&handle);
            tokio::spawn(run(core, options, model_given, Arc::clone(&camera.slot), stopped));
            Ok(Self { handle })
        })
    }

    /// Where the stream comes from.
    pub fn source(&self) -> &Source {
        &self.core().source
    }

    /// Its pictures, coded, from the current key frame on. Counts as watching for as long as it lives.
    pub fn subscribe(&self) -> Subscription {
        self.core().hub.subscribe()
    }

    /// What it is doing, and why.
    pub fn state(&self) -> Transition {
        self.core().state.borrow().clone()
    }

    /// What happens from now on.
    pub fn events(&self) -> broadcast::Receiver<StreamEvent> {
        self.core().events.subscribe()
    }

    /// Waits for the first picture, or for the first reason why there is none.
    ///
    /// # Errors
    /// Why the first attempt failed; the stream may well go on trying.
    pub fn playing(&self) -> impl Future<Output = Result<(), Arc<Error>>> + Send + use<> {
        // Without the handle: waiting for a stream does not keep it up.
        let mut state = self.core().state.subscribe();
        async move {
            let settled = state.wait_for(|now| {
                now.error.is_some()
                    || matches!(now.state, StreamState::Playing | StreamState::Failed | StreamState::Stopped)
            });
            let settled = settled.await.map(|now| now.clone());
            match settled {
                Ok(Transition { state: StreamState::Playing, .. }) => Ok(()),
                Ok(Transition { error: Some(error), .. }) => Err(error),
                _ => Err(Arc::new(Error::Stopped)),
            }
        }
    }

    /// What was counted since it was opened.
    pub fn statistics(&self) -> StreamStatistics {
        let transition = self.state();
        lock(&self.core().tally).statistics(transition.state)
    }

    /// What TLS told about the printer; `None` before the first connection, and for a plain one.
    pub fn tls(&self) -> Option<TlsInfo> {
        lock(&self.core().tls).clone()
    }

    /// What the present attempt waits for, or waited for last.
    pub fn waiting(&self) -> Waiting {
        *lock(&self.core().waiting)
    }

    /// Its pictures, decoded and in step with the camera. Decoding goes on for as long as somebody has these.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn frames(&self) -> LiveFrames {
        live::look(self.core(), self.core().playout)
    }

    /// The newest picture, decoded; waits for the first one if there is none yet. Its
    /// [`received_at`](printcam_video::Frame::received_at) tells how old it is.
    ///
    /// # Errors
    /// [`Error::Stopped`] when the stream ends first, [`Error::Decode`] where the pictures are beyond the decoder.
    pub async fn capture_frame(&self) -> Result<Frame, Error> {
        let latest = live::latest(&self.core().decoding());
        match latest {
            Some(frame) => Ok(frame),
            None => newest_picture(self.subscribe()).await,
        }
    }

    /// Lets go of this handle. If it is the last one, the camera is given back, and this waits until it has let go: under
    /// 100 ms with a camera that answers, at most 1 s.
    pub async fn close(self) {
        let mut ended = self.core().ended.subscribe();
        if let Some(last) = Arc::into_inner(self.handle) {
            drop(last);
            let _ = ended.wait_for(|ended| *ended).await;
        }
    }

    /// Stops it for everybody who has it, and waits as [`close`](Self::close) does.
    pub async fn stop(&self) {
        self.handle.stop.send_replace(true);
        let _ = self.core().ended.subscribe().wait_for(|ended| *ended).await;
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.handle.core
    }
}

impl Handle {
    fn is_over(&self) -> bool {
        *self.stop.borrow() || matches!(self.core.state.borrow().state, StreamState::Failed | StreamState::Stopped)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

impl Core {
    fn new(source: Source, key: CameraKey, playout: Option<Playout>) -> Self {
        let idle = Transition { state: StreamState::Idle, reason: Reason::Started, error: None };
        Self {
            source,
            key,
            hub: Arc::new(Hub::new()),
            state: watch::Sender::new(idle),
            events: broadcast::Sender::new(MAX_EVENTS),
            tally: Mutex::new(Tally::new(Instant::now().into_std())),
            tls: Mutex::default(),
            waiting: Mutex::new(Waiting::Connection),
            playout,
            decoding: Mutex::default(),
            ended: watch::Sender::new(false),
            undecodable: Notify::new(),
        }
    }

    /// The decoder that is at work, if one is.
    pub(crate) fn decoding(&self) -> MutexGuard<'_, Weak<Decoding>> {
        lock(&self.decoding)
    }

    /// How the media of the present session travels.
    pub(crate) fn transport(&self) -> Option<ServerTransport> {
        lock(&self.tally).transport()
    }

    /// Says that a decoder makes nothing of what it is given.
    pub(crate) fn nothing_decodable(&self) {
        self.undecodable.notify_one();
    }

    /// Says how long a picture took to decode.
    pub(crate) fn decoded(&self, took: Duration) {
        lock(&self.tally).decoded(took);
    }

    fn tell(&self, event: StreamEvent) {
        if let StreamEvent::State(transition) = &event {
            let Transition { state, reason, error } = transition;
            let error = error.as_ref().map(tracing::field::display);
            tracing::info!(target: "printcam::stream", camera = %self.source, ?state, ?reason, error, "stream");
            self.state.send_replace(transition.clone());
        }
        // Nobody may be listening.
        let _ = self.events.send(event);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection on its way, up, or neither.
enum Upstream {
    Closed,
    Opening(Pin<Box<dyn Future<Output = Result<Open, Error>> + Send>>),
    Open(Open),
}

struct Open {
    connection: Connection,
    /// The camera's only slot.
    _slot: OwnedSemaphorePermit,
}

enum News {
    Opened(Result<Open, Error>),
    Event(Result<Option<Event>, Error>),
}

impl Upstream {
    /// The next thing that comes of it. Losing interest loses nothing.
    async fn news(&mut self) -> News {
        match self {
            Upstream::Closed => pending().await,
            Upstream::Opening(opening) => News::Opened(opening.await),
            Upstream::Open(open) => News::Event(open.connection.next().await),
        }
    }
}

async fn open(core: Arc<Core>, options: Options, slot: Arc<Semaphore>) -> Result<Open, Error> {
    // Nobody closes a slot.
    let slot = slot.acquire_owned().await.map_err(|_| Error::Stopped)?;
    let reached = || *lock(&core.waiting) = Waiting::Handshake;
    let connection = Connection::open_telling(&core.source, &options, reached).await?;
    Ok(Open { connection, _slot: slot })
}

/// Runs a stream to its end.
async fn run(
    core: Arc<Core>,
    options: Options,
    model_given: bool,
    slot: Arc<Semaphore>,
    mut stopped: watch::Receiver<bool>,
) {
    let _open = OpenSession::begin();
    let policy = Policy {
        keep: options.keep,
        transport: options.transport,
        give_up_after: options.give_up_after,
        rotate_every: options.rotate_every,
        reconnect: options.reconnect,
        seed: options.seed.unwrap_or_else(crate::random_seed),
    };
    let mut supervisor = Supervisor::new(policy, now());
    if let Some(model) = &options.model {
        supervisor.handle(now(), Input::Quirks(Quirks::of_model(model)));
    }
    let mut runner = Runner {
        supervisor,
        upstream: Upstream::Closed,
        size: None,
        seconds: 0,
        core: Arc::clone(&core),
        options,
        model_given,
        slot,
    };
    let mut viewers = core.hub.viewers();
    let mut second = interval(Duration::from_secs(1));
    second.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while runner.carry_out() {
        let deadline = runner.supervisor.deadline().map(Instant::from_std);
        tokio::select! {
            // In a fixed order, so that a test repeats; the camera last, since it always has something to say.
            biased;
            _ = stopped.wait_for(|stop| *stop), if runner.supervisor.state() != StreamState::Stopped => {
                runner.supervisor.handle(now(), Input::Stop);
            }
            () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                runner.supervisor.handle(now(), Input::Tick);
            }
            Ok(()) = viewers.changed() => {
                let count = *viewers.borrow_and_update();
                runner.supervisor.handle(now(), Input::Viewers(count));
            }
            () = core.undecodable.notified() => runner.supervisor.handle(now(), Input::NothingDecodable),
            _ = second.tick() => runner.count(),
            news = runner.upstream.news() => runner.handle(news),
        }
    }
    core.hub.close();
    core.ended.send_replace(true);
}

/// Does what the supervisor wants, and tells it what comes of it.
struct Runner {
    core: Arc<Core>,
    options: Options,
    /// By the caller, whose word counts more than the camera's: of a new model it may know better than we do.
    model_given: bool,
    slot: Arc<Semaphore>,
    supervisor: Supervisor,
    upstream: Upstream,
    size: Option<(u32, u32)>,
    /// How often it has counted.
    seconds: u32,
}

impl Runner {
    /// Does all that is to be done. Returns false once the stream is over.
    fn carry_out(&mut self) -> bool {
        while let Some(output) = self.supervisor.poll() {
            match output {
                Output::Open(transport) => {
                    self.options.transport = transport;
                    *lock(&self.core.waiting) = Waiting::Connection;
                    self.core.hub.begin_session();
                    let opening = open(Arc::clone(&self.core), self.options.clone(), Arc::clone(&self.slot));
                    self.upstream = Upstream::Opening(Box::pin(opening));
                }
                Output::Leave => match &mut self.upstream {
                    Upstream::Open(open) => open.connection.leave(),
                    Upstream::Opening(_) | Upstream::Closed => {
                        self.upstream = Upstream::Closed;
                        self.supervisor.handle(now(), Input::Closed(None));
                    }
                },
                Output::Transition(transition) => {
                    lock(&self.core.tally).changed(now(), transition.state, transition.reason);
                    self.core.tell(StreamEvent::State(transition));
                }
                Output::Trouble(error) => self.core.tell(StreamEvent::Trouble(error)),
                Output::RememberTcp => with_camera(&self.core.key, |camera| camera.tcp_only = true),
            }
        }
        self.supervisor.state() != StreamState::Stopped || !matches!(self.upstream, Upstream::Closed)
    }

    fn handle(&mut self, news: News) {
        match news {
            News::Opened(Ok(open)) => {
                *lock(&self.core.tls) = open.connection.tls().cloned();
                *lock(&self.core.waiting) = Waiting::Description;
                self.upstream = Upstream::Open(open);
            }
            News::Opened(Err(error)) => {
                self.upstream = Upstream::Closed;
                self.supervisor.handle(now(), Input::OpenFailed(Arc::new(error)));
            }
            News::Event(Ok(Some(event))) => self.handle_event(event),
            News::Event(ended) => {
                self.count();
                lock(&self.core.tally).session_ended();
                self.upstream = Upstream::Closed;
                self.supervisor.handle(now(), Input::Closed(ended.err().map(Arc::new)));
            }
        }
    }

    fn handle_event(&mut self, event: Event) {
        let now = now();
        match event {
            Event::AccessUnit(unit) => {
                let info = &unit.parameter_sets.info;
                let size = Some((info.width, info.height));
                if self.size != size {
                    self.size = size;
                    self.core.tell(StreamEvent::Resized { width: info.width, height: info.height });
                }
                lock(&self.core.tally).picture(&unit);
                self.core.hub.publish(unit);
                self.supervisor.handle(now, Input::Picture);
            }
            Event::Playing { transport } => {
                let udp = matches!(transport, ServerTransport::Udp { .. });
                self.supervisor.handle(now, Input::Accepted { udp });
            }
            Event::Stalled { since } => self.supervisor.handle(now, Input::Stalled { since }),
            Event::Resumed { .. } => self.supervisor.handle(now, Input::Resumed),
            Event::Named(name) => {
                tracing::info!(target: "printcam::stream", camera = %self.core.source, %name, "the camera named itself");
                with_camera(&self.core.key, |camera| camera.model = Some(name.clone()));
                if !self.model_given {
                    self.supervisor.handle(now, Input::Quirks(Quirks::of_model(&name)));
                    self.options.model = Some(name);
                }
            }
            Event::Described(_) => *lock(&self.core.waiting) = Waiting::KeyFrame,
            Event::UdpRefused { .. } | Event::Ended(_) => {}
        }
    }

    /// Once a second: what the session has counted.
    fn count(&mut self) {
        if let Upstream::Open(open) = &self.upstream {
            let statistics = open.connection.statistics();
            lock(&self.core.tally).count(now(), &statistics);
            self.supervisor.handle(now(), Input::Counted(&statistics));
            self.seconds += 1;
            if self.seconds.is_multiple_of(LOG_EVERY) {
                let session::Statistics { rtp, jitter, stalls, receiver_reports, access_units, .. } = &statistics;
                tracing::debug!(
                    target: "printcam::rtp", camera = %self.core.source, received = rtp.received, lost = rtp.lost,
                    late = rtp.late, duplicate = rtp.duplicate, discarded = statistics.discarded, ?jitter, stalls,
                    receiver_reports, access_units, "statistics"
                );
            }
        }
    }
}

/// The clock of the supervisor: tokio's, so that tests can move it.
fn now() -> std::time::Instant {
    Instant::now().into_std()
}
