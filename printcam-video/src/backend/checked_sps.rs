//! Sequence parameter sets for decoders that do not check them, or only once memory is allocated.

use printcam_proto::h264::{Sps, SpsError};

use super::gate::{MAX_HEIGHT, MAX_WIDTH, check_one_nal_unit, check_size};
use crate::DecodeError;

/// Parses a sequence parameter set, a NAL unit without start code, and refuses pictures that are too large or not
/// 8-bit 4:2:0.
pub(super) fn parse(sps: &[u8]) -> Result<Sps, DecodeError> {
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
