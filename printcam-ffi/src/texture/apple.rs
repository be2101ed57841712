//! Apple's textures: the decoder's own buffer goes to the engine, which shows it without copying.

use std::ffi::c_void;
use std::ptr;

use printcam_video::{PixelBuffer, PixelBufferPool};

use super::{PrintcamTexture, Texture};
use crate::boundary::{PrintcamStatus, guarded};
use crate::handle::TABLE;
use crate::lock;

impl Texture {
    /// The newest picture as a retained `CVPixelBufferRef`.
    fn copy_pixel_buffer(&self) -> Result<*mut c_void, PrintcamStatus> {
        let frame = self.take().ok_or(PrintcamStatus::NoPicture)?;
        if let Some(decoded) = frame.surface().and_then(|surface| surface.downcast_ref::<PixelBuffer>()) {
            return Ok(decoded.retained());
        }
        // The embedded decoder's: one copy into a buffer that the engine can show.
        let mut pool = lock(&self.pixel_buffers);
        let copied = pool.get_or_insert_with(PixelBufferPool::new).pixel_buffer(&frame);
        copied.map(|copied| copied.retained()).map_err(|_| PrintcamStatus::NoPicture)
    }
}

/// The newest picture as a `CVPixelBufferRef` that the caller releases; null if there is none that was not taken yet, and
/// for a handle that is over.
#[unsafe(no_mangle)]
pub extern "C" fn printcam_texture_copy_pixel_buffer(texture: PrintcamTexture) -> *mut c_void {
    let mut taken = ptr::null_mut();
    guarded(|| {
        taken = TABLE.find::<Texture>(texture)?.copy_pixel_buffer()?;
        Ok(())
    });
    taken
}
