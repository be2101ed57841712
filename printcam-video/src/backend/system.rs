//! What the system's decoders share, whatever system it is: checks before they see a stream, and whose picture is whose.

use std::collections::VecDeque;
use std::time::Instant;

use printcam_proto::h264::{Sps, SpsError};
use rusty_h264_common::BitReader;
use rusty_h264_common::bit_reader::OutOfData;
use rusty_h264_common::nal::emulation_unprevent;

use super::gate::{MAX_HEIGHT, MAX_WIDTH, check_one_nal_unit, check_size};
use crate::{AccessUnit, DecodeError};

/// Reads a sequence parameter set and refuses one that is over the limits or no 8-bit 4:2:0 video.
pub(super) fn checked_sps(sps: &[u8]) -> Result<Sps, DecodeError> {
    check_one_nal_unit(sps)?;
    let info = Sps::parse(sps).map_err(refused)?;
    let macroblocks = |samples: u32| u64::from(samples / 16);
    check_size(macroblocks(info.coded_width), macroblocks(info.coded_height), info.reference_frames)?;
    if (info.chroma_format_idc, info.bit_depth_luma, info.bit_depth_chroma) != (1, 8, 8) {
        return Err(DecodeError::Unsupported { feature: "chroma format or bit depth" });
    }
    Ok(info)
}

fn refused(error: SpsError) -> DecodeError {
    match error {
        SpsError::TooLarge { width, height } => {
            DecodeError::PictureTooLarge { width, height, max_width: MAX_WIDTH, max_height: MAX_HEIGHT }
        }
        SpsError::OutOfRange { field, .. } => DecodeError::BadParameterSet { field },
        SpsError::CroppedAway { .. } => DecodeError::BadParameterSet { field: "frame_crop_offset" },
        _ => DecodeError::Damaged,
    }
}

/// The first fields of a slice header (H.264 §7.3.3).
pub(super) struct SliceHeader {
    pub(super) first_mb_in_slice: u32,
    pub(super) is_b: bool,
}

impl SliceHeader {
    pub(super) fn read(nal_unit: &[u8]) -> Result<Self, OutOfData> {
        // Two Exp-Golomb codes of 63 bits at most, with an emulation prevention byte to every two.
        let rbsp = emulation_unprevent(&nal_unit[1..nal_unit.len().min(32)]);
        let mut bits = BitReader::new(&rbsp);
        Ok(Self { first_mb_in_slice: bits.read_ue()?, is_b: bits.read_ue()? % 5 == 1 })
    }
}

/// The pictures on their way through a decoder, by number.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pictures: VecDeque<Picture>,
    next: i64,
}

/// What a decoder does not carry, or not without loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Picture {
    number: i64,
    /// [`AccessUnit::timestamp`].
    pub(super) timestamp: u64,
    /// [`AccessUnit::received_at`].
    pub(super) received_at: Instant,
}

impl Waiting {
    /// Remembers an access unit that the decoder is about to get, and gives its number: 0 for the first, then 1.
    pub(super) fn push(&mut self, access_unit: &AccessUnit) -> i64 {
        let number = self.next;
        self.next += 1;
        let (timestamp, received_at) = (access_unit.timestamp, access_unit.received_at);
        self.pictures.push_back(Picture { number, timestamp, received_at });
        if self.pictures.len() > MAX_WAITING {
            self.pictures.pop_front();
        }
        number
    }

    /// The picture of that number, which the decoder has given.
    pub(super) fn take(&mut self, number: i64) -> Option<Picture> {
        let at = self.pictures.iter().position(|picture| picture.number == number)?;
        self.pictures.remove(at)
    }

    /// Whether the picture of that number has not come yet.
    #[cfg(any(windows, test))]
    pub(super) fn contains(&self, number: i64) -> bool {
        self.pictures.iter().any(|picture| picture.number == number)
    }

    /// Forgets them; numbers go on.
    #[cfg(feature = "libavcodec")]
    pub(super) fn clear(&mut self) {
        self.pictures.clear();
    }
}

/// Over the 16 pictures that any stream may have waiting for display (H.264 §A.3.1), with one to spare. Of pictures
/// that never come out, this many are remembered.
pub(super) const MAX_WAITING: usize = 17;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::encode;

    #[test]
    fn pictures_are_found_by_number_and_forgotten_in_the_end() {
        let clip = encode("96x80", "-profile:v main");
        let mut waiting = Waiting::default();
        for (index, access_unit) in clip.access_units.iter().enumerate() {
            assert_eq!(waiting.push(access_unit), index as i64);
        }
        let timestamp = |picture: Option<Picture>| picture.map(|picture| picture.timestamp);
        let of = |index: usize| Some(clip.access_units[index].timestamp);
        assert_eq!(timestamp(waiting.take(3)), of(3));
        assert_eq!(timestamp(waiting.take(3)), None);
        assert!(waiting.contains(2) && !waiting.contains(3));
        for access_unit in clip.access_units.iter().cycle().take(MAX_WAITING) {
            waiting.push(access_unit);
        }
        assert_eq!((waiting.pictures.len(), waiting.contains(7)), (MAX_WAITING, false));
    }
}
