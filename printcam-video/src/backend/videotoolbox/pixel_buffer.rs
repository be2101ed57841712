//! Pictures in the memory of the graphics.

use std::ffi::c_void;
use std::fmt;
use std::ptr::{self, NonNull};
use std::slice;

use objc2_core_foundation::{CFBoolean, CFDictionary, CFNumber, CFRetained, CFString, CFType};
use objc2_core_video::{
    CVAttachmentMode, CVPixelBuffer, CVPixelBufferGetBaseAddressOfPlane, CVPixelBufferGetBytesPerRowOfPlane,
    CVPixelBufferGetHeight, CVPixelBufferGetHeightOfPlane, CVPixelBufferGetPixelFormatType, CVPixelBufferGetWidth,
    CVPixelBufferLockBaseAddress, CVPixelBufferLockFlags, CVPixelBufferPool as Pool, CVPixelBufferUnlockBaseAddress,
    kCVImageBufferYCbCrMatrix_ITU_R_601_4, kCVImageBufferYCbCrMatrix_ITU_R_709_2, kCVImageBufferYCbCrMatrix_ITU_R_2020,
    kCVImageBufferYCbCrMatrixKey, kCVPixelBufferHeightKey, kCVPixelBufferIOSurfacePropertiesKey,
    kCVPixelBufferMetalCompatibilityKey, kCVPixelBufferPixelFormatTypeKey, kCVPixelBufferWidthKey,
    kCVPixelFormatType_420YpCbCr8BiPlanarFullRange, kCVPixelFormatType_420YpCbCr8BiPlanarVideoRange,
};

use super::created;
use crate::nv12::{self, Rows, RowsMut};
use crate::{ColorMatrix, ColorRange, DecodeError, Frame, Plane, Surface};

/// A `CVPixelBuffer` with a picture in NV12, backed by an IOSurface and compatible with Metal. Cloning it copies no
/// samples.
#[derive(Clone)]
pub struct PixelBuffer {
    buffer: CFRetained<CVPixelBuffer>,
}

// SAFETY: reference counts of Core Foundation are atomic, and so is that of the lock for the samples. Nobody writes to
// the picture once there is a `PixelBuffer`: those who make one promise it.
unsafe impl Send for PixelBuffer {}
// SAFETY: see above; all that a shared one is asked for is its size, its samples, and another reference.
unsafe impl Sync for PixelBuffer {}

impl PixelBuffer {
    /// Another reference to a pixel buffer.
    ///
    /// # Safety
    ///
    /// The pointer must be to a pixel buffer that is alive, and to which nobody writes from now on.
    pub(super) unsafe fn retain(buffer: NonNull<CVPixelBuffer>) -> Self {
        // SAFETY: as promised by the caller.
        Self { buffer: unsafe { CFRetained::retain(buffer) } }
    }

    /// Width and height in luma samples.
    pub fn size(&self) -> (u32, u32) {
        // No picture comes near the limit of 32 bits; a size of 0 is refused by `Frame`.
        let samples = |count: usize| u32::try_from(count).unwrap_or(0);
        (samples(CVPixelBufferGetWidth(&self.buffer)), samples(CVPixelBufferGetHeight(&self.buffer)))
    }

    /// A `CVPixelBufferRef` with a reference of its own, which is the caller's to release: what
    /// `FlutterTexture.copyPixelBuffer` returns. Never null. Its samples must not be written to.
    pub fn retained(&self) -> *mut c_void {
        CFRetained::into_raw(self.buffer.clone()).as_ptr().cast()
    }
}

impl fmt::Debug for PixelBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (width, height) = self.size();
        f.debug_struct("PixelBuffer").field("width", &width).field("height", &height).finish_non_exhaustive()
    }
}

impl Surface for PixelBuffer {
    fn download(&self) -> Option<[Plane; 3]> {
        if !FORMATS.contains(&CVPixelBufferGetPixelFormatType(&self.buffer)) {
            return None;
        }
        let locked = Locked::new(&self.buffer, CVPixelBufferLockFlags::ReadOnly).ok()?;
        nv12::to_i420(self.size(), locked.rows(0)?, locked.rows(1)?, &crate::pool::Pool::default())
    }
}

/// Makes pixel buffers of frames that have none, for those who show pixel buffers only. Their memory is used again.
#[derive(Default)]
pub struct PixelBufferPool {
    /// Absent before the first frame.
    pool: Option<(Kind, CFRetained<Pool>)>,
}

/// What all pixel buffers of a pool have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kind {
    size: (u32, u32),
    range: ColorRange,
}

// SAFETY: a pool belongs to no thread; it is used through `&mut PixelBufferPool` only.
unsafe impl Send for PixelBufferPool {}

impl PixelBufferPool {
    /// An empty pool.
    pub fn new() -> Self {
        Self::default()
    }

    /// The frame as a pixel buffer: the one it has, else one of the pool, to which its planes are copied once.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Platform`] when there is no memory for it.
    pub fn pixel_buffer(&mut self, frame: &Frame) -> Result<PixelBuffer, DecodeError> {
        if let Some(buffer) = frame.surface().and_then(|surface| surface.downcast_ref::<PixelBuffer>()) {
            return Ok(buffer.clone());
        }
        let pool = self.pool_for(Kind { size: (frame.width(), frame.height()), range: frame.range() })?;
        let mut buffer = ptr::null_mut();
        // SAFETY: the buffer goes to a variable of ours.
        let status = unsafe { Pool::create_pixel_buffer(None, pool, NonNull::from(&mut buffer)) };
        // SAFETY: the buffer is ours, by the rule for functions named "create".
        let buffer = unsafe { created(check(status), buffer) }?;
        {
            let mut locked = Locked::new(&buffer, CVPixelBufferLockFlags::empty())?;
            let written = locked.rows_mut().and_then(|[luma, chroma]| nv12::from_planes(frame.planes(), luma, chroma));
            written.ok_or(DecodeError::Broken)?;
        }
        // SAFETY: the value has the type of this key.
        unsafe {
            let matrix = match frame.matrix() {
                ColorMatrix::Bt601 => kCVImageBufferYCbCrMatrix_ITU_R_601_4,
                ColorMatrix::Bt709 => kCVImageBufferYCbCrMatrix_ITU_R_709_2,
                ColorMatrix::Bt2020 => kCVImageBufferYCbCrMatrix_ITU_R_2020,
            };
            buffer.set_attachment(kCVImageBufferYCbCrMatrixKey, matrix, CVAttachmentMode::ShouldPropagate);
        }
        Ok(PixelBuffer { buffer })
    }

