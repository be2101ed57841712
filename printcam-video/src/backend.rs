//! The decoders there are.

mod by_coding;
#[cfg(any(test, feature = "libavcodec", target_os = "android", target_vendor = "apple", windows))]
mod checked_sps;
mod fallback;
mod gate;
#[cfg(any(test, target_vendor = "apple"))]
mod hardware;
mod jpeg;
#[cfg(feature = "libavcodec")]
mod libavcodec;
#[cfg(target_os = "android")]
mod mediacodec;
// The system's interface is COM.
#[cfg(windows)]
#[allow(unsafe_code)]
mod media_foundation;
#[cfg(any(target_os = "android", test))]
mod onto_surface;
mod rusty_h264;
#[cfg(any(feature = "libavcodec", target_os = "android", windows, test))]
mod slice_header;
#[cfg(test)]
mod tests;
// The system's frameworks have a C interface.
#[cfg(target_vendor = "apple")]
#[allow(unsafe_code)]
mod videotoolbox;
#[cfg(any(feature = "libavcodec", windows, test))]
mod waiting;

pub use fallback::Fallback;
pub use jpeg::JpegDecoder;
#[cfg(feature = "libavcodec")]
pub use libavcodec::Libavcodec;
#[cfg(windows)]
pub use media_foundation::MediaFoundation;
#[cfg(target_os = "android")]
pub use mediacodec::MediaCodecSurface;
pub use rusty_h264::RustyH264;
#[cfg(target_vendor = "apple")]
pub use videotoolbox::{PixelBuffer, PixelBufferPool, VideoToolbox};

/// The fastest decoder there is in this build: the platform's own on Apple's and Windows, with another behind it for where
/// it does not work; elsewhere libavcodec with that feature, else the embedded one. JPEGs go to [`JpegDecoder`].
pub fn fastest_decoder() -> Box<dyn crate::Decoder> {
    Box::new(by_coding::ByCoding::new(fastest_h264_decoder))
}

fn fastest_h264_decoder() -> Box<dyn crate::Decoder> {
    #[cfg(target_vendor = "apple")]
    return Box::new(Fallback::new(VideoToolbox::new(), Software::new()));
    #[cfg(windows)]
    return Box::new(Fallback::new(MediaFoundation::new(), Software::new()));
    #[cfg(not(any(target_vendor = "apple", windows)))]
    Box::new(Software::new())
}

#[cfg(feature = "libavcodec")]
type Software = Libavcodec;
#[cfg(not(feature = "libavcodec"))]
type Software = RustyH264;
