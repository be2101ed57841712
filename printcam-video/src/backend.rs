//! The decoders there are.

#[cfg(any(test, feature = "libavcodec", target_vendor = "apple"))]
mod checked_sps;
mod fallback;
mod gate;
#[cfg(any(test, target_vendor = "apple"))]
mod hardware;
#[cfg(feature = "libavcodec")]
mod libavcodec;
mod rusty_h264;
#[cfg(test)]
mod tests;
// The system's frameworks have a C interface.
#[cfg(target_vendor = "apple")]
#[allow(unsafe_code)]
mod videotoolbox;

pub use fallback::Fallback;
#[cfg(feature = "libavcodec")]
pub use libavcodec::Libavcodec;
pub use rusty_h264::RustyH264;
#[cfg(target_vendor = "apple")]
pub use videotoolbox::{PixelBuffer, PixelBufferPool, VideoToolbox};

/// The fastest decoder there is in this build: VideoToolbox on Apple's platforms, with another behind it for devices
/// where it does not work; elsewhere libavcodec with that feature, else the embedded one.
pub fn fastest_decoder() -> Box<dyn crate::Decoder> {
    #[cfg(target_vendor = "apple")]
    return Box::new(Fallback::new(VideoToolbox::new(), Software::new()));
    #[cfg(not(target_vendor = "apple"))]
    Box::new(Software::new())
}

#[cfg(feature = "libavcodec")]
type Software = Libavcodec;
#[cfg(not(feature = "libavcodec"))]
type Software = RustyH264;
