//! The default decoder: rusty_h264, pure Rust, behind limits of our own.
//!
//! The decoder is young. It does not survive a stream joined in the middle, trusts some lengths it reads, and knows
//! no loss. So this wrapper lets it see only what it can decode truly:
//!
//! ```text
//!            key frame                     damage, panic, loss, changed SPS
//!  waiting ------------> decoding ----------------------------------------> waiting
//!     | other: Ok(None)     | picture: Ok(Some(frame))
//! ```
//!
//! Parameter sets in the byte stream are not passed on: those in force come with each access unit, and are checked,
//! compared and given to the decoder only when they differ.

mod vet;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use bytes::Bytes;
use printcam_proto::h264::AccessUnit;
use rusty_h264_common::YuvFrame;

use self::vet::{Colors, MAX_SLICES, Vetted};
use crate::annex_b::{NalUnit, nal_units};
use crate::{ColorRange, DecodeError, Decoder, Frame, Plane};

/// Software decoder for 8-bit 4:2:0 progressive H.264 up to 4096x2304: Baseline, Main, High, one slice or many.
///
/// Pictures come in decoding order; streams with B-frames need sorting by the caller, and no printer sends any.
#[derive(Default)]
pub struct RustyH264 {
    /// Absent before the first key frame and after an error.
    engine: Option<Box<Engine>>,
    /// The sequence parameter set of the last engine; kept when that is gone, to notice changes.
    sps: Bytes,
    /// When an engine last had to make way for another sequence parameter set.
    rebuilt_at: Option<Instant>,
    decoding: bool,
}

impl RustyH264 {
    /// A decoder that waits for its first key frame.
    pub fn new() -> Self {
        Self::default()
    }

    fn decode_picture(&mut self, picture: &CodedPicture<'_>) -> Result<Option<Frame>, DecodeError> {
        if picture.discontinuity {
            self.decoding = false;
        }
        let content = Content::of(picture.data);
        let key_frame = picture.key_frame && content.idr;
        if !self.decoding && !key_frame || content.slices == 0 {
            return Ok(None);
        }
        if self.engine.is_some() && *self.sps != *picture.sps && !key_frame {
            // Only a key frame may change it (H.264 §7.4.1.2.1).
            self.decoding = false;
            return Ok(None);
        }
        let result = self.decode_coded(picture, content);
        self.decoding = result.is_ok();
        if let Err(error) = &result {
            tracing::debug!(target: "printcam::decode", %error, key_frame, "decoder dropped, waiting for a key frame");
        }
        result.map(Some)
    }

    fn decode_coded(&mut self, picture: &CodedPicture<'_>, content: Content) -> Result<Frame, DecodeError> {
        if content.slices > MAX_SLICES {
            return Err(DecodeError::TooManySlices { slices: content.slices, max_slices: MAX_SLICES });
        }
        if content.partitioned {
            return Err(DecodeError::Unsupported { feature: "data partitioning" });
        }
        let mut engine = self.engine_for(picture)?;
        // The engine goes in and comes back only if it has not failed; what a failed one leaves behind is not to be
        // trusted.
        let (engine, frame) = guarded(move || {
            engine.set_pps(picture.pps)?;
            let frame = engine.decode(picture)?;
            Ok((engine, frame))
        })?;
        self.engine = Some(engine);
        Ok(frame)
    }

    /// The engine we have, if it was built for this sequence parameter set, or a new one.
    fn engine_for(&mut self, picture: &CodedPicture<'_>) -> Result<Box<Engine>, DecodeError> {
        let engine = self.engine.take();
        let changed = *self.sps != *picture.sps;
        if let Some(engine) = engine.filter(|_| !changed) {
            return Ok(engine);
        }
        let rebuild = changed && !self.sps.is_empty();
        if rebuild
            && let Some(since_last) = self.rebuilt_at.map(|at| picture.received_at.saturating_duration_since(at))
            && since_last < REBUILD_INTERVAL
        {
            return Err(DecodeError::ChangesTooFast { since_last });
        }
        let engine = guarded(|| Engine::new(picture.sps).map(Box::new))?;
        if changed {
            self.sps = Bytes::copy_from_slice(picture.sps);
        }
        if rebuild {
            self.rebuilt_at = Some(picture.received_at);
        }
        Ok(engine)
    }
}

impl Decoder for RustyH264 {
    fn decode(&mut self, access_unit: &AccessUnit) -> Result<Option<Frame>, DecodeError> {
        let sets = &*access_unit.parameter_sets;
        self.decode_picture(&CodedPicture {
            data: &access_unit.data,
            key_frame: access_unit.key_frame,
            discontinuity: access_unit.discontinuity,
            sps: &sets.sps,
            pps: &sets.pps,
            colors: Colors { full_range: sets.info.full_range, matrix: sets.info.matrix },
            timestamp: access_unit.timestamp,
            received_at: access_unit.received_at,
        })
    }
}

