//! Apple's decoder, in hardware wherever there is some.
//!
//! It decodes while it is called: no picture waits in it for another, and none comes from another thread. Pictures stay
//! in the memory of the graphics, from which Metal and Flutter show them.

mod coded;
mod pixel_buffer;

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{self, NonNull};
use std::sync::{Arc, Mutex, PoisonError};

use objc2_core_foundation::{CFBoolean, CFRetained, Type};
use objc2_core_media::{CMFormatDescription, CMTime};
use objc2_core_video::CVImageBuffer;
use objc2_video_toolbox::{
    VTDecodeFrameFlags, VTDecodeInfoFlags, VTDecompressionOutputCallbackRecord, VTDecompressionSession,
    VTSessionSetProperty, kVTDecompressionPropertyKey_RealTime, kVTInvalidSessionErr, kVTVideoDecoderBadDataErr,
    kVTVideoDecoderReferenceMissingErr,
};
use printcam_proto::h264::ParameterSets;

use self::pixel_buffer::attributes;
pub use self::pixel_buffer::{PixelBuffer, PixelBufferPool};
use super::gate::{self, Gate};
use super::hardware::{self, Engine, Failure, Picture};
use crate::pool::Pool;
use crate::{AccessUnit, DecodeError, Decoder, Frame};

/// The decoder of macOS, iOS and their relatives, for 8-bit 4:2:0 H.264 up to 4096x2304.
///
/// Frames hold a [`PixelBuffer`] as their [`Surface`](crate::Surface). They come in decoding order, as from
/// [`RustyH264`](crate::RustyH264). Where the system has no decoder, or none free, key frames give
/// [`DecodeError::Platform`]: see [`Fallback`](crate::Fallback).
#[derive(Debug)]
pub struct VideoToolbox {
    gate: Gate<Engine<Session>>,
}

impl VideoToolbox {
    /// A decoder that waits for its first key frame.
    pub fn new() -> Self {
        Self { gate: Gate::new() }
    }
}

impl Default for VideoToolbox {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder for VideoToolbox {
    fn decode(&mut self, access_unit: &AccessUnit) -> Result<Option<Frame>, DecodeError> {
        self.gate.decode(access_unit)
    }
}

/// A decompression session and what it has been given.
struct Session {
    session: CFRetained<VTDecompressionSession>,
    format: CFRetained<CMFormatDescription>,
    /// Where the session puts its pictures; it has the address, so this is let go of after it.
    outputs: Arc<Outputs>,
    /// The number of the last call.
    call: usize,
    pool: Pool,
}

// SAFETY: a session belongs to no thread, and neither does a format description, which never changes. Both are used
// through `&mut Session` only, hence by one thread at a time, and their reference counts are atomic.
unsafe impl Send for Session {}

impl hardware::Session for Session {
    fn open(sets: &ParameterSets) -> Result<Self, Failure> {
        let format = coded::format(sets)?;
        let outputs = Arc::<Outputs>::default();
        let callback = VTDecompressionOutputCallbackRecord {
            decompressionOutputCallback: Some(output),
            decompressionOutputRefCon: Arc::as_ptr(&outputs).cast_mut().cast(),
        };
        let attributes = attributes(sets.info.full_range, None);
        let mut session = ptr::null_mut();
        // SAFETY: the attributes have the keys and types that Core Video names, the record is copied during the call,
        // and `outputs` outlives the session.
        let status = unsafe {
            VTDecompressionSession::create(
                None,
                &format,
                None,
                Some(attributes.as_opaque()),
                &callback,
                NonNull::from(&mut session),
            )
        };
        // SAFETY: the session is ours, by the rule for functions named "create".
        let session = unsafe { created(check(status), session) }?;
        // SAFETY: the value has the type of this key.
        let status = unsafe {
            VTSessionSetProperty(&session, kVTDecompressionPropertyKey_RealTime, Some(CFBoolean::new(true).as_ref()))
        };
        if status != 0 {
            // A hint only, and not every decoder takes it.
            tracing::debug!(target: "printcam::decode", status, "decoder knows no real time");
        }
        Ok(Self { session, format, outputs, call: 0, pool: Pool::default() })
    }

