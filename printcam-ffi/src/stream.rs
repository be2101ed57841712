//! Streams: a camera being watched, and the task that tells about it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use printcam::{Error, StreamEvent, StreamId, StreamState, Transition};
use tokio::sync::Notify;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::task::JoinHandle;
use tokio::time::{Duration, Instant, MissedTickBehavior, interval_at};

use crate::address::Address;
use crate::boundary::{Checked, PrintcamStatus, PrintcamText, guarded, output};
use crate::capture::Captures;
use crate::event::{Event, PrintcamEventKind as Kind};
use crate::gate::Gate;
use crate::handle::TABLE;
use crate::lock;
use crate::manager::{Manager, PrintcamManager};
use crate::options::PrintcamOptions;
use crate::request::{PrintcamRequest, Request};
use crate::runtime::runtime;
use crate::statistics::PrintcamStatistics;

/// A camera being watched.
pub type PrintcamStream = u64;

/// What a stream's handle stands for.
#[derive(Debug)]
pub(crate) struct Stream {
    handle: PrintcamStream,
    manager: Arc<Manager>,
    /// Around those of its textures.
    gate: Arc<Gate>,
    /// `None`: it could not even be begun.
    id: Option<StreamId>,
    shown: Shown,
    captures: Arc<Captures>,
    /// What was counted, once it is over.
    counted: Mutex<Option<PrintcamStatistics>>,
}

/// Pictures handed to textures.
#[derive(Debug, Default)]
struct Shown {
    count: AtomicU64,
    /// Width and height of the newest, in the upper and lower half.
    size: AtomicU64,
    /// Whether to tell of them.
    tell: AtomicBool,
    news: Notify,
}

/// What is told of a stream when its task begins.
type Followed = (Transition, broadcast::Receiver<StreamEvent>);

const TICK: Duration = Duration::from_secs(1);

impl Stream {
    fn start(manager: &Arc<Manager>, address: Address, options: printcam::Options) -> Checked<(Arc<Self>, Start)> {
        let _entered = runtime().enter();
        let started = address.into_text().and_then(|address| manager.streams.start(&address, options));
        let id = started.as_ref().ok().copied();
        let followed = match (started, id.and_then(|id| manager.streams.stream(id))) {
            (Ok(_), Some(stream)) => Ok(stream.follow()),
            (Ok(_), None) => Err(Arc::new(Error::Stopped)),
            (Err(error), _) => Err(Arc::new(error)),
        };
        let stream = TABLE.insert_with(|handle| {
            Arc::new(Self {
                handle,
                manager: Arc::clone(manager),
                gate: manager.gate.within(),
                id,
                shown: Shown::default(),
                captures: Captures::new(),
                counted: Mutex::default(),
            })
        });
        let adopted = stream.and_then(|stream| {
            manager.adopt(stream.handle).inspect_err(|_| drop(TABLE.remove::<Self>(stream.handle)))?;
            Ok(stream)
        });
        let stream = adopted.inspect_err(|_| drop(id.and_then(|id| manager.streams.remove(id))))?;
        Ok((stream, Start(followed)))
    }

    /// The stream of a handle.
    ///
    /// # Errors
    /// `StaleHandle`.
    pub(crate) fn find(handle: PrintcamStream) -> Checked<Arc<Self>> {
        TABLE.find(handle)
    }

    /// The library's stream, for a moment: whoever keeps it keeps the camera. `None` once it is over.
    pub(crate) fn camera(&self) -> Option<printcam::Stream> {
        self.manager.streams.stream(self.id?)
    }

    /// Callbacks about this stream go through it, or through a gate within it: closed by stopping.
    pub(crate) fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// Says that a texture was handed a picture of this size.
    pub(crate) fn frame_shown(&self, width: u32, height: u32) {
        self.shown.count.fetch_add(1, Ordering::Relaxed);
        if self.shown.tell.load(Ordering::Relaxed) {
            self.shown.size.store(u64::from(width) << 32 | u64::from(height), Ordering::Relaxed);
            self.shown.news.notify_one();
        }
    }

    /// Ends it for this manager; its handle is gone already. The task ends when the camera has let go.
    pub(crate) fn end(&self) -> JoinHandle<()> {
        let captured = self.captures.end();
        // At once: its place is to be free when this returns.
        let camera = self.id.and_then(|id| self.manager.streams.remove(id));
        runtime().spawn(async move {
            captured.await;
            if let Some(camera) = camera {
                // The last one to have it: so this waits.
                camera.close().await;
            }
        })
    }

