//! What every backend is behind: it sees only what it can decode truly.
//!
//! ```text
//!            key frame                     damage, panic, loss, changed SPS
//!  waiting ------------> decoding ----------------------------------------> waiting
//!     | other: Ok(None)     | picture: Ok(Some(frame))
//! ```
//!
//! Parameter sets in the byte stream are not passed on: those in force come with each access unit, and are compared.
//! An engine lives as long as its sequence parameter set, and no longer than its first error.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use bytes::Bytes;
use printcam_proto::h264::{AccessUnit, Coding, ParameterSets};

use crate::annex_b::{NalUnit, holds_start_code, nal_units};
use crate::{DecodeError, Frame};

/// A decoder proper, made for one sequence parameter set.
pub(super) trait Engine: Sized {
    /// Checks a sequence parameter set, a NAL unit without start code, and gets ready for its pictures.
    fn new(sps: &Bytes) -> Result<Self, DecodeError>;

    /// Decodes an access unit that has slices and whose sequence parameter set is that of the engine. The first one
    /// is a key frame, and none before it is missing. After an error or a panic the engine is not used again.
    fn decode(&mut self, access_unit: &AccessUnit, sets: &ParameterSets) -> Result<Option<Frame>, DecodeError>;
}

/// An engine and the state that outlives it.
pub(super) struct Gate<E> {
    /// Absent before the first key frame and after an error.
    engine: Option<Box<E>>,
    /// The sequence parameter set of the last engine; kept when that is gone, to notice changes.
    sps: Bytes,
    /// When an engine last had to make way for another sequence parameter set.
    rebuilt_at: Option<Instant>,
    decoding: bool,
}

impl<E: Engine> Gate<E> {
    /// [`Decoder::decode`](crate::Decoder::decode) for every backend that gives frames.
    pub(super) fn decode(&mut self, access_unit: &AccessUnit) -> Result<Option<Frame>, DecodeError> {
        self.decode_by(access_unit, |sets| E::new(&sets.sps), E::decode)
    }
}

impl<E> Gate<E> {
    pub(super) fn new() -> Self {
        Self { engine: None, sps: Bytes::new(), rebuilt_at: None, decoding: false }
    }

    /// The same for engines of any kind: `new` and `decode` are what [`Engine`] says of them.
    pub(super) fn decode_by<P>(
        &mut self,
        access_unit: &AccessUnit,
        new: impl FnOnce(&ParameterSets) -> Result<E, DecodeError>,
        decode: impl FnOnce(&mut E, &AccessUnit, &ParameterSets) -> Result<Option<P>, DecodeError>,
    ) -> Result<Option<P>, DecodeError> {
        let Coding::H264(sets) = &access_unit.coding else {
            return Err(DecodeError::Unsupported { feature: "pictures that are not H.264" });
        };
        if access_unit.discontinuity {
            self.decoding = false;
        }
        let content = Content::of(&access_unit.data);
        let key_frame = access_unit.key_frame && content.idr;
        if !self.decoding && !key_frame || content.slices == 0 {
            return Ok(None);
        }
        if self.engine.is_some() && self.sps != sets.sps && !key_frame {
            // Only a key frame may change it (H.264 §7.4.1.2.1).
            self.decoding = false;
            return Ok(None);
        }
        let result = self.decode_coded(access_unit, sets, content, new, decode);
        self.decoding = result.is_ok();
        if let Err(error) = &result {
            tracing::debug!(target: "printcam::decode", %error, key_frame, "decoder dropped, waiting for a key frame");
        }
        result
    }

    fn decode_coded<P>(
        &mut self,
        access_unit: &AccessUnit,
        sets: &ParameterSets,
        content: Content,
        new: impl FnOnce(&ParameterSets) -> Result<E, DecodeError>,
        decode: impl FnOnce(&mut E, &AccessUnit, &ParameterSets) -> Result<Option<P>, DecodeError>,
    ) -> Result<Option<P>, DecodeError> {
        if content.slices > MAX_SLICES {
            return Err(DecodeError::TooManySlices { slices: content.slices, max_slices: MAX_SLICES });
        }
        if content.partitioned {
            return Err(DecodeError::Unsupported { feature: "data partitioning" });
        }
        let mut engine = self.engine_for(access_unit, sets, new)?;
        // The engine goes in and comes back only if it has not failed; what a failed one leaves behind is not to be
        // trusted.
        let (engine, picture) = guarded(move || {
            let picture = decode(&mut engine, access_unit, sets)?;
            Ok((engine, picture))
        })?;
        self.engine = Some(engine);
        Ok(picture)
    }

