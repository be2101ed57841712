//! Live pictures: decoded while somebody looks, and only then.

use std::sync::{Arc, Weak};

use printcam_proto::jitter_buffer::Playout;
use printcam_video::{AccessUnit, DecodeError, Decoder, Frame, Frames, LatestFrame, Presenter, fastest_decoder};
use tokio::task::AbortHandle;

use crate::present::{Presenting, present};
use crate::stream::Core;

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
    /// Never read from, so that a clone of it begins with the newest picture. The slot's other side is the presenter's
    /// alone: it ends with that, and whoever waits is told.
    frames: Frames,
    /// Keeps the presenter at work.
    _presenting: Presenting,
}

/// The decoder that is at work, or a new one.
pub(crate) fn look(core: &Arc<Core>, playout: Option<Playout>) -> LiveFrames {
    let mut current = core.decoding();
    let decoding = current.upgrade().unwrap_or_else(|| {
        let publisher = Publisher { decoder: fastest_decoder(), latest: LatestFrame::new() };
        let frames = publisher.latest.subscribe();
        let decoding = Arc::new(Decoding { frames, _presenting: present(core, playout, Box::new(publisher)) });
        *current = Arc::downgrade(&decoding);
        decoding
    });
    LiveFrames { frames: decoding.frames.clone(), _decoding: decoding }
}

/// The newest picture, if a decoder is at work and has one.
pub(crate) fn latest(current: &Weak<Decoding>) -> Option<Frame> {
    current.upgrade()?.frames.latest()
}

/// Shows pictures to whoever has a [`LiveFrames`].
struct Publisher {
    decoder: Box<dyn Decoder>,
    latest: LatestFrame,
}

impl Presenter for Publisher {
    fn present(&mut self, access_unit: &AccessUnit, show: bool) -> Result<bool, DecodeError> {
        let frame = self.decoder.decode(access_unit)?;
        let decoded = frame.is_some();
        if let Some(frame) = frame.filter(|_| show) {
            self.latest.publish(frame);
        }
        Ok(decoded)
    }
}
