//! The decoders there are.

#[cfg(any(feature = "libavcodec", target_os = "android", test))]
mod checked_sps;
mod gate;
#[cfg(feature = "libavcodec")]
mod libavcodec;
#[cfg(target_os = "android")]
mod mediacodec;
#[cfg(any(target_os = "android", test))]
mod onto_surface;
mod rusty_h264;
#[cfg(any(feature = "libavcodec", target_os = "android", test))]
mod slice_header;
#[cfg(test)]
mod tests;

#[cfg(feature = "libavcodec")]
pub use libavcodec::Libavcodec;
#[cfg(target_os = "android")]
pub use mediacodec::MediaCodecSurface;
pub use rusty_h264::RustyH264;

/// The fastest decoder there is in this build: libavcodec with that feature, else the embedded one.
pub fn fastest_decoder() -> Box<dyn crate::Decoder> {
    #[cfg(feature = "libavcodec")]
    return Box::new(Libavcodec::new());
    #[cfg(not(feature = "libavcodec"))]
    Box::new(RustyH264::new())
}