    fn stop(self: Arc<Self>) -> Checked<JoinHandle<()>> {
        // First of all: whoever comes second may rely on it as well.
        self.gate.close();
        TABLE.remove::<Self>(self.handle)?;
        self.manager.disown(self.handle);
        Ok(self.end())
    }

    fn statistics(&self) -> PrintcamStatistics {
        let shown = self.shown.count.load(Ordering::Relaxed);
        match self.id.and_then(|id| self.manager.streams.statistics(id)) {
            Some(counted) => PrintcamStatistics::new(&counted, shown),
            None => lock(&self.counted).unwrap_or_else(PrintcamStatistics::of_nothing),
        }
    }

    fn post(&self, event: Event) -> bool {
        self.manager.deliver(&self.gate, Event { stream: self.handle, ..event })
    }

    /// Lets the camera go, and keeps what was counted.
    fn over(&self) {
        *lock(&self.counted) = Some(self.statistics());
        self.end();
    }
}

/// How a stream began, for the task that tells about it.
struct Start(Result<Followed, Arc<Error>>);

impl Start {
    /// Tells about a stream until it is over, or nobody may be told.
    async fn tell(self, stream: Arc<Stream>) {
        let connecting = Event { detail: "started", ..Event::new(Kind::Connecting) };
        if !stream.post(connecting) {
            return;
        }
        match self.0 {
            Ok((now, events)) => {
                Teller { stream, told: (StreamState::Connecting, None), size: None }.run(now, events).await
            }
            Err(error) => {
                stream.post(Event::new(Kind::Failed).because(Some(&error)));
            }
        }
    }
}

/// Tells about one stream, in order.
struct Teller {
    stream: Arc<Stream>,
    /// The state that was told last, and its error.
    told: (StreamState, Option<Arc<Error>>),
    size: Option<(u32, u32)>,
}

impl Teller {
    async fn run(mut self, now: Transition, mut events: broadcast::Receiver<StreamEvent>) {
        if now.state != StreamState::Idle && !self.state(&now) {
            return;
        }
        let mut second = interval_at(Instant::now() + TICK, TICK);
        second.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let stream = &self.stream;
            let goes_on = tokio::select! {
                // In the order in which they make sense: a picture is not told of before it plays.
                biased;
                event = events.recv() => match event {
                    Ok(StreamEvent::State(transition)) => self.state(&transition),
                    Ok(StreamEvent::Resized { width, height }) => self.resized((width, height)),
                    Ok(StreamEvent::Trouble(error)) => {
                        self.stream.post(Event::new(Kind::Trouble).because(error.as_ref()))
                    }
                    Ok(_) => true,
                    // What counts is what it does now.
                    Err(RecvError::Lagged(_)) => match stream.camera().map(|camera| camera.state()) {
                        Some(now) => self.state(&now),
                        None => false,
                    },
                    Err(RecvError::Closed) => false,
                },
                () = stream.shown.news.notified() => self.frame(),
                _ = second.tick() => stream.post(Event::new(Kind::Tick)),
            };
            if !goes_on {
                return;
            }
        }
    }

    /// Tells a change of state. Says whether to go on.
    fn state(&mut self, now: &Transition) -> bool {
        let again = self.told.0 == now.state
            && match (&self.told.1, &now.error) {
                (None, None) => true,
                (Some(told), Some(error)) => Arc::ptr_eq(told, error),
                _ => false,
            };
        if again {
            return true;
        }
        self.told = (now.state, now.error.clone());
        let size_known = now.state != StreamState::Playing || self.size.is_some() || self.find_size();
        let over = matches!(now.state, StreamState::Failed | StreamState::Stopped);
        if over {
            // Before it is told: whoever is told may start another one.
            self.stream.over();
        }
        let Some(event) = Event::of_transition(now) else { return true };
        size_known && self.stream.post(event) && !over
    }

    /// The size of a stream that was up already. Says whether to go on.
    fn find_size(&mut self) -> bool {
        let newest = self.stream.camera().and_then(|camera| camera.subscribe().try_next());
        newest.is_none_or(|unit| self.resized(unit.size()))
    }

    fn resized(&mut self, size: (u32, u32)) -> bool {
        self.size.replace(size) == Some(size) || self.stream.post(Event { size, ..Event::new(Kind::Resized) })
    }

    fn frame(&self) -> bool {
        let size = self.stream.shown.size.load(Ordering::Relaxed);
        self.stream.post(Event { size: ((size >> 32) as u32, size as u32), ..Event::new(Kind::Frame) })
    }
}

