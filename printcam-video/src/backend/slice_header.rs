//! The little of a slice that is read for decoders that are not ours.

use rusty_h264_common::BitReader;
use rusty_h264_common::bit_reader::OutOfData;
use rusty_h264_common::nal::emulation_unprevent;

use super::gate;
use crate::{AccessUnit, DecodeError};

/// What the slices of a picture say together.
#[derive(Debug, Clone, Copy)]
pub(super) struct PictureHeader {
    /// Decoding can start here.
    pub(super) idr: bool,
    /// It may come later than a picture after it.
    pub(super) has_b_slices: bool,
}

impl PictureHeader {
    /// Of an access unit whose picture begins at its beginning; others are [`DecodeError::Incomplete`].
    pub(super) fn read(access_unit: &AccessUnit) -> Result<Self, DecodeError> {
        let mut picture = Self { idr: false, has_b_slices: false };
        let mut first = false;
        for slice in gate::slices(access_unit) {
            let header = SliceHeader::read(slice.payload()).map_err(|OutOfData| DecodeError::Damaged)?;
            picture.idr |= slice.kind() == 5;
            picture.has_b_slices |= header.is_b;
            first |= header.first_mb_in_slice == 0;
        }
        if first { Ok(picture) } else { Err(DecodeError::Incomplete) }
    }
}

/// The first fields of a slice header (H.264 §7.3.3).
struct SliceHeader {
    first_mb_in_slice: u32,
    is_b: bool,
}

impl SliceHeader {
    fn read(nal_unit: &[u8]) -> Result<Self, OutOfData> {
        // Two Exp-Golomb codes of 63 bits at most, with an emulation prevention byte to every two.
        let rbsp = emulation_unprevent(&nal_unit[1..nal_unit.len().min(32)]);
        let mut bits = BitReader::new(&rbsp);
        Ok(Self { first_mb_in_slice: bits.read_ue()?, is_b: bits.read_ue()? % 5 == 1 })
    }
}
