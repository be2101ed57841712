//! What is checked before the decoder sees it: values that would make it allocate without bound, abort, or decode
//! silently wrong.

use rusty_h264_common::BitReader;
use rusty_h264_common::bit_reader::OutOfData;
use rusty_h264_common::nal::emulation_unprevent;
use rusty_h264_decoder::{Pps, Sps};

use crate::DecodeError;
use crate::backend::gate::{check_one_nal_unit, check_size};

/// `num_ref_idx_l0_active_minus1` is at most 31 (H.264 §7.4.3). The decoder reserves memory for as many entries as a
/// slice header asks for, which with 2^32 ends the process.
const MAX_ACTIVE_REFERENCES: u32 = 32;

/// Bytes that hold any slice header up to the field we check last: eight Exp-Golomb codes of 63 bits, 32 bits of
/// `frame_num` and `pic_order_cnt_lsb` and some flags, with an emulation prevention byte to every two.
const SLICE_HEADER_BYTES: usize = 128;

/// The parameter sets of a stream, as far as slice headers depend on them.
#[derive(Debug)]
pub(super) struct Vetted {
    sps: Sps,
    pps: Vec<Pps>,
}

impl Vetted {
    /// Parses and checks a sequence parameter set, given as a NAL unit without start code.
    pub(super) fn sps(nal_unit: &[u8]) -> Result<Self, DecodeError> {
        let sps = Sps::parse(&rbsp(nal_unit)?).map_err(super::error)?;
        let (columns, rows) = (sps.pic_width_in_mbs as u64, sps.pic_height_in_mbs as u64);
        check_size(columns, rows, sps.max_num_ref_frames)?;
        let (width, height) = (columns * 16, rows * 16);
        // The decoder adds the offsets in 32 bits before it compares, so that large ones pass.
        let horizontal = 2 * (u64::from(sps.frame_crop_left) + u64::from(sps.frame_crop_right));
        let vertical = sps.crop_unit_y() as u64 * (u64::from(sps.frame_crop_top) + u64::from(sps.frame_crop_bottom));
        if horizontal >= width || vertical >= height {
            return Err(DecodeError::BadParameterSet { field: "frame_crop_offset" });
        }
        Ok(Self { sps, pps: Vec::new() })
    }

    /// Parses and checks a picture parameter set, given as a NAL unit without start code, and replaces the one that
    /// had its identifier.
    pub(super) fn insert_pps(&mut self, nal_unit: &[u8]) -> Result<(), DecodeError> {
        let pps = Pps::parse(&rbsp(nal_unit)?).map_err(super::error)?;
        let field = if pps.pic_parameter_set_id > 255 {
            Some("pic_parameter_set_id")
        } else if !(1..=MAX_ACTIVE_REFERENCES).contains(&pps.num_ref_idx_l0_default)
            || !(1..=MAX_ACTIVE_REFERENCES).contains(&pps.num_ref_idx_l1_default)
        {
            Some("num_ref_idx_default_active_minus1")
        } else if !(0..=51).contains(&pps.pic_init_qp) {
            Some("pic_init_qp_minus26")
        } else if !(-12..=12).contains(&pps.chroma_qp_index_offset) {
            Some("chroma_qp_index_offset")
        } else {
            None
        };
        if let Some(field) = field {
            return Err(DecodeError::BadParameterSet { field });
        }
        // The decoder reads the second offset and then uses the first for Cr as well: a wrong picture without error.
        if pps.second_chroma_qp_index_offset != pps.chroma_qp_index_offset {
            return Err(DecodeError::Unsupported { feature: "second_chroma_qp_index_offset" });
        }
        self.pps.retain(|old| old.pic_parameter_set_id != pps.pic_parameter_set_id);
        self.pps.push(pps);
        Ok(())
    }

    /// Size of the visible picture in luma samples.
    pub(super) fn visible_size(&self) -> (usize, usize) {
        (self.sps.display_width(), self.sps.display_height())
    }

    /// Luma samples cut away at the left and at the top.
    pub(super) fn crop_origin(&self) -> (usize, usize) {
        (2 * self.sps.frame_crop_left as usize, self.sps.crop_unit_y() * self.sps.frame_crop_top as usize)
    }

    /// Reads a slice's header as far as the last field that we check (H.264 §7.3.3).
    pub(super) fn check_slice(&self, nal_unit: &[u8]) -> Result<(), DecodeError> {
        let Some((&header, payload)) = nal_unit.split_first() else {
            return Err(DecodeError::Damaged);
        };
        let payload = &payload[..payload.len().min(SLICE_HEADER_BYTES)];
        let rbsp = emulation_unprevent(payload);
        self.check_slice_header(&mut BitReader::new(&rbsp), header & 0x1f == 5).unwrap_or(Err(DecodeError::Damaged))
    }

    fn check_slice_header(&self, bits: &mut BitReader<'_>, idr: bool) -> Result<Result<(), DecodeError>, OutOfData> {
        let first_mb_in_slice = bits.read_ue()?;
        if u64::from(first_mb_in_slice) >= (self.sps.pic_width_in_mbs * self.sps.pic_height_in_mbs) as u64 {
            return Ok(Err(DecodeError::BadSliceHeader { field: "first_mb_in_slice" }));
        }
        let slice_type = bits.read_ue()? % 5;
        let pic_parameter_set_id = bits.read_ue()?;
        let Some(pps) = self.pps.iter().find(|pps| pps.pic_parameter_set_id == pic_parameter_set_id) else {
            return Ok(Err(DecodeError::MissingParameterSet));
        };
        if pps.seq_parameter_set_id != self.sps.seq_parameter_set_id {
            return Ok(Err(DecodeError::MissingParameterSet));
        }
        bits.read_bits(self.sps.log2_max_frame_num)?;
        if !self.sps.frame_mbs_only && bits.read_bit()? {
            return Ok(Err(DecodeError::Unsupported { feature: "field pictures" }));
        }
        if idr {
            bits.read_ue()?; // idr_pic_id
        }
        match self.sps.pic_order_cnt_type {
            0 => {
                bits.read_bits(self.sps.log2_max_pic_order_cnt_lsb)?;
                if pps.bottom_field_pic_order_present {
                    bits.read_se()?;
                }
            }
            1 if !self.sps.delta_pic_order_always_zero => {
                bits.read_se()?;
                if pps.bottom_field_pic_order_present {
                    bits.read_se()?;
                }
            }
            _ => {}
        }
        if pps.redundant_pic_cnt_present_flag {
            bits.read_ue()?;
        }
        let is_b = slice_type == 1;
        if is_b {
            bits.read_bit()?; // direct_spatial_mv_pred_flag
        }
        if (is_b || slice_type == 0) && bits.read_bit()? {
            let lists = if is_b { 2 } else { 1 };
            for _ in 0..lists {
                if bits.read_ue()? >= MAX_ACTIVE_REFERENCES {
                    return Ok(Err(DecodeError::BadSliceHeader { field: "num_ref_idx_active_minus1" }));
                }
            }
        }
        Ok(Ok(()))
    }
}

/// The payload of a parameter set without emulation prevention bytes.
fn rbsp(nal_unit: &[u8]) -> Result<std::borrow::Cow<'_, [u8]>, DecodeError> {
    check_one_nal_unit(nal_unit)?;
    match nal_unit {
        [_, payload @ ..] if !payload.is_empty() => Ok(emulation_unprevent(payload)),
        _ => Err(DecodeError::Damaged),
    }
}

#[cfg(test)]
mod tests;
