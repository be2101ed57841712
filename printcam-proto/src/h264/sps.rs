//! The sequence parameter set (ITU-T H.264 §7.3.2.1, Annex E): size, colour and timing of the pictures.

use super::NalUnitType;
use super::bits::{BitReader, BitsError};
use super::parameter_sets::MAX_PARAMETER_SET_LEN;

/// Widest coded picture taken: 4096 of level 5.2, twice what any of these cameras sends. Checked before a decoder
/// allocates for it.
pub const MAX_CODED_WIDTH: u32 = 4096;
/// Tallest coded picture taken, see [`MAX_CODED_WIDTH`].
pub const MAX_CODED_HEIGHT: u32 = 2304;

/// The matrix by which Y'CbCr was made from R'G'B' (H.264 table E-5), as far as cameras use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColorMatrix {
    /// ITU-R BT.601 (`matrix_coefficients` 5 and 6); also assumed for unspecified below 720 lines.
    #[default]
    Bt601,
    /// ITU-R BT.709 (`matrix_coefficients` 1).
    Bt709,
    /// ITU-R BT.2020, non-constant luminance (`matrix_coefficients` 9).
    Bt2020,
}

/// Frames per second as a fraction: `time_scale / (2 * num_units_in_tick)` (H.264 §E.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameRate {
    /// `time_scale`.
    pub numerator: u64,
    /// Twice `num_units_in_tick`; never 0.
    pub denominator: u64,
}

impl FrameRate {
    /// Frames per second.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "both are below 2^33")]
    pub fn per_second(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }
}

/// What a sequence parameter set says about the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sps {
    /// `seq_parameter_set_id`, 0..=31.
    pub id: u8,
    /// `profile_idc`: 66 Baseline, 77 Main, 100 High.
    pub profile_idc: u8,
    /// The `constraint_set` flags byte.
    pub constraint_flags: u8,
    /// `level_idc`: ten times the level, 31 is level 3.1.
    pub level_idc: u8,
    /// `chroma_format_idc`: 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4.
    pub chroma_format_idc: u8,
    /// Bits per luma sample, 8..=14.
    pub bit_depth_luma: u8,
    /// Bits per chroma sample, 8..=14.
    pub bit_depth_chroma: u8,
    /// Width of the cropped picture in luma samples.
    pub width: u32,
    /// Height of the cropped picture in luma samples.
    pub height: u32,
    /// Luma samples cropped on the left of the coded picture.
    pub crop_left: u32,
    /// Luma samples cropped at the top of the coded picture.
    pub crop_top: u32,
    /// Width of the coded picture, a multiple of 16.
    pub coded_width: u32,
    /// Height of the coded picture, a multiple of 16.
    pub coded_height: u32,
    /// Whether every picture is a whole frame (`frame_mbs_only_flag`); false means fields may come.
    pub frame_mbs_only: bool,
    /// Width to height of one sample; `None` where the VUI does not say, which means square.
    pub sample_aspect_ratio: Option<(u16, u16)>,
    /// Whether luma spans 0..=255 (`video_full_range_flag`); false means 16..=235.
    pub full_range: bool,
    /// The matrix of the VUI; `None` where the VUI does not say.
    pub matrix: Option<ColorMatrix>,
    /// The frame rate the VUI announces. A claim: the camera may send fewer.
    pub frame_rate: Option<FrameRate>,
    /// `max_num_ref_frames`.
    pub reference_frames: u32,
    /// How many pictures may come later in decoding than in display order (`max_num_reorder_frames`); `None` where
    /// the VUI does not say. With 0 a decoder need not hold any picture back.
    pub max_num_reorder_frames: Option<u32>,
}

