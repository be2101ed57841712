//! Android's decoder, straight onto a surface: no picture passes through memory of ours.
//!
//! Here are the platform's calls alone; what is done when is in `onto_surface`. A surface gives no picture back, so
//! captures and snapshots are Android's second path: a software decoder makes them of the group of pictures that a stream
//! keeps.

use std::mem::MaybeUninit;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ndk::hardware_buffer_format::HardwareBufferFormat;
use ndk::media::media_codec::{
    DequeuedInputBufferResult, DequeuedOutputBufferInfoResult, MediaCodec, MediaCodecDirection, OutputBuffer,
};
use ndk::media::media_format::MediaFormat;
use ndk::media_error::MediaError;
use ndk::native_window::NativeWindow;

use super::onto_surface::input::fill;
use super::onto_surface::{OntoSurface, Setup, SurfaceCodec};
use crate::{AccessUnit, DecodeError, Frame, Presenter, rgba_len, write_rgba};

/// Decodes H.264 with MediaCodec and shows it in a window of Android (`ANativeWindow`, in Java a `Surface`).
///
/// It sees what every decoder of this crate sees: vetted streams from a key frame on, up to 4096x2304. Where there is no
/// decoder for a stream, or it keeps failing, pictures are decoded by software and drawn into the window.
///
/// A picture is shown as soon as the decoder has it, usually within 10 ms of its access unit. One that takes longer is
/// shown with the next access unit, so that a slow decoder delays nothing else.
///
/// Clones are the same: one is given away as [`Presenter`], another stays for [`set_surface`](Self::set_surface).
#[derive(Debug, Clone)]
pub struct MediaCodecSurface {
    shared: Arc<Mutex<OntoSurface<Codec>>>,
}

impl MediaCodecSurface {
    /// Will show pictures in `window`. The decoder is made at the first key frame.
    pub fn new(window: NativeWindow) -> Self {
        Self { shared: Arc::new(Mutex::new(OntoSurface::new(window))) }
    }

    /// Shows pictures in another window, or none while there is none, as with an app in the background.
    ///
    /// When this returns, the decoder has let go of the window before, and that has been released. It waits for an access
    /// unit that is being decoded: tens of milliseconds, a quarter of a second where the decoder is stuck.
    ///
    /// Without a window nothing is decoded. With one again it takes a key frame, which may be ten seconds away; a new
    /// presentation of the stream begins with the current one at once.
    pub fn set_surface(&self, window: Option<NativeWindow>) {
        self.shared().set_window(window);
    }

    /// Decoders that panicked have been dropped: what is under the lock is whole.
    fn shared(&self) -> MutexGuard<'_, OntoSurface<Codec>> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Presenter for MediaCodecSurface {
    fn present(&mut self, access_unit: &AccessUnit, show: bool) -> Result<bool, DecodeError> {
        self.shared().present(access_unit, show)
    }
}

/// A decoder that has been started.
struct Codec(MediaCodec);

// SAFETY: an `AMediaCodec` belongs to no thread: its calls are messages to a thread of its own, each answered under its
// lock. `MediaCodec` is not `Send` only for holding a pointer to it, which nobody else has; no callback is registered.
#[allow(unsafe_code)]
unsafe impl Send for Codec {}

impl SurfaceCodec for Codec {
    type Window = NativeWindow;
    type Picture<'a> = OutputBuffer<'a>;

    fn open(setup: &Setup, window: &NativeWindow) -> Result<Self, DecodeError> {
        let codec = MediaCodec::from_decoder_type(H264)
            .ok_or(DecodeError::Platform { operation: "AMediaCodec_createDecoderByType", code: 0 })?;
        codec
            .configure(&format(setup), Some(window), MediaCodecDirection::Decoder)
            .map_err(failed("AMediaCodec_configure"))?;
        codec.start().map_err(failed("AMediaCodec_start"))?;
        Ok(Self(codec))
    }

    fn move_to(&self, window: &NativeWindow) -> Result<(), DecodeError> {
        self.0.set_output_surface(window).map_err(failed("AMediaCodec_setOutputSurface"))
    }

