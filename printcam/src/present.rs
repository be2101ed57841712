//! From a subscription to a presenter: at the camera's pace, catching up where it fell behind, off the runtime's threads.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;

use printcam_proto::jitter_buffer::{JitterBuffer, Playable, Playout};
use printcam_proto::rtsp::headers::ServerTransport;
use printcam_video::{DecodeError, Presenter};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Duration, Instant, sleep_until};

use crate::stream::Core;
use crate::{Subscription, now};

/// A presenter at work. It is for as long as this lives or the stream does.
///
/// After this is dropped no call of the presenter begins. One that has begun may still be running: [`close`](Self::close)
/// waits for it, and until the presenter has been dropped.
#[derive(Debug)]
pub struct Presenting {
    /// Its end is what the pump and each call look for.
    looking: watch::Sender<()>,
    /// Ends when the presenter has been dropped.
    gone: mpsc::Receiver<Infallible>,
}

impl Presenting {
    /// Ends it, and waits until the presenter has returned from its last call and has been dropped.
    pub async fn close(self) {
        let Self { looking, mut gone } = self;
        drop(looking);
        // Nothing is ever sent.
        let _ = gone.recv().await;
    }
}

/// Puts a presenter to work.
///
/// # Panics
/// Outside of a tokio runtime.
pub(crate) fn present(core: &Arc<Core>, playout: Option<Playout>, presenter: Box<dyn Presenter>) -> Presenting {
    let (looking, still_looking) = watch::channel(());
    let (alive, gone) = mpsc::channel(1);
    let held = Held { presenter, still_looking: still_looking.clone(), _alive: alive };
    let subscription = core.hub.subscribe();
    tokio::spawn(pump(Arc::clone(core), subscription, playout, held, still_looking));
    Presenting { looking, gone }
}

/// A presenter, and the signs between it and the one who holds its [`Presenting`].
struct Held {
    presenter: Box<dyn Presenter>,
    /// Closed when nobody looks any more.
    still_looking: watch::Receiver<()>,
    /// Dropped after the presenter: fields go in order.
    _alive: mpsc::Sender<Infallible>,
}

struct Presented {
    held: Held,
    picture: Result<bool, DecodeError>,
    took: Duration,
}

impl Held {
    fn present(mut self, Playable { access_unit, show, .. }: Playable) -> Presented {
        // It may have waited for a thread since the pump handed it over.
        if self.still_looking.has_changed().is_err() {
            return Presented { held: self, picture: Ok(false), took: Duration::ZERO };
        }
        let began = std::time::Instant::now();
        let picture = self.presenter.present(&access_unit, show);
        Presented { held: self, picture, took: began.elapsed() }
    }
}

/// Key frames without a picture, after which something is wrong that no later one mends.
const HOPELESS_AFTER: Duration = Duration::from_secs(60);

async fn pump(
    core: Arc<Core>,
    mut subscription: Subscription,
    playout: Option<Playout>,
    held: Held,
    mut still_looking: watch::Receiver<()>,
) {
    let mut buffer: Option<JitterBuffer> = None;
    let mut held = Some(held);
    let mut working: Option<JoinHandle<Presented>> = None;
    let mut last_picture = Instant::now();
    loop {
        // The next picture is taken only when the decoder is ready for it: what waits in the buffer can be passed over.
        if working.is_none()
            && let Some(playable) = buffer.as_mut().and_then(|buffer| buffer.pop_due(now()))
            && let Some(held) = held.take()
        {
            // Off this thread: a picture takes milliseconds.
            working = Some(tokio::task::spawn_blocking(move || held.present(playable)));
        }
        let idle = working.is_none();
        let deadline = buffer.as_ref().and_then(JitterBuffer::deadline).filter(|_| idle).map(Instant::from_std);
        tokio::select! {
            biased;
            _closed = still_looking.changed() => break,
            unit = subscription.next() => match unit {
                Some(unit) => {
                    let buffer = buffer.get_or_insert_with(|| JitterBuffer::new(playout.unwrap_or_else(|| usual(&core))));
                    buffer.insert(now(), unit);
                }
                None => break,
            },
            presented = finished(&mut working) => {
                working = None;
                held = Some(presented.held);
                match presented.picture {
                    Ok(true) => {
                        core.decoded(presented.took);
                        last_picture = Instant::now();
                    }
                    Ok(false) => {}
                    Err(error) => {
                        tracing::info!(target: "printcam::decode", %error, "picture skipped");
                        if last_picture.elapsed() > HOPELESS_AFTER {
                            last_picture = Instant::now();
                            core.nothing_decodable();
                        }
                    }
                }
            }
            () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {}
        }
    }
    // Not on this thread either: a platform's decoder takes its time to stop.
    tokio::task::spawn_blocking(move || drop(held));
}

/// Waits for the presenter, if it is at work.
async fn finished(working: &mut Option<JoinHandle<Presented>>) -> Presented {
    match working {
        Some(working) => working.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())),
        None => pending().await,
    }
}

/// What suits camera and transport.
fn usual(core: &Core) -> Playout {
    if core.source.sends_jpeg() {
        // Nothing moves that could move more evenly.
        return Playout::LowestLatency;
    }
    match core.transport() {
        Some(ServerTransport::Udp { .. }) => Playout::UDP,
        _ => Playout::TCP,
    }
}
