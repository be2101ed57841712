//! Apple's textures: the decoder's own buffer goes to the engine, which shows it without copying.

use std::ffi::c_void;

use printcam_video::{PixelBuffer, PixelBufferPool};

use super::Texture;
use crate::boundary::{Checked, PrintcamStatus};
use crate::lock;

impl Texture {
    /// The newest picture as a retained `CVPixelBufferRef`.
    pub(super) fn copy_pixel_buffer(&self) -> Checked<*mut c_void> {
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