/// Why a sequence parameter set is refused. No decoder may see such a one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpsError {
    /// Another NAL unit, or none at all.
    #[error("not a sequence parameter set: nal_unit_type {got:?}")]
    NotAnSps {
        /// The type of the NAL unit; `None` of an empty one.
        got: Option<u8>,
    },
    /// Longer than any real one.
    #[error("sequence parameter set of {got} bytes, over {limit}")]
    TooLong {
        /// Its length in bytes.
        got: usize,
        /// [`MAX_PARAMETER_SET_LEN`].
        limit: usize,
    },
    /// It ends before the picture's size is known.
    #[error("sequence parameter set ends too early, after {got} bytes")]
    Truncated {
        /// Its length in bytes.
        got: usize,
    },
    /// An Exp-Golomb code with 32 leading zeros or more.
    #[error("Exp-Golomb code of more than 32 bits in the sequence parameter set")]
    ExpGolombTooLong,
    /// A field outside the range the standard gives it.
    #[error("{field} is {got}, outside {min}..={max}")]
    OutOfRange {
        /// The field's name in the standard.
        field: &'static str,
        /// What it says.
        got: i64,
        /// Smallest value allowed.
        min: i64,
        /// Largest value allowed.
        max: i64,
    },
    /// A picture beyond [`MAX_CODED_WIDTH`] by [`MAX_CODED_HEIGHT`].
    #[error("coded picture of {width}x{height}, over {MAX_CODED_WIDTH}x{MAX_CODED_HEIGHT}")]
    TooLarge {
        /// Coded width in luma samples.
        width: u64,
        /// Coded height in luma samples.
        height: u64,
    },
    /// Cropping leaves nothing of the picture.
    #[error("cropping {horizontal} columns and {vertical} rows off a picture of {width}x{height}")]
    CroppedAway {
        /// Columns cropped, left and right together, in luma samples.
        horizontal: u64,
        /// Rows cropped, top and bottom together, in luma samples.
        vertical: u64,
        /// Coded width in luma samples.
        width: u32,
        /// Coded height in luma samples.
        height: u32,
    },
}

impl Sps {
    /// Parses a sequence parameter set, a NAL unit without start code.
    ///
    /// The VUI at its end only describes the picture: where it is cut off or nonsensical, what was read until then
    /// counts, since many an encoder writes it sloppily and the picture decodes without it.
    ///
    /// # Errors
    /// [`SpsError`] where it is something else, ends early, contradicts the standard, or asks for a larger picture
    /// than [`MAX_CODED_WIDTH`] by [`MAX_CODED_HEIGHT`].
    pub fn parse(nal_unit: &[u8]) -> Result<Self, SpsError> {
        let &[header, ref ebsp @ ..] = nal_unit else {
            return Err(SpsError::NotAnSps { got: None });
        };
        if NalUnitType::of(header) != NalUnitType::SPS {
            return Err(SpsError::NotAnSps { got: Some(NalUnitType::of(header).value()) });
        }
        if nal_unit.len() > MAX_PARAMETER_SET_LEN {
            return Err(SpsError::TooLong { got: nal_unit.len(), limit: MAX_PARAMETER_SET_LEN });
        }
        let mut reader = SpsReader { bits: BitReader::new(ebsp), len: nal_unit.len() };
        let mut sps = reader.sequence_parameters()?;
        // vui_parameters_present_flag; an SPS cut off right here still has all that decoding needs.
        if reader.bits.bit() == Ok(true) {
            let _ = read_vui(&mut reader.bits, &mut sps);
        }
        Ok(sps)
    }

    /// What the `profile-level-id` of SDP and the `avc1.` of a codec string spell: profile, constraints, level.
    #[must_use]
    pub fn profile_level_id(&self) -> [u8; 3] {
        [self.profile_idc, self.constraint_flags, self.level_idc]
    }
}

/// The bit reader with errors of this file.
struct SpsReader<'a> {
    bits: BitReader<'a>,
    len: usize,
}

