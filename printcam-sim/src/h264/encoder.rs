//! Pictures in, NAL units out: slice headers, picture order, and which macroblocks to code.

use crate::picture::{Colour, Picture, Plane, Range};

use super::bit_writer::BitWriter;
use super::macroblock::{MacroblockCoder, SliceKind};

/// A sequence and a picture parameter set as a real camera sends them, without start codes.
///
/// The encoder does not read them: it writes what all sets of the table in
/// [`Encoder`]'s documentation have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ParameterSets {
    pub(crate) sps: &'static [u8],
    pub(crate) pps: &'static [u8],
    /// Width and height in samples as shown; what whole macroblocks hold beyond is cropped.
    pub(crate) size: [usize; 2],
    pub(crate) range: Range,
    /// `chroma_qp_index_offset` of the picture parameter set.
    pub(crate) chroma_qp_offset: i32,
}

/// Encodes the pictures of one camera.
///
/// The parameter sets must say: frame_mbs_only, CAVLC, `log2_max_frame_num` and
/// `log2_max_pic_order_cnt_lsb` 16, picture order type 0, one reference, QP 26, one slice group,
/// no weighting, deblocking control present, no constrained intra prediction, no redundant pictures, no 8x8 transform.
#[derive(Debug)]
pub(crate) struct Encoder {
    coder: MacroblockCoder,
    /// What was last coded, to find what changed.
    source: Picture,
    /// Pictures since the last IDR picture.
    frame_num: u32,
    /// Two IDR pictures in a row must differ in it.
    idr_pic_id: u32,
}

impl Encoder {
    pub(crate) fn new(sets: &ParameterSets) -> Encoder {
        let source = Picture::new(sets.size, Colour::rgb(0));
        let coded = [source.luma.width, source.luma.height];
        Encoder { coder: MacroblockCoder::new(coded, QP, sets.chroma_qp_offset), source, frame_num: 0, idr_pic_id: 0 }
    }

    /// One coded slice: of an IDR picture where `key`, else of a P picture.
    /// The very first one must be a key.
    pub(crate) fn encode(&mut self, picture: &Picture, key: bool) -> Vec<u8> {
        let mut bits = BitWriter::default();
        if key {
            self.frame_num = 0;
            self.idr_pic_id ^= 1;
        } else {
            self.frame_num += 1;
        }
        self.slice_header(&mut bits, key);
        if key {
            self.intra_picture(&mut bits, picture);
        } else {
            self.changed_macroblocks(&mut bits, picture);
        }
        self.source.copy_from(picture);
        bits.into_nal_unit(if key { NAL_IDR_SLICE } else { NAL_SLICE })
    }

    /// What a decoder shows after the last slice.
    pub(crate) fn reconstruction(&self) -> &Picture {
        self.coder.reconstruction()
    }

    /// §7.3.3 for the parameter sets named above.
    fn slice_header(&self, bits: &mut BitWriter, key: bool) {
        bits.unsigned(0); // first_mb_in_slice
        bits.unsigned(if key { 7 } else { 5 }); // slice_type: all I, all P
        bits.unsigned(0); // pic_parameter_set_id
        bits.bits(self.frame_num & 0xffff, 16);
        if key {
            bits.unsigned(self.idr_pic_id);
        }
        bits.bits((2 * self.frame_num) & 0xffff, 16); // pic_order_cnt_lsb
        if key {
            bits.bits(0, 1); // no_output_of_prior_pics_flag
            bits.bits(0, 1); // long_term_reference_flag
        } else {
            bits.bits(0, 1); // num_ref_idx_active_override_flag
            bits.bits(0, 1); // ref_pic_list_modification_flag_l0
            bits.bits(0, 1); // adaptive_ref_pic_marking_mode_flag
        }
        bits.signed(QP as i32 - 26); // slice_qp_delta
        bits.unsigned(1); // disable_deblocking_filter_idc
    }

    fn intra_picture(&mut self, bits: &mut BitWriter, picture: &Picture) {
        for y in 0..picture.luma.height / 16 {
            for x in 0..picture.luma.width / 16 {
                self.coder.code(bits, picture, [x, y], SliceKind::I);
            }
        }
    }

    fn changed_macroblocks(&mut self, bits: &mut BitWriter, picture: &Picture) {
        let mut skipped = 0;
        for y in 0..picture.luma.height / 16 {
            let unchanged_row = same_row(&self.source, picture, y);
            for x in 0..picture.luma.width / 16 {
                if unchanged_row || same_macroblock(&self.source, picture, [x, y]) {
                    self.coder.skip([x, y]);
                    skipped += 1;
                } else {
                    bits.unsigned(skipped); // mb_skip_run
                    skipped = 0;
                    self.coder.code(bits, picture, [x, y], SliceKind::P);
                }
            }
        }
        if skipped > 0 {
            bits.unsigned(skipped);
        }
    }
}

/// A whole row of macroblocks at once, since most of them never change.
fn same_row(a: &Picture, b: &Picture, y: usize) -> bool {
    let same = |a: &Plane, b: &Plane, height: usize| {
        let row = y * height * a.width..(y + 1) * height * a.width;
        a.samples[row.clone()] == b.samples[row]
    };
    let mut chroma = a.chroma.iter().zip(&b.chroma);
    same(&a.luma, &b.luma, 16) && chroma.all(|(a, b)| same(a, b, 8))
}

fn same_macroblock(a: &Picture, b: &Picture, [x, y]: [usize; 2]) -> bool {
    // As numbers, because comparing so few bytes by a call would cost more than the comparison.
    let luma = |plane: &Plane, row| u128::from_ne_bytes(*plane.row(16 * x, 16 * y + row));
    let chroma = |plane: &Plane, row| u64::from_ne_bytes(*plane.row(8 * x, 8 * y + row));
    let mut planes = a.chroma.iter().zip(&b.chroma);
    (0..16).all(|row| luma(&a.luma, row) == luma(&b.luma, row))
        && planes.all(|(a, b)| (0..8).all(|row| chroma(a, row) == chroma(b, row)))
}

/// Legible small text at about a megabit a second.
const QP: u32 = 22;

/// nal_ref_idc 3, type 5; nal_ref_idc 2, type 1.
const NAL_IDR_SLICE: u8 = 0x65;
const NAL_SLICE: u8 = 0x41;

#[cfg(test)]
mod tests;
