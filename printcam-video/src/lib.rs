//! From coded pictures to planes and JPEG: decoders, frames, and nothing of networks.
//!
//! A [`Decoder`] takes one [`AccessUnit`] and gives at most one [`Frame`], with no delay of its own. A [`Frame`] is
//! reference-counted planes that remember their colours; [`encode_jpeg`] makes a file of it.
//!
//! ```no_run
//! # fn example(access_unit: printcam_video::AccessUnit) -> Result<(), Box<dyn std::error::Error>> {
//! use printcam_video::{Decoder, RustyH264, encode_jpeg};
//!
//! let mut decoder = RustyH264::new();
//! if let Some(frame) = decoder.decode(&access_unit)? {
//!     std::fs::write("printer.jpg", encode_jpeg(&frame, printcam_video::DEFAULT_QUALITY)?)?;
//! }
//! # Ok(()) }
//! ```
//!
//! [`RustyH264`] is pure Rust and always there. The feature `libavcodec` adds `Libavcodec`, which takes about 0.7 of its
//! time by the system's own library and needs that library's development files to build. Where a platform has a decoder of
//! its own there are `VideoToolbox`, whose frames stay in the memory of the graphics (see [`Surface`]), `MediaFoundation`,
//! and `MediaCodecSurface`. All stand behind the same checks.
//!
//! [`JpegDecoder`] is for the cameras that send JPEG; [`fastest_decoder`] takes either coding.
//!
//! [`Fallback`] puts one decoder behind another, [`KeyFramesOnly`] and [`Timed`] wrap any; [`LatestFrame`] hands the newest
//! picture to any number of viewers.

// Not forbidden: the decoders of platforms are called through C, each in a module that allows it for itself.
#![deny(unsafe_code)]

mod annex_b;
#[cfg(any(test, target_vendor = "apple"))]
mod avcc;
mod backend;
mod convert;
mod decode_times;
mod decoder;
mod frame;
mod jpeg;
mod key_frames_only;
mod latest_frame;
#[cfg(any(test, target_vendor = "apple", windows))]
mod nv12;
#[cfg(any(test, feature = "libavcodec", target_vendor = "apple", windows))]
mod pool;
mod presenter;
mod rgba;
pub mod sps_rewrite;
mod surface;
#[cfg(test)]
mod testing;

#[cfg(feature = "libavcodec")]
pub use backend::Libavcodec;
#[cfg(target_os = "android")]
pub use backend::MediaCodecSurface;
#[cfg(windows)]
pub use backend::MediaFoundation;
pub use backend::{Fallback, JpegDecoder, RustyH264, fastest_decoder};
#[cfg(target_vendor = "apple")]
pub use backend::{PixelBuffer, PixelBufferPool, VideoToolbox};
pub use decode_times::{DecodeTimes, Timed};
pub use decoder::{DecodeError, Decoder};
pub use frame::{ColorMatrix, ColorRange, Frame, FrameError, Plane, PlaneView, Planes};
pub use jpeg::{DEFAULT_QUALITY, JpegError, encode_jpeg};
pub use key_frames_only::KeyFramesOnly;
pub use latest_frame::{Frames, LatestFrame};
/// A window of Android, as [`MediaCodecSurface`] takes it.
#[cfg(target_os = "android")]
pub use ndk::native_window::NativeWindow;
pub use presenter::Presenter;
pub use printcam_proto::h264::{AccessUnit, Coding};
pub use rgba::{rgba_len, write_rgba};
pub use surface::Surface;
