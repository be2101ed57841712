//! Changing one thing in a sequence parameter set and nothing else (H.264 §7.3.2.1.1, annex E).
//!
//! For decoders that wait for pictures out of order, convert colours, or crop with a copy. The set is read as far as
//! what changes; all bits before and behind it are copied as they are. Sets are NAL units without start code.

use std::borrow::Cow;
use std::ops::Range;

use rusty_h264_common::bit_reader::OutOfData;
use rusty_h264_common::nal::{emulation_prevent_into, emulation_unprevent};
use rusty_h264_common::{BitReader, BitWriter};

/// The same set for pictures that come in display order, or `None` where it cannot be read.
///
/// It says `max_num_reorder_frames` 0, so that a decoder which reorders pictures need not hold any back to see what
/// comes next. Where the set had no `bitstream_restriction`, the rest of it says what its absence means (§E.2.1);
/// `max_dec_frame_buffering`, which then would be what the level allows, is `max_num_ref_frames`, as nothing but
/// references waits.
#[must_use]
pub fn without_reordering(nal_unit: &[u8]) -> Option<Cow<'_, [u8]>> {
    let set = Set::open(nal_unit)?;
    let mut bits = BitReader::new(&set.rbsp);
    let head = read_head(&mut bits).ok()?;
    let vui = bits.bit_pos();
    if !bits.read_bit().ok()? {
        return Some(set.with(vui..vui + 1, |bits| {
            // vui_parameters_present_flag, and eight flags up to pic_struct_present_flag.
            bits.write_bits(1 << 8, 9);
            write_bitstream_restriction(bits, head.references);
        }));
    }
    skip_vui(&mut bits).ok()?;
    let restriction = bits.bit_pos();
    if !bits.read_bit().ok()? {
        return Some(set.with(restriction..restriction + 1, |bits| write_bitstream_restriction(bits, head.references)));
    }
    bits.read_bit().ok()?; // motion_vectors_over_pic_boundaries_flag
    for _ in 0..4 {
        bits.read_ue().ok()?; // max_bytes_per_pic_denom ... log2_max_mv_length_vertical
    }
    let reorder = bits.bit_pos();
    match bits.read_ue().ok()? {
        0 => Some(Cow::Borrowed(nal_unit)),
        _ => Some(set.with(reorder..bits.bit_pos(), |bits| bits.write_ue(0))),
    }
}

/// The same set for whole coded pictures, without a crop, or `None` where it cannot be read.
#[must_use]
pub fn without_crop(nal_unit: &[u8]) -> Option<Cow<'_, [u8]>> {
    let set = Set::open(nal_unit)?;
    let head = read_head(&mut BitReader::new(&set.rbsp)).ok()?;
    match head.crop.len() {
        1 => Some(Cow::Borrowed(nal_unit)),
        _ => Some(set.with(head.crop, |bits| bits.write_bit(false))),
    }
}

/// The same set with a VUI that says as little as it can, or `None` where it cannot be read.
///
/// Pictures come in display order, as with [`without_reordering`]. Colours are those of BT.601 in limited range: there
/// are decoders that convert to them, and this one has nothing to convert. Whoever shows the picture has to know better.
#[must_use]
pub fn with_plain_vui(nal_unit: &[u8]) -> Option<Cow<'_, [u8]>> {
    let set = Set::open(nal_unit)?;
    let mut bits = BitReader::new(&set.rbsp);
    let head = read_head(&mut bits).ok()?;
    Some(set.with(bits.bit_pos()..set.len, |bits| {
        bits.write_bits(0b1001, 4); // vui_parameters_present_flag ... video_signal_type_present_flag
        bits.write_bits(5, 3); // video_format: unspecified
        bits.write_bits(0b01, 2); // video_full_range_flag, colour_description_present_flag
        bits.write_bits(0x06_06_06, 24); // SMPTE 170M: colour_primaries, transfer_characteristics, matrix_coefficients
        bits.write_bits(1, 1); // chroma_loc_info_present_flag
        bits.write_ue(1); // chroma_sample_loc_type_top_field: in the middle
        bits.write_ue(1); // chroma_sample_loc_type_bottom_field
        bits.write_bits(0, 4); // timing_info_present_flag ... pic_struct_present_flag
        write_bitstream_restriction(bits, head.references);
    }))
}

