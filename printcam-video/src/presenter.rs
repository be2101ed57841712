//! Whoever turns coded pictures into something seen.

use crate::{AccessUnit, DecodeError};

/// Decodes access units and shows what comes of them: into a slot for viewers, or straight onto a platform's surface,
/// where no [`Frame`](crate::Frame) ever exists.
///
/// What a [`Decoder`](crate::Decoder) promises holds here too: true pictures only, from a key frame on, and from the next
/// one on after a [`discontinuity`](AccessUnit::discontinuity) or an error.
pub trait Presenter: Send + 'static {
    /// Decodes one access unit and shows its picture, unless `show` is off: then it is late, newer ones wait behind it,
    /// and it is decoded because those refer to it. Returns whether a picture was decoded; a platform's decoder may give
    /// that of an earlier access unit.
    ///
    /// May take as long as decoding does: it is called where blocking is allowed.
    ///
    /// # Errors
    /// As [`Decoder::decode`](crate::Decoder::decode). It stays usable.
    fn present(&mut self, access_unit: &AccessUnit, show: bool) -> Result<bool, DecodeError>;
}

impl<P: Presenter + ?Sized> Presenter for Box<P> {
    fn present(&mut self, access_unit: &AccessUnit, show: bool) -> Result<bool, DecodeError> {
        (**self).present(access_unit, show)
    }
}
