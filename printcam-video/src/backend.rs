//! The decoders there are.

mod gate;
#[cfg(feature = "libavcodec")]
mod libavcodec;
mod rusty_h264;
#[cfg(test)]
mod tests;

#[cfg(feature = "libavcodec")]
pub use libavcodec::Libavcodec;
pub use rusty_h264::RustyH264;