/// A parameter set taken apart.
struct Set<'a> {
    header: u8,
    rbsp: Cow<'a, [u8]>,
    /// Bits before `rbsp_stop_one_bit`.
    len: usize,
}

impl<'a> Set<'a> {
    fn open(nal_unit: &'a [u8]) -> Option<Self> {
        let (&header, payload) = nal_unit.split_first()?;
        let rbsp = emulation_unprevent(payload);
        let last = rbsp.iter().rposition(|&byte| byte != 0)?;
        let len = last * 8 + 7 - rbsp[last].trailing_zeros() as usize;
        Some(Self { header, rbsp, len })
    }

    /// The NAL unit with some bits replaced by others.
    fn with(&self, replaced: Range<usize>, write: impl FnOnce(&mut BitWriter)) -> Cow<'static, [u8]> {
        let mut bits = BitWriter::new();
        self.copy(0..replaced.start, &mut bits);
        write(&mut bits);
        self.copy(replaced.end..self.len, &mut bits);
        bits.rbsp_trailing_bits();
        let mut nal_unit = vec![self.header];
        emulation_prevent_into(&bits.into_bytes(), &mut nal_unit);
        Cow::Owned(nal_unit)
    }

    fn copy(&self, bits: Range<usize>, to: &mut BitWriter) {
        for at in bits {
            to.write_bit(self.rbsp[at / 8] << (at % 8) & 0x80 != 0);
        }
    }
}

/// What stands before the VUI.
struct Head {
    /// `max_num_ref_frames`.
    references: u32,
    /// The bits of `frame_cropping_flag` and the offsets behind it.
    crop: Range<usize>,
}

/// `seq_parameter_set_data()` up to `vui_parameters_present_flag` (§7.3.2.1.1).
fn read_head(bits: &mut BitReader<'_>) -> Result<Head, OutOfData> {
    let profile_idc = bits.read_bits(8)?;
    bits.skip_bits(16)?; // constraint flags, level_idc
    bits.read_ue()?; // seq_parameter_set_id
    if matches!(profile_idc, 100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135) {
        let chroma_format_idc = bits.read_ue()?;
        if chroma_format_idc == 3 {
            bits.read_bit()?; // separate_colour_plane_flag
        }
        bits.read_ue()?; // bit_depth_luma_minus8
        bits.read_ue()?; // bit_depth_chroma_minus8
        bits.read_bit()?; // qpprime_y_zero_transform_bypass_flag
        if bits.read_bit()? {
            skip_scaling_lists(bits, if chroma_format_idc == 3 { 12 } else { 8 })?;
        }
    }
    bits.read_ue()?; // log2_max_frame_num_minus4
    match bits.read_ue()? {
        // pic_order_cnt_type
        0 => {
            bits.read_ue()?; // log2_max_pic_order_cnt_lsb_minus4
        }
        1 => {
            bits.read_bit()?; // delta_pic_order_always_zero_flag
            bits.read_se()?; // offset_for_non_ref_pic
            bits.read_se()?; // offset_for_top_to_bottom_field
            for _ in 0..bits.read_ue()? {
                bits.read_se()?; // offset_for_ref_frame
            }
        }
        _ => {}
    }
    let references = bits.read_ue()?;
    bits.read_bit()?; // gaps_in_frame_num_value_allowed_flag
    bits.read_ue()?; // pic_width_in_mbs_minus1
    bits.read_ue()?; // pic_height_in_map_units_minus1
    if !bits.read_bit()? {
        bits.read_bit()?; // mb_adaptive_frame_field_flag
    }
    bits.read_bit()?; // direct_8x8_inference_flag
    let crop = bits.bit_pos();
    if bits.read_bit()? {
        for _ in 0..4 {
            bits.read_ue()?; // frame_crop_left_offset ... frame_crop_bottom_offset
        }
    }
    Ok(Head { references, crop: crop..bits.bit_pos() })
}

