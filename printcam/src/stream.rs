//! A camera being watched: one connection, any number of viewers, healing by itself.

mod run;

use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;

use printcam_proto::jitter_buffer::Playout;
use printcam_proto::rtsp::headers::ServerTransport;
use printcam_proto::session::{self, AuthenticationError, Transport};
use printcam_video::{Frame, Presenter};
use tokio::sync::{Notify, broadcast, watch};

use crate::cameras::{CameraKey, with_camera};
use crate::capture::newest_picture;
use crate::hub::Hub;
use crate::live::{self, Decoding, LiveFrames};
use crate::present::{Presenting, present};
use crate::statistics::{StreamStatistics, Tally};
use crate::{Error, Options, Reason, Source, StreamState, Subscription, TlsInfo, Transition, Waiting, lock, now};
use run::run;

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

    /// The stream of this camera, if this process has one that is not over. Nobody has to know the access code: nothing but
    /// the examination asks for it so.
    pub(crate) fn running(source: &Source) -> Option<Self> {
        with_camera(&CameraKey::of(source), |camera| {
            camera.stream.upgrade().filter(|handle| !handle.is_over()).map(|handle| Self { handle })
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

    /// What it is doing, and what happens after that: nothing is missed in between, and no change is told twice.
    pub fn follow(&self) -> (Transition, broadcast::Receiver<StreamEvent>) {
        // Changes are told with the state locked.
        let state = self.core().state.borrow();
        (state.clone(), self.core().events.subscribe())
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

    /// Has its pictures decoded and shown by `presenter`, in step with the camera, from the current key frame on. Goes on
    /// for as long as the stream does and what this returns lives; the presenter is dropped when it ends.
    ///
    /// One that panics ends its own presentation and nothing else.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn present_with(&self, presenter: impl Presenter) -> Presenting {
        present(self.core(), self.core().playout, Box::new(presenter))
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
            tally: Mutex::new(Tally::new(now())),
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
            let new = transition.clone();
            self.state.send_modify(|state| {
                *state = new;
                // In one with the change, for `follow`.
                let _ = self.events.send(event);
            });
            return;
        }
        // Nobody may be listening.
        let _ = self.events.send(event);
    }
}