/// Begins to watch a camera. `url` may hold the credentials; `username` and `password` count before those where they are
/// not empty. Whatever goes wrong with the camera comes as an event, a wrong address or one stream too many included.
///
/// `stream` is written before the first event comes, which may be before this returns.
///
/// # Safety
/// Texts point to as many bytes as they say. `options` is null or valid for reading, `stream` null or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn printcam_stream_start(
    manager: PrintcamManager,
    url: PrintcamText,
    username: PrintcamText,
    password: PrintcamText,
    options: *const PrintcamOptions,
    stream: *mut PrintcamStream,
) -> PrintcamStatus {
    guarded(|| {
        // SAFETY: the caller's.
        let mut started = unsafe { output(stream) }?;
        let manager = TABLE.find::<Manager>(manager)?;
        // SAFETY: the caller's.
        let (address, options) = unsafe { (Address::read(url, username, password)?, PrintcamOptions::read(options)?) };
        let (stream, start) = Stream::start(&manager, address, options)?;
        started.set(stream.handle);
        runtime().spawn(start.tell(stream));
        Ok(())
    })
}

/// Stops a stream. No callback for it begins after, nor runs. `request` may be null; otherwise it is answered when the
/// camera has let go, or at once where somebody else goes on watching it.
///
/// # Safety
/// `request` is null or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn printcam_stream_stop(stream: PrintcamStream, request: *mut PrintcamRequest) -> PrintcamStatus {
    guarded(|| {
        let stream = Stream::find(stream)?;
        // SAFETY: the caller's.
        let Ok(mut answered) = (unsafe { output(request) }) else {
            stream.stop()?;
            return Ok(());
        };
        let request = Request::new(&stream.manager, stream.handle)?;
        let ended = stream.stop().inspect_err(|_| request.forget())?;
        answered.set(request.handle);
        request.answer_with(
            async move {
                let _ = ended.await;
                Ok(Vec::new())
            },
            (),
        );
        Ok(())
    })
}

/// Asks for the newest picture as JPEG; waits for the first one if there is none yet. Those who ask while one is being
/// made share the next one. `TooMany` while 32 of a stream are not answered. The answer has the error `Stopped` if the
/// stream ends before.
///
/// # Safety
/// `request` is null or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn printcam_stream_capture(
    stream: PrintcamStream,
    request: *mut PrintcamRequest,
) -> PrintcamStatus {
    guarded(|| {
        // SAFETY: the caller's.
        let mut answered = unsafe { output(request) }?;
        let stream = Stream::find(stream)?;
        let (manager, id) = (Arc::clone(&stream.manager), stream.id);
        let (picture, place) = stream.captures.ask(move || {
            let manager = Arc::clone(&manager);
            async move { manager.streams.capture_frame(id.ok_or(Error::Stopped)?).await }
        })?;
        let request = Request::new(&stream.manager, stream.handle)?;
        answered.set(request.handle);
        request.answer_with(picture, place);
        Ok(())
    })
}

/// What was counted so far.
///
/// # Safety
/// `statistics` is null or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn printcam_stream_statistics(
    stream: PrintcamStream,
    statistics: *mut PrintcamStatistics,
) -> PrintcamStatus {
    guarded(|| {
        // SAFETY: the caller's.
        let mut statistics = unsafe { output(statistics) }?;
        statistics.set(Stream::find(stream)?.statistics());
        Ok(())
    })
}

/// Switches events of pictures handed to textures on or off. They are off at first.
#[unsafe(no_mangle)]
pub extern "C" fn printcam_stream_frame_events(stream: PrintcamStream, on: bool) -> PrintcamStatus {
    guarded(|| {
        Stream::find(stream)?.shown.tell.store(on, Ordering::Relaxed);
        Ok(())
    })
}

#[cfg(test)]
mod tests;