/// `scaling_list()` for each of `count` (§7.3.2.1.1.1).
fn skip_scaling_lists(bits: &mut BitReader<'_>, count: usize) -> Result<(), OutOfData> {
    for list in 0..count {
        if !bits.read_bit()? {
            continue;
        }
        let mut scale = 8_i32;
        for _ in 0..if list < 6 { 16 } else { 64 } {
            scale = scale.wrapping_add(bits.read_se()?).rem_euclid(256);
            if scale == 0 {
                // The last scale holds to the end of the list, and no more of it is sent.
                break;
            }
        }
    }
    Ok(())
}

/// `vui_parameters()` up to `bitstream_restriction_flag` (§E.1.1).
fn skip_vui(bits: &mut BitReader<'_>) -> Result<(), OutOfData> {
    const EXTENDED_SAR: u32 = 255;
    if bits.read_bit()? && bits.read_bits(8)? == EXTENDED_SAR {
        bits.skip_bits(32)?; // sar_width, sar_height
    }
    if bits.read_bit()? {
        bits.read_bit()?; // overscan_appropriate_flag
    }
    if bits.read_bit()? {
        bits.skip_bits(4)?; // video_format, video_full_range_flag
        if bits.read_bit()? {
            bits.skip_bits(24)?; // colour_primaries, transfer_characteristics, matrix_coefficients
        }
    }
    if bits.read_bit()? {
        bits.read_ue()?; // chroma_sample_loc_type_top_field
        bits.read_ue()?; // chroma_sample_loc_type_bottom_field
    }
    if bits.read_bit()? {
        bits.skip_bits(65)?; // num_units_in_tick, time_scale, fixed_frame_rate_flag
    }
    let mut hrd = false;
    for _ in ["nal", "vcl"] {
        if bits.read_bit()? {
            hrd = true;
            skip_hrd(bits)?;
        }
    }
    if hrd {
        bits.read_bit()?; // low_delay_hrd_flag
    }
    bits.read_bit()?; // pic_struct_present_flag
    Ok(())
}

/// `hrd_parameters()` (§E.1.2).
fn skip_hrd(bits: &mut BitReader<'_>) -> Result<(), OutOfData> {
    let schedules = bits.read_ue()?;
    bits.skip_bits(8)?; // bit_rate_scale, cpb_size_scale
    for _ in 0..=schedules {
        bits.read_ue()?; // bit_rate_value_minus1
        bits.read_ue()?; // cpb_size_value_minus1
        bits.read_bit()?; // cbr_flag
    }
    bits.skip_bits(20) // lengths of delays and time offset
}

/// `bitstream_restriction_flag` and what it brings; see [`without_reordering`].
fn write_bitstream_restriction(bits: &mut BitWriter, references: u32) {
    bits.write_bits(0b11, 2); // bitstream_restriction_flag, motion_vectors_over_pic_boundaries_flag
    bits.write_ue(2); // max_bytes_per_pic_denom
    bits.write_ue(1); // max_bits_per_mb_denom
    bits.write_ue(15); // log2_max_mv_length_horizontal
    bits.write_ue(15); // log2_max_mv_length_vertical
    bits.write_ue(0); // max_num_reorder_frames
    bits.write_ue(references); // max_dec_frame_buffering
}

/// The same set without a VUI, as many encoders send it.
#[cfg(test)]
pub(crate) fn without_vui(nal_unit: &[u8]) -> Option<Vec<u8>> {
    let set = Set::open(nal_unit)?;
    let mut bits = BitReader::new(&set.rbsp);
    read_head(&mut bits).ok()?;
    Some(set.with(bits.bit_pos()..set.len, |bits| bits.write_bit(false)).into_owned())
}

#[cfg(test)]
mod tests;
