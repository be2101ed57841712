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

/// The fastest decoder there is in this build: libavcodec with that feature, else the embedded one.
pub fn fastest_decoder() -> Box<dyn crate::Decoder> {
    #[cfg(feature = "libavcodec")]
    return Box::new(Libavcodec::new());
    #[cfg(not(feature = "libavcodec"))]
    Box::new(RustyH264::new())
}
