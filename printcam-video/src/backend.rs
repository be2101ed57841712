//! The decoders there are.

mod gate;
#[cfg(feature = "libavcodec")]
mod libavcodec;
#[cfg(windows)]
// Calls to the system.
#[allow(unsafe_code)]
mod media_foundation;
mod rusty_h264;
#[cfg(any(feature = "libavcodec", windows))]
mod system;
#[cfg(test)]
mod tests;

#[cfg(feature = "libavcodec")]
pub use libavcodec::Libavcodec;
#[cfg(windows)]
pub use media_foundation::MediaFoundation;
pub use rusty_h264::RustyH264;

/// The fastest decoder there is: libavcodec with that feature, else the system's own where this crate knows it and it
/// is there, else the embedded one.
pub fn fastest_decoder() -> Box<dyn crate::Decoder> {
    #[cfg(feature = "libavcodec")]
    return Box::new(Libavcodec::new());
    #[cfg(all(windows, not(feature = "libavcodec")))]
    match MediaFoundation::new() {
        Ok(decoder) => return Box::new(decoder),
        Err(error) => {
            tracing::info!(target: "printcam::decode", %error, "no decoder of Windows's own, taking the embedded one");
        }
    }
    #[cfg(not(feature = "libavcodec"))]
    Box::new(RustyH264::new())
}