    fn queue(&self, patience: Duration, time: i64, pieces: &[&[u8]]) -> Result<bool, DecodeError> {
        let dequeued = self.0.dequeue_input_buffer(patience).map_err(failed("AMediaCodec_dequeueInputBuffer"))?;
        let DequeuedInputBufferResult::Buffer(mut buffer) = dequeued else { return Ok(false) };
        let len = fill(buffer.buffer_mut(), pieces, MaybeUninit::new)?;
        self.0
            .queue_input_buffer(buffer, 0, len, time.unsigned_abs(), NO_FLAGS)
            .map_err(failed("AMediaCodec_queueInputBuffer"))?;
        Ok(true)
    }

    fn dequeue(&self, patience: Duration) -> Result<Option<(OutputBuffer<'_>, i64)>, DecodeError> {
        use DequeuedOutputBufferInfoResult::{Buffer, OutputBuffersChanged, OutputFormatChanged, TryAgainLater};
        for _ in 0..MAX_NOTICES {
            let dequeued = self.0.dequeue_output_buffer(patience);
            match dequeued.map_err(failed("AMediaCodec_dequeueOutputBuffer"))? {
                Buffer(picture) => {
                    let time = picture.info().presentation_time_us();
                    return Ok(Some((picture, time)));
                }
                TryAgainLater => break,
                // The window is told by the decoder itself.
                OutputFormatChanged | OutputBuffersChanged => {}
            }
        }
        Ok(None)
    }

    fn release(&self, picture: OutputBuffer<'_>, show: bool) -> Result<(), DecodeError> {
        self.0.release_output_buffer(picture, show).map_err(failed("AMediaCodec_releaseOutputBuffer"))
    }

    fn draw(frame: &Frame, window: &NativeWindow) -> Result<(), DecodeError> {
        let failed = |operation| {
            move |error: std::io::Error| DecodeError::Platform {
                operation,
                code: error.raw_os_error().map_or(0, std::ops::Neg::neg),
            }
        };
        let (width, height) = (frame.width() as i32, frame.height() as i32);
        window
            .set_buffers_geometry(width, height, Some(HardwareBufferFormat::R8G8B8A8_UNORM))
            .map_err(failed("ANativeWindow_setBuffersGeometry"))?;
        let mut buffer = window.lock(None).map_err(failed("ANativeWindow_lock"))?;
        let lines = buffer.lines().ok_or(DecodeError::Platform { operation: "ANativeWindow_lock", code: 0 })?;
        let mut pixels = vec![0; rgba_len(frame)];
        write_rgba(frame, &mut pixels);
        for (line, row) in lines.zip(pixels.chunks_exact(rgba_len(frame) / frame.height() as usize)) {
            for (to, from) in line.iter_mut().zip(row) {
                to.write(*from);
            }
        }
        Ok(())
    }
}

impl Drop for Codec {
    fn drop(&mut self) {
        // One that has failed cannot be stopped, and goes all the same.
        if let Err(error) = self.0.stop() {
            tracing::debug!(target: "printcam::decode", %error, "decoder did not stop");
        }
    }
}

fn format(setup: &Setup) -> MediaFormat {
    let mut format = MediaFormat::new();
    format.set_str("mime", H264);
    format.set_i32("width", setup.width as i32);
    format.set_i32("height", setup.height as i32);
    format.set_i32("max-input-size", setup.max_input as i32);
    format.set_i32("low-latency", 1);
    format.set_i32("priority", REAL_TIME);
    format.set_f32("operating-rate", setup.frame_rate);
    format.set_buffer("csd-0", &setup.sps);
    format.set_buffer("csd-1", &setup.pps);
    format
}

fn failed(operation: &'static str) -> impl FnOnce(MediaError) -> DecodeError {
    move |error| DecodeError::Platform { operation, code: error.into() }
}

const H264: &str = "video/avc";

/// Neither parameter sets nor the end of the stream.
const NO_FLAGS: u32 = 0;

/// `KEY_PRIORITY` of `MediaFormat`.
const REAL_TIME: i32 = 0;

/// A decoder gives one or two before its first picture and where the size changes.
const MAX_NOTICES: usize = 8;
