//! printcam for C, Dart and whatever else calls C. `include/printcam.h` is made from what is here.
//!
//! Rules of the border:
//! - Handles are numbers with a generation; 0 is none. One that is over is refused, and never mistaken for another.
//! - Every pointer has a length beside it. Texts are UTF-8, and lent for the time of a call.
//! - Every function may be called from any thread, callbacks included. None blocks on the network, but
//!   `printcam_dispose_all`.
//! - A call's status speaks of misuse only. What goes wrong with cameras comes as events.
//! - Once stopping or freeing something has returned, no callback for it begins or runs. From inside such a callback:
//!   none but that one, and those that wait for it to end.
//! - No panic crosses: it becomes `Panicked`.
#![deny(unsafe_op_in_unsafe_fn)]

mod address;
mod boundary;
mod capture;
mod dart;
mod event;
mod gate;
mod handle;
mod log;
mod manager;
mod options;
mod request;
mod runtime;
mod sink;
mod statistics;
mod stream;
mod sync;
mod texture;

pub use boundary::{
    PrintcamBuffer, PrintcamStatus, PrintcamText, printcam_buffer_free, printcam_buffer_new, printcam_status_message,
};
pub use event::{PrintcamErrorCode, PrintcamEvent, PrintcamEventKind};
pub use log::{PrintcamLogCallback, printcam_log, printcam_log_to_dart};
pub use manager::{
    PrintcamManager, printcam_dispose_all, printcam_manager_free, printcam_manager_new, printcam_manager_new_for_dart,
};
pub use options::PrintcamOptions;
pub use request::{PrintcamRequest, printcam_request_cancel, printcam_snapshot};
pub use sink::PrintcamCallback;
pub use statistics::PrintcamStatistics;
pub use stream::{
    PrintcamStream, printcam_stream_capture, printcam_stream_frame_events, printcam_stream_start,
    printcam_stream_statistics, printcam_stream_stop,
};
pub use texture::{
    PrintcamFrameAvailable, PrintcamPixels, PrintcamTexture, PrintcamTextureApi, printcam_texture_api,
    printcam_texture_attach, printcam_texture_copy_pixel_buffer, printcam_texture_detach, printcam_texture_pixels,
};

/// The version of this interface. It changes where a program that was compiled for another would go wrong.
pub const PRINTCAM_ABI_VERSION: u32 = 1;

/// `PRINTCAM_ABI_VERSION` of the library that is running.
#[unsafe(no_mangle)]
pub extern "C" fn printcam_abi_version() -> u32 {
    PRINTCAM_ABI_VERSION
}

/// What this crate holds under a lock is whole between any two statements, so that a panic elsewhere does not spoil it.
fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
