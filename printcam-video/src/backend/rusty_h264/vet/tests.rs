//! Parameter sets and slice headers with values that no stream may hold.

use super::*;
use crate::backend::gate::{MAX_HEIGHT, MAX_WIDTH, guarded};
use crate::testing::{BaselineSps, nal_unit};

#[test]
fn sequence_parameter_sets_are_checked_before_anything_is_allocated() {
    let good = BaselineSps { columns: 120, rows: 68, references: 4, crop: [0; 4] };
    let too_large = |columns: u32, rows: u32| DecodeError::PictureTooLarge {
        width: u64::from(columns) * 16,
        height: u64::from(rows) * 16,
        max_width: MAX_WIDTH,
        max_height: MAX_HEIGHT,
    };
    let too_many = |wanted: u32, allowed: u32| DecodeError::TooManyReferences { wanted, allowed };
    let rows = [
        (good, None),
        (BaselineSps { columns: 256, rows: 144, ..good }, None),
        (BaselineSps { columns: 257, rows: 1, ..good }, Some(too_large(257, 1))),
        (BaselineSps { columns: 1, rows: 145, ..good }, Some(too_large(1, 145))),
        (BaselineSps { columns: 384, rows: 384, ..good }, Some(too_large(384, 384))),
        (BaselineSps { columns: 256, rows: 144, references: 6, ..good }, Some(too_many(6, 5))),
        (BaselineSps { references: 17, ..good }, Some(too_many(17, 16))),
        (BaselineSps { references: u32::MAX - 1, ..good }, Some(too_many(u32::MAX - 1, 16))),
        (BaselineSps { crop: [0, 0, 0, 4], ..good }, None),
        (
            BaselineSps { crop: [900, 60, 0, 0], ..good },
            Some(DecodeError::Unsupported { feature: "crop exceeds frame" }),
        ),
    ];
    for (row, (sps, want)) in rows.into_iter().enumerate() {
        assert_eq!(Vetted::sps(&sps.nal_unit()).err(), want, "row {row}: {sps:?}");
    }
    // The sum of these is small in 32 bits: the decoder panics if it was built to notice, or lets them pass.
    for crop in [[u32::MAX - 1, 2, 0, 0], [0, 0, 1 << 31, 1 << 31]] {
        let got = guarded(|| Vetted::sps(&BaselineSps { crop, ..good }.nal_unit()).map(drop)).expect_err("refused");
        let bad = DecodeError::BadParameterSet { field: "frame_crop_offset" };
        assert!(got == DecodeError::Broken || got == bad, "{crop:?}: {got:?}");
    }
}

#[test]
fn picture_parameter_sets_are_checked() {
    let good = Pps { references: 1, weighted: false, chroma_qp_offsets: [-2, -2] };
    let bad = |field: &'static str| Some(DecodeError::BadParameterSet { field });
    let second = DecodeError::Unsupported { feature: "second_chroma_qp_index_offset" };
    let rows = [
        (good, None),
        (Pps { references: 32, ..good }, None),
        (Pps { references: 33, ..good }, bad("num_ref_idx_default_active_minus1")),
        (Pps { references: u32::MAX, ..good }, bad("num_ref_idx_default_active_minus1")),
        (Pps { chroma_qp_offsets: [13, 13], ..good }, bad("chroma_qp_index_offset")),
        (Pps { chroma_qp_offsets: [0, 1], ..good }, Some(second)),
    ];
    for (row, (pps, want)) in rows.into_iter().enumerate() {
        let mut vetted = Vetted::sps(&SMALL.nal_unit()).expect("good");
        assert_eq!(vetted.insert_pps(&pps.nal_unit()).err(), want, "row {row}: {pps:?}");
    }
}

/// The decoder would reserve 16 bytes for each of four thousand million reference pictures.
#[test]
fn slices_cannot_ask_for_thousands_of_references() {
    for (references, want) in [
        (1, None),
        (32, None),
        (33, Some(DecodeError::BadSliceHeader { field: "num_ref_idx_active_minus1" })),
        (u32::MAX - 1, Some(DecodeError::BadSliceHeader { field: "num_ref_idx_active_minus1" })),
    ] {
        let mut vetted = Vetted::sps(&SMALL.nal_unit()).expect("good");
        let pps = Pps { references: 1, weighted: true, chroma_qp_offsets: [0, 0] };
        vetted.insert_pps(&pps.nal_unit()).expect("good");
        let slice = nal_unit(0x61, |bits| {
            bits.write_ue(0); // first_mb_in_slice
            bits.write_ue(5); // P
            bits.write_ue(0); // pic_parameter_set_id
            bits.write_bits(1, 4); // frame_num
            bits.write_bits(1, 1); // num_ref_idx_active_override_flag
            bits.write_ue(references - 1);
            bits.write_bits(0, 32);
        });
        assert_eq!(vetted.check_slice(&slice).err(), want, "{references} references");
    }
}

const SMALL: BaselineSps = BaselineSps { columns: 6, rows: 5, references: 1, crop: [0; 4] };

/// The fields of a picture parameter set that matter here.
#[derive(Debug, Clone, Copy)]
struct Pps {
    references: u32,
    weighted: bool,
    chroma_qp_offsets: [i32; 2],
}

impl Pps {
    fn nal_unit(self) -> Vec<u8> {
        nal_unit(0x68, |bits| {
            bits.write_ue(0); // pic_parameter_set_id
            bits.write_ue(0); // seq_parameter_set_id
            bits.write_bits(0, 2); // entropy_coding_mode_flag, bottom_field_pic_order_in_frame_present_flag
            bits.write_ue(0); // num_slice_groups_minus1
            bits.write_ue(self.references - 1);
            bits.write_ue(0); // num_ref_idx_l1_default_active_minus1
            bits.write_bits(u32::from(self.weighted), 1);
            bits.write_bits(0, 2); // weighted_bipred_idc
            bits.write_se(0); // pic_init_qp_minus26
            bits.write_se(0); // pic_init_qs_minus26
            bits.write_se(self.chroma_qp_offsets[0]);
            bits.write_bits(0, 3);
            bits.write_bits(0, 2); // transform_8x8_mode_flag, pic_scaling_matrix_present_flag
            bits.write_se(self.chroma_qp_offsets[1]);
        })
    }
}
