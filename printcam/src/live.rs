//! Live pictures: decoded while somebody looks, and only then.

use std::future::pending;
use std::sync::{Arc, Weak};

use printcam_proto::jitter_buffer::{JitterBuffer, Playable, Playout};
use printcam_proto::rtsp::headers::ServerTransport;
use printcam_video::{DecodeError, Decoder, Frame, Frames, LatestFrame, fastest_decoder};
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::{Duration, Instant, sleep_until};

use crate::stream::Core;
use crate::{Subscription, now};

/// A stream's pictures, decoded. They are for as long as one of these lives, and end with the stream.
///
/// A single slot holds the newest picture: whoever is slow misses some, and nothing queues up.
#[derive(Debug, Clone)]
pub struct LiveFrames {
    frames: Frames,
    /// Keeps the decoder at work.
    _decoding: Arc<Decoding>,
}

impl LiveFrames {
    /// The next picture that this one has not had, at the pace of the camera; `None` when the stream has ended.
    pub async fn next(&mut self) -> Option<Frame> {
        self.frames.next().await
    }

    /// The newest picture, also one had before. [`Frame::received_at`] tells how old it is.
    pub fn latest(&self) -> Option<Frame> {
        self.frames.latest()
    }

    /// Calls back with each picture, from a task of its own, until the returned guard is dropped. A callback that takes
    /// long misses pictures and delays nobody; no lock is held meanwhile.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn call_back(mut self, mut callback: impl FnMut(Frame) + Send + 'static) -> FrameCallback {
        let task = tokio::spawn(async move {
            while let Some(frame) = self.next().await {
                callback(frame);
            }
        });
        FrameCallback(task.abort_handle())
    }
}

/// Ends a callback when dropped; one that is running at that moment is let finish.
#[derive(Debug)]
pub struct FrameCallback(AbortHandle);

impl Drop for FrameCallback {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A decoder at work for whoever looks.
#[derive(Debug)]
pub(crate) struct Decoding {
    /// Never read from, so that a clone of it begins with the newest picture. The slot's other side is the task's alone:
    /// it ends with that, and whoever waits is told.
    frames: Frames,
    task: AbortHandle,
}

impl Drop for Decoding {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The decoder that is at work, or a new one.
pub(crate) fn look(core: &Arc<Core>, playout: Option<Playout>) -> LiveFrames {
    let mut current = core.decoding();
    let decoding = current.upgrade().unwrap_or_else(|| {
        let latest = LatestFrame::new();
        let frames = latest.subscribe();
        let pump = decode(Arc::clone(core), core.hub.subscribe(), playout, latest);
        let decoding = Arc::new(Decoding { frames, task: tokio::spawn(pump).abort_handle() });
        *current = Arc::downgrade(&decoding);
        decoding
    });
    LiveFrames { frames: decoding.frames.clone(), _decoding: decoding }
}

/// The newest picture, if a decoder is at work and has one.
pub(crate) fn latest(current: &Weak<Decoding>) -> Option<Frame> {
    current.upgrade()?.frames.latest()
}

/// Key frames without a picture, after which something is wrong that no later one mends.
const HOPELESS_AFTER: Duration = Duration::from_secs(60);

async fn decode(core: Arc<Core>, mut subscription: Subscription, playout: Option<Playout>, latest: LatestFrame) {
    let mut buffer: Option<JitterBuffer> = None;
    let mut decoder = Some(fastest_decoder());
    let mut working: Option<JoinHandle<Decoded>> = None;
    let mut last_picture = Instant::now();
    loop {
        // The next picture is taken only when the decoder is ready for it: what waits in the buffer can be passed over.
        if working.is_none()
            && let Some(playable) = buffer.as_mut().and_then(|buffer| buffer.pop_due(now()))
            && let Some(decoder) = decoder.take()
        {
            // Off this thread: a picture takes milliseconds.
            working = Some(tokio::task::spawn_blocking(move || decode_one(decoder, playable)));
        }
        let idle = working.is_none();
        let deadline = buffer.as_ref().and_then(JitterBuffer::deadline).filter(|_| idle).map(Instant::from_std);
        tokio::select! {
            biased;
            unit = subscription.next() => match unit {
                Some(unit) => {
                    let buffer = buffer.get_or_insert_with(|| JitterBuffer::new(playout.unwrap_or_else(|| usual(&core))));
                    buffer.insert(now(), unit);
                }
                None => return,
            },
            decoded = finished(&mut working) => {
                working = None;
                decoder = Some(decoded.decoder);
                match decoded.picture {
                    Ok(Some(frame)) => {
                        core.decoded(decoded.took);
                        last_picture = Instant::now();
                        if decoded.show {
                            latest.publish(frame);
                        }
                    }
                    Ok(None) => {}
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
}

struct Decoded {
    decoder: Box<dyn Decoder>,
    picture: Result<Option<Frame>, DecodeError>,
    took: Duration,
    show: bool,
}

fn decode_one(mut decoder: Box<dyn Decoder>, Playable { access_unit, show, .. }: Playable) -> Decoded {
    let began = std::time::Instant::now();
    let picture = decoder.decode(&access_unit);
    Decoded { picture, took: began.elapsed(), decoder, show }
}

/// Waits for the decoder, if it is at work.
async fn finished(working: &mut Option<JoinHandle<Decoded>>) -> Decoded {
    match working {
        Some(working) => working.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())),
        None => pending().await,
    }
}

/// What suits the transport.
fn usual(core: &Core) -> Playout {
    match core.transport() {
        Some(ServerTransport::Udp { .. }) => Playout::UDP,
        _ => Playout::TCP,
    }
}
