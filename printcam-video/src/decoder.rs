//! What a decoder is, and how it fails.

use std::time::Duration;

use printcam_proto::h264::AccessUnit;

use crate::Frame;

/// Turns coded pictures into frames: one access unit in, at most one frame out, in decoding order.
///
/// A decoder shows true pictures only. It starts at a key frame, and after an access unit marked
/// [`discontinuity`](AccessUnit::discontinuity), or after an error, it answers `Ok(None)` until the next one.
pub trait Decoder: Send {
    /// Decodes one access unit.
    ///
    /// `Ok(None)` is "no picture yet": waiting for a key frame, or nothing coded in this access unit.
    ///
    /// # Errors
    ///
    /// When the access unit is damaged, hostile or beyond the decoder. The decoder stays usable and resumes at the
    /// next key frame; an error that comes back at each key frame will not go away by itself.
    fn decode(&mut self, access_unit: &AccessUnit) -> Result<Option<Frame>, DecodeError>;
}

impl<D: Decoder + ?Sized> Decoder for Box<D> {
    fn decode(&mut self, access_unit: &AccessUnit) -> Result<Option<Frame>, DecodeError> {
        (**self).decode(access_unit)
    }
}

/// Why an access unit gave no picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The sequence parameter set announces a picture over the limit; nothing was allocated for it.
    #[error("picture of {width}x{height} is over the limit of {max_width}x{max_height}")]
    PictureTooLarge {
        /// Coded width in luma samples.
        width: u64,
        /// Coded height in luma samples.
        height: u64,
        /// Largest coded width accepted.
        max_width: u64,
        /// Largest coded height accepted.
        max_height: u64,
    },
    /// The sequence parameter set wants more reference pictures than any level allows at this size (H.264 table A-1).
    #[error("{wanted} reference pictures, where a picture of this size may have {allowed}")]
    TooManyReferences {
        /// `max_num_ref_frames`.
        wanted: u32,
        /// The most there may be.
        allowed: u32,
    },
    /// The picture is cut into more slices than the limit.
    #[error("picture in {slices} slices, over the limit of {max_slices}")]
    TooManySlices {
        /// Slices in the access unit.
        slices: usize,
        /// The limit.
        max_slices: usize,
    },
    /// The sequence parameter set changed again less than a second after it last changed.
    #[error("sequence parameter set changed twice within {since_last:?}")]
    ChangesTooFast {
        /// Time since the decoder was last rebuilt for a new one.
        since_last: Duration,
    },
    /// A parameter set holds a value that no stream may hold.
    #[error("parameter set with bad {field}")]
    BadParameterSet {
        /// The syntax element at fault, by its name in H.264.
        field: &'static str,
    },
    /// A slice header holds a value that no stream may hold.
    #[error("slice header with bad {field}")]
    BadSliceHeader {
        /// The syntax element at fault, by its name in H.264.
        field: &'static str,
    },
    /// A slice refers to a parameter set that is not in force.
    #[error("slice without its parameter set")]
    MissingParameterSet,
    /// The slices do not cover the picture.
    #[error("picture is not complete")]
    Incomplete,
    /// The coded data ends early or contradicts itself.
    #[error("coded picture is damaged")]
    Damaged,
    /// The stream uses something this decoder cannot do, or damage that looks like it.
    #[error("not supported by this decoder: {feature}")]
    Unsupported {
        /// What it was, in the decoder's words.
        feature: &'static str,
    },
    /// The system's decoder failed, or there is none.
    #[error("the system's decoder failed (code {code:#x})")]
    Platform {
        /// The system's own number for it: a HRESULT on Windows.
        code: i32,
    },
    /// The decoder broke on this access unit, by an error of its own or a panic; it has been replaced.
    #[error("the decoder broke and was replaced")]
    Broken,
}
