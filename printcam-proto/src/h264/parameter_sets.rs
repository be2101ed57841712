//! Sequence and picture parameter sets (ITU-T H.264 §7.3.2.1, §7.3.2.2).

use bytes::Bytes;

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

/// What a sequence parameter set says about the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sps {
    /// `profile_idc`: 66 Baseline, 77 Main, 100 High.
    pub profile_idc: u8,
    /// The `constraint_set` flags byte.
    pub constraint_flags: u8,
    /// `level_idc`: ten times the level, 31 is level 3.1.
    pub level_idc: u8,
    /// Width of the cropped picture in luma samples.
    pub width: u32,
    /// Height of the cropped picture in luma samples.
    pub height: u32,
    /// Width of the coded picture, a multiple of 16.
    pub coded_width: u32,
    /// Height of the coded picture, a multiple of 16.
    pub coded_height: u32,
    /// Whether luma spans 0..=255 (`video_full_range_flag`); false means 16..=235.
    pub full_range: bool,
    /// The matrix of the VUI; `None` where the VUI does not say.
    pub matrix: Option<ColorMatrix>,
    /// `max_num_ref_frames`.
    pub reference_frames: u32,
}

/// The parameter sets in force for an access unit, as NAL units without start code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterSets {
    /// The sequence parameter set.
    pub sps: Bytes,
    /// Every picture parameter set seen for it, in order of `pic_parameter_set_id`.
    pub pps: Vec<Bytes>,
    /// `sps`, parsed.
    pub info: Sps,
}
