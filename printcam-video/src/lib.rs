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
//! time by the system's own library and needs that library's development files to build. On Windows `MediaFoundation` is
//! Windows's own. All stand behind the same checks.
//!
//! [`KeyFramesOnly`] and [`Timed`] wrap either; [`LatestFrame`] hands the newest picture to any number of viewers.

// Only backends that call the system may have some.
#![deny(unsafe_code)]

mod annex_b;
mod backend;
mod convert;
mod decode_times;
mod decoder;
mod frame;
mod jpeg;
mod key_frames_only;
mod latest_frame;
#[cfg(any(windows, test))]
mod nv12;
#[cfg(any(feature = "libavcodec", windows, test))]
mod pool;
pub mod sps_rewrite;
#[cfg(test)]
mod testing;

#[cfg(feature = "libavcodec")]
pub use backend::Libavcodec;
#[cfg(windows)]
pub use backend::MediaFoundation;
pub use backend::{RustyH264, fastest_decoder};
pub use decode_times::{DecodeTimes, Timed};
pub use decoder::{DecodeError, Decoder};
pub use frame::{ColorMatrix, ColorRange, Frame, FrameError, Plane, PlaneView, Planes};
pub use jpeg::{DEFAULT_QUALITY, JpegError, encode_jpeg};
pub use key_frames_only::KeyFramesOnly;
pub use latest_frame::{Frames, LatestFrame};
pub use printcam_proto::h264::AccessUnit;