    /// The pool there is, if it is of this kind, or a new one.
    fn pool_for(&mut self, kind: Kind) -> Result<&Pool, DecodeError> {
        let pool = match self.pool.take().filter(|(of, _)| *of == kind) {
            Some((_, pool)) => pool,
            None => {
                let attributes = attributes(kind.range == ColorRange::Full, Some(kind.size));
                let mut pool = ptr::null_mut();
                // SAFETY: the attributes have the keys and types that Core Video names.
                let status =
                    unsafe { Pool::create(None, None, Some(attributes.as_opaque()), NonNull::from(&mut pool)) };
                // SAFETY: the pool is ours, by the rule for functions named "create".
                unsafe { created(check(status), pool) }?
            }
        };
        Ok(&self.pool.insert((kind, pool)).1)
    }
}

impl fmt::Debug for PixelBufferPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PixelBufferPool").field("kind", &self.pool.as_ref().map(|(kind, _)| kind)).finish()
    }
}

/// A pixel buffer whose samples are in the memory of this process meanwhile.
struct Locked<'a> {
    buffer: &'a CVPixelBuffer,
    flags: CVPixelBufferLockFlags,
}

impl<'a> Locked<'a> {
    fn new(buffer: &'a CVPixelBuffer, flags: CVPixelBufferLockFlags) -> Result<Self, DecodeError> {
        // SAFETY: the buffer is alive; it is unlocked with the same flags.
        check(unsafe { CVPixelBufferLockBaseAddress(buffer, flags) })?;
        Ok(Self { buffer, flags })
    }

    /// Address, length and bytes between rows of a plane.
    fn plane(&self, index: usize) -> Option<(NonNull<u8>, usize, usize)> {
        let address = NonNull::new(CVPixelBufferGetBaseAddressOfPlane(self.buffer, index).cast())?;
        let stride = CVPixelBufferGetBytesPerRowOfPlane(self.buffer, index);
        let len = stride.checked_mul(CVPixelBufferGetHeightOfPlane(self.buffer, index))?;
        Some((address, len, stride))
    }

    fn rows(&self, index: usize) -> Option<Rows<'_>> {
        let (address, len, stride) = self.plane(index)?;
        // SAFETY: a plane has its rows behind its address as long as the buffer is locked, and nobody writes to them.
        Some(Rows { data: unsafe { slice::from_raw_parts(address.as_ptr(), len) }, stride })
    }

    /// Luma and chroma, for whoever has just made the buffer and not locked it for reading only.
    fn rows_mut(&mut self) -> Option<[RowsMut<'_>; 2]> {
        let (luma, chroma) = (self.plane(0)?, self.plane(1)?);
        // SAFETY: as above; the planes do not overlap, and nobody else knows of the buffer yet.
        Some([luma, chroma].map(|(address, len, stride)| RowsMut {
            data: unsafe { slice::from_raw_parts_mut(address.as_ptr(), len) },
            stride,
        }))
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        // SAFETY: it was locked with these flags, and there is no reference to its samples any more.
        unsafe { CVPixelBufferUnlockBaseAddress(self.buffer, self.flags) };
    }
}

/// What a `CVReturn` says; 0 is success.
fn check(code: i32) -> Result<(), DecodeError> {
    if code == 0 { Ok(()) } else { Err(DecodeError::Platform { operation: "CVPixelBuffer", code }) }
}

/// Attributes for pixel buffers that can be shown without copying, of a size where it is not the decoder's to know.
pub(super) fn attributes(full_range: bool, size: Option<(u32, u32)>) -> CFRetained<CFDictionary<CFString, CFType>> {
    let format = FORMATS[usize::from(full_range)];
    // A four-character code: all of them are positive.
    let format = CFNumber::new_i64(i64::from(format));
    let surface = CFDictionary::<CFString, CFType>::empty();
    let size = size.map(|(width, height)| [width, height].map(|samples| CFNumber::new_i64(i64::from(samples))));
    // SAFETY: constants of the framework.
    let (mut keys, of_size) = unsafe {
        let keys = [
            kCVPixelBufferPixelFormatTypeKey,
            kCVPixelBufferIOSurfacePropertiesKey,
            kCVPixelBufferMetalCompatibilityKey,
        ];
        (keys.to_vec(), [kCVPixelBufferWidthKey, kCVPixelBufferHeightKey])
    };
    let mut values: Vec<&CFType> = vec![format.as_ref(), surface.as_opaque().as_ref(), CFBoolean::new(true).as_ref()];
    if let Some([width, height]) = &size {
        keys.extend(of_size);
        values.extend([width.as_ref() as &CFType, height.as_ref()]);
    }
    CFDictionary::from_slices(&keys, &values)
}

/// NV12 of limited range and of full range.
const FORMATS: [u32; 2] =
    [kCVPixelFormatType_420YpCbCr8BiPlanarVideoRange, kCVPixelFormatType_420YpCbCr8BiPlanarFullRange];
