//! Runs a stream: opens and leaves connections as its supervisor wants, and tells it what comes of that.

use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;

use printcam_proto::quirks::Quirks;
use printcam_proto::rtsp::headers::ServerTransport;
use printcam_proto::session::{self, Event};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Duration, Instant, MissedTickBehavior, interval, sleep_until};

use super::{Core, StreamEvent};
use crate::cameras::with_camera;
use crate::sessions::OpenSession;
use crate::supervisor::{Input, Output, Policy, Supervisor};
use crate::{Connection, Error, Options, Reason, StreamState, Transition, Waiting, lock, now};

/// Seconds between lines of statistics in the log.
const LOG_EVERY: u32 = 5;

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
pub(super) async fn run(
    core: Arc<Core>,
    options: Options,
    model_given: bool,
    slot: Arc<Semaphore>,
    mut stopped: watch::Receiver<bool>,
) {
    let _open = OpenSession::begin();
    let _ending = Ending(Arc::clone(&core));
    let policy = Policy {
        keep: options.keep,
        transport: options.transport,
        give_up_after: options.give_up_after,
        rotate_every: options.rotate_every,
        reconnect: options.reconnect,
        seed: options.seed.unwrap_or_else(crate::random_seed),
    };
    let mut supervisor = Supervisor::new(policy, now());
    if core.source.sends_jpeg() {
        supervisor.handle(now(), Input::Quirks(Quirks::JPEG_CAMERA));
    } else if let Some(model) = &options.model {
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
}

/// Tells that a stream has ended, by a panic too: whoever waits for it must not wait for ever.
struct Ending(Arc<Core>);

impl Drop for Ending {
    fn drop(&mut self) {
        // Not where a runtime is shut down: that is nobody's mistake.
        if std::thread::panicking() {
            let error = Some(Arc::new(Error::Panicked));
            self.0.tell(StreamEvent::State(Transition { state: StreamState::Failed, reason: Reason::Panicked, error }));
        }
        self.0.hub.close();
        self.0.ended.send_replace(true);
    }
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
                let (width, height) = unit.size();
                if self.size.replace((width, height)) != Some((width, height)) {
                    self.core.tell(StreamEvent::Resized { width, height });
                }
                lock(&self.core.tally).picture(&unit);
                self.core.hub.publish(unit);
                self.supervisor.handle(now, Input::Picture);
            }
            Event::Playing { transport } => {
                let udp = matches!(transport, ServerTransport::Udp { .. });
                self.supervisor.handle(now, Input::Accepted { udp });
            }
            Event::Accepted => {
                *lock(&self.core.waiting) = Waiting::KeyFrame;
                self.supervisor.handle(now, Input::Accepted { udp: false });
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
            Event::Answered { .. } | Event::UdpRefused { .. } | Event::Ended(_) => {}
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

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

    use super::*;
    use crate::Source;
    use crate::cameras::CameraKey;

    #[test]
    fn a_panic_is_told() {
        let source: Source = "rtsp://127.0.0.1:9/".parse().unwrap();
        for panics in [true, false] {
            let core = Arc::new(Core::new(source.clone(), CameraKey::of(&source), None));
            let mut events = core.events.subscribe();
            let ending = Ending(Arc::clone(&core));
            let _ = catch_unwind(AssertUnwindSafe(|| {
                let _ending = ending;
                if panics {
                    // Not `panic!`: nothing shall be printed.
                    resume_unwind(Box::new("a mistake"));
                }
            }));
            let failed = match events.try_recv() {
                Ok(StreamEvent::State(Transition { state: StreamState::Failed, error, .. })) => error,
                _ => None,
            };
            assert_eq!(failed.is_some_and(|error| matches!(*error, Error::Panicked)), panics);
            assert!(*core.ended.borrow(), "nobody waits for it any more");
        }
    }
}