    fn accept(&mut self, sets: &ParameterSets) -> Result<bool, Failure> {
        self.format = coded::format(sets)?;
        // SAFETY: both objects are alive, and nothing more is asked of the caller.
        Ok(unsafe { self.session.can_accept_format_description(&self.format) })
    }

    fn decode(&mut self, access_unit: &AccessUnit) -> Result<Option<Picture>, Failure> {
        let sample = coded::sample(&self.format, &self.pool, || gate::slices(access_unit))?;
        self.call = self.call.wrapping_add(1);
        // Neither asynchronous nor in display order: the output comes before this returns.
        let flags = VTDecodeFrameFlags::empty();
        // SAFETY: the reference of the frame is a number that nobody takes for a pointer, and null says that we do not
        // want to know more.
        let status = unsafe {
            self.session.decode_frame(&sample, flags, ptr::without_provenance_mut(self.call), ptr::null_mut())
        };
        let output = self.outputs.take(self.call);
        check(status)?;
        let Some(Output { status, image, .. }) = output else { return Ok(None) };
        check(status)?;
        Ok(image.map(|image| Picture { size: image.size(), surface: Arc::new(image) }))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: the session is alive. What it may still be at is waited for, delayed frames included, before it is
        // torn down; `outputs` and the last reference are let go of after that.
        unsafe {
            self.session.wait_for_asynchronous_frames();
            self.session.invalidate();
        }
    }
}

/// The slot for what a call gives.
#[derive(Default)]
struct Outputs(Mutex<Option<Output>>);

struct Output {
    /// The call it is the answer to.
    call: usize,
    status: i32,
    image: Option<PixelBuffer>,
}

impl Outputs {
    fn put(&self, output: Output) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(output);
    }

    /// The output of this call. One that comes for an earlier one, against all promises, is dropped.
    fn take(&self, call: usize) -> Option<Output> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().filter(|output| output.call == call)
    }
}

/// `VTDecompressionOutputCallback`: `outputs` is that of the session, `call` the number given with the frame.
unsafe extern "C-unwind" fn output(
    outputs: *mut c_void,
    call: *mut c_void,
    status: i32,
    _flags: VTDecodeInfoFlags,
    image: *mut CVImageBuffer,
    _presentation_time: CMTime,
    _duration: CMTime,
) {
    let put = || {
        // SAFETY: it was made of an `Arc<Outputs>` that is kept until the session has been torn down.
        let outputs = unsafe { &*outputs.cast::<Outputs>() };
        // SAFETY: null or a pixel buffer, alive during this call; retaining it makes it stay. A decoded picture is
        // not written to any more.
        let image = NonNull::new(image).map(|image| unsafe { PixelBuffer::retain(image) });
        outputs.put(Output { call: call.addr(), status, image });
    };
    // The frames of the stack above are Apple's, and no panic may go through them. Without an output there is no picture.
    let _ = catch_unwind(AssertUnwindSafe(put));
}

/// What a status says of the session; 0 is success.
fn check(status: i32) -> Result<(), Failure> {
    // Not patterns: the framework's names are no Rust constants by their spelling.
    if status == 0 {
        Ok(())
    } else if status == kVTInvalidSessionErr {
        Err(Failure::SessionLost)
    } else if [kVTVideoDecoderBadDataErr, kVTVideoDecoderReferenceMissingErr].contains(&status) {
        Err(Failure::BadData { code: status })
    } else {
        Err(DecodeError::Platform { code: status }.into())
    }
}

/// Takes over an object that a function made, if it says that it did.
///
/// # Safety
///
/// `object` must be null or a reference that is the caller's to release.
unsafe fn created<T: Type, E: From<DecodeError>>(made: Result<(), E>, object: *const T) -> Result<CFRetained<T>, E> {
    made?;
    let object = NonNull::new(object.cast_mut()).ok_or(DecodeError::Broken)?;
    // SAFETY: as promised by the caller.
    Ok(unsafe { CFRetained::from_raw(object) })
}