impl SpsReader<'_> {
    fn checked<T>(&self, read: Result<T, BitsError>) -> Result<T, SpsError> {
        read.map_err(|error| match error {
            BitsError::EndOfData => SpsError::Truncated { got: self.len },
            BitsError::ExpGolombTooLong => SpsError::ExpGolombTooLong,
        })
    }

    fn bit(&mut self) -> Result<bool, SpsError> {
        let read = self.bits.bit();
        self.checked(read)
    }

    fn byte(&mut self) -> Result<u8, SpsError> {
        let read = self.bits.byte();
        self.checked(read)
    }

    fn ue(&mut self) -> Result<u32, SpsError> {
        let read = self.bits.ue();
        self.checked(read)
    }

    /// ue(v) of at most `max`.
    fn ue_to(&mut self, field: &'static str, max: u32) -> Result<u32, SpsError> {
        let got = self.ue()?;
        if got > max {
            return Err(SpsError::OutOfRange { field, got: got.into(), min: 0, max: max.into() });
        }
        Ok(got)
    }

    fn se(&mut self) -> Result<i64, SpsError> {
        let read = self.bits.se();
        self.checked(read)
    }

    /// `seq_parameter_set_data()` up to the VUI (§7.3.2.1.1).
    fn sequence_parameters(&mut self) -> Result<Sps, SpsError> {
        let profile_idc = self.byte()?;
        let constraint_flags = self.byte()?;
        let level_idc = self.byte()?;
        let id = to_u8(self.ue_to("seq_parameter_set_id", 31)?);

        let (mut chroma_format_idc, mut separate_colour_planes) = (1, false);
        let (mut bit_depth_luma, mut bit_depth_chroma) = (8, 8);
        if matches!(profile_idc, 100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135) {
            chroma_format_idc = to_u8(self.ue_to("chroma_format_idc", 3)?);
            if chroma_format_idc == 3 {
                separate_colour_planes = self.bit()?;
            }
            bit_depth_luma = 8 + to_u8(self.ue_to("bit_depth_luma_minus8", 6)?);
            bit_depth_chroma = 8 + to_u8(self.ue_to("bit_depth_chroma_minus8", 6)?);
            self.bit()?; // qpprime_y_zero_transform_bypass_flag
            if self.bit()? {
                self.scaling_lists(if chroma_format_idc == 3 { 12 } else { 8 })?;
            }
        }

        self.ue_to("log2_max_frame_num_minus4", 12)?;
        self.picture_order_count()?;
        let reference_frames = self.ue_to("max_num_ref_frames", 16)?;
        self.bit()?; // gaps_in_frame_num_value_allowed_flag

        let width = (u64::from(self.ue()?) + 1) * 16;
        let map_units = u64::from(self.ue()?) + 1;
        let frame_mbs_only = self.bit()?;
        let fields = if frame_mbs_only { 1 } else { 2 };
        let height = map_units * 16 * fields;
        if width > MAX_CODED_WIDTH.into() || height > MAX_CODED_HEIGHT.into() {
            return Err(SpsError::TooLarge { width, height });
        }
        if !frame_mbs_only {
            self.bit()?; // mb_adaptive_frame_field_flag
        }
        self.bit()?; // direct_8x8_inference_flag

        let mut crop = [0; 4];
        if self.bit()? {
            // Left, right, top, bottom, in units of chroma samples (§7.4.2.1.1, table 6-1).
            let subsampled_across = !separate_colour_planes && matches!(chroma_format_idc, 1 | 2);
            let subsampled_down = !separate_colour_planes && chroma_format_idc == 1;
            let across = 1 + u64::from(subsampled_across);
            let down = (1 + u64::from(subsampled_down)) * fields;
            for (offset, unit) in crop.iter_mut().zip([across, across, down, down]) {
                *offset = u64::from(self.ue()?) * unit;
            }
        }
        let [crop_left, crop_right, crop_top, crop_bottom] = crop;
        let (coded_width, coded_height) = (to_u32(width), to_u32(height));
        let (horizontal, vertical) = (crop_left + crop_right, crop_top + crop_bottom);
        if horizontal >= width || vertical >= height {
            return Err(SpsError::CroppedAway { horizontal, vertical, width: coded_width, height: coded_height });
        }

        Ok(Sps {
            id,
            profile_idc,
            constraint_flags,
            level_idc,
            chroma_format_idc,
            bit_depth_luma,
            bit_depth_chroma,
            width: to_u32(width - horizontal),
            height: to_u32(height - vertical),
            crop_left: to_u32(crop_left),
            crop_top: to_u32(crop_top),
            coded_width,
            coded_height,
            frame_mbs_only,
            sample_aspect_ratio: None,
            full_range: false,
            matrix: None,
            frame_rate: None,
            reference_frames,
            max_num_reorder_frames: None,
        })
    }

    /// `scaling_list()` for each of `count` (§7.3.2.1.1.1); only their length matters here.
    fn scaling_lists(&mut self, count: usize) -> Result<(), SpsError> {
        for list in 0..count {
            if !self.bit()? {
                continue;
            }
            let mut scale = 8;
            for _ in 0..if list < 6 { 16 } else { 64 } {
                let delta = self.se()?;
                if !(-128..=127).contains(&delta) {
                    return Err(SpsError::OutOfRange { field: "delta_scale", got: delta, min: -128, max: 127 });
                }
                scale = (scale + delta).rem_euclid(256);
                if scale == 0 {
                    // The last scale holds to the end of the list, and no more of it is sent.
                    break;
                }
            }
        }
        Ok(())
    }

    /// `pic_order_cnt_type` and what hangs on it.
    fn picture_order_count(&mut self) -> Result<(), SpsError> {
        match self.ue_to("pic_order_cnt_type", 2)? {
            0 => {
                self.ue_to("log2_max_pic_order_cnt_lsb_minus4", 12)?;
            }
            1 => {
                self.bit()?; // delta_pic_order_always_zero_flag
                self.se()?; // offset_for_non_ref_pic
                self.se()?; // offset_for_top_to_bottom_field
                for _ in 0..self.ue_to("num_ref_frames_in_pic_order_cnt_cycle", 255)? {
                    self.se()?; // offset_for_ref_frame
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// `vui_parameters()` (§E.1.1), written into `sps` field by field as they are read.
fn read_vui(bits: &mut BitReader<'_>, sps: &mut Sps) -> Result<(), BitsError> {
    if bits.bit()? {
        sps.sample_aspect_ratio = match bits.byte()? {
            255 => match (bits.bits(16)?, bits.bits(16)?) {
                (0, _) | (_, 0) => None,
                (width, height) => Some((to_u16(width), to_u16(height))),
            },
            idc => SAMPLE_ASPECT_RATIOS.get(usize::from(idc).wrapping_sub(1)).copied(),
        };
    }
    if bits.bit()? {
        bits.bit()?; // overscan_appropriate_flag
    }
    if bits.bit()? {
        bits.bits(3)?; // video_format
        sps.full_range = bits.bit()?;
        if bits.bit()? {
            bits.bits(16)?; // colour_primaries, transfer_characteristics
            sps.matrix = match bits.byte()? {
                1 => Some(ColorMatrix::Bt709),
                5 | 6 => Some(ColorMatrix::Bt601),
                9 => Some(ColorMatrix::Bt2020),
                _ => None,
            };
        }
    }
    if bits.bit()? {
        bits.ue()?; // chroma_sample_loc_type_top_field
        bits.ue()?; // chroma_sample_loc_type_bottom_field
    }
    if bits.bit()? {
        let units_in_tick = u64::from(bits.bits(32)?);
        let time_scale = u64::from(bits.bits(32)?);
        bits.bit()?; // fixed_frame_rate_flag
        if units_in_tick > 0 && time_scale > 0 {
            sps.frame_rate = Some(FrameRate { numerator: time_scale, denominator: 2 * units_in_tick });
        }
    }
    let nal_hrd = bits.bit()?;
    if nal_hrd {
        skip_hrd(bits)?;
    }
    let vcl_hrd = bits.bit()?;
    if vcl_hrd {
        skip_hrd(bits)?;
    }
    if nal_hrd || vcl_hrd {
        bits.bit()?; // low_delay_hrd_flag
    }
    bits.bit()?; // pic_struct_present_flag
    if bits.bit()? {
        bits.bit()?; // motion_vectors_over_pic_boundaries_flag
        for _ in 0..4 {
            bits.ue()?; // max_bytes_per_pic_denom … log2_max_mv_length_vertical
        }
        let reorder = bits.ue()?;
        let buffering = bits.ue()?;
        // No decoded picture buffer holds more than 16 frames (§A.3.1), nor reorders more than it holds.
        if reorder <= buffering && buffering <= 16 {
            sps.max_num_reorder_frames = Some(reorder);
        }
    }
    Ok(())
}

/// `hrd_parameters()` (§E.1.2).
fn skip_hrd(bits: &mut BitReader<'_>) -> Result<(), BitsError> {
    let schedules = bits.ue()?;
    if schedules > 31 {
        // cpb_cnt_minus1 ends at 31; what follows cannot be told apart any more.
        return Err(BitsError::EndOfData);
    }
    bits.byte()?; // bit_rate_scale, cpb_size_scale
    for _ in 0..=schedules {
        bits.ue()?; // bit_rate_value_minus1
        bits.ue()?; // cpb_size_value_minus1
        bits.bit()?; // cbr_flag
    }
    bits.bits(20)?; // lengths of delays and time offset
    Ok(())
}

// The callers have checked the ranges.
fn to_u8(value: u32) -> u8 {
    u8::try_from(value).unwrap_or(u8::MAX)
}

fn to_u16(value: u32) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}

fn to_u32(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// `aspect_ratio_idc` 1 to 16 (H.264 table E-1).
const SAMPLE_ASPECT_RATIOS: [(u16, u16); 16] = [
    (1, 1),
    (12, 11),
    (10, 11),
    (16, 11),
    (40, 33),
    (24, 11),
    (20, 11),
    (32, 11),
    (80, 33),
    (18, 11),
    (15, 11),
    (64, 33),
    (160, 99),
    (4, 3),
    (3, 2),
    (2, 1),
];

#[cfg(test)]
mod tests;
