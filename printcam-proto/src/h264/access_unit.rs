//! An access unit: the coded form of one picture (H.264 §3.1, RFC 6184 §5.1).
//!
//! Cameras that send JPEG have theirs carried by the same type, so that whoever passes pictures on need not know which
//! they are.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use super::nal_unit::{self, START_CODE};
use super::{NalUnitType, NalUnits, ParameterSets};

/// One coded picture, complete and reference-counted; cloning it copies no media.
#[derive(Debug, Clone)]
pub struct AccessUnit {
    /// Presentation time in RTP ticks (90 kHz) since the first access unit of the session; never runs backwards.
    pub timestamp: u64,
    /// When its last packet arrived.
    pub received_at: Instant,
    /// Whether decoding can start here: it holds an IDR picture (`nal_unit_type` 5), or is a JPEG.
    pub key_frame: bool,
    /// Media was lost between the previous access unit and this one; a decoder that shows only true pictures waits
    /// for the next key frame.
    pub discontinuity: bool,
    /// How it is coded, and what a decoder has to know before it.
    pub coding: Coding,
    /// Of H.264 the NAL units as received, each behind a four-byte start code (Annex B), parameter sets only if sent in
    /// band. Of JPEG the file as the camera made it.
    pub data: Bytes,
}

/// How a picture is coded.
#[derive(Debug, Clone)]
pub enum Coding {
    /// H.264, with the parameter sets in force. The same `Arc` as before as long as they are equal.
    H264(Arc<ParameterSets>),
    /// A JPEG file: the cameras on port 6000 send nothing else. Each is a key frame.
    Jpeg {
        /// Width in pixels, as its frame header says.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
}

impl Coding {
    /// Width and height of the visible picture, in luma samples.
    #[must_use]
    pub fn size(&self) -> (u32, u32) {
        match self {
            Self::H264(sets) => (sets.info.width, sets.info.height),
            Self::Jpeg { width, height } => (*width, *height),
        }
    }
}

impl AccessUnit {
    /// Width and height of the visible picture, in luma samples.
    #[must_use]
    pub fn size(&self) -> (u32, u32) {
        self.coding.size()
    }

    /// The parameter sets in force; `None` of a JPEG.
    #[must_use]
    pub fn parameter_sets(&self) -> Option<&Arc<ParameterSets>> {
        match &self.coding {
            Coding::H264(sets) => Some(sets),
            Coding::Jpeg { .. } => None,
        }
    }

    /// Its NAL units in order of transmission, without start codes; a JPEG has none.
    #[must_use]
    pub fn nal_units(&self) -> NalUnits<'_> {
        match &self.coding {
            Coding::H264(_) => nal_unit::nal_units(&self.data),
            Coding::Jpeg { .. } => nal_unit::nal_units(&[]),
        }
    }

    /// Appends it to `out` so that a decoder can start with it: a key frame that does not bring its parameter sets in
    /// band gets its [`parameter_sets`](Self::parameter_sets) put before it, behind an access unit delimiter if there is
    /// one. Every start code has four bytes. `out` is not cleared. Nothing is appended of a JPEG.
    pub fn write_annex_b(&self, out: &mut Vec<u8>) {
        let Coding::H264(sets) = &self.coding else { return };
        let mut picture = &self.data[..];
        if self.key_frame && !self.brings_parameter_sets() {
            let mut nal_units = self.nal_units();
            // Nothing may stand before an access unit delimiter (H.264 §7.4.1.2.3).
            if let Some(delimiter) = nal_units.next()
                && NalUnitType::of(delimiter[0]) == NalUnitType::AUD
            {
                let (head, rest) = picture.split_at(START_CODE.len() + delimiter.len());
                out.extend_from_slice(head);
                picture = rest;
            }
            for nal_unit in std::iter::once(&sets.sps).chain(&sets.pps) {
                out.extend_from_slice(&START_CODE);
                out.extend_from_slice(nal_unit);
            }
        }
        out.extend_from_slice(picture);
    }

    /// Whether both an SPS and a PPS stand before its first slice.
    fn brings_parameter_sets(&self) -> bool {
        let (mut sps, mut pps) = (false, false);
        for nal_unit in self.nal_units() {
            match NalUnitType::of(nal_unit[0]) {
                NalUnitType::SPS => sps = true,
                NalUnitType::PPS => pps = true,
                kind if kind.is_slice() => break,
                _ => {}
            }
        }
        sps && pps
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "an access unit needs some instant; nothing depends on which")]
mod tests {
    use super::*;

    /// X1C, KittyCAD/machine-api trace.
    const SPS: &[u8] = &[
        0x67, 0x42, 0xc0, 0x1f, 0x8d, 0x8d, 0x50, 0x24, 0x82, 0xd9, 0x36, 0x40, 0x00, 0x00, 0x03, 0x00, 0x40, 0x00,
        0x00, 0x0f, 0x23, 0xc2, 0x21, 0x1a, 0x80,
    ];
    const PPS: &[u8] = &[0x68, 0xce, 0x31, 0xb2];
    const AUD: &[u8] = &[0x09, 0x10];
    const SEI: &[u8] = &[0x06, 0x05];
    const IDR: &[u8] = &[0x65, 0x88, 0x84];
    const SLICE: &[u8] = &[0x41, 0x9a];

    fn annex_b(nal_units: &[&[u8]]) -> Vec<u8> {
        nal_units.iter().flat_map(|nal_unit| [&START_CODE, *nal_unit].concat()).collect()
    }

    #[test]
    fn parameter_sets_stand_before_every_key_frame() {
        let sets = Arc::new(ParameterSets::new(SPS.to_vec().into(), vec![PPS.to_vec().into()]).unwrap());
        for (received, want) in [
            (&[IDR][..], &[SPS, PPS, IDR][..]),
            (&[AUD, IDR], &[AUD, SPS, PPS, IDR]),
            (&[SEI, IDR, IDR], &[SPS, PPS, SEI, IDR, IDR]),
            (&[SPS, PPS, IDR], &[SPS, PPS, IDR]),
            (&[AUD, SPS, PPS, SEI, IDR], &[AUD, SPS, PPS, SEI, IDR]),
            (&[SPS, IDR], &[SPS, PPS, SPS, IDR]),
            (&[SLICE], &[SLICE]),
            (&[AUD, SLICE, SLICE], &[AUD, SLICE, SLICE]),
        ] {
            let unit = AccessUnit {
                timestamp: 0,
                received_at: Instant::now(),
                key_frame: received.contains(&IDR),
                discontinuity: false,
                coding: Coding::H264(Arc::clone(&sets)),
                data: annex_b(received).into(),
            };
            assert_eq!(unit.nal_units().collect::<Vec<_>>(), received);
            let mut out = vec![0xee];
            unit.write_annex_b(&mut out);
            assert_eq!(out, [vec![0xee], annex_b(want)].concat(), "{received:02x?}");
        }
    }
}
