//! The default decoder: rusty_h264, pure Rust, behind limits of our own.
//!
//! The decoder is young. It does not survive a stream joined in the middle, trusts some lengths it reads, and knows
//! no loss; [`Gate`] keeps all that from it, and what it is given is checked field by field.

mod vet;

use bytes::Bytes;
use printcam_proto::h264::{ParameterSets, Sps};
use rusty_h264_common::YuvFrame;

use self::vet::Vetted;
use super::gate::{self, Gate};
use crate::sps_rewrite::without_crop;
use crate::{AccessUnit, ColorRange, DecodeError, Decoder, Frame, Plane};

/// Software decoder for 8-bit 4:2:0 progressive H.264 up to 4096x2304: Baseline, Main, High, one slice or many.
///
/// Pictures come in decoding order; streams with B-frames need sorting by the caller, and no printer sends any.
#[derive(Debug)]
pub struct RustyH264 {
    gate: Gate<Engine>,
}

impl RustyH264 {
    /// A decoder that waits for its first key frame.
    pub fn new() -> Self {
        Self { gate: Gate::new() }
    }
}

impl Default for RustyH264 {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder for RustyH264 {
    fn decode(&mut self, access_unit: &AccessUnit) -> Result<Option<Frame>, DecodeError> {
        self.gate.decode(access_unit)
    }
}

/// The decoder proper and the parameter sets it has been given.
struct Engine {
    decoder: rusty_h264_decoder::Decoder,
    vetted: Vetted,
    pps: Vec<Bytes>,
}

impl gate::Engine for Engine {
    fn new(sps: &Bytes) -> Result<Self, DecodeError> {
        let vetted = Vetted::sps(sps)?;
        // It would copy each picture to cut the right and the bottom edge, and it ignores the others.
        let uncropped = without_crop(sps).ok_or(DecodeError::Damaged)?;
        let mut decoder = rusty_h264_decoder::Decoder::new();
        give(&mut decoder, &uncropped)?;
        Ok(Self { decoder, vetted, pps: Vec::new() })
    }

    fn decode(&mut self, access_unit: &AccessUnit, sets: &ParameterSets) -> Result<Option<Frame>, DecodeError> {
        self.set_pps(&sets.pps)?;
        let mut decoded = None;
        for slice in gate::slices(access_unit) {
            self.vetted.check_slice(slice.payload())?;
            decoded = self.decoder.decode(slice.with_start_code).map_err(error)?.or(decoded);
        }
        // A picture still under assembly would swallow the next one.
        self.frame(decoded.ok_or(DecodeError::Incomplete)?, access_unit, &sets.info).map(Some)
    }
}

impl Engine {
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

    /// Takes the planes over without copying: the crop is where they begin.
    fn frame(&self, decoded: YuvFrame, access_unit: &AccessUnit, info: &Sps) -> Result<Frame, DecodeError> {
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
            if info.full_range { ColorRange::Full } else { ColorRange::Limited },
            info.matrix,
            access_unit.timestamp,
            access_unit.received_at,
        )
        .map_err(|_| DecodeError::Broken)
    }
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