    /// The engine we have, if it was built for this sequence parameter set, or a new one.
    fn engine_for(
        &mut self,
        access_unit: &AccessUnit,
        sets: &ParameterSets,
        new: impl FnOnce(&ParameterSets) -> Result<E, DecodeError>,
    ) -> Result<Box<E>, DecodeError> {
        let engine = self.engine.take();
        let changed = self.sps != sets.sps;
        // The old one goes before a new one comes: a surface has room for one.
        if let Some(engine) = engine.filter(|_| !changed) {
            return Ok(engine);
        }
        let rebuild = changed && !self.sps.is_empty();
        if rebuild
            && let Some(since_last) = self.rebuilt_at.map(|at| access_unit.received_at.saturating_duration_since(at))
            && since_last < REBUILD_INTERVAL
        {
            return Err(DecodeError::ChangesTooFast { since_last });
        }
        let engine = guarded(|| new(sets).map(Box::new))?;
        if changed {
            self.sps = sets.sps.clone();
        }
        if rebuild {
            self.rebuilt_at = Some(access_unit.received_at);
        }
        Ok(engine)
    }
}

/// For engines that are bound to a surface.
#[cfg(any(target_os = "android", test))]
impl<E> Gate<E> {
    /// Does without an engine up to the next key frame.
    pub(super) fn close(&mut self) {
        self.engine = None;
        self.decoding = false;
    }

    /// The engine, if there is one at present.
    pub(super) fn engine(&self) -> Option<&E> {
        self.engine.as_deref()
    }
}

impl<E> std::fmt::Debug for Gate<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate").field("decoding", &self.decoding).finish_non_exhaustive()
    }
}

/// What kinds of NAL units an access unit holds.
#[derive(Debug, Clone, Copy, Default)]
struct Content {
    slices: usize,
    idr: bool,
    partitioned: bool,
}

impl Content {
    fn of(data: &[u8]) -> Self {
        let mut content = Self::default();
        for nal_unit in nal_units(data) {
            let partition = (2..=4).contains(&nal_unit.kind());
            content.slices += usize::from(is_slice(nal_unit) || partition);
            content.idr |= nal_unit.kind() == 5;
            content.partitioned |= partition;
        }
        content
    }
}

/// The coded slices of an access unit.
pub(super) fn slices(access_unit: &AccessUnit) -> impl Iterator<Item = NalUnit<'_>> {
    nal_units(&access_unit.data).filter(|nal_unit| is_slice(*nal_unit))
}

/// Whether an access unit can be decoded without any before it.
#[cfg(any(test, target_vendor = "apple"))]
pub(super) fn is_key_frame(access_unit: &AccessUnit) -> bool {
    access_unit.key_frame && Content::of(&access_unit.data).idr
}

/// Whether one of the slices begins at the top left corner: `first_mb_in_slice` 0 is a single bit (H.264 §7.3.3, §9.1).
#[cfg(any(test, target_vendor = "apple"))]
pub(super) fn has_first_macroblock(access_unit: &AccessUnit) -> bool {
    slices(access_unit).any(|slice| slice.payload().get(1).is_some_and(|header| header & 0x80 != 0))
}

/// A coded slice, of an IDR picture or not (H.264 table 7-1).
pub(super) fn is_slice(nal_unit: NalUnit<'_>) -> bool {
    matches!(nal_unit.kind(), 1 | 5)
}

/// Refuses a parameter set that would be read as several NAL units behind a start code, of which only one was checked.
pub(super) fn check_one_nal_unit(parameter_set: &[u8]) -> Result<(), DecodeError> {
    if holds_start_code(parameter_set) {
        return Err(DecodeError::BadParameterSet { field: "nal_unit" });
    }
    Ok(())
}

/// Refuses pictures over the limits: their size in macroblocks, and how many are kept as references.
pub(super) fn check_size(columns: u64, rows: u64, references: u32) -> Result<(), DecodeError> {
    let (width, height) = (columns * 16, rows * 16);
    if width > MAX_WIDTH || height > MAX_HEIGHT {
        return Err(DecodeError::PictureTooLarge { width, height, max_width: MAX_WIDTH, max_height: MAX_HEIGHT });
    }
    let allowed = (MAX_DPB_MACROBLOCKS / (columns * rows)).min(16) as u32;
    if references > allowed {
        return Err(DecodeError::TooManyReferences { wanted: references, allowed });
    }
    Ok(())
}

/// Runs a decoder's code, which may panic on hostile input.
pub(super) fn guarded<T>(decode: impl FnOnce() -> Result<T, DecodeError>) -> Result<T, DecodeError> {
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or(Err(DecodeError::Broken))
}

/// Largest coded picture: 4096x2304 is level 5.1's widest common format and four times what any printer sends.
pub(super) const MAX_WIDTH: u64 = 4096;
/// See [`MAX_WIDTH`].
pub(super) const MAX_HEIGHT: u64 = 2304;

/// `MaxDpbMbs` of levels 5.1 and 5.2 (H.264 table A-1): macroblocks that all reference pictures may have together.
const MAX_DPB_MACROBLOCKS: u64 = 184_320;

/// One slice per 1400-byte packet gives 130 for a key frame of 180 KB, one per macroblock row gives 144 for the
/// tallest picture we take. Four times that is nobody's camera: each slice may cost as much as a whole picture.
pub(super) const MAX_SLICES: usize = 512;

/// Buffers for a new size cost tens of megabytes; a stream that changes its size at each key frame is hostile.
pub(super) const REBUILD_INTERVAL: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
