//! The texture functions by address, for platform code that cannot link this library.
//!
//! A Flutter plugin's platform code is built apart from the library that Dart loads, and on some platforms the two cannot
//! be linked. So Dart hands this table's address over a channel.

use std::ffi::c_void;

use super::{
    PrintcamFrameAvailable, PrintcamPixels, PrintcamTexture, printcam_texture_attach,
    printcam_texture_copy_pixel_buffer, printcam_texture_detach, printcam_texture_pixels,
};
use crate::PRINTCAM_ABI_VERSION;
use crate::boundary::PrintcamStatus;
use crate::stream::PrintcamStream;

/// The functions of the same names. Only the first field may be read before it is known to be the version compiled for.
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "each is documented as a function")]
pub struct PrintcamTextureApi {
    /// [`PRINTCAM_ABI_VERSION`].
    pub abi_version: u32,
    pub texture_attach: unsafe extern "C" fn(
        stream: PrintcamStream,
        frame_available: PrintcamFrameAvailable,
        user: *mut c_void,
        texture: *mut PrintcamTexture,
    ) -> PrintcamStatus,
    pub texture_detach: extern "C" fn(texture: PrintcamTexture) -> PrintcamStatus,
    pub texture_pixels: unsafe extern "C" fn(texture: PrintcamTexture, pixels: *mut PrintcamPixels) -> PrintcamStatus,
    pub texture_copy_pixel_buffer: extern "C" fn(texture: PrintcamTexture) -> *mut c_void,
}

static API: PrintcamTextureApi = PrintcamTextureApi {
    abi_version: PRINTCAM_ABI_VERSION,
    texture_attach: printcam_texture_attach,
    texture_detach: printcam_texture_detach,
    texture_pixels: printcam_texture_pixels,
    texture_copy_pixel_buffer: printcam_texture_copy_pixel_buffer,
};

/// The table, which stays for as long as the library is loaded.
#[unsafe(no_mangle)]
pub extern "C" fn printcam_texture_api() -> *const PrintcamTextureApi {
    &raw const API
}