impl std::fmt::Debug for RustyH264 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RustyH264").field("decoding", &self.decoding).finish_non_exhaustive()
    }
}

/// An access unit as plain values.
struct CodedPicture<'a> {
    data: &'a [u8],
    key_frame: bool,
    discontinuity: bool,
    sps: &'a [u8],
    pps: &'a [Bytes],
    colors: Colors,
    timestamp: u64,
    received_at: Instant,
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
            content.slices += usize::from(is_slice(nal_unit) || (2..=4).contains(&nal_unit.kind()));
            content.idr |= nal_unit.kind() == 5;
            content.partitioned |= (2..=4).contains(&nal_unit.kind());
        }
        content
    }
}

/// The decoder proper and the parameter sets it has been given.
struct Engine {
    decoder: rusty_h264_decoder::Decoder,
    vetted: Vetted,
    pps: Vec<Bytes>,
}

impl Engine {
    fn new(sps: &[u8]) -> Result<Self, DecodeError> {
        let vetted = Vetted::sps(sps)?;
        let mut decoder = rusty_h264_decoder::Decoder::new();
        give(&mut decoder, sps)?;
        Ok(Self { decoder, vetted, pps: Vec::new() })
    }

    /// Gives the decoder those picture parameter sets that it has not got.
    fn set_pps(&mut self, sets: &[Bytes]) -> Result<(), DecodeError> {
        if self.pps == sets {
            return Ok(());
        }
        for pps in sets.iter().filter(|pps| !self.pps.contains(pps)) {
            self.vetted.insert_pps(pps)?;
            give(&mut self.decoder, pps)?;
        }
        self.pps = sets.to_vec();
        Ok(())
    }

    fn decode(&mut self, picture: &CodedPicture<'_>) -> Result<Frame, DecodeError> {
        let mut decoded = None;
        for slice in nal_units(picture.data).filter(|nal_unit| is_slice(*nal_unit)) {
            self.vetted.check_slice(slice.payload())?;
            decoded = self.decoder.decode(slice.with_start_code).map_err(error)?.or(decoded);
        }
        // A picture still under assembly would swallow the next one.
        self.frame(decoded.ok_or(DecodeError::Incomplete)?, picture)
    }

    /// Takes the planes over without copying. The decoder has cut the right and bottom edge, and ignores the others.
    fn frame(&self, decoded: YuvFrame, picture: &CodedPicture<'_>) -> Result<Frame, DecodeError> {
        let (width, height) = self.vetted.visible_size();
        let (left, top) = self.vetted.crop_origin();
        let stride = decoded.width;
        let plane = |samples: Vec<u8>, stride: usize, left: usize, top: usize| {
            let samples = Bytes::from(samples);
            let start = (top * stride + left).min(samples.len());
            Plane { data: samples.slice(start..), stride }
        };
        let chroma = |samples: Vec<u8>| plane(samples, stride / 2, left / 2, top / 2);
        Frame::new(
            (width as u32, height as u32),
            [plane(decoded.y, stride, left, top), chroma(decoded.u), chroma(decoded.v)],
            if picture.colors.full_range { ColorRange::Full } else { ColorRange::Limited },
            picture.colors.matrix,
            picture.timestamp,
            picture.received_at,
        )
        .map_err(|_| DecodeError::Broken)
    }
}

/// Runs the decoder's code, which may panic on hostile input.
fn guarded<T>(decode: impl FnOnce() -> Result<T, DecodeError>) -> Result<T, DecodeError> {
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or(Err(DecodeError::Broken))
}

/// A coded slice, of an IDR picture or not (H.264 table 7-1).
fn is_slice(nal_unit: NalUnit<'_>) -> bool {
    matches!(nal_unit.kind(), 1 | 5)
}

/// Gives the decoder one parameter set, a NAL unit without start code.
fn give(decoder: &mut rusty_h264_decoder::Decoder, nal_unit: &[u8]) -> Result<(), DecodeError> {
    let with_start_code = [&[0, 0, 1], nal_unit].concat();
    decoder.decode(&with_start_code).map_err(error).map(|_no_picture| ())
}

fn error(error: rusty_h264_decoder::DecodeError) -> DecodeError {
    use rusty_h264_decoder::DecodeError as Theirs;
    match error {
        Theirs::Truncated => DecodeError::Damaged,
        Theirs::MissingParameterSet => DecodeError::MissingParameterSet,
        Theirs::Unsupported(feature) => DecodeError::Unsupported { feature },
        Theirs::Internal(_) => DecodeError::Broken,
    }
}

/// Buffers for a new size cost tens of megabytes; a stream that changes its size at each key frame is hostile.
const REBUILD_INTERVAL: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
